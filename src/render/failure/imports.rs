//! What templates import from each other, read from their syntax, to say why a name is undefined.

use minijinja::machinery::ast::{Expr, Stmt};
use minijinja::machinery::parse;
use minijinja::syntax::SyntaxConfig;

use crate::source::Span;

/// A name that a template imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Import {
    /// The template it is imported from.
    pub(super) file: String,
    /// The name it has there; none where the whole template is imported.
    pub(super) member: Option<String>,
    /// The name it has here.
    pub(super) local: String,
    /// The place of the name in the import.
    pub(super) span: Span,
}

/// The names of a template.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// What it imports from templates that are named by a literal.
    pub(super) imports: Vec<Import>,
    /// What it may define, wherever that stands in it.
    pub(super) defines: Vec<String>,
    /// Whether another template may define more.
    pub(super) extends: bool,
}

/// Reads the names of a template; one that does not parse has none.
pub(super) fn names(text: &str, syntax: SyntaxConfig) -> Option<Names> {
    let tree = parse(text, "", syntax).ok()?;
    let mut names = Names::default();
    names.statement(&tree);
    Some(names)
}

impl Names {
    fn statements(&mut self, bodies: &[&[Stmt<'_>]]) {
        for statement in bodies.iter().copied().flatten() {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Stmt<'_>) {
        match statement {
            Stmt::Template(template) => self.statements(&[&template.children]),
            Stmt::ForLoop(each) => self.statements(&[&each.body, &each.else_body]),
            Stmt::IfCond(condition) => {
                self.statements(&[&condition.true_body, &condition.false_body]);
            }
            Stmt::WithBlock(with) => self.statements(&[&with.body]),
            Stmt::Set(set) => self.define(&set.target),
            Stmt::SetBlock(set) => {
                self.define(&set.target);
                self.statements(&[&set.body]);
            }
            Stmt::AutoEscape(block) => self.statements(&[&block.body]),
            Stmt::FilterBlock(block) => self.statements(&[&block.body]),
            Stmt::Block(block) => self.statements(&[&block.body]),
            Stmt::Import(import) => {
                self.define(&import.name);
                self.import(&import.expr, None, &import.name);
            }
            Stmt::FromImport(import) => {
                for (name, alias) in &import.names {
                    let local = alias.as_ref().unwrap_or(name);
                    self.define(local);
                    self.import(&import.expr, Some(name), local);
                }
            }
            Stmt::Extends(_) => self.extends = true,
            Stmt::Macro(definition) => {
                self.defines.push(definition.name.to_owned());
                self.statements(&[&definition.body]);
            }
            Stmt::CallBlock(block) => self.statements(&[&block.macro_decl.body]),
            _ => {}
        }
    }

    fn define(&mut self, target: &Expr<'_>) {
        match target {
            Expr::Var(name) => self.defines.push(name.id.to_owned()),
            Expr::List(list) => list.items.iter().for_each(|item| self.define(item)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.define(item)),
            _ => {}
        }
    }

    fn import(&mut self, file: &Expr<'_>, member: Option<&Expr<'_>>, local: &Expr<'_>) {
        let name = |expression: &Expr<'_>| match expression {
            Expr::Var(name) => Some(name.id.to_owned()),
            _ => None,
        };
        if let Expr::Const(file) = file
            && let Some(file) = file.value.as_str()
            && let Some(local_name) = name(local)
        {
            let place = local.span();
            self.imports.push(Import {
                file: file.strip_prefix("./").unwrap_or(file).to_owned(),
                member: member.and_then(name),
                local: local_name,
                span: Span {
                    start: place.start_offset,
                    end: place.end_offset,
                },
            });
        }
    }
}

/// Finds a name in an expression, wherever it stands alone and is no attribute of something else.
pub(super) fn places<'e>(expression: &'e str, name: &'e str) -> impl Iterator<Item = usize> + 'e {
    let places = expression.match_indices(name).map(|(at, _)| at);
    places.filter(move |at| {
        let before = expression.get(..*at).unwrap_or_default();
        let after = expression.get(at + name.len()..).unwrap_or_default();
        !before.ends_with(|c| of_name(c) || c == '.') && !after.starts_with(of_name)
    })
}

/// Finds the attributes of a name in an expression, with their places.
pub(super) fn attributes<'e>(
    expression: &'e str,
    name: &'e str,
) -> impl Iterator<Item = (usize, &'e str)> {
    places(expression, name).filter_map(|at| {
        let at = at + name.len();
        let attribute = expression.get(at..)?.strip_prefix('.')?;
        let end = attribute.find(|c| !of_name(c)).unwrap_or(attribute.len());
        Some((at + 1, attribute.get(..end)?))
    })
}

fn of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_where_they_stand_alone() {
        let found: Vec<usize> = places("a.m + xm + m(1, m)", "m").collect();
        assert_eq!(found, [11, 16]);
        assert_eq!(places("mm.m", "m").count(), 0);
        let found: Vec<_> = attributes("f(lib.a, lib, lib.b('x'))", "lib").collect();
        assert_eq!(found, [(6, "a"), (18, "b")]);
    }
}
