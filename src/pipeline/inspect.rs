//! Objects along their schemas and rules: faults become findings, which know the line to mend.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rayon::prelude::*;

use super::{Environment, Object, Outcome};
use crate::api::{Api, changes};
use crate::finding::{Finding, bound};
use crate::manifest::{Fault, FieldPaths, Resource, group};
use crate::schema::{Catalogue, CheckedBy, KubernetesVersion, Share};
use crate::source::{FileId, Location};
use crate::yaml::{Document, Node};

/// What to check by.
#[derive(Debug, Default)]
pub struct Checks {
    /// The Kubernetes versions of an environment, by its name; those of plain manifests are under the empty name.
    pub versions: BTreeMap<String, Vec<KubernetesVersion>>,
    /// Schemas of custom resources: definitions, and JSON Schemas that name their kind.
    pub schemas: Vec<Document>,
    /// The version before, by environment as above; where there is none, changes are not checked.
    pub base: Option<BTreeMap<String, Vec<Document>>>,
}

impl Checks {
    /// Returns the Kubernetes versions of all environments in words: `1.34, 1.35`.
    pub fn version_words(&self) -> String {
        let all: BTreeSet<KubernetesVersion> = self.versions.values().flatten().copied().collect();
        let words: Vec<String> = all.iter().map(ToString::to_string).collect();
        words.join(", ")
    }
}

/// The version before of an environment's objects, by group, kind, namespace and name.
type Before<'c> = HashMap<(&'c str, &'c str, &'c str, &'c str), Node<'c>>;

fn before<'c>(checks: &'c Checks, environment: &str) -> Before<'c> {
    let documents = checks.base.as_ref().and_then(|base| base.get(environment));
    documents
        .into_iter()
        .flatten()
        .map(|document| (identity(document.root()), document.root()))
        .collect()
}

fn identity(object: Node<'_>) -> (&str, &str, &str, &str) {
    let text = |path: &[&str]| object.path(path).and_then(Node::as_str).unwrap_or_default();
    (
        group(text(&["apiVersion"])),
        text(&["kind"]),
        text(&["metadata", "namespace"]),
        text(&["metadata", "name"]),
    )
}

/// How many objects were checked by which schemas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// By Kubernetes' own.
    pub kubernetes: usize,
    /// By those of custom resources.
    pub custom: usize,
    /// By none: a finding says so.
    pub nothing: usize,
}

impl Coverage {
    fn count(&mut self, by: CheckedBy) {
        match by {
            CheckedBy::Kubernetes => self.kubernetes += 1,
            CheckedBy::Custom => self.custom += 1,
            CheckedBy::Nothing => self.nothing += 1,
        }
    }
}

/// Checks every object of a run and adds what is found to it.
pub fn inspect(outcome: &mut Outcome, checks: &Checks) -> Coverage {
    let mut coverage = Coverage::default();
    let mut found = Vec::new();
    for environment in &outcome.environments {
        let objects = environment.objects.iter().map(|object| &object.resource);
        let catalogues = catalogues(checks, &environment.name, objects);
        let before = before(checks, &environment.name);
        let results: Vec<(CheckedBy, Vec<Finding>)> = environment
            .objects
            .par_iter()
            .map(|object| {
                let (by, faults) = faults(&catalogues, &before, object.resource.root());
                let findings = faults
                    .into_iter()
                    .map(|fault| rendered(environment, object, fault));
                (by, findings.collect())
            })
            .collect();
        for (by, findings) in results {
            coverage.count(by);
            found.extend(findings);
        }
    }
    let plain = catalogues(
        checks,
        "",
        outcome.manifests.iter().map(|(_, object)| object),
    );
    let before = before(checks, "");
    let results: Vec<(CheckedBy, Vec<Finding>)> = outcome
        .manifests
        .par_iter()
        .map(|(file, object)| {
            let (by, faults) = faults(&plain, &before, object.root());
            let paths = (!faults.is_empty()).then(|| FieldPaths::new(&object.document));
            let findings = faults.into_iter().zip(paths.iter().cycle());
            (
                by,
                findings
                    .map(|(fault, paths)| in_file(*file, object, paths, fault))
                    .collect(),
            )
        })
        .collect();
    for (by, findings) in results {
        coverage.count(by);
        found.extend(findings);
    }
    outcome.findings.extend(found);
    outcome.findings.sort(&outcome.sources);
    coverage
}

/// Makes a catalogue, and the API's rules, of each version that an environment is checked for.
fn catalogues<'a>(
    checks: &Checks,
    environment: &str,
    objects: impl Iterator<Item = &'a Resource>,
) -> Vec<(Catalogue, Api)> {
    let objects: Vec<&Resource> = objects.collect();
    let definitions: Vec<&Resource> = objects
        .iter()
        .copied()
        .filter(|object| object.id.kind == "CustomResourceDefinition")
        .collect();
    let share = Share {
        objects: objects.len(),
        schemas: checks.schemas.len() + definitions.len(),
    };
    let versions = checks.versions.get(environment);
    let versions = versions.map(Vec::as_slice).unwrap_or_default();
    versions
        .iter()
        .filter_map(|version| {
            let mut catalogue = Catalogue::new(*version)?.shared(share);
            for schema in &checks.schemas {
                catalogue.learn(schema.root());
            }
            for object in &definitions {
                catalogue.learn(object.root());
            }
            Some((catalogue, Api::new(*version)?.shared(share)))
        })
        .collect()
}

/// What makes two faults the same: rule, node, field below it, message.
type FaultKey = (&'static str, usize, Option<String>, String);

fn key(fault: &Fault<'_>) -> FaultKey {
    (
        fault.rule.id.as_str(),
        fault.node.index(),
        fault.below.as_deref().map(str::to_owned),
        fault.message.clone(),
    )
}

/// Checks one object for each version; what holds for some of several versions only says for which.
fn faults<'a>(
    catalogues: &[(Catalogue, Api)],
    before: &Before<'_>,
    object: Node<'a>,
) -> (CheckedBy, Vec<Fault<'a>>) {
    let mut by = CheckedBy::Nothing;
    let old = before.get(&identity(object)).copied();
    let mut found = Vec::new();
    for (catalogue, api) in catalogues {
        let mut faults = Vec::new();
        by = by.min(catalogue.check_change(object, old, &mut api.of(object), &mut faults));
        found.push((catalogue.version(), faults));
    }
    let mut faults = if found.len() == 1 {
        found.into_iter().flat_map(|(_, faults)| faults).collect()
    } else {
        of_versions(found)
    };
    if let Some(old) = old {
        changes(old, object, &mut faults);
    }
    bound(&mut faults);
    (by, faults)
}

/// Puts what each version says together, and has what only some say name them.
fn of_versions(found: Vec<(KubernetesVersion, Vec<Fault<'_>>)>) -> Vec<Fault<'_>> {
    let asked = found.len();
    let mut all: Vec<(Fault<'_>, Vec<KubernetesVersion>)> = Vec::new();
    // Where each fault stands in the list: hostile objects have tens of thousands.
    let mut known: HashMap<FaultKey, usize> = HashMap::new();
    for (version, faults) in found {
        for fault in faults {
            let place = *known.entry(key(&fault)).or_insert(all.len());
            match all.get_mut(place) {
                Some((_, versions)) => {
                    if versions.last() != Some(&version) {
                        versions.push(version);
                    }
                }
                None => all.push((fault, vec![version])),
            }
        }
    }
    let told = all.into_iter().map(|(mut fault, versions)| {
        if versions.len() < asked {
            let list: Vec<String> = versions.iter().map(ToString::to_string).collect();
            fault.message = format!("{} (Kubernetes {})", fault.message, list.join(", "));
        }
        fault
    });
    told.collect()
}

fn rendered(environment: &Environment, object: &Object, fault: Fault<'_>) -> Finding {
    let finding = object.finding(environment, fault.rule, fault.message.clone(), fault.node);
    complete(finding, fault)
}

fn in_file(file: FileId, object: &Resource, paths: &FieldPaths, fault: Fault<'_>) -> Finding {
    let place = Location::new(file, fault.node.span());
    let finding = Finding::new(fault.rule, fault.message.clone(), place)
        .resource(object.id.clone())
        .field(paths.path(object.root(), fault.node));
    complete(finding, fault)
}

/// Adds what a fault says beyond its message.
fn complete(mut finding: Finding, fault: Fault<'_>) -> Finding {
    if let Some(below) = fault.below.filter(|below| !below.is_empty()) {
        let above = finding.field.take().unwrap_or_default();
        finding.field = Some(if above.is_empty() {
            below.into_owned()
        } else {
            format!("{above}.{below}")
        });
    }
    if let Some(severity) = fault.severity {
        finding.severity = severity;
    }
    finding.help = fault.help.map(std::borrow::Cow::into_owned);
    finding
}
