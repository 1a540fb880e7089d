//! A fault seeded anywhere is reported at its line and column in the file to mend.

use crate::project::Project;

const LIB: &str = "{% macro meta(name, extra) %}\nmetadata:\n  name: {{ name }}\n  annotations: {e: é, b: {{ extra }}}\n{% endmacro %}\n";
const PART: &str = "data:\n  a: b\n";
const MAIN: &str = "{% from '_lib.yaml' import meta %}\n{% for name in values.names %}\n---\napiVersion: apps/v1\nkind: ControllerRevision\nrevision: 1\n{{ meta(name, 'ü') }}\n{% include 'demo/_part.yaml' %}\n  list: [{{ name }}, 'ü🙂', {{ values.number }}]\n{% endfor %}\n";
const VALUES: &str = "# é\nnames: [a, b]\nnumber: 1\n";

/// Seeds one fault: replaces a text in one of the files; `at` is the text that must be pointed at, in the file named.
fn seeded(change: (&str, &str, &str), rule: &str, at: (&str, &str)) {
    for crlf in [false, true] {
        let files = [
            ("templates/_lib.yaml", LIB),
            ("templates/demo/_part.yaml", PART),
            ("templates/demo/x.yaml", MAIN),
            ("values/dev.yaml", VALUES),
        ];
        let files = files.map(|(path, text)| {
            let text = if path == change.0 {
                text.replace(change.1, change.2)
            } else {
                text.to_owned()
            };
            (
                path,
                if crlf {
                    text.replace('\n', "\r\n")
                } else {
                    text
                },
            )
        });
        let borrowed: Vec<(&str, &str)> = files
            .iter()
            .map(|(path, text)| (*path, text.as_str()))
            .collect();
        let findings = Project::new(&borrowed).findings();
        let found = findings.iter().find(|finding| finding["rule"] == rule);
        let found = found.unwrap_or_else(|| panic!("{change:?} gives {findings:#?}"));
        let place = &found["location"];
        assert_eq!(place["file"], at.0, "{change:?}");
        let text = &files.iter().find(|(path, _)| *path == at.0).unwrap().1;
        // Counted by hand, as a reader would: lines by line feeds, columns by characters.
        let offset = text.rfind(at.1).unwrap();
        let before = &text[..offset];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
        assert_eq!(
            (place["line"].as_u64(), place["column"].as_u64()),
            (Some(line as u64), Some(column as u64)),
            "{change:?} crlf {crlf}"
        );
        assert_eq!(
            place["endColumn"].as_u64(),
            Some((column + at.1.chars().count()) as u64),
            "{change:?}"
        );
    }
}

#[test]
fn without_a_fault_there_is_nothing() {
    let files = [
        ("templates/_lib.yaml", LIB),
        ("templates/demo/_part.yaml", PART),
        ("templates/demo/x.yaml", MAIN),
        ("values/dev.yaml", VALUES),
    ];
    assert_eq!(
        Project::new(&files).findings(),
        Vec::<serde_json::Value>::new()
    );
}

#[test]
fn in_a_template() {
    seeded(
        ("templates/demo/x.yaml", "values.names", "values.nmes"),
        "template/undefined",
        ("templates/demo/x.yaml", "nmes"),
    );
    seeded(
        (
            "templates/demo/x.yaml",
            "kind: ControllerRevision",
            "kind: ControllerRevision\nkind: Secret",
        ),
        "yaml/duplicate-key",
        ("templates/demo/x.yaml", "kind"),
    );
}

#[test]
fn in_a_loop_after_text_that_is_not_ascii() {
    seeded(
        ("templates/demo/x.yaml", "values.number", "values.nmber"),
        "template/undefined",
        ("templates/demo/x.yaml", "nmber"),
    );
    seeded(
        ("templates/demo/x.yaml", "'ü🙂', {{", "'ü🙂', off, {{"),
        "yaml/ambiguous-scalar",
        ("templates/demo/x.yaml", "off"),
    );
}

#[test]
fn in_an_include() {
    seeded(
        ("templates/demo/_part.yaml", "a: b", "a: b\n  a: c"),
        "yaml/duplicate-key",
        ("templates/demo/_part.yaml", "a"),
    );
    seeded(
        ("templates/demo/_part.yaml", "a: b", "a: {{ nope }}"),
        "template/undefined",
        ("templates/demo/_part.yaml", "nope"),
    );
}

#[test]
fn in_a_macro() {
    seeded(
        (
            "templates/_lib.yaml",
            "{e: é, b: {{ extra }}}",
            "{e: é, b: {{ extra }}, ö: on}",
        ),
        "yaml/ambiguous-scalar",
        ("templates/_lib.yaml", "on"),
    );
    seeded(
        ("templates/_lib.yaml", "{{ extra }}", "{{ extr }}"),
        "template/undefined",
        ("templates/_lib.yaml", "extr"),
    );
}

#[test]
fn in_a_values_file() {
    seeded(
        ("values/dev.yaml", "number: 1", "number: 1\nnumber: 2"),
        "yaml/duplicate-key",
        ("values/dev.yaml", "number"),
    );
    seeded(
        ("values/dev.yaml", "number: 1", "number: 1\nunused: é"),
        "values/unused",
        ("values/dev.yaml", "unused"),
    );
}

#[test]
fn placeholders_in_every_layer_of_an_environment_that_forbids_them() {
    let project = Project::new(&[
        (
            "tympan.yaml",
            "environments: {prod: {placeholders: forbid}}\n",
        ),
        (
            "templates/demo/x.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: {{ values | to_json }}}\n",
        ),
        ("values/common.yaml", "é: {hosts: [a, b.example.com]}\n"),
        ("values/dev.yaml", "level: CHANGEME\n"),
        (
            "values/prod.yaml",
            "text: |\n  é\n  tenant = 00000000-0000-0000-0000-000000000000\n",
        ),
        (
            "values/prod.terraform.json",
            "{\"id\": {\"sensitive\": false, \"type\": \"string\", \"value\": \"00000000-0000-0000-0000-000000000000\"}}\n",
        ),
    ]);
    let told: Vec<String> = project
        .findings()
        .iter()
        .map(|finding| {
            let place = &finding["location"];
            format!(
                "{}:{}:{}-{} {} | {}",
                place["file"].as_str().unwrap(),
                place["line"],
                place["column"],
                place["endColumn"],
                finding["message"].as_str().unwrap(),
                finding["help"].as_str().unwrap(),
            )
        })
        .collect();
    let allow = "`environments.prod.placeholders: allow` in tympan.yaml lets placeholders be";
    assert_eq!(
        told,
        [
            format!(
                "values/common.yaml:1:16-29 `é.hosts[1]` is a placeholder: a host of the domain `example.com`, which RFC 2606 reserves for examples | set `é.hosts` in `values/prod.yaml`; {allow}"
            ),
            format!(
                "values/prod.terraform.json:1:57-93 `terraform.id` is a placeholder: the GUID `00000000-0000-0000-0000-000000000000` | write `values/prod.terraform.json` again with `terraform output -json` once the infrastructure is there; {allow}"
            ),
            format!(
                "values/prod.yaml:3:12-48 `text` holds a placeholder: the GUID `00000000-0000-0000-0000-000000000000` | set `text` in `values/prod.yaml`; {allow}"
            ),
        ]
    );
    // They are no reason not to render: `check` is what fails.
    assert_eq!(project.run(&["render"]).code, 0);
    assert_eq!(project.run(&["check"]).code, 1);
    assert_eq!(project.run(&["check", "-e", "dev"]).code, 0);
}
