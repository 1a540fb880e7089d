//! Hostile projects end, with findings or exit code 2, and write nothing. An unbounded one would never end.

use std::fmt::Write as _;

use crate::project::Project;

const OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

/// Renders a project that must be refused.
fn refused(what: &str, project: &Project) {
    let output = project.run(&["render"]);
    assert_eq!(
        output.code, 2,
        "{what}: {} {}",
        output.stdout, output.stderr
    );
    assert!(!output.stderr.is_empty(), "{what}");
    assert_eq!(project.rendered(), Vec::new(), "{what}");
}

fn template(text: &str) -> Project {
    Project::new(&[
        ("templates/demo/x.yaml", text),
        (
            "templates/demo/good.yaml",
            &OBJECT.replace("name: a", "name: good"),
        ),
    ])
}

#[test]
fn templates_that_never_end_or_give_too_much() {
    refused(
        "loop",
        &template(
            "{% for i in range(100000) %}{% for j in range(100000) %}{% for k in range(100000) %}x{% endfor %}{% endfor %}{% endfor %}",
        ),
    );
    refused(
        "recursion",
        &template("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"),
    );
    refused("include", &template("{% include 'demo/x.yaml' %}"));
    refused(
        "output",
        &template("{% for i in range(100000) %}{{ 'x' * 10000 }}{% endfor %}"),
    );
    refused(
        "memory",
        &template(
            "{% set ns = namespace(x='xxxxxxxx') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        ),
    );
    refused("huge string", &template("a: {{ 'x' * 100000000000 }}"));
}

#[test]
fn yaml_that_is_too_deep_or_grows() {
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", "")] {
        refused(
            open,
            &template(&format!(
                "{OBJECT}data: \n  {}{}\n",
                open.repeat(100_000),
                close.repeat(100_000)
            )),
        );
    }
    let mut laughs = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(laughs, "a{level}: &a{level} [{before}]").unwrap();
    }
    refused(
        "billion laughs in a template",
        &template(&format!("{OBJECT}{laughs}")),
    );
    refused(
        "billion laughs in values",
        &Project::new(&[
            ("templates/demo/x.yaml", OBJECT),
            ("values/common.yaml", &laughs),
        ]),
    );
    refused(
        "an alias of itself",
        &template("apiVersion: v1\nkind: ConfigMap\nmetadata: &m {name: a, labels: *m}\n"),
    );
}

#[test]
fn names_that_lead_elsewhere() {
    for name in ["../../../evil", "/etc/passwd", "a\\u0000b", "a/b"] {
        let text = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: \"{name}\"}}\n");
        refused(name, &template(&text));
    }
    refused(
        "file()",
        &template(&format!(
            "{OBJECT}data: {{x: {{{{ file('../tympan.yaml') }}}}}}\n"
        )),
    );
    refused("include", &template("{% include '../tympan.yaml' %}"));
}

#[test]
fn bytes_that_are_no_text() {
    let project = template(OBJECT);
    project.write("templates/demo/bad.yaml", b"apiVersion: v1\nkind: \xff\n");
    refused("invalid UTF-8 in a template", &project);
    let project = template(OBJECT);
    project.write("values/dev.yaml", b"a: \xc3\n");
    refused("invalid UTF-8 in values", &project);
    refused(
        "NUL in a template",
        &template("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: a\0b}\n"),
    );
}

#[test]
fn large_scalars_are_no_problem() {
    let large = "x".repeat(64 << 10);
    let project = Project::new(&[
        (
            "templates/demo/x.yaml",
            &format!("{OBJECT}data: {{a: {{{{ values.x }}}}, b: {large}}}\n"),
        ),
        ("values/dev.yaml", &format!("x: {large}\n")),
    ]);
    let output = project.run(&["render"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
}

#[cfg(unix)]
#[test]
fn symbolic_links_out_of_the_project() {
    let project = template(OBJECT);
    std::os::unix::fs::symlink("/etc/passwd", project.path("templates/demo/link.txt")).unwrap();
    refused("a linked file", &project);
    let project = template(OBJECT);
    std::os::unix::fs::symlink("/etc", project.path("templates/link")).unwrap();
    refused("a linked folder", &project);
    let project = template(OBJECT);
    std::os::unix::fs::symlink("/tmp", project.path("rendered")).unwrap();
    let output = project.run(&["render"]);
    assert_eq!(output.code, 2, "{}", output.stderr);
}

#[test]
fn a_secret_value_is_in_no_message() {
    let secret = "hunter2-hunter2";
    for expression in [
        "values.secret | safe",
        "values.secret + 1",
        "values.secret.x",
        "values.secret | b64decode",
        "values.secret | quantity",
        "values.secret | semver_matches('>=1')",
        "values.map ~ values.nope",
    ] {
        let text = format!("{OBJECT}data: {{x: {{{{ {expression} }}}}}}\n");
        let project = Project::new(&[
            ("templates/demo/x.yaml", &text),
            (
                "values/dev.yaml",
                &format!("secret: {secret}\nmap: {{a: {secret}}}\n"),
            ),
        ]);
        let output = project.run(&["render"]);
        assert_eq!(output.code, 2, "{expression}");
        assert!(
            !output.stderr.contains(secret),
            "{expression}: {}",
            output.stderr
        );
    }
}

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

/// Checks plain manifests, which must end with findings, and soon: even an unoptimised program on a busy machine takes
/// less than this, and what grows with the square of its input takes minutes.
fn checked(what: &str, text: &str) -> String {
    let project = Project::new(&[("input/x.yaml", text)]);
    let before = std::time::Instant::now();
    let output = project.run(&["check", "--format", "json", "input/x.yaml"]);
    assert_eq!(output.code, 1, "{what}: {}", output.stderr);
    assert!(before.elapsed().as_secs() < 30, "{what}");
    output.stdout
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
    assert!(told.contains("and 19000 more from here on are left out"));
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
