//! Every rule has a page and fixtures: each `bad*` gives the rule, each `good*` gives nothing of its family.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tympan::registry;

use crate::program::run;

fn fixtures(rule: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/rules")
        .join(rule);
    let Ok(entries) = fs::read_dir(&folder) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn findings(path: &Path) -> Vec<String> {
    let has_base = path.join("before").is_dir();
    let of_rendered = path.components().any(|part| part.as_os_str() == "rendered");
    let path = path.to_str().unwrap();
    let result = if of_rendered {
        run(&["-C", path, "render", "--check", "--format", "json"])
    } else if has_base {
        // The version before, for rules about changes.
        run(&["-C", path, "check", "--format", "json", "--base", "before"])
    } else if let Ok(today) = fs::read_to_string(Path::new(path).join("today")) {
        // The day, for rules about dates.
        let today = today.trim();
        run(&["-C", path, "check", "--format", "json", "--today", today])
    } else if Path::new(path).is_dir() {
        run(&["-C", path, "check", "--format", "json"])
    } else {
        run(&["check", path, "--format", "json"])
    };
    let report: Value = serde_json::from_str(&result.stdout)
        .unwrap_or_else(|error| panic!("{path}: {error}: {}", result.stderr));
    let rules = report["findings"].as_array().unwrap().iter();
    rules
        .map(|finding| finding["rule"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_rule_fires_on_its_bad_fixtures_and_is_silent_on_the_good_ones() {
    let mut wrong = Vec::new();
    for rule in registry::rules() {
        let id = rule.id.as_str();
        let (mut bad, mut good) = (0, 0);
        for path in fixtures(id) {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let found = findings(&path);
            if name.starts_with("bad") {
                bad += 1;
                if !found.iter().any(|rule| rule == id) {
                    wrong.push(format!("{id}/{name} gives {found:?}"));
                }
            } else if name.starts_with("good") {
                good += 1;
                // What other families say of it is theirs to test: a small example has no probes, accounts or policies.
                let (family, _) = id.split_once('/').unwrap();
                let own = |rule: &String| rule.split('/').next() == Some(family);
                if found.iter().any(own) {
                    wrong.push(format!("{id}/{name} gives {found:?}"));
                }
            } else {
                wrong.push(format!("{id}/{name} is neither bad nor good"));
            }
        }
        if bad == 0 || good == 0 {
            wrong.push(format!("{id} has {bad} bad and {good} good fixtures"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_page_has_its_sections() {
    for rule in registry::rules() {
        let mut lines = rule.page.lines();
        assert_eq!(lines.next(), Some(format!("# {}", rule.id).as_str()));
        for section in [
            "## Why",
            "## Bad",
            "## Good",
            "## How to mend",
            "## How to accept it",
        ] {
            assert!(
                rule.page.lines().any(|line| line == section),
                "{} has no {section}",
                rule.id
            );
        }
    }
}

#[test]
fn no_fixture_is_of_a_rule_that_does_not_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/rules");
    for family in fs::read_dir(&root).unwrap() {
        for rule in fs::read_dir(family.unwrap().path()).unwrap() {
            let path = rule.unwrap().path();
            let id = path
                .strip_prefix(&root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            assert!(
                registry::rules().iter().any(|rule| rule.id.as_str() == id),
                "{id}"
            );
        }
    }
}
