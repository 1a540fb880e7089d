//! Versions (semver.org).

use semver::Version;

use super::{Declaration, Opaque, Outcome, Price, failure, mismatch};
use crate::cel::eval::Meter;
use crate::cel::value::Value;

const ONE: Price = Price::Fixed(1);
const READ: Price = Price::Tenth(0);

pub(super) const FUNCTIONS: &[Declaration] = &[
    Declaration("semver(string) -> semver", 33, READ, version),
    Declaration("semver(string, bool) -> semver", 33, READ, version),
    Declaration("isSemver(string) -> bool", 33, READ, is_version),
    Declaration("isSemver(string, bool) -> bool", 33, READ, is_version),
    Declaration("semver:major() -> int", 33, ONE, major),
    Declaration("semver:minor() -> int", 33, ONE, minor),
    Declaration("semver:patch() -> int", 33, ONE, patch),
    Declaration("semver:isLessThan(semver) -> bool", 33, ONE, is_less),
    Declaration("semver:isGreaterThan(semver) -> bool", 33, ONE, is_greater),
    Declaration("semver:compareTo(semver) -> int", 33, ONE, compare_to),
];

/// Reads the version that a call names, where its arguments are those of `semver`.
fn parse(values: &[Value<'_>]) -> Option<Result<Version, semver::Error>> {
    match values {
        [Value::String(text)] | [Value::String(text), Value::Bool(false)] => {
            Some(Version::parse(text))
        }
        [Value::String(text), Value::Bool(true)] => Some(Version::parse(&normalized(text))),
        _ => None,
    }
}

/// Drops a leading `v` and leading zeros, and adds the parts that are left out.
fn normalized(text: &str) -> String {
    let text = text.strip_prefix('v').unwrap_or(text);
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (numbers, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    let mut parts: Vec<String> = numbers
        .split('.')
        .map(|part| {
            let short = part.trim_start_matches('0');
            if short.is_empty() && !part.is_empty() {
                "0".to_owned()
            } else {
                short.to_owned()
            }
        })
        .collect();
    while parts.len() < 3 && !numbers.is_empty() {
        parts.push("0".to_owned());
    }
    format!("{}{rest}", parts.join("."))
}

fn version<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match parse(values) {
        Some(Ok(version)) => Ok(Value::Opaque(Opaque::Semver(version.into()))),
        Some(Err(_)) => failure("this string is no version"),
        None => mismatch(),
    }
}

fn is_version<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    parse(values).map_or_else(mismatch, |version| Ok(Value::Bool(version.is_ok())))
}

fn part<'a>(values: &[Value<'a>], of: impl Fn(&Version) -> u64) -> Outcome<'a> {
    let [Value::Opaque(Opaque::Semver(version))] = values else {
        return mismatch();
    };
    i64::try_from(of(version)).map_or_else(
        |_| failure("integer overflow"),
        |value| Ok(Value::Int(value)),
    )
}

fn major<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    part(values, |version| version.major)
}

fn minor<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    part(values, |version| version.minor)
}

fn patch<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    part(values, |version| version.patch)
}

fn compared<'a>(values: &[Value<'a>], of: impl Fn(std::cmp::Ordering) -> Value<'a>) -> Outcome<'a> {
    match values {
        [
            Value::Opaque(Opaque::Semver(a)),
            Value::Opaque(Opaque::Semver(b)),
        ] => Ok(of(a.cmp_precedence(b))),
        _ => mismatch(),
    }
}

fn is_less<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    compared(values, |order| Value::Bool(order.is_lt()))
}

fn is_greater<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    compared(values, |order| Value::Bool(order.is_gt()))
}

fn compare_to<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    compared(values, |order| Value::Int(order as i64))
}
