//! Flow collections: lists and maps in brackets and braces, over one line or several, without comments.

use super::{DEPTH, Straight, begins_plain};
use crate::source::Span;
use crate::yaml::tree::Place;

impl Straight<'_, '_> {
    /// Skips blanks and line feeds between the tokens of a flow collection.
    fn skip_space(&self, mut at: usize) -> usize {
        while at < self.bytes.len() && matches!(self.byte(at), b' ' | b'\n') {
            at += 1;
        }
        at
    }

    /// Takes a flow collection; returns where it ends.
    pub(super) fn flow(&mut self, at: usize, depth: usize) -> Option<usize> {
        if depth + self.open.len() >= DEPTH {
            return None;
        }
        let map = self.byte(at) == b'{';
        let close = if map { b'}' } else { b']' };
        let place = Place::new(Span::new(at, at + 1));
        if map {
            self.builder.begin_map(place);
        } else {
            self.builder.begin_seq(place);
        }
        self.nodes += 1;
        let keys = self.keys.len();
        let mut next = self.skip_space(at + 1);
        if self.byte(next) != close {
            loop {
                if map {
                    let (key, after) = self.flow_key(next)?;
                    self.key(key)?;
                    next = self.skip_blanks(after);
                }
                let after = self.flow_value(next, depth)?;
                next = self.skip_space(after);
                match self.byte(next) {
                    b',' => next = self.skip_space(next + 1),
                    byte if byte == close => break,
                    _ => return None,
                }
            }
        }
        self.builder.end(Some(Span::at(next + 1).end));
        self.distinct(keys)?;
        Some(next + 1)
    }

    fn flow_key(&self, at: usize) -> Option<(Span, usize)> {
        let end = match self.byte(at) {
            b'"' | b'\'' => self.quoted_end(at)?,
            _ => self.flow_plain_end(at)?,
        };
        (self.byte(end) == b':' && self.byte(end + 1) == b' ')
            .then(|| (Span::new(at, end), end + 1))
    }

    fn flow_value(&mut self, at: usize, depth: usize) -> Option<usize> {
        match self.byte(at) {
            b'[' | b'{' => self.flow(at, depth + 1),
            b'"' | b'\'' => {
                let end = self.quoted_end(at)?;
                self.quoted(at, end)?;
                Some(end)
            }
            _ => {
                let end = self.flow_plain_end(at)?;
                self.scalar(Span::new(at, end))?;
                Some(end)
            }
        }
    }

    /// Returns where a plain scalar in a flow collection ends.
    fn flow_plain_end(&self, at: usize) -> Option<usize> {
        let first = self.byte(at);
        let flag = first == b'-' && begins_plain(self.byte(at + 1));
        if !flag && !begins_plain(first) {
            return None;
        }
        let mut end = at;
        loop {
            match self.byte(end) {
                // What goes on in the next line is for the parser: there only a comma or a bracket may follow.
                b',' | b']' | b'}' | b'\n' => break,
                b':' if self.byte(end + 1) == b' ' => break,
                // A colon before an indicator, a comment, another collection: for the parser.
                b':' if matches!(self.byte(end + 1), b',' | b']' | b'}' | b'[' | b'{' | b'\n') => {
                    return None;
                }
                b'#' | b'[' | b'{' | b'"' | b'\'' => return None,
                _ => end += 1,
            }
        }
        while end > at && self.byte(end - 1) == b' ' {
            end -= 1;
        }
        (end > at).then_some(end)
    }
}
