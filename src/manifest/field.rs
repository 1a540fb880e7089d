//! Field paths as the API server writes them.

use crate::yaml::Node;

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

/// Returns the path of a node from a root, as the API server names fields: `spec.ports[0].port`,
/// `metadata.annotations[example.com/key]`. A key's path is that of its value.
pub fn field_path(root: Node<'_>, target: Node<'_>) -> String {
    let mut path = String::new();
    let mut node = root;
    let index = target.index();
    let (mut above, mut in_schema) = ("", false);
    loop {
        let holds = |child: Node<'_>| child.index() <= index && index < child.end_index();
        if let Some((key, value)) = node
            .entries()
            .find(|(key, value)| key.index() == index || holds(*value))
        {
            let name = key.as_str().unwrap_or_default();
            let property = in_schema && above == "properties";
            let resource = !in_schema && BY_RESOURCE.contains(&above) && name != "podFixed";
            push_key(&mut path, name, property || resource);
            // A property may have any name, also that of a keyword.
            above = if property { "" } else { name };
            in_schema |= name == SCHEMA;
            if key.index() == index {
                return path;
            }
            node = value;
        } else if let Some((at, item)) = node.items().enumerate().find(|(_, item)| holds(*item)) {
            path.push('[');
            path.push_str(&at.to_string());
            path.push(']');
            above = "";
            node = item;
        } else {
            return path;
        }
        if node.index() == index {
            return path;
        }
    }
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
