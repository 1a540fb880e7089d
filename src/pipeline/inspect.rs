//! Objects along their schemas and rules: faults become findings, which know the line to mend.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rayon::prelude::*;

use super::hide::Hidden;
use super::subject::Subject;
use super::{Environment, Outcome};
use crate::api::{Api, changes};
use crate::cluster::{Cluster, Found, Index, Settings};
use crate::finding::{Finding, RuleId, Severity, bound};
use crate::manifest::{Fault, Scopes, group};
use crate::policy::admission::Tally;
use crate::policy::{Side, parity};
use crate::progress::{Progress, Step};
use crate::project::External;
use crate::schema::{Catalogue, CheckedBy, KubernetesVersion, Share};
use crate::shard::Part;
use crate::yaml::{Document, Node};
use crate::{argocd, network, pod_security, policy, rbac, reference, secret};

/// What to check by.
#[derive(Debug, Default)]
pub struct Checks {
    /// What is known about an environment, by its name; about plain manifests, under the empty name.
    pub settings: BTreeMap<String, Settings>,
    /// Schemas of custom resources: definitions, and JSON Schemas that name their kind.
    pub schemas: Vec<Document>,
    /// The objects that environments may differ in; where there are none, they are not compared.
    pub parity: Option<Vec<External>>,
    /// The version before, by environment as above; where there is none, changes are not checked.
    pub base: Option<BTreeMap<String, Vec<Document>>>,
    /// Where what is done is counted.
    pub progress: Progress,
    /// What of the work is to be done.
    pub part: Part,
    /// What shards counted, by environment as above, where this run joins them.
    pub tallies: BTreeMap<String, Vec<Tally>>,
}

impl Checks {
    /// Returns the Kubernetes versions of all environments in words: `1.34, 1.35`.
    pub fn version_words(&self) -> String {
        let all: BTreeSet<KubernetesVersion> = self
            .settings
            .values()
            .flat_map(|settings| settings.versions.iter().copied())
            .collect();
        let words: Vec<String> = all.iter().map(ToString::to_string).collect();
        words.join(", ")
    }

    /// Tells whether there is a version before to compare with.
    pub fn compares(&self) -> bool {
        let base = self.base.as_ref();
        base.is_some_and(|base| base.values().any(|documents| !documents.is_empty()))
    }
}

/// A family that looks at the objects of an environment; policies are such a family, too, and count for themselves.
type Family = for<'a> fn(&Cluster<'a>) -> Vec<Found<'a>>;

/// The families that judge each object by itself, knowing the others.
const OF_EACH: &[Family] = &[pod_security::check, secret::check];

/// The families that look at all objects together.
const OF_ALL: &[Family] = &[rbac::check, argocd::check];

/// Those that need every object: without those that could not be rendered others seem to be missing.
const OF_THE_WHOLE: &[Family] = &[reference::check, network::check];

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
    /// Returns how many objects were checked by any.
    pub fn checked(&self) -> usize {
        self.kubernetes.saturating_add(self.custom)
    }

    /// Adds what was checked elsewhere.
    pub fn add(&mut self, other: Self) {
        self.kubernetes = self.kubernetes.saturating_add(other.kubernetes);
        self.custom = self.custom.saturating_add(other.custom);
        self.nothing = self.nothing.saturating_add(other.nothing);
    }

    fn count(&mut self, by: CheckedBy) {
        match by {
            CheckedBy::Kubernetes => self.kubernetes += 1,
            CheckedBy::Custom => self.custom += 1,
            CheckedBy::Nothing => self.nothing += 1,
        }
    }
}

/// What the checks give besides findings.
#[derive(Debug, Default)]
pub struct Inspected {
    /// How many objects were checked by which schemas.
    pub coverage: Coverage,
    /// What was counted of policies, by environment; under the empty name for plain manifests.
    pub tallies: BTreeMap<String, Tally>,
}

/// Checks every object of a run and adds what is found to it.
///
/// A shard says of what it could not read or render only what is an error: the rest is said where shards are joined.
pub fn inspect(outcome: &mut Outcome, checks: &Checks) -> Inspected {
    let mut inspected = Inspected::default();
    let (mut found, mut hidden) = (Vec::new(), Hidden::default());
    if !checks.part.joins() {
        let is_error = |finding: &Finding| finding.severity == Severity::Error;
        let only = |finding: &Finding| is_error(finding).then_some(finding.severity);
        outcome.findings.apply(only);
    }
    let steps = Steps::new(outcome, checks);
    for environment in &outcome.environments {
        let objects = environment.objects.iter();
        let subjects: Vec<Subject<'_>> = objects
            .map(|object| Subject::rendered(environment, object))
            .collect();
        found.extend(inspect_environment(
            &environment.name,
            subjects,
            checks,
            outcome,
            &mut Seen {
                inspected: &mut inspected,
                hidden: &mut hidden,
                steps: &steps,
            },
        ));
    }
    let compares = outcome.complete && checks.part.joins();
    if let Some(listed) = checks.parity.as_ref().filter(|_| compares) {
        found.extend(compare(&outcome.environments, listed));
    }
    let manifests = outcome.manifests.iter();
    let subjects: Vec<Subject<'_>> = manifests
        .map(|(file, object)| Subject::plain(*file, object))
        .collect();
    found.extend(inspect_environment(
        "",
        subjects,
        checks,
        outcome,
        &mut Seen {
            inspected: &mut inspected,
            hidden: &mut hidden,
            steps: &steps,
        },
    ));
    outcome.findings.extend(found);
    hidden.apply(outcome);
    outcome.findings.sort(&outcome.sources);
    inspected
}

/// Finds what some environments have and others lack.
fn compare(environments: &[Environment], listed: &[External]) -> Vec<Finding> {
    let sides: Vec<Side<'_>> = environments
        .iter()
        .map(|environment| Side {
            environment: &environment.name,
            objects: environment
                .objects
                .iter()
                .map(|one| &one.resource)
                .collect(),
        })
        .collect();
    let found = parity(&sides, listed).into_iter();
    let findings = found.filter_map(|(side, index, fault)| {
        let environment = environments.get(side)?;
        let object = environment.objects.get(index)?;
        Some(Subject::rendered(environment, object).finding(fault))
    });
    findings.collect()
}

/// Where the checks of an environment put what they give besides findings.
struct Seen<'s> {
    inspected: &'s mut Inspected,
    /// Secrets that no report may show.
    hidden: &'s mut Hidden,
    steps: &'s Steps,
}

/// What is counted while environments are checked one after another.
struct Steps {
    /// Objects, each by itself.
    alone: Step,
    /// Families that look at an environment's objects together.
    together: Step,
}

impl Steps {
    fn new(outcome: &Outcome, checks: &Checks) -> Self {
        // Policies are one more.
        let mut families = OF_EACH.len() + 1;
        if checks.part.joins() {
            families += of_all(outcome.complete).len();
        }
        let environments = outcome.environments.len().max(1);
        let progress = &checks.progress;
        Self {
            together: progress.count(
                "checking together",
                environments * families,
                "families of rules",
            ),
            alone: progress.count("checking", outcome.objects(), "objects"),
        }
    }
}

/// Checks the objects of one environment: each by itself, then all together.
fn inspect_environment<'o>(
    environment: &str,
    mut subjects: Vec<Subject<'o>>,
    checks: &'o Checks,
    outcome: &Outcome,
    seen: &mut Seen<'_>,
) -> Vec<Finding> {
    let Some(settings) = checks.settings.get(environment) else {
        return Vec::new();
    };
    if subjects.is_empty() {
        return Vec::new();
    }
    let count = subjects.len();
    let policies = settings.policies.iter();
    let policies = policies.map(|policy| Subject::plain(policy.file, &policy.resource));
    subjects.extend(policies);
    let subjects = subjects.as_slice();
    let mut found = alone(environment, subjects, checks, settings, count, seen);
    let mut scopes = Scopes::default();
    for schema in &checks.schemas {
        scopes.learn(schema.root());
    }
    let objects = subjects.iter().take(count).map(|subject| subject.resource);
    let own = subjects
        .iter()
        .enumerate()
        .filter(|(_, subject)| subject.is_own_policy());
    let base = checks.base.as_ref();
    let base = base.map(|base| base.get(environment).map(Vec::as_slice).unwrap_or_default());
    let cluster = Cluster::new(objects.collect(), scopes, settings)
        .with_schemas(&checks.schemas)
        .with_part(checks.part)
        .with_before(base)
        .with_own_policies(own.map(|(index, _)| index));
    let (progress, steps) = (&checks.progress, seen.steps);
    progress.go_on(&steps.together);
    let shards = checks.tallies.get(environment);
    let ((of_each, mut together), (said, tally)) = rayon::join(
        || families(&cluster, outcome.complete, &steps.together),
        || {
            let checked = policy::check(&cluster, shards.map(Vec::as_slice).unwrap_or_default());
            steps.together.one();
            checked
        },
    );
    let name = environment.to_owned();
    seen.inspected.tallies.insert(name, tally);
    // Before some are left out: what one of these hides stays hidden, even where another run tells it.
    for one in of_each.iter().chain(&together) {
        if let Some(subject) = subjects.get(one.object) {
            for node in &one.hidden {
                seen.hidden.add(subject, *node, &outcome.sources);
            }
        }
    }
    for subject in subjects {
        for node in secret::strays(subject.resource) {
            seen.hidden.add(subject, node, &outcome.sources);
        }
    }
    let of_each = of_each.into_iter();
    together.extend(of_each.filter(|one| cluster.checks(one.object)));
    together.extend(said);
    bound(&mut together);
    found.extend(seen_together(together, subjects, environment, settings));
    found
}

/// Checks each object by its schemas and by what can be said of it alone.
fn alone(
    environment: &str,
    subjects: &[Subject<'_>],
    checks: &Checks,
    settings: &Settings,
    count: usize,
    seen: &mut Seen<'_>,
) -> Vec<Finding> {
    if checks.part == Part::Joining {
        return Vec::new();
    }
    let catalogues = catalogues(checks, settings, subjects);
    let before = before(checks, environment);
    let step = &seen.steps.alone;
    checks.progress.go_on(step);
    let judged: Vec<Option<(CheckedBy, Vec<Finding>)>> = subjects
        .par_iter()
        .map(|subject| {
            let is_own = subject.resource.is_checked_by(checks.part);
            let judged = is_own.then(|| {
                let (by, faults) = faults(&catalogues, &before, subject.resource.root());
                let findings = faults.into_iter().map(|fault| subject.finding(fault));
                (by, findings.collect())
            });
            step.one();
            judged
        })
        .collect();
    let mut found = Vec::new();
    for (at, (by, findings)) in judged
        .into_iter()
        .enumerate()
        .filter_map(|(at, one)| Some((at, one?)))
    {
        // Policies that the objects are checked by are none of them.
        if at < count {
            seen.inspected.coverage.count(by);
        }
        found.extend(findings);
    }
    found
}

/// Returns the families that look at all objects together.
fn of_all(complete: bool) -> Vec<Family> {
    let whole = if complete { OF_THE_WHOLE } else { &[] };
    OF_ALL.iter().chain(whole).copied().collect()
}

/// Runs the families: what they say of each object, and of all together.
fn families<'a>(
    cluster: &Cluster<'a>,
    complete: bool,
    step: &Step,
) -> (Vec<Found<'a>>, Vec<Found<'a>>) {
    let run = |families: &[Family]| {
        let found = families.par_iter().flat_map_iter(|family| {
            let found = family(cluster);
            step.one();
            found
        });
        found.collect::<Vec<Found<'a>>>()
    };
    let all = || {
        let mut found = Vec::new();
        if cluster.joins() {
            found = run(&of_all(complete));
        }
        found
    };
    rayon::join(|| run(OF_EACH), all)
}

/// Makes findings of faults that are seen from other objects, with their places.
fn seen_together(
    found: Vec<Found<'_>>,
    subjects: &[Subject<'_>],
    environment: &str,
    settings: &Settings,
) -> Vec<Finding> {
    let flows = settings.flows.as_ref();
    let flows = flows.map(|flows| Subject::plain(flows.file, &flows.resource));
    // The file of declared connections comes after all objects.
    let subject = |index: Index| match subjects.get(index) {
        None if index == subjects.len() => flows.as_ref(),
        subject => subject,
    };
    let findings = found.into_iter().filter_map(|one| {
        let is_declared = one.object == subjects.len();
        let mut finding = subject(one.object)?.finding(one.fault);
        let related = one.related.into_iter();
        let places = related.filter_map(|(index, node)| Some(subject(index)?.place(node)));
        finding.related.extend(places);
        if is_declared {
            // The file is no object, and what it says may be wrong in one environment only.
            finding.resource = None;
            finding = finding.environment(environment);
        }
        Some(finding)
    });
    findings.collect()
}

/// Makes a catalogue, and the API's rules, of each version that an environment is checked for.
fn catalogues(
    checks: &Checks,
    settings: &Settings,
    subjects: &[Subject<'_>],
) -> Vec<(Catalogue, Api)> {
    let is_definition =
        |subject: &&Subject<'_>| subject.resource.id.kind == "CustomResourceDefinition";
    let share = Share {
        objects: subjects.len(),
        schemas: checks.schemas.len() + subjects.iter().filter(is_definition).count(),
    };
    let versions = settings.versions.iter();
    versions
        .filter_map(|version| {
            let mut catalogue = Catalogue::new(*version)?.shared(share);
            for schema in &checks.schemas {
                catalogue.learn(schema.root());
            }
            for subject in subjects.iter().filter(is_definition) {
                catalogue.learn(subject.resource.root());
            }
            Some((catalogue, Api::new(*version)?.shared(share)))
        })
        .collect()
}

/// What makes two faults the same: rule, node, field below it, message.
type FaultKey = (RuleId, usize, Option<String>, String);

fn key(fault: &Fault<'_>) -> FaultKey {
    (
        fault.rule.clone(),
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
