//! What is said about a failure: what was misspelt, where, and what else has to do with it.

use serde_json::json;

use crate::render::Limits;
use crate::render::functions::{FILTERS, TESTS};
use crate::render::tests::{Project, failures, limited, limits, project};
use crate::yaml;

const VALUES: &str = "gateway:
  replicas: 2
  image: {registry: docker.io, repository: nginx, tag: '1.27'}
  name: gw
list: [1, 2, 3]
items:
- {name: a, port: 80}
- {name: b}
";

const SHARED: &str = "{% macro image(of) %}{{ of.registry }}/{{ of.repository }}{% endmacro %}
{% macro container(name, image, replicas=1, extra='') %}
- {{ name }}
- {{ image }}
- {{ replicas }}
{% if extra %}
- {{ extra }}
{% endif %}
{% endmacro %}
{% macro nested(name, of) %}
- {{ name }}: {{ image(of) }}
{% endmacro %}
{% macro deeper(name, of) %}
{{ nested(name, of) }}
{% endmacro %}
{% macro wrap(name) %}
- {{ name }}: {{ caller() }}
{% endmacro %}
{% macro each(list) %}
{% for item in list %}
- {{ caller(item) }}
{% endfor %}
{% endmacro %}
{% macro if_more(replicas) %}
{% if replicas > 1 %}
- 1
{% endif %}
{% endmacro %}
{% macro asks(a) %}
- {{ a is defined }}
- {{ a | default('none') }}
{% endmacro %}
{% macro stop() %}{{ fail('never') }}{% endmacro %}
";

const HEAD: &str = "{% import '_m.yaml' as m %}\n{% set gateway = values.gateway %}\n";

fn small(template: &str) -> Project {
    let files = [
        ("demo/x.yaml", template),
        ("_m.yaml", SHARED),
        ("_part.yaml", "- {{ thing }}\n"),
        (
            "_base.yaml",
            "{% block a %}- {{ values.nope }}{% endblock %}\n",
        ),
        ("_vars.yaml", "{% set gateway = values.gatewy %}\n"),
    ];
    project(&files, VALUES)
}

/// Fails one template, and returns the message, the text it points at with its file and line, and what is related.
fn failure(template: &str) -> (String, String, Vec<String>) {
    let project = small(template);
    let findings = match project.compile.as_slice() {
        [] => project
            .render("demo/x.yaml")
            .map_or_else(|it| it, |_| Vec::new()),
        compile => compile.to_vec(),
    };
    assert_eq!(findings.len(), 1, "{template}: {findings:?}");
    let finding = &findings[0];
    let place = |place: &crate::source::Location| {
        let source = project.sources.file(place.file);
        let file = source.path().strip_prefix("templates/").unwrap();
        let line = source.position(place.span.start).line;
        format!("{file}:{line}: {}", source.slice(place.span))
    };
    let related = finding.related.iter();
    let related = related.map(|it| format!("{} {}", it.label, place(it)));
    let message = finding.message.clone();
    (message, place(&finding.primary), related.collect())
}

/// A template, the message, the place of it, and the related places.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
);

fn check(cases: &[Case]) {
    for (template, message, place, related) in cases {
        let found = failure(template);
        assert_eq!(found.0, *message, "{template}");
        assert_eq!(found.1, *place, "{template}");
        assert_eq!(found.2, *related, "{template}");
    }
}

const IMGAE: &str =
    "`gateway.imgae` is not defined: `values.gateway` has no `imgae`; did you mean `image`?";
const NOPE: &str = "`values` has no `nope`";

/// Puts the head before each template: the misspelling is on line 3.
fn check_below_head(cases: &[Case]) {
    for (template, message, place, related) in cases {
        let template: &'static str = format!("{HEAD}{template}").leak();
        check(&[(template, message, place, related)]);
    }
}

#[test]
fn a_misspelt_argument_is_told_at_its_call() {
    check_below_head(&[
        (
            "{{ m.container('x', gateway.imgae, 3) }}",
            IMGAE,
            "demo/x.yaml:3: imgae",
            &["used here _m.yaml:4: image"],
        ),
        (
            "{{ m.container('x', image=gateway.imgae) }}",
            IMGAE,
            "demo/x.yaml:3: imgae",
            &["used here _m.yaml:4: image"],
        ),
        (
            "{{ m.container('é',\r\n   image=\r\n gateway.imgae) | indent(2) }}",
            IMGAE,
            "demo/x.yaml:5: imgae",
            &["used here _m.yaml:4: image"],
        ),
        (
            "{{ m.container('x', image=gateway['imgae']) }}",
            "`gateway['imgae']` is not defined: `values.gateway` has no `imgae`; did you mean `image`?",
            "demo/x.yaml:3: imgae",
            &["used here _m.yaml:4: image"],
        ),
        (
            "{{ m.container('x', image=values.gateway.imgae) }}",
            "`values.gateway` has no `imgae`; did you mean `image`?",
            "demo/x.yaml:3: imgae",
            &["used here _m.yaml:4: image"],
        ),
        (
            "{{ m.if_more(gateway.replcas) }}",
            "`gateway.replcas` is not defined: `values.gateway` has no `replcas`; did you mean `replicas`?",
            "demo/x.yaml:3: replcas",
            &["used here _m.yaml:25: replicas > 1"],
        ),
        (
            "{{ m.container(nam, image=1) }}",
            "`nam` is not defined",
            "demo/x.yaml:3: nam",
            &["used here _m.yaml:3: name"],
        ),
        (
            "{{ m.deeper('x', gateway.imgae) }}",
            IMGAE,
            "demo/x.yaml:3: imgae",
            &[
                "used here _m.yaml:1: of.registry",
                "reached from here _m.yaml:11: {{ image(of) }}",
                "reached from here _m.yaml:14: {{ nested(name, of) }}",
            ],
        ),
        (
            "{{ m.deeper('x', gateway) }}",
            "`of.registry` is not defined: `values.gateway` has no `registry`",
            "_m.yaml:1: registry",
            &[
                "reached from here _m.yaml:11: {{ image(of) }}",
                "reached from here _m.yaml:14: {{ nested(name, of) }}",
                "reached from here demo/x.yaml:3: {{ m.deeper('x', gateway) }}",
            ],
        ),
        (
            "{% set more = {'image': gateway.imgae} %}\n{{ m.container('x', **more) }}",
            IMGAE,
            "demo/x.yaml:3: imgae",
            &[
                "used here _m.yaml:4: image",
                "reached from here demo/x.yaml:4: {{ m.container('x', **more) }}",
            ],
        ),
        (
            "{% set list = ['x', gateway.imgae] %}\n{{ m.container(*list) }}",
            IMGAE,
            "demo/x.yaml:3: imgae",
            &[
                "used here _m.yaml:4: image",
                "reached from here demo/x.yaml:4: {{ m.container(*list) }}",
            ],
        ),
        (
            "{% call m.wrap(gateway.imgae) %}1{% endcall %}",
            IMGAE,
            "demo/x.yaml:3: imgae",
            &["used here _m.yaml:17: name"],
        ),
        (
            "{% call m.wrap('x') %}{{ gateway.imgae }}{% endcall %}",
            IMGAE,
            "demo/x.yaml:3: imgae",
            &["reached from here _m.yaml:17: {{ caller() }}"],
        ),
        (
            "{% call(item) m.each(values['items']) %}{{ item.prot }}{% endcall %}",
            "`item.prot` is not defined: `values.items[0]` has no `prot`; did you mean `port`?",
            "demo/x.yaml:3: prot",
            &["reached from here _m.yaml:21: {{ caller(item) }}"],
        ),
        (
            "{% if m.if_more(gateway.replcas) %}{% endif %}",
            "`gateway.replcas` is not defined: `values.gateway` has no `replcas`; did you mean `replicas`?",
            "demo/x.yaml:3: replcas",
            &["used here _m.yaml:25: replicas > 1"],
        ),
        (
            "{% set text = m.container('x', gateway.imgae) %}",
            IMGAE,
            "demo/x.yaml:3: imgae",
            &["used here _m.yaml:4: image"],
        ),
    ]);
}

#[test]
fn what_macros_only_ask_for_may_be_undefined() {
    for (template, expected) in [
        ("{{ m.asks(gateway.nope) }}", json!([false, "none"])),
        ("{{ m.asks() }}", json!([false, "none"])),
        ("{{ m.asks(1) }}", json!([true, 1])),
        (
            "{{ m.container('x', 'y', extra=gateway.nope) }}",
            json!(["x", "y", 1]),
        ),
        (
            "- {{ 'x' if false }}\n- {{ gateway.nope is defined }}",
            json!([null, false]),
        ),
    ] {
        let project = small(&format!("{HEAD}{template}"));
        let rendered = project.render("demo/x.yaml");
        let rendered = rendered.unwrap_or_else(|findings| panic!("{template}: {findings:?}"));
        let root = rendered.documents[0].root();
        assert_eq!(yaml::to_json(root), expected, "{template}");
    }
}

#[test]
fn a_misspelling_is_told_where_it_stands_not_where_it_is_used() {
    check(&[
        (
            "{% set x = values.nope %}\n\n- {{ x }}",
            NOPE,
            "demo/x.yaml:1: nope",
            &["used here demo/x.yaml:3: x"],
        ),
        (
            "{% set x = values.nope %}\n{% if x %}{% endif %}",
            NOPE,
            "demo/x.yaml:1: nope",
            &["used here demo/x.yaml:2: x"],
        ),
        (
            "{% set a, b = (values.nope, 1) %}\n- {{ a }}",
            NOPE,
            "demo/x.yaml:1: nope",
            &["used here demo/x.yaml:2: a"],
        ),
        (
            "{% with g = values.gatway %}\n- {{ g.name }}\n{% endwith %}",
            "`values` has no `gatway`; did you mean `gateway`?",
            "demo/x.yaml:1: gatway",
            &["used here demo/x.yaml:2: g.name"],
        ),
        (
            "{% set thing = values.nope %}\n{% include '_part.yaml' %}",
            NOPE,
            "demo/x.yaml:1: nope",
            &["used here _part.yaml:1: thing"],
        ),
        (
            "{% include '_part.yaml' %}",
            "`thing` is not defined",
            "_part.yaml:1: thing",
            &["reached from here demo/x.yaml:1: include '_part.yaml'"],
        ),
        (
            "{% extends '_base.yaml' %}\n{% block a %}{{ super() }}{% endblock %}",
            NOPE,
            "_base.yaml:1: nope",
            &["reached from here demo/x.yaml:2: super()"],
        ),
        (
            "{% from '_vars.yaml' import gateway %}\n- {{ gateway.image }}",
            "`values` has no `gatewy`; did you mean `gateway`?",
            "_vars.yaml:1: gatewy",
            &["used here demo/x.yaml:2: gateway.image"],
        ),
        (
            "{% for x in values.lst %}{% endfor %}",
            "`values` has no `lst`; did you mean `list`?",
            "demo/x.yaml:1: lst",
            &[],
        ),
        (
            "{% for item in values['items'] %}\n- {{ item.port }}\n{% endfor %}",
            "`item.port` is not defined: `values.items[1]` has no `port`",
            "demo/x.yaml:2: port",
            &[],
        ),
        (
            "{% for key in ['gateway', 'gatway'] %}\n- {{ values[key].name }}\n{% endfor %}",
            "`values[key]` is not defined: `values` has no `gatway`; did you mean `gateway`?",
            "demo/x.yaml:2: key",
            &[],
        ),
        // What the template's own maps lack is no matter of the values, whatever was looked for in them before.
        (
            "{% set x = values.gateway.port | default(1) %}\n{% for item in [{'prt': 1}] %}\n- {{ item.port }}\n{% endfor %}",
            "`item.port` is not defined; did you mean `prt`?",
            "demo/x.yaml:3: port",
            &[],
        ),
    ]);
}

#[test]
fn an_undefined_operand_argument_or_item_is_named() {
    for template in [
        "- {{ values.nope }}",
        "- {{ values.nope.more }}",
        "- {{ values.nope + 1 }}",
        "- {{ 'a' ~ values.nope }}",
        "- {{ -values.nope }}",
        "- {{ values.nope > 1 }}",
        "- {{ values.nope in [1] }}",
        "- {{ values.nope or 1 }}",
        "- {{ 1 if values.nope }}",
        "- {{ values.nope | upper }}",
        "- {{ values.nope | indent(2) }}",
        "- {{ values.nope | trim }}",
        "- {{ values.nope | quantity }}",
        "- {{ values.nope | sha256 }}",
        "- {{ values.nope | to_yaml }}",
        "- {{ [values.nope] | to_yaml }}",
        "- {{ {'a': [values.nope]} | to_json }}",
        "- {{ [1, values.nope] | join(',') }}",
        "- {{ values.nope | safe }}",
        "- {{ values.nope.upper() }}",
        "- {{ values.nope('x') }}",
        "- {{ values['nope'] }}",
        "- {{ [values.nope] }}",
        "- {{ {'a': {'b': values.nope}} }}",
        "- {{ dict(a=values.nope) }}",
        "- {{ file(values.nope) }}",
        "- {{ fail(values.nope) }}",
        "- {{ range(values.nope) }}",
        "- {{ values.list[values.nope] }}",
        "- '{{ values.nope }}'",
        "- |\n  {{ values.nope }}",
        "{% include values.nope %}",
        "{% import values.nope as m %}",
        "{% do values.nope() %}",
        "{% set a, b = values.nope %}",
        "{% macro m(a=values.nope) %}{{ a }}{% endmacro %}{{ m() }}",
    ] {
        let (message, place, _) = failure(template);
        assert!(message.ends_with(NOPE), "{template}: {message}");
        let text = place.split(' ').next_back().unwrap();
        assert!(text.contains("nope"), "{template}: {place}");
    }
}

#[test]
fn what_is_not_in_a_value_is_told_by_what_the_value_is() {
    check(&[
        (
            "- {{ values.gateway.name.b.c }}",
            "`values.gateway.name` is a string; it has no `b`",
            "demo/x.yaml:1: b",
            &[],
        ),
        (
            "- {{ values.gateway.replicas[0] }}",
            "`values.gateway.replicas` is a number; it has no item 0",
            "demo/x.yaml:1: 0",
            &[],
        ),
        (
            "- {{ values.list[99] }}",
            "`values.list` has no item 99: its 3 items are numbered from 0",
            "demo/x.yaml:1: 99",
            &[],
        ),
        (
            "- {{ values.list[-4] }}",
            "`values.list` has no item -4: its 3 items are numbered from 0",
            "demo/x.yaml:1: -4",
            &[],
        ),
        (
            "- {{ values['items'][-1].port }}",
            "`values.items[1]` has no `port`",
            "demo/x.yaml:1: port",
            &[],
        ),
        (
            "- {{ values.list.x }}",
            "`values.list` is a list; it has no `x`",
            "demo/x.yaml:1: x",
            &[],
        ),
        (
            "- {{ values.gateway[0] }}",
            "`values.gateway` is a map; it has no item 0",
            "demo/x.yaml:1: 0",
            &[],
        ),
        (
            "- {{ gateway.name }}",
            "`gateway` is not defined; did you mean `values.gateway`?",
            "demo/x.yaml:1: gateway",
            &[],
        ),
        (
            "{% set values = {'a': 1} %}\n- {{ values.b }}",
            "`values.b` is not defined",
            "demo/x.yaml:2: b",
            &[],
        ),
        (
            "- {{ loop.index }}",
            "`loop` is not defined",
            "demo/x.yaml:1: loop",
            &[],
        ),
        (
            "{% for i in range(1) %}\n- {{ loop.lst }}\n{% endfor %}",
            "`loop.lst` is not defined; did you mean `last`?",
            "demo/x.yaml:2: lst",
            &[],
        ),
    ]);
}

#[test]
fn a_call_that_does_not_fit_is_told_at_the_call() {
    check_below_head(&[
        (
            "{{ m.container('x') }}",
            "`container` is called without its parameter `image`",
            "demo/x.yaml:3: m.container('x')",
            &["used here _m.yaml:4: image"],
        ),
        (
            "{% from '_m.yaml' import container as c %}\n{{ c(image='x') }}",
            "`container` is called without its parameter `name`",
            "demo/x.yaml:4: c(image='x')",
            &["used here _m.yaml:3: name"],
        ),
        (
            "{{ m.deeper('x') }}",
            "`deeper` is called without its parameter `of`",
            "demo/x.yaml:3: m.deeper('x')",
            &[
                "used here _m.yaml:1: of.registry",
                "reached from here _m.yaml:11: {{ image(of) }}",
                "reached from here _m.yaml:14: {{ nested(name, of) }}",
            ],
        ),
        (
            "{% call(x) m.wrap('a') %}{{ x }}{% endcall %}",
            "`caller` is called without its parameter `x`",
            "_m.yaml:17: caller()",
            &["used here demo/x.yaml:3: x"],
        ),
        (
            "{{ m.container('x', imge='y') }}",
            "`container` has no parameter `imge`; did you mean `image`?",
            "demo/x.yaml:3: imge",
            &["defined here _m.yaml:2: macro container(name, image, replicas=1, extra='')"],
        ),
        (
            "{{ m.container('x', 'y', 1, 2, 3) }}",
            "`container` does not take 5 arguments",
            "demo/x.yaml:3: m.container('x', 'y', 1, 2, 3)",
            &["defined here _m.yaml:2: macro container(name, image, replicas=1, extra='')"],
        ),
        (
            "{{ m.stop() }}",
            "never",
            "_m.yaml:33: fail('never')",
            &["reached from here demo/x.yaml:3: {{ m.stop() }}"],
        ),
        (
            "{% set text = m.stop() %}",
            "never",
            "_m.yaml:33: fail('never')",
            &["reached from here demo/x.yaml:3: m.stop()"],
        ),
        (
            "{% if true and m.stop() %}{% endif %}",
            "never",
            "_m.yaml:33: fail('never')",
            &["reached from here demo/x.yaml:3: true and m.stop()"],
        ),
        (
            "- {{ nope('x') }}",
            "there is no function or macro `nope`",
            "demo/x.yaml:3: nope",
            &[],
        ),
        (
            "- {{ requird(1, 'x') }}",
            "there is no function or macro `requird`; did you mean `required`?",
            "demo/x.yaml:3: requird",
            &[],
        ),
        (
            "- {{ gateway.name.uper() }}",
            "a string has no method `uper`",
            "demo/x.yaml:3: uper",
            &[],
        ),
        (
            "- {{ gateway.name('x') }}",
            "`gateway.name` is a string, not a function or macro",
            "demo/x.yaml:3: gateway.name",
            &[],
        ),
        (
            "- {{ gateway.image('x') }}",
            "`gateway.image` is not a function or macro",
            "demo/x.yaml:3: gateway.image",
            &[],
        ),
        (
            "- {{ 'x' | uper }}",
            "there is no filter `uper`; did you mean `upper`?",
            "demo/x.yaml:3: uper",
            &[],
        ),
        (
            "- {{ 'x' is defind }}",
            "there is no test `defind`; did you mean `defined`?",
            "demo/x.yaml:3: defind",
            &[],
        ),
        (
            "{% include '_prt.yaml' %}",
            "there is no template `_prt.yaml`; did you mean `_part.yaml`?",
            "demo/x.yaml:3: include '_prt.yaml'",
            &[],
        ),
    ]);
}

#[test]
fn a_macro_that_reaches_itself_tells_each_place_once() {
    let macros =
        "{% macro r(n) %}\n{{ values.nope if n == 0 else r(n - 1) }}\n{% endmacro %}\n{{ r(9) }}";
    check(&[(
        macros,
        NOPE,
        "demo/x.yaml:2: nope",
        &["reached from here demo/x.yaml:4: {{ r(9) }}"],
    )]);
}

#[test]
fn the_filters_and_tests_that_are_suggested_are_there() {
    let unknown = |template: String| {
        let findings = failures(&[("demo/x.yaml", &template)], "{}");
        findings
            .iter()
            .any(|(_, _, message)| message.starts_with("there is no"))
    };
    for name in FILTERS {
        assert!(!unknown(format!("- {{{{ 'x' | {name} }}}}")), "{name}");
    }
    for name in TESTS {
        assert!(!unknown(format!("- {{{{ 'x' is {name} }}}}")), "{name}");
    }
    assert!(unknown("- {{ 'x' | nope }}".to_owned()));
}

#[test]
fn lists_of_lists_are_paid_for_before_they_are_written_out() {
    let doubled = (0..30).map(|at| format!("{{% set a{} = [a{at}, a{at}] %}}", at + 1));
    let template: String = std::iter::once("{% set a0 = [1, 1] %}".to_owned())
        .chain(doubled)
        .collect();
    let values = "{m: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]}";
    let often = "{% for i in range(9000) %}\n- {{ values.m }}\n{% endfor %}";
    for text in [
        &format!("{template}- {{{{ a30 }}}}"),
        &format!("{template}- {{{{ a30 | to_yaml }}}}"),
        &format!("{template}- {{{{ a30 | to_json }}}}"),
        often,
    ] {
        let fuel = 500_000;
        let project = limited(
            &[("demo/x.yaml", text)],
            values,
            Limits { fuel, ..limits() },
        );
        let findings = project.render("demo/x.yaml").unwrap_err();
        assert_eq!(findings[0].rule.as_str(), "template/limit", "{findings:?}");
    }
}
