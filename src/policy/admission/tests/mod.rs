//! Policies, objects and requests as text.

mod checking;
mod hostile;
mod judging;
mod matching;
mod params;
mod places;

use std::sync::Arc;

use super::*;
use crate::manifest::Scopes;
use crate::schema::KubernetesVersion;
use crate::yaml::{Document, Limits, read};

const VERSION: KubernetesVersion = KubernetesVersion::minor(34);

/// Rules that are about everything.
const EVERYTHING: &str = "  matchConstraints: {resourceRules: [{apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*/*']}]}\n";

fn document(text: &str) -> Document {
    let mut stream = read(&Arc::from(text), &Limits::default());
    assert!(stream.problems.is_empty(), "{text}: {:?}", stream.problems);
    stream.documents.remove(0)
}

/// A policy about everything, of a part of its spec.
fn policy(spec: &str) -> Document {
    document(&format!(
        "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: {{name: p}}\nspec:\n{EVERYTHING}{spec}\n"
    ))
}

/// What is sent: an object, what it was before, its namespace, params.
#[derive(Clone, Copy, Default)]
struct Sent<'t> {
    object: &'t str,
    old: &'t str,
    namespace: &'t str,
    params: &'t [&'t str],
    binding: &'t str,
}

/// What is said: the verdict, and all messages.
fn judged(policy: &Document, sent: Sent<'_>) -> (Verdict, String) {
    let compiled = Policy::compile(policy.root(), VERSION).unwrap_or_else(|problems| {
        let told: Vec<&str> = problems
            .iter()
            .map(|problem| problem.message.as_str())
            .collect();
        panic!("{}: {told:?}", policy.text())
    });
    let scopes = Scopes::default();
    let kinds = Kinds::new(VERSION, &scopes);
    let document_of = |text: &str| (!text.is_empty()).then(|| document(text));
    let (object, old) = (document_of(sent.object), document_of(sent.old));
    let (namespace, binding) = (document_of(sent.namespace), document_of(sent.binding));
    let params: Vec<Document> = sent.params.iter().map(|text| document(text)).collect();
    let params: Vec<_> = params.iter().map(Document::root).collect();
    let request = match (&object, &old) {
        (Some(object), Some(old)) => Request::update(object.root(), old.root(), kinds),
        (Some(object), None) => Request::create(object.root(), kinds),
        (None, Some(old)) => Request::delete(old.root(), kinds),
        (None, None) => panic!("nothing is sent"),
    };
    let request = request.namespace_object(namespace.as_ref().map(Document::root));
    let binding = binding
        .as_ref()
        .map(|binding| Binding::read(binding.root()).unwrap());
    let decision = judge(&compiled, binding.as_ref(), &params, &request);
    let messages = decision.denials.iter().map(|denial| denial.message.clone());
    let notes = decision
        .annotations
        .iter()
        .map(|(key, text)| format!("{key}={text}"));
    let not_decided = decision.not_decided.iter().map(ToString::to_string);
    let all: Vec<String> = messages.chain(notes).chain(not_decided).collect();
    (decision.verdict, all.join("; "))
}
