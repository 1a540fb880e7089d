//! The project: its root, `tympan.yaml`, its folders, and the texts in them.
//!
//! In: a folder. Out: a [`Project`], with every text loaded into a [`SourceMap`] and every
//! setting checked. This module reads the file system; stages after it take texts.

mod config;
mod fields;
mod flows;
mod layout;
mod load;
mod size;
mod waivers;

use std::path::PathBuf;

pub use self::config::{
    Config, Delivery, EnvironmentConfig, External, IngressController, KUBERNETES, Level, Network,
    PolicyAction, Repository, RuleSetting,
};
pub use self::fields::{Reader, required};
pub use self::flows::{Flow, FlowEnd, Flows};
pub use self::layout::{EnvironmentFiles, FLOWS, Layout, PolicyPath, TemplatePath, WAIVERS};
pub use self::load::{PROJECT_FILE, Project, load_manifests};
pub use self::waivers::Waiver;
use crate::source::{Location, SourceMap};

/// Why a project cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// No folder above has a `tympan.yaml`. The user's fault.
    #[error("there is no `tympan.yaml` in `{0}` or any folder above it")]
    NotFound(PathBuf),
    /// A file or folder cannot be read. The user's or the machine's fault.
    #[error("cannot read `{path}`")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Something in the project's folders has no place there. The user's fault.
    #[error("`{path}`: {message}")]
    Unfit {
        /// The file.
        path: String,
        /// Why, and what to do.
        message: String,
    },
    /// `tympan.yaml` is wrong. The user's fault.
    #[error("`tympan.yaml` is wrong in {} place(s)", problems.len())]
    Config {
        /// The texts that the problems point into.
        sources: SourceMap,
        /// What is wrong, in order of place.
        problems: Vec<ConfigProblem>,
    },
}

/// Something wrong in `tympan.yaml`.
#[derive(Clone, Debug)]
pub struct ConfigProblem {
    /// Where.
    pub location: Location,
    /// What, in one fact.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}
