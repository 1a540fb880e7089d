//! What a run costs at least and at most, before it runs.
//!
//! As the API server estimates it when a custom resource is installed: sizes come from the schema (`maxLength`,
//! `maxItems`, `maxProperties`), and where it gives none, from the largest request.

use super::ir::{Call, Ir, IrKind, Loop, LoopKind};
use super::types::{Schema, Type, View};
use super::value::Value;

/// A least and a greatest cost, or size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// At least.
    pub least: u64,
    /// At most.
    pub most: u64,
}

impl Estimate {
    const ZERO: Self = Self::exactly(0);
    const UNKNOWN: Self = Self {
        least: 0,
        most: u64::MAX,
    };

    const fn exactly(number: u64) -> Self {
        Self {
            least: number,
            most: number,
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            least: self.least.saturating_add(other.least),
            most: self.most.saturating_add(other.most),
        }
    }

    fn times(self, other: Self) -> Self {
        Self {
            least: self.least.saturating_mul(other.least),
            most: self.most.saturating_mul(other.most),
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            least: self.least.min(other.least),
            most: self.most.max(other.most),
        }
    }
}

/// What is known of a value: its size, and of its items.
#[derive(Clone, Debug)]
struct Known<'s> {
    size: Estimate,
    schema: Option<&'s Schema>,
    item: Option<Box<Known<'s>>>,
}

impl<'s> Known<'s> {
    fn sized(size: Estimate) -> Self {
        Self {
            size,
            schema: None,
            item: None,
        }
    }

    fn scalar() -> Self {
        Self::sized(Estimate::exactly(1))
    }

    fn unknown() -> Self {
        Self::sized(Estimate::UNKNOWN)
    }

    fn of_schema(schema: &'s Schema) -> Self {
        Self {
            size: Estimate {
                least: 0,
                most: schema.most,
            },
            schema: Some(schema),
            item: None,
        }
    }

    fn item(&self) -> Self {
        match (&self.item, self.schema.and_then(Schema::item)) {
            (Some(item), _) => (**item).clone(),
            (None, Some(schema)) => Self::of_schema(schema),
            (None, None) => Self::unknown(),
        }
    }

    fn or(&self, other: &Self) -> Self {
        Self {
            size: self.size.or(other.size),
            schema: self.schema.or(other.schema),
            item: self.item.clone(),
        }
    }
}

struct Estimator<'s> {
    variables: Vec<Known<'s>>,
    locals: Vec<Known<'s>>,
}

pub(super) fn estimate<'s>(
    ir: &Ir,
    variables: &[Box<str>],
    schema_of: &dyn Fn(&str) -> Option<&'s Schema>,
) -> Estimate {
    let variables = variables
        .iter()
        .map(|name| schema_of(name).map_or_else(Known::unknown, Known::of_schema))
        .collect();
    let mut estimator = Estimator {
        variables,
        locals: Vec::new(),
    };
    estimator.step(ir).0
}

type Found<'s> = (Estimate, Known<'s>);

impl<'s> Estimator<'s> {
    fn step(&mut self, ir: &Ir) -> Found<'s> {
        let one = Estimate::exactly(1);
        match &ir.kind {
            IrKind::Literal(value) => (Estimate::ZERO, known(value)),
            IrKind::Made(value, cost) => (Estimate::exactly(*cost), known(value)),
            IrKind::Type(_) => (one, Known::scalar()),
            IrKind::Variable(place) => (one, at(&self.variables, *place)),
            IrKind::Local(place) => (one, at(&self.locals, *place)),
            IrKind::Select { operand, field, .. } => {
                let (cost, held) = self.step(operand);
                let found = held.schema.and_then(|schema| schema.field(&field.name));
                let found = found.map_or_else(Known::unknown, |schema| Known::of_schema(schema));
                (cost.plus(one), found)
            }
            IrKind::Has { operand, .. } => (self.step(operand).0, Known::scalar()),
            IrKind::Index { operand, index, .. } => {
                let (cost, held) = self.step(operand);
                (cost.plus(self.step(index).0).plus(one), held.item())
            }
            IrKind::And(terms) | IrKind::Or(terms) => (self.logical(terms), Known::scalar()),
            IrKind::Ternary(parts) => {
                let [condition, yes, no] = &**parts;
                let condition = self.step(condition).0;
                let ((yes, yes_known), (no, no_known)) = (self.step(yes), self.step(no));
                (condition.plus(yes.or(no)), yes_known.or(&no_known))
            }
            IrKind::Call(call) => self.call(call),
            IrKind::List(items) => self.list(items),
            IrKind::Map(entries) => {
                let mut cost = Estimate::exactly(30);
                for (key, value, _) in entries {
                    cost = cost.plus(self.step(key).0).plus(self.step(value).0);
                }
                (cost, Known::sized(Estimate::exactly(entries.len() as u64)))
            }
            IrKind::Loop(body) => self.repeat(body),
            IrKind::OnValue { operand, body, .. } => {
                let (cost, held) = self.step(operand);
                self.locals.push(held);
                let (inside, known) = self.step(body);
                self.locals.pop();
                (
                    cost.plus(Estimate {
                        least: 0,
                        most: inside.most,
                    }),
                    known,
                )
            }
        }
    }

    fn list(&mut self, items: &[(Ir, bool)]) -> Found<'s> {
        let mut cost = Estimate::exactly(10);
        let mut of: Option<Known<'s>> = None;
        for (item, _) in items {
            let (item_cost, known) = self.step(item);
            cost = cost.plus(item_cost);
            of = Some(of.map_or_else(|| known.clone(), |before| before.or(&known)));
        }
        let size = Estimate::exactly(items.len() as u64);
        let item = of.map(Box::new);
        (
            cost,
            Known {
                size,
                schema: None,
                item,
            },
        )
    }

    /// The first term may decide; all may be needed.
    fn logical(&mut self, terms: &[Ir]) -> Estimate {
        let mut cost: Option<Estimate> = None;
        for term in terms {
            let found = self.step(term).0;
            cost = Some(match cost {
                None => found,
                Some(before) => Estimate {
                    least: before.least,
                    most: before.most.saturating_add(found.most),
                },
            });
        }
        cost.unwrap_or(Estimate::ZERO)
    }

    fn call(&mut self, call: &Call) -> Found<'s> {
        let (mut cost, mut arguments) = (Estimate::ZERO, Vec::new());
        for argument in &call.arguments {
            let (found, known) = self.step(argument);
            cost = cost.plus(found);
            arguments.push(known);
        }
        let result = result(call, &arguments);
        let size = |place: usize| {
            arguments
                .get(place)
                .map_or(Estimate::exactly(1), |known| known.size)
        };
        let prices = call.overloads.iter().map(|overload| {
            let of = |pick: fn(Estimate) -> u64| {
                overload.price.of(
                    pick(size(0)),
                    pick(size(1)),
                    pick(size(2)),
                    pick(result.size),
                )
            };
            Estimate {
                least: of(|size| size.least),
                most: of(|size| size.most),
            }
        });
        let price = prices.reduce(Estimate::or).unwrap_or(Estimate::exactly(1));
        (cost.plus(price), result)
    }

    fn repeat(&mut self, body: &Loop) -> Found<'s> {
        let (range_cost, range) = self.step(&body.range);
        let count = range.size;
        let before = self.locals.len();
        // The first of two variables is a number or a key; so is the only one of a map.
        let map = matches!(range.schema.map(|schema| &schema.view), Some(View::Map(_)));
        let item = range.item();
        let key = Known::sized(Estimate::UNKNOWN);
        if body.two {
            self.locals.push(if map { key } else { Known::scalar() });
            self.locals.push(item.clone());
        } else {
            self.locals.push(if map { key } else { item.clone() });
        }
        let filter = body.filter.as_ref().map(|filter| self.step(filter).0);
        let (body_cost, body_known) = self.step(&body.body);
        self.locals.truncate(before);
        let (start, each) = overhead(body.kind);
        let each = match filter {
            // Where the condition does not hold, the rest is not run.
            Some(filter) => filter.plus(Estimate {
                least: 1,
                most: body_cost.most.saturating_add(each),
            }),
            None => body_cost.plus(Estimate {
                least: if each > 5 { 1 } else { each },
                most: each,
            }),
        };
        let cost = range_cost
            .plus(Estimate::exactly(start))
            .plus(count.times(each));
        (cost, gathered(body, count, range, item, body_known))
    }
}

fn at<'s>(known: &[Known<'s>], place: usize) -> Known<'s> {
    known.get(place).cloned().unwrap_or_else(Known::unknown)
}

/// Returns what is known of what a macro gives.
fn gathered<'s>(
    body: &Loop,
    count: Estimate,
    range: Known<'s>,
    item: Known<'s>,
    made: Known<'s>,
) -> Known<'s> {
    let some = Estimate {
        least: 0,
        most: count.most,
    };
    match body.kind {
        LoopKind::All | LoopKind::Exists | LoopKind::ExistsOne => Known::scalar(),
        LoopKind::Filter => Known {
            size: some,
            schema: None,
            item: Some(Box::new(item)),
        },
        LoopKind::SortBy => range,
        LoopKind::Map | LoopKind::TransformMap | LoopKind::TransformMapEntry => {
            let size = if body.filter.is_some() { some } else { count };
            Known {
                size,
                schema: None,
                item: Some(Box::new(made)),
            }
        }
    }
}

/// Returns what a macro costs in itself: once, and for each item.
fn overhead(kind: LoopKind) -> (u64, u64) {
    match kind {
        LoopKind::All => (1, 3),
        LoopKind::Exists => (1, 4),
        LoopKind::ExistsOne => (2, 2),
        LoopKind::Map | LoopKind::SortBy => (11, 12),
        LoopKind::Filter => (11, 13),
        LoopKind::TransformMap | LoopKind::TransformMapEntry => (31, 2),
    }
}

fn known<'s>(value: &Value<'_>) -> Known<'s> {
    let item = match value {
        Value::List(list) => {
            let items = list.iter().map(|item| known(&item));
            items.reduce(|before, item| before.or(&item)).map(Box::new)
        }
        _ => None,
    };
    Known {
        size: Estimate::exactly(value.size()),
        schema: None,
        item,
    }
}

/// Returns what is known of what a call gives.
fn result<'s>(call: &Call, arguments: &[Known<'s>]) -> Known<'s> {
    let first = arguments.first().cloned().unwrap_or_else(Known::unknown);
    let size = |place: usize| {
        arguments
            .get(place)
            .map_or(Estimate::exactly(1), |known| known.size)
    };
    let part = Estimate {
        least: 0,
        most: first.size.most,
    };
    let list = |most: u64, item: Option<Known<'s>>| {
        let size = Estimate { least: 0, most };
        Known {
            size,
            schema: None,
            item: item.map(Box::new),
        }
    };
    match call.name {
        "+" => Known {
            size: size(0).plus(size(1)),
            schema: None,
            item: first.item.clone(),
        },
        "dyn"
        | "lowerAscii"
        | "upperAscii"
        | "string"
        | "bytes"
        | "reverse"
        | "sort"
        | "value"
        | "optional.of"
        | "optional.ofNonZeroValue" => first,
        "substring" | "trim" | "find" | "slice" | "distinct" | "charAt" => Known {
            size: part,
            ..first
        },
        "split" | "findAll" => list(first.size.most.saturating_add(1), Some(Known::sized(part))),
        "replace" => list(first.size.most.saturating_mul(size(2).most.max(1)), None),
        "join" => {
            let each = first.item().size.plus(size(1));
            list(first.size.most.saturating_mul(each.most), None)
        }
        "format" => list(1 << 20, None),
        // Messages of a format, few and short.
        "validate" => list(64, None),
        "orValue" | "or" => arguments
            .get(1)
            .map_or_else(Known::unknown, |other| first.or(other)),
        "first" | "last" | "min" | "max" => first.item(),
        _ if is_scalar(call) => Known::scalar(),
        _ => Known::unknown(),
    }
}

/// Tells whether what a call gives has no size.
fn is_scalar(call: &Call) -> bool {
    call.overloads.iter().all(|overload| {
        !matches!(
            overload.result,
            Type::String | Type::Bytes | Type::List(_) | Type::Map(..) | Type::Dyn | Type::Param(_)
        )
    })
}
