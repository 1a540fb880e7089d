//! Errors of the engine to findings, with the template line to mend.

use std::error::Error as _;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Error, ErrorKind};

use super::functions::Raised;
use super::imports;
use super::instrument::Instrumented;
use super::rules;
use super::scope::Reads;
use crate::finding::{Finding, Rule, nearest};
use crate::source::{FileId, Location, SourceMap, Span};
use crate::values::Values;

/// What is known about a template, for messages.
pub(super) struct Source<'a> {
    pub(super) file: FileId,
    pub(super) instrumented: Option<&'a Instrumented>,
}

/// What explains a failure.
pub(super) struct Context<'a> {
    pub(super) sources: &'a SourceMap,
    pub(super) find: &'a dyn Fn(&str) -> Option<Source<'a>>,
    /// Where to point when the error names no place.
    pub(super) fallback: FileId,
    pub(super) reads: Option<(&'a Reads, &'a Values)>,
    /// The names in scope.
    pub(super) names: &'a [&'a str],
    /// How templates are written.
    pub(super) syntax: SyntaxConfig,
}

/// What the engine says where something undefined is called.
const UNDEFINED_CALL: &str = "value of type undefined is not callable";

/// Text of other languages that looks like an expression: Go templates, Prometheus and Grafana.
const FOREIGN: &str = "braces that belong to another language (Prometheus, Grafana, Go templates, ESO) go between \
                       `{% raw %}` and `{% endraw %}`, or into a data file brought in with `file(...)`";

/// Turns an error into a finding at the innermost template.
pub(super) fn finding(error: &Error, context: &Context<'_>) -> Finding {
    let mut chain: Vec<&Error> = vec![error];
    let mut source = error.source();
    while let Some(next) = source {
        if let Some(inner) = next.downcast_ref::<Error>() {
            chain.push(inner);
        }
        source = next.source();
    }
    let located = |error: &&&Error| context.location(error).is_some();
    let inner = chain.iter().rev().find(located).copied().unwrap_or(error);
    let primary = context
        .location(inner)
        .unwrap_or_else(|| Location::new(context.fallback, Span::default()));
    let raised = chain
        .iter()
        .find_map(|error| error.source()?.downcast_ref::<Raised>());
    let deepest = chain.last().copied().unwrap_or(error);
    let mut finding = match raised {
        Some(Raised(message)) => Finding::new(&rules::FAILED, message.clone(), primary),
        None => context.describe(deepest, primary),
    };
    for outer in chain
        .iter()
        .rev()
        .filter(|error| !std::ptr::eq(**error, inner))
    {
        if let Some(location) = context.location(outer)
            && location.file != finding.primary.file
            && !finding.related.contains(&location)
        {
            finding.related.push(location.label("reached from here"));
        }
    }
    finding
}

impl Context<'_> {
    fn location(&self, error: &Error) -> Option<Location> {
        let source = (self.find)(error.name()?)?;
        let text = self.sources.file(source.file).text();
        let span = match (error.range(), error.line()) {
            (Some(range), _) => {
                let span = Span::new(range.start, range.end);
                source
                    .instrumented
                    .map_or(span, |instrumented| instrumented.original(span))
            }
            (None, Some(line)) if line > 0 => self
                .sources
                .file(source.file)
                .lines()
                .line_span(text, Span::at(line).start),
            _ => return None,
        };
        Some(Location::new(source.file, tidy(text, span)))
    }

    fn describe(&self, error: &Error, primary: Location) -> Finding {
        let text = self.sources.file(primary.file).text().clone();
        let detail = error.detail().unwrap_or_default().trim_end_matches('.');
        let excerpt = primary.span.of(&text).to_owned();
        let foreign = looks_foreign(&text, primary.span);
        let undefined = matches!(
            error.kind(),
            ErrorKind::UndefinedError | ErrorKind::UnknownMethod
        ) || detail == UNDEFINED_CALL;
        let not_imported = || self.missing_import(&text, &primary);
        if let Some(finding) = undefined.then(not_imported).flatten() {
            return finding;
        }
        match error.kind() {
            ErrorKind::SyntaxError | ErrorKind::BadEscape => {
                let finding = Finding::new(&rules::SYNTAX, syntax_message(detail), primary);
                if foreign {
                    finding.help(FOREIGN)
                } else {
                    finding
                }
            }
            ErrorKind::UndefinedError => self.undefined(&excerpt, primary, foreign),
            ErrorKind::OutOfFuel => limit("the template used up its fuel", primary).help(
                "look for a loop that runs too long; `limits.fuel` in tympan.yaml sets the budget",
            ),
            ErrorKind::TemplateNotFound | ErrorKind::BadInclude => Finding::new(
                &rules::INCLUDE,
                plain(detail, "the included template cannot be used"),
                primary,
            )
            .help("paths in `include`, `import` and `extends` start at `templates/`"),
            ErrorKind::UnknownFilter | ErrorKind::UnknownFunction | ErrorKind::UnknownTest => {
                let finding = Finding::new(&rules::SYNTAX, plain(detail, "unknown name"), primary);
                finding.help("`docs/templates.md` lists the functions, filters and tests there are")
            }
            _ if detail == UNDEFINED_CALL => {
                let name = excerpt.split('(').next().unwrap_or_default();
                let message = format!("`{name}` is undefined and cannot be called");
                Finding::new(&rules::UNDEFINED, message, primary)
            }
            _ if detail.contains("recursion limit") => {
                limit("the template calls itself too deeply", primary)
                    .help("an include or macro that reaches itself must end")
            }
            kind => {
                let message = plain(detail, &kind.to_string());
                let rule: &'static Rule = if message.contains("cannot be part of a text") {
                    &rules::COLLECTION_IN_TEXT
                } else {
                    &rules::FAILED
                };
                Finding::new(rule, message, primary)
            }
        }
    }

    /// Says which file does not define what an expression took from an import.
    fn missing_import(&self, text: &str, primary: &Location) -> Option<Finding> {
        // Where a method is missing, the place begins at its dot.
        let start = primary.span.start as usize;
        let before = text.get(..start)?;
        let dotted = primary.span.of(text).starts_with('.');
        let base = before.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_');
        let start = if dotted { base.len() } else { start };
        let expression = text.get(start..primary.span.end as usize)?;
        for import in imports::names(text, self.syntax.clone())?.imports {
            let Some(source) = (self.find)(&import.file) else {
                continue;
            };
            let file = self.sources.file(source.file);
            let Some(names) = imports::names(file.text(), self.syntax.clone()) else {
                continue;
            };
            let defined = |name: &str| names.extends || names.defines.iter().any(|it| it == name);
            let missing = match &import.member {
                Some(member) => imports::places(expression, &import.local)
                    .next()
                    .filter(|_| !defined(member))
                    .map(|at| (at, import.local.len(), member.as_str())),
                None => imports::attributes(expression, &import.local)
                    .find(|(_, name)| !defined(name))
                    .map(|(at, name)| (at, name.len(), name)),
            };
            let Some((at, length, name)) = missing else {
                continue;
            };
            let near = nearest(name, names.defines.iter().map(String::as_str));
            let near = near
                .map(|near| format!("; did you mean `{near}`?"))
                .unwrap_or_default();
            let message = format!("`{}` does not define `{name}`{near}", file.path());
            let place = Span::new(start + at, start + at + length);
            let imported = Location::new(primary.file, import.span).label("imported here");
            return Some(
                Finding::new(
                    &rules::UNDEFINED,
                    message,
                    Location::new(primary.file, place),
                )
                .related(imported)
                .help("what a file defines with `macro` or `set` can be imported from it"),
            );
        }
        None
    }

    /// Names what is undefined, as exactly as the reads allow.
    fn undefined(&self, excerpt: &str, mut primary: Location, foreign: bool) -> Finding {
        let missing = self
            .reads
            .and_then(|(reads, values)| reads.missing().map(|missing| (missing, values)));
        if let Some(((map, key), values)) = missing
            && let Some(at) = find_key(excerpt, &key)
        {
            let path = values.path(map);
            let node = values.tree().node(map);
            let keys = node.map(|node| {
                node.entries()
                    .filter_map(|(key, _)| key.as_str())
                    .collect::<Vec<_>>()
            });
            let near = nearest(&key, keys.unwrap_or_default());
            let holder = if path.is_empty() {
                "values".to_owned()
            } else {
                format!("values.{path}")
            };
            primary.span = Span::new(
                primary.span.start as usize + at,
                primary.span.start as usize + at + key.len(),
            );
            let message = match near {
                Some(near) => format!("`{holder}` has no `{key}`; did you mean `{near}`?"),
                None => format!("`{holder}` has no `{key}`"),
            };
            return Finding::new(&rules::UNDEFINED, message, primary).help(format!(
                "set `{}.{key}` in the values, or say what else to use: `| default(...)`",
                trim_root(&holder)
            ));
        }
        let start = excerpt.len() - excerpt.trim_start_matches(['{', '-', '+', ' ', '(']).len();
        let name: String = excerpt
            .get(start..)
            .unwrap_or_default()
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        let known = self.names.contains(&name.as_str());
        let near = nearest(&name, self.names.iter().copied()).filter(|_| !known);
        if !known && !name.is_empty() {
            let at = primary.span.start as usize + start;
            primary.span = Span::new(at, at + name.len());
        }
        let message = match near {
            Some(near) => format!("`{name}` is not defined; did you mean `{near}`?"),
            None if name.is_empty() || known => {
                "the expression reads something that is not defined".to_owned()
            }
            None => format!("`{name}` is not defined"),
        };
        let finding = Finding::new(&rules::UNDEFINED, message, primary);
        if foreign || near.is_none() && !known {
            finding.help(format!(
                "in scope are `values`, `environment`, `namespace` and `project`; {FOREIGN}"
            ))
        } else {
            finding
        }
    }
}

fn limit(message: &str, primary: Location) -> Finding {
    Finding::new(&rules::LIMIT, message, primary)
}

fn trim_root(holder: &str) -> &str {
    holder.strip_prefix("values.").unwrap_or("values")
}

fn plain(detail: &str, otherwise: &str) -> String {
    if detail.is_empty() {
        otherwise.to_owned()
    } else {
        detail
            .replace("__tympan_plain(", "(")
            .replace("__tympan_emit", "")
    }
}

/// Says the engine's syntax errors in plain words where its own are about itself.
fn syntax_message(detail: &str) -> String {
    match detail {
        "" => "the template's syntax is wrong".to_owned(),
        _ if detail.contains("end of variable block") => {
            format!("{detail}: an expression is closed by `}}}}`")
        }
        _ => plain(detail, detail),
    }
}

/// Cuts blanks, and braces of an expression that is alone in the span, off both ends.
fn tidy(text: &str, span: Span) -> Span {
    let excerpt = span.of(text);
    let kept = excerpt.trim();
    let start = span.start as usize + (excerpt.len() - excerpt.trim_start().len());
    Span::new(start, start + kept.len())
}

/// Finds `key` as a member in an expression: `.key`, `["key"]`, `['key']`.
fn find_key(expression: &str, key: &str) -> Option<usize> {
    let bytes = expression.as_bytes();
    expression.rmatch_indices(key).map(|(at, _)| at).find(|at| {
        let before = at
            .checked_sub(1)
            .and_then(|before| bytes.get(before))
            .copied();
        let after = bytes.get(at + key.len()).copied();
        let opened = matches!(before, Some(b'.' | b'"' | b'\''));
        let closed = after.is_none_or(|byte| !(byte.is_ascii_alphanumeric() || byte == b'_'));
        opened && closed
    })
}

fn looks_foreign(text: &str, span: Span) -> bool {
    let from = text
        .get(..span.start as usize)
        .and_then(|before| before.rfind("{{"))
        .unwrap_or(span.start as usize);
    let inside = text
        .get(from..)
        .unwrap_or_default()
        .trim_start_matches(['{', '-', ' ']);
    inside.starts_with(['$', '.']) || span.of(text).starts_with(['$', '.'])
}
