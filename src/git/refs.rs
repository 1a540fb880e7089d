//! Branches and notes.

use std::collections::BTreeMap;
use std::path::Path;

use super::GitError;
use super::process::{answer, feed, output, plumbing, reason};

/// Where branches begin.
pub(super) const BRANCHES: &str = "refs/heads/";

/// What a branch is at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tip {
    /// A commit.
    Commit(String),
    /// It is another name of this reference.
    Alias(String),
}

/// Tells whether a name can be that of a branch.
pub fn is_branch_name(root: &Path, name: &str) -> Result<bool, GitError> {
    let reference = format!("{BRANCHES}{name}");
    let checked = output(plumbing(root).args(["check-ref-format", &reference]))?;
    // Git reads these as options, or as what is checked out; and a whole reference is meant as the branch that it is.
    let misread = name.starts_with('-') || name.starts_with("refs/") || name == "HEAD";
    Ok(checked.status.success() && !misread)
}

/// Returns what branches are at, of those that there are.
pub fn tips(root: &Path, names: &[&str]) -> Result<BTreeMap<String, Tip>, GitError> {
    let mut command = plumbing(root);
    command.args([
        "for-each-ref",
        "--format=%(refname)%00%(objectname)%00%(symref)",
    ]);
    command.args(names.iter().map(|name| format!("{BRANCHES}{name}")));
    let listed = answer(&mut command)?;
    let listed = String::from_utf8_lossy(&listed);
    let tips = listed.lines().filter_map(|line| {
        let mut parts = line.split('\0');
        let name = parts.next()?.strip_prefix(BRANCHES)?;
        let (id, alias) = (parts.next()?, parts.next()?);
        let tip = match alias {
            "" => Tip::Commit(id.to_owned()),
            alias => Tip::Alias(alias.to_owned()),
        };
        // A name that is a folder of branches gives all of these.
        names.contains(&name).then(|| (name.to_owned(), tip))
    });
    Ok(tips.collect())
}

/// Returns what a branch of `origin` was at when it was last asked.
pub fn tracked_tip(root: &Path, branch: &str) -> Result<Option<String>, GitError> {
    commit_of(root, &format!("refs/remotes/origin/{branch}"))
}

/// Returns the commit that a revision names, where it names one.
pub fn commit_of(root: &Path, revision: &str) -> Result<Option<String>, GitError> {
    let commit = format!("{revision}^{{commit}}");
    // A name that begins with a dash is no option.
    let asked = ["rev-parse", "--verify", "--quiet", "--end-of-options"];
    let found = output(plumbing(root).args(asked).arg(&commit))?;
    if found.status.success() {
        let id = String::from_utf8_lossy(&found.stdout);
        return Ok(Some(id.trim_end().to_owned()));
    }
    // Of a name that is none it says nothing.
    let said = String::from_utf8_lossy(&found.stderr);
    if said.contains("not a git repository") {
        return Err(GitError::Refused(reason(&found.stderr)));
    }
    Ok(None)
}

/// Tells whether a commit is in this repository.
pub fn is_here(root: &Path, commit: &str) -> bool {
    let asked = output(plumbing(root).args(["cat-file", "-e", commit]));
    asked.is_ok_and(|asked| asked.status.success())
}

/// Tells whether a commit comes before another, or is it; nothing where one of them is not here.
pub fn is_ancestor(root: &Path, first: &str, second: &str) -> Result<Option<bool>, GitError> {
    let asked = output(plumbing(root).args([
        "merge-base",
        "--is-ancestor",
        "--end-of-options",
        first,
        second,
    ]))?;
    Ok(match asked.status.code() {
        Some(0) => Some(true),
        Some(1) => Some(false),
        _ => None,
    })
}

/// Returns the commits that lead to `tip` and not to `but`, the newest first, at most `most`, each with what a trailer
/// says of it: nothing where it has none.
pub fn trailers_of(
    root: &Path,
    trailer: &str,
    tip: &str,
    but: Option<&str>,
    most: usize,
) -> Result<Vec<(String, String)>, GitError> {
    let format =
        format!("--format=%H %(trailers:key={trailer},valueonly,unfold,separator=%x20)%x00");
    let mut command = plumbing(root);
    command.args(["log", "--no-show-signature", "--no-notes", "--no-color"]);
    command.args([
        "--no-patch",
        &format,
        &format!("--max-count={most}"),
        "--end-of-options",
        tip,
    ]);
    command.args(but.map(|but| format!("^{but}")));
    let listed = answer(&mut command)?;
    let listed = String::from_utf8_lossy(&listed);
    let told = listed.split('\0').filter_map(|one| {
        let (commit, value) = one.trim_start().split_once(' ')?;
        Some((commit.to_owned(), value.trim().to_owned()))
    });
    Ok(told.collect())
}

/// A branch to be moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// Its name.
    pub branch: String,
    /// The commit that it is to be at.
    pub new: String,
    /// The commit that it must be at until then; nothing where it must not exist.
    pub old: Option<String>,
}

/// Moves branches: all of them, or none where one is not at what it must be at.
pub fn update(root: &Path, updates: &[Update], reason: &str) -> Result<(), GitError> {
    let mut command = plumbing(root);
    command.args(["update-ref", "-m", reason, "-z", "--stdin"]);
    feed(&mut command, |out| {
        updates.iter().try_for_each(|update| {
            let Update { branch, new, old } = update;
            match old {
                Some(old) => write!(out, "update {BRANCHES}{branch}\0{new}\0{old}\0"),
                None => write!(out, "create {BRANCHES}{branch}\0{new}\0"),
            }
        })
    })?;
    Ok(())
}

/// How often a note is written that another run may overwrite.
const TRIES: usize = 5;

/// Returns the note of a commit.
pub fn note(root: &Path, notes: &str, commit: &str) -> Result<Option<String>, GitError> {
    let reference = format!("--ref={notes}");
    let shown = output(plumbing(root).args(["notes", &reference, "show", commit]))?;
    let text = || String::from_utf8_lossy(&shown.stdout).trim_end().to_owned();
    Ok(shown.status.success().then(text))
}

/// Writes the note of a commit.
pub fn add_note(root: &Path, notes: &str, commit: &str, text: &str) -> Result<(), GitError> {
    let reference = format!("--ref={notes}");
    let mut last = Ok(());
    for _ in 0..TRIES {
        let mut command = plumbing(root);
        command.args(["notes", &reference, "add", "--force", "-m", text, commit]);
        last = answer(&mut command).map(drop);
        // Notes are one tree, and git does not look whether somebody else has changed it meanwhile.
        if note(root, notes, commit)?.as_deref() == Some(text) {
            return Ok(());
        }
    }
    last
}
