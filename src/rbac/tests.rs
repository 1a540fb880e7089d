use super::*;
use crate::cluster::Settings;
use crate::manifest::{Resource, Scopes, field_path, flatten};
use crate::yaml::{Limits, read};

/// Returns what is found: rule, object, field, message.
fn found(yaml: &str) -> Vec<(String, String, String, String)> {
    found_within(yaml, STEPS)
}

fn found_within(yaml: &str, steps: usize) -> Vec<(String, String, String, String)> {
    let stream = read(&yaml.into(), &Limits::default());
    assert!(stream.problems.is_empty(), "{:?}", stream.problems);
    let documents = stream.documents.into_iter().flat_map(flatten);
    let resources: Vec<Resource> = documents.map(Resource::new).collect();
    let settings = Settings {
        whole: true,
        ..Settings::default()
    };
    let cluster = Cluster::new(resources.iter().collect(), Scopes::default(), &settings);
    check_within(&cluster, steps)
        .into_iter()
        .map(|found| {
            let object = &resources[found.object];
            let field = field_path(object.root(), found.fault.node);
            let rule = found.fault.rule.to_string();
            (rule, object.id.to_string(), field, found.fault.message)
        })
        .collect()
}

const ROLE: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ";

fn role(rules: &str) -> String {
    format!("{ROLE}ClusterRole\nmetadata: {{name: r}}\nrules: {rules}\n")
}

fn bound(kind: &str, role: &str, subject: &str) -> String {
    format!(
        "---\n{ROLE}{kind}\nmetadata: {{name: b, namespace: ns}}\nroleRef: {{kind: ClusterRole, name: {role}}}\nsubjects: [{subject}]\n"
    )
}

const ACCOUNT: &str = "{kind: ServiceAccount, namespace: ns, name: a}";

#[test]
fn each_power_is_found_at_its_resource() {
    let rule = |group: &str, resources: &str, verbs: &str| {
        format!("[{{apiGroups: ['{group}'], resources: [{resources}], verbs: [{verbs}]}}]")
    };
    for (group, resources, verbs, expected, field) in [
        (
            "rbac.authorization.k8s.io",
            "clusterroles",
            "bind",
            "rbac/escalate",
            "rules[0].resources[0]",
        ),
        (
            "rbac.authorization.k8s.io",
            "roles",
            "escalate",
            "rbac/escalate",
            "rules[0].resources[0]",
        ),
        (
            "",
            "users",
            "impersonate",
            "rbac/escalate",
            "rules[0].resources[0]",
        ),
        (
            "",
            "serviceaccounts",
            "impersonate",
            "rbac/escalate",
            "rules[0].resources[0]",
        ),
        (
            "",
            "pods, secrets",
            "list",
            "rbac/read-secrets",
            "rules[0].resources[1]",
        ),
        (
            "",
            "secrets",
            "patch",
            "rbac/write-secrets",
            "rules[0].resources[0]",
        ),
        (
            "",
            "serviceaccounts/token",
            "create",
            "rbac/token-request",
            "rules[0].resources[0]",
        ),
        (
            "",
            "'*/token'",
            "create",
            "rbac/token-request",
            "rules[0].resources[0]",
        ),
        (
            "",
            "pods",
            "create",
            "rbac/create-pods",
            "rules[0].resources[0]",
        ),
        (
            "apps",
            "statefulsets",
            "patch",
            "rbac/create-pods",
            "rules[0].resources[0]",
        ),
        (
            "batch",
            "cronjobs",
            "update",
            "rbac/create-pods",
            "rules[0].resources[0]",
        ),
        ("", "pods/exec", "get", "rbac/exec", "rules[0].resources[0]"),
        (
            "",
            "pods/ephemeralcontainers",
            "patch",
            "rbac/exec",
            "rules[0].resources[0]",
        ),
        (
            "",
            "nodes/proxy",
            "get",
            "rbac/nodes",
            "rules[0].resources[0]",
        ),
        (
            "",
            "persistentvolumes",
            "create",
            "rbac/nodes",
            "rules[0].resources[0]",
        ),
        (
            "certificates.k8s.io",
            "certificatesigningrequests/approval",
            "update",
            "rbac/certificates",
            "rules[0].resources[0]",
        ),
        (
            "admissionregistration.k8s.io",
            "validatingwebhookconfigurations",
            "patch",
            "rbac/webhook-control",
            "rules[0].resources[0]",
        ),
    ] {
        let told = found(&role(&rule(group, resources, verbs)));
        let told: Vec<(&str, &str)> = told
            .iter()
            .map(|one| (one.0.as_str(), one.2.as_str()))
            .collect();
        assert_eq!(told, [(expected, field)], "{group} {resources} {verbs}");
    }
    for (group, resources, verbs) in [
        ("", "pods", "get, list, watch, delete"),
        ("", "secrets", "delete"),
        ("apps", "secrets", "get"),
        (
            "apps",
            "deployments/scale, deployments/status",
            "update, patch",
        ),
        ("", "nodes, nodes/metrics", "get, list"),
        (
            "rbac.authorization.k8s.io",
            "roles, rolebindings",
            "get, create, update",
        ),
        ("", "serviceaccounts", "get, create"),
        ("", "pods/log, pods/portforward", "get, create"),
    ] {
        assert_eq!(
            found(&role(&rule(group, resources, verbs))),
            [],
            "{group} {resources}"
        );
    }
}

#[test]
fn names_bound_a_power() {
    let rules =
        "[{apiGroups: [''], resources: [secrets], verbs: [get, update], resourceNames: [own]}]";
    assert_eq!(found(&role(rules)), []);
}

#[test]
fn stars_are_told_once_for_a_rule() {
    for (rules, message, field) in [
        (
            "[{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]",
            "this rule allows every verb, every resource, every API group",
            "rules[0].verbs[0]",
        ),
        (
            "[{apiGroups: ['*'], resources: ['*'], verbs: [get]}]",
            "this rule allows every resource, every API group",
            "rules[0].resources[0]",
        ),
        (
            "[{apiGroups: [apps], resources: [controllerrevisions], verbs: ['*']}]",
            "this rule allows every verb",
            "rules[0].verbs[0]",
        ),
        (
            "[{nonResourceURLs: ['*'], verbs: [get]}]",
            "this rule allows every path",
            "rules[0].nonResourceURLs[0]",
        ),
    ] {
        let told = found(&role(rules));
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(
            (&*told[0].0, &*told[0].2, &*told[0].3),
            ("rbac/wildcard", field, message)
        );
    }
}

#[test]
fn the_message_names_who_and_where() {
    let rules = "[{apiGroups: [''], resources: [secrets], verbs: [get]}]";
    let group = "{kind: Group, name: team}";
    for (bindings, message) in [
        (
            String::new(),
            "whoever this role is bound to may read every Secret",
        ),
        (
            bound("ClusterRoleBinding", "r", ACCOUNT),
            "ServiceAccount `ns/a` may read every Secret in all namespaces",
        ),
        (
            bound("RoleBinding", "r", ACCOUNT),
            "ServiceAccount `ns/a` may read every Secret in namespace `ns`",
        ),
        (
            bound("RoleBinding", "r", &format!("{group}, {ACCOUNT}")),
            "ServiceAccount `ns/a` (and 1 more) may read every Secret in namespace `ns`",
        ),
        (
            bound("RoleBinding", "r", group),
            "group `team` may read every Secret in namespace `ns`",
        ),
    ] {
        let told = found(&format!("{}{bindings}", role(rules)));
        assert_eq!(told[0].3, message);
    }
    let adds = role(rules).replace(
        "name: r",
        "name: r, labels: {rbac.authorization.k8s.io/aggregate-to-view: 'true'}",
    );
    assert_eq!(
        found(&adds)[0].3,
        "whoever has the built-in role `view` may read every Secret"
    );
}

#[test]
fn what_is_in_no_namespace_is_not_given_by_a_role_binding() {
    let rules = "[{apiGroups: [''], resources: [nodes/proxy], verbs: [get]}]";
    assert_eq!(
        found(&format!(
            "{}{}",
            role(rules),
            bound("RoleBinding", "r", ACCOUNT)
        )),
        []
    );
}

#[test]
fn aggregated_rules_are_their_holders() {
    let yaml = format!(
        "{}---\n{ROLE}ClusterRole\nmetadata: {{name: all}}\naggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{add: me}}}}]}}\n{}",
        role("[{apiGroups: [''], resources: [secrets], verbs: [get]}]")
            .replace("name: r", "name: r, labels: {add: me}"),
        bound("ClusterRoleBinding", "all", ACCOUNT)
    );
    assert_eq!(
        found(&yaml)[0].3,
        "ServiceAccount `ns/a` may read every Secret in all namespaces"
    );
}

#[test]
fn the_chain_leads_to_the_strongest_account() {
    let second = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: strong}\nrules: [{apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [bind]}]\n";
    let strong = bound(
        "ClusterRoleBinding",
        "strong",
        "{kind: ServiceAccount, namespace: ns, name: boss}",
    )
    .replace("name: b,", "name: c,");
    let pods = role("[{apiGroups: [''], resources: [pods], verbs: [create]}]");
    let told = found(&format!(
        "{pods}{}{second}{strong}",
        bound("RoleBinding", "r", ACCOUNT)
    ));
    let message = "ServiceAccount `ns/a` may run pods as any ServiceAccount in namespace `ns`; `ns/boss`, which it can become, may give itself any right";
    assert!(told.iter().any(|one| one.3 == message), "{told:?}");
    // In another namespace it is out of reach.
    let elsewhere = bound("RoleBinding", "r", ACCOUNT)
        .replace("namespace: ns}\nroleRef", "namespace: m}\nroleRef");
    let told = found(&format!("{pods}{elsewhere}{second}{strong}"));
    let message = "ServiceAccount `ns/a` may run pods as any ServiceAccount in namespace `m`";
    assert!(told.iter().any(|one| one.3 == message), "{told:?}");
}

#[test]
fn a_power_is_told_though_too_many_may_have_it() {
    let pods = role("[{apiGroups: [''], resources: [pods], verbs: [create]}]");
    let yaml = format!("{pods}{}", bound("RoleBinding", "r", ACCOUNT));
    for (steps, message) in [
        (
            2,
            "ServiceAccount `ns/a` may run pods as any ServiceAccount in namespace `ns`",
        ),
        (
            1,
            "whoever this role is bound to may run pods as any ServiceAccount",
        ),
    ] {
        let told = found_within(&yaml, steps);
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0].3, message);
    }
}

#[test]
fn bindings_to_everything_and_to_everybody_are_told() {
    let everybody = "{kind: Group, name: 'system:authenticated'}";
    for (kind, role, subject, rule, message) in [
        (
            "ClusterRoleBinding",
            "cluster-admin",
            ACCOUNT,
            "rbac/cluster-admin",
            "ServiceAccount `ns/a` may do everything in the whole cluster",
        ),
        (
            "RoleBinding",
            "cluster-admin",
            ACCOUNT,
            "rbac/cluster-admin",
            "ServiceAccount `ns/a` may do everything in namespace `ns`",
        ),
        (
            "RoleBinding",
            "view",
            everybody,
            "rbac/everybody",
            "everybody who can log in, every pod included has the rights of `view`",
        ),
        (
            "RoleBinding",
            "edit",
            ACCOUNT,
            "rbac/write-secrets",
            "ServiceAccount `ns/a` has the built-in role `edit`: it may write every Secret and run pods as any ServiceAccount in namespace `ns`",
        ),
    ] {
        let told = found(&bound(kind, role, subject));
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!((&*told[0].0, &*told[0].3), (rule, message));
    }
    for (role, subject) in [
        ("system:discovery", everybody),
        ("view", ACCOUNT),
        ("edit", "{kind: Group, name: team}"),
        ("view", "{kind: Group, name: 'system:serviceaccounts:ns'}"),
    ] {
        assert_eq!(
            found(&bound("ClusterRoleBinding", role, subject)),
            [],
            "{role} {subject}"
        );
    }
}

#[test]
fn tokens_without_use_are_told() {
    let pod = |spec: &str| {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: ns}}\nspec: {{{spec}}}\n"
        )
    };
    let account = |more: &str| {
        format!(
            "apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: a, namespace: ns}}\n{more}"
        )
    };
    let rules = |yaml: &str| {
        found(yaml)
            .into_iter()
            .map(|one| (one.0, one.2))
            .collect::<Vec<_>>()
    };
    let unused = [(
        "rbac/unused-token".to_owned(),
        "spec.serviceAccountName".to_owned(),
    )];
    assert_eq!(
        rules(&format!("{}{}", account(""), pod("serviceAccountName: a"))),
        unused
    );
    for quiet in [
        format!(
            "{}{}",
            account("automountServiceAccountToken: false\n"),
            pod("serviceAccountName: a")
        ),
        format!(
            "{}{}",
            account(""),
            pod("serviceAccountName: a, automountServiceAccountToken: false")
        ),
        format!(
            "{}{}{}",
            account(""),
            pod("serviceAccountName: a"),
            bound("RoleBinding", "view", ACCOUNT)
        ),
        // Of one that is made elsewhere nothing is known.
        pod("serviceAccountName: a"),
        pod("automountServiceAccountToken: false"),
    ] {
        assert_eq!(rules(&quiet), [], "{quiet}");
    }
    let default = [("rbac/default-service-account".to_owned(), "spec".to_owned())];
    assert_eq!(rules(&pod("")), default);
    assert_eq!(
        rules(&pod("automountServiceAccountToken: true, containers: []")),
        default
    );
    let told = rules(&bound(
        "RoleBinding",
        "view",
        "{kind: ServiceAccount, name: default}",
    ));
    assert_eq!(
        told,
        [(
            "rbac/default-service-account".to_owned(),
            "subjects[0].name".to_owned()
        )]
    );
}
