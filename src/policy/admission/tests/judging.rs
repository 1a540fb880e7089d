//! What policies say.

use super::*;

const MAP: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: ns, labels: {team: x}}, data: {k: v, long: abcdefghij}}";

/// What a part of a policy's spec says about the making of a `ConfigMap`.
const CASES: &[(&str, Verdict, &str)] = &[
    (
        "  validations: [{expression: 'object.data.k == \"v\"'}]",
        Verdict::Allowed,
        "",
    ),
    (
        "  validations: [{expression: ' object.data.k == \"w\" '}]",
        Verdict::Denied,
        "failed expression: object.data.k == \"w\"",
    ),
    (
        "  validations: [{expression: 'false', message: ' never '}]",
        Verdict::Denied,
        "never",
    ),
    // Every validation that does not hold is told.
    (
        "  validations: [{expression: 'false', message: a}, {expression: 'true', message: b}, {expression: 'false', message: c}]",
        Verdict::Denied,
        "a; c",
    ),
    // Messages that are made, and those that are not good enough.
    (
        "  validations: [{expression: 'false', message: never, messageExpression: 'request.namespace + \" \" + object.metadata.name'}]",
        Verdict::Denied,
        "ns a",
    ),
    (
        "  validations: [{expression: 'false', message: never, messageExpression: '\" \"'}]",
        Verdict::Denied,
        "never",
    ),
    (
        "  validations: [{expression: 'false', message: never, messageExpression: '\"a\\nb\"'}]",
        Verdict::Denied,
        "never",
    ),
    (
        "  validations: [{expression: 'false', message: never, messageExpression: 'object.missing'}]",
        Verdict::Denied,
        "never",
    ),
    (
        "  validations: [{expression: 'false', message: never, messageExpression: 'object.data'}]",
        Verdict::Denied,
        "never",
    ),
    (
        "  validations: [{expression: 'false', message: never, messageExpression: '(object.data.long + object.data.long).split(\"\").map(x, object.data.long + object.data.long + object.data.long + object.data.long + object.data.long + object.data.long + object.data.long + object.data.long + object.data.long + object.data.long + object.data.long + object.data.long + object.data.long + object.data.long + object.data.long + object.data.long + object.data.long + object.data.long + object.data.long + object.data.long + object.data.long + object.data.long + object.data.long + object.data.long + object.data.long + object.data.long).join(\"\")'}]",
        Verdict::Denied,
        "never",
    ),
    // What fails refuses, or not.
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
        "  failurePolicy: Ignore\n  validations: [{expression: 'object.x == 1'}, {expression: 'false', message: m}]",
        Verdict::Denied,
        "m",
    ),
    (
        "  validations: [{expression: 'object.x == 1'}, {expression: 'false', message: m}]",
        Verdict::Denied,
        "no such key: x; m",
    ),
    (
        "  validations: [{expression: 'has(object.x) && object.x == 1 || object.data.k == \"v\"'}]",
        Verdict::Allowed,
        "",
    ),
    // Conditions: one that does not hold wins over those that fail.
    (
        "  matchConditions: [{name: c, expression: 'object.metadata.name != \"a\"'}]\n  validations: [{expression: 'false'}]",
        Verdict::NotMatched,
        "",
    ),
    (
        "  matchConditions: [{name: e, expression: 'object.x == 1'}, {name: c, expression: 'false'}]\n  validations: [{expression: 'false'}]",
        Verdict::NotMatched,
        "",
    ),
    (
        "  matchConditions: [{name: c, expression: 'true'}, {name: e, expression: 'object.x == 1'}]\n  validations: [{expression: 'true'}]",
        Verdict::Error,
        "no such key: x",
    ),
    (
        "  failurePolicy: Ignore\n  matchConditions: [{name: e, expression: 'object.x == 1'}]\n  validations: [{expression: 'false'}]",
        Verdict::NotMatched,
        "",
    ),
    (
        "  matchConditions: [{name: c, expression: 'namespaceObject == null'}]\n  validations: [{expression: 'false', message: m}]",
        Verdict::Denied,
        "m",
    ),
    // Variables: those above, computed when they are read.
    (
        "  variables: [{name: a, expression: object.data.k}, {name: b, expression: 'variables.a + \"x\"'}]\n  validations: [{expression: 'variables.b == \"vx\"'}]",
        Verdict::Allowed,
        "",
    ),
    (
        "  variables: [{name: bad, expression: object.x}]\n  validations: [{expression: 'true'}]",
        Verdict::Allowed,
        "",
    ),
    (
        "  variables: [{name: bad, expression: object.x}]\n  validations: [{expression: 'variables.bad == 1'}]",
        Verdict::Error,
        "no such key: x",
    ),
    // What a request says.
    (
        "  validations: [{expression: 'request.operation == \"CREATE\" && request.kind.kind == \"ConfigMap\" && request.resource.resource == \"configmaps\" && request.resource.version == \"v1\" && request.kind.group == \"\" && request.name == \"a\" && request.namespace == \"ns\" && !request.dryRun && request.requestResource == request.resource'}]",
        Verdict::Allowed,
        "",
    ),
    (
        "  validations: [{expression: 'request.userInfo.groups == [\"system:authenticated\"] && !has(request.userInfo.uid) && !has(request.subResource) && request.options.kind == \"CreateOptions\"'}]",
        Verdict::Allowed,
        "",
    ),
    (
        "  validations: [{expression: 'oldObject == null && object != null'}]",
        Verdict::Allowed,
        "",
    ),
    // The namespace: without its object only its name is known.
    (
        "  validations: [{expression: 'namespaceObject.metadata.name == \"ns\"'}]",
        Verdict::Allowed,
        "",
    ),
    (
        "  validations: [{expression: 'has(namespaceObject.metadata.labels)'}]",
        Verdict::NotDecided,
        "more about the namespace than its name",
    ),
    (
        "  validations: [{expression: 'namespaceObject.metadata.labels.team == \"x\"'}]",
        Verdict::NotDecided,
        "more about the namespace than its name",
    ),
    (
        "  validations: [{expression: '\"team\" in namespaceObject.metadata.labels || true'}]",
        Verdict::Allowed,
        "",
    ),
    (
        "  validations: [{expression: 'namespaceObject.status.phase == \"Active\"'}, {expression: 'false', message: m}]",
        Verdict::Denied,
        "m; more about the namespace than its name",
    ),
    // What only a cluster knows.
    (
        "  validations: [{expression: 'authorizer.group(\"\").resource(\"pods\").check(\"get\").allowed()'}]",
        Verdict::NotDecided,
        "what a user may do",
    ),
    (
        "  validations: [{expression: 'authorizer.requestResource.check(\"get\").allowed()'}]",
        Verdict::NotDecided,
        "what a user may do",
    ),
    (
        "  failurePolicy: Ignore\n  validations: [{expression: 'authorizer.requestResource.check(\"get\").allowed()'}]",
        Verdict::NotDecided,
        "what a user may do",
    ),
    (
        "  matchConditions: [{name: c, expression: 'authorizer.requestResource.check(\"get\").allowed()'}]\n  validations: [{expression: 'false'}]",
        Verdict::NotDecided,
        "what a user may do",
    ),
    (
        "  validations: [{expression: 'object.data.k == \"v\" || authorizer.requestResource.check(\"get\").allowed()'}]",
        Verdict::Allowed,
        "",
    ),
    // The audit log.
    (
        "  auditAnnotations: [{key: a, valueExpression: '\" \" + object.data.k'}, {key: b, valueExpression: 'null'}, {key: c, valueExpression: '\" \"'}]",
        Verdict::Allowed,
        "a=v",
    ),
    (
        "  auditAnnotations: [{key: a, valueExpression: 'object.x'}]",
        Verdict::Error,
        "no such key: x",
    ),
    (
        "  auditAnnotations: [{key: a, valueExpression: 'object.data'}]",
        Verdict::Error,
        "the audit annotation `a` gives map, and not a string",
    ),
    (
        "  failurePolicy: Ignore\n  auditAnnotations: [{key: a, valueExpression: 'object.x'}]",
        Verdict::Allowed,
        "",
    ),
    // Params, of which there are none.
    (
        "  paramKind: {apiVersion: v1, kind: ConfigMap}\n  validations: [{expression: 'params == null'}]",
        Verdict::Allowed,
        "",
    ),
    (
        "  paramKind: {apiVersion: v1, kind: ConfigMap}\n  validations: [{expression: 'params.data.k == \"v\"'}]",
        Verdict::Error,
        "no such overload: `.data` takes map, and this is null_type",
    ),
];

#[test]
fn objects_are_judged_as_they_are_made() {
    for (spec, verdict, message) in CASES {
        let sent = Sent {
            object: MAP,
            ..Sent::default()
        };
        assert_eq!(
            judged(&policy(spec), sent),
            (*verdict, (*message).to_owned()),
            "{spec}"
        );
    }
}

#[test]
fn each_of_the_params_must_let_it_pass() {
    let policy = policy(
        "  paramKind: {apiVersion: v1, kind: ConfigMap}\n  validations: [{expression: 'object.data.k in params.data.allowed.split(\",\")', messageExpression: '\"one of \" + params.data.allowed'}]",
    );
    let with = |params: &[&str]| {
        let sent = Sent {
            object: MAP,
            params,
            ..Sent::default()
        };
        judged(&policy, sent)
    };
    let allowing =
        |texts: &str| format!("{{apiVersion: v1, kind: ConfigMap, data: {{allowed: '{texts}'}}}}");
    let (good, bad, worse) = (allowing("u,v"), allowing("w"), allowing("x"));
    assert_eq!(with(&[&good]).0, Verdict::Allowed);
    assert_eq!(
        with(&[&good, &bad]),
        (Verdict::Denied, "one of w".to_owned())
    );
    let both = (Verdict::Denied, "one of w; one of x".to_owned());
    assert_eq!(with(&[&bad, &worse, &good]), both);
}

#[test]
fn changes_and_removals_are_judged_by_both_versions() {
    let old = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: ns}, data: {k: u}}";
    let policy = policy(
        "  validations: [{expression: 'request.operation == \"DELETE\" ? object == null && oldObject.data.k == \"u\" : object.data.k == oldObject.data.k', message: it stays}]",
    );
    let sent = Sent {
        object: MAP,
        old,
        ..Sent::default()
    };
    assert_eq!(
        judged(&policy, sent),
        (Verdict::Denied, "it stays".to_owned())
    );
    let gone = Sent {
        old,
        ..Sent::default()
    };
    assert_eq!(judged(&policy, gone).0, Verdict::Allowed);
}

#[test]
fn namespaces_are_seen_by_what_lives_in_them() {
    let policy = policy(
        "  validations: [{expression: 'namespaceObject == null ? object.kind == \"Namespace\" : namespaceObject.metadata.labels[\"kubernetes.io/metadata.name\"] == \"ns\" && namespaceObject.metadata.labels.team == \"x\" && !has(namespaceObject.metadata.annotations) && namespaceObject.status.phase == \"Active\"'}]",
    );
    let namespace = "{apiVersion: v1, kind: Namespace, metadata: {name: ns, labels: {team: x}, annotations: {}}}";
    for (object, verdict) in [
        (MAP, Verdict::Allowed),
        (namespace, Verdict::Allowed),
        (
            "{apiVersion: v1, kind: Node, metadata: {name: ns}}",
            Verdict::Denied,
        ),
    ] {
        let sent = Sent {
            object,
            namespace,
            ..Sent::default()
        };
        assert_eq!(judged(&policy, sent).0, verdict, "{object}");
    }
}

#[test]
fn expressions_that_do_not_compile_are_told_each() {
    for (spec, told) in [
        ("  validations: [{expression: 'object.x =< 1'}]", "column"),
        (
            "  validations: [{expression: '1 + 1'}]",
            "this must give bool, and it gives int",
        ),
        (
            "  validations: [{expression: 'true', messageExpression: '1'}]",
            "this must give string, and it gives int",
        ),
        (
            "  auditAnnotations: [{key: a, valueExpression: 'true'}]",
            "this must give string or null, and it gives bool",
        ),
        (
            "  matchConditions: [{name: c, expression: 'variables.x'}]\n  variables: [{name: x, expression: 'true'}]\n  validations: [{expression: 'true'}]",
            "`variables` is not declared (column 1 of the expression)",
        ),
        (
            "  variables: [{name: x, expression: 'variables.z'}, {name: z, expression: 'true'}]\n  validations: [{expression: 'true'}]",
            "`variables` is not declared",
        ),
        (
            "  variables: [{name: x, expression: 'true'}]\n  validations: [{expression: 'variables.z'}]",
            "`variables.z` is not declared; did you mean `variables.x`?",
        ),
        (
            "  validations: [{expression: 'params.x == 1'}]",
            "`params` is not declared",
        ),
        (
            "  validations: [{expression: 'request.object.x == 1'}]",
            "there is no field `object` here",
        ),
        (
            "  validations: [{expression: 'namespaceObject.metadata.managedFields == 1'}]",
            "there is no field `managedFields` here",
        ),
        (
            "  validations: [{expression: 'true', messageExpression: 'authorizer.path(\"/\").check(\"get\").reason()'}]",
            "`authorizer` is not declared",
        ),
    ] {
        let policy = policy(spec);
        let problems = Policy::compile(policy.root(), VERSION)
            .map(|_| ())
            .unwrap_err();
        let messages: Vec<&str> = problems
            .iter()
            .map(|problem| problem.message.as_str())
            .collect();
        assert_eq!(messages.len(), 1, "{spec}: {messages:?}");
        assert!(messages[0].contains(told), "{spec}: {messages:?}");
    }
    // What reads a variable that is wrong is not wrong itself.
    let policy = policy(
        "  variables: [{name: x, expression: 'nothing'}]\n  validations: [{expression: 'variables.x == 1 && y'}]",
    );
    let problems = Policy::compile(policy.root(), VERSION)
        .map(|_| ())
        .unwrap_err();
    let places: Vec<&str> = problems
        .iter()
        .map(|problem| problem.node.as_str().unwrap())
        .collect();
    assert_eq!(places, ["nothing", "variables.x == 1 && y"]);
    // Functions are those of the version.
    let policy = super::policy("  validations: [{expression: '[1, 2].all(i, v, v > i)'}]");
    assert!(Policy::compile(policy.root(), KubernetesVersion::minor(31)).is_err());
    assert!(Policy::compile(policy.root(), VERSION).is_ok());
}
