//! `tympan diff`: which sides it reads, and what it answers.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::program::run;
use crate::project::Project;

const OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {app: demo}}\ndata: {x: '{{ values.x }}'}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: demo}\n";

fn git(folder: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
}

fn project() -> Project {
    let project = Project::new(&[
        ("templates/demo/x.yaml", OBJECT),
        ("values/dev.yaml", "x: one\n"),
        ("values/prod.yaml", "x: two\n"),
    ]);
    assert_eq!(project.run(&["render", "-q"]).code, 0);
    let folder = project.path(".");
    git(&folder, &["init", "-q", "-b", "main"]);
    git(&folder, &["add", "-A"]);
    git(&folder, &["commit", "-q", "-m", "begin"]);
    project
}

fn told(project: &Project, arguments: &[&str], code: i32) -> String {
    let mut all = vec!["diff"];
    all.extend(arguments);
    let output = project.run(&all);
    assert_eq!(
        output.code, code,
        "{arguments:?}: {}{}",
        output.stdout, output.stderr
    );
    output.stdout + &output.stderr
}

const CHANGED: &str =
    "# prod: 0 new, 1 changed, 0 removed\n~ demo/ConfigMap/a\n    ~ data.x: two => three\n";

#[test]
fn sides_are_revisions_folders_environments_and_what_would_be_rendered() {
    let project = project();
    let folder = project.path(".");
    assert_eq!(told(&project, &[], 0), "");
    project.write("values/prod.yaml", b"x: three\n");
    assert_eq!(told(&project, &[], 1), CHANGED);
    assert_eq!(told(&project, &["-e", "dev"], 0), "");
    assert_eq!(told(&project, &["--from", "index"], 1), CHANGED);
    assert_eq!(told(&project, &["--from", "rendered"], 1), CHANGED);
    assert_eq!(
        told(&project, &["--from", "rendered/prod", "-e", "prod"], 1),
        CHANGED
    );
    assert_eq!(told(&project, &["--from", "./rendered"], 1), CHANGED);
    let between = "# dev => prod: 0 new, 1 changed, 0 removed\n~ demo/ConfigMap/a\n    ~ data.x: one => three\n";
    assert_eq!(
        told(&project, &["--from", "env:dev", "--to", "env:prod"], 1),
        between
    );
    assert_eq!(told(&project, &["--from", "env:dev"], 1), between);
    assert_eq!(told(&project, &["--to", "env:prod"], 1), CHANGED);
    assert_eq!(project.run(&["render", "-q"]).code, 0);
    git(&folder, &["add", "-A"]);
    assert_eq!(
        told(&project, &["--from", "HEAD", "--to", "index"], 1),
        CHANGED
    );
    git(&folder, &["commit", "-q", "-m", "three"]);
    assert_eq!(
        told(&project, &["--from", "HEAD~1", "--to", "HEAD"], 1),
        CHANGED
    );
    assert_eq!(told(&project, &["--from", "HEAD~1"], 1), CHANGED);

    // An environment that is new, and one that is gone.
    project.write("values/test.yaml", b"x: four\n");
    let shown = told(&project, &[], 1);
    assert_eq!(
        shown,
        "# test: 2 new, 0 changed, 0 removed\n+ Namespace/demo\n+ demo/ConfigMap/a\n"
    );
    std::fs::remove_file(project.path("values/test.yaml")).unwrap();
    std::fs::remove_file(project.path("values/dev.yaml")).unwrap();
    let shown = told(&project, &[], 1);
    assert!(
        shown.contains(
            "# dev: 0 new, 0 changed, 2 removed\n! Namespace/demo: is removed, and everything in it"
        ),
        "{shown}"
    );
}

#[test]
fn branches_of_environments_are_sides() {
    let project = project();
    let folder = project.path(".");
    git(&folder, &["config", "user.name", "Ann"]);
    git(&folder, &["config", "user.email", "ann@example.org"]);
    let output = project.run(&["commit", "-q", "--branch", "env/{environment}"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert_eq!(told(&project, &["--from", "env/prod"], 0), "");
    project.write("values/prod.yaml", b"x: three\n");
    assert_eq!(told(&project, &["--from", "env/prod"], 1), CHANGED);
    let between = told(&project, &["--from", "env/prod", "--to", "env/dev"], 1);
    let expected = "# prod => dev: 0 new, 1 changed, 0 removed\n~ demo/ConfigMap/a\n    ~ data.x: two => one\n";
    assert_eq!(between, expected);
}

#[test]
fn sides_that_are_none_are_told() {
    let project = project();
    for (arguments, words) in [
        (&["--from", "nowhere"][..], "there is no revision `nowhere`"),
        (&["--from=-x"], "there is no revision `-x`"),
        (
            &["--from", "env:prd"],
            "there is no environment `prd`; did you mean `prod`?",
        ),
        (
            &["-e", "prd"],
            "there is no environment `prd`; did you mean `prod`?",
        ),
        (&["--from", "work"], "`work` is compared with itself"),
        (
            &["--from", "rendered/prod/demo"],
            "name the environment to compare with: `-e`",
        ),
    ] {
        let shown = told(&project, arguments, 2);
        assert!(shown.contains(words), "{arguments:?}: {shown}");
    }
    project.write("templates/demo/x.yaml", b"a: {{ values.y }}\n");
    let shown = told(&project, &[], 2);
    assert!(
        shown.contains("nothing was compared") && shown.contains("template/undefined"),
        "{shown}"
    );
}

#[test]
fn plain_folders_need_no_project() {
    let folder = tempfile::TempDir::new().unwrap();
    let object = |value: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{x: {value}}}\n")
    };
    for (name, value) in [("old", "one"), ("new", "two")] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        std::fs::write(folder.path().join(name).join("x.yaml"), object(value)).unwrap();
    }
    let at = folder.path().to_str().unwrap();
    let output = run(&["-C", at, "diff", "--from", "old", "--to", "new"]);
    assert_eq!(output.code, 1, "{}", output.stderr);
    assert_eq!(
        output.stdout,
        "# 0 new, 1 changed, 0 removed\n~ ConfigMap/a\n    ~ data.x: one => two\n"
    );
    let output = run(&[
        "-C", at, "diff", "--from", "old", "--to", "new", "--format", "json",
    ]);
    let page: Value = serde_json::from_str(&output.stdout).unwrap();
    let field = &page["comparisons"][0]["objects"][0]["fields"][0];
    assert_eq!(
        (&field["path"], &field["before"], &field["after"]),
        (&"data.x".into(), &"one".into(), &"two".into())
    );
    assert_eq!(output.code, 1);
    assert_eq!(run(&["-C", at, "diff", "--from", "old"]).code, 2);
}

#[test]
fn who_may_talk_to_whom_is_told_before_the_details() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web}}\nspec: {containers: [{name: web, image: 'x:1'}]}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: demo}\n";
    let closed = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: closed}\nspec: {podSelector: {}, policyTypes: [Ingress, Egress]}\n";
    let project = Project::new(&[("templates/demo/x.yaml", &format!("{pod}{closed}"))]);
    assert_eq!(project.run(&["render", "-q"]).code, 0);
    project.write("templates/demo/x.yaml", pod.as_bytes());
    let shown = told(&project, &["--from", "rendered"], 1);
    assert!(
        shown.contains("! opens ") && shown.contains("=> demo/web[Pod] : All Connections\n"),
        "{shown}"
    );
    let shown = told(&project, &["--from", "rendered", "--format", "markdown"], 1);
    assert!(shown.contains(" may talk to `demo/web[Pod]`**"), "{shown}");
    let shown = told(
        &project,
        &["--to", "rendered", "--from", "work", "--format", "json"],
        1,
    );
    let page: Value = serde_json::from_str(&shown).unwrap();
    let closed = page["comparisons"][0]["closed"].as_array().unwrap();
    assert!(
        closed.iter().any(|one| one["to"] == "demo/web[Pod]"),
        "{shown}"
    );
}
