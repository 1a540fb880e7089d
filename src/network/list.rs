//! The connections that are open as people read them: workload to workload, sorted by name.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

use super::address::Range;
use super::pairs::{Pairs, Seen};
use super::peer::{End, PeerId};
use super::policy::Direction;
use super::port::Connections;
use super::reach::Reach;

/// The ingress controller that nobody names.
const INGRESS_CONTROLLER: &str = "{ingress-controller}";

/// So many sources are looked at before what they reach is told: no more is kept than that.
const AT_ONCE: usize = 512;

/// What may go from one to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection<'n> {
    /// Where it comes from: `namespace/name[Kind]`, `A-B[External]` or `{ingress-controller}`.
    pub from: &'n str,
    /// Where it goes.
    pub to: &'n str,
    /// What it may be.
    pub connections: Connections,
}

/// The name of an end of connections.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// `namespace/name[Kind]`, `A-B[External]` or `{ingress-controller}`.
    pub shown: String,
    /// The addresses, where it is outside.
    pub range: Option<Range>,
    /// The numbers of what it is the name of.
    pub peers: Vec<PeerId>,
}

/// Returns the names of all ends of connections, sorted.
pub fn names(reach: &Reach<'_>) -> Vec<Name> {
    let names = Names::new(reach).all.into_iter();
    names.map(|(name, _)| name).collect()
}

/// Names of all that connections are told of, sorted.
#[derive(Debug)]
struct Names {
    all: Vec<(Name, Party)>,
    /// The places of workloads and of what is outside, among all.
    of_workload: Vec<usize>,
    outside: HashMap<PeerId, usize>,
    /// Whether no policy here is about what has the name: what two of these say to each other is known to nobody.
    is_foreign: Vec<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Party {
    Workload(usize),
    Outside(PeerId),
    Controller,
}

impl Names {
    fn new(reach: &Reach<'_>) -> Self {
        let workloads = 0..reach.inventory.workloads.len();
        let inside = |shown, peers| Name {
            shown,
            range: None,
            peers,
        };
        let mut classes = classes_of_workloads(reach).into_iter();
        let mut all: Vec<(Name, Party)> = workloads
            .map(|workload| {
                let shown = reach.inventory.shown(workload);
                let classes = classes.next().unwrap_or_default();
                (inside(shown, classes), Party::Workload(workload))
            })
            .collect();
        all.extend(beyond(reach));
        let unknown = vec![reach.numbering.unknown()];
        all.push((
            inside(INGRESS_CONTROLLER.to_owned(), unknown),
            Party::Controller,
        ));
        all.sort();
        let is_foreign = all
            .iter()
            .map(|(name, party)| is_foreign(reach, name, *party));
        let is_foreign = is_foreign.collect();
        let mut of_workload = vec![0; reach.inventory.workloads.len()];
        let mut outside = HashMap::new();
        for (place, (_, party)) in all.iter().enumerate() {
            match party {
                Party::Workload(workload) => {
                    if let Some(slot) = of_workload.get_mut(*workload) {
                        *slot = place;
                    }
                }
                Party::Outside(peer) => {
                    outside.insert(*peer, place);
                }
                Party::Controller => {}
            }
        }
        Self {
            all,
            of_workload,
            outside,
            is_foreign,
        }
    }

    fn name(&self, place: usize) -> &str {
        self.all.get(place).map_or("", |(name, _)| &name.shown)
    }
}

/// Returns the names of what is no workload.
fn beyond(reach: &Reach<'_>) -> Vec<(Name, Party)> {
    let ways = Direction::ALL.into_iter();
    let ways = ways.flat_map(|direction| reach.numbering.outside(direction));
    let peers = reach.numbering.entities().chain(ways);
    let names = peers.filter_map(|peer| {
        let (shown, range) = match reach.numbering.end(peer) {
            End::Entity(entity) => (format!("{}[Entity]", entity.as_str()), None),
            End::Source(range) | End::Target(range) => (format!("{range}[External]"), Some(range)),
            End::Class(_) | End::Unknown => return None,
        };
        let name = Name {
            shown,
            range,
            peers: vec![peer],
        };
        Some((name, Party::Outside(peer)))
    });
    names.collect()
}

/// Tells whether no policy here is about what has a name.
fn is_foreign(reach: &Reach<'_>, name: &Name, party: Party) -> bool {
    let mut peers = name.peers.iter();
    party != Party::Controller
        && peers.all(|peer| {
            let Some(place) = reach.class(*peer) else {
                return true;
            };
            let has_policy = || {
                let mut directions = Direction::ALL.into_iter();
                directions.any(|direction| reach.about(place, direction).next().is_some())
            };
            let class = reach.inventory.classes.get(place);
            class.is_none_or(|class| class.node || class.assumed && !has_policy())
        })
}

/// Lists the numbers of the classes of each workload.
fn classes_of_workloads(reach: &Reach<'_>) -> Vec<Vec<PeerId>> {
    let mut classes = vec![Vec::new(); reach.inventory.workloads.len()];
    for (class, peer) in reach.inventory.classes.iter().zip(0..) {
        for workload in &class.workloads {
            if let Some(list) = classes.get_mut(*workload) {
                list.push(peer);
            }
        }
    }
    classes
}

/// The connections that are open, by the places of their names.
#[derive(Debug)]
pub(super) struct Listing<'r, 'a> {
    reach: &'r Reach<'a>,
    pairs: Pairs<'r, 'a>,
    names: Names,
    exposed: BTreeMap<usize, Connections>,
}

impl<'r, 'a> Listing<'r, 'a> {
    pub(super) fn new(reach: &'r Reach<'a>) -> Self {
        Self {
            reach,
            pairs: Pairs::new(reach),
            names: Names::new(reach),
            exposed: reach.from_unknown_controllers(),
        }
    }

    /// Returns the names, sorted, by their places.
    pub(super) fn names(&self) -> impl ExactSizeIterator<Item = &Name> {
        self.names.all.iter().map(|(name, _)| name)
    }

    /// Returns the name at a place.
    pub(super) fn name(&self, place: usize) -> Option<&Name> {
        self.names.all.get(place).map(|(name, _)| name)
    }

    /// Tells whether connections come from what has a name, or else go to it.
    pub(super) fn is_source(&self, place: usize) -> bool {
        match self.names.all.get(place) {
            Some((_, Party::Outside(peer))) => self.reach.numbering.is_source(*peer),
            Some((_, Party::Workload(_) | Party::Controller)) => true,
            None => false,
        }
    }

    /// Returns what the one with a name reaches, by the places of their names, sorted.
    pub(super) fn from(&self, source: usize, seen: &mut Seen) -> Vec<(usize, Connections)> {
        let Some((name, party)) = self.names.all.get(source) else {
            return Vec::new();
        };
        let mut targets = Targets {
            reach: self.reach,
            names: &self.names,
            foreign: self.names.is_foreign.get(source) == Some(&true),
            found: HashMap::new(),
        };
        match party {
            Party::Controller => {
                for (class, open) in &self.exposed {
                    targets.add(PeerId::try_from(*class).unwrap_or(PeerId::MAX), open);
                }
            }
            Party::Workload(_) | Party::Outside(_) => {
                let sources = name.peers.iter();
                for peer in sources.filter(|peer| self.reach.numbering.is_source(**peer)) {
                    for (target, open) in self.pairs.from(*peer, seen) {
                        targets.add(target, &open);
                    }
                }
            }
        }
        targets.found.remove(&source);
        targets.sorted()
    }
}

/// Tells every connection that is open, sorted by source, then by target. What a workload may say to itself is left
/// out: pods cannot be told apart by what they are called. So is what those say to each other whom no policy here is
/// about: pods that nobody describes, nodes, and what is outside.
///
/// `from` and `to` choose sources and targets.
pub fn connections<E>(
    reach: &Reach<'_>,
    from: impl Fn(&Name) -> bool,
    to: impl Fn(&Name) -> bool,
    mut tell: impl FnMut(Connection<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let listing = Listing::new(reach);
    let names = &listing.names;
    let is_target: Vec<bool> = listing.names().map(to).collect();
    let sources = listing.names().enumerate();
    let sources = sources.filter(|(_, name)| from(name));
    let sources: Vec<usize> = sources.map(|(place, _)| place).collect();
    for some in sources.chunks(AT_ONCE) {
        let found: Vec<Vec<(usize, Connections)>> = some
            .par_iter()
            .map_init(Seen::default, |seen, source| listing.from(*source, seen))
            .collect();
        for (source, targets) in some.iter().zip(found) {
            for (target, connections) in targets {
                if is_target.get(target) == Some(&true) {
                    tell(Connection {
                        from: names.name(*source),
                        to: names.name(target),
                        connections,
                    })?;
                }
            }
        }
    }
    Ok(())
}

/// What one source reaches, by the places of the names.
struct Targets<'r, 'a> {
    reach: &'r Reach<'a>,
    names: &'r Names,
    /// Whether no policy here is about the source.
    foreign: bool,
    found: HashMap<usize, Connections>,
}

impl Targets<'_, '_> {
    fn add(&mut self, target: PeerId, open: &Connections) {
        let mut add = |place: usize| {
            if !self.foreign || self.names.is_foreign.get(place) != Some(&true) {
                self.found.entry(place).or_default().add(open);
            }
        };
        match self.reach.class(target) {
            Some(class) => {
                let class = self.reach.inventory.classes.get(class);
                for workload in class.into_iter().flat_map(|class| &class.workloads) {
                    if let Some(place) = self.names.of_workload.get(*workload) {
                        add(*place);
                    }
                }
            }
            None => {
                if let Some(place) = self.names.outside.get(&target) {
                    add(*place);
                }
            }
        }
    }

    fn sorted(self) -> Vec<(usize, Connections)> {
        let mut all: Vec<(usize, Connections)> = self.found.into_iter().collect();
        all.sort_unstable_by_key(|(place, _)| *place);
        all
    }
}
