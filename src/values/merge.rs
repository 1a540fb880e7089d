//! Merging layers: maps deep, lists and scalars replace, `null` removes.

use indexmap::IndexMap;

use super::{ValueOrigin, Values};
use crate::source::{FileId, Location, Span};
use crate::yaml::{Builder, Document, Kind, Node, OriginId, Place};

/// One values file as it was read.
#[derive(Clone, Debug)]
pub struct Layer {
    /// The file.
    pub file: FileId,
    /// Its one document; its root is a map, or `null` for an empty file.
    pub document: Document,
}

/// Merges layers, the lowest first.
///
/// The order of keys is that of their first appearance. A `null` in a map removes the key, whatever lower layers
/// said; inside lists, which replace as a whole, a `null` is an item like any other.
pub fn merge(layers: &[Layer]) -> Values {
    let mut root = Merged::empty();
    for layer in layers {
        root.put(layer.file, None, layer.document.root());
    }
    let mut flat = Flat {
        builder: Builder::new("".into()),
        origins: Vec::new(),
    };
    flat.add(&root);
    Values::new(flat.builder.finish(), flat.origins)
}

/// A value and where it was set.
#[derive(Debug)]
struct Merged<'a> {
    content: Content<'a>,
    origin: Option<ValueOrigin>,
}

#[derive(Debug)]
enum Content<'a> {
    Map(IndexMap<&'a str, Merged<'a>>),
    Whole(FileId, Node<'a>),
}

impl<'a> Merged<'a> {
    fn empty() -> Self {
        Self {
            content: Content::Map(IndexMap::new()),
            origin: None,
        }
    }

    fn new(file: FileId, key: Option<Span>, node: Node<'a>, overrode: Vec<Location>) -> Self {
        let origin = Some(ValueOrigin {
            file,
            key,
            value: node.span(),
            overrode,
        });
        if node.kind() != Kind::Map {
            return Self {
                content: Content::Whole(file, node),
                origin,
            };
        }
        let mut merged = Self {
            content: Content::Map(IndexMap::new()),
            origin,
        };
        merged.put_entries(file, node);
        merged
    }

    /// Lays a node of a higher layer over this value.
    fn put(&mut self, file: FileId, key: Option<Span>, node: Node<'a>) {
        if node.kind() == Kind::Map && matches!(self.content, Content::Map(_)) {
            self.put_entries(file, node);
        } else if !node.is_null() {
            let overrode = self.places();
            *self = Self::new(file, key, node, overrode);
        }
    }

    fn put_entries(&mut self, file: FileId, node: Node<'a>) {
        let Content::Map(map) = &mut self.content else {
            return;
        };
        for (key, value) in node.entries() {
            let Some(name) = key.as_str() else { continue };
            if value.is_null() {
                map.shift_remove(name);
            } else if let Some(lower) = map.get_mut(name) {
                lower.put(file, Some(key.span()), value);
            } else {
                map.insert(name, Self::new(file, Some(key.span()), value, Vec::new()));
            }
        }
    }

    /// Returns this value's place and those it overrode, the nearest first.
    fn places(&self) -> Vec<Location> {
        let Some(origin) = &self.origin else {
            return Vec::new();
        };
        std::iter::once(origin.location())
            .chain(origin.overrode.iter().cloned())
            .collect()
    }
}

/// The tree being flattened, with the table of origins.
struct Flat {
    builder: Builder,
    origins: Vec<ValueOrigin>,
}

impl Flat {
    fn place(&mut self, origin: Option<&ValueOrigin>) -> Place {
        let id = origin.map(|origin| {
            self.origins.push(origin.clone());
            OriginId::new(self.origins.len() - 1)
        });
        Place {
            span: origin.map_or_else(Span::default, |origin| origin.value),
            origin: id,
        }
    }

    fn add(&mut self, merged: &Merged<'_>) {
        match &merged.content {
            Content::Map(map) => {
                let place = self.place(merged.origin.as_ref());
                self.builder.begin_map(place);
                for (key, value) in map {
                    let span = value
                        .origin
                        .as_ref()
                        .and_then(|origin| origin.key)
                        .unwrap_or_default();
                    self.builder.str(key, Place::new(span));
                    self.add(value);
                }
                self.builder.end(None);
            }
            Content::Whole(file, node) => {
                let overrode = merged
                    .origin
                    .as_ref()
                    .map(|origin| origin.overrode.clone())
                    .unwrap_or_default();
                let key = merged.origin.as_ref().and_then(|origin| origin.key);
                self.whole(*file, key, *node, overrode);
            }
        }
    }

    /// Adds a scalar or a list of one file, every node with its own origin.
    fn whole(&mut self, file: FileId, key: Option<Span>, node: Node<'_>, overrode: Vec<Location>) {
        let place = self.place(Some(&ValueOrigin {
            file,
            key,
            value: node.span(),
            overrode,
        }));
        match node.kind() {
            Kind::Map => {
                self.builder.begin_map(place);
                for (name, value) in node.entries() {
                    self.builder
                        .str(name.as_str().unwrap_or_default(), Place::new(name.span()));
                    self.whole(file, Some(name.span()), value, Vec::new());
                }
                self.builder.end(None);
            }
            Kind::Seq => {
                self.builder.begin_seq(place);
                for item in node.items() {
                    self.whole(file, None, item, Vec::new());
                }
                self.builder.end(None);
            }
            _ => self.builder.copy(node, Some(place)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::source::SourceMap;
    use crate::yaml::{Limits, read, to_json};

    /// What merging means, in a few lines.
    fn model(lower: &Value, upper: &Value) -> Value {
        match (lower, upper) {
            (Value::Object(lower), Value::Object(upper)) => {
                let mut merged = lower.clone();
                for (key, value) in upper {
                    if value.is_null() {
                        merged.shift_remove(key);
                    } else {
                        let below = merged.get(key).cloned().unwrap_or_else(|| json!({}));
                        let below = if value.is_object() && below.is_object() {
                            below
                        } else {
                            json!({})
                        };
                        let value = if value.is_object() {
                            model(&below, value)
                        } else {
                            value.clone()
                        };
                        merged.insert(key.clone(), value);
                    }
                }
                Value::Object(merged)
            }
            (_, upper) => upper.clone(),
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[a-z é:#-]{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("[a-d]", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect::<Map<_, _>>())),
            ]
        })
    }

    fn any_map() -> impl Strategy<Value = Value> {
        prop::collection::btree_map("[a-d]", any_value(), 0..4)
            .prop_map(|map| Value::Object(map.into_iter().collect::<Map<_, _>>()))
    }

    fn merged(layers: &[Value]) -> (SourceMap, Values) {
        let mut sources = SourceMap::new();
        let layers: Vec<Layer> = layers
            .iter()
            .enumerate()
            .map(|(number, layer)| {
                let file = sources.add(format!("values/{number}.yaml"), layer.to_string());
                let mut documents = read(sources.file(file).text(), &Limits::default()).documents;
                Layer {
                    file,
                    document: documents.remove(0),
                }
            })
            .collect();
        let values = merge(&layers);
        (sources, values)
    }

    proptest! {
        #[test]
        fn merging_follows_the_model(layers in prop::collection::vec(any_map(), 1..4)) {
            let expected = layers.iter().fold(json!({}), |lower, upper| model(&lower, upper));
            let (_, values) = merged(&layers);
            prop_assert_eq!(to_json(values.tree().root()), expected);
        }

        #[test]
        fn a_layer_laid_over_itself_changes_nothing(layer in any_map()) {
            let (_, once) = merged(std::slice::from_ref(&layer));
            let (_, twice) = merged(&[layer.clone(), layer, json!({})]);
            prop_assert!(once.tree().root().same_value(twice.tree().root()));
        }

        #[test]
        fn every_origin_is_the_text_of_its_value(layers in prop::collection::vec(any_map(), 1..4)) {
            let (sources, values) = merged(&layers);
            for index in 1..values.tree().len() {
                let node = values.tree().node(index).unwrap();
                let Some(origin) = values.origin(node) else { continue };
                let text = sources.file(origin.file).slice(origin.value);
                if !node.is_collection() {
                    let read: Value = serde_json::from_str(text).unwrap();
                    prop_assert_eq!(to_json(node), read);
                }
                if let Some(key) = origin.key {
                    let key: String = serde_json::from_str(sources.file(origin.file).slice(key)).unwrap();
                    prop_assert!(values.path(index).ends_with(&key));
                }
            }
        }
    }

    #[test]
    fn a_path_leads_from_the_root_to_a_node_and_back() {
        let layer = json!({"a": {"b.c": 1, "": [2, [3, {"d": {}}]]}, "é": true});
        let (_, values) = merged(&[layer]);
        let tree = values.tree();
        let paths: Vec<String> = (0..tree.len()).map(|index| values.path(index)).collect();
        let expected = [
            "",
            "a",
            "a",
            "a.b.c",
            "a.b.c",
            "a.",
            "a.",
            "a.[0]",
            "a.[1]",
            "a.[1][0]",
            "a.[1][1]",
            "a.[1][1].d",
            "a.[1][1].d",
            "é",
            "é",
        ];
        assert_eq!(paths, expected);
        assert_eq!(values.path(tree.len()), "");
    }

    #[test]
    fn paths_of_wide_maps_cost_no_more_than_those_of_small_ones() {
        let wide: Map<String, Value> = (0..20_000)
            .map(|at| (format!("k{at}"), at.into()))
            .collect();
        let (_, values) = merged(&[Value::Object(wide)]);
        let last = (0..values.tree().len())
            .map(|index| values.path(index))
            .last();
        assert_eq!(last.as_deref(), Some("k19999"));
    }

    #[test]
    fn a_value_knows_what_it_overrode() {
        let (sources, values) = merged(&[json!({"a": 1}), json!({"a": 2}), json!({"a": 3})]);
        let node = values.find("a").unwrap();
        let origin = values.origin(node).unwrap();
        let paths = |file| sources.file(file).path().to_string();
        assert_eq!(paths(origin.file), "values/2.yaml");
        let overrode: Vec<_> = origin
            .overrode
            .iter()
            .map(|place| paths(place.file))
            .collect();
        assert_eq!(overrode, ["values/1.yaml", "values/0.yaml"]);
    }
}
