//! Macros that run over lists and maps. Their costs are those of the folds that the API server makes of them.

use std::sync::Arc;

use super::compare::order;
use super::{Run, insert, keep, wrong};
use crate::cel::error::EvalError;
use crate::cel::ir::{Ir, Loop, LoopKind};
use crate::cel::library::Outcome;
use crate::cel::value::{Entries, List, Map, Value};

/// What the variables of a loop are, one after the other.
type Steps<'a> = Box<dyn Iterator<Item = (Value<'a>, Option<Value<'a>>)> + 'a>;

impl<'a> Run<'a, '_> {
    pub(super) fn repeat(&mut self, body: &Loop) -> Outcome<'a> {
        let range = self.eval(&body.range)?;
        if body.kind == LoopKind::SortBy {
            return self.sort_by(&range, &body.body);
        }
        let steps = self.steps(range, body.two)?;
        match body.kind {
            LoopKind::All => self.quantify(steps, &body.body, false),
            LoopKind::Exists => self.quantify(steps, &body.body, true),
            LoopKind::ExistsOne => self.exists_one(steps, &body.body),
            LoopKind::TransformMap | LoopKind::TransformMapEntry => self.mapped(steps, body),
            LoopKind::Map | LoopKind::Filter | LoopKind::SortBy => self.listed(steps, body),
        }
    }

    fn steps(&mut self, range: Value<'a>, two: bool) -> Result<Steps<'a>, EvalError> {
        match range {
            Value::List(list) if two => Ok(Box::new(list.iter().enumerate().map(|(at, item)| {
                let at = i64::try_from(at).unwrap_or(i64::MAX);
                (Value::Int(at), Some(item))
            }))),
            Value::List(list) => Ok(Box::new(list.iter().map(|item| (item, None)))),
            Value::Map(map) => {
                self.meter.work(map.len())?;
                let entries: Vec<_> = map
                    .entries()
                    .map(|(key, value)| (key, two.then_some(value)))
                    .collect();
                Ok(Box::new(entries.into_iter()))
            }
            other => Err(wrong("a macro", "list or map", &other)),
        }
    }

    /// Runs a step with the loop's variables in scope.
    fn with(
        &mut self,
        (first, second): (Value<'a>, Option<Value<'a>>),
        run: impl FnOnce(&mut Self) -> Outcome<'a>,
    ) -> Outcome<'a> {
        let before = self.locals.len();
        self.locals.push(first);
        self.locals.extend(second);
        let value = run(self);
        self.locals.truncate(before);
        value
    }

    /// `all`, and `exists` where `decides` is true: an item that decides wins over errors of others.
    fn quantify(&mut self, steps: Steps<'a>, body: &Ir, decides: bool) -> Outcome<'a> {
        let each = if decides { 4 } else { 3 };
        let mut worst = None;
        for step in steps {
            self.meter.charge(each)?;
            match self.with(step, |run| run.eval(body)) {
                Ok(Value::Bool(value)) if value == decides => {
                    self.meter.charge(each)?;
                    return Ok(Value::Bool(value));
                }
                Ok(Value::Bool(_)) => {}
                Ok(other) => keep(&mut worst, wrong("a macro", "bool", &other))?,
                Err(error) => keep(&mut worst, error)?,
            }
        }
        self.meter.charge(1)?;
        match worst {
            Some(error) => Err(error),
            None => Ok(Value::Bool(!decides)),
        }
    }

    fn exists_one(&mut self, steps: Steps<'a>, body: &Ir) -> Outcome<'a> {
        let mut count = 0_u64;
        for step in steps {
            self.meter.charge(1)?;
            if self
                .with(step, |run| run.truth(body).map(Value::Bool))?
                .as_bool()
                == Some(true)
            {
                self.meter.charge(1)?;
                count += 1;
            }
        }
        self.meter.charge(2)?;
        Ok(Value::Bool(count == 1))
    }

    fn truth(&mut self, ir: &Ir) -> Result<bool, EvalError> {
        match self.eval(ir)? {
            Value::Bool(value) => Ok(value),
            other => Err(wrong("a macro", "bool", &other)),
        }
    }

    fn listed(&mut self, steps: Steps<'a>, body: &Loop) -> Outcome<'a> {
        let filter = body.kind == LoopKind::Filter;
        let mut made = Vec::new();
        self.meter.charge(11)?;
        for step in steps {
            let item = filter.then(|| step.0.clone());
            let value = self.with(step, |run| {
                let takes = match (&body.filter, item) {
                    (Some(condition), _) => run.truth(condition)?,
                    (None, Some(item)) => {
                        return Ok(if run.truth(&body.body)? {
                            Value::some(item)
                        } else {
                            Value::Optional(None)
                        });
                    }
                    (None, None) => true,
                };
                if takes {
                    run.eval(&body.body).map(Value::some)
                } else {
                    Ok(Value::Optional(None))
                }
            })?;
            if let Value::Optional(Some(value)) = value {
                self.meter.charge(if filter { 13 } else { 12 })?;
                made.push(Arc::unwrap_or_clone(value));
            } else {
                self.meter.charge(1)?;
            }
        }
        Ok(Value::list(made))
    }

    fn mapped(&mut self, steps: Steps<'a>, body: &Loop) -> Outcome<'a> {
        let mut made = Entries::new();
        self.meter.charge(31)?;
        for step in steps {
            let key = step.0.clone();
            let value = self.with(step, |run| {
                let takes = match &body.filter {
                    Some(condition) => run.truth(condition)?,
                    None => true,
                };
                if takes {
                    run.eval(&body.body).map(Value::some)
                } else {
                    Ok(Value::Optional(None))
                }
            })?;
            self.meter.charge(2)?;
            let Value::Optional(Some(value)) = value else {
                continue;
            };
            let value = Arc::unwrap_or_clone(value);
            match (body.kind, value) {
                (LoopKind::TransformMapEntry, Value::Map(map)) => {
                    for (key, value) in map.entries() {
                        insert(&mut made, key, value)?;
                    }
                }
                (LoopKind::TransformMapEntry, other) => {
                    return Err(wrong("`transformMapEntry`", "map", &other));
                }
                (_, value) => insert(&mut made, key, value)?,
            }
        }
        Ok(Value::Map(Map::Entries(Arc::new(made))))
    }

    fn sort_by(&mut self, range: &Value<'a>, key: &Ir) -> Outcome<'a> {
        let Value::List(list) = range else {
            return Err(wrong("`sortBy`", "list", range));
        };
        let mut keyed = Vec::with_capacity(list.len());
        self.meter.charge(11)?;
        for item in list {
            self.meter.charge(12)?;
            let key = self.with((item.clone(), None), |run| run.eval(key))?;
            keyed.push((key, item));
        }
        if keyed.is_empty() {
            return Ok(Value::list(Vec::new()));
        }
        let Some(sorted) = sorted(keyed) else {
            return Err(EvalError::failure(
                "`sortBy` needs keys of one type that has an order",
            ));
        };
        Ok(Value::List(List::Items(
            Arc::new(sorted),
            crate::cel::types::ListKind::Atomic,
        )))
    }
}

/// Sorts items by their keys, and keeps those of equal keys in their order; nothing where keys have no order.
pub(crate) fn sorted<'a>(mut keyed: Vec<(Value<'a>, Value<'a>)>) -> Option<Vec<Value<'a>>> {
    let first = keyed.first().map(|(key, _)| key.clone())?;
    let same_type = |key: &Value<'_>| std::mem::discriminant(key) == std::mem::discriminant(&first);
    if !keyed
        .iter()
        .all(|(key, _)| same_type(key) && order(key, &first).is_some())
    {
        return None;
    }
    keyed.sort_by(|(a, _), (b, _)| order(a, b).unwrap_or(std::cmp::Ordering::Equal));
    Some(keyed.into_iter().map(|(_, item)| item).collect())
}
