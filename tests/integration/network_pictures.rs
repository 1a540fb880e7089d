//! Pictures of connections, and the page with them: the command line.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::program::{Output, run};

/// A project to begin with, and its folder.
fn project() -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("demo").to_str().unwrap().to_owned();
    assert_eq!(run(&["init", &path]).code, 0);
    (folder, path)
}

fn network(project: &str, arguments: &[&str]) -> Output {
    let mut all = vec!["-C", project, "network"];
    all.extend(arguments);
    run(&all)
}

#[test]
fn the_page_of_this_repository_is_up_to_date() {
    let root = env!("CARGO_MANIFEST_DIR");
    let output = network(root, &["--docs", "docs", "--check"]);
    assert_eq!(
        (output.code, output.stdout.as_str()),
        (0, "the page is up to date: 3 files\n"),
        "run `cargo run -- network --docs docs`, and look at what it changes"
    );
}

#[test]
fn each_format_draws_one_environment() {
    let (_folder, project) = project();
    for (format, begin, end) in [
        ("dot", "digraph network {\n", "}\n"),
        ("mermaid", "%%{init", "\n"),
        ("svg", "<svg xmlns=", "</svg>\n"),
    ] {
        let output = network(&project, &["-e", "dev", "--format", format]);
        assert_eq!(output.code, 0, "{}", output.stderr);
        assert!(output.stdout.starts_with(begin), "{}", output.stdout);
        assert!(output.stdout.ends_with(end), "{}", output.stdout);
        assert!(output.stdout.contains("Who may talk to whom in dev"));
        let again = network(&project, &["-e", "dev", "--format", format]);
        assert_eq!(output.stdout, again.stdout);
        for (arguments, message) in [
            (
                &["--format", format][..],
                "error: a picture shows one environment, and there are several\nhelp: choose one with -e: dev, prod\n",
            ),
            (
                &["-e", "dev", "--why", "--format", format],
                "error: a picture cannot tell why\n",
            ),
        ] {
            let output = network(&project, arguments);
            assert_eq!(output.code, 2);
            assert_eq!(output.stdout, "");
            assert!(output.stderr.contains(message), "{}", output.stderr);
        }
    }
}

#[test]
fn a_page_is_written_and_drift_is_told() {
    let (_folder, project) = project();
    let check = || network(&project, &["--docs", "docs/net", "--check"]);
    let missing = check();
    assert_eq!(missing.code, 1);
    assert_eq!(
        missing.stdout,
        "network-dev.svg: missing\nnetwork-prod.svg: missing\nnetwork.md: missing\n\
         the page is not up to date; run `tympan network --docs` again, without `--check`\n"
    );
    let written = network(&project, &["--docs", "docs/net"]);
    assert_eq!(
        (written.code, written.stdout.as_str()),
        (
            0,
            "written: network-dev.svg, network-prod.svg, network.md\n"
        )
    );
    assert_eq!(check().code, 0);
    let file = Path::new(&project).join("docs/net/network-dev.svg");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("in dev", "in Dev")).unwrap();
    let drift = check();
    assert_eq!(drift.code, 1);
    assert!(
        drift
            .stdout
            .starts_with("network-dev.svg: different\nthe page")
    );
    assert!(fs::read_to_string(&file).unwrap().contains("in Dev"));

    // Pictures of environments that are no more go; what somebody else drew stays.
    let there = |name: &str| Path::new(&project).join("docs/net").join(name);
    fs::write(there("network-old.svg"), &text).unwrap();
    fs::write(there("network-own.svg"), "<svg/>\n").unwrap();
    let drift = check();
    assert_eq!(drift.code, 1);
    let line = "network-old.svg: of an environment that is no more\n";
    assert!(
        drift.stdout.contains(line) && !drift.stdout.contains("own"),
        "{}",
        drift.stdout
    );
    let written = network(&project, &["--docs", "docs/net"]);
    assert!(
        written.stdout.ends_with("\nremoved: network-old.svg\n"),
        "{}",
        written.stdout
    );
    assert!(!there("network-old.svg").exists() && there("network-own.svg").exists());
    assert_eq!(check().code, 0);
}
