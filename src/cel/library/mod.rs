//! The functions: standard ones, and those of Kubernetes with the version that brought each.
//!
//! A function is declared by its signature in words (`string:charAt(int) -> string`; what stands before the colon is
//! what it is called on), the version, its price, and what it does.

mod authorizer;
mod format;
mod ip;
mod lists;
mod operators;
mod optional;
mod price;
pub(crate) mod quantity;
pub(crate) mod regex;
mod semver;
mod sets;
mod signature;
mod standard;
mod strings;
mod text;
pub(crate) mod time;
mod url;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

pub(crate) use self::price::Price;
pub(crate) use self::text::show;
use super::error::EvalError;
use super::eval::Meter;
use super::types::Type;
use super::value::Value;

/// What a function, or a step, gives.
pub(crate) type Outcome<'a> = Result<Value<'a>, EvalError>;
/// What a function does.
pub(crate) type Native = for<'a> fn(&mut Meter, &[Value<'a>]) -> Outcome<'a>;

/// A declaration: signature, the minor version that brought it, price, and what it does.
pub(crate) struct Declaration(&'static str, u8, Price, Native);

/// A function for one combination of types.
pub(crate) struct Overload {
    /// Its name; that of an operator is its sign.
    pub(crate) name: &'static str,
    /// What it is called on, if on anything, and its parameters.
    pub(crate) parameters: Vec<Type>,
    /// What it gives.
    pub(crate) result: Type,
    /// How many type parameters it has.
    pub(crate) type_parameters: u32,
    /// The minor version that brought it.
    pub(crate) since: u8,
    /// What it costs.
    pub(crate) price: Price,
    /// What it does.
    pub(crate) call: Native,
}

impl std::fmt::Debug for Overload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Overload {
    /// Tells whether values are of the types of its parameters.
    pub(crate) fn fits(&self, values: &[Value<'_>]) -> bool {
        self.parameters.len() == values.len()
            && self
                .parameters
                .iter()
                .zip(values)
                .all(|(parameter, value)| fits(parameter, value))
    }
}

fn fits(ty: &Type, value: &Value<'_>) -> bool {
    match ty {
        Type::Dyn | Type::Param(_) | Type::Object(_) => {
            !matches!(value, Value::Opaque(opaque) if opaque.is_undecided())
        }
        Type::Null => matches!(value, Value::Null),
        Type::Bool => matches!(value, Value::Bool(_)),
        Type::Int => matches!(value, Value::Int(_)),
        Type::Uint => matches!(value, Value::Uint(_)),
        Type::Double => matches!(value, Value::Double(_)),
        Type::String => matches!(value, Value::String(_)),
        Type::Bytes => matches!(value, Value::Bytes(_)),
        Type::Timestamp => matches!(value, Value::Timestamp(_)),
        Type::Duration => matches!(value, Value::Duration(_)),
        Type::List(_) => matches!(value, Value::List(_)),
        Type::Map(..) => matches!(value, Value::Map(_)),
        Type::Optional(_) => matches!(value, Value::Optional(_)),
        Type::Type(_) => matches!(value, Value::Type(_)),
        Type::Opaque(name) => matches!(value, Value::Opaque(opaque) if opaque.name() == *name),
    }
}

/// Overloads by name: of functions, and of those that are called on a value.
type Table = HashMap<&'static str, [Vec<Overload>; 2]>;

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = Table::new();
        let libraries: &[&'static [Declaration]] = &[
            operators::FUNCTIONS,
            operators::ORDERING,
            standard::FUNCTIONS,
            time::FUNCTIONS,
            optional::FUNCTIONS,
            strings::FUNCTIONS,
            regex::FUNCTIONS,
            lists::FUNCTIONS,
            sets::FUNCTIONS,
            url::FUNCTIONS,
            ip::FUNCTIONS,
            quantity::FUNCTIONS,
            semver::FUNCTIONS,
            format::FUNCTIONS,
            authorizer::FUNCTIONS,
        ];
        for declaration in libraries.iter().flat_map(|library| library.iter()) {
            let (member, overload) = signature::overload(declaration);
            let [functions, members] = table.entry(overload.name).or_default();
            if member { members } else { functions }.push(overload);
        }
        table
    })
}

/// Returns the overloads of a function, or of one that is called on a value.
pub(crate) fn overloads(name: &str, member: bool) -> Option<&'static [Overload]> {
    let [functions, members] = table().get(name)?;
    let found = if member { members } else { functions };
    (!found.is_empty()).then_some(found.as_slice())
}

/// Returns the names of all functions, sorted.
pub(crate) fn functions() -> impl Iterator<Item = &'static str> {
    static NAMES: OnceLock<Vec<&'static str>> = OnceLock::new();
    let names = NAMES.get_or_init(|| {
        let mut names: Vec<&'static str> = table()
            .keys()
            .copied()
            .filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()) && *name != "in")
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    });
    names.iter().copied()
}

/// A value of a library.
#[derive(Clone, Debug)]
pub enum Opaque {
    /// A quantity, in units of a billionth.
    Quantity(Arc<i128>),
    /// A URL.
    Url(Arc<url::Url>),
    /// An IP address.
    Ip(std::net::IpAddr),
    /// A range of addresses.
    Cidr(ip::Cidr),
    /// A version.
    Semver(Arc<::semver::Version>),
    /// A named format, by its place in the table.
    Format(&'static format::Named),
    /// What asks the cluster what a user may do, by its type.
    Authorizer(&'static str),
    /// What only a cluster knows, in words: `the labels of the namespace`.
    Unknown(&'static str),
}

impl Opaque {
    /// Returns the name of its type in signatures.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Quantity(_) => "quantity",
            Self::Url(_) => "url",
            Self::Ip(_) => "ip",
            Self::Cidr(_) => "cidr",
            Self::Semver(_) => "semver",
            Self::Format(_) => "format",
            Self::Authorizer(name) => name,
            Self::Unknown(_) => "unknown",
        }
    }

    /// Returns the name of its type in expressions.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Quantity(_) => "kubernetes.Quantity",
            Self::Url(_) => "kubernetes.URL",
            Self::Ip(_) => "net.IP",
            Self::Cidr(_) => "net.CIDR",
            Self::Semver(_) => "kubernetes.Semver",
            Self::Format(_) => "kubernetes.NamedFormat",
            Self::Authorizer(_) => "kubernetes.authorization.Authorizer",
            Self::Unknown(_) => "unknown",
        }
    }

    /// Tells whether only a cluster knows it.
    pub(crate) fn is_undecided(&self) -> bool {
        matches!(self, Self::Authorizer(_) | Self::Unknown(_))
    }

    /// Tells whether two are equal.
    pub(crate) fn equals(&self, other: &Self) -> Result<bool, EvalError> {
        Ok(match (self, other) {
            (one, _) | (_, one) if one.is_undecided() => return Err(undecided(one)),
            (Self::Quantity(a), Self::Quantity(b)) => a == b,
            (Self::Url(a), Self::Url(b)) => a == b,
            (Self::Ip(a), Self::Ip(b)) => a == b,
            (Self::Cidr(a), Self::Cidr(b)) => a == b,
            (Self::Semver(a), Self::Semver(b)) => a.cmp_precedence(b).is_eq(),
            (Self::Format(a), Self::Format(b)) => std::ptr::eq(*a, *b),
            _ => false,
        })
    }
}

/// Makes the error of asking what only a cluster knows.
pub(crate) fn undecided(opaque: &Opaque) -> EvalError {
    EvalError::NotDecided(match opaque {
        Opaque::Unknown(what) => what,
        _ => "what a user may do",
    })
}

/// Returns the error of a value that only a cluster knows.
pub(crate) fn undecided_value(value: &Value<'_>) -> Option<EvalError> {
    match value {
        Value::Opaque(opaque) if opaque.is_undecided() => Some(undecided(opaque)),
        _ => None,
    }
}

/// Makes the error of arguments that no overload takes: dispatch has checked them, so that it is never seen.
fn mismatch<'a>() -> Outcome<'a> {
    Err(EvalError::failure("no such overload"))
}

fn failure<'a>(message: impl Into<String>) -> Outcome<'a> {
    Err(EvalError::Failure(message.into()))
}

/// Makes a string.
#[expect(
    clippy::unnecessary_wraps,
    reason = "what the functions of the libraries give"
)]
fn string<'a>(text: &str) -> Outcome<'a> {
    Ok(Value::string(text))
}

/// Returns a number of things as an integer.
fn count(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
