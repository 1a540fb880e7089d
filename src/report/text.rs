//! Text for people: excerpts with carets, as rustc draws them.

use std::collections::BTreeSet;
use std::io::{self, Write};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::excerpt::{excerpt, one_line};
use super::visible::escaped;
use super::{Report, Summary};
use crate::finding::{Finding, RenderedLocation, Severity};
use crate::source::{Location, SourceMap};

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
    let mut group = Level::ERROR
        .primary_title(escaped(problem.message))
        .element(snippet(sources, problem.location, AnnotationKind::Primary));
    if let Some(help) = problem.help {
        group = group.element(Level::HELP.message(escaped(help)));
    }
    writeln!(out, "{}\n", style.renderer().render(&[group]))
}

/// Writes all findings and a summary.
pub(super) fn write(out: &mut impl Write, report: &Report<'_>, style: Style) -> io::Result<()> {
    let renderer = style.renderer();
    let findings: Vec<&Finding> = report.findings.iter().collect();
    for group in findings.chunk_by(|a, b| say_the_same(a, b)) {
        let told = annotated(&Told::of(group), report.sources);
        writeln!(out, "{}\n", renderer.render(&[told]))?;
    }
    writeln!(out, "{}", summary(report))
}

/// Tells whether two findings would read the same but for what has to do with them: one line of a shared macro shows in
/// many objects and environments.
fn say_the_same(a: &Finding, b: &Finding) -> bool {
    a.primary == b.primary && a.rule == b.rule && a.message == b.message && a.help == b.help
}

/// How many related places are shown.
const MOST_RELATED: usize = 4;

/// Findings that are told at once.
struct Told<'a> {
    first: &'a Finding,
    related: Vec<&'a Location>,
    environments: Vec<&'a str>,
    objects: usize,
}

impl<'a> Told<'a> {
    #[expect(clippy::indexing_slicing, reason = "a chunk is never empty")]
    fn of(group: &[&'a Finding]) -> Self {
        let mut told = Self {
            first: group[0],
            related: Vec::new(),
            environments: Vec::new(),
            objects: 0,
        };
        let mut objects = BTreeSet::new();
        for finding in group {
            objects.insert((&finding.resource, &finding.field));
            for related in &finding.related {
                if !told.related.contains(&related) {
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
}

fn annotated<'a>(told: &Told<'a>, sources: &'a SourceMap) -> Group<'a> {
    let finding = told.first;
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut group = level
        .primary_title(escaped(&finding.message))
        .id(finding.rule.as_str())
        .element(snippet(sources, &finding.primary, AnnotationKind::Primary));
    for related in told.related.iter().take(MOST_RELATED) {
        group = group.element(snippet(sources, related, AnnotationKind::Context));
    }
    if told.related.len() > MOST_RELATED {
        let more = format!("and {} more places", told.related.len() - MOST_RELATED);
        group = group.element(Level::NOTE.message(more));
    }
    if let Some(rendered) = &finding.rendered {
        group = group.element(rendered_line(rendered));
    }
    if let Some(about) = about(told) {
        group = group.element(Level::NOTE.message(about));
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(escaped(help)));
    }
    group
}

fn snippet<'a>(
    sources: &'a SourceMap,
    location: &'a Location,
    kind: AnnotationKind,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let file = sources.file(location.file);
    let shown = excerpt(file, location.span);
    let mut annotation = kind.span(shown.span);
    if !location.label.is_empty() {
        annotation = annotation.label(escaped(&location.label));
    }
    Snippet::source(shown.text)
        .path(escaped(file.path()))
        .line_start(shown.line as usize)
        .fold(false)
        .annotation(annotation)
}

fn rendered_line(rendered: &RenderedLocation) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
    let start = rendered
        .text
        .char_indices()
        .nth(rendered.column.saturating_sub(1) as usize)
        .map_or(0, |(at, _)| at);
    let (text, span) = one_line(&rendered.text, start..rendered.text.len());
    Snippet::source(text)
        .path(escaped(&rendered.file))
        .line_start(rendered.line as usize)
        .fold(false)
        .annotation(AnnotationKind::Context.span(span).label("rendered"))
}

/// Says which object and field the findings are about, and in which environments.
fn about(told: &Told<'_>) -> Option<String> {
    let finding = told.first;
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
        _ if told.environments.is_empty() => return None,
        _ => "when rendered".to_owned(),
    };
    if told.objects > 1 {
        place = format!("{place} and {} more", told.objects - 1);
    }
    if !told.environments.is_empty() {
        place = format!("{place} for {}", told.environments.join(", "));
    }
    Some(place)
}

fn summary(report: &Report<'_>) -> String {
    let Summary {
        checked,
        environments,
        waived,
        ..
    } = report.summary;
    let mut looked = counted(checked, "object");
    if environments > 0 {
        looked = format!("{looked} in {}", counted(environments, "environment"));
    }
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
    if waived > 0 {
        counts.push(format!("{waived} waived"));
    }
    let found = if counts.is_empty() {
        "nothing found".to_owned()
    } else {
        counts.join(", ")
    };
    format!("checked {looked}: {found}")
}

fn counted(count: usize, word: &str) -> String {
    if count == 1 {
        format!("1 {word}")
    } else {
        format!("{count} {word}s")
    }
}
