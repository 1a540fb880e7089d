//! The spanned tree: one document as a flat list of nodes in document order.
//!
//! A node is a fixed-size slot; a collection knows where its subtree ends, so a child is the next slot and a sibling
//! is one jump away. Strings are ranges of the document's text, or of a small buffer for those that YAML escapes or
//! templates changed. The tree owns what it needs, is small, and is walked with copyable [`Node`] handles.

use std::sync::Arc;

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
pub struct OriginId(pub u32);

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

#[derive(Clone, Copy, Debug)]
enum Data {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// Bytes of the document's text.
    Text(Span),
    /// Bytes of the document's buffer.
    Buffer(Span),
    Seq(u32),
    Map(u32),
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    data: Data,
    /// The index after the node's subtree.
    end: u32,
    place: Place,
}

/// One YAML document, or the merged values of an environment.
#[derive(Clone, Debug)]
pub struct Document {
    text: Arc<str>,
    buffer: String,
    slots: Vec<Slot>,
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
        clippy::indexing_slicing,
        reason = "an index is made by this module only, and a document is never empty"
    )]
    fn slot(self) -> &'a Slot {
        &self.document.slots[self.index as usize]
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
        self.slot().end as usize
    }

    /// Returns where the node stands.
    pub fn place(self) -> Place {
        self.slot().place
    }

    /// Returns the node's bytes in the document's text.
    pub fn span(self) -> Span {
        self.slot().place.span
    }

    /// Returns the node's origin.
    pub fn origin(self) -> Option<OriginId> {
        self.slot().place.origin
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
            Data::Int(value) => Some(value),
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
            Data::Int(value) => Some(value as f64),
            Data::Float(value) => Some(value),
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
            Data::Map(count) => count,
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
            Data::Seq(count) => count,
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
        self.entries().find(|(name, _)| name.as_str() == Some(key))
    }

    /// Follows keys from map to map.
    pub fn path(self, keys: &[&str]) -> Option<Node<'a>> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Tells whether two subtrees hold the same values, whatever their places and the order of their keys.
    pub fn same_value(self, other: Node<'_>) -> bool {
        match (self.slot().data, other.slot().data) {
            (Data::Null, Data::Null) => true,
            (Data::Bool(a), Data::Bool(b)) => a == b,
            (Data::Int(a), Data::Int(b)) => a == b,
            (Data::Float(a), Data::Float(b)) => a.to_bits() == b.to_bits(),
            (Data::Seq(a), Data::Seq(b)) => {
                a == b
                    && self
                        .items()
                        .zip(other.items())
                        .all(|(mine, theirs)| mine.same_value(theirs))
            }
            (Data::Map(a), Data::Map(b)) => {
                a == b
                    && self.entries().all(|(key, mine)| {
                        key.as_str()
                            .and_then(|key| other.get(key))
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
        self.next = value.slot().end;
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
        self.next = item.slot().end;
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for Items<'_> {}

/// Builds a document node by node, in document order.
///
/// In a map, each key (a string) is followed by its value. What is open when [`Builder::finish`] is called is closed.
#[derive(Debug)]
pub struct Builder {
    document: Document,
    open: Vec<u32>,
}

impl Builder {
    /// Begins a document whose spans point into `text`.
    pub fn new(text: Arc<str>) -> Self {
        Self {
            document: Document {
                text,
                buffer: String::new(),
                slots: Vec::new(),
            },
            open: Vec::new(),
        }
    }

    /// Returns the number of nodes so far.
    pub fn len(&self) -> usize {
        self.document.slots.len()
    }

    /// Tells whether there is no node yet.
    pub fn is_empty(&self) -> bool {
        self.document.slots.is_empty()
    }

    /// Returns the number of maps and lists that are open.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// Returns the document as built so far; open collections look empty.
    pub fn document(&self) -> &Document {
        &self.document
    }

    fn push(&mut self, data: Data, place: Place) {
        let end = Span::at(self.document.slots.len() + 1).start;
        self.document.slots.push(Slot { data, end, place });
    }

    /// Adds a `null`.
    pub fn null(&mut self, place: Place) {
        self.push(Data::Null, place);
    }

    /// Adds a boolean.
    pub fn bool(&mut self, value: bool, place: Place) {
        self.push(Data::Bool(value), place);
    }

    /// Adds an integer.
    pub fn int(&mut self, value: i64, place: Place) {
        self.push(Data::Int(value), place);
    }

    /// Adds a finite number.
    pub fn float(&mut self, value: f64, place: Place) {
        self.push(Data::Float(value), place);
    }

    /// Adds a string that stands in the document's text as it is.
    pub fn text(&mut self, span: Span, place: Place) {
        self.push(Data::Text(span), place);
    }

    /// Adds a string.
    pub fn str(&mut self, value: &str, place: Place) {
        let start = self.document.buffer.len();
        self.document.buffer.push_str(value);
        self.push(Data::Buffer(Span::new(start, start + value.len())), place);
    }

    /// Opens a map.
    pub fn begin_map(&mut self, place: Place) {
        self.open.push(Span::at(self.document.slots.len()).start);
        self.push(Data::Map(0), place);
    }

    /// Opens a list.
    pub fn begin_seq(&mut self, place: Place) {
        self.open.push(Span::at(self.document.slots.len()).start);
        self.push(Data::Seq(0), place);
    }

    /// Closes the map or list that was opened last; its span is stretched to `span_end` where that is given.
    pub fn end(&mut self, span_end: Option<u32>) {
        let Some(index) = self.open.pop() else { return };
        let end = Span::at(self.document.slots.len()).start;
        let mut children = 0;
        let mut next = index + 1;
        while next < end {
            children += 1;
            next = self
                .document
                .slots
                .get(next as usize)
                .map_or(end, |slot| slot.end);
        }
        if let Some(slot) = self.document.slots.get_mut(index as usize) {
            slot.end = end;
            slot.data = match slot.data {
                Data::Map(_) => Data::Map(children / 2),
                _ => Data::Seq(children),
            };
            if let Some(span_end) = span_end {
                slot.place.span.end = span_end.max(slot.place.span.start);
            }
        }
    }

    /// Adds a deep copy of a node, of this or of another document; `place` replaces the place of every copied node
    /// where it is given.
    pub fn copy(&mut self, node: Node<'_>, place: Option<Place>) {
        let place_of = |node: Node<'_>| place.unwrap_or(node.place());
        match node.slot().data {
            Data::Map(_) => {
                self.begin_map(place_of(node));
                for (key, value) in node.entries() {
                    self.copy(key, place);
                    self.copy(value, place);
                }
                self.end(None);
            }
            Data::Seq(_) => {
                self.begin_seq(place_of(node));
                for item in node.items() {
                    self.copy(item, place);
                }
                self.end(None);
            }
            Data::Text(_) | Data::Buffer(_) => {
                self.str(node.as_str().unwrap_or_default(), place_of(node))
            }
            data => self.push(data, place_of(node)),
        }
    }

    /// Adds a deep copy of an earlier, closed node of the document being built.
    pub fn repeat(&mut self, index: usize) {
        let Some(slot) = self.document.slots.get(index).copied() else {
            return;
        };
        let shift =
            Span::at(self.document.slots.len() - index.min(self.document.slots.len())).start;
        for offset in index..slot.end as usize {
            if let Some(mut copied) = self.document.slots.get(offset).copied() {
                copied.end += shift;
                self.document.slots.push(copied);
            }
        }
    }

    /// Drops every node from `index` on; nothing that is open may begin there.
    pub fn truncate(&mut self, index: usize) {
        self.document.slots.truncate(index);
    }

    /// Ends the document.
    pub fn finish(mut self) -> Document {
        while !self.open.is_empty() {
            self.end(None);
        }
        if self.document.slots.is_empty() {
            self.null(Place::default());
        }
        self.document.slots.shrink_to_fit();
        self.document
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(start: usize, end: usize) -> Place {
        Place::new(Span::new(start, end))
    }

    #[test]
    fn a_built_tree_is_walked_in_document_order() {
        let mut builder = Builder::new("a: [1, x]\nb: {}".into());
        builder.begin_map(at(0, 15));
        builder.text(Span::new(0, 1), at(0, 1));
        builder.begin_seq(at(3, 9));
        builder.int(1, at(4, 5));
        builder.str("x", at(7, 8));
        builder.end(None);
        builder.text(Span::new(10, 11), at(10, 11));
        builder.begin_map(at(13, 15));
        let document = builder.finish();
        let root = document.root();
        let keys: Vec<_> = root
            .entries()
            .map(|(key, value)| (key.as_str().unwrap(), value.kind()))
            .collect();
        assert_eq!(keys, [("a", Kind::Seq), ("b", Kind::Map)]);
        let items = root.get("a").unwrap().items();
        assert_eq!(items.len(), 2);
        assert_eq!(
            items.map(Node::kind).collect::<Vec<_>>(),
            [Kind::Int, Kind::Str]
        );
        assert_eq!(root.get("b").unwrap().entries().len(), 0);
        assert_eq!(root.end_index(), document.len());
    }

    #[test]
    fn a_copy_and_a_repeat_hold_the_same_values() {
        let mut builder = Builder::new("".into());
        builder.begin_seq(Place::default());
        builder.begin_map(Place::default());
        builder.str("k", Place::default());
        builder.begin_seq(Place::default());
        builder.float(1.5, Place::default());
        builder.end(None);
        builder.end(None);
        builder.repeat(1);
        let first = builder.finish();
        let items: Vec<_> = first.root().items().collect();
        assert_eq!(items.len(), 2);
        assert!(items[0].same_value(items[1]));
        let mut other = Builder::new("".into());
        other.copy(first.root(), Some(at(1, 2)));
        let second = other.finish();
        assert!(first.root().same_value(second.root()));
        assert_eq!(
            second.root().items().next().unwrap().span(),
            Span::new(1, 2)
        );
    }
}
