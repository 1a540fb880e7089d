//! What Applications do with the objects that they deliver.

use std::collections::HashSet;

use super::application::{has_option, prunes};
use super::size::{LARGEST, too_large};
use super::{PREFIX, annotation, rules};
use crate::cluster::{Cluster, Found, Index};
use crate::finding::Rule;
use crate::manifest::{Fault, Resource};
use crate::reference::deliveries;
use crate::yaml::Node;

/// An Application, and an object that it delivers.
#[derive(Clone, Copy)]
struct Delivery<'a> {
    application: Index,
    name: &'a str,
    root: Node<'a>,
    spec: Node<'a>,
    index: Index,
    object: &'a Resource,
}

/// Checks the objects that Applications deliver.
pub(super) fn check<'a>(cluster: &Cluster<'a>, all: &mut Vec<Found<'a>>) {
    let label = tracking_label(cluster);
    let mut told = HashSet::new();
    for (application, objects) in deliveries(cluster) {
        let Some(owner) = cluster.get(application) else {
            continue;
        };
        let Some(spec) = owner.root().get("spec") else {
            continue;
        };
        for index in objects.iter() {
            let Some(object) = cluster.get(*index) else {
                continue;
            };
            // What two Applications deliver is told elsewhere.
            if !told.insert(*index) {
                continue;
            }
            let delivery = Delivery {
                application,
                name: &owner.id.name,
                root: owner.root(),
                spec,
                index: *index,
                object,
            };
            all.extend(delivery.deleted());
            all.extend(delivery.too_large());
            all.extend(label.and_then(|label| delivery.tracked(label)));
        }
    }
}

/// Returns the label that Argo CD writes to tell its objects by, where it is told to.
fn tracking_label<'a>(cluster: &Cluster<'a>) -> Option<&'a str> {
    let maps = cluster.of_kind("", "ConfigMap").iter();
    let mut maps = maps.filter_map(|index| cluster.get(*index));
    let map = maps.find(|object| object.id.name == "argocd-cm")?;
    let data = map.root().get("data")?;
    let text = |key: &str| data.get(key).and_then(Node::as_str);
    let method = text("application.resourceTrackingMethod")?;
    let own = text("application.instanceLabelKey").filter(|key| !key.is_empty());
    matches!(method, "label" | "annotation+label")
        .then(|| own.unwrap_or("app.kubernetes.io/instance"))
}

impl<'a> Delivery<'a> {
    /// Says that Argo CD deletes what cannot be made again.
    fn deleted(self) -> Option<Found<'a>> {
        let loss = loss(self.object)?;
        let options = annotation(self.object.root(), "sync-options");
        let kept = |option: &str| {
            ["false", "confirm"]
                .iter()
                .any(|value| has_option(options, self.spec, &format!("{option}={value}")))
        };
        if annotation(self.object.root(), "hook").is_some() {
            return None;
        }
        let pruned = prunes(self.spec).filter(|_| !kept("Prune"));
        let cascade = || finalizer(self.root).filter(|_| !kept("Delete"));
        let (because, when, option) = match (pruned, cascade()) {
            (Some(key), Some(_)) => (
                key,
                format!(
                    "when it is no longer rendered, or when the Application `{}` is deleted",
                    self.name
                ),
                "Prune=confirm,Delete=confirm",
            ),
            (Some(key), None) => (
                key,
                "when it is no longer rendered".to_owned(),
                "Prune=confirm",
            ),
            (None, Some(finalizer)) => (
                finalizer,
                format!("when the Application `{}` is deleted", self.name),
                "Delete=confirm",
            ),
            (None, None) => return None,
        };
        let kind = &self.object.id.kind;
        let message = format!("Argo CD deletes this {kind}, {loss}, {when}");
        let fault = self.fault(&rules::PRUNE, message)?.help(format!(
            "add the annotation `{PREFIX}sync-options: {option}`, so that somebody confirms it first; or `false` in place of `confirm`"
        ));
        Some(Found::new(self.index, fault).related(self.application, because))
    }

    /// Says that an object is too large to be applied.
    fn too_large(self) -> Option<Found<'a>> {
        let length = too_large(self.object.root())?;
        let options = annotation(self.object.root(), "sync-options");
        let server_side = has_option(options, self.spec, "ServerSideApply=true")
            && !super::options::has(options, "ServerSideApply=false");
        if server_side || has_option(options, self.spec, "Replace=true") {
            return None;
        }
        let message = format!(
            "the API server refuses this: client-side apply keeps the whole object in an annotation, its {length} bytes are more than the {LARGEST} that annotations may have"
        );
        let fault = self.fault(&rules::TOO_LARGE, message)?.help(format!(
            "add `ServerSideApply=true` to `syncOptions` of the Application `{}`, or to the object's annotation `{PREFIX}sync-options`",
            self.name
        ));
        Some(Found::new(self.index, fault).related(self.application, self.name_of_application()?))
    }

    /// Says that Argo CD replaces a label.
    fn tracked(self, label: &str) -> Option<Found<'a>> {
        let labels = self.object.root().path(&["metadata", "labels"])?;
        let (key, value) = labels.entry(label)?;
        let own = value.as_str()?;
        (own != self.name).then(|| {
            let message = format!(
                "Argo CD tells its objects by the label `{label}`, and replaces this value by the Application's name, `{}`",
                self.name
            );
            let fault = Fault::new(&rules::TRACKING, key, message).help(
                "set `application.resourceTrackingMethod` of `argocd-cm` to `annotation`, or leave the label to Argo CD",
            );
            Found::new(self.index, fault)
        })
    }

    fn fault(self, rule: &'static Rule, message: String) -> Option<Fault<'a>> {
        let metadata = self.object.root().get("metadata")?;
        let (key, _) = metadata.entry("name")?;
        Some(Fault::new(rule, key, message))
    }

    fn name_of_application(self) -> Option<Node<'a>> {
        self.root.path(&["metadata", "name"])
    }
}

/// Says what is lost with an object.
fn loss(object: &Resource) -> Option<&'static str> {
    match (object.group(), object.id.kind.as_str()) {
        ("", "Namespace") => Some("with everything in it"),
        ("", "PersistentVolumeClaim") => Some("and with it the data on its volume"),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => {
            Some("with all objects of its kind")
        }
        ("apps", "StatefulSet") => {
            let policy = object.root().path(&[
                "spec",
                "persistentVolumeClaimRetentionPolicy",
                "whenDeleted",
            ]);
            let deletes = policy.and_then(Node::as_str) == Some("Delete");
            deletes.then_some("and with it the data on its volumes")
        }
        _ => None,
    }
}

/// Returns what makes Argo CD delete the objects of an Application with it.
fn finalizer(application: Node<'_>) -> Option<Node<'_>> {
    let finalizers = application.path(&["metadata", "finalizers"])?;
    finalizers.items().find(|item| {
        let name = item.as_str().unwrap_or_default();
        name.starts_with("resources-finalizer.argocd.argoproj.io")
    })
}
