//! Taking a text apart as Kubernetes' clients do before they read any of it.
//!
//! In: a text. Out: its parts, each of which holds at most one document that Kubernetes reads. A text that begins with
//! `{` is JSON, one value after another; if the first or the second is none, it is YAML from there on. YAML ends a part at a line
//! that begins with `---`, wherever it stands, and takes nothing but a comment beside it.
//!
//! <https://github.com/kubernetes/apimachinery/blob/v0.35.0/pkg/util/yaml/decoder.go>

use std::ops::Range;

use super::problem::Problem;
use super::rules;
use crate::source::Span;

/// How a part is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notation {
    Yaml,
    Json,
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) range: Range<usize>,
    pub(super) notation: Notation,
}

/// The parts of a text, and what is wrong between them.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) parts: Vec<Part>,
    pub(super) problems: Vec<Problem>,
}

/// How far Kubernetes looks for the brace that makes a text JSON.
const JSON_WITHIN: usize = 4096;
/// After so many JSON values there is no way back to YAML.
const JSON_FOR_GOOD: usize = 2;
const SEPARATOR: &str = "---";

/// Takes a text apart.
pub(super) fn parts(text: &str) -> Parts {
    let mut parts = Parts::default();
    let mut at = text.len() - text.strip_prefix('\u{feff}').unwrap_or(text).len();
    if begins_as_json(text.get(at..).unwrap_or_default()) {
        at = parts.json(text, at);
    }
    parts.yaml(text, at);
    parts
}

/// Takes a text that is YAML from its beginning apart.
pub(super) fn yaml_parts(text: &str) -> Parts {
    let mut parts = Parts::default();
    parts.yaml(text, 0);
    parts
}

fn begins_as_json(text: &str) -> bool {
    let content = text.trim_start();
    content.starts_with('{') && text.len() - content.len() < JSON_WITHIN
}

impl Parts {
    /// Takes JSON values from a place on; returns where YAML begins.
    fn json(&mut self, text: &str, mut at: usize) -> usize {
        loop {
            let rest = text.get(at..).unwrap_or_default();
            let value = rest.trim_start_matches([' ', '\t', '\n', '\r']);
            let start = text.len() - value.len();
            let mut values =
                serde_json::Deserializer::from_str(value).into_iter::<serde::de::IgnoredAny>();
            match values.next() {
                None => return text.len(),
                Some(Ok(_)) => {
                    at = start + values.byte_offset();
                    self.parts.push(Part {
                        range: start..at,
                        notation: Notation::Json,
                    });
                }
                Some(Err(_)) if self.parts.is_empty() => {
                    return text.len() - rest.trim_start().len();
                }
                Some(Err(_)) if self.parts.len() < JSON_FOR_GOOD => return at,
                Some(Err(_)) => {
                    self.problems.push(no_json(value, start));
                    return text.len();
                }
            }
        }
    }

    /// Takes YAML from a place on.
    fn yaml(&mut self, text: &str, from: usize) {
        let mut start = from;
        let mut next = from;
        while let Some(line) = separator(text, next) {
            next = line.end;
            let beside = line.start + SEPARATOR.len()..line.end;
            let beside = text.get(beside).unwrap_or_default();
            let content = beside.trim();
            if !content.is_empty() && !content.starts_with('#') {
                let at = line.end - beside.trim_start().len();
                self.problems.push(beside_separator(at, content.len()));
            } else if line.start == start {
                // With nothing before it the line is part of what follows.
                continue;
            }
            self.push_yaml(start..line.start);
            start = line.end;
        }
        self.push_yaml(start..text.len());
    }

    fn push_yaml(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.parts.push(Part {
                range,
                notation: Notation::Yaml,
            });
        }
    }
}

/// Finds the next line that begins with a separator; a line begins at `from`.
fn separator(text: &str, from: usize) -> Option<Range<usize>> {
    let rest = text.get(from..)?;
    let start = if rest.starts_with(SEPARATOR) {
        from
    } else {
        from + rest.find("\n---")? + 1
    };
    let line = text.get(start..)?;
    let end = line.find('\n').map_or(line.len(), |end| end + 1);
    Some(start..start + end)
}

fn no_json(value: &str, at: usize) -> Problem {
    let first = value.chars().next().map_or(0, char::len_utf8);
    Problem::new(
        &rules::SYNTAX,
        Span::new(at, at + first),
        "after two JSON values Kubernetes reads JSON only, and what begins here is none",
    )
    .help("separate all documents with lines `---`, from the first on")
}

fn beside_separator(at: usize, length: usize) -> Problem {
    Problem::new(
        &rules::UNSUPPORTED,
        Span::new(at, at + length),
        "Kubernetes takes nothing but a comment beside `---`",
    )
    .help("move it to the next line")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(text: &str) -> (Vec<&str>, usize) {
        let parts = parts(text);
        let slices = parts
            .parts
            .iter()
            .map(|part| text.get(part.range.clone()).unwrap());
        (slices.collect(), parts.problems.len())
    }

    #[test]
    fn a_part_ends_at_a_line_that_begins_with_a_separator() {
        assert_eq!(texts("a\n---\nb\n--- # c\nc"), (vec!["a\n", "b\n", "c"], 0));
        assert_eq!(texts("---\na\n---"), (vec!["---\na\n"], 0));
        assert_eq!(texts("---\n---\n"), (vec!["---\n"], 0));
        assert_eq!(
            texts("a: |\n  ---\n ---\n"),
            (vec!["a: |\n  ---\n ---\n"], 0)
        );
        assert_eq!(texts("a\r\n---\r\nb"), (vec!["a\r\n", "b"], 0));
        assert_eq!(texts("--- {a: b}\n---x\n"), (vec![], 2));
        assert_eq!(texts(""), (vec![], 0));
    }

    #[test]
    fn json_is_json_until_a_value_is_none() {
        let (found, problems) = texts("{\"a\": 1}{}\n[1]\n{a: b}\n---\n{}");
        assert_eq!(problems, 1);
        assert_eq!(found, ["{\"a\": 1}", "{}", "[1]"]);
        let (found, problems) = texts("\u{feff} {\"a\": 1}\n{a: b}\n---\n{}");
        assert_eq!(
            (found, problems),
            (vec!["{\"a\": 1}", "\n{a: b}\n", "{}"], 0)
        );
        assert_eq!(texts("[1]\n{}\n"), (vec!["[1]\n{}\n"], 0));
    }

    proptest! {
        #[test]
        fn parts_stand_in_order_and_leave_out_nothing_but_separators_and_blanks(text in "(---|#|\n|\r| |\\{|\\}|a|1|\u{feff}|\u{a0}){0,20}") {
            let mut end = 0;
            let found = parts(&text);
            prop_assert!(found.problems.len() <= text.lines().count());
            for part in &found.parts {
                prop_assert!(part.range.start >= end && !part.range.is_empty());
                let between = text.get(end..part.range.start).unwrap();
                let mut lines = between.lines().map(|line| line.trim_start_matches('\u{feff}'));
                let left_out = lines.all(|line| line.trim().is_empty() || line.starts_with("---"));
                prop_assert!(left_out, "{between:?}");
                end = part.range.end;
            }
        }
    }
}
