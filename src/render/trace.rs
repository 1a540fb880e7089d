//! The way back: from bytes of a rendered document to the template and the values behind them.

use std::sync::Arc;

use super::marks::{Piece, Spot, pieces};
use super::recorder::Printed;
use crate::source::{FileId, Location, Span};
use crate::values::Values;
use crate::yaml::Node;

/// The output of a template without its marks, and where each piece of it comes from.
#[derive(Debug, Default)]
pub struct Trace {
    segments: Vec<Segment>,
    calls: Vec<Call>,
    printed: Vec<(Option<Spot>, Option<usize>)>,
    /// What the origins of filled nodes stand for.
    origins: Vec<Origin>,
    files: Arc<Vec<FileId>>,
}

#[derive(Clone, Copy, Debug)]
struct Segment {
    /// Where it begins in the skeleton.
    start: u32,
    source: Source,
    /// The innermost expression it was printed by.
    call: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
enum Source {
    Text { template: u32, offset: u32 },
    Value(u32),
    Unknown,
}

#[derive(Clone, Copy, Debug)]
struct Call {
    spot: Spot,
    parent: Option<u32>,
}

/// What filled a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Origin {
    /// The printed values, more than one where text and values make one scalar.
    pub(super) printed: Vec<u32>,
    /// The node of the values, where the node is one.
    pub(super) node: Option<usize>,
}

/// Where a node of a rendered document comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced {
    /// The template, at the text or the expression.
    pub template: Location,
    /// The expressions that printed the captured text it stands in, the innermost first.
    pub calls: Vec<Location>,
    /// The values it was made of.
    pub values: Vec<Location>,
}

impl Traced {
    /// Returns the call sites and values as related locations with labels.
    pub fn related(&self) -> Vec<Location> {
        let calls = self
            .calls
            .iter()
            .map(|call| call.clone().label("printed by this expression"));
        let values = self
            .values
            .iter()
            .map(|value| value.clone().label("the value is set here"));
        calls.chain(values).collect()
    }
}

/// Strips the marks from a template's output.
pub(super) fn strip(
    marked: &str,
    printed: &[Printed],
    files: &Arc<Vec<FileId>>,
) -> (String, Trace) {
    let mut skeleton = String::with_capacity(marked.len());
    let mut trace = Trace {
        printed: printed
            .iter()
            .map(|printed| (printed.spot, printed.origin))
            .collect(),
        files: files.clone(),
        ..Trace::default()
    };
    let mut source = Source::Unknown;
    let mut call: Option<u32> = None;
    for piece in pieces(marked) {
        match piece {
            Piece::Text(text) => {
                trace.segments.push(Segment {
                    start: Span::at(skeleton.len()).start,
                    source,
                    call,
                });
                skeleton.push_str(text);
                source = match source {
                    Source::Text { template, offset } => Source::Text {
                        template,
                        offset: offset + Span::at(text.len()).start,
                    },
                    _ => Source::Unknown,
                };
            }
            Piece::Value(index) => {
                let start = Span::at(skeleton.len()).start;
                trace.segments.push(Segment {
                    start,
                    source: Source::Value(index),
                    call,
                });
                piece.push_to(&mut skeleton);
                source = Source::Unknown;
            }
            Piece::Collection => piece.push_to(&mut skeleton),
            Piece::At { template, offset } => source = Source::Text { template, offset },
            Piece::Begin(spot) => {
                trace.calls.push(Call { spot, parent: call });
                call = Some(Span::at(trace.calls.len() - 1).start);
                source = Source::Unknown;
            }
            Piece::End => {
                call = call
                    .and_then(|index| trace.calls.get(index as usize))
                    .and_then(|ended| ended.parent);
                source = Source::Unknown;
            }
        }
    }
    (skeleton, trace)
}

impl Trace {
    /// Makes the trace of a file that stands as it is, with no template behind it.
    pub fn verbatim(file: FileId) -> Self {
        let source = Source::Text {
            template: 0,
            offset: 0,
        };
        Self {
            segments: vec![Segment {
                start: 0,
                source,
                call: None,
            }],
            files: Arc::new(vec![file]),
            ..Self::default()
        }
    }

    /// Keeps what the origins of filled nodes stand for.
    pub(super) fn set_origins(&mut self, origins: Vec<Origin>) {
        self.origins = origins;
    }

    /// Leads a node back to its template and values.
    pub fn node(&self, node: Node<'_>, values: &Values) -> Traced {
        let mut traced = self.span(node.span());
        let origin = node.origin().and_then(|id| self.origins.get(id.index()));
        if let Some(origin) = origin {
            let printed = origin
                .printed
                .iter()
                .filter_map(|index| self.printed.get(*index as usize)?.1);
            let nodes = origin
                .node
                .map_or_else(|| printed.collect(), |node| vec![node]);
            traced.values = Self::values(nodes, values);
        }
        traced
    }

    fn values(nodes: Vec<usize>, values: &Values) -> Vec<Location> {
        let mut found = Vec::new();
        for index in nodes {
            let origin = values
                .tree()
                .node(index)
                .and_then(|node| values.origin(node));
            if let Some(location) = origin.map(crate::values::ValueOrigin::location)
                && !found.contains(&location)
            {
                found.push(location);
            }
        }
        found
    }

    /// Leads bytes of the skeleton back to the template.
    pub fn span(&self, span: Span) -> Traced {
        let index = self
            .segments
            .partition_point(|segment| segment.start <= span.start)
            .saturating_sub(1);
        let Some(segment) = self.segments.get(index).copied() else {
            return self.traced(
                Spot {
                    template: 0,
                    span: Span::default(),
                },
                None,
            );
        };
        let start = self.spot(segment, span.start);
        let last = self
            .segments
            .partition_point(|segment| segment.start < span.end)
            .saturating_sub(1);
        let mut spot = start;
        if let Some(last) = self.segments.get(last.max(index)).copied() {
            let end = self.spot(last, span.end.saturating_sub(1).max(last.start));
            let end_offset = if matches!(last.source, Source::Text { .. }) {
                end.span.start + u32::from(span.end > span.start)
            } else {
                end.span.end
            };
            if end.template == start.template
                && end_offset >= start.span.start
                && last.call == segment.call
            {
                spot.span.end = end_offset;
            } else {
                let next = self
                    .segments
                    .get(index + 1)
                    .map_or(span.end, |next| next.start);
                spot.span.end = spot
                    .span
                    .end
                    .max(start.span.start + next.saturating_sub(span.start));
            }
        }
        self.traced(spot, segment.call)
    }

    /// Returns the place of one byte: of text, the byte itself; of a value, its whole expression.
    fn spot(&self, segment: Segment, at: u32) -> Spot {
        let printed_by = segment
            .call
            .and_then(|call| self.calls.get(call as usize))
            .map(|call| call.spot);
        let nowhere = Spot {
            template: 0,
            span: Span::default(),
        };
        match segment.source {
            Source::Text { template, offset } => {
                let offset = offset + at.saturating_sub(segment.start);
                Spot {
                    template,
                    span: Span {
                        start: offset,
                        end: offset,
                    },
                }
            }
            Source::Value(index) => {
                let spot = self.printed.get(index as usize).and_then(|(spot, _)| *spot);
                spot.or(printed_by).unwrap_or(nowhere)
            }
            Source::Unknown => printed_by.unwrap_or(nowhere),
        }
    }

    fn traced(&self, spot: Spot, mut call: Option<u32>) -> Traced {
        let mut calls = Vec::new();
        while let Some(next) = call.and_then(|index| self.calls.get(index as usize)) {
            if next.spot != spot {
                calls.extend(self.location(next.spot));
            }
            call = next.parent;
        }
        let template = self.location(spot).or_else(|| calls.first().cloned());
        Traced {
            template: template.unwrap_or_else(|| self.first()),
            calls,
            values: Vec::new(),
        }
    }

    fn location(&self, spot: Spot) -> Option<Location> {
        self.files
            .get(spot.template as usize)
            .map(|file| Location::new(*file, spot.span))
    }

    #[expect(clippy::expect_used, reason = "an engine that renders has a template")]
    fn first(&self) -> Location {
        Location::new(
            *self
                .files
                .first()
                .expect("an engine that renders has a template"),
            Span::default(),
        )
    }
}
