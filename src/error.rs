//! Failures at the edge: what is said when Tympan cannot do its work.

use std::error::Error;
use std::io::{self, Write};

use crate::report::escaped;

/// Why Tympan could not do its work.
#[derive(Debug)]
pub struct Failure {
    /// What failed, with what caused it.
    pub source: Box<dyn Error + Send + Sync>,
    /// What to do.
    pub hints: Vec<String>,
}

impl Failure {
    /// Makes a failure.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            source: source.into(),
            hints: Vec::new(),
        }
    }

    /// Says what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Tells whether the reader of our output has gone away, which is no failure of ours.
    pub fn is_broken_pipe(&self) -> bool {
        let mut cause: Option<&(dyn Error + 'static)> = Some(&*self.source);
        while let Some(error) = cause {
            if error
                .downcast_ref::<io::Error>()
                .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
            {
                return true;
            }
            cause = error.source();
        }
        false
    }

    /// Writes the failure as one message.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut message = self.source.to_string();
        let mut cause = self.source.source();
        while let Some(error) = cause {
            message.push_str(": ");
            message.push_str(&error.to_string());
            cause = error.source();
        }
        writeln!(out, "error: {}", escaped(&message))?;
        for hint in &self.hints {
            writeln!(out, "help: {}", escaped(hint))?;
        }
        Ok(())
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}
