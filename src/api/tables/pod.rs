//! Pods and pod templates as wholes (`k8s.io/kubernetes/pkg/apis/core/validation`, `ValidatePodSpec`).

use std::collections::{BTreeSet, HashSet};

use crate::api::Fact::{
    self, Address, Filled, Keys, OneOf, Quantities, Required, Spelled, Values, Within,
};
use crate::api::fact::{self, given, is_empty, text, wanting};
use crate::api::names::Spelling::{Label, LabelValue, QualifiedName, Subdomain};
use crate::api::{Context, Definition, rules};
use crate::finding::{did_you_mean, nearest};
use crate::manifest::Fault;
use crate::yaml::Node;

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "core.v1.PodSpec",
        facts: &[
            ("containers", Required),
            ("restartPolicy", OneOf(&["Always", "OnFailure", "Never"])),
            (
                "dnsPolicy",
                OneOf(&["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"]),
            ),
            ("activeDeadlineSeconds", Within(1, 2_147_483_647)),
            ("nodeSelector", Keys(QualifiedName)),
            ("nodeSelector", Values(LabelValue)),
            ("nodeName", Spelled(Subdomain)),
            ("serviceAccountName", Spelled(Subdomain)),
            ("hostname", Spelled(Label)),
            ("subdomain", Spelled(Label)),
            ("priorityClassName", Spelled(Subdomain)),
            ("preemptionPolicy", Filled),
            (
                "preemptionPolicy",
                OneOf(&["PreemptLowerPriority", "Never"]),
            ),
            ("runtimeClassName", Filled),
            ("runtimeClassName", Spelled(Subdomain)),
            ("overhead", Quantities),
        ],
        rules: &[
            ephemeral_containers,
            service_account,
            host_ports,
            dns,
            scheduling_gates,
            hostname_override,
        ],
    },
    Definition {
        name: "core.v1.Pod",
        facts: &[],
        rules: &[
            has_spec,
            annotations,
            app_armor_annotations,
            not_on_a_node_yet,
        ],
    },
    Definition {
        name: "core.v1.PodTemplateSpec",
        facts: &[],
        rules: &[has_spec, annotations, app_armor_annotations],
    },
    Definition {
        name: "core.v1.PodDNSConfig",
        facts: &[("nameservers", Address)],
        rules: &[dns_sizes, dns_searches],
    },
    Definition {
        name: "core.v1.PodDNSConfigOption",
        facts: &[("name", Required)],
        rules: &[],
    },
    Definition {
        name: "core.v1.HostAlias",
        facts: &[
            ("ip", Required),
            ("ip", Address),
            ("hostnames", Spelled(Subdomain)),
        ],
        rules: &[],
    },
    Definition {
        name: "core.v1.PodReadinessGate",
        facts: &[
            ("conditionType", Required),
            ("conditionType", Spelled(QualifiedName)),
        ],
        rules: &[],
    },
    Definition {
        name: "core.v1.PodSchedulingGate",
        facts: &[("name", Required), ("name", Spelled(QualifiedName))],
        rules: &[],
    },
];

/// What a container is to its pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It does the pod's work.
    App,
    /// It ends before the pod's work begins.
    Init,
    /// It starts before the pod's work begins and stays beside it.
    Sidecar,
}

/// Returns a pod's containers in the server's order. Ephemeral ones are none that a pod can be made with.
pub(super) fn containers(spec: Node<'_>) -> impl Iterator<Item = (Role, Node<'_>)> {
    let of = move |field: &'static str| spec.get(field).into_iter().flat_map(Node::items);
    let apps = of("containers").map(|container| (Role::App, container));
    let inits = of("initContainers").map(|container| match text(container, "restartPolicy") {
        "Always" => (Role::Sidecar, container),
        _ => (Role::Init, container),
    });
    apps.chain(inits)
}

/// Returns the flag of a field, where it has one.
pub(super) fn flag(node: Node<'_>, field: &str) -> Option<bool> {
    node.get(field).and_then(Node::as_bool)
}

/// Makes the fault of a field that must not be set here; the text after its name says why.
pub(super) fn forbidden<'a>(key: Node<'a>, why: &str) -> Fault<'a> {
    let name = key.as_str().unwrap_or_default();
    Fault::new(&rules::CONFLICT, key, format!("`{name}` {why}")).help(format!("remove `{name}`"))
}

/// Adds a fault for each text that stands there a second time, at the second one.
pub(super) fn unique<'a>(
    nodes: impl Iterator<Item = Node<'a>>,
    message: &str,
    faults: &mut Vec<Fault<'a>>,
) {
    let mut seen = HashSet::new();
    for node in nodes {
        let text = node.as_str().unwrap_or_default();
        if !text.is_empty() && !seen.insert(text) {
            faults.push(Fault::new(&rules::DUPLICATE, node, message));
        }
    }
}

/// Says which of the known names was meant, if one is near. Among too many it does not look.
pub(super) fn meant<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    const MOST: usize = 100;
    let known: Vec<&str> = known.take(MOST + 1).collect();
    let few = if known.len() > MOST {
        &[]
    } else {
        known.as_slice()
    };
    did_you_mean(nearest(name, few.iter().copied()))
}

fn has_spec<'a>(_: &Context<'a>, pod: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if pod.get("spec").is_none_or(Node::is_null) {
        let message = "a pod needs a `spec` with containers";
        faults.push(wanting(pod, "spec", message).help("set `spec`"));
    }
}

fn ephemeral_containers<'a>(context: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some((key, _)) = spec
        .entry("ephemeralContainers")
        .filter(|(_, list)| !is_empty(*list))
    else {
        return;
    };
    let why = if context.is_pod() {
        "cannot be set when a Pod is made: they are added to a running one"
    } else {
        "cannot be set in a pod template: they are added to a running Pod"
    };
    faults.push(forbidden(key, why));
}

/// `serviceAccount` is the old name of `serviceAccountName`, and counts where that is not set.
fn service_account<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if given(spec, "serviceAccountName").is_none()
        && let Some(name) = spec.get("serviceAccount")
    {
        Spelled(Subdomain).of_value(name, faults);
    }
}

/// On the node's network a port is the node's port.
fn host_ports<'a>(context: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let on_host = flag(spec, "hostNetwork") == Some(true);
    let mut taken = HashSet::new();
    for (role, container) in containers(spec) {
        // Init containers run one by one, so only each one's own ports can meet.
        if role != Role::App {
            taken.clear();
        }
        for port in container.get("ports").into_iter().flat_map(Node::items) {
            let number = |field: &str| {
                port.get(field)
                    .and_then(Node::as_int)
                    .filter(|number| *number != 0)
            };
            let (host, inside) = (number("hostPort"), number("containerPort"));
            if let (Some(node), Some(_)) = (port.get("hostPort"), host)
                && on_host
                && role == Role::App
                && host != inside
            {
                let message = "with `hostNetwork: true` the `hostPort` must be the `containerPort`";
                let fault = Fault::new(&rules::CONFLICT, node, message);
                faults.push(fault.help("remove `hostPort`, or make it the same number"));
                continue;
            }
            // The server fills it in for Pods; for templates it does so when it makes their Pods.
            let filled_in = inside.filter(|_| on_host && context.is_pod());
            let Some(number) = host.or(filled_in) else {
                continue;
            };
            let protocol = given(port, "protocol")
                .and_then(Node::as_str)
                .unwrap_or("TCP");
            if !taken.insert((protocol, text(port, "hostIP"), number)) {
                let message =
                    "another port of this pod has the same `hostPort`, protocol and `hostIP`";
                faults.push(match port.get("hostPort") {
                    Some(node) => Fault::new(&rules::DUPLICATE, node, message),
                    None => Fault::new(&rules::DUPLICATE, port, message).below("hostPort"),
                });
            }
        }
    }
}

fn dns<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if text(spec, "dnsPolicy") != "None" {
        return;
    }
    let help =
        "list at least one address under `dnsConfig.nameservers`, or choose another `dnsPolicy`";
    match spec.get("dnsConfig").filter(|config| !config.is_null()) {
        None => {
            let message = "`dnsPolicy: None` needs a `dnsConfig`";
            faults.push(wanting(spec, "dnsConfig", message).help(help));
        }
        Some(config) if given(config, "nameservers").is_none() => {
            let message = "`dnsPolicy: None` needs at least one name server";
            faults.push(wanting(config, "nameservers", message).help(help));
        }
        Some(_) => {}
    }
}

/// What a resolver can take.
fn dns_sizes<'a>(_: &Context<'a>, config: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let mut at_most = |field: &str, most: usize| {
        if let Some((key, list)) = config.entry(field)
            && list.items().len() > most
        {
            let message = format!(
                "there may be {most} `{field}` at most, and there are {}",
                list.items().len()
            );
            faults.push(Fault::new(&rules::RANGE, key, message));
        }
    };
    at_most("nameservers", 3);
    at_most("searches", 32);
    if let Some((key, list)) = config.entry("searches") {
        let lengths = list
            .items()
            .map(|item| item.as_str().unwrap_or_default().len() + 1);
        let length = lengths.sum::<usize>().saturating_sub(1);
        if length > 2048 {
            let message =
                format!("`searches` may have 2048 characters at most in all, and has {length}");
            faults.push(Fault::new(&rules::RANGE, key, message));
        }
    }
}

fn dns_searches<'a>(context: &Context<'a>, config: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    for search in config.get("searches").into_iter().flat_map(Node::items) {
        let text = search.as_str().unwrap_or_default();
        let name = text.strip_suffix('.').unwrap_or(text);
        // Since 1.33 a lone dot, and underscores as in `_sip._tcp.example.com`, are taken.
        let fault = match context.since(33) {
            true if text == "." => None,
            true => Subdomain.fault(&name.replace('_', "a")),
            false => Subdomain.fault(name),
        };
        if let Some(words) = fault {
            faults.push(Fault::new(
                &rules::NAME,
                search,
                format!("this must be {words}"),
            ));
        }
    }
}

fn scheduling_gates<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let gates = spec
        .get("schedulingGates")
        .into_iter()
        .flat_map(Node::items);
    let names = gates.filter_map(|gate| gate.get("name"));
    unique(names, "another scheduling gate has the same name", faults);
}

/// `hostnameOverride` counts since 1.35; before, the server drops it.
fn hostname_override<'a>(context: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    const FACTS: &[(&str, Fact)] = &[
        ("hostnameOverride", Filled),
        ("hostnameOverride", Spelled(Subdomain)),
    ];
    let Some((key, name)) = spec
        .entry("hostnameOverride")
        .filter(|(_, name)| !name.is_null())
    else {
        return;
    };
    if !context.since(35) {
        return;
    }
    fact::check(FACTS, spec, faults);
    if name.as_str().is_some_and(|name| name.len() > 64) {
        let message = "a host name may have 64 characters at most";
        faults.push(Fault::new(&rules::RANGE, name, message));
    }
    if flag(spec, "setHostnameAsFQDN") == Some(true) {
        faults.push(forbidden(
            key,
            "cannot stand beside `setHostnameAsFQDN: true`",
        ));
    } else if flag(spec, "hostNetwork") == Some(true) {
        faults.push(forbidden(key, "cannot stand beside `hostNetwork: true`"));
    }
}

fn not_on_a_node_yet<'a>(_: &Context<'a>, pod: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(spec) = pod.get("spec") else { return };
    if given(spec, "schedulingGates").is_some()
        && let Some((key, _)) = spec.entry("nodeName").filter(|(_, name)| !is_empty(*name))
    {
        faults.push(forbidden(
            key,
            "cannot be set as long as the pod has scheduling gates",
        ));
    }
}

/// Annotations of pods that the server reads.
fn annotations<'a>(_: &Context<'a>, pod: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let entries = pod
        .path(&["metadata", "annotations"])
        .into_iter()
        .flat_map(Node::entries);
    for (key, value) in entries {
        let (Some(name), Some(text)) = (key.as_str(), value.as_str()) else {
            continue;
        };
        if name == "controller.kubernetes.io/pod-deletion-cost" && !is_cost(text) {
            let message = "the cost of a deletion must be an integer of 32 bits, without `+` and leading zeros";
            faults.push(Fault::new(&rules::FORMAT, value, message));
        }
        if name == "kubernetes.io/config.mirror"
            && pod.path(&["spec", "nodeName"]).is_none_or(is_empty)
        {
            let message = "a mirror pod must have `spec.nodeName`";
            faults.push(
                Fault::new(&rules::CONFLICT, key, message)
                    .help("remove this annotation: the kubelet sets it"),
            );
        }
    }
}

/// Annotations that name `AppArmor` profiles of containers. Fields have taken their place, and servers may stop reading them.
fn app_armor_annotations<'a>(context: &Context<'a>, pod: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    const PREFIX: &str = "container.apparmor.security.beta.kubernetes.io/";
    let entries = pod
        .path(&["metadata", "annotations"])
        .into_iter()
        .flat_map(Node::entries);
    let mut profiles = entries
        .filter_map(|(key, value)| Some((key, key.as_str()?.strip_prefix(PREFIX)?, value)))
        .filter(|_| !context.since(36))
        .peekable();
    if profiles.peek().is_none() {
        return;
    }
    let containers = pod.get("spec").into_iter().flat_map(containers);
    let names: BTreeSet<&str> = containers
        .map(|(_, container)| text(container, "name"))
        .collect();
    for (key, container, value) in profiles {
        if !names.contains(container) {
            let near = meant(container, names.iter().copied());
            let message = format!("no container of this pod is called `{container}`{near}");
            faults.push(
                Fault::new(&rules::DANGLING, key, message).help("name a container behind the `/`"),
            );
        }
        let profile = value.as_str().unwrap_or_default();
        if !matches!(profile, "" | "runtime/default" | "unconfined")
            && !profile.starts_with("localhost/")
        {
            let message =
                "an AppArmor profile is `runtime/default`, `unconfined` or `localhost/` and a name";
            let help = "set `securityContext.appArmorProfile` instead";
            faults.push(Fault::new(&rules::ENUM, value, message).help(help));
        }
    }
}

fn is_cost(text: &str) -> bool {
    let plain = text == "0" || text.starts_with(|c: char| c == '-' || ('1'..='9').contains(&c));
    plain && text.parse::<i32>().is_ok()
}

#[cfg(test)]
#[allow(clippy::too_many_lines, reason = "cases are lines of a table")]
#[path = "tests/pod.rs"]
mod tests;
