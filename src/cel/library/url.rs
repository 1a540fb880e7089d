//! URLs, as Go's `url.ParseRequestURI` reads them.

use indexmap::IndexMap;

use super::{Declaration, Opaque, Outcome, Price, failure, mismatch, string};
use crate::cel::eval::Meter;
use crate::cel::value::Value;

const ONE: Price = Price::Fixed(1);

pub(super) const FUNCTIONS: &[Declaration] = &[
    Declaration("url(string) -> url", 0, Price::Tenth(0), url),
    Declaration("isURL(string) -> bool", 0, Price::Tenth(0), is_url),
    Declaration("url:getScheme() -> string", 0, ONE, get_scheme),
    Declaration("url:getHost() -> string", 0, ONE, get_host),
    Declaration("url:getHostname() -> string", 0, ONE, get_hostname),
    Declaration("url:getPort() -> string", 0, ONE, get_port),
    Declaration("url:getEscapedPath() -> string", 0, ONE, get_escaped_path),
    Declaration(
        "url:getQuery() -> map<string, list<string>>",
        0,
        ONE,
        get_query,
    ),
];

/// The parts of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    scheme: String,
    host: String,
    path: String,
    query: String,
}

fn parse(text: &str) -> Option<Url> {
    if text.is_empty() || text.chars().any(|c| c <= ' ' || c == '\u{7f}') {
        return None;
    }
    let (scheme, rest) = scheme(text)?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    if scheme.is_empty() && !rest.starts_with('/') {
        return None;
    }
    // What follows a scheme must be an absolute path; `mailto:x` is opaque, which has no path.
    if !rest.starts_with('/') {
        return Some(Url {
            scheme: scheme.to_ascii_lowercase(),
            host: String::new(),
            path: String::new(),
            query: query.to_owned(),
        });
    }
    let (authority, path) = match rest.strip_prefix("//") {
        Some(after) if !scheme.is_empty() => {
            after.split_at_checked(after.find('/').unwrap_or(after.len()))?
        }
        _ => ("", rest),
    };
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    (valid_host(host) && valid_escapes(path)).then(|| Url {
        scheme: scheme.to_ascii_lowercase(),
        host: host.to_owned(),
        path: escaped(path),
        query: query.to_owned(),
    })
}

/// Splits the scheme off; nothing where what stands before the colon is none.
fn scheme(text: &str) -> Option<(&str, &str)> {
    for (at, c) in text.char_indices() {
        match c {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if at > 0 => {}
            ':' if at == 0 => return None,
            ':' => return Some((text.get(..at)?, text.get(at + 1..)?)),
            _ => return Some(("", text)),
        }
    }
    Some(("", text))
}

fn valid_host(host: &str) -> bool {
    let port = if host.starts_with('[') {
        match host.rsplit_once(']') {
            Some((_, rest)) => rest,
            None => return false,
        }
    } else {
        let end = host.rfind(':').unwrap_or(host.len());
        let (name, port) = host.split_at_checked(end).unwrap_or((host, ""));
        let fine = |c: char| {
            c.is_ascii_alphanumeric() || "-_.~!$&'()*+,;=:[]<>\"%".contains(c) || !c.is_ascii()
        };
        if !name.chars().all(fine) || name.contains(['[', ']']) {
            return false;
        }
        port
    };
    port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

fn valid_escapes(text: &str) -> bool {
    let escapes = text.split('%').skip(1);
    escapes.into_iter().all(|rest| {
        rest.get(..2)
            .is_some_and(|two| two.bytes().all(|byte| byte.is_ascii_hexdigit()))
    })
}

/// Escapes what a path may not hold as it is.
fn escaped(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@%!'()*[]".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.extend(['%', hex(byte >> 4), hex(byte & 15)]);
        }
    }
    out
}

fn hex(digit: u8) -> char {
    char::from_digit(u32::from(digit), 16).map_or('0', |digit| digit.to_ascii_uppercase())
}

fn url<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text)] = values else {
        return mismatch();
    };
    match parse(text) {
        Some(url) => Ok(Value::Opaque(Opaque::Url(url.into()))),
        None => failure("this string is no URL"),
    }
}

fn is_url<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::String(text)] => Ok(Value::Bool(parse(text).is_some())),
        _ => mismatch(),
    }
}

fn part<'a>(values: &[Value<'a>], of: impl Fn(&Url) -> &str) -> Outcome<'a> {
    match values {
        [Value::Opaque(Opaque::Url(url))] => string(of(url)),
        _ => mismatch(),
    }
}

fn get_scheme<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    part(values, |url| &url.scheme)
}

fn get_host<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    part(values, |url| &url.host)
}

fn get_hostname<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    part(values, |url| split_port(&url.host).0)
}

fn get_port<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    part(values, |url| split_port(&url.host).1)
}

fn split_port(host: &str) -> (&str, &str) {
    if let Some(inner) = host.strip_prefix('[') {
        let (name, rest) = inner.split_once(']').unwrap_or((inner, ""));
        return (name, rest.strip_prefix(':').unwrap_or_default());
    }
    host.rsplit_once(':').unwrap_or((host, ""))
}

fn get_escaped_path<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    part(values, |url| &url.path)
}

fn get_query<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let [Value::Opaque(Opaque::Url(url))] = values else {
        return mismatch();
    };
    let mut query: IndexMap<String, Vec<Value<'a>>> = IndexMap::new();
    for pair in url
        .query
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.contains(';'))
    {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if let (Some(key), Some(value)) = (unescaped(key), unescaped(value)) {
            query.entry(key).or_default().push(Value::string(&value));
        }
    }
    Ok(Value::map(query.iter().map(|(key, values)| {
        (key.as_str(), Value::list(values.clone()))
    })))
}

fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Tells whether a text is a URL.
pub(super) fn is_valid(text: &str) -> bool {
    parse(text).is_some()
}
