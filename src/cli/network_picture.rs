//! `tympan network --format dot|mermaid|svg`, and `--docs`.

#![expect(
    clippy::disallowed_methods,
    reason = "the page and its pictures are written to a folder"
)]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use super::args::NetworkArgs;
use super::network::{Known, each};
use super::{Settings, WriteError};
use crate::error::Failure;
use crate::exit::ExitStatus;
use crate::network::draw::{Gathering, Page, Picture, page, svg};
use crate::pipeline::Checks;
use crate::report::escaped;

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
            Ok((format!("network-{}.svg", one.name), gathering, picture))
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
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    files.insert("network.md", page(&pages));
    for (file, _, picture) in &drawn {
        files.insert(file, svg(picture));
    }
    if args.check {
        return compare(folder, &files, settings, out);
    }
    let save = || -> io::Result<()> {
        fs::create_dir_all(folder)?;
        files
            .iter()
            .try_for_each(|(name, text)| fs::write(folder.join(name), text))
    };
    save().map_err(|source| WriteError::new(folder, source))?;
    if !settings.quiet {
        let names: Vec<&str> = files.keys().copied().collect();
        writeln!(out, "written: {}", escaped(&names.join(", ")))?;
    }
    Ok(ExitStatus::Clean)
}

fn compare(
    folder: &Path,
    files: &BTreeMap<&str, String>,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<ExitStatus, Failure> {
    let mut status = ExitStatus::Clean;
    for (name, text) in files {
        let state = match fs::read(folder.join(name)) {
            Ok(found) if found == text.as_bytes() => continue,
            Ok(_) => "different",
            Err(source) if source.kind() == ErrorKind::NotFound => "missing",
            Err(source) => return Err(Failure::new(format!("`{name}` cannot be read: {source}"))),
        };
        writeln!(out, "{}: {state}", escaped(name))?;
        status = ExitStatus::Findings;
    }
    if status == ExitStatus::Findings {
        writeln!(
            out,
            "the page is not up to date; run `tympan network --docs` again, without `--check`"
        )?;
    } else if !settings.quiet {
        writeln!(out, "the page is up to date: {} files", files.len())?;
    }
    Ok(status)
}
