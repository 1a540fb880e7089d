//! Our reading of YAML and JSON against the answers of a real kubectl, in `tests/fixtures/kubectl/`.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use tympan::finding::Severity;
use tympan::yaml::{Document, Limits, read, to_json};

fn cases() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/kubectl");
    let mut cases = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let text = fs::read_to_string(path).unwrap();
            cases.extend(serde_json::from_str::<Vec<Value>>(&text).unwrap());
        }
    }
    cases
}

/// Whole numbers are the same however they are printed.
fn normal(value: &Value) -> Value {
    match value {
        Value::Number(number) if number.as_i64().is_none() => json!(number.as_f64()),
        Value::Array(items) => items.iter().map(normal).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), normal(value)))
            .collect(),
        _ => value.clone(),
    }
}

fn summary(document: &Document) -> Value {
    let at = |path: &[&str]| document.root().path(path).map(to_json);
    json!({ "name": at(&["metadata", "name"]), "spec": at(&["spec"]) })
}

#[test]
fn streams_are_read_as_kubectl_reads_them() {
    let mut wrong = Vec::new();
    for case in cases() {
        let text = case["text"].as_str().unwrap();
        let stream = read(&Arc::from(text), &Limits::default());
        let errors: Vec<String> = stream
            .problems
            .iter()
            .filter(|problem| problem.rule.severity == Severity::Error)
            .map(|problem| format!("{}: {}", problem.span.start, problem.message))
            .collect();
        let ours = normal(&stream.documents.iter().map(summary).collect());
        // What Kubernetes drops without a word is an error here.
        let told = case["dropped"] == true;
        let agrees = match case.get("read") {
            None => !errors.is_empty(),
            Some(theirs) => errors.is_empty() != told && ours == normal(theirs),
        };
        if !agrees {
            wrong.push(format!("{case}\n  ours: {ours}\n  errors: {errors:?}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} cases:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
