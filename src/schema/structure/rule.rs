//! Rules in CEL (`x-kubernetes-validations`): compiled, and their cost estimated as on installation.

use std::sync::Arc;

use serde_json::Value;

use super::view::REQUEST;
use super::{Place, Problem, ProblemKind};
use crate::cel::{Environment, Program, Schema, Type, compile};

/// What a rule may cost at most.
const RULE_LIMIT: u64 = 10_000_000;
/// What all rules of a version may cost at most.
const DEFINITION_LIMIT: u64 = 100_000_000;

/// A rule that compiled.
#[derive(Debug)]
pub(super) struct Rule {
    /// The expression as it is told.
    pub(super) text: String,
    pub(super) one_line: String,
    pub(super) program: Program,
    pub(super) message: Option<String>,
    pub(super) message_program: Option<Program>,
    /// The keys from the node to the field that the rule is about.
    pub(super) field: Vec<String>,
    /// Whether it compares with the object before a change.
    pub(super) transition: bool,
    /// Whether it runs without one, too.
    pub(super) optional_old: bool,
}

/// Compiles the rules of a schema.
pub(super) struct Compiler {
    minor: u8,
    /// Where in the schema it is, as a JSON Pointer.
    pointer: String,
    problems: Vec<Problem>,
    total: u64,
    dearest: Option<(u64, String)>,
    /// How many nodes of defaults may still be filled into others.
    pub(super) defaults: usize,
}

const MEND: &str = "correct the expression; `self` is the value at this place of the schema";
const CHEAPER: &str = "set `maxItems`, `maxProperties` and `maxLength` on the lists, maps and strings it reads, or make it simpler";

impl Compiler {
    /// Makes a compiler of a schema of so many nodes.
    pub(super) fn new(minor: u8, size: usize) -> Self {
        Self {
            defaults: 50_000 + 4 * size,
            minor,
            pointer: String::new(),
            problems: Vec::new(),
            total: 0,
            dearest: None,
        }
    }

    /// Runs a step below the current place.
    pub(super) fn below<T>(&mut self, keys: &[&str], run: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.pointer.len();
        for key in keys {
            self.pointer.push('/');
            self.pointer
                .push_str(&key.replace('~', "~0").replace('/', "~1"));
        }
        let result = run(self);
        self.pointer.truncate(before);
        result
    }

    /// Returns what is wrong, the sum of all costs included.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        if self.defaults == 0 {
            self.problems.push(Problem {
                pointer: String::new(),
                kind: ProblemKind::Defaults,
                message: "the defaults of this schema fill in more than is filled in here: objects are not checked by it".to_owned(),
                help: "give it fewer defaults, or smaller ones",
            });
        }
        // Where one rule is too dear by itself, their sum says nothing new.
        if self.total > DEFINITION_LIMIT
            && self
                .problems
                .iter()
                .all(|problem| problem.kind != ProblemKind::Cost)
            && let Some((_, pointer)) = self.dearest.take()
        {
            let message = format!(
                "the rules of this schema may cost {} in all, and the API server allows {DEFINITION_LIMIT}; this is the dearest",
                amount(self.total)
            );
            self.problems.push(Problem {
                pointer,
                kind: ProblemKind::Cost,
                message,
                help: CHEAPER,
            });
        }
        self.problems
    }

    /// Compiles the rules of a node.
    pub(super) fn rules(
        &mut self,
        schema: &Value,
        view: Option<&Arc<Schema>>,
        place: Place,
    ) -> Vec<Rule> {
        let rules = schema
            .get("x-kubernetes-validations")
            .and_then(Value::as_array);
        let mut compiled = Vec::new();
        for (at, rule) in rules.into_iter().flatten().enumerate() {
            let at = at.to_string();
            let keys = ["x-kubernetes-validations", at.as_str()];
            compiled.extend(self.below(&keys, |compiler| compiler.rule(rule, view, place)));
        }
        compiled
    }

    fn problem(&mut self, key: &str, kind: ProblemKind, message: String, help: &'static str) {
        let pointer = format!("{}/{key}", self.pointer);
        self.problems.push(Problem {
            pointer,
            kind,
            message,
            help,
        });
    }

    fn rule(&mut self, rule: &Value, view: Option<&Arc<Schema>>, place: Place) -> Option<Rule> {
        let text = rule.get("rule").and_then(Value::as_str)?;
        let Some(view) = view else {
            let message =
                "a rule needs a schema that says what `self` is: `type` is missing here".to_owned();
            self.problem(
                "rule",
                ProblemKind::Compile,
                message,
                "give the schema a `type`",
            );
            return None;
        };
        let optional_old = rule.get("optionalOldSelf") == Some(&Value::Bool(true));
        let ty = Schema::type_of(view);
        let old = if optional_old {
            Type::optional(ty.clone())
        } else {
            ty.clone()
        };
        let environment = Environment::new(self.minor)
            .variable("self", ty)
            .variable("oldSelf", old);
        let program = self.program("rule", text, &environment)?;
        if !matches!(program.ty(), Type::Bool | Type::Dyn) {
            let message = format!("a rule gives a bool, and this gives {}", program.ty());
            self.problem("rule", ProblemKind::Compile, message, MEND);
            return None;
        }
        let transition = program.variables().iter().any(|name| &**name == "oldSelf");
        if transition && !place.correlatable {
            let message =
                "`oldSelf` cannot be told here: the items of this list have no keys".to_owned();
            let help =
                "give the list `x-kubernetes-list-type: map`, or move the rule above the list";
            self.problem("rule", ProblemKind::Compile, message, help);
            return None;
        }
        self.cost("rule", &program, view, place);
        let message_program = self.message(rule, &environment, view, place);
        let message = rule
            .get("message")
            .and_then(Value::as_str)
            .map(|text| text.trim().to_owned());
        let field = rule
            .get("fieldPath")
            .and_then(Value::as_str)
            .map(field_path)
            .unwrap_or_default();
        Some(Rule {
            text: told(text.trim()),
            one_line: told(&text.split_whitespace().collect::<Vec<_>>().join(" ")),
            program,
            message,
            message_program,
            field,
            transition,
            optional_old,
        })
    }

    fn message(
        &mut self,
        rule: &Value,
        environment: &Environment,
        view: &Arc<Schema>,
        place: Place,
    ) -> Option<Program> {
        let text = rule.get("messageExpression").and_then(Value::as_str)?;
        let program = self.program("messageExpression", text, environment)?;
        if !matches!(program.ty(), Type::String | Type::Dyn) {
            let message = format!("a message is a string, and this gives {}", program.ty());
            self.problem("messageExpression", ProblemKind::Compile, message, MEND);
            return None;
        }
        self.cost("messageExpression", &program, view, place);
        Some(program)
    }

    fn program(&mut self, key: &str, text: &str, environment: &Environment) -> Option<Program> {
        match compile(text, environment) {
            Ok(program) => Some(program),
            Err(errors) => {
                for error in errors {
                    self.problem(key, ProblemKind::Compile, error.told(text), MEND);
                }
                None
            }
        }
    }

    /// Estimates what an expression costs for all nodes that it may be run for.
    fn cost(&mut self, key: &str, program: &Program, view: &Arc<Schema>, place: Place) {
        let schema = &**view;
        let estimate =
            program.cost_estimate(&|name| matches!(name, "self" | "oldSelf").then_some(schema));
        let count = place.count.unwrap_or(REQUEST / (schema.least_bytes + 1));
        let cost = estimate.most.saturating_mul(count);
        self.total = self.total.saturating_add(cost);
        let pointer = format!("{}/{key}", self.pointer);
        if self.dearest.as_ref().is_none_or(|(most, _)| cost > *most) {
            self.dearest = Some((cost, pointer));
        }
        if cost > RULE_LIMIT {
            let message = format!(
                "this may cost {}, and the API server allows {RULE_LIMIT}",
                amount(cost)
            );
            self.problem(key, ProblemKind::Cost, message, CHEAPER);
        }
    }
}

/// Cuts an expression that is longer than anybody reads: each fault tells it.
fn told(text: &str) -> String {
    const LONGEST: usize = 2_000;
    match text.get(..text.floor_char_boundary(LONGEST)) {
        Some(head) if head.len() < text.len() => format!("{head}…"),
        _ => text.to_owned(),
    }
}

fn amount(cost: u64) -> String {
    if cost > 1_000_000_000_000_000 {
        "more than can be told".to_owned()
    } else {
        format!("up to {cost}")
    }
}

/// Reads `.spec.containers['a.b']` as keys.
fn field_path(path: &str) -> Vec<String> {
    let (mut keys, mut rest) = (Vec::new(), path);
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("['") {
            let Some((key, after)) = after.split_once("']") else {
                return keys;
            };
            keys.push(key.to_owned());
            rest = after;
        } else {
            let after = rest.strip_prefix('.').unwrap_or(rest);
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let Some((key, after)) = after
                .split_at_checked(end)
                .filter(|(key, _)| !key.is_empty())
            else {
                return keys;
            };
            keys.push(key.to_owned());
            rest = after;
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::field_path;

    #[test]
    fn field_paths_are_keys() {
        assert_eq!(field_path(".spec.a"), ["spec", "a"]);
        assert_eq!(field_path(".a['x.y'].b"), ["a", "x.y", "b"]);
        assert!(field_path("").is_empty());
    }
}
