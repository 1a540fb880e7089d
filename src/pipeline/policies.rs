//! The policies of a project as objects of its environments.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Environment, EnvironmentInput, Object};
use crate::cluster::PolicyObject;
use crate::finding::Finding;
use crate::manifest::{Resource, flatten};
use crate::policy::{bind, bind_as_asked, bound_policy, is_binding, is_policy};
use crate::render::Trace;
use crate::source::{FileId, SourceMap};
use crate::yaml::{Limits, read};

/// A file below `policies/`.
#[derive(Clone, Debug)]
pub struct PolicyFile {
    /// The file.
    pub file: FileId,
    /// The environment it is for; all of them where it is none.
    pub environment: Option<String>,
}

/// The folder that policies are of: no namespace's, whose names do not begin with `_`.
pub(super) const FOLDER: &str = "_policies";

/// Reads policies that stand beside the objects, and binds those that have no binding.
pub fn read_policies(
    sources: &SourceMap,
    files: &[FileId],
    limits: &Limits,
) -> (Vec<PolicyObject>, Vec<Finding>) {
    let (mut objects, mut findings) = (Vec::new(), Vec::new());
    for file in files {
        let stream = read(sources.file(*file).text(), limits);
        let problems = stream.problems.into_iter();
        findings.extend(problems.map(|problem| problem.in_file(*file)));
        let documents = stream.documents.into_iter().flat_map(flatten);
        objects.extend(documents.map(|document| PolicyObject {
            file: *file,
            resource: Resource::new(document),
        }));
    }
    let resources: Vec<&Resource> = objects.iter().map(|object| &object.resource).collect();
    let bindings: Vec<PolicyObject> = unbound(&resources)
        .filter_map(|at| {
            let policy = objects.get(at)?;
            let document = bind(&policy.resource, &resources, &[]);
            Some(PolicyObject {
                file: policy.file,
                resource: Resource::new(document),
            })
        })
        .collect();
    objects.extend(bindings);
    (objects, findings)
}

/// Returns the places of the policies that have no binding.
fn unbound<'o>(objects: &'o [&Resource]) -> impl Iterator<Item = usize> + use<'o> {
    let bindings = objects.iter().filter(|object| is_binding(object));
    let bound: HashSet<&str> = bindings.map(|binding| bound_policy(binding)).collect();
    let policies = objects.iter().enumerate();
    let policies = policies
        .filter(move |(_, object)| is_policy(object) && !bound.contains(object.id.name.as_str()));
    policies.map(|(at, _)| at)
}

/// Adds the policies of a project to the objects of an environment, with their bindings.
pub(super) fn take_policies(
    sources: &SourceMap,
    files: &[PolicyFile],
    input: &EnvironmentInput,
    environment: &mut Environment,
    limits: &Limits,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut objects: Vec<(Arc<Trace>, Resource)> = Vec::new();
    for file in files {
        if file
            .environment
            .as_ref()
            .is_some_and(|own| *own != input.name)
        {
            continue;
        }
        let stream = read(sources.file(file.file).text(), limits);
        let problems = stream.problems.into_iter();
        findings.extend(problems.map(|problem| problem.in_file(file.file)));
        let trace = Arc::new(Trace::verbatim(file.file));
        let documents = stream.documents.into_iter().flat_map(flatten);
        objects.extend(documents.map(|document| (trace.clone(), Resource::new(document))));
    }
    let actions = &input.policy_actions;
    let resources: Vec<&Resource> = objects.iter().map(|(_, object)| object).collect();
    let bindings: Vec<(Arc<Trace>, Resource)> = unbound(&resources)
        .filter_map(|at| {
            let (trace, policy) = objects.get(at)?;
            let document = bind(policy, &resources, actions);
            Some((trace.clone(), Resource::new(document)))
        })
        .collect();
    let as_asked = |object: Resource| match bind_as_asked(&object, actions) {
        Some(document) if is_binding(&object) => Resource::new(document),
        _ => object,
    };
    let own = objects
        .into_iter()
        .map(|(trace, object)| (trace, as_asked(object)));
    environment.objects.extend(
        own.chain(bindings)
            .map(|(trace, object)| Object::new(object, FOLDER.to_owned(), trace)),
    );
    findings
}
