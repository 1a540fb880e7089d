//! What pods are told about themselves: fields and resources (`validateObjectFieldSelector`,
//! `validateContainerResourceFieldSelector`).

use crate::api::Fact::{OneOf, Quantity, Required};
use crate::api::fact::{given, text, wanting};
use crate::api::names::Spelling::QualifiedName;
use crate::api::quantity::{self, Form};
use crate::api::{Context, Definition, rules};
use crate::finding::nearest;
use crate::manifest::Fault;
use crate::yaml::Node;

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "core.v1.ObjectFieldSelector",
        facts: &[("fieldPath", Required), ("apiVersion", OneOf(&["v1"]))],
        rules: &[],
    },
    Definition {
        name: "core.v1.ResourceFieldSelector",
        facts: &[("resource", Required), ("divisor", Quantity)],
        rules: &[resource, divisor],
    },
    Definition {
        name: "core.v1.EnvVarSource",
        facts: &[],
        rules: &[of_variable],
    },
    Definition {
        name: "core.v1.DownwardAPIVolumeFile",
        facts: &[],
        rules: &[of_file],
    },
];

/// Fields that an environment variable may hold; `spec.host` is the old name of `spec.nodeName`.
const OF_VARIABLE: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
    "spec.host",
];

/// Fields that a file may hold.
const OF_FILE: &[&str] =
    &["metadata.name", "metadata.namespace", "metadata.labels", "metadata.annotations", "metadata.uid"];

/// Resources that a variable or a file may hold, and pages of memory besides.
const RESOURCES: &[&str] = &[
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
];

fn of_variable<'a>(_: &Context<'a>, source: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(selector) = source.get("fieldRef") {
        field(selector, OF_VARIABLE, "an environment variable", faults);
    }
}

fn of_file<'a>(_: &Context<'a>, file: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(selector) = file.get("fieldRef") {
        field(selector, OF_FILE, "a file", faults);
    }
    if let Some(selector) = file.get("resourceFieldRef").filter(|selector| !selector.is_null())
        && given(selector, "containerName").is_none()
    {
        let message = "a file must say whose resources it holds";
        faults.push(wanting(selector, "containerName", message).help("set `containerName`"));
    }
}

fn field<'a>(selector: Node<'a>, known: &'static [&'static str], what: &str, faults: &mut Vec<Fault<'a>>) {
    let Some(value) = given(selector, "fieldPath") else { return };
    let path = value.as_str().unwrap_or_default();
    let subscript = path.strip_suffix("']").and_then(|path| path.split_once("['"));
    let key = match subscript {
        Some(("metadata.labels", key)) => Some(key.to_owned()),
        Some(("metadata.annotations", key)) => Some(key.to_lowercase()),
        Some((parent, _)) if !parent.is_empty() => {
            let message = format!("`{parent}` takes no key in brackets: only labels and annotations do");
            faults.push(Fault::new(&rules::ENUM, value, message));
            return;
        }
        _ => None,
    };
    if let Some(key) = key {
        if let Some(words) = QualifiedName.fault(&key) {
            faults.push(Fault::new(&rules::NAME, value, format!("the key in brackets must be {words}")));
        }
    } else if !known.contains(&path) {
        let list = known.iter().filter(|field| **field != "spec.host").map(|field| format!("`{field}`"));
        let list = list.collect::<Vec<_>>().join(", ");
        let near = nearest(path, known.iter().copied());
        let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        let message = format!("{what} cannot hold this field of a pod{near}");
        let help = format!("it may hold {list}, `metadata.labels['KEY']` and `metadata.annotations['KEY']`");
        faults.push(Fault::new(&rules::ENUM, value, message).help(help));
    }
}

/// Returns the name of a page size's resource: `hugepages-2Mi` of `limits.hugepages-2Mi`.
fn is_of_pages(resource: &str) -> bool {
    resource.starts_with("limits.hugepages-") || resource.starts_with("requests.hugepages-")
}

fn resource<'a>(_: &Context<'a>, selector: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(value) = given(selector, "resource")
        && !value.as_str().is_some_and(is_of_pages)
    {
        OneOf(RESOURCES).of_value(value, faults);
    }
}

/// A divisor is one of the units: 1 or 1m for processors, 1, 1k, 1Ki and so on for bytes.
fn divisor<'a>(_: &Context<'a>, selector: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some((value, divisor)) = selector.get("divisor").and_then(|node| Some((node, quantity::Quantity::of(node)?))) else {
        return;
    };
    let nanos = divisor.nanos();
    let is_power = |base: i128| (0..=6).any(|power| divisor.whole() == Some(base.pow(power)));
    let (fits, help) = match text(selector, "resource") {
        "limits.cpu" | "requests.cpu" => {
            (nanos == 1_000_000 || nanos == 1_000_000_000, "it may be 1 or 1m")
        }
        name if RESOURCES.contains(&name) || is_of_pages(name) => {
            let fits = match divisor.form() {
                Form::Decimal => is_power(1000),
                Form::Binary => is_power(1024),
                Form::Exponent => divisor.whole() == Some(1),
            };
            (fits, "it may be 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi or 1Ei")
        }
        _ => return,
    };
    // Zero is as good as none.
    if nanos > 0 && !fits {
        faults.push(Fault::new(&rules::ENUM, value, "this is no divisor of this resource").help(help));
    }
}
