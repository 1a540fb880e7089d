//! The type checker: what is wrong with an expression without running it, and what to run.
//!
//! In: a syntax tree and an environment. Out: steps to run with their type, or every error that was found. Types are
//! gradual: a part that is dynamically typed is checked when it runs.

mod call;
mod macros;
mod unify;

use std::collections::HashMap;

use self::unify::Unifier;
use super::ast::{Expr, ExprKind, Name};
use super::environment::Environment;
use super::error::CompileError;
use super::ir::{Field, Ir, IrKind};
use super::types::{Schema, Type, View, escape, unescape};
use super::value::Value;
use crate::finding::{did_you_mean, nearest};
use crate::source::Span;

/// What the checker gives.
pub(super) struct Checked {
    /// What to run.
    pub(super) ir: Ir,
    /// The type of its value.
    pub(super) ty: Type,
    /// The variables that it reads, in the order of their places.
    pub(super) variables: Vec<Box<str>>,
}

/// Checks an expression.
pub(super) fn check(expr: &Expr, environment: &Environment) -> Result<Checked, Vec<CompileError>> {
    let mut checker = Checker {
        environment,
        locals: Vec::new(),
        errors: Vec::new(),
        unifier: Unifier::default(),
        variables: Vec::new(),
        places: HashMap::new(),
    };
    let (ir, ty) = checker.expr(expr);
    if !checker.errors.is_empty() {
        return Err(checker.errors);
    }
    let ty = checker.unifier.resolve(&ty);
    Ok(Checked {
        ir,
        ty,
        variables: checker.variables,
    })
}

struct Checker<'e> {
    environment: &'e Environment,
    /// The variables of macros in scope.
    locals: Vec<(Box<str>, Type)>,
    errors: Vec<CompileError>,
    unifier: Unifier,
    variables: Vec<Box<str>>,
    places: HashMap<Box<str>, usize>,
}

/// The types that expressions can name.
const TYPES: &[(&str, &str, Type)] = &[
    ("int", "int", Type::Int),
    ("uint", "uint", Type::Uint),
    ("double", "double", Type::Double),
    ("bool", "bool", Type::Bool),
    ("string", "string", Type::String),
    ("bytes", "bytes", Type::Bytes),
    ("list", "list", Type::Dyn),
    ("map", "map", Type::Dyn),
    ("null_type", "null_type", Type::Null),
    ("type", "type", Type::Dyn),
    ("optional_type", "optional_type", Type::Dyn),
    (
        "google.protobuf.Timestamp",
        "google.protobuf.Timestamp",
        Type::Timestamp,
    ),
    (
        "google.protobuf.Duration",
        "google.protobuf.Duration",
        Type::Duration,
    ),
    ("net.IP", "net.IP", Type::Opaque("ip")),
    ("net.CIDR", "net.CIDR", Type::Opaque("cidr")),
    ("kubernetes.URL", "kubernetes.URL", Type::Opaque("url")),
    (
        "kubernetes.Quantity",
        "kubernetes.Quantity",
        Type::Opaque("quantity"),
    ),
    (
        "kubernetes.Semver",
        "kubernetes.Semver",
        Type::Opaque("semver"),
    ),
];

type Typed = (Ir, Type);

/// How many errors of an expression are told.
const MOST_ERRORS: usize = 20;

impl Checker<'_> {
    fn error(&mut self, span: Span, message: impl Into<String>) -> Typed {
        if self.errors.len() < MOST_ERRORS {
            self.errors.push(CompileError::new(span, message));
        }
        (
            Ir {
                span,
                kind: IrKind::Literal(Value::Null),
            },
            Type::Dyn,
        )
    }

    fn expr(&mut self, expr: &Expr) -> Typed {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Literal(value) => (
                Ir {
                    span,
                    kind: IrKind::Literal(value.clone()),
                },
                type_of_literal(value),
            ),
            ExprKind::Name(name) => self.name(span, name),
            ExprKind::Select {
                operand,
                field,
                optional,
            } => self.select(expr, operand, field, *optional),
            ExprKind::Index {
                operand,
                index,
                optional,
            } => self.index(span, operand, index, *optional),
            ExprKind::Call {
                target,
                function,
                arguments,
            } => self.call(span, target.as_deref(), function, arguments),
            ExprKind::Operator { sign, operands } => self.operator(span, sign, operands),
            ExprKind::And(terms) => {
                let terms = self.terms("&&", terms);
                (
                    Ir {
                        span,
                        kind: IrKind::And(terms),
                    },
                    Type::Bool,
                )
            }
            ExprKind::Or(terms) => {
                let terms = self.terms("||", terms);
                (
                    Ir {
                        span,
                        kind: IrKind::Or(terms),
                    },
                    Type::Bool,
                )
            }
            ExprKind::Ternary(parts) => self.ternary(span, parts),
            ExprKind::List(items) => self.list(span, items),
            ExprKind::Map(entries) => self.map(span, entries),
            ExprKind::Struct(name) => self.error(
                span,
                format!("there is no type `{name}` to make a value of"),
            ),
        }
    }

    /// Checks what must be a boolean.
    fn condition(&mut self, expr: &Expr, of: &str) -> Ir {
        let (ir, ty) = self.expr(expr);
        if !self.unifier.fits(&ty, &Type::Bool) {
            let ty = self.unifier.resolve(&ty);
            self.error(expr.span, format!("{of} takes a bool, and this is {ty}"));
        }
        ir
    }

    fn terms(&mut self, sign: &str, terms: &[Expr]) -> Vec<Ir> {
        terms
            .iter()
            .map(|term| self.condition(term, &format!("`{sign}`")))
            .collect()
    }

    fn name(&mut self, span: Span, name: &str) -> Typed {
        let place = self.locals.iter().rposition(|(local, _)| **local == *name);
        if let Some((place, (_, ty))) =
            place.and_then(|place| Some((place, self.locals.get(place)?)))
        {
            return (
                Ir {
                    span,
                    kind: IrKind::Local(place),
                },
                ty.clone(),
            );
        }
        if let Some(ty) = self.environment.type_of(name).cloned() {
            return (self.variable(span, name), ty);
        }
        if let Some(typed) = type_named(span, name) {
            return typed;
        }
        if self.errors.len() >= MOST_ERRORS {
            return self.error(span, "");
        }
        let locals = self.locals.iter().rev().map(|(local, _)| &**local);
        let known = locals.chain(self.environment.names()).take(MOST_NAMES);
        let near = did_you_mean(nearest(name, known));
        self.error(span, format!("`{name}` is not declared{near}"))
    }

    fn variable(&mut self, span: Span, name: &str) -> Ir {
        let next = self.variables.len();
        let place = *self.places.entry(name.into()).or_insert(next);
        if place == next {
            self.variables.push(name.into());
        }
        Ir {
            span,
            kind: IrKind::Variable(place),
        }
    }

    fn select(&mut self, expr: &Expr, operand: &Expr, field: &Name, optional: bool) -> Typed {
        let span = expr.span;
        // A variable, or a type, may have a name with dots.
        if let Some(path) = expr.path()
            && expr
                .root_name()
                .is_some_and(|root| !self.locals.iter().any(|(local, _)| **local == *root))
        {
            if let Some(ty) = self.environment.type_of(&path).cloned() {
                return (self.variable(span, &path), ty);
            }
            if expr
                .root_name()
                .is_some_and(|root| self.environment.type_of(root).is_none())
                && let Some(typed) = type_named(span, &path)
            {
                return typed;
            }
            if operand
                .path()
                .is_some_and(|path| self.environment.type_of(&path).is_none())
                && let Some(error) = self.unknown_member(operand, field)
            {
                return error;
            }
        }
        let (operand, ty) = self.expr(operand);
        let (found, field, was_optional) = self.field(&ty, field);
        let kind = IrKind::Select {
            operand: Box::new(operand),
            field,
            optional,
        };
        let ty = if optional || was_optional {
            Type::optional(found)
        } else {
            found
        };
        (Ir { span, kind }, ty)
    }

    /// Tells that `variables.x` is none of those there are.
    fn unknown_member(&mut self, operand: &Expr, field: &Name) -> Option<Typed> {
        let prefix = format!("{}.", operand.path()?);
        let members: Vec<&str> = self
            .environment
            .names()
            .filter_map(|name| name.strip_prefix(prefix.as_str()))
            .take(MOST_NAMES)
            .collect();
        if members.is_empty() {
            return None;
        }
        let near = nearest(&field.text, members).map(|near| format!("{prefix}{near}"));
        let near = did_you_mean(near.as_deref());
        let message = format!("`{prefix}{}` is not declared{near}", field.text);
        Some(self.error(field.span, message))
    }

    /// Returns the type of a field, how it is read, and whether what holds it is optional.
    fn field(&mut self, ty: &Type, field: &Name) -> (Type, Field, bool) {
        let name = &*field.text;
        let plain = |name: &str| Field {
            name: name.into(),
            unescaped: None,
        };
        match self.unifier.resolve(ty) {
            Type::Dyn | Type::Param(_) => {
                let unescaped =
                    (!field.quoted && name.contains("__")).then(|| unescape(name).into());
                (
                    Type::Dyn,
                    Field {
                        name: name.into(),
                        unescaped,
                    },
                    false,
                )
            }
            Type::Optional(of) => {
                let (found, field, _) = self.field(&of, field);
                let found = if let Type::Optional(of) = found {
                    (*of).clone()
                } else {
                    found
                };
                (found, field, true)
            }
            Type::Map(key, value) => {
                if !self.unifier.fits(&Type::String, &key) {
                    self.error(
                        field.span,
                        format!("the keys of this map are {key}, and not string"),
                    );
                }
                ((*value).clone(), plain(name), false)
            }
            Type::Object(schema) => {
                let as_it_is = field.quoted || matches!(schema.view, View::Struct(_));
                let real = if as_it_is {
                    name.to_owned()
                } else {
                    unescape(name)
                };
                let written = as_it_is || escape(&real).as_deref() == Some(name);
                if let Some(found) = schema.field(&real).filter(|_| written) {
                    return (Schema::type_of(found), plain(&real), false);
                }
                let message = no_field(&schema, name);
                self.error(field.span, message);
                (Type::Dyn, plain(name), false)
            }
            other => {
                self.error(
                    field.span,
                    format!("{other} has no fields, so not `{name}` either"),
                );
                (Type::Dyn, plain(name), false)
            }
        }
    }

    fn index(&mut self, span: Span, operand: &Expr, index: &Expr, optional: bool) -> Typed {
        let (operand_ir, ty) = self.expr(operand);
        let (index_ir, index_ty) = self.expr(index);
        let resolved = self.unifier.resolve(&ty);
        let (held, was_optional) = match &resolved {
            Type::Optional(of) => ((**of).clone(), true),
            other => (other.clone(), false),
        };
        let found = match &held {
            Type::Dyn | Type::Param(_) => Type::Dyn,
            Type::List(item) => {
                if !self.unifier.fits(&index_ty, &Type::Int) {
                    let found = self.unifier.resolve(&index_ty);
                    self.error(
                        index.span,
                        format!("the items of a list are numbered by int, and this is {found}"),
                    );
                }
                (**item).clone()
            }
            Type::Map(key, value) => {
                if !self.unifier.fits(&index_ty, key) {
                    let found = self.unifier.resolve(&index_ty);
                    self.error(
                        index.span,
                        format!("the keys of this map are {key}, and this is {found}"),
                    );
                }
                (**value).clone()
            }
            other => return self.error(operand.span, format!("{other} has no items")),
        };
        let (operand, index) = (Box::new(operand_ir), Box::new(index_ir));
        let ty = if optional || was_optional {
            Type::optional(found)
        } else {
            found
        };
        (
            Ir {
                span,
                kind: IrKind::Index {
                    operand,
                    index,
                    optional,
                },
            },
            ty,
        )
    }

    fn ternary(&mut self, span: Span, [condition, yes, no]: &[Expr; 3]) -> Typed {
        let condition = self.condition(condition, "the condition of `?:`");
        let ((yes, yes_ty), (no, no_ty)) = (self.expr(yes), self.expr(no));
        let ty = if let Some(ty) = self.unifier.join(&yes_ty, &no_ty) {
            ty
        } else {
            let (yes_ty, no_ty) = (self.unifier.resolve(&yes_ty), self.unifier.resolve(&no_ty));
            let message =
                format!("both sides of `:` must have one type, and they are {yes_ty} and {no_ty}");
            self.error(span, message);
            Type::Dyn
        };
        (
            Ir {
                span,
                kind: IrKind::Ternary(Box::new([condition, yes, no])),
            },
            ty,
        )
    }

    fn list(&mut self, span: Span, items: &[(Expr, bool)]) -> Typed {
        let mut joined: Option<Type> = None;
        let mut made = Vec::with_capacity(items.len());
        for (item, optional) in items {
            let (ir, ty) = self.expr(item);
            let ty = if *optional {
                self.unwrapped(item.span, &ty)
            } else {
                ty
            };
            joined = Some(self.joined(item.span, joined, ty, "items of a list"));
            made.push((ir, *optional));
        }
        let item = joined.unwrap_or_else(|| self.unifier.fresh());
        let constants: Option<Vec<(Value<'static>, u64)>> = made
            .iter()
            .map(|(ir, optional)| if *optional { None } else { constant(ir) })
            .collect();
        let kind = match constants {
            Some(values) if !values.is_empty() => {
                let cost = 10 + values.iter().map(|(_, cost)| cost).sum::<u64>();
                IrKind::Made(
                    Value::list(values.into_iter().map(|(value, _)| value).collect()),
                    cost,
                )
            }
            _ => IrKind::List(made),
        };
        (Ir { span, kind }, Type::list(item))
    }

    fn map(&mut self, span: Span, entries: &[(Expr, Expr, bool)]) -> Typed {
        let (mut keys, mut values) = (None, None);
        let mut made = Vec::with_capacity(entries.len());
        for (key, value, optional) in entries {
            let (key_ir, key_ty) = self.expr(key);
            let (value_ir, value_ty) = self.expr(value);
            let key_ty = self.key(key.span, &key_ty);
            let value_ty = if *optional {
                self.unwrapped(value.span, &value_ty)
            } else {
                value_ty
            };
            keys = Some(self.joined(key.span, keys, key_ty, "keys of a map"));
            values = Some(self.joined(value.span, values, value_ty, "values of a map"));
            made.push((key_ir, value_ir, *optional));
        }
        let key = keys.unwrap_or_else(|| self.unifier.fresh());
        let value = values.unwrap_or_else(|| self.unifier.fresh());
        (
            Ir {
                span,
                kind: IrKind::Map(made),
            },
            Type::map(key, value),
        )
    }

    /// Returns the type of a key; what may be none is told, and is anything from there on.
    fn key(&mut self, span: Span, ty: &Type) -> Type {
        match self.unifier.resolve(ty) {
            scalar @ (Type::Dyn | Type::Bool | Type::Int | Type::Uint | Type::String) => scalar,
            Type::Param(_) => ty.clone(),
            other => {
                let message = format!("a key is a string, int, uint or bool, and this is {other}");
                self.error(span, message);
                Type::Dyn
            }
        }
    }

    /// Returns what an optional holds.
    fn unwrapped(&mut self, span: Span, ty: &Type) -> Type {
        match self.unifier.resolve(ty) {
            Type::Optional(of) => (*of).clone(),
            Type::Dyn | Type::Param(_) => Type::Dyn,
            other => {
                self.error(
                    span,
                    format!("`?` takes an optional value, and this is {other}"),
                );
                Type::Dyn
            }
        }
    }

    fn joined(&mut self, span: Span, before: Option<Type>, ty: Type, what: &str) -> Type {
        let Some(before) = before else { return ty };
        if let Some(joined) = self.unifier.join(&before, &ty) {
            return joined;
        }
        let (before, ty) = (self.unifier.resolve(&before), self.unifier.resolve(&ty));
        self.error(
            span,
            format!("{what} must have one type; those before are {before}, and this is {ty}"),
        );
        before
    }
}

/// Returns the value of a step that is made of literals only, and what making it costs.
fn constant(ir: &Ir) -> Option<(Value<'static>, u64)> {
    match &ir.kind {
        IrKind::Literal(value) => Some((value.clone(), 0)),
        IrKind::Made(value, cost) => Some((value.clone(), *cost)),
        _ => None,
    }
}

fn type_of_literal(value: &Value<'_>) -> Type {
    match value {
        Value::Null => Type::Null,
        Value::Bool(_) => Type::Bool,
        Value::Int(_) => Type::Int,
        Value::Uint(_) => Type::Uint,
        Value::Double(_) => Type::Double,
        Value::String(_) => Type::String,
        Value::Bytes(_) => Type::Bytes,
        _ => Type::Dyn,
    }
}

fn type_named(span: Span, name: &str) -> Option<Typed> {
    let (_, shown, of) = TYPES.iter().find(|(known, _, _)| *known == name)?;
    let ty = Type::Type(std::sync::Arc::new(of.clone()));
    Some((
        Ir {
            span,
            kind: IrKind::Type(shown),
        },
        ty,
    ))
}

/// How many names are compared to find the one that was meant.
const MOST_NAMES: usize = 200;

fn no_field(schema: &Schema, name: &str) -> String {
    if let View::Struct(fields) = &schema.view {
        let near = nearest(name, fields.iter().map(|(field, _)| &**field));
        return format!("there is no field `{name}` here{}", did_you_mean(near));
    }
    let View::Object(fields) = &schema.view else {
        return format!("there is no field `{name}`");
    };
    // Among very many nobody is near: a schema may have as many rules as fields.
    let looked_at = if fields.len() <= MOST_NAMES {
        fields.as_slice()
    } else {
        &[]
    };
    let escaped: Vec<String> = looked_at
        .iter()
        .filter_map(|(field, _)| escape(field))
        .collect();
    let real = unescape(name);
    if let Some(escaped) =
        escape(&real).filter(|escaped| schema.field(&real).is_some() && escaped != name)
    {
        return format!("the schema's field `{real}` is written `{escaped}` here");
    }
    let near = nearest(name, escaped.iter().map(String::as_str));
    let near = did_you_mean(near);
    format!("the schema has no field `{name}` here{near}")
}
