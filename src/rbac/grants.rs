//! Who has which roles: bindings, with their roles and subjects.

use std::collections::HashMap;

use crate::cluster::{Cluster, DEFAULT_NAMESPACE, Index, Labels, Selector};
use crate::yaml::Node;

/// The API group of roles and bindings.
const GROUP: &str = "rbac.authorization.k8s.io";
/// The labels with which a ClusterRole adds to a built-in one.
const AGGREGATES: &[(&str, &str)] = &[
    ("rbac.authorization.k8s.io/aggregate-to-view", "view"),
    ("rbac.authorization.k8s.io/aggregate-to-edit", "edit"),
    ("rbac.authorization.k8s.io/aggregate-to-admin", "admin"),
];

/// Where a binding gives the rights of its role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place<'a> {
    /// In the whole cluster.
    Everywhere,
    /// In one namespace.
    Namespace(&'a str),
}

/// Who gets rights.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    pub(super) kind: &'a str,
    /// Of ServiceAccounts only.
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    pub(super) node: Node<'a>,
}

impl Subject<'_> {
    /// Tells whether it is a ServiceAccount of a name.
    pub(super) fn is_account(&self, namespace: &str, name: &str) -> bool {
        match self.kind {
            "ServiceAccount" => self.namespace == namespace && self.name == name,
            "Group" => {
                self.name == "system:serviceaccounts"
                    || self.name == "system:authenticated"
                    || self.name.strip_prefix("system:serviceaccounts:") == Some(namespace)
            }
            _ => false,
        }
    }

    pub(super) fn words(&self) -> String {
        match self.kind {
            "ServiceAccount" => format!("ServiceAccount `{}/{}`", self.namespace, self.name),
            kind => format!("{} `{}`", kind.to_lowercase(), self.name),
        }
    }
}

/// A binding.
#[derive(Debug)]
pub(super) struct Grant<'a> {
    pub(super) binding: Index,
    pub(super) place: Place<'a>,
    /// The name of its role.
    pub(super) role: &'a str,
    /// Where the binding names it.
    pub(super) role_node: Node<'a>,
    /// Whether the role is one that every cluster has.
    pub(super) built_in: bool,
    pub(super) subjects: Vec<Subject<'a>>,
}

/// A rule of a role.
#[derive(Clone, Copy, Debug)]
pub(super) struct RoleRule<'a> {
    pub(super) role: Index,
    pub(super) node: Node<'a>,
}

/// All roles and bindings of a cluster.
#[derive(Debug)]
pub(super) struct Grants<'a> {
    pub(super) all: Vec<Grant<'a>>,
    /// The rules that roles have of their own.
    pub(super) rules: Vec<RoleRule<'a>>,
    /// The grants of each role, by its index; those of a role that is aggregated into another are the other's, too.
    of_role: HashMap<Index, Vec<usize>>,
    /// The built-in roles that a role adds to.
    pub(super) adds_to: HashMap<Index, &'static str>,
}

impl<'a> Grants<'a> {
    pub(super) fn of(cluster: &Cluster<'a>) -> Self {
        let mut grants = Self {
            all: Vec::new(),
            rules: Vec::new(),
            of_role: HashMap::new(),
            adds_to: HashMap::new(),
        };
        for kind in ["ClusterRole", "Role"] {
            for role in cluster.of_kind(GROUP, kind) {
                grants.learn_role(cluster, *role);
            }
        }
        let aggregated = aggregated(cluster);
        for (kind, of_cluster) in [("ClusterRoleBinding", true), ("RoleBinding", false)] {
            for binding in cluster.of_kind(GROUP, kind) {
                grants.learn_binding(cluster, *binding, of_cluster, &aggregated);
            }
        }
        grants
    }

    fn learn_role(&mut self, cluster: &Cluster<'a>, role: Index) {
        let Some(object) = cluster.get(role) else {
            return;
        };
        let rules = object.root().get("rules");
        let rules = rules.into_iter().flat_map(Node::items);
        self.rules.extend(rules.map(|node| RoleRule { role, node }));
        let labels = Labels::of(object.root().path(&["metadata", "labels"]));
        let of = AGGREGATES
            .iter()
            .find(|(label, _)| labels.get(label) == Some("true"));
        if let Some((_, name)) = of {
            self.adds_to.insert(role, name);
        }
    }

    fn learn_binding(
        &mut self,
        cluster: &Cluster<'a>,
        binding: Index,
        of_cluster: bool,
        aggregated: &HashMap<Index, Vec<Index>>,
    ) {
        let Some(object) = cluster.get(binding) else {
            return;
        };
        let root = object.root();
        let (Some(role_node), Some(kind)) = (
            root.path(&["roleRef", "name"]),
            root.path(&["roleRef", "kind"]).and_then(Node::as_str),
        ) else {
            return;
        };
        let name = role_node.as_str().unwrap_or_default();
        let namespace = cluster.namespace(binding);
        let of_role = if kind == "Role" { namespace } else { "" };
        let role = cluster.find(GROUP, kind, of_role, name);
        let place = if of_cluster {
            Place::Everywhere
        } else {
            Place::Namespace(namespace)
        };
        let subjects = root.get("subjects").into_iter().flat_map(Node::items);
        let index = self.all.len();
        self.all.push(Grant {
            binding,
            place,
            role: name,
            role_node,
            built_in: role.is_none() && kind == "ClusterRole",
            subjects: subjects
                .filter_map(|node| subject(node, namespace))
                .collect(),
        });
        let Some(role) = role else { return };
        let added = aggregated.get(&role).into_iter().flatten();
        for role in std::iter::once(&role).chain(added) {
            self.of_role.entry(*role).or_default().push(index);
        }
    }

    /// Returns the grants of a role.
    pub(super) fn of_role(&self, role: Index) -> impl Iterator<Item = &Grant<'a>> {
        let indices = self.of_role.get(&role).into_iter().flatten();
        indices.filter_map(|index| self.all.get(*index))
    }
}

fn subject<'a>(node: Node<'a>, namespace: &'a str) -> Option<Subject<'a>> {
    let text = |key: &str| node.get(key).and_then(Node::as_str);
    let kind = text("kind")?;
    let own = text("namespace").filter(|own| !own.is_empty());
    let fallback = if namespace.is_empty() {
        DEFAULT_NAMESPACE
    } else {
        namespace
    };
    Some(Subject {
        kind,
        namespace: if kind == "ServiceAccount" {
            own.unwrap_or(fallback)
        } else {
            ""
        },
        name: text("name")?,
        node: node.get("name")?,
    })
}

/// Returns the roles whose rules an aggregating ClusterRole has, by its index.
fn aggregated(cluster: &Cluster<'_>) -> HashMap<Index, Vec<Index>> {
    let roles = cluster.of_kind(GROUP, "ClusterRole");
    let labels_of = |role: Index| {
        let object = cluster.get(role);
        Labels::of(object.and_then(|object| object.root().path(&["metadata", "labels"])))
    };
    let mut found = HashMap::new();
    for role in roles {
        let Some(object) = cluster.get(*role) else {
            continue;
        };
        let selectors = object
            .root()
            .path(&["aggregationRule", "clusterRoleSelectors"]);
        let selectors: Vec<Selector<'_>> = selectors
            .into_iter()
            .flat_map(Node::items)
            .filter_map(Selector::read)
            .collect();
        if selectors.is_empty() {
            continue;
        }
        let added = roles.iter().copied().filter(|other| {
            let labels = labels_of(*other);
            other != role && selectors.iter().any(|selector| selector.matches(&labels))
        });
        found.insert(*role, added.collect());
    }
    found
}
