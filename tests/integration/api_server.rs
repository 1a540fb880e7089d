//! Our verdicts against those of a real API server.
//!
//! The verdicts are data of their own: the folder that `TYMPAN_ORACLES` names. Without it the comparison is left out.
//! Objects that the server refuses must be found at the field it names, below it or one step above it; objects that it
//! accepts must have no error.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program::run;

/// The version of the server that judged.
const VERSION: &str = "1.34";

fn files(folder: &str) -> Vec<PathBuf> {
    let Some(root) = std::env::var_os("TYMPAN_ORACLES") else {
        println!("TYMPAN_ORACLES is not set: the comparison with the API server is left out");
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = walkdir::WalkDir::new(PathBuf::from(root).join(folder))
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{folder} holds no cases");
    files
}

fn errors(path: &Path) -> Vec<Value> {
    let path = path.to_str().unwrap();
    let output = run(&["check", path, "--kubernetes", VERSION, "--format", "json"]);
    let report: Value = serde_json::from_str(&output.stdout)
        .unwrap_or_else(|error| panic!("{path}: {error}: {}", output.stderr));
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .filter(|finding| finding["severity"] == "error")
        .cloned()
        .collect()
}

/// The fields that `# expect: FIELD [or FIELD] | reason` names.
fn expected(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let line = text.lines().next().unwrap();
    let fields = line
        .strip_prefix("# expect:")
        .unwrap()
        .split('|')
        .next()
        .unwrap();
    fields
        .split(" or ")
        .map(|field| field.trim().to_owned())
        .collect()
}

/// Cuts the last step off a field's path.
fn above(field: &str) -> &str {
    field.rfind(['.', '[']).map_or("", |at| &field[..at])
}

fn is_right(found: &str, expected: &str) -> bool {
    found == expected
        || found == above(expected)
        || found
            .strip_prefix(expected)
            .is_some_and(|rest| rest.starts_with(['.', '[']))
}

#[test]
fn what_the_server_refuses_is_found_at_its_field() {
    let mut wrong = Vec::new();
    for path in files("api-server/invalid") {
        let errors = errors(&path);
        let fields: Vec<&str> = errors
            .iter()
            .filter_map(|error| error["field"].as_str())
            .collect();
        let right = expected(&path)
            .iter()
            .any(|expected| fields.iter().any(|found| is_right(found, expected)));
        if !right {
            wrong.push(format!("{}: {fields:?}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_the_server_accepts_has_no_error() {
    let mut wrong = Vec::new();
    for path in files("api-server/valid") {
        for error in errors(&path) {
            wrong.push(format!(
                "{}: {} {}: {}",
                path.display(),
                error["rule"],
                error["field"],
                error["message"]
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn fields_are_compared_by_steps() {
    assert!(is_right("spec.ports[0].port", "spec.ports[0]"));
    assert!(is_right("spec.ports", "spec.ports[0]"));
    assert!(!is_right("spec.portsX", "spec.ports"));
    assert!(!is_right("spec", "spec.ports[0]"));
}
