//! Fields, labels and annotations that the server warns of (`k8s.io/kubernetes/pkg/api/*/warnings.go`, and the
//! `WarningsOnCreate` of each kind).

use crate::api::fact::{is_empty, text};
use crate::api::{Context, Definition, rules};
use crate::manifest::Fault;
use crate::yaml::Node;

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "core.v1.Pod",
        facts: &[],
        rules: &[pod_annotations],
    },
    Definition {
        name: "core.v1.PodTemplateSpec",
        facts: &[],
        rules: &[pod_annotations],
    },
    Definition {
        name: "core.v1.PodSpec",
        facts: &[],
        rules: &[selected_nodes],
    },
    Definition {
        name: "core.v1.TopologySpreadConstraint",
        facts: &[],
        rules: &[topology_key],
    },
    Definition {
        name: "core.v1.NodeSelectorRequirement",
        facts: &[],
        rules: &[label_key],
    },
    Definition {
        name: "core.v1.TopologySelectorLabelRequirement",
        facts: &[],
        rules: &[label_key],
    },
    Definition {
        name: "node.v1.Scheduling",
        facts: &[],
        rules: &[selected_nodes],
    },
    Definition {
        name: "core.v1.Volume",
        facts: &[],
        rules: &[volume_kinds],
    },
    Definition {
        name: "core.v1.PersistentVolumeSpec",
        facts: &[],
        rules: &[volume_kinds, recycling],
    },
    Definition {
        name: "core.v1.PersistentVolume",
        facts: &[],
        rules: &[volume_annotations],
    },
    Definition {
        name: "core.v1.PersistentVolumeClaim",
        facts: &[],
        rules: &[claim_annotations],
    },
    Definition {
        name: "core.v1.NodeSpec",
        facts: &[],
        rules: &[node_fields],
    },
    Definition {
        name: "core.v1.Service",
        facts: &[],
        rules: &[service_annotations],
    },
    Definition {
        name: "core.v1.ServiceAccount",
        facts: &[],
        rules: &[account_annotations],
    },
    Definition {
        name: "networking.v1.Ingress",
        facts: &[],
        rules: &[ingress_annotations],
    },
];

/// Labels of nodes that have new names: the old, the new, the version that deprecated the old.
const NODE_LABELS: &[(&str, &str, &str)] = &[
    ("beta.kubernetes.io/arch", "kubernetes.io/arch", "1.14"),
    ("beta.kubernetes.io/os", "kubernetes.io/os", "1.14"),
    (
        "beta.kubernetes.io/instance-type",
        "node.kubernetes.io/instance-type",
        "1.17",
    ),
    (
        "failure-domain.beta.kubernetes.io/region",
        "topology.kubernetes.io/region",
        "1.17",
    ),
    (
        "failure-domain.beta.kubernetes.io/zone",
        "topology.kubernetes.io/zone",
        "1.17",
    ),
];

/// Kinds of volumes: the version that deprecated them, and the one that they do nothing from, where there is one.
const VOLUMES: &[(&str, &str, &str)] = &[
    ("cephfs", "1.28", "1.31"),
    ("flocker", "1.22", "1.25"),
    ("gitRepo", "1.11", ""),
    ("glusterfs", "1.25", "1.26"),
    ("photonPersistentDisk", "1.11", "1.16"),
    ("quobyte", "1.22", "1.25"),
    ("rbd", "1.28", "1.31"),
    ("scaleIO", "1.16", "1.22"),
    ("storageos", "1.22", "1.25"),
];

fn deprecated(node: Node<'_>, message: impl Into<String>, help: impl Into<String>) -> Fault<'_> {
    Fault::new(&rules::DEPRECATED, node, message).help(help.into())
}

/// Says where a label of nodes has a new name.
fn node_label<'a>(node: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let name = node.as_str().unwrap_or_default();
    if let Some((old, new, since)) = NODE_LABELS.iter().find(|(old, ..)| *old == name) {
        let message = format!("the label `{old}` of nodes is deprecated since Kubernetes {since}");
        faults.push(deprecated(node, message, format!("write `{new}`")));
    }
}

fn selected_nodes<'a>(_: &Context<'a>, map: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let labels = map.get("nodeSelector").into_iter().flat_map(Node::entries);
    labels.for_each(|(key, _)| node_label(key, faults));
}

fn topology_key<'a>(_: &Context<'a>, constraint: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    constraint
        .get("topologyKey")
        .into_iter()
        .for_each(|key| node_label(key, faults));
}

fn label_key<'a>(_: &Context<'a>, requirement: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    requirement
        .get("key")
        .into_iter()
        .for_each(|key| node_label(key, faults));
}

fn volume_kinds<'a>(_: &Context<'a>, volume: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    for (key, _) in volume.entries().filter(|(_, value)| !value.is_null()) {
        let name = key.as_str().unwrap_or_default();
        let Some((_, since, dead)) = VOLUMES.iter().find(|(kind, ..)| *kind == name) else {
            continue;
        };
        let end = if dead.is_empty() {
            String::new()
        } else {
            format!(", and does nothing since {dead}")
        };
        let message = format!("`{name}` is deprecated since Kubernetes {since}{end}");
        faults.push(deprecated(
            key,
            message,
            "use a CSI driver, or another kind of volume",
        ));
    }
}

fn recycling<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let policy = spec.get("persistentVolumeReclaimPolicy");
    if let Some(policy) = policy.filter(|policy| policy.as_str() == Some("Recycle")) {
        faults.push(deprecated(
            policy,
            "the reclaim policy `Recycle` is deprecated",
            "provision volumes dynamically, with `Delete`",
        ));
    }
}

/// Returns the node of an annotation's key.
fn annotation<'a>(object: Node<'a>, name: &str) -> Option<Node<'a>> {
    let annotations = object.path(&["metadata", "annotations"])?;
    annotations.entry(name).map(|(key, _)| key)
}

fn volume_annotations<'a>(_: &Context<'a>, volume: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    claim_annotation(volume, faults);
    if let Some(key) = annotation(volume, "volume.beta.kubernetes.io/mount-options") {
        let message = "this annotation is deprecated since Kubernetes 1.31";
        faults.push(deprecated(key, message, "set `spec.mountOptions`"));
    }
}

fn claim_annotations<'a>(_: &Context<'a>, claim: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    claim_annotation(claim, faults);
}

fn claim_annotation<'a>(object: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(key) = annotation(object, "volume.beta.kubernetes.io/storage-class") {
        let message = "this annotation is deprecated since Kubernetes 1.8";
        faults.push(deprecated(key, message, "set `spec.storageClassName`"));
    }
}

fn node_fields<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    for field in ["configSource", "externalID"] {
        if let Some((key, _)) = spec.entry(field).filter(|(_, value)| !is_empty(*value)) {
            faults.push(deprecated(
                key,
                format!("`{field}` is deprecated, and nothing heeds it"),
                "remove it",
            ));
        }
    }
}

fn service_annotations<'a>(_: &Context<'a>, service: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(key) = annotation(service, "service.kubernetes.io/topology-aware-hints") {
        let message = "this annotation is deprecated since Kubernetes 1.27";
        faults.push(deprecated(key, message, "set `spec.trafficDistribution`, or the annotation `service.kubernetes.io/topology-mode`"));
    }
}

fn account_annotations<'a>(context: &Context<'a>, account: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let key = annotation(account, "kubernetes.io/enforce-mountable-secrets");
    if let Some(key) = key.filter(|_| context.since(32)) {
        let message = "this annotation is deprecated since Kubernetes 1.32";
        faults.push(deprecated(
            key,
            message,
            "keep Secrets apart in Namespaces of their own",
        ));
    }
}

fn ingress_annotations<'a>(_: &Context<'a>, ingress: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let class = ingress.path(&["spec", "ingressClassName"]);
    let key = annotation(ingress, "kubernetes.io/ingress.class");
    if let Some(key) = key.filter(|_| class.is_none_or(Node::is_null)) {
        let message =
            "the annotation `kubernetes.io/ingress.class` is deprecated since Kubernetes 1.18";
        faults.push(deprecated(key, message, "set `spec.ingressClassName`"));
    }
}

/// Finds a container by name.
fn container<'a>(spec: Node<'a>, name: &str) -> Option<Node<'a>> {
    let lists = ["containers", "initContainers", "ephemeralContainers"].into_iter();
    let mut all = lists
        .filter_map(|list| spec.get(list))
        .flat_map(Node::items);
    all.find(|container| text(*container, "name") == name)
}

/// Annotations that became fields. What names no container, or what a field says too, is passed over.
fn pod_annotations<'a>(_: &Context<'a>, pod: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let (Some(annotations), Some(spec)) = (pod.path(&["metadata", "annotations"]), pod.get("spec"))
    else {
        return;
    };
    let has_field = |node: Node<'a>, field: &str| {
        node.path(&["securityContext", field])
            .is_some_and(|value| !value.is_null())
    };
    for (key, _) in annotations.entries() {
        let name = key.as_str().unwrap_or_default();
        if name == "scheduler.alpha.kubernetes.io/critical-pod" {
            let message = "this annotation does nothing since Kubernetes 1.16";
            faults.push(deprecated(key, message, "set `priorityClassName`"));
        }
        if name == "seccomp.security.alpha.kubernetes.io/pod" && !has_field(spec, "seccompProfile")
        {
            let message = "this annotation does nothing since Kubernetes 1.27";
            faults.push(deprecated(
                key,
                message,
                "set `securityContext.seccompProfile`",
            ));
        }
        for (prefix, field, message) in [
            (
                "container.seccomp.security.alpha.kubernetes.io/",
                "seccompProfile",
                "this annotation does nothing since Kubernetes 1.27",
            ),
            (
                "container.apparmor.security.beta.kubernetes.io/",
                "appArmorProfile",
                "this annotation is deprecated since Kubernetes 1.30",
            ),
        ] {
            let named = name
                .strip_prefix(prefix)
                .and_then(|name| container(spec, name));
            if named
                .is_some_and(|container| !has_field(container, field) && !has_field(spec, field))
            {
                faults.push(deprecated(
                    key,
                    message,
                    format!("set `securityContext.{field}` of the container"),
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::api::testing::{deprecated_in, faults_in};

    /// Asserts that these fields, and no others, are deprecated.
    #[track_caller]
    fn deprecated(minor: u8, yaml: &str, fields: &[&str]) {
        assert_eq!(faults_in(minor, yaml), [], "{yaml}");
        let found: Vec<String> = deprecated_in(minor, yaml)
            .into_iter()
            .map(|(_, field, _)| field)
            .collect();
        assert_eq!(found, fields, "{yaml}");
    }

    const POD: &str = "
apiVersion: v1
kind: Pod
metadata: {name: a, annotations: {a: b}}
spec:
  nodeSelector: {kubernetes.io/os: linux}
  securityContext: {runAsNonRoot: true}
  containers: [{name: web, image: a}]
  volumes: [{name: data, emptyDir: {}}]
";

    #[test]
    fn pods_are_told_what_is_old() {
        deprecated(34, POD, &[]);
        for name in [
            "scheduler.alpha.kubernetes.io/critical-pod",
            "seccomp.security.alpha.kubernetes.io/pod",
            "container.seccomp.security.alpha.kubernetes.io/web",
            "container.apparmor.security.beta.kubernetes.io/web",
        ] {
            let pod = POD.replace("{a: b}", &format!("{{{name}: runtime/default}}"));
            deprecated(34, &pod, &[&format!("metadata.annotations[{name}]")]);
            let template = format!(
                "apiVersion: v1\nkind: PodTemplate\nmetadata: {{name: a}}\ntemplate:\n  metadata: {{annotations: {{{name}: runtime/default}}}}\n  spec: {{containers: [{{name: web, image: a}}]}}\n"
            );
            deprecated(
                34,
                &template,
                &[&format!("template.metadata.annotations[{name}]")],
            );
        }
        let armor = POD.replace(
            "{a: b}",
            "{container.apparmor.security.beta.kubernetes.io/web: runtime/default}",
        );
        deprecated(
            34,
            &armor.replace(
                "runAsNonRoot: true",
                "appArmorProfile: {type: RuntimeDefault}",
            ),
            &[],
        );
        deprecated(
            34,
            &POD.replace("kubernetes.io/os", "beta.kubernetes.io/os"),
            &["spec.nodeSelector[beta.kubernetes.io/os]"],
        );
        deprecated(
            34,
            &POD.replace("emptyDir: {}", "gitRepo: {repository: a}"),
            &["spec.volumes[0].gitRepo"],
        );
        let affinity = "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: failure-domain.beta.kubernetes.io/zone, operator: Exists}]}]}}}";
        let at = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].key";
        deprecated(
            34,
            &POD.replace("nodeSelector: {kubernetes.io/os: linux}", affinity),
            &[at],
        );
        let spread = "topologySpreadConstraints: [{maxSkew: 1, topologyKey: failure-domain.beta.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule}]";
        let at = "spec.topologySpreadConstraints[0].topologyKey";
        deprecated(
            34,
            &POD.replace("nodeSelector: {kubernetes.io/os: linux}", spread),
            &[at],
        );
    }

    #[test]
    fn objects_of_the_cluster_are_told_what_is_old() {
        let ingress = |spec: &str| {
            format!(
                "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: a, annotations: {{kubernetes.io/ingress.class: nginx}}}}\nspec: {{{spec}defaultBackend: {{service: {{name: a, port: {{number: 1}}}}}}}}"
            )
        };
        let class = "metadata.annotations[kubernetes.io/ingress.class]";
        deprecated(34, &ingress(""), &[class]);
        deprecated(34, &ingress("ingressClassName: nginx, "), &[]);
        let found = faults_in(34, &ingress("ingressClassName: other, "));
        assert_eq!(
            found,
            [("api/conflict", class.to_owned(), "nginx".to_owned())]
        );
        let object = |head: &str, annotation: &str, spec: &str| {
            format!("{head}\nmetadata: {{name: a, annotations: {{{annotation}: 'true'}}}}\n{spec}")
        };
        let claim = "apiVersion: v1\nkind: PersistentVolumeClaim";
        let old = "volume.beta.kubernetes.io/storage-class";
        let spec = "spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}";
        deprecated(
            34,
            &object(claim, old, spec),
            &[&format!("metadata.annotations[{old}]")],
        );
        let account = object(
            "apiVersion: v1\nkind: ServiceAccount",
            "kubernetes.io/enforce-mountable-secrets",
            "",
        );
        deprecated(31, &account, &[]);
        deprecated(
            32,
            &account,
            &["metadata.annotations[kubernetes.io/enforce-mountable-secrets]"],
        );
        let service = object(
            "apiVersion: v1\nkind: Service",
            "service.kubernetes.io/topology-aware-hints",
            "spec: {ports: [{port: 80}]}",
        );
        deprecated(
            34,
            &service,
            &["metadata.annotations[service.kubernetes.io/topology-aware-hints]"],
        );
        let volume = "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: a}\nspec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], persistentVolumeReclaimPolicy: Recycle, cephfs: {monitors: [a]}}";
        deprecated(
            34,
            volume,
            &["spec.persistentVolumeReclaimPolicy", "spec.cephfs"],
        );
        let class = "apiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata: {name: a}\nhandler: a\nscheduling: {nodeSelector: {beta.kubernetes.io/arch: arm64}}";
        deprecated(
            34,
            class,
            &["scheduling.nodeSelector[beta.kubernetes.io/arch]"],
        );
        let node = "apiVersion: v1\nkind: Node\nmetadata: {name: a}\nspec: {externalID: a}";
        deprecated(34, node, &["spec.externalID"]);
    }
}
