//! What a structural schema says beyond the shape of values: defaults, and rules in CEL.
//!
//! In: the schema of a custom resource. Out: a [`Structure`], a tree like the schema, and what is wrong with its rules.
//! Defaults are filled in first, then the schema is checked, then rules are run where the schema found nothing.

mod defaults;
mod definition;
mod rule;
mod run;
#[cfg(test)]
mod tests;
mod view;

use std::sync::Arc;

use serde_json::Value;

use self::rule::{Compiler, Rule};
use crate::cel;

pub(super) use self::defaults::Completed;
pub(super) use self::definition::check_definition;

/// What a structural schema says about a node and what stands beneath it.
#[derive(Debug, Default)]
pub(super) struct Structure {
    /// How expressions see it; nothing where they do not.
    view: Option<Arc<cel::Schema>>,
    rules: Vec<Rule>,
    fields: Vec<(Box<str>, Structure)>,
    /// What stands under keys that are no fields.
    others: Option<Box<Structure>>,
    items: Option<Box<Structure>>,
    default: Option<Value>,
    nullable: bool,
    /// Whether there are rules here or beneath.
    has_rules: bool,
    /// Whether there are defaults beneath.
    beneath: Beneath,
    /// The places of the fields that have one.
    with_default: Vec<usize>,
}

/// What defaults there are beneath a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Beneath {
    #[default]
    None,
    Some,
    /// They fill in more than may be; this is said of the root only.
    TooMany,
}

/// Where rules stand in a schema, and how many nodes there may be of it.
#[derive(Clone, Copy)]
struct Place {
    /// At most so many; nothing where the schema gives no bound.
    count: Option<u64>,
    /// Whether the node can be found in the object before a change.
    correlatable: bool,
    /// Whether it is an object with `apiVersion`, `kind` and `metadata`.
    resource: bool,
}

/// Something wrong with a rule of a schema.
#[derive(Debug)]
pub(super) struct Problem {
    /// Where, as a JSON Pointer from the schema's root.
    pointer: String,
    kind: ProblemKind,
    message: String,
    help: &'static str,
}

/// What is wrong with a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ProblemKind {
    Compile,
    Cost,
    Defaults,
}

impl Structure {
    /// Compiles a schema for Kubernetes 1.`minor`, and tells what is wrong with its rules.
    pub(super) fn compile(schema: &Value, minor: u8) -> (Self, Vec<Problem>) {
        let mut compiler = Compiler::new(minor, defaults::size(schema));
        let place = Place {
            count: Some(1),
            correlatable: true,
            resource: true,
        };
        let mut structure = Self::of(schema, place, &mut compiler);
        if compiler.defaults == 0 {
            structure.beneath = Beneath::TooMany;
        }
        (structure, compiler.finish())
    }

    /// Tells whether defaults may have to be filled in.
    pub(super) fn has_defaults(&self) -> bool {
        self.beneath != Beneath::None
    }

    /// Tells whether there are rules to run.
    pub(super) fn has_rules(&self) -> bool {
        self.has_rules
    }

    fn of(schema: &Value, place: Place, compiler: &mut Compiler) -> Self {
        let mut structure = Self {
            nullable: schema.get("nullable") == Some(&Value::Bool(true)),
            default: schema.get("default").cloned(),
            ..Self::default()
        };
        let embedded = |schema: &Value| {
            schema.get("x-kubernetes-embedded-resource") == Some(&Value::Bool(true))
        };
        let beneath = |schema: &Value, place: Place, most: Option<u64>| Place {
            count: place
                .count
                .zip(most)
                .map(|(count, most)| count.saturating_mul(most)),
            resource: embedded(schema),
            ..place
        };
        for (name, inner) in schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let below = Place {
                resource: embedded(inner),
                ..place
            };
            let inner = compiler.below(&["properties", name], |compiler| {
                Self::of(inner, below, compiler)
            });
            structure.fields.push((name.as_str().into(), inner));
        }
        structure.fields.sort_by(|a, b| a.0.cmp(&b.0));
        if let Some(inner) = schema
            .get("additionalProperties")
            .filter(|inner| inner.is_object())
        {
            let most = schema.get("maxProperties").and_then(Value::as_u64);
            let below = beneath(inner, place, most);
            let inner = compiler.below(&["additionalProperties"], |compiler| {
                Self::of(inner, below, compiler)
            });
            structure.others = Some(Box::new(inner));
        }
        if let Some(inner) = schema.get("items").filter(|inner| inner.is_object()) {
            let keyed = schema.get("x-kubernetes-list-type").and_then(Value::as_str) == Some("map");
            let most = schema.get("maxItems").and_then(Value::as_u64);
            let below = Place {
                correlatable: place.correlatable && keyed,
                ..beneath(inner, place, most)
            };
            let inner = compiler.below(&["items"], |compiler| Self::of(inner, below, compiler));
            structure.items = Some(Box::new(inner));
        }
        structure.view = view::of(schema, &structure, place.resource).map(Arc::new);
        structure.rules = compiler.rules(schema, structure.view.as_ref(), place);
        structure.settle(&mut compiler.defaults);
        structure
    }

    /// Finds out what there is beneath, and completes the default by those beneath it.
    fn settle(&mut self, left: &mut usize) {
        let children = self.fields.iter().map(|(_, inner)| inner);
        let children = children
            .chain(self.others.as_deref())
            .chain(self.items.as_deref());
        let (mut rules, mut defaults) = (!self.rules.is_empty(), false);
        for child in children {
            rules |= child.has_rules;
            defaults |= child.has_defaults() || child.default.is_some();
        }
        self.has_rules = rules;
        self.beneath = if defaults {
            Beneath::Some
        } else {
            Beneath::None
        };
        let fields = self.fields.iter().enumerate();
        self.with_default = fields
            .filter(|(_, (_, inner))| inner.default.is_some())
            .map(|(place, _)| place)
            .collect();
        if let Some(mut default) = self.default.take() {
            self.complete(&mut default, left);
            self.default = Some(default);
        }
    }

    /// Returns what the schema says about an entry of a map.
    fn entry(&self, name: &str) -> Option<&Self> {
        let found = self
            .fields
            .binary_search_by(|(field, _)| (**field).cmp(name))
            .ok();
        let found = found
            .and_then(|place| self.fields.get(place))
            .map(|(_, inner)| inner);
        found.or(self.others.as_deref())
    }
}
