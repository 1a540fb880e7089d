//! Lists: items that belong together by their merge keys, or by what they are.

use std::collections::{HashMap, HashSet};

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::FieldChange;
use super::object::Walk;
use crate::yaml::{Node, to_json};

/// The keys that tell the items of a list apart, by the list's name: the merge keys of Kubernetes' own types.
const KEYS: &[(&str, &[&[&str]])] = &[
    ("conditions", &[&["type"]]),
    ("hostAliases", &[&["ip"], &["hostnames"]]),
    ("ownerReferences", &[&["uid"]]),
    (
        "ports",
        &[
            &["containerPort", "protocol"],
            &["port", "protocol"],
            &["name"],
        ],
    ),
    ("subjects", &[&["kind", "namespace", "name"]]),
    (
        "topologySpreadConstraints",
        &[&["topologyKey", "whenUnsatisfiable"]],
    ),
    ("volumeDevices", &[&["devicePath"]]),
    ("volumeMounts", &[&["mountPath"]]),
];
/// Those of other lists, and of custom resources.
const OTHERS: &[&[&str]] = &[&["name"], &["key"], &["id"], &["host"], &["type"]];
/// How large two lists may be together for their items to be matched by what they are.
const LARGEST: usize = 2_000;

/// Compares two lists.
pub(super) fn compare(walk: &mut Walk, path: &str, old: Node<'_>, new: Node<'_>) {
    let before: Vec<Node<'_>> = old.items().collect();
    let after: Vec<Node<'_>> = new.items().collect();
    let name = path.rsplit('.').next().unwrap_or_default();
    let known = KEYS.iter().find(|(list, _)| *list == name);
    let candidates = known.map_or(OTHERS, |(_, keys)| keys);
    let labels = candidates
        .iter()
        .find_map(|keys| Some((labels(&before, keys)?, labels(&after, keys)?)));
    match labels {
        Some((old, new)) => keyed(walk, path, (&before, &old), (&after, &new)),
        None => by_contents(walk, path, &before, &after),
    }
}

/// Returns what each item is called by its keys; nothing where they do not tell all of them apart.
fn labels(items: &[Node<'_>], keys: &[&str]) -> Option<Vec<String>> {
    let mut labels = Vec::with_capacity(items.len());
    let mut seen = HashSet::new();
    for item in items {
        let main = keys.first().and_then(|key| item.get(key))?;
        if main.is_collection() || main.is_null() {
            return None;
        }
        let parts = keys.iter().filter_map(|key| {
            let value = item.get(key).filter(|value| !value.is_null())?;
            let text = value.as_str().map(str::to_owned);
            let text = text.unwrap_or_else(|| to_json(value).to_string());
            Some(format!("{key}={text}"))
        });
        let label = parts.collect::<Vec<_>>().join(",");
        if !seen.insert(label.clone()) {
            return None;
        }
        labels.push(label);
    }
    Some(labels)
}

/// Compares items by what they are called.
fn keyed(
    walk: &mut Walk,
    path: &str,
    (before, old): (&[Node<'_>], &[String]),
    (after, new): (&[Node<'_>], &[String]),
) {
    let there: HashMap<&str, Node<'_>> = new
        .iter()
        .map(String::as_str)
        .zip(after.iter().copied())
        .collect();
    let was: HashMap<&str, Node<'_>> = old
        .iter()
        .map(String::as_str)
        .zip(before.iter().copied())
        .collect();
    for (label, item) in old.iter().zip(before) {
        let path = format!("{path}[{label}]");
        match there.get(label.as_str()) {
            Some(new) => walk.node(&path, *item, *new),
            None => walk.removed(&path, *item),
        }
    }
    for (label, item) in new.iter().zip(after) {
        if !was.contains_key(label.as_str()) {
            walk.added(&format!("{path}[{label}]"), *item);
        }
    }
    let stay = |labels: &[String], other: &HashMap<&str, Node<'_>>| -> Vec<String> {
        let labels = labels
            .iter()
            .filter(|label| other.contains_key(label.as_str()));
        labels.cloned().collect()
    };
    // Containers that prepare a pod run in their order, later variables refer to earlier ones.
    if stay(old, &there) != stay(new, &was) {
        walk.push(path, FieldChange::Moved);
    }
}

/// Compares items by what they hold: those in between that differ are compared with each other, in their order.
fn by_contents(walk: &mut Walk, path: &str, before: &[Node<'_>], after: &[Node<'_>]) {
    if before.len() + after.len() > LARGEST {
        return in_order(walk, path, (0, before), (0, after));
    }
    let texts = |items: &[Node<'_>]| -> Vec<String> {
        items
            .iter()
            .map(|item| to_json(*item).to_string())
            .collect()
    };
    let (old, new) = (texts(before), texts(after));
    for operation in capture_diff_slices(Algorithm::Myers, &old, &new) {
        if matches!(operation, DiffOp::Equal { .. }) {
            continue;
        }
        let (from, to) = (operation.old_range(), operation.new_range());
        let starts = (from.start, to.start);
        let removed = before.get(from).unwrap_or_default();
        let added = after.get(to).unwrap_or_default();
        in_order(walk, path, (starts.0, removed), (starts.1, added));
    }
}

/// Compares items one by one.
fn in_order(
    walk: &mut Walk,
    path: &str,
    (from, before): (usize, &[Node<'_>]),
    (to, after): (usize, &[Node<'_>]),
) {
    for (at, (old, new)) in before.iter().zip(after).enumerate() {
        walk.node(&format!("{path}[{}]", to + at), *old, *new);
    }
    for (at, old) in before.iter().enumerate().skip(after.len()) {
        walk.removed(&format!("{path}[{}]", from + at), *old);
    }
    for (at, new) in after.iter().enumerate().skip(before.len()) {
        walk.added(&format!("{path}[{}]", to + at), *new);
    }
}
