//! What a template reads, calls and defines, from its syntax, to explain a failure.

use minijinja::machinery::ast::{Call, CallArg, Expr, Macro, Spanned, Stmt};
use minijinja::machinery::parse;
use minijinja::syntax::SyntaxConfig;

use crate::render::operands::span;
use crate::source::Span;

/// How many steps of a chain such as `a.b.c` are followed; longer ones are not told by their path.
const STEPS: usize = 64;

/// What the block of a `{% call %}` is called, in the macro that it is given to.
pub(super) const CALLER: &str = "caller";

/// What is looked up in something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::render) enum Key {
    /// A name: `.image`, `["image"]`.
    Name(String),
    /// The number of an item: `[0]`.
    Index(i64),
    /// What only rendering knows: `[name]`.
    Computed,
}

/// An expression that reads a name, an attribute or an item.
#[derive(Clone, Debug)]
pub(super) struct Read {
    /// The expression: `gateway.replicas`.
    pub(super) span: Span,
    /// What is looked up last in it: `replicas`.
    pub(super) place: Span,
    /// The same as a key.
    pub(super) key: Key,
    /// The name it begins with and the keys after it, where it is nothing but these.
    pub(super) path: Option<(String, Vec<Key>)>,
    /// The name it begins with, whatever comes after.
    root: Option<String>,
    /// The first and the last line.
    lines: (u32, u32),
    /// The expression in the engine's words.
    description: String,
}

impl Read {
    /// Returns the name, where it reads nothing but one.
    pub(super) fn variable(&self) -> Option<&str> {
        match &self.path {
            Some((name, keys)) if keys.is_empty() => Some(name),
            _ => None,
        }
    }
}

/// A macro.
#[derive(Clone, Debug)]
pub(super) struct Definition {
    pub(super) name: String,
    /// All of it.
    pub(super) span: Span,
    pub(super) parameters: Vec<Parameter>,
}

/// A parameter of a macro.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) default: bool,
}

/// A call.
#[derive(Clone, Debug)]
pub(super) struct Called {
    /// What is called: the whole name, `m.container`.
    pub(super) callee: Span,
    /// What the name begins with, where it has parts: `m`.
    pub(super) holder: Option<String>,
    /// The last part of the name: `container`.
    pub(super) name: String,
    /// The call from its name to its closing parenthesis.
    pub(super) span: Span,
    /// The arguments that are written out, in their order.
    pub(super) arguments: Vec<Argument>,
    /// Whether a list or map gives more arguments: `*list`, `**map`.
    pub(super) more: bool,
}

/// An argument of a call.
#[derive(Clone, Debug)]
pub(super) struct Argument {
    /// The parameter's name, where it is given by name.
    pub(super) name: Option<String>,
    pub(super) span: Span,
    /// The variable that it is.
    pub(super) variable: Option<String>,
}

/// What stands in a template, in the order of the text.
#[derive(Debug, Default)]
pub(super) struct Outline {
    pub(super) reads: Vec<Read>,
    pub(super) calls: Vec<Called>,
    pub(super) macros: Vec<Definition>,
    /// The names that it defines somewhere: variables, parameters, macros, imports.
    pub(super) names: Vec<String>,
    /// The keys of the maps that it writes out.
    pub(super) keys: Vec<String>,
    /// What the names that it defines are made of.
    bindings: Vec<(String, Source)>,
}

/// What a name of a template is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    /// Something that begins with another name.
    Name(String),
    /// What is written out in a template.
    Literal,
    /// What is not known beforehand.
    Unknown,
}

/// Reads a template; one that does not parse has no outline.
pub(super) fn outline(text: &str, syntax: SyntaxConfig) -> Option<Outline> {
    let tree = parse(text, "", syntax).ok()?;
    let mut walk = Walk {
        text,
        found: Outline::default(),
        parts: vec![Part::Statement(&tree)],
    };
    while let Some(part) = walk.parts.pop() {
        match part {
            Part::Statement(statement) => walk.statement(statement),
            Part::Expression(expression) => walk.expression(expression),
        }
    }
    let mut found = walk.found;
    found.reads.sort_by_key(|read| read.span);
    found.calls.sort_by_key(|call| call.span);
    found.macros.sort_by_key(|definition| definition.span);
    for names in [&mut found.names, &mut found.keys] {
        names.sort_unstable();
        names.dedup();
    }
    Some(found)
}

impl Outline {
    /// Finds the expression of a line that the engine describes.
    pub(super) fn read(&self, line: u32, description: &str) -> Option<&Read> {
        let mut on_line = self
            .reads
            .iter()
            .filter(|read| read.lines.0 <= line && line <= read.lines.1);
        let ends_alike = |read: &&Read| match &read.key {
            _ if read.variable().is_some() => false,
            Key::Name(name) if !read.description.ends_with(']') => {
                let rest = description.strip_suffix(name.as_str());
                rest.is_some_and(|rest| rest.ends_with('.'))
            }
            Key::Name(name) => {
                let rest = description.strip_suffix(&format!("'{name}']"));
                rest.is_some_and(|rest| rest.ends_with('['))
            }
            Key::Index(index) => description.ends_with(&format!("[{index}]")),
            Key::Computed => description.ends_with("[...]"),
        };
        let exact = on_line.clone().find(|read| read.description == description);
        exact.or_else(|| on_line.find(ends_alike))
    }

    /// Tells whether an expression may read a part of the values, under whatever name.
    pub(super) fn may_read_values(&self, read: &Read) -> bool {
        let Some(root) = &read.root else {
            return true;
        };
        let mut names = vec![root.as_str()];
        let mut at = 0;
        while let Some(name) = names.get(at).copied() {
            if name == "values" || names.len() > STEPS {
                return true;
            }
            for (_, source) in self.bindings.iter().filter(|(bound, _)| bound == name) {
                match source {
                    Source::Unknown => return true,
                    Source::Name(name) if !names.contains(&name.as_str()) => names.push(name),
                    _ => {}
                }
            }
            at += 1;
        }
        false
    }

    /// Returns the innermost macro that a place stands in.
    pub(super) fn enclosing(&self, place: Span) -> Option<&Definition> {
        let holds = |definition: &&Definition| {
            definition.span.start <= place.start && place.end <= definition.span.end
        };
        self.macros.iter().rev().find(holds)
    }
}

enum Part<'t> {
    Statement(&'t Stmt<'t>),
    Expression(&'t Expr<'t>),
}

struct Walk<'t> {
    text: &'t str,
    found: Outline,
    parts: Vec<Part<'t>>,
}

impl<'t> Walk<'t> {
    fn statements(&mut self, body: &'t [Stmt<'t>]) {
        self.parts.extend(body.iter().map(Part::Statement));
    }

    fn expressions(&mut self, list: impl IntoIterator<Item = &'t Expr<'t>>) {
        self.parts.extend(list.into_iter().map(Part::Expression));
    }

    fn statement(&mut self, statement: &'t Stmt<'t>) {
        match statement {
            Stmt::Template(template) => self.statements(&template.children),
            Stmt::EmitExpr(emit) => self.expressions([&emit.expr]),
            Stmt::ForLoop(each) => {
                self.define(&each.target, &source(&each.iter));
                self.expressions(std::iter::once(&each.iter).chain(&each.filter_expr));
                self.statements(&each.body);
                self.statements(&each.else_body);
            }
            Stmt::IfCond(condition) => {
                self.expressions([&condition.expr]);
                self.statements(&condition.true_body);
                self.statements(&condition.false_body);
            }
            Stmt::WithBlock(with) => {
                for (target, value) in &with.assignments {
                    self.define(target, &source(value));
                    self.expressions([value]);
                }
                self.statements(&with.body);
            }
            Stmt::Set(set) => {
                self.define(&set.target, &source(&set.expr));
                self.expressions([&set.expr]);
            }
            Stmt::SetBlock(set) => {
                self.define(&set.target, &Source::Literal);
                self.expressions(&set.filter);
                self.statements(&set.body);
            }
            Stmt::AutoEscape(block) => self.statements(&block.body),
            Stmt::FilterBlock(block) => {
                self.expressions([&block.filter]);
                self.statements(&block.body);
            }
            Stmt::Block(block) => self.statements(&block.body),
            Stmt::Import(import) => {
                self.define(&import.name, &Source::Literal);
                self.expressions([&import.expr]);
            }
            Stmt::FromImport(import) => {
                for (name, alias) in &import.names {
                    self.define(alias.as_ref().unwrap_or(name), &Source::Literal);
                }
                self.expressions([&import.expr]);
            }
            Stmt::Extends(extends) => self.expressions([&extends.name]),
            Stmt::Include(include) => self.expressions([&include.name]),
            Stmt::Macro(definition) => self.definition(definition),
            Stmt::CallBlock(block) => {
                self.call(&block.call, span(block.call.span()));
                self.definition(&block.macro_decl);
            }
            Stmt::Do(call) => self.call(&call.call, span(call.call.span())),
            _ => {}
        }
    }

    /// Notes the names that a target of `set`, `for` or `with` defines.
    fn define(&mut self, target: &'t Expr<'t>, source: &Source) {
        match target {
            Expr::Var(name) => self.bind(name.id, source.clone()),
            Expr::List(list) => list.items.iter().for_each(|item| self.define(item, source)),
            Expr::Tuple(tuple) => tuple
                .items
                .iter()
                .for_each(|item| self.define(item, source)),
            _ => {}
        }
    }

    fn bind(&mut self, name: &str, source: Source) {
        self.found.names.push(name.to_owned());
        self.found.bindings.push((name.to_owned(), source));
    }

    /// Notes a macro, or the block of a `{% call %}`.
    fn definition(&mut self, definition: &'t Spanned<Macro<'t>>) {
        let required = definition
            .args
            .len()
            .saturating_sub(definition.defaults.len());
        let names = definition
            .args
            .iter()
            .filter_map(|argument| match argument {
                Expr::Var(name) => Some(name.id.to_owned()),
                _ => None,
            });
        let parameters: Vec<Parameter> = names
            .enumerate()
            .map(|(at, name)| Parameter {
                name,
                default: at >= required,
            })
            .collect();
        for parameter in &parameters {
            self.bind(&parameter.name, Source::Unknown);
        }
        if definition.name != CALLER {
            self.bind(definition.name, Source::Literal);
        }
        self.found.macros.push(Definition {
            name: definition.name.to_owned(),
            span: span(definition.span()),
            parameters,
        });
        self.expressions(&definition.defaults);
        self.statements(&definition.body);
    }

    fn expression(&mut self, expression: &'t Expr<'t>) {
        match expression {
            Expr::Slice(slice) => {
                let ends = [&slice.start, &slice.stop, &slice.step];
                self.expressions(std::iter::once(&slice.expr).chain(ends.into_iter().flatten()));
            }
            Expr::UnaryOp(unary) => self.expressions([&unary.expr]),
            Expr::BinOp(binary) => self.expressions([&binary.left, &binary.right]),
            Expr::Compare(compare) => {
                let others = compare.ops.iter().map(|operation| &operation.expr);
                self.expressions(std::iter::once(&compare.expr).chain(others));
            }
            Expr::IfExpr(choice) => {
                let sides = [&choice.test_expr, &choice.true_expr];
                self.expressions(sides.into_iter().chain(&choice.false_expr));
            }
            Expr::Filter(filter) => {
                self.expressions(&filter.expr);
                self.arguments(&filter.args);
            }
            Expr::Test(test) => {
                self.expressions([&test.expr]);
                self.arguments(&test.args);
            }
            Expr::Var(_) => self.read(expression),
            Expr::GetAttr(attribute) => {
                self.read(expression);
                self.expressions([&attribute.expr]);
            }
            Expr::GetItem(item) => {
                self.read(expression);
                self.expressions([&item.expr, &item.subscript_expr]);
            }
            Expr::Call(call) => self.call(call, span(call.span())),
            Expr::List(list) => self.expressions(&list.items),
            Expr::Tuple(tuple) => self.expressions(&tuple.items),
            Expr::Map(map) => {
                let keys = map.keys.iter().filter_map(|key| match key {
                    Expr::Const(key) => key.value.as_str().map(str::to_owned),
                    _ => None,
                });
                self.found.keys.extend(keys);
                self.expressions(map.keys.iter().chain(&map.values));
            }
            Expr::Const(_) => {}
        }
    }

    fn arguments(&mut self, arguments: &'t [CallArg<'t>]) {
        self.expressions(arguments.iter().map(value));
    }

    fn read(&mut self, expression: &'t Expr<'t>) {
        let own = expression.span();
        let whole = Span {
            start: start(expression),
            end: own.end_offset,
        };
        let place = last_part(self.text, expression);
        self.found.reads.push(Read {
            span: whole,
            place,
            key: key(expression),
            path: path(expression),
            root: match leftmost(expression).last() {
                Some(Expr::Var(name)) => Some(name.id.to_owned()),
                _ => None,
            },
            lines: (first_line(expression), u32::from(own.end_line)),
            description: description(expression),
        });
    }

    fn call(&mut self, call: &'t Call<'t>, place: Span) {
        let callee = Span {
            start: start(&call.expr),
            end: call.expr.span().end_offset,
        };
        let (holder, name) = match &call.expr {
            Expr::Var(name) => (None, name.id),
            Expr::GetAttr(attribute) => match &attribute.expr {
                Expr::Var(holder) => (Some(holder.id), attribute.name),
                _ => (Some(""), attribute.name),
            },
            _ => (None, ""),
        };
        let argument = |argument: &CallArg<'_>| {
            let name = match argument {
                CallArg::Pos(_) => None,
                CallArg::Kwarg(name, _) => Some((*name).to_owned()),
                CallArg::PosSplat(_) | CallArg::KwargSplat(_) => return None,
            };
            let value = value(argument);
            Some(Argument {
                name,
                span: Span {
                    start: start(value),
                    end: value.span().end_offset,
                },
                variable: match value {
                    Expr::Var(name) => Some(name.id.to_owned()),
                    _ => None,
                },
            })
        };
        let arguments: Vec<Argument> = call.args.iter().filter_map(argument).collect();
        self.found.calls.push(Called {
            callee,
            holder: holder.map(str::to_owned),
            name: name.to_owned(),
            span: Span {
                start: callee.start,
                end: place.end,
            },
            more: arguments.len() < call.args.len(),
            arguments,
        });
        self.expressions([&call.expr]);
        self.arguments(&call.args);
    }
}

fn value<'t>(argument: &'t CallArg<'t>) -> &'t Expr<'t> {
    match argument {
        CallArg::Pos(value)
        | CallArg::Kwarg(_, value)
        | CallArg::PosSplat(value)
        | CallArg::KwargSplat(value) => value,
    }
}

/// Returns the expressions from an expression to the one it begins with, as far as they are followed.
fn leftmost<'t>(expression: &'t Expr<'t>) -> impl Iterator<Item = &'t Expr<'t>> {
    let next = |expression: &&'t Expr<'t>| match expression {
        Expr::GetAttr(attribute) => Some(&attribute.expr),
        Expr::GetItem(item) => Some(&item.expr),
        Expr::Slice(slice) => Some(&slice.expr),
        Expr::Call(call) => Some(&call.expr),
        Expr::Filter(filter) => filter.expr.as_ref(),
        Expr::Test(test) => Some(&test.expr),
        _ => None,
    };
    std::iter::successors(Some(expression), next).take(STEPS)
}

/// Returns what a name is made of that is set to an expression.
fn source(expression: &Expr<'_>) -> Source {
    match leftmost(expression).last() {
        Some(Expr::Var(name)) => Source::Name(name.id.to_owned()),
        Some(Expr::Const(_)) => Source::Literal,
        Some(Expr::List(list)) if !list.items.iter().any(reads) => Source::Literal,
        Some(Expr::Tuple(tuple)) if !tuple.items.iter().any(reads) => Source::Literal,
        Some(Expr::Map(map)) if !map.values.iter().any(reads) => Source::Literal,
        _ => Source::Unknown,
    }
}

/// Tells whether an item of a list may be a part of the values.
fn reads(item: &Expr<'_>) -> bool {
    source(item) != Source::Literal
}

/// Returns where an expression begins: the engine's place of `a.b` begins at its dot.
fn start(expression: &Expr<'_>) -> u32 {
    leftmost(expression)
        .map(|part| part.span().start_offset)
        .min()
        .unwrap_or_default()
}

fn first_line(expression: &Expr<'_>) -> u32 {
    leftmost(expression)
        .map(|part| u32::from(part.span().start_line))
        .min()
        .unwrap_or_default()
}

fn key(expression: &Expr<'_>) -> Key {
    match expression {
        Expr::Var(name) => Key::Name(name.id.to_owned()),
        Expr::GetAttr(attribute) => Key::Name(attribute.name.to_owned()),
        Expr::GetItem(item) => match item.subscript_expr.as_const() {
            Some(constant) => match (constant.as_str(), constant.as_i64()) {
                (Some(name), _) => Key::Name(name.to_owned()),
                (None, Some(index)) => Key::Index(index),
                (None, None) => Key::Computed,
            },
            None => Key::Computed,
        },
        _ => Key::Computed,
    }
}

/// Returns the place of what an expression looks up last.
fn last_part(text: &str, expression: &Expr<'_>) -> Span {
    let whole = span(expression.span());
    match expression {
        Expr::GetAttr(attribute) => {
            let from = attribute.expr.span().end_offset as usize;
            let after = text.get(from..whole.end as usize).unwrap_or_default();
            after.rfind(attribute.name).map_or(whole, |at| {
                Span::new(from + at, from + at + attribute.name.len())
            })
        }
        Expr::GetItem(item) => {
            let place = span(item.subscript_expr.span());
            let quoted = place.of(text).starts_with(['"', '\'']) && place.len() > 2;
            Span {
                start: place.start + u32::from(quoted),
                end: place.end - u32::from(quoted),
            }
        }
        _ => whole,
    }
}

fn path(expression: &Expr<'_>) -> Option<(String, Vec<Key>)> {
    let mut keys = Vec::new();
    for part in leftmost(expression) {
        match part {
            Expr::Var(name) => {
                keys.reverse();
                return Some((name.id.to_owned(), keys));
            }
            Expr::GetAttr(_) | Expr::GetItem(_) => keys.push(key(part)),
            _ => return None,
        }
    }
    None
}

/// Describes an expression as the engine does when it tells where something undefined comes from.
fn description(expression: &Expr<'_>) -> String {
    let mut parts = Vec::new();
    for part in leftmost(expression) {
        match part {
            Expr::Var(name) => {
                parts.push(name.id.to_owned());
                break;
            }
            Expr::GetAttr(attribute) => parts.push(format!(".{}", attribute.name)),
            Expr::GetItem(_) => parts.push(match key(part) {
                Key::Name(name) => format!("['{name}']"),
                Key::Index(index) => format!("[{index}]"),
                Key::Computed => "[...]".to_owned(),
            }),
            _ => {
                parts.push("(...)".to_owned());
                break;
            }
        }
    }
    parts.into_iter().rev().collect()
}
