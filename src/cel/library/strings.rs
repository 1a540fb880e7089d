//! Functions on strings; places are counted in characters.

use std::fmt::Write as _;

use super::standard::length;
use super::{Declaration, Outcome, Price, failure, mismatch, string, text};
use crate::cel::error::EvalError;
use crate::cel::eval::Meter;
use crate::cel::number;
use crate::cel::value::{Text, Value};

const WALK: Price = Price::Tenth(0);

pub(super) const FUNCTIONS: &[Declaration] = &[
    Declaration("string:charAt(int) -> string", 0, WALK, char_at),
    Declaration("string:indexOf(string) -> int", 0, Price::Search, index_of),
    Declaration(
        "string:indexOf(string, int) -> int",
        0,
        Price::Search,
        index_of,
    ),
    Declaration(
        "string:lastIndexOf(string) -> int",
        0,
        Price::Search,
        last_index_of,
    ),
    Declaration(
        "string:lastIndexOf(string, int) -> int",
        0,
        Price::Search,
        last_index_of,
    ),
    Declaration("string:lowerAscii() -> string", 0, WALK, lower),
    Declaration("string:upperAscii() -> string", 0, WALK, upper),
    Declaration("string:replace(string, string) -> string", 0, WALK, replace),
    Declaration(
        "string:replace(string, string, int) -> string",
        0,
        WALK,
        replace,
    ),
    Declaration("string:split(string) -> list<string>", 0, WALK, split),
    Declaration("string:split(string, int) -> list<string>", 0, WALK, split),
    Declaration("string:substring(int) -> string", 0, WALK, substring),
    Declaration("string:substring(int, int) -> string", 0, WALK, substring),
    Declaration("string:trim() -> string", 0, WALK, trim),
    Declaration("list<string>:join() -> string", 0, Price::Result, join),
    Declaration(
        "list<string>:join(string) -> string",
        0,
        Price::Result,
        join,
    ),
    Declaration("string:format(list<dyn>) -> string", 29, WALK, format),
    Declaration("strings.quote(string) -> string", 29, WALK, quote),
    Declaration(
        "jsonpatch.escapeKey(string) -> string",
        32,
        WALK,
        escape_key,
    ),
];

/// Returns the byte where a character begins; the length of the text is a place too.
fn byte_at(text: &str, place: i64) -> Option<usize> {
    let place = usize::try_from(place).ok()?;
    let ends = std::iter::once(text.len());
    text.char_indices()
        .map(|(byte, _)| byte)
        .chain(ends)
        .nth(place)
}

fn outside<'a>(place: i64) -> Outcome<'a> {
    failure(format!("index out of range: {place}"))
}

fn char_at<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text), Value::Int(place)] = values else {
        return mismatch();
    };
    match byte_at(text, *place).and_then(|byte| text.get(byte..)) {
        Some(rest) => string(
            rest.chars()
                .next()
                .map_or("", |c| rest.get(..c.len_utf8()).unwrap_or_default()),
        ),
        None => outside(*place),
    }
}

fn index_of<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let (text, part, from) = match values {
        [Value::String(text), Value::String(part)] => (text, part, 0),
        [Value::String(text), Value::String(part), Value::Int(from)] => (text, part, *from),
        _ => return mismatch(),
    };
    let Some(byte) = byte_at(text, from) else {
        return outside(from);
    };
    let found = text
        .get(byte..)
        .and_then(|rest| Some((rest, rest.find(&**part)?)));
    let place = found
        .and_then(|(rest, at)| rest.get(..at))
        .map_or(-1, |before| from + length(before));
    Ok(Value::Int(place))
}

fn last_index_of<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let (text, part, most) = match values {
        [Value::String(text), Value::String(part)] => (text, part, length(text)),
        [Value::String(text), Value::String(part), Value::Int(most)] => (text, part, *most),
        _ => return mismatch(),
    };
    let Some(byte) = byte_at(text, most) else {
        return outside(most);
    };
    // The last place that is not beyond `byte`.
    let end = (byte + part.len()).min(text.len());
    let window = (end..=text.len())
        .find_map(|end| text.get(..end))
        .unwrap_or(text);
    let found = window
        .rmatch_indices(&**part)
        .map(|(at, _)| at)
        .find(|at| *at <= byte);
    Ok(Value::Int(
        found.and_then(|at| text.get(..at)).map_or(-1, length),
    ))
}

fn lower<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::String(text)] => Ok(Value::String(Text::Shared(
            text.to_ascii_lowercase().into(),
        ))),
        _ => mismatch(),
    }
}

fn upper<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::String(text)] => Ok(Value::String(Text::Shared(
            text.to_ascii_uppercase().into(),
        ))),
        _ => mismatch(),
    }
}

fn replace<'a>(meter: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let (text, from, to, most) = match values {
        [Value::String(text), Value::String(from), Value::String(to)] => (text, from, to, -1),
        [
            Value::String(text),
            Value::String(from),
            Value::String(to),
            Value::Int(most),
        ] => (text, from, to, *most),
        _ => return mismatch(),
    };
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let found = text.matches(&**from).take(most).count();
    meter.work((text.len() + found.saturating_mul(to.len())) / 16)?;
    Ok(Value::String(Text::Shared(
        text.replacen(&**from, to, most).into(),
    )))
}

fn split<'a>(meter: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let (text, at, most) = match values {
        [Value::String(text), Value::String(at)] => (text, at, -1),
        [Value::String(text), Value::String(at), Value::Int(most)] => (text, at, *most),
        _ => return mismatch(),
    };
    let parts: Vec<Value<'a>> = match (most, at.is_empty()) {
        (0, _) => Vec::new(),
        (1, _) => vec![Value::String(text.clone())],
        (most, true) => {
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            let mut parts: Vec<&str> = text.split("").filter(|part| !part.is_empty()).collect();
            if parts.len() > most {
                let kept: usize = parts.iter().take(most - 1).map(|part| part.len()).sum();
                parts.truncate(most - 1);
                parts.extend(text.get(kept..));
            }
            parts.into_iter().map(Value::string).collect()
        }
        (most, false) if most < 0 => text.split(&**at).map(Value::string).collect(),
        (most, false) => text
            .splitn(usize::try_from(most).unwrap_or(usize::MAX), &**at)
            .map(Value::string)
            .collect(),
    };
    meter.work(4 * parts.len() + text.len() / 16)?;
    Ok(Value::list(parts))
}

fn substring<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let (text, from, to) = match values {
        [Value::String(text), Value::Int(from)] => (text, *from, None),
        [Value::String(text), Value::Int(from), Value::Int(to)] => (text, *from, Some(*to)),
        _ => return mismatch(),
    };
    let Some(start) = byte_at(text, from) else {
        return outside(from);
    };
    let end = match to {
        Some(to) if to < from => {
            return failure(format!("invalid substring range: {from} to {to}"));
        }
        Some(to) => match byte_at(text, to) {
            Some(end) => end,
            None => return outside(to),
        },
        None => text.len(),
    };
    string(text.get(start..end).unwrap_or_default())
}

fn trim<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::String(text)] => string(text.trim()),
        _ => mismatch(),
    }
}

fn join<'a>(meter: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let (list, between) = match values {
        [Value::List(list)] => (list, ""),
        [Value::List(list), Value::String(between)] => (list, &**between),
        _ => return mismatch(),
    };
    let mut out = String::new();
    for (at, item) in list.iter().enumerate() {
        let Value::String(part) = &item else {
            return failure("`join` takes a list of strings");
        };
        meter.work(1 + (part.len() + between.len()) / 16)?;
        if at > 0 {
            out.push_str(between);
        }
        out.push_str(part);
    }
    Ok(Value::String(Text::Shared(out.into())))
}

fn quote<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::String(text)] => string(&text::quote(text)),
        _ => mismatch(),
    }
}

fn escape_key<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::String(text)] => string(&text.replace('~', "~0").replace('/', "~1")),
        _ => mismatch(),
    }
}

/// How long a formatted text may be.
const LONGEST: usize = 1 << 20;

fn format<'a>(meter: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(template), Value::List(list)] = values else {
        return mismatch();
    };
    let mut out = String::new();
    let mut rest = &**template;
    let mut used = 0;
    while let Some(at) = rest.find('%') {
        out.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at + 1..).unwrap_or_default();
        if let Some(after) = rest.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let (precision, after) = precision(rest)?;
        let Some(verb) = after.chars().next() else {
            return failure("`format`: the text ends in a `%`");
        };
        rest = after.get(verb.len_utf8()..).unwrap_or_default();
        let Some(argument) = list.get(used) else {
            return failure(format!("`format`: index {used} out of range"));
        };
        used += 1;
        let before = out.len();
        clause(&mut out, verb, precision, &argument)?;
        meter.work(1 + (out.len() - before) / 16)?;
        if out.len() > LONGEST {
            return Err(EvalError::Budget);
        }
    }
    out.push_str(rest);
    if used < list.len() {
        return failure(format!(
            "`format`: {} values, and {used} are used",
            list.len()
        ));
    }
    Ok(Value::String(Text::Shared(out.into())))
}

fn precision(rest: &str) -> Result<(Option<usize>, &str), EvalError> {
    let Some(digits) = rest.strip_prefix('.') else {
        return Ok((None, rest));
    };
    let after = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    let figures = digits.get(..digits.len() - after.len()).unwrap_or_default();
    match figures.parse::<usize>() {
        Ok(precision) if precision <= 1000 => Ok((Some(precision), after)),
        _ => Err(EvalError::failure("`format`: no such precision")),
    }
}

fn clause(
    out: &mut String,
    verb: char,
    precision: Option<usize>,
    value: &Value<'_>,
) -> Result<(), EvalError> {
    let done = match (verb, value) {
        ('s', value) => text::formatted(value, out, LONGEST),
        ('d', Value::Int(value)) => write!(out, "{value}").is_ok(),
        ('d', Value::Uint(value)) => write!(out, "{value}").is_ok(),
        ('d', Value::Double(value)) if value.is_nan() || value.is_infinite() => {
            special(out, *value)
        }
        ('b', Value::Int(value)) => signed(out, *value, &format!("{:b}", value.unsigned_abs())),
        ('b', Value::Uint(value)) => write!(out, "{value:b}").is_ok(),
        ('b', Value::Bool(value)) => write!(out, "{}", u8::from(*value)).is_ok(),
        ('o', Value::Int(value)) => signed(out, *value, &format!("{:o}", value.unsigned_abs())),
        ('o', Value::Uint(value)) => write!(out, "{value:o}").is_ok(),
        ('x', Value::Int(value)) => signed(out, *value, &format!("{:x}", value.unsigned_abs())),
        ('X', Value::Int(value)) => signed(out, *value, &format!("{:X}", value.unsigned_abs())),
        ('x', Value::Uint(value)) => write!(out, "{value:x}").is_ok(),
        ('X', Value::Uint(value)) => write!(out, "{value:X}").is_ok(),
        ('x' | 'X', Value::String(text)) => hex(out, text.as_bytes(), verb),
        ('x' | 'X', Value::Bytes(bytes)) => hex(out, bytes, verb),
        ('f' | 'e', value) => float(out, verb, precision.unwrap_or(6), value),
        ('d' | 'b' | 'o' | 'x' | 'X', _) => false,
        _ => {
            return Err(EvalError::Failure(format!(
                "`format`: there is no `%{}`",
                verb.escape_default()
            )));
        }
    };
    if done {
        return Ok(());
    }
    Err(EvalError::Failure(format!(
        "`format`: `%{verb}` does not take {}",
        value.type_name()
    )))
}

fn special(out: &mut String, value: f64) -> bool {
    out.push_str(if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    });
    true
}

fn signed(out: &mut String, value: i64, digits: &str) -> bool {
    write!(out, "{}{digits}", if value < 0 { "-" } else { "" }).is_ok()
}

fn hex(out: &mut String, bytes: &[u8], verb: char) -> bool {
    bytes.iter().all(|byte| {
        if verb == 'x' {
            write!(out, "{byte:02x}")
        } else {
            write!(out, "{byte:02X}")
        }
        .is_ok()
    })
}

fn float(out: &mut String, verb: char, precision: usize, value: &Value<'_>) -> bool {
    let value = match value {
        Value::Double(value) => *value,
        Value::Int(value) => number::double(*value),
        Value::Uint(value) => number::double_of_uint(*value),
        _ => return false,
    };
    if value.is_nan() || value.is_infinite() {
        return special(out, value);
    }
    if verb == 'f' {
        return write!(out, "{value:.precision$}").is_ok();
    }
    let scientific = format!("{value:.precision$e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    out.push_str(&text::with_exponent(
        digits,
        exponent.parse().unwrap_or_default(),
    ));
    true
}
