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

pub use self::draft::draft;
pub use self::load::{LayerKind, Loaded, load_layers};
pub use self::merge::{Layer, merge};
pub use self::placeholder::placeholders;
pub use self::schema::ValuesSchema;
pub use self::unused::unused;
use crate::source::{FileId, Location, Span};
use crate::yaml::{Document, Node};

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
}

impl Values {
    /// Returns the merged tree; the origin of each node leads to [`Values::origin`].
    pub fn tree(&self) -> &Document {
        &self.tree
    }

    /// Returns where a node of the tree was set; map keys have none of their own.
    pub fn origin(&self, node: Node<'_>) -> Option<&ValueOrigin> {
        node.origin().and_then(|id| self.origins.get(id.index()))
    }

    /// Returns the dotted path of a node, for example `openmrs.ports[0].name`.
    pub fn path(&self, index: usize) -> String {
        let mut path = String::new();
        let mut node = self.tree.root();
        while node.index() != index {
            let holds = |child: &Node<'_>| child.index() <= index && index < child.end_index();
            if let Some((key, value)) = node
                .entries()
                .find(|(key, value)| key.index() == index || holds(value))
            {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key.as_str().unwrap_or_default());
                node = if key.index() == index { key } else { value };
            } else if let Some((at, item)) = node.items().enumerate().find(|(_, item)| holds(item))
            {
                path.push('[');
                path.push_str(&at.to_string());
                path.push(']');
                node = item;
            } else {
                break;
            }
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
