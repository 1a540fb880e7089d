//! Operands that must see captured text as people wrote it.
//!
//! The output of a macro or of a `{% set %}` block holds marks. Printing it keeps them; comparing it, iterating over
//! it or asking whether it is empty must not see them, nor must a filter or test, but for the few that know marks.
//! This module finds those operands in the syntax tree.

use minijinja::Error;
use minijinja::machinery::ast::{BinOp, BinOpKind, CallArg, Expr, Stmt};
use minijinja::machinery::{Span as Place, parse, parse_expr};
use minijinja::syntax::SyntaxConfig;

use crate::source::Span;

/// The filters that keep marks as they are; all others work on plain text.
const KEEPS_MARKS: &[&str] = &["indent", "trim", "safe", "default", "d", "required"];

/// Where a template works on text that may have been captured.
#[derive(Debug, Default)]
pub(super) struct Operands {
    /// The operands.
    pub(super) spans: Vec<Span>,
    /// Where the filters of a `{% filter %}` or `{% set %}` block begin that work on plain text.
    pub(super) blocks: Vec<u32>,
}

/// Finds the operands of a template that may be captured text.
pub(super) fn captured_operands(
    text: &str,
    name: &str,
    syntax: &SyntaxConfig,
) -> Result<Operands, Error> {
    let tree = parse(text, name, syntax.clone())?;
    let mut walk = Walk {
        text,
        found: Operands::default(),
    };
    walk.statement(&tree);
    Ok(walk.found)
}

struct Walk<'s> {
    text: &'s str,
    found: Operands,
}

impl Walk<'_> {
    fn statements(&mut self, body: &[Stmt<'_>]) {
        for statement in body {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Stmt<'_>) {
        match statement {
            Stmt::Template(template) => self.statements(&template.children),
            Stmt::EmitExpr(emit) => self.expression(&emit.expr),
            Stmt::ForLoop(each) => {
                self.operand(&each.iter);
                each.filter_expr
                    .iter()
                    .for_each(|filter| self.operand(filter));
                self.statements(&each.body);
                self.statements(&each.else_body);
            }
            Stmt::IfCond(condition) => {
                self.operand(&condition.expr);
                self.statements(&condition.true_body);
                self.statements(&condition.false_body);
            }
            Stmt::WithBlock(with) => {
                with.assignments
                    .iter()
                    .for_each(|(_, value)| self.expression(value));
                self.statements(&with.body);
            }
            Stmt::Set(set) => self.expression(&set.expr),
            Stmt::SetBlock(set) => {
                set.filter
                    .iter()
                    .for_each(|filter| self.block_filter(filter));
                self.statements(&set.body);
            }
            Stmt::AutoEscape(block) => self.statements(&block.body),
            Stmt::FilterBlock(block) => {
                self.block_filter(&block.filter);
                self.statements(&block.body);
            }
            Stmt::Block(block) => self.statements(&block.body),
            Stmt::Import(import) => self.operand(&import.expr),
            Stmt::FromImport(import) => self.operand(&import.expr),
            Stmt::Extends(extends) => self.operand(&extends.name),
            Stmt::Include(include) => self.operand(&include.name),
            Stmt::Macro(definition) => {
                definition
                    .defaults
                    .iter()
                    .for_each(|value| self.expression(value));
                self.statements(&definition.body);
            }
            Stmt::CallBlock(block) => {
                self.arguments(&block.call.args);
                self.statements(&block.macro_decl.body);
            }
            Stmt::Do(call) => self.arguments(&call.call.args),
            _ => {}
        }
    }

    fn expression(&mut self, expression: &Expr<'_>) {
        match expression {
            Expr::Slice(slice) => {
                self.operand(&slice.expr);
                let ends = [&slice.start, &slice.stop, &slice.step];
                ends.into_iter().flatten().for_each(|end| self.operand(end));
            }
            Expr::UnaryOp(unary) => self.operand(&unary.expr),
            Expr::BinOp(binary) => self.binary(binary),
            Expr::Compare(compare) => {
                self.operand(&compare.expr);
                compare
                    .ops
                    .iter()
                    .for_each(|operation| self.operand(&operation.expr));
            }
            Expr::IfExpr(choice) => {
                self.operand(&choice.test_expr);
                self.expression(&choice.true_expr);
                choice
                    .false_expr
                    .iter()
                    .for_each(|other| self.expression(other));
            }
            Expr::Filter(filter) => {
                let keeps = KEEPS_MARKS.contains(&filter.name);
                if let Some(subject) = &filter.expr {
                    if keeps {
                        self.expression(subject);
                    } else {
                        self.operand(subject);
                    }
                }
                self.arguments(&filter.args);
            }
            Expr::Test(test) => {
                self.operand(&test.expr);
                self.arguments(&test.args);
            }
            Expr::GetAttr(attribute) => self.expression(&attribute.expr),
            Expr::GetItem(item) => {
                self.operand(&item.expr);
                self.operand(&item.subscript_expr);
            }
            Expr::Call(call) => {
                self.expression(&call.expr);
                self.arguments(&call.args);
            }
            Expr::List(list) => list.items.iter().for_each(|item| self.expression(item)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.expression(item)),
            Expr::Map(map) => {
                map.keys.iter().for_each(|key| self.operand(key));
                map.values.iter().for_each(|value| self.expression(value));
            }
            Expr::Var(_) | Expr::Const(_) => {}
        }
    }

    fn binary(&mut self, binary: &BinOp<'_>) {
        match binary.op {
            // These give an operand back, or join texts: marks pass.
            BinOpKind::ScAnd | BinOpKind::ScOr | BinOpKind::Concat | BinOpKind::Add => {
                self.expression(&binary.left);
                self.expression(&binary.right);
            }
            _ => {
                self.operand(&binary.left);
                self.operand(&binary.right);
            }
        }
    }

    fn arguments(&mut self, arguments: &[CallArg<'_>]) {
        for argument in arguments {
            match argument {
                CallArg::Pos(value)
                | CallArg::Kwarg(_, value)
                | CallArg::PosSplat(value)
                | CallArg::KwargSplat(value) => {
                    self.expression(value);
                }
            }
        }
    }

    /// Notes where the filters of a block begin, if any of them works on plain text.
    fn block_filter(&mut self, filter: &Expr<'_>) {
        let mut next = Some(filter);
        let mut start = None;
        let mut keeps = true;
        while let Some(Expr::Filter(filter)) = next {
            keeps &= KEEPS_MARKS.contains(&filter.name);
            start = Some(span(filter.span()).start);
            self.arguments(&filter.args);
            next = filter.expr.as_ref();
        }
        if let Some(start) = start.filter(|_| !keeps) {
            self.found.blocks.push(start);
        }
    }

    /// Notes an operand if it can be captured text: a variable, an attribute or a call, but nothing of `values`.
    fn operand(&mut self, expression: &Expr<'_>) {
        self.expression(expression);
        let capturable = match expression {
            Expr::Var(_) | Expr::GetAttr(_) | Expr::GetItem(_) => !rooted_in_values(expression),
            // `super` and `loop` are syntax, not functions, where they stand alone; a call of them is not captured.
            Expr::Call(call) => {
                !matches!(&call.expr, Expr::Var(name) if matches!(name.id, "super" | "loop"))
            }
            Expr::Filter(filter) => filter.name == "to_yaml" || KEEPS_MARKS.contains(&filter.name),
            _ => false,
        };
        let span = span(expression.span());
        // The engine's spans leave parentheses out; what does not parse on its own is not the whole operand.
        if capturable && parse_expr(span.of(self.text)).is_ok() {
            self.found.spans.push(span);
        }
    }
}

fn rooted_in_values(expression: &Expr<'_>) -> bool {
    match expression {
        Expr::Var(name) => matches!(
            name.id,
            "values" | "environment" | "namespace" | "project" | "loop" | "self"
        ),
        Expr::GetAttr(attribute) => rooted_in_values(&attribute.expr),
        Expr::GetItem(item) => rooted_in_values(&item.expr),
        _ => false,
    }
}

pub(super) fn span(place: Place) -> Span {
    Span {
        start: place.start_offset,
        end: place.end_offset,
    }
}
