//! What policies take for params.

use super::checking::{Given, binding, found, pod};

const WITH_PARAMS: &str = "\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: images}
spec:
  paramKind: {apiVersion: v1, kind: ConfigMap}
  matchConstraints:
    resourceRules: [{apiGroups: ['', rbac.authorization.k8s.io], apiVersions: [v1], operations: [CREATE], resources: [pods, clusterroles]}]
  validations: [{expression: 'object.kind != \"Pod\" || object.spec.containers.all(c, c.image.startsWith(params.data.registry))', messageExpression: '\"images are of \" + params.data.registry'}]
";

fn params(name: &str, namespace: &str, registry: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: {namespace}, labels: {{for: {name}}}}}\ndata: {{registry: {registry}}}\n"
    )
}

#[test]
fn params_are_those_that_bindings_name() {
    let role = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: role}\nrules: []\n";
    let settings = [
        params("one", "policies", "a/"),
        params("two", "policies", "b/"),
        params("one", "ns", "c/"),
    ]
    .concat();
    let told = |registry: &str| {
        format!("error policy/images ns/Pod/p spec.containers[0].image: images are of {registry}")
    };
    let binding_says = |severity: &str, field: &str, message: &str| {
        format!(
            "{severity} policy/images ValidatingAdmissionPolicyBinding/images spec.paramRef{field}: {message}"
        )
    };
    let refuses = "without params the policy `images` refuses every object that it is about";
    for (reference, more, expected) in [
        (
            "{name: one, namespace: policies, parameterNotFoundAction: Deny}",
            "",
            vec![told("a/")],
        ),
        (
            "{selector: {}, namespace: policies, parameterNotFoundAction: Deny}",
            "",
            vec![told("a/"), told("b/")],
        ),
        (
            "{selector: {matchLabels: {for: two}}, namespace: policies, parameterNotFoundAction: Deny}",
            "",
            vec![told("b/")],
        ),
        // In the namespace of the object.
        (
            "{name: one, parameterNotFoundAction: Deny}",
            "",
            vec![told("c/")],
        ),
        ("{name: two, parameterNotFoundAction: Allow}", "", vec![]),
        (
            "{name: two, parameterNotFoundAction: Deny}",
            "",
            vec![binding_says(
                "error",
                "",
                "there is no `ConfigMap` `two` in the namespace `ns`: without params the policy refuses `ns/Pod/p`",
            )],
        ),
        (
            "{name: one, parameterNotFoundAction: Deny}",
            role,
            vec![
                told("c/"),
                binding_says(
                    "error",
                    "",
                    "the binding takes params from an object's namespace, and `ClusterRole/role` lives in none",
                ),
            ],
        ),
        // Nowhere.
        (
            "{name: three, namespace: policies, parameterNotFoundAction: Deny}",
            "",
            vec![binding_says(
                "error",
                ".name",
                &format!("there is no `ConfigMap` `three` in the namespace `policies`: {refuses}"),
            )],
        ),
        (
            "{name: three, namespace: policies, parameterNotFoundAction: Allow}",
            "",
            vec![binding_says(
                "warning",
                ".name",
                "there is no `ConfigMap` `three` in the namespace `policies`: without params the policy `images` does nothing",
            )],
        ),
        (
            "{selector: {matchLabels: {for: three}}, namespace: policies, parameterNotFoundAction: Deny}",
            "",
            vec![binding_says(
                "error",
                "",
                &format!(
                    "the selector finds no `ConfigMap` in the namespace `policies`: {refuses}"
                ),
            )],
        ),
        (
            "{name: known, namespace: elsewhere, parameterNotFoundAction: Deny}",
            "",
            vec![binding_says(
                "note",
                ".name",
                "the policy `images` is not checked: there is no `ConfigMap` `known` in the namespace `elsewhere` among the objects",
            )],
        ),
    ] {
        let objects = format!(
            "{WITH_PARAMS}{}{settings}{}{more}",
            binding("Deny", &format!(", paramRef: {reference}")),
            pod("p", "x/y:1")
        );
        let given = Given {
            objects: &objects,
            whole: true,
            external: &[("ConfigMap", "elsewhere", "known")],
            ..Given::default()
        };
        assert_eq!(found(given), expected, "{reference}");
    }
    // Plain manifests may be a part of a whole.
    let objects = format!(
        "{WITH_PARAMS}{}{}",
        binding(
            "Deny",
            ", paramRef: {name: one, namespace: policies, parameterNotFoundAction: Deny}"
        ),
        pod("p", "x/y:1")
    );
    let given = Given {
        objects: &objects,
        ..Given::default()
    };
    assert_eq!(
        found(given),
        [binding_says(
            "note",
            ".name",
            "the policy `images` is not checked: there is no `ConfigMap` `one` in the namespace `policies` among the objects"
        )]
    );
    let objects = format!(
        "{WITH_PARAMS}{}{}{}",
        binding(
            "Deny",
            ", paramRef: {name: two, parameterNotFoundAction: Deny}"
        ),
        params("one", "policies", "a/"),
        pod("p", "x/y:1")
    );
    let given = Given {
        objects: &objects,
        ..Given::default()
    };
    assert_eq!(
        found(given),
        [
            "note policy/images ValidatingAdmissionPolicy/images metadata.name: the policy `images` is not decided for `ns/Pod/p`: what the params say is known in a cluster only"
        ]
    );
    // Without a reference `params` is null.
    let objects = format!("{WITH_PARAMS}{}{}", binding("Deny", ""), pod("p", "x/y:1"));
    let given = Given {
        objects: &objects,
        whole: true,
        ..Given::default()
    };
    assert_eq!(
        found(given),
        [
            "error policy/images ns/Pod/p spec.containers[0].image: the policy `images` cannot be evaluated on this object: no such overload: `.data` takes map, and this is null_type"
        ]
    );
}

#[test]
fn params_may_be_custom_resources() {
    let definition = "\
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: rules.example.com}
spec:
  group: example.com
  scope: Cluster
  names: {kind: Rules, plural: rules}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {data: {type: object, default: {}, properties: {registry: {type: string, default: d/}}}}}}}]
---
apiVersion: example.com/v1
kind: Rules
metadata: {name: one}
";
    let policy = WITH_PARAMS.replace(
        "{apiVersion: v1, kind: ConfigMap}",
        "{apiVersion: example.com/v1, kind: Rules}",
    );
    for (reference, expected) in [
        (
            "{name: one, parameterNotFoundAction: Deny}",
            "error policy/images ns/Pod/p spec.containers[0].image: images are of d/",
        ),
        (
            "{name: one, namespace: ns, parameterNotFoundAction: Deny}",
            "error policy/images ValidatingAdmissionPolicyBinding/images spec.paramRef.namespace: the binding names a namespace for params of the kind `Rules`, which lives in none: without params the policy `images` refuses every object that it is about",
        ),
    ] {
        let objects = format!(
            "{policy}{}{definition}{}",
            binding("Deny", &format!(", paramRef: {reference}")),
            pod("p", "x/y:1")
        );
        let given = Given {
            objects: &objects,
            whole: true,
            ..Given::default()
        };
        assert_eq!(found(given), [expected], "{reference}");
    }
}

#[test]
fn several_params_of_other_names_cannot_be_told_apart() {
    let twice = [params("all", "dev", "a/"), params("all", "prod", "b/")].concat();
    let other = [params("one", "ns", "a/"), params("two", "ns", "b/")].concat();
    let meant = [
        params("one", "policies", "a/"),
        params("images", "ns", "b/"),
    ]
    .concat();
    for (beside, expected) in [
        (
            twice,
            "note policy/images ValidatingAdmissionPolicyBinding/images spec.paramRef.name: the policy `images` is not checked: there are 2 `ConfigMap` `all`, and which is meant cannot be told",
        ),
        (
            other,
            "note policy/images ValidatingAdmissionPolicyBinding/images spec.paramRef.name: the policy `images` is not checked: there are 2 `ConfigMap`, none of the policy's name, and which is meant cannot be told",
        ),
        (
            meant,
            "error policy/images ns/Pod/p spec.containers[0].image: images are of b/",
        ),
    ] {
        // As it is made for a policy without one.
        let reference = ", paramRef: {name: images, parameterNotFoundAction: Deny}";
        let given = Given {
            beside: &format!("{WITH_PARAMS}{}{beside}", binding("Deny", reference)),
            objects: &pod("p", "x/y:1"),
            ..Given::default()
        };
        assert_eq!(found(given), [expected]);
    }
}
