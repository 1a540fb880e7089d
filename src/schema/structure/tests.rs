//! Rules of schemas on objects.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::schema::effort::{Effort, Share};
use crate::yaml::{Document, Limits, read};

fn document(text: &str) -> Document {
    read(&Arc::from(text), &Limits::default())
        .documents
        .remove(0)
}

/// Returns what the rules of a schema for `spec` say about it, each with the text at its place.
fn said(spec: &Value, object: &str, old: Option<&str>) -> Vec<String> {
    let schema = json!({"type": "object", "properties": {"spec": spec}});
    let (structure, problems) = Structure::compile(&schema, 37);
    assert!(problems.is_empty(), "{problems:?}");
    let document = document(object);
    let old = old.map(self::document);
    let mut faults = Vec::new();
    let effort = Effort::of_custom(document.root(), Share::default(), String::new());
    let own = |node: crate::yaml::Node<'_>| document.node(node.index()).unwrap();
    let old = old.as_ref().map(Document::root);
    structure.run(document.root(), old, &own, &effort, &mut faults);
    faults
        .iter()
        .map(|fault| {
            let below = fault.below.as_deref().unwrap_or_default();
            format!("{}|{}{below}", fault.message, fault.node.span().of(object))
        })
        .collect()
}

fn problems(spec: &Value) -> Vec<String> {
    let schema = json!({"type": "object", "properties": {"spec": spec}});
    let (_, problems) = Structure::compile(&schema, 34);
    problems
        .into_iter()
        .map(|problem| format!("{}: {}", problem.pointer, problem.message))
        .collect()
}

#[test]
fn rules_see_values_as_their_schema_says() {
    let spec = json!({"type": "object", "properties": {
        "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        "map": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
            "items": {"type": "object", "properties": {"k": {"type": "string"}, "v": {"type": "integer"}}}},
        "list": {"type": "array", "items": {"type": "string"}},
        "number": {"type": "number"},
        "port": {"x-kubernetes-int-or-string": true},
        "at": {"type": "string", "format": "date-time"},
        "for": {"type": "string", "format": "duration"},
        "data": {"type": "string", "format": "byte"},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "nothing": {"type": "string", "nullable": true},
        "gone": {"type": "string"},
    }, "x-kubernetes-validations": [
        {"rule": "self.set == ['b', 'a']"}, {"rule": "self.list != ['b', 'a']"},
        {"rule": "self.set + ['a', 'c'] == ['a', 'b', 'c'] && (self.set + ['a', 'c']).size() == 3"},
        {"rule": "self.map + self.map == self.map"},
        {"rule": "self.number / 2.0 == 1.5"}, {"rule": "self.port == 80 && type(self.port) == int"},
        {"rule": "self.at > timestamp('2024-01-01T00:00:00Z')"}, {"rule": "self.__for__ == duration('60m')"},
        {"rule": "self.data == b'hi'"}, {"rule": "self.labels['a.b/c'] == 'x' && self.labels.all(k, self.labels[k] == 'x')"},
        {"rule": "has(self.nothing)"}, {"rule": "!has(self.gone)"},
    ]});
    let object = "spec: {set: [a, b], list: [a, b], map: [{k: x, v: 1}], number: 3, port: 80, at: '2024-02-01T00:00:00Z', \
        for: 1h, data: aGk=, labels: {a.b/c: x}, nothing: null, gone: null}";
    assert_eq!(said(&spec, object, None), Vec::<String>::new());
}

#[test]
fn faults_stand_at_the_field_that_a_rule_names() {
    let spec = json!({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "object", "properties": {"c.d": {"type": "integer"}}}},
    "x-kubernetes-validations": [
        {"rule": "self.a > 1", "fieldPath": ".a", "message": "too small"},
        {"rule": "self.b.c__dot__d > 1", "fieldPath": ".b['c.d']", "messageExpression": "'is ' + string(self.b.c__dot__d)"},
        {"rule": "self.a > 1", "fieldPath": ".x"},
        {"rule": "1 / (self.a - 1) > 0"},
    ]});
    assert_eq!(
        said(&spec, "spec: {a: 1, b: {c.d: 0}}", None),
        [
            "too small|1",
            "is 0|0",
            "this must hold: self.a > 1|{a: 1, b: {c.d: 0}}x",
            "a rule of the schema fails here: division by zero|{a: 1, b: {c.d: 0}}",
        ]
    );
}

#[test]
fn rules_that_compare_run_on_changes_only() {
    let spec = json!({"type": "object", "properties": {
        "a": {"type": "string", "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "a may not change"}]},
        "items": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "v": {"type": "integer",
                "x-kubernetes-validations": [{"rule": "self >= oldSelf", "message": "v may not shrink"}]}}}},
    }, "x-kubernetes-validations": [
        {"rule": "oldSelf.hasValue() || self.a == 'x'", "optionalOldSelf": true, "message": "new ones have x"}
    ]});
    assert_eq!(
        said(&spec, "spec: {a: y}", None),
        ["new ones have x|{a: y}"]
    );
    assert_eq!(
        said(
            &spec,
            "spec: {a: y, items: [{name: q, v: 1}, {name: p, v: 3}]}",
            Some("spec: {a: x, items: [{name: p, v: 2}, {name: q, v: 2}]}")
        ),
        ["a may not change|y", "v may not shrink|1"]
    );
}

#[test]
fn what_the_server_would_refuse_in_a_definition_is_told_at_its_place() {
    let rule = |rule: &str| {
        json!({"type": "object", "properties": {"a": {"type": "integer"}, "any": {}},
        "x-kubernetes-validations": [{"rule": rule}]})
    };
    let at = "/properties/spec/x-kubernetes-validations/0/rule";
    for (text, message) in [
        (
            "self.b > 0",
            "the schema has no field `b` here; did you mean `a`? (column 6 of the expression)",
        ),
        (
            "self.any == 1",
            "the schema has no field `any` here (column 6 of the expression)",
        ),
        ("self.a", "a rule gives a bool, and this gives int"),
        (
            "self.a >",
            "a value was expected here, and not the end (column 9 of the expression)",
        ),
    ] {
        assert_eq!(
            problems(&rule(text)),
            [format!("{at}: {message}")],
            "{text}"
        );
    }
    let in_list = json!({"type": "array", "maxItems": 3, "items": {"type": "string", "maxLength": 3,
        "x-kubernetes-validations": [{"rule": "self == oldSelf"}]}});
    assert_eq!(
        problems(&in_list),
        [
            "/properties/spec/items/x-kubernetes-validations/0/rule: `oldSelf` cannot be told here: the items of this list have no keys"
        ]
    );
    let dear = json!({"type": "array", "items": {"type": "string",
        "x-kubernetes-validations": [{"rule": "self.contains(self)"}]}});
    assert!(
        problems(&dear)[0].contains("the API server allows 10000000"),
        "{:?}",
        problems(&dear)
    );
    let cheap = json!({"type": "array", "maxItems": 10, "items": {"type": "string", "maxLength": 100,
        "x-kubernetes-validations": [{"rule": "self.contains(self)"}]}});
    assert_eq!(problems(&cheap), Vec::<String>::new());
}
