//! Values of expressions. Those of manifests are borrowed from their tree.

use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use indexmap::{Equivalent, IndexMap};

use super::library::time::{self, Timestamp};
use super::library::{Opaque, quantity};
use super::types::{ListKind, Schema, View};
use crate::yaml::{Kind, Node};

/// A value of an expression.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An unsigned integer.
    Uint(u64),
    /// A floating-point number.
    Double(f64),
    /// A string.
    String(Text<'a>),
    /// Bytes.
    Bytes(Arc<[u8]>),
    /// A list.
    List(List<'a>),
    /// A map.
    Map(Map<'a>),
    /// A point in time.
    Timestamp(Timestamp),
    /// A length of time, in nanoseconds.
    Duration(i64),
    /// A type, by its name.
    Type(&'static str),
    /// A value, or none.
    Optional(Option<Arc<Value<'a>>>),
    /// A value of a library.
    Opaque(Opaque),
}

/// A string: a part of a document, or shared.
#[derive(Clone, Debug)]
pub enum Text<'a> {
    /// A part of a document.
    Borrowed(&'a str),
    /// Made by an expression.
    Shared(Arc<str>),
}

impl Text<'_> {
    /// Makes a string that borrows nothing.
    pub fn shared(text: &str) -> Self {
        Self::Shared(text.into())
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Shared(text) => text,
        }
    }
}

/// A list: a part of a document, or made by an expression.
#[derive(Clone, Debug)]
pub enum List<'a> {
    /// A part of a document, and what its schema says.
    Node(Node<'a>, Option<&'a Schema>),
    /// Items, and what they have to do with each other.
    Items(Arc<Vec<Value<'a>>>, ListKind),
}

/// A map: a part of a document, or made by an expression.
#[derive(Clone, Debug)]
pub enum Map<'a> {
    /// A part of a document, and what its schema says.
    Node(Node<'a>, Option<&'a Schema>),
    /// Entries: keys with their values.
    Entries(Arc<Entries<'a>>),
}

/// The entries of a map that an expression made: key and value, by the key.
pub type Entries<'a> = IndexMap<Key<'a>, (Value<'a>, Value<'a>)>;

/// A key of a map; numbers that are equal are one key.
#[derive(Clone, Debug)]
pub enum Key<'a> {
    /// A boolean.
    Bool(bool),
    /// An integer of 64 bits, signed or not.
    Number(i128),
    /// A string.
    String(Text<'a>),
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::String(a), Self::String(b)) => **a == **b,
            _ => false,
        }
    }
}

impl Eq for Key<'_> {}

impl Hash for Key<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Bool(value) => value.hash(state),
            Self::Number(value) => value.hash(state),
            Self::String(text) => (**text).hash(state),
        }
    }
}

/// Finds entries by a string that nobody has made a key of.
impl Equivalent<Key<'_>> for str {
    fn equivalent(&self, key: &Key<'_>) -> bool {
        matches!(key, Key::String(text) if **text == *self)
    }
}

impl<'a> Key<'a> {
    /// Returns the key that a value is, where it may be one; a whole floating-point number finds its integer.
    pub(crate) fn of(value: &Value<'a>) -> Option<Self> {
        match value {
            Value::Bool(value) => Some(Self::Bool(*value)),
            Value::Int(value) => Some(Self::Number(i128::from(*value))),
            Value::Uint(value) => Some(Self::Number(i128::from(*value))),
            Value::Double(value) => super::number::whole(*value).map(Self::Number),
            Value::String(text) => Some(Self::String(text.clone())),
            _ => None,
        }
    }
}

impl<'a> Value<'a> {
    /// Makes a string that borrows nothing.
    pub fn string(text: &str) -> Self {
        Self::String(Text::shared(text))
    }

    /// Makes a list.
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(List::Items(Arc::new(items), ListKind::Atomic))
    }

    /// Makes a map with string keys.
    pub fn map<'k>(entries: impl IntoIterator<Item = (&'k str, Self)>) -> Self {
        let entries = entries.into_iter().map(|(key, value)| {
            let text = Text::shared(key);
            (Key::String(text.clone()), (Self::String(text), value))
        });
        Self::Map(Map::Entries(Arc::new(entries.collect())))
    }

    /// Makes a map with string keys that live as long as it does.
    pub fn record(entries: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        let entries = entries.into_iter().map(|(key, value)| {
            let text = Text::Borrowed(key);
            (Key::String(text.clone()), (Self::String(text), value))
        });
        Self::Map(Map::Entries(Arc::new(entries.collect())))
    }

    /// Makes a value that is there.
    pub fn some(value: Self) -> Self {
        Self::Optional(Some(Arc::new(value)))
    }

    /// Returns a node as expressions see it.
    pub fn node(node: Node<'a>) -> Self {
        Self::typed(node, None)
    }

    /// Returns a node as expressions see it along its schema.
    pub fn typed(node: Node<'a>, schema: Option<&'a Schema>) -> Self {
        let view = schema.map(|schema| &schema.view);
        match node.kind() {
            Kind::Null => Self::Null,
            Kind::Bool => Self::Bool(node.as_bool().unwrap_or_default()),
            Kind::Int => match view {
                Some(View::Quantity) => Self::quantity(node),
                Some(View::Double) => Self::Double(node.as_float().unwrap_or_default()),
                _ => Self::Int(node.as_int().unwrap_or_default()),
            },
            Kind::Float if matches!(view, Some(View::Quantity)) => Self::quantity(node),
            Kind::Float => {
                let value = node.as_float().unwrap_or_default();
                match (view, super::number::whole(value).map(i64::try_from)) {
                    (Some(View::Int), Some(Ok(whole))) => Self::Int(whole),
                    _ => Self::Double(value),
                }
            }
            Kind::Str => {
                let text = node.as_str().unwrap_or_default();
                let seen = match view {
                    Some(View::Timestamp) => time::parse_time_or_date(text).map(Self::Timestamp),
                    Some(View::Duration) => time::parse_duration(text).map(Self::Duration),
                    Some(View::Bytes) => time::base64(text).map(Self::Bytes),
                    Some(View::Quantity) => Some(Self::quantity(node)),
                    _ => None,
                };
                seen.unwrap_or(Self::String(Text::Borrowed(text)))
            }
            Kind::Seq => Self::List(List::Node(node, schema)),
            Kind::Map => Self::Map(Map::Node(node, schema)),
        }
    }

    /// Returns a quantity as the API server writes it.
    fn quantity(node: Node<'a>) -> Self {
        let written = match node.as_str() {
            Some(text) => Text::Borrowed(text),
            None => match (node.as_int(), node.as_float()) {
                (Some(whole), _) => Text::shared(&whole.to_string()),
                (None, number) => Text::shared(&number.unwrap_or_default().to_string()),
            },
        };
        Self::String(match quantity::canonical(&written) {
            Some(canonical) if canonical != *written => Text::shared(&canonical),
            _ => written,
        })
    }

    /// Returns the name of the value's type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::String(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Timestamp(_) => "google.protobuf.Timestamp",
            Self::Duration(_) => "google.protobuf.Duration",
            Self::Type(_) => "type",
            Self::Optional(_) => "optional_type",
            Self::Opaque(value) => value.type_name(),
        }
    }

    /// Returns the boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Returns the string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns what finding out the size takes, in work that its cost may not count.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::String(text) => text.len() / 32,
            Self::Map(Map::Node(node, Some(_))) => node.entries().len() / 4,
            _ => 0,
        }
    }

    /// Returns the size that costs are counted by: characters, bytes, items, entries; one for the rest.
    pub(crate) fn size(&self) -> u64 {
        let size = match self {
            Self::String(text) => text.chars().count(),
            Self::Bytes(bytes) => bytes.len(),
            Self::List(list) => list.len(),
            Self::Map(map) => map.len(),
            _ => 1,
        };
        size as u64
    }
}

impl<'a> List<'a> {
    /// Returns the number of items.
    pub fn len(&self) -> usize {
        match self {
            Self::Node(node, _) => node.items().len(),
            Self::Items(items, _) => items.len(),
        }
    }

    /// Tells whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns an item.
    pub fn get(&self, at: usize) -> Option<Value<'a>> {
        match self {
            Self::Node(node, schema) => {
                let item = node.items().nth(at)?;
                Some(Value::typed(
                    item,
                    schema.and_then(Schema::item).map(|schema| &**schema),
                ))
            }
            Self::Items(items, _) => items.get(at).cloned(),
        }
    }

    /// Returns the items.
    pub fn iter(&self) -> Items<'a> {
        match self {
            Self::Node(node, schema) => Items::Node(
                node.items(),
                schema.and_then(Schema::item).map(|schema| &**schema),
            ),
            Self::Items(items, _) => Items::Made(Arc::clone(items), 0),
        }
    }

    /// Returns what its items have to do with each other.
    pub(crate) fn kind(&self) -> ListKind {
        match self {
            Self::Node(
                _,
                Some(Schema {
                    view: View::List { kind, .. },
                    ..
                }),
            )
            | Self::Items(_, kind) => kind.clone(),
            Self::Node(..) => ListKind::Atomic,
        }
    }
}

impl<'a> IntoIterator for &List<'a> {
    type Item = Value<'a>;
    type IntoIter = Items<'a>;

    fn into_iter(self) -> Items<'a> {
        self.iter()
    }
}

/// The items of a list.
#[derive(Debug)]
pub enum Items<'a> {
    /// Of a document.
    Node(crate::yaml::Items<'a>, Option<&'a Schema>),
    /// Of an expression.
    Made(Arc<Vec<Value<'a>>>, usize),
}

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        match self {
            Self::Node(items, schema) => items.next().map(|node| Value::typed(node, *schema)),
            Self::Made(items, at) => {
                let item = items.get(*at).cloned();
                *at += 1;
                item
            }
        }
    }
}

impl<'a> Map<'a> {
    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        match self {
            Self::Node(_, Some(_)) => self.entries().count(),
            Self::Node(node, None) => node.entries().len(),
            Self::Entries(entries) => entries.len(),
        }
    }

    /// Tells whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the value under a string.
    pub fn field(&self, name: &str) -> Option<Value<'a>> {
        match self {
            Self::Node(node, None) => node.get(name).map(Value::node),
            Self::Node(node, Some(schema)) => match &schema.view {
                View::Completed(completion) => completion.field(*node, name),
                _ => seen(schema, name, node.get(name)?),
            },
            Self::Entries(entries) => entries.get(name).map(|(_, value)| value.clone()),
        }
    }

    /// Returns the value under a key.
    pub fn get(&self, key: &Value<'a>) -> Option<Value<'a>> {
        match (self, key) {
            (Self::Entries(entries), key) => {
                entries.get(&Key::of(key)?).map(|(_, value)| value.clone())
            }
            (_, Value::String(name)) => self.field(name),
            _ => None,
        }
    }

    /// Returns the entries.
    pub fn entries(&self) -> Box<dyn Iterator<Item = (Value<'a>, Value<'a>)> + '_> {
        match self {
            Self::Node(
                node,
                Some(Schema {
                    view: View::Completed(completion),
                    ..
                }),
            ) => Box::new(completion.entries(*node)),
            Self::Node(node, schema) => {
                let schema = *schema;
                Box::new(node.entries().filter_map(move |(key, value)| {
                    let name = key.as_str()?;
                    let value = match schema {
                        Some(schema) => seen(schema, name, value)?,
                        None => Value::node(value),
                    };
                    Some((Value::String(Text::Borrowed(name)), value))
                }))
            }
            Self::Entries(entries) => Box::new(entries.values().cloned()),
        }
    }
}

/// Returns the value of a field as its schema lets expressions see it: a `null` that is no value is not there.
fn seen<'a>(schema: &'a Schema, name: &str, value: Node<'a>) -> Option<Value<'a>> {
    match &schema.view {
        View::Object(_) | View::Struct(_) | View::Map(_) => {
            let field = schema.field(name)?;
            (field.nullable || !value.is_null()).then(|| Value::typed(value, Some(field)))
        }
        _ => Some(Value::node(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_fits_a_few_words() {
        assert!(size_of::<Value<'_>>() <= 40, "{}", size_of::<Value<'_>>());
    }
}
