//! Probes and hooks of containers (`validateProbe`, `validateLifecycle`, `validateHandler`).

use super::pod::{Role, containers, forbidden};
use crate::api::Fact::{AtLeast, ExactlyOneOf, OneOf, Port, PortOrName, Required};
use crate::api::fact::text;
use crate::api::{Context, Definition, rules};
use crate::manifest::Fault;
use crate::yaml::Node;

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "core.v1.PodSpec",
        facts: &[],
        rules: &[by_role, sleep_within_grace],
    },
    Definition {
        name: "core.v1.Probe",
        facts: &[
            (".", ExactlyOneOf(&["exec", "httpGet", "tcpSocket", "grpc"])),
            ("initialDelaySeconds", AtLeast(0)),
            ("timeoutSeconds", AtLeast(0)),
            ("periodSeconds", AtLeast(0)),
            ("successThreshold", AtLeast(0)),
            ("failureThreshold", AtLeast(0)),
            ("terminationGracePeriodSeconds", AtLeast(1)),
        ],
        rules: &[],
    },
    Definition {
        name: "core.v1.LifecycleHandler",
        facts: &[(".", ExactlyOneOf(&["exec", "httpGet", "tcpSocket", "sleep"]))],
        rules: &[],
    },
    Definition {
        name: "core.v1.ExecAction",
        facts: &[("command", Required)],
        rules: &[],
    },
    Definition {
        name: "core.v1.HTTPGetAction",
        facts: &[("port", Required), ("port", PortOrName), ("scheme", OneOf(&["HTTP", "HTTPS"]))],
        rules: &[],
    },
    Definition {
        name: "core.v1.HTTPHeader",
        facts: &[("name", Required)],
        rules: &[header],
    },
    Definition {
        name: "core.v1.TCPSocketAction",
        facts: &[("port", Required), ("port", PortOrName)],
        rules: &[],
    },
    Definition {
        name: "core.v1.GRPCAction",
        facts: &[("port", Port)],
        rules: &[],
    },
    Definition {
        name: "core.v1.SleepAction",
        facts: &[],
        rules: &[sleep],
    },
];

/// A container that ends before the pod's work begins has no probes and hooks, and each probe has rules of its own.
fn by_role<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    for (role, container) in containers(spec) {
        let field = |name: &str| container.entry(name).filter(|(_, value)| !value.is_null());
        if role == Role::Init {
            for name in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
                if let Some((key, _)) = field(name) {
                    let why = "cannot be set on an init container, unless that is a sidecar";
                    let help = format!("remove `{name}`, or make it a sidecar: `restartPolicy: Always`");
                    faults.push(forbidden(key, why).help(help));
                }
            }
            continue;
        }
        for name in ["livenessProbe", "startupProbe"] {
            if let Some((_, probe)) = field(name)
                && let Some(value) = probe.get("successThreshold")
                && value.as_int().is_some_and(|number| number > 1)
            {
                let message = format!("the `successThreshold` of a {name} must be 1");
                faults.push(Fault::new(&rules::RANGE, value, message).help("remove it: only a readinessProbe can have more"));
            }
        }
        if let Some((_, probe)) = field("readinessProbe")
            && let Some((key, value)) = probe.entry("terminationGracePeriodSeconds")
            && !value.is_null()
        {
            faults.push(forbidden(key, "cannot be set on a readinessProbe: it ends no container"));
        }
    }
}

/// A hook cannot sleep for longer than the pod has to end.
fn sleep_within_grace<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let grace = spec.get("terminationGracePeriodSeconds").and_then(Node::as_int).unwrap_or(30);
    for (role, container) in containers(spec) {
        for hook in ["postStart", "preStop"] {
            let seconds = container.path(&["lifecycle", hook, "sleep", "seconds"]);
            if let Some(seconds) = seconds.filter(|_| role != Role::Init)
                && seconds.as_int().is_some_and(|seconds| seconds > grace.max(0))
            {
                let message = format!("the pod has {grace} seconds to end, and this would sleep for longer");
                faults.push(
                    Fault::new(&rules::RANGE, seconds, message)
                        .help("sleep for less, or raise `terminationGracePeriodSeconds` of the pod"),
                );
            }
        }
    }
}

/// Since 1.33 a hook may sleep for no time at all.
fn sleep<'a>(context: &Context<'a>, action: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(seconds) = action.get("seconds") {
        AtLeast(i64::from(!context.since(33))).of_value(seconds, faults);
    }
}

fn header<'a>(_: &Context<'a>, header: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let fits = text(header, "name").bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if let Some(name) = header.get("name").filter(|_| !fits) {
        let message = "the name of an HTTP header must be letters, digits and `-`";
        faults.push(Fault::new(&rules::NAME, name, message));
    }
}
