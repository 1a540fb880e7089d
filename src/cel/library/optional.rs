//! Optional values.

use std::sync::Arc;

use super::{Declaration, Outcome, Price, failure, mismatch};
use crate::cel::eval::Meter;
use crate::cel::value::Value;

const ONE: Price = Price::Fixed(1);

pub(super) const FUNCTIONS: &[Declaration] = &[
    Declaration("optional.of(A) -> optional<A>", 28, ONE, of),
    Declaration("optional.none() -> optional<A>", 28, ONE, none),
    Declaration(
        "optional.ofNonZeroValue(A) -> optional<A>",
        28,
        ONE,
        of_non_zero,
    ),
    Declaration("optional<A>:hasValue() -> bool", 28, ONE, has_value),
    Declaration("optional<A>:value() -> A", 28, ONE, value),
    Declaration("optional<A>:or(optional<A>) -> optional<A>", 28, ONE, or),
    Declaration("optional<A>:orValue(A) -> A", 28, ONE, or_value),
];

fn of<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [value] => Ok(Value::some(value.clone())),
        _ => mismatch(),
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the signature of all functions of expressions"
)]
fn none<'a>(_: &mut Meter, _: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Optional(None))
}

fn of_non_zero<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let [value] = values else { return mismatch() };
    let zero = match value {
        Value::Null | Value::Optional(None) => true,
        Value::Bool(value) => !value,
        Value::Int(value) => *value == 0,
        Value::Uint(value) => *value == 0,
        Value::Double(value) => *value == 0.0,
        Value::String(text) => text.is_empty(),
        Value::Bytes(bytes) => bytes.is_empty(),
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.is_empty(),
        Value::Duration(nanos) => *nanos == 0,
        _ => false,
    };
    Ok(if zero {
        Value::Optional(None)
    } else {
        Value::some(value.clone())
    })
}

fn has_value<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::Optional(value)] => Ok(Value::Bool(value.is_some())),
        _ => mismatch(),
    }
}

fn value<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::Optional(Some(value))] => Ok(Arc::unwrap_or_clone(Arc::clone(value))),
        [Value::Optional(None)] => failure("the optional has no value"),
        _ => mismatch(),
    }
}

fn or<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::Optional(None), other] => Ok(other.clone()),
        [first, _] => Ok(first.clone()),
        _ => mismatch(),
    }
}

fn or_value<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::Optional(None), other] => Ok(other.clone()),
        [Value::Optional(Some(value)), _] => Ok(Arc::unwrap_or_clone(Arc::clone(value))),
        _ => mismatch(),
    }
}
