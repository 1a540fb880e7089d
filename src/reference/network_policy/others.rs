//! Policies of Cilium and of administrators: the pods that they are about, and their peers.

use super::namespaces::{NAME, Namespaces, Which};
use super::{Extent, Part, chosen, select};
use crate::cluster::{Cluster, Index, Selector};
use crate::reference::fields::items;
use crate::reference::references::References;
use crate::yaml::Node;

/// The kinds, by group.
const KINDS: &[(&str, &str)] = &[
    ("cilium.io", "CiliumClusterwideNetworkPolicy"),
    ("cilium.io", "CiliumNetworkPolicy"),
    ("policy.networking.k8s.io", "AdminNetworkPolicy"),
    ("policy.networking.k8s.io", "BaselineAdminNetworkPolicy"),
    ("policy.networking.k8s.io", "ClusterNetworkPolicy"),
];

/// Cilium's label of the namespace of a pod.
const NAMESPACE: &str = "io.kubernetes.pod.namespace";

/// Returns the policies of these kinds.
pub(super) fn policies(cluster: &Cluster<'_>) -> Vec<Index> {
    let kinds = KINDS.iter();
    let all = kinds.flat_map(|(group, kind)| cluster.of_kind(group, kind));
    all.copied().collect()
}

/// Checks a policy.
pub(super) fn check<'a>(
    references: &mut References<'_, 'a>,
    index: Index,
    namespaces: &mut Namespaces<'a>,
) {
    let Some(object) = references.cluster.get(index) else {
        return;
    };
    let root = object.root();
    if object.group() == "cilium.io" {
        let own =
            (object.id.kind == "CiliumNetworkPolicy").then(|| references.cluster.namespace(index));
        let specs = root.get("spec").into_iter().chain(items(root, "specs"));
        for spec in specs {
            cilium(references, index, (spec, own), namespaces);
        }
        return;
    }
    let subject = root.path(&["spec", "subject", "pods"]);
    let spec = root.get("spec").into_iter();
    let rules = spec.flat_map(|spec| items(spec, "ingress").chain(items(spec, "egress")));
    let peers = rules.flat_map(|rule| items(rule, "from").chain(items(rule, "to")));
    let peers = peers.filter_map(|peer| Some(("the peer", peer.get("pods")?)));
    let subject = subject.map(|pods| ("the policy", pods));
    for (what, pods) in subject.into_iter().chain(peers) {
        if pods.get("namespaceSelector").is_some() {
            chosen(
                references,
                (index, what),
                pods,
                namespaces,
                Extent::Anything,
            );
        }
    }
}

fn cilium<'a>(
    references: &mut References<'_, 'a>,
    index: Index,
    (spec, own): (Node<'a>, Option<&'a str>),
    namespaces: &mut Namespaces<'a>,
) {
    let subject = spec.get("endpointSelector").into_iter();
    let subject = subject.map(|node| ("the policy", node));
    let lists = ["ingress", "ingressDeny", "egress", "egressDeny"];
    let rules = lists.into_iter().flat_map(|key| items(spec, key));
    let peers =
        rules.flat_map(|rule| items(rule, "fromEndpoints").chain(items(rule, "toEndpoints")));
    let peers = peers.map(|node| ("the peer", node));
    for (what, node) in subject.chain(peers) {
        let Some(selector) = Selector::read(node).map(|one| one.renamed(bare)) else {
            continue;
        };
        // Service accounts, labels of namespaces, and what is no pod.
        let is_label = |key: &str| !key.starts_with("io.cilium.") && !key.contains(':');
        let pods = selector.without(|key| key == NAMESPACE);
        if !pods.keys().all(is_label) {
            continue;
        }
        let elsewhere: Vec<&str> = selector
            .values()
            .filter(|(key, _)| *key == NAMESPACE)
            .flat_map(|(_, names)| names.iter().copied())
            .collect();
        let within = match (elsewhere.as_slice(), own) {
            ([], Some(own)) if selector == pods => vec![own],
            ([name], _) => match namespaces.which(&Selector::of_labels([(NAME, *name)])) {
                Which::These(these) => these,
                Which::Absent(_) | Which::Unknown => continue,
                Which::TooMuch => {
                    references.give_up();
                    continue;
                }
            },
            _ => continue,
        };
        let part = Part {
            index,
            what,
            node,
            extent: Extent::Anything,
        };
        select(references, part, &pods, &within);
    }
}

/// Returns the name of a label without its source.
fn bare(key: &str) -> &str {
    let bare = key
        .strip_prefix("k8s:")
        .or_else(|| key.strip_prefix("any:"));
    bare.unwrap_or(key)
}
