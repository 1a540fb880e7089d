//! Comparing `rendered/` with what should be there.

#![expect(
    clippy::disallowed_methods,
    reason = "this module compares rendered/ with what it should be"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use walkdir::WalkDir;

use super::apply::is_temporary;
use super::ledger::{LEDGER, Ledger};
use super::{ATTRIBUTES, ATTRIBUTES_TEXT, FOLDER, OutputError};
use crate::progress::{Progress, Step};

/// A file as it should be.
#[derive(Clone, Copy, Debug)]
pub struct DesiredFile<'a> {
    /// Its path below the environment's folder.
    pub path: &'a str,
    /// The template folder that made it.
    pub folder: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// The files of an environment as they should be.
#[derive(Clone, Debug)]
pub struct Desired<'a> {
    /// The environment.
    pub environment: &'a str,
    /// Its files.
    pub files: Vec<DesiredFile<'a>>,
    /// The paths of files that are rendered, too, and left to others: they are neither compared nor stale.
    pub others: BTreeSet<&'a str>,
}

impl<'a> Desired<'a> {
    /// Takes all files of an environment.
    pub fn new(environment: &'a str, files: Vec<DesiredFile<'a>>) -> Self {
        Self {
            environment,
            files,
            others: BTreeSet::new(),
        }
    }

    /// Returns a path of the environment's as one from the project's root.
    pub fn path(&self, path: &str) -> String {
        path_of(self.environment, path)
    }
}

/// Returns the path from the project's root of what stands in an environment's folder.
pub(super) fn path_of(environment: &str, path: &str) -> String {
    format!("{FOLDER}/{environment}/{path}")
}

/// What a run covers; what is outside is left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All environments and folders: what is not rendered any more is stale, even whole environments.
    All,
    /// All folders of the environments given.
    Environments,
    /// Only what these template folders make.
    Folders(BTreeSet<String>),
    /// Only the files given; nothing is stale.
    Files,
}

impl Scope {
    fn covers(&self, folder: &String) -> bool {
        match self {
            Self::Folders(folders) => folders.contains(folder),
            Self::Files => false,
            Self::All | Self::Environments => true,
        }
    }
}

/// What to do with files that Tympan did not write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adopt {
    /// Leave them alone.
    No,
    /// Take them over: overwrite those that are rendered and remove the others.
    Yes,
}

/// How a file differs from what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// It is missing.
    Missing,
    /// Its text is another.
    Different,
    /// It is not rendered any more.
    Stale,
    /// Tympan did not write it, and it stands where a rendered file must be.
    Foreign,
    /// Tympan did not write it, and Argo CD would apply it.
    Unknown,
}

/// A file that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// How.
    pub kind: ChangeKind,
    /// The file's path below the project's root.
    pub path: String,
    /// The text that is there, where there is one.
    pub before: Option<String>,
    /// The text that should be there.
    pub after: Option<String>,
}

/// The difference between `rendered/` and what should be there.
#[derive(Debug)]
pub struct Plan {
    pub(super) root: PathBuf,
    /// Where what is done is counted.
    pub(super) progress: Progress,
    /// What differs, sorted by path.
    pub changes: Vec<Change>,
    /// The files that are as they should be.
    pub unchanged_files: Vec<String>,
    /// Temporary files that a killed run has left.
    pub(super) leftovers: Vec<PathBuf>,
    /// The ledgers, by environment: as they are while files are written, and at the end.
    pub(super) ledgers: BTreeMap<String, (Ledger, Ledger)>,
}

impl Plan {
    /// Tells whether `rendered/` is as it should be.
    pub fn is_clean(&self) -> bool {
        self.changes.is_empty() && self.other_ledgers().is_empty()
    }

    /// Returns the paths of the ledgers that are not as they should be.
    pub fn other_ledgers(&self) -> Vec<String> {
        let paths = self.ledgers.iter().filter_map(|(environment, (_, end))| {
            let path = path_of(environment, LEDGER);
            let text = fs::read_to_string(self.root.join(&path)).unwrap_or_default();
            (text != end.text()).then_some(path)
        });
        paths.collect()
    }

    /// Returns the project's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the number of files that are as they should be.
    pub fn unchanged(&self) -> usize {
        self.unchanged_files.len()
    }

    /// Returns the files that stand in the way of writing.
    pub fn foreign(&self) -> impl Iterator<Item = &Change> {
        self.changes
            .iter()
            .filter(|change| change.kind == ChangeKind::Foreign)
    }
}

/// Compares; touches nothing.
pub fn plan(
    root: &Path,
    desired: &[Desired<'_>],
    scope: &Scope,
    adopt: Adopt,
    progress: &Progress,
) -> Result<Plan, OutputError> {
    let mut plan = Plan {
        root: root.to_path_buf(),
        progress: progress.clone(),
        changes: Vec::new(),
        unchanged_files: Vec::new(),
        leftovers: Vec::new(),
        ledgers: BTreeMap::new(),
    };
    check_folder(&root.join(FOLDER))?;
    let files = desired.iter().map(|environment| environment.files.len());
    let compared = progress.count("comparing", files.sum(), "files");
    for environment in desired {
        compare(&mut plan, environment, scope, adopt, &compared)?;
    }
    if *scope == Scope::All {
        for name in forgotten(root, desired)? {
            let desired = Desired::new(&name, Vec::new());
            compare(&mut plan, &desired, scope, adopt, &compared)?;
        }
    }
    let attributes = root.join(FOLDER).join(ATTRIBUTES);
    if !desired.is_empty() && fs::symlink_metadata(&attributes).is_err() {
        plan.changes.push(Change {
            kind: ChangeKind::Missing,
            path: format!("{FOLDER}/{ATTRIBUTES}"),
            before: None,
            after: Some(ATTRIBUTES_TEXT.to_owned()),
        });
    }
    plan.changes
        .sort_by(|a, b| (&a.path, a.kind).cmp(&(&b.path, b.kind)));
    Ok(plan)
}

/// Finds environments that have a ledger and are none any more.
fn forgotten(root: &Path, desired: &[Desired<'_>]) -> Result<Vec<String>, OutputError> {
    let folder = root.join(FOLDER);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).map_err(|source| io_error("list", &folder, source))? {
        let entry = entry.map_err(|source| io_error("list", &folder, source))?;
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
            continue;
        };
        if entry.path().join(LEDGER).is_file()
            && desired.iter().all(|other| other.environment != name)
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn compare(
    plan: &mut Plan,
    desired: &Desired<'_>,
    scope: &Scope,
    adopt: Adopt,
    step: &Step,
) -> Result<(), OutputError> {
    let folder = plan.root.join(FOLDER).join(desired.environment);
    check_folder(&folder)?;
    let folders: BTreeSet<&str> = desired
        .files
        .iter()
        .filter_map(|file| file.path.split_once('/'))
        .map(|(folder, _)| folder)
        .collect();
    for name in folders {
        check_folder(&folder.join(name))?;
    }
    let written = read_ledger(&folder)?;
    let mut known = written.clone();
    let Present {
        files: present,
        leftovers,
    } = present_files(&folder)?;
    plan.leftovers.extend(leftovers);
    if adopt == Adopt::Yes {
        for path in &present {
            let own = path.split_once('/').map_or("", |(own, _)| own).to_owned();
            known.files.entry(path.clone()).or_insert(own);
        }
    }
    let compared: Vec<Result<Option<Change>, OutputError>> = desired
        .files
        .par_iter()
        .map(|file| {
            let ours = known.files.contains_key(file.path);
            let change = compare_file(&folder, desired.environment, file, ours);
            step.one();
            change
        })
        .collect();
    for (file, change) in desired.files.iter().zip(compared) {
        match change? {
            Some(change) => plan.changes.push(change),
            None => plan.unchanged_files.push(desired.path(file.path)),
        }
    }
    settle_ledgers(plan, desired, scope, written, known, &present);
    Ok(())
}

/// Finds what is stale or unknown, and what the ledgers say from now on.
fn settle_ledgers(
    plan: &mut Plan,
    desired: &Desired<'_>,
    scope: &Scope,
    written: Ledger,
    known: Ledger,
    present: &BTreeSet<String>,
) {
    let wanted: BTreeMap<String, String> = desired
        .files
        .iter()
        .map(|file| (file.path.to_owned(), file.folder.to_owned()))
        .collect();
    let mut end = wanted.clone();
    let left = known
        .files
        .iter()
        .filter(|(path, _)| !wanted.contains_key(*path));
    for (path, made_by) in left {
        if !scope.covers(made_by) || desired.others.contains(path.as_str()) {
            end.insert(path.clone(), made_by.clone());
        } else if present.contains(path) {
            let stale = gone(desired.environment, path, ChangeKind::Stale);
            plan.changes.push(stale);
        }
    }
    if matches!(scope, Scope::All | Scope::Environments) {
        let ours = |path: &String| {
            known.files.contains_key(path)
                || wanted.contains_key(path)
                || desired.others.contains(path.as_str())
        };
        let unknown = present.iter().filter(|path| !ours(path));
        let unknown = unknown.map(|path| gone(desired.environment, path, ChangeKind::Unknown));
        plan.changes.extend(unknown);
    }
    let mut during = written;
    during.files.extend(end.clone());
    during.files.extend(known.files);
    let environment = desired.environment.to_owned();
    plan.ledgers
        .insert(environment, (during, Ledger { files: end }));
}

fn gone(environment: &str, path: &str, kind: ChangeKind) -> Change {
    Change {
        kind,
        path: path_of(environment, path),
        before: None,
        after: None,
    }
}

fn compare_file(
    folder: &Path,
    environment: &str,
    file: &DesiredFile<'_>,
    ours: bool,
) -> Result<Option<Change>, OutputError> {
    let path = folder.join(file.path);
    let change = |kind, before| {
        Ok(Some(Change {
            kind,
            path: path_of(environment, file.path),
            before,
            after: Some(file.text.to_owned()),
        }))
    };
    match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return change(ChangeKind::Missing, None);
        }
        Err(source) => return Err(io_error("look at", &path, source)),
        Ok(metadata) if metadata.is_file() => {}
        Ok(metadata) => {
            let message = if metadata.is_symlink() {
                "is a symbolic link; remove it"
            } else {
                "is no file; remove it"
            };
            return Err(OutputError::InTheWay { path, message });
        }
    }
    let bytes = fs::read(&path).map_err(|source| io_error("read", &path, source))?;
    if bytes == file.text.as_bytes() {
        return Ok(None);
    }
    let kind = if ours {
        ChangeKind::Different
    } else {
        ChangeKind::Foreign
    };
    change(kind, Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Refuses anything but a folder where a folder must be; one that is missing is fine.
fn check_folder(path: &Path) -> Result<(), OutputError> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(metadata) if metadata.is_symlink() => Err(OutputError::InTheWay {
            path: path.to_path_buf(),
            message: "is a symbolic link; nothing is written through links",
        }),
        Ok(_) => Err(OutputError::InTheWay {
            path: path.to_path_buf(),
            message: "is no folder; remove it",
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(io_error("look at", path, source)),
    }
}

fn read_ledger(folder: &Path) -> Result<Ledger, OutputError> {
    let path = folder.join(LEDGER);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Ledger::default()),
        Err(source) => return Err(io_error("read", &path, source)),
    };
    Ledger::parse(&text).map_err(|bad| OutputError::Ledger {
        path,
        line: bad.line,
        message: bad.message,
    })
}

/// What an environment's folder holds.
#[derive(Debug, Default)]
struct Present {
    /// The files that Argo CD would read.
    files: BTreeSet<String>,
    /// Temporary files that a killed run has left.
    leftovers: Vec<PathBuf>,
}

fn present_files(folder: &Path) -> Result<Present, OutputError> {
    let mut present = Present::default();
    if !folder.is_dir() {
        return Ok(present);
    }
    for entry in WalkDir::new(folder).follow_links(false) {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(folder).to_path_buf();
            OutputError::Io {
                action: "list",
                path,
                source: error.into(),
            }
        })?;
        if entry.file_type().is_dir() {
            continue;
        }
        if is_temporary(&entry.file_name().to_string_lossy()) {
            present.leftovers.push(entry.into_path());
            continue;
        }
        let below = entry
            .path()
            .strip_prefix(folder)
            .ok()
            .and_then(Path::to_str);
        if let Some(below) = below.filter(|below| is_read_by_argocd(below)) {
            present.files.insert(below.replace('\\', "/"));
        }
    }
    Ok(present)
}

/// Tells whether Argo CD takes a file for manifests.
pub(super) fn is_read_by_argocd(path: &str) -> bool {
    let extension = Path::new(path).extension().and_then(|end| end.to_str());
    matches!(extension, Some("yaml" | "yml" | "json" | "jsonnet"))
}

pub(super) fn io_error(action: &'static str, path: &Path, source: io::Error) -> OutputError {
    OutputError::Io {
        action,
        path: path.to_path_buf(),
        source,
    }
}
