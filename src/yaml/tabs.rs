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
    /// Finds the tabs of a text; most texts have none.
    pub(super) fn find(text: &str) -> Self {
        if !text.contains('\t') {
            return Self::default();
        }
        let mut found = Vec::new();
        let mut at = 0;
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
