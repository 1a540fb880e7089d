//! Volumes of the cluster (`ValidatePersistentVolumeSpec`).

use super::claim::{MODES, modes};
use crate::api::Fact::{OneOf, Required, Spelled, Within};
use crate::api::fact::{given, text, wanting, written_quantity};
use crate::api::names::Spelling::Subdomain;
use crate::api::{Context, Definition, rules};
use crate::manifest::Fault;
use crate::yaml::Node;

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "core.v1.PersistentVolume",
        facts: &[],
        rules: &[volume],
    },
    Definition {
        name: "core.v1.CSIPersistentVolumeSource",
        facts: &[("driver", Required), ("volumeHandle", Required)],
        rules: &[csi],
    },
    Definition {
        name: "core.v1.LocalVolumeSource",
        facts: &[("path", Required)],
        rules: &[local_path],
    },
    Definition {
        name: "core.v1.AzureFilePersistentVolumeSource",
        facts: &[("secretName", Required), ("shareName", Required)],
        rules: &[],
    },
    Definition {
        name: "core.v1.CephFSPersistentVolumeSource",
        facts: &[("monitors", Required)],
        rules: &[],
    },
    Definition {
        name: "core.v1.CinderPersistentVolumeSource",
        facts: &[("volumeID", Required)],
        rules: &[],
    },
    Definition {
        name: "core.v1.FlexPersistentVolumeSource",
        facts: &[("driver", Required)],
        rules: &[],
    },
    Definition {
        name: "core.v1.ISCSIPersistentVolumeSource",
        facts: &[
            ("targetPortal", Required),
            ("iqn", Required),
            ("lun", Within(0, 255)),
        ],
        rules: &[],
    },
    Definition {
        name: "core.v1.RBDPersistentVolumeSource",
        facts: &[("monitors", Required), ("image", Required)],
        rules: &[],
    },
];

/// What holds for the fields of a volume's spec; inline specs of attachments are others.
const SPEC: Definition = Definition {
    name: "",
    facts: &[
        ("accessModes", OneOf(MODES)),
        ("capacity", Required),
        (
            "persistentVolumeReclaimPolicy",
            OneOf(&["Delete", "Recycle", "Retain"]),
        ),
        ("storageClassName", Spelled(Subdomain)),
        ("volumeAttributesClassName", Spelled(Subdomain)),
        ("volumeMode", OneOf(&["Block", "Filesystem"])),
    ],
    rules: &[modes, capacity, source, affinity, recycled_root],
};

/// The kinds of volumes.
const SOURCES: &[&str] = &[
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "csi",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "glusterfs",
    "hostPath",
    "iscsi",
    "local",
    "nfs",
    "photonPersistentDisk",
    "portworxVolume",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
    "vsphereVolume",
];

fn volume<'a>(context: &Context<'a>, volume: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(spec) = volume.get("spec").filter(|spec| !spec.is_null()) {
        SPEC.check(context, spec, faults);
        return;
    }
    let message = "a PersistentVolume needs a capacity and a kind of volume";
    faults.push(
        Fault::new(&rules::REQUIRED, volume, message)
            .below("spec.capacity")
            .help("set `spec`"),
    );
}

fn capacity<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(capacity) = given(spec, "capacity") else {
        return;
    };
    for (key, value) in capacity.entries() {
        if key.as_str() != Some("storage") {
            let message = "a volume's capacity is its `storage`, and nothing else";
            faults.push(Fault::new(&rules::ENUM, key, message).help("remove it"));
        } else if written_quantity(value, faults).is_some_and(|size| size.nanos() <= 0) {
            faults.push(Fault::new(
                &rules::QUANTITY,
                value,
                "this must be more than zero",
            ));
        }
    }
    if capacity.get("storage").is_none() {
        let message = "a volume's capacity needs `storage`";
        faults.push(
            Fault::new(&rules::REQUIRED, capacity, message).help("set `storage`, such as 10Gi"),
        );
    }
}

fn source<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let is_source = |key: &Node<'a>| key.as_str().is_some_and(|name| SOURCES.contains(&name));
    let mut set = spec
        .entries()
        .filter(|(key, value)| is_source(key) && !value.is_null())
        .map(|(key, _)| key);
    match (set.next(), set.next()) {
        (None, _) => faults.push(
            Fault::new(
                &rules::ALTERNATIVES,
                spec,
                "a PersistentVolume needs a kind of volume",
            )
            .help("set `csi`, `nfs`, `local` or another"),
        ),
        (Some(first), Some(second)) => {
            let (first, name) = (
                first.as_str().unwrap_or_default(),
                second.as_str().unwrap_or_default(),
            );
            let message = format!("`{name}` cannot stand beside `{first}`");
            faults.push(
                Fault::new(&rules::ALTERNATIVES, second, message)
                    .help("keep only one kind of volume"),
            );
        }
        (Some(_), None) => {}
    }
}

fn affinity<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let affinity = spec
        .get("nodeAffinity")
        .filter(|affinity| !affinity.is_null());
    let is_local = spec.get("local").is_some_and(|local| !local.is_null());
    match affinity {
        Some(affinity) if affinity.get("required").is_none_or(Node::is_null) => {
            faults.push(wanting(
                affinity,
                "required",
                "a volume's affinity needs `required`",
            ));
        }
        None if is_local => {
            let message = "a local volume needs the nodes that have it";
            faults.push(wanting(spec, "nodeAffinity", message).help("set `nodeAffinity.required`"));
        }
        _ => {}
    }
}

fn recycled_root<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let path = spec.path(&["hostPath", "path"]).and_then(Node::as_str);
    let is_root = path.is_some_and(|path| {
        path.starts_with('/') && path.split('/').all(|part| matches!(part, "" | "."))
    });
    if let Some(policy) = spec
        .get("persistentVolumeReclaimPolicy")
        .filter(|_| is_root)
        && policy.as_str() == Some("Recycle")
    {
        let message = "the root of a node cannot be recycled";
        faults.push(Fault::new(&rules::CONFLICT, policy, message).help("set `Retain`"));
    }
}

/// A driver's name: at most 63 of what a subdomain may hold, in capitals too.
pub(super) fn driver_name<'a>(name: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let text = name.as_str().unwrap_or_default();
    if text.len() > 63 || Subdomain.fault(&text.to_lowercase()).is_some() {
        let message = "this must be a driver's name: at most 63 letters, digits, `-` and `.`";
        faults.push(
            Fault::new(&rules::NAME, name, message).help("write it like `disk.csi.example.com`"),
        );
    }
}

fn csi<'a>(_: &Context<'a>, source: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(driver) = given(source, "driver") {
        driver_name(driver, faults);
    }
    for field in [
        "controllerPublishSecretRef",
        "controllerExpandSecretRef",
        "nodePublishSecretRef",
        "nodeExpandSecretRef",
    ] {
        let Some(secret) = source.get(field).filter(|secret| !secret.is_null()) else {
            continue;
        };
        for part in ["name", "namespace"] {
            if given(secret, part).is_none() {
                faults.push(wanting(secret, part, format!("`{part}` is missing")));
            }
        }
    }
}

fn local_path<'a>(_: &Context<'a>, source: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(path) = given(source, "path")
        && text(source, "path").split('/').any(|part| part == "..")
    {
        faults.push(Fault::new(&rules::PATH, path, "this must not hold `..`"));
    }
}

#[cfg(test)]
mod tests {
    use crate::api::testing::{accepted, refused};

    const VOLUME: &str = "
apiVersion: v1
kind: PersistentVolume
metadata: {name: data}
spec:
  capacity: {storage: 10Gi}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  csi: {driver: disk.csi.example.com, volumeHandle: a}
";

    #[test]
    fn volumes_are_checked() {
        let csi = "csi: {driver: disk.csi.example.com, volumeHandle: a}";
        refused(
            VOLUME,
            &[
                (
                    "{storage: 10Gi}",
                    "{}",
                    "api/required",
                    "spec.capacity",
                    "{}",
                ),
                (
                    "{storage: 10Gi}",
                    "{storage: 0}",
                    "api/quantity",
                    "spec.capacity[storage]",
                    "0",
                ),
                (
                    "{storage: 10Gi}",
                    "{storage: 10Gi, cpu: 1}",
                    "api/enum",
                    "spec.capacity[cpu]",
                    "cpu",
                ),
                (
                    "{storage: 10Gi}",
                    "{storage: ten}",
                    "api/quantity",
                    "spec.capacity[storage]",
                    "ten",
                ),
                (
                    "[ReadWriteOnce]",
                    "[]",
                    "api/required",
                    "spec.accessModes",
                    "[]",
                ),
                (
                    "[ReadWriteOnce]",
                    "[RWO]",
                    "api/enum",
                    "spec.accessModes[0]",
                    "RWO",
                ),
                (
                    "Policy: Retain",
                    "Policy: Keep",
                    "api/enum",
                    "spec.persistentVolumeReclaimPolicy",
                    "Keep",
                ),
                (
                    csi,
                    "volumeMode: Block",
                    "api/alternatives",
                    "spec",
                    "capacity: {storage: 10Gi}",
                ),
                (
                    csi,
                    "nfs: {server: a, path: /}\n  hostPath: {path: /}",
                    "api/alternatives",
                    "spec.hostPath",
                    "hostPath",
                ),
                (
                    csi,
                    "local: {path: /a}",
                    "api/required",
                    "spec.nodeAffinity",
                    "capacity: {storage: 10Gi}",
                ),
                (
                    "driver: disk.csi.example.com",
                    "driver: a_b",
                    "api/name",
                    "spec.csi.driver",
                    "a_b",
                ),
                (
                    "volumeHandle: a",
                    "volumeHandle: ''",
                    "api/required",
                    "spec.csi.volumeHandle",
                    "''",
                ),
                (
                    "volumeHandle: a",
                    "volumeHandle: a, nodePublishSecretRef: {name: a}",
                    "api/required",
                    "spec.csi.nodePublishSecretRef.namespace",
                    "{name: a}",
                ),
            ],
        );
        accepted(
            VOLUME,
            &[
                (csi, "nfs: {server: a, path: /}"),
                ("  persistentVolumeReclaimPolicy: Retain\n", ""),
                (
                    "driver: disk.csi.example.com",
                    "driver: Disk.CSI.example.com",
                ),
                (
                    csi,
                    "local: {path: /a}\n  nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Exists}]}]}}",
                ),
            ],
        );
    }
}
