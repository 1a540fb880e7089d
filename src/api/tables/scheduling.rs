//! Where pods may run: tolerations, affinities, and how they are spread (`ValidateTolerations`, `validateAffinity`,
//! `validateTopologySpreadConstraints`).

use std::collections::HashSet;

use super::pod::forbidden;
use crate::api::Fact::{AtLeast, OneOf, Required, Spelled, Within};
use crate::api::fact::{given, is_empty, spelled, text};
use crate::api::names::Spelling::{Label, LabelValue, QualifiedName, Subdomain};
use crate::api::{Context, Definition, rules};
use crate::manifest::Fault;
use crate::yaml::Node;

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "core.v1.PodSpec",
        facts: &[],
        rules: &[spread_once],
    },
    Definition {
        name: "core.v1.Toleration",
        facts: &[
            ("key", Spelled(QualifiedName)),
            (
                "effect",
                OneOf(&["NoSchedule", "PreferNoSchedule", "NoExecute"]),
            ),
        ],
        rules: &[toleration_operator, toleration_value, toleration_seconds],
    },
    Definition {
        name: "core.v1.NodeSelector",
        facts: &[("nodeSelectorTerms", Required)],
        rules: &[],
    },
    Definition {
        name: "core.v1.NodeSelectorTerm",
        facts: &[],
        rules: &[match_expressions, match_fields],
    },
    Definition {
        name: "core.v1.PreferredSchedulingTerm",
        facts: &[("weight", Within(1, 100))],
        rules: &[],
    },
    Definition {
        name: "core.v1.WeightedPodAffinityTerm",
        facts: &[("weight", Within(1, 100))],
        rules: &[],
    },
    Definition {
        name: "core.v1.PodAffinityTerm",
        facts: &[
            ("topologyKey", Required),
            ("topologyKey", Spelled(QualifiedName)),
            ("namespaces", Spelled(Label)),
            ("matchLabelKeys", Spelled(QualifiedName)),
            ("mismatchLabelKeys", Spelled(QualifiedName)),
        ],
        rules: &[affinity_keys],
    },
    Definition {
        name: "core.v1.TopologySpreadConstraint",
        facts: &[
            ("maxSkew", AtLeast(1)),
            ("topologyKey", Required),
            ("whenUnsatisfiable", Required),
            (
                "whenUnsatisfiable",
                OneOf(&["DoNotSchedule", "ScheduleAnyway"]),
            ),
            ("minDomains", AtLeast(1)),
            ("nodeAffinityPolicy", OneOf(&["Honor", "Ignore"])),
            ("nodeTaintsPolicy", OneOf(&["Honor", "Ignore"])),
            ("matchLabelKeys", Spelled(QualifiedName)),
        ],
        rules: &[minimum_of_domains, spread_keys],
    },
];

/// Makes a fault at a toleration's operator, or where it would stand.
fn at_operator<'a>(
    rule: &'static crate::finding::Rule,
    toleration: Node<'a>,
    message: &str,
) -> Fault<'a> {
    match toleration.get("operator") {
        Some(operator) => Fault::new(rule, operator, message),
        None => Fault::new(rule, toleration, message).below("operator"),
    }
}

fn toleration_operator<'a>(
    context: &Context<'a>,
    toleration: Node<'a>,
    faults: &mut Vec<Fault<'a>>,
) {
    let operator = text(toleration, "operator");
    if given(toleration, "key").is_none() && operator != "Exists" {
        let message = "a toleration without a key must have `operator: Exists`";
        faults.push(
            at_operator(&rules::CONFLICT, toleration, message)
                .help("set `key`, or set `operator: Exists` to tolerate every taint"),
        );
    }
    if let Some(value) = toleration.get("operator") {
        // The comparisons came with 1.35.
        let known: &'static [&'static str] = if context.since(35) {
            &["Exists", "Equal", "Lt", "Gt"]
        } else {
            &["Exists", "Equal"]
        };
        OneOf(known).of_value(value, faults);
    }
}

fn toleration_value<'a>(_: &Context<'a>, toleration: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(value) = given(toleration, "value").and_then(Node::as_str) else {
        return;
    };
    match text(toleration, "operator") {
        "Exists" => faults.push(
            at_operator(
                &rules::CONFLICT,
                toleration,
                "`operator: Exists` takes no `value`",
            )
            .help("remove `value`, or set `operator: Equal`"),
        ),
        "Equal" | "" => {
            if let Some(words) = LabelValue.fault(value) {
                let message = format!("the `value` must be {words}");
                faults.push(at_operator(&rules::NAME, toleration, &message));
            }
        }
        _ => {}
    }
}

fn toleration_seconds<'a>(_: &Context<'a>, toleration: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if toleration
        .get("tolerationSeconds")
        .is_some_and(|seconds| !seconds.is_null())
        && text(toleration, "effect") != "NoExecute"
    {
        let message = "`tolerationSeconds` needs `effect: NoExecute`";
        let fault = match toleration.get("effect") {
            Some(effect) => Fault::new(&rules::CONFLICT, effect, message),
            None => Fault::new(&rules::CONFLICT, toleration, message).below("effect"),
        };
        faults.push(fault.help("set `effect: NoExecute`, or remove `tolerationSeconds`"));
    }
}

fn match_expressions<'a>(_: &Context<'a>, term: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    for requirement in term
        .get("matchExpressions")
        .into_iter()
        .flat_map(Node::items)
    {
        match requirement.get("key").filter(|key| !is_empty(*key)) {
            Some(key) => spelled(QualifiedName, key, faults),
            None => key_is_missing(requirement, faults),
        }
        OneOf(&["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]).check(
            "operator",
            requirement,
            faults,
        );
        let values = requirement.get("values");
        let count = values.map_or(0, |values| values.items().len());
        let (fits, words) = match text(requirement, "operator") {
            "In" | "NotIn" => (count > 0, "needs at least one value"),
            "Exists" | "DoesNotExist" => (count == 0, "takes no values"),
            "Gt" | "Lt" => (count == 1, "needs exactly one value"),
            _ => continue,
        };
        if !fits {
            faults.push(wrong_values(requirement, words));
        }
    }
}

/// The only field of a node that can be selected by is its name.
fn match_fields<'a>(_: &Context<'a>, term: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    for requirement in term.get("matchFields").into_iter().flat_map(Node::items) {
        match requirement.get("key").filter(|key| !is_empty(*key)) {
            Some(_) => OneOf(&["metadata.name"]).check("key", requirement, faults),
            None => key_is_missing(requirement, faults),
        }
        OneOf(&["In", "NotIn"]).check("operator", requirement, faults);
        let values = requirement.get("values");
        if values.map_or(0, |values| values.items().len()) != 1 {
            if matches!(text(requirement, "operator"), "In" | "NotIn") {
                faults.push(wrong_values(
                    requirement,
                    "of `matchFields` needs exactly one value",
                ));
            }
        } else if text(requirement, "key") == "metadata.name" {
            Spelled(Subdomain).check("values", requirement, faults);
        }
    }
}

/// What the schema does not say: that a key is there but empty.
fn key_is_missing<'a>(requirement: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(key) = requirement.get("key") {
        let message = "`key` must not be empty";
        faults.push(Fault::new(&rules::REQUIRED, key, message).help("set `key`"));
    }
}

fn wrong_values<'a>(requirement: Node<'a>, words: &str) -> Fault<'a> {
    let message = format!("`{}` {words}", text(requirement, "operator"));
    match requirement.entry("values") {
        Some((key, values)) if !is_empty(values) => {
            Fault::new(&rules::CONFLICT, key, message).help("correct `values` or `operator`")
        }
        Some((_, values)) => {
            Fault::new(&rules::REQUIRED, values, message).help("correct `values` or `operator`")
        }
        None => Fault::new(&rules::REQUIRED, requirement, message)
            .below("values")
            .help("set `values`"),
    }
}

/// Makes the faults of keys of labels that need a selector beside them, and do not stand in it.
fn keys_without_selector<'a>(of: Node<'a>, field: &'static str, faults: &mut Vec<Fault<'a>>) {
    let keys = of.entry(field).filter(|(_, keys)| !is_empty(*keys));
    if let Some((key, _)) = keys
        && of.get("labelSelector").is_none_or(Node::is_null)
    {
        faults
            .push(forbidden(key, "needs a `labelSelector` beside it").help("set `labelSelector`"));
    }
}

fn affinity_keys<'a>(_: &Context<'a>, term: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    keys_without_selector(term, "matchLabelKeys", faults);
    keys_without_selector(term, "mismatchLabelKeys", faults);
    let items = |field: &str| term.get(field).into_iter().flat_map(Node::items);
    let others: HashSet<&str> = items("mismatchLabelKeys")
        .filter_map(Node::as_str)
        .collect();
    for key in
        items("matchLabelKeys").filter(|key| key.as_str().is_some_and(|key| others.contains(key)))
    {
        let message = "this key is in `mismatchLabelKeys` too";
        faults.push(Fault::new(&rules::CONFLICT, key, message).help("keep it in one of the two"));
    }
}

fn spread_keys<'a>(context: &Context<'a>, constraint: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    keys_without_selector(constraint, "matchLabelKeys", faults);
    // Since 1.34 the server puts the keys into the selector itself.
    if context.since(34) {
        return;
    }
    let Some(selector) = constraint.get("labelSelector") else {
        return;
    };
    let labels = selector
        .get("matchLabels")
        .into_iter()
        .flat_map(Node::entries);
    let labels = labels.filter_map(|(key, _)| key.as_str());
    let expressions = selector
        .get("matchExpressions")
        .into_iter()
        .flat_map(Node::items);
    let expressions = expressions.map(|requirement| text(requirement, "key"));
    let selected: HashSet<&str> = labels.chain(expressions).collect();
    let keys = constraint
        .get("matchLabelKeys")
        .into_iter()
        .flat_map(Node::items);
    for key in keys.filter(|key| key.as_str().is_some_and(|key| selected.contains(key))) {
        let message = "this key is in `labelSelector` too";
        faults.push(Fault::new(&rules::CONFLICT, key, message).help("keep it in one of the two"));
    }
}

fn minimum_of_domains<'a>(_: &Context<'a>, constraint: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some((key, value)) = constraint.entry("minDomains")
        && !value.is_null()
        && text(constraint, "whenUnsatisfiable") == "ScheduleAnyway"
    {
        let why = "needs `whenUnsatisfiable: DoNotSchedule`";
        faults.push(
            forbidden(key, why)
                .help("remove `minDomains`, or set `whenUnsatisfiable: DoNotSchedule`"),
        );
    }
}

/// As on the server, the earlier of two constraints is the one that is named.
fn spread_once<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let constraints = spec
        .get("topologySpreadConstraints")
        .into_iter()
        .flat_map(Node::items);
    let constraints: Vec<Node<'a>> = constraints.collect();
    let mut later = HashSet::new();
    for constraint in constraints.into_iter().rev() {
        if !later.insert((
            text(constraint, "topologyKey"),
            text(constraint, "whenUnsatisfiable"),
        )) {
            let message = "another constraint has the same `topologyKey` and `whenUnsatisfiable`";
            faults.push(
                Fault::new(&rules::DUPLICATE, constraint, message)
                    .help("make one constraint of the two"),
            );
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
  containers:
    - name: main
      image: nginx
";

    #[test]
    fn tolerations() {
        let line = |rest: &str| format!("tolerations: [{{{rest}}}]");
        let at = |field: &str| format!("spec.tolerations[0].{field}");
        refused(
            POD,
            &[
                (
                    "# pod",
                    &line("operator: Equal"),
                    "api/conflict",
                    &at("operator"),
                    "Equal",
                ),
                (
                    "# pod",
                    &line("effect: NoSchedule"),
                    "api/conflict",
                    &at("operator"),
                    "{effect: NoSchedule}",
                ),
                ("# pod", &line("key: -a"), "api/name", &at("key"), "-a"),
                (
                    "# pod",
                    &line("key: a, operator: exists"),
                    "api/enum",
                    &at("operator"),
                    "exists",
                ),
                (
                    "# pod",
                    &line("key: a, operator: Exists, value: b"),
                    "api/conflict",
                    &at("operator"),
                    "Exists",
                ),
                (
                    "# pod",
                    &line("key: a, operator: Equal, value: b c"),
                    "api/name",
                    &at("operator"),
                    "Equal",
                ),
                (
                    "# pod",
                    &line("key: a, value: b c"),
                    "api/name",
                    &at("operator"),
                    "{key: a, value: b c}",
                ),
                (
                    "# pod",
                    &line("key: a, effect: Never"),
                    "api/enum",
                    &at("effect"),
                    "Never",
                ),
                (
                    "# pod",
                    &line("key: a, effect: NoSchedule, tolerationSeconds: 3"),
                    "api/conflict",
                    &at("effect"),
                    "NoSchedule",
                ),
                (
                    "# pod",
                    &line("key: a, tolerationSeconds: 0"),
                    "api/conflict",
                    &at("effect"),
                    "{key: a, tolerationSeconds: 0}",
                ),
            ],
        );
        accepted(
            POD,
            &[
                ("# pod", &line("operator: Exists")),
                (
                    "# pod",
                    &line("key: a, operator: '', value: '', effect: ''"),
                ),
                (
                    "# pod",
                    &line("key: a.b/C, operator: Exists, effect: NoExecute, tolerationSeconds: -1"),
                ),
                ("# pod", "tolerations: [{key: a}, {key: a}]"),
            ],
        );
        let number = line("key: a, operator: Gt, value: '5'");
        refused_in(
            34,
            POD,
            &[("# pod", &number, "api/enum", &at("operator"), "Gt")],
        );
        accepted_in(&[35, 37], POD, &[("# pod", &number)]);
    }

    #[test]
    fn affinity_to_nodes() {
        const WANTED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
        let required = |rest: &str| {
            format!("affinity: {{nodeAffinity: {{{WANTED}: {{nodeSelectorTerms: [{rest}]}}}}}}")
        };
        let selector = format!("spec.affinity.nodeAffinity.{WANTED}.nodeSelectorTerms");
        let expression = |rest: &str| required(&format!("{{matchExpressions: [{{{rest}}}]}}"));
        let field = |rest: &str| required(&format!("{{matchFields: [{{{rest}}}]}}"));
        let at = |field: &str| format!("{selector}[0].{field}");
        refused(
            POD,
            &[
                ("# pod", &required(""), "api/required", &selector, "[]"),
                (
                    "# pod",
                    &expression("key: a, operator: in, values: [b]"),
                    "api/enum",
                    &at("matchExpressions[0].operator"),
                    "in",
                ),
                (
                    "# pod",
                    &expression("key: '', operator: Exists"),
                    "api/required",
                    &at("matchExpressions[0].key"),
                    "''",
                ),
                (
                    "# pod",
                    &expression("key: a/b/c, operator: Exists"),
                    "api/name",
                    &at("matchExpressions[0].key"),
                    "a/b/c",
                ),
                (
                    "# pod",
                    &expression("key: a, operator: In"),
                    "api/required",
                    &at("matchExpressions[0].values"),
                    "{key: a, operator: In}",
                ),
                (
                    "# pod",
                    &expression("key: a, operator: NotIn, values: []"),
                    "api/required",
                    &at("matchExpressions[0].values"),
                    "[]",
                ),
                (
                    "# pod",
                    &expression("key: a, operator: Exists, values: [b]"),
                    "api/conflict",
                    &at("matchExpressions[0].values"),
                    "values",
                ),
                (
                    "# pod",
                    &expression("key: a, operator: Gt, values: ['1', '2']"),
                    "api/conflict",
                    &at("matchExpressions[0].values"),
                    "values",
                ),
                (
                    "# pod",
                    &expression("key: a, operator: Lt"),
                    "api/required",
                    &at("matchExpressions[0].values"),
                    "{key: a, operator: Lt}",
                ),
                (
                    "# pod",
                    &field("key: metadata.uid, operator: In, values: [a]"),
                    "api/enum",
                    &at("matchFields[0].key"),
                    "metadata.uid",
                ),
                (
                    "# pod",
                    &field("key: metadata.name, operator: Exists, values: [a]"),
                    "api/enum",
                    &at("matchFields[0].operator"),
                    "Exists",
                ),
                (
                    "# pod",
                    &field("key: metadata.name, operator: In, values: [a, b]"),
                    "api/conflict",
                    &at("matchFields[0].values"),
                    "values",
                ),
                (
                    "# pod",
                    &field("key: metadata.name, operator: In, values: [A_]"),
                    "api/name",
                    &at("matchFields[0].values[0]"),
                    "A_",
                ),
            ],
        );
        let preferred = |weight: &str| {
            let term = format!(
                "{{weight: {weight}, preference: {{matchExpressions: [{{key: a, operator: Exists}}]}}}}"
            );
            format!(
                "affinity: {{nodeAffinity: {{preferredDuringSchedulingIgnoredDuringExecution: [{term}]}}}}"
            )
        };
        let weight =
            "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight";
        refused(
            POD,
            &[
                ("# pod", &preferred("0"), "api/range", weight, "0"),
                ("# pod", &preferred("101"), "api/range", weight, "101"),
            ],
        );
        accepted(
            POD,
            &[
                ("# pod", &required("{}")),
                ("# pod", &preferred("100")),
                ("# pod", &expression("key: a, operator: Gt, values: ['1']")),
                (
                    "# pod",
                    &expression("key: A.b, operator: DoesNotExist, values: []"),
                ),
                (
                    "# pod",
                    &field("key: metadata.name, operator: NotIn, values: [node-1.example.com]"),
                ),
                ("# pod", "affinity: {nodeAffinity: {}, podAffinity: null}"),
            ],
        );
    }

    #[test]
    fn affinity_to_pods() {
        const WANTED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
        const WISHED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
        let term =
            |rest: &str| format!("affinity: {{podAntiAffinity: {{{WANTED}: [{{{rest}}}]}}}}");
        let at = |field: &str| format!("spec.affinity.podAntiAffinity.{WANTED}[0].{field}");
        let selector = "labelSelector: {matchLabels: {a: b}}, topologyKey: c";
        refused(
            POD,
            &[
                (
                    "# pod",
                    &term("topologyKey: ''"),
                    "api/required",
                    &at("topologyKey"),
                    "''",
                ),
                (
                    "# pod",
                    &term("topologyKey: a b"),
                    "api/name",
                    &at("topologyKey"),
                    "a b",
                ),
                (
                    "# pod",
                    &term("topologyKey: a, namespaces: [A]"),
                    "api/name",
                    &at("namespaces[0]"),
                    "A",
                ),
                (
                    "# pod",
                    &term("topologyKey: a, matchLabelKeys: [b]"),
                    "api/conflict",
                    &at("matchLabelKeys"),
                    "matchLabelKeys",
                ),
                (
                    "# pod",
                    &term(&format!("{selector}, matchLabelKeys: [b c]")),
                    "api/name",
                    &at("matchLabelKeys[0]"),
                    "b c",
                ),
                (
                    "# pod",
                    &term(&format!(
                        "{selector}, matchLabelKeys: [b], mismatchLabelKeys: [b]"
                    )),
                    "api/conflict",
                    &at("matchLabelKeys[0]"),
                    "b",
                ),
            ],
        );
        let preferred = |weight: &str| {
            format!(
                "affinity: {{podAffinity: {{{WISHED}: [{{weight: {weight}, podAffinityTerm: {{topologyKey: a}}}}]}}}}"
            )
        };
        let weight = format!("spec.affinity.podAffinity.{WISHED}[0].weight");
        refused(
            POD,
            &[("# pod", &preferred("-1"), "api/range", &weight, "-1")],
        );
        accepted(
            POD,
            &[
                ("# pod", &preferred("1")),
                (
                    "# pod",
                    &term(&format!(
                        "{selector}, namespaces: [a, 0-b], namespaceSelector: {{}}, matchLabelKeys: [a, b]"
                    )),
                ),
            ],
        );
    }

    #[test]
    fn spread() {
        let line = |rest: &str| format!("topologySpreadConstraints: [{rest}]");
        let one = |rest: &str| {
            line(&format!(
                "{{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: {rest}}}"
            ))
        };
        let at = |field: &str| format!("spec.topologySpreadConstraints[0].{field}");
        refused(
            POD,
            &[
                (
                    "# pod",
                    &line("{maxSkew: 0, topologyKey: a, whenUnsatisfiable: DoNotSchedule}"),
                    "api/range",
                    &at("maxSkew"),
                    "0",
                ),
                (
                    "# pod",
                    &line("{maxSkew: 1, topologyKey: '', whenUnsatisfiable: DoNotSchedule}"),
                    "api/required",
                    &at("topologyKey"),
                    "''",
                ),
                (
                    "# pod",
                    &one("Never"),
                    "api/enum",
                    &at("whenUnsatisfiable"),
                    "Never",
                ),
                (
                    "# pod",
                    &one("''"),
                    "api/required",
                    &at("whenUnsatisfiable"),
                    "''",
                ),
                (
                    "# pod",
                    &one("DoNotSchedule, minDomains: 0"),
                    "api/range",
                    &at("minDomains"),
                    "0",
                ),
                (
                    "# pod",
                    &one("ScheduleAnyway, minDomains: 2"),
                    "api/conflict",
                    &at("minDomains"),
                    "minDomains",
                ),
                (
                    "# pod",
                    &one("ScheduleAnyway, nodeTaintsPolicy: honor"),
                    "api/enum",
                    &at("nodeTaintsPolicy"),
                    "honor",
                ),
                (
                    "# pod",
                    &one("ScheduleAnyway, nodeAffinityPolicy: All"),
                    "api/enum",
                    &at("nodeAffinityPolicy"),
                    "All",
                ),
                (
                    "# pod",
                    &one("ScheduleAnyway, matchLabelKeys: [a]"),
                    "api/conflict",
                    &at("matchLabelKeys"),
                    "matchLabelKeys",
                ),
                (
                    "# pod",
                    &line(
                        "{maxSkew: 1, topologyKey: a, whenUnsatisfiable: DoNotSchedule}, {maxSkew: 2, topologyKey: a, whenUnsatisfiable: DoNotSchedule}",
                    ),
                    "api/duplicate",
                    "spec.topologySpreadConstraints[0]",
                    "{maxSkew: 1, topologyKey: a, whenUnsatisfiable: DoNotSchedule}",
                ),
            ],
        );
        accepted(
            POD,
            &[
                (
                    "# pod",
                    &line(
                        "{maxSkew: 1, topologyKey: a, whenUnsatisfiable: DoNotSchedule}, {maxSkew: 1, topologyKey: a, whenUnsatisfiable: ScheduleAnyway}",
                    ),
                ),
                (
                    "# pod",
                    &one(
                        "DoNotSchedule, minDomains: 2, nodeTaintsPolicy: Honor, labelSelector: {}, matchLabelKeys: [a, pod-template-hash]",
                    ),
                ),
            ],
        );
        let both = one("DoNotSchedule, labelSelector: {matchLabels: {a: b}}, matchLabelKeys: [a]");
        refused_in(
            33,
            POD,
            &[(
                "# pod",
                &both,
                "api/conflict",
                &at("matchLabelKeys[0]"),
                "a",
            )],
        );
        accepted_in(&[34, 37], POD, &[("# pod", &both)]);
    }
}
