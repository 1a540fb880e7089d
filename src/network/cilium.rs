//! Policies of Cilium, as far as they speak of ends and ports (layers 3 and 4).

use super::address::{Family, Range};
use super::policy::{
    Action, Both, Dialect, Direction, Entity, Namespaces, Note, Peer, Pods, Ports, Tier, Written,
    WrittenRule, list,
};
use super::port::{Connections, Protocol};
use crate::cluster::{Cluster, Index, Selector};
use crate::yaml::{Kind, Node};

/// The label of endpoints that has the name of their namespace.
pub(super) const NAMESPACE: &str = "io.kubernetes.pod.namespace";
/// The beginning of those that have the labels of their namespace.
pub(super) const NAMESPACE_LABELS: &str = "io.cilium.k8s.namespace.labels.";
/// The label of endpoints that has the name of their service account.
pub(super) const ACCOUNT: &str = "io.cilium.k8s.policy.serviceaccount";
/// The beginning of the labels of what is no pod.
const RESERVED: &str = "reserved:";

/// Returns the name of a label without its source: endpoints of a cluster have theirs from Kubernetes.
pub(super) fn bare(key: &str) -> &str {
    let bare = key
        .strip_prefix("k8s:")
        .or_else(|| key.strip_prefix("any:"));
    bare.unwrap_or(key)
}

/// Reads the policies of Cilium, in order of their objects.
pub(super) fn policies<'a>(cluster: &Cluster<'a>, notes: &mut Vec<Note<'a>>) -> Vec<Written<'a>> {
    let mut written = Vec::new();
    for kind in ["CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"] {
        for object in cluster.of_kind("cilium.io", kind).iter().copied() {
            let Some(root) = cluster.get(object).map(|one| one.root()) else {
                continue;
            };
            let namespace = (kind == "CiliumNetworkPolicy").then(|| cluster.namespace(object));
            let mut reader = Reader {
                cluster,
                object,
                namespace,
                notes,
            };
            let specs = root.get("spec").into_iter().chain(list(root, "specs"));
            written.extend(specs.filter_map(|spec| reader.policy(spec)));
        }
    }
    written
}

/// Reads one policy.
struct Reader<'r, 'a> {
    cluster: &'r Cluster<'a>,
    object: Index,
    /// Its namespace; none where it is for all of them.
    namespace: Option<&'a str>,
    notes: &'r mut Vec<Note<'a>>,
}

impl<'a> Reader<'_, 'a> {
    fn note(&mut self, node: Node<'a>, message: &'static str) {
        self.notes.push(Note {
            object: self.object,
            node,
            message,
        });
    }

    fn policy(&mut self, spec: Node<'a>) -> Option<Written<'a>> {
        let Some(selector) = spec.get("endpointSelector") else {
            if let Some((key, _)) = spec.entry("nodeSelector") {
                self.note(key, "policies about nodes are left out");
            }
            return None;
        };
        let subject = self.subject(selector)?;
        let mut isolates = Both::default();
        let mut rules = Both::<Vec<WrittenRule<'a>>>::default();
        for direction in Direction::ALL {
            let allowing = direction.as_str();
            let refusing = match direction {
                Direction::Ingress => "ingressDeny",
                Direction::Egress => "egressDeny",
            };
            let mut any = false;
            for (key, action) in [(allowing, Action::Allow), (refusing, Action::Deny)] {
                for node in list(spec, key) {
                    any = true;
                    rules
                        .of_mut(direction)
                        .extend(self.rule(node, direction, action));
                }
            }
            let said = spec.path(&["enableDefaultDeny", allowing]);
            *isolates.of_mut(direction) = said.and_then(Node::as_bool).unwrap_or(any);
        }
        Some(Written {
            object: self.object,
            tier: Tier::Namespace,
            priority: 0,
            subject,
            isolates,
            rules,
        })
    }

    /// Reads the selector of whom a policy is about: where it has a namespace, that wins over what the selector says.
    fn subject(&self, selector: Node<'a>) -> Option<Pods<'a>> {
        let mut pods = self.endpoints(selector)?;
        if let Some(namespace) = self.namespace {
            pods.namespaces = Namespaces::Named(namespace);
            pods.pods = pods.pods.without(|key| bare(key) == NAMESPACE);
        }
        Some(pods)
    }

    /// Reads a selector of endpoints: those of the policy's namespace, where it does not speak of namespaces.
    fn endpoints(&self, selector: Node<'a>) -> Option<Pods<'a>> {
        let pods = Selector::read(selector)?;
        let is_namespace = |key| key == NAMESPACE || str::starts_with(key, NAMESPACE_LABELS);
        let elsewhere = pods.keys().map(bare).any(is_namespace);
        let namespaces = match self.namespace.filter(|_| !elsewhere) {
            Some(name) => Namespaces::Named(name),
            None => Namespaces::Any,
        };
        Some(Pods {
            namespaces,
            pods,
            dialect: Dialect::Cilium,
        })
    }

    fn rule(
        &mut self,
        node: Node<'a>,
        direction: Direction,
        action: Action,
    ) -> Option<WrittenRule<'a>> {
        let way = match direction {
            Direction::Ingress => "from",
            Direction::Egress => "to",
        };
        let mut peers = Vec::new();
        let mut chooses = false;
        for (key, value) in node.entries() {
            let name = key.as_str().unwrap_or_default();
            let Some(what) = name.strip_prefix(way).filter(|_| name != "toPorts") else {
                continue;
            };
            if value.is_null() {
                continue;
            }
            chooses = true;
            self.peers(key, value, (what, action), &mut peers);
        }
        let ports = node
            .get("toPorts")
            .filter(|ports| ports.kind() == Kind::Seq);
        if !chooses {
            // Without ports it is about nobody: such a rule is there to close.
            ports?;
            peers.push(Peer::Anything);
        }
        // A rule about messages of ICMP opens no port.
        if ports.is_none() && node.get("icmps").is_some_and(|icmps| !icmps.is_null()) {
            return None;
        }
        Some(WrittenRule {
            node,
            action,
            peers,
            ports: match ports {
                Some(_) => self.ports(node),
                None => Ports::all(),
            },
        })
    }

    /// Reads one of the fields that say who is at the other end.
    fn peers(
        &mut self,
        key: Node<'a>,
        value: Node<'a>,
        (what, action): (&str, Action),
        peers: &mut Vec<Peer<'a>>,
    ) {
        match what {
            "Endpoints" => {
                for selector in value.items() {
                    match reserved(selector) {
                        Some(entity) => peers.extend(entity),
                        None => peers.extend(self.endpoints(selector).map(Peer::Pods)),
                    }
                }
            }
            "Entities" => {
                let names = value.items().filter_map(Node::as_str);
                peers.extend(names.flat_map(entity));
            }
            "CIDR" => {
                let ranges = value.items().filter_map(|one| range(one.as_str()?));
                peers.extend(ranges.map(|range| Peer::Addresses(range, Vec::new())));
            }
            "CIDRSet" => {
                for set in value.items() {
                    self.addresses(set, action, peers);
                }
            }
            "Requires" => self.note(key, "what a rule requires besides is left out"),
            "Nodes" if value.items().any(is_everything) => peers.extend(nodes()),
            // What may be less than is taken must not close anything.
            _ if action != Action::Allow => {
                self.note(
                    key,
                    "it is not known who is chosen so: the rule refuses nothing by it",
                );
            }
            "Nodes" => {
                self.note(key, "every node counts as one of those that are chosen");
                peers.extend(nodes());
            }
            "FQDNs" => {
                self.note(key, "names outside count as every address outside");
                peers.push(Peer::Outside);
            }
            _ => {
                self.note(key, "ends that are chosen so count as anything");
                peers.push(Peer::Anything);
            }
        }
    }

    fn addresses(&mut self, set: Node<'a>, action: Action, peers: &mut Vec<Peer<'a>>) {
        let except = list(set, "except").filter_map(|one| range(one.as_str()?));
        let except: Vec<Range> = except.collect();
        if let Some(cidr) = set.get("cidr").and_then(Node::as_str) {
            peers.extend(range(cidr).map(|range| Peer::Addresses(range, except)));
            return;
        }
        let group = set.get("cidrGroupRef").and_then(Node::as_str);
        let group =
            group.and_then(|name| self.cluster.find("cilium.io", "CiliumCIDRGroup", "", name));
        let group = group.and_then(|group| self.cluster.get(group)?.root().get("spec"));
        let Some(group) = group else {
            if action == Action::Allow {
                self.note(
                    set,
                    "a group of addresses that is not here counts as every address outside",
                );
                peers.push(Peer::Outside);
            } else {
                self.note(set, "a group of addresses that is not here refuses nothing");
            }
            return;
        };
        let ranges = list(group, "externalCIDRs").filter_map(|one| range(one.as_str()?));
        peers.extend(ranges.map(|range| Peer::Addresses(range, except.clone())));
    }

    fn ports(&mut self, rule: Node<'a>) -> Ports<'a> {
        let mut ports = Ports::default();
        for listed in list(rule, "toPorts") {
            if let Some((key, _)) = listed.entry("rules").filter(|(_, rules)| !rules.is_null()) {
                self.note(
                    key,
                    "what is said within connections is left out: their ports count as open",
                );
            }
            let mut numbers = list(listed, "ports").peekable();
            if numbers.peek().is_none() {
                ports.fixed.add(&Connections::all());
            }
            numbers.for_each(|port| add_port(port, &mut ports));
        }
        ports
    }
}

fn add_port<'a>(port: Node<'a>, ports: &mut Ports<'a>) {
    let protocols = match port.get("protocol").and_then(Node::as_str) {
        None | Some("" | "ANY") => Protocol::ALL.to_vec(),
        Some(name) => Protocol::parse(name).into_iter().collect(),
    };
    let text = port.get("port").and_then(Node::as_str).unwrap_or_default();
    let end = port.get("endPort").and_then(Node::as_int);
    let end = end
        .and_then(|end| u32::try_from(end).ok())
        .filter(|end| *end > 0);
    for protocol in protocols {
        match text.parse::<u32>() {
            Ok(0) => ports.fixed.add(&Connections::of_protocol(protocol)),
            Ok(first) => ports
                .fixed
                .add(&Connections::of(protocol, first, end.unwrap_or(first))),
            Err(_) if text.is_empty() => ports.fixed.add(&Connections::of_protocol(protocol)),
            Err(_) => ports.named.push((protocol, text)),
        }
    }
}

/// Every node.
fn nodes<'a>() -> [Peer<'a>; 2] {
    [Entity::Host, Entity::RemoteNode].map(Peer::Entity)
}

/// Tells whether a selector selects everything.
fn is_everything(selector: Node<'_>) -> bool {
    Selector::read(selector).is_some_and(|selector| selector.is_empty())
}

/// Reads addresses, with or without the length of their prefix.
fn range(text: &str) -> Option<Range> {
    Range::parse(text).or_else(|| text.parse().ok().map(Range::of))
}

/// Returns what a selector by a reserved label means; nothing where it has none.
fn reserved<'a>(selector: Node<'_>) -> Option<Vec<Peer<'a>>> {
    let selector = Selector::read(selector)?;
    let name = selector.keys().find_map(|key| key.strip_prefix(RESERVED))?;
    Some(entity(name))
}

/// Returns what one of Cilium's entities stands for.
pub(super) fn entity<'a>(name: &str) -> Vec<Peer<'a>> {
    match name {
        "all" => vec![Peer::Anything],
        "world" => vec![Peer::Outside],
        "world-ipv4" => vec![Peer::Addresses(Range::all(Family::V4), Vec::new())],
        "world-ipv6" => vec![Peer::Addresses(Range::all(Family::V6), Vec::new())],
        "cluster" => {
            let pods = Pods::new(Namespaces::Any, Selector::default());
            let nodes = [
                Entity::Host,
                Entity::RemoteNode,
                Entity::Health,
                Entity::Init,
                Entity::Ingress,
                Entity::Unmanaged,
            ];
            let mut peers = vec![Peer::Pods(pods)];
            peers.extend(nodes.map(Peer::Entity));
            peers
        }
        name => Entity::parse(name).map(Peer::Entity).into_iter().collect(),
    }
}
