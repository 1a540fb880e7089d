//! Manifests: documents as Kubernetes objects, with identity, scope and field paths.
//!
//! In: YAML documents. Out: [`Resource`]s, lists flattened, one object each.

mod fault;
mod field;
mod file;
pub mod rules;
mod scope;

pub use self::fault::Fault;
pub use self::field::{FieldPaths, field_path, path_of_keys};
pub use self::file::{BadFileName, file_path};
pub use self::scope::{Scope, Scopes};
use crate::finding::ResourceId;
use crate::yaml::{Builder, Document, Kind, Node};

/// One Kubernetes object.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its identity; parts that the document lacks are empty.
    pub id: ResourceId,
    /// The object; its root is a map.
    pub document: Document,
}

impl Resource {
    /// Takes a document for an object.
    pub fn new(document: Document) -> Self {
        let root = document.root();
        let text = |path: &[&str]| {
            root.path(path)
                .and_then(Node::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let namespace = root
            .path(&["metadata", "namespace"])
            .and_then(Node::as_str)
            .map(str::to_owned);
        let id = ResourceId {
            api_version: text(&["apiVersion"]),
            kind: text(&["kind"]),
            namespace: namespace.filter(|namespace| !namespace.is_empty()),
            name: text(&["metadata", "name"]),
        };
        Self { id, document }
    }

    /// Returns the API group: empty for the core group.
    pub fn group(&self) -> &str {
        group(&self.id.api_version)
    }

    /// Returns the object's root node.
    pub fn root(&self) -> Node<'_> {
        self.document.root()
    }
}

/// Returns the group of an `apiVersion`: `apps` of `apps/v1`, nothing of `v1`.
pub fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// Returns the objects of a document: itself, or the items of a list (of lists).
///
/// Kubernetes' clients take any object with a kind that ends in `List` and with `items` for a list.
pub fn flatten(document: Document) -> Vec<Document> {
    if !is_list(document.root()) {
        return vec![document];
    }
    let mut flat = Vec::new();
    collect(document.root(), &mut flat);
    flat
}

fn is_list(node: Node<'_>) -> bool {
    let kind = node.get("kind").and_then(Node::as_str).unwrap_or_default();
    kind.ends_with("List")
        && node
            .get("items")
            .is_some_and(|items| matches!(items.kind(), Kind::Seq | Kind::Null))
}

fn collect(node: Node<'_>, flat: &mut Vec<Document>) {
    if is_list(node) {
        node.get("items")
            .into_iter()
            .flat_map(Node::items)
            .for_each(|item| collect(item, flat));
    } else {
        let mut builder = Builder::new(node.document().text().clone());
        builder.copy(node, None);
        flat.push(builder.finish());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::yaml::{Limits, read};

    fn document(text: &str) -> Document {
        read(&Arc::from(text), &Limits::default())
            .documents
            .remove(0)
    }

    #[test]
    fn lists_of_lists_are_flattened_with_their_spans() {
        let text = "kind: List\napiVersion: v1\nitems:\n- kind: A\n- {kind: BList, items: [{kind: B}]}\n- {kind: CList}\n";
        let flat = flatten(document(text));
        let kinds: Vec<_> = flat
            .iter()
            .map(|item| item.root().get("kind").unwrap())
            .collect();
        assert_eq!(
            kinds
                .iter()
                .map(|kind| kind.as_str().unwrap())
                .collect::<Vec<_>>(),
            ["A", "B", "CList"]
        );
        assert_eq!(kinds[1].span().of(text), "B");
    }

    #[test]
    fn identity_is_read_from_the_document() {
        let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: b}\n";
        let resource = Resource::new(document(text));
        assert_eq!(resource.id.to_string(), "b/Deployment/a");
        assert_eq!(resource.group(), "apps");
        assert_eq!(group("v1"), "");
    }
}
