//! Walking an object along its schema.
//!
//! In: a node and the shape it should have. Out: faults, each at the offending key or value.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use serde_json::Value;

use super::effort::Effort;
use super::history::History;
use super::rules;
use super::shape::{Bounds, Definition, Dialect, Library, ListType, Others, Part, Rules, Shape};
use super::words::{count, not_listed, of_another_version, unknown_field, wrong_kind};
use crate::finding::Severity;
use crate::manifest::Fault;
use crate::yaml::{Kind, Lookup, Node};

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
pub(crate) fn check_value<'a>(
    schema: Value,
    value: Node<'a>,
    effort: &Effort,
    faults: &mut Vec<Fault<'a>>,
) {
    let library = Library::new(1, move |_| {
        Definition::compile(&schema, Dialect::Structural, &|_| None)
    });
    check_by(&library, value, effort, faults);
}

/// Checks a value by the one definition of a library.
pub(super) fn check_by<'a>(
    library: &Library,
    value: Node<'a>,
    effort: &Effort,
    faults: &mut Vec<Fault<'a>>,
) {
    if library.is_too_large(0) {
        faults.extend(effort.give_up(value));
        return;
    }
    let mut walk = Walk {
        library,
        name_of: &|_| "",
        history: &|_, _| None,
        visitor: None,
        effort,
        answer: Answer::Told(faults),
    };
    walk.node(0, Part::Local(0), value);
}

/// What a walk is for.
pub(super) enum Answer<'a, 'w> {
    /// To tell every fault.
    Told(&'w mut Vec<Fault<'a>>),
    /// To know whether a node fits.
    Fits(bool),
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
    pub(super) answer: Answer<'a, 'w>,
}

impl<'a> Walk<'a, '_> {
    /// Checks a node against a part of the library.
    pub(super) fn node(&mut self, within: u32, part: Part, node: Node<'a>) {
        let Some((within, shape)) = self.library.shape(within, part) else {
            return;
        };
        // `null` stands for a field that is left out: it is dropped before anybody looks, or decoded to nothing.
        if node.is_null() || self.is_misfit() || !self.take(1, node) {
            return;
        }
        let kind = node.kind();
        if !shape.kinds.is_any() && !shape.kinds.has(kind) {
            self.refuse(|| wrong_kind(shape, node));
            return;
        }
        match kind {
            Kind::Map => {
                self.map(within, part, shape, node);
                if let (Part::Definition(number), Some(visitor), Answer::Told(faults)) =
                    (part, self.visitor.as_mut(), &mut self.answer)
                {
                    visitor.visit(number, node, faults);
                }
            }
            Kind::Seq => self.list(within, shape, node),
            _ => {}
        }
        if let Some(format) = shape.format
            && self.may_read(node, 1)
            && !format.holds(node)
        {
            self.refuse(|| {
                let message = format!("this is not {}", format.words());
                Fault::new(&rules::FORMAT, node, message)
            });
        }
        if let Some(rules) = &shape.rules {
            self.rules(within, rules, node);
        }
    }

    /// Tells whether it is known that the node does not fit, and nothing more is asked.
    fn is_misfit(&self) -> bool {
        matches!(self.answer, Answer::Fits(false))
    }

    /// Takes steps; where none are left, says so.
    fn take(&mut self, steps: usize, node: Node<'a>) -> bool {
        let taken = self.effort.take(steps);
        if !taken && let Answer::Told(faults) = &mut self.answer {
            faults.extend(self.effort.give_up(node));
        }
        taken
    }

    /// Tells whether a text may be read so many times.
    fn may_read(&mut self, node: Node<'a>, times: usize) -> bool {
        let length = node.as_str().map_or(0, str::len);
        self.take(times * (length / 64), node)
    }

    /// Says that a node does not fit.
    fn refuse(&mut self, fault: impl FnOnce() -> Fault<'a>) {
        match &mut self.answer {
            Answer::Told(faults) => {
                if self.effort.may_tell() {
                    faults.push(fault());
                }
            }
            Answer::Fits(fits) => *fits = false,
        }
    }

    fn map(&mut self, within: u32, part: Part, shape: &Shape, node: Node<'a>) {
        let keys = Lookup::new(node);
        for (key, value) in node.entries() {
            if self.is_misfit() {
                return;
            }
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
                    let (owner, effort, history) =
                        (self.owner(within, part), self.effort, self.history);
                    self.refuse(|| {
                        let history = match part {
                            Part::Definition(_) => history(within, name),
                            Part::Local(_) => None,
                        };
                        if let Some(history) = history {
                            of_another_version(history, owner, key)
                        } else {
                            let may_guess = effort.may_guess(shape.fields.len());
                            unknown_field(shape, owner, &keys, key, may_guess)
                        }
                    });
                }
                (None, _) => {}
            }
        }
        if !self.take(shape.required.len(), node) {
            return;
        }
        for name in &shape.required {
            if self.is_misfit() {
                return;
            }
            if !keys.has(name) {
                self.refuse(|| {
                    Fault::new(&rules::MISSING_FIELD, node, format!("`{name}` is missing"))
                        .below(name.to_string())
                        .help(format!("set `{name}` here"))
                });
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
                if self.is_misfit() {
                    return;
                }
                self.node(within, part, item);
            }
        }
        // Each item is read as a whole.
        let nodes = node.end_index().saturating_sub(node.index());
        match &shape.list_type {
            ListType::Set if self.take(nodes, node) => {
                let state = RandomState::new();
                let hash = |item: Node<'_>| item.value_hash(&state);
                // A method's name would tie the lifetimes of the two.
                let same = |item: Node<'_>, other: Node<'_>| -> bool { item.same_value(other) };
                self.unique(node, hash, same, "is there twice");
            }
            ListType::Map(keys) if self.take(nodes.saturating_mul(keys.len() / 8 + 1), node) => {
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
            ListType::Atomic | ListType::Set | ListType::Map(_) => {}
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
                self.refuse(|| {
                    let message = format!("this item {what}");
                    Fault::new(&rules::DUPLICATE_ITEM, item, message)
                        .help("remove it, or give it a key of its own")
                });
            } else {
                alike.push(item);
            }
        }
    }

    fn rules(&mut self, within: u32, rules: &Rules, node: Node<'a>) {
        if !self.is_listed(rules, node) {
            let effort = self.effort;
            self.refuse(|| {
                let may_guess = effort.may_guess(rules.one_of_values.len());
                not_listed(rules, node, may_guess)
            });
        }
        self.number(rules, node);
        self.sizes(rules, node);
        self.pattern(rules, node);
        for part in &rules.all_of {
            self.node(within, *part, node);
        }
        if !self.is_misfit() {
            self.alternatives(within, rules, node);
        }
    }

    fn alternatives(&mut self, within: u32, rules: &Rules, node: Node<'a>) {
        let any = rules.any_of.is_empty()
            || rules
                .any_of
                .iter()
                .any(|part| self.fits(within, *part, node));
        let one = rules.one_of.iter();
        let fitting = one
            .filter(|part| self.fits(within, **part, node))
            .take(2)
            .count();
        let refused = rules.not.is_some_and(|part| self.fits(within, part, node));
        // Where the steps were spent in between, nobody knows.
        if self.effort.is_spent() {
            self.take(1, node);
            return;
        }
        let mut refuse =
            |message: &str| self.refuse(|| Fault::new(&rules::ALTERNATIVES, node, message));
        if !any {
            refuse("this fits none of the alternatives that the schema gives");
        }
        match (rules.one_of.is_empty(), fitting) {
            (true, _) | (_, 1) => {}
            (_, 0) => refuse("this fits none of the alternatives that the schema gives"),
            _ => refuse("this fits more than one of the alternatives that the schema gives"),
        }
        if refused {
            refuse("this is what the schema says it must not be");
        }
    }

    /// Tells whether a node is one of the values that it may be; so are all where nothing is said.
    fn is_listed(&mut self, rules: &Rules, node: Node<'a>) -> bool {
        let values = &rules.one_of_values;
        if values.is_empty() || node.as_str().is_some_and(|text| rules.texts.contains(text)) {
            return true;
        }
        if rules.only_texts && node.as_str().is_some() {
            return false;
        }
        let nodes = node.end_index().saturating_sub(node.index());
        if !self.take((nodes * values.len()).div_ceil(4), node) {
            return true;
        }
        let json = OnceCell::new();
        values.iter().any(|value| equals(node, value, &json))
    }

    fn pattern(&mut self, rules: &Rules, node: Node<'a>) {
        let (Some((text, pattern)), Some(value)) = (&rules.pattern, node.as_str()) else {
            return;
        };
        match (pattern, &mut self.answer) {
            (Ok(pattern), _) => {
                if self.may_read(node, 8) && !pattern.is_match(value) {
                    self.refuse(|| {
                        let message = format!("this does not match the pattern `{text}`");
                        Fault::new(&rules::PATTERN, node, message)
                    });
                }
            }
            // What is only a note is no misfit.
            (Err(_), Answer::Fits(_)) => {}
            (Err(why), Answer::Told(_)) => self.refuse(|| {
                let message = format!("the pattern that the schema gives is not checked: {why}");
                Fault::new(&rules::PATTERN, node, message).severity(Severity::Note)
            }),
        }
    }

    fn fits(&self, within: u32, part: Part, node: Node<'a>) -> bool {
        let mut walk = Walk {
            library: self.library,
            name_of: self.name_of,
            history: self.history,
            visitor: None,
            effort: self.effort,
            answer: Answer::Fits(true),
        };
        walk.node(within, part, node);
        matches!(walk.answer, Answer::Fits(true))
    }

    fn number(&mut self, rules: &Rules, node: Node<'a>) {
        let Some(value) = node.as_float() else { return };
        let mut refuse = |message: String| self.refuse(|| Fault::new(&rules::RANGE, node, message));
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
        let Rules {
            length,
            items,
            entries,
            ..
        } = rules;
        if [length, items, entries]
            .iter()
            .all(|bounds| **bounds == Bounds::default())
            || !self.may_read(node, 1)
        {
            return;
        }
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
            self.refuse(|| Fault::new(&rules::RANGE, node, message));
        };
        if let Some(least) = least.filter(|least| size < *least) {
            refuse(least, "at least");
        }
        if let Some(greatest) = greatest.filter(|greatest| size > *greatest) {
            refuse(greatest, "at most");
        }
    }
}

/// Tells whether a key belongs to every object, whatever its schema says.
fn is_of_every_object(shape: &Shape, name: &str) -> bool {
    shape.embedded_resource && matches!(name, "apiVersion" | "kind" | "metadata")
}

/// Tells whether a node is a value; `json` keeps what the node is as JSON, once somebody has asked.
fn equals(node: Node<'_>, value: &Value, json: &OnceCell<Value>) -> bool {
    match value {
        Value::Null => node.is_null(),
        Value::Bool(value) => node.as_bool() == Some(*value),
        Value::Number(number) => node.as_float().is_some() && node.as_float() == number.as_f64(),
        Value::String(text) => node.as_str() == Some(text),
        Value::Array(_) | Value::Object(_) => {
            node.is_collection() && json.get_or_init(|| crate::yaml::to_json(node)) == value
        }
    }
}
