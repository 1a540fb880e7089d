//! What a policy says about a request (`apiserver/pkg/admission/plugin/policy/validating/validator.go`).

use std::borrow::Cow;

use super::binding::Binding;
use super::matching::Match;
use super::policy::{Policy, Validation};
use super::report::MOST_TOLD;
use super::request::Request;
use super::value;
use crate::cel::{Activation, Budget, EvalError, Opaque, Program, Reason, Value};
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
    /// What the expressions cost.
    pub(super) cost: u64,
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
    /// The node of the object that decided, where one can be told.
    pub place: Option<Reason<'a>>,
}

impl Decision<'_> {
    fn of(verdict: Verdict) -> Self {
        Self {
            verdict,
            denials: Vec::new(),
            not_decided: None,
            annotations: Vec::new(),
            cost: 0,
        }
    }
}

/// Judges a request by a policy: with each of its params, all of which must let it pass; with none, `params` is null.
///
/// A binding, where there is one, must be about the request, too. The params are not looked for:
/// whoever judges a whole environment does that.
pub fn judge<'a>(
    policy: &'a Policy<'a>,
    binding: Option<&'a Binding<'a>>,
    params: &[Node<'a>],
    request: &Request<'a>,
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
            decision.not_decided = Some("what labels the namespace has".into());
            return decision;
        }
    };
    if request.is_exempt() {
        return Decision::of(Verdict::NotMatched);
    }
    if version.is_some() && request.differs_by_version() {
        let mut decision = Decision::of(Verdict::NotDecided);
        decision.not_decided =
            Some("what the object is in the version that the policy names".into());
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

struct Judge<'a, 'r> {
    policy: &'a Policy<'a>,
    request: &'r Request<'a>,
    /// The version that the policy names, where it is not the object's.
    version: Option<&'a str>,
    decision: Decision<'a>,
}

/// An expression that failed, and how.
type Failed<'a> = (&'a Program, EvalError, Option<&'a Validation<'a>>);

impl<'a> Judge<'a, '_> {
    /// Judges with one of the params.
    fn run(&mut self, params: Option<Node<'a>>) {
        self.decision.cost += self.policy.setup;
        if !self.policy.conditions.is_empty() {
            let activation = self.activation(params, Stage::Conditions);
            match self.conditions(&activation) {
                Ok(true) => {}
                Ok(false) => return,
                Err((program, error)) => {
                    // An object that no condition could be asked about is not meant, unless errors refuse it.
                    if self.policy.fails || matches!(error, EvalError::NotDecided(_)) {
                        self.failed((program, error, None), &activation);
                    }
                    return;
                }
            }
        }
        self.decision.verdict = self.decision.verdict.max(Verdict::Allowed);
        let activation = self.activation(params, Stage::Validations);
        let mut budget = Budget::new();
        self.judge(&activation, &mut budget);
        self.decision.cost += Budget::new().left - budget.left;
    }

    fn judge(&mut self, activation: &Activation<'a>, budget: &mut Budget) {
        let mut failed = Vec::new();
        for validation in &self.policy.validations {
            match validation.program.eval(activation, budget) {
                Ok(Value::Bool(true)) => {}
                Ok(_) => failed.push((validation, None)),
                // With the policy's own budget gone, none of its validations counts.
                Err(error @ EvalError::Budget) if budget.is_spent() => {
                    self.failed((&validation.program, error, None), activation);
                    return;
                }
                Err(error) => failed.push((validation, Some(error))),
            }
        }
        for (validation, error) in failed {
            match error {
                Some(error) => {
                    self.failed((&validation.program, error, Some(validation)), activation);
                }
                None => self.deny(validation, activation, budget),
            }
        }
        self.annotate(activation);
    }

    /// Tells whether the match conditions hold; one that does not wins over those that fail.
    fn conditions(
        &mut self,
        activation: &Activation<'a>,
    ) -> Result<bool, (&'a Program, EvalError)> {
        let mut budget = Budget::match_conditions();
        let met = self.met(activation, &mut budget);
        self.decision.cost += Budget::match_conditions().left - budget.left;
        met
    }

    fn met(
        &self,
        activation: &Activation<'a>,
        budget: &mut Budget,
    ) -> Result<bool, (&'a Program, EvalError)> {
        let mut worst: Option<(&'a Program, EvalError)> = None;
        for program in &self.policy.conditions {
            let error = match program.eval(activation, budget) {
                Ok(Value::Bool(true)) => continue,
                Ok(Value::Bool(false)) => return Ok(false),
                Ok(_) => EvalError::Failure("a condition gives no bool".to_owned()),
                Err(error @ EvalError::Budget) if budget.is_spent() => {
                    return Err((program, error));
                }
                Err(error) => error,
            };
            let undecided = matches!(error, EvalError::NotDecided(_));
            if undecided || worst.is_none() {
                worst = Some((program, error));
            }
        }
        worst.map_or(Ok(true), Err)
    }

    /// Returns the node of the object that decided what an expression gave.
    fn place(&self, program: &'a Program, activation: &Activation<'a>) -> Option<Reason<'a>> {
        // So many are not told, and looking for the node is most of the work.
        if self.decision.denials.len() > MOST_TOLD {
            return None;
        }
        let document = self.request.object.or(self.request.old)?.document();
        program.explain(activation, document)
    }

    fn failed(&mut self, (program, error, validation): Failed<'a>, activation: &Activation<'a>) {
        if let EvalError::NotDecided(what) = error {
            self.decision.not_decided = Some(what.into());
            if self.decision.verdict <= Verdict::Allowed {
                self.decision.verdict = Verdict::NotDecided;
            }
            return;
        }
        if !self.policy.fails {
            return;
        }
        let place = match error {
            EvalError::Budget => None,
            _ => self.place(program, activation),
        };
        self.refuse(error.to_string(), validation, place);
    }

    fn refuse(
        &mut self,
        message: String,
        validation: Option<&'a Validation<'a>>,
        place: Option<Reason<'a>>,
    ) {
        self.decision.denials.push(Denial {
            message,
            reason: "Invalid",
            error: true,
            expression: validation.map(|validation| validation.expression),
            place,
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
        let place = self.place(&validation.program, activation);
        let made = validation
            .message_program
            .as_ref()
            .map(|program| program.eval(activation, budget));
        // A message that costs too much is an error; one that fails is not made.
        if matches!(made, Some(Err(EvalError::Budget))) && budget.is_spent() {
            if self.policy.fails {
                let message = format!("failed messageExpression: {}", EvalError::Budget);
                self.refuse(message, Some(validation), place);
            }
            return;
        }
        let made = made.and_then(Result::ok);
        let made = made.as_ref().and_then(Value::as_str).map(str::trim);
        let fits =
            |text: &&str| !text.is_empty() && text.len() <= LONGEST_MESSAGE && !text.contains('\n');
        let written = Some(validation.message).filter(|message| !message.is_empty());
        let message = made.filter(fits).or(written);
        let expression = || validation.expression.as_str().unwrap_or_default().trim();
        let message = message.map_or_else(
            || format!("failed expression: {}", expression()),
            str::to_owned,
        );
        self.decision.denials.push(Denial {
            message,
            reason: validation.reason,
            error: false,
            expression: Some(validation.expression),
            place,
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
                    let ty = other.type_name();
                    let message =
                        format!("the audit annotation `{key}` gives {ty}, and not a string");
                    self.failed((program, EvalError::Failure(message), None), activation);
                }
                Err(error) => self.failed((program, error, None), activation),
            }
        }
        self.decision.cost += Budget::new().left - budget.left;
    }
}

/// Which expressions are run: conditions see neither the variables nor the namespace.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Conditions,
    Validations,
}

impl<'a> Judge<'a, '_> {
    fn activation(&self, params: Option<Node<'a>>, stage: Stage) -> Activation<'a> {
        let (request, reads) = (self.request, self.policy.reads);
        // So many names there are besides the variables.
        let mut activation = Activation::with_capacity(self.policy.variables.len() + 7);
        activation.set("object", self.object(request.object));
        activation.set("oldObject", self.object(request.old));
        if self.policy.param_kind.is_some() {
            let params = params.map_or(Value::Null, |params| {
                Value::typed(params, request.kinds.seen(params))
            });
            activation.set("params", params);
        }
        if reads.authorizer {
            activation.set(
                "authorizer",
                Value::Opaque(Opaque::Authorizer("authorizer")),
            );
            let check = Value::Opaque(Opaque::Authorizer("resource_check"));
            activation.set("authorizer.requestResource", check);
        }
        if reads.request {
            let value = match self.version {
                None => request
                    .value
                    .get_or_init(|| value::request(request, None))
                    .clone(),
                version => value::request(request, version),
            };
            activation.set("request", value);
        }
        if reads.namespace {
            let namespace = match stage {
                Stage::Conditions => Value::Null,
                Stage::Validations => value::namespace(request),
            };
            activation.set("namespaceObject", namespace);
        }
        if stage == Stage::Validations {
            for (name, program) in &self.policy.variables {
                activation.set_lazy(name, program);
            }
        }
        activation
    }

    /// Returns an object as the policy sees it: in the version that it names.
    fn object(&self, node: Option<Node<'a>>) -> Value<'a> {
        let Some(node) = node else {
            return Value::Null;
        };
        let seen = Value::typed(node, self.request.seen);
        match self.version {
            Some(version) => value::in_version(&seen, self.request, version),
            None => seen,
        }
    }
}
