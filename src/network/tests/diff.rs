//! What is told of a change.

use super::*;
use crate::project::Network;

const PODS: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: a, labels: {app: web}}
spec: {containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: a, labels: {app: db}}
spec: {containers: [{name: c}]}
---
";

fn policy(app: &str, spec: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {app}, namespace: a}}\nspec: {{podSelector: {{matchLabels: {{app: {app}}}}}, policyTypes: [Ingress, Egress], {spec}}}\n---\n"
    )
}

fn settings() -> Settings {
    Settings {
        whole: true,
        network: Network {
            plugin: Some("cilium".to_owned()),
            ..Network::default()
        },
        ..Settings::default()
    }
}

fn lines(before: &str, after: &str) -> Vec<String> {
    let [before, after] = [before, after].map(|more| resources(&format!("{PODS}{more}")));
    let settings = settings();
    let versions = Versions::new(&cluster(&before, &settings), &cluster(&after, &settings));
    let mut lines = Vec::new();
    for (change, sign) in Change::ALL.into_iter().zip(['+', '-']) {
        let all = versions.changes::<Infallible>(
            change,
            |_| true,
            |_| true,
            |one| {
                lines.push(format!(
                    "{sign} {} => {} : {}",
                    one.from, one.to, one.connections
                ));
                Ok(())
            },
        );
        all.unwrap();
    }
    lines
}

#[test]
fn what_is_opened_is_told_before_what_is_closed() {
    let web = "[{podSelector: {matchLabels: {app: web}}}]";
    let db = "[{podSelector: {matchLabels: {app: db}}}]";
    let one = |ports: &str| {
        [
            policy("web", &format!("egress: [{{to: {db}, ports: {ports}}}]")),
            policy("db", &format!("ingress: [{{from: {web}, ports: {ports}}}]")),
        ]
        .concat()
    };
    let internet = "{cidr: 0.0.0.0/0, except: [10.0.0.0/8, 100.64.0.0/10, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16]}";
    let out = |block: &str| {
        policy(
            "web",
            &format!("egress: [{{to: [{{ipBlock: {block}}}], ports: [{{port: 443}}]}}]"),
        )
    };
    let closed = [policy("web", ""), policy("db", "")].concat();
    for (before, after, expected) in [
        (one("[{port: 1}]"), one("[{port: 1}]"), vec![]),
        (
            one("[{port: 1}, {port: 2}]"),
            one("[{port: 2}, {port: 3, endPort: 9}]"),
            vec![
                "+ a/web[Pod] => a/db[Pod] : TCP 3-9",
                "- a/web[Pod] => a/db[Pod] : TCP 1",
            ],
        ),
        // Another border on one side only is no change.
        (
            out("{cidr: 0.0.0.0/0}"),
            out("{cidr: 0.0.0.0/1}")
                + &out("{cidr: 128.0.0.0/1}").replace("name: web", "name: other"),
            vec![],
        ),
        (
            policy("web", ""),
            out(internet),
            vec!["+ a/web[Pod] => internet[External] : TCP 443"],
        ),
        (
            out(internet),
            out("{cidr: 0.0.0.0/0}"),
            vec![
                "+ a/web[Pod] => 10.0.0.0-10.255.255.255[External] : TCP 443",
                "+ a/web[Pod] => 100.64.0.0-100.127.255.255[External] : TCP 443",
                "+ a/web[Pod] => 169.254.0.0-169.254.255.255[External] : TCP 443",
                "+ a/web[Pod] => 172.16.0.0-172.31.255.255[External] : TCP 443",
                "+ a/web[Pod] => 192.168.0.0-192.168.255.255[External] : TCP 443",
            ],
        ),
        (
            out("{cidr: 0.0.0.0/0}"),
            policy("web", ""),
            vec!["- a/web[Pod] => 0.0.0.0-255.255.255.255[External] : TCP 443"],
        ),
        // What nobody names was open, too.
        (
            policy("db", ""),
            policy("db", "")
                + "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: a}\nspec: {endpointSelector: {matchLabels: {app: web}}, egress: [{toEntities: [kube-apiserver]}]}\n---\n",
            vec!["- a/web[Pod] => 0.0.0.0-255.255.255.255[External] : All Connections"],
        ),
        // Pods that only one version speaks of are there in both.
        (
            policy("web", "")
                + &policy(
                    "db",
                    "ingress: [{from: [{namespaceSelector: {}}], ports: [{port: 1}]}]",
                ),
            policy("web", "")
                + &policy(
                    "db",
                    "ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: tools}}, podSelector: {matchLabels: {app: x}}}], ports: [{port: 1}]}]",
                ),
            vec![],
        ),
        (
            closed.clone(),
            policy("web", ""),
            vec![
                "+ 0.0.0.0-255.255.255.255[External] => a/db[Pod] : All Connections",
                "+ a/db[Pod] => 0.0.0.0-255.255.255.255[External] : All Connections",
            ],
        ),
    ] {
        assert_eq!(lines(&before, &after), expected, "{before}\n{after}");
    }
}

#[test]
fn a_check_tells_the_rule_that_opens_and_the_policy_that_closes() {
    let ingress = |ports: &str| {
        policy(
            "db",
            &format!("ingress: [{{from: [{{podSelector: {{}}}}], ports: {ports}}}]"),
        )
    };
    let found = |before: Option<&str>, after: &str| -> Vec<(String, String, String)> {
        let stream = |more: &str| {
            read(
                &Arc::from(format!("{PODS}{more}").as_str()),
                &Limits::default(),
            )
        };
        let before = before.map(|more| {
            let documents = stream(more).documents.into_iter().flat_map(flatten);
            documents
                .filter(|one| !one.root().is_null())
                .collect::<Vec<_>>()
        });
        let after = resources(&format!("{PODS}{after}"));
        let settings = settings();
        let cluster = Cluster::new(after.iter().collect(), Scopes::default(), &settings)
            .with_before(before.as_deref());
        let found = check(&cluster)
            .into_iter()
            .filter(|one| one.fault.message.contains("change"));
        found
            .map(|one| {
                let fault = one.fault;
                let text = fault.node.span().of(fault.node.document().text());
                (fault.rule.to_string(), fault.message, text.to_owned())
            })
            .collect()
    };
    let own = |(rule, message, text): (&str, &str, &str)| {
        (rule.to_owned(), message.to_owned(), text.to_owned())
    };
    assert_eq!(found(None, &ingress("[{port: 1}]")), []);
    assert_eq!(
        found(Some(&ingress("[{port: 1}]")), &ingress("[{port: 1}]")),
        []
    );
    assert_eq!(
        found(Some(&ingress("[{port: 1}]")), &ingress("[{port: 2}]")),
        [
            (
                "network/opened-flow",
                "this change opens a connection: `a/web` to `a/db` on `TCP 2`",
                "{from: [{podSelector: {}}], ports: [{port: 2}]}"
            ),
            (
                "network/closed-flow",
                "this change closes a connection: `a/web` to `a/db` on `TCP 1`",
                "podSelector"
            ),
        ]
        .map(own)
    );
    // Nothing opens it but that a policy is gone.
    let gone = found(Some(&policy("db", "")), &policy("none", ""));
    let opened = gone.iter().find(|(_, _, text)| text == "db");
    let opened = opened.expect("what is open now");
    assert_eq!(opened.0, "network/opened-flow");
    assert!(
        opened.1.contains("`a/web` to `a/db` on `All Connections`"),
        "{}",
        opened.1
    );
    // Where no version has a policy, everything is open, and more pods are no news.
    assert_eq!(
        found(
            Some(""),
            "apiVersion: v1\nkind: Pod\nmetadata: {name: new, namespace: a}\nspec: {containers: [{name: c}]}\n"
        ),
        []
    );
}
