//! Every connection that is open, found without asking for every pair of ends.
//!
//! Most rules are about few: their ends are listed, for each class, by who they are. Rules about many are kept by the
//! set of their ends, and are looked at only for who is in it. So the work grows with rules and with what is open, not
//! with the square of the classes.

use std::collections::HashMap;

use super::peer::PeerId;
use super::policy::{Action, Direction, Ports, Tier};
use super::port::Connections;
use super::reach::Reach;

/// A set of more ends than this is a set of many.
const FEW: u64 = 64;

/// Classes that open the same ports to the same set of many.
#[derive(Debug)]
struct Group<'a> {
    peers: usize,
    ports: Ports<'a>,
    classes: Vec<PeerId>,
}

/// Where connections may go, to look them up by where they come from.
#[derive(Debug)]
pub struct Pairs<'r, 'a> {
    reach: &'r Reach<'a>,
    /// The classes that let in an end, by a rule about few; the list of an end begins and stops at two of the places.
    admitting: Vec<PeerId>,
    places: Vec<usize>,
    /// The classes that let in many.
    groups: Vec<Group<'a>>,
    /// The classes that let in everybody.
    open: Vec<PeerId>,
}

/// The ends that have been seen, by the number of the round: to be kept from round to round.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    round: u32,
    last: Vec<u32>,
}

impl Seen {
    fn begin(&mut self, count: usize) {
        self.last.resize(count, 0);
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.last.fill(0);
            self.round = 1;
        }
    }

    fn is_new(&mut self, peer: PeerId) -> bool {
        let round = self.round;
        let last = self.last.get_mut(peer as usize);
        last.is_some_and(|last| std::mem::replace(last, round) != round)
    }
}

/// Which connections are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    All,
    /// Those that some rule opens.
    ByRules,
}

/// What a class allows before one knows the other end.
enum Allowance<'r, 'a> {
    /// Anything that is not refused.
    Open,
    /// What these rules are about, at most.
    Rules(Vec<(usize, &'r Ports<'a>)>),
}

impl<'r, 'a> Pairs<'r, 'a> {
    /// Prepares to look connections up.
    pub fn new(reach: &'r Reach<'a>) -> Self {
        let mut few: Vec<(PeerId, PeerId)> = Vec::new();
        let mut known: HashMap<(usize, &Ports<'a>), usize> = HashMap::new();
        let mut groups: Vec<Group<'a>> = Vec::new();
        let mut open = Vec::new();
        for (class, place) in reach.numbering.classes().zip(0..) {
            let rules = match allowance(reach, place, Direction::Ingress) {
                Allowance::Open => {
                    open.push(class);
                    continue;
                }
                Allowance::Rules(rules) => rules,
            };
            for (peers, ports) in rules {
                let set = reach.set(peers);
                if set.count() <= FEW {
                    few.extend(set.iter().map(|peer| (peer, class)));
                    continue;
                }
                let group = *known.entry((peers, ports)).or_insert(groups.len());
                if group == groups.len() {
                    groups.push(Group {
                        peers,
                        ports: ports.clone(),
                        classes: Vec::new(),
                    });
                }
                if let Some(group) = groups.get_mut(group) {
                    group.classes.push(class);
                }
            }
        }
        few.sort_unstable();
        few.dedup();
        let ends = 0..=reach.numbering.count();
        let places = ends.map(|end| few.partition_point(|(peer, _)| (*peer as usize) < end));
        Self {
            reach,
            places: places.collect(),
            admitting: few.into_iter().map(|(_, class)| class).collect(),
            groups,
            open,
        }
    }

    /// Returns where connections from an end may go, and what they may be, in order of the numbers.
    pub fn from(&self, source: PeerId, seen: &mut Seen) -> Vec<(PeerId, Connections)> {
        self.found(source, Choice::All, seen)
    }

    /// Returns the same without what is open because nobody closed it, or because a rule opens everything.
    pub fn chosen_from(&self, source: PeerId, seen: &mut Seen) -> Vec<(PeerId, Connections)> {
        self.found(source, Choice::ByRules, seen)
    }

    fn found(&self, source: PeerId, choice: Choice, seen: &mut Seen) -> Vec<(PeerId, Connections)> {
        let reach = self.reach;
        seen.begin(reach.numbering.count());
        let mut candidates = Vec::new();
        let class = reach.class(source);
        let allowance = match class {
            Some(class) => allowance(reach, class, Direction::Egress),
            None => Allowance::Open,
        };
        let mut add = |peer| {
            if seen.is_new(peer) {
                candidates.push(peer);
            }
        };
        match allowance {
            Allowance::Open => {
                self.admitted(source, None, choice, &mut add);
                // What is outside talks to what is outside without us.
                if class.is_some() && choice == Choice::All {
                    reach.numbering.beyond().for_each(&mut add);
                }
            }
            Allowance::Rules(rules) => {
                for (peers, ports) in rules {
                    let set = reach.set(peers);
                    if set.count() <= FEW {
                        set.iter().for_each(&mut add);
                        continue;
                    }
                    self.admitted(source, Some((peers, ports)), Choice::All, &mut add);
                    let beyond = reach.numbering.beyond();
                    beyond.filter(|peer| set.contains(*peer)).for_each(&mut add);
                }
            }
        }
        candidates.sort_unstable();
        let both = candidates.into_iter().filter_map(|target| {
            let open = reach.allowed(source, target);
            (!open.is_empty()).then_some((target, open))
        });
        both.collect()
    }

    /// Calls for each class that may let in an end, where that reaches no more than a set of many on some ports.
    fn admitted(
        &self,
        source: PeerId,
        within: Option<(usize, &Ports<'a>)>,
        choice: Choice,
        add: &mut impl FnMut(PeerId),
    ) {
        let set = within.map(|(peers, _)| self.reach.set(peers));
        let mut within_set = |class: &PeerId| {
            if set.is_none_or(|set| set.contains(*class)) {
                add(*class);
            }
        };
        let place = source as usize;
        let ends = self.places.get(place).zip(self.places.get(place + 1));
        let few = ends.and_then(|(from, to)| self.admitting.get(*from..*to));
        few.into_iter().flatten().for_each(&mut within_set);
        for group in &self.groups {
            let meets = within.is_none_or(|(_, ports)| may_meet(ports, &group.ports));
            if meets && self.reach.set(group.peers).contains(source) {
                group.classes.iter().for_each(&mut within_set);
            }
        }
        if choice == Choice::All {
            self.open.iter().for_each(&mut within_set);
        }
    }
}

/// Tells whether two rules may have a port in common: names may stand for any.
fn may_meet(one: &Ports<'_>, other: &Ports<'_>) -> bool {
    !one.named.is_empty() || !other.named.is_empty() || one.fixed.meets(&other.fixed)
}

fn allowance<'r, 'a>(
    reach: &'r Reach<'a>,
    class: usize,
    direction: Direction,
) -> Allowance<'r, 'a> {
    if !reach.is_closed(class, direction) {
        return Allowance::Open;
    }
    let isolated = reach.is_isolated(class, direction);
    let mut rules = Vec::new();
    for policy in reach.about(class, direction) {
        if policy.tier == Tier::Baseline && isolated {
            continue;
        }
        for rule in policy.rules.of(direction) {
            if rule.action != Action::Allow {
                continue;
            }
            if reach.is_everything(rule, direction) {
                return Allowance::Open;
            }
            rules.push((rule.peers, &rule.ports));
        }
    }
    Allowance::Rules(rules)
}
