//! Types of expressions, and what a schema says about a node.

use std::fmt;
use std::sync::Arc;

use super::completion::Completion;

/// The type of an expression, as far as it is known without running it.
#[derive(Clone, Debug)]
pub enum Type {
    /// Anything: known when it runs.
    Dyn,
    /// `null`.
    Null,
    /// A boolean.
    Bool,
    /// An integer of 64 bits.
    Int,
    /// An unsigned integer of 64 bits.
    Uint,
    /// A floating-point number.
    Double,
    /// A string.
    String,
    /// A string of bytes.
    Bytes,
    /// A point in time.
    Timestamp,
    /// A length of time.
    Duration,
    /// A list of one type.
    List(Arc<Type>),
    /// A map of keys of one type to values of one type.
    Map(Arc<Type>, Arc<Type>),
    /// A map whose fields a schema names.
    Object(Arc<Schema>),
    /// A value, or none.
    Optional(Arc<Type>),
    /// A value of a library: `quantity`, `ip`, `url` ….
    Opaque(&'static str),
    /// A type as a value.
    Type(Arc<Type>),
    /// A type that the arguments of a call decide.
    Param(u32),
}

impl Type {
    /// Makes the type of a list.
    pub fn list(item: Self) -> Self {
        Self::List(Arc::new(item))
    }

    /// Makes the type of a map.
    pub fn map(key: Self, value: Self) -> Self {
        Self::Map(Arc::new(key), Arc::new(value))
    }

    /// Makes the type of an optional value.
    pub fn optional(of: Self) -> Self {
        Self::Optional(Arc::new(of))
    }

    /// Tells whether it is known when it runs only.
    pub fn is_dyn(&self) -> bool {
        matches!(self, Self::Dyn)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dyn | Self::Param(_) => f.write_str("dyn"),
            Self::Null => f.write_str("null"),
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::Uint => f.write_str("uint"),
            Self::Double => f.write_str("double"),
            Self::String => f.write_str("string"),
            Self::Bytes => f.write_str("bytes"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Duration => f.write_str("duration"),
            Self::List(item) => write!(f, "list({item})"),
            Self::Map(key, value) => write!(f, "map({key}, {value})"),
            Self::Object(_) => f.write_str("object"),
            Self::Optional(of) => write!(f, "optional({of})"),
            Self::Opaque(name) => f.write_str(name),
            Self::Type(of) => write!(f, "type({of})"),
        }
    }
}

/// What a schema says about a node: how an expression sees it, and how large it may be.
#[derive(Clone, Debug)]
pub struct Schema {
    /// How an expression sees it.
    pub view: View,
    /// Whether `null` is a value; elsewhere it stands for a field that is left out.
    pub nullable: bool,
    /// The greatest number of characters, items or entries; where the schema gives none, what fits into a request.
    pub most: u64,
    /// The fewest bytes of JSON that it takes.
    pub least_bytes: u64,
}

/// How an expression sees a node.
#[derive(Clone, Debug)]
pub enum View {
    /// As what it is.
    Dyn,
    /// A boolean.
    Bool,
    /// An integer.
    Int,
    /// A floating-point number, also where an integer is written.
    Double,
    /// A string.
    String,
    /// Bytes, written in Base64.
    Bytes,
    /// A time of RFC 3339, or a date.
    Timestamp,
    /// A duration as Go writes it.
    Duration,
    /// A list.
    List {
        /// Its items.
        item: Arc<Schema>,
        /// What they have to do with each other.
        kind: ListKind,
    },
    /// A map with any keys.
    Map(Arc<Schema>),
    /// A map whose fields are named; sorted by name.
    Object(Vec<(Box<str>, Arc<Schema>)>),
    /// A map of Kubernetes' own, whose fields are named as they are, without escapes; sorted by name.
    Struct(Vec<(Box<str>, Arc<Schema>)>),
    /// A quantity, as the API server writes it.
    Quantity,
    /// A map as the API server completes it; its type is known when it runs only.
    Completed(Completion),
}

/// What the items of a list have to do with each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ListKind {
    /// Nothing.
    #[default]
    Atomic,
    /// It is a set: its order does not matter.
    Set,
    /// Items are told apart by the values under these keys; their order does not matter.
    Map(Arc<[Box<str>]>),
}

impl Schema {
    /// Returns the type of a node of this schema.
    pub fn type_of(this: &Arc<Self>) -> Type {
        match &this.view {
            View::Dyn | View::Completed(_) => Type::Dyn,
            View::Bool => Type::Bool,
            View::Int => Type::Int,
            View::Double => Type::Double,
            View::String | View::Quantity => Type::String,
            View::Bytes => Type::Bytes,
            View::Timestamp => Type::Timestamp,
            View::Duration => Type::Duration,
            View::List { item, .. } => Type::list(Self::type_of(item)),
            View::Map(value) => Type::map(Type::String, Self::type_of(value)),
            View::Object(_) | View::Struct(_) => Type::Object(Arc::clone(this)),
        }
    }

    /// Returns the schema of a field or entry.
    pub fn field(&self, name: &str) -> Option<&Arc<Self>> {
        match &self.view {
            View::Object(fields) | View::Struct(fields) => {
                let found = fields
                    .binary_search_by(|(field, _)| (**field).cmp(name))
                    .ok()?;
                fields.get(found).map(|(_, schema)| schema)
            }
            View::Map(value) => Some(value),
            _ => None,
        }
    }

    /// Returns the schema of an item of a list, or of a value of a map.
    pub fn item(&self) -> Option<&Arc<Self>> {
        match &self.view {
            View::List { item, .. } | View::Map(item) => Some(item),
            _ => None,
        }
    }
}

/// Returns a field's name as expressions write it, or nothing where they cannot name it.
///
/// `__` becomes `__underscores__`, `.` `__dot__`, `-` `__dash__`, `/` `__slash__`, and a reserved word stands between
/// double underscores.
pub fn escape(field: &str) -> Option<String> {
    const WORDS: &[&str] = &[
        "true",
        "false",
        "null",
        "in",
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
    ];
    if WORDS.contains(&field) {
        return Some(format!("__{field}__"));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
    if field.is_empty()
        || field.starts_with(|c: char| c.is_ascii_digit())
        || !field.chars().all(plain)
    {
        return None;
    }
    let escaped = field.replace("__", "__underscores__");
    Some(
        escaped
            .replace('.', "__dot__")
            .replace('-', "__dash__")
            .replace('/', "__slash__"),
    )
}

/// Returns the field that an escaped name stands for: the reverse of [`escape`].
pub fn unescape(name: &str) -> String {
    const PARTS: &[(&str, &str)] = &[
        ("__underscores__", "__"),
        ("__dot__", "."),
        ("__dash__", "-"),
        ("__slash__", "/"),
    ];
    let Some(first) = name.find("__") else {
        return name.to_owned();
    };
    if first == 0
        && let Some(word) = name
            .strip_prefix("__")
            .and_then(|rest| rest.strip_suffix("__"))
        && escape(word).as_deref() == Some(name)
        && !word.contains('_')
    {
        return word.to_owned();
    }
    let (mut out, mut rest) = (String::new(), name);
    while let Some(c) = rest.chars().next() {
        if let Some((part, plain)) = PARTS.iter().find(|(part, _)| rest.starts_with(part)) {
            out.push_str(plain);
            rest = rest.get(part.len()..).unwrap_or_default();
        } else {
            out.push(c);
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_and_come_back() {
        for (plain, escaped) in [
            ("a", "a"),
            ("namespace", "__namespace__"),
            ("a-b", "a__dash__b"),
            ("x.y/z", "x__dot__y__slash__z"),
            ("redact__d", "redact__underscores__d"),
            ("if", "__if__"),
        ] {
            assert_eq!(escape(plain).as_deref(), Some(escaped));
            assert_eq!(unescape(escaped), plain);
        }
        assert_eq!(escape("0a"), None);
        assert_eq!(escape("a b"), None);
        assert_eq!(unescape("__x__"), "__x__");
    }
}
