//! Policies and requests as text.

use std::sync::Arc;

use super::*;
use crate::manifest::Scopes;
use crate::schema::KubernetesVersion;
use crate::yaml::{Document, Limits, read};

const VERSION: KubernetesVersion = KubernetesVersion::minor(34);

fn document(text: &str) -> Document {
    let mut stream = read(&Arc::from(text), &Limits::default());
    assert!(stream.problems.is_empty(), "{text}: {:?}", stream.problems);
    stream.documents.remove(0)
}

/// Judges the making of an object by a policy's spec.
fn create(spec: &str, object: &str) -> (Verdict, String) {
    let policy = document(&format!(
        "metadata: {{name: p}}\nspec:\n  matchConstraints: {{resourceRules: [{{apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*']}}]}}\n{spec}"
    ));
    let policy = Policy::compile(policy.root(), VERSION).unwrap();
    let (object, scopes) = (document(object), Scopes::default());
    let request = Request::create(object.root(), Kinds::new(VERSION, &scopes));
    let decision = judge(&policy, None, &[], &request);
    let messages: Vec<&str> = decision
        .denials
        .iter()
        .map(|denial| denial.message.as_str())
        .collect();
    let told = decision.not_decided.as_deref().unwrap_or_default();
    (decision.verdict, format!("{}{told}", messages.join("; ")))
}

#[test]
fn validations_decide() {
    let object =
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: ns}, data: {k: v}}";
    for (spec, verdict, message) in [
        (
            "  validations: [{expression: 'object.data.k == \"v\"'}]",
            Verdict::Allowed,
            "",
        ),
        (
            "  validations: [{expression: 'object.data.k == \"w\"'}]",
            Verdict::Denied,
            "failed expression: object.data.k == \"w\"",
        ),
        (
            "  validations: [{expression: 'false', message: ' no '}]",
            Verdict::Denied,
            "no",
        ),
        (
            "  validations: [{expression: 'false', message: no, messageExpression: 'request.namespace + \" \" + object.metadata.name'}]",
            Verdict::Denied,
            "n a",
        ),
        (
            "  validations: [{expression: 'object.x == 1'}]",
            Verdict::Error,
            "no such key: x",
        ),
        (
            "  failurePolicy: Ignore\n  validations: [{expression: 'object.x == 1'}]",
            Verdict::Allowed,
            "",
        ),
        (
            "  validations: [{expression: 'authorizer.group(\"\").resource(\"pods\").check(\"get\").allowed()'}]",
            Verdict::NotDecided,
            "what a user may do",
        ),
        (
            "  matchConditions: [{name: c, expression: 'object.metadata.name != \"a\"'}]\n  validations: [{expression: 'false'}]",
            Verdict::NotMatched,
            "",
        ),
        (
            "  variables: [{name: a, expression: object.data.k}, {name: b, expression: 'variables.a + \"x\"'}]\n  validations: [{expression: 'variables.b == \"vx\"'}]",
            Verdict::Allowed,
            "",
        ),
    ] {
        assert_eq!(
            create(spec, object),
            (verdict, message.to_owned()),
            "{spec}"
        );
    }
}
