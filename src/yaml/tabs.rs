//! Tabs where Kubernetes' reader takes none: in indentation, and between a dash and its item.
//!
//! YAML 1.2 is more patient than libyaml, whose port go-yaml is. Tabs inside flow collections, quoted strings and the
//! content of block scalars are fine in both.

use super::problem::Problem;
use super::rules;
use crate::source::Span;

/// The tabs in the indentation of a text's lines, and the places where tabs are content.
#[derive(Debug, Default)]
pub(super) struct Tabs {
    /// Whether there is a tab anywhere.
    pub(super) any: bool,
    /// The first tab of each line that has one before its content.
    found: Vec<u32>,
    /// Where tabs may stand.
    fine: Vec<Span>,
}

impl Tabs {
    /// Finds the tabs of a part of a text, which begins at `base`; most texts have none.
    pub(super) fn find(text: &str, base: usize) -> Self {
        if !text.contains('\t') {
            return Self::default();
        }
        let mut found = Vec::new();
        let mut at = base;
        for line in text.split_inclusive('\n') {
            let blank = line.len() - line.trim_start_matches([' ', '\t']).len();
            if let Some(tab) = line.get(..blank).and_then(|blanks| blanks.find('\t')) {
                found.push(Span::at(at + tab).start);
            }
            at += line.len();
        }
        Self {
            any: true,
            found,
            fine: Vec::new(),
        }
    }

    /// Tells whether there is nothing to look at.
    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Says that tabs may stand in a flow collection or a quoted scalar.
    pub(super) fn allow(&mut self, span: Span) {
        if !self.is_empty() {
            self.fine.push(span);
        }
    }

    /// Says that tabs may stand in a block scalar, beyond its indentation.
    pub(super) fn allow_block(&mut self, text: &str, content: Span) {
        if self.is_empty() {
            return;
        }
        let start = content.start as usize;
        let line = text
            .get(..start)
            .and_then(|before| before.rfind('\n'))
            .map_or(0, |at| at + 1);
        let indent = start - line;
        let mut at = line;
        for line in text
            .get(line..content.end as usize)
            .unwrap_or_default()
            .split_inclusive('\n')
        {
            let from = (at + indent).min(at + line.len());
            self.fine.push(Span::new(from, at + line.len()));
            at += line.len();
        }
    }

    /// Returns the tabs that stand nowhere they may, in their order.
    pub(super) fn problems(&mut self) -> Vec<Problem> {
        self.fine.sort_unstable();
        let mut fine = self.fine.iter().peekable();
        // The end of all the places that begin before a tab: one of them may hold the others.
        let mut end = 0;
        let mut wrong = Vec::new();
        for tab in &self.found {
            while let Some(span) = fine.next_if(|span| span.start <= *tab) {
                end = end.max(span.end);
            }
            if *tab >= end {
                wrong.push(problem(*tab));
            }
        }
        wrong
    }
}

/// The header of a block scalar.
pub(super) struct Header {
    /// Where its `|` or `>` stands.
    pub(super) start: u32,
    /// Where its line ends.
    end: usize,
    /// Whether it says how far the content is indented.
    indented: bool,
}

/// Finds the header of a block scalar in the last line before its content that is not empty.
pub(super) fn header(text: &str, content: u32) -> Option<Header> {
    let above = text.get(..content as usize)?.rfind('\n')?;
    let kept = text.get(..above)?.trim_end().len();
    let start = text.get(..kept)?.rfind('\n').map_or(0, |at| at + 1);
    let line = text.get(start..kept)?;
    let found = line.match_indices(['|', '>']).find_map(|(at, _)| {
        let after = line.get(at + 1..)?;
        let rest = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == '+' || c == '-');
        let marks = after.strip_suffix(rest)?;
        let rest = rest.trim_start();
        let fits = rest.is_empty() || rest.starts_with('#');
        fits.then(|| (at, marks.contains(|c: char| c.is_ascii_digit())))
    });
    let (at, indented) = found?;
    Some(Header {
        start: Span::at(start + at).start,
        end: kept + text.get(kept..)?.find('\n')?,
        indented,
    })
}

/// Finds a tab where the first lines of a block scalar show how far it is indented.
pub(super) fn in_indentation(text: &str, header: &Header, content: u32) -> Option<Problem> {
    if header.indented {
        return None;
    }
    let start = content as usize;
    let before = text.get(header.end..start)?;
    let tab = match before.find('\t') {
        Some(at) => header.end + at,
        None => text.get(start..)?.starts_with('\t').then_some(start)?,
    };
    Some(problem(Span::at(tab).start))
}

/// Finds a tab between a dash and the node after it, which begins at `start`.
pub(super) fn after_dash(text: &str, start: u32) -> Option<Problem> {
    let before = text.get(..start as usize)?;
    let trimmed = before.trim_end_matches([' ', '\t']);
    let blanks = before.get(trimmed.len()..)?;
    let tab = blanks.find('\t').filter(|_| trimmed.ends_with('-'))?;
    Some(problem(Span::at(trimmed.len() + tab).start))
}

fn problem(tab: u32) -> Problem {
    Problem::new(
        &rules::SYNTAX,
        Span {
            start: tab,
            end: tab + 1,
        },
        "a tab cannot indent YAML",
    )
    .help("indent with blanks")
}
