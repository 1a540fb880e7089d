//! The branches of environments: their names, and the commits that are read of them.

use std::path::Path;

use crate::diff::Revision;
use crate::git::{self, GitError};

/// What stands for an environment's name in a pattern of branches.
pub(super) const PLACEHOLDER: &str = "{environment}";
/// The pattern where `tympan.yaml` says that Argo CD reads branches.
pub(super) const PATTERN: &str = "env/{environment}";
/// The trailer of commits that hold one environment.
pub(super) const ENVIRONMENT: &str = "Tympan-Environment";
/// The trailer that names a commit's source.
pub(super) const SOURCE: &str = "Tympan-Source";
/// How many commits of a branch are asked for the source that they are made of.
const MOST: usize = 200;

/// Returns the name of an environment's branch.
pub(super) fn branch_of(pattern: &str, environment: &str) -> String {
    pattern.replace(PLACEHOLDER, environment)
}

/// Returns what a branch is at: the later one of here and of `origin` when it was last asked. Where both have gone on it
/// is that of `origin`, which is what Argo CD reads. Any other revision is taken as it is.
pub(super) fn tip(root: &Path, name: &str) -> Result<Option<Revision>, GitError> {
    let here = git::commit_of(root, &format!("refs/heads/{name}"))?;
    let there = git::tracked_tip(root, name)?;
    let own = |commit| Revision {
        name: name.to_owned(),
        commit,
    };
    Ok(match (here, there) {
        (Some(here), Some(there)) if git::is_ancestor(root, &there, &here)? == Some(true) => {
            Some(own(here))
        }
        (_, Some(commit)) => Some(Revision {
            name: format!("origin/{name}"),
            commit,
        }),
        (Some(here), None) => Some(own(here)),
        (None, None) => git::commit_of(root, name)?.map(own),
    })
}

/// Returns the newest commit of a branch that is made of a source, or of one that comes before it.
pub(super) fn made_of(root: &Path, name: &str, source: &str) -> Result<Option<Revision>, GitError> {
    let Some(tip) = tip(root, name)? else {
        return Ok(None);
    };
    for (commit, of) in git::trailers_of(root, SOURCE, &tip.commit, None, MOST)? {
        if !of.is_empty() && git::is_ancestor(root, &of, source)? == Some(true) {
            let name = tip.name;
            return Ok(Some(Revision { name, commit }));
        }
    }
    Ok(None)
}
