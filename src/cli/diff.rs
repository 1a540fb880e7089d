//! `tympan diff`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;

use super::Settings;
use super::args::{DiffArgs, DiffFormat};
use super::load::{self, apply_rules, load_project, pipeline_input, project_checks};
use super::render::tell;
use super::side::{Home, Side, delivered, holds_nothing, load};
use crate::cluster::Cluster;
use crate::diff::{Comparison, Revision, compare, reach, write_json, write_markdown, write_text};
use crate::error::Failure;
use crate::exit::ExitStatus;
use crate::manifest::{Resource, Scopes};
use crate::pipeline::{Checks, render_project};
use crate::project::{Delivery, ProjectError};

/// What a side holds: objects by environment; plain manifests under the empty name.
type Objects = BTreeMap<String, Vec<Resource>>;

/// A side that was loaded.
#[derive(Default)]
struct Loaded {
    objects: Objects,
    /// Whether it can hold one environment only, and so says nothing about others.
    single: bool,
    /// The commits that it was read of, where each environment has its own.
    read: BTreeMap<String, Revision>,
}

/// The project that sides are of, where there is one.
struct Known {
    root: PathBuf,
    environments: Vec<String>,
    delivery: Delivery,
    /// What would be rendered now, where a side asks for it.
    work: Objects,
    /// What is known of the environments.
    checks: Checks,
}

impl Known {
    /// Compares two environments.
    fn between(&self, a: &str, b: &str, old: &[Resource], new: &[Resource]) -> Comparison {
        self.compare(format!("{a} => {b}"), b, old, new).apart()
    }

    /// Compares; in a project, also who may talk to whom.
    fn compare(&self, title: String, name: &str, old: &[Resource], new: &[Resource]) -> Comparison {
        self.checks.progress.begin("comparing");
        let mut comparison = compare(title, old, new);
        if let Some(settings) = self.checks.settings.get(name)
            && !comparison.objects.is_empty()
        {
            let mut scopes = Scopes::default();
            let schemas = self.checks.schemas.iter();
            schemas.for_each(|schema| scopes.learn(schema.root()));
            let before = Cluster::new(old.iter().collect(), scopes.clone(), settings);
            let after = Cluster::new(new.iter().collect(), scopes, settings);
            comparison.reach = reach(&comparison, &before, &after);
        }
        comparison
    }
}

pub(super) fn run(
    args: &DiffArgs,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<ExitStatus, Failure> {
    let given = |side: &str| Side::parse(side, settings);
    let (from, to) = (args.from.as_deref().map(given), given(&args.to));
    let known = known(from.as_ref(), &to, settings)?;
    let word = args.from.as_deref().unwrap_or(delivered(known.delivery));
    let from = from.unwrap_or_else(|| given(word));
    if from == to {
        return Err(Failure::new(format!("`{word}` is compared with itself")));
    }
    let one = |side: &Side| match side {
        Side::Environment(name) => Some(name.clone()),
        _ => None,
    };
    let named: Vec<String> = [&from, &to].into_iter().filter_map(one).collect();
    for name in args.environments.iter().chain(&named) {
        must_be_there(name, &known)?;
    }
    let asked = if named.is_empty() {
        &args.environments
    } else {
        &named
    };
    let before = objects(&from, word, asked, &known, settings)?;
    let after = objects(&to, &args.to, asked, &known, settings)?;
    let comparisons = pairs(args, &known, (&from, before), (&to, after))?;
    let differs = comparisons.iter().any(|one| !one.objects.is_empty());
    match args.format {
        DiffFormat::Text => write_text(&comparisons, out)?,
        DiffFormat::Markdown => write_markdown(&comparisons, out)?,
        DiffFormat::Json => write_json(word, &args.to, &comparisons, out)?,
    }
    Ok(if differs {
        ExitStatus::Findings
    } else {
        ExitStatus::Clean
    })
}

/// Loads the project, and renders it where a side asks for that.
fn known(from: Option<&Side>, to: &Side, settings: &Settings) -> Result<Known, Failure> {
    let sides = [from, Some(to)];
    let folders = sides
        .iter()
        .all(|side| matches!(side, Some(Side::Folder(_))));
    let project = match load_project(settings) {
        Ok(project) => project,
        Err(failure) => {
            let absent = matches!(
                failure.source.downcast_ref(),
                Some(ProjectError::NotFound(_))
            );
            if absent && folders {
                return Ok(Known {
                    root: settings.directory.clone(),
                    environments: Vec::new(),
                    delivery: Delivery::Directory,
                    work: Objects::new(),
                    checks: Checks::default(),
                });
            }
            return Err(failure);
        }
    };
    let root = project.root.clone();
    let checks = project_checks(&project, &[], settings)?;
    let environments = project.layout.environments.keys().cloned().collect();
    let delivery = project.config.delivery;
    let renders = |side: &Side| matches!(side, Side::Work | Side::Environment(_));
    let mut work = Objects::new();
    if sides.into_iter().flatten().any(renders) {
        let (input, config) = pipeline_input(project, &[], &[], settings)?;
        let mut outcome = render_project(input);
        if !outcome.complete {
            apply_rules(&mut outcome.findings, &config, outcome.complete);
            tell(&outcome, settings)?;
            return Err(Failure::new(
                "nothing was compared, because not everything could be rendered",
            ));
        }
        for environment in outcome.environments {
            let objects = environment.objects.into_iter();
            let objects = objects.map(|object| object.resource).collect();
            work.insert(environment.name, objects);
        }
    }
    Ok(Known {
        root,
        environments,
        delivery,
        work,
        checks,
    })
}

fn must_be_there(name: &str, here: &Known) -> Result<(), Failure> {
    let names: Vec<&str> = here.environments.iter().map(String::as_str).collect();
    load::known("environment", &[name.to_owned()], &names)
}

/// Returns what a side holds of the environments that are asked for; of all, where none are named.
fn objects(
    side: &Side,
    word: &str,
    asked: &[String],
    known: &Known,
    settings: &Settings,
) -> Result<Loaded, Failure> {
    let all = |objects| Loaded {
        objects,
        ..Loaded::default()
    };
    match side {
        Side::Work => Ok(all(known.work.clone())),
        Side::Environment(name) => {
            let objects = known.work.get(name).cloned().unwrap_or_default();
            Ok(all([(name.clone(), objects)].into()))
        }
        other => {
            let names = known.environments.iter().map(String::as_str);
            // The folders of a folder are known by all names.
            let all = asked.is_empty() || matches!(other, Side::Folder(_));
            let wanted = |name: &&str| all || asked.iter().any(|one| one == name);
            let names: Vec<&str> = names.filter(wanted).collect();
            let home = Home {
                root: &known.root,
                environments: &names,
                delivery: known.delivery,
            };
            let loaded = load(other, home, settings)?;
            if !loaded.is_version(other, known.delivery) {
                return Err(holds_nothing(word, known.delivery));
            }
            for name in &loaded.absent {
                settings.note(&format!("`{word}` holds nothing of `{name}`"))?;
            }
            let objects = loaded.documents.into_iter().map(|(name, documents)| {
                let objects = documents.into_iter().map(Resource::new).collect();
                (name, objects)
            });
            Ok(Loaded {
                objects: objects.collect(),
                single: loaded.single,
                read: loaded.read,
            })
        }
    }
}

/// Compares what belongs together: each environment with itself, one that is named with all others, plain manifests with
/// the only environment of the other side.
fn pairs(
    args: &DiffArgs,
    project: &Known,
    (from, before): (&Side, Loaded),
    (to, after): (&Side, Loaded),
) -> Result<Vec<Comparison>, Failure> {
    let singles = (before.single, after.single);
    let read = (before.read, after.read);
    let (mut before, mut after) = (before.objects, after.objects);
    let chosen = |name: &String| {
        name.is_empty() || args.environments.is_empty() || args.environments.contains(name)
    };
    let one = |side: &Side| matches!(side, Side::Environment(_));
    if !one(from) {
        before.retain(|name, _| chosen(name));
    }
    if !one(to) {
        after.retain(|name, _| chosen(name));
    }
    let between =
        |a: &str, b: &str, old: &[Resource], new: &[Resource]| project.between(a, b, old, new);
    match (from, to) {
        (Side::Environment(a), Side::Environment(_) | Side::Work) => {
            let old = before.remove(a).unwrap_or_default();
            after.remove(a);
            let all = after.iter().map(|(b, new)| between(a, b, &old, new));
            return Ok(all.collect());
        }
        (Side::Work, Side::Environment(b)) => {
            let new = after.remove(b).unwrap_or_default();
            before.remove(b);
            let all = before.iter().map(|(a, old)| between(a, b, old, &new));
            return Ok(all.collect());
        }
        (Side::Environment(name), _) => after.retain(|other, _| other.is_empty() || other == name),
        (_, Side::Environment(name)) => before.retain(|other, _| other.is_empty() || other == name),
        _ => {}
    }
    if let (true, true, Some((a, old)), Some((b, new))) = (
        singles.0,
        singles.1,
        before.first_key_value(),
        after.first_key_value(),
    ) && a != b
    {
        return Ok(vec![between(a, b, old, new)]);
    }
    let known = |others: &Objects, name: &String| others.contains_key(name) || name.is_empty();
    if singles.0 {
        after.retain(|name, _| known(&before, name));
    }
    if singles.1 {
        before.retain(|name, _| known(&after, name));
    }
    rename(&mut before, &after)?;
    rename(&mut after, &before)?;
    let compared = with_itself(project, &before, &after).map(|(name, mut compared)| {
        compared.read = [read.0.get(name).cloned(), read.1.get(name).cloned()];
        compared
    });
    Ok(compared.collect())
}

/// Compares each environment with itself.
fn with_itself<'o>(
    project: &Known,
    before: &'o Objects,
    after: &'o Objects,
) -> impl Iterator<Item = (&'o String, Comparison)> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names.into_iter().map(move |name| {
        let of = |side: &'o Objects| side.get(name).map(Vec::as_slice).unwrap_or_default();
        let compared = project.compare(name.clone(), name, of(before), of(after));
        (name, compared)
    })
}

/// Takes plain manifests for those of the only environment of the other side.
fn rename(plain: &mut Objects, other: &Objects) -> Result<(), Failure> {
    if other.contains_key("") || other.is_empty() {
        return Ok(());
    }
    let Some(objects) = plain.remove("") else {
        return Ok(());
    };
    let mut names = other.keys();
    match (names.next(), names.next()) {
        (Some(name), None) => {
            plain.insert(name.clone(), objects);
            Ok(())
        }
        _ => Err(Failure::new(
            "one side holds manifests of no environment, the other those of several",
        )
        .hint("name the environment to compare with: `-e`")),
    }
}
