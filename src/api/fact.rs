//! Facts about single fields: the lines of the tables.

use super::names::Spelling;
use super::quantity::Quantity;
use super::rules;
use crate::finding::{did_you_mean, nearest};
use crate::manifest::Fault;
use crate::schema::{is_cidr, is_duration};
use crate::yaml::{Kind, Node};

/// What holds for a field.
#[derive(Clone, Copy, Debug)]
pub enum Fact {
    /// It must be there, and not be empty: text, list or map.
    Required,
    /// Where it is there, it must not be empty: nothing stands for it.
    Filled,
    /// Its list has at most so many items.
    AtMostItems(usize),
    /// Its text has at most so many bytes.
    AtMostBytes(usize),
    /// Its text, or each item of its list, is one of these.
    OneOf(&'static [&'static str]),
    /// Its number, or each item of its list, is within these bounds, both included.
    Within(i64, i64),
    /// Its number is not below this.
    AtLeast(i64),
    /// It is a port: 1 to 65535.
    Port,
    /// It is a port's number, or a port's name.
    PortOrName,
    /// Its text, or each item of its list, is written like this.
    Spelled(Spelling),
    /// Each key of its map is written like this.
    Keys(Spelling),
    /// Each value of its map is written like this.
    Values(Spelling),
    /// It is a file's mode: 0 to 0777.
    Mode,
    /// It is a quantity, such as `500m` or `2Gi`, not below zero.
    Quantity,
    /// Each value of its map is a quantity that is not below zero.
    Quantities,
    /// It is a number of pods: an integer that is not below zero, or a percentage.
    CountOrPercent,
    /// As [`Fact::CountOrPercent`], and at most 100%.
    CountOrShare,
    /// It is a path from the root.
    AbsolutePath,
    /// It is a path below something: relative, without `..`.
    RelativePath,
    /// Its text, or each item of its list, is a range of addresses.
    Cidr,
    /// Its text, or each item of its list, is an address.
    Address,
    /// It is a duration as Go writes it.
    Duration,
    /// Exactly one of its fields is set: the alternatives exclude each other.
    ExactlyOneOf(&'static [&'static str]),
    /// At most one of its fields is set.
    AtMostOneOf(&'static [&'static str]),
}

/// Checks the facts of a definition against one of its maps. The name `.` stands for the map itself.
pub(super) fn check<'a>(
    facts: &'static [(&'static str, Fact)],
    node: Node<'a>,
    faults: &mut Vec<Fault<'a>>,
) {
    for (field, fact) in facts {
        if *field == "." {
            fact.of_map(node, faults);
            continue;
        }
        match (node.entry(field), fact) {
            (Some((_, value)), Fact::Required) if is_empty(value) => faults.push(
                Fault::new(
                    &rules::REQUIRED,
                    value,
                    format!("`{field}` must not be empty"),
                )
                .help(format!("set `{field}`")),
            ),
            (None, Fact::Required) if !is_told(node, field, faults) => faults.push(
                Fault::new(&rules::REQUIRED, node, format!("`{field}` is missing"))
                    .below(*field)
                    .help(format!("set `{field}` here")),
            ),
            (Some((_, value)), fact) => fact.of_value(value, faults),
            (None, _) => {}
        }
    }
}

/// Tells whether the schema has said already that a field is missing.
fn is_told(node: Node<'_>, field: &str, faults: &[Fault<'_>]) -> bool {
    // The schema's faults about a map come right before those of its facts, which are few.
    let mut told = faults.iter().rev().take(64);
    told.any(|fault| fault.node.index() == node.index() && fault.below.as_deref() == Some(field))
}

/// Tells whether a value says nothing.
pub(super) fn is_empty(node: Node<'_>) -> bool {
    match node.kind() {
        Kind::Null => true,
        Kind::Str => node.as_str() == Some(""),
        Kind::Seq => node.items().len() == 0,
        Kind::Map => node.entries().len() == 0,
        Kind::Bool | Kind::Int | Kind::Float => false,
    }
}

/// Returns a field's value where it says something.
pub(super) fn given<'a>(node: Node<'a>, field: &str) -> Option<Node<'a>> {
    node.get(field).filter(|value| !is_empty(*value))
}

/// Returns a field's text, or nothing where it has none.
pub(super) fn text<'a>(node: Node<'a>, field: &str) -> &'a str {
    node.get(field).and_then(Node::as_str).unwrap_or_default()
}

/// Makes the fault of a field that is missing, or says nothing.
pub(super) fn wanting<'a>(
    node: Node<'a>,
    field: &'static str,
    message: impl Into<String>,
) -> Fault<'a> {
    match node.get(field) {
        Some(value) => Fault::new(&rules::REQUIRED, value, message),
        None => Fault::new(&rules::REQUIRED, node, message).below(field),
    }
}

impl Fact {
    /// Checks the fact against a field, where the map has it.
    pub(super) fn check<'a>(&self, field: &str, map: Node<'a>, faults: &mut Vec<Fault<'a>>) {
        if let Some(value) = map.get(field) {
            self.of_value(value, faults);
        }
    }

    /// Checks the fact against a field's value. To the server an empty text is as good as none, so only [`Fact::Required`]
    /// and [`Fact::Filled`] mind it.
    pub(super) fn of_value<'a>(&self, value: Node<'a>, faults: &mut Vec<Fault<'a>>) {
        if value.as_str() == Some("") && !matches!(self, Self::Filled) {
            return;
        }
        match self {
            Self::Required => {}
            Self::AtMostItems(most) => at_most(*most, value.items().len(), "items", value, faults),
            Self::AtMostBytes(most) => {
                let count = value.as_str().map_or(0, str::len);
                at_most(*most, count, "characters", value, faults);
            }
            Self::Filled => filled(value, faults),
            Self::OneOf(values) => each(value, |item| one_of(values, item, faults)),
            Self::Within(least, greatest) => {
                each(value, |item| within(*least, *greatest, item, faults));
            }
            Self::AtLeast(least) => at_least(*least, value, faults),
            Self::Port => within(1, 65_535, value, faults),
            Self::PortOrName => port_or_name(value, faults),
            Self::Spelled(spelling) => each(value, |item| spelled(*spelling, item, faults)),
            Self::Keys(spelling) => {
                for (key, _) in value.entries() {
                    spelled(*spelling, key, faults);
                }
            }
            Self::Values(spelling) => {
                value
                    .entries()
                    .for_each(|(_, value)| spelled(*spelling, value, faults));
            }
            Self::Mode => mode(value, faults),
            Self::Quantity => quantity(value, faults),
            Self::Quantities => value
                .entries()
                .for_each(|(_, value)| quantity(value, faults)),
            Self::CountOrPercent => count_or_percent(value, faults),
            Self::CountOrShare => count_or_share(value, faults),
            Self::AbsolutePath
            | Self::RelativePath
            | Self::Cidr
            | Self::Address
            | Self::Duration => each(value, |item| self.of_text(item, faults)),
            Self::ExactlyOneOf(_) | Self::AtMostOneOf(_) => self.of_map(value, faults),
        }
    }

    /// Checks a text that is written in a way of its own.
    fn of_text<'a>(&self, value: Node<'a>, faults: &mut Vec<Fault<'a>>) {
        type Fits = fn(&str) -> bool;
        let (fits, rule, message): (Fits, _, _) = match self {
            Self::AbsolutePath => (
                |text| text.starts_with('/'),
                &rules::PATH,
                "this must be a path from the root, which begins with `/`",
            ),
            Self::RelativePath => (
                |text| !text.starts_with('/') && !text.split('/').any(|part| part == ".."),
                &rules::PATH,
                "this must be a path below its folder, without `/` at its beginning and without `..`",
            ),
            Self::Cidr => (
                is_cidr,
                &rules::ADDRESS,
                "this must be a range of addresses such as 10.0.0.0/8",
            ),
            Self::Address => (
                |text| text.parse::<std::net::IpAddr>().is_ok(),
                &rules::ADDRESS,
                "this must be an address such as 10.0.0.1 or 2001:db8::1",
            ),
            Self::Duration => (
                is_duration,
                &rules::FORMAT,
                "this must be a duration such as 1h30m",
            ),
            _ => return,
        };
        written(value, fits, rule, message, faults);
    }

    fn of_map<'a>(&self, map: Node<'a>, faults: &mut Vec<Fault<'a>>) {
        let (fields, needs_one) = match self {
            Self::ExactlyOneOf(fields) => (*fields, true),
            Self::AtMostOneOf(fields) => (*fields, false),
            _ => return,
        };
        if map.kind() != Kind::Map {
            return;
        }
        // In the order of the list, which is the server's: it refuses the later one.
        let set: Vec<Node<'a>> = fields
            .iter()
            .filter_map(|field| map.entry(field))
            .filter(|(_, value)| !value.is_null())
            .map(|(key, _)| key)
            .collect();
        let list = || {
            fields
                .iter()
                .map(|field| format!("`{field}`"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        match set.as_slice() {
            [] if needs_one => faults.push(
                Fault::new(
                    &rules::ALTERNATIVES,
                    map,
                    format!("one of {} is missing", list()),
                )
                .help("set exactly one of them"),
            ),
            [] | [_] => {}
            [first, second, ..] => {
                let (first, name) = (
                    first.as_str().unwrap_or_default(),
                    second.as_str().unwrap_or_default(),
                );
                faults.push(
                    Fault::new(
                        &rules::ALTERNATIVES,
                        *second,
                        format!("`{name}` cannot stand beside `{first}`"),
                    )
                    .help(format!("keep only one of {}", list())),
                );
            }
        }
    }
}

fn filled<'a>(value: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if is_empty(value) && !value.is_null() {
        faults.push(
            Fault::new(&rules::REQUIRED, value, "this must not be empty")
                .help("set it, or remove the field"),
        );
    }
}

fn port_or_name<'a>(value: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    match value.as_str() {
        Some(text) if text.parse::<u32>().is_ok() => {
            let message = "a number in quotes is taken for a port's name";
            faults.push(
                Fault::new(&rules::NAME, value, message).help("write the port without quotes"),
            );
        }
        Some(_) => spelled(Spelling::PortName, value, faults),
        None => within(1, 65_535, value, faults),
    }
}

/// Takes a value, or each item of a list.
fn each<'a>(value: Node<'a>, mut take: impl FnMut(Node<'a>)) {
    if value.kind() == Kind::Seq {
        value.items().for_each(take);
    } else {
        take(value);
    }
}

fn one_of<'a>(values: &'static [&'static str], value: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(text) = value.as_str() else { return };
    if values.contains(&text) {
        return;
    }
    let same = values
        .iter()
        .copied()
        .find(|known| known.eq_ignore_ascii_case(text));
    let near = same.or_else(|| nearest(text, values.iter().copied()));
    let near = did_you_mean(near);
    let message = format!("this is none of the values that it may be{near}");
    let list = values
        .iter()
        .map(|known| format!("`{known}`"))
        .collect::<Vec<_>>()
        .join(", ");
    faults.push(Fault::new(&rules::ENUM, value, message).help(format!("it may be {list}")));
}

fn within<'a>(least: i64, greatest: i64, value: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(number) = value.as_int()
        && !(least..=greatest).contains(&number)
    {
        let message = format!("this must be from {least} to {greatest}, and is {number}");
        faults.push(Fault::new(&rules::RANGE, value, message));
    }
}

fn at_least<'a>(least: i64, value: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(number) = value.as_int()
        && number < least
    {
        let message = format!("this must be at least {least}, and is {number}");
        faults.push(Fault::new(&rules::RANGE, value, message));
    }
}

fn at_most<'a>(
    most: usize,
    count: usize,
    unit: &str,
    value: Node<'a>,
    faults: &mut Vec<Fault<'a>>,
) {
    if count > most {
        let message = format!("this must have at most {most} {unit}, and has {count}");
        faults.push(Fault::new(&rules::RANGE, value, message));
    }
}

pub(super) fn spelled<'a>(spelling: Spelling, value: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(text) = value.as_str() {
        faults.extend(misspelt(spelling, text, value, "this"));
    }
}

/// Says that a text of a node is not written as it must be, and how it is.
pub(super) fn misspelt<'a>(
    spelling: Spelling,
    text: &str,
    node: Node<'a>,
    what: &str,
) -> Option<Fault<'a>> {
    let words = spelling.fault(text)?;
    let fault = Fault::new(&rules::NAME, node, format!("{what} must be {words}"));
    Some(match spelling.corrected(text) {
        Some(corrected) => fault.help(format!("write `{corrected}`")),
        None => fault,
    })
}

fn written<'a>(
    value: Node<'a>,
    fits: impl Fn(&str) -> bool,
    rule: &'static crate::finding::Rule,
    message: &'static str,
    faults: &mut Vec<Fault<'a>>,
) {
    if value.as_str().is_some_and(|text| !fits(text)) {
        faults.push(Fault::new(rule, value, message));
    }
}

fn quantity<'a>(value: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if written_quantity(value, faults).is_some_and(|quantity| quantity.nanos() < 0) {
        faults.push(Fault::new(
            &rules::QUANTITY,
            value,
            "this must not be below zero",
        ));
    }
}

/// Reads a quantity, and says where a text is none.
pub(super) fn written_quantity<'a>(
    value: Node<'a>,
    faults: &mut Vec<Fault<'a>>,
) -> Option<Quantity> {
    let quantity = Quantity::of(value);
    if quantity.is_none() && value.as_str().is_some() {
        faults.push(
            Fault::new(&rules::QUANTITY, value, "this is no quantity")
                .help("write a number with an optional unit: 500m, 2, 128Mi, 1.5Gi, 10G, 1e3"),
        );
    }
    quantity
}

fn mode<'a>(value: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(mode) = value.as_int().filter(|mode| !(0..=0o777).contains(mode)) else {
        return;
    };
    let message = format!("a file's mode is from 0 to 511, which is 0777, and this is {mode}");
    let fault = Fault::new(&rules::RANGE, value, message);
    // `mode: 644` is what people write who mean `0644`.
    let octal = i64::from_str_radix(&mode.to_string(), 8)
        .ok()
        .filter(|octal| (0..=0o777).contains(octal));
    faults.push(match octal {
        Some(octal) => fault.help(format!("for the mode 0{mode} write {octal}")),
        None => fault,
    });
}

/// Checks for a number of pods, or a percentage of at most 100%.
pub(super) fn count_or_share<'a>(value: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    count_or_percent(value, faults);
    if value.as_str().is_some() && amount(value).is_some_and(|percent| percent > 100) {
        faults.push(Fault::new(
            &rules::RANGE,
            value,
            "this must be at most 100%",
        ));
    }
}

/// Returns the figure of a number or percentage, where it is one.
pub(super) fn amount(value: Node<'_>) -> Option<i64> {
    match value.as_str() {
        Some(text) => text.strip_suffix('%')?.parse().ok(),
        None => value.as_int(),
    }
}

fn count_or_percent<'a>(value: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    match value.as_str() {
        Some(text) => {
            let digits = text.strip_suffix('%').unwrap_or_default();
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                let message = "this must be a number of pods, or a percentage such as 25%";
                faults.push(Fault::new(&rules::RANGE, value, message));
            }
        }
        None => at_least(0, value, faults),
    }
}
