//! Secrets and ConfigMaps that are not among the objects because others make them.

use std::collections::HashMap;

use crate::cluster::{Cluster, Index};

/// The keys of a ConfigMap or Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Keys<'a> {
    /// These and no others.
    Known(Vec<&'a str>),
    /// Nobody knows before it is made.
    Unknown,
}

/// A ConfigMap or Secret that an object makes.
#[derive(Clone, Debug)]
pub(super) struct MadeBy<'a> {
    /// What makes it.
    pub(super) maker: Index,
    /// Its keys.
    pub(super) keys: Keys<'a>,
}

/// What objects make, by kind, namespace and name.
#[derive(Debug, Default)]
pub(super) struct Made<'a> {
    all: HashMap<(&'a str, &'a str, &'a str), MadeBy<'a>>,
}

impl<'a> Made<'a> {
    /// Looks through the objects of a cluster.
    pub(super) fn new(_cluster: &Cluster<'a>) -> Self {
        Self::default()
    }

    /// Returns what makes an object.
    pub(super) fn get(
        &self,
        kind: &'a str,
        namespace: &'a str,
        name: &'a str,
    ) -> Option<&MadeBy<'a>> {
        self.all.get(&(kind, namespace, name))
    }
}
