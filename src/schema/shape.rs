//! Schemas, compiled for walking: what a node may be, and what may stand beneath it.
//!
//! In: JSON Schemas as Kubernetes publishes them, and structural schemas of custom resources. Out: a [`Shape`] a node of
//! the schema, in one arena a definition. Definitions refer to each other by number and are compiled when a document
//! first reaches them: most of what a pod may hold no pod ever holds.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::OnceLock;

use regex::Regex;
use serde_json::Value;

use super::format::Format;
use super::pattern::Patterns;
use crate::yaml::Kind;

/// A set of kinds of values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    const ALL: [(Kind, &'static str); 7] = [
        (Kind::Null, "null"),
        (Kind::Bool, "boolean"),
        (Kind::Int, "integer"),
        (Kind::Float, "number"),
        (Kind::Str, "string"),
        (Kind::Seq, "array"),
        (Kind::Map, "object"),
    ];

    /// Returns the set that holds only `kind`.
    pub fn of(kind: Kind) -> Self {
        Self(1 << kind as u8)
    }

    fn named(name: &str) -> Self {
        let kind = Self::ALL.iter().find(|(_, named)| *named == name);
        let kinds = kind.map_or(Self(0), |(kind, _)| Self::of(*kind));
        // An integer is a number.
        if name == "number" {
            kinds.with(Self::of(Kind::Int))
        } else {
            kinds
        }
    }

    fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Tells whether the set holds a kind.
    pub fn has(self, kind: Kind) -> bool {
        self.0 & Self::of(kind).0 != 0
    }

    /// Tells whether nothing was said: every kind is allowed.
    pub fn is_any(self) -> bool {
        self.0 == 0
    }

    /// Returns the kinds in words: `a string or an integer`.
    pub fn words(self) -> String {
        let number = self.has(Kind::Float);
        let words: Vec<&str> = [
            (Kind::Map, "a map"),
            (Kind::Seq, "a list"),
            (Kind::Str, "a string"),
            (Kind::Bool, "a boolean"),
            (Kind::Float, "a number"),
            (Kind::Int, "an integer"),
        ]
        .into_iter()
        .filter(|(kind, _)| self.has(*kind) && !(number && *kind == Kind::Int))
        .map(|(_, word)| word)
        .collect();
        words.join(" or ")
    }
}

/// Where a part of a schema is: in the same definition, or another definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A shape of this definition.
    Local(u32),
    /// The root of another definition.
    Definition(u32),
}

/// What a map may hold beyond its fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Others {
    /// Anything.
    #[default]
    Anything,
    /// Nothing: a key that is no field is unknown.
    Nothing,
    /// Whatever fits.
    Fits(Part),
}

/// What the items of a list have to do with each other (`x-kubernetes-list-type`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ListType {
    /// Nothing.
    #[default]
    Atomic,
    /// No item stands there twice.
    Set,
    /// No two items have the same values under these keys.
    Map(Vec<Box<str>>),
}

/// What one node may be.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    /// The kinds of values; `null` is not among them, it stands for a field that is left out.
    pub kinds: Kinds,
    /// Whether `null` is a value of its own (`nullable` in a custom resource's schema).
    pub nullable: bool,
    /// Fields by name, sorted.
    pub fields: Vec<(Box<str>, Part)>,
    /// Fields that must be there.
    pub required: Vec<Box<str>>,
    /// What a map may hold beyond its fields.
    pub others: Others,
    /// What the items of a list must fit.
    pub items: Option<Part>,
    /// What the items of a list have to do with each other.
    pub list_type: ListType,
    /// How a string or number is written.
    pub format: Option<Format>,
    /// What else holds, where anything does.
    pub rules: Option<Box<Rules>>,
    /// Whether the map is a Kubernetes object of its own, with `apiVersion`, `kind` and `metadata`.
    pub embedded_resource: bool,
    /// The value that the API server fills in where the field is left out.
    pub default: Option<Box<Value>>,
}

/// A pattern as it is written, and compiled, or why it is not checked.
pub(super) type Pattern = (Box<str>, Result<Regex, Box<str>>);

/// The value validations of a shape (JSON Schema's, as far as a structural schema may use them).
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The values that it may be.
    pub one_of_values: Vec<Value>,
    /// The first of them in words.
    pub listed: Box<str>,
    /// Those that are texts.
    pub texts: HashSet<Box<str>>,
    /// Whether all of them are.
    pub only_texts: bool,
    /// Its smallest value, and whether that itself is refused.
    pub minimum: Option<(f64, bool)>,
    /// Its largest value, and whether that itself is refused.
    pub maximum: Option<(f64, bool)>,
    /// What it must be a multiple of.
    pub multiple_of: Option<f64>,
    /// Its length in characters.
    pub length: Bounds,
    /// The number of items.
    pub items: Bounds,
    /// The number of entries.
    pub entries: Bounds,
    /// What its text must match, as written and compiled, or why it is not checked.
    pub pattern: Option<Pattern>,
    /// All of these must hold.
    pub all_of: Vec<Part>,
    /// At least one of these must hold.
    pub any_of: Vec<Part>,
    /// Exactly one of these must hold.
    pub one_of: Vec<Part>,
    /// This must not hold.
    pub not: Option<Part>,
}

/// A least and a greatest number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// The least.
    pub least: Option<u64>,
    /// The greatest.
    pub greatest: Option<u64>,
}

/// Whose schema it is, which decides what an unknown field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Kubernetes' own: what is refused is said (`additionalProperties: false`).
    Published,
    /// A structural schema of a custom resource: what is not named is pruned, which is refused here.
    Structural,
    /// A part of `allOf`, `anyOf`, `oneOf` or `not` in a structural schema: it names no fields, it only narrows them.
    Narrowing,
}

/// A definition: a schema with everything that stands in it.
#[derive(Clone, Debug, Default)]
pub struct Definition {
    shapes: Vec<Shape>,
    patterns: Patterns,
    /// How many parts of `allOf`, `anyOf`, `oneOf` and `not` there are.
    parts: usize,
}

/// How many parts of `allOf`, `anyOf`, `oneOf` and `not` a definition may have: real ones have hundreds.
const MOST_PARTS: usize = 50_000;

/// How a schema is compiled.
#[derive(Clone, Copy)]
struct Compiler<'a> {
    dialect: Dialect,
    resolve: &'a dyn Fn(&str) -> Option<u32>,
}

impl Definition {
    /// Compiles a schema; `resolve` finds the number of a definition that a `$ref` names.
    pub fn compile(
        schema: &Value,
        dialect: Dialect,
        resolve: &dyn Fn(&str) -> Option<u32>,
    ) -> Self {
        let mut definition = Self::default();
        definition.add(schema, Compiler { dialect, resolve });
        definition
    }

    /// Compiles the schema of a whole custom resource, which need not name what every object has.
    /// `schemas` is the number of those that share what may be spent on patterns.
    pub fn compile_object(schema: &Value, dialect: Dialect, schemas: usize) -> Self {
        let mut definition = Self {
            patterns: Patterns::of(schemas),
            ..Self::default()
        };
        definition.add(
            schema,
            Compiler {
                dialect,
                resolve: &|_| None,
            },
        );
        if let Some(root) = definition.shapes.first_mut() {
            root.embedded_resource = true;
        }
        definition.open_metadata(0);
        definition
    }

    /// Whatever a custom resource's schema says of `metadata`, its fields are those of every object.
    fn open_metadata(&mut self, object: usize) {
        let fields = self.shapes.get(object).map(|shape| shape.fields.as_slice());
        let metadata = fields
            .into_iter()
            .flatten()
            .find(|(name, _)| **name == *"metadata");
        if let Some((_, Part::Local(number))) = metadata.cloned()
            && let Some(shape) = self.shapes.get_mut(number as usize)
        {
            shape.others = Others::Anything;
        }
    }

    /// Tells whether the schema has so many alternatives that it was not compiled to its end.
    fn is_too_large(&self) -> bool {
        self.parts > MOST_PARTS
    }

    /// Returns a shape of this definition, the root being 0.
    pub fn shape(&self, number: u32) -> Option<&Shape> {
        self.shapes.get(number as usize)
    }

    fn add(&mut self, schema: &Value, compiler: Compiler<'_>) -> Part {
        let text = |key: &str| schema.get(key).and_then(Value::as_str);
        if let Some(reference) = text("$ref")
            && let Some(number) = reference.rsplit('/').next().and_then(compiler.resolve)
        {
            if self.shapes.is_empty() {
                // A definition that only stands for another: its own shape must still be the first.
                self.shapes.push(Shape {
                    rules: Some(Box::new(Rules {
                        all_of: vec![Part::Definition(number)],
                        ..Rules::default()
                    })),
                    ..Shape::default()
                });
                return Part::Local(0);
            }
            return Part::Definition(number);
        }
        let at = self.shapes.len();
        self.shapes.push(Shape::default());
        let flag = |key: &str| schema.get(key) == Some(&Value::Bool(true));
        let mut shape = Shape {
            kinds: kinds(schema),
            nullable: flag("nullable"),
            required: strings(schema.get("required")),
            // Of Kubernetes' own lists the server checks some by itself (the `api` rules know which), for the rest a merge
            // key need not be unique.
            list_type: match compiler.dialect {
                Dialect::Structural => list_type(schema),
                Dialect::Published | Dialect::Narrowing => ListType::Atomic,
            },
            format: text("format").and_then(Format::named),
            embedded_resource: flag("x-kubernetes-embedded-resource"),
            default: schema.get("default").cloned().map(Box::new),
            ..Shape::default()
        };
        if let Some(Value::Object(properties)) = schema.get("properties") {
            let mut fields: Vec<(Box<str>, Part)> = properties
                .iter()
                .map(|(name, inner)| (name.as_str().into(), self.add(inner, compiler)))
                .collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            shape.fields = fields;
        }
        shape.others = self.others(schema, shape.kinds, compiler);
        shape.items = schema
            .get("items")
            .filter(|items| items.is_object())
            .map(|items| self.add(items, compiler));
        shape.rules = self.rules(schema, compiler).map(Box::new);
        let embedded = shape.embedded_resource;
        if let Some(place) = self.shapes.get_mut(at) {
            *place = shape;
        }
        if embedded {
            self.open_metadata(at);
        }
        Part::Local(u32::try_from(at).unwrap_or(u32::MAX))
    }

    fn others(&mut self, schema: &Value, kinds: Kinds, compiler: Compiler<'_>) -> Others {
        let kept = schema.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(true));
        let pruned = compiler.dialect == Dialect::Structural && !kept && kinds.has(Kind::Map);
        match schema.get("additionalProperties") {
            Some(Value::Bool(false)) => Others::Nothing,
            Some(inner @ Value::Object(_)) => Others::Fits(self.add(inner, compiler)),
            None if pruned => Others::Nothing,
            _ => Others::Anything,
        }
    }

    /// Adds a part of `allOf`, `anyOf`, `oneOf` or `not`, unless there are too many.
    fn part(&mut self, schema: &Value, compiler: Compiler<'_>) -> Option<Part> {
        self.parts += 1;
        (!self.is_too_large()).then(|| self.add(schema, compiler))
    }

    fn rules(&mut self, schema: &Value, compiler: Compiler<'_>) -> Option<Rules> {
        if !VALIDATIONS.iter().any(|key| schema.get(key).is_some()) {
            return None;
        }
        let narrowing = Compiler {
            dialect: match compiler.dialect {
                Dialect::Published => Dialect::Published,
                Dialect::Structural | Dialect::Narrowing => Dialect::Narrowing,
            },
            ..compiler
        };
        let mut all = |key: &str| -> Vec<Part> {
            let parts = schema.get(key).and_then(Value::as_array);
            let parts = parts.into_iter().flatten();
            parts
                .map_while(|inner| self.part(inner, narrowing))
                .collect()
        };
        // Alternatives that only name types are told by `kinds`.
        let mut unless_types = |key: &str| {
            if only_types(schema.get(key)) {
                Vec::new()
            } else {
                all(key)
            }
        };
        let (one_of, any_of) = (unless_types("oneOf"), unless_types("anyOf"));
        let all_of = all("allOf");
        let not = schema
            .get("not")
            .and_then(|inner| self.part(inner, narrowing));
        let pattern = schema.get("pattern").and_then(Value::as_str);
        let values = schema.get("enum").and_then(Value::as_array);
        let values = values.cloned().unwrap_or_default();
        let texts: HashSet<Box<str>> = strings(schema.get("enum")).into_iter().collect();
        let only_texts = !values.is_empty() && values.iter().all(Value::is_string);
        Some(Rules {
            listed: listed(&values).into(),
            one_of_values: values,
            texts,
            only_texts,
            minimum: limit(schema, "minimum", "exclusiveMinimum"),
            maximum: limit(schema, "maximum", "exclusiveMaximum"),
            multiple_of: schema.get("multipleOf").and_then(Value::as_f64),
            length: bounds(schema, "minLength", "maxLength"),
            items: bounds(schema, "minItems", "maxItems"),
            entries: bounds(schema, "minProperties", "maxProperties"),
            pattern: pattern.map(|text| (text.into(), self.patterns.compile(text))),
            all_of,
            any_of,
            one_of,
            not,
        })
    }
}

/// The keywords of [`Rules`].
const VALIDATIONS: &[&str] = &[
    "enum",
    "minimum",
    "maximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "pattern",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "exclusiveMinimum",
    "exclusiveMaximum",
];

/// Definitions that are compiled when they are first needed.
pub struct Library {
    definitions: Box<[OnceLock<Definition>]>,
    compile: Box<dyn Fn(u32) -> Definition + Send + Sync>,
}

impl std::fmt::Debug for Library {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Library({})", self.definitions.len())
    }
}

impl Library {
    /// Makes a library of so many definitions.
    pub fn new(count: usize, compile: impl Fn(u32) -> Definition + Send + Sync + 'static) -> Self {
        Self {
            definitions: std::iter::repeat_with(OnceLock::new).take(count).collect(),
            compile: Box::new(compile),
        }
    }

    /// Tells whether a definition has so many alternatives that nothing is checked by it.
    pub fn is_too_large(&self, number: u32) -> bool {
        let definition = self.definitions.get(number as usize);
        definition.is_some_and(|definition| {
            let definition = definition.get_or_init(|| (self.compile)(number));
            definition.is_too_large()
        })
    }

    /// Returns a shape and the number of its definition; `within` is the definition that a local part is of.
    pub fn shape(&self, within: u32, part: Part) -> Option<(u32, &Shape)> {
        let (number, shape) = match part {
            Part::Local(shape) => (within, shape),
            Part::Definition(number) => (number, 0),
        };
        let definition = self.definitions.get(number as usize)?;
        let definition = definition.get_or_init(|| (self.compile)(number));
        Some((number, definition.shape(shape)?))
    }
}

/// Lists the first of some values; who made the schema may have made them many and long.
fn listed(values: &[Value]) -> String {
    const MOST: usize = 50;
    const LONGEST: usize = 200;
    let words = values.iter().take(MOST).map(|value| {
        let word = value
            .as_str()
            .map_or_else(|| value.to_string().into(), Cow::from);
        match word.get(..word.floor_char_boundary(LONGEST)) {
            Some(head) if head.len() < word.len() => format!("`{head}…`"),
            _ => format!("`{word}`"),
        }
    });
    let list = words.collect::<Vec<_>>().join(", ");
    match values.len().checked_sub(MOST) {
        None | Some(0) => list,
        Some(more) => format!("{list} and {more} more"),
    }
}

fn bounds(schema: &Value, least: &str, greatest: &str) -> Bounds {
    Bounds {
        least: schema.get(least).and_then(Value::as_u64),
        greatest: schema.get(greatest).and_then(Value::as_u64),
    }
}

/// Returns a limit, and whether it is itself refused.
fn limit(schema: &Value, key: &str, exclusive: &str) -> Option<(f64, bool)> {
    let value = schema.get(key).and_then(Value::as_f64)?;
    Some((value, schema.get(exclusive) == Some(&Value::Bool(true))))
}

fn kinds(schema: &Value) -> Kinds {
    let mut kinds = match schema.get("type") {
        Some(Value::String(name)) => Kinds::named(name),
        Some(Value::Array(names)) => names
            .iter()
            .filter_map(Value::as_str)
            .filter(|name| *name != "null")
            .map(Kinds::named)
            .fold(Kinds::default(), Kinds::with),
        _ => Kinds::default(),
    };
    if schema.get("x-kubernetes-int-or-string") == Some(&Value::Bool(true)) {
        kinds = Kinds::of(Kind::Int).with(Kinds::of(Kind::Str));
    }
    for key in ["oneOf", "anyOf"] {
        if kinds.is_any() && only_types(schema.get(key)) {
            let parts = schema.get(key).and_then(Value::as_array);
            kinds = parts
                .into_iter()
                .flatten()
                .map(self::kinds)
                .fold(kinds, Kinds::with);
        }
    }
    kinds
}

/// Tells whether alternatives name types and nothing else, as those of quantities and of ports do.
fn only_types(parts: Option<&Value>) -> bool {
    let parts = parts.and_then(Value::as_array);
    parts.is_some_and(|parts| {
        parts.iter().all(|part| {
            part.as_object()
                .is_some_and(|part| part.len() == 1 && part.contains_key("type"))
        })
    })
}

fn strings(value: Option<&Value>) -> Vec<Box<str>> {
    let items = value.and_then(Value::as_array);
    items
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(Into::into)
        .collect()
}

fn list_type(schema: &Value) -> ListType {
    match schema.get("x-kubernetes-list-type").and_then(Value::as_str) {
        Some("set") => ListType::Set,
        Some("map") => ListType::Map(strings(schema.get("x-kubernetes-list-map-keys"))),
        _ => ListType::Atomic,
    }
}
