//! `tympan render`.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;

use similar::TextDiff;

use super::args::RenderArgs;
use super::load::{apply_rules, load_project, pipeline_input};
use super::{Settings, drift};
use crate::error::Failure;
use crate::exit::ExitStatus;
use crate::git::tracked_files;
use crate::output::{self, Adopt, Applied, Change, ChangeKind, Desired, DesiredFile, Plan, Scope};
use crate::pipeline::{Environment, Object, Outcome, render_project};
use crate::project::{Delivery, Project};
use crate::report::{Format, Report, Summary, escaped, escaped_line, write};
use crate::shard::Part;

/// How many lines of a difference are shown for one file.
const MOST_LINES: usize = 60;

pub(super) fn run(
    args: &RenderArgs,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<ExitStatus, Failure> {
    let project = load_project(settings)?;
    let root = project.root.clone();
    let inputs = inputs(&project);
    let (input, config) = pipeline_input(project, &args.environments, &args.namespaces, settings)?;
    let mut outcome = render_project(input);
    apply_rules(&mut outcome.findings, &config, outcome.complete);
    let report = Some(args.format).filter(|format| *format != Format::Text);
    match report {
        None => tell(&outcome, settings)?,
        Some(format) if !outcome.complete => {
            drift::tell(&outcome, &root, format, settings, out)?;
        }
        Some(_) => {}
    }
    if !outcome.complete {
        return Err(Failure::new(
            "nothing was written, because not everything could be rendered",
        ));
    }
    let part = args.shard.map_or(Part::Whole, Part::Shard);
    if args.stdout {
        return print(&outcome.environments, part, out);
    }
    if args.check && config.delivery != Delivery::Directory && !root.join(output::FOLDER).exists() {
        return nothing_beside(settings, out);
    }
    let environments = outcome.environments.iter();
    let desired: Vec<Desired<'_>> = environments.map(|one| desired(one, part)).collect();
    let adopt = if args.adopt { Adopt::Yes } else { Adopt::No };
    let plan = output::plan(&root, &desired, &scope(args), adopt, &settings.progress)?;
    if let Some(format) = report {
        return Ok(drift::check(plan, &mut outcome, format, settings, out)?);
    }
    if args.check {
        return check(&plan, settings, out);
    }
    refuse_foreign(&plan)?;
    let applied = plan.apply()?;
    summarise(&plan, applied, settings, out)?;
    let changed = applied.written + applied.removed > 0;
    if args.exit_code {
        let untracked = has_untracked(&root, &inputs, &desired, out)?;
        if changed || untracked {
            return Ok(ExitStatus::Findings);
        }
    }
    Ok(ExitStatus::Clean)
}

/// Shows findings on standard error, unless less is to be printed and they stand in the way of nothing.
pub(super) fn tell(outcome: &Outcome, settings: &Settings) -> io::Result<()> {
    if outcome.findings.is_empty() || (settings.quiet && outcome.complete) {
        return Ok(());
    }
    show(outcome, settings)
}

/// Shows findings on standard error: standard output is for what was asked for.
pub(super) fn show(outcome: &Outcome, settings: &Settings) -> io::Result<()> {
    let summary = Summary {
        documents: outcome.objects(),
        checked: outcome.objects(),
        environments: outcome.names(),
        ..Summary::default()
    };
    let report = Report::new(&outcome.findings, &outcome.sources, summary);
    write(
        &mut settings.stderr(),
        &report,
        Format::Text,
        settings.error_style,
    )
}

fn scope(args: &RenderArgs) -> Scope {
    // What is rendered no more is of no shard: the first one removes it.
    if args.shard.is_some_and(|shard| shard.index() > 0) {
        Scope::Files
    } else if !args.namespaces.is_empty() {
        Scope::Folders(args.namespaces.iter().cloned().collect())
    } else if !args.environments.is_empty() {
        Scope::Environments
    } else {
        Scope::All
    }
}

/// Returns the files of an environment, those of a part of the objects.
pub(super) fn desired(environment: &Environment, part: Part) -> Desired<'_> {
    let objects = environment.objects.iter();
    let (own, others): (Vec<&Object>, Vec<&Object>) =
        objects.partition(|object| object.resource.is_checked_by(part));
    let files = own.into_iter().map(|object| DesiredFile {
        path: &object.path,
        folder: &object.folder,
        text: &object.text,
    });
    Desired {
        environment: &environment.name,
        files: files.collect(),
        others: others.iter().map(|object| object.path.as_str()).collect(),
    }
}

fn print(
    environments: &[Environment],
    part: Part,
    out: &mut impl Write,
) -> Result<ExitStatus, Failure> {
    for environment in environments {
        let objects = environment.objects.iter();
        for object in objects.filter(|object| object.resource.is_checked_by(part)) {
            writeln!(out, "---\n# {}", object.file(&environment.name))?;
            out.write_all(object.text.as_bytes())?;
        }
    }
    Ok(ExitStatus::Clean)
}

fn check(plan: &Plan, settings: &Settings, out: &mut impl Write) -> Result<ExitStatus, Failure> {
    for change in &plan.changes {
        writeln!(out, "{}: {}", escaped(&change.path), drift(change.kind))?;
        if let (Some(before), Some(after)) = (&change.before, &change.after)
            && !settings.quiet
        {
            difference(before, after, out)?;
        }
    }
    if plan.is_clean() {
        if !settings.quiet {
            writeln!(
                out,
                "{} is up to date: {} files",
                output::FOLDER,
                plan.unchanged()
            )?;
        }
        return Ok(ExitStatus::Clean);
    }
    let count = plan.changes.len().max(1);
    writeln!(
        out,
        "{} is not up to date: {count} of {} files differ; run `tympan render`",
        output::FOLDER,
        plan.unchanged() + count
    )?;
    Ok(ExitStatus::Findings)
}

/// Says that nothing is out of date where nothing is kept beside the sources: with `delivery` as branches or plugin,
/// nobody would read it there.
fn nothing_beside(settings: &Settings, out: &mut impl Write) -> Result<ExitStatus, Failure> {
    if !settings.quiet {
        let folder = output::FOLDER;
        writeln!(
            out,
            "there is no {folder}, and `delivery` in tympan.yaml asks for none"
        )?;
    }
    Ok(ExitStatus::Clean)
}

fn drift(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Missing => "missing",
        ChangeKind::Different => "different",
        ChangeKind::Stale => "no longer rendered",
        ChangeKind::Foreign => "different, and not written by Tympan",
        ChangeKind::Unknown => "not written by Tympan, and Argo CD would apply it",
    }
}

fn difference(before: &str, after: &str, out: &mut impl Write) -> io::Result<()> {
    let diff = TextDiff::from_lines(before, after);
    let unified = diff.unified_diff().context_radius(2).to_string();
    let mut lines = unified.lines();
    for line in lines.by_ref().take(MOST_LINES) {
        writeln!(out, "  {}", escaped_line(line))?;
    }
    let rest = lines.count();
    if rest > 0 {
        writeln!(out, "  … {rest} more lines")
    } else {
        Ok(())
    }
}

/// Refuses to write where files that Tympan did not write stand in the way.
fn refuse_foreign(plan: &Plan) -> Result<(), Failure> {
    let foreign: Vec<&Change> = plan.foreign().collect();
    let Some(first) = foreign.first() else {
        return Ok(());
    };
    let others = foreign.len() - 1;
    let more = if others > 0 {
        format!(" (and {others} more)")
    } else {
        String::new()
    };
    Err(Failure::new(format!("`{}`{more} was not written by Tympan, and nothing was written", first.path))
        .hint("`tympan render --adopt` takes the files over: it overwrites and removes; look at `git diff` afterwards"))
}

fn summarise(
    plan: &Plan,
    applied: Applied,
    settings: &Settings,
    out: &mut impl Write,
) -> io::Result<()> {
    if settings.quiet {
        return Ok(());
    }
    for change in &plan.changes {
        let sign = match change.kind {
            ChangeKind::Missing => "new",
            ChangeKind::Different => "changed",
            ChangeKind::Stale => "removed",
            ChangeKind::Foreign => continue,
            ChangeKind::Unknown => "not Tympan's, left alone",
        };
        writeln!(out, "{}: {sign}", escaped(&change.path))?;
    }
    if settings.verbose {
        for path in &plan.unchanged_files {
            writeln!(out, "{}: unchanged", escaped(path))?;
        }
    }
    let Applied { written, removed } = applied;
    writeln!(
        out,
        "{}: {written} written, {removed} removed, {} unchanged",
        output::FOLDER,
        plan.unchanged()
    )
}

/// Returns the files that are rendered from: what git does not know of them, nobody else renders.
fn inputs(project: &Project) -> Vec<String> {
    let layout = &project.layout;
    let templates = layout.templates.iter();
    let templates = templates.map(|file| format!("templates/{}", file.path));
    let values = layout.environments.values();
    let values = values.flat_map(|environment| environment.layers.iter().cloned());
    let policies = layout.policies.iter().map(|policy| policy.path.clone());
    templates.chain(values).chain(policies).collect()
}

/// Names what git does not know of rendered files and of what they were rendered from; without git there is nothing to
/// tell.
fn has_untracked(
    root: &Path,
    inputs: &[String],
    desired: &[Desired<'_>],
    out: &mut impl Write,
) -> io::Result<bool> {
    let Some(tracked) = tracked_files(root, ".") else {
        return Ok(false);
    };
    let rendered = desired.iter().flat_map(|environment| {
        let files = environment.files.iter();
        files.map(|file| environment.path(file.path))
    });
    let rendered = rendered.map(|path| (path, "not in git"));
    let inputs = inputs.iter().cloned();
    let inputs = inputs.map(|path| (path, "used, and not in git"));
    let all = inputs.chain(rendered);
    let untracked: BTreeSet<(String, &str)> =
        all.filter(|(path, _)| !tracked.contains(path)).collect();
    for (path, what) in &untracked {
        writeln!(out, "{}: {what}", escaped(path))?;
    }
    Ok(!untracked.is_empty())
}
