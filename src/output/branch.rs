//! An environment's files in a commit: what is there, what should be, and the way from one to the other.
//!
//! The ledger stands in the commit as it does in `rendered/<environment>/`; a file that is not in it is never touched.

use std::collections::{BTreeMap, BTreeSet};

use super::ledger::{LEDGER, Ledger};
use super::plan::is_read_by_argocd;
use super::{Adopt, Change, ChangeKind, Desired, OutputError};

/// What a commit holds at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// A file with these bytes; they are needed of the ledger and of files that are rendered.
    File(Vec<u8>),
    /// A link, a program, a submodule.
    Other,
}

/// The difference between what a commit holds of an environment and what it should.
#[derive(Debug)]
pub struct BranchPlan {
    /// What differs, sorted by path; paths are below the environment's folder.
    pub changes: Vec<Change>,
    /// The files that say how each folder was made, of folders where something differs.
    pub notices: Vec<String>,
    /// The ledger, where it is another one.
    pub ledger: Option<(String, String)>,
}

impl BranchPlan {
    /// Tells whether the commit is as it should be.
    pub fn is_clean(&self) -> bool {
        let ours = |change: &Change| change.kind != ChangeKind::Unknown;
        !self.changes.iter().any(ours) && self.notices.is_empty() && self.ledger.is_none()
    }

    /// Counts changes of a kind.
    pub fn count(&self, kind: ChangeKind) -> usize {
        let changes = self.changes.iter();
        changes.filter(|change| change.kind == kind).count()
    }
}

/// Returns the ledger's path below an environment's folder.
pub const fn ledger_path() -> &'static str {
    LEDGER
}

/// Compares.
///
/// `notice` is the name of the file that says in each folder how it was made, where there is to be one.
pub fn plan_branch(
    desired: &Desired<'_>,
    held: &BTreeMap<String, Held>,
    notice: Option<&str>,
    adopt: Adopt,
) -> Result<BranchPlan, OutputError> {
    let (text, known) = known(held, adopt)?;
    let mut end = Ledger::default();
    for file in &desired.files {
        end.files
            .insert(file.path.to_owned(), file.folder.to_owned());
    }
    let mut changes = changes(desired, held, &known, &end);
    let files = desired.files.iter();
    let folders: BTreeSet<&str> = files
        .filter_map(|file| file.path.split_once('/'))
        .map(|(folder, _)| folder)
        .collect();
    let notices: Vec<(String, &str)> = notice
        .into_iter()
        .flat_map(|name| {
            folders
                .iter()
                .map(move |own| (format!("{own}/{name}"), *own))
        })
        .collect();
    for (path, own) in &notices {
        end.files.insert(path.clone(), (*own).to_owned());
    }
    changes.extend(stale(held, &known, &end));
    for (path, _) in &notices {
        if held.contains_key(path) && !known.files.contains_key(path) && adopt == Adopt::No {
            changes.push(change(ChangeKind::Foreign, path, None));
        }
    }
    changes.sort_by(|a, b| (&a.path, a.kind).cmp(&(&b.path, b.kind)));
    let differ: BTreeSet<String> = changes
        .iter()
        .filter(|change| change.kind != ChangeKind::Unknown)
        .filter_map(|change| change.path.split_once('/'))
        .map(|(folder, _)| folder.to_owned())
        .collect();
    let wanted = notices
        .into_iter()
        .filter(|(path, own)| differ.contains(*own) || !held.contains_key(path));
    let notices = wanted.map(|(path, _)| path).collect();
    let end = end.text();
    Ok(BranchPlan {
        changes,
        notices,
        ledger: (end != text).then(|| (LEDGER.to_owned(), end)),
    })
}

/// Returns the ledger that is held, and what of it all is Tympan's.
fn known(held: &BTreeMap<String, Held>, adopt: Adopt) -> Result<(String, Ledger), OutputError> {
    let text = match held.get(LEDGER) {
        Some(Held::File(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
        _ => String::new(),
    };
    let mut known = Ledger::parse(&text).map_err(|bad| OutputError::Ledger {
        path: LEDGER.into(),
        line: bad.line,
        message: bad.message,
    })?;
    if adopt == Adopt::Yes {
        for path in held.keys().filter(|path| *path != LEDGER) {
            let own = path.split_once('/').map_or("", |(own, _)| own);
            if is_read_by_argocd(path) {
                let entry = known.files.entry(path.clone());
                entry.or_insert_with(|| own.to_owned());
            }
        }
    }
    Ok((text, known))
}

/// Finds files that are missing, differ, or stand where another one must be.
fn changes(
    desired: &Desired<'_>,
    held: &BTreeMap<String, Held>,
    known: &Ledger,
    end: &Ledger,
) -> Vec<Change> {
    let stays = |path: &str| held.contains_key(path) && !known.files.contains_key(path);
    let mut changes = Vec::new();
    for file in &desired.files {
        let after = Some(file.text.to_owned());
        let kind = match held.get(file.path) {
            Some(Held::File(bytes)) if bytes == file.text.as_bytes() => continue,
            Some(_) if known.files.contains_key(file.path) => ChangeKind::Different,
            Some(_) => ChangeKind::Foreign,
            None => ChangeKind::Missing,
        };
        let above = file
            .path
            .match_indices('/')
            .filter_map(|(cut, _)| file.path.get(..cut));
        let below = format!("{}/", file.path);
        let inside = held
            .range(below.clone()..)
            .take_while(|(path, _)| path.starts_with(&below));
        let mut in_the_way = above.chain(inside.map(|(path, _)| path.as_str()));
        match in_the_way.find(|path| stays(path)) {
            Some(path) => changes.push(change(ChangeKind::Foreign, path, None)),
            None => changes.push(change(kind, file.path, after)),
        }
    }
    let others = held
        .keys()
        .filter(|path| stays(path) && !end.files.contains_key(*path) && is_read_by_argocd(path));
    changes.extend(others.map(|path| change(ChangeKind::Unknown, path, None)));
    changes
}

/// Finds files that are not rendered any more.
fn stale<'a>(
    held: &'a BTreeMap<String, Held>,
    known: &'a Ledger,
    end: &'a Ledger,
) -> impl Iterator<Item = Change> + 'a {
    let known = known.files.keys();
    known
        .filter(|path| held.contains_key(*path) && !end.files.contains_key(*path))
        .map(|path| change(ChangeKind::Stale, path, None))
}

fn change(kind: ChangeKind, path: &str, after: Option<String>) -> Change {
    Change {
        kind,
        path: path.to_owned(),
        before: None,
        after,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::DesiredFile;

    fn held(files: &[(&str, &str)]) -> BTreeMap<String, Held> {
        let file = |(path, text): &(&str, &str)| {
            ((*path).to_owned(), Held::File(text.as_bytes().to_vec()))
        };
        files.iter().map(file).collect()
    }

    fn desired<'a>(files: &[(&'a str, &'a str)]) -> Desired<'a> {
        let file = |(path, text): &(&'a str, &'a str)| DesiredFile {
            path,
            folder: path.split_once('/').unwrap().0,
            text,
        };
        Desired::new("prod", files.iter().map(file).collect())
    }

    fn told(plan: &BranchPlan) -> Vec<String> {
        let changes = plan.changes.iter();
        changes
            .map(|change| format!("{:?} {}", change.kind, change.path))
            .collect()
    }

    #[test]
    fn what_differs_is_found() {
        let files = [("a/x.yaml", "1"), ("a/y.yaml", "2"), ("b/z.yaml", "3")];
        let there = held(&[
            (
                LEDGER,
                "a/x.yaml\na/y.yaml\na/n\nb/n\nb/z.yaml\nc/n\nc/old.yaml\n",
            ),
            ("a/n", ""),
            ("a/x.yaml", "1"),
            ("a/y.yaml", "other"),
            ("b/n", ""),
            ("b/z.yaml", "3"),
            ("c/n", ""),
            ("c/old.yaml", ""),
            ("c/theirs.yaml", ""),
            ("README.md", ""),
        ]);
        let plan = plan_branch(&desired(&files), &there, Some("n"), Adopt::No).unwrap();
        let expected = [
            "Different a/y.yaml",
            "Stale c/n",
            "Stale c/old.yaml",
            "Unknown c/theirs.yaml",
        ];
        assert_eq!(told(&plan), expected);
        assert_eq!(plan.notices, ["a/n"]);
        assert_eq!(
            plan.ledger.unwrap().1,
            "a/n\na/x.yaml\na/y.yaml\nb/n\nb/z.yaml\n"
        );
    }

    #[test]
    fn what_is_as_it_should_be_is_clean() {
        let there = held(&[(LEDGER, "a/x.yaml\n"), ("a/x.yaml", "1"), ("LICENSE", "")]);
        let plan = plan_branch(&desired(&[("a/x.yaml", "1")]), &there, None, Adopt::No).unwrap();
        assert!(plan.is_clean(), "{plan:?}");
    }

    #[test]
    fn files_of_others_are_not_touched_but_when_they_are_adopted() {
        let files = [("a/x.yaml", "1"), ("b/y.yaml", "2"), ("c/z.yaml", "3")];
        let there = held(&[
            ("a/x.yaml", "0"),
            ("b", "a file where a folder must be"),
            ("c/n", "by somebody else"),
            ("c/z.yaml/deeper", ""),
            ("d/other.yaml", ""),
        ]);
        let plan = plan_branch(&desired(&files), &there, Some("n"), Adopt::No).unwrap();
        let expected = [
            "Foreign a/x.yaml",
            "Foreign b",
            "Foreign c/n",
            "Foreign c/z.yaml/deeper",
            "Unknown d/other.yaml",
        ];
        assert_eq!(told(&plan), expected);
        let there = held(&[("a/x.yaml", "0"), ("d/other.yaml", ""), ("README.md", "")]);
        let plan = plan_branch(&desired(&[("a/x.yaml", "1")]), &there, None, Adopt::Yes).unwrap();
        assert_eq!(told(&plan), ["Different a/x.yaml", "Stale d/other.yaml"]);
    }
}
