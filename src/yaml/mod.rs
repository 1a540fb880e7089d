//! YAML as Kubernetes reads and writes it.
//!
//! In: text. Out: [`Document`]s, trees with a span on every node, and canonical text again.

mod tree;

pub use self::tree::{Builder, Document, Entries, Items, Kind, Node, OriginId, Place};
