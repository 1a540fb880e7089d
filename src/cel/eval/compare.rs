//! Equality and order of values.

use std::cmp::Ordering;

use super::Meter;
use crate::cel::error::EvalError;
use crate::cel::number;
use crate::cel::types::ListKind;
use crate::cel::value::{List, Map, Value};

/// Tells whether two values are equal; values of different types are not, but numbers are compared by what they are.
pub(crate) fn equal(
    meter: &mut Meter,
    left: &Value<'_>,
    right: &Value<'_>,
) -> Result<bool, EvalError> {
    meter.work(1)?;
    Ok(match (left, right) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::String(a), Value::String(b)) => {
            meter.work(a.len().min(b.len()) / 64)?;
            **a == **b
        }
        (Value::Bytes(a), Value::Bytes(b)) => a == b,
        (Value::Timestamp(a), Value::Timestamp(b)) => a == b,
        (Value::Duration(a), Value::Duration(b)) => a == b,
        (Value::Type(a), Value::Type(b)) => a == b,
        (Value::List(a), Value::List(b)) => lists(meter, a, b)?,
        (Value::Map(a), Value::Map(b)) => maps(meter, a, b)?,
        (Value::Optional(a), Value::Optional(b)) => match (a, b) {
            (Some(a), Some(b)) => equal(meter, a, b)?,
            (a, b) => a.is_none() && b.is_none(),
        },
        (Value::Opaque(a), Value::Opaque(b)) => a.equals(b)?,
        _ => {
            number::are_numbers(left, right)
                && number::compare(left, right) == Some(Ordering::Equal)
        }
    })
}

fn lists(meter: &mut Meter, left: &List<'_>, right: &List<'_>) -> Result<bool, EvalError> {
    if left.len() != right.len() {
        return Ok(false);
    }
    match left.kind() {
        ListKind::Atomic => {
            for (a, b) in left.iter().zip(right.iter()) {
                if !equal(meter, &a, &b)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        ListKind::Set => within(meter, left, right),
        ListKind::Map(keys) => {
            for item in right {
                match find_by_keys(meter, left, &keys, &item)? {
                    Some(at)
                        if left
                            .get(at)
                            .map_or(Ok(false), |mine| equal(meter, &mine, &item))? => {}
                    _ => return Ok(false),
                }
            }
            Ok(true)
        }
    }
}

/// Tells whether every item of `right` is in `left`.
fn within(meter: &mut Meter, left: &List<'_>, right: &List<'_>) -> Result<bool, EvalError> {
    for item in right {
        if !contains(meter, left, &item)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Tells whether a list has an item.
pub(crate) fn contains(
    meter: &mut Meter,
    list: &List<'_>,
    item: &Value<'_>,
) -> Result<bool, EvalError> {
    for other in list {
        if equal(meter, &other, item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns the place of the item that has the same values under the keys.
pub(crate) fn find_by_keys(
    meter: &mut Meter,
    list: &List<'_>,
    keys: &[Box<str>],
    item: &Value<'_>,
) -> Result<Option<usize>, EvalError> {
    for (at, other) in list.iter().enumerate() {
        let mut same = true;
        for key in keys {
            let of = |value: &Value<'_>| -> Option<Value<'_>> {
                match value {
                    Value::Map(map) => map.field(key).map(|value| detach(&value)),
                    _ => None,
                }
            };
            same = match (of(&other), of(item)) {
                (Some(a), Some(b)) => equal(meter, &a, &b)?,
                (a, b) => a.is_none() && b.is_none(),
            };
            if !same {
                break;
            }
        }
        if same {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

/// Returns a scalar that borrows nothing; keys of list items are scalars.
fn detach(value: &Value<'_>) -> Value<'static> {
    match value {
        Value::Bool(value) => Value::Bool(*value),
        Value::Int(value) => Value::Int(*value),
        Value::Double(value) => Value::Double(*value),
        Value::String(text) => Value::string(text),
        _ => Value::Null,
    }
}

fn maps(meter: &mut Meter, left: &Map<'_>, right: &Map<'_>) -> Result<bool, EvalError> {
    if left.len() != right.len() {
        return Ok(false);
    }
    let size = right.len();
    for (key, mine) in left.entries() {
        if matches!(right, Map::Node(..)) {
            meter.work(size / 4)?;
        }
        let theirs = match (&key, right) {
            (Value::String(name), right) => right.field(name),
            (_, Map::Node(..)) => None,
            (key, Map::Entries(entries)) => crate::cel::value::Key::of(key)
                .and_then(|key| entries.get(&key))
                .map(|(_, value)| value.clone()),
        };
        match theirs {
            Some(theirs) if equal(meter, &mine, &theirs)? => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// Compares two values of a type that has an order; nothing for others, and for what is no number.
pub(crate) fn order(left: &Value<'_>, right: &Value<'_>) -> Option<Ordering> {
    match (left, right) {
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::String(a), Value::String(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
        (Value::Bytes(a), Value::Bytes(b)) => Some(a.cmp(b)),
        (Value::Timestamp(a), Value::Timestamp(b)) => Some(a.cmp(b)),
        (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
        _ => number::compare(left, right),
    }
}
