//! Places in a text, and what stands around them.

use std::ops::Range;

/// Returns the byte before a place, or a blank.
pub(super) fn byte_before(text: &str, at: usize) -> u8 {
    let before = at.checked_sub(1).and_then(|at| text.as_bytes().get(at));
    before.copied().unwrap_or(b' ')
}

/// Returns the byte at a place, or a line feed.
pub(super) fn byte_at(text: &str, at: usize) -> u8 {
    text.as_bytes().get(at).copied().unwrap_or(b'\n')
}

/// Returns what stands before a place, so many bytes at most.
pub(super) fn window_before(text: &str, at: usize, most: usize) -> &str {
    let start = text.ceil_char_boundary(at.saturating_sub(most));
    text.get(start..at).unwrap_or_default()
}

/// Returns what stands behind a place, so many bytes at most.
pub(super) fn window_after(text: &str, at: usize, most: usize) -> &str {
    let end = text.floor_char_boundary(at.saturating_add(most));
    text.get(at..end).unwrap_or_default()
}

/// Returns the place after a run of bytes, of so many at most.
pub(super) fn run_after(text: &str, at: usize, most: usize, of_run: impl Fn(u8) -> bool) -> usize {
    let bytes = text.as_bytes().get(at..).unwrap_or_default();
    at + bytes
        .iter()
        .take(most)
        .take_while(|byte| of_run(**byte))
        .count()
}

/// Returns the place before a run of bytes, of so many at most.
pub(super) fn run_before(text: &str, at: usize, most: usize, of_run: impl Fn(u8) -> bool) -> usize {
    let bytes = text.as_bytes().get(..at).unwrap_or_default();
    at - bytes
        .iter()
        .rev()
        .take(most)
        .take_while(|byte| of_run(**byte))
        .count()
}

/// The line that a place stands in, for places that only go forward: each byte is looked at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    /// The number, from 1.
    pub(super) number: u32,
    /// Where it begins.
    pub(super) start: usize,
    seen: usize,
}

impl Line {
    /// Begins at a text's beginning.
    pub(super) fn first() -> Self {
        Self {
            number: 1,
            start: 0,
            seen: 0,
        }
    }

    /// Goes on to a place.
    pub(super) fn advance(&mut self, text: &str, at: usize) {
        let passed = text.as_bytes().get(self.seen..at).unwrap_or_default();
        for found in memchr::memchr_iter(b'\n', passed) {
            self.number = self.number.saturating_add(1);
            self.start = self.seen + found + 1;
        }
        self.seen = self.seen.max(at);
    }

    /// Tells whether the line is a comment, in any of the languages of configuration.
    pub(super) fn is_comment(&self, text: &str) -> bool {
        let line = window_after(text, self.start, 256).trim_start_matches([' ', '\t', '-']);
        let dashes = window_after(text, self.start, 256).trim_start();
        line.starts_with('#')
            || line.starts_with(';')
            // A line of `.npmrc` begins with the registry's address.
            || line.starts_with("//") && !line.contains("/:_")
            || line.starts_with("/*")
            || line.starts_with("* ")
            || line.starts_with("<!--")
            || line.starts_with("{{/*")
            || dashes.starts_with("-- ")
    }
}

/// Returns the part of a text that a range names.
pub(super) fn part<'t>(text: &'t str, range: &Range<usize>) -> &'t str {
    text.get(range.clone()).unwrap_or_default()
}
