//! Issuers of certificates: those that Certificates, Ingresses and Gateways name.

use super::references::{References, Target};
use crate::cluster::Index;
use crate::yaml::Node;

const GROUP: &str = "cert-manager.io";

/// What may ask for a certificate by annotations.
const ANNOTATED: &[(&str, &str)] = &[
    ("gateway.networking.k8s.io", "Gateway"),
    ("networking.k8s.io", "Ingress"),
];

/// The kinds that ask for certificates, and where they name the issuer.
const ASKING: &[(&str, &str, &[&str])] = &[
    (GROUP, "Certificate", &["spec", "issuerRef"]),
    (GROUP, "CertificateRequest", &["spec", "issuerRef"]),
];

/// Checks Certificates, and the annotations of Ingresses and Gateways.
pub(super) fn check(references: &mut References<'_, '_>) {
    let cluster = references.cluster;
    for (group, kind, path) in ASKING {
        for index in cluster.of_kind(group, kind) {
            let reference = cluster
                .get(*index)
                .and_then(|object| object.root().path(path));
            if let Some(reference) = reference {
                let text = |field, default| {
                    let text = reference.get(field).and_then(Node::as_str);
                    text.filter(|text| !text.is_empty()).unwrap_or(default)
                };
                // Issuers of other groups are served by programs of their own.
                if text("group", GROUP) == GROUP {
                    let kind = text("kind", "Issuer");
                    issuer(references, *index, reference.get("name"), kind);
                }
            }
        }
    }
    for (group, kind) in ANNOTATED {
        for index in cluster.of_kind(group, kind) {
            let annotations = cluster.get(*index);
            let annotations =
                annotations.and_then(|object| object.root().path(&["metadata", "annotations"]));
            if let Some(annotations) = annotations {
                annotated(references, *index, annotations);
            }
        }
    }
}

fn annotated<'a>(references: &mut References<'_, 'a>, index: Index, annotations: Node<'a>) {
    let text = |key| annotations.get(key).and_then(Node::as_str);
    if text("cert-manager.io/issuer-group").is_some_and(|group| group != GROUP) {
        return;
    }
    let cluster_issuer = annotations.get("cert-manager.io/cluster-issuer");
    issuer(references, index, cluster_issuer, "ClusterIssuer");
    let kind = text("cert-manager.io/issuer-kind").unwrap_or("Issuer");
    issuer(
        references,
        index,
        annotations.get("cert-manager.io/issuer"),
        kind,
    );
}

fn issuer<'a>(
    references: &mut References<'_, 'a>,
    index: Index,
    node: Option<Node<'a>>,
    kind: &'a str,
) {
    let Some((node, name)) = node.and_then(|node| Some((node, node.as_str()?))) else {
        return;
    };
    let namespace = match kind {
        "ClusterIssuer" => "",
        "Issuer" => references.cluster.namespace(index),
        _ => return,
    };
    let target = Target {
        group: GROUP,
        kind,
        namespace,
        name,
    };
    references.need_here(index, node, target);
}
