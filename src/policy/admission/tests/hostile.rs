//! Policies that cost too much, and objects that are not what they should be.

use super::*;

fn object(bytes: usize) -> String {
    format!(
        "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: a, namespace: ns}}, data: {{long: {}}}}}",
        "x".repeat(bytes)
    )
}

#[test]
fn budgets_stop_what_costs_too_much() {
    let object = object(1000);
    let nested = |depth: usize| {
        let letters: Vec<char> = ('a'..='z').take(depth).collect();
        let open: String = letters
            .iter()
            .map(|letter| ["l.all(", &letter.to_string(), ", "].concat())
            .collect::<Vec<_>>()
            .concat();
        format!("{open}{}{}", "true", ")".repeat(depth))
            .replace("l.all", "object.data.long.split('').all")
    };
    let over = "the expression costs more than the API server allows";
    for (spec, verdict, message) in [
        (
            format!("  validations: [{{expression: \"{}\"}}]", nested(6)),
            Verdict::Error,
            over.to_owned(),
        ),
        (
            format!(
                "  failurePolicy: Ignore\n  validations: [{{expression: \"{}\"}}]",
                nested(6)
            ),
            Verdict::Allowed,
            String::new(),
        ),
        (
            format!(
                "  matchConditions: [{{name: c, expression: \"{}\"}}]\n  validations: [{{expression: 'false'}}]",
                nested(6)
            ),
            Verdict::Error,
            over.to_owned(),
        ),
        (
            format!(
                "  variables: [{{name: v, expression: \"{}\"}}]\n  validations: [{{expression: variables.v}}]",
                nested(6)
            ),
            Verdict::Error,
            over.to_owned(),
        ),
        (
            format!(
                "  validations: [{{expression: 'false', message: m, messageExpression: \"string({})\"}}]",
                nested(6)
            ),
            Verdict::Denied,
            "m".to_owned(),
        ),
    ] {
        let sent = Sent {
            object: &object,
            ..Sent::default()
        };
        assert_eq!(judged(&policy(&spec), sent), (verdict, message), "{spec}");
    }
    // Forty are stopped by what all may cost, and then none counts.
    let many: Vec<String> = (0..40)
        .map(|_| {
            format!(
                "{{expression: \"{}\"}}",
                nested(2).replace("true", "size(object.data.long) > 0")
            )
        })
        .collect();
    let sent = Sent {
        object: &object,
        ..Sent::default()
    };
    let (verdict, told) = judged(
        &policy(&format!(
            "  validations: [{{expression: 'false', message: m}}, {}]",
            many.join(", ")
        )),
        sent,
    );
    assert_eq!(verdict, Verdict::Error);
    assert!(told.starts_with(over), "{told}");
}

#[test]
fn variables_that_read_each_other_twice_are_no_bomb() {
    let mut variables =
        vec!["{name: v0, expression: 'object.metadata.name.size() > 9'}".to_owned()];
    variables.extend((1..19).map(|at| {
        let before = format!("variables.v{}", at - 1);
        format!("{{name: v{at}, expression: '({before} && {before}) || ({before} && {before})'}}")
    }));
    let spec = format!(
        "  variables: [{}]\n  validations: [{{expression: variables.v18, message: m}}]",
        variables.join(", ")
    );
    let object = object(1);
    let sent = Sent {
        object: &object,
        ..Sent::default()
    };
    assert_eq!(
        judged(&policy(&spec), sent),
        (Verdict::Denied, "m".to_owned())
    );
}

#[test]
fn objects_of_any_shape_are_judged() {
    let policy = policy(
        "  validations:\n  - {expression: 'object.spec.template.spec.containers.all(c, c.image != \"\") && object.metadata.labels.all(k, k != \"\")', message: m}",
    );
    for object in [
        "{}",
        "{apiVersion: apps/v1, kind: Deployment}",
        "{apiVersion: apps/v1, kind: Deployment, metadata: [], spec: {template: {spec: {containers: {}}}}}",
        "{apiVersion: apps/v1, kind: Deployment, metadata: {labels: [a], name: [], namespace: {}}, spec: {template: {spec: {containers: [1, null, []]}}}}",
        "{apiVersion: batch/v1, kind: Job, metadata: {name: 1}, spec: []}",
        "{apiVersion: [], kind: {}, metadata: null}",
        "{apiVersion: v1, kind: Namespace, metadata: {labels: 1}}",
        "{apiVersion: v1, kind: Secret, metadata: {}, data: 1, stringData: {a: 1, b: [], c: d}}",
        "{apiVersion: v1, kind: Service, metadata: {}, spec: {ports: [{}, 1, null]}}",
    ] {
        let sent = Sent {
            object,
            ..Sent::default()
        };
        let (verdict, _) = judged(&policy, sent);
        assert!(
            matches!(verdict, Verdict::Error | Verdict::Denied | Verdict::Allowed),
            "{object}"
        );
    }
}
