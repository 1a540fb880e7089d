//! What is said about a node that does not fit its schema.

use super::history::History;
use super::rules;
use super::shape::{Rules, Shape};
use crate::finding::{did_you_mean, nearest};
use crate::manifest::Fault;
use crate::yaml::{Kind, Lookup, Node};

/// Says what a node is.
pub(super) fn kind_words(node: Node<'_>) -> &'static str {
    match node.kind() {
        Kind::Seq => "a list",
        Kind::Map => "a map",
        Kind::Str => "a string",
        Kind::Bool => "a boolean",
        Kind::Int => "an integer",
        Kind::Float => "a number",
        Kind::Null => "nothing",
    }
}

pub(super) fn wrong_kind<'a>(shape: &Shape, node: Node<'a>) -> Fault<'a> {
    let expected = shape.kinds.words();
    let found = kind_words(node);
    let fault = Fault::new(
        &rules::TYPE,
        node,
        format!("this must be {expected}, and is {found}"),
    );
    match (node.kind(), node.as_str()) {
        (Kind::Int | Kind::Float | Kind::Bool, _) if shape.kinds.has(Kind::Str) => {
            fault.help("put it in quotes")
        }
        (_, Some(text)) if text.parse::<i64>().is_ok() && shape.kinds.has(Kind::Int) => {
            fault.help("write it without quotes")
        }
        (_, Some("true" | "false")) if shape.kinds.has(Kind::Bool) => {
            fault.help("write it without quotes")
        }
        _ => fault,
    }
}

pub(super) fn of_another_version<'a>(history: History, owner: &str, key: Node<'a>) -> Fault<'a> {
    let name = key.as_str().unwrap_or_default();
    Fault::new(
        &rules::UNKNOWN_FIELD,
        key,
        format!("`{name}` of {owner} {history}"),
    )
    .help(history.help())
}

pub(super) fn unknown_field<'a>(
    shape: &Shape,
    owner: &str,
    keys: &Lookup<'_>,
    key: Node<'a>,
    may_guess: bool,
) -> Fault<'a> {
    let name = key.as_str().unwrap_or_default();
    let fields = shape.fields.iter().map(|(field, _)| &**field);
    let guesses = fields.clone().take(if may_guess { usize::MAX } else { 0 });
    let near = nearest(name, guesses.clone().filter(|field| !keys.has(field)));
    let same = guesses
        .clone()
        .find(|field| field.eq_ignore_ascii_case(name));
    let of = if owner.is_empty() {
        String::new()
    } else {
        format!(" of {owner}")
    };
    let near = did_you_mean(same.or(near));
    let message = format!("`{name}` is no field{of}{near}");
    let fault = Fault::new(&rules::UNKNOWN_FIELD, key, message);
    match shape.fields.len() {
        0 => fault.help("remove it: nothing may stand here"),
        count if count <= 12 => {
            let known = fields
                .map(|field| format!("`{field}`"))
                .collect::<Vec<_>>()
                .join(", ");
            fault.help(format!(
                "remove it, or correct its name or indentation; there are {known}"
            ))
        }
        _ => fault.help("remove it, or correct its name or indentation"),
    }
}

pub(super) fn not_listed<'a>(rules: &Rules, node: Node<'a>, may_guess: bool) -> Fault<'a> {
    let words = || {
        rules
            .one_of_values
            .iter()
            .filter_map(|value| value.as_str())
    };
    let near = node.as_str().filter(|_| may_guess).and_then(|text| {
        let same = words().find(|word| word.eq_ignore_ascii_case(text));
        same.or_else(|| nearest(text, words()))
    });
    let near = did_you_mean(near);
    let message = format!("this is none of the values that it may be{near}");
    Fault::new(&rules::ENUM, node, message).help(format!("it may be {}", rules.listed))
}

pub(super) fn count(number: u64, unit: &str) -> String {
    match (number, unit) {
        (1, unit) => format!("1 {unit}"),
        (number, "entry") => format!("{number} entries"),
        (number, unit) => format!("{number} {unit}s"),
    }
}
