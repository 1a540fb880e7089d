//! Services: the pods that they select, the ports that they lead to, and what names them by a label or as the Service of
//! a `StatefulSet`.

use super::port::{Ports, Wanted, protocol};
use super::program::strangers;
use super::references::{References, Standing, Target};
use super::rules;
use super::selection::{Asked, Chosen, Selection, Things, is_run_time};
use crate::cluster::{Found, Index, Labels, Selector};
use crate::finding::{Severity, did_you_mean};
use crate::manifest::{Fault, Resource};
use crate::yaml::Node;

/// Checks Services, `EndpointSlices` and `StatefulSets`.
pub(super) fn check(references: &mut References<'_, '_>) {
    let cluster = references.cluster;
    for index in cluster.of_kind("", "Service") {
        if let Some(object) = cluster.get(*index) {
            service(references, *index, object.root());
        }
    }
    for index in cluster.of_kind("discovery.k8s.io", "EndpointSlice") {
        endpoints(references, *index);
    }
    for index in cluster.of_kind("apps", "StatefulSet") {
        stateful_set(references, *index);
    }
}

/// Returns the selector of a Service that selects pods.
fn selector(service: Node<'_>) -> Option<(Node<'_>, Selector<'_>)> {
    let spec = service.get("spec")?;
    if spec.get("type").and_then(Node::as_str) == Some("ExternalName") {
        return None;
    }
    let labels = spec.get("selector")?;
    let selector = Selector::read_labels(labels)?;
    (!selector.is_empty()).then_some((labels, selector))
}

/// Tells whether a Service has no address of its own: its name stands for those of its pods.
fn is_headless(service: Node<'_>) -> bool {
    let address = service.path(&["spec", "clusterIP"]).and_then(Node::as_str);
    let first = service
        .path(&["spec", "clusterIPs"])
        .and_then(|all| all.items().next());
    address.or_else(|| first?.as_str()) == Some("None")
}

fn service<'a>(references: &mut References<'_, 'a>, index: Index, root: Node<'a>) {
    let Some((node, selector)) = selector(root) else {
        return;
    };
    let asked = Asked {
        things: Things::Pods,
        namespace: references.cluster.namespace(index),
        selector: &selector,
    };
    match references.select(asked) {
        Selection::Unknown => {}
        Selection::Nothing => {
            let mut found = references.nothing(index, "the Service", node, asked);
            found.fault = found.fault.severity(Severity::Error);
            references.push(found);
        }
        Selection::Chosen(chosen) => {
            let spec = root.get("spec");
            let ports = spec.and_then(|spec| spec.get("ports"));
            let ports: Vec<Node<'a>> = ports.into_iter().flat_map(Node::items).collect();
            lead(references, index, root, &ports, &chosen);
            if chosen.certain && !is_headless(root) {
                too_much(references, index, node, &ports, &chosen);
            }
        }
    }
}

/// Returns what a port of a Service leads to, and the node that says so.
fn target(port: Node<'_>) -> Option<(Node<'_>, Wanted<'_>)> {
    let empty = |node: &Node<'_>| node.is_null() || node.as_int() == Some(0);
    let node = port.get("targetPort").filter(|node| !empty(node));
    let node = node.or_else(|| port.get("port"))?;
    Some((node, Wanted::read(node)?))
}

/// Checks what the ports of a Service lead to.
fn lead<'a>(
    references: &mut References<'_, 'a>,
    index: Index,
    service: Node<'a>,
    ports: &[Node<'a>],
    chosen: &Chosen<'a>,
) {
    let declared = references.ports(chosen);
    let headless = is_headless(service);
    let fits = ports.iter().any(|port| {
        let target = target(*port);
        target.is_some_and(|(_, wanted)| declared.has(wanted, protocol(*port)))
    });
    for port in ports {
        let Some((node, wanted)) = target(*port) else {
            continue;
        };
        if declared.has(wanted, protocol(*port)) {
            continue;
        }
        let fault = match wanted {
            Wanted::Name(name) if declared.names_are_known() => {
                let fault = no_name(references, node, name, protocol(*port), declared);
                // The names of the pods lead to them all the same.
                let severity = if headless {
                    Severity::Warning
                } else {
                    Severity::Error
                };
                fault.severity(severity)
            }
            Wanted::Number(number) if declared.numbers_are_known() && !headless => {
                let fault = no_number(node, number, protocol(*port), declared);
                let severity = if fits {
                    Severity::Note
                } else {
                    Severity::Warning
                };
                fault.severity(severity)
            }
            _ => continue,
        };
        let mut found = Found::new(index, fault);
        if let Some((pod, place)) = declared.first {
            found = found.related(pod, place);
        } else if let Some(first) = chosen.things.first()
            && let Some(owner) = references.owner(Things::Pods, *first)
            && let Some(name) = references.name_of(owner)
        {
            found = found.related(owner, name);
        }
        references.push(found);
    }
}

fn no_name<'a>(
    references: &mut References<'_, 'a>,
    node: Node<'a>,
    name: &'a str,
    protocol: &str,
    declared: &Ports<'a>,
) -> Fault<'a> {
    if let Some(other) = declared.protocol(Wanted::Name(name)) {
        let message =
            format!("the port `{name}` of the pods is {other}, and this one leads to {protocol}");
        let help = format!("write `protocol: {other}` here, or mend the container's port");
        return Fault::new(&rules::MISSING_PORT, node, message).help(help);
    }
    let near = references.near_port(name, &[declared]);
    let message = format!(
        "no container of the selected pods has a port named `{name}`{}",
        did_you_mean(near)
    );
    let help = if declared.is_empty() {
        "they declare no port; name the port in the container, or write its number here".to_owned()
    } else {
        format!(
            "they have {}; nothing is sent to a port that is not there",
            declared.words()
        )
    };
    Fault::new(&rules::MISSING_PORT, node, message).help(help)
}

fn no_number<'a>(node: Node<'a>, number: i64, protocol: &str, declared: &Ports<'a>) -> Fault<'a> {
    let message = match declared.protocol(Wanted::Number(number)) {
        Some(other) => {
            format!(
                "the selected pods declare port {number} for {other}, and this one leads to {protocol}"
            )
        }
        None => format!("no container of the selected pods declares port {number}"),
    };
    Fault::new(&rules::UNDECLARED_PORT, node, message).help(format!(
        "they declare {}; correct the `targetPort`, or declare the port in the container that listens on it",
        declared.words()
    ))
}

/// Says that a Service sends requests to programs that have nothing to do with each other.
fn too_much<'a>(
    references: &mut References<'_, 'a>,
    index: Index,
    node: Node<'a>,
    ports: &[Node<'a>],
    chosen: &Chosen<'a>,
) {
    let targets: Vec<Wanted<'a>> = ports
        .iter()
        .filter_map(|port| Some(target(*port)?.1))
        .collect();
    let cluster = references.cluster;
    let Some((meant, stranger)) = strangers(references, &chosen.things, &targets) else {
        return;
    };
    let name = |pod: u32| {
        let owner = cluster
            .pods()
            .get(pod as usize)
            .and_then(|pod| cluster.get(pod.object));
        owner
            .map(|owner| format!("`{}/{}`", owner.id.kind, owner.id.name))
            .unwrap_or_default()
    };
    let message = format!(
        "the Service selects the pods of two programs: {} and {}",
        name(meant),
        name(stranger)
    );
    let fault = Fault::new(&rules::SELECTS_TOO_MUCH, node, message).help(
        "requests go to both by turns; select by a label that only the pods meant have, such as \
         `app.kubernetes.io/name` or `app.kubernetes.io/component`",
    );
    let mut found = Found::new(index, fault);
    for pod in [meant, stranger] {
        if let Some(owner) = references.owner(Things::Pods, pod)
            && let Some(labels) = references.labels_node(Things::Pods, pod)
        {
            found = found.related(owner, labels);
        }
    }
    references.push(found);
}

/// Checks that the Service of an `EndpointSlice` is there.
fn endpoints(references: &mut References<'_, '_>, index: Index) {
    const NAME: &[&str] = &["metadata", "labels", "kubernetes.io/service-name"];
    let cluster = references.cluster;
    let node = cluster
        .get(index)
        .and_then(|object| object.root().path(NAME));
    if let Some((node, name)) = node.and_then(|node| Some((node, node.as_str()?))) {
        let target = Target::core("Service", cluster.namespace(index), name);
        references.need_as(index, node, target, Severity::Warning);
    }
}

/// Checks the Service that gives the pods of a `StatefulSet` their names.
fn stateful_set(references: &mut References<'_, '_>, index: Index) {
    let cluster = references.cluster;
    let Some(root) = cluster.get(index).map(Resource::root) else {
        return;
    };
    let node = root.path(&["spec", "serviceName"]);
    let Some((node, name)) = node.and_then(|node| Some((node, node.as_str()?))) else {
        return;
    };
    if name.is_empty() {
        return;
    }
    let target = Target::core("Service", cluster.namespace(index), name);
    // The pods run all the same, but have no names.
    let standing = references.need_as(index, node, target, Severity::Warning);
    let Standing::Object(service) = standing else {
        return;
    };
    let Some(object) = cluster.get(service) else {
        return;
    };
    let labels = Labels::of(root.path(&["spec", "template", "metadata", "labels"]));
    let selects = selector(object.root()).is_none_or(|(_, selector)| {
        let settled = selector.without(|key| labels.get(key).is_none() && is_run_time(key));
        settled.matches(&labels)
    });
    let why = if !is_headless(object.root()) {
        "has an address of its own"
    } else if !selects {
        "does not select them"
    } else {
        return;
    };
    let message = format!("the Service `{name}` gives the pods no names of their own: it {why}");
    let fault = Fault::new(&rules::GOVERNING_SERVICE, node, message).help(
        "name a Service with `clusterIP: None` that selects the pods; where nobody asks for single pods by name, leave \
         `serviceName` out",
    );
    let found = Found::new(index, fault);
    references.push(match references.name_of(service) {
        Some(place) => found.related(service, place),
        None => found,
    });
}
