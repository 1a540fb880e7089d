//! Conversions between the three kinds of numbers, and comparison across them.

use std::cmp::Ordering;

use super::value::Value;

/// Returns the integer that a floating-point number is, where it is one of less than 2^65.
pub(crate) fn whole(value: f64) -> Option<i128> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "in range, and without a fraction"
    )]
    (value.fract() == 0.0 && value.abs() < 3.7e19).then_some(value as i128)
}

/// Returns the nearest floating-point number.
#[expect(
    clippy::cast_precision_loss,
    reason = "the nearest is what the language asks for"
)]
pub(crate) fn double(value: i64) -> f64 {
    value as f64
}

/// Returns the nearest floating-point number.
#[expect(
    clippy::cast_precision_loss,
    reason = "the nearest is what the language asks for"
)]
pub(crate) fn double_of_uint(value: u64) -> f64 {
    value as f64
}

/// Returns the integer towards zero, where it fits.
pub(crate) fn int_of_double(value: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "in range")]
    (value > -9_223_372_036_854_775_808.0 && value < 9_223_372_036_854_775_808.0)
        .then_some(value as i64)
}

/// Returns the unsigned integer towards zero, where it fits.
pub(crate) fn uint_of_double(value: f64) -> Option<u64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "in range"
    )]
    (0.0..18_446_744_073_709_551_616.0)
        .contains(&value)
        .then_some(value as u64)
}

/// Compares numbers of any kinds; nothing where one is no number.
pub(crate) fn compare(left: &Value<'_>, right: &Value<'_>) -> Option<Ordering> {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Uint(a), Value::Uint(b)) => Some(a.cmp(b)),
        (Value::Int(a), Value::Uint(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Value::Uint(a), Value::Int(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
        (Value::Int(a), Value::Double(b)) => with_double(i128::from(*a), *b),
        (Value::Uint(a), Value::Double(b)) => with_double(i128::from(*a), *b),
        (Value::Double(a), Value::Int(b)) => with_double(i128::from(*b), *a).map(Ordering::reverse),
        (Value::Double(a), Value::Uint(b)) => {
            with_double(i128::from(*b), *a).map(Ordering::reverse)
        }
        _ => None,
    }
}

/// Tells whether two values are both numbers.
pub(crate) fn are_numbers(left: &Value<'_>, right: &Value<'_>) -> bool {
    let number =
        |value: &Value<'_>| matches!(value, Value::Int(_) | Value::Uint(_) | Value::Double(_));
    number(left) && number(right)
}

fn with_double(integer: i128, double: f64) -> Option<Ordering> {
    if double.is_nan() {
        return None;
    }
    if double >= 3.7e19 {
        return Some(Ordering::Less);
    }
    if double <= -3.7e19 {
        return Some(Ordering::Greater);
    }
    #[expect(clippy::cast_possible_truncation, reason = "in range")]
    let floor = double.floor() as i128;
    Some(match integer.cmp(&floor) {
        Ordering::Equal if double.fract() != 0.0 => Ordering::Less,
        other => other,
    })
}
