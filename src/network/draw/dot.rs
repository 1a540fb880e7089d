//! Pictures in Graphviz's language.

use std::fmt::Write as _;

use super::{Party, Picture, Spot, Text, few_ports, visible};

/// Writes a picture for Graphviz: `dot -Tsvg`.
pub fn dot(picture: &Picture) -> String {
    let mut out = String::from("digraph network {\n");
    let title = quoted_part(&picture.title);
    let mut label = vec![title];
    label.extend(picture.notes.iter().map(|note| quoted_part(note)));
    let _ = writeln!(out, "  label=\"{}\\l\";", label.join("\\l"));
    out.push_str(
        "  rankdir=LR; labeljust=l; labelloc=t; fontname=\"sans-serif\"; fontsize=12; nodesep=0.15; ranksep=0.9;\n  \
         node [shape=box, style=\"filled,rounded\", fillcolor=white, fontname=\"sans-serif\", fontsize=11, height=0.3];\n  \
         edge [fontname=\"sans-serif\", fontsize=10, color=\"#475569\"];\n",
    );
    for (place, group) in picture.groups.iter().enumerate() {
        let indent = match &group.namespace {
            Some(namespace) => {
                let texts = lines(&group.texts);
                let name = quoted_part(namespace);
                let _ = writeln!(out, "  subgraph \"cluster_{place}\" {{");
                let _ = writeln!(
                    out,
                    "    label=\"{name}\\l{texts}\"; style=filled; fillcolor=\"#f1f5f9\"; color=\"#94a3b8\";"
                );
                "    "
            }
            None => "  ",
        };
        for place in &group.spots {
            if let Some(spot) = picture.spot(*place) {
                let _ = writeln!(out, "{indent}n{place} [{}];", attributes(spot));
            }
        }
        if group.namespace.is_some() {
            out.push_str("  }\n");
        }
    }
    for (_, edge, from, to) in picture.lines() {
        let ports = few_ports(&edge.connections);
        let outside = [from, to]
            .iter()
            .any(|spot| matches!(spot.party, Party::Area(_)));
        let colour = if outside { ", color=\"#c2410c\"" } else { "" };
        let _ = writeln!(
            out,
            "  n{} -> n{} [label=\"{}\"{colour}];",
            edge.from,
            edge.to,
            quoted_part(&ports)
        );
    }
    out.push_str("}\n");
    out
}

fn attributes(spot: &Spot) -> String {
    let mut head = vec![quoted_part(&spot.name)];
    head.extend(spot.below().iter().map(|line| quoted_part(line)));
    let head = head.join("\\n");
    let texts = lines(&spot.texts);
    let texts = if texts.is_empty() {
        texts
    } else {
        format!("\\n{texts}")
    };
    let style = match &spot.party {
        Party::Area(_) => ", fillcolor=\"#ffedd5\", color=\"#c2410c\"",
        Party::Entity(_) | Party::Controller => ", fillcolor=\"#e0e7ff\", color=\"#4338ca\"",
        _ if spot.open => ", style=\"filled,rounded,dashed\"",
        _ => "",
    };
    format!("label=\"{head}{texts}\"{style}")
}

/// Writes texts one a line, each at the left.
fn lines(texts: &[Text]) -> String {
    let lines = texts
        .iter()
        .map(|text| format!("{}\\l", quoted_part(&text.shown())));
    lines.collect()
}

/// Writes a text as a part of a quoted string, in which `\n` and the like are orders and names are not.
fn quoted_part(text: &str) -> String {
    let mut out = String::new();
    for char in visible(text) {
        match char {
            // Some versions read entities in every label.
            '&' => out.push_str("&amp;"),
            '"' | '\\' => out.extend(['\\', char]),
            _ => out.push(char),
        }
    }
    out
}
