//! What a user may do: known in a cluster only, so that every use says so.

use super::{Declaration, Outcome, Price, undecided_value};
use crate::cel::error::EvalError;
use crate::cel::eval::Meter;
use crate::cel::value::Value;

const ONE: Price = Price::Fixed(1);

pub(super) const FUNCTIONS: &[Declaration] = &[
    Declaration("authorizer:path(string) -> path_check", 27, ONE, ask),
    Declaration("authorizer:group(string) -> group_check", 27, ONE, ask),
    Declaration(
        "authorizer:serviceAccount(string, string) -> authorizer",
        27,
        ONE,
        ask,
    ),
    Declaration(
        "path_check:check(string) -> decision",
        27,
        Price::Fixed(350_000),
        ask,
    ),
    Declaration(
        "group_check:resource(string) -> resource_check",
        27,
        ONE,
        ask,
    ),
    Declaration(
        "resource_check:subresource(string) -> resource_check",
        27,
        ONE,
        ask,
    ),
    Declaration(
        "resource_check:namespace(string) -> resource_check",
        27,
        ONE,
        ask,
    ),
    Declaration(
        "resource_check:name(string) -> resource_check",
        27,
        ONE,
        ask,
    ),
    Declaration(
        "resource_check:fieldSelector(string) -> resource_check",
        31,
        ONE,
        ask,
    ),
    Declaration(
        "resource_check:labelSelector(string) -> resource_check",
        31,
        ONE,
        ask,
    ),
    Declaration(
        "resource_check:check(string) -> decision",
        27,
        Price::Fixed(350_000),
        ask,
    ),
    Declaration("decision:allowed() -> bool", 27, ONE, ask),
    Declaration("decision:reason() -> string", 27, ONE, ask),
    Declaration("decision:errored() -> bool", 28, ONE, ask),
    Declaration("decision:error() -> string", 28, ONE, ask),
];

fn ask<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let undecided = values.first().and_then(undecided_value);
    Err(undecided.unwrap_or(EvalError::NotDecided("what a user may do")))
}
