//! Endpoints and slices of them (`ValidateEndpoints`, `ValidateEndpointSlice`).

use std::collections::HashSet;

use crate::api::Fact::{OneOf, Port, Required, Spelled};
use crate::api::address::{parse_address, special};
use crate::api::fact::{given, text, wanting};
use crate::api::names::Spelling::{Label, QualifiedName, Subdomain};
use crate::api::{Context, Definition, rules};
use crate::manifest::Fault;
use crate::yaml::Node;

const PROTOCOLS: &[&str] = &["TCP", "UDP", "SCTP"];

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "core.v1.EndpointSubset",
        facts: &[],
        rules: &[subset],
    },
    Definition {
        name: "core.v1.EndpointAddress",
        facts: &[
            ("ip", Required),
            ("hostname", Spelled(Label)),
            ("nodeName", Spelled(Subdomain)),
        ],
        rules: &[subset_address],
    },
    Definition {
        name: "core.v1.EndpointPort",
        facts: &[
            ("name", Spelled(Label)),
            ("port", Port),
            ("protocol", OneOf(PROTOCOLS)),
            ("appProtocol", Spelled(QualifiedName)),
        ],
        rules: &[],
    },
    Definition {
        name: "discovery.v1.EndpointSlice",
        facts: &[
            ("addressType", Required),
            ("addressType", OneOf(&["IPv4", "IPv6", "FQDN"])),
        ],
        rules: &[slice_addresses, slice_ports, slice_limits],
    },
    Definition {
        name: "discovery.v1.Endpoint",
        facts: &[
            ("addresses", Required),
            ("hostname", Spelled(Label)),
            ("nodeName", Spelled(Subdomain)),
        ],
        rules: &[endpoint_limits],
    },
    Definition {
        name: "discovery.v1.EndpointHints",
        facts: &[],
        rules: &[hints],
    },
    Definition {
        name: "discovery.v1.EndpointPort",
        facts: &[
            ("name", Spelled(Label)),
            ("protocol", OneOf(PROTOCOLS)),
            ("appProtocol", Spelled(QualifiedName)),
        ],
        rules: &[],
    },
];

/// An address that others can reach: no loopback, no link-local one.
pub(super) fn reachable<'a>(address: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(text) = address.as_str() else { return };
    match parse_address(text).map(special) {
        None => {
            let message = "this must be an address such as 192.0.2.1 or 2001:db8::1";
            faults.push(Fault::new(&rules::ADDRESS, address, message));
        }
        Some(Some(words)) => {
            let help = "write an address that others can reach";
            faults.push(
                Fault::new(
                    &rules::ADDRESS,
                    address,
                    format!("this must not be {words}"),
                )
                .help(help),
            );
        }
        Some(None) => {}
    }
}

fn subset<'a>(_: &Context<'a>, subset: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if given(subset, "addresses").is_none() && given(subset, "notReadyAddresses").is_none() {
        let message = "a subset needs `addresses` or `notReadyAddresses`";
        faults
            .push(Fault::new(&rules::REQUIRED, subset, message).help("list at least one address"));
    }
    let ports: Vec<Node<'a>> = subset
        .get("ports")
        .into_iter()
        .flat_map(Node::items)
        .collect();
    if ports.len() > 1 {
        for port in ports
            .into_iter()
            .filter(|port| given(*port, "name").is_none())
        {
            faults.push(
                wanting(
                    port,
                    "name",
                    "each port needs a name where there are several",
                )
                .help("give it a name"),
            );
        }
    }
}

fn subset_address<'a>(_: &Context<'a>, address: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(ip) = given(address, "ip") {
        reachable(ip, faults);
    }
}

fn slice_addresses<'a>(_: &Context<'a>, slice: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let family = text(slice, "addressType");
    let endpoints = slice.get("endpoints").into_iter().flat_map(Node::items);
    for address in endpoints
        .filter_map(|endpoint| endpoint.get("addresses"))
        .flat_map(Node::items)
    {
        let text = address.as_str().unwrap_or_default();
        let is_v4 = parse_address(text).map(|address| address.is_ipv4());
        match (family, is_v4) {
            ("IPv4", Some(true)) | ("IPv6", Some(false)) => reachable(address, faults),
            ("IPv4" | "IPv6", _) => {
                let message = format!("this must be an {family} address, which `addressType` says");
                faults.push(Fault::new(&rules::ADDRESS, address, message));
            }
            ("FQDN", _) if !is_full_name(text) => {
                let message =
                    "this must be a host name of at least two parts, which `addressType` says";
                faults.push(Fault::new(&rules::ADDRESS, address, message));
            }
            _ => {}
        }
    }
}

fn is_full_name(text: &str) -> bool {
    let name = text.strip_suffix('.').unwrap_or(text);
    Subdomain.fault(name).is_none()
        && name.contains('.')
        && name.split('.').all(|label| Label.fault(label).is_none())
}

/// Ports without a name have the same, the empty one.
fn slice_ports<'a>(_: &Context<'a>, slice: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let mut names = HashSet::new();
    for port in slice.get("ports").into_iter().flat_map(Node::items) {
        if !names.insert(text(port, "name")) {
            let fault = match port.get("name") {
                Some(name) => Fault::new(&rules::DUPLICATE, name, "another port has the same name"),
                None => Fault::new(&rules::DUPLICATE, port, "another port has no name either")
                    .below("name"),
            };
            faults.push(fault.help("give each port a name of its own"));
        }
    }
}

fn slice_limits<'a>(_: &Context<'a>, slice: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    at_most(slice, "endpoints", 1_000, faults);
    at_most(slice, "ports", 20_000, faults);
}

fn endpoint_limits<'a>(_: &Context<'a>, endpoint: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    at_most(endpoint, "addresses", 100, faults);
}

fn hints<'a>(_: &Context<'a>, hints: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    for field in ["forZones", "forNodes"] {
        at_most(hints, field, 8, faults);
        let mut names = HashSet::new();
        for hint in hints.get(field).into_iter().flat_map(Node::items) {
            if let Some(name) = given(hint, "name").filter(|name| !names.insert(name.as_str())) {
                faults.push(
                    Fault::new(&rules::DUPLICATE, name, "this name is there twice")
                        .help("remove one of them"),
                );
            }
        }
    }
}

/// Says where a list has too many items.
pub(super) fn at_most<'a>(node: Node<'a>, field: &str, most: usize, faults: &mut Vec<Fault<'a>>) {
    if let Some(list) = node.get(field)
        && list.items().len() > most
    {
        let message = format!(
            "`{field}` may have at most {most} items, and has {}",
            list.items().len()
        );
        faults.push(Fault::new(&rules::RANGE, list, message));
    }
}

#[cfg(test)]
mod tests {
    use crate::api::testing::{accepted, faults_in, refused};

    const SLICE: &str = "
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1}
addressType: IPv4
ports: [{name: http, port: 80}, {port: 81}]
endpoints:
  - addresses: [10.0.0.1]
    hostname: web
    nodeName: node-1
    hints: {forZones: [{name: a}]}
";
    /// As the server of 1.34 sees it; from 1.33 on it is deprecated besides.
    const ENDPOINTS: &str = "
apiVersion: v1
kind: Endpoints
metadata: {name: web}
subsets:
  - addresses: [{ip: 10.0.0.1, hostname: web}]
    ports: [{name: http, port: 80}, {name: dns, port: 53, protocol: UDP}]
";

    #[test]
    fn slices_are_checked() {
        refused(
            SLICE,
            &[
                (
                    "addressType: IPv4",
                    "addressType: ipv4",
                    "api/enum",
                    "addressType",
                    "ipv4",
                ),
                (
                    "[10.0.0.1]",
                    "[127.0.0.1]",
                    "api/address",
                    "endpoints[0].addresses[0]",
                    "127.0.0.1",
                ),
                (
                    "[10.0.0.1]",
                    "[169.254.1.1]",
                    "api/address",
                    "endpoints[0].addresses[0]",
                    "169.254.1.1",
                ),
                (
                    "[10.0.0.1]",
                    "[224.0.0.1]",
                    "api/address",
                    "endpoints[0].addresses[0]",
                    "224.0.0.1",
                ),
                (
                    "[10.0.0.1]",
                    "['2001:db8::1']",
                    "api/address",
                    "endpoints[0].addresses[0]",
                    "'2001:db8::1'",
                ),
                (
                    "[10.0.0.1]",
                    "[web.example.com]",
                    "api/address",
                    "endpoints[0].addresses[0]",
                    "web.example.com",
                ),
                (
                    "[10.0.0.1]",
                    "[]",
                    "api/required",
                    "endpoints[0].addresses",
                    "[]",
                ),
                (
                    "hostname: web",
                    "hostname: a.b",
                    "api/name",
                    "endpoints[0].hostname",
                    "a.b",
                ),
                (
                    "{port: 81}",
                    "{name: http, port: 81}",
                    "api/duplicate",
                    "ports[1].name",
                    "http",
                ),
                (
                    "{name: http, port: 80}",
                    "{port: 80}",
                    "api/duplicate",
                    "ports[1].name",
                    "{port: 81}",
                ),
                (
                    "{port: 81}",
                    "{port: 81, protocol: tcp}",
                    "api/enum",
                    "ports[1].protocol",
                    "tcp",
                ),
                (
                    "[{name: a}]",
                    "[{name: a}, {name: a}]",
                    "api/duplicate",
                    "endpoints[0].hints.forZones[1].name",
                    "a",
                ),
            ],
        );
        accepted(
            SLICE,
            &[
                ("ports: [{name: http, port: 80}, {port: 81}]\n", ""),
                ("{port: 81}", "{name: other}"),
                ("[10.0.0.1]", "[010.0.0.1, 10.0.0.2]"),
            ],
        );
        let many = format!("[{}]", vec!["10.0.0.1"; 101].join(", "));
        refused(
            SLICE,
            &[(
                "[10.0.0.1]",
                &many,
                "api/range",
                "endpoints[0].addresses",
                &many,
            )],
        );
    }

    #[test]
    fn endpoints_are_checked() {
        let seen = |from: &str, to: &str| faults_in(32, &ENDPOINTS.replace(from, to));
        assert_eq!(seen("", ""), []);
        for (from, to, rule, field) in [
            (
                "10.0.0.1",
                "127.0.0.1",
                "api/address",
                "subsets[0].addresses[0].ip",
            ),
            (
                "hostname: web",
                "hostname: a.b",
                "api/name",
                "subsets[0].addresses[0].hostname",
            ),
            (
                "addresses: [{ip: 10.0.0.1, hostname: web}]",
                "addresses: []",
                "api/required",
                "subsets[0]",
            ),
            (
                "name: http, ",
                "",
                "api/required",
                "subsets[0].ports[0].name",
            ),
            (
                "port: 53",
                "port: 0",
                "api/range",
                "subsets[0].ports[1].port",
            ),
            (
                "protocol: UDP",
                "protocol: udp",
                "api/enum",
                "subsets[0].ports[1].protocol",
            ),
        ] {
            let found = seen(from, to);
            assert_eq!(
                found
                    .iter()
                    .map(|(rule, field, _)| (*rule, field.as_str()))
                    .collect::<Vec<_>>(),
                [(rule, field)]
            );
        }
    }
}
