//! AppProjects that allow everything.

use super::{GROUP, rules};
use crate::cluster::{Cluster, Found};
use crate::manifest::Fault;
use crate::yaml::Node;

/// Checks all AppProjects.
pub(super) fn check<'a>(cluster: &Cluster<'a>, all: &mut Vec<Found<'a>>) {
    for index in cluster.of_kind(GROUP, "AppProject") {
        let spec = cluster
            .get(*index)
            .and_then(|object| object.root().get("spec"));
        if let Some(spec) = spec {
            all.extend(
                faults(spec)
                    .into_iter()
                    .map(|fault| Found::new(*index, fault)),
            );
        }
    }
}

fn faults(spec: Node<'_>) -> Vec<Fault<'_>> {
    let mut faults = Vec::new();
    let mut wide = |node, message: &'static str, help: &'static str| {
        faults.push(Fault::new(&rules::WIDE_PROJECT, node, message).help(help));
    };
    let items = |field: &str| spec.get(field).into_iter().flat_map(Node::items);
    let all = |item: &Node<'_>, field: &str| item.get(field).and_then(Node::as_str) == Some("*");
    for item in items("sourceRepos").filter(|item| item.as_str() == Some("*")) {
        wide(
            item,
            "manifests may come from any repository",
            "list the repositories that the project's Applications read",
        );
    }
    for item in items("sourceNamespaces").filter(|item| item.as_str() == Some("*")) {
        wide(
            item,
            "whoever may make Applications in any namespace may use this project",
            "list the namespaces whose Applications belong to the project",
        );
    }
    let denies = |item: Node<'_>| {
        let fields = ["namespace", "server", "name"];
        let mut texts = fields.iter().filter_map(|field| item.get(field)?.as_str());
        texts.any(|text| text.starts_with('!'))
    };
    if !items("destinations").any(denies) {
        for item in items("destinations").filter(|item| all(item, "namespace")) {
            let cluster = all(&item, "server") || all(&item, "name");
            let node = item.get("namespace").unwrap_or(item);
            let message = if cluster {
                "objects may go into any namespace of any cluster"
            } else {
                "objects may go into any namespace, `kube-system` and Argo CD's own included"
            };
            wide(
                node,
                message,
                "list the namespaces that the project's Applications deliver to",
            );
        }
    }
    if items("clusterResourceBlacklist").next().is_none() {
        let whitelist = items("clusterResourceWhitelist");
        for item in whitelist.filter(|item| all(item, "group") && all(item, "kind")) {
            wide(
                item,
                "every kind of object without a namespace may be made, ClusterRoleBindings included: whoever writes to the repository is the cluster's administrator",
                "list the kinds that the project's Applications deliver; leave the list empty where there are none",
            );
        }
    }
    faults
}
