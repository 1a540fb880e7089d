//! PodDisruptionBudgets: that each has pods, that no pod has two, and that pods can go.

use std::collections::{HashMap, HashSet};

use super::references::{References, did_you_mean};
use super::rules;
use crate::cluster::{Cluster, Found, Index, Selector};
use crate::manifest::Fault;
use crate::yaml::{Kind, Node};

/// How many labels are looked at to find what budgets select.
const STEPS: usize = 1 << 26;

/// The controllers that keep a number of pods.
const COUNTED: &[(&str, &str)] = &[
    ("", "ReplicationController"),
    ("apps", "Deployment"),
    ("apps", "ReplicaSet"),
    ("apps", "StatefulSet"),
];

/// A budget, and the controllers whose pods it counts.
struct Budget<'a> {
    index: Index,
    spec: Node<'a>,
    selector: Node<'a>,
    owners: Vec<Index>,
}

/// Checks every budget.
pub(super) fn check<'a>(references: &mut References<'_, 'a>) {
    let cluster = references.cluster;
    let mut steps = STEPS;
    let mut taken: HashMap<Index, Index> = HashMap::new();
    let scaled = scaled(cluster);
    for index in cluster.of_kind("policy", "PodDisruptionBudget") {
        let Some(spec) = cluster.get(*index).and_then(|object| object.root().get("spec")) else {
            continue;
        };
        let Some(selector) = spec.get("selector") else {
            continue;
        };
        let Some(owners) = owners(cluster, *index, selector, &mut steps) else {
            continue;
        };
        let budget = Budget { index: *index, spec, selector, owners };
        if budget.owners.is_empty() {
            nothing(references, &budget);
        }
        second(references, &budget, &mut taken);
        blocked(references, &budget, &scaled);
    }
}
