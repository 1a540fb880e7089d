//! `NetworkPolicies` and monitors.

use crate::cluster::Settings;
use crate::project::External;
use crate::reference::testing::{found, whole};

const THERE: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: x}}
---
apiVersion: v1
kind: Namespace
metadata: {name: monitoring, labels: {team: ops}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, ports: [{name: http, containerPort: 80}, {name: dns, containerPort: 53, protocol: UDP}]}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: prometheus, namespace: monitoring}
spec: {template: {metadata: {labels: {app: prometheus}}, spec: {containers: [{name: c, ports: [{name: web, containerPort: 9090}]}]}}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
";

fn policy(spec: &str) -> String {
    format!(
        "{THERE}apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: shop}}\nspec: {{{spec}}}\n"
    )
}

/// Asserts that checking gives one warning, or nothing.
fn assert_told(yaml: &str, expected: Option<&str>, settings: &Settings) {
    let expected: Vec<String> = expected
        .map(|text| format!("warning reference/{text}"))
        .into_iter()
        .collect();
    assert_eq!(found(yaml, settings), expected, "{yaml}");
}

#[test]
fn policies_are_about_pods() {
    for (selector, expected) in [
        ("{}", None),
        ("{matchLabels: {app: web}}", None),
        (
            "{matchExpressions: [{key: app, operator: NotIn, values: [x]}]}",
            None,
        ),
        // Pods that cert-manager makes for a moment.
        (
            "{matchLabels: {acme.cert-manager.io/http01-solver: 'true'}}",
            None,
        ),
        (
            "{matchLabels: {app: wbe}}",
            Some(
                "selects-nothing NetworkPolicy/p spec.podSelector.matchLabels.app: the NetworkPolicy selects no pod of namespace `shop`: none matches `app=wbe`; did you mean `app=web`?",
            ),
        ),
        (
            "{matchExpressions: [{key: app, operator: In, values: [a, b]}]}",
            Some(
                "selects-nothing NetworkPolicy/p spec.podSelector.matchExpressions[0]: the NetworkPolicy selects no pod of namespace `shop`: none matches `app in (a,b)`",
            ),
        ),
    ] {
        assert_told(
            &policy(&format!("podSelector: {selector}")),
            expected,
            &whole(),
        );
    }
}

#[test]
fn policies_of_cilium_and_of_administrators_are_about_pods_too() {
    let cilium = |spec: &str| {
        format!(
            "{THERE}apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: p, namespace: shop}}\nspec: {{{spec}}}\n"
        )
    };
    let admin = |spec: &str| {
        format!(
            "{THERE}apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {{name: p}}\nspec: {{{spec}}}\n"
        )
    };
    let pods = |namespace: &str, app: &str| {
        format!(
            "pods: {{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}}, podSelector: {{matchLabels: {{app: {app}}}}}}}"
        )
    };
    let nothing = "none matches `app=wbe`; did you mean `app=web`?";
    for (yaml, expected) in [
        (cilium("endpointSelector: {}"), None),
        (cilium("endpointSelector: {matchLabels: {'k8s:app': web}}"), None),
        (
            cilium("endpointSelector: {matchLabels: {app: wbe}}"),
            Some(format!("selects-nothing CiliumNetworkPolicy/p spec.endpointSelector.matchLabels.app: the policy selects no pod of namespace `shop`: {nothing}")),
        ),
        (
            cilium("endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels: {'k8s:io.kubernetes.pod.namespace': monitoring, 'any:app': web}}]}]"),
            Some("selects-nothing CiliumNetworkPolicy/p spec.ingress[0].fromEndpoints[0]: the peer selects no pod of namespace `monitoring`: none matches `app=web`".to_owned()),
        ),
        (
            cilium("endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels: {'k8s:io.kubernetes.pod.namespace': kube-system, app: x}}, {matchLabels: {'reserved:host': ''}}, {matchLabels: {io.cilium.k8s.policy.serviceaccount: web}}]}]"),
            None,
        ),
        (admin(&format!("subject: {{{}}}", pods("shop", "web"))), None),
        (
            admin(&format!("subject: {{{}}}", pods("shop", "wbe"))),
            Some(format!("selects-nothing ClusterNetworkPolicy/p spec.subject.pods.podSelector.matchLabels.app: the policy selects no pod of namespace `shop`: {nothing}")),
        ),
        (
            admin(&format!("subject: {{namespaces: {{}}}}, ingress: [{{from: [{{{}}}]}}]", pods("shop", "wbe"))),
            Some(format!("selects-nothing ClusterNetworkPolicy/p spec.ingress[0].from[0].pods.podSelector.matchLabels.app: the peer selects no pod of namespace `shop`: {nothing}")),
        ),
    ] {
        assert_told(&yaml, expected.as_deref(), &whole());
    }
}

#[test]
fn peers_are_pods_as_far_as_is_known() {
    let at = "selects-nothing NetworkPolicy/p spec.ingress[0].from[0]";
    let named = |name: &str| {
        format!("namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {name}}}}}")
    };
    for (peer, expected) in [
        ("podSelector: {}".to_owned(), None),
        ("podSelector: {matchLabels: {app: web}}".to_owned(), None),
        (
            "podSelector: {matchLabels: {app: prometheus}}".to_owned(),
            Some(format!("{at}.podSelector.matchLabels.app: the peer selects no pod of namespace `shop`: none matches `app=prometheus`")),
        ),
        (named("monitoring"), None),
        (named("monitoring") + ", podSelector: {matchLabels: {app: prometheus}}", None),
        (
            named("monitoring") + ", podSelector: {matchLabels: {app: prometeus}}",
            Some(format!("{at}.podSelector.matchLabels.app: the peer selects no pod of namespace `monitoring`: none matches `app=prometeus`; did you mean `app=prometheus`?")),
        ),
        ("namespaceSelector: {matchLabels: {team: ops}}, podSelector: {matchLabels: {app: prometheus}}".to_owned(), None),
        (
            "namespaceSelector: {matchExpressions: [{key: team, operator: Exists}]}, podSelector: {matchLabels: {app: db}}".to_owned(),
            Some(format!("{at}.podSelector.matchLabels.app: the peer selects no pod of namespace `monitoring`, nor of 1 more: none matches `app=db`")),
        ),
        // All namespaces, those of others included.
        ("namespaceSelector: {}, podSelector: {matchLabels: {app: db}}".to_owned(), None),
        ("namespaceSelector: {matchLabels: {purpose: ingress}}".to_owned(), None),
        (named("kube-system") + ", podSelector: {matchLabels: {k8s-app: kube-dns}}", None),
        (named("ingress"), None),
        (
            named("montoring"),
            Some(format!("{at}.namespaceSelector.matchLabels[kubernetes.io/metadata.name]: the peer selects no pod: there is no namespace `montoring`; did you mean `monitoring`?")),
        ),
        ("ipBlock: {cidr: 10.0.0.0/8}".to_owned(), None),
    ] {
        let yaml = policy(&format!("podSelector: {{}}, ingress: [{{from: [{{{peer}}}]}}]"));
        assert_told(&yaml, expected.as_deref(), &whole());
    }
    let mut settings = whole();
    settings.external.push(External {
        kind: "Namespace".to_owned(),
        name: "montoring".to_owned(),
        namespace: None,
    });
    let yaml = policy(&format!(
        "podSelector: {{}}, ingress: [{{from: [{{{}}}]}}]",
        named("montoring")
    ));
    assert_told(&yaml, None, &settings);
}

#[test]
fn ports_by_name_are_those_of_the_pods() {
    let prometheus = "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}, podSelector: {matchLabels: {app: prometheus}}}";
    for (rules, expected) in [
        ("ingress: [{ports: [{port: http}]}]".to_owned(), None),
        ("ingress: [{ports: [{port: 8080}]}]".to_owned(), None),
        (
            "ingress: [{ports: [{port: dns, protocol: UDP}]}]".to_owned(),
            None,
        ),
        (
            "ingress: [{ports: [{port: htpp}]}]".to_owned(),
            Some(
                "missing-port NetworkPolicy/p spec.ingress[0].ports[0].port: no container of the pods that this rule is about has a port named `htpp`; did you mean `http`?",
            ),
        ),
        (
            "ingress: [{ports: [{port: dns}]}]".to_owned(),
            Some(
                "missing-port NetworkPolicy/p spec.ingress[0].ports[0].port: the port `dns` of the pods is UDP, and this one is TCP",
            ),
        ),
        (
            format!("egress: [{{to: [{prometheus}], ports: [{{port: web}}]}}]"),
            None,
        ),
        (
            format!("egress: [{{to: [{prometheus}], ports: [{{port: http}}]}}]"),
            Some(
                "missing-port NetworkPolicy/p spec.egress[0].ports[0].port: no container of the pods that this rule is about has a port named `http`",
            ),
        ),
        (
            format!(
                "egress: [{{to: [{prometheus}, {{ipBlock: {{cidr: 10.0.0.0/8}}}}], ports: [{{port: http}}]}}]"
            ),
            None,
        ),
        ("egress: [{ports: [{port: http}]}]".to_owned(), None),
    ] {
        assert_told(
            &policy(&format!("podSelector: {{}}, {rules}")),
            expected,
            &whole(),
        );
    }
}

fn monitor(kind: &str, namespace: &str, spec: &str) -> String {
    format!(
        "{THERE}apiVersion: monitoring.coreos.com/v1\nkind: {kind}\nmetadata: {{name: m, namespace: {namespace}}}\nspec: {{{spec}}}\n"
    )
}

#[test]
fn monitors_select_services_and_pods_with_ports() {
    let web = "selector: {matchLabels: {app: web}}";
    for (kind, namespace, spec, expected) in [
        ("ServiceMonitor", "shop", format!("{web}, endpoints: [{{port: http}}, {{targetPort: 9}}]"), None),
        ("ServiceMonitor", "monitoring", format!("{web}, namespaceSelector: {{matchNames: [shop]}}, endpoints: [{{port: http}}]"), None),
        ("ServiceMonitor", "monitoring", "selector: {matchLabels: {app: none}}, namespaceSelector: {any: true}".to_owned(), None),
        ("ServiceMonitor", "monitoring", "selector: {matchLabels: {k8s-app: kubelet}}, namespaceSelector: {matchNames: [kube-system]}".to_owned(), None),
        (
            "ServiceMonitor",
            "shop",
            "selector: {matchLabels: {app: wbe}}".to_owned(),
            Some("warning reference/selects-nothing ServiceMonitor/m spec.selector.matchLabels.app: the ServiceMonitor selects no Service of namespace `shop`: none matches `app=wbe`; did you mean `app=web`?"),
        ),
        (
            "ServiceMonitor",
            "shop",
            format!("{web}, endpoints: [{{port: htpp}}]"),
            Some("error reference/missing-port ServiceMonitor/m spec.endpoints[0].port: none of the selected Services has a port named `htpp`; did you mean `http`?"),
        ),
        ("PodMonitor", "shop", format!("{web}, podMetricsEndpoints: [{{port: http}}]"), None),
        (
            "PodMonitor",
            "shop",
            format!("{web}, podMetricsEndpoints: [{{port: htpp}}]"),
            Some("error reference/missing-port PodMonitor/m spec.podMetricsEndpoints[0].port: no container of the selected pods has a port named `htpp`; did you mean `http`?"),
        ),
    ] {
        let lines = found(&monitor(kind, namespace, &spec), &whole());
        let expected: Vec<&str> = expected.into_iter().collect();
        assert_eq!(lines, expected, "{kind} {spec}");
    }
}
