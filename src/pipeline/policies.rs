//! The policies of a project as objects of its environments.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Environment, EnvironmentInput, Object};
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
    let bound: HashSet<&str> = resources
        .iter()
        .filter(|object| is_binding(object))
        .map(|binding| bound_policy(binding))
        .collect();
    let bindings: Vec<(Arc<Trace>, Resource)> = objects
        .iter()
        .filter(|(_, object)| is_policy(object) && !bound.contains(object.id.name.as_str()))
        .map(|(trace, policy)| {
            let document = bind(policy, &resources, actions);
            (trace.clone(), Resource::new(document))
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
