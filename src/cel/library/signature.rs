//! Signatures in words: `string:charAt(int) -> string`, `sets.contains(list<A>, list<A>) -> bool`.

use std::sync::Arc;

use super::{Declaration, Overload};
use crate::cel::types::Type;

/// The types of the libraries.
const OPAQUE: &[&str] = &[
    "quantity",
    "url",
    "ip",
    "cidr",
    "semver",
    "format",
    "authorizer",
    "path_check",
    "group_check",
    "resource_check",
    "decision",
];

/// Reads a declaration, and tells whether it is called on a value.
pub(super) fn overload(declaration: &Declaration) -> (bool, Overload) {
    let Declaration(text, since, price, call) = declaration;
    let (head, result) = text.split_once(" -> ").unwrap_or((text, "dyn"));
    let (name, parameters) = head.split_once('(').unwrap_or((head, ""));
    let (target, name) = match name.split_once(':') {
        Some((target, name)) => (Some(target), name),
        None => (None, name),
    };
    let list = parameters.strip_suffix(')').unwrap_or(parameters);
    let parameters: Vec<Type> = target.into_iter().chain(split(list)).map(parse).collect();
    let result = parse(result);
    let most = parameters
        .iter()
        .chain([&result])
        .map(highest)
        .max()
        .unwrap_or(0);
    let overload = Overload {
        name,
        parameters,
        result,
        type_parameters: most,
        since: *since,
        price: *price,
        call: *call,
    };
    (target.is_some(), overload)
}

/// Splits at the commas that stand in no brackets.
fn split(list: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_i32, 0);
    for (at, c) in list.char_indices() {
        match c {
            '<' => depth += 1,
            '>' => depth -= 1,
            ',' if depth == 0 => {
                parts.extend(list.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(list.get(start..));
    parts
        .into_iter()
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect()
}

fn parse(text: &str) -> Type {
    if let Some((name, inner)) = text.strip_suffix('>').and_then(|text| text.split_once('<')) {
        let mut inner = split(inner).into_iter().map(parse);
        let (first, second) = (inner.next().unwrap_or(Type::Dyn), inner.next());
        return match (name, second) {
            ("map", Some(value)) => Type::map(first, value),
            ("optional", None) => Type::optional(first),
            ("type", None) => Type::Type(Arc::new(first)),
            _ => Type::list(first),
        };
    }
    match text {
        "A" => Type::Param(0),
        "B" => Type::Param(1),
        "null" => Type::Null,
        "bool" => Type::Bool,
        "int" => Type::Int,
        "uint" => Type::Uint,
        "double" => Type::Double,
        "string" => Type::String,
        "bytes" => Type::Bytes,
        "timestamp" => Type::Timestamp,
        "duration" => Type::Duration,
        other => OPAQUE
            .iter()
            .find(|name| **name == other)
            .map_or(Type::Dyn, |name| Type::Opaque(name)),
    }
}

fn highest(ty: &Type) -> u32 {
    match ty {
        Type::Param(number) => number + 1,
        Type::List(of) | Type::Optional(of) | Type::Type(of) => highest(of),
        Type::Map(key, value) => highest(key).max(highest(value)),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use crate::cel::library::{overloads, table};

    #[test]
    fn signatures_say_what_they_mean() {
        let shown = |name, member| {
            overloads(name, member)
                .unwrap()
                .iter()
                .map(|overload| {
                    let parameters: Vec<String> = overload
                        .parameters
                        .iter()
                        .map(ToString::to_string)
                        .collect();
                    format!("{} -> {}", parameters.join(", "), overload.result)
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(shown("charAt", true), ["string, int -> string"]);
        assert_eq!(
            shown("sets.contains", false),
            ["list(dyn), list(dyn) -> bool"]
        );
        assert_eq!(
            shown("getQuery", true),
            ["url -> map(string, list(string))"]
        );
        assert!(table().len() > 120, "{}", table().len());
    }
}
