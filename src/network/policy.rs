//! Policies as they are written: whom they are about, and what they allow or refuse.

use super::address::{Family, Range};
use super::engine::{Engine, Share};
use super::port::{Connections, Protocol};
use super::{admin, cilium};
use crate::cluster::{Cluster, Index, Selector};
use crate::yaml::{Kind, Node};

/// The way of a connection, as seen from the pod that a policy is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// To the pod.
    Ingress,
    /// From the pod.
    Egress,
}

impl Direction {
    /// Both ways.
    pub const ALL: [Self; 2] = [Self::Ingress, Self::Egress];

    /// Returns the word that policies have for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Egress => "egress",
        }
    }
}

/// Something for each way of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Both<T> {
    /// For connections to the pod.
    pub ingress: T,
    /// For connections from the pod.
    pub egress: T,
}

impl<T> Both<T> {
    /// Returns that of a way.
    pub fn of(&self, direction: Direction) -> &T {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }

    /// Returns that of a way, to be changed.
    pub fn of_mut(&mut self, direction: Direction) -> &mut T {
        match direction {
            Direction::Ingress => &mut self.ingress,
            Direction::Egress => &mut self.egress,
        }
    }
}

/// What a rule does with the connections that it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// It allows them.
    Allow,
    /// It refuses them.
    Deny,
    /// It leaves them to the next tier.
    Pass,
}

/// When a policy has its say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Before the policies of namespaces; the first rule that is about a connection decides.
    Admin,
    /// The policies of namespaces: they add up, whatever their order.
    Namespace,
    /// After them, where none of them is about the pod.
    Baseline,
}

/// How a selector of pods is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// By the labels of pods.
    Kubernetes,
    /// The same, but for pods in the node's network, which are never meant.
    OwnNetwork,
    /// By the labels that Cilium gives their endpoints: those of pods, and some for namespace and service account.
    Cilium,
}

/// Namespaces.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Namespaces<'a> {
    /// One, by name.
    Named(&'a str),
    /// Those whose labels meet a selector.
    Where(Selector<'a>),
    /// All of them.
    Any,
}

/// Pods, by namespace and labels.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pods<'a> {
    /// Their namespaces.
    pub namespaces: Namespaces<'a>,
    /// Their labels.
    pub pods: Selector<'a>,
    /// How the selector is to be read.
    pub dialect: Dialect,
}

impl<'a> Pods<'a> {
    /// Makes a choice of pods by their own labels.
    pub fn new(namespaces: Namespaces<'a>, pods: Selector<'a>) -> Self {
        Self {
            namespaces,
            pods,
            dialect: Dialect::Kubernetes,
        }
    }

    /// Every pod that has an address of its own.
    pub(super) fn everybody() -> Self {
        Self {
            dialect: Dialect::OwnNetwork,
            ..Self::new(Namespaces::Any, Selector::default())
        }
    }
}

/// What is in or at the cluster and is no pod; Cilium's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entity {
    /// The API server.
    ApiServer,
    /// What checks the health of nodes.
    Health,
    /// The pod's own node.
    Host,
    /// Cilium's own ingress controller.
    Ingress,
    /// Pods whose labels are not known yet.
    Init,
    /// Other nodes.
    RemoteNode,
    /// Pods that Cilium does not look after.
    Unmanaged,
}

impl Entity {
    /// Every one of them.
    pub const ALL: [Self; 7] = [
        Self::ApiServer,
        Self::Health,
        Self::Host,
        Self::Ingress,
        Self::Init,
        Self::RemoteNode,
        Self::Unmanaged,
    ];

    /// Reads the name of one.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// Returns its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApiServer => "kube-apiserver",
            Self::Health => "health",
            Self::Host => "host",
            Self::Ingress => "ingress",
            Self::Init => "init",
            Self::RemoteNode => "remote-node",
            Self::Unmanaged => "unmanaged",
        }
    }

    /// Tells whether it is a node, and so whatever is in its network.
    pub fn is_node(self) -> bool {
        matches!(self, Self::Host | Self::RemoteNode)
    }
}

/// Something in a policy that is not taken as it is written.
#[derive(Clone, Debug)]
pub struct Note<'a> {
    /// The policy.
    pub object: Index,
    /// Where.
    pub node: Node<'a>,
    /// How it is taken.
    pub message: &'static str,
}

/// The other end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Peer<'a> {
    /// Anything, inside or outside.
    Anything,
    /// Every address outside.
    Outside,
    /// What is no pod.
    Entity(Entity),
    /// Pods.
    Pods(Pods<'a>),
    /// Addresses, but for some.
    Addresses(Range, Vec<Range>),
}

/// The ports of a rule: numbers, and names that pods give a number to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ports<'a> {
    /// By number.
    pub fixed: Connections,
    /// By name.
    pub named: Vec<(Protocol, &'a str)>,
}

impl Ports<'_> {
    /// Every port.
    pub fn all() -> Self {
        Self {
            fixed: Connections::all(),
            named: Vec::new(),
        }
    }
}

/// A rule as it is written.
#[derive(Clone, Debug)]
pub(super) struct WrittenRule<'a> {
    /// Where.
    pub node: Node<'a>,
    /// What it does.
    pub action: Action,
    /// The other ends; any of them.
    pub peers: Vec<Peer<'a>>,
    /// The ports.
    pub ports: Ports<'a>,
}

/// A policy as it is written.
#[derive(Clone, Debug)]
pub(super) struct Written<'a> {
    /// The object.
    pub object: Index,
    /// When it has its say.
    pub tier: Tier,
    /// Which goes first in a tier where that matters: the lower one.
    pub priority: i64,
    /// The pods that it is about.
    pub subject: Pods<'a>,
    /// Whether what it does not allow is closed.
    pub isolates: Both<bool>,
    /// Its rules, in their order.
    pub rules: Both<Vec<WrittenRule<'a>>>,
}

/// Reads the policies of a cluster, and what of them is not taken as it is written.
pub(super) fn policies<'a>(cluster: &Cluster<'a>) -> (Vec<Written<'a>>, Vec<Note<'a>>) {
    let mut notes = Vec::new();
    let mut written = network_policies(cluster, &mut notes);
    written.extend(cilium::policies(cluster, &mut notes));
    written.extend(admin::policies(cluster, &mut notes));
    // Those of namespaces add up; of the others, the first that has a say decides.
    written.sort_by_key(|policy| (policy.tier, policy.priority));
    ties(cluster, &written, &mut notes);
    (written, notes)
}

/// Notes policies of which nobody knows which one decides.
fn ties<'a>(cluster: &Cluster<'a>, written: &[Written<'a>], notes: &mut Vec<Note<'a>>) {
    let ordered = written.iter().filter(|one| one.tier != Tier::Namespace);
    let next = ordered.clone().skip(1);
    for (one, other) in ordered.zip(next) {
        if (one.tier, one.priority) != (other.tier, other.priority) {
            continue;
        }
        let root = cluster.get(other.object).map(|object| object.root());
        let root = root.map(|root| (root, root.path(&["spec", "priority"])));
        if let Some((root, priority)) = root {
            notes.push(Note {
                object: other.object,
                node: priority.unwrap_or(root),
                message: "another policy has this priority, too: which of them decides is not defined",
            });
        }
    }
}

fn network_policies<'a>(cluster: &Cluster<'a>, notes: &mut Vec<Note<'a>>) -> Vec<Written<'a>> {
    let engine = Engine::of(cluster);
    let own = cluster.of_kind("networking.k8s.io", "NetworkPolicy").iter();
    own.filter_map(|index| network_policy(cluster, *index, &engine, notes))
        .collect()
}

/// Reads a `NetworkPolicy`; one that the API server would refuse for its selector is none.
fn network_policy<'a>(
    cluster: &Cluster<'a>,
    object: Index,
    engine: &Engine<'a>,
    notes: &mut Vec<Note<'a>>,
) -> Option<Written<'a>> {
    let spec = cluster.get(object)?.root().get("spec")?;
    let namespace = cluster.namespace(object);
    let pods = match spec.get("podSelector") {
        Some(selector) => Selector::read(selector)?,
        None => Selector::default(),
    };
    let types: Vec<&str> = list(spec, "policyTypes").filter_map(Node::as_str).collect();
    let isolates = if types.is_empty() {
        Both {
            ingress: true,
            egress: list(spec, "egress").next().is_some(),
        }
    } else {
        Both {
            ingress: types.contains(&"Ingress"),
            egress: types.contains(&"Egress"),
        }
    };
    let mut reader = Reader {
        object,
        namespace,
        engine,
        notes,
    };
    let mut rules = |written: bool, key: &str, peers: &str| -> Vec<WrittenRule<'a>> {
        let rules = list(spec, key).filter(|_| written);
        rules.map(|rule| reader.rule(rule, peers)).collect()
    };
    Some(Written {
        object,
        tier: Tier::Namespace,
        priority: 0,
        subject: Pods::new(Namespaces::Named(namespace), pods),
        isolates,
        rules: Both {
            ingress: rules(isolates.ingress, "ingress", "from"),
            egress: rules(isolates.egress, "egress", "to"),
        },
    })
}

/// Reads the rules of one policy.
struct Reader<'r, 'a> {
    object: Index,
    namespace: &'a str,
    engine: &'r Engine<'a>,
    notes: &'r mut Vec<Note<'a>>,
}

impl<'a> Reader<'_, 'a> {
    fn rule(&mut self, node: Node<'a>, peers: &str) -> WrittenRule<'a> {
        let mut listed = list(node, peers).peekable();
        let peers = match listed.peek() {
            None => vec![Peer::Anything],
            Some(_) => listed
                .filter_map(|peer| self.peer(peer))
                .flatten()
                .collect(),
        };
        let mut listed = list(node, "ports").peekable();
        let ports = if listed.peek().is_none() {
            Ports::all()
        } else {
            let mut ports = Ports::default();
            listed.for_each(|port| network_port(port, &mut ports));
            ports
        };
        WrittenRule {
            node,
            action: Action::Allow,
            peers,
            ports,
        }
    }

    /// Reads an element of `from` or `to`; one that the API server would refuse is about nobody.
    fn peer(&mut self, peer: Node<'a>) -> Option<Vec<Peer<'a>>> {
        let present = |key: &str| peer.get(key).filter(|node| !node.is_null());
        if let Some(block) = present("ipBlock") {
            return self.addresses(block);
        }
        let (namespaces, pods) = (present("namespaceSelector"), present("podSelector"));
        if namespaces.is_none() && pods.is_none() {
            return None;
        }
        let namespaces = match namespaces {
            Some(selector) => Namespaces::Where(Selector::read(selector)?),
            None => Namespaces::Named(self.namespace),
        };
        let pods = match pods {
            Some(selector) => Selector::read(selector)?,
            None => Selector::default(),
        };
        Some(vec![Peer::Pods(Pods::new(namespaces, pods))])
    }

    fn addresses(&mut self, block: Node<'a>) -> Option<Vec<Peer<'a>>> {
        let range = Range::parse(block.get("cidr")?.as_str()?)?;
        let except = list(block, "except").filter_map(|one| Range::parse(one.as_str()?));
        let except: Vec<Range> = except.collect();
        let pods = match self.engine.pods_in(&range, &except) {
            Share::None => None,
            Share::All => Some(Pods::everybody()),
            Share::Some => {
                self.notes.push(Note {
                    object: self.object,
                    node: block,
                    message: "some pods have addresses in this block, and nobody knows which: it counts as opening all",
                });
                Some(Pods::everybody())
            }
        };
        let addresses = Peer::Addresses(range, except);
        Some(
            [addresses]
                .into_iter()
                .chain(pods.map(Peer::Pods))
                .collect(),
        )
    }
}

/// Reads an element of `ports`; one that the API server would refuse opens nothing.
fn network_port<'a>(port: Node<'a>, ports: &mut Ports<'a>) {
    let protocol = port.get("protocol").and_then(Node::as_str);
    let Some(protocol) = Protocol::parse(protocol.unwrap_or("TCP")) else {
        return;
    };
    let number = port.get("port").filter(|number| !number.is_null());
    let Some(number) = number else {
        ports.fixed.add(&Connections::of_protocol(protocol));
        return;
    };
    if let Some(name) = number.as_str() {
        ports.named.push((protocol, name));
        return;
    }
    let whole = |node: Node<'_>| node.as_int().and_then(|number| u32::try_from(number).ok());
    let end = port.get("endPort").filter(|end| !end.is_null());
    if let Some(first) = whole(number)
        && let Some(last) = end.map_or(Some(first), whole)
    {
        ports.fixed.add(&Connections::of(protocol, first, last));
    }
}

/// Returns the items of a list below a node; nothing where it is missing or no list.
pub(super) fn list<'a>(node: Node<'a>, key: &str) -> impl Iterator<Item = Node<'a>> + use<'a> {
    let list = node.get(key).filter(|list| list.kind() == Kind::Seq);
    list.into_iter().flat_map(Node::items)
}

impl Peer<'_> {
    /// Returns the ranges whose borders tell addresses apart.
    pub(super) fn cuts(&self) -> Vec<Range> {
        match self {
            Self::Addresses(range, except) => {
                let mut cuts = vec![*range];
                cuts.extend(except.iter().filter(|one| range.contains(one)));
                cuts
            }
            Self::Anything | Self::Outside | Self::Entity(_) | Self::Pods(_) => Vec::new(),
        }
    }

    /// Tells whether it names addresses of a family.
    pub(super) fn names(&self, family: Family) -> bool {
        self.cuts().iter().any(|range| range.family == family)
    }
}
