//! Findings that are accepted: what counts, what is shown, and what is said about waivers.

use serde_json::Value;

use crate::program::Output;
use crate::project::Project;

const SERVICE: &str =
    "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 0}]}\n";

fn waivers(rest: &str) -> String {
    format!(
        "waivers:\n- {{rule: api/range, object: demo/Service/a, reason: a port of none, owner: platform, {rest}}}\n"
    )
}

fn project(waivers: &str) -> Project {
    Project::new(&[
        ("templates/demo/a.yaml", SERVICE),
        ("policies/waivers.yaml", waivers),
    ])
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", output.stderr))
}

#[test]
fn a_waived_finding_counts_no_more_and_is_shown_on_request() {
    let project = project(&waivers("expires: 2028-01-01"));
    let check = ["check", "--today", "2027-06-30"];
    let output = project.run(&check);
    assert_eq!(output.code, 0, "{}", output.stdout);
    assert!(output.stdout.contains(": 1 waived"), "{}", output.stdout);
    assert!(!output.stdout.contains("api/range"), "{}", output.stdout);
    let shown = project.run(&["-v", "check", "--today", "2027-06-30"]);
    let told = "waived until 2028-01-01 by platform: a port of none";
    assert!(shown.stdout.contains(told), "{}", shown.stdout);
    let report = json(&project.run(&[&check[..], &["--format", "json"]].concat()));
    assert_eq!(report["findings"], Value::Array(Vec::new()));
    assert_eq!(report["summary"]["waived"], 1);
    let accepted = &report["accepted"][0];
    assert_eq!(accepted["rule"], "api/range");
    assert_eq!(accepted["accepted"]["by"], "waiver");
    assert_eq!(accepted["accepted"]["expires"], "2028-01-01");
}

#[test]
fn a_waiver_ends_the_day_after_its_last_one() {
    let project = project(&waivers("expires: 2027-06-30"));
    for (today, code, rule) in [
        ("2027-06-15", 0, None),
        ("2027-06-16", 0, Some("waiver/expiring")),
        ("2027-06-30", 0, Some("waiver/expiring")),
        ("2027-07-01", 1, Some("waiver/expired")),
    ] {
        let output = project.run(&["check", "--today", today, "--format", "json"]);
        assert_eq!(output.code, code, "{today}: {}", output.stdout);
        let report = json(&output);
        let found = report["findings"].as_array().unwrap();
        let of_waiver = found
            .iter()
            .find(|one| one["location"]["file"] == "policies/waivers.yaml");
        assert_eq!(
            of_waiver.map(|one| one["rule"].as_str().unwrap()),
            rule,
            "{today}"
        );
    }
    let output = project.run(&["check", "--today", "tomorrow"]);
    assert_eq!(output.code, 2);
    assert!(
        output.stderr.contains("write a day as 2027-06-30"),
        "{}",
        output.stderr
    );
}

#[test]
fn what_is_accepted_stays_so_where_something_cannot_be_rendered() {
    let project = project(&waivers("expires: 2028-01-01"));
    project.write("templates/demo/broken.yaml", b"a: {{ values.missing }}\n");
    let rules = || {
        let output = project.run(&["check", "--today", "2027-06-30", "--format", "json"]);
        assert_eq!(output.code, 1, "{}", output.stderr);
        let report = json(&output);
        let findings = report["findings"].as_array().unwrap().iter();
        let rules = findings.map(|finding| finding["rule"].as_str().unwrap().to_owned());
        rules.collect::<Vec<_>>()
    };
    assert_eq!(rules(), ["template/undefined"]);
    // What the broken template would have made may be what a waiver is about: none is unused.
    project.write("templates/demo/a.yaml", b"");
    assert_eq!(rules(), ["template/undefined"]);
}

#[test]
fn a_mistake_in_the_waivers_is_told_with_its_line() {
    let project = project(&waivers("expires: 2028-01-01").replace("api/range", "api/rnage"));
    let output = project.run(&["check"]);
    assert_eq!(output.code, 2);
    for text in [
        "there is no rule `api/rnage`; did you mean `api/range`?",
        "policies/waivers.yaml:2:10",
    ] {
        assert!(output.stderr.contains(text), "{}", output.stderr);
    }
}

#[test]
fn findings_of_a_baseline_do_not_fail_and_new_ones_do() {
    let project = project("waivers: []\n");
    let output = project.run(&["check", "--format", "json", "-o", "baseline.json"]);
    assert_eq!(output.code, 1, "{}", output.stderr);
    // The line moves, and the finding is known all the same.
    project.write(
        "templates/demo/a.yaml",
        format!("# one line more\n{SERVICE}").as_bytes(),
    );
    let check = ["check", "--baseline", "baseline.json"];
    let output = project.run(&check);
    assert_eq!(output.code, 0, "{}{}", output.stdout, output.stderr);
    assert!(
        output.stdout.contains("1 of the baseline"),
        "{}",
        output.stdout
    );
    let second = SERVICE.replace("name: a", "name: b");
    project.write("templates/demo/b.yaml", second.as_bytes());
    let output = project.run(&check);
    assert_eq!(output.code, 1, "{}", output.stdout);
    project.write("baseline.json", b"{}");
    let output = project.run(&check);
    assert_eq!(output.code, 2);
    assert!(
        output.stderr.contains("is no baseline"),
        "{}",
        output.stderr
    );
}
