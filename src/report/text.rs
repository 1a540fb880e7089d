//! Text for people: excerpts with carets, as rustc draws them.

use std::io::{self, Write};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::excerpt::{excerpt, one_line, safe};
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
        .primary_title(safe(problem.message))
        .element(snippet(sources, problem.location, AnnotationKind::Primary));
    if let Some(help) = problem.help {
        group = group.element(Level::HELP.message(safe(help)));
    }
    writeln!(out, "{}\n", style.renderer().render(&[group]))
}

/// Writes all findings and a summary.
pub(super) fn write(out: &mut impl Write, report: &Report<'_>, style: Style) -> io::Result<()> {
    let renderer = style.renderer();
    let findings: Vec<&Finding> = report.findings.iter().collect();
    for group in findings.chunk_by(|a, b| differ_in_environment_only(a, b)) {
        let Some(first) = group.first() else { continue };
        let environments: Vec<&str> = group
            .iter()
            .filter_map(|finding| finding.environment.as_deref())
            .collect();
        writeln!(
            out,
            "{}\n",
            renderer.render(&[annotated(first, &environments, report.sources)])
        )?;
    }
    writeln!(out, "{}", summary(report))
}

fn differ_in_environment_only(a: &Finding, b: &Finding) -> bool {
    let without = |finding: &Finding| Finding {
        environment: None,
        rendered: None,
        ..finding.clone()
    };
    a.primary == b.primary && a.rule == b.rule && without(a) == without(b)
}

fn annotated<'a>(finding: &'a Finding, environments: &[&str], sources: &'a SourceMap) -> Group<'a> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut group = level
        .primary_title(safe(&finding.message))
        .id(finding.rule.as_str())
        .element(snippet(sources, &finding.primary, AnnotationKind::Primary));
    for related in &finding.related {
        group = group.element(snippet(sources, related, AnnotationKind::Context));
    }
    if let Some(rendered) = &finding.rendered {
        group = group.element(rendered_line(rendered));
    }
    if let Some(about) = about(finding, environments) {
        group = group.element(Level::NOTE.message(about));
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(safe(help)));
    }
    group
}

fn snippet<'a>(
    sources: &SourceMap,
    location: &Location,
    kind: AnnotationKind,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let file = sources.file(location.file);
    let shown = excerpt(file, location.span);
    let mut annotation = kind.span(shown.span);
    if !location.label.is_empty() {
        annotation = annotation.label(safe(&location.label));
    }
    Snippet::source(shown.text)
        .path(safe(file.path()))
        .line_start(shown.line as usize)
        .fold(false)
        .annotation(annotation)
}

fn rendered_line<'a>(
    rendered: &RenderedLocation,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let start = rendered
        .text
        .char_indices()
        .nth(rendered.column.saturating_sub(1) as usize)
        .map_or(0, |(at, _)| at);
    let (text, span) = one_line(&rendered.text, start..rendered.text.len());
    Snippet::source(text)
        .path(safe(&rendered.file))
        .line_start(rendered.line as usize)
        .fold(false)
        .annotation(AnnotationKind::Context.span(span).label("rendered"))
}

/// Says which object and field a finding is about, and in which environments.
fn about(finding: &Finding, environments: &[&str]) -> Option<String> {
    let resource = finding
        .resource
        .as_ref()
        .map(|resource| safe(&resource.to_string()));
    let field = finding
        .field
        .as_deref()
        .filter(|field| !field.is_empty())
        .map(safe);
    let place = match (resource, field) {
        (Some(resource), Some(field)) => format!("in {resource}, {field}"),
        (Some(resource), None) => format!("in {resource}"),
        _ if environments.is_empty() => return None,
        _ => "in the rendering".to_owned(),
    };
    if environments.is_empty() {
        Some(place)
    } else {
        Some(format!("{place} ({})", environments.join(", ")))
    }
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
