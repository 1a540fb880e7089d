//! A name and its value as two fields: `name: DB_PASSWORD` and `value: x` under it, `{"type": "password", "value": "x"}`,
//! `<property name="password" value="x"/>`.

use std::ops::Range;

use super::assignment::{Assigned, in_quotes};
use super::block;
use super::text::{byte_at, byte_before, part, run_after, run_before};
use super::value::LONGEST;

/// How much may stand between the two.
const BETWEEN: usize = 80;

/// Fields that name what stands beside them.
const NAMES: &[&str] = &["name", "type", "key"];

/// Reads the value beside a name.
pub(super) fn value(text: &str, name: &Range<usize>) -> Option<Assigned> {
    if !NAMES.contains(&field_before(text, name.start)?) {
        return None;
    }
    let between = |byte: u8| byte.is_ascii_whitespace() || b",\"'\\".contains(&byte);
    let field = run_after(text, name.end, BETWEEN, between);
    let end = field + "value".len();
    if part(text, &(field..end)) != "value" {
        return None;
    }
    let separator = run_after(text, end, BETWEEN, |byte| b"\"'\\ \t".contains(&byte));
    if !matches!(byte_at(text, separator), b':' | b'=') {
        return None;
    }
    let at = run_after(text, separator + 1, BETWEEN, |byte| b" \t".contains(&byte));
    let block = (byte_at(text, separator) == b':').then(|| block::scalar(text, field, at));
    let quoted = block.flatten().or_else(|| in_quotes(text, at));
    let ends = |byte: u8| byte.is_ascii_whitespace() || b",}]\"'<>".contains(&byte);
    let bare = || at..run_after(text, at, LONGEST, |byte| !ends(byte));
    Some(Assigned {
        quoted: quoted.is_some(),
        value: quoted.unwrap_or_else(bare),
        exact: true,
    })
}

/// Returns the name of the field whose value begins at a place.
fn field_before(text: &str, at: usize) -> Option<&str> {
    let back = |at: usize, of_run: fn(u8) -> bool| run_before(text, at, BETWEEN, of_run);
    let is_quote = |byte: u8| b"\"'\\".contains(&byte);
    let separator = back(back(at, is_quote), |byte| b" \t".contains(&byte));
    if !matches!(byte_before(text, separator), b':' | b'=') {
        return None;
    }
    let end = back(separator - 1, |byte| b"\"'\\ \t".contains(&byte));
    let start = back(end, |byte| {
        byte.is_ascii_alphanumeric() || b"_-.".contains(&byte)
    });
    text.get(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_may_have_its_name_beside_it() {
        for (text, expected) in [
            ("- name: DB_PASSWORD\n  value: x1\n", Some("x1")),
            (
                "- name: \"DB_PASSWORD\"\n  value: \"x 1\" # why",
                Some("x 1"),
            ),
            ("- name: DB_PASSWORD\n  value: |\n    x1\n", Some("x1")),
            ("<add key=\"DbPassword\" value=\"x1\"/>", Some("x1")),
            ("{\"type\":\"password\",\"value\":\"x1\"}", Some("x1")),
            ("{\"type\": \"password\",\n  \"value\": \"x1\"}", Some("x1")),
            ("{name: password, value: x1}", Some("x1")),
            ("<property name=\"password\" value=\"x1\"/>", Some("x1")),
            ("- name: password\n  valueFrom: x1", None),
            ("- name: password\n  description: a\n  value: x1", None),
            ("{\"text\":\"password\",\"value\":\"x1\"}", None),
            ("password value: x1", None),
            ("name: password", None),
            (":password", None),
            ("password", None),
        ] {
            let at = text.to_ascii_lowercase().find("passw").unwrap();
            let name = super::super::assignment::name(text, &(at..at + 5));
            let read = value(text, &name);
            let told = read.as_ref().map(|read| part(text, &read.value));
            assert_eq!(told, expected, "{text}");
        }
    }
}
