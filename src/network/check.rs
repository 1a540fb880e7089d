//! What there is to say about the policies of a cluster.

use std::collections::{BTreeMap, BTreeSet};

use super::policy::{Action, Direction, Peer, Tier};
use super::port::{Connections, Protocol};
use super::reach::Reach;
use super::rules;
use super::{change, flows, ingress};
use crate::cluster::{Cluster, Found, Index, PodTemplate, Selector};
use crate::manifest::Fault;
use crate::yaml::Node;

/// The kinds of policies.
const POLICIES: &[(&str, &str)] = &[
    ("networking.k8s.io", "NetworkPolicy"),
    ("cilium.io", "CiliumNetworkPolicy"),
    ("cilium.io", "CiliumClusterwideNetworkPolicy"),
    ("policy.networking.k8s.io", "AdminNetworkPolicy"),
    ("policy.networking.k8s.io", "BaselineAdminNetworkPolicy"),
    ("policy.networking.k8s.io", "ClusterNetworkPolicy"),
];

/// Names of a list that are told; of the rest only how many there are.
const NAMED: usize = 3;

/// Checks the objects of an environment.
pub fn check<'a>(cluster: &Cluster<'a>) -> Vec<Found<'a>> {
    let mut found = change::check(cluster);
    let has_policies = POLICIES
        .iter()
        .any(|(group, kind)| !cluster.of_kind(group, kind).is_empty());
    // Objects without any policy may be a part of a whole that has some.
    if !has_policies && !cluster.settings().whole {
        return found;
    }
    let reach = Reach::new(cluster);
    found.extend(reach.notes.iter().map(|note| {
        let fault = Fault::new(&rules::APPROXIMATED, note.node, note.message);
        Found::new(note.object, fault.help("what is told of these connections is an estimate; say it with labels, addresses and ports where it must be exact"))
    }));
    host_network(cluster, &mut found);
    dns(cluster, &reach, &mut found);
    if cluster.settings().whole {
        default_deny(cluster, &reach, &mut found);
        exposed(cluster, &reach, &mut found);
        flows::check(cluster, &reach, &mut found);
        ingress::check(cluster, &reach, &mut found);
    }
    found
}

/// Returns the node with the name of an object.
fn name_of<'a>(cluster: &Cluster<'a>, object: Index) -> Option<Node<'a>> {
    cluster.get(object)?.root().path(&["metadata", "name"])
}

/// Finds the namespaces with pods that are open because no policy is about them.
fn default_deny<'a>(cluster: &Cluster<'a>, reach: &Reach<'a>, found: &mut Vec<Found<'a>>) {
    let mut open: BTreeMap<(usize, Direction), BTreeSet<usize>> = BTreeMap::new();
    for (place, class) in reach.inventory.classes.iter().enumerate() {
        if class.node || class.assumed {
            continue;
        }
        for direction in Direction::ALL {
            if !reach.is_closed(place, direction) {
                let workloads = open.entry((class.namespace, direction)).or_default();
                workloads.extend(&class.workloads);
            }
        }
    }
    for ((namespace, direction), workloads) in open {
        let Some(namespace) = reach.inventory.namespaces.get(namespace) else {
            continue;
        };
        let own = workloads
            .iter()
            .filter_map(|place| reach.inventory.workloads.get(*place));
        let names: Vec<String> = own.map(|one| one.name.to_string()).collect();
        let first = workloads
            .first()
            .and_then(|place| reach.inventory.workloads.get(*place));
        let object = cluster.find("", "Namespace", "", namespace.name);
        let object = object.or_else(|| first.and_then(|workload| workload.object));
        let Some((object, node)) = object.and_then(|one| Some((one, name_of(cluster, one)?)))
        else {
            continue;
        };
        let names = listed(&names);
        let message = match direction {
            Direction::Ingress => format!(
                "anything may reach {names} in `{}`: no policy is about what comes in",
                namespace.name
            ),
            Direction::Egress => format!(
                "{names} in `{}` may reach anything: no policy is about what goes out",
                namespace.name
            ),
        };
        let help = format!(
            "add a NetworkPolicy to namespace `{}` with `podSelector: {{}}` and `policyTypes: [Ingress, Egress]`, then open what is needed",
            namespace.name
        );
        let fault = Fault::new(&rules::NO_DEFAULT_DENY, node, message).help(help);
        found.push(Found::new(object, fault));
    }
}

/// Writes names as a list that is never long.
pub(super) fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names
        .iter()
        .take(NAMED)
        .map(|name| format!("`{name}`"))
        .collect();
    match names.len().saturating_sub(NAMED) {
        0 => quoted.join(", "),
        more => format!("{} and {more} more", quoted.join(", ")),
    }
}

/// Finds pods that may call others and cannot look a name up.
fn dns<'a>(cluster: &Cluster<'a>, reach: &Reach<'a>, found: &mut Vec<Found<'a>>) {
    let mut told = BTreeSet::new();
    for (place, class) in reach.inventory.classes.iter().enumerate() {
        if class.node || class.assumed || !reach.is_isolated(place, Direction::Egress) {
            continue;
        }
        let about = reach.about(place, Direction::Egress);
        let rules = about.flat_map(|policy| &policy.rules.egress);
        let rules: Vec<_> = rules.filter(|rule| rule.action != Action::Deny).collect();
        let asks = |ports: &super::policy::Ports<'_>| {
            ports.fixed.contains(Protocol::Udp, 53) || !ports.named.is_empty()
        };
        // Pods of somebody else's, of which nobody knows the number of a named port, may be those that know names.
        if rules.is_empty() || rules.iter().any(|rule| asks(&rule.ports)) {
            continue;
        }
        if !rules.iter().any(|rule| rule.calls) {
            continue;
        }
        for workload in &class.workloads {
            let object = reach
                .inventory
                .workloads
                .get(*workload)
                .and_then(|one| one.object);
            let node = object.and_then(|object| Some((object, name_of(cluster, object)?)));
            let Some((object, node)) = node.filter(|(object, _)| told.insert(*object)) else {
                continue;
            };
            let message = "these pods may call others, but not ask DNS for their addresses";
            let help = "let them reach the cluster's DNS on UDP and TCP 53: in `kube-system`, pods with the label `k8s-app: kube-dns`";
            let fault = Fault::new(&rules::NO_DNS, node, message).help(help);
            let rule = rules.iter().find(|rule| rule.calls);
            let policy = rule.and_then(|rule| {
                let mut about = reach.about(place, Direction::Egress);
                about.find(|policy| {
                    policy
                        .rules
                        .egress
                        .iter()
                        .any(|one| std::ptr::eq(one, *rule))
                })
            });
            let mut one = Found::new(object, fault);
            if let (Some(policy), Some(rule)) = (policy, rule) {
                one = one.related(policy.object, rule.node);
            }
            found.push(one);
        }
    }
}

/// Tells whether who is at the other end is found by name: one address is not.
pub(super) fn is_called_by_name(peers: &[Peer<'_>]) -> bool {
    peers.iter().any(|peer| match peer {
        Peer::Anything | Peer::Outside | Peer::Pods(_) => true,
        Peer::Addresses(range, _) => range.last - range.first > 255,
        Peer::Entity(_) => false,
    })
}

/// Finds policies that select nothing but pods of the node's network.
fn host_network<'a>(cluster: &Cluster<'a>, found: &mut Vec<Found<'a>>) {
    let mut by_namespace: BTreeMap<&str, Vec<&PodTemplate<'a>>> = BTreeMap::new();
    for pod in cluster.pods() {
        let namespace = cluster.namespace(pod.object);
        by_namespace.entry(namespace).or_default().push(pod);
    }
    let is_host =
        |pod: &PodTemplate<'a>| pod.spec.get("hostNetwork").and_then(Node::as_bool) == Some(true);
    by_namespace.retain(|_, pods| pods.iter().any(|pod| is_host(pod)));
    for object in cluster.of_kind("networking.k8s.io", "NetworkPolicy") {
        let Some(pods) = by_namespace.get(cluster.namespace(*object)) else {
            continue;
        };
        let root = cluster.get(*object).map(|one| one.root());
        let node = root.and_then(|root| root.path(&["spec", "podSelector"]));
        let selector = node.and_then(|node| Some((node, Selector::read(node)?)));
        let Some((node, selector)) = selector.filter(|(_, selector)| !selector.is_empty()) else {
            continue;
        };
        let selected = pods.iter().filter(|pod| selector.matches(&pod.labels()));
        let selected: Vec<&&PodTemplate<'a>> = selected.collect();
        let Some(first) = selected
            .first()
            .filter(|_| selected.iter().all(|pod| is_host(pod)))
        else {
            continue;
        };
        let message =
            "this policy selects pods in the node's network only, for which no policy holds";
        let help = "remove `hostNetwork`, or close the ports of the node where the node is set up";
        let fault = Fault::new(&rules::HOST_NETWORK, node, message).help(help);
        let mut one = Found::new(*object, fault);
        if let Some(network) = first.spec.get("hostNetwork") {
            one = one.related(first.object, network);
        }
        found.push(one);
    }
}

/// Finds Services that open pods to the internet by a load balancer, where nobody declares that.
fn exposed<'a>(cluster: &Cluster<'a>, reach: &Reach<'a>, found: &mut Vec<Found<'a>>) {
    for exposure in &reach.balanced {
        let (object, node) = (exposure.object, exposure.node);
        let (class, ports) = (exposure.class, &exposure.connections);
        let internet = &reach.internet.ingress;
        let Ok(target) = u32::try_from(class) else {
            continue;
        };
        let mut open = Connections::default();
        for peer in internet.iter() {
            let mut way = reach.side(class, Direction::Ingress, peer).and(ports);
            for flow in &reach.declared {
                if flow.from.contains(peer) && flow.to.contains(target) {
                    way = way.without(&flow.ports);
                }
            }
            open.add(&way);
        }
        if open.is_empty() {
            continue;
        }
        let message = format!("this load balancer opens {open} of these pods to the internet");
        let help = "declare it in `policies/flows.yaml` with `from: internet`, list who may come in `loadBalancerSourceRanges`, or make the Service a `ClusterIP`";
        let fault = Fault::new(&rules::EXPOSED_TO_INTERNET, node, message).help(help);
        let mut one = Found::new(object, fault);
        let pods = reach.inventory.classes.get(class);
        let workload =
            pods.and_then(|class| reach.inventory.workloads.get(*class.workloads.first()?));
        if let Some(pods) = workload.and_then(|one| one.object)
            && let Some(name) = name_of(cluster, pods)
        {
            one = one.related(pods, name);
        }
        found.push(one);
    }
}

/// Tells whether a rule of a tier adds to what is open.
pub(super) fn opens(tier: Tier, action: Action) -> bool {
    action == Action::Allow && tier != Tier::Baseline
}
