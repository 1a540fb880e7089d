//! Roles and their bindings (`k8s.io/kubernetes/pkg/apis/rbac/validation`).

use crate::api::Fact::{OneOf, Required, Spelled};
use crate::api::fact::{given, spelled, text, wanting};
use crate::api::names::Spelling::{PathSegment, Subdomain};
use crate::api::{Context, Definition, rules};
use crate::manifest::Fault;
use crate::yaml::Node;

const GROUP: &str = "rbac.authorization.k8s.io";

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "rbac.v1.PolicyRule",
        facts: &[("verbs", Required)],
        rules: &[policy_rule],
    },
    Definition {
        name: "rbac.v1.AggregationRule",
        facts: &[("clusterRoleSelectors", Required)],
        rules: &[],
    },
    Definition {
        name: "rbac.v1.RoleRef",
        facts: &[
            ("apiGroup", OneOf(&[GROUP])),
            ("kind", Required),
            ("name", Required),
            ("name", Spelled(PathSegment)),
        ],
        rules: &[referred_kind],
    },
    Definition {
        name: "rbac.v1.Subject",
        facts: &[
            ("kind", Required),
            ("kind", OneOf(&["ServiceAccount", "User", "Group"])),
            ("name", Required),
        ],
        rules: &[subject],
    },
];

fn policy_rule<'a>(context: &Context<'a>, rule: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(urls) = given(rule, "nonResourceURLs") else {
        for (field, message) in [
            ("apiGroups", "a rule for resources needs their `apiGroups`"),
            ("resources", "a rule for an API group needs its `resources`"),
        ] {
            if given(rule, field).is_none() {
                let help = if field == "apiGroups" {
                    "the core group is `\"\"`"
                } else {
                    "list them in plural: `pods`, `secrets`"
                };
                faults.push(wanting(rule, field, message).help(help));
            }
        }
        return;
    };
    if context.is_a("Role") {
        let message = "a Role cannot allow paths, for they are in no namespace";
        faults.push(
            Fault::new(&rules::CONFLICT, urls, message).help("remove them, or use a ClusterRole"),
        );
    }
    let other = ["apiGroups", "resources", "resourceNames"]
        .into_iter()
        .find(|field| given(rule, field).is_some());
    if let Some(other) = other {
        let message = format!("`nonResourceURLs` cannot stand beside `{other}`");
        faults.push(Fault::new(&rules::ALTERNATIVES, urls, message).help("write two rules"));
    }
}

fn referred_kind<'a>(context: &Context<'a>, role: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(kind) = given(role, "kind") else {
        return;
    };
    if context.is_a("ClusterRoleBinding") {
        OneOf(&["ClusterRole"]).of_value(kind, faults);
    } else {
        OneOf(&["Role", "ClusterRole"]).of_value(kind, faults);
    }
}

fn subject<'a>(context: &Context<'a>, subject: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let (kind, group) = (text(subject, "kind"), given(subject, "apiGroup"));
    match kind {
        "ServiceAccount" => {
            if let Some(name) = given(subject, "name") {
                spelled(Subdomain, name, faults);
            }
            if let Some(group) = group {
                let message = "a ServiceAccount is of the core group";
                faults.push(
                    Fault::new(&rules::ENUM, group, message)
                        .help("remove `apiGroup`, or set it to `\"\"`"),
                );
            }
            if context.is_a("ClusterRoleBinding") && given(subject, "namespace").is_none() {
                let message = "a ServiceAccount in a ClusterRoleBinding needs its namespace";
                faults.push(wanting(subject, "namespace", message).help("set `namespace`"));
            }
        }
        "User" | "Group" => {
            if let Some(group) = group {
                OneOf(&[GROUP]).of_value(group, faults);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::api::testing::{accepted, refused};

    const ROLE: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: 'system:web'}
rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]
";
    const CLUSTER_ROLE: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: web}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {a: b}}]}
rules: [{nonResourceURLs: [/metrics], verbs: [get]}]
";
    const BINDING: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: 'system:web'}
subjects: [{kind: ServiceAccount, name: web, namespace: a}, {kind: User, name: jane@example.com}]
";

    #[test]
    fn rules_are_checked() {
        let rule = "{apiGroups: [''], resources: [pods], verbs: [get]}";
        refused(
            ROLE,
            &[
                (
                    ", verbs: [get]",
                    "",
                    "schema/missing-field",
                    "rules[0].verbs",
                    "{apiGroups: [''], resources: [pods]}",
                ),
                (
                    "verbs: [get]",
                    "verbs: []",
                    "api/required",
                    "rules[0].verbs",
                    "[]",
                ),
                (
                    "apiGroups: [''], ",
                    "",
                    "api/required",
                    "rules[0].apiGroups",
                    "{resources: [pods], verbs: [get]}",
                ),
                (
                    "resources: [pods]",
                    "resources: []",
                    "api/required",
                    "rules[0].resources",
                    "[]",
                ),
                (
                    rule,
                    "{nonResourceURLs: [/a], verbs: [get]}",
                    "api/conflict",
                    "rules[0].nonResourceURLs",
                    "[/a]",
                ),
                ("'system:web'", "a/b", "api/name", "metadata.name", "a/b"),
                ("'system:web'", "a%b", "api/name", "metadata.name", "a%b"),
            ],
        );
        accepted(
            ROLE,
            &[
                (
                    "rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]",
                    "rules: []",
                ),
                ("'system:web'", "A b:c"),
            ],
        );
        refused(
            CLUSTER_ROLE,
            &[
                (
                    "nonResourceURLs",
                    "resources: [pods], nonResourceURLs",
                    "api/alternatives",
                    "rules[0].nonResourceURLs",
                    "[/metrics]",
                ),
                (
                    "[{matchLabels: {a: b}}]",
                    "[]",
                    "api/required",
                    "aggregationRule.clusterRoleSelectors",
                    "[]",
                ),
                (
                    "{a: b}",
                    "{a: 'b c'}",
                    "api/name",
                    "aggregationRule.clusterRoleSelectors[0].matchLabels.a",
                    "'b c'",
                ),
            ],
        );
        accepted(
            CLUSTER_ROLE,
            &[
                ("[/metrics]", "['*', no-slash]"),
                ("rules: [{nonResourceURLs: [/metrics], verbs: [get]}]\n", ""),
            ],
        );
    }

    #[test]
    fn bindings_are_checked() {
        refused(
            BINDING,
            &[
                (
                    "kind: Role,",
                    "kind: role,",
                    "api/enum",
                    "roleRef.kind",
                    "role",
                ),
                (
                    "apiGroup: rbac.authorization.k8s.io, kind",
                    "apiGroup: rbac, kind",
                    "api/enum",
                    "roleRef.apiGroup",
                    "rbac",
                ),
                (
                    "name: 'system:web'",
                    "name: a/b",
                    "api/name",
                    "roleRef.name",
                    "a/b",
                ),
                (
                    "name: 'system:web'",
                    "name: ''",
                    "api/required",
                    "roleRef.name",
                    "''",
                ),
                (
                    "kind: User",
                    "kind: user",
                    "api/enum",
                    "subjects[1].kind",
                    "user",
                ),
                (
                    "kind: User",
                    "apiGroup: a, kind: User",
                    "api/enum",
                    "subjects[1].apiGroup",
                    "a",
                ),
                (
                    "kind: ServiceAccount, name: web",
                    "kind: ServiceAccount, name: a_b",
                    "api/name",
                    "subjects[0].name",
                    "a_b",
                ),
                (
                    "name: web, namespace: a",
                    "name: web, apiGroup: a",
                    "api/enum",
                    "subjects[0].apiGroup",
                    "a",
                ),
            ],
        );
        accepted(
            BINDING,
            &[
                ("apiGroup: rbac.authorization.k8s.io, ", ""),
                ("kind: Role,", "kind: ClusterRole,"),
                (
                    "subjects: [{kind: ServiceAccount, name: web, namespace: a}, {kind: User, name: jane@example.com}]",
                    "",
                ),
                (", namespace: a", ""),
                (
                    "kind: User",
                    "kind: Group, apiGroup: rbac.authorization.k8s.io",
                ),
            ],
        );
        let cluster = BINDING
            .replace("RoleBinding", "ClusterRoleBinding")
            .replace("kind: Role,", "kind: ClusterRole,");
        refused(
            &cluster,
            &[
                (
                    "kind: ClusterRole,",
                    "kind: Role,",
                    "api/enum",
                    "roleRef.kind",
                    "Role",
                ),
                (
                    ", namespace: a",
                    "",
                    "api/required",
                    "subjects[0].namespace",
                    "{kind: ServiceAccount, name: web}",
                ),
            ],
        );
    }
}
