//! The engine that enforces policies, and what it makes of what Kubernetes leaves open.

use std::fmt;

use super::address::Range;
use crate::cluster::Cluster;

const CILIUM: &str = "cilium";

/// The engine that enforces policies.
#[derive(Clone, Debug, Default)]
pub struct Engine<'a> {
    /// Its name; none where nobody says.
    pub name: Option<&'a str>,
    /// Where the addresses of pods are, as far as somebody says.
    pub pods: Vec<Range>,
}

impl fmt::Display for Engine<'_> {
    /// What is taken for granted, in words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            Some(name) => write!(f, "taken for granted of the network engine, {name}: ")?,
            None => f.write_str("taken for granted, as nobody names the network engine: ")?,
        }
        f.write_str(if self.addresses_mean_pods() {
            "an `ipBlock` means pods, too"
        } else {
            "an `ipBlock` means no pod"
        })?;
        f.write_str("; pods in the node's network count as ")?;
        f.write_str(if self.is_cilium() { "the node" } else { "pods" })
    }
}

/// How many of the pods have addresses in a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// None, as far as is known.
    None,
    /// Some; which ones is not known.
    Some,
    /// All.
    All,
}

impl<'a> Engine<'a> {
    /// Returns the engine of a cluster: the one that the project names, or the one whose policies are there.
    pub(super) fn of(cluster: &Cluster<'a>) -> Self {
        let network = &cluster.settings().network;
        let kinds = ["CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"];
        let mut kinds = kinds.into_iter();
        let has_policies = kinds.any(|kind| !cluster.of_kind("cilium.io", kind).is_empty());
        let ranges = network.pod_addresses.iter();
        Self {
            name: network
                .plugin
                .as_deref()
                .or_else(|| has_policies.then_some(CILIUM)),
            pods: ranges.filter_map(|text| Range::parse(text)).collect(),
        }
    }

    /// Tells whether it is Cilium: policies of namespaces mean no pod by its address, and pods in the node's network
    /// are the node.
    pub fn is_cilium(&self) -> bool {
        self.name == Some(CILIUM)
    }

    /// Tells whether an `ipBlock` may mean pods.
    pub fn addresses_mean_pods(&self) -> bool {
        !self.is_cilium() && !self.pods.is_empty()
    }

    /// Tells how many pods an `ipBlock` means.
    pub(super) fn pods_in(&self, block: &Range, except: &[Range]) -> Share {
        if self.is_cilium() {
            return Share::None;
        }
        let shares = self.pods_like(block).map(|pods| {
            let meets = |one: &Range| one.meets(pods);
            if !meets(block) || except.iter().any(|one| one.contains(pods)) {
                Share::None
            } else if block.contains(pods) && !except.iter().any(meets) {
                Share::All
            } else {
                Share::Some
            }
        });
        together(shares)
    }

    /// Tells how many pods a policy of administrators means by a range of addresses: these are about pods, too, whatever
    /// the engine.
    pub(super) fn pods_at(&self, range: &Range) -> Share {
        if self.pods.is_empty() && *range == Range::all(range.family) {
            return Share::All;
        }
        let shares = self.pods_like(range).map(|pods| {
            if range.contains(pods) {
                Share::All
            } else if range.meets(pods) {
                Share::Some
            } else {
                Share::None
            }
        });
        together(shares)
    }

    /// Returns the ranges of pods of the family of another range: a pod has an address of each.
    fn pods_like(&self, range: &Range) -> impl Iterator<Item = &Range> {
        let family = range.family;
        self.pods.iter().filter(move |one| one.family == family)
    }
}

/// Adds up the shares of several ranges of pods.
fn together(shares: impl Iterator<Item = Share>) -> Share {
    shares
        .reduce(|one, other| if one == other { one } else { Share::Some })
        .unwrap_or(Share::None)
}
