//! What a policy says about a request (`apiserver/pkg/admission/plugin/policy/validating/validator.go`).

use std::borrow::Cow;

use super::binding::Binding;
use super::matching::Match;
use super::policy::{Policy, Validation};
use super::request::{Request, User};
use crate::cel::{Activation, Budget, EvalError, Opaque, Value};
use crate::yaml::Node;

/// The longest message that an expression may give, in bytes.
const LONGEST_MESSAGE: usize = 5 << 10;

/// What a policy says about a request in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The policy, or its binding, is not about it.
    NotMatched,
    /// It may pass.
    Allowed,
    /// It is refused: a validation does not hold.
    Denied,
    /// It is refused: an expression failed, and `failurePolicy` is `Fail`.
    Error,
    /// That is known in a cluster only.
    NotDecided,
}

/// What a policy says about a request.
#[derive(Clone, Debug)]
pub struct Decision<'a> {
    /// In all.
    pub verdict: Verdict,
    /// Why it is refused; each validation that does not hold, or fails, for each of the params.
    pub denials: Vec<Denial<'a>>,
    /// What is known in a cluster only, in words.
    pub not_decided: Option<Cow<'static, str>>,
    /// What goes into the audit log, by key.
    pub annotations: Vec<(&'a str, String)>,
}

/// A reason to refuse a request.
#[derive(Clone, Debug)]
pub struct Denial<'a> {
    /// What the user is told.
    pub message: String,
    /// `Invalid`, `Forbidden`, `Unauthorized` or `RequestEntityTooLarge`.
    pub reason: &'a str,
    /// Whether an expression failed, instead of giving `false`.
    pub error: bool,
    /// The validation's expression in the policy; none where it is another expression that failed.
    pub expression: Option<Node<'a>>,
}

impl<'a> Decision<'a> {
    fn of(verdict: Verdict) -> Self {
        Self {
            verdict,
            denials: Vec::new(),
            not_decided: None,
            annotations: Vec::new(),
        }
    }
}

/// Judges a request by a policy: with each of its params, all of which must let it pass; with none, `params` is null.
///
/// A binding, where there is one, must be about the request, too. The params are not looked for: see
/// [`Binding::params`].
pub fn judge<'a>(
    policy: &'a Policy<'a>,
    binding: Option<&'a Binding<'a>>,
    params: &[Node<'a>],
    request: &'a Request<'a>,
) -> Decision<'a> {
    let matched = policy.constraints.matches(request);
    let bound = binding.map_or(Match::Yes(None), |binding| {
        binding.constraints.matches(request)
    });
    let version = match (matched, bound) {
        (Match::No, _) | (_, Match::No) => return Decision::of(Verdict::NotMatched),
        (Match::Yes(version), Match::Yes(_)) => version,
        _ => {
            let mut decision = Decision::of(Verdict::NotDecided);
            let message = format!("the labels of the namespace `{}`", request.namespace);
            decision.not_decided = Some(message.into());
            return decision;
        }
    };
    if request.is_exempt() {
        return Decision::of(Verdict::NotMatched);
    }
    if version.is_some() && request.differs_by_version() {
        let mut decision = Decision::of(Verdict::NotDecided);
        decision.not_decided = Some("the object in the version that the policy names".into());
        return decision;
    }
    let mut judge = Judge {
        policy,
        request,
        version,
        decision: Decision::of(Verdict::NotMatched),
    };
    if params.is_empty() {
        judge.run(None);
    }
    for param in params {
        judge.run(Some(*param));
    }
    judge.decision
}

struct Judge<'a> {
    policy: &'a Policy<'a>,
    request: &'a Request<'a>,
    /// The version that the policy names, where it is not the object's.
    version: Option<&'a str>,
    decision: Decision<'a>,
}

impl<'a> Judge<'a> {
    /// Judges with one of the params.
    fn run(&mut self, params: Option<Node<'a>>) {
        let activation = self.activation(params, false);
        match self.conditions(&activation) {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                self.failed(error, None);
                return;
            }
        }
        if self.decision.verdict == Verdict::NotMatched {
            self.decision.verdict = Verdict::Allowed;
        }
        let activation = self.activation(params, true);
        let mut budget = Budget::new();
        let mut failed = Vec::new();
        for validation in &self.policy.validations {
            match validation.program.eval(&activation, &mut budget) {
                Ok(Value::Bool(true)) => {}
                Ok(_) => failed.push((validation, None)),
                // With the policy's own budget gone, its other validations are not looked at.
                Err(EvalError::Budget) if budget.left == 0 => {
                    self.failed(EvalError::Budget, None);
                    return;
                }
                Err(error) => failed.push((validation, Some(error))),
            }
        }
        for (validation, error) in failed {
            match error {
                Some(error) => self.failed(error, Some(validation)),
                None => self.deny(validation, &activation, &mut budget),
            }
        }
        self.annotate(&activation);
    }

    /// Tells whether the match conditions hold; one that does not wins over those that fail.
    fn conditions(&self, activation: &Activation<'a>) -> Result<bool, EvalError> {
        let mut budget = Budget::match_conditions();
        let mut worst = None;
        for program in &self.policy.conditions {
            match program.eval(activation, &mut budget) {
                Ok(Value::Bool(true)) => {}
                Ok(Value::Bool(false)) => return Ok(false),
                Ok(_) => worst = Some(EvalError::Failure("a condition gives no bool".to_owned())),
                Err(error @ EvalError::Budget) if budget.left == 0 => return Err(error),
                Err(error @ EvalError::NotDecided(_)) => worst = Some(error),
                Err(error) => worst = worst.or(Some(error)),
            }
        }
        worst.map_or(Ok(true), Err)
    }

    fn failed(&mut self, error: EvalError, validation: Option<&'a Validation<'a>>) {
        let message = match error {
            EvalError::NotDecided(what) => {
                self.decision.not_decided = Some(what.into());
                if self.decision.verdict <= Verdict::Allowed {
                    self.decision.verdict = Verdict::NotDecided;
                }
                return;
            }
            error => error.to_string(),
        };
        if !self.policy.fails {
            return;
        }
        self.decision.denials.push(Denial {
            message,
            reason: "Invalid",
            error: true,
            expression: validation.map(|validation| validation.expression),
        });
        if self.decision.verdict != Verdict::Denied {
            self.decision.verdict = Verdict::Error;
        }
    }

    fn deny(
        &mut self,
        validation: &'a Validation<'a>,
        activation: &Activation<'a>,
        budget: &mut Budget,
    ) {
        let made = validation.message_program.as_ref().and_then(|program| {
            let value = program.eval(activation, budget).ok()?;
            let text = value.as_str()?.trim().to_owned();
            (!text.is_empty() && text.len() <= LONGEST_MESSAGE && !text.contains('\n'))
                .then_some(text)
        });
        let written = || Some(validation.message.to_owned()).filter(|message| !message.is_empty());
        let expression = || validation.expression.as_str().unwrap_or_default().trim();
        let message = made.or_else(written);
        self.decision.denials.push(Denial {
            message: message.unwrap_or_else(|| format!("failed expression: {}", expression())),
            reason: validation.reason,
            error: false,
            expression: Some(validation.expression),
        });
        self.decision.verdict = Verdict::Denied;
    }

    fn annotate(&mut self, activation: &Activation<'a>) {
        let mut budget = Budget::new();
        for (key, program) in &self.policy.annotations {
            match program.eval(activation, &mut budget) {
                Ok(Value::Null) => {}
                Ok(Value::String(text)) => {
                    let text = text.trim();
                    if !text.is_empty() {
                        self.decision.annotations.push((key, text.to_owned()));
                    }
                }
                Ok(other) => {
                    let message = format!(
                        "the audit annotation `{key}` gives {}, and not a string",
                        other.type_name()
                    );
                    self.failed(EvalError::Failure(message), None);
                }
                Err(error) => self.failed(error, None),
            }
        }
    }
}

impl<'a> Judge<'a> {
    fn activation(&self, params: Option<Node<'a>>, variables: bool) -> Activation<'a> {
        let mut activation = Activation::new();
        let node = |node: Option<Node<'a>>| node.map_or(Value::Null, Value::node);
        activation.set("object", node(self.request.object));
        activation.set("oldObject", node(self.request.old));
        activation.set("params", node(params));
        activation.set(
            "authorizer",
            Value::Opaque(Opaque::Authorizer("authorizer")),
        );
        let check = Value::Opaque(Opaque::Authorizer("resource_check"));
        activation.set("authorizer.requestResource", check);
        activation.set("request", self.request());
        // Match conditions do not see the namespace.
        let namespace = self
            .request
            .namespace_object
            .filter(|_| variables && !self.request.is_namespace());
        activation.set("namespaceObject", node(namespace));
        if variables {
            for (name, program) in &self.policy.variables {
                activation.set_lazy(name, program);
            }
        }
        activation
    }

    /// Makes the value of `request`; what is empty is left out, as it is in JSON.
    fn request(&self) -> Value<'a> {
        let (request, resource) = (self.request, &self.request.resource);
        let text = Value::string;
        let kind = |version: &str| {
            Value::map([
                ("group", text(resource.group)),
                ("version", text(version)),
                ("kind", text(resource.kind)),
            ])
        };
        let named = |version: &str| {
            Value::map([
                ("group", text(resource.group)),
                ("version", text(version)),
                ("resource", text(&resource.plural)),
            ])
        };
        let version = self.version.unwrap_or(resource.version);
        let mut entries = vec![
            ("kind", kind(version)),
            ("resource", named(version)),
            ("requestKind", kind(resource.version)),
            ("requestResource", named(resource.version)),
            ("operation", text(request.operation.as_str())),
            ("userInfo", user(request.user)),
            ("dryRun", Value::Bool(request.dry_run)),
            ("options", request.options()),
        ];
        let more = [
            ("subResource", resource.part),
            ("requestSubResource", resource.part),
            ("name", request.name),
            ("namespace", request.namespace),
        ];
        let more = more.into_iter().filter(|(_, value)| !value.is_empty());
        entries.extend(more.map(|(key, value)| (key, text(value))));
        Value::map(entries)
    }
}

fn user<'a>(user: Option<&User>) -> Value<'a> {
    let default = User::default();
    let user = user.unwrap_or(&default);
    let mut entries = vec![("username", Value::string(&user.name))];
    if !user.groups.is_empty() {
        let groups = user.groups.iter().map(|group| Value::string(group));
        entries.push(("groups", Value::list(groups.collect())));
    }
    Value::map(entries)
}
