//! What the tests of the tables share: objects in, faults out as tests can name them.

use std::sync::{Arc, OnceLock};

use super::{Api, rules};
use crate::finding::RuleId;
use crate::manifest::field_path;
use crate::schema::{Catalogue, KubernetesVersion};
use crate::yaml::{Limits, read};

/// A fault as a test names it: its rule, its field as the server would name it, and the first line of the text that it is
/// about (for what is missing: of the map that lacks it).
pub(super) type Seen = (&'static str, String, String);

/// Returns what is said about an object for Kubernetes 1.34.
pub(super) fn faults(yaml: &str) -> Vec<Seen> {
    faults_in(34, yaml)
}

/// Returns what is said about an object for Kubernetes 1.`minor`, in order of the text; not that something is deprecated.
pub(super) fn faults_in(minor: u8, yaml: &str) -> Vec<Seen> {
    seen(minor, yaml, |rule| *rule != rules::DEPRECATED.id)
}

/// Returns what of an object is deprecated in Kubernetes 1.`minor`.
pub(super) fn deprecated_in(minor: u8, yaml: &str) -> Vec<Seen> {
    seen(minor, yaml, |rule| *rule == rules::DEPRECATED.id)
}

fn seen(minor: u8, yaml: &str, of: fn(&RuleId) -> bool) -> Vec<Seen> {
    let version = KubernetesVersion::minor(minor);
    let stream = read(&Arc::from(yaml), &Limits::default());
    assert!(stream.problems.is_empty(), "{:?}\n{yaml}", stream.problems);
    let document = stream.documents.first().expect("a document");
    let (api, mut faults) = (api(minor), Vec::new());
    let mut rules = api.of(document.root());
    Catalogue::new(version)
        .unwrap()
        .check(document.root(), &mut rules, &mut faults);
    faults.sort_by_key(|fault| (fault.node.index(), fault.below.clone()));
    let seen = faults
        .into_iter()
        .filter(|fault| of(&fault.rule))
        .map(|fault| {
            let above = field_path(document.root(), fault.node);
            let field = match fault.below.as_deref() {
                None | Some("") => above,
                Some(below) if above.is_empty() => below.to_owned(),
                Some(below) => format!("{above}.{below}"),
            };
            let text = fault.node.span().of(document.text());
            (
                fault.rule.to_string().leak() as &str,
                field,
                text.lines().next().unwrap_or_default().to_owned(),
            )
        });
    seen.collect()
}

fn api(minor: u8) -> &'static Api {
    static APIS: [OnceLock<Api>; 7] = [const { OnceLock::new() }; 7];
    APIS[usize::from(minor - 31)].get_or_init(|| Api::new(KubernetesVersion::minor(minor)).unwrap())
}

/// Returns `base` with the one place of `from` changed to `to`.
#[track_caller]
fn changed(base: &str, from: &str, to: &str) -> String {
    assert_eq!(
        base.matches(from).count(),
        1,
        "`{from}` stands once in\n{base}"
    );
    base.replace(from, to)
}

/// Asserts that each change of an object that is valid is refused by one fault: `(from, to, rule, field, text)`.
#[track_caller]
pub(super) fn refused(base: &str, cases: &[(&str, &str, &str, &str, &str)]) {
    refused_in(34, base, cases);
}

/// As [`refused`], for Kubernetes 1.`minor`.
#[track_caller]
pub(super) fn refused_in(minor: u8, base: &str, cases: &[(&str, &str, &str, &str, &str)]) {
    assert_eq!(faults_in(minor, base), [], "{base}");
    for (from, to, rule, field, text) in cases {
        let yaml = changed(base, from, to);
        let expected = [(*rule, (*field).to_owned(), (*text).to_owned())];
        assert_eq!(
            faults_in(minor, &yaml),
            expected,
            "`{from}` changed to `{to}` in 1.{minor}:\n{yaml}"
        );
    }
}

/// Asserts that each change of an object leaves it valid, in every version: `(from, to)`.
#[track_caller]
pub(super) fn accepted(base: &str, cases: &[(&str, &str)]) {
    let minors: Vec<u8> = (31..=37).collect();
    accepted_in(&minors, base, cases);
}

/// As [`accepted`], for some versions of Kubernetes.
#[track_caller]
pub(super) fn accepted_in(minors: &[u8], base: &str, cases: &[(&str, &str)]) {
    for (from, to) in cases {
        let yaml = changed(base, from, to);
        for minor in minors {
            assert_eq!(
                faults_in(*minor, &yaml),
                [],
                "`{from}` changed to `{to}` in 1.{minor}:\n{yaml}"
            );
        }
    }
}
