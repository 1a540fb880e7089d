//! Looking keys up in a map that may be long.

use std::cell::OnceCell;
use std::collections::HashMap;

use super::Node;

/// The longest map that is searched entry by entry.
const SHORT: usize = 16;

/// The entries of a map, to be looked up however many there are: one look at each.
#[derive(Debug)]
pub struct Lookup<'a> {
    map: Node<'a>,
    known: OnceCell<HashMap<&'a str, Node<'a>>>,
}

impl<'a> Lookup<'a> {
    /// Takes a map; anything else has no entries.
    pub fn new(map: Node<'a>) -> Self {
        Self {
            map,
            known: OnceCell::new(),
        }
    }

    /// Returns the value under a key, as [`Node::get`] does.
    pub fn get(&self, key: &str) -> Option<Node<'a>> {
        if self.map.entries().len() <= SHORT {
            return self.map.get(key);
        }
        let known = || {
            let mut known = HashMap::new();
            for (key, value) in self.map.entries() {
                known
                    .entry(key.as_str().unwrap_or_default())
                    .or_insert(value);
            }
            known
        };
        self.known.get_or_init(known).get(key).copied()
    }

    /// Tells whether there is a key.
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }
}

/// The maps and lists that were looked into: one look at each, however many keys and items are asked for.
#[derive(Debug, Default)]
pub struct Lookups<'a> {
    maps: HashMap<usize, Lookup<'a>>,
    lists: HashMap<usize, Vec<Node<'a>>>,
}

impl<'a> Lookups<'a> {
    /// Returns the value under a key of a map; all maps are of one document.
    pub fn get(&mut self, map: Node<'a>, key: &str) -> Option<Node<'a>> {
        let lookup = self.maps.entry(map.index());
        lookup.or_insert_with(|| Lookup::new(map)).get(key)
    }

    /// Returns the item of a list at a place.
    pub fn item(&mut self, list: Node<'a>, at: usize) -> Option<Node<'a>> {
        let items = self.lists.entry(list.index());
        let items = items.or_insert_with(|| list.items().collect());
        items.get(at).copied()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::yaml::{Limits, read};

    #[test]
    fn long_maps_are_looked_up_as_short_ones_are() {
        for count in [0, SHORT, SHORT + 1, 100] {
            let entries: Vec<String> = (0..count).map(|at| format!("k{at}: {at}")).collect();
            let text = format!("{{{}}}", entries.join(", "));
            let document = read(&Arc::from(text), &Limits::default())
                .documents
                .remove(0);
            let lookup = Lookup::new(document.root());
            let mut lookups = Lookups::default();
            for key in ["k0", "k3", "k16", "k99", "k100", ""] {
                let (found, known) = (lookup.get(key), document.root().get(key));
                assert_eq!(
                    found.map(Node::index),
                    known.map(Node::index),
                    "{count} {key}"
                );
                assert_eq!(lookup.has(key), known.is_some());
                let again = lookups.get(document.root(), key);
                assert_eq!(again.map(Node::index), known.map(Node::index));
            }
        }
    }
}
