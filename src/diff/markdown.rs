//! Differences for a pull request: what they lead to first, then each object, folded; cut at what hosts take.

use std::io::{self, Write};

use super::text::{warning, write_field};
use super::{Comparison, Impact, ObjectChange, ObjectDiff, ReachChange};
use crate::network::Change;
use crate::report::escaped;

/// How many bytes a comment may have: GitHub takes 65,536 characters.
const LARGEST: usize = 60_000;
/// How many of one kind are named before the rest is counted.
const MOST: usize = 30;
/// How many bytes of one object are shown.
const LARGEST_OBJECT: usize = 12_000;

/// Writes all comparisons.
pub fn write_markdown(comparisons: &[Comparison], out: &mut impl Write) -> io::Result<()> {
    let mut page = Page::default();
    let differ: Vec<&Comparison> = comparisons
        .iter()
        .filter(|comparison| !comparison.objects.is_empty())
        .collect();
    if differ.is_empty() {
        return writeln!(out, "Nothing changes.");
    }
    for comparison in &differ {
        page.push(&format!("### {}\n\n", comparison.heading(code)));
        for group in comparison.impacts.chunk_by(|a, b| a.rank() == b.rank()) {
            for impact in group.iter().take(MOST) {
                page.push(&format!("- {}\n", line(impact)));
            }
            if group.len() > MOST {
                page.push(&format!("- … and {} more\n", group.len() - MOST));
            }
        }
        for group in comparison.reach.chunk_by(|a, b| a.change == b.change) {
            for one in group.iter().take(MOST) {
                page.push(&format!("- {}\n", reach_line(one)));
            }
            if group.len() > MOST {
                page.push(&format!("- … and {} more\n", group.len() - MOST));
            }
        }
        if !comparison.impacts.is_empty() || !comparison.reach.is_empty() {
            page.push("\n");
        }
    }
    let objects = differ.iter().flat_map(|comparison| {
        let objects = comparison.objects.iter();
        objects.map(|object| (comparison.title.as_str(), object))
    });
    let mut left_out = 0;
    for (title, object) in objects {
        if left_out > 0 || !page.push(&details(title, object)?) {
            left_out += 1;
        }
    }
    out.write_all(page.text.as_bytes())?;
    if left_out > 0 {
        writeln!(
            out,
            "\n… and {left_out} more objects, which `tympan diff` shows."
        )?;
    }
    Ok(())
}

/// A page that has an end.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    /// Adds a text where there is room for it, and tells whether there was.
    fn push(&mut self, text: &str) -> bool {
        let fits = self.text.len() + text.len() <= LARGEST;
        if fits {
            self.text.push_str(text);
        }
        fits
    }
}

fn line(impact: &Impact) -> String {
    let id = code(&impact.id().to_string());
    match impact {
        Impact::Removed(_) => format!("{id} is removed"),
        Impact::Image {
            path,
            before,
            after,
            ..
        } => {
            let container = path
                .rsplit_once('[')
                .and_then(|(_, rest)| rest.split_once(']'));
            let container = container.map_or("", |(label, _)| label);
            let container = container.strip_prefix("name=").unwrap_or(container);
            let (before, after) = (code(before), code(after));
            format!("{id}: image of {}: {before} → {after}", code(container))
        }
        Impact::Lost { .. } | Impact::Refused { .. } => {
            format!("**{id}: {}**", plain(&warning(impact).unwrap_or_default()))
        }
    }
}

fn reach_line(one: &ReachChange) -> String {
    let (from, to, ports) = (code(&one.from), code(&one.to), code(&one.ports));
    match one.change {
        Change::Opens => format!("**{from} may talk to {to}** on {ports}"),
        Change::Closes => format!("{from} may no longer talk to {to} on {ports}"),
    }
}

fn details(title: &str, object: &ObjectDiff) -> io::Result<String> {
    let sign = match object.change {
        ObjectChange::Added => "new",
        ObjectChange::Removed => "removed",
        ObjectChange::Changed(_) => "changed",
    };
    let place = match title {
        "" => String::new(),
        title => format!("{}: ", html(title)),
    };
    let summary = format!(
        "{place}<code>{}</code> {sign}",
        html(&object.id.to_string())
    );
    let ObjectChange::Changed(fields) = &object.change else {
        return Ok(format!("- {summary}\n"));
    };
    let mut body = Vec::new();
    let mut left_out = 0;
    for field in fields {
        if body.len() > LARGEST_OBJECT {
            left_out += 1;
        } else {
            write_field(&field.path, &field.change, "", &mut body)?;
        }
    }
    let mut body = String::from_utf8_lossy(&body).into_owned();
    if body.len() > 2 * LARGEST_OBJECT {
        body.truncate(body.floor_char_boundary(2 * LARGEST_OBJECT));
        body.push_str(" …\n");
    }
    if left_out > 0 {
        body.extend(["… and ", &left_out.to_string(), " more fields\n"]);
    }
    let fence = fence(&body);
    Ok(format!(
        "<details><summary>{summary}</summary>\n\n{fence}diff\n{body}{fence}\n\n</details>\n"
    ))
}

/// Returns a fence that nothing in a text ends.
fn fence(text: &str) -> String {
    let longest = text
        .split(|letter| letter != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    "`".repeat((longest + 1).max(3))
}

/// Writes a text as code: neither Markdown nor HTML in it means anything, and it calls nobody.
fn code(text: &str) -> String {
    let text = escaped(text);
    let longest = text.split(|letter| letter != '`').map(str::len).max();
    let ticks = "`".repeat(longest.unwrap_or_default() + 1);
    if text.contains('`') || text.starts_with(' ') || text.is_empty() {
        format!("{ticks} {text} {ticks}")
    } else {
        format!("{ticks}{text}{ticks}")
    }
}

/// Writes a text of ours, in which others' names stand in backticks.
fn plain(text: &str) -> String {
    html(text)
}

fn html(text: &str) -> String {
    let text = escaped(text);
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            // Nobody is called by a name in a manifest, and nothing in it is emphasised or linked.
            '@' | '*' | '_' | '[' | ']' | '~' | '#' | '\\' | '|' => {
                shown.extend(["&#", &u32::from(letter).to_string(), ";"]);
            }
            letter => shown.push(letter),
        }
    }
    shown
}
