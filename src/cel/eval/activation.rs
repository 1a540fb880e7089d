//! The values of an environment's variables.

use std::cell::RefCell;

use super::{Meter, Run};
use crate::cel::error::EvalError;
use crate::cel::program::Program;
use crate::cel::value::Value;

/// How deep variables may refer to each other.
const DEEPEST: u32 = 20;

/// The values of an environment's variables, for one run or many.
#[derive(Debug, Default)]
pub struct Activation<'a> {
    variables: Vec<(&'a str, Variable<'a>)>,
}

#[derive(Debug)]
enum Variable<'a> {
    Value(Value<'a>),
    Lazy(Lazy<'a>),
}

/// A variable that is an expression itself; it is computed when it is first read.
#[derive(Debug)]
pub(crate) struct Lazy<'a> {
    program: &'a Program,
    /// The variables that stood before it.
    before: usize,
    state: RefCell<Option<Result<Value<'a>, EvalError>>>,
}

/// A variable of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bound<'a, 'p> {
    /// Its value.
    Value(&'p Value<'a>),
    /// What computes it.
    Lazy(LazyIn<'a, 'p>),
}

/// A variable to compute, among those it may read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LazyIn<'a, 'p> {
    lazy: &'p Lazy<'a>,
    activation: &'p Activation<'a>,
}

impl<'a> Activation<'a> {
    /// Makes an activation without variables.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes an activation for so many variables.
    pub fn with_capacity(count: usize) -> Self {
        Self {
            variables: Vec::with_capacity(count),
        }
    }

    /// Gives a variable its value, in place of one that it had.
    pub fn set(&mut self, name: &'a str, value: Value<'a>) {
        match self.variables.iter_mut().find(|(known, _)| *known == name) {
            Some((_, variable)) => *variable = Variable::Value(value),
            None => self.variables.push((name, Variable::Value(value))),
        }
    }

    /// Gives a variable an expression that is run when the variable is first read; it sees the variables set before it.
    pub fn set_lazy(&mut self, name: &'a str, program: &'a Program) {
        let lazy = Lazy {
            program,
            before: self.variables.len(),
            state: RefCell::new(None),
        };
        self.variables.push((name, Variable::Lazy(lazy)));
    }

    /// Finds variables by name, among the first so many.
    pub(crate) fn bind<'p>(
        &'p self,
        names: &[Box<str>],
        before: usize,
    ) -> Vec<Option<Bound<'a, 'p>>> {
        let find = |name: &str| {
            let (_, variable) = self
                .variables
                .iter()
                .take(before)
                .rfind(|(known, _)| *known == name)?;
            Some(match variable {
                Variable::Value(value) => Bound::Value(value),
                Variable::Lazy(lazy) => Bound::Lazy(LazyIn {
                    lazy,
                    activation: self,
                }),
            })
        };
        names.iter().map(|name| find(name)).collect()
    }
}

impl<'a, 'p> LazyIn<'a, 'p> {
    /// Returns what computes the variable.
    pub(crate) fn program(self) -> &'a Program {
        self.lazy.program
    }

    /// Returns the variables that it reads.
    pub(crate) fn bound(self) -> Vec<Option<Bound<'a, 'p>>> {
        let names = self.lazy.program.variables();
        self.activation.bind(names, self.lazy.before)
    }

    /// Returns the variable's value, computed once.
    pub(crate) fn value(self, meter: &mut Meter, nesting: u32) -> Result<Value<'a>, EvalError> {
        if let Some(known) = &*self.lazy.state.borrow() {
            return known.clone();
        }
        if nesting >= DEEPEST {
            return Err(EvalError::Failure(format!(
                "variables refer to each other more than {DEEPEST} times"
            )));
        }
        // A variable may cost as much as what reads it, and its cost is not that of the reader.
        let reader = meter.begin();
        let mut run = Run {
            meter: &mut *meter,
            variables: self.bound(),
            locals: Vec::new(),
            nesting: nesting + 1,
        };
        let result = run.eval(self.lazy.program.ir());
        meter.resume(reader);
        if !matches!(result, Err(EvalError::Budget)) {
            *self.lazy.state.borrow_mut() = Some(result.clone());
        }
        result
    }
}
