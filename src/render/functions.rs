//! The functions and filters of templates beyond those of Jinja: a small set, each pure.
//!
//! There is no clock, no random number, no environment and no network: the same input gives the same bytes.
//! `docs/templates.md` documents each with an example; a test keeps the two lists equal.

#![expect(
    clippy::needless_pass_by_value,
    reason = "the engine hands arguments over by value"
)]

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use minijinja::value::{Kwargs, ObjectRepr, StringInput};
use minijinja::{Environment, Error, ErrorKind, State, Value};
use sha2::{Digest as _, Sha256};

use super::convert::Converter;
use super::instrument::PLAIN;
use super::marks;
use super::quantity;
use super::recorder::{YamlText, defined, plain, recorder, weigh};
use super::scope::Collection;
use crate::digest::hex;
use crate::finding::{did_you_mean, nearest};
use crate::yaml::{Builder, Place, write};

/// The filters there are, to find the one that was meant.
pub(super) const FILTERS: &[&str] = &[
    "abs",
    "attr",
    "b64decode",
    "b64encode",
    "batch",
    "bool",
    "capitalize",
    "chain",
    "count",
    "d",
    "default",
    "dictsort",
    "first",
    "float",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "quantity",
    "reject",
    "rejectattr",
    "replace",
    "required",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "semver_matches",
    "sha256",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "to_json",
    "to_yaml",
    "trim",
    "unique",
    "upper",
    "zip",
];

/// The tests there are.
pub(super) const TESTS: &[&str] = &[
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "equalto",
    "even",
    "false",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "sameas",
    "sequence",
    "startingwith",
    "string",
    "true",
    "undefined",
    "upper",
];

/// What functions may read: texts below `templates/`, loaded before any template runs.
#[derive(Debug, Default)]
pub(super) struct Files {
    texts: BTreeMap<String, Value>,
    /// The addresses of the texts: what `safe` may trust.
    addresses: HashSet<usize>,
}

impl Files {
    /// Adds a file under its path from `templates/`.
    pub(super) fn add(&mut self, path: &str, text: &Arc<str>) {
        self.addresses.insert(text.as_ptr().addr());
        self.texts
            .insert(path.to_owned(), Value::from(text.clone()));
    }

    fn read(&self, path: &str) -> Result<Value, Error> {
        let clean = path.strip_prefix("./").unwrap_or(path);
        if clean.starts_with('/') || clean.split('/').any(|part| part == "..") {
            return Err(invalid(format!(
                "`{path}` leads out of `templates/`; paths start there"
            )));
        }
        self.texts.get(clean).cloned().ok_or_else(|| {
            let near = nearest(clean, self.texts.keys().map(String::as_str));
            invalid(format!(
                "there is no file `{path}` below `templates/`{}",
                did_you_mean(near)
            ))
        })
    }
}

/// Adds the functions and filters to an engine.
pub(super) fn install(
    env: &mut Environment<'static>,
    files: Arc<Files>,
    literals: Arc<HashSet<String>>,
) {
    // `debug` prints every variable in reach, secrets too.
    env.remove_global("debug");
    for escape in ["escape", "e"] {
        env.remove_filter(escape);
    }
    env.add_function(PLAIN, |state: &mut State<'_, '_>, value: Value| {
        plain(state, &value)
    });
    env.add_filter(PLAIN, |state: &mut State<'_, '_>, value: Value| {
        plain(state, &value)
    });
    let trusted = files.clone();
    env.add_filter("safe", move |value: Value| {
        safe(&value, &trusted, &literals)
    });
    env.add_function("file", move |state: &mut State<'_, '_>, path: Value| {
        defined(&path)?;
        files.read(plain(state, &path)?.as_str().unwrap_or_default())
    });
    env.add_filter("indent", indent);
    env.add_filter("trim", trim);
    env.add_filter("b64encode", |text: String| BASE64_STANDARD.encode(text));
    env.add_filter("b64decode", b64decode);
    env.add_filter("sha256", |text: String| {
        hex(&Sha256::digest(text.as_bytes()))
    });
    env.add_filter("to_yaml", to_yaml);
    env.add_filter("to_json", to_json);
    env.add_filter("join", join);
    env.add_filter("quantity", |value: Value| {
        defined(&value)?;
        quantity::number(value)
    });
    env.add_filter("semver_matches", semver_matches);
    env.add_filter("required", required);
    env.add_function("required", required);
    env.add_function(
        "fail",
        |state: &mut State<'_, '_>, message: Value| -> Result<Value, Error> {
            defined(&message)?;
            Err(failure(plain(state, &message)?.to_string()))
        },
    );
}

/// Marks an error that a template raises on purpose.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Raised(pub(super) String);

fn failure(message: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, "the template stopped").with_source(Raised(message))
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

/// Marks text as YAML to be inserted as it is; refuses what may hold a value.
fn safe(value: &Value, files: &Files, literals: &HashSet<String>) -> Result<Value, Error> {
    defined(value)?;
    let Some(text) = value.as_str() else {
        return Err(invalid(
            "`safe` takes text; a number, boolean, map or list needs no mark: print it as it is",
        ));
    };
    let trusted = value.is_safe()
        || files.addresses.contains(&text.as_ptr().addr())
        || literals.contains(text);
    if trusted {
        return Ok(Value::from_safe_string(text.to_owned()));
    }
    Err(invalid(
        "`safe` is refused on text that comes from values: it could add keys, documents or comments",
    ))
}

/// Indents every line but the first.
fn indent(
    state: &mut State<'_, '_>,
    text: Value,
    width: Option<usize>,
    first: Option<bool>,
    kwargs: Kwargs,
) -> Result<Value, Error> {
    let named = |name: &str, given: Option<bool>| -> Result<bool, Error> {
        Ok(given.or(kwargs.get::<Option<bool>>(name)?).unwrap_or(false))
    };
    let width = width.or(kwargs.get::<Option<usize>>("width")?).unwrap_or(4);
    let (first, blank) = (named("first", first)?, named("blank", None)?);
    kwargs.assert_all_used()?;
    if width > 1000 {
        return Err(invalid("`indent` takes at most 1000 blanks"));
    }
    if text.is_safe() {
        let text = text.as_str().unwrap_or_default();
        // Each line may grow by the blanks and a mark: ask before it is done.
        state.consume_fuel((text.lines().count() * (width + 24) / 64) as u64)?;
        return Ok(Value::from_safe_string(marks::indent(
            text, width, first, blank,
        )));
    }
    let text = string(&plain(state, &text)?, "indent")?;
    state.consume_fuel((text.lines().count() * width / 64) as u64)?;
    Ok(Value::from(marks::indent(&text, width, first, blank)))
}

/// Trims blanks, or the characters given, from both ends.
fn trim(
    state: &mut State<'_, '_>,
    text: Value,
    characters: Option<String>,
) -> Result<Value, Error> {
    if text.is_safe() && characters.is_none() {
        return Ok(Value::from_safe_string(marks::trim(
            text.as_str().unwrap_or_default(),
        )));
    }
    let text = string(&plain(state, &text)?, "trim")?;
    Ok(Value::from(match characters {
        Some(set) => text.trim_matches(|c| set.contains(c)),
        None => text.trim(),
    }))
}

/// Joins as Jinja does, but for what is undefined, which Jinja takes for an empty text.
fn join(
    state: &mut State<'_, '_>,
    list: &Value,
    joiner: Option<StringInput<'_>>,
    attribute: Option<&str>,
    kwargs: Kwargs,
) -> Result<Value, Error> {
    let is_list = list
        .as_object()
        .is_some_and(|object| object.repr() == ObjectRepr::Seq);
    if is_list && list.downcast_object_ref::<Collection>().is_none() {
        for item in list.try_iter()? {
            defined(&item)?;
        }
    }
    minijinja::filters::join(state, list, joiner, attribute, kwargs)
}

fn string(value: &Value, filter: &str) -> Result<String, Error> {
    defined(value)?;
    value
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| invalid(format!("`{filter}` takes a string, not a {}", value.kind())))
}

fn b64decode(text: String) -> Result<String, Error> {
    let bytes = BASE64_STANDARD.decode(text.trim()).map_err(|error| {
        invalid("`b64decode` takes standard Base64 with padding").with_source(error)
    })?;
    String::from_utf8(bytes)
        .map_err(|error| invalid("`b64decode` gave bytes that are not UTF-8").with_source(error))
}

/// Gives the value as YAML.
fn to_yaml(state: &mut State<'_, '_>, value: Value) -> Result<Value, Error> {
    let document = document(state, &value)?;
    let text = write(document.root());
    state.consume_fuel(text.len() as u64 / 4)?;
    Ok(Value::from_object(YamlText { value, text }))
}

/// Gives the value as JSON in one line, keys in their order.
fn to_json(state: &mut State<'_, '_>, value: Value, kwargs: Kwargs) -> Result<Value, Error> {
    let indent = kwargs.get::<Option<bool>>("indent")?.unwrap_or(false);
    kwargs.assert_all_used()?;
    let document = document(state, &value)?;
    let json = crate::yaml::to_json(document.root());
    let text = if indent {
        serde_json::to_string_pretty(&json)
    } else {
        serde_json::to_string(&json)
    };
    let text = text.map_err(|error| invalid("the value has no JSON form").with_source(error))?;
    state.consume_fuel(text.len() as u64 / 4)?;
    Ok(Value::from(text))
}

fn document(state: &mut State<'_, '_>, value: &Value) -> Result<crate::yaml::Document, Error> {
    defined(value)?;
    weigh(state, value, 0)?;
    let mut builder = Builder::new("".into());
    let printed = &recorder(state).printed;
    let mut converter = Converter {
        printed,
        origin: &mut |_| None,
    };
    converter
        .add(value, None, Place::default(), &mut builder)
        .map_err(|unfit| invalid(unfit.message()))?;
    Ok(builder.finish())
}

/// Gives the value, or stops with the message where it is missing, null or empty.
fn required(state: &mut State<'_, '_>, value: Value, message: Value) -> Result<Value, Error> {
    let empty = value.is_undefined() || value.is_none() || value.as_str() == Some("");
    if empty {
        Err(failure(plain(state, &message)?.to_string()))
    } else {
        Ok(value)
    }
}

/// Tells whether a version meets a requirement such as `>=1.2, <2`.
fn semver_matches(version: String, requirement: String) -> Result<bool, Error> {
    let parsed = semver::Version::parse(version.trim_start_matches('v'))
        .map_err(|error| invalid(format!("this is no semantic version: {error}")))?;
    let requirement = semver::VersionReq::parse(&requirement)
        .map_err(|error| invalid(format!("this is no version requirement: {error}")))?;
    Ok(requirement.matches(&parsed))
}
