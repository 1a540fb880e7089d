//! Where boxes and lines of a picture are.
//!
//! What is tied by lines is laid out from left to right by dagre, with its namespaces as clusters; namespaces without a
//! line stand below in rows.

use dagre::graph::{Edge, Graph, GraphOptions};
use dagre::layout::types::LabelPos;
use dagre::{EdgeLabel, LayoutOptions, NodeLabel, RankDir, layout};

use super::Picture;

/// The room around boxes in their namespace.
const PADDING: f64 = 12.0;
/// The room between what stands in rows.
const GAP: f64 = 18.0;

/// A rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rect {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Rect {
    fn right(&self) -> f64 {
        self.x + self.width
    }

    fn bottom(&self) -> f64 {
        self.y + self.height
    }

    fn around(self, other: Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        Self {
            x,
            y,
            width: self.right().max(other.right()) - x,
            height: self.bottom().max(other.bottom()) - y,
        }
    }

    fn grown(self, by: f64) -> Self {
        Self {
            x: self.x - by,
            y: self.y - by,
            width: self.width + 2.0 * by,
            height: self.height + 2.0 * by,
        }
    }
}

/// The way of a line, and the middle of its label.
#[derive(Clone, Debug, Default)]
pub(super) struct Way {
    pub(super) points: Vec<(f64, f64)>,
    pub(super) label: (f64, f64),
}

/// Where everything is.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    pub(super) spots: Vec<Rect>,
    /// Of groups that are drawn as a box.
    pub(super) groups: Vec<Option<Rect>>,
    /// Of the edges, where they are lines.
    pub(super) ways: Vec<Option<Way>>,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// How large everything is: width and height.
#[derive(Clone, Debug, Default)]
pub(super) struct Sizes {
    pub(super) spots: Vec<(f64, f64)>,
    pub(super) heads: Vec<(f64, f64)>,
    pub(super) labels: Vec<(f64, f64)>,
    /// How wide the picture is at least, for its title and its notes.
    pub(super) width: f64,
}

pub(super) fn place(picture: &Picture, sizes: &Sizes) -> Places {
    let mut places = Places {
        spots: vec![Rect::default(); picture.spots.len()],
        groups: vec![None; picture.groups.len()],
        ways: vec![None; picture.edges.len()],
        ..Places::default()
    };
    let mut tied = vec![false; picture.spots.len()];
    for (edge, ..) in picture.lines() {
        for end in [edge.from, edge.to] {
            if let Some(tied) = tied.get_mut(end) {
                *tied = true;
            }
        }
    }
    // A namespace stays together; what is outside need not.
    let in_layout: Vec<bool> = picture
        .spots
        .iter()
        .zip(&tied)
        .map(|(spot, own)| {
            let group = picture.groups.get(spot.group);
            *own || group.is_some_and(|group| {
                group.namespace.is_some() && group.spots.iter().any(|place| tied.get(*place) == Some(&true))
            })
        })
        .collect();
    by_dagre(picture, sizes, &in_layout, &mut places);
    in_rows(picture, sizes, &in_layout, &mut places);
    places
}

fn by_dagre(picture: &Picture, sizes: &Sizes, in_layout: &[bool], places: &mut Places) {
    let mut graph: Graph<NodeLabel, EdgeLabel> = Graph::with_options(GraphOptions {
        directed: true,
        multigraph: true,
        compound: true,
    });
    let chosen = || {
        let spots = picture.spots.iter().zip(&sizes.spots).zip(in_layout).enumerate();
        spots.filter(|(_, (_, is_in))| **is_in).map(|(place, (both, _))| (place, both))
    };
    for (place, (_, size)) in chosen() {
        let label = NodeLabel {
            width: size.0,
            height: size.1,
            ..NodeLabel::default()
        };
        graph.set_node(format!("n{place}"), Some(label));
    }
    for (place, (spot, _)) in chosen() {
        let group = picture.groups.get(spot.group);
        if group.is_some_and(|group| group.namespace.is_some()) {
            let parent = format!("g{}", spot.group);
            if !graph.has_node(&parent) {
                graph.set_node(parent.clone(), Some(NodeLabel::default()));
            }
            graph.set_parent(&format!("n{place}"), Some(&parent));
        }
    }
    for (edge, ..) in picture.lines() {
        let place = picture.edges.iter().position(|one| std::ptr::eq(one, edge));
        let (width, height) = place.and_then(|place| sizes.labels.get(place)).copied().unwrap_or_default();
        let label = EdgeLabel {
            width,
            height,
            labelpos: LabelPos::Center,
            ..EdgeLabel::default()
        };
        graph.set_edge(format!("n{}", edge.from), format!("n{}", edge.to), Some(label), None);
    }
    if graph.node_count() == 0 {
        return;
    }
    let options = LayoutOptions {
        rankdir: RankDir::LR,
        nodesep: 14.0,
        edgesep: 10.0,
        ranksep: 22.0,
        ..LayoutOptions::default()
    };
    layout(&mut graph, Some(options));
    read_back(picture, &graph, in_layout, places);
    make_room_for_heads(picture, sizes, places);
}

fn read_back(picture: &Picture, graph: &Graph<NodeLabel, EdgeLabel>, in_layout: &[bool], places: &mut Places) {
    let rect = |name: &str| {
        let node = graph.node(name)?;
        Some(Rect {
            x: node.x? - node.width / 2.0,
            y: node.y? - node.height / 2.0,
            width: node.width,
            height: node.height,
        })
    };
    for (place, slot) in places.spots.iter_mut().enumerate() {
        if in_layout.get(place) == Some(&true) {
            *slot = rect(&format!("n{place}")).unwrap_or_default();
        }
    }
    for (place, (group, slot)) in picture.groups.iter().zip(&mut places.groups).enumerate() {
        let spots = group.spots.iter().filter(|spot| in_layout.get(**spot) == Some(&true));
        let spots = spots.filter_map(|spot| places.spots.get(*spot)).copied();
        let around = spots.reduce(Rect::around).map(|rect| rect.grown(PADDING));
        if group.namespace.is_some() {
            let own = rect(&format!("g{place}"));
            *slot = around.map(|around| own.map_or(around, |own| Rect {
                y: around.y,
                height: around.height,
                ..around.around(own)
            }));
        }
    }
    for (edge, slot) in picture.edges.iter().zip(&mut places.ways) {
        let ends = Edge::new(format!("n{}", edge.from), format!("n{}", edge.to));
        let Some(label) = graph.edge_by_obj(&ends) else {
            continue;
        };
        let points: Vec<(f64, f64)> = label.points.iter().map(|point| (point.x, point.y)).collect();
        let middle = points.get(points.len() / 2).copied().unwrap_or_default();
        *slot = Some(Way {
            label: label.x.zip(label.y).unwrap_or(middle),
            points,
        });
    }
}

/// Moves apart what is below the head of a namespace, and what is to the right of it stays where it is.
fn make_room_for_heads(picture: &Picture, sizes: &Sizes, places: &mut Places) {
    let mut cuts: Vec<(f64, f64)> = Vec::new();
    for (place, rect) in places.groups.iter().enumerate() {
        if let (Some(rect), Some((_, height))) = (rect, sizes.heads.get(place)) {
            cuts.push((rect.y, *height));
        }
    }
    let _ = picture;
    cuts.sort_by(|one, other| one.0.total_cmp(&other.0));
    let moved = |y: f64| -> f64 {
        let above = cuts.iter().filter(|(cut, _)| *cut <= y);
        y + above.map(|(_, height)| height).sum::<f64>()
    };
    for rect in &mut places.spots {
        rect.y = moved(rect.y);
    }
    for (place, rect) in places.groups.iter_mut().enumerate() {
        let Some(rect) = rect else {
            continue;
        };
        let head = sizes.heads.get(place).map_or(0.0, |(_, height)| *height);
        let bottom = moved(rect.bottom() - PADDING) + PADDING;
        let top = moved(rect.y) - head;
        rect.y = top;
        rect.height = bottom - top;
    }
    for way in places.ways.iter_mut().flatten() {
        for point in &mut way.points {
            point.1 = moved(point.1);
        }
        way.label.1 = moved(way.label.1);
    }
}

/// Places what no line ties to anything.
fn in_rows(picture: &Picture, sizes: &Sizes, in_layout: &[bool], places: &mut Places) {
    let rects = places.spots.iter().zip(in_layout).filter(|(_, is_in)| **is_in);
    let rects = rects.map(|(rect, _)| *rect).chain(places.groups.iter().flatten().copied());
    let around = rects.reduce(Rect::around).unwrap_or_default();
    let points = places.ways.iter().flatten().flat_map(|way| &way.points);
    let left = points.clone().map(|point| point.0).fold(around.x, f64::min);
    let right = points.map(|point| point.0).fold(around.right(), f64::max).max(left + sizes.width);
    let mut x = left;
    let mut y = if around.height > 0.0 { around.bottom() + GAP } else { around.y };
    let mut bottom = y;
    for (place, group) in picture.groups.iter().enumerate() {
        let free: Vec<usize> = group.spots.iter().copied().filter(|spot| in_layout.get(*spot) != Some(&true)).collect();
        if free.is_empty() {
            continue;
        }
        let (head_width, head) = sizes.heads.get(place).copied().unwrap_or_default();
        // Boxes of a namespace stand in a few columns.
        let columns = (free.len().div_ceil(4)).max(1);
        let width = free.iter().filter_map(|spot| sizes.spots.get(*spot)).map(|size| size.0).fold(0.0, f64::max);
        let mut rect = Rect { x: 0.0, y: 0.0, width: 0.0, height: head + PADDING };
        let mut inner = Vec::new();
        for row in free.chunks(columns) {
            let mut tallest: f64 = 0.0;
            let mut at = PADDING;
            for spot in row {
                let (own, height) = sizes.spots.get(*spot).copied().unwrap_or_default();
                let width = if columns > 1 { width } else { own };
                inner.push((*spot, Rect { x: at, y: rect.height, width, height }));
                at += width + GAP / 2.0;
                tallest = tallest.max(height);
            }
            rect.width = rect.width.max(at - GAP / 2.0 + PADDING);
            rect.height += tallest + GAP / 2.0;
        }
        rect.height += PADDING - GAP / 2.0;
        rect.width = rect.width.max(head_width + 2.0 * PADDING);
        if x > left && x + rect.width > right {
            x = left;
            y = bottom + GAP;
        }
        (rect.x, rect.y) = (x, y);
        for (spot, own) in inner {
            if let Some(slot) = places.spots.get_mut(spot) {
                *slot = Rect { x: own.x + x, y: own.y + y, ..own };
            }
        }
        if let Some(slot) = places.groups.get_mut(place) {
            *slot = Some(rect);
        }
        x += rect.width + GAP;
        bottom = bottom.max(rect.bottom());
    }
    let own = Rect { x: left, y: around.y, width: right - left, height: bottom.max(around.bottom()) - around.y };
    let rows = places.groups.iter().flatten().copied().reduce(Rect::around);
    let all = rows.map_or(own, |rows| rows.around(own));
    shift(places, -all.x, -all.y);
    places.width = all.width;
    places.height = all.height;
}

fn shift(places: &mut Places, by_x: f64, by_y: f64) {
    let rects = places.spots.iter_mut().chain(places.groups.iter_mut().flatten());
    for rect in rects {
        rect.x += by_x;
        rect.y += by_y;
    }
    for way in places.ways.iter_mut().flatten() {
        for (x, y) in way.points.iter_mut().chain([&mut way.label]) {
            *x += by_x;
            *y += by_y;
        }
    }
}
