//! Autoscalers (`k8s.io/kubernetes/pkg/apis/autoscaling/validation`).

use crate::api::Fact::{AtLeast, OneOf, Required, Spelled, Within};
use crate::api::fact::{text, wanting};
use crate::api::field::{items, number, present};
use crate::api::names::Spelling::PathSegment;
use crate::api::quantity::Quantity;
use crate::api::{Context, Definition, Fact, rules};
use crate::manifest::Fault;
use crate::yaml::Node;

/// The field of each type of metric.
const SOURCES: [(&str, &str); 5] = [
    ("Object", "object"),
    ("External", "external"),
    ("Pods", "pods"),
    ("Resource", "resource"),
    ("ContainerResource", "containerResource"),
];

const SPEC: &[(&str, Fact)] = &[("spec", Required)];

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "autoscaling.*.HorizontalPodAutoscaler",
        facts: SPEC,
        rules: &[],
    },
    Definition {
        name: "autoscaling.*.HorizontalPodAutoscalerSpec",
        facts: &[
            ("maxReplicas", AtLeast(1)),
            ("targetCPUUtilizationPercentage", AtLeast(1)),
        ],
        rules: &[replicas],
    },
    Definition {
        name: "autoscaling.*.CrossVersionObjectReference",
        facts: &[
            ("kind", Required),
            ("kind", Spelled(PathSegment)),
            ("name", Required),
            ("name", Spelled(PathSegment)),
        ],
        rules: &[],
    },
    Definition {
        name: "autoscaling.v2.MetricSpec",
        facts: &[
            ("type", Required),
            (
                "type",
                OneOf(&[
                    "Object",
                    "Pods",
                    "Resource",
                    "ContainerResource",
                    "External",
                ]),
            ),
        ],
        rules: &[source],
    },
    Definition {
        name: "autoscaling.v2.MetricTarget",
        facts: &[
            ("type", Required),
            ("type", OneOf(&["Utilization", "Value", "AverageValue"])),
            ("averageUtilization", AtLeast(1)),
        ],
        rules: &[above_zero],
    },
    Definition {
        name: "autoscaling.v2.MetricIdentifier",
        facts: &[("name", Required), ("name", Spelled(PathSegment))],
        rules: &[],
    },
    Definition {
        name: "autoscaling.v2.ObjectMetricSource",
        facts: &[],
        rules: &[value_or_average],
    },
    Definition {
        name: "autoscaling.v2.ExternalMetricSource",
        facts: &[],
        rules: &[value_or_average, not_value_and_average],
    },
    Definition {
        name: "autoscaling.v2.PodsMetricSource",
        facts: &[],
        rules: &[average],
    },
    Definition {
        name: "autoscaling.v2.ResourceMetricSource",
        facts: &[("name", Required)],
        rules: &[utilization_or_average],
    },
    Definition {
        name: "autoscaling.v2.ContainerResourceMetricSource",
        facts: &[("name", Required), ("container", Required)],
        rules: &[utilization_or_average],
    },
    Definition {
        name: "autoscaling.v2.HPAScalingRules",
        facts: &[
            ("stabilizationWindowSeconds", Within(0, 3600)),
            ("selectPolicy", OneOf(&["Max", "Min", "Disabled"])),
            ("tolerance", Fact::Quantity),
        ],
        rules: &[policies],
    },
    Definition {
        name: "autoscaling.v2.HPAScalingPolicy",
        facts: &[
            ("type", Required),
            ("type", OneOf(&["Pods", "Percent"])),
            ("value", AtLeast(1)),
            ("periodSeconds", Within(1, 1800)),
        ],
        rules: &[],
    },
];

/// The least and the greatest number of replicas. None at all may be the least where `HPAScaleToZero` is on: it is a
/// feature that must be turned on before 1.36.
fn replicas<'a>(context: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let least = number(spec, "minReplicas");
    let bound = i64::from(!context.since(36));
    if let (Some(node), Some(least)) = (
        spec.get("minReplicas"),
        least.filter(|least| *least < bound),
    ) {
        let message = format!("this must be at least {bound}, and is {least}");
        faults.push(Fault::new(&rules::RANGE, node, message));
    }
    let (least, most) = (least.unwrap_or(1), spec.get("maxReplicas"));
    if let Some(most) =
        most.filter(|most| most.as_int().is_some_and(|most| most >= 1 && most < least))
    {
        let message = format!("this must not be less than `minReplicas`, which is {least}");
        faults.push(Fault::new(&rules::RANGE, most, message));
    }
}

/// A metric has the one source that its type names.
fn source<'a>(_: &Context<'a>, metric: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some((kind, own)) = SOURCES
        .iter()
        .find(|(kind, _)| *kind == text(metric, "type"))
    else {
        return;
    };
    for (_, other) in SOURCES.iter().filter(|(_, field)| field != own) {
        if let Some((key, _)) = metric.entry(other).filter(|(_, value)| !value.is_null()) {
            let message = format!("`{other}` is not for `type: {kind}`");
            faults.push(
                Fault::new(&rules::ALTERNATIVES, key, message)
                    .help(format!("keep `{own}` only, or correct `type`")),
            );
        }
    }
    if present(metric, own).is_none() {
        let message = format!("a metric of `type: {kind}` needs `{own}`");
        faults.push(
            Fault::new(&rules::REQUIRED, metric, message)
                .below(*own)
                .help(format!("set `{own}`, or correct `type`")),
        );
    }
}

fn above_zero<'a>(_: &Context<'a>, target: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    for value in ["value", "averageValue"]
        .iter()
        .filter_map(|field| present(target, field))
    {
        match Quantity::of(value) {
            Some(quantity) if quantity.nanos() <= 0 => {
                faults.push(Fault::new(
                    &rules::QUANTITY,
                    value,
                    "this must be more than zero",
                ));
            }
            None => Fact::Quantity.of_value(value, faults),
            Some(_) => {}
        }
    }
}

/// Makes the fault of a source whose target names no value.
fn untargeted<'a>(source: Node<'a>, field: &'static str, message: &str) -> Option<Fault<'a>> {
    let target = present(source, "target")?;
    let fault = wanting(target, field, message);
    Some(fault.help(format!("set `{field}`, and `type` to what it is")))
}

fn has(source: Node<'_>, field: &str) -> bool {
    source
        .get("target")
        .is_some_and(|target| present(target, field).is_some())
}

fn value_or_average<'a>(_: &Context<'a>, source: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if !has(source, "value") && !has(source, "averageValue") {
        faults.extend(untargeted(
            source,
            "averageValue",
            "the target needs a `value` or an `averageValue`",
        ));
    }
}

fn not_value_and_average<'a>(_: &Context<'a>, source: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if has(source, "value") && has(source, "averageValue") {
        refuse_both(source, "value", "averageValue", faults);
    }
}

fn refuse_both<'a>(source: Node<'a>, field: &str, other: &str, faults: &mut Vec<Fault<'a>>) {
    let entry = source.get("target").and_then(|target| target.entry(field));
    faults.extend(entry.map(|(key, _)| {
        let message = format!("`{field}` cannot stand beside `{other}`");
        Fault::new(&rules::ALTERNATIVES, key, message).help("keep only one of the two")
    }));
}

/// Pods' metrics are averages.
fn average<'a>(_: &Context<'a>, source: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if !has(source, "averageValue") {
        faults.extend(untargeted(
            source,
            "averageValue",
            "the target of a pods' metric needs an `averageValue`",
        ));
    }
}

fn utilization_or_average<'a>(_: &Context<'a>, source: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    match (
        has(source, "averageUtilization"),
        has(source, "averageValue"),
    ) {
        (false, false) => {
            let message = "the target needs an `averageUtilization` or an `averageValue`";
            faults.extend(untargeted(source, "averageUtilization", message));
        }
        (true, true) => refuse_both(source, "averageValue", "averageUtilization", faults),
        _ => {}
    }
}

/// Policies that are left out are the server's; an empty list is none.
fn policies<'a>(_: &Context<'a>, scaling: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(list) = present(scaling, "policies")
        && items(scaling, "policies").next().is_none()
    {
        let message = "an empty list of policies allows nothing";
        faults.push(
            Fault::new(&rules::REQUIRED, list, message)
                .help("list a policy, or remove `policies` for the default ones"),
        );
    }
}

#[cfg(test)]
#[allow(clippy::too_many_lines, reason = "cases are lines of a table")]
mod tests {
    use crate::api::testing::{accepted, accepted_in, faults, refused, refused_in};

    const AUTOSCALER: &str = "
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: web
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 2
  maxReplicas: 10
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}]
";
    const METRIC: &str = "[{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}]";

    #[test]
    fn bounds_and_target() {
        refused(
            AUTOSCALER,
            &[
                (
                    "minReplicas: 2",
                    "minReplicas: 0",
                    "api/range",
                    "spec.minReplicas",
                    "0",
                ),
                (
                    "minReplicas: 2",
                    "minReplicas: 11",
                    "api/range",
                    "spec.maxReplicas",
                    "10",
                ),
                (
                    "maxReplicas: 10",
                    "maxReplicas: 0",
                    "api/range",
                    "spec.maxReplicas",
                    "0",
                ),
                (
                    "maxReplicas: 10",
                    "maxReplicas: -1",
                    "api/range",
                    "spec.maxReplicas",
                    "-1",
                ),
                (
                    "name: web}",
                    "name: ''}",
                    "api/required",
                    "spec.scaleTargetRef.name",
                    "''",
                ),
                (
                    "name: web}",
                    "name: a/b}",
                    "api/name",
                    "spec.scaleTargetRef.name",
                    "a/b",
                ),
                (
                    "kind: Deployment",
                    "kind: ''",
                    "api/required",
                    "spec.scaleTargetRef.kind",
                    "''",
                ),
            ],
        );
        accepted(
            AUTOSCALER,
            &[
                ("  minReplicas: 2\n", ""),
                ("minReplicas: 2", "minReplicas: 10"),
                ("minReplicas: 2\n  maxReplicas: 10", "maxReplicas: 1"),
                ("apiVersion: apps/v1, ", ""),
                (METRIC, "null"),
                (METRIC, "[]"),
            ],
        );
        // A feature gate decides.
        accepted_in(
            &[36, 37],
            AUTOSCALER,
            &[("minReplicas: 2", "minReplicas: 0")],
        );
        refused_in(
            36,
            AUTOSCALER,
            &[(
                "minReplicas: 2",
                "minReplicas: -1",
                "api/range",
                "spec.minReplicas",
                "-1",
            )],
        );
        let bare =
            "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: a}}";
        assert_eq!(
            faults(bare),
            [("api/required", "spec".to_owned(), bare.to_owned())]
        );
    }

    #[test]
    fn metrics_have_the_source_of_their_type() {
        let cpu = "resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}";
        let pods = "pods: {metric: {name: a}, target: {type: AverageValue, averageValue: 1}}";
        let field = |field: &str| format!("spec.metrics[0].{field}");
        refused(
            AUTOSCALER,
            &[
                (
                    METRIC,
                    &format!("[{{type: CPU, {cpu}}}]"),
                    "api/enum",
                    &field("type"),
                    "CPU",
                ),
                (
                    METRIC,
                    "[{type: Resource}]",
                    "api/required",
                    &field("resource"),
                    "{type: Resource}",
                ),
                (
                    METRIC,
                    &format!("[{{type: Resource, {cpu}, {pods}}}]"),
                    "api/alternatives",
                    &field("pods"),
                    "pods",
                ),
            ],
        );
        let two = AUTOSCALER.replace(METRIC, &format!("[{{type: Pods, {cpu}}}]"));
        let seen: Vec<String> = faults(&two).into_iter().map(|fault| fault.1).collect();
        assert_eq!(seen, [field("pods"), field("resource")]);
        let object = "{type: Object, object: {describedObject: {kind: Service, name: a}, metric: {name: b}, target: {type: Value, value: 10k}}}";
        accepted(
            AUTOSCALER,
            &[
                (METRIC, &format!("[{{type: Pods, {pods}}}]")),
                (METRIC, &format!("[{object}]")),
            ],
        );
    }

    #[test]
    fn targets_of_metrics() {
        let resource = |target: &str| {
            format!("[{{type: Resource, resource: {{name: cpu, target: {{{target}}}}}}}]")
        };
        let external = |target: &str| {
            format!("[{{type: External, external: {{metric: {{name: q}}, target: {{{target}}}}}}}]")
        };
        let pods = |target: &str| {
            format!("[{{type: Pods, pods: {{metric: {{name: q}}, target: {{{target}}}}}}}]")
        };
        let field = |source: &str, field: &str| format!("spec.metrics[0].{source}.target.{field}");
        let (utilization, average) = (
            field("resource", "averageUtilization"),
            field("resource", "averageValue"),
        );
        refused(
            AUTOSCALER,
            &[
                (
                    METRIC,
                    &resource("type: Utilization"),
                    "api/required",
                    &utilization,
                    "{type: Utilization}",
                ),
                (
                    METRIC,
                    &resource("type: Utilization, averageUtilization: 0"),
                    "api/range",
                    &utilization,
                    "0",
                ),
                (
                    METRIC,
                    &resource("type: AverageValue, averageValue: 0"),
                    "api/quantity",
                    &average,
                    "0",
                ),
                (
                    METRIC,
                    &resource("type: AverageValue, averageValue: -1m"),
                    "api/quantity",
                    &average,
                    "-1m",
                ),
                (
                    METRIC,
                    &resource("type: AverageValue, averageValue: some"),
                    "api/quantity",
                    &average,
                    "some",
                ),
                (
                    METRIC,
                    &resource("type: AverageValue, averageValue: 1, averageUtilization: 1"),
                    "api/alternatives",
                    &average,
                    "averageValue",
                ),
                (
                    METRIC,
                    &resource("type: Average, averageUtilization: 1"),
                    "api/enum",
                    &field("resource", "type"),
                    "Average",
                ),
                (
                    METRIC,
                    &external("type: Value"),
                    "api/required",
                    &field("external", "averageValue"),
                    "{type: Value}",
                ),
                (
                    METRIC,
                    &external("type: Value, value: 1, averageValue: 1"),
                    "api/alternatives",
                    &field("external", "value"),
                    "value",
                ),
                (
                    METRIC,
                    &pods("type: Value, value: 1"),
                    "api/required",
                    &field("pods", "averageValue"),
                    "{type: Value, value: 1}",
                ),
                (
                    METRIC,
                    "[{type: ContainerResource, containerResource: {container: '', name: cpu, target: {type: Utilization, averageUtilization: 1}}}]",
                    "api/required",
                    "spec.metrics[0].containerResource.container",
                    "''",
                ),
                (
                    METRIC,
                    "[{type: External, external: {metric: {name: a/b}, target: {type: Value, value: 1}}}]",
                    "api/name",
                    "spec.metrics[0].external.metric.name",
                    "a/b",
                ),
            ],
        );
        accepted(
            AUTOSCALER,
            &[
                (METRIC, &resource("type: AverageValue, averageValue: 500m")),
                (
                    METRIC,
                    &resource("type: Utilization, averageUtilization: 300"),
                ),
                (METRIC, &external("type: AverageValue, averageValue: '30'")),
                (METRIC, &pods("type: AverageValue, averageValue: 1k")),
            ],
        );
    }

    #[test]
    fn behaviour() {
        let (base, down) = (
            format!("{AUTOSCALER}  behavior: {{scaleDown: {{}}}}\n"),
            "scaleDown: {}",
        );
        let policy = |policy: &str| format!("scaleDown: {{policies: [{{{policy}}}]}}");
        let field = |field: &str| format!("spec.behavior.scaleDown.{field}");
        refused(
            &base,
            &[
                (
                    down,
                    "scaleDown: {stabilizationWindowSeconds: 3601}",
                    "api/range",
                    &field("stabilizationWindowSeconds"),
                    "3601",
                ),
                (
                    down,
                    "scaleDown: {stabilizationWindowSeconds: -1}",
                    "api/range",
                    &field("stabilizationWindowSeconds"),
                    "-1",
                ),
                (
                    down,
                    "scaleDown: {selectPolicy: None}",
                    "api/enum",
                    &field("selectPolicy"),
                    "None",
                ),
                (
                    down,
                    "scaleDown: {policies: []}",
                    "api/required",
                    &field("policies"),
                    "[]",
                ),
                (
                    down,
                    &policy("type: Pod, value: 1, periodSeconds: 1"),
                    "api/enum",
                    &field("policies[0].type"),
                    "Pod",
                ),
                (
                    down,
                    &policy("type: Pods, value: 0, periodSeconds: 1"),
                    "api/range",
                    &field("policies[0].value"),
                    "0",
                ),
                (
                    down,
                    &policy("type: Pods, value: 1, periodSeconds: 1801"),
                    "api/range",
                    &field("policies[0].periodSeconds"),
                    "1801",
                ),
                (
                    down,
                    &policy("type: Pods, value: 1, periodSeconds: 0"),
                    "api/range",
                    &field("policies[0].periodSeconds"),
                    "0",
                ),
            ],
        );
        accepted(
            &base,
            &[
                (
                    down,
                    "scaleDown: {stabilizationWindowSeconds: 0, selectPolicy: Disabled}",
                ),
                (down, "scaleDown: null"),
                (down, "scaleUp: {stabilizationWindowSeconds: 3600}"),
                (
                    down,
                    &policy("type: Percent, value: 1000, periodSeconds: 1800"),
                ),
            ],
        );
        accepted_in(&[33, 37], &base, &[(down, "scaleDown: {tolerance: 50m}")]);
    }

    #[test]
    fn the_first_version() {
        let base = "
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {kind: Deployment, name: web}
  maxReplicas: 10
  targetCPUUtilizationPercentage: 80
";
        let percentage = "targetCPUUtilizationPercentage: 80";
        refused(
            base,
            &[
                (
                    percentage,
                    "targetCPUUtilizationPercentage: 0",
                    "api/range",
                    "spec.targetCPUUtilizationPercentage",
                    "0",
                ),
                (
                    "maxReplicas: 10",
                    "maxReplicas: 0",
                    "api/range",
                    "spec.maxReplicas",
                    "0",
                ),
                (
                    percentage,
                    "minReplicas: 20",
                    "api/range",
                    "spec.maxReplicas",
                    "10",
                ),
            ],
        );
    }
}
