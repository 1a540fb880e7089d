//! The bindings with which a project's policies guard its clusters.
//!
//! In: the objects below `policies/` for one environment. Out: the objects that stand in its cluster: the policies with
//! what they take for params, and a binding for each, whose actions are the environment's.

use crate::manifest::{Resource, group};
use crate::project::PolicyAction;
use crate::yaml::{Builder, Document, Node, Place};

/// The API group of policies and their bindings.
pub(crate) const GROUP: &str = "admissionregistration.k8s.io";
/// The kind of policies.
pub(crate) const POLICY: &str = "ValidatingAdmissionPolicy";
/// The kind of bindings.
pub(crate) const BINDING: &str = "ValidatingAdmissionPolicyBinding";

/// What the cluster does with a violation where `tympan.yaml` does not say.
const DEFAULT_ACTIONS: &[PolicyAction] = &[PolicyAction::Deny];

/// Tells whether an object is a policy.
pub fn is_policy(object: &Resource) -> bool {
    object.group() == GROUP && object.id.kind == POLICY
}

/// Tells whether an object binds a policy.
pub fn is_binding(object: &Resource) -> bool {
    object.group() == GROUP && object.id.kind == BINDING
}

/// Returns the name of the policy that a binding is for.
pub fn bound_policy(binding: &Resource) -> &str {
    let name = binding.root().path(&["spec", "policyName"]);
    name.and_then(Node::as_str).unwrap_or_default()
}

/// Returns a binding as an environment's cluster has it: with the environment's actions where it has some.
pub fn bind_as_asked(binding: &Resource, actions: &[PolicyAction]) -> Option<Document> {
    if actions.is_empty() {
        return None;
    }
    let root = binding.root();
    let mut builder = Builder::new(binding.document.text().clone());
    builder.begin_map(root.place());
    for (key, value) in root.entries() {
        builder.copy(key, None);
        if key.as_str() != Some("spec") {
            builder.copy(value, None);
            continue;
        }
        builder.begin_map(value.place());
        for (key, value) in value.entries() {
            if key.as_str() != Some("validationActions") {
                builder.copy(key, None);
                builder.copy(value, None);
            }
        }
        let place = value
            .get("validationActions")
            .map_or(key.place(), Node::place);
        write_actions(&mut builder, actions, place);
        builder.end(None);
    }
    builder.end(None);
    Some(builder.finish())
}

/// Makes the binding of a policy that has none, with what it takes for params among the `objects` beside it: the one
/// object of its `paramKind`, or of several the one of the policy's own name, also where there is none.
///
/// Every node of it leads to the policy's name.
pub fn bind(policy: &Resource, objects: &[&Resource], actions: &[PolicyAction]) -> Document {
    let root = policy.root();
    let name = root.path(&["metadata", "name"]).unwrap_or(root);
    let place = name.place();
    let mut builder = Builder::new(policy.document.text().clone());
    let text = |builder: &mut Builder, words: &[&str]| {
        for word in words {
            builder.str(word, place);
        }
    };
    builder.begin_map(place);
    text(&mut builder, &["apiVersion", &policy.id.api_version]);
    text(&mut builder, &["kind", BINDING, "metadata"]);
    builder.begin_map(place);
    text(&mut builder, &["name", &policy.id.name]);
    if let Some((key, labels)) = root.get("metadata").and_then(|node| node.entry("labels")) {
        builder.copy(key, Some(place));
        builder.copy(labels, Some(place));
    }
    builder.end(None);
    text(&mut builder, &["spec"]);
    builder.begin_map(place);
    text(&mut builder, &["policyName", &policy.id.name]);
    if root
        .path(&["spec", "paramKind"])
        .is_some_and(|kind| !kind.is_null())
    {
        let params = params(policy, objects);
        text(&mut builder, &["paramRef"]);
        builder.begin_map(place);
        // Without params the policy would be asked all the same, with `params` null.
        let name = params.map_or(&policy.id.name, |params| &params.id.name);
        text(&mut builder, &["name", name]);
        if let Some(namespace) = params.and_then(|params| params.id.namespace.as_ref()) {
            text(&mut builder, &["namespace", namespace]);
        }
        text(&mut builder, &["parameterNotFoundAction", "Deny"]);
        builder.end(None);
    }
    let actions = match actions {
        [] => DEFAULT_ACTIONS,
        actions => actions,
    };
    write_actions(&mut builder, actions, place);
    builder.end(None);
    builder.end(None);
    builder.finish()
}

fn write_actions(builder: &mut Builder, actions: &[PolicyAction], place: Place) {
    builder.str("validationActions", place);
    builder.begin_seq(place);
    for action in actions {
        builder.str(action.as_str(), place);
    }
    builder.end(None);
}

/// Finds what a policy takes for params, where its binding does not say.
pub(crate) fn params<'o>(policy: &Resource, objects: &[&'o Resource]) -> Option<&'o Resource> {
    let kind = policy.root().path(&["spec", "paramKind"])?;
    let (api_version, kind) = (
        kind.get("apiVersion")?.as_str()?,
        kind.get("kind")?.as_str()?,
    );
    let of_kind: Vec<&Resource> = objects
        .iter()
        .copied()
        .filter(|object| object.id.kind == kind && object.group() == group(api_version))
        .collect();
    match of_kind.as_slice() {
        [only] => Some(only),
        several => several
            .iter()
            .copied()
            .find(|object| object.id.name == policy.id.name),
    }
}
