use super::*;
use crate::manifest::flatten;
use crate::source::SourceMap;
use crate::yaml::{Limits, read};

const POLICIES: &str = "\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: owned}
spec:
  paramKind: {apiVersion: v1, kind: ConfigMap}
  matchConstraints:
    resourceRules:
    - {apiGroups: [''], apiVersions: [v1], operations: [CREATE, UPDATE, DELETE], resources: [pods]}
  validations:
  - expression: \"request.operation == 'DELETE' ? request.userInfo.username == params.data.owner : object.metadata.labels.owner == params.data.owner\"
    message: the owner must be named
";

const BINDING: &str = "\
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: owned}
spec: {policyName: owned, validationActions: [Warn]}
";

/// Returns for each case its failure; empty where there is none.
fn run(policies: &str, tests: &str) -> Vec<String> {
    let mut sources = SourceMap::new();
    let file = sources.add("policies/tests/a.yaml", tests);
    sources.add(
        "policies/tests/pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {owner: x}}\n",
    );
    let suites = read_suites(&sources, [file].into_iter(), "policies/tests");
    let suites = suites.unwrap_or_else(|problems| panic!("{problems:?}"));
    let stream = read(&policies.into(), &Limits::default());
    let objects: Vec<Resource> = stream
        .documents
        .into_iter()
        .flat_map(flatten)
        .map(Resource::new)
        .collect();
    let version = KubernetesVersion::minor(34);
    let outcomes = run_suites(&suites, &objects, version, &Scopes::default());
    outcomes
        .into_iter()
        .map(|outcome| outcome.failure.unwrap_or_default())
        .collect()
}

const HEAD: &str = "policy: owned\nparams: {data: {owner: x}}\ncases:\n";

#[test]
fn a_case_holds_or_says_why_not() {
    for (case, failure) in [
        ("{name: a, file: pod.yaml, expect: allow}", ""),
        (
            "{name: a, file: pod.yaml, change: {metadata.labels.owner: y}, expect: deny, message: the owner}",
            "",
        ),
        (
            "{name: a, file: pod.yaml, params: {data: {owner: y}}, expect: deny}",
            "",
        ),
        (
            "{name: a, oldObject: {apiVersion: v1, kind: Pod}, user: {username: x}, expect: allow}",
            "",
        ),
        (
            "{name: a, object: {apiVersion: v1, kind: Secret}, expect: not-matched}",
            "",
        ),
        (
            "{name: a, file: pod.yaml, expect: deny}",
            "expected deny, and the policy says allow",
        ),
        (
            "{name: a, file: pod.yaml, change: {metadata.labels.owner: y}, expect: allow}",
            "expected allow, and the policy says deny: \"the owner must be named\"",
        ),
        (
            "{name: a, file: pod.yaml, change: {metadata.labels.owner: y}, expect: deny, message: other}",
            "expected a message with \"other\", and it is \"the owner must be named\"",
        ),
        (
            "{name: a, file: pod.yaml, operation: UPDATE, expect: deny}",
            "a request to UPDATE needs `object` and `oldObject`",
        ),
    ] {
        let tests = format!("{HEAD}- {case}\n");
        assert_eq!(run(POLICIES, &tests), [failure], "{case}");
    }
}

#[test]
fn what_a_binding_does_is_what_is_expected() {
    let policies = format!("{POLICIES}{BINDING}");
    let case = "- {name: a, file: pod.yaml, change: {metadata.labels.owner: y}, expect: warn}\n";
    assert_eq!(run(&policies, &format!("{HEAD}{case}")), [""]);
}

#[test]
fn an_unknown_policy_fails_and_an_untested_one_is_told() {
    let tests = "policy: other\ncases: [{name: a, file: pod.yaml, expect: allow}]\n";
    assert_eq!(run(POLICIES, tests), ["there is no policy `other`"]);
}

#[test]
fn mistakes_in_tests_are_told_with_their_lines() {
    for (tests, message) in [
        ("policy: owned\n", "`cases` is missing"),
        (
            "policy: owned\ncases: [{name: a, expect: yes}]\n",
            "this must be `allow`, `deny`, `warn`, `audit` or `not-matched`",
        ),
        (
            "policy: owned\ncases: [{name: a, file: no.yaml, expect: deny}]\n",
            "there is no file `policies/tests/no.yaml`",
        ),
        (
            "policy: owned\ncases: [{name: a, expct: deny}]\n",
            "unknown key `expct`; did you mean `expect`?",
        ),
    ] {
        let mut sources = SourceMap::new();
        let file = sources.add("policies/tests/a.yaml", tests);
        let problems = read_suites(&sources, [file].into_iter(), "policies/tests").unwrap_err();
        assert_eq!(problems[0].message, message, "{tests}");
    }
}
