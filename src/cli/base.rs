//! The version before: what `--base` names, to compare with.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::Settings;
use crate::error::Failure;
use crate::git::{Version, files_at};
use crate::manifest::flatten;
use crate::pipeline::read_manifests;
use crate::project::load_manifests;
use crate::yaml::{Document, Limits, read};

/// Loads a project's rendered files as they were: by environment.
///
/// `side` is a folder that holds a folder for each environment, `index` for what is staged, or a git revision.
pub(super) fn rendered_before(
    side: &str,
    root: &Path,
    settings: &Settings,
    environments: &[&str],
) -> Result<BTreeMap<String, Vec<Document>>, Failure> {
    let folder = settings.directory.join(side);
    if folder.is_dir() {
        return environments
            .iter()
            .map(|name| {
                let below = folder.join(name);
                let documents = if below.is_dir() {
                    documents_in(&below, settings)?
                } else {
                    Vec::new()
                };
                Ok(((*name).to_owned(), documents))
            })
            .collect();
    }
    let version = if side == "index" {
        Version::Index
    } else {
        Version::Revision(side)
    };
    environments
        .iter()
        .map(|name| {
            let files = files_at(root, version, &format!("rendered/{name}"))?;
            let documents = files
                .into_iter()
                .filter(|(path, _)| Path::new(path).extension().is_some_and(|end| end == "yaml"))
                .filter_map(|(_, bytes)| String::from_utf8(bytes).ok())
                .flat_map(|text| read(&Arc::from(text), &Limits::default()).documents)
                .flat_map(flatten);
            Ok(((*name).to_owned(), documents.collect()))
        })
        .collect()
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
    let path = path
        .strip_prefix(&settings.directory)
        .unwrap_or(path)
        .to_path_buf();
    let sources = load_manifests(&settings.directory, &[path], io::empty())?;
    let outcome = read_manifests(sources, &Limits::default());
    Ok(outcome
        .manifests
        .into_iter()
        .map(|(_, object)| object.document)
        .collect())
}
