//! Workflow commands of GitHub Actions: annotations at the lines of a pull request.
//!
//! GitHub shows ten of each kind for one step and passes over the rest without a word: those are plain lines of the log.

use std::io::{self, Write};

use super::told::{Place, Told, counted, worst_first};
use super::visible::{escaped, escaped_line};
use super::{Report, text};
use crate::finding::Severity;

/// How many annotations of one kind GitHub shows for one step.
const MOST: usize = 10;

pub(super) fn write(out: &mut impl Write, report: &Report<'_>) -> io::Result<()> {
    let all = worst_first(report.findings);
    let mut rest = Vec::new();
    for kind in all.chunk_by(|a, b| a.first.severity == b.first.severity) {
        let (shown, left) = kind.split_at(kind.len().min(MOST));
        for told in shown {
            writeln!(out, "{}", annotation(told, report))?;
        }
        rest.extend(left);
    }
    for told in &rest {
        writeln!(out, "{}", escaped_line(&line(told, report)))?;
    }
    if !rest.is_empty() {
        let counts = counted(rest);
        writeln!(
            out,
            "GitHub shows {MOST} annotations of a kind: {counts} are told in the log only"
        )?;
    }
    writeln!(out, "{}", escaped_line(&text::summary(report)))
}

fn annotation(told: &Told<'_>, report: &Report<'_>) -> String {
    let finding = told.first;
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let place = Place::of(&finding.primary, report);
    let (start, end) = (place.start, place.end);
    // A place that ends where a line begins ends on the line before.
    let end_line = if end.column == 1 && end.line > start.line {
        end.line - 1
    } else {
        end.line
    };
    let mut properties = format!(
        "file={},line={},endLine={end_line}",
        property(&place.path),
        start.line
    );
    // Columns are for one line: over several, GitHub refuses them.
    if start.line == end.line {
        properties = format!("{properties},col={}", start.column);
        if end.column > start.column {
            properties = format!("{properties},endColumn={}", end.column);
        }
    }
    let title = property(finding.rule.as_str());
    let mut message = escaped(&finding.message).into_owned();
    for more in [
        told.about(),
        finding
            .help
            .as_deref()
            .map(|help| format!("help: {}", escaped(help))),
    ] {
        message.extend(more.into_iter().flat_map(|more| ["\n".to_owned(), more]));
    }
    format!("::{command} {properties},title={title}::{}", data(&message))
}

/// What is no annotation, as one line.
fn line(told: &Told<'_>, report: &Report<'_>) -> String {
    let finding = told.first;
    let place = Place::of(&finding.primary, report);
    format!(
        "{}[{}] {}:{}: {}",
        finding.severity, finding.rule, place.path, place.start, finding.message
    )
}

/// Escapes what stands after the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes the value of a property.
fn property(text: &str) -> String {
    data(&escaped(text)).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_ends_a_property_or_a_command(text in "[a-z:,%\r\n\u{1b}é=]{0,20}") {
            let escaped = property(&text);
            prop_assert!(!escaped.contains([':', ',', '\r', '\n', '\u{1b}']), "{escaped}");
            let escaped = data(&text);
            prop_assert!(!escaped.contains(['\r', '\n']), "{escaped}");
            // As GitHub reads it back.
            let back = escaped.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%");
            prop_assert_eq!(back, text);
        }
    }
}
