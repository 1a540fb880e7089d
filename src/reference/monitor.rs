//! Monitors of Prometheus' operator: the Services and pods that they select, and the ports that are asked.

use super::port::Wanted;
use super::references::{References, did_you_mean};
use super::rules;
use super::selection::{Asked, Chosen, Selection, Things};
use crate::cluster::{Found, Index, Selector};
use crate::manifest::Fault;
use crate::yaml::Node;

/// The kinds, what they select, and the field of what is asked.
const MONITORS: &[(&str, Things, &str)] = &[
    ("PodMonitor", Things::Pods, "podMetricsEndpoints"),
    ("ServiceMonitor", Things::Services, "endpoints"),
];

/// How many of the selected Services are asked for a port.
const ASKED: usize = 64;

/// Checks ServiceMonitors and PodMonitors.
pub(super) fn check<'a>(references: &mut References<'_, 'a>) {
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
        for endpoint in spec.get(field).into_iter().flat_map(Node::items) {
            if let Some(port) = endpoint.get("port")
                && let Some(wanted) = Wanted::read(port)
            {
                asked_port(references, index, (port, wanted), things, &chosen);
            }
        }
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

/// Checks that something that is selected has the port.
fn asked_port<'a>(
    references: &mut References<'_, 'a>,
    index: Index,
    (node, wanted): (Node<'a>, Wanted<'a>),
    things: Things,
    chosen: &[std::rc::Rc<Chosen<'a>>],
) {
    let Wanted::Name(name) = wanted else {
        return;
    };
    let cluster = references.cluster;
    let mut names: Vec<&'a str> = Vec::new();
    for some in chosen {
        match things {
            Things::Pods => {
                let ports = some.ports(cluster);
                if !ports.names_are_known() {
                    return;
                }
                names.extend(ports.names());
            }
            Things::Services => {
                for service in some.things.iter().take(ASKED) {
                    let owner = references.owner(things, *service);
                    let ports =
                        owner.and_then(|owner| cluster.get(owner)?.root().path(&["spec", "ports"]));
                    let ports = ports.into_iter().flat_map(Node::items);
                    names.extend(ports.filter_map(|port| port.get("name")?.as_str()));
                }
                if some.things.len() > ASKED {
                    return;
                }
            }
        }
    }
    if names.contains(&name) || !references.may_step(names.len()) {
        return;
    }
    let near = references.nearest(name, &names);
    let what = match things {
        Things::Pods => "no container of the selected pods",
        Things::Services => "none of the selected Services",
    };
    let message = format!("{what} has a port named `{name}`{}", did_you_mean(near));
    let fault = Fault::new(&rules::MISSING_PORT, node, message)
        .help("nothing is scraped from a port that is not there; correct the name, or name the port where it is declared");
    let mut found = Found::new(index, fault);
    if let Some(first) = chosen.first().and_then(|some| some.things.first())
        && let Some(owner) = references.owner(things, *first)
        && let Some(place) = references.name_of(owner)
    {
        found = found.related(owner, place);
    }
    references.push(found);
}
