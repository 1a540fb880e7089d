//! The `git` program, asked by process. No policy here.

#![expect(clippy::disallowed_methods, reason = "this module runs git")]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

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

/// A version of the files of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version<'a> {
    /// What is staged for the next commit.
    Index,
    /// A revision, such as `main` or `HEAD~1`.
    Revision(&'a str),
}

/// Why git could not tell.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The program cannot be started: the machine's fault.
    #[error("cannot run `git`")]
    Start(#[source] std::io::Error),
    /// Git refused: the user's fault, mostly a revision that does not exist.
    #[error("git: {0}")]
    Refused(String),
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
            // A name that begins with a dash is no option, and one that is no commit is told as that.
            let commit = format!("{revision}^{{commit}}");
            let found = run(
                root,
                &[
                    "rev-parse",
                    "--verify",
                    "--quiet",
                    "--end-of-options",
                    &commit,
                ],
            );
            let id = found.map_err(|error| match error {
                GitError::Refused(_) => {
                    GitError::Refused(format!("there is no revision `{revision}`"))
                }
                start @ GitError::Start(_) => start,
            })?;
            let id = String::from_utf8_lossy(&id).trim().to_owned();
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
            let id = match version {
                Version::Index => words.get(1),
                Version::Revision(_) => words.get(2),
            };
            Some(((*id?).to_owned(), path.to_owned()))
        })
        .collect();
    contents(root, entries)
}

/// Asks one process for the bytes of all blobs.
fn contents(
    root: &Path,
    entries: Vec<(String, String)>,
) -> Result<Vec<(String, Vec<u8>)>, GitError> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    let mut child = git(root)
        .args(["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(GitError::Start)?;
    let ids: Vec<&str> = entries.iter().map(|(id, _)| id.as_str()).collect();
    let asked = ids.join("\n") + "\n";
    let mut input = child.stdin.take();
    // Git answers while it is asked: whoever only writes waits for ever once both pipes are full.
    let writer = std::thread::spawn(move || {
        input
            .as_mut()
            .map_or(Ok(()), |input| input.write_all(asked.as_bytes()))
    });
    let answer = child.wait_with_output().map_err(GitError::Start)?;
    drop(writer.join());
    let mut rest = answer.stdout.as_slice();
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

fn git(root: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(root)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("LC_ALL", "C");
    command
}

fn run(root: &Path, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
    let output = git(root)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(GitError::Start)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().next().unwrap_or("it failed");
    Err(GitError::Refused(
        line.trim_start_matches("fatal: ").to_owned(),
    ))
}
