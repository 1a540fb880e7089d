//! The formats that other programs read: valid by their schemas, at the template's lines, within what hosts take, and
//! with nothing in them that a host would obey.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tympan::report::FORMATS;

use crate::program::run;
use crate::project::{Project, tree};

fn fixture(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/formats")
        .join(name);
    // SARIF's pattern of a language holds a bracket too many, which strict engines refuse.
    let text = fs::read_to_string(path).unwrap().replace("{2}]?$", "{2}?$");
    serde_json::from_str(&text).unwrap()
}

fn valid(schema: &str, report: &Value) {
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&fixture(schema))
        .unwrap();
    let errors: Vec<String> = validator
        .iter_errors(report)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:?} in {report:#}");
}

/// The projects of command-line cases that are broken in many ways, and what names may hold.
pub(crate) fn broken() -> Vec<Project> {
    ["report-project", "report-hostile", "check-misspelt"]
        .map(|name| {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd");
            let project = Project::new(&[]);
            for (path, bytes) in tree(&folder.join(format!("{name}.in"))) {
                project.write(&path, &bytes);
            }
            project
        })
        .into()
}

fn check(project: &Project, format: &str) -> String {
    let output = project.run(&["check", "--today", "2027-06-30", "--format", format]);
    assert!(output.code <= 1, "{format}: {}", output.stderr);
    output.stdout
}

fn json(project: &Project, format: &str) -> Value {
    let text = check(project, format);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn items<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    let found = value.pointer(pointer).and_then(Value::as_array);
    found.unwrap_or_else(|| panic!("no {pointer} in {value:#}"))
}

const MACRO: &str = "{% macro port(number) %}\nports: [{port: {{ number }}}]\n{% endmacro %}\n";
const CALL: &str = "{% from '_lib.yaml' import port %}\napiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  {{ port(values.port) | indent(2) }}\n  typ: ClusterIP\n";

fn service() -> Project {
    Project::new(&[
        ("templates/demo/_lib.yaml", MACRO),
        ("templates/demo/a.yaml", &CALL.replace("_lib", "demo/_lib")),
        ("values/dev.yaml", "port: 0\n"),
        ("values/prod.yaml", "port: 0\n"),
    ])
}

#[test]
fn sarif_is_valid_and_its_lines_are_those_of_the_template() {
    for project in broken().into_iter().chain([service()]) {
        let log = json(&project, "sarif");
        valid("sarif-2.1.0.schema.json", &log);
        let told: BTreeSet<(String, u64, u64, u64, u64)> = items(&log, "/runs/0/results")
            .iter()
            .map(|result| {
                let place = result.pointer("/locations/0/physicalLocation").unwrap();
                let number = |key: &str| place["region"][key].as_u64().unwrap();
                let uri = place["artifactLocation"]["uri"].as_str().unwrap();
                (
                    uri.to_owned(),
                    number("startLine"),
                    number("startColumn"),
                    number("endLine"),
                    number("endColumn"),
                )
            })
            .collect();
        let findings: BTreeSet<(String, u64, u64, u64, u64)> = project
            .findings()
            .iter()
            .map(|finding| {
                let place = &finding["location"];
                let number = |key: &str| place[key].as_u64().unwrap();
                (
                    place["file"].as_str().unwrap().to_owned(),
                    number("line"),
                    number("column"),
                    number("endLine"),
                    number("endColumn"),
                )
            })
            .collect();
        assert_eq!(told, findings);
        // Each result's rule is described.
        let rules = items(&log, "/runs/0/tool/driver/rules");
        for result in items(&log, "/runs/0/results") {
            let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
            assert_eq!(rule["id"], result["ruleId"]);
        }
    }
}

#[test]
fn sarif_names_objects_environments_and_what_has_to_do_with_it() {
    let log = json(&service(), "sarif");
    let results = items(&log, "/runs/0/results");
    let of = |rule: &str| results.iter().find(|result| result["ruleId"] == rule);
    let port = of("api/range").unwrap();
    let place = &port["locations"][0];
    let file = "/physicalLocation/artifactLocation/uri";
    assert_eq!(place.pointer(file).unwrap(), "templates/demo/_lib.yaml");
    assert_eq!(place["physicalLocation"]["region"]["startLine"], 2);
    // The same in both environments, once.
    assert_eq!(port["occurrenceCount"], 2);
    assert_eq!(port["properties"]["environments"][1], "prod");
    let object = &place["logicalLocations"][0];
    assert_eq!(object["fullyQualifiedName"], "demo/Service/a");
    assert_eq!(object["properties"]["field"], "spec.ports[0].port");
    let related = items(port, "/relatedLocations");
    let files: Vec<&str> = related
        .iter()
        .map(|place| place.pointer(file).unwrap().as_str().unwrap())
        .collect();
    for expected in [
        "values/dev.yaml",
        "templates/demo/a.yaml",
        "rendered/dev/demo/service-a.yaml",
        "rendered/prod/demo/service-a.yaml",
    ] {
        assert!(files.contains(&expected), "{expected} {files:?}");
    }
    assert_eq!(of("schema/unknown-field").unwrap()["level"], "error");
    let rule = &log["runs"][0]["tool"]["driver"]["rules"][0];
    assert_eq!(rule["id"], "api/range");
    let help = rule["help"]["markdown"].as_str().unwrap();
    assert!(help.starts_with("# api/range\n"), "{help}");
    let uri = rule["helpUri"].as_str().unwrap();
    assert!(uri.ends_with("/docs/rules/api/range.md"), "{uri}");
}

/// Returns the names that stay, by rule and field.
fn fingerprints(project: &Project) -> Vec<(String, String)> {
    let log = json(project, "sarif");
    let mut names: Vec<(String, String)> = items(&log, "/runs/0/results")
        .iter()
        .map(|result| {
            let name = &result["partialFingerprints"]["tympan/v1"];
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (text(&result["ruleId"]), text(name))
        })
        .collect();
    names.sort();
    names
}

#[test]
fn names_stay_when_lines_move_and_are_never_the_same() {
    let project = service();
    let before = fingerprints(&project);
    let moved = format!("{{# a\nb\n#}}\n\n{}", CALL.replace("_lib", "demo/_lib"));
    project.write("templates/demo/a.yaml", moved.as_bytes());
    project.write(
        "templates/demo/_lib.yaml",
        format!("\n\n{MACRO}").as_bytes(),
    );
    project.write("values/test.yaml", b"port: 0\n");
    assert_eq!(fingerprints(&project), before);
    for project in broken() {
        let names = fingerprints(&project);
        let own: BTreeSet<&String> = names.iter().map(|(_, name)| name).collect();
        assert_eq!(own.len(), names.len());
    }
}

#[test]
fn gitlab_gets_what_it_asks_for() {
    for project in broken().into_iter().chain([service()]) {
        let report = json(&project, "gitlab");
        valid("gitlab-code-quality.schema.json", &report);
        let entries = report.as_array().unwrap();
        let names: BTreeSet<&str> = entries
            .iter()
            .map(|entry| entry["fingerprint"].as_str().unwrap())
            .collect();
        assert_eq!(names.len(), entries.len());
    }
    let report = json(&service(), "gitlab");
    let entry = &report[0];
    assert_eq!(entry["severity"], "critical");
    assert_eq!(entry["location"]["path"], "templates/demo/_lib.yaml");
    assert_eq!(entry["location"]["lines"]["begin"], 2);
}

/// Reads XML as strictly as these reports need it: elements nest, attributes are in quotes and told once, and no
/// character is there that XML cannot hold. Returns the elements as `name` and attributes.
fn xml(text: &str) -> Vec<(String, Vec<(String, String)>)> {
    let allowed = |c: char| c == '\n' || !c.is_control() && c != '\u{FFFE}' && c != '\u{FFFF}';
    assert!(text.chars().all(allowed), "{text}");
    let mut rest = text
        .strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
        .unwrap();
    let mut open: Vec<String> = Vec::new();
    let mut elements = Vec::new();
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        assert!(!before.contains('>'), "{before}");
        let (tag, after) = tag[1..].split_once('>').unwrap();
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
            continue;
        }
        let (tag, empty) = match tag.strip_suffix('/') {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let (name, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        let mut read = Vec::new();
        while !attributes.is_empty() {
            let (key, value) = attributes.split_once("=\"").unwrap();
            let (value, more) = value.split_once('"').unwrap();
            assert!(!value.contains('<'), "{value}");
            read.push((key.trim().to_owned(), value.to_owned()));
            attributes = more.trim_start();
        }
        elements.push((name.to_owned(), read));
        if !empty {
            open.push(name.to_owned());
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?} {rest}");
    elements
}

#[test]
fn junit_counts_what_it_tells() {
    for project in broken().into_iter().chain([service()]) {
        let elements = xml(&check(&project, "junit"));
        let count = |name: &str| elements.iter().filter(|(own, _)| own == name).count();
        let sum = |key: &str| -> usize {
            let suites = elements.iter().filter(|(name, _)| name == "testsuite");
            let values = suites.filter_map(|(_, attributes)| {
                let found = attributes.iter().find(|(own, _)| own == key)?;
                found.1.parse::<usize>().ok()
            });
            values.sum()
        };
        assert_eq!(count("testcase"), sum("tests"));
        assert_eq!(count("failure"), sum("failures"));
        assert_eq!(count("skipped"), sum("skipped"));
        assert!(count("failure") > 0);
    }
    let text = check(&service(), "junit");
    for expected in [
        "<testsuite name=\"dev\"",
        "<testsuite name=\"prod\"",
        "<testcase classname=\"demo/Service/a\" name=\"api\" file=\"templates/demo/_lib.yaml\" line=\"2\" time=\"0\">",
        "<testcase classname=\"tympan\" name=\"rbac\" time=\"0\"/>",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    // What does not fail the run is no failure.
    let warned = Project::new(&[(
        "a.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {DB_PASSWORD: Gehoer2024}\n",
    )]);
    let path = warned.path("a.yaml");
    for (level, failures) in [("error", 0), ("warning", 1)] {
        let arguments = [
            "check",
            path.to_str().unwrap(),
            "--format",
            "junit",
            "--fail-on",
            level,
        ];
        let elements = xml(&run(&arguments).stdout);
        let failed = elements.iter().filter(|(name, _)| name == "failure");
        assert_eq!(failed.count(), failures, "{level}");
    }
}

/// A project with many findings of three severities.
fn many() -> Project {
    let mut text = String::new();
    for at in 0..400 {
        write!(text, "---\napiVersion: v1\nkind: Service\nmetadata: {{name: a{at}}}\nspec:\n  ports: [{{port: {at}00000}}]\n  typ: x\n").unwrap();
        write!(text, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: b{at}}}\ndata: {{a: 'yes', b: \"${{\"}}\n").unwrap();
    }
    let rules = "rules: {schema/unknown-field: note}\n";
    Project::new(&[("templates/demo/a.yaml", &text), ("tympan.yaml", rules)])
}

#[test]
fn github_shows_ten_of_a_kind_and_is_told_of_the_rest() {
    let project = many();
    let text = check(&project, "github");
    let count = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!(count("::error "), 10);
    assert!(count("::warning ") <= 10 && count("::notice ") == 10);
    // What is no annotation is a line of the log.
    assert!(
        count("error[api/range] templates/demo/a.yaml:") > 380,
        "{text}"
    );
    assert!(text.contains("GitHub shows 10 annotations of a kind: "));
    let text = check(&service(), "github");
    let first = "::error file=templates/demo/_lib.yaml,line=2,endLine=2,col=16,endColumn=28,title=api/range::";
    assert!(text.starts_with(first), "{text}");
    assert!(
        text.contains("%0Ain demo/Service/a, spec.ports[0].port for dev, prod"),
        "{text}"
    );
}

#[test]
fn a_comment_holds_what_it_can_the_worst_first() {
    let text = check(&many(), "markdown");
    assert!(text.starts_with("<!-- tympan check -->\n### Tympan\n"));
    assert!(text.chars().count() < 65_536 && text.len() > 60_000);
    assert!(text.contains("\nLeft out, because a comment holds no more: "));
    let told = text
        .lines()
        .filter(|line| line.starts_with("- `templates/"))
        .count();
    let (_, left_out) = text.rsplit_once("holds no more: ").unwrap();
    let numbers = left_out.split(|c: char| !c.is_ascii_digit());
    let left_out: usize = numbers
        .filter_map(|number| number.parse::<usize>().ok())
        .sum();
    let findings = many().findings().len();
    assert_eq!(told + left_out, findings);
    let text = check(&service(), "markdown");
    for expected in [
        "\n**Errors**\n\n- `templates/demo/_lib.yaml:2:16` `api/range`: ",
        "  - in demo/Service/a, spec.ports&#91;0&#93;.port for dev, prod\n",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
}

#[test]
fn what_is_accepted_is_told_as_that() {
    let waivers = "waivers:\n- {rule: api/range, object: demo/Service/a, reason: a \"port\" <of> none, owner: platform, expires: 2028-01-01}\n";
    let project = service();
    project.write("policies/waivers.yaml", waivers.as_bytes());
    let log = json(&project, "sarif");
    valid("sarif-2.1.0.schema.json", &log);
    let results = items(&log, "/runs/0/results");
    let waived: Vec<&Value> = results
        .iter()
        .filter(|result| result["suppressions"].is_array())
        .collect();
    assert_eq!(waived.len(), 1);
    let suppression = &waived[0]["suppressions"][0];
    assert_eq!(suppression["kind"], "external");
    let why = "waived until 2028-01-01 by platform: a \"port\" <of> none";
    assert_eq!(suppression["justification"], why);
    let text = check(&project, "junit");
    let skipped = "<skipped message=\"waived until 2028-01-01 by platform: a &quot;port&quot; &lt;of&gt; none\"/>";
    assert!(
        text.contains("name=\"api\"") && text.contains(skipped),
        "{text}"
    );
    let text = check(&project, "markdown");
    assert!(
        text.contains("<details><summary>2 accepted</summary>"),
        "{text}"
    );
    assert!(text.contains("a \"port\" &#60;of&#62; none"), "{text}");
    let gitlab = json(&project, "gitlab");
    let rules: Vec<&Value> = items(&gitlab, "")
        .iter()
        .map(|entry| &entry["check_name"])
        .collect();
    assert!(
        !rules.is_empty() && !rules.iter().any(|rule| **rule == "api/range"),
        "{rules:?}"
    );
}

#[test]
fn the_format_changes_neither_the_exit_code_nor_from_run_to_run() {
    for (project, code) in [
        (service(), 1),
        (
            Project::new(&[(
                "templates/demo/a.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
            )]),
            0,
        ),
    ] {
        for (format, _, _) in FORMATS {
            let output = project.run(&["check", "--fail-on", "error", "--format", format]);
            assert_eq!(output.code, code, "{format}: {}", output.stdout);
            let again = project.run(&[
                "check",
                "--threads",
                "1",
                "--format",
                format,
                "-o",
                "report",
            ]);
            assert_eq!((again.code, again.stdout.as_str()), (code, ""), "{format}");
            let saved = fs::read_to_string(project.path("report")).unwrap();
            assert_eq!(saved, output.stdout, "{format}");
        }
    }
}

#[test]
fn code_hosts_are_told_paths_from_the_root_of_the_repository() {
    let project = Project::new(&[
        ("platform/tympan.yaml", "{}\n"),
        ("platform/values/dev.yaml", "{}\n"),
        (
            "platform/templates/demo/a b.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndatum: {}\n",
        ),
    ]);
    fs::create_dir(project.path(".git")).unwrap();
    let platform = project.path("platform");
    let manifest = "templates/demo/a b.yaml";
    for paths in [&[][..], &[manifest]] {
        for (format, expected) in [
            ("sarif", "\"uri\": \"platform/templates/demo/a%20b.yaml\""),
            (
                "github",
                "::error file=platform/templates/demo/a b.yaml,line=4,",
            ),
            ("gitlab", "\"path\": \"platform/templates/demo/a b.yaml\""),
            (
                "junit",
                "file=\"platform/templates/demo/a b.yaml\" line=\"4\"",
            ),
            ("markdown", "`platform/templates/demo/a b.yaml:4:1`"),
            ("text", "--> templates/demo/a b.yaml:4:1"),
            ("json", "\"file\": \"templates/demo/a b.yaml\""),
        ] {
            let mut arguments = vec![
                "-C",
                platform.to_str().unwrap(),
                "check",
                "--format",
                format,
            ];
            arguments.extend(paths);
            let output = run(&arguments).stdout;
            assert!(output.contains(expected), "{format}: {output}");
        }
    }
}

#[test]
fn plain_manifests_and_standard_input_are_told_of_too() {
    let project = Project::new(&[(
        "x.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {typ: a}\n",
    )]);
    for (format, _, _) in FORMATS {
        let output = project.run(&["check", "x.yaml", "--format", format]);
        assert_eq!(output.code, 1, "{format}: {}", output.stderr);
        assert!(
            output.stdout.contains("x.yaml"),
            "{format}: {}",
            output.stdout
        );
    }
    let suite = project
        .run(&["check", "x.yaml", "--format", "junit"])
        .stdout;
    assert!(suite.contains("<testsuite name=\"manifests\""), "{suite}");
}
