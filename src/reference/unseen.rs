//! What is there though no object shows it: what every cluster has, and what custom resources and programs may make.

use std::collections::HashSet;

use super::access::{Access, CREATE};
use super::references::Target;
use crate::cluster::Cluster;
use crate::yaml::Node;

/// Custom resources whose controllers make no Secret, ConfigMap, claim, ServiceAccount or pod that `made` does not know.
/// What the others name, or what is named after them, may be made by them.
const KNOWN: &[&str] = &[
    "acme.cert-manager.io",
    "approuting.kubernetes.azure.com",
    "bitnami.com",
    "cert-manager.io",
    "cilium.io",
    "crd.projectcalico.org",
    "external-secrets.io",
    "gateway.envoyproxy.io",
    "generators.external-secrets.io",
    "getambassador.io",
    "karpenter.sh",
    "keda.sh",
    "monitoring.coreos.com",
    "networking.istio.io",
    "projectcalico.org",
    "projectcontour.io",
    "secrets-store.csi.x-k8s.io",
    "security.istio.io",
    "traefik.containo.us",
    "traefik.io",
    "trust-manager.io",
    "trust.cert-manager.io",
    "velero.io",
    "wgpolicyk8s.io",
];

/// The kinds of a known group that make pods.
const POD_MAKERS: &[(&str, &str)] = &[
    ("argoproj.io", "CronWorkflow"),
    ("argoproj.io", "Rollout"),
    ("argoproj.io", "Workflow"),
    ("argoproj.io", "WorkflowTemplate"),
    ("keda.sh", "ScaledJob"),
    ("monitoring.coreos.com", "Alertmanager"),
    ("monitoring.coreos.com", "Prometheus"),
    ("monitoring.coreos.com", "PrometheusAgent"),
    ("monitoring.coreos.com", "ThanosRuler"),
];

/// ServiceAccounts of the controllers of Kubernetes itself; the others end in `-controller`.
const CONTROLLERS: &[&str] = &[
    "bootstrap-signer",
    "generic-garbage-collector",
    "horizontal-pod-autoscaler",
    "kube-apiserver-serving-clustertrustbundle-publisher",
    "legacy-service-account-token-cleaner",
    "persistent-volume-binder",
    "pod-garbage-collector",
    "root-ca-cert-publisher",
    "token-cleaner",
];

/// Tells whether every cluster has an object.
pub(super) fn is_built_in(target: Target<'_>) -> bool {
    let Target {
        group,
        kind,
        namespace,
        name,
    } = target;
    let system = namespace == "kube-system";
    match (group, kind) {
        ("", "ConfigMap") => {
            name == "kube-root-ca.crt"
                || (system && name == "extension-apiserver-authentication")
                || (namespace == "kube-public" && name == "cluster-info")
        }
        ("", "ServiceAccount") => {
            name == "default"
                || (system && (name.ends_with("-controller") || CONTROLLERS.contains(&name)))
        }
        ("", "Service") => {
            (namespace == "default" && name == "kubernetes") || (system && name == "kube-dns")
        }
        ("rbac.authorization.k8s.io", "ClusterRole") => {
            name.starts_with("system:")
                || ["admin", "cluster-admin", "edit", "view"].contains(&name)
        }
        ("rbac.authorization.k8s.io", "Role") => {
            namespace.starts_with("kube-")
                && (name.starts_with("system:")
                    || name == "extension-apiserver-authentication-reader")
        }
        ("scheduling.k8s.io", "PriorityClass") => name.starts_with("system-"),
        _ => false,
    }
}

/// What objects of groups that are not known may make, and Secrets that programs are told to make; the namespace of
/// what is cluster-scoped is empty.
#[derive(Debug, Default)]
pub(super) struct Unseen<'a> {
    namespaces: HashSet<&'a str>,
    names: HashSet<(&'a str, &'a str)>,
    texts: HashSet<(&'a str, &'a str)>,
    secrets: HashSet<(&'a str, &'a str)>,
    makers: Access<'a>,
}

impl<'a> Unseen<'a> {
    /// Looks through the objects of a cluster.
    pub(super) fn new(cluster: &Cluster<'a>) -> Self {
        let mut unseen = Self::default();
        if !cluster.settings().whole {
            // In a project what programs make is declared.
            unseen.makers = Access::new(cluster, CREATE);
        }
        for (index, object) in cluster.objects() {
            let namespace = cluster.namespace(index);
            let (group, kind) = (object.group(), &*object.id.kind);
            if POD_MAKERS.contains(&(group, kind)) {
                unseen.namespaces.insert(namespace);
            }
            if is_known(group) {
                continue;
            }
            unseen.namespaces.insert(namespace);
            unseen.names.insert((namespace, &object.id.name));
            let fields = object.root().entries();
            let own = fields.filter(|(key, _)| key.as_str() != Some("metadata"));
            for (_, value) in own {
                each_text(value, &mut |text| {
                    unseen.texts.insert((namespace, text));
                });
            }
        }
        for pod in cluster.pods() {
            let namespace = cluster.namespace(pod.object);
            for container in pod.containers() {
                for field in ["command", "args"] {
                    let words = container.get(field).into_iter().flat_map(Node::items);
                    unseen.told(namespace, words.filter_map(Node::as_str));
                }
            }
        }
        unseen
    }

    /// Takes the words of a command line: `--secret-name=x`, `--secret-name x`.
    fn told(&mut self, namespace: &'a str, words: impl Iterator<Item = &'a str>) {
        let mut about_secret = false;
        for word in words {
            if about_secret {
                self.secrets.insert((namespace, word));
            }
            let flag = word.starts_with('-') && word.contains("secret");
            about_secret = flag && !word.contains('=');
            if let Some((_, value)) = word.split_once('=').filter(|_| flag) {
                // Also `--webhook-secret=namespace/name`.
                let name = value.rsplit('/').next().unwrap_or(value);
                self.secrets.insert((namespace, name));
            }
        }
    }

    /// Tells whether something may make an object: one that is custom names it, or it is named after one that is custom,
    /// or a program is told the name of the Secret.
    pub(super) fn may_make(&self, target: Target<'a>) -> bool {
        let Target {
            group,
            kind,
            namespace,
            name,
        } = target;
        if !group.is_empty() || namespace.is_empty() {
            return false;
        }
        let either =
            |set: &HashSet<_>, text| set.contains(&(namespace, text)) || set.contains(&("", text));
        let mut ends = name.match_indices(['-', '.']).map(|(at, _)| at);
        let resource = match kind {
            "ConfigMap" => "configmaps",
            "Secret" => "secrets",
            _ => "",
        };
        self.makers.has_own(namespace, resource)
            || (kind == "Secret" && self.secrets.contains(&(namespace, name)))
            || either(&self.texts, name)
            || self.names.contains(&(namespace, name))
            || ends.any(|end| {
                let start = name.get(..end).unwrap_or_default();
                self.names.contains(&(namespace, start))
            })
    }

    /// Tells whether pods of a namespace may be made by what is not known.
    pub(super) fn may_make_pods(&self, namespace: &'a str) -> bool {
        self.namespaces.contains(namespace) || self.namespaces.contains("")
    }
}

/// Tells whether the controllers of a group are known not to make what others name.
fn is_known(group: &str) -> bool {
    let built_in = !group.contains('.') || group.ends_with(".k8s.io");
    // Argo CD makes what its Applications hold, which their own repositories show.
    built_in || group == "argoproj.io" || KNOWN.contains(&group)
}

/// Passes on every text of a node that is no key.
fn each_text<'a>(node: Node<'a>, take: &mut impl FnMut(&'a str)) {
    let values = node.entries().map(|(_, value)| value);
    values
        .chain(node.items())
        .for_each(|value| each_text(value, take));
    if let Some(text) = node.as_str() {
        take(text);
    }
}
