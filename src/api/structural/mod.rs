//! Schemas of custom resources, which must be structural (`k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation`,
//! `.../pkg/apiserver/schema`): every value has its type, said once, and pruning is well defined.
//!
//! In: the root of a schema. Out: faults. Expressions of CEL are not looked into.

mod default;
mod lists;
mod nested;
mod pattern;

use self::nested::Types;
use super::fact::{Fact, given, is_empty, text, wanting};
use super::field::{items, present};
use super::rules;
use crate::manifest::Fault;
use crate::schema::Patterns;
use crate::yaml::{Kind, Node};

/// Fields of an object that are the server's.
const OF_EVERY_OBJECT: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// What a schema is the schema of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    /// A whole object.
    Root,
    /// The items of a list.
    Item,
    /// A field, or the values of a map.
    Field,
}

/// Where a schema stands.
#[derive(Clone, Copy, Debug)]
struct Place {
    level: Level,
    /// In one of the fields that every object has.
    inside_metadata: bool,
    /// Why there can be no default here.
    no_default: Option<&'static str>,
}

/// Checks the schema of a kind, one of so many.
pub(super) fn check<'a>(
    root: Node<'a>,
    has_status: bool,
    schemas: usize,
    faults: &mut Vec<Fault<'a>>,
) {
    let before = faults.len();
    if has_status {
        only_of_status(root, faults);
    }
    if let Some((key, _)) = root.entry("nullable").filter(|_| flag(root, "nullable")) {
        let fault = Fault::new(
            &rules::CONFLICT,
            key,
            "an object cannot be `null` as a whole",
        );
        faults.push(fault.help("remove `nullable`"));
    }
    let place = Place {
        level: Level::Root,
        inside_metadata: false,
        no_default: None,
    };
    schema(root, place, faults);
    pattern::unchecked(root, &mut Patterns::of(schemas), faults);
    if faults.len() == before {
        default::check(root, faults);
    }
}

fn flag(schema: Node<'_>, field: &str) -> bool {
    schema.get(field).and_then(Node::as_bool) == Some(true)
}

fn is_int_or_string(schema: Node<'_>) -> bool {
    flag(schema, "x-kubernetes-int-or-string")
}

fn is_embedded(schema: Node<'_>) -> bool {
    flag(schema, "x-kubernetes-embedded-resource")
}

/// Returns the schemas of a schema's properties, by name.
fn properties(schema: Node<'_>) -> impl Iterator<Item = (&str, Node<'_>)> {
    let entries = schema.get("properties").into_iter().flat_map(Node::entries);
    entries.map(|(key, value)| (key.as_str().unwrap_or_default(), value))
}

/// Where the status is written apart, its schema is taken out of the root, which must lose nothing by that.
fn only_of_status<'a>(root: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    const NOT_AT_ROOT: [&str; 14] = [
        "default",
        "enum",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "additionalProperties",
        "maxProperties",
        "minProperties",
        "x-kubernetes-embedded-resource",
        "x-kubernetes-int-or-string",
        "x-kubernetes-list-type",
        "x-kubernetes-list-map-keys",
        "x-kubernetes-map-type",
    ];
    for name in NOT_AT_ROOT {
        let entry = root
            .entry(name)
            .filter(|(_, value)| !is_empty(*value) && value.as_bool() != Some(false));
        faults.extend(entry.map(|(key, _)| {
            let message =
                format!("`{name}` cannot stand at the root where there is a status subresource");
            Fault::new(&rules::CONFLICT, key, message).help("say it of `spec` instead")
        }));
    }
}

fn schema<'a>(schema: Node<'a>, place: Place, faults: &mut Vec<Fault<'a>>) {
    if schema.kind() != Kind::Map {
        return;
    }
    unsupported(schema, faults);
    kind(schema, place.level, faults);
    extensions(schema, place, faults);
    embedded(schema, faults);
    if place.level == Level::Root || is_embedded(schema) {
        metadata(schema, place.level, faults);
    }
    maps(schema, place.level, faults);
    lists::check(schema, faults);
    expressions(schema, faults);
    pattern::check(schema, faults);
    let types = if is_int_or_string(schema) {
        Types::OfIntOrString
    } else {
        Types::None
    };
    nested::check(schema, types, faults);
    if let (Some(why), Some((key, value))) = (place.no_default, schema.entry("default"))
        && !value.is_null()
    {
        faults.push(Fault::new(&rules::CONFLICT, key, why).help("remove `default`"));
    }
    beneath(schema, place, faults);
}

/// Goes on to the schemas in a schema.
fn beneath<'a>(node: Node<'a>, place: Place, faults: &mut Vec<Fault<'a>>) {
    let root = place.level == Level::Root;
    for (name, property) in properties(node) {
        let of_object = (root || is_embedded(node)) && OF_EVERY_OBJECT.contains(&name);
        let below = Place {
            level: Level::Field,
            inside_metadata: place.inside_metadata || of_object,
            no_default: if of_object && root {
                Some("what every object has takes no default")
            } else {
                place.no_default
            },
        };
        schema(property, below, faults);
    }
    if let Some(values) = node.get("additionalProperties") {
        let below = Place {
            level: Level::Field,
            no_default: if place.inside_metadata {
                Some("values of a map in `metadata` take no default")
            } else {
                place.no_default
            },
            ..place
        };
        schema(values, below, faults);
    }
    if let Some(items) = node.get("items") {
        schema(
            items,
            Place {
                level: Level::Item,
                ..place
            },
            faults,
        );
    }
}

/// Keywords of JSON Schema that the server does not take.
fn unsupported<'a>(schema: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    const KEYWORDS: [(&str, &str); 7] = [
        ("$ref", "write the schema out where it is used"),
        ("id", "remove it"),
        ("additionalItems", "remove it"),
        ("patternProperties", "use `additionalProperties`"),
        ("definitions", "write the schemas out where they are used"),
        ("dependencies", "use `x-kubernetes-validations`"),
        ("uniqueItems", "use `x-kubernetes-list-type: set`"),
    ];
    for (keyword, help) in KEYWORDS {
        let entry = schema.entry(keyword).filter(|(_, value)| !is_empty(*value));
        // `false` says nothing but where it is a schema.
        let entry = entry
            .filter(|(_, value)| value.as_bool() != Some(false) || keyword == "additionalItems");
        faults.extend(entry.map(|(key, _)| {
            let message = format!("the schema of a custom resource cannot have `{keyword}`");
            Fault::new(&rules::CONFLICT, key, message).help(help)
        }));
    }
    if let Some(list) = schema
        .get("items")
        .filter(|items| items.kind() == Kind::Seq)
    {
        let fault = Fault::new(
            &rules::FORMAT,
            list,
            "`items` must be one schema, for all items of the list",
        );
        faults.push(fault.help("write a map, not a list"));
    }
    Fact::OneOf(&["string", "number", "integer", "boolean", "array", "object"])
        .check("type", schema, faults);
}

/// Makes the fault of a field that is missing, or must be another one.
fn unlike<'a>(schema: Node<'a>, field: &'static str, message: impl Into<String>) -> Fault<'a> {
    match given(schema, field) {
        Some(value) => Fault::new(&rules::CONFLICT, value, message),
        None => wanting(schema, field, message),
    }
}

/// Every value has a type.
fn kind<'a>(schema: Node<'a>, level: Level, faults: &mut Vec<Fault<'a>>) {
    let kind = text(schema, "type");
    let object = |message: &str| unlike(schema, "type", message).help("set `type: object`");
    let any = is_int_or_string(schema) || flag(schema, "x-kubernetes-preserve-unknown-fields");
    let fault = match (kind, level) {
        ("object", _) => return,
        (_, _) if is_embedded(schema) => object("an embedded resource is of `type: object`"),
        ("", Level::Root) => object("the root of a schema needs a `type`"),
        ("", _) if any => return,
        ("", Level::Item) => wanting(schema, "type", "the items of a list need a `type`"),
        ("", Level::Field) => wanting(schema, "type", "a field needs a `type`"),
        ("array", Level::Field | Level::Item) if present(schema, "items").is_none() => {
            let message = "a list needs the schema of its `items`";
            wanting(schema, "items", message)
        }
        ("array" | "string" | "number" | "integer" | "boolean", Level::Root) => {
            object("the root of a schema is of `type: object`")
        }
        _ => return,
    };
    faults.push(fault);
}

fn extensions<'a>(schema: Node<'a>, place: Place, faults: &mut Vec<Fault<'a>>) {
    let (preserve, embedded) = (
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-embedded-resource",
    );
    let mut refuse = |field: &str, message: &str, help: &'static str| {
        let key = schema.entry(field).map(|(key, _)| key);
        faults.extend(key.map(|key| Fault::new(&rules::CONFLICT, key, message).help(help)));
    };
    if schema.get(preserve).and_then(Node::as_bool) == Some(false) {
        refuse(preserve, "this is `true`, or is left out", "remove it");
    }
    if is_int_or_string(schema) && flag(schema, preserve) {
        refuse(
            preserve,
            "what is an integer or a string has no fields to preserve",
            "remove it",
        );
    }
    if is_int_or_string(schema) && is_embedded(schema) {
        refuse(
            embedded,
            "what is an integer or a string is no resource",
            "remove it",
        );
    }
    if place.inside_metadata && is_embedded(schema) {
        refuse(
            embedded,
            "there is no resource inside the metadata of a resource",
            "remove it",
        );
    }
    let map = "x-kubernetes-map-type";
    if let Some(value) = given(schema, map) {
        Fact::OneOf(&["atomic", "granular"]).of_value(value, faults);
        if !matches!(text(schema, "type"), "object" | "") {
            faults.push(unlike(
                schema,
                "type",
                "`x-kubernetes-map-type` is for `type: object` only",
            ));
        }
    }
}

fn embedded<'a>(schema: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if !is_embedded(schema) {
        return;
    }
    if !flag(schema, "x-kubernetes-preserve-unknown-fields") && properties(schema).next().is_none()
    {
        let fault = wanting(
            schema,
            "properties",
            "an embedded resource needs `properties`",
        );
        faults
            .push(fault.help("set `properties`, or `x-kubernetes-preserve-unknown-fields: true`"));
    }
    if let Some((key, _)) = schema
        .entry("additionalProperties")
        .filter(|(_, value)| !value.is_null())
    {
        let message = "an embedded resource has `properties`, not `additionalProperties`";
        faults.push(Fault::new(&rules::CONFLICT, key, message).help("remove it"));
    }
}

/// What every object has is the server's to say.
fn metadata<'a>(schema: Node<'a>, level: Level, faults: &mut Vec<Fault<'a>>) {
    for (name, kind) in [
        ("apiVersion", "string"),
        ("kind", "string"),
        ("metadata", "object"),
    ] {
        let Some((_, property)) = properties(schema).find(|(property, _)| *property == name) else {
            continue;
        };
        let written = text(property, "type");
        // A type that is missing has been told.
        if written != kind && !written.is_empty() {
            faults.push(unlike(
                property,
                "type",
                format!("`{name}` is of `type: {kind}`"),
            ));
        }
        if name != "metadata" || level != Level::Root {
            continue;
        }
        let known = |name: &str| matches!(name, "name" | "generateName");
        for (key, value) in property.entries() {
            let named = key.as_str() == Some("properties")
                && properties(property).all(|(name, _)| known(name));
            let plain = matches!(
                key.as_str(),
                Some("type" | "description" | "title" | "default")
            );
            if !named && !plain && !is_empty(value) && value.as_bool() != Some(false) {
                let message =
                    "the schema of `metadata` can say something of `name` and `generateName` only";
                faults.push(
                    Fault::new(&rules::CONFLICT, key, message)
                        .help("write `metadata: {type: object}`"),
                );
            }
        }
    }
}

/// A map has fields, or values that are alike.
fn maps<'a>(schema: Node<'a>, level: Level, faults: &mut Vec<Fault<'a>>) {
    let Some((key, values)) = schema
        .entry("additionalProperties")
        .filter(|(_, value)| !value.is_null())
    else {
        return;
    };
    if properties(schema).next().is_some() && values.as_bool() != Some(true) {
        let fault = Fault::new(
            &rules::ALTERNATIVES,
            key,
            "`additionalProperties` cannot stand beside `properties`",
        );
        faults.push(
            fault.help("keep only one of the two; fields that are not named are refused anyway"),
        );
    }
    if level == Level::Root {
        let fault = Fault::new(&rules::CONFLICT, key, "an object has fields that are named");
        faults.push(fault.help("remove `additionalProperties`"));
    }
}

/// What stands around an expression: a message of one line, a reason and a field's path.
fn expressions<'a>(schema: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let is_blank = |node: &Node<'a>| {
        node.as_str()
            .is_some_and(|text| !text.is_empty() && text.trim().is_empty())
    };
    let many_lines = |text: &str| text.contains(['\n', '\r']);
    for rule in items(schema, "x-kubernetes-validations") {
        if let Some(node) = rule
            .get("rule")
            .filter(|node| node.as_str().is_some_and(|text| text.trim().is_empty()))
        {
            faults.push(Fault::new(
                &rules::REQUIRED,
                node,
                "`rule` must not be empty",
            ));
        }
        for field in ["message", "messageExpression", "fieldPath"] {
            let node = rule.get(field).filter(is_blank);
            faults.extend(node.map(|node| {
                Fault::new(
                    &rules::REQUIRED,
                    node,
                    format!("`{field}` must not be blank"),
                )
            }));
        }
        for field in ["message", "fieldPath"] {
            let node = rule
                .get(field)
                .filter(|_| many_lines(text(rule, field).trim()));
            faults.extend(node.map(|node| {
                Fault::new(&rules::FORMAT, node, format!("`{field}` must be one line"))
            }));
        }
        if many_lines(text(rule, "rule").trim())
            && text(rule, "message").is_empty()
            && text(rule, "messageExpression").is_empty()
        {
            let fault = wanting(rule, "message", "a rule of several lines needs a `message`");
            faults.push(fault.help("say in one line what is wrong"));
        }
        let reasons = &[
            "FieldValueInvalid",
            "FieldValueForbidden",
            "FieldValueRequired",
            "FieldValueDuplicate",
        ];
        Fact::OneOf(reasons).check("reason", rule, faults);
    }
}

#[cfg(test)]
#[allow(clippy::too_many_lines, reason = "cases are lines of a table")]
mod tests;
