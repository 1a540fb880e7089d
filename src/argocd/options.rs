//! Sync and compare options: `ServerSideApply=true`. Argo CD compares them letter by letter, and passes over all others.

use super::{is_template, rules};
use crate::finding::{Severity, did_you_mean, nearest};
use crate::manifest::Fault;
use crate::yaml::Node;

/// Where an option is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In `syncOptions` of an Application.
    Application,
    /// In the annotation of an object.
    Object,
}

/// An option.
struct Known {
    name: &'static str,
    values: &'static [&'static str],
    /// Whether it counts in the annotation of an object too.
    of_objects: bool,
}

const SWITCH: &[&str] = &["true", "false"];

const fn known(name: &'static str, values: &'static [&'static str], of_objects: bool) -> Known {
    Known {
        name,
        values,
        of_objects,
    }
}

/// The sync options of Argo CD 3.5.
const SYNC: &[Known] = &[
    known("ApplyOutOfSyncOnly", SWITCH, true),
    known("ClientSideApplyMigration", SWITCH, true),
    known("CreateNamespace", SWITCH, false),
    known("Delete", &["true", "false", "confirm"], true),
    known("FailOnSharedResource", SWITCH, false),
    known("Force", SWITCH, true),
    known("Prune", &["true", "false", "confirm"], true),
    known("PruneLast", SWITCH, true),
    known(
        "PrunePropagationPolicy",
        &["foreground", "background", "orphan"],
        false,
    ),
    known("Replace", SWITCH, true),
    known("RespectIgnoreDifferences", SWITCH, false),
    known("ServerSideApply", SWITCH, true),
    known("SkipDryRunOnMissingResource", SWITCH, true),
    known("Validate", SWITCH, true),
];

/// The compare options; the first has no value.
const COMPARE: &[Known] = &[
    known("IgnoreExtraneous", &[], true),
    known("IncludeMutationWebhook", SWITCH, true),
    known("ServerSideDiff", SWITCH, true),
];

/// Checks an annotation that lists sync options.
pub(super) fn of_annotation<'a>(node: Node<'a>, text: &str, faults: &mut Vec<Fault<'a>>) {
    let options: Vec<&str> = parts(text).collect();
    for option in &options {
        faults.extend(sync(node, option, Place::Object));
    }
    faults.extend(overruled(node, &options));
}

/// Checks the `syncOptions` of an Application.
pub(super) fn of_application<'a>(list: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let items = list.items().filter_map(|item| Some((item, item.as_str()?)));
    let items: Vec<(Node<'a>, &str)> = items.collect();
    for (item, option) in &items {
        faults.extend(sync(*item, option, Place::Application));
    }
    let options: Vec<&str> = items.iter().map(|(_, option)| *option).collect();
    let replaced = items.iter().find(|(_, option)| *option == APPLY);
    faults.extend(replaced.and_then(|(item, _)| overruled(*item, &options)));
}

/// Checks an annotation that lists compare options.
pub(super) fn compare<'a>(node: Node<'a>, text: &str, faults: &mut Vec<Fault<'a>>) {
    let unknown =
        parts(text).filter_map(|option| judge(node, option, "compare", COMPARE, Place::Object));
    faults.extend(unknown);
}

/// Splits a list as Argo CD does.
pub(super) fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

/// Tells whether an object has an option in its annotation.
pub(super) fn has(annotation: Option<&str>, option: &str) -> bool {
    annotation.is_some_and(|text| parts(text).any(|part| part == option))
}

fn sync<'a>(node: Node<'a>, option: &str, place: Place) -> Option<Fault<'a>> {
    judge(node, option, "sync", SYNC, place)
}

fn judge<'a>(
    node: Node<'a>,
    option: &str,
    what: &str,
    all: &[Known],
    place: Place,
) -> Option<Fault<'a>> {
    if is_template(option) {
        return None;
    }
    let (name, value) = match option.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (option, None),
    };
    // Blanks around a name are part of it.
    let bare = name.trim();
    let Some(known) = all.iter().find(|known| known.name == bare) else {
        return Some(unknown(node, name, what, all));
    };
    let right = bare == name
        && match value {
            Some(value) => known.values.contains(&value),
            None => known.values.is_empty(),
        };
    if !right {
        let message = format!("Argo CD passes over `{option}`");
        let values = known.values.iter().map(|value| format!("`{bare}={value}`"));
        let values: Vec<String> = values.collect();
        let help = if values.is_empty() {
            format!("write `{bare}`, without a value")
        } else {
            format!(
                "write {}, letter by letter and without blanks",
                values.join(" or ")
            )
        };
        return Some(Fault::new(&rules::SYNC_OPTION, node, message).help(help));
    }
    (place == Place::Object && !known.of_objects).then(|| {
        let message =
            format!("`{name}` counts for whole Applications; on an object it does nothing");
        Fault::new(&rules::SYNC_OPTION, node, message)
            .severity(Severity::Warning)
            .help("move it to `spec.syncPolicy.syncOptions` of the Application")
    })
}

fn unknown<'a>(node: Node<'a>, name: &str, what: &str, all: &[Known]) -> Fault<'a> {
    let near = nearest(name.trim(), all.iter().map(|known| known.name));
    let message = format!(
        "Argo CD knows no {what} option `{name}`, and passes over it{}",
        did_you_mean(near)
    );
    let severity = if near.is_some() {
        Severity::Error
    } else {
        // A later Argo CD may know it.
        Severity::Warning
    };
    Fault::new(&rules::SYNC_OPTION, node, message)
        .severity(severity)
        .help("see `tympan explain argocd/sync-option` for those there are")
}

const APPLY: &str = "ServerSideApply=true";

/// Says that of two options one does nothing.
fn overruled<'a>(node: Node<'a>, options: &[&str]) -> Option<Fault<'a>> {
    let both = options.contains(&APPLY) && options.contains(&"Replace=true");
    both.then(|| {
        let message = "`Replace=true` wins: `ServerSideApply=true` does nothing beside it";
        Fault::new(&rules::SYNC_OPTION, node, message)
            .severity(Severity::Warning)
            .help("remove one of the two")
    })
}
