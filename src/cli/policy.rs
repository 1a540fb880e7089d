//! `tympan policy`.

use std::io::{self, Write};
use std::path::Path;

use super::Settings;
use super::load::{known_version, load_manifests, load_project, objects_of};
use crate::error::Failure;
use crate::exit::ExitStatus;
use crate::manifest::{Resource, Scopes};
use crate::policy::testing::{Outcome, read_suites, run_suites, untested};
use crate::project::{FLOWS, ProjectError, WAIVERS};
use crate::report::escaped;
use crate::schema::KubernetesVersion;
use crate::source::{FileId, SourceMap};
use crate::yaml::Document;

/// Policies and their tests.
struct Bench {
    sources: SourceMap,
    policies: Vec<FileId>,
    tests: Vec<FileId>,
    /// Where the tests stand, as the paths of the sources tell it.
    folder: String,
    version: KubernetesVersion,
    schemas: Vec<Document>,
}

/// Runs the unit tests of policies.
pub(super) fn test(
    folder: Option<&Path>,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<ExitStatus, Failure> {
    let Bench {
        sources,
        policies,
        tests,
        folder,
        version,
        schemas,
    } = match folder {
        Some(folder) => of_folder(folder, settings)?,
        None => of_project(settings)?,
    };
    let objects = objects_of(&sources, policies.into_iter())?;
    let objects: Vec<Resource> = objects.into_iter().map(Resource::new).collect();
    let suites = match read_suites(&sources, tests.into_iter(), &folder) {
        Ok(suites) => suites,
        Err(problems) => return Err(ProjectError::Config { sources, problems }.into()),
    };
    let mut scopes = Scopes::default();
    for schema in &schemas {
        scopes.learn(schema.root());
    }
    let outcomes = run_suites(&suites, &objects, version, &scopes);
    if outcomes.is_empty() {
        let failure = Failure::new(format!("there is no test in `{folder}/`"));
        return Err(failure.hint("docs/policies.md says how to write one"));
    }
    for name in untested(&suites, &objects) {
        writeln!(out, "no test is of policy {}", escaped(name))?;
    }
    tell(&outcomes, &sources, settings, out)
}

/// Says what came of the tests.
fn tell(
    outcomes: &[Outcome],
    sources: &SourceMap,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<ExitStatus, Failure> {
    let mut failed = 0;
    for outcome in outcomes {
        let (policy, name) = (escaped(&outcome.policy), escaped(&outcome.name));
        match &outcome.failure {
            None if settings.verbose => writeln!(out, "ok    {policy}: {name}")?,
            None => {}
            Some(why) => {
                failed += 1;
                let file = sources.file(outcome.place.file);
                let place = file.position(outcome.place.span.start);
                let path = file.path();
                writeln!(out, "FAIL  {policy}: {name}")?;
                writeln!(out, "      {}:{place}: {}", escaped(path), escaped(why))?;
            }
        }
    }
    let cases = match outcomes.len() {
        1 => "1 case".to_owned(),
        count => format!("{count} cases"),
    };
    if failed > 0 {
        writeln!(out, "{cases}, {failed} failed")?;
        return Ok(ExitStatus::Findings);
    }
    if !settings.quiet {
        writeln!(out, "{cases}, all as expected")?;
    }
    Ok(ExitStatus::Clean)
}

fn of_project(settings: &Settings) -> Result<Bench, Failure> {
    let project = load_project(settings)?;
    let file = |path: &String| project.file(path);
    let schemas = project.layout.schemas.iter().filter_map(file);
    // A project's policies are tested for the newest version that it is checked for.
    let names = project.layout.environments.keys();
    let versions = names
        .filter_map(|name| project.config.kubernetes_of(name))
        .map(known_version);
    let versions: Vec<KubernetesVersion> = versions.collect::<Result<_, _>>()?;
    Ok(Bench {
        policies: project
            .layout
            .policies
            .iter()
            .filter_map(|policy| project.file(&policy.path))
            .collect(),
        tests: project
            .layout
            .policy_tests
            .iter()
            .filter_map(file)
            .collect(),
        folder: "policies/tests".to_owned(),
        version: versions
            .into_iter()
            .max()
            .unwrap_or(KubernetesVersion::NEWEST),
        schemas: objects_of(&project.sources, schemas)?,
        sources: project.sources,
    })
}

/// Takes a folder as a project's `policies/` would be.
fn of_folder(folder: &Path, settings: &Settings) -> Result<Bench, Failure> {
    let sources = load_manifests(&[folder.to_path_buf()], settings, io::empty())?;
    let shown = folder.display().to_string();
    let shown = shown.strip_prefix("./").unwrap_or(&shown);
    let tests = format!("{}/tests", shown.trim_end_matches('/'));
    let below = format!("{tests}/");
    let is_test = |path: &str| path.starts_with(&below);
    let declares = |path: &str| {
        [FLOWS, WAIVERS]
            .iter()
            .any(|known| Path::new(known).file_name() == Path::new(path).file_name())
    };
    let files: Vec<(FileId, bool)> = sources
        .files()
        .filter(|(_, file)| !declares(file.path()))
        .map(|(id, file)| (id, is_test(file.path())))
        .collect();
    let of = |tests: bool| files.iter().filter(move |(_, test)| *test == tests);
    Ok(Bench {
        policies: of(false).map(|(file, _)| *file).collect(),
        tests: of(true).map(|(file, _)| *file).collect(),
        folder: tests,
        version: KubernetesVersion::NEWEST,
        schemas: Vec::new(),
        sources,
    })
}
