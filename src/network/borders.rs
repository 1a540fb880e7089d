//! What policies tell apart beyond the pods that are described.

use std::collections::HashSet;

use super::address::Family;
use super::model::{Asked, Assumed};
use super::policy::{Both, Direction, Peer};

/// Addresses, entities, and pods that nobody describes, as far as policies and flows speak of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Borders<'a> {
    pub(super) peers: Both<HashSet<Peer<'a>>>,
    assumed: Vec<Assumed<'a>>,
}

impl<'a> Borders<'a> {
    /// Tells whether addresses of IPv6 are told apart.
    pub(super) fn names_ipv6(&self) -> bool {
        let mut ways = Direction::ALL.into_iter();
        ways.any(|way| self.peers.of(way).iter().any(|peer| peer.names(Family::V6)))
    }

    /// Adds those of some policies; both then speak of the pods of both.
    pub(super) fn add<'r, I>(&mut self, asked: &mut Asked<'a>, peers: impl Fn(Direction) -> I)
    where
        'a: 'r,
        I: Iterator<Item = &'r Peer<'a>>,
    {
        for direction in Direction::ALL {
            let own = self.peers.of_mut(direction);
            for peer in peers(direction) {
                if matches!(peer, Peer::Addresses(..) | Peer::Entity(_)) && !own.contains(peer) {
                    own.insert(peer.clone());
                }
            }
        }
        asked.assumed.append(&mut self.assumed);
        asked.assumed.sort_unstable();
        asked.assumed.dedup();
        let assumed = asked.assumed.iter();
        let keys = assumed.flat_map(|one| one.labels.iter().map(|(key, _)| *key));
        asked.labels.extend(keys);
        self.assumed.clone_from(&asked.assumed);
    }
}
