//! Stores of External Secrets: those that `ExternalSecrets` and `PushSecrets` name, and the ServiceAccounts of stores.

use super::references::{References, Target};
use crate::cluster::Index;
use crate::yaml::Node;

const GROUP: &str = "external-secrets.io";

/// Checks what names stores, and stores.
pub(super) fn check(references: &mut References<'_, '_>) {
    let cluster = references.cluster;
    for (kind, path) in [
        ("ExternalSecret", &["spec"] as &[&str]),
        ("ClusterExternalSecret", &["spec", "externalSecretSpec"]),
    ] {
        for index in cluster.of_kind(GROUP, kind) {
            let spec = cluster
                .get(*index)
                .and_then(|object| object.root().path(path));
            for reference in spec.map(stores).unwrap_or_default() {
                store(references, *index, reference);
            }
        }
    }
    for index in cluster.of_kind(GROUP, "PushSecret") {
        let spec = cluster
            .get(*index)
            .and_then(|object| object.root().get("spec"));
        let all = spec.and_then(|spec| spec.get("secretStoreRefs"));
        for reference in all.into_iter().flat_map(Node::items) {
            store(references, *index, reference);
        }
    }
    for kind in ["ClusterSecretStore", "SecretStore"] {
        for index in cluster.of_kind(GROUP, kind) {
            accounts(references, *index);
        }
    }
}

/// Returns what an ExternalSecret's spec names stores by.
fn stores(spec: Node<'_>) -> Vec<Node<'_>> {
    let data = spec.get("data").into_iter().flat_map(Node::items);
    let from = spec.get("dataFrom").into_iter().flat_map(Node::items);
    let own = data
        .chain(from)
        .filter_map(|one| one.path(&["sourceRef", "storeRef"]));
    spec.get("secretStoreRef").into_iter().chain(own).collect()
}

fn store<'a>(references: &mut References<'_, 'a>, index: Index, reference: Node<'a>) {
    let Some((node, name)) = reference
        .get("name")
        .and_then(|node| Some((node, node.as_str().filter(|name| !name.is_empty())?)))
    else {
        return;
    };
    let kind = reference
        .get("kind")
        .and_then(Node::as_str)
        .unwrap_or("SecretStore");
    let namespace = match kind {
        "ClusterSecretStore" => "",
        // What a cluster-scoped object makes may be in any namespace.
        "SecretStore" if !references.cluster.namespace(index).is_empty() => {
            references.cluster.namespace(index)
        }
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

/// Checks the ServiceAccounts as which a store's provider is asked.
fn accounts(references: &mut References<'_, '_>, index: Index) {
    let cluster = references.cluster;
    let provider = cluster
        .get(index)
        .and_then(|object| object.root().path(&["spec", "provider"]));
    let Some(provider) = provider else {
        return;
    };
    let document = provider.document();
    let nodes = provider.index()..provider.end_index();
    for node in nodes.filter_map(|index| document.node(index)) {
        let Some((name, text)) = node
            .get("serviceAccountRef")
            .and_then(|account| account.get("name"))
            .and_then(|name| Some((name, name.as_str()?)))
        else {
            continue;
        };
        let own = cluster.namespace(index);
        let named = node
            .path(&["serviceAccountRef", "namespace"])
            .and_then(Node::as_str);
        // That of a ClusterSecretStore may be the one of whoever uses it.
        let namespace = if own.is_empty() { named } else { Some(own) };
        if let Some(namespace) = namespace {
            let target = Target::core("ServiceAccount", namespace, text);
            references.need_here(index, name, target);
        }
    }
}
