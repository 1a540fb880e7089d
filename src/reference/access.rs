//! Who may read or make objects of a kind in a namespace, whatever their names: what programs do through the API no
//! manifest shows.

use std::collections::{HashMap, HashSet};

use super::fields::{items, text};
use crate::cluster::{Cluster, Index};
use crate::yaml::Node;

const GROUP: &str = "rbac.authorization.k8s.io";

/// The verbs of those who read.
pub(super) const READ: &[&str] = &["get", "list", "watch", "*"];
/// The verbs of those who make.
pub(super) const CREATE: &[&str] = &["create", "*"];

/// The resources of the core group that are asked for.
const RESOURCES: &[&str] = &[
    "*",
    "configmaps",
    "persistentvolumeclaims",
    "secrets",
    "serviceaccounts",
];

/// Rights to all objects of a kind in a namespace.
#[derive(Debug, Default)]
pub(super) struct Access<'a> {
    /// Namespaces and resources.
    all: HashSet<(&'a str, &'a str)>,
    /// Those where a ServiceAccount of the same namespace has the right.
    own: HashSet<(&'a str, &'a str)>,
}

impl<'a> Access<'a> {
    /// Looks at all bindings. One for the whole cluster counts for the namespaces of the programs that it names.
    pub(super) fn new(cluster: &Cluster<'a>, verbs: &[&str]) -> Self {
        let mut access = Self::default();
        // Many bindings may give one role.
        let mut roles = HashMap::new();
        for kind in ["RoleBinding", "ClusterRoleBinding"] {
            for index in cluster.of_kind(GROUP, kind) {
                if let Some(object) = cluster.get(*index) {
                    let namespace = cluster.namespace(*index);
                    access.add(cluster, namespace, object.root(), verbs, &mut roles);
                }
            }
        }
        access
    }

    fn add(
        &mut self,
        cluster: &Cluster<'a>,
        namespace: &'a str,
        binding: Node<'a>,
        verbs: &[&str],
        roles: &mut HashMap<Index, Vec<&'a str>>,
    ) {
        let role = binding.get("roleRef");
        let field = |field| role.and_then(|role| text(role, field)).unwrap_or_default();
        let (kind, name) = (field("kind"), field("name"));
        let place = if kind == "Role" { namespace } else { "" };
        let role = cluster.find(GROUP, kind, place, name);
        let role = role.and_then(|role| Some((role, cluster.get(role)?)));
        let resources: &[&str] = match role {
            Some((index, role)) => roles
                .entry(index)
                .or_insert_with(|| given(role.root(), verbs)),
            None if name.starts_with("system:") => return,
            // A role that is not shown may give anything.
            None => &["*"],
        };
        if !namespace.is_empty() {
            self.all
                .extend(resources.iter().map(|one| (namespace, *one)));
        }
        for account in items(binding, "subjects").filter_map(|one| text(one, "namespace")) {
            if namespace.is_empty() || namespace == account {
                let own = resources.iter().map(|one| (account, *one));
                self.own.extend(own.clone());
                self.all.extend(own);
            }
        }
    }

    /// Tells whether somebody has the right.
    pub(super) fn has(&self, namespace: &str, resource: &str) -> bool {
        [resource, "*"]
            .iter()
            .any(|one| self.all.contains(&(namespace, *one)))
    }

    /// Tells whether a program of the namespace has the right.
    pub(super) fn has_own(&self, namespace: &str, resource: &str) -> bool {
        [resource, "*"]
            .iter()
            .any(|one| self.own.contains(&(namespace, *one)))
    }
}

/// Returns the resources to all of whose objects a role gives a right.
fn given<'a>(role: Node<'a>, verbs: &[&str]) -> Vec<&'a str> {
    let mut all = Vec::new();
    for rule in items(role, "rules") {
        let has = |field, words: &[&str]| {
            let mut given = items(rule, field).filter_map(Node::as_str);
            given.any(|word| words.contains(&word))
        };
        let named = items(rule, "resourceNames").next().is_some();
        if !named && has("apiGroups", &["", "*"]) && has("verbs", verbs) {
            let resources = items(rule, "resources").filter_map(Node::as_str);
            all.extend(resources.filter(|resource| RESOURCES.contains(resource)));
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}
