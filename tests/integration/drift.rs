//! `tympan render --check --format`: drift of `rendered/` as findings.

use std::fs;

use serde_json::Value;
use tympan::report::FORMATS;

use crate::program::Output;
use crate::project::Project;

const TEMPLATE: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {level: '{{ values.level }}'}\n";

/// A project whose `rendered/` is up to date.
fn rendered() -> Project {
    let project = Project::new(&[
        ("templates/demo/web.yaml", TEMPLATE),
        ("templates/demo/api.yaml", &TEMPLATE.replace("web", "api")),
        ("values/dev.yaml", "level: info\n"),
        ("values/prod.yaml", "level: info\n"),
    ]);
    assert_eq!(project.run(&["render"]).code, 0);
    project
}

fn check(project: &Project, format: &str) -> Output {
    project.run(&["render", "--check", "--format", format])
}

/// Returns place, environment, object and message of each finding.
fn told(project: &Project) -> Vec<String> {
    let output = check(project, "json");
    let report: Value = serde_json::from_str(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", output.stderr));
    assert_eq!(output.stderr, "");
    let findings = report["findings"].as_array().unwrap();
    let lines = findings.iter().map(|finding| {
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let place = &finding["location"];
        assert!(!text(&finding["help"]).is_empty());
        format!(
            "{} {} {}:{} {} {}",
            text(&finding["rule"]),
            text(&finding["severity"]),
            text(&place["file"]),
            place["line"],
            text(&finding["environment"]),
            text(&finding["message"]),
        )
    });
    lines.collect()
}

#[test]
fn every_way_to_differ_is_a_finding_at_its_file() {
    let project = rendered();
    assert_eq!(told(&project), [""; 0]);
    fs::remove_file(project.path("rendered/.gitattributes")).unwrap();
    fs::remove_file(project.path("rendered/prod/demo/configmap-api.yaml")).unwrap();
    fs::remove_file(project.path("templates/demo/api.yaml")).unwrap();
    project.write("values/prod.yaml", b"level: debug\n");
    project.write("rendered/dev/demo/mine.yaml", b"kind: List\n");
    project.write(
        "templates/demo/new.yaml",
        TEMPLATE.replace("web", "new").as_bytes(),
    );
    project.write("rendered/dev/demo/configmap-new.yaml", b"apiVersion: v1\n");
    let expected = [
        "rendered/.gitattributes:1 - `rendered/.gitattributes` is missing",
        "rendered/dev/demo/configmap-api.yaml:1 - `rendered/dev/demo/configmap-api.yaml` is no longer rendered",
        "rendered/dev/demo/configmap-new.yaml:1 dev `rendered/dev/demo/configmap-new.yaml` differs from what is rendered, and was not written by Tympan",
        "rendered/dev/demo/mine.yaml:1 - `rendered/dev/demo/mine.yaml` was not written by Tympan, and Argo CD would apply it",
        "rendered/prod/demo/configmap-new.yaml:1 prod `rendered/prod/demo/configmap-new.yaml` is missing",
        "rendered/prod/demo/configmap-web.yaml:7 prod `rendered/prod/demo/configmap-web.yaml` differs from what is rendered",
    ];
    let expected = expected.map(|line| format!("rendered/out-of-date error {line}"));
    assert_eq!(told(&project), expected);
    assert_eq!(check(&project, "json").code, 1);
}

#[test]
fn a_ledger_that_does_not_fit_is_a_finding() {
    let project = rendered();
    project.write(
        "rendered/dev/.tympan.ledger",
        b"demo/configmap-web.yaml\ndemo/configmap-api.yaml\nother/gone.yaml\n",
    );
    let expected = "rendered/out-of-date error rendered/dev/.tympan.ledger:1 - `rendered/dev/.tympan.ledger` does not list what is rendered";
    assert_eq!(told(&project), [expected]);
    assert_eq!(project.run(&["render", "--check"]).code, 1);
}

#[test]
fn what_is_found_while_rendering_is_in_the_same_report() {
    let project = rendered();
    project.write("values/dev.yaml", b"level: info\nunread: 1\n");
    let found = told(&project);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("values/unused warning values/dev.yaml:2"),
        "{found:?}"
    );
    assert_eq!(check(&project, "json").code, 0);
    // As text it stays where it was.
    let text = check(&project, "text");
    assert!(
        text.stdout.starts_with("rendered is up to date"),
        "{}",
        text.stdout
    );
    assert!(text.stderr.contains("values/unused"), "{}", text.stderr);
    // What does not render is told, and nothing else.
    project.write("templates/demo/web.yaml", b"{{ values.nowhere }}\n");
    let output = check(&project, "github");
    assert_eq!(output.code, 2);
    assert!(
        output
            .stdout
            .starts_with("::error file=templates/demo/web.yaml,line=1"),
        "{}",
        output.stdout
    );
    assert!(!output.stdout.contains("rendered/"), "{}", output.stdout);
    assert!(
        output.stderr.starts_with("error: nothing was written"),
        "{}",
        output.stderr
    );
}

#[test]
fn every_format_tells_drift_and_none_changes_the_exit_code() {
    for (value, code) in [("info", 0), ("debug", 1)] {
        let project = rendered();
        project.write("values/dev.yaml", format!("level: {value}\n").as_bytes());
        for (format, _, _) in FORMATS {
            let output = check(&project, format);
            assert_eq!(output.code, code, "{format}: {}", output.stdout);
            assert_eq!(output.stderr, "", "{format}");
            let told = output
                .stdout
                .contains("rendered/dev/demo/configmap-web.yaml");
            assert_eq!(told, code == 1, "{format}: {}", output.stdout);
        }
        let plain = project.run(&["render", "--check"]).stdout;
        assert_eq!(plain, check(&project, "text").stdout);
    }
    // Without it there is nothing to tell in a format.
    for other in [&[][..], &["--stdout"], &["--adopt"], &["--exit-code"]] {
        let arguments = [&["render", "--format", "json"], other].concat();
        let output = rendered().run(&arguments);
        assert_eq!((output.code, output.stdout.as_str()), (2, ""), "{other:?}");
    }
}

#[test]
fn reports_of_tests_name_only_what_was_looked_at() {
    let project = rendered();
    let drift = check(&project, "junit").stdout;
    let objects = project.run(&["check", "--format", "junit"]).stdout;
    for (family, of_drift) in [("rendered", true), ("rbac", false), ("schema", false)] {
        let case = format!("name=\"{family}\"");
        assert_eq!(drift.contains(&case), of_drift, "{drift}");
        assert_eq!(objects.contains(&case), !of_drift, "{objects}");
    }
}
