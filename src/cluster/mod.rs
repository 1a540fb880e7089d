//! The objects of one environment as one cluster would hold them: who is there, under which name, and which pods they
//! make.
//!
//! In: [`Resource`]s, and what is known beyond them ([`Settings`]). Out: a [`Cluster`] to look them up in. The families
//! that look at more than one object (`reference`, `rbac`, `pod_security`, …) take a cluster and return [`Found`].

mod labels;
mod pod;

use std::collections::HashMap;

pub use self::labels::{Labels, Selector};
pub use self::pod::{PodTemplate, pod_template};
use crate::manifest::{Fault, Resource, Scope, Scopes};
use crate::project::{External, Level, Network};
use crate::schema::KubernetesVersion;
use crate::yaml::Node;

/// The namespace of namespaced objects that name none.
pub const DEFAULT_NAMESPACE: &str = "default";

/// What is known about an environment beyond its objects.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Its name; empty for plain manifests.
    pub environment: String,
    /// The Kubernetes versions it is checked for, at least one.
    pub versions: Vec<KubernetesVersion>,
    /// Objects that are there though nobody renders them.
    pub external: Vec<External>,
    /// The Pod Security level of namespaces without a label.
    pub pod_security: Option<Level>,
    /// What its network is.
    pub network: Network,
    /// Whether the objects are all that the environment has, but for the external ones: what is not among them is
    /// missing. Plain manifests may be a part of a whole.
    pub whole: bool,
}

/// The index of an object in its [`Cluster`].
pub type Index = usize;

/// A fault of one object, as seen from the others.
#[derive(Clone, Debug)]
pub struct Found<'a> {
    /// The object that is at fault.
    pub object: Index,
    /// The fault.
    pub fault: Fault<'a>,
    /// Nodes of objects that have to do with it.
    pub related: Vec<(Index, Node<'a>)>,
}

impl<'a> Found<'a> {
    /// Makes a fault of an object.
    pub fn new(object: Index, fault: Fault<'a>) -> Self {
        Self {
            object,
            fault,
            related: Vec::new(),
        }
    }

    /// Adds a node that has to do with it.
    #[must_use]
    pub fn related(mut self, object: Index, node: Node<'a>) -> Self {
        self.related.push((object, node));
        self
    }
}

/// The name under which a cluster knows an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key<'a> {
    /// The API group: empty for the core group.
    pub group: &'a str,
    /// The kind.
    pub kind: &'a str,
    /// The namespace: empty for cluster-scoped objects.
    pub namespace: &'a str,
    /// The name.
    pub name: &'a str,
}

/// The objects of one environment.
#[derive(Debug)]
pub struct Cluster<'a> {
    objects: Vec<&'a Resource>,
    namespaces: Vec<&'a str>,
    by_key: HashMap<Key<'a>, Index>,
    by_kind: HashMap<(&'a str, &'a str), Vec<Index>>,
    pods: Vec<PodTemplate<'a>>,
    scopes: Scopes,
    settings: &'a Settings,
}

impl<'a> Cluster<'a> {
    /// Takes objects into a cluster. `scopes` knows the kinds of custom resources that are defined elsewhere; those that
    /// the objects define are learnt. Where two objects have one name the first counts.
    pub fn new(objects: Vec<&'a Resource>, mut scopes: Scopes, settings: &'a Settings) -> Self {
        for object in &objects {
            scopes.learn(object.root());
        }
        let namespaces: Vec<&str> = objects
            .iter()
            .map(
                |object| match scopes.of(&object.id.api_version, &object.id.kind) {
                    Scope::Cluster => "",
                    Scope::Namespaced => {
                        object.id.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE)
                    }
                },
            )
            .collect();
        let mut by_key = HashMap::with_capacity(objects.len());
        let mut by_kind: HashMap<(&str, &str), Vec<Index>> = HashMap::new();
        for (index, (object, namespace)) in objects.iter().zip(&namespaces).enumerate() {
            let key = Key {
                group: object.group(),
                kind: &object.id.kind,
                namespace,
                name: &object.id.name,
            };
            by_key.entry(key).or_insert(index);
            by_kind
                .entry((key.group, key.kind))
                .or_default()
                .push(index);
        }
        let pods = objects
            .iter()
            .enumerate()
            .filter_map(|(index, object)| pod_template(index, object))
            .collect();
        Self {
            objects,
            namespaces,
            by_key,
            by_kind,
            pods,
            scopes,
            settings,
        }
    }

    /// Returns what is known beyond the objects.
    pub fn settings(&self) -> &'a Settings {
        self.settings
    }

    /// Returns which kinds live in a namespace.
    pub fn scopes(&self) -> &Scopes {
        &self.scopes
    }

    /// Returns every object with its index, in their order.
    pub fn objects(&self) -> impl Iterator<Item = (Index, &'a Resource)> + '_ {
        self.objects.iter().copied().enumerate()
    }

    /// Returns the number of objects.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Tells whether there is no object.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// Returns an object.
    pub fn get(&self, index: Index) -> Option<&'a Resource> {
        self.objects.get(index).copied()
    }

    /// Returns the namespace of an object: `default` where it names none, empty where its kind has none.
    pub fn namespace(&self, index: Index) -> &'a str {
        self.namespaces.get(index).copied().unwrap_or_default()
    }

    /// Finds an object by name; `namespace` is empty for cluster-scoped ones.
    pub fn find(&self, group: &str, kind: &str, namespace: &str, name: &str) -> Option<Index> {
        let key = Key {
            group,
            kind,
            namespace,
            name,
        };
        self.by_key.get(&key).copied()
    }

    /// Returns the objects of a kind, in their order.
    pub fn of_kind<'s>(&'s self, group: &'s str, kind: &'s str) -> &'s [Index] {
        let found = self.by_kind.get(&(group, kind));
        found.map(Vec::as_slice).unwrap_or_default()
    }

    /// Returns every pod, and every pod template of a controller, in order of their objects.
    pub fn pods(&self) -> &[PodTemplate<'a>] {
        &self.pods
    }

    /// Returns the labels of a namespace: those of its object, and the one that every namespace has. None where the
    /// namespace is not among the objects.
    pub fn namespace_labels(&self, name: &'a str) -> Option<Labels<'a>> {
        let object = self.get(self.find("", "Namespace", "", name)?)?;
        let labels = Labels::of(object.root().path(&["metadata", "labels"]));
        Some(labels.with("kubernetes.io/metadata.name", name))
    }

    /// Tells whether an object that nobody renders is declared in `tympan.yaml`.
    pub fn is_external(&self, kind: &str, namespace: &str, name: &str) -> bool {
        let external = &self.settings.external;
        external
            .iter()
            .any(|one| one.matches(kind, namespace, name))
    }
}

#[cfg(test)]
mod tests;
