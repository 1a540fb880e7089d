//! Values that an Application overrides.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::request::PluginError;
use crate::finding::{Severity, nearest};
use crate::values::Values;
use crate::yaml::{Kind, Limits, Node, Problem, read, to_json};

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
    // What is only a warning in a file of values is none here, either.
    let error = |problem: &&Problem| problem.rule.severity == Severity::Error;
    if let Some(problem) = stream.problems.iter().find(error) {
        return Err(refused(path, &unreadable(problem)));
    }
    let fits = |of: Kind| {
        // What has no value yet may take any; a whole number stands for one with a fraction.
        let number = |kind| matches!(kind, Kind::Int | Kind::Float);
        node.is_null() || of == node.kind() || (number(of) && number(node.kind()))
    };
    match stream.documents.as_slice() {
        [document] if fits(document.root().kind()) => Ok(to_json(document.root())),
        _ => {
            let kind = node.kind().as_str();
            Err(refused(path, &format!("what is given is no {kind}")))
        }
    }
}

/// Says why a text cannot be read, without what it holds, which may be secret: the reader quotes that.
fn unreadable(problem: &Problem) -> String {
    const SAYS: &str = "what is given cannot be read";
    // What is no word of the text, but what it is about.
    let quotes = problem
        .message
        .replace("`: `", "")
        .replace("`key: value`", "");
    if quotes.contains('`') {
        return format!("{SAYS} by the rule `{}`", problem.rule.id);
    }
    format!("{SAYS}: {}", problem.message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceMap;
    use crate::values::{LayerKind, load_layers};

    fn overridden(path: &str, text: &str) -> Result<String, String> {
        let mut sources = SourceMap::default();
        let values = "map: {a: 1}\nlist: [1]\nnumber: 1\nflag: true\ntext: a\n";
        let file = sources.add("values/common.yaml", values);
        let loaded = load_layers(&sources, &[(file, LayerKind::Plain)], &Limits::default());
        let asked = [(path.to_owned(), text.to_owned())].into();
        overrides(&loaded.values, &asked).map_err(|error| error.to_string())
    }

    #[test]
    fn what_replaces_a_value_is_read_as_what_it_replaces() {
        for (path, text, layer) in [
            ("map", "{b: 2}", "{\"map\":{\"b\":2}}"),
            ("values.map.a", "2", "{\"map\":{\"a\":2}}"),
            ("map", "{}", "{\"map\":{}}"),
            ("map", "{b: &x 2, c: *x}", "{\"map\":{\"b\":2,\"c\":2}}"),
            ("list", "[a, 'b']", "{\"list\":[\"a\",\"b\"]}"),
            ("list", "- a\n", "{\"list\":[\"a\"]}"),
            ("number", "1.5", "{\"number\":1.5}"),
            ("text", "{a: 1, a: 2}", "{\"text\":\"{a: 1, a: 2}\"}"),
        ] {
            assert_eq!(overridden(path, text).as_deref(), Ok(layer), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_why_and_not_what_it_holds() {
        let twice = "this key is here twice; Kubernetes would keep the last and drop the first";
        for (path, text, why) in [
            ("map", "{a: hidden, a: 2}", format!(": {twice}")),
            (
                "map",
                "hidden: b: c",
                ": a second `: ` on this line".to_owned(),
            ),
            ("list", "[hidden", ": ".to_owned()),
            (
                "map",
                "{hidden: 'x}",
                ": this quote is never closed".to_owned(),
            ),
            (
                "number",
                "*hidden",
                ": this alias refers to no anchor".to_owned(),
            ),
            (
                "map",
                "a: .inf",
                " by the rule `yaml/unsupported`".to_owned(),
            ),
        ] {
            let told = overridden(path, text).unwrap_err();
            let begins = format!(
                "the value `{path}` cannot be overridden: what is given cannot be read{why}"
            );
            assert!(told.starts_with(&begins), "{told}");
            assert!(!told.contains("hidden") && !told.contains("inf"), "{told}");
        }
    }

    #[test]
    fn what_is_something_else_says_so() {
        for (path, text, kind) in [
            ("map", "[hidden]", "map"),
            ("map", "", "map"),
            ("list", "a: hidden", "list"),
            ("list", "[a]\n---\n[b]\n", "list"),
            ("number", "hidden", "integer"),
            ("flag", "1", "boolean"),
        ] {
            let told = overridden(path, text).unwrap_err();
            let whole =
                format!("the value `{path}` cannot be overridden: what is given is no {kind}");
            assert_eq!(told, whole, "{text}");
        }
    }
}
