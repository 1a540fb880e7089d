//! PodDisruptionBudgets: that each has pods, that no pod has two, and that pods can go.

use std::collections::{HashMap, HashSet};

use super::fields::text;
use super::references::References;
use super::rules;
use super::selection::{Asked, Selection, Things};
use crate::cluster::{Cluster, Found, Index, Selector};
use crate::manifest::{Fault, group};
use crate::yaml::Node;

/// The controllers that keep a number of pods.
const COUNTED: &[(&str, &str)] = &[
    ("", "ReplicationController"),
    ("apps", "Deployment"),
    ("apps", "ReplicaSet"),
    ("apps", "StatefulSet"),
];

/// Whose pods are not moved when a node is drained, or end by themselves.
const LEFT: &[&str] = &["CronJob", "DaemonSet", "Job"];

/// A workload: group, kind, namespace and name.
type Workload<'a> = (&'a str, &'a str, &'a str, &'a str);

/// Checks every budget.
pub(super) fn check(references: &mut References<'_, '_>) {
    let cluster = references.cluster;
    let kept = kept(cluster);
    let mut taken: HashMap<u32, Index> = HashMap::new();
    for index in cluster.of_kind("policy", "PodDisruptionBudget") {
        let spec = cluster
            .get(*index)
            .and_then(|object| object.root().get("spec"));
        let node = spec.and_then(|spec| spec.get("selector"));
        // Without a selector a budget has no pods, and with an empty one all.
        let Some((spec, node)) = spec.zip(node.filter(|node| !node.is_null())) else {
            continue;
        };
        let Some(selector) = Selector::read(node) else {
            continue;
        };
        let asked = Asked {
            things: Things::Pods,
            namespace: cluster.namespace(*index),
            selector: &selector,
        };
        match references.select(asked) {
            Selection::Chosen(chosen) => {
                if chosen.certain {
                    second(references, *index, node, &chosen.things, &mut taken);
                }
                blocked(references, *index, spec, &chosen.things, &kept);
            }
            Selection::Nothing => {
                let found = references.nothing(*index, "the budget", node, asked);
                references.push(found);
            }
            Selection::Unknown => {}
        }
    }
}

/// Returns the workloads whose number of pods an autoscaler sets.
fn scaled<'a>(cluster: &Cluster<'a>) -> HashSet<Workload<'a>> {
    let mut scaled = HashSet::new();
    for (group_of_kind, kind) in [
        ("autoscaling", "HorizontalPodAutoscaler"),
        ("keda.sh", "ScaledObject"),
    ] {
        for index in cluster.of_kind(group_of_kind, kind) {
            let target = cluster
                .get(*index)
                .and_then(|object| object.root().path(&["spec", "scaleTargetRef"]));
            if let Some((target, name)) = target.and_then(|one| Some((one, text(one, "name")?))) {
                let version = text(target, "apiVersion").unwrap_or("apps/v1");
                let kind = text(target, "kind").unwrap_or("Deployment");
                scaled.insert((group(version), kind, cluster.namespace(*index), name));
            }
        }
    }
    scaled
}

/// How many pods a template keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    /// This many.
    Count(i64),
    /// Nobody knows before they run.
    Unknown,
    /// No drain moves them, or they end by themselves.
    Left,
}

/// Returns how many pods each template keeps, in the order of the pods.
fn kept(cluster: &Cluster<'_>) -> Vec<Kept> {
    let scaled = scaled(cluster);
    let pods = cluster.pods().iter();
    pods.map(|pod| {
        let Some(object) = cluster.get(pod.object) else {
            return Kept::Unknown;
        };
        let (group, kind) = (object.group(), &*object.id.kind);
        let workload = (group, kind, cluster.namespace(pod.object), &*object.id.name);
        if LEFT.contains(&kind) {
            return Kept::Left;
        }
        if !COUNTED.contains(&(group, kind)) || scaled.contains(&workload) {
            return Kept::Unknown;
        }
        let count = object.root().path(&["spec", "replicas"]);
        match count.filter(|count| !count.is_null()) {
            Some(count) => count.as_int().map_or(Kept::Unknown, Kept::Count),
            None => Kept::Count(1),
        }
    })
    .collect()
}

/// Returns how many pods some templates keep together, where that is certain.
fn sum(pods: &[u32], kept: &[Kept]) -> Option<i64> {
    let each = pods.iter().map(|pod| kept.get(*pod as usize));
    each.map(|count| match count {
        Some(Kept::Count(count)) => Some((*count).max(0)),
        _ => None,
    })
    .try_fold(0_i64, |all, count| all.checked_add(count?))
}

/// Says that pods have two budgets: the API then answers each eviction with an error.
fn second<'a>(
    references: &mut References<'_, 'a>,
    from: Index,
    selector: Node<'a>,
    pods: &[u32],
    taken: &mut HashMap<u32, Index>,
) {
    let cluster = references.cluster;
    for pod in pods {
        let Some(object) = owner(cluster, *pod).filter(|(_, kind)| *kind != ("", "PodTemplate"))
        else {
            continue;
        };
        let first = *taken.entry(*pod).or_insert(from);
        let Some(other) = cluster
            .get(first)
            .filter(|_| !references.are_one(first, from))
        else {
            continue;
        };
        let Some(owner) = cluster.get(object.0) else {
            continue;
        };
        let message = format!(
            "the pods of the {} `{}` have a PodDisruptionBudget already, `{}`",
            owner.id.kind, owner.id.name, other.id.name
        );
        let help = "keep one, or make their selectors disjoint: a pod with two budgets cannot be evicted at all";
        let fault = Fault::new(&rules::CONFLICT, selector, message).help(help);
        let mut found = Found::new(from, fault);
        if let Some(node) = references.name_of(first) {
            found = found.related(first, node);
        }
        references.push(found);
        return;
    }
}

/// Returns the object that makes a pod, with its group and kind.
fn owner<'a>(cluster: &Cluster<'a>, pod: u32) -> Option<(Index, (&'a str, &'a str))> {
    let index = cluster.pods().get(pod as usize)?.object;
    let object = cluster.get(index)?;
    Some((index, (object.group(), &object.id.kind)))
}

/// Says that a budget lets no pod go.
fn blocked<'a>(
    references: &mut References<'_, 'a>,
    from: Index,
    spec: Node<'a>,
    pods: &[u32],
    kept: &[Kept],
) {
    let mut each = pods.iter().filter_map(|pod| kept.get(*pod as usize));
    if each.all(|kept| *kept == Kept::Left) {
        return;
    }
    let unavailable = spec.get("maxUnavailable").and_then(Amount::read);
    let available = spec.get("minAvailable").and_then(Amount::read);
    let (field, why) = match (unavailable, available) {
        (Some(Amount::Count(0) | Amount::Percent(0)), _) => ("maxUnavailable", String::new()),
        (None, Some(Amount::Percent(100..))) => ("minAvailable", String::new()),
        (None, Some(amount)) => {
            let namespace = references.cluster.namespace(from);
            if references.holds_more(Things::Pods, namespace) {
                return;
            }
            match sum(pods, kept) {
                Some(all) if all > 0 && amount.of(all) >= all => {
                    ("minAvailable", format!(", and there {}", are(all)))
                }
                _ => return,
            }
        }
        _ => return,
    };
    let Some((key, value)) = spec.entry(field) else {
        return;
    };
    let value = match (value.as_int(), value.as_str()) {
        (Some(number), _) => number.to_string(),
        (None, text) => text.unwrap_or_default().to_owned(),
    };
    let message = format!("the budget lets no pod go: `{field}` is {value}{why}");
    let help = "write `maxUnavailable: 1`, or run more replicas than must be available: a node with such a pod cannot be \
                drained";
    references.push(Found::new(
        from,
        Fault::new(&rules::DISRUPTION_BUDGET, key, message).help(help),
    ));
}

fn are(replicas: i64) -> String {
    match replicas {
        1 => "is 1 replica".to_owned(),
        all => format!("are {all} replicas"),
    }
}

/// A number of pods, or a part of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Amount {
    Count(i64),
    Percent(i64),
}

impl Amount {
    fn read(node: Node<'_>) -> Option<Self> {
        if let Some(count) = node.as_int() {
            return Some(Self::Count(count));
        }
        let percent = node.as_str()?.strip_suffix('%')?;
        percent.parse().ok().map(Self::Percent)
    }

    /// Returns the number among all; percentages are rounded up.
    fn of(self, all: i64) -> i64 {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) => {
                let hundredths = percent.saturating_mul(all);
                hundredths.saturating_add(99) / 100
            }
        }
    }
}
