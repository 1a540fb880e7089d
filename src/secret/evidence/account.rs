//! Users and their passwords side by side: `user:password` in a variable, `user:{PLAIN}password` in any text, and files
//! that have a line for each user.

use std::ops::Range;

use super::text::{byte_before, part, run_after};
use super::value::{Class, LONGEST, class};
use super::{Form, What, named};

/// Files that hold users and passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum File {
    /// `host:port:database:user:password`, of `libpq`.
    PgPass,
    /// `"user" "password"`, of `PgBouncer`.
    UserList,
    /// `user:password`, of web servers.
    Htpasswd,
    /// `server user:password`, of Postfix.
    Sasl,
}

/// Says by its name whether a file holds users and passwords.
pub(crate) fn file(name: &str) -> Option<File> {
    let stem = name.strip_suffix(".txt").unwrap_or(name);
    let stem = stem.strip_suffix(".conf").unwrap_or(stem);
    let is = |last: &str| {
        let front = stem.strip_suffix(last);
        front.is_some_and(|front| front.is_empty() || front.ends_with(['.', '-', '_']))
    };
    match stem {
        _ if is("pgpass") => Some(File::PgPass),
        _ if is("userlist") => Some(File::UserList),
        _ if is("htpasswd") => Some(File::Htpasswd),
        _ if is("sasl_passwd") => Some(File::Sasl),
        _ => None,
    }
}

/// Finds the user and the password of a line of a file.
pub(crate) fn of_line(file: File, line: &str) -> Option<(&str, What)> {
    let line = line.trim();
    if line.starts_with(['#', ';']) {
        return None;
    }
    let (user, password) = match file {
        File::PgPass => {
            let mut fields = fields(line);
            let user = fields.nth(3)?;
            (user, fields.next()?)
        }
        File::UserList => {
            let mut parts = line.split('"');
            let user = parts.nth(1)?;
            (user, parts.nth(1)?)
        }
        File::Htpasswd => {
            let (user, rest) = line.split_once(':')?;
            (user, rest.split(':').next()?)
        }
        File::Sasl => line.split_whitespace().nth(1)?.split_once(':')?,
    };
    let hashed = is_hash(password);
    let what = named("password", password, Form::Exact).filter(|_| !hashed && !user.is_empty())?;
    Some((user, what))
}

/// Splits a line at its colons but those behind a backslash.
fn fields(line: &str) -> impl Iterator<Item = &str> {
    let mut escaped = false;
    line.split(move |c| {
        let ends = c == ':' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })
}

/// Tells whether a password is the hash of one: that of `PostgreSQL`, `crypt`'s, or of a scheme that is named.
fn is_hash(password: &str) -> bool {
    let hex = password
        .strip_prefix("md5")
        .is_some_and(|hash| hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let of_crypt = |byte: u8| byte.is_ascii_alphanumeric() || b"./".contains(&byte);
    let crypt = password.len() == 13 && password.bytes().all(of_crypt);
    hex || crypt && class(password) == Class::Random || password.starts_with(['$', '{'])
}

/// What is in a text behind a scheme.
pub(super) const UNSALTED: &str =
    "the hash of a password without salt, which tables of passwords turn back";

/// What begins a password that is written out, and a hash that has no salt, in accounts of Dovecot, Spring and web servers.
pub(super) const PLAIN: &[&str] = &["{PLAIN}", "{CLEARTEXT}", "{CLEAR}", "{noop}"];
pub(super) const HASHED: &[&str] = &["{SHA}", "{SHA256}", "{SHA512}", "{PLAIN-MD5}", "{LDAP-MD5}"];

/// Finds a password behind its scheme: `user:{PLAIN}password`.
pub(super) fn schemed(text: &str, scheme: &Range<usize>) -> Option<(Range<usize>, What)> {
    let mark = part(text, scheme);
    let before = byte_before(text, scheme.start);
    if !before.is_ascii_whitespace() && !b":=\"',>".contains(&before) {
        return None;
    }
    if HASHED.contains(&mark) {
        let of_hash = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
        let end = run_after(text, scheme.end, 256, of_hash);
        let hash = part(text, &(scheme.end..end));
        let right = hash.len() >= 24 && super::token::is_made_by_chance(hash);
        return right.then_some((scheme.end..end, What::Token(UNSALTED)));
    }
    let ends = |byte: u8| byte.is_ascii_whitespace() || b":\"',;<".contains(&byte);
    let end = run_after(text, scheme.end, LONGEST, |byte| !ends(byte));
    let password = part(text, &(scheme.end..end));
    let what = named("password", password, Form::Exact).filter(|_| PLAIN.contains(&mark))?;
    Some((scheme.end..end, what))
}

/// Tells whether a name is that of a variable with a user and a password: `NEO4J_AUTH`, `FLOWER_BASIC_AUTH`.
pub(super) fn is_login(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "neo4j_auth",
        "basic_auth",
        "auth_basic",
        "basicauth",
        "elasticsearch_auth",
    ];
    let tail = |last: &str| {
        let at = name.len().checked_sub(last.len());
        let (front, back) = at
            .and_then(|at| name.split_at_checked(at))
            .unwrap_or_default();
        back.eq_ignore_ascii_case(last) && !front.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    NAMES.iter().any(|last| tail(last))
}

/// Says what the password is in the value of such a variable.
pub(super) fn login(name: &str, value: &str) -> Option<What> {
    let neo4j = name.to_ascii_lowercase().ends_with("neo4j_auth");
    let (user, password) = value.split_once(if neo4j { '/' } else { ':' })?;
    let of_user = |c: char| c.is_ascii_alphanumeric() || "._-@".contains(c);
    let right = !user.is_empty() && user.chars().all(of_user) && !is_hash(password);
    let form = if neo4j { Form::Exact } else { Form::Field };
    named("password", password, form).filter(|_| right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_accounts_are_known_by_their_names() {
        for (name, expected) in [
            (".pgpass", Some(File::PgPass)),
            ("pgpass", Some(File::PgPass)),
            ("pgpass.conf", Some(File::PgPass)),
            ("userlist.txt", Some(File::UserList)),
            (".htpasswd", Some(File::Htpasswd)),
            ("sasl_passwd", Some(File::Sasl)),
            ("users.txt", None),
            ("passwd", None),
            ("pgpassword", None),
        ] {
            assert_eq!(file(name), expected, "{name}");
        }
    }

    #[test]
    fn a_line_is_a_user_and_a_password() {
        for (file, line, expected) in [
            (File::PgPass, "db:5432:app:ops:x1y2!", Some("ops")),
            (File::PgPass, "a\\:b:5432:app:ops:x1y2!", Some("ops")),
            (File::PgPass, "*:*:*:ops:${PASSWORD}", None),
            (File::PgPass, "# db:5432:app:ops:x1y2!", None),
            (File::PgPass, "db:5432:app:ops", None),
            (File::UserList, "\"ops\" \"x1y2!\"", Some("ops")),
            (File::UserList, "\"ops\" \"\"", None),
            (
                File::UserList,
                "\"ops\" \"md59f86d081884c7d659a2feaa0c55ad015\"",
                None,
            ),
            (File::UserList, "\"ops\" \"SCRAM-SHA-256$4096:x\"", None),
            (File::Htpasswd, "ops:x1y2!", Some("ops")),
            (File::Htpasswd, "ops:$apr1$x$y", None),
            (File::Htpasswd, "ops:{SSHA}x", None),
            (File::Sasl, "[smtp.example.org]:587 ops:x1y2!", Some("ops")),
            (File::Sasl, "[smtp.example.org]:587", None),
        ] {
            let user = of_line(file, line).map(|(user, _)| user);
            assert_eq!(user, expected, "{line}");
        }
    }

    #[test]
    fn variables_hold_users_and_passwords() {
        for (name, value, expected) in [
            ("NEO4J_AUTH", "neo4j/x1y2!", true),
            ("NEO4J_AUTH", "neo4j/neo4j", true),
            ("NEO4J_AUTH", "none", false),
            ("NEO4J_AUTH", "neo4j/$(PASSWORD)", false),
            ("FLOWER_BASIC_AUTH", "ops:x1y2!", true),
            ("BASIC_AUTH", "monitoring:basic-auth", false),
            ("BASIC_AUTH", "ops:$apr1$x$y", false),
            ("BASIC_AUTH", "http://a", false),
        ] {
            let found = is_login(name) && login(name, value).is_some();
            assert_eq!(found, expected, "{name}={value}");
        }
        assert!(!is_login("AUTH") && !is_login("NOBASIC_AUTH") && !is_login("é"));
    }
}
