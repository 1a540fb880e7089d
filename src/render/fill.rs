//! Typed interpolation: puts values where the YAML parser found their marks.
//!
//! A scalar that is one expression takes the value's type; a scalar of text and expressions, a quoted scalar, a block
//! scalar and a key are strings.

use minijinja::Value;
use minijinja::value::ValueKind;

use super::convert::{Converter, Unfit};
use super::marks::{CLOSE, OPEN, Piece, pieces};
use super::recorder::{Printed, YamlText, scalar_text};
use super::rules;
use super::trace::Origin;
use crate::finding::Rule;
use crate::source::Span;
use crate::yaml::{Builder, Fill, OriginId, Place, Problem, Role, Scalar, ScalarStyle};

/// Fills the scalars of one rendered template.
pub(super) struct Filler<'a> {
    pub(super) printed: &'a [Printed],
    pub(super) skeleton: &'a str,
    pub(super) origins: Vec<Origin>,
}

impl Fill for Filler<'_> {
    fn fill(&mut self, scalar: Scalar<'_>, out: &mut Builder) -> Result<(), Problem> {
        let parts: Vec<Piece<'_>> = pieces(scalar.text).collect();
        match parts.as_slice() {
            [Piece::Value(index)] => self.whole(*index, scalar, out),
            _ => self.text(&parts, scalar, out),
        }
    }

    fn misplaced(&mut self, span: Span) -> Problem {
        problem(
            &rules::PLACEMENT,
            span,
            "a value cannot be part of a tag, an anchor, an alias or a directive",
        )
        .help("write the tag, anchor or alias out, or move the value to a scalar")
    }
}

impl Filler<'_> {
    /// A scalar that is one expression.
    fn whole(&mut self, index: u32, scalar: Scalar<'_>, out: &mut Builder) -> Result<(), Problem> {
        let Some(printed) = self.printed.get(index as usize) else {
            return self.text(&[Piece::Value(index)], scalar, out);
        };
        if scalar.style != ScalarStyle::Plain || scalar.role == Role::Key {
            return self.text(&[Piece::Value(index)], scalar, out);
        }
        let origins = &mut self.origins;
        let mut origin = |node| {
            origins.push(Origin {
                printed: vec![index],
                node,
            });
            Some(OriginId::new(origins.len() - 1))
        };
        let mut converter = Converter {
            printed: self.printed,
            origin: &mut origin,
        };
        converter
            .add(&printed.value, printed.origin, Place::new(scalar.span), out)
            .map_err(|unfit| {
                let rule = if unfit == Unfit::CollectionInText {
                    &rules::COLLECTION_IN_TEXT
                } else {
                    &rules::VALUE
                };
                problem(rule, scalar.span, unfit.message())
            })
    }

    /// A string of text and values.
    fn text(
        &mut self,
        parts: &[Piece<'_>],
        scalar: Scalar<'_>,
        out: &mut Builder,
    ) -> Result<(), Problem> {
        let mut text = String::new();
        let mut used = Vec::new();
        for part in parts {
            match *part {
                Piece::Text(plain) if plain.contains([OPEN, CLOSE]) => {
                    return Err(torn(scalar.span));
                }
                Piece::Text(plain) => text.push_str(plain),
                Piece::Value(index) => {
                    let value = self
                        .printed
                        .get(index as usize)
                        .map_or(&Value::UNDEFINED, |printed| &printed.value);
                    let value = self.value_text(value, scalar);
                    text.push_str(
                        &value.map_err(|wrong| wrong(self.mark_span(index, scalar.span)))?,
                    );
                    used.push(index);
                }
                Piece::Collection => return Err(collection(scalar.span)),
                Piece::At { .. } | Piece::Begin(_) | Piece::End => {}
            }
        }
        self.origins.push(Origin {
            printed: used,
            node: None,
        });
        let origin = Some(OriginId::new(self.origins.len() - 1));
        out.str(
            &text,
            Place {
                span: scalar.span,
                origin,
            },
        );
        Ok(())
    }

    /// Returns a value's text, or what makes the problem at a span.
    fn value_text(&self, value: &Value, scalar: Scalar<'_>) -> Result<String, fn(Span) -> Problem> {
        // In a block scalar the YAML of `to_yaml` stands as it is; elsewhere text has no room for structure.
        if value.downcast_object_ref::<YamlText>().is_some() && scalar.style == ScalarStyle::Plain {
            return Err(collection);
        }
        if matches!(value.kind(), ValueKind::None | ValueKind::Undefined) {
            return Err(null);
        }
        if let Some(text) = value.as_str() {
            return super::recorder::plain_text(self.printed, text)
                .or(Err(collection as fn(Span) -> Problem));
        }
        scalar_text(value).or(Err(collection as fn(Span) -> Problem))
    }

    /// Finds a mark inside a scalar, so that a problem points at the one expression.
    fn mark_span(&self, index: u32, within: Span) -> Span {
        let mut mark = String::new();
        Piece::Value(index).push_to(&mut mark);
        within.of(self.skeleton).find(&mark).map_or(within, |at| {
            let start = within.start as usize + at;
            Span::new(start, start + mark.len())
        })
    }
}

fn problem(rule: &'static Rule, span: Span, message: &str) -> Problem {
    Problem::new(rule, span, message)
}

fn collection(span: Span) -> Problem {
    problem(&rules::COLLECTION_IN_TEXT, span, "a map or list cannot be part of a text")
        .help("let the expression stand alone as the whole value, or choose a scalar inside it, or use `to_json`")
}

fn null(span: Span) -> Problem {
    problem(
        &rules::COLLECTION_IN_TEXT,
        span,
        "null cannot be part of a text",
    )
    .help("give it a value, or say what stands for it: `| default(\"\", true)`")
}

fn torn(span: Span) -> Problem {
    problem(
        &rules::RESERVED_CHARACTER,
        span,
        "a captured text was cut in the middle of a value",
    )
    .help("cut or replace the values before they are captured, not the output of a macro or block")
}
