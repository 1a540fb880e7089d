use super::*;

const PODS: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: x, labels: {team: x}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: x}
spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: x}
spec: {replicas: 2, template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c}]}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: dump, namespace: m}
spec: {template: {spec: {containers: [{name: c}]}}}
---
";

fn lines(more: &str) -> Vec<String> {
    let open = open(&resources(&format!("{PODS}{more}")), &Settings::default());
    let lines = open.iter();
    lines
        .map(|((from, to), open)| format!("{from} => {to} : {open}"))
        .collect()
}

/// A policy of the namespace `x` that closes `db`, and opens what is given.
fn policy(ingress: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: x}}\nspec:\n  podSelector: {{matchLabels: {{app: db}}}}\n  policyTypes: [Ingress, Egress]\n  ingress: {ingress}\n"
    )
}

fn to_db(ingress: &str) -> Vec<String> {
    let all = lines(&policy(ingress)).into_iter();
    all.filter_map(|line| Some(line.split_once(" => x/db[StatefulSet]")?.0.to_owned()))
        .collect()
}

#[test]
fn peers_are_chosen_as_kubernetes_does() {
    for (ingress, expected) in [
        ("[]", vec![]),
        (
            "[{}]",
            vec![
                "0.0.0.0-255.255.255.255[External]",
                "m/dump[Job]",
                "x/web[Deployment]",
            ],
        ),
        ("[{from: [{podSelector: {}}]}]", vec!["x/web[Deployment]"]),
        (
            "[{from: [{namespaceSelector: {}}]}]",
            vec!["m/dump[Job]", "x/web[Deployment]"],
        ),
        // Null is as good as missing.
        (
            "[{from: [{namespaceSelector: null, podSelector: {}}]}]",
            vec!["x/web[Deployment]"],
        ),
        // An element of nothing is refused, and is about nobody.
        ("[{from: [{}]}]", vec![]),
        ("[{from: [{ipBlock: {cidr: nonsense}}]}]", vec![]),
        // A namespace that nobody describes has one label all the same.
        (
            "[{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: m}}}]}]",
            vec!["m/dump[Job]"],
        ),
        (
            "[{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: DoesNotExist}]}}]}]",
            vec!["m/dump[Job]"],
        ),
        // Labels that the controller of a Job gives.
        (
            "[{from: [{namespaceSelector: {}, podSelector: {matchLabels: {batch.kubernetes.io/job-name: dump}}}]}]",
            vec!["m/dump[Job]"],
        ),
        (
            "[{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]",
            vec!["10.0.0.0-10.255.255.255[External]"],
        ),
    ] {
        assert_eq!(to_db(ingress), expected, "{ingress}");
    }
}

#[test]
fn one_pod_of_a_stateful_set_may_be_meant() {
    let policy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: x}\nspec:\n  podSelector: {matchLabels: {statefulset.kubernetes.io/pod-name: db-1}}\n  ingress: [{ports: [{port: 5432}]}]\n";
    // What any pod of a workload may do, the workload may: db-0 is open.
    let all = lines(policy);
    assert!(all.contains(&"x/web[Deployment] => x/db[StatefulSet] : All Connections".to_owned()));
    let both = policy.replace(
        "{matchLabels: {statefulset.kubernetes.io/pod-name: db-1}}",
        "{matchExpressions: [{key: statefulset.kubernetes.io/pod-name, operator: In, values: [db-0, db-1]}]}",
    );
    let all = lines(&both);
    assert!(all.contains(&"x/web[Deployment] => x/db[StatefulSet] : TCP 5432".to_owned()));
}

#[test]
fn pods_belong_to_the_last_of_their_owners() {
    let owned = "\
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web-1, namespace: x, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, controller: true}]}
spec: {template: {spec: {containers: [{name: c}]}}}
---
apiVersion: v1
kind: Pod
metadata: {name: web-1-x, namespace: x, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, controller: true}]}
spec: {containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: loop, namespace: x, ownerReferences: [{apiVersion: v1, kind: Pod, name: loop, controller: true}]}
spec: {containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: done, namespace: x}
spec: {containers: [{name: c}]}
status: {phase: Succeeded}
---
apiVersion: v1
kind: PodTemplate
metadata: {name: idle, namespace: x}
template: {spec: {containers: [{name: c}]}}
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: r, namespace: x}
spec: {template: {spec: {containers: [{name: c}]}}}
";
    let all = lines(owned);
    let from: std::collections::BTreeSet<&str> = all
        .iter()
        .filter_map(|line| Some(line.split_once(" => ")?.0))
        .collect();
    let from: Vec<&str> = from.into_iter().collect();
    assert_eq!(
        from,
        [
            "0.0.0.0-255.255.255.255[External]",
            "m/dump[Job]",
            "x/db[StatefulSet]",
            "x/loop[Pod]",
            "x/r[Rollout]",
            "x/web[Deployment]"
        ]
    );
}

#[test]
fn ingresses_lead_to_pods_through_services() {
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: x}\nspec: {selector: {app: web}, ports: [{name: web, port: 80, targetPort: http}, {name: raw, port: 81, targetPort: 9000}, {name: u, port: 82, protocol: UDP}]}\n---\n";
    let ingress = |backend: &str| {
        format!(
            "{service}apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: i, namespace: x}}\nspec: {{defaultBackend: {backend}}}\n"
        )
    };
    for (backend, expected) in [
        (
            "{service: {name: web, port: {number: 80}}}",
            Some("TCP 8080"),
        ),
        (
            "{service: {name: web, port: {name: web}}}",
            Some("TCP 8080"),
        ),
        (
            "{service: {name: web, port: {name: raw}}}",
            Some("TCP 9000"),
        ),
        ("{serviceName: web, servicePort: 81}", Some("TCP 9000")),
        ("{serviceName: web, servicePort: web}", Some("TCP 8080")),
        ("{service: {name: web, port: {number: 82}}}", None),
        ("{service: {name: web, port: {number: 8080}}}", None),
        ("{service: {name: other, port: {number: 80}}}", None),
    ] {
        let all = lines(&ingress(backend));
        let found = all
            .iter()
            .find_map(|line| line.strip_prefix("{ingress-controller} => x/web[Deployment] : "));
        assert_eq!(found, expected, "{backend}");
    }
}
