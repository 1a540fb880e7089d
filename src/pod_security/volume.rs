//! The types of a pod's volumes.

use super::pod::{Pod, text};
use super::rules;
use crate::manifest::Fault;
use crate::yaml::Node;

/// The types that `restricted` allows: all they hold belongs to the pod or its namespace.
const ALLOWED: &[&str] = &[
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// The types that it forbids. What is no type at all the schema minds.
const FORBIDDEN: &[&str] = &[
    "hostPath",
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "gitRepo",
    "glusterfs",
    "iscsi",
    "nfs",
    "photonPersistentDisk",
    "portworxVolume",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
    "vsphereVolume",
];

/// Returns each volume's types, as their keys: one, unless the API refuses the volume. A volume without any is an
/// `emptyDir`.
fn types<'a>(
    pod: &Pod<'a>,
) -> impl Iterator<Item = (Node<'a>, Vec<(Node<'a>, &'a str)>)> + use<'a> {
    let volumes = pod.own.node.get("volumes");
    let volumes = volumes.into_iter().flat_map(Node::items);
    volumes.map(|volume| {
        let entries = volume.entries().filter(|(_, value)| !value.is_null());
        let types = entries.filter_map(|(key, _)| Some((key, key.as_str()?)));
        (volume, types.filter(|(_, name)| *name != "name").collect())
    })
}

fn name(volume: Node<'_>) -> String {
    match text(volume, "name") {
        Some((_, name)) => format!("volume `{name}`"),
        None => "this volume".to_owned(),
    }
}

/// `hostPathVolumes`.
pub(super) fn host_path<'a>(pod: &Pod<'a>, faults: &mut Vec<Fault<'a>>) {
    for (volume, types) in types(pod) {
        if let Some((key, _)) = types.into_iter().find(|(_, name)| *name == "hostPath") {
            let what = format!("{} is a path of the node", name(volume));
            let fault = pod.forbids(&rules::HOST_PATH_VOLUMES, key, what);
            faults.push(fault.help(
                "use a `persistentVolumeClaim`, `configMap`, `emptyDir` or another type instead",
            ));
        }
    }
}

/// `restrictedVolumes`.
pub(super) fn restricted<'a>(pod: &Pod<'a>, faults: &mut Vec<Fault<'a>>) {
    for (volume, types) in types(pod) {
        if types.iter().any(|(_, kind)| ALLOWED.contains(kind)) {
            continue;
        }
        let mut forbidden = types.into_iter();
        if let Some((key, kind)) = forbidden.find(|(_, kind)| FORBIDDEN.contains(kind)) {
            let what = match kind {
                "hostPath" => format!("{} is a path of the node", name(volume)),
                kind => format!("{} is of type `{kind}`", name(volume)),
            };
            let fault = pod.forbids(&rules::RESTRICTED_VOLUMES, key, what);
            faults.push(fault.help(format!("use one of these types: {}", ALLOWED.join(", "))));
        }
    }
}
