//! `tympan check`.

#![expect(
    clippy::disallowed_methods,
    reason = "a report may be written to a file; waivers end on a day"
)]

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::args::{CheckArgs, FailOn, PodSecurity};
use super::base::{manifests_before, rendered_before};
use super::load::{
    Judgement, judge, known_version, load_manifests, load_project, objects_of, pipeline_input,
    project_checks,
};
use super::shard::Work;
use super::side::Home;
use super::{Settings, WriteError};
use crate::cluster::{self, PolicyObject};
use crate::date::Date;
use crate::error::Failure;
use crate::exit::ExitStatus;
use crate::finding::{Finding, ResourceId, Severity};
use crate::git::folder_in_repository;
use crate::pipeline::{
    Checks, Coverage, Outcome, inspect, read_manifests, read_policies, render_project,
};
use crate::policy::is_policy;
use crate::project::{FLOWS, Level, WAIVERS};
use crate::report::{Format, Looked, Report, ShardSummary, Style, Summary, write};
use crate::schema::KubernetesVersion;
use crate::source::SourceMap;
use crate::waiver::Baseline;
use crate::yaml::{Document, Kind, Limits};

pub(super) fn run(
    args: &CheckArgs,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<ExitStatus, Failure> {
    let Checked {
        mut outcome,
        coverage,
        shard,
        versions,
        compared,
        root,
    } = if args.paths.is_empty() {
        check_project(args, settings)?
    } else {
        check_manifests(args, settings)?
    };
    if let Some(path) = &args.baseline {
        baseline(path, settings)?.apply(&mut outcome.findings, &outcome.sources);
    }
    let summary = Summary {
        documents: outcome.objects(),
        checked: coverage.checked(),
        coverage,
        versions,
        compared,
        environments: outcome.names(),
        looked: Looked::AtObjects,
        shard,
    };
    let level = severity(args.fail_on);
    let folder = folder_in_repository(&root);
    let report = Report {
        with_accepted: settings.verbose,
        fail_on: level,
        folder: &folder,
        ..Report::new(&outcome.findings, &outcome.sources, summary)
    };
    settings.progress.begin("writing the report");
    let format = args.format;
    match &args.output {
        Some(path) => {
            let save = || {
                let mut file = io::BufWriter::new(File::create(settings.directory.join(path))?);
                write(&mut file, &report, format, Style::Plain)?;
                file.flush()
            };
            save().map_err(|source| WriteError::new(path, source))?;
        }
        None if settings.quiet && format == Format::Text && outcome.findings.is_empty() => {}
        None => write(out, &report, format, settings.style)?,
    }
    let fails = outcome.findings.worst().is_some_and(|worst| worst >= level);
    Ok(if fails && !args.exit_zero {
        ExitStatus::Findings
    } else {
        ExitStatus::Clean
    })
}

/// Returns the least severity that fails.
fn severity(fail_on: FailOn) -> Severity {
    match fail_on {
        FailOn::Error => Severity::Error,
        FailOn::Warning => Severity::Warning,
        FailOn::Note => Severity::Note,
    }
}

/// What a check gave.
struct Checked {
    outcome: Outcome,
    /// What was checked by what.
    coverage: Coverage,
    /// Which shard it was, where there are several.
    shard: Option<ShardSummary>,
    /// For which versions, as words.
    versions: String,
    /// Whether there was a version before.
    compared: bool,
    /// The folder that paths are told from.
    root: PathBuf,
}

fn check_project(args: &CheckArgs, settings: &Settings) -> Result<Checked, Failure> {
    let mut project = load_project(settings)?;
    let root = project.root.clone();
    let waivers = std::mem::take(&mut project.waivers);
    let versions = versions(&args.kubernetes)?;
    let mut checks = project_checks(&project, &versions, settings)?;
    checks.schemas.extend(schemas(&args.schemas, settings)?);
    if let Some(level) = level(args) {
        for environment in checks.settings.values_mut() {
            environment.pod_security = Some(level);
        }
    }
    checks.parity = args
        .environments
        .is_empty()
        .then(|| project.config.parity.clone());
    if let Some(side) = &args.base {
        let names: Vec<&str> = project
            .layout
            .environments
            .keys()
            .map(String::as_str)
            .collect();
        let home = Home {
            root: &project.root,
            environments: &names,
            delivery: project.config.delivery,
        };
        checks.base = rendered_before(side, home, settings)?;
        if checks.base.is_none() {
            settings.note(&format!(
                "`{side}` holds nothing that is rendered: changes are not checked"
            ))?;
        }
    }
    let (guards, told) = policies(&args.policies, settings, &mut project.sources)?;
    for settings in checks.settings.values_mut() {
        settings.policies.clone_from(&guards);
    }
    let (input, config) = pipeline_input(project, &args.environments, &[], settings)?;
    let by = Judgement {
        waivers: &waivers,
        today: args.today.unwrap_or_else(today),
        whole: args.environments.is_empty(),
    };
    let mut outcome = render_project(input);
    outcome.findings.extend(told);
    let work = Work::of(args, settings, &mut outcome, &mut checks)?;
    let inspected = judge(&mut outcome, &config, &checks, &by);
    if outcome.objects() == 0 && outcome.complete {
        let failure = Failure::new("there is nothing to check: no template gave an object");
        return Err(failure.hint("templates are `templates/<namespace>/*.yaml`"));
    }
    let (coverage, shard) = work.done(inspected);
    Ok(Checked {
        outcome,
        coverage,
        shard,
        versions: checks.version_words(),
        compared: checks.compares(),
        root,
    })
}

fn check_manifests(args: &CheckArgs, settings: &Settings) -> Result<Checked, Failure> {
    let sources = load_manifests(&args.paths, settings, io::stdin().lock())?;
    let mut versions = versions(&args.kubernetes)?;
    if versions.is_empty() {
        versions.push(KubernetesVersion::NEWEST);
    }
    let mut outcome = read_manifests(sources, &Limits::default(), &settings.progress);
    let (guards, told) = policies(&args.policies, settings, &mut outcome.sources)?;
    outcome.findings.extend(told);
    let known = cluster::Settings {
        versions,
        policies: guards,
        pod_security: level(args),
        ..cluster::Settings::default()
    };
    let mut checks = Checks {
        settings: [(String::new(), known)].into(),
        schemas: schemas(&args.schemas, settings)?,
        parity: None,
        base: match &args.base {
            Some(side) => Some([(String::new(), manifests_before(side, settings)?)].into()),
            None => None,
        },
        progress: settings.progress.clone(),
        ..Checks::default()
    };
    let work = Work::of(args, settings, &mut outcome, &mut checks)?;
    let inspected = inspect(&mut outcome, &checks);
    let is_object = |id: &ResourceId| !id.kind.is_empty() && !id.api_version.is_empty();
    // A map without `kind` may be anything, such as values; what is no map at all is told as such.
    let recognised = outcome
        .manifests
        .iter()
        .any(|(_, object)| is_object(&object.id) || object.root().kind() != Kind::Map);
    let readable = !outcome
        .findings
        .iter()
        .any(|finding| finding.rule.family() == "yaml");
    if !recognised && readable {
        let failure = Failure::new("there is nothing to check: no manifest was found");
        return Err(
            failure.hint("in folders, files that end in `.yaml`, `.yml` or `.json` are read")
        );
    }
    let (coverage, shard) = work.done(inspected);
    Ok(Checked {
        outcome,
        coverage,
        shard,
        versions: checks.version_words(),
        compared: checks.compares(),
        root: settings.directory.clone(),
    })
}

/// Returns the Pod Security level that is asked for.
fn level(args: &CheckArgs) -> Option<Level> {
    args.pod_security.map(|level| match level {
        PodSecurity::Baseline => Level::Baseline,
        PodSecurity::Restricted => Level::Restricted,
    })
}

/// Reads the versions that are asked for.
fn versions(asked: &[String]) -> Result<Vec<KubernetesVersion>, Failure> {
    asked.iter().map(|text| known_version(text)).collect()
}

/// Loads the schemas of custom resources from folders or files.
fn schemas(paths: &[PathBuf], settings: &Settings) -> Result<Vec<Document>, Failure> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let sources = load_manifests(paths, settings, io::empty())?;
    objects_of(&sources, sources.files().map(|(file, _)| file))
}

/// Loads policies, their bindings and params from folders or files into sources.
fn policies(
    paths: &[PathBuf],
    settings: &Settings,
    sources: &mut SourceMap,
) -> Result<(Vec<PolicyObject>, Vec<Finding>), Failure> {
    if paths.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let loaded = load_manifests(paths, settings, io::empty())?;
    let mut files = Vec::new();
    for (_, file) in loaded.files() {
        let path = file.path();
        if !paths.iter().any(|folder| is_declaration(folder, path)) {
            let known = sources.find(path);
            files.push(
                known.unwrap_or_else(|| sources.add(Arc::clone(path), Arc::clone(file.text()))),
            );
        }
    }
    let (objects, found) = read_policies(sources, &files, &Limits::default());
    if !objects.iter().any(|object| is_policy(&object.resource)) && found.is_empty() {
        let failure = Failure::new("`--policies` names no policy");
        return Err(failure.hint("a policy is a ValidatingAdmissionPolicy in a file that ends in `.yaml`, `.yml` or `.json`"));
    }
    Ok((objects, found))
}

/// Tells whether a file in a folder of policies is one of those that a project has there for other uses.
fn is_declaration(folder: &Path, path: &str) -> bool {
    let folder = folder.strip_prefix("./").unwrap_or(folder);
    let below = Path::new(path)
        .strip_prefix(folder)
        .unwrap_or(Path::new(""));
    let declares = |known: &str| Path::new(known).file_name() == Some(below.as_os_str());
    below.starts_with("tests") || declares(FLOWS) || declares(WAIVERS)
}

/// Returns the day it is (UTC).
pub(super) fn today() -> Date {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Date::of_seconds(now.map_or(0, |since| since.as_secs()))
}

/// Loads the report whose findings do not count.
fn baseline(path: &Path, settings: &Settings) -> Result<Baseline, Failure> {
    let sources = load_manifests(&[path.to_path_buf()], settings, io::empty())?;
    let mut files = sources.files();
    let (Some((_, file)), None) = (files.next(), files.next()) else {
        return Err(Failure::new(format!(
            "`{}` is not one file",
            path.display()
        )));
    };
    Baseline::read(file.text()).map_err(|error| {
        let shown = path.display();
        Failure::new(format!("`{shown}` is no baseline: {error}"))
            .hint(format!("`tympan check --format json -o {shown}` makes one"))
    })
}
