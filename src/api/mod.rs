//! API rules: what the API server refuses although every published schema allows it.
//!
//! In: a node and the name of the definition that it is of (`core.v1.Container`), wherever that stands in an object. Out:
//! faults at the field that the server would name. Most rules are lines of a table: a field of a definition and the
//! [`Fact`] that holds for it. What ties several fields together is a function of the definition.
//!
//! A definition's rules apply wherever the definition is used: those of `core.v1.Container` in every pod and pod template.

mod address;
mod fact;
mod field;
mod immutable;
mod meta;
mod names;
mod quantity;
pub mod rules;
mod schedule;
mod selector;
mod structural;
mod tables;
#[cfg(test)]
mod testing;
mod versions;
mod webhook;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

pub use self::fact::Fact;
pub use self::immutable::changes;
use self::names::Spelling;
use crate::manifest::Fault;
use crate::schema::{Kubernetes, KubernetesVersion, Share, Visitor, is_of_status};
use crate::yaml::Node;

/// What is said about one definition.
pub(crate) struct Definition {
    /// The definition's name, without `io.k8s.api.`: `core.v1.Container`; a `*` stands for each version of the group.
    name: &'static str,
    /// What holds for single fields.
    facts: &'static [(&'static str, Fact)],
    /// What ties fields together.
    rules: &'static [Check],
}

/// A rule in code.
pub(crate) type Check = for<'a> fn(&Context<'a>, Node<'a>, &mut Vec<Fault<'a>>);

/// What a rule may know beyond its node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    /// The Kubernetes version.
    version: KubernetesVersion,
    /// What the work of the run is shared among.
    share: Share,
    /// The whole object.
    object: Node<'a>,
}

/// The API rules of one Kubernetes version.
#[derive(Debug)]
pub struct Api {
    version: KubernetesVersion,
    share: Share,
    definitions: HashMap<u32, Vec<&'static Definition>>,
}

impl<'a> Context<'a> {
    /// Tells whether a node is what stands at a path of the object, or below it.
    fn is_in(&self, node: Node<'a>, path: &[&str]) -> bool {
        let holds = |above: Node<'a>| (above.index()..above.end_index()).contains(&node.index());
        self.object.path(path).is_some_and(holds)
    }

    /// Tells whether the object is of a kind, whatever the version of its group.
    fn is_a(&self, kind: &str) -> bool {
        fact::text(self.object, "kind") == kind
    }

    /// Returns how a Service's name is written: since 1.35 it may begin with a digit.
    fn service_name(&self) -> Spelling {
        if self.since(35) {
            Spelling::Label
        } else {
            Spelling::Label1035
        }
    }

    /// Tells whether the Kubernetes version is 1.`minor` or a later one: what a rule or a feature came with.
    pub(crate) fn since(&self, minor: u8) -> bool {
        self.version >= KubernetesVersion::minor(minor)
    }

    /// Tells whether the object is a Pod itself, not what makes pods of a template.
    pub(crate) fn is_pod(&self) -> bool {
        self.is("v1", "Pod")
    }

    /// Tells whether the object is of a kind.
    pub(crate) fn is(&self, api_version: &str, kind: &str) -> bool {
        let text = |key: &str| self.object.get(key).and_then(Node::as_str);
        text("apiVersion") == Some(api_version) && text("kind") == Some(kind)
    }
}

impl std::fmt::Debug for Definition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Definition {
    /// Checks a map that is of the definition.
    fn check<'a>(&self, context: &Context<'a>, node: Node<'a>, faults: &mut Vec<Fault<'a>>) {
        fact::check(self.facts, node, faults);
        for check in self.rules {
            check(context, node, faults);
        }
    }
}

impl Api {
    /// Ties the tables to the definitions of a version.
    pub fn new(version: KubernetesVersion) -> Option<Self> {
        let kubernetes = Kubernetes::of(version)?;
        let mut definitions: HashMap<u32, Vec<&'static Definition>> = HashMap::new();
        for definition in tables::all() {
            for number in kubernetes.numbers(definition.name) {
                definitions.entry(number).or_default().push(definition);
            }
        }
        Some(Self {
            version,
            share: Share::default(),
            definitions,
        })
    }

    /// Says what the work of a run is shared among.
    #[must_use]
    pub fn shared(mut self, share: Share) -> Self {
        self.share = share;
        self
    }

    /// Returns what checks the nodes of one object.
    pub fn of<'a, 'r>(&'r self, object: Node<'a>) -> ObjectRules<'a, 'r> {
        ObjectRules {
            api: self,
            context: Context {
                version: self.version,
                share: self.share,
                object,
            },
            missing: HashSet::new(),
            looked_at: 0,
        }
    }
}

/// The API rules for the nodes of one object.
#[derive(Debug)]
pub struct ObjectRules<'a, 'r> {
    api: &'r Api,
    context: Context<'a>,
    /// The fields that are said to be missing, by the map that lacks them, of so many faults.
    missing: HashSet<(usize, Cow<'static, str>)>,
    looked_at: usize,
}

impl<'a> ObjectRules<'a, '_> {
    /// Drops what the schema, or a fact, has said already: that a field is missing.
    fn drop_repeated(&mut self, known: usize, faults: &mut Vec<Fault<'a>>) {
        let repeats = |fault: &Fault<'a>| fault.rule == rules::REQUIRED.id;
        if !faults.iter().skip(known).any(repeats) {
            return;
        }
        for fault in faults.iter().take(known).skip(self.looked_at) {
            if let Some(below) = &fault.below {
                self.missing.insert((fault.node.index(), below.clone()));
            }
        }
        self.looked_at = known;
        let added = faults.split_off(known);
        let missing = &self.missing;
        faults.extend(added.into_iter().filter(|fault| {
            let below = fault.below.as_ref().filter(|_| repeats(fault));
            !below.is_some_and(|below| missing.contains(&(fault.node.index(), below.clone())))
        }));
    }
}

impl<'a> Visitor<'a> for ObjectRules<'a, '_> {
    fn visit(&mut self, definition: u32, node: Node<'a>, faults: &mut Vec<Fault<'a>>) {
        if is_of_status(self.context.object, node) {
            return;
        }
        let known = faults.len();
        for definition in self.api.definitions.get(&definition).into_iter().flatten() {
            definition.check(&self.context, node, faults);
        }
        self.drop_repeated(known, faults);
    }

    fn object(&mut self, faults: &mut Vec<Fault<'a>>) {
        meta::check(&self.context, faults);
        versions::check(&self.context, faults);
    }

    fn without_schema(&mut self) -> Option<Fault<'a>> {
        versions::removed(&self.context)
    }
}
