//! Values that an Application overrides.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::request::PluginError;
use crate::finding::nearest;
use crate::values::Values;
use crate::yaml::{Kind, Limits, Node, read, to_json};

/// Returns a layer of values as JSON text. Argo CD gives strings only, so each is read as what the value is that it
/// replaces: a string stays as it is, a number, bool, list or map is read as YAML.
///
/// # Errors
///
/// Where there is no such value, where it is one item of a list, which is replaced as a whole, or where the text is
/// something else than the value.
pub fn overrides(values: &Values, asked: &BTreeMap<String, String>) -> Result<String, PluginError> {
    let mut root = Map::new();
    for (path, text) in asked {
        let node = find(values, path)?;
        let keys = keys(values, node);
        let Some((last, above)) = keys.split_last().filter(|_| !in_list(values, node)) else {
            return Err(refused(path, "a list is replaced as a whole"));
        };
        let mut map = &mut root;
        for key in above {
            let entry = map
                .entry((*key).to_owned())
                .or_insert_with(|| Value::Object(Map::new()));
            let Value::Object(inner) = entry else {
                return Err(refused(
                    path,
                    "it is in another value that is overridden too",
                ));
            };
            map = inner;
        }
        if map.contains_key(*last) {
            return Err(refused(path, "another that is in it is overridden too"));
        }
        map.insert((*last).to_owned(), typed(node, path, text)?);
    }
    Ok(Value::Object(root).to_string())
}

fn refused(path: &str, why: &str) -> PluginError {
    PluginError::Value {
        path: path.to_owned(),
        why: why.to_owned(),
    }
}

fn find<'v>(values: &'v Values, path: &str) -> Result<Node<'v>, PluginError> {
    let bare = path.strip_prefix("values.").unwrap_or(path);
    let node = values.find(bare).filter(|node| node.index() > 0);
    node.ok_or_else(|| {
        let all: Vec<String> = (1..values.tree().len())
            .map(|index| values.path(index))
            .collect();
        let near = nearest(bare, all.iter().map(String::as_str));
        PluginError::NoValue {
            path: path.to_owned(),
            near: near.map(str::to_owned),
        }
    })
}

/// Walks from the root to a node, by what holds it.
fn way<'v>(values: &'v Values, node: Node<'v>) -> impl Iterator<Item = (Node<'v>, &'v str)> {
    let holds = move |one: &Node<'_>| (one.index()..one.end_index()).contains(&node.index());
    let mut at = Some(values.tree().root());
    std::iter::from_fn(move || {
        let own = at?;
        if own.index() == node.index() {
            return None;
        }
        let (key, value) = match own.entries().find(|(_, value)| holds(value)) {
            Some((key, value)) => (key.as_str().unwrap_or_default(), value),
            None => ("", own.items().find(holds)?),
        };
        at = Some(value);
        Some((own, key))
    })
}

fn keys<'v>(values: &'v Values, node: Node<'v>) -> Vec<&'v str> {
    way(values, node).map(|(_, key)| key).collect()
}

fn in_list(values: &Values, node: Node<'_>) -> bool {
    way(values, node).any(|(above, _)| above.kind() == Kind::Seq)
}

/// Reads a text as what the value is that it replaces.
fn typed(node: Node<'_>, path: &str, text: &str) -> Result<Value, PluginError> {
    if node.kind() == Kind::Str {
        return Ok(Value::String(text.to_owned()));
    }
    let stream = read(&text.into(), &Limits::default());
    let mut documents = stream.documents.into_iter();
    let (first, second) = (documents.next(), documents.next());
    let read = first.filter(|_| stream.problems.is_empty() && second.is_none());
    let fits = |of: Kind| {
        // What has no value yet may take any; a whole number stands for one with a fraction.
        let number = |kind| matches!(kind, Kind::Int | Kind::Float);
        node.is_null() || of == node.kind() || (number(of) && number(node.kind()))
    };
    match read {
        Some(document) if fits(document.root().kind()) => Ok(to_json(document.root())),
        _ => {
            let kind = node.kind().as_str();
            Err(refused(path, &format!("what is given is no {kind}")))
        }
    }
}
