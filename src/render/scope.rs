//! What templates see: the values of an environment as engine objects that note every read.
//!
//! In: [`Values`]. Out: an engine value for `values`, and a [`Reads`] that knows which values were read and which key
//! was looked for in vain. Scalars keep their identity where the engine lets them, so that a printed value can be led
//! back to the line that set it.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};

use super::failure::Key;
use super::marks::Piece;
use crate::source::Span;
use crate::values::Values;
use crate::yaml::{Kind, Node};

/// The values of an environment, ready to be read by many templates.
#[derive(Debug)]
pub struct Scope {
    values: Arc<Values>,
    /// The engine's value of each scalar, by node.
    scalars: Vec<Option<Value>>,
    /// The node of each string by the address of its text: a string keeps it wherever the engine passes it.
    strings: HashMap<usize, u32>,
    /// The maps and lists of many parts: the nodes of a list's items, or those of a map's keys, sorted by them.
    wide: HashMap<usize, Vec<u32>>,
}

/// How many parts a map or list has that is looked through from its beginning.
const NARROW: usize = 32;

impl Scope {
    /// Prepares the values of an environment.
    pub fn new(values: Arc<Values>) -> Self {
        let tree = values.tree();
        let mut scalars = Vec::with_capacity(tree.len());
        let mut strings = HashMap::new();
        let mut wide = HashMap::new();
        for index in 0..tree.len() {
            let value = tree.node(index).and_then(scalar);
            if let Some(text) = value.as_ref().and_then(Value::as_str) {
                strings.insert(text.as_ptr().addr(), Span::at(index).start);
            }
            scalars.push(value);
            if let Some(parts) = tree.node(index).and_then(parts) {
                wide.insert(index, parts);
            }
        }
        Self {
            values,
            scalars,
            strings,
            wide,
        }
    }

    /// Returns the value under a key of a map.
    fn get<'s>(&'s self, map: Node<'s>, name: &str) -> Option<Node<'s>> {
        let wide = self.wide.get(&map.index());
        let Some(keys) = wide.filter(|_| map.kind() == Kind::Map) else {
            return map.get(name);
        };
        let tree = self.values.tree();
        let text = |key: &u32| tree.node(*key as usize).and_then(Node::as_str);
        let at = keys.binary_search_by(|key| text(key).cmp(&Some(name)));
        let key = *keys.get(at.ok()?)?;
        // A map's key is followed by its value.
        tree.node(tree.node(key as usize)?.end_index())
    }

    /// Returns an item of a list.
    fn item<'s>(&'s self, list: Node<'s>, at: usize) -> Option<Node<'s>> {
        let wide = self.wide.get(&list.index());
        let Some(items) = wide.filter(|_| list.kind() == Kind::Seq) else {
            return list.items().nth(at);
        };
        self.values.tree().node(*items.get(at)? as usize)
    }

    /// Returns the values.
    pub fn values(&self) -> &Arc<Values> {
        &self.values
    }
}

/// Returns a number as bits, equal for equal numbers.
fn bits(value: &Value) -> Option<u64> {
    if !value.is_number() {
        return None;
    }
    let number = f64::try_from(value.clone()).ok()?;
    // Zero has two forms.
    Some((number + 0.0).to_bits())
}

/// Returns the parts of a map or list that has many.
fn parts(node: Node<'_>) -> Option<Vec<u32>> {
    let index = |node: Node<'_>| Span::at(node.index()).start;
    if node.items().len() > NARROW {
        return Some(node.items().map(index).collect());
    }
    if node.entries().len() <= NARROW {
        return None;
    }
    let mut keys: Vec<Node<'_>> = node.entries().map(|(key, _)| key).collect();
    keys.sort_by_key(|key| key.as_str());
    Some(keys.into_iter().map(index).collect())
}

fn scalar(node: Node<'_>) -> Option<Value> {
    match node.kind() {
        Kind::Null => Some(Value::from(())),
        Kind::Bool => node.as_bool().map(Value::from),
        Kind::Int => node.as_int().map(Value::from),
        Kind::Float => node.as_float().map(Value::from),
        Kind::Str => node
            .as_str()
            .map(|text| Value::from(Arc::<str>::from(text))),
        Kind::Seq | Kind::Map => None,
    }
}

/// What one rendering read.
#[derive(Debug, Default)]
pub struct Reads {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// One bit a node.
    read: Vec<u64>,
    /// The scalars read since the last value was printed, in order.
    fresh: Vec<u32>,
    /// The numbers read, as bits: each with its node, or with none where several nodes are equal.
    numbers: HashMap<u64, Option<u32>>,
    /// The values read since the last one was printed, the latest last.
    trail: VecDeque<u32>,
    /// The last look-ups that found nothing, the latest last.
    misses: VecDeque<Miss>,
}

/// How many reads are kept, and how many look-ups that found nothing: what fails was looked up not long ago.
const KEPT: usize = 1024;

/// A look-up that found nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Miss {
    /// The map or list.
    pub(super) node: usize,
    /// What was looked up in it.
    pub(super) key: Key,
}

impl Reads {
    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while holding the lock cannot leave the lists half written in a way that matters.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mark(&self, from: u32, to: u32) {
        let mut state = self.state();
        for index in from..to {
            let word = (index / 64) as usize;
            if state.read.len() <= word {
                state.read.resize(word + 1, 0);
            }
            if let Some(bits) = state.read.get_mut(word) {
                *bits |= 1 << (index % 64);
            }
        }
    }

    fn log(&self, index: u32, value: Option<&Value>) {
        self.mark(index, index + 1);
        let mut state = self.state();
        if state.fresh.last() != Some(&index) {
            state.fresh.push(index);
        }
        if let Some(bits) = value.and_then(bits) {
            let known = state.numbers.entry(bits).or_insert(Some(index));
            if *known != Some(index) {
                *known = None;
            }
        }
    }

    fn follow(&self, index: u32) {
        let mut state = self.state();
        if state.trail.len() == KEPT {
            state.trail.pop_front();
        }
        state.trail.push_back(index);
    }

    /// Returns the values that were read since the last one was printed, and where something was looked up in vain:
    /// what a failure may be about.
    pub fn recent(&self) -> BTreeSet<usize> {
        let state = self.state();
        let read = state.trail.iter().map(|index| *index as usize);
        let missed = state.misses.back().map(|miss| miss.node);
        read.chain(missed).collect()
    }

    /// Takes over what another rendering of the same environment read.
    pub fn extend(&self, other: &Self) {
        let other = other.state();
        let mut state = self.state();
        if state.read.len() < other.read.len() {
            state.read.resize(other.read.len(), 0);
        }
        for (bits, more) in state.read.iter_mut().zip(&other.read) {
            *bits |= more;
        }
    }

    /// Tells whether a node was read.
    pub fn was_read(&self, index: usize) -> bool {
        self.state()
            .read
            .get(index / 64)
            .is_some_and(|bits| bits >> (index % 64) & 1 == 1)
    }

    /// Returns the latest look-up that found nothing, of those of a key.
    pub(super) fn miss(&self, of: impl Fn(&Key) -> bool) -> Option<Miss> {
        let state = self.state();
        state
            .misses
            .iter()
            .rev()
            .find(|miss| of(&miss.key))
            .cloned()
    }

    fn note_miss(&self, node: u32, key: Key) {
        let mut state = self.state();
        if state.misses.len() == KEPT {
            state.misses.pop_front();
        }
        let node = node as usize;
        state.misses.push_back(Miss { node, key });
    }
}

/// The values of an environment as one rendering sees them.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) scope: Arc<Scope>,
    pub(super) reads: Arc<Reads>,
}

impl View {
    /// Returns the engine's value of a node.
    pub(super) fn value(&self, node: Node<'_>) -> Value {
        match self.scope.scalars.get(node.index()) {
            Some(Some(value)) => value.clone(),
            _ => Value::from_object(Collection {
                view: self.clone(),
                node: Span::at(node.index()).start,
            }),
        }
    }

    fn read(&self, node: Node<'_>) -> Value {
        let index = Span::at(node.index()).start;
        self.reads.follow(index);
        if node.is_collection() {
            self.reads.mark(index, index + 1);
        } else {
            let value = self.scope.scalars.get(node.index());
            self.reads.log(index, value.and_then(Option::as_ref));
        }
        self.value(node)
    }

    /// Finds the node of the values that an engine value is, if it is one.
    ///
    /// Strings, maps and lists are recognised by identity. A number or boolean is recognised when an equal one was
    /// read since the last value was printed, or when it is the only equal one read so far and no template writes
    /// that number itself (`ambiguous` says so).
    pub(super) fn origin(
        &self,
        value: &Value,
        ambiguous: impl Fn(&Value) -> bool,
    ) -> Option<usize> {
        if let Some(collection) = value.downcast_object_ref::<Collection>() {
            return Some(collection.node as usize);
        }
        if let Some(text) = value.as_str() {
            return self
                .scope
                .strings
                .get(&text.as_ptr().addr())
                .map(|index| *index as usize);
        }
        let state = self.reads.state();
        let equal = |index: &&u32| {
            self.scope
                .scalars
                .get(**index as usize)
                .and_then(Option::as_ref)
                == Some(value)
        };
        if let Some(index) = state.fresh.iter().rev().find(equal) {
            return Some(*index as usize);
        }
        if ambiguous(value) {
            return None;
        }
        let only = state.numbers.get(&bits(value)?).copied().flatten();
        only.filter(|only| equal(&only)).map(|index| index as usize)
    }

    /// Says that a value was printed: what is read from here on belongs to the next one.
    pub(super) fn printed(&self) {
        let mut state = self.reads.state();
        state.fresh.clear();
        state.trail.clear();
    }

    /// Notes that everything beneath a node was used.
    pub(super) fn use_whole(&self, index: usize) {
        if let Some(node) = self.scope.values.tree().node(index) {
            let at = |index| Span::at(index).start;
            self.reads.mark(at(node.index()), at(node.end_index()));
        }
    }
}

/// A map or list of the values.
#[derive(Clone)]
pub(super) struct Collection {
    view: View,
    pub(super) node: u32,
}

impl Collection {
    /// Hands the node to `take`, which uses all of it.
    pub(super) fn used_whole(&self, take: impl FnOnce(Node<'_>)) {
        self.view.use_whole(self.node as usize);
        self.with_node(take);
    }

    /// Counts its nodes.
    pub(super) fn nodes(&self) -> usize {
        self.with_node(|node| node.end_index() - node.index())
            .unwrap_or_default()
    }

    fn with_node<'s, T>(&'s self, ask: impl FnOnce(Node<'s>) -> T) -> Option<T> {
        self.view
            .scope
            .values
            .tree()
            .node(self.node as usize)
            .map(ask)
    }
}

/// Values may be secrets: what debugging prints never holds them.
impl fmt::Debug for Collection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<values>")
    }
}

impl Object for Collection {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        match self.with_node(|node| node.kind() == Kind::Seq) {
            Some(true) => ObjectRepr::Seq,
            _ => ObjectRepr::Map,
        }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if let Some(key) = key.as_str() {
            return self.get_value_by_str(key);
        }
        let index = key.as_i64()?;
        let item = usize::try_from(index).ok().and_then(|at| {
            self.with_node(|node| {
                let item = self.view.scope.item(node, at)?;
                Some(self.view.read(item))
            })?
        });
        if item.is_none() {
            self.view.reads.note_miss(self.node, Key::Index(index));
        }
        item
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let found = self.with_node(|node| {
            let value = self.view.scope.get(node, key)?;
            Some(self.view.read(value))
        })?;
        if found.is_none() {
            let key = Key::Name(key.to_owned());
            self.view.reads.note_miss(self.node, key);
        }
        found
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        self.view.use_whole(self.node as usize);
        self.with_node(|node| match node.kind() {
            Kind::Seq => Enumerator::Seq(node.items().len()),
            _ => Enumerator::Values(
                node.entries()
                    .filter_map(|(key, _)| key.as_str())
                    .map(Value::from)
                    .collect(),
            ),
        })
        .unwrap_or(Enumerator::Empty)
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        self.with_node(|node| {
            if node.kind() == Kind::Seq {
                node.items().len()
            } else {
                node.entries().len()
            }
        })
    }

    /// A map or list that is made part of a text leaves a mark, which is refused where the text is used.
    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut mark = String::new();
        Piece::Collection.push_to(&mut mark);
        f.write_str(&mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceMap;
    use crate::values::{Layer, merge};
    use crate::yaml::{Limits, read};

    #[test]
    fn parts_of_wide_maps_and_lists_are_found() {
        let entries: Vec<String> = (0..40)
            .map(|at| format!("\"k{}\": {{a: {at}}}", (at * 7) % 40))
            .collect();
        let items: Vec<String> = (0..40).map(|at| format!("\"i{at}\"")).collect();
        let text = format!("m: {{{}}}\nl: [{}]\n", entries.join(", "), items.join(", "));
        let mut sources = SourceMap::new();
        let file = sources.add("values/common.yaml", text);
        let document = read(sources.file(file).text(), &Limits::default())
            .documents
            .remove(0);
        let scope = Scope::new(Arc::new(merge(&[Layer { file, document }])));
        assert_eq!(scope.wide.len(), 2);
        let root = scope.values.tree().root();
        let (map, list) = (root.get("m").unwrap(), root.get("l").unwrap());
        for (key, value) in map.entries() {
            let found = scope.get(map, key.as_str().unwrap()).map(Node::index);
            assert_eq!(found, Some(value.index()));
        }
        for (at, item) in list.items().enumerate() {
            assert_eq!(scope.item(list, at).map(Node::index), Some(item.index()));
        }
        assert!(scope.get(map, "k40").is_none() && scope.get(map, "").is_none());
        assert!(scope.item(list, 40).is_none() && scope.get(list, "i1").is_none());
        assert!(scope.item(map, 0).is_none());
    }
}
