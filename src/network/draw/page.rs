//! A page about all environments of a project: their pictures, and who talks to whom and why.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{Party, Picture, Spot, ports, visible};

/// What a page tells of one environment.
#[derive(Clone, Debug)]
pub struct Page<'p> {
    /// Its name.
    pub environment: &'p str,
    /// The name of the file with its picture.
    pub file: &'p str,
    /// Its connections.
    pub picture: &'p Picture,
    /// Why each of them is there, as far as somebody declares it.
    pub reasons: Vec<Vec<&'p str>>,
}

/// A line of a table; sorted as it is shown: what is outside comes last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    outside: bool,
    namespace: String,
    to: String,
    from_outside: bool,
    from: String,
    ports: String,
    reason: String,
}

/// Writes the page, in Markdown.
pub fn page(pages: &[Page<'_>]) -> String {
    let mut out = String::from(
        "# Who may talk to whom\n\nFrom the network policies that are rendered. `tympan network --docs` writes this page, \
         `tympan network --docs --check` tells whether it is up to date.\n",
    );
    for page in pages {
        let name = escaped(page.environment);
        let _ = writeln!(
            out,
            "\n## {name}\n\n![{}]({})",
            escaped(&page.picture.title),
            page.file
        );
        let open: Vec<&Spot> = page.picture.spots.iter().filter(|spot| spot.open).collect();
        if !open.is_empty() {
            let names: Vec<String> = open.iter().map(|spot| escaped(&spot.full())).collect();
            let _ = writeln!(
                out,
                "\nOpen to each other and to everything outside, both ways, on all ports: {}. The tables leave that out.",
                names.join(", ")
            );
        }
    }
    let mut rows: BTreeMap<Row, BTreeSet<usize>> = BTreeMap::new();
    for (place, page) in pages.iter().enumerate() {
        for row in page.rows() {
            rows.entry(row).or_default().insert(place);
        }
    }
    out.push_str("\n## Connections\n\nPorts are those of pods. The last column is what `policies/flows.yaml` says.\n");
    let mut before = None;
    for (row, places) in &rows {
        let group = (row.outside, &row.namespace);
        if before != Some(group) {
            let title = if row.outside {
                "what is outside".to_owned()
            } else {
                escaped(&row.namespace)
            };
            let _ = writeln!(
                out,
                "\n### To {title}\n\n| to | from | ports | in | why |\n|---|---|---|---|---|"
            );
            before = Some(group);
        }
        let environments = environments(pages, places);
        let cells = [&row.to, &row.from, &row.ports, &environments, &row.reason];
        let _ = writeln!(out, "| {} |", cells.map(String::as_str).join(" | "));
    }
    out
}

/// Names the environments at some places.
fn environments(pages: &[Page<'_>], places: &BTreeSet<usize>) -> String {
    if places.len() == pages.len() {
        return "all".to_owned();
    }
    let names = places.iter().filter_map(|place| pages.get(*place));
    let names: Vec<String> = names.map(|page| escaped(page.environment)).collect();
    names.join(", ")
}

impl Page<'_> {
    fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        let edges = self.picture.edges.iter().enumerate();
        edges.filter_map(|(place, edge)| {
            let from = self.picture.spot(edge.from)?;
            let to = self.picture.spot(edge.to)?;
            let reasons = self
                .reasons
                .get(place)
                .map(Vec::as_slice)
                .unwrap_or_default();
            let reasons: Vec<String> = reasons.iter().map(|reason| escaped(reason)).collect();
            let namespace = to.party.namespace();
            Some(Row {
                outside: namespace.is_none(),
                namespace: namespace.unwrap_or_default().to_owned(),
                to: named(to),
                from_outside: from.party.namespace().is_none(),
                from: named(from),
                ports: ports(&edge.connections),
                reason: reasons.join("; "),
            })
        })
    }
}

fn named(spot: &Spot) -> String {
    let more = match &spot.party {
        Party::Area(_) if spot.name != "internet" && !spot.detail.is_empty() => {
            format!(" {}", spot.detail)
        }
        _ => String::new(),
    };
    escaped(&format!("{}{more}", spot.full()))
}

/// Writes what Markdown or HTML would take for an order so that it is shown.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for char in visible(text) {
        match char {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' | '$' => {
                out.extend(['\\', char]);
            }
            _ => out.push(char),
        }
    }
    out
}
