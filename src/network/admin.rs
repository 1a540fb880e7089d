//! Policies of a cluster's administrators: `AdminNetworkPolicy`, `BaselineAdminNetworkPolicy` (`v1alpha1`) and
//! `ClusterNetworkPolicy` (`v1alpha2`).

use super::address::Range;
use super::engine::{Engine, Share};
use super::policy::{
    Action, Both, Dialect, Direction, Entity, Namespaces, Note, Peer, Pods, Ports, Tier, Written,
    WrittenRule, list,
};
use super::port::{Connections, Protocol};
use crate::cluster::{Cluster, Index, Selector};
use crate::yaml::Node;

const GROUP: &str = "policy.networking.k8s.io";

/// Reads the policies of administrators, in order of their objects.
pub(super) fn policies<'a>(cluster: &Cluster<'a>, notes: &mut Vec<Note<'a>>) -> Vec<Written<'a>> {
    let engine = Engine::of(cluster);
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
                let mut reader = Reader {
                    object,
                    engine: &engine,
                    notes,
                };
                written.extend(reader.policy(spec, tier));
            }
        }
    }
    written
}

struct Reader<'r, 'a> {
    object: Index,
    engine: &'r Engine<'a>,
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
        let peers: Option<Vec<Vec<Peer<'a>>>> = list(node, key)
            .map(|peer| self.peer(peer, action))
            .collect();
        let ports = self.ports(node);
        // What nobody understands must not open anything.
        let Some((peers, ports)) = peers.zip(ports) else {
            return (action != Action::Allow).then(|| WrittenRule {
                node,
                action: Action::Deny,
                peers: vec![Peer::Anything],
                ports: Ports::all(),
            });
        };
        Some(WrittenRule {
            node,
            action,
            peers: peers.into_iter().flatten().collect(),
            ports,
        })
    }

    /// Reads one of the other ends; nothing where it is not understood.
    fn peer(&mut self, peer: Node<'a>, action: Action) -> Option<Vec<Peer<'a>>> {
        let Some((key, value)) = peer.entries().next() else {
            self.note(peer, NOT_UNDERSTOOD);
            return None;
        };
        let mut note = |message| self.note(key, message);
        match key.as_str()? {
            "namespaces" | "pods" => Some(vec![Peer::Pods(pods(peer)?)]),
            "networks" => Some(self.networks(value, action)),
            "nodes" => {
                let all = Selector::read(value).is_some_and(|selector| selector.is_empty());
                match action {
                    _ if all => {}
                    Action::Deny => {
                        note(
                            "it is not known which nodes are chosen so: the rule refuses none of them",
                        );
                        return Some(Vec::new());
                    }
                    Action::Allow | Action::Pass => {
                        note("every node counts as one of those that are chosen");
                    }
                }
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
                note(NOT_UNDERSTOOD);
                None
            }
        }
    }

    /// Reads addresses: these are about pods, too.
    fn networks(&mut self, networks: Node<'a>, action: Action) -> Vec<Peer<'a>> {
        let mut peers = Vec::new();
        for node in networks.items() {
            let Some(range) = node.as_str().and_then(Range::parse) else {
                continue;
            };
            peers.push(Peer::Addresses(range, Vec::new()));
            let all = || Peer::Pods(Pods::everybody());
            match (self.engine.pods_at(&range), action) {
                (Share::None, _) => {}
                (Share::All, _) => peers.push(all()),
                (Share::Some, Action::Allow) => {
                    self.note(node, "some pods have addresses in this network, and nobody knows which: it counts as opening all");
                    peers.push(all());
                }
                (Share::Some, Action::Deny | Action::Pass) => {
                    self.note(node, "some pods have addresses in this network, and nobody knows which: it counts as none of them");
                }
            }
        }
        peers
    }

    /// Reads `ports` of `v1alpha1`, or `protocols` of `v1alpha2`; nothing where one is not understood.
    fn ports(&mut self, rule: Node<'a>) -> Option<Ports<'a>> {
        let mut listed = list(rule, "ports")
            .chain(list(rule, "protocols"))
            .peekable();
        if listed.peek().is_none() {
            return Some(Ports::all());
        }
        let mut ports = Ports::default();
        for one in listed {
            let mut any = false;
            for (key, value) in one.entries() {
                any = true;
                if !port(key.as_str().unwrap_or_default(), value, &mut ports) {
                    self.note(key, NOT_UNDERSTOOD);
                    return None;
                }
            }
            if !any {
                self.note(one, NOT_UNDERSTOOD);
                return None;
            }
        }
        Some(ports)
    }

    fn note(&mut self, node: Node<'a>, message: &'static str) {
        self.notes.push(Note {
            object: self.object,
            node,
            message,
        });
    }
}

/// What the API asks of an engine that meets a field it does not know.
const NOT_UNDERSTOOD: &str =
    "this is not understood: a rule that allows counts for nothing, another refuses everything";

fn by_labels<'a>(namespaces: Namespaces<'a>, pods: Selector<'a>) -> Pods<'a> {
    Pods {
        dialect: Dialect::OwnNetwork,
        ..Pods::new(namespaces, pods)
    }
}

/// Reads `namespaces`, or `pods`, of a subject or peer.
fn pods(node: Node<'_>) -> Option<Pods<'_>> {
    if let Some(namespaces) = node.get("namespaces") {
        let namespaces = Namespaces::Where(Selector::read(namespaces)?);
        return Some(by_labels(namespaces, Selector::default()));
    }
    let pods = node.get("pods")?;
    let selector = |key: &str| match pods.get(key) {
        Some(selector) => Selector::read(selector),
        None => Some(Selector::default()),
    };
    let namespaces = Namespaces::Where(selector("namespaceSelector")?);
    Some(by_labels(namespaces, selector("podSelector")?))
}

/// Adds an element of `ports` or `protocols`; tells whether it is understood.
fn port<'a>(key: &str, value: Node<'a>, ports: &mut Ports<'a>) -> bool {
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
        _ => return false,
    }
    true
}
