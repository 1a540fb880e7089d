//! Ingresses and Routes against what is open: where they lead, their controllers must get.

use std::collections::BTreeSet;

use super::flows::{closing, is_node, places, shown};
use super::peer::PeerId;
use super::port::Connections;
use super::reach::Reach;
use super::rules;
use super::service::Exposure;
use crate::cluster::{Cluster, Found};
use crate::manifest::Fault;

/// Finds backends that the controllers that the project names cannot reach.
pub(super) fn check<'a>(cluster: &Cluster<'a>, reach: &Reach<'a>, found: &mut Vec<Found<'a>>) {
    let mut told = BTreeSet::new();
    for exposure in &reach.exposures {
        let Some(class) = exposure.controller else {
            continue;
        };
        let Some(controllers) = reach.controllers.get(class) else {
            continue;
        };
        let Some((from, to, closed)) = blocked(reach, exposure, controllers.iter()) else {
            continue;
        };
        if !told.insert((exposure.object, exposure.node.index())) {
            continue;
        }
        let sides = closing(reach, from, to, &closed);
        let (target, whose) = (shown(reach, to), sides.whose);
        let message = format!(
            "this leads to `{target}` on {closed}, which the controllers of class `{class}` cannot reach: {whose} closed"
        );
        let help = "open it in a policy about each side that is closed";
        let fault = Fault::new(&rules::BLOCKED_FLOW, exposure.node, message).help(help);
        let mut one = Found::new(exposure.object, fault);
        one.related = places(cluster, sides.policies);
        found.push(one);
    }
}

/// Returns a controller that cannot reach pods, and on which ports; nothing where the flows say that it should: then
/// theirs is the finding.
fn blocked(
    reach: &Reach<'_>,
    exposure: &Exposure<'_>,
    mut controllers: impl Iterator<Item = PeerId>,
) -> Option<(PeerId, PeerId, Connections)> {
    let to = PeerId::try_from(exposure.class).ok()?;
    if is_node(reach, to) {
        return None;
    }
    controllers.find_map(|from| {
        let mut closed = exposure.connections.without(&reach.allowed(from, to));
        for flow in &reach.declared {
            if flow.from.contains(from) && flow.to.contains(to) {
                closed = closed.without(&flow.ports);
            }
        }
        (!closed.is_empty()).then_some((from, to, closed))
    })
}
