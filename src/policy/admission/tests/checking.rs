//! Policies among the objects of an environment.

use super::*;
use crate::cluster::{Cluster, PolicyObject, Settings};
use crate::manifest::{FieldPaths, Resource, flatten};
use crate::project::External;
use crate::source::SourceMap;

/// An environment: its objects, the version before, policies beside them.
#[derive(Clone, Copy, Default)]
pub(super) struct Given<'t> {
    pub(super) objects: &'t str,
    pub(super) before: Option<&'t str>,
    pub(super) beside: &'t str,
    /// Whether the objects are all there is.
    pub(super) whole: bool,
    pub(super) external: &'t [(&'t str, &'t str, &'t str)],
}

fn documents(text: &str) -> Vec<Document> {
    let stream = read(&Arc::from(text), &Limits::default());
    assert!(stream.problems.is_empty(), "{text}: {:?}", stream.problems);
    stream.documents.into_iter().flat_map(flatten).collect()
}

/// What is found, a line each: severity, rule, object, field, message.
pub(super) fn found(given: Given<'_>) -> Vec<String> {
    let objects: Vec<Resource> = documents(given.objects)
        .into_iter()
        .map(Resource::new)
        .collect();
    let file = SourceMap::new().add("beside.yaml", given.beside);
    let beside = documents(given.beside).into_iter();
    let external = given
        .external
        .iter()
        .map(|(kind, namespace, name)| External {
            kind: (*kind).to_owned(),
            namespace: Some((*namespace).to_owned()),
            name: (*name).to_owned(),
        });
    let settings = Settings {
        versions: vec![VERSION],
        whole: given.whole,
        external: external.collect(),
        policies: beside
            .map(|document| PolicyObject {
                file,
                resource: Resource::new(document),
            })
            .collect(),
        ..Settings::default()
    };
    let before = given.before.map(documents);
    let cluster = Cluster::new(objects.iter().collect(), Scopes::default(), &settings)
        .with_before(before.as_deref());
    let lines = check(&cluster, &[]).0.into_iter().map(|found| {
        let object = cluster.get(found.object).unwrap();
        let field = FieldPaths::new(&object.document).path(object.root(), found.fault.node);
        let field = match &found.fault.below {
            Some(below) => format!("{field}.{below}"),
            None => field,
        };
        let fault = &found.fault;
        format!(
            "{} {} {} {field}: {}",
            fault.severity, fault.rule, object.id, fault.message
        )
    });
    lines.collect()
}

const POLICY: &str = "\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: images}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [pods]}]
  validations: [{expression: 'object.spec.containers.all(c, c.image.contains(\":\"))', message: images have a version}]
";

pub(super) fn binding(actions: &str, more: &str) -> String {
    format!(
        "---\napiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicyBinding\nmetadata: {{name: images}}\nspec: {{policyName: images, validationActions: [{actions}]{more}}}\n"
    )
}

/// A workload whose image has no version.
fn workload(api_version: &str, kind: &str, path: &[&str]) -> String {
    let (open, close) = (
        path.iter()
            .fold(String::new(), |open, key| open + "{" + key + ": "),
        "}".repeat(path.len()),
    );
    let template = "{metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: nginx}]}}";
    format!(
        "---\napiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: web, namespace: ns}}\nspec: {open}{template}{close}\n"
    )
}

pub(super) fn pod(name: &str, image: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: ns}}\nspec: {{containers: [{{name: c, image: '{image}'}}]}}\n"
    )
}

#[test]
fn bindings_say_how_much_it_matters() {
    let bad = pod("p", "nginx");
    let told = |severity: &str| {
        vec![format!(
            "{severity} policy/images ns/Pod/p spec.containers[0].image: images have a version"
        )]
    };
    for (bindings, expected) in [
        (binding("Deny", ""), told("error")),
        (binding("Warn", ""), told("warning")),
        (binding("Audit", ""), told("note")),
        (binding("Audit, Warn", ""), told("warning")),
        (String::new(), Vec::new()),
        (binding("", ""), Vec::new()),
        (
            binding("Deny", "").replace("policyName: images", "policyName: other"),
            Vec::new(),
        ),
        // Two bindings say one thing.
        (
            format!(
                "{}{}",
                binding("Warn", ""),
                binding("Deny", "").replace("name: images}", "name: more}")
            ),
            told("error"),
        ),
        (
            binding(
                "Deny",
                ", matchResources: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: other}}}",
            ),
            Vec::new(),
        ),
    ] {
        let objects = format!("{POLICY}{bindings}{bad}{}", pod("good", "nginx:1"));
        let given = Given {
            objects: &objects,
            ..Given::default()
        };
        assert_eq!(found(given), expected, "{bindings}");
    }
    // What stands beside the objects refuses, whatever its binding does; it wins over objects of the same name.
    let objects = format!("{bad}---\n{POLICY}{}", binding("Audit", ""));
    for bindings in [binding("Audit", ""), binding("Warn", "")] {
        let given = Given {
            objects: &objects,
            beside: &format!("{POLICY}{bindings}"),
            ..Given::default()
        };
        assert_eq!(found(given), told("error"));
    }
}

#[test]
fn the_pods_of_controllers_are_judged_by_policies_about_pods() {
    let spec: &[&str] = &["template"];
    for (api_version, kind, path) in [
        ("apps/v1", "Deployment", spec),
        ("apps/v1", "StatefulSet", spec),
        ("apps/v1", "DaemonSet", spec),
        ("apps/v1", "ReplicaSet", spec),
        ("batch/v1", "Job", spec),
        ("v1", "ReplicationController", spec),
        ("batch/v1", "CronJob", &["jobTemplate", "spec", "template"]),
    ] {
        let objects = format!(
            "{POLICY}{}{}",
            binding("Deny", ""),
            workload(api_version, kind, path)
        );
        let given = Given {
            objects: &objects,
            ..Given::default()
        };
        let expected = format!(
            "error policy/images ns/{kind}/web spec.{}.spec.containers[0].image: images have a version (in the pods of this {kind})",
            path.join(".")
        );
        assert_eq!(found(given), [expected]);
    }
    // A policy that is about the controller, too, has said what it wants of it.
    let both = POLICY.replace("resourceRules: [", "resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}, ");
    let both = both.replace(
        "object.spec.containers",
        "(object.kind == \"Pod\" ? object.spec : object.spec.template.spec).containers",
    );
    let objects = format!(
        "{both}{}{}",
        binding("Deny", ""),
        workload("apps/v1", "Deployment", spec)
    );
    let given = Given {
        objects: &objects,
        ..Given::default()
    };
    assert_eq!(
        found(given),
        [
            "error policy/images ns/Deployment/web spec.template.spec.containers[0].image: images have a version"
        ]
    );
    // One that means every kind is asked about both, and says one thing once.
    let any = POLICY
        .replace("apiGroups: ['']", "apiGroups: ['*']")
        .replace("resources: [pods]", "resources: ['*']");
    for (expression, expected) in [
        (
            "object.kind != \"Pod\" || object.spec.containers.all(c, c.image.contains(\":\"))",
            "spec.template.spec.containers[0].image: images have a version (in the pods of this Deployment)",
        ),
        (
            "!has(object.spec.template) || object.spec.template.spec.containers.all(c, c.image.contains(\":\"))",
            "spec.template.spec.containers[0].image: images have a version",
        ),
        (
            "(has(object.spec.template) ? object.spec.template.spec : object.spec).containers.all(c, c.image.contains(\":\"))",
            "spec.template.spec.containers[0].image: images have a version",
        ),
    ] {
        let any = any.replace(
            "object.spec.containers.all(c, c.image.contains(\":\"))",
            expression,
        );
        let objects = format!(
            "{any}{}{}",
            binding("Deny", ""),
            workload("apps/v1", "Deployment", spec)
        );
        let given = Given {
            objects: &objects,
            ..Given::default()
        };
        assert_eq!(
            found(given),
            [format!("error policy/images ns/Deployment/web {expected}")],
            "{expression}"
        );
        let without = objects.replace("    resourceRules", "    excludeResourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: ['*'], resources: [deployments]}]\n    resourceRules");
        let given = Given {
            objects: &without,
            ..Given::default()
        };
        let pods = found(given);
        assert!(
            pods.iter()
                .all(|line| line.ends_with("(in the pods of this Deployment)")),
            "{pods:?}"
        );
    }
    // The pods have the labels of the template, not those of the controller.
    for (selector, count) in [("{matchLabels: {a: b}}", 1), ("{matchLabels: {a: c}}", 0)] {
        let selected = POLICY.replace(
            "    resourceRules",
            &format!("    objectSelector: {selector}\n    resourceRules"),
        );
        let objects = format!(
            "{selected}{}{}",
            binding("Deny", ""),
            workload("apps/v1", "Deployment", spec)
        );
        let given = Given {
            objects: &objects,
            ..Given::default()
        };
        assert_eq!(found(given).len(), count, "{selector}");
    }
}

#[test]
fn what_fails_is_told_once_for_each_object() {
    let policy = POLICY.replace("object.spec.containers", "object.spec.missing");
    let objects = format!(
        "{policy}{}{}{}",
        binding("Deny", ""),
        pod("p", "a"),
        workload("apps/v1", "Deployment", &["template"])
    );
    let given = Given {
        objects: &objects,
        ..Given::default()
    };
    assert_eq!(
        found(given),
        [
            "error policy/images ns/Pod/p spec.missing: the policy `images` cannot be evaluated on this object: no such key: missing",
            "error policy/images ns/Deployment/web spec.template.spec.missing: the policy `images` cannot be evaluated on the pods of this Deployment: no such key: missing",
        ]
    );
    let ignoring = objects.replacen("spec:\n", "spec:\n  failurePolicy: Ignore\n", 1);
    let given = Given {
        objects: &ignoring,
        ..Given::default()
    };
    assert_eq!(found(given), [""; 0]);
}

#[test]
fn expressions_that_do_not_compile_are_told_at_the_policy() {
    let policy = POLICY.replace("c.image.contains", "c.image.contians");
    for (objects, beside) in [
        (pod("p", "a") + "---\n" + &policy, String::new()),
        (pod("p", "a"), policy.clone()),
    ] {
        let given = Given {
            objects: &objects,
            beside: &beside,
            ..Given::default()
        };
        let found = found(given);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("error api/expression ValidatingAdmissionPolicy/images spec.validations[0].expression: "), "{found:?}");
        assert!(
            found[0].contains("contains") && found[0].contains("(column "),
            "{found:?}"
        );
    }
}

#[test]
fn what_only_a_cluster_knows_is_a_note_for_each_policy() {
    let policy = POLICY.replace(
        "object.spec.containers.all(c, c.image.contains(\\\":\\\"))",
        "authorizer.requestResource.check(\\\"get\\\").allowed()",
    );
    let asks = POLICY.replace(
        "'object.spec.containers.all(c, c.image.contains(\":\"))'",
        "'authorizer.requestResource.check(\"get\").allowed()'",
    );
    assert_ne!(asks, POLICY, "{policy}");
    let pods = [pod("a", "x"), pod("b", "x"), pod("c", "x")].concat();
    let objects = format!("{asks}{}{pods}", binding("Deny", ""));
    let given = Given {
        objects: &objects,
        ..Given::default()
    };
    assert_eq!(
        found(given),
        [
            "note policy/images ValidatingAdmissionPolicy/images metadata.name: the policy `images` is not decided for `ns/Pod/a` and 2 more: what a user may do is known in a cluster only"
        ]
    );
    let selects = binding(
        "Deny",
        ", matchResources: {namespaceSelector: {matchLabels: {env: prod}}}",
    );
    let objects = format!("{POLICY}{selects}{}", pod("a", "x"));
    let given = Given {
        objects: &objects,
        ..Given::default()
    };
    assert_eq!(
        found(given),
        [
            "note policy/images ValidatingAdmissionPolicy/images metadata.name: the policy `images` is not decided for `ns/Pod/a`: what labels the namespace has is known in a cluster only"
        ]
    );
    let known = format!(
        "{objects}---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: ns, labels: {{env: prod}}}}\n"
    );
    let given = Given {
        objects: &known,
        ..Given::default()
    };
    assert_eq!(found(given).len(), 1);
    assert!(found(given)[0].starts_with("error"));
}

#[test]
fn changes_are_judged_where_there_is_a_version_before() {
    let stays = "\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: images}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [''], apiVersions: [v1], operations: [OPERATIONS], resources: [pods]}]
  validations: [{expression: 'request.operation == \"CREATE\" || oldObject.spec.containers[0].image == object.?spec.containers[0].image.orValue(\"\")', message: images stay}]
";
    let objects = |operations: &str| {
        format!(
            "{}{}{}{}{}",
            stays.replace("OPERATIONS", operations),
            binding("Deny", ""),
            pod("same", "a"),
            pod("changed", "b"),
            pod("new", "c")
        )
    };
    let before = [pod("same", "a"), pod("changed", "a"), pod("gone", "a")].concat();
    let with = |operations: &str, before: Option<&str>| {
        let objects = objects(operations);
        found(Given {
            objects: &objects,
            before,
            ..Given::default()
        })
    };
    let changed = "error policy/images ns/Pod/changed spec.containers[0].image: images stay";
    let gone = "error policy/images ValidatingAdmissionPolicy/images spec.validations[0].expression: `ns/Pod/gone` was removed, and may not be: images stay";
    let not_checked = "note policy/images ValidatingAdmissionPolicy/images metadata.name: the policy `images` is not checked: it is about changes, and there is no version to compare with";
    let connections = "note policy/images ValidatingAdmissionPolicy/images metadata.name: the policy `images` is not checked: it is about connections, which only a cluster sees";
    assert_eq!(with("UPDATE", Some(&before)), [changed]);
    assert_eq!(with("'*'", Some(&before)), [changed, gone]);
    assert_eq!(with("DELETE", Some(&before)), [gone]);
    assert_eq!(with("CREATE, UPDATE", None), [""; 0]);
    assert_eq!(with("UPDATE", None), [not_checked]);
    assert_eq!(with("UPDATE, DELETE", None), [not_checked]);
    assert_eq!(with("CONNECT", Some(&before)), [connections]);
    // What is about new objects only is asked of changed ones, too: the whole state is checked.
    let objects = format!(
        "{}{}{}",
        POLICY.replace("CREATE, UPDATE", "CREATE"),
        binding("Deny", ""),
        pod("changed", "b")
    );
    let given = Given {
        objects: &objects,
        before: Some(&before),
        ..Given::default()
    };
    assert_eq!(
        found(given),
        ["error policy/images ns/Pod/changed spec.containers[0].image: images have a version"]
    );
}
