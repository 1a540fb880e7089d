//! Owns every text that a finding can point into, and turns byte offsets into lines and columns.
//!
//! In: texts with the paths they were read from. Out: [`FileId`]s, and [`Position`]s for people.
//! Stages pass [`FileId`] and [`Span`]; lines and columns are computed in reports only.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use memchr::memchr_iter;

/// Names a text of one [`SourceMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

/// A range of bytes in one text, 0-based and half open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// Makes a span of two byte offsets; offsets beyond 4 GiB, which no limit lets in, are cut.
    pub fn new(start: usize, end: usize) -> Self {
        let cut = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self {
            start: cut(start),
            end: cut(end.max(start)),
        }
    }

    /// Makes an empty span at one byte offset.
    pub fn at(offset: usize) -> Self {
        Self::new(offset, offset)
    }

    /// Returns the span as a range for slicing.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Returns the number of bytes.
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Tells whether the span holds no byte.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Returns the text the span names, or the empty text where it names none of `text`.
    pub fn of(self, text: &str) -> &str {
        text.get(self.range()).unwrap_or_default()
    }
}

/// A place in a text as people count: lines and columns from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters (Unicode scalar values), from 1.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Where each line of a text begins, and how many characters stand before places in it.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
    /// The number of characters before every [`STRIDE`]th byte; empty where every byte is a character.
    characters: Vec<u32>,
}

/// How many bytes are looked at for one column, at most: a line may be as long as its text.
const STRIDE: usize = 256;

impl LineIndex {
    /// Finds the lines of a text; a line ends with a line feed, so CRLF files count right.
    pub fn new(text: &str) -> Self {
        let after = memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
        Self {
            starts: std::iter::once(0)
                .chain(after)
                .map(|at| Span::at(at).start)
                .collect(),
            characters: characters(text),
        }
    }

    /// Returns the position of a byte offset in the text the index was made of.
    pub fn position(&self, text: &str, offset: u32) -> Position {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or_default();
        let end = (offset as usize).min(text.len());
        let before = self
            .characters_before(text, end)
            .saturating_sub(self.characters_before(text, start as usize));
        Position {
            line: count(line),
            column: count(before + 1),
        }
    }

    /// Returns the byte offset of a position, where the text has one.
    pub fn offset(&self, text: &str, position: Position) -> Option<u32> {
        let line = position.line.checked_sub(1)?;
        let start = self.starts.get(line as usize)?;
        let wanted = self.characters_before(text, *start as usize)
            + position.column.checked_sub(1)? as usize;
        // The last stride that so many characters stand before, or fewer.
        let strides = self
            .characters
            .partition_point(|known| *known as usize <= wanted);
        let Some(stride) = strides.checked_sub(1) else {
            return (wanted <= text.len()).then(|| Span::at(wanted).start);
        };
        let known = self
            .characters
            .get(stride)
            .map_or(0, |known| *known as usize);
        let from = stride * STRIDE;
        let rest = text.as_bytes().get(from..)?;
        let mut begins = rest
            .iter()
            .enumerate()
            .filter(|(_, byte)| is_beginning(**byte));
        let at = begins.nth(wanted - known).map(|(at, _)| from + at);
        // The place after the last character is one, too.
        let end = || (self.characters_before(text, text.len()) == wanted).then_some(text.len());
        at.or_else(end).map(|at| Span::at(at).start)
    }

    /// Returns the number of lines.
    pub fn count(&self) -> u32 {
        count(self.starts.len())
    }

    fn characters_before(&self, text: &str, offset: usize) -> usize {
        let Some(known) = self.characters.get(offset / STRIDE) else {
            return offset;
        };
        let rest = text.as_bytes().get(offset - offset % STRIDE..offset);
        *known as usize + beginnings(rest.unwrap_or_default())
    }

    /// Returns the bytes of a line, from 1, without its line ending.
    pub fn line_span(&self, text: &str, line: u32) -> Span {
        let index = (line.max(1) - 1) as usize;
        let start = self
            .starts
            .get(index)
            .map_or(text.len(), |start| *start as usize);
        let end = self
            .starts
            .get(index + 1)
            .map_or(text.len(), |next| *next as usize);
        let kept = text.get(start..end).unwrap_or_default();
        let kept = kept.strip_suffix('\n').unwrap_or(kept);
        let kept = kept.strip_suffix('\r').unwrap_or(kept).len();
        Span::new(start, start + kept)
    }
}

/// Counts the characters before every stride of a text.
fn characters(text: &str) -> Vec<u32> {
    if text.is_ascii() {
        return Vec::new();
    }
    let mut before = 0;
    let mut known = Vec::with_capacity(text.len() / STRIDE + 1);
    for stride in text.as_bytes().chunks(STRIDE) {
        known.push(count(before));
        before += beginnings(stride);
    }
    known.push(count(before));
    known
}

/// Counts the characters that begin in some bytes: at every byte that is not a UTF-8 continuation byte.
fn beginnings(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| is_beginning(**byte)).count()
}

fn is_beginning(byte: u8) -> bool {
    (byte & 0xC0) != 0x80
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// One text and the path it was read from.
#[derive(Debug)]
pub struct SourceFile {
    path: Arc<str>,
    text: Arc<str>,
    /// Few texts are asked for their lines.
    lines: OnceLock<Box<LineIndex>>,
    /// What no report shows: sorted, none within another.
    hidden: Vec<Span>,
}

impl SourceFile {
    /// Returns the path as people write it: relative to the project, with `/`.
    pub fn path(&self) -> &Arc<str> {
        &self.path
    }

    /// Returns the whole text.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Returns where the lines begin; computed once, at the first question.
    pub fn lines(&self) -> &LineIndex {
        let lines = || Box::new(LineIndex::new(&self.text));
        self.lines.get_or_init(lines)
    }

    /// Returns the position of a byte offset.
    pub fn position(&self, offset: u32) -> Position {
        self.lines().position(&self.text, offset)
    }

    /// Returns the byte offset of a position, where the text has one.
    pub fn offset(&self, position: Position) -> Option<u32> {
        self.lines().offset(&self.text, position)
    }

    /// Returns the text of a span.
    pub fn slice(&self, span: Span) -> &str {
        span.of(&self.text)
    }

    /// Returns what is hidden of a span, in its order.
    pub fn hidden(&self, span: Span) -> impl Iterator<Item = Span> {
        let first = self
            .hidden
            .partition_point(|hidden| hidden.end <= span.start);
        let rest = self.hidden.get(first..).unwrap_or_default().iter().copied();
        rest.take_while(move |hidden| hidden.start < span.end)
    }

    /// Returns as much of a span as may be told: it ends where something hidden begins, so that nobody learns how long
    /// that is.
    pub fn told(&self, span: Span) -> Span {
        let reach = Span {
            end: span.end.max(span.start + 1),
            ..span
        };
        match self.hidden(reach).next() {
            Some(hidden) => Span {
                start: span.start.min(hidden.start),
                end: hidden.start,
            },
            None => span,
        }
    }
}

/// Every text of one run.
#[derive(Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
    by_path: HashMap<Arc<str>, FileId>,
}

impl SourceMap {
    /// Makes an empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes an empty map for so many texts.
    pub fn with_capacity(count: usize) -> Self {
        Self {
            files: Vec::with_capacity(count),
            by_path: HashMap::with_capacity(count),
        }
    }

    /// Adds a text and returns its name in this map.
    pub fn add(&mut self, path: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> FileId {
        let id = FileId(count(self.files.len()));
        let path = path.into();
        self.by_path.entry(path.clone()).or_insert(id);
        self.files.push(SourceFile {
            path,
            text: text.into(),
            lines: OnceLock::new(),
            hidden: Vec::new(),
        });
        id
    }

    /// Hides places from reports, because they hold secrets.
    pub fn hide(&mut self, mut places: Vec<(FileId, Span)>) {
        places.sort_unstable();
        places.dedup();
        for chunk in places.chunk_by(|a, b| a.0 == b.0) {
            let file = chunk
                .first()
                .and_then(|(id, _)| self.files.get_mut(id.0 as usize));
            let Some(file) = file else {
                continue;
            };
            let mut all = std::mem::take(&mut file.hidden);
            all.extend(
                chunk
                    .iter()
                    .map(|(_, span)| *span)
                    .filter(|span| !span.is_empty()),
            );
            all.sort_unstable();
            for span in all {
                match file.hidden.last_mut() {
                    Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
                    _ => file.hidden.push(span),
                }
            }
        }
    }

    /// Returns a text that this map gave the name of.
    ///
    /// # Panics
    ///
    /// Panics when `id` comes from another map.
    #[expect(
        clippy::expect_used,
        reason = "an id is made by `add` only, so it names a file of its own map"
    )]
    pub fn file(&self, id: FileId) -> &SourceFile {
        self.files
            .get(id.0 as usize)
            .expect("a FileId comes from this map")
    }

    /// Returns the files in the order they were added.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files
            .iter()
            .enumerate()
            .map(|(index, file)| (FileId(count(index)), file))
    }

    /// Returns the name of the file read from `path`.
    pub fn find(&self, path: &str) -> Option<FileId> {
        self.by_path.get(path).copied()
    }
}

/// A span in a file, with what to say about it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Location {
    /// The file.
    pub file: FileId,
    /// The bytes in it.
    pub span: Span,
    /// What is there, in a few words; empty where the message says it all.
    pub label: String,
}

impl Location {
    /// Makes a location without a label.
    pub fn new(file: FileId, span: Span) -> Self {
        Self {
            file,
            span,
            label: String::new(),
        }
    }

    /// Sets the label.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn columns_count_characters_and_lines_survive_crlf() {
        let text = "é: 1\r\n  ü🙂: x\r\n";
        let file = SourceFile {
            path: "f".into(),
            text: text.into(),
            lines: OnceLock::new(),
            hidden: Vec::new(),
        };
        let at = u32::try_from(text.find('x').unwrap()).unwrap();
        assert_eq!(file.position(at), Position { line: 2, column: 7 });
        assert_eq!(file.slice(file.lines().line_span(text, 2)), "  ü🙂: x");
        assert_eq!(
            file.position(u32::try_from(text.len()).unwrap()),
            Position { line: 3, column: 1 }
        );
    }

    #[test]
    fn what_is_hidden_ends_what_is_told() {
        let mut sources = SourceMap::new();
        let id = sources.add("f", "a: secret, b: hidden, c: d");
        let span = |part: &str| {
            let at = sources.file(id).text().find(part).unwrap();
            Span::new(at, at + part.len())
        };
        let (secret, hidden, rest) = (span("secret"), span("hidden"), span("c: d"));
        let inner = span("ecre");
        sources.hide(vec![(id, hidden), (id, secret), (id, inner), (id, secret)]);
        sources.hide(vec![(id, Span::new(5, 9))]);
        let file = sources.file(id);
        assert_eq!(
            file.hidden(Span::new(0, 40)).collect::<Vec<_>>(),
            [secret, hidden]
        );
        assert_eq!(file.hidden(Span::new(9, 15)).collect::<Vec<_>>(), [hidden]);
        let begins = Span::at(secret.start as usize);
        for (span, told) in [
            (secret, begins),
            (inner, begins),
            (Span::at(secret.start as usize), begins),
            (Span::new(0, 26), Span::new(0, 3)),
            (Span::new(0, 1), Span::new(0, 1)),
            (rest, rest),
        ] {
            assert_eq!(file.told(span), told, "{span:?}");
        }
    }

    #[test]
    fn positions_on_a_long_line_cost_no_more_than_on_short_ones() {
        // Counted from the line's beginning each time, this would never end.
        let text = "aé".repeat(1_000_000);
        let index = LineIndex::new(&text);
        for character in 0..20_000 {
            let offset = Span::at(character * 3 * 50).start;
            let column = count(character * 2 * 50 + 1);
            assert_eq!(index.position(&text, offset), Position { line: 1, column });
        }
    }

    proptest! {
        #[test]
        fn a_position_leads_back_to_its_offset(piece in "[a-zé🙂 \r\n]{0,60}", times in 1..8_usize) {
            let text = piece.repeat(times);
            let index = LineIndex::new(&text);
            for (offset, _) in text.char_indices() {
                let position = index.position(&text, Span::at(offset).start);
                let (before, _) = text.split_at(offset);
                prop_assert_eq!(position.line as usize, before.matches('\n').count() + 1);
                let line = before.rsplit('\n').next().unwrap();
                prop_assert_eq!(position.column as usize, line.chars().count() + 1);
                prop_assert_eq!(index.offset(&text, position), Some(Span::at(offset).start));
            }
        }
    }
}
