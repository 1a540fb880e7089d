//! What nothing uses: ConfigMaps, Secrets, ServiceAccounts and claims. Programs read objects in ways that no manifest
//! shows, so that whatever may be read is left alone.

use std::collections::{HashMap, HashSet};

use super::access::{Access, READ};
use super::fields::text;
use super::made::is_copied;
use super::references::{References, Target};
use super::rules;
use super::selection::Things;
use super::unseen::is_built_in;
use crate::cluster::{Cluster, Found, Index, Labels};
use crate::finding::Rule;
use crate::manifest::Fault;
use crate::yaml::Node;

/// The kinds, with their names in roles.
const KINDS: &[(&str, &str, &Rule)] = &[
    ("ConfigMap", "configmaps", &rules::UNUSED_CONFIG_MAP),
    (
        "PersistentVolumeClaim",
        "persistentvolumeclaims",
        &rules::UNUSED_CLAIM,
    ),
    ("Secret", "secrets", &rules::UNUSED_SECRET),
    (
        "ServiceAccount",
        "serviceaccounts",
        &rules::UNUSED_SERVICE_ACCOUNT,
    ),
];

/// Types of Secrets that programs find by their type.
const FOUND_BY_TYPE: &[&str] = &[
    "bootstrap.kubernetes.io/token",
    "helm.sh/release.v1",
    "kubernetes.io/service-account-token",
];

/// Annotations of hooks: what makes them uses them.
const HOOKS: &[&str] = &["argocd.argoproj.io/hook", "helm.sh/hook"];

/// Labels that everything may have; another one that no pod of the namespace has may be there for programs that look
/// for it, such as Grafana's sidecars.
const COMMON: &[&str] = &[
    "app",
    "chart",
    "component",
    "environment",
    "heritage",
    "name",
    "owner",
    "release",
    "team",
    "tier",
    "version",
];

/// Fields of Kubernetes' own objects that name no other object, or those that are looked at elsewhere.
const OWN_FIELDS: &[&str] = &[
    "apiVersion",
    "generateName",
    "host",
    "hostname",
    "image",
    "kind",
    "labels",
    "matchLabels",
    "mountPath",
    "name",
    "namespace",
    "path",
    "selector",
    "serviceName",
    "status",
    "subPath",
    "workingDir",
];

/// Tells of what nothing uses.
pub(super) fn check<'a>(references: &mut References<'_, 'a>) {
    let cluster = references.cluster;
    if !cluster.settings().whole {
        return;
    }
    let readers = Access::new(cluster, READ);
    let mut unused: Vec<(Index, &'static str, &'static Rule)> = Vec::new();
    for (kind, resource, rule) in KINDS {
        for index in cluster.of_kind("", kind) {
            let namespace = cluster.namespace(*index);
            let alone = !references.is_named(*index)
                && knows_users(references, namespace)
                && !readers.has(namespace, resource)
                && !is_found_otherwise(cluster, *index);
            if alone {
                unused.push((*index, kind, rule));
            }
        }
    }
    let mut names: HashMap<&'a str, Vec<Index>> = HashMap::new();
    for (index, ..) in &unused {
        if let Some(object) = cluster.get(*index) {
            names.entry(&object.id.name).or_default().push(*index);
        }
    }
    let mentioned = mentioned(cluster, &names);
    for (index, kind, rule) in unused {
        let name = references
            .name_of(index)
            .filter(|_| !mentioned.contains(&index));
        if let Some(node) = name {
            let message = format!(
                "nothing uses the {kind} `{}`",
                node.as_str().unwrap_or_default()
            );
            let fault = Fault::new(rule, node, message)
                .help("remove it, or use it; where a program reads it through the API, turn the rule off or waive it");
            references.push(Found::new(index, fault));
        }
    }
}

/// Tells whether there are pods in a namespace, and no others than those that are known.
fn knows_users<'a>(references: &References<'_, 'a>, namespace: &'a str) -> bool {
    let pods = references.cluster.pod_index().in_namespace(namespace);
    !pods.is_empty() && !references.holds_more(Things::Pods, namespace)
}

/// Tells whether an object may be found by what it is, not by its name.
fn is_found_otherwise(cluster: &Cluster<'_>, index: Index) -> bool {
    let Some(object) = cluster.get(index) else {
        return true;
    };
    let root = object.root();
    let namespace = cluster.namespace(index);
    let target = Target::core(&object.id.kind, namespace, &object.id.name);
    let annotations = root.path(&["metadata", "annotations"]);
    let has = |key: &&str| annotations.is_some_and(|all| all.get(key).is_some());
    let labels = Labels::of(root.path(&["metadata", "labels"]));
    let is_common = |key: &str| {
        COMMON.contains(&key)
            || key.starts_with("app.kubernetes.io/")
            || key.starts_with("helm.sh/")
            || cluster.pod_index().has_key(namespace, key)
    };
    is_built_in(target)
        || namespace.starts_with("kube-")
        || is_copied(root)
        || HOOKS.iter().any(has)
        || text(root, "type").is_some_and(|kind| FOUND_BY_TYPE.contains(&kind))
        || labels.iter().any(|(key, _)| !is_common(key))
}

/// Returns those whose name stands as a word in a text of another object: in what a custom resource holds, in command
/// lines, annotations and configuration.
fn mentioned(cluster: &Cluster<'_>, names: &HashMap<&str, Vec<Index>>) -> HashSet<Index> {
    let mut found = HashSet::new();
    if names.is_empty() {
        return found;
    }
    for (index, object) in cluster.objects() {
        let group = object.group();
        let data = ["ConfigMap", "Secret"].contains(&&*object.id.kind);
        let built_in = !data && (!group.contains('.') || group.ends_with(".k8s.io"));
        for (key, value) in object.root().entries() {
            match key.as_str() {
                Some("metadata") => {
                    if let Some(annotations) = value.get("annotations") {
                        words(annotations, false, &mut |word| {
                            mark(names, word, index, &mut found);
                        });
                    }
                }
                Some("apiVersion" | "kind" | "status") => {}
                _ => words(value, built_in, &mut |word| {
                    mark(names, word, index, &mut found);
                }),
            }
        }
    }
    found
}

fn mark(names: &HashMap<&str, Vec<Index>>, word: &str, from: Index, found: &mut HashSet<Index>) {
    let others = names.get(word).into_iter().flatten();
    found.extend(others.filter(|index| **index != from));
}

/// Passes on every word of the texts of a node; where it is Kubernetes' own, without the fields that name no object.
fn words<'a>(node: Node<'a>, built_in: bool, take: &mut impl FnMut(&'a str)) {
    for (key, value) in node.entries() {
        let key = key.as_str().unwrap_or_default();
        if !built_in || !OWN_FIELDS.contains(&key) {
            take(key);
            words(value, built_in, take);
        }
    }
    for item in node.items() {
        words(item, built_in, take);
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    if let Some(text) = node.as_str() {
        text.split(|c| !is_part(c)).for_each(take);
    }
}
