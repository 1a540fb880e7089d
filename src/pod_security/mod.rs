//! Pod Security Standards, as the admission controller would judge the pods of each namespace.
//!
//! In: a [`Cluster`]. Out: a fault at every field that the level of its namespace forbids, and those of the labels that
//! set levels. The checks and their versions are those of `k8s.io/pod-security-admission/policy`; a server evaluates the
//! version that a label names, or its own where that is older.

mod host;
mod label;
mod pod;
mod privilege;
mod profile;
pub mod rules;
mod standard;
mod user;
mod volume;

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

use self::label::{Mode, modes};
use self::standard::Standard;
use crate::cluster::{Cluster, Found, PodTemplate};
use crate::manifest::Fault;
use crate::schema::KubernetesVersion;

/// Checks the objects of an environment.
pub fn check<'a>(cluster: &Cluster<'a>) -> Vec<Found<'a>> {
    let mut found = label::check(cluster);
    let mut namespaces: BTreeMap<&str, Vec<Mode<'a>>> = BTreeMap::new();
    let pods = cluster.pods().iter();
    let pods: Vec<&PodTemplate<'a>> = pods.filter(|pod| cluster.checks(pod.object)).collect();
    for pod in &pods {
        let namespace = cluster.namespace(pod.object);
        namespaces
            .entry(namespace)
            .or_insert_with(|| modes(cluster, namespace));
    }
    let versions = &cluster.settings().versions;
    let judged: Vec<Vec<Found<'a>>> = pods
        .par_iter()
        .map(|pod| {
            let modes = namespaces.get(cluster.namespace(pod.object));
            modes.map_or_else(Vec::new, |modes| judge(pod, modes, versions))
        })
        .collect();
    found.extend(judged.into_iter().flatten());
    found
}

/// What makes two faults of a pod the same: the check, or the one that it takes the place of; the node; the field below.
type Key = (&'static str, usize, Option<String>);

/// A fault, with the mode that minds it most, and the Kubernetes versions that it holds for.
struct Seen<'a, 'm> {
    fault: Fault<'a>,
    mode: &'m Mode<'a>,
    versions: Vec<KubernetesVersion>,
}

/// Judges a pod by every mode and version: one fault for each place, as severe as the worst mode that minds it.
fn judge<'a>(
    pod: &PodTemplate<'a>,
    modes: &[Mode<'a>],
    versions: &[KubernetesVersion],
) -> Vec<Found<'a>> {
    let mut all: Vec<Seen<'a, '_>> = Vec::new();
    let mut known: HashMap<Key, usize> = HashMap::new();
    for version in versions {
        let mut done: Vec<Standard> = Vec::new();
        // From the worst mode to the mildest, so what a milder one says again is passed over.
        for mode in modes {
            let standard = mode.standard(*version);
            if done.iter().any(|other| other.covers(standard)) {
                continue;
            }
            for (check, fault) in standard.judge(pod) {
                let below = fault.below.as_deref().map(str::to_owned);
                let key = (check, fault.node.index(), below);
                let place = *known.entry(key).or_insert(all.len());
                match all.get_mut(place) {
                    Some(seen) => seen.add(mode, *version),
                    None => all.push(Seen {
                        fault,
                        mode,
                        versions: vec![*version],
                    }),
                }
            }
            done.push(standard);
        }
    }
    all.into_iter()
        .map(|seen| seen.found(pod, versions.len()))
        .collect()
}

impl<'a, 'm> Seen<'a, 'm> {
    fn add(&mut self, mode: &'m Mode<'a>, version: KubernetesVersion) {
        if mode.severity > self.mode.severity {
            self.mode = mode;
        }
        if self.versions.last() != Some(&version) {
            self.versions.push(version);
        }
    }

    /// Says for which versions it holds, where that is not all of them, and shows the label that asks for it.
    fn found(self, pod: &PodTemplate<'a>, versions: usize) -> Found<'a> {
        let mut fault = self.fault.severity(self.mode.severity);
        if self.versions.len() < versions {
            let list: Vec<String> = self.versions.iter().map(ToString::to_string).collect();
            fault.message = format!("{} (Kubernetes {})", fault.message, list.join(", "));
        }
        let found = Found::new(pod.object, fault);
        match self.mode.label {
            Some((namespace, label)) => found.related(namespace, label),
            None => found,
        }
    }
}

#[cfg(test)]
mod tests;
