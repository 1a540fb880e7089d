//! Lists as sets.

use super::{Declaration, Outcome, Price, mismatch};
use crate::cel::error::EvalError;
use crate::cel::eval::Meter;
use crate::cel::eval::compare::contains as has;
use crate::cel::value::{List, Value};

pub(super) const FUNCTIONS: &[Declaration] = &[
    Declaration(
        "sets.contains(list<A>, list<A>) -> bool",
        29,
        Price::Product,
        contains,
    ),
    Declaration(
        "sets.equivalent(list<A>, list<A>) -> bool",
        29,
        Price::Product,
        equivalent,
    ),
    Declaration(
        "sets.intersects(list<A>, list<A>) -> bool",
        29,
        Price::Product,
        intersects,
    ),
];

fn all_in(meter: &mut Meter, list: &List<'_>, of: &List<'_>) -> Result<bool, EvalError> {
    for item in of {
        if !has(meter, list, &item)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn contains<'a>(meter: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::List(list), Value::List(other)] => Ok(Value::Bool(all_in(meter, list, other)?)),
        _ => mismatch(),
    }
}

fn equivalent<'a>(meter: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::List(list), Value::List(other)] => Ok(Value::Bool(
            all_in(meter, list, other)? && all_in(meter, other, list)?,
        )),
        _ => mismatch(),
    }
}

fn intersects<'a>(meter: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list), Value::List(other)] = values else {
        return mismatch();
    };
    for item in other {
        if has(meter, list, &item)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}
