//! Quantities as Kubernetes writes them, for computing in templates.
//!
//! The grammar is that of `k8s.io/apimachinery/pkg/api/resource`: a decimal number with one of the suffixes
//! `n u m k M G T P E`, `Ki Mi Gi Ti Pi Ei`, or a decimal exponent.

use minijinja::{Error, ErrorKind, Value};

/// The suffixes and what they multiply by; the longer ones first.
const SUFFIXES: &[(&str, f64)] = &[
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("Ei", 1_152_921_504_606_846_976.0),
    ("n", 1e-9),
    ("u", 1e-6),
    ("m", 1e-3),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("E", 1e18),
];

/// Returns a quantity as a number in its base unit: bytes for `2Gi`, cores for `250m`.
pub(super) fn number(value: Value) -> Result<Value, Error> {
    if value.is_number() {
        return Ok(value);
    }
    let text = value.as_str().unwrap_or_default();
    let parsed = parse(text).ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidOperation,
            "this is no quantity; write it as `250m`, `2Gi` or `1.5`",
        )
    })?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole and well inside 64 bits"
    )]
    if parsed.fract() == 0.0 && parsed.abs() < 9e18 {
        return Ok(Value::from(parsed as i64));
    }
    Ok(Value::from(parsed))
}

fn parse(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let (number, factor) = SUFFIXES
        .iter()
        .find_map(|(suffix, factor)| text.strip_suffix(suffix).map(|number| (number, *factor)))
        .unwrap_or((text, 1.0));
    let suffixed = number.len() < text.len();
    if suffixed && number.contains(['e', 'E']) {
        return None;
    }
    number
        .parse::<f64>()
        .ok()
        .map(|number| number * factor)
        .filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_become_numbers_in_their_base_unit() {
        for (text, expected) in [
            ("2Gi", "2147483648"),
            ("250m", "0.25"),
            ("1.5", "1.5"),
            ("1e3", "1000"),
            ("5M", "5000000"),
        ] {
            assert_eq!(
                number(Value::from(text)).unwrap().to_string(),
                expected,
                "{text}"
            );
        }
        for text in ["", "Gi", "1 Gi", "inf", "1e3Gi", "0x1F", "two"] {
            assert!(number(Value::from(text)).is_err(), "{text}");
        }
    }
}
