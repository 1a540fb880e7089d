//! Defaults: they must be what the schema that they stand in describes.

use crate::api::field::present;
use crate::manifest::Fault;
use crate::schema::{self, check_value};
use crate::yaml::{Kind, Node, to_json};

use super::{Level, OF_EVERY_OBJECT, is_embedded, properties};

/// Checks the defaults of a schema that has no other fault.
pub(super) fn check<'a>(schema: Node<'a>, level: Level, faults: &mut Vec<Fault<'a>>) {
    if schema.kind() != Kind::Map {
        return;
    }
    if let Some(value) = present(schema, "default") {
        let mut found = Vec::new();
        check_value(to_json(schema), value, &mut found);
        let known = found
            .into_iter()
            .filter(|fault| !is_unclear(fault, schema, value));
        faults.extend(known.map(|fault| Fault {
            message: format!(
                "the default is not what the schema describes: {}",
                fault.message
            ),
            ..fault
        }));
    }
    // Values of `additionalProperties` and the metadata of resources are not looked at by the server either.
    let resource = level == Level::Root || is_embedded(schema);
    for (name, property) in properties(schema) {
        if !resource || !OF_EVERY_OBJECT.contains(&name) {
            check(property, Level::Field, faults);
        }
    }
    if let Some(items) = schema.get("items") {
        check(items, Level::Item, faults);
    }
}

/// A field that is missing has a default of its own, or a list's items are alike.
fn is_unclear(fault: &Fault<'_>, described: Node<'_>, value: Node<'_>) -> bool {
    if fault.rule == schema::rules::DUPLICATE_ITEM.id {
        return true;
    }
    let missing = fault
        .below
        .as_deref()
        .filter(|_| fault.node.index() == value.index());
    missing.is_some_and(|name| {
        properties(described)
            .any(|(known, property)| known == name && present(property, "default").is_some())
    })
}
