//! A change in reach: what one version opens or closes that another does not.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

use super::address::Range;
use super::declared::is_public;
use super::interval::Intervals;
use super::list::{Listing, Name};
use super::pairs::Seen;
use super::peer::PeerId;
use super::port::Connections;
use super::reach::Reach;
use crate::cluster::Cluster;

/// So many sources are looked at before what has changed of them is told.
const AT_ONCE: usize = 512;

/// What a change does to connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// It opens them.
    Opens,
    /// It closes them.
    Closes,
}

impl Change {
    /// What to look at first, first.
    pub const ALL: [Self; 2] = [Self::Opens, Self::Closes];
}

/// Connections that a change opens, or closes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Where they come from, as [`Connection::from`](super::Connection::from) has it; ranges of addresses of which the
    /// same is true are one, and `internet[External]` is every public address.
    pub from: String,
    /// Where they go.
    pub to: String,
    /// What of them.
    pub connections: Connections,
}

/// Two versions of a cluster, told apart in the same way.
#[derive(Debug)]
pub struct Versions<'a> {
    /// The one before.
    pub before: Reach<'a>,
    /// The one after.
    pub after: Reach<'a>,
}

impl<'a> Versions<'a> {
    /// Takes both versions.
    pub fn new(before: &Cluster<'a>, after: &Cluster<'a>) -> Self {
        let first = Reach::new(after);
        let before = Reach::like(before, &first.borders);
        let after = if before.borders == first.borders {
            first
        } else {
            Reach::like(after, &before.borders)
        };
        Self { before, after }
    }

    /// Tells what the change opens, or what it closes: what comes from outside first, then by the names of sources and
    /// targets. `from` and `to` choose ends.
    pub fn changes<E>(
        &self,
        change: Change,
        from: impl Fn(&Name) -> bool,
        to: impl Fn(&Name) -> bool,
        mut tell: impl FnMut(Changed) -> Result<(), E>,
    ) -> Result<(), E> {
        let (one, other) = match change {
            Change::Opens => (&self.after, &self.before),
            Change::Closes => (&self.before, &self.after),
        };
        let sides = Sides::new(Listing::new(one), Listing::new(other));
        let is_target: Vec<bool> = sides.one.names().map(to).collect();
        let chosen = sides.one.names().enumerate();
        let chosen = chosen.filter(|(_, name)| from(name));
        let (outside, inside): (Vec<_>, Vec<_>) =
            chosen.partition(|(_, name)| name.range.is_some());
        let changed = |sources: &[(usize, &Name)]| -> Vec<Vec<(usize, Connections)>> {
            let sources = sources.par_iter();
            let all = sources.map_init(Both::default, |seen, (source, _)| {
                let mut changed = sides.changed(*source, seen);
                changed.retain(|(target, _)| is_target.get(*target) == Some(&true));
                changed
            });
            all.collect()
        };
        let internet = [&one.internet.ingress, &one.internet.egress];
        let sources = outside.iter().map(|(source, _)| *source);
        let found = sources.zip(changed(&outside)).collect();
        sides.outside(found, internet).try_for_each(&mut tell)?;
        for some in inside.chunks(AT_ONCE) {
            for ((_, name), found) in some.iter().zip(changed(some)) {
                for (to, connections) in sides.together(found, internet) {
                    let from = name.shown.clone();
                    tell(Changed {
                        from,
                        to,
                        connections,
                    })?;
                }
            }
        }
        Ok(())
    }
}

impl Versions<'_> {
    /// Calls for each pair of ends of which the change opens or closes something, by their numbers in the version after,
    /// until that many have been told; those that it no longer has are left out.
    pub(super) fn pairs(
        &self,
        change: Change,
        most: usize,
        mut tell: impl FnMut(&[PeerId], &[PeerId], &Connections),
    ) {
        let listings = [Listing::new(&self.after), Listing::new(&self.before)];
        let [after, before] = listings;
        let sides = match change {
            Change::Opens => Sides::new(after, before),
            Change::Closes => Sides::new(before, after),
        };
        let peers = |place: usize| match change {
            Change::Opens => sides.one.name(place),
            Change::Closes => sides.other.name(sides.there.get(place).copied().flatten()?),
        };
        let sources: Vec<usize> = (0..sides.one.names().len()).collect();
        let mut left = most;
        for some in sources.chunks(AT_ONCE) {
            let sources = some.par_iter();
            let found: Vec<Vec<(usize, Connections)>> = sources
                .map_init(Both::default, |seen, source| sides.changed(*source, seen))
                .collect();
            for (source, found) in some.iter().zip(found) {
                for (target, connections) in found {
                    if let (Some(from), Some(to)) = (peers(*source), peers(target)) {
                        let Some(next) = left.checked_sub(1) else {
                            return;
                        };
                        left = next;
                        tell(&from.peers, &to.peers, &connections);
                    }
                }
            }
        }
    }
}

/// What is remembered from source to source, for each version.
#[derive(Default)]
struct Both(Seen, Seen);

/// The version whose connections are told, and the one that is compared with.
struct Sides<'r, 'a> {
    one: Listing<'r, 'a>,
    other: Listing<'r, 'a>,
    /// The places in the other version of the names of the one; those of the one in the other.
    there: Vec<Option<usize>>,
    here: Vec<Option<usize>>,
}

impl<'r, 'a> Sides<'r, 'a> {
    fn new(one: Listing<'r, 'a>, other: Listing<'r, 'a>) -> Self {
        let there = places(&one, &other);
        let here = places(&other, &one);
        Self {
            one,
            other,
            there,
            here,
        }
    }

    fn name(&self, place: usize) -> &str {
        self.one.name(place).map_or("", |name| &name.shown)
    }

    /// Returns what is open from a source in the one version and not in the other, by the places of targets.
    fn changed(
        &self,
        source: usize,
        Both(seen, seen_there): &mut Both,
    ) -> Vec<(usize, Connections)> {
        let mut open = self.one.from(source, seen);
        let there = self.there.get(source).copied().flatten();
        let there = there.map(|source| self.other.from(source, seen_there));
        let there = there.into_iter().flatten().filter_map(|(target, open)| {
            let here = self.here.get(target).copied().flatten()?;
            Some((here, open))
        });
        let there: HashMap<usize, Connections> = there.collect();
        open.retain_mut(|(target, open)| {
            if let Some(there) = there.get(target) {
                *open = open.without(there);
            }
            !open.is_empty()
        });
        open
    }

    /// Returns what has changed of sources outside: of each target they are told together.
    fn outside(
        &self,
        found: Vec<(usize, Vec<(usize, Connections)>)>,
        internet: [&Intervals; 2],
    ) -> impl Iterator<Item = Changed> {
        let mut targets: BTreeMap<usize, Vec<(usize, Connections)>> = BTreeMap::new();
        for (source, found) in found {
            for (target, connections) in found {
                let sources = targets.entry(target).or_default();
                sources.push((source, connections));
            }
        }
        let mut lines: BTreeMap<(String, String), Connections> = BTreeMap::new();
        for (target, sources) in targets {
            let to = self.name(target);
            for (from, connections) in self.together(sources, internet) {
                lines.insert((from, to.to_owned()), connections);
            }
        }
        lines.into_iter().map(|((from, to), connections)| Changed {
            from,
            to,
            connections,
        })
    }

    /// Returns the names of ends, where those outside are together of which the same is said.
    fn together(
        &self,
        ends: Vec<(usize, Connections)>,
        internet: [&Intervals; 2],
    ) -> Vec<(String, Connections)> {
        let mut outside = Vec::new();
        let mut told = Vec::new();
        for (place, connections) in ends {
            match self.one.name(place) {
                Some(Name {
                    range: Some(range),
                    peers,
                    ..
                }) => outside.push(Part {
                    range: *range,
                    peer: peers.first().copied().unwrap_or(PeerId::MAX),
                    connections,
                }),
                Some(name) => told.push((name.shown.clone(), connections)),
                None => {}
            }
        }
        if outside.is_empty() {
            return told;
        }
        outside.sort_by_key(|part| (part.range.family, part.range.first));
        let mut all = Vec::new();
        let public = internet
            .into_iter()
            .find(|all| outside.iter().any(|part| all.contains(part.peer)));
        let is_all = joined(&outside)
            .iter()
            .any(|(range, _)| *range == Range::all(range.family));
        if let Some(public) = public.filter(|_| !is_all) {
            let chosen = |part: &&Part| public.contains(part.peer);
            let open: Vec<&Part> = outside.iter().filter(chosen).collect();
            let first = open.first().map(|part| part.connections.clone());
            if let Some(first) = first
                && open.len() as u64 == public.count()
                && open
                    .iter()
                    .all(|part| part.connections == first && is_public(&part.range))
            {
                all.push(("internet[External]".to_owned(), first));
                outside.retain(|part| !public.contains(part.peer));
            }
        }
        let joined = joined(&outside).into_iter();
        all.extend(joined.map(|(range, open)| (format!("{range}[External]"), open)));
        all.extend(told);
        all
    }
}

/// Addresses outside, and what is said of them.
struct Part {
    range: Range,
    peer: PeerId,
    connections: Connections,
}

/// Joins ranges that touch and of which the same is said.
fn joined(parts: &[Part]) -> Vec<(Range, Connections)> {
    let mut joined: Vec<(Range, Connections)> = Vec::new();
    for part in parts {
        match joined.last_mut() {
            Some((range, open))
                if range.family == part.range.family
                    && range.last.checked_add(1) == Some(part.range.first)
                    && *open == part.connections =>
            {
                range.last = part.range.last;
            }
            _ => joined.push((part.range, part.connections.clone())),
        }
    }
    joined
}

/// Finds the names of one version in another: ranges of sources are others than those of targets.
fn places(one: &Listing<'_, '_>, other: &Listing<'_, '_>) -> Vec<Option<usize>> {
    let key = |listing: &Listing<'_, '_>, place, name: &Name| {
        (name.shown.clone(), listing.is_source(place))
    };
    let all = other.names().enumerate();
    let all: HashMap<_, usize> = all
        .map(|(place, name)| (key(other, place, name), place))
        .collect();
    let own = one.names().enumerate();
    own.map(|(place, name)| all.get(&key(one, place, name)).copied())
        .collect()
}
