//! Admission: policies and their bindings
//! (`k8s.io/kubernetes/pkg/apis/admissionregistration/validation`). Expressions are not looked into.

use std::collections::HashSet;

use crate::api::Fact::{AtMostBytes, AtMostItems, OneOf, Required, Spelled};
use crate::api::fact::{given, is_empty, text, wanting};
use crate::api::field::{items, present};
use crate::api::names::Spelling::{Label1035, PathSegment, QualifiedName, Subdomain};
use crate::api::{Context, Definition, Fact, rules, webhook};
use crate::manifest::Fault;
use crate::yaml::Node;

pub(super) const FAIL_OR_IGNORE: Fact = OneOf(&["Fail", "Ignore"]);
pub(super) const EXACT_OR_EQUIVALENT: Fact = OneOf(&["Exact", "Equivalent"]);
pub(super) const NEVER_OR_IF_NEEDED: Fact = OneOf(&["Never", "IfNeeded"]);
const SPEC: &[(&str, Fact)] = &[("spec", Required)];

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
pub(super) fn unique<'a>(
    owner: Node<'a>,
    list: &str,
    field: &str,
    what: &str,
    faults: &mut Vec<Fault<'a>>,
) {
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

pub(super) fn unique_conditions<'a>(_: &Context<'a>, owner: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    unique(owner, "matchConditions", "name", "condition", faults);
}

fn unique_keys<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    unique(spec, "auditAnnotations", "key", "annotation", faults);
}

/// What is deleted cannot be mutated.
fn mutates_what_is_written<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let rules = spec
        .get("matchConstraints")
        .into_iter()
        .flat_map(|constraints| items(constraints, "resourceRules"));
    for operation in rules.flat_map(|rule| items(rule, "operations")) {
        if operation.as_str() == Some("DELETE") {
            let fault = Fault::new(&rules::ENUM, operation, "what is deleted cannot be mutated");
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
                (name, &reference("name: a")),
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
}
