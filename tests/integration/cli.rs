//! The command line as data: `tests/cmd/*.toml`, and the console block of the README.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::program::{command, run};

#[test]
fn command_line_cases() {
    trycmd::TestCases::new().case("tests/cmd/*.toml");
}

/// Runs the commands of the first console block one after another in one folder, and compares what they print.
#[test]
fn the_readme_tells_the_truth() {
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let block = readme
        .split("```console\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let folder = TempDir::new().unwrap();
    let mut commands = 0;
    for step in block.split("$ tympan ").filter(|step| !step.is_empty()) {
        let (line, expected) = step.split_once('\n').unwrap();
        let output = command()
            .args(line.split(' '))
            .current_dir(folder.path())
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(printed.trim_end(), expected.trim_end(), "$ tympan {line}");
        commands += 1;
    }
    assert_eq!(commands, 3);

    // And what it says of a misspelled value.
    let told = readme.split("```text\n").nth(1).unwrap();
    let told = told.split("```").next().unwrap();
    let template = folder.path().join("demo/templates/demo/web.yaml");
    let text = fs::read_to_string(&template).unwrap();
    fs::write(&template, text.replace("web.replicas", "web.replcas")).unwrap();
    let output = command()
        .args(["-C", "demo", "check"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.starts_with(told), "{printed}");
}

#[test]
fn every_command_is_completed_and_has_a_page() {
    let commands = [
        "argocd", "check", "commit", "diff", "explain", "init", "network", "policy", "render",
        "schema", "values",
    ];
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = run(&["completions", shell]);
        assert_eq!(output.code, 0, "{}", output.stderr);
        for command in commands {
            assert!(output.stdout.contains(command), "{shell}: {command}");
        }
    }
    for command in commands {
        let output = run(&["man", command]);
        let title = format!(".TH tympan-{command} 1");
        assert!(output.stdout.contains(&title), "{}", output.stdout);
    }
    let options = run(&["man", "argocd", "generate"]).stdout;
    assert!(options.contains("allow\\-empty"), "{options}");
}
