//! Starting `git`: which variables it sees, how it is fed, what its refusals say.

#![expect(clippy::disallowed_methods, reason = "this module runs git")]

use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::GitError;

/// Variables that lead git to another repository, or have it read what is there in another way. Hooks are started with
/// some of them. What configures git (`GIT_CONFIG_*`), names people and reaches remotes stays.
const LEADING_ASTRAY: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_ATTR_SOURCE",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_DIR",
    "GIT_DIFF_OPTS",
    "GIT_EXTERNAL_DIFF",
    "GIT_GLOB_PATHSPECS",
    "GIT_GRAFT_FILE",
    "GIT_ICASE_PATHSPECS",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_LITERAL_PATHSPECS",
    "GIT_NAMESPACE",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_NOTES_DISPLAY_REF",
    "GIT_NOTES_REF",
    "GIT_NOTES_REWRITE_MODE",
    "GIT_NOTES_REWRITE_REF",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// The index that git gives to a hook: there it is what will be committed.
const INDEX: &str = "GIT_INDEX_FILE";

/// Returns git, to be asked about what a repository holds.
pub(super) fn git(root: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(root)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_NO_REPLACE_OBJECTS", "1")
        .env("LC_ALL", "C");
    for name in LEADING_ASTRAY {
        command.env_remove(name);
    }
    command
}

/// Returns git, to be asked about what is not the index, and to write: no hook of the repository runs.
pub(super) fn plumbing(root: &Path) -> Command {
    let mut command = git(root);
    command.env_remove(INDEX).args([
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "i18n.commitEncoding=UTF-8",
        "-c",
        "i18n.logOutputEncoding=UTF-8",
    ]);
    command
}

/// Asks git, and returns what it prints.
pub(super) fn run(root: &Path, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
    answer(git(root).args(arguments))
}

/// Runs a command without input.
pub(super) fn answer(command: &mut Command) -> Result<Vec<u8>, GitError> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(GitError::Start)?;
    printed(output)
}

/// Runs a command without input, and returns how it ended, too.
pub(super) fn output(command: &mut Command) -> Result<Output, GitError> {
    command
        .stdin(Stdio::null())
        .output()
        .map_err(GitError::Start)
}

/// Runs a command with input.
pub(super) fn feed(
    command: &mut Command,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send,
) -> Result<Vec<u8>, GitError> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(GitError::Start)?;
    let input = child.stdin.take();
    // Git answers while it is asked: whoever only writes waits for ever once both pipes are full.
    let output = std::thread::scope(|scope| {
        scope.spawn(move || {
            let Some(input) = input else { return };
            let mut input = io::BufWriter::with_capacity(64 << 10, input);
            // When git does not listen any more it says itself why.
            drop(write(&mut input).and_then(|()| input.flush()));
        });
        child.wait_with_output()
    });
    printed(output.map_err(GitError::Start)?)
}

fn printed(output: Output) -> Result<Vec<u8>, GitError> {
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(GitError::Refused(reason(&output.stderr)))
}

/// Returns the line in which git says why it refuses.
pub(super) fn reason(stderr: &[u8]) -> String {
    let said = String::from_utf8_lossy(stderr);
    let marked = ["fatal: ", "error: "]
        .into_iter()
        .find_map(|mark| said.lines().find_map(|line| line.strip_prefix(mark)));
    let line = marked.or_else(|| said.lines().find(|line| !line.trim().is_empty()));
    line.unwrap_or("it failed").to_owned()
}
