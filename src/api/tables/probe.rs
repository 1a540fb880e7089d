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
        facts: &[(
            ".",
            ExactlyOneOf(&["exec", "httpGet", "tcpSocket", "sleep"]),
        )],
        rules: &[],
    },
    Definition {
        name: "core.v1.ExecAction",
        facts: &[("command", Required)],
        rules: &[],
    },
    Definition {
        name: "core.v1.HTTPGetAction",
        facts: &[
            ("port", Required),
            ("port", PortOrName),
            ("scheme", OneOf(&["HTTP", "HTTPS"])),
        ],
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
            for name in [
                "lifecycle",
                "livenessProbe",
                "readinessProbe",
                "startupProbe",
            ] {
                if let Some((key, _)) = field(name) {
                    let why = "cannot be set on an init container, unless that is a sidecar";
                    let help =
                        format!("remove `{name}`, or make it a sidecar: `restartPolicy: Always`");
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
                faults.push(
                    Fault::new(&rules::RANGE, value, message)
                        .help("remove it: only a readinessProbe can have more"),
                );
            }
        }
        if let Some((_, probe)) = field("readinessProbe")
            && let Some((key, value)) = probe.entry("terminationGracePeriodSeconds")
            && !value.is_null()
        {
            faults.push(forbidden(
                key,
                "cannot be set on a readinessProbe: it ends no container",
            ));
        }
    }
}

/// A hook cannot sleep for longer than the pod has to end.
fn sleep_within_grace<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let grace = spec
        .get("terminationGracePeriodSeconds")
        .and_then(Node::as_int)
        .unwrap_or(30);
    for (role, container) in containers(spec) {
        for hook in ["postStart", "preStop"] {
            let seconds = container.path(&["lifecycle", hook, "sleep", "seconds"]);
            if let Some(seconds) = seconds.filter(|_| role != Role::Init)
                && seconds
                    .as_int()
                    .is_some_and(|seconds| seconds > grace.max(0))
            {
                let message =
                    format!("the pod has {grace} seconds to end, and this would sleep for longer");
                faults.push(
                    Fault::new(&rules::RANGE, seconds, message).help(
                        "sleep for less, or raise `terminationGracePeriodSeconds` of the pod",
                    ),
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
    let fits = text(header, "name")
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if let Some(name) = header.get("name").filter(|_| !fits) {
        let message = "the name of an HTTP header must be letters, digits and `-`";
        faults.push(Fault::new(&rules::NAME, name, message));
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
  initContainers:
    - name: setup
      image: busybox
      # init
  containers:
    - name: main
      image: nginx
      # container
";

    #[test]
    fn one_handler_a_probe() {
        let probe = "spec.containers[0].livenessProbe";
        refused(
            POD,
            &[
                (
                    "# container",
                    "livenessProbe: {periodSeconds: 3}",
                    "api/alternatives",
                    probe,
                    "{periodSeconds: 3}",
                ),
                (
                    "# container",
                    "livenessProbe: {tcpSocket: {port: 1}, httpGet: {port: 1}}",
                    "api/alternatives",
                    &format!("{probe}.tcpSocket"),
                    "tcpSocket",
                ),
                (
                    "# container",
                    "livenessProbe: {exec: {}}",
                    "api/required",
                    &format!("{probe}.exec.command"),
                    "{}",
                ),
                (
                    "# container",
                    "livenessProbe: {exec: {command: []}}",
                    "api/required",
                    &format!("{probe}.exec.command"),
                    "[]",
                ),
                (
                    "# container",
                    "livenessProbe: {httpGet: {port: 0}}",
                    "api/range",
                    &format!("{probe}.httpGet.port"),
                    "0",
                ),
                (
                    "# container",
                    "livenessProbe: {httpGet: {port: '80'}}",
                    "api/name",
                    &format!("{probe}.httpGet.port"),
                    "'80'",
                ),
                (
                    "# container",
                    "livenessProbe: {httpGet: {port: ''}}",
                    "api/required",
                    &format!("{probe}.httpGet.port"),
                    "''",
                ),
                (
                    "# container",
                    "livenessProbe: {httpGet: {port: http, scheme: https}}",
                    "api/enum",
                    &format!("{probe}.httpGet.scheme"),
                    "https",
                ),
                (
                    "# container",
                    "livenessProbe: {httpGet: {port: http, httpHeaders: [{name: X_A, value: b}]}}",
                    "api/name",
                    &format!("{probe}.httpGet.httpHeaders[0].name"),
                    "X_A",
                ),
                (
                    "# container",
                    "livenessProbe: {tcpSocket: {port: HTTP}}",
                    "api/name",
                    &format!("{probe}.tcpSocket.port"),
                    "HTTP",
                ),
                (
                    "# container",
                    "livenessProbe: {grpc: {port: 65536}}",
                    "api/range",
                    &format!("{probe}.grpc.port"),
                    "65536",
                ),
            ],
        );
        accepted(
            POD,
            &[
                (
                    "# container",
                    "livenessProbe: {httpGet: {port: https, path: '', scheme: '', host: any thing, httpHeaders: []}}",
                ),
                (
                    "# container",
                    "readinessProbe: {exec: {command: ['']}}\n      startupProbe: {grpc: {port: 1, service: ''}, exec: null}",
                ),
            ],
        );
    }

    #[test]
    fn times_and_thresholds() {
        let probe = |rest: &str| format!("Probe: {{tcpSocket: {{port: 1}}, {rest}}}");
        for field in [
            "initialDelaySeconds",
            "timeoutSeconds",
            "periodSeconds",
            "successThreshold",
            "failureThreshold",
        ] {
            let line = format!("readiness{}", probe(&format!("{field}: -1")));
            refused(
                POD,
                &[(
                    "# container",
                    &line,
                    "api/range",
                    &format!("spec.containers[0].readinessProbe.{field}"),
                    "-1",
                )],
            );
        }
        for kind in ["liveness", "startup"] {
            let at = |field: &str| format!("spec.containers[0].{kind}Probe.{field}");
            let line = |rest: &str| format!("{kind}{}", probe(rest));
            refused(
                POD,
                &[
                    (
                        "# container",
                        &line("successThreshold: 2"),
                        "api/range",
                        &at("successThreshold"),
                        "2",
                    ),
                    (
                        "# container",
                        &line("terminationGracePeriodSeconds: 0"),
                        "api/range",
                        &at("terminationGracePeriodSeconds"),
                        "0",
                    ),
                ],
            );
            accepted(
                POD,
                &[
                    (
                        "# container",
                        &line("successThreshold: 1, terminationGracePeriodSeconds: 99"),
                    ),
                    ("# container", &line("successThreshold: 0")),
                ],
            );
        }
        let grace = format!("readiness{}", probe("terminationGracePeriodSeconds: 5"));
        let field = "spec.containers[0].readinessProbe.terminationGracePeriodSeconds";
        refused(
            POD,
            &[(
                "# container",
                &grace,
                "api/conflict",
                field,
                "terminationGracePeriodSeconds",
            )],
        );
        let zeros = format!(
            "readiness{}",
            probe("successThreshold: 9, timeoutSeconds: 0, periodSeconds: 0, failureThreshold: 0")
        );
        accepted(POD, &[("# container", &zeros)]);
    }

    #[test]
    fn hooks() {
        let hook = |rest: &str| format!("lifecycle: {{preStop: {{{rest}}}}}");
        let field = "spec.containers[0].lifecycle.preStop";
        refused(
            POD,
            &[
                ("# container", &hook(""), "api/alternatives", field, "{}"),
                (
                    "# container",
                    &hook("sleep: {seconds: 1}, exec: {command: [a]}"),
                    "api/alternatives",
                    &format!("{field}.sleep"),
                    "sleep",
                ),
                (
                    "# container",
                    &hook("sleep: {seconds: -1}"),
                    "api/range",
                    &format!("{field}.sleep.seconds"),
                    "-1",
                ),
                (
                    "# container",
                    &hook("sleep: {seconds: 31}"),
                    "api/range",
                    &format!("{field}.sleep.seconds"),
                    "31",
                ),
            ],
        );
        accepted(
            POD,
            &[
                ("# container", &hook("sleep: {seconds: 30}")),
                (
                    "# container",
                    "lifecycle: {postStart: {httpGet: {port: 80}}, preStop: {tcpSocket: {port: a}}}",
                ),
                ("# container", "lifecycle: {}"),
            ],
        );
        accepted(
            &POD.replace("  # pod", "  terminationGracePeriodSeconds: 60"),
            &[("# container", &hook("sleep: {seconds: 60}"))],
        );
        let nothing = hook("sleep: {seconds: 0}");
        refused_in(
            32,
            POD,
            &[(
                "# container",
                &nothing,
                "api/range",
                &format!("{field}.sleep.seconds"),
                "0",
            )],
        );
        accepted_in(&[33, 34, 37], POD, &[("# container", &nothing)]);
    }

    #[test]
    fn only_sidecars_among_init_containers_have_probes_and_hooks() {
        for line in [
            "lifecycle: {preStop: {sleep: {seconds: 1}}}",
            "livenessProbe: {exec: {command: [a]}}",
            "readinessProbe: {exec: {command: [a]}}",
            "startupProbe: {exec: {command: [a]}}",
        ] {
            let name = line.split_once(':').unwrap().0;
            refused(
                POD,
                &[(
                    "# init",
                    line,
                    "api/conflict",
                    &format!("spec.initContainers[0].{name}"),
                    name,
                )],
            );
            accepted(
                POD,
                &[("# init", &format!("{line}\n      restartPolicy: Always"))],
            );
        }
        let twice = "restartPolicy: Always\n      livenessProbe: {exec: {command: [a]}, successThreshold: 2}";
        refused(
            POD,
            &[(
                "# init",
                twice,
                "api/range",
                "spec.initContainers[0].livenessProbe.successThreshold",
                "2",
            )],
        );
        accepted(
            POD,
            &[("# init", "livenessProbe: null\n      lifecycle: null")],
        );
    }
}
