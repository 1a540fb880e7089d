//! Who may talk to whom: what each end of a connection allows, and where the two meet.

use std::collections::BTreeMap;

use super::borders::Borders;
use super::check::is_called_by_name;
use super::cilium::{ACCOUNT, bare};
use super::declared::{self, Declared, assume_peers, pods_of};
use super::engine::Engine;
use super::interval::Intervals;
use super::model::{Asked, Inventory};
use super::peer::{End, Numbering, PeerId, Resolver};
use super::policy::{
    Action, Both, Dialect, Direction, Namespaces, Note, Peer, Pods, Ports, Tier, Written, policies,
};
use super::port::Connections;
use super::service::{Exposure, balanced, exposures, port_names};
use crate::cluster::{Cluster, Index, Selector};
use crate::yaml::Node;

/// A rule, and who it is about.
#[derive(Clone, Debug)]
pub struct Rule<'a> {
    /// Where it is written.
    pub node: Node<'a>,
    /// What it does.
    pub action: Action,
    /// The number of the set of its other ends.
    pub(super) peers: usize,
    /// Its ports.
    pub ports: Ports<'a>,
    /// Whether its other ends are found by name.
    pub calls: bool,
}

/// A policy, and who it is about.
#[derive(Clone, Debug)]
pub struct Policy<'a> {
    /// The object.
    pub object: Index,
    /// When it has its say.
    pub tier: Tier,
    /// The number of the classes that it is about.
    pub(super) subject: Intervals,
    /// Whether what it does not allow is closed.
    pub isolates: Both<bool>,
    /// Its rules, in their order.
    pub rules: Both<Vec<Rule<'a>>>,
}

/// Who may talk to whom.
#[derive(Debug)]
pub struct Reach<'a> {
    /// Who is there.
    pub inventory: Inventory<'a>,
    /// Who has which number.
    pub numbering: Numbering,
    /// The policies; those that decide one after the other in their order.
    pub policies: Vec<Policy<'a>>,
    /// What Ingresses and Routes lead to.
    pub exposures: Vec<Exposure<'a>>,
    /// What load balancers lead to.
    pub balanced: Vec<Exposure<'a>>,
    /// The pods of the ingress controllers that the project names, by their classes of Ingresses.
    pub controllers: BTreeMap<&'a str, Intervals>,
    /// What is declared to be open.
    pub declared: Vec<Declared>,
    /// Public addresses, as far as borders tell them apart.
    pub internet: Both<Intervals>,
    /// What of the policies is not taken as it is written.
    pub notes: Vec<Note<'a>>,
    /// What enforces the policies, and what it makes of what Kubernetes leaves open.
    pub engine: Engine<'a>,
    /// What is told apart.
    pub borders: Borders<'a>,
    sets: Vec<Intervals>,
    /// The policies about each class, as places.
    about: Both<Vec<Vec<u32>>>,
}

impl<'a> Reach<'a> {
    /// Takes the policies of a cluster and those whom they are about.
    pub fn new(cluster: &Cluster<'a>) -> Self {
        Self::like(cluster, &Borders::default())
    }

    /// Does the same, and tells apart what another cluster's policies do, too: then the ends of both are the same.
    pub fn like(cluster: &Cluster<'a>, other: &Borders<'a>) -> Self {
        let (written, notes) = policies(cluster);
        let mut asked = asked(&written);
        let engine = Engine::of(cluster);
        asked.nodes = engine.is_cilium();
        port_names(cluster, &mut asked);
        let ipv6 = declared::names_ipv6(&written) || other.names_ipv6();
        let flows = declared::read(cluster, &mut asked, ipv6);
        if cluster.settings().whole {
            assume_peers(cluster, &written, &mut asked);
        }
        let mut borders = other.clone();
        borders.add(&mut asked, |direction| {
            let rules = written.iter().flat_map(move |one| one.rules.of(direction));
            let flows = flows.iter().flat_map(move |flow| flow.peers(direction));
            rules.flat_map(|rule| &rule.peers).chain(flows)
        });
        let inventory = Inventory::new(cluster, &asked);
        let numbering = Numbering::new(inventory.classes.len(), &borders.peers);
        let mut resolver = Resolver::new(&inventory, &numbering);
        let policies: Vec<Policy<'a>> = written
            .into_iter()
            .map(|policy| resolve(&mut resolver, policy))
            .collect();
        let exposures = exposures(cluster, &inventory, &mut resolver);
        let balanced = balanced(cluster, &inventory, &mut resolver);
        let mut controllers: BTreeMap<&'a str, Intervals> = BTreeMap::new();
        for one in &cluster.settings().network.ingress_controllers {
            let pods = resolver.pods(&pods_of(one));
            controllers.entry(&one.class).or_default().add(&pods);
        }
        let declared = flows
            .into_iter()
            .map(|flow| flow.resolve(&inventory, &mut resolver))
            .collect();
        let internet = Both {
            ingress: resolver.ends(&declared::internet(ipv6), Direction::Ingress),
            egress: resolver.ends(&declared::internet(ipv6), Direction::Egress),
        };
        let sets = resolver.into_sets();
        let about = about(&policies, inventory.classes.len());
        Self {
            inventory,
            numbering,
            policies,
            exposures,
            balanced,
            controllers,
            declared,
            internet,
            notes,
            engine,
            borders,
            sets,
            about,
        }
    }

    /// Returns the ends that a rule is about.
    pub fn peers(&self, rule: &Rule<'a>) -> &Intervals {
        self.set(rule.peers)
    }

    /// Returns a set of ends by its number.
    pub(super) fn set(&self, number: usize) -> &Intervals {
        static NOBODY: Intervals = Intervals::none();
        self.sets.get(number).unwrap_or(&NOBODY)
    }

    /// Returns the policies about the pods of a class, in the order in which they have their say.
    pub fn about(&self, class: usize, direction: Direction) -> impl Iterator<Item = &Policy<'a>> {
        let places = self.about.of(direction).get(class);
        places
            .into_iter()
            .flatten()
            .filter_map(|place| self.policies.get(*place as usize))
    }

    /// Tells whether nothing comes to the pods of a class, or from them, but what a policy allows.
    pub fn is_isolated(&self, class: usize, direction: Direction) -> bool {
        let mut about = self.about(class, direction);
        about.any(|policy| policy.tier == Tier::Namespace && *policy.isolates.of(direction))
    }

    /// Tells whether a rule is about all there is.
    pub fn is_everything(&self, rule: &Rule<'a>, direction: Direction) -> bool {
        rule.ports.fixed.is_all() && *self.peers(rule) == self.numbering.anything(direction)
    }

    /// Tells whether the pods of a class are closed but for what rules open: a policy of their namespace isolates them,
    /// or one of the last tier refuses everything.
    pub fn is_closed(&self, class: usize, direction: Direction) -> bool {
        let refuses = |policy: &Policy<'a>| {
            let mut rules = policy.rules.of(direction).iter();
            policy.tier == Tier::Baseline
                && rules
                    .any(|rule| rule.action == Action::Deny && self.is_everything(rule, direction))
        };
        self.is_isolated(class, direction) || self.about(class, direction).any(refuses)
    }

    /// Returns what a rule of a class is about on the way to a pod.
    pub fn ports(&self, ports: &Ports<'a>, target: Option<usize>) -> Connections {
        let mut open = ports.fixed.clone();
        let class = target.and_then(|class| self.inventory.classes.get(class));
        if let Some(class) = class {
            for (protocol, name) in &ports.named {
                for number in class.port(*protocol, name) {
                    open.add(&Connections::of(*protocol, number, number));
                }
            }
        }
        open
    }

    /// Returns what the policies about a class allow to come from an end, or to go to it.
    pub fn side(&self, class: usize, direction: Direction, peer: PeerId) -> Connections {
        let target = match direction {
            Direction::Ingress => Some(class),
            Direction::Egress => self.class(peer),
        };
        let mut state = Decision::new();
        for policy in self.about(class, direction) {
            state.enter(policy.tier, *policy.isolates.of(direction));
            for rule in policy.rules.of(direction) {
                if self.peers(rule).contains(peer) {
                    state.hear(policy.tier, rule.action, &self.ports(&rule.ports, target));
                }
            }
        }
        state.allowed()
    }

    /// Returns what may go from one end to another.
    pub fn allowed(&self, from: PeerId, to: PeerId) -> Connections {
        let egress = self
            .class(from)
            .map(|class| self.side(class, Direction::Egress, to));
        let ingress = self
            .class(to)
            .map(|class| self.side(class, Direction::Ingress, from));
        match (egress, ingress) {
            (Some(egress), Some(ingress)) => egress.and(&ingress),
            (Some(side), None) | (None, Some(side)) => side,
            (None, None) => Connections::all(),
        }
    }

    /// Returns the place of the class that has a number.
    pub fn class(&self, peer: PeerId) -> Option<usize> {
        match self.numbering.end(peer) {
            End::Class(class) => Some(class),
            End::Unknown | End::Entity(_) | End::Source(_) | End::Target(_) => None,
        }
    }

    /// Returns what ingress controllers that nobody names reach, by class.
    pub fn from_unknown_controllers(&self) -> BTreeMap<usize, Connections> {
        let mut reached: BTreeMap<usize, Connections> = BTreeMap::new();
        let is_known = |exposure: &&Exposure<'a>| {
            let class = exposure.controller;
            class.is_some_and(|class| self.controllers.contains_key(class))
        };
        for exposure in self.exposures.iter().filter(|one| !is_known(one)) {
            let side = self.side(exposure.class, Direction::Ingress, self.numbering.unknown());
            let open = side.and(&exposure.connections);
            if !open.is_empty() {
                reached.entry(exposure.class).or_default().add(&open);
            }
        }
        reached
    }
}

/// What is decided of the connections between two ends while the policies of one of them are heard.
#[derive(Debug)]
struct Decision {
    /// What no rule of the first tier was about.
    unheard: Connections,
    /// What it left to the next one.
    passed: Connections,
    allowed: Connections,
    /// What the policies of namespaces allow and refuse.
    added: Connections,
    refused: Connections,
    isolated: bool,
    /// What no rule of the last tier was about.
    left: Connections,
    baseline: Connections,
}

impl Decision {
    fn new() -> Self {
        Self {
            unheard: Connections::all(),
            passed: Connections::default(),
            allowed: Connections::default(),
            added: Connections::default(),
            refused: Connections::default(),
            isolated: false,
            left: Connections::all(),
            baseline: Connections::default(),
        }
    }

    fn enter(&mut self, tier: Tier, isolates: bool) {
        self.isolated |= tier == Tier::Namespace && isolates;
    }

    fn hear(&mut self, tier: Tier, action: Action, ports: &Connections) {
        match (tier, action) {
            (Tier::Admin, _) => {
                let about = ports.and(&self.unheard);
                self.unheard = self.unheard.without(&about);
                match action {
                    Action::Allow => self.allowed.add(&about),
                    Action::Pass => self.passed.add(&about),
                    Action::Deny => {}
                }
            }
            (Tier::Namespace, Action::Allow) => self.added.add(ports),
            (Tier::Namespace, Action::Deny | Action::Pass) => self.refused.add(ports),
            (Tier::Baseline, _) => {
                let about = ports.and(&self.left);
                self.left = self.left.without(&about);
                if action == Action::Allow {
                    self.baseline.add(&about);
                }
            }
        }
    }

    fn allowed(mut self) -> Connections {
        self.passed.add(&self.unheard);
        let next = if self.isolated {
            self.added
        } else {
            self.baseline.add(&self.left);
            self.baseline
        };
        let next = next.without(&self.refused);
        self.allowed.add(&self.passed.and(&next));
        self.allowed
    }
}

fn resolve<'a>(resolver: &mut Resolver<'_, 'a>, policy: Written<'a>) -> Policy<'a> {
    let Both { ingress, egress } = policy.rules;
    let mut rules = |rules: Vec<super::policy::WrittenRule<'a>>, direction| {
        let rules = rules.into_iter().map(|rule| Rule {
            node: rule.node,
            action: rule.action,
            peers: resolver.peers(&rule.peers, direction),
            calls: is_called_by_name(&rule.peers),
            ports: rule.ports,
        });
        rules.collect()
    };
    let rules = Both {
        ingress: rules(ingress, Direction::Ingress),
        egress: rules(egress, Direction::Egress),
    };
    Policy {
        object: policy.object,
        tier: policy.tier,
        subject: resolver.pods(&policy.subject),
        isolates: policy.isolates,
        rules,
    }
}

/// Lists the policies about each class, in their order.
fn about(policies: &[Policy<'_>], classes: usize) -> Both<Vec<Vec<u32>>> {
    let mut about = Both {
        ingress: vec![Vec::new(); classes],
        egress: vec![Vec::new(); classes],
    };
    for (policy, place) in policies.iter().zip(0..) {
        for direction in Direction::ALL {
            if !policy.isolates.of(direction) && policy.rules.of(direction).is_empty() {
                continue;
            }
            for class in policy.subject.iter() {
                if let Some(list) = about.of_mut(direction).get_mut(class as usize) {
                    list.push(place);
                }
            }
        }
    }
    about
}

/// Collects what policies ask of pods.
fn asked<'a>(written: &[Written<'a>]) -> Asked<'a> {
    let mut asked = Asked::default();
    for policy in written {
        ask(&mut asked, &policy.subject);
        for direction in Direction::ALL {
            for rule in policy.rules.of(direction) {
                let names = rule.ports.named.iter().map(|(_, name)| *name);
                asked.ports.extend(names);
                for peer in &rule.peers {
                    if let Peer::Pods(pods) = peer {
                        ask(&mut asked, pods);
                    }
                }
            }
        }
    }
    asked
}

fn ask<'a>(asked: &mut Asked<'a>, pods: &Pods<'a>) {
    match pods.dialect {
        Dialect::Kubernetes | Dialect::OwnNetwork => asked.labels.extend(pods.pods.keys()),
        Dialect::Cilium => {
            let mut keys = pods.pods.keys();
            asked.accounts |= keys.any(|key| bare(key) == ACCOUNT);
            asked.labels.extend(pods.pods.keys().map(bare));
        }
    }
}

/// Makes the choice of the pods that a Service selects.
pub(super) fn selected<'a>(namespace: &'a str, selector: Selector<'a>) -> Pods<'a> {
    Pods::new(Namespaces::Named(namespace), selector)
}
