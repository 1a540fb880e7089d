//! Running the rules of a structure on an object.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use super::Structure;
use super::rule::Rule;
use crate::cel::{Activation, Budget, EvalError, ListKind, Program, Value, View};
use crate::finding::Severity;
use crate::manifest::Fault;
use crate::schema::effort::Effort;
use crate::schema::rules;
use crate::yaml::{Kind, Node};

/// How long a message may be, as the API server has it.
const LONGEST_MESSAGE: usize = 5 * 1024;

/// How many steps it takes to run a rule, beside the work that it is itself.
const EACH: usize = 8;

/// A run of rules.
struct Run<'a, 'r> {
    budget: Budget,
    /// The nodes of the object where the schema found something, in order: no rule looks at them.
    faulty: &'r [usize],
    /// Finds the object's own node of a node that is looked at.
    origin: &'r dyn Fn(Node<'_>) -> Node<'a>,
    effort: &'r Effort,
    faults: &'r mut Vec<Fault<'a>>,
}

impl Structure {
    /// Runs the rules on an object, and on what it was before a change, where there is that.
    ///
    /// `object` may be a copy with defaults; `origin` finds the object's own nodes, which the faults name.
    pub(in crate::schema) fn run<'a>(
        &self,
        object: Node<'_>,
        old: Option<Node<'_>>,
        origin: &dyn Fn(Node<'_>) -> Node<'a>,
        effort: &Effort,
        faults: &mut Vec<Fault<'a>>,
    ) {
        if effort.is_spent() {
            return;
        }
        let by_schema = |fault: &&Fault<'a>| fault.rule.family() == "schema";
        let mut places: Vec<usize> = faults
            .iter()
            .filter(by_schema)
            .map(|fault| fault.node.index())
            .collect();
        places.sort_unstable();
        let mut run = Run {
            budget: Budget {
                work: effort.work(),
                ..Budget::new()
            },
            faulty: &places,
            origin,
            effort,
            faults,
        };
        run.node(self, object, old);
    }
}

impl Run<'_, '_> {
    fn node(&mut self, structure: &Structure, node: Node<'_>, old: Option<Node<'_>>) {
        if !structure.has_rules || node.is_null() && !structure.nullable {
            return;
        }
        let own = (self.origin)(node);
        let first = self.faulty.partition_point(|index| *index < own.index());
        let found = self
            .faulty
            .get(first)
            .is_some_and(|index| *index < own.end_index());
        if !found {
            for rule in &structure.rules {
                self.rule(structure, rule, node, old);
            }
        }
        match node.kind() {
            Kind::Map => {
                for (key, value) in node.entries() {
                    let name = key.as_str().unwrap_or_default();
                    if let Some(inner) = structure.entry(name) {
                        self.node(inner, value, old.and_then(|old| old.get(name)));
                    }
                }
            }
            Kind::Seq => {
                if let Some(inner) = structure.items.as_deref().filter(|inner| inner.has_rules) {
                    let kind = structure.view.as_ref().map(|view| &view.view);
                    let before = old.and_then(|old| Counterparts::of(kind, old));
                    for item in node.items() {
                        let before = before.as_ref().and_then(|before| before.find(item));
                        self.node(inner, item, before);
                    }
                }
            }
            _ => {}
        }
    }

    fn rule(&mut self, structure: &Structure, rule: &Rule, node: Node<'_>, old: Option<Node<'_>>) {
        if rule.transition && old.is_none() && !rule.optional_old {
            return;
        }
        let Some(view) = &structure.view else { return };
        if !self.effort.take(EACH) {
            self.give_up(node);
            return;
        }
        let mut activation = Activation::new();
        activation.set("self", Value::typed(node, Some(view)));
        let before = old.map(|old| Value::typed(old, Some(view)));
        match (before, rule.optional_old) {
            (before, true) => activation.set("oldSelf", Value::Optional(before.map(Arc::new))),
            (Some(before), false) => activation.set("oldSelf", before),
            (None, false) => {}
        }
        let message = match rule.program.eval(&activation, &mut self.budget) {
            Ok(Value::Bool(true)) => return,
            Ok(Value::Bool(false)) => self.message(rule, &activation),
            Ok(_) => "the schema's rule gives no bool".to_owned(),
            Err(EvalError::NotDecided(what)) => {
                self.fault(
                    rule,
                    node,
                    format!(
                        "a rule of the schema is not decided: {what} is known in a cluster only"
                    ),
                );
                if let Some(fault) = self.faults.last_mut() {
                    fault.severity = Severity::Note;
                }
                return;
            }
            Err(EvalError::Budget) if self.budget.work == 0 => {
                self.give_up(node);
                return;
            }
            Err(EvalError::Budget) => {
                "a rule of the schema costs more here than the API server allows".to_owned()
            }
            Err(EvalError::Failure(error)) => format!("a rule of the schema fails here: {error}"),
        };
        self.fault(rule, node, message);
    }

    fn message(&mut self, rule: &Rule, activation: &Activation<'_>) -> String {
        let mut made = |program: &Program| {
            let value = program.eval(activation, &mut self.budget).ok()?;
            let text = value.as_str()?.trim().to_owned();
            (!text.is_empty() && text.len() <= LONGEST_MESSAGE && !text.contains('\n'))
                .then_some(text)
        };
        let made = rule.message_program.as_ref().and_then(&mut made);
        let message = made
            .or_else(|| rule.message.clone())
            .filter(|message| !message.is_empty());
        message.unwrap_or_else(|| format!("this must hold: {}", rule.text))
    }

    fn give_up(&mut self, node: Node<'_>) {
        self.faults.extend(self.effort.give_up((self.origin)(node)));
    }

    fn fault(&mut self, rule: &Rule, node: Node<'_>, message: String) {
        if !self.effort.may_tell() {
            self.give_up(node);
            return;
        }
        // The field that the rule is about, as far as the object has it.
        let (mut place, mut missing) = (node, None);
        for key in &rule.field {
            // A default that was filled in stands where the map stands that lacks it.
            let own = (self.origin)(place).index();
            let value = place.get(key);
            let Some(value) = value.filter(|value| (self.origin)(*value).index() != own) else {
                missing = Some(key.clone());
                break;
            };
            place = value;
        }
        let mut fault = Fault::new(&rules::CEL, (self.origin)(place), message);
        fault = fault.help(format!("the rule of the schema is `{}`", rule.one_line));
        self.faults.push(match missing {
            Some(key) => fault.below(key),
            None => fault,
        });
    }
}

/// The items of a list before a change, by their keys.
struct Counterparts<'o, 'v> {
    keys: &'v [Box<str>],
    state: RandomState,
    items: HashMap<u64, Vec<Node<'o>>>,
}

impl<'o, 'v> Counterparts<'o, 'v> {
    /// Takes a list; nothing where its items have no keys.
    fn of(view: Option<&'v View>, old: Node<'o>) -> Option<Self> {
        let Some(View::List {
            kind: ListKind::Map(keys),
            ..
        }) = view
        else {
            return None;
        };
        let mut counterparts = Self {
            keys,
            state: RandomState::new(),
            items: HashMap::new(),
        };
        for item in old.items() {
            let hash = counterparts.hash(item);
            counterparts.items.entry(hash).or_default().push(item);
        }
        Some(counterparts)
    }

    fn hash(&self, item: Node<'_>) -> u64 {
        let values = self.keys.iter().map(|key| item.get(key));
        values.fold(0, |before, value| {
            let value = value.map(|value| value.value_hash(&self.state));
            self.state.hash_one((before, value))
        })
    }

    /// Finds the first item that has the same keys.
    fn find(&self, item: Node<'_>) -> Option<Node<'o>> {
        let alike = self.items.get(&self.hash(item))?;
        let same = |other: &&Node<'o>| {
            self.keys
                .iter()
                .all(|key| match (item.get(key), other.get(key)) {
                    (Some(item), Some(other)) => item.same_value(other),
                    (item, other) => item.is_none() && other.is_none(),
                })
        };
        alike.iter().find(same).copied()
    }
}
