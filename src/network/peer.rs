//! The ends of connections, numbered: classes of pods first, then what is beyond them. Sets of ends are intervals of
//! these numbers, so that "all pods of a namespace" is one of them.

use std::collections::{BTreeSet, HashMap, HashSet};

use indexmap::IndexSet;

use super::address::{Family, Partition, Range};
use super::cilium::{ACCOUNT, NAMESPACE, NAMESPACE_LABELS, bare};
use super::interval::Intervals;
use super::model::{Class, Inventory};
use super::policy::{Both, Dialect, Direction, Entity, Namespaces, Peer, Pods};
use crate::cluster::Selector;

/// The number of an end of connections.
pub type PeerId = u32;

/// What an end of connections is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The class of pods at a place.
    Class(usize),
    /// A pod of which nothing is known: that of an ingress controller that nobody names.
    Unknown,
    /// What is in or at the cluster and is no pod.
    Entity(Entity),
    /// Addresses outside, from which connections come.
    Source(Range),
    /// Addresses outside, to which connections go.
    Target(Range),
}

/// Who has which number.
#[derive(Clone, Debug, Default)]
pub struct Numbering {
    classes: u32,
    /// Those that some rule names: nobody tells the others from what is outside.
    entities: Vec<Entity>,
    outside: Both<Partition>,
}

impl Numbering {
    /// Numbers classes, and what is beyond them as far as rules tell it apart.
    pub(super) fn new(classes: usize, peers: &Both<HashSet<Peer<'_>>>) -> Self {
        let all = peers.ingress.iter().chain(&peers.egress);
        let named = all.filter_map(|peer| match peer {
            Peer::Entity(entity) => Some(*entity),
            _ => None,
        });
        let entities: BTreeSet<Entity> = named.collect();
        Self {
            classes: number(classes),
            entities: entities.into_iter().collect(),
            outside: Both {
                ingress: partition(&peers.ingress),
                egress: partition(&peers.egress),
            },
        }
    }

    /// Returns the number of the pod of which nothing is known.
    pub fn unknown(&self) -> PeerId {
        self.classes
    }

    fn first(&self, direction: Direction) -> PeerId {
        let sources = self.entities().end;
        match direction {
            Direction::Ingress => sources,
            Direction::Egress => sources + number(self.outside.ingress.ranges().len()),
        }
    }

    /// Returns the numbers of the classes.
    pub fn classes(&self) -> std::ops::Range<PeerId> {
        0..self.classes
    }

    /// Returns the numbers of what is in or at the cluster and is no pod.
    pub fn entities(&self) -> std::ops::Range<PeerId> {
        let first = self.classes + 1;
        first..first + number(self.entities.len())
    }

    /// Returns the numbers of all that connections may go to, but for pods.
    pub fn beyond(&self) -> impl Iterator<Item = PeerId> {
        self.entities().chain(self.outside(Direction::Egress))
    }

    /// Returns the numbers of the addresses outside.
    pub fn outside(&self, direction: Direction) -> std::ops::Range<PeerId> {
        let first = self.first(direction);
        first..first + number(self.outside.of(direction).ranges().len())
    }

    /// Tells whether connections come from what has a number, and not only to it.
    pub fn is_source(&self, peer: PeerId) -> bool {
        !self.outside(Direction::Egress).contains(&peer)
    }

    /// Returns how many numbers there are.
    pub fn count(&self) -> usize {
        self.outside(Direction::Egress).end as usize
    }

    /// Returns what has a number.
    pub fn end(&self, peer: PeerId) -> End {
        if peer < self.classes {
            return End::Class(peer as usize);
        }
        let entity = peer.checked_sub(self.entities().start);
        if let Some(entity) = entity.and_then(|at| self.entities.get(at as usize)) {
            return End::Entity(*entity);
        }
        let range = |direction| {
            let at = peer.checked_sub(self.first(direction))?;
            let ranges = self.outside.of(direction).ranges();
            ranges.get(at as usize).copied()
        };
        match (range(Direction::Ingress), range(Direction::Egress)) {
            (Some(range), _) => End::Source(range),
            (None, Some(range)) => End::Target(range),
            (None, None) => End::Unknown,
        }
    }

    /// Returns everything that may be at the other end.
    pub fn anything(&self, direction: Direction) -> Intervals {
        let mut anything = Intervals::one(0, self.entities().end - 1);
        anything.add(&self.all_outside(direction));
        anything
    }

    fn all_outside(&self, direction: Direction) -> Intervals {
        let outside = self.outside(direction);
        Intervals::one(outside.start, outside.end.saturating_sub(1))
    }

    fn entity(&self, entity: Entity) -> Intervals {
        let place = self.entities.iter().position(|one| *one == entity);
        let place = place.map(|place| self.entities().start + number(place));
        place.into_iter().collect()
    }

    fn addresses(&self, direction: Direction, range: &Range, except: &[Range]) -> Intervals {
        let parts = self.outside.of(direction);
        let except = except.iter().filter(|one| range.contains(one));
        let holes = except.flat_map(|one| parts.within(one).parts().to_vec());
        let left = parts.within(range).without(&Intervals::of(holes.collect()));
        let first = self.first(direction);
        let shifted = left.parts().iter();
        Intervals::of(shifted.map(|(a, b)| (a + first, b + first)).collect())
    }
}

/// Cuts the addresses outside at the borders of rules.
fn partition(peers: &HashSet<Peer<'_>>) -> Partition {
    let mut cuts: Vec<Range> = peers.iter().flat_map(Peer::cuts).collect();
    if peers.iter().any(|peer| peer.names(Family::V6)) {
        cuts.push(Range::all(Family::V6));
    }
    Partition::new(cuts.into_iter())
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The label of namespaces that has their name.
const NAME: &str = "kubernetes.io/metadata.name";

/// So many namespaces are looked through one by one for pods with a label.
const FEW: usize = 8;

/// Finds who is meant, and keeps each set of ends once.
#[derive(Debug)]
pub(super) struct Resolver<'r, 'a> {
    inventory: &'r Inventory<'a>,
    numbering: &'r Numbering,
    /// The classes of each namespace.
    of_namespace: Vec<Intervals>,
    /// The classes with a label, in one namespace and in all.
    labelled: HashMap<(usize, &'r str, &'r str), Vec<PeerId>>,
    everywhere: HashMap<(&'r str, &'r str), Vec<PeerId>>,
    /// The classes that count as their nodes.
    nodes: Intervals,
    namespaces: HashMap<Selector<'a>, Vec<usize>>,
    pods: HashMap<Pods<'a>, Intervals>,
    sets: IndexSet<Intervals>,
}

impl<'r, 'a> Resolver<'r, 'a> {
    pub(super) fn new(inventory: &'r Inventory<'a>, numbering: &'r Numbering) -> Self {
        let mut nodes = Vec::new();
        let mut of_namespace = vec![Vec::new(); inventory.namespaces.len()];
        let mut labelled: HashMap<(usize, &str, &str), Vec<PeerId>> = HashMap::new();
        let mut everywhere: HashMap<(&str, &str), Vec<PeerId>> = HashMap::new();
        for (class, peer) in inventory.classes.iter().zip(0..) {
            nodes.extend(class.node.then_some(peer));
            if let Some(own) = of_namespace.get_mut(class.namespace) {
                own.push((peer, peer));
            }
            for (key, value) in class.labels() {
                let one = labelled.entry((class.namespace, key, value)).or_default();
                one.push(peer);
                everywhere.entry((key, value)).or_default().push(peer);
            }
        }
        Self {
            inventory,
            numbering,
            of_namespace: of_namespace.into_iter().map(Intervals::of).collect(),
            labelled,
            everywhere,
            nodes: nodes.into_iter().collect(),
            namespaces: HashMap::new(),
            pods: HashMap::new(),
            sets: IndexSet::new(),
        }
    }

    /// Returns the sets that were made, by the numbers that [`Self::peers`] gave.
    pub(super) fn into_sets(self) -> Vec<Intervals> {
        self.sets.into_iter().collect()
    }

    /// Returns the number of the set of ends that are one of some peers.
    pub(super) fn peers(&mut self, peers: &[Peer<'a>], direction: Direction) -> usize {
        let ends = self.ends(peers, direction);
        self.sets.insert_full(ends).0
    }

    /// Returns the ends that are one of some peers.
    pub(super) fn ends(&mut self, peers: &[Peer<'a>], direction: Direction) -> Intervals {
        let mut all = Intervals::default();
        for peer in peers {
            match peer {
                Peer::Anything => all.add(&self.numbering.anything(direction)),
                Peer::Outside => all.add(&self.numbering.all_outside(direction)),
                Peer::Entity(entity) => {
                    all.add(&self.numbering.entity(*entity));
                    if entity.is_node() {
                        all.add(&self.nodes);
                    }
                }
                Peer::Pods(pods) => all.add(&self.pods(pods)),
                Peer::Addresses(range, except) => {
                    all.add(&self.numbering.addresses(direction, range, except));
                }
            }
        }
        all
    }

    /// Returns the pods that are meant; those that count as their node never are.
    pub(super) fn pods(&mut self, pods: &Pods<'a>) -> Intervals {
        if let Some(known) = self.pods.get(pods) {
            return known.clone();
        }
        let chosen = self.chosen(&pods.namespaces);
        let mut candidates = self.candidates(chosen.as_deref(), pods);
        candidates.retain(|peer| {
            let class = self.inventory.classes.get(*peer as usize);
            class.is_some_and(|class| !class.node && self.is_meant(pods, class))
        });
        let mut found: Intervals = candidates.into_iter().collect();
        let is_unknown_meant = match &pods.namespaces {
            Namespaces::Named(_) => false,
            Namespaces::Where(selector) => selector.is_met_by(|_| None),
            Namespaces::Any => true,
        };
        if is_unknown_meant && pods.pods.is_met_by(|_| None) {
            let unknown = self.numbering.unknown();
            found.add(&Intervals::one(unknown, unknown));
        }
        self.pods.insert(pods.clone(), found.clone());
        found
    }

    /// Returns the namespaces that are meant; nothing where all are.
    fn chosen(&mut self, namespaces: &Namespaces<'a>) -> Option<Vec<usize>> {
        match namespaces {
            Namespaces::Named(name) => Some(self.inventory.namespace(name).into_iter().collect()),
            Namespaces::Any => None,
            Namespaces::Where(selector) if selector.is_empty() => None,
            Namespaces::Where(selector) => {
                if let Some(known) = self.namespaces.get(selector) {
                    return Some(known.clone());
                }
                // Most name some, by the label that has their name.
                let named = selector.values().find(|(key, _)| *key == NAME);
                let named = named.map(|(_, names)| names);
                let all = self.inventory.namespaces.iter().enumerate();
                let met = all
                    .filter(|(_, one)| named.is_none_or(|names| names.contains(&one.name)))
                    .filter(|(_, one)| selector.matches(&one.labels))
                    .map(|(at, _)| at);
                let met: Vec<usize> = met.collect();
                self.namespaces.insert(selector.clone(), met.clone());
                Some(met)
            }
        }
    }

    /// Returns the classes among which those that are meant are.
    fn candidates(&self, chosen: Option<&[usize]>, pods: &Pods<'_>) -> Vec<PeerId> {
        let label = match pods.dialect {
            Dialect::Kubernetes | Dialect::OwnNetwork => pods.pods.values().next(),
            Dialect::Cilium => None,
        };
        let Some((key, values)) = label else {
            return match chosen {
                None => self.numbering.classes().collect(),
                Some(chosen) => {
                    let own = chosen.iter().filter_map(|one| self.of_namespace.get(*one));
                    own.flat_map(Intervals::iter).collect()
                }
            };
        };
        let mut found = Vec::new();
        for value in values {
            match chosen {
                Some(chosen) if chosen.len() <= FEW => {
                    let own = chosen.iter();
                    let own = own.filter_map(|one| self.labelled.get(&(*one, key, value)));
                    found.extend(own.flatten());
                }
                chosen => {
                    let all = self.everywhere.get(&(key, *value)).into_iter().flatten();
                    found.extend(all.filter(|peer| {
                        let class = self.inventory.classes.get(**peer as usize);
                        chosen.is_none_or(|chosen| {
                            class.is_some_and(|one| chosen.binary_search(&one.namespace).is_ok())
                        })
                    }));
                }
            }
        }
        found
    }

    fn is_meant(&self, pods: &Pods<'_>, class: &Class<'_>) -> bool {
        match pods.dialect {
            Dialect::Kubernetes => pods.pods.is_met_by(|key| class.label(key)),
            Dialect::OwnNetwork => {
                !class.host_network && pods.pods.is_met_by(|key| class.label(key))
            }
            Dialect::Cilium => {
                let namespace = self.inventory.namespaces.get(class.namespace);
                pods.pods.is_met_by(|key| match bare(key) {
                    NAMESPACE => namespace.map(|one| one.name),
                    ACCOUNT => class.account(),
                    key => match key.strip_prefix(NAMESPACE_LABELS) {
                        Some(key) => namespace.and_then(|one| one.labels.get(key)),
                        None => class.label(key),
                    },
                })
            }
        }
    }
}
