//! Reading YAML as the API server does: `sigs.k8s.io/yaml`, which is go-yaml v2 and then JSON.
//!
//! In: text. Out: documents, each a tree with spans, and problems. The parser's events go straight into the tree; a
//! plain string is a range of the text and costs no allocation.

use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{Event, StructureStyle, Tag};

use super::build::{Builder, Fragment};
use super::fill::{Fill, Role};
use super::map::Entry;
use super::problem::Problem;
use super::repair::Repairs;
use super::rules;
use super::straight;
use super::stream::{self, Notation};
use super::syntax;
use super::tabs::Tabs;
use super::tree::{Document, Place};
use crate::finding::bound;
use crate::source::Span;

/// Bounds on a text.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How deep maps and lists may nest.
    pub depth: usize,
    /// How many nodes a text may hold, those that aliases repeat included.
    pub nodes: usize,
    /// How many nodes aliases may repeat.
    pub aliased: usize,
    /// How many bytes a text may have.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 100,
            nodes: 10_000_000,
            aliased: 100_000,
            bytes: 64 << 20,
        }
    }
}

/// What a text holds.
#[derive(Debug, Default)]
pub struct Stream {
    /// Its documents, empty ones left out.
    pub documents: Vec<Document>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

/// Reads a text.
pub fn read(text: &Arc<str>, limits: &Limits) -> Stream {
    if let Some(documents) = straight::read(text, limits, None) {
        return Stream {
            documents,
            problems: Vec::new(),
        };
    }
    read_by_parser(text, limits)
}

/// Reads a text by the parser, whatever it holds.
pub(super) fn read_by_parser(text: &Arc<str>, limits: &Limits) -> Stream {
    Reader::new(text, *limits, None).run()
}

/// Reads a text in which values stand for some scalars.
pub fn read_filled(text: &Arc<str>, limits: &Limits, fill: &mut dyn Fill) -> Stream {
    if let Some(documents) = straight::read(text, limits, Some(&mut *fill)) {
        return Stream {
            documents,
            problems: Vec::new(),
        };
    }
    Reader::new(text, *limits, Some(fill)).run()
}

/// The byte that begins every character of plane 16 in UTF-8.
pub(super) const PLANE_16: u8 = 0xF4;

pub(super) struct Frame {
    /// The node's index.
    index: usize,
    /// Where its entries begin on the stack of entries; `None` for a list.
    pub(super) entries: Option<usize>,
    anchor: usize,
}

pub(super) struct Reader<'t, 'f> {
    pub(super) text: &'t Arc<str>,
    pub(super) limits: Limits,
    pub(super) fill: Option<&'f mut dyn Fill>,
    pub(super) notation: Notation,
    /// Where the part that is being read begins.
    pub(super) base: usize,
    /// Whether the part's one document has ended.
    pub(super) ended: bool,
    pub(super) repairs: Repairs,
    pub(super) builder: Builder,
    pub(super) frames: Vec<Frame>,
    /// The entries of all open maps, each map's after those of the maps around it.
    pub(super) entries: Vec<Entry>,
    /// The anchored nodes of the document; `None` while they are open.
    pub(super) anchors: HashMap<usize, Option<Fragment>>,
    /// The depth of a collection that stands where a key should, while it is passed over.
    pub(super) skipping: usize,
    pub(super) aliased: usize,
    pub(super) nodes: usize,
    pub(super) tabs: Tabs,
    pub(super) stream: Stream,
}

impl<'t, 'f> Reader<'t, 'f> {
    fn new(text: &'t Arc<str>, limits: Limits, fill: Option<&'f mut dyn Fill>) -> Self {
        Self {
            text,
            limits,
            fill,
            notation: Notation::Yaml,
            base: 0,
            ended: false,
            repairs: Repairs::default(),
            builder: Builder::new(text.clone()),
            frames: Vec::new(),
            entries: Vec::new(),
            anchors: HashMap::new(),
            skipping: 0,
            aliased: 0,
            nodes: 0,
            tabs: Tabs::default(),
            stream: Stream::default(),
        }
    }

    fn run(mut self) -> Stream {
        if self.text.len() > self.limits.bytes {
            let message = format!("the text has more than {} bytes", self.limits.bytes);
            self.problem(Problem::new(&rules::LIMIT, Span::default(), message));
            return self.stream;
        }
        // What a template prints is YAML, whatever it begins with.
        let parts = match self.fill {
            None => stream::parts(self.text),
            Some(_) => stream::yaml_parts(self.text),
        };
        self.stream.problems = parts.problems;
        for part in parts.parts {
            // Many broken documents say the same.
            if !self.part(&part) || self.stream.problems.len() >= 100 && self.has_errors(0) {
                break;
            }
        }
        bound(&mut self.stream.problems);
        self.stream
    }

    pub(super) fn options(&self) -> granit_parser::Options {
        let mut options = granit_parser::options! {
            bom_inside_document_as_content: true,
            disallow_directives: true,
            emit_anchor_events: true,
            flow_nesting_limit: self.limits.depth,
            block_nesting_limit: self.limits.depth,
        };
        if self.notation == Notation::Json {
            options.simple_key_max_lookahead = self.limits.bytes;
        }
        options
    }

    pub(super) fn begin_document(&mut self) {
        self.builder = Builder::new(self.text.clone());
        self.frames.clear();
        self.entries.clear();
        self.anchors.clear();
        self.skipping = 0;
    }

    pub(super) fn problem(&mut self, problem: Problem) {
        self.stream.problems.push(problem);
    }

    /// Takes an event; returns whether to go on.
    pub(super) fn event(&mut self, event: Event<'_>, at: &granit_parser::Span) -> bool {
        let span = syntax::span(at, self.base);
        match event {
            Event::DocumentStart(..) => self.begin_document(),
            Event::DocumentEnd => self.end_document(),
            Event::Scalar(text, style, anchor, tag) => {
                self.misplaced(tag.as_deref(), at, span);
                self.scalar(&text, style, anchor, tag.as_deref(), span);
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.misplaced(tag.as_deref(), at, span);
                let span = self.list_span(span, style);
                self.begin(span, anchor, false);
            }
            Event::MappingStart(_, anchor, tag) => {
                self.misplaced(tag.as_deref(), at, span);
                self.begin(span, anchor, true);
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(id) => self.alias(id, span),
            Event::Anchor(_, name) if !name.as_bytes().contains(&PLANE_16) => {
                self.stream.problems.extend(syntax::anchor(&name, span));
            }
            _ => {}
        }
        self.nodes += 1;
        if self.nodes + self.aliased > self.limits.nodes {
            let message = format!("the text holds more than {} nodes", self.limits.nodes);
            self.problem(Problem::new(&rules::LIMIT, span, message));
            return false;
        }
        true
    }

    pub(super) fn end_document(&mut self) {
        let builder = std::mem::replace(&mut self.builder, Builder::new(self.text.clone()));
        let document = builder.finish();
        if !document.is_empty() {
            self.stream.documents.push(document);
        }
        self.ended = true;
    }

    /// Refuses values in tags and anchors, which stand between a node's mark and the node.
    fn misplaced(&mut self, tag: Option<&Tag>, at: &granit_parser::Span, span: Span) {
        let Some(fill) = self.fill.as_mut() else {
            return;
        };
        let place = at.tag_start.and_then(|mark| mark.byte_offset());
        let place = place.map(|offset| self.base + offset);
        let tagged = tag.filter(|tag| tag.original().as_bytes().contains(&PLANE_16));
        if tagged.is_some() {
            let start = place.unwrap_or(span.start as usize);
            let problem = fill.misplaced(Span::new(start, start + 1));
            self.problem(problem);
            return;
        }
        // An anchor is the word after `&` before the node. Only that word is looked at: the line may be long.
        let before = self.text.get(..span.start as usize).unwrap_or_default();
        let trimmed = before.trim_end_matches([' ', '\t']);
        let from = trimmed
            .rfind([' ', '\t', '\n', '\r', ',', '[', '{'])
            .map_or(0, |at| at + 1);
        let word = trimmed.get(from..).unwrap_or_default();
        let Some(at) = word.find('&') else { return };
        if word.as_bytes().contains(&PLANE_16) {
            let problem = fill.misplaced(Span::new(from + at + 1, trimmed.len()));
            self.problem(problem);
        }
    }

    /// Returns the role of the node to come.
    pub(super) fn role(&self) -> Role {
        match self.frames.last() {
            Some(Frame {
                entries: Some(_), ..
            }) if self.entries.last().is_none_or(Entry::is_full) || self.is_fresh() => Role::Key,
            _ => Role::Value,
        }
    }

    /// Tells whether the innermost map has no entry yet.
    fn is_fresh(&self) -> bool {
        self.frames
            .last()
            .is_some_and(|frame| frame.entries == Some(self.entries.len()))
    }

    /// Notes that the node at `index` was added, as a key or a value.
    pub(super) fn added(&mut self, index: usize, role: Role, merge: bool) {
        if !matches!(
            self.frames.last(),
            Some(Frame {
                entries: Some(_),
                ..
            })
        ) {
            return;
        }
        match role {
            Role::Key => self.entries.push(Entry::new(index, merge)),
            Role::Value => {
                if let Some(entry) = self.entries.last_mut() {
                    entry.value = Some(index);
                }
            }
        }
    }

    /// Returns the bytes of a list that begins.
    fn list_span(&self, span: Span, style: StructureStyle) -> Span {
        let key = self
            .entries
            .last()
            .filter(|entry| !entry.is_full() && !self.is_fresh());
        let key = key.and_then(|entry| self.builder.document().node(entry.key));
        match key {
            Some(key) if style == StructureStyle::Block => {
                syntax::list_span(self.text, key.span().end as usize, span)
            }
            _ => span,
        }
    }

    fn begin(&mut self, span: Span, anchor: usize, map: bool) {
        let role = self.role();
        if self.skipping > 0 || role == Role::Key {
            if self.skipping == 0 {
                self.problem(
                    Problem::new(
                        &rules::UNSUPPORTED,
                        span,
                        "a map key cannot be a map or a list",
                    )
                    .help("Kubernetes knows string keys only"),
                );
                self.added(self.builder.len(), Role::Key, false);
                self.builder.str("", Place::new(span));
            }
            self.skipping += 1;
            return;
        }
        self.refuse_tab(span);
        let index = self.builder.len();
        self.added(index, role, false);
        if anchor > 0 {
            self.anchors.insert(anchor, None);
        }
        let place = Place::new(span);
        let entries = map.then_some(self.entries.len());
        if map {
            self.builder.begin_map(place);
        } else {
            self.builder.begin_seq(place);
        }
        self.frames.push(Frame {
            index,
            entries,
            anchor,
        });
    }

    pub(super) fn end(&mut self, span: Span) {
        if self.skipping > 0 {
            self.skipping -= 1;
            return;
        }
        let Some(frame) = self.frames.pop() else {
            return;
        };
        if !span.is_empty() {
            // Only a flow collection has an end of its own.
            let start = self
                .builder
                .document()
                .node(frame.index)
                .map_or(span.start, |node| node.span().start);
            self.tabs.allow(Span {
                start,
                end: span.end,
            });
        }
        self.builder.end(Some(self.content_end(frame.index, span)));
        if let Some(start) = frame.entries {
            let entries: Vec<Entry> = self.entries.drain(start..).collect();
            super::map::settle(
                &mut self.builder,
                frame.index,
                &entries,
                &mut self.stream.problems,
            );
        }
        self.keep_anchor(frame.anchor, frame.index);
    }

    /// A block collection ends where its last node does, a flow collection with its bracket.
    fn content_end(&self, index: usize, span: Span) -> u32 {
        if !span.is_empty() {
            return span.end;
        }
        let last = self
            .builder
            .document()
            .node(self.builder.len().saturating_sub(1));
        last.filter(|node| node.index() > index)
            .map_or(span.end, |node| node.span().end)
    }

    pub(super) fn keep_anchor(&mut self, anchor: usize, index: usize) {
        if anchor > 0 {
            let fragment = self.builder.fragment(index);
            self.anchors.insert(anchor, Some(fragment));
        }
    }

    fn alias(&mut self, id: usize, span: Span) {
        if self.skipping > 0 {
            return;
        }
        let role = self.role();
        let index = self.builder.len();
        let wrong = match self.anchors.get(&id) {
            Some(Some(fragment)) if self.aliased + fragment.len() > self.limits.aliased => {
                Some(Problem::new(
                    &rules::ALIAS,
                    span,
                    format!("aliases repeat more than {} nodes", self.limits.aliased),
                ))
            }
            Some(Some(fragment)) if role == Role::Key && !fragment.is_string() => {
                Some(Problem::new(
                    &rules::UNSUPPORTED,
                    span,
                    "an alias that is a map key must be a string",
                ))
            }
            Some(Some(fragment)) => {
                self.aliased += fragment.len();
                self.builder.insert(fragment);
                None
            }
            Some(None) => Some(Problem::new(
                &rules::ALIAS,
                span,
                "this alias stands inside the node it refers to",
            )),
            None => Some(Problem::new(
                &rules::ALIAS,
                span,
                "this alias refers to no anchor",
            )),
        };
        if let Some(problem) = wrong {
            self.problem(problem);
            self.placeholder(role, span);
        }
        self.added(index, role, false);
    }

    /// Adds a node where none could be read.
    pub(super) fn placeholder(&mut self, role: Role, span: Span) {
        match role {
            Role::Key => self.builder.str("", Place::new(span)),
            Role::Value => self.builder.null(Place::new(span)),
        }
    }
}
