//! What is drawn as a line, and what is written.

use std::collections::{BTreeMap, BTreeSet};

use super::{Edge, Form, Party, Picture, Spot, Text, few_ports};

/// An end with more lines than this in one direction has none: they are written in the boxes at their other ends.
const LINES_OF_ONE: usize = 8;

/// More lines than this cannot be told apart by anybody.
const LINES: usize = 120;

/// What so many ends of a namespace have in common, and all have, is written at its head even if lines could show it.
const ALIKE: usize = 3;

/// Decides how each edge is shown, and notes what explains the picture.
pub(super) fn arrange(picture: &mut Picture) {
    for edge in &mut picture.edges {
        if edge.from == edge.to {
            edge.form = Form::AtSource;
        }
    }
    let mut most = LINES_OF_ONE;
    write_hubs(picture, most);
    write_alike(picture);
    while count_lines(&picture.edges) > LINES && most > 0 {
        most -= 1;
        write_hubs(picture, most);
    }
    texts(picture);
    notes(picture);
}

fn count_lines(edges: &[Edge]) -> usize {
    edges.iter().filter(|edge| edge.form == Form::Line).count()
}

/// Writes the edges of ends that have too many, those with the most first.
fn write_hubs(picture: &mut Picture, most: usize) {
    let none = vec![[0_usize; 2]; picture.spots.len()];
    loop {
        let mut counts = none.clone();
        for edge in picture.edges.iter().filter(|edge| edge.form == Form::Line) {
            if let Some([out, _]) = counts.get_mut(edge.from) {
                *out += 1;
            }
            if let Some([_, into]) = counts.get_mut(edge.to) {
                *into += 1;
            }
        }
        let targets = counts
            .iter()
            .enumerate()
            .map(|(place, [_, into])| (*into, place, true));
        let sources = counts
            .iter()
            .enumerate()
            .map(|(place, [out, _])| (*out, place, false));
        let hub = targets
            .chain(sources)
            .rev()
            .max_by_key(|(count, ..)| *count);
        let Some((_, hub, is_target)) = hub.filter(|(count, ..)| *count > most) else {
            return;
        };
        for edge in picture
            .edges
            .iter_mut()
            .filter(|edge| edge.form == Form::Line)
        {
            if is_target && edge.to == hub {
                edge.form = Form::AtSource;
            } else if !is_target && edge.from == hub {
                edge.form = Form::AtTarget;
            }
        }
    }
}

/// Writes what all ends of a namespace have in common.
fn write_alike(picture: &mut Picture) {
    for group in picture
        .groups
        .iter()
        .filter(|group| group.spots.len() >= ALIKE)
    {
        let Some(first) = group.spots.first() else {
            continue;
        };
        let own: BTreeSet<usize> = group.spots.iter().copied().collect();
        let others: Vec<(usize, Form)> = picture
            .edges
            .iter()
            .filter(|edge| edge.form == Form::Line)
            .filter_map(|edge| match (edge.from == *first, edge.to == *first) {
                (true, false) => Some((edge.to, Form::AtSource)),
                (false, true) => Some((edge.from, Form::AtTarget)),
                _ => None,
            })
            .filter(|(other, _)| !own.contains(other))
            .collect();
        for (other, form) in others {
            let is_one = |edge: &Edge| {
                edge.form == Form::Line
                    && match form {
                        Form::AtTarget => edge.from == other && own.contains(&edge.to),
                        _ => edge.to == other && own.contains(&edge.from),
                    }
            };
            let alike: Vec<&mut Edge> = picture
                .edges
                .iter_mut()
                .filter(|edge| is_one(edge))
                .collect();
            let connections = alike.first().map(|edge| edge.connections.clone());
            if alike.len() == own.len()
                && alike
                    .iter()
                    .all(|edge| Some(&edge.connections) == connections.as_ref())
            {
                for edge in alike {
                    edge.form = form;
                }
            }
        }
    }
}

/// Writes edges in boxes, and once at the head of a namespace where all its boxes have the same.
fn texts(picture: &mut Picture) {
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for spot in &picture.spots {
        *known.entry(&spot.name).or_default() += 1;
    }
    let name = |spot: &Spot| match known.get(spot.name.as_str()) {
        Some(1) => spot.name.clone(),
        _ => spot.full(),
    };
    let mut written: Vec<(usize, Text)> = Vec::new();
    let mut elsewhere: Vec<(usize, usize)> = Vec::new();
    for edge in &picture.edges {
        let (own, other, side) = match edge.form {
            Form::Line => continue,
            Form::AtSource => (edge.from, edge.to, 1),
            Form::AtTarget => (edge.to, edge.from, 0),
        };
        let spot = picture.spots.get(other);
        let text = Text {
            form: edge.form,
            spot: other,
            other: spot.filter(|_| own != other).map(name),
            area: spot.is_some_and(|spot| matches!(spot.party, Party::Area(_))),
            ports: few_ports(&edge.connections),
        };
        written.push((own, text));
        if own != other {
            elsewhere.push((other, side));
        }
    }
    for (own, text) in written {
        if let Some(spot) = picture.spots.get_mut(own) {
            spot.texts.push(text);
        }
    }
    for (place, side) in elsewhere {
        let spot = picture.spots.get_mut(place);
        if let Some(count) = spot.and_then(|spot| spot.elsewhere.get_mut(side)) {
            *count += 1;
        }
    }
    hoist(picture);
}

/// Moves what all boxes of a namespace say to its head.
fn hoist(picture: &mut Picture) {
    for group in &mut picture.groups {
        if group.namespace.is_none() || group.spots.len() < 2 {
            continue;
        }
        let mut texts = group
            .spots
            .iter()
            .filter_map(|place| picture.spots.get(*place));
        let first = texts
            .next()
            .map(|spot| spot.texts.clone())
            .unwrap_or_default();
        let others: Vec<&Spot> = texts.collect();
        let common = first
            .into_iter()
            .filter(|text| others.iter().all(|spot| spot.texts.contains(text)));
        group.texts = common.collect();
        for place in &group.spots {
            if let Some(spot) = picture.spots.get_mut(*place) {
                spot.texts.retain(|text| !group.texts.contains(text));
            }
        }
    }
}

fn notes(picture: &mut Picture) {
    let spots = &picture.spots;
    let mut notes = vec!["Ports are of pods, and TCP where nothing else is said."];
    let is_written = picture.edges.iter().any(|edge| edge.form != Form::Line);
    if is_written {
        notes.push(
            "→ and ← in a box are connections, too: those of ends that have many are written, not drawn. \
             At the head of a namespace they are those of each of its boxes.",
        );
    }
    if spots.iter().any(|spot| spot.open) {
        notes.push(
            "Dashed boxes are open: they may talk to each other and to everything outside, both ways, on all ports. \
             No line shows that.",
        );
    }
    if spots
        .iter()
        .any(|spot| matches!(spot.party, Party::Namespace(_)))
    {
        notes.push(
            "There are too many workloads to draw each: a box is a namespace, and may do what any of its workloads may.",
        );
    }
    let mut shown = picture
        .edges
        .iter()
        .map(|edge| few_ports(&edge.connections));
    if shown.any(|ports| ports.ends_with(" more")) {
        notes.push("`more` stands for ports that the text of `tympan network` tells one by one.");
    }
    picture.notes = notes.into_iter().map(str::to_owned).collect();
}
