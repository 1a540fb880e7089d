//! What the API server calls: Services of webhooks, of API groups and of the conversion of custom resources; and the
//! Certificates from which cert-manager writes their CA.

use super::port::Wanted;
use super::references::{References, Standing, Target};
use crate::cluster::Index;
use crate::yaml::Node;

/// The port that is called where none is named.
const HTTPS: i64 = 443;

/// Annotations that make cert-manager write a CA, with the kind and group of what they name.
const CA: &[(&str, &str, &str)] = &[
    (
        "cert-manager.io/inject-ca-from",
        "cert-manager.io",
        "Certificate",
    ),
    ("cert-manager.io/inject-ca-from-secret", "", "Secret"),
];

/// The kinds that are called, and where they say whom.
const CALLED: &[(&str, &str, Look)] = &[
    (
        "admissionregistration.k8s.io",
        "MutatingWebhookConfiguration",
        webhooks,
    ),
    (
        "admissionregistration.k8s.io",
        "ValidatingWebhookConfiguration",
        webhooks,
    ),
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        conversion,
    ),
    ("apiregistration.k8s.io", "APIService", api),
];

type Look = for<'a> fn(Node<'a>) -> Vec<Node<'a>>;

/// Checks what the API server calls.
pub(super) fn check(references: &mut References<'_, '_>) {
    let cluster = references.cluster;
    for (group, kind, look) in CALLED {
        for index in cluster.of_kind(group, kind) {
            let Some(object) = cluster.get(*index) else {
                continue;
            };
            for service in look(object.root()) {
                called(references, *index, service);
            }
            for (key, group, kind) in CA {
                let node = object.root().path(&["metadata", "annotations", key]);
                if let Some(node) = node {
                    authority(references, *index, node, group, kind);
                }
            }
        }
    }
}

fn webhooks(object: Node<'_>) -> Vec<Node<'_>> {
    let all = object.get("webhooks").into_iter().flat_map(Node::items);
    all.filter_map(|webhook| webhook.path(&["clientConfig", "service"]))
        .collect()
}

fn conversion(object: Node<'_>) -> Vec<Node<'_>> {
    const SERVICE: &[&str] = &["spec", "conversion", "webhook", "clientConfig", "service"];
    let strategy = object
        .path(&["spec", "conversion", "strategy"])
        .and_then(Node::as_str);
    let service = object.path(SERVICE).filter(|_| strategy == Some("Webhook"));
    service.into_iter().collect()
}

fn api(object: Node<'_>) -> Vec<Node<'_>> {
    object.path(&["spec", "service"]).into_iter().collect()
}

fn called<'a>(references: &mut References<'_, 'a>, from: Index, service: Node<'a>) {
    let text = |field| service.get(field).and_then(Node::as_str);
    let (Some(namespace), Some(name), Some(node)) =
        (text("namespace"), text("name"), service.get("name"))
    else {
        return;
    };
    let target = Target::core("Service", namespace, name);
    if let Standing::Object(index) = references.need_here(from, node, target) {
        let port = service.get("port").filter(|port| !port.is_null());
        let wanted = port.map_or(Some(Wanted::Number(HTTPS)), Wanted::read);
        if let Some(wanted) = wanted {
            references.need_port(from, port.unwrap_or(node), index, wanted);
        }
    }
}

/// Checks what an annotation `namespace/name` names.
fn authority<'a>(
    references: &mut References<'_, 'a>,
    from: Index,
    node: Node<'a>,
    group: &'static str,
    kind: &'static str,
) {
    let named = node.as_str().and_then(|text| text.split_once('/'));
    if let Some((namespace, name)) = named {
        let target = Target {
            group,
            kind,
            namespace,
            name,
        };
        references.need_here(from, node, target);
    }
}
