//! Values as text: for `string()`, `format()` and messages.

use std::fmt::Write as _;

use super::{Opaque, time};
use crate::cel::value::Value;

/// Returns a value as messages show it: a string in quotes, the rest as `format("%s")` does.
pub(crate) fn show(value: &Value<'_>) -> String {
    match value {
        Value::String(text) => format!("`{}`", &**text),
        other => plain(other).unwrap_or_else(|| other.type_name().to_owned()),
    }
}

/// Returns a number, time or the like as `string()` gives it.
pub(super) fn plain(value: &Value<'_>) -> Option<String> {
    Some(match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Uint(value) => value.to_string(),
        Value::Double(value) => double(*value),
        Value::String(text) => text.to_string(),
        Value::Timestamp(time) => time::show_timestamp(*time),
        Value::Duration(nanos) => time::show_duration(*nanos),
        Value::Type(name) => (*name).to_owned(),
        Value::Opaque(Opaque::Ip(ip)) => ip.to_string(),
        Value::Opaque(Opaque::Cidr(cidr)) => cidr.to_string(),
        Value::Opaque(Opaque::Semver(version)) => version.to_string(),
        _ => return None,
    })
}

/// Writes a floating-point number as Go's `%g` does: the fewest digits, an exponent where it is small or large.
pub(super) fn double(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        value.to_string()
    } else {
        with_exponent(digits, exponent)
    }
}

/// Writes digits with an exponent of at least two figures, as Go does.
pub(super) fn with_exponent(digits: &str, exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// Returns a string in double quotes with escapes.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// Returns a value as `format("%s")` writes it; lists and maps too.
pub(super) fn formatted(value: &Value<'_>, out: &mut String, most: usize) -> bool {
    if out.len() > most {
        return false;
    }
    match value {
        Value::List(list) => {
            out.push('[');
            for (at, item) in list.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                if !formatted(&item, out, most) {
                    return false;
                }
            }
            out.push(']');
            true
        }
        Value::Map(map) => {
            let mut entries = Vec::new();
            for (key, value) in map.entries() {
                let mut entry = String::new();
                if !formatted(&key, &mut entry, most) {
                    return false;
                }
                entry.push_str(": ");
                if !formatted(&value, &mut entry, most) {
                    return false;
                }
                entries.push(entry);
            }
            entries.sort_unstable();
            write!(out, "{{{}}}", entries.join(", ")).is_ok()
        }
        Value::Bytes(bytes) => {
            out.push_str(&String::from_utf8_lossy(bytes));
            true
        }
        other => match plain(other) {
            Some(text) => {
                out.push_str(&text);
                true
            }
            None => false,
        },
    }
}
