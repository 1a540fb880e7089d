//! Writing canonical YAML: stable bytes that every reader takes for the same tree.
//!
//! Block style with two blanks, lists at the indentation of their key as kubectl writes them, keys in the author's
//! order. Strings of several lines are `|` literals; a string is quoted where a YAML 1.1 or 1.2 reader could take it
//! for something else. No line is ever folded.

use std::fmt::Write as _;

use super::quote::{Form, form};
use super::{Kind, Node};
use crate::source::Span;

/// Writes a node as a document, with one line feed at its end.
pub fn write(node: Node<'_>) -> String {
    write_with_places(node).0
}

/// Writes a node as a document, and tells where each node of its subtree begins, by [`Node::index`] from the node's.
pub fn write_with_places(node: Node<'_>) -> (String, Vec<u32>) {
    let count = node.end_index() - node.index();
    let mut writer = Writer {
        out: String::new(),
        places: Vec::with_capacity(count),
    };
    writer.document(node);
    (writer.out, writer.places)
}

/// What a scalar stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parent {
    Map,
    Seq,
}

struct Writer {
    out: String,
    places: Vec<u32>,
}

impl Writer {
    /// Notes where the next node begins. Nodes are written in document order, so the list needs no index.
    fn place(&mut self) {
        self.places.push(Span::at(self.out.len()).start);
    }

    fn document(&mut self, node: Node<'_>) {
        self.place();
        match node.kind() {
            Kind::Map if node.entries().len() > 0 => self.map(node, 0, false),
            Kind::Seq if node.items().len() > 0 => self.seq(node, 0, false),
            _ => {
                self.scalar(node, 0, Parent::Seq);
                self.out.push('\n');
            }
        }
    }

    fn indent(&mut self, depth: usize) {
        self.out.extend(std::iter::repeat_n(' ', depth));
    }

    /// Writes a map; the first key may stand on a line that is already begun.
    fn map(&mut self, node: Node<'_>, depth: usize, begun: bool) {
        let mut begun = begun;
        for (key, value) in node.entries() {
            if !std::mem::take(&mut begun) {
                self.indent(depth);
            }
            self.place();
            self.key(key, depth);
            self.value(value, depth);
        }
    }

    fn seq(&mut self, node: Node<'_>, depth: usize, begun: bool) {
        let mut begun = begun;
        for item in node.items() {
            if !std::mem::take(&mut begun) {
                self.indent(depth);
            }
            self.out.push('-');
            match item.kind() {
                Kind::Map if item.entries().len() > 0 => {
                    self.out.push(' ');
                    self.place();
                    self.map(item, depth + 2, true);
                }
                Kind::Seq if item.items().len() > 0 => {
                    self.out.push(' ');
                    self.place();
                    self.seq(item, depth + 2, true);
                }
                _ => {
                    self.out.push(' ');
                    self.place();
                    self.scalar(item, depth + 2, Parent::Seq);
                    self.out.push('\n');
                }
            }
        }
    }

    fn key(&mut self, key: Node<'_>, depth: usize) {
        let text = key.as_str().unwrap_or_default();
        // Readers look 1024 characters ahead for the colon of a plain key; a longer one needs the long form.
        if text.len() > 120 {
            self.out.push_str("? ");
            quoted(text, &mut self.out);
            self.out.push('\n');
            self.indent(depth);
        } else {
            match form(text) {
                Form::Plain => self.out.push_str(text),
                Form::Single => single(text, &mut self.out),
                Form::Literal | Form::Double => quoted(text, &mut self.out),
            }
        }
        self.out.push(':');
    }

    fn value(&mut self, value: Node<'_>, depth: usize) {
        match value.kind() {
            Kind::Map if value.entries().len() > 0 => {
                self.out.push('\n');
                self.places.push(Span::at(self.out.len() + depth + 2).start);
                self.map(value, depth + 2, false);
            }
            Kind::Seq if value.items().len() > 0 => {
                self.out.push('\n');
                self.places.push(Span::at(self.out.len() + depth).start);
                self.seq(value, depth, false);
            }
            _ => {
                self.out.push(' ');
                self.place();
                self.scalar(value, depth + 2, Parent::Map);
                self.out.push('\n');
            }
        }
    }

    /// Writes a scalar or an empty collection; lines of a literal stand at `depth`.
    fn scalar(&mut self, node: Node<'_>, depth: usize, parent: Parent) {
        match node.kind() {
            Kind::Null => self.out.push_str("null"),
            Kind::Bool => self.out.push_str(if node.as_bool() == Some(true) {
                "true"
            } else {
                "false"
            }),
            Kind::Int => {
                let _ = write!(self.out, "{}", node.as_int().unwrap_or_default());
            }
            Kind::Float => float(node.as_float().unwrap_or_default(), &mut self.out),
            Kind::Seq => self.out.push_str("[]"),
            Kind::Map => self.out.push_str("{}"),
            Kind::Str => {
                let text = node.as_str().unwrap_or_default();
                match form(text) {
                    Form::Plain => self.out.push_str(text),
                    Form::Single => single(text, &mut self.out),
                    Form::Double => quoted(text, &mut self.out),
                    // In a list, readers differ in what an indentation indicator counts from.
                    Form::Literal if parent == Parent::Seq && needs_indicator(text) => {
                        quoted(text, &mut self.out);
                    }
                    Form::Literal => self.literal(text, depth.max(2)),
                }
            }
        }
    }

    fn literal(&mut self, text: &str, depth: usize) {
        self.out.push('|');
        if needs_indicator(text) {
            self.out.push('2');
        }
        if !text.ends_with('\n') {
            self.out.push('-');
        } else if text.ends_with("\n\n") || text == "\n" {
            self.out.push('+');
        }
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            self.out.push('\n');
            if !line.is_empty() {
                self.indent(depth);
                self.out.push_str(line);
            }
        }
    }
}

/// Tells whether a literal must say how far it is indented: readers take it from the first line that is not empty.
fn needs_indicator(text: &str) -> bool {
    text.starts_with([' ', '\n'])
}

/// Writes the shortest digits that read back as the same number, always with a point or an exponent.
fn float(value: f64, out: &mut String) {
    // `{:?}` gives what is needed: 1.0, 0.1, 1e30; YAML 1.1 wants a sign and a point in an exponent.
    let text = format!("{value:?}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => {
            out.push_str(mantissa);
            if !mantissa.contains('.') {
                out.push_str(".0");
            }
            out.push('e');
            if !exponent.starts_with('-') {
                out.push('+');
            }
            out.push_str(exponent);
        }
        None => out.push_str(&text),
    }
}

fn single(text: &str, out: &mut String) {
    out.push('\'');
    out.push_str(&text.replace('\'', "''"));
    out.push('\'');
}

/// Writes a string in double quotes with the escapes that YAML 1.1 and 1.2 share.
fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if super::quote::is_printable(c) => out.push(c),
            c => {
                let code = u32::from(c);
                let _ = match code {
                    0..=0xFF => write!(out, "\\x{code:02x}"),
                    0x100..=0xFFFF => write!(out, "\\u{code:04x}"),
                    _ => write!(out, "\\U{code:08x}"),
                };
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::yaml::{Builder, Document, Limits, Place, read};

    /// Builds a tree from a random program: strings, numbers, maps and lists.
    fn any_tree() -> impl Strategy<Value = serde_json::Value> {
        let text = prop_oneof![
            "[ -~]{0,8}",
            "[ \n\t:#\\-?,\\[\\]{}&*!|>'\"%@`=<~yn01.e+_xoé🙂\u{85}\u{2028}\u{1}\u{feff}]{0,8}",
            any::<String>(),
        ];
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            // A whole number that a float holds is an integer once Kubernetes has read it.
            any::<f64>()
                .prop_filter("finite, with a fraction", |f| f.is_finite()
                    && f.fract() != 0.0)
                .prop_map(Into::into),
            text.prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                prop::collection::btree_map(any::<String>(), inner, 0..5)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn build(value: &serde_json::Value, out: &mut Builder) {
        let none = Place::default();
        match value {
            serde_json::Value::Null => out.null(none),
            serde_json::Value::Bool(value) => out.bool(*value, none),
            serde_json::Value::Number(number) => match number.as_i64() {
                Some(int) => out.int(int, none),
                None => out.float(number.as_f64().unwrap(), none),
            },
            serde_json::Value::String(text) => out.str(text, none),
            serde_json::Value::Array(items) => {
                out.begin_seq(none);
                for item in items {
                    build(item, out);
                }
                out.end(None);
            }
            serde_json::Value::Object(map) => {
                out.begin_map(none);
                for (key, value) in map {
                    out.str(key, none);
                    build(value, out);
                }
                out.end(None);
            }
        }
    }

    fn document(value: &serde_json::Value) -> Document {
        let mut builder = Builder::new("".into());
        build(value, &mut builder);
        builder.finish()
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value in any_tree()) {
            let document = document(&serde_json::json!({ "a": value }));
            let text: Arc<str> = write(document.root()).into();
            let stream = read(&text, &Limits::default());
            prop_assert!(stream.problems.is_empty(), "{text}\n{:?}", stream.problems);
            prop_assert_eq!(stream.documents.len(), 1, "{}", text);
            prop_assert!(document.root().same_value(stream.documents[0].root()), "{text}");
            prop_assert_eq!(write(stream.documents[0].root()), &*text);
        }

        #[test]
        fn every_node_begins_where_it_is_said_to(value in any_tree()) {
            let (text, places) = write_with_places(document(&serde_json::json!({ "a": value })).root());
            let text: Arc<str> = text.into();
            let read = read(&text, &Limits::default()).documents.remove(0);
            prop_assert_eq!(places.len(), read.len());
            for (index, place) in places.iter().enumerate().skip(1) {
                let node = read.node(index).unwrap();
                let (_, written) = text.split_at(*place as usize);
                // A literal is written from its indicator on; its span is its content.
                if !written.starts_with('|') {
                    prop_assert_eq!(node.span().start, *place, "{} node {}", text, index);
                }
            }
        }
    }

    #[test]
    fn a_document_that_is_one_text_keeps_its_last_line_breaks() {
        let text: Arc<str> = write(document(&serde_json::json!("a\n\n\n")).root()).into();
        let read = read(&text, &Limits::default());
        assert_eq!(read.documents[0].root().as_str(), Some("a\n\n\n"));
    }

    #[test]
    fn the_form_is_that_of_kubectl() {
        let value = serde_json::json!({
            "apiVersion": "v1",
            "data": {"a.conf": "x: 1\ny\n", "trimmed": "a\nb", "kept": "a\n\n", "indented": "  a\nb\n", "cr": "a\r\nb"},
            "list": [{"name": "x", "on": "yes"}, [1, []], "two words", "- x", {}],
            "empty": "",
            "args": ["--listen=:8080", "-v"],
            "image": "repo/x:1.0",
            "float": 1.5,
        });
        let expected = "\
apiVersion: v1
data:
  a.conf: |
    x: 1
    y
  trimmed: |-
    a
    b
  kept: |+
    a

  indented: |2
      a
    b
  cr: \"a\\r\\nb\"
list:
- name: x
  'on': 'yes'
- - 1
  - []
- two words
- '- x'
- {}
empty: ''
args:
- --listen=:8080
- -v
image: repo/x:1.0
float: 1.5
";
        assert_eq!(write(document(&value).root()), expected);
    }
}
