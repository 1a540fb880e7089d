//! Pictures in SVG.

use std::fmt::Write as _;

use super::layout::{Places, Rect, Sizes, Way, place};
use super::width::width;
use super::{Group, Party, Picture, Spot, count, few_ports, ports, visible};

const MARGIN: f64 = 24.0;
const TITLE: f64 = 18.0;
const HEAD: f64 = 13.0;
const NAME: f64 = 12.0;
const SMALL: f64 = 11.0;
/// The height of a line of small text.
const LINE: f64 = 14.0;
const INNER: f64 = 8.0;

const STYLE: &str = "text{font-family:Arial,Helvetica,'Liberation Sans','DejaVu Sans',sans-serif;fill:#0f172a}\
.t{font-size:18px;font-weight:bold}.h{font-size:13px;font-weight:bold}.n{font-size:12px;font-weight:bold}\
.d{font-size:11px;fill:#475569}.w{font-size:11px}.o{font-size:11px;fill:#9a3412}\
.l{font-size:11px;text-anchor:middle}.lo{font-size:11px;text-anchor:middle;fill:#9a3412}\
.g{fill:#f1f5f9;stroke:#94a3b8}.b{fill:#fff;stroke:#475569}.p{fill:#fff;stroke:#475569;stroke-dasharray:5 4}\
.a{fill:#ffedd5;stroke:#c2410c}.e{fill:#e0e7ff;stroke:#4338ca}\
.c{fill:none;stroke:#475569;stroke-width:1.3}.co{fill:none;stroke:#c2410c;stroke-width:1.6}\
.x{fill:#fff;fill-opacity:.9}";

/// Draws a picture.
pub fn svg(picture: &Picture) -> String {
    let sizes = sizes(picture);
    let places = place(picture, &sizes);
    let notes: Vec<String> = picture
        .notes
        .iter()
        .flat_map(|note| wrapped(note, places.width))
        .collect();
    let top = MARGIN + TITLE + 10.0 + LINE * count(&notes) + 10.0;
    let width = places.width + 2.0 * MARGIN;
    let height = places.height + top + MARGIN;
    let title = escaped(&picture.title);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" role=\"img\" aria-labelledby=\"title desc\">\n<title id=\"title\">{title}</title>\n"
    );
    let _ = writeln!(
        out,
        "<desc id=\"desc\">{}</desc>",
        escaped(&described(picture))
    );
    let _ = writeln!(out, "<style>{STYLE}</style>");
    out.push_str(
        "<defs><marker id=\"m\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
         markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#475569\"/></marker>\
         <marker id=\"mo\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
         markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#c2410c\"/></marker></defs>\n",
    );
    let _ = writeln!(
        out,
        "<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#fff\"/>"
    );
    text(&mut out, "t", MARGIN, MARGIN + TITLE * 0.8, &picture.title);
    let mut y = MARGIN + TITLE + 10.0;
    for note in &notes {
        text(&mut out, "d", MARGIN, y + SMALL, note);
        y += LINE;
    }
    let _ = writeln!(out, "<g transform=\"translate({MARGIN} {top:.0})\">");
    groups(&mut out, picture, &places);
    edges(&mut out, picture, &places);
    for (spot, rect) in picture.spots.iter().zip(&places.spots) {
        draw(&mut out, spot, rect);
    }
    labels(&mut out, picture, &places, &sizes);
    out.push_str("</g>\n</svg>\n");
    out
}

fn described(picture: &Picture) -> String {
    let workloads = picture
        .spots
        .iter()
        .filter(|spot| spot.party.namespace().is_some())
        .count();
    let lines = picture.lines().count();
    format!(
        "{workloads} ends inside and {} outside; {lines} connections are lines, {} are written in boxes.",
        picture.spots.len() - workloads,
        picture.edges.len() - lines
    )
}

fn sizes(picture: &Picture) -> Sizes {
    let heads = picture.groups.iter().map(|group| {
        let texts = group.texts.iter().map(|text| width(&text.shown(), SMALL));
        let widest = texts.fold(width(title(group), HEAD), f64::max);
        (widest, HEAD + 6.0 + LINE * count(&group.texts))
    });
    let labels = picture.edges.iter().map(|edge| {
        let text = few_ports(&edge.connections);
        (width(&text, SMALL) + 6.0, LINE + 2.0)
    });
    Sizes {
        spots: picture.spots.iter().map(size).collect(),
        heads: heads.collect(),
        labels: labels.collect(),
        width: 900.0,
    }
}

fn title(group: &Group) -> &str {
    group.namespace.as_deref().unwrap_or("outside")
}

fn size(spot: &Spot) -> (f64, f64) {
    let below = spot.below();
    let texts = spot.texts.iter().map(super::Text::shown);
    let small = below
        .iter()
        .cloned()
        .chain(texts)
        .map(|text| width(&text, SMALL));
    let widest = small.fold(width(&spot.name, NAME) * 1.08, f64::max);
    let height = NAME + 4.0 + LINE * (count(&below) + count(&spot.texts));
    (widest + 2.0 * INNER, height + 2.0 * INNER - 2.0)
}

/// Breaks a text into lines.
fn wrapped(text: &str, most: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if width(line, SMALL) + width(word, SMALL) < most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn groups(out: &mut String, picture: &Picture, places: &Places) {
    for (group, rect) in picture.groups.iter().zip(&places.groups) {
        let Some(rect) = rect else {
            continue;
        };
        rectangle(out, "g", rect, 6.0);
        let (x, mut y) = (rect.x + 12.0, rect.y + 6.0 + HEAD);
        text(out, "h", x, y, title(group));
        for line in &group.texts {
            y += LINE;
            text(out, if line.area { "o" } else { "w" }, x, y, &line.shown());
        }
    }
}

fn edges(out: &mut String, picture: &Picture, places: &Places) {
    for (edge, way) in picture.edges.iter().zip(&places.ways) {
        let ends = [edge.from, edge.to].map(|end| picture.spot(end));
        let ([Some(from), Some(to)], Some(way)) = (ends, way) else {
            continue;
        };
        let (class, marker) = if is_outside(from) || is_outside(to) {
            ("co", "mo")
        } else {
            ("c", "m")
        };
        let told = format!(
            "{} → {}: {}",
            from.full(),
            to.full(),
            ports(&edge.connections)
        );
        let _ = writeln!(
            out,
            "<path class=\"{class}\" marker-end=\"url(#{marker})\" d=\"{}\"><title>{}</title></path>",
            curve(way),
            escaped(&told)
        );
    }
}

fn is_outside(spot: &Spot) -> bool {
    matches!(spot.party, Party::Area(_))
}

/// Returns a smooth way through points.
fn curve(way: &Way) -> String {
    let mut out = String::new();
    let mut before: Option<(f64, f64)> = None;
    let mut points = way.points.iter().peekable();
    while let Some((x, y)) = points.next() {
        match before {
            None => {
                let _ = write!(out, "M{x:.1} {y:.1}");
            }
            Some(_) => match points.peek() {
                // Half-way between two points the line is straight; the point itself draws it near.
                Some((next_x, next_y)) => {
                    let (half_x, half_y) = (f64::midpoint(*x, *next_x), f64::midpoint(*y, *next_y));
                    let _ = write!(out, "Q{x:.1} {y:.1} {half_x:.1} {half_y:.1}");
                }
                None => {
                    let _ = write!(out, "L{x:.1} {y:.1}");
                }
            },
        }
        before = Some((*x, *y));
    }
    out
}

fn labels(out: &mut String, picture: &Picture, places: &Places, sizes: &Sizes) {
    let ways = places.ways.iter().zip(&sizes.labels);
    for (edge, (way, (width, height))) in picture.edges.iter().zip(ways) {
        let Some(way) = way else {
            continue;
        };
        let (x, y) = way.label;
        let rect = Rect {
            x: x - width / 2.0,
            y: y - height / 2.0,
            width: *width,
            height: *height,
        };
        rectangle(out, "x", &rect, 3.0);
        let ends = [edge.from, edge.to].map(|end| picture.spot(end));
        let outside = ends.into_iter().flatten().any(is_outside);
        let class = if outside { "lo" } else { "l" };
        text(
            out,
            class,
            x,
            y + SMALL * 0.36,
            &few_ports(&edge.connections),
        );
    }
}

fn draw(out: &mut String, spot: &Spot, rect: &Rect) {
    let (class, round) = match &spot.party {
        Party::Area(_) => ("a", 12.0),
        Party::Entity(_) | Party::Controller => ("e", 12.0),
        _ if spot.open => ("p", 4.0),
        _ => ("b", 4.0),
    };
    rectangle(out, class, rect, round);
    let (x, mut y) = (rect.x + INNER, rect.y + INNER + NAME * 0.8);
    text(out, "n", x, y, &spot.name);
    y += 2.0;
    for line in spot.below() {
        y += LINE;
        text(out, "d", x, y, &line);
    }
    for line in &spot.texts {
        y += LINE;
        text(out, if line.area { "o" } else { "w" }, x, y, &line.shown());
    }
}

fn rectangle(out: &mut String, class: &str, rect: &Rect, round: f64) {
    let Rect {
        x,
        y,
        width,
        height,
    } = rect;
    let _ = writeln!(
        out,
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"{round}\"/>"
    );
}

fn text(out: &mut String, class: &str, x: f64, y: f64, text: &str) {
    let _ = writeln!(
        out,
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>",
        escaped(text)
    );
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for char in visible(text) {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(char),
        }
    }
    out
}
