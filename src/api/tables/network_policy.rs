//! Network policies (`ValidateNetworkPolicySpec`).

use crate::api::Fact::{OneOf, PortOrName, Required, Spelled, Within};
use crate::api::address::parse_range;
use crate::api::fact::{given, is_empty};
use crate::api::names::Spelling::Label;
use crate::api::{Context, Definition, rules};
use crate::manifest::Fault;
use crate::yaml::Node;

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "networking.v1.NetworkPolicySpec",
        facts: &[("policyTypes", OneOf(&["Ingress", "Egress"]))],
        rules: &[types],
    },
    Definition {
        name: "networking.v1.NetworkPolicyPort",
        facts: &[
            ("protocol", OneOf(&["TCP", "UDP", "SCTP"])),
            ("port", PortOrName),
        ],
        rules: &[end_port],
    },
    Definition {
        name: "networking.v1.NetworkPolicyPeer",
        facts: &[],
        rules: &[peer],
    },
    Definition {
        name: "networking.v1.IPBlock",
        facts: &[("cidr", Required)],
        rules: &[block],
    },
    Definition {
        name: "networking.v1.ParentReference",
        facts: &[
            ("resource", Required),
            ("name", Required),
            ("namespace", Spelled(Label)),
        ],
        rules: &[],
    },
    Definition {
        name: "networking.v1.ServiceCIDRSpec",
        facts: &[("cidrs", Required)],
        rules: &[service_ranges],
    },
];

fn types<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(types) = spec
        .get("policyTypes")
        .filter(|types| types.items().len() > 2)
    {
        let message = "there are at most two policy types";
        faults.push(
            Fault::new(&rules::RANGE, types, message).help("list `Ingress` and `Egress` once each"),
        );
    }
}

fn end_port<'a>(_: &Context<'a>, port: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(end) = port.get("endPort").filter(|end| !end.is_null()) else {
        return;
    };
    match port.get("port").filter(|first| !first.is_null()) {
        None => faults.push(
            Fault::new(
                &rules::CONFLICT,
                end,
                "`endPort` must not stand without `port`",
            )
            .help("set `port` to the first port"),
        ),
        Some(first) => match (first.as_int(), end.as_int()) {
            (Some(first), Some(last)) if last < first => faults.push(
                Fault::new(
                    &rules::RANGE,
                    end,
                    format!("`endPort` is {last}, below `port`, which is {first}"),
                )
                .help("write the smaller number as `port`"),
            ),
            (Some(_), _) => Within(1, 65_535).of_value(end, faults),
            (None, _) => faults.push(
                Fault::new(
                    &rules::CONFLICT,
                    end,
                    "`endPort` must not stand beside a named port",
                )
                .help("write `port` as a number"),
            ),
        },
    }
}

fn peer<'a>(_: &Context<'a>, peer: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let is_set = |field: &str| peer.get(field).filter(|value| !value.is_null());
    let selector = is_set("podSelector").or(is_set("namespaceSelector"));
    match (is_set("ipBlock"), selector) {
        (None, None) => faults.push(
            Fault::new(
                &rules::ALTERNATIVES,
                peer,
                "a peer needs `podSelector`, `namespaceSelector` or `ipBlock`",
            )
            .help("set one of them; `podSelector: {}` means all pods of the namespace"),
        ),
        (Some(block), Some(_)) => faults.push(
            Fault::new(
                &rules::ALTERNATIVES,
                block,
                "`ipBlock` cannot stand beside a selector",
            )
            .help("write two peers, one with the block and one with the selector"),
        ),
        _ => {}
    }
}

fn block<'a>(_: &Context<'a>, block: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(cidr) = given(block, "cidr") else {
        return;
    };
    let range = cidr.as_str().and_then(parse_range);
    if range.is_none() {
        let help = "for one address write 192.0.2.1/32, or 2001:db8::1/128";
        faults.push(
            Fault::new(
                &rules::ADDRESS,
                cidr,
                "this must be a range of addresses such as 10.0.0.0/8",
            )
            .help(help),
        );
    }
    for item in block.get("except").into_iter().flat_map(Node::items) {
        match (item.as_str().and_then(parse_range), range) {
            (None, _) => {
                let message = "this must be a range of addresses such as 10.1.0.0/16";
                faults.push(Fault::new(&rules::ADDRESS, item, message));
            }
            (Some(part), Some(range)) if !range.has_part(part) => {
                let message = "this must be a part of `cidr`, and not all of it";
                faults.push(
                    Fault::new(&rules::ADDRESS, item, message)
                        .help("remove it, or correct one of the two ranges"),
                );
            }
            _ => {}
        }
    }
}

fn service_ranges<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let list = spec.get("cidrs");
    for item in list
        .into_iter()
        .flat_map(Node::items)
        .filter(|item| !is_empty(*item))
    {
        if item
            .as_str()
            .is_some_and(|text| parse_range(text).is_none())
        {
            faults.push(Fault::new(
                &rules::ADDRESS,
                item,
                "this must be a range of addresses such as 10.96.0.0/16",
            ));
        }
    }
    if let Some(list) = list.filter(|list| list.items().len() > 2) {
        faults.push(Fault::new(
            &rules::RANGE,
            list,
            "there are at most two ranges, one of each family",
        ));
    }
}

#[cfg(test)]
mod tests {
    use crate::api::testing::{accepted, refused};

    const POLICY: &str = "
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress, Egress]
  ingress:
    - from: [{podSelector: {}}]
      ports: [{port: 8080, endPort: 8090}]
  egress:
    - to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]
";

    #[test]
    fn ports_and_types_are_checked() {
        let port = "spec.ingress[0].ports[0]";
        let at = |end: &str| format!("{port}{end}");
        let ports = "{port: 8080, endPort: 8090}";
        refused(
            POLICY,
            &[
                (
                    "[Ingress, Egress]",
                    "[Ingress, Egress, Ingress]",
                    "api/range",
                    "spec.policyTypes",
                    "[Ingress, Egress, Ingress]",
                ),
                (
                    "[Ingress, Egress]",
                    "[ingress]",
                    "api/enum",
                    "spec.policyTypes[0]",
                    "ingress",
                ),
                (ports, "{port: 0}", "api/range", &at(".port"), "0"),
                (ports, "{port: HTTP}", "api/name", &at(".port"), "HTTP"),
                (
                    ports,
                    "{protocol: ICMP}",
                    "api/enum",
                    &at(".protocol"),
                    "ICMP",
                ),
                (
                    ports,
                    "{port: 80, endPort: 79}",
                    "api/range",
                    &at(".endPort"),
                    "79",
                ),
                (
                    ports,
                    "{port: 80, endPort: 65536}",
                    "api/range",
                    &at(".endPort"),
                    "65536",
                ),
                (
                    ports,
                    "{endPort: 90}",
                    "api/conflict",
                    &at(".endPort"),
                    "90",
                ),
                (
                    ports,
                    "{port: http, endPort: 90}",
                    "api/conflict",
                    &at(".endPort"),
                    "90",
                ),
            ],
        );
        accepted(
            POLICY,
            &[
                (ports, "{}"),
                (ports, "{port: 80, endPort: 80}"),
                (ports, "{protocol: SCTP}"),
                ("  podSelector: {matchLabels: {app: web}}\n", ""),
                ("[Ingress, Egress]", "[Egress]"),
                ("  policyTypes: [Ingress, Egress]\n", ""),
            ],
        );
    }

    #[test]
    fn peers_are_checked() {
        let (from, to) = ("spec.ingress[0].from[0]", "spec.egress[0].to[0]");
        let block = "{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}";
        let except = format!("{to}.ipBlock.except[0]");
        refused(
            POLICY,
            &[
                (
                    "[{podSelector: {}}]",
                    "[{}]",
                    "api/alternatives",
                    from,
                    "{}",
                ),
                (
                    block,
                    "{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}",
                    "api/alternatives",
                    &format!("{to}.ipBlock"),
                    "{cidr: 10.0.0.0/8}",
                ),
                (
                    block,
                    "{ipBlock: {cidr: 10.0.0.1}}",
                    "api/address",
                    &format!("{to}.ipBlock.cidr"),
                    "10.0.0.1",
                ),
                (
                    block,
                    "{ipBlock: {cidr: ''}}",
                    "api/required",
                    &format!("{to}.ipBlock.cidr"),
                    "''",
                ),
                (
                    "10.1.0.0/16",
                    "11.1.0.0/16",
                    "api/address",
                    &except,
                    "11.1.0.0/16",
                ),
                (
                    "10.1.0.0/16",
                    "10.0.0.0/8",
                    "api/address",
                    &except,
                    "10.0.0.0/8",
                ),
                (
                    "10.1.0.0/16",
                    "10.1.0.0",
                    "api/address",
                    &except,
                    "10.1.0.0",
                ),
                (
                    "{app: web}",
                    "{app: -web}",
                    "api/name",
                    "spec.podSelector.matchLabels.app",
                    "-web",
                ),
            ],
        );
        accepted(
            POLICY,
            &[
                (
                    "[{podSelector: {}}]",
                    "[{podSelector: {}, namespaceSelector: {}}]",
                ),
                ("[{podSelector: {}}]", "[]"),
                (
                    "cidr: 10.0.0.0/8, except: [10.1.0.0/16]",
                    "cidr: '::/0', except: ['2001:db8::/32']",
                ),
                ("cidr: 10.0.0.0/8", "cidr: 10.1.2.3/8"),
            ],
        );
    }
}
