//! Resources of containers and pods, and claims of devices (`ValidateContainerResourceRequirements`, `validatePodResources`,
//! `validatePodResourceClaims`).

use std::collections::{BTreeSet, HashMap, HashSet};

use super::pod::{Role, containers, forbidden, meant, unique};
use crate::api::Fact::{self, ExactlyOneOf, Filled, OneOf, Quantities, Required, Spelled};
use crate::api::fact::{self, given, is_empty, misspelt, text};
use crate::api::names::Spelling::{Label, QualifiedName, Subdomain};
use crate::api::quantity::Quantity;
use crate::api::{Context, Definition, rules};
use crate::manifest::Fault;
use crate::yaml::Node;

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "core.v1.PodSpec",
        facts: &[],
        rules: &[overhead, of_pod, claims, claimed, resize_policies],
    },
    Definition {
        name: "core.v1.Container",
        facts: &[],
        rules: &[of_container],
    },
    Definition {
        name: "core.v1.ResourceRequirements",
        facts: &[("limits", Quantities), ("requests", Quantities)],
        rules: &[],
    },
];

/// What resources are for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Container,
    Pod,
}

impl Of {
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Container => &["cpu", "memory", "ephemeral-storage"],
            Self::Pod => &["cpu", "memory"],
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Container => "a container",
            Self::Pod => "a pod",
        }
    }
}

const PAGES: &str = "hugepages-";

fn of_container<'a>(_: &Context<'a>, container: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(resources) = container.get("resources") {
        requirements(Of::Container, resources, faults);
    }
}

fn overhead<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(overhead) = spec.get("overhead") {
        overhead
            .entries()
            .for_each(|(key, value)| resource(Of::Container, key, value, faults));
    }
}

fn requirements<'a>(of: Of, resources: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let entries = |field: &str| resources.get(field).into_iter().flat_map(Node::entries);
    for (key, value) in entries("limits").chain(entries("requests")) {
        resource(of, key, value, faults);
    }
    let limits: HashMap<&str, Node<'a>> = entries("limits")
        .filter_map(|(key, value)| Some((key.as_str()?, value)))
        .collect();
    for (key, value) in entries("requests") {
        let limit = limits.get(key.as_str().unwrap_or_default());
        request(resources, key, value, limit.copied(), faults);
    }
    let names = || {
        entries("limits")
            .chain(entries("requests"))
            .filter_map(|(key, _)| key.as_str())
    };
    if names().any(|name| name.starts_with(PAGES))
        && !names().any(|name| matches!(name, "cpu" | "memory"))
    {
        let message = "huge pages need `cpu` or `memory` beside them";
        faults.push(
            Fault::new(&rules::REQUIRED, resources, message).help("request `cpu` or `memory` too"),
        );
    }
}

/// Checks one resource's name, and what its amount may be.
fn resource<'a>(of: Of, key: Node<'a>, value: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let name = key.as_str().unwrap_or_default();
    if let Some(fault) = misspelt(QualifiedName, name, key, "the name of a resource") {
        faults.push(fault);
        return;
    }
    let amount = Quantity::of(value);
    if let Some(size) = name.strip_prefix(PAGES) {
        let size = Quantity::parse(size)
            .and_then(Quantity::whole)
            .filter(|size| *size > 0);
        let fits = match (size, amount) {
            (Some(size), Some(amount)) => amount.whole().is_some_and(|amount| amount % size == 0),
            (None, _) => false,
            (_, None) => true,
        };
        if !fits {
            let message = format!("this must be a multiple of the page's size, as in `{name}`");
            faults.push(Fault::new(&rules::QUANTITY, value, message));
        }
    } else if is_native(name) || of == Of::Pod {
        // What is in Kubernetes' own domain is left to whoever knows it.
        if !of.names().contains(&name) && (of == Of::Pod || !name.contains('/')) {
            let near = meant(name, of.names().iter().copied());
            let list = of
                .names()
                .iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", ");
            let message = format!("`{name}` is no resource of {}{near}", of.word());
            let more = if of == Of::Pod {
                ""
            } else {
                ", and those of devices, such as `example.com/gpu`"
            };
            let help = format!("there are {list}, `hugepages-SIZE`{more}");
            faults.push(Fault::new(&rules::ENUM, key, message).help(help));
        }
    } else if name.starts_with("requests.")
        || QualifiedName.fault(&format!("requests.{name}")).is_some()
    {
        let message = "the name of a device's resource must not begin with `requests.`, nor be so long that this cannot stand before it";
        faults.push(Fault::new(&rules::NAME, key, message));
    } else if amount.is_some_and(|amount| amount.whole().is_none()) {
        let message = format!("`{name}` comes in whole numbers");
        faults.push(Fault::new(&rules::QUANTITY, value, message));
    }
}

/// Tells whether a resource is Kubernetes' own, which may be requested below its limit unless it is pages.
fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// A request is not over its limit; of what cannot be shared it is its limit.
fn request<'a>(
    resources: Node<'a>,
    key: Node<'a>,
    value: Node<'a>,
    limit: Option<Node<'a>>,
    faults: &mut Vec<Fault<'a>>,
) {
    let name = key.as_str().unwrap_or_default();
    let shared = is_native(name) && !name.starts_with(PAGES);
    match (limit, Quantity::of(value), limit.and_then(Quantity::of)) {
        (None, ..) if !shared => {
            let message = format!("a request of `{name}` needs a limit, which must be the same");
            let fault = match resources.entry("limits") {
                Some((key, _)) => Fault::new(&rules::REQUIRED, key, message),
                None => Fault::new(&rules::REQUIRED, resources, message).below("limits"),
            };
            faults.push(fault.help(format!("set `{name}` under `limits` to the same amount")));
        }
        (_, Some(request), Some(limit)) if !shared && request.nanos() != limit.nanos() => {
            let message = format!("the request of `{name}` must be its limit");
            faults.push(
                Fault::new(&rules::RANGE, value, message).help("set both to the same amount"),
            );
        }
        (_, Some(request), Some(limit)) if request.nanos() > limit.nanos() => {
            let message = format!("more `{name}` is requested than the limit allows");
            faults.push(
                Fault::new(&rules::RANGE, value, message)
                    .help("lower the request, or raise the limit"),
            );
        }
        _ => {}
    }
}

/// Resources of a pod as a whole count since 1.34; before, the server drops them.
fn of_pod<'a>(context: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(resources) = spec.get("resources").filter(|_| context.since(34)) else {
        return;
    };
    if let Some((key, _)) = resources
        .entry("claims")
        .filter(|(_, claims)| !is_empty(*claims))
    {
        faults.push(
            forbidden(key, "cannot be set for a pod as a whole").help("set it on a container"),
        );
    }
    requirements(Of::Pod, resources, faults);
    let entries =
        |resources: Node<'a>, field: &str| resources.get(field).into_iter().flat_map(Node::entries);
    // There are two resources and some sizes of pages; whoever has more has other faults.
    for (key, value) in entries(resources, "requests").take(16) {
        let name = key.as_str().unwrap_or_default();
        if Quantity::of(value).is_some_and(|all| needed(spec, name) > all.nanos()) {
            let message =
                format!("the containers request more `{name}` together than the pod does");
            faults.push(
                Fault::new(&rules::RANGE, value, message)
                    .help("raise it to what the containers request in all"),
            );
        }
    }
    let limits = entries(resources, "limits").take(16);
    let limits: Vec<(&str, Quantity)> = limits
        .filter_map(|(key, value)| Some((key.as_str()?, Quantity::of(value)?)))
        .collect();
    let containers = spec.get("containers").into_iter().flat_map(Node::items);
    for (key, value) in containers
        .filter_map(|one| one.get("resources"))
        .flat_map(|one| entries(one, "limits"))
    {
        let name = key.as_str().unwrap_or_default();
        let of_pod = limits.iter().find(|(of_pod, _)| *of_pod == name);
        if let (Some(limit), Some((_, of_pod))) = (Quantity::of(value), of_pod)
            && limit.nanos() > of_pod.nanos()
        {
            let message = format!("the container's limit of `{name}` is over that of its pod");
            faults.push(
                Fault::new(&rules::RANGE, value, message)
                    .help("lower it, or raise the pod's limit"),
            );
        }
    }
}

/// Returns how much of a resource a pod's containers request at any one time at most, in billionths.
fn needed(spec: Node<'_>, name: &str) -> i128 {
    let request = |container: Node<'_>| {
        let amount = container
            .path(&["resources", "requests", name])
            .and_then(Quantity::of);
        amount.map_or(0, Quantity::nanos)
    };
    let (mut apps, mut sidecars, mut most) = (0_i128, 0_i128, 0_i128);
    for (role, container) in containers(spec) {
        match role {
            Role::App => apps = apps.saturating_add(request(container)),
            Role::Sidecar => sidecars = sidecars.saturating_add(request(container)),
            Role::Init => most = most.max(sidecars.saturating_add(request(container))),
        }
    }
    most.max(apps.saturating_add(sidecars))
}

/// Claims of devices count since 1.34; before, the server drops them.
fn claims<'a>(context: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    const FACTS: &[(&str, Fact)] = &[
        ("name", Required),
        ("name", Spelled(Label)),
        (
            ".",
            ExactlyOneOf(&["resourceClaimName", "resourceClaimTemplateName"]),
        ),
        ("resourceClaimName", Filled),
        ("resourceClaimName", Spelled(Subdomain)),
        ("resourceClaimTemplateName", Filled),
        ("resourceClaimTemplateName", Spelled(Subdomain)),
    ];
    if !context.since(34) {
        return;
    }
    let claims = || spec.get("resourceClaims").into_iter().flat_map(Node::items);
    claims().for_each(|claim| fact::check(FACTS, claim, faults));
    let names = claims().filter_map(|claim| claim.get("name"));
    unique(names, "another claim of this pod has the same name", faults);
}

/// What a container claims, its pod has.
fn claimed<'a>(context: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if !context.since(34) {
        return;
    }
    let known = spec.get("resourceClaims").into_iter().flat_map(Node::items);
    let known: BTreeSet<&str> = known.map(|claim| text(claim, "name")).collect();
    for (_, container) in containers(spec) {
        let claims = container
            .path(&["resources", "claims"])
            .into_iter()
            .flat_map(Node::items);
        let mut seen = HashSet::new();
        for claim in claims {
            let Some(node) = given(claim, "name") else {
                continue;
            };
            let name = text(claim, "name");
            if !seen.insert((name, text(claim, "request"))) {
                let message = "this container claims the same twice";
                faults.push(Fault::new(&rules::DUPLICATE, node, message));
            } else if !known.contains(name) {
                let near = meant(name, known.iter().copied());
                let message = format!("the pod has no claim `{name}`{near}");
                let help = "add it to `resourceClaims` of the pod, or correct the name";
                faults.push(Fault::new(&rules::DANGLING, node, message).help(help));
            }
        }
    }
}

/// Resizing in place counts since 1.33; before, the server drops it.
fn resize_policies<'a>(context: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    const FACTS: &[(&str, Fact)] = &[
        ("resourceName", Required),
        ("resourceName", OneOf(&["cpu", "memory"])),
        ("restartPolicy", Required),
        ("restartPolicy", OneOf(&["NotRequired", "RestartContainer"])),
    ];
    if !context.since(33) {
        return;
    }
    for (role, container) in containers(spec) {
        let Some((key, policies)) = container
            .entry("resizePolicy")
            .filter(|(_, list)| !is_empty(*list))
        else {
            continue;
        };
        if role == Role::Init && !context.since(36) {
            faults.push(forbidden(key, "cannot be set on an init container"));
            continue;
        }
        policies
            .items()
            .for_each(|policy| fact::check(FACTS, policy, faults));
        let names = policies
            .items()
            .filter_map(|policy| policy.get("resourceName"));
        unique(names, "this resource has another policy already", faults);
        let never =
            text(spec, "restartPolicy") == "Never" && container.get("restartPolicy").is_none();
        for value in policies
            .items()
            .filter_map(|policy| policy.get("restartPolicy"))
            .filter(|_| never)
        {
            if value.as_str() == Some("RestartContainer") {
                let message =
                    "a container of a pod with `restartPolicy: Never` cannot be started again";
                faults.push(
                    Fault::new(&rules::CONFLICT, value, message).help("set it to `NotRequired`"),
                );
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::too_many_lines, reason = "cases are lines of a table")]
#[path = "tests/resources.rs"]
mod tests;
