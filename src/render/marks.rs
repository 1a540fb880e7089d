//! Marks: what the engine writes into its output beside the text.
//!
//! A template's output is a *skeleton*: text of templates, with marks that say where the text comes from and where
//! values stand. A mark is `OPEN body CLOSE`, two characters of plane 16 around a few ASCII characters; templates and
//! values that hold either delimiter are refused, so no input can forge one.

use crate::source::Span;

/// Opens a mark.
pub(super) const OPEN: char = '\u{10FFF0}';
/// Closes a mark.
pub(super) const CLOSE: char = '\u{10FFF1}';
/// The first byte of every character of plane 16, to look for marks fast.
const LEAD: u8 = 0xF4;

/// Tells whether a text holds one of the delimiters.
pub(super) fn holds_delimiter(text: &str) -> bool {
    memchr::memchr(LEAD, text.as_bytes()).is_some() && text.contains([OPEN, CLOSE])
}

/// A place in a template, by the template's number in the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) template: u32,
    pub(super) span: Span,
}

impl Spot {
    /// Returns the place as one number, to be written into a template.
    pub(super) fn code(self) -> u128 {
        let Self { template, span } = self;
        u128::from(template) << 64 | u128::from(span.start) << 32 | u128::from(span.end)
    }

    /// Reads such a number.
    pub(super) fn decode(code: u128) -> Option<Self> {
        let part = |shift: u32| u32::try_from(code >> shift & u128::from(u32::MAX)).ok();
        let (start, end) = (part(32)?, part(0)?);
        Some(Self {
            template: part(64)?,
            span: Span { start, end },
        })
    }
}

/// A piece of marked text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Text as it is.
    Text(&'a str),
    /// The value of that number stands here.
    Value(u32),
    /// What follows is the text of a template from that byte on.
    At { template: u32, offset: u32 },
    /// What follows, up to the matching end, was printed by that expression.
    Begin(Spot),
    /// Ends what [`Piece::Begin`] began.
    End,
    /// A map or list was made part of a text here.
    Collection,
}

impl Piece<'_> {
    /// Writes the piece.
    pub(super) fn push_to(self, out: &mut String) {
        match self {
            Self::Text(text) => out.push_str(text),
            Self::Value(index) => push_mark(out, 'v', &[index]),
            Self::At { template, offset } => push_mark(out, 'a', &[template, offset]),
            Self::Begin(Spot { template, span }) => {
                push_mark(out, 'b', &[template, span.start, span.end]);
            }
            Self::End => push_mark(out, 'e', &[]),
            Self::Collection => push_mark(out, 'c', &[]),
        }
    }
}

/// Writes a mark: there are tens of thousands in a platform, so its numbers do not go through the formatter.
fn push_mark(out: &mut String, name: char, numbers: &[u32]) {
    out.push(OPEN);
    out.push(name);
    for (place, number) in numbers.iter().enumerate() {
        if place > 0 {
            out.push(':');
        }
        push_number(out, *number);
    }
    out.push(CLOSE);
}

fn push_number(out: &mut String, number: u32) {
    if number >= 10 {
        push_number(out, number / 10);
    }
    out.push(char::from_digit(number % 10, 10).unwrap_or('0'));
}

/// Splits marked text into its pieces.
pub(super) fn pieces(text: &str) -> Pieces<'_> {
    Pieces { rest: text }
}

/// The pieces of a marked text.
#[derive(Clone, Debug)]
pub(super) struct Pieces<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        if let Some(after) = self.rest.strip_prefix(OPEN)
            && let Some(end) = find(after, CLOSE)
            && let Some((body, rest)) = after.split_at_checked(end)
            && let Some(rest) = rest.strip_prefix(CLOSE)
            && let Some(piece) = parse(body)
        {
            self.rest = rest;
            return Some(piece);
        }
        // A delimiter that opens no mark (a template cut a captured text in two) is text; the reader refuses it.
        let skip = self.rest.chars().next().map_or(0, char::len_utf8);
        let next = self
            .rest
            .get(skip..)
            .and_then(|rest| find(rest, OPEN))
            .map_or(self.rest.len(), |at| at + skip);
        let (text, rest) = self.rest.split_at(next);
        self.rest = rest;
        Some(Piece::Text(text))
    }
}

/// Finds the next delimiter of a kind; its lead byte is rare, so the search is one pass over bytes.
fn find(text: &str, delimiter: char) -> Option<usize> {
    memchr::memchr_iter(LEAD, text.as_bytes()).find(|at| {
        text.get(*at..)
            .is_some_and(|rest| rest.starts_with(delimiter))
    })
}

fn parse(body: &str) -> Option<Piece<'static>> {
    let mut bytes = body.bytes().skip(1);
    // Digits up to a colon or the end.
    let mut number = || {
        let mut digits = bytes.by_ref().take_while(|byte| *byte != b':').peekable();
        digits.peek()?;
        digits.try_fold(0_u32, |number, byte| {
            let digit = byte.is_ascii_digit().then(|| u32::from(byte - b'0'))?;
            number.checked_mul(10)?.checked_add(digit)
        })
    };
    match body.as_bytes().first()? {
        b'v' => Some(Piece::Value(number()?)),
        b'a' => Some(Piece::At {
            template: number()?,
            offset: number()?,
        }),
        b'b' => Some(Piece::Begin(Spot {
            template: number()?,
            span: Span {
                start: number()?,
                end: number()?,
            },
        })),
        b'e' => Some(Piece::End),
        b'c' => Some(Piece::Collection),
        _ => None,
    }
}

/// Indents every line but the first (or the first too) by `width` blanks, keeping the marks true.
pub(super) fn indent(text: &str, width: usize, first: bool, blank: bool) -> String {
    let prefix = " ".repeat(width);
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut place: Option<(u32, u32)> = None;
    let mut at_line_start = first;
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => {
                for line in text.split_inclusive('\n') {
                    if at_line_start && (blank || !line.trim_end_matches(['\n', '\r']).is_empty()) {
                        out.push_str(&prefix);
                        if let Some((template, offset)) = place {
                            Piece::At { template, offset }.push_to(&mut out);
                        }
                    }
                    out.push_str(line);
                    at_line_start = line.ends_with('\n');
                    if let Some((_, offset)) = &mut place {
                        *offset += Span::at(line.len()).start;
                    }
                }
            }
            Piece::At { template, offset } => {
                place = Some((template, offset));
                piece.push_to(&mut out);
            }
            Piece::Value(_) | Piece::Collection => {
                if at_line_start {
                    out.push_str(&prefix);
                    at_line_start = false;
                }
                place = None;
                piece.push_to(&mut out);
            }
            Piece::Begin(_) | Piece::End => {
                place = None;
                piece.push_to(&mut out);
            }
        }
    }
    out
}

/// Trims blanks from both ends of the text, keeping the marks true.
pub(super) fn trim(text: &str) -> String {
    let all: Vec<Piece<'_>> = pieces(text).collect();
    let solid = |piece: &Piece<'_>| match piece {
        Piece::Text(text) => !text.trim().is_empty(),
        Piece::Value(_) | Piece::Collection => true,
        _ => false,
    };
    let (Some(first), Some(last)) = (all.iter().position(solid), all.iter().rposition(solid))
    else {
        return String::new();
    };
    let mut out = String::with_capacity(text.len());
    let mut place: Option<(u32, u32)> = None;
    for (index, piece) in all.iter().enumerate() {
        match *piece {
            Piece::Text(text) => {
                if index < first || index > last {
                    continue;
                }
                let mut kept = text;
                if index == first {
                    kept = kept.trim_start();
                    let cut = Span::at(text.len() - kept.len()).start;
                    if let Some((template, offset)) = place
                        && cut > 0
                    {
                        Piece::At {
                            template,
                            offset: offset + cut,
                        }
                        .push_to(&mut out);
                    }
                }
                if index == last {
                    kept = kept.trim_end();
                }
                out.push_str(kept);
            }
            piece => {
                place = match piece {
                    Piece::At { template, offset } => Some((template, offset)),
                    _ => None,
                };
                piece.push_to(&mut out);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marked(pieces: &[Piece<'_>]) -> String {
        let mut out = String::new();
        for piece in pieces {
            piece.push_to(&mut out);
        }
        out
    }

    #[test]
    fn indenting_says_anew_where_each_line_comes_from() {
        let text = marked(&[
            Piece::At {
                template: 1,
                offset: 10,
            },
            Piece::Text("a:\n\nb: "),
            Piece::Value(0),
        ]);
        let indented = indent(&text, 2, false, false);
        let expected = marked(&[
            Piece::At {
                template: 1,
                offset: 10,
            },
            Piece::Text("a:\n\n  "),
            Piece::At {
                template: 1,
                offset: 14,
            },
            Piece::Text("b: "),
            Piece::Value(0),
        ]);
        assert_eq!(indented, expected);
    }

    #[test]
    fn trimming_keeps_values_and_places() {
        let text = marked(&[
            Piece::At {
                template: 0,
                offset: 5,
            },
            Piece::Text("\n  a "),
            Piece::Value(3),
            Piece::Text(" \n"),
        ]);
        let expected = marked(&[
            Piece::At {
                template: 0,
                offset: 5,
            },
            Piece::At {
                template: 0,
                offset: 8,
            },
            Piece::Text("a "),
            Piece::Value(3),
        ]);
        assert_eq!(trim(&text), expected);
        assert_eq!(trim(" \n"), "");
    }

    #[test]
    fn a_place_is_one_number() {
        for (template, start, end) in [(0, 0, 0), (1, 2, 3), (u32::MAX, 5, u32::MAX)] {
            let span = Span { start, end };
            let spot = Spot { template, span };
            assert_eq!(Spot::decode(spot.code()), Some(spot));
        }
    }

    fn any_piece() -> impl Strategy<Value = Piece<'static>> {
        let spot = |template, start: u32, len: u32| Spot {
            template,
            span: Span {
                start,
                end: start + len,
            },
        };
        prop_oneof![
            prop::sample::select(vec!["a", "é: ", "\n", "  ", "🙂"]).prop_map(Piece::Text),
            any::<u32>().prop_map(Piece::Value),
            any::<(u32, u32)>().prop_map(|(template, offset)| Piece::At { template, offset }),
            (any::<u32>(), 0..1000_u32, 0..1000_u32)
                .prop_map(move |(t, s, l)| Piece::Begin(spot(t, s, l))),
            Just(Piece::End),
            Just(Piece::Collection),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(list in prop::collection::vec(any_piece(), 0..20)) {
            let text = marked(&list);
            let mut expected: Vec<String> = Vec::new();
            for piece in &list {
                match (piece, expected.last_mut()) {
                    (Piece::Text(text), Some(last)) if !last.starts_with(OPEN) => last.push_str(text),
                    _ => expected.push(marked(&[*piece])),
                }
            }
            let read: Vec<String> = pieces(&text).map(|piece| marked(&[piece])).collect();
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn any_text_is_split_without_loss(text in "[\u{10FFF0}\u{10FFF1}abv0-9:\n]{0,30}") {
            let joined = marked(&pieces(&text).collect::<Vec<_>>());
            // Numbers may lose leading zeros, nothing else changes.
            prop_assert!(joined == text || text.contains('0') || text.contains('v') || text.contains('a') || text.contains('b'));
        }
    }
}
