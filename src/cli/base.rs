//! The version before: what `--base` names, to compare with.

use std::collections::BTreeMap;
use std::path::Path;

use super::Settings;
use super::side::{Side, load};
use crate::error::Failure;
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
    let side = match Side::parse(side, settings) {
        // What is rendered now is what is checked.
        Side::Work | Side::Environment(_) => Side::Revision(side.to_owned()),
        side => side,
    };
    let mut before = load(&side, root, settings, environments)?.documents;
    before.retain(|name, documents| environments.contains(&name.as_str()) && !documents.is_empty());
    Ok(before)
}

/// Loads plain manifests as they were: from a folder or file.
pub(super) fn manifests_before(side: &str, settings: &Settings) -> Result<Vec<Document>, Failure> {
    if !settings.directory.join(side).exists() {
        return Err(Failure::new(format!("there is no file or folder `{side}`"))
            .hint("with paths, `--base` names the files or the folder of the version before"));
    }
    let side = Side::Folder(side.into());
    let loaded = load(&side, &settings.directory, settings, &[])?;
    Ok(loaded.documents.into_values().flatten().collect())
}
