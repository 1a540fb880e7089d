//! Unit tests of policies: `policies/tests/*.yaml`.
//!
//! In: the texts of the tests, and the policies with their bindings. Out: for each case whether the policy says what is
//! expected of it.

mod change;
mod suite;

use serde_json::Value;

pub use self::suite::{Case, Suite, read_suites};
use super::admission::{Binding, Decision, Kinds, Policy, Request, Verdict, judge};
use super::{bound_policy, is_binding, is_policy};
use crate::manifest::{Resource, Scopes};
use crate::project::PolicyAction;
use crate::schema::KubernetesVersion;
use crate::source::Location;
use crate::yaml::{Document, Node};

/// What a policy may say of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// It may pass.
    Allow,
    /// It is refused.
    Deny,
    /// It passes with a warning: the policy's binding says `Warn`.
    Warn,
    /// It passes and is written to the audit log: the policy's binding says `Audit`.
    Audit,
    /// The policy is not about it.
    NotMatched,
}

impl Expect {
    /// The words of the tests.
    pub(super) const WORDS: &'static [(&'static str, Self)] = &[
        ("allow", Self::Allow),
        ("deny", Self::Deny),
        ("warn", Self::Warn),
        ("audit", Self::Audit),
        ("not-matched", Self::NotMatched),
    ];

    /// Returns the word of the tests.
    pub fn as_str(self) -> &'static str {
        let found = Self::WORDS.iter().find(|(_, expect)| *expect == self);
        found.map_or("", |(word, _)| word)
    }
}

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The policy.
    pub policy: String,
    /// What is tested.
    pub name: String,
    /// Where it is written.
    pub place: Location,
    /// Why it failed, in words; nothing where the policy says what is expected.
    pub failure: Option<String>,
}

/// Runs tests against policies; `objects` are what stands below `policies/`.
pub fn run_suites(
    suites: &[Suite],
    objects: &[Resource],
    version: KubernetesVersion,
    scopes: &Scopes,
) -> Vec<Outcome> {
    let kinds = Kinds::new(version, scopes);
    let mut outcomes = Vec::new();
    for suite in suites {
        let policies = objects.iter().filter(|object| is_policy(object));
        let policy = policies.map(Resource::root).find(|root| {
            root.path(&["metadata", "name"]).and_then(Node::as_str) == Some(&*suite.policy)
        });
        let compiled = policy.map(|root| Policy::compile(root, version));
        let binding = objects
            .iter()
            .find(|object| is_binding(object) && bound_policy(object) == suite.policy);
        let binding = binding.and_then(|object| Binding::read(object.root()));
        for case in &suite.cases {
            let failure = match &compiled {
                None => Some(format!("there is no policy `{}`", suite.policy)),
                Some(Err(problems)) => {
                    let first = problems.first().map(|problem| problem.message.as_str());
                    let why = first.unwrap_or("its matchConstraints are not valid");
                    Some(format!("the policy cannot be compiled: {why}"))
                }
                Some(Ok(policy)) => run_case(case, policy, binding.as_ref(), kinds),
            };
            outcomes.push(Outcome {
                policy: suite.policy.clone(),
                name: case.name.clone(),
                place: case.place.clone(),
                failure,
            });
        }
    }
    outcomes
}

/// Returns the policies that no test is of.
pub fn untested<'o>(suites: &[Suite], objects: &'o [Resource]) -> Vec<&'o str> {
    let policies = objects.iter().filter(|object| is_policy(object));
    let names = policies.map(|policy| policy.id.name.as_str());
    names
        .filter(|name| suites.iter().all(|suite| suite.policy != *name))
        .collect()
}

/// Runs one case; returns why it failed.
fn run_case<'c>(
    case: &'c Case,
    policy: &'c Policy<'c>,
    binding: Option<&'c Binding<'c>>,
    kinds: Kinds<'c>,
) -> Option<String> {
    let root = |document: &'c Option<Document>| document.as_ref().map(Document::root);
    let request = match (case.operation, root(&case.object), root(&case.old)) {
        ("CREATE", Some(object), _) => Request::create(object, kinds),
        ("UPDATE", Some(object), Some(old)) => Request::update(object, old, kinds),
        ("DELETE", _, Some(old)) => Request::delete(old, kinds),
        ("CONNECT", Some(object), _) => Request::connect(object, kinds),
        (operation, _, _) => {
            let needs = match operation {
                "UPDATE" => "`object` and `oldObject`",
                "DELETE" => "`oldObject`",
                _ => "`object`",
            };
            return Some(format!("a request to {operation} needs {needs}"));
        }
    };
    let mut request = request.namespace_object(root(&case.namespace));
    if let Some(user) = &case.user {
        request = request.user(user);
    }
    let params: Vec<_> = root(&case.params).into_iter().collect();
    let decision = judge(policy, binding, &params, &request);
    let actions = binding.map(Binding::actions).unwrap_or_default();
    disagreement(case, &decision, actions)
}

/// Says how a decision is not what is expected.
fn disagreement(case: &Case, decision: &Decision<'_>, actions: &[PolicyAction]) -> Option<String> {
    let said = match decision.verdict {
        Verdict::NotMatched => Expect::NotMatched,
        Verdict::Allowed => Expect::Allow,
        Verdict::NotDecided => {
            let why = decision.not_decided.as_deref().unwrap_or_default();
            return Some(format!("this is not decided without a cluster: {why}"));
        }
        Verdict::Denied | Verdict::Error => {
            let has = |action| actions.contains(&action);
            match (
                has(PolicyAction::Deny) || actions.is_empty(),
                has(PolicyAction::Warn),
            ) {
                (true, _) => Expect::Deny,
                (false, true) => Expect::Warn,
                (false, false) => Expect::Audit,
            }
        }
    };
    let messages: Vec<&str> = decision
        .denials
        .iter()
        .map(|denial| denial.message.as_str())
        .collect();
    // A message of more than one line would break the list of results.
    let told = |messages: &[&str]| Value::from(messages.join("; ")).to_string();
    if said != case.expect {
        let why = match messages.as_slice() {
            [] => String::new(),
            messages => format!(": {}", told(messages)),
        };
        let (expected, said) = (case.expect.as_str(), said.as_str());
        return Some(format!(
            "expected {expected}, and the policy says {said}{why}"
        ));
    }
    let wanted = case.message.as_deref()?;
    let holds = messages.iter().any(|message| message.contains(wanted));
    (!holds).then(|| {
        let wanted = Value::from(wanted);
        format!(
            "expected a message with {wanted}, and it is {}",
            told(&messages)
        )
    })
}

#[cfg(test)]
mod tests;
