//! Services (`k8s.io/kubernetes/pkg/apis/core/validation`, `ValidateService`).

use std::collections::HashSet;

use crate::api::Fact::{Address, AtLeast, Cidr, Keys, OneOf, Port, PortOrName, Required, Spelled, Within};
use crate::api::fact::is_empty;
use crate::api::names::Spelling::{Label, QualifiedName, Subdomain};
use crate::api::{Context, Definition, rules};
use crate::manifest::Fault;
use crate::yaml::Node;

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "core.v1.ServiceSpec",
        facts: &[
            ("type", OneOf(&["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"])),
            ("selector", Keys(QualifiedName)),
            ("sessionAffinity", OneOf(&["ClientIP", "None"])),
            ("externalTrafficPolicy", OneOf(&["Cluster", "Local"])),
            ("internalTrafficPolicy", OneOf(&["Cluster", "Local"])),
            ("ipFamilyPolicy", OneOf(&["SingleStack", "PreferDualStack", "RequireDualStack"])),
            ("ipFamilies", OneOf(&["IPv4", "IPv6"])),
            ("externalIPs", Address),
            ("loadBalancerSourceRanges", Cidr),
            ("loadBalancerClass", Spelled(QualifiedName)),
            ("healthCheckNodePort", Within(0, 65_535)),
        ],
        rules: &[ports, external_name, cluster_ip, only_for_load_balancers, only_from_outside, families],
    },
    Definition {
        name: "core.v1.ServicePort",
        facts: &[
            ("port", Required),
            ("port", Port),
            ("targetPort", PortOrName),
            ("name", Spelled(Label)),
            ("protocol", OneOf(&["TCP", "UDP", "SCTP"])),
            ("nodePort", AtLeast(0)),
            ("appProtocol", Spelled(QualifiedName)),
        ],
        rules: &[],
    },
    Definition {
        name: "core.v1.ClientIPConfig",
        facts: &[("timeoutSeconds", Within(1, 86_400))],
        rules: &[],
    },
];

fn kind(spec: Node<'_>) -> &str {
    spec.get("type").and_then(Node::as_str).unwrap_or("ClusterIP")
}

fn is_headless(spec: Node<'_>) -> bool {
    spec.get("clusterIP").and_then(Node::as_str) == Some("None")
}

/// Ports are there, named where there are several, and each name and each number and protocol is there once.
fn ports<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let ports = spec.get("ports");
    let count = ports.map_or(0, |ports| ports.items().len());
    if count == 0 && kind(spec) != "ExternalName" && !is_headless(spec) {
        let fault = Fault::new(&rules::REQUIRED, ports.unwrap_or(spec), "a Service needs at least one port");
        faults.push(if ports.is_some() { fault } else { fault.below("ports") });
    }
    let (mut names, mut numbers) = (HashSet::new(), HashSet::new());
    for port in ports.into_iter().flat_map(Node::items) {
        let text = |key: &str| port.get(key).and_then(Node::as_str);
        match port.get("name") {
            Some(name) if !is_empty(name) => {
                if !names.insert(name.as_str()) {
                    let message = "another port of this Service has the same name";
                    faults.push(Fault::new(&rules::DUPLICATE, name, message));
                }
            }
            _ if count > 1 => faults.push(
                Fault::new(&rules::REQUIRED, port, "each port of a Service with several needs a name").below("name"),
            ),
            _ => {}
        }
        let number = port.get("port").and_then(Node::as_int);
        if number.is_some() && !numbers.insert((number, text("protocol").unwrap_or("TCP"))) {
            let message = "another port of this Service has the same number and protocol";
            faults.push(Fault::new(&rules::DUPLICATE, port, message));
        }
        if is_headless(spec)
            && let (Some(target), Some(number)) = (port.get("targetPort").and_then(Node::as_int), number)
            && target != number
            && port.get("targetPort").is_some_and(|node| node.as_int().is_some())
            && kind(spec) == "ExternalName"
        {
            let message = "a headless Service's targetPort is its port";
            faults.push(Fault::new(&rules::CONFLICT, port, message));
        }
    }
}

fn external_name<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if kind(spec) != "ExternalName" {
        return;
    }
    match spec.get("externalName").filter(|name| !is_empty(*name)) {
        None => faults.push(
            Fault::new(&rules::REQUIRED, spec, "an ExternalName Service needs `externalName`").below("externalName"),
        ),
        Some(name) => {
            let text = name.as_str().unwrap_or_default();
            if let Some(words) = Subdomain.fault(text.strip_suffix('.').unwrap_or(text)) {
                faults.push(Fault::new(&rules::NAME, name, format!("this must be {words}")));
            }
        }
    }
    if let Some(address) = spec.get("clusterIP").filter(|address| !is_empty(*address)) {
        let message = "an ExternalName Service has no `clusterIP`";
        faults.push(Fault::new(&rules::CONFLICT, address, message).help("remove `clusterIP`"));
    }
}

fn cluster_ip<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(address) = spec.get("clusterIP").filter(|address| !is_empty(*address)) else {
        return;
    };
    let text = address.as_str().unwrap_or_default();
    if text == "None" {
        if matches!(kind(spec), "NodePort" | "LoadBalancer") {
            let message = format!("a {} Service cannot be headless", kind(spec));
            faults.push(Fault::new(&rules::CONFLICT, address, message).help("remove `clusterIP: None`, or make it a ClusterIP Service"));
        }
    } else if text.parse::<std::net::IpAddr>().is_err() {
        faults.push(Fault::new(&rules::ADDRESS, address, "this must be an address, or `None`"));
    }
    let first = spec.get("clusterIPs").and_then(|list| list.items().next());
    if let Some(first) = first.filter(|first| first.as_str() != Some(text)) {
        let message = "the first of `clusterIPs` must be `clusterIP`";
        faults.push(Fault::new(&rules::CONFLICT, first, message));
    }
}

fn only_for_load_balancers<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if kind(spec) == "LoadBalancer" {
        return;
    }
    for field in ["loadBalancerSourceRanges", "loadBalancerClass", "allocateLoadBalancerNodePorts"] {
        if let Some(value) = spec.get(field).filter(|value| !is_empty(*value)) {
            let message = format!("`{field}` is for LoadBalancer Services only");
            faults.push(Fault::new(&rules::CONFLICT, value, message).help(format!("remove `{field}`, or set `type: LoadBalancer`")));
        }
    }
}

fn only_from_outside<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let outside = matches!(kind(spec), "LoadBalancer" | "NodePort")
        || spec.get("externalIPs").is_some_and(|list| list.items().len() > 0);
    if let Some(policy) = spec.get("externalTrafficPolicy").filter(|policy| !is_empty(*policy) && !outside) {
        let message = "`externalTrafficPolicy` is for NodePort and LoadBalancer Services only";
        faults.push(Fault::new(&rules::CONFLICT, policy, message).help("remove it"));
    }
    let local = spec.get("externalTrafficPolicy").and_then(Node::as_str) == Some("Local");
    let port = spec.get("healthCheckNodePort").filter(|port| port.as_int().is_some_and(|number| number != 0));
    if let Some(port) = port.filter(|_| kind(spec) != "LoadBalancer" || !local) {
        let message = "`healthCheckNodePort` is for LoadBalancer Services with `externalTrafficPolicy: Local` only";
        faults.push(Fault::new(&rules::CONFLICT, port, message).help("remove it"));
    }
    for port in spec.get("ports").into_iter().flat_map(Node::items) {
        let number = port.get("nodePort").filter(|number| number.as_int().is_some_and(|number| number != 0));
        if let Some(number) = number.filter(|_| !matches!(kind(spec), "NodePort" | "LoadBalancer")) {
            let message = format!("a {} Service has no `nodePort`", kind(spec));
            faults.push(Fault::new(&rules::CONFLICT, number, message).help("remove it, or set `type: NodePort`"));
        }
    }
}

fn families<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let mut seen = HashSet::new();
    for family in spec.get("ipFamilies").into_iter().flat_map(Node::items) {
        if !seen.insert(family.as_str()) {
            faults.push(Fault::new(&rules::DUPLICATE, family, "this family is there twice"));
        }
    }
}
