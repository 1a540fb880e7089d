//! The Common Expression Language as Kubernetes speaks it: rules of custom resources, admission policies.
//!
//! In: an expression, an [`Environment`] that says what it may name, values of variables, a [`Budget`]. Out: a
//! [`Program`], or every [`CompileError`] with its place; a [`Value`], or why there is none ([`EvalError`]).
//!
//! ```text
//! text ─ lexer, parser ─> syntax tree ─ check ─> steps (Program) ─ eval ─> Value
//!                                                    └─ estimate ─> least and greatest cost
//! ```
//!
//! Values of manifests are borrowed from their tree ([`Value::node`], [`Value::typed`]); nothing is converted. ADR 6 says
//! why the language is our own.

mod ast;
mod check;
mod completion;
mod environment;
mod error;
mod estimate;
mod eval;
mod ir;
mod lexer;
mod library;
mod number;
mod parser;
mod program;
#[cfg(test)]
#[expect(
    clippy::too_many_lines,
    clippy::use_debug,
    reason = "tables of cases, shown when they fail"
)]
mod tests;
mod types;
mod value;

pub use self::completion::{Completed, Completion, Make, Missing};
pub use self::environment::Environment;
pub use self::error::{CompileError, EvalError};
pub use self::estimate::Estimate;
pub use self::eval::{Activation, Budget, Reason};
pub use self::library::Opaque;
pub use self::program::{Program, compile};
pub use self::types::{ListKind, Schema, Type, View, escape, unescape};
pub use self::value::{Entries, Items, Key, List, Map, Text, Value};
