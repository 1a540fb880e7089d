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
use crate::yaml::Node;

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

/// Returns the nodes of an object whose text is a secret, as nothing shows them.
pub(crate) fn hidden_in(object: &Resource) -> impl Iterator<Item = Node<'_>> {
    let found = check_object(0, object).into_iter();
    found
        .flat_map(|one| one.hidden)
        .chain(manifest::values(object))
        .chain(manifest::strays(object))
}

/// Returns what a Secret holds where it should not: nobody finds fault with it as a secret, and it is one all the same.
pub(crate) fn strays(object: &Resource) -> impl Iterator<Item = Node<'_>> {
    manifest::strays(object)
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
