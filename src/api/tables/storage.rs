//! Classes and drivers of storage (`k8s.io/kubernetes/pkg/apis/storage/validation`).

use std::collections::HashSet;

use super::persistent_volume::driver_name;
use crate::api::Fact::{AtLeast, OneOf, Required, Within};
use crate::api::fact::{given, is_empty, spelled, text};
use crate::api::names::Spelling::QualifiedName;
use crate::api::{Context, Definition, rules};
use crate::manifest::Fault;
use crate::yaml::Node;

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "storage.v1.StorageClass",
        facts: &[
            ("provisioner", Required),
            ("reclaimPolicy", OneOf(&["Delete", "Retain"])),
            (
                "volumeBindingMode",
                OneOf(&["Immediate", "WaitForFirstConsumer"]),
            ),
        ],
        rules: &[provisioner, parameters, topologies],
    },
    Definition {
        name: "core.v1.TopologySelectorTerm",
        facts: &[],
        rules: &[topology_keys],
    },
    Definition {
        name: "core.v1.TopologySelectorLabelRequirement",
        facts: &[("key", Required), ("values", Required)],
        rules: &[topology_values],
    },
    Definition {
        name: "storage.v1.CSIDriver",
        facts: &[],
        rules: &[named_driver],
    },
    Definition {
        name: "storage.v1.CSIDriverSpec",
        facts: &[
            (
                "fsGroupPolicy",
                OneOf(&["None", "File", "ReadWriteOnceWithFSType"]),
            ),
            ("volumeLifecycleModes", OneOf(&["Persistent", "Ephemeral"])),
        ],
        rules: &[tokens],
    },
    Definition {
        name: "storage.v1.VolumeAttributesClass",
        facts: &[("driverName", Required), ("parameters", Required)],
        rules: &[parameters],
    },
    Definition {
        name: "storage.v1beta1.VolumeAttributesClass",
        facts: &[("driverName", Required), ("parameters", Required)],
        rules: &[parameters],
    },
    Definition {
        name: "storage.v1.CSIStorageCapacity",
        facts: &[("storageClassName", Required)],
        rules: &[],
    },
    Definition {
        name: "storage.v1.VolumeAttachmentSpec",
        facts: &[("attacher", Required), ("nodeName", Required)],
        rules: &[],
    },
];

/// A provisioner's name is compared in lower case.
fn provisioner<'a>(_: &Context<'a>, class: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(name) = given(class, "provisioner") {
        let text = name.as_str().unwrap_or_default().to_lowercase();
        if let Some(words) = QualifiedName.fault(&text) {
            faults.push(Fault::new(
                &rules::NAME,
                name,
                format!("this must be {words}"),
            ));
        }
    }
}

fn parameters<'a>(_: &Context<'a>, class: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(parameters) = class.get("parameters") else {
        return;
    };
    let mut size = 0;
    for (key, value) in parameters.entries() {
        let name = key.as_str().unwrap_or_default();
        size += name.len() + value.as_str().map_or(0, str::len);
        if name.is_empty() {
            faults.push(Fault::new(&rules::NAME, key, "a parameter needs a name"));
        }
    }
    if size > 256 << 10 || parameters.entries().len() > 512 {
        let message = "there may be at most 512 parameters, with 262144 bytes in all";
        faults.push(Fault::new(&rules::RANGE, parameters, message));
    }
}

fn topologies<'a>(_: &Context<'a>, class: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let terms: Vec<Node<'a>> = class
        .get("allowedTopologies")
        .into_iter()
        .flat_map(Node::items)
        .take(500)
        .collect();
    for (place, term) in terms.iter().enumerate() {
        if terms
            .iter()
            .take(place)
            .any(|other| same_term(*term, *other))
        {
            faults.push(
                Fault::new(&rules::DUPLICATE, *term, "this term is there twice")
                    .help("remove one of them"),
            );
        }
    }
}

/// The order of a term's values says nothing.
fn same_term(term: Node<'_>, other: Node<'_>) -> bool {
    let all = |term: Node<'_>| {
        let labels = term
            .get("matchLabelExpressions")
            .into_iter()
            .flat_map(Node::items);
        let mut all: Vec<(String, Vec<String>)> = labels
            .map(|label| {
                let values = label.get("values").into_iter().flat_map(Node::items);
                let mut values: Vec<String> = values
                    .filter_map(|value| value.as_str().map(str::to_owned))
                    .collect();
                values.sort_unstable();
                (text(label, "key").to_owned(), values)
            })
            .collect();
        all.sort_unstable();
        all
    };
    all(term) == all(other)
}

fn topology_keys<'a>(_: &Context<'a>, term: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let mut keys = HashSet::new();
    let labels = term
        .get("matchLabelExpressions")
        .into_iter()
        .flat_map(Node::items);
    for key in labels.filter_map(|label| given(label, "key")) {
        spelled(QualifiedName, key, faults);
        if !keys.insert(key.as_str()) {
            faults.push(
                Fault::new(&rules::DUPLICATE, key, "this key is there twice")
                    .help("list all its values together"),
            );
        }
    }
}

fn topology_values<'a>(_: &Context<'a>, label: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let mut values = HashSet::new();
    for value in label.get("values").into_iter().flat_map(Node::items) {
        if !values.insert(value.as_str()) {
            faults.push(
                Fault::new(&rules::DUPLICATE, value, "this value is there twice")
                    .help("remove one of them"),
            );
        }
    }
}

fn named_driver<'a>(_: &Context<'a>, driver: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(name) = driver
        .path(&["metadata", "name"])
        .filter(|name| !is_empty(*name))
    {
        driver_name(name, faults);
    }
}

fn tokens<'a>(context: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let mut audiences = HashSet::new();
    for token in spec.get("tokenRequests").into_iter().flat_map(Node::items) {
        let audience = text(token, "audience");
        if !audiences.insert(audience) {
            let place = token.get("audience").unwrap_or(token);
            faults.push(
                Fault::new(&rules::DUPLICATE, place, "this audience is there twice")
                    .help("remove one of them"),
            );
        }
        if let Some(seconds) = token.get("expirationSeconds") {
            Within(600, 1 << 32).of_value(seconds, faults);
        }
    }
    if let Some(seconds) = spec
        .get("nodeAllocatableUpdatePeriodSeconds")
        .filter(|_| context.since(34))
    {
        AtLeast(10).of_value(seconds, faults);
    }
}

#[cfg(test)]
mod tests {
    use crate::api::testing::{accepted, refused};

    const CLASS: &str = "
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast}
provisioner: disk.csi.example.com
reclaimPolicy: Delete
volumeBindingMode: WaitForFirstConsumer
parameters: {skuName: Premium}
allowedTopologies: [{matchLabelExpressions: [{key: topology.kubernetes.io/zone, values: [a, b]}]}]
";
    const DRIVER: &str = "
apiVersion: storage.k8s.io/v1
kind: CSIDriver
metadata: {name: disk.csi.example.com}
spec: {tokenRequests: [{audience: a, expirationSeconds: 600}]}
";

    #[test]
    fn classes_are_checked() {
        let topology =
            "{matchLabelExpressions: [{key: topology.kubernetes.io/zone, values: [a, b]}]}";
        refused(
            CLASS,
            &[
                (
                    "provisioner: disk.csi.example.com\n",
                    "",
                    "schema/missing-field",
                    "provisioner",
                    "apiVersion: storage.k8s.io/v1",
                ),
                (
                    "provisioner: disk.csi.example.com",
                    "provisioner: ''",
                    "api/required",
                    "provisioner",
                    "''",
                ),
                (
                    "provisioner: disk.csi.example.com",
                    "provisioner: a/b/c",
                    "api/name",
                    "provisioner",
                    "a/b/c",
                ),
                (
                    "reclaimPolicy: Delete",
                    "reclaimPolicy: Recycle",
                    "api/enum",
                    "reclaimPolicy",
                    "Recycle",
                ),
                (
                    "WaitForFirstConsumer",
                    "Later",
                    "api/enum",
                    "volumeBindingMode",
                    "Later",
                ),
                (
                    "[a, b]",
                    "[]",
                    "api/required",
                    "allowedTopologies[0].matchLabelExpressions[0].values",
                    "[]",
                ),
                (
                    "[a, b]",
                    "[a, a]",
                    "api/duplicate",
                    "allowedTopologies[0].matchLabelExpressions[0].values[1]",
                    "a",
                ),
                (
                    "key: topology.kubernetes.io/zone",
                    "key: a b",
                    "api/name",
                    "allowedTopologies[0].matchLabelExpressions[0].key",
                    "a b",
                ),
            ],
        );
        let twice = format!("[{topology}, {}]", topology.replace("[a, b]", "[b, a]"));
        refused(
            CLASS,
            &[(
                &format!("[{topology}]"),
                &twice,
                "api/duplicate",
                "allowedTopologies[1]",
                &topology.replace("[a, b]", "[b, a]"),
            )],
        );
        accepted(
            CLASS,
            &[
                (
                    "provisioner: disk.csi.example.com",
                    "provisioner: Kubernetes.io/No-Provisioner",
                ),
                ("reclaimPolicy: Delete\n", ""),
                ("volumeBindingMode: WaitForFirstConsumer\n", ""),
                ("{skuName: Premium}", "{skuName: ''}"),
            ],
        );
    }

    #[test]
    fn drivers_are_checked() {
        refused(
            DRIVER,
            &[
                (
                    "expirationSeconds: 600",
                    "expirationSeconds: 599",
                    "api/range",
                    "spec.tokenRequests[0].expirationSeconds",
                    "599",
                ),
                (
                    "expirationSeconds: 600}",
                    "expirationSeconds: 600}, {audience: a}",
                    "api/duplicate",
                    "spec.tokenRequests[1].audience",
                    "a",
                ),
                (
                    "spec: {",
                    "spec: {fsGroupPolicy: Never, ",
                    "api/enum",
                    "spec.fsGroupPolicy",
                    "Never",
                ),
                (
                    "spec: {",
                    "spec: {volumeLifecycleModes: [Never], ",
                    "api/enum",
                    "spec.volumeLifecycleModes[0]",
                    "Never",
                ),
            ],
        );
        accepted(
            DRIVER,
            &[
                (
                    "spec: {tokenRequests: [{audience: a, expirationSeconds: 600}]}\n",
                    "",
                ),
                ("audience: a, ", ""),
            ],
        );
    }
}
