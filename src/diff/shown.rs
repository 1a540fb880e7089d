//! Values as they may be shown: short, on one line, without secrets.

use std::collections::HashSet;

use similar::{ChangeTag, TextDiff};

use crate::manifest::Resource;
use crate::secret;
use crate::yaml::{Kind, Node};

/// The longest value that is shown, in characters.
const LONGEST: usize = 160;
/// How many lines that differ are compared with each other; more are only counted.
const MOST: usize = 4_000;
/// How many lines around those that differ are shown.
const AROUND: usize = 2;

/// A value, or that it is a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The value, as it is written in a flow of YAML.
    Value(String),
    /// It is not shown.
    Hidden,
}

/// A line of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// `+`, `-`, a blank, or `…` where lines are left out.
    pub sign: char,
    /// The line.
    pub text: String,
}

/// The nodes of an object that hold secrets.
#[derive(Debug, Default)]
pub(super) struct Secrets(HashSet<usize>);

impl Secrets {
    /// Looks for them.
    pub(super) fn of(resource: &Resource) -> Self {
        Self(secret::hidden_in(resource).map(Node::index).collect())
    }

    pub(super) fn hide(&self, node: Node<'_>) -> bool {
        self.0.contains(&node.index())
    }

    /// Tells whether a node or one below it is a secret.
    pub(super) fn hide_below(&self, node: Node<'_>) -> bool {
        !self.0.is_empty() && (node.index()..node.end_index()).any(|at| self.0.contains(&at))
    }

    /// Shows a value; secrets below it are left out.
    pub(super) fn show(&self, node: Node<'_>) -> Shown {
        if self.hide(node) {
            return Shown::Hidden;
        }
        let mut text = String::new();
        self.push(node, &mut text);
        if text.chars().count() > LONGEST {
            text = text.chars().take(LONGEST).chain(['…']).collect();
        }
        Shown::Value(text)
    }

    fn push(&self, node: Node<'_>, text: &mut String) {
        // Longer than what is shown of it, however many characters four bytes are.
        if text.len() > 4 * (LONGEST + 1) {
            return;
        }
        if self.hide(node) {
            text.push('…');
            return;
        }
        match node.kind() {
            Kind::Map => {
                text.push('{');
                for (at, (key, value)) in node.entries().enumerate() {
                    text.push_str(if at == 0 { "" } else { ", " });
                    push_string(key.as_str().unwrap_or_default(), text);
                    text.push_str(": ");
                    self.push(value, text);
                }
                text.push('}');
            }
            Kind::Seq => {
                text.push('[');
                for (at, item) in node.items().enumerate() {
                    text.push_str(if at == 0 { "" } else { ", " });
                    self.push(item, text);
                }
                text.push(']');
            }
            Kind::Str => {
                let masked: Vec<String> = node
                    .as_str()
                    .into_iter()
                    .flat_map(str::lines)
                    .map(masked)
                    .collect();
                let end = node.as_str().is_some_and(|text| text.ends_with('\n'));
                push_string(&(masked.join("\n") + if end { "\n" } else { "" }), text);
            }
            _ => text.push_str(&crate::yaml::to_json(node).to_string()),
        }
    }
}

/// Writes a string so that it is taken for nothing else.
fn push_string(string: &str, text: &mut String) {
    let plain = |letter: char| letter.is_alphanumeric() || "._:/@+-…".contains(letter);
    let reads_otherwise = matches!(
        string.to_ascii_lowercase().as_str(),
        "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n"
    );
    let begins = string.starts_with(|letter: char| letter.is_alphabetic() || letter == '/');
    if begins && string.chars().all(plain) && !reads_otherwise {
        text.push_str(string);
    } else {
        text.push_str(&serde_json::Value::from(string).to_string());
    }
}

/// Takes out of a line what looks like a secret.
fn masked(line: &str) -> String {
    let mut shown = String::new();
    let mut at = 0;
    for range in secret::hidden(line) {
        shown.push_str(line.get(at..range.start).unwrap_or_default());
        shown.push('…');
        at = range.end.max(at);
    }
    shown.push_str(line.get(at..).unwrap_or_default());
    shown
}

/// Compares two texts line by line; nothing where too many lines differ.
pub(super) fn lines(before: &str, after: &str) -> Option<Vec<Line>> {
    let same = |(a, b): &(&str, &str)| a == b;
    let start = before.lines().zip(after.lines()).take_while(same).count();
    let rest = |text: &str| text.lines().count() - start;
    let (old, new) = (rest(before), rest(after));
    let back = before.lines().rev().zip(after.lines().rev());
    let end = back.take_while(same).count().min(old).min(new);
    if old + new - 2 * end > MOST {
        return None;
    }
    let diff = TextDiff::from_lines(before, after);
    let mut lines = Vec::new();
    for (at, group) in diff.grouped_ops(AROUND).iter().enumerate() {
        let begins_later = group
            .first()
            .is_some_and(|first| first.old_range().start > 0);
        if at > 0 || begins_later {
            let text = String::new();
            lines.push(Line { sign: '…', text });
        }
        for change in group
            .iter()
            .flat_map(|operation| diff.iter_changes(operation))
        {
            let sign = match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            let mut text = masked(change.value().trim_end_matches('\n'));
            if change.missing_newline() {
                text.push_str("  (no line break at the end)");
            }
            lines.push(Line { sign, text });
        }
    }
    Some(lines)
}
