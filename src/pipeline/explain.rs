//! Failures of templates that a value explains which the project's schema refuses.

use std::collections::{BTreeMap, HashSet};

use crate::finding::Finding;
use crate::render::{Reads, rules};
use crate::source::{FileId, Location, SourceMap, Span};
use crate::values::{Values, rules as of_values};

/// How many values are told with one failure.
const MOST: usize = 3;

/// How many refused values are looked at for one failure.
const LOOKED_AT: usize = 1000;

/// The values of an environment that its schema refuses.
pub(super) struct Refused<'v> {
    values: &'v Values,
    /// The nodes, with the names that templates read them by.
    nodes: BTreeMap<usize, &'v str>,
}

impl<'v> Refused<'v> {
    /// Finds the values that findings of an environment are about.
    pub(super) fn new(unfit: &[Finding], values: &'v Values, environment: &str) -> Self {
        let places: HashSet<(FileId, Span)> = unfit
            .iter()
            .filter(|finding| {
                finding.rule == of_values::SCHEMA.id
                    && finding.environment.as_deref() == Some(environment)
            })
            .map(|finding| (finding.primary.file, finding.primary.span))
            .collect();
        let mut refused = Self {
            values,
            nodes: BTreeMap::new(),
        };
        if places.is_empty() {
            return refused;
        }
        let tree = values.tree();
        for index in 0..tree.len() {
            let Some(node) = tree.node(index) else {
                break;
            };
            let named = node.entries().map(|(key, value)| (key.as_str(), value));
            let items = node.items().map(|item| (None, item));
            for (key, value) in named.chain(items) {
                if let Some(origin) = values.origin(value)
                    && [Some(origin.value), origin.key]
                        .into_iter()
                        .flatten()
                        .any(|span| places.contains(&(origin.file, span)))
                {
                    let name = key.unwrap_or_default();
                    refused.nodes.insert(value.index(), name);
                }
            }
        }
        refused
    }

    /// Adds to a failure the values that it is about.
    pub(super) fn explain(&self, finding: &mut Finding, reads: &Reads, sources: &SourceMap) {
        let of_a_value = [
            &rules::UNDEFINED,
            &rules::FAILED,
            &rules::VALUE,
            &rules::COLLECTION_IN_TEXT,
        ];
        if self.nodes.is_empty() || !of_a_value.iter().any(|rule| rule.id == finding.rule) {
            return;
        }
        let recent = reads.recent();
        let texts: Vec<&str> = std::iter::once(&finding.primary)
            .chain(&finding.related)
            .map(|place| sources.file(place.file).slice(place.span))
            .collect();
        // What was read earlier is part of it where the expression, or a call that led to it, names it.
        let named =
            |name: &str| !name.is_empty() && texts.iter().any(|text| holds_word(text, name));
        let about =
            self.nodes.iter().take(LOOKED_AT).filter(|(node, name)| {
                recent.contains(node) || reads.was_read(**node) && named(name)
            });
        for (node, _) in about.take(MOST) {
            let node = self.values.tree().node(*node);
            if let Some(origin) = node.and_then(|node| self.values.origin(node)) {
                tell(finding, origin.location());
            }
        }
    }
}

const LABEL: &str = "the value is set here, and it is not what `values/schema.json` wants";

fn tell(finding: &mut Finding, place: Location) {
    let same = |known: &&mut Location| known.file == place.file && known.span == place.span;
    match finding.related.iter_mut().find(same) {
        Some(known) => *known = place.label(LABEL),
        None => finding.related.push(place.label(LABEL)),
    }
}

/// Tells whether a text holds a word that is no part of a longer one.
fn holds_word(text: &str, word: &str) -> bool {
    let of_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        let after = text.get(at + word.len()..).unwrap_or_default();
        !before.ends_with(of_word) && !after.starts_with(of_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_as_a_whole_word() {
        for text in ["values.port", "m(port)", "port", "a[\"port\"]"] {
            assert!(holds_word(text, "port"), "{text}");
        }
        for text in ["values.ports", "export", "port_name", "", "pört"] {
            assert!(!holds_word(text, "port"), "{text}");
        }
    }
}
