//! Patterns: RE2's syntax, matched in linear time.

use regex::{Regex, RegexBuilder};

use super::{Declaration, Outcome, Price, mismatch, string};
use crate::cel::eval::Meter;
use crate::cel::value::{Text, Value};

pub(super) const FUNCTIONS: &[Declaration] = &[
    Declaration("string:matches(string) -> bool", 0, Price::Pattern, matches),
    Declaration(
        "matches(string, string) -> bool",
        0,
        Price::Pattern,
        matches,
    ),
    Declaration("string:find(string) -> string", 0, Price::Pattern, find),
    Declaration(
        "string:findAll(string) -> list<string>",
        0,
        Price::Pattern,
        find_all,
    ),
    Declaration(
        "string:findAll(string, int) -> list<string>",
        0,
        Price::Pattern,
        find_all,
    ),
];

/// Compiles a pattern; its size is limited.
pub(crate) fn compile(pattern: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(pattern).size_limit(1 << 20).build();
    built.map_err(|error| {
        let words = error.to_string();
        let last = words.lines().last().unwrap_or_default();
        format!(
            "this is no pattern: {}",
            last.trim().trim_start_matches("error: ")
        )
    })
}

/// Runs a function with a pattern that was compiled before.
pub(crate) fn run<'a>(
    name: &str,
    pattern: &Regex,
    text: &Text<'a>,
    values: &[Value<'a>],
) -> Outcome<'a> {
    match name {
        "matches" => Ok(Value::Bool(pattern.is_match(text))),
        "find" => string(pattern.find(text).map_or("", |found| found.as_str())),
        _ => {
            let most = match values.get(2) {
                Some(Value::Int(most)) => usize::try_from(*most).unwrap_or(usize::MAX),
                _ => usize::MAX,
            };
            let found = pattern
                .find_iter(text)
                .take(most)
                .map(|found| Value::string(found.as_str()));
            Ok(Value::list(found.collect()))
        }
    }
}

fn with_pattern<'a>(meter: &mut Meter, name: &str, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::String(text), Value::String(pattern), ..] => {
            run(name, &meter.pattern(pattern)?, text, values)
        }
        _ => mismatch(),
    }
}

fn matches<'a>(meter: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    with_pattern(meter, "matches", values)
}

fn find<'a>(meter: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    with_pattern(meter, "find", values)
}

fn find_all<'a>(meter: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    with_pattern(meter, "findAll", values)
}
