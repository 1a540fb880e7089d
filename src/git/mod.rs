//! The `git` program, asked by process: files of revisions, objects, branches, remotes. No policy here.
//!
//! Nothing here touches a work tree or an index, runs a hook of the repository, or is led elsewhere by variables such as
//! `GIT_DIR`.

mod busy;
mod commit;
mod files;
mod process;
mod read;
mod refs;
mod remote;

pub use self::busy::{Busy, Work, busy};
pub use self::commit::{Commit, Source, commit, dirty_files, short, source};
pub use self::files::{Entries, Entry, contents_of, entries, import, tree};
pub use self::read::{Version, files_at, folder_in_repository, tracked_files};
pub use self::refs::{
    Tip, Update, add_note, commit_of, is_ancestor, is_branch_name, is_here, note, tips,
    tracked_tip, trailers_of, update,
};
pub use self::remote::{Pushed, Remote, remote_url};

/// Why git could not tell.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The program cannot be started: the machine's fault.
    #[error("cannot run `git`")]
    Start(#[source] std::io::Error),
    /// Git refused: the user's fault, mostly a revision that does not exist.
    #[error("git: {0}")]
    Refused(String),
    /// Git does not know who makes commits. The user's fault.
    #[error("git does not know who makes the commit")]
    Nobody,
}
