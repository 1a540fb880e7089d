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
use crate::shard::Part;
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

    /// Tells whether a run that does a part of the work checks this object by itself.
    pub fn is_checked_by(&self, part: Part) -> bool {
        let namespace = self.id.namespace.as_deref().unwrap_or_default();
        // Not the version: an object keeps its shard when its API moves on.
        part.checks(&[self.group(), &self.id.kind, namespace, &self.id.name])
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
    collect(document.root(), None, &mut flat);
    flat
}

/// The nodes of a list of one kind that say what its items are, where these do not say so themselves.
#[derive(Clone, Copy)]
struct ListOf<'a> {
    api_version: Option<Node<'a>>,
    kind: Node<'a>,
}

impl<'a> ListOf<'a> {
    fn new(list: Node<'a>) -> Option<Self> {
        Some(Self {
            api_version: list.get("apiVersion"),
            kind: list.get("kind")?,
        })
    }

    /// Gives an item that names no kind that of its list, `Pod` of a `PodList`: as Kubernetes' clients do.
    fn tell(self, item: &mut Document) {
        let kind = self
            .kind
            .as_str()
            .and_then(|kind| kind.strip_suffix("List"));
        let version = self.api_version.and_then(Node::as_str).unwrap_or_default();
        let root = item.root();
        let last = root.entries().last().map(|(_, value)| value.index());
        if let (Some(kind), Some(last)) = (kind.filter(|kind| !kind.is_empty()), last)
            && root.get("kind").is_none()
            && root.get("apiVersion").is_none()
        {
            let place = self.kind.place();
            item.insert_after(&[0], last, "kind", kind, place);
            item.insert_after(&[0], last, "apiVersion", version, place);
        }
    }
}

fn is_list(node: Node<'_>) -> bool {
    let kind = node.get("kind").and_then(Node::as_str).unwrap_or_default();
    kind.ends_with("List")
        && node
            .get("items")
            .is_some_and(|items| matches!(items.kind(), Kind::Seq | Kind::Null))
}

fn collect(node: Node<'_>, list: Option<ListOf<'_>>, flat: &mut Vec<Document>) {
    if is_list(node) {
        let list = ListOf::new(node);
        node.get("items")
            .into_iter()
            .flat_map(Node::items)
            .for_each(|item| collect(item, list, flat));
    } else {
        let mut builder = Builder::new(node.document().text().clone());
        builder.copy(node, None);
        let mut item = builder.finish();
        if let Some(list) = list {
            list.tell(&mut item);
        }
        flat.push(item);
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
    fn items_of_a_list_of_one_kind_need_not_name_it() {
        let text = "kind: PodList\napiVersion: v1\nitems:\n- {metadata: {name: a}}\n- {kind: Other, apiVersion: x/v1, metadata: {name: b}}\n- {}\n";
        let flat: Vec<Resource> = flatten(document(text))
            .into_iter()
            .map(Resource::new)
            .collect();
        let ids: Vec<String> = flat
            .iter()
            .map(|one| format!("{} {}", one.id.api_version, one.id))
            .collect();
        assert_eq!(ids, ["v1 Pod/a", "x/v1 Other/b", " /"]);
        assert_eq!(
            flat[0].root().get("kind").unwrap().span().of(text),
            "PodList"
        );
        let list = "kind: List\napiVersion: v1\nitems:\n- {metadata: {name: a}}\n";
        assert!(flatten(document(list))[0].root().get("kind").is_none());
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
