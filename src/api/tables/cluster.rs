//! Namespaces, nodes, classes of pods, leases and events.

use std::collections::HashSet;

use crate::api::Fact::{AtLeast, Keys, OneOf, Quantities, Required, Spelled, Values};
use crate::api::fact::{is_empty, misspelt, text};
use crate::api::names::Spelling::{Label, LabelValue, QualifiedName};
use crate::api::{Context, Definition, rules};
use crate::manifest::Fault;
use crate::yaml::Node;

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "core.v1.NamespaceSpec",
        facts: &[],
        rules: &[namespace_finalizers],
    },
    Definition {
        name: "core.v1.NodeSpec",
        facts: &[],
        rules: &[unique_taints],
    },
    Definition {
        name: "core.v1.Taint",
        facts: &[
            ("key", Required),
            ("key", Spelled(QualifiedName)),
            ("value", Spelled(LabelValue)),
            ("effect", Required),
            (
                "effect",
                OneOf(&["NoSchedule", "PreferNoSchedule", "NoExecute"]),
            ),
        ],
        rules: &[],
    },
    Definition {
        name: "scheduling.v1.PriorityClass",
        facts: &[(
            "preemptionPolicy",
            OneOf(&["Never", "PreemptLowerPriority"]),
        )],
        rules: &[priority],
    },
    Definition {
        name: "node.v1.RuntimeClass",
        facts: &[("handler", Required), ("handler", Spelled(Label))],
        rules: &[],
    },
    Definition {
        name: "node.v1.Overhead",
        facts: &[("podFixed", Quantities)],
        rules: &[],
    },
    Definition {
        name: "node.v1.Scheduling",
        facts: &[
            ("nodeSelector", Keys(QualifiedName)),
            ("nodeSelector", Values(LabelValue)),
        ],
        rules: &[],
    },
    Definition {
        name: "coordination.v1.LeaseSpec",
        facts: &[
            ("leaseDurationSeconds", AtLeast(1)),
            ("leaseTransitions", AtLeast(0)),
        ],
        rules: &[],
    },
    Definition {
        name: "core.v1.Event",
        facts: &[],
        rules: &[event_namespace],
    },
    Definition {
        name: "events.v1.Event",
        facts: &[
            ("reportingController", Required),
            ("reportingInstance", Required),
            ("action", Required),
            ("reason", Required),
            ("type", OneOf(&["Normal", "Warning"])),
        ],
        rules: &[],
    },
];

/// The finalizers that need no domain.
const FINALIZERS: &[&str] = &["kubernetes", "orphan", "foregroundDeletion"];

/// A finalizer has a domain, or is one of Kubernetes' own.
pub(in crate::api) fn finalizer<'a>(name: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let text = name.as_str().unwrap_or_default();
    if let Some(fault) = misspelt(QualifiedName, text, name, "this") {
        faults.push(fault);
    } else if !text.contains('/') && !FINALIZERS.contains(&text) {
        let message = "this is none of Kubernetes' own finalizers, and has no domain";
        faults.push(
            Fault::new(&rules::NAME, name, message).help("write it like `example.com/finalizer`"),
        );
    }
}

fn namespace_finalizers<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    spec.get("finalizers")
        .into_iter()
        .flat_map(Node::items)
        .for_each(|name| finalizer(name, faults));
}

fn unique_taints<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let mut seen = HashSet::new();
    for taint in spec.get("taints").into_iter().flat_map(Node::items) {
        if !seen.insert((text(taint, "key"), text(taint, "effect"))) {
            let message = "another taint has the same key and effect";
            faults.push(Fault::new(&rules::DUPLICATE, taint, message).help("remove one of them"));
        }
    }
}

fn event_namespace<'a>(context: &Context<'a>, event: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let own = context
        .object
        .path(&["metadata", "namespace"])
        .and_then(Node::as_str);
    let involved = event
        .path(&["involvedObject", "namespace"])
        .filter(|namespace| !is_empty(*namespace));
    if let (Some(own), Some(involved)) = (own, involved)
        && involved.as_str() != Some(own)
    {
        let message = "an Event is in the namespace of the object that it is about";
        faults.push(
            Fault::new(&rules::CONFLICT, involved, message).help("make the two namespaces equal"),
        );
    }
}

/// The most that is for users.
const HIGHEST: i64 = 1_000_000_000;
/// Kubernetes' own classes.
const SYSTEM: &[(&str, i64)] = &[
    ("system-node-critical", 2_000_001_000),
    ("system-cluster-critical", 2_000_000_000),
];

fn priority<'a>(_: &Context<'a>, class: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let (value, name) = (
        class.get("value"),
        class
            .path(&["metadata", "name"])
            .filter(|name| !is_empty(*name)),
    );
    let number = value.and_then(Node::as_int).unwrap_or_default();
    let text = name.and_then(Node::as_str).unwrap_or_default();
    if let Some(name) = name.filter(|_| text.starts_with("system-")) {
        let global = class.get("globalDefault").and_then(Node::as_bool) == Some(true);
        if global || !SYSTEM.contains(&(text, number)) {
            let message = "names that begin with `system-` are Kubernetes' own";
            faults.push(Fault::new(&rules::NAME, name, message).help("choose another name"));
        }
    } else if let Some(value) = value.filter(|_| number > HIGHEST) {
        let message =
            format!("this must be at most {HIGHEST}: more is for Kubernetes' own classes");
        faults.push(Fault::new(&rules::RANGE, value, message));
    }
}

#[cfg(test)]
#[allow(clippy::too_many_lines, reason = "cases are lines of a table")]
mod tests {
    use crate::api::testing::{accepted, refused};

    #[test]
    fn namespaces_and_nodes_are_checked() {
        let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: web}\nspec: {finalizers: [kubernetes]}\n";
        refused(
            namespace,
            &[
                ("name: web", "name: a.b", "api/name", "metadata.name", "a.b"),
                (
                    "name: web",
                    "generateName: a.",
                    "api/name",
                    "metadata.generateName",
                    "a.",
                ),
                (
                    "[kubernetes]",
                    "[mine]",
                    "api/name",
                    "spec.finalizers[0]",
                    "mine",
                ),
                (
                    "[kubernetes]",
                    "['a b']",
                    "api/name",
                    "spec.finalizers[0]",
                    "'a b'",
                ),
            ],
        );
        accepted(
            namespace,
            &[
                ("[kubernetes]", "[example.com/mine]"),
                ("spec: {finalizers: [kubernetes]}\n", ""),
                ("name: web", "generateName: a-"),
            ],
        );
        let node = "apiVersion: v1\nkind: Node\nmetadata: {name: a.b}\nspec: {taints: [{key: a, effect: NoSchedule}]}\n";
        refused(
            node,
            &[
                (
                    "NoSchedule",
                    "NoRun",
                    "api/enum",
                    "spec.taints[0].effect",
                    "NoRun",
                ),
                (
                    "key: a",
                    "key: a b",
                    "api/name",
                    "spec.taints[0].key",
                    "a b",
                ),
                (
                    "[{key",
                    "[{key: a, value: x, effect: NoSchedule}, {key",
                    "api/duplicate",
                    "spec.taints[1]",
                    "{key: a, effect: NoSchedule}",
                ),
            ],
        );
    }

    #[test]
    fn classes_are_checked() {
        let class = "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: high}\nvalue: 1000000000\n";
        refused(
            class,
            &[
                (
                    "value: 1000000000",
                    "value: 1000000001",
                    "api/range",
                    "value",
                    "1000000001",
                ),
                (
                    "name: high",
                    "name: system-high",
                    "api/name",
                    "metadata.name",
                    "system-high",
                ),
                (
                    "value: 1000000000",
                    "preemptionPolicy: Always",
                    "api/enum",
                    "preemptionPolicy",
                    "Always",
                ),
            ],
        );
        accepted(
            class,
            &[
                ("value: 1000000000\n", ""),
                (
                    "name: high}\nvalue: 1000000000",
                    "name: system-cluster-critical}\nvalue: 2000000000",
                ),
            ],
        );
        let runtime = "apiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata: {name: a.b}\nhandler: kata\n";
        refused(
            runtime,
            &[
                (
                    "handler: kata\n",
                    "",
                    "schema/missing-field",
                    "handler",
                    "apiVersion: node.k8s.io/v1",
                ),
                (
                    "handler: kata",
                    "handler: Kata",
                    "api/name",
                    "handler",
                    "Kata",
                ),
                (
                    "handler: kata",
                    "handler: kata\noverhead: {podFixed: {cpu: x}}",
                    "api/quantity",
                    "overhead.podFixed[cpu]",
                    "x",
                ),
                (
                    "handler: kata",
                    "handler: kata\nscheduling: {nodeSelector: {a: 'b c'}}",
                    "api/name",
                    "scheduling.nodeSelector.a",
                    "'b c'",
                ),
            ],
        );
    }

    #[test]
    fn leases_are_checked() {
        let lease = "apiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata: {name: a}\nspec: {leaseDurationSeconds: 15, leaseTransitions: 0}\n";
        refused(
            lease,
            &[
                (
                    "leaseDurationSeconds: 15",
                    "leaseDurationSeconds: 0",
                    "api/range",
                    "spec.leaseDurationSeconds",
                    "0",
                ),
                (
                    "leaseTransitions: 0",
                    "leaseTransitions: -1",
                    "api/range",
                    "spec.leaseTransitions",
                    "-1",
                ),
            ],
        );
        accepted(
            lease,
            &[(
                "spec: {leaseDurationSeconds: 15, leaseTransitions: 0}\n",
                "",
            )],
        );
    }
}
