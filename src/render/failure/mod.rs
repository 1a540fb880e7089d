//! Errors of the engine to findings, with the template line to mend.

mod calls;
mod imports;
mod outline;
#[cfg(test)]
mod tests;
mod undefined;

use std::error::Error as _;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Error, ErrorKind};

use self::calls::article;
pub(in crate::render) use self::outline::Key;
use self::outline::{Read, outline};
use self::undefined::{Origin, not_in, overlap};
use super::functions::{FILTERS, Raised, TESTS};
use super::instrument::Instrumented;
use super::marks::Spot;
use super::rules;
use super::scope::Reads;
use crate::finding::{Finding, Rule, did_you_mean, nearest};
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
    /// The texts of the templates, by their number.
    pub(super) files: &'a [FileId],
    /// The rendering that failed, if it is one.
    pub(super) run: Option<Run<'a>>,
    /// The names in scope.
    pub(super) names: &'a [&'a str],
    /// How templates are written.
    pub(super) syntax: SyntaxConfig,
}

/// A rendering that failed.
pub(super) struct Run<'a> {
    pub(super) reads: &'a Reads,
    pub(super) values: &'a Values,
    /// The expressions that were being evaluated, the outermost first.
    pub(super) open: &'a [Spot],
}

/// How many call sites are told: what calls itself has many.
const CALLS: usize = 8;

/// What the engine says where something undefined is called.
const UNDEFINED_CALL: &str = "value of type undefined is not callable";
/// What the engine says where something else than a text names a template.
const NO_TEMPLATE_NAME: &str = "template name was not a string";

/// Text of other languages that looks like an expression: Go templates, Prometheus and Grafana.
pub(super) const FOREIGN: &str = "braces that belong to another language (Prometheus, Grafana, Go templates, ESO) go between \
                       `{% raw %}` and `{% endraw %}`, or into a data file brought in with `file(...)`";

const REACHED: &str = "reached from here";

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
            finding.related.push(location.label(REACHED));
        }
    }
    context.call_sites(&mut finding);
    finding
}

impl Context<'_> {
    /// Adds the expressions that were being evaluated, the innermost first: calls of macros.
    fn call_sites(&self, finding: &mut Finding) {
        let open = self.run.iter().flat_map(|run| run.open.iter().rev());
        let mut told = 0;
        for spot in open {
            let Some(file) = self.files.get(spot.template as usize) else {
                continue;
            };
            let text = self.sources.file(*file).text();
            let site = Location::new(*file, tidy(text, spot.span));
            let known = std::iter::once(&finding.primary).chain(&finding.related);
            if told < CALLS && !known.into_iter().any(|place| overlap(place, &site)) {
                finding.related.push(site.label(REACHED));
                told += 1;
            }
        }
    }

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
        let origin = Origin::of(detail);
        let explained = origin
            .as_ref()
            .and_then(|origin| self.undefined_read(origin, &primary, error.line()));
        let detail = origin.map_or(detail, |origin| origin.reason);
        let explained = explained.or_else(|| self.explain_call(error.kind(), detail, &primary));
        if let Some(finding) = explained {
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
            ErrorKind::TemplateNotFound | ErrorKind::BadInclude => {
                let message = self.not_there(detail);
                let message = message
                    .unwrap_or_else(|| plain(detail, "the included template cannot be used"));
                Finding::new(&rules::INCLUDE, message, primary)
                    .help("paths in `include`, `import` and `extends` start at `templates/`")
            }
            ErrorKind::UnknownFilter | ErrorKind::UnknownFunction | ErrorKind::UnknownTest => {
                let finding = Finding::new(&rules::SYNTAX, unknown(detail), primary);
                finding.help("`docs/templates.md` lists the functions, filters and tests there are")
            }
            _ if detail == NO_TEMPLATE_NAME => self.no_template_name(primary),
            _ if let Some(message) = unfit_operands(detail) => {
                Finding::new(&rules::FAILED, message, primary)
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

    /// Says which template is not there, and which may have been meant.
    fn not_there(&self, detail: &str) -> Option<String> {
        let named = detail
            .strip_prefix("tried to include non-existing template ")
            .or_else(|| detail.strip_prefix("template "))?;
        let named = named.strip_suffix(" does not exist").unwrap_or(named);
        let quotes: &[char] = &['"', '\''];
        let name = named.strip_prefix(quotes)?.strip_suffix(quotes)?;
        let paths = self
            .files
            .iter()
            .map(|file| self.sources.file(*file).path());
        let near = nearest(
            name,
            paths.filter_map(|path| path.strip_prefix("templates/")),
        );
        Some(format!(
            "there is no template `{name}`{}",
            did_you_mean(near)
        ))
    }

    /// Says that the name of a template to include is no text: mostly since it is undefined.
    fn no_template_name(&self, primary: Location) -> Finding {
        let text = self.sources.file(primary.file).text();
        let outline = outline(text, self.syntax.clone());
        let read = outline.as_ref().and_then(|outline| {
            let within = |read: &&Read| {
                primary.span.start <= read.span.start && read.span.end <= primary.span.end
            };
            let read = outline.reads.iter().rfind(within)?;
            self.is_missing(read, outline)
                .then(|| self.misread(read, outline, &Location::new(primary.file, read.span)))
        });
        read.unwrap_or_else(|| {
            Finding::new(&rules::INCLUDE, "the name of a template is a text", primary)
        })
    }

    /// Explains what the templates' own syntax explains best: imports, calls and macros.
    fn explain_call(&self, kind: ErrorKind, detail: &str, at: &Location) -> Option<Finding> {
        let undefined = matches!(kind, ErrorKind::UndefinedError | ErrorKind::UnknownMethod);
        let import = (undefined || detail == UNDEFINED_CALL)
            .then(|| self.missing_import(self.sources.file(at.file).text(), at));
        import.flatten().or_else(|| match kind {
            ErrorKind::UndefinedError => self.missing_argument(at),
            ErrorKind::TooManyArguments => self.unfit_argument(at),
            ErrorKind::UnknownFunction => self.unknown_function(at),
            ErrorKind::UnknownMethod => self.unknown_method(detail, at),
            ErrorKind::InvalidOperation => self.not_callable(detail, at),
            _ => None,
        })
    }

    /// Says which file does not define what an expression took from an import.
    pub(super) fn missing_import(&self, text: &str, primary: &Location) -> Option<Finding> {
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
            let near = did_you_mean(near);
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

    /// Says that something is undefined of which the engine does not know where it comes from.
    fn undefined(&self, excerpt: &str, mut primary: Location, foreign: bool) -> Finding {
        let miss = self.run.as_ref().and_then(|run| {
            let key =
                |key: &Key| matches!(key, Key::Name(name) if find_key(excerpt, name).is_some());
            Some((run.reads.miss(key)?, run.values))
        });
        if let Some((miss, values)) = miss
            && let Key::Name(key) = &miss.key
            && let Some(at) = find_key(excerpt, key)
            && let Some(holder) = values.tree().node(miss.node)
        {
            let start = primary.span.start as usize + at;
            primary.span = Span::new(start, start + key.len());
            return not_in(values, holder, &miss.key).finding(primary);
        }
        let message = "the expression reads something that is not defined";
        let finding = Finding::new(&rules::UNDEFINED, message, primary);
        if foreign {
            finding.help(FOREIGN)
        } else if excerpt.contains(" if ") && !excerpt.contains(" else ") {
            finding.help("an `if` without `else` gives nothing where its condition does not hold")
        } else {
            finding
        }
    }
}

fn limit(message: &str, primary: Location) -> Finding {
    Finding::new(&rules::LIMIT, message, primary)
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

/// Says which filter, test or function is unknown, and which may have been meant.
fn unknown(detail: &str) -> String {
    let (what, rest) = detail.split_once(' ').unwrap_or_default();
    let names = match what {
        "filter" => FILTERS,
        "test" => TESTS,
        _ => return plain(detail, "unknown name"),
    };
    let name = rest.strip_suffix(" is unknown").unwrap_or(rest);
    let near = nearest(name, names.iter().copied());
    format!("there is no {what} `{name}`{}", did_you_mean(near))
}

/// Says which operands an operator does not take.
fn unfit_operands(detail: &str) -> Option<String> {
    let rest = detail.strip_prefix("tried to use ")?;
    let (operator, kinds) = rest.split_once(" operator on unsupported types ")?;
    let (left, right) = kinds.split_once(" and ")?;
    let (left, right) = (article(left), article(right));
    Some(format!("`{operator}` does not take {left} and {right}"))
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

/// Cuts off both ends what is no part of an expression.
fn tidy(text: &str, span: Span) -> Span {
    let excerpt = span.of(text);
    // The place of an operator may begin with what stands before its first operand.
    let before = ["if ", "elif ", "in ", "=", ","];
    let begun = before.iter().find_map(|word| excerpt.strip_prefix(word));
    let rest = begun.unwrap_or(excerpt);
    let kept = rest.trim();
    let start = span.start as usize + (excerpt.len() - rest.trim_start().len());
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
