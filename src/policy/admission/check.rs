//! The policies of an environment that are in effect, and what they say about its objects.

use std::collections::{HashMap, HashSet};

use super::binding::Binding;
use super::params::Params;
use super::policy::Policy;
use super::report;
use super::request::Kinds;
use super::run::{Judged, Judges};
use super::seen::Definitions;
use super::tally::Tally;
use crate::cluster::{Cluster, Found, Index};
use crate::finding::Severity;
use crate::manifest::Resource;
use crate::policy::{bound_policy, is_binding, is_policy};
use crate::project::PolicyAction;
use crate::schema::KubernetesVersion;

/// A policy that is in effect.
#[derive(Debug)]
pub(super) struct Guard<'a> {
    pub(super) policy: Policy<'a>,
    /// The policy's object.
    pub(super) index: Index,
    pub(super) uses: Vec<Use<'a>>,
}

/// A policy as a binding uses it.
#[derive(Debug)]
pub(super) struct Use<'a> {
    pub(super) binding: Binding<'a>,
    /// The binding's object.
    pub(super) index: Index,
    pub(super) severity: Severity,
    pub(super) params: Params<'a>,
}

/// Judges the objects of an environment by its policies; `shards` is what others counted that judged some of them.
pub fn check<'a>(cluster: &Cluster<'a>, shards: &[Tally]) -> (Vec<Found<'a>>, Tally) {
    let listed = || cluster.policies().chain(cluster.objects());
    if !listed().any(|(_, object)| is_policy(object)) {
        return (Vec::new(), Tally::default());
    }
    let definitions = definitions(cluster);
    let versions = &cluster.settings().versions;
    let newest = versions
        .iter()
        .max()
        .copied()
        .unwrap_or(KubernetesVersion::NEWEST);
    let kinds = Kinds::new(newest, cluster.scopes()).definitions(&definitions);
    let mut wrong = Vec::new();
    let guards = guards(cluster, kinds, &mut wrong);
    let Judged {
        mut found,
        mut tally,
    } = Judges::new(cluster, &guards, kinds).run();
    for shard in shards {
        tally.add(shard.clone());
    }
    // What is wrong with policies is of no shard.
    if cluster.joins() {
        found.extend(wrong);
        report::together(cluster, &guards, &tally, &mut found);
    }
    (found, tally)
}

/// Returns what the definitions of custom resources say about kinds of which there are objects.
fn definitions(cluster: &Cluster<'_>) -> Definitions {
    let kinds: HashSet<(&str, &str)> = cluster
        .objects()
        .chain(cluster.policies())
        .map(|(_, object)| (object.id.api_version.as_str(), object.id.kind.as_str()))
        .collect();
    let is_there = |api_version: &str, kind: &str| kinds.contains(&(api_version, kind));
    let mut definitions = Definitions::default();
    let own = cluster.of_kind("apiextensions.k8s.io", "CustomResourceDefinition");
    let own = own.iter().filter_map(|index| cluster.get(*index));
    let schemas = cluster.schemas().iter().map(|schema| schema.root());
    for root in schemas.chain(own.map(Resource::root)) {
        definitions.learn(root, cluster.scopes(), &is_there);
    }
    definitions
}

/// Compiles the policies that are in effect; tells what is wrong with those that do not compile.
fn guards<'a>(
    cluster: &Cluster<'a>,
    kinds: Kinds<'_>,
    found: &mut Vec<Found<'a>>,
) -> Vec<Guard<'a>> {
    let mut bindings: HashMap<&'a str, Vec<(Index, &'a Resource)>> = HashMap::new();
    // What `--policies` names comes first, and wins over objects of the same name.
    let all: Vec<(Index, &'a Resource)> = cluster.policies().chain(cluster.objects()).collect();
    for (index, object) in all.iter().filter(|(_, object)| is_binding(object)) {
        let same = bindings.entry(bound_policy(object)).or_default();
        if same
            .iter()
            .all(|(_, other)| other.id.name != object.id.name)
        {
            same.push((*index, object));
        }
    }
    let mut guards = Vec::new();
    let mut names = HashSet::new();
    for (index, object) in all.iter().filter(|(_, object)| is_policy(object)) {
        if !names.insert(object.id.name.as_str()) {
            continue;
        }
        let compiled = report::compile(*index, object.root(), &cluster.settings().versions, found);
        let Some(policy) = compiled else {
            continue;
        };
        let bound = bindings.get(object.id.name.as_str()).into_iter().flatten();
        let strict = cluster.is_strict(*index);
        let uses = bound.filter_map(|(index, object)| {
            let binding = Binding::read(object.root())?;
            let params = Params::find(&policy, &binding, cluster, kinds);
            Some(Use {
                index: *index,
                severity: severity(&binding, strict)?,
                params,
                binding,
            })
        });
        let uses: Vec<Use<'a>> = uses.collect();
        if !uses.is_empty() {
            guards.push(Guard {
                policy,
                index: *index,
                uses,
            });
        }
    }
    guards
}

/// Returns how much it matters what a binding's policy refuses; nothing where the binding does nothing.
fn severity(binding: &Binding<'_>, strict: bool) -> Option<Severity> {
    if strict {
        return Some(Severity::Error);
    }
    let severities = binding.actions().iter().map(|action| match action {
        PolicyAction::Deny => Severity::Error,
        PolicyAction::Warn => Severity::Warning,
        PolicyAction::Audit => Severity::Note,
    });
    severities.max()
}
