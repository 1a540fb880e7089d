//! Claims of devices (`k8s.io/kubernetes/pkg/apis/resource/validation`), in the versions that name a device exactly.

use std::collections::HashSet;

use super::endpoints::at_most;
use crate::api::Fact::{AtLeast, OneOf, Required, Spelled};
use crate::api::fact::{given, text};
use crate::api::names::Spelling::{Label, Subdomain};
use crate::api::{Check, Context, Definition, Fact, rules};
use crate::manifest::Fault;
use crate::yaml::Node;

const CLAIM: &[Check] = &[claim, constraints];
const REQUEST: &[(&str, Fact)] = &[("name", Required), ("name", Spelled(Label))];
const EXACT: &[(&str, Fact)] = &[
    ("deviceClassName", Required),
    ("deviceClassName", Spelled(Subdomain)),
    ("allocationMode", OneOf(&["ExactCount", "All"])),
    ("count", AtLeast(0)),
];

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "resource.v1.DeviceClaim",
        facts: &[],
        rules: CLAIM,
    },
    Definition {
        name: "resource.v1beta2.DeviceClaim",
        facts: &[],
        rules: CLAIM,
    },
    Definition {
        name: "resource.v1beta1.DeviceClaim",
        facts: &[],
        rules: CLAIM,
    },
    Definition {
        name: "resource.v1.DeviceRequest",
        facts: REQUEST,
        rules: &[alternatives],
    },
    Definition {
        name: "resource.v1beta2.DeviceRequest",
        facts: REQUEST,
        rules: &[alternatives],
    },
    Definition {
        name: "resource.v1.ExactDeviceRequest",
        facts: EXACT,
        rules: &[count],
    },
    Definition {
        name: "resource.v1beta2.ExactDeviceRequest",
        facts: EXACT,
        rules: &[count],
    },
    Definition {
        name: "resource.v1.DeviceConstraint",
        facts: &[],
        rules: &[constraint],
    },
    Definition {
        name: "resource.*.OpaqueDeviceConfiguration",
        facts: &[("driver", Required), ("driver", Spelled(Subdomain))],
        rules: &[],
    },
    Definition {
        name: "resource.*.CELDeviceSelector",
        facts: &[("expression", Required)],
        rules: &[],
    },
    Definition {
        name: "resource.v1.DeviceSubRequest",
        facts: REQUEST,
        rules: &[],
    },
    Definition {
        name: "resource.v1.DeviceSubRequest",
        facts: EXACT,
        rules: &[count],
    },
];

fn requests(claim: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    claim.get("requests").into_iter().flat_map(Node::items)
}

fn claim<'a>(_: &Context<'a>, claim: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    for field in ["requests", "constraints", "config"] {
        at_most(claim, field, 32, faults);
    }
    unique(requests(claim), faults);
    for request in requests(claim) {
        at_most(request, "firstAvailable", 8, faults);
        unique(
            request
                .get("firstAvailable")
                .into_iter()
                .flat_map(Node::items),
            faults,
        );
    }
}

fn unique<'a>(requests: impl Iterator<Item = Node<'a>>, faults: &mut Vec<Fault<'a>>) {
    let mut names = HashSet::new();
    for name in requests.filter_map(|request| given(request, "name")) {
        if !names.insert(name.as_str()) {
            let message = "another request has the same name";
            faults.push(
                Fault::new(&rules::DUPLICATE, name, message)
                    .help("give each request a name of its own"),
            );
        }
    }
}

/// What constraints and settings are for: `request`, or `request/alternative`.
fn constraints<'a>(_: &Context<'a>, claim: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let mut names: HashSet<String> = HashSet::new();
    for request in requests(claim) {
        let name = text(request, "name");
        names.insert(name.to_owned());
        for alternative in request
            .get("firstAvailable")
            .into_iter()
            .flat_map(Node::items)
        {
            names.insert(format!("{name}/{}", text(alternative, "name")));
        }
    }
    let users = ["constraints", "config"]
        .into_iter()
        .filter_map(|field| claim.get(field))
        .flat_map(Node::items);
    for name in users
        .filter_map(|user| user.get("requests"))
        .flat_map(Node::items)
    {
        if name.as_str().is_some_and(|name| !names.contains(name)) {
            let message = "no request of this claim has this name";
            faults.push(
                Fault::new(&rules::DANGLING, name, message)
                    .help("correct the name, or add the request"),
            );
        }
    }
}

/// An attribute has the domain of its driver.
fn constraint<'a>(_: &Context<'a>, constraint: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    match given(constraint, "matchAttribute") {
        Some(name) if !text(constraint, "matchAttribute").contains('/') => {
            let message = "an attribute needs the domain of its driver";
            faults.push(
                Fault::new(&rules::NAME, name, message)
                    .help("write it like `gpu.example.com/model`"),
            );
        }
        None if given(constraint, "distinctAttribute").is_none() => {
            let message = "a constraint needs `matchAttribute`";
            faults.push(Fault::new(&rules::REQUIRED, constraint, message).below("matchAttribute"));
        }
        _ => {}
    }
}

fn alternatives<'a>(_: &Context<'a>, request: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let exactly = request.get("exactly").filter(|exactly| !exactly.is_null());
    match (exactly, given(request, "firstAvailable")) {
        (None, None) => faults.push(
            Fault::new(
                &rules::ALTERNATIVES,
                request,
                "a request needs `exactly` or `firstAvailable`",
            )
            .help("name the class of the device under `exactly`"),
        ),
        (Some(_), Some(first)) => faults.push(
            Fault::new(
                &rules::ALTERNATIVES,
                first,
                "`firstAvailable` cannot stand beside `exactly`",
            )
            .help("keep only one of the two"),
        ),
        _ => {}
    }
}

fn count<'a>(_: &Context<'a>, request: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let count = request
        .get("count")
        .filter(|count| count.as_int().is_some_and(|count| count != 0));
    if let Some(count) = count.filter(|_| text(request, "allocationMode") == "All") {
        let message = "`count` cannot stand beside `allocationMode: All`";
        faults.push(Fault::new(&rules::CONFLICT, count, message).help("remove one of the two"));
    }
}

#[cfg(test)]
#[allow(clippy::too_many_lines, reason = "cases are lines of a table")]
mod tests {
    use crate::api::testing::{accepted_in, refused};

    const CLAIM: &str = "
apiVersion: resource.k8s.io/v1
kind: ResourceClaim
metadata: {name: gpu}
spec:
  devices:
    requests: [{name: a, exactly: {deviceClassName: gpu.example.com, count: 2}}, {name: b, firstAvailable: [{name: c, deviceClassName: x}]}]
    constraints: [{requests: [a, b/c], matchAttribute: example.com/model}]
";

    #[test]
    fn claims_are_checked() {
        let at = "spec.devices.requests[0]";
        let exactly = "exactly: {deviceClassName: gpu.example.com, count: 2}";
        refused(
            CLAIM,
            &[
                (
                    "{name: a",
                    "{name: A, exactly: {deviceClassName: x}}, {name: a",
                    "api/name",
                    &format!("{at}.name"),
                    "A",
                ),
                (
                    "{name: b",
                    "{name: a, exactly: {deviceClassName: x}}, {name: b",
                    "api/duplicate",
                    "spec.devices.requests[1].name",
                    "a",
                ),
                (
                    "deviceClassName: gpu.example.com",
                    "deviceClassName: ''",
                    "api/required",
                    &format!("{at}.exactly.deviceClassName"),
                    "''",
                ),
                (
                    exactly,
                    "exactly: {deviceClassName: x, allocationMode: Some}",
                    "api/enum",
                    &format!("{at}.exactly.allocationMode"),
                    "Some",
                ),
                (
                    exactly,
                    "exactly: {deviceClassName: x, allocationMode: All, count: 1}",
                    "api/conflict",
                    &format!("{at}.exactly.count"),
                    "1",
                ),
                (
                    &format!(", {exactly}"),
                    "",
                    "api/alternatives",
                    at,
                    "{name: a}",
                ),
                (
                    "example.com/model",
                    "model",
                    "api/name",
                    "spec.devices.constraints[0].matchAttribute",
                    "model",
                ),
                (
                    "[a, b/c]",
                    "[a, b/d]",
                    "api/dangling",
                    "spec.devices.constraints[0].requests[1]",
                    "b/d",
                ),
            ],
        );
        accepted_in(
            &[34, 35, 36, 37],
            CLAIM,
            &[("count: 2", "count: 0"), ("[a, b/c]", "[b]")],
        );
    }
}
