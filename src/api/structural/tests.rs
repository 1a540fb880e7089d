//! Schemas of custom resources: what is refused, and what is not.

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
    let metadata = |metadata: &str| format!("{{type: string}}\n            metadata: {metadata}");
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
