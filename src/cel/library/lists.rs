//! Functions on lists.

use std::cmp::Ordering;

use super::{Declaration, Outcome, Price, count, failure, mismatch};
use crate::cel::error::EvalError;
use crate::cel::eval::Meter;
use crate::cel::eval::compare::{equal, order};
use crate::cel::eval::sorted;
use crate::cel::value::{List, Value};

const WALK: Price = Price::Size(0);

pub(super) const FUNCTIONS: &[Declaration] = &[
    Declaration("list<int>:isSorted() -> bool", 0, WALK, is_sorted),
    Declaration("list<uint>:isSorted() -> bool", 0, WALK, is_sorted),
    Declaration("list<double>:isSorted() -> bool", 0, WALK, is_sorted),
    Declaration("list<bool>:isSorted() -> bool", 0, WALK, is_sorted),
    Declaration("list<string>:isSorted() -> bool", 0, WALK, is_sorted),
    Declaration("list<bytes>:isSorted() -> bool", 0, WALK, is_sorted),
    Declaration("list<duration>:isSorted() -> bool", 0, WALK, is_sorted),
    Declaration("list<timestamp>:isSorted() -> bool", 0, WALK, is_sorted),
    Declaration("list<int>:sum() -> int", 0, WALK, sum),
    Declaration("list<uint>:sum() -> uint", 0, WALK, sum),
    Declaration("list<double>:sum() -> double", 0, WALK, sum),
    Declaration("list<duration>:sum() -> duration", 0, WALK, sum),
    Declaration("list<int>:min() -> int", 0, WALK, min),
    Declaration("list<uint>:min() -> uint", 0, WALK, min),
    Declaration("list<double>:min() -> double", 0, WALK, min),
    Declaration("list<bool>:min() -> bool", 0, WALK, min),
    Declaration("list<string>:min() -> string", 0, WALK, min),
    Declaration("list<bytes>:min() -> bytes", 0, WALK, min),
    Declaration("list<duration>:min() -> duration", 0, WALK, min),
    Declaration("list<timestamp>:min() -> timestamp", 0, WALK, min),
    Declaration("list<int>:max() -> int", 0, WALK, max),
    Declaration("list<uint>:max() -> uint", 0, WALK, max),
    Declaration("list<double>:max() -> double", 0, WALK, max),
    Declaration("list<bool>:max() -> bool", 0, WALK, max),
    Declaration("list<string>:max() -> string", 0, WALK, max),
    Declaration("list<bytes>:max() -> bytes", 0, WALK, max),
    Declaration("list<duration>:max() -> duration", 0, WALK, max),
    Declaration("list<timestamp>:max() -> timestamp", 0, WALK, max),
    Declaration("list<A>:indexOf(A) -> int", 0, WALK, index_of),
    Declaration("list<A>:lastIndexOf(A) -> int", 0, WALK, last_index_of),
    Declaration("list<A>:distinct() -> list<A>", 34, WALK, distinct),
    Declaration("list<A>:flatten() -> list<dyn>", 34, WALK, flatten),
    Declaration("list<A>:flatten(int) -> list<dyn>", 34, WALK, flatten),
    Declaration("lists.range(int) -> list<int>", 34, Price::Fixed(1), range),
    Declaration("list<A>:reverse() -> list<A>", 34, WALK, reverse),
    Declaration("list<A>:slice(int, int) -> list<A>", 34, WALK, slice),
    Declaration("list<A>:sort() -> list<A>", 34, WALK, sort),
    Declaration("list<A>:first() -> optional<A>", 34, Price::Fixed(1), first),
    Declaration("list<A>:last() -> optional<A>", 34, Price::Fixed(1), last),
];

fn is_sorted<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = values else {
        return mismatch();
    };
    let mut before: Option<Value<'a>> = None;
    for item in list {
        if let Some(before) = &before {
            match order(before, &item) {
                Some(Ordering::Greater) => return Ok(Value::Bool(false)),
                Some(_) => {}
                None => return failure("`isSorted`: these items have no order"),
            }
        }
        before = Some(item);
    }
    Ok(Value::Bool(true))
}

fn sum<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = values else {
        return mismatch();
    };
    let mut total: Option<Value<'a>> = None;
    for item in list {
        let next = match (&total, &item) {
            (None, Value::Int(_) | Value::Uint(_) | Value::Double(_) | Value::Duration(_)) => {
                Some(item.clone())
            }
            (Some(Value::Int(a)), Value::Int(b)) => a.checked_add(*b).map(Value::Int),
            (Some(Value::Uint(a)), Value::Uint(b)) => a.checked_add(*b).map(Value::Uint),
            (Some(Value::Double(a)), Value::Double(b)) => Some(Value::Double(a + b)),
            (Some(Value::Duration(a)), Value::Duration(b)) => {
                a.checked_add(*b).map(Value::Duration)
            }
            _ => return failure("`sum`: these items cannot be added"),
        };
        total = match next {
            Some(next) => Some(next),
            None => return failure("integer overflow"),
        };
    }
    Ok(total.unwrap_or(Value::Int(0)))
}

fn extreme<'a>(values: &[Value<'a>], wanted: Ordering, name: &str) -> Outcome<'a> {
    let [Value::List(list)] = values else {
        return mismatch();
    };
    let mut items = list.iter();
    let Some(mut best) = items.next() else {
        return failure(format!("`{name}` of an empty list"));
    };
    for item in items {
        match order(&item, &best) {
            Some(found) if found == wanted => best = item,
            Some(_) => {}
            None => return failure(format!("`{name}`: these items have no order")),
        }
    }
    Ok(best)
}

fn min<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    extreme(values, Ordering::Less, "min")
}

fn max<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    extreme(values, Ordering::Greater, "max")
}

fn index_of<'a>(meter: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list), item] = values else {
        return mismatch();
    };
    for (at, other) in list.iter().enumerate() {
        if equal(meter, &other, item)? {
            return Ok(Value::Int(count(at)));
        }
    }
    Ok(Value::Int(-1))
}

fn last_index_of<'a>(meter: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list), item] = values else {
        return mismatch();
    };
    let mut found = -1;
    for (at, other) in list.iter().enumerate() {
        if equal(meter, &other, item)? {
            found = count(at);
        }
    }
    Ok(Value::Int(found))
}

fn distinct<'a>(meter: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = values else {
        return mismatch();
    };
    let mut kept = Vec::new();
    for item in list {
        meter.charge(kept.len() as u64 / 10)?;
        let mut known = false;
        for other in &kept {
            if equal(meter, other, &item)? {
                known = true;
                break;
            }
        }
        if !known {
            kept.push(item);
        }
    }
    Ok(Value::list(kept))
}

fn flatten<'a>(meter: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let (list, depth) = match values {
        [Value::List(list)] => (list, 1),
        [Value::List(list), Value::Int(depth)] if *depth >= 0 => (list, *depth),
        [_, Value::Int(_)] => return failure("`flatten`: a depth is not negative"),
        _ => return mismatch(),
    };
    let mut out = Vec::new();
    flatten_into(meter, list, depth, &mut out)?;
    Ok(Value::list(out))
}

fn flatten_into<'a>(
    meter: &mut Meter,
    list: &List<'a>,
    depth: i64,
    out: &mut Vec<Value<'a>>,
) -> Result<(), EvalError> {
    for item in list {
        meter.charge(1)?;
        match &item {
            Value::List(inner) if depth > 0 => flatten_into(meter, inner, depth - 1, out)?,
            _ => out.push(item),
        }
    }
    Ok(())
}

fn range<'a>(meter: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let [Value::Int(end)] = values else {
        return mismatch();
    };
    meter.charge(u64::try_from(*end).unwrap_or(0))?;
    Ok(Value::list((0..*end).map(Value::Int).collect()))
}

fn reverse<'a>(meter: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = values else {
        return mismatch();
    };
    meter.work(4 * list.len())?;
    let mut items: Vec<Value<'a>> = list.iter().collect();
    items.reverse();
    Ok(Value::list(items))
}

fn slice<'a>(meter: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list), Value::Int(from), Value::Int(to)] = values else {
        return mismatch();
    };
    meter.work(4 * list.len())?;
    match (usize::try_from(*from), usize::try_from(*to)) {
        (Ok(from), Ok(to)) if from <= to && to <= list.len() => Ok(Value::list(
            list.iter().skip(from).take(to - from).collect(),
        )),
        _ => failure(format!(
            "`slice`: there is no {from} to {to} in a list of {}",
            list.len()
        )),
    }
}

fn sort<'a>(meter: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = values else {
        return mismatch();
    };
    meter.work(16 * list.len())?;
    if list.is_empty() {
        return Ok(Value::list(Vec::new()));
    }
    let keyed = list.iter().map(|item| (item.clone(), item)).collect();
    sorted(keyed).map_or_else(
        || failure("`sort`: these items have no order"),
        |items| Ok(Value::list(items)),
    )
}

fn first<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = values else {
        return mismatch();
    };
    Ok(list.get(0).map_or(Value::Optional(None), Value::some))
}

fn last<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = values else {
        return mismatch();
    };
    let end = list.len().checked_sub(1).and_then(|at| list.get(at));
    Ok(end.map_or(Value::Optional(None), Value::some))
}
