//! Fields of objects as the checks read them.

use crate::yaml::Node;

/// Returns the items of a field's list.
pub(super) fn items<'a>(map: Node<'a>, field: &str) -> impl Iterator<Item = Node<'a>> + use<'a> {
    map.get(field).into_iter().flat_map(Node::items)
}

/// Returns the text of a field that is there and not empty.
pub(super) fn text<'a>(map: Node<'a>, field: &str) -> Option<&'a str> {
    let text = map.get(field)?.as_str()?;
    Some(text).filter(|text| !text.is_empty())
}
