//! Monitors of Prometheus' operator: the Services and pods that they select, and the ports that are asked.

use std::rc::Rc;

use super::fields::items;
use super::references::References;
use super::rules;
use super::selection::{Asked, Chosen, Selection, Things};
use crate::cluster::{Found, Index, Selector};
use crate::finding::did_you_mean;
use crate::manifest::Fault;
use crate::yaml::Node;

/// The kinds, what they select, and the field of what is asked.
const MONITORS: &[(&str, Things, &str)] = &[
    ("PodMonitor", Things::Pods, "podMetricsEndpoints"),
    ("ServiceMonitor", Things::Services, "endpoints"),
];

/// Checks `ServiceMonitors` and `PodMonitors`.
pub(super) fn check(references: &mut References<'_, '_>) {
    let cluster = references.cluster;
    for (kind, things, field) in MONITORS {
        for index in cluster.of_kind("monitoring.coreos.com", kind) {
            let spec = cluster
                .get(*index)
                .and_then(|object| object.root().get("spec"));
            if let Some(spec) = spec {
                monitor(references, *index, spec, *things, field);
            }
        }
    }
}

fn monitor<'a>(
    references: &mut References<'_, 'a>,
    index: Index,
    spec: Node<'a>,
    things: Things,
    field: &str,
) {
    let Some((node, selector)) = spec
        .get("selector")
        .and_then(|node| Some((node, Selector::read(node)?)))
    else {
        return;
    };
    let Some(namespaces) = namespaces(references.cluster.namespace(index), spec) else {
        return;
    };
    let mut chosen = Vec::new();
    for namespace in &namespaces {
        let asked = Asked {
            things,
            namespace,
            selector: &selector,
        };
        match references.select(asked) {
            Selection::Chosen(some) => chosen.push(some),
            Selection::Nothing => {}
            Selection::Unknown => return,
        }
    }
    if !chosen.is_empty() {
        ports(references, index, items(spec, field), things, &chosen);
    } else if let Some(namespace) = namespaces.first()
        && !selector.is_empty()
    {
        let asked = Asked {
            things,
            namespace,
            selector: &selector,
        };
        let what = match things {
            Things::Pods => "the PodMonitor",
            Things::Services => "the ServiceMonitor",
        };
        let found = references.nothing(index, what, node, asked);
        references.push(found);
    }
}

/// Returns the namespaces that are looked at; none where all are.
fn namespaces<'a>(own: &'a str, spec: Node<'a>) -> Option<Vec<&'a str>> {
    let Some(selector) = spec.get("namespaceSelector") else {
        return Some(vec![own]);
    };
    if selector.get("any").and_then(Node::as_bool) == Some(true) {
        return None;
    }
    let names = selector.get("matchNames").into_iter().flat_map(Node::items);
    let names: Vec<&str> = names.filter_map(Node::as_str).collect();
    Some(if names.is_empty() { vec![own] } else { names })
}

/// Checks that something that is selected has the ports that are asked.
fn ports<'a>(
    references: &mut References<'_, 'a>,
    index: Index,
    endpoints: impl Iterator<Item = Node<'a>>,
    things: Things,
    chosen: &[Rc<Chosen<'a>>],
) {
    let asked = endpoints.filter_map(|endpoint| endpoint.get("port"));
    let mut asked = asked
        .filter_map(|node| Some((node, node.as_str()?)))
        .peekable();
    if asked.peek().is_none() {
        return;
    }
    let Some(names) = names(references, things, chosen) else {
        return;
    };
    for (node, name) in asked.filter(|(_, name)| names.binary_search(name).is_err()) {
        let near = references.nearest(name, &names);
        let what = match things {
            Things::Pods => "no container of the selected pods",
            Things::Services => "none of the selected Services",
        };
        let message = format!("{what} has a port named `{name}`{}", did_you_mean(near));
        let fault = Fault::new(&rules::MISSING_PORT, node, message).help(
            "nothing is scraped from a port that is not there; correct the name, or name the port where it is declared",
        );
        let mut found = Found::new(index, fault);
        if let Some(first) = chosen.first().and_then(|some| some.things.first())
            && let Some(owner) = references.owner(things, *first)
            && let Some(place) = references.name_of(owner)
        {
            found = found.related(owner, place);
        }
        references.push(found);
    }
}

/// Returns the names of the ports of all that is selected, sorted; none where they are not all known.
fn names<'a>(
    references: &mut References<'_, 'a>,
    things: Things,
    chosen: &[Rc<Chosen<'a>>],
) -> Option<Vec<&'a str>> {
    let mut names: Vec<&'a str> = Vec::new();
    for some in chosen {
        if things == Things::Pods {
            let ports = references.ports(some);
            if !ports.names_are_known() || !references.may_step(ports.count()) {
                return None;
            }
            names.extend(ports.names());
            continue;
        }
        for service in &some.things {
            let owner = references.owner(things, *service);
            let spec = owner.and_then(|owner| references.cluster.get(owner)?.root().get("spec"));
            let ports: Vec<Node<'a>> = spec.map(|spec| items(spec, "ports").collect())?;
            if !references.may_step(ports.len() + 1) {
                return None;
            }
            names.extend(
                ports
                    .into_iter()
                    .filter_map(|port| port.get("name")?.as_str()),
            );
        }
    }
    names.sort_unstable();
    names.dedup();
    Some(names)
}
