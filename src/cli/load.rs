//! A project on disk to the input of the pipeline.

use std::io;
use std::path::PathBuf;

use indexmap::IndexMap;
use minijinja::Value;
use rayon::prelude::*;

use super::Settings;
use crate::cluster::{self, FlowsObject};
use crate::date::Date;
use crate::error::Failure;
use crate::finding::{FindingSet, Severity, did_you_mean, nearest};
use crate::manifest::{Resource, flatten};
use crate::pipeline::{
    Checks, EnvironmentInput, Input, Inspected, Outcome, PolicyFile, inspect, render_project,
};
use crate::project::{self, Config, Project, ProjectError, RuleSetting, Waiver};
use crate::registry;
use crate::render::{Limits, TemplateFile};
use crate::schema::KubernetesVersion;
use crate::source::{FileId, SourceMap};
use crate::values::LayerKind;
use crate::waiver;
use crate::yaml::{self, Document};

/// Loads the project that the folder belongs to which a command works in.
pub(super) fn load_project(settings: &Settings) -> Result<Project, Failure> {
    let loaded = Project::load(&settings.directory, &registry::rules(), &settings.progress);
    loaded.map_err(|error| {
        let hint =
            matches!(error, ProjectError::NotFound(_)).then_some("`tympan init` makes a project");
        hint.into_iter().fold(Failure::new(error), Failure::hint)
    })
}

/// Loads plain manifests, with paths from the folder that a command works in.
pub(super) fn load_manifests(
    paths: &[PathBuf],
    settings: &Settings,
    stdin: impl io::Read,
) -> Result<SourceMap, ProjectError> {
    project::load_manifests(&settings.directory, paths, stdin, &settings.progress)
}

/// Makes the pipeline's input of a project, for some environments and folders or, where none are named, for all.
pub(super) fn pipeline_input(
    project: Project,
    environments: &[String],
    namespaces: &[String],
    settings: &Settings,
) -> Result<(Input, Config), Failure> {
    let names: Vec<&str> = project
        .layout
        .environments
        .keys()
        .map(String::as_str)
        .collect();
    if names.is_empty() {
        let failure = Failure::new("there is no environment");
        return Err(failure
            .hint("an environment is a file `values/<environment>.yaml`, which may be empty"));
    }
    known("environment", environments, &names)?;
    let folders: Vec<&str> = project
        .layout
        .templates
        .iter()
        .filter_map(|file| file.path.split_once('/'))
        .map(|(folder, _)| folder)
        .collect();
    known("folder below `templates/`", namespaces, &folders)?;
    let chosen = names
        .iter()
        .filter(|name| environments.is_empty() || environments.iter().any(|asked| asked == *name));
    let inputs = chosen.map(|name| environment(&project, name)).collect();
    let templates = project.layout.templates.iter().filter_map(|file| {
        let id = project.file(&format!("templates/{}", file.path))?;
        Some(TemplateFile {
            path: file.path.clone(),
            file: id,
            template: file.template,
        })
    });
    let limits = Limits {
        fuel: project.config.fuel,
        output: project.config.output,
        yaml: yaml::Limits {
            bytes: usize::try_from(project.config.output).unwrap_or(usize::MAX),
            ..yaml::Limits::default()
        },
    };
    let input = Input {
        templates: templates.collect(),
        policies: policy_files(&project),
        environments: inputs,
        namespaces: namespaces.to_vec(),
        partial: !environments.is_empty() || !namespaces.is_empty(),
        schema: project
            .layout
            .schema
            .then(|| project.file("values/schema.json"))
            .flatten(),
        limits,
        progress: settings.progress.clone(),
        sources: project.sources,
    };
    Ok((input, project.config))
}

/// Returns the files of a project's policies.
fn policy_files(project: &Project) -> Vec<PolicyFile> {
    let policies = project.layout.policies.iter().filter_map(|policy| {
        Some(PolicyFile {
            file: project.file(&policy.path)?,
            environment: policy.environment.clone(),
        })
    });
    policies.collect()
}

/// Returns what a project's objects are checked by: for the versions asked for, or else for those of `tympan.yaml`.
pub(super) fn project_checks(
    project: &Project,
    asked: &[KubernetesVersion],
    settings: &Settings,
) -> Result<Checks, Failure> {
    let mut checks = Checks {
        progress: settings.progress.clone(),
        ..Checks::default()
    };
    for name in project.layout.environments.keys() {
        let own = project.config.kubernetes_of(name);
        let versions = match (asked, own) {
            ([], Some(text)) => vec![known_version(text)?],
            ([], None) => vec![KubernetesVersion::NEWEST],
            (asked, _) => asked.to_vec(),
        };
        let environment = project.config.environments.get(name);
        let settings = cluster::Settings {
            environment: name.clone(),
            environments: project.layout.environments.keys().cloned().collect(),
            versions,
            external: project.config.external.clone(),
            pod_security: environment.and_then(|environment| environment.pod_security),
            network: project.config.network.clone(),
            repository: project.config.repository.clone(),
            delivery: project.config.delivery,
            whole: true,
            flows: project.flows.clone().map(|flows| FlowsObject {
                file: flows.file,
                resource: Resource::new(flows.document),
                flows: flows.flows,
            }),
            policies: Vec::new(),
        };
        checks.settings.insert(name.clone(), settings);
    }
    let files = project.layout.schemas.iter();
    let files = files.filter_map(|path| project.file(path));
    checks.schemas = objects_of(&project.sources, files)?;
    Ok(checks)
}

/// Reads the objects of files that are not what is checked, and so must be readable: schemas, versions before.
pub(super) fn objects_of(
    sources: &SourceMap,
    files: impl Iterator<Item = FileId>,
) -> Result<Vec<Document>, Failure> {
    let files: Vec<FileId> = files.collect();
    let read: Vec<Result<Vec<Document>, Failure>> = files
        .par_iter()
        .map(|file| {
            let file = sources.file(*file);
            let stream = yaml::read(file.text(), &yaml::Limits::default());
            let mut problems = stream.problems.iter();
            match problems.find(|problem| problem.rule.severity == Severity::Error) {
                None => Ok(stream.documents.into_iter().flat_map(flatten).collect()),
                Some(problem) => {
                    let (path, line) = (file.path(), file.position(problem.span.start).line);
                    let message = format!("{path}:{line}: {}", problem.message);
                    Err(Failure::new(message))
                }
            }
        })
        .collect();
    let read: Vec<Vec<Document>> = read.into_iter().collect::<Result<_, _>>()?;
    Ok(read.into_iter().flatten().collect())
}

/// Reads a Kubernetes version whose schemas are here.
pub(super) fn known_version(text: &str) -> Result<KubernetesVersion, Failure> {
    let known = KubernetesVersion::parse(text).filter(|version| version.is_known());
    known.ok_or_else(|| {
        let (oldest, newest) = (KubernetesVersion::OLDEST, KubernetesVersion::NEWEST);
        Failure::new(format!("there are no schemas of Kubernetes `{text}`"))
            .hint(format!("there are those of {oldest} to {newest}"))
    })
}

/// Refuses names that there are none of.
pub(super) fn known(what: &str, asked: &[String], names: &[&str]) -> Result<(), Failure> {
    let Some(unknown) = asked.iter().find(|name| !names.contains(&name.as_str())) else {
        return Ok(());
    };
    let near = nearest(unknown, names.iter().copied());
    let near = did_you_mean(near);
    Err(Failure::new(format!(
        "there is no {what} `{unknown}`{near}"
    )))
}

fn environment(project: &Project, name: &str) -> EnvironmentInput {
    let files = project
        .layout
        .environments
        .get(name)
        .map(|files| files.layers.as_slice())
        .unwrap_or_default();
    let layers: Vec<(FileId, LayerKind)> = files
        .iter()
        .filter_map(|path| {
            let kind = if path.ends_with(".terraform.json") {
                LayerKind::Terraform
            } else {
                LayerKind::Plain
            };
            Some((project.file(path)?, kind))
        })
        .collect();
    EnvironmentInput {
        name: name.to_owned(),
        layers,
        forbid_placeholders: project
            .config
            .environments
            .get(name)
            .is_some_and(|settings| settings.forbid_placeholders),
        project: facts(&project.config, name),
        policy_actions: project
            .config
            .environments
            .get(name)
            .map(|settings| settings.policy_actions.clone())
            .unwrap_or_default(),
    }
}

/// What templates see as `project`; what `tympan.yaml` does not say is not there, so reading it is an error.
fn facts(config: &Config, environment: &str) -> Value {
    let mut repository: IndexMap<Value, Value> = IndexMap::new();
    let settings = &config.repository;
    for (key, value) in [
        ("url", &settings.url),
        ("revision", &settings.revision),
        ("cluster", &settings.cluster),
    ] {
        if let Some(value) = value {
            repository.insert(key.into(), value.as_str().into());
        }
    }
    let mut facts: IndexMap<Value, Value> = IndexMap::new();
    facts.insert("repository".into(), Value::from_object(repository));
    if let Some(version) = config.kubernetes_of(environment) {
        facts.insert("kubernetes".into(), version.into());
    }
    Value::from_object(facts)
}

/// How a project is judged.
pub(super) struct Judgement<'w> {
    /// What it accepts.
    pub(super) waivers: &'w [Waiver],
    /// The day that waivers are judged by.
    pub(super) today: Date,
    /// Whether all environments are looked at: only then is a waiver unused that was not used.
    pub(super) whole: bool,
}

/// Renders a project, checks it, and sets aside what it accepts.
pub(super) fn prove(input: Input, config: &Config, checks: &Checks, by: &Judgement<'_>) -> Outcome {
    let mut outcome = render_project(input);
    judge(&mut outcome, config, checks, by);
    outcome
}

/// Checks what was rendered, and sets aside what the project accepts.
pub(super) fn judge(
    outcome: &mut Outcome,
    config: &Config,
    checks: &Checks,
    by: &Judgement<'_>,
) -> Inspected {
    let inspected = inspect(outcome, checks);
    let names = outcome.names();
    let run = waiver::Run {
        today: by.today,
        environments: &names.iter().map(String::as_str).collect::<Vec<_>>(),
        // What could not be rendered hides findings: then nothing can be said about waivers that are not used.
        whole: by.whole && outcome.complete,
        // What is to be said of the waivers themselves is said once.
        tells: checks.part.joins(),
    };
    waiver::apply(by.waivers, &mut outcome.findings, &run);
    outcome.findings.sort(&outcome.sources);
    apply_rules(&mut outcome.findings, config, outcome.complete);
    inspected
}

/// Gives findings the severities that `tympan.yaml` asks for. What could not be rendered stays an error.
pub(super) fn apply_rules(findings: &mut FindingSet, config: &Config, complete: bool) {
    findings.apply(|finding| {
        if !complete && finding.severity == Severity::Error {
            return Some(finding.severity);
        }
        match config.rule(finding.rule.as_str()) {
            None => Some(finding.severity),
            Some(RuleSetting::Off) => None,
            Some(RuleSetting::Severity(severity)) => Some(severity),
        }
    });
}
