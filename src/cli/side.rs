//! One side of a comparison: what `--from`, `--to` and `--base` name.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::Settings;
use super::branches::{self, ENVIRONMENT, PATTERN, PLACEHOLDER, branch_of};
use super::load::{load_manifests, objects_of};
use crate::diff::Revision;
use crate::error::Failure;
use crate::git::{self, GitError, Version};
use crate::output;
use crate::project::Delivery;
use crate::source::{FileId, SourceMap};
use crate::yaml::Document;

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
    /// The branches of environments, by the pattern of their names.
    Branches(String),
}

impl Side {
    /// Reads a side. A revision that is named as one of the others is written out: `refs/heads/work`.
    pub(super) fn parse(text: &str, settings: &Settings) -> Self {
        match text.strip_prefix("env:") {
            Some(name) => Self::Environment(name.to_owned()),
            None if text == "work" => Self::Work,
            None if text == "index" => Self::Index,
            None if is_manifests(&settings.directory.join(text)) => Self::Folder(text.into()),
            None if text.contains(PLACEHOLDER) => Self::Branches(text.to_owned()),
            None => Self::Revision(text.to_owned()),
        }
    }
}

/// Tells whether a path is a folder, or a file of manifests; others may be called like a branch.
fn is_manifests(path: &Path) -> bool {
    let end = path.extension().and_then(|end| end.to_str());
    path.is_dir() || path.is_file() && matches!(end, Some("yaml" | "yml" | "json"))
}

/// Returns how the side is written that holds what Argo CD has been given last.
pub(super) fn delivered(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::Branches => PATTERN,
        Delivery::Directory | Delivery::Plugin => "HEAD",
    }
}

/// The project that sides are of.
#[derive(Clone, Copy)]
pub(super) struct Home<'h> {
    pub(super) root: &'h Path,
    /// The environments that are asked for.
    pub(super) environments: &'h [&'h str],
    pub(super) delivery: Delivery,
}

/// What a side holds: documents by environment; plain manifests under the empty name.
pub(super) type Documents = BTreeMap<String, Vec<Document>>;

/// A side that was loaded.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    pub(super) documents: Documents,
    /// Whether it can hold one environment only, and so says nothing about others.
    pub(super) single: bool,
    /// The commits that were read, where each environment has its own.
    pub(super) read: BTreeMap<String, Revision>,
    /// The environments whose branches are not there.
    pub(super) absent: Vec<String>,
}

impl From<Documents> for Loaded {
    fn from(documents: Documents) -> Self {
        Self {
            documents,
            ..Self::default()
        }
    }
}

impl Loaded {
    /// Tells whether this is a version to compare with: one of git that holds nothing is none, but where what is rendered
    /// stands beside the sources and may be new.
    pub(super) fn is_version(&self, side: &Side, delivery: Delivery) -> bool {
        let of_git = matches!(side, Side::Revision(_) | Side::Index);
        !of_git || !self.documents.is_empty() || delivery == Delivery::Directory
    }
}

/// Says that a side is no version to compare with.
pub(super) fn holds_nothing(side: &str, delivery: Delivery) -> Failure {
    if delivery == Delivery::Plugin {
        let failure = format!(
            "`{side}` holds nothing that is rendered: with `delivery: plugin` that is in git nowhere"
        );
        return Failure::new(failure).hint("render that version in a folder of its own, and name its `rendered`: `git worktree add ../before main`, `tympan -C ../before render`");
    }
    let failure =
        format!("`{side}` holds nothing that is rendered, and no branch `{PATTERN}` is made of it");
    Failure::new(failure)
        .hint(format!("`{PATTERN}` is what the branches hold now; a pattern of your own is written the same way"))
        .hint(FETCH)
}

/// What helps where branches are not there.
const FETCH: &str = "a clone of one branch lacks the others, which `git fetch origin '+refs/heads/*:refs/remotes/origin/*'` brings; before the first `tympan commit` there are none";

/// Loads what git or a folder has.
///
/// A revision has `rendered/<environment>/`, or is a commit that holds one environment at its root, or is one of the
/// sources that branches of environments are made of; a folder has a folder for each environment, or else holds plain
/// manifests.
pub(super) fn load(side: &Side, home: Home<'_>, settings: &Settings) -> Result<Loaded, Failure> {
    let root = home.root;
    settings.progress.begin("reading");
    Ok(match side {
        Side::Folder(folder) => folder_of(folder, settings, home.environments)?.into(),
        Side::Index => revision(root, Version::Index)?.into(),
        Side::Revision(name) => of_revision(name, home)?,
        Side::Branches(pattern) => {
            let loaded = of_branches(home, |one| branches::tip(root, &branch_of(pattern, one)))?;
            if loaded.read.is_empty() {
                let failure = Failure::new(format!(
                    "no environment has a branch `{pattern}`, here or at `origin`"
                ));
                return Err(failure.hint(FETCH));
            }
            loaded
        }
        Side::Work | Side::Environment(_) => Loaded::default(),
    })
}

fn of_revision(name: &str, home: Home<'_>) -> Result<Loaded, Failure> {
    let root = home.root;
    let documents = revision(root, Version::Revision(name))?;
    let Some(commit) = git::commit_of(root, name)?.filter(|_| documents.is_empty()) else {
        return Ok(documents.into());
    };
    let told = git::trailers_of(root, ENVIRONMENT, &commit, None, MOST)?;
    let mut named = told.into_iter().map(|(_, of)| of);
    if let Some(environment) = named.find(|of| !of.is_empty()) {
        return Ok(Loaded {
            documents: at_root(root, &commit, &environment)?,
            single: true,
            ..Loaded::default()
        });
    }
    match home.delivery {
        Delivery::Branches => of_branches(home, |one| {
            branches::made_of(root, &branch_of(PATTERN, one), &commit)
        }),
        Delivery::Directory | Delivery::Plugin => Ok(Loaded::default()),
    }
}

/// Loads a commit for each environment.
fn of_branches(
    home: Home<'_>,
    commit: impl Fn(&str) -> Result<Option<Revision>, GitError>,
) -> Result<Loaded, Failure> {
    let mut loaded = Loaded::default();
    for environment in home.environments {
        let name = (*environment).to_owned();
        let Some(revision) = commit(environment)? else {
            loaded.absent.push(name);
            continue;
        };
        let documents = at_root(home.root, &revision.commit, environment)?;
        loaded.documents.extend(documents);
        loaded.read.insert(name, revision);
    }
    Ok(loaded)
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

/// Loads a commit that holds one environment at its root, as `tympan commit` makes it.
fn at_root(root: &Path, commit: &str, environment: &str) -> Result<Documents, Failure> {
    let entries = git::entries(root, commit)?;
    let files = entries.into_iter().filter(|(_, entry)| entry.is_file());
    let asked = files.filter_map(|(path, entry)| Some((entry.id, String::from_utf8(path).ok()?)));
    let asked = asked.filter(|(_, path)| is_manifest(path)).collect();
    let files = git::contents_of(root, asked)?.into_iter();
    from_git(files.map(|(path, bytes)| (environment.to_owned(), path, bytes)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::progress::Display;
    use crate::progress::Progress;
    use crate::report::Style;

    #[test]
    fn sides_are_told_apart_by_how_they_are_written() {
        let settings = Settings {
            directory: PathBuf::from(env!("CARGO_MANIFEST_DIR")),
            style: Style::Plain,
            error_style: Style::Plain,
            quiet: false,
            verbose: false,
            progress: Progress::default(),
            display: Display::default(),
        };
        for (text, side) in [
            ("work", Side::Work),
            ("index", Side::Index),
            ("env:prod", Side::Environment("prod".to_owned())),
            ("rendered/prod", Side::Folder("rendered/prod".into())),
            ("env/prod", Side::Revision("env/prod".to_owned())),
            (
                "refs/heads/work",
                Side::Revision("refs/heads/work".to_owned()),
            ),
            (
                "env/{environment}",
                Side::Branches("env/{environment}".to_owned()),
            ),
            (
                "{environment}~2",
                Side::Branches("{environment}~2".to_owned()),
            ),
        ] {
            assert_eq!(Side::parse(text, &settings), side, "{text}");
        }
    }
}
