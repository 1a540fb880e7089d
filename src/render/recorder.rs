//! What a rendering leaves beside its text: the values behind the marks.
//!
//! The engine calls [`emit`] with every expression it is about to print and [`print`] to print it; [`plain`] turns
//! captured text back into the text people would see.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minijinja::value::{Object, ObjectRepr, ValueKind};
use minijinja::{Error, ErrorKind, Output, State, Value};

use super::convert::DEPTH;
use super::instrument::LEAVE;
use super::marks::{Piece, Spot, holds_delimiter, pieces};
use super::scope::{Collection, View};
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
    /// The expressions that are being evaluated, each inside the one before it.
    pub(super) open: Mutex<Vec<Spot>>,
}

impl Emit {
    /// Returns the expressions that are being evaluated, the outermost first.
    pub(super) fn open(&self) -> MutexGuard<'_, Vec<Spot>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Object for Emit {
    /// Notes that an expression begins to be evaluated.
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let code = u128::try_from(key.clone()).ok()?;
        self.open().push(Spot::decode(code)?);
        Some(key.clone())
    }

    /// Notes that an expression was evaluated that is not printed.
    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match (method, args) {
            (LEAVE, [_, value]) => {
                self.open().pop();
                Ok(value.clone())
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let (Some(spot), Some(value)) = (self.open().pop(), args.get(1)) else {
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
        if !value.is_undefined() {
            self.view.printed();
        }
        recorder(state).pending = Some((spot, origin));
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
    weigh(state, value, 0)?;
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

/// Refuses what is undefined, with the error that lets the engine say where it comes from.
pub(super) fn defined(value: &Value) -> Result<(), Error> {
    if value.is_undefined() {
        value.get_attr("").map(drop)
    } else {
        Ok(())
    }
}

/// The fuel that a node of a printed map or list costs.
const NODE: u64 = 4;

/// Charges for the nodes of a map or list that becomes structure, and refuses one that holds something undefined.
pub(super) fn weigh(state: &State<'_, '_>, value: &Value, depth: usize) -> Result<(), Error> {
    if let Some(collection) = value.downcast_object_ref::<Collection>() {
        return state.consume_fuel(NODE * collection.nodes() as u64);
    }
    let Some(object) = value.as_object() else {
        return if depth == 0 {
            Ok(())
        } else {
            state.consume_fuel(NODE)
        };
    };
    state.consume_fuel(NODE)?;
    if depth > DEPTH || !matches!(object.repr(), ObjectRepr::Seq | ObjectRepr::Map) {
        return Ok(());
    }
    for key in value.try_iter()? {
        let item = match object.repr() {
            ObjectRepr::Map => value.get_item(&key)?,
            _ => key,
        };
        defined(&item)?;
        weigh(state, &item, depth + 1)?;
    }
    Ok(())
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
