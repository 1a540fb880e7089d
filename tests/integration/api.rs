//! Objects that the API server takes, however odd they look: nothing is said about them, in any version that they are for.
//!
//! A first line `# versions: 1.34-` or `# versions: 1.31-1.33` says which versions those are; without it, all.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tympan::schema::KubernetesVersion;

use crate::program::run;

fn objects() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/api/valid");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

/// Tells whether an object is for a version.
fn is_for(text: &str, version: KubernetesVersion) -> bool {
    let Some(range) = text
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("# versions: "))
    else {
        return true;
    };
    let (from, to) = range.split_once('-').unwrap_or((range, range));
    let parse = |text: &str| KubernetesVersion::parse(text).unwrap();
    parse(from) <= version && (to.is_empty() || version <= parse(to))
}

#[test]
fn valid_objects_are_valid() {
    let objects = objects();
    assert!(objects.len() > 5);
    for version in KubernetesVersion::all() {
        let paths: Vec<&str> = objects
            .iter()
            .filter(|path| is_for(&fs::read_to_string(path).unwrap(), version))
            .map(|path| path.to_str().unwrap())
            .collect();
        let version = version.to_string();
        let check = ["check", "--format", "json", "--kubernetes", &version];
        let output = run(&[&check[..], paths.as_slice()].concat());
        let report: Value = serde_json::from_str(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", output.stderr));
        // What the server takes may still lead nowhere, or be against a policy.
        let findings = report["findings"].as_array().unwrap().iter();
        let refused: Vec<&Value> = findings
            .filter(|finding| {
                let rule = finding["rule"].as_str().unwrap();
                let family = rule.split('/').next().unwrap();
                finding["severity"] == "error" && ["api", "schema", "yaml"].contains(&family)
            })
            .collect();
        assert!(refused.is_empty(), "Kubernetes {version}: {refused:#?}");
    }
}
