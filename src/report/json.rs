//! The JSON report, version 1: `docs/report.md` and `docs/schemas/report.schema.json`.

use std::io::{self, Write};

use serde::Serialize;

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
#[derive(Serialize)]
struct Schemas {
    kubernetes: usize,
    custom: usize,
    none: usize,
}

#[derive(Serialize)]
struct Entry<'a> {
    rule: &'a str,
    severity: &'static str,
    message: &'a str,
    help: Option<&'a str>,
    environment: Option<&'a str>,
    resource: Option<Object<'a>>,
    field: Option<&'a str>,
    location: Place<'a>,
    rendered: Option<Rendered<'a>>,
    related: Vec<Place<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<'a> {
    api_version: &'a str,
    kind: &'a str,
    namespace: Option<&'a str>,
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Place<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    #[serde(skip_serializing_if = "str::is_empty")]
    label: &'a str,
}

#[derive(Serialize)]
struct Rendered<'a> {
    file: &'a str,
    line: u32,
    column: u32,
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
    Entry {
        rule: finding.rule.as_str(),
        severity: finding.severity.as_str(),
        message: &finding.message,
        help: finding.help.as_deref(),
        environment: finding.environment.as_deref(),
        resource: finding.resource.as_ref().map(|resource| Object {
            api_version: &resource.api_version,
            kind: &resource.kind,
            namespace: resource.namespace.as_deref(),
            name: &resource.name,
        }),
        field: finding.field.as_deref(),
        location: place(&finding.primary, sources),
        rendered: finding.rendered.as_ref().map(|rendered| Rendered {
            file: &rendered.file,
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
        file: file.path(),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        label: &location.label,
    }
}
