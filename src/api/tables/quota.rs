//! Quotas and ranges of resources (`ValidateResourceQuota`, `ValidateLimitRange`).

use std::collections::HashSet;

use super::pod::meant;
use crate::api::Fact::{OneOf, Required};
use crate::api::fact::{given, is_empty, misspelt, text, wanting, written_quantity};
use crate::api::names::Spelling::QualifiedName;
use crate::api::quantity::Quantity;
use crate::api::{Context, Definition, rules};
use crate::manifest::Fault;
use crate::yaml::Node;

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "core.v1.ResourceQuotaSpec",
        facts: &[],
        rules: &[hard, scopes, selected_scopes],
    },
    Definition {
        name: "core.v1.ScopedResourceSelectorRequirement",
        facts: &[
            ("scopeName", Required),
            ("scopeName", OneOf(SCOPES)),
            ("operator", Required),
            (
                "operator",
                OneOf(&["In", "NotIn", "Exists", "DoesNotExist"]),
            ),
        ],
        rules: &[scope_values],
    },
    Definition {
        name: "core.v1.LimitRangeSpec",
        facts: &[],
        rules: &[one_of_each_type],
    },
    Definition {
        name: "core.v1.LimitRangeItem",
        facts: &[("type", Required)],
        rules: &[limit_type, limits],
    },
];

const SCOPES: &[&str] = &[
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
];

/// What pods use, and may be counted together with scopes of pods.
const OF_PODS: &[&str] = &[
    "pods",
    "cpu",
    "memory",
    "requests.cpu",
    "requests.memory",
    "limits.cpu",
    "limits.memory",
];
/// The other things that pods use.
const ALSO_OF_PODS: &[&str] = &[
    "ephemeral-storage",
    "requests.ephemeral-storage",
    "limits.ephemeral-storage",
];
/// What is counted one by one.
const COUNTED: &[&str] = &[
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];
/// What needs no domain in a quota beyond the above.
const MORE_OF_QUOTAS: &[&str] = &["requests.storage"];
/// What needs no domain in a range of resources, and not in a quota.
const MORE_OF_RANGES: &[&str] = &["storage"];

fn is_huge_pages(name: &str) -> bool {
    name.starts_with("hugepages-") || name.starts_with("requests.hugepages-")
}

const OF_QUOTAS: [&[&str]; 4] = [OF_PODS, ALSO_OF_PODS, COUNTED, MORE_OF_QUOTAS];

fn is_of_quotas(name: &str) -> bool {
    is_huge_pages(name) || OF_QUOTAS.iter().any(|list| list.contains(&name))
}

fn hard<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    for (key, value) in spec.get("hard").into_iter().flat_map(Node::entries) {
        let name = key.as_str().unwrap_or_default();
        if let Some(fault) = misspelt(QualifiedName, name, key, "this") {
            faults.push(fault);
        } else if !name.contains('/') && !is_of_quotas(name) {
            let near = meant(name, OF_QUOTAS.iter().copied().flatten().copied());
            let message = format!("this is nothing that a quota can limit{near}");
            let help = "write `requests.cpu`, `limits.memory`, `pods` or the like, or `count/deployments.apps` for other objects";
            faults.push(Fault::new(&rules::ENUM, key, message).help(help));
        }
        let Some(number) = written_quantity(value, faults) else {
            continue;
        };
        let is_counted = COUNTED.contains(&name)
            || name.contains('/')
                && !name.contains("kubernetes.io/")
                && !name.starts_with("requests.");
        if number.nanos() < 0 {
            faults.push(Fault::new(
                &rules::QUANTITY,
                value,
                "this must not be below zero",
            ));
        } else if is_counted && number.whole().is_none() {
            faults.push(Fault::new(
                &rules::QUANTITY,
                value,
                "this must be a whole number",
            ));
        }
    }
}

fn scopes<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(list) = spec.get("scopes") else {
        return;
    };
    let all: Vec<Node<'a>> = list.items().collect();
    for scope in &all {
        OneOf(SCOPES).of_value(*scope, faults);
        applies(spec, *scope, faults);
    }
    exclusive(&all, faults);
}

fn selected_scopes<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let requirements = spec
        .path(&["scopeSelector", "matchExpressions"])
        .into_iter()
        .flat_map(Node::items);
    let all: Vec<Node<'a>> = requirements
        .filter_map(|requirement| requirement.get("scopeName"))
        .collect();
    for scope in &all {
        applies(spec, *scope, faults);
    }
    exclusive(&all, faults);
}

/// A scope of pods limits what pods use, and that of pods without requests only their number.
fn applies<'a>(spec: Node<'a>, scope: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let scope_name = scope.as_str().unwrap_or_default();
    let names = spec
        .get("hard")
        .into_iter()
        .flat_map(Node::entries)
        .filter_map(|(key, _)| key.as_str());
    let mut others = names.filter(|name| match scope_name {
        "BestEffort" => *name != "pods" && OF_PODS.contains(name),
        "Terminating"
        | "NotTerminating"
        | "NotBestEffort"
        | "PriorityClass"
        | "CrossNamespacePodAffinity" => {
            *name != "pods" && (COUNTED.contains(name) || MORE_OF_QUOTAS.contains(name))
        }
        _ => false,
    });
    if let Some(other) = others.next() {
        let message = format!("the scope `{scope_name}` does not apply to `{other}`");
        faults.push(
            Fault::new(&rules::CONFLICT, scope, message)
                .help("write another ResourceQuota for it, without the scope"),
        );
    }
}

fn exclusive<'a>(scopes: &[Node<'a>], faults: &mut Vec<Fault<'a>>) {
    let find = |name: &str| scopes.iter().find(|scope| scope.as_str() == Some(name));
    for (one, other) in [
        ("BestEffort", "NotBestEffort"),
        ("Terminating", "NotTerminating"),
    ] {
        if let (Some(_), Some(node)) = (find(one), find(other)) {
            let message = format!("`{other}` cannot stand beside `{one}`");
            faults.push(Fault::new(&rules::CONFLICT, *node, message).help("keep one of them"));
        }
    }
}

fn scope_values<'a>(_: &Context<'a>, requirement: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let (scope, values) = (text(requirement, "scopeName"), requirement.get("values"));
    let Some(operator) = given(requirement, "operator") else {
        return;
    };
    let only_exists = matches!(
        scope,
        "BestEffort"
            | "NotBestEffort"
            | "Terminating"
            | "NotTerminating"
            | "CrossNamespacePodAffinity"
    );
    match operator.as_str() {
        Some(word @ ("In" | "NotIn" | "DoesNotExist")) if only_exists => faults.push(
            Fault::new(
                &rules::CONFLICT,
                operator,
                format!("the scope `{scope}` takes `Exists` only, not `{word}`"),
            )
            .help("write `operator: Exists`, without values"),
        ),
        Some(word @ ("In" | "NotIn")) if values.is_none_or(is_empty) => faults.push(
            wanting(requirement, "values", format!("`{word}` needs values"))
                .help("list at least one value"),
        ),
        Some(word @ ("Exists" | "DoesNotExist")) if !values.is_none_or(is_empty) => faults.push(
            Fault::new(
                &rules::CONFLICT,
                values.unwrap_or(requirement),
                format!("`{word}` takes no values"),
            )
            .help("remove `values`"),
        ),
        _ => {}
    }
}

fn one_of_each_type<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let mut types = HashSet::new();
    let items = spec.get("limits").into_iter().flat_map(Node::items);
    for kind in items.filter_map(|item| given(item, "type")) {
        if !types.insert(kind.as_str()) {
            let message = "another item of this LimitRange has the same type";
            faults.push(Fault::new(&rules::DUPLICATE, kind, message).help("write the two as one"));
        }
    }
}

fn limit_type<'a>(_: &Context<'a>, item: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(kind) = given(item, "type") else {
        return;
    };
    let name = kind.as_str().unwrap_or_default();
    if !name.contains('/') {
        OneOf(&["Pod", "Container", "PersistentVolumeClaim"]).of_value(kind, faults);
    } else if let Some(fault) = misspelt(QualifiedName, name, kind, "this") {
        faults.push(fault);
    }
    if name == "Pod" {
        for field in ["default", "defaultRequest"] {
            if let Some(value) = given(item, field) {
                let message = format!("`{field}` is for containers, not for pods");
                faults.push(
                    Fault::new(&rules::CONFLICT, value, message)
                        .help("move it to the item of type `Container`"),
                );
            }
        }
    }
    if name == "PersistentVolumeClaim" {
        let has = |field: &str| {
            item.get(field)
                .is_some_and(|map| map.get("storage").is_some())
        };
        if !has("min") && !has("max") {
            let message = "limits of claims need `storage` in `min` or `max`";
            faults.push(
                Fault::new(&rules::REQUIRED, item, message)
                    .help("set `max.storage` or `min.storage`"),
            );
        }
    }
}

/// The maps of an item that hold quantities.
const MAPS: [&str; 5] = [
    "max",
    "min",
    "default",
    "defaultRequest",
    "maxLimitRequestRatio",
];

fn limits<'a>(_: &Context<'a>, item: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let of_containers = matches!(text(item, "type"), "Container" | "Pod");
    for (key, value) in MAPS
        .iter()
        .filter_map(|map| item.get(map))
        .flat_map(Node::entries)
    {
        limit_name(key, of_containers, faults);
        written_quantity(value, faults);
    }
    let keys: HashSet<&str> = MAPS
        .iter()
        .filter_map(|map| item.get(map))
        .flat_map(Node::entries)
        .filter_map(|(key, _)| key.as_str())
        .collect();
    let mut keys: Vec<&str> = keys.into_iter().collect();
    keys.sort_unstable();
    for key in keys {
        bounds(item, key, faults);
    }
}

fn limit_name<'a>(key: Node<'a>, of_containers: bool, faults: &mut Vec<Fault<'a>>) {
    let name = key.as_str().unwrap_or_default();
    if let Some(fault) = misspelt(QualifiedName, name, key, "this") {
        faults.push(fault);
        return;
    }
    let known = if of_containers {
        matches!(name, "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-")
    } else {
        is_of_quotas(name) || MORE_OF_RANGES.contains(&name)
    };
    if !name.contains('/') && !known {
        let resources = ["cpu", "memory", "ephemeral-storage", "storage"];
        let near = meant(name, resources.into_iter());
        let message = format!("this is no resource that can be limited here{near}");
        faults.push(
            Fault::new(&rules::ENUM, key, message)
                .help("write `cpu`, `memory`, `ephemeral-storage`, or `storage` for claims"),
        );
    }
}

/// The number 1 in billionths.
const ONE: i128 = 1_000_000_000;

/// The least is not more than the default, and that not more than the most.
fn bounds<'a>(item: Node<'a>, key: &str, faults: &mut Vec<Fault<'a>>) {
    let find = |map: &str| {
        let node = item.get(map)?.get(key)?;
        Some((node, Quantity::of(node)?.nanos()))
    };
    let (least, most) = (find("min"), find("max"));
    let (default, request, ratio) = (
        find("default"),
        find("defaultRequest"),
        find("maxLimitRequestRatio"),
    );
    let mut ordered = |low: Option<(Node<'a>, i128)>,
                       high: Option<(Node<'a>, i128)>,
                       at_low: bool,
                       words: &str| {
        if let (Some((low_node, low)), Some((high_node, high))) = (low, high)
            && low > high
        {
            let node = if at_low { low_node } else { high_node };
            faults.push(
                Fault::new(&rules::RANGE, node, format!("{words} of `{key}`"))
                    .help("correct one of the two"),
            );
        }
    };
    ordered(least, most, true, "`min` is more than `max`");
    ordered(least, request, false, "`defaultRequest` is less than `min`");
    ordered(request, most, true, "`defaultRequest` is more than `max`");
    ordered(
        request,
        default,
        true,
        "`defaultRequest` is more than `default`",
    );
    ordered(least, default, false, "`default` is less than `min`");
    ordered(default, most, true, "`default` is more than `max`");
    let Some((node, ratio)) = ratio else { return };
    if ratio < ONE {
        faults.push(Fault::new(
            &rules::RANGE,
            node,
            "the ratio of limit to request must be at least 1",
        ));
    }
    if let (Some((_, least)), Some((_, most))) = (least, most)
        && least > 0
        && ratio.saturating_mul(least) > most.saturating_mul(ONE)
    {
        let message = format!("the ratio is more than `max` divided by `min` of `{key}`");
        faults.push(
            Fault::new(&rules::RANGE, node, message).help("lower it, or correct `min` and `max`"),
        );
    }
}

#[cfg(test)]
#[allow(clippy::too_many_lines, reason = "cases are lines of a table")]
mod tests {
    use crate::api::testing::{accepted, refused};

    const QUOTA: &str = "
apiVersion: v1
kind: ResourceQuota
metadata: {name: quota}
spec:
  hard: {requests.cpu: '4', pods: '10'}
  scopes: [NotBestEffort]
";
    const RANGE: &str = "
apiVersion: v1
kind: LimitRange
metadata: {name: limits}
spec:
  limits:
    - type: Container
      min: {cpu: 100m}
      max: {cpu: '2'}
      default: {cpu: '1'}
      defaultRequest: {cpu: 200m}
      maxLimitRequestRatio: {cpu: 10}
";

    #[test]
    fn quotas_are_checked() {
        let scopes = "scopes: [NotBestEffort]";
        let selector = |text: &str| format!("scopeSelector: {{matchExpressions: [{text}]}}");
        let class = "{scopeName: PriorityClass, operator: In, values: [high]}";
        let at = "spec.scopeSelector.matchExpressions[0]";
        refused(
            QUOTA,
            &[
                (
                    "pods: '10'",
                    "pods: '1.5'",
                    "api/quantity",
                    "spec.hard[pods]",
                    "'1.5'",
                ),
                (
                    "pods: '10'",
                    "pods: '-1'",
                    "api/quantity",
                    "spec.hard[pods]",
                    "'-1'",
                ),
                (
                    "pods: '10'",
                    "pods: many",
                    "api/quantity",
                    "spec.hard[pods]",
                    "many",
                ),
                (
                    "pods: '10'",
                    "deployments: '1'",
                    "api/enum",
                    "spec.hard[deployments]",
                    "deployments",
                ),
                (
                    "pods: '10'",
                    "count/a/b: '1'",
                    "api/name",
                    "spec.hard[count/a/b]",
                    "count/a/b",
                ),
                (
                    "pods: '10'",
                    "services: '1'",
                    "api/conflict",
                    "spec.scopes[0]",
                    "NotBestEffort",
                ),
                (
                    scopes,
                    "scopes: [BestEfort]",
                    "api/enum",
                    "spec.scopes[0]",
                    "BestEfort",
                ),
                (
                    scopes,
                    "scopes: [BestEffort]",
                    "api/conflict",
                    "spec.scopes[0]",
                    "BestEffort",
                ),
                (
                    scopes,
                    "scopes: [Terminating, NotTerminating]",
                    "api/conflict",
                    "spec.scopes[1]",
                    "NotTerminating",
                ),
                (
                    scopes,
                    &selector(&class.replace("In", "Within")),
                    "api/enum",
                    &format!("{at}.operator"),
                    "Within",
                ),
                (
                    scopes,
                    &selector(&class.replace("[high]", "[]")),
                    "api/required",
                    &format!("{at}.values"),
                    "[]",
                ),
                (
                    scopes,
                    &selector(&class.replace("In", "Exists")),
                    "api/conflict",
                    &format!("{at}.values"),
                    "[high]",
                ),
                (
                    scopes,
                    &selector(&class.replace("PriorityClass", "Terminating")),
                    "api/conflict",
                    &format!("{at}.operator"),
                    "In",
                ),
            ],
        );
        accepted(
            QUOTA,
            &[
                (scopes, &selector(class)),
                ("pods: '10'", "count/deployments.apps: '1'"),
                ("pods: '10'", "requests.nvidia.com/gpu: '1'"),
                (
                    "pods: '10'",
                    "gold.storageclass.storage.k8s.io/requests.storage: 1Gi",
                ),
                ("pods: '10'", "hugepages-2Mi: 1Gi"),
                (scopes, ""),
                ("requests.cpu: '4', pods: '10'", ""),
            ],
        );
    }

    #[test]
    fn ranges_are_checked() {
        let item = "spec.limits[0]";
        let at = |end: &str| format!("{item}.{end}");
        refused(
            RANGE,
            &[
                (
                    "type: Container",
                    "type: container",
                    "api/enum",
                    &at("type"),
                    "container",
                ),
                (
                    "default: {cpu: '1'}",
                    "default: {cpu: '3'}",
                    "api/range",
                    &at("default[cpu]"),
                    "'3'",
                ),
                (
                    "{cpu: 200m}",
                    "{cpu: 50m}",
                    "api/range",
                    &at("defaultRequest[cpu]"),
                    "50m",
                ),
                (
                    "{cpu: 200m}",
                    "{cpu: 1500m}",
                    "api/range",
                    &at("defaultRequest[cpu]"),
                    "1500m",
                ),
                (
                    "{cpu: 10}",
                    "{cpu: 30}",
                    "api/range",
                    &at("maxLimitRequestRatio[cpu]"),
                    "30",
                ),
                (
                    "{cpu: 10}",
                    "{cpu: 0.5}",
                    "api/range",
                    &at("maxLimitRequestRatio[cpu]"),
                    "0.5",
                ),
                (
                    "{cpu: 10}",
                    "{storage: 10}",
                    "api/enum",
                    &at("maxLimitRequestRatio[storage]"),
                    "storage",
                ),
                (
                    "min: {cpu: 100m}",
                    "min: {cpu: 100 m}",
                    "api/quantity",
                    &at("min[cpu]"),
                    "100 m",
                ),
            ],
        );
        accepted(
            RANGE,
            &[
                ("{cpu: 10}", "{cpu: 20}"),
                ("type: Container", "type: example.com/own"),
                ("min: {cpu: 100m}", "min: {memory: 1Mi}"),
            ],
        );
        let claims = "apiVersion: v1\nkind: LimitRange\nmetadata: {name: a}\nspec: {limits: [{type: PersistentVolumeClaim, max: {storage: 1Gi}}]}\n";
        refused(
            claims,
            &[
                (
                    "max: {storage: 1Gi}",
                    "max: {}",
                    "api/required",
                    item,
                    "{type: PersistentVolumeClaim, max: {}}",
                ),
                (
                    "type: PersistentVolumeClaim, max: {storage: 1Gi}",
                    "type: Pod, default: {cpu: 1}",
                    "api/conflict",
                    &at("default"),
                    "{cpu: 1}",
                ),
                (
                    "[{type: P",
                    "[{type: PersistentVolumeClaim, min: {storage: 1}}, {type: P",
                    "api/duplicate",
                    "spec.limits[1].type",
                    "PersistentVolumeClaim",
                ),
            ],
        );
        accepted(
            claims,
            &[(
                "{limits: [{type: PersistentVolumeClaim, max: {storage: 1Gi}}]}",
                "{}",
            )],
        );
    }
}
