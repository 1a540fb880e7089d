//! Operators.

use std::cmp::Ordering;
use std::sync::Arc;

use super::{Declaration, Native, Outcome, Price, failure, mismatch, time};
use crate::cel::eval::Meter;
use crate::cel::eval::compare::{contains, equal, find_by_keys, order};
use crate::cel::types::ListKind;
use crate::cel::value::{List, Map, Text, Value};

const ONE: Price = Price::Fixed(1);

macro_rules! ordering {
    ($($sign:literal = $call:ident),+) => {
        &[$(
            Declaration(concat!($sign, "(bool, bool) -> bool"), 0, ONE, $call as Native),
            Declaration(concat!($sign, "(int, int) -> bool"), 0, ONE, $call as Native),
            Declaration(concat!($sign, "(uint, uint) -> bool"), 0, ONE, $call as Native),
            Declaration(concat!($sign, "(double, double) -> bool"), 0, ONE, $call as Native),
            Declaration(concat!($sign, "(string, string) -> bool"), 0, Price::Smaller, $call as Native),
            Declaration(concat!($sign, "(bytes, bytes) -> bool"), 0, Price::Smaller, $call as Native),
            Declaration(concat!($sign, "(timestamp, timestamp) -> bool"), 0, ONE, $call as Native),
            Declaration(concat!($sign, "(duration, duration) -> bool"), 0, ONE, $call as Native),
            Declaration(concat!($sign, "(int, uint) -> bool"), 28, ONE, $call as Native),
            Declaration(concat!($sign, "(int, double) -> bool"), 28, ONE, $call as Native),
            Declaration(concat!($sign, "(uint, int) -> bool"), 28, ONE, $call as Native),
            Declaration(concat!($sign, "(uint, double) -> bool"), 28, ONE, $call as Native),
            Declaration(concat!($sign, "(double, int) -> bool"), 28, ONE, $call as Native),
            Declaration(concat!($sign, "(double, uint) -> bool"), 28, ONE, $call as Native),
        )+]
    };
}

pub(super) const ORDERING: &[Declaration] =
    ordering!("<" = less, "<=" = at_most, ">" = more, ">=" = at_least);

pub(super) const FUNCTIONS: &[Declaration] = &[
    Declaration("==(A, A) -> bool", 0, Price::Smaller, equals),
    Declaration("!=(A, A) -> bool", 0, Price::Smaller, differs),
    Declaration("!(bool) -> bool", 0, ONE, not),
    Declaration("in(A, list<A>) -> bool", 0, Price::Size(1), within),
    Declaration("in(A, map<A, B>) -> bool", 0, ONE, within),
    Declaration("+(int, int) -> int", 0, ONE, arithmetic::<b'+'>),
    Declaration("+(uint, uint) -> uint", 0, ONE, arithmetic::<b'+'>),
    Declaration("+(double, double) -> double", 0, ONE, arithmetic::<b'+'>),
    Declaration("+(string, string) -> string", 0, Price::Both, join),
    Declaration("+(bytes, bytes) -> bytes", 0, Price::Both, join),
    Declaration("+(list<A>, list<A>) -> list<A>", 0, ONE, join_lists),
    Declaration("+(duration, duration) -> duration", 0, ONE, time::add),
    Declaration("+(timestamp, duration) -> timestamp", 0, ONE, time::add),
    Declaration("+(duration, timestamp) -> timestamp", 0, ONE, time::add),
    Declaration("-(int, int) -> int", 0, ONE, arithmetic::<b'-'>),
    Declaration("-(uint, uint) -> uint", 0, ONE, arithmetic::<b'-'>),
    Declaration("-(double, double) -> double", 0, ONE, arithmetic::<b'-'>),
    Declaration("-(duration, duration) -> duration", 0, ONE, time::subtract),
    Declaration(
        "-(timestamp, duration) -> timestamp",
        0,
        ONE,
        time::subtract,
    ),
    Declaration(
        "-(timestamp, timestamp) -> duration",
        0,
        ONE,
        time::subtract,
    ),
    Declaration("*(int, int) -> int", 0, ONE, arithmetic::<b'*'>),
    Declaration("*(uint, uint) -> uint", 0, ONE, arithmetic::<b'*'>),
    Declaration("*(double, double) -> double", 0, ONE, arithmetic::<b'*'>),
    Declaration("/(int, int) -> int", 0, ONE, arithmetic::<b'/'>),
    Declaration("/(uint, uint) -> uint", 0, ONE, arithmetic::<b'/'>),
    Declaration("/(double, double) -> double", 0, ONE, arithmetic::<b'/'>),
    Declaration("%(int, int) -> int", 0, ONE, arithmetic::<b'%'>),
    Declaration("%(uint, uint) -> uint", 0, ONE, arithmetic::<b'%'>),
    Declaration("-_(int) -> int", 0, ONE, negate),
    Declaration("-_(double) -> double", 0, ONE, negate),
];

fn equals<'a>(meter: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [left, right] => Ok(Value::Bool(equal(meter, left, right)?)),
        _ => mismatch(),
    }
}

fn differs<'a>(meter: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [left, right] => Ok(Value::Bool(!equal(meter, left, right)?)),
        _ => mismatch(),
    }
}

fn not<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::Bool(value)] => Ok(Value::Bool(!value)),
        _ => mismatch(),
    }
}

fn within<'a>(meter: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [item, Value::List(list)] => Ok(Value::Bool(contains(meter, list, item)?)),
        [key, Value::Map(map)] => {
            if let Map::Node(node, _) = map {
                meter.work(node.entries().len() / 8)?;
            }
            Ok(Value::Bool(map.get(key).is_some()))
        }
        _ => mismatch(),
    }
}

fn compared<'a>(values: &[Value<'a>], holds: impl Fn(Ordering) -> bool) -> Outcome<'a> {
    match values {
        // What is no number is neither less nor more.
        [left, right] => Ok(Value::Bool(order(left, right).is_some_and(holds))),
        _ => mismatch(),
    }
}

fn less<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    compared(values, Ordering::is_lt)
}

fn at_most<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    compared(values, Ordering::is_le)
}

fn more<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    compared(values, Ordering::is_gt)
}

fn at_least<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    compared(values, Ordering::is_ge)
}

fn arithmetic<'a, const SIGN: u8>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::Int(a), Value::Int(b)] => {
            if matches!(SIGN, b'/' | b'%') && *b == 0 {
                return by_zero(SIGN);
            }
            let result = match SIGN {
                b'+' => a.checked_add(*b),
                b'-' => a.checked_sub(*b),
                b'*' => a.checked_mul(*b),
                b'/' => a.checked_div(*b),
                _ => a.checked_rem(*b),
            };
            result.map_or_else(
                || failure("integer overflow"),
                |value| Ok(Value::Int(value)),
            )
        }
        [Value::Uint(a), Value::Uint(b)] => {
            if matches!(SIGN, b'/' | b'%') && *b == 0 {
                return by_zero(SIGN);
            }
            let result = match SIGN {
                b'+' => a.checked_add(*b),
                b'-' => a.checked_sub(*b),
                b'*' => a.checked_mul(*b),
                b'/' => a.checked_div(*b),
                _ => a.checked_rem(*b),
            };
            result.map_or_else(
                || failure("unsigned integer overflow"),
                |value| Ok(Value::Uint(value)),
            )
        }
        [Value::Double(a), Value::Double(b)] => Ok(Value::Double(match SIGN {
            b'+' => a + b,
            b'-' => a - b,
            b'*' => a * b,
            _ => a / b,
        })),
        _ => mismatch(),
    }
}

fn by_zero<'a>(sign: u8) -> Outcome<'a> {
    failure(if sign == b'/' {
        "division by zero"
    } else {
        "modulus by zero"
    })
}

fn negate<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::Int(value)] => value
            .checked_neg()
            .map_or_else(|| failure("integer overflow"), |v| Ok(Value::Int(v))),
        [Value::Double(value)] => Ok(Value::Double(-value)),
        _ => mismatch(),
    }
}

fn join<'a>(meter: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::String(a), Value::String(b)] => {
            meter.work((a.len() + b.len()) / 16)?;
            let mut text = String::with_capacity(a.len() + b.len());
            text.push_str(a);
            text.push_str(b);
            Ok(Value::String(Text::Shared(text.into())))
        }
        [Value::Bytes(a), Value::Bytes(b)] => {
            meter.work((a.len() + b.len()) / 16)?;
            Ok(Value::Bytes(a.iter().chain(b.iter()).copied().collect()))
        }
        _ => mismatch(),
    }
}

/// Joins lists: sets as their union, lists with keys by replacing the items that are there.
fn join_lists<'a>(meter: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(left), Value::List(right)] = values else {
        return mismatch();
    };
    meter.work(4 * (left.len() + right.len()))?;
    let kind = left.kind();
    let mut items: Vec<Value<'a>> = left.iter().collect();
    match &kind {
        ListKind::Atomic => items.extend(right.iter()),
        ListKind::Set => {
            for item in right {
                if !contains(meter, left, &item)? {
                    items.push(item);
                }
            }
        }
        ListKind::Map(keys) => {
            for item in right {
                match find_by_keys(meter, left, keys, &item)?.and_then(|at| items.get_mut(at)) {
                    Some(place) => *place = item,
                    None => items.push(item),
                }
            }
        }
    }
    Ok(Value::List(List::Items(Arc::new(items), kind)))
}
