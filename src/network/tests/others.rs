//! Policies beside those of `networking.k8s.io`: Cilium's, and those of administrators.

use super::*;
use crate::project::Network;

const PODS: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: a, labels: {team: x}}
---
apiVersion: v1
kind: Namespace
metadata: {name: b}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: a, labels: {app: web}}
spec: {serviceAccountName: web, containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: a, labels: {app: db}}
spec: {containers: [{name: c, ports: [{name: sql, containerPort: 5432}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: job, namespace: b, labels: {app: job}}
spec: {containers: [{name: c}]}
---
";

fn cilium() -> Settings {
    Settings {
        network: Network {
            plugin: Some("cilium".to_owned()),
            ..Network::default()
        },
        ..Settings::default()
    }
}

/// What is open to `db`, without the kinds of the sources.
fn to_db(more: &str) -> Vec<String> {
    let open = open(&resources(&format!("{PODS}{more}")), &cilium());
    let to_db = open.iter().filter(|((_, to), _)| to == "a/db[Pod]");
    to_db
        .map(|((from, _), open)| format!("{} {open}", from.split('[').next().unwrap()))
        .collect()
}

fn cilium_policy(spec: &str) -> String {
    format!(
        "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: p, namespace: a}}\nspec:\n  endpointSelector: {{matchLabels: {{app: db}}}}\n  {spec}\n"
    )
}

#[test]
fn policies_of_cilium_open_and_refuse() {
    const EVERYBODY: [&str; 3] = [
        "0.0.0.0-255.255.255.255 All Connections",
        "a/web All Connections",
        "b/job All Connections",
    ];
    for (spec, expected) in [
        // Nothing about what comes in: nothing is closed.
        ("egress: [{}]", EVERYBODY.to_vec()),
        ("ingress: []", EVERYBODY.to_vec()),
        // A rule about nobody closes.
        ("ingress: [{}]", vec![]),
        ("ingress: [{fromEndpoints: []}]", vec![]),
        (
            "ingress: [{fromEndpoints: [{}]}]",
            vec!["a/web All Connections"],
        ),
        (
            "ingress: [{fromEndpoints: [{matchLabels: {'k8s:io.kubernetes.pod.namespace': b}}]}]",
            vec!["b/job All Connections"],
        ),
        (
            "ingress: [{fromEndpoints: [{matchLabels: {io.cilium.k8s.namespace.labels.team: x, any:app: web}}]}]",
            vec!["a/web All Connections"],
        ),
        (
            "ingress: [{fromEndpoints: [{matchLabels: {io.cilium.k8s.policy.serviceaccount: web}}]}]",
            vec!["a/web All Connections"],
        ),
        // Ports alone are open to everybody.
        (
            "ingress: [{toPorts: [{ports: [{port: '5432', protocol: TCP}]}]}]",
            vec![
                "0.0.0.0-255.255.255.255 TCP 5432",
                "a/web TCP 5432",
                "b/job TCP 5432",
            ],
        ),
        (
            "ingress: [{fromEndpoints: [{}], toPorts: [{ports: [{port: sql, protocol: TCP}, {port: '1', endPort: 9}]}]}]",
            vec!["a/web SCTP 1-9,TCP 1-9,5432,UDP 1-9"],
        ),
        (
            "ingress: [{fromEndpoints: [{}], toPorts: [{ports: [{port: '0', protocol: UDP}]}]}]",
            vec!["a/web UDP 1-65535"],
        ),
        (
            "ingress: [{fromEntities: [cluster]}]",
            vec![
                "a/web All Connections",
                "b/job All Connections",
                "health All Connections",
                "host All Connections",
                "ingress All Connections",
                "init All Connections",
                "remote-node All Connections",
                "unmanaged All Connections",
            ],
        ),
        (
            "ingress: [{fromNodes: [{}]}]",
            vec!["host All Connections", "remote-node All Connections"],
        ),
        ("ingress: [{fromEntities: [world]}]", vec![EVERYBODY[0]]),
        ("ingress: [{fromEntities: [all]}]", EVERYBODY.to_vec()),
        (
            "ingress: [{fromCIDRSet: [{cidr: 10.0.0.0/8, except: [10.128.0.0/9]}]}]",
            vec!["10.0.0.0-10.127.255.255 All Connections"],
        ),
        // What is refused stays so, whatever opens it.
        (
            "ingress: [{fromEntities: [all]}]\n  ingressDeny: [{fromEndpoints: [{}]}]",
            vec![EVERYBODY[0], "b/job All Connections"],
        ),
        (
            "ingressDeny: [{fromEndpoints: [{}], toPorts: [{ports: [{port: '1', protocol: TCP}]}]}]\n  enableDefaultDeny: {ingress: false}",
            vec![
                EVERYBODY[0],
                "a/web SCTP 1-65535,TCP 2-65535,UDP 1-65535",
                "b/job All Connections",
            ],
        ),
        // Of what is not known it refuses nothing.
        (
            "ingressDeny: [{fromNodes: [{matchLabels: {pool: x}}]}, {fromGroups: [{}]}, {fromCIDRSet: [{cidrGroupRef: x}]}]\n  enableDefaultDeny: {ingress: false}",
            EVERYBODY.to_vec(),
        ),
        // A rule about ICMP opens no port.
        ("ingress: [{icmps: [{fields: [{type: 8}]}]}]", vec![]),
    ] {
        assert_eq!(to_db(&cilium_policy(spec)), expected, "{spec}");
    }
    // Whom a policy is about is in its own namespace, whatever it says.
    let elsewhere = cilium_policy("ingress: [{}]").replace(
        "{app: db}",
        "{app: db, 'k8s:io.kubernetes.pod.namespace': b}",
    );
    assert!(to_db(&elsewhere).is_empty());
}

#[test]
fn policies_of_namespaces_and_of_cilium_add_up() {
    let both = format!(
        "{}---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: q, namespace: a}}\nspec: {{podSelector: {{}}, ingress: [{{from: [{{podSelector: {{}}}}], ports: [{{port: 1}}]}}]}}\n",
        cilium_policy(
            "ingress: [{fromEndpoints: [{}], toPorts: [{ports: [{port: '2', protocol: TCP}]}]}]"
        )
    );
    assert_eq!(to_db(&both), ["a/web TCP 1-2"]);
}

#[test]
fn what_is_not_taken_as_it_is_written_is_told() {
    let spec = "egress: [{toFQDNs: [{matchName: example.org}]}, {toServices: [{k8sService: {serviceName: s}}]}]\n  ingress: [{fromNodes: [{matchLabels: {pool: x}}]}, {fromEndpoints: [{}], toPorts: [{ports: [{port: '80'}], rules: {http: [{}]}}]}]";
    let resources = resources(&format!("{PODS}{}", cilium_policy(spec)));
    let settings = cilium();
    let cluster = Cluster::new(resources.iter().collect(), Scopes::default(), &settings);
    let reach = Reach::new(&cluster);
    let told: Vec<(&str, &str)> = reach
        .notes
        .iter()
        .map(|note| (note.node.as_str().unwrap_or_default(), note.message))
        .collect();
    assert_eq!(
        told,
        [
            (
                "fromNodes",
                "every node counts as one of those that are chosen"
            ),
            (
                "rules",
                "what is said within connections is left out: their ports count as open"
            ),
            ("toFQDNs", "names outside count as every address outside"),
            ("toServices", "ends that are chosen so count as anything"),
        ]
    );
}

#[test]
fn pods_in_the_network_of_a_node_are_the_node_to_cilium() {
    let pods = format!(
        "{PODS}apiVersion: v1\nkind: Pod\nmetadata: {{name: agent, namespace: a, labels: {{app: agent}}}}\nspec: {{hostNetwork: true, containers: [{{name: c}}]}}\n---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: q, namespace: a}}\nspec: {{podSelector: {{}}, ingress: [{{from: [{{podSelector: {{}}}}]}}]}}\n"
    );
    let line = |settings: &Settings, from: &str, to: &str| {
        let open = open(&resources(&pods), settings);
        open.get(&(from.to_owned(), to.to_owned()))
            .cloned()
            .unwrap_or_default()
    };
    let (agent, db, job) = ("a/agent[Pod]", "a/db[Pod]", "b/job[Pod]");
    assert!(line(&cilium(), agent, db).is_empty());
    assert!(line(&cilium(), job, agent).is_all());
    // Where nobody says which engine it is, they are pods like others.
    assert!(line(&Settings::default(), agent, db).is_all());
    assert!(line(&Settings::default(), job, agent).is_empty());
}

fn admin(kind: &str, spec: &str) -> String {
    let version = if kind == "ClusterNetworkPolicy" {
        "v1alpha2"
    } else {
        "v1alpha1"
    };
    format!(
        "apiVersion: policy.networking.k8s.io/{version}\nkind: {kind}\nmetadata: {{name: default}}\nspec: {spec}\n---\n"
    )
}

#[test]
fn policies_of_administrators_are_asked_in_their_order() {
    let subject = "subject: {namespaces: {matchLabels: {team: x}}}";
    let from = |action: &str| {
        format!("ingress: [{{name: r, action: {action}, from: [{{namespaces: {{}}}}]}}]")
    };
    let deny_admin = admin(
        "AdminNetworkPolicy",
        &format!("{{priority: 5, {subject}, {}}}", from("Deny")),
    );
    let pass_admin = admin(
        "AdminNetworkPolicy",
        &format!(
            "{{priority: 1, {subject}, ingress: [{{action: Pass, from: [{{pods: {{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: a}}}}, podSelector: {{}}}}}}]}}]}}"
        ),
    );
    let allow_admin = admin(
        "AdminNetworkPolicy",
        &format!(
            "{{priority: 0, {subject}, ingress: [{{action: Allow, from: [{{namespaces: {{}}}}], ports: [{{portNumber: {{protocol: TCP, port: 1}}}}, {{portRange: {{protocol: UDP, start: 2, end: 3}}}}, {{namedPort: sql}}]}}]}}"
        ),
    );
    let baseline = admin(
        "BaselineAdminNetworkPolicy",
        &format!("{{{subject}, {}}}", from("Deny")),
    );
    let closed = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: q, namespace: a}\nspec: {podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}\n---\n";
    let world = "0.0.0.0-255.255.255.255 All Connections";
    let few = "TCP 1,5432,UDP 2-3";
    let cases: [(String, Vec<String>); 7] = [
        (deny_admin.clone(), vec![world.into()]),
        (
            format!("{deny_admin}{pass_admin}"),
            vec![world.into(), "a/web All Connections".into()],
        ),
        (
            format!("{deny_admin}{allow_admin}"),
            vec![world.into(), format!("a/web {few}"), format!("b/job {few}")],
        ),
        // The last tier is asked only where no policy of the namespace is about the pod.
        (baseline.clone(), vec![world.into()]),
        (
            format!("{baseline}{closed}"),
            vec!["a/web All Connections".into()],
        ),
        (
            format!("{allow_admin}{closed}"),
            vec!["a/web All Connections".into(), format!("b/job {few}")],
        ),
        (format!("{deny_admin}{closed}"), vec![]),
    ];
    for (policies, expected) in cases {
        assert_eq!(to_db(&policies), expected, "{policies}");
    }
}

#[test]
fn cluster_network_policies_have_a_tier_and_protocols() {
    let policy = |tier: &str, rules: &str| {
        let subject =
            "subject: {pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: db}}}}";
        admin(
            "ClusterNetworkPolicy",
            &format!("{{tier: {tier}, priority: 1, {subject}, ingress: [{rules}]}}"),
        )
    };
    let accept = "{action: Accept, from: [{namespaces: {matchLabels: {team: x}}}], protocols: [{tcp: {destinationPort: {range: {start: 1, end: 2}}}}, {udp: {destinationPort: {number: 3}}}, {sctp: {}}]}";
    let deny = "{action: Deny, from: [{namespaces: {}}]}";
    let world = "0.0.0.0-255.255.255.255 All Connections";
    let few = "a/web SCTP 1-65535,TCP 1-2,UDP 3";
    for (policies, expected) in [
        (
            policy("Admin", &format!("{accept}, {deny}")),
            vec![world, few],
        ),
        (
            policy("Baseline", &format!("{accept}, {deny}")),
            vec![world, few],
        ),
        // The first rule that is about a connection decides.
        (policy("Admin", &format!("{deny}, {accept}")), vec![world]),
        (
            policy("None", deny),
            vec![world, "a/web All Connections", "b/job All Connections"],
        ),
        // What nobody understands opens nothing, and closes everything.
        (
            policy(
                "Admin",
                "{action: Accept, from: [{namespaces: {}}, {planets: {}}]}, {action: Deny, from: [{planets: {}}]}",
            ),
            vec![],
        ),
        (
            policy(
                "Admin",
                "{action: Accept, from: [{namespaces: {}}], protocols: [{warp: {}}]}, {action: Pass, from: [{}]}",
            ),
            vec![],
        ),
        // Addresses are those of pods, too.
        (
            policy("Admin", "{action: Deny, from: [{networks: [0.0.0.0/0]}]}"),
            vec![],
        ),
        (
            policy("Admin", "{action: Deny, from: [{networks: [10.0.0.0/8]}]}"),
            vec![
                "0.0.0.0-9.255.255.255 All Connections",
                "11.0.0.0-255.255.255.255 All Connections",
                "a/web All Connections",
                "b/job All Connections",
            ],
        ),
    ] {
        assert_eq!(to_db(&policies), expected, "{policies}");
    }
}
