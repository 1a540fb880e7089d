//! Secrets whose values stand in their manifest.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::evidence::{Form, Language, What, is_reference, is_stand_in, named, scan};
use super::rules;
use super::words::{Holder, LAST_APPLIED, Place, fault};
use crate::cluster::{Found, Index};
use crate::manifest::{Fault, Resource};
use crate::yaml::{Kind, Node};

/// Last words of keys whose values are no secrets: who, where and what, not by which password.
const PUBLIC: &[&str] = &[
    "id",
    "url",
    "uri",
    "host",
    "hostname",
    "port",
    "user",
    "username",
    "login",
    "name",
    "type",
    "region",
    "namespace",
    "namespaces",
    "email",
    "database",
    "dbname",
    "db",
    "bucket",
    "endpoint",
    "endpoints",
    "issuer",
    "tenant",
    "scope",
    "scopes",
    "enabled",
    "server",
    "project",
    "expiration",
    "description",
    "groups",
    "domain",
    "zone",
    "path",
    "environment",
    "shard",
    "tls.crt",
    "ca.crt",
    "proxy",
    "driver",
    "engine",
    "schema",
    "vendor",
    "realm",
    "audience",
    "provider",
];

/// The largest value that is looked into.
const LARGEST: usize = 4 << 20;

/// One value of a Secret.
struct Entry<'a> {
    key: Node<'a>,
    value: Node<'a>,
    name: &'a str,
    /// What the pods read, where it is text.
    text: Option<Cow<'a, str>>,
    encoded: bool,
}

/// What a Secret has besides its values.
const FIELDS: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "type",
    "immutable",
    "data",
    "stringData",
];

/// Returns the values of a Secret.
pub(super) fn values(object: &Resource) -> impl Iterator<Item = Node<'_>> {
    let fields = object.root().entries().filter(|_| is_secret_kind(object));
    fields
        .filter(|(key, _)| matches!(key.as_str(), Some("data" | "stringData")))
        .flat_map(|(_, field)| below(field))
}

/// Returns what stands below a key that a Secret does not have, mostly one that is misspelled, and what kubectl keeps of
/// the values in an annotation.
pub(super) fn strays(object: &Resource) -> impl Iterator<Item = Node<'_>> {
    let root = Some(object.root()).filter(|_| is_secret_kind(object));
    let fields = root.into_iter().flat_map(Node::entries);
    let strays = fields.filter(|(key, _)| key.as_str().is_none_or(|key| !FIELDS.contains(&key)));
    let metadata = root.and_then(|root| root.get("metadata"));
    let annotations = metadata.and_then(|metadata| metadata.get("annotations"));
    let applied = annotations.and_then(|annotations| annotations.get(LAST_APPLIED));
    strays.flat_map(|(_, field)| below(field)).chain(applied)
}

fn is_secret_kind(object: &Resource) -> bool {
    object.group().is_empty() && object.id.kind == "Secret"
}

/// Returns the values of a map, so that their names can be shown, or what is none.
fn below(field: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let whole = Some(field).filter(|field| field.kind() != Kind::Map);
    let values = field.entries().map(|(_, value)| value);
    values.chain(whole)
}

/// Checks what a Secret holds.
pub(super) fn check(index: Index, secret: Node<'_>) -> Vec<Found<'_>> {
    let kind = secret
        .get("type")
        .and_then(Node::as_str)
        .unwrap_or_default();
    // Helm keeps what it installed in Secrets of its own.
    if kind == "helm.sh/release.v1" {
        return Vec::new();
    }
    let entries: Vec<Entry<'_>> = entries(secret).collect();
    let held: Vec<&Entry<'_>> = entries.iter().filter(|entry| is_secret(entry)).collect();
    let Some(first) = held.first() else {
        return Vec::new();
    };
    let mut found = Found::new(index, told(first, &held));
    // What is no secret alone may be one together.
    found.hidden = entries.iter().map(|entry| entry.value).collect();
    let mut all = vec![found];
    all.extend(held.iter().filter_map(|entry| known(index, entry)));
    all
}

/// Returns the entries that hold something.
fn entries(secret: Node<'_>) -> impl Iterator<Item = Entry<'_>> {
    let field = |field: &str, encoded: bool| {
        let entries = secret.get(field).into_iter().flat_map(Node::entries);
        entries.map(move |(key, value)| (key, value, encoded))
    };
    let both = field("data", true).chain(field("stringData", false));
    both.filter_map(|(key, value, encoded)| {
        let text = match value.kind() {
            Kind::Str if encoded => decoded(value.as_str()?),
            Kind::Str => Some(Cow::Borrowed(value.as_str()?)),
            // Nobody can read it as it should be, and everybody as it is.
            Kind::Int => Some(Cow::Owned(value.as_int()?.to_string())),
            Kind::Null | Kind::Bool => return None,
            Kind::Float | Kind::Seq | Kind::Map => None,
        };
        let empty = text.as_ref().is_some_and(|text| text.trim().is_empty());
        (!empty).then(|| Entry {
            key,
            value,
            name: key.as_str().unwrap_or_default(),
            text,
            encoded,
        })
    })
}

/// Decodes base64, which may be folded; what is none is taken as it stands, and what is no text is none.
fn decoded(written: &str) -> Option<Cow<'_, str>> {
    if written.len() > LARGEST {
        return None;
    }
    let packed: String = written.split_whitespace().collect();
    match STANDARD.decode(packed) {
        Ok(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
        Err(_) => Some(Cow::Borrowed(written)),
    }
}

/// Tells whether a value is a secret: anything is, in a Secret, but for what is known to be none.
fn is_secret(entry: &Entry<'_>) -> bool {
    let Some(text) = entry.text.as_deref() else {
        return true;
    };
    let text = text.trim();
    if is_file(entry.name) || text.starts_with('{') {
        return !scan(text, Language::Data).is_empty();
    }
    let short = text.lines().nth(1).is_none();
    let stands_in = short && !is_hash(text) && (is_reference(text) || is_stand_in(text));
    let switch = matches!(text, "true" | "false") || text.parse::<u16>().is_ok_and(|n| n < 1000);
    if stands_in || switch || is_time(text) || are_certificates(text) {
        return false;
    }
    !is_public(entry.name) || !scan(text, Language::Data).is_empty()
}

/// Tells whether a text is the hash of a password, which can be guessed at: `$2a$10$…`.
fn is_hash(text: &str) -> bool {
    let method = text.strip_prefix('$').and_then(|rest| rest.split_once('$'));
    method.is_some_and(|(method, rest)| {
        rest.len() >= 20
            && !method.is_empty()
            && method
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

/// Tells whether a text is a point in time: `2026-01-31T12:00:00Z`.
fn is_time(text: &str) -> bool {
    let (year, rest) = text.split_once('-').unwrap_or_default();
    let of_time = |byte: u8| byte.is_ascii_digit() || b"-:.+TZ".contains(&byte);
    year.len() == 4
        && (5..=30).contains(&rest.len())
        && year.bytes().all(|byte| byte.is_ascii_digit())
        && rest.bytes().all(of_time)
        && rest.get(2..3) == Some("-")
}

/// Tells whether a key is the name of a file of settings, of which a part may be secret.
fn is_file(name: &str) -> bool {
    const FILES: &[&str] = &[
        "yaml",
        "yml",
        "json",
        "ini",
        "conf",
        "cfg",
        "config",
        "toml",
        "properties",
        "xml",
        "tpl",
        "tmpl",
        "hcl",
        "cnf",
        "sh",
        "sql",
        "rules",
        "alloy",
        "river",
        "lua",
        "html",
        "txt",
        "acl",
    ];
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    FILES.contains(&extension) && !super::evidence::says_secret(name)
}

/// Tells whether a text is public certificates and nothing else.
fn are_certificates(text: &str) -> bool {
    text.starts_with("-----BEGIN ") && !text.contains("PRIVATE KEY")
}

fn is_public(name: &str) -> bool {
    let name = name.rsplit('/').next().unwrap_or(name);
    let last = |separator: fn(char) -> bool| name.rsplit(separator).next().unwrap_or(name);
    let word = last(|c| matches!(c, '-' | '_' | '.' | ' ')).to_ascii_lowercase();
    // `tenantId`, `githubAppID`, `databaseUrl`.
    let camel = name.len()
        - name
            .trim_end_matches(|c: char| c.is_ascii_lowercase())
            .len();
    let tail = name.get((name.len() - camel).saturating_sub(1)..);
    let tail = tail.unwrap_or_default().to_ascii_lowercase();
    let public = |word: &str| PUBLIC.contains(&word);
    public(name) || public(&word) || public(&tail) || name.ends_with("ID") || name.ends_with("URL")
}

fn told<'a>(first: &Entry<'a>, held: &[&Entry<'a>]) -> Fault<'a> {
    const MOST: usize = 4;
    const LONGEST: usize = 100;
    let names: Vec<String> = held
        .iter()
        .take(MOST)
        .map(|entry| {
            let name = entry.name;
            format!(
                "`{}`",
                name.get(..name.floor_char_boundary(LONGEST))
                    .unwrap_or_default()
            )
        })
        .collect();
    let more = held.len().saturating_sub(MOST);
    let mut list = names.join(", ");
    if more > 0 {
        list = format!("{list} and {more} more");
    }
    let why = if held.iter().all(|entry| entry.encoded) {
        ": base64 hides nothing"
    } else {
        ""
    };
    Fault::new(
        &rules::MANIFEST,
        first.key,
        format!("this Secret holds {list} in the clear{why}"),
    )
    .help("keep the values in a vault and let an ExternalSecret or SealedSecret make this Secret; and change them: they can have been read")
}

/// Finds a password that everybody knows.
fn known<'a>(index: Index, entry: &Entry<'a>) -> Option<Found<'a>> {
    let text = entry.text.as_deref()?;
    let what = named(entry.name, text, Form::Whole)?;
    matches!(what, What::Known(_)).then(|| {
        let place = Place::of_key(entry.key, entry.value, Holder::Field(entry.name));
        let fault = fault(&place, what)
            .help("set a password that nobody knows, in the vault that fills this Secret");
        let mut found = Found::new(index, fault);
        found.hidden = place.hidden();
        found
    })
}
