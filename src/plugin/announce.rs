//! What an Application may ask.

use serde_json::{Map, Value, json};

use crate::values::Values;
use crate::yaml::{Node, to_json};

/// The parameter that names the environment.
pub const ENVIRONMENT: &str = "environment";
/// The parameter that lists namespace folders.
pub const NAMESPACES: &str = "namespaces";
/// The parameter that overrides values.
pub const VALUES: &str = "values";

/// Returns the parameters there are, in the form of Argo CD's `ParametersAnnouncement`.
///
/// `values` are those of the environment that is chosen; before one is, there are none to tell.
pub fn announcements(
    environments: &[&str],
    chosen: Option<&str>,
    folders: &[&str],
    values: Option<&Values>,
) -> Value {
    let mut overridable = Map::new();
    if let Some(values) = values {
        let tree = values.tree();
        let nodes = (1..tree.len()).filter_map(|index| tree.node(index));
        for node in nodes.filter(|node| values.origin(*node).is_some()) {
            let path = values.path(node.index());
            // A key with a dot cannot be named by a path.
            let named = values.find(&path).map(Node::index) == Some(node.index());
            if named && is_told(node, &path) {
                overridable.insert(path, Value::String(text(node)));
            }
        }
    }
    let mut environment = json!({
        "name": ENVIRONMENT,
        "title": "Environment",
        "tooltip": format!("One of {}", environments.join(", ")),
        "required": environments.len() > 1,
        "itemType": "string",
        "collectionType": "string",
    });
    if let (Some(chosen), Some(map)) = (chosen, environment.as_object_mut()) {
        map.insert("string".to_owned(), chosen.into());
    }
    json!([
        environment,
        {
            "name": NAMESPACES,
            "title": "Namespaces",
            "tooltip": format!("Folders of templates/, all of them where none is named: {}", folders.join(", ")),
            "itemType": "string",
            "collectionType": "array",
            "array": [],
        },
        {
            "name": VALUES,
            "title": "Values",
            "tooltip": "Values that replace those of the repository, by their paths; what is set here is in no commit",
            "itemType": "string",
            "collectionType": "map",
            "map": overridable,
        },
    ])
}

/// A scalar, or what is empty, and neither in a list, which is replaced as a whole, nor Terraform's.
fn is_told(node: Node<'_>, path: &str) -> bool {
    let empty = node.entries().len() == 0 && node.items().len() == 0;
    empty && !path.contains('[') && !path.starts_with("terraform.")
}

fn text(node: Node<'_>) -> String {
    match node.as_str() {
        Some(text) => text.to_owned(),
        None => to_json(node).to_string(),
    }
}
