//! `tympan commit`.

mod build;
mod message;
mod publish;

use std::collections::BTreeSet;
use std::io::{self, Write};

use self::build::Job;
use self::publish::Published;
use super::Settings;
use super::args::{Allow, CommitArgs};
use super::branches::{PATTERN, PLACEHOLDER, branch_of};
use super::check::today;
use super::load::{self, Judgement, load_project, pipeline_input, project_checks};
use super::render::{desired, show};
use crate::error::Failure;
use crate::exit::ExitStatus;
use crate::finding::Severity;
use crate::git::{self, Source};
use crate::output::{self, ChangeKind};
use crate::pipeline::Outcome;
use crate::progress::Progress;
use crate::project::{Config, Delivery, Project};
use crate::report::escaped;
use crate::shard::Part;

/// What a project is made of.
const SOURCES: &[&str] = &["tympan.yaml", "policies", "schemas", "templates", "values"];

/// What all commits of a run have in common.
struct Run<'r> {
    args: &'r CommitArgs,
    project: &'r std::path::Path,
    source: &'r Source,
    repository: Option<&'r str>,
    /// Whether sources are not as the commit has them.
    dirty: bool,
    progress: &'r Progress,
}

impl Run<'_> {
    fn allows(&self, what: Allow) -> bool {
        self.args.allow.contains(&what)
    }
}

pub(super) fn run(
    args: &CommitArgs,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<ExitStatus, Failure> {
    let project = load_project(settings)?;
    let root = project.root.clone();
    let pattern = pattern(args, &project.config)?;
    let source = git::source(&root)?;
    let dirty = dirty(&project, &source)?;
    if !args.allow.contains(&Allow::Dirty) {
        refuse_dirty(&dirty)?;
    }
    let (outcome, config) = prove(project, args, settings)?;
    if !outcome.complete {
        show(&outcome, settings)?;
        return Err(Failure::new(
            "nothing was committed, because not everything could be rendered",
        ));
    }
    if outcome.findings.worst() >= Some(Severity::Error) && !args.allow.contains(&Allow::Findings) {
        show(&outcome, settings)?;
        writeln!(
            out,
            "nothing was committed, because of these findings; `--allow findings` commits all the same"
        )?;
        return Ok(ExitStatus::Findings);
    }
    if let Some(empty) = outcome
        .environments
        .iter()
        .find(|one| one.objects.is_empty())
    {
        let name = &empty.name;
        return Err(Failure::new(format!(
            "`{name}` has no objects: a commit would delete it all"
        )));
    }
    let jobs = jobs(&pattern, &outcome, &config, args)?;
    for job in &jobs {
        if !git::is_branch_name(&root, &job.branch)? {
            let failure = format!("`{}` cannot be the name of a branch", job.branch);
            let hint = job.branch.starts_with("refs/heads/");
            let hint = hint.then_some("leave `refs/heads/` out");
            return Err(hint.into_iter().fold(Failure::new(failure), Failure::hint));
        }
    }
    let url = config.repository.url.or_else(|| git::remote_url(&root));
    let url = url.map(|url| message::without_password(&url));
    let run = Run {
        args,
        project: &root,
        source: &source,
        repository: url.as_deref(),
        dirty: !dirty.is_empty(),
        progress: &settings.progress,
    };
    let published = publish::publish(&run, &jobs)?;
    for one in &published {
        tell_of(&run, one, settings, out)?;
    }
    Ok(ExitStatus::Clean)
}

/// Returns the pattern of the branches that are committed to.
fn pattern(args: &CommitArgs, config: &Config) -> Result<String, Failure> {
    let pattern = match (&args.branch, config.delivery) {
        (Some(pattern), _) => pattern.clone(),
        (None, Delivery::Branches) => PATTERN.to_owned(),
        (None, Delivery::Directory) => {
            let failure = Failure::new(
                "Argo CD reads `rendered/` beside the sources (`delivery: directory`), and there it is committed with them",
            );
            return Err(failure.hint("name a branch with `--branch`: of that name, what is rendered is added to the sources; with `{environment}` in it, it is a branch for each environment"));
        }
        (None, Delivery::Plugin) => {
            let failure = Failure::new(
                "Argo CD renders by itself (`delivery: plugin`), and there is nothing to commit",
            );
            return Err(failure.hint(
                "`--branch 'env/{environment}'` commits all the same, for people to look at",
            ));
        }
    };
    if pattern.replace(PLACEHOLDER, "").contains(['{', '}']) {
        return Err(Failure::new(format!(
            "`{pattern}` has braces around another word than `environment`"
        )));
    }
    Ok(pattern)
}

/// Returns the project's files that are not as the commit has them.
fn dirty(project: &Project, source: &Source) -> Result<Vec<String>, Failure> {
    let files = git::dirty_files(&project.root, &source.prefix, SOURCES)?;
    let is_read = |path: &str| {
        let mut sources = project.sources.files();
        project.sources.find(path).is_some()
            || path.ends_with('/') && sources.any(|(_, file)| file.path().starts_with(path))
    };
    // What git ignores is mostly an editor's, but values may be among it.
    let is_input = |path: &str| {
        let end = path.rsplit('.').next();
        path.ends_with('/') || matches!(end, Some("yaml" | "yml" | "json"))
    };
    let files = files.into_iter();
    let counted = files.filter(|(path, ignored)| !ignored || is_read(path) && is_input(path));
    Ok(counted.map(|(path, _)| path).collect())
}

fn refuse_dirty(dirty: &[String]) -> Result<(), Failure> {
    let Some((first, others)) = dirty.split_first() else {
        return Ok(());
    };
    let more = match others.len() {
        0 => String::new(),
        others => format!(" (and {others} more)"),
    };
    let failure = Failure::new(format!("`{first}`{more} is not as the last commit has it"));
    Err(failure
        .hint("commit it first; `--allow dirty` commits what is rendered of it all the same"))
}

/// Renders and checks.
fn prove(
    mut project: Project,
    args: &CommitArgs,
    settings: &Settings,
) -> Result<(Outcome, Config), Failure> {
    let waivers = std::mem::take(&mut project.waivers);
    let whole = args.environments.is_empty();
    let mut checks = project_checks(&project, &[], settings)?;
    checks.parity = whole.then(|| project.config.parity.clone());
    let (input, config) = pipeline_input(project, &args.environments, &[], settings)?;
    let by = Judgement {
        waivers: &waivers,
        today: today(),
        whole,
    };
    let outcome = load::prove(input, &config, &checks, &by);
    Ok((outcome, config))
}

/// Returns what is to be committed where.
fn jobs<'o>(
    pattern: &str,
    outcome: &'o Outcome,
    config: &Config,
    args: &CommitArgs,
) -> Result<Vec<Job<'o>>, Failure> {
    let environments = outcome.environments.iter();
    let mut all: Vec<Job<'_>> = environments
        .map(|environment| Job {
            branch: branch_of(pattern, &environment.name),
            desired: vec![desired(environment, Part::Whole)],
            beside: false,
            whole: args.environments.is_empty(),
        })
        .collect();
    if config.delivery == Delivery::Directory && !pattern.contains(PLACEHOLDER) {
        let desired = all.into_iter().flat_map(|job| job.desired).collect();
        return Ok(vec![Job {
            branch: pattern.to_owned(),
            desired,
            beside: true,
            whole: args.environments.is_empty(),
        }]);
    }
    let branches: BTreeSet<&str> = all.iter().map(|job| job.branch.as_str()).collect();
    if branches.len() < all.len() {
        let failure = Failure::new(format!(
            "all environments would be committed to `{pattern}`"
        ));
        return Err(failure.hint("write `{environment}` in the pattern of the branches"));
    }
    all.sort_by(|a, b| a.branch.cmp(&b.branch));
    Ok(all)
}

/// Says what was committed.
fn tell_of(
    run: &Run<'_>,
    published: &Published,
    settings: &Settings,
    out: &mut impl Write,
) -> io::Result<()> {
    let branch = escaped(&published.branch);
    let would = run.args.dry_run;
    for (environment, plan) in &published.plans {
        for change in &plan.changes {
            let sign = match change.kind {
                ChangeKind::Missing => "new",
                ChangeKind::Different => "changed",
                ChangeKind::Stale => "removed",
                ChangeKind::Unknown => "not Tympan's, left alone, and Argo CD would apply it",
                ChangeKind::Foreign => continue,
            };
            let always = change.kind == ChangeKind::Unknown;
            if settings.verbose || would && !settings.quiet || always && !settings.quiet {
                let path = escaped(&change.path);
                let folder = if published.beside {
                    format!("{}/{environment}/", output::FOLDER)
                } else {
                    String::new()
                };
                writeln!(out, "{branch}: {folder}{path}: {sign}")?;
            }
        }
    }
    if settings.quiet {
        return Ok(());
    }
    let count = |kind| {
        let plans = published.plans.iter();
        plans.map(|(_, plan)| plan.count(kind)).sum::<usize>()
    };
    let (new, changed, removed) = (
        count(ChangeKind::Missing),
        count(ChangeKind::Different),
        count(ChangeKind::Stale),
    );
    match &published.commit {
        None if published.changed => {
            writeln!(
                out,
                "{branch}: {new} new, {changed} changed, {removed} removed; nothing was committed (--dry-run)"
            )?;
        }
        None => writeln!(out, "{branch}: nothing changed")?,
        Some(commit) => {
            let short = git::short(commit);
            writeln!(
                out,
                "{branch}: {new} new, {changed} changed, {removed} removed, in {short}"
            )?;
        }
    }
    if let Some(remote) = &published.pushed {
        writeln!(out, "{branch}: pushed to {}", escaped(remote))?;
    }
    Ok(())
}
