//! Labels and annotations, wherever they stand, and label selectors (`k8s.io/apimachinery/pkg/api/validation`,
//! `.../apis/meta/v1/validation`). The metadata of the object itself are in `api/meta.rs`.

use crate::api::Fact::{Keys, OneOf, Required, Spelled, Values};
use crate::api::fact::{is_empty, misspelt};
use crate::api::names::Spelling::{LabelValue, QualifiedName};
use crate::api::{Context, Definition, rules};
use crate::manifest::Fault;
use crate::yaml::Node;

/// The bytes that all annotations of an object may have together.
const ANNOTATIONS: usize = 256 << 10;

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "apis.meta.v1.ObjectMeta",
        facts: &[],
        rules: &[metadata],
    },
    Definition {
        name: "apis.meta.v1.LabelSelector",
        facts: &[
            ("matchLabels", Keys(QualifiedName)),
            ("matchLabels", Values(LabelValue)),
        ],
        rules: &[],
    },
    Definition {
        name: "apis.meta.v1.LabelSelectorRequirement",
        facts: &[
            ("key", Required),
            ("key", Spelled(QualifiedName)),
            ("operator", Required),
            (
                "operator",
                OneOf(&["In", "NotIn", "Exists", "DoesNotExist"]),
            ),
            ("values", Spelled(LabelValue)),
        ],
        rules: &[requirement_values],
    },
];

/// Metadata of templates that the server looks at only when it makes objects of them.
const UNCHECKED: &[&[&str]] = &[
    &["spec", "jobTemplate", "metadata"],
    &["spec", "volumeClaimTemplates"],
];

const CHECKED: Definition = Definition {
    name: "",
    facts: &[
        ("labels", Keys(QualifiedName)),
        ("labels", Values(LabelValue)),
    ],
    rules: &[annotations],
};

fn metadata<'a>(context: &Context<'a>, meta: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if !UNCHECKED.iter().any(|path| context.is_in(meta, path)) {
        CHECKED.check(context, meta, faults);
    }
}

/// The server compares annotations' keys in lower case.
fn annotations<'a>(_: &Context<'a>, meta: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(annotations) = meta.get("annotations") else {
        return;
    };
    let mut size = 0;
    for (key, value) in annotations.entries() {
        let text = key.as_str().unwrap_or_default();
        size += text.len() + value.as_str().map_or(0, str::len);
        if QualifiedName.fault(&text.to_lowercase()).is_some() {
            faults.extend(misspelt(QualifiedName, text, key, "this"));
        }
    }
    if size > ANNOTATIONS {
        let message = format!("annotations have {size} bytes, and may have {ANNOTATIONS} in all");
        let help = "move large texts into a ConfigMap; for a large object use server-side apply, which needs no annotation";
        faults.push(Fault::new(&rules::RANGE, annotations, message).help(help));
    }
}

fn requirement_values<'a>(_: &Context<'a>, requirement: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let values = requirement.get("values");
    match requirement.get("operator").and_then(Node::as_str) {
        Some(operator @ ("In" | "NotIn")) if values.is_none_or(is_empty) => {
            let fault = Fault::new(
                &rules::REQUIRED,
                values.unwrap_or(requirement),
                format!("`{operator}` needs values"),
            );
            let fault = if values.is_some() {
                fault
            } else {
                fault.below("values")
            };
            faults.push(fault.help("list at least one value under `values`"));
        }
        Some(operator @ ("Exists" | "DoesNotExist")) if !values.is_none_or(is_empty) => faults
            .push(
                Fault::new(
                    &rules::CONFLICT,
                    values.unwrap_or(requirement),
                    format!("`{operator}` takes no values"),
                )
                .help("remove `values`, or use `In` or `NotIn`"),
            ),
        _ => {}
    }
}

#[cfg(test)]
#[allow(clippy::too_many_lines, reason = "cases are lines of a table")]
mod tests {
    use crate::api::testing::{accepted, faults, refused};

    const POLICY: &str = "
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, labels: {app: web}, annotations: {Example.com/Owner: me}}
spec: {podSelector: {matchExpressions: [{key: app, operator: In, values: [a]}]}}
";

    #[test]
    fn labels_and_annotations_are_checked() {
        let long = "a".repeat(64);
        refused(
            POLICY,
            &[
                (
                    "app: web",
                    "a/b/c: web",
                    "api/name",
                    "metadata.labels[a/b/c]",
                    "a/b/c",
                ),
                (
                    "app: web",
                    "app: -web",
                    "api/name",
                    "metadata.labels.app",
                    "-web",
                ),
                (
                    "app: web",
                    &format!("app: {long}"),
                    "api/name",
                    "metadata.labels.app",
                    &long,
                ),
                (
                    "app: web",
                    "app: true",
                    "schema/type",
                    "metadata.labels.app",
                    "true",
                ),
                (
                    "Example.com/Owner",
                    "a b",
                    "api/name",
                    "metadata.annotations[a b]",
                    "a b",
                ),
            ],
        );
        accepted(
            POLICY,
            &[
                ("app: web", "app: ''"),
                ("app: web", "app: null"),
                ("Owner: me", "Owner: 'a b/c: d'"),
            ],
        );
        let text = "a".repeat(256 << 10);
        refused(
            POLICY,
            &[(
                "Owner: me",
                &format!("Owner: {text}"),
                "api/range",
                "metadata.annotations",
                &format!("{{Example.com/Owner: {text}}}"),
            )],
        );
    }

    #[test]
    fn selectors_are_checked() {
        let requirement = "{key: app, operator: In, values: [a]}";
        let at = "spec.podSelector.matchExpressions[0]";
        refused(
            POLICY,
            &[
                (
                    "operator: In",
                    "operator: in",
                    "api/enum",
                    &format!("{at}.operator"),
                    "in",
                ),
                ("[a]", "[]", "api/required", &format!("{at}.values"), "[]"),
                (
                    "[a]",
                    "['a b']",
                    "api/name",
                    &format!("{at}.values[0]"),
                    "'a b'",
                ),
                (
                    "key: app",
                    "key: ''",
                    "api/required",
                    &format!("{at}.key"),
                    "''",
                ),
                (
                    "key: app",
                    "key: a b",
                    "api/name",
                    &format!("{at}.key"),
                    "a b",
                ),
                (
                    requirement,
                    "{key: app, operator: Exists, values: [a]}",
                    "api/conflict",
                    &format!("{at}.values"),
                    "[a]",
                ),
            ],
        );
        accepted(
            POLICY,
            &[
                (
                    requirement,
                    "{key: app, operator: DoesNotExist, values: []}",
                ),
                ("[a]", "['']"),
            ],
        );
    }

    #[test]
    fn templates_that_the_server_does_not_look_into_are_left_alone() {
        let job = "
apiVersion: batch/v1
kind: CronJob
metadata: {name: a}
spec:
  schedule: '0 0 * * *'
  jobTemplate:
    metadata: {labels: {a b: c}}
    spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: a}]}}}
";
        assert_eq!(faults(job), []);
    }
}
