//! A JSON Schema drafted from values: what is there today, for somebody to narrow and to describe.

use serde_json::{Map, Value, json};

use crate::yaml::{Kind, Node};

/// Drafts a schema that the merged values of every environment fit.
///
/// Every key that all environments have is required, no other is allowed, and a list's items are what its items are
/// today. Descriptions are left to people.
pub fn draft(environments: &[Node<'_>]) -> Value {
    let mut schema = of(environments);
    if let Some(map) = schema.as_object_mut() {
        map.insert(
            "$schema".to_owned(),
            json!("https://json-schema.org/draft/2020-12/schema"),
        );
        map.sort_keys();
    }
    schema
}

fn of(nodes: &[Node<'_>]) -> Value {
    let mut types: Vec<&str> = nodes.iter().map(|node| name(node.kind())).collect();
    types.sort_unstable();
    types.dedup();
    // Where a number may have a fraction, whole numbers are numbers too.
    if types.contains(&"number") {
        types.retain(|name| *name != "integer");
    }
    match types.as_slice() {
        ["object"] => object(nodes),
        ["array"] => {
            let items: Vec<Node<'_>> = nodes.iter().flat_map(|node| node.items()).collect();
            if items.is_empty() {
                json!({"type": "array"})
            } else {
                json!({"type": "array", "items": of(&items)})
            }
        }
        [one] => json!({"type": one}),
        several => json!({"type": several}),
    }
}

fn object(nodes: &[Node<'_>]) -> Value {
    let mut keys: Vec<&str> = nodes
        .iter()
        .flat_map(|node| node.entries())
        .filter_map(|(key, _)| key.as_str())
        .collect();
    keys.sort_unstable();
    keys.dedup();
    let properties: Map<String, Value> = keys
        .iter()
        .map(|key| {
            let values: Vec<Node<'_>> = nodes.iter().filter_map(|node| node.get(key)).collect();
            ((*key).to_owned(), of(&values))
        })
        .collect();
    let required: Vec<&str> = keys
        .iter()
        .copied()
        .filter(|key| nodes.iter().all(|node| node.get(key).is_some()))
        .collect();
    json!({"type": "object", "additionalProperties": false, "required": required, "properties": properties})
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::Bool => "boolean",
        Kind::Int => "integer",
        Kind::Float => "number",
        Kind::Str => "string",
        Kind::Seq => "array",
        Kind::Map => "object",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::yaml::{Document, Limits, read, to_json};

    fn document(text: &str) -> Document {
        read(&Arc::from(text), &Limits::default())
            .documents
            .remove(0)
    }

    #[test]
    fn values_fit_the_schema_that_is_drafted_from_them() {
        let (dev, prod) = (
            document("a: 1\nb: {c: x, d: [1, 2.5]}\ne: []\n"),
            document("a: two\nb: {c: y, d: []}\ne: []\nf: true\n"),
        );
        let schema = draft(&[dev.root(), prod.root()]);
        assert_eq!(schema["required"], json!(["a", "b", "e"]));
        assert_eq!(
            schema["properties"]["a"],
            json!({"type": ["integer", "string"]})
        );
        assert_eq!(
            schema["properties"]["b"]["properties"]["d"]["items"],
            json!({"type": "number"})
        );
        for values in [&dev, &prod] {
            assert!(jsonschema::is_valid(&schema, &to_json(values.root())));
        }
        assert!(!jsonschema::is_valid(&schema, &json!({"a": 1})));
    }
}
