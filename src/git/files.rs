//! Blobs and trees: reading those of a commit, writing new ones.
//!
//! Blobs go through one `git fast-import`, which packs them; trees through `git mktree`, one process for each depth.
//! Neither leaves a reference or a commit behind, and a run that is killed leaves objects that git clears away in time.

use std::collections::BTreeMap;
use std::path::Path;

use super::GitError;
use super::process::{answer, feed, plumbing};
use super::read::contents;

/// What a tree holds at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its mode, as git writes it.
    pub mode: String,
    /// `blob`, or `commit` for a submodule.
    pub kind: String,
    /// Its id.
    pub id: String,
}

/// The mode of a file that is not executable.
const FILE: &str = "100644";

impl Entry {
    /// Makes an entry of a file.
    pub fn file(id: String) -> Self {
        Self {
            mode: FILE.to_owned(),
            kind: "blob".to_owned(),
            id,
        }
    }

    /// Tells whether this is a file, and no link, submodule or program.
    pub fn is_file(&self) -> bool {
        self.mode == FILE
    }
}

/// What a tree holds, by path. Paths are bytes: what others have put there need not be UTF-8.
pub type Entries = BTreeMap<Vec<u8>, Entry>;

/// Returns what a commit holds.
pub fn entries(root: &Path, commit: &str) -> Result<Entries, GitError> {
    let listed = answer(plumbing(root).args(["ls-tree", "-r", "-z", "--full-tree", commit]))?;
    let lines = listed
        .split(|byte| *byte == 0)
        .filter(|line| !line.is_empty());
    let entries = lines.filter_map(|line| {
        // `<mode> <kind> <id>\t<path>`
        let cut = line.iter().position(|byte| *byte == b'\t')?;
        let facts = std::str::from_utf8(line.get(..cut)?).ok()?;
        let mut words = facts.split(' ');
        let entry = Entry {
            mode: words.next()?.to_owned(),
            kind: words.next()?.to_owned(),
            id: words.next()?.to_owned(),
        };
        Some((line.get(cut + 1..)?.to_vec(), entry))
    });
    Ok(entries.collect())
}

/// Returns the bytes of blobs, by the paths they are asked for.
pub fn contents_of(
    root: &Path,
    blobs: Vec<(String, String)>,
) -> Result<Vec<(String, Vec<u8>)>, GitError> {
    contents(root, blobs)
}

/// Writes blobs, and returns their ids in the same order.
pub fn import(root: &Path, blobs: &[&[u8]]) -> Result<Vec<String>, GitError> {
    if blobs.is_empty() {
        return Ok(Vec::new());
    }
    let mut command = plumbing(root);
    // Compression by differences costs more than these small files are worth.
    command.args(["fast-import", "--quiet", "--depth=0"]);
    let answer = feed(&mut command, |out| {
        for (mark, blob) in blobs.iter().enumerate() {
            write!(out, "blob\nmark :{}\ndata {}\n", mark + 1, blob.len())?;
            out.write_all(blob)?;
            out.write_all(b"\n")?;
        }
        (1..=blobs.len()).try_for_each(|mark| writeln!(out, "get-mark :{mark}"))
    })?;
    ids(&answer, blobs.len())
}

/// Writes the trees that hold some entries, and returns the id of the root.
pub fn tree(root: &Path, entries: &Entries) -> Result<String, GitError> {
    // Folders by depth, the deepest first: the id of each goes into the one above.
    let mut levels: BTreeMap<usize, BTreeMap<&[u8], Vec<u8>>> = BTreeMap::new();
    levels.entry(0).or_default().entry(&[]).or_default();
    for (path, entry) in entries {
        let (folder, name) = split(path);
        for ancestor in ancestors(folder) {
            let level = levels.entry(depth(ancestor)).or_default();
            level.entry(ancestor).or_default();
        }
        let level = levels.entry(depth(folder)).or_default();
        let lines = level.entry(folder).or_default();
        line(lines, &entry.mode, &entry.kind, &entry.id, name);
    }
    while let Some((depth, folders)) = levels.pop_last() {
        let mut command = plumbing(root);
        command.args(["mktree", "-z", "--missing", "--batch"]);
        let answer = feed(&mut command, |out| {
            for lines in folders.values() {
                out.write_all(lines)?;
                out.write_all(&[0])?;
            }
            Ok(())
        })?;
        let made = ids(&answer, folders.len())?;
        let Some(above) = depth.checked_sub(1) else {
            return made.into_iter().next().ok_or_else(silent);
        };
        for (folder, id) in folders.keys().zip(made) {
            let (parent, name) = split(folder);
            let level = levels.entry(above).or_default();
            let lines = level.entry(parent).or_default();
            line(lines, "040000", "tree", &id, name);
        }
    }
    Err(silent())
}

fn line(lines: &mut Vec<u8>, mode: &str, kind: &str, id: &str, name: &[u8]) {
    lines.extend_from_slice(format!("{mode} {kind} {id}\t").as_bytes());
    lines.extend_from_slice(name);
    lines.push(0);
}

/// Returns a path's folder, empty for the root, and its name.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(cut) => (
            path.get(..cut).unwrap_or_default(),
            path.get(cut + 1..).unwrap_or_default(),
        ),
        None => (&[], path),
    }
}

/// Returns the folders that a folder stands in.
fn ancestors(folder: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::successors(Some(split(folder).0), |above| Some(split(above).0))
        .take(depth(folder).saturating_sub(1))
}

fn depth(folder: &[u8]) -> usize {
    if folder.is_empty() {
        return 0;
    }
    folder.split(|byte| *byte == b'/').count()
}

fn ids(answer: &[u8], count: usize) -> Result<Vec<String>, GitError> {
    let text = String::from_utf8_lossy(answer);
    let ids: Vec<String> = text.lines().map(str::to_owned).collect();
    if ids.len() == count {
        Ok(ids)
    } else {
        Err(silent())
    }
}

fn silent() -> GitError {
    GitError::Refused("it did not say what it wrote".to_owned())
}
