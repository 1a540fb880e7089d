//! The JSON report, version 1: `docs/report.md` and `docs/schemas/report.schema.json`.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::{Report, ShardSummary};
use crate::finding::{Accepted, Finding, Severity};
use crate::source::{Location, SourceMap};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    version: u32,
    summary: Totals<'a>,
    findings: Vec<Entry<'a>>,
    accepted: Vec<AcceptedEntry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shard: Option<&'a ShardSummary>,
}

/// A finding that counts no more.
#[derive(Serialize)]
struct AcceptedEntry<'a> {
    #[serde(flatten)]
    finding: Entry<'a>,
    accepted: Reason<'a>,
}

/// Why it counts no more.
#[derive(Serialize)]
#[serde(tag = "by", rename_all = "lowercase")]
enum Reason<'a> {
    Waiver {
        reason: &'a str,
        owner: &'a str,
        expires: String,
    },
    Baseline,
}

#[derive(Serialize)]
struct Totals<'a> {
    documents: usize,
    checked: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
    waived: usize,
    baseline: usize,
    schemas: Schemas,
    kubernetes: &'a str,
    compared: bool,
}

/// How many objects were checked by which schemas.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Schemas {
    pub(super) kubernetes: usize,
    pub(super) custom: usize,
    pub(super) none: usize,
}

/// A finding as it is written, and read where shards are joined.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Entry<'a> {
    pub(super) rule: Cow<'a, str>,
    pub(super) severity: Word,
    pub(super) message: Cow<'a, str>,
    pub(super) help: Option<Cow<'a, str>>,
    pub(super) environment: Option<Cow<'a, str>>,
    pub(super) resource: Option<Object<'a>>,
    pub(super) field: Option<Cow<'a, str>>,
    pub(super) location: Place<'a>,
    pub(super) rendered: Option<Rendered<'a>>,
    pub(super) related: Vec<Place<'a>>,
}

/// A severity.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Word {
    Note,
    Warning,
    Error,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Object<'a> {
    pub(super) api_version: Cow<'a, str>,
    pub(super) kind: Cow<'a, str>,
    pub(super) namespace: Option<Cow<'a, str>>,
    pub(super) name: Cow<'a, str>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Place<'a> {
    pub(super) file: Cow<'a, str>,
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) end_line: u32,
    pub(super) end_column: u32,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub(super) label: Cow<'a, str>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Rendered<'a> {
    pub(super) file: Cow<'a, str>,
    pub(super) line: u32,
    pub(super) column: u32,
}

impl From<Severity> for Word {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Note => Self::Note,
            Severity::Warning => Self::Warning,
            Severity::Error => Self::Error,
        }
    }
}

impl From<Word> for Severity {
    fn from(word: Word) -> Self {
        match word {
            Word::Note => Self::Note,
            Word::Warning => Self::Warning,
            Word::Error => Self::Error,
        }
    }
}

/// Writes the report, indented, with one line feed at its end.
pub(super) fn write(out: &mut impl Write, report: &Report<'_>) -> io::Result<()> {
    let count = |severity| report.findings.count(severity);
    let document = Document {
        version: 1,
        summary: Totals {
            documents: report.summary.documents,
            checked: report.summary.checked,
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
            waived: report.findings.waived(),
            baseline: report.findings.accepted().len() - report.findings.waived(),
            schemas: Schemas {
                kubernetes: report.summary.coverage.kubernetes,
                custom: report.summary.coverage.custom,
                none: report.summary.coverage.nothing,
            },
            kubernetes: &report.summary.versions,
            compared: report.summary.compared,
        },
        findings: report
            .findings
            .iter()
            .map(|finding| entry(finding, report.sources))
            .collect(),
        accepted: report
            .findings
            .accepted()
            .iter()
            .map(|(finding, why)| AcceptedEntry {
                finding: entry(finding, report.sources),
                accepted: reason(why),
            })
            .collect(),
        shard: report.summary.shard.as_ref(),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn reason(why: &Accepted) -> Reason<'_> {
    match why {
        Accepted::Waiver {
            reason,
            owner,
            expires,
        } => Reason::Waiver {
            reason,
            owner,
            expires: expires.to_string(),
        },
        Accepted::Baseline => Reason::Baseline,
    }
}

fn entry<'a>(finding: &'a Finding, sources: &'a SourceMap) -> Entry<'a> {
    let optional = |text: &'a Option<String>| text.as_deref().map(Cow::Borrowed);
    Entry {
        rule: finding.rule.as_str().into(),
        severity: finding.severity.into(),
        message: (&finding.message).into(),
        help: optional(&finding.help),
        environment: optional(&finding.environment),
        resource: finding.resource.as_ref().map(|resource| Object {
            api_version: (&resource.api_version).into(),
            kind: (&resource.kind).into(),
            namespace: optional(&resource.namespace),
            name: (&resource.name).into(),
        }),
        field: optional(&finding.field),
        location: place(&finding.primary, sources),
        rendered: finding.rendered.as_ref().map(|rendered| Rendered {
            file: (&rendered.file).into(),
            line: rendered.line,
            column: rendered.column,
        }),
        related: finding
            .related
            .iter()
            .map(|location| place(location, sources))
            .collect(),
    }
}

fn place<'a>(location: &'a Location, sources: &'a SourceMap) -> Place<'a> {
    let file = sources.file(location.file);
    let span = file.told(location.span);
    let start = file.position(span.start);
    let end = file.position(span.end);
    Place {
        file: Cow::Borrowed(file.path()),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        label: (&location.label).into(),
    }
}
