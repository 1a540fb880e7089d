//! What the tests of the checks share.

use std::sync::Arc;

use super::references::References;
use crate::cluster::{Cluster, Found, Settings};
use crate::finding::Severity;
use crate::manifest::{Resource, Scopes, field_path, flatten};
use crate::yaml::{Limits, read};

/// Settings of a project: what is not among the objects is missing.
pub(super) fn whole() -> Settings {
    Settings {
        whole: true,
        ..Settings::default()
    }
}

/// Checks manifests and writes what is found, one a line: `severity rule Kind/name field: message`.
pub(super) fn found(yaml: &str, settings: &Settings) -> Vec<String> {
    found_by(yaml, settings, super::check)
}

/// Checks manifests with so little work, and writes what is found.
pub(super) fn found_in_steps(yaml: &str, settings: &Settings, steps: usize) -> Vec<String> {
    found_by(yaml, settings, |cluster| {
        let mut references = References::new(cluster);
        references.tire(steps);
        super::run(references)
    })
}

fn found_by(
    yaml: &str,
    settings: &Settings,
    check: impl for<'a> Fn(&Cluster<'a>) -> Vec<Found<'a>>,
) -> Vec<String> {
    let stream = read(&Arc::from(yaml), &Limits::default());
    assert!(stream.problems.is_empty(), "{:?}", stream.problems);
    let documents = stream.documents.into_iter().flat_map(flatten);
    let resources: Vec<Resource> = documents.map(Resource::new).collect();
    let cluster = Cluster::new(resources.iter().collect(), Scopes::default(), settings);
    let found = check(&cluster).into_iter();
    found
        .map(|one| {
            let object = cluster.get(one.object).unwrap();
            let mut field = field_path(object.root(), one.fault.node);
            if let Some(below) = one.fault.below.as_deref().filter(|below| !below.is_empty()) {
                field = format!("{field}.{below}");
            }
            let severity = match one.fault.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "note",
            };
            format!(
                "{severity} {} {}/{} {field}: {}",
                one.fault.rule, object.id.kind, object.id.name, one.fault.message
            )
        })
        .collect()
}
