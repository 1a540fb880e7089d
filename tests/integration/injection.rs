//! Text of the user's origin cannot begin a line of its own, command a terminal or a CI system, or hide.

use std::fmt::Write as _;
use std::fs;

use tempfile::TempDir;
use tympan::report::FORMATS;

use crate::program::{Output, run};
use crate::project::Project;

/// What nobody may print: a workflow command on a line of its own, a terminal's commands, marks that turn the direction
/// of text, and what is not seen.
const HOSTILE: &str = "\n::error::x\r::error::y\u{1b}[31m\u{9b}31m\u{7}\u{202e}\u{2066}\u{200b}\u{2028}\u{feff}\u{ad}\u{e0041}\u{e0101}\u{3164}\u{115f}\u{1160}\u{ffa0}\u{fe0f}\u{180e}##[stop-commands]a##vso[task.x]";

/// A string of YAML or JSON in double quotes that YAML 1.1 reads.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            ' '..='~' if c != '"' && c != '\\' => quoted.push(c),
            c => write!(quoted, "\\U{:08x}", u32::from(c)).unwrap(),
        }
    }
    quoted.push('"');
    quoted
}

fn tame(what: &str, output: &Output) {
    for (stream, text) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        for line in text.split('\n') {
            // `:::` before a related place is no command: a command's name is between two pairs of colons.
            let trimmed = line.trim_start();
            assert!(
                !trimmed.starts_with("::") || trimmed.starts_with("::: "),
                "{what}: {stream}: {line:?} in {text}"
            );
            for command in ["##[", "##vso["] {
                assert!(
                    !line.contains(command),
                    "{what}: {stream}: {line:?} in {text}"
                );
            }
            let bad = line
                .chars()
                .find(|c| c.is_control() || !c.is_ascii() && HOSTILE.contains(*c));
            assert_eq!(bad, None, "{what}: {stream}: {line:?}");
        }
    }
}

/// Of a report for a host, only GitHub's begins lines with commands, and those are ours.
fn tame_report(format: &str, text: &str) {
    let ours = ["::error file=", "::warning file=", "::notice file="];
    for line in text.lines() {
        let is_command = line.trim_start().starts_with("::");
        let is_ours = format == "github" && ours.iter().any(|start| line.starts_with(start));
        assert!(
            !is_command || is_ours || line.trim_start().starts_with("::: "),
            "{format}: {line:?}"
        );
        for command in ["##[", "##vso["] {
            assert!(!line.contains(command), "{format}: {line:?}");
        }
        let bad = line
            .chars()
            .find(|c| c.is_control() || !c.is_ascii() && HOSTILE.contains(*c));
        assert_eq!(bad, None, "{format}: {line:?}");
    }
    if format == "markdown" {
        let outside: String = text.replace("<!-- -->", "").split('`').step_by(2).collect();
        assert!(!outside.contains('@'), "{outside}");
    }
}

/// Runs a command that must say something and cannot succeed.
fn refused(what: &str, project: &Project, arguments: &[&str]) {
    let output = project.run(arguments);
    assert_ne!(output.code, 0, "{what}: {}", output.stdout);
    assert!(
        !(output.stdout.is_empty() && output.stderr.is_empty()),
        "{what}"
    );
    tame(what, &output);
}

#[test]
fn names_of_objects_and_keys() {
    let name = quoted(HOSTILE);
    for text in [
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n"),
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, namespace: {name}}}\n"),
        format!("apiVersion: v1\nkind: {name}\nmetadata: {{name: a, namespace: b}}\n"),
        format!("apiVersion: {name}\nkind: ConfigMap\nmetadata: {{name: a, namespace: b}}\n"),
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{{name}: 1, {name}: 2}}\n"
        ),
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{x: {{{{ values[{name:?}] }}}}}}\n"
        ),
        format!("{{{{ fail({:?}) }}}}\n", HOSTILE.replace('\u{1b}', "")),
        format!("{{{{ required(values.nothing, {:?}) }}}}\n", "\n::error::x"),
        "{{ '\n::error::x' | nofilter }}\n".to_owned(),
        "{% include '\n::error::x' %}\n".to_owned(),
        "a: !\u{202e}x {{ values.a }}\n".to_owned(),
    ] {
        let project = Project::new(&[("templates/demo/x.yaml", &text)]);
        refused(&text, &project, &["check"]);
        refused(&text, &project, &["render"]);
        for (format, _, _) in FORMATS.iter().filter(|format| format.0 != "json") {
            let output = project.run(&["check", "--format", format]);
            assert_eq!(output.code, 1, "{format}: {}", output.stderr);
            tame_report(format, &output.stdout);
        }
    }
}

#[test]
fn excerpts_of_files() {
    let text = format!("a: on {HOSTILE}\n::error::x: on\n");
    let project = Project::new(&[("x.yaml", &text)]);
    let path = project.path("x.yaml");
    let output = run(&["check", path.to_str().unwrap()]);
    assert!(output.stdout.contains("-->"), "{}", output.stdout);
    tame("excerpt", &output);
}

#[test]
fn keys_and_texts_of_values() {
    let values = format!(
        "{}: {}\n'::error::x': 1\nm: {{{}: [1]}}\nplain: \"\\u202e\"\n",
        quoted(HOSTILE),
        quoted(HOSTILE),
        quoted(HOSTILE)
    );
    let project = Project::new(&[
        ("templates/demo/x.yaml", "{{ nope }}\n"),
        ("values/dev.yaml", &values),
    ]);
    let output = project.run(&["values", "-e", "dev"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    tame("values", &output);
    refused("a path", &project, &["values", "-e", "dev", HOSTILE]);
    refused("an environment", &project, &["values", "-e", HOSTILE]);
    refused("a rule", &project, &["explain", HOSTILE]);
    refused("a namespace", &project, &["render", "-n", HOSTILE]);
    refused("a flag", &project, &["check", &format!("--{HOSTILE}")]);
    refused("a format", &project, &["check", "--format", HOSTILE]);
    let unused = Project::new(&[
        (
            "templates/demo/x.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
        ),
        ("values/dev.yaml", &values),
        ("values/schema.json", "{\"additionalProperties\": false}"),
    ]);
    refused("a schema", &unused, &["check"]);
}

#[test]
fn a_project_file_with_hostile_keys() {
    let project = Project::new(&[("tympan.yaml", &format!("{}: 1\n", quoted(HOSTILE)))]);
    refused("an unknown key", &project, &["check"]);
}

#[cfg(unix)]
#[test]
fn names_of_files() {
    let name = HOSTILE.replace('/', "");
    let object =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: on, y: {{ nope }}}\n";
    for path in [
        format!("templates/demo/{name}.yaml"),
        format!("templates/{name}.yaml"),
        format!("templates/{name}/x.yaml"),
        format!("values/{name}.yaml"),
    ] {
        let project = Project::new(&[(&path, object)]);
        refused(&path, &project, &["check"]);
    }
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(format!("{name}.yaml"));
    fs::write(&path, "a: [\n").unwrap();
    let output = run(&["check", path.to_str().unwrap()]);
    assert_eq!(output.code, 1);
    tame("a manifest's path", &output);
    let missing = folder.path().join(&name).join("x");
    let missing = missing.to_str().unwrap();
    for arguments in [
        vec!["check", missing],
        vec!["-C", missing, "check"],
        vec!["check", path.to_str().unwrap(), "-o", missing],
        vec!["init", path.to_str().unwrap()],
    ] {
        let output = run(&arguments);
        assert_eq!(output.code, 2, "{arguments:?}");
        tame("a path that leads nowhere", &output);
    }
}

#[cfg(unix)]
#[test]
fn what_stands_in_the_rendered_folder() {
    let object = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  x: |\n    ::error::x\n    {{ values.x }}\n    ::error::x\n";
    let project = Project::new(&[
        ("templates/demo/x.yaml", object),
        ("values/dev.yaml", "x: 1\n"),
    ]);
    assert_eq!(project.run(&["render", "-q"]).code, 0);
    let name = HOSTILE.replace('/', "");
    project.write(&format!("rendered/dev/demo/{name}.yaml"), b"kind: x\n");
    project.write("values/dev.yaml", b"x: \"2\\u202e\"\n");
    let output = project.run(&["render", "--check"]);
    assert_eq!(output.code, 1);
    assert!(output.stdout.contains("error::x"), "{}", output.stdout);
    tame("a difference", &output);
    let written = project.run(&["render", "-v"]);
    tame("what was written", &written);
    let adopted = project.run(&["render", "--adopt"]);
    assert_eq!(adopted.code, 0, "{}", adopted.stderr);
    tame("what was taken over", &adopted);
}
