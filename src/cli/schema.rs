//! `tympan schema`.

#![expect(
    clippy::disallowed_methods,
    reason = "imported definitions are written below schemas/"
)]

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::args::SchemaAction;
use super::load::{
    known_version, load_manifests, load_project, objects_of, pipeline_input, project_checks,
};
use super::{Settings, WriteError};
use crate::error::Failure;
use crate::exit::ExitStatus;
use crate::finding::Severity;
use crate::schema::{Catalogue, CheckedBy, KubernetesVersion, import};
use crate::values::{draft, load_layers};
use crate::yaml::Document;

pub(super) fn run(
    action: &SchemaAction,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<ExitStatus, Failure> {
    match action {
        SchemaAction::List { kubernetes } => list(kubernetes.as_deref(), settings, out),
        SchemaAction::Import { paths } => import_into(paths, settings, out),
        SchemaAction::Values => values(settings, out),
    }
}

/// Lists kinds: with a project, those of its schemas, too.
fn list(
    kubernetes: Option<&str>,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<ExitStatus, Failure> {
    let asked = kubernetes.map(known_version).transpose()?;
    let project = load_project(settings).ok();
    let configured = project
        .as_ref()
        .and_then(|project| project.config.kubernetes.clone());
    let version = match (asked, configured) {
        (Some(version), _) => version,
        (None, Some(text)) => known_version(&text)?,
        (None, None) => KubernetesVersion::NEWEST,
    };
    let mut catalogue = Catalogue::new(version)
        .ok_or_else(|| Failure::new(format!("there are no schemas of Kubernetes {version}")))?;
    if let Some(project) = &project {
        let checks = project_checks(project, &[version], settings)?;
        checks
            .schemas
            .iter()
            .for_each(|schema| catalogue.learn(schema.root()));
    }
    for (api_version, kind, by) in catalogue.kinds() {
        let of = match by {
            CheckedBy::Custom => "schemas/".to_owned(),
            CheckedBy::Kubernetes | CheckedBy::Nothing => format!("Kubernetes {version}"),
        };
        writeln!(out, "{:<56} {of}", format!("{api_version} {kind}"))?;
    }
    Ok(ExitStatus::Clean)
}

fn import_into(
    paths: &[PathBuf],
    settings: &Settings,
    out: &mut impl Write,
) -> Result<ExitStatus, Failure> {
    let root = load_project(settings)?.root;
    let sources = load_manifests(paths, settings, io::stdin().lock())?;
    let objects = objects_of(&sources, sources.files().map(|(file, _)| file))?;
    let files = import(objects.iter().map(Document::root));
    if files.is_empty() {
        return Err(Failure::new(
            "there is no CustomResourceDefinition in what was read",
        ));
    }
    for (path, text) in files {
        let path = Path::new("schemas").join(path);
        let target = root.join(&path);
        let named = |error: io::Error| WriteError::new(&path, error);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).map_err(named)?;
        }
        // A link could lead out of the project.
        if fs::symlink_metadata(&target).is_ok_and(|known| !known.is_file()) {
            return Err(Failure::new(format!("`{}` is no file", path.display())));
        }
        fs::write(&target, text).map_err(named)?;
        writeln!(out, "{}", path.display())?;
    }
    Ok(ExitStatus::Clean)
}

fn values(settings: &Settings, out: &mut impl Write) -> Result<ExitStatus, Failure> {
    let project = load_project(settings)?;
    let (input, _) = pipeline_input(project, &[], &[], settings)?;
    let loaded: Vec<_> = input
        .environments
        .iter()
        .map(|environment| load_layers(&input.sources, &environment.layers, &input.limits.yaml))
        .collect();
    let broken = loaded
        .iter()
        .flat_map(|loaded| &loaded.findings)
        .any(|finding| finding.severity == Severity::Error);
    if broken {
        return Err(Failure::new("the values cannot be read").hint("`tympan check` says why"));
    }
    let roots: Vec<_> = loaded
        .iter()
        .map(|loaded| loaded.values.tree().root())
        .collect();
    serde_json::to_writer_pretty(&mut *out, &draft(&roots)).map_err(io::Error::from)?;
    writeln!(out)?;
    Ok(ExitStatus::Clean)
}
