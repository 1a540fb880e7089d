//! Values that no template reads.

use std::collections::BTreeMap;

use super::{Values, rules};
use crate::finding::Finding;
use crate::source::{FileId, Location, Span};
use crate::yaml::{Kind, Node};

/// The part of the values that comes from Terraform as a whole: nobody picks its outputs one by one.
const EXEMPT: &str = "terraform";

/// Finds the values that no template reads in any environment.
///
/// `was_read` answers for the environment at an index and a node of its values. A map of which nothing is read is one
/// finding.
pub fn unused(environments: &[&Values], was_read: impl Fn(usize, usize) -> bool) -> Vec<Finding> {
    // By the place that sets it: is it read anywhere, and what is it called.
    let mut places: BTreeMap<(FileId, Span), (bool, String)> = BTreeMap::new();
    for (index, values) in environments.iter().enumerate() {
        let mut walk = Walk {
            index,
            values,
            was_read: &was_read,
            places: &mut places,
        };
        for (key, value) in values.tree().root().entries() {
            if key.as_str() != Some(EXEMPT) {
                walk.visit(value, key.as_str().unwrap_or_default().to_owned());
            }
        }
    }
    let unread = places.into_iter().filter(|(_, (read, _))| !read);
    let mut findings: Vec<(FileId, Span, String)> = Vec::new();
    for ((file, span), (_, path)) in unread {
        // What stands beneath an unread map is told by the map.
        let inside = |outer: &(FileId, Span, String)| {
            outer.0 == file && path.starts_with(&format!("{}.", outer.2))
        };
        if !findings.iter().any(inside) {
            findings.push((file, span, path));
        }
    }
    findings
        .into_iter()
        .map(|(file, span, path)| finding(file, span, &path))
        .collect()
}

fn finding(file: FileId, span: Span, path: &str) -> Finding {
    let message = format!("no template reads `values.{path}` in any environment");
    Finding::new(&rules::UNUSED, message, Location::new(file, span))
        .help("remove it, or use it; a misspelt name here or in a template looks the same")
}

struct Walk<'a, F> {
    index: usize,
    values: &'a Values,
    was_read: &'a F,
    places: &'a mut BTreeMap<(FileId, Span), (bool, String)>,
}

impl<F: Fn(usize, usize) -> bool> Walk<'_, F> {
    /// Visits a value; returns whether anything of it is read.
    fn visit(&mut self, node: Node<'_>, path: String) -> bool {
        let mut read = (self.was_read)(self.index, node.index());
        if node.kind() == Kind::Map {
            for (key, value) in node.entries() {
                read |= self.visit(
                    value,
                    format!("{path}.{}", key.as_str().unwrap_or_default()),
                );
            }
        } else if node.kind() == Kind::Seq {
            // A list is one value: it replaces as a whole.
            read |=
                (node.index()..node.end_index()).any(|index| (self.was_read)(self.index, index));
        }
        if let Some(origin) = self.values.origin(node) {
            let place = (origin.file, origin.key.unwrap_or(origin.value));
            let entry = self.places.entry(place).or_insert((false, path));
            entry.0 |= read;
        }
        read
    }
}
