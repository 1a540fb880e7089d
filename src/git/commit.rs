//! Commits: the one that a project is at, and new ones.

use std::path::Path;

use super::GitError;
use super::process::{answer, feed, output, plumbing, run};

/// A commit that manifests are rendered from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its id.
    pub id: String,
    /// Its author's name.
    pub author: String,
    /// Its author's address.
    pub email: String,
    /// When it was written, as RFC 3339 has it.
    pub date: String,
    /// When it was committed.
    pub committed: String,
    /// Its message's first paragraph, in one line.
    pub subject: String,
    /// The rest of its message.
    pub body: String,
    /// Where the project stands in the repository: empty, or a path that ends in `/`.
    pub prefix: String,
}

/// Returns an id as people read it.
pub fn short(id: &str) -> &str {
    id.get(..7).unwrap_or(id)
}

/// Returns the commit that is checked out.
pub fn source(root: &Path) -> Result<Source, GitError> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let prefix = text(answer(plumbing(root).args(["rev-parse", "--show-prefix"]))?);
    let head = output(plumbing(root).args(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]))?;
    if !head.status.success() {
        return Err(GitError::Refused("there is no commit yet".to_owned()));
    }
    let head = text(head.stdout);
    let shown = answer(plumbing(root).args([
        "show",
        "--no-patch",
        "--no-show-signature",
        "--no-notes",
        "--no-color",
        "--format=%H%x00%an%x00%ae%x00%aI%x00%cI%x00%s%x00%b",
        head.trim_end(),
    ]))?;
    // A message ends at its first zero byte, so there is none in it.
    let shown = text(shown);
    let mut parts = shown.splitn(7, '\0').map(str::to_owned);
    let mut part = || parts.next().unwrap_or_default();
    Ok(Source {
        id: part(),
        author: part(),
        email: part(),
        date: part(),
        committed: part(),
        subject: part(),
        body: part().trim_end().to_owned(),
        prefix: prefix.trim_end_matches('\n').to_owned(),
    })
}

/// Returns the files and folders below some paths that are not as the commit that is checked out has them, as paths from
/// `root`; each with whether git is told to ignore it.
pub fn dirty_files(
    root: &Path,
    prefix: &str,
    paths: &[&str],
) -> Result<Vec<(String, bool)>, GitError> {
    let mut command = plumbing(root);
    command.env("GIT_LITERAL_PATHSPECS", "1").args([
        "status",
        "--porcelain=v1",
        "-z",
        "--no-renames",
        "--untracked-files=all",
        "--ignored=traditional",
        "--",
    ]);
    let listed = answer(command.args(paths))?;
    let entries = listed.split(|byte| *byte == 0);
    let entries = entries.filter_map(|entry| {
        // `XY <path>`, from the top of the repository.
        let entry = String::from_utf8_lossy(entry);
        let (state, path) = entry.split_at_checked(3)?;
        let path = path.strip_prefix(prefix)?;
        Some((path.to_owned(), state.starts_with("!!")))
    });
    let unwatched = unwatched_files(root, paths)?.into_iter();
    Ok(entries.chain(unwatched.map(|path| (path, false))).collect())
}

/// Returns the files that git is told not to look at, and that are not as the index has them: those that a sparse
/// checkout leaves out, and those that `git update-index --assume-unchanged` and `--skip-worktree` name.
fn unwatched_files(root: &Path, paths: &[&str]) -> Result<Vec<String>, GitError> {
    let mut command = plumbing(root);
    command
        .env("GIT_LITERAL_PATHSPECS", "1")
        .args(["ls-files", "-v", "--stage", "-z", "--"]);
    let listed = answer(command.args(paths))?;
    let unwatched = listed.split(|byte| *byte == 0).filter_map(|entry| {
        // `<tag> <mode> <id> <stage>\t<path>`
        let entry = String::from_utf8_lossy(entry);
        let (facts, path) = entry.split_once('\t')?;
        let mut words = facts.split(' ');
        let (tag, id) = (words.next()?, words.nth(1)?);
        let is_unwatched = tag == "S" || tag.starts_with(|tag: char| tag.is_ascii_lowercase());
        is_unwatched.then(|| (path.to_owned(), id.to_owned()))
    });
    let differ = unwatched.filter(|(path, id)| {
        let hashed = || answer(plumbing(root).args(["hash-object", "--", path]));
        !root.join(path).is_file()
            || hashed().map_or(true, |own| String::from_utf8_lossy(&own).trim_end() != id)
    });
    Ok(differ.map(|(path, _)| path).collect())
}

/// A commit to be made.
#[derive(Clone, Copy, Debug)]
pub struct Commit<'a> {
    /// What it holds.
    pub tree: &'a str,
    /// The commits it comes after.
    pub parents: &'a [String],
    /// Its message.
    pub message: &'a str,
}

/// Makes a commit, signed where git is set up to sign commits, and returns its id.
pub fn commit(root: &Path, commit: Commit<'_>) -> Result<String, GitError> {
    for who in ["GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"] {
        let known = output(plumbing(root).args(["var", who]))?;
        if !known.status.success() {
            return Err(GitError::Nobody);
        }
    }
    let mut command = plumbing(root);
    command.arg("commit-tree");
    // The command that makes commits for scripts does not look itself.
    let signs = run(root, &["config", "--type=bool", "--get", "commit.gpgSign"]);
    if signs.is_ok_and(|answer| answer.starts_with(b"true")) {
        command.arg("-S");
    }
    for parent in commit.parents {
        command.args(["-p", parent]);
    }
    command.args(["-F", "-", commit.tree]);
    let made = feed(&mut command, |out| out.write_all(commit.message.as_bytes()))?;
    Ok(String::from_utf8_lossy(&made).trim_end().to_owned())
}
