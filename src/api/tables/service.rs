//! Services (`k8s.io/kubernetes/pkg/apis/core/validation`, `ValidateService`).

use std::collections::HashSet;
use std::net::IpAddr;

use crate::api::Fact::{Keys, OneOf, Port, Required, Spelled, Values, Within};
use crate::api::address::{parse_address, parse_range};
use crate::api::fact::{given, is_empty, misspelt, spelled, text, wanting};
use crate::api::names::Spelling::{Label, LabelValue, PortName, QualifiedName, Subdomain};
use crate::api::{Context, Definition, rules};
use crate::manifest::Fault;
use crate::yaml::Node;

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "core.v1.Service",
        facts: &[],
        rules: &[has_spec, topology_annotations, source_ranges],
    },
    Definition {
        name: "core.v1.ServiceSpec",
        facts: &[
            (
                "type",
                OneOf(&["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]),
            ),
            ("selector", Keys(QualifiedName)),
            ("selector", Values(LabelValue)),
            ("sessionAffinity", OneOf(&["ClientIP", "None"])),
            ("externalTrafficPolicy", OneOf(&["Cluster", "Local"])),
            ("internalTrafficPolicy", OneOf(&["Cluster", "Local"])),
            (
                "ipFamilyPolicy",
                OneOf(&["SingleStack", "PreferDualStack", "RequireDualStack"]),
            ),
            ("ipFamilies", OneOf(&["IPv4", "IPv6"])),
            ("loadBalancerClass", Spelled(QualifiedName)),
            ("healthCheckNodePort", Within(0, 65_535)),
        ],
        rules: &[
            needs_ports,
            node_ports,
            external_name,
            cluster_ip,
            cluster_ips,
            families,
            external_ips,
            only_for_load_balancers,
            only_from_outside,
            affinity,
            distribution,
        ],
    },
    Definition {
        name: "core.v1.ServicePort",
        facts: &[
            ("port", Required),
            ("port", Port),
            ("name", Spelled(Label)),
            ("protocol", OneOf(&["TCP", "UDP", "SCTP"])),
            ("nodePort", Within(0, 65_535)),
            ("appProtocol", Spelled(QualifiedName)),
        ],
        rules: &[target_port],
    },
];

fn kind(spec: Node<'_>) -> &str {
    Some(text(spec, "type"))
        .filter(|kind| !kind.is_empty())
        .unwrap_or("ClusterIP")
}

fn is_headless(spec: Node<'_>) -> bool {
    text(spec, "clusterIP") == "None"
}

fn items<'a>(spec: Node<'a>, field: &str) -> impl Iterator<Item = Node<'a>> {
    spec.get(field).into_iter().flat_map(Node::items)
}

fn is_set(number: Option<Node<'_>>) -> Option<Node<'_>> {
    number.filter(|number| number.as_int().is_some_and(|number| number != 0))
}

fn has_spec<'a>(_: &Context<'a>, service: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if service.get("spec").is_none_or(Node::is_null) {
        let fault = Fault::new(
            &rules::REQUIRED,
            service,
            "a Service needs at least one port",
        )
        .below("spec.ports");
        faults.push(fault.help("list its ports under `spec.ports`"));
    }
}

/// The two annotations of topology aware routing agree.
fn topology_annotations<'a>(_: &Context<'a>, service: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let annotation = |name: &str| service.path(&["metadata", "annotations", name]);
    let (mode, hints) = (
        annotation("service.kubernetes.io/topology-mode"),
        annotation("service.kubernetes.io/topology-aware-hints"),
    );
    if let (Some(mode), Some(hints)) = (mode, hints)
        && mode.as_str() != hints.as_str()
    {
        let message = "this must be the same as `service.kubernetes.io/topology-aware-hints`";
        faults.push(
            Fault::new(&rules::CONFLICT, mode, message)
                .help("keep only `service.kubernetes.io/topology-mode`"),
        );
    }
}

/// Source ranges stand in a field or, where that is empty, in an annotation; blanks around them are dropped.
fn source_ranges<'a>(_: &Context<'a>, service: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let annotation = service.path(&[
        "metadata",
        "annotations",
        "service.beta.kubernetes.io/load-balancer-source-ranges",
    ]);
    let Some(spec) = service.get("spec") else {
        return;
    };
    let field = given(spec, "loadBalancerSourceRanges");
    let refuse = |node| {
        Fault::new(
            &rules::ADDRESS,
            node,
            "this must be a range of addresses such as 10.0.0.0/8",
        )
    };
    let is_range = |text: &str| parse_range(text.trim()).is_some();
    let place = match (field, annotation) {
        (Some(field), _) => {
            let wrong = field
                .items()
                .filter(|range| range.as_str().is_some_and(|text| !is_range(text)));
            faults.extend(wrong.map(refuse));
            field
        }
        (None, Some(annotation)) => {
            let list = annotation.as_str().unwrap_or_default().trim();
            if !list.is_empty() && !list.split(',').all(is_range) {
                faults.push(refuse(annotation));
            }
            annotation
        }
        (None, None) => return,
    };
    if kind(spec) != "LoadBalancer" {
        let message = "source ranges are for LoadBalancer Services only";
        faults.push(
            Fault::new(&rules::CONFLICT, place, message)
                .help("remove them, or set `type: LoadBalancer`"),
        );
    }
}

/// Ports are there, named where there are several, and each name and each number and protocol is there once.
fn needs_ports<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let count = items(spec, "ports").count();
    if count == 0 && kind(spec) != "ExternalName" && !is_headless(spec) {
        faults.push(
            wanting(spec, "ports", "a Service needs at least one port")
                .help("list the ports, or set `clusterIP: None`"),
        );
    }
    let (mut names, mut numbers, mut node_ports) = (HashSet::new(), HashSet::new(), HashSet::new());
    for port in items(spec, "ports") {
        match given(port, "name") {
            Some(name) if !names.insert(name.as_str()) => {
                let message = "another port of this Service has the same name";
                faults.push(
                    Fault::new(&rules::DUPLICATE, name, message)
                        .help("give each port a name of its own"),
                );
            }
            None if count > 1 => {
                let message = "each port of a Service that has several needs a name";
                faults.push(wanting(port, "name", message).help("give it a name"));
            }
            _ => {}
        }
        let protocol = Some(text(port, "protocol"))
            .filter(|text| !text.is_empty())
            .unwrap_or("TCP");
        let number = port.get("port").and_then(Node::as_int);
        if number.is_some() && !numbers.insert((number, protocol)) {
            let message = "another port of this Service has the same number and protocol";
            faults.push(Fault::new(&rules::DUPLICATE, port, message).help("remove one of them"));
        }
        if let Some(node_port) = is_set(port.get("nodePort"))
            && !node_ports.insert((node_port.as_int(), protocol))
        {
            let message = "another port of this Service has the same nodePort and protocol";
            faults.push(
                Fault::new(&rules::DUPLICATE, node_port, message)
                    .help("give it another, or leave it out"),
            );
        }
        if kind(spec) == "LoadBalancer" && number == Some(10_250) {
            let message = "a LoadBalancer Service must not open port 10250, which is the kubelet's";
            faults.push(Fault::new(&rules::CONFLICT, port, message).help("choose another port"));
        }
    }
}

fn node_ports<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if kind(spec) != "ClusterIP" {
        return;
    }
    for number in items(spec, "ports").filter_map(|port| is_set(port.get("nodePort"))) {
        let message = "a ClusterIP Service has no `nodePort`";
        faults.push(
            Fault::new(&rules::CONFLICT, number, message)
                .help("remove it, or set `type: NodePort`"),
        );
    }
}

/// A target that is 0 or empty is the port itself.
fn target_port<'a>(_: &Context<'a>, port: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(target) = port.get("targetPort").filter(|target| !is_empty(*target)) else {
        return;
    };
    match target.as_str() {
        Some(_) => spelled(PortName, target, faults),
        None => Within(0, 65_535).of_value(target, faults),
    }
}

fn external_name<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if kind(spec) != "ExternalName" {
        return;
    }
    match given(spec, "externalName") {
        None => faults.push(
            wanting(
                spec,
                "externalName",
                "an ExternalName Service needs `externalName`",
            )
            .help("set it to the host name that the Service stands for"),
        ),
        Some(name) => {
            let text = name.as_str().unwrap_or_default();
            let host = text.strip_suffix('.').unwrap_or(text);
            faults.extend(misspelt(Subdomain, host, name, "this"));
        }
    }
    for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        if let Some(value) = given(spec, field) {
            let message = format!("an ExternalName Service has no `{field}`");
            faults.push(
                Fault::new(&rules::CONFLICT, value, message).help(format!("remove `{field}`")),
            );
        }
    }
}

fn cluster_ip<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let (address, kind) = (given(spec, "clusterIP"), kind(spec));
    if kind == "ExternalName" {
        return;
    }
    if let Some(list) = given(spec, "clusterIPs") {
        let first = list.items().next();
        match address {
            None => faults.push(
                Fault::new(
                    &rules::CONFLICT,
                    list,
                    "`clusterIPs` must not be set without `clusterIP`",
                )
                .help("set `clusterIP` to the first of them, or leave both out"),
            ),
            Some(address) => faults.extend(
                first
                    .filter(|first| first.as_str() != address.as_str())
                    .map(|first| {
                        Fault::new(
                            &rules::CONFLICT,
                            first,
                            "the first of `clusterIPs` must be `clusterIP`",
                        )
                        .help("make the two equal, or leave `clusterIPs` out")
                    }),
            ),
        }
    }
    let Some(address) = address else { return };
    let text = address.as_str().unwrap_or_default();
    if text == "None" && matches!(kind, "NodePort" | "LoadBalancer") {
        let message = format!("a {kind} Service cannot be headless");
        let help = "remove `clusterIP: None`, or make it a ClusterIP Service";
        faults.push(Fault::new(&rules::CONFLICT, address, message).help(help));
    } else if text != "None" && parse_address(text).is_none() {
        faults.push(Fault::new(
            &rules::ADDRESS,
            address,
            "this must be an address, or `None`",
        ));
    }
}

/// The addresses beside the first, and their families.
fn cluster_ips<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(list) = given(spec, "clusterIPs").filter(|_| kind(spec) != "ExternalName") else {
        return;
    };
    let all: Vec<Node<'a>> = list.items().collect();
    let texts: Vec<&str> = all.iter().filter_map(|item| item.as_str()).collect();
    if texts.first() == Some(&"None") {
        if texts.len() > 1 {
            faults.push(Fault::new(
                &rules::CONFLICT,
                list,
                "`None` must be the only one of `clusterIPs`",
            ));
        }
        return;
    }
    let addresses: Vec<Option<IpAddr>> = texts.iter().map(|text| parse_address(text)).collect();
    for (item, _) in all
        .iter()
        .zip(&addresses)
        .filter(|(_, address)| address.is_none())
    {
        faults.push(Fault::new(
            &rules::ADDRESS,
            *item,
            "this must be an address",
        ));
    }
    let known: Vec<IpAddr> = addresses.iter().copied().flatten().collect();
    if all.len() > 2 {
        faults.push(Fault::new(
            &rules::RANGE,
            list,
            "a Service has at most two addresses",
        ));
    } else if let [first, second] = known.as_slice()
        && first.is_ipv4() == second.is_ipv4()
    {
        let message = "a Service has at most one address of each family";
        faults.push(
            Fault::new(&rules::CONFLICT, list, message).help("keep one IPv4 and one IPv6 address"),
        );
    }
    for ((item, address), family) in all.iter().zip(&addresses).zip(items(spec, "ipFamilies")) {
        let family = family.as_str().unwrap_or_default();
        let other = address.is_some_and(|address| {
            matches!(
                (family, address.is_ipv4()),
                ("IPv4", false) | ("IPv6", true)
            )
        });
        if other {
            let message = format!("this must be an {family} address, which `ipFamilies` says");
            faults.push(Fault::new(&rules::CONFLICT, *item, message));
        }
    }
}

fn families<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let mut seen = HashSet::new();
    for family in items(spec, "ipFamilies") {
        if !seen.insert(family.as_str()) {
            faults.push(
                Fault::new(&rules::DUPLICATE, family, "this family is there twice")
                    .help("remove it"),
            );
        }
    }
    let several = ["ipFamilies", "clusterIPs"]
        .into_iter()
        .find(|field| items(spec, field).count() > 1);
    if let (Some(policy), Some(field)) = (given(spec, "ipFamilyPolicy"), several)
        && policy.as_str() == Some("SingleStack")
    {
        let message = format!(
            "this must be `PreferDualStack` or `RequireDualStack` where `{field}` has two items"
        );
        faults.push(
            Fault::new(&rules::CONFLICT, policy, message)
                .help(format!("change it, or keep one of `{field}`")),
        );
    }
}

fn external_ips<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    for item in items(spec, "externalIPs") {
        super::endpoints::reachable(item, faults);
    }
}

fn only_for_load_balancers<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if kind(spec) == "LoadBalancer" {
        return;
    }
    for field in ["loadBalancerClass", "allocateLoadBalancerNodePorts"] {
        if let Some(value) = given(spec, field) {
            let message = format!("`{field}` is for LoadBalancer Services only");
            faults.push(
                Fault::new(&rules::CONFLICT, value, message)
                    .help(format!("remove `{field}`, or set `type: LoadBalancer`")),
            );
        }
    }
}

fn only_from_outside<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let outside = match kind(spec) {
        "LoadBalancer" | "NodePort" => true,
        "ClusterIP" => items(spec, "externalIPs").count() > 0,
        _ => false,
    };
    if let Some(policy) = given(spec, "externalTrafficPolicy").filter(|_| !outside) {
        let message = "`externalTrafficPolicy` is for Services that are reached from outside";
        faults.push(
            Fault::new(&rules::CONFLICT, policy, message)
                .help("remove it, or make it a NodePort or LoadBalancer Service"),
        );
    }
    let checked = kind(spec) == "LoadBalancer" && text(spec, "externalTrafficPolicy") == "Local";
    if let Some(port) = is_set(spec.get("healthCheckNodePort")).filter(|_| !checked) {
        let message = "`healthCheckNodePort` is for LoadBalancer Services with `externalTrafficPolicy: Local` only";
        faults.push(Fault::new(&rules::CONFLICT, port, message).help("remove it"));
    }
}

/// Where there is no affinity, the server drops its settings.
fn affinity<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let seconds = spec.path(&["sessionAffinityConfig", "clientIP", "timeoutSeconds"]);
    if let Some(seconds) = seconds.filter(|_| text(spec, "sessionAffinity") == "ClientIP") {
        Within(1, 86_400).of_value(seconds, faults);
    }
}

fn distribution<'a>(context: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(value) = spec.get("trafficDistribution") {
        // What came with 1.34 was there before as an alpha feature.
        let known: &'static [&'static str] = if context.since(33) {
            &["PreferClose", "PreferSameZone", "PreferSameNode"]
        } else {
            &["PreferClose"]
        };
        OneOf(known).of_value(value, faults);
    }
}

#[cfg(test)]
#[allow(clippy::too_many_lines, reason = "cases are lines of a table")]
#[path = "tests/service.rs"]
mod tests;
