//! Building documents.

use std::sync::Arc;

use super::resolve::{Resolved, json_number};
use super::slots::{Data, Size, Slot, Slots};
use super::tree::{Document, Node, Place};
use crate::source::Span;

/// Nodes of a document, apart from it.
#[derive(Clone, Debug)]
pub(super) struct Fragment {
    slots: Slots,
}

impl Fragment {
    /// Returns the number of nodes.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Tells whether it is one string.
    pub(super) fn is_string(&self) -> bool {
        matches!(
            self.slots.get(0),
            Some(Slot {
                data: Data::Text(_) | Data::Buffer(_),
                ..
            })
        )
    }
}

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
                slots: Slots::for_text(text.len()),
                buffer: String::new(),
                text,
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
        self.document.slots.push(data, place);
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
        self.push(Data::Int(value.to_ne_bytes()), place);
    }

    /// Adds a finite number; a whole one is an integer, as it is after the way through JSON.
    pub fn float(&mut self, value: f64, place: Place) {
        match json_number(value) {
            Resolved::Int(int) => self.int(int, place),
            _ => self.push(Data::Float(value.to_ne_bytes()), place),
        }
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
        self.push(Data::Map(Size::EMPTY), place);
    }

    /// Opens a list.
    pub fn begin_seq(&mut self, place: Place) {
        self.open.push(Span::at(self.document.slots.len()).start);
        self.push(Data::Seq(Size::EMPTY), place);
    }

    /// Closes the map or list that was opened last; its span is stretched to `span_end` where that is given.
    pub fn end(&mut self, span_end: Option<u32>) {
        let Some(index) = self.open.pop() else { return };
        let end = Span::at(self.document.slots.len()).start;
        let mut children = 0;
        let mut next = index + 1;
        while next < end {
            children += 1;
            let child = self.document.slots.get(next as usize);
            next = child.map_or(end, |slot| next + slot.nodes());
        }
        if let Some(slot) = self.document.slots.get_mut(index as usize) {
            let size = |count| Size {
                count,
                nodes: end - index,
            };
            slot.data = match slot.data {
                Data::Map(_) => Data::Map(size(children / 2)),
                _ => Data::Seq(size(children)),
            };
            if let Some(span_end) = span_end {
                slot.span.end = span_end.max(slot.span.start);
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
                self.str(node.as_str().unwrap_or_default(), place_of(node));
            }
            data => self.push(data, place_of(node)),
        }
    }

    /// Takes a copy of a closed node, to be repeated wherever an alias stands for it.
    pub(super) fn fragment(&self, index: usize) -> Fragment {
        Fragment {
            slots: self.document.slots.subtree(index),
        }
    }

    /// Adds a copy of a node of this document.
    pub(super) fn insert(&mut self, fragment: &Fragment) {
        self.document.slots.extend(&fragment.slots);
    }

    /// Gives the map at `index`, the last node of the document, other entries: pairs of indexes beneath it.
    pub(super) fn rebuild_map(&mut self, index: usize, pairs: &[(usize, usize)]) {
        let parts: Vec<Fragment> = pairs
            .iter()
            .flat_map(|(key, value)| [self.fragment(*key), self.fragment(*value)])
            .collect();
        self.document.slots.truncate(index + 1);
        for part in &parts {
            self.insert(part);
        }
        let size = Size {
            count: Span::at(pairs.len()).start,
            nodes: Span::at(self.document.slots.len() - index).start,
        };
        if let Some(slot) = self.document.slots.get_mut(index) {
            slot.data = Data::Map(size);
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
        self.document.slots.fit();
        self.document
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::Kind;
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
    fn an_inserted_entry_stands_after_the_one_named() {
        let mut builder = Builder::new("".into());
        let none = Place::default();
        builder.begin_map(none);
        builder.str("m", none);
        builder.begin_map(none);
        builder.str("name", none);
        builder.str("x", none);
        builder.end(None);
        builder.str("z", none);
        builder.int(1, none);
        let mut document = builder.finish();
        let (map, name) = {
            let map = document.root().get("m").unwrap();
            (map.index(), map.get("name").unwrap().index())
        };
        document.insert_after(&[0, map], name, "namespace", "n", none);
        let keys = |node: Node<'_>| {
            node.entries()
                .map(|(key, _)| key.as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(keys(document.root()), ["m", "z"]);
        assert_eq!(
            keys(document.root().get("m").unwrap()),
            ["name", "namespace"]
        );
        assert_eq!(
            document.root().path(&["m", "namespace"]).unwrap().as_str(),
            Some("n")
        );
        assert_eq!(document.root().get("z").unwrap().as_int(), Some(1));
        assert_eq!(document.root().end_index(), document.len());
    }

    #[test]
    fn a_whole_number_is_an_integer() {
        let mut builder = Builder::new("".into());
        builder.begin_seq(Place::default());
        for number in [3.0, -0.0, 1.5, 1e30] {
            builder.float(number, Place::default());
        }
        builder.end(None);
        let document = builder.finish();
        let items: Vec<_> = document.root().items().map(Node::as_int).collect();
        assert_eq!(items, [Some(3), Some(0), None, None]);
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
        let fragment = builder.fragment(1);
        builder.insert(&fragment);
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
