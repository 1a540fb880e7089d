//! What changes between two versions of an environment's objects, as people mean it.
//!
//! In: the objects of both sides. Out: a [`Comparison`]: objects by identity, fields by path, lists by their merge keys,
//! texts line by line, and what it all leads to. Secrets are masked: that one changes is told, what it is never.

mod impact;
mod json;
mod list;
mod markdown;
mod object;
mod reach;
mod shown;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;

use rayon::prelude::*;

pub use self::impact::{Impact, impacts};
pub use self::json::write_json;
pub use self::markdown::write_markdown;
pub use self::reach::{ReachChange, reach};
pub use self::shown::{Line, Shown};
pub use self::text::write_text;
use crate::finding::ResourceId;
use crate::git::short;
use crate::manifest::Resource;

/// A commit that a side was read of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Its name for people: a branch.
    pub name: String,
    /// Its id.
    pub commit: String,
}

/// The differences of one environment.
#[derive(Debug)]
pub struct Comparison {
    /// What is compared, in words: an environment, or two; empty for plain manifests.
    pub title: String,
    /// The commits that both sides were read of, where it is not the same one for all environments.
    pub read: [Option<Revision>; 2],
    /// The objects that differ, by namespace, kind and name.
    pub objects: Vec<ObjectDiff>,
    /// What it leads to, the gravest first.
    pub impacts: Vec<Impact>,
    /// Who may talk to whom now that might not before, and the other way round.
    pub reach: Vec<ReachChange>,
}

/// An object that differs.
#[derive(Debug)]
pub struct ObjectDiff {
    /// The object; as it is after the change, where it is there then.
    pub id: ResourceId,
    /// What becomes of it.
    pub change: ObjectChange,
}

/// What becomes of an object.
#[derive(Debug)]
pub enum ObjectChange {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// These fields differ.
    Changed(Vec<Field>),
}

/// A field that differs.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// Its path; an item of a list that has a merge key is named by it: `containers[name=web]`.
    pub path: String,
    /// How it differs.
    pub change: FieldChange,
}

/// How a field differs.
#[derive(Debug, PartialEq, Eq)]
pub enum FieldChange {
    /// It is new.
    Added(Shown),
    /// It is gone.
    Removed(Shown),
    /// It has another value.
    Changed(Shown, Shown),
    /// It is a text of which these lines differ.
    Lines(Vec<Line>),
    /// Its items are the same, in another order.
    Moved,
}

/// What makes an object the same one: its group, namespace, kind and name.
type Identity<'r> = (&'r str, &'r str, &'r str, &'r str);

fn identity(resource: &Resource) -> Identity<'_> {
    let id = &resource.id;
    let namespace = id.namespace.as_deref().unwrap_or_default();
    (namespace, &id.kind, &id.name, resource.group())
}

/// Compares.
pub fn compare(title: String, before: &[Resource], after: &[Resource]) -> Comparison {
    let mut pairs: BTreeMap<Identity<'_>, (Option<&Resource>, Option<&Resource>)> = BTreeMap::new();
    for old in before {
        pairs.entry(identity(old)).or_default().0.get_or_insert(old);
    }
    for new in after {
        pairs.entry(identity(new)).or_default().1.get_or_insert(new);
    }
    let pairs: Vec<(Option<&Resource>, Option<&Resource>)> = pairs.into_values().collect();
    let found: Vec<Option<(ObjectDiff, Vec<Impact>)>> = pairs
        .par_iter()
        .map(|(old, new)| {
            let (id, change) = match (old, new) {
                (Some(old), Some(new)) => {
                    let fields = object::compare(old, new);
                    if fields.is_empty() {
                        return None;
                    }
                    (&new.id, ObjectChange::Changed(fields))
                }
                (Some(old), None) => (&old.id, ObjectChange::Removed),
                (None, Some(new)) => (&new.id, ObjectChange::Added),
                (None, None) => return None,
            };
            let diff = ObjectDiff {
                id: id.clone(),
                change,
            };
            let impacts = impacts(&diff, *old, *new);
            Some((diff, impacts))
        })
        .collect();
    let (objects, impacts): (Vec<ObjectDiff>, Vec<Vec<Impact>>) =
        found.into_iter().flatten().unzip();
    let mut impacts: Vec<Impact> = impacts.into_iter().flatten().collect();
    // The order of objects stays within each kind.
    impacts.sort_by_key(Impact::rank);
    Comparison {
        title,
        read: [None, None],
        objects,
        impacts,
        reach: Vec::new(),
    }
}

impl Comparison {
    /// Leaves out what a change in a cluster would lead to: two environments are two clusters.
    #[must_use]
    pub fn apart(mut self) -> Self {
        self.impacts
            .retain(|impact| !matches!(impact, Impact::Refused { .. }));
        for impact in &mut self.impacts {
            if let Impact::Lost { id, .. } = impact {
                *impact = Impact::Removed(id.clone());
            }
        }
        self
    }

    /// Counts the objects that are new, changed and gone.
    pub fn counts(&self) -> (usize, usize, usize) {
        let (mut added, mut changed, mut removed) = (0, 0, 0);
        for object in &self.objects {
            match object.change {
                ObjectChange::Added => added += 1,
                ObjectChange::Changed(_) => changed += 1,
                ObjectChange::Removed => removed += 1,
            }
        }
        (added, changed, removed)
    }

    /// Says in words what is compared, if that has a name, and how many objects differ.
    fn heading(&self, name: impl Fn(&str) -> String) -> String {
        let mut words: Vec<String> = Vec::new();
        if !self.title.is_empty() {
            words.push(name(&self.title));
        }
        for (word, revision) in ["from", "to"].into_iter().zip(&self.read) {
            if let Some(Revision { name: own, commit }) = revision {
                words.push(format!("{word} {} at {}", name(own), short(commit)));
            }
        }
        let (added, changed, removed) = self.counts();
        let counts = format!("{added} new, {changed} changed, {removed} removed");
        if words.is_empty() {
            return counts;
        }
        format!("{}: {counts}", words.join(", "))
    }
}
