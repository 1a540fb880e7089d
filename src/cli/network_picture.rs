//! `tympan network --format dot|mermaid|svg`, and `--docs`.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::Write;
use std::path::Path;

use super::Settings;
use super::args::NetworkArgs;
use super::network::{Known, each};
use crate::error::Failure;
use crate::exit::ExitStatus;
use crate::network::draw::{Gathering, Page, Picture, page, svg};
use crate::output::{Change, ChangeKind, Pages};
use crate::pipeline::Checks;
use crate::report::escaped;

/// How the name of a page's picture begins and ends, around its environment's.
const PREFIX: &str = "network-";
const SUFFIX: &str = ".svg";
/// What stands at the end of a page's pictures: one that has it and belongs to no environment is removed.
const MARK: &str = "<!-- written by Tympan for network.md -->\n";

/// Draws the connections of one environment.
pub(super) fn one(
    args: &NetworkArgs,
    known: &[Known<'_>],
    draw: fn(&Picture) -> String,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let [one] = known else {
        let names: Vec<&str> = known.iter().map(|one| one.name).collect();
        let failure = Failure::new("a picture shows one environment, and there are several");
        return Err(failure.hint(format!("choose one with -e: {}", names.join(", "))));
    };
    if args.why {
        let failure = Failure::new("a picture cannot tell why");
        return Err(failure.hint("leave out `--why`, or the format"));
    }
    let (_, picture) = gathered(args, one)?;
    out.write_all(draw(&picture).as_bytes())?;
    Ok(())
}

fn gathered(args: &NetworkArgs, one: &Known<'_>) -> Result<(Gathering, Picture), Failure> {
    let mut gathering = Gathering::new(&one.reach);
    let Ok(()) = each(args, one, |connection| {
        gathering.add(&connection);
        Ok::<(), Infallible>(())
    });
    let asked = [&args.from, &args.to].into_iter().flatten().next();
    let mut title = "Who may talk to whom".to_owned();
    if !one.name.is_empty() {
        title.push_str(" in ");
        title.push_str(one.name);
    }
    let alone = asked.is_none() && args.port.is_none();
    match gathering.picture(title, alone) {
        Some(picture) => Ok((gathering, picture)),
        None => Err(Failure::new("there are far too many connections to draw")
            .hint("draw a part with `--from` or `--to`, or list them with `--format text`")),
    }
}

/// Writes the page about all environments, or tells whether it is as it would be written.
pub(super) fn docs(
    args: &NetworkArgs,
    folder: &Path,
    known: &[Known<'_>],
    checks: &Checks,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<ExitStatus, Failure> {
    let drawn: Vec<(String, Gathering, Picture)> = known
        .iter()
        .map(|one| {
            let (gathering, picture) = gathered(args, one)?;
            Ok((format!("{PREFIX}{}{SUFFIX}", one.name), gathering, picture))
        })
        .collect::<Result<_, Failure>>()?;
    let pages = known
        .iter()
        .zip(&drawn)
        .map(|(one, (file, gathering, picture))| {
            let flows = checks
                .settings
                .get(one.name)
                .and_then(|settings| settings.flows.as_ref());
            let reasons = picture.edges.iter().map(|edge| {
                let flows = gathering
                    .flows(&one.reach, picture, edge)
                    .into_iter()
                    .filter_map(|flow| flows?.flows.get(flow));
                flows.map(|flow| flow.reason.as_str()).collect()
            });
            Page {
                environment: one.name,
                file,
                reasons: reasons.collect(),
                picture,
            }
        });
    let pages: Vec<Page<'_>> = pages.collect();
    let pictures = drawn
        .iter()
        .map(|(file, _, picture)| (file.clone(), format!("{}{MARK}", svg(picture))));
    let mut files: BTreeMap<String, String> = pictures.collect();
    files.insert("network.md".to_owned(), page(&pages));
    let pages = Pages {
        folder,
        files,
        prefix: PREFIX,
        suffix: SUFFIX,
        mark: MARK,
    };
    let changes = pages.changes()?;
    if args.check {
        return compare(&pages, &changes, settings, out);
    }
    pages.apply(&changes)?;
    if !settings.quiet {
        let written: Vec<&str> = pages.files.keys().map(String::as_str).collect();
        let stale = changes.iter().filter(|one| one.kind == ChangeKind::Stale);
        let removed: Vec<&str> = stale.map(|one| one.path.as_str()).collect();
        writeln!(out, "written: {}", escaped(&written.join(", ")))?;
        if !removed.is_empty() {
            writeln!(out, "removed: {}", escaped(&removed.join(", ")))?;
        }
    }
    Ok(ExitStatus::Clean)
}

fn compare(
    pages: &Pages<'_>,
    changes: &[Change],
    settings: &Settings,
    out: &mut impl Write,
) -> Result<ExitStatus, Failure> {
    for change in changes {
        let state = match change.kind {
            ChangeKind::Missing => "missing",
            ChangeKind::Stale => "of an environment that is no more",
            _ => "different",
        };
        writeln!(out, "{}: {state}", escaped(&change.path))?;
    }
    if !changes.is_empty() {
        writeln!(
            out,
            "the page is not up to date; run `tympan network --docs` again, without `--check`"
        )?;
        return Ok(ExitStatus::Findings);
    }
    if !settings.quiet {
        let count = pages.files.len();
        writeln!(out, "the page is up to date: {count} files")?;
    }
    Ok(ExitStatus::Clean)
}
