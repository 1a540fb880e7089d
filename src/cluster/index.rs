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

    /// Returns the keys of all labels, each once for a namespace, in no order.
    pub fn keys(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.keys.iter().map(|(_, key)| *key)
    }

    /// Returns what a selector chooses in a namespace, in order. None where finding out takes more than the steps that
    /// are left: a selector that names no rare label asks everything in the namespace.
    pub fn chosen(
        &self,
        namespace: &str,
        selector: &Selector<'_>,
        steps: &mut usize,
    ) -> Option<Vec<u32>> {
        let each = selector.size() + 1;
        *steps = steps.checked_sub(each)?;
        let rarest = self.rarest(namespace, selector);
        let asked = match &rarest {
            Some(ranges) => ranges.iter().map(|range| range.len()).sum(),
            None => self.in_namespace(namespace).len(),
        };
        *steps = steps.checked_sub(asked)?;
        let mut chosen = match rarest {
            Some(ranges) => ranges.concat().into_iter().map(|(_, one)| one).collect(),
            None => self.in_namespace(namespace).to_vec(),
        };
        let labels = chosen.iter().filter_map(|thing| self.labels(*thing));
        let work: usize = labels.map(|labels| labels.len().saturating_mul(each)).sum();
        *steps = steps.checked_sub(work)?;
        chosen.retain(|thing| {
            let thing = self.things.get(*thing as usize);
            thing.is_some_and(|(own, labels)| *own == namespace && selector.matches(labels))
        });
        chosen.sort_unstable();
        chosen.dedup();
        Some(chosen)
    }

    /// Returns those that have the rarest of the labels that a selector asks for, where it asks for one.
    fn rarest(&self, namespace: &str, selector: &Selector<'_>) -> Option<Vec<&[(u64, u32)]>> {
        let all = selector.values().map(|(key, values)| {
            let ranges = values
                .iter()
                .map(|value| self.holders(namespace, key, value));
            ranges.collect::<Vec<_>>()
        });
        all.min_by_key(|ranges| ranges.iter().map(|range| range.len()).sum::<usize>())
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
