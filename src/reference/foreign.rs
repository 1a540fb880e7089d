//! Namespaces in which others install what is not among the objects: charts and repositories that Argo CD and Flux
//! apply, the cluster's own, and those that `tympan.yaml` declares.

use std::collections::HashSet;

use super::repository::is_own;
use super::selection::Things;
use crate::cluster::Cluster;
use crate::yaml::Node;

/// What installs other objects, and where it names their namespace; where it names none, it is its own.
const INSTALLERS: &[(&str, &str, &[&str])] = &[
    ("helm.cattle.io", "HelmChart", &["spec", "targetNamespace"]),
    (
        "helm.toolkit.fluxcd.io",
        "HelmRelease",
        &["spec", "targetNamespace"],
    ),
    (
        "kustomize.toolkit.fluxcd.io",
        "Kustomization",
        &["spec", "targetNamespace"],
    ),
];

/// The kinds that stand for pods where `tympan.yaml` declares them.
const WORKLOADS: &[&str] = &[
    "CronJob",
    "DaemonSet",
    "Deployment",
    "Job",
    "Pod",
    "ReplicaSet",
    "StatefulSet",
];

/// Namespaces that hold what others install.
#[derive(Debug, Default)]
pub(super) struct Foreign<'a> {
    namespaces: HashSet<&'a str>,
    everywhere: bool,
}

impl<'a> Foreign<'a> {
    /// Looks through the objects of a cluster.
    pub(super) fn new(cluster: &Cluster<'a>) -> Self {
        let mut foreign = Self::default();
        for (group, kind, path) in INSTALLERS {
            for index in cluster.of_kind(group, kind) {
                let target = cluster
                    .get(*index)
                    .and_then(|object| object.root().path(path));
                let target = target.and_then(Node::as_str);
                foreign.everywhere |= target.is_none() && *kind == "Kustomization";
                foreign
                    .namespaces
                    .insert(target.unwrap_or(cluster.namespace(*index)));
            }
        }
        for (kind, path) in [
            ("Application", &["spec"] as &[&str]),
            ("ApplicationSet", &["spec", "template", "spec"]),
        ] {
            for index in cluster.of_kind("argoproj.io", kind) {
                let spec = cluster
                    .get(*index)
                    .and_then(|object| object.root().path(path));
                if let Some(spec) = spec.filter(|spec| !is_own(cluster.settings(), *spec)) {
                    foreign.add(
                        spec.path(&["destination", "namespace"])
                            .and_then(Node::as_str),
                    );
                }
            }
        }
        foreign
    }

    fn add(&mut self, namespace: Option<&'a str>) {
        match namespace {
            Some(namespace) if !namespace.contains("{{") => {
                self.namespaces.insert(namespace);
            }
            _ => self.everywhere = true,
        }
    }

    /// Tells whether others install objects into a namespace.
    pub(super) fn installs_into(&self, namespace: &str) -> bool {
        self.everywhere || self.namespaces.contains(namespace)
    }

    /// Tells whether a namespace may hold more than is among the objects.
    pub(super) fn may_hold(&self, cluster: &Cluster<'a>, things: Things, namespace: &str) -> bool {
        let settings = cluster.settings();
        let mut controllers = settings.network.ingress_controllers.iter();
        let declared = settings.external.iter().any(|one| match things {
            Things::Pods => WORKLOADS.iter().any(|kind| one.is_in(kind, namespace)),
            Things::Services => one.is_in("Service", namespace),
        });
        self.installs_into(namespace)
            || declared
            || namespace.starts_with("kube-")
            || namespace.starts_with("openshift-")
            || controllers.any(|controller| controller.namespace == namespace)
    }
}
