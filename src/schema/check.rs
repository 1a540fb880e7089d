//! Walking an object along its schema.
//!
//! In: a node and the shape it should have. Out: faults, each at the offending key or value.

use std::borrow::Cow;

use serde_json::Value;

use super::history::History;
use super::rules;
use super::shape::{Bounds, Definition, Dialect, Library, ListType, Others, Part, Rules, Shape};
use crate::finding::{Rule, nearest};
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
    let mut walk = Walk {
        library: &library,
        name_of: &|_| "",
        history: &|_, _| None,
        visitor: None,
        faults,
    };
    walk.node(0, Part::Local(0), value);
}

/// A walk along a library.
pub(super) struct Walk<'a, 'w> {
    pub(super) library: &'w Library,
    /// What a definition is called.
    pub(super) name_of: &'w dyn Fn(u32) -> &'static str,
    /// What other versions tell about a field that a definition lacks.
    pub(super) history: &'w dyn Fn(u32, &str) -> Option<History>,
    pub(super) visitor: Option<&'w mut dyn Visitor<'a>>,
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
        let mut seen = 0_usize;
        for (key, value) in node.entries() {
            let name = key.as_str().unwrap_or_default();
            let field = shape
                .fields
                .binary_search_by(|(field, _)| (**field).cmp(name))
                .ok()
                .and_then(|place| shape.fields.get(place));
            if shape.required.iter().any(|required| **required == *name) {
                seen += 1;
            }
            match (field, shape.others) {
                (Some((_, part)), _) => self.node(within, *part, value),
                (None, Others::Fits(part)) => self.node(within, part, value),
                (None, Others::Nothing) if !is_of_every_object(shape, name) => {
                    let owner = self.owner(within, part);
                    let history = match part {
                        Part::Definition(_) => (self.history)(within, name),
                        Part::Local(_) => None,
                    };
                    self.faults.push(match history {
                        Some(history) => of_another_version(history, owner, key),
                        None => unknown_field(shape, owner, node, key),
                    });
                }
                (None, _) => {}
            }
        }
        if seen < shape.required.len() {
            for name in &shape.required {
                if node.get(name).is_none() {
                    let message = format!("`{name}` is missing");
                    let fault = Fault::new(&rules::MISSING_FIELD, node, message)
                        .below(name.to_string())
                        .help(format!("set `{name}` here"));
                    self.faults.push(fault);
                }
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
                self.unique(node, |item, other| item.same_value(other), "is there twice")
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
                self.unique(node, same, &format!("has the same {words} as another item"));
            }
        }
    }

    fn unique(&mut self, list: Node<'a>, same: impl Fn(Node<'_>, Node<'_>) -> bool, what: &str) {
        let items: Vec<Node<'a>> = list.items().collect();
        // Lists of this kind are short: an object may not be larger than a few megabytes, and the server bounds them.
        let most = items.len().min(2_000);
        for (place, item) in items.iter().take(most).enumerate() {
            if items.iter().take(place).any(|other| same(*item, *other)) {
                let message = format!("this item {what}");
                self.faults.push(
                    Fault::new(&rules::DUPLICATE_ITEM, *item, message)
                        .help("remove it, or give it a key of its own"),
                );
            }
        }
    }

    fn rules(&mut self, within: u32, rules: &Rules, node: Node<'a>) {
        if !rules.one_of_values.is_empty()
            && !rules.one_of_values.iter().any(|value| equals(node, value))
        {
            self.faults.push(not_listed(&rules.one_of_values, node));
        }
        self.number(rules, node);
        self.sizes(rules, node);
        if let (Some((text, pattern)), Some(value)) = (&rules.pattern, node.as_str())
            && !pattern.is_match(value)
        {
            let message = format!("this does not match the pattern `{text}`");
            self.faults.push(Fault::new(&rules::PATTERN, node, message));
        }
        for part in &rules.all_of {
            self.node(within, *part, node);
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

    fn fits(&self, within: u32, part: Part, node: Node<'a>) -> bool {
        let mut faults = Vec::new();
        let mut walk = Walk {
            library: self.library,
            name_of: self.name_of,
            history: self.history,
            visitor: None,
            faults: &mut faults,
        };
        walk.node(within, part, node);
        faults.is_empty()
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

fn wrong_kind<'a>(shape: &Shape, node: Node<'a>) -> Fault<'a> {
    let expected = shape.kinds.words();
    let found = match node.kind() {
        Kind::Seq => "a list",
        Kind::Map => "a map",
        Kind::Str => "a string",
        Kind::Bool => "a boolean",
        Kind::Int => "an integer",
        Kind::Float => "a number",
        Kind::Null => "nothing",
    };
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

fn unknown_field<'a>(shape: &Shape, owner: &str, map: Node<'a>, key: Node<'a>) -> Fault<'a> {
    let name = key.as_str().unwrap_or_default();
    let fields = shape.fields.iter().map(|(field, _)| &**field);
    let near = nearest(
        name,
        fields.clone().filter(|field| map.get(field).is_none()),
    );
    let same = fields
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

fn not_listed<'a>(values: &[Value], node: Node<'a>) -> Fault<'a> {
    let words: Vec<Cow<'_, str>> = values
        .iter()
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
    let list = words
        .iter()
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ");
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
