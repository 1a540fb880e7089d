//! Which form a string needs so that every YAML reader takes it for that string.

/// How a string is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As it is.
    Plain,
    /// In single quotes.
    Single,
    /// In double quotes with escapes.
    Double,
    /// As a `|` literal.
    Literal,
}

/// Chooses the form of a string.
pub(super) fn form(text: &str) -> Form {
    if is_surely_plain(text) {
        return Form::Plain;
    }
    if text.contains('\n') {
        return if literal_fits(text) {
            Form::Literal
        } else {
            Form::Double
        };
    }
    if text.chars().any(|c| !is_printable(c)) {
        return Form::Double;
    }
    if is_plain(text) {
        Form::Plain
    } else {
        Form::Single
    }
}

/// Tells at a glance, as for most strings of manifests, that nothing needs a closer look: it begins with a letter, is made
/// of what names, paths and images are made of, and is longer than any word with a meaning of its own.
fn is_surely_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() > 8
        && bytes.first().is_some_and(u8::is_ascii_alphabetic)
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'/' | b'_'))
}

/// Tells whether every reader takes a character as it is in a quoted or literal scalar.
///
/// Line breaks of YAML 1.1 (NEL, LS, PS), the byte order mark, controls, and what is no character are escaped.
pub(super) fn is_printable(c: char) -> bool {
    match c {
        ' '..='~' | '\u{10000}'..='\u{10FFFF}' => true,
        '\u{A0}'..='\u{D7FF}' => !matches!(c, '\u{2028}' | '\u{2029}'),
        '\u{E000}'..='\u{FFFD}' => c != '\u{FEFF}',
        _ => false,
    }
}

/// A literal keeps tabs and trailing blanks, but nothing that needs an escape; a tab at its very beginning could be
/// taken for indentation.
fn literal_fits(text: &str) -> bool {
    // A text of line breaks and blanks alone has no line to take the indentation from.
    let fits = if text.is_ascii() {
        text.bytes()
            .all(|byte| matches!(byte, b'\n' | b'\t' | b' '..=b'~'))
    } else {
        text.chars()
            .all(|c| c == '\n' || c == '\t' || is_printable(c))
    };
    fits && text.chars().any(|c| !matches!(c, '\n' | ' ' | '\t'))
        && !text.trim_start_matches('\n').starts_with('\t')
}

/// Tells whether a one-line string may stand without quotes.
fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    let blank_ends = text.starts_with(' ') || text.ends_with(' ');
    let indicator = matches!(
        first,
        '-' | '?'
            | ':'
            | ','
            | '['
            | ']'
            | '{'
            | '}'
            | '#'
            | '&'
            | '*'
            | '!'
            | '|'
            | '>'
            | '\''
            | '"'
            | '%'
            | '@'
            | '`'
            | '='
            | '<'
            | '~'
    );
    // A leading dash, question mark or colon is an indicator only before a blank, but few people know.
    let mapping = text.contains(": ") || text.ends_with(':') || text.contains(" #");
    let flow = text.contains(['{', '}', '[', ']', ',']) && text.starts_with(['{', '[']);
    !(blank_ends || indicator && !is_safe_start(text) || mapping || flow || is_retyped(text))
}

/// Flags such as `-v` and `--listen=:8080` read as strings everywhere.
fn is_safe_start(text: &str) -> bool {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some('-'), Some(next)) => {
            next.is_ascii_alphabetic()
                || (next == '-' && text.len() > 3 && !text.starts_with("---"))
        }
        _ => false,
    }
}

/// Tells whether any YAML reader could take a plain scalar for something but a string.
///
/// YAML 1.1 (<https://yaml.org/type/>) and 1.2's core schema, with room to spare: whatever begins like a number is quoted
/// when it has no letter that a number cannot have.
fn is_retyped(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity",
    ];
    let lower = text.to_ascii_lowercase();
    if WORDS.contains(&lower.as_str()) || text.starts_with("---") || text.starts_with("...") {
        return true;
    }
    let unsigned = lower.trim_start_matches(['+', '-']);
    let numeric_start = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == '_');
    // Dates, times, sexagesimals, octals, hexadecimals, binaries, exponents and digit groups are made of these.
    let numeric = |c: char| {
        c.is_ascii_hexdigit()
            || matches!(
                c,
                '.' | '_' | ':' | '+' | '-' | 'x' | 'o' | 't' | 'z' | ' ' | 'p'
            )
    };
    let number_word = matches!(unsigned.trim_start_matches('.'), "inf" | "nan");
    number_word || numeric_start && unsigned.chars().all(numeric)
}
