//! Which branches somebody is at work on, in any work tree of the repository.

#![expect(
    clippy::disallowed_methods,
    reason = "git has no command that tells which branches are rebased or bisected: its files do"
)]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::GitError;
use super::process::{answer, plumbing};
use super::refs::BRANCHES;

/// The most that is read of a file in which git keeps what it is doing. It holds one name, or three lines for a branch.
const MOST: u64 = 1 << 20;

/// What somebody does with a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// It is checked out.
    CheckedOut,
    /// It is rebased, by itself or with the branch that stands on it: it moves when that is done.
    Rebased,
    /// A bisection was begun on it, and goes back to it.
    Bisected,
}

/// Where somebody is at work on a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Busy {
    /// What is done.
    pub work: Work,
    /// The work tree.
    pub place: PathBuf,
}

/// Returns the branches that somebody is at work on, in this work tree or another: those that git itself does not move
/// by force.
pub fn busy(root: &Path) -> Result<BTreeMap<String, Busy>, GitError> {
    let listed = answer(plumbing(root).args(["worktree", "list", "--porcelain", "-z"]))?;
    let mut busy = BTreeMap::new();
    let mut places = Vec::new();
    for line in listed.split(|byte| *byte == 0) {
        let line = String::from_utf8_lossy(line);
        if let Some(place) = line.strip_prefix("worktree ") {
            places.push(PathBuf::from(place));
        } else if let Some(name) = line.strip_prefix("branch ")
            && let (Some(name), Some(place)) = (name.strip_prefix(BRANCHES), places.last())
        {
            let (work, place) = (Work::CheckedOut, place.clone());
            busy.insert(name.to_owned(), Busy { work, place });
        }
    }
    // Meanwhile the list calls such a work tree detached.
    let common = common_folder(root)?;
    let main = places.into_iter().next();
    let main = main.map(|place| (common.clone(), place));
    for (folder, place) in main.into_iter().chain(linked(&common)) {
        for (name, work) in at_work(&folder) {
            let place = place.clone();
            busy.entry(name).or_insert(Busy { work, place });
        }
    }
    Ok(busy)
}

/// Returns the folder of the repository that all its work trees share.
fn common_folder(root: &Path) -> Result<PathBuf, GitError> {
    let told = answer(plumbing(root).args(["rev-parse", "--git-common-dir"]))?;
    let told = String::from_utf8_lossy(&told);
    // It may be told from where git was asked.
    Ok(root.join(told.trim_end_matches('\n')))
}

/// Returns where git keeps what it is doing in each linked work tree, with the work tree: also those that
/// are not there just now, as on a disk that is taken out.
fn linked(common: &Path) -> Vec<(PathBuf, PathBuf)> {
    let entries = fs::read_dir(common.join("worktrees"));
    let folders = entries.into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = folders.map(|entry| entry.path()).collect();
    folders.sort();
    let both = folders.into_iter().map(|folder| {
        let link = text(&folder.join("gitdir")).unwrap_or_default();
        let place = folder.join(link.trim_end());
        let place = place.parent().map(Path::to_path_buf).unwrap_or_default();
        (folder, place)
    });
    both.collect()
}

/// Returns the branches that something is done with that is not finished, by what git keeps of it.
fn at_work(folder: &Path) -> Vec<(String, Work)> {
    let mut found = Vec::new();
    for file in ["rebase-merge/head-name", "rebase-apply/head-name"] {
        let head = text(&folder.join(file));
        found.extend(head.map(|name| (name, Work::Rebased)));
    }
    // A name, and what it was at and will be at: each is a line.
    let others = text(&folder.join("rebase-merge/update-refs")).unwrap_or_default();
    let others = others.lines().step_by(3);
    found.extend(others.map(|name| (name.to_owned(), Work::Rebased)));
    let mut found: Vec<(String, Work)> = found
        .into_iter()
        .filter_map(|(name, work)| Some((name.trim().strip_prefix(BRANCHES)?.to_owned(), work)))
        .collect();
    // This one is a branch without what branches begin with, or the commit that was checked out.
    let start = text(&folder.join("BISECT_START"));
    found.extend(start.map(|name| (name.trim().to_owned(), Work::Bisected)));
    found
}

fn text(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    let file = File::open(path).ok()?;
    file.take(MOST).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn what_git_keeps_says_which_branches_are_at_work() {
        type Case<'c> = (&'c str, &'c str, &'c [(&'c str, Work)]);
        let cases: &[Case<'_>] = &[
            (
                "rebase-merge/head-name",
                "refs/heads/env/dev\n",
                &[("env/dev", Work::Rebased)],
            ),
            ("rebase-merge/head-name", "detached HEAD\n", &[]),
            (
                "rebase-apply/head-name",
                "refs/heads/a\n",
                &[("a", Work::Rebased)],
            ),
            (
                "rebase-merge/update-refs",
                "refs/heads/a\n0\n1\nrefs/heads/b\n2\n3\n",
                &[("a", Work::Rebased), ("b", Work::Rebased)],
            ),
            ("BISECT_START", "env/dev\n", &[("env/dev", Work::Bisected)]),
            ("rebase-apply/applying", "", &[]),
        ];
        for (file, text, branches) in cases {
            let folder = TempDir::new().unwrap();
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
            let found = at_work(folder.path());
            let found: Vec<_> = found.iter().map(|(name, work)| (&**name, *work)).collect();
            assert_eq!(found, *branches, "{file}");
        }
    }
}
