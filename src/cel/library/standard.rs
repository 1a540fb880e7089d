//! Standard functions: sizes, conversions, parts of strings.

use std::sync::Arc;

use super::{Declaration, Outcome, Price, count, failure, mismatch, string, text, time};
use crate::cel::eval::Meter;
use crate::cel::number;
use crate::cel::value::{Text, Value};

const ONE: Price = Price::Fixed(1);

pub(super) const FUNCTIONS: &[Declaration] = &[
    Declaration("size(string) -> int", 0, ONE, size),
    Declaration("size(bytes) -> int", 0, ONE, size),
    Declaration("size(list<A>) -> int", 0, ONE, size),
    Declaration("size(map<A, B>) -> int", 0, ONE, size),
    Declaration("string:size() -> int", 0, ONE, size),
    Declaration("bytes:size() -> int", 0, ONE, size),
    Declaration("list<A>:size() -> int", 0, ONE, size),
    Declaration("map<A, B>:size() -> int", 0, ONE, size),
    Declaration(
        "string:startsWith(string) -> bool",
        0,
        Price::Tenth(1),
        starts_with,
    ),
    Declaration(
        "string:endsWith(string) -> bool",
        0,
        Price::Tenth(1),
        ends_with,
    ),
    Declaration(
        "string:contains(string) -> bool",
        0,
        Price::Search,
        contains,
    ),
    Declaration("type(A) -> type<A>", 0, ONE, type_of),
    Declaration("dyn(A) -> dyn", 0, ONE, same),
    Declaration("int(int) -> int", 0, ONE, int),
    Declaration("int(uint) -> int", 0, ONE, int),
    Declaration("int(double) -> int", 0, ONE, int),
    Declaration("int(string) -> int", 0, ONE, int),
    Declaration("int(timestamp) -> int", 0, ONE, int),
    Declaration("uint(uint) -> uint", 0, ONE, uint),
    Declaration("uint(int) -> uint", 0, ONE, uint),
    Declaration("uint(double) -> uint", 0, ONE, uint),
    Declaration("uint(string) -> uint", 0, ONE, uint),
    Declaration("double(double) -> double", 0, ONE, double),
    Declaration("double(int) -> double", 0, ONE, double),
    Declaration("double(uint) -> double", 0, ONE, double),
    Declaration("double(string) -> double", 0, ONE, double),
    Declaration("bool(bool) -> bool", 0, ONE, bool),
    Declaration("bool(string) -> bool", 0, ONE, bool),
    Declaration("string(string) -> string", 0, ONE, same),
    Declaration("string(bool) -> string", 0, ONE, to_string),
    Declaration("string(int) -> string", 0, ONE, to_string),
    Declaration("string(uint) -> string", 0, ONE, to_string),
    Declaration("string(double) -> string", 0, ONE, to_string),
    Declaration("string(bytes) -> string", 0, Price::Tenth(0), to_string),
    Declaration("string(timestamp) -> string", 0, ONE, to_string),
    Declaration("string(duration) -> string", 0, ONE, to_string),
    Declaration("string(ip) -> string", 30, ONE, to_string),
    Declaration("string(cidr) -> string", 30, ONE, to_string),
    Declaration("bytes(bytes) -> bytes", 0, ONE, same),
    Declaration("bytes(string) -> bytes", 0, Price::Tenth(0), bytes),
    Declaration("timestamp(timestamp) -> timestamp", 0, ONE, same),
    Declaration("timestamp(string) -> timestamp", 0, ONE, timestamp),
    Declaration("timestamp(int) -> timestamp", 0, ONE, timestamp),
    Declaration("duration(duration) -> duration", 0, ONE, same),
    Declaration("duration(string) -> duration", 0, ONE, duration),
];

fn size<'a>(meter: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let [value] = values else { return mismatch() };
    meter.work(value.weight())?;
    Ok(Value::Int(i64::try_from(value.size()).unwrap_or(i64::MAX)))
}

fn starts_with<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::String(text), Value::String(part)] => Ok(Value::Bool(text.starts_with(&**part))),
        _ => mismatch(),
    }
}

fn ends_with<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::String(text), Value::String(part)] => Ok(Value::Bool(text.ends_with(&**part))),
        _ => mismatch(),
    }
}

fn contains<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::String(text), Value::String(part)] => Ok(Value::Bool(text.contains(&**part))),
        _ => mismatch(),
    }
}

fn type_of<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [value] => Ok(Value::Type(value.type_name())),
        _ => mismatch(),
    }
}

fn same<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    values.first().cloned().map_or_else(mismatch, Ok)
}

fn int<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let value = match values {
        [Value::Int(value)] => Some(*value),
        [Value::Uint(value)] => i64::try_from(*value).ok(),
        [Value::Double(value)] => number::int_of_double(*value),
        [Value::Timestamp(time)] => Some(time.seconds),
        [Value::String(text)] => match text.parse() {
            Ok(value) if !text.starts_with('+') || text.len() > 1 => Some(value),
            _ => return failure("this string is no integer"),
        },
        _ => return mismatch(),
    };
    value.map_or_else(
        || failure("integer overflow"),
        |value| Ok(Value::Int(value)),
    )
}

fn uint<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let value = match values {
        [Value::Uint(value)] => Some(*value),
        [Value::Int(value)] => u64::try_from(*value).ok(),
        [Value::Double(value)] => number::uint_of_double(*value),
        [Value::String(text)] => match text.parse() {
            Ok(value) if !text.starts_with('+') => Some(value),
            _ => return failure("this string is no unsigned integer"),
        },
        _ => return mismatch(),
    };
    value.map_or_else(
        || failure("unsigned integer overflow"),
        |value| Ok(Value::Uint(value)),
    )
}

fn double<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::Double(value)] => Ok(Value::Double(*value)),
        [Value::Int(value)] => Ok(Value::Double(number::double(*value))),
        [Value::Uint(value)] => Ok(Value::Double(number::double_of_uint(*value))),
        [Value::String(text)] => match text.parse() {
            Ok(value) => Ok(Value::Double(value)),
            Err(_) => failure("this string is no number"),
        },
        _ => mismatch(),
    }
}

fn bool<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::Bool(value)] => Ok(Value::Bool(*value)),
        [Value::String(text)] => match &**text {
            "true" | "True" | "TRUE" | "t" | "1" => Ok(Value::Bool(true)),
            "false" | "False" | "FALSE" | "f" | "0" => Ok(Value::Bool(false)),
            _ => failure("this string is no boolean"),
        },
        _ => mismatch(),
    }
}

fn to_string<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::Bytes(bytes)] => match std::str::from_utf8(bytes) {
            Ok(text) => string(text),
            Err(_) => failure("these bytes are not UTF-8"),
        },
        [value] => text::plain(value).map_or_else(mismatch, |text| {
            Ok(Value::String(Text::Shared(text.into())))
        }),
        _ => mismatch(),
    }
}

fn bytes<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::String(text)] => Ok(Value::Bytes(Arc::from(text.as_bytes()))),
        _ => mismatch(),
    }
}

fn timestamp<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let time = match values {
        [Value::Int(seconds)] => time::Timestamp::new(i128::from(*seconds) * 1_000_000_000),
        [Value::String(text)] => match time::parse_time(text) {
            Some(time) => Some(time),
            None => return failure("this string is no time such as 2026-01-31T12:00:00Z"),
        },
        _ => return mismatch(),
    };
    time.map_or_else(
        || failure("timestamp overflow"),
        |time| Ok(Value::Timestamp(time)),
    )
}

fn duration<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::String(text)] => match time::parse_duration(text) {
            Some(nanos) => Ok(Value::Duration(nanos)),
            None => failure("this string is no duration such as 1h30m"),
        },
        _ => mismatch(),
    }
}

/// Returns the length of a string in characters.
pub(super) fn length(text: &str) -> i64 {
    count(text.chars().count())
}
