//! What can be wrong: with an expression, and with a run of it.

use std::fmt;

use thiserror::Error;

use crate::source::{LineIndex, Span};

/// What is wrong with an expression; found without running it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct CompileError {
    /// The bytes of the expression.
    pub span: Span,
    /// One fact, lower case, without a full stop.
    pub message: String,
}

impl CompileError {
    pub(crate) fn new(span: Span, message: impl Into<String>) -> Self {
        Self {
            span,
            message: message.into(),
        }
    }

    /// Returns the message with its place in the expression, whose text is given.
    pub fn told(&self, text: &str) -> String {
        let position = LineIndex::new(text).position(text, self.span.start);
        let (line, column) = (position.line, position.column);
        if text.trim_end().contains('\n') {
            format!(
                "{} (line {line}, column {column} of the expression)",
                self.message
            )
        } else {
            format!("{} (column {column} of the expression)", self.message)
        }
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Why a run gave no value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EvalError {
    /// The expression failed, as it would in a cluster.
    #[error("{0}")]
    Failure(String),
    /// The run cost more than it may.
    #[error("the expression costs more than the API server allows")]
    Budget,
    /// The answer needs something that is known in a cluster only.
    #[error("{0} is known in a cluster only")]
    NotDecided(&'static str),
}

impl EvalError {
    pub(crate) fn failure(message: impl Into<String>) -> Self {
        Self::Failure(message.into())
    }
}
