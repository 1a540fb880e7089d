//! Addresses with a user's password in them.

use std::ops::Range;

use super::text::{byte_before, window_after, window_before};
use super::value::{has_placeholder, is_pattern, is_reference};

/// The longest user and password in an address, in bytes.
const LONGEST: usize = 512;

/// Finds the password of an address whose `://` stands at a place: `postgres://user:password@host`.
pub(super) fn password(text: &str, slashes: &Range<usize>) -> Option<Range<usize>> {
    if !byte_before(text, slashes.start).is_ascii_alphanumeric() {
        return None;
    }
    let rest = window_after(text, slashes.end, LONGEST);
    let at = rest
        .find(ends_info)
        .filter(|at| rest.as_bytes().get(*at) == Some(&b'@'))?;
    let (user, password) = rest.get(..at)?.split_once(':')?;
    let host = rest.get(at + 1..)?;
    if is_example(host) || is_port(password) || !is_literal(password) {
        return None;
    }
    let start = slashes.end + user.len() + 1;
    Some(start..start + password.len())
}

/// Finds the password of a data source as Go's drivers write it: `user:password@tcp(host:3306)/database`, where its `@`
/// stands.
pub(super) fn data_source(text: &str, at: usize) -> Option<Range<usize>> {
    let before = window_before(text, at, LONGEST);
    let info = before.rsplit(|c| ends_info(c) || c == '=').next()?;
    let (user, password) = info.split_once(':')?;
    let right = !user.is_empty() && is_literal(password);
    right.then_some(at - password.len()..at)
}

/// Finds the password of an address of Oracle's thin driver, whose `oracle:thin:` ends at a place: `user/password@host`.
pub(super) fn thin(text: &str, end: usize) -> Option<Range<usize>> {
    let rest = window_after(text, end, LONGEST);
    let (info, _) = rest.split_once('@')?;
    let (user, password) = info.split_once('/')?;
    let start = end + user.len() + 1;
    let right = !user.is_empty() && !password.contains(ends_info) && is_literal(password);
    right.then_some(start..start + password.len())
}

/// Tells whether a character cannot stand in the user and password of an address.
fn ends_info(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(
            c,
            '@' | '/'
                | '?'
                | '#'
                | '"'
                | '\''
                | '`'
                | '\\'
                | '^'
                | '|'
                | '['
                | ']'
                | '('
                | ')'
                | ','
        )
}

/// Tells whether what follows the `@` is no host: the digest of an image, or a host of an example.
fn is_example(host: &str) -> bool {
    const EXAMPLES: &[&str] = &["example.com", "example.org", "example.net"];
    let of_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let end = host.find(|c| !of_host(c)).unwrap_or(host.len());
    let host = host.get(..end).unwrap_or_default().trim_end_matches('.');
    host == "sha256"
        || EXAMPLES.iter().any(|domain| {
            let front = host.strip_suffix(domain);
            front.is_some_and(|front| front.is_empty() || front.ends_with('.'))
        })
}

/// Tells whether a text is a port, and a tag or the end of a bracket behind it.
fn is_port(text: &str) -> bool {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < text.len() && rest.starts_with(['<', '>'])
}

/// Tells whether a password is written out, and not covered up or filled in by something.
fn is_literal(password: &str) -> bool {
    const NAMES: &[&str] = &["PASSWORD", "PASS", "PASSWD", "PWD", "SECRET", "TOKEN"];
    let covered = password.bytes().all(|byte| b"*.xX-_".contains(&byte));
    let braces = password.starts_with('{') && password.ends_with('}');
    !covered
        && !braces
        && !NAMES.contains(&password)
        && !has_placeholder(password)
        && !is_pattern(password)
        && !is_reference(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<&str> {
        let at = text.find("://").unwrap();
        text.get(password(text, &(at..at + 3))?)
    }

    #[test]
    fn passwords_stand_between_a_colon_and_an_at() {
        for (text, expected) in [
            ("postgres://app:s3cret@db:5432/app", Some("s3cret")),
            ("redis://:s3cret@cache", Some("s3cret")),
            ("x mongodb+srv://a:b%40c@m.example.com.evil/", Some("b%40c")),
            ("amqp://guest:guest@mq", Some("guest")),
            ("http://user:p@ss@host", Some("p")),
            ("https://github.com/a/b", None),
            ("ssh://git@github.com:22/a/b", None),
            ("http://host:8080/a?mail=a@b", None),
            ("http://host:8080?mail=a@b", None),
            ("docker://alpine:3.19@sha256:0", None),
            ("http://[::1]:80/@", None),
            ("https://user:$PASSWORD@host", None),
            ("https://user:${PASSWORD}@host", None),
            ("https://$(USER):$(PASSWORD)@host", None),
            ("https://user:{{ password }}@host", None),
            ("https://user:{password}@host", None),
            ("https://user:<password>@host", None),
            ("https://user:x<y>1@host", Some("x<y>1")),
            ("http://host:80<br>mail:a@b", None),
            ("https://user:%s@host", None),
            ("https://user:***@host", None),
            ("https://USER:PASSWORD@host", None),
            ("https://user:password@www.example.com/", None),
            ("https?://[^:]+:[^@]+@", None),
            ("://a:b@c", None),
            ("x://", None),
            ("x://:@", None),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn data_sources_have_them_too() {
        for (text, expected) in [
            ("root:s3cret@tcp(db:3306)/app", Some("s3cret")),
            ("DSN=root:s3cret@tcp(db)", Some("s3cret")),
            ("root:$PW@tcp(db)", None),
            ("root@tcp(db)", None),
        ] {
            let at = text.find("@tcp(").unwrap();
            let range = data_source(text, at);
            assert_eq!(range.and_then(|range| text.get(range)), expected, "{text}");
        }
        let range = |text: &str| thin(text, 0).and_then(|range| text.get(range).map(str::to_owned));
        assert_eq!(range("scott/tiger@//db:1521/x").as_deref(), Some("tiger"));
        assert_eq!(range("@//db:1521/x"), None);
        assert_eq!(range("/@db"), None);
    }
}
