//! What is said about policies and flows: the rule, the words, and the place.

use std::fmt::Write as _;

use super::*;
use crate::cluster::FlowsObject;
use crate::project::{Flow, FlowEnd, IngressController, Network};
use crate::source::SourceMap;

const PODS: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: db, namespace: shop}
spec: {template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c}]}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
---
";

fn policy(app: &str, ingress: &str, egress: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {app}, namespace: shop}}\nspec: {{podSelector: {{matchLabels: {{app: {app}}}}}, policyTypes: [Ingress, Egress], ingress: {ingress}, egress: {egress}}}\n---\n"
    )
}

fn end(text: &str) -> FlowEnd {
    let own = str::to_owned;
    match text.split_once(['/', ':']) {
        None => FlowEnd::Internet,
        Some(("ingress", class)) => FlowEnd::Ingress(own(class)),
        Some(("namespace", name)) => FlowEnd::Namespace(own(name)),
        Some(("entity", name)) => FlowEnd::Entity(own(name)),
        Some(("cidr", range)) => FlowEnd::Cidr(own(range)),
        Some((namespace, rest)) => match rest.split_once('=') {
            None => FlowEnd::Workload(own(namespace), own(rest)),
            Some((key, value)) => FlowEnd::Pods(own(namespace), vec![(own(key), own(value))]),
        },
    }
}

/// The flows, as `from to protocol port`, one a line.
fn flows(lines: &str) -> FlowsObject {
    let mut text = "flows:\n".to_owned();
    for line in lines.lines() {
        let parts: Vec<&str> = line.split(' ').collect();
        writeln!(text, "- {{from: '{}', to: '{}'}}", parts[0], parts[1]).unwrap();
    }
    let mut sources = SourceMap::new();
    let file = sources.add("policies/flows.yaml", text.clone());
    let stream = read(&Arc::from(text.as_str()), &Limits::default());
    let resource = Resource::new(stream.documents.into_iter().next().unwrap());
    let items: Vec<_> = resource.root().get("flows").unwrap().items().collect();
    let flows = lines.lines().zip(items).map(|(line, item)| {
        let parts: Vec<&str> = line.split(' ').collect();
        let port = parts[3].parse().unwrap();
        Flow {
            from: end(parts[0]),
            to: end(parts[1]),
            ports: vec![(parts[2].to_owned(), port, port)],
            reason: "a reason".to_owned(),
            environments: Vec::new(),
            nodes: ["from", "to"].map(|key| item.get(key).unwrap().index()),
        }
    });
    let flows = flows.collect();
    FlowsObject {
        file,
        resource,
        flows,
    }
}

/// What is found in a whole project: rule, message and the text of the place.
fn found(policies: &str, lines: Option<&str>) -> Vec<(String, String, String)> {
    let resources = resources(&format!("{PODS}{policies}"));
    let settings = Settings {
        whole: true,
        network: Network {
            plugin: Some("cilium".to_owned()),
            ingress_controllers: vec![IngressController {
                class: "nginx".to_owned(),
                namespace: "ingress".to_owned(),
                pods: [("app".to_owned(), "nginx".to_owned())].into(),
            }],
            ..Network::default()
        },
        flows: lines.map(flows),
        ..Settings::default()
    };
    let cluster = Cluster::new(resources.iter().collect(), Scopes::default(), &settings);
    let found = check(&cluster);
    found
        .into_iter()
        .map(|one| {
            let fault = one.fault;
            let text = fault.node.span().of(fault.node.document().text());
            (fault.rule.to_string(), fault.message, text.to_owned())
        })
        .collect()
}

const SQL: &str = "shop/web shop/db TCP 5432";

fn open_both(ports: &str) -> String {
    let peer = |app: &str| format!("[{{podSelector: {{matchLabels: {{app: {app}}}}}}}]");
    let dns = "[{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, podSelector: {matchLabels: {k8s-app: dns}}}]";
    let out = format!(
        "[{{to: {}, ports: {ports}}}, {{to: {dns}, ports: [{{port: 53, protocol: UDP}}]}}]",
        peer("db")
    );
    let inside = format!("[{{from: {}, ports: {ports}}}]", peer("web"));
    let both = [policy("web", "[]", &out), policy("db", &inside, "[]")];
    both.concat()
}

#[test]
fn what_is_declared_and_what_is_open_must_be_equal() {
    let dns = "shop/web kube-system/k8s-app=dns UDP 53";
    let sql = format!("{SQL}\n{dns}");
    for (policies, lines, expected) in [
        (open_both("[{port: 5432}]"), sql.clone(), vec![]),
        (
            open_both("[{port: 5432}, {port: 22}]"),
            sql.clone(),
            vec![(
                "network/undeclared-flow",
                "this rule opens a connection that no flow declares: `shop/web` to `shop/db` on `TCP 22`",
            )],
        ),
        (
            open_both("[{port: 5432}]"),
            SQL.to_owned(),
            vec![(
                "network/undeclared-flow",
                "this rule opens a connection that no flow declares: `shop/web` to `kube-system/k8s-app=dns` on `UDP 53`",
            )],
        ),
        (
            policy("db", "[{from: [{podSelector: {}}]}]", "[]"),
            SQL.to_owned(),
            vec![(
                "network/blocked-flow",
                "`shop/web` cannot reach `shop/db` on TCP 5432: the egress of `shop/web` is closed",
            )],
        ),
        (
            open_both("[{port: 5432}]").replace(
                "[{from: [{podSelector: {matchLabels: {app: web}}}]",
                "[{from: [{podSelector: {matchLabels: {app: wbe}}}]",
            ),
            sql.clone(),
            vec![(
                "network/blocked-flow",
                "`shop/web` cannot reach `shop/db` on TCP 5432: the ingress of `shop/db` is closed",
            )],
        ),
        (
            open_both("[{port: 5432}]"),
            format!("{sql}\nshop/web shop/cache TCP 6379"),
            vec![(
                "network/unused-flow",
                "nothing is there that `shop/cache` names",
            )],
        ),
        (
            open_both("[{port: 5432}]"),
            format!("{sql}\ningress/other shop/web TCP 80"),
            vec![(
                "network/unused-flow",
                "nothing is there that `ingress/other` names",
            )],
        ),
        // A pod's own node gets in anyhow; others do not.
        (
            open_both("[{port: 5432}]"),
            format!("{sql}\nentity:host shop/db TCP 1\nentity:remote-node shop/db TCP 1"),
            vec![(
                "network/blocked-flow",
                "`entity:remote-node` cannot reach `shop/db` on TCP 1: the ingress of `shop/db` is closed",
            )],
        ),
        // Both sides are closed.
        (
            String::new(),
            SQL.to_owned(),
            vec![(
                "network/blocked-flow",
                "`shop/web` cannot reach `shop/db` on TCP 5432: the egress of `shop/web` and the ingress of `shop/db` are closed",
            )],
        ),
        // Pods in the node's network are the node.
        (
            format!(
                "{}apiVersion: v1\nkind: Pod\nmetadata: {{name: agent, namespace: shop}}\nspec: {{hostNetwork: true, containers: [{{name: c}}]}}\n",
                open_both("[{port: 5432}]")
            ),
            format!("{sql}\nshop/agent shop/db TCP 1"),
            vec![(
                "network/unused-flow",
                "the pods of `shop/agent` are in the node's network, where they are the node",
            )],
        ),
        // A rule about everything is told by itself.
        (
            format!(
                "{}{}",
                open_both("[{port: 5432}]"),
                policy("web", "[{}]", "[]").replace("name: web", "name: all")
            ),
            sql.clone(),
            vec![(
                "network/undeclared-flow",
                "this rule opens everything, which no flow declares",
            )],
        ),
    ] {
        let all = found(&policies, Some(&lines));
        let told: Vec<(&str, &str)> = all
            .iter()
            .map(|(rule, message, _)| (rule.as_str(), message.as_str()))
            .collect();
        assert_eq!(told, expected, "{policies}\n{lines}");
    }
}

#[test]
fn ends_outside_are_declared_by_their_names() {
    let public = "[{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 100.64.0.0/10, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16]}}]";
    let from_nginx = "[{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress}}, podSelector: {matchLabels: {app: nginx}}}]";
    let api = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: api, namespace: shop}\nspec: {endpointSelector: {matchLabels: {app: db}}, egress: [{toEntities: [kube-apiserver], toPorts: [{ports: [{port: '443', protocol: TCP}]}]}]}\n";
    let policies = |peers: &str| {
        format!(
            "{}{api}",
            policy(
                "web",
                &format!("[{{from: {from_nginx}, ports: [{{port: 80}}]}}]"),
                &format!("[{{to: {peers}, ports: [{{port: 443}}, {{port: 53, protocol: UDP}}]}}]")
            )
        )
    };
    let lines = "ingress/nginx shop/web TCP 80\nshop/web internet TCP 443\nshop/web internet UDP 53\nshop/db entity:kube-apiserver TCP 443";
    assert_eq!(found(&policies(public), Some(lines)), []);
    // Without its holes the rule is about private addresses too.
    let all = found(&policies("[{ipBlock: {cidr: 0.0.0.0/0}}]"), Some(lines));
    assert_eq!(all.len(), 1);
    assert!(
        all[0]
            .1
            .contains("`shop/web` to `10.0.0.0-10.255.255.255` on `TCP 443,UDP 53`"),
        "{}",
        all[0].1
    );
    let narrow = found(&policies("[{ipBlock: {cidr: 192.0.2.0/24}}]"), Some(lines));
    assert!(
        narrow
            .iter()
            .any(|(rule, message, _)| rule == "network/blocked-flow"
                && message.contains("`internet`"))
    );
    let exact = lines.replace("internet", "cidr:192.0.2.0/24");
    assert_eq!(
        found(&policies("[{ipBlock: {cidr: 192.0.2.0/24}}]"), Some(&exact)),
        []
    );
}

#[test]
fn pods_that_no_policy_is_about_are_told_once_for_a_namespace() {
    let more = "apiVersion: v1\nkind: Pod\nmetadata: {name: lone, namespace: other}\nspec: {containers: [{name: c}]}\n---\n";
    let all = found(more, Some("other/lone shop/web TCP 1"));
    let told: Vec<(&str, &str, &str)> = all
        .iter()
        .map(|(rule, message, place)| (rule.as_str(), message.as_str(), place.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (
                "network/no-default-deny",
                "anything may reach `lone` in `other`: no policy is about what comes in",
                "lone"
            ),
            (
                "network/no-default-deny",
                "`lone` in `other` may reach anything: no policy is about what goes out",
                "lone"
            ),
            (
                "network/blocked-flow",
                "`other/lone` cannot reach `shop/web` on TCP 1: the ingress of `shop/web` is closed",
                "'other/lone'"
            ),
        ]
    );
}

#[test]
fn names_are_needed_by_who_calls_by_name() {
    let to = |peers: &str, port: &str| {
        policy(
            "web",
            "[]",
            &format!("[{{to: {peers}, ports: [{{port: {port}}}]}}]"),
        )
    };
    for (policies, expected) in [
        (
            to("[{podSelector: {matchLabels: {app: db}}}]", "5432"),
            true,
        ),
        (to("[{ipBlock: {cidr: 0.0.0.0/0}}]", "443"), true),
        // One address has no name, and a named port may be that of DNS.
        (to("[{ipBlock: {cidr: 192.0.2.1/32}}]", "443"), false),
        (to("[{podSelector: {}}]", "dns"), false),
        (to("[{podSelector: {}}]", "53, protocol: UDP"), false),
        (policy("web", "[]", "[]"), false),
        (policy("web", "[]", "[{}]"), false),
    ] {
        let all = found(&policies, None);
        let told: Vec<&str> = all.iter().map(|(_, _, place)| place.as_str()).collect();
        let wanted: &[&str] = if expected { &["web"] } else { &[] };
        assert_eq!(told, wanted, "{policies}: {all:?}");
    }
}

#[test]
fn ingresses_lead_where_their_controllers_get() {
    let from_nginx = "[{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress}}, podSelector: {matchLabels: {app: nginx}}}]";
    let web = |class: &str, ports: &str| {
        format!(
            "{}apiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: shop}}\nspec: {{selector: {{app: web}}, ports: [{{port: 80, targetPort: 8080}}]}}\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: web, namespace: shop}}\nspec: {{ingressClassName: {class}, defaultBackend: {{service: {{name: web, port: {{number: 80}}}}}}}}\n",
            policy(
                "web",
                &format!("[{{from: {from_nginx}, ports: {ports}}}]"),
                "[]"
            )
        )
    };
    assert_eq!(found(&web("nginx", "[{port: 8080}]"), None), []);
    // What nobody names may have any label.
    assert_eq!(found(&web("other", "[{port: 80}]"), None), []);
    let all = found(&web("nginx", "[{port: 80}]"), None);
    assert_eq!(
        all,
        [(
            "network/blocked-flow".to_owned(),
            "this leads to `shop/web` on TCP 8080, which the controllers of class `nginx` cannot reach: the ingress of `shop/web` is closed".to_owned(),
            "{service: {name: web, port: {number: 80}}}".to_owned()
        )]
    );
    // Where it is declared, the flow is told.
    let all = found(
        &web("nginx", "[{port: 80}]"),
        Some("ingress/nginx shop/web TCP 8080"),
    );
    let told: Vec<&str> = all.iter().map(|(_, message, _)| message.as_str()).collect();
    assert_eq!(
        told,
        [
            "this rule opens a connection that no flow declares: `ingress/app=nginx` to `shop/web` on `TCP 80`",
            "`ingress/app=nginx` cannot reach `shop/web` on TCP 8080: the ingress of `shop/web` is closed"
        ]
    );
}

#[test]
fn pods_that_nobody_describes_are_there_once_a_policy_speaks_of_them() {
    let named = "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: tools}}}";
    let any = policy(
        "db",
        &format!("[{{from: [{named}], ports: [{{port: 1}}]}}]"),
        "[]",
    );
    let cilium = |labels: &str| {
        format!(
            "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: db, namespace: shop}}\nspec: {{endpointSelector: {{matchLabels: {{app: db}}}}, ingress: [{{fromEndpoints: [{{matchLabels: {labels}}}], toPorts: [{{ports: [{{port: '1', protocol: TCP}}]}}]}}]}}\n"
        )
    };
    for (policies, from) in [
        (any, "namespace:tools"),
        (
            cilium("{'k8s:io.kubernetes.pod.namespace': tools}"),
            "namespace:tools",
        ),
        (
            cilium("{'k8s:io.kubernetes.pod.namespace': tools, 'k8s:app': x}"),
            "tools/app=x",
        ),
    ] {
        let all = found(&policies, Some(""));
        let message = format!(
            "this rule opens a connection that no flow declares: `{from}` to `shop/db` on `TCP 1`"
        );
        let told: Vec<&str> = all.iter().map(|(_, message, _)| message.as_str()).collect();
        assert_eq!(told, [message], "{policies}");
        let declared = format!("{from} shop/db TCP 1");
        assert_eq!(found(&policies, Some(&declared)), []);
    }
}
