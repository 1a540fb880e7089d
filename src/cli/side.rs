//! One side of a comparison: what `--from`, `--to` and `--base` name.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::Settings;
use super::load::{load_manifests, objects_of};
use crate::error::Failure;
use crate::git::{self, Version};
use crate::output;
use crate::source::{FileId, SourceMap};
use crate::yaml::Document;

/// The trailer of commits that hold one environment.
pub(super) const ENVIRONMENT: &str = "Tympan-Environment";
/// How many commits of a branch are looked at for that trailer: people may have committed since.
const MOST: usize = 50;

/// One side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// What would be rendered now.
    Work,
    /// What would be rendered now for one environment.
    Environment(String),
    /// What is staged.
    Index,
    /// A folder or file.
    Folder(PathBuf),
    /// A git revision.
    Revision(String),
}

impl Side {
    /// Reads a side. A revision that is named as one of the others is written out: `refs/heads/work`.
    pub(super) fn parse(text: &str, settings: &Settings) -> Self {
        match text.strip_prefix("env:") {
            Some(name) => Self::Environment(name.to_owned()),
            None if text == "work" => Self::Work,
            None if text == "index" => Self::Index,
            None if is_manifests(&settings.directory.join(text)) => Self::Folder(text.into()),
            None => Self::Revision(text.to_owned()),
        }
    }
}

/// Tells whether a path is a folder, or a file of manifests; others may be called like a branch.
fn is_manifests(path: &Path) -> bool {
    let end = path.extension().and_then(|end| end.to_str());
    path.is_dir() || path.is_file() && matches!(end, Some("yaml" | "yml" | "json"))
}

/// What a side holds: documents by environment; plain manifests under the empty name.
pub(super) type Documents = BTreeMap<String, Vec<Document>>;

/// A side that was loaded.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    pub(super) documents: Documents,
    /// Whether it can hold one environment only, and so says nothing about others.
    pub(super) single: bool,
}

impl From<Documents> for Loaded {
    fn from(documents: Documents) -> Self {
        Self {
            documents,
            single: false,
        }
    }
}

/// Loads what git or a folder has.
///
/// A revision has `rendered/<environment>/`, or is a commit that holds one environment at its root; a folder has a
/// folder for each environment, or else holds plain manifests.
pub(super) fn load(
    side: &Side,
    root: &Path,
    settings: &Settings,
    environments: &[&str],
) -> Result<Loaded, Failure> {
    settings.progress.begin("reading");
    Ok(match side {
        Side::Folder(folder) => folder_of(folder, settings, environments)?.into(),
        Side::Index => revision(root, Version::Index)?.into(),
        Side::Revision(name) => {
            let documents = revision(root, Version::Revision(name))?;
            if documents.is_empty() {
                let documents = of_branch(root, name)?;
                let single = !documents.is_empty();
                return Ok(Loaded { documents, single });
            }
            documents.into()
        }
        Side::Work | Side::Environment(_) => Loaded::default(),
    })
}

fn folder_of(
    folder: &Path,
    settings: &Settings,
    environments: &[&str],
) -> Result<Documents, Failure> {
    let sources = load_manifests(&[folder.to_path_buf()], settings, io::empty())?;
    let full = settings.directory.join(folder);
    let named = |name: &&&str| full.join(name).is_dir();
    let by_environment: Vec<&str> = environments.iter().filter(named).copied().collect();
    if by_environment.is_empty() {
        let files = sources.files().map(|(file, _)| file);
        return Ok([(String::new(), objects_of(&sources, files)?)].into());
    }
    let folder = folder.strip_prefix(".").unwrap_or(folder);
    let mut files: BTreeMap<String, Vec<FileId>> = BTreeMap::new();
    for (id, file) in sources.files() {
        let path = Path::new(&**file.path());
        let below = path.strip_prefix(folder).unwrap_or(path);
        let first = below.iter().next().and_then(|name| name.to_str());
        if let Some(name) = first.filter(|name| by_environment.contains(name)) {
            files.entry(name.to_owned()).or_default().push(id);
        }
    }
    read(&sources, files)
}

fn revision(root: &Path, version: Version<'_>) -> Result<Documents, Failure> {
    let prefix = format!("{}/", output::FOLDER);
    let files = git::files_at(root, version, output::FOLDER)?;
    let files = files.into_iter().filter_map(|(path, bytes)| {
        let (name, _) = path.strip_prefix(&prefix)?.split_once('/')?;
        Some((name.to_owned(), path, bytes))
    });
    from_git(files)
}

/// Loads a branch that holds one environment at its root, as `tympan commit` makes it.
fn of_branch(root: &Path, name: &str) -> Result<Documents, Failure> {
    let told = git::sources_of(root, ENVIRONMENT, name, None, MOST)?;
    let Some(environment) = told.into_iter().find(|told| !told.is_empty()) else {
        return Ok(Documents::new());
    };
    let entries = git::entries(root, name)?;
    let files = entries.into_iter().filter(|(_, entry)| entry.is_file());
    let asked = files.filter_map(|(path, entry)| Some((entry.id, String::from_utf8(path).ok()?)));
    let asked = asked.filter(|(_, path)| is_manifest(path)).collect();
    let files = git::contents_of(root, asked)?.into_iter();
    from_git(files.map(|(path, bytes)| (environment.clone(), path, bytes)))
}

fn is_manifest(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|end| end == "yaml")
}

fn from_git(listed: impl Iterator<Item = (String, String, Vec<u8>)>) -> Result<Documents, Failure> {
    let mut sources = SourceMap::new();
    let mut files: BTreeMap<String, Vec<FileId>> = BTreeMap::new();
    for (environment, path, bytes) in listed.filter(|(_, path, _)| is_manifest(path)) {
        let Ok(text) = String::from_utf8(bytes) else {
            let failure = format!("`{path}`, as it was in the version before, is not UTF-8");
            return Err(Failure::new(failure));
        };
        let id = sources.add(path, text);
        files.entry(environment).or_default().push(id);
    }
    read(&sources, files)
}

fn read(sources: &SourceMap, files: BTreeMap<String, Vec<FileId>>) -> Result<Documents, Failure> {
    let read = files.into_iter().map(|(name, files)| {
        let documents = objects_of(sources, files.into_iter())?;
        Ok((name, documents))
    });
    read.collect()
}
