//! Plans carried out, interrupted and carried out again.

#![expect(clippy::disallowed_methods, reason = "tests make folders of their own")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use tempfile::TempDir;
use walkdir::WalkDir;

use super::*;
use crate::progress::Progress;

/// The files of one environment: path to text.
type Files = BTreeMap<String, String>;

fn files(list: &[(&str, &str)]) -> Files {
    list.iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect()
}

fn desired(files: &Files) -> Vec<Desired<'_>> {
    let list = files.iter().map(|(path, text)| {
        let folder = path.split_once('/').map_or("", |(folder, _)| folder);
        // What stands in `_cluster/` is made by the folder that its name begins with.
        let folder = if folder == "_cluster" {
            path.rsplit('-').next().unwrap().trim_end_matches(".yaml")
        } else {
            folder
        };
        DesiredFile { path, folder, text }
    });
    vec![Desired::new("dev", list.collect())]
}

fn plan(
    root: &Path,
    desired: &[Desired<'_>],
    scope: &Scope,
    adopt: Adopt,
) -> Result<Plan, OutputError> {
    super::plan(root, desired, scope, adopt, &Progress::default())
}

fn write(root: &Path, files: &Files, scope: &Scope, adopt: Adopt) -> Plan {
    let plan = plan(root, &desired(files), scope, adopt).unwrap();
    plan.apply().unwrap();
    plan
}

/// Everything below `rendered/dev`.
fn tree(root: &Path) -> Files {
    let top = root.join("rendered/dev");
    WalkDir::new(&top)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let path = entry
                .path()
                .strip_prefix(&top)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            (path, fs::read_to_string(entry.path()).unwrap())
        })
        .collect()
}

#[test]
fn a_second_run_changes_nothing_and_stale_files_go() {
    let root = TempDir::new().unwrap();
    let first = files(&[("a/x.yaml", "1"), ("a/y.yaml", "2"), ("b/z.yaml", "3")]);
    write(root.path(), &first, &Scope::All, Adopt::No);
    let again = plan(root.path(), &desired(&first), &Scope::All, Adopt::No).unwrap();
    assert!(again.is_clean());
    assert_eq!(again.unchanged(), 3);
    let second = files(&[("a/x.yaml", "new")]);
    let plan = write(root.path(), &second, &Scope::All, Adopt::No);
    let kinds: Vec<_> = plan
        .changes
        .iter()
        .map(|change| (change.kind, change.path.as_str()))
        .collect();
    let expected = [
        (ChangeKind::Different, "rendered/dev/a/x.yaml"),
        (ChangeKind::Stale, "rendered/dev/a/y.yaml"),
        (ChangeKind::Stale, "rendered/dev/b/z.yaml"),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(
        tree(root.path()),
        files(&[(".tympan.ledger", "a/x.yaml\n"), ("a/x.yaml", "new")])
    );
    assert!(!root.path().join("rendered/dev/b").exists());
}

#[test]
fn what_tympan_did_not_write_is_never_touched() {
    let root = TempDir::new().unwrap();
    let folder = root.path().join("rendered/dev/a");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("x.yaml"), "theirs").unwrap();
    fs::write(folder.join("other.yaml"), "theirs too").unwrap();
    let wanted = files(&[("a/x.yaml", "ours")]);
    let plan = write(root.path(), &wanted, &Scope::All, Adopt::No);
    assert_eq!(plan.foreign().count(), 1);
    assert!(
        plan.changes
            .iter()
            .any(|change| change.kind == ChangeKind::Unknown)
    );
    assert_eq!(fs::read_to_string(folder.join("x.yaml")).unwrap(), "theirs");
    write(root.path(), &wanted, &Scope::All, Adopt::Yes);
    assert_eq!(
        tree(root.path()),
        files(&[(".tympan.ledger", "a/x.yaml\n"), ("a/x.yaml", "ours")])
    );
}

#[test]
fn a_folder_alone_removes_only_what_it_made() {
    let root = TempDir::new().unwrap();
    let all = files(&[
        ("_cluster/ns-a.yaml", "1"),
        ("_cluster/ns-b.yaml", "2"),
        ("a/x.yaml", "3"),
        ("b/x.yaml", "4"),
    ]);
    write(root.path(), &all, &Scope::All, Adopt::No);
    let scope = Scope::Folders(BTreeSet::from(["a".to_owned()]));
    write(root.path(), &files(&[("a/y.yaml", "5")]), &scope, Adopt::No);
    let left: Vec<String> = tree(root.path()).into_keys().collect();
    assert_eq!(
        left,
        [
            ".tympan.ledger",
            "_cluster/ns-b.yaml",
            "a/y.yaml",
            "b/x.yaml"
        ]
    );
}

#[test]
fn an_environment_that_is_gone_is_removed_by_a_full_run_only() {
    let root = TempDir::new().unwrap();
    let one = files(&[("a/x.yaml", "1")]);
    write(root.path(), &one, &Scope::All, Adopt::No);
    let other = || vec![Desired::new("prod", Vec::new())];
    assert!(
        plan(root.path(), &other(), &Scope::Environments, Adopt::No)
            .unwrap()
            .changes
            .is_empty()
    );
    plan(root.path(), &other(), &Scope::All, Adopt::No)
        .unwrap()
        .apply()
        .unwrap();
    assert!(!root.path().join("rendered/dev").exists());
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_symbolic_links() {
    let root = TempDir::new().unwrap();
    let outside = TempDir::new().unwrap();
    let wanted = files(&[("a/x.yaml", "1")]);
    for link in [
        "rendered",
        "rendered/dev",
        "rendered/dev/a",
        "rendered/dev/a/x.yaml",
    ] {
        let path = root.path().join(link);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(outside.path(), &path).unwrap();
        let refused = plan(root.path(), &desired(&wanted), &Scope::All, Adopt::Yes);
        assert!(
            matches!(refused, Err(OutputError::InTheWay { .. })),
            "{link}"
        );
        fs::remove_file(&path).unwrap();
    }
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

/// Applies a plan but stops before the step of that number; returns whether it was stopped.
fn interrupted(plan: &Plan, stop: usize) -> bool {
    let count = AtomicUsize::new(0);
    let gate = || {
        if count.fetch_add(1, Ordering::SeqCst) >= stop {
            Err(io::Error::other("killed"))
        } else {
            Ok(())
        }
    };
    plan.apply_with(&gate).is_err()
}

#[test]
fn a_run_after_a_kill_at_any_step_gives_the_tree_of_a_clean_run() {
    let before = files(&[("a/x.yaml", "1"), ("a/y.yaml", "2"), ("b/z.yaml", "3")]);
    let after = files(&[("a/x.yaml", "new"), ("b/w.yaml", "4"), ("c/v.yaml", "5")]);
    let clean = TempDir::new().unwrap();
    write(clean.path(), &after, &Scope::All, Adopt::No);
    for stop in 0.. {
        let root = TempDir::new().unwrap();
        write(root.path(), &before, &Scope::All, Adopt::No);
        let first = plan(root.path(), &desired(&after), &Scope::All, Adopt::No).unwrap();
        let stopped = interrupted(&first, stop);
        let second = write(root.path(), &after, &Scope::All, Adopt::No);
        assert_eq!(second.foreign().count(), 0, "stopped before step {stop}");
        assert_eq!(
            tree(root.path()),
            tree(clean.path()),
            "stopped before step {stop}"
        );
        if !stopped {
            assert!(stop > 8, "the run has more steps than {stop}");
            break;
        }
    }
}

fn any_files() -> impl Strategy<Value = Files> {
    prop::collection::btree_map("[ab_]/[xyz]-[ab]\\.yaml", "[01]{0,2}", 0..6)
}

proptest! {
    #[test]
    fn any_history_ends_in_the_tree_of_a_clean_run(history in prop::collection::vec((any_files(), 0..12_usize), 1..4), last in any_files()) {
        let root = TempDir::new().unwrap();
        for (files, stop) in &history {
            let plan = plan(root.path(), &desired(files), &Scope::All, Adopt::No).unwrap();
            interrupted(&plan, *stop);
        }
        write(root.path(), &last, &Scope::All, Adopt::No);
        let clean = TempDir::new().unwrap();
        write(clean.path(), &last, &Scope::All, Adopt::No);
        prop_assert_eq!(tree(root.path()), tree(clean.path()));
        prop_assert!(plan(root.path(), &desired(&last), &Scope::All, Adopt::No).unwrap().is_clean());
    }
}

#[test]
fn parts_of_the_files_are_written_one_after_the_other() {
    let root = TempDir::new().unwrap();
    let before = files(&[("a/gone.yaml", "0"), ("a/x.yaml", "0"), ("b/y.yaml", "0")]);
    write(root.path(), &before, &Scope::All, Adopt::No);
    fs::write(root.path().join("rendered/dev/a/foreign.yaml"), "mine").unwrap();
    let after = files(&[("a/x.yaml", "1"), ("b/y.yaml", "1"), ("b/z.yaml", "1")]);
    let part = |own: &[&str]| {
        let mut all = desired(&after);
        let (files, others): (Vec<_>, Vec<_>) = std::mem::take(&mut all[0].files)
            .into_iter()
            .partition(|file| own.contains(&file.path));
        all[0].files = files;
        all[0].others = others.iter().map(|file| file.path).collect();
        all
    };
    // The others write what is theirs, and leave everything else as it is.
    let second = plan(
        root.path(),
        &part(&["b/y.yaml", "b/z.yaml"]),
        &Scope::Files,
        Adopt::No,
    )
    .unwrap();
    let changed = |plan: &Plan| -> Vec<(String, ChangeKind)> {
        let changes = plan.changes.iter();
        changes
            .map(|change| (change.path.clone(), change.kind))
            .collect()
    };
    assert_eq!(
        changed(&second),
        [
            ("rendered/dev/b/y.yaml".to_owned(), ChangeKind::Different),
            ("rendered/dev/b/z.yaml".to_owned(), ChangeKind::Missing),
        ]
    );
    second.apply().unwrap();
    // The first removes what is rendered no more, and tells what nobody rendered.
    let first = plan(root.path(), &part(&["a/x.yaml"]), &Scope::All, Adopt::No).unwrap();
    assert_eq!(
        changed(&first),
        [
            (
                "rendered/dev/a/foreign.yaml".to_owned(),
                ChangeKind::Unknown
            ),
            ("rendered/dev/a/gone.yaml".to_owned(), ChangeKind::Stale),
            ("rendered/dev/a/x.yaml".to_owned(), ChangeKind::Different),
        ]
    );
    first.apply().unwrap();
    fs::remove_file(root.path().join("rendered/dev/a/foreign.yaml")).unwrap();
    assert!(
        plan(root.path(), &desired(&after), &Scope::All, Adopt::No)
            .unwrap()
            .is_clean()
    );
}
