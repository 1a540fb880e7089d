//! Excerpts of untrusted text that are safe to show: what a terminal would obey is made visible, long lines are cut,
//! secrets are left out, and the place that is pointed at keeps its place.

use std::ops::Range;

use super::visible::visible;
use crate::secret::hidden;
use crate::source::{SourceFile, Span};

/// How many lines of a span are shown.
const MOST_LINES: u32 = 4;
/// How many characters of a line are shown.
const WIDEST: usize = 160;
/// How many of them stand before the place that is pointed at.
const BEFORE: usize = 60;
/// What stands for what is left out, however long it is.
const LEFT_OUT: char = '…';

/// A few lines of a text, with a place in them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Excerpt {
    /// The lines, joined.
    pub(super) text: String,
    /// The place, in bytes of `text`.
    pub(super) span: Range<usize>,
}

/// Takes the lines of a span.
pub(super) fn excerpt(file: &SourceFile, span: Span) -> Excerpt {
    let text = file.text();
    let span = file.told(span);
    let first = file.position(span.start).line;
    let last = file
        .position(span.end.max(span.start + 1) - 1)
        .line
        .clamp(first, first + MOST_LINES - 1);
    let mut result = Excerpt {
        text: String::new(),
        span: 0..0,
    };
    for number in first..=last {
        let line = file.lines().line_span(text, number);
        if number > first {
            result.text.push('\n');
        }
        let in_line = |span: Span| {
            let [start, end] = [span.start, span.end].map(|at| at.clamp(line.start, line.end));
            (start - line.start) as usize..(end - line.start) as usize
        };
        let hidden: Vec<Range<usize>> = file.hidden(line).map(in_line).collect();
        let shown = one_line(line.of(text), in_line(span), &hidden);
        let offset = result.text.len();
        if number == first {
            result.span.start = offset + shown.1.start;
        }
        result.span.end = offset + shown.1.end;
        result.text.push_str(&shown.0);
    }
    widen(&mut result);
    result
}

/// A caret needs a character to stand under.
fn widen(excerpt: &mut Excerpt) {
    if excerpt.span.is_empty() {
        let next = excerpt
            .text
            .get(excerpt.span.start..)
            .and_then(|rest| rest.chars().next());
        excerpt.span.end =
            excerpt.span.start + next.filter(|c| *c != '\n').map_or(0, char::len_utf8);
    }
}

/// Makes one line safe to show and cuts it around a place; returns it with the place in it. What is hidden is left out,
/// and what may be a secret.
pub(super) fn one_line(
    line: &str,
    place: Range<usize>,
    hidden_here: &[Range<usize>],
) -> (String, Range<usize>) {
    let (from, to) = window(line, place.start);
    let window = line.get(from..to).unwrap_or_default();
    let mut left_out = hidden_here.to_vec();
    left_out.extend(
        hidden(window)
            .into_iter()
            .map(|found| from + found.start..from + found.end),
    );
    let mut shown = String::new();
    if from > 0 {
        shown.push(LEFT_OUT);
    }
    let mut marked = shown.len()..shown.len();
    let mut before: Option<&Range<usize>> = None;
    for (at, c) in window.char_indices() {
        let at = from + at;
        let hides = left_out.iter().find(|range| range.contains(&at));
        let goes_on = hides.is_some() && hides == before;
        before = hides;
        if at <= place.start && !goes_on {
            marked.start = shown.len();
        }
        if !goes_on {
            let c = if hides.is_some() {
                LEFT_OUT
            } else {
                visible(&shown, c)
            };
            shown.push(c);
        }
        if at < place.end {
            marked.end = shown.len();
        }
    }
    if place.start >= line.len() {
        marked.start = shown.len();
    }
    if to < line.len() {
        shown.push(LEFT_OUT);
    }
    marked.end = marked.end.max(marked.start);
    (shown, marked)
}

/// Returns the bytes of a line that are shown for a place in it: all of them where the line is short. Looks at no more
/// than is shown, however long the line is.
fn window(line: &str, place: usize) -> (usize, usize) {
    if line.char_indices().nth(WIDEST).is_none() {
        return (0, line.len());
    }
    let before = line.get(..place).unwrap_or_default();
    let from = before.char_indices().rev().take(BEFORE).last();
    let from = from.map_or(0, |(at, _)| at);
    let shown = line.get(from..).unwrap_or_default();
    let to = shown.char_indices().nth(WIDEST);
    (from, to.map_or(line.len(), |(at, _)| from + at))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::source::SourceMap;

    fn show(text: &str, start: usize, end: usize) -> (Excerpt, String) {
        let mut sources = SourceMap::new();
        let id = sources.add("f", text);
        let excerpt = excerpt(sources.file(id), Span::new(start, end));
        let marked = excerpt.text.get(excerpt.span.clone()).unwrap().to_owned();
        (excerpt, marked)
    }

    #[test]
    fn the_place_keeps_its_place() {
        let text = "é: 1\r\n\tü🙂: x\r\n";
        let at = text.find('x').unwrap();
        let (excerpt, marked) = show(text, at, at + 1);
        assert_eq!((excerpt.text.as_str(), marked.as_str()), (" ü🙂: x", "x"));
        // The end of a text, and a place without width.
        assert_eq!(
            show("ab", 2, 2).0,
            Excerpt {
                text: "ab".into(),
                span: 2..2
            }
        );
        assert_eq!(show("ab: c", 1, 1).1, "b");
        assert_eq!(show("", 0, 0).0.text, "");
    }

    #[test]
    fn what_a_terminal_would_obey_is_made_visible() {
        let (excerpt, _) = show("a\u{1b}[31m\u{202e}b", 0, 1);
        assert_eq!(excerpt.text, "a\u{FFFD}[31m\u{FFFD}b");
    }

    #[test]
    fn what_is_hidden_is_left_out() {
        let text = "{a: one, b: two, ü: three}";
        let mut sources = SourceMap::new();
        let id = sources.add("f", text);
        let span = |part: &str| {
            let at = text.find(part).unwrap();
            Span::new(at, at + part.len())
        };
        sources.hide(vec![(id, span("one")), (id, span("three"))]);
        for (part, marked) in [
            ("a", "a"),
            ("one", "…"),
            ("ü", "ü"),
            ("ne, b", "…"),
            ("b: two", "b: two"),
        ] {
            let shown = excerpt(sources.file(id), span(part));
            assert_eq!(shown.text, "{a: …, b: two, ü: …}");
            assert_eq!(shown.text.get(shown.span), Some(marked), "{part}");
        }
        // A line that is no manifest, or is not read.
        assert_eq!(
            show("password = Gehoer2024 # why", 0, 8).0.text,
            "password = … # why"
        );
    }

    #[test]
    fn long_lines_and_long_spans_are_cut() {
        let line = format!("{}X{}", "a".repeat(70_000), "b".repeat(70_000));
        let (excerpt, marked) = show(&line, 70_000, 70_001);
        assert_eq!(marked, "X");
        assert!(excerpt.text.chars().count() <= WIDEST + 2);
        let many = "x\n".repeat(1000);
        assert_eq!(
            show(&many, 0, many.len()).0.text.lines().count(),
            MOST_LINES as usize
        );
    }

    #[test]
    fn an_excerpt_of_a_long_line_costs_no_more_than_of_a_short_one() {
        // Looked at from end to end each time, this line would never be done with.
        let line = "aé".repeat(1_000_000);
        let mut sources = SourceMap::new();
        let id = sources.add("f", line.as_str());
        for at in (0..line.len()).step_by(1500) {
            let shown = excerpt(sources.file(id), Span::new(at, at + 1));
            assert_eq!(shown.text.get(shown.span), Some("a"));
        }
    }

    proptest! {
        #[test]
        fn any_span_gives_an_excerpt(piece in "[a-zé🙂\t\u{1b} \r\n]{0,60}", times in 1..10_usize, a in 0..600_usize, length in 0..60_usize) {
            let (text, b) = (piece.repeat(times), a + length);
            let boundary = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
            let (start, end) = (boundary(a), boundary(b));
            let (excerpt, marked) = show(&text, start, end);
            prop_assert!(excerpt.text.get(excerpt.span.clone()).is_some());
            let plain: String = Span::new(start, end).of(&text).chars().map(|c| visible("", c)).collect();
            if !Span::new(start, end).of(&text).contains(['\n', '\r']) && start < end {
                prop_assert_eq!(marked, plain);
            }
        }
    }
}
