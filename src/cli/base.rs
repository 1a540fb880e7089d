//! The version before: what `--base` and `network --diff` name, to compare with.

use std::collections::BTreeMap;

use super::Settings;
use super::side::{Home, Side, load};
use crate::error::Failure;
use crate::git::short;
use crate::project::Delivery;
use crate::yaml::Document;

/// What environments held before: by name, those that held anything.
pub(super) type Before = BTreeMap<String, Vec<Document>>;

/// Loads a project's rendered files as they were.
///
/// `side` is a folder that holds a folder for each environment, `index` for what is staged, a git revision, or the
/// pattern of branches that hold an environment each. Nothing is returned of a revision that cannot be compared with.
pub(super) fn rendered_before(
    side: &str,
    home: Home<'_>,
    settings: &Settings,
) -> Result<Option<Before>, Failure> {
    let side = match Side::parse(side, settings) {
        // What is rendered now is what is checked.
        Side::Work | Side::Environment(_) => Side::Revision(side.to_owned()),
        side => side,
    };
    let loaded = load(&side, home, settings)?;
    if !loaded.is_version(&side, home.delivery) {
        return Ok(None);
    }
    for (name, revision) in &loaded.read {
        let (branch, commit) = (&revision.name, short(&revision.commit));
        settings.note(&format!("`{name}` is compared with `{branch}` at {commit}"))?;
    }
    for name in &loaded.absent {
        settings.note(&format!(
            "`{name}` has nothing to compare with: all of it is new"
        ))?;
    }
    let mut before = loaded.documents;
    let environments = home.environments;
    before.retain(|name, documents| environments.contains(&name.as_str()) && !documents.is_empty());
    Ok(Some(before))
}

/// Loads plain manifests as they were: from a folder or file.
pub(super) fn manifests_before(side: &str, settings: &Settings) -> Result<Vec<Document>, Failure> {
    if !settings.directory.join(side).exists() {
        return Err(Failure::new(format!("there is no file or folder `{side}`"))
            .hint("with paths, `--base` names the files or the folder of the version before"));
    }
    let side = Side::Folder(side.into());
    let home = Home {
        root: &settings.directory,
        environments: &[],
        delivery: Delivery::Directory,
    };
    let loaded = load(&side, home, settings)?;
    Ok(loaded.documents.into_values().flatten().collect())
}
