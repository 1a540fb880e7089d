//! The version before: what `--base` names, to compare with.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::Settings;
use super::load::objects_of;
use crate::error::Failure;
use crate::git::{Version, files_at};
use crate::project::load_manifests;
use crate::source::SourceMap;
use crate::yaml::Document;

/// Loads a project's rendered files as they were: by environment, those that had any.
///
/// `side` is a folder that holds a folder for each environment, `index` for what is staged, or a git revision.
pub(super) fn rendered_before(
    side: &str,
    root: &Path,
    settings: &Settings,
    environments: &[&str],
) -> Result<BTreeMap<String, Vec<Document>>, Failure> {
    let folder = settings.directory.join(side);
    let version = match side {
        "index" => Version::Index,
        revision => Version::Revision(revision),
    };
    let mut before = BTreeMap::new();
    for name in environments {
        let documents = if folder.is_dir() {
            documents_in(&folder.join(name), settings)?
        } else {
            documents_at(root, version, &format!("rendered/{name}"))?
        };
        if !documents.is_empty() {
            before.insert((*name).to_owned(), documents);
        }
    }
    Ok(before)
}

/// Loads plain manifests as they were: from a folder or file.
pub(super) fn manifests_before(side: &str, settings: &Settings) -> Result<Vec<Document>, Failure> {
    let path = settings.directory.join(side);
    if !path.exists() {
        return Err(Failure::new(format!("there is no file or folder `{side}`"))
            .hint("with paths, `--base` names the files or the folder of the version before"));
    }
    documents_in(&path, settings)
}

fn documents_in(path: &Path, settings: &Settings) -> Result<Vec<Document>, Failure> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let path = path
        .strip_prefix(&settings.directory)
        .unwrap_or(path)
        .to_path_buf();
    let sources = load_manifests(&settings.directory, &[path], io::empty())?;
    objects_of(&sources, sources.files().map(|(file, _)| file))
}

fn documents_at(root: &Path, version: Version<'_>, folder: &str) -> Result<Vec<Document>, Failure> {
    let mut sources = SourceMap::new();
    for (path, bytes) in files_at(root, version, folder)? {
        if Path::new(&path).extension().is_none_or(|end| end != "yaml") {
            continue;
        }
        let Ok(text) = String::from_utf8(bytes) else {
            let failure = format!("`{path}`, as it was in the version before, is not UTF-8");
            return Err(Failure::new(failure));
        };
        sources.add(path, text);
    }
    objects_of(&sources, sources.files().map(|(file, _)| file))
}
