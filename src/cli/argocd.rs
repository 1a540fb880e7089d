//! `tympan argocd`: as a config management plugin of Argo CD.

#![expect(
    clippy::disallowed_methods,
    reason = "Argo CD asks by variables of the environment"
)]

use std::collections::{BTreeSet, HashSet};
use std::io::{self, Write};
use std::path::Path;
use std::slice;

use super::Settings;
use super::args::{ArgocdCommand, GenerateArgs, PathsArgs};
use super::load::{Judgement, known, load_project, pipeline_input, project_checks, prove};
use crate::date::Date;
use crate::error::Failure;
use crate::exit::ExitStatus;
use crate::finding::{Finding, ResourceId, Severity};
use crate::git::folder_in_repository;
use crate::pipeline::{Input, Object, Outcome};
use crate::plugin::{PLUGIN_FILE, PluginError, Request, announcements, application, overrides};
use crate::project::{Project, ProjectError};
use crate::report::{escaped, escaped_line};
use crate::schema::KubernetesVersion;
use crate::source::SourceMap;
use crate::values::{LayerKind, Values, load_layers};

/// The families without which nothing is handed over: what cannot be rendered, and what the API server would refuse.
/// The others are for the pull request, and for the cluster's own admission.
const ALWAYS: &[&str] = &["template", "values", "yaml", "schema", "api"];
/// So many findings are told: Argo CD shows all of standard error in its page.
const MOST: usize = 20;
/// What the source of overridden values is called where a finding is about one.
const OVERRIDES: &str = "the parameter `values` of the Application";

pub(super) fn run(
    command: &ArgocdCommand,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<ExitStatus, Failure> {
    match command {
        ArgocdCommand::Generate(args) => generate(args, settings, out),
        ArgocdCommand::Parameters => {
            let name = application(|name| std::env::var_os(name));
            let what = What::of(name.as_deref());
            parameters(settings, out).map_err(|failure| what.failed(failure))
        }
        ArgocdCommand::Paths(args) => paths(args, settings, out),
        ArgocdCommand::Plugin => {
            out.write_all(PLUGIN_FILE.as_bytes())?;
            Ok(ExitStatus::Clean)
        }
    }
}

fn request() -> Result<Request, Failure> {
    Request::read(|name| std::env::var_os(name)).map_err(unfit)
}

fn unfit(error: PluginError) -> Failure {
    Failure::new(error).hint("parameters are those of `spec.source.plugin` of the Application; `tympan argocd parameters` tells which there are")
}

/// Prints the manifests that Argo CD asks for: all of them or nothing.
fn generate(
    args: &GenerateArgs,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<ExitStatus, Failure> {
    let name = application(|name| std::env::var_os(name));
    let what = What::of(name.as_deref());
    let (asked, project, environment) =
        understood(settings).map_err(|failure| what.failed(failure))?;
    let what = What {
        environment: Some(&environment),
        ..what
    };
    hand_over(args, &asked, project, what, settings, out).map_err(|failure| what.failed(failure))
}

/// Returns what is asked, of which project, and for which environment.
fn understood(settings: &Settings) -> Result<(Request, Project, String), Failure> {
    let asked = request()?;
    let project = load_project(settings)?;
    let environment = environment(&project, &asked)?;
    Ok((asked, project, environment))
}

fn hand_over(
    args: &GenerateArgs,
    asked: &Request,
    mut project: Project,
    what: What<'_>,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<ExitStatus, Failure> {
    let namespaces = namespaces(&project, asked, &settings.directory);
    let waivers = std::mem::take(&mut project.waivers);
    let mut checks = project_checks(&project, &[], settings)?;
    let environments: Vec<String> = what.environment.map(str::to_owned).into_iter().collect();
    checks
        .settings
        .retain(|name, _| environments.contains(name));
    // What one folder makes can be judged by those rules only together with what the others make.
    let rendered: &[String] = if args.policies { &[] } else { &namespaces };
    let (mut input, config) = pipeline_input(project, &environments, rendered, settings)?;
    override_values(&mut input, asked)?;
    let by = Judgement {
        waivers: &waivers,
        // Whoever waits for Argo CD is not helped by a waiver that has just ended: the pull request says so.
        today: Date::of_seconds(0),
        whole: false,
    };
    let outcome = prove(input, &config, &checks, &by);
    let wanted = wanted(&outcome, &namespaces);
    let found = failing(&outcome, &wanted, args.policies);
    if let Some((first, rest)) = found.split_first() {
        what.tell(first, rest, &outcome.sources, settings)?;
        return Ok(ExitStatus::Findings);
    }
    if wanted.is_empty() && !args.allow_empty {
        let failure = Failure::new("there is no object; nothing was printed");
        return Err(failure.hint("`tympan argocd generate --allow-empty` where that is meant: Argo CD then deletes what there was"));
    }
    print(&wanted, out)?;
    if let Some(note) = other_version(asked, &checks.version_words()) {
        writeln!(settings.stderr(), "{what}: {note}")?;
    }
    Ok(ExitStatus::Clean)
}

/// Returns the objects of the folders that are asked for.
fn wanted<'o>(outcome: &'o Outcome, namespaces: &[String]) -> Vec<&'o Object> {
    let objects = outcome
        .environments
        .iter()
        .flat_map(|environment| &environment.objects);
    objects
        .filter(|object| namespaces.is_empty() || namespaces.contains(&object.folder))
        .collect()
}

/// Returns the errors for which nothing is handed over: those that are not about other folders' objects.
fn failing<'o>(outcome: &'o Outcome, wanted: &[&Object], policies: bool) -> Vec<&'o Finding> {
    let own: HashSet<&ResourceId> = wanted.iter().map(|object| &object.resource.id).collect();
    let errors = outcome
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    let errors = errors.filter(|finding| policies || ALWAYS.contains(&finding.rule.family()));
    errors
        .filter(|finding| {
            let about = finding.resource.as_ref();
            !outcome.complete || about.is_none_or(|about| own.contains(about))
        })
        .collect()
}

/// What a line on standard error is about. It begins with that, for Argo CD's page shows it beside many others.
#[derive(Clone, Copy)]
struct What<'a> {
    application: Option<&'a str>,
    environment: Option<&'a str>,
}

impl std::fmt::Display for What<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let environment = self.environment.map(escaped_line);
        match (self.application.map(escaped_line), environment) {
            (Some(application), Some(environment)) => write!(f, "{application} ({environment})"),
            (Some(one), None) | (None, Some(one)) => f.write_str(&one),
            (None, None) => Ok(()),
        }
    }
}

/// A failure with what it is about.
#[derive(Debug, thiserror::Error)]
#[error("{about}")]
struct Concerns {
    about: String,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl<'a> What<'a> {
    /// Begins with the Application; its environment is not known yet.
    fn of(application: Option<&'a str>) -> Self {
        Self {
            application,
            environment: None,
        }
    }

    /// Says in one line what a failure is about, and what it is.
    fn failed(self, failure: Failure) -> Failure {
        let Failure { source, hints } = short(failure);
        let about = self.to_string();
        let source = if about.is_empty() {
            source
        } else {
            Box::new(Concerns { about, source })
        };
        Failure { source, hints }
    }

    fn tell(
        &self,
        first: &Finding,
        rest: &[&Finding],
        sources: &SourceMap,
        settings: &Settings,
    ) -> io::Result<()> {
        let mut error = settings.stderr();
        writeln!(error, "{self}: {}", line(first, sources))?;
        for finding in rest.iter().take(MOST - 1) {
            writeln!(error, "{}", line(finding, sources))?;
        }
        let more = rest.len().saturating_sub(MOST - 1);
        if more > 0 {
            writeln!(error, "and {more} more")?;
        }
        let environment = self.environment.unwrap_or_default();
        writeln!(
            error,
            "nothing was printed; `tympan check -e {environment}` tells more"
        )
    }
}

/// Writes a finding as one line.
fn line(finding: &Finding, sources: &SourceMap) -> String {
    let file = sources.file(finding.primary.file);
    let position = file.position(finding.primary.span.start);
    let (path, message) = (escaped(file.path()), escaped_line(&finding.message));
    format!("{path}:{}: {message} [{}]", position.line, finding.rule)
}

fn print(objects: &[&Object], out: &mut impl Write) -> io::Result<()> {
    let mut text = String::new();
    for object in objects {
        text.push_str("---\n");
        text.push_str(&object.text);
    }
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Says that the cluster has another version than the objects were checked for. It is no fault of the objects.
fn other_version(asked: &Request, checked: &str) -> Option<String> {
    let text = asked.kubernetes.as_deref()?;
    let mut parts = text.trim_start_matches('v').split('.');
    let own = format!("{}.{}", parts.next()?, parts.next()?);
    let own = KubernetesVersion::parse(&own)?;
    let same = checked.split(", ").any(|one| one == own.to_string());
    (!same).then(|| {
        format!("the cluster has Kubernetes {own}, and the objects were checked for {checked}: set `kubernetes` in tympan.yaml")
    })
}

/// Returns the environment that is asked for.
fn environment(project: &Project, asked: &Request) -> Result<String, Failure> {
    let names = project.layout.environments.keys().map(String::as_str);
    let names: Vec<&str> = names.collect();
    match (&asked.environment, names.as_slice()) {
        (Some(name), names) => {
            known("environment", slice::from_ref(name), names)?;
            Ok(name.clone())
        }
        (None, [only]) => Ok((*only).to_owned()),
        (None, names) => {
            let message = format!(
                "no environment is named: the parameter `environment` is one of `{}`",
                names.join("`, `")
            );
            Err(Failure::new(message).hint(
                "give it in the Application: spec.source.plugin.parameters: [{name: environment, string: …}]",
            ))
        }
    }
}

/// Returns the folders that are asked for: those named or, where the source's path is one of them, that one.
fn namespaces(project: &Project, asked: &Request, directory: &Path) -> Vec<String> {
    if !asked.namespaces.is_empty() {
        return asked.namespaces.clone();
    }
    let here = directory.canonicalize().ok();
    let below = here.as_deref().and_then(|here| {
        let below = here.strip_prefix(project.root.join("templates")).ok()?;
        Some(below.iter().next()?.to_str()?.to_owned())
    });
    below.into_iter().collect()
}

/// Adds the overridden values as the highest layer.
fn override_values(input: &mut Input, asked: &Request) -> Result<(), Failure> {
    if asked.values.is_empty() {
        return Ok(());
    }
    let Some(environment) = input.environments.first_mut() else {
        return Ok(());
    };
    let loaded = load_layers(&input.sources, &environment.layers, &input.limits.yaml);
    let text = overrides(&loaded.values, &asked.values).map_err(unfit)?;
    let file = input.sources.add(OVERRIDES, text);
    environment.layers.push((file, LayerKind::Plain));
    Ok(())
}

/// Tells Argo CD what an Application may ask.
fn parameters(settings: &Settings, out: &mut impl Write) -> Result<ExitStatus, Failure> {
    let asked = request()?;
    let project = load_project(settings)?;
    let chosen = environment(&project, &asked).ok();
    let environments: Vec<String> = project.layout.environments.keys().cloned().collect();
    let folders = folders(&project);
    let mut values = None;
    if let Some(chosen) = &chosen {
        let (input, _) = pipeline_input(project, slice::from_ref(chosen), &[], settings)?;
        values = Some(merged(&input));
    }
    let announced = announcements(
        &environments.iter().map(String::as_str).collect::<Vec<_>>(),
        chosen.as_deref(),
        &folders.iter().map(String::as_str).collect::<Vec<_>>(),
        values.as_deref(),
    );
    writeln!(out, "{announced}")?;
    Ok(ExitStatus::Clean)
}

fn merged(input: &Input) -> std::sync::Arc<Values> {
    let layers = input
        .environments
        .first()
        .map(|environment| environment.layers.as_slice())
        .unwrap_or_default();
    load_layers(&input.sources, layers, &input.limits.yaml).values
}

/// Returns the namespace folders, sorted.
fn folders(project: &Project) -> Vec<String> {
    let files = project.layout.templates.iter();
    let mut folders: Vec<String> = files
        .filter(|file| file.template)
        .filter_map(|file| Some(file.path.split_once('/')?.0.to_owned()))
        .filter(|folder| !folder.starts_with('_'))
        .collect();
    folders.sort();
    folders.dedup();
    folders
}

/// Says what is wrong with `tympan.yaml` and the like in one line: Argo CD's page shows the first.
fn short(failure: Failure) -> Failure {
    let Some(ProjectError::Config { sources, problems }) = failure.source.downcast_ref() else {
        return failure;
    };
    let Some(problem) = problems.first() else {
        return failure;
    };
    let file = sources.file(problem.location.file);
    let line = file.position(problem.location.span.start).line;
    let message = format!("{}:{line}: {}", file.path(), problem.message);
    let hints = problem.help.clone().into_iter();
    hints.fold(Failure::new(message), Failure::hint)
}

/// Prints the value of the annotation `argocd.argoproj.io/manifest-generate-paths`: what the manifests depend on, so
/// that Argo CD does not generate them anew for every commit.
fn paths(
    args: &PathsArgs,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<ExitStatus, Failure> {
    let project = load_project(settings)?;
    let mut paths: BTreeSet<String> = ["tympan.yaml", "schemas", "policies"]
        .map(str::to_owned)
        .into();
    if args.environments.is_empty() {
        paths.insert("values".to_owned());
    } else {
        paths.extend(["values/common.yaml", "values/schema.json"].map(str::to_owned));
    }
    let environments: Vec<&str> = project
        .layout
        .environments
        .keys()
        .map(String::as_str)
        .collect();
    known("environment", &args.environments, &environments)?;
    for environment in &args.environments {
        paths.insert(format!("values/{environment}.*"));
    }
    if args.namespaces.is_empty() {
        paths.insert("templates".to_owned());
    } else {
        let all = folders(&project);
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        known("folder below `templates/`", &args.namespaces, &all)?;
        paths.extend(used(&project, &args.namespaces));
    }
    let mut below = folder_in_repository(&project.root);
    if !below.is_empty() {
        below.push('/');
    }
    let whole: Vec<String> = paths.iter().map(|path| format!("/{below}{path}")).collect();
    // What is in a folder that is named needs no naming.
    let named = |path: &str| {
        whole.iter().any(|other| {
            path.strip_prefix(other.as_str())
                .is_some_and(|rest| rest.starts_with('/'))
        })
    };
    let kept: Vec<&str> = whole
        .iter()
        .map(String::as_str)
        .filter(|path| !named(path))
        .collect();
    writeln!(out, "{}", kept.join(";"))?;
    Ok(ExitStatus::Clean)
}

/// Returns the folders of templates that some need: their own, and those whose files their texts name, and so on.
fn used(project: &Project, namespaces: &[String]) -> BTreeSet<String> {
    let tops: BTreeSet<&str> = project
        .layout
        .templates
        .iter()
        .map(|file| file.path.split('/').next().unwrap_or_default())
        .collect();
    let mut used: BTreeSet<String> = BTreeSet::new();
    let mut next: Vec<String> = namespaces.to_vec();
    while let Some(top) = next.pop() {
        if !used.insert(format!("templates/{top}")) {
            continue;
        }
        let own = format!("{top}/");
        let files = project.layout.templates.iter();
        for file in files.filter(|file| file.path == top || file.path.starts_with(&own)) {
            let id = project.file(&format!("templates/{}", file.path));
            let Some(id) = id.filter(|_| file.template) else {
                continue;
            };
            let text = project.sources.file(id).text();
            // A path is written out, or begins with its folder. A file at the top has no folder.
            let names = |other: &&&str| {
                ['"', '\'']
                    .iter()
                    .any(|quote| text.contains(&format!("{quote}{other}/")))
                    || (other.contains('.') && text.contains(**other))
            };
            next.extend(tops.iter().filter(names).map(|name| (*name).to_owned()));
        }
    }
    used
}
