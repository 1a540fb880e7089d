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

/// Checks the schema of a kind.
pub(super) fn check<'a>(root: Node<'a>, has_status: bool, faults: &mut Vec<Fault<'a>>) {
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
    pattern::unchecked(root, &mut Patterns::default(), faults);
    if faults.len() == before {
        default::check(root, Level::Root, faults);
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
    nested::check(schema, Some(schema), types, faults);
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
mod tests {
    use crate::api::testing::{accepted, faults, refused};

    const DEFINITION: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: backups.ops.example.com}
spec:
  group: ops.example.com
  scope: Namespaced
  names: {kind: Backup, plural: backups}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            x: {type: string}
";
    const ROOT: &str = "spec.versions[0].schema.openAPIV3Schema";
    const X: &str = "{type: string}";
    const WHOLE: &str =
        "          type: object\n          properties:\n            x: {type: string}\n";

    /// Asserts what is said about the schema of the property `x`.
    #[track_caller]
    fn x(cases: &[(&str, &str, &str, &str)]) {
        for (schema, rule, field, text) in cases {
            refused(
                DEFINITION,
                &[(
                    X,
                    schema,
                    rule,
                    &format!("{ROOT}.properties[x]{field}"),
                    text,
                )],
            );
        }
    }

    #[track_caller]
    fn fine(cases: &[&str]) {
        for schema in cases {
            accepted(DEFINITION, &[(X, schema)]);
        }
    }

    #[test]
    fn values_have_a_type() {
        x(&[
            (
                "{description: a}",
                "api/required",
                ".type",
                "{description: a}",
            ),
            ("{type: text}", "api/enum", ".type", "text"),
            ("{type: 'null'}", "api/enum", ".type", "'null'"),
            ("{type: array}", "api/required", ".items", "{type: array}"),
            (
                "{type: array, items: {}}",
                "api/required",
                ".items.type",
                "{}",
            ),
            (
                "{type: array, items: [{type: string}]}",
                "api/format",
                ".items",
                "[{type: string}]",
            ),
            (
                "{type: object, additionalProperties: {maxLength: 1}}",
                "api/required",
                ".additionalProperties.type",
                "{maxLength: 1}",
            ),
            (
                "{type: object, properties: {a: {}}}",
                "api/required",
                ".properties[a].type",
                "{}",
            ),
        ]);
        fine(&[
            "{x-kubernetes-int-or-string: true}",
            "{x-kubernetes-preserve-unknown-fields: true}",
            "{type: object, additionalProperties: true}",
            "{type: object, additionalProperties: {type: array, items: {type: number, format: double}}}",
            "{type: array, items: {x-kubernetes-int-or-string: true}}",
            "{type: string, nullable: true, format: unknown-format, enum: [a, b]}",
            "{type: object}",
            "{type: object, properties: {properties: {type: string}, type: {type: string}}}",
        ]);
    }

    #[test]
    fn the_root_is_an_object() {
        let whole = |schema: &str| format!("          {schema}\n");
        refused(
            DEFINITION,
            &[
                (
                    WHOLE,
                    &whole("type: string"),
                    "api/conflict",
                    &format!("{ROOT}.type"),
                    "string",
                ),
                (
                    WHOLE,
                    &whole("description: a"),
                    "api/required",
                    &format!("{ROOT}.type"),
                    "description: a",
                ),
                (
                    WHOLE,
                    &whole("{type: object, nullable: true}"),
                    "api/conflict",
                    &format!("{ROOT}.nullable"),
                    "nullable",
                ),
                (
                    WHOLE,
                    &whole("{type: object, additionalProperties: {type: string}}"),
                    "api/conflict",
                    &format!("{ROOT}.additionalProperties"),
                    "additionalProperties",
                ),
            ],
        );
        let status = DEFINITION.replace("served: true", "subresources: {status: {}}");
        refused(
            &status,
            &[
                (
                    WHOLE,
                    &whole("{type: object, oneOf: [{required: [spec]}]}"),
                    "api/conflict",
                    &format!("{ROOT}.oneOf"),
                    "oneOf",
                ),
                (
                    WHOLE,
                    &whole("{type: object, minProperties: 1}"),
                    "api/conflict",
                    &format!("{ROOT}.minProperties"),
                    "minProperties",
                ),
            ],
        );
        accepted(
            &status,
            &[(
                WHOLE,
                &whole(
                    "{type: object, description: a, required: [spec], x-kubernetes-preserve-unknown-fields: true, properties: {spec: {type: object}}}",
                ),
            )],
        );
        accepted(
            DEFINITION,
            &[(
                WHOLE,
                &whole(
                    "{type: object, oneOf: [{required: [spec]}], properties: {spec: {type: object}}}",
                ),
            )],
        );
    }

    #[test]
    fn keywords_that_are_not_taken() {
        x(&[
            (
                "{type: string, $ref: '#/a'}",
                "api/conflict",
                ".$ref",
                "$ref",
            ),
            (
                "{type: object, patternProperties: {a: {type: string}}}",
                "api/conflict",
                ".patternProperties",
                "patternProperties",
            ),
            (
                "{type: object, definitions: {a: {type: string}}}",
                "api/conflict",
                ".definitions",
                "definitions",
            ),
            (
                "{type: array, uniqueItems: true, items: {type: string}}",
                "api/conflict",
                ".uniqueItems",
                "uniqueItems",
            ),
            (
                "{type: array, additionalItems: false, items: {type: string}}",
                "api/conflict",
                ".additionalItems",
                "additionalItems",
            ),
            ("{type: string, id: a}", "api/conflict", ".id", "id"),
            (
                "{type: string, pattern: '^(?!a)'}",
                "api/format",
                ".pattern",
                "'^(?!a)'",
            ),
            (
                "{type: string, pattern: '(a'}",
                "api/format",
                ".pattern",
                "'(a'",
            ),
            (
                "{type: object, properties: {a: {type: string}}, additionalProperties: {type: string}}",
                "api/alternatives",
                ".additionalProperties",
                "additionalProperties",
            ),
            (
                "{type: object, properties: {a: {type: string}}, additionalProperties: false}",
                "api/alternatives",
                ".additionalProperties",
                "additionalProperties",
            ),
        ]);
        fine(&[
            "{type: array, uniqueItems: false, items: {type: string}}",
            "{type: object, properties: {a: {type: string}}, additionalProperties: true}",
            "{type: string, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', minLength: 1, maxLength: 63}",
            "{type: integer, minimum: 0, exclusiveMinimum: true, multipleOf: 2, format: int32}",
            "{type: object, properties: {$ref: {type: string}, id: {type: string}, not: {type: string}}}",
        ]);
    }

    #[test]
    fn extensions() {
        let preserve = "x-kubernetes-preserve-unknown-fields";
        x(&[
            (
                "{type: object, x-kubernetes-preserve-unknown-fields: false}",
                "api/conflict",
                ".x-kubernetes-preserve-unknown-fields",
                preserve,
            ),
            (
                "{x-kubernetes-int-or-string: true, x-kubernetes-preserve-unknown-fields: true}",
                "api/conflict",
                ".x-kubernetes-preserve-unknown-fields",
                preserve,
            ),
            (
                "{type: object, x-kubernetes-map-type: deep}",
                "api/enum",
                ".x-kubernetes-map-type",
                "deep",
            ),
            (
                "{type: array, x-kubernetes-map-type: atomic, items: {type: string}}",
                "api/conflict",
                ".type",
                "array",
            ),
            (
                "{type: object, x-kubernetes-embedded-resource: true}",
                "api/required",
                ".properties",
                "{type: object, x-kubernetes-embedded-resource: true}",
            ),
            (
                "{type: string, x-kubernetes-embedded-resource: true, x-kubernetes-preserve-unknown-fields: true}",
                "api/conflict",
                ".type",
                "string",
            ),
            (
                "{type: object, x-kubernetes-embedded-resource: true, properties: {kind: {type: integer}}}",
                "api/conflict",
                ".properties[kind].type",
                "integer",
            ),
            (
                "{type: object, x-kubernetes-validations: [{rule: 'true', message: ' '}]}",
                "api/required",
                ".x-kubernetes-validations[0].message",
                "' '",
            ),
            (
                "{type: object, x-kubernetes-validations: [{rule: 'true', reason: Wrong}]}",
                "api/enum",
                ".x-kubernetes-validations[0].reason",
                "Wrong",
            ),
        ]);
        fine(&[
            "{type: object, x-kubernetes-embedded-resource: true, x-kubernetes-preserve-unknown-fields: true}",
            "{type: object, x-kubernetes-embedded-resource: true, properties: {spec: {type: object}, metadata: {type: object, properties: {labels: {type: object}}}}}",
            "{type: object, x-kubernetes-map-type: granular}",
            "{type: object, x-kubernetes-validations: [{rule: 'true', message: a, reason: FieldValueInvalid}]}",
        ]);
    }

    #[test]
    fn metadata_is_the_servers() {
        let metadata =
            |metadata: &str| format!("{{type: string}}\n            metadata: {metadata}");
        let field = |field: &str| format!("{ROOT}.properties[metadata]{field}");
        refused(
            DEFINITION,
            &[
                (
                    X,
                    &metadata("{type: string}"),
                    "api/conflict",
                    &field(".type"),
                    "string",
                ),
                (
                    X,
                    &metadata("{type: object, properties: {labels: {type: object}}}"),
                    "api/conflict",
                    &field(".properties"),
                    "properties",
                ),
                (
                    X,
                    &metadata("{type: object, required: [name]}"),
                    "api/conflict",
                    &field(".required"),
                    "required",
                ),
                (
                    X,
                    &metadata("{type: object, properties: {name: {type: string, default: a}}}"),
                    "api/conflict",
                    &field(".properties[name].default"),
                    "default",
                ),
                (
                    X,
                    "{type: string}\n            kind: {type: integer}",
                    "api/conflict",
                    &format!("{ROOT}.properties[kind].type"),
                    "integer",
                ),
            ],
        );
        accepted(
            DEFINITION,
            &[
                (X, &metadata("{type: object}")),
                (
                    X,
                    &metadata("{type: object, properties: {name: {type: string, maxLength: 30}}}"),
                ),
                (
                    X,
                    "{type: string}\n            kind: {type: string}\n            apiVersion: {type: string, description: a}",
                ),
            ],
        );
    }

    #[test]
    fn lists() {
        let map = |rest: &str| format!("{{type: array, x-kubernetes-list-type: map, {rest}}}");
        let named = "items: {type: object, required: [name], properties: {name: {type: string}}}";
        x(&[
            (
                "{type: array, x-kubernetes-list-type: bag, items: {type: string}}",
                "api/enum",
                ".x-kubernetes-list-type",
                "bag",
            ),
            (
                "{type: object, x-kubernetes-list-type: set}",
                "api/conflict",
                ".type",
                "object",
            ),
            (
                "{type: array, x-kubernetes-list-type: set, items: {type: object}}",
                "api/required",
                ".items.x-kubernetes-map-type",
                "{type: object}",
            ),
            (
                "{type: array, x-kubernetes-list-type: set, items: {type: string, nullable: true}}",
                "api/conflict",
                ".items.nullable",
                "nullable",
            ),
            (
                &map(named),
                "api/required",
                ".x-kubernetes-list-map-keys",
                &map(named),
            ),
            (
                &format!("{{type: array, x-kubernetes-list-map-keys: [name], {named}}}"),
                "api/required",
                ".x-kubernetes-list-type",
                &format!("{{type: array, x-kubernetes-list-map-keys: [name], {named}}}"),
            ),
            (
                &map(&format!("x-kubernetes-list-map-keys: [id], {named}")),
                "api/dangling",
                ".x-kubernetes-list-map-keys[0]",
                "id",
            ),
            (
                &map(&format!(
                    "x-kubernetes-list-map-keys: [name, name], {named}"
                )),
                "api/duplicate",
                ".x-kubernetes-list-map-keys[1]",
                "name",
            ),
            (
                &map(
                    "x-kubernetes-list-map-keys: [name], items: {type: object, properties: {name: {type: string}}}",
                ),
                "api/required",
                ".items.properties[name].default",
                "{type: string}",
            ),
            (
                &map(
                    "x-kubernetes-list-map-keys: [name], items: {type: object, required: [name], properties: {name: {type: object}}}",
                ),
                "api/conflict",
                ".items.properties[name].type",
                "object",
            ),
            (
                &map("x-kubernetes-list-map-keys: [name], items: {type: string}"),
                "api/conflict",
                ".items.type",
                "string",
            ),
        ]);
        fine(&[
            &map(&format!("x-kubernetes-list-map-keys: [name], {named}")),
            &map(
                "x-kubernetes-list-map-keys: [a], items: {type: object, properties: {a: {type: integer, default: 1}}}",
            ),
            "{type: array, x-kubernetes-list-type: set, items: {type: object, x-kubernetes-map-type: atomic}}",
            "{type: array, x-kubernetes-list-type: set, items: {type: array, items: {type: string}}}",
            "{type: array, x-kubernetes-list-type: atomic, items: {type: object}}",
        ]);
    }

    #[test]
    fn alternatives_only_narrow() {
        x(&[
            (
                "{type: string, anyOf: [{type: string}]}",
                "api/conflict",
                ".anyOf[0].type",
                "type",
            ),
            (
                "{type: string, not: {description: a}}",
                "api/conflict",
                ".not.description",
                "description",
            ),
            (
                "{type: string, allOf: [{default: a}]}",
                "api/conflict",
                ".allOf[0].default",
                "default",
            ),
            (
                "{type: string, oneOf: [{allOf: [{nullable: true}]}]}",
                "api/conflict",
                ".oneOf[0].allOf[0].nullable",
                "nullable",
            ),
            (
                "{type: object, oneOf: [{properties: {a: {minimum: 1}}}]}",
                "api/required",
                ".properties[a]",
                "{type: object, oneOf: [{properties: {a: {minimum: 1}}}]}",
            ),
            (
                "{type: array, items: {type: object}, not: {items: {properties: {a: {minimum: 1}}}}}",
                "api/required",
                ".items.properties[a]",
                "{type: object}",
            ),
            (
                "{type: object, properties: {metadata: {type: object}}, anyOf: [{properties: {metadata: {required: [name]}}}]}",
                "api/conflict",
                ".anyOf[0].properties[metadata]",
                "metadata",
            ),
            (
                "{type: string, anyOf: [{pattern: '(?=a)'}]}",
                "api/format",
                ".anyOf[0].pattern",
                "'(?=a)'",
            ),
        ]);
        fine(&[
            "{x-kubernetes-int-or-string: true, anyOf: [{type: integer}, {type: string}]}",
            "{x-kubernetes-int-or-string: true, allOf: [{anyOf: [{type: integer}, {type: string}]}, {pattern: a}]}",
            "{type: object, properties: {a: {type: string}, b: {type: string}}, oneOf: [{required: [a]}, {required: [b]}]}",
            "{type: object, properties: {a: {type: integer}}, anyOf: [{properties: {a: {minimum: 1}}}, {not: {required: [a]}}]}",
            "{type: object, additionalProperties: {type: string}, not: {properties: {a: {maxLength: 1}}}}",
            "{type: string, allOf: [{maxLength: 5}, {enum: [a]}]}",
        ]);
    }

    #[test]
    fn defaults_are_what_the_schema_describes() {
        x(&[
            (
                "{type: integer, default: seven}",
                "schema/type",
                ".default",
                "seven",
            ),
            (
                "{type: integer, minimum: 1, default: 0}",
                "schema/range",
                ".default",
                "0",
            ),
            (
                "{type: string, enum: [a, b], default: c}",
                "schema/enum",
                ".default",
                "c",
            ),
            (
                "{type: object, properties: {a: {type: string}}, default: {b: 1}}",
                "schema/unknown-field",
                ".default.b",
                "b",
            ),
            (
                "{type: object, required: [a], properties: {a: {type: string}}, default: {}}",
                "schema/missing-field",
                ".default.a",
                "{}",
            ),
            (
                "{type: array, items: {type: string}, default: [1]}",
                "schema/type",
                ".default[0]",
                "1",
            ),
            (
                "{type: object, properties: {a: {type: array, items: {type: boolean, default: 'no'}}}}",
                "schema/type",
                ".properties[a].items.default",
                "'no'",
            ),
        ]);
        fine(&[
            "{type: integer, default: 7}",
            "{type: string, default: ''}",
            "{type: object, default: {}, properties: {a: {type: string, default: b}}}",
            "{type: object, default: {a: 1}, x-kubernetes-preserve-unknown-fields: true}",
            "{type: object, additionalProperties: {type: string}, default: {a: b}}",
            "{x-kubernetes-int-or-string: true, default: 25%}",
            "{type: string, default: null}",
        ]);
        assert_eq!(faults(DEFINITION), []);
    }
}
