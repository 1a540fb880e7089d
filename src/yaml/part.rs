//! Reading one part of a text: at most one document, and what Kubernetes makes of the rest.

use std::borrow::Cow;

use granit_parser::{ErrorKind, Event, Parser, ScanError};

use super::json_text;
use super::problem::Problem;
use super::read::Reader;
use super::rules;
use super::stream::{Notation, Part};
use super::syntax;
use super::tabs::Tabs;
use crate::source::Span;

impl<'t> Reader<'t, '_> {
    pub(super) fn has_errors(&self, since: usize) -> bool {
        let problems = self.stream.problems.get(since..).unwrap_or_default();
        problems
            .iter()
            .any(|problem| problem.rule.id == rules::SYNTAX.id)
    }

    /// Reads a part of the text; returns whether to go on with the next.
    pub(super) fn part(&mut self, part: &Part) -> bool {
        let text: &'t str = self.text;
        let slice = text.get(part.range.clone()).unwrap_or_default();
        self.base = part.range.start;
        self.notation = part.notation;
        let mut fit = match part.notation {
            Notation::Yaml => syntax::with_line_breaks(slice),
            Notation::Json => json_text::for_parser(slice),
        };
        let before = (self.stream.problems.len(), self.nodes, self.aliased);
        let mut tab = None;
        let read = loop {
            self.begin_part(slice);
            if let Some(problem) = syntax::leading_end(&fit, self.base) {
                self.problem(problem);
                break true;
            }
            let error = match self.parse(&fit) {
                Ok(go_on) => break go_on,
                Err(error) => error,
            };
            let repaired = match part.notation {
                Notation::Yaml => self.repairs.repair(&fit, &error),
                Notation::Json => None,
            };
            let Some(repaired) = repaired else {
                self.problem(syntax::problem(&error, self.text, self.base));
                break true;
            };
            if matches!(error.kind(), ErrorKind::TabInBlockIndentation) {
                tab.get_or_insert_with(|| syntax::problem(&error, self.text, self.base));
            }
            fit = Cow::Owned(repaired);
            self.stream.problems.truncate(before.0);
            (self.nodes, self.aliased) = (before.1, before.2);
        };
        if !self.has_errors(before.0) {
            let problems = self.tabs.problems();
            self.stream.problems.extend(problems);
        } else if let Some(tab) = tab {
            // The tab was none of those that may be there, so it is what is wrong.
            self.stream.problems.truncate(before.0);
            self.problem(tab);
        }
        read
    }

    fn begin_part(&mut self, slice: &str) {
        self.ended = false;
        self.tabs = match self.notation {
            Notation::Yaml => Tabs::find(slice, self.base),
            Notation::Json => Tabs::default(),
        };
        self.begin_document();
    }

    /// Takes the events of a part; returns whether to go on with the next part.
    fn parse(&mut self, text: &str) -> Result<bool, ScanError> {
        let mut parser = Parser::new_from_str_with_options(text, self.options());
        loop {
            match parser.next_event() {
                None | Some(Ok((Event::StreamEnd, _))) => return Ok(true),
                Some(Ok((event, at))) if self.ended => {
                    if self.is_more(&event, &at) {
                        let at = syntax::span(&at, self.base);
                        self.dropped(at);
                        return Ok(true);
                    }
                }
                Some(Ok((event, at))) => {
                    if !self.event(event, &at) {
                        return Ok(false);
                    }
                }
                Some(Err(error)) => {
                    if !self.ended && !matches!(error.kind(), ErrorKind::InvalidDocumentEnd) {
                        return Err(error);
                    }
                    let at = syntax::error_place(&error, self.text, self.base);
                    if !self.ended {
                        while !self.frames.is_empty() {
                            self.end(Span::at(at.start as usize));
                        }
                        self.end_document();
                    }
                    self.dropped(at);
                    return Ok(true);
                }
            }
        }
    }

    /// Tells whether an event after the part's document is of something that is there.
    fn is_more(&self, event: &Event<'_>, at: &granit_parser::Span) -> bool {
        match event {
            Event::Scalar(..) => !syntax::span(at, self.base).is_empty(),
            Event::Alias(..) | Event::SequenceStart(..) | Event::MappingStart(..) => true,
            _ => false,
        }
    }

    /// Says that Kubernetes reads one document of a part and passes over the rest without a word.
    fn dropped(&mut self, at: Span) {
        // One character is enough to point at.
        let first = at.of(self.text).chars().next().map_or(0, char::len_utf8);
        let place = Span::new(at.start as usize, at.start as usize + first);
        self.problem(
            Problem::new(
                &rules::UNSUPPORTED,
                place,
                "Kubernetes passes over this: the document before it has ended",
            )
            .help("begin another document with a line `---`, after a line feed"),
        );
    }
}
