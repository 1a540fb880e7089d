//! What depends on the engine, and on where pods have their addresses.

use super::*;
use crate::project::Network;

const PODS: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: a}
spec: {containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: a, labels: {app: db}}
spec:
  initContainers:
  - {name: once, ports: [{name: sql, containerPort: 1}]}
  - {name: proxy, restartPolicy: Always, ports: [{name: sql, containerPort: 2}]}
  containers: [{name: c, ports: [{name: sql, containerPort: 5432}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: a}
spec: {hostNetwork: true, containers: [{name: c}]}
---
";

fn policy(rule: &str) -> String {
    format!(
        "{PODS}apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: a}}\nspec: {{podSelector: {{matchLabels: {{app: db}}}}, ingress: [{rule}]}}\n"
    )
}

fn settings(plugin: Option<&str>, pods: &[&str]) -> Settings {
    Settings {
        network: Network {
            plugin: plugin.map(str::to_owned),
            pod_addresses: pods.iter().map(|range| (*range).to_owned()).collect(),
            ..Network::default()
        },
        ..Settings::default()
    }
}

/// The pods that reach `db`, and what is told of the policy.
fn to_db(yaml: &str, settings: &Settings) -> (Vec<String>, Vec<&'static str>) {
    let resources = resources(yaml);
    let open = open(&resources, settings);
    let pods = open
        .into_iter()
        .filter(|((from, to), _)| to == "a/db[Pod]" && from.ends_with("[Pod]"));
    let pods = pods.map(|((from, _), open)| format!("{} {open}", from.trim_end_matches("[Pod]")));
    let cluster = Cluster::new(resources.iter().collect(), Scopes::default(), settings);
    let notes = Reach::new(&cluster).notes;
    (
        pods.collect(),
        notes.iter().map(|note| note.message).collect(),
    )
}

#[test]
fn a_block_of_addresses_is_about_pods_where_the_engine_and_the_project_say_so() {
    let some =
        "some pods have addresses in this block, and nobody knows which: it counts as opening all";
    let web = "a/web All Connections";
    for (plugin, pods, block, expected) in [
        // Nobody says where pods have their addresses: outside.
        (None, &[][..], "{cidr: 0.0.0.0/0}", (vec![], vec![])),
        (
            None,
            &["10.244.0.0/16"],
            "{cidr: 0.0.0.0/0}",
            (vec![web], vec![]),
        ),
        (
            Some("calico"),
            &["10.244.0.0/16"],
            "{cidr: 10.0.0.0/8}",
            (vec![web], vec![]),
        ),
        (
            None,
            &["10.244.0.0/16"],
            "{cidr: 10.244.1.0/24}",
            (vec![web], vec![some]),
        ),
        (
            None,
            &["10.244.0.0/16"],
            "{cidr: 0.0.0.0/0, except: [10.244.1.0/24]}",
            (vec![web], vec![some]),
        ),
        (
            None,
            &["10.244.0.0/16"],
            "{cidr: 0.0.0.0/0, except: [10.0.0.0/8]}",
            (vec![], vec![]),
        ),
        (
            None,
            &["10.244.0.0/16"],
            "{cidr: 192.168.0.0/16}",
            (vec![], vec![]),
        ),
        (
            None,
            &["10.244.0.0/16", "fd00::/8"],
            "{cidr: 0.0.0.0/0}",
            (vec![web], vec![]),
        ),
        (
            None,
            &["10.244.0.0/16", "fd00::/8"],
            "{cidr: '::/0'}",
            (vec![web], vec![]),
        ),
        (
            None,
            &["10.244.0.0/16", "10.9.0.0/16"],
            "{cidr: 10.9.0.0/16}",
            (vec![web], vec![some]),
        ),
        // Pods are never meant by an address.
        (
            Some("cilium"),
            &["10.244.0.0/16"],
            "{cidr: 0.0.0.0/0}",
            (vec![], vec![]),
        ),
    ] {
        let yaml = policy(&format!("{{from: [{{ipBlock: {block}}}]}}"));
        let (pods, notes) = to_db(&yaml, &settings(plugin, pods));
        let pods: Vec<&str> = pods.iter().map(String::as_str).collect();
        assert_eq!((pods, notes), expected, "{plugin:?} {block}");
    }
}

#[test]
fn policies_of_cilium_tell_that_it_is_the_engine() {
    let rule = "{from: [{podSelector: {}}]}";
    let (pods, _) = to_db(&policy(rule), &settings(None, &[]));
    assert_eq!(pods, ["a/agent All Connections", "a/web All Connections"]);
    let with_one = format!(
        "{}---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: q, namespace: a}}\nspec: {{endpointSelector: {{}}}}\n",
        policy(rule)
    );
    assert_eq!(
        to_db(&with_one, &settings(None, &[])).0,
        ["a/web All Connections"]
    );
    // What the project says wins.
    let calico = settings(Some("calico"), &[]);
    assert_eq!(
        to_db(&with_one, &calico).0,
        ["a/agent All Connections", "a/web All Connections"]
    );
}

#[test]
fn names_of_ports_are_those_of_what_runs_while_the_pod_does() {
    let yaml = policy("{from: [{podSelector: {}}], ports: [{port: sql}]}");
    let (pods, _) = to_db(&yaml, &settings(Some("cilium"), &[]));
    assert_eq!(pods, ["a/web TCP 2,5432"]);
}

#[test]
fn policies_of_administrators_never_mean_pods_in_the_network_of_a_node() {
    let admin = |priority: u32, rules: &str| {
        format!(
            "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {{name: p{priority}{}}}\nspec: {{tier: Admin, priority: {priority}, subject: {{namespaces: {{}}}}, ingress: [{rules}]}}\n---\n",
            rules.len()
        )
    };
    let deny = "{action: Deny, from: [{namespaces: {}}]}";
    let alone = format!("{PODS}{}", admin(1, deny));
    // Nobody says which engine it is: the agent is a pod, but the policy does not mean it.
    assert_eq!(
        to_db(&alone, &settings(None, &[])),
        (vec!["a/agent All Connections".to_owned()], vec![])
    );
    let accept = "{action: Accept, from: [{namespaces: {}}]}";
    let told = |first, second| {
        let yaml = format!("{PODS}{}{}", admin(first, deny), admin(second, accept));
        to_db(&yaml, &settings(None, &[])).1
    };
    assert!(told(1, 2).is_empty());
    assert_eq!(
        told(3, 3),
        ["another policy has this priority, too: which of them decides is not defined"]
    );
}
