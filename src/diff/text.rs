//! Differences for people at a terminal.

use std::io::{self, Write};

use super::{Comparison, FieldChange, Impact, ObjectChange, Shown};
use crate::network::Change;
use crate::report::{escaped, escaped_line};

/// Writes all comparisons.
pub fn write_text(comparisons: &[Comparison], out: &mut impl Write) -> io::Result<()> {
    for comparison in comparisons {
        if comparison.objects.is_empty() {
            continue;
        }
        let heading = comparison.heading(|name| escaped(name).into_owned());
        writeln!(out, "# {heading}")?;
        for impact in &comparison.impacts {
            if let Some(warning) = warning(impact) {
                writeln!(
                    out,
                    "! {}: {}",
                    escaped(&impact.id().to_string()),
                    escaped(&warning)
                )?;
            }
        }
        for one in &comparison.reach {
            let word = match one.change {
                Change::Opens => "opens",
                Change::Closes => "closes",
            };
            let (from, to) = (escaped(&one.from), escaped(&one.to));
            writeln!(out, "! {word} {from} => {to} : {}", one.ports)?;
        }
        for object in &comparison.objects {
            let id = object.id.to_string();
            let id = escaped(&id);
            match &object.change {
                ObjectChange::Added => writeln!(out, "+ {id}")?,
                ObjectChange::Removed => writeln!(out, "- {id}")?,
                ObjectChange::Changed(fields) => {
                    writeln!(out, "~ {id}")?;
                    for field in fields {
                        write_field(&field.path, &field.change, "    ", out)?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// Returns what is to be said before all details.
pub(super) fn warning(impact: &Impact) -> Option<String> {
    match impact {
        Impact::Lost { why, .. } => Some(format!("is removed, and {why}")),
        Impact::Refused { message, .. } => Some(format!("the API server refuses this: {message}")),
        Impact::Removed(_) | Impact::Image { .. } => None,
    }
}

/// Writes one field.
pub(super) fn write_field(
    path: &str,
    change: &FieldChange,
    indent: &str,
    out: &mut impl Write,
) -> io::Result<()> {
    let path = escaped(path);
    match change {
        FieldChange::Added(new) => writeln!(out, "{indent}+ {path}: {}", words(new)),
        FieldChange::Removed(old) => writeln!(out, "{indent}- {path}: {}", words(old)),
        FieldChange::Changed(Shown::Hidden, Shown::Hidden) => {
            writeln!(out, "{indent}~ {path}: another value, which is not shown")
        }
        FieldChange::Changed(old, new) => {
            writeln!(out, "{indent}~ {path}: {} => {}", words(old), words(new))
        }
        FieldChange::Moved => writeln!(out, "{indent}~ {path}: in another order"),
        FieldChange::Lines(lines) => {
            writeln!(out, "{indent}~ {path}:")?;
            lines.iter().try_for_each(|line| {
                let text = escaped_line(&line.text);
                writeln!(
                    out,
                    "{}",
                    format!("{indent}    {} {text}", line.sign).trim_end()
                )
            })
        }
    }
}

fn words(shown: &Shown) -> String {
    match shown {
        Shown::Value(text) => escaped(text).into_owned(),
        Shown::Hidden => "a value that is not shown".to_owned(),
    }
}
