//! Admission: policies and their bindings, and webhooks
//! (`k8s.io/kubernetes/pkg/apis/admissionregistration/validation`). Expressions are not looked into.

use std::collections::HashSet;

use crate::api::Fact::{AtMostBytes, AtMostItems, Filled, OneOf, Required, Spelled, Within};
use crate::api::fact::{given, is_empty, text, wanting};
use crate::api::field::{items, present};
use crate::api::names::Spelling::{Label1035, PathSegment, QualifiedName, Subdomain};
use crate::api::{Context, Definition, Fact, rules, webhook};
use crate::manifest::Fault;
use crate::yaml::Node;

const FAIL_OR_IGNORE: Fact = OneOf(&["Fail", "Ignore"]);
const EXACT_OR_EQUIVALENT: Fact = OneOf(&["Exact", "Equivalent"]);
const NEVER_OR_IF_NEEDED: Fact = OneOf(&["Never", "IfNeeded"]);
const SPEC: &[(&str, Fact)] = &[("spec", Required)];
const ACTION: &[(&str, Fact)] = &[("parameterNotFoundAction", Required)];
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
        name: "admissionregistration.*.ValidatingAdmissionPolicy",
        facts: SPEC,
        rules: &[],
    },
    Definition {
        name: "admissionregistration.*.ValidatingAdmissionPolicySpec",
        facts: &[
            ("failurePolicy", FAIL_OR_IGNORE),
            ("matchConstraints", Required),
            ("matchConditions", AtMostItems(64)),
            ("auditAnnotations", AtMostItems(20)),
        ],
        rules: &[
            resource_rules,
            does_something,
            unique_conditions,
            unique_keys,
        ],
    },
    Definition {
        name: "admissionregistration.*.MutatingAdmissionPolicy",
        facts: SPEC,
        rules: &[],
    },
    Definition {
        name: "admissionregistration.*.MutatingAdmissionPolicySpec",
        facts: &[
            ("failurePolicy", FAIL_OR_IGNORE),
            ("matchConstraints", Required),
            ("matchConditions", AtMostItems(64)),
            ("mutations", Required),
            ("reinvocationPolicy", Required),
            ("reinvocationPolicy", NEVER_OR_IF_NEEDED),
        ],
        rules: &[resource_rules, mutates_what_is_written, unique_conditions],
    },
    Definition {
        name: "admissionregistration.*.Mutation",
        facts: &[
            ("patchType", Required),
            ("patchType", OneOf(&["ApplyConfiguration", "JSONPatch"])),
        ],
        rules: &[patch],
    },
    Definition {
        name: "admissionregistration.*.ApplyConfiguration",
        facts: &[("expression", Required)],
        rules: &[expression],
    },
    Definition {
        name: "admissionregistration.*.JSONPatch",
        facts: &[("expression", Required)],
        rules: &[expression],
    },
    Definition {
        name: "admissionregistration.*.ParamKind",
        facts: &[("apiVersion", Required), ("kind", Required)],
        rules: &[kind_of_params],
    },
    Definition {
        name: "admissionregistration.*.MatchResources",
        facts: &[("matchPolicy", EXACT_OR_EQUIVALENT)],
        rules: &[],
    },
    Definition {
        name: "admissionregistration.*.MatchCondition",
        facts: &[
            ("name", Required),
            ("name", Spelled(QualifiedName)),
            ("expression", Required),
        ],
        rules: &[expression],
    },
    Definition {
        name: "admissionregistration.*.Variable",
        facts: &[("name", Required), ("expression", Required)],
        rules: &[identifier, expression],
    },
    Definition {
        name: "admissionregistration.*.Validation",
        facts: &[
            ("expression", Required),
            (
                "reason",
                OneOf(&[
                    "Unauthorized",
                    "Forbidden",
                    "Invalid",
                    "RequestEntityTooLarge",
                ]),
            ),
        ],
        rules: &[expression, message],
    },
    Definition {
        name: "admissionregistration.*.AuditAnnotation",
        facts: &[
            ("key", Required),
            ("valueExpression", Required),
            ("valueExpression", AtMostBytes(5 << 10)),
        ],
        rules: &[annotation_key],
    },
    Definition {
        name: "admissionregistration.*.ValidatingAdmissionPolicyBinding",
        facts: SPEC,
        rules: &[],
    },
    Definition {
        name: "admissionregistration.*.ValidatingAdmissionPolicyBindingSpec",
        facts: &[
            ("policyName", Required),
            ("policyName", Spelled(Subdomain)),
            ("validationActions", Required),
            ("validationActions", OneOf(&["Deny", "Warn", "Audit"])),
        ],
        rules: &[actions],
    },
    Definition {
        name: "admissionregistration.*.MutatingAdmissionPolicyBinding",
        facts: SPEC,
        rules: &[],
    },
    Definition {
        name: "admissionregistration.*.MutatingAdmissionPolicyBindingSpec",
        facts: &[("policyName", Required), ("policyName", Spelled(Subdomain))],
        rules: &[],
    },
    Definition {
        name: "admissionregistration.*.ParamRef",
        facts: &[
            ("name", Spelled(PathSegment)),
            ("parameterNotFoundAction", OneOf(&["Allow", "Deny"])),
        ],
        rules: &[name_or_selector],
    },
    // The first version has a default.
    Definition {
        name: "admissionregistration.v1.ParamRef",
        facts: ACTION,
        rules: &[],
    },
    Definition {
        name: "admissionregistration.v1beta1.ParamRef",
        facts: ACTION,
        rules: &[],
    },
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
        name: "admissionregistration.v1.WebhookClientConfig",
        facts: &[],
        rules: &[client],
    },
    Definition {
        name: "admissionregistration.v1.MutatingWebhook",
        facts: &[("reinvocationPolicy", NEVER_OR_IF_NEEDED)],
        rules: &[],
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

const WEBHOOK: &[(&str, Fact)] = &[
    ("name", Required),
    ("failurePolicy", FAIL_OR_IGNORE),
    ("matchPolicy", EXACT_OR_EQUIVALENT),
    ("sideEffects", Filled),
    ("sideEffects", OneOf(&["None", "NoneOnDryRun"])),
    ("timeoutSeconds", Within(1, 30)),
    ("matchConditions", AtMostItems(64)),
];

/// An expression of spaces is none.
fn expression<'a>(_: &Context<'a>, owner: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    blank(owner, "expression", faults);
}

fn blank<'a>(owner: Node<'a>, field: &str, faults: &mut Vec<Fault<'a>>) {
    let node = owner.get(field).filter(|node| {
        node.as_str()
            .is_some_and(|text| !text.is_empty() && text.trim().is_empty())
    });
    faults.extend(node.map(|node| {
        let fault = Fault::new(
            &rules::REQUIRED,
            node,
            format!("`{field}` must not be blank"),
        );
        fault.help(format!("set `{field}`"))
    }));
}

/// A policy says what it is about.
fn resource_rules<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let constraints = spec
        .get("matchConstraints")
        .filter(|constraints| !is_empty(*constraints));
    if let Some(constraints) =
        constraints.filter(|constraints| given(*constraints, "resourceRules").is_none())
    {
        let fault = wanting(
            constraints,
            "resourceRules",
            "a policy needs a rule that says what resources it is about",
        );
        faults.push(fault.help("list a rule under `resourceRules`"));
    }
}

fn does_something<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if items(spec, "validations").next().is_none()
        && items(spec, "auditAnnotations").next().is_none()
    {
        faults.push(wanting(
            spec,
            "validations",
            "a policy needs `validations` or `auditAnnotations`",
        ));
    }
}

/// Adds a fault for each item of a list whose text under `field` another has too.
fn unique<'a>(owner: Node<'a>, list: &str, field: &str, what: &str, faults: &mut Vec<Fault<'a>>) {
    let mut seen = HashSet::new();
    for node in items(owner, list)
        .filter_map(|item| item.get(field))
        .filter(|node| !is_empty(*node))
    {
        if !seen.insert(node.as_str()) {
            faults.push(Fault::new(
                &rules::DUPLICATE,
                node,
                format!("another {what} has the same `{field}`"),
            ));
        }
    }
}

fn unique_conditions<'a>(_: &Context<'a>, owner: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    unique(owner, "matchConditions", "name", "condition", faults);
}

fn unique_keys<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    unique(spec, "auditAnnotations", "key", "annotation", faults);
}

fn unique_webhooks<'a>(_: &Context<'a>, configuration: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    unique(
        configuration,
        "webhooks",
        "name",
        "webhook of this configuration",
        faults,
    );
}

/// Only what is made or changed can be mutated.
fn mutates_what_is_written<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let rules = spec
        .get("matchConstraints")
        .into_iter()
        .flat_map(|constraints| items(constraints, "resourceRules"));
    for operation in rules.flat_map(|rule| items(rule, "operations")) {
        if matches!(operation.as_str(), Some("DELETE" | "CONNECT" | "*")) {
            let fault = Fault::new(
                &rules::ENUM,
                operation,
                "a policy can mutate what is created or updated only",
            );
            faults.push(fault.help("list `CREATE`, `UPDATE` or both"));
        }
    }
}

fn patch<'a>(_: &Context<'a>, mutation: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let (own, other) = match text(mutation, "patchType") {
        "ApplyConfiguration" => ("applyConfiguration", "jsonPatch"),
        "JSONPatch" => ("jsonPatch", "applyConfiguration"),
        _ => return,
    };
    if present(mutation, own).is_none() {
        let message = format!("`patchType: {}` needs `{own}`", text(mutation, "patchType"));
        faults.push(Fault::new(&rules::REQUIRED, mutation, message).below(own));
    }
    if let Some((key, _)) = mutation.entry(other).filter(|(_, value)| !value.is_null()) {
        let message = format!(
            "`{other}` is not for `patchType: {}`",
            text(mutation, "patchType")
        );
        faults.push(
            Fault::new(&rules::ALTERNATIVES, key, message)
                .help(format!("remove it, or use `{own}` only")),
        );
    }
}

fn kind_of_params<'a>(_: &Context<'a>, kind: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    webhook::kind(kind, "kind", faults);
    let Some((node, version)) = kind
        .get("apiVersion")
        .and_then(|node| Some((node, node.as_str()?)))
    else {
        return;
    };
    let (group, version) = match version.split_once('/') {
        Some((group, version)) => (Some(group), version),
        None => (None, version),
    };
    let fits = group.is_none_or(|group| group.is_empty() || Subdomain.fault(group).is_none());
    if !text(kind, "apiVersion").is_empty() && (!fits || Label1035.fault(version).is_some()) {
        let message = "this must be a group and a version such as `rules.example.com/v1`, or a version of the core group";
        faults.push(Fault::new(&rules::NAME, node, message));
    }
}

fn identifier<'a>(_: &Context<'a>, variable: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    const RESERVED: [&str; 21] = [
        "true",
        "false",
        "null",
        "in",
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
        "while",
    ];
    let Some((node, name)) = variable
        .get("name")
        .and_then(|node| Some((node, node.as_str()?)))
    else {
        return;
    };
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let fits =
        plain && !name.starts_with(|c: char| c.is_ascii_digit()) && !RESERVED.contains(&name);
    if !fits && !name.is_empty() {
        let message = "a variable's name is letters, digits and `_`, does not begin with a digit, and is no word of CEL";
        faults.push(Fault::new(&rules::NAME, node, message));
    }
}

/// What a user is told is one line that is not blank.
fn message<'a>(_: &Context<'a>, validation: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    blank(validation, "message", faults);
    blank(validation, "messageExpression", faults);
    let told = text(validation, "message").trim();
    if let Some(node) = validation
        .get("message")
        .filter(|_| told.contains(['\n', '\r']))
    {
        faults.push(Fault::new(
            &rules::FORMAT,
            node,
            "a message must be one line",
        ));
    }
}

fn annotation_key<'a>(context: &Context<'a>, annotation: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    blank(annotation, "valueExpression", faults);
    let Some((node, key)) = annotation
        .get("key")
        .and_then(|node| Some((node, node.as_str()?)))
    else {
        return;
    };
    let policy = context
        .object
        .path(&["metadata", "name"])
        .and_then(Node::as_str)
        .unwrap_or_default();
    let whole = if policy.is_empty() {
        key.to_owned()
    } else {
        format!("{policy}/{key}")
    };
    if let Some(words) = QualifiedName.fault(&whole).filter(|_| !key.is_empty()) {
        faults.push(Fault::new(
            &rules::NAME,
            node,
            format!("`{whole}`, which this makes, must be {words}"),
        ));
    }
}

fn actions<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let mut seen = HashSet::new();
    for action in items(spec, "validationActions") {
        if !seen.insert(action.as_str()) {
            faults.push(Fault::new(
                &rules::DUPLICATE,
                action,
                "this action is there twice",
            ));
        }
    }
    if let Some(list) = spec
        .get("validationActions")
        .filter(|_| seen.contains(&Some("Deny")) && seen.contains(&Some("Warn")))
    {
        let fault = Fault::new(
            &rules::CONFLICT,
            list,
            "`Deny` and `Warn` cannot stand together: what is denied is told anyway",
        );
        faults.push(fault.help("keep one of the two"));
    }
}

fn name_or_selector<'a>(_: &Context<'a>, reference: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let named = !text(reference, "name").is_empty();
    match (named, present(reference, "selector")) {
        (true, Some(_)) => {
            let key = reference.entry("selector").map(|(key, _)| key);
            faults.extend(key.map(|key| {
                let fault = Fault::new(
                    &rules::ALTERNATIVES,
                    key,
                    "`selector` cannot stand beside `name`",
                );
                fault.help("keep only one of `name`, `selector`")
            }));
        }
        (false, None) => {
            let fault = Fault::new(
                &rules::ALTERNATIVES,
                reference,
                "one of `name`, `selector` is missing",
            );
            faults.push(fault.help("set exactly one of them"));
        }
        _ => {}
    }
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
    if let Some(words) = Subdomain.fault(name).filter(|_| !name.is_empty()) {
        faults.push(Fault::new(
            &rules::NAME,
            node,
            format!("this must be {words}"),
        ));
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
    use crate::api::testing::{accepted, accepted_in, faults, refused, refused_in};

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
    const FAIL: &str = "failurePolicy: Fail";

    #[test]
    fn policies() {
        let validations = "[{expression: variables.replicas < 5}]";
        let variables = "[{name: replicas, expression: object.spec.replicas}]";
        let nothing = format!("  validations: {validations}\n");
        refused(
            POLICY,
            &[
                (
                    FAIL,
                    "failurePolicy: Warn",
                    "api/enum",
                    "spec.failurePolicy",
                    "Warn",
                ),
                (
                    RULE,
                    "[]",
                    "api/required",
                    "spec.matchConstraints.resourceRules",
                    "[]",
                ),
                (
                    &format!("resourceRules: {RULE}"),
                    "matchPolicy: Exact",
                    "api/required",
                    "spec.matchConstraints.resourceRules",
                    "matchPolicy: Exact",
                ),
                (
                    &format!("  matchConstraints:\n    resourceRules: {RULE}\n"),
                    "",
                    "api/required",
                    "spec.matchConstraints",
                    FAIL,
                ),
                (validations, "[]", "api/required", "spec.validations", "[]"),
                (&nothing, "", "api/required", "spec.validations", FAIL),
                (
                    validations,
                    "[{expression: ' '}]",
                    "api/required",
                    "spec.validations[0].expression",
                    "' '",
                ),
                (
                    validations,
                    "[{expression: 'true', message: ' '}]",
                    "api/required",
                    "spec.validations[0].message",
                    "' '",
                ),
                (
                    validations,
                    "[{expression: 'true', message: \"a\\nb\"}]",
                    "api/format",
                    "spec.validations[0].message",
                    "\"a\\nb\"",
                ),
                (
                    validations,
                    "[{expression: 'true', reason: Denied}]",
                    "api/enum",
                    "spec.validations[0].reason",
                    "Denied",
                ),
                (
                    variables,
                    "[{name: a-b, expression: '1'}]",
                    "api/name",
                    "spec.variables[0].name",
                    "a-b",
                ),
                (
                    variables,
                    "[{name: in, expression: '1'}]",
                    "api/name",
                    "spec.variables[0].name",
                    "in",
                ),
                (
                    FAIL,
                    "paramKind: {apiVersion: a/b/c, kind: Limit}",
                    "api/name",
                    "spec.paramKind.apiVersion",
                    "a/b/c",
                ),
                (
                    FAIL,
                    "paramKind: {apiVersion: v1}",
                    "api/required",
                    "spec.paramKind.kind",
                    "{apiVersion: v1}",
                ),
                (
                    FAIL,
                    "paramKind: {apiVersion: v1, kind: a_b}",
                    "api/name",
                    "spec.paramKind.kind",
                    "a_b",
                ),
                (
                    FAIL,
                    "matchConditions: [{name: a b, expression: 'true'}]",
                    "api/name",
                    "spec.matchConditions[0].name",
                    "a b",
                ),
                (
                    FAIL,
                    "matchConditions: [{name: a, expression: 'true'}, {name: a, expression: 'true'}]",
                    "api/duplicate",
                    "spec.matchConditions[1].name",
                    "a",
                ),
                (
                    FAIL,
                    "auditAnnotations: [{key: a b, valueExpression: '1'}]",
                    "api/name",
                    "spec.auditAnnotations[0].key",
                    "a b",
                ),
                (
                    FAIL,
                    "auditAnnotations: [{key: a, valueExpression: '1'}, {key: a, valueExpression: '1'}]",
                    "api/duplicate",
                    "spec.auditAnnotations[1].key",
                    "a",
                ),
            ],
        );
        accepted(
            POLICY,
            &[
                (
                    FAIL,
                    "paramKind: {apiVersion: rules.example.com/v1, kind: Limit}",
                ),
                (
                    FAIL,
                    "matchConditions: [{name: example.com/a_B, expression: 'true'}]",
                ),
                (
                    validations,
                    "[{expression: \"a ||\\nb\", messageExpression: \"'x'\", reason: Forbidden}]",
                ),
                (
                    &nothing,
                    "  auditAnnotations: [{key: replicas, valueExpression: 'x'}]\n",
                ),
            ],
        );
        let bare = "{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicy, metadata: {name: a}}";
        assert_eq!(
            faults(bare),
            [("api/required", "spec".to_owned(), bare.to_owned())]
        );
    }

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
    fn bindings() {
        let base = "
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: replicas
spec:
  policyName: replicas.example.com
  validationActions: [Deny]
";
        let (name, action) = ("policyName: replicas.example.com", "[Deny]");
        let reference = |reference: &str| format!("{name}\n  paramRef: {{{reference}}}");
        refused(
            base,
            &[
                (
                    name,
                    "policyName: a_b",
                    "api/name",
                    "spec.policyName",
                    "a_b",
                ),
                (
                    name,
                    "policyName: ''",
                    "api/required",
                    "spec.policyName",
                    "''",
                ),
                (action, "[]", "api/required", "spec.validationActions", "[]"),
                (
                    action,
                    "[Block]",
                    "api/enum",
                    "spec.validationActions[0]",
                    "Block",
                ),
                (
                    action,
                    "[Deny, Warn]",
                    "api/conflict",
                    "spec.validationActions",
                    "[Deny, Warn]",
                ),
                (
                    action,
                    "[Audit, Audit]",
                    "api/duplicate",
                    "spec.validationActions[1]",
                    "Audit",
                ),
                (
                    name,
                    &reference("name: a, selector: {}, parameterNotFoundAction: Deny"),
                    "api/alternatives",
                    "spec.paramRef.selector",
                    "selector",
                ),
                (
                    name,
                    &reference("parameterNotFoundAction: Deny"),
                    "api/alternatives",
                    "spec.paramRef",
                    "{parameterNotFoundAction: Deny}",
                ),
                (
                    name,
                    &reference("name: a"),
                    "api/required",
                    "spec.paramRef.parameterNotFoundAction",
                    "{name: a}",
                ),
                (
                    name,
                    &reference("name: a, parameterNotFoundAction: Ignore"),
                    "api/enum",
                    "spec.paramRef.parameterNotFoundAction",
                    "Ignore",
                ),
            ],
        );
        accepted(
            base,
            &[
                (action, "[Deny, Audit]"),
                (
                    name,
                    &reference("selector: {}, namespace: a, parameterNotFoundAction: Allow"),
                ),
                (
                    name,
                    &format!("{name}\n  matchResources: {{matchPolicy: Exact}}"),
                ),
            ],
        );
    }

    #[test]
    fn mutating_policies() {
        let base = "
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata:
  name: sidecar.example.com
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
  reinvocationPolicy: IfNeeded
  mutations: [{patchType: JSONPatch, jsonPatch: {expression: '[]'}}]
";
        let mutations = "[{patchType: JSONPatch, jsonPatch: {expression: '[]'}}]";
        let operation = "spec.matchConstraints.resourceRules[0].operations[1]";
        refused_in(
            36,
            base,
            &[
                (
                    "[CREATE]",
                    "[CREATE, DELETE]",
                    "api/enum",
                    operation,
                    "DELETE",
                ),
                (
                    "IfNeeded",
                    "Always",
                    "api/enum",
                    "spec.reinvocationPolicy",
                    "Always",
                ),
                (
                    "  reinvocationPolicy: IfNeeded\n",
                    "",
                    "api/required",
                    "spec.reinvocationPolicy",
                    FAIL,
                ),
                (mutations, "[]", "api/required", "spec.mutations", "[]"),
                (
                    mutations,
                    "[{patchType: Merge}]",
                    "api/enum",
                    "spec.mutations[0].patchType",
                    "Merge",
                ),
                (
                    mutations,
                    "[{patchType: JSONPatch}]",
                    "api/required",
                    "spec.mutations[0].jsonPatch",
                    "{patchType: JSONPatch}",
                ),
                (
                    mutations,
                    "[{patchType: JSONPatch, jsonPatch: {expression: ''}}]",
                    "api/required",
                    "spec.mutations[0].jsonPatch.expression",
                    "''",
                ),
                (
                    mutations,
                    "[{patchType: JSONPatch, jsonPatch: {expression: a}, applyConfiguration: {expression: b}}]",
                    "api/alternatives",
                    "spec.mutations[0].applyConfiguration",
                    "applyConfiguration",
                ),
            ],
        );
        accepted_in(
            &[36, 37],
            base,
            &[(
                mutations,
                "[{patchType: ApplyConfiguration, applyConfiguration: {expression: 'Object{}'}}]",
            )],
        );
        let beta = base.replace("k8s.io/v1\n", "k8s.io/v1beta1\n");
        refused(
            &beta,
            &[(mutations, "[]", "api/required", "spec.mutations", "[]")],
        );
        let binding = "{apiVersion: admissionregistration.k8s.io/v1alpha1, kind: MutatingAdmissionPolicyBinding, metadata: {name: a}, spec: {policyName: b, paramRef: {name: c}}}";
        refused(
            binding,
            &[(
                "policyName: b",
                "policyName: ''",
                "api/required",
                "spec.policyName",
                "''",
            )],
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
