//! The tree as JSON values, for reports and for templates.

use serde_json::Value;

use super::{Kind, Node};

/// Returns a node as a JSON value, keys in their order.
pub fn to_json(node: Node<'_>) -> Value {
    match node.kind() {
        Kind::Null => Value::Null,
        Kind::Bool => node.as_bool().into(),
        Kind::Int => node.as_int().into(),
        Kind::Float => node.as_float().into(),
        Kind::Str => node.as_str().into(),
        Kind::Seq => node.items().map(to_json).collect(),
        Kind::Map => {
            let entry = |(key, value): (Node<'_>, Node<'_>)| {
                (key.as_str().unwrap_or_default().to_owned(), to_json(value))
            };
            Value::Object(node.entries().map(entry).collect())
        }
    }
}
