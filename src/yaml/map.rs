//! Maps once they are complete: duplicate keys and merges, as go-yaml v2 settles them.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::build::Builder;
use super::problem::Problem;
use super::rules;
use super::tree::{Document, Kind, Node};
use crate::source::Span;

/// An entry of a map that is being read: the indexes of its key and value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) key: usize,
    pub(super) value: Option<usize>,
    pub(super) merge: bool,
}

impl Entry {
    pub(super) fn new(key: usize, merge: bool) -> Self {
        Self {
            key,
            value: None,
            merge,
        }
    }

    /// Tells whether the entry has its value.
    pub(super) fn is_full(&self) -> bool {
        self.value.is_some()
    }
}

/// Up to here keys are compared one by one; a hash map costs more.
const FEW: usize = 12;

/// Settles a map whose entries are all there.
pub(super) fn settle(
    builder: &mut Builder,
    map: usize,
    entries: &[Entry],
    problems: &mut Vec<Problem>,
) {
    let document = builder.document();
    let duplicates = duplicates(document, entries);
    for (first, second) in &duplicates {
        problems.push(duplicate(*first, *second));
    }
    let merges = entries.iter().any(|entry| entry.merge);
    if duplicates.is_empty() && !merges {
        return;
    }
    let pairs = final_pairs(document, entries, problems);
    builder.rebuild_map(map, &pairs);
}

fn key<'d>(document: &'d Document, entry: &Entry) -> Option<Node<'d>> {
    document.node(entry.key)
}

/// Finds keys that stand twice; `<<` may.
fn duplicates(document: &Document, entries: &[Entry]) -> Vec<((Span, usize), (Span, usize))> {
    let keys: Vec<Node<'_>> = entries
        .iter()
        .filter(|entry| !entry.merge)
        .filter_map(|entry| key(document, entry))
        .collect();
    let mut found = Vec::new();
    let pair = |first: Node<'_>, second: Node<'_>| {
        (
            (first.span(), first.index()),
            (second.span(), second.index()),
        )
    };
    if keys.len() <= FEW {
        for (at, second) in keys.iter().enumerate() {
            let before = keys.get(..at).unwrap_or_default();
            if let Some(first) = before
                .iter()
                .find(|first| first.as_str() == second.as_str())
            {
                found.push(pair(*first, *second));
            }
        }
    } else {
        let mut seen: HashMap<&str, Node<'_>> = HashMap::with_capacity(keys.len());
        for second in keys {
            if let Some(first) = seen.get(second.as_str().unwrap_or_default()) {
                found.push(pair(*first, second));
            } else {
                seen.insert(second.as_str().unwrap_or_default(), second);
            }
        }
    }
    found
}

fn duplicate((first, _): (Span, usize), (second, _): (Span, usize)) -> Problem {
    Problem::new(
        &rules::DUPLICATE_KEY,
        second,
        "this key is here twice; Kubernetes would keep the last and drop the first",
    )
    .related(first, "the first is here")
    .help("remove one of the two, or rename it")
}

/// Returns the entries that remain, in order of first appearance: a later one replaces an earlier one, merged or not.
fn final_pairs(
    document: &Document,
    entries: &[Entry],
    problems: &mut Vec<Problem>,
) -> Vec<(usize, usize)> {
    let mut pairs: IndexMap<&str, (usize, usize, bool)> = IndexMap::new();
    for entry in entries {
        let (Some(key), Some(value)) = (
            key(document, entry),
            entry.value.and_then(|value| document.node(value)),
        ) else {
            continue;
        };
        if !entry.merge {
            pairs.insert(
                key.as_str().unwrap_or_default(),
                (key.index(), value.index(), false),
            );
            continue;
        }
        let Some(sources) = merged_maps(value) else {
            problems.push(
                Problem::new(
                    &rules::UNSUPPORTED,
                    key.span(),
                    "only a map or a list of maps can be merged",
                )
                .help("give `<<` an alias of a map, or remove it"),
            );
            continue;
        };
        for (name, item) in sources.into_iter().flat_map(Node::entries) {
            let text = name.as_str().unwrap_or_default();
            if let Some((explicit, _, false)) = pairs.get(text) {
                let place = document.node(*explicit).map(Node::span).unwrap_or_default();
                problems.push(
                    Problem::new(
                        &rules::MERGE_OVERRIDE,
                        key.span(),
                        format!("this merge replaces `{text}`, which stands before it"),
                    )
                    .related(place, "replaced")
                    .help("put `<<` first, so that what is written out wins"),
                );
            }
            pairs.insert(text, (name.index(), item.index(), true));
        }
    }
    pairs
        .into_values()
        .map(|(key, value, _)| (key, value))
        .collect()
}

/// Returns the maps to merge, the one that wins last.
fn merged_maps(value: Node<'_>) -> Option<Vec<Node<'_>>> {
    match value.kind() {
        Kind::Map => Some(vec![value]),
        Kind::Seq if value.items().all(|item| item.kind() == Kind::Map) => {
            let mut maps: Vec<Node<'_>> = value.items().collect();
            maps.reverse();
            Some(maps)
        }
        _ => None,
    }
}
