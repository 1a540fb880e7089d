//! The straight way through YAML as people write manifests: block maps and lists, scalars on one line, literal blocks,
//! flow collections without comments.
//!
//! In: text. Out: the same documents that the parser would give, byte for byte, or nothing: whatever is unusual, doubtful
//! or wrong (anchors, tags, escapes, tabs, scalars over several lines, duplicate keys, ...) is left to the parser, which
//! knows everything. So nothing here decides what YAML means; it only sees, several times faster, what is plain to see.

mod flow;

use std::sync::Arc;

use memchr::memchr;

use super::build::Builder;
use super::fill::{Fill, Role, Scalar, ScalarStyle, in_plane_16};
use super::read::{Limits, PLANE_16};
use super::resolve::{self, Resolved};
use super::tree::{Document, Node, Place};
use crate::source::Span;

/// Deeper than this the parser must judge.
const DEPTH: usize = 64;
/// Up to here keys are compared one by one.
const FEW: usize = 12;

/// Reads a text, or gives up. What was filled by then is filled again by whoever takes over.
pub(super) fn read(
    text: &Arc<str>,
    limits: &Limits,
    fill: Option<&mut dyn Fill>,
) -> Option<Vec<Document>> {
    if text.len() > limits.bytes || limits.depth < DEPTH || !is_plain(text) {
        return None;
    }
    let mut reader = Straight {
        text,
        bytes: text.as_bytes(),
        builder: Builder::new(text.clone()),
        open: Vec::with_capacity(16),
        keys: Vec::with_capacity(64),
        documents: Vec::with_capacity(1),
        nodes: 0,
        fill,
    };
    let mut at = 0;
    while at < text.len() {
        at = reader.line(at)?;
    }
    reader.end_document()?;
    (reader.nodes <= limits.nodes).then_some(reader.documents)
}

/// Tells whether a text holds nothing but printable characters and line feeds, and no line break of YAML 1.1.
fn is_plain(text: &str) -> bool {
    let plain = text
        .bytes()
        .all(|byte| (b' '..=b'~').contains(&byte) || byte == b'\n' || byte >= 0x80);
    plain
        && (text.is_ascii()
            || text.chars().all(|c| {
                !matches!(
                    c,
                    '\u{7f}'
                        ..='\u{a0}'
                            | '\u{2028}'
                            | '\u{2029}'
                            | '\u{feff}'
                            | '\u{fffe}'
                            | '\u{ffff}'
                ) && u32::from(c) & 0xfffe != 0xfffe
            }))
}

/// A map or list that is open.
struct Level {
    indent: usize,
    map: bool,
    /// Whether a key or dash stands there without its value.
    waits: bool,
    /// Where the map's keys begin on the stack of keys.
    keys: usize,
}

struct Straight<'t, 'f> {
    text: &'t Arc<str>,
    bytes: &'t [u8],
    builder: Builder,
    open: Vec<Level>,
    /// The keys' nodes of all open maps.
    keys: Vec<usize>,
    documents: Vec<Document>,
    nodes: usize,
    fill: Option<&'f mut dyn Fill>,
}

impl Straight<'_, '_> {
    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(b'\n')
    }

    /// Returns where a line ends: at its line feed, or at the end of the text.
    fn line_end(&self, at: usize) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        memchr(b'\n', rest).map_or(self.bytes.len(), |found| at + found)
    }

    fn skip_blanks(&self, mut at: usize) -> usize {
        while self.byte(at) == b' ' {
            at += 1;
        }
        at
    }

    /// Takes a line, and what hangs on it; returns where the next one begins.
    fn line(&mut self, start: usize) -> Option<usize> {
        let at = self.skip_blanks(start);
        match self.byte(at) {
            b'\n' => return Some(at + 1),
            b'#' => return Some(self.line_end(at) + 1),
            b'-' if at == start && self.bytes.get(at..at + 3) == Some(b"---") => {
                if self.byte(self.skip_blanks(at + 3)) != b'\n' {
                    return None;
                }
                self.end_document()?;
                return Some(self.line_end(at) + 1);
            }
            b'%' => return None,
            b'.' if self.bytes.get(at..at + 3) == Some(b"...") => return None,
            _ => {}
        }
        self.entry(at, at - start)
    }

    /// Takes what begins at a column: a dash with what follows it, or a key with its value.
    fn entry(&mut self, at: usize, column: usize) -> Option<usize> {
        if self.byte(at) == b'-' && matches!(self.byte(at + 1), b' ' | b'\n') {
            self.open_level(column, false, at)?;
            let inner = self.skip_blanks(at + 1);
            return match self.byte(inner) {
                b'\n' => Some(inner + 1),
                b'#' => None,
                // A map or list in the same line begins at its own column.
                b'-' if matches!(self.byte(inner + 1), b' ' | b'\n') => {
                    self.entry(inner, column + inner - at)
                }
                _ if self.key_end(inner).is_some() => self.entry(inner, column + inner - at),
                _ => self.value(inner, column),
            };
        }
        let (key, after) = self.key_end(at)?;
        self.open_level(column, true, at)?;
        self.key(key)?;
        let inner = self.skip_blanks(after);
        match self.byte(inner) {
            b'\n' => Some(inner + 1),
            b'#' => None,
            _ => self.value(inner, column),
        }
    }

    /// Makes the innermost open level one of this column and kind.
    fn open_level(&mut self, column: usize, map: bool, at: usize) -> Option<()> {
        loop {
            let Some(level) = self.open.last() else {
                // A document's first node, unless it already has one.
                if !self.builder.is_empty() {
                    return None;
                }
                return self.push_level(column, map, at);
            };
            let (indent, is_map, waits) = (level.indent, level.map, level.waits);
            if indent == column && is_map == map {
                if waits {
                    return None;
                }
                self.open.last_mut()?.waits = true;
                return Some(());
            }
            // A list under a key may stand at the key's own column.
            if waits && (column > indent || (column == indent && is_map && !map)) {
                self.open.last_mut()?.waits = false;
                return self.push_level(column, map, at);
            }
            if waits || column > indent {
                return None;
            }
            self.close_level()?;
        }
    }

    fn push_level(&mut self, column: usize, map: bool, at: usize) -> Option<()> {
        if self.open.len() >= DEPTH {
            return None;
        }
        let place = Place::new(Span::at(at));
        if map {
            self.builder.begin_map(place);
        } else {
            self.builder.begin_seq(place);
        }
        self.nodes += 1;
        let level = Level {
            indent: column,
            map,
            waits: true,
            keys: self.keys.len(),
        };
        self.open.push(level);
        Some(())
    }

    /// Ends the innermost level; one that still waits for a value has a null, which the parser places.
    fn close_level(&mut self) -> Option<()> {
        let level = self.open.pop()?;
        if level.waits {
            return None;
        }
        let last = self.builder.document().node(self.builder.len() - 1)?;
        self.builder.end(Some(last.span().end));
        self.distinct(level.keys)
    }

    /// Gives up where two keys of a map are the same, and forgets them.
    fn distinct(&mut self, from: usize) -> Option<()> {
        let document = self.builder.document();
        let text = |key: &usize| document.node(*key).and_then(Node::as_str);
        let keys = self.keys.get(from..)?;
        let twice = if keys.len() <= FEW {
            keys.iter().enumerate().any(|(place, key)| {
                let key = text(key);
                keys.iter().take(place).any(|other| text(other) == key)
            })
        } else {
            let mut sorted: Vec<Option<&str>> = keys.iter().map(text).collect();
            sorted.sort_unstable();
            sorted.windows(2).any(|pair| pair.first() == pair.last())
        };
        self.keys.truncate(from);
        (!twice).then_some(())
    }

    fn end_document(&mut self) -> Option<()> {
        while !self.open.is_empty() {
            self.close_level()?;
        }
        if !self.builder.is_empty() {
            let builder = std::mem::replace(&mut self.builder, Builder::new(self.text.clone()));
            self.documents.push(builder.finish());
        }
        Some(())
    }

    /// Finds a key at a place: the key with its quotes, and where its colon ends. A key is followed by `: ` or stands at
    /// the end of its line with a colon.
    fn key_end(&self, at: usize) -> Option<(Span, usize)> {
        let end = match self.byte(at) {
            b'"' | b'\'' => self.quoted_end(at)?,
            first if begins_plain(first) => {
                let mut end = at;
                loop {
                    match self.byte(end) {
                        b':' if matches!(self.byte(end + 1), b' ' | b'\n') => break,
                        b'\n' => return None,
                        b'#' if self.byte(end - 1) == b' ' => return None,
                        _ => end += 1,
                    }
                }
                // Blanks between a key and its colon, and keys too long to be simple, are for the parser.
                if self.byte(end - 1) == b' ' || end - at > 1_000 {
                    return None;
                }
                end
            }
            _ => return None,
        };
        (self.byte(end) == b':' && matches!(self.byte(end + 1), b' ' | b'\n'))
            .then(|| (Span::new(at, end), end + 1))
    }

    /// Returns where a quoted scalar without escapes ends, behind its quote, on its own line.
    fn quoted_end(&self, at: usize) -> Option<usize> {
        let quote = self.byte(at);
        let rest = self.bytes.get(at + 1..)?;
        let length = memchr(quote, rest)?;
        let inner = rest.get(..length)?;
        let plain = memchr(b'\n', inner).is_none()
            && (quote == b'\'' || memchr(b'\\', inner).is_none())
            && rest.get(length + 1) != Some(&b'\'');
        plain.then_some(at + length + 2)
    }

    /// Adds a key that is a string whoever reads it.
    fn key(&mut self, span: Span) -> Option<()> {
        let text = span.of(self.text);
        self.keys.push(self.builder.len());
        self.nodes += 1;
        let (inner, style) = if text.starts_with(['"', '\'']) {
            let inner = Span::new(span.start as usize + 1, span.end as usize - 1);
            (inner, ScalarStyle::Quoted)
        } else {
            (span, ScalarStyle::Plain)
        };
        let text = inner.of(self.text);
        if self.is_marked(text) {
            return self.filled(text, style, Role::Key, span);
        }
        if style == ScalarStyle::Plain
            && (text == "<<" || !is_surely_string(text) && !is_string(text))
        {
            return None;
        }
        self.builder.text(inner, Place::new(span));
        Some(())
    }

    /// Tells whether a value stands somewhere in a scalar.
    fn is_marked(&self, text: &str) -> bool {
        self.fill.is_some()
            && memchr(PLANE_16, text.as_bytes()).is_some()
            && text.contains(in_plane_16)
    }

    /// Adds a scalar that holds values; where that fails the parser tells why.
    fn filled(&mut self, text: &str, style: ScalarStyle, role: Role, span: Span) -> Option<()> {
        let scalar = Scalar {
            text,
            style,
            role,
            span,
        };
        self.fill.as_mut()?.fill(scalar, &mut self.builder).ok()
    }

    /// Takes a value on the line of its key or dash; returns where the next line begins.
    fn value(&mut self, at: usize, column: usize) -> Option<usize> {
        let end = match self.byte(at) {
            b'"' | b'\'' => {
                let end = self.quoted_end(at)?;
                self.quoted(at, end)?;
                end
            }
            b'|' => {
                self.open.last_mut()?.waits = false;
                return self.literal(at, column);
            }
            b'[' | b'{' => self.flow(at, 0)?,
            first if begins_plain(first) || first == b'-' && begins_plain(self.byte(at + 1)) => {
                let end = self.plain_end(at)?;
                self.scalar(Span::new(at, end))?;
                end
            }
            _ => return None,
        };
        self.open.last_mut()?.waits = false;
        let rest = self.skip_blanks(end);
        match self.byte(rest) {
            b'\n' => Some(rest + 1),
            b'#' if rest > end => Some(self.line_end(rest) + 1),
            _ => None,
        }
    }

    fn quoted(&mut self, at: usize, end: usize) -> Option<()> {
        self.nodes += 1;
        let (inner, span) = (Span::new(at + 1, end - 1), Span::new(at, end));
        let text = inner.of(self.text);
        if self.is_marked(text) {
            return self.filled(text, ScalarStyle::Quoted, Role::Value, span);
        }
        self.builder.text(inner, Place::new(span));
        Some(())
    }

    /// Returns where a plain scalar of one line ends.
    fn plain_end(&self, at: usize) -> Option<usize> {
        let line = self.bytes.get(at..self.line_end(at))?;
        let mut end = line.len();
        let mut from = 0;
        while let Some(found) = line
            .get(from..)
            .and_then(|rest| memchr::memchr2(b':', b'#', rest))
        {
            let place = from + found;
            match line.get(place) {
                Some(b':') if matches!(line.get(place + 1), None | Some(b' ')) => return None,
                Some(b'#') if line.get(place - 1) == Some(&b' ') => {
                    end = place;
                    break;
                }
                _ => from = place + 1,
            }
        }
        let content = line.get(..end)?;
        let blanks = content
            .iter()
            .rev()
            .take_while(|byte| **byte == b' ')
            .count();
        Some(at + end - blanks)
    }

    /// Adds a plain scalar that every reader takes for the same.
    fn scalar(&mut self, span: Span) -> Option<()> {
        let text = span.of(self.text);
        let place = Place::new(span);
        self.nodes += 1;
        if self.is_marked(text) {
            return self.filled(text, ScalarStyle::Plain, Role::Value, span);
        }
        if is_surely_string(text) {
            self.builder.text(span, place);
            return Some(());
        }
        if resolve::ambiguity(text).is_some() {
            return None;
        }
        match resolve::plain(text) {
            Resolved::Null => self.builder.null(place),
            Resolved::Bool(value) => self.builder.bool(value, place),
            Resolved::Int(value) => self.builder.int(value, place),
            Resolved::Float(value) => self.builder.float(value, place),
            Resolved::Str => self.builder.text(span, place),
            Resolved::NotFinite => return None,
        }
        Some(())
    }

    /// Takes a literal block scalar, `|`, `|-` or `|+`, below a key or dash at `column`.
    fn literal(&mut self, at: usize, column: usize) -> Option<usize> {
        let (keep, strip) = (self.byte(at + 1) == b'+', self.byte(at + 1) == b'-');
        let header = at + 1 + usize::from(keep || strip);
        if self.byte(header) != b'\n' {
            return None;
        }
        let mut value = String::new();
        let (mut next, mut indent, mut blank, mut end) = (header + 1, 0, 0, header);
        let mut start = at;
        while next < self.bytes.len() {
            let content = self.skip_blanks(next);
            let line_end = self.line_end(content);
            if content == line_end {
                // A line of blanks that is longer than the indentation is content, or a fault.
                if content - next > indent.max(column) {
                    return None;
                }
                blank += 1;
                next = line_end + 1;
                continue;
            }
            let deep = content - next;
            if indent == 0 {
                if deep <= column {
                    break;
                }
                indent = deep;
                start = content;
            } else if deep < indent {
                if deep > column {
                    return None;
                }
                break;
            }
            value.extend(std::iter::repeat_n('\n', blank));
            blank = 0;
            value.push_str(self.text.get(next + indent..line_end)?);
            value.push('\n');
            end = line_end;
            next = line_end + 1;
        }
        // Whether the last line has a line feed of its own is for the parser to weigh.
        if end == self.bytes.len() || value.is_empty() || keep && blank > 0 {
            return None;
        }
        if strip {
            value.pop();
        }
        let kept = Span::new(start, end)
            .of(self.text)
            .trim_end_matches(' ')
            .len();
        self.nodes += 1;
        let span = Span::new(start, start + kept);
        if self.is_marked(&value) {
            self.filled(&value, ScalarStyle::Block, Role::Value, span)?;
        } else {
            self.builder.str(&value, Place::new(span));
        }
        // Blank lines behind the scalar belong to nobody.
        Some(next)
    }
}

/// Tells whether a plain scalar may begin with a byte, whatever follows.
fn begins_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || byte >= 0x80
        || matches!(
            byte,
            b'/' | b'_' | b'.' | b'+' | b'$' | b'(' | b'\\' | b'^' | b'~' | b';' | b'=' | b'<'
        )
}

/// Tells whether a text is a string for all: it begins with a letter, and no word with a meaning of its own is as long.
fn is_surely_string(text: &str) -> bool {
    text.len() > 5 && text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
}

/// Tells whether a text is a string, and for all.
fn is_string(text: &str) -> bool {
    resolve::plain(text) == Resolved::Str && resolve::ambiguity(text).is_none()
}

#[cfg(test)]
mod tests;
