//! What pods run as and with, besides ConfigMaps and Secrets: ServiceAccounts, classes, claims and their storage.

use std::collections::HashSet;

use super::fields::{items, text};
use super::references::{References, Target};
use crate::cluster::{Cluster, Index};
use crate::yaml::Node;

/// The classes that a pod names: `(group, kind, field)`.
const CLASSES: &[(&str, &str, &str)] = &[
    ("scheduling.k8s.io", "PriorityClass", "priorityClassName"),
    ("node.k8s.io", "RuntimeClass", "runtimeClassName"),
];

/// Checks what pods and claims name.
pub(super) fn check(references: &mut References<'_, '_>) {
    let cluster = references.cluster;
    let claims = Claims::new(cluster);
    for pod in cluster.pods() {
        service_account(references, pod.object, pod.spec);
        for (group, kind, field) in CLASSES {
            class(references, pod.object, pod.spec, group, kind, field);
        }
        for volume in items(pod.spec, "volumes") {
            if let Some(source) = volume.get("persistentVolumeClaim") {
                claim(references, &claims, pod.object, source);
            }
            let own = volume.path(&["ephemeral", "volumeClaimTemplate", "spec"]);
            if let Some(spec) = own {
                storage(references, &claims, pod.object, spec);
            }
        }
        for one in items(pod.spec, "resourceClaims") {
            for (field, kind) in [
                ("resourceClaimName", "ResourceClaim"),
                ("resourceClaimTemplateName", "ResourceClaimTemplate"),
            ] {
                let namespace = cluster.namespace(pod.object);
                need(references, pod.object, one, field, |name| Target {
                    group: "resource.k8s.io",
                    kind,
                    namespace,
                    name,
                });
            }
        }
    }
    for index in cluster.of_kind("apps", "StatefulSet") {
        for (_, spec) in templates(cluster, *index) {
            storage(references, &claims, *index, spec);
        }
    }
    for index in cluster.of_kind("", "PersistentVolumeClaim") {
        let name = cluster.get(*index).map(|object| &*object.id.name);
        if name.is_some_and(|name| claims.are_made(cluster.namespace(*index), name)) {
            // A StatefulSet takes one that is there already.
            references.mark(*index);
        }
        let spec = cluster
            .get(*index)
            .and_then(|object| object.root().get("spec"));
        if let Some(spec) = spec {
            storage(references, &claims, *index, spec);
            source(references, *index, spec);
        }
    }
}

/// The claims that controllers make, and the classes of volumes that are made by hand.
#[derive(Debug, Default)]
struct Claims<'a> {
    /// By namespace: `<template>-<StatefulSet>`, which a number follows.
    templates: HashSet<(&'a str, String)>,
    /// `<pod>-<volume>`.
    ephemeral: HashSet<(&'a str, String)>,
    /// Classes that volumes have: these need no StorageClass.
    volumes: HashSet<&'a str>,
}

impl<'a> Claims<'a> {
    fn new(cluster: &Cluster<'a>) -> Self {
        let mut claims = Self::default();
        for index in cluster.of_kind("apps", "StatefulSet") {
            let Some(object) = cluster.get(*index) else {
                continue;
            };
            let namespace = cluster.namespace(*index);
            for (name, _) in templates(cluster, *index) {
                let start = format!("{name}-{}", object.id.name);
                claims.templates.insert((namespace, start));
            }
        }
        for index in cluster.of_kind("", "Pod") {
            let Some(object) = cluster.get(*index) else {
                continue;
            };
            let volumes = object.root().path(&["spec", "volumes"]);
            for volume in volumes.into_iter().flat_map(Node::items) {
                if let (Some(_), Some(name)) = (volume.get("ephemeral"), text(volume, "name")) {
                    let name = format!("{}-{name}", object.id.name);
                    claims.ephemeral.insert((cluster.namespace(*index), name));
                }
            }
        }
        for index in cluster.of_kind("", "PersistentVolume") {
            let object = cluster.get(*index);
            let class = object.and_then(|object| object.root().path(&["spec", "storageClassName"]));
            claims.volumes.extend(class.and_then(Node::as_str));
        }
        claims
    }

    /// Tells whether a controller makes a claim.
    fn are_made(&self, namespace: &'a str, name: &str) -> bool {
        let numbered = name.rsplit_once('-').is_some_and(|(start, number)| {
            number.parse::<u32>().is_ok() && self.templates.contains(&(namespace, start.to_owned()))
        });
        numbered || self.ephemeral.contains(&(namespace, name.to_owned()))
    }
}

/// Returns the name and spec of each claim template of a StatefulSet.
fn templates<'a>(
    cluster: &Cluster<'a>,
    index: Index,
) -> impl Iterator<Item = (&'a str, Node<'a>)> + use<'a> {
    let object = cluster.get(index);
    let list = object.and_then(|object| object.root().path(&["spec", "volumeClaimTemplates"]));
    list.into_iter().flat_map(Node::items).filter_map(|one| {
        let name = one.path(&["metadata", "name"])?.as_str()?;
        Some((name, one.get("spec")?))
    })
}

/// Says so where what a field names is not there.
fn need<'a>(
    references: &mut References<'_, 'a>,
    from: Index,
    map: Node<'a>,
    field: &str,
    target: impl FnOnce(&'a str) -> Target<'a>,
) {
    if let (Some(node), Some(name)) = (map.get(field), text(map, field)) {
        references.need(from, node, target(name));
    }
}

fn service_account<'a>(references: &mut References<'_, 'a>, from: Index, spec: Node<'a>) {
    let namespace = references.cluster.namespace(from);
    // The older name of the field counts where the newer one is not set.
    let field = match text(spec, "serviceAccountName") {
        Some(_) => "serviceAccountName",
        None => "serviceAccount",
    };
    need(references, from, spec, field, |name| {
        Target::core("ServiceAccount", namespace, name)
    });
}

/// Checks a class. The cluster's owner makes classes, so that those of manifests that may be a part of a whole are
/// often elsewhere.
fn class<'a>(
    references: &mut References<'_, 'a>,
    from: Index,
    map: Node<'a>,
    group: &'a str,
    kind: &'a str,
    field: &str,
) {
    if !references.cluster.settings().whole {
        return;
    }
    need(references, from, map, field, |name| Target {
        group,
        kind,
        namespace: "",
        name,
    });
}

fn claim<'a>(
    references: &mut References<'_, 'a>,
    claims: &Claims<'a>,
    from: Index,
    source: Node<'a>,
) {
    let namespace = references.cluster.namespace(from);
    let name = text(source, "claimName");
    if name.is_some_and(|name| claims.are_made(namespace, name)) {
        return;
    }
    need(references, from, source, "claimName", |name| {
        Target::core("PersistentVolumeClaim", namespace, name)
    });
}

/// Checks the class of a claim's spec. A class that a volume has is only a word that the two share.
fn storage<'a>(
    references: &mut References<'_, 'a>,
    claims: &Claims<'a>,
    from: Index,
    spec: Node<'a>,
) {
    let group = "storage.k8s.io";
    let is_word = |class| claims.volumes.contains(class);
    if !text(spec, "storageClassName").is_some_and(is_word) && text(spec, "volumeName").is_none() {
        class(
            references,
            from,
            spec,
            group,
            "StorageClass",
            "storageClassName",
        );
    }
    let field = "volumeAttributesClassName";
    class(
        references,
        from,
        spec,
        group,
        "VolumeAttributesClass",
        field,
    );
}

/// Takes the claim that a claim is a copy of.
fn source<'a>(references: &mut References<'_, 'a>, from: Index, spec: Node<'a>) {
    for field in ["dataSource", "dataSourceRef"] {
        let Some(source) = spec.get(field) else {
            continue;
        };
        if text(source, "kind") == Some("PersistentVolumeClaim") {
            let own = references.cluster.namespace(from);
            let namespace = text(source, "namespace").unwrap_or(own);
            if let Some(name) = text(source, "name") {
                references.find(from, Target::core("PersistentVolumeClaim", namespace, name));
            }
        }
    }
}
