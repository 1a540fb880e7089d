//! Workloads that are scaled: what an autoscaler names, that it is the only one, and that nothing else sets the number.

use std::collections::HashMap;

use super::fields::{items, text};
use super::references::{References, Standing, Target};
use super::rules;
use crate::cluster::{Cluster, Found, Index};
use crate::manifest::{Fault, group};
use crate::yaml::Node;

/// A kind that scales others.
struct Scaler {
    group: &'static str,
    kind: &'static str,
    /// What it scales where it names no `apiVersion` and no kind.
    default: Option<(&'static str, &'static str)>,
}

/// What scales. Kubernetes asks for the group: without one a Deployment is not found.
const SCALERS: &[Scaler] = &[
    Scaler {
        group: "autoscaling",
        kind: "HorizontalPodAutoscaler",
        default: None,
    },
    Scaler {
        group: "keda.sh",
        kind: "ScaledObject",
        default: Some(("apps/v1", "Deployment")),
    },
];

/// The groups of Kubernetes' own workloads.
const OWN: &[&str] = &["apps", ""];

/// Checks every autoscaler.
pub(super) fn check<'a>(references: &mut References<'_, 'a>) {
    let cluster = references.cluster;
    let mut scaled: HashMap<Target<'a>, Index> = HashMap::new();
    let left_alone = is_number_left_alone(cluster);
    for scaler in SCALERS {
        for index in cluster.of_kind(scaler.group, scaler.kind) {
            let Some(reference) = cluster
                .get(*index)
                .and_then(|object| object.root().path(&["spec", "scaleTargetRef"]))
            else {
                continue;
            };
            let Some((node, target)) = target(references, *index, reference, scaler.default) else {
                continue;
            };
            match scaled.get(&target) {
                Some(first) if references.are_one(*first, *index) => {}
                Some(first) => twice(references, *index, node, target, *first),
                None => {
                    scaled.insert(target, *index);
                    let standing = scales(references, *index, reference, node, target);
                    if let (Standing::Object(workload), false) = (standing, left_alone) {
                        number(references, *index, workload);
                    }
                }
            }
        }
    }
}

/// Returns what a reference names.
fn target<'a>(
    references: &References<'_, 'a>,
    from: Index,
    reference: Node<'a>,
    default: Option<(&'a str, &'a str)>,
) -> Option<(Node<'a>, Target<'a>)> {
    let version = text(reference, "apiVersion");
    let version = version.or(default.map(|(version, _)| version));
    let kind = text(reference, "kind").or(default.map(|(_, kind)| kind))?;
    let target = Target {
        group: group(version.unwrap_or_default()),
        kind,
        namespace: references.cluster.namespace(from),
        name: text(reference, "name")?,
    };
    Some((reference.get("name")?, target))
}

/// Finds what is scaled.
fn scales<'a>(
    references: &mut References<'_, 'a>,
    from: Index,
    reference: Node<'a>,
    node: Node<'a>,
    target: Target<'a>,
) -> Standing {
    let standing = references.find(from, target);
    if standing != Standing::Missing {
        return standing;
    }
    let others = OWN.iter().map(|group| Target { group, ..target });
    for other in others {
        if let Standing::Object(index) = references.find(from, other) {
            let found = other_group(references, from, reference, other.group);
            let name = references.name_of(index);
            references.push(match name {
                Some(name) => found.related(index, name),
                None => found,
            });
            return Standing::Missing;
        }
    }
    // Controllers of custom resources make others: only of kinds that are among the objects something is missing.
    let of_kind = references.cluster.of_kind(target.group, target.kind);
    if OWN.contains(&target.group) || !of_kind.is_empty() {
        references.missing(from, node, target);
    }
    standing
}

/// Says that what is scaled is in another group.
fn other_group<'a>(
    references: &References<'_, 'a>,
    from: Index,
    reference: Node<'a>,
    group: &str,
) -> Found<'a> {
    let kind = text(reference, "kind").unwrap_or_default();
    let name = text(reference, "name").unwrap_or_default();
    let version = if group.is_empty() { "v1" } else { "apps/v1" };
    let (node, below, says) = match reference.get("apiVersion") {
        Some(node) => (node, "", "another group"),
        None => (reference, "apiVersion", "no group"),
    };
    let namespace = references.cluster.namespace(from);
    let message = format!(
        "the {kind} `{name}` of namespace `{namespace}` is of `{version}`, and the reference names {says}"
    );
    let fault = Fault::new(&rules::MISSING, node, message).below(below);
    let help = format!("write `apiVersion: {version}`: the autoscaler finds nothing without it");
    Found::new(from, fault.help(help))
}

/// Says that a workload has two autoscalers.
fn twice<'a>(
    references: &mut References<'_, 'a>,
    from: Index,
    node: Node<'a>,
    target: Target<'a>,
    first: Index,
) {
    let Some(other) = references.cluster.get(first) else {
        return;
    };
    let message = format!(
        "the {} `{}` is scaled by the {} `{}` already",
        target.kind, target.name, other.id.kind, other.id.name
    );
    let help = "keep one of the two, with the metrics of both: Kubernetes scales nothing that two autoscalers have";
    let mut found = Found::new(from, Fault::new(&rules::CONFLICT, node, message).help(help));
    if let Some(node) = references.name_of(first) {
        found = found.related(first, node);
    }
    references.push(found);
}

/// Says that a workload has a number of its own besides its autoscaler's. None turns the autoscaler off.
fn number(references: &mut References<'_, '_>, scaler: Index, workload: Index) {
    let cluster = references.cluster;
    let (Some(object), Some(by)) = (cluster.get(workload), cluster.get(scaler)) else {
        return;
    };
    let Some((key, count)) = object
        .root()
        .get("spec")
        .and_then(|spec| spec.entry("replicas"))
    else {
        return;
    };
    if count.as_int().is_none_or(|count| count == 0) {
        return;
    }
    let message = format!(
        "`replicas` is set here, and by the {} `{}`",
        by.id.kind, by.id.name
    );
    let help =
        "leave `replicas` out: each time the manifest is applied, the number goes back to this one";
    let mut found = Found::new(
        workload,
        Fault::new(&rules::SCALED_REPLICAS, key, message).help(help),
    );
    if let Some(node) = references.name_of(scaler) {
        found = found.related(scaler, node);
    }
    references.push(found);
}

/// Tells whether Argo CD leaves the number of replicas as it is in the cluster: for some Applications, or for all.
fn is_number_left_alone(cluster: &Cluster<'_>) -> bool {
    let of_kind = |group, kind| {
        let all = cluster.of_kind(group, kind).iter();
        all.filter_map(|index| cluster.get(*index))
    };
    let applications = of_kind("argoproj.io", "Application")
        .filter_map(|application| application.root().get("spec"));
    let sets = of_kind("argoproj.io", "ApplicationSet")
        .filter_map(|set| set.root().path(&["spec", "template", "spec"]));
    let mut ignored = applications
        .chain(sets)
        .flat_map(|spec| items(spec, "ignoreDifferences"));
    let mut settings = of_kind("", "ConfigMap")
        .filter(|map| map.id.name == "argocd-cm")
        .filter_map(|map| map.root().get("data"))
        .flat_map(Node::entries);
    ignored.any(|one| {
        let managers = items(one, "managedFieldsManagers").next();
        let paths = ["jsonPointers", "jqPathExpressions"];
        let mut paths = paths.iter().flat_map(|field| items(one, field));
        managers.is_some() || paths.any(|path| says_replicas(path))
    }) || settings.any(|(key, value)| {
        let key = key.as_str().unwrap_or_default();
        key.starts_with("resource.customizations.ignoreDifferences") && says_replicas(value)
    })
}

fn says_replicas(node: Node<'_>) -> bool {
    node.as_str().is_some_and(|text| text.contains("replicas"))
}
