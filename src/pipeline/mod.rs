//! The one place that runs the stages in order.
//!
//! [`render_project`] takes the texts of a project through values, render and manifest; [`read_manifests`] takes plain
//! manifests. Both give an [`Outcome`]: objects and all findings.

mod explain;
mod hide;
mod inspect;
mod object;
mod plain;
mod policies;
mod project;
mod settle;
mod subject;

pub use self::inspect::{Checks, Coverage, Inspected, inspect};
pub use self::object::{Environment, Object};
pub use self::plain::read_manifests;
pub use self::policies::{PolicyFile, read_policies};
pub use self::project::{EnvironmentInput, Input, render_project};
use crate::finding::FindingSet;
use crate::manifest::Resource;
use crate::source::{FileId, SourceMap};

/// What a run gave.
#[derive(Debug)]
pub struct Outcome {
    /// Every text, for reports.
    pub sources: SourceMap,
    /// Everything found, sorted.
    pub findings: FindingSet,
    /// Whether everything could be rendered: if not, what was rendered is not all there should be.
    pub complete: bool,
    /// What was rendered, by environment.
    pub environments: Vec<Environment>,
    /// What was read from plain manifests.
    pub manifests: Vec<(FileId, Resource)>,
}

impl Outcome {
    /// Counts the objects.
    pub fn objects(&self) -> usize {
        self.manifests.len()
            + self
                .environments
                .iter()
                .map(|environment| environment.objects.len())
                .sum::<usize>()
    }

    /// Returns the names of the environments.
    pub fn names(&self) -> Vec<String> {
        let names = self.environments.iter();
        names.map(|environment| environment.name.clone()).collect()
    }
}
