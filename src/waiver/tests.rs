use super::*;
use crate::finding::{ResourceId, Rule, RuleId, Severity};
use crate::source::{Location, SourceMap, Span};

static RULE: Rule = Rule {
    id: RuleId::built_in("test/rule"),
    severity: Severity::Error,
    page: "",
};

fn place() -> (SourceMap, Location) {
    let mut sources = SourceMap::new();
    let file = sources.add("a.yaml", "a: b\n");
    (sources, Location::new(file, Span::new(0, 1)))
}

fn finding(environment: &str, field: &str) -> Finding {
    let id = ResourceId {
        api_version: "v1".to_owned(),
        kind: "Pod".to_owned(),
        namespace: Some("a".to_owned()),
        name: "b".to_owned(),
    };
    Finding::new(&RULE, "message", place().1)
        .environment(environment)
        .resource(id)
        .field(field)
}

fn waiver(field: Option<&str>, environments: &[&str], expires: &str) -> Waiver {
    Waiver {
        rule: "test/rule".to_owned(),
        object: "a/Pod/b".to_owned(),
        field: field.map(str::to_owned),
        environments: environments.iter().map(|&name| name.to_owned()).collect(),
        reason: "r".to_owned(),
        owner: "o".to_owned(),
        expires: Date::parse(expires).unwrap(),
        place: place().1,
        expires_at: place().1,
    }
}

/// Returns how many findings are accepted, and the rules of those that are left.
fn applied(waivers: &[Waiver], findings: &[Finding], whole: bool) -> (usize, Vec<String>) {
    let mut set: FindingSet = findings.iter().cloned().collect();
    let run = Run {
        today: Date::parse("2027-01-01").unwrap(),
        environments: &["dev"],
        whole,
        tells: true,
    };
    apply(waivers, &mut set, &run);
    let left = set.iter().map(|finding| finding.rule.to_string());
    (set.accepted().len(), left.collect())
}

#[test]
fn a_waiver_accepts_what_it_is_about_and_nothing_else() {
    let later = "2028-01-01";
    let found = [finding("dev", "spec.containers[0].image")];
    for (field, environments, accepts) in [
        (None, &[][..], true),
        (None, &["dev"][..], true),
        (None, &["prod"][..], false),
        (Some("spec.containers[0].image"), &[][..], true),
        (Some("spec.containers"), &[][..], true),
        (Some("spec.containers[0]"), &[][..], true),
        (Some("spec.cont"), &[][..], false),
        (Some("spec.containers[0].image.x"), &[][..], false),
    ] {
        let (accepted, left) = applied(&[waiver(field, environments, later)], &found, false);
        assert_eq!(accepted == 1, accepts, "{field:?} {environments:?}");
        assert_eq!(left.is_empty(), accepts);
    }
    for other in [
        Waiver {
            object: "a/Pod/c".to_owned(),
            ..waiver(None, &[], later)
        },
        Waiver {
            rule: "test/other".to_owned(),
            ..waiver(None, &[], later)
        },
    ] {
        assert_eq!(applied(&[other], &found, false).0, 0);
    }
}

#[test]
fn what_is_about_no_object_cannot_be_waived() {
    let plain = Finding::new(&RULE, "message", place().1);
    assert_eq!(
        applied(&[waiver(None, &[], "2028-01-01")], &[plain], false).0,
        0
    );
}

#[test]
fn waivers_that_count_no_more_are_told() {
    let found = [finding("dev", "spec")];
    let rules = |days: &[&str]| days.iter().map(|&rule| rule.to_owned()).collect::<Vec<_>>();
    for (expires, accepted, left) in [
        ("2026-12-31", 0, &["test/rule", "waiver/expired"][..]),
        // The last day counts.
        ("2027-01-01", 1, &["waiver/expiring"][..]),
        ("2027-01-15", 1, &["waiver/expiring"][..]),
        ("2027-01-16", 1, &[][..]),
    ] {
        let told = applied(&[waiver(None, &[], expires)], &found, true);
        assert_eq!(told, (accepted, rules(left)), "{expires}");
    }
    let unused = waiver(Some("status"), &[], "2028-01-01");
    let told = applied(std::slice::from_ref(&unused), &found, true);
    assert_eq!(told, (0, rules(&["test/rule", "waiver/unused"])));
    // A run that does not look at everything cannot tell.
    assert_eq!(applied(&[unused], &found, false).1, rules(&["test/rule"]));
    let of_prod = waiver(Some("status"), &["prod"], "2028-01-01");
    assert_eq!(applied(&[of_prod], &found, true).1, rules(&["test/rule"]));
}

#[test]
fn a_baseline_accepts_each_finding_as_often_as_it_was_there() {
    let (sources, _) = place();
    let report = r#"{"version": 1, "findings": [{"rule": "test/rule", "message": "message", "environment": "dev",
        "resource": {"apiVersion": "v1", "kind": "Pod", "namespace": "a", "name": "b"}, "field": "spec",
        "location": {"file": "elsewhere.yaml", "line": 9}}]}"#;
    let mut set: FindingSet = ["spec", "spec", "status"]
        .map(|field| finding("dev", field))
        .into_iter()
        .collect();
    Baseline::read(report).unwrap().apply(&mut set, &sources);
    assert_eq!(set.accepted().len(), 1);
    assert_eq!(set.accepted()[0].1, Accepted::Baseline);
    assert_eq!(set.len(), 2);
    for text in [
        "",
        "[]",
        "{\"version\": 2, \"findings\": []}",
        "{\"version\": 1}",
    ] {
        assert!(Baseline::read(text).is_err(), "{text}");
    }
}
