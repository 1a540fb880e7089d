//! Values: the layers of an environment, merged, with the origin of every value.
//!
//! In: the texts of `values/`. Out: [`Values`], one tree per environment in which every node knows the file, line and
//! column that set it, and what it overrode.

mod draft;
mod load;
mod merge;
mod placeholder;
pub mod rules;
mod schema;
mod unused;

use std::sync::OnceLock;

pub use self::draft::draft;
pub use self::load::{LayerKind, Loaded, load_layers};
pub use self::merge::{Layer, merge};
pub use self::placeholder::placeholders;
pub use self::schema::ValuesSchema;
pub use self::unused::unused;
use crate::source::{FileId, Location, Span};
use crate::yaml::{Document, Kind, Node};

/// Where a value was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueOrigin {
    /// The values file.
    pub file: FileId,
    /// The key, where the value stands in a map of that file.
    pub key: Option<Span>,
    /// The value itself.
    pub value: Span,
    /// The places of lower layers that this one replaced, the nearest first.
    pub overrode: Vec<Location>,
}

impl ValueOrigin {
    /// Returns the value's place.
    pub fn location(&self) -> Location {
        Location::new(self.file, self.value)
    }
}

/// The merged values of one environment.
#[derive(Clone, Debug)]
pub struct Values {
    tree: Document,
    origins: Vec<ValueOrigin>,
    /// What each node stands in, once somebody has asked.
    above: OnceLock<Vec<Above>>,
}

/// What a node stands in.
#[derive(Clone, Copy, Debug, Default)]
struct Above {
    /// The map or list.
    parent: u32,
    /// The index of its key in a map, the number of the item in a list.
    step: u32,
}

/// Looks at all nodes once.
fn above(tree: &Document) -> Vec<Above> {
    let mut above = vec![Above::default(); tree.len()];
    let mut set = |node: Node<'_>, parent: Node<'_>, step: usize| {
        if let Some(place) = above.get_mut(node.index()) {
            *place = Above {
                parent: Span::at(parent.index()).start,
                step: Span::at(step).start,
            };
        }
    };
    for node in (0..tree.len()).filter_map(|index| tree.node(index)) {
        for (key, value) in node.entries() {
            set(key, node, key.index());
            set(value, node, key.index());
        }
        for (at, item) in node.items().enumerate() {
            set(item, node, at);
        }
    }
    above
}

impl Values {
    fn new(tree: Document, origins: Vec<ValueOrigin>) -> Self {
        Self {
            tree,
            origins,
            above: OnceLock::new(),
        }
    }

    /// Returns the merged tree; the origin of each node leads to [`Values::origin`].
    pub fn tree(&self) -> &Document {
        &self.tree
    }

    /// Returns where a node of the tree was set; map keys have none of their own.
    pub fn origin(&self, node: Node<'_>) -> Option<&ValueOrigin> {
        node.origin().and_then(|id| self.origins.get(id.index()))
    }

    /// Returns the dotted path of a node, for example `openmrs.ports[0].name`; a key's is that of its value.
    pub fn path(&self, index: usize) -> String {
        let above = self.above.get_or_init(|| above(&self.tree));
        let mut steps = Vec::new();
        let mut at = index;
        while let Some(Above { parent, step }) = above.get(at).copied()
            && at > 0
        {
            steps.push((parent as usize, step));
            at = parent as usize;
        }
        let mut path = String::new();
        for (parent, step) in steps.into_iter().rev() {
            let of_list = self.tree.node(parent).map(Node::kind) == Some(Kind::Seq);
            if of_list {
                path.extend(["[", &step.to_string(), "]"]);
                continue;
            }
            if !path.is_empty() {
                path.push('.');
            }
            let key = self.tree.node(step as usize);
            path.push_str(key.and_then(Node::as_str).unwrap_or_default());
        }
        path
    }

    /// Follows a dotted path such as `openmrs.ports[0].name` from the root.
    pub fn find(&self, path: &str) -> Option<Node<'_>> {
        let mut node = self.tree.root();
        for part in path.split('.').filter(|part| !part.is_empty()) {
            let mut pieces = part.split('[');
            let key = pieces.next().unwrap_or_default();
            if !key.is_empty() {
                node = node.get(key)?;
            }
            for piece in pieces {
                let at: usize = piece.strip_suffix(']')?.parse().ok()?;
                node = node.items().nth(at)?;
            }
        }
        Some(node)
    }
}
