//! Filling in defaults, as the API server does before it validates.
//!
//! In: an object and its structure. Out: a copy that has them, and for each of its nodes the node of the object that it
//! is, or that holds it.

use std::sync::Arc;

use serde_json::Value;

use super::{Beneath, Structure};
use crate::schema::effort::Effort;
use crate::yaml::{Builder, Document, Kind, Lookup, Node, Place};

/// An object with its defaults.
pub(in crate::schema) struct Completed {
    document: Document,
    /// The index in the object of each node of the copy.
    origins: Vec<usize>,
}

/// The defaults are more than may be filled in.
#[derive(Debug)]
pub(in crate::schema) struct TooMany;

/// How many steps it takes to fill a node in, which is then looked at as all others are.
const STEPS: usize = 4;

impl Completed {
    /// Fills the defaults in; nothing where none is missing.
    pub(in crate::schema) fn new(
        structure: &Structure,
        object: Node<'_>,
        effort: &Effort,
    ) -> Result<Option<Self>, TooMany> {
        if structure.beneath == Beneath::TooMany {
            return Err(TooMany);
        }
        if !structure.lacks(object) {
            return Ok(None);
        }
        let mut copier = Copier {
            builder: Builder::new(Arc::clone(object.document().text())),
            origins: Vec::new(),
            effort,
        };
        copier.node(structure, object);
        if effort.is_spent() {
            return Err(TooMany);
        }
        Ok(Some(Self {
            document: copier.builder.finish(),
            origins: copier.origins,
        }))
    }

    /// Returns the object with its defaults.
    pub(in crate::schema) fn root(&self) -> Node<'_> {
        self.document.root()
    }

    /// Returns the object's own node that a node of the copy is, or that holds it.
    pub(in crate::schema) fn origin<'a>(&self, object: Node<'a>, node: Node<'_>) -> Node<'a> {
        let index = self.origins.get(node.index()).copied();
        index
            .and_then(|index| object.document().node(index))
            .unwrap_or(object)
    }
}

impl Structure {
    /// Tells whether a default is missing at a node or beneath it.
    fn lacks(&self, node: Node<'_>) -> bool {
        if !self.has_defaults() {
            return false;
        }
        match node.kind() {
            Kind::Map => {
                let keys = Lookup::new(node);
                self.with_default()
                    .any(|(name, inner)| inner.is_missing(keys.get(name)))
                    || node.entries().any(|(key, value)| {
                        let inner = key.as_str().and_then(|name| self.entry(name));
                        inner.is_some_and(|inner| {
                            inner.is_missing(Some(value)) || inner.lacks(value)
                        })
                    })
            }
            Kind::Seq => {
                let items = self.items.as_deref();
                items.is_some_and(|inner| node.items().any(|item| inner.lacks(item)))
            }
            _ => false,
        }
    }

    /// Tells whether the default takes a value's place.
    fn is_missing(&self, value: Option<Node<'_>>) -> bool {
        self.default.is_some() && value.is_none_or(|value| value.is_null() && !self.nullable)
    }

    /// Returns the fields that have a default, with their names.
    fn with_default(&self) -> impl Iterator<Item = &(Box<str>, Self)> {
        let places = self.with_default.iter();
        places.filter_map(|place| self.fields.get(*place))
    }

    /// Fills the defaults into a value of this structure, as long as nodes are left to fill in.
    pub(super) fn complete(&self, value: &mut Value, left: &mut usize) {
        if !self.has_defaults() {
            return;
        }
        match value {
            Value::Object(map) => {
                for (name, inner) in self.with_default() {
                    if let Some(default) = &inner.default
                        && map
                            .get(&**name)
                            .is_none_or(|value| value.is_null() && !inner.nullable)
                    {
                        *left = left.saturating_sub(size(default));
                        if *left == 0 {
                            return;
                        }
                        map.insert(name.to_string(), default.clone());
                    }
                }
                for (name, value) in map.iter_mut() {
                    if let Some(inner) = self.entry(name) {
                        inner.complete(value, left);
                    }
                }
            }
            Value::Array(items) => {
                if let Some(inner) = &self.items {
                    for item in items {
                        inner.complete(item, left);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Counts the nodes of a value, keys not counted.
pub(super) fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(map) => 1 + map.values().map(size).sum::<usize>(),
        _ => 1,
    }
}

struct Copier<'e> {
    builder: Builder,
    origins: Vec<usize>,
    effort: &'e Effort,
}

impl Copier<'_> {
    fn node(&mut self, structure: &Structure, node: Node<'_>) {
        if !structure.has_defaults() || !node.is_collection() {
            self.copy(node);
            return;
        }
        self.origins.push(node.index());
        if node.kind() == Kind::Map {
            self.builder.begin_map(node.place());
            for (key, value) in node.entries() {
                self.copy(key);
                match key.as_str().and_then(|name| structure.entry(name)) {
                    Some(Structure {
                        default: Some(default),
                        nullable: false,
                        ..
                    }) if value.is_null() => {
                        self.json(default, value);
                    }
                    Some(inner) => self.node(inner, value),
                    None => self.copy(value),
                }
            }
            let keys = Lookup::new(node);
            for (name, inner) in structure.with_default() {
                if let Some(default) = inner.default.as_ref().filter(|_| !keys.has(name)) {
                    self.origins.push(node.index());
                    self.builder.str(name, node.place());
                    self.json(default, node);
                }
            }
        } else {
            self.builder.begin_seq(node.place());
            for item in node.items() {
                match &structure.items {
                    Some(inner) => self.node(inner, item),
                    None => self.copy(item),
                }
            }
        }
        self.builder.end(None);
    }

    fn copy(&mut self, node: Node<'_>) {
        self.origins.extend(node.index()..node.end_index());
        self.builder.copy(node, None);
    }

    /// Adds a default; it stands where the map stands that lacks it.
    fn json(&mut self, value: &Value, holder: Node<'_>) {
        if !self.effort.take(STEPS) {
            // Nobody looks at what is made of it.
            self.origins.push(holder.index());
            self.builder.null(holder.place());
            return;
        }
        let place: Place = holder.place();
        self.origins.push(holder.index());
        match value {
            Value::Null => self.builder.null(place),
            Value::Bool(value) => self.builder.bool(*value, place),
            Value::Number(number) => match number.as_i64() {
                Some(value) => self.builder.int(value, place),
                None => self
                    .builder
                    .float(number.as_f64().unwrap_or_default(), place),
            },
            Value::String(text) => self.builder.str(text, place),
            Value::Array(items) => {
                self.builder.begin_seq(place);
                for item in items {
                    self.json(item, holder);
                }
                self.builder.end(None);
            }
            Value::Object(map) => {
                self.builder.begin_map(place);
                for (key, value) in map {
                    self.origins.push(holder.index());
                    self.builder.str(key, place);
                    self.json(value, holder);
                }
                self.builder.end(None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::yaml::{Limits, read, to_json};

    #[test]
    fn defaults_are_filled_in_and_every_node_knows_where_it_stands() {
        let schema = json!({"type": "object", "properties": {
        "spec": {"type": "object", "default": {}, "properties": {
            "replicas": {"type": "integer", "default": 1},
            "mode": {"type": "string", "default": "a", "nullable": true},
            "ports": {"type": "array", "items": {"type": "object", "properties": {
                "protocol": {"type": "string", "default": "TCP"}, "port": {"type": "integer"}}}},
        }}}});
        let (structure, problems) = Structure::compile(&schema, 34);
        assert!(problems.is_empty());
        let complete = |text: &str| {
            let document = read(&Arc::from(text), &Limits::default())
                .documents
                .remove(0);
            let effort = Effort::of_kubernetes();
            let completed = Completed::new(&structure, document.root(), &effort).unwrap();
            if let Some(completed) = &completed {
                assert_eq!(completed.document.len(), completed.origins.len());
                for index in 0..completed.document.len() {
                    let node = completed.document.node(index).unwrap();
                    assert_eq!(completed.origin(document.root(), node).span(), node.span());
                }
            }
            completed.map(|completed| to_json(completed.root()))
        };
        assert_eq!(
            complete("{}"),
            Some(json!({"spec": {"replicas": 1, "mode": "a"}}))
        );
        assert_eq!(
            complete(
                "spec: {replicas: null, mode: null, ports: [{port: 1}, {port: 2, protocol: UDP}]}"
            ),
            Some(json!({"spec": {"replicas": 1, "mode": null,
                "ports": [{"port": 1, "protocol": "TCP"}, {"port": 2, "protocol": "UDP"}]}}))
        );
        assert_eq!(complete("spec: {replicas: 2, mode: b}"), None);
    }
}
