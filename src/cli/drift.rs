//! `tympan render --check --format`: drift of `rendered/` as findings.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;

use super::Settings;
use crate::exit::ExitStatus;
use crate::finding::Finding;
use crate::git::folder_in_repository;
use crate::output::rules::OUT_OF_DATE;
use crate::output::{Change, ChangeKind, Plan};
use crate::pipeline::{Environment, Object, Outcome};
use crate::report::{Format, Looked, Report, Summary, write};
use crate::source::{Location, Span};

const RENDER: &str = "run `tympan render`, and commit what it writes";

/// Adds a finding for each file that is not as it should be, and tells them all.
pub(super) fn check(
    plan: Plan,
    outcome: &mut Outcome,
    format: Format,
    settings: &Settings,
    out: &mut impl Write,
) -> io::Result<ExitStatus> {
    let root = plan.root().to_path_buf();
    let clean = plan.is_clean();
    add(plan, outcome);
    tell(outcome, &root, format, settings, out)?;
    Ok(if clean {
        ExitStatus::Clean
    } else {
        ExitStatus::Findings
    })
}

/// Writes a report of what was found while rendering, and of what differs.
pub(super) fn tell(
    outcome: &Outcome,
    root: &Path,
    format: Format,
    settings: &Settings,
    out: &mut impl Write,
) -> io::Result<()> {
    let summary = Summary {
        documents: outcome.objects(),
        environments: outcome.names(),
        looked: Looked::AtFiles,
        ..Summary::default()
    };
    let folder = folder_in_repository(root);
    let report = Report {
        folder: &folder,
        ..Report::new(&outcome.findings, &outcome.sources, summary)
    };
    write(out, &report, format, settings.style)?;
    out.flush()
}

fn add(plan: Plan, outcome: &mut Outcome) {
    let ledgers = if plan.changes.is_empty() {
        plan.other_ledgers()
    } else {
        Vec::new()
    };
    let made = made(&outcome.environments);
    let mut findings = Vec::new();
    for change in plan.changes {
        let (message, help) = words(&change);
        let span = first_difference(&change);
        let text = change.before.unwrap_or_default();
        let file = outcome.sources.add(change.path.as_str(), text);
        let mut finding = Finding::new(&OUT_OF_DATE, message, Location::new(file, span)).help(help);
        if let Some((environment, object)) = made.get(&change.path) {
            let place = object.template(environment, object.resource.root());
            finding = finding
                .environment(&environment.name)
                .resource(object.resource.id.clone())
                .related(place.label("rendered from here"));
        }
        findings.push(finding);
    }
    for path in ledgers {
        let message = format!("`{path}` does not list what is rendered");
        let file = outcome.sources.add(path, "");
        let place = Location::new(file, Span::at(0));
        findings.push(Finding::new(&OUT_OF_DATE, message, place).help(RENDER));
    }
    outcome.findings.extend(findings);
    outcome.findings.sort(&outcome.sources);
}

/// Returns the objects by the paths of their files.
fn made(environments: &[Environment]) -> HashMap<String, (&Environment, &Object)> {
    let objects = environments.iter().flat_map(|environment| {
        let objects = environment.objects.iter();
        objects.map(move |object| (object.file(&environment.name), (environment, object)))
    });
    objects.collect()
}

/// Says how a file differs, and what to do.
fn words(change: &Change) -> (String, &'static str) {
    let path = &change.path;
    match change.kind {
        ChangeKind::Missing => (format!("`{path}` is missing"), RENDER),
        ChangeKind::Different => (format!("`{path}` differs from what is rendered"), RENDER),
        ChangeKind::Stale => (
            format!("`{path}` is no longer rendered"),
            "run `tympan render`, which removes it, and commit that",
        ),
        ChangeKind::Foreign => (
            format!("`{path}` differs from what is rendered, and was not written by Tympan"),
            "`tympan render --adopt` overwrites it; look at `git diff` afterwards",
        ),
        ChangeKind::Unknown => (
            format!("`{path}` was not written by Tympan, and Argo CD would apply it"),
            "remove it, or make a template of it; `tympan render` leaves it alone",
        ),
    }
}

/// Returns the first line that differs; the last one where the file only ends too early.
fn first_difference(change: &Change) -> Span {
    let before = change.before.as_deref().unwrap_or_default();
    let mut after = change
        .after
        .as_deref()
        .unwrap_or_default()
        .split_inclusive('\n');
    let (mut start, mut last) = (0, Span::at(0));
    for line in before.split_inclusive('\n') {
        last = Span::new(start, start + line.trim_end_matches(['\n', '\r']).len());
        if after.next() != Some(line) {
            break;
        }
        start += line.len();
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_the_place() {
        for (before, after, line) in [
            ("a\nb\nc\n", "a\nB\nc\n", "b"),
            ("a\nb\n", "a\nb\nc\n", "b"),
            ("a\nb\nc\n", "a\nb\n", "c"),
            ("a\nb", "a\nb\n", "b"),
            ("a\r\n", "a\n", "a"),
            ("é\n\nb\n", "é\nb\n", ""),
            ("", "a\n", ""),
        ] {
            let change = Change {
                kind: ChangeKind::Different,
                path: String::new(),
                before: Some(before.to_owned()),
                after: Some(after.to_owned()),
            };
            assert_eq!(first_difference(&change).of(before), line, "{before:?}");
        }
    }
}
