//! Applications, and what ApplicationSets make them from: options, deletion, differences that are ignored.

use super::options::{has, of_application};
use super::{GROUP, rules};
use crate::cluster::{Cluster, Found, Index};
use crate::manifest::Fault;
use crate::yaml::Node;

/// The kinds, and where they have what an Application's `spec` has.
const KINDS: &[(&str, &[&str])] = &[
    ("Application", &["spec"]),
    ("ApplicationSet", &["spec", "template", "spec"]),
];

/// Checks all Applications.
pub(super) fn check<'a>(cluster: &Cluster<'a>, all: &mut Vec<Found<'a>>) {
    for (kind, path) in KINDS {
        for index in cluster.of_kind(GROUP, kind) {
            let spec = cluster
                .get(*index)
                .and_then(|object| object.root().path(path));
            if let Some(spec) = spec {
                all.extend(
                    faults(spec)
                        .into_iter()
                        .map(|fault| Found::new(*index, fault)),
                );
                all.extend(project(cluster, *index, spec));
            }
        }
    }
}

fn faults(spec: Node<'_>) -> Vec<Fault<'_>> {
    let mut faults = Vec::new();
    let policy = spec.get("syncPolicy");
    if let Some(options) = policy.and_then(|policy| policy.get("syncOptions")) {
        of_application(options, &mut faults);
    }
    let allow_empty = policy.and_then(|policy| policy.get("automated")?.entry("allowEmpty"));
    if let Some((key, value)) = allow_empty
        && value.as_bool() == Some(true)
        && prunes(spec).is_some()
    {
        let message = "everything is deleted when the source is empty, be it by mistake";
        faults.push(
            Fault::new(&rules::PRUNE, key, message)
                .help("remove `allowEmpty`; to delete an Application with its objects, delete the Application"),
        );
    }
    let metadata = policy.and_then(|policy| policy.entry("managedNamespaceMetadata"));
    if let Some((key, _)) = metadata
        && !options(spec).any(|option| option == "CreateNamespace=true")
    {
        let message = "Argo CD sets `managedNamespaceMetadata` only where it makes the namespace";
        faults.push(Fault::new(&rules::SYNC_OPTION, key, message).help(
            "add `CreateNamespace=true` to `syncOptions`, or write the labels into the Namespace",
        ));
    }
    let ignored = spec
        .get("ignoreDifferences")
        .into_iter()
        .flat_map(Node::items);
    for entry in ignored {
        ignored_difference(entry, &mut faults);
    }
    faults
}

/// Returns an Application's sync options.
pub(super) fn options(spec: Node<'_>) -> impl Iterator<Item = &str> {
    let options = spec.path(&["syncPolicy", "syncOptions"]);
    let options = options.into_iter().flat_map(Node::items);
    options.filter_map(Node::as_str)
}

/// Returns the key that makes Argo CD delete by itself what is no longer in git.
pub(super) fn prunes(spec: Node<'_>) -> Option<Node<'_>> {
    let automated = spec.path(&["syncPolicy", "automated"])?;
    if automated.get("enabled").and_then(Node::as_bool) == Some(false) {
        return None;
    }
    let (key, value) = automated.entry("prune")?;
    (value.as_bool() == Some(true)).then_some(key)
}

/// Says that an Application is in the project that allows everything, unless that is written to allow less.
fn project<'a>(cluster: &Cluster<'a>, index: Index, spec: Node<'a>) -> Option<Found<'a>> {
    if !cluster.settings().whole {
        return None;
    }
    let node = spec.get("project")?;
    let namespace = cluster.namespace(index);
    let named = matches!(node.as_str(), Some("" | "default"));
    let known = cluster
        .find(GROUP, "AppProject", namespace, "default")
        .is_some()
        || cluster.is_external("AppProject", namespace, "default");
    (named && !known).then(|| {
        let message = "the project `default` allows every repository, cluster, namespace and kind of object";
        let fault = Fault::new(&rules::WIDE_PROJECT, node, message)
            .help("make an AppProject that allows what this Application needs; and write the AppProject `default` with empty lists");
        Found::new(index, fault)
    })
}

/// Parts of an object that are nearly all of it.
const WIDE: &[&str] = &[
    "/",
    "/spec",
    "/metadata",
    ".",
    ".spec",
    ".metadata",
    ".[]",
    "..",
    ".spec[]",
    ".spec[]?",
];

/// Checks an entry of `ignoreDifferences`, or one of `resource.customizations.ignoreDifferences`.
pub(super) fn ignored_difference<'a>(entry: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let items = |field: &str| {
        let list = entry.get(field).into_iter().flat_map(Node::items);
        list.filter_map(|item| Some((item, item.as_str()?)))
    };
    let of_config_map = entry.get("kind").and_then(Node::as_str) == Some("ConfigMap");
    for (item, path) in items("jsonPointers").chain(items("jqPathExpressions")) {
        let data = of_config_map && matches!(path, "/data" | ".data");
        if path.is_empty() || WIDE.contains(&path) || data {
            let message = format!(
                "`{path}` is nearly all of the object: Argo CD sees no change of it, and mends none"
            );
            faults.push(
                Fault::new(&rules::IGNORED_DIFFERENCE, item, message)
                    .help("name the fields that something else writes, such as `/spec/replicas`"),
            );
        }
    }
    for (item, pointer) in items("jsonPointers") {
        if !pointer.is_empty() && !pointer.starts_with('/') && !super::is_template(pointer) {
            let message = format!("`{pointer}` is no JSON pointer, and ignores nothing");
            faults.push(
                Fault::new(&rules::IGNORED_DIFFERENCE, item, message)
                    .help("begin it with `/`, and write `~1` for a `/` in a key"),
            );
        }
    }
    for (item, manager) in items("managedFieldsManagers") {
        if matches!(manager, "*" | "argocd-controller") {
            let message = format!(
                "`{manager}` owns all fields that Argo CD applies: it sees no change of them, and mends none"
            );
            faults.push(
                Fault::new(&rules::IGNORED_DIFFERENCE, item, message)
                    .help("name the managers that change fields of their own, such as `kube-controller-manager`"),
            );
        }
    }
}

/// Tells whether an object, or the whole Application, has an option.
pub(super) fn has_option(annotation: Option<&str>, spec: Node<'_>, option: &str) -> bool {
    has(annotation, option) || options(spec).any(|own| own == option)
}
