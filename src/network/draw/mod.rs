//! Pictures of the connections that are open: Graphviz's dot, Mermaid, SVG.
//!
//! A [`Picture`] says no more and no less than the connections it is made of: edges between the same ends are one, the
//! addresses outside that an end may reach on the same ports are one end, and what an end with many edges has to do with
//! others is written in their boxes instead of drawn. All formats show the same picture.

mod area;
mod arrange;
mod dot;
mod gather;
mod layout;
mod mermaid;
mod page;
mod svg;
mod width;

pub use self::dot::dot;
pub use self::gather::Gathering;
pub use self::mermaid::mermaid;
pub use self::page::{Page, page};
pub use self::svg::svg;

use self::area::Area;
use super::port::{Connections, Protocol};

/// So many intervals of ports are shown in a picture at most.
const PORTS: usize = 8;

/// Who may talk to whom, to be drawn.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    /// What is drawn, in a few words.
    pub title: String,
    /// The namespaces in order, then what is outside.
    pub groups: Vec<Group>,
    /// The ends of connections.
    pub spots: Vec<Spot>,
    /// The connections.
    pub edges: Vec<Edge>,
    /// How the picture is to be read.
    pub notes: Vec<String>,
}

/// Ends that are drawn together.
#[derive(Clone, Debug)]
pub struct Group {
    /// The namespace; none where its ends are outside, or are namespaces themselves.
    pub namespace: Option<String>,
    /// The places of its ends.
    pub spots: Vec<usize>,
    /// What all its ends have to do with others.
    pub texts: Vec<Text>,
}

/// An end of connections.
#[derive(Clone, Debug)]
pub struct Spot {
    /// What it is.
    pub party: Party,
    /// The place of its group.
    pub group: usize,
    /// The name in its box.
    pub name: String,
    /// What stands below the name.
    pub detail: String,
    /// Whether it is open to everything outside and to all others that are open.
    pub open: bool,
    /// What it has to do with others, as far as no line shows it.
    pub texts: Vec<Text>,
    /// How many connections to and from it are written at others.
    pub elsewhere: [usize; 2],
}

/// What an end of connections is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// All workloads of a namespace, where there are too many to draw each.
    Namespace(String),
    /// A workload: namespace, name, kind.
    Workload(String, String, String),
    /// Addresses outside.
    Area(Area),
    /// What Cilium has a name for.
    Entity(String),
    /// An ingress controller that nobody describes.
    Controller,
}

impl Party {
    fn namespace(&self) -> Option<&str> {
        match self {
            Self::Namespace(namespace) | Self::Workload(namespace, ..) => Some(namespace),
            Self::Area(_) | Self::Entity(_) | Self::Controller => None,
        }
    }
}

/// What may go from one end to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The place of the end where it comes from.
    pub from: usize,
    /// The place of the end where it goes.
    pub to: usize,
    /// What it may be.
    pub connections: Connections,
    /// How it is shown.
    pub form: Form,
}

/// How a connection is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// As a line.
    Line,
    /// As a text in the box of its source.
    AtSource,
    /// As a text in the box of its target.
    AtTarget,
}

/// A connection that is written in a box, seen from there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text {
    /// How it is shown: which end it is written at.
    pub form: Form,
    /// The place of the other end.
    pub spot: usize,
    /// The name of the other end; none where both are in the box.
    pub other: Option<String>,
    /// Whether the other end is a range of addresses.
    pub area: bool,
    /// What it may be.
    pub ports: String,
}

impl Text {
    /// Returns the text.
    pub fn shown(&self) -> String {
        let Self { form, ports, .. } = self;
        match (&self.other, form) {
            (None, _) => format!("within: {ports}"),
            (Some(other), Form::AtTarget) => format!("← {other}: {ports}"),
            (Some(other), _) => format!("→ {other}: {ports}"),
        }
    }
}

impl Spot {
    /// Returns its name together with its namespace.
    pub fn full(&self) -> String {
        match &self.party {
            Party::Workload(namespace, name, _) => format!("{namespace}/{name}"),
            _ => self.name.clone(),
        }
    }

    /// Returns all that stands below the name, but for connections.
    fn below(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.detail.is_empty() {
            lines.push(self.detail.clone());
        }
        let [out, into] = self.elsewhere;
        for (count, arrow) in [(into, "←"), (out, "→")] {
            if count > 0 {
                let boxes = if count == 1 { "box" } else { "boxes" };
                lines.push(format!("{arrow} written in {count} {boxes}"));
            }
        }
        lines
    }
}

impl Picture {
    fn spot(&self, place: usize) -> Option<&Spot> {
        self.spots.get(place)
    }

    /// Returns the place of the namespace in which an end is drawn.
    fn cluster(&self, spot: usize) -> Option<usize> {
        let place = self.spot(spot)?.group;
        let group = self.groups.get(place)?;
        group.namespace.is_some().then_some(place)
    }

    /// Returns the edges that are lines, with their places and both ends.
    fn lines(&self) -> impl Iterator<Item = (usize, &Edge, &Spot, &Spot)> {
        let lines = self.edges.iter().enumerate();
        let lines = lines.filter(|(_, edge)| edge.form == Form::Line);
        lines.filter_map(|(place, edge)| {
            Some((place, edge, self.spot(edge.from)?, self.spot(edge.to)?))
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "nothing has that many lines")]
fn count<T>(list: &[T]) -> f64 {
    list.len() as f64
}

/// Shows ports as people write them: `TCP 80, 443; UDP 53`.
pub fn ports(connections: &Connections) -> String {
    shown_ports(connections, usize::MAX, "TCP ")
}

/// Shows ports in a picture: without the protocol that nearly all have, and not so many that nobody can read them.
fn few_ports(connections: &Connections) -> String {
    shown_ports(connections, PORTS, "")
}

fn shown_ports(connections: &Connections, most: usize, tcp: &str) -> String {
    if connections.is_all() {
        return "all ports".to_owned();
    }
    let mut shown = Vec::new();
    let mut left = most;
    let mut more = 0;
    for (protocol, name) in [
        (Protocol::Tcp, tcp),
        (Protocol::Udp, "UDP "),
        (Protocol::Sctp, "SCTP "),
    ] {
        let parts = connections.ports(protocol).parts();
        let all = Connections::of_protocol(protocol);
        if parts == all.ports(protocol).parts() {
            shown.push(format!("all {}", protocol.as_str()));
            continue;
        }
        let some = parts.iter().take(left);
        let some: Vec<String> = some
            .map(|(first, last)| match last {
                last if first == last => first.to_string(),
                last => format!("{first}-{last}"),
            })
            .collect();
        left = left.saturating_sub(some.len());
        more += parts.len() - some.len();
        if !some.is_empty() {
            shown.push(format!("{name}{}", some.join(", ")));
        }
    }
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    shown.join("; ")
}

/// Replaces what no picture can show, or what would change the order in which a text is read.
fn visible(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().map(|char| match char {
        '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}'
        | '\u{fffe}'
        | '\u{ffff}'
        | '\u{ad}'
        | '\u{61c}' => '\u{fffd}',
        char if char.is_control() => '\u{fffd}',
        char => char,
    })
}

#[cfg(test)]
mod tests;
