//! Who has which roles: bindings, with their roles and subjects.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::cluster::{Cluster, DEFAULT_NAMESPACE, Index, LabelIndex, Labels, Selector};
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
    /// What names each role.
    named: HashMap<Index, Named>,
    /// The roles that each role is aggregated into: who has these has its rules, too.
    into: HashMap<Index, Vec<Index>>,
    /// The built-in roles that a role adds to.
    pub(super) adds_to: HashMap<Index, &'static str>,
    /// The ServiceAccounts that have rights of their own, by namespace and name.
    accounts: HashSet<(&'a str, &'a str)>,
    /// The namespaces all of whose ServiceAccounts have rights.
    namespaces: HashSet<&'a str>,
}

/// The grants that name a role.
#[derive(Debug, Default)]
struct Named {
    grants: Vec<usize>,
    /// The number of these, and of their subjects.
    size: usize,
}

impl<'a> Grants<'a> {
    /// Looks at a cluster; of ClusterRoles that would take more than the steps that are left, nothing is aggregated.
    pub(super) fn of(cluster: &Cluster<'a>, steps: &mut usize) -> Self {
        let mut grants = Self {
            all: Vec::new(),
            rules: Vec::new(),
            named: HashMap::new(),
            into: aggregated(cluster, steps),
            adds_to: HashMap::new(),
            accounts: HashSet::new(),
            namespaces: HashSet::new(),
        };
        for kind in ["ClusterRole", "Role"] {
            for role in cluster.of_kind(GROUP, kind) {
                grants.learn_role(cluster, *role);
            }
        }
        for (kind, of_cluster) in [("ClusterRoleBinding", true), ("RoleBinding", false)] {
            for binding in cluster.of_kind(GROUP, kind) {
                grants.learn_binding(cluster, *binding, of_cluster);
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

    fn learn_binding(&mut self, cluster: &Cluster<'a>, binding: Index, of_cluster: bool) {
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
        let subjects: Vec<Subject<'a>> = subjects
            .filter_map(|node| subject(node, namespace))
            .collect();
        for subject in &subjects {
            self.learn_subject(*subject);
        }
        if let Some(role) = role {
            let named = self.named.entry(role).or_default();
            named.grants.push(self.all.len());
            named.size += 1 + subjects.len();
        }
        self.all.push(Grant {
            binding,
            place,
            role: name,
            role_node,
            built_in: role.is_none() && kind == "ClusterRole",
            subjects,
        });
    }

    fn learn_subject(&mut self, subject: Subject<'a>) {
        match subject.kind {
            "ServiceAccount" => {
                self.accounts.insert((subject.namespace, subject.name));
            }
            // What everybody has is no reason for a token of one's own.
            "Group" => self
                .namespaces
                .extend(subject.name.strip_prefix("system:serviceaccounts:")),
            _ => {}
        }
    }

    /// Tells whether a ServiceAccount has rights that not everybody has.
    pub(super) fn has_rights(&self, namespace: &str, name: &str) -> bool {
        self.accounts.contains(&(namespace, name)) || self.namespaces.contains(namespace)
    }

    /// Returns a role, and those that have its rules because it is aggregated into them.
    pub(super) fn with_aggregating(&self, role: Index) -> impl Iterator<Item = Index> + '_ {
        let into = self.into.get(&role).into_iter().flatten();
        std::iter::once(role).chain(into.copied())
    }

    /// Returns the grants that name a role, in their order.
    pub(super) fn naming(&self, role: Index) -> impl Iterator<Item = &Grant<'a>> {
        let named = self.named.get(&role);
        let grants = named.into_iter().flat_map(|named| &named.grants);
        grants.filter_map(|index| self.all.get(*index))
    }

    /// Returns the grants of a role, those of the roles that it is aggregated into included, in their order. None where
    /// they are more than the steps that are left.
    pub(super) fn of_role(&self, role: Index, steps: &mut usize) -> Option<Vec<&Grant<'a>>> {
        let named = || {
            let roles = self.with_aggregating(role);
            roles.filter_map(|role| self.named.get(&role))
        };
        *steps = steps.checked_sub(named().map(|named| named.size).sum())?;
        let mut indices: Vec<usize> = named()
            .flat_map(|named| named.grants.iter().copied())
            .collect();
        indices.sort_unstable();
        let grants = indices.into_iter();
        Some(grants.filter_map(|index| self.all.get(index)).collect())
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

/// Returns the aggregating ClusterRoles that have the rules of a ClusterRole, by the index of that.
fn aggregated(cluster: &Cluster<'_>, steps: &mut usize) -> HashMap<Index, Vec<Index>> {
    let roles = cluster.of_kind(GROUP, "ClusterRole").iter();
    let roles: Vec<(Index, Node<'_>)> = roles
        .filter_map(|role| Some((*role, cluster.get(*role)?.root())))
        .collect();
    let aggregating: Vec<(Index, Vec<Selector<'_>>)> = roles
        .iter()
        .map(|(role, node)| (*role, selectors(*node)))
        .filter(|(_, selectors)| !selectors.is_empty())
        .collect();
    let mut into: HashMap<Index, Vec<Index>> = HashMap::new();
    if aggregating.is_empty() {
        return into;
    }
    let labels = roles
        .iter()
        .map(|(_, node)| node.path(&["metadata", "labels"]));
    let index = LabelIndex::new(labels.map(|labels| ("", Labels::of(labels))));
    for (role, selectors) in aggregating {
        let chosen = selectors
            .iter()
            .filter_map(|selector| index.chosen("", selector, steps));
        let chosen = chosen.flatten().filter_map(|at| roles.get(at as usize));
        let added = chosen.map(|(other, _)| *other);
        let added: BTreeSet<Index> = added.filter(|other| *other != role).collect();
        for other in added {
            into.entry(other).or_default().push(role);
        }
    }
    into
}

/// Returns what a ClusterRole chooses others by, to have their rules.
fn selectors(role: Node<'_>) -> Vec<Selector<'_>> {
    let selectors = role.path(&["aggregationRule", "clusterRoleSelectors"]);
    let items = selectors.into_iter().flat_map(Node::items);
    items.filter_map(Selector::read).collect()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::cluster::Settings;
    use crate::manifest::{Resource, Scopes, flatten};
    use crate::yaml::{Limits, read};

    fn objects(yaml: &str) -> Vec<Resource> {
        let documents = read(&yaml.into(), &Limits::default()).documents;
        let documents = documents.into_iter().flat_map(flatten);
        documents.map(Resource::new).collect()
    }

    fn with_cluster<T>(yaml: &str, look: impl FnOnce(&Cluster<'_>) -> T) -> T {
        let (objects, settings) = (objects(yaml), Settings::default());
        let objects = objects.iter().collect();
        look(&Cluster::new(objects, Scopes::default(), &settings))
    }

    const HEAD: &str = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ";

    /// Roles with labels, some of which aggregate others, and bindings of all.
    fn many() -> String {
        let mut yaml = String::new();
        for number in 0..60 {
            let (a, b) = (number % 3, number % 7);
            let rule = match number % 10 {
                0 => format!("{{matchLabels: {{a: '{b}'}}}}"),
                1 => {
                    format!("{{matchLabels: {{a: '1', b: '{b}'}}}}, {{matchLabels: {{b: '{a}'}}}}")
                }
                2 => {
                    "{matchExpressions: [{key: b, operator: NotIn, values: ['1', '2']}]}".to_owned()
                }
                3 => "{}".to_owned(),
                4 => "{matchExpressions: [{key: a, operator: Sideways}]}".to_owned(),
                _ => String::new(),
            };
            let _infallible = write!(
                yaml,
                "{HEAD}ClusterRole\nmetadata: {{name: r{number}, labels: {{a: '{a}', b: '{b}'}}}}\n\
                 aggregationRule: {{clusterRoleSelectors: [{rule}]}}\n\
                 {HEAD}RoleBinding\nmetadata: {{name: b{number}, namespace: ns}}\n\
                 roleRef: {{kind: ClusterRole, name: r{}}}\nsubjects: [{{kind: User, name: u}}]\n",
                number * 11 % 60,
            );
        }
        yaml
    }

    #[test]
    fn a_role_has_the_grants_of_all_that_aggregate_it() {
        with_cluster(&many(), |cluster| {
            let grants = Grants::of(cluster, &mut usize::MAX.clone());
            let mut aggregated = 0;
            for role in cluster.of_kind(GROUP, "ClusterRole") {
                let root = |role: Index| cluster.get(role).unwrap().root();
                let labels = Labels::of(root(*role).path(&["metadata", "labels"]));
                // As the API server does it: each role is asked about each other.
                let gives = |grant: &&Grant<'_>| {
                    let named = cluster.find(GROUP, "ClusterRole", "", grant.role).unwrap();
                    let mut selectors = selectors(root(named)).into_iter();
                    named == *role || selectors.any(|selector| selector.matches(&labels))
                };
                let expected: Vec<Index> = grants
                    .all
                    .iter()
                    .filter(gives)
                    .map(|grant| grant.binding)
                    .collect();
                let found = grants.of_role(*role, &mut usize::MAX.clone()).unwrap();
                let found: Vec<Index> = found.iter().map(|grant| grant.binding).collect();
                assert_eq!(found, expected);
                aggregated += found.len() - grants.naming(*role).count();
                assert!(grants.of_role(*role, &mut 0).is_none());
            }
            assert!(aggregated > 500, "{aggregated}");
        });
    }

    #[test]
    fn twice_as_many_roles_take_twice_as_many_steps() {
        let spent = |count: usize| {
            let mut yaml = format!(
                "{HEAD}ClusterRole\nmetadata: {{name: all}}\n\
                 aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{add: 'true'}}}}]}}\n"
            );
            for number in 0..count {
                let _infallible = write!(
                    yaml,
                    "{HEAD}ClusterRole\nmetadata: {{name: r{number}, labels: {{add: 'true', own: r{number}}}}}\n\
                     aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{own: r{}}}}}]}}\n",
                    (number + 1) % count
                );
            }
            with_cluster(&yaml, |cluster| {
                let mut left = 1 << 20;
                let grants = Grants::of(cluster, &mut left);
                assert_eq!(grants.into.len(), count);
                assert!(grants.into.values().all(|into| into.len() == 2));
                (1 << 20) - left
            })
        };
        let (one, two) = (spent(200), spent(400));
        assert!(two <= 2 * one + 2, "{one}, {two}");
    }

    #[test]
    fn rights_are_those_of_accounts_and_of_their_namespaces() {
        let binding = format!(
            "{HEAD}ClusterRoleBinding\nmetadata: {{name: b}}\nroleRef: {{kind: ClusterRole, name: view}}\nsubjects:\n\
             - {{kind: ServiceAccount, namespace: ns, name: a}}\n\
             - {{kind: Group, name: 'system:serviceaccounts:all'}}\n\
             - {{kind: Group, name: 'system:serviceaccounts'}}\n\
             - {{kind: Group, name: 'system:authenticated'}}\n\
             - {{kind: User, name: 'system:serviceaccounts:user'}}\n"
        );
        with_cluster(&binding, |cluster| {
            let grants = Grants::of(cluster, &mut 0);
            for (namespace, name, has) in [
                ("ns", "a", true),
                ("ns", "b", false),
                ("other", "a", false),
                ("all", "a", true),
                ("user", "a", false),
            ] {
                assert_eq!(
                    grants.has_rights(namespace, name),
                    has,
                    "{namespace}/{name}"
                );
            }
        });
    }
}
