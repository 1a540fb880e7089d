//! Why an expression gave what it gave: the node of a document that decided it.
//!
//! Runs know values only, and cost nothing for it. Here the parts of an expression are run again, from the outside
//! inwards, and each step goes to the part that decided: the term of `&&` that is false, the item at which `all` stops,
//! the field that is missing.

use super::{Bound, Meter, Run, unwrap};
use crate::cel::error::EvalError;
use crate::cel::eval::{Activation, Held};
use crate::cel::ir::{Call, Field, Ir, IrKind, Loop, LoopKind};
use crate::cel::program::Program;
use crate::cel::value::{List, Map, Value};
use crate::yaml::{Document, Node};

/// The node that decided.
#[derive(Clone, Debug)]
pub struct Reason<'a> {
    /// The node; where it is missing, the map that lacks it.
    pub node: Node<'a>,
    /// The keys from the map to what is missing; none where the node is there.
    pub below: Vec<String>,
}

/// What running parts again may cost.
const LIMIT: u64 = 2_000_000;
/// How many parts are looked into.
const STEPS: u32 = 20_000;
/// How deep variables may refer to each other.
const DEEPEST: u32 = 20;

/// Finds the node of a document that decided what a program gave.
pub(crate) fn explain<'a>(
    program: &'a Program,
    activation: &Activation<'a>,
    document: &'a Document,
) -> Option<Reason<'a>> {
    let mut meter = Meter::new(LIMIT, LIMIT);
    let mut steps = STEPS;
    let mut explainer = Explainer {
        run: Run {
            meter: &mut meter,
            variables: activation.bind(program.variables(), usize::MAX),
            locals: Vec::new(),
            nesting: 0,
        },
        reasons: Vec::new(),
        document,
        steps: &mut steps,
    };
    explainer.why(program.ir())
}

struct Explainer<'a, 'p> {
    run: Run<'a, 'p>,
    /// What decided the variables of macros in scope.
    reasons: Vec<Option<Reason<'a>>>,
    document: &'a Document,
    steps: &'p mut u32,
}

/// An item that a macro runs over: its variables, and what decided it.
type Item<'a> = (Value<'a>, Option<Value<'a>>, Option<Reason<'a>>);

impl<'a> Explainer<'a, '_> {
    fn eval(&mut self, ir: &Ir) -> Result<Value<'a>, EvalError> {
        self.run.eval(ir)
    }

    /// Returns the node that a value is, where it is one of the document.
    fn of_value(&self, value: &Value<'a>) -> Option<Reason<'a>> {
        let node = match value {
            Value::List(List::Node(node, _)) | Value::Map(Map::Node(node, _)) => *node,
            Value::Optional(Some(value)) => return self.of_value(value),
            _ => return None,
        };
        self.is_here(node).then_some(Reason {
            node,
            below: Vec::new(),
        })
    }

    fn is_here(&self, node: Node<'_>) -> bool {
        std::ptr::eq(node.document(), self.document)
    }

    /// Finds what decided the value of a part.
    fn why(&mut self, ir: &Ir) -> Option<Reason<'a>> {
        *self.steps = self.steps.checked_sub(1)?;
        match &ir.kind {
            IrKind::Literal(_) | IrKind::Made(..) | IrKind::Type(_) => None,
            IrKind::Variable(place) => self.variable(*place),
            IrKind::Local(place) => self.reasons.get(*place).cloned().flatten(),
            IrKind::Select { operand, field, .. } | IrKind::Has { operand, field } => {
                self.field(operand, field)
            }
            IrKind::Index { operand, index, .. } => self.item(operand, index),
            IrKind::And(terms) => self.terms(terms, false),
            IrKind::Or(terms) => self.terms(terms, true),
            IrKind::Ternary(parts) => {
                let [condition, yes, no] = &**parts;
                let branch = match self.eval(condition) {
                    Ok(Value::Bool(true)) => self.why(yes),
                    Ok(Value::Bool(false)) => self.why(no),
                    _ => None,
                };
                branch.or_else(|| self.why(condition))
            }
            IrKind::Call(call) => self.call(call),
            IrKind::List(items) => items.iter().find_map(|(item, _)| self.why(item)),
            IrKind::Map(entries) => entries.iter().find_map(|(_, value, _)| self.why(value)),
            IrKind::Loop(body) => self.repeat(body),
            IrKind::OnValue { operand, body, .. } => self.on_value(operand, body),
        }
    }

    fn variable(&mut self, place: usize) -> Option<Reason<'a>> {
        match self.run.variables.get(place).copied().flatten()? {
            Bound::Value(value) => self.of_value(value),
            Bound::Lazy(lazy) => {
                let mut inner = self.of_variable(lazy)?;
                inner.why(lazy.program().ir())
            }
        }
    }

    /// Makes what looks into a variable that is an expression itself.
    fn of_variable<'s>(
        &'s mut self,
        lazy: super::activation::LazyIn<'a, 's>,
    ) -> Option<Explainer<'a, 's>>
    where
        'a: 's,
    {
        if self.run.nesting >= DEEPEST {
            return None;
        }
        Some(Explainer {
            run: Run {
                meter: &mut *self.run.meter,
                variables: lazy.bound(),
                locals: Vec::new(),
                nesting: self.run.nesting + 1,
            },
            reasons: Vec::new(),
            document: self.document,
            steps: &mut *self.steps,
        })
    }

    /// Returns the value that holds fields and items, and what decided it.
    fn held(
        &mut self,
        operand: &Ir,
    ) -> Result<(Value<'a>, Option<Reason<'a>>), Option<Reason<'a>>> {
        let value = self.eval(operand);
        let reason = self.why(operand);
        let held = value.and_then(|value| unwrap(value, false));
        match held {
            Ok(Held::Value(value, _)) => {
                let reason = self.of_value(&value).or(reason);
                Ok((value, reason))
            }
            _ => Err(reason),
        }
    }

    fn field(&mut self, operand: &Ir, field: &Field) -> Option<Reason<'a>> {
        let (held, reason) = match self.held(operand) {
            Ok(held) => held,
            Err(reason) => return reason,
        };
        let reason = reason?;
        let name = match (&held, &field.unescaped) {
            (Value::Map(map), Some(name)) if map.field(&field.name).is_none() => name,
            _ => &field.name,
        };
        Some(below(&held, reason, name))
    }

    fn item(&mut self, operand: &Ir, index: &Ir) -> Option<Reason<'a>> {
        let (held, reason) = match self.held(operand) {
            Ok(held) => held,
            Err(reason) => return reason,
        };
        let index_value = self.eval(index);
        let reason = reason?;
        match (&held, index_value) {
            (Value::Map(_), Ok(Value::String(name))) => Some(below(&held, reason, &name)),
            (Value::List(list), Ok(Value::Int(at))) => {
                let place = usize::try_from(at).ok();
                let item = match list {
                    List::Node(node, _) => place.and_then(|place| node.items().nth(place)),
                    List::Items(..) => None,
                };
                let made = place.and_then(|place| list.get(place));
                let found = item.filter(|node| self.is_here(*node));
                let found = found.map(|node| Reason {
                    node,
                    below: Vec::new(),
                });
                found.or_else(|| self.of_value(&made?)).or(Some(reason))
            }
            _ => Some(reason),
        }
    }

    /// Finds the term that decided: the first that decides; else the first that fails; else the last.
    fn terms(&mut self, terms: &[Ir], decides: bool) -> Option<Reason<'a>> {
        let mut failed = None;
        for term in terms {
            match self.eval(term) {
                Ok(Value::Bool(value)) if value == decides => return self.why(term),
                Ok(Value::Bool(_)) => {}
                _ => failed = failed.or(Some(term)),
            }
        }
        if let Some(term) = failed {
            return self.why(term);
        }
        terms.iter().rev().find_map(|term| self.why(term))
    }

    fn call(&mut self, call: &Call) -> Option<Reason<'a>> {
        if let ("in", [key, range]) = (call.name, call.arguments.as_slice()) {
            return self.is_in(key, range);
        }
        call.arguments
            .iter()
            .find_map(|argument| self.why(argument))
    }

    /// `key in map` asks for an entry, `item in list` for an item.
    fn is_in(&mut self, key: &Ir, range: &Ir) -> Option<Reason<'a>> {
        let of_key = self.why(key);
        match (self.eval(key), self.held(range)) {
            (Ok(Value::String(name)), Ok((held @ Value::Map(_), Some(reason)))) => {
                Some(below(&held, reason, &name))
            }
            (_, Ok((_, reason)) | Err(reason)) => of_key.or(reason),
        }
    }

    fn on_value(&mut self, operand: &Ir, body: &Ir) -> Option<Reason<'a>> {
        let reason = self.why(operand);
        let Ok(Value::Optional(Some(value))) = self.eval(operand) else {
            return reason;
        };
        let item = ((*value).clone(), None, reason.clone());
        self.with(item, |explainer| explainer.why(body)).or(reason)
    }

    /// Runs a step with the variables of a macro in scope.
    fn with<T>(
        &mut self,
        (first, second, reason): Item<'a>,
        run: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let before = self.run.locals.len();
        self.reasons.truncate(before);
        self.reasons.push(reason.clone());
        self.run.locals.push(first);
        if let Some(second) = second {
            self.run.locals.push(second);
            self.reasons.push(reason);
        }
        let result = run(self);
        self.run.locals.truncate(before);
        self.reasons.truncate(before);
        result
    }

    fn repeat(&mut self, body: &Loop) -> Option<Reason<'a>> {
        let items = self.items(&body.range, body.two);
        let wanted = match body.kind {
            LoopKind::All => Some(false),
            LoopKind::Exists | LoopKind::ExistsOne | LoopKind::Filter => Some(true),
            _ => None,
        };
        let mut failed = None;
        let mut first = None;
        for item in items {
            let (reason, kept) = (item.2.clone(), item.clone());
            first = first.or_else(|| Some(item.clone()));
            let condition = body.filter.as_ref().unwrap_or(&body.body);
            match self.with(item, |explainer| explainer.eval(condition)) {
                Ok(Value::Bool(value)) if Some(value) == wanted => {
                    return self
                        .with(kept, |explainer| explainer.why(condition))
                        .or(reason);
                }
                Ok(_) => {}
                Err(_) => failed = failed.or(Some((kept, condition))),
            }
        }
        if let Some((item, condition)) = failed {
            let reason = item.2.clone();
            return self
                .with(item, |explainer| explainer.why(condition))
                .or(reason);
        }
        let range = self.why(&body.range);
        if range.is_some() || wanted.is_none() {
            return range;
        }
        // Items of elsewhere, such as what params allow: what each is compared with is of the document.
        let condition = body.filter.as_ref().unwrap_or(&body.body);
        self.with(first?, |explainer| explainer.why(condition))
    }

    /// Returns the items that a macro runs over, each with what decided it.
    fn items(&mut self, range: &Ir, two: bool) -> Vec<Item<'a>> {
        let Ok(value) = self.eval(range) else {
            return Vec::new();
        };
        match value {
            Value::Map(map) => self.entries(&map, range, two),
            Value::List(list) => {
                let reasons = self.reasons_of(&list, range);
                let items = list.iter().zip(reasons).enumerate();
                items
                    .map(|(at, (item, reason))| {
                        if two {
                            let at = i64::try_from(at).unwrap_or(i64::MAX);
                            (Value::Int(at), Some(item), reason)
                        } else {
                            (item, None, reason)
                        }
                    })
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    fn entries(&mut self, map: &Map<'a>, range: &Ir, two: bool) -> Vec<Item<'a>> {
        let reason = self
            .of_value(&Value::Map(map.clone()))
            .or_else(|| self.why(range));
        let entry = |(key, value): (Value<'a>, Value<'a>)| {
            let written = match (map, &key) {
                (Map::Node(node, _), Value::String(name)) => node.entry(name),
                _ => None,
            };
            let written = written.map(|(key, value)| if two { value } else { key });
            let written = written.filter(|node| std::ptr::eq(node.document(), self.document));
            let written = written.map(|node| Reason {
                node,
                below: Vec::new(),
            });
            let reason = written.or_else(|| reason.clone());
            (key, two.then_some(value), reason)
        };
        map.entries().map(entry).collect()
    }

    /// Returns what decided each item of a list that an expression gave.
    fn reasons_of(&mut self, list: &List<'a>, of: &Ir) -> Vec<Option<Reason<'a>>> {
        if let List::Node(node, _) = list
            && self.is_here(*node)
        {
            let items = node.items();
            return items
                .map(|node| {
                    Some(Reason {
                        node,
                        below: Vec::new(),
                    })
                })
                .collect();
        }
        let made = self.made(of).filter(|made| made.len() == list.len());
        let made = made.unwrap_or_else(|| vec![None; list.len()]);
        let whole = self.why(of);
        let items = list.iter().zip(made);
        items
            .map(|(item, made)| {
                made.or_else(|| self.of_value(&item))
                    .or_else(|| whole.clone())
            })
            .collect()
    }

    /// Returns what decided each item of a list that a macro, or the sum of two lists, made.
    fn made(&mut self, ir: &Ir) -> Option<Vec<Option<Reason<'a>>>> {
        *self.steps = self.steps.checked_sub(1)?;
        match &ir.kind {
            IrKind::Variable(place) => match self.run.variables.get(*place).copied().flatten()? {
                Bound::Lazy(lazy) => self.of_variable(lazy)?.made(lazy.program().ir()),
                Bound::Value(_) => None,
            },
            IrKind::Call(call) if call.name == "+" => {
                let mut all = Vec::new();
                for argument in &call.arguments {
                    let Ok(Value::List(list)) = self.eval(argument) else {
                        return None;
                    };
                    all.extend(self.reasons_of(&list, argument));
                }
                Some(all)
            }
            IrKind::Ternary(parts) => {
                let [condition, yes, no] = &**parts;
                match self.eval(condition) {
                    Ok(Value::Bool(true)) => self.made(yes),
                    Ok(Value::Bool(false)) => self.made(no),
                    _ => None,
                }
            }
            IrKind::Loop(body) if matches!(body.kind, LoopKind::Map | LoopKind::Filter) => {
                Some(self.mapped(body))
            }
            _ => None,
        }
    }

    fn mapped(&mut self, body: &Loop) -> Vec<Option<Reason<'a>>> {
        let filter = body.kind == LoopKind::Filter;
        let condition = if filter {
            Some(&body.body)
        } else {
            body.filter.as_ref()
        };
        let mut all = Vec::new();
        for item in self.items(&body.range, body.two) {
            let reason = item.2.clone();
            let made = self.with(item, |explainer| {
                let takes = condition.is_none_or(|condition| {
                    matches!(explainer.eval(condition), Ok(Value::Bool(true)))
                });
                takes.then(|| match &body.body.kind {
                    _ if filter => None,
                    // A map of several fields stands for the item they are of.
                    IrKind::Map(entries) if entries.len() > 1 => None,
                    _ => explainer.why(&body.body),
                })
            });
            all.extend(made.map(|made| made.or(reason)));
        }
        all
    }
}

/// Goes to an entry of a map: to its value where it is written, to what lacks it where it is not.
fn below<'a>(held: &Value<'a>, reason: Reason<'a>, name: &str) -> Reason<'a> {
    // What was made of a scalar has fields that the document does not know.
    if reason.below.is_empty() && !reason.node.is_collection() {
        return reason;
    }
    let written = match held {
        Value::Map(Map::Node(node, _)) => node.get(name),
        // A map that was made stands for one that is written where it has the same entries.
        _ if reason.below.is_empty() => reason.node.get(name),
        _ => None,
    };
    if let (Some(node), true) = (written, reason.below.is_empty()) {
        return Reason {
            node,
            below: Vec::new(),
        };
    }
    // A map that was made of fields of its own has some that the document does not know.
    let made = matches!(held, Value::Map(map) if !matches!(map, Map::Node(..)) && map.field(name).is_some());
    let mut reason = reason;
    if !made {
        reason.below.push(name.to_owned());
    }
    reason
}
