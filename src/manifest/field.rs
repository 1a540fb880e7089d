//! Field paths as the API server writes them.

use crate::yaml::{Document, Kind, Node};

/// Maps of resources by name, whose keys the API server writes in brackets.
const BY_RESOURCE: &[&str] = &[
    "limits",
    "requests",
    "capacity",
    "hard",
    "overhead",
    "podFixed",
    "min",
    "max",
    "default",
    "defaultRequest",
    "maxLimitRequestRatio",
];

/// The root of a custom resource's schema, in which the properties of a schema are written in brackets too.
const SCHEMA: &str = "openAPIV3Schema";

/// The longest path in bytes; hostile keys may be as long as their text, and every finding has a path.
const LONGEST: usize = 4 << 10;

/// The way from each node of a document to its root: one look at all siblings, however many paths are asked for.
#[derive(Clone, Debug)]
pub struct FieldPaths {
    above: Vec<Above>,
}

/// What a node stands in.
#[derive(Clone, Copy, Debug, Default)]
struct Above {
    /// The map or list.
    parent: u32,
    /// The index of its key in a map, the number of the item in a list.
    step: u32,
}

impl FieldPaths {
    /// Looks at a document.
    pub fn new(document: &Document) -> Self {
        let mut above = vec![Above::default(); document.len()];
        let cut = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let mut set = |node: Node<'_>, parent: usize, step: usize| {
            if let Some(place) = above.get_mut(node.index()) {
                *place = Above {
                    parent: cut(parent),
                    step: cut(step),
                };
            }
        };
        for index in 0..document.len() {
            let Some(node) = document.node(index) else {
                break;
            };
            for (key, value) in node.entries() {
                set(key, index, key.index());
                set(value, index, key.index());
            }
            for (at, item) in node.items().enumerate() {
                set(item, index, at);
            }
        }
        Self { above }
    }

    /// Returns the path of a node of the document from a node that it stands in, as the API server names fields:
    /// `spec.ports[0].port`, `metadata.annotations[example.com/key]`. A key's path is that of its value.
    pub fn path(&self, root: Node<'_>, target: Node<'_>) -> String {
        let mut steps = Vec::new();
        let mut index = target.index();
        while index > root.index()
            && let Some(Above { parent, step }) = self.above.get(index).copied()
        {
            steps.push((parent as usize, step as usize));
            index = parent as usize;
        }
        let document = root.document();
        let mut path = String::new();
        let (mut above, mut in_schema) = ("", false);
        for (parent, step) in steps.into_iter().rev() {
            if document.node(parent).map(Node::kind) == Some(Kind::Seq) {
                path.push('[');
                path.push_str(&step.to_string());
                path.push(']');
                above = "";
            } else {
                let key = document.node(step).and_then(Node::as_str);
                let name = key.unwrap_or_default();
                let property = in_schema && above == "properties";
                let resource = !in_schema && BY_RESOURCE.contains(&above) && name != "podFixed";
                push_key(&mut path, name, property || resource);
                // A property may have any name, also that of a keyword.
                above = if property { "" } else { name };
                in_schema |= name == SCHEMA;
            }
            if path.len() > LONGEST {
                path.truncate(path.floor_char_boundary(LONGEST));
                path.push('…');
                break;
            }
        }
        path
    }
}

/// Returns the path of a single node; see [`FieldPaths::path`].
pub fn field_path(root: Node<'_>, target: Node<'_>) -> String {
    FieldPaths::new(root.document()).path(root, target)
}

/// Returns the path of fields below another, which need not be there.
pub fn path_of_keys<'k>(keys: impl IntoIterator<Item = &'k str>) -> String {
    let mut path = String::new();
    for key in keys {
        push_key(&mut path, key, false);
    }
    path
}

/// Adds a key: after a dot where it is a name, in brackets where it must be or holds dots or slashes, as map keys do.
fn push_key(path: &mut String, key: &str, bracketed: bool) {
    let plain = !key.is_empty()
        && !bracketed
        && key
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '$'));
    if !plain {
        path.push('[');
        path.push_str(key);
        path.push(']');
        return;
    }
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(key);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::yaml::{Limits, read};

    #[test]
    fn paths_are_those_of_the_api_server() {
        let text: Arc<str> =
            "metadata: {annotations: {a.b/c: x}}\nspec: {ports: [{port: 1}, {port: 2}]}\n".into();
        let document = read(&text, &Limits::default()).documents.remove(0);
        let root = document.root();
        let annotation = root
            .path(&["metadata", "annotations"])
            .unwrap()
            .entries()
            .next()
            .unwrap();
        assert_eq!(
            field_path(root, annotation.0),
            "metadata.annotations[a.b/c]"
        );
        assert_eq!(
            field_path(root, annotation.1),
            "metadata.annotations[a.b/c]"
        );
        let port = root
            .path(&["spec", "ports"])
            .unwrap()
            .items()
            .nth(1)
            .unwrap();
        assert_eq!(field_path(root, port), "spec.ports[1]");
        assert_eq!(
            field_path(root, port.get("port").unwrap()),
            "spec.ports[1].port"
        );
        assert_eq!(field_path(root, root), "");
    }

    #[test]
    fn hostile_keys_do_not_make_endless_paths() {
        let key = |letter: &str| letter.repeat(400);
        let open: String = ["é", "b", "c", "d", "e", "f", "ü", "g", "h", "i", "j"]
            .map(|letter| format!("{{{}: ", key(letter)))
            .concat();
        let text: Arc<str> = format!("{open}[1, 2]{}\n", "}".repeat(11)).into();
        let document = read(&text, &Limits::default()).documents.remove(0);
        let paths = FieldPaths::new(&document);
        for index in 0..document.len() {
            let path = paths.path(document.root(), document.node(index).unwrap());
            assert!(path.len() <= LONGEST + "…".len());
        }
    }

    #[test]
    fn properties_of_schemas_are_keys() {
        let text: Arc<str> =
            "schema: {openAPIV3Schema: {properties: {properties: {properties: {a: {type: x}}}}}}\nproperties: {b: 1}\n".into();
        let document = read(&text, &Limits::default()).documents.remove(0);
        let root = document.root();
        let keys = [
            "schema",
            "openAPIV3Schema",
            "properties",
            "properties",
            "properties",
            "a",
            "type",
        ];
        assert_eq!(
            field_path(root, root.path(&keys).unwrap()),
            "schema.openAPIV3Schema.properties[properties].properties[a].type"
        );
        assert_eq!(
            field_path(root, root.path(&["properties", "b"]).unwrap()),
            "properties.b"
        );
    }
}
