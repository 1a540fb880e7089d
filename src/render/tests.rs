//! Tests of typed interpolation and of the way back, over whole templates.

use std::sync::Arc;

use minijinja::Value;
use serde_json::json;

use super::{Engine, Limits, Reads, Rendered, Scope, Target, TemplateFile};
use crate::finding::Finding;
use crate::source::{FileId, SourceMap, Span};
use crate::values::{Layer, Values, merge};
use crate::yaml;

pub(super) struct Project {
    pub(super) sources: SourceMap,
    pub(super) engine: Engine,
    pub(super) compile: Vec<Finding>,
    pub(super) scope: Arc<Scope>,
    pub(super) reads: Arc<Reads>,
}

pub(super) fn limits() -> Limits {
    Limits {
        fuel: 10_000_000,
        output: 1 << 20,
        yaml: yaml::Limits::default(),
    }
}

fn values(sources: &mut SourceMap, text: &str) -> Values {
    let file = sources.add("values/common.yaml", text);
    let mut stream = yaml::read(sources.file(file).text(), &yaml::Limits::default());
    assert!(stream.problems.is_empty(), "{:?}", stream.problems);
    let layers: Vec<Layer> = stream
        .documents
        .pop()
        .map(|document| Layer { file, document })
        .into_iter()
        .collect();
    merge(&layers)
}

/// Makes a project of files below `templates/`; names that end in `.yaml` are templates.
pub(super) fn project(files: &[(&str, &str)], values_text: &str) -> Project {
    limited(files, values_text, limits())
}

pub(super) fn limited(files: &[(&str, &str)], values_text: &str, limits: Limits) -> Project {
    let mut sources = SourceMap::new();
    let values = values(&mut sources, values_text);
    let files: Vec<TemplateFile> = files
        .iter()
        .map(|(path, text)| TemplateFile {
            path: (*path).to_owned(),
            file: sources.add(format!("templates/{path}"), *text),
            template: !path.contains(".conf"),
        })
        .collect();
    let (engine, compile) = Engine::new(&sources, &files, limits);
    let scope = Arc::new(Scope::new(Arc::new(values)));
    Project {
        sources,
        engine,
        compile,
        scope,
        reads: Arc::default(),
    }
}

impl Project {
    pub(super) fn render(&self, name: &str) -> Result<Rendered, Vec<Finding>> {
        let target = Target {
            environment: "dev".into(),
            namespace: "demo".into(),
            project: Value::from(()),
        };
        self.engine
            .render(&self.sources, name, &target, &self.scope, &self.reads)
    }

    fn text(&self, file: FileId, span: Span) -> &str {
        self.sources.file(file).slice(span)
    }
}

/// Renders one template and returns its documents as JSON.
fn rendered(template: &str, values_text: &str) -> serde_json::Value {
    let project = project(&[("demo/x.yaml", template)], values_text);
    assert!(project.compile.is_empty(), "{:?}", project.compile);
    let rendered = project
        .render("demo/x.yaml")
        .unwrap_or_else(|findings| panic!("{findings:?}"));
    let mut documents: Vec<_> = rendered
        .documents
        .iter()
        .map(|document| yaml::to_json(document.root()))
        .collect();
    if documents.len() == 1 {
        documents.remove(0)
    } else {
        documents.into()
    }
}

/// Renders one template that must fail, and returns the findings with the text each points at.
pub(super) fn failures(files: &[(&str, &str)], values_text: &str) -> Vec<(String, String, String)> {
    let project = project(files, values_text);
    let mut findings = project.compile.clone();
    if findings.is_empty() {
        findings = project
            .render(files[0].0)
            .map_or_else(|findings| findings, |_| Vec::new());
    }
    let show = |finding: &Finding| {
        let at = project
            .text(finding.primary.file, finding.primary.span)
            .to_owned();
        (finding.rule.to_string(), at, finding.message.clone())
    };
    findings.iter().map(show).collect()
}

const HOSTILE: &[&str] = &[
    "yes",
    "no",
    "on",
    "off",
    "y",
    "n",
    "null",
    "~",
    "true",
    "0777",
    "0o17",
    "0x1F",
    "1_000",
    "1e3",
    "1.0",
    ".inf",
    "12:30:45",
    "2001-01-01",
    "a: b",
    "- x",
    "#c",
    "a #b",
    "? a",
    "[a]",
    "{a: b}",
    "*a",
    "&a",
    "!a",
    "%a",
    "@a",
    "`a",
    "|",
    ">",
    "'",
    "\"",
    "\\",
    "a\nb",
    "\n",
    "\n\n a\n",
    " a ",
    "\t",
    "",
    "---",
    "...",
    "é🙂",
    "{{ x }}",
    "<<",
    "=",
    "a: b\nc: d",
    "---\nkind: Pod",
    "\u{1}",
    "\r\n",
    "\u{85}\u{2028}",
    "\u{F0000}\u{100000}",
];

#[test]
fn a_scalar_that_is_one_expression_keeps_the_type_of_its_value() {
    for text in HOSTILE {
        let values = json!({ "x": text }).to_string();
        assert_eq!(
            rendered("a: {{ values.x }}", &values),
            json!({ "a": text }),
            "{text:?}"
        );
    }
    let values = r#"{"i": 9007199254740993, "f": 1.5, "b": false, "z": [null], "l": [1, "yes"], "m": {"k": {"on": "x"}}}"#;
    let template = "i: {{ values.i }}\nf: {{ values.f }}\nb: {{ values.b }}\nz: {{ values.z[0] }}\nl: {{ values.l }}\nm: {{ values.m }}\n";
    let expected = json!({"i": 9_007_199_254_740_993_i64, "f": 1.5, "b": false, "z": null, "l": [1, "yes"], "m": {"k": {"on": "x"}}});
    assert_eq!(rendered(template, values), expected);
}

#[test]
fn a_quotient_that_is_whole_is_an_integer() {
    // So it is once Kubernetes has read it, and fields that take integers are checked as such.
    let template = "a: {{ 6 / 2 }}\nb: {{ 7 / 2 }}\nc: {{ values.x }}";
    assert_eq!(
        rendered(template, "x: 2.0"),
        json!({"a": 3, "b": 3.5, "c": 2})
    );
}

#[test]
fn text_and_expressions_make_a_string() {
    for text in HOSTILE {
        let values = json!({ "x": text }).to_string();
        assert_eq!(
            rendered("a: p{{ values.x }}s", &values),
            json!({ "a": format!("p{text}s") }),
            "{text:?}"
        );
        assert_eq!(
            rendered("a: \"{{ values.x }}\"", &values),
            json!({ "a": text }),
            "{text:?}"
        );
        assert_eq!(
            rendered("a: 'p {{ values.x }}'", &values),
            json!({ "a": format!("p {text}") }),
            "{text:?}"
        );
        assert_eq!(
            rendered("a: |\n  p\n  {{ values.x }}\n", &values),
            json!({ "a": format!("p\n{text}\n") }),
            "{text:?}"
        );
        assert_eq!(
            rendered("a: >-\n  p\n  {{ values.x }}\n", &values),
            json!({ "a": format!("p {text}") }),
            "{text:?}"
        );
        assert_eq!(
            rendered("{{ values.x }}: 1", &values),
            json!({ text.to_owned(): 1 }),
            "{text:?}"
        );
        assert_eq!(
            rendered("a: [{{ values.x }}, 'b']", &values),
            json!({ "a": [text, "b"] }),
            "{text:?}"
        );
        assert_eq!(
            rendered("a: {k-{{ values.x }}: {{ values.x }}}", &values),
            json!({ "a": { format!("k-{text}"): text } }),
            "{text:?}"
        );
        assert_eq!(
            rendered("# {{ values.x }}\na: 1 # {{ values.x }}", &values),
            json!({ "a": 1 }),
            "{text:?}"
        );
    }
    let values = r#"{"i": 9007199254740993, "f": 1.5, "b": true}"#;
    assert_eq!(
        rendered("a: v{{ values.i }}-{{ values.f }}-{{ values.b }}", values),
        json!({"a": "v9007199254740993-1.5-true"})
    );
    assert_eq!(
        rendered("a: '{{ values.i }}'", values),
        json!({"a": "9007199254740993"})
    );
}

#[test]
fn a_collection_or_null_in_text_is_refused_where_it_stands() {
    for (template, at) in [
        ("a: x{{ values.m }}", "{{ values.m }}"),
        ("a: \"{{ values.l }}\"", "{{ values.l }}"),
        ("a: |\n  {{ values.m }}", "{{ values.m }}"),
        ("{{ values.m }}: 1", "{{ values.m }}"),
        ("a: b{{ values.x }}c{{ values.z[0] }}", "{{ values.z[0] }}"),
    ] {
        let found = failures(
            &[("demo/x.yaml", template)],
            "{m: {a: b}, l: [1], z: [null], x: 1}",
        );
        assert_eq!(found.len(), 1, "{template}: {found:?}");
        assert_eq!(
            (found[0].0.as_str(), found[0].1.as_str()),
            ("template/collection-in-text", at),
            "{template}"
        );
    }
}

#[test]
fn macros_includes_and_blocks_give_yaml_and_keep_types() {
    let shared = "{% macro labels(name, port) %}\napp: {{ name }}\nport: {{ port }}\n{% endmacro %}\n{% macro full(n) %}{{ environment }}-{{ n }}{% endmacro %}";
    let main = "{% from '_lib.yaml' import labels, full %}\nmetadata:\n  labels:\n    {{ labels(values.x, values.i) | indent(4) }}\nname: {{ full(values.x) }}\n{% include '_part.yaml' %}\n{% set t %}v{{ values.i }}{% endset %}\nt: {{ t }}\nsame: {{ t == 'v1' }}\nup: {{ full('a') | upper }}\n{% if full('a') == 'dev-a' %}ok: true\n{% endif %}{% for c in full('a') %}\nc{{ loop.index }}: {{ c }}\n{% endfor %}";
    let project = project(
        &[
            ("demo/x.yaml", main),
            ("_lib.yaml", shared),
            ("_part.yaml", "part: {{ values.x }}\n"),
        ],
        "{x: 'yes', i: 1}",
    );
    assert!(project.compile.is_empty(), "{:?}", project.compile);
    let rendered = project
        .render("demo/x.yaml")
        .unwrap_or_else(|findings| panic!("{findings:?}"));
    let expected = json!({
        "metadata": {"labels": {"app": "yes", "port": 1}}, "name": "dev-yes", "part": "yes", "t": "v1", "same": true,
        "up": "DEV-A", "ok": true, "c1": "d", "c2": "e", "c3": "v", "c4": "-", "c5": "a",
    });
    assert_eq!(yaml::to_json(rendered.documents[0].root()), expected);
}

#[test]
fn a_node_leads_back_to_its_template_and_value() {
    let shared = "{% macro ports(list) %}\n{% for p in list %}\n- name: é{{ p.name }}\n  port: {{ p.port }}\n{% endfor %}\n{% endmacro %}";
    let main = "{% from '_lib.yaml' import ports %}\r\nspec:\r\n  ports:\r\n    {{ ports(values.ports) | indent(4) }}\r\n  type: {{ values.type }}\r\n";
    let values = "type: Node\nports:\n- {name: http, port: 80}\n- {name: x, port: 99}\n";
    let project = project(&[("demo/x.yaml", main), ("_lib.yaml", shared)], values);
    let rendered = project
        .render("demo/x.yaml")
        .unwrap_or_else(|findings| panic!("{findings:?}"));
    let root = rendered.documents[0].root();
    let at = |node: yaml::Node<'_>| {
        let traced = rendered.trace.node(node, project.scope.values());
        let text = |location: &crate::source::Location| {
            project.text(location.file, location.span).to_owned()
        };
        let values: Vec<String> = traced.values.iter().map(text).collect();
        let calls: Vec<String> = traced.calls.iter().map(text).collect();
        (text(&traced.template), calls.join("|"), values.join("|"))
    };
    let owned = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
    let call = "{{ ports(values.ports) | indent(4) }}";
    assert_eq!(
        at(root.path(&["spec", "type"]).unwrap()),
        owned("{{ values.type }}", "", "Node")
    );
    assert_eq!(at(root.entry("spec").unwrap().0), owned("spec", "", ""));
    let second = root
        .path(&["spec", "ports"])
        .unwrap()
        .items()
        .nth(1)
        .unwrap();
    assert_eq!(
        at(second.get("port").unwrap()),
        owned("{{ p.port }}", call, "99")
    );
    assert_eq!(at(second.entry("port").unwrap().0), owned("port", call, ""));
    assert_eq!(
        at(second.get("name").unwrap()),
        owned("é{{ p.name }}", call, "x")
    );
}

#[test]
fn failures_point_at_the_place_to_mend() {
    let one = |template: &str| {
        let found = failures(
            &[("demo/x.yaml", template)],
            "{openmrs: {backend: {replicas: 1}}, name: x}",
        );
        assert_eq!(found.len(), 1, "{template}: {found:?}");
        found.into_iter().next().unwrap()
    };
    let owned = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
    assert_eq!(
        one("é: 1\na: {{ values.openmrs.backnd.replicas }}"),
        owned(
            "template/undefined",
            "backnd",
            "`values.openmrs` has no `backnd`; did you mean `backend`?"
        )
    );
    assert_eq!(
        one("a: {{ valus.x }}"),
        owned(
            "template/undefined",
            "valus",
            "`valus` is not defined; did you mean `values`?"
        )
    );
    assert_eq!(one("a: {{ values.name | uper }}").0, "template/syntax");
    assert_eq!(one("a: {{ $labels.x }}").0, "template/syntax");
    assert_eq!(one("a: 1\n{% for x in values.name %}").0, "template/syntax");
    assert_eq!(one("a: {{ values.name | safe }}").1, "safe");
    assert_eq!(one("a: {{ fail('no ' ~ values.name) }}").2, "no x");
    assert_eq!(one("{% include 'nope.yaml' %}").0, "template/include");
    assert_eq!(
        one("a: {{ file('../../etc/passwd') }}").0,
        "template/failed"
    );
    assert_eq!(
        one("{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}").0,
        "template/limit"
    );
    assert_eq!(
        one("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}").0,
        "template/limit"
    );
    assert_eq!(one("a: &{{ values.name }} 1").0, "template/placement");
    assert_eq!(one("a: {{ 1.0 / 0 }}").0, "template/failed");
}

#[test]
fn hostile_templates_end_with_a_finding_or_a_document() {
    for template in [
        "{% set ns = namespace(x=[]) %}{% for i in range(100000) %}{% set ns.x = [ns.x] %}{% endfor %}a: 1",
        "{% set ns = namespace(x=[]) %}{% for i in range(50) %}{% set ns.x = [ns.x] %}{% endfor %}a: {{ ns.x }}",
        "{% set ns = namespace(x='a') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}a: {{ ns.x }}",
        "{% set ns = namespace(x='a') %}{% for i in range(60) %}{% set ns.x = ns.x * 1000 %}{% endfor %}a: 1",
        "a: {{ 'x' * 100000000000 }}",
        "{% macro a(n) %}{{ b(n) }}{% endmacro %}{% macro b(n) %}{{ a(n) }}{% endmacro %}{{ a(1) }}",
        "{% include 'demo/x.yaml' %}",
        "{% extends 'demo/x.yaml' %}",
        "a: {{ range(100000) | list | join(',') | length }}",
        "a: {{ ((((((((((((((((((((((((((((((((((((1)))))))))))))))))))))))))))))))))))) }}",
    ] {
        let project = project(&[("demo/x.yaml", template)], "{}");
        if project.compile.is_empty() {
            drop(project.render("demo/x.yaml"));
        }
    }
}

#[test]
fn an_import_of_what_a_file_does_not_define_names_the_file() {
    const LIB: &str = "{% macro metadata(name) %}metadata: {name: {{ name }}}{% endmacro %}\n{% set other = 1 %}\n{% if values.x %}{% set perhaps = 1 %}{% endif %}\n";
    for (template, message, at) in [
        (
            "{% from '_lib.yaml' import metdata %}\n{{ metdata('a') }}",
            "`templates/_lib.yaml` does not define `metdata`; did you mean `metadata`?",
            "metdata('a')",
        ),
        (
            "{% from './_lib.yaml' import other, metdata as m %}\n- {{ other }}\n- é {{ m('a') | upper }}",
            "`templates/_lib.yaml` does not define `metdata`; did you mean `metadata`?",
            "m('a')",
        ),
        (
            "{% import '_lib.yaml' as lib %}\n{{ lib.metdata('a') }}",
            "`templates/_lib.yaml` does not define `metdata`; did you mean `metadata`?",
            "metdata('a')",
        ),
        (
            "{% import '_lib.yaml' as lib %}\n{{ lib.metadata('a') }}\nx: {{ lib.nothing }}",
            "`templates/_lib.yaml` does not define `nothing`",
            "nothing }}",
        ),
        (
            "{% from '_lib.yaml' import othr %}\nx: {{ othr }}",
            "`templates/_lib.yaml` does not define `othr`; did you mean `other`?",
            "othr }}",
        ),
        (
            "{% from '_lib.yaml' import perhaps %}\nx: {{ perhaps() }}",
            "`perhaps` is undefined and cannot be called",
            "perhaps()",
        ),
    ] {
        let project = project(&[("_lib.yaml", LIB), ("demo/x.yaml", template)], "x: false");
        let findings = project.render("demo/x.yaml").unwrap_err();
        let finding = &findings[0];
        assert_eq!(finding.message, message, "{template}");
        assert_eq!(finding.rule.as_str(), "template/undefined", "{template}");
        let start = template.rfind(at).unwrap();
        assert_eq!(finding.primary.span.start as usize, start, "{template}");
        if message.contains("define `") {
            let imported = &finding.related[0];
            assert_eq!(imported.label, "imported here");
            let name = project.text(imported.file, imported.span);
            assert!(["metdata", "m", "lib", "othr"].contains(&name), "{name}");
        }
    }
    // What is imported and never used, or asked for, is no fault.
    let asked = "{% from '_lib.yaml' import nope %}\na: {{ nope is defined }}";
    let project = project(&[("_lib.yaml", LIB), ("demo/x.yaml", asked)], "x: false");
    assert!(project.render("demo/x.yaml").is_ok());
}

/// A template, and what it makes of a string.
type Context = (&'static str, fn(&str) -> serde_json::Value);

/// What a template may do with a value `x`, and what is expected of a string there.
const CONTEXTS: &[Context] = &[
    ("a: {{ values.x }}", |x| json!({ "a": x })),
    ("a: p{{ values.x }}s", |x| json!({ "a": format!("p{x}s") })),
    ("a: \"{{ values.x }}\"", |x| json!({ "a": x })),
    (
        "a: '{{ values.x }}-{{ values.x }}'",
        |x| json!({ "a": format!("{x}-{x}") }),
    ),
    (
        "a: |\n  {{ values.x }}\n",
        |x| json!({ "a": format!("{x}\n") }),
    ),
    (
        "a: |-\n  p\n  {{ values.x }}",
        |x| json!({ "a": format!("p\n{x}") }),
    ),
    ("{{ values.x }}: 1", |x| json!({ x: 1 })),
    ("\"{{ values.x }}\": 1", |x| json!({ x: 1 })),
    (
        "a: [{{ values.x }}, {k: {{ values.x }}}]",
        |x| json!({ "a": [x, { "k": x }] }),
    ),
    ("- {{ values.x }}\n- - {{ values.x }}", |x| json!([x, [x]])),
    (
        "{% macro m(v) %}k: {{ v }}\n{% endmacro %}a:\n  {{ m(values.x) | indent(2) }}",
        |x| json!({ "a": { "k": x } }),
    ),
    (
        "{% set b %}k: {{ values.x }}{% endset %}a: { {{ b }} }",
        |x| json!({ "a": { "k": x } }),
    ),
    (
        "a: {{ [values.x] }}\nb: {{ {'k': values.x} }}",
        |x| json!({ "a": [x], "b": { "k": x } }),
    ),
    (
        "{% for v in [values.x] %}a: {{ v }}{% endfor %}",
        |x| json!({ "a": x }),
    ),
    (
        "a: {{ values.x ~ '' }}\n# {{ values.x }}",
        |x| json!({ "a": x }),
    ),
    (
        "a: {{ values.x | to_json }}",
        |x| json!({ "a": serde_json::to_string(x).unwrap() }),
    ),
    (
        "a: {{ values.m | to_yaml }}",
        |x| json!({ "a": { "k": x } }),
    ),
    ("<<: {{ values.m }}\nz: 1", |x| json!({ "k": x, "z": 1 })),
    (
        "{% filter indent(2, true) %}k: {{ values.x }}{% endfilter %}",
        |x| json!({ "k": x }),
    ),
];

mod properties {
    use proptest::prelude::*;

    use super::*;
    use crate::yaml::write;

    fn any_text() -> impl Strategy<Value = String> {
        prop_oneof![
            prop::sample::select(HOSTILE).prop_map(str::to_owned),
            "[ \n\t:#\\-?,\\[\\]{}&*!|>'\"%@`=<~yn01.e+_xoé🙂\u{85}\u{2028}\u{1}\u{feff}]{0,12}",
            any::<String>(),
        ]
        .prop_filter("the delimiters are refused in the input", |text| {
            !super::super::marks::holds_delimiter(text)
        })
    }

    proptest! {
        #[test]
        fn any_string_in_any_context_is_read_back(text in any_text()) {
            let values = json!({ "x": text, "m": { "k": text } }).to_string();
            for (template, expected) in CONTEXTS {
                let project = project(&[("demo/x.yaml", template)], &values);
                let rendered = project.render("demo/x.yaml");
                let rendered = rendered.unwrap_or_else(|findings| panic!("{template:?} {text:?}: {findings:?}"));
                prop_assert_eq!(rendered.documents.len(), 1, "{} {:?}", template, text);
                let root = rendered.documents[0].root();
                prop_assert_eq!(yaml::to_json(root), expected(&text), "{}", template);
                // And once more through the text that is written.
                let written: Arc<str> = write(root).into();
                let again = yaml::read(&written, &yaml::Limits::default());
                prop_assert_eq!(yaml::to_json(again.documents[0].root()), expected(&text), "{}", written);
            }
        }

        #[test]
        fn a_value_leads_back_to_its_line_in_any_context(text in "[a-z]{1,8}") {
            let values = json!({ "x": text, "m": { "k": text } }).to_string();
            for (template, _) in CONTEXTS.iter().filter(|(template, _)| template.contains("values.x }}") && !template.contains('~')) {
                let project = project(&[("demo/x.yaml", template)], &values);
                let rendered = project.render("demo/x.yaml").unwrap();
                let document = &rendered.documents[0];
                let nodes = (0..document.len()).filter_map(|index| document.node(index));
                let places: Vec<String> = nodes
                    .flat_map(|node| rendered.trace.node(node, project.scope.values()).values)
                    .map(|place| project.text(place.file, place.span).to_owned())
                    .collect();
                prop_assert!(!places.is_empty(), "{}", template);
                prop_assert!(places.iter().all(|place| *place == format!("\"{text}\"")), "{} {:?}", template, places);
            }
        }
    }
}
