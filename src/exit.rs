//! Exit codes (ADR 5).

use std::process::ExitCode;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExitStatus {
    /// Nothing at or above the fail level, no drift.
    Clean,
    /// Findings at or above the fail level, or drift, or differences.
    Findings,
    /// Tympan could not do its work.
    Failed,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        match status {
            ExitStatus::Clean => Self::SUCCESS,
            ExitStatus::Findings => Self::from(1),
            ExitStatus::Failed => Self::from(2),
        }
    }
}
