//! Argo CD: what it does with an object, and what its own objects allow.
//!
//! In: a [`Cluster`]. Out: faults of annotations that Argo CD reads, of Applications and AppProjects, of its settings, and
//! of objects for the Applications that deliver them. What it passes over without a word is told here.

mod annotation;
mod application;
mod delivery;
mod options;
mod project;
pub mod rules;
mod settings;
mod size;

use crate::cluster::{Cluster, Found};
use crate::finding::Severity;
use crate::yaml::Node;

/// Argo CD's API group.
const GROUP: &str = "argoproj.io";
/// What its annotations and labels begin with.
const PREFIX: &str = "argocd.argoproj.io/";

/// Checks the objects of an environment.
pub fn check<'a>(cluster: &Cluster<'a>) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    for (index, object) in cluster.objects() {
        annotation::check(index, object, &mut found);
    }
    application::check(cluster, &mut found);
    project::check(cluster, &mut found);
    settings::check(cluster, &mut found);
    delivery::check(cluster, &mut found);
    if !cluster.settings().whole {
        for one in &mut found {
            one.fault.severity = one.fault.severity.min(Severity::Warning);
        }
    }
    found
}

/// Returns the value of an annotation that Argo CD reads, by its name without the prefix.
fn annotation<'a>(object: Node<'a>, name: &str) -> Option<&'a str> {
    let annotations = object.path(&["metadata", "annotations"])?;
    annotations.get(&format!("{PREFIX}{name}"))?.as_str()
}

/// Tells whether something is filled in by an `ApplicationSet`.
fn is_template(text: &str) -> bool {
    text.contains("{{")
}

#[cfg(test)]
mod tests;
