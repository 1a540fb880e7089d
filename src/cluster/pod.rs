//! Pods, and the pod templates of controllers.

use super::{Index, Labels};
use crate::manifest::Resource;
use crate::yaml::Node;

/// Where each kind keeps what its pods are made from: `(group, kind, path)`.
const TEMPLATES: &[(&str, &str, &[&str])] = &[
    ("", "Pod", &[]),
    ("", "PodTemplate", &["template"]),
    ("", "ReplicationController", &["spec", "template"]),
    ("apps", "DaemonSet", &["spec", "template"]),
    ("apps", "Deployment", &["spec", "template"]),
    ("apps", "ReplicaSet", &["spec", "template"]),
    ("apps", "StatefulSet", &["spec", "template"]),
    (
        "batch",
        "CronJob",
        &["spec", "jobTemplate", "spec", "template"],
    ),
    ("batch", "Job", &["spec", "template"]),
];

/// The kinds of containers, by the field of a pod's spec that lists them.
const CONTAINERS: &[&str] = &["initContainers", "containers", "ephemeralContainers"];

/// A pod, or what a controller makes its pods from.
#[derive(Clone, Debug)]
pub struct PodTemplate<'a> {
    /// The object: the pod itself, or the controller.
    pub object: Index,
    /// The map that holds `metadata` and `spec`: the pod itself, or the template.
    pub node: Node<'a>,
    /// The pod's spec.
    pub spec: Node<'a>,
}

impl<'a> PodTemplate<'a> {
    /// Returns the pod's metadata.
    pub fn metadata(&self) -> Option<Node<'a>> {
        self.node.get("metadata")
    }

    /// Returns the pod's labels.
    pub fn labels(&self) -> Labels<'a> {
        Labels::of(self.node.path(&["metadata", "labels"]))
    }

    /// Returns all containers: init containers first, ephemeral ones last.
    pub fn containers(&self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        let spec = self.spec;
        let lists = CONTAINERS.iter().filter_map(move |field| spec.get(field));
        lists.flat_map(Node::items)
    }
}

/// Returns the pod or pod template of an object; none where its kind has none, or it lacks a spec.
pub fn pod_template(index: Index, object: &Resource) -> Option<PodTemplate<'_>> {
    let (_, _, path) = TEMPLATES
        .iter()
        .find(|(group, kind, _)| *kind == object.id.kind && *group == object.group())?;
    let node = object.root().path(path)?;
    let spec = node.get("spec")?;
    Some(PodTemplate {
        object: index,
        node,
        spec,
    })
}
