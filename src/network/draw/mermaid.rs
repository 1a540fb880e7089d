//! Pictures in Mermaid's language, which GitHub, GitLab and others draw in pages.

use std::fmt::Write as _;

use super::{Party, Picture, Spot, Text, few_ports, visible};

/// Writes a picture for Mermaid.
pub fn mermaid(picture: &Picture) -> String {
    let mut out =
        String::from("%%{init: {\"flowchart\": {\"wrappingWidth\": 500}}}%%\nflowchart LR\n");
    let _ = writeln!(out, "  accTitle: {}", plain(&picture.title));
    for (place, group) in picture.groups.iter().enumerate() {
        if let Some(namespace) = &group.namespace {
            let name = escaped(namespace);
            let _ = writeln!(out, "  subgraph g{place}[\"<b>{name}</b>\"]");
            // A title has room for one line.
            if !group.texts.is_empty() {
                let texts: Vec<String> = lines(&group.texts).collect();
                let _ = writeln!(
                    out,
                    "    h{place}[\"each of these:<br/>{}\"]:::note",
                    texts.join("<br/>")
                );
            }
        }
        for place in &group.spots {
            if let Some(spot) = picture.spot(*place) {
                let _ = writeln!(out, "    {}", node(*place, spot));
            }
        }
        if group.namespace.is_some() {
            let _ = writeln!(
                out,
                "  end\n  style g{place} fill:#f1f5f9,stroke:#94a3b8,color:#0f172a"
            );
        }
    }
    let mut outside = Vec::new();
    for (place, (_, edge, from, to)) in picture.lines().enumerate() {
        let ports = escaped(&few_ports(&edge.connections));
        let _ = writeln!(out, "  n{} -->|\"{ports}\"| n{}", edge.from, edge.to);
        if [from, to]
            .iter()
            .any(|spot| matches!(spot.party, Party::Area(_)))
        {
            outside.push(place.to_string());
        }
    }
    if !picture.notes.is_empty() {
        let notes: Vec<String> = picture.notes.iter().map(|note| escaped(note)).collect();
        let _ = writeln!(out, "  notes[\"{}\"]:::note", notes.join("<br/>"));
    }
    out.push_str(
        "  classDef default fill:#ffffff,stroke:#475569,color:#0f172a,text-align:left\n  \
         classDef area fill:#ffedd5,stroke:#c2410c,color:#0f172a\n  \
         classDef entity fill:#e0e7ff,stroke:#4338ca,color:#0f172a\n  \
         classDef open stroke-dasharray:5 4\n  \
         classDef note fill:none,stroke:none,color:#0f172a,text-align:left\n",
    );
    if !outside.is_empty() {
        let _ = writeln!(out, "  linkStyle {} stroke:#c2410c", outside.join(","));
    }
    out
}

fn node(place: usize, spot: &Spot) -> String {
    let mut label = vec![format!("<b>{}</b>", escaped(&spot.name))];
    label.extend(spot.below().iter().map(|line| escaped(line)));
    label.extend(lines(&spot.texts));
    let label = label.join("<br/>");
    match &spot.party {
        Party::Area(_) => format!("n{place}([\"{label}\"]):::area"),
        Party::Entity(_) | Party::Controller => format!("n{place}([\"{label}\"]):::entity"),
        _ if spot.open => format!("n{place}[\"{label}\"]:::open"),
        _ => format!("n{place}[\"{label}\"]"),
    }
}

fn lines(texts: &[Text]) -> impl Iterator<Item = String> + '_ {
    texts.iter().map(|text| escaped(&text.shown()))
}

/// Writes what might be an order to Mermaid, to HTML or to Markdown by its number.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for char in visible(text) {
        if char.is_alphanumeric() || " -_./:,=()→←\u{fffd}".contains(char) {
            out.push(char);
        } else {
            let _ = write!(out, "#{};", u32::from(char));
        }
    }
    out
}

/// Writes a text where Mermaid reads to the end of the line and knows no escapes.
fn plain(text: &str) -> String {
    let plain = visible(text).map(|char| {
        if "#;{}%".contains(char) {
            '\u{fffd}'
        } else {
            char
        }
    });
    plain.collect()
}
