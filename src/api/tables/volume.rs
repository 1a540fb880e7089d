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
mod tests {
    use crate::api::testing::{accepted, accepted_in, refused, refused_in};

    const POD: &str = "
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: main
      image: nginx
  volumes:
    - name: info # volume
";

    /// The line of a volume of one source.
    fn of(source: &str, rest: &str) -> String {
        format!("name: a\n      {source}: {{{rest}}}")
    }

    fn at(field: &str) -> String {
        format!("spec.volumes[0].{field}")
    }

    const LINE: &str = "name: info # volume";

    /// Changes of a source: what stands in it, the rule, the field and the text.
    #[track_caller]
    fn source_refused(source: &str, cases: &[(&str, &str, &str, &str)]) {
        for (rest, rule, field, text) in cases {
            refused(
                POD,
                &[(
                    LINE,
                    &of(source, rest),
                    rule,
                    &at(&format!("{source}{field}")),
                    text,
                )],
            );
        }
    }

    #[track_caller]
    fn source_accepted(source: &str, cases: &[&str]) {
        for rest in cases {
            accepted(POD, &[(LINE, &of(source, rest))]);
        }
    }

    #[test]
    fn names_and_sources() {
        refused(
            POD,
            &[
                (LINE, "name: ''", "api/required", &at("name"), "''"),
                (LINE, "name: a.b", "api/name", &at("name"), "a.b"),
                (
                    LINE,
                    "name: a\n    - name: a",
                    "api/duplicate",
                    "spec.volumes[1].name",
                    "a",
                ),
                (
                    LINE,
                    "name: a\n      configMap: {name: a}\n      emptyDir: {}",
                    "api/alternatives",
                    &at("configMap"),
                    "configMap",
                ),
                (
                    LINE,
                    "name: a\n      emptyDir: {}\n      image: {reference: a}",
                    "api/alternatives",
                    &at("image"),
                    "image",
                ),
            ],
        );
        accepted(
            POD,
            &[
                (LINE, "name: 0-a"),
                (LINE, "name: a\n      emptyDir: {}\n      secret: null"),
            ],
        );
    }

    #[test]
    fn folders() {
        source_refused(
            "emptyDir",
            &[
                ("sizeLimit: -1", "api/quantity", ".sizeLimit", "-1"),
                ("sizeLimit: big", "api/quantity", ".sizeLimit", "big"),
            ],
        );
        source_accepted(
            "emptyDir",
            &[
                "sizeLimit: 0, medium: ''",
                "medium: HugePages-2Mi",
                "medium: Anything, sizeLimit: 1.5Gi",
            ],
        );
        source_refused(
            "hostPath",
            &[
                ("path: ''", "api/required", ".path", "''"),
                ("path: /a/../b", "api/path", ".path", "/a/../b"),
                ("path: /a, type: Folder", "api/enum", ".type", "Folder"),
            ],
        );
        source_accepted(
            "hostPath",
            &[
                "path: /, type: ''",
                "path: relative",
                "path: /a/..b, type: Socket",
                "path: 'c:\\a'",
            ],
        );
    }

    #[test]
    fn files_of_keys() {
        for (source, name) in [("configMap", "name: A_b"), ("secret", "secretName: A_b")] {
            let field = name.split_once(':').unwrap().0;
            source_refused(
                source,
                &[
                    (
                        "optional: true",
                        "api/required",
                        &format!(".{field}"),
                        "{optional: true}",
                    ),
                    (
                        &format!("{name}, defaultMode: 512"),
                        "api/range",
                        ".defaultMode",
                        "512",
                    ),
                    (
                        &format!("{name}, defaultMode: -1"),
                        "api/range",
                        ".defaultMode",
                        "-1",
                    ),
                    (
                        &format!("{name}, items: [{{key: '', path: a}}]"),
                        "api/required",
                        ".items[0].key",
                        "''",
                    ),
                    (
                        &format!("{name}, items: [{{key: a, path: ''}}]"),
                        "api/required",
                        ".items[0].path",
                        "''",
                    ),
                    (
                        &format!("{name}, items: [{{key: a, path: /a}}]"),
                        "api/path",
                        ".items[0].path",
                        "/a",
                    ),
                    (
                        &format!("{name}, items: [{{key: a, path: a/../b}}]"),
                        "api/path",
                        ".items[0].path",
                        "a/../b",
                    ),
                    (
                        &format!("{name}, items: [{{key: a, path: ..a}}]"),
                        "api/path",
                        ".items[0].path",
                        "..a",
                    ),
                    (
                        &format!("{name}, items: [{{key: a, path: a, mode: 777}}]"),
                        "api/range",
                        ".items[0].mode",
                        "777",
                    ),
                ],
            );
            source_accepted(
                source,
                &[
                    &format!("{name}, defaultMode: 511, optional: true, items: []"),
                    &format!(
                        "{name}, items: [{{key: a b, path: .a/..b, mode: 0}}, {{key: a, path: .a/..b}}]"
                    ),
                ],
            );
        }
    }

    #[test]
    fn files_about_the_pod() {
        source_refused(
            "downwardAPI",
            &[
                ("defaultMode: 1000", "api/range", ".defaultMode", "1000"),
                (
                    "items: [{path: a}]",
                    "api/alternatives",
                    ".items[0]",
                    "{path: a}",
                ),
                (
                    "items: [{path: a, fieldRef: {fieldPath: metadata.name}, resourceFieldRef: {containerName: a, resource: limits.cpu}}]",
                    "api/alternatives",
                    ".items[0].resourceFieldRef",
                    "resourceFieldRef",
                ),
                (
                    "items: [{path: '', fieldRef: {fieldPath: metadata.name}}]",
                    "api/required",
                    ".items[0].path",
                    "''",
                ),
                (
                    "items: [{path: ../a, fieldRef: {fieldPath: metadata.name}}]",
                    "api/path",
                    ".items[0].path",
                    "../a",
                ),
                (
                    "items: [{path: a, mode: 512, fieldRef: {fieldPath: metadata.name}}]",
                    "api/range",
                    ".items[0].mode",
                    "512",
                ),
            ],
        );
        source_accepted(
            "downwardAPI",
            &[
                "items: []",
                "defaultMode: 0, items: [{path: a/b, mode: 256, fieldRef: {fieldPath: metadata.labels}}]",
            ],
        );
    }

    #[test]
    fn projections() {
        source_refused(
            "projected",
            &[
                (
                    "defaultMode: 512, sources: []",
                    "api/range",
                    ".defaultMode",
                    "512",
                ),
                (
                    "sources: [{secret: {name: a}, configMap: {name: a}}]",
                    "api/alternatives",
                    ".sources[0].configMap",
                    "configMap",
                ),
                (
                    "sources: [{secret: {optional: true}}]",
                    "api/required",
                    ".sources[0].secret.name",
                    "{optional: true}",
                ),
                (
                    "sources: [{configMap: {name: ''}}]",
                    "api/required",
                    ".sources[0].configMap.name",
                    "''",
                ),
                (
                    "sources: [{serviceAccountToken: {path: ''}}]",
                    "api/required",
                    ".sources[0].serviceAccountToken.path",
                    "''",
                ),
                (
                    "sources: [{serviceAccountToken: {path: ..a}}]",
                    "api/path",
                    ".sources[0].serviceAccountToken.path",
                    "..a",
                ),
                (
                    "sources: [{serviceAccountToken: {path: a, expirationSeconds: 599}}]",
                    "api/range",
                    ".sources[0].serviceAccountToken.expirationSeconds",
                    "599",
                ),
                (
                    "sources: [{serviceAccountToken: {path: a, expirationSeconds: 4294967297}}]",
                    "api/range",
                    ".sources[0].serviceAccountToken.expirationSeconds",
                    "4294967297",
                ),
                (
                    "sources: [{secret: {name: a, items: [{key: a, path: b}]}}, {configMap: {name: a, items: [{key: c, path: b}]}}]",
                    "api/duplicate",
                    ".sources[1].configMap.items[0].path",
                    "b",
                ),
            ],
        );
        source_accepted(
            "projected",
            &[
                "sources: []",
                "sources: [{secret: {name: a}}, {configMap: {name: a}}, {downwardAPI: {items: []}}]",
                "sources: [{serviceAccountToken: {path: token, expirationSeconds: 600, audience: any thing}}]",
            ],
        );
    }

    #[test]
    fn claims() {
        source_refused(
            "persistentVolumeClaim",
            &[("claimName: ''", "api/required", ".claimName", "''")],
        );
        source_refused(
            "ephemeral",
            &[("", "api/required", ".volumeClaimTemplate", "{}")],
        );
        let spec = "spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}";
        let template =
            |metadata: &str| format!("volumeClaimTemplate: {{metadata: {{{metadata}}}, {spec}}}");
        source_refused(
            "ephemeral",
            &[(
                &template("name: a"),
                "api/conflict",
                ".volumeClaimTemplate.metadata.name",
                "name",
            )],
        );
        source_accepted(
            "ephemeral",
            &[&template(
                "labels: {a: b}, annotations: {c: d}, creationTimestamp: null",
            )],
        );
        let both = format!(
            "{}\n    - name: b\n      persistentVolumeClaim: {{claimName: web-a}}",
            of("ephemeral", &template(""))
        );
        refused(
            POD,
            &[(
                LINE,
                &both,
                "api/conflict",
                "spec.volumes[1].persistentVolumeClaim.claimName",
                "web-a",
            )],
        );
    }

    #[test]
    fn drivers_and_servers() {
        source_refused(
            "csi",
            &[
                ("driver: ''", "api/required", ".driver", "''"),
                ("driver: a_b", "api/name", ".driver", "a_b"),
                (
                    "driver: a, nodePublishSecretRef: {}",
                    "api/required",
                    ".nodePublishSecretRef.name",
                    "{}",
                ),
            ],
        );
        source_accepted(
            "csi",
            &["driver: Secrets-Store.csi.k8s.io, readOnly: true, nodePublishSecretRef: {name: A_}"],
        );
        source_refused(
            "nfs",
            &[
                ("server: '', path: /a", "api/required", ".server", "''"),
                ("server: a, path: ''", "api/required", ".path", "''"),
                ("server: a, path: a", "api/path", ".path", "a"),
            ],
        );
        source_accepted("nfs", &["server: any thing, path: /a/../b"]);
        source_refused(
            "iscsi",
            &[
                (
                    "targetPortal: '', iqn: iqn.2001-04.a.b:c, lun: 0",
                    "api/required",
                    ".targetPortal",
                    "''",
                ),
                ("targetPortal: a, iqn: a, lun: 0", "api/name", ".iqn", "a"),
                (
                    "targetPortal: a, iqn: iqn.2001-04.a.b:c, lun: 256",
                    "api/range",
                    ".lun",
                    "256",
                ),
                (
                    "targetPortal: a, iqn: iqn.2001-04.a.b:c, lun: 0, chapAuthSession: true",
                    "api/required",
                    ".secretRef",
                    "{targetPortal: a, iqn: iqn.2001-04.a.b:c, lun: 0, chapAuthSession: true}",
                ),
            ],
        );
        source_accepted(
            "iscsi",
            &[
                "targetPortal: a, iqn: iqn.2001-04.a.b:c, lun: 255",
                "targetPortal: a, iqn: eui.0123456789abcdef, lun: 0",
            ],
        );
        source_refused(
            "fc",
            &[
                ("lun: 1", "api/alternatives", ".targetWWNs", "{lun: 1}"),
                (
                    "lun: 1, targetWWNs: [a], wwids: [b]",
                    "api/alternatives",
                    ".targetWWNs",
                    "targetWWNs",
                ),
                (
                    "targetWWNs: [a]",
                    "api/required",
                    ".lun",
                    "{targetWWNs: [a]}",
                ),
                ("targetWWNs: [a], lun: 256", "api/range", ".lun", "256"),
            ],
        );
        source_accepted("fc", &["targetWWNs: [a], lun: 0", "wwids: [a]"]);
    }

    #[test]
    fn other_sources() {
        source_refused(
            "gitRepo",
            &[
                (
                    "repository: a, directory: ../b",
                    "api/path",
                    ".directory",
                    "../b",
                ),
                ("repository: ''", "api/required", ".repository", "''"),
            ],
        );
        source_refused(
            "azureFile",
            &[(
                "secretName: a, shareName: ''",
                "api/required",
                ".shareName",
                "''",
            )],
        );
        source_refused(
            "azureDisk",
            &[
                (
                    "diskName: a, diskURI: b, kind: Any",
                    "api/enum",
                    ".kind",
                    "Any",
                ),
                (
                    "diskName: a, diskURI: b, cachingMode: All",
                    "api/enum",
                    ".cachingMode",
                    "All",
                ),
                (
                    "diskName: a, diskURI: https://b, kind: Managed",
                    "api/format",
                    ".diskURI",
                    "https://b",
                ),
            ],
        );
        source_accepted(
            "azureDisk",
            &[
                "diskName: a, diskURI: /subscriptions/b, kind: Managed, cachingMode: None",
                "diskName: a, diskURI: https://b",
            ],
        );
        source_refused(
            "awsElasticBlockStore",
            &[(
                "volumeID: a, partition: 256",
                "api/range",
                ".partition",
                "256",
            )],
        );
        source_refused(
            "gcePersistentDisk",
            &[("pdName: ''", "api/required", ".pdName", "''")],
        );
        source_refused(
            "rbd",
            &[("monitors: [], image: a", "api/required", ".monitors", "[]")],
        );
        source_refused(
            "glusterfs",
            &[("endpoints: a, path: ''", "api/required", ".path", "''")],
        );
        source_accepted("flocker", &["datasetName: a"]);
    }

    #[test]
    fn images() {
        source_accepted("image", &["reference: Any Image, pullPolicy: Always"]);
        accepted_in(&[31, 34], POD, &[(LINE, &of("image", "pullPolicy: Now"))]);
        refused_in(
            35,
            POD,
            &[
                (
                    LINE,
                    &of("image", "reference: a, pullPolicy: Now"),
                    "api/enum",
                    &at("image.pullPolicy"),
                    "Now",
                ),
                (
                    LINE,
                    &of("image", "pullPolicy: Never"),
                    "api/required",
                    &at("image.reference"),
                    "{pullPolicy: Never}",
                ),
            ],
        );
    }
}
