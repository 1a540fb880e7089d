//! What policies are about.

use super::*;

const DEPLOYMENT: &str =
    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: ns, labels: {app: x}}}";
const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: pod, namespace: ns}}";
const NODE: &str = "{apiVersion: v1, kind: Node, metadata: {name: node}}";
const NAMESPACE: &str =
    "{apiVersion: v1, kind: Namespace, metadata: {name: ns, labels: {env: prod}}}";
const AUTOSCALER: &str = "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h, namespace: ns}}";

/// Judges by a policy that refuses what it is about.
fn about(constraints: &str, sent: Sent<'_>) -> (Verdict, String) {
    let policy = document(&format!(
        "metadata: {{name: p}}\nspec:\n  matchConstraints: {{{constraints}}}\n  validations: [{{expression: 'false', message: about it}}]\n"
    ));
    judged(&policy, sent)
}

fn is_about(constraints: &str, object: &str) -> Verdict {
    let sent = Sent {
        object,
        namespace: if object == NAMESPACE { "" } else { NAMESPACE },
        ..Sent::default()
    };
    about(constraints, sent).0
}

fn rule(groups: &str, versions: &str, resources: &str, more: &str) -> String {
    format!(
        "{{apiGroups: [{groups}], apiVersions: [{versions}], operations: [CREATE], resources: [{resources}]{more}}}"
    )
}

const ALL: &str =
    "resourceRules: [{apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*']}]";

#[test]
fn rules_name_groups_versions_resources_and_more() {
    use Verdict::{Denied, NotMatched};
    for (groups, versions, resources, more, object, verdict) in [
        ("apps", "v1", "deployments", "", DEPLOYMENT, Denied),
        ("'*'", "'*'", "'*'", "", DEPLOYMENT, Denied),
        (
            "'', apps",
            "v2, v1",
            "pods, deployments",
            "",
            DEPLOYMENT,
            Denied,
        ),
        ("''", "v1", "deployments", "", DEPLOYMENT, NotMatched),
        ("apps", "v2", "deployments", "", DEPLOYMENT, NotMatched),
        ("apps", "v1", "Deployment", "", DEPLOYMENT, NotMatched),
        ("apps", "v1", "deployment", "", DEPLOYMENT, NotMatched),
        (
            "apps",
            "v1",
            "deployments/scale",
            "",
            DEPLOYMENT,
            NotMatched,
        ),
        ("apps", "v1", "'*/scale'", "", DEPLOYMENT, NotMatched),
        ("apps", "v1", "'deployments/*'", "", DEPLOYMENT, Denied),
        ("apps", "v1", "'*/*'", "", DEPLOYMENT, Denied),
        ("''", "v1", "'pods/*'", "", DEPLOYMENT, NotMatched),
        (
            "apps",
            "v1",
            "deployments",
            ", resourceNames: [d]",
            DEPLOYMENT,
            Denied,
        ),
        (
            "apps",
            "v1",
            "deployments",
            ", resourceNames: [e]",
            DEPLOYMENT,
            NotMatched,
        ),
        (
            "apps",
            "v1",
            "deployments",
            ", resourceNames: []",
            DEPLOYMENT,
            Denied,
        ),
        (
            "apps",
            "v1",
            "deployments",
            ", scope: Namespaced",
            DEPLOYMENT,
            Denied,
        ),
        (
            "apps",
            "v1",
            "deployments",
            ", scope: Cluster",
            DEPLOYMENT,
            NotMatched,
        ),
        (
            "apps",
            "v1",
            "deployments",
            ", scope: '*'",
            DEPLOYMENT,
            Denied,
        ),
        ("''", "v1", "nodes", ", scope: Cluster", NODE, Denied),
        ("''", "v1", "nodes", ", scope: Namespaced", NODE, NotMatched),
        (
            "''",
            "v1",
            "namespaces",
            ", scope: Cluster",
            NAMESPACE,
            Denied,
        ),
        (
            "''",
            "v1",
            "namespaces",
            ", scope: Namespaced",
            NAMESPACE,
            NotMatched,
        ),
        ("''", "v1", "pods", "", POD, Denied),
    ] {
        let constraints = format!(
            "resourceRules: [{}]",
            rule(groups, versions, resources, more)
        );
        assert_eq!(
            is_about(&constraints, object),
            verdict,
            "{constraints} {object}"
        );
    }
    // What is left out wins.
    let out = rule("apps", "v1", "deployments", "");
    assert_eq!(
        is_about(&format!("{ALL}, excludeResourceRules: [{out}]"), DEPLOYMENT),
        NotMatched
    );
    assert_eq!(
        is_about(&format!("{ALL}, excludeResourceRules: [{out}]"), POD),
        Denied
    );
}

#[test]
fn operations_are_those_of_the_request() {
    for (operations, created, changed, removed) in [
        ("CREATE", true, false, false),
        ("UPDATE", false, true, false),
        ("DELETE", false, false, true),
        ("'*'", true, true, true),
        ("CONNECT", false, false, false),
        ("CREATE, UPDATE", true, true, false),
    ] {
        let constraints = format!(
            "resourceRules: [{{apiGroups: ['*'], apiVersions: ['*'], operations: [{operations}], resources: ['*']}}]"
        );
        for (object, old, expected) in [(POD, "", created), (POD, POD, changed), ("", POD, removed)]
        {
            let sent = Sent {
                object,
                old,
                ..Sent::default()
            };
            let matched = about(&constraints, sent).0 != Verdict::NotMatched;
            assert_eq!(matched, expected, "{operations} {object:?} {old:?}");
        }
    }
}

#[test]
fn selectors_choose_by_labels() {
    use Verdict::{Denied, NotDecided, NotMatched};
    for (selectors, object, verdict) in [
        (
            "objectSelector: {matchLabels: {app: x}}",
            DEPLOYMENT,
            Denied,
        ),
        (
            "objectSelector: {matchLabels: {app: z}}",
            DEPLOYMENT,
            NotMatched,
        ),
        (
            "objectSelector: {matchExpressions: [{key: app, operator: DoesNotExist}]}",
            POD,
            Denied,
        ),
        ("objectSelector: {}", POD, Denied),
        (
            "namespaceSelector: {matchLabels: {env: prod}}",
            DEPLOYMENT,
            Denied,
        ),
        (
            "namespaceSelector: {matchLabels: {env: dev}}",
            DEPLOYMENT,
            NotMatched,
        ),
        (
            "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ns}}",
            DEPLOYMENT,
            Denied,
        ),
        (
            "namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [ns, kube-system]}]}",
            DEPLOYMENT,
            NotMatched,
        ),
        // A namespace is chosen by its own labels; what else lives in none is never left out.
        (
            "namespaceSelector: {matchLabels: {env: prod}}",
            NAMESPACE,
            Denied,
        ),
        (
            "namespaceSelector: {matchLabels: {env: dev}}",
            NAMESPACE,
            NotMatched,
        ),
        ("namespaceSelector: {matchLabels: {env: dev}}", NODE, Denied),
        (
            "namespaceSelector: {matchLabels: {env: prod}}, objectSelector: {matchLabels: {app: z}}",
            DEPLOYMENT,
            NotMatched,
        ),
    ] {
        assert_eq!(
            is_about(&format!("{ALL}, {selectors}"), object),
            verdict,
            "{selectors}"
        );
    }
    // The labels of a namespace that is not known: only its name decides.
    for (selector, verdict) in [
        ("{matchLabels: {kubernetes.io/metadata.name: ns}}", Denied),
        (
            "{matchLabels: {kubernetes.io/metadata.name: other, env: prod}}",
            NotMatched,
        ),
        (
            "{matchLabels: {kubernetes.io/metadata.name: ns, env: prod}}",
            NotDecided,
        ),
        (
            "{matchExpressions: [{key: env, operator: DoesNotExist}]}",
            NotDecided,
        ),
    ] {
        let sent = Sent {
            object: POD,
            ..Sent::default()
        };
        let constraints = format!("{ALL}, namespaceSelector: {selector}");
        assert_eq!(about(&constraints, sent).0, verdict, "{selector}");
    }
    // A change is meant where either version is.
    let labelled =
        "{apiVersion: v1, kind: Pod, metadata: {name: pod, namespace: ns, labels: {a: b}}}";
    for (object, old) in [(labelled, POD), (POD, labelled)] {
        let sent = Sent {
            object,
            old,
            ..Sent::default()
        };
        let constraints = format!("{ALL}, objectSelector: {{matchLabels: {{a: b}}}}");
        assert_eq!(about(&constraints, sent).0, Denied);
    }
}

#[test]
fn other_versions_of_a_kind_are_meant_unless_rules_are_exact() {
    let slices = "{apiVersion: networking.k8s.io/v1, kind: IPAddress, metadata: {name: 10.0.0.1}}";
    let rules = |group: &str, resource: &str| {
        format!("resourceRules: [{}]", rule(group, "v1beta1", resource, ""))
    };
    let both = rules("networking.k8s.io", "ipaddresses");
    assert_eq!(is_about(&both, slices), Verdict::Denied);
    assert_eq!(
        is_about(&format!("{both}, matchPolicy: Exact"), slices),
        Verdict::NotMatched
    );
    assert_eq!(
        is_about(&rules("apps", "deployments"), DEPLOYMENT),
        Verdict::NotMatched
    );
    // An autoscaler of version 2 looks different as one of version 1.
    let first = format!(
        "resourceRules: [{}]",
        rule("autoscaling", "v1", "horizontalpodautoscalers", "")
    );
    assert_eq!(is_about(&first, AUTOSCALER), Verdict::NotDecided);
    // The policy sees the version that it names.
    let policy = document(&format!(
        "metadata: {{name: p}}\nspec:\n  matchConstraints: {{{both}}}\n  validations: [{{expression: 'object.apiVersion == \"networking.k8s.io/v1beta1\" && object.metadata.name == \"10.0.0.1\" && request.kind.version == \"v1beta1\" && request.requestKind.version == \"v1\"'}}]\n"
    ));
    let sent = Sent {
        object: slices,
        ..Sent::default()
    };
    assert_eq!(judged(&policy, sent).0, Verdict::Allowed);
}

#[test]
fn bindings_narrow_what_a_policy_is_about() {
    let binding = |resources: &str| {
        format!(
            "metadata: {{name: b}}\nspec: {{policyName: p, validationActions: [Deny], matchResources: {{{resources}}}}}"
        )
    };
    for (resources, verdict) in [
        ("", Verdict::Denied),
        (
            "namespaceSelector: {matchLabels: {env: prod}}",
            Verdict::Denied,
        ),
        (
            "namespaceSelector: {matchLabels: {env: dev}}",
            Verdict::NotMatched,
        ),
        (
            "resourceRules: [{apiGroups: [''], apiVersions: [v1], operations: ['*'], resources: [pods]}]",
            Verdict::Denied,
        ),
        (
            "resourceRules: [{apiGroups: [''], apiVersions: [v1], operations: [UPDATE], resources: [pods]}]",
            Verdict::NotMatched,
        ),
        (
            "excludeResourceRules: [{apiGroups: [''], apiVersions: [v1], operations: ['*'], resources: [pods]}]",
            Verdict::NotMatched,
        ),
    ] {
        let sent = Sent {
            object: POD,
            namespace: NAMESPACE,
            binding: &binding(resources),
            ..Sent::default()
        };
        assert_eq!(about(ALL, sent).0, verdict, "{resources}");
    }
}

#[test]
fn policies_are_not_judged_and_parts_of_resources_are_named() {
    for kind in [
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "MutatingAdmissionPolicy",
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
    ] {
        let object = format!(
            "{{apiVersion: admissionregistration.k8s.io/v1, kind: {kind}, metadata: {{name: x}}}}"
        );
        assert_eq!(is_about(ALL, &object), Verdict::NotMatched, "{kind}");
    }
    let exec =
        document("{apiVersion: v1, kind: PodExecOptions, metadata: {name: x}, command: [sh]}");
    let policy = document(
        "metadata: {name: p}\nspec:\n  matchConstraints: {resourceRules: [{apiGroups: [''], apiVersions: [v1], operations: [CONNECT], resources: [pods/exec]}]}\n  validations: [{expression: 'object.command != [\"sh\"] && request.subResource == \"exec\"', message: no shell}]\n",
    );
    let policy = Policy::compile(policy.root(), VERSION).unwrap();
    let scopes = Scopes::default();
    let request = Request::connect(exec.root(), Kinds::new(VERSION, &scopes));
    let decision = judge(&policy, None, &[], &request);
    assert_eq!(decision.verdict, Verdict::Denied);
    let user = User {
        name: "jo".to_owned(),
        groups: Vec::new(),
    };
    let policy = super::policy(
        "  validations: [{expression: 'request.userInfo.username == \"jo\" && !has(request.userInfo.groups)'}]",
    );
    let policy = Policy::compile(policy.root(), VERSION).unwrap();
    let request = Request::connect(exec.root(), Kinds::new(VERSION, &scopes)).user(&user);
    assert_eq!(
        judge(&policy, None, &[], &request).verdict,
        Verdict::Allowed
    );
}
