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
    let elsewhere = template(OBJECT);
    std::fs::remove_file(project.path("tympan.yaml")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path("tympan.yaml"), project.path("tympan.yaml")).unwrap();
    refused("a linked project file", &project);
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
