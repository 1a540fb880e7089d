//! Compiled expressions.

use super::check::check;
use super::environment::Environment;
use super::error::{CompileError, EvalError};
use super::estimate::{Estimate, estimate};
use super::eval::{Activation, Budget, Meter, Reason, Run, explain};
use super::ir::Ir;
use super::parser::parse;
use super::types::{Schema, Type};
use super::value::Value;
use crate::yaml::Document;

/// An expression that was parsed and checked.
#[derive(Clone, Debug)]
pub struct Program {
    ir: Ir,
    ty: Type,
    variables: Vec<Box<str>>,
}

/// Parses and checks an expression; every error knows its bytes in `text`.
pub fn compile(text: &str, environment: &Environment) -> Result<Program, Vec<CompileError>> {
    let expr = parse(text).map_err(|error| vec![error])?;
    let checked = check(&expr, environment)?;
    Ok(Program {
        ir: checked.ir,
        ty: checked.ty,
        variables: checked.variables,
    })
}

impl Program {
    /// Returns the type of its value.
    pub fn ty(&self) -> &Type {
        &self.ty
    }

    /// Returns the variables that it reads.
    pub fn variables(&self) -> &[Box<str>] {
        &self.variables
    }

    pub(crate) fn ir(&self) -> &Ir {
        &self.ir
    }

    /// Estimates what a run costs at least and at most; `schema_of` gives the schema of a variable, where there is one.
    pub fn cost_estimate<'s>(&self, schema_of: &dyn Fn(&str) -> Option<&'s Schema>) -> Estimate {
        estimate(&self.ir, &self.variables, schema_of)
    }

    /// Runs it; what it costs is taken from the budget, whether it succeeds or not.
    pub fn eval<'a>(
        &self,
        activation: &Activation<'a>,
        budget: &mut Budget,
    ) -> Result<Value<'a>, EvalError> {
        let mut meter = Meter::new(budget.left.min(budget.each), budget.work);
        let variables = activation.bind(&self.variables, usize::MAX);
        let mut run = Run {
            meter: &mut meter,
            variables,
            locals: Vec::new(),
            nesting: 0,
        };
        let value = run.eval(&self.ir);
        let (cost, left) = (meter.cost(), budget.left);
        budget.left = left.saturating_sub(cost);
        budget.work = budget.work.saturating_sub(meter.done());
        if cost > left {
            return Err(EvalError::Budget);
        }
        value
    }

    /// Finds the node of a document that decided what the expression gave, or why it failed. Run it with values that
    /// are the same, and only where the answer matters: it runs parts of the expression again.
    pub fn explain<'a>(
        &'a self,
        activation: &Activation<'a>,
        document: &'a Document,
    ) -> Option<Reason<'a>> {
        explain(self, activation, document)
    }
}
