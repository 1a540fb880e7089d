//! Text for people: excerpts with carets, as rustc draws them.

use std::borrow::Cow;
use std::io::{self, Write};

use annotate_snippets::{
    Annotation, AnnotationKind, Element, Group, Level, Renderer, Snippet, Title,
};
use rayon::prelude::*;

use super::excerpt::{excerpt, one_line};
use super::told::{Told, reason, say_the_same};
use super::visible::escaped;
use super::{Looked, Report, Summary};
use crate::finding::{Finding, RenderedLocation, Severity};
use crate::source::{Location, Position, SourceMap};

/// Whether text is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without colours.
    Plain,
    /// With the colours of a terminal.
    Coloured,
}

impl Style {
    fn renderer(self) -> Renderer {
        match self {
            Self::Plain => Renderer::plain(),
            Self::Coloured => Renderer::styled(),
        }
    }
}

/// Something wrong that is no finding, such as a mistake in `tympan.yaml`.
#[derive(Clone, Copy, Debug)]
pub struct Problem<'a> {
    /// Where.
    pub location: &'a Location,
    /// What.
    pub message: &'a str,
    /// What to do.
    pub help: Option<&'a str>,
}

/// Writes a problem with its excerpt.
pub fn write_problem(
    out: &mut impl Write,
    sources: &SourceMap,
    problem: &Problem<'_>,
    style: Style,
) -> io::Result<()> {
    let title = Level::ERROR.primary_title(escaped(problem.message));
    let mut drawing = Drawing::new(title);
    drawing.excerpt(sources, problem.location, AnnotationKind::Primary);
    if let Some(help) = problem.help {
        drawing.message(Level::HELP, escaped(help));
    }
    writeln!(out, "{}\n", drawing.draw(&style.renderer()))
}

/// How many findings are drawn before they are written.
const BATCH: usize = 1 << 12;

/// Writes all findings and a summary.
pub(super) fn write(out: &mut impl Write, report: &Report<'_>, style: Style) -> io::Result<()> {
    let renderer = style.renderer();
    let findings: Vec<&Finding> = report.findings.iter().collect();
    let groups: Vec<&[&Finding]> = findings.chunk_by(|a, b| say_the_same(a, b)).collect();
    // Drawing is what takes long; a batch at a time, so that memory does not grow with what is written.
    for batch in groups.chunks(BATCH) {
        let draw = |group: &&[&Finding]| {
            let drawing = drawing(&Told::of(group), report.sources);
            drawing.draw(&renderer)
        };
        let drawn: Vec<String> = batch.par_iter().map(draw).collect();
        for drawn in drawn {
            writeln!(out, "{drawn}\n")?;
        }
    }
    if report.with_accepted {
        for (finding, why) in report.findings.accepted() {
            let mut drawing = drawing(&Told::of(&[finding]), report.sources);
            drawing.message(Level::NOTE, reason(why));
            writeln!(out, "{}\n", drawing.draw(&renderer))?;
        }
    }
    writeln!(out, "{}", summary(report))
}

/// How many related places are shown.
const MOST_RELATED: usize = 4;

/// What is to be drawn, and the places it names.
struct Drawing<'a> {
    group: Group<'a>,
    /// `path:line:column` of each excerpt: the renderer counts columns in the excerpt, of which the beginning may be cut.
    places: Vec<String>,
}

impl<'a> Drawing<'a> {
    fn new(title: Title<'a>) -> Self {
        Self {
            group: Group::with_title(title),
            places: Vec::new(),
        }
    }

    fn message(&mut self, level: Level<'a>, text: impl Into<Cow<'a, str>>) {
        self.add(level.message(text));
    }

    fn add(&mut self, element: impl Into<Element<'a>>) {
        let group = std::mem::replace(&mut self.group, Group::with_level(Level::ERROR));
        self.group = group.element(element);
    }

    fn excerpt(&mut self, sources: &'a SourceMap, location: &'a Location, kind: AnnotationKind) {
        let file = sources.file(location.file);
        let shown = excerpt(file, location.span);
        let label = Some(escaped(&location.label)).filter(|label| !label.is_empty());
        let annotation = kind.span(shown.span).label(label);
        let position = file.position(file.told(location.span).start);
        self.snippet(shown.text, file.path(), position, annotation);
    }

    fn rendered(&mut self, rendered: &'a RenderedLocation) {
        let start = rendered
            .text
            .char_indices()
            .nth(rendered.column.saturating_sub(1) as usize)
            .map_or(rendered.text.len(), |(at, _)| at);
        let (text, span) = one_line(&rendered.text, start..rendered.text.len(), &[]);
        let position = Position {
            line: rendered.line,
            column: rendered.column,
        };
        let annotation = AnnotationKind::Context.span(span).label("rendered");
        self.snippet(text, &rendered.file, position, annotation);
    }

    fn snippet(
        &mut self,
        text: String,
        path: &'a str,
        position: Position,
        annotation: Annotation<'a>,
    ) {
        let path = escaped(path);
        self.places.push(format!("{path}:{position}"));
        let snippet = Snippet::source(text)
            .path(path)
            .line_start(position.line as usize)
            .fold(false)
            .annotation(annotation);
        self.add(snippet);
    }

    fn draw(self, renderer: &Renderer) -> String {
        let drawn = renderer.render(&[self.group]);
        let mut places = self.places.into_iter();
        let lines = drawn.split('\n').map(|line| match names_place(line) {
            Some(at) => {
                let (arrow, otherwise) = line.split_at(at);
                let place = places.next();
                Cow::Owned(format!("{arrow}{}", place.as_deref().unwrap_or(otherwise)))
            }
            None => Cow::Borrowed(line),
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// Finds where the place begins in a line that names one: after the arrow that no other line begins with.
fn names_place(line: &str) -> Option<usize> {
    let is_style = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '\u{1b}' | '[' | 'm');
    let arrow = line.trim_start_matches(is_style);
    let rest = arrow
        .strip_prefix("--> ")
        .or_else(|| arrow.strip_prefix("::: "))?;
    Some(line.len() - rest.strip_prefix("\u{1b}[0m").unwrap_or(rest).len())
}

fn drawing<'a>(told: &Told<'a>, sources: &'a SourceMap) -> Drawing<'a> {
    let finding = told.first;
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level
        .primary_title(escaped(&finding.message))
        .id(escaped(finding.rule.as_str()));
    let mut drawing = Drawing::new(title);
    drawing.excerpt(sources, &finding.primary, AnnotationKind::Primary);
    for related in told.related.iter().take(MOST_RELATED) {
        drawing.excerpt(sources, related, AnnotationKind::Context);
    }
    if told.related.len() > MOST_RELATED {
        let more = format!("and {} more places", told.related.len() - MOST_RELATED);
        drawing.message(Level::NOTE, more);
    }
    if let Some(rendered) = &finding.rendered {
        drawing.rendered(rendered);
    }
    if let Some(about) = told.about() {
        drawing.message(Level::NOTE, about);
    }
    if let Some(help) = &finding.help {
        drawing.message(Level::HELP, escaped(help));
    }
    drawing
}

/// Counts what was looked at and found, in one line.
pub(super) fn summary(report: &Report<'_>) -> String {
    let Summary {
        checked,
        coverage,
        compared,
        ..
    } = &report.summary;
    let looked = looked_at(&report.summary);
    let severities = [
        (Severity::Error, "error"),
        (Severity::Warning, "warning"),
        (Severity::Note, "note"),
    ];
    let mut counts: Vec<String> = severities
        .iter()
        .map(|(severity, word)| (report.findings.count(*severity), word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| counted(count, word))
        .collect();
    let waived = report.findings.waived();
    let baseline = report.findings.accepted().len() - waived;
    for (count, word) in [(waived, "waived"), (baseline, "of the baseline")] {
        if count > 0 {
            counts.push(format!("{count} {word}"));
        }
    }
    let found = if counts.is_empty() {
        "nothing found".to_owned()
    } else {
        counts.join(", ")
    };
    let unchecked = match coverage.nothing {
        0 => String::new(),
        count => format!(
            "; {} not checked for want of a schema",
            counted(count, "object")
        ),
    };
    // What was not looked at is said, never passed over.
    let changes = if *compared || *checked == 0 {
        ""
    } else {
        "; changes not checked: no version before (--base)"
    };
    format!("{looked}: {found}{unchecked}{changes}")
}

/// Says what was looked at: how many objects, where, and whose schemas they were checked by; a render checks by none.
fn looked_at(summary: &Summary) -> String {
    let Summary {
        documents,
        checked,
        environments,
        coverage,
        versions,
        compared: _,
        shard,
        looked,
    } = summary;
    let mut looked = match looked {
        Looked::AtObjects => format!("checked {}", counted(*checked, "object")),
        Looked::AtFiles => format!("compared {}", counted(*documents, "rendered object")),
    };
    if let Some(shard) = shard {
        looked = format!("{looked} of shard {}", shard.words());
    }
    if !environments.is_empty() {
        looked = format!("{looked} in {}", counted(environments.len(), "environment"));
    }
    match (coverage.kubernetes, coverage.custom) {
        (0, 0) => {}
        (_, 0) => looked = format!("{looked} for Kubernetes {versions}"),
        (_, custom) => {
            looked = format!(
                "{looked} for Kubernetes {versions}, {}",
                counted(custom, "custom resource")
            );
        }
    }
    looked
}

fn counted(count: usize, word: &str) -> String {
    if count == 1 {
        format!("1 {word}")
    } else {
        format!("{count} {word}s")
    }
}
