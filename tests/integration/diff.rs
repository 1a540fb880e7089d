//! `tympan diff`: which sides it reads, and what it answers.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::program::run;
use crate::project::Project;
use crate::schemas::misfits;

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

/// Makes a project whose environments are delivered on branches, with one commit and nothing rendered beside it.
fn on_branches() -> Project {
    let project = Project::new(&[
        ("tympan.yaml", "delivery: branches\n"),
        ("templates/demo/x.yaml", OBJECT),
        ("values/dev.yaml", "x: one\n"),
        ("values/prod.yaml", "x: two\n"),
    ]);
    let folder = project.path(".");
    git(&folder, &["init", "-q", "-b", "main"]);
    git(&folder, &["config", "user.name", "Ann"]);
    git(&folder, &["config", "user.email", "ann@example.org"]);
    save(&folder);
    project
}

fn save(folder: &Path) {
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-q", "-m", "more"]);
}

fn tip(folder: &Path, branch: &str) -> String {
    let asked = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["rev-parse", branch])
        .output()
        .unwrap();
    String::from_utf8(asked.stdout).unwrap().trim().to_owned()
}

/// Returns what is told of a changed value in `prod`, with the commits that both sides were read of.
fn changed(sides: &str, before: &str, after: &str) -> String {
    format!(
        "# prod{sides}: 0 new, 1 changed, 0 removed\n~ demo/ConfigMap/a\n    ~ data.x: {before} => {after}\n"
    )
}

#[test]
fn what_was_delivered_on_branches_is_compared_with() {
    let project = on_branches();
    let folder = project.path(".");
    let shown = told(&project, &[], 2);
    let words = "no environment has a branch `env/{environment}`, here or at `origin`";
    assert!(
        shown.contains(words) && shown.contains("git fetch origin"),
        "{shown}"
    );
    let shown = told(&project, &["--from", "HEAD"], 2);
    let words = "`HEAD` holds nothing that is rendered, and no branch `env/{environment}` is made";
    assert!(shown.contains(words), "{shown}");

    assert_eq!(project.run(&["commit", "-q"]).code, 0);
    assert_eq!(told(&project, &[], 0), "");
    assert!(!project.path("rendered").exists());
    let first = tip(&folder, "env/prod");
    let at = format!(", from env/prod at {}", &first[..7]);
    project.write("values/prod.yaml", b"x: three\n");
    assert_eq!(told(&project, &[], 1), changed(&at, "two", "three"));
    assert_eq!(told(&project, &["-e", "dev"], 0), "");
    assert_eq!(
        told(&project, &["--to", "env:prod"], 1),
        changed(&at, "two", "three")
    );
    let page = told(&project, &["--format", "json"], 1);
    let page: Value = serde_json::from_str(&page).unwrap();
    assert_eq!(misfits("diff.schema.json", &page), [""; 0]);
    assert_eq!(page["from"], "env/{environment}");
    let before = &page["comparisons"][1]["before"];
    assert_eq!(before["name"], "env/prod");
    assert_eq!(before["commit"], first);
    let page = told(&project, &["--format", "markdown"], 1);
    let heading = format!("### `prod`, from `env/prod` at {}: 0 new", &first[..7]);
    assert!(page.starts_with(&heading), "{page}");

    // A commit of the sources is what the branches were made of, or of what comes before it.
    save(&folder);
    assert_eq!(
        told(&project, &["--from", "HEAD"], 1),
        changed(&at, "two", "three")
    );
    assert_eq!(project.run(&["commit", "-q"]).code, 0);
    assert_eq!(told(&project, &["--from", "HEAD"], 0), "");
    assert_eq!(
        told(&project, &["--from", "HEAD~1"], 1),
        changed(&at, "two", "three")
    );
    let second = tip(&folder, "env/prod");
    let sides = format!(
        ", from env/prod~1 at {}, to env/prod at {}",
        &first[..7],
        &second[..7]
    );
    let patterns = ["--from", "env/{environment}~1", "--to", "env/{environment}"];
    let prod = [&patterns[..], &["-e", "prod"]].concat();
    assert_eq!(told(&project, &prod, 1), changed(&sides, "two", "three"));

    // An environment that is new.
    project.write("values/test.yaml", b"x: four\n");
    let shown = told(&project, &[], 1);
    let expected = "# test: 2 new, 0 changed, 0 removed\n+ Namespace/demo\n+ demo/ConfigMap/a\nnote: `env/{environment}` holds nothing of `test`\n";
    assert_eq!(shown, expected);
}

#[test]
fn the_later_one_of_here_and_of_origin_is_what_was_delivered() {
    let project = on_branches();
    let origin = project.path(".");
    assert_eq!(project.run(&["commit", "-q"]).code, 0);
    let clone = tempfile::TempDir::new().unwrap();
    let folder = clone.path().join("clone");
    let (from, to) = (origin.to_str().unwrap(), folder.to_str().unwrap());
    git(&origin, &["clone", "-q", from, to]);
    let values = folder.join("values/prod.yaml");
    let diff = |words: &str| {
        let output = run(&["-C", to, "diff"]);
        let (out, err) = (&output.stdout, &output.stderr);
        assert!(output.code == 1 && out.contains(words), "{out}{err}");
    };
    std::fs::write(&values, "x: three\n").unwrap();
    diff("# prod, from origin/env/prod at ");
    git(&folder, &["branch", "env/prod", "origin/env/prod"]);
    diff("# prod, from env/prod at ");

    // Another job has delivered, and this clone has asked since.
    project.write("values/prod.yaml", b"x: four\n");
    save(&origin);
    assert_eq!(project.run(&["commit", "-q"]).code, 0);
    git(&folder, &["fetch", "-q"]);
    diff("data.x: four => three");
    diff("# prod, from origin/env/prod at ");

    // Both have gone on: Argo CD reads what is at origin.
    save_with_name(&folder);
    assert_eq!(run(&["-C", to, "commit", "-q", "-e", "prod"]).code, 0);
    std::fs::write(&values, "x: five\n").unwrap();
    diff("# prod, from origin/env/prod at ");

    // What was delivered here is not pushed yet.
    git(&folder, &["branch", "-f", "env/prod", "origin/env/prod"]);
    save_with_name(&folder);
    assert_eq!(run(&["-C", to, "commit", "-q", "-e", "prod"]).code, 0);
    std::fs::write(&values, "x: six\n").unwrap();
    diff("# prod, from env/prod at ");
    diff("data.x: five => six");
}

fn save_with_name(folder: &Path) {
    git(folder, &["config", "user.name", "Bob"]);
    git(folder, &["config", "user.email", "bob@example.org"]);
    save(folder);
}

#[test]
fn checks_compare_with_what_was_delivered_on_branches() {
    let project = on_branches();
    let folder = project.path(".");
    let check = |side: &str| project.run(&["check", "--base", side]);
    let output = check("HEAD");
    assert_eq!(output.code, 0);
    let note = "note: `HEAD` holds nothing that is rendered: changes are not checked\n";
    assert_eq!(output.stderr, note);
    assert!(output.stdout.contains("changes not checked"));
    assert_eq!(check("env/{environment}").code, 2);
    assert_eq!(project.run(&["network", "--diff", "HEAD"]).code, 2);

    assert_eq!(project.run(&["commit", "-q"]).code, 0);
    let service = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web}}\nspec: {containers: [{name: web, image: 'x:1'}]}\n";
    project.write("templates/demo/y.yaml", service.as_bytes());
    save(&folder);
    for side in ["HEAD", "main", "env/{environment}"] {
        let output = check(side);
        let at = &tip(&folder, "env/prod")[..7];
        let note = format!("note: `prod` is compared with `env/prod` at {at}\n");
        assert!(output.stderr.contains(&note), "{}", output.stderr);
        assert!(!output.stdout.contains("changes not checked"), "{side}");
        let output = project.run(&["network", "-e", "prod", "--diff", side]);
        assert!(output.stderr.contains(&note), "{}", output.stderr);
        assert!(
            output
                .stdout
                .contains(" => demo/web[Pod] : All Connections"),
            "{}",
            output.stdout
        );
    }

    // Nothing is kept beside the sources, and nothing is out of date.
    let output = project.run(&["render", "--check"]);
    assert_eq!(output.code, 0);
    let words = "there is no rendered, and `delivery` in tympan.yaml asks for none\n";
    assert_eq!(output.stdout, words);
    project.write("tympan.yaml", b"");
    assert_eq!(project.run(&["render", "--check"]).code, 1);
    project.write("tympan.yaml", b"delivery: plugin\n");
    let shown = told(&project, &[], 2);
    assert!(
        shown.contains("with `delivery: plugin` that is in git nowhere"),
        "{shown}"
    );
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
