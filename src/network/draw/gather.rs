//! From connections to a picture.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::area::{self, Area};
use super::arrange::arrange;
use super::{Edge, Form, Group, Party, Picture, Spot};
use crate::network::address::{Family, Range};
use crate::network::interval::Intervals;
use crate::network::list::{Connection, Name, names};
use crate::network::peer::{End, PeerId};
use crate::network::policy::Direction;
use crate::network::port::Connections;
use crate::network::reach::Reach;

/// More connections than this are not kept one by one: they are taken together by namespaces.
const CONNECTIONS: usize = 20_000;

/// What no connection tells.
const FOREIGN: &str = "Not shown is what those say to each other whom no policy here is about: pods that nobody renders, nodes, addresses outside.";

/// More connections than this between namespaces are not gathered.
const NAMESPACES: usize = 200_000;

/// More boxes than this are not drawn: namespaces are, then.
const SPOTS: usize = 150;

/// Connections, to be drawn.
#[derive(Clone, Debug)]
pub struct Gathering {
    parties: Vec<Party>,
    /// The numbers of what each is.
    peers: Vec<Vec<PeerId>>,
    /// Whether connections come from it, and whether they go to it.
    sides: Vec<[bool; 2]>,
    of_name: BTreeMap<String, usize>,
    open: BTreeMap<(usize, usize), Connections>,
    names: area::Names,
    folded: bool,
    /// Whether some are there that nobody here has to do with.
    foreign: bool,
    most: usize,
}

impl Gathering {
    /// Prepares to gather connections of a cluster.
    pub fn new(reach: &Reach<'_>) -> Self {
        let mut gathering = Self {
            parties: Vec::new(),
            peers: Vec::new(),
            sides: Vec::new(),
            of_name: BTreeMap::new(),
            open: BTreeMap::new(),
            names: area_names(reach),
            folded: false,
            foreign: reach
                .inventory
                .classes
                .iter()
                .any(|class| class.assumed || class.node),
            most: CONNECTIONS,
        };
        for name in names(reach) {
            let party = party(reach, &name);
            let side = sides(reach, &name);
            let place = *gathering
                .of_name
                .entry(name.shown)
                .or_insert(gathering.parties.len());
            if place == gathering.parties.len() {
                gathering.parties.push(party);
                gathering.peers.push(Vec::new());
                gathering.sides.push(side);
            } else if let Some(known) = gathering.sides.get_mut(place) {
                let [from, to] = side;
                *known = [known[0] || from, known[1] || to];
            }
            if let Some(known) = gathering.peers.get_mut(place) {
                known.extend(name.peers);
            }
        }
        gathering
    }

    /// Adds a connection between ends of that cluster.
    pub fn add(&mut self, connection: &Connection<'_>) {
        let ends = [connection.from, connection.to];
        let [Some(from), Some(to)] = ends.map(|end| self.of_name.get(end).copied()) else {
            return;
        };
        if self.open.len() > NAMESPACES {
            return;
        }
        let open = self.open.entry((from, to)).or_default();
        open.add(&connection.connections);
        if self.open.len() > self.most && !self.folded {
            self.fold();
        }
    }

    /// Takes workloads together by their namespaces.
    fn fold(&mut self) {
        let mut of_party: BTreeMap<Party, usize> = BTreeMap::new();
        let mut parties = Vec::new();
        let mut peers: Vec<Vec<PeerId>> = Vec::new();
        let mut sides: Vec<[bool; 2]> = Vec::new();
        let mut moved = Vec::new();
        let own = std::mem::take(&mut self.parties);
        let own = own.into_iter().zip(std::mem::take(&mut self.sides));
        for ((party, [from, to]), own) in own.zip(std::mem::take(&mut self.peers)) {
            let party = match party {
                Party::Workload(namespace, ..) => Party::Namespace(namespace),
                other => other,
            };
            let place = *of_party.entry(party.clone()).or_insert(parties.len());
            if place == parties.len() {
                parties.push(party);
                peers.push(Vec::new());
                sides.push([false, false]);
            }
            if let Some(known) = peers.get_mut(place) {
                known.extend(own);
            }
            if let Some(known) = sides.get_mut(place) {
                *known = [known[0] || from, known[1] || to];
            }
            moved.push(place);
        }
        let to = |place: usize| moved.get(place).copied().unwrap_or_default();
        let mut open: BTreeMap<(usize, usize), Connections> = BTreeMap::new();
        for ((source, target), connections) in std::mem::take(&mut self.open) {
            let ends = (to(source), to(target));
            open.entry(ends).or_default().add(&connections);
        }
        for place in self.of_name.values_mut() {
            *place = to(*place);
        }
        self.parties = parties;
        self.peers = peers;
        self.sides = sides;
        self.open = open;
        self.folded = true;
    }

    /// Makes the picture, where there is not far too much for one. `alone` tells whether ends without any connection
    /// belong to it.
    pub fn picture(&mut self, title: String, alone: bool) -> Option<Picture> {
        if self.open.len() > NAMESPACES {
            return None;
        }
        let used: BTreeSet<usize> = self
            .open
            .keys()
            .flat_map(|(from, to)| [*from, *to])
            .collect();
        let inside = self.parties.iter().enumerate();
        let inside = inside.filter(|(place, party)| {
            party.namespace().is_some() && (alone || used.contains(place))
        });
        if !self.folded && inside.count() > SPOTS {
            self.fold();
        }
        let open = self.open_ends();
        let edges = self.edges(&open);
        let mut parties: BTreeSet<Party> = edges
            .keys()
            .flat_map(|(from, to)| [from.clone(), to.clone()])
            .collect();
        for (place, party) in self.parties.iter().enumerate() {
            if alone && party.namespace().is_some() || open.contains(&place) {
                parties.insert(party.clone());
            }
        }
        let open: BTreeSet<&Party> = open
            .iter()
            .filter_map(|place| self.parties.get(*place))
            .collect();
        let mut picture = Picture {
            title,
            ..Picture::default()
        };
        for party in parties.iter().filter(|party| party.namespace().is_some()) {
            self.place(&mut picture, party, open.contains(party));
        }
        for party in parties.iter().filter(|party| party.namespace().is_none()) {
            self.place(&mut picture, party, false);
        }
        let places: BTreeMap<&Party, usize> = parties_of(&picture.spots);
        let found = edges.into_iter().filter_map(|((from, to), connections)| {
            Some(Edge {
                from: *places.get(&from)?,
                to: *places.get(&to)?,
                connections,
                form: Form::Line,
            })
        });
        picture.edges = found.collect();
        arrange(&mut picture);
        if self.foreign {
            picture.notes.push(FOREIGN.to_owned());
        }
        Some(picture)
    }

    /// Returns the places of the declared flows that an edge of the picture is of.
    pub fn flows(&self, reach: &Reach<'_>, picture: &Picture, edge: &Edge) -> BTreeSet<usize> {
        let peers = |place: usize, is_source: bool| {
            let party = picture.spots.get(place).map(|spot| &spot.party);
            let known = self.parties.iter().zip(&self.peers);
            let own = known.filter(|(own, _)| match (own, party) {
                (Party::Area(Area(ranges)), Some(Party::Area(area))) => {
                    ranges.iter().all(|range| area.contains(range))
                }
                (own, party) => Some(*own) == party,
            });
            let own = own.flat_map(|(_, peers)| peers);
            let own = own.filter(|peer| {
                is_source == reach.numbering.is_source(**peer)
                    || party.is_some_and(|party| !matches!(party, Party::Area(_)))
            });
            Intervals::of(own.map(|peer| (*peer, *peer)).collect())
        };
        let (from, to) = (peers(edge.from, true), peers(edge.to, false));
        let flows = reach.declared.iter().filter(|flow| {
            flow.ports.meets(&edge.connections) && flow.from.meets(&from) && flow.to.meets(&to)
        });
        flows.map(|flow| flow.flow).collect()
    }

    fn place(&self, picture: &mut Picture, party: &Party, open: bool) {
        let namespace = match party {
            Party::Workload(namespace, ..) => Some(namespace.as_str()),
            _ => None,
        };
        let before = picture
            .spots
            .last()
            .map(|spot| spot.party.namespace().is_some());
        let is_same = picture
            .groups
            .last()
            .is_some_and(|group| group.namespace.as_deref() == namespace);
        if !is_same || before != Some(party.namespace().is_some()) {
            picture.groups.push(Group {
                namespace: namespace.map(str::to_owned),
                spots: Vec::new(),
                texts: Vec::new(),
            });
        }
        let place = picture.spots.len();
        let group = picture.groups.len() - 1;
        if let Some(group) = picture.groups.last_mut() {
            group.spots.push(place);
        }
        let (name, detail) = match party {
            Party::Namespace(namespace) => (namespace.clone(), "namespace".to_owned()),
            Party::Workload(_, name, kind) => match name.split_once('=') {
                // Pods that nobody describes are known by a label.
                Some((_, value)) if !value.contains('=') && !value.is_empty() => {
                    (value.to_owned(), format!("pods with {name}"))
                }
                _ => (name.clone(), kind.clone()),
            },
            Party::Area(area) => self.names.of(area),
            Party::Entity(name) => (name.clone(), String::new()),
            Party::Controller => (
                "ingress controller".to_owned(),
                "not described here".to_owned(),
            ),
        };
        picture.spots.push(Spot {
            party: party.clone(),
            group,
            name,
            detail,
            open,
            texts: Vec::new(),
            elsewhere: [0, 0],
        });
    }

    /// Returns the ends that are open to everything outside and to each other, on all ports.
    fn open_ends(&self) -> BTreeSet<usize> {
        let all =
            |from: usize, to: usize| self.open.get(&(from, to)).is_some_and(Connections::is_all);
        let outside = self.parties.iter().zip(&self.sides).enumerate();
        let outside: Vec<(usize, [bool; 2])> = outside
            .filter(|(_, (party, _))| matches!(party, Party::Area(_) | Party::Entity(_)))
            .map(|(place, (_, sides))| (place, *sides))
            .collect();
        let mut open: BTreeSet<usize> = BTreeSet::new();
        for (place, party) in self.parties.iter().enumerate() {
            let is_open = party.namespace().is_some()
                && outside.iter().all(|(other, [from, to])| {
                    (!from || all(*other, place)) && (!to || all(place, *other))
                })
                && open
                    .iter()
                    .all(|other| all(*other, place) && all(place, *other));
            if is_open {
                open.insert(place);
            }
        }
        open
    }

    /// Returns the edges that are to be shown: addresses are taken together where they are reached on the same ports.
    fn edges(&self, open: &BTreeSet<usize>) -> BTreeMap<(Party, Party), Connections> {
        let mut edges: BTreeMap<(Party, Party), Connections> = BTreeMap::new();
        let mut outside: BTreeMap<(usize, Direction), Vec<(Range, &Connections)>> = BTreeMap::new();
        for ((from, to), connections) in &self.open {
            let ends = [from, to].map(|end| self.parties.get(*end));
            let [Some(source), Some(target)] = ends else {
                continue;
            };
            let is_told = |place: &usize, other: &Party| {
                open.contains(place) && matches!(other, Party::Area(_) | Party::Entity(_))
            };
            if open.contains(from) && open.contains(to) && from != to
                || is_told(from, target)
                || is_told(to, source)
            {
                continue;
            }
            match (source, target) {
                (Party::Area(Area(ranges)), _) => {
                    let known = outside.entry((*to, Direction::Ingress)).or_default();
                    known.extend(ranges.iter().map(|range| (*range, connections)));
                }
                (_, Party::Area(Area(ranges))) => {
                    let known = outside.entry((*from, Direction::Egress)).or_default();
                    known.extend(ranges.iter().map(|range| (*range, connections)));
                }
                _ => edges
                    .entry((source.clone(), target.clone()))
                    .or_default()
                    .add(connections),
            }
        }
        for ((inside, direction), ranges) in outside {
            let Some(inside) = self.parties.get(inside) else {
                continue;
            };
            for (area, connections) in by_ports(&ranges) {
                let ends = match direction {
                    Direction::Ingress => (Party::Area(area), inside.clone()),
                    Direction::Egress => (inside.clone(), Party::Area(area)),
                };
                edges.entry(ends).or_default().add(&connections);
            }
        }
        edges
    }
}

fn parties_of(spots: &[Spot]) -> BTreeMap<&Party, usize> {
    spots
        .iter()
        .enumerate()
        .map(|(place, spot)| (&spot.party, place))
        .collect()
}

/// Takes addresses together by what may be connected, so that each port is told once with all its addresses.
fn by_ports(ranges: &[(Range, &Connections)]) -> BTreeMap<Area, Connections> {
    let mut same: Vec<(&Connections, Vec<Range>)> = Vec::new();
    let mut known: HashMap<&Connections, usize> = HashMap::new();
    for (range, connections) in ranges {
        let place = *known.entry(connections).or_insert(same.len());
        if place == same.len() {
            same.push((connections, Vec::new()));
        }
        if let Some((_, ranges)) = same.get_mut(place) {
            ranges.push(*range);
        }
    }
    // Ports in pieces that are open to the same addresses as a whole.
    let mut pieces: Vec<(Connections, Vec<Range>)> = Vec::new();
    for (connections, ranges) in same {
        if connections.is_all() {
            pieces.push((connections.clone(), ranges));
            continue;
        }
        let mut rest = connections.clone();
        let mut cut = Vec::new();
        for (piece, there) in &mut pieces {
            let both = piece.and(&rest);
            if piece.is_all() || both.is_empty() {
                continue;
            }
            rest = rest.without(&both);
            let left = piece.without(&both);
            if !left.is_empty() {
                cut.push((left, there.clone()));
            }
            *piece = both;
            there.extend(&ranges);
        }
        pieces.extend(cut);
        if !rest.is_empty() {
            pieces.push((rest, ranges));
        }
    }
    let mut areas: BTreeMap<Area, Connections> = BTreeMap::new();
    for (connections, ranges) in pieces {
        areas
            .entry(Area::new(ranges))
            .or_default()
            .add(&connections);
    }
    areas
}

fn party(reach: &Reach<'_>, name: &Name) -> Party {
    if let Some(range) = name.range {
        return Party::Area(Area::new(vec![range]));
    }
    let bare = name.shown.rsplit_once('[');
    let (bare, kind) = bare.unwrap_or((&name.shown, ""));
    let kind = kind.strip_suffix(']').unwrap_or(kind);
    let first = name.peers.first();
    match first.map(|peer| reach.numbering.end(*peer)) {
        Some(End::Entity(_)) => Party::Entity(bare.to_owned()),
        Some(End::Unknown) => Party::Controller,
        _ => {
            let (namespace, own) = bare.split_once('/').unwrap_or(("", bare));
            Party::Workload(namespace.to_owned(), own.to_owned(), kind.to_owned())
        }
    }
}

fn sides(reach: &Reach<'_>, name: &Name) -> [bool; 2] {
    let Some(first) = name.peers.first().filter(|_| name.range.is_some()) else {
        return [true, true];
    };
    let is_source = reach.numbering.is_source(*first);
    [is_source, !is_source]
}

fn area_names(reach: &Reach<'_>) -> area::Names {
    let range = |peer: PeerId| match reach.numbering.end(peer) {
        End::Source(range) | End::Target(range) => Some(range),
        _ => None,
    };
    let all = reach.numbering.outside(Direction::Egress).filter_map(range);
    let families: BTreeSet<Family> = all.map(|range| range.family).collect();
    let internet = reach.internet.of(Direction::Egress).iter();
    area::Names {
        families: families.into_iter().collect(),
        internet: Area::new(internet.filter_map(range).collect()),
    }
}
