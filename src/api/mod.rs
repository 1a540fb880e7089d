//! API rules: what the API server refuses although every published schema allows it.
//!
//! In: a node and the name of the definition that it is of (`core.v1.Container`), wherever that stands in an object. Out:
//! faults at the field that the server would name. Most rules are lines of a table: a field of a definition and the
//! [`Fact`] that holds for it. What ties several fields together is a function of the definition.
//!
//! A definition's rules apply wherever the definition is used: those of `core.v1.Container` in every pod and pod template.

mod fact;
mod immutable;
mod meta;
mod names;
pub mod rules;
mod tables;

use std::collections::HashMap;

pub use self::fact::Fact;
pub use self::immutable::changes;
use crate::manifest::Fault;
use crate::schema::{Kubernetes, KubernetesVersion, Visitor};
use crate::yaml::Node;

/// What is said about one definition.
pub(crate) struct Definition {
    /// The definition's name, without `io.k8s.api.`: `core.v1.Container`.
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
    /// The whole object.
    object: Node<'a>,
}

/// The API rules of one Kubernetes version.
#[derive(Debug)]
pub struct Api {
    version: KubernetesVersion,
    definitions: HashMap<u32, Vec<&'static Definition>>,
}

impl std::fmt::Debug for Definition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
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
        Some(Self { version, definitions })
    }

    /// Returns what checks the nodes of one object.
    pub fn of<'a, 'r>(&'r self, object: Node<'a>) -> ObjectRules<'a, 'r> {
        ObjectRules {
            api: self,
            context: Context { version: self.version, object },
        }
    }
}

/// The API rules for the nodes of one object.
#[derive(Debug)]
pub struct ObjectRules<'a, 'r> {
    api: &'r Api,
    context: Context<'a>,
}

impl<'a> Visitor<'a> for ObjectRules<'a, '_> {
    fn visit(&mut self, definition: u32, node: Node<'a>, faults: &mut Vec<Fault<'a>>) {
        for definition in self.api.definitions.get(&definition).into_iter().flatten() {
            fact::check(definition.facts, node, faults);
            for check in definition.rules {
                check(&self.context, node, faults);
            }
        }
    }

    fn object(&mut self, faults: &mut Vec<Fault<'a>>) {
        meta::check(&self.context, faults);
    }
}
