//! `rendered/`: what is in it, what should be, and the way from one to the other.
//!
//! In: the texts of rendered files. Out: a [`Plan`], made without touching anything; [`Plan::apply`] carries it out so
//! that a kill at any moment leaves a tree from which the next run recovers.
//!
//! The *ledger* `rendered/<environment>/.tympan.ledger` lists what Tympan wrote there: one path a line, sorted; for
//! what stands in `_cluster/`, a tab and the template folder that made it. A file that is not in it is never touched.

mod apply;
mod branch;
mod ledger;
mod pages;
mod plan;
pub mod rules;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

pub use self::apply::Applied;
pub use self::branch::{BranchPlan, Held, ledger_path, plan_branch};
pub use self::pages::Pages;
pub use self::plan::{Adopt, Change, ChangeKind, Desired, DesiredFile, Plan, Scope, plan};

/// The folder of rendered files, below the project's root.
pub const FOLDER: &str = "rendered";
/// The file that tells git hosts that the folder's files are generated.
pub const ATTRIBUTES: &str = ".gitattributes";
/// Its text.
pub const ATTRIBUTES_TEXT: &str = "** linguist-generated=true\n";

/// Why `rendered/` cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The file system refused. The machine's or the user's fault.
    #[error("cannot {action} `{path}`")]
    Io {
        /// What was being done.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Something stands where a file or folder must be. The user's fault.
    #[error("`{path}` {message}")]
    InTheWay {
        /// The path.
        path: PathBuf,
        /// What it is.
        message: &'static str,
    },
    /// The ledger cannot be understood. The user's fault.
    #[error("`{path}` line {line}: {message}")]
    Ledger {
        /// The ledger.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        message: &'static str,
    },
    /// Another run is writing.
    #[error("another run of Tympan is writing to `{0}`")]
    Busy(PathBuf),
}
