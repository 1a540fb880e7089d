//! YAML that libyaml takes and YAML 1.2 does not, written so that the parser takes it: every byte keeps its place.
//!
//! Kubernetes' reader is a port of libyaml. It takes a comment right after a bracket, a quote or a block's indicator, the
//! escape `\'`, and a tab before an item of a flow collection. Nobody writes such on purpose, so texts are looked at only
//! where the parser stumbles.

use granit_parser::{ErrorKind, ScanError};

/// How many bytes may be read once more because of repairs.
const AGAIN: usize = 32 << 20;

/// What was repaired in a part of a text.
#[derive(Debug, Default)]
pub(super) struct Repairs {
    /// What stands for `\'`: a character of two bytes that the text does not hold.
    quote: Option<char>,
    /// The bytes that were read once more.
    again: usize,
}

impl Repairs {
    /// Returns the text without what the parser stumbled over, where Kubernetes takes that.
    pub(super) fn repair(&mut self, text: &str, error: &ScanError) -> Option<String> {
        if self.again > 0 && self.again + text.len() > AGAIN {
            return None;
        }
        self.again += text.len();
        let at = error.marker().byte_offset()?;
        match error.kind() {
            ErrorKind::CommentNotSeparated => comment(text, at),
            ErrorKind::UnknownQuotedScalarEscape => self.escape(text, at),
            ErrorKind::TabInBlockIndentation => tabs(text, at),
            _ => None,
        }
    }

    /// Returns a scalar's text as it was before repairs.
    pub(super) fn undone(&self, text: &str) -> Option<String> {
        let quote = self.quote?;
        text.contains(quote).then(|| text.replace(quote, "'"))
    }

    /// Writes every `\'` of the quoted scalar that begins at a place as another character.
    fn escape(&mut self, text: &str, start: usize) -> Option<String> {
        let from = start + 1;
        let quoted = text.get(start..)?.strip_prefix('"')?;
        let quote = match self.quote {
            Some(quote) => quote,
            None => ('\u{700}'..='\u{7FF}').find(|c| !text.contains(*c))?,
        };
        let mut repaired = text.get(..from)?.to_owned();
        let mut chars = quoted.chars();
        loop {
            match chars.next()? {
                '"' => break,
                '\\' => match chars.next()? {
                    '\'' => repaired.push(quote),
                    escaped => repaired.extend(['\\', escaped]),
                },
                c => repaired.push(c),
            }
        }
        repaired.push('"');
        repaired.push_str(chars.as_str());
        self.quote = Some(quote);
        (repaired != text).then_some(repaired)
    }
}

/// Writes a comment that stands right after something else as blanks.
fn comment(text: &str, at: usize) -> Option<String> {
    let rest = text.get(at..)?;
    let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
    let fits = rest.starts_with('#');
    fits.then(|| replaced(text, at, at + length, &" ".repeat(length)))?
}

/// Writes the tabs before a place in its line as blanks; whether tabs may stand there is another's to say.
fn tabs(text: &str, at: usize) -> Option<String> {
    let before = text.get(..at)?;
    let blanks = before.len() - before.trim_end_matches([' ', '\t']).len();
    let start = at - blanks;
    before.get(start..)?.contains('\t').then_some(())?;
    replaced(text, start, at, &" ".repeat(blanks))
}

fn replaced(text: &str, start: usize, end: usize, by: &str) -> Option<String> {
    let mut repaired = text.get(..start)?.to_owned();
    repaired.push_str(by);
    repaired.push_str(text.get(end..)?);
    Some(repaired)
}
