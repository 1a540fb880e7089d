//! The spanned tree: one document as a flat list of nodes in document order.
//!
//! A node is a fixed-size slot; a collection knows how many nodes it is, so a child is the next slot and a sibling is
//! one jump away. Strings are ranges of the document's text, or of a small buffer for those that YAML escapes or
//! templates changed. The tree owns what it needs, is small, and is walked with copyable [`Node`] handles.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::num::NonZeroU32;
use std::sync::Arc;

use super::slots::{Data, Size, Slot, Slots};
use crate::source::Span;

/// What kind of value a node is, as the API server would read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `null`.
    Null,
    /// A boolean.
    Bool,
    /// An integer of 64 bits.
    Int,
    /// A finite floating-point number, or an integer beyond 64 bits.
    Float,
    /// A string.
    Str,
    /// A list.
    Seq,
    /// A map with string keys.
    Map,
}

impl Kind {
    /// Returns the word used in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "boolean",
            Self::Int => "integer",
            Self::Float => "number",
            Self::Str => "string",
            Self::Seq => "list",
            Self::Map => "map",
        }
    }
}

/// Names where a node came from beyond its span, in a table that the maker of the tree keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OriginId(NonZeroU32);

impl OriginId {
    /// Names the entry of a table at an index. One more than that is kept, so that having no origin takes no room: there
    /// are as many places as nodes.
    pub fn new(index: usize) -> Self {
        let next = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
        Self(NonZeroU32::new(next).unwrap_or(NonZeroU32::MIN))
    }

    /// Returns the index in the table.
    pub fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// Where a node stands: its bytes in the text it was read from, and its origin where it has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The bytes.
    pub span: Span,
    /// The origin.
    pub origin: Option<OriginId>,
}

impl Place {
    /// Makes a place without an origin.
    pub fn new(span: Span) -> Self {
        Self { span, origin: None }
    }
}

/// One YAML document, or the merged values of an environment.
#[derive(Clone, Debug)]
pub struct Document {
    pub(super) text: Arc<str>,
    pub(super) buffer: String,
    pub(super) slots: Slots,
}

impl Document {
    /// Returns the root node; an empty document is `null`.
    pub fn root(&self) -> Node<'_> {
        Node {
            document: self,
            index: 0,
        }
    }

    /// Returns the text that the spans point into.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Returns the number of nodes, keys included.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Tells whether the document holds nothing but `null`.
    pub fn is_empty(&self) -> bool {
        self.root().is_null()
    }

    /// Inserts a key and its string into a map, after the entry whose value is `after`.
    ///
    /// `ancestors` are the indexes of the map and of everything it stands in.
    pub fn insert_after(
        &mut self,
        ancestors: &[usize],
        after: usize,
        key: &str,
        value: &str,
        place: Place,
    ) {
        let Some(at) = self.node(after).map(Node::end_index) else {
            return;
        };
        for ancestor in ancestors {
            if let Some(Slot {
                data: Data::Seq(Size { nodes, .. }) | Data::Map(Size { nodes, .. }),
                ..
            }) = self.slots.get_mut(*ancestor)
            {
                *nodes += 2;
            }
        }
        if let Some(Slot {
            data: Data::Map(size),
            ..
        }) = ancestors.last().and_then(|map| self.slots.get_mut(*map))
        {
            size.count += 1;
        }
        let rest = self.slots.split_off(at);
        for text in [key, value] {
            let start = self.buffer.len();
            self.buffer.push_str(text);
            let span = Span::new(start, start + text.len());
            self.slots.push(Data::Buffer(span), place);
        }
        self.slots.extend(&rest);
    }

    /// Returns the node at an index that [`Node::index`] gave.
    pub fn node(&self, index: usize) -> Option<Node<'_>> {
        (index < self.slots.len()).then_some(Node {
            document: self,
            index: Span::at(index).start,
        })
    }
}

/// A node of a document: a handle that is cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    document: &'a Document,
    index: u32,
}

impl<'a> Node<'a> {
    #[expect(
        clippy::expect_used,
        reason = "an index is made by this module only, and a document is never empty"
    )]
    pub(super) fn slot(self) -> &'a Slot {
        let slot = self.document.slots.get(self.index());
        slot.expect("a node is one of its document")
    }

    /// Returns the document.
    pub fn document(self) -> &'a Document {
        self.document
    }

    /// Returns the node's number in document order, the root being 0.
    pub fn index(self) -> usize {
        self.index as usize
    }

    /// Returns the number after those of the node's subtree.
    pub fn end_index(self) -> usize {
        (self.index + self.slot().nodes()) as usize
    }

    /// Returns where the node stands.
    pub fn place(self) -> Place {
        Place {
            span: self.span(),
            origin: self.origin(),
        }
    }

    /// Returns the node's bytes in the document's text.
    pub fn span(self) -> Span {
        self.slot().span
    }

    /// Returns the node's origin.
    pub fn origin(self) -> Option<OriginId> {
        self.document.slots.origin(self.index())
    }

    /// Returns the kind of value.
    pub fn kind(self) -> Kind {
        match self.slot().data {
            Data::Null => Kind::Null,
            Data::Bool(_) => Kind::Bool,
            Data::Int(_) => Kind::Int,
            Data::Float(_) => Kind::Float,
            Data::Text(_) | Data::Buffer(_) => Kind::Str,
            Data::Seq(_) => Kind::Seq,
            Data::Map(_) => Kind::Map,
        }
    }

    /// Tells whether the node is `null`.
    pub fn is_null(self) -> bool {
        matches!(self.slot().data, Data::Null)
    }

    /// Tells whether the node is a map or a list.
    pub fn is_collection(self) -> bool {
        matches!(self.slot().data, Data::Seq(_) | Data::Map(_))
    }

    /// Returns the boolean.
    pub fn as_bool(self) -> Option<bool> {
        match self.slot().data {
            Data::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// Returns the integer.
    pub fn as_int(self) -> Option<i64> {
        match self.slot().data {
            Data::Int(value) => Some(i64::from_ne_bytes(value)),
            _ => None,
        }
    }

    /// Returns the number, integers included.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a caller that asks for a float wants the nearest one"
    )]
    pub fn as_float(self) -> Option<f64> {
        match self.slot().data {
            Data::Int(value) => Some(i64::from_ne_bytes(value) as f64),
            Data::Float(value) => Some(f64::from_ne_bytes(value)),
            _ => None,
        }
    }

    /// Returns the string.
    pub fn as_str(self) -> Option<&'a str> {
        match self.slot().data {
            Data::Text(span) => Some(span.of(&self.document.text)),
            Data::Buffer(span) => Some(span.of(&self.document.buffer)),
            _ => None,
        }
    }

    /// Returns the entries of a map in document order, keys as nodes (always strings); nothing for other kinds.
    pub fn entries(self) -> Entries<'a> {
        let count = match self.slot().data {
            Data::Map(size) => size.count,
            _ => 0,
        };
        Entries {
            document: self.document,
            next: self.index + 1,
            left: count,
        }
    }

    /// Returns the items of a list; nothing for other kinds.
    pub fn items(self) -> Items<'a> {
        let count = match self.slot().data {
            Data::Seq(size) => size.count,
            _ => 0,
        };
        Items {
            document: self.document,
            next: self.index + 1,
            left: count,
        }
    }

    /// Returns the value under a key of a map.
    pub fn get(self, key: &str) -> Option<Node<'a>> {
        self.entry(key).map(|(_, value)| value)
    }

    /// Returns the key's node and the value under a key of a map.
    pub fn entry(self, key: &str) -> Option<(Node<'a>, Node<'a>)> {
        self.entries().find(|(name, _)| name.is_str(key))
    }

    /// Tells whether the node is this string. Most keys that are asked differ in their length already.
    fn is_str(self, text: &str) -> bool {
        match self.slot().data {
            Data::Text(span) | Data::Buffer(span) if span.len() != text.len() => false,
            _ => self.as_str() == Some(text),
        }
    }

    /// Follows keys from map to map.
    pub fn path(self, keys: &[&str]) -> Option<Node<'a>> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Returns the value under a key of a map that has few.
    fn get_short(self, key: &str) -> Option<Node<'a>> {
        let short = matches!(self.slot().data, Data::Map(size) if size.count <= 32);
        short.then(|| self.get(key)).flatten()
    }

    /// Returns a number that is the same for subtrees with the same values, as [`Node::same_value`] has it.
    pub fn value_hash(self, state: &impl BuildHasher) -> u64 {
        match self.slot().data {
            Data::Null => state.hash_one(0_u8),
            Data::Bool(value) => state.hash_one((1_u8, value)),
            Data::Int(value) => state.hash_one((2_u8, value)),
            Data::Float(value) => state.hash_one((3_u8, value)),
            Data::Text(_) | Data::Buffer(_) => state.hash_one((4_u8, self.as_str())),
            Data::Seq(_) => self.items().fold(5, |before, item| {
                state.hash_one((before, item.value_hash(state)))
            }),
            // Whatever the order of the entries.
            Data::Map(_) => self.entries().fold(6, |before, (key, value)| {
                let entry = state.hash_one((key.as_str(), value.value_hash(state)));
                u64::wrapping_add(before, entry)
            }),
        }
    }

    /// Tells whether two subtrees hold the same values, whatever their places and the order of their keys.
    pub fn same_value(self, other: Node<'_>) -> bool {
        match (self.slot().data, other.slot().data) {
            (Data::Null, Data::Null) => true,
            (Data::Bool(a), Data::Bool(b)) => a == b,
            (Data::Int(a), Data::Int(b)) | (Data::Float(a), Data::Float(b)) => a == b,
            (Data::Seq(a), Data::Seq(b)) => {
                a.count == b.count
                    && self
                        .items()
                        .zip(other.items())
                        .all(|(mine, theirs)| mine.same_value(theirs))
            }
            (Data::Map(a), Data::Map(b)) => {
                // Most are in the same order; a map is searched key by key only where it is short.
                let known: HashMap<&str, Node<'_>> = if b.count > 32 {
                    let entries = other.entries();
                    entries
                        .filter_map(|(key, value)| Some((key.as_str()?, value)))
                        .collect()
                } else {
                    HashMap::new()
                };
                let get = |key: &str| known.get(key).copied().or_else(|| other.get_short(key));
                a.count == b.count
                    && self.entries().all(|(key, mine)| {
                        key.as_str()
                            .and_then(get)
                            .is_some_and(|theirs| mine.same_value(theirs))
                    })
            }
            _ => self.as_str().is_some() && self.as_str() == other.as_str(),
        }
    }
}

/// The entries of a map.
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    document: &'a Document,
    next: u32,
    left: u32,
}

impl<'a> Iterator for Entries<'a> {
    type Item = (Node<'a>, Node<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let key = Node {
            document: self.document,
            index: self.next,
        };
        let value = Node {
            document: self.document,
            index: self.next + 1,
        };
        self.next = value.index + value.slot().nodes();
        Some((key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for Entries<'_> {}

/// The items of a list.
#[derive(Clone, Debug)]
pub struct Items<'a> {
    document: &'a Document,
    next: u32,
    left: u32,
}

impl<'a> Iterator for Items<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let item = Node {
            document: self.document,
            index: self.next,
        };
        self.next = item.index + item.slot().nodes();
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for Items<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_an_index() {
        for index in [0, 7] {
            assert_eq!(OriginId::new(index).index(), index);
        }
    }
}
