//! Macros: `has`, loops of one and two variables, `optMap`, `sortBy`.

use super::{Checker, Typed};
use crate::cel::ast::{Expr, ExprKind, Name};
use crate::cel::ir::{Ir, IrKind, Loop, LoopKind};
use crate::cel::types::Type;
use crate::source::Span;

/// The version that brought loops of two variables.
const TWO_VARIABLES: u8 = 32;
/// The version that brought `sortBy`.
const SORT_BY: u8 = 34;

/// A macro that runs over a list or map: its name, number of arguments, what it gives, and how many are variables.
const LOOPS: &[(&str, usize, LoopKind, usize)] = &[
    ("all", 2, LoopKind::All, 1),
    ("exists", 2, LoopKind::Exists, 1),
    ("exists_one", 2, LoopKind::ExistsOne, 1),
    ("existsOne", 2, LoopKind::ExistsOne, 1),
    ("map", 2, LoopKind::Map, 1),
    ("map", 3, LoopKind::Map, 1),
    ("filter", 2, LoopKind::Filter, 1),
    ("all", 3, LoopKind::All, 2),
    ("exists", 3, LoopKind::Exists, 2),
    ("exists_one", 3, LoopKind::ExistsOne, 2),
    ("existsOne", 3, LoopKind::ExistsOne, 2),
    ("transformList", 3, LoopKind::Map, 2),
    ("transformList", 4, LoopKind::Map, 2),
    ("transformMap", 3, LoopKind::TransformMap, 2),
    ("transformMap", 4, LoopKind::TransformMap, 2),
    ("transformMapEntry", 3, LoopKind::TransformMapEntry, 2),
    ("transformMapEntry", 4, LoopKind::TransformMapEntry, 2),
    ("sortBy", 2, LoopKind::SortBy, 1),
];

impl Checker<'_> {
    /// Checks a call that is a macro.
    pub(super) fn expand(
        &mut self,
        span: Span,
        target: Option<&Expr>,
        function: &Name,
        arguments: &[Expr],
    ) -> Option<Typed> {
        match (target, &*function.text, arguments) {
            (None, "has", [argument]) => Some(self.has(span, argument)),
            (Some(target), "optMap", [variable, body]) => {
                Some(self.on_value(span, target, variable, body, false))
            }
            (Some(target), "optFlatMap", [variable, body]) => {
                Some(self.on_value(span, target, variable, body, true))
            }
            (Some(target), name, arguments) => {
                let found = LOOPS
                    .iter()
                    .find(|(known, count, _, _)| *known == name && *count == arguments.len());
                if let Some((_, _, kind, variables)) = found {
                    return Some(self.repeat(function, *kind, *variables, target, arguments, span));
                }
                let mut counts = LOOPS
                    .iter()
                    .filter(|(known, ..)| *known == name)
                    .map(|(_, count, ..)| *count);
                let wanted = counts.next()?;
                let message = format!(
                    "`{name}` takes {wanted} arguments, and not {}",
                    arguments.len()
                );
                Some(self.error(function.span, message))
            }
            _ => None,
        }
    }

    fn has(&mut self, span: Span, argument: &Expr) -> Typed {
        let ExprKind::Select {
            operand,
            field,
            optional: false,
        } = &argument.kind
        else {
            return self.error(argument.span, "`has` takes a field: `has(a.b)`");
        };
        let (operand, ty) = self.expr(operand);
        let (_, field, _) = self.field(&ty, field);
        (
            Ir {
                span,
                kind: IrKind::Has {
                    operand: Box::new(operand),
                    field,
                },
            },
            Type::Bool,
        )
    }

    fn variable_name(&mut self, expr: &Expr) -> Box<str> {
        if let ExprKind::Name(name) = &expr.kind {
            return name.clone();
        }
        self.error(expr.span, "the name of a variable was expected here");
        "_".into()
    }

    fn on_value(
        &mut self,
        span: Span,
        target: &Expr,
        variable: &Expr,
        body: &Expr,
        flat: bool,
    ) -> Typed {
        let (operand, ty) = self.expr(target);
        let held = match self.unifier.resolve(&ty) {
            Type::Optional(of) => (*of).clone(),
            Type::Dyn | Type::Param(_) => Type::Dyn,
            other => {
                self.error(
                    target.span,
                    format!("an optional value was expected here, and this is {other}"),
                );
                Type::Dyn
            }
        };
        let name = self.variable_name(variable);
        self.locals.push((name, held));
        let (body_ir, ty) = self.expr(body);
        self.locals.pop();
        let ty = match (flat, self.unifier.resolve(&ty)) {
            (false, _) => Type::optional(ty),
            (true, optional @ (Type::Optional(_) | Type::Dyn)) => optional,
            (true, other) => {
                self.error(
                    body.span,
                    format!("`optFlatMap` takes an optional value, and this is {other}"),
                );
                Type::Dyn
            }
        };
        let kind = IrKind::OnValue {
            operand: Box::new(operand),
            body: Box::new(body_ir),
            flat,
        };
        (Ir { span, kind }, ty)
    }

    fn repeat(
        &mut self,
        function: &Name,
        kind: LoopKind,
        variables: usize,
        target: &Expr,
        arguments: &[Expr],
        span: Span,
    ) -> Typed {
        let since = match kind {
            LoopKind::SortBy => SORT_BY,
            _ if variables == 2 || &*function.text == "existsOne" => TWO_VARIABLES,
            _ => 0,
        };
        if !self.environment.has(since) {
            let what = if kind == LoopKind::SortBy {
                ""
            } else {
                " with two variables"
            };
            let message = format!(
                "`{}`{what} can be used from Kubernetes 1.{} on, and this is for 1.{}",
                function.text,
                since + 1,
                self.environment.minor()
            );
            self.error(function.span, message);
        }
        let (range, range_ty) = self.expr(target);
        let (first, second, range_ty) = self.ranged(target, &range_ty, variables);
        let (names, rest) = arguments
            .split_at_checked(variables)
            .unwrap_or((arguments, &[]));
        for (name, ty) in names.iter().zip([first, second]) {
            let name = self.variable_name(name);
            self.locals.push((name, ty));
        }
        let (filter, body) = match rest {
            [filter, body] => (
                Some(self.condition(filter, &format!("`{}`", function.text))),
                body,
            ),
            [body, ..] => (None, body),
            [] => (None, target),
        };
        let (body_ir, body_ty) = self.expr(body);
        self.locals
            .truncate(self.locals.len().saturating_sub(names.len()));
        let ty = self.loop_type(kind, function, body, &body_ty, &range_ty);
        let body = Loop {
            kind,
            range,
            two: variables == 2,
            filter,
            body: body_ir,
        };
        (
            Ir {
                span,
                kind: IrKind::Loop(Box::new(body)),
            },
            ty,
        )
    }

    /// Returns the types of a loop's variables, and of what it runs over.
    fn ranged(&mut self, target: &Expr, ty: &Type, variables: usize) -> (Type, Type, Type) {
        let ty = self.unifier.resolve(ty);
        let (first, second) = match &ty {
            Type::List(item) if variables == 1 => ((**item).clone(), Type::Dyn),
            Type::List(item) => (Type::Int, (**item).clone()),
            Type::Map(key, value) => ((**key).clone(), (**value).clone()),
            Type::Object(_) => (Type::String, Type::Dyn),
            Type::Dyn | Type::Param(_) => (Type::Dyn, Type::Dyn),
            other => {
                self.error(
                    target.span,
                    format!("a list or a map was expected here, and this is {other}"),
                );
                (Type::Dyn, Type::Dyn)
            }
        };
        if matches!(ty, Type::Object(_)) {
            self.error(
                target.span,
                "a list or a map was expected here, and this is an object with named fields",
            );
        }
        (first, second, ty)
    }

    fn loop_type(
        &mut self,
        kind: LoopKind,
        function: &Name,
        body: &Expr,
        ty: &Type,
        range: &Type,
    ) -> Type {
        let name = &function.text;
        match kind {
            LoopKind::All | LoopKind::Exists | LoopKind::ExistsOne | LoopKind::Filter => {
                if !self.unifier.fits(ty, &Type::Bool) {
                    let ty = self.unifier.resolve(ty);
                    self.error(
                        body.span,
                        format!("`{name}` takes a bool, and this is {ty}"),
                    );
                }
                match (kind, range) {
                    (LoopKind::Filter, Type::List(item)) => Type::List(item.clone()),
                    (LoopKind::Filter, Type::Map(key, _)) => Type::List(key.clone()),
                    (LoopKind::Filter, _) => Type::list(Type::Dyn),
                    _ => Type::Bool,
                }
            }
            LoopKind::Map => Type::list(ty.clone()),
            LoopKind::SortBy => {
                let found = self.unifier.resolve(ty);
                if !matches!(range, Type::List(_) | Type::Dyn | Type::Param(_)) {
                    self.error(
                        body.span,
                        format!("`{name}` sorts a list, and this is {range}"),
                    );
                }
                if matches!(
                    found,
                    Type::List(_) | Type::Map(..) | Type::Object(_) | Type::Null | Type::Type(_)
                ) {
                    self.error(body.span, format!("`{name}` cannot sort by {found}"));
                }
                range.clone()
            }
            LoopKind::TransformMap => match range {
                Type::List(_) => Type::map(Type::Int, ty.clone()),
                Type::Map(key, _) => Type::Map(key.clone(), std::sync::Arc::new(ty.clone())),
                _ => Type::map(Type::Dyn, ty.clone()),
            },
            LoopKind::TransformMapEntry => match self.unifier.resolve(ty) {
                map @ Type::Map(..) => map,
                Type::Dyn | Type::Param(_) => Type::map(Type::Dyn, Type::Dyn),
                other => {
                    self.error(
                        body.span,
                        format!("`{name}` takes a map, and this is {other}"),
                    );
                    Type::Dyn
                }
            },
        }
    }
}
