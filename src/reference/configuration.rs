//! The ConfigMaps and Secrets that pods take, and their keys: variables, volumes, what is mounted of them, and Secrets
//! for registries and storage.

use std::collections::HashMap;
use std::rc::Rc;

use super::fields::items;
use super::references::{KnownKeys, References, Standing, Target};
use super::rules;
use crate::cluster::{Found, Index, PodTemplate};
use crate::finding::{Severity, did_you_mean};
use crate::manifest::Fault;
use crate::yaml::Node;

/// The two kinds, with the fields of an object that name one: in variables, in `envFrom`, and as volume with its name.
const KINDS: &[(&str, &str, &str, &str, &str)] = &[
    (
        "ConfigMap",
        "configMapKeyRef",
        "configMapRef",
        "configMap",
        "name",
    ),
    (
        "Secret",
        "secretKeyRef",
        "secretRef",
        "secret",
        "secretName",
    ),
];

/// The fields of volumes that name a Secret with what a storage needs.
const STORAGE_SECRETS: &[&[&str]] = &[
    &["azureFile", "secretName"],
    &["cephfs", "secretRef", "name"],
    &["csi", "nodePublishSecretRef", "name"],
    &["flexVolume", "secretRef", "name"],
    &["iscsi", "secretRef", "name"],
    &["rbd", "secretRef", "name"],
    &["scaleIO", "secretRef", "name"],
    &["storageos", "secretRef", "name"],
];

/// The Secrets that a PersistentVolume's driver takes.
const DRIVER_SECRETS: &[&str] = &[
    "controllerExpandSecretRef",
    "controllerPublishSecretRef",
    "nodeExpandSecretRef",
    "nodePublishSecretRef",
    "nodeStageSecretRef",
];

/// Checks what pods take, and ServiceAccounts and PersistentVolumes for them.
pub(super) fn check<'a>(references: &mut References<'_, 'a>) {
    let cluster = references.cluster;
    for pod in cluster.pods() {
        let index = pod.object;
        for container in pod.containers() {
            variables(references, index, container);
        }
        let files: HashMap<&str, Files<'a>> = items(pod.spec, "volumes")
            .filter_map(|volume| {
                let files = take_volume(references, index, volume);
                Some((volume.get("name")?.as_str()?, files?))
            })
            .collect();
        mounts(references, pod, &files);
        registries(references, index, pod.spec);
    }
    for index in cluster.of_kind("", "ServiceAccount") {
        if let Some(object) = cluster.get(*index) {
            registries(references, *index, object.root());
            // Tokens of old; the cluster makes those that are missing.
            for secret in items(object.root(), "secrets") {
                if let Some((_, target)) = named(references, *index, "Secret", secret, "name") {
                    references.find(*index, target);
                }
            }
        }
    }
    for index in cluster.of_kind("", "PersistentVolume") {
        if let Some(object) = cluster.get(*index) {
            drivers(references, *index, object.root());
        }
    }
}

/// Returns the name below a node, and the object of that name in the namespace of another.
fn named<'a>(
    references: &References<'_, 'a>,
    from: Index,
    kind: &'a str,
    node: Node<'a>,
    field: &str,
) -> Option<(Node<'a>, Target<'a>)> {
    let name = node.get(field)?;
    let text = name.as_str().filter(|text| !text.is_empty())?;
    let namespace = references.cluster.namespace(from);
    Some((name, Target::core(kind, namespace, text)))
}

fn is_optional(node: Node<'_>) -> bool {
    node.get("optional").and_then(Node::as_bool) == Some(true)
}

/// Finds what a node names, and says so where it must be there and is not.
fn take<'a>(
    references: &mut References<'_, 'a>,
    from: Index,
    kind: &'a str,
    node: Node<'a>,
    field: &str,
) -> Option<(Standing, Target<'a>)> {
    let (name, target) = named(references, from, kind, node, field)?;
    let standing = if is_optional(node) {
        references.find(from, target)
    } else {
        references.need(from, name, target)
    };
    Some((standing, target))
}

fn variables<'a>(references: &mut References<'_, 'a>, from: Index, container: Node<'a>) {
    for (kind, key_field, map_field, _, _) in KINDS {
        for variable in items(container, "env") {
            let Some(source) = variable.path(&["valueFrom", key_field]) else {
                continue;
            };
            let Some((name, target)) = named(references, from, kind, source, "name") else {
                continue;
            };
            match source.get("key").filter(|_| !is_optional(source)) {
                Some(key) => references.need_key(from, name, target, key),
                None => {
                    references.find(from, target);
                }
            }
        }
        for source in items(container, "envFrom") {
            if let Some(source) = source.get(map_field) {
                take(references, from, kind, source, "name");
            }
        }
    }
}

/// The files of a volume.
#[derive(Debug, Default)]
struct Files<'a> {
    /// Their paths, by source.
    paths: Vec<Rc<KnownKeys<'a>>>,
    /// The first ConfigMap or Secret among the sources, and what has or makes it.
    source: Option<(Target<'a>, Index)>,
}

impl<'a> Files<'a> {
    fn new(paths: Rc<KnownKeys<'a>>, source: Option<(Target<'a>, Index)>) -> Self {
        Self {
            paths: vec![paths],
            source,
        }
    }

    fn has(&self, path: &str) -> bool {
        self.paths.iter().any(|paths| paths.has_path(path))
    }
}

/// Takes what a volume names, and returns its files where they are known.
fn take_volume<'a>(
    references: &mut References<'_, 'a>,
    from: Index,
    volume: Node<'a>,
) -> Option<Files<'a>> {
    let mut files = None;
    for (kind, _, _, field, name) in KINDS {
        if let Some(source) = volume.get(field) {
            files = take_source(references, from, kind, source, name);
        }
    }
    if let Some(projected) = volume.get("projected") {
        let mut all = Some(Files::default());
        for source in items(projected, "sources") {
            let own = projection(references, from, source);
            all = all.zip(own).map(|(mut all, own)| {
                all.paths.extend(own.paths);
                all.source = all.source.or(own.source);
                all
            });
        }
        files = all;
    }
    for path in STORAGE_SECRETS {
        if let Some((field, above)) = path.split_last()
            && let Some(node) = volume.path(above)
        {
            take(references, from, "Secret", node, field);
        }
    }
    let attributes = volume.path(&["csi", "volumeAttributes"]);
    if let Some(attributes) = attributes {
        take_attributes(references, from, volume, attributes);
    }
    files
}

/// Takes what the attributes of a CSI volume name.
fn take_attributes<'a>(
    references: &mut References<'_, 'a>,
    from: Index,
    volume: Node<'a>,
    attributes: Node<'a>,
) {
    let driver = volume.path(&["csi", "driver"]).and_then(Node::as_str);
    match driver {
        Some("file.csi.azure.com" | "blob.csi.azure.com") => {
            take(references, from, "Secret", attributes, "secretName");
        }
        Some("secrets-store.csi.k8s.io") => {
            let kind = "SecretProviderClass";
            if let Some((name, target)) =
                named(references, from, kind, attributes, "secretProviderClass")
            {
                let group = "secrets-store.csi.x-k8s.io";
                references.need(from, name, Target { group, ..target });
            }
        }
        _ => {}
    }
}

/// Takes a source of a projected volume; its files, where they are known.
fn projection<'a>(
    references: &mut References<'_, 'a>,
    from: Index,
    source: Node<'a>,
) -> Option<Files<'a>> {
    for (kind, _, _, field, _) in KINDS {
        if let Some(source) = source.get(field) {
            return take_source(references, from, kind, source, "name");
        }
    }
    if let Some(token) = source.get("serviceAccountToken") {
        let paths = vec![token.get("path")?.as_str()?];
        return Some(Files::new(Rc::new(KnownKeys::new(from, paths)), None));
    }
    let paths = paths(source.path(&["downwardAPI", "items"])?.items())?;
    Some(Files::new(Rc::new(KnownKeys::new(from, paths)), None))
}

/// Returns the paths that the items of a source name.
fn paths<'a>(items: impl Iterator<Item = Node<'a>>) -> Option<Vec<&'a str>> {
    items.map(|item| item.get("path")?.as_str()).collect()
}

/// Takes a ConfigMap or Secret as a volume, with the keys that are listed; its files, where they are known and must be
/// there.
fn take_source<'a>(
    references: &mut References<'_, 'a>,
    from: Index,
    kind: &'a str,
    source: Node<'a>,
    field: &str,
) -> Option<Files<'a>> {
    let (standing, target) = take(references, from, kind, source, field)?;
    if is_optional(source) {
        return None;
    }
    let keys = references.keys(standing, target);
    let owner = match standing {
        Standing::Object(owner) | Standing::Made(owner) => Some(owner),
        Standing::Elsewhere | Standing::Missing => None,
    };
    let listed: Vec<Node<'a>> = items(source, "items").collect();
    if let Some(keys) = &keys {
        for key in listed.iter().filter_map(|item| item.get("key")) {
            references.need_one(from, key, target, keys);
        }
    }
    let paths = if listed.is_empty() {
        keys?
    } else {
        Rc::new(KnownKeys::new(from, paths(listed.into_iter())?))
    };
    Some(Files::new(paths, owner.map(|owner| (target, owner))))
}

/// Checks that what is mounted of a volume is in it. Where it is not, the container finds an empty folder.
fn mounts<'a>(
    references: &mut References<'_, 'a>,
    pod: &PodTemplate<'a>,
    files: &HashMap<&str, Files<'a>>,
) {
    for container in pod.containers() {
        for mount in items(container, "volumeMounts") {
            let text = |field| mount.get(field).and_then(Node::as_str);
            let Some((files, path)) = text("name")
                .and_then(|name| files.get(name))
                .zip(text("subPath"))
            else {
                continue;
            };
            let (Some(node), Some((target, owner))) = (mount.get("subPath"), files.source) else {
                continue;
            };
            let wanted = path.trim_start_matches("./").trim_end_matches('/');
            if wanted.is_empty() || wanted.starts_with("..") || files.has(wanted) {
                continue;
            }
            let mut sources = files.paths.iter();
            let near = sources.find_map(|paths| references.nearest(wanted, &paths.all));
            let message = format!(
                "the volume of the {} `{}` has no file `{wanted}`{}",
                target.kind,
                target.name,
                did_you_mean(near)
            );
            let fault = Fault::new(&rules::MISSING_KEY, node, message).help(format!(
                "correct the path, or add the key to the {}: the container finds an empty folder in its place",
                target.kind
            ));
            let mut found = Found::new(pod.object, fault);
            if let Some(node) = references.name_of(owner) {
                found = found.related(owner, node);
            }
            references.push(found);
        }
    }
}

/// Checks the Secrets for registries. An image that is public, or already there, starts without them.
fn registries<'a>(references: &mut References<'_, 'a>, from: Index, spec: Node<'a>) {
    for secret in items(spec, "imagePullSecrets") {
        let Some((name, target)) = named(references, from, "Secret", secret, "name") else {
            continue;
        };
        if references.find(from, target) == Standing::Missing {
            let mut found = references.lack(from, name, target);
            found.fault = found.fault.severity(Severity::Warning);
            references.push(found);
        }
    }
}

/// Checks the Secrets that a PersistentVolume's driver takes.
fn drivers<'a>(references: &mut References<'_, 'a>, from: Index, volume: Node<'a>) {
    for field in DRIVER_SECRETS {
        let Some(source) = volume.path(&["spec", "csi", field]) else {
            continue;
        };
        let text = |field| source.get(field)?.as_str();
        if let (Some(name), Some(text), Some(namespace)) =
            (source.get("name"), text("name"), text("namespace"))
        {
            references.need(from, name, Target::core("Secret", namespace, text));
        }
    }
}
