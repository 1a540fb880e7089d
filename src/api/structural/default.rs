//! Defaults: they must be what the schema that they stand in describes.

use std::collections::HashSet;

use crate::api::field::present;
use crate::manifest::Fault;
use crate::schema::{self, Effort, check_value};
use crate::yaml::{Kind, Node, to_json};

use super::{Level, OF_EVERY_OBJECT, is_embedded, properties};

/// Checks the defaults of a schema that has no other fault.
pub(super) fn check<'a>(root: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let defaults = Defaults {
        effort: Effort::of_defaults(root),
    };
    defaults.check(root, Level::Root, faults);
}

struct Defaults {
    /// What may be done for all of them: a schema is looked at again for each default that stands above it.
    effort: Effort,
}

impl Defaults {
    fn check<'a>(&self, schema: Node<'a>, level: Level, faults: &mut Vec<Fault<'a>>) {
        if schema.kind() != Kind::Map {
            return;
        }
        if let Some(value) = present(schema, "default") {
            self.default(schema, value, faults);
        }
        // Values of `additionalProperties` and the metadata of resources are not looked at by the server either.
        let resource = level == Level::Root || is_embedded(schema);
        for (name, property) in properties(schema) {
            if !resource || !OF_EVERY_OBJECT.contains(&name) {
                self.check(property, Level::Field, faults);
            }
        }
        if let Some(items) = schema.get("items") {
            self.check(items, Level::Item, faults);
        }
    }

    fn default<'a>(&self, schema: Node<'a>, value: Node<'a>, faults: &mut Vec<Fault<'a>>) {
        if self.effort.is_spent() {
            return;
        }
        let mut found = Vec::new();
        if self.effort.take(schema.end_index() - schema.index()) {
            check_value(to_json(schema), value, &self.effort, &mut found);
        }
        if self.effort.is_spent() {
            faults.push(self.effort.too_much(value));
            return;
        }
        let with_default: HashSet<&str> = if found.is_empty() {
            HashSet::new()
        } else {
            let given =
                properties(schema).filter(|(_, property)| present(*property, "default").is_some());
            given.map(|(name, _)| name).collect()
        };
        // A field that is missing has a default of its own, or a list's items are alike.
        let is_unclear = |fault: &Fault<'_>| {
            let missing = fault
                .below
                .as_deref()
                .filter(|_| fault.node.index() == value.index());
            fault.rule == schema::rules::DUPLICATE_ITEM.id
                || missing.is_some_and(|name| with_default.contains(name))
        };
        let known = found.into_iter().filter(|fault| !is_unclear(fault));
        faults.extend(known.map(|fault| Fault {
            message: format!(
                "the default is not what the schema describes: {}",
                fault.message
            ),
            ..fault
        }));
    }
}
