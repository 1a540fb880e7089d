//! What is told of a policy and all objects together, such as that it is not decided for one and seven more: counted where
//! objects are judged, on one machine or on several.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::{Deserialize, Serialize};

use crate::cluster::Index;

/// What was counted. Policies and the bindings that use them are told by their places, which are the same wherever the
/// objects and policies are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tally {
    /// How many objects were judged.
    pub(super) judged: usize,
    /// By the place of a policy, and what is not known, in words.
    #[serde(with = "entries")]
    pub(super) undecided: BTreeMap<(usize, String), Objects>,
    /// Objects without params: by the places of a policy and of a use of it, and the namespace that has none, or none
    /// where the objects live in no namespace.
    #[serde(with = "entries")]
    pub(super) lacks: BTreeMap<(usize, usize, Option<String>), Objects>,
    /// The policies that cost too much, by place, with the number of objects that they were asked about.
    #[serde(with = "entries")]
    pub(super) stopped: BTreeMap<usize, usize>,
}

/// The first of some objects, and how many there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Objects {
    /// The index of the first.
    pub(super) at: Index,
    /// The first, in words.
    pub(super) first: String,
    pub(super) count: usize,
}

impl Objects {
    pub(super) fn one(at: Index, first: String) -> Self {
        let count = 1;
        Self { at, first, count }
    }

    /// Adds others.
    pub(super) fn add(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        if other.at < self.at {
            (self.at, self.first) = (other.at, other.first);
        }
    }
}

impl Tally {
    /// Adds what was counted of other objects.
    pub(super) fn add(&mut self, other: Self) {
        // A policy that was stopped here was asked about all there, and the other way round.
        for place in other.stopped.keys() {
            self.stopped.entry(*place).or_insert(self.judged);
        }
        for (place, asked) in &mut self.stopped {
            let there = other.stopped.get(place).unwrap_or(&other.judged);
            *asked = asked.saturating_add(*there);
        }
        self.judged = self.judged.saturating_add(other.judged);
        merge(&mut self.undecided, other.undecided);
        merge(&mut self.lacks, other.lacks);
    }

    /// Counts that something is not known of an object.
    pub(super) fn undecided(&mut self, policy: usize, what: String, object: Objects) {
        merge(&mut self.undecided, [((policy, what), object)]);
    }

    /// Counts an object without params.
    pub(super) fn lack(
        &mut self,
        (policy, used): (usize, usize),
        namespace: Option<String>,
        object: Objects,
    ) {
        merge(&mut self.lacks, [((policy, used, namespace), object)]);
    }
}

/// Adds objects to those of the same key.
fn merge<K: Ord>(all: &mut BTreeMap<K, Objects>, more: impl IntoIterator<Item = (K, Objects)>) {
    for (key, objects) in more {
        match all.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(objects);
            }
            Entry::Occupied(mut entry) => entry.get_mut().add(objects),
        }
    }
}

/// Maps as lists of their entries: in JSON keys are texts.
mod entries {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub(super) fn deserialize<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        let entries = Vec::<(K, V)>::deserialize(deserializer)?;
        Ok(entries.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(judged: usize, stopped: &[(usize, usize)]) -> Tally {
        Tally {
            judged,
            stopped: stopped.iter().copied().collect(),
            ..Tally::default()
        }
    }

    #[test]
    fn what_was_stopped_in_one_place_was_asked_about_all_in_the_other() {
        let mut sum = tally(5_000, &[(1, 1_024), (2, 2_048)]);
        sum.add(tally(3_000, &[(2, 1_024), (3, 2_048)]));
        assert_eq!(sum, tally(8_000, &[(1, 4_024), (2, 3_072), (3, 7_048)]));
    }

    #[test]
    fn the_first_object_is_told_wherever_it_was_judged() {
        let counted = |at: usize, object: &str| {
            let mut tally = Tally::default();
            tally.undecided(
                0,
                "the user".to_owned(),
                Objects::one(at, object.to_owned()),
            );
            tally.lack((0, 1), None, Objects::one(at, object.to_owned()));
            tally.lack(
                (0, 1),
                Some(object.to_owned()),
                Objects::one(at, object.to_owned()),
            );
            tally
        };
        let (later, first) = (counted(7, "b"), counted(3, "a"));
        let mut sums = [later.clone(), first.clone()];
        sums[0].add(first);
        sums[1].add(later);
        assert_eq!(sums[0], sums[1]);
        let undecided: Vec<_> = sums[0].undecided.values().collect();
        let both = Objects {
            at: 3,
            first: "a".to_owned(),
            count: 2,
        };
        assert_eq!(undecided, [&both]);
        let lacks: Vec<_> = sums[0]
            .lacks
            .values()
            .map(|objects| objects.count)
            .collect();
        assert_eq!(lacks, [2, 1, 1]);
    }

    #[test]
    fn a_tally_survives_json() {
        let mut told = tally(10, &[(4, 2)]);
        told.undecided(
            0,
            "the user".to_owned(),
            Objects::one(3, "shop/Pod/web".to_owned()),
        );
        told.lack(
            (1, 0),
            Some("shop".to_owned()),
            Objects::one(3, "shop/Pod/web".to_owned()),
        );
        told.lack((1, 0), None, Objects::one(4, "Node/a".to_owned()));
        let text = serde_json::to_string(&told).unwrap();
        assert_eq!(serde_json::from_str::<Tally>(&text).unwrap(), told);
    }
}
