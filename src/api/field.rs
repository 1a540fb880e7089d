//! Fields as the server takes them: one that is `null` is not there.

use crate::yaml::Node;

/// Returns a field that is there.
pub(super) fn present<'a>(map: Node<'a>, field: &str) -> Option<Node<'a>> {
    map.get(field).filter(|value| !value.is_null())
}

/// Returns the number of a field.
pub(super) fn number(map: Node<'_>, field: &str) -> Option<i64> {
    map.get(field).and_then(Node::as_int)
}

/// Returns the items of a field's list.
pub(super) fn items<'a>(map: Node<'a>, field: &str) -> impl Iterator<Item = Node<'a>> + use<'a> {
    map.get(field).into_iter().flat_map(Node::items)
}
