//! Reading scalars: resolving, tagging and filling them.

use granit_parser::{ScalarStyle as Style, Tag};

use super::fill::{Role, Scalar, ScalarStyle, in_plane_16};
use super::json_text;
use super::problem::Problem;
use super::read::{Frame, PLANE_16, Reader};
use super::resolve::{self, Resolved};
use super::rules;
use super::stream::Notation;
use super::syntax;
use super::tabs;
use super::tree::Place;
use crate::source::Span;

impl Reader<'_, '_> {
    pub(super) fn scalar(
        &mut self,
        text: &str,
        style: Style,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
    ) {
        if self.skipping > 0 {
            return;
        }
        let role = self.role();
        let index = self.builder.len();
        self.note_tabs(style, span);
        let span = syntax::scalar_span(self.text, span, style);
        if self.notation == Notation::Yaml {
            let refused = syntax::refused(self.text, span, style);
            self.stream.problems.extend(refused);
        }
        let merge = style == Style::Plain && tag.is_none() && text == "<<" && role == Role::Key;
        let kind = match style {
            Style::Plain => ScalarStyle::Plain,
            Style::SingleQuoted | Style::DoubleQuoted => ScalarStyle::Quoted,
            _ => ScalarStyle::Block,
        };
        let other = self.other_text(text, span);
        let text = other.as_deref().unwrap_or(text);
        let scalar = Scalar {
            text,
            style: kind,
            role,
            span,
        };
        let filled = self.fill.is_some()
            && text.as_bytes().contains(&PLANE_16)
            && text.contains(in_plane_16);
        let result = if filled {
            self.filled(scalar, tag)
        } else {
            self.plain(scalar, tag)
        };
        if let Err(problem) = result {
            self.builder.truncate(index);
            self.problem(problem);
            self.placeholder(role, span);
        }
        self.added(index, role, merge);
        self.keep_anchor(anchor, index);
    }

    /// Returns what a scalar means where the parser read something else in its place.
    fn other_text(&self, text: &str, span: Span) -> Option<String> {
        match self.notation {
            Notation::Yaml => self.repairs.undone(text),
            Notation::Json => json_text::string(span.of(self.text)),
        }
    }

    /// Notes where tabs may stand in a scalar, and where none may before it.
    fn note_tabs(&mut self, style: Style, span: Span) {
        if !self.tabs.any {
            return;
        }
        match style {
            Style::SingleQuoted | Style::DoubleQuoted => self.tabs.allow(span),
            Style::Plain => {}
            _ => {
                self.tabs.allow_block(self.text, span);
                return self.refuse_tabs_of_block(span);
            }
        }
        self.refuse_tab(span);
    }

    /// Refuses tabs in the indentation of a block scalar, and between a dash and its header.
    fn refuse_tabs_of_block(&mut self, span: Span) {
        if let Some(header) = tabs::header(self.text, span.start) {
            let found = tabs::in_indentation(self.text, &header, span.start);
            self.stream.problems.extend(found);
            self.refuse_tab(Span::at(header.start as usize));
        }
    }

    /// Refuses a tab between a dash and its item.
    pub(super) fn refuse_tab(&mut self, span: Span) {
        let in_list = matches!(self.frames.last(), Some(Frame { entries: None, .. }));
        if self.tabs.any && in_list {
            let problem = tabs::after_dash(self.text, span.start);
            self.stream.problems.extend(problem);
        }
    }

    fn filled(&mut self, scalar: Scalar<'_>, tag: Option<&Tag>) -> Result<(), Problem> {
        if let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema_tag("str")) {
            let message = format!("the tag `{}` cannot stand before a value", tag.original());
            return Err(Problem::new(&rules::UNSUPPORTED, scalar.span, message)
                .help("remove the tag: a value keeps its own type"));
        }
        // `!!str` makes a string of the value, as quotes do.
        let scalar = if tag.is_some() {
            Scalar {
                style: ScalarStyle::Quoted,
                ..scalar
            }
        } else {
            scalar
        };
        match self.fill.as_mut() {
            Some(fill) => fill.fill(scalar, &mut self.builder),
            None => Ok(()),
        }
    }

    fn plain(&mut self, scalar: Scalar<'_>, tag: Option<&Tag>) -> Result<(), Problem> {
        if let Some(tag) = tag.filter(|tag| tag.original() == "!!binary") {
            let text = syntax::binary(scalar.text, tag, scalar.span)?;
            self.builder.str(&text, Place::new(scalar.span));
            return Ok(());
        }
        let resolved = match tag {
            Some(tag) => syntax::tagged(scalar.text, tag, scalar.span)?,
            None if scalar.style != ScalarStyle::Plain => Resolved::Str,
            // The parser gives an empty node as `~`, with nothing in the text.
            None if scalar.span.is_empty() => Resolved::Null,
            None if self.notation == Notation::Json => {
                resolve::json(scalar.text).unwrap_or(Resolved::NotFinite)
            }
            None => {
                let resolved = resolve::plain(scalar.text);
                self.warn_ambiguous(scalar);
                resolved
            }
        };
        self.add(resolved, scalar)
    }

    fn warn_ambiguous(&mut self, scalar: Scalar<'_>) {
        if let Some(how) = resolve::ambiguity(scalar.text) {
            let text = scalar.text;
            let help = match resolve::plain(text) {
                Resolved::Bool(value) => format!(
                    "write `{value}` for the boolean, or quote it for the string: \"{text}\""
                ),
                Resolved::Int(value) => {
                    format!("write {value} for the number, or quote it for the string: \"{text}\"")
                }
                _ => format!("quote it, so that it is a string for all: \"{text}\""),
            };
            self.problem(
                Problem::new(
                    &rules::AMBIGUOUS_SCALAR,
                    scalar.span,
                    format!("`{text}` is {how}"),
                )
                .help(help),
            );
        }
    }

    fn add(&mut self, resolved: Resolved, scalar: Scalar<'_>) -> Result<(), Problem> {
        let place = Place::new(scalar.span);
        if scalar.role == Role::Key {
            return self.add_key(resolved, scalar, place);
        }
        if let Resolved::NotFinite = resolved {
            let message = format!("`{}` is no number that Kubernetes reads", scalar.text);
            return Err(Problem::new(&rules::UNSUPPORTED, scalar.span, message)
                .help("quote it if it is a string"));
        }
        match resolved {
            Resolved::Null => self.builder.null(place),
            Resolved::Bool(value) => self.builder.bool(value, place),
            Resolved::Int(value) => self.builder.int(value, place),
            Resolved::Float(value) => self.builder.float(value, place),
            _ => self.string(scalar, place),
        }
        Ok(())
    }

    fn add_key(
        &mut self,
        resolved: Resolved,
        scalar: Scalar<'_>,
        place: Place,
    ) -> Result<(), Problem> {
        let refused = |message: &str| {
            let problem = Problem::new(&rules::UNSUPPORTED, scalar.span, message);
            Err(problem.help("quote it if the key is a string"))
        };
        match resolved {
            Resolved::Null => return refused("a map key cannot be null"),
            Resolved::Bool(value) => self
                .builder
                .str(if value { "true" } else { "false" }, place),
            Resolved::Int(_) | Resolved::Float(_) | Resolved::NotFinite => {
                match resolve::number_key(scalar.text) {
                    Some(key) => self.builder.str(&key, place),
                    None => {
                        return refused("a map key cannot be an integer beyond 64 signed bits");
                    }
                }
            }
            Resolved::Str => self.string(scalar, place),
        }
        Ok(())
    }

    /// Adds a string: a range of the text where it stands there as it is.
    fn string(&mut self, scalar: Scalar<'_>, place: Place) {
        let inner = match scalar.style {
            ScalarStyle::Quoted => Span {
                start: place.span.start + 1,
                end: place.span.end.saturating_sub(1).max(place.span.start + 1),
            },
            _ => place.span,
        };
        if inner.of(self.text) == scalar.text {
            self.builder.text(inner, place);
        } else {
            self.builder.str(scalar.text, place);
        }
    }
}
