//! What a run costs, and what it may.

use std::collections::HashMap;

use ::regex::Regex;

use crate::cel::error::EvalError;
use crate::cel::library::regex;

/// What the expressions of one object, or of one policy, may cost in all.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// What is left.
    pub left: u64,
    /// What one expression may cost.
    pub each: u64,
    /// How much work is left, what the API server's costs do not count included.
    pub work: u64,
}

impl Budget {
    /// What the API server allows an expression.
    pub const EACH: u64 = 1_000_000;

    /// Makes the budget that the API server gives to all rules of an object, and to a policy with its parameters.
    pub fn new() -> Self {
        Self {
            left: 10_000_000,
            each: Self::EACH,
            work: WORK,
        }
    }

    /// Makes the budget that the API server gives to the match conditions of a policy.
    pub fn match_conditions() -> Self {
        Self {
            left: 2_500_000,
            each: Self::EACH,
            work: WORK,
        }
    }
}

impl Budget {
    /// Tells whether nothing more can be run.
    pub fn is_spent(&self) -> bool {
        self.left == 0 || self.work == 0
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new()
    }
}

/// How much work all runs may be: their costs, and what the API server's costs do not count, such as copying lists.
const WORK: u64 = 20_000_000;
/// How many patterns a run may make.
const PATTERNS: usize = 1_000;

/// Counts what a run costs.
#[derive(Debug)]
pub(crate) struct Meter {
    cost: u64,
    /// What variables cost that are expressions themselves.
    apart: u64,
    limit: u64,
    work: u64,
    most_work: u64,
    patterns: HashMap<String, Regex>,
}

impl Meter {
    /// Makes a meter that stops at a cost, or at so much work.
    pub(crate) fn new(limit: u64, most_work: u64) -> Self {
        Self {
            cost: 0,
            apart: 0,
            limit,
            work: 0,
            most_work,
            patterns: HashMap::new(),
        }
    }

    /// Makes a meter for literals of an expression.
    pub(crate) fn unlimited() -> Self {
        Self::new(u64::MAX, WORK)
    }

    /// Returns the cost so far, that of variables included.
    pub(crate) fn cost(&self) -> u64 {
        self.cost.saturating_add(self.apart)
    }

    /// Begins to count anew, for a variable that is an expression itself; returns what was counted.
    pub(super) fn begin(&mut self) -> u64 {
        std::mem::take(&mut self.cost)
    }

    /// Goes on counting where [`Meter::begin`] left off.
    pub(super) fn resume(&mut self, cost: u64) {
        let variable = std::mem::replace(&mut self.cost, cost);
        self.apart = self.apart.saturating_add(variable);
    }

    /// Returns the work so far.
    pub(crate) fn done(&self) -> u64 {
        self.work
    }

    /// Adds a cost.
    pub(crate) fn charge(&mut self, cost: u64) -> Result<(), EvalError> {
        self.cost = self.cost.saturating_add(cost);
        self.work = self.work.saturating_add(cost);
        if self.cost > self.limit || self.work > self.most_work {
            Err(EvalError::Budget)
        } else {
            Ok(())
        }
    }

    /// Adds work that costs nothing by the API server's count.
    pub(crate) fn work(&mut self, work: usize) -> Result<(), EvalError> {
        self.work = self.work.saturating_add(work as u64);
        if self.work > self.most_work {
            Err(EvalError::Budget)
        } else {
            Ok(())
        }
    }

    /// Returns a pattern that the run made.
    pub(crate) fn pattern(&mut self, text: &str) -> Result<Regex, EvalError> {
        if let Some(pattern) = self.patterns.get(text) {
            return Ok(pattern.clone());
        }
        if self.patterns.len() >= PATTERNS {
            return Err(EvalError::Budget);
        }
        self.work(10_000)?;
        let pattern = regex::compile(text).map_err(EvalError::Failure)?;
        self.patterns.insert(text.to_owned(), pattern.clone());
        Ok(pattern)
    }
}
