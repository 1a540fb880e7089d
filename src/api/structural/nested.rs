//! `allOf`, `anyOf`, `oneOf` and `not`: they narrow what the schema around them describes, and describe nothing themselves.

use crate::api::fact::is_empty;
use crate::api::field::items;
use crate::api::rules;
use crate::manifest::Fault;
use crate::yaml::{Kind, Lookups, Node};

use super::{flag, pattern, properties, unsupported};

/// Whether alternatives may name types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Types {
    /// They may not.
    None,
    /// The alternatives of an integer or string may.
    OfIntOrString,
}

/// Checks what narrows a schema.
pub(super) fn check<'a>(schema: Node<'a>, types: Types, faults: &mut Vec<Fault<'a>>) {
    let mut nested = Nested {
        known: Lookups::default(),
        faults,
    };
    nested.check(schema, Some(schema), types);
}

struct Nested<'a, 'f> {
    /// The properties that are described.
    known: Lookups<'a>,
    faults: &'f mut Vec<Fault<'a>>,
}

impl<'a> Nested<'a, '_> {
    /// Checks what narrows. `described` is the schema around that describes the same value, where there is one.
    fn check(&mut self, owner: Node<'a>, described: Option<Node<'a>>, types: Types) {
        for alternative in items(owner, "anyOf") {
            self.narrowing(alternative, described, (types, Types::None));
        }
        for (place, part) in items(owner, "allOf").enumerate() {
            let inner = if place == 0 { types } else { Types::None };
            self.narrowing(part, described, (Types::None, inner));
        }
        for alternative in items(owner, "oneOf").chain(owner.get("not")) {
            self.narrowing(alternative, described, (Types::None, Types::None));
        }
    }

    /// Checks one part: whether it may name a type itself, and whether its own alternatives may.
    fn narrowing(&mut self, part: Node<'a>, described: Option<Node<'a>>, types: (Types, Types)) {
        if part.kind() != Kind::Map {
            return;
        }
        let (own, inner) = types;
        if own == Types::None {
            only_narrows(part, &["type"], self.faults);
        }
        only_narrows(part, &DESCRIBING, self.faults);
        unsupported(part, self.faults);
        pattern::check(part, self.faults);
        self.check(part, described, inner);
        if let Some(list) = part.get("items").filter(|list| list.kind() == Kind::Map) {
            let below = described.and_then(|described| described.get("items"));
            told(below, described, "items", self.faults);
            self.narrowing(list, below, (Types::None, Types::None));
        }
        let known = described.and_then(|described| described.get("properties"));
        for (name, property) in properties(part) {
            if name == "metadata" {
                let key = part
                    .get("properties")
                    .and_then(|properties| properties.entry(name));
                self.faults.extend(key.map(|(key, _)| {
                    let fault = Fault::new(&rules::CONFLICT, key, "`metadata` cannot be narrowed");
                    fault.help("remove it, or use `x-kubernetes-validations`")
                }));
            }
            let below = known.and_then(|known| self.known.get(known, name));
            let below = below.or_else(|| {
                let values = described?.get("additionalProperties")?;
                (values.kind() == Kind::Map).then_some(values)
            });
            told(
                below,
                described,
                &format!("properties[{name}]"),
                self.faults,
            );
            self.narrowing(property, below, (Types::None, Types::None));
        }
    }
}

/// What only the schema around says.
const DESCRIBING: [&str; 10] = [
    "default",
    "title",
    "description",
    "nullable",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-map-type",
];

/// A part narrows what the schema around describes; what it does not describe cannot be narrowed.
fn told<'a>(
    below: Option<Node<'a>>,
    described: Option<Node<'a>>,
    field: &str,
    faults: &mut Vec<Fault<'a>>,
) {
    if let (None, Some(described)) = (below, described)
        && described.get("additionalProperties").is_none()
        && !flag(described, "x-kubernetes-preserve-unknown-fields")
    {
        let message = format!(
            "`{field}` is narrowed by `allOf`, `anyOf`, `oneOf` or `not`, and is not described here"
        );
        let fault = Fault::new(&rules::REQUIRED, described, message).below(field.to_owned());
        faults.push(fault.help("describe it here, with its `type`"));
    }
}

fn only_narrows<'a>(part: Node<'a>, fields: &[&str], faults: &mut Vec<Fault<'a>>) {
    for field in fields {
        let said = |value: Node<'_>| {
            !is_empty(value)
                && (value.kind() != Kind::Bool || flag(part, field) || *field == "default")
        };
        if let Some((key, _)) = part.entry(field).filter(|(_, value)| said(*value)) {
            let message = format!("`{field}` cannot stand in `allOf`, `anyOf`, `oneOf` or `not`");
            let fault = Fault::new(&rules::CONFLICT, key, message);
            faults.push(fault.help("move it to the schema around"));
        }
    }
}
