//! The slow way to the same answer: pod by pod, port by port, address by address, straight from the rules as they are
//! written, with nothing of the code that is tested.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;

const KEYS: &[&str] = &["app", "tier"];
const VALUES: &[&str] = &["a", "b", "c"];
const PROTOCOLS: &[&str] = &["TCP", "UDP", "SCTP"];
const NAMES: &[&str] = &["web", "dns"];
const NUMBERS: &[u32] = &[1, 53, 80, 81, 8080, 65_535];
/// Ports that are asked for: those that rules name, and their neighbours.
const SAMPLES: &[u32] = &[
    1, 2, 52, 53, 54, 79, 80, 81, 82, 8079, 8080, 8081, 65_534, 65_535,
];
const CIDRS: &[(&str, u32, u32)] = &[
    ("0.0.0.0", 0, 0),
    ("10.0.0.0", 0x0a00_0000, 8),
    ("10.10.0.0", 0x0a0a_0000, 16),
    ("10.10.10.10", 0x0a0a_0a0a, 32),
    ("192.168.0.0", 0xc0a8_0000, 16),
    ("128.0.0.0", 0x8000_0000, 1),
];
const ADDRESSES: &[u32] = &[
    0,
    0x09ff_ffff,
    0x0a00_0000,
    0x0a0a_0000,
    0x0a0a_0a09,
    0x0a0a_0a0a,
    0x0a0a_0a0b,
    0x0a0b_0000,
    0x0aff_ffff,
    0x0b00_0000,
    0x7fff_ffff,
    0x8000_0000,
    0xc0a8_0001,
    0xc0a9_0000,
    0xffff_ffff,
];

type Labels = Vec<(&'static str, &'static str)>;

#[derive(Clone, Debug)]
enum Requirement {
    Label(&'static str, &'static str),
    In(&'static str, Vec<&'static str>),
    NotIn(&'static str, Vec<&'static str>),
    Exists(&'static str),
    DoesNotExist(&'static str),
}

#[derive(Clone, Debug)]
struct Selector(Vec<Requirement>);

#[derive(Clone, Debug)]
enum Peer {
    Block(usize, Vec<usize>),
    Pods(Option<Selector>, Option<Selector>),
}

#[derive(Clone, Debug)]
enum Port {
    Any,
    Number(u32, Option<u32>),
    Name(&'static str),
}

type Ports = Vec<(Option<&'static str>, Port)>;

#[derive(Clone, Debug)]
struct Rule {
    peers: Option<Vec<Peer>>,
    ports: Option<Ports>,
}

#[derive(Clone, Debug)]
struct Policy {
    namespace: usize,
    pods: Selector,
    types: Option<Vec<&'static str>>,
    ingress: Option<Vec<Rule>>,
    egress: Option<Vec<Rule>>,
}

#[derive(Clone, Debug)]
struct Pod {
    namespace: usize,
    labels: Labels,
    ports: Vec<(&'static str, &'static str, u32)>,
}

#[derive(Clone, Debug)]
pub(super) struct World {
    namespaces: Vec<Labels>,
    pods: Vec<Pod>,
    policies: Vec<Policy>,
}

fn labels() -> impl Strategy<Value = Labels> {
    (weighted(0.7, select(VALUES)), weighted(0.5, select(VALUES))).prop_map(|(app, tier)| {
        let both = KEYS.iter().zip([app, tier]);
        both.filter_map(|(key, value)| Some((*key, value?)))
            .collect()
    })
}

fn selector() -> impl Strategy<Value = Selector> {
    let key = || select(KEYS);
    let values = || subsequence(VALUES, 1..=2);
    let requirement = prop_oneof![
        4 => (key(), select(VALUES)).prop_map(|(key, value)| Requirement::Label(key, value)),
        1 => (key(), values()).prop_map(|(key, values)| Requirement::In(key, values)),
        1 => (key(), values()).prop_map(|(key, values)| Requirement::NotIn(key, values)),
        1 => key().prop_map(Requirement::Exists),
        1 => key().prop_map(Requirement::DoesNotExist),
    ];
    prop::collection::vec(requirement, 0..=2).prop_map(Selector)
}

fn peer() -> impl Strategy<Value = Peer> {
    let cidr = || 0..CIDRS.len();
    prop_oneof![
        1 => (cidr(), prop::collection::vec(cidr(), 0..=2)).prop_map(|(net, except)| {
            let inside = except.into_iter().filter(|one| {
                let (_, address, prefix) = CIDRS[*one];
                prefix > CIDRS[net].2 && is_in(address, CIDRS[net])
            });
            Peer::Block(net, inside.collect())
        }),
        1 => selector().prop_map(|pods| Peer::Pods(None, Some(pods))),
        1 => selector().prop_map(|namespaces| Peer::Pods(Some(namespaces), None)),
        1 => (selector(), selector())
            .prop_map(|(namespaces, pods)| Peer::Pods(Some(namespaces), Some(pods))),
    ]
}

fn port() -> impl Strategy<Value = (Option<&'static str>, Port)> {
    let port = prop_oneof![
        1 => Just(Port::Any),
        3 => (select(NUMBERS), weighted(0.3, select(NUMBERS)))
            .prop_map(|(first, last)| Port::Number(first, last.filter(|last| *last >= first))),
        2 => select(NAMES).prop_map(Port::Name),
    ];
    (weighted(0.6, select(PROTOCOLS)), port)
}

fn rule() -> impl Strategy<Value = Rule> {
    (
        weighted(0.8, prop::collection::vec(peer(), 0..=2)),
        weighted(0.7, prop::collection::vec(port(), 0..=2)),
    )
        .prop_map(|(peers, ports)| Rule { peers, ports })
}

fn policy() -> impl Strategy<Value = Policy> {
    let types = select(vec![
        vec![],
        vec!["Ingress"],
        vec!["Egress"],
        vec!["Ingress", "Egress"],
    ]);
    let rules = || weighted(0.7, prop::collection::vec(rule(), 0..=2));
    (
        0..3_usize,
        selector(),
        weighted(0.6, types),
        rules(),
        rules(),
    )
        .prop_map(|(namespace, pods, types, ingress, egress)| Policy {
            namespace,
            pods,
            types,
            ingress,
            egress,
        })
}

fn pod() -> impl Strategy<Value = Pod> {
    let port = (select(NAMES), select(PROTOCOLS), select(NUMBERS));
    (0..3_usize, labels(), prop::collection::vec(port, 0..=2)).prop_map(
        |(namespace, labels, ports)| Pod {
            namespace,
            labels,
            ports,
        },
    )
}

pub(super) fn world() -> impl Strategy<Value = World> {
    (
        prop::collection::vec(labels(), 3),
        prop::collection::vec(pod(), 1..=5),
        prop::collection::vec(policy(), 0..=5),
    )
        .prop_map(|(namespaces, pods, policies)| World {
            namespaces,
            pods,
            policies,
        })
}

// What is written.

fn map(labels: &Labels) -> String {
    let entries: Vec<String> = labels
        .iter()
        .map(|(key, value)| format!("{key}: {value}"))
        .collect();
    format!("{{{}}}", entries.join(", "))
}

fn selector_text(selector: &Selector) -> String {
    let mut labels = Labels::new();
    let mut expressions = Vec::new();
    for requirement in &selector.0 {
        match requirement {
            Requirement::Label(key, value) if labels.iter().all(|(known, _)| known != key) => {
                labels.push((key, value));
            }
            Requirement::Label(key, value) => {
                expressions.push(format!("{{key: {key}, operator: In, values: [{value}]}}"));
            }
            Requirement::In(key, values) => expressions.push(format!(
                "{{key: {key}, operator: In, values: [{}]}}",
                values.join(", ")
            )),
            Requirement::NotIn(key, values) => expressions.push(format!(
                "{{key: {key}, operator: NotIn, values: [{}]}}",
                values.join(", ")
            )),
            Requirement::Exists(key) => {
                expressions.push(format!("{{key: {key}, operator: Exists}}"));
            }
            Requirement::DoesNotExist(key) => {
                expressions.push(format!("{{key: {key}, operator: DoesNotExist}}"));
            }
        }
    }
    match (labels.is_empty(), expressions.is_empty()) {
        (true, true) => "{}".to_owned(),
        (false, true) => format!("{{matchLabels: {}}}", map(&labels)),
        _ => format!(
            "{{matchLabels: {}, matchExpressions: [{}]}}",
            map(&labels),
            expressions.join(", ")
        ),
    }
}

fn cidr_text(cidr: usize) -> String {
    format!("{}/{}", CIDRS[cidr].0, CIDRS[cidr].2)
}

fn peer_text(peer: &Peer) -> String {
    match peer {
        Peer::Block(net, except) => {
            let except: Vec<String> = except.iter().map(|one| cidr_text(*one)).collect();
            format!(
                "{{ipBlock: {{cidr: {}, except: [{}]}}}}",
                cidr_text(*net),
                except.join(", ")
            )
        }
        Peer::Pods(namespaces, pods) => {
            let parts = [("namespaceSelector", namespaces), ("podSelector", pods)];
            let parts = parts.iter().filter_map(|(key, selector)| {
                Some(format!("{key}: {}", selector_text((*selector).as_ref()?)))
            });
            format!("{{{}}}", parts.collect::<Vec<_>>().join(", "))
        }
    }
}

fn port_text((protocol, port): &(Option<&str>, Port)) -> String {
    let mut parts: Vec<String> = protocol
        .iter()
        .map(|one| format!("protocol: {one}"))
        .collect();
    match port {
        Port::Any => {}
        Port::Name(name) => parts.push(format!("port: {name}")),
        Port::Number(first, last) => {
            parts.push(format!("port: {first}"));
            parts.extend(last.iter().map(|last| format!("endPort: {last}")));
        }
    }
    format!("{{{}}}", parts.join(", "))
}

fn rule_text(rule: &Rule, peers: &str) -> String {
    let mut parts = Vec::new();
    if let Some(listed) = &rule.peers {
        let listed: Vec<String> = listed.iter().map(peer_text).collect();
        parts.push(format!("{peers}: [{}]", listed.join(", ")));
    }
    if let Some(listed) = &rule.ports {
        let listed: Vec<String> = listed.iter().map(port_text).collect();
        parts.push(format!("ports: [{}]", listed.join(", ")));
    }
    format!("{{{}}}", parts.join(", "))
}

pub(super) fn text(world: &World) -> String {
    let mut text = String::new();
    for (at, labels) in world.namespaces.iter().enumerate() {
        let labels = map(labels);
        writeln!(
            text,
            "---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: n{at}, labels: {labels}}}"
        )
        .unwrap();
    }
    for (at, pod) in world.pods.iter().enumerate() {
        let (namespace, labels) = (pod.namespace, map(&pod.labels));
        let ports = pod.ports.iter().map(|(name, protocol, number)| {
            format!("{{name: {name}, protocol: {protocol}, containerPort: {number}}}")
        });
        let ports = ports.collect::<Vec<_>>().join(", ");
        writeln!(text, "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p{at}, namespace: n{namespace}, labels: {labels}}}\nspec: {{containers: [{{name: c, ports: [{ports}]}}]}}").unwrap();
    }
    for (at, policy) in world.policies.iter().enumerate() {
        let namespace = policy.namespace;
        let pods = selector_text(&policy.pods);
        writeln!(text, "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: r{at}, namespace: n{namespace}}}\nspec:\n  podSelector: {pods}").unwrap();
        if let Some(types) = &policy.types {
            writeln!(text, "  policyTypes: [{}]", types.join(", ")).unwrap();
        }
        for (key, peers, rules) in [
            ("ingress", "from", &policy.ingress),
            ("egress", "to", &policy.egress),
        ] {
            if let Some(rules) = rules {
                let rules: Vec<String> = rules.iter().map(|rule| rule_text(rule, peers)).collect();
                writeln!(text, "  {key}: [{}]", rules.join(", ")).unwrap();
            }
        }
    }
    text
}

// What it means.

fn is_in(address: u32, (_, net, prefix): (&str, u32, u32)) -> bool {
    prefix == 0 || (address ^ net) >> (32 - prefix) == 0
}

fn is_met(selector: &Selector, labels: &Labels) -> bool {
    let value = |key: &str| {
        labels
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| *value)
    };
    selector.0.iter().all(|requirement| match requirement {
        Requirement::Label(key, wanted) => value(key) == Some(wanted),
        Requirement::In(key, wanted) => value(key).is_some_and(|one| wanted.contains(&one)),
        Requirement::NotIn(key, wanted) => value(key).is_none_or(|one| !wanted.contains(&one)),
        Requirement::Exists(key) => value(key).is_some(),
        Requirement::DoesNotExist(key) => value(key).is_none(),
    })
}

#[derive(Clone, Copy, Debug)]
enum End {
    Pod(usize),
    Address(u32),
}

fn peer_is(world: &World, policy: &Policy, peer: &Peer, other: End) -> bool {
    match (peer, other) {
        (Peer::Block(net, except), End::Address(address)) => {
            is_in(address, CIDRS[*net]) && !except.iter().any(|one| is_in(address, CIDRS[*one]))
        }
        (Peer::Pods(namespaces, pods), End::Pod(pod)) => {
            let pod = &world.pods[pod];
            let namespace = match namespaces {
                Some(selector) => is_met(selector, &world.namespaces[pod.namespace]),
                None => pod.namespace == policy.namespace,
            };
            namespace && pods.as_ref().is_none_or(|pods| is_met(pods, &pod.labels))
        }
        _ => false,
    }
}

fn port_is(
    world: &World,
    port: &(Option<&str>, Port),
    target: End,
    protocol: &str,
    number: u32,
) -> bool {
    port.0.unwrap_or("TCP") == protocol
        && match (&port.1, target) {
            (Port::Any, _) => true,
            (Port::Number(first, last), _) => (*first..=last.unwrap_or(*first)).contains(&number),
            (Port::Name(name), End::Pod(pod)) => world.pods[pod].ports.contains(&(
                *name,
                PROTOCOLS.iter().find(|one| **one == protocol).unwrap(),
                number,
            )),
            (Port::Name(_), End::Address(_)) => false,
        }
}

/// Tells whether the policies about a pod allow a connection with another end.
fn side(world: &World, pod: usize, other: End, ingress: bool, protocol: &str, number: u32) -> bool {
    let about = world.policies.iter().filter(|policy| {
        let types = policy.types.as_ref().filter(|types| !types.is_empty());
        let isolates = match (types, ingress) {
            (Some(types), true) => types.contains(&"Ingress"),
            (Some(types), false) => types.contains(&"Egress"),
            (None, true) => true,
            (None, false) => policy
                .egress
                .as_ref()
                .is_some_and(|rules| !rules.is_empty()),
        };
        let own = &world.pods[pod];
        isolates && own.namespace == policy.namespace && is_met(&policy.pods, &own.labels)
    });
    let about: Vec<&Policy> = about.collect();
    let target = if ingress { End::Pod(pod) } else { other };
    about.is_empty()
        || about.iter().any(|policy| {
            let rules = if ingress {
                &policy.ingress
            } else {
                &policy.egress
            };
            rules.iter().flatten().any(|rule| {
                let peers = rule.peers.as_ref().filter(|peers| !peers.is_empty());
                let ports = rule.ports.as_ref().filter(|ports| !ports.is_empty());
                peers.is_none_or(|all| all.iter().any(|one| peer_is(world, policy, one, other)))
                    && ports.is_none_or(|all| {
                        all.iter()
                            .any(|one| port_is(world, one, target, protocol, number))
                    })
            })
        })
}

fn is_open(world: &World, from: End, to: End, protocol: &str, number: u32) -> bool {
    let lets_out = match from {
        End::Pod(pod) => side(world, pod, to, false, protocol, number),
        End::Address(_) => true,
    };
    lets_out
        && match to {
            End::Pod(pod) => side(world, pod, from, true, protocol, number),
            End::Address(_) => true,
        }
}

/// The addresses or the pod that a name stands for.
#[derive(Clone, Copy, Debug)]
enum Named {
    Pod(usize),
    Addresses(u32, u32),
}

impl Named {
    fn parse(name: &str) -> Self {
        if let Some(pod) = name.strip_suffix("[Pod]") {
            return Self::Pod(pod.split_once("/p").unwrap().1.parse().unwrap());
        }
        let ends = name.strip_suffix("[External]").unwrap();
        let (first, last) = ends.split_once('-').unwrap();
        let [first, last] = [first, last].map(|end| u32::from(end.parse::<Ipv4Addr>().unwrap()));
        Self::Addresses(first, last)
    }

    fn is(self, end: End) -> bool {
        match (self, end) {
            (Self::Pod(own), End::Pod(pod)) => own == pod,
            (Self::Addresses(first, last), End::Address(one)) => (first..=last).contains(&one),
            _ => false,
        }
    }
}

/// Finds what the tested code says of two ends.
fn found(open: &[(Named, Named, Connections)], from: End, to: End) -> Connections {
    let meant = open
        .iter()
        .filter(|(source, target, _)| source.is(from) && target.is(to));
    let mut meant = meant.map(|(_, _, open)| open);
    let found = meant.next().cloned().unwrap_or_default();
    assert!(meant.next().is_none(), "{from:?} to {to:?} is told twice");
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn what_is_found_is_what_the_rules_say(world in world()) {
        let yaml = text(&world);
        let open: Vec<(Named, Named, Connections)> = open(&resources(&yaml), &Settings::default())
            .into_iter()
            .map(|((from, to), open)| (Named::parse(&from), Named::parse(&to), open))
            .collect();
        let pods = (0..world.pods.len()).map(End::Pod);
        let ends: Vec<End> = pods.chain(ADDRESSES.iter().map(|one| End::Address(*one))).collect();
        for from in &ends {
            for to in &ends {
                match (from, to) {
                    (End::Address(_), End::Address(_)) => continue,
                    (End::Pod(one), End::Pod(other)) if one == other => continue,
                    _ => {}
                }
                let found = found(&open, *from, *to);
                for protocol in PROTOCOLS {
                    for number in SAMPLES {
                        let expected = is_open(&world, *from, *to, protocol, *number);
                        let is = found.contains(Protocol::parse(protocol).unwrap(), *number);
                        prop_assert_eq!(is, expected, "{:?} to {:?}, {} {}\n{}", from, to, protocol, number, yaml);
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn what_changes_is_open_in_one_version_only(old in world(), new in world()) {
        let new = World { policies: new.policies, ..old.clone() };
        let [before, after] = [&old, &new].map(|world| resources(&text(world)));
        let settings = Settings::default();
        let versions = Versions::new(&cluster(&before, &settings), &cluster(&after, &settings));
        let changes = Change::ALL.map(|change| {
            let mut told = Vec::new();
            let all = versions.changes::<Infallible>(change, |_| true, |_| true, |one| {
                told.push((Named::parse(&one.from), Named::parse(&one.to), one.connections));
                Ok(())
            });
            all.unwrap();
            told
        });
        let pods = (0..old.pods.len()).map(End::Pod);
        let ends: Vec<End> = pods.chain(ADDRESSES.iter().map(|one| End::Address(*one))).collect();
        for (from, to) in ends.iter().flat_map(|from| ends.iter().map(move |to| (*from, *to))) {
            match (from, to) {
                (End::Address(_), End::Address(_)) => continue,
                (End::Pod(one), End::Pod(other)) if one == other => continue,
                _ => {}
            }
            let [opened, closed] = [0, 1].map(|at| found(&changes[at], from, to));
            for protocol in PROTOCOLS {
                for number in SAMPLES {
                    let [was, is] = [&old, &new].map(|world| is_open(world, from, to, protocol, *number));
                    let contains = |all: &Connections| all.contains(Protocol::parse(protocol).unwrap(), *number);
                    prop_assert_eq!((contains(&opened), contains(&closed)), (is && !was, was && !is), "{:?} to {:?}, {} {}", from, to, protocol, number);
                }
            }
        }
    }
}
