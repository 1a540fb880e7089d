//! Policies of a cluster's administrators: `AdminNetworkPolicy`, `BaselineAdminNetworkPolicy` (`v1alpha1`) and
//! `ClusterNetworkPolicy` (`v1alpha2`).

use super::address::Range;
use super::policy::{
    Action, Both, Direction, Entity, Namespaces, Note, Peer, Pods, Ports, Tier, Written,
    WrittenRule, list,
};
use super::port::{Connections, Protocol};
use crate::cluster::{Cluster, Index, Selector};
use crate::yaml::Node;

const GROUP: &str = "policy.networking.k8s.io";

/// Reads the policies of administrators, in order of their objects.
pub(super) fn policies<'a>(cluster: &Cluster<'a>, notes: &mut Vec<Note<'a>>) -> Vec<Written<'a>> {
    let mut written = Vec::new();
    for (kind, tier) in [
        ("AdminNetworkPolicy", Some(Tier::Admin)),
        ("BaselineAdminNetworkPolicy", Some(Tier::Baseline)),
        ("ClusterNetworkPolicy", None),
    ] {
        for object in cluster.of_kind(GROUP, kind).iter().copied() {
            let spec = cluster.get(object).and_then(|one| one.root().get("spec"));
            let tier = tier.or_else(|| match spec?.get("tier")?.as_str()? {
                "Admin" => Some(Tier::Admin),
                "Baseline" => Some(Tier::Baseline),
                _ => None,
            });
            if let Some((spec, tier)) = spec.zip(tier) {
                let mut reader = Reader { object, notes };
                written.extend(reader.policy(spec, tier));
            }
        }
    }
    written
}

struct Reader<'r, 'a> {
    object: Index,
    notes: &'r mut Vec<Note<'a>>,
}

impl<'a> Reader<'_, 'a> {
    fn policy(&mut self, spec: Node<'a>, tier: Tier) -> Option<Written<'a>> {
        let subject = pods(spec.get("subject")?)?;
        let mut rules = Both::<Vec<WrittenRule<'a>>>::default();
        for direction in Direction::ALL {
            let read = list(spec, direction.as_str());
            let read = read.filter_map(|node| self.rule(node, direction));
            *rules.of_mut(direction) = read.collect();
        }
        Some(Written {
            object: self.object,
            tier,
            priority: spec
                .get("priority")
                .and_then(Node::as_int)
                .unwrap_or_default(),
            subject,
            isolates: Both::default(),
            rules,
        })
    }

    fn rule(&mut self, node: Node<'a>, direction: Direction) -> Option<WrittenRule<'a>> {
        let action = match node.get("action")?.as_str()? {
            "Allow" | "Accept" => Action::Allow,
            "Deny" => Action::Deny,
            "Pass" => Action::Pass,
            _ => return None,
        };
        let key = match direction {
            Direction::Ingress => "from",
            Direction::Egress => "to",
        };
        let peers: Vec<Option<Vec<Peer<'a>>>> = list(node, key)
            .map(|peer| self.peer(peer, action))
            .collect();
        // What nobody understands must not open anything: it allows nothing, and refuses everything.
        let peers = match peers.iter().cloned().collect::<Option<Vec<_>>>() {
            Some(peers) => peers.into_iter().flatten().collect(),
            None if action == Action::Allow => peers.into_iter().flatten().flatten().collect(),
            None => vec![Peer::Anything],
        };
        Some(WrittenRule {
            node,
            action,
            peers,
            ports: ports(node),
        })
    }

    /// Reads one of the other ends; nothing where it is not understood.
    fn peer(&mut self, peer: Node<'a>, action: Action) -> Option<Vec<Peer<'a>>> {
        let (key, value) = peer.entries().next()?;
        let mut note = |message| {
            self.notes.push(Note {
                object: self.object,
                node: key,
                message,
            });
        };
        match key.as_str()? {
            "namespaces" | "pods" => Some(vec![Peer::Pods(pods(peer)?)]),
            "networks" => {
                let ranges = value.items().filter_map(|one| Range::parse(one.as_str()?));
                Some(ranges.map(|one| Peer::Addresses(one, Vec::new())).collect())
            }
            "nodes" => {
                note("every node counts as one of those that are chosen");
                Some(
                    [Entity::Host, Entity::RemoteNode]
                        .map(Peer::Entity)
                        .to_vec(),
                )
            }
            "domainNames" if action == Action::Allow => {
                note("names outside count as every address outside");
                Some(vec![Peer::Outside])
            }
            _ => {
                note(
                    "this is not understood: the rule allows nothing by it, or refuses everything",
                );
                None
            }
        }
    }
}

/// Reads `namespaces`, or `pods`, of a subject or peer.
fn pods(node: Node<'_>) -> Option<Pods<'_>> {
    if let Some(namespaces) = node.get("namespaces") {
        let namespaces = Namespaces::Where(Selector::read(namespaces)?);
        return Some(Pods::new(namespaces, Selector::default()));
    }
    let pods = node.get("pods")?;
    let selector = |key: &str| match pods.get(key) {
        Some(selector) => Selector::read(selector),
        None => Some(Selector::default()),
    };
    let namespaces = Namespaces::Where(selector("namespaceSelector")?);
    Some(Pods::new(namespaces, selector("podSelector")?))
}

/// Reads `ports` of `v1alpha1`, or `protocols` of `v1alpha2`.
fn ports(rule: Node<'_>) -> Ports<'_> {
    let mut listed = list(rule, "ports")
        .chain(list(rule, "protocols"))
        .peekable();
    if listed.peek().is_none() {
        return Ports::all();
    }
    let mut ports = Ports::default();
    for one in listed {
        for (key, value) in one.entries() {
            port(key.as_str().unwrap_or_default(), value, &mut ports);
        }
    }
    ports
}

fn port<'a>(key: &str, value: Node<'a>, ports: &mut Ports<'a>) {
    let number = |node: Node<'_>, key: &str| {
        let number = node.get(key).and_then(Node::as_int);
        number.and_then(|number| u32::try_from(number).ok())
    };
    let own = || {
        let name = value.get("protocol").and_then(Node::as_str);
        Protocol::parse(name.unwrap_or("TCP"))
    };
    let mut add = |protocol: Option<Protocol>, ends: Option<(u32, u32)>| {
        if let (Some(protocol), Some((first, last))) = (protocol, ends) {
            ports.fixed.add(&Connections::of(protocol, first, last));
        }
    };
    match key {
        "portNumber" => add(own(), number(value, "port").map(|one| (one, one))),
        "portRange" => add(own(), number(value, "start").zip(number(value, "end"))),
        "tcp" | "udp" | "sctp" => {
            let protocol = Protocol::parse(&key.to_ascii_uppercase());
            match value.get("destinationPort") {
                None => add(protocol, Some((0, u32::MAX))),
                Some(port) => {
                    let range = port.get("range");
                    let range = range.and_then(|one| number(one, "start").zip(number(one, "end")));
                    let one = number(port, "number").map(|one| (one, one));
                    add(protocol, one.or(range));
                }
            }
        }
        "namedPort" | "destinationNamedPort" => {
            if let Some(name) = value.as_str() {
                ports
                    .named
                    .extend(Protocol::ALL.map(|protocol| (protocol, name)));
            }
        }
        _ => {}
    }
}
