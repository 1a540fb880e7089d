//! How expressions see a node of a schema, and how large it may be.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;

use super::Structure;
use crate::cel::{ListKind, Schema, View};

/// The bytes of the largest request that the API server reads.
pub(super) const REQUEST: u64 = 3 * 1024 * 1024;

/// Returns the view of a schema; nothing where it does not say what a node is.
pub(super) fn of(schema: &Value, structure: &Structure, resource: bool) -> Option<Schema> {
    let flag = |key: &str| schema.get(key) == Some(&Value::Bool(true));
    let text = |key: &str| schema.get(key).and_then(Value::as_str);
    let number = |key: &str| schema.get(key).and_then(Value::as_u64);
    let made = |view: View, most: u64, least_bytes: u64| {
        Some(Schema {
            view,
            nullable: structure.nullable,
            most,
            least_bytes,
        })
    };
    if flag("x-kubernetes-int-or-string") {
        return made(View::Dyn, REQUEST - 2, 1);
    }
    if resource {
        return Some(object(schema, structure, true));
    }
    match text("type")? {
        "boolean" => made(View::Bool, 1, 4),
        "integer" => made(View::Int, 1, 1),
        "number" => made(View::Double, 1, 1),
        "string" => {
            let (view, most) = string(schema);
            made(view, most, 2)
        }
        "array" => {
            let item = structure.items.as_ref()?.view.clone()?;
            let most = number("maxItems").unwrap_or((REQUEST - 2) / (item.least_bytes + 1));
            let kind = match text("x-kubernetes-list-type") {
                Some("set") => ListKind::Set,
                Some("map") => ListKind::Map(keys(schema)),
                _ => ListKind::Atomic,
            };
            made(View::List { item, kind }, most, 2)
        }
        "object"
            if schema
                .get("additionalProperties")
                .is_some_and(Value::is_object) =>
        {
            let value = structure.others.as_ref()?.view.clone()?;
            let most = number("maxProperties").unwrap_or((REQUEST - 2) / (value.least_bytes + 6));
            made(View::Map(value), most, 2)
        }
        "object" => Some(object(schema, structure, false)),
        _ => None,
    }
}

fn keys(schema: &Value) -> Arc<[Box<str>]> {
    let keys = schema
        .get("x-kubernetes-list-map-keys")
        .and_then(Value::as_array);
    keys.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(Into::into)
        .collect()
}

fn string(schema: &Value) -> (View, u64) {
    let length = schema.get("maxLength").and_then(Value::as_u64);
    match schema.get("format").and_then(Value::as_str) {
        Some("byte") => (View::Bytes, length.unwrap_or(REQUEST - 2)),
        Some("duration") => (View::Duration, 32),
        Some("date") => (View::Timestamp, 12),
        Some("date-time") => (View::Timestamp, 32),
        _ => {
            let values = schema.get("enum").and_then(Value::as_array);
            let longest = values.and_then(|values| {
                values
                    .iter()
                    .map(|value| value.as_str().map_or(0, |text| text.len() as u64))
                    .max()
            });
            (View::String, length.or(longest).unwrap_or(REQUEST - 2))
        }
    }
}

fn object(schema: &Value, structure: &Structure, resource: bool) -> Schema {
    let simple = |view: View, most: u64| {
        Arc::new(Schema {
            view,
            nullable: false,
            most,
            least_bytes: 2,
        })
    };
    let string = || simple(View::String, REQUEST - 2);
    let mut fields: Vec<(Box<str>, Arc<Schema>)> = Vec::new();
    let mut least_bytes = 2;
    let required = schema.get("required").and_then(Value::as_array);
    let required: HashSet<&str> = required
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    for (name, inner) in &structure.fields {
        if resource && matches!(&**name, "apiVersion" | "kind" | "metadata") {
            continue;
        }
        let Some(view) = &inner.view else { continue };
        fields.push((name.clone(), Arc::clone(view)));
        if required.contains(&**name) && inner.default.is_none() {
            least_bytes += name.len() as u64 + view.least_bytes + 4;
        }
    }
    if resource {
        // Of its metadata expressions see the name only.
        let names = vec![("generateName".into(), string()), ("name".into(), string())];
        fields.push(("apiVersion".into(), string()));
        fields.push(("kind".into(), string()));
        fields.push(("metadata".into(), simple(View::Object(names), 2)));
    }
    fields.sort_by(|a, b| a.0.cmp(&b.0));
    let most = fields.len() as u64;
    Schema {
        view: View::Object(fields),
        nullable: structure.nullable,
        most,
        least_bytes,
    }
}
