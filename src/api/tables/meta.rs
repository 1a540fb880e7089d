//! Metadata, and label selectors (`k8s.io/apimachinery/pkg/api/validation`, `.../apis/meta/v1/validation`).

use crate::api::Fact::{AtLeast, Keys, OneOf, Required, Spelled};
use crate::api::fact::{is_empty, spelled};
use crate::api::names::Spelling::{LabelValue, QualifiedName, Subdomain};
use crate::api::{Context, Definition, rules};
use crate::manifest::Fault;
use crate::yaml::Node;

/// The bytes that all annotations of an object may have together.
const ANNOTATIONS: usize = 256 << 10;

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "apis.meta.v1.ObjectMeta",
        facts: &[
            ("labels", Keys(QualifiedName)),
            ("finalizers", Spelled(QualifiedName)),
            ("generation", AtLeast(0)),
            ("namespace", Spelled(Subdomain)),
        ],
        rules: &[label_values, annotations],
    },
    Definition {
        name: "apis.meta.v1.OwnerReference",
        facts: &[("apiVersion", Required), ("kind", Required), ("name", Required), ("uid", Required)],
        rules: &[],
    },
    Definition {
        name: "apis.meta.v1.LabelSelector",
        facts: &[("matchLabels", Keys(QualifiedName))],
        rules: &[selected_values],
    },
    Definition {
        name: "apis.meta.v1.LabelSelectorRequirement",
        facts: &[
            ("key", Required),
            ("key", Spelled(QualifiedName)),
            ("operator", Required),
            ("operator", OneOf(&["In", "NotIn", "Exists", "DoesNotExist"])),
        ],
        rules: &[requirement_values],
    },
];

fn label_values<'a>(_: &Context<'a>, meta: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let labels = meta.get("labels").into_iter().flat_map(Node::entries);
    labels.for_each(|(_, value)| spelled(LabelValue, value, faults));
}

fn selected_values<'a>(_: &Context<'a>, selector: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let labels = selector.get("matchLabels").into_iter().flat_map(Node::entries);
    labels.for_each(|(_, value)| spelled(LabelValue, value, faults));
}

/// The server compares annotations' keys in lower case.
fn annotations<'a>(_: &Context<'a>, meta: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(annotations) = meta.get("annotations") else { return };
    let mut size = 0;
    for (key, value) in annotations.entries() {
        let text = key.as_str().unwrap_or_default();
        size += text.len() + value.as_str().map_or(0, str::len);
        if let Some(words) = QualifiedName.fault(&text.to_lowercase()) {
            faults.push(Fault::new(&rules::NAME, key, format!("this must be {words}")));
        }
    }
    if size > ANNOTATIONS {
        let message = format!("annotations have {size} bytes, and may have {ANNOTATIONS} in all");
        faults.push(Fault::new(&rules::RANGE, annotations, message));
    }
}

fn requirement_values<'a>(_: &Context<'a>, requirement: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let values = requirement.get("values");
    match requirement.get("operator").and_then(Node::as_str) {
        Some(operator @ ("In" | "NotIn")) if values.is_none_or(is_empty) => faults.push(
            Fault::new(&rules::REQUIRED, values.unwrap_or(requirement), format!("`{operator}` needs values"))
                .below(if values.is_some() { "" } else { "values" })
                .help("list at least one value under `values`"),
        ),
        Some(operator @ ("Exists" | "DoesNotExist")) if !values.is_none_or(is_empty) => faults.push(
            Fault::new(&rules::CONFLICT, values.unwrap_or(requirement), format!("`{operator}` takes no values"))
                .help("remove `values`, or use `In` or `NotIn`"),
        ),
        _ => {}
    }
    let listed = values.into_iter().flat_map(Node::items);
    listed.for_each(|value| spelled(LabelValue, value, faults));
}
