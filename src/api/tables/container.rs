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
mod tests {
    use crate::api::testing::{accepted, accepted_in, refused, refused_in};

    const POD: &str = "
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  initContainers:
    - name: setup
      image: busybox
      # init
  containers:
    - name: main
      image: nginx
      # container
  volumes:
    - name: cache
    - name: data
      persistentVolumeClaim: {claimName: data}
    - name: scratch
      ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}}
";

    const SET: &str = "
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: db
spec:
  serviceName: db
  selector:
    matchLabels:
      app: db
  template:
    metadata:
      labels:
        app: db
    spec:
      containers:
        - name: main
          image: ' '
          # container
  volumeClaimTemplates:
    - metadata:
        name: data
      spec:
        accessModes: [ReadWriteOnce]
        resources: {requests: {storage: 1Gi}}
";

    #[test]
    fn names_and_images() {
        let name = "spec.containers[0].name";
        refused(
            POD,
            &[
                ("name: main", "name: ''", "api/required", name, "''"),
                ("name: main", "name: Main", "api/name", name, "Main"),
                ("name: main", "name: a.b", "api/name", name, "a.b"),
                (
                    "name: setup",
                    "name: main",
                    "api/duplicate",
                    "spec.initContainers[0].name",
                    "main",
                ),
                (
                    "# container",
                    "imagePullPolicy: always",
                    "api/enum",
                    "spec.containers[0].imagePullPolicy",
                    "always",
                ),
                (
                    "# container",
                    "terminationMessagePolicy: Log",
                    "api/enum",
                    "spec.containers[0].terminationMessagePolicy",
                    "Log",
                ),
                (
                    "image: nginx",
                    "image: ''",
                    "api/required",
                    "spec.containers[0].image",
                    "''",
                ),
                (
                    "image: nginx",
                    "image: null",
                    "api/required",
                    "spec.containers[0].image",
                    "null",
                ),
                (
                    "image: nginx",
                    "tty: true",
                    "api/required",
                    "spec.containers[0].image",
                    "name: main",
                ),
                (
                    "image: nginx",
                    "image: ' nginx'",
                    "api/name",
                    "spec.containers[0].image",
                    "' nginx'",
                ),
            ],
        );
        accepted(
            POD,
            &[
                ("image: nginx", "image: 'Not:An@Image'"),
                ("# container", "imagePullPolicy: ''\n      workingDir: a"),
            ],
        );
        accepted(SET, &[("# container", "terminationMessagePath: a")]);
    }

    #[test]
    fn restart_policies() {
        let init = "spec.initContainers[0].restartPolicy";
        for minor in [31, 34] {
            refused_in(
                minor,
                POD,
                &[
                    (
                        "# container",
                        "restartPolicy: Always",
                        "api/conflict",
                        "spec.containers[0].restartPolicy",
                        "restartPolicy",
                    ),
                    ("# init", "restartPolicy: Never", "api/enum", init, "Never"),
                ],
            );
        }
        accepted(POD, &[("# init", "restartPolicy: Always")]);
        accepted_in(
            &[35, 36, 37],
            POD,
            &[
                (
                    "# container",
                    "restartPolicy: Never\n      restartPolicyRules: [{action: Restart, exitCodes: {operator: In, values: [42]}}]",
                ),
                ("# init", "restartPolicy: OnFailure"),
            ],
        );
        let rules =
            "restartPolicyRules: [{action: Restart, exitCodes: {operator: In, values: [42]}}]";
        refused_in(
            35,
            POD,
            &[
                (
                    "# container",
                    "restartPolicy: Sometimes",
                    "api/enum",
                    "spec.containers[0].restartPolicy",
                    "Sometimes",
                ),
                (
                    "# container",
                    rules,
                    "api/conflict",
                    "spec.containers[0].restartPolicyRules",
                    "restartPolicyRules",
                ),
                (
                    "# container",
                    "restartPolicy: Never\n      restartPolicyRules: [{action: Restart, exitCodes: {operator: Is}}]",
                    "api/enum",
                    "spec.containers[0].restartPolicyRules[0].exitCodes.operator",
                    "Is",
                ),
            ],
        );
    }

    #[test]
    fn ports() {
        let at = |field: &str| format!("spec.containers[0].ports[0].{field}");
        refused(
            POD,
            &[
                (
                    "# container",
                    "ports: [{containerPort: 0}]",
                    "api/range",
                    &at("containerPort"),
                    "0",
                ),
                (
                    "# container",
                    "ports: [{containerPort: 65536}]",
                    "api/range",
                    &at("containerPort"),
                    "65536",
                ),
                (
                    "# container",
                    "ports: [{containerPort: 80, hostPort: -1}]",
                    "api/range",
                    &at("hostPort"),
                    "-1",
                ),
                (
                    "# container",
                    "ports: [{containerPort: 80, name: Http}]",
                    "api/name",
                    &at("name"),
                    "Http",
                ),
                (
                    "# container",
                    "ports: [{containerPort: 80, name: a-name-of-sixteen}]",
                    "api/name",
                    &at("name"),
                    "a-name-of-sixteen",
                ),
                (
                    "# container",
                    "ports: [{containerPort: 80, protocol: tcp}]",
                    "api/enum",
                    &at("protocol"),
                    "tcp",
                ),
                (
                    "# container",
                    "ports: [{containerPort: 80, name: a}, {containerPort: 81, name: a}]",
                    "api/duplicate",
                    "spec.containers[0].ports[1].name",
                    "a",
                ),
            ],
        );
        accepted(
            POD,
            &[(
                "# container",
                "ports: [{containerPort: 65535, protocol: SCTP, name: '', hostPort: 0}, {containerPort: 80, name: 0-a, hostIP: x}]",
            )],
        );
    }

    #[test]
    fn variables() {
        let at = |field: &str| format!("spec.containers[0].env[0]{field}");
        refused(
            POD,
            &[
                (
                    "# container",
                    "env: [{name: ''}]",
                    "api/required",
                    &at(".name"),
                    "''",
                ),
                (
                    "# container",
                    "env: [{name: A=B}]",
                    "api/name",
                    &at(".name"),
                    "A=B",
                ),
                (
                    "# container",
                    "env: [{name: Ä}]",
                    "api/name",
                    &at(".name"),
                    "Ä",
                ),
                (
                    "# container",
                    "env: [{name: A, valueFrom: {}}]",
                    "api/alternatives",
                    &at(".valueFrom"),
                    "{}",
                ),
                (
                    "# container",
                    "env: [{name: A, value: b, valueFrom: {secretKeyRef: {name: a, key: b}}}]",
                    "api/alternatives",
                    &at(".valueFrom"),
                    "valueFrom",
                ),
                (
                    "# container",
                    "env: [{name: A, valueFrom: {secretKeyRef: {name: a, key: b}, configMapKeyRef: {name: a, key: b}}}]",
                    "api/alternatives",
                    &at(".valueFrom.secretKeyRef"),
                    "secretKeyRef",
                ),
                (
                    "# container",
                    "env: [{name: A, valueFrom: {secretKeyRef: {key: b}}}]",
                    "api/required",
                    &at(".valueFrom.secretKeyRef.name"),
                    "{key: b}",
                ),
                (
                    "# container",
                    "env: [{name: A, valueFrom: {secretKeyRef: {name: a, key: ''}}}]",
                    "api/required",
                    &at(".valueFrom.secretKeyRef.key"),
                    "''",
                ),
                (
                    "# container",
                    "env: [{name: A, valueFrom: {configMapKeyRef: {name: a, key: b c}}}]",
                    "api/name",
                    &at(".valueFrom.configMapKeyRef.key"),
                    "b c",
                ),
                (
                    "# container",
                    "envFrom: [{}]",
                    "api/alternatives",
                    "spec.containers[0].envFrom[0]",
                    "{}",
                ),
                (
                    "# container",
                    "envFrom: [{secretRef: {name: a}, configMapRef: {name: a}}]",
                    "api/alternatives",
                    "spec.containers[0].envFrom[0].secretRef",
                    "secretRef",
                ),
                (
                    "# container",
                    "envFrom: [{secretRef: {optional: true}}]",
                    "api/required",
                    "spec.containers[0].envFrom[0].secretRef.name",
                    "{optional: true}",
                ),
                (
                    "# container",
                    "envFrom: [{prefix: a=, secretRef: {name: a}}]",
                    "api/name",
                    "spec.containers[0].envFrom[0].prefix",
                    "a=",
                ),
            ],
        );
        accepted(
            POD,
            &[
                (
                    "# container",
                    "env: [{name: A}, {name: A, value: ''}, {name: a.b-C_1, value: '', valueFrom: {secretKeyRef: {name: A_, key: .b}}}]",
                ),
                (
                    "# container",
                    "env: [{name: A, value: b, valueFrom: null}]\n      envFrom: [{prefix: '', configMapRef: {name: X, optional: true}}]",
                ),
            ],
        );
        accepted_in(
            &[32, 34, 37],
            POD,
            &[(
                "# container",
                "env: [{name: 0 a}]\n      envFrom: [{prefix: 1-, secretRef: {name: a}}]",
            )],
        );
        refused_in(
            31,
            POD,
            &[
                (
                    "# container",
                    "env: [{name: 0a}]",
                    "api/name",
                    &at(".name"),
                    "0a",
                ),
                (
                    "# container",
                    "env: [{name: A=B}]",
                    "api/name",
                    &at(".name"),
                    "A=B",
                ),
                (
                    "# container",
                    "envFrom: [{prefix: ..a, secretRef: {name: a}}]",
                    "api/name",
                    "spec.containers[0].envFrom[0].prefix",
                    "..a",
                ),
            ],
        );
    }

    #[test]
    fn mounts() {
        let mount = |rest: &str| format!("volumeMounts: [{{name: cache, mountPath: /a{rest}}}]");
        let at = |field: &str| format!("spec.containers[0].volumeMounts[0].{field}");
        refused(
            POD,
            &[
                (
                    "# container",
                    "volumeMounts: [{name: cahce, mountPath: /a}]",
                    "api/dangling",
                    &at("name"),
                    "cahce",
                ),
                (
                    "# init",
                    "volumeMounts: [{name: none, mountPath: /a}]",
                    "api/dangling",
                    "spec.initContainers[0].volumeMounts[0].name",
                    "none",
                ),
                (
                    "# container",
                    "volumeMounts: [{name: '', mountPath: /a}]",
                    "api/required",
                    &at("name"),
                    "''",
                ),
                (
                    "# container",
                    "volumeMounts: [{name: cache, mountPath: ''}]",
                    "api/required",
                    &at("mountPath"),
                    "''",
                ),
                (
                    "# container",
                    "volumeMounts: [{name: cache, mountPath: /a}, {name: data, mountPath: /a}]",
                    "api/duplicate",
                    "spec.containers[0].volumeMounts[1].mountPath",
                    "/a",
                ),
                (
                    "# container",
                    &mount(", subPath: /b"),
                    "api/path",
                    &at("subPath"),
                    "/b",
                ),
                (
                    "# container",
                    &mount(", subPath: b/../c"),
                    "api/path",
                    &at("subPath"),
                    "b/../c",
                ),
                (
                    "# container",
                    &mount(", subPathExpr: ../$(A)"),
                    "api/path",
                    &at("subPathExpr"),
                    "../$(A)",
                ),
                (
                    "# container",
                    &mount(", subPath: b, subPathExpr: c"),
                    "api/alternatives",
                    &at("subPathExpr"),
                    "subPathExpr",
                ),
                (
                    "# container",
                    &mount(", mountPropagation: Both"),
                    "api/enum",
                    &at("mountPropagation"),
                    "Both",
                ),
                (
                    "# container",
                    &mount(", mountPropagation: Bidirectional"),
                    "api/conflict",
                    &at("mountPropagation"),
                    "Bidirectional",
                ),
                (
                    "# container",
                    &mount(", recursiveReadOnly: Yes!"),
                    "api/enum",
                    &at("recursiveReadOnly"),
                    "Yes!",
                ),
                (
                    "# container",
                    &mount(", recursiveReadOnly: IfPossible"),
                    "api/conflict",
                    &at("recursiveReadOnly"),
                    "IfPossible",
                ),
                (
                    "# container",
                    &mount(
                        ", readOnly: true, recursiveReadOnly: Enabled, mountPropagation: HostToContainer",
                    ),
                    "api/conflict",
                    &at("recursiveReadOnly"),
                    "Enabled",
                ),
            ],
        );
        accepted(
            POD,
            &[
                ("# container", &mount(", subPath: b/..c, subPathExpr: ''")),
                (
                    "# container",
                    &mount(", mountPropagation: None, recursiveReadOnly: Disabled"),
                ),
                (
                    "# container",
                    &mount(", readOnly: true, recursiveReadOnly: Enabled, mountPropagation: None"),
                ),
                (
                    "# container",
                    &(mount(", mountPropagation: Bidirectional")
                        + "\n      securityContext: {privileged: true}"),
                ),
                (
                    "# container",
                    "volumeMounts: [{name: cache, mountPath: a}, {name: cache, mountPath: /a/}, {name: cache, mountPath: '/a:b'}]",
                ),
            ],
        );
    }

    #[test]
    fn devices() {
        let at = |field: &str| format!("spec.containers[0].volumeDevices[0].{field}");
        refused(
            POD,
            &[
                (
                    "# container",
                    "volumeDevices: [{name: cache, devicePath: /a}]",
                    "api/conflict",
                    &at("name"),
                    "cache",
                ),
                (
                    "# container",
                    "volumeDevices: [{name: none, devicePath: /a}]",
                    "api/dangling",
                    &at("name"),
                    "none",
                ),
                (
                    "# container",
                    "volumeDevices: [{name: data, devicePath: ''}]",
                    "api/required",
                    &at("devicePath"),
                    "''",
                ),
                (
                    "# container",
                    "volumeDevices: [{name: data, devicePath: /a/../b}]",
                    "api/path",
                    &at("devicePath"),
                    "/a/../b",
                ),
                (
                    "# container",
                    "volumeDevices: [{name: data, devicePath: /a}, {name: data, devicePath: /b}]",
                    "api/duplicate",
                    "spec.containers[0].volumeDevices[1].name",
                    "data",
                ),
                (
                    "# container",
                    "volumeDevices: [{name: data, devicePath: /a}, {name: scratch, devicePath: /a}]",
                    "api/duplicate",
                    "spec.containers[0].volumeDevices[1].devicePath",
                    "/a",
                ),
                (
                    "# container",
                    "volumeDevices: [{name: data, devicePath: /a}]\n      volumeMounts: [{name: data, mountPath: /b}]",
                    "api/conflict",
                    "spec.containers[0].volumeMounts[0].name",
                    "data",
                ),
                (
                    "# container",
                    "volumeDevices: [{name: data, devicePath: /a}]\n      volumeMounts: [{name: cache, mountPath: /a}]",
                    "api/conflict",
                    "spec.containers[0].volumeMounts[0].mountPath",
                    "/a",
                ),
            ],
        );
        accepted(
            POD,
            &[(
                "# container",
                "volumeDevices: [{name: data, devicePath: a}, {name: scratch, devicePath: /b}]",
            )],
        );
    }

    #[test]
    fn claims_of_a_stateful_set_are_volumes() {
        accepted(
            SET,
            &[
                ("# container", "volumeMounts: [{name: data, mountPath: /a}]"),
                (
                    "# container",
                    "volumeDevices: [{name: data, devicePath: /a}]",
                ),
            ],
        );
        let field = "spec.template.spec.containers[0].volumeMounts[0].name";
        refused(
            SET,
            &[(
                "# container",
                "volumeMounts: [{name: date, mountPath: /a}]",
                "api/dangling",
                field,
                "date",
            )],
        );
    }
}
