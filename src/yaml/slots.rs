//! The nodes of a document as they lie in memory.

use super::tree::{OriginId, Place};
use crate::source::Span;

#[derive(Clone, Copy, Debug)]
pub(super) enum Data {
    Null,
    Bool(bool),
    Int(Number),
    Float(Number),
    /// Bytes of the document's text.
    Text(Span),
    /// Bytes of the document's buffer.
    Buffer(Span),
    Seq(Size),
    Map(Size),
}

/// The bytes of a number: a number itself lies at every eighth byte only, and would make every node larger.
pub(super) type Number = [u8; 8];

/// How large a map or list is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    /// The number of its entries or items.
    pub(super) count: u32,
    /// The number of its nodes, itself included.
    pub(super) nodes: u32,
}

impl Size {
    pub(super) const EMPTY: Self = Self { count: 0, nodes: 1 };
}

/// A node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) data: Data,
    pub(super) span: Span,
}

impl Slot {
    /// Returns the number of nodes of the subtree.
    pub(super) fn nodes(&self) -> u32 {
        match self.data {
            Data::Seq(size) | Data::Map(size) => size.nodes,
            _ => 1,
        }
    }
}

/// So many nodes most documents have at most.
const FEW: usize = 1024;

/// Nodes in document order. Only what was rendered has origins, so they lie apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    /// The origins of the nodes up to the last one that has any.
    origins: Vec<Option<OriginId>>,
}

impl Slots {
    /// Makes room for the nodes of a text of so many bytes.
    pub(super) fn for_text(bytes: usize) -> Self {
        Self {
            slots: Vec::with_capacity((bytes / 8).min(FEW)),
            origins: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub(super) fn get(&self, index: usize) -> Option<&Slot> {
        self.slots.get(index)
    }

    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut Slot> {
        self.slots.get_mut(index)
    }

    pub(super) fn origin(&self, index: usize) -> Option<OriginId> {
        self.origins.get(index).copied().flatten()
    }

    pub(super) fn push(&mut self, data: Data, place: Place) {
        let Place { span, origin } = place;
        if origin.is_some() {
            self.origins.resize(self.slots.len(), None);
            self.origins.push(origin);
        }
        self.slots.push(Slot { data, span });
    }

    /// Adds copies of nodes.
    pub(super) fn extend(&mut self, added: &Self) {
        if !added.origins.is_empty() {
            self.origins.resize(self.slots.len(), None);
            self.origins.extend_from_slice(&added.origins);
        }
        self.slots.extend_from_slice(&added.slots);
    }

    /// Returns copies of a node and all beneath it.
    pub(super) fn subtree(&self, index: usize) -> Self {
        let nodes = self.get(index).map_or(0, Slot::nodes) as usize;
        let slots = self.slots.iter().skip(index).take(nodes);
        let origins = self.origins.iter().skip(index).take(nodes);
        Self {
            slots: slots.copied().collect(),
            origins: origins.copied().collect(),
        }
    }

    pub(super) fn truncate(&mut self, count: usize) {
        self.slots.truncate(count);
        self.origins.truncate(count);
    }

    /// Takes the nodes from an index on away.
    pub(super) fn split_off(&mut self, index: usize) -> Self {
        Self {
            slots: self.slots.split_off(index.min(self.slots.len())),
            origins: self.origins.split_off(index.min(self.origins.len())),
        }
    }

    /// Gives back the room that is not needed. Few nodes are copied: shrinking leaves a hole behind each document, and most
    /// runs have many small ones.
    pub(super) fn fit(&mut self) {
        if self.slots.len() <= FEW {
            *self = self.clone();
        } else {
            self.slots.shrink_to_fit();
            self.origins.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_takes_a_few_words() {
        assert_eq!(size_of::<Slot>(), 20);
        assert_eq!(size_of::<Option<OriginId>>(), 4);
    }

    #[test]
    fn origins_stay_with_their_nodes() {
        let place = |origin: Option<usize>| Place {
            span: Span::default(),
            origin: origin.map(OriginId::new),
        };
        let origins = |slots: &Slots| {
            let all = 0..slots.len();
            all.map(|index| slots.origin(index).map(OriginId::index))
                .collect::<Vec<_>>()
        };
        let mut slots = Slots::default();
        for origin in [None, Some(0), None, Some(7), None] {
            slots.push(Data::Null, place(origin));
        }
        assert_eq!(origins(&slots), [None, Some(0), None, Some(7), None]);
        let rest = slots.split_off(2);
        assert_eq!(origins(&slots), [None, Some(0)]);
        slots.push(Data::Null, place(None));
        slots.push(Data::Null, place(None));
        slots.extend(&rest);
        let all = [None, Some(0), None, None, None, Some(7), None];
        assert_eq!(origins(&slots), all);
        slots.extend(&slots.subtree(5));
        slots.extend(&slots.subtree(6));
        assert_eq!(slots.origin(7).map(OriginId::index), Some(7));
        assert_eq!(slots.origin(8), None);
        slots.truncate(1);
        slots.push(Data::Null, place(Some(3)));
        assert_eq!(origins(&slots), [None, Some(3)]);
        assert_eq!(slots.split_off(9).len(), 0);
    }
}
