//! What a scalar means: as `sigs.k8s.io/yaml` (go-yaml v2, then JSON) resolves it.

use std::borrow::Cow;

/// A resolved scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Resolved {
    Null,
    Bool(bool),
    Int(i64),
    /// A number without a fraction may still be here: one beyond 64 bits.
    Float(f64),
    Str,
    /// `.inf` and `.nan`: YAML has them, JSON and so Kubernetes has not.
    NotFinite,
}

/// Resolves a plain scalar.
pub(super) fn plain(text: &str) -> Resolved {
    let Some(first) = text.bytes().next() else {
        return Resolved::Null;
    };
    match first {
        b'0'..=b'9' | b'+' | b'-' | b'.' => word(text).unwrap_or_else(|| number(text)),
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => {
            word(text).unwrap_or(Resolved::Str)
        }
        _ => Resolved::Str,
    }
}

/// The words of YAML 1.1, in the spellings that go-yaml knows.
fn word(text: &str) -> Option<Resolved> {
    Some(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Resolved::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Resolved::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Resolved::Null,
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF"
        | "-.inf" | "-.Inf" | "-.INF" => Resolved::NotFinite,
        _ => return None,
    })
}

fn number(text: &str) -> Resolved {
    let digits = without_underscores(text);
    if let Some(int) = integer(&digits) {
        return int;
    }
    match float(&digits) {
        Some(value) => json_number(value),
        None => Resolved::Str,
    }
}

/// Takes out the underscores that Kubernetes passes over: all of them, but in what begins with a point only those
/// between digits, as Go's `ParseFloat` has it.
fn without_underscores(text: &str) -> Cow<'_, str> {
    if !text.contains('_') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at))
            .is_some_and(u8::is_ascii_digit)
    };
    let between = text
        .match_indices('_')
        .all(|(at, _)| digit(at.checked_sub(1)) && digit(Some(at + 1)));
    if text.starts_with('.') && !between {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace('_', ""))
}

/// Reads an integer as Go's `ParseInt` with base 0 does: `0x`, `0o`, `0b`, a leading zero for octal.
fn integer(text: &str) -> Option<Resolved> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let (radix, digits) = match unsigned.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("0x") => (16, unsigned.get(2..)?),
        Some("0o") => (8, unsigned.get(2..)?),
        Some("0b") => (2, unsigned.get(2..)?),
        _ if unsigned.len() > 1 && unsigned.starts_with('0') => (8, unsigned),
        _ => (10, unsigned),
    };
    // Go's own prefix for binary numbers has its sign behind it as well.
    let (negative, digits) = match digits.strip_prefix(['-', '+']) {
        Some(rest) if unsigned.starts_with("0b") && unsigned.len() == text.len() => {
            (digits.starts_with('-'), rest)
        }
        _ => (negative, digits),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    let signed = if negative {
        0_i128 - i128::from(magnitude)
    } else {
        i128::from(magnitude)
    };
    match i64::try_from(signed) {
        Ok(int) => Some(Resolved::Int(int)),
        // What fits an unsigned integer only becomes a JSON number beyond 64 signed bits.
        #[expect(clippy::cast_precision_loss, reason = "as Kubernetes reads it")]
        Err(_beyond) if !negative => Some(Resolved::Float(magnitude as f64)),
        Err(_beyond) => None,
    }
}

/// The floats of go-yaml: `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`.
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && digits(fraction),
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => !mantissa.is_empty() && digits(mantissa),
    };
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    mantissa_fits && exponent_fits
}

/// Reads a float; one that is too large is none, and go-yaml leaves it a string.
fn float(text: &str) -> Option<f64> {
    let value = is_float(text).then(|| text.parse::<f64>().ok()).flatten();
    value.filter(|value| value.is_finite())
}

/// Returns a float as it is after the way through JSON: a whole number that is written without an exponent is an
/// integer.
pub(super) fn json_number(value: f64) -> Resolved {
    if value == 0.0 {
        return Resolved::Int(0);
    }
    if value.fract() == 0.0 && value.abs() < 1e21 {
        // Go prints the shortest digits and fills up with zeros, as Rust does.
        if let Ok(int) = value.to_string().parse() {
            return Resolved::Int(int);
        }
    }
    Resolved::Float(value)
}

/// Resolves a scalar of JSON text.
pub(super) fn json(text: &str) -> Option<Resolved> {
    match text {
        "null" => Some(Resolved::Null),
        "true" => Some(Resolved::Bool(true)),
        "false" => Some(Resolved::Bool(false)),
        _ => match text.parse::<i64>() {
            Ok(int) => Some(Resolved::Int(int)),
            Err(_not_an_integer) => text
                .parse::<f64>()
                .ok()
                .filter(|value| value.is_finite())
                .map(json_number),
        },
    }
}

/// Returns a plain scalar that is a number as a map key; integers beyond 64 signed bits cannot be one.
pub(super) fn number_key(text: &str) -> Option<String> {
    if let Some(Resolved::NotFinite) = word(text) {
        return Some(not_finite_key(text));
    }
    let digits = without_underscores(text);
    match integer(&digits) {
        Some(Resolved::Int(int)) => Some(int.to_string()),
        Some(_) => None,
        None => float(&digits).map(float_key),
    }
}

fn not_finite_key(text: &str) -> String {
    let name = if text.ends_with(['n', 'N']) {
        ".nan"
    } else {
        ".inf"
    };
    let sign = if text.starts_with('-') { "-" } else { "" };
    format!("{sign}{name}")
}

/// Returns a float as a map key, as Go's `FormatFloat(f, 'g', -1, 32)` writes it: with the precision of 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "as Kubernetes reads it")]
fn float_key(value: f64) -> String {
    let value = value as f32;
    if value.is_infinite() {
        return not_finite_key(if value < 0.0 { "-.inf" } else { ".inf" });
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        return value.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// Says how two readers would take a plain scalar differently, if they would: YAML 1.1 and 1.2.
pub(super) fn ambiguity(text: &str) -> Option<&'static str> {
    const BOOLEAN: &str = "a boolean in YAML 1.1 and a string in YAML 1.2";
    let first = text.bytes().next()?;
    if !(first.is_ascii_digit()
        || matches!(
            first,
            b'+' | b'-' | b'.' | b'y' | b'Y' | b'n' | b'N' | b'o' | b'O'
        ))
    {
        return None;
    }
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "n" | "N" | "no" | "No" | "NO"
        | "off" | "Off" | "OFF" => {
            return Some(BOOLEAN);
        }
        _ => {}
    }
    let unsigned = text.trim_start_matches(['+', '-']);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if unsigned.len() > 1 && unsigned.starts_with('0') && digits(unsigned) {
        return Some("an octal number in YAML 1.1 and a decimal one in YAML 1.2");
    }
    if unsigned.starts_with("0o") && matches!(plain(text), Resolved::Int(_)) {
        return Some("a string in YAML 1.1 and an octal number in YAML 1.2");
    }
    if unsigned.starts_with("0b-") || unsigned.starts_with("0b+") || unsigned.starts_with('.') {
        let number = unsigned.contains(['_', 'b']) && !matches!(plain(text), Resolved::Str);
        return number.then_some("a number for Kubernetes and a string in YAML 1.2");
    }
    if unsigned.contains('_') && !matches!(plain(text), Resolved::Str)
        || unsigned.starts_with("0b") && matches!(plain(text), Resolved::Int(_))
    {
        return Some("a number in YAML 1.1 and a string in YAML 1.2");
    }
    let mut parts = unsigned.split(':');
    if unsigned.contains(':')
        && parts.next().is_some_and(digits)
        && parts.all(|part| part.len() <= 2 && digits(part) && part < "60")
    {
        return Some("a number to the base of 60 in YAML 1.1 and a string in YAML 1.2");
    }
    None
}
