//! The parser: precedence climbing, with a limit on depth and length.
//!
//! In: text. Out: a syntax tree whose every node knows its bytes.

use super::ast::{Expr, ExprKind, Name};
use super::error::CompileError;
use super::lexer::{Token, tokens};
use super::value::{Text, Value};
use crate::source::Span;

/// How deep an expression may be: enough for what people write, and little enough for any stack.
pub(crate) const DEEPEST: u32 = 200;
/// How deep brackets may stand in each other.
const NESTING: u32 = 100;
/// How long an expression may be, in bytes.
pub(crate) const LONGEST: usize = 100_000;

const RESERVED: &[&str] = &[
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// Parses an expression.
pub(crate) fn parse(text: &str) -> Result<Expr, CompileError> {
    if text.len() > LONGEST {
        return Err(CompileError::new(
            Span::default(),
            format!("the expression is longer than {LONGEST} bytes"),
        ));
    }
    let tokens = tokens(text)?;
    let mut parser = Parser {
        tokens,
        at: 0,
        nesting: 0,
    };
    if parser.peek() == &Token::End {
        return parser.fail("the expression is empty");
    }
    let expr = parser.ternary()?;
    if parser.peek() == &Token::End {
        Ok(expr)
    } else {
        parser.fail(format!("{} was not expected here", parser.words()))
    }
}

struct Parser {
    tokens: Vec<(Token, Span)>,
    at: usize,
    nesting: u32,
}

type Parsed<T = Expr> = Result<T, CompileError>;

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens
            .get(self.at)
            .map_or(&Token::End, |(token, _)| token)
    }

    fn span(&self) -> Span {
        let last = self.tokens.get(self.at).or_else(|| self.tokens.last());
        last.map_or_else(Span::default, |(_, span)| *span)
    }

    fn before(&self) -> Span {
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        before.map_or_else(Span::default, |(_, span)| *span)
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Token::Sign(found) if *found == sign);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Parsed<()> {
        if self.take(sign) {
            return Ok(());
        }
        self.fail(format!(
            "`{sign}` was expected here, and not {}",
            self.words()
        ))
    }

    fn words(&self) -> String {
        match self.peek() {
            Token::Name(name) | Token::Quoted(name) => format!("`{name}`"),
            Token::Sign(sign) => format!("`{sign}`"),
            Token::Int(_) | Token::Uint(_) | Token::Double(_) => "a number".to_owned(),
            Token::String(_) | Token::Bytes(_) => "a string".to_owned(),
            Token::End => "the end".to_owned(),
        }
    }

    fn fail<T>(&self, message: impl Into<String>) -> Parsed<T> {
        Err(CompileError::new(self.span(), message))
    }

    /// Makes a node that ends where the parser is.
    fn node(&self, start: Span, depth: u32, kind: ExprKind) -> Parsed {
        let span = Span {
            start: start.start,
            end: self.before().end.max(start.start),
        };
        if depth > DEEPEST {
            return Err(CompileError::new(
                span,
                format!("the expression is deeper than {DEEPEST} levels"),
            ));
        }
        Ok(Expr { span, depth, kind })
    }

    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.nesting >= NESTING {
            return self.fail(format!(
                "brackets stand in each other more than {NESTING} times"
            ));
        }
        self.nesting += 1;
        let parsed = parse(self);
        self.nesting -= 1;
        parsed
    }

    fn ternary(&mut self) -> Parsed {
        self.nested(|parser| {
            let start = parser.span();
            let condition = parser.logical("||")?;
            if !parser.take("?") {
                return Ok(condition);
            }
            let yes = parser.logical("||")?;
            parser.expect(":")?;
            let no = parser.ternary()?;
            let depth = 1 + condition.depth.max(yes.depth).max(no.depth);
            parser.node(
                start,
                depth,
                ExprKind::Ternary(Box::new([condition, yes, no])),
            )
        })
    }

    fn logical(&mut self, sign: &'static str) -> Parsed {
        let start = self.span();
        let next = |parser: &mut Self| {
            if sign == "||" {
                parser.logical("&&")
            } else {
                parser.binary(0)
            }
        };
        let first = next(self)?;
        if !matches!(self.peek(), Token::Sign(found) if *found == sign) {
            return Ok(first);
        }
        let mut terms = vec![first];
        while self.take(sign) {
            terms.push(next(self)?);
        }
        let depth = 1 + deepest(&terms);
        let kind = if sign == "||" {
            ExprKind::Or(terms)
        } else {
            ExprKind::And(terms)
        };
        self.node(start, depth, kind)
    }

    fn binary_sign(&self, level: usize) -> Option<&'static str> {
        const LEVELS: [&[&str]; 3] = [
            &["<", "<=", ">=", ">", "==", "!=", "in"],
            &["+", "-"],
            &["*", "/", "%"],
        ];
        let signs = LEVELS.get(level)?;
        match self.peek() {
            Token::Sign(found) => signs.iter().find(|sign| *sign == found).copied(),
            Token::Name(name) if &**name == "in" => {
                signs.iter().find(|sign| **sign == "in").copied()
            }
            _ => None,
        }
    }

    fn binary(&mut self, level: usize) -> Parsed {
        let start = self.span();
        let next = |parser: &mut Self| {
            if level == 2 {
                parser.unary()
            } else {
                parser.binary(level + 1)
            }
        };
        let mut left = next(self)?;
        while let Some(sign) = self.binary_sign(level) {
            self.at += 1;
            let right = next(self)?;
            let depth = 1 + left.depth.max(right.depth);
            left = self.node(
                start,
                depth,
                ExprKind::Operator {
                    sign,
                    operands: vec![left, right],
                },
            )?;
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed {
        let start = self.span();
        let sign = match self.peek() {
            Token::Sign("!") => "!",
            Token::Sign("-") => "-",
            _ => return self.member(),
        };
        let mut count = 0_u32;
        while self.take(sign) {
            count += 1;
        }
        if sign == "-" && count % 2 == 1 {
            let literal = match self.peek() {
                Token::Int(value) => match i64::try_from(-i128::from(*value)) {
                    Ok(value) => Some(Value::Int(value)),
                    Err(_) => return self.fail("this integer does not fit 64 bits"),
                },
                Token::Double(value) => Some(Value::Double(-value)),
                _ => None,
            };
            if let Some(value) = literal {
                self.at += 1;
                let literal = self.node(start, 1, ExprKind::Literal(value))?;
                return self.members(start, literal);
            }
        }
        let operand = self.nested(Self::unary)?;
        if count.is_multiple_of(2) {
            return Ok(operand);
        }
        let depth = 1 + operand.depth;
        self.node(
            start,
            depth,
            ExprKind::Operator {
                sign,
                operands: vec![operand],
            },
        )
    }

    fn member(&mut self) -> Parsed {
        let start = self.span();
        let first = self.primary()?;
        self.members(start, first)
    }

    fn members(&mut self, start: Span, first: Expr) -> Parsed {
        let mut expr = first;
        loop {
            if self.take(".") {
                let optional = self.take("?");
                let field = self.field()?;
                if !optional && !field.quoted && self.take("(") {
                    let arguments = self.list(")", Self::ternary)?;
                    let depth = 1 + expr.depth.max(deepest(&arguments));
                    let target = Some(Box::new(expr));
                    expr = self.node(
                        start,
                        depth,
                        ExprKind::Call {
                            target,
                            function: field,
                            arguments,
                        },
                    )?;
                } else if !optional && matches!(self.peek(), Token::Sign("{")) {
                    let path = expr
                        .path()
                        .map(|path| format!("{path}.{}", field.text))
                        .unwrap_or_default();
                    expr = self.structure(start, path)?;
                } else {
                    let depth = 1 + expr.depth;
                    let operand = Box::new(expr);
                    expr = self.node(
                        start,
                        depth,
                        ExprKind::Select {
                            operand,
                            field,
                            optional,
                        },
                    )?;
                }
            } else if self.take("[") {
                let optional = self.take("?");
                let index = self.ternary()?;
                self.expect("]")?;
                let depth = 1 + expr.depth.max(index.depth);
                let (operand, index) = (Box::new(expr), Box::new(index));
                expr = self.node(
                    start,
                    depth,
                    ExprKind::Index {
                        operand,
                        index,
                        optional,
                    },
                )?;
            } else {
                return Ok(expr);
            }
        }
    }

    fn field(&mut self) -> Parsed<Name> {
        let span = self.span();
        let (text, quoted) = match self.peek() {
            Token::Name(name) => (name.clone(), false),
            Token::Quoted(name) => (name.clone(), true),
            _ => {
                return self.fail(format!(
                    "a name was expected after the dot, and not {}",
                    self.words()
                ));
            }
        };
        if !quoted && matches!(&*text, "in" | "true" | "false" | "null") {
            return self.fail(format!(
                "`{text}` is a word of the language; the field is `__{text}__`"
            ));
        }
        self.at += 1;
        Ok(Name { text, quoted, span })
    }

    fn primary(&mut self) -> Parsed {
        let start = self.span();
        let literal = match self.peek().clone() {
            Token::Int(value) => match i64::try_from(value) {
                Ok(value) => Value::Int(value),
                Err(_) => return self.fail("this integer does not fit 64 bits"),
            },
            Token::Uint(value) => Value::Uint(value),
            Token::Double(value) => Value::Double(value),
            Token::String(text) => Value::String(Text::shared(&text)),
            Token::Bytes(bytes) => Value::Bytes(bytes),
            Token::Name(name) => return self.name(start, name),
            Token::Sign("(") => {
                self.at += 1;
                let mut inner = self.ternary()?;
                self.expect(")")?;
                inner.span = Span {
                    start: start.start,
                    end: self.before().end,
                };
                return Ok(inner);
            }
            Token::Sign("[") => return self.list_literal(start),
            Token::Sign("{") => return self.map_literal(start),
            Token::Sign(".") => {
                self.at += 1;
                return match self.peek().clone() {
                    Token::Name(name) => self.name(start, name),
                    _ => self.fail(format!(
                        "a name was expected after the dot, and not {}",
                        self.words()
                    )),
                };
            }
            Token::Quoted(_) => {
                return self.fail("a name in backticks is a field: it stands after a dot");
            }
            Token::Sign(_) | Token::End => {
                return self.fail(format!(
                    "a value was expected here, and not {}",
                    self.words()
                ));
            }
        };
        self.at += 1;
        self.node(start, 1, ExprKind::Literal(literal))
    }

    fn name(&mut self, start: Span, name: Box<str>) -> Parsed {
        let span = self.span();
        let literal = match &*name {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            "null" => Some(Value::Null),
            _ => None,
        };
        if literal.is_none() && (&*name == "in" || RESERVED.contains(&&*name)) {
            return self.fail(format!("`{name}` is a reserved word"));
        }
        self.at += 1;
        if let Some(value) = literal {
            return self.node(start, 1, ExprKind::Literal(value));
        }
        if self.take("(") {
            let arguments = self.list(")", Self::ternary)?;
            let depth = 1 + deepest(&arguments);
            let function = Name {
                text: name,
                quoted: false,
                span,
            };
            return self.node(
                start,
                depth,
                ExprKind::Call {
                    target: None,
                    function,
                    arguments,
                },
            );
        }
        if matches!(self.peek(), Token::Sign("{")) {
            return self.structure(start, name.into());
        }
        self.node(start, 1, ExprKind::Name(name))
    }

    fn structure(&mut self, start: Span, name: String) -> Parsed {
        self.expect("{")?;
        let entry = |parser: &mut Self| {
            parser.take("?");
            parser.field()?;
            parser.expect(":")?;
            parser.ternary()
        };
        let entries = self.list("}", entry)?;
        self.node(start, 1 + deepest(&entries), ExprKind::Struct(name.into()))
    }

    /// Reads items up to a closing bracket; a comma may stand after the last one but in calls.
    fn list<T>(&mut self, close: &str, item: impl Fn(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut items = Vec::new();
        if self.take(close) {
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            if self.take(close) {
                return Ok(items);
            }
            if !self.take(",") {
                return self.fail(format!(
                    "`,` or `{close}` was expected here, and not {}",
                    self.words()
                ));
            }
            if close != ")" && self.take(close) {
                return Ok(items);
            }
        }
    }

    fn list_literal(&mut self, start: Span) -> Parsed {
        self.expect("[")?;
        let items = self.list("]", |parser| {
            let optional = parser.take("?");
            Ok((parser.ternary()?, optional))
        })?;
        let depth = 1 + items.iter().map(|(item, _)| item.depth).max().unwrap_or(0);
        self.node(start, depth, ExprKind::List(items))
    }

    fn map_literal(&mut self, start: Span) -> Parsed {
        self.expect("{")?;
        let entries = self.list("}", |parser| {
            let optional = parser.take("?");
            let key = parser.ternary()?;
            parser.expect(":")?;
            Ok((key, parser.ternary()?, optional))
        })?;
        let depth = 1 + entries
            .iter()
            .map(|(key, value, _)| key.depth.max(value.depth))
            .max()
            .unwrap_or(0);
        self.node(start, depth, ExprKind::Map(entries))
    }
}

fn deepest(exprs: &[Expr]) -> u32 {
    exprs.iter().map(|expr| expr.depth).max().unwrap_or(0)
}
