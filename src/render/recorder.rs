//! What a rendering leaves beside its text: the values behind the marks.
//!
//! The engine calls [`emit`] with every expression it is about to print and [`print`] to print it; [`plain`] turns
//! captured text back into the text people would see.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, ValueKind};
use minijinja::{Error, ErrorKind, Output, State, Value};

use super::marks::{Piece, Spot, holds_delimiter, pieces};
use super::scope::View;
use crate::source::Span;

/// A value that a mark stands for.
#[derive(Clone, Debug)]
pub(super) struct Printed {
    pub(super) value: Value,
    /// The expression that printed it.
    pub(super) spot: Option<Spot>,
    /// The node of the values it is, where it is one.
    pub(super) origin: Option<usize>,
}

/// The values of one rendering, kept in the engine's state.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    pub(super) printed: Vec<Printed>,
    pending: Option<(Spot, Option<usize>)>,
}

/// Returns the recorder of the rendering that is under way.
pub(super) fn recorder<'s>(state: &'s mut State<'_, '_>) -> &'s mut Recorder {
    state.get_or_insert_extension_with(Recorder::default)
}

/// The function templates call, unseen, with every expression they print.
#[derive(Debug)]
pub(super) struct Emit {
    pub(super) view: View,
    /// The numbers that templates write themselves, as bits.
    pub(super) numbers: Arc<HashSet<u64>>,
}

impl Object for Emit {
    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let number = |at: usize| {
            args.get(at)
                .and_then(Value::as_i64)
                .and_then(|n| u32::try_from(n).ok())
        };
        let (Some(template), Some(start), Some(end), Some(value)) =
            (number(0), number(1), number(2), args.get(3))
        else {
            return Err(Error::new(
                ErrorKind::InvalidOperation,
                "an expression lost its place",
            ));
        };
        let written = |value: &Value| {
            f64::try_from(value.clone())
                .map_or(true, |number| self.numbers.contains(&number.to_bits()))
        };
        let origin = self.view.origin(value, written);
        if let Some(index) = origin {
            self.view.use_whole(index);
        }
        self.view.printed();
        recorder(state).pending = Some((
            Spot {
                template,
                span: Span { start, end },
            },
            origin,
        ));
        Ok(value.clone())
    }
}

/// The engine's formatter: safe text passes as it is, any other value leaves a mark.
pub(super) fn print(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    let mut text = String::new();
    let recorder = recorder(state);
    let pending = recorder.pending.take();
    if value.is_undefined() {
        // Only an `if` without `else` gives the undefined value that may be printed: as nothing.
        return Ok(());
    }
    match value.as_str() {
        Some(safe) if value.is_safe() => {
            if let Some((spot, _)) = pending {
                Piece::Begin(spot).push_to(&mut text);
                text.push_str(safe);
                Piece::End.push_to(&mut text);
            } else {
                text.push_str(safe);
            }
        }
        _ => {
            let value = match value.as_str() {
                Some(captured) if holds_delimiter(captured) => {
                    Value::from(plain_text(&recorder.printed, captured)?)
                }
                _ => value.clone(),
            };
            Piece::Value(Span::at(recorder.printed.len()).start).push_to(&mut text);
            let (spot, origin) =
                pending.map_or((None, None), |(spot, origin)| (Some(spot), origin));
            recorder.printed.push(Printed {
                value,
                spot,
                origin,
            });
        }
    }
    out.write_str(&text).map_err(Error::from)
}

/// The function behind operands: captured text and YAML text become plain text, any other value passes.
pub(super) fn plain(state: &mut State<'_, '_>, value: &Value) -> Result<Value, Error> {
    if let Some(yaml) = value.downcast_object_ref::<YamlText>() {
        return Ok(Value::from(yaml.text.clone()));
    }
    match value.as_str() {
        Some(text) if holds_delimiter(text) => {
            plain_text(&recorder(state).printed, text).map(Value::from)
        }
        _ => Ok(value.clone()),
    }
}

/// What `to_yaml` gives: a value that becomes YAML structure where a whole value stands, and its YAML text inside
/// block scalars and other text.
#[derive(Debug)]
pub(super) struct YamlText {
    pub(super) value: Value,
    pub(super) text: String,
}

impl Object for YamlText {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Returns marked text as people would see it.
pub(super) fn plain_text(printed: &[Printed], text: &str) -> Result<String, Error> {
    let mut out = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Value(index) => {
                let value = printed.get(index as usize).map(|printed| &printed.value);
                out.push_str(&scalar_text(value.unwrap_or(&Value::UNDEFINED))?);
            }
            Piece::Collection => return Err(collection_in_text()),
            Piece::At { .. } | Piece::Begin(_) | Piece::End => {}
        }
    }
    Ok(out)
}

/// Returns the text of a scalar inside other text; maps, lists and null have none.
pub(super) fn scalar_text(value: &Value) -> Result<String, Error> {
    if let Some(yaml) = value.downcast_object_ref::<YamlText>() {
        return Ok(yaml.text.trim_end_matches('\n').to_owned());
    }
    match value.kind() {
        ValueKind::String => Ok(value.as_str().unwrap_or_default().to_owned()),
        ValueKind::Bool => Ok(if value.is_true() { "true" } else { "false" }.to_owned()),
        ValueKind::Number => Ok(number_text(value)),
        ValueKind::None | ValueKind::Undefined => Err(Error::new(
            ErrorKind::InvalidOperation,
            "null cannot be part of a text",
        )),
        _ => Err(collection_in_text()),
    }
}

fn number_text(value: &Value) -> String {
    // A float keeps its point: `1.0` is what people see and what a version number means.
    value.to_string()
}

fn collection_in_text() -> Error {
    Error::new(
        ErrorKind::InvalidOperation,
        "a map or list cannot be part of a text",
    )
}
