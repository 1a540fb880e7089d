//! Calls and operators: which overloads fit.

use ::regex::Regex;

use super::unify::instantiate;
use super::{Checker, MOST_ERRORS, Typed, constant};
use crate::cel::ast::{Expr, Name};
use crate::cel::error::EvalError;
use crate::cel::eval::Meter;
use crate::cel::ir::{Call, Ir, IrKind};
use crate::cel::library::{Overload, functions, overloads, regex};
use crate::cel::types::Type;
use crate::cel::value::Value;
use crate::finding::{did_you_mean, nearest};
use crate::source::Span;

/// What is called, and with what.
struct Request<'c> {
    span: Span,
    /// The function's name, and where it stands.
    name: &'c str,
    name_span: Span,
    member: bool,
    arguments: Vec<Typed>,
}

impl Checker<'_> {
    pub(super) fn operator(&mut self, span: Span, sign: &'static str, operands: &[Expr]) -> Typed {
        let arguments: Vec<Typed> = operands.iter().map(|operand| self.expr(operand)).collect();
        let name = if sign == "-" && operands.len() == 1 {
            "-_"
        } else {
            sign
        };
        self.resolved(&Request {
            span,
            name,
            name_span: span,
            member: false,
            arguments,
        })
    }

    pub(super) fn call(
        &mut self,
        span: Span,
        target: Option<&Expr>,
        function: &Name,
        arguments: &[Expr],
    ) -> Typed {
        if let Some(typed) = self.expand(span, target, function, arguments) {
            return typed;
        }
        let name_span = function.span;
        // `sets.contains(a, b)`: a function whose name has a dot, where its first part is no variable.
        if let Some(target) = target
            && let (Some(path), Some(root)) = (target.path(), target.root_name())
            && !self.locals.iter().any(|(local, _)| **local == *root)
            && self.environment.type_of(root).is_none()
        {
            let name = format!("{path}.{}", function.text);
            if overloads(&name, false).is_some() {
                let arguments = arguments
                    .iter()
                    .map(|argument| self.expr(argument))
                    .collect();
                return self.resolved(&Request {
                    span,
                    name: &name,
                    name_span,
                    member: false,
                    arguments,
                });
            }
            let prefix = format!("{path}.");
            let known: Vec<&str> = functions()
                .filter(|name| name.starts_with(&prefix) && !name.contains(' '))
                .collect();
            if !known.is_empty() {
                let near = did_you_mean(nearest(&name, known));
                return self.error(name_span, format!("there is no function `{name}`{near}"));
            }
        }
        let member = target.is_some();
        let all = target.into_iter().chain(arguments);
        let arguments: Vec<Typed> = all.map(|argument| self.expr(argument)).collect();
        self.resolved(&Request {
            span,
            name: &function.text,
            name_span,
            member,
            arguments,
        })
    }

    fn resolved(&mut self, request: &Request<'_>) -> Typed {
        let Some(known) = overloads(request.name, request.member) else {
            return self.unknown_function(request);
        };
        let sound = self.errors.is_empty();
        let (mut fitting, mut result): (Vec<&'static Overload>, Option<Type>) = (Vec::new(), None);
        let mut later: Option<u8> = None;
        for overload in known {
            let Some(ty) = self.fitting(overload, request) else {
                continue;
            };
            if !self.environment.has(overload.since) {
                later = Some(later.map_or(overload.since, |other| other.min(overload.since)));
                continue;
            }
            fitting.push(overload);
            result = Some(match result {
                None => ty,
                Some(other) if same(&self.unifier.resolve(&other), &self.unifier.resolve(&ty)) => {
                    other
                }
                Some(_) => Type::Dyn,
            });
        }
        let (Some(first), Some(ty)) = (fitting.first(), result) else {
            return match later {
                Some(since) => self.too_new(request, since),
                None => self.no_overload(request, known),
            };
        };
        let name = first.name;
        let arguments: Vec<Ir> = request.arguments.iter().map(|(ir, _)| ir.clone()).collect();
        let pattern = self.literals(name, &arguments);
        if sound && !self.errors.is_empty() {
            return (
                Ir {
                    span: request.span,
                    kind: IrKind::Literal(Value::Null),
                },
                ty,
            );
        }
        let fallback = request.member && matches!(name, "or" | "orValue");
        let call = Call {
            name,
            overloads: fitting,
            arguments,
            fallback,
            pattern,
        };
        (
            Ir {
                span: request.span,
                kind: IrKind::Call(Box::new(call)),
            },
            ty,
        )
    }

    /// Returns the type that an overload gives, where the arguments fit it.
    fn fitting(&mut self, overload: &'static Overload, request: &Request<'_>) -> Option<Type> {
        if overload.parameters.len() != request.arguments.len() {
            return None;
        }
        let before = self.unifier.mark();
        let mut orders: Vec<Vec<usize>> = vec![(0..overload.parameters.len()).collect()];
        if overload.parameters.len() == 2 {
            // `null == object` is as good as `object == null`.
            orders.push(vec![1, 0]);
        }
        for order in orders {
            let base = self.unifier.room(overload.type_parameters);
            let fits = order.iter().all(|place| {
                match (
                    overload.parameters.get(*place),
                    request.arguments.get(*place),
                ) {
                    (Some(parameter), Some((_, ty))) => {
                        self.unifier.fits(ty, &instantiate(parameter, base))
                    }
                    _ => false,
                }
            });
            if fits {
                return Some(instantiate(&overload.result, base));
            }
            self.unifier.undo(before);
        }
        None
    }

    /// Checks literals that only some texts are good for: patterns, durations, times.
    fn literals(&mut self, name: &str, arguments: &[Ir]) -> Option<Regex> {
        let text = |place: usize| -> Option<(Span, String)> {
            let argument = arguments.get(place)?;
            let (value, _) = constant(argument)?;
            Some((argument.span, value.as_str()?.to_owned()))
        };
        match name {
            "matches" | "find" | "findAll" => {
                let (span, pattern) = text(1)?;
                match regex::compile(&pattern) {
                    Ok(pattern) => Some(pattern),
                    Err(message) => {
                        if name == "matches" {
                            self.errors
                                .push(crate::cel::error::CompileError::new(span, message));
                        }
                        None
                    }
                }
            }
            "duration" | "timestamp" => {
                let (span, _) = text(0)?;
                let (value, _) = constant(arguments.first()?)?;
                let overload = overloads(name, false)?
                    .iter()
                    .find(|overload| matches!(overload.parameters.first(), Some(Type::String)))?;
                if let Err(EvalError::Failure(message)) =
                    (overload.call)(&mut Meter::unlimited(), &[value])
                {
                    self.errors
                        .push(crate::cel::error::CompileError::new(span, message));
                }
                None
            }
            _ => None,
        }
    }

    fn too_new(&mut self, request: &Request<'_>, since: u8) -> Typed {
        let message = format!(
            "`{}` can be used from Kubernetes 1.{} on, and this is for 1.{}",
            request.name,
            since + 1,
            self.environment.minor()
        );
        self.error(request.name_span, message)
    }

    fn unknown_function(&mut self, request: &Request<'_>) -> Typed {
        let name = request.name;
        if self.errors.len() >= MOST_ERRORS {
            return self.error(request.span, "");
        }
        if overloads(name, !request.member).is_some() {
            let message = if request.member {
                format!("`{name}` is called as `{name}(…)`, not on a value")
            } else {
                format!("`{name}` is called on a value: `value.{name}(…)`")
            };
            return self.error(request.name_span, message);
        }
        let near = nearest(name, functions().filter(|known| !known.contains('.')));
        let message = format!("there is no function `{name}`{}", did_you_mean(near));
        self.error(request.name_span, message)
    }

    fn no_overload(&mut self, request: &Request<'_>, known: &'static [Overload]) -> Typed {
        let types: Vec<String> = request
            .arguments
            .iter()
            .map(|(_, ty)| self.unifier.resolve(ty).to_string())
            .collect();
        let counts: Vec<usize> = known
            .iter()
            .map(|overload| overload.parameters.len())
            .collect();
        let name = request.name;
        let message = if !counts.contains(&types.len()) {
            let wanted =
                counts.iter().min().copied().unwrap_or_default() - usize::from(request.member);
            let found = types.len().saturating_sub(usize::from(request.member));
            format!(
                "`{name}` takes {wanted} {}, and not {found}",
                if wanted == 1 { "argument" } else { "arguments" }
            )
        } else if request.member {
            let (target, rest) = types
                .split_first()
                .map_or(("", &[][..]), |(target, rest)| (target.as_str(), rest));
            format!("{target} has no `{name}({})`", rest.join(", "))
        } else if name.starts_with(|c: char| c.is_ascii_alphabetic()) && name != "in" {
            format!("`{name}` does not take ({})", types.join(", "))
        } else {
            let sign = name.trim_end_matches('_');
            format!("`{sign}` does not go with {}", types.join(" and "))
        };
        self.error(request.span, message)
    }
}

fn same(left: &Type, right: &Type) -> bool {
    match (left, right) {
        (Type::List(a), Type::List(b)) | (Type::Optional(a), Type::Optional(b)) => same(a, b),
        (Type::Map(key, value), Type::Map(other_key, other_value)) => {
            same(key, other_key) && same(value, other_value)
        }
        (Type::Opaque(a), Type::Opaque(b)) => a == b,
        (Type::Object(a), Type::Object(b)) => std::sync::Arc::ptr_eq(a, b),
        _ => std::mem::discriminant(left) == std::mem::discriminant(right),
    }
}
