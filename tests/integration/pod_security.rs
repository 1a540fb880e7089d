//! Our verdicts on pods against those of Kubernetes' own Pod Security admission.
//!
//! The cases are data of their own: the folder that `TYMPAN_ORACLES` names. Without it the comparison is left out. The
//! folders of a case name level, version and verdict, its file the check that fires.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program::run;
use crate::project::Project;

/// Checks of `baseline` whose place others take in `restricted`, since which minor version, and which.
const OVERRIDES: [(&str, u8, &str); 4] = [
    ("hostpathvolumes", 0, "restrictedvolumes"),
    ("seccompprofilebaseline", 19, "seccompprofilerestricted"),
    ("capabilitiesbaseline", 22, "capabilitiesrestricted"),
    ("procmount", 35, "procmountrestricted"),
];

fn cases() -> Vec<PathBuf> {
    let Some(root) = std::env::var_os("TYMPAN_ORACLES") else {
        println!(
            "TYMPAN_ORACLES is not set: the comparison with Pod Security admission is left out"
        );
        return Vec::new();
    };
    let root = PathBuf::from(root).join("pod-security");
    let mut files: Vec<PathBuf> = walkdir::WalkDir::new(root)
        .into_iter()
        .filter_map(Result::ok)
        .map(walkdir::DirEntry::into_path)
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    files.sort();
    assert!(!files.is_empty(), "there are no cases");
    files
}

/// Returns the level, the version, whether the pod passes, and the check, as the path tells them.
fn told(path: &Path) -> (String, String, bool, String) {
    let mut parts = path.iter().rev().map(|part| part.to_str().unwrap());
    let file = parts.next().unwrap().trim_end_matches(".yaml");
    let check = file.trim_end_matches(|c: char| c.is_ascii_digit());
    let (verdict, version, level) = (
        parts.next().unwrap(),
        parts.next().unwrap(),
        parts.next().unwrap(),
    );
    let check = check.replace('_', "");
    (
        level.to_owned(),
        version.trim_start_matches('v').to_owned(),
        verdict == "pass",
        check,
    )
}

fn older_than(version: &str, minor: u8) -> bool {
    let own = version.strip_prefix("1.").map(str::parse::<u8>);
    own.unwrap().unwrap() < minor
}

/// Returns the checks that fire, in letters only.
fn fired(path: &Path, level: &str, version: &str) -> BTreeSet<String> {
    let path = path.to_str().unwrap();
    let standard = ["--pod-security", level, "--kubernetes", version];
    let output = run(&[&["check", path, "--format", "json"], &standard[..]].concat());
    let report: Value = serde_json::from_str(&output.stdout)
        .unwrap_or_else(|error| panic!("{path}: {error}: {}", output.stderr));
    let findings = report["findings"].as_array().unwrap().iter();
    let rules = findings.map(|finding| finding["rule"].as_str().unwrap());
    rules
        .filter_map(|rule| rule.strip_prefix("pod-security/"))
        .map(|check| check.replace('-', ""))
        .collect()
}

#[test]
fn the_verdicts_are_those_of_kubernetes() {
    let mut wrong = Vec::new();
    for path in cases() {
        let (level, version, passes, check) = told(&path);
        let fired = fired(&path, &level, &version);
        let instead = OVERRIDES
            .iter()
            .find(|(overridden, since, _)| {
                level == "restricted" && *overridden == check && !older_than(&version, *since)
            })
            .map_or(check.as_str(), |(.., check)| check);
        // Some pods break more than what they are made to break: a privileged container may escalate, too.
        if passes != fired.is_empty() || !(passes || fired.contains(instead)) {
            wrong.push(format!("{}: {fired:?}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn cases_are_told_by_their_paths() {
    let (level, version, passes, check) =
        told(Path::new("a/restricted/v1.34/fail/runasuser12.yaml"));
    assert_eq!(
        (level.as_str(), version.as_str(), passes, check.as_str()),
        ("restricted", "1.34", false, "runasuser")
    );
}

/// Returns the checks that fire in a project, with their environments and severities.
fn found(project: &Project, arguments: &[&str]) -> Vec<String> {
    let output = project.run(&[&["check", "--format", "json"], arguments].concat());
    let report: Value = serde_json::from_str(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", output.stderr));
    let findings = report["findings"].as_array().unwrap().iter();
    let of_family = findings.filter(|finding| {
        let rule = finding["rule"].as_str().unwrap();
        rule.starts_with("pod-security/")
    });
    let words = of_family.map(|finding| {
        let word = |key: &str| finding[key].as_str().unwrap_or_default();
        let line = &finding["location"]["line"];
        let (rule, severity) = (word("rule"), word("severity"));
        format!(
            "{} {rule} {severity} {} {line}",
            word("environment"),
            word("field")
        )
    });
    words.collect()
}

#[test]
fn the_level_comes_from_labels_then_the_command_line_then_the_project() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  hostPID: true\n  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}\n  containers:\n  - name: c\n    image: example.com/c:1\n    securityContext:\n      capabilities: {drop: [ALL]}\n";
    let project = Project::new(&[
        (
            "tympan.yaml",
            "environments: {dev: {pod-security: baseline}}\n",
        ),
        ("values/prod.yaml", "{}\n"),
        ("templates/bare/pod.yaml", pod),
        ("templates/open/pod.yaml", pod),
        (
            "templates/open/namespace.yaml",
            "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: open\n  labels: {pod-security.kubernetes.io/enforce: privileged}\n",
        ),
    ]);
    let host = |environment: &str| {
        format!("{environment} pod-security/host-namespaces error spec.hostPID 5")
    };
    let escalation = |environment: &str| {
        format!(
            "{environment} pod-security/allow-privilege-escalation error spec.containers[0].securityContext.allowPrivilegeEscalation 10"
        )
    };
    assert_eq!(found(&project, &[]), [host("dev")]);
    assert_eq!(
        found(&project, &["--pod-security", "baseline"]),
        [host("dev"), host("prod")]
    );
    assert_eq!(
        found(&project, &["--pod-security", "restricted", "-e", "prod"]),
        [host("prod"), escalation("prod")]
    );
}
