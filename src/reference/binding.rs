//! The roles that bindings give, and the ServiceAccounts that they give them to. Users and groups are outside.

use super::fields::{items, text};
use super::references::{References, Target};
use crate::cluster::Index;
use crate::yaml::Node;

const GROUP: &str = "rbac.authorization.k8s.io";

/// Checks every RoleBinding and ClusterRoleBinding.
pub(super) fn check(references: &mut References<'_, '_>) {
    let cluster = references.cluster;
    for kind in ["RoleBinding", "ClusterRoleBinding"] {
        for index in cluster.of_kind(GROUP, kind) {
            let Some(object) = cluster.get(*index) else {
                continue;
            };
            if let Some(role) = object.root().get("roleRef") {
                role_of(references, *index, role);
            }
            for subject in items(object.root(), "subjects") {
                account(references, *index, subject);
            }
        }
    }
}

fn role_of<'a>(references: &mut References<'_, 'a>, from: Index, role: Node<'a>) {
    let (kind, namespace) = match text(role, "kind") {
        Some("ClusterRole") => ("ClusterRole", ""),
        Some("Role") => ("Role", references.cluster.namespace(from)),
        _ => return,
    };
    if let (Some(node), Some(name)) = (role.get("name"), text(role, "name")) {
        references.need(
            from,
            node,
            Target {
                group: GROUP,
                kind,
                namespace,
                name,
            },
        );
    }
}

fn account<'a>(references: &mut References<'_, 'a>, from: Index, subject: Node<'a>) {
    if text(subject, "kind") != Some("ServiceAccount") {
        return;
    }
    if let (Some(node), Some(name), Some(namespace)) = (
        subject.get("name"),
        text(subject, "name"),
        text(subject, "namespace"),
    ) {
        references.need(from, node, Target::core("ServiceAccount", namespace, name));
    }
}
