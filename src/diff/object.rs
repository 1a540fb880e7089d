//! The fields in which two versions of an object differ.

use std::collections::HashMap;

use super::list;
use super::shown::{Secrets, Shown, lines};
use super::{Field, FieldChange};
use crate::manifest::{Resource, path_of_keys};
use crate::yaml::{Kind, Node};

/// Compares two versions of an object.
pub(super) fn compare(old: &Resource, new: &Resource) -> Vec<Field> {
    if old.root().same_value(new.root()) {
        return Vec::new();
    }
    let mut walk = Walk {
        old: Secrets::of(old),
        new: Secrets::of(new),
        fields: Vec::new(),
    };
    walk.node("", old.root(), new.root());
    walk.fields
}

/// A walk along both versions.
pub(super) struct Walk {
    old: Secrets,
    new: Secrets,
    fields: Vec<Field>,
}

impl Walk {
    pub(super) fn node(&mut self, path: &str, old: Node<'_>, new: Node<'_>) {
        if old.same_value(new) {
            return;
        }
        if self.old.hide(old) || self.new.hide(new) {
            return self.push(path, FieldChange::Changed(Shown::Hidden, Shown::Hidden));
        }
        match (old.kind(), new.kind()) {
            (Kind::Map, Kind::Map) => self.map(path, old, new),
            (Kind::Seq, Kind::Seq) => list::compare(self, path, old, new),
            _ => self.value(path, old, new),
        }
    }

    pub(super) fn push(&mut self, path: &str, change: FieldChange) {
        let path = path.to_owned();
        self.fields.push(Field { path, change });
    }

    pub(super) fn added(&mut self, path: &str, new: Node<'_>) {
        let shown = self.new.show(new);
        self.push(path, FieldChange::Added(shown));
    }

    pub(super) fn removed(&mut self, path: &str, old: Node<'_>) {
        let shown = self.old.show(old);
        self.push(path, FieldChange::Removed(shown));
    }

    fn map(&mut self, path: &str, old: Node<'_>, new: Node<'_>) {
        let after: HashMap<&str, Node<'_>> = by_key(new);
        for (key, value) in old.entries() {
            let key = key.as_str().unwrap_or_default();
            let path = below(path, key);
            match after.get(key) {
                Some(new) => self.node(&path, value, *new),
                None => self.removed(&path, value),
            }
        }
        let before = by_key(old);
        for (key, value) in new.entries() {
            let key = key.as_str().unwrap_or_default();
            if !before.contains_key(key) {
                self.added(&below(path, key), value);
            }
        }
    }

    fn value(&mut self, path: &str, old: Node<'_>, new: Node<'_>) {
        let (before, after) = (self.old.show(old), self.new.show(new));
        if self.old.hide_below(old) || self.new.hide_below(new) {
            // One that was written as text and is a map now, for example.
            return self.push(path, FieldChange::Changed(Shown::Hidden, Shown::Hidden));
        }
        if let (Some(old), Some(new)) = (old.as_str(), new.as_str())
            && (old.trim_end().contains('\n') || new.trim_end().contains('\n'))
        {
            return self.text(path, old, new);
        }
        if before == after {
            // What differs is masked, or further behind than is shown.
            return self.push(path, FieldChange::Changed(Shown::Hidden, Shown::Hidden));
        }
        self.push(path, FieldChange::Changed(before, after));
    }

    fn text(&mut self, path: &str, old: &str, new: &str) {
        let count = |text: &str| Shown::Value(format!("a text of {} lines", text.lines().count()));
        let change = lines(old, new).map_or_else(
            || FieldChange::Changed(count(old), count(new)),
            FieldChange::Lines,
        );
        self.push(path, change);
    }
}

fn by_key(map: Node<'_>) -> HashMap<&str, Node<'_>> {
    let entries = map.entries();
    entries
        .filter_map(|(key, value)| Some((key.as_str()?, value)))
        .collect()
}

/// Returns the path of a field.
fn below(path: &str, key: &str) -> String {
    let key = path_of_keys([key]);
    if path.is_empty() || key.starts_with('[') {
        format!("{path}{key}")
    } else {
        format!("{path}.{key}")
    }
}
