//! Jobs (`k8s.io/kubernetes/pkg/apis/batch/validation`).

use std::collections::HashSet;

use crate::api::Fact::{AtLeast, AtMostItems, OneOf, Required, Spelled};
use crate::api::fact::{given, is_empty, text};
use crate::api::field::{items, number, present};
use crate::api::names::Spelling::{Label, QualifiedName};
use crate::api::selector::{self, Verdict};
use crate::api::{Context, Definition, rules};
use crate::manifest::Fault;
use crate::yaml::Node;

use super::workload::matches_template;

/// Indexes, and pods at once, that an indexed Job may have in all, and with a limit of failures for each index.
const MANY: i64 = 100_000;
const FEW: i64 = 10_000;

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "batch.v1.Job",
        facts: &[("spec", Required)],
        rules: &[selector_of_job, index_in_host_name],
    },
    Definition {
        name: "batch.v1.JobSpec",
        facts: &[
            ("parallelism", AtLeast(0)),
            ("completions", AtLeast(0)),
            ("activeDeadlineSeconds", AtLeast(0)),
            ("backoffLimit", AtLeast(0)),
            ("ttlSecondsAfterFinished", AtLeast(0)),
            ("backoffLimitPerIndex", AtLeast(0)),
            ("maxFailedIndexes", AtLeast(0)),
            ("completionMode", OneOf(&["NonIndexed", "Indexed"])),
        ],
        rules: &[
            ends,
            indexes,
            limits_of_indexes,
            managed_by,
            replacement,
            failure_policy,
            success_policy,
        ],
    },
    Definition {
        name: "batch.v1.PodFailurePolicy",
        facts: &[("rules", AtMostItems(20))],
        rules: &[],
    },
    Definition {
        name: "batch.v1.PodFailurePolicyRule",
        facts: &[
            ("action", Required),
            (
                "action",
                OneOf(&["Count", "FailIndex", "FailJob", "Ignore"]),
            ),
            ("onPodConditions", AtMostItems(20)),
        ],
        rules: &[one_cause],
    },
    Definition {
        name: "batch.v1.PodFailurePolicyOnPodConditionsPattern",
        facts: &[
            ("type", Required),
            ("type", Spelled(QualifiedName)),
            ("status", OneOf(&["True", "False", "Unknown"])),
        ],
        rules: &[],
    },
    Definition {
        name: "batch.v1.PodFailurePolicyOnExitCodesRequirement",
        facts: &[
            ("operator", Required),
            ("operator", OneOf(&["In", "NotIn"])),
            ("values", Required),
            ("values", AtMostItems(255)),
        ],
        rules: &[exit_codes],
    },
];

/// A Job's pods come to an end.
fn ends<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(template) = present(spec, "template") else {
        return;
    };
    let pod = present(template, "spec");
    let policy = pod.and_then(|pod| given(pod, "restartPolicy"));
    match (pod, policy.and_then(Node::as_str)) {
        (_, Some("OnFailure" | "Never")) => {}
        (Some(pod), None) if policy.is_none() => faults.push(
            Fault::new(&rules::REQUIRED, pod, "pods of a Job need a `restartPolicy`: by default they would be started again and again")
                .below("restartPolicy")
                .help("set it to `Never` or `OnFailure`"),
        ),
        (_, text) => {
            // Any other text is told by the pod's own rules.
            let always = policy.filter(|_| text == Some("Always"));
            faults.extend(always.map(|policy| {
                let message = "pods of a Job are not started again and again";
                Fault::new(&rules::ENUM, policy, message).help("it may be `Never` or `OnFailure`")
            }));
        }
    }
    if let Some(policy) = policy.filter(|policy| {
        policy.as_str() == Some("OnFailure") && present(spec, "podFailurePolicy").is_some()
    }) {
        let message = "with a `podFailurePolicy`, pods have `restartPolicy: Never`";
        faults.push(
            Fault::new(&rules::CONFLICT, policy, message)
                .help("set it to `Never`, or remove `podFailurePolicy`"),
        );
    }
}

fn is_indexed(spec: Node<'_>) -> bool {
    text(spec, "completionMode") == "Indexed"
}

/// What indexed Jobs need, and what only they may have.
fn indexes<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if is_indexed(spec) {
        if present(spec, "completions").is_none() {
            let fault = Fault::new(
                &rules::REQUIRED,
                spec,
                "an indexed Job needs a number of completions",
            );
            faults.push(fault.below("completions").help("set `completions`"));
        }
        if let Some(pods) = present(spec, "parallelism").filter(|pods| pods.as_int() > Some(MANY)) {
            let message = format!("this must be at most {MANY} in an indexed Job");
            faults.push(Fault::new(&rules::RANGE, pods, message));
        }
    } else {
        for field in ["backoffLimitPerIndex", "maxFailedIndexes", "successPolicy"] {
            if let Some(value) = present(spec, field) {
                let message = format!("`{field}` is for indexed Jobs only");
                faults.push(
                    Fault::new(&rules::CONFLICT, value, message)
                        .help("remove it, or set `completionMode: Indexed`"),
                );
            }
        }
    }
    if present(spec, "maxFailedIndexes").is_some()
        && present(spec, "backoffLimitPerIndex").is_none()
    {
        let fault = Fault::new(
            &rules::REQUIRED,
            spec,
            "`maxFailedIndexes` needs `backoffLimitPerIndex`",
        );
        faults.push(
            fault
                .below("backoffLimitPerIndex")
                .help("set `backoffLimitPerIndex`, or remove `maxFailedIndexes`"),
        );
    }
}

/// How many indexes may fail, and how many pods run at once, where there are many of them.
fn limits_of_indexes<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(completions) = number(spec, "completions").filter(|_| is_indexed(spec)) else {
        return;
    };
    let mut refuse = |value: Option<Node<'a>>, message: String| {
        faults.extend(value.map(|value| Fault::new(&rules::RANGE, value, message)));
    };
    let above = |field, most| present(spec, field).filter(|value| value.as_int() > Some(most));
    if let failing @ Some(_) = above("maxFailedIndexes", completions.max(0)) {
        return refuse(
            failing,
            format!("this must not be more than `completions`, which is {completions}"),
        );
    }
    refuse(
        above("maxFailedIndexes", MANY),
        format!("this must be at most {MANY}"),
    );
    if completions <= MANY || present(spec, "backoffLimitPerIndex").is_none() {
        return;
    }
    let message = format!(
        "this must be at most {FEW} with a `backoffLimitPerIndex` and more than {MANY} completions"
    );
    refuse(above("parallelism", FEW), message.clone());
    match present(spec, "maxFailedIndexes") {
        Some(_) => refuse(above("maxFailedIndexes", FEW), message),
        None => faults.push(
            Fault::new(
                &rules::REQUIRED,
                spec,
                format!("more than {MANY} completions need `maxFailedIndexes`"),
            )
            .below("maxFailedIndexes"),
        ),
    }
}

/// `managedBy` is dropped before 1.32, where it is a feature that must be turned on.
fn managed_by<'a>(context: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(manager) = present(spec, "managedBy").filter(|_| context.since(32)) else {
        return;
    };
    let name = manager.as_str().unwrap_or_default();
    let written = name.split_once('/').is_some_and(|(domain, path)| {
        is_spelled_as_subdomain(domain) && !path.is_empty() && path.bytes().all(is_path_byte)
    });
    if !written {
        let message = "this must be a domain and a path, such as `example.com/controller`";
        faults.push(Fault::new(&rules::NAME, manager, message));
    } else if name.len() > 63 {
        faults.push(Fault::new(
            &rules::NAME,
            manager,
            format!(
                "this must have at most 63 characters, and has {}",
                name.len()
            ),
        ));
    }
}

fn is_spelled_as_subdomain(text: &str) -> bool {
    crate::api::names::Spelling::Subdomain.fault(text).is_none()
}

/// Tells whether a byte may stand in a path (RFC 3986, as `IsDomainPrefixedPath` takes it).
fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&byte)
}

/// When a pod that is going away is replaced.
fn replacement<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(policy) = present(spec, "podReplacementPolicy") else {
        return;
    };
    match (policy.as_str(), present(spec, "podFailurePolicy")) {
        (Some("Failed") | None, _) | (Some("TerminatingOrFailed"), None) => {}
        (Some("TerminatingOrFailed"), Some(_)) => {
            let message = "with a `podFailurePolicy`, pods are replaced once they have failed";
            faults.push(
                Fault::new(&rules::CONFLICT, policy, message)
                    .help("set it to `Failed`, or remove it"),
            );
        }
        (Some(_), _) => {
            let message = "this is none of the values that it may be";
            faults.push(
                Fault::new(&rules::ENUM, policy, message)
                    .help("it may be `TerminatingOrFailed` or `Failed`"),
            );
        }
    }
}

/// A rule looks at exit codes or at conditions.
fn one_cause<'a>(_: &Context<'a>, rule: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let (codes, conditions) = (rule.entry("onExitCodes"), rule.entry("onPodConditions"));
    let codes = codes.filter(|(_, value)| !value.is_null());
    let conditions = conditions.filter(|(_, value)| !is_empty(*value));
    match (codes, conditions) {
        (Some(_), Some((conditions, _))) => faults.push(
            Fault::new(
                &rules::ALTERNATIVES,
                conditions,
                "`onPodConditions` cannot stand beside `onExitCodes`",
            )
            .help("make two rules of it"),
        ),
        (None, None) => faults.push(
            Fault::new(
                &rules::ALTERNATIVES,
                rule,
                "one of `onExitCodes`, `onPodConditions` is missing",
            )
            .help("say what the rule is about"),
        ),
        _ => {}
    }
}

fn exit_codes<'a>(_: &Context<'a>, codes: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let (mut seen, mut last, mut ordered) = (HashSet::new(), None, true);
    for value in items(codes, "values") {
        let Some(code) = value.as_int() else { continue };
        if code == 0 && text(codes, "operator") == "In" {
            let message = "exit code 0 is no failure, and `In` cannot name it";
            faults.push(Fault::new(&rules::RANGE, value, message).help("remove it"));
        }
        if !seen.insert(code) {
            faults.push(Fault::new(
                &rules::DUPLICATE,
                value,
                "this exit code is there twice",
            ));
        }
        ordered = ordered && last <= Some(code);
        last = Some(code);
    }
    if let Some(values) = codes.get("values").filter(|_| !ordered) {
        faults.push(Fault::new(
            &rules::RANGE,
            values,
            "exit codes must be in ascending order",
        ));
    }
}

/// What rules about failed pods say of the rest of the Job.
fn failure_policy<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(policy) = present(spec, "podFailurePolicy") else {
        return;
    };
    let pod = spec.path(&["template", "spec"]);
    let containers = ["containers", "initContainers"];
    let names: Vec<&str> = pod
        .into_iter()
        .flat_map(|pod| {
            containers
                .into_iter()
                .flat_map(move |field| items(pod, field))
        })
        .map(|container| text(container, "name"))
        .collect();
    for rule in items(policy, "rules") {
        if let Some(action) = rule
            .get("action")
            .filter(|action| action.as_str() == Some("FailIndex"))
            && present(spec, "backoffLimitPerIndex").is_none()
        {
            let message = "`FailIndex` is for Jobs with `backoffLimitPerIndex` only";
            faults.push(
                Fault::new(&rules::CONFLICT, action, message)
                    .help("set `backoffLimitPerIndex`, or use `FailJob`"),
            );
        }
        let container = rule
            .get("onExitCodes")
            .and_then(|codes| present(codes, "containerName"));
        if let Some(name) =
            container.filter(|name| name.as_str().is_some_and(|name| !names.contains(&name)))
        {
            let list = names
                .iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", ");
            let message = "the template has no container of this name";
            faults.push(Fault::new(&rules::DANGLING, name, message).help(format!("it has {list}")));
        }
    }
}

fn success_policy<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(policy) = present(spec, "successPolicy").filter(|_| is_indexed(spec)) else {
        return;
    };
    let rules = policy.get("rules");
    let count = rules.map_or(0, |rules| rules.items().len());
    if let Some(rules) = rules.filter(|_| count == 0) {
        faults.push(Fault::new(
            &rules::REQUIRED,
            rules,
            "a success policy needs a rule",
        ));
    } else if let Some(rules) = rules.filter(|_| count > 20) {
        let message = format!("this must have at most 20 items, and has {count}");
        faults.push(Fault::new(&rules::RANGE, rules, message));
    }
    for rule in items(policy, "rules") {
        success_rule(rule, number(spec, "completions"), faults);
    }
}

fn success_rule<'a>(rule: Node<'a>, completions: Option<i64>, faults: &mut Vec<Fault<'a>>) {
    let (indexes, count) = (
        present(rule, "succeededIndexes"),
        present(rule, "succeededCount"),
    );
    if indexes.is_none() && count.is_none() {
        let message = "one of `succeededIndexes`, `succeededCount` is missing";
        faults
            .push(Fault::new(&rules::ALTERNATIVES, rule, message).help("set at least one of them"));
    }
    let Some(completions) = completions else {
        return;
    };
    let mut most = (completions, "`completions`");
    if let Some((node, text)) = indexes.and_then(|node| Some((node, node.as_str()?))) {
        match count_indexes(text, completions) {
            Ok(total) => most = (total, "the number of `succeededIndexes`"),
            Err(message) => {
                let fault = Fault::new(&rules::FORMAT, node, message);
                faults.push(
                    fault.help("write numbers and ranges in ascending order, from 0 on: `0,2-5,7`"),
                );
            }
        }
    }
    let Some((node, count)) = count.and_then(|node| Some((node, node.as_int()?))) else {
        return;
    };
    if count < 0 {
        faults.push(Fault::new(
            &rules::RANGE,
            node,
            format!("this must be at least 0, and is {count}"),
        ));
    } else if count > most.0 || count > completions {
        let (most, name) = if count > completions {
            (completions, "`completions`")
        } else {
            most
        };
        faults.push(Fault::new(
            &rules::RANGE,
            node,
            format!("this must not be more than {name}, which is {most}"),
        ));
    }
}

/// Counts the indexes of a list such as `0,2-5`.
fn count_indexes(text: &str, completions: i64) -> Result<i64, String> {
    let (mut last, mut total) = (-1_i64, 0_i64);
    let intervals = text.split(',').filter(|_| !text.is_empty());
    for interval in intervals {
        let mut ends = interval.split('-');
        let number = |end: &str| {
            end.parse::<i64>()
                .ok()
                .ok_or_else(|| format!("`{interval}` is no index or range of indexes"))
        };
        let mut end = || ends.next().map(number);
        let first = end().unwrap_or(Ok(-1))?;
        let second = end().transpose()?;
        if ends.next().is_some() {
            return Err(format!("`{interval}` has two hyphens"));
        }
        let greatest = second.unwrap_or(first);
        if greatest >= completions || first >= completions {
            return Err(format!(
                "the last index is {}, one less than `completions`",
                completions - 1
            ));
        }
        if first <= last || second.is_some_and(|second| first >= second) {
            return Err("indexes must be in ascending order".to_owned());
        }
        total += greatest - first + 1;
        last = greatest;
    }
    Ok(total)
}

/// A Job's selector is made by the server, and selects labels that the server gives.
fn selector_of_job<'a>(context: &Context<'a>, job: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(spec) = present(job, "spec") else {
        return;
    };
    let (selector, template) = (present(spec, "selector"), present(spec, "template"));
    if present(spec, "manualSelector").and_then(Node::as_bool) == Some(true) {
        match (selector, template) {
            (None, _) => faults.push(
                Fault::new(
                    &rules::REQUIRED,
                    spec,
                    "with `manualSelector: true` a Job needs a selector",
                )
                .below("selector")
                .help("remove `manualSelector`: the server makes a selector by itself"),
            ),
            (Some(selector), Some(template)) => {
                matches_template(template, faults, &|label| selector::judge(selector, label));
            }
            _ => {}
        }
        return;
    }
    let name = context
        .object
        .path(&["metadata", "name"])
        .and_then(Node::as_str);
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return;
    };
    let labels = template.and_then(|template| template.path(&["metadata", "labels"]));
    for (key, value) in labels.into_iter().flat_map(Node::entries) {
        let wrong = match key.as_str() {
            Some("job-name" | "batch.kubernetes.io/job-name") => value.as_str() != Some(name),
            Some("controller-uid" | "batch.kubernetes.io/controller-uid") => true,
            _ => false,
        };
        if wrong {
            let message = "this label is the server's, which gives it another value";
            faults.push(Fault::new(&rules::CONFLICT, value, message).help("remove it"));
        }
    }
    let given = |label: &str| match label {
        "job-name" | "batch.kubernetes.io/job-name" => Some(name),
        // Nobody can know it beforehand.
        "controller-uid" | "batch.kubernetes.io/controller-uid" => Some(""),
        _ => None,
    };
    if let Some(selector) = selector
        && matches!(selector::judge(selector, &given), Verdict::Lacks(..))
    {
        let message = "the server makes the selector of a Job, and this is not it";
        faults.push(Fault::new(&rules::CONFLICT, selector, message).help("remove `selector`"));
    }
}

/// Pods of an indexed Job have the Job's name and their index for their host name.
fn index_in_host_name<'a>(context: &Context<'a>, job: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(spec) = present(job, "spec").filter(|spec| is_indexed(*spec)) else {
        return;
    };
    let Some(last) = number(spec, "completions")
        .filter(|count| *count > 0)
        .map(|count| count - 1)
    else {
        return;
    };
    let Some(meta) = context.object.get("metadata") else {
        return;
    };
    let (node, host) = match (given(meta, "name"), given(meta, "generateName")) {
        (Some(name), _) => (
            name,
            format!("{}-{last}", name.as_str().unwrap_or_default()),
        ),
        (None, Some(prefix)) => {
            // The server cuts what is longer, and adds five letters and digits.
            let text: String = prefix
                .as_str()
                .unwrap_or_default()
                .chars()
                .take(58)
                .collect();
            (prefix, format!("{text}xxxxx-{last}"))
        }
        (None, None) => return,
    };
    if Label.fault(&host).is_some() {
        let message = format!(
            "the last pod of this indexed Job would have the host name `{host}`, which must be {}",
            Label.words()
        );
        faults.push(
            Fault::new(&rules::NAME, node, message)
                .help("give the Job a shorter name, without dots"),
        );
    }
}

#[cfg(test)]
#[allow(clippy::too_many_lines, reason = "cases are lines of a table")]
#[path = "tests/job.rs"]
mod tests;
