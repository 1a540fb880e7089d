//! Facts about single fields: the lines of the tables.

use super::names::Spelling;
use super::rules;
use crate::finding::nearest;
use crate::manifest::Fault;
use crate::schema::{is_cidr, is_duration};
use crate::yaml::{Kind, Node};

/// What holds for a field.
#[derive(Clone, Copy, Debug)]
pub enum Fact {
    /// It must be there, and not be empty: text, list or map.
    Required,
    /// Its text, or each item of its list, is one of these.
    OneOf(&'static [&'static str]),
    /// Its number is within these bounds, both included.
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
    /// It is a quantity, such as `500m` or `2Gi`, not below zero.
    Quantity,
    /// Each value of its map is a quantity that is not below zero.
    Quantities,
    /// It is a number of pods: an integer that is not below zero, or a percentage.
    CountOrPercent,
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
                Fault::new(&rules::REQUIRED, value, format!("`{field}` must not be empty"))
                    .help(format!("set `{field}`")),
            ),
            (None, Fact::Required) => faults.push(
                Fault::new(&rules::REQUIRED, node, format!("`{field}` is missing"))
                    .below(*field)
                    .help(format!("set `{field}` here")),
            ),
            (Some((_, value)), fact) => fact.of_value(value, faults),
            (None, _) => {}
        }
    }
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

impl Fact {
    fn of_value<'a>(&self, value: Node<'a>, faults: &mut Vec<Fault<'a>>) {
        match self {
            Self::Required => {}
            Self::OneOf(values) => each(value, |item| one_of(values, item, faults)),
            Self::Within(least, greatest) => within(*least, *greatest, value, faults),
            Self::AtLeast(least) => at_least(*least, value, faults),
            Self::Port => within(1, 65_535, value, faults),
            Self::PortOrName => match value.as_str() {
                Some(_) => spelled(Spelling::PortName, value, faults),
                None => within(1, 65_535, value, faults),
            },
            Self::Spelled(spelling) => each(value, |item| spelled(*spelling, item, faults)),
            Self::Keys(spelling) => {
                for (key, _) in value.entries() {
                    spelled(*spelling, key, faults);
                }
            }
            Self::Quantity => quantity(value, faults),
            Self::Quantities => value.entries().for_each(|(_, value)| quantity(value, faults)),
            Self::CountOrPercent => count_or_percent(value, faults),
            Self::AbsolutePath => {
                let fits = |text: &str| text.starts_with('/');
                written(value, fits, &rules::PATH, "this must be a path from the root, which begins with `/`", faults);
            }
            Self::RelativePath => {
                let fits = |text: &str| !text.starts_with('/') && !text.split('/').any(|part| part == "..");
                written(value, fits, &rules::PATH, "this must be a path below its folder, without `/` at its beginning and without `..`", faults);
            }
            Self::Cidr => each(value, |item| {
                written(item, is_cidr, &rules::ADDRESS, "this must be a range of addresses such as 10.0.0.0/8", faults);
            }),
            Self::Address => each(value, |item| {
                let fits = |text: &str| text.parse::<std::net::IpAddr>().is_ok();
                written(item, fits, &rules::ADDRESS, "this must be an address such as 10.0.0.1 or 2001:db8::1", faults);
            }),
            Self::Duration => written(value, is_duration, &rules::FORMAT, "this must be a duration such as 1h30m", faults),
            Self::ExactlyOneOf(_) | Self::AtMostOneOf(_) => self.of_map(value, faults),
        }
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
        let set: Vec<Node<'a>> = map
            .entries()
            .filter(|(key, value)| {
                !value.is_null() && key.as_str().is_some_and(|name| fields.contains(&name))
            })
            .map(|(key, _)| key)
            .collect();
        let list = || fields.iter().map(|field| format!("`{field}`")).collect::<Vec<_>>().join(", ");
        match set.as_slice() {
            [] if needs_one => faults.push(
                Fault::new(&rules::ALTERNATIVES, map, format!("one of {} is missing", list()))
                    .help("set exactly one of them"),
            ),
            [] | [_] => {}
            [first, second, ..] => {
                let (first, name) = (first.as_str().unwrap_or_default(), second.as_str().unwrap_or_default());
                faults.push(
                    Fault::new(&rules::ALTERNATIVES, *second, format!("`{name}` cannot stand beside `{first}`"))
                        .help(format!("keep only one of {}", list())),
                );
            }
        }
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
    let same = values.iter().copied().find(|known| known.eq_ignore_ascii_case(text));
    let near = same.or_else(|| nearest(text, values.iter().copied()));
    let message = match near {
        Some(near) => format!("this is none of the values that it may be; did you mean `{near}`?"),
        None => "this is none of the values that it may be".to_owned(),
    };
    let list = values.iter().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ");
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

pub(super) fn spelled<'a>(spelling: Spelling, value: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(words) = value.as_str().and_then(|text| spelling.fault(text)) {
        faults.push(Fault::new(&rules::NAME, value, format!("this must be {words}")));
    }
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

/// Whole numbers go over the wire as they are; a text must be a quantity.
fn quantity<'a>(value: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let parsed = match value.as_str() {
        Some(text) => parse_quantity(text),
        None => value.as_float(),
    };
    match parsed {
        None if value.as_str().is_some() => faults.push(
            Fault::new(&rules::QUANTITY, value, "this is no quantity")
                .help("write a number with an optional unit: 500m, 2, 128Mi, 1.5Gi, 10G, 1e3"),
        ),
        Some(number) if number < 0.0 => {
            faults.push(Fault::new(&rules::QUANTITY, value, "this must not be below zero"));
        }
        _ => {}
    }
}

/// Reads a quantity as `k8s.io/apimachinery/pkg/api/resource` does, to the precision of a float.
pub(super) fn parse_quantity(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
    let (figure, unit) = unsigned.split_at_checked(end)?;
    let plain = figure.bytes().any(|byte| byte.is_ascii_digit()) && figure.matches('.').count() <= 1;
    let number: f64 = plain.then(|| format!("0{figure}").trim_end_matches('.').parse().ok()).flatten()?;
    const UNITS: &[(&str, f64)] = &[
        ("", 1.0), ("n", 1e-9), ("u", 1e-6), ("m", 1e-3), ("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12), ("P", 1e15), ("E", 1e18),
        ("Ki", 1024.0), ("Mi", 1_048_576.0), ("Gi", 1_073_741_824.0), ("Ti", 1_099_511_627_776.0),
        ("Pi", 1_125_899_906_842_624.0), ("Ei", 1_152_921_504_606_846_976.0),
    ];
    let factor = match UNITS.iter().find(|(name, _)| *name == unit) {
        Some((_, factor)) => *factor,
        None => {
            let exponent = unit.strip_prefix(['e', 'E'])?;
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            10f64.powi(plain.then(|| exponent.parse().ok()).flatten()?)
        }
    };
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    Some(sign * number * factor)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "each is the very number")]
    fn quantities_are_read_as_the_server_reads_them() {
        for (text, number) in [
            ("1", 1.0), ("500m", 0.5), ("1.5Gi", 1_610_612_736.0), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0), ("1E3", 1000.0),
            ("-1", -1.0), ("+1k", 1000.0), ("1E", 1e18), ("1000m", 1.0),
        ] {
            assert_eq!(parse_quantity(text), Some(number), "{text}");
        }
        for text in ["", "m", "1.2.3", "1 Gi", "1gi", "1KB", "two", "1e", "0x1", "1Mb", "--1", "."] {
            assert_eq!(parse_quantity(text), None, "{text}");
        }
    }
}
