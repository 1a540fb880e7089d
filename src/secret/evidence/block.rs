//! What YAML puts between a key and its value, or on the lines below it: anchors, `|` and `>`.

use std::ops::Range;

use super::text::{byte_at, byte_before, run_after, run_before, window_after};
use super::value::LONGEST;

/// How many blanks, and how long an anchor, are passed over.
const BLANKS: usize = 64;
/// How many bytes of blanks and empty lines may stand before the value.
const EMPTY: usize = 256;

/// Passes over an anchor and the tag of a string, which change nothing.
pub(super) fn properties(text: &str, mut at: usize) -> usize {
    for _ in 0..2 {
        let rest = window_after(text, at, BLANKS);
        let word = rest.split([' ', '\t', '\n']).next().unwrap_or_default();
        let blank = matches!(byte_at(text, at + word.len()), b' ' | b'\t');
        let anchor = word.len() > 1 && word.starts_with('&');
        if !blank || !(anchor || word == "!!str") {
            break;
        }
        at = run_after(text, at + word.len(), BLANKS, is_blank);
    }
    at
}

/// Reads a block scalar whose `|` or `>` stands at a place, behind a key at another. The value is all of its lines.
pub(super) fn scalar(text: &str, key: usize, at: usize) -> Option<Range<usize>> {
    if !matches!(byte_at(text, at), b'|' | b'>') {
        return None;
    }
    let of_header = |byte: u8| byte.is_ascii_digit() || b"+-".contains(&byte);
    let end = blank_after(text, run_after(text, at + 1, 2, of_header));
    let end = match byte_at(text, end) {
        b'#' => run_after(text, end, EMPTY, |byte| byte != b'\n'),
        _ => end,
    };
    if !matches!(byte_at(text, end), b'\n' | b'\r') {
        return None;
    }
    let start = run_after(text, end, EMPTY, |byte| byte.is_ascii_whitespace());
    let indent = indent_of(text, start);
    if start >= text.len() || indent <= indent_of_key(text, key) {
        return None;
    }
    let rest = window_after(text, start, LONGEST + 1);
    let mut end = start;
    for line in rest.split_inclusive('\n') {
        let of_block = end == start
            || line.trim().is_empty()
            || line.len() - line.trim_start_matches(' ').len() >= indent;
        if !of_block {
            break;
        }
        end += line.len();
    }
    let value = text.get(start..end)?.trim_end();
    Some(start..start + value.len())
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn blank_after(text: &str, at: usize) -> usize {
    run_after(text, at, BLANKS, is_blank)
}

/// Returns how many blanks stand before a place in its line.
fn indent_of(text: &str, at: usize) -> usize {
    at - run_before(text, at, EMPTY, |byte| byte == b' ')
}

/// Returns the indentation of a key: a quote and the dash of a list may stand before it.
fn indent_of_key(text: &str, key: usize) -> usize {
    let quoted = matches!(byte_before(text, key), b'"' | b'\'');
    indent_of(text, key - usize::from(quoted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::evidence::text::part;

    #[test]
    fn a_block_is_read_to_its_end() {
        for (text, expected) in [
            ("k: |\n  x1\n", Some("x1")),
            ("k: >-\n  x1\nb: y\n", Some("x1")),
            ("  k: |+\n\n    x1\n\n  b: y\n", Some("x1")),
            ("- k: |2- # why\n    x1", Some("x1")),
            ("\"k\": |\r\n  x1\r\n", Some("x1")),
            ("k: |\n  x1\n   y\n\n  z\nb: y", Some("x1\n   y\n\n  z")),
            ("k: |\nb: y\n", None),
            ("  k: |\n  b: y\n", None),
            ("k: |\n", None),
            ("k: |", None),
            ("k: | x1\n", None),
            ("k: x1\n  y", None),
            ("k: ||\n  y", None),
        ] {
            let key = text.find('k').unwrap();
            let at = text.find(": ").unwrap() + 2;
            let value = scalar(text, key, at).map(|value| part(text, &value));
            assert_eq!(value, expected, "{text}");
        }
    }
}
