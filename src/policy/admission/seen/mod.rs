//! Objects as policies see them: as the API server has completed them, not as they are written.
//!
//! A policy runs after the API server has filled in defaults (`replicas: 1`, `protocol: TCP`), has left out what says
//! nothing (`hostNetwork: false`, `labels: {}`) and writes quantities in its own way (`cpu: 0.5` as `500m`). Expressions
//! that read these fields fail, or pass, on the object as it is written. What is said here is a view: nothing is copied.

mod definition;
mod made;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

pub use self::definition::Definitions;
use crate::cel::{Completed, Completion, ListKind, Missing, Schema, Value, View};
use crate::manifest::Scope;
use crate::yaml::{Kind, Limits, Node, read};

/// What the API server makes of kinds; its first lines say how it is written.
const TABLE: &str = include_str!("table.txt");

/// The kinds that the table names, and the views of others.
#[derive(Debug, Default)]
struct Table {
    types: HashMap<&'static str, Arc<Schema>>,
    /// By group and kind.
    kinds: HashMap<&'static str, HashMap<&'static str, Arc<Schema>>>,
    others: HashMap<&'static str, Arc<Schema>>,
}

/// Returns how an object of one of Kubernetes' own kinds is seen, or of a kind that nothing more is known about.
pub(super) fn built_in(group: &str, kind: &str, scope: Scope) -> Option<&'static Schema> {
    let table = table();
    let other = match scope {
        Scope::Namespaced => "NamespacedMeta",
        Scope::Cluster => "Meta",
    };
    let found = table.kinds.get(group).and_then(|kinds| kinds.get(kind));
    found
        .or_else(|| table.others.get(other))
        .map(|schema| &**schema)
}

/// Returns how the pod is seen that a controller makes of a template.
pub(super) fn pod_of_template() -> Option<&'static Schema> {
    table().types.get("PodOfTemplate").map(|schema| &**schema)
}

/// Returns how the metadata of an object is seen.
fn metadata(scope: Scope) -> Option<Arc<Schema>> {
    let name = match scope {
        Scope::Namespaced => "NamespacedMeta",
        Scope::Cluster => "Meta",
    };
    table().types.get(name).cloned()
}

fn table() -> &'static Table {
    static MADE: OnceLock<Table> = OnceLock::new();
    MADE.get_or_init(|| Table::read(TABLE))
}

/// A map of the table while it is read.
type Fields = Vec<(Box<str>, Completed)>;

impl Table {
    /// Reads a table; a type stands above those that use it.
    fn read(text: &'static str) -> Self {
        let mut table = Self::default();
        let mut fields: HashMap<&'static str, Fields> = HashMap::new();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let (mut head, mut own): (Option<Vec<&'static str>>, Fields) = (None, Fields::new());
        for line in lines.chain([""]) {
            if let Some(line) = line.strip_prefix("  ") {
                let field = table.field(line);
                // What a type says itself is more than what it takes over.
                own.retain(|(name, _)| *name != field.0);
                own.push(field);
            } else if let (true, Some(head)) = (line.is_empty(), head.take()) {
                let taken = std::mem::take(&mut own);
                table.add(&head, taken.clone());
                if let Some(name) = head.get(1) {
                    fields.insert(name, taken);
                }
            } else if !line.is_empty() {
                let words: Vec<&'static str> = line.split(' ').collect();
                own = words
                    .get(3)
                    .and_then(|above| fields.get(above))
                    .cloned()
                    .unwrap_or_default();
                head = Some(words);
            }
        }
        for name in ["Meta", "NamespacedMeta"] {
            let metadata = Completed {
                schema: table.types.get(name).cloned(),
                ..Completed::default()
            };
            let completion = Completion::new(vec![("metadata".into(), metadata)], None);
            table
                .others
                .insert(name, Schema::seen(View::Completed(completion)));
        }
        table
    }

    fn add(&mut self, head: &[&'static str], fields: Fields) {
        let schema = Schema::seen(View::Completed(Completion::new(fields, None)));
        match head {
            ["type", name, ..] => drop(self.types.insert(name, schema)),
            ["kind", name, ..] => {
                let (group, kind) = name.split_once('/').unwrap_or(("", name));
                self.kinds.entry(group).or_default().insert(kind, schema);
            }
            _ => {}
        }
    }

    /// Reads `name? -> TYPE = VALUE`.
    fn field(&self, line: &'static str) -> (Box<str>, Completed) {
        let (line, computed) = match line.split_once(" := @") {
            Some((line, name)) => (line, made::function(name)),
            None => (line, None),
        };
        let (line, missing) = match line.split_once(" = ") {
            Some((line, value)) => (line, missing(value)),
            None => (line, Missing::Nothing),
        };
        let (name, of) = line.split_once(" -> ").unwrap_or((line, ""));
        let drops_empty = name.ends_with('?');
        let completed = Completed {
            schema: self.schema(of),
            missing,
            drops_empty,
            computed,
        };
        (name.trim_end_matches('?').into(), completed)
    }

    /// Reads `TYPE`, `[TYPE]` or `{TYPE}`.
    fn schema(&self, of: &str) -> Option<Arc<Schema>> {
        let inner = |open: char, close: char| of.strip_prefix(open)?.strip_suffix(close);
        if let Some(item) = inner('[', ']') {
            let kind = ListKind::Atomic;
            let item = self.schema(item)?;
            return Some(Schema::seen(View::List { item, kind }));
        }
        if let Some(value) = inner('{', '}') {
            return self
                .schema(value)
                .map(|value| Schema::seen(View::Map(value)));
        }
        match of {
            "quantity" => Some(Schema::seen(View::Quantity)),
            name => self.types.get(name).cloned(),
        }
    }
}

fn missing(value: &str) -> Missing {
    if let Some(name) = value.strip_prefix('@') {
        return made::function(name).map_or(Missing::Nothing, Missing::Made);
    }
    let stream = read(&Arc::from(value), &Limits::default());
    let document = stream.documents.first();
    document.map_or(Missing::Nothing, |document| {
        Missing::Value(constant(document.root()))
    })
}

/// Returns a value that borrows nothing.
fn constant(node: Node<'_>) -> Value<'static> {
    match node.kind() {
        Kind::Null => Value::Null,
        Kind::Bool => Value::Bool(node.as_bool().unwrap_or_default()),
        Kind::Int => Value::Int(node.as_int().unwrap_or_default()),
        Kind::Float => Value::Double(node.as_float().unwrap_or_default()),
        Kind::Str => Value::string(node.as_str().unwrap_or_default()),
        Kind::Seq => Value::list(node.items().map(constant).collect()),
        Kind::Map => {
            let entries = node.entries();
            let entries = entries.filter_map(|(key, value)| Some((key.as_str()?, constant(value))));
            Value::map(entries)
        }
    }
}
