//! What the checker makes of a syntax tree: names resolved, overloads chosen, macros as loops.

use regex::Regex;

use super::library::Overload;
use super::value::Value;
use crate::source::Span;

/// A step.
#[derive(Clone, Debug)]
pub(crate) struct Ir {
    /// Its bytes in the expression.
    pub(crate) span: Span,
    /// What it does.
    pub(crate) kind: IrKind,
}

/// What a step does.
#[derive(Clone, Debug)]
pub(crate) enum IrKind {
    /// Gives a literal, which costs nothing.
    Literal(Value<'static>),
    /// Gives a list or map made of literals only, and what making it costs.
    Made(Value<'static>, u64),
    /// Gives a type.
    Type(&'static str),
    /// Gives a variable of the environment, by its place in the program's list.
    Variable(usize),
    /// Gives a variable of a macro, by its place among those in scope.
    Local(usize),
    /// Gives a field.
    Select {
        operand: Box<Ir>,
        field: Field,
        optional: bool,
    },
    /// Tells whether there is a field.
    Has { operand: Box<Ir>, field: Field },
    /// Gives an item or entry.
    Index {
        operand: Box<Ir>,
        index: Box<Ir>,
        optional: bool,
    },
    /// Tells whether all hold.
    And(Vec<Ir>),
    /// Tells whether any holds.
    Or(Vec<Ir>),
    /// Gives the second or the third.
    Ternary(Box<[Ir; 3]>),
    /// Calls the first overload that fits the arguments.
    Call(Box<Call>),
    /// Makes a list.
    List(Vec<(Ir, bool)>),
    /// Makes a map.
    Map(Vec<(Ir, Ir, bool)>),
    /// Runs over a list or map.
    Loop(Box<Loop>),
    /// Runs on the value of an optional: `optMap`, `optFlatMap`.
    OnValue {
        operand: Box<Ir>,
        body: Box<Ir>,
        flat: bool,
    },
}

/// A field: its name as the expression writes it and as the object has it.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// As the object has it.
    pub(crate) name: Box<str>,
    /// What an escaped name stands for, where it is escaped and the object's type is not known.
    pub(crate) unescaped: Option<Box<str>>,
}

/// A call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The function's name.
    pub(crate) name: &'static str,
    /// The overloads that may fit.
    pub(crate) overloads: Vec<&'static Overload>,
    /// The target, where it has one, and the arguments.
    pub(crate) arguments: Vec<Ir>,
    /// Whether the last argument is needed only where the first holds no value: `or`, `orValue`.
    pub(crate) fallback: bool,
    /// The second argument, where it is a literal pattern.
    pub(crate) pattern: Option<Regex>,
}

/// A macro that runs over a list or map.
#[derive(Clone, Debug)]
pub(crate) struct Loop {
    /// What it gives.
    pub(crate) kind: LoopKind,
    /// What it runs over.
    pub(crate) range: Ir,
    /// Whether it has two variables.
    pub(crate) two: bool,
    /// Which it leaves out, where it may.
    pub(crate) filter: Option<Ir>,
    /// What it does with each.
    pub(crate) body: Ir,
}

/// What a macro gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoopKind {
    /// Whether all hold.
    All,
    /// Whether any holds.
    Exists,
    /// Whether exactly one holds.
    ExistsOne,
    /// A list of what the body gives.
    Map,
    /// The items for which the body holds.
    Filter,
    /// A map from the keys to what the body gives.
    TransformMap,
    /// A map of the entries that the body gives.
    TransformMapEntry,
    /// The items sorted by what the body gives.
    SortBy,
}
