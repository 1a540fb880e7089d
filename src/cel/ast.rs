//! The syntax tree: an expression as it is written, macros not expanded.

use super::value::Value;
use crate::source::Span;

/// A part of an expression.
#[derive(Clone, Debug)]
pub(crate) struct Expr {
    /// Its bytes.
    pub(crate) span: Span,
    /// How deep the tree below is.
    pub(crate) depth: u32,
    /// What it is.
    pub(crate) kind: ExprKind,
}

/// What a part of an expression is.
#[derive(Clone, Debug)]
pub(crate) enum ExprKind {
    /// A literal.
    Literal(Value<'static>),
    /// A name.
    Name(Box<str>),
    /// `operand.field`, `` operand.`field` ``, `operand.?field`.
    Select {
        operand: Box<Expr>,
        field: Name,
        optional: bool,
    },
    /// `operand[index]`, `operand[?index]`.
    Index {
        operand: Box<Expr>,
        index: Box<Expr>,
        optional: bool,
    },
    /// `function(arguments)`, `target.function(arguments)`.
    Call {
        target: Option<Box<Expr>>,
        function: Name,
        arguments: Vec<Expr>,
    },
    /// An operator and what it stands before or between.
    Operator {
        sign: &'static str,
        operands: Vec<Expr>,
    },
    /// `a && b && c`.
    And(Vec<Expr>),
    /// `a || b || c`.
    Or(Vec<Expr>),
    /// `a ? b : c`.
    Ternary(Box<[Expr; 3]>),
    /// `[a, ?b]`, with whether an item is optional.
    List(Vec<(Expr, bool)>),
    /// `{a: b, ?c: d}`, with whether an entry is optional.
    Map(Vec<(Expr, Expr, bool)>),
    /// `Name{field: value}`: no type that Kubernetes knows can be made so.
    Struct(Box<str>),
}

/// A name and its bytes.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    /// The name as it is written, without backticks.
    pub(crate) text: Box<str>,
    /// Whether it stands in backticks.
    pub(crate) quoted: bool,
    /// Its bytes.
    pub(crate) span: Span,
}

impl Expr {
    /// Returns the name that `a`, or `a.b.c`, spells.
    pub(crate) fn path(&self) -> Option<String> {
        match &self.kind {
            ExprKind::Name(name) => Some(name.to_string()),
            ExprKind::Select {
                operand,
                field,
                optional: false,
            } if !field.quoted => Some(format!("{}.{}", operand.path()?, field.text)),
            _ => None,
        }
    }

    /// Returns the first name of `a.b.c`.
    pub(crate) fn root_name(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Name(name) => Some(name),
            ExprKind::Select { operand, .. } => operand.root_name(),
            _ => None,
        }
    }
}
