//! Carrying out a plan, in an order that survives a kill.
//!
//! First the ledgers name everything that was or will be there; then files are written, each by a temporary file and a
//! rename; then stale ones are removed; then the ledgers name what is left. Whatever a killed run has written is in the
//! ledger, so the next run knows it for its own.

#![expect(clippy::disallowed_methods, reason = "this module writes rendered/")]

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::ledger::{LEDGER, Ledger};
use super::plan::{Change, ChangeKind, Plan, io_error, path_of};
use super::{FOLDER, OutputError};

/// What a plan's application did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Files that were written.
    pub written: usize,
    /// Files that were removed.
    pub removed: usize,
}

/// Asked before each step; tests use it to stop in the middle.
type Gate<'a> = &'a (dyn Fn() -> io::Result<()> + Sync);

impl Plan {
    /// Writes and removes what differs. What Tympan did not write stays; what stands in the way is the caller's to
    /// have refused.
    pub fn apply(&self) -> Result<Applied, OutputError> {
        self.apply_with(&|| Ok(()))
    }

    pub(super) fn apply_with(&self, gate: Gate<'_>) -> Result<Applied, OutputError> {
        let folder = self.root.join(FOLDER);
        if !self.changes.iter().any(is_ours) && self.leftovers.is_empty() && self.is_clean() {
            return Ok(Applied::default());
        }
        fs::create_dir_all(&folder).map_err(|source| io_error("create", &folder, source))?;
        let _lock = lock(&folder)?;
        for path in &self.leftovers {
            self.remove_path(path)?;
        }
        for (environment, (during, _)) in &self.ledgers {
            self.write_ledger(environment, during, gate)?;
        }
        let written: Vec<&Change> = self
            .changes
            .iter()
            .filter(|change| matches!(change.kind, ChangeKind::Missing | ChangeKind::Different))
            .collect();
        let step = self.progress.count("writing", written.len(), "files");
        written.par_iter().try_for_each(|change| {
            let text = change.after.as_deref().unwrap_or_default();
            write_file(&self.root.join(&change.path), text, gate)?;
            step.one();
            Ok(())
        })?;
        let stale: Vec<&Change> = self
            .changes
            .iter()
            .filter(|change| change.kind == ChangeKind::Stale)
            .collect();
        for change in &stale {
            self.remove(&change.path, gate)?;
        }
        for (environment, (_, end)) in &self.ledgers {
            self.write_ledger(environment, end, gate)?;
        }
        Ok(Applied {
            written: written.len(),
            removed: stale.len(),
        })
    }

    /// Writes a ledger; one that would be empty is removed with its folder.
    fn write_ledger(
        &self,
        environment: &str,
        ledger: &Ledger,
        gate: Gate<'_>,
    ) -> Result<(), OutputError> {
        let folder = self.root.join(FOLDER).join(environment);
        let path = folder.join(LEDGER);
        let text = ledger.text();
        if fs::read_to_string(&path).unwrap_or_default() == text {
            return Ok(());
        }
        if text.is_empty() {
            return self.remove(&path_of(environment, LEDGER), gate);
        }
        write_file(&path, &text, gate)
    }

    /// Removes a file, and the folders above it that it leaves empty.
    fn remove(&self, path: &str, gate: Gate<'_>) -> Result<(), OutputError> {
        let path = self.root.join(path);
        gate().map_err(|source| io_error("remove", &path, source))?;
        self.remove_path(&path)
    }

    fn remove_path(&self, path: &Path) -> Result<(), OutputError> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(io_error("remove", path, error));
            }
            _ => {}
        }
        let top = self.root.join(FOLDER);
        let above = path
            .ancestors()
            .skip(1)
            .take_while(|folder| **folder != *top);
        for folder in above {
            // A folder that holds something else stays; that is no failure.
            if fs::remove_dir(folder).is_err() {
                break;
            }
        }
        Ok(())
    }
}

fn is_ours(change: &Change) -> bool {
    !matches!(change.kind, ChangeKind::Foreign | ChangeKind::Unknown)
}

/// Takes the lock that keeps two runs apart; the system lets go of it when the process ends, however it ends.
pub(super) fn lock(folder: &Path) -> Result<Option<File>, OutputError> {
    // Some systems cannot open folders: there two runs at once are the user's own to avoid.
    let Ok(file) = File::open(folder) else {
        return Ok(None);
    };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Err(OutputError::Busy(folder.to_path_buf())),
        Err(fs::TryLockError::Error(_unsupported)) => Ok(None),
    }
}

/// What the names of temporary files begin with.
const TEMPORARY: &str = ".tympan-";
/// What they end with.
const TEMPORARY_END: &str = ".tmp";

/// Tells whether a file is one that a run writes before it is renamed.
pub(super) fn is_temporary(name: &str) -> bool {
    name.starts_with(TEMPORARY) && name.ends_with(TEMPORARY_END)
}

/// Writes a file: it is there whole, or as it was.
pub(super) fn write_file(path: &Path, text: &str, gate: Gate<'_>) -> Result<(), OutputError> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let folder = path.parent().map(PathBuf::from).unwrap_or_default();
    gate().map_err(|source| io_error("write", path, source))?;
    fs::create_dir_all(&folder).map_err(|source| io_error("create", &folder, source))?;
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let temporary = folder.join(format!(
        "{TEMPORARY}{}-{number}{TEMPORARY_END}",
        std::process::id()
    ));
    let write = || -> io::Result<()> {
        let mut file = File::options()
            .write(true)
            .create_new(true)
            .open(&temporary)?;
        file.write_all(text.as_bytes())
    };
    write().map_err(|source| io_error("write", &temporary, source))?;
    gate().map_err(|source| io_error("write", path, source))?;
    fs::rename(&temporary, path).map_err(|source| io_error("write", path, source))
}
