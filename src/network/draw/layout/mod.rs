//! Where boxes and lines of a picture are.
//!
//! What lines tie together is laid out from left to right by dagre, with namespaces as clusters. Namespaces without a
//! line are small grids. These blocks then stand in rows.

mod block;
mod rect;

use std::collections::BTreeMap;

use self::block::{Block, grid, layered};
pub(super) use self::rect::Rect;
use super::Picture;

/// The room between blocks.
const GAP: f64 = 18.0;

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

/// Places everything.
pub(super) fn place(picture: &Picture, sizes: &Sizes) -> Places {
    let mut tied = Vec::new();
    let mut free = Vec::new();
    for part in parts(picture) {
        if part.lines.is_empty() {
            free.push(grid(picture, sizes, &part.spots));
        } else {
            tied.push(layered(picture, sizes, &part));
        }
    }
    let area = |block: &Block| block.width * block.height;
    tied.sort_by(|one, other| area(other).total_cmp(&area(one)));
    let mut places = Places {
        spots: vec![Rect::default(); picture.spots.len()],
        groups: vec![None; picture.groups.len()],
        ways: vec![None; picture.edges.len()],
        ..Places::default()
    };
    // What stands in rows alone becomes about as wide as high.
    let least = free.iter().map(area).sum::<f64>().sqrt() * 1.2;
    let blocks: Vec<Block> = tied.into_iter().chain(free).collect();
    let least = least.max(sizes.width);
    let widest = blocks.iter().map(|block| block.width).fold(least, f64::max);
    let (mut x, mut y, mut bottom) = (0.0, 0.0, 0.0_f64);
    for block in blocks {
        if x > 0.0 && x + block.width > widest {
            (x, y) = (0.0, bottom + GAP);
        }
        bottom = bottom.max(y + block.height);
        let width = block.width;
        block.put(x, y, &mut places);
        x += width + GAP;
    }
    places.width = widest;
    places.height = bottom;
    places
}

/// What lines and namespaces tie together.
#[derive(Debug, Default)]
struct Part {
    spots: Vec<usize>,
    /// The places of the edges that are lines.
    lines: Vec<usize>,
}

fn parts(picture: &Picture) -> Vec<Part> {
    let mut tied: Vec<usize> = (0..picture.spots.len()).collect();
    let mut is_end = vec![false; picture.spots.len()];
    let lines: Vec<(usize, usize, usize)> = picture
        .lines()
        .map(|(place, edge, ..)| (place, edge.from, edge.to))
        .collect();
    for end in lines.iter().flat_map(|(_, from, to)| [from, to]) {
        if let Some(is_end) = is_end.get_mut(*end) {
            *is_end = true;
        }
    }
    for (_, from, to) in &lines {
        tie(&mut tied, *from, *to);
    }
    for group in &picture.groups {
        // A namespace stays together; of others, those outside that no line leads to.
        let spots = group.spots.iter().copied();
        let spots = spots.filter(|spot| {
            group.namespace.is_some()
                || is_end.get(*spot) == Some(&false) && is_outside(picture, *spot)
        });
        let spots: Vec<usize> = spots.collect();
        for (one, other) in spots.iter().zip(spots.iter().skip(1)) {
            tie(&mut tied, *one, *other);
        }
    }
    let mut parts: BTreeMap<usize, Part> = BTreeMap::new();
    for spot in 0..picture.spots.len() {
        parts
            .entry(root(&mut tied, spot))
            .or_default()
            .spots
            .push(spot);
    }
    for (place, from, _) in lines {
        parts
            .entry(root(&mut tied, from))
            .or_default()
            .lines
            .push(place);
    }
    parts.into_values().collect()
}

fn is_outside(picture: &Picture, spot: usize) -> bool {
    let spot = picture.spot(spot);
    spot.is_some_and(|spot| spot.party.namespace().is_none())
}

fn root(tied: &mut [usize], mut spot: usize) -> usize {
    while let Some(above) = tied.get(spot).copied().filter(|above| *above != spot) {
        let higher = tied.get(above).copied().unwrap_or(above);
        if let Some(slot) = tied.get_mut(spot) {
            *slot = higher;
        }
        spot = higher;
    }
    spot
}

fn tie(tied: &mut [usize], one: usize, other: usize) {
    let (one, other) = (root(tied, one), root(tied, other));
    if let Some(slot) = tied.get_mut(one.max(other)) {
        *slot = one.min(other);
    }
}
