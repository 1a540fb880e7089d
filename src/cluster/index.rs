//! Objects by their labels: what a selector chooses, without asking each.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};

use super::{Labels, Selector};

/// Things with labels in namespaces, such as pods; each has the number of its place among those given.
#[derive(Debug, Default)]
pub struct LabelIndex<'a> {
    things: Vec<(&'a str, Labels<'a>)>,
    spaces: HashMap<&'a str, Vec<u32>>,
    /// The hash of namespace, key and value, and who has them; in order.
    holders: Vec<(u64, u32)>,
    keys: HashSet<(&'a str, &'a str)>,
    hasher: RandomState,
}

impl<'a> LabelIndex<'a> {
    /// Takes things with their namespaces and labels.
    pub fn new(things: impl IntoIterator<Item = (&'a str, Labels<'a>)>) -> Self {
        let mut index = Self::default();
        for (number, (namespace, labels)) in (0_u32..).zip(things) {
            index.spaces.entry(namespace).or_default().push(number);
            for (key, value) in labels.iter() {
                let hash = index.hash(namespace, key, value);
                index.holders.push((hash, number));
                index.keys.insert((namespace, key));
            }
            index.things.push((namespace, labels));
        }
        index.holders.sort_unstable();
        index
    }

    /// Returns the things of a namespace, in their order.
    pub fn in_namespace(&self, namespace: &str) -> &[u32] {
        let found = self.spaces.get(namespace);
        found.map(Vec::as_slice).unwrap_or_default()
    }

    /// Returns the labels of a thing.
    pub fn labels(&self, thing: u32) -> Option<&Labels<'a>> {
        self.things.get(thing as usize).map(|(_, labels)| labels)
    }

    /// Tells whether something in a namespace has a label, whatever its value.
    pub fn has_key(&self, namespace: &str, key: &str) -> bool {
        self.keys.contains(&(namespace, key))
    }

    /// Returns what a selector chooses in a namespace, in order.
    pub fn chosen(&self, namespace: &str, selector: &Selector<'_>) -> Vec<u32> {
        let mut chosen = self.candidates(namespace, selector);
        chosen.retain(|thing| {
            let thing = self.things.get(*thing as usize);
            thing.is_some_and(|(own, labels)| *own == namespace && selector.matches(labels))
        });
        chosen
    }

    /// Returns what a selector may choose in a namespace, in order: those that have the rarest of its labels.
    pub fn candidates(&self, namespace: &str, selector: &Selector<'_>) -> Vec<u32> {
        let everything = self.in_namespace(namespace);
        let fewest = selector
            .values()
            .map(|(key, values)| {
                let ranges = values
                    .iter()
                    .map(|value| self.holders(namespace, key, value));
                let ranges: Vec<&[(u64, u32)]> = ranges.collect();
                (
                    ranges.iter().map(|range| range.len()).sum::<usize>(),
                    ranges,
                )
            })
            .min_by_key(|(count, _)| *count);
        let Some((_, ranges)) = fewest else {
            return everything.to_vec();
        };
        let mut numbers: Vec<u32> = ranges.concat().into_iter().map(|(_, one)| one).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    fn hash(&self, namespace: &str, key: &str, value: &str) -> u64 {
        self.hasher.hash_one((namespace, key, value))
    }

    fn holders(&self, namespace: &str, key: &str, value: &str) -> &[(u64, u32)] {
        let hash = self.hash(namespace, key, value);
        let start = self.holders.partition_point(|(other, _)| *other < hash);
        let rest = self.holders.get(start..).unwrap_or_default();
        let end = rest.partition_point(|(other, _)| *other == hash);
        rest.get(..end).unwrap_or_default()
    }
}
