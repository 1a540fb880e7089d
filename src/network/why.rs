//! Why a connection is open or closed: the rules that were heard, in their order.

use super::peer::PeerId;
use super::policy::{Action, Direction};
use super::port::Connections;
use super::reach::Reach;
use crate::cluster::Index;
use crate::yaml::Node;

/// What has to do with one side of a connection.
#[derive(Clone, Debug)]
pub enum Reason<'a> {
    /// Nothing is closed, for no policy is about the pods.
    NoPolicy,
    /// A rule about the connection.
    Rule {
        /// The policy.
        object: Index,
        /// Where the rule is written.
        node: Node<'a>,
        /// What it does.
        action: Action,
        /// With what.
        connections: Connections,
    },
    /// A policy that closes what no rule opens.
    Closes {
        /// The policy.
        object: Index,
    },
}

/// Tells why one side of a connection is as it is; nothing where the side is not that of pods.
pub fn reasons<'a>(
    reach: &Reach<'a>,
    from: PeerId,
    to: PeerId,
    direction: Direction,
) -> Vec<Reason<'a>> {
    let (own, other) = match direction {
        Direction::Ingress => (to, from),
        Direction::Egress => (from, to),
    };
    let Some(class) = reach.class(own) else {
        return Vec::new();
    };
    let mut reasons = Vec::new();
    for policy in reach.about(class, direction) {
        for rule in policy.rules.of(direction) {
            if reach.peers(rule).contains(other) {
                reasons.push(Reason::Rule {
                    object: policy.object,
                    node: rule.node,
                    action: rule.action,
                    connections: reach.ports(&rule.ports, reach.class(to)),
                });
            }
        }
    }
    // A rule for a port that the pods do not have opens nothing.
    reasons.retain(|reason| match reason {
        Reason::Rule { connections, .. } => !connections.is_empty(),
        Reason::NoPolicy | Reason::Closes { .. } => true,
    });
    if !reach.is_closed(class, direction) && reasons.is_empty() {
        reasons.push(Reason::NoPolicy);
    } else if reach.side(class, direction, other).is_empty() {
        let about = reach.about(class, direction);
        let closing = about.filter(|policy| *policy.isolates.of(direction));
        reasons.extend(closing.map(|policy| Reason::Closes {
            object: policy.object,
        }));
    }
    reasons
}
