//! Quantities: `500m`, `1Gi`, `1e3`; exact, in billionths.

use super::{Declaration, Opaque, Outcome, Price, failure, mismatch};
use crate::cel::eval::Meter;
use crate::cel::value::Value;

const ONE: Price = Price::Fixed(1);
const READ: Price = Price::Tenth(0);
const UNIT: i128 = 1_000_000_000;

pub(super) const FUNCTIONS: &[Declaration] = &[
    Declaration("quantity(string) -> quantity", 28, READ, quantity),
    Declaration("isQuantity(string) -> bool", 28, READ, is_quantity),
    Declaration("quantity:isInteger() -> bool", 28, ONE, is_integer),
    Declaration("quantity:asInteger() -> int", 28, ONE, as_integer),
    Declaration("quantity:asApproximateFloat() -> double", 28, ONE, as_float),
    Declaration("quantity:sign() -> int", 28, ONE, sign),
    Declaration("quantity:add(quantity) -> quantity", 28, ONE, add),
    Declaration("quantity:add(int) -> quantity", 28, ONE, add),
    Declaration("quantity:sub(quantity) -> quantity", 28, ONE, sub),
    Declaration("quantity:sub(int) -> quantity", 28, ONE, sub),
    Declaration("quantity:isLessThan(quantity) -> bool", 28, ONE, is_less),
    Declaration(
        "quantity:isGreaterThan(quantity) -> bool",
        28,
        ONE,
        is_greater,
    ),
    Declaration("quantity:compareTo(quantity) -> int", 28, ONE, compare_to),
];

/// Reads a quantity; what is finer than a billionth is rounded up, what is larger than an integer is cut.
fn parse(text: &str) -> Option<i128> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let suffix = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let figures = rest.get(..rest.len() - suffix.len())?;
    let (whole, fraction) = figures.split_once('.').unwrap_or((figures, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let (base, exponent) = scale(suffix)?;
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Some(0);
    }
    let most = i128::from(i64::MAX) * UNIT;
    let fraction_length = i32::try_from(fraction.len()).ok()?;
    // The value is digits * base * 10^(exponent - fraction), and billionths are wanted.
    let power = exponent - fraction_length + 9;
    let magnitude = i32::try_from(digits.len()).ok()? + power;
    let value = if magnitude > 32 {
        most
    } else if magnitude < -20 {
        1
    } else {
        scaled(digits, base, power).map_or(most, |value| value.min(most))
    };
    Some(if negative { -value } else { value })
}

/// Returns digits * base * 10^power, rounded up; nothing where it is too large.
fn scaled(digits: &str, base: i128, power: i32) -> Option<i128> {
    // Digits that a division cuts off anyway need not fit.
    let kept = digits.get(..digits.len().min(30)).unwrap_or(digits);
    let cut = i32::try_from(digits.len() - kept.len()).ok()?;
    let rest = digits
        .get(kept.len()..)
        .unwrap_or_default()
        .bytes()
        .any(|digit| digit != b'0');
    let number: i128 = kept.parse().ok()?;
    let power = power + cut;
    if power >= 0 {
        let factor = 10_i128.checked_pow(u32::try_from(power).ok()?)?;
        return number.checked_mul(factor)?.checked_mul(base);
    }
    let divisor = 10_i128.checked_pow(u32::try_from(-power).ok()?)?;
    // Both factors may be large: divide first where the product does not fit.
    match number.checked_mul(base) {
        Some(product) => Some(product / divisor + i128::from(product % divisor != 0 || rest)),
        None => (number / divisor).checked_mul(base),
    }
}

/// Returns what a suffix multiplies by, and its power of ten.
fn scale(suffix: &str) -> Option<(i128, i32)> {
    Some(match suffix {
        "" => (1, 0),
        "n" => (1, -9),
        "u" => (1, -6),
        "m" => (1, -3),
        "k" => (1, 3),
        "M" => (1, 6),
        "G" => (1, 9),
        "T" => (1, 12),
        "P" => (1, 15),
        "E" => (1, 18),
        "Ki" => (1 << 10, 0),
        "Mi" => (1 << 20, 0),
        "Gi" => (1 << 30, 0),
        "Ti" => (1 << 40, 0),
        "Pi" => (1 << 50, 0),
        "Ei" => (1 << 60, 0),
        other => {
            let exponent = other.strip_prefix(['e', 'E'])?;
            let figures = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            let plain = !figures.is_empty() && figures.bytes().all(|byte| byte.is_ascii_digit());
            (
                1,
                plain
                    .then(|| exponent.parse::<i32>().ok())?
                    .filter(|exponent| exponent.abs() < 10_000)?,
            )
        }
    })
}

/// Returns a quantity as the API server writes it: `500m` for `0.5`, `1Gi` for `1024Mi`; nothing for what is none.
pub(crate) fn canonical(text: &str) -> Option<String> {
    const DECIMAL: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
    const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    let value = parse(text)?;
    let suffix = text.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    let exponent = suffix.len() > 1 && suffix.starts_with(['e', 'E']) && suffix != "Ei";
    let binary = suffix.ends_with('i') && value.abs() >= 1024 * UNIT;
    let (mut number, step, suffixes) = if binary {
        // What is no whole number of bytes is rounded up.
        let whole = value.div_euclid(UNIT) + i128::from(value.rem_euclid(UNIT) != 0);
        (whole, 1024, BINARY.as_slice())
    } else {
        (value, 1000, DECIMAL.as_slice())
    };
    let mut place = 0;
    while number != 0 && number % step == 0 && place + 1 < suffixes.len() {
        number /= step;
        place += 1;
    }
    if number == 0 {
        return Some("0".to_owned());
    }
    let power = i32::try_from(place).unwrap_or_default() * 3 - 9;
    Some(match suffixes.get(place) {
        Some(_) if exponent && power != 0 => format!("{number}e{power}"),
        suffix => format!("{number}{}", suffix.copied().unwrap_or_default()),
    })
}

#[expect(clippy::unnecessary_wraps, reason = "what the functions below give")]
fn made<'a>(billionths: i128) -> Outcome<'a> {
    Ok(Value::Opaque(Opaque::Quantity(billionths.into())))
}

fn quantity<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text)] = values else {
        return mismatch();
    };
    match parse(text) {
        Some(quantity) => made(quantity),
        None => failure("this string is no quantity"),
    }
}

fn is_quantity<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::String(text)] => Ok(Value::Bool(parse(text).is_some())),
        _ => mismatch(),
    }
}

fn integer(quantity: i128) -> Option<i64> {
    (quantity % UNIT == 0)
        .then(|| i64::try_from(quantity / UNIT).ok())
        .flatten()
}

fn is_integer<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::Opaque(Opaque::Quantity(quantity))] => {
            Ok(Value::Bool(integer(**quantity).is_some()))
        }
        _ => mismatch(),
    }
}

fn as_integer<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let [Value::Opaque(Opaque::Quantity(quantity))] = values else {
        return mismatch();
    };
    integer(**quantity).map_or_else(
        || failure("the quantity is no integer"),
        |value| Ok(Value::Int(value)),
    )
}

fn as_float<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let [Value::Opaque(Opaque::Quantity(quantity))] = values else {
        return mismatch();
    };
    #[expect(
        clippy::cast_precision_loss,
        reason = "the nearest is what the function promises"
    )]
    let value = **quantity as f64 / 1e9;
    Ok(Value::Double(value))
}

fn sign<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::Opaque(Opaque::Quantity(quantity))] => Ok(Value::Int(
            i64::try_from(quantity.signum()).unwrap_or_default(),
        )),
        _ => mismatch(),
    }
}

fn two(values: &[Value<'_>]) -> Option<(i128, i128)> {
    match values {
        [
            Value::Opaque(Opaque::Quantity(a)),
            Value::Opaque(Opaque::Quantity(b)),
        ] => Some((**a, **b)),
        [Value::Opaque(Opaque::Quantity(a)), Value::Int(b)] => Some((**a, i128::from(*b) * UNIT)),
        _ => None,
    }
}

fn add<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let Some((a, b)) = two(values) else {
        return mismatch();
    };
    made(a.saturating_add(b))
}

fn sub<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let Some((a, b)) = two(values) else {
        return mismatch();
    };
    made(a.saturating_sub(b))
}

fn is_less<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    two(values).map_or_else(mismatch, |(a, b)| Ok(Value::Bool(a < b)))
}

fn is_greater<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    two(values).map_or_else(mismatch, |(a, b)| Ok(Value::Bool(a > b)))
}

fn compare_to<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    two(values).map_or_else(mismatch, |(a, b)| Ok(Value::Int(a.cmp(&b) as i64)))
}
