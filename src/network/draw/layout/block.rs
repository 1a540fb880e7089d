//! Blocks: parts of a picture that nothing ties to the rest.

use std::collections::{BTreeMap, HashMap};

use dagre::graph::{Edge, Graph, GraphOptions};
use dagre::layout::types::LabelPos;
use dagre::{EdgeLabel, LayoutOptions, NodeLabel, RankDir, layout};

use super::{Part, Places, Rect, Sizes, Way};
use crate::network::draw::{Party, Picture};

/// The room around boxes in their namespace.
const PADDING: f64 = 12.0;
/// The room above the head of a namespace.
const ABOVE: f64 = 8.0;
/// The room between boxes in a grid.
const GAP: f64 = 9.0;
/// So many boxes of a grid stand below each other.
const ROWS: usize = 4;

/// A part of a picture, from its own upper left corner.
#[derive(Debug, Default)]
pub(super) struct Block {
    spots: BTreeMap<usize, Rect>,
    groups: BTreeMap<usize, Rect>,
    ways: BTreeMap<usize, Way>,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Block {
    /// Puts it to where its corner shall be.
    pub(super) fn put(self, x: f64, y: f64, places: &mut Places) {
        for (place, rect) in self.spots {
            if let Some(slot) = places.spots.get_mut(place) {
                *slot = rect.moved(x, y);
            }
        }
        for (place, rect) in self.groups {
            if let Some(slot) = places.groups.get_mut(place) {
                *slot = Some(rect.moved(x, y));
            }
        }
        for (place, mut way) in self.ways {
            for point in way.points.iter_mut().chain([&mut way.label]) {
                *point = (point.0 + x, point.1 + y);
            }
            if let Some(slot) = places.ways.get_mut(place) {
                *slot = Some(way);
            }
        }
    }

    /// Takes what is in another, which is at a corner of this one.
    fn take(&mut self, other: Self, corner: Rect) {
        for (spot, rect) in other.spots {
            self.spots.insert(spot, rect.moved(corner.x, corner.y));
        }
        for (group, rect) in other.groups {
            self.groups.insert(group, rect.moved(corner.x, corner.y));
        }
    }

    /// Returns a way between two boxes of one grid.
    fn beside(&self, from: usize, to: usize) -> Way {
        let rect = |spot: usize| self.spots.get(&spot).copied().unwrap_or_default();
        let (from, to) = (rect(from), rect(to));
        let x = from.right().max(to.right()) + GAP;
        let point = (x, f64::midpoint(from.middle().1, to.middle().1));
        Way {
            points: vec![point],
            label: point,
        }
    }

    /// Moves everything so that the upper left corner is at zero, and measures it.
    fn measured(mut self, sizes: &Sizes) -> Self {
        let labels = self.ways.iter().map(|(place, way)| {
            Rect::at(
                way.label,
                sizes.labels.get(*place).copied().unwrap_or_default(),
            )
        });
        let points = self.ways.values().flat_map(|way| &way.points);
        let points = points.map(|point| Rect::at(*point, (2.0, 2.0)));
        let rects = self.spots.values().chain(self.groups.values()).copied();
        let all = rects
            .chain(labels)
            .chain(points)
            .reduce(Rect::around)
            .unwrap_or_default();
        for rect in self.spots.values_mut().chain(self.groups.values_mut()) {
            *rect = rect.moved(-all.x, -all.y);
        }
        for way in self.ways.values_mut() {
            for point in way.points.iter_mut().chain([&mut way.label]) {
                *point = (point.0 - all.x, point.1 - all.y);
            }
        }
        (self.width, self.height) = (all.width, all.height);
        self
    }
}

/// Places the boxes of one namespace, or those outside, that have no line.
pub(super) fn grid(picture: &Picture, sizes: &Sizes, spots: &[usize]) -> Block {
    let group = spots.first().and_then(|spot| picture.spots.get(*spot));
    let group = group.map(|spot| spot.group).unwrap_or_default();
    let (head_width, head) = sizes.heads.get(group).copied().unwrap_or_default();
    let size = |spot: &usize| sizes.spots.get(*spot).copied().unwrap_or_default();
    let widest = spots.iter().map(|spot| size(spot).0).fold(0.0, f64::max);
    let mut block = Block::default();
    let mut all = Rect {
        height: head + PADDING,
        ..Rect::default()
    };
    for row in spots.chunks(spots.len().div_ceil(ROWS).max(1)) {
        let mut x = PADDING;
        let tallest = row.iter().map(|spot| size(spot).1).fold(0.0, f64::max);
        for spot in row {
            let rect = Rect {
                x,
                y: all.height,
                width: widest,
                height: size(spot).1,
            };
            block.spots.insert(*spot, rect);
            x += widest + GAP;
        }
        all.width = all.width.max(x - GAP + PADDING);
        all.height += tallest + GAP;
    }
    all.height += PADDING - GAP;
    all.width = all.width.max(head_width + 2.0 * PADDING);
    // A namespace that is a box itself needs no other around it.
    let is_free = spots.iter().all(|spot| {
        let spot = picture.spot(*spot);
        spot.is_some_and(|spot| matches!(spot.party, Party::Namespace(_)))
    });
    if !is_free {
        block.groups.insert(group, all);
    }
    block.measured(sizes)
}

/// Places what lines tie together, from left to right.
pub(super) fn layered(picture: &Picture, sizes: &Sizes, part: &Part) -> Block {
    let mut graph = graph(picture, sizes, part);
    layout(&mut graph, Some(options()));
    let mut block = Block::default();
    for spot in &part.spots {
        let size = sizes.spots.get(*spot).copied().unwrap_or_default();
        // dagre loses nodes of very dense graphs with clusters.
        let Some(middle) = position(&graph, &node(*spot)) else {
            return by_groups(picture, sizes, part);
        };
        block.spots.insert(*spot, Rect::at(middle, size));
    }
    for place in &part.lines {
        if let Some(edge) = picture.edges.get(*place) {
            let ends = Edge::new(node(edge.from), node(edge.to));
            block.ways.insert(*place, way(&graph, &ends));
        }
    }
    align(&mut block, picture);
    make_room_for_heads(&mut block, picture, sizes);
    block.groups = around(&block, picture);
    for (group, rect) in &mut block.groups {
        let (width, height) = sizes.heads.get(*group).copied().unwrap_or_default();
        rect.y -= height;
        rect.height += height;
        rect.width = rect.width.max(width + 2.0 * PADDING);
    }
    attach(&mut block, picture);
    block.measured(sizes)
}

/// Places what lines tie together with each namespace as a grid of its own.
fn by_groups(picture: &Picture, sizes: &Sizes, part: &Part) -> Block {
    let mut parts: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let name = |spot: usize| picture.cluster(spot).map_or_else(|| node(spot), cluster);
    for spot in &part.spots {
        parts.entry(name(*spot)).or_default().push(*spot);
    }
    let mut graph = Graph::with_options(GraphOptions {
        directed: true,
        multigraph: true,
        compound: false,
    });
    let mut blocks: BTreeMap<String, Block> = BTreeMap::new();
    for (name, spots) in parts {
        let mut block = grid(picture, sizes, &spots);
        if !spots.iter().any(|spot| picture.cluster(*spot).is_some()) {
            block.groups.clear();
            block = block.measured(sizes);
        }
        graph.set_node(name.clone(), Some(labelled((block.width, block.height))));
        blocks.insert(name, block);
    }
    let lines: Vec<(usize, Edge)> = part
        .lines
        .iter()
        .filter_map(|place| {
            let edge = picture.edges.get(*place)?;
            let ends = Edge::with_name(name(edge.from), name(edge.to), place.to_string());
            Some((*place, ends))
        })
        .collect();
    for (place, ends) in lines.iter().filter(|(_, ends)| ends.v != ends.w) {
        let label = edge_label(sizes, *place);
        graph.set_edge(
            ends.v.clone(),
            ends.w.clone(),
            Some(label),
            ends.name.as_deref(),
        );
    }
    layout(&mut graph, Some(options()));
    let mut all = Block::default();
    for (name, block) in blocks {
        let middle = position(&graph, &name).unwrap_or_default();
        let corner = Rect::at(middle, (block.width, block.height));
        all.take(block, corner);
    }
    for (place, ends) in lines {
        let way = match picture.edges.get(place) {
            Some(edge) if ends.v == ends.w => all.beside(edge.from, edge.to),
            _ => way(&graph, &ends),
        };
        all.ways.insert(place, way);
    }
    attach(&mut all, picture);
    all.measured(sizes)
}

fn options() -> LayoutOptions {
    LayoutOptions {
        rankdir: RankDir::LR,
        nodesep: 12.0,
        edgesep: 8.0,
        ranksep: 22.0,
        ..LayoutOptions::default()
    }
}

fn node(spot: usize) -> String {
    format!("n{spot}")
}

fn cluster(group: usize) -> String {
    format!("g{group}")
}

fn labelled((width, height): (f64, f64)) -> NodeLabel {
    NodeLabel {
        width,
        height,
        ..NodeLabel::default()
    }
}

fn edge_label(sizes: &Sizes, line: usize) -> EdgeLabel {
    let (width, height) = sizes.labels.get(line).copied().unwrap_or_default();
    EdgeLabel {
        width,
        height,
        labelpos: LabelPos::Center,
        ..EdgeLabel::default()
    }
}

fn position(graph: &Graph<NodeLabel, EdgeLabel>, name: &str) -> Option<(f64, f64)> {
    let node = graph.node(name)?;
    node.x.zip(node.y)
}

/// Returns the way of a line between its boxes.
fn way(graph: &Graph<NodeLabel, EdgeLabel>, ends: &Edge) -> Way {
    let Some(label) = graph.edge_by_obj(ends) else {
        return Way::default();
    };
    let inner = label.points.len().saturating_sub(2);
    let inner = label.points.iter().skip(1).take(inner);
    let points: Vec<(f64, f64)> = inner.map(|point| (point.x, point.y)).collect();
    let middle = points.get(points.len() / 2).copied().unwrap_or_default();
    let label = label.x.zip(label.y).unwrap_or(middle);
    Way { points, label }
}

fn graph(picture: &Picture, sizes: &Sizes, part: &Part) -> Graph<NodeLabel, EdgeLabel> {
    let mut graph = Graph::with_options(GraphOptions {
        directed: true,
        multigraph: true,
        compound: true,
    });
    for spot in &part.spots {
        let size = sizes.spots.get(*spot).copied().unwrap_or_default();
        graph.set_node(node(*spot), Some(labelled(size)));
    }
    for spot in &part.spots {
        if let Some(group) = picture.cluster(*spot) {
            if !graph.has_node(&cluster(group)) {
                graph.set_node(cluster(group), Some(NodeLabel::default()));
            }
            graph.set_parent(&node(*spot), Some(&cluster(group)));
        }
    }
    for place in &part.lines {
        if let Some(edge) = picture.edges.get(*place) {
            let label = edge_label(sizes, *place);
            graph.set_edge(node(edge.from), node(edge.to), Some(label), None);
        }
    }
    graph
}

/// Gives the boxes of a namespace that stand below each other the same width: lines pass beside all of them.
fn align(block: &mut Block, picture: &Picture) {
    let column = |spot: usize, rect: &Rect| {
        (
            picture.cluster(spot),
            (rect.middle().0 * 8.0).round().to_bits(),
        )
    };
    let mut widest: HashMap<(Option<usize>, u64), f64> = HashMap::new();
    for (spot, rect) in &block.spots {
        let known = widest.entry(column(*spot, rect)).or_default();
        *known = known.max(rect.width);
    }
    for (spot, rect) in &mut block.spots {
        if let Some(width) = widest.get(&column(*spot, rect)) {
            *rect = Rect::at(rect.middle(), (*width, rect.height));
        }
    }
}

/// Returns the rectangles around the boxes of each namespace.
fn around(block: &Block, picture: &Picture) -> BTreeMap<usize, Rect> {
    let mut groups: BTreeMap<usize, Rect> = BTreeMap::new();
    for (spot, rect) in &block.spots {
        if let Some(group) = picture.cluster(*spot) {
            let rect = rect.grown(PADDING);
            let known = groups.entry(group).or_insert(rect);
            *known = known.around(rect);
        }
    }
    groups
}

/// Moves down what is in the way of the head of a namespace, and all below it.
fn make_room_for_heads(block: &mut Block, picture: &Picture, sizes: &Sizes) {
    let mut order: Vec<(usize, Rect)> = around(block, picture).into_iter().collect();
    order.sort_by(|(_, one), (_, other)| one.y.total_cmp(&other.y));
    for (group, _) in order {
        let groups = around(block, picture);
        let Some(own) = groups.get(&group).copied() else {
            continue;
        };
        let (width, head) = sizes.heads.get(group).copied().unwrap_or_default();
        let wide = Rect {
            width: own.width.max(width + 2.0 * PADDING),
            ..own
        };
        let others = groups.iter().filter(|(other, _)| **other != group);
        let free = block
            .spots
            .iter()
            .filter(|(spot, _)| picture.cluster(**spot).is_none());
        let above = others
            .map(|(_, rect)| rect)
            .chain(free.map(|(_, rect)| rect));
        let above = above.filter(|rect| rect.shares_column(&wide) && rect.y < own.y);
        let lowest = above.map(Rect::bottom).fold(f64::NEG_INFINITY, f64::max);
        let lack = (head + ABOVE - (own.y - lowest)).min(head + ABOVE);
        if lack > 0.0 {
            let cut = own.y;
            let down = |y: &mut f64| {
                if *y >= cut {
                    *y += lack;
                }
            };
            block.spots.values_mut().for_each(|rect| down(&mut rect.y));
            for way in block.ways.values_mut() {
                way.points
                    .iter_mut()
                    .chain([&mut way.label])
                    .for_each(|point| down(&mut point.1));
            }
        }
    }
}

/// Where a line meets a box.
struct Meeting {
    /// The side: whether it is the right one.
    right: bool,
    spot: usize,
    /// The height from which it comes: lines do not cross at the box.
    height: f64,
    line: usize,
    /// Whether it is the first point of the line.
    first: bool,
}

/// Ties the ends of lines to the sides of their boxes, spread over the height.
fn attach(block: &mut Block, picture: &Picture) {
    let mut meetings: Vec<Meeting> = Vec::new();
    for (line, way) in &block.ways {
        let Some(edge) = picture.edges.get(*line) else {
            continue;
        };
        let ends = [(edge.from, edge.to, true), (edge.to, edge.from, false)];
        for (spot, other, first) in ends {
            let next = if first {
                way.points.first()
            } else {
                way.points.last()
            };
            let middle = |spot: &usize| block.spots.get(spot).map(Rect::middle).unwrap_or_default();
            let (x, height) = next.copied().unwrap_or_else(|| middle(&other));
            let right = x >= middle(&spot).0;
            meetings.push(Meeting {
                right,
                spot,
                height,
                line: *line,
                first,
            });
        }
    }
    meetings.sort_by(|one, other| {
        let key = |one: &Meeting| (one.spot, one.right);
        key(one)
            .cmp(&key(other))
            .then(one.height.total_cmp(&other.height))
    });
    let mut left = meetings.as_slice();
    while let Some(first) = left.first() {
        let same = left
            .iter()
            .take_while(|one| (one.spot, one.right) == (first.spot, first.right));
        let (these, others) = left.split_at(same.count());
        left = others;
        let rect = block.spots.get(&first.spot).copied().unwrap_or_default();
        let step = rect.height / (super::super::count(these) + 1.0);
        let mut y = rect.y;
        for one in these {
            y += step;
            let point = (if one.right { rect.right() } else { rect.x }, y);
            if let Some(way) = block.ways.get_mut(&one.line) {
                let at = if one.first { 0 } else { way.points.len() };
                way.points.insert(at, point);
            }
        }
    }
}
