//! Hostile manifests end, with findings that say what is left out or not checked. An unbounded check would never end, or
//! take all memory.

use serde_json::Value;

use crate::project::Project;

const DEFINITION: &str = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: foos.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: foos, singular: foo, kind: Foo, listKind: FooList}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {spec: SCHEMA}}}}
---
apiVersion: example.com/v1
kind: Foo
metadata: {name: a}
spec: VALUE
";

fn custom(schema: &str, value: &str) -> String {
    DEFINITION.replace("SCHEMA", schema).replace("VALUE", value)
}

fn joined(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect::<Vec<_>>().join(", ")
}

fn checked_with(what: &str, text: &str, code: i32) -> String {
    let project = Project::new(&[("input/x.yaml", text)]);
    let output = project.run(&["check", "--format", "json", "input/x.yaml"]);
    assert_eq!(output.code, code, "{what}: {}", output.stderr);
    output.stdout
}

/// Checks plain manifests, which must end with findings.
fn checked(what: &str, text: &str) -> String {
    checked_with(what, text, 1)
}

/// Returns the messages of a report, each with its field.
fn messages(report: &str) -> Vec<(String, String)> {
    let report: Value = serde_json::from_str(report).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    findings
        .map(|finding| (text(&finding["message"]), text(&finding["field"])))
        .collect()
}

/// Checks an object of which so many findings of a rule are left out.
fn left_out(what: &str, text: &str, rule: &str, count: usize) {
    let report: Value = serde_json::from_str(&checked(what, text)).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let of_rule: Vec<&Value> = findings.filter(|finding| finding["rule"] == rule).collect();
    assert_eq!(of_rule.len(), 1_001, "{what}");
    let more = |finding: &&&Value| {
        finding["message"]
            .as_str()
            .unwrap()
            .contains("are left out")
    };
    let last = of_rule.iter().find(more).unwrap();
    let words =
        format!("the first 1000 findings of this rule are told, and {count} more are left out");
    assert_eq!(last["message"], words, "{what}");
    assert_eq!(last["severity"], "error", "{what}");
    assert!(
        last["field"].as_str().unwrap_or_default().is_empty(),
        "{what}"
    );
}

/// Checks a custom resource of which not everything is checked.
fn given_up(what: &str, schema: &str, value: &str) -> String {
    let told = checked(what, &custom(schema, value));
    let words = "to check this by the schema of `Foo` (`example.com/v1`) is more work than is done for one object: what follows is not checked";
    assert_eq!(told.matches(words).count(), 1, "{what}: {}", told.len());
    told
}

#[test]
fn long_lists_are_checked_to_their_end() {
    let list = "{type: object, properties: {l: {type: array, x-kubernetes-list-type: KIND}}}";
    let set = list.replace("KIND", "set, items: {type: string}");
    let told = checked(
        "set",
        &custom(
            &set,
            &format!("{{l: [{}, a7]}}", joined(20_000, |at| format!("a{at}"))),
        ),
    );
    assert_eq!(told.matches("this item is there twice").count(), 1);
    let map = list.replace(
        "KIND",
        "map, x-kubernetes-list-map-keys: [k], items: {type: object, required: [k], properties: {k: {type: string}}}",
    );
    let items = joined(20_000, |at| format!("{{k: a{at}}}"));
    let told = checked(
        "map",
        &custom(&map, &format!("{{l: [{items}, {{k: a7}}]}}")),
    );
    assert_eq!(told.matches("has the same `k` as another item").count(), 1);
}

#[test]
fn many_faults_in_one_object() {
    let fields = joined(20_000, |at| format!("f{at}: 1"));
    let told = checked(
        "fields",
        &format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: a}}, {fields}}}"),
    );
    assert_eq!(told.matches("schema/unknown-field").count(), 1_001);
    assert!(told.contains("and 19000 more are left out"));
    let kinds = joined(2_000, |at| {
        format!("{{kind: List, items: [{{apiVersion: v1, kind: K{at}, metadata: {{name: a}}}}]}}")
    });
    let kinds = format!("{{kind: List, items: [{kinds}]}}");
    assert_eq!(
        checked("kinds", &kinds)
            .matches("schema/unknown-kind")
            .count(),
        2_000
    );
}

#[test]
fn long_scalars_in_typed_fields() {
    let long = "9".repeat(1 << 20);
    for text in [
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: 'x{long}', labels: {{a: 'x{long}'}}}}\nspec: {{restartPolicy: 'x{long}', containers: [{{name: a, image: a, resources: {{limits: {{cpu: '{long}'}}}}}}]}}\n"
        ),
        format!(
            "apiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: a}}\nspec: {{schedule: '{long}', timeZone: 'x{long}'}}\n"
        ),
    ] {
        assert!(checked("scalars", &text).len() < 100_000);
    }
}

#[test]
fn definitions_that_would_take_for_ever() {
    let pattern = "{type: object, properties: {a: {type: string, pattern: '(a{1000}){1000}'}, b: {type: string, pattern: '(\\w{30}){30}'}}}";
    let told = checked("patterns", &custom(pattern, "{a: a, b: a}"));
    assert!(
        told.contains("repeats something more than 1000 times"),
        "{told}"
    );
    assert!(
        told.contains("it is too large when it is compiled"),
        "{told}"
    );
    let mut alternatives = "{required: [x]}".to_owned();
    for _ in 0..12 {
        alternatives = format!("{{anyOf: [{alternatives}, {alternatives}]}}");
    }
    let schema = format!(
        "{{type: array, items: {{type: object, properties: {{x: {{type: string}}}}, anyOf: [{alternatives}]}}}}"
    );
    checked(
        "alternatives",
        &custom(
            &schema,
            &format!("[{}]", joined(1_000, |_| "{}".to_owned())),
        ),
    );
    let rule = "self.l.all(a, self.l.all(b, self.l.all(c, self.l.all(d, a != b + c + d))))";
    let schema = format!(
        "{{type: object, properties: {{l: {{type: array, items: {{type: string}}}}}}, x-kubernetes-validations: [{{rule: \"{rule}\"}}]}}"
    );
    let told = checked(
        "loops",
        &custom(
            &schema,
            &format!("{{l: [{}]}}", joined(1_000, |at| format!("a{at}"))),
        ),
    );
    assert!(told.contains("schema/cel-cost"), "{told}");
    checked(
        "itself",
        &custom(
            "{type: object, properties: {a: {$ref: '#/properties/spec'}}}",
            "{a: {a: 1}}",
        ),
    );
    let deep = format!(
        "{}{{type: string}}{}",
        "{type: object, properties: {a: ".repeat(200),
        "}}".repeat(200)
    );
    checked("deep", &custom(&deep, "{}"));
}

#[test]
fn what_is_no_map_is_told() {
    let told = checked("no maps", "[a, b]\n---\ntext\n---\n3\n");
    assert_eq!(
        told.matches("this is no Kubernetes object").count(),
        3,
        "{told}"
    );
}

const POD: &str =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: a";

#[test]
#[allow(clippy::too_many_lines, reason = "cases are lines of a table")]
fn what_is_beyond_the_first_thousand_findings_is_counted() {
    let config_map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a";
    let cases = [
        (
            "labels",
            format!(
                "{config_map}, labels: {{{}}}}}}}",
                joined(5_000, |at| format!("a{at}: {{}}"))
            ),
            "schema/type",
            4_000,
        ),
        (
            "data",
            format!(
                "{config_map}}}, data: {{{}}}}}",
                joined(5_000, |at| format!("'a {at}': b"))
            ),
            "api/name",
            4_000,
        ),
        (
            "owners",
            format!(
                "{config_map}, ownerReferences: [{}]}}}}",
                joined(5_000, |at| format!(
                    "{{apiVersion: v1, kind: A, name: a, uid: u{at}, controller: true}}"
                ))
            ),
            "api/duplicate",
            3_999,
        ),
        (
            "volumes",
            format!(
                "{POD}, volumeMounts: [{}]}}]}}\n",
                joined(5_000, |at| format!("{{name: v{at}, mountPath: /a{at}}}"))
            ),
            "api/dangling",
            4_000,
        ),
        (
            "rules",
            format!(
                "{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: a}}, rules: [{}]}}",
                joined(5_000, |at| format!("{{verbs: [get], resources: [a{at}]}}"))
            ),
            "api/required",
            4_000,
        ),
        (
            "ports",
            format!(
                "{{apiVersion: v1, kind: Service, metadata: {{name: a}}, spec: {{ports: [{}]}}}}",
                joined(5_000, |at| format!("{{name: a{at}, port: 70000}}"))
            ),
            "api/range",
            4_000,
        ),
        (
            "keys",
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n{}",
                "  a: b\n".repeat(5_000)
            ),
            "yaml/duplicate-key",
            3_999,
        ),
    ];
    for (what, text, rule, count) in cases {
        left_out(what, &text, rule, count);
    }
}

#[test]
fn what_is_left_out_hides_nothing() {
    // The rules of what is left out, at their own severities, decide the exit code.
    let labels = joined(5_000, |at| format!("a{at}: {{}}"));
    let text = format!(
        "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: A_, labels: {{{labels}}}}}}}"
    );
    let told = messages(&checked("a name behind many labels", &text));
    assert!(
        told.iter().any(|(_, field)| field == "metadata.name"),
        "{told:?}"
    );
    let pod = POD.replace(
        "metadata: {name: a}",
        &format!("metadata: {{name: a, labels: {{{labels}}}}}"),
    );
    let text = format!("{pod}, imagePullPolicy: Sometimes}}]}}\n");
    let told = messages(&checked("a container behind many labels", &text));
    assert!(
        told.iter()
            .any(|(_, field)| field == "spec.containers[0].imagePullPolicy"),
        "{told:?}"
    );
}

#[test]
fn very_many_definitions_and_properties() {
    let definition = DEFINITION.split("---").next().unwrap();
    let many: String = (0..10_000)
        .map(|at| {
            let one =
                definition.replace("SCHEMA", "{type: object, properties: {a: {type: string}}}");
            let one = one
                .replace("foo", &format!("k{at}"))
                .replace("Foo", &format!("K{at}"));
            one + "---\n"
        })
        .collect();
    let last = "apiVersion: example.com/v1\nkind: K9999\nmetadata: {name: a}\nspec: {a: 1}\n";
    let told = messages(&checked("definitions", &(many + last)));
    assert_eq!(
        told,
        [(
            "this must be a string, and is an integer".to_owned(),
            "spec.a".to_owned()
        )]
    );

    let properties = joined(100_000, |at| format!("p{at}: {{type: string, default: a}}"));
    let required = joined(100_000, |at| format!("p{at}"));
    let schema = format!("{{type: object, required: [{required}], properties: {{{properties}}}}}");
    let told = messages(&checked("properties", &custom(&schema, "{p7: 1, q: a}")));
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(
        told[0],
        (
            "this must be a string, and is an integer".to_owned(),
            "spec.p7".to_owned()
        )
    );
    assert_eq!(told[1], ("`q` is no field".to_owned(), "spec.q".to_owned()));
}

const LIST: &str = "{type: object, properties: {l: {type: array, items: ITEM}}}";

#[test]
fn alternatives_that_double() {
    let doubled = |inner: &str, by: &dyn Fn(&str) -> String, times: usize| {
        (0..times).fold(inner.to_owned(), |inner, _| by(&inner))
    };
    let any = doubled(
        "{required: [x]}",
        &|inner| format!("{{anyOf: [{inner}, {inner}]}}"),
        15,
    );
    let one = doubled(
        "{required: [x]}",
        &|inner| format!("{{oneOf: [{inner}, {{not: {inner}}}]}}"),
        15,
    );
    let all = doubled(
        "{required: [x]}",
        &|inner| format!("{{allOf: [{inner}, {inner}]}}"),
        15,
    );
    for (what, alternatives, item) in [
        ("anyOf", any, "{}"),
        ("oneOf", one, "{x: a}"),
        ("allOf", all, "{x: a}"),
    ] {
        let item_schema = format!(
            "{{type: object, properties: {{x: {{type: string}}}}, allOf: [{alternatives}]}}"
        );
        let schema = LIST.replace("ITEM", &item_schema);
        given_up(
            what,
            &schema,
            &format!("{{l: [{}]}}", joined(1_000, |_| item.to_owned())),
        );
    }
}

#[test]
#[allow(clippy::too_many_lines, reason = "cases are lines of a table")]
fn schemas_and_values_that_multiply() {
    let item = |item: &str| LIST.replace("ITEM", item);
    let list =
        |count: usize, value: &str| format!("{{l: [{}]}}", joined(count, |_| value.to_owned()));
    let many = |count: usize, one: &str| joined(count, |at| one.replace('#', &at.to_string()));
    let cases = [
        (
            "allOf",
            item(&format!("{{type: object, properties: {{x: {{type: string}}}}, allOf: [{}]}}", many(20_000, "{required: [x]}"))),
            list(20_000, "{x: a}"),
        ),
        (
            "required",
            item(&format!("{{type: object, required: [{}]}}", many(20_000, "x#"))),
            list(20_000, "{}"),
        ),
        (
            "enum",
            item(&format!("{{type: integer, enum: [{}]}}", many(20_000, "#"))),
            list(20_000, "-1"),
        ),
        (
            "enum of maps",
            item(&format!(
                "{{type: object, x-kubernetes-preserve-unknown-fields: true, enum: [{}]}}",
                many(20_000, "{a: #}")
            )),
            list(20_000, "{b: 1}"),
        ),
        (
            "patterns",
            format!("{{type: object, properties: {{l: {{type: string, allOf: [{}]}}}}}}", many(1_000, "{pattern: '^[a-z]+$'}")),
            format!("{{l: {}}}", "a".repeat(5_000_000)),
        ),
        (
            "defaults of items",
            item(&format!(
                "{{type: object, properties: {{d: {{type: array, default: [{}], items: {{type: integer}}}}}}}}",
                many(10_000, "#")
            )),
            list(10_000, "{}"),
        ),
        (
            "defaults in defaults",
            (0..4).fold("{type: object, properties: {y: {type: string, default: a}}}".to_owned(), |inner, _| {
                let keys = many(200, "x#: {}");
                format!("{{type: object, properties: {{p: {{type: object, default: {{{keys}}}, additionalProperties: {inner}}}}}}}")
            }),
            "{}".to_owned(),
        ),
        (
            "keys of lists",
            LIST.replace(
                "type: array, items: ITEM",
                &format!(
                    "type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [{}], items: {{type: object, required: [{}], properties: {{{}}}}}",
                    many(4_000, "k#"),
                    many(4_000, "k#"),
                    many(4_000, "k#: {type: string}")
                ),
            ),
            list(50, &format!("{{{}}}", many(4_000, "k#: a"))),
        ),
    ];
    for (what, schema, value) in cases {
        given_up(what, &schema, &value);
    }
}

#[test]
fn many_objects_share_what_is_done() {
    let alternatives = (0..12).fold("{required: [x]}".to_owned(), |inner, _| {
        format!("{{anyOf: [{inner}, {inner}]}}")
    });
    let schema =
        format!("{{type: object, properties: {{x: {{type: string}}}}, anyOf: [{alternatives}]}}");
    let rule = format!("[{}]", joined(100, |_| "1".to_owned()));
    let rule = format!("{rule}.all(x, {rule}.all(y, {rule}.all(z, x == y && y == z)))");
    let dear = format!("{{type: object, x-kubernetes-validations: [{{rule: \"{rule}\"}}]}}");
    for (what, schema) in [("alternatives", schema), ("rules", dear)] {
        let object = |at: usize| {
            format!(
                "---\napiVersion: example.com/v1\nkind: Foo\nmetadata: {{name: a{at}}}\nspec: {{}}\n"
            )
        };
        let objects = (0..2_000).map(object).collect::<Vec<_>>().concat();
        let told = checked(what, &(custom(&schema, "{}") + &objects));
        assert_eq!(
            told.matches("is more work than is done for one object")
                .count(),
            2_001,
            "{what}"
        );
    }
}

#[test]
fn expressions_that_grow() {
    let rule = |rule: &str, more: &str| {
        format!(
            "{{type: object, properties: {{l: {{type: array, items: {{type: string}}}}}}, x-kubernetes-validations: [{{rule: \"{rule}\"{more}}}]}}"
        )
    };
    let value = format!("{{l: [{}]}}", joined(1_000, |at| format!("a{at}")));
    let doubled = (0..30).fold("self.l[0]".to_owned(), |inner, _| {
        format!("[{inner}].map(x, x + x)[0]")
    });
    let told = checked(
        "doubling",
        &custom(&rule(&format!("{doubled} == 'a'"), ""), &value),
    );
    assert!(
        told.contains("a rule of the schema costs more here than the API server allows"),
        "{told}"
    );
    // What is told instead of a message that is too long or too dear is the rule itself.
    let told = checked(
        "a doubling message",
        &custom(
            &rule("false", &format!(", messageExpression: \"{doubled}\"")),
            &value,
        ),
    );
    assert!(told.contains("this must hold: false"), "{told}");
    let grown = "self.l.map(a, self.l.map(b, a + b).join()).join()";
    let told = checked(
        "a growing message",
        &custom(
            &rule("false", &format!(", messageExpression: \"{grown}\"")),
            &value,
        ),
    );
    assert!(told.contains("this must hold: false"), "{told}");
    // Lists double for next to no cost, at each item.
    let lists = (0..20).fold("[[1]]".to_owned(), |inner, _| {
        format!("{inner}.map(x, x + x)")
    });
    let schema = LIST.replace(
        "ITEM",
        &format!("{{type: string, x-kubernetes-validations: [{{rule: \"{lists}.size() > 5\"}}]}}"),
    );
    given_up("doubling lists", &schema, &value);
    // Names that are near to each of many others.
    let schema = format!(
        "{{type: object, properties: {{{}}}, x-kubernetes-validations: [{}]}}",
        joined(10_000, |at| format!("prop{at}: {{type: string}}")),
        joined(10_000, |at| format!("{{rule: 'self.porp{at}'}}"))
    );
    let told = checked("names", &custom(&schema, "{}"));
    assert!(
        told.contains("the first 1000 findings of this rule are told, and 9000 more"),
        "{}",
        told.len()
    );
}

#[test]
fn definitions_whose_parts_multiply() {
    let many = |count: usize, one: &str| joined(count, |at| one.replace('#', &at.to_string()));
    let narrowed = format!(
        "{{type: object, properties: {{{}}}, anyOf: [{{properties: {{{}}}}}]}}",
        many(20_000, "p#: {type: string}"),
        many(20_000, "q#: {minLength: 1}")
    );
    let told = checked("narrowed properties", &custom(&narrowed, "{}"));
    assert!(
        told.contains("and 19000 more are left out"),
        "{}",
        told.len()
    );
    let keys = format!(
        "{{type: object, properties: {{l: {{type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [{}], items: {{type: object, properties: {{{}}}}}}}}}}}",
        many(20_000, "p#"),
        many(20_000, "p#: {type: string}")
    );
    let told = checked("keys", &custom(&keys, "{}"));
    assert!(
        told.contains("and 19000 more are left out"),
        "{}",
        told.len()
    );
    let wanting = format!(
        "{{type: object, properties: {{a: {{type: object, default: {{}}, required: [{}], properties: {{{}}}}}}}}}",
        many(20_000, "p#"),
        many(20_000, "p#: {type: string}")
    );
    let told = checked("a default that lacks much", &custom(&wanting, "{}"));
    assert!(
        told.contains("to check this by this schema is more work than is done for one object"),
        "{}",
        told.len()
    );
    let deep = (0..40).fold(
        format!(
            "{{type: object, default: {{}}, properties: {{{}}}}}",
            many(20_000, "p#: {type: string}")
        ),
        |inner, _| format!("{{type: object, default: {{}}, properties: {{a: {inner}}}}}"),
    );
    let told = checked("defaults above each other", &custom(&deep, "{}"));
    assert!(
        told.contains("to check this by this schema is more work than is done for one object"),
        "{}",
        told.len()
    );
}
