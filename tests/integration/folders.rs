//! `-C`, paths, and what a command leaves behind when it cannot do its work.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::program::{Output, command, run};
use crate::project::tree;

/// An object with a scalar that is doubtful and nothing else to find.
const OBJECT: &str = "apiVersion: apps/v1\nkind: ControllerRevision\nmetadata: {name: a}\nrevision: 1\ndata: {a: on}\n";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn within(folder: &TempDir, arguments: &[&str]) -> Output {
    let mut all = vec!["-C", folder.path().to_str().unwrap()];
    all.extend(arguments);
    run(&all)
}

#[test]
fn paths_of_manifests_start_where_c_says() {
    let folder = folder(&[
        ("a.yaml", OBJECT),
        ("sub/b.yaml", OBJECT),
        (
            "sub/c.json",
            "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"c\"}}\n",
        ),
    ]);
    let output = within(&folder, &["check", "a.yaml", "./sub"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    // They are told as they were given.
    for place in ["--> a.yaml:5:11", "--> sub/b.yaml:5:11"] {
        assert!(output.stdout.contains(place), "{}", output.stdout);
    }
    assert!(
        output.stdout.contains("checked 3 objects"),
        "{}",
        output.stdout
    );
    let absolute = folder.path().join("a.yaml");
    let elsewhere = TempDir::new().unwrap();
    let output = within(&elsewhere, &["check", absolute.to_str().unwrap()]);
    assert!(output.stdout.contains("a.yaml:5:11"), "{}", output.stdout);
    let output = within(&elsewhere, &["check", "a.yaml"]);
    assert_eq!(output.code, 2);
    assert!(
        output.stderr.contains("cannot read `a.yaml`"),
        "{}",
        output.stderr
    );
}

#[test]
fn a_report_is_written_where_c_says_or_the_path_is_told() {
    let folder = folder(&[("a.yaml", OBJECT)]);
    let output = within(&folder, &["check", "a.yaml", "-o", "report.txt"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    let report = fs::read_to_string(folder.path().join("report.txt")).unwrap();
    assert!(report.contains("--> a.yaml:5:11"), "{report}");
    for path in ["no/such/folder.txt", "."] {
        let output = within(&folder, &["check", "a.yaml", "-o", path]);
        assert_eq!(output.code, 2, "{path}");
        let told = format!("error: cannot write `{path}`: ");
        assert!(output.stderr.starts_with(&told), "{}", output.stderr);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_no_longer_fits_is_a_failure_with_its_path() {
    let folder = folder(&[("a.yaml", OBJECT)]);
    let output = within(&folder, &["check", "a.yaml", "-o", "/dev/full"]);
    assert_eq!(output.code, 2);
    assert!(
        output
            .stderr
            .starts_with("error: cannot write `/dev/full`: "),
        "{}",
        output.stderr
    );
}

/// Runs `init` where it cannot be done: it must leave everything as it was, and name what is in the way.
fn init_refused(folder: &Path, arguments: &[&str], named: &str) {
    let before = tree(folder);
    let mut init = command();
    let output = init.current_dir(folder).args(arguments).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains(&format!("`{named}`")), "{stderr}");
    assert_eq!(tree(folder), before, "{stderr}");
}

#[test]
fn init_writes_everything_or_nothing() {
    for (file, named) in [
        ("values", "values"),
        ("templates", "templates"),
        ("templates/demo", "templates/demo"),
        ("values/prod.yaml", "values/prod.yaml"),
    ] {
        let folder = folder(&[(file, "mine\n")]);
        init_refused(folder.path(), &["init"], named);
    }
    let folder = folder(&[("file", "mine\n")]);
    init_refused(folder.path(), &["init", "file"], "file");
    init_refused(folder.path(), &["init", "file/below"], "file");
    init_refused(folder.path(), &["-C", "file", "init"], "file");
}

#[test]
fn init_leaves_attributes_that_a_repository_has() {
    let folder = folder(&[(".gitattributes", "mine\n")]);
    let output = command()
        .current_dir(folder.path())
        .arg("init")
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(
        told.contains("`.gitattributes` was there and is left as it is"),
        "{told}"
    );
    let kept = fs::read_to_string(folder.path().join(".gitattributes")).unwrap();
    assert_eq!(kept, "mine\n");
}

#[cfg(unix)]
#[test]
fn init_does_not_write_through_a_link_that_leads_nowhere() {
    let folder = TempDir::new().unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("values")).unwrap();
    init_refused(folder.path(), &["init"], "values");
}
