//! What pods are told about themselves: fields and resources (`validateObjectFieldSelector`,
//! `validateContainerResourceFieldSelector`).

use super::pod::meant;
use crate::api::Fact::{OneOf, Quantity, Required};
use crate::api::fact::{given, text, wanting};
use crate::api::names::Spelling::QualifiedName;
use crate::api::quantity::{self, Form};
use crate::api::{Context, Definition, rules};
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
const OF_FILE: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.labels",
    "metadata.annotations",
    "metadata.uid",
];

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
    if let Some(selector) = file
        .get("resourceFieldRef")
        .filter(|selector| !selector.is_null())
        && given(selector, "containerName").is_none()
    {
        let message = "a file must say whose resources it holds";
        faults.push(wanting(selector, "containerName", message).help("set `containerName`"));
    }
}

fn field<'a>(
    selector: Node<'a>,
    known: &'static [&'static str],
    what: &str,
    faults: &mut Vec<Fault<'a>>,
) {
    let Some(value) = given(selector, "fieldPath") else {
        return;
    };
    let path = value.as_str().unwrap_or_default();
    let subscript = path
        .strip_suffix("']")
        .and_then(|path| path.split_once("['"));
    let key = match subscript {
        Some(("metadata.labels", key)) => Some(key.to_owned()),
        Some(("metadata.annotations", key)) => Some(key.to_lowercase()),
        Some((parent, _)) if !parent.is_empty() => {
            let message =
                format!("`{parent}` takes no key in brackets: only labels and annotations do");
            faults.push(Fault::new(&rules::ENUM, value, message));
            return;
        }
        _ => None,
    };
    if let Some(key) = key {
        if let Some(words) = QualifiedName.fault(&key) {
            faults.push(Fault::new(
                &rules::NAME,
                value,
                format!("the key in brackets must be {words}"),
            ));
        }
    } else if !known.contains(&path) {
        let list = known
            .iter()
            .filter(|field| **field != "spec.host")
            .map(|field| format!("`{field}`"));
        let list = list.collect::<Vec<_>>().join(", ");
        let near = meant(path, known.iter().copied());
        let message = format!("{what} cannot hold this field of a pod{near}");
        let help = format!(
            "it may hold {list}, `metadata.labels['KEY']` and `metadata.annotations['KEY']`"
        );
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
    let Some((value, divisor)) = selector
        .get("divisor")
        .and_then(|node| Some((node, quantity::Quantity::of(node)?)))
    else {
        return;
    };
    let nanos = divisor.nanos();
    let is_power = |base: i128| (0..=6).any(|power| divisor.whole() == Some(base.pow(power)));
    let (fits, help) = match text(selector, "resource") {
        "limits.cpu" | "requests.cpu" => (
            nanos == 1_000_000 || nanos == 1_000_000_000,
            "it may be 1 or 1m",
        ),
        name if RESOURCES.contains(&name) || is_of_pages(name) => {
            let fits = match divisor.form() {
                Form::Decimal => is_power(1000),
                Form::Binary => is_power(1024),
                Form::Exponent => divisor.whole() == Some(1),
            };
            (
                fits,
                "it may be 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi or 1Ei",
            )
        }
        _ => return,
    };
    // Zero is as good as none.
    if nanos > 0 && !fits {
        faults.push(
            Fault::new(&rules::ENUM, value, "this is no divisor of this resource").help(help),
        );
    }
}

#[cfg(test)]
#[allow(clippy::too_many_lines, reason = "cases are lines of a table")]
mod tests {
    use crate::api::testing::{accepted, refused};

    const POD: &str = "
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: main
      image: nginx
      env:
        - name: A
          valueFrom: {fieldRef: {fieldPath: metadata.name}} # variable
  volumes:
    - name: info
      downwardAPI: {items: [{path: a, fieldRef: {fieldPath: metadata.uid}}]} # file
";

    const VARIABLE: &str = "fieldRef: {fieldPath: metadata.name}";
    const FILE: &str = "fieldRef: {fieldPath: metadata.uid}";

    #[test]
    fn fields() {
        let (variable, file) = (
            "spec.containers[0].env[0].valueFrom.fieldRef.fieldPath",
            "spec.volumes[0].downwardAPI.items[0].fieldRef.fieldPath",
        );
        let field = |path: &str| format!("fieldRef: {{fieldPath: \"{path}\"}}");
        for path in [
            "metadata.labels",
            "spec.nodename",
            "status.phase",
            "spec.hostname['a']",
            "metadata.labels[a]",
            "['a']",
        ] {
            refused(
                POD,
                &[(
                    VARIABLE,
                    &field(path),
                    "api/enum",
                    variable,
                    &format!("\"{path}\""),
                )],
            );
        }
        for path in ["status.podIP", "spec.nodeName", "spec.serviceAccountName"] {
            refused(
                POD,
                &[(FILE, &field(path), "api/enum", file, &format!("\"{path}\""))],
            );
        }
        refused(
            POD,
            &[
                (
                    VARIABLE,
                    &field("metadata.labels['a b']"),
                    "api/name",
                    variable,
                    "\"metadata.labels['a b']\"",
                ),
                (
                    VARIABLE,
                    &field("metadata.annotations['']"),
                    "api/name",
                    variable,
                    "\"metadata.annotations['']\"",
                ),
                (VARIABLE, &field(""), "api/required", variable, "\"\""),
                (
                    VARIABLE,
                    "fieldRef: {apiVersion: v2, fieldPath: metadata.name}",
                    "api/enum",
                    "spec.containers[0].env[0].valueFrom.fieldRef.apiVersion",
                    "v2",
                ),
            ],
        );
        for path in [
            "status.podIPs",
            "status.hostIPs",
            "spec.host",
            "metadata.labels['a.b/C']",
            "metadata.annotations['A.b/c']",
        ] {
            accepted(POD, &[(VARIABLE, &field(path))]);
        }
        for path in [
            "metadata.labels",
            "metadata.annotations",
            "metadata.namespace",
            "metadata.annotations['A.b/c']",
        ] {
            accepted(POD, &[(FILE, &field(path))]);
        }
    }

    #[test]
    fn resources() {
        let (variable, file) = (
            "spec.containers[0].env[0].valueFrom.resourceFieldRef",
            "spec.volumes[0].downwardAPI.items[0].resourceFieldRef",
        );
        let field = |name: &str| format!("{variable}.{name}");
        refused(
            POD,
            &[
                (
                    VARIABLE,
                    "resourceFieldRef: {resource: limits.cpus}",
                    "api/enum",
                    &field("resource"),
                    "limits.cpus",
                ),
                (
                    VARIABLE,
                    "resourceFieldRef: {resource: ''}",
                    "api/required",
                    &field("resource"),
                    "''",
                ),
                (
                    VARIABLE,
                    "resourceFieldRef: {resource: limits.cpu, divisor: 10m}",
                    "api/enum",
                    &field("divisor"),
                    "10m",
                ),
                (
                    VARIABLE,
                    "resourceFieldRef: {resource: limits.cpu, divisor: 1Ki}",
                    "api/enum",
                    &field("divisor"),
                    "1Ki",
                ),
                (
                    VARIABLE,
                    "resourceFieldRef: {resource: limits.memory, divisor: 1m}",
                    "api/enum",
                    &field("divisor"),
                    "1m",
                ),
                (
                    VARIABLE,
                    "resourceFieldRef: {resource: limits.memory, divisor: 2Mi}",
                    "api/enum",
                    &field("divisor"),
                    "2Mi",
                ),
                (
                    VARIABLE,
                    "resourceFieldRef: {resource: limits.memory, divisor: '1e3'}",
                    "api/enum",
                    &field("divisor"),
                    "'1e3'",
                ),
                (
                    VARIABLE,
                    "resourceFieldRef: {resource: limits.memory, divisor: MB}",
                    "api/quantity",
                    &field("divisor"),
                    "MB",
                ),
                (
                    FILE,
                    "resourceFieldRef: {resource: limits.cpu}",
                    "api/required",
                    &format!("{file}.containerName"),
                    "{resource: limits.cpu}",
                ),
            ],
        );
        accepted(
            POD,
            &[
                (
                    VARIABLE,
                    "resourceFieldRef: {resource: limits.cpu, divisor: '1'}",
                ),
                (
                    VARIABLE,
                    "resourceFieldRef: {resource: limits.cpu, divisor: 1000m}",
                ),
                (
                    VARIABLE,
                    "resourceFieldRef: {resource: requests.cpu, divisor: 0.001}",
                ),
                (
                    VARIABLE,
                    "resourceFieldRef: {resource: requests.memory, divisor: 1024Ki}",
                ),
                (
                    VARIABLE,
                    "resourceFieldRef: {resource: requests.ephemeral-storage, divisor: 1000}",
                ),
                (
                    VARIABLE,
                    "resourceFieldRef: {resource: limits.hugepages-2Mi, divisor: '0'}",
                ),
                (
                    FILE,
                    "resourceFieldRef: {resource: limits.cpu, containerName: nobody}",
                ),
            ],
        );
    }
}
