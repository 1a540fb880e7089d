//! How lists are merged: as a whole, as a set, or as a map by keys.

use std::collections::HashSet;

use crate::api::fact::{Fact, given, text, wanting};
use crate::api::field::{items, present};
use crate::api::rules;
use crate::manifest::Fault;
use crate::yaml::{Kind, Lookup, Node};

use super::{flag, unlike};

const TYPE: &str = "x-kubernetes-list-type";
const KEYS: &str = "x-kubernetes-list-map-keys";

/// Checks what a schema says of a list.
pub(super) fn check<'a>(schema: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let kind = given(schema, TYPE);
    if let Some(kind) = kind {
        Fact::OneOf(&["atomic", "set", "map"]).of_value(kind, faults);
        if !matches!(text(schema, "type"), "array" | "") {
            faults.push(unlike(
                schema,
                "type",
                "`x-kubernetes-list-type` is for `type: array` only",
            ));
        }
    }
    if given(schema, KEYS).is_some() && kind.and_then(Node::as_str) != Some("map") {
        let fault = unlike(
            schema,
            TYPE,
            "`x-kubernetes-list-map-keys` is for `x-kubernetes-list-type: map` only",
        );
        faults.push(fault.help("set `x-kubernetes-list-type: map`, or remove the keys"));
    }
    let item = schema
        .get("items")
        .filter(|items| items.kind() == Kind::Map);
    match kind.and_then(Node::as_str) {
        Some("set") => item.into_iter().for_each(|item| set(item, faults)),
        Some("map") => map(schema, item, faults),
        _ => return,
    }
    if let Some((key, _)) =
        item.and_then(|item| item.entry("nullable").filter(|_| flag(item, "nullable")))
    {
        let fault = Fault::new(
            &rules::CONFLICT,
            key,
            "items of a set or map cannot be `null`",
        );
        faults.push(fault.help("remove `nullable`"));
    }
}

/// Items of a set are compared as a whole.
fn set<'a>(item: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    match text(item, "type") {
        "array" if given(item, TYPE).is_some_and(|kind| kind.as_str() != Some("atomic")) => {
            faults.push(unlike(item, TYPE, "a list in a set is atomic"));
        }
        "object" if text(item, "x-kubernetes-map-type") != "atomic" => {
            let fault = unlike(
                item,
                "x-kubernetes-map-type",
                "an object in a set is atomic",
            );
            faults.push(fault.help("set `x-kubernetes-map-type: atomic`"));
        }
        _ => {}
    }
}

/// Items of a map are told apart by keys, which each of them has.
fn map<'a>(schema: Node<'a>, item: Option<Node<'a>>, faults: &mut Vec<Fault<'a>>) {
    if given(schema, KEYS).is_none() {
        let fault = wanting(
            schema,
            KEYS,
            "a list that is a map needs the keys that tell its items apart",
        );
        faults.push(fault.help("list the names of the properties that are the key"));
    }
    let Some(item) = item else { return };
    let kind = text(item, "type");
    if kind != "object" {
        // One that is missing has been told.
        if !kind.is_empty() {
            faults.push(unlike(
                item,
                "type",
                "the items of a list that is a map are of `type: object`",
            ));
        }
        return;
    }
    let known = item.get("properties").map(Lookup::new);
    let required: HashSet<&str> = items(item, "required").filter_map(Node::as_str).collect();
    let mut seen = HashSet::new();
    for key in items(schema, KEYS) {
        let Some(name) = key.as_str() else { continue };
        if !seen.insert(name) {
            faults.push(Fault::new(
                &rules::DUPLICATE,
                key,
                "this key is there twice",
            ));
        }
        let Some(property) = known.as_ref().and_then(|known| known.get(name)) else {
            let fault = Fault::new(
                &rules::DANGLING,
                key,
                "the items have no property of this name",
            );
            faults.push(fault.help("name a property of the items"));
            continue;
        };
        map_key(name, property, required.contains(name), faults);
    }
}

fn map_key<'a>(name: &str, property: Node<'a>, required: bool, faults: &mut Vec<Fault<'a>>) {
    if matches!(text(property, "type"), "array" | "object") {
        faults.push(unlike(
            property,
            "type",
            "the key of a list that is a map is neither a list nor an object",
        ));
    }
    if !required && present(property, "default").is_none() {
        let message = format!("`{name}` is a key of the list, and so every item must have it");
        let fault = wanting(property, "default", message);
        faults.push(fault.help("add it to `required` of the items, or give it a `default`"));
    }
    if let Some((key, _)) = property
        .entry("nullable")
        .filter(|_| flag(property, "nullable"))
    {
        let fault = Fault::new(&rules::CONFLICT, key, "a key of a list cannot be `null`");
        faults.push(fault.help("remove `nullable`"));
    }
}
