//! Instrumenting: makes a template say where each piece of its output comes from.
//!
//! In: the text of a template. Out: the text the engine compiles, in which
//! - every run of plain text begins with a mark that names its place,
//! - every `{{ expression }}` passes through [`EMIT`], which notes the expression's place, and
//! - every operand that must see a captured text as people wrote it passes through [`PLAIN`].
//!
//! Nothing is inserted that could change what the template means: marks stand inside runs of text as whitespace
//! control left them, and the two functions give back the value they are given.

use minijinja::machinery::{Token, Tokenizer};
use minijinja::syntax::SyntaxConfig;

use super::marks::{Piece, Spot};
use super::operands;
use crate::source::Span;

/// The function that notes which expression is about to be printed.
pub(super) const EMIT: &str = "__tympan_emit";
/// Its method that notes that an expression was evaluated.
pub(super) const LEAVE: &str = "leave";
/// The function that turns captured text back into plain text.
pub(super) const PLAIN: &str = "__tympan_plain";
/// What names that templates may not use begin with.
const RESERVED: &str = "__tympan_";

/// A template ready to be compiled.
#[derive(Debug, Default)]
pub(super) struct Instrumented {
    /// The text to compile.
    pub(super) source: String,
    /// Where text was inserted: offset in `source`, offset in the original; sorted.
    shifts: Vec<(u32, u32)>,
    /// The string literals of its expressions.
    pub(super) literals: Vec<String>,
    /// The numbers written in its expressions.
    pub(super) numbers: Vec<f64>,
}

impl Instrumented {
    /// Returns the place in the original text of a place in the compiled one.
    pub(super) fn original(&self, span: Span) -> Span {
        Span {
            start: self.back(span.start),
            end: self.back(span.end).max(self.back(span.start)),
        }
    }

    fn back(&self, offset: u32) -> u32 {
        let index = self
            .shifts
            .partition_point(|(compiled, _)| *compiled <= offset);
        let Some((compiled, original)) = index
            .checked_sub(1)
            .and_then(|index| self.shifts.get(index))
        else {
            return offset;
        };
        // Inside an insertion there is nothing of the original: the next shift says where it goes on.
        let limit = self.shifts.get(index).map_or(u32::MAX, |(_, next)| *next);
        (original + (offset - compiled)).min(limit)
    }
}

impl Instrumented {
    fn note_literal(&mut self, token: Token<'_>) {
        match token {
            Token::Str(literal) => self.literals.push(literal.to_owned()),
            Token::String(literal) => self.literals.push(literal.into_string()),
            #[expect(
                clippy::cast_precision_loss,
                reason = "only compared with values of the same precision"
            )]
            Token::Int(value) => self.numbers.push(value as f64),
            Token::Float(value) => self.numbers.push(value),
            _ => {}
        }
    }
}

/// What makes a template unfit before it is compiled.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The lexer or parser refused it.
    Syntax(minijinja::Error),
    /// A tag or name that Tympan keeps for itself.
    Reserved(Span, String),
}

#[derive(Debug)]
struct Insertion {
    at: u32,
    /// Closing text stands before opening text at the same place; an outer operand opens before an inner one.
    rank: (bool, i64),
    text: String,
}

/// Instruments a template.
pub(super) fn instrument(
    number: u32,
    text: &str,
    name: &str,
    syntax: &SyntaxConfig,
) -> Result<Instrumented, Refusal> {
    let mut result = Instrumented::default();
    let mut insertions = tokens(number, text, name, syntax, &mut result)?;
    let operands = operands::captured_operands(text, name, syntax).map_err(Refusal::Syntax)?;
    for at in operands.blocks {
        insertions.push(Insertion {
            at,
            rank: (true, i64::MAX),
            text: format!("{PLAIN}|"),
        });
    }
    for span in operands.spans {
        let width = i64::from(span.end) - i64::from(span.start);
        insertions.push(Insertion {
            at: span.start,
            rank: (true, -width),
            text: format!("{PLAIN}("),
        });
        insertions.push(Insertion {
            at: span.end,
            rank: (false, width),
            text: ")".to_owned(),
        });
    }
    insertions.sort_by_key(|insertion| (insertion.at, insertion.rank));
    weave(text, &insertions, &mut result);
    Ok(result)
}

/// Walks the tokens: plain text and printed expressions.
fn tokens(
    number: u32,
    text: &str,
    name: &str,
    syntax: &SyntaxConfig,
    result: &mut Instrumented,
) -> Result<Vec<Insertion>, Refusal> {
    let mut insertions = Vec::new();
    let mut tokenizer = Tokenizer::new(text, name, false, syntax.clone());
    let mut opened: Option<(u32, u32)> = None;
    let mut tag = Tag::default();
    let mut first_of_block = false;
    while let Some((token, span)) = tokenizer.next_token().map_err(Refusal::Syntax)? {
        let place = Span {
            start: span.start_offset,
            end: span.end_offset,
        };
        let was_first = std::mem::replace(&mut first_of_block, matches!(token, Token::BlockStart));
        if let Some(message) = reserved(&token, was_first) {
            return Err(Refusal::Reserved(place, message));
        }
        tag.see(&token, place, was_first);
        match token {
            Token::TemplateData(data) if !data.is_empty() => {
                // The token's span covers what whitespace control removed; the text itself says where it stands.
                let offset = Span::at(data.as_ptr().addr() - text.as_ptr().addr()).start;
                let mut mark = String::new();
                Piece::At {
                    template: number,
                    offset,
                }
                .push_to(&mut mark);
                insertions.push(Insertion {
                    at: offset,
                    rank: (true, i64::MIN),
                    text: mark,
                });
            }
            Token::VariableStart => opened = Some((place.start, place.end)),
            Token::VariableEnd => {
                if let Some((outer, inner)) = opened.take() {
                    let spot = Spot {
                        template: number,
                        span: Span {
                            start: outer,
                            end: place.end,
                        },
                    };
                    insertions.extend(emission(spot, inner, place.start));
                }
            }
            Token::BlockEnd => {
                if let Some(start) = tag.calls_from() {
                    let span = Span {
                        start,
                        end: place.start,
                    };
                    insertions.extend(evaluation(Spot {
                        template: number,
                        span,
                    }));
                }
            }
            token => result.note_literal(token),
        }
    }
    Ok(insertions)
}

/// The expression of a `{% set %}` or `{% if %}`, as far as its tokens are seen.
#[derive(Debug, Default)]
struct Tag {
    /// Whether the tag has an expression after its `=`.
    assigns: bool,
    /// Where the expression begins.
    start: Option<u32>,
    /// What stands before the token to come.
    before: Before,
    /// Whether it calls something: a macro perhaps.
    calls: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Before {
    #[default]
    Other,
    /// A bar or `is`: a filter or test comes, which is no call.
    Filter,
    Name,
}

impl Tag {
    fn see(&mut self, token: &Token<'_>, place: Span, first: bool) {
        let before = std::mem::take(&mut self.before);
        match token {
            Token::Ident("if" | "elif") if first => {
                *self = Self {
                    start: Some(place.end),
                    ..Self::default()
                };
            }
            Token::Ident(word) if first => {
                *self = Self {
                    assigns: *word == "set",
                    ..Self::default()
                };
            }
            Token::Assign if self.assigns && self.start.is_none() => self.start = Some(place.end),
            Token::Ident("and" | "or" | "not" | "in" | "if" | "else") => {}
            Token::Pipe | Token::Ident("is") => self.before = Before::Filter,
            Token::Ident(_) if before != Before::Filter => self.before = Before::Name,
            Token::ParenOpen if before == Before::Name => self.calls = true,
            _ => {}
        }
    }

    /// Returns where the expression begins, if it calls something.
    fn calls_from(&mut self) -> Option<u32> {
        let tag = std::mem::take(self);
        tag.start.filter(|_| tag.calls)
    }
}

/// Wraps an expression that is not printed, so that what it calls knows where it was called.
fn evaluation(spot: Spot) -> [Insertion; 2] {
    let Span { start, end } = spot.span;
    [
        Insertion {
            at: start,
            rank: (true, i64::MIN),
            // The blank parts it from the word `if`.
            text: format!(" {EMIT}.{LEAVE}({EMIT}[{}],(", spot.code()),
        },
        Insertion {
            at: end,
            rank: (false, i64::MAX),
            text: "))".to_owned(),
        },
    ]
}

/// Says why a word is not for templates to use.
fn reserved(token: &Token<'_>, first_of_block: bool) -> Option<String> {
    match token {
        Token::Ident(ident) if ident.starts_with(RESERVED) => Some(format!(
            "names that begin with `{RESERVED}` are Tympan's own"
        )),
        Token::Ident("autoescape") if first_of_block => Some(
            "`autoescape` is not available: values are always interpolated by their type"
                .to_owned(),
        ),
        _ => None,
    }
}

/// Wraps what stands between `{{` and `}}`.
///
/// The place is looked up in the function itself, which so learns that the expression begins to be evaluated.
fn emission(spot: Spot, start: u32, end: u32) -> [Insertion; 2] {
    let open = format!("{EMIT}({EMIT}[{}],(", spot.code());
    [
        Insertion {
            at: start,
            rank: (true, i64::MIN),
            text: open,
        },
        Insertion {
            at: end,
            rank: (false, i64::MAX),
            text: "))".to_owned(),
        },
    ]
}

fn weave(text: &str, insertions: &[Insertion], result: &mut Instrumented) {
    let extra: usize = insertions
        .iter()
        .map(|insertion| insertion.text.len())
        .sum();
    result.source.reserve(text.len() + extra);
    let mut done = 0;
    for insertion in insertions {
        let at = insertion.at as usize;
        result
            .source
            .push_str(text.get(done..at).unwrap_or_default());
        done = done.max(at);
        // Both edges of the insertion lead to the same place of the original.
        result
            .shifts
            .push((Span::at(result.source.len()).start, insertion.at));
        result.source.push_str(&insertion.text);
        result
            .shifts
            .push((Span::at(result.source.len()).start, insertion.at));
    }
    result.source.push_str(text.get(done..).unwrap_or_default());
}
