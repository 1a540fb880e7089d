//! Our connections against those that another program finds.
//!
//! The cases are data of their own: the folder that `TYMPAN_ORACLES` names. Without it the comparison is left out.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use crate::program::run;

/// Where the other program's answer is not what Kubernetes does: the case, the line, whether it should be there, and
/// why.
const DEVIATIONS: &[(&str, &str, bool, &str)] = &[];

fn cases() -> Vec<PathBuf> {
    let Some(root) = std::env::var_os("TYMPAN_ORACLES") else {
        println!("TYMPAN_ORACLES is not set: the comparison of connections is left out");
        return Vec::new();
    };
    let folder = PathBuf::from(root).join("netpol");
    let entries = fs::read_dir(&folder).unwrap();
    let mut cases: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    assert!(!cases.is_empty(), "{} holds no cases", folder.display());
    cases
}

fn lines(text: &str) -> BTreeSet<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}

#[test]
fn the_connections_are_those_that_others_find() {
    let mut wrong = Vec::new();
    for case in cases() {
        let name = case.file_name().unwrap().to_str().unwrap();
        let manifests = case.join("manifests");
        let output = run(&["network", manifests.to_str().unwrap()]);
        assert_eq!(output.code, 0, "{name}: {}", output.stderr);
        let mut expected = lines(&fs::read_to_string(case.join("expected.txt")).unwrap());
        for (_, line, open, _) in DEVIATIONS.iter().filter(|(case, ..)| *case == name) {
            let changed = if *open {
                expected.insert((*line).to_owned())
            } else {
                expected.remove(*line)
            };
            assert!(changed, "{name}: {line} is no deviation");
        }
        let found = lines(&output.stdout);
        let missing = expected.difference(&found);
        wrong.extend(missing.map(|line| format!("{name}: missing: {line}")));
        let more = found.difference(&expected);
        wrong.extend(more.map(|line| format!("{name}: too much: {line}")));
        let in_order: Vec<&str> = output.stdout.lines().collect();
        assert!(in_order.is_sorted(), "{name} is not sorted");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
