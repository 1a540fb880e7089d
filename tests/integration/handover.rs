//! What `render` says to hooks: `--exit-code`, `--adopt`, `-n`.

use std::fs;
use std::process::Command;

use crate::project::Project;

const OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: {{ values.x | default('1') }}}\n";

fn project() -> Project {
    Project::new(&[
        ("templates/demo/x.yaml", OBJECT),
        ("templates/other/x.yaml", OBJECT),
    ])
}

fn git(project: &Project, arguments: &[&str]) {
    let status = Command::new("git")
        .arg("-C")
        .arg(project.path("."))
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(
        status.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&status.stderr)
    );
}

#[test]
fn exit_code_tells_of_written_files_and_of_files_that_git_does_not_know() {
    let project = project();
    assert_eq!(
        project.run(&["render", "--exit-code"]).code,
        1,
        "files were written"
    );
    assert_eq!(
        project.run(&["render", "--exit-code"]).code,
        0,
        "there is no git to ask"
    );
    git(&project, &["init", "-q"]);
    let output = project.run(&["render", "--exit-code"]);
    assert_eq!(output.code, 1, "git does not know the files");
    assert!(
        output
            .stdout
            .contains("rendered/dev/demo/configmap-a.yaml: not in git"),
        "{}",
        output.stdout
    );
    git(&project, &["add", "rendered", "values"]);
    let output = project.run(&["render", "--exit-code"]);
    assert_eq!(output.code, 1, "git does not know the templates");
    let named: Vec<&str> = output
        .stdout
        .lines()
        .filter(|line| line.ends_with("not in git"))
        .collect();
    assert!(
        named.contains(&"templates/demo/x.yaml: used, and not in git"),
        "{named:?}"
    );
    assert!(
        !named.iter().any(|line| line.starts_with("values/")),
        "{named:?}"
    );
    git(&project, &["add", "templates"]);
    assert_eq!(project.run(&["render", "--exit-code"]).code, 0);
    assert_eq!(project.run(&["render"]).code, 0);
}

#[test]
fn a_folder_alone_leaves_the_others() {
    let project = project();
    assert_eq!(project.run(&["render", "-q"]).code, 0);
    project.write("values/dev.yaml", b"x: '2'\n");
    assert_eq!(project.run(&["render", "-q", "-n", "demo"]).code, 0);
    let text = |folder: &str| {
        fs::read_to_string(project.path(&format!("rendered/dev/{folder}/configmap-a.yaml")))
            .unwrap()
    };
    assert!(text("demo").contains("'2'") && text("other").contains("'1'"));
    fs::remove_file(project.path("templates/demo/x.yaml")).unwrap();
    project.write("templates/demo/_keep.yaml", b"");
    assert_eq!(project.run(&["render", "-q", "-n", "demo"]).code, 0);
    assert!(
        !project.path("rendered/dev/demo").exists() && project.path("rendered/dev/other").exists()
    );
    assert_eq!(project.run(&["render", "-n", "dmo"]).code, 2);
}

#[test]
fn adopting_takes_a_tree_over() {
    let project = project();
    project.write("rendered/dev/demo/configmap-a.yaml", b"theirs: 1\n");
    project.write("rendered/dev/demo/old.yaml", b"theirs: 1\n");
    assert_eq!(project.run(&["render", "--check"]).code, 1);
    assert_eq!(project.run(&["render"]).code, 2);
    assert_eq!(project.run(&["render", "--adopt"]).code, 0);
    assert_eq!(project.run(&["render", "--check"]).code, 0);
    assert!(!project.path("rendered/dev/demo/old.yaml").exists());
}
