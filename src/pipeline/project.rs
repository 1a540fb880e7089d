//! A project's texts through values, render and manifest.

use std::sync::Arc;

use minijinja::Value;
use rayon::prelude::*;

use super::explain::Refused;
use super::policies::{PolicyFile, take_policies};
use super::settle::settle;
use super::{Environment, Object, Outcome};
use crate::finding::{Finding, FindingSet, Severity};
use crate::manifest::{Resource, flatten};
use crate::progress::Progress;
use crate::project::PolicyAction;
use crate::render::{self, Engine, Reads, Rendered, Target, TemplateFile};
use crate::source::{FileId, SourceMap};
use crate::values::{LayerKind, Loaded, Values, ValuesSchema, load_layers, placeholders, unused};

/// A project as the stages need it.
#[derive(Debug)]
pub struct Input {
    /// Every text.
    pub sources: SourceMap,
    /// What stands below `templates/`, in order of path.
    pub templates: Vec<TemplateFile>,
    /// The environments to render.
    pub environments: Vec<EnvironmentInput>,
    /// The namespace folders to render; all of them where there are none.
    pub namespaces: Vec<String>,
    /// Whether some environments or folders are left out: then a value that is not read may be read there.
    pub partial: bool,
    /// What stands below `policies/`, but for declarations and tests.
    pub policies: Vec<PolicyFile>,
    /// `values/schema.json`, where it is there.
    pub schema: Option<FileId>,
    /// Bounds.
    pub limits: render::Limits,
    /// Where what is done is counted.
    pub progress: Progress,
}

/// One environment of a project.
#[derive(Debug)]
pub struct EnvironmentInput {
    /// Its name.
    pub name: String,
    /// Its values files, the lowest layer first.
    pub layers: Vec<(FileId, LayerKind)>,
    /// Whether placeholders among its values are refused.
    pub forbid_placeholders: bool,
    /// What templates see as `project`.
    pub project: Value,
    /// What the cluster does with what policies refuse; as their bindings say, or else denies, where there is none.
    pub policy_actions: Vec<PolicyAction>,
}

/// What one template gave for one environment.
struct Part {
    environment: usize,
    template: usize,
    result: Result<Rendered, Vec<Finding>>,
    reads: Arc<Reads>,
}

/// Renders a project.
pub fn render_project(input: Input) -> Outcome {
    let Input {
        sources,
        templates,
        environments: inputs,
        namespaces,
        partial,
        policies,
        schema,
        limits,
        progress,
    } = input;
    let (engine, mut findings) = Engine::new(&sources, &templates, limits);
    let loaded: Vec<Loaded> = inputs
        .par_iter()
        .map(|input| load_layers(&sources, &input.layers, &limits.yaml))
        .collect();
    findings.extend(loaded.iter().flat_map(|one| one.findings.iter().cloned()));
    let chosen: Vec<usize> = (0..templates.len())
        .filter(|index| is_chosen(&templates, *index, &namespaces))
        .collect();
    let files = Files {
        sources: &sources,
        templates: &templates,
        chosen: &chosen,
    };
    let (mut parts, unfit) = rayon::join(
        || render_all(files, &engine, &inputs, &loaded, &progress),
        || schema.map(|file| check_schema(&sources, file, &inputs, &loaded)),
    );
    let unfit = unfit.unwrap_or_default();
    explain_by_schema(&mut parts, &unfit, &sources, &inputs, &loaded);
    findings.extend(unfit);
    if !partial
        && findings
            .iter()
            .all(|finding| finding.severity != Severity::Error)
    {
        findings.extend(unread(&parts, &loaded));
    }
    let both = inputs.iter().zip(&loaded);
    findings.extend(both.flat_map(|(input, loaded)| forbidden(input, loaded, &sources)));
    let mut environments = empty_environments(&inputs, &loaded);
    findings.extend(take_parts(parts, &templates, &mut environments));
    // Policies are of no folder: what only some folders make goes without them.
    if namespaces.is_empty() {
        let both = inputs.iter().zip(&mut environments);
        findings.extend(both.flat_map(|(input, environment)| {
            take_policies(&sources, &policies, input, environment, &limits.yaml)
        }));
    }
    findings.extend(settle_all(&mut environments, &progress));
    let mut findings: FindingSet = findings.into_iter().collect();
    findings.sort(&sources);
    let complete = !findings.iter().any(blocks);
    Outcome {
        sources,
        complete,
        findings,
        environments,
        manifests: Vec::new(),
    }
}

/// Gives the objects of all environments their namespaces, files and texts.
fn settle_all(environments: &mut [Environment], progress: &Progress) -> Vec<Finding> {
    let objects = environments.iter().map(|one| one.objects.len()).sum();
    let settled = progress.count("formatting", objects, "objects");
    let found = environments.iter_mut();
    found.flat_map(|one| settle(one, &settled)).collect()
}

/// Finds placeholders among the values of an environment that refuses them.
fn forbidden(input: &EnvironmentInput, loaded: &Loaded, sources: &SourceMap) -> Vec<Finding> {
    if input.forbid_placeholders {
        placeholders(&loaded.values, &input.name, sources)
    } else {
        Vec::new()
    }
}

fn empty_environments(inputs: &[EnvironmentInput], loaded: &[Loaded]) -> Vec<Environment> {
    let both = inputs.iter().zip(loaded);
    both.map(|(input, loaded)| Environment {
        name: input.name.clone(),
        values: loaded.values.clone(),
        objects: Vec::new(),
    })
    .collect()
}

/// Sorts what the templates gave into objects of their environments, and findings.
fn take_parts(
    parts: Vec<Part>,
    templates: &[TemplateFile],
    environments: &mut [Environment],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for part in parts {
        let (Some(environment), Some(template)) = (
            environments.get_mut(part.environment),
            templates.get(part.template),
        ) else {
            continue;
        };
        match part.result {
            Ok(rendered) => {
                findings.extend(rendered.warnings.iter().cloned());
                take_objects(rendered, folder(&template.path), environment);
            }
            Err(found) => findings.extend(found),
        }
    }
    findings
}

/// Tells whether a finding means that something could not be rendered, or not as it was meant; values that are not to
/// be accepted are rendered all the same.
fn blocks(finding: &Finding) -> bool {
    use crate::values::rules::{PLACEHOLDER, SCHEMA};
    let of_values = [&SCHEMA.id, &PLACEHOLDER.id].contains(&&finding.rule);
    finding.severity == Severity::Error && !of_values
}

/// Tells whether a file is a template of its own, of a folder that is asked for.
fn is_chosen(templates: &[TemplateFile], index: usize, namespaces: &[String]) -> bool {
    let Some(file) = templates.get(index) else {
        return false;
    };
    let shared = file.path.split('/').any(|part| part.starts_with('_'));
    let folder = folder(&file.path);
    file.template
        && !shared
        && !folder.is_empty()
        && (namespaces.is_empty() || namespaces.iter().any(|name| name == folder))
}

/// Returns the folder of a template: its namespace.
fn folder(path: &str) -> &str {
    path.split_once('/').map_or("", |(folder, _)| folder)
}

/// The texts that are rendered.
#[derive(Clone, Copy)]
struct Files<'f> {
    sources: &'f SourceMap,
    templates: &'f [TemplateFile],
    chosen: &'f [usize],
}

/// Renders every template for every environment, in parallel; the result is in order of environment and path.
fn render_all(
    files: Files<'_>,
    engine: &Engine,
    inputs: &[EnvironmentInput],
    loaded: &[Loaded],
    progress: &Progress,
) -> Vec<Part> {
    let Files {
        sources,
        templates,
        chosen,
    } = files;
    let scopes: Vec<Arc<render::Scope>> = loaded
        .iter()
        .map(|loaded| Arc::new(render::Scope::new(loaded.values.clone())))
        .collect();
    // Without all of its values an environment has nothing to say but that they are missing.
    let readable = |environment: &usize| {
        loaded.get(*environment).is_some_and(|loaded| {
            let mut findings = loaded.findings.iter();
            findings.all(|finding| finding.severity != Severity::Error)
        })
    };
    let work: Vec<(usize, usize)> = (0..inputs.len())
        .filter(readable)
        .flat_map(|environment| chosen.iter().map(move |template| (environment, *template)))
        .collect();
    let rendered = progress.count("rendering", work.len(), "templates");
    work.par_iter()
        .filter_map(|(environment, template)| {
            let (input, scope, file) = (
                inputs.get(*environment)?,
                scopes.get(*environment)?,
                templates.get(*template)?,
            );
            let target = Target {
                environment: input.name.clone(),
                namespace: folder(&file.path).to_owned(),
                project: input.project.clone(),
            };
            let reads = Arc::<Reads>::default();
            let result = engine.render(sources, &file.path, &target, scope, &reads);
            rendered.one();
            Some(Part {
                environment: *environment,
                template: *template,
                result,
                reads,
            })
        })
        .collect()
}

/// Checks the values of every environment against the project's schema.
fn check_schema(
    sources: &SourceMap,
    file: FileId,
    inputs: &[EnvironmentInput],
    loaded: &[Loaded],
) -> Vec<Finding> {
    match ValuesSchema::compile(sources, file) {
        Ok(schema) => {
            let both = inputs.iter().zip(loaded);
            both.flat_map(|(input, loaded)| schema.check(&loaded.values, &input.name))
                .collect()
        }
        Err(finding) => vec![*finding],
    }
}

/// Leads from what failed to the values that the project's schema refuses, where it is about one of them.
fn explain_by_schema(
    parts: &mut [Part],
    unfit: &[Finding],
    sources: &SourceMap,
    inputs: &[EnvironmentInput],
    loaded: &[Loaded],
) {
    if unfit.is_empty() {
        return;
    }
    let both = inputs.iter().zip(loaded);
    let refused: Vec<Refused<'_>> = both
        .map(|(input, loaded)| Refused::new(unfit, &loaded.values, &input.name))
        .collect();
    for part in parts {
        if let (Err(findings), Some(refused)) = (&mut part.result, refused.get(part.environment)) {
            for finding in findings {
                refused.explain(finding, &part.reads, sources);
            }
        }
    }
}

/// Finds values no template reads; a template that failed may have read anything, so then nothing is said.
fn unread(parts: &[Part], loaded: &[Loaded]) -> Vec<Finding> {
    if parts.iter().any(|part| part.result.is_err()) {
        return Vec::new();
    }
    let values: Vec<&Values> = loaded.iter().map(|loaded| &*loaded.values).collect();
    let all: Vec<Reads> = loaded.iter().map(|_| Reads::default()).collect();
    for part in parts {
        if let Some(reads) = all.get(part.environment) {
            reads.extend(&part.reads);
        }
    }
    unused(&values, |environment, node| {
        all.get(environment)
            .is_some_and(|reads| reads.was_read(node))
    })
}

fn take_objects(rendered: Rendered, folder: &str, environment: &mut Environment) {
    let trace = Arc::new(rendered.trace);
    for document in rendered.documents.into_iter().flat_map(flatten) {
        let resource = Resource::new(document);
        let object = Object::new(resource, folder.to_owned(), trace.clone());
        environment.objects.push(object);
    }
}
