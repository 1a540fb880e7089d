//! What is declared against what is open: the two must be equal.
//!
//! What is open because nobody closed it, on both sides, is told once, as `network/no-default-deny`.

use std::collections::{BTreeMap, HashMap};

use super::address::Family;
use super::check::{listed, opens};
use super::declared::Declared;
use super::pairs::{Pairs, Seen};
use super::peer::{End, PeerId};
use super::policy::{Action, Direction, Entity};
use super::port::Connections;
use super::reach::{Policy, Reach, Rule};
use super::rules;
use crate::cluster::{Cluster, Found, Index};
use crate::manifest::Fault;
use crate::project::{Flow, FlowEnd};
use crate::yaml::Node;

/// Compares the connections that are declared with those that are open.
pub(super) fn check<'a>(cluster: &Cluster<'a>, reach: &Reach<'a>, found: &mut Vec<Found<'a>>) {
    let Some(declared) = &cluster.settings().flows else {
        return;
    };
    undeclared(reach, found);
    let root = declared.resource.root();
    for flow in &reach.declared {
        let Some(written) = declared.flows.get(flow.flow) else {
            continue;
        };
        let nodes = written.nodes.map(|node| root.document().node(node));
        let [Some(from), Some(to)] = nodes else {
            continue;
        };
        let file = cluster.flows();
        if flow.from.is_empty() || flow.to.is_empty() {
            let node = if flow.from.is_empty() { from } else { to };
            found.push(Found::new(file, unused(reach, node, written)));
            continue;
        }
        if let Some((fault, closing)) = blocked(reach, flow, written, from) {
            let mut one = Found::new(file, fault);
            one.related = places(cluster, closing);
            found.push(one);
        }
    }
}

/// Returns the field of a policy that says whom it is about.
fn subject_of(policy: Node<'_>) -> Node<'_> {
    let spec = policy.get("spec");
    let keys = ["podSelector", "endpointSelector", "subject"].into_iter();
    let mut found = keys.filter_map(|key| spec?.entry(key));
    found.next().map_or(policy, |(key, _)| key)
}

fn unused<'a>(reach: &Reach<'a>, node: Node<'a>, flow: &Flow) -> Fault<'a> {
    let end = node.as_str().unwrap_or_default();
    let workloads = &reach.inventory.workloads;
    let is_named = |place: usize| reach.inventory.shown(place).split('[').next() == Some(end);
    let (message, help) = if (0..workloads.len()).any(is_named) {
        (
            format!("the pods of `{end}` are in the node's network, where they are the node"),
            "name `entity:host` and `entity:remote-node` instead",
        )
    } else if flow.environments.is_empty() {
        (
            format!("nothing is there that `{end}` names"),
            "mend the name, remove the flow, or name the environments that have it: `environments: [...]`",
        )
    } else {
        (
            format!("nothing is there that `{end}` names"),
            "mend the name, remove the flow, or leave this environment out of `environments`",
        )
    };
    Fault::new(&rules::UNUSED_FLOW, node, message).help(help)
}

/// Finds the first connection of a flow that is closed, and the policies that close it.
fn blocked<'a>(
    reach: &Reach<'a>,
    flow: &Declared,
    written: &Flow,
    node: Node<'a>,
) -> Option<(Fault<'a>, Vec<Index>)> {
    // The internet may be that of IPv4 alone.
    let is_needed = |end: &FlowEnd, peer: PeerId| match reach.numbering.end(peer) {
        End::Source(range) | End::Target(range) => {
            *end != FlowEnd::Internet || range.family == Family::V4
        }
        _ => !is_node(reach, peer),
    };
    // A pod's own node gets in whatever policies say.
    let is_own_node = |peer: &PeerId| reach.numbering.end(*peer) == End::Entity(Entity::Host);
    let sources = flow.from.iter().filter(|peer| !is_own_node(peer));
    for from in sources.filter(|peer| is_needed(&written.from, *peer)) {
        let targets = flow.to.iter();
        for to in targets.filter(|peer| is_needed(&written.to, *peer)) {
            let closed = flow.ports.without(&reach.allowed(from, to));
            if closed.is_empty() {
                continue;
            }
            let Closed { whose, policies } = closing(reach, from, to, &closed);
            let [source, target] = [from, to].map(|peer| shown(reach, peer));
            let message = format!("`{source}` cannot reach `{target}` on {closed}: {whose} closed");
            let help = "open it in a policy about each side that is closed, or remove the flow where nobody needs it";
            let fault = Fault::new(&rules::BLOCKED_FLOW, node, message).help(help);
            return Some((fault, policies));
        }
    }
    None
}

/// Which sides of a connection are closed.
pub(super) struct Closed {
    /// In words, with their verb.
    pub(super) whose: String,
    /// The policies that close them.
    pub(super) policies: Vec<Index>,
}

/// Finds the sides that close a connection.
pub(super) fn closing(reach: &Reach<'_>, from: PeerId, to: PeerId, closed: &Connections) -> Closed {
    let sides = [
        (from, to, Direction::Egress),
        (to, from, Direction::Ingress),
    ];
    let mut names = Vec::new();
    let mut policies = Vec::new();
    for (own, other, direction) in sides {
        let Some(class) = reach.class(own) else {
            continue;
        };
        let side = reach.side(class, direction, other);
        if closed.without(&side).is_empty() {
            continue;
        }
        let name = shown(reach, own);
        names.push(format!("the {} of `{name}`", direction.as_str()));
        let closing = reach.about(class, direction).filter(|policy| {
            let rules = policy.rules.of(direction);
            *policy.isolates.of(direction) || rules.iter().any(|rule| rule.action == Action::Deny)
        });
        policies.extend(closing.map(|policy| policy.object));
    }
    policies.sort_unstable();
    policies.dedup();
    let verb = if names.len() > 1 { "are" } else { "is" };
    Closed {
        whose: format!("{} {verb}", names.join(" and ")),
        policies,
    }
}

/// Returns the places of policies that close a connection.
pub(super) fn places<'a>(cluster: &Cluster<'a>, policies: Vec<Index>) -> Vec<(Index, Node<'a>)> {
    let policies = policies.into_iter();
    policies
        .filter_map(|policy| Some((policy, subject_of(cluster.get(policy)?.root()))))
        .collect()
}

/// What one rule opens and nobody declares.
struct Opening<'a> {
    object: Index,
    node: Node<'a>,
    /// By the names of both ends.
    open: BTreeMap<(String, String), Connections>,
    anything: bool,
}

fn undeclared<'a>(reach: &Reach<'a>, found: &mut Vec<Found<'a>>) {
    let pairs = Pairs::new(reach);
    let mut openings: BTreeMap<(Index, usize), Opening<'a>> = BTreeMap::new();
    let mut by_source: HashMap<PeerId, Vec<usize>> = HashMap::new();
    for (place, flow) in reach.declared.iter().enumerate() {
        for peer in flow.from.iter() {
            by_source.entry(peer).or_default().push(place);
        }
    }
    everything(reach, &mut openings);
    let mut seen = Seen::default();
    let sources = 0..u32::try_from(reach.numbering.count()).unwrap_or(u32::MAX);
    for from in sources.filter(|peer| reach.numbering.is_source(*peer)) {
        if from == reach.numbering.unknown() || is_node(reach, from) {
            continue;
        }
        let flows = by_source.get(&from).map(Vec::as_slice).unwrap_or_default();
        for (to, mut open) in pairs.chosen_from(from, &mut seen) {
            if is_node(reach, to) {
                continue;
            }
            let flows = flows.iter().filter_map(|place| reach.declared.get(*place));
            for flow in flows.filter(|flow| flow.to.contains(to)) {
                open = open.without(&flow.ports);
            }
            let Some((policy, rule)) = opener(reach, from, to, &open) else {
                continue;
            };
            let key = (policy.object, rule.node.index());
            let opening = openings.entry(key).or_insert_with(|| Opening {
                object: policy.object,
                node: rule.node,
                open: BTreeMap::new(),
                anything: false,
            });
            let names = (shown(reach, from), shown(reach, to));
            opening.open.entry(names).or_default().add(&open);
        }
    }
    found.extend(openings.into_values().map(Opening::found));
}

pub(super) fn is_node(reach: &Reach<'_>, peer: PeerId) -> bool {
    let class = reach
        .class(peer)
        .and_then(|class| reach.inventory.classes.get(class));
    class.is_some_and(|class| class.node)
}

/// Notes the rules that open everything: what they open cannot be declared one by one.
fn everything<'a>(reach: &Reach<'a>, openings: &mut BTreeMap<(Index, usize), Opening<'a>>) {
    for policy in &reach.policies {
        for direction in Direction::ALL {
            let anything = reach.numbering.anything(direction);
            for rule in policy.rules.of(direction) {
                let opens = opens(policy.tier, rule.action) && rule.ports.fixed.is_all();
                if opens && *reach.peers(rule) == anything && !policy.subject.is_empty() {
                    let key = (policy.object, rule.node.index());
                    openings.entry(key).or_insert_with(|| Opening {
                        object: policy.object,
                        node: rule.node,
                        open: BTreeMap::new(),
                        anything: true,
                    });
                }
            }
        }
    }
}

impl<'a> Opening<'a> {
    fn found(self) -> Found<'a> {
        let message = if self.anything {
            "this rule opens everything, which no flow declares".to_owned()
        } else {
            let ways = self.open.iter();
            let ways = ways.map(|((from, to), open)| format!("{from}` to `{to}` on `{open}"));
            let ways: Vec<String> = ways.collect();
            let count = match ways.len() {
                1 => "this rule opens a connection",
                _ => "this rule opens connections",
            };
            format!("{count} that no flow declares: {}", listed(&ways))
        };
        let help =
            "declare it in `policies/flows.yaml` with its reason, or take it out of the policy";
        let fault = Fault::new(&rules::UNDECLARED_FLOW, self.node, message).help(help);
        Found::new(self.object, fault)
    }
}

/// Finds a rule that opens a connection: of its source, or else of its target.
pub(super) fn opener<'r, 'a>(
    reach: &'r Reach<'a>,
    from: PeerId,
    to: PeerId,
    open: &Connections,
) -> Option<(&'r Policy<'a>, &'r Rule<'a>)> {
    if open.is_empty() {
        return None;
    }
    let sides = [
        (from, to, Direction::Egress),
        (to, from, Direction::Ingress),
    ];
    sides.into_iter().find_map(|(own, other, direction)| {
        let class = reach.class(own)?;
        let target = reach.class(to);
        reach.about(class, direction).find_map(|policy| {
            let rule = policy.rules.of(direction).iter().find(|rule| {
                opens(policy.tier, rule.action)
                    && reach.peers(rule).contains(other)
                    && reach.ports(&rule.ports, target).meets(open)
            })?;
            Some((policy, rule))
        })
    })
}

/// Returns the name of an end as flows have it.
pub(super) fn shown(reach: &Reach<'_>, peer: PeerId) -> String {
    match reach.numbering.end(peer) {
        End::Class(class) => {
            let class = reach.inventory.classes.get(class);
            let workload = class.and_then(|class| class.workloads.first());
            if let Some(class) = class.filter(|class| class.is_anybody())
                && let Some(namespace) = reach.inventory.namespaces.get(class.namespace)
            {
                return format!("namespace:{}", namespace.name);
            }
            let shown = workload.map(|workload| reach.inventory.shown(*workload));
            let shown = shown.unwrap_or_default();
            match shown.rsplit_once('[') {
                Some((name, _)) => name.to_owned(),
                None => shown,
            }
        }
        End::Unknown => "an unknown pod".to_owned(),
        End::Entity(entity) => format!("entity:{}", entity.as_str()),
        End::Source(range) | End::Target(range) => {
            let internet = [&reach.internet.ingress, &reach.internet.egress];
            if internet.into_iter().any(|all| all.contains(peer)) {
                "internet".to_owned()
            } else {
                range.to_string()
            }
        }
    }
}
