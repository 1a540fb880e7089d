//! Volumes of pods and their sources (`ValidateVolumes`, `validateVolumeSource`).

use std::collections::HashSet;

use super::pod::{forbidden, unique};
use crate::api::Fact::{
    self, AbsolutePath, AtMostOneOf, ExactlyOneOf, Filled, Mode, OneOf, Quantity, RelativePath,
    Required, Spelled, Within,
};
use crate::api::fact::{self, given, is_empty, text};
use crate::api::names::Spelling::{Label, Subdomain};
use crate::api::{Context, Definition, rules};
use crate::manifest::Fault;
use crate::yaml::Node;

/// The sources in the server's order.
const SOURCES: &[&str] = &[
    "emptyDir",
    "hostPath",
    "gitRepo",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "persistentVolumeClaim",
    "rbd",
    "cinder",
    "cephfs",
    "flocker",
    "quobyte",
    "downwardAPI",
    "fc",
    "flexVolume",
    "configMap",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "storageos",
    "projected",
    "scaleIO",
    "csi",
    "ephemeral",
    "image",
];

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "core.v1.PodSpec",
        facts: &[],
        rules: &[names, claims_of_ephemeral_volumes],
    },
    Definition {
        name: "core.v1.Volume",
        // One without a source is an `emptyDir`.
        facts: &[
            ("name", Required),
            ("name", Spelled(Label)),
            (".", AtMostOneOf(SOURCES)),
        ],
        rules: &[],
    },
    Definition {
        name: "core.v1.EmptyDirVolumeSource",
        facts: &[("sizeLimit", Quantity)],
        rules: &[],
    },
    Definition {
        name: "core.v1.HostPathVolumeSource",
        facts: &[
            ("path", Required),
            (
                "type",
                OneOf(&[
                    "DirectoryOrCreate",
                    "Directory",
                    "FileOrCreate",
                    "File",
                    "Socket",
                    "CharDevice",
                    "BlockDevice",
                ]),
            ),
        ],
        rules: &[path_without_steps_up],
    },
    Definition {
        name: "core.v1.ConfigMapVolumeSource",
        facts: &[("name", Required), ("defaultMode", Mode)],
        rules: &[],
    },
    Definition {
        name: "core.v1.SecretVolumeSource",
        facts: &[("secretName", Required), ("defaultMode", Mode)],
        rules: &[],
    },
    Definition {
        name: "core.v1.KeyToPath",
        facts: &[
            ("key", Required),
            ("path", Required),
            ("path", RelativePath),
            ("mode", Mode),
        ],
        rules: &[reserved_path],
    },
    Definition {
        name: "core.v1.DownwardAPIVolumeSource",
        facts: &[("defaultMode", Mode)],
        rules: &[],
    },
    Definition {
        name: "core.v1.DownwardAPIVolumeFile",
        facts: &[
            ("path", Required),
            ("path", RelativePath),
            ("mode", Mode),
            (".", ExactlyOneOf(&["fieldRef", "resourceFieldRef"])),
        ],
        rules: &[reserved_path],
    },
    Definition {
        name: "core.v1.ProjectedVolumeSource",
        facts: &[("defaultMode", Mode)],
        rules: &[projected_paths],
    },
    Definition {
        name: "core.v1.VolumeProjection",
        facts: &[(
            ".",
            AtMostOneOf(&[
                "secret",
                "configMap",
                "downwardAPI",
                "serviceAccountToken",
                "clusterTrustBundle",
                "podCertificate",
            ]),
        )],
        rules: &[],
    },
    Definition {
        name: "core.v1.ConfigMapProjection",
        facts: &[("name", Required)],
        rules: &[],
    },
    Definition {
        name: "core.v1.SecretProjection",
        facts: &[("name", Required)],
        rules: &[],
    },
    Definition {
        name: "core.v1.ServiceAccountTokenProjection",
        facts: &[
            ("path", Required),
            ("path", RelativePath),
            ("expirationSeconds", Within(600, 1 << 32)),
        ],
        rules: &[reserved_path],
    },
    Definition {
        name: "core.v1.PersistentVolumeClaimVolumeSource",
        facts: &[("claimName", Required)],
        rules: &[],
    },
    Definition {
        name: "core.v1.EphemeralVolumeSource",
        facts: &[("volumeClaimTemplate", Required)],
        rules: &[],
    },
    Definition {
        name: "core.v1.PersistentVolumeClaimTemplate",
        facts: &[],
        rules: &[template_metadata],
    },
    Definition {
        name: "core.v1.CSIVolumeSource",
        facts: &[("driver", Required)],
        rules: &[driver_name, secret_reference],
    },
    Definition {
        name: "core.v1.NFSVolumeSource",
        facts: &[
            ("server", Required),
            ("path", Required),
            ("path", AbsolutePath),
        ],
        rules: &[],
    },
    Definition {
        name: "core.v1.ISCSIVolumeSource",
        facts: &[
            ("targetPortal", Required),
            ("iqn", Required),
            ("lun", Within(0, 255)),
        ],
        rules: &[qualified_name, chap_secret],
    },
    Definition {
        name: "core.v1.FCVolumeSource",
        facts: &[],
        rules: &[fibre_channel],
    },
    Definition {
        name: "core.v1.GitRepoVolumeSource",
        facts: &[("repository", Required), ("directory", RelativePath)],
        rules: &[],
    },
    Definition {
        name: "core.v1.GCEPersistentDiskVolumeSource",
        facts: &[("pdName", Required), ("partition", Within(0, 255))],
        rules: &[],
    },
    Definition {
        name: "core.v1.AWSElasticBlockStoreVolumeSource",
        facts: &[("volumeID", Required), ("partition", Within(0, 255))],
        rules: &[],
    },
    Definition {
        name: "core.v1.GlusterfsVolumeSource",
        facts: &[("endpoints", Required), ("path", Required)],
        rules: &[],
    },
    Definition {
        name: "core.v1.RBDVolumeSource",
        facts: &[("monitors", Required), ("image", Required)],
        rules: &[],
    },
    Definition {
        name: "core.v1.CephFSVolumeSource",
        facts: &[("monitors", Required)],
        rules: &[],
    },
    Definition {
        name: "core.v1.CinderVolumeSource",
        facts: &[("volumeID", Required)],
        rules: &[],
    },
    Definition {
        name: "core.v1.FlockerVolumeSource",
        facts: &[(".", ExactlyOneOf(&["datasetName", "datasetUUID"]))],
        rules: &[],
    },
    Definition {
        name: "core.v1.QuobyteVolumeSource",
        facts: &[("registry", Required), ("volume", Required)],
        rules: &[],
    },
    Definition {
        name: "core.v1.FlexVolumeSource",
        facts: &[("driver", Required)],
        rules: &[],
    },
    Definition {
        name: "core.v1.AzureFileVolumeSource",
        facts: &[("secretName", Required), ("shareName", Required)],
        rules: &[],
    },
    Definition {
        name: "core.v1.AzureDiskVolumeSource",
        facts: &[
            ("diskName", Required),
            ("diskURI", Required),
            ("cachingMode", Filled),
            ("cachingMode", OneOf(&["None", "ReadOnly", "ReadWrite"])),
            ("kind", Filled),
            ("kind", OneOf(&["Shared", "Dedicated", "Managed"])),
        ],
        rules: &[disk_address],
    },
    Definition {
        name: "core.v1.VsphereVirtualDiskVolumeSource",
        facts: &[("volumePath", Required)],
        rules: &[],
    },
    Definition {
        name: "core.v1.PhotonPersistentDiskVolumeSource",
        facts: &[("pdID", Required)],
        rules: &[],
    },
    Definition {
        name: "core.v1.PortworxVolumeSource",
        facts: &[("volumeID", Required)],
        rules: &[],
    },
    Definition {
        name: "core.v1.StorageOSVolumeSource",
        facts: &[
            ("volumeName", Required),
            ("volumeName", Spelled(Label)),
            ("volumeNamespace", Spelled(Label)),
        ],
        rules: &[],
    },
    Definition {
        name: "core.v1.ScaleIOVolumeSource",
        facts: &[
            ("gateway", Required),
            ("system", Required),
            ("volumeName", Required),
        ],
        rules: &[],
    },
    Definition {
        name: "core.v1.ImageVolumeSource",
        facts: &[],
        rules: &[image],
    },
];

fn names<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let volumes = spec.get("volumes").into_iter().flat_map(Node::items);
    let names = volumes.filter_map(|volume| volume.get("name"));
    unique(
        names,
        "another volume of this pod has the same name",
        faults,
    );
}

/// The claim of an ephemeral volume is called after the pod and the volume, and is for that volume only.
fn claims_of_ephemeral_volumes<'a>(
    context: &Context<'a>,
    spec: Node<'a>,
    faults: &mut Vec<Fault<'a>>,
) {
    let pod = context
        .object
        .path(&["metadata", "name"])
        .and_then(Node::as_str);
    let Some(pod) = pod.filter(|_| context.is_pod()) else {
        return;
    };
    let volumes = || spec.get("volumes").into_iter().flat_map(Node::items);
    let ephemeral = volumes().filter(|volume| given(*volume, "ephemeral").is_some());
    let made: HashSet<String> = ephemeral
        .map(|volume| format!("{pod}-{}", text(volume, "name")))
        .collect();
    for claim in volumes().filter_map(|volume| volume.path(&["persistentVolumeClaim", "claimName"]))
    {
        if claim.as_str().is_some_and(|name| made.contains(name)) {
            let message = "this is the claim that is made for an ephemeral volume of this pod";
            faults.push(
                Fault::new(&rules::CONFLICT, claim, message)
                    .help("mount the ephemeral volume itself"),
            );
        }
    }
}

fn path_without_steps_up<'a>(_: &Context<'a>, source: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(path) = source.get("path")
        && path
            .as_str()
            .is_some_and(|path| path.split('/').any(|part| part == ".."))
    {
        faults.push(Fault::new(
            &rules::PATH,
            path,
            "this must be a path without `..`",
        ));
    }
}

/// What begins with two dots is how the kubelet keeps versions of files apart.
fn reserved_path<'a>(_: &Context<'a>, file: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(path) = file.get("path")
        && path
            .as_str()
            .is_some_and(|path| path.starts_with("..") && path.split('/').all(|part| part != ".."))
    {
        faults.push(Fault::new(
            &rules::PATH,
            path,
            "this must not begin with `..`",
        ));
    }
}

/// Files of several sources stand in one folder, each path once. Only those that are listed are known.
fn projected_paths<'a>(_: &Context<'a>, projected: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let sources = projected.get("sources").into_iter().flat_map(Node::items);
    let paths = sources.flat_map(|source| {
        let lists = ["secret", "configMap", "downwardAPI"]
            .into_iter()
            .filter_map(move |field| source.path(&[field, "items"]));
        lists
            .flat_map(Node::items)
            .filter_map(|item| item.get("path"))
    });
    unique(
        paths,
        "another file of this volume has the same path",
        faults,
    );
}

/// A claim that is made for a volume takes its labels and annotations from here, and all else from the pod.
fn template_metadata<'a>(_: &Context<'a>, template: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    const OTHERS: &[&str] = &[
        "name",
        "namespace",
        "generateName",
        "finalizers",
        "ownerReferences",
        "uid",
        "resourceVersion",
    ];
    let Some(metadata) = template.get("metadata") else {
        return;
    };
    for (key, _) in OTHERS
        .iter()
        .filter_map(|field| metadata.entry(field))
        .filter(|(_, value)| !is_empty(*value))
    {
        faults.push(forbidden(
            key,
            "cannot be set here: only labels and annotations can",
        ));
    }
}

fn driver_name<'a>(_: &Context<'a>, source: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(driver) = given(source, "driver") else {
        return;
    };
    let name = driver.as_str().unwrap_or_default();
    if name.len() > 63 {
        let message = "a driver's name may have 63 characters at most";
        faults.push(Fault::new(&rules::RANGE, driver, message));
    } else if let Some(words) = Subdomain.fault(&name.to_lowercase()) {
        faults.push(Fault::new(
            &rules::NAME,
            driver,
            format!("apart from upper case, this must be {words}"),
        ));
    }
}

fn secret_reference<'a>(_: &Context<'a>, source: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    const FACTS: &[(&str, Fact)] = &[("name", Required)];
    if let Some(secret) = source
        .get("nodePublishSecretRef")
        .filter(|secret| !secret.is_null())
    {
        fact::check(FACTS, secret, faults);
    }
}

fn qualified_name<'a>(_: &Context<'a>, source: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(name) = given(source, "iqn")
        && !["iqn", "eui", "naa"]
            .iter()
            .any(|kind| text(source, "iqn").starts_with(kind))
    {
        let message = "the name of an iSCSI target must begin with `iqn`, `eui` or `naa`";
        faults.push(Fault::new(&rules::NAME, name, message));
    }
}

fn chap_secret<'a>(_: &Context<'a>, source: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let set = |field: &str| source.get(field).and_then(Node::as_bool) == Some(true);
    if (set("chapAuthDiscovery") || set("chapAuthSession"))
        && source.get("secretRef").is_none_or(Node::is_null)
    {
        let message = "CHAP needs a secret";
        faults.push(
            Fault::new(&rules::REQUIRED, source, message)
                .below("secretRef")
                .help("set `secretRef`"),
        );
    }
}

fn fibre_channel<'a>(_: &Context<'a>, source: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    match (
        given(source, "targetWWNs").is_some(),
        given(source, "wwids").is_some(),
    ) {
        (true, false) => {
            const FACTS: &[(&str, Fact)] = &[("lun", Required), ("lun", Within(0, 255))];
            fact::check(FACTS, source, faults);
        }
        (false, true) => {}
        (true, true) => {
            if let Some((key, _)) = source.entry("targetWWNs") {
                let message = "`targetWWNs` cannot stand beside `wwids`";
                faults.push(
                    Fault::new(&rules::ALTERNATIVES, key, message).help("keep only one of the two"),
                );
            }
        }
        (false, false) => {
            let message = "one of `targetWWNs`, `wwids` is missing";
            faults.push(
                Fault::new(&rules::ALTERNATIVES, source, message)
                    .below("targetWWNs")
                    .help("set exactly one of them"),
            );
        }
    }
}

/// Managed disks are named by their path in Azure, others by their address.
fn disk_address<'a>(_: &Context<'a>, disk: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let beginning = match text(disk, "kind") {
        "Managed" => "/subscriptions/",
        "Shared" | "Dedicated" => "https://",
        _ => return,
    };
    if let Some(address) = given(disk, "diskURI")
        && !text(disk, "diskURI").starts_with(beginning)
    {
        let message = format!("the address of a disk of this kind begins with `{beginning}`");
        faults
            .push(Fault::new(&rules::FORMAT, address, message).help("correct `diskURI` or `kind`"));
    }
}

/// Volumes of images count since 1.35; before, the server drops them. Templates may leave the image to something else.
fn image<'a>(context: &Context<'a>, source: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    const POLICY: &[(&str, Fact)] = &[("pullPolicy", OneOf(&["Always", "IfNotPresent", "Never"]))];
    const REFERENCE: &[(&str, Fact)] = &[("reference", Required)];
    if context.since(35) {
        fact::check(POLICY, source, faults);
        if context.is_pod() {
            fact::check(REFERENCE, source, faults);
        }
    }
}

#[cfg(test)]
#[allow(clippy::too_many_lines, reason = "cases are lines of a table")]
#[path = "tests/volume.rs"]
mod tests;
