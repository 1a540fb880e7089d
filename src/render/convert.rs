//! Engine values to nodes of the tree.

use minijinja::Value;
use minijinja::value::ValueKind;

use super::recorder::{Printed, YamlText, plain_text};
use super::scope::Collection;
use crate::yaml::{Builder, Node, OriginId, Place};

/// How deep a value may nest: as deep as the YAML reader lets text nest.
pub(super) const DEPTH: usize = 100;

/// Why a value cannot become YAML.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    NotFinite,
    TooDeep,
    Bytes,
    Undefined,
    /// A map key that is not a string, number or boolean.
    Key,
    /// A map or list inside captured text.
    CollectionInText,
    /// Something that templates compute with but YAML does not know.
    Foreign,
}

impl Unfit {
    pub(super) fn message(&self) -> &'static str {
        match self {
            Self::NotFinite => {
                "a number that is infinite or not a number has no place in a manifest"
            }
            Self::TooDeep => "the value nests more than 100 levels deep",
            Self::Bytes => "bytes have no place in a manifest",
            Self::Undefined => "the value holds something undefined",
            Self::Key => "a map key must be a string, a number or a boolean",
            Self::CollectionInText => "a map or list cannot be part of a text",
            Self::Foreign => {
                "this is no value: it is a function, a macro or a namespace of the template"
            }
        }
    }
}

/// Turns engine values into nodes.
pub(super) struct Converter<'a, 'o> {
    /// What the marks in captured text stand for.
    pub(super) printed: &'a [Printed],
    /// Gives the origin of a node of the values; without a node, that of the expression alone.
    pub(super) origin: &'o mut dyn FnMut(Option<usize>) -> Option<OriginId>,
}

impl Converter<'_, '_> {
    /// Adds a value, all of its nodes at `place`; each with the origin of its own.
    pub(super) fn add(
        &mut self,
        value: &Value,
        node: Option<usize>,
        place: Place,
        out: &mut Builder,
    ) -> Result<(), Unfit> {
        self.nested(value, node, place, out, 0)
    }

    fn nested(
        &mut self,
        value: &Value,
        node: Option<usize>,
        place: Place,
        out: &mut Builder,
        depth: usize,
    ) -> Result<(), Unfit> {
        if depth > DEPTH {
            return Err(Unfit::TooDeep);
        }
        if let Some(yaml) = value.downcast_object_ref::<YamlText>() {
            return self.nested(&yaml.value, node, place, out, depth + 1);
        }
        if let Some(collection) = value.downcast_object_ref::<Collection>() {
            collection.used_whole(|node| self.copy(node, place, out));
            return Ok(());
        }
        let place = Place {
            origin: (self.origin)(node).or(place.origin),
            ..place
        };
        match value.kind() {
            ValueKind::None => out.null(place),
            ValueKind::Bool => out.bool(value.is_true(), place),
            ValueKind::Number => number(value, place, out)?,
            ValueKind::String => {
                let text = plain_text(self.printed, value.as_str().unwrap_or_default());
                out.str(&text.or(Err(Unfit::CollectionInText))?, place);
            }
            ValueKind::Seq | ValueKind::Iterable => {
                out.begin_seq(place);
                for item in value.try_iter().or(Err(Unfit::Foreign))? {
                    self.nested(&item, None, place, out, depth + 1)?;
                }
                out.end(None);
            }
            ValueKind::Map => {
                out.begin_map(place);
                for key in value.try_iter().or(Err(Unfit::Foreign))? {
                    let item = value.get_item(&key).or(Err(Unfit::Foreign))?;
                    out.str(&key_text(&key)?, place);
                    self.nested(&item, None, place, out, depth + 1)?;
                }
                out.end(None);
            }
            ValueKind::Undefined => return Err(Unfit::Undefined),
            ValueKind::Bytes => return Err(Unfit::Bytes),
            _ => return Err(Unfit::Foreign),
        }
        Ok(())
    }

    /// Copies a node of the values, each node with its own origin.
    fn copy(&mut self, node: Node<'_>, place: Place, out: &mut Builder) {
        let here = Place {
            origin: (self.origin)(Some(node.index())).or(place.origin),
            ..place
        };
        match node.kind() {
            crate::yaml::Kind::Map => {
                out.begin_map(here);
                for (key, value) in node.entries() {
                    // A key stands where its value was set.
                    let key_place = Place {
                        origin: (self.origin)(Some(value.index())).or(place.origin),
                        ..place
                    };
                    out.copy(key, Some(key_place));
                    self.copy(value, place, out);
                }
                out.end(None);
            }
            crate::yaml::Kind::Seq => {
                out.begin_seq(here);
                node.items().for_each(|item| self.copy(item, place, out));
                out.end(None);
            }
            _ => out.copy(node, Some(here)),
        }
    }
}

fn number(value: &Value, place: Place, out: &mut Builder) -> Result<(), Unfit> {
    if value.is_integer()
        && let Ok(int) = i64::try_from(value.clone())
    {
        out.int(int, place);
        return Ok(());
    }
    let float = f64::try_from(value.clone()).or(Err(Unfit::NotFinite))?;
    if !float.is_finite() {
        return Err(Unfit::NotFinite);
    }
    out.float(float, place);
    Ok(())
}

fn key_text(key: &Value) -> Result<String, Unfit> {
    match key.kind() {
        ValueKind::String | ValueKind::Bool | ValueKind::Number => Ok(key.to_string()),
        _ => Err(Unfit::Key),
    }
}
