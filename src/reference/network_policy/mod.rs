//! NetworkPolicies: the pods that they are about, their peers, and ports by name.

mod namespaces;

use std::rc::Rc;

use self::namespaces::{Namespaces, Which};
use super::fields::items;
use super::port::{Ports, Wanted, protocol};
use super::references::{References, did_you_mean};
use super::rules;
use super::selection::{Asked, Chosen, Selection, Things};
use crate::cluster::{Found, Index, Selector};
use crate::finding::Severity;
use crate::manifest::Fault;
use crate::yaml::Node;

/// What a peer, or the policy itself, selects; none where that is not known.
type Selected<'a> = Option<Vec<Rc<Chosen<'a>>>>;

/// Checks NetworkPolicies.
pub(super) fn check<'a>(references: &mut References<'_, 'a>) {
    let cluster = references.cluster;
    let policies = cluster.of_kind("networking.k8s.io", "NetworkPolicy");
    if policies.is_empty() {
        return;
    }
    let mut namespaces = Namespaces::new(cluster);
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
        let selector = Selector::read(node)?;
        select(
            references,
            index,
            "the NetworkPolicy",
            node,
            &selector,
            &[own],
        )
    });
    for rule in spec.get("ingress").into_iter().flat_map(Node::items) {
        for peer in rule.get("from").into_iter().flat_map(Node::items) {
            self::peer(references, index, peer, namespaces);
        }
        if let Some(subjects) = &subjects {
            ports(references, index, rule, subjects);
        }
    }
    for rule in spec.get("egress").into_iter().flat_map(Node::items) {
        let peers = rule.get("to").into_iter().flat_map(Node::items);
        let peers: Vec<Selected<'a>> = peers
            .map(|peer| self::peer(references, index, peer, namespaces))
            .collect();
        let all: Option<Vec<_>> = peers.into_iter().collect();
        if let Some(all) = all {
            ports(references, index, rule, &all.concat());
        }
    }
}

/// Returns what a peer selects, and says where that is nothing.
fn peer<'a>(
    references: &mut References<'_, 'a>,
    index: Index,
    peer: Node<'a>,
    namespaces: &mut Namespaces<'a>,
) -> Selected<'a> {
    let pods = peer.get("podSelector");
    let selector = match pods {
        Some(pods) => Selector::read(pods)?,
        None => Selector::default(),
    };
    let Some(node) = peer.get("namespaceSelector") else {
        let own = references.cluster.namespace(index);
        return select(references, index, "the peer", pods?, &selector, &[own]);
    };
    match namespaces.which(&Selector::read(node)?) {
        Which::These(names) => select(
            references,
            index,
            "the peer",
            pods.unwrap_or(node),
            &selector,
            &names,
        ),
        Which::Absent(name) => {
            absent(references, index, node, name, namespaces);
            None
        }
        Which::Unknown => None,
    }
}

/// Returns what a selector chooses in some namespaces, and says where that is nothing.
fn select<'a>(
    references: &mut References<'_, 'a>,
    index: Index,
    what: &str,
    node: Node<'a>,
    selector: &Selector<'a>,
    namespaces: &[&'a str],
) -> Selected<'a> {
    let mut all = Vec::new();
    let mut known = true;
    for namespace in namespaces {
        let asked = Asked {
            things: Things::Pods,
            namespace,
            selector,
        };
        match references.select(asked) {
            Selection::Chosen(chosen) => all.push(chosen),
            Selection::Nothing => {}
            Selection::Unknown => known = false,
        }
    }
    if !known {
        return None;
    }
    if let (true, false, Some(namespace)) =
        (all.is_empty(), selector.is_empty(), namespaces.first())
    {
        let asked = Asked {
            things: Things::Pods,
            namespace,
            selector,
        };
        let mut found = references.nothing(index, what, node, asked);
        if namespaces.len() > 1 {
            let others = format!(", nor of {} more", namespaces.len() - 1);
            found.fault.message.push_str(&others);
        }
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
        let other = declared.iter().find_map(|ports| ports.protocols(wanted));
        let message = if let Some([other, ..]) = other {
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
