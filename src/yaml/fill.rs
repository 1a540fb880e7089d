//! The door for values: how scalars of a template's output get them.

use super::build::Builder;
use super::problem::Problem;
use crate::source::Span;

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScalarStyle {
    /// Without quotes: its text decides its type.
    Plain,
    /// In single or double quotes: a string.
    Quoted,
    /// A `|` or `>` block: a string.
    Block,
}

/// What a scalar is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A key of a map.
    Key,
    /// A value of a map, an item of a list, or a document.
    Value,
}

/// A scalar as the parser found it.
#[derive(Clone, Copy, Debug)]
pub struct Scalar<'a> {
    /// Its text, after YAML's own escapes.
    pub text: &'a str,
    /// How it is written.
    pub style: ScalarStyle,
    /// What it is for.
    pub role: Role,
    /// Its bytes.
    pub span: Span,
}

/// What puts values where scalars stand.
pub trait Fill {
    /// Adds the node for a scalar whose text holds a character of plane 16: any node for a value, one string for a key.
    fn fill(&mut self, scalar: Scalar<'_>, out: &mut Builder) -> Result<(), Problem>;

    /// Says what is wrong with such a character in a tag, an anchor or a directive.
    fn misplaced(&mut self, span: Span) -> Problem;
}

/// Tells whether a character is of plane 16, where marks live.
pub(super) fn in_plane_16(c: char) -> bool {
    c >= '\u{100000}'
}
