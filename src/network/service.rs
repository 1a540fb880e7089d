//! Services, and the Ingresses and Routes that lead to them.

use super::model::{Asked, Inventory};
use super::peer::Resolver;
use super::policy::list;
use super::port::{Connections, Protocol};
use super::reach::selected;
use crate::cluster::{Cluster, Index, Selector};
use crate::yaml::Node;

/// Pods that an ingress controller forwards to.
#[derive(Clone, Debug)]
pub struct Exposure<'a> {
    /// The Ingress or Route.
    pub object: Index,
    /// Its class, where it names one.
    pub controller: Option<&'a str>,
    /// The backend that leads there.
    pub node: Node<'a>,
    /// The class of the pods.
    pub class: usize,
    /// Their ports.
    pub connections: Connections,
}

/// A port of a Service that is asked for.
#[derive(Clone, Copy, Debug)]
enum Wanted<'a> {
    /// Every port of every protocol.
    All,
    /// Every port of TCP, the protocol of ingress controllers.
    Any,
    /// By the Service's own number or name.
    Own(Node<'a>),
    /// By the number of the pods' port, or the name of the Service's.
    Endpoint(Node<'a>),
}

/// A backend of an Ingress or Route.
struct Backend<'a> {
    node: Node<'a>,
    service: &'a str,
    port: Wanted<'a>,
}

/// Adds what Services ask of pods.
pub(super) fn port_names<'a>(cluster: &Cluster<'a>, asked: &mut Asked<'a>) {
    for index in cluster.of_kind("", "Service") {
        let Some(spec) = cluster
            .get(*index)
            .and_then(|object| object.root().get("spec"))
        else {
            continue;
        };
        let selector = spec.get("selector").and_then(Selector::read_labels);
        asked
            .labels
            .extend(selector.iter().flat_map(Selector::keys));
        let targets = list(spec, "ports").filter_map(|port| port.get("targetPort")?.as_str());
        asked.ports.extend(targets);
    }
}

/// Returns the pods that Ingresses and Routes lead to, in order of the objects.
pub(super) fn exposures<'a>(
    cluster: &Cluster<'a>,
    inventory: &Inventory<'a>,
    resolver: &mut Resolver<'_, 'a>,
) -> Vec<Exposure<'a>> {
    let mut found = Vec::new();
    for (object, resource) in cluster.objects() {
        let backends = match (resource.group(), resource.id.kind.as_str()) {
            ("networking.k8s.io" | "extensions", "Ingress") => ingress(resource.root()),
            ("route.openshift.io", "Route") => route(resource.root()),
            _ => continue,
        };
        let controller = controller(resource.root());
        let namespace = cluster.namespace(object);
        for backend in backends {
            let Some(service) = cluster.find("", "Service", namespace, backend.service) else {
                continue;
            };
            for (class, connections) in
                endpoints(cluster, inventory, resolver, service, backend.port)
            {
                found.push(Exposure {
                    object,
                    controller,
                    node: backend.node,
                    class,
                    connections,
                });
            }
        }
    }
    found
}

/// Returns the pods that load balancers on the internet lead to.
pub(super) fn balanced<'a>(
    cluster: &Cluster<'a>,
    inventory: &Inventory<'a>,
    resolver: &mut Resolver<'_, 'a>,
) -> Vec<Exposure<'a>> {
    let mut found = Vec::new();
    for object in cluster.of_kind("", "Service").iter().copied() {
        let root = cluster.get(object).map(|one| one.root());
        let Some((root, node)) = root.and_then(|root| Some((root, root.path(&["spec", "type"])?)))
        else {
            continue;
        };
        if node.as_str() != Some("LoadBalancer") || !is_public(root) {
            continue;
        }
        for (class, connections) in endpoints(cluster, inventory, resolver, object, Wanted::All) {
            found.push(Exposure {
                object,
                controller: None,
                node,
                class,
                connections,
            });
        }
    }
    found
}

/// Tells whether a load balancer has an address on the internet, and takes connections from everywhere.
fn is_public(service: Node<'_>) -> bool {
    let annotations = service.path(&["metadata", "annotations"]);
    let mut annotations = annotations.into_iter().flat_map(Node::entries);
    // Every cloud has an annotation of its own for one that is inside.
    let inside = annotations.any(|(key, value)| {
        let [key, value] =
            [key, value].map(|node| node.as_str().unwrap_or_default().to_lowercase());
        key.contains("internal") && value != "false" || value == "internal"
    });
    let ranges = service.get("spec").into_iter();
    let mut ranges = ranges
        .flat_map(|spec| list(spec, "loadBalancerSourceRanges"))
        .peekable();
    let is_all = |one: Node<'_>| matches!(one.as_str(), Some("0.0.0.0/0" | "::/0"));
    let everywhere = ranges.peek().is_none() || ranges.any(is_all);
    !inside && everywhere
}

fn controller(object: Node<'_>) -> Option<&str> {
    let annotations = ["metadata", "annotations", "kubernetes.io/ingress.class"];
    let class = object.path(&["spec", "ingressClassName"]);
    let class = class.or_else(|| object.path(&annotations));
    class.and_then(Node::as_str)
}

fn ingress(object: Node<'_>) -> Vec<Backend<'_>> {
    let Some(spec) = object.get("spec") else {
        return Vec::new();
    };
    let default = [spec.get("defaultBackend"), spec.get("backend")];
    let paths = list(spec, "rules")
        .filter_map(|rule| rule.get("http"))
        .flat_map(|http| list(http, "paths"));
    let all = default
        .into_iter()
        .flatten()
        .chain(paths.filter_map(|path| path.get("backend")));
    all.filter_map(|node| {
        // The versions before v1 have names of their own.
        if let Some(service) = node.get("serviceName") {
            return Some(Backend {
                node,
                service: service.as_str()?,
                port: Wanted::Own(node.get("servicePort")?),
            });
        }
        let service = node.get("service")?;
        let port = service.get("port")?;
        Some(Backend {
            node,
            service: service.get("name")?.as_str()?,
            port: Wanted::Own(port.get("number").or_else(|| port.get("name"))?),
        })
    })
    .collect()
}

fn route(object: Node<'_>) -> Vec<Backend<'_>> {
    let Some(spec) = object.get("spec") else {
        return Vec::new();
    };
    let port = spec.path(&["port", "targetPort"]);
    let port = port.map_or(Wanted::Any, Wanted::Endpoint);
    let targets = spec.get("to").into_iter();
    let targets = targets.chain(list(spec, "alternateBackends"));
    targets
        .filter_map(|node| {
            let kind = node.get("kind").and_then(Node::as_str);
            let service = node.get("name")?.as_str()?;
            kind.is_none_or(|kind| kind == "Service")
                .then_some(Backend {
                    node,
                    service,
                    port,
                })
        })
        .collect()
}

/// Returns the pods of a Service, by class, with the ports behind one of the Service's.
fn endpoints<'a>(
    cluster: &Cluster<'a>,
    inventory: &Inventory<'a>,
    resolver: &mut Resolver<'_, 'a>,
    service: Index,
    wanted: Wanted<'a>,
) -> Vec<(usize, Connections)> {
    let spec = cluster.get(service).and_then(|one| one.root().get("spec"));
    let Some(spec) = spec else {
        return Vec::new();
    };
    let is_outside = spec.get("type").and_then(Node::as_str) == Some("ExternalName");
    let selector = spec.get("selector").and_then(Selector::read_labels);
    // Without a selector somebody else says which addresses are behind it.
    let Some(selector) = selector.filter(|one| !one.is_empty() && !is_outside) else {
        return Vec::new();
    };
    let classes = resolver.pods(&selected(cluster.namespace(service), selector));
    let mut found = Vec::new();
    for class in classes.iter().map(|class| class as usize) {
        let mut open = Connections::default();
        for port in list(spec, "ports") {
            let Some(protocol) = protocol(port, wanted) else {
                continue;
            };
            for number in numbers(inventory, class, port, protocol) {
                if is_wanted(port, number, wanted) {
                    open.add(&Connections::of(protocol, number, number));
                }
            }
        }
        if !open.is_empty() {
            found.push((class, open));
        }
    }
    found
}

/// Returns the protocol of a Service's port, where it is one that is wanted.
fn protocol(port: Node<'_>, wanted: Wanted<'_>) -> Option<Protocol> {
    let protocol = port.get("protocol").and_then(Node::as_str);
    let protocol = Protocol::parse(protocol.unwrap_or("TCP"));
    protocol.filter(|one| *one == Protocol::Tcp || matches!(wanted, Wanted::All))
}

/// Returns the numbers of the pods' port behind one of a Service's.
fn numbers(
    inventory: &Inventory<'_>,
    class: usize,
    port: Node<'_>,
    protocol: Protocol,
) -> Vec<u32> {
    let target = port.get("targetPort").filter(|target| !target.is_null());
    // Zero and the empty name stand for the Service's own number.
    let own = || number(port.get("port"));
    match target {
        None => own().into_iter().collect(),
        Some(target) => match target.as_str() {
            Some("") => own().into_iter().collect(),
            Some(name) => {
                let class = inventory.classes.get(class);
                let named = class.map(|class| class.port(protocol, name).collect());
                named.unwrap_or_default()
            }
            None => number(Some(target))
                .filter(|number| *number > 0)
                .or_else(own)
                .into_iter()
                .collect(),
        },
    }
}

fn number(node: Option<Node<'_>>) -> Option<u32> {
    u32::try_from(node?.as_int()?).ok()
}

fn is_wanted(port: Node<'_>, target: u32, wanted: Wanted<'_>) -> bool {
    let same = |one: Option<Node<'_>>, other: Node<'_>| match (one, other.as_str()) {
        (Some(one), Some(name)) => one.as_str() == Some(name),
        _ => false,
    };
    match wanted {
        Wanted::All | Wanted::Any => true,
        Wanted::Own(node) => match number(Some(node)) {
            Some(own) => number(port.get("port")) == Some(own),
            None => same(port.get("name"), node),
        },
        Wanted::Endpoint(node) => match number(Some(node)) {
            Some(number) => number == target,
            None => same(port.get("name"), node) || same(port.get("targetPort"), node),
        },
    }
}
