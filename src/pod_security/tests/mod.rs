//! What the tests of this family share: pods with places for more, and faults as tests name them.

mod checks;
mod levels;

use std::sync::Arc;

use super::*;
use crate::cluster::Settings;
use crate::finding::Severity::{self, Error, Note, Warning};
use crate::manifest::{Resource, Scopes, field_path, flatten};
use crate::project::Level;
use crate::yaml::{Limits, read};

/// A pod that `restricted` lets pass, with places for more.
const HARD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: ns, annotations: {ANNOTATION}}
spec:
  POD
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}, SECURITY}
  containers:
  - name: c
    CONTAINER
    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, CONTEXT}
";

/// A pod that says nothing, with the same places.
const SOFT: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: ns, annotations: {ANNOTATION}}
spec:
  POD
  securityContext: {SECURITY}
  containers:
  - name: c
    CONTAINER
    securityContext: {CONTEXT}
";

/// A fault as the tests see it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    rule: String,
    severity: Severity,
    field: String,
    text: String,
    message: String,
    help: String,
    related: Vec<String>,
}

fn fill(pod: &str, edits: &[(&str, &str)]) -> String {
    let mut text = pod.to_owned();
    for (place, with) in edits {
        assert!(text.contains(place), "{place} in {text}");
        text = text.replacen(place, with, 1);
    }
    for place in [
        "ANNOTATION",
        ", SECURITY",
        "SECURITY",
        ", CONTEXT",
        "CONTEXT",
    ] {
        text = text.replacen(place, "", 1);
    }
    text.replacen("  POD\n", "", 1)
        .replacen("    CONTAINER\n", "", 1)
}

fn namespace(labels: &str) -> String {
    let labels: Vec<String> = labels
        .split_whitespace()
        .map(|label| {
            let (key, value) = label.split_once('=').unwrap();
            format!("    pod-security.kubernetes.io/{key}: '{value}'\n")
        })
        .collect();
    let labels = labels.concat();
    format!(
        "---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: ns\n  labels:\n    a: b\n{labels}"
    )
}

fn seen(yaml: &str, settings: &Settings) -> Vec<Seen> {
    let stream = read(&Arc::from(yaml), &Limits::default());
    assert!(stream.problems.is_empty(), "{yaml}\n{:?}", stream.problems);
    let documents = stream.documents.into_iter().flat_map(flatten);
    let resources: Vec<Resource> = documents.map(Resource::new).collect();
    let cluster = Cluster::new(resources.iter().collect(), Scopes::default(), settings);
    check(&cluster)
        .into_iter()
        .map(|found| {
            let object = cluster.get(found.object).unwrap();
            let fault = found.fault;
            let mut field = field_path(object.root(), fault.node);
            if let Some(below) = &fault.below {
                field = format!("{field}.{below}");
            }
            Seen {
                rule: fault.rule.as_str().replace("pod-security/", ""),
                severity: fault.severity,
                field,
                text: fault.node.span().of(yaml).to_owned(),
                message: fault.message,
                help: fault.help.unwrap_or_default().into_owned(),
                related: found
                    .related
                    .iter()
                    .map(|(_, node)| node.span().of(yaml).to_owned())
                    .collect(),
            }
        })
        .collect()
}

fn for_versions(minors: &[u8]) -> Settings {
    Settings {
        versions: minors
            .iter()
            .copied()
            .map(KubernetesVersion::minor)
            .collect(),
        ..Settings::default()
    }
}

/// Judges a pod in a namespace with labels, by the newest server.
fn judged(labels: &str, pod: &str) -> Vec<Seen> {
    seen(&format!("{pod}{}", namespace(labels)), &for_versions(&[37]))
}

/// Returns rules, fields and the texts that they point at, as `rule field text`.
fn places(labels: &str, pod: &str) -> Vec<String> {
    let all = judged(labels, pod).into_iter();
    all.map(|seen| format!("{} {} {}", seen.rule, seen.field, seen.text))
        .collect()
}

fn assert_places(labels: &str, pod: &str, expected: &[&str]) {
    assert_eq!(places(labels, pod), expected, "{labels}\n{pod}");
}

const BASELINE: &str = "enforce=baseline";
const RESTRICTED: &str = "enforce=restricted";
