//! What is assigned to a name in a text: `name = value`, `"name": "value"`, `--name=value`, `<name>value</name>` and the
//! like, of whatever language.

use std::ops::Range;

use super::block;
use super::name::LONGEST;
use super::text::{byte_at, byte_before, part, run_after, run_before, window_after, window_before};

/// How many blanks are passed over.
const BLANKS: usize = 64;
/// The longest value that is read.
const VALUE: usize = super::value::LONGEST;
/// The longest value without quotes.
const BARE: usize = 512;

/// Names whose value follows behind a blank, as in the settings of Redis and `HAProxy`.
const SPACED: &[&str] = &["requirepass", "masterauth", "insecure-password"];

/// What is assigned to a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assigned {
    /// The value's bytes, without quotes.
    pub(super) value: Range<usize>,
    /// Whether it stands in quotes.
    pub(super) quoted: bool,
    /// Whether a program takes it as it is; behind a colon it may be the name of something.
    pub(super) exact: bool,
}

/// What stands between a name and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Separator {
    Equals,
    Colon,
    /// The end of a tag: `<name>`.
    Tag,
    Blank,
}

/// Returns the bytes of the name of which a part was found.
pub(super) fn name(text: &str, found: &Range<usize>) -> Range<usize> {
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte);
    let start = run_before(text, found.start, LONGEST, of_name);
    let end = run_after(text, found.end, LONGEST, of_name);
    let name = text.get(start..end).unwrap_or_default();
    let closed = name.trim_end_matches(['.', '-', '/']).len();
    // The end of a tag is no part of its name.
    let start = start + usize::from(name.starts_with('/') && byte_before(text, start) == b'<');
    start..(start + closed).max(found.end).min(end)
}

/// Reads what is assigned to a name. Where a line of settings begins with the name, the value goes to its end; elsewhere
/// more words may follow.
pub(super) fn assigned(text: &str, name: &Range<usize>, settings: bool) -> Option<Assigned> {
    let (mut at, quoted) = opening_quote(text, name.end);
    if quoted && byte_at(text, at) == b']' {
        at += 1;
    }
    let separated = blanks(text, at);
    let (separator, after) = separator(text, name, separated, quoted)?;
    let at = blanks(text, after);
    if !quoted && at == after && closes(text, name, at) {
        return None;
    }
    let exact = separator != Separator::Colon;
    let at = match separator {
        Separator::Colon => block::properties(text, at),
        _ => at,
    };
    let whole = |value, quoted| Assigned {
        value,
        quoted,
        exact,
    };
    if separator == Separator::Colon
        && let Some(value) = block::scalar(text, name.start, at)
    {
        return Some(whole(value, true));
    }
    if separator != Separator::Tag
        && let Some(value) = in_quotes(text, at)
    {
        return Some(whole(value, true));
    }
    let value = match cdata(text, at).filter(|_| separator == Separator::Tag) {
        Some(value) => value,
        None => bare(text, at, separator, settings),
    };
    // Behind a colon, and behind blanks, more words make a sentence.
    let tight = separator == Separator::Equals && separated == name.end && !settings;
    let sentence = !tight && separator != Separator::Tag && goes_on(text, value.end);
    (!sentence).then_some(Assigned {
        value,
        quoted: false,
        exact,
    })
}

/// Tells whether a quote at a place closes one before the name: `"NAME=" + value`.
fn closes(text: &str, name: &Range<usize>, at: usize) -> bool {
    let before = byte_before(text, name.start);
    matches!(before, b'"' | b'\'' | b'`') && byte_at(text, at) == before
}

/// Reads a text in quotes that begins at a place; one that does not end ends with its line.
pub(super) fn in_quotes(text: &str, at: usize) -> Option<Range<usize>> {
    let (start, quoted) = opening_quote(text, at);
    if !quoted {
        return None;
    }
    let escaped = start - at == 2;
    let quote = byte_before(text, start);
    let mut end = start;
    let mut backslash = false;
    for byte in window_after(text, start, VALUE).bytes() {
        let closes = byte == quote && backslash == escaped;
        if closes || byte == b'\n' {
            break;
        }
        backslash = byte == b'\\' && !backslash;
        end += 1;
    }
    let end = end - usize::from(escaped && backslash && end > start);
    Some(start..text.floor_char_boundary(end))
}

/// Passes over a quote, also one behind a backslash: texts in texts.
fn opening_quote(text: &str, at: usize) -> (usize, bool) {
    let is_quote = |byte: u8| matches!(byte, b'"' | b'\'' | b'`');
    match byte_at(text, at) {
        b'\\' if is_quote(byte_at(text, at + 1)) => (at + 2, true),
        byte if is_quote(byte) => (at + 1, true),
        _ => (at, false),
    }
}

fn blanks(text: &str, at: usize) -> usize {
    run_after(text, at, BLANKS, |byte| matches!(byte, b' ' | b'\t'))
}

/// Reads the separator at a place; returns the place after it.
fn separator(
    text: &str,
    name: &Range<usize>,
    at: usize,
    quoted: bool,
) -> Option<(Separator, usize)> {
    let next = byte_at(text, at + 1);
    match byte_at(text, at) {
        b'=' => match next {
            b'=' | b'~' => None,
            b'>' => Some((Separator::Equals, at + 2)),
            _ => Some((Separator::Equals, at + 1)),
        },
        b':' if next == b'=' => Some((Separator::Equals, at + 2)),
        b':' => {
            let colon = quoted || matches!(next, b' ' | b'\t' | b'"' | b'\'' | b'\\');
            colon.then_some((Separator::Colon, at + 1))
        }
        b'>' => {
            let tag = byte_before(text, name.start) == b'<';
            tag.then_some((Separator::Tag, at + 1))
        }
        _ => {
            let blank = at > name.end && is_spaced(text, name, at);
            blank.then_some((Separator::Blank, at))
        }
    }
}

/// Reads what XML takes as it is, behind `<![CDATA[`.
fn cdata(text: &str, at: usize) -> Option<Range<usize>> {
    const OPEN: &str = "<![CDATA[";
    let rest = window_after(text, at, VALUE).strip_prefix(OPEN)?;
    let start = at + OPEN.len();
    Some(start..start + rest.find("]]>")?)
}

/// Tells whether a value follows a name behind nothing but blanks: an argument, a setting of some programs, a statement of
/// SQL, a line of `.netrc`.
fn is_spaced(text: &str, name: &Range<usize>, at: usize) -> bool {
    let flag = part(text, name);
    let next = byte_at(text, at);
    if flag.starts_with("--") && flag.len() > 2 {
        return next != b'-';
    }
    let lower = flag.to_ascii_lowercase();
    if SPACED.contains(&lower.as_str()) {
        return true;
    }
    let before = || window_before(text, name.start, 256).to_ascii_lowercase();
    lower == "password"
        && (before().contains(" login ")
            || is_of_machine(&before())
            || next == b'\''
                && ["create ", "alter "]
                    .iter()
                    .any(|word| before().contains(word)))
}

/// Tells whether an entry of `.netrc` stands before a password, which may have a line for each word.
fn is_of_machine(before: &str) -> bool {
    let mut words = before.split_ascii_whitespace();
    words.any(|word| matches!(word, "machine" | "default")) && words.any(|word| word == "login")
}

/// Reads a value without quotes. Where it may go to the end of its line, it ends at no bracket but that of a tag.
fn bare(text: &str, at: usize, separator: Separator, settings: bool) -> Range<usize> {
    // A reference ends where its own brackets do, which may hold anything.
    let reference = matches!(byte_at(text, at), b'$' | b'{' | b'<' | b'%' | b'(');
    let ends = |byte: u8| match separator {
        Separator::Tag => matches!(byte, b'<' | b'\n'),
        _ if reference => byte.is_ascii_whitespace(),
        _ if settings || separator == Separator::Colon => {
            byte.is_ascii_whitespace() || b",;&\"'`)}]".contains(&byte)
        }
        _ => byte.is_ascii_whitespace() || b",;&\"'`)}]<>".contains(&byte),
    };
    let end = run_after(text, at, BARE, |byte| !ends(byte));
    let value = text.get(at..end).unwrap_or_default();
    let tag = ["</", "<br", "<!"].iter().filter_map(|tag| value.find(tag));
    at..tag.min().filter(|_| !reference).map_or(end, |tag| at + tag)
}

/// Tells whether more words follow on the line, and not a comment.
fn goes_on(text: &str, at: usize) -> bool {
    let next = blanks(text, at);
    let byte = byte_at(text, next);
    next > at && !byte.is_ascii_whitespace() && !b"#;,&|)}]\"'\\/<-".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_in_many_languages() {
        for (text, expected) in [
            ("password = x1", Some(("x1", false, true))),
            ("password=x1", Some(("x1", false, true))),
            ("password: x1 # why", Some(("x1", false, false))),
            ("password:x1", None),
            ("\"password\":\"x1\",", Some(("x1", true, false))),
            ("'password' => 'x 1',", Some(("x 1", true, true))),
            ("$c['password'] = 'x1';", Some(("x1", true, true))),
            ("\\\"password\\\":\\\"x1\\\"", Some(("x1", true, false))),
            ("password := `x1`", Some(("x1", true, true))),
            ("<password>x1</password>", Some(("x1", false, true))),
            ("<user password=\"x1\"/>", Some(("x1", true, true))),
            ("--password x1 y", None),
            ("--password x1", Some(("x1", false, true))),
            ("--password=x1 --user y", Some(("x1", false, true))),
            ("password=x1 run", Some(("x1", false, true))),
            ("password is x1", None),
            ("password: this is a sentence", None),
            ("password == x1", None),
            ("password=~x1", None),
            ("?password=x1&y=2", Some(("x1", false, true))),
            ("Server=a;password=x1;b=2", Some(("x1", false, true))),
            ("{password: x1}", Some(("x1", false, false))),
            ("password=${x:-y z}", Some(("${x:-y", false, true))),
            ("password = \"\"", Some(("", true, true))),
            ("password: \"x1", Some(("x1", true, false))),
            ("CREATE USER a PASSWORD 'x1'", Some(("x1", true, true))),
            ("machine a login b password x1", Some(("x1", false, true))),
            (
                "machine a\nlogin b\npassword x1\n",
                Some(("x1", false, true)),
            ),
            ("login b\npassword x1\n", None),
            ("password: x<1>2", Some(("x<1>2", false, false))),
            ("password: x1<br>", Some(("x1", false, false))),
            ("password: x1</b>", Some(("x1", false, false))),
            ("password: &anchor x1", Some(("x1", false, false))),
            ("password: !!str \"x1\"", Some(("x1", true, false))),
            ("password: !vault x1", None),
            (
                "<password><![CDATA[x<1]]></password>",
                Some(("x<1", false, true)),
            ),
            ("password: |\n  x1\n", Some(("x1", true, false))),
            ("the password 'x1'", None),
            ("password", None),
            ("\"password=\" + x1 + \"y\"", None),
            ("password:", None),
            ("password:\n x", None),
            ("password=\u{e9}1", Some(("\u{e9}1", false, true))),
        ] {
            let lower = text.to_ascii_lowercase();
            let at = lower.find("passw").unwrap();
            let name = name(text, &(at..at + 5));
            let read = assigned(text, &name, false);
            let told = read
                .as_ref()
                .map(|read| (part(text, &read.value), read.quoted, read.exact));
            assert_eq!(told, expected, "{text}");
        }
    }

    #[test]
    fn a_name_is_read_to_both_ends() {
        for (text, expected) in [
            (
                "a spring.datasource.password=x",
                "spring.datasource.password",
            ),
            ("{\"db-password\":1}", "db-password"),
            ("--password=x", "--password"),
            ("the password.", "password"),
            ("</password>", "password"),
            ("password", "password"),
        ] {
            let at = text.find("passw").unwrap();
            assert_eq!(part(text, &name(text, &(at..at + 5))), expected);
        }
        let long = "a".repeat(1000) + "passw" + &"b".repeat(1000);
        assert!(name(&long, &(1000..1005)).len() <= 2 * LONGEST + 5);
    }
}
