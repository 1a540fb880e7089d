//! `tympan values`.

use std::io::Write;

use super::Settings;
use super::load::{load_project, pipeline_input};
use crate::error::Failure;
use crate::exit::ExitStatus;
use crate::finding::{Severity, did_you_mean, nearest};
use crate::report::{Problem, escaped, escaped_line, write_problem};
use crate::source::{Location, SourceMap};
use crate::values::{Values, load_layers};
use crate::yaml::{Node, write};

pub(super) fn run(
    path: Option<&str>,
    environment: &str,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<ExitStatus, Failure> {
    let project = load_project(settings)?;
    let (input, _) = pipeline_input(project, &[environment.to_owned()], &[], settings)?;
    let layers = input
        .environments
        .first()
        .map(|environment| environment.layers.as_slice())
        .unwrap_or_default();
    let loaded = load_layers(&input.sources, layers, &input.limits.yaml);
    let errors: Vec<_> = loaded
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .collect();
    for finding in &errors {
        let problem = Problem {
            location: &finding.primary,
            message: &finding.message,
            help: finding.help.as_deref(),
        };
        write_problem(
            &mut settings.stderr(),
            &input.sources,
            &problem,
            settings.error_style,
        )?;
    }
    if !errors.is_empty() {
        return Err(Failure::new("the values cannot be read"));
    }
    let node = find(&loaded.values, path.unwrap_or_default())?;
    for index in node.index()..node.end_index() {
        if let Some(node) = loaded.values.tree().node(index)
            && is_leaf(node)
            && loaded.values.origin(node).is_some()
        {
            line(&loaded.values, node, &input.sources, out)?;
        }
    }
    Ok(ExitStatus::Clean)
}

fn find<'v>(values: &'v Values, path: &str) -> Result<Node<'v>, Failure> {
    let path = path.strip_prefix("values.").unwrap_or(path);
    if let Some(node) = values.find(path) {
        return Ok(node);
    }
    let all: Vec<String> = (1..values.tree().len())
        .map(|index| values.path(index))
        .collect();
    let near = nearest(path, all.iter().map(String::as_str));
    let near = did_you_mean(near);
    Err(Failure::new(format!("there is no value `{path}`{near}")))
}

/// A scalar, or a map or list with nothing in it.
fn is_leaf(node: Node<'_>) -> bool {
    !node.is_collection() || (node.entries().len() == 0 && node.items().len() == 0)
}

/// Writes a value with its path, where it was set, and what it replaced there.
fn line(
    values: &Values,
    node: Node<'_>,
    sources: &SourceMap,
    out: &mut impl Write,
) -> std::io::Result<()> {
    let text = write(node);
    let shown = match text.trim_end().split_once('\n') {
        Some(_) => serde_json::to_string(&crate::yaml::to_json(node)).unwrap_or_default(),
        None => text.trim_end().to_owned(),
    };
    let path = values.path(node.index());
    write!(out, "{}", escaped_line(&format!("{path}: {shown}")))?;
    if let Some(origin) = values.origin(node) {
        write!(out, "  # {}", place(&origin.location(), sources))?;
        for lower in &origin.overrode {
            write!(out, ", over {}", place(lower, sources))?;
        }
    }
    writeln!(out)
}

fn place(location: &Location, sources: &SourceMap) -> String {
    let file = sources.file(location.file);
    let position = file.position(location.span.start);
    format!("{}:{position}", escaped(file.path()))
}
