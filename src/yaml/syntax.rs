//! Syntax beyond the parser: spans, escapes and tags that Kubernetes reads differently, and errors in plain words.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use granit_parser::{ErrorKind, ScalarStyle, ScanError, Tag};

use super::problem::Problem;
use super::resolve::{self, Resolved};
use super::rules;
use crate::source::Span;

/// Returns the bytes of a parser's span, in a text whose part at `base` the parser reads.
pub(super) fn span(at: &granit_parser::Span, base: usize) -> Span {
    let start = at.start.byte_offset().unwrap_or_default();
    let end = at.end.byte_offset().unwrap_or(start);
    Span::new(base + start, base + end)
}

/// Cuts blanks and line breaks off a scalar's end: a block scalar's span runs into the next line.
pub(super) fn scalar_span(text: &str, span: Span, style: ScalarStyle) -> Span {
    if matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted) {
        return span;
    }
    let kept = span
        .of(text)
        .trim_end_matches([' ', '\t', '\n', '\r'])
        .len();
    Span::new(span.start as usize, span.start as usize + kept)
}

/// Moves the beginning of a block list under a key to its first dash: where the list is not indented, the parser names
/// what follows the dash.
pub(super) fn list_span(text: &str, key_end: usize, span: Span) -> Span {
    let between = text.get(key_end..span.start as usize).unwrap_or_default();
    let mut at = key_end;
    for line in between.split_inclusive('\n') {
        let content = line.trim_start_matches([' ', '\t']);
        if at > key_end && content.starts_with('-') {
            return Span::new(at + line.len() - content.len(), span.end as usize);
        }
        at += line.len();
    }
    span
}

/// Finds an end marker before any content: Kubernetes reads a document there, and finds none.
pub(super) fn leading_end(part: &str, base: usize) -> Option<Problem> {
    let mut at = base;
    let mut lines = part.split(['\n', '\r']).map(|line| {
        at += line.len() + 1;
        (at - line.len() - 1, line.trim_end())
    });
    let (start, first) = lines.find(|(_, line)| {
        let content = line.trim_start();
        !content.is_empty() && !content.starts_with('#')
    })?;
    let rest = first.strip_prefix("...")?;
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then(|| {
        let message = "Kubernetes finds no document before this end marker";
        Problem::new(&rules::SYNTAX, Span::new(start, start + 3), message).help("remove the line")
    })
}

/// Refuses the names of anchors that Kubernetes' reader does not take for names.
pub(super) fn anchor(name: &str, span: Span) -> Option<Problem> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (!name.chars().all(fits)).then(|| {
        let message = "Kubernetes reads names of anchors made of letters, digits, `-` and `_` only";
        Problem::new(&rules::UNSUPPORTED, span, message).help("rename the anchor and its aliases")
    })
}

/// The line breaks of YAML 1.1 that YAML 1.2 takes for characters: NEL, LS and PS.
const OLD_BREAKS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];

/// Returns the text with the line breaks of YAML 1.1 as line feeds, every other byte in its place.
pub(super) fn with_line_breaks(text: &str) -> Cow<'_, str> {
    if !text.contains(OLD_BREAKS) {
        return Cow::Borrowed(text);
    }
    let replaced = text.chars().map(|c| match c {
        '\u{85}' => " \n".to_owned(),
        '\u{2028}' | '\u{2029}' => "  \n".to_owned(),
        c => c.to_string(),
    });
    Cow::Owned(replaced.collect())
}

/// Finds in a scalar what Kubernetes' reader refuses or takes for something else.
pub(super) fn refused(text: &str, span: Span, style: ScalarStyle) -> Option<Problem> {
    if style == ScalarStyle::Plain {
        return None;
    }
    if let Some((at, c)) = span
        .of(text)
        .char_indices()
        .find(|(_, c)| OLD_BREAKS.contains(c))
    {
        let start = span.start as usize + at;
        return Some(
            Problem::new(
                &rules::UNSUPPORTED,
                Span::new(start, start + c.len_utf8()),
                format!(
                    "Kubernetes takes the character U+{:04X} for a line break",
                    u32::from(c)
                ),
            )
            .help(format!(
                "write it as an escape in double quotes: \"\\u{:04x}\"",
                u32::from(c)
            )),
        );
    }
    if style == ScalarStyle::DoubleQuoted {
        escapes(text, span)
    } else {
        None
    }
}

/// Reads a `!!binary` scalar: Base64 of text.
pub(super) fn binary(text: &str, tag: &Tag, span: Span) -> Result<String, Problem> {
    let packed: String = text.split_whitespace().collect();
    let bytes = BASE64_STANDARD.decode(packed).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| {
            let message = format!(
                "this is no Base64 of text, which `{}` needs",
                tag.original()
            );
            Problem::new(&rules::UNSUPPORTED, span, message)
                .help("bytes that are no text belong in a Secret's `data`, without a tag")
        })
}

/// Finds escapes that Kubernetes' reader of YAML refuses though YAML 1.2 has them.
fn escapes(text: &str, span: Span) -> Option<Problem> {
    let quoted = span.of(text);
    if !quoted.contains('\\') {
        return None;
    }
    let mut at = 0;
    while let Some(next) = quoted.get(at..).and_then(|rest| rest.find('\\')) {
        let escape = at + next;
        let rest = quoted.get(escape + 1..).unwrap_or_default();
        let start = span.start as usize + escape;
        if rest.starts_with('/') {
            return Some(
                Problem::new(
                    &rules::UNSUPPORTED,
                    Span::new(start, start + 2),
                    "Kubernetes does not read the escape `\\/` in YAML",
                )
                .help("write `/`"),
            );
        }
        let surrogate = rest
            .strip_prefix('u')
            .and_then(|hex| hex.get(..4))
            .and_then(|hex| u32::from_str_radix(hex, 16).ok());
        if surrogate.is_some_and(|code| (0xD800..0xE000).contains(&code)) {
            return Some(
                Problem::new(
                    &rules::UNSUPPORTED,
                    Span::new(start, start + 6),
                    "Kubernetes does not read surrogate pairs in YAML",
                )
                .help("write the character itself, or `\\U` and its eight hexadecimal digits"),
            );
        }
        at = escape + 1 + rest.chars().next().map_or(0, char::len_utf8);
    }
    None
}

/// Resolves a scalar with a tag.
pub(super) fn tagged(text: &str, tag: &Tag, span: Span) -> Result<Resolved, Problem> {
    if tag.original().contains('#') {
        let message = format!("Kubernetes does not read the tag `{}`", tag.original());
        return Err(Problem::new(&rules::UNSUPPORTED, span, message)
            .help("a comment stands behind a blank"));
    }
    let Some(name) = tag.core_suffix() else {
        return other_tag(tag, span);
    };
    let resolved = resolve::plain(text);
    let fits = match name {
        // A tag of collections before a scalar is one that nobody knows.
        "str" | "map" | "seq" => return Ok(Resolved::Str),
        "int" => matches!(resolved, Resolved::Int(_)),
        "float" => matches!(
            resolved,
            Resolved::Int(_) | Resolved::Float(_) | Resolved::NotFinite
        ),
        "bool" => matches!(resolved, Resolved::Bool(_)),
        "null" => matches!(resolved, Resolved::Null),
        _ => false,
    };
    if fits {
        return Ok(resolved);
    }
    Err(
        Problem::new(&rules::UNSUPPORTED, span, format!("this is no `!!{name}`"))
            .help("remove the tag"),
    )
}

fn other_tag(tag: &Tag, span: Span) -> Result<Resolved, Problem> {
    match tag.original().as_str() {
        "!!timestamp" => {
            let message = format!("the tag `{}` has no place in a manifest", tag.original());
            Err(Problem::new(&rules::UNSUPPORTED, span, message)
                .help("write the text as it is to be read, and remove the tag"))
        }
        // Tags that nobody knows make strings.
        _ => Ok(Resolved::Str),
    }
}

/// Returns the place that the parser stumbled over, in a text whose part at `base` the parser reads.
pub(super) fn error_place(error: &ScanError, text: &str, base: usize) -> Span {
    let at = error.marker().byte_offset();
    place(
        text,
        at.map_or(text.len(), |at| (base + at).min(text.len())),
    )
}

/// Says in plain words what the parser stumbled over.
pub(super) fn problem(error: &ScanError, text: &str, base: usize) -> Problem {
    let place = error_place(error, text, base);
    let (rule, message, help) = words(error.kind(), text, place);
    let problem = Problem::new(rule, place, message);
    if help.is_empty() {
        problem
    } else {
        problem.help(help)
    }
}

/// Widens a place to the character there; at the end of the text it is the last one.
fn place(text: &str, at: usize) -> Span {
    let at = (0..=at)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or_default();
    match text.get(at..).and_then(|rest| rest.chars().next()) {
        Some(c) if c != '\n' && c != '\r' => Span::new(at, at + c.len_utf8()),
        _ => {
            let kept = text.get(..at).unwrap_or_default().trim_end().len();
            let last = text
                .get(..kept)
                .and_then(|before| before.chars().next_back())
                .map_or(0, char::len_utf8);
            Span::new(kept - last, kept)
        }
    }
}

fn words(
    kind: &ErrorKind,
    text: &str,
    place: Span,
) -> (&'static crate::finding::Rule, String, &'static str) {
    let syntax = |message: &str, help| (&rules::SYNTAX, message.to_owned(), help);
    match kind {
        ErrorKind::UnknownAnchor => (
            &rules::ALIAS,
            "this alias refers to no anchor".to_owned(),
            "quote it if it is a string that begins with `*`",
        ),
        ErrorKind::RecursionLimitExceeded => (
            &rules::LIMIT,
            "maps and lists nest too deeply".to_owned(),
            "no object of Kubernetes nests that deep",
        ),
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation => syntax("a tab cannot indent YAML", "indent with blanks"),
        ErrorKind::DirectiveDisallowed => (
            &rules::UNSUPPORTED,
            "Kubernetes reads no YAML directives".to_owned(),
            "remove the line",
        ),
        ErrorKind::UnclosedQuotedScalar => syntax(
            "this quote is never closed",
            "close it, or quote the whole string in the other kind of quotes",
        ),
        ErrorKind::InvalidIndentation | ErrorKind::ExpectedBlockMappingKey => syntax(
            "this line is indented neither like its neighbours nor like a child of the line before",
            "align it with the keys it belongs to",
        ),
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => syntax(
            "this line is no `key: value`",
            "a key is followed by a colon and a blank",
        ),
        ErrorKind::UnexpectedCharacter { .. } => {
            let message = format!(
                "a plain string cannot begin with `{}`",
                place.of(text).escape_debug()
            );
            (&rules::SYNTAX, message, "quote the string")
        }
        kind => {
            let message = kind.to_string();
            match message.as_str() {
                "mapping values are not allowed in this context" => syntax(
                    "a second `: ` on this line would open a map inside a value",
                    "quote the value, or indent the map on the next line",
                ),
                "while parsing a quoted scalar, found unknown escape character" => syntax(
                    "this is no escape of double quotes",
                    "write `\\\\` for a backslash, or use single quotes",
                ),
                _ => (&rules::SYNTAX, message, ""),
            }
        }
    }
}
