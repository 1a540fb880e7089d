//! The annotations and labels of objects that Argo CD reads.

use super::options::{compare, of_annotation, parts};
use super::{PREFIX, is_template, rules};
use crate::cluster::{Found, Index};
use crate::finding::{did_you_mean, nearest};
use crate::manifest::{Fault, Resource};
use crate::yaml::Node;

/// The annotations that Argo CD reads or writes, without their prefix.
const ANNOTATIONS: &[&str] = &[
    "application-set-refresh",
    "change-revision",
    "client-side-apply-migration-manager",
    "compare-options",
    "deletion-approved",
    "hook",
    "hook-delete-policy",
    "hook-finalizer",
    "hydrate",
    "ignore-default-links",
    "ignore-healthcheck",
    "ignore-resource-updates",
    "installation-id",
    "managed-by",
    "managed-by-url",
    "manifest-generate-paths",
    "refresh",
    "skip-reconcile",
    "sync-options",
    "sync-wave",
    "tracking-id",
];

/// Those that somebody writes into a manifest, which a misspelt one may mean.
const WRITTEN: &[&str] = &[
    "compare-options",
    "hook",
    "hook-delete-policy",
    "ignore-healthcheck",
    "ignore-resource-updates",
    "manifest-generate-paths",
    "skip-reconcile",
    "sync-options",
    "sync-wave",
];

/// Those that are labels.
const LABELS: &[&str] = &[
    "secret-type",
    "auto-label-cluster-info",
    "kubernetes-version",
];

/// When a hook runs.
const HOOKS: &[&str] = &[
    "PreSync",
    "Sync",
    "PostSync",
    "SyncFail",
    "PreDelete",
    "PostDelete",
    "Skip",
];

/// When a hook is deleted.
const POLICIES: &[&str] = &["HookSucceeded", "HookFailed", "BeforeHookCreation"];

/// Checks what an object tells Argo CD.
pub(super) fn check<'a>(index: Index, object: &'a Resource, all: &mut Vec<Found<'a>>) {
    let Some(metadata) = object.root().get("metadata") else {
        return;
    };
    let mut faults = Vec::new();
    if let Some(annotations) = metadata.get("annotations") {
        for (key, value) in annotations.entries() {
            let name = key.as_str().and_then(|key| key.strip_prefix(PREFIX));
            if let Some(name) = name {
                annotation(annotations, (key, value), name, &mut faults);
            }
        }
    }
    let labels = metadata.get("labels").into_iter().flat_map(Node::entries);
    for (key, _) in labels {
        let name = key.as_str().and_then(|key| key.strip_prefix(PREFIX));
        if let Some(name) = name.filter(|name| WRITTEN.contains(name)) {
            let message = format!(
                "Argo CD reads `{PREFIX}{name}` as an annotation; as a label it does nothing"
            );
            faults.push(
                Fault::new(&rules::ANNOTATION, key, message)
                    .help("move it to `metadata.annotations`"),
            );
        }
    }
    all.extend(faults.into_iter().map(|fault| Found::new(index, fault)));
}

fn annotation<'a>(
    annotations: Node<'a>,
    (key, value): (Node<'a>, Node<'a>),
    name: &str,
    faults: &mut Vec<Fault<'a>>,
) {
    // What is no text the rules of the API tell.
    let text = value.as_str().filter(|text| !is_template(text));
    match (name, text) {
        ("sync-options", Some(text)) => of_annotation(value, text, faults),
        ("compare-options", Some(text)) => compare(value, text, faults),
        ("sync-wave", Some(text)) => faults.extend(wave(value, text)),
        ("hook", Some(text)) => faults.extend(hooks(value, text)),
        ("hook-delete-policy", Some(text)) => {
            faults.extend(words(value, text, POLICIES, "hook deletion policy"));
            let hook = [format!("{PREFIX}hook"), "helm.sh/hook".to_owned()];
            if hook.iter().all(|hook| annotations.get(hook).is_none()) {
                let message = "this object is no hook: its deletion policy does nothing";
                let help = format!("add `{PREFIX}hook`, or remove this");
                faults.push(Fault::new(&rules::ANNOTATION, key, message).help(help));
            }
        }
        ("tracking-id" | "installation-id", _) => {
            let message = format!(
                "`{PREFIX}{name}` is Argo CD's own: it writes it to tell which Application an object belongs to"
            );
            let help = "remove it: in git it goes with every copy of the object, and Argo CD takes the copy for the other's";
            faults.push(Fault::new(&rules::TRACKING, key, message).help(help));
        }
        _ if ANNOTATIONS.contains(&name) => {}
        _ if LABELS.contains(&name) => {
            let message = format!(
                "Argo CD reads `{PREFIX}{name}` as a label; as an annotation it does nothing"
            );
            faults.push(
                Fault::new(&rules::ANNOTATION, key, message).help("move it to `metadata.labels`"),
            );
        }
        _ => faults.extend(misspelt(key, name)),
    }
}

/// Says that a key is none that Argo CD knows, where it is near to one.
fn misspelt<'a>(key: Node<'a>, name: &str) -> Option<Fault<'a>> {
    let near = format!("{PREFIX}{}", nearest(name, WRITTEN.iter().copied())?);
    let near = did_you_mean(Some(&near));
    let message = format!("Argo CD knows no annotation `{PREFIX}{name}`{near}");
    Some(
        Fault::new(&rules::ANNOTATION, key, message)
            .help("correct the name: Argo CD passes over those it does not know"),
    )
}

fn wave<'a>(node: Node<'a>, text: &str) -> Option<Fault<'a>> {
    text.parse::<i64>().is_err().then(|| {
        let message = format!("a sync wave is an integer; Argo CD takes `{text}` for 0");
        Fault::new(&rules::ANNOTATION, node, message)
            .help("write an integer in quotes, such as \"-1\" or \"2\", without blanks")
    })
}

fn hooks<'a>(node: Node<'a>, text: &str) -> Vec<Fault<'a>> {
    words(node, text, HOOKS, "hook")
}

/// Finds the words of a list that Argo CD does not know.
fn words<'a>(node: Node<'a>, text: &str, known: &[&'static str], what: &str) -> Vec<Fault<'a>> {
    let unknown = parts(text).filter(|part| !known.contains(part));
    let faults = unknown.map(|part| {
        let near = nearest(part, known.iter().copied());
        let message = format!("Argo CD knows no {what} `{part}`{}", did_you_mean(near));
        let all: Vec<String> = known.iter().map(|word| format!("`{word}`")).collect();
        Fault::new(&rules::ANNOTATION, node, message)
            .help(format!("write one of {}", all.join(", ")))
    });
    faults.collect()
}
