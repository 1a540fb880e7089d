//! Ports: those that pods declare, those of Services, and what names them.

use std::fmt;

use super::fields::{items, text};
use super::references::References;
use super::rules;
use crate::cluster::{Cluster, Found, Index, PodTemplate};
use crate::finding::did_you_mean;
use crate::manifest::Fault;
use crate::yaml::Node;

/// How many ports are listed in a message.
const LISTED: usize = 6;

/// A port, by name or by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted<'a> {
    /// Its name.
    Name(&'a str),
    /// Its number.
    Number(i64),
}

impl<'a> Wanted<'a> {
    /// Reads a number or a name; text that is a number is no name.
    pub(super) fn read(node: Node<'a>) -> Option<Self> {
        match (node.as_int(), node.as_str()) {
            (Some(number), _) => Some(Self::Number(number)),
            (None, Some(name)) if name.parse::<i64>().is_err() && !name.is_empty() => {
                Some(Self::Name(name))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Wanted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Number(number) => number.fmt(f),
        }
    }
}

/// Returns the protocol of a port, which is TCP where it names none.
pub(super) fn protocol(port: Node<'_>) -> &str {
    let protocol = port.get("protocol").and_then(Node::as_str);
    protocol
        .filter(|protocol| !protocol.is_empty())
        .unwrap_or("TCP")
}

/// The ports that some pods declare.
#[derive(Debug, Default)]
pub(super) struct Ports<'a> {
    /// Names with their protocols, sorted.
    names: Vec<(&'a str, &'a str)>,
    /// Numbers with their protocols, sorted.
    numbers: Vec<(i64, &'a str)>,
    /// Some in words.
    listed: Vec<String>,
    /// Where the first port stands, with the pod's object.
    pub(super) first: Option<(Index, Node<'a>)>,
    /// Whether something may add containers once the pods are made.
    injected: bool,
    /// Whether a container declares no port: it may listen on any.
    silent: bool,
}

impl<'a> Ports<'a> {
    /// Returns what stands for ports of which nothing is known.
    pub(super) fn unknown() -> Self {
        Self {
            injected: true,
            silent: true,
            ..Self::default()
        }
    }

    /// Returns how much work gathering the ports of a pod is.
    pub(super) fn work(pod: &PodTemplate<'a>) -> usize {
        let ports = serving(pod).filter_map(|container| container.get("ports"));
        ports.map(|ports| ports.items().len() + 1).sum()
    }

    /// Gathers the ports of some pods of one namespace.
    pub(super) fn of<'p>(
        cluster: &Cluster<'a>,
        pods: impl Iterator<Item = &'p PodTemplate<'a>>,
    ) -> Self
    where
        'a: 'p,
    {
        let mut ports = Self::default();
        let mut pods = pods.peekable();
        if let Some(pod) = pods.peek() {
            let namespace = cluster.find("", "Namespace", "", cluster.namespace(pod.object));
            let namespace = namespace.and_then(|index| cluster.get(index));
            ports.injected = is_injected(namespace.and_then(|one| one.root().get("metadata")));
        }
        for pod in pods {
            ports.injected |= is_injected(pod.metadata());
            for container in serving(pod) {
                let mut own = items(container, "ports").peekable();
                ports.silent |= own.peek().is_none();
                own.for_each(|port| ports.add(pod.object, port));
            }
        }
        ports.names.sort_unstable();
        ports.names.dedup();
        ports.numbers.sort_unstable();
        ports.numbers.dedup();
        ports
    }

    fn add(&mut self, object: Index, port: Node<'a>) {
        let protocol = protocol(port);
        let name = text(port, "name");
        let number = port.get("containerPort").and_then(Node::as_int);
        self.first.get_or_insert((object, port));
        self.names.extend(name.map(|name| (name, protocol)));
        self.numbers.extend(number.map(|number| (number, protocol)));
        if self.listed.len() <= LISTED {
            let words = in_words(name, number, protocol);
            if !self.listed.contains(&words) {
                self.listed.push(words);
            }
        }
    }

    /// Tells whether any port is declared.
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Returns a protocol of a port; none where no pod declares it.
    pub(super) fn protocol(&self, wanted: Wanted<'_>) -> Option<&'a str> {
        match wanted {
            Wanted::Name(name) => {
                let place = self.names.partition_point(|(other, _)| *other < name);
                let (found, protocol) = self.names.get(place)?;
                (*found == name).then_some(*protocol)
            }
            Wanted::Number(number) => {
                let place = self.numbers.partition_point(|(other, _)| *other < number);
                let (found, protocol) = self.numbers.get(place)?;
                (*found == number).then_some(*protocol)
            }
        }
    }

    /// Tells whether a pod has a port of a name or number and protocol.
    pub(super) fn has(&self, wanted: Wanted<'_>, protocol: &str) -> bool {
        match wanted {
            Wanted::Name(name) => self.names.binary_search(&(name, protocol)).is_ok(),
            Wanted::Number(number) => self.numbers.binary_search(&(number, protocol)).is_ok(),
        }
    }

    /// Tells whether all names of ports are known.
    pub(super) fn names_are_known(&self) -> bool {
        !self.injected
    }

    /// Tells whether each container says which ports it has.
    pub(super) fn numbers_are_known(&self) -> bool {
        !self.injected && !self.silent && !self.is_empty()
    }

    /// Returns the number of names.
    pub(super) fn count(&self) -> usize {
        self.names.len()
    }

    /// Returns the names, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.names.iter().map(|(name, _)| *name)
    }

    /// Returns the ports in words.
    pub(super) fn words(&self) -> String {
        list(&self.listed)
    }
}

fn in_words(name: Option<&str>, number: Option<i64>, protocol: &str) -> String {
    let number = number.map(|number| number.to_string()).unwrap_or_default();
    let protocol = match protocol {
        "TCP" => String::new(),
        other => format!("/{other}"),
    };
    match name {
        Some(name) => format!("`{name}` ({number}{protocol})"),
        None => format!("{number}{protocol}"),
    }
}

/// Returns some words as a list, cut where there are many.
fn list(words: &[String]) -> String {
    let shown = words.get(..LISTED).unwrap_or(words).join(", ");
    if words.len() > LISTED {
        format!("{shown}, …")
    } else {
        shown
    }
}

/// Returns the containers whose ports Services reach: ordinary ones, and sidecars.
fn serving<'a>(pod: &PodTemplate<'a>) -> impl Iterator<Item = Node<'a>> + use<'a> {
    let ordinary = pod.spec.get("containers").into_iter().flat_map(Node::items);
    let init = pod
        .spec
        .get("initContainers")
        .into_iter()
        .flat_map(Node::items);
    let sidecars =
        init.filter(|one| one.get("restartPolicy").and_then(Node::as_str) == Some("Always"));
    ordinary.chain(sidecars)
}

/// Tells whether the metadata of a pod or a namespace make a service mesh or the like add containers.
fn is_injected(metadata: Option<Node<'_>>) -> bool {
    let maps = ["labels", "annotations"].map(|field| metadata?.get(field));
    let entries = maps.into_iter().flatten().flat_map(Node::entries);
    let mut keys = entries.filter_map(|(key, _)| key.as_str());
    keys.any(|key| key.contains("inject") || key.contains("sidecar") || key == "istio.io/rev")
}

impl<'a> References<'_, 'a> {
    /// Returns the name of a port that may be meant.
    pub(super) fn near_port(&mut self, name: &str, ports: &[&Ports<'a>]) -> Option<&'a str> {
        let work = ports.iter().map(|ports| ports.count()).sum();
        if !self.may_step(work) {
            return None;
        }
        let names: Vec<&str> = ports.iter().flat_map(|ports| ports.names()).collect();
        self.nearest(name, &names)
    }

    /// Finds the port of a Service; where the Service has none such, this is said of `node`, which names it.
    pub(super) fn need_port(
        &mut self,
        from: Index,
        node: Node<'a>,
        service: Index,
        wanted: Wanted<'a>,
    ) {
        if let Some(found) = self.lack_port(from, node, service, wanted) {
            self.push(found);
        }
    }

    /// Returns what is to be said where a Service has no such port.
    pub(super) fn lack_port(
        &mut self,
        from: Index,
        node: Node<'a>,
        service: Index,
        wanted: Wanted<'a>,
    ) -> Option<Found<'a>> {
        let object = self.cluster.get(service)?;
        let spec = object.root().get("spec")?;
        let ports: Vec<Node<'a>> = items(spec, "ports").collect();
        // What an ExternalName Service leads to has ports of its own.
        let external = text(spec, "type") == Some("ExternalName");
        if external || !self.may_step(ports.len() + 1) {
            return None;
        }
        let name = |port: &Node<'a>| port.get("name").and_then(Node::as_str);
        let number = |port: &Node<'a>| port.get("port").and_then(Node::as_int);
        let has = ports.iter().any(|port| match wanted {
            Wanted::Name(wanted) => name(port) == Some(wanted),
            Wanted::Number(wanted) => number(port) == Some(wanted),
        });
        if has {
            return None;
        }
        let near = match wanted {
            Wanted::Name(wanted) => {
                let names: Vec<&str> = ports.iter().filter_map(name).collect();
                self.nearest(wanted, &names)
            }
            Wanted::Number(_) => None,
        };
        let words = ports.iter().take(LISTED + 1);
        let words: Vec<String> = words
            .map(|port| in_words(name(port), number(port), protocol(*port)))
            .collect();
        let has = match words.as_slice() {
            [] => "it has none".to_owned(),
            words => format!("it has {}", list(words)),
        };
        let message = format!(
            "the Service `{}` has no port `{wanted}`{}",
            object.id.name,
            did_you_mean(near)
        );
        let fault = Fault::new(&rules::MISSING_PORT, node, message).help(format!(
            "{has}; name one of them, or add the port to the Service"
        ));
        let found = Found::new(from, fault);
        let place = spec.entry("ports").map(|(key, _)| key);
        Some(match place.or_else(|| self.name_of(service)) {
            Some(place) => found.related(service, place),
            None => found,
        })
    }
}
