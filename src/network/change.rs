//! What a change does to connections, for who reviews it.

use std::collections::BTreeMap;

use super::check::listed;
use super::diff::{Change, Versions};
use super::flows::{closing, opener, shown};
use super::peer::PeerId;
use super::port::Connections;
use super::reach::Reach;
use super::rules;
use crate::cluster::{Cluster, Found, Index};
use crate::manifest::{Fault, Resource};

/// So many connections are told of one change; nobody reviews more.
const MOST: usize = 10_000;

/// What is told of the same place: by the names of both ends.
type Group = BTreeMap<(String, String), Connections>;

/// Compares an environment with its version before, where there is one.
pub(super) fn check<'a>(cluster: &Cluster<'a>) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    let before: Vec<Resource> = cluster
        .all_before()
        .map(|node| Resource::new(node.document().clone()))
        .collect();
    if before.is_empty() {
        return found;
    }
    let look = |objects| Cluster::new(objects, cluster.scopes().clone(), cluster.settings());
    let (before, after) = (
        look(before.iter().collect()),
        look(cluster.objects().map(|(_, object)| object).collect()),
    );
    let versions = Versions::new(&before, &after);
    // Where everything is open, all that comes opens more.
    if versions.before.policies.is_empty() && versions.after.policies.is_empty() {
        return found;
    }
    for change in Change::ALL {
        let mut groups: BTreeMap<(Index, usize), Group> = BTreeMap::new();
        versions.pairs(change, MOST, |from, to, connections| {
            let reach = &versions.after;
            let Some((from, to)) = from.first().copied().zip(to.first().copied()) else {
                return;
            };
            let place = match change {
                Change::Opens => where_opened(&after, reach, from, to, connections),
                Change::Closes => where_closed(&after, reach, from, to, connections),
            };
            if let Some(place) = place {
                let names = (shown(reach, from), shown(reach, to));
                let group = groups.entry(place).or_default();
                group.entry(names).or_default().add(connections);
            }
        });
        for ((object, node), group) in groups {
            let root = cluster.get(object).map(|object| object.root());
            let Some(node) = root.and_then(|root| root.document().node(node)) else {
                continue;
            };
            let fault = match change {
                Change::Opens => Fault::new(&rules::OPENED_FLOW, node, message("opens", &group))
                    .help("see whether each is meant; a flow in `policies/flows.yaml` says why"),
                Change::Closes => Fault::new(&rules::CLOSED_FLOW, node, message("closes", &group))
                    .help("see whether nobody needs them any more"),
            };
            found.push(Found::new(object, fault));
        }
    }
    found
}

fn message(does: &str, group: &Group) -> String {
    let ways = group.iter();
    let ways = ways.map(|((from, to), open)| format!("{from}` to `{to}` on `{open}"));
    let ways: Vec<String> = ways.collect();
    let what = if ways.len() == 1 {
        "a connection"
    } else {
        "connections"
    };
    format!("this change {does} {what}: {}", listed(&ways))
}

/// Returns the rule that opens a connection; where none does, the pods that are open.
fn where_opened(
    cluster: &Cluster<'_>,
    reach: &Reach<'_>,
    from: PeerId,
    to: PeerId,
    open: &Connections,
) -> Option<(Index, usize)> {
    if let Some((policy, rule)) = opener(reach, from, to, open) {
        return Some((policy.object, rule.node.index()));
    }
    pods(cluster, reach, to).or_else(|| pods(cluster, reach, from))
}

/// Returns the policy that closes a connection; where none does, the pods.
fn where_closed(
    cluster: &Cluster<'_>,
    reach: &Reach<'_>,
    from: PeerId,
    to: PeerId,
    closed: &Connections,
) -> Option<(Index, usize)> {
    let policies = closing(reach, from, to, closed).policies;
    let mut places = super::flows::places(cluster, policies).into_iter();
    let place = places.next().map(|(object, node)| (object, node.index()));
    place.or_else(|| pods(cluster, reach, to))
}

/// Returns the name of the object that describes pods.
fn pods(cluster: &Cluster<'_>, reach: &Reach<'_>, peer: PeerId) -> Option<(Index, usize)> {
    let class = reach.inventory.classes.get(reach.class(peer)?)?;
    let workload = reach.inventory.workloads.get(*class.workloads.first()?)?;
    let object = workload.object?;
    let name = cluster.get(object)?.root().path(&["metadata", "name"])?;
    Some((object, name.index()))
}
