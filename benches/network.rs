//! Network reach of a made-up cluster: `cargo bench --bench network -- [WORKLOADS]...`, 10,000 and 20,000 when left out.
//! With a folder first, the cluster is written there instead, for measuring whole processes.
//!
//! Every namespace has 25 workloads, a default-deny policy and a monitored port; every workload has a policy of its own
//! with peers in its namespace and in others, a named port, and addresses outside.

#![expect(
    clippy::disallowed_methods,
    reason = "a bench writes the cluster it measures"
)]

use std::convert::Infallible;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use std::{fs, io};

use tympan::cluster::{Cluster, Settings};
use tympan::manifest::{Resource, Scopes, flatten};
use tympan::network::{Reach, connections};
use tympan::yaml::{Limits, read};

/// The workloads of a namespace.
const TOGETHER: usize = 25;

fn namespace(at: usize) -> String {
    let mut text = String::new();
    let _ = write!(
        text,
        "apiVersion: v1
kind: Namespace
metadata: {{name: team-{at}, labels: {{team: t{}}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: default-deny, namespace: team-{at}}}
spec:
  podSelector: {{}}
  policyTypes: [Ingress, Egress]
  egress:
  - to: [{{namespaceSelector: {{}}, podSelector: {{matchLabels: {{app: app-0}}}}}}]
    ports: [{{protocol: UDP, port: 53}}]
---
",
        at % 40
    );
    text
}

fn workload(at: usize, count: usize) -> String {
    let own = at / TOGETHER;
    let beside = own * TOGETHER + (at + 1) % TOGETHER;
    let far = (at + 7 * TOGETHER) % count;
    let near = (at + count - 7 * TOGETHER % count) % count;
    let back = own * TOGETHER + (at + TOGETHER - 1) % TOGETHER;
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: app-{at}, namespace: team-{own}}}
spec:
  selector: {{matchLabels: {{app: app-{at}}}}}
  template:
    metadata: {{labels: {{app: app-{at}, tier: t{tier}}}}}
    spec:
      containers:
      - {{name: main, image: example.org/app:1, ports: [{{name: http, containerPort: {port}}}, {{name: metrics, containerPort: 9090}}]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: app-{at}, namespace: team-{own}}}
spec:
  podSelector: {{matchLabels: {{app: app-{at}}}}}
  policyTypes: [Ingress, Egress]
  ingress:
  - from:
    - podSelector: {{matchLabels: {{app: app-{back}}}}}
    - namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: team-{near_own}}}}}
      podSelector: {{matchLabels: {{app: app-{near}}}}}
    ports: [{{port: http}}]
  - from: [{{namespaceSelector: {{}}, podSelector: {{matchLabels: {{tier: t1}}}}}}]
    ports: [{{port: metrics}}]
  egress:
  - to:
    - podSelector: {{matchLabels: {{app: app-{beside}}}}}
    - namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: team-{far_own}}}}}
      podSelector: {{matchLabels: {{app: app-{far}}}}}
    ports: [{{port: http}}]
  - to: [{{ipBlock: {{cidr: 0.0.0.0/0, except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16]}}}}]
    ports: [{{port: 443}}]
---
",
        tier = at % 50,
        port = 8000 + at % 10,
        near_own = near / TOGETHER,
        far_own = far / TOGETHER,
    )
}

fn cluster(count: usize) -> String {
    let namespaces = (0..count.div_ceil(TOGETHER)).map(namespace);
    let workloads = (0..count).map(|at| workload(at, count));
    namespaces.chain(workloads).collect()
}

fn measure(count: usize) -> io::Result<()> {
    let text: Arc<str> = cluster(count).into();
    let limits = Limits {
        bytes: text.len() + 1,
        ..Limits::default()
    };
    let stream = read(&text, &limits);
    assert!(stream.problems.is_empty(), "the cluster can be read");
    let documents = stream.documents.into_iter().flat_map(flatten);
    let resources: Vec<Resource> = documents.map(Resource::new).collect();
    let settings = Settings::default();
    let begin = Instant::now();
    let cluster = Cluster::new(resources.iter().collect(), Scopes::default(), &settings);
    let reach = Reach::new(&cluster);
    let built = begin.elapsed();
    let mut open = 0_usize;
    let told = connections::<Infallible>(
        &reach,
        |_| true,
        |_| true,
        |_| {
            open += 1;
            Ok(())
        },
    );
    assert!(told.is_ok());
    writeln!(
        io::stdout(),
        "{count} workloads, {} objects, {} classes: {:.3} s to resolve, {:.3} s in all, {open} connections",
        resources.len(),
        reach.inventory.classes.len(),
        built.as_secs_f64(),
        begin.elapsed().as_secs_f64()
    )
}

fn write(folder: &Path, count: usize) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for at in 0..count.div_ceil(TOGETHER) {
        let last = count.min((at + 1) * TOGETHER);
        let workloads = (at * TOGETHER..last).map(|one| workload(one, count));
        let text: String = [namespace(at)].into_iter().chain(workloads).collect();
        fs::write(folder.join(format!("team-{at}.yaml")), text)?;
    }
    Ok(())
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    let counts: Vec<usize> = arguments
        .iter()
        .filter_map(|one| one.parse().ok())
        .collect();
    match arguments
        .first()
        .filter(|one| one.parse::<usize>().is_err())
    {
        Some(folder) => write(Path::new(folder), counts.first().copied().unwrap_or(10_000)),
        None if counts.is_empty() => [10_000, 20_000].into_iter().try_for_each(measure),
        None => counts.into_iter().try_for_each(measure),
    }
}
