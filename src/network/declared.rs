//! Declared connections as sets of ends, to be compared with those that are open.

use super::address::{Family, Range};
use super::cilium::{ACCOUNT, NAMESPACE, NAMESPACE_LABELS, bare, entity};
use super::interval::Intervals;
use super::model::{Asked, Assumed, Inventory};
use super::peer::Resolver;
use super::policy::{Both, Dialect, Direction, Namespaces, Peer, Pods, Written};
use super::port::{Connections, Protocol};
use crate::cluster::{Cluster, Selector};
use crate::project::{Flow, FlowEnd, IngressController};

/// The ranges of addresses that are nobody's on the internet.
const PRIVATE: &[&str] = &[
    "10.0.0.0/8",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "fc00::/7",
    "fe80::/10",
];

/// A declared connection.
#[derive(Clone, Debug)]
pub struct Declared {
    /// Its place among the flows.
    pub flow: usize,
    /// Where it comes from; nothing where nobody is meant.
    pub from: Intervals,
    /// Where it goes.
    pub to: Intervals,
    /// What it may be.
    pub ports: Connections,
}

/// A declared connection before ends have numbers.
pub(super) struct Unresolved<'a> {
    flow: usize,
    ends: Both<Vec<Peer<'a>>>,
    workloads: Both<Option<(&'a str, &'a str)>>,
    ports: Connections,
}

impl<'a> Unresolved<'a> {
    /// Returns the ends beyond pods that it tells apart.
    pub(super) fn peers(&self, direction: Direction) -> &[Peer<'a>] {
        self.ends.of(direction)
    }
}

/// Tells whether a rule names addresses of IPv6; else those are told apart from nothing.
pub(super) fn names_ipv6(written: &[Written<'_>]) -> bool {
    let rules = written.iter().flat_map(|policy| {
        let directions = Direction::ALL.into_iter();
        directions.flat_map(|direction| policy.rules.of(direction))
    });
    let mut peers = rules.flat_map(|rule| &rule.peers);
    peers.any(|peer| peer.names(Family::V6))
}

/// Every public address of the families that are told apart.
pub(super) fn internet<'a>(ipv6: bool) -> Vec<Peer<'a>> {
    let private: Vec<Range> = PRIVATE
        .iter()
        .filter_map(|text| Range::parse(text))
        .collect();
    let families = [Family::V4, Family::V6].into_iter();
    let families = families.filter(|family| ipv6 || *family == Family::V4);
    families
        .map(|family| Peer::Addresses(Range::all(family), private.clone()))
        .collect()
}

/// Tells whether a range holds public addresses only.
pub(super) fn is_public(range: &Range) -> bool {
    let mut private = PRIVATE.iter().filter_map(|text| Range::parse(text));
    !private.any(|private| private.meets(range))
}

/// Reads the connections that are declared for an environment, and what they ask of pods.
pub(super) fn read<'a>(
    cluster: &Cluster<'a>,
    asked: &mut Asked<'a>,
    ipv6: bool,
) -> Vec<Unresolved<'a>> {
    let settings = cluster.settings();
    let Some(declared) = &settings.flows else {
        return Vec::new();
    };
    let own = |flow: &&Flow| {
        flow.environments.is_empty() || flow.environments.contains(&settings.environment)
    };
    let flows = declared.flows.iter().enumerate();
    let flows = flows.filter(|(_, flow)| own(flow));
    flows
        .map(|(place, flow)| {
            let mut ports = Connections::default();
            for (protocol, first, last) in &flow.ports {
                if let Some(protocol) = Protocol::parse(protocol) {
                    ports.add(&Connections::of(protocol, *first, *last));
                }
            }
            Unresolved {
                flow: place,
                ends: Both {
                    ingress: peers(cluster, &flow.from, ipv6),
                    egress: peers(cluster, &flow.to, ipv6),
                },
                workloads: Both {
                    ingress: workload(&flow.from),
                    egress: workload(&flow.to),
                },
                ports,
            }
        })
        .inspect(|flow| flow.ask(asked))
        .collect()
}

fn workload(end: &FlowEnd) -> Option<(&str, &str)> {
    match end {
        FlowEnd::Workload(namespace, name) => Some((namespace, name)),
        _ => None,
    }
}

fn peers<'a>(cluster: &Cluster<'a>, end: &'a FlowEnd, ipv6: bool) -> Vec<Peer<'a>> {
    let pods = |namespace: &'a str, selector| {
        Peer::Pods(Pods::new(Namespaces::Named(namespace), selector))
    };
    match end {
        FlowEnd::Internet => internet(ipv6),
        FlowEnd::Cidr(range) => {
            let range = Range::parse(range).into_iter();
            range.map(|one| Peer::Addresses(one, Vec::new())).collect()
        }
        FlowEnd::Entity(name) => entity(name),
        FlowEnd::Namespace(name) => vec![pods(name, Selector::default())],
        FlowEnd::Workload(..) => Vec::new(),
        FlowEnd::Pods(namespace, labels) => {
            let labels = labels
                .iter()
                .map(|(key, value)| (key.as_str(), value.as_str()));
            vec![pods(namespace, Selector::of_labels(labels))]
        }
        FlowEnd::Ingress(class) => {
            let known = cluster.settings().network.ingress_controllers.iter();
            let known = known.filter(|one| one.class == *class);
            known.map(|one| Peer::Pods(pods_of(one))).collect()
        }
    }
}

/// Returns the pods of an ingress controller.
pub(super) fn pods_of(controller: &IngressController) -> Pods<'_> {
    let labels = controller.pods.iter();
    let labels = labels.map(|(key, value)| (key.as_str(), value.as_str()));
    let namespace = Namespaces::Named(&controller.namespace);
    Pods::new(namespace, Selector::of_labels(labels))
}

impl<'a> Unresolved<'a> {
    fn ask(&self, asked: &mut Asked<'a>) {
        for direction in Direction::ALL {
            asked.workloads.extend(self.workloads.of(direction));
            for peer in self.ends.of(direction) {
                assume(peer, asked);
            }
        }
    }

    /// Finds who is meant.
    pub(super) fn resolve(
        self,
        inventory: &Inventory<'a>,
        resolver: &mut Resolver<'_, 'a>,
    ) -> Declared {
        let mut end = |direction| {
            let mut all = resolver.ends(self.ends.of(direction), direction);
            if let Some((namespace, name)) = self.workloads.of(direction) {
                let namespace = inventory.namespace(namespace);
                let classes = inventory.classes.iter().zip(0..);
                let own = classes.filter(|(class, _)| {
                    Some(class.namespace) == namespace && class.named == Some(name) && !class.node
                });
                all.add(&own.map(|(_, peer)| peer).collect());
            }
            all
        };
        Declared {
            flow: self.flow,
            from: end(Direction::Ingress),
            to: end(Direction::Egress),
            ports: self.ports,
        }
    }
}

/// Takes pods that policies and the project speak of and nobody describes for pods that are there: somebody may make
/// them.
pub(super) fn assume_peers<'a>(
    cluster: &Cluster<'a>,
    written: &[Written<'a>],
    asked: &mut Asked<'a>,
) {
    for controller in &cluster.settings().network.ingress_controllers {
        assume(&Peer::Pods(pods_of(controller)), asked);
    }
    for policy in written {
        for direction in Direction::ALL {
            for rule in policy.rules.of(direction) {
                rule.peers.iter().for_each(|peer| assume(peer, asked));
            }
        }
    }
    asked.assumed.sort_unstable();
    asked.assumed.dedup();
}

fn assume<'a>(peer: &Peer<'a>, asked: &mut Asked<'a>) {
    let Peer::Pods(pods) = peer else {
        return;
    };
    asked.labels.extend(pods.pods.keys().map(bare));
    let Some(mut labels) = pods.pods.exact_labels() else {
        return;
    };
    let mut namespace = match &pods.namespaces {
        Namespaces::Named(name) => Some(*name),
        Namespaces::Where(selector) => match selector.exact_labels().as_deref() {
            Some([("kubernetes.io/metadata.name", name)]) => Some(*name),
            _ => None,
        },
        Namespaces::Any => None,
    };
    if pods.dialect == Dialect::Cilium {
        let own = labels.iter().find(|(key, _)| bare(key) == NAMESPACE);
        namespace = own.map(|(_, name)| *name).or(namespace);
        labels.retain(|(key, _)| bare(key) != NAMESPACE);
        for (key, _) in &mut labels {
            *key = bare(key);
        }
        if labels
            .iter()
            .any(|(key, _)| *key == ACCOUNT || key.starts_with(NAMESPACE_LABELS))
        {
            return;
        }
    }
    if let Some(namespace) = namespace {
        labels.sort_unstable();
        labels.dedup_by_key(|(key, _)| *key);
        asked.assumed.push(Assumed { namespace, labels });
    }
}
