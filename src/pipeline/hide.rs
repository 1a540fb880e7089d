//! Secrets that no report shows: where their text stands, in templates, values, manifests and rendered files.

use std::collections::{BTreeMap, HashMap};

use super::Outcome;
use super::subject::Subject;
use crate::finding::{Finding, RenderedLocation};
use crate::source::{FileId, Location, SourceMap, Span};
use crate::yaml::Node;

/// What is hidden of a run.
#[derive(Debug, Default)]
pub(super) struct Hidden {
    places: Vec<(FileId, Span)>,
    /// The columns from which lines are hidden, by file and line. A rendered line holds one value.
    rendered: HashMap<String, BTreeMap<u32, u32>>,
}

impl Hidden {
    /// Hides the text of a node of an object.
    pub(super) fn add(&mut self, subject: &Subject<'_>, node: Node<'_>, sources: &SourceMap) {
        let standing = subject.standing(node);
        for whole in standing.whole {
            self.places.push((whole.file, whole.span));
        }
        for expression in standing.expressions {
            self.places.extend(literal(&expression, sources));
        }
        if let Some(RenderedLocation {
            file, line, column, ..
        }) = standing.rendered
        {
            let lines = self.rendered.entry(file).or_default();
            let first = lines.entry(line).or_insert(column);
            *first = column.min(*first);
        }
    }

    /// Hides it all from the reports of a run.
    pub(super) fn apply(self, outcome: &mut Outcome) {
        if self.places.is_empty() {
            return;
        }
        outcome.sources.hide(self.places);
        for finding in outcome.findings.iter_mut() {
            if let Some(shown) = &mut finding.rendered
                && let Some(lines) = self.rendered.get(&shown.file)
                && let Some(column) = lines.get(&shown.line)
            {
                let before = shown.text.chars().take(column.saturating_sub(1) as usize);
                shown.text = before.chain(['…']).collect();
            }
            quiet(finding, &outcome.sources);
        }
    }
}

/// Takes a secret out of what is said about its place; what is said about its form is left out with it.
fn quiet(finding: &mut Finding, sources: &SourceMap) {
    let places = std::iter::once(&finding.primary).chain(&finding.related);
    let secrets = places.flat_map(|place| {
        let file = sources.file(place.file);
        let hidden = file.hidden(place.span);
        hidden.map(|span| file.slice(span).trim_matches(['"', '\'', ' ']).to_owned())
    });
    for secret in secrets.collect::<Vec<_>>() {
        for quoted in [format!("`{secret}`"), format!("\"{secret}\"")] {
            if finding.message.contains(&quoted) {
                finding.message = finding
                    .message
                    .replace(&quoted, "a value that is not shown");
                finding.help = None;
            }
            if finding
                .help
                .as_ref()
                .is_some_and(|help| help.contains(&quoted))
            {
                finding.help = None;
            }
        }
    }
}

/// Returns what is written out in an expression, and in the text around it.
fn literal(place: &Location, sources: &SourceMap) -> Option<(FileId, Span)> {
    let text = sources.file(place.file).slice(place.span);
    let quote = ['"', '\''];
    let (from, to) = match (text.find(quote), text.rfind(quote)) {
        (Some(from), Some(to)) => (from, to + 1),
        // An expression alone names its value.
        _ if !text.contains("{{") || text.starts_with("{{") && text.ends_with("}}") => return None,
        _ => (0, text.len()),
    };
    let start = place.span.start as usize;
    Some((place.file, Span::new(start + from, start + to)))
}
