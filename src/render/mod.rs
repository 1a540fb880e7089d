//! Rendering: templates and values to YAML documents, with the way back.
//!
//! In: the texts below `templates/` and the [`Values`](crate::values::Values) of an environment. Out:
//! [`Rendered`]: documents, and a [`Trace`] from every byte of them to the template and the value behind it.
//!
//! How values keep their types: the engine prints a mark where a value stands and keeps the value aside. The YAML
//! parser reads the text with its marks, so it decides what is a key, a quoted scalar or a block; then every scalar
//! that holds marks is filled. A value never travels through YAML text, so it cannot add a key, a document or a
//! comment, and needs no quoting.

mod convert;
mod engine;
mod failure;
mod fill;
mod functions;
mod instrument;
mod marks;
mod operands;
mod quantity;
mod recorder;
pub mod rules;
mod scope;
#[cfg(test)]
mod tests;
mod trace;

pub use self::engine::{Engine, Limits, Rendered, Target, TemplateFile};
pub use self::scope::{Reads, Scope};
pub use self::trace::{Trace, Traced};
