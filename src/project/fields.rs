//! Reading maps of settings: known keys only, every problem with its place.

use std::borrow::Cow;

use super::ConfigProblem;
use crate::finding::{Severity, did_you_mean, nearest};
use crate::source::{FileId, Location};
use crate::yaml::{self, Kind, Node};

/// Collects problems while settings are read.
#[derive(Debug)]
pub struct Reader {
    /// The file.
    pub file: FileId,
    /// What is wrong in it.
    pub problems: Vec<ConfigProblem>,
}

impl Reader {
    /// Begins to read a file; what is wrong with its YAML is a problem already.
    pub fn of(file: FileId, stream: &yaml::Stream) -> Self {
        let problems = stream.problems.iter();
        let errors = problems.filter(|problem| problem.rule.severity == Severity::Error);
        Self {
            file,
            problems: errors
                .map(|problem| ConfigProblem {
                    location: Location::new(file, problem.span),
                    message: problem.message.clone(),
                    help: problem.help.clone().map(Cow::into_owned),
                })
                .collect(),
        }
    }

    /// Notes a problem at a node.
    pub fn problem(&mut self, node: Node<'_>, message: impl Into<String>, help: Option<String>) {
        self.problems.push(ConfigProblem {
            location: Location::new(self.file, node.span()),
            message: message.into(),
            help,
        });
    }

    /// Returns the entries of a map whose keys are all known; unknown ones are problems. `null` is an empty map.
    pub fn known<'a>(&mut self, node: Node<'a>, keys: &[&str]) -> Vec<(&'a str, Node<'a>)> {
        let entries = self.map(node);
        let mut known = Vec::new();
        for (key, value) in entries {
            let name = key.as_str().unwrap_or_default();
            if keys.contains(&name) {
                known.push((name, value));
                continue;
            }
            let near = nearest(name, keys.iter().copied());
            self.problem(
                key,
                format!("unknown key `{name}`{}", did_you_mean(near)),
                Some(format!("the keys here are {}", listed(keys))),
            );
        }
        known
    }

    /// Returns the entries of a map with any keys.
    pub fn map<'a>(&mut self, node: Node<'a>) -> Vec<(Node<'a>, Node<'a>)> {
        if !matches!(node.kind(), Kind::Map | Kind::Null) {
            self.wrong_kind(node, "a map");
        }
        node.entries().collect()
    }

    /// Returns the items of a list.
    pub fn list<'a>(&mut self, node: Node<'a>) -> Vec<Node<'a>> {
        if !matches!(node.kind(), Kind::Seq | Kind::Null) {
            self.wrong_kind(node, "a list");
        }
        node.items().collect()
    }

    /// Returns a string that is not empty.
    pub fn string(&mut self, node: Node<'_>) -> Option<String> {
        match node.as_str() {
            Some("") => {
                self.problem(node, "this must not be empty", None);
                None
            }
            Some(text) => Some(text.to_owned()),
            None => {
                self.wrong_kind(node, "a string");
                None
            }
        }
    }

    /// Returns one of a few words. A boolean that YAML 1.1 made of `off` or `on` counts as the word.
    pub fn one_of<T: Copy>(&mut self, node: Node<'_>, words: &[(&str, T)]) -> Option<T> {
        let text = match node.as_bool() {
            Some(true) => "on",
            Some(false) => "off",
            None => node.as_str().unwrap_or_default(),
        };
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let near = did_you_mean(nearest(text, names.iter().copied()));
        let message = format!("this must be {}{near}", listed_or(&names));
        self.problem(node, message, None);
        None
    }

    /// Notes that a node is of the wrong kind.
    pub fn wrong_kind(&mut self, node: Node<'_>, expected: &str) {
        self.problem(
            node,
            format!("this must be {expected}, not a {}", node.kind().as_str()),
            None,
        );
    }
}

/// Notes keys that a map must have.
pub fn required(reader: &mut Reader, node: Node<'_>, keys: &[&str]) {
    for key in keys.iter().filter(|key| node.get(key).is_none()) {
        reader.problem(node, format!("`{key}` is missing"), None);
    }
}

fn listed(words: &[&str]) -> String {
    words
        .iter()
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn listed_or(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}
