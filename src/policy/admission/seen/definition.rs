//! Custom resources as policies see them: with the defaults of their definitions.

use std::collections::HashMap;
use std::sync::Arc;

use super::{constant, metadata};
use crate::cel::{Completed, Completion, ListKind, Missing, Schema, Value, View};
use crate::manifest::{Scope, Scopes};
use crate::yaml::Node;

/// How custom resources are seen, by group, version and kind.
#[derive(Debug, Default)]
pub struct Definitions {
    seen: HashMap<String, HashMap<String, Arc<Schema>>>,
}

impl Definitions {
    /// Learns how a custom resource is seen from its definition, where its kind is wanted; other objects are passed over.
    pub fn learn(
        &mut self,
        object: Node<'_>,
        scopes: &Scopes,
        wanted: &dyn Fn(&str, &str) -> bool,
    ) {
        let text = |path: &[&str]| object.path(path).and_then(Node::as_str);
        if text(&["kind"]) != Some("CustomResourceDefinition") {
            return;
        }
        let (Some(group), Some(kind)) =
            (text(&["spec", "group"]), text(&["spec", "names", "kind"]))
        else {
            return;
        };
        let versions = object.path(&["spec", "versions"]);
        for version in versions.into_iter().flat_map(Node::items) {
            let name = version.get("name").and_then(Node::as_str);
            let schema = version.path(&["schema", "openAPIV3Schema"]);
            if let (Some(name), Some(schema)) = (name, schema) {
                let api_version = format!("{group}/{name}");
                if !wanted(&api_version, kind) {
                    continue;
                }
                let seen = resource(schema, scopes.of(&api_version, kind));
                let kinds = self.seen.entry(api_version).or_default();
                kinds.insert(kind.to_owned(), seen);
            }
        }
    }

    /// Returns how a custom resource is seen.
    pub(in crate::policy::admission) fn get(
        &self,
        api_version: &str,
        kind: &str,
    ) -> Option<&Schema> {
        self.seen
            .get(api_version)?
            .get(kind)
            .map(|schema| &**schema)
    }
}

fn resource(schema: Node<'_>, scope: Scope) -> Arc<Schema> {
    let mut fields = fields(schema);
    fields.retain(|(name, _)| **name != *"metadata");
    let completed = Completed {
        schema: metadata(scope),
        ..Completed::default()
    };
    fields.push(("metadata".into(), completed));
    Schema::seen(View::Completed(Completion::new(fields, None)))
}

/// How deep schemas are read: deeper ones than any that a server takes.
const DEEPEST: usize = 100;

fn fields(schema: Node<'_>) -> Vec<(Box<str>, Completed)> {
    fields_within(schema, DEEPEST)
}

fn fields_within(schema: Node<'_>, depth: usize) -> Vec<(Box<str>, Completed)> {
    let properties = schema.get("properties").into_iter().flat_map(Node::entries);
    let field = |(name, inner): (Node<'_>, Node<'_>)| {
        let seen = seen(inner, depth);
        let default = inner.get("default").filter(|node| !node.is_null());
        let missing = default.map_or(Missing::Nothing, |node| {
            Missing::Value(completed(constant(node), inner, depth))
        });
        let says_something = seen.is_some() || default.is_some();
        says_something.then(|| {
            let completed = Completed {
                schema: seen,
                missing,
                ..Completed::default()
            };
            (name.as_str().unwrap_or_default().into(), completed)
        })
    };
    properties.filter_map(field).collect()
}

/// Returns how a value is seen; nothing where it is seen as it is written.
fn seen(schema: Node<'_>, depth: usize) -> Option<Arc<Schema>> {
    let depth = depth.checked_sub(1)?;
    let nullable = schema.get("nullable").and_then(Node::as_bool) == Some(true);
    let fields = fields_within(schema, depth);
    let beneath = |key: &str| seen(schema.get(key)?, depth);
    let view = if let Some(item) = beneath("items") {
        View::List {
            item,
            kind: ListKind::Atomic,
        }
    } else {
        let others = beneath("additionalProperties");
        if fields.is_empty() && others.is_none() {
            return nullable.then(|| of(View::Dyn, true));
        }
        View::Completed(Completion::new(fields, others))
    };
    Some(of(view, nullable))
}

fn of(view: View, nullable: bool) -> Arc<Schema> {
    Arc::new(Schema {
        nullable,
        ..Arc::unwrap_or_clone(Schema::seen(view))
    })
}

/// Fills defaults into a default.
fn completed(value: Value<'static>, schema: Node<'_>, depth: usize) -> Value<'static> {
    let Some(depth) = depth.checked_sub(1) else {
        return value;
    };
    let Value::Map(map) = &value else {
        return value;
    };
    let Some(properties) = schema.get("properties") else {
        return value;
    };
    let written = map.entries().filter_map(|(key, value)| {
        let name = key.as_str()?.to_owned();
        let value = match properties.get(&name) {
            Some(inner) => completed(value, inner, depth),
            None => value,
        };
        Some((name, value))
    });
    let mut all: Vec<(String, Value<'static>)> = written.collect();
    for (name, inner) in properties.entries() {
        let name = name.as_str().unwrap_or_default();
        if let Some(default) = inner.get("default")
            && map.field(name).is_none()
        {
            all.push((name.to_owned(), completed(constant(default), inner, depth)));
        }
    }
    Value::map(
        all.iter()
            .map(|(name, value)| (name.as_str(), value.clone())),
    )
}
