//! Makes text of the user's origin safe to print: nothing in it begins a line, commands a terminal or a CI system, turns
//! the direction of what follows, or hides.
//!
//! In: untrusted text. Out: one line, with escapes such as `\n` and `\u{202e}` for what cannot be shown.

use std::borrow::Cow;

/// Returns a text as one line that is safe to print after other text.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && !text.contains("##") {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hostile(c) || is_command(&shown, c) {
            shown.extend(escape(c));
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// Returns a text as one line that is safe to print at the beginning of a line: GitHub takes `::` there for a command,
/// also after blanks.
pub fn escaped_line(text: &str) -> Cow<'_, str> {
    let shown = escaped(text);
    match shown.trim_start().strip_prefix("::") {
        Some(rest) => {
            let (blanks, _) = shown.split_at(shown.len() - rest.len() - 2);
            Cow::Owned(format!("{blanks}\\u{{3a}}:{rest}"))
        }
        None => shown,
    }
}

/// Returns the character that stands for one of a line of a file: one for one, so that nothing moves.
pub(super) fn visible(before: &str, c: char) -> char {
    match c {
        '\t' => ' ',
        c if is_hostile(c) || is_command(before, c) => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}

/// The escapes of Rust and JSON for the best-known, the number for the rest.
fn escape(c: char) -> impl Iterator<Item = char> {
    let short = matches!(c, '\n' | '\r' | '\t').then(|| c.escape_default());
    let long = short.is_none().then(|| c.escape_unicode());
    short
        .into_iter()
        .flatten()
        .chain(long.into_iter().flatten())
}

/// Tells whether a character would complete the beginning of a command that GitHub (`##[`) or Azure DevOps (`##vso[`)
/// obey anywhere in a line.
fn is_command(before: &str, c: char) -> bool {
    c == '[' && (before.ends_with("##") || before.ends_with("##vso"))
}

/// Tells whether a terminal would obey a character, or a reader be misled by it: controls, line breaks, marks that turn
/// the direction of text, and what is not seen.
///
/// The last are the default-ignorable code points of Unicode, with a few that show as blanks.
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{AD}'
                | '\u{34F}'
                | '\u{61C}'
                | '\u{115F}'..='\u{1160}'
                | '\u{17B4}'..='\u{17B5}'
                | '\u{180B}'..='\u{180F}'
                | '\u{200B}'..='\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{FE00}'..='\u{FE0F}'
                | '\u{FEFF}'
                | '\u{FFA0}'
                | '\u{FFF0}'..='\u{FFFB}'
                | '\u{1BCA0}'..='\u{1BCA3}'
                | '\u{1D173}'..='\u{1D17A}'
                | '\u{E0000}'..='\u{E0FFF}'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_cannot_be_shown_is_escaped() {
        assert_eq!(
            escaped("a\u{1b}[0m\u{200b}é\n\r\tü"),
            "a\\u{1b}[0m\\u{200b}é\\n\\r\\tü"
        );
        assert_eq!(
            escaped("##[x] ##vso[y] #[z]"),
            "##\\u{5b}x] ##vso\\u{5b}y] #[z]"
        );
        assert_eq!(escaped_line("  ::error::x"), "  \\u{3a}:error::x");
        assert_eq!(escaped_line("a::b"), "a::b");
    }

    #[test]
    fn what_can_be_shown_stays() {
        for text in ["", "a: b # c", "é 🙂 日本 עברית", "\u{a0}", "\\n"] {
            assert_eq!(escaped_line(text), text);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_escaped_is_one_line_of_visible_characters(text in any::<String>()) {
            let shown = escaped_line(&text);
            prop_assert!(!shown.chars().any(is_hostile), "{shown:?}");
            prop_assert!(!shown.trim_start().starts_with("::"), "{shown:?}");
            // What is safe stays as it is.
            prop_assert_eq!(escaped_line(&shown), shown.clone());
        }
    }
}
