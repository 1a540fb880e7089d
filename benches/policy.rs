//! Admission policies over the objects of an environment.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench that cannot go on says so by panicking"
)]

use std::sync::Arc;

use divan::Bencher;
use divan::counter::ItemsCount;
use tympan::cluster::{Cluster, PolicyObject, Settings};
use tympan::manifest::{Resource, Scopes};
use tympan::schema::KubernetesVersion;
use tympan::source::SourceMap;
use tympan::yaml::{Limits, read};

fn main() {
    divan::main();
}

const OBJECTS: usize = 10_000;

/// What policies ask of pods, and of the Deployments that make them.
const ASKED: &[(&str, &str)] = &[
    (
        "pods",
        "object.spec.containers.all(c, has(c.securityContext) && c.securityContext.?allowPrivilegeEscalation.orValue(true) == false)",
    ),
    (
        "pods",
        "object.spec.containers.all(c, c.image.startsWith('registry.example.com/') && !c.image.endsWith(':latest'))",
    ),
    (
        "pods",
        "object.spec.containers.all(c, has(c.resources.limits) && 'memory' in c.resources.limits)",
    ),
    (
        "pods",
        "!has(object.spec.hostNetwork) && !has(object.spec.hostPID)",
    ),
    (
        "pods",
        "object.spec.?volumes.orValue([]).all(v, !has(v.hostPath))",
    ),
    ("deployments", "object.spec.replicas <= 5"),
    ("deployments", "'app' in object.metadata.labels"),
    ("deployments", "request.namespace != 'default'"),
    ("deployments", "object.metadata.name.startsWith('app')"),
    ("deployments", "namespaceObject.metadata.name == 'team'"),
];

fn policies(count: usize) -> String {
    let policy = |(number, (resource, expression)): (usize, &(&str, &str))| {
        let group = if *resource == "pods" { "''" } else { "apps" };
        let name = format!("metadata: {{name: p{number}}}");
        let api = "apiVersion: admissionregistration.k8s.io/v1";
        format!(
            "---\n{api}\nkind: ValidatingAdmissionPolicy\n{name}\nspec:\n  matchConstraints:\n    resourceRules: [{{apiGroups: [{group}], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [{resource}]}}]\n  validations:\n  - expression: \"{expression}\"\n---\n{api}\nkind: ValidatingAdmissionPolicyBinding\n{name}\nspec: {{policyName: p{number}, validationActions: [Deny]}}\n"
        )
    };
    let asked = ASKED.iter().cycle().take(count);
    asked.enumerate().map(policy).collect()
}

fn deployment(number: usize) -> String {
    let container = |name: &str| {
        format!(
            "      - name: {name}\n        image: registry.example.com/{name}:{number}\n        ports:\n        - {{containerPort: 8080, name: http}}\n        env:\n        - {{name: LEVEL, value: info}}\n        - {{name: HOST, value: db.example.com}}\n        resources: {{requests: {{cpu: 100m, memory: 128Mi}}, limits: {{memory: 256Mi}}}}\n        securityContext: {{runAsNonRoot: true, readOnlyRootFilesystem: true, allowPrivilegeEscalation: false}}\n"
        )
    };
    let containers = [container("main"), container("sidecar")].concat();
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-{number}\n  namespace: team\n  labels: {{app: app-{number}}}\nspec:\n  replicas: 2\n  selector: {{matchLabels: {{app: app-{number}}}}}\n  template:\n    metadata: {{labels: {{app: app-{number}}}}}\n    spec:\n      containers:\n{containers}"
    )
}

fn resources(text: &str) -> Vec<Resource> {
    let stream = read(&Arc::from(text), &Limits::default());
    stream.documents.into_iter().map(Resource::new).collect()
}

#[divan::bench(args = [1, 20])]
fn judges(bencher: Bencher<'_, '_>, count: usize) {
    let mut objects: Vec<Resource> = (0..OBJECTS)
        .flat_map(|number| resources(&deployment(number)))
        .collect();
    objects.extend(resources(
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: team}\n",
    ));
    let text = policies(count);
    let file = SourceMap::new().add("policies.yaml", text.as_str());
    let beside = resources(&text).into_iter();
    let settings = Settings {
        versions: vec![KubernetesVersion::NEWEST],
        policies: beside
            .map(|resource| PolicyObject { file, resource })
            .collect(),
        ..Settings::default()
    };
    let cluster = Cluster::new(objects.iter().collect(), Scopes::default(), &settings);
    assert!(tympan::policy::check(&cluster, &[]).0.is_empty());
    bencher
        .counter(ItemsCount::new(OBJECTS * count))
        .bench_local(|| tympan::policy::check(&cluster, &[]).0.len());
}
