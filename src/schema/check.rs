//! Walking an object along its schema.
//!
//! In: a node and the shape it should have. Out: faults, each at the offending key or value.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};

use serde_json::Value;

use super::history::History;
use super::rules;
use super::shape::{Bounds, Definition, Dialect, Library, ListType, Others, Part, Rules, Shape};
use crate::finding::{Rule, Severity, nearest};
use crate::manifest::Fault;
use crate::yaml::{Kind, Node};

/// What else looks at the maps of an object, as the walk meets them.
pub trait Visitor<'a> {
    /// Takes a map that is of a definition.
    fn visit(&mut self, definition: u32, node: Node<'a>, faults: &mut Vec<Fault<'a>>);

    /// Takes the object as a whole, whoever's its schema is.
    fn object(&mut self, faults: &mut Vec<Fault<'a>>);

    /// Says why there is no schema for the object's kind, where it knows.
    fn without_schema(&mut self) -> Option<Fault<'a>>;
}

/// Checks a value, such as a default, by the structural schema that it stands in.
pub fn check_value<'a>(schema: Value, value: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let library = Library::new(1, move |_| {
        Definition::compile(&schema, Dialect::Structural, &|_| None)
    });
    let effort = Effort::default();
    let mut walk = Walk {
        library: &library,
        name_of: &|_| "",
        history: &|_, _| None,
        visitor: None,
        effort: &effort,
        faults,
    };
    walk.node(0, Part::Local(0), value);
}

/// What may still be done for one object: alternatives of alternatives, and names that are near to each of many others,
/// would take for ever where somebody means harm.
#[derive(Debug)]
pub(super) struct Effort {
    /// So many values may be tried for an alternative.
    trials: Cell<u32>,
    /// So many names may be compared.
    guesses: Cell<usize>,
    /// Whether it was told that there are no more trials.
    told: Cell<bool>,
}

impl Default for Effort {
    fn default() -> Self {
        Self {
            trials: Cell::new(2_000_000),
            guesses: Cell::new(100_000),
            told: Cell::new(false),
        }
    }
}

impl Effort {
    /// Tells whether so many names may still be compared.
    fn may_guess(&self, names: usize) -> bool {
        let left = self.guesses.get().checked_sub(names);
        self.guesses.set(left.unwrap_or_default());
        left.is_some()
    }
}

/// The longest list of names that is told.
const MOST_NAMES: usize = 50;

/// The keys of a map, to be looked up however many there are.
struct Keys<'a> {
    map: Node<'a>,
    known: OnceCell<HashSet<&'a str>>,
}

impl<'a> Keys<'a> {
    fn of(map: Node<'a>) -> Self {
        Self {
            map,
            known: OnceCell::new(),
        }
    }

    fn has(&self, name: &str) -> bool {
        if self.map.entries().len() <= 16 {
            return self.map.get(name).is_some();
        }
        let keys = || {
            let keys = self.map.entries();
            keys.filter_map(|(key, _)| key.as_str()).collect()
        };
        self.known.get_or_init(keys).contains(name)
    }
}

/// A walk along a library.
pub(super) struct Walk<'a, 'w> {
    pub(super) library: &'w Library,
    /// What a definition is called.
    pub(super) name_of: &'w dyn Fn(u32) -> &'static str,
    /// What other versions tell about a field that a definition lacks.
    pub(super) history: &'w dyn Fn(u32, &str) -> Option<History>,
    pub(super) visitor: Option<&'w mut dyn Visitor<'a>>,
    pub(super) effort: &'w Effort,
    pub(super) faults: &'w mut Vec<Fault<'a>>,
}

impl<'a> Walk<'a, '_> {
    /// Checks a node against a part of the library.
    pub(super) fn node(&mut self, within: u32, part: Part, node: Node<'a>) {
        let Some((within, shape)) = self.library.shape(within, part) else {
            return;
        };
        // `null` stands for a field that is left out: it is dropped before anybody looks, or decoded to nothing.
        if node.is_null() {
            return;
        }
        let kind = kind_on_the_wire(node);
        if !shape.kinds.is_any() && !shape.kinds.has(kind) {
            self.faults.push(wrong_kind(shape, node));
            return;
        }
        match kind {
            Kind::Map => {
                self.map(within, part, shape, node);
                if let (Part::Definition(number), Some(visitor)) = (part, self.visitor.as_mut()) {
                    visitor.visit(number, node, self.faults);
                }
            }
            Kind::Seq => self.list(within, shape, node),
            _ => {}
        }
        if let Some(format) = shape.format
            && !format.holds(node)
        {
            let fault = Fault::new(
                &rules::FORMAT,
                node,
                format!("this is not {}", format.words()),
            );
            self.faults.push(fault);
        }
        if let Some(rules) = &shape.rules {
            self.rules(within, rules, node);
        }
    }

    fn map(&mut self, within: u32, part: Part, shape: &Shape, node: Node<'a>) {
        let keys = Keys::of(node);
        for (key, value) in node.entries() {
            let name = key.as_str().unwrap_or_default();
            let field = shape
                .fields
                .binary_search_by(|(field, _)| (**field).cmp(name))
                .ok()
                .and_then(|place| shape.fields.get(place));
            match (field, shape.others) {
                (Some((_, part)), _) => self.node(within, *part, value),
                (None, Others::Fits(part)) => self.node(within, part, value),
                (None, Others::Nothing) if !is_of_every_object(shape, name) => {
                    let owner = self.owner(within, part);
                    let history = match part {
                        Part::Definition(_) => (self.history)(within, name),
                        Part::Local(_) => None,
                    };
                    let fault = if let Some(history) = history {
                        of_another_version(history, owner, key)
                    } else {
                        let may_guess = self.effort.may_guess(shape.fields.len());
                        unknown_field(shape, owner, &keys, key, may_guess)
                    };
                    self.faults.push(fault);
                }
                (None, _) => {}
            }
        }
        for name in &shape.required {
            if !keys.has(name) {
                let message = format!("`{name}` is missing");
                let fault = Fault::new(&rules::MISSING_FIELD, node, message)
                    .below(name.to_string())
                    .help(format!("set `{name}` here"));
                self.faults.push(fault);
            }
        }
    }

    /// Names what a map is, where that is a definition with a name.
    fn owner(&self, within: u32, part: Part) -> &'static str {
        match part {
            Part::Definition(_) => (self.name_of)(within),
            Part::Local(_) => "",
        }
    }

    fn list(&mut self, within: u32, shape: &Shape, node: Node<'a>) {
        if let Some(part) = shape.items {
            for item in node.items() {
                self.node(within, part, item);
            }
        }
        match &shape.list_type {
            ListType::Atomic => {}
            ListType::Set => {
                let state = RandomState::new();
                let hash = |item: Node<'_>| item.value_hash(&state);
                // A method's name would tie the lifetimes of the two.
                let same = |item: Node<'_>, other: Node<'_>| -> bool { item.same_value(other) };
                self.unique(node, hash, same, "is there twice");
            }
            ListType::Map(keys) => {
                let words = keys
                    .iter()
                    .map(|key| format!("`{key}`"))
                    .collect::<Vec<_>>()
                    .join(" and ");
                let same = |item: Node<'_>, other: Node<'_>| {
                    keys.iter()
                        .all(|key| match (item.get(key), other.get(key)) {
                            (Some(item), Some(other)) => item.same_value(other),
                            (item, other) => item.is_none() && other.is_none(),
                        })
                };
                let state = RandomState::new();
                let hash = |item: Node<'_>| {
                    let values = keys.iter().map(|key| item.get(key));
                    values.fold(0, |before, value| {
                        let value = value.map(|value| value.value_hash(&state));
                        state.hash_one((before, value))
                    })
                };
                let message = format!("has the same {words} as another item");
                self.unique(node, hash, same, &message);
            }
        }
    }

    fn unique(
        &mut self,
        list: Node<'a>,
        hash: impl Fn(Node<'_>) -> u64,
        same: impl Fn(Node<'_>, Node<'_>) -> bool,
        what: &str,
    ) {
        // The first of each kind, by hash.
        let mut firsts: HashMap<u64, Vec<Node<'a>>> = HashMap::new();
        for item in list.items() {
            let alike = firsts.entry(hash(item)).or_default();
            if alike.iter().any(|other| same(item, *other)) {
                let message = format!("this item {what}");
                self.faults.push(
                    Fault::new(&rules::DUPLICATE_ITEM, item, message)
                        .help("remove it, or give it a key of its own"),
                );
            } else {
                alike.push(item);
            }
        }
    }

    fn rules(&mut self, within: u32, rules: &Rules, node: Node<'a>) {
        let values = &rules.one_of_values;
        let text = node.as_str().filter(|_| rules.only_texts);
        if !values.is_empty()
            && !text.is_some_and(|text| rules.texts.contains(text))
            && (text.is_some() || !values.iter().any(|value| equals(node, value)))
        {
            let may_guess = self.effort.may_guess(values.len());
            self.faults.push(not_listed(values, node, may_guess));
        }
        self.number(rules, node);
        self.sizes(rules, node);
        self.pattern(rules, node);
        for part in &rules.all_of {
            self.node(within, *part, node);
        }
        let nested = !rules.any_of.is_empty() || !rules.one_of.is_empty() || rules.not.is_some();
        if nested && self.effort.trials.get() == 0 {
            if !self.effort.told.replace(true) {
                let message = "the schema has too many alternatives: here and in what follows they are not checked";
                self.faults
                    .push(Fault::new(&rules::ALTERNATIVES, node, message));
            }
            return;
        }
        let fits = |part: &Part| self.fits(within, *part, node);
        if !rules.any_of.is_empty() && !rules.any_of.iter().any(fits) {
            let message = "this fits none of the alternatives that the schema gives";
            self.faults
                .push(Fault::new(&rules::ALTERNATIVES, node, message));
        }
        if !rules.one_of.is_empty() {
            let count = rules
                .one_of
                .iter()
                .filter(|part| self.fits(within, **part, node))
                .count();
            if count != 1 {
                let message = if count == 0 {
                    "this fits none of the alternatives that the schema gives"
                } else {
                    "this fits more than one of the alternatives that the schema gives"
                };
                self.faults
                    .push(Fault::new(&rules::ALTERNATIVES, node, message));
            }
        }
        if rules.not.is_some_and(|part| self.fits(within, part, node)) {
            let message = "this is what the schema says it must not be";
            self.faults
                .push(Fault::new(&rules::ALTERNATIVES, node, message));
        }
    }

    fn pattern(&mut self, rules: &Rules, node: Node<'a>) {
        match (&rules.pattern, node.as_str()) {
            (Some((text, Ok(pattern))), Some(value)) if !pattern.is_match(value) => {
                let message = format!("this does not match the pattern `{text}`");
                self.faults.push(Fault::new(&rules::PATTERN, node, message));
            }
            (Some((_, Err(why))), Some(_)) => {
                let message = format!("the pattern that the schema gives is not checked: {why}");
                let fault = Fault::new(&rules::PATTERN, node, message).severity(Severity::Note);
                self.faults.push(fault);
            }
            _ => {}
        }
    }

    fn fits(&self, within: u32, part: Part, node: Node<'a>) -> bool {
        let Some(left) = self.effort.trials.get().checked_sub(1) else {
            return true;
        };
        self.effort.trials.set(left);
        let mut faults = Vec::new();
        let mut walk = Walk {
            library: self.library,
            name_of: self.name_of,
            history: self.history,
            visitor: None,
            effort: self.effort,
            faults: &mut faults,
        };
        walk.node(within, part, node);
        // What is only a note is no misfit.
        faults.iter().all(|fault| fault.severity == Severity::Note)
    }

    fn number(&mut self, rules: &Rules, node: Node<'a>) {
        let Some(value) = node.as_float() else { return };
        let mut refuse =
            |message: String| self.faults.push(Fault::new(&rules::RANGE, node, message));
        if let Some((least, open)) = rules.minimum
            && (value < least || open && value <= least)
        {
            refuse(format!(
                "this must be {} {least}",
                if open { "more than" } else { "at least" }
            ));
        }
        if let Some((greatest, open)) = rules.maximum
            && (value > greatest || open && value >= greatest)
        {
            refuse(format!(
                "this must be {} {greatest}",
                if open { "less than" } else { "at most" }
            ));
        }
        if let Some(unit) = rules.multiple_of
            && unit != 0.0
            && (value / unit).fract().abs() > f64::EPSILON
        {
            refuse(format!("this must be a multiple of {unit}"));
        }
    }

    fn sizes(&mut self, rules: &Rules, node: Node<'a>) {
        let length = |text: &str| text.chars().count() as u64;
        let size = match node.kind() {
            Kind::Str => node
                .as_str()
                .map(|text| (length(text), rules.length, "character")),
            Kind::Seq => Some((node.items().len() as u64, rules.items, "item")),
            Kind::Map => Some((node.entries().len() as u64, rules.entries, "entry")),
            _ => None,
        };
        let Some((size, Bounds { least, greatest }, unit)) = size else {
            return;
        };
        let mut refuse = |bound: u64, words: &str| {
            let message = format!(
                "this must have {words} {}, and has {size}",
                count(bound, unit)
            );
            self.faults.push(Fault::new(&rules::RANGE, node, message));
        };
        if let Some(least) = least.filter(|least| size < *least) {
            refuse(least, "at least");
        }
        if let Some(greatest) = greatest.filter(|greatest| size > *greatest) {
            refuse(greatest, "at most");
        }
    }
}

/// Returns a value's kind as JSON carries it: `80.0` goes over the wire as `80`.
fn kind_on_the_wire(node: Node<'_>) -> Kind {
    match node.kind() {
        Kind::Float
            if node
                .as_float()
                .is_some_and(|value| value.fract() == 0.0 && value.abs() < 9e15) =>
        {
            Kind::Int
        }
        kind => kind,
    }
}

/// Tells whether a key belongs to every object, whatever its schema says.
fn is_of_every_object(shape: &Shape, name: &str) -> bool {
    shape.embedded_resource && matches!(name, "apiVersion" | "kind" | "metadata")
}

/// Says what a node is.
pub(super) fn kind_words(node: Node<'_>) -> &'static str {
    match node.kind() {
        Kind::Seq => "a list",
        Kind::Map => "a map",
        Kind::Str => "a string",
        Kind::Bool => "a boolean",
        Kind::Int => "an integer",
        Kind::Float => "a number",
        Kind::Null => "nothing",
    }
}

fn wrong_kind<'a>(shape: &Shape, node: Node<'a>) -> Fault<'a> {
    let expected = shape.kinds.words();
    let found = kind_words(node);
    let fault = Fault::new(
        &rules::TYPE,
        node,
        format!("this must be {expected}, and is {found}"),
    );
    match (node.kind(), node.as_str()) {
        (Kind::Int | Kind::Float | Kind::Bool, _) if shape.kinds.has(Kind::Str) => {
            fault.help("put it in quotes")
        }
        (_, Some(text)) if text.parse::<i64>().is_ok() && shape.kinds.has(Kind::Int) => {
            fault.help("write it without quotes")
        }
        (_, Some("true" | "false")) if shape.kinds.has(Kind::Bool) => {
            fault.help("write it without quotes")
        }
        _ => fault,
    }
}

fn of_another_version<'a>(history: History, owner: &str, key: Node<'a>) -> Fault<'a> {
    let name = key.as_str().unwrap_or_default();
    Fault::new(
        &rules::UNKNOWN_FIELD,
        key,
        format!("`{name}` of {owner} {history}"),
    )
    .help(history.help())
}

fn unknown_field<'a>(
    shape: &Shape,
    owner: &str,
    keys: &Keys<'_>,
    key: Node<'a>,
    may_guess: bool,
) -> Fault<'a> {
    let name = key.as_str().unwrap_or_default();
    let fields = shape.fields.iter().map(|(field, _)| &**field);
    let guesses = fields.clone().take(if may_guess { usize::MAX } else { 0 });
    let near = nearest(name, guesses.clone().filter(|field| !keys.has(field)));
    let same = guesses
        .clone()
        .find(|field| field.eq_ignore_ascii_case(name));
    let of = if owner.is_empty() {
        String::new()
    } else {
        format!(" of {owner}")
    };
    let message = match same.or(near) {
        Some(near) => format!("`{name}` is no field{of}; did you mean `{near}`?"),
        None => format!("`{name}` is no field{of}"),
    };
    let fault = Fault::new(&rules::UNKNOWN_FIELD, key, message);
    match shape.fields.len() {
        0 => fault.help("remove it: nothing may stand here"),
        count if count <= 12 => {
            let known = fields
                .map(|field| format!("`{field}`"))
                .collect::<Vec<_>>()
                .join(", ");
            fault.help(format!(
                "remove it, or correct its name or indentation; there are {known}"
            ))
        }
        _ => fault.help("remove it, or correct its name or indentation"),
    }
}

fn not_listed<'a>(values: &[Value], node: Node<'a>, may_guess: bool) -> Fault<'a> {
    let looked_at = if may_guess { values.len() } else { MOST_NAMES };
    let words: Vec<Cow<'_, str>> = values
        .iter()
        .take(looked_at)
        .map(|value| {
            value
                .as_str()
                .map_or_else(|| value.to_string().into(), Cow::from)
        })
        .collect();
    let near = node.as_str().and_then(|text| {
        let known = words.iter().map(|word| &**word);
        let same = known.clone().find(|word| word.eq_ignore_ascii_case(text));
        same.or_else(|| nearest(text, known))
    });
    let mut list = words
        .iter()
        .take(MOST_NAMES)
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ");
    if let Some(more) = values.len().checked_sub(MOST_NAMES + 1) {
        list = format!("{list} and {} more", more + 1);
    }
    let rule: &'static Rule = &rules::ENUM;
    let fault = match near {
        Some(near) => Fault::new(
            rule,
            node,
            format!("this is none of the values that it may be; did you mean `{near}`?"),
        ),
        None => Fault::new(rule, node, "this is none of the values that it may be"),
    };
    fault.help(format!("it may be {list}"))
}

fn equals(node: Node<'_>, value: &Value) -> bool {
    match value {
        Value::Null => node.is_null(),
        Value::Bool(value) => node.as_bool() == Some(*value),
        Value::Number(number) => node.as_float().is_some() && node.as_float() == number.as_f64(),
        Value::String(text) => node.as_str() == Some(text),
        Value::Array(_) | Value::Object(_) => crate::yaml::to_json(node) == *value,
    }
}

fn count(number: u64, unit: &str) -> String {
    match (number, unit) {
        (1, unit) => format!("1 {unit}"),
        (number, "entry") => format!("{number} entries"),
        (number, unit) => format!("{number} {unit}s"),
    }
}
