//! The words of an expression.
//!
//! In: text. Out: tokens with their bytes, or what no token can begin with.

use std::sync::Arc;

use super::error::CompileError;
use crate::source::Span;

/// A word.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    /// A name, keywords included.
    Name(Box<str>),
    /// A name in backticks.
    Quoted(Box<str>),
    /// A signed integer, without its sign.
    Int(u64),
    /// An unsigned integer.
    Uint(u64),
    /// A floating-point number.
    Double(f64),
    /// A string.
    String(Box<str>),
    /// A string of bytes.
    Bytes(Arc<[u8]>),
    /// An operator or a bracket.
    Sign(&'static str),
    /// The end of the text.
    End,
}

const SIGNS: &[&str] = &[
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",",
    "(", ")", "[", "]", "{", "}",
];

/// Splits a text into tokens; the last one is [`Token::End`].
pub(crate) fn tokens(text: &str) -> Result<Vec<(Token, Span)>, CompileError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_blanks();
        let start = lexer.at;
        let token = lexer.token()?;
        let end = token == Token::End;
        tokens.push((token, Span::new(start, lexer.at)));
        if end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            let blanks = rest.len()
                - rest
                    .trim_start_matches([' ', '\t', '\n', '\r', '\u{c}'])
                    .len();
            self.at += blanks;
            let rest = self.rest();
            if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else {
                return;
            }
        }
    }

    fn fail<T>(&self, start: usize, message: impl Into<String>) -> Result<T, CompileError> {
        Err(CompileError::new(
            Span::new(start, self.at.max(start)),
            message,
        ))
    }

    fn token(&mut self) -> Result<Token, CompileError> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Ok(Token::End);
        };
        if let Some(prefix) = literal_prefix(rest) {
            return self.literal(&prefix);
        }
        if first.is_ascii_alphabetic() || first == '_' {
            let name = prefix_of(rest, |c| c.is_ascii_alphanumeric() || c == '_');
            self.at += name.len();
            return Ok(Token::Name(name.into()));
        }
        let mut chars = rest.chars();
        let fraction = first == '.' && chars.nth(1).is_some_and(|c| c.is_ascii_digit());
        if first.is_ascii_digit() || fraction {
            return self.number();
        }
        if first == '`' {
            return self.backticks();
        }
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            self.at += sign.len();
            return Ok(Token::Sign(sign));
        }
        let start = self.at;
        self.at += first.len_utf8();
        let help = match first {
            '=' => "`=` is no operator; did you mean `==`?".to_owned(),
            '&' => "`&` is no operator; did you mean `&&`?".to_owned(),
            '|' => "`|` is no operator; did you mean `||`?".to_owned(),
            other => format!("nothing begins with `{}`", other.escape_default()),
        };
        self.fail(start, help)
    }

    fn backticks(&mut self) -> Result<Token, CompileError> {
        let start = self.at;
        let inner = self.rest().get(1..).unwrap_or_default();
        let name = prefix_of(inner, |c| c.is_ascii_alphanumeric() || "_.-/ ".contains(c));
        self.at += name.len() + 1;
        if name.is_empty() || !self.rest().starts_with('`') {
            return self.fail(
                start,
                "a name in backticks is made of letters, digits, `_`, `.`, `-`, `/` and spaces",
            );
        }
        self.at += 1;
        Ok(Token::Quoted(name.into()))
    }

    fn number(&mut self) -> Result<Token, CompileError> {
        let (start, rest) = (self.at, self.rest());
        if let Some(digits) = rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X")) {
            let digits = prefix_of(digits, |c| c.is_ascii_hexdigit());
            self.at += 2 + digits.len();
            let unsigned = self.unsigned_suffix();
            return match u64::from_str_radix(digits, 16) {
                Ok(value) if unsigned => Ok(Token::Uint(value)),
                Ok(value) => Ok(Token::Int(value)),
                Err(_) => self.fail(start, "this integer does not fit 64 bits"),
            };
        }
        let is_digit = |c: char| c.is_ascii_digit();
        let mut length = prefix_of(rest, is_digit).len();
        let mut double = false;
        let after = |length: usize| rest.get(length..).unwrap_or_default();
        if let Some(fraction) = after(length).strip_prefix('.')
            && fraction.starts_with(is_digit)
        {
            double = true;
            length += 1 + prefix_of(fraction, is_digit).len();
        }
        if let Some(exponent) = after(length).strip_prefix(['e', 'E']) {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.starts_with(is_digit) {
                double = true;
                length += 1 + (exponent.len() - digits.len()) + prefix_of(digits, is_digit).len();
            }
        }
        self.at += length;
        let digits = rest.get(..length).unwrap_or_default();
        if double {
            return match digits.parse::<f64>() {
                Ok(value) if value.is_finite() => Ok(Token::Double(value)),
                _ => self.fail(start, "this number is too large"),
            };
        }
        let unsigned = self.unsigned_suffix();
        match digits.parse::<u64>() {
            Ok(value) if unsigned => Ok(Token::Uint(value)),
            Ok(value) => Ok(Token::Int(value)),
            Err(_) => self.fail(start, "this integer does not fit 64 bits"),
        }
    }

    fn unsigned_suffix(&mut self) -> bool {
        let found = self.rest().starts_with(['u', 'U']);
        self.at += usize::from(found);
        found
    }

    fn literal(&mut self, prefix: &Prefix) -> Result<Token, CompileError> {
        let start = self.at;
        self.at += prefix.length;
        let triple = if prefix.quote == '"' { "\"\"\"" } else { "'''" };
        let is_triple = self.rest().starts_with(triple);
        self.at += if is_triple { 3 } else { 1 };
        let mut bytes: Vec<u8> = Vec::new();
        loop {
            let rest = self.rest();
            let Some(next) = rest.chars().next() else {
                return self.fail(start, "this string has no end");
            };
            if is_triple && rest.starts_with(triple) {
                self.at += 3;
                break;
            }
            if !is_triple && next == prefix.quote {
                self.at += 1;
                break;
            }
            if !is_triple && (next == '\n' || next == '\r') {
                return self.fail(start, "this string has no end on its line");
            }
            self.at += next.len_utf8();
            if next == '\\' && !prefix.raw {
                self.escape(&mut bytes, prefix.bytes)?;
            } else {
                bytes.extend_from_slice(next.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        if prefix.bytes {
            return Ok(Token::Bytes(bytes.into()));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Token::String(text.into())),
            Err(_) => self.fail(start, "this string is not Unicode"),
        }
    }

    /// Reads what follows a backslash.
    fn escape(&mut self, out: &mut Vec<u8>, in_bytes: bool) -> Result<(), CompileError> {
        let start = self.at - 1;
        let rest = self.rest();
        let Some(kind) = rest.chars().next() else {
            return self.fail(start, "this string has no end");
        };
        let simple = match kind {
            'a' => Some(7),
            'b' => Some(8),
            'f' => Some(12),
            'n' => Some(b'\n'),
            'r' => Some(b'\r'),
            't' => Some(b'\t'),
            'v' => Some(11),
            '\\' | '?' | '"' | '\'' | '`' => u8::try_from(kind).ok(),
            _ => None,
        };
        if let Some(byte) = simple {
            self.at += 1;
            out.push(byte);
            return Ok(());
        }
        let (skip, count, radix) = match kind {
            'x' | 'X' => (1, 2, 16),
            'u' if !in_bytes => (1, 4, 16),
            'U' if !in_bytes => (1, 8, 16),
            '0'..='3' => (0, 3, 8),
            _ => return self.fail(start, format!("`\\{}` is no escape", kind.escape_default())),
        };
        let digits = rest
            .get(skip..skip + count)
            .filter(|digits| digits.chars().all(|c| c.is_digit(radix)));
        let Some(code) = digits.and_then(|digits| u32::from_str_radix(digits, radix).ok()) else {
            return self.fail(start, "this escape lacks digits");
        };
        self.at += skip + count;
        if let (true, Ok(byte)) = (in_bytes, u8::try_from(code)) {
            out.push(byte);
            return Ok(());
        }
        match char::from_u32(code) {
            Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            None => return self.fail(start, "this escape is no character"),
        }
        Ok(())
    }
}

/// What stands before the quotation mark of a string.
struct Prefix {
    length: usize,
    quote: char,
    raw: bool,
    bytes: bool,
}

fn literal_prefix(rest: &str) -> Option<Prefix> {
    let (mut raw, mut bytes) = (false, false);
    for (length, c) in rest.char_indices().take(3) {
        match c {
            '"' | '\'' => {
                return Some(Prefix {
                    length,
                    quote: c,
                    raw,
                    bytes,
                });
            }
            'r' | 'R' if !raw => raw = true,
            'b' | 'B' if !bytes => bytes = true,
            _ => return None,
        }
    }
    None
}

fn prefix_of(text: &str, fits: impl Fn(char) -> bool) -> &str {
    let end = text.find(|c| !fits(c)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}
