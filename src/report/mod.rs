//! Reports: findings as bytes, one file for each format.
//!
//! In: a [`Report`]. Out: bytes. A format may not leave findings out, and never changes the exit code.

mod excerpt;
mod github;
mod gitlab;
mod json;
mod junit;
mod markdown;
mod sarif;
mod shard;
mod text;
mod told;
mod visible;

use std::io::{self, Write};

pub use self::shard::{BadReport, ShardReport, ShardSummary, adopt};
pub use self::text::{Problem, Style, write_problem};
pub use self::visible::{escaped, escaped_line};
use crate::finding::{FindingSet, Severity};
use crate::pipeline::Coverage;
use crate::source::SourceMap;

/// A run's findings, with what is needed to show them.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// The findings, sorted.
    pub findings: &'a FindingSet,
    /// Their texts.
    pub sources: &'a SourceMap,
    /// What was looked at.
    pub summary: Summary,
    /// Whether text shows the findings that were accepted, too; JSON has them always.
    pub with_accepted: bool,
    /// The least severity that fails the run, for formats that tell what passed.
    pub fail_on: Severity,
    /// The folder of the paths in its repository: `platform`; empty where it is the root. For formats that code hosts read.
    pub folder: &'a str,
}

impl<'a> Report<'a> {
    /// Makes a report for people who look at the project's folder: errors fail, and what is accepted is only counted.
    pub fn new(findings: &'a FindingSet, sources: &'a SourceMap, summary: Summary) -> Self {
        Self {
            findings,
            sources,
            summary,
            with_accepted: false,
            fail_on: Severity::Error,
            folder: "",
        }
    }
}

/// What a run looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The objects there are.
    pub documents: usize,
    /// Those that were checked.
    pub checked: usize,
    /// By which schemas.
    pub coverage: Coverage,
    /// The Kubernetes versions they were checked for, as words: `1.34, 1.35`.
    pub versions: String,
    /// Whether they were compared with the version before; if not, changes of fields that cannot change are not found.
    pub compared: bool,
    /// The environments they belong to; none for plain manifests.
    pub environments: Vec<String>,
    /// What was looked at.
    pub looked: Looked,
    /// The shard that they are, where there are several.
    pub shard: Option<ShardSummary>,
}

/// What a run looks at, and so which rules it can say nothing of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Looked {
    /// Objects: `tympan check`.
    #[default]
    AtObjects,
    /// Whether objects can be rendered, and the files below `rendered/`: `tympan render --check`.
    AtFiles,
}

impl Looked {
    /// Tells whether a family of rules is about what was looked at.
    fn covers(self, family: &str) -> bool {
        match self {
            Self::AtObjects => family != "rendered",
            Self::AtFiles => matches!(family, "rendered" | "template" | "values" | "yaml"),
        }
    }
}

/// The formats there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Excerpts with carets, for people.
    Text,
    /// `docs/report.md`, for programs.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
    /// GitLab's Code Quality.
    Gitlab,
    /// The XML of `JUnit`.
    Junit,
    /// Markdown for a pull request.
    Markdown,
}

/// Every format, with its name and what it is for.
pub static FORMATS: &[(&str, Format, &str)] = &[
    ("text", Format::Text, "Excerpts for people"),
    ("json", Format::Json, "For programs"),
    ("sarif", Format::Sarif, "For code scanning: SARIF 2.1.0"),
    ("github", Format::Github, "Annotations of GitHub Actions"),
    ("gitlab", Format::Gitlab, "For GitLab's Code Quality"),
    ("junit", Format::Junit, "For reports of tests: JUnit's XML"),
    (
        "markdown",
        Format::Markdown,
        "For a comment on a pull request",
    ),
];

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
        Format::Sarif => sarif::write(out, report),
        Format::Github => github::write(out, report),
        Format::Gitlab => gitlab::write(out, report),
        Format::Junit => junit::write(out, report),
        Format::Markdown => markdown::write(out, report),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::finding::{Finding, RenderedLocation, Rule, RuleId};
    use crate::source::{Location, Span};

    static RULE: Rule = Rule {
        id: RuleId::built_in("test/rule"),
        severity: Severity::Error,
        page: "",
    };

    fn report_of(sources: &SourceMap, finding: Finding, format: Format, style: Style) -> String {
        let findings = [finding].into_iter().collect();
        let report = Report::new(&findings, sources, Summary::default());
        let mut out = Vec::new();
        write(&mut out, &report, format, style).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// Reads the places of a text report: `--> path:line:column`.
    fn told(report: &str) -> Vec<(usize, usize)> {
        // No text of these tests holds a full stop.
        let headers = report.lines().filter(|line| line.contains(".yaml:"));
        headers
            .map(|line| {
                let mut numbers = line.rsplit(':').map(|number| number.parse().unwrap());
                let column = numbers.next().unwrap();
                (numbers.next().unwrap(), column)
            })
            .collect()
    }

    /// Returns what stands at a line and column, as a reader counts: lines by line feeds, columns by characters.
    fn at(text: &str, (line, column): (usize, usize)) -> &str {
        let start: usize = text
            .split_inclusive('\n')
            .take(line - 1)
            .map(str::len)
            .sum();
        let (_, from) = text.split_at(start);
        let before: usize = from.chars().take(column - 1).map(char::len_utf8).sum();
        from.split_at(before).1
    }

    fn check(text: &str, primary: Span, related: Span) {
        let mut sources = SourceMap::new();
        let file = sources.add("a.yaml", text);
        let other = sources.add("b.yaml", text);
        let lines = sources.file(file).lines().clone();
        let place = lines.position(text, related.start);
        let mut finding = Finding::new(&RULE, "message", Location::new(file, primary))
            .related(Location::new(other, related).label("label"));
        finding.rendered = Some(RenderedLocation {
            file: "rendered/x.yaml".to_owned(),
            line: place.line,
            column: place.column,
            text: lines.line_span(text, place.line).of(text).to_owned(),
        });
        let spans = [primary, related];
        for style in [Style::Plain, Style::Coloured] {
            let shown = report_of(&sources, finding.clone(), Format::Text, style);
            let places = told(&shown);
            assert_eq!(places.len(), 3, "{shown}");
            for (place, span) in places.iter().zip([primary, related, related]) {
                assert!(
                    at(text, *place).starts_with(span.of(text)),
                    "{place:?} {span:?} of {text:?} in {shown}"
                );
            }
        }
        let shown = report_of(&sources, finding, Format::Json, Style::Plain);
        let report: Value = serde_json::from_str(&shown).unwrap();
        let found = &report["findings"][0];
        for (place, span) in [&found["location"], &found["related"][0]]
            .into_iter()
            .zip(spans)
        {
            let number = |key: &str| usize::try_from(place[key].as_u64().unwrap()).unwrap();
            let from = at(text, (number("line"), number("column")));
            let rest = at(text, (number("endLine"), number("endColumn")));
            let (named, _) = from.split_at(from.len() - rest.len());
            assert_eq!(named, span.of(text), "{place} of {text:?}");
        }
    }

    #[test]
    fn the_column_of_a_line_that_is_cut_is_that_of_the_file() {
        let text = format!("{}X{}", "é".repeat(70_000), "b".repeat(70_000));
        let at = text.find('X').unwrap();
        check(
            &text,
            Span::new(at, at + 1),
            Span::new(at + 5000, at + 5001),
        );
    }

    proptest! {
        #[test]
        fn the_text_at_a_line_and_column_is_that_of_the_span(
            pieces in prop::collection::vec(("[a-zé🙂\t: \u{301}\u{200b}\u{1b}]{0,8}", 0..60_usize, "\n|\r\n||||\r"), 0..12),
            spans in prop::collection::vec(any::<prop::sample::Index>(), 4),
        ) {
            let pieces = pieces.iter().map(|(piece, times, end)| piece.repeat(*times) + end);
            let text = pieces.collect::<Vec<_>>().concat();
            let mut ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            ends.push(text.len());
            let mut chosen = spans.iter().map(|index| *index.get(&ends));
            let mut span = || {
                let (a, b) = (chosen.next().unwrap(), chosen.next().unwrap());
                Span::new(a.min(b), a.max(b))
            };
            check(&text, span(), span());
        }
    }
}
