//! Files as git knows them: what is tracked, what is staged, what a revision holds.

use std::collections::BTreeSet;
use std::path::Path;

use super::GitError;
use super::process::{feed, git, run};
use super::refs::commit_of;

/// Returns the files below a folder that git knows, as paths from `root`; nothing where there is no git or no
/// repository.
pub fn tracked_files(root: &Path, folder: &str) -> Option<BTreeSet<String>> {
    let listed = run(root, &["ls-files", "-z", "--", folder]).ok()?;
    let names = listed.split(|byte| *byte == 0);
    Some(
        names
            .filter(|name| !name.is_empty())
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect(),
    )
}

/// A version of the files of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version<'a> {
    /// What is staged for the next commit.
    Index,
    /// A revision, such as `main` or `HEAD~1`.
    Revision(&'a str),
}

/// Returns the path of a folder from the root of the repository that it is in, with `/`; empty where it is that root, or
/// in none. Needs no `git`: in a container, that may refuse to look at what is somebody else's.
pub fn folder_in_repository(folder: &Path) -> String {
    let Ok(folder) = folder.canonicalize() else {
        return String::new();
    };
    let mut ancestors = folder.ancestors();
    let Some(root) = ancestors.find(|ancestor| ancestor.join(".git").exists()) else {
        return String::new();
    };
    let below = folder.strip_prefix(root).unwrap_or(Path::new(""));
    let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

/// Returns the files below a folder in a version, as paths from `root` with their bytes.
pub fn files_at(
    root: &Path,
    version: Version<'_>,
    folder: &str,
) -> Result<Vec<(String, Vec<u8>)>, GitError> {
    let listed = match version {
        Version::Index => run(root, &["ls-files", "--stage", "-z", "--", folder])?,
        Version::Revision(revision) => {
            let id = commit_of(root, revision)?
                .ok_or_else(|| GitError::Refused(format!("there is no revision `{revision}`")))?;
            run(
                root,
                &["ls-tree", "-r", "-z", &id, "--", &format!("{folder}/")],
            )?
        }
    };
    let entries: Vec<(String, String)> = listed
        .split(|byte| *byte == 0)
        .filter_map(|entry| {
            // `<mode> blob <id>\t<path>`, or `<mode> <id> <stage>\t<path>`.
            let entry = String::from_utf8_lossy(entry);
            let (facts, path) = entry.split_once('\t')?;
            let words: Vec<&str> = facts.split(' ').collect();
            // Links and submodules are not read.
            if !words.first()?.starts_with("100") {
                return None;
            }
            let id = match version {
                Version::Index => words.get(1),
                Version::Revision(_) => words.get(2),
            };
            Some(((*id?).to_owned(), path.to_owned()))
        })
        .collect();
    contents(root, entries)
}

/// Asks one process for the bytes of all blobs, which are given by their ids.
pub(super) fn contents(
    root: &Path,
    entries: Vec<(String, String)>,
) -> Result<Vec<(String, Vec<u8>)>, GitError> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    let mut command = git(root);
    command.args(["cat-file", "--batch"]);
    let answer = feed(&mut command, |out| {
        entries.iter().try_for_each(|(id, _)| writeln!(out, "{id}"))
    })?;
    let mut rest = answer.as_slice();
    let mut files = Vec::with_capacity(entries.len());
    for (_, path) in entries {
        // `<id> blob <size>\n<bytes>\n`
        let cut = rest.iter().position(|byte| *byte == b'\n');
        let header = cut
            .and_then(|cut| rest.get(..cut))
            .map(String::from_utf8_lossy);
        let size = header.and_then(|header| header.rsplit(' ').next()?.parse::<usize>().ok());
        let (Some(cut), Some(size)) = (cut, size) else {
            return Err(GitError::Refused(format!(
                "the contents of `{path}` cannot be read"
            )));
        };
        let bytes = rest.get(cut + 1..cut + 1 + size).unwrap_or_default();
        files.push((path, bytes.to_vec()));
        rest = rest.get(cut + size + 2..).unwrap_or_default();
    }
    Ok(files)
}
