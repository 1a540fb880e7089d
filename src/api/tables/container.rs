//! Containers (`validateContainers`, `validateInitContainers`, `validateContainerCommon`).

use std::collections::{BTreeMap, HashSet};

use super::pod::{Role, containers, flag, forbidden, meant, unique};
use crate::api::Fact::{
    self, AtMostOneOf, ExactlyOneOf, Filled, OneOf, Port, RelativePath, Required, Spelled, Within,
};
use crate::api::fact::{self, given, is_empty, text};
use crate::api::names::Spelling::{ConfigKey, EnvironmentName, Label, PortName};
use crate::api::{Context, Definition, rules};
use crate::manifest::Fault;
use crate::yaml::Node;

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "core.v1.PodSpec",
        facts: &[],
        rules: &[names, images, restart_policies, mounted_volumes],
    },
    Definition {
        name: "core.v1.Container",
        facts: &[
            ("name", Required),
            ("name", Spelled(Label)),
            ("image", Required),
            (
                "imagePullPolicy",
                OneOf(&["Always", "IfNotPresent", "Never"]),
            ),
            (
                "terminationMessagePolicy",
                OneOf(&["File", "FallbackToLogsOnError"]),
            ),
        ],
        rules: &[port_names, mount_paths, devices, propagation],
    },
    Definition {
        name: "core.v1.ContainerPort",
        facts: &[
            ("containerPort", Port),
            ("hostPort", Within(0, 65_535)),
            ("name", Spelled(PortName)),
            ("protocol", OneOf(&["TCP", "UDP", "SCTP"])),
        ],
        rules: &[],
    },
    Definition {
        name: "core.v1.EnvVar",
        facts: &[("name", Required), ("name", Spelled(EnvironmentName))],
        rules: &[value_or_source, strict_name],
    },
    Definition {
        name: "core.v1.EnvVarSource",
        facts: &[(
            ".",
            ExactlyOneOf(&[
                "fieldRef",
                "resourceFieldRef",
                "configMapKeyRef",
                "secretKeyRef",
                "fileKeyRef",
            ]),
        )],
        rules: &[],
    },
    Definition {
        name: "core.v1.EnvFromSource",
        facts: &[
            (".", ExactlyOneOf(&["configMapRef", "secretRef"])),
            ("prefix", Spelled(EnvironmentName)),
        ],
        rules: &[strict_prefix],
    },
    Definition {
        name: "core.v1.ConfigMapKeySelector",
        facts: &[
            ("name", Required),
            ("key", Required),
            ("key", Spelled(ConfigKey)),
        ],
        rules: &[],
    },
    Definition {
        name: "core.v1.SecretKeySelector",
        facts: &[
            ("name", Required),
            ("key", Required),
            ("key", Spelled(ConfigKey)),
        ],
        rules: &[],
    },
    Definition {
        name: "core.v1.ConfigMapEnvSource",
        facts: &[("name", Required)],
        rules: &[],
    },
    Definition {
        name: "core.v1.SecretEnvSource",
        facts: &[("name", Required)],
        rules: &[],
    },
    Definition {
        name: "core.v1.VolumeMount",
        facts: &[
            ("name", Required),
            ("mountPath", Required),
            ("subPath", RelativePath),
            ("subPathExpr", RelativePath),
            ("mountPropagation", Filled),
            (
                "mountPropagation",
                OneOf(&["None", "HostToContainer", "Bidirectional"]),
            ),
            ("recursiveReadOnly", Filled),
            (
                "recursiveReadOnly",
                OneOf(&["Disabled", "IfPossible", "Enabled"]),
            ),
        ],
        rules: &[one_sub_path, recursive_read_only],
    },
    Definition {
        name: "core.v1.VolumeDevice",
        facts: &[("name", Required), ("devicePath", Required)],
        rules: &[device_path],
    },
    Definition {
        name: "core.v1.ContainerRestartRule",
        facts: &[],
        rules: &[restart_rule],
    },
];

fn names<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let names = containers(spec).filter_map(|(_, container)| container.get("name"));
    unique(
        names,
        "another container of this pod has the same name",
        faults,
    );
}

/// Templates may have any text for an image, which something else may still replace; Pods may not.
fn images<'a>(context: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    for (_, container) in containers(spec).filter(|_| context.is_pod()) {
        if let Some(image) = container.get("image")
            && image.as_str().is_some_and(|text| text.trim() != text)
        {
            let message = "an image's name must not begin or end with space";
            faults.push(Fault::new(&rules::NAME, image, message));
        }
    }
}

/// Sidecars are init containers that are always started again. Since 1.35 any container may have a policy of its own; in
/// 1.34 that had to be switched on, and whoever did so has rules.
fn restart_policies<'a>(context: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    const SIDECAR: &[(&str, Fact)] = &[
        ("restartPolicy", Filled),
        ("restartPolicy", OneOf(&["Always"])),
    ];
    const ANY: &[(&str, Fact)] = &[
        ("restartPolicy", Filled),
        ("restartPolicy", OneOf(&["Always", "OnFailure", "Never"])),
    ];
    for (role, container) in containers(spec) {
        let policy = container
            .entry("restartPolicy")
            .filter(|(_, policy)| !policy.is_null());
        let rules = container
            .entry("restartPolicyRules")
            .filter(|(_, rules)| !is_empty(*rules));
        match (role, policy) {
            _ if context.since(35) => {
                fact::check(ANY, container, faults);
                if let (Some((key, _)), None) = (rules, policy) {
                    faults.push(
                        forbidden(key, "needs a `restartPolicy` beside it")
                            .help("set `restartPolicy`"),
                    );
                }
            }
            (_, None) => {}
            _ if rules.is_some() => {}
            (Role::App, Some((key, _))) => {
                let why = "cannot be set on a container that is no init container";
                faults
                    .push(forbidden(key, why).help("remove it, or set `restartPolicy` of the pod"));
            }
            (Role::Init | Role::Sidecar, Some(_)) => fact::check(SIDECAR, container, faults),
        }
    }
}

fn restart_rule<'a>(context: &Context<'a>, rule: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    const FACTS: &[(&str, Fact)] = &[("action", Required), ("exitCodes", Required)];
    const CODES: &[(&str, Fact)] = &[
        ("operator", Required),
        ("operator", OneOf(&["In", "NotIn"])),
    ];
    if context.since(35) {
        fact::check(FACTS, rule, faults);
        if let Some(codes) = rule.get("exitCodes") {
            fact::check(CODES, codes, faults);
        }
    }
}

fn port_names<'a>(_: &Context<'a>, container: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let ports = container.get("ports").into_iter().flat_map(Node::items);
    let names = ports.filter_map(|port| port.get("name"));
    unique(
        names,
        "another port of this container has the same name",
        faults,
    );
}

fn value_or_source<'a>(_: &Context<'a>, variable: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if given(variable, "value").is_some()
        && let Some((key, _)) = variable
            .entry("valueFrom")
            .filter(|(_, source)| !is_empty(*source))
    {
        let message = "`valueFrom` cannot stand beside `value`";
        faults.push(
            Fault::new(&rules::ALTERNATIVES, key, message)
                .help("keep only one of `value`, `valueFrom`"),
        );
    }
}

fn strict_name<'a>(context: &Context<'a>, variable: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    strict(context, given(variable, "name"), faults);
}

fn strict_prefix<'a>(context: &Context<'a>, source: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    strict(context, given(source, "prefix"), faults);
}

/// Until 1.31 the names of environment variables had to be more like those of a shell.
fn strict<'a>(context: &Context<'a>, name: Option<Node<'a>>, faults: &mut Vec<Fault<'a>>) {
    let Some((node, name)) = name.and_then(|node| Some((node, node.as_str()?))) else {
        return;
    };
    let fits = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name != "."
        && !name.starts_with("..");
    // What no version takes is told already.
    if !context.since(32) && !fits && EnvironmentName.fault(name).is_none() {
        let message = "this must be letters, digits, `_`, `-` and `.`, and must not begin with a digit or `..`";
        faults.push(Fault::new(&rules::NAME, node, message));
    }
}

/// The volumes that containers can mount, and whether a device can be made of them.
struct Volumes<'a>(BTreeMap<&'a str, Block>);

/// Whether a volume can be a block device.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    Possible,
    Impossible,
}

impl<'a> Volumes<'a> {
    fn of(context: &Context<'a>, spec: Node<'a>) -> Self {
        let listed = spec
            .get("volumes")
            .into_iter()
            .flat_map(Node::items)
            .map(|volume| {
                let of_claim = ["persistentVolumeClaim", "ephemeral"]
                    .iter()
                    .any(|source| volume.get(source).is_some_and(|source| !source.is_null()));
                (
                    text(volume, "name"),
                    if of_claim {
                        Block::Possible
                    } else {
                        Block::Impossible
                    },
                )
            });
        // A StatefulSet makes claims of its own, which take the place of volumes.
        let set = context
            .is("apps/v1", "StatefulSet")
            .then_some(context.object);
        let claims = set
            .and_then(|set| set.path(&["spec", "volumeClaimTemplates"]))
            .into_iter()
            .flat_map(Node::items)
            .filter_map(|claim| claim.path(&["metadata", "name"])?.as_str())
            .map(|name| (name, Block::Possible));
        Self(listed.chain(claims).collect())
    }

    fn unknown<'n>(&self, name: Node<'n>) -> Fault<'n> {
        let text = name.as_str().unwrap_or_default();
        let near = meant(text, self.0.keys().copied());
        let message = format!("the pod has no volume `{text}`{near}");
        Fault::new(&rules::DANGLING, name, message)
            .help("add it to `volumes` of the pod, or correct the name")
    }
}

fn mounted_volumes<'a>(context: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let volumes = Volumes::of(context, spec);
    for (_, container) in containers(spec) {
        let named = |field: &str| {
            let items = container.get(field).into_iter().flat_map(Node::items);
            items.filter_map(|item| given(item, "name"))
        };
        for name in named("volumeMounts") {
            if !volumes.0.contains_key(name.as_str().unwrap_or_default()) {
                faults.push(volumes.unknown(name));
            }
        }
        for name in named("volumeDevices") {
            match volumes.0.get(name.as_str().unwrap_or_default()) {
                None => faults.push(volumes.unknown(name)),
                Some(Block::Impossible) => {
                    let message = "only a volume of a claim can be a block device";
                    faults.push(
                        Fault::new(&rules::CONFLICT, name, message)
                            .help("mount it under `volumeMounts`, or make it a `persistentVolumeClaim` or `ephemeral` volume"),
                    );
                }
                Some(Block::Possible) => {}
            }
        }
    }
}

fn mount_paths<'a>(_: &Context<'a>, container: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let mounts = container
        .get("volumeMounts")
        .into_iter()
        .flat_map(Node::items);
    let paths = mounts.filter_map(|mount| mount.get("mountPath"));
    unique(paths, "something else is mounted at this path", faults);
}

/// Names and paths of devices are there once, and not among the mounts.
fn devices<'a>(_: &Context<'a>, container: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let items = |field: &str| container.get(field).into_iter().flat_map(Node::items);
    if items("volumeDevices").next().is_none() {
        return;
    }
    let all =
        |field: &'static str| items("volumeDevices").filter_map(move |device| device.get(field));
    unique(
        all("name"),
        "another device of this container is of the same volume",
        faults,
    );
    unique(
        all("devicePath"),
        "another device of this container has the same path",
        faults,
    );
    let devices: HashSet<&str> = items("volumeDevices")
        .map(|device| text(device, "name"))
        .collect();
    let paths: HashSet<&str> = items("volumeDevices")
        .map(|device| text(device, "devicePath"))
        .collect();
    for mount in items("volumeMounts") {
        if let Some(name) = given(mount, "name")
            && devices.contains(text(mount, "name"))
        {
            let message = "this volume is a device of this container already";
            faults.push(
                Fault::new(&rules::CONFLICT, name, message)
                    .help("mount it, or use it as a device, not both"),
            );
        } else if let Some(path) = given(mount, "mountPath")
            && paths.contains(text(mount, "mountPath"))
        {
            let message = "a device of this container has this path already";
            faults.push(Fault::new(&rules::CONFLICT, path, message));
        }
    }
}

fn device_path<'a>(_: &Context<'a>, device: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(path) = device.get("devicePath")
        && path
            .as_str()
            .is_some_and(|path| path.split('/').any(|part| part == ".."))
    {
        faults.push(Fault::new(
            &rules::PATH,
            path,
            "this must be a path without `..`",
        ));
    }
}

fn propagation<'a>(_: &Context<'a>, container: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let context = container.get("securityContext");
    if context.and_then(|context| flag(context, "privileged")) == Some(true) {
        return;
    }
    for mount in container
        .get("volumeMounts")
        .into_iter()
        .flat_map(Node::items)
    {
        if let Some(value) = mount
            .get("mountPropagation")
            .filter(|value| value.as_str() == Some("Bidirectional"))
        {
            let message = "only a privileged container can mount with `Bidirectional`";
            faults.push(
                Fault::new(&rules::CONFLICT, value, message)
                    .help("use `HostToContainer`, or set `securityContext.privileged: true`"),
            );
        }
    }
}

fn one_sub_path<'a>(_: &Context<'a>, mount: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if given(mount, "subPath").is_some() && given(mount, "subPathExpr").is_some() {
        AtMostOneOf(&["subPath", "subPathExpr"]).of_value(mount, faults);
    }
}

fn recursive_read_only<'a>(_: &Context<'a>, mount: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(value) = mount
        .get("recursiveReadOnly")
        .filter(|value| matches!(value.as_str(), Some("Enabled" | "IfPossible")))
    else {
        return;
    };
    if flag(mount, "readOnly") != Some(true) {
        let message = "`recursiveReadOnly` needs `readOnly: true`";
        faults.push(
            Fault::new(&rules::CONFLICT, value, message).help("set `readOnly: true` beside it"),
        );
    } else if !matches!(text(mount, "mountPropagation"), "" | "None") {
        let message = "`recursiveReadOnly` cannot stand beside `mountPropagation`";
        faults.push(
            Fault::new(&rules::CONFLICT, value, message)
                .help("remove `mountPropagation`, or set it to `None`"),
        );
    }
}

#[cfg(test)]
#[allow(clippy::too_many_lines, reason = "cases are lines of a table")]
#[path = "tests/container.rs"]
mod tests;
