//! Our reading of YAML against the answers of a real kubectl.
//!
//! The answers are data of their own: the folder that `TYMPAN_ORACLES` names. Without it the comparison is left out.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use tympan::finding::Severity;
use tympan::yaml::{Limits, Stream, read, to_json};

fn cases(file: &str) -> Vec<Value> {
    let Some(folder) = std::env::var_os("TYMPAN_ORACLES") else {
        println!("TYMPAN_ORACLES is not set: the comparison with kubectl's answers is left out");
        return Vec::new();
    };
    let path = PathBuf::from(folder).join("go-yaml").join(file);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn read_text(text: &str) -> Stream {
    read(&Arc::from(text), &Limits::default())
}

fn failed(stream: &Stream) -> bool {
    stream
        .problems
        .iter()
        .any(|problem| problem.rule.severity == Severity::Error)
}

/// Compares as JSON numbers: one answer's tool prints `1`, the other's `1.0`.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, value)| b.get(key).is_some_and(|other| same(value, other)))
        }
        _ => a == b,
    }
}

#[test]
fn plain_scalars_are_read_as_kubectl_reads_them() {
    let mut wrong = Vec::new();
    for case in cases("scalars.json") {
        let text = case["text"].as_str().unwrap();
        let document = format!(
            "apiVersion: example.com/v1\nkind: Thing\nmetadata:\n  name: x\nspec:\n  v: {text}\n"
        );
        let stream = read_text(&document);
        let ours = stream
            .documents
            .first()
            .and_then(|document| document.root().path(&["spec", "v"]))
            .map(to_json);
        let agrees = match case.get("error") {
            Some(_) => failed(&stream),
            None => !failed(&stream) && ours.as_ref().is_some_and(|ours| same(ours, &case["json"])),
        };
        if !agrees {
            let problems: Vec<_> = stream
                .problems
                .iter()
                .map(|problem| &problem.message)
                .collect();
            wrong.push(format!("{text:?}: {case}, ours: {ours:?} {problems:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn documents_are_read_as_kubectl_reads_them() {
    // Where Kubernetes silently keeps one of two, we keep the same and say so.
    let silent = ["dup_bool", "dup_num"];
    let mut wrong = Vec::new();
    for case in cases("documents.json") {
        let name = case["name"].as_str().unwrap();
        let stream = read_text(case["document"].as_str().unwrap());
        let ours = stream
            .documents
            .first()
            .and_then(|document| document.root().get("spec"))
            .map(to_json);
        let agrees = match case.get("error") {
            Some(_) => failed(&stream),
            None => {
                failed(&stream) == silent.contains(&name)
                    && ours.as_ref().is_some_and(|ours| same(ours, &case["spec"]))
            }
        };
        if !agrees {
            let problems: Vec<_> = stream
                .problems
                .iter()
                .map(|problem| &problem.message)
                .collect();
            wrong.push(format!("{name}: {case}, ours: {ours:?} {problems:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
