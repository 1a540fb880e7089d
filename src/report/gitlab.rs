//! GitLab's Code Quality report: an array of findings, each with a name that is its own.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;

use super::Report;
use super::told::{Fingerprints, Place, Told, worst_first};
use super::visible::escaped;
use crate::finding::Severity;

#[derive(Serialize)]
struct Entry<'a> {
    description: String,
    check_name: Cow<'a, str>,
    fingerprint: String,
    severity: &'static str,
    location: Where,
}

#[derive(Serialize)]
struct Where {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

/// Writes what counts: GitLab has no word for what is accepted.
pub(super) fn write(out: &mut impl Write, report: &Report<'_>) -> io::Result<()> {
    let mut fingerprints = Fingerprints::default();
    let entries: Vec<Entry<'_>> = worst_first(report.findings)
        .iter()
        .map(|told| entry(told, report, &mut fingerprints))
        .collect();
    serde_json::to_writer_pretty(&mut *out, &entries)?;
    writeln!(out)
}

fn entry<'a>(told: &Told<'a>, report: &Report<'_>, fingerprints: &mut Fingerprints) -> Entry<'a> {
    let finding = told.first;
    let place = Place::of(&finding.primary, report);
    let mut description = escaped(&finding.message).into_owned();
    if let Some(about) = told.about() {
        description = format!("{description}; {about}");
    }
    if let Some(help) = &finding.help {
        description = format!("{description}; help: {}", escaped(help));
    }
    Entry {
        description,
        check_name: escaped(finding.rule.as_str()),
        fingerprint: fingerprints.next(told, report.sources),
        severity: match finding.severity {
            Severity::Error => "critical",
            Severity::Warning => "minor",
            Severity::Note => "info",
        },
        location: Where {
            path: escaped(&place.path).into_owned(),
            lines: Lines {
                begin: place.start.line,
                end: place.end.line,
            },
        },
    }
}
