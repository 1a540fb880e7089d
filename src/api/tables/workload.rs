//! Controllers of pods (`k8s.io/kubernetes/pkg/apis/apps/validation`; `ReplicationController` and `PodTemplate`:
//! `.../core/validation`).

use crate::api::Fact::{AtLeast, CountOrPercent, CountOrShare, OneOf, Required};
use crate::api::fact::{amount, count_or_share, given, is_empty, spelled, text};
use crate::api::field::{items, present};
use crate::api::names::Spelling::{Label, Subdomain};
use crate::api::selector::{self, Verdict};
use crate::api::{Context, Definition, rules};
use crate::manifest::Fault;
use crate::yaml::Node;

const SPEC: &[(&str, crate::api::Fact)] = &[("spec", Required)];

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "apps.v1.Deployment",
        facts: SPEC,
        rules: &[],
    },
    Definition {
        name: "apps.v1.ReplicaSet",
        facts: SPEC,
        rules: &[],
    },
    Definition {
        name: "apps.v1.DaemonSet",
        facts: SPEC,
        rules: &[],
    },
    Definition {
        name: "apps.v1.StatefulSet",
        facts: SPEC,
        rules: &[],
    },
    Definition {
        name: "core.v1.ReplicationController",
        facts: SPEC,
        rules: &[],
    },
    Definition {
        name: "apps.v1.DeploymentSpec",
        facts: &[
            ("replicas", AtLeast(0)),
            ("minReadySeconds", AtLeast(0)),
            ("revisionHistoryLimit", AtLeast(0)),
            ("progressDeadlineSeconds", AtLeast(0)),
        ],
        rules: &[selector_of_own_pods, runs_always, time_to_progress],
    },
    Definition {
        name: "apps.v1.DeploymentStrategy",
        facts: &[("type", OneOf(&["Recreate", "RollingUpdate"]))],
        rules: &[recreates],
    },
    Definition {
        name: "apps.v1.RollingUpdateDeployment",
        facts: &[
            ("maxSurge", CountOrPercent),
            ("maxUnavailable", CountOrShare),
        ],
        rules: &[moves],
    },
    Definition {
        name: "apps.v1.ReplicaSetSpec",
        facts: &[("replicas", AtLeast(0)), ("minReadySeconds", AtLeast(0))],
        rules: &[selector_of_own_pods, runs_always, has_containers],
    },
    Definition {
        name: "core.v1.ReplicationControllerSpec",
        facts: &[
            ("replicas", AtLeast(0)),
            ("minReadySeconds", AtLeast(0)),
            ("template", Required),
        ],
        rules: &[plain_selector, runs_always],
    },
    Definition {
        name: "apps.v1.DaemonSetSpec",
        facts: &[
            ("minReadySeconds", AtLeast(0)),
            ("revisionHistoryLimit", AtLeast(0)),
        ],
        rules: &[selector_of_own_pods, runs_always],
    },
    Definition {
        name: "apps.v1.DaemonSetUpdateStrategy",
        facts: &[("type", OneOf(&["OnDelete", "RollingUpdate"]))],
        rules: &[daemons_one_after_the_other],
    },
    Definition {
        name: "apps.v1.StatefulSetSpec",
        facts: &[
            ("replicas", AtLeast(0)),
            ("minReadySeconds", AtLeast(0)),
            ("podManagementPolicy", OneOf(&["OrderedReady", "Parallel"])),
        ],
        rules: &[
            selector_of_own_pods,
            runs_always,
            governing_service,
            claim_templates,
        ],
    },
    Definition {
        name: "apps.v1.StatefulSetUpdateStrategy",
        facts: &[("type", OneOf(&["OnDelete", "RollingUpdate"]))],
        rules: &[waits_for_deletion],
    },
    Definition {
        name: "apps.v1.RollingUpdateStatefulSetStrategy",
        facts: &[("partition", AtLeast(0))],
        rules: &[unavailable_replicas],
    },
    Definition {
        name: "apps.v1.StatefulSetOrdinals",
        facts: &[("start", AtLeast(0))],
        rules: &[],
    },
    Definition {
        name: "apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy",
        facts: &[
            ("whenDeleted", OneOf(&["Delete", "Retain"])),
            ("whenScaled", OneOf(&["Delete", "Retain"])),
        ],
        rules: &[],
    },
    Definition {
        name: "apps.v1.ControllerRevision",
        facts: &[("data", Required), ("revision", AtLeast(0))],
        rules: &[],
    },
    Definition {
        name: "core.v1.PodTemplate",
        facts: &[],
        rules: &[has_containers],
    },
];

/// The selector asks for something, and the template's labels are what it asks for.
fn selector_of_own_pods<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    // A missing one is told by the schema.
    let Some(selector) = spec.get("selector") else {
        return;
    };
    if selector::asks_for_nothing(selector) {
        let message = "an empty selector would select every pod of the namespace";
        faults.push(
            Fault::new(&rules::REQUIRED, selector, message)
                .help("put the labels of the template under `matchLabels`"),
        );
        return;
    }
    if let Some(template) = present(spec, "template") {
        matches_template(template, faults, &|label| selector::judge(selector, label));
    }
}

/// The selector of a `ReplicationController` is a map of labels; by default it is those of the template.
fn plain_selector<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(template) = present(spec, "template") else {
        return;
    };
    let selector = given(spec, "selector");
    match selector {
        Some(selector) => matches_template(template, faults, &|label| {
            selector::judge_labels(selector, label)
        }),
        None if template.path(&["metadata", "labels"]).is_none_or(is_empty) => faults.push(
            Fault::new(
                &rules::REQUIRED,
                spec,
                "there is no selector, and the template has no labels to make one of",
            )
            .below("selector")
            .help("give the template labels"),
        ),
        None => {}
    }
}

/// What finds a label's value by its key.
type Labels<'f, 'a> = dyn Fn(&str) -> Option<&'a str> + 'f;

/// Compares a selector with the labels of a template.
pub(super) fn matches_template<'a>(
    template: Node<'a>,
    faults: &mut Vec<Fault<'a>>,
    judge: &dyn Fn(&Labels<'_, 'a>) -> Verdict<'a>,
) {
    let labels = template.path(&["metadata", "labels"]);
    let verdict = judge(&|name| {
        labels
            .and_then(|labels| labels.get(name))
            .and_then(Node::as_str)
    });
    let Verdict::Lacks(key, wanted) = verdict else {
        return;
    };
    let (message, found) = if let (Some(key), Some(value)) =
        (key.and_then(Node::as_str), wanted.as_str())
    {
        let message = format!(
            "the selector wants the label `{key}: {value}`, which the template does not have"
        );
        (message, labels.and_then(|labels| labels.get(key)))
    } else {
        let (key, operator) = (text(wanted, "key"), text(wanted, "operator"));
        (
            format!(
                "the labels of the template are not what the selector wants of `{key}` ({operator})"
            ),
            None,
        )
    };
    let (node, below) = match (found.or(labels), template.get("metadata")) {
        (Some(node), _) => (node, ""),
        (None, Some(metadata)) => (metadata, "labels"),
        (None, None) => (template, "metadata.labels"),
    };
    let fault = Fault::new(&rules::SELECTOR_MISMATCH, node, message).below(below);
    faults.push(fault.help("make the labels of the selector and of the template the same"));
}

/// Pods of a controller are started again and again, for as long as it is there.
fn runs_always<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(pod) = spec.path(&["template", "spec"]) else {
        return;
    };
    // Any other text is told by the pod's own rules.
    if let Some(policy) = present(pod, "restartPolicy")
        .filter(|policy| matches!(policy.as_str(), Some("OnFailure" | "Never")))
    {
        let fault = Fault::new(
            &rules::ENUM,
            policy,
            "pods that a controller keeps running have `restartPolicy: Always`",
        );
        faults.push(fault.help("remove `restartPolicy`, or make it a Job"));
    }
    if let Some(deadline) = present(pod, "activeDeadlineSeconds") {
        let fault = Fault::new(
            &rules::CONFLICT,
            deadline,
            "pods that a controller keeps running have no deadline",
        );
        faults.push(fault.help("remove `activeDeadlineSeconds`, or make it a Job"));
    }
}

/// A template that the schema lets go missing.
fn has_containers<'a>(_: &Context<'a>, owner: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if present(owner, "template").is_none() {
        let fault = Fault::new(
            &rules::REQUIRED,
            owner,
            "there is no pod template, and so no container",
        );
        faults.push(
            fault
                .below("template.spec.containers")
                .help("describe the pods under `template`"),
        );
    }
}

/// A Deployment has failed only when it had the time to be ready.
fn time_to_progress<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    const DEFAULT: i64 = 600;
    let ready = present(spec, "minReadySeconds");
    let least = ready.and_then(Node::as_int).unwrap_or_default();
    let deadline = present(spec, "progressDeadlineSeconds");
    let seconds = deadline.map_or(Some(DEFAULT), Node::as_int);
    if let Some(seconds) = seconds.filter(|seconds| *seconds <= least && *seconds >= 0) {
        let help = "give it more seconds than `minReadySeconds`";
        let fault = if let Some(deadline) = deadline {
            Fault::new(
                &rules::RANGE,
                deadline,
                format!("this must be more than `minReadySeconds`, which is {least}"),
            )
        } else {
            let message = format!(
                "by default this is {seconds}, and it must be more than `minReadySeconds`, which is {least}"
            );
            Fault::new(&rules::RANGE, spec, message).below("progressDeadlineSeconds")
        };
        faults.push(fault.help(help));
    }
}

fn recreates<'a>(_: &Context<'a>, strategy: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    no_rolling_update("Recreate", strategy, faults);
}

fn waits_for_deletion<'a>(_: &Context<'a>, strategy: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    no_rolling_update("OnDelete", strategy, faults);
}

fn no_rolling_update<'a>(kind: &str, strategy: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if text(strategy, "type") != kind {
        return;
    }
    if let Some(rolling) = present(strategy, "rollingUpdate") {
        let message = format!("`rollingUpdate` is not for `type: {kind}`");
        faults.push(
            Fault::new(&rules::CONFLICT, rolling, message)
                .help("remove it, or set `type: RollingUpdate`"),
        );
    }
}

/// With neither more nor fewer pods than wanted, none can be replaced.
fn moves<'a>(_: &Context<'a>, rolling: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let zero = |field| present(rolling, field).filter(|value| amount(*value) == Some(0));
    if let (Some(_), Some(unavailable)) = (zero("maxSurge"), zero("maxUnavailable")) {
        let fault = Fault::new(
            &rules::CONFLICT,
            unavailable,
            "`maxUnavailable` must not be 0 where `maxSurge` is 0",
        );
        faults.push(fault.help("allow at least one pod more, or one fewer, than wanted"));
    }
}

/// A daemon is replaced by a second one beside it, or with a gap between: not both, and not neither.
fn daemons_one_after_the_other<'a>(
    _: &Context<'a>,
    strategy: Node<'a>,
    faults: &mut Vec<Fault<'a>>,
) {
    let Some(rolling) = present(strategy, "rollingUpdate") else {
        return;
    };
    if text(strategy, "type") == "OnDelete" {
        return;
    }
    let (surge, unavailable) = (
        present(rolling, "maxSurge"),
        present(rolling, "maxUnavailable"),
    );
    let before = faults.len();
    for value in [surge, unavailable].into_iter().flatten() {
        count_or_share(value, faults);
    }
    if faults.len() > before {
        return;
    }
    let surges = surge.and_then(amount).is_some_and(|number| number != 0);
    let missing = unavailable.map_or(Some(1), amount) != Some(0);
    match (surges, missing) {
        (true, true) => faults.extend(surge.map(|surge| {
            let message = match unavailable {
                Some(_) => "`maxSurge` must be 0 where `maxUnavailable` is not",
                None => {
                    "`maxSurge` must be 0 where `maxUnavailable` is not, and that is 1 by default"
                }
            };
            Fault::new(&rules::CONFLICT, surge, message).help("set one of the two to 0")
        })),
        (false, false) => faults.extend(unavailable.map(|unavailable| {
            let fault = Fault::new(
                &rules::CONFLICT,
                unavailable,
                "`maxUnavailable` must not be 0 where `maxSurge` is 0",
            );
            fault.help("set one of the two to at least 1")
        })),
        _ => {}
    }
}

/// `maxUnavailable` of a `StatefulSet` is dropped before 1.35, where it is a feature that must be turned on.
fn unavailable_replicas<'a>(context: &Context<'a>, rolling: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(value) = present(rolling, "maxUnavailable").filter(|_| context.since(35)) else {
        return;
    };
    count_or_share(value, faults);
    if amount(value) == Some(0) {
        faults.push(Fault::new(&rules::RANGE, value, "this must not be 0"));
    }
}

/// Pods of a `StatefulSet` take the Service's name for their subdomain.
fn governing_service<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(name) = given(spec, "serviceName") {
        spelled(Subdomain, name, faults);
    }
}

/// Pods of a `StatefulSet` have a volume of the name of each claim.
fn claim_templates<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    for claim in items(spec, "volumeClaimTemplates") {
        match claim
            .path(&["metadata", "name"])
            .filter(|name| !is_empty(*name))
        {
            Some(name) => spelled(Label, name, faults),
            None => faults.push(
                Fault::new(&rules::REQUIRED, claim, "a claim template needs a name")
                    .below("metadata.name")
                    .help("give it the name by which `volumeMounts` mount it"),
            ),
        }
    }
}

#[cfg(test)]
#[allow(clippy::too_many_lines, reason = "cases are lines of a table")]
#[path = "tests/workload.rs"]
mod tests;
