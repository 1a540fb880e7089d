//! `NetworkPolicies`: the pods that they are about, their peers, and ports by name.

mod namespaces;
mod others;

use std::rc::Rc;

use self::namespaces::{Namespaces, Which};
use super::fields::items;
use super::port::{Ports, Wanted, protocol};
use super::references::References;
use super::rules;
use super::selection::{Asked, Chosen, Selection, Things};
use crate::cluster::{Found, Index, Selector};
use crate::finding::{Severity, did_you_mean};
use crate::manifest::Fault;
use crate::yaml::Node;

/// What a peer, or the policy itself, selects; none where that is not known.
type Selected<'a> = Option<Vec<Rc<Chosen<'a>>>>;

/// How many peers in other namespaces are kept: all but those of hostile input.
const PEERS: usize = 1 << 16;

/// Whether all that is selected is wanted, or whether it is anything.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Extent {
    All,
    Anything,
}

impl Extent {
    /// The pods of a rule are wanted where it names ports.
    fn of(rule: Node<'_>) -> Self {
        let mut ports = items(rule, "ports").filter_map(|port| port.get("port"));
        if ports.any(|port| port.as_str().is_some()) {
            Self::All
        } else {
            Self::Anything
        }
    }
}

/// Checks `NetworkPolicies`.
pub(super) fn check(references: &mut References<'_, '_>) {
    let cluster = references.cluster;
    let policies = cluster.of_kind("networking.k8s.io", "NetworkPolicy");
    let others = others::policies(cluster);
    if policies.is_empty() && others.is_empty() {
        return;
    }
    let mut namespaces = Namespaces::new(cluster);
    for index in others {
        others::check(references, index, &mut namespaces);
    }
    for index in policies {
        let spec = cluster
            .get(*index)
            .and_then(|object| object.root().get("spec"));
        if let Some(spec) = spec {
            policy(references, *index, spec, &mut namespaces);
        }
    }
}

fn policy<'a>(
    references: &mut References<'_, 'a>,
    index: Index,
    spec: Node<'a>,
    namespaces: &mut Namespaces<'a>,
) {
    let own = references.cluster.namespace(index);
    let subjects = spec.get("podSelector").and_then(|node| {
        let part = Part {
            index,
            what: "the NetworkPolicy",
            node,
            extent: Extent::All,
        };
        select(references, part, &Selector::read(node)?, &[own])
    });
    for rule in items(spec, "ingress") {
        for peer in items(rule, "from") {
            self::peer(references, index, peer, namespaces, Extent::Anything);
        }
        if let Some(subjects) = &subjects {
            ports(references, index, rule, subjects);
        }
    }
    for rule in items(spec, "egress") {
        let extent = Extent::of(rule);
        let peers: Vec<Selected<'a>> = items(rule, "to")
            .map(|peer| self::peer(references, index, peer, namespaces, extent))
            .collect();
        let all: Option<Vec<_>> = peers.into_iter().collect();
        if let (Some(all), Extent::All) = (all, extent) {
            ports(references, index, rule, &all.concat());
        }
    }
}

/// A selector of a policy, and what is asked of it.
#[derive(Clone, Copy)]
struct Part<'a> {
    index: Index,
    what: &'static str,
    node: Node<'a>,
    extent: Extent,
}

/// Returns what a peer selects, and says where that is nothing.
fn peer<'a>(
    references: &mut References<'_, 'a>,
    index: Index,
    peer: Node<'a>,
    namespaces: &mut Namespaces<'a>,
    extent: Extent,
) -> Selected<'a> {
    let what = "the peer";
    chosen(references, (index, what), peer, namespaces, extent)
}

/// Returns what a choice of namespaces and pods selects, and says where that is nothing.
fn chosen<'a>(
    references: &mut References<'_, 'a>,
    (index, what): (Index, &'static str),
    peer: Node<'a>,
    namespaces: &mut Namespaces<'a>,
    extent: Extent,
) -> Selected<'a> {
    let pods = peer.get("podSelector");
    let selector = match pods {
        Some(pods) => Selector::read(pods)?,
        None => Selector::default(),
    };
    let chooses = peer.get("namespaceSelector");
    let part = Part {
        index,
        what,
        node: pods.or(chooses)?,
        extent,
    };
    let Some(node) = chooses else {
        let own = references.cluster.namespace(index);
        return select(references, part, &selector, &[own]);
    };
    // Policies of many namespaces have the same peers.
    let key = (Selector::read(node)?, selector, extent);
    if let Some(known) = namespaces.peers.get(&key) {
        return Some(known.clone());
    }
    match namespaces.which(&key.0) {
        Which::These(names) => {
            let all = select(references, part, &key.1, &names)?;
            if !all.is_empty() && namespaces.peers.len() < PEERS {
                namespaces.peers.insert(key, all.clone());
            }
            Some(all)
        }
        Which::Absent(name) => {
            absent(references, index, node, name, namespaces);
            None
        }
        Which::TooMuch => {
            references.give_up();
            None
        }
        Which::Unknown => None,
    }
}

/// Returns what a selector chooses in some namespaces, and says where that is nothing.
fn select<'a>(
    references: &mut References<'_, 'a>,
    part: Part<'a>,
    selector: &Selector<'a>,
    namespaces: &[&'a str],
) -> Selected<'a> {
    let asked = |namespace| Asked {
        things: Things::Pods,
        namespace,
        selector,
    };
    let mut all = Vec::new();
    let mut known = true;
    for namespace in namespaces {
        match references.select(asked(namespace)) {
            Selection::Chosen(chosen) => {
                all.push(chosen);
                if part.extent == Extent::Anything {
                    break;
                }
            }
            Selection::Nothing => {}
            Selection::Unknown => known = false,
        }
    }
    if !known {
        return None;
    }
    if let Some(namespace) = namespaces.first()
        && all.is_empty()
        && !selector.is_empty()
    {
        let more = namespaces.len() - 1;
        let asked = asked(namespace);
        let found = references.nothing_in(part.index, part.what, part.node, asked, more);
        references.push(found);
    }
    Some(all)
}

/// Says that a peer names a namespace that is not there, where one that is there may be meant.
fn absent<'a>(
    references: &mut References<'_, 'a>,
    index: Index,
    node: Node<'a>,
    name: &'a str,
    namespaces: &Namespaces<'a>,
) {
    let Some((near, object)) = namespaces.near(references, name) else {
        return;
    };
    let labels = node.path(&["matchLabels", namespaces::NAME]);
    let message = format!(
        "the peer selects no pod: there is no namespace `{name}`{}",
        did_you_mean(Some(near))
    );
    let help = format!(
        "correct the name; where the cluster has the namespace from elsewhere, declare it in `tympan.yaml`: \
         `external: [{{kind: Namespace, name: {name}}}]`"
    );
    let fault = Fault::new(&rules::SELECTS_NOTHING, labels.unwrap_or(node), message).help(help);
    let found = Found::new(index, fault);
    references.push(match references.name_of(object) {
        Some(place) => found.related(object, place),
        None => found,
    });
}

/// Checks that some of the pods that a rule is about have the ports that it names.
fn ports<'a>(
    references: &mut References<'_, 'a>,
    index: Index,
    rule: Node<'a>,
    targets: &[Rc<Chosen<'a>>],
) {
    let named: Vec<(Node<'a>, Node<'a>, &str)> = items(rule, "ports")
        .filter_map(|port| match Wanted::read(port.get("port")?)? {
            Wanted::Name(name) => Some((port, port.get("port")?, name)),
            Wanted::Number(_) => None,
        })
        .collect();
    if named.is_empty() || targets.is_empty() {
        return;
    }
    let declared: Vec<&Ports<'a>> = targets
        .iter()
        .map(|chosen| references.ports(chosen))
        .collect();
    if !declared.iter().all(|ports| ports.names_are_known())
        || !references.may_step(named.len().saturating_mul(declared.len()))
    {
        return;
    }
    for (port, node, name) in named {
        let wanted = Wanted::Name(name);
        let protocol = protocol(port);
        if declared.iter().any(|ports| ports.has(wanted, protocol)) {
            continue;
        }
        let other = declared.iter().find_map(|ports| ports.protocol(wanted));
        let message = if let Some(other) = other {
            format!("the port `{name}` of the pods is {other}, and this one is {protocol}")
        } else {
            let near = references.near_port(name, &declared);
            format!(
                "no container of the pods that this rule is about has a port named `{name}`{}",
                did_you_mean(near)
            )
        };
        let fault = Fault::new(&rules::MISSING_PORT, node, message)
            .severity(Severity::Warning)
            .help("a port that is not there is not opened; correct the name, or write the number");
        let found = Found::new(index, fault);
        let first = declared.iter().find_map(|ports| ports.first);
        references.push(match first {
            Some((object, place)) => found.related(object, place),
            None => found,
        });
    }
}
