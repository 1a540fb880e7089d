//! Running a checked expression.
//!
//! In: steps, values of variables, a budget. Out: a value, or why there is none. Costs are counted as the API server
//! counts them, and besides them the work that it does not count, so that every run ends soon.

mod activation;
pub(crate) mod compare;
mod explain;
mod loops;
mod meter;

use std::sync::Arc;

pub use self::activation::Activation;
pub(crate) use self::activation::Bound;
pub use self::explain::Reason;
pub(super) use self::explain::explain;
pub(crate) use self::loops::sorted;
pub use self::meter::Budget;
pub(crate) use self::meter::Meter;
use super::error::EvalError;
use super::ir::{Call, Field, Ir, IrKind};
use super::library::{self, Outcome, Price};
use super::value::{Entries, Key, List, Map, Value};

/// A run of an expression.
pub(super) struct Run<'a, 'p> {
    pub(super) meter: &'p mut Meter,
    /// The variables of the environment, in the order of the program's list.
    pub(super) variables: Vec<Option<Bound<'a, 'p>>>,
    /// The variables of macros in scope.
    pub(super) locals: Vec<Value<'a>>,
    /// How many variables that are expressions themselves are being computed.
    pub(super) nesting: u32,
}

impl<'a> Run<'a, '_> {
    pub(super) fn eval(&mut self, ir: &Ir) -> Outcome<'a> {
        match &ir.kind {
            IrKind::Literal(value) => Ok(value.clone()),
            IrKind::Made(value, cost) => {
                self.meter.charge(*cost)?;
                Ok(value.clone())
            }
            IrKind::Type(name) => {
                self.meter.charge(1)?;
                Ok(Value::Type(name))
            }
            IrKind::Variable(place) => self.variable(*place),
            IrKind::Local(place) => {
                self.meter.charge(1)?;
                self.locals
                    .get(*place)
                    .cloned()
                    .ok_or_else(|| EvalError::failure("a variable has no value"))
            }
            IrKind::Select {
                operand,
                field,
                optional,
            } => self.select(operand, field, *optional),
            IrKind::Has { operand, field } => self.has(operand, field),
            IrKind::Index {
                operand,
                index,
                optional,
            } => self.index(operand, index, *optional),
            IrKind::And(terms) => self.logical(terms, false),
            IrKind::Or(terms) => self.logical(terms, true),
            IrKind::Ternary(parts) => {
                let [condition, yes, no] = &**parts;
                match self.eval(condition)? {
                    Value::Bool(true) => self.eval(yes),
                    Value::Bool(false) => self.eval(no),
                    other => Err(wrong("the condition of `?:`", "bool", &other)),
                }
            }
            IrKind::Call(call) => self.call(call),
            IrKind::List(items) => self.list(items),
            IrKind::Map(entries) => self.map(entries),
            IrKind::Loop(body) => self.repeat(body),
            IrKind::OnValue {
                operand,
                body,
                flat,
            } => self.on_value(operand, body, *flat),
        }
    }

    fn variable(&mut self, place: usize) -> Outcome<'a> {
        self.meter.charge(1)?;
        match self.variables.get(place) {
            Some(Some(Bound::Value(value))) => Ok((*value).clone()),
            Some(Some(Bound::Lazy(lazy))) => {
                let lazy = *lazy;
                lazy.value(self.meter, self.nesting)
            }
            _ => Err(EvalError::failure("a variable has no value")),
        }
    }

    fn select(&mut self, operand: &Ir, field: &Field, optional: bool) -> Outcome<'a> {
        let operand = self.eval(operand)?;
        self.meter.charge(1)?;
        let Held::Value(held, optional) = unwrap(operand, optional)? else {
            return Ok(Value::Optional(None));
        };
        match (self.find(&held, field)?, optional) {
            (Some(value), false) => Ok(value),
            (Some(Value::Optional(value)), true) => Ok(Value::Optional(value)),
            (Some(value), true) => Ok(Value::some(value)),
            (None, true) => Ok(Value::Optional(None)),
            (None, false) => match held {
                Value::Map(_) => Err(EvalError::Failure(format!("no such key: {}", field.name))),
                other => Err(wrong(&format!("`.{}`", field.name), "map", &other)),
            },
        }
    }

    /// Looks a field up in a map; what is no map has none.
    fn find(&mut self, held: &Value<'a>, field: &Field) -> Result<Option<Value<'a>>, EvalError> {
        let Value::Map(map) = held else {
            return Ok(None);
        };
        if let Map::Node(node, _) = map {
            self.meter.work(node.entries().len() / 8)?;
        }
        let found = map.field(&field.name);
        Ok(match (&found, &field.unescaped) {
            (None, Some(name)) => map.field(name),
            _ => found,
        })
    }

    /// Tells whether there is a field; the test itself costs nothing.
    fn has(&mut self, operand: &Ir, field: &Field) -> Outcome<'a> {
        let held = match &operand.kind {
            IrKind::Variable(_) | IrKind::Local(_) => self.for_nothing(operand)?,
            _ => self.eval(operand)?,
        };
        let held = match held {
            Value::Optional(None) => return Ok(Value::Bool(false)),
            Value::Optional(Some(value)) => (*value).clone(),
            other => other,
        };
        match held {
            Value::Map(_) => match self.find(&held, field)? {
                Some(Value::Opaque(opaque)) if opaque.is_undecided() => {
                    Err(library::undecided(&opaque))
                }
                found => Ok(Value::Bool(found.is_some())),
            },
            Value::Opaque(opaque) => Err(library::undecided(&opaque)),
            other => Err(wrong("`has`", "map", &other)),
        }
    }

    /// Gives a variable that a test of a field reads.
    fn for_nothing(&mut self, operand: &Ir) -> Outcome<'a> {
        match &operand.kind {
            IrKind::Local(place) => {
                self.meter.work(1)?;
                self.locals
                    .get(*place)
                    .cloned()
                    .ok_or_else(|| EvalError::failure("a variable has no value"))
            }
            IrKind::Variable(place) => match self.variables.get(*place) {
                Some(Some(Bound::Value(value))) => {
                    self.meter.work(1)?;
                    Ok((*value).clone())
                }
                _ => self.variable(*place),
            },
            _ => self.eval(operand),
        }
    }

    fn index(&mut self, operand: &Ir, index: &Ir, optional: bool) -> Outcome<'a> {
        let operand = self.eval(operand)?;
        let index = self.eval(index)?;
        self.meter.charge(1)?;
        let Held::Value(held, optional) = unwrap(operand, optional)? else {
            return Ok(Value::Optional(None));
        };
        let found = match &held {
            Value::List(list) => self.item(list, &index)?,
            Value::Map(map) => {
                if let Map::Node(node, _) = map {
                    self.meter.work(node.entries().len() / 8)?;
                }
                if Key::of(&index).is_none() {
                    return Err(wrong("a key of a map", "string, int, uint or bool", &index));
                }
                map.get(&index)
                    .ok_or_else(|| format!("no such key: {}", library::show(&index)))
            }
            other => return Err(wrong("`[]`", "list or map", other)),
        };
        match (found, optional) {
            (Ok(value), false) => Ok(value),
            (Ok(Value::Optional(value)), true) => Ok(Value::Optional(value)),
            (Ok(value), true) => Ok(Value::some(value)),
            (Err(_), true) => Ok(Value::Optional(None)),
            (Err(message), false) => Err(EvalError::Failure(message)),
        }
    }

    fn item(
        &mut self,
        list: &List<'a>,
        index: &Value<'a>,
    ) -> Result<Result<Value<'a>, String>, EvalError> {
        let Some(Key::Number(at)) = Key::of(index) else {
            return Err(wrong("a place in a list", "int", index));
        };
        let outside = || format!("index out of bounds: {at}");
        let Ok(place) = usize::try_from(at) else {
            return Ok(Err(outside()));
        };
        if let List::Node(..) = list {
            self.meter.work(place / 4)?;
        }
        Ok(list.get(place).ok_or_else(outside))
    }

    /// Runs `&&`, or `||` where `decides` is true: the first term that decides wins over errors before and after it.
    fn logical(&mut self, terms: &[Ir], decides: bool) -> Outcome<'a> {
        let mut worst: Option<EvalError> = None;
        for term in terms {
            match self.eval(term) {
                Ok(Value::Bool(value)) if value == decides => return Ok(Value::Bool(value)),
                Ok(Value::Bool(_)) => {}
                Ok(other) => keep(
                    &mut worst,
                    wrong(if decides { "`||`" } else { "`&&`" }, "bool", &other),
                )?,
                Err(error) => keep(&mut worst, error)?,
            }
        }
        match worst {
            Some(error) => Err(error),
            None => Ok(Value::Bool(!decides)),
        }
    }

    fn call(&mut self, call: &Call) -> Outcome<'a> {
        match call.arguments.as_slice() {
            [one] => {
                let values = [self.eval(one)?];
                self.dispatch(call, &values)
            }
            [one, two] if call.fallback => match self.eval(one)? {
                Value::Optional(Some(value)) => {
                    self.meter.charge(1)?;
                    let or = call.name == "or";
                    Ok(if or {
                        Value::Optional(Some(value))
                    } else {
                        Arc::unwrap_or_clone(value)
                    })
                }
                first => {
                    let values = [first, self.eval(two)?];
                    self.dispatch(call, &values)
                }
            },
            [one, two] => {
                let values = [self.eval(one)?, self.eval(two)?];
                self.dispatch(call, &values)
            }
            all => {
                let values = all
                    .iter()
                    .map(|ir| self.eval(ir))
                    .collect::<Result<Vec<_>, _>>()?;
                self.dispatch(call, &values)
            }
        }
    }

    fn dispatch(&mut self, call: &Call, values: &[Value<'a>]) -> Outcome<'a> {
        let Some(overload) = call.overloads.iter().find(|overload| overload.fits(values)) else {
            if let Some(error) = values.iter().find_map(library::undecided_value) {
                return Err(error);
            }
            let types: Vec<&str> = values.iter().map(Value::type_name).collect();
            let name = call.name.trim_end_matches('_');
            return Err(EvalError::Failure(format!(
                "no such overload: `{name}` with {}",
                types.join(", ")
            )));
        };
        if !matches!(overload.price, Price::Fixed(_)) {
            let weight = values.iter().map(Value::weight).sum();
            self.meter.work(weight)?;
        }
        self.meter.charge(overload.price.before(values))?;
        let value = match (&call.pattern, values) {
            (Some(pattern), [Value::String(text), ..]) => {
                library::regex::run(call.name, pattern, text, values)?
            }
            _ => (overload.call)(self.meter, values)?,
        };
        self.meter.charge(overload.price.after(&value))?;
        Ok(value)
    }

    fn list(&mut self, items: &[(Ir, bool)]) -> Outcome<'a> {
        let mut made = Vec::with_capacity(items.len());
        for (item, optional) in items {
            match (self.eval(item)?, optional) {
                (value, false) => made.push(value),
                (Value::Optional(value), true) => made.extend(value.map(|value| (*value).clone())),
                (other, true) => return Err(wrong("`?`", "optional", &other)),
            }
        }
        self.meter.charge(10)?;
        Ok(Value::list(made))
    }

    fn map(&mut self, entries: &[(Ir, Ir, bool)]) -> Outcome<'a> {
        let mut made = Entries::with_capacity(entries.len());
        for (key, value, optional) in entries {
            let (key, value) = (self.eval(key)?, self.eval(value)?);
            let value = match (value, optional) {
                (value, false) => value,
                (Value::Optional(None), true) => continue,
                (Value::Optional(Some(value)), true) => (*value).clone(),
                (other, true) => return Err(wrong("`?`", "optional", &other)),
            };
            insert(&mut made, key, value)?;
        }
        self.meter.charge(30)?;
        Ok(Value::Map(Map::Entries(Arc::new(made))))
    }

    fn on_value(&mut self, operand: &Ir, body: &Ir, flat: bool) -> Outcome<'a> {
        let value = match self.eval(operand)? {
            Value::Optional(Some(value)) => (*value).clone(),
            Value::Optional(None) => return Ok(Value::Optional(None)),
            other => {
                return Err(wrong(
                    if flat { "`optFlatMap`" } else { "`optMap`" },
                    "optional",
                    &other,
                ));
            }
        };
        self.locals.push(value);
        let result = self.eval(body);
        self.locals.pop();
        match (result?, flat) {
            (value, false) => Ok(Value::some(value)),
            (Value::Optional(value), true) => Ok(Value::Optional(value)),
            (other, true) => Err(wrong("`optFlatMap`", "optional", &other)),
        }
    }
}

/// Adds an entry; a key that is there already is an error.
fn insert<'a>(
    entries: &mut Entries<'a>,
    key: Value<'a>,
    value: Value<'a>,
) -> Result<(), EvalError> {
    let Some(of) = Key::of(&key).filter(|_| !matches!(key, Value::Double(_))) else {
        return Err(wrong("a key of a map", "string, int, uint or bool", &key));
    };
    if entries.contains_key(&of) {
        return Err(EvalError::Failure(format!(
            "the key {} is there twice",
            library::show(&key)
        )));
    }
    entries.insert(of, (key, value));
    Ok(())
}

/// What holds a field or an item.
enum Held<'a> {
    /// A value, and whether what is in it is optional.
    Value(Value<'a>, bool),
    /// Nothing, so that nothing is in it.
    Nothing,
}

/// Takes the value out of an optional, from which fields and items are optional too.
fn unwrap(value: Value<'_>, optional: bool) -> Result<Held<'_>, EvalError> {
    match value {
        Value::Optional(None) => Ok(Held::Nothing),
        Value::Optional(Some(value)) => Ok(Held::Value((*value).clone(), true)),
        Value::Opaque(opaque) if opaque.is_undecided() => Err(library::undecided(&opaque)),
        other => Ok(Held::Value(other, optional)),
    }
}

/// Keeps the error that wins: what is not decided over what failed; a spent budget ends the run.
fn keep(worst: &mut Option<EvalError>, error: EvalError) -> Result<(), EvalError> {
    match (&worst, &error) {
        (_, EvalError::Budget) => Err(EvalError::Budget),
        (None | Some(EvalError::Failure(_)), EvalError::NotDecided(_)) | (None, _) => {
            *worst = Some(error);
            Ok(())
        }
        _ => Ok(()),
    }
}

fn wrong(what: &str, wanted: &str, found: &Value<'_>) -> EvalError {
    library::undecided_value(found).unwrap_or_else(|| {
        EvalError::Failure(format!(
            "no such overload: {what} takes {wanted}, and this is {}",
            found.type_name()
        ))
    })
}
