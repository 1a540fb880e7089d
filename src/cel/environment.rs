//! What an expression may name: variables with their types, and the functions of a Kubernetes version.

use std::collections::BTreeMap;

use super::types::Type;

/// What an expression may name.
#[derive(Clone, Debug)]
pub struct Environment {
    minor: u8,
    variables: BTreeMap<Box<str>, Type>,
}

impl Environment {
    /// Makes the environment of Kubernetes 1.`minor`, without variables.
    ///
    /// A server reads new expressions with the functions of the version before its own, so that it can be rolled back.
    pub fn new(minor: u8) -> Self {
        Self {
            minor,
            variables: BTreeMap::new(),
        }
    }

    /// Declares a variable; its name may have dots (`variables.x`).
    #[must_use]
    pub fn variable(mut self, name: &str, ty: Type) -> Self {
        self.variables.insert(name.into(), ty);
        self
    }

    /// Returns the type of a variable.
    pub fn type_of(&self, name: &str) -> Option<&Type> {
        self.variables.get(name)
    }

    /// Returns the names of the variables.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(|name| &**name)
    }

    /// Tells whether a function that a version of Kubernetes brought can be written for this one.
    pub(crate) fn has(&self, since: u8) -> bool {
        since < self.minor.max(1)
    }

    /// Returns the minor version.
    pub fn minor(&self) -> u8 {
        self.minor
    }
}
