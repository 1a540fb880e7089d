//! Secrets in the clear: in Secrets, in variables, arguments, settings, annotations and custom resources.
//!
//! What is found is told by its place and name. Its text is never told, nor a part of it, nor how long it is: the nodes
//! that hold it are hidden in every report.

mod evidence;
mod manifest;
pub mod rules;
mod walk;
mod words;

use rayon::prelude::*;

pub(crate) use self::evidence::hidden;
use crate::cluster::{Cluster, Found, Index};
use crate::finding::Severity;
use crate::manifest::Resource;

/// Checks the objects of an environment.
pub fn check<'a>(cluster: &Cluster<'a>) -> Vec<Found<'a>> {
    let objects: Vec<(Index, &'a Resource)> = cluster.objects().collect();
    let found = objects
        .par_iter()
        .map(|(index, object)| check_object(*index, object));
    let mut found: Vec<Found<'a>> = found.flatten_iter().collect();
    if !cluster.settings().whole {
        // What is shown here may not be what is delivered.
        for one in &mut found {
            one.fault.severity = Severity::Warning;
        }
    }
    found
}

fn check_object(index: Index, object: &Resource) -> Vec<Found<'_>> {
    match (object.group(), object.id.kind.as_str()) {
        // Its texts are about fields, and hold no values.
        ("apiextensions.k8s.io", "CustomResourceDefinition") => Vec::new(),
        ("", "Secret") => {
            let mut found = walk::walk(index, object);
            found.extend(manifest::check(index, object.root()));
            found
        }
        _ => walk::walk(index, object),
    }
}

#[cfg(test)]
mod tests;
