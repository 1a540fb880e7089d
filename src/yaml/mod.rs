//! YAML as Kubernetes reads and writes it.
//!
//! In: text. Out: [`Document`]s, trees with a span on every node, and canonical text again.

mod build;
mod fill;
mod json;
mod json_text;
mod lookup;
mod map;
mod part;
mod problem;
mod quote;
mod read;
mod repair;
mod resolve;
pub mod rules;
mod scalar;
mod slots;
mod straight;
mod stream;
mod syntax;
mod tabs;
mod tree;
mod write;

pub use self::build::Builder;
pub use self::fill::{Fill, Role, Scalar, ScalarStyle};
pub use self::json::to_json;
pub use self::lookup::{Lookup, Lookups};
pub use self::problem::Problem;
pub use self::read::{Limits, Stream, read, read_filled};
pub use self::tree::{Document, Entries, Items, Kind, Node, OriginId, Place};
pub use self::write::{write, write_with_places};
