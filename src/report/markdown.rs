//! Markdown for a comment on a pull request and for the summary of a job: what fails first, the rest folded.
//!
//! GitHub takes 65,536 characters in a comment: the least severe are left out, and counted.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::told::{Place, Told, accepted, counted, reason, worst_first};
use super::visible::escaped;
use super::{Report, text};
use crate::finding::Severity;

/// What finds the comment again, to be updated instead of repeated.
const MARKER: &str = "<!-- tympan check -->";
/// How long a report may be, in bytes: a little less than GitHub takes in characters.
const MOST: usize = 65_000;
/// How much is kept for what stands around the findings, their counts included.
const AROUND: usize = 2_000;
/// How long one text of a finding may be.
const LONGEST: usize = 2_000;

pub(super) fn write(out: &mut impl Write, report: &Report<'_>) -> io::Result<()> {
    let mut all = worst_first(report.findings);
    all.extend(accepted(report.findings));
    let mut items: Vec<String> = Vec::new();
    let mut length = AROUND;
    for told in &all {
        let item = item(told, report);
        length += item.len();
        if length > MOST {
            break;
        }
        items.push(item);
    }
    let (kept, left_out) = all.split_at(items.len());
    let summary = text::summary(report);
    writeln!(out, "{MARKER}\n### Tympan\n\n{}", prose(&summary))?;
    let mut items = items.iter();
    for section in kept.chunk_by(|a, b| title(a) == title(b)) {
        let title = section.first().map(title).unwrap_or_default();
        let folded = title != ERRORS;
        let count = counted(section);
        if folded {
            writeln!(out, "\n<details><summary>{count}</summary>\n")?;
        } else {
            writeln!(out, "\n**{title}**\n")?;
        }
        for item in items.by_ref().take(section.len()) {
            out.write_all(item.as_bytes())?;
        }
        if folded {
            writeln!(out, "\n</details>")?;
        }
    }
    if !left_out.is_empty() {
        let counts = counted(left_out);
        writeln!(
            out,
            "\nLeft out, because a comment holds no more: {counts}. `tympan check` tells them all."
        )?;
    }
    Ok(())
}

const ERRORS: &str = "Errors";

fn title(told: &Told<'_>) -> &'static str {
    match told.first.severity {
        _ if told.accepted.is_some() => "Accepted",
        Severity::Error => ERRORS,
        Severity::Warning => "Warnings",
        Severity::Note => "Notes",
    }
}

fn item(told: &Told<'_>, report: &Report<'_>) -> String {
    let finding = told.first;
    let place = Place::of(&finding.primary, report);
    let place = code(&format!("{}:{}", place.path, place.start));
    let rule = code(finding.rule.as_str());
    let message = prose(short(&finding.message));
    let mut item = format!("- {place} {rule}: {message}\n");
    let help = finding.help.as_deref();
    let help = help.map(|help| format!("help: {}", short(help)));
    let why = told.accepted.map(reason);
    for more in [told.about(), help, why].into_iter().flatten() {
        // Writing to a string cannot fail.
        let _ = writeln!(item, "  - {}", prose(short(&more)));
    }
    item
}

fn short(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONGEST))
        .unwrap_or_default()
}

/// Writes a text with its names in backticks as code, and everything else as text: nothing in it is markup, a link or a
/// mention.
fn prose(text: &str) -> String {
    let text = escaped(text);
    let parts: Vec<&str> = text.split('`').collect();
    let mut written = String::new();
    for (index, part) in parts.iter().enumerate() {
        let opens = index % 2 == 1;
        let closed = opens && index + 1 < parts.len();
        if closed && !part.trim().is_empty() {
            // There is no backtick in it, so none ends it.
            let _ = write!(written, "`{part}`");
            continue;
        }
        if opens {
            written.push_str("&#96;");
        }
        plain(part, &mut written);
        if closed {
            written.push_str("&#96;");
        }
    }
    written
}

/// Writes a text so that nothing in it is markup: what could be is a reference, which Markdown never takes for its own.
fn plain(text: &str, written: &mut String) {
    let mut before = ' ';
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let is_last_of_word = characters.peek().is_none_or(|next| *next == ' ');
        let is_markup = match c {
            '&' | '<' | '>' | '*' | '_' | '[' | ']' | '\\' | '~' | '|' | '!' | '$' => true,
            // An emoji, or the address of a page.
            ':' => !is_last_of_word,
            // An address, or an issue.
            '.' | '-' => matches!(before, 'w' | 'W' | 'h' | 'H'),
            // The beginning of a list or a line.
            '+' | '=' => before == ' ',
            // GitHub looks for people and issues in what Markdown gave: a comment keeps the sign from the name.
            '@' | '#' => {
                let _ = write!(written, "&#{};<!-- -->", u32::from(c));
                before = c;
                continue;
            }
            _ => false,
        };
        if is_markup {
            let _ = write!(written, "&#{};", u32::from(c));
        } else {
            written.push(c);
        }
        before = c;
    }
}

/// Writes a text as code.
fn code(text: &str) -> String {
    let text = escaped(text);
    let longest = text
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_code_and_the_rest_is_text() {
        for (text, expected) in [
            ("`a` is no `b`", "`a` is no `b`"),
            ("`a", "&#96;a"),
            ("``", "&#96;&#96;"),
            (
                "a <b> *c* @d #1",
                "a &#60;b&#62; &#42;c&#42; &#64;<!-- -->d &#35;<!-- -->1",
            ),
            ("`<b>@d`", "`<b>@d`"),
            ("see: a. www.b.c", "see: a. www&#46;b.c"),
            ("[a](https://b)", "&#91;a&#93;(https&#58;//b)"),
            ("a\n# b", "a&#92;n&#35;<!-- --> b"),
        ] {
            assert_eq!(prose(text), expected);
        }
        assert_eq!(code("a``b`"), "``` a``b` ```");
        assert_eq!(code("a.yaml:1:2"), "`a.yaml:1:2`");
    }

    proptest! {
        #[test]
        fn what_is_not_code_holds_no_markup(text in "[a-z`<>@#*_\\[\\]()!|\\\\$~:. \n-]{0,30}") {
            let shown = prose(&text);
            prop_assert!(!shown.contains('\n'));
            let outside = shown.split('`').step_by(2).collect::<String>().replace("<!-- -->", "");
            prop_assert!(!outside.contains(['<', '>', '@', '*', '_', '[', ']', '!', '|', '\\', '$', '~']), "{shown}");
        }
    }
}
