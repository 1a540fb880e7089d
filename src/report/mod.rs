//! Reports: findings as bytes, one file for each format.
//!
//! In: a [`Report`]. Out: bytes. A format may not leave findings out, and never changes the exit code.

mod excerpt;
mod json;
mod text;
mod visible;

use std::io::{self, Write};

pub use self::text::{Problem, Style, write_problem};
pub use self::visible::{escaped, escaped_line};
use crate::finding::FindingSet;
use crate::source::SourceMap;

/// A run's findings, with what is needed to show them.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// The findings, sorted.
    pub findings: &'a FindingSet,
    /// Their texts.
    pub sources: &'a SourceMap,
    /// What was looked at.
    pub summary: Summary,
}

/// What a run looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The objects there are.
    pub documents: usize,
    /// Those that were checked.
    pub checked: usize,
    /// The environments they belong to; 0 for plain manifests.
    pub environments: usize,
    /// The findings that were waived.
    pub waived: usize,
}

/// The formats there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Excerpts with carets, for people.
    Text,
    /// `docs/report.md`, for programs.
    Json,
}

/// Writes a report.
pub fn write(
    out: &mut impl Write,
    report: &Report<'_>,
    format: Format,
    style: Style,
) -> io::Result<()> {
    match format {
        Format::Text => text::write(out, report, style),
        Format::Json => json::write(out, report),
    }
}
