//! Changes that the API server refuses: fields that cannot change once an object exists (the `Validate...Update`
//! functions of `k8s.io/kubernetes/pkg/apis`).

use super::quantity::Quantity;
use super::rules;
use crate::manifest::{Fault, group};
use crate::yaml::{Kind, Node};

/// What of an object cannot change.
#[derive(Clone, Copy, Debug)]
enum Fixed {
    /// This field, by its path.
    Field(&'static [&'static str]),
    /// Everything in this map, but for these fields.
    AllBut(&'static [&'static str], &'static [&'static str]),
    /// This field, once it was set.
    OnceSet(&'static [&'static str]),
}

use Fixed::{AllBut, Field, OnceSet};

const SELECTOR: Fixed = Field(&["spec", "selector"]);
const ROLE_REF: Fixed = Field(&["roleRef"]);

/// By group and kind.
const TABLE: &[(&str, &[&str], &[Fixed])] = &[
    (
        "apps",
        &["Deployment", "DaemonSet", "ReplicaSet"],
        &[SELECTOR],
    ),
    (
        "apps",
        &["StatefulSet"],
        &[AllBut(
            &["spec"],
            &[
                "replicas",
                "ordinals",
                "template",
                "updateStrategy",
                "revisionHistoryLimit",
                "persistentVolumeClaimRetentionPolicy",
                "minReadySeconds",
            ],
        )],
    ),
    ("apps", &["ControllerRevision"], &[Field(&["data"])]),
    (
        "batch",
        &["Job"],
        &[
            SELECTOR,
            Field(&["spec", "completionMode"]),
            Field(&["spec", "podFailurePolicy"]),
            Field(&["spec", "backoffLimitPerIndex"]),
            Field(&["spec", "managedBy"]),
            Field(&["spec", "successPolicy"]),
            Field(&["spec", "template", "spec", "containers"]),
            Field(&["spec", "template", "spec", "initContainers"]),
            Field(&["spec", "template", "spec", "volumes"]),
        ],
    ),
    ("", &["Service"], &[OnceSet(&["spec", "clusterIP"])]),
    (
        "",
        &["PersistentVolumeClaim"],
        &[AllBut(
            &["spec"],
            &["resources", "volumeAttributesClassName", "volumeName"],
        )],
    ),
    ("", &["Secret"], &[Field(&["type"])]),
    (
        "discovery.k8s.io",
        &["EndpointSlice"],
        &[Field(&["addressType"])],
    ),
    (
        "storage.k8s.io",
        &["StorageClass"],
        &[
            Field(&["parameters"]),
            Field(&["provisioner"]),
            Field(&["reclaimPolicy"]),
            Field(&["volumeBindingMode"]),
        ],
    ),
    (
        "storage.k8s.io",
        &["VolumeAttributesClass"],
        &[Field(&["parameters"]), Field(&["driverName"])],
    ),
    (
        "rbac.authorization.k8s.io",
        &["RoleBinding", "ClusterRoleBinding"],
        &[ROLE_REF],
    ),
    (
        "scheduling.k8s.io",
        &["PriorityClass"],
        &[Field(&["value"]), Field(&["preemptionPolicy"])],
    ),
    ("node.k8s.io", &["RuntimeClass"], &[Field(&["handler"])]),
    (
        "networking.k8s.io",
        &["IngressClass"],
        &[Field(&["spec", "controller"])],
    ),
    (
        "apiextensions.k8s.io",
        &["CustomResourceDefinition"],
        &[
            Field(&["spec", "group"]),
            Field(&["spec", "scope"]),
            Field(&["spec", "names", "plural"]),
        ],
    ),
];

/// Values that the server fills in where they are left out: leaving them out, or writing them, is no change.
const DEFAULTS: &[(&str, &str)] = &[
    ("type", "Opaque"),
    ("reclaimPolicy", "Delete"),
    ("volumeBindingMode", "Immediate"),
    ("preemptionPolicy", "PreemptLowerPriority"),
    ("completionMode", "NonIndexed"),
    ("podManagementPolicy", "OrderedReady"),
    ("volumeMode", "Filesystem"),
];

/// Checks a new version of an object against the one before.
pub fn changes<'a>(old: Node<'_>, new: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let text = |node: Node<'a>, key: &str| node.get(key).and_then(Node::as_str).unwrap_or_default();
    let (group, kind) = (group(text(new, "apiVersion")), text(new, "kind"));
    for (of, kinds, fixed) in TABLE {
        if *of == group && kinds.contains(&kind) {
            fixed
                .iter()
                .for_each(|fixed| check(*fixed, old, new, faults));
        }
    }
    if matches!((group, kind), ("", "Secret" | "ConfigMap")) {
        immutable_data(old, new, faults);
    }
    if (group, kind) == ("", "PersistentVolumeClaim") {
        smaller(old, new, faults);
    }
}

fn check<'a>(fixed: Fixed, old: Node<'_>, new: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    match fixed {
        Field(path) => field(path, old, new, faults),
        OnceSet(path) => {
            let is_set = |node: Node<'_>| !super::fact::is_empty(node);
            let both = old.path(path).is_some_and(is_set) && new.path(path).is_some_and(is_set);
            if both {
                field(path, old, new, faults);
            }
        }
        AllBut(path, open) => {
            let (Some(old), Some(new)) = (old.path(path), new.path(path)) else {
                return;
            };
            let keys = old.entries().chain(
                new.entries()
                    .filter(|(key, _)| key.as_str().is_some_and(|name| old.get(name).is_none())),
            );
            for name in keys.filter_map(|(key, _)| key.as_str()) {
                if !open.contains(&name) {
                    compare(name, old.get(name), new.get(name), new, faults);
                }
            }
        }
    }
}

fn field<'a>(path: &[&'static str], old: Node<'_>, new: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some((name, above)) = path.split_last() else {
        return;
    };
    if let (Some(old), Some(new)) = (old.path(above), new.path(above)) {
        compare(name, old.get(name), new.get(name), new, faults);
    }
}

fn compare<'a>(
    name: &str,
    old: Option<Node<'_>>,
    new: Option<Node<'a>>,
    map: Node<'a>,
    faults: &mut Vec<Fault<'a>>,
) {
    let default = DEFAULTS
        .iter()
        .find(|(field, _)| *field == name)
        .map(|(_, value)| *value);
    let is_default =
        |node: Node<'_>| node.is_null() || default.is_some() && node.as_str() == default;
    let same = match (old, new) {
        (None, None) => true,
        (Some(old), Some(new)) => same(old, new),
        (Some(one), None) | (None, Some(one)) => is_default(one),
    };
    if same {
        return;
    }
    let fault = Fault::new(&rules::IMMUTABLE, new.unwrap_or(map), format!("`{name}` cannot change once the object exists"))
        .help("keep it as it was, or give the object a new name: the old one is deleted then, with what it holds");
    faults.push(if new.is_some() {
        fault
    } else {
        fault.below(name.to_owned())
    });
}

/// Tells whether two values are the same; what one of them leaves out may be the server's default, which is no change.
fn same(old: Node<'_>, new: Node<'_>) -> bool {
    match (old.kind(), new.kind()) {
        (Kind::Map, Kind::Map) => {
            old.entries().all(|(key, value)| {
                key.as_str()
                    .and_then(|name| new.get(name))
                    .is_none_or(|other| same(value, other))
            }) && both_or_defaulted(old, new)
        }
        (Kind::Seq, Kind::Seq) => {
            old.items().len() == new.items().len()
                && old
                    .items()
                    .zip(new.items())
                    .all(|(old, new)| same(old, new))
        }
        _ => old.same_value(new),
    }
}

/// Fields that the server defaults inside what cannot change: all others must be on both sides or on none.
const DEFAULTED: &[&str] = &[
    "protocol",
    "imagePullPolicy",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "volumeMode",
    "apiVersion",
    "kind",
    "status",
    "creationTimestamp",
    "storageClassName",
    "defaultMode",
    "successThreshold",
    "failureThreshold",
    "periodSeconds",
    "timeoutSeconds",
    "scheme",
];

fn both_or_defaulted(old: Node<'_>, new: Node<'_>) -> bool {
    let lacks = |one: Node<'_>, other: Node<'_>| {
        one.entries().any(|(key, value)| {
            let name = key.as_str().unwrap_or_default();
            other.get(name).is_none() && !value.is_null() && !DEFAULTED.contains(&name)
        })
    };
    !lacks(old, new) && !lacks(new, old)
}

fn immutable_data<'a>(old: Node<'_>, new: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if old.get("immutable").and_then(Node::as_bool) != Some(true) {
        return;
    }
    for name in ["immutable", "data", "binaryData", "stringData"] {
        compare(name, old.get(name), new.get(name), new, faults);
    }
}

/// A claim grows and never shrinks.
fn smaller<'a>(old: Node<'_>, new: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    const STORAGE: &[&str] = &["spec", "resources", "requests", "storage"];
    if let (Some(old), Some(new)) = (old.path(STORAGE), new.path(STORAGE))
        && let (Some(before), Some(after)) = (Quantity::of(old), Quantity::of(new))
        && after.nanos() < before.nanos()
    {
        let message = "a claim's storage cannot shrink";
        faults.push(
            Fault::new(&rules::IMMUTABLE, new, message).help("keep the size, or ask for more"),
        );
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::manifest::field_path;
    use crate::yaml::{Document, Limits, read};

    fn document(text: &str) -> Document {
        read(&Arc::from(text), &Limits::default())
            .documents
            .remove(0)
    }

    fn fields(old: &str, new: &str) -> Vec<String> {
        let (old, new) = (document(old), document(new));
        let mut faults = Vec::new();
        changes(old.root(), new.root(), &mut faults);
        faults
            .iter()
            .map(|fault| {
                let path = field_path(new.root(), fault.node);
                match &fault.below {
                    Some(below) => format!("{path}.{below}"),
                    None => path,
                }
            })
            .collect()
    }

    #[test]
    fn what_cannot_change_is_told_at_its_field() {
        let cases: &[(&str, &str, &[&str])] = &[
            (
                "apiVersion: apps/v1\nkind: Deployment\nspec: {selector: {matchLabels: {a: b}}, replicas: 1}\n",
                "apiVersion: apps/v1\nkind: Deployment\nspec: {selector: {matchLabels: {a: c}}, replicas: 2}\n",
                &["spec.selector"],
            ),
            (
                "apiVersion: apps/v1\nkind: StatefulSet\nspec: {serviceName: a, replicas: 1, podManagementPolicy: OrderedReady, volumeClaimTemplates: [{metadata: {name: d}, spec: {resources: {requests: {storage: 1Gi}}}}]}\n",
                "apiVersion: apps/v1\nkind: StatefulSet\nspec: {serviceName: a, replicas: 2, volumeClaimTemplates: [{metadata: {name: d}, spec: {resources: {requests: {storage: 2Gi}}}}]}\n",
                &["spec.volumeClaimTemplates"],
            ),
            (
                "apiVersion: v1\nkind: Service\nspec: {clusterIP: 10.0.0.1}\n",
                "apiVersion: v1\nkind: Service\nspec: {clusterIP: None}\n",
                &["spec.clusterIP"],
            ),
            (
                "apiVersion: v1\nkind: Service\nspec: {clusterIP: 10.0.0.1}\n",
                "apiVersion: v1\nkind: Service\nspec: {}\n",
                &[],
            ),
            (
                "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nroleRef: {name: a}\n",
                "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nroleRef: {name: b}\n",
                &["roleRef"],
            ),
            (
                "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nparameters: {a: b}\nreclaimPolicy: Delete\n",
                "apiVersion: storage.k8s.io/v1\nkind: StorageClass\n",
                &[".parameters"],
            ),
            (
                "apiVersion: v1\nkind: ConfigMap\nimmutable: true\ndata: {a: b}\n",
                "apiVersion: v1\nkind: ConfigMap\nimmutable: true\ndata: {a: c}\n",
                &["data"],
            ),
            (
                "apiVersion: v1\nkind: ConfigMap\ndata: {a: b}\n",
                "apiVersion: v1\nkind: ConfigMap\ndata: {a: c}\n",
                &[],
            ),
            (
                "apiVersion: v1\nkind: PersistentVolumeClaim\nspec: {storageClassName: a, resources: {requests: {storage: 2Gi}}}\n",
                "apiVersion: v1\nkind: PersistentVolumeClaim\nspec: {storageClassName: a, resources: {requests: {storage: 1Gi}}}\n",
                &["spec.resources.requests.storage"],
            ),
            (
                "apiVersion: batch/v1\nkind: Job\nspec: {parallelism: 1, template: {spec: {containers: [{name: a, image: b}]}}}\n",
                "apiVersion: batch/v1\nkind: Job\nspec: {parallelism: 2, template: {spec: {containers: [{name: a, image: c}]}}}\n",
                &["spec.template.spec.containers"],
            ),
            (
                "apiVersion: v1\nkind: Secret\n",
                "apiVersion: v1\nkind: Secret\ntype: Opaque\n",
                &[],
            ),
        ];
        for (old, new, expected) in cases {
            assert_eq!(fields(old, new), *expected, "{old}{new}");
            assert_eq!(fields(new, new), Vec::<String>::new(), "{new}");
        }
    }
}
