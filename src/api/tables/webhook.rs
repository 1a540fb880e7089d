//! Webhooks of admission, and the rules that say what they and policies are about
//! (`k8s.io/kubernetes/pkg/apis/admissionregistration/validation`).

use std::collections::HashSet;

use super::admission::{
    EXACT_OR_EQUIVALENT, FAIL_OR_IGNORE, NEVER_OR_IF_NEEDED, unique, unique_conditions,
};
use crate::api::Fact::{AtMostItems, Filled, OneOf, Required, Spelled, Within};
use crate::api::fact::misspelt;
use crate::api::field::items;
use crate::api::names::Spelling::{PathSegment, Subdomain};
use crate::api::{Context, Definition, Fact, rules, webhook};
use crate::manifest::Fault;
use crate::yaml::Node;

const WEBHOOK: &[(&str, Fact)] = &[
    ("name", Required),
    ("failurePolicy", FAIL_OR_IGNORE),
    ("matchPolicy", EXACT_OR_EQUIVALENT),
    ("sideEffects", Filled),
    ("sideEffects", OneOf(&["None", "NoneOnDryRun"])),
    ("timeoutSeconds", Within(1, 30)),
    ("matchConditions", AtMostItems(64)),
];

const RULE: &[(&str, Fact)] = &[
    ("operations", Required),
    (
        "operations",
        OneOf(&["CREATE", "UPDATE", "DELETE", "CONNECT", "*"]),
    ),
    ("apiGroups", Required),
    ("apiVersions", Required),
    ("resources", Required),
    ("scope", OneOf(&["Cluster", "Namespaced", "*"])),
];

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "admissionregistration.v1.ValidatingWebhookConfiguration",
        facts: &[],
        rules: &[unique_webhooks],
    },
    Definition {
        name: "admissionregistration.v1.MutatingWebhookConfiguration",
        facts: &[],
        rules: &[unique_webhooks],
    },
    Definition {
        name: "admissionregistration.v1.ValidatingWebhook",
        facts: WEBHOOK,
        rules: &[called, unique_conditions],
    },
    Definition {
        name: "admissionregistration.v1.MutatingWebhook",
        facts: WEBHOOK,
        rules: &[called, unique_conditions],
    },
    Definition {
        name: "admissionregistration.v1.MutatingWebhook",
        facts: &[("reinvocationPolicy", NEVER_OR_IF_NEEDED)],
        rules: &[],
    },
    Definition {
        name: "admissionregistration.v1.WebhookClientConfig",
        facts: &[],
        rules: &[client],
    },
    Definition {
        name: "admissionregistration.*.RuleWithOperations",
        facts: RULE,
        rules: &[wildcards],
    },
    Definition {
        name: "admissionregistration.*.NamedRuleWithOperations",
        facts: RULE,
        rules: &[wildcards, resource_names],
    },
];

fn unique_webhooks<'a>(_: &Context<'a>, configuration: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    unique(
        configuration,
        "webhooks",
        "name",
        "webhook of this configuration",
        faults,
    );
}

/// What a webhook is called by, and where.
fn called<'a>(_: &Context<'a>, hook: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    webhook::review_versions(hook, "admissionReviewVersions", faults);
    let Some((node, name)) = hook
        .get("name")
        .and_then(|node| Some((node, node.as_str()?)))
    else {
        return;
    };
    if let Some(fault) = misspelt(Subdomain, name, node, "this").filter(|_| !name.is_empty()) {
        faults.push(fault);
    } else if !name.is_empty() && name.split('.').count() < 3 {
        let message =
            "a webhook's name has at least three parts, such as `pods.checks.example.com`";
        faults.push(Fault::new(&rules::NAME, node, message));
    }
}

fn client<'a>(_: &Context<'a>, config: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    webhook::client(config, faults);
}

fn resource_names<'a>(_: &Context<'a>, rule: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let mut seen = HashSet::new();
    for name in items(rule, "resourceNames") {
        Spelled(PathSegment).of_value(name, faults);
        if !seen.insert(name.as_str()) {
            faults.push(Fault::new(
                &rules::DUPLICATE,
                name,
                "this name is there twice",
            ));
        }
    }
}

/// `*` stands for everything, and so stands alone.
fn wildcards<'a>(_: &Context<'a>, rule: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    for field in ["operations", "apiGroups", "apiVersions"] {
        let count = items(rule, field).count();
        if let Some(star) = items(rule, field)
            .find(|item| item.as_str() == Some("*"))
            .filter(|_| count > 1)
        {
            let fault = Fault::new(
                &rules::CONFLICT,
                star,
                "`*` stands for all, and nothing stands beside it",
            );
            faults.push(fault.help("keep `*` only, or the others"));
        }
    }
    for version in items(rule, "apiVersions").filter(|version| version.as_str() == Some("")) {
        faults.push(Fault::new(
            &rules::REQUIRED,
            version,
            "a version must not be empty",
        ));
    }
    resources(rule, faults);
}

/// Resources and subresources: `pods`, `pods/*`, `*/scale`, `*`, `*/*`, each covered once.
fn resources<'a>(rule: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let (mut resources, mut subresources) = (HashSet::new(), HashSet::new());
    let (mut all, mut star, mut plain) = (false, false, false);
    for node in items(rule, "resources") {
        let Some(name) = node.as_str() else { continue };
        all |= name == "*/*";
        star |= name == "*";
        if name.is_empty() {
            faults.push(Fault::new(
                &rules::REQUIRED,
                node,
                "a resource must not be empty",
            ));
            continue;
        }
        let Some((resource, subresource)) = name.split_once('/') else {
            // The server only remembers what the last one was.
            plain = name != "*";
            continue;
        };
        for covered in [
            resources
                .contains(resource)
                .then(|| format!("{resource}/*")),
            subresources
                .contains(subresource)
                .then(|| format!("*/{subresource}")),
        ] {
            faults.extend(covered.map(|by| {
                let message = format!("`{by}` stands for this already");
                Fault::new(&rules::CONFLICT, node, message).help("remove it")
            }));
        }
        if subresource == "*" {
            resources.insert(resource);
        }
        if resource == "*" {
            subresources.insert(subresource);
        }
    }
    let Some(list) = rule.get("resources") else {
        return;
    };
    if all && list.items().len() > 1 {
        let fault = Fault::new(
            &rules::CONFLICT,
            list,
            "`*/*` stands for all, and nothing stands beside it",
        );
        faults.push(fault.help("keep `*/*` only, or the others"));
    }
    if star && plain {
        let fault = Fault::new(
            &rules::CONFLICT,
            list,
            "`*` stands for all resources, and no other stands beside it",
        );
        faults.push(fault.help("keep `*` and subresources only, or the others"));
    }
}

#[cfg(test)]
#[allow(clippy::too_many_lines, reason = "cases are lines of a table")]
mod tests {
    use crate::api::testing::{accepted, faults, refused};

    const POLICY: &str = "
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: replicas.example.com
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}]
  variables: [{name: replicas, expression: object.spec.replicas}]
  validations: [{expression: variables.replicas < 5}]
";
    const RULE: &str =
        "[{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}]";

    #[test]
    fn rules_of_policies_and_webhooks() {
        let rule = |field: &str, value: &str| {
            let fields = [
                ("apiGroups", "[apps]"),
                ("apiVersions", "[v1]"),
                ("operations", "[CREATE]"),
                ("resources", "[pods]"),
            ];
            let fields = fields.map(|(name, usual)| {
                format!("{name}: {}", if name == field { value } else { usual })
            });
            let more = if fields.iter().any(|text| text.starts_with(field)) {
                String::new()
            } else {
                format!(", {field}: {value}")
            };
            format!("[{{{}{more}}}]", fields.join(", "))
        };
        let field = |field: &str| format!("spec.matchConstraints.resourceRules[0].{field}");
        refused(
            POLICY,
            &[
                (
                    RULE,
                    &rule("operations", "[]"),
                    "api/required",
                    &field("operations"),
                    "[]",
                ),
                (
                    RULE,
                    &rule("operations", "[PATCH]"),
                    "api/enum",
                    &field("operations[0]"),
                    "PATCH",
                ),
                (
                    RULE,
                    &rule("operations", "['*', CREATE]"),
                    "api/conflict",
                    &field("operations[0]"),
                    "'*'",
                ),
                (
                    RULE,
                    &rule("apiGroups", "[]"),
                    "api/required",
                    &field("apiGroups"),
                    "[]",
                ),
                (
                    RULE,
                    &rule("apiGroups", "[apps, '*']"),
                    "api/conflict",
                    &field("apiGroups[1]"),
                    "'*'",
                ),
                (
                    RULE,
                    &rule("apiVersions", "[]"),
                    "api/required",
                    &field("apiVersions"),
                    "[]",
                ),
                (
                    RULE,
                    &rule("apiVersions", "['']"),
                    "api/required",
                    &field("apiVersions[0]"),
                    "''",
                ),
                (
                    RULE,
                    &rule("resources", "[]"),
                    "api/required",
                    &field("resources"),
                    "[]",
                ),
                (
                    RULE,
                    &rule("resources", "['']"),
                    "api/required",
                    &field("resources[0]"),
                    "''",
                ),
                (
                    RULE,
                    &rule("resources", "['*/*', pods]"),
                    "api/conflict",
                    &field("resources"),
                    "['*/*', pods]",
                ),
                (
                    RULE,
                    &rule("resources", "['*', pods]"),
                    "api/conflict",
                    &field("resources"),
                    "['*', pods]",
                ),
                (
                    RULE,
                    &rule("resources", "[pods/*, pods/exec]"),
                    "api/conflict",
                    &field("resources[1]"),
                    "pods/exec",
                ),
                (
                    RULE,
                    &rule("resources", "['*/scale', a/scale]"),
                    "api/conflict",
                    &field("resources[1]"),
                    "a/scale",
                ),
                (
                    RULE,
                    &rule("scope", "Namespace"),
                    "api/enum",
                    &field("scope"),
                    "Namespace",
                ),
                (
                    RULE,
                    &rule("resourceNames", "[a, a]"),
                    "api/duplicate",
                    &field("resourceNames[1]"),
                    "a",
                ),
                (
                    RULE,
                    &rule("resourceNames", "[a/b]"),
                    "api/name",
                    &field("resourceNames[0]"),
                    "a/b",
                ),
            ],
        );
        accepted(
            POLICY,
            &[
                (RULE, &rule("apiGroups", "['']")),
                (
                    RULE,
                    &rule("resources", "['*', '*/*']").replace(", '*/*'", ", pods/exec"),
                ),
                (RULE, &rule("resources", "[pods, pods/exec, '*/scale']")),
                // The server looks at the last one only.
                (RULE, &rule("resources", "[pods, '*']")),
                (RULE, &rule("operations", "['*']")),
                (RULE, &rule("scope", "'*'")),
            ],
        );
    }

    #[test]
    fn webhooks() {
        let base = "
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata:
  name: checks
webhooks:
  - name: pods.checks.example.com
    admissionReviewVersions: [v1]
    sideEffects: None
    timeoutSeconds: 5
    clientConfig:
      service: {name: checks, namespace: shop}
    rules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
";
        let (name, time, service) = (
            "pods.checks.example.com",
            "timeoutSeconds: 5",
            "service: {name: checks, namespace: shop}",
        );
        let field = |field: &str| format!("webhooks[0].{field}");
        refused(
            base,
            &[
                (
                    name,
                    "pods.checks",
                    "api/name",
                    &field("name"),
                    "pods.checks",
                ),
                (
                    name,
                    "Pods.checks.example.com",
                    "api/name",
                    &field("name"),
                    "Pods.checks.example.com",
                ),
                (name, "''", "api/required", &field("name"), "''"),
                (
                    "[v1]\n    side",
                    "[]\n    side",
                    "api/required",
                    &field("admissionReviewVersions"),
                    "[]",
                ),
                (
                    "[v1]\n    side",
                    "[v2]\n    side",
                    "api/enum",
                    &field("admissionReviewVersions"),
                    "[v2]",
                ),
                (
                    "[v1]\n    side",
                    "[v1, v1]\n    side",
                    "api/duplicate",
                    &field("admissionReviewVersions[1]"),
                    "v1",
                ),
                (
                    "sideEffects: None",
                    "sideEffects: Some",
                    "api/enum",
                    &field("sideEffects"),
                    "Some",
                ),
                (
                    time,
                    "timeoutSeconds: 31",
                    "api/range",
                    &field("timeoutSeconds"),
                    "31",
                ),
                (
                    time,
                    "timeoutSeconds: 0",
                    "api/range",
                    &field("timeoutSeconds"),
                    "0",
                ),
                (
                    time,
                    "failurePolicy: Allow",
                    "api/enum",
                    &field("failurePolicy"),
                    "Allow",
                ),
                (
                    time,
                    "matchPolicy: Like",
                    "api/enum",
                    &field("matchPolicy"),
                    "Like",
                ),
                (
                    time,
                    "reinvocationPolicy: Always",
                    "api/enum",
                    &field("reinvocationPolicy"),
                    "Always",
                ),
                (
                    time,
                    "matchConditions: [{name: a, expression: ''}]",
                    "api/required",
                    &field("matchConditions[0].expression"),
                    "''",
                ),
                (
                    time,
                    "namespaceSelector: {matchLabels: {a b: c}}",
                    "api/name",
                    &field("namespaceSelector.matchLabels[a b]"),
                    "a b",
                ),
                (
                    service,
                    "url: http://a.b/c",
                    "api/format",
                    &field("clientConfig.url"),
                    "http://a.b/c",
                ),
                (
                    service,
                    "url: https://a.b/c?d=e",
                    "api/format",
                    &field("clientConfig.url"),
                    "https://a.b/c?d=e",
                ),
                (
                    service,
                    "caBundle: ''",
                    "api/alternatives",
                    &field("clientConfig"),
                    "caBundle: ''",
                ),
                (
                    service,
                    "service: {name: a, namespace: b}\n      url: https://a",
                    "api/alternatives",
                    &field("clientConfig.service"),
                    "service",
                ),
                (
                    service,
                    "service: {name: '', namespace: shop}",
                    "api/required",
                    &field("clientConfig.service.name"),
                    "''",
                ),
                (
                    service,
                    "service: {name: a, namespace: shop, port: 0}",
                    "api/range",
                    &field("clientConfig.service.port"),
                    "0",
                ),
                (
                    service,
                    "service: {name: a, namespace: shop, path: a}",
                    "api/path",
                    &field("clientConfig.service.path"),
                    "a",
                ),
                (
                    service,
                    "service: {name: a, namespace: shop, path: /A}",
                    "api/path",
                    &field("clientConfig.service.path"),
                    "/A",
                ),
                (
                    "resources: [pods]",
                    "resources: [pods], scope: Namespace",
                    "api/enum",
                    &field("rules[0].scope"),
                    "Namespace",
                ),
            ],
        );
        accepted(
            base,
            &[
                ("[v1]\n    side", "[v1, v2]\n    side"),
                (service, "url: https://a.b:8443/c"),
                (
                    service,
                    "service: {name: a, namespace: b, path: /, port: 65535}",
                ),
                (time, "objectSelector: {}\n    namespaceSelector: null"),
                (time, "reinvocationPolicy: IfNeeded"),
            ],
        );
        let item = base.split_once("webhooks:\n").unwrap().1;
        let twice = format!("{base}{item}");
        assert_eq!(
            faults(&twice),
            [(
                "api/duplicate",
                "webhooks[1].name".to_owned(),
                name.to_owned()
            )]
        );
    }
}
