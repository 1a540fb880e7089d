//! Label selectors: what they select (`metav1.LabelSelectorAsSelector`).

use super::fact::is_empty;
use crate::yaml::Node;

/// What a selector says about some labels.
#[derive(Clone, Copy, Debug)]
pub(super) enum Verdict<'a> {
    /// They are what it wants.
    Selected,
    /// They lack this: an entry of `matchLabels`, key and value, or an item of `matchExpressions`.
    Lacks(Option<Node<'a>>, Node<'a>),
    /// It cannot be told: the selector is not valid, which is told elsewhere.
    Unclear,
}

/// Tells whether a selector asks for nothing, and so selects everything.
pub(super) fn asks_for_nothing(selector: Node<'_>) -> bool {
    ["matchLabels", "matchExpressions"]
        .iter()
        .all(|field| selector.get(field).is_none_or(is_empty))
}

/// Judges labels by a selector.
pub(super) fn judge<'a>(
    selector: Node<'a>,
    label: &dyn Fn(&str) -> Option<&'a str>,
) -> Verdict<'a> {
    match selector
        .get("matchLabels")
        .map_or(Verdict::Selected, |labels| judge_labels(labels, label))
    {
        Verdict::Selected => {}
        verdict => return verdict,
    }
    for requirement in selector
        .get("matchExpressions")
        .into_iter()
        .flat_map(Node::items)
    {
        match meets(requirement, label) {
            Some(true) => {}
            Some(false) => return Verdict::Lacks(None, requirement),
            None => return Verdict::Unclear,
        }
    }
    Verdict::Selected
}

/// Judges labels by a map of those that they must have.
pub(super) fn judge_labels<'a>(
    wanted: Node<'a>,
    label: &dyn Fn(&str) -> Option<&'a str>,
) -> Verdict<'a> {
    for (key, value) in wanted.entries() {
        let (Some(name), Some(text)) = (key.as_str(), value.as_str()) else {
            return Verdict::Unclear;
        };
        if label(name) != Some(text) {
            return Verdict::Lacks(Some(key), value);
        }
    }
    Verdict::Selected
}

fn meets<'a>(requirement: Node<'a>, label: &dyn Fn(&str) -> Option<&'a str>) -> Option<bool> {
    let found = label(requirement.get("key")?.as_str()?);
    let values = requirement.get("values");
    let listed = found.is_some_and(|text| {
        values
            .into_iter()
            .flat_map(Node::items)
            .any(|value| value.as_str() == Some(text))
    });
    let has_values = values.is_some_and(|values| !is_empty(values));
    match requirement.get("operator")?.as_str()? {
        "In" if has_values => Some(listed),
        "NotIn" if has_values => Some(!listed),
        "Exists" if !has_values => Some(found.is_some()),
        "DoesNotExist" if !has_values => Some(found.is_none()),
        _ => None,
    }
}
