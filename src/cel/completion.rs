//! Maps as the API server completes them before anybody sees them: with the fields that it fills in, without those that
//! say nothing.
//!
//! A completed map is a view of a node: nothing is copied, and what is written keeps its place.

use std::collections::HashSet;
use std::sync::Arc;

use super::types::{Schema, View};
use super::value::{Text, Value};
use crate::yaml::{Kind, Node};

/// Up to here entries are looked for one by one.
const FEW: usize = 32;

/// What the API server does to a map.
#[derive(Clone, Debug, Default)]
pub struct Completion {
    /// Sorted by name.
    fields: Vec<(Box<str>, Completed)>,
    /// How entries are seen that are no fields.
    others: Option<Arc<Schema>>,
}

/// What the API server does to a field.
#[derive(Clone, Debug, Default)]
pub struct Completed {
    /// How its value is seen.
    pub schema: Option<Arc<Schema>>,
    /// What stands there where nothing is written.
    pub missing: Missing,
    /// Whether it is left out where it is empty, zero or false.
    pub drops_empty: bool,
    /// What makes its value of the map that holds it, whether it is written or not.
    pub computed: Option<Make>,
}

/// Makes the value of a field of the map that holds it.
pub type Make = for<'a> fn(Node<'a>) -> Option<Value<'a>>;

/// What stands in the place of a field that is not written.
#[derive(Clone, Debug, Default)]
pub enum Missing {
    /// Nothing.
    #[default]
    Nothing,
    /// A value.
    Value(Value<'static>),
    /// What the map that lacks it makes it.
    Made(Make),
}

impl Missing {
    fn value<'a>(&self, owner: Node<'a>) -> Option<Value<'a>> {
        match self {
            Self::Nothing => None,
            Self::Value(value) => Some(value.clone()),
            Self::Made(make) => make(owner),
        }
    }
}

impl Completion {
    /// Makes a completion of fields, and of what entries are that are none.
    pub fn new(mut fields: Vec<(Box<str>, Completed)>, others: Option<Arc<Schema>>) -> Self {
        fields.sort_by(|a, b| a.0.cmp(&b.0));
        Self { fields, others }
    }

    /// Returns what is done to a field.
    pub fn get(&self, name: &str) -> Option<&Completed> {
        let found = self
            .fields
            .binary_search_by(|(field, _)| (**field).cmp(name));
        let found = found.ok().and_then(|place| self.fields.get(place));
        found.map(|(_, field)| field)
    }

    /// Returns a value that is written, unless the API server leaves it out.
    fn written<'a>(&'a self, field: Option<&'a Completed>, value: Node<'a>) -> Option<Value<'a>> {
        let schema = field.map_or(self.others.as_deref(), |field| field.schema.as_deref());
        let nullable = schema.is_some_and(|schema| schema.nullable);
        let drops = field.is_some_and(|field| field.drops_empty);
        if value.is_null() && !nullable || drops && is_empty(value) {
            return None;
        }
        Some(Value::typed(value, schema))
    }

    /// Returns the value of a field of a map.
    pub(super) fn field<'a>(&'a self, owner: Node<'a>, name: &str) -> Option<Value<'a>> {
        let field = self.get(name);
        if let Some(compute) = field.and_then(|field| field.computed) {
            return compute(owner);
        }
        let written = owner.get(name).and_then(|value| self.written(field, value));
        written.or_else(|| field?.missing.value(owner))
    }

    /// Returns the entries of a map: those that are written, then those that are filled in.
    pub(super) fn entries<'a>(
        &'a self,
        owner: Node<'a>,
    ) -> impl Iterator<Item = (Value<'a>, Value<'a>)> {
        let written = owner.entries().filter_map(move |(key, value)| {
            let name = key.as_str()?;
            let field = self.get(name);
            let value = match field.and_then(|field| field.computed) {
                Some(compute) => compute(owner)?,
                None => self.written(field, value)?,
            };
            Some((Value::String(Text::Borrowed(name)), value))
        });
        // Maps are short but for hostile ones.
        let names: Option<HashSet<&str>> = (owner.entries().len() > FEW).then(|| {
            let visible = owner.entries().filter_map(|(key, value)| {
                let name = key.as_str()?;
                let field = self.get(name);
                let is_computed = field.is_some_and(|field| field.computed.is_some());
                (is_computed || self.written(field, value).is_some()).then_some(name)
            });
            visible.collect()
        });
        let filled = self.fields.iter().filter_map(move |(name, field)| {
            if matches!(field.missing, Missing::Nothing) && field.computed.is_none() {
                return None;
            }
            let is_written = match &names {
                Some(names) => names.contains(&**name),
                None => owner
                    .get(name)
                    .and_then(|value| self.written(Some(field), value))
                    .is_some(),
            };
            if is_written {
                return None;
            }
            let value = match field.computed {
                Some(compute) => compute(owner)?,
                None => field.missing.value(owner)?,
            };
            Some((Value::String(Text::Borrowed(name)), value))
        });
        written.chain(filled)
    }
}

/// Tells whether a value is what Go takes for none.
fn is_empty(node: Node<'_>) -> bool {
    match node.kind() {
        Kind::Null => true,
        Kind::Bool => node.as_bool() == Some(false),
        Kind::Int => node.as_int() == Some(0),
        Kind::Float => node.as_float() == Some(0.0),
        Kind::Str => node.as_str() == Some(""),
        Kind::Seq => node.items().len() == 0,
        Kind::Map => node.entries().len() == 0,
    }
}

impl Schema {
    /// Makes the schema of what is seen in a way, whose size nobody asks for.
    pub fn seen(view: View) -> Arc<Self> {
        Arc::new(Self {
            view,
            nullable: false,
            most: u64::MAX,
            least_bytes: 1,
        })
    }
}
