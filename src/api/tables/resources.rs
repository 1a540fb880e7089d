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
mod tests {
    use crate::api::testing::{accepted, accepted_in, refused, refused_in};

    const POD: &str = "
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  # pod
  initContainers:
    - name: setup
      image: busybox
      # init
  containers:
    - name: main
      image: nginx
      # container
";

    #[test]
    fn amounts_and_names() {
        let line = |field: &str, rest: &str| format!("resources: {{{field}: {{{rest}}}}}");
        let at = |field: &str| format!("spec.containers[0].resources.{field}");
        refused(
            POD,
            &[
                (
                    "# container",
                    &line("limits", "cpu: two"),
                    "api/quantity",
                    &at("limits[cpu]"),
                    "two",
                ),
                (
                    "# container",
                    &line("limits", "cpu: 0.5.0"),
                    "api/quantity",
                    &at("limits[cpu]"),
                    "0.5.0",
                ),
                (
                    "# container",
                    &line("requests", "memory: 1 Gi"),
                    "api/quantity",
                    &at("requests[memory]"),
                    "1 Gi",
                ),
                (
                    "# container",
                    &line("requests", "memory: 1GB"),
                    "api/quantity",
                    &at("requests[memory]"),
                    "1GB",
                ),
                (
                    "# container",
                    &line("requests", "memory: -1"),
                    "api/quantity",
                    &at("requests[memory]"),
                    "-1",
                ),
                (
                    "# container",
                    &line("limits", "cpus: 1"),
                    "api/enum",
                    &at("limits[cpus]"),
                    "cpus",
                ),
                (
                    "# container",
                    &line("limits", "storage: 1Gi"),
                    "api/enum",
                    &at("limits[storage]"),
                    "storage",
                ),
                (
                    "# container",
                    &line("limits", "pods: 1"),
                    "api/enum",
                    &at("limits[pods]"),
                    "pods",
                ),
                (
                    "# container",
                    &line("limits", "a b: 1"),
                    "api/name",
                    &at("limits[a b]"),
                    "a b",
                ),
                (
                    "# container",
                    &line("limits", "requests.a.b/c: 1"),
                    "api/name",
                    &at("limits[requests.a.b/c]"),
                    "requests.a.b/c",
                ),
                (
                    "# container",
                    &line("limits", "a.b/gpu: 500m"),
                    "api/quantity",
                    &at("limits[a.b/gpu]"),
                    "500m",
                ),
                (
                    "# container",
                    &line("limits", "cpu: 1, hugepages-2Mi: 3Mi"),
                    "api/quantity",
                    &at("limits[hugepages-2Mi]"),
                    "3Mi",
                ),
                (
                    "# container",
                    &line("limits", "cpu: 1, hugepages-big: 2Mi"),
                    "api/quantity",
                    &at("limits[hugepages-big]"),
                    "2Mi",
                ),
                (
                    "# container",
                    &line("limits", "hugepages-2Mi: 4Mi"),
                    "api/required",
                    "spec.containers[0].resources",
                    "{limits: {hugepages-2Mi: 4Mi}}",
                ),
            ],
        );
        accepted(
            POD,
            &[
                (
                    "# container",
                    &line(
                        "limits",
                        "cpu: 0.1, memory: 128974848, ephemeral-storage: 2e9, a.b/gpu: 2, kubernetes.io/any: 0.5",
                    ),
                ),
                (
                    "# container",
                    &line(
                        "requests",
                        "cpu: .5, memory: 1.5Gi, ephemeral-storage: ' 1 '",
                    ),
                ),
                (
                    "# container",
                    &line(
                        "limits",
                        "memory: 100m, hugepages-2Mi: 4Mi, hugepages-1Gi: 0",
                    ),
                ),
                ("# container", "resources: {limits: null, requests: {}}"),
                ("# init", &line("limits", "cpu: '0'")),
            ],
        );
    }

    #[test]
    fn requests_and_limits() {
        let line = |limits: &str, requests: &str| {
            format!("resources: {{limits: {{{limits}}}, requests: {{{requests}}}}}")
        };
        let at = |field: &str| format!("spec.containers[0].resources.{field}");
        refused(
            POD,
            &[
                (
                    "# container",
                    &line("cpu: 1", "cpu: 1001m"),
                    "api/range",
                    &at("requests[cpu]"),
                    "1001m",
                ),
                (
                    "# container",
                    &line("memory: 1G", "memory: 1Gi"),
                    "api/range",
                    &at("requests[memory]"),
                    "1Gi",
                ),
                (
                    "# container",
                    &line("a.b/gpu: 2", "a.b/gpu: 1"),
                    "api/range",
                    &at("requests[a.b/gpu]"),
                    "1",
                ),
                (
                    "# container",
                    &line("cpu: 1, hugepages-2Mi: 4Mi", "hugepages-2Mi: 2Mi"),
                    "api/range",
                    &at("requests[hugepages-2Mi]"),
                    "2Mi",
                ),
                (
                    "# container",
                    &line("cpu: 1", "a.b/gpu: 1"),
                    "api/required",
                    &at("limits"),
                    "limits",
                ),
                (
                    "# container",
                    "resources: {requests: {a.b/gpu: 1}}",
                    "api/required",
                    &at("limits"),
                    "{requests: {a.b/gpu: 1}}",
                ),
            ],
        );
        accepted(
            POD,
            &[
                (
                    "# container",
                    &line("cpu: 0.3, memory: 1Gi", "cpu: 300m, memory: 1024Mi"),
                ),
                ("# container", &line("a.b/gpu: 2", "a.b/gpu: 2000m")),
                ("# container", &line("a.b/gpu: 2", "cpu: 1")),
            ],
        );
    }

    #[test]
    fn resources_of_a_pod() {
        let line = |rest: &str| format!("resources: {{{rest}}}");
        let base = POD.replace(
            "# container",
            "resources: {limits: {cpu: 500m}, requests: {cpu: 300m}}",
        );
        refused(
            &base,
            &[
                (
                    "# pod",
                    &line("limits: {cpu: 400m}"),
                    "api/range",
                    "spec.containers[0].resources.limits[cpu]",
                    "500m",
                ),
                (
                    "# pod",
                    &line("requests: {cpu: 299m}"),
                    "api/range",
                    "spec.resources.requests[cpu]",
                    "299m",
                ),
                (
                    "# pod",
                    &line("limits: {cpu: 1, a.b/gpu: 1}"),
                    "api/enum",
                    "spec.resources.limits[a.b/gpu]",
                    "a.b/gpu",
                ),
                (
                    "# pod",
                    &line("limits: {cpu: 1, ephemeral-storage: 1}"),
                    "api/enum",
                    "spec.resources.limits[ephemeral-storage]",
                    "ephemeral-storage",
                ),
                (
                    "# pod",
                    &line("limits: {memory: 1}, requests: {memory: 2}"),
                    "api/range",
                    "spec.resources.requests[memory]",
                    "2",
                ),
                (
                    "# pod",
                    &line("claims: [{name: a}]"),
                    "api/conflict",
                    "spec.resources.claims",
                    "claims",
                ),
            ],
        );
        accepted_in(
            &[34, 37],
            &base,
            &[(
                "# pod",
                &line(
                    "limits: {cpu: 500m, memory: 1Gi, hugepages-2Mi: 2Mi}, requests: {cpu: 300m}",
                ),
            )],
        );
        // An init container runs alone, beside the sidecars before it.
        let init = base.replace("# init", "resources: {requests: {cpu: 400m}}");
        refused(
            &init,
            &[(
                "# pod",
                &line("requests: {cpu: 399m}"),
                "api/range",
                "spec.resources.requests[cpu]",
                "399m",
            )],
        );
        let sidecar = base.replace(
            "# init",
            "resources: {requests: {cpu: 400m}}\n      restartPolicy: Always",
        );
        refused(
            &sidecar,
            &[(
                "# pod",
                &line("requests: {cpu: 699m}"),
                "api/range",
                "spec.resources.requests[cpu]",
                "699m",
            )],
        );
        // They were dropped before 1.34.
        accepted_in(&[32, 33], &base, &[("# pod", &line("limits: {cpu: 1m}"))]);
    }

    #[test]
    fn claims_of_devices() {
        let pod = |rest: &str| format!("resourceClaims: [{rest}]");
        let claim = "spec.resourceClaims[0]";
        refused(
            POD,
            &[
                (
                    "# pod",
                    &pod("{name: '', resourceClaimName: a}"),
                    "api/required",
                    &format!("{claim}.name"),
                    "''",
                ),
                (
                    "# pod",
                    &pod("{name: A, resourceClaimName: a}"),
                    "api/name",
                    &format!("{claim}.name"),
                    "A",
                ),
                (
                    "# pod",
                    &pod("{name: a}"),
                    "api/alternatives",
                    claim,
                    "{name: a}",
                ),
                (
                    "# pod",
                    &pod("{name: a, resourceClaimName: a, resourceClaimTemplateName: a}"),
                    "api/alternatives",
                    &format!("{claim}.resourceClaimTemplateName"),
                    "resourceClaimTemplateName",
                ),
                (
                    "# pod",
                    &pod("{name: a, resourceClaimName: a_b}"),
                    "api/name",
                    &format!("{claim}.resourceClaimName"),
                    "a_b",
                ),
                (
                    "# pod",
                    &pod("{name: a, resourceClaimName: b}, {name: a, resourceClaimName: c}"),
                    "api/duplicate",
                    "spec.resourceClaims[1].name",
                    "a",
                ),
            ],
        );
        let base = POD.replace("# pod", &pod("{name: gpu, resourceClaimTemplateName: gpu}"));
        let container = |rest: &str| format!("resources: {{claims: [{rest}]}}");
        refused(
            &base,
            &[
                (
                    "# container",
                    &container("{name: cpu}"),
                    "api/dangling",
                    "spec.containers[0].resources.claims[0].name",
                    "cpu",
                ),
                (
                    "# container",
                    &container("{name: gpu}, {name: gpu}"),
                    "api/duplicate",
                    "spec.containers[0].resources.claims[1].name",
                    "gpu",
                ),
            ],
        );
        accepted(
            &base,
            &[(
                "# container",
                &container("{name: gpu, request: a}, {name: gpu, request: b}"),
            )],
        );
        accepted_in(
            &[31, 33],
            &base,
            &[("# container", &container("{name: cpu}"))],
        );
    }

    #[test]
    fn resizing() {
        let line = |rest: &str| format!("resizePolicy: [{rest}]");
        let at = |field: &str| format!("spec.containers[0].resizePolicy[0].{field}");
        refused(
            POD,
            &[
                (
                    "# container",
                    &line("{resourceName: storage, restartPolicy: NotRequired}"),
                    "api/enum",
                    &at("resourceName"),
                    "storage",
                ),
                (
                    "# container",
                    &line("{resourceName: cpu, restartPolicy: Never}"),
                    "api/enum",
                    &at("restartPolicy"),
                    "Never",
                ),
                (
                    "# container",
                    &line(
                        "{resourceName: cpu, restartPolicy: NotRequired}, {resourceName: cpu, restartPolicy: RestartContainer}",
                    ),
                    "api/duplicate",
                    "spec.containers[0].resizePolicy[1].resourceName",
                    "cpu",
                ),
                (
                    "# init",
                    &line("{resourceName: cpu, restartPolicy: NotRequired}"),
                    "api/conflict",
                    "spec.initContainers[0].resizePolicy",
                    "resizePolicy",
                ),
            ],
        );
        let never = POD.replace("# pod", "restartPolicy: Never");
        let restart = line("{resourceName: cpu, restartPolicy: RestartContainer}");
        refused(
            &never,
            &[(
                "# container",
                &restart,
                "api/conflict",
                &at("restartPolicy"),
                "RestartContainer",
            )],
        );
        accepted(
            &never,
            &[(
                "# container",
                &line("{resourceName: memory, restartPolicy: NotRequired}"),
            )],
        );
        accepted_in(&[31, 32], &never, &[("# container", &restart)]);
        refused_in(
            33,
            &never,
            &[(
                "# container",
                &restart,
                "api/conflict",
                &at("restartPolicy"),
                "RestartContainer",
            )],
        );
    }
}
