//! Findings that read the same, told at once: one line of a shared macro shows in many objects and environments.
//!
//! In: the findings of a report. Out: groups of them, with places as code hosts take them, and names that stay when lines
//! move.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::Report;
use super::visible::escaped;
use crate::digest::{hex, of_parts};
use crate::finding::{Accepted, Finding, FindingSet, Severity};
use crate::source::{Location, Position, SourceMap};

/// Findings that are told at once.
pub(super) struct Told<'a> {
    pub(super) first: &'a Finding,
    pub(super) all: Vec<&'a Finding>,
    pub(super) related: Vec<&'a Location>,
    pub(super) environments: Vec<&'a str>,
    pub(super) objects: usize,
    /// Why they count no more.
    pub(super) accepted: Option<&'a Accepted>,
}

impl<'a> Told<'a> {
    #[expect(clippy::indexing_slicing, reason = "a chunk is never empty")]
    pub(super) fn of(group: &[&'a Finding]) -> Self {
        let mut told = Self {
            first: group[0],
            all: group.to_vec(),
            related: Vec::new(),
            environments: Vec::new(),
            objects: 0,
            accepted: None,
        };
        let mut objects = BTreeSet::new();
        let mut seen = HashSet::new();
        for finding in group {
            objects.insert((&finding.resource, &finding.field));
            for related in &finding.related {
                if seen.insert(related) {
                    told.related.push(related);
                }
            }
            if let Some(environment) = finding.environment.as_deref()
                && !told.environments.contains(&environment)
            {
                told.environments.push(environment);
            }
        }
        told.objects = objects.len();
        told
    }

    /// Says which object and field the findings are about, and in which environments.
    pub(super) fn about(&self) -> Option<String> {
        let finding = self.first;
        let resource = finding
            .resource
            .as_ref()
            .map(|resource| escaped(&resource.to_string()).into_owned());
        let field = finding
            .field
            .as_deref()
            .filter(|field| !field.is_empty())
            .map(escaped);
        let mut place = match (resource, field) {
            (Some(resource), Some(field)) => format!("in {resource}, {field}"),
            (Some(resource), None) => format!("in {resource}"),
            _ if self.environments.is_empty() => return None,
            _ => "when rendered".to_owned(),
        };
        if self.objects > 1 {
            place = format!("{place} and {} more", self.objects - 1);
        }
        if !self.environments.is_empty() {
            place = format!("{place} for {}", self.environments.join(", "));
        }
        Some(place)
    }
}

/// Tells whether two findings would read the same but for what has to do with them.
pub(super) fn say_the_same(a: &Finding, b: &Finding) -> bool {
    a.primary == b.primary && a.rule == b.rule && a.message == b.message && a.help == b.help
}

/// Returns the findings of a set in groups, the most severe first.
pub(super) fn worst_first(findings: &FindingSet) -> Vec<Told<'_>> {
    let findings: Vec<&Finding> = findings.iter().collect();
    let groups = findings.chunk_by(|a, b| say_the_same(a, b) && a.severity == b.severity);
    let mut told: Vec<Told<'_>> = groups.map(Told::of).collect();
    told.sort_by_key(|told| Reverse(told.first.severity));
    told
}

/// Returns the findings of a set that were accepted, in groups.
pub(super) fn accepted(findings: &FindingSet) -> Vec<Told<'_>> {
    let groups = findings
        .accepted()
        .chunk_by(|a, b| a.1 == b.1 && say_the_same(&a.0, &b.0));
    let told = groups.map(|group| {
        let all: Vec<&Finding> = group.iter().map(|(finding, _)| finding).collect();
        Told {
            accepted: group.first().map(|(_, why)| why),
            ..Told::of(&all)
        }
    });
    told.collect()
}

/// Says why a finding counts no more.
pub(super) fn reason(why: &Accepted) -> String {
    match why {
        Accepted::Waiver {
            reason,
            owner,
            expires,
        } => format!(
            "waived until {expires} by {}: {}",
            escaped(owner),
            escaped(reason)
        ),
        Accepted::Baseline => "known: it is in the baseline".to_owned(),
    }
}

/// Counts findings by severity: `2 warnings, 5 notes`.
pub(super) fn counted<'t, 'a: 't>(told: impl IntoIterator<Item = &'t Told<'a>>) -> String {
    let [mut errors, mut warnings, mut notes, mut accepted] = [0_usize; 4];
    for told in told {
        *match told.first.severity {
            _ if told.accepted.is_some() => &mut accepted,
            Severity::Error => &mut errors,
            Severity::Warning => &mut warnings,
            Severity::Note => &mut notes,
        } += told.all.len();
    }
    let counts = [(errors, "error"), (warnings, "warning"), (notes, "note")];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let mut parts: Vec<String> = counts
        .map(|(count, word)| format!("{count} {word}{}", if *count == 1 { "" } else { "s" }))
        .collect();
    if accepted > 0 {
        parts.push(format!("{accepted} accepted"));
    }
    parts.join(", ")
}

/// A place as code hosts take it: the path from the root of the repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) path: String,
    pub(super) start: Position,
    pub(super) end: Position,
}

impl Place {
    pub(super) fn of(location: &Location, report: &Report<'_>) -> Self {
        let file = report.sources.file(location.file);
        let span = file.told(location.span);
        Self {
            path: from_root(report.folder, file.path()),
            start: file.position(span.start),
            end: file.position(span.end),
        }
    }
}

/// Returns a path of the project as a path from the root of its repository.
pub(super) fn from_root(folder: &str, path: &str) -> String {
    let is_own = !path.starts_with(['/', '<']);
    if !is_own || (folder.is_empty() && !path.contains("..")) {
        return path.to_owned();
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Gives findings names that stay when lines move: code hosts know by them what is new and what was there.
#[derive(Default)]
pub(super) struct Fingerprints {
    given: HashMap<String, usize>,
}

impl Fingerprints {
    /// Names a group by its rule, file, first object and that object's field; of several, all but the first are numbered.
    pub(super) fn next(&mut self, told: &Told<'_>, sources: &SourceMap) -> String {
        let about = |finding: &&'_ Finding| {
            let object = finding.resource.as_ref().map(ToString::to_string);
            (object, finding.field.clone())
        };
        let (object, field) = told.all.iter().map(about).min().unwrap_or_default();
        let path = sources.file(told.first.primary.file).path();
        let [object, field] = [object, field].map(Option::unwrap_or_default);
        let digest = of_parts(&[told.first.rule.as_str(), path, &object, &field]);
        let (first, _) = digest.split_at(16);
        let name = hex(first);
        let count = self.given.entry(name.clone()).or_default();
        *count += 1;
        match *count {
            1 => name,
            more => format!("{name}-{more}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_from_the_root_of_the_repository() {
        for (folder, path, expected) in [
            ("", "a/b.yaml", "a/b.yaml"),
            ("platform", "a/b.yaml", "platform/a/b.yaml"),
            ("a/b", "../c.yaml", "a/c.yaml"),
            ("", "./a/../b.yaml", "b.yaml"),
            ("", "../b.yaml", "../b.yaml"),
            ("platform", "/tmp/a.yaml", "/tmp/a.yaml"),
            ("platform", "<stdin>", "<stdin>"),
        ] {
            assert_eq!(from_root(folder, path), expected, "{folder} {path}");
        }
    }
}
