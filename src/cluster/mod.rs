//! The objects of one environment as one cluster would hold them: who is there, under which name, and which pods they
//! make.
//!
//! In: [`Resource`]s, and what is known beyond them ([`Settings`]). Out: a [`Cluster`] to look them up in. The families
//! that look at more than one object (`reference`, `rbac`, `pod_security`, …) take a cluster and return [`Found`].

mod index;
mod labels;
mod pod;

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use indexmap::IndexMap;

pub use self::index::LabelIndex;
pub use self::labels::{Labels, Selector};
pub use self::pod::{PodTemplate, pod_template};
use crate::finding::{RuleId, Severity, Told};
use crate::manifest::{Fault, Resource, Scope, Scopes, group};
use crate::project::{Delivery, External, Flow, Level, Network, Repository};
use crate::schema::KubernetesVersion;
use crate::shard::Part;
use crate::source::FileId;
use crate::yaml::{Document, Node};

/// The namespace of namespaced objects that name none.
pub const DEFAULT_NAMESPACE: &str = "default";

/// What is known about an environment beyond its objects.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Its name; empty for plain manifests.
    pub environment: String,
    /// The names of all environments of the project.
    pub environments: Vec<String>,
    /// The Kubernetes versions it is checked for, at least one.
    pub versions: Vec<KubernetesVersion>,
    /// Objects that are there though nobody renders them.
    pub external: Vec<External>,
    /// The Pod Security level of namespaces without a label.
    pub pod_security: Option<Level>,
    /// What the cluster's network is.
    pub network: Network,
    /// Where the project is kept, and where it goes.
    pub repository: Repository,
    /// How Argo CD gets the manifests.
    pub delivery: Delivery,
    /// Whether the objects are all that the environment has, but for the external ones: what is not among them is
    /// missing. Plain manifests may be a part of a whole.
    pub whole: bool,
    /// The connections that are declared, where there is a file of them.
    pub flows: Option<FlowsObject>,
    /// Policies beside the objects, with bindings and params, that hold whatever their bindings say.
    pub policies: Vec<PolicyObject>,
}

/// A policy that objects are checked by, a binding of one, or what one takes for params.
#[derive(Clone, Debug)]
pub struct PolicyObject {
    /// The file in which it stands.
    pub file: FileId,
    /// The object.
    pub resource: Resource,
}

/// The file of declared connections, as something that faults can be about.
#[derive(Clone, Debug)]
pub struct FlowsObject {
    /// The file.
    pub file: FileId,
    /// Its tree.
    pub resource: Resource,
    /// What it declares.
    pub flows: Vec<Flow>,
}

/// The index of an object in its [`Cluster`]; those after the objects are of [`Settings::policies`], and the last one is
/// [`Settings::flows`].
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
    /// Nodes of the object whose text is a secret, which no report shows.
    pub hidden: Vec<Node<'a>>,
}

impl Told for Found<'_> {
    fn rule(&self) -> (RuleId, Severity) {
        self.fault.rule()
    }

    fn object(&self) -> usize {
        self.object
    }

    fn place(&self) -> usize {
        self.fault.place()
    }

    fn replace(&mut self, message: String, help: &'static str) {
        self.fault.replace(message, help);
        self.related.clear();
    }
}

impl<'a> Found<'a> {
    /// Makes a fault of an object.
    pub fn new(object: Index, fault: Fault<'a>) -> Self {
        Self {
            object,
            fault,
            related: Vec::new(),
            hidden: Vec::new(),
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
    pod_index: OnceLock<LabelIndex<'a>>,
    scopes: Scopes,
    settings: &'a Settings,
    schemas: &'a [Document],
    before: Option<Before<'a>>,
    strict: HashSet<Index>,
    part: Part,
}

/// The version before of the objects.
type Before<'a> = IndexMap<Key<'a>, Node<'a>>;

impl<'a> Cluster<'a> {
    /// Takes objects into a cluster. `scopes` knows the kinds of custom resources that are defined elsewhere; those that
    /// the objects define are learnt. Where two objects have one name the first counts.
    pub fn new(objects: Vec<&'a Resource>, mut scopes: Scopes, settings: &'a Settings) -> Self {
        for object in &objects {
            scopes.learn(object.root());
        }
        let policies = settings.policies.iter().map(|policy| &policy.resource);
        let namespaces: Vec<&str> = objects
            .iter()
            .copied()
            .chain(policies)
            .map(|object| namespace_of(&scopes, object.root()))
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
            pod_index: OnceLock::new(),
            scopes,
            settings,
            schemas: &[],
            before: None,
            strict: HashSet::new(),
            part: Part::Whole,
        }
    }

    /// Says which part of the work is to be done.
    #[must_use]
    pub fn with_part(mut self, part: Part) -> Self {
        self.part = part;
        self
    }

    /// Says which policies among the objects are the project's own.
    #[must_use]
    pub fn with_own_policies(mut self, policies: impl IntoIterator<Item = Index>) -> Self {
        self.strict = policies.into_iter().collect();
        self
    }

    /// Takes the schemas of custom resources that are not among the objects.
    #[must_use]
    pub fn with_schemas(mut self, schemas: &'a [Document]) -> Self {
        self.schemas = schemas;
        self
    }

    /// Takes the version before of the objects, where there is one.
    #[must_use]
    pub fn with_before(mut self, before: Option<&'a [Document]>) -> Self {
        let key = |object: Node<'a>| {
            let text = |path: &[&str]| object.path(path).and_then(Node::as_str).unwrap_or_default();
            Key {
                group: group(text(&["apiVersion"])),
                kind: text(&["kind"]),
                namespace: namespace_of(&self.scopes, object),
                name: text(&["metadata", "name"]),
            }
        };
        let roots = |documents: &'a [Document]| documents.iter().map(Document::root);
        self.before = before.map(|before| roots(before).map(|root| (key(root), root)).collect());
        self
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

    /// Returns the policies beside the objects with their indexes, which come after those of the objects.
    pub fn policies(&self) -> impl Iterator<Item = (Index, &'a Resource)> + '_ {
        let policies = self.settings.policies.iter().enumerate();
        policies.map(|(at, policy)| (self.len() + at, &policy.resource))
    }

    /// Returns the index of the file of declared connections.
    pub fn flows(&self) -> Index {
        self.len() + self.settings.policies.len()
    }

    /// Tells whether a policy holds whatever its bindings say.
    pub fn is_strict(&self, policy: Index) -> bool {
        policy >= self.len() || self.strict.contains(&policy)
    }

    /// Tells whether this run is to say what is wrong with an object by itself.
    pub fn checks(&self, index: Index) -> bool {
        let object = self.get(index);
        object.is_some_and(|object| object.is_checked_by(self.part))
    }

    /// Tells whether this run is to say what is seen of all objects together.
    pub fn joins(&self) -> bool {
        self.part.joins()
    }

    /// Returns the schemas of custom resources that are not among the objects.
    pub fn schemas(&self) -> &'a [Document] {
        self.schemas
    }

    /// Tells whether there is a version before to compare with.
    pub fn compares(&self) -> bool {
        self.before.is_some()
    }

    /// Returns an object as it was in the version before.
    pub fn old(&self, index: Index) -> Option<Node<'a>> {
        self.before.as_ref()?.get(&self.key(index)?).copied()
    }

    /// Returns every object of the version before, in its order.
    pub fn all_before(&self) -> impl Iterator<Item = Node<'a>> + '_ {
        self.before
            .iter()
            .flat_map(|before| before.values().copied())
    }

    /// Returns the objects of the version before that are there no more, in its order.
    pub fn gone(&self) -> impl Iterator<Item = (Key<'a>, Node<'a>)> + '_ {
        let before = self.before.iter().flatten();
        let before = before.map(|(key, node)| (*key, *node));
        before.filter(|(key, _)| !self.by_key.contains_key(key))
    }

    /// Returns the name under which a cluster knows an object.
    pub fn key(&self, index: Index) -> Option<Key<'a>> {
        let object = self.get(index)?;
        Some(Key {
            group: object.group(),
            kind: &object.id.kind,
            namespace: self.namespace(index),
            name: &object.id.name,
        })
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
        let policy = || self.settings.policies.get(index.checked_sub(self.len())?);
        let object = self.objects.get(index).copied();
        object.or_else(|| policy().map(|policy| &policy.resource))
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

    /// Returns the same pods by their namespace and labels; a number in it is a place in [`Cluster::pods`].
    pub fn pod_index(&self) -> &LabelIndex<'a> {
        self.pod_index.get_or_init(|| {
            let pods = self.pods.iter();
            LabelIndex::new(pods.map(|pod| (self.namespace(pod.object), pod.labels())))
        })
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

/// Returns where an object lives: `default` where it names no namespace, empty where its kind has none.
fn namespace_of<'a>(scopes: &Scopes, object: Node<'a>) -> &'a str {
    let text = |path: &[&str]| object.path(path).and_then(Node::as_str).unwrap_or_default();
    match scopes.of(text(&["apiVersion"]), text(&["kind"])) {
        Scope::Cluster => "",
        Scope::Namespaced => match text(&["metadata", "namespace"]) {
            "" => DEFAULT_NAMESPACE,
            namespace => namespace,
        },
    }
}

#[cfg(test)]
mod tests;
