//! JSON that is no YAML, written so that the YAML parser takes it: every byte keeps its place.

use std::borrow::Cow;

/// What stands for a lone surrogate: Kubernetes reads it as U+FFFD.
const REPLACEMENT: &str = "\\ufffd";

/// Returns JSON text with escapes and characters that the parser refuses replaced; what they stood for is in
/// [`string`].
pub(super) fn for_parser(text: &str) -> Cow<'_, str> {
    let text = without_lone_surrogates(text);
    if !text.contains(is_refused) {
        return text;
    }
    let fill = |c: char| match c.len_utf8() {
        _ if !is_refused(c) => c,
        1 => '?',
        2 => '\u{e9}',
        _ => '\u{fffd}',
    };
    Cow::Owned(text.chars().map(fill).collect())
}

/// Returns what a JSON string means where it holds what the parser refuses.
pub(super) fn string(quoted: &str) -> Option<String> {
    if !quoted.contains(is_refused) {
        return None;
    }
    serde_json::from_str(&without_lone_surrogates(quoted)).ok()
}

/// Tells whether YAML has no place for a character that stands in JSON strings as it is.
fn is_refused(c: char) -> bool {
    matches!(c, '\u{7F}'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}')
}

fn without_lone_surrogates(text: &str) -> Cow<'_, str> {
    if !text.contains("\\ud") && !text.contains("\\uD") {
        return Cow::Borrowed(text);
    }
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        replaced.push_str(before);
        // An escape is of two characters; those of a code are six, a pair of surrogates twelve.
        let (length, lone) = match (surrogate(escape), escape.get(6..).and_then(surrogate)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => (12, false),
            (Some(_), _) => (6, true),
            (None, _) => (1 + escape.chars().nth(1).map_or(0, char::len_utf8), false),
        };
        let (escape, after) = escape.split_at(length);
        replaced.push_str(if lone { REPLACEMENT } else { escape });
        rest = after;
    }
    replaced.push_str(rest);
    Cow::Owned(replaced)
}

/// Returns the surrogate that a text begins with as an escape.
fn surrogate(text: &str) -> Option<u32> {
    let code = u32::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()?;
    (0xD800..0xE000).contains(&code).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lone_surrogates_are_replaced_and_everything_keeps_its_place() {
        let text = r#""\ud83d\ude00 \uD800 \udc00\\ud800 \ud800\ud83d\ude00""#;
        let fit = r#""\ud83d\ude00 \ufffd \ufffd\\ud800 \ufffd\ud83d\ude00""#;
        assert_eq!(for_parser(text), fit);
        assert_eq!(
            for_parser("\"a\u{7f}\u{80}\u{ffff}\""),
            "\"a?\u{e9}\u{fffd}\""
        );
        assert_eq!(
            string("\"a\u{7f}\\ud800\""),
            Some("a\u{7f}\u{fffd}".to_owned())
        );
        assert_eq!(string("\"a\""), None);
    }
}
