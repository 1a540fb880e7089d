//! Points and lengths of time.

use std::sync::Arc;

use base64::Engine as _;

use super::{Declaration, Outcome, Price, failure, mismatch};
use crate::cel::error::EvalError;
use crate::cel::eval::Meter;
use crate::cel::value::Value;
use crate::date::{date_of, days_of, digits, parse_date};

/// A point in time of the years 1 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Seconds since 1970.
    pub seconds: i64,
    /// Nanoseconds of the second.
    pub nanos: u32,
}

const SECOND: i128 = 1_000_000_000;
const FIRST: i64 = -62_135_596_800;
const LAST: i64 = 253_402_300_799;

impl Timestamp {
    /// Makes a time of nanoseconds since 1970, where it is in range.
    pub(crate) fn new(nanos: i128) -> Option<Self> {
        let seconds = i64::try_from(nanos.div_euclid(SECOND)).ok()?;
        let nanos = u32::try_from(nanos.rem_euclid(SECOND)).ok()?;
        (FIRST..=LAST)
            .contains(&seconds)
            .then_some(Self { seconds, nanos })
    }

    fn total(self) -> i128 {
        i128::from(self.seconds) * SECOND + i128::from(self.nanos)
    }
}

macro_rules! parts {
    ($($name:literal = $call:ident),+) => {
        &[$(
            Declaration(concat!("timestamp:", $name, "() -> int"), 0, Price::Fixed(1), $call),
            Declaration(concat!("timestamp:", $name, "(string) -> int"), 0, Price::Fixed(1), $call),
        )+
            Declaration("duration:getHours() -> int", 0, Price::Fixed(1), get_hours),
            Declaration("duration:getMinutes() -> int", 0, Price::Fixed(1), get_minutes),
            Declaration("duration:getSeconds() -> int", 0, Price::Fixed(1), get_seconds),
            Declaration("duration:getMilliseconds() -> int", 0, Price::Fixed(1), get_milliseconds),
        ]
    };
}

pub(super) const FUNCTIONS: &[Declaration] = parts!(
    "getFullYear" = get_full_year,
    "getMonth" = get_month,
    "getDayOfYear" = get_day_of_year,
    "getDate" = get_date,
    "getDayOfMonth" = get_day_of_month,
    "getDayOfWeek" = get_day_of_week,
    "getHours" = get_hours,
    "getMinutes" = get_minutes,
    "getSeconds" = get_seconds,
    "getMilliseconds" = get_milliseconds
);

/// A day and a time of day.
struct Clock {
    year: i64,
    month: i64,
    day: i64,
    day_of_year: i64,
    day_of_week: i64,
    seconds: i64,
    nanos: u32,
}

/// Returns the time in a zone: UTC, or so many hours and minutes off it.
fn clock(values: &[Value<'_>]) -> Result<Clock, EvalError> {
    let (time, zone) = match values {
        [Value::Timestamp(time)] => (*time, 0),
        [Value::Timestamp(time), Value::String(zone)] => (*time, offset(zone)?),
        _ => return Err(EvalError::failure("no such overload")),
    };
    let seconds = time.seconds + zone;
    let days = seconds.div_euclid(86_400);
    let (year, month, day) = date_of(days);
    Ok(Clock {
        year,
        month,
        day,
        day_of_year: days - days_of(year, 1, 1),
        day_of_week: (days + 4).rem_euclid(7),
        seconds: seconds.rem_euclid(86_400),
        nanos: time.nanos,
    })
}

fn offset(zone: &str) -> Result<i64, EvalError> {
    if matches!(zone, "" | "UTC" | "Etc/UTC" | "GMT" | "Etc/GMT" | "Z") {
        return Ok(0);
    }
    let fixed = || {
        let (sign, rest) = match zone.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, zone.strip_prefix('+').unwrap_or(zone)),
        };
        let (hours, minutes) = rest.split_once(':')?;
        let number = |text: &str| {
            let plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| text.parse::<i64>().ok()).flatten()
        };
        Some(sign * (number(hours)? * 3600 + number(minutes)? * 60))
    };
    match fixed() {
        Some(seconds) => Ok(seconds),
        None if zone.contains('/') => Err(EvalError::NotDecided("the time zone")),
        None => Err(EvalError::failure("this string is no time zone")),
    }
}

fn part<'a>(values: &[Value<'a>], of: impl Fn(&Clock) -> i64) -> Outcome<'a> {
    Ok(Value::Int(of(&clock(values)?)))
}

fn get_full_year<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    part(values, |clock| clock.year)
}

fn get_month<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    part(values, |clock| clock.month - 1)
}

fn get_day_of_year<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    part(values, |clock| clock.day_of_year)
}

fn get_date<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    part(values, |clock| clock.day)
}

fn get_day_of_month<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    part(values, |clock| clock.day - 1)
}

fn get_day_of_week<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    part(values, |clock| clock.day_of_week)
}

fn get_hours<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::Duration(nanos)] => Ok(Value::Int(nanos / 3_600_000_000_000)),
        _ => part(values, |clock| clock.seconds / 3600),
    }
}

fn get_minutes<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::Duration(nanos)] => Ok(Value::Int(nanos / 60_000_000_000)),
        _ => part(values, |clock| clock.seconds / 60 % 60),
    }
}

fn get_seconds<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::Duration(nanos)] => Ok(Value::Int(nanos / 1_000_000_000)),
        _ => part(values, |clock| clock.seconds % 60),
    }
}

fn get_milliseconds<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::Duration(nanos)] => Ok(Value::Int(nanos / 1_000_000)),
        _ => part(values, |clock| i64::from(clock.nanos / 1_000_000)),
    }
}

pub(super) fn add<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::Duration(a), Value::Duration(b)] => a.checked_add(*b).map_or_else(
            || failure("duration overflow"),
            |nanos| Ok(Value::Duration(nanos)),
        ),
        [Value::Timestamp(time), Value::Duration(nanos)]
        | [Value::Duration(nanos), Value::Timestamp(time)] => shifted(*time, i128::from(*nanos)),
        _ => mismatch(),
    }
}

pub(super) fn subtract<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::Duration(a), Value::Duration(b)] => a.checked_sub(*b).map_or_else(
            || failure("duration overflow"),
            |nanos| Ok(Value::Duration(nanos)),
        ),
        [Value::Timestamp(time), Value::Duration(nanos)] => shifted(*time, -i128::from(*nanos)),
        [Value::Timestamp(a), Value::Timestamp(b)] => match i64::try_from(a.total() - b.total()) {
            Ok(nanos) => Ok(Value::Duration(nanos)),
            Err(_) => failure("duration overflow"),
        },
        _ => mismatch(),
    }
}

fn shifted<'a>(time: Timestamp, nanos: i128) -> Outcome<'a> {
    let shifted = Timestamp::new(time.total() + nanos);
    shifted.map_or_else(
        || failure("timestamp overflow"),
        |time| Ok(Value::Timestamp(time)),
    )
}

/// Reads a time of RFC 3339.
pub(crate) fn parse_time(text: &str) -> Option<Timestamp> {
    let (days, rest) = parse_date(text)?;
    let (hour, rest) = digits(rest.strip_prefix('T')?, 2)?;
    let (minute, rest) = digits(rest.strip_prefix(':')?, 2)?;
    let (second, mut rest) = digits(rest.strip_prefix(':')?, 2)?;
    let mut nanos = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let end = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        let figures = fraction
            .get(..fraction.len() - end.len())
            .filter(|figures| !figures.is_empty())?;
        nanos = format!("{figures:0<9}").get(..9)?.parse().ok()?;
        rest = end;
    }
    let zone = if rest == "Z" {
        0
    } else {
        let sign = if rest.starts_with('-') { -1 } else { 1 };
        let (hours, rest) = digits(rest.strip_prefix(['+', '-'])?, 2)?;
        let (minutes, rest) = digits(rest.strip_prefix(':')?, 2)?;
        if hours > 23 || minutes > 59 || !rest.is_empty() {
            return None;
        }
        sign * (hours * 3600 + minutes * 60)
    };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - zone;
    Timestamp::new(i128::from(seconds) * SECOND + i128::from(nanos))
}

/// Reads a time of RFC 3339, or a date.
pub(crate) fn parse_time_or_date(text: &str) -> Option<Timestamp> {
    parse_time(text).or_else(|| {
        let (days, rest) = parse_date(text)?;
        rest.is_empty()
            .then(|| Timestamp::new(i128::from(days) * 86_400 * SECOND))
            .flatten()
    })
}

/// Reads a duration as Go's `time.ParseDuration` does, into nanoseconds.
pub(crate) fn parse_duration(text: &str) -> Option<i64> {
    let negative = text.starts_with('-');
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let after = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let figures = rest.get(..rest.len() - after.len())?;
        let (whole, fraction) = figures.split_once('.').unwrap_or((figures, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
            return None;
        }
        let units: [(&str, i128); 8] = [
            ("ns", 1),
            ("us", 1_000),
            ("µs", 1_000),
            ("μs", 1_000),
            ("ms", 1_000_000),
            ("s", SECOND),
            ("m", 60 * SECOND),
            ("h", 3600 * SECOND),
        ];
        let (unit, left) = units
            .iter()
            .find_map(|(name, unit)| Some((*unit, after.strip_prefix(name)?)))?;
        let whole: i64 = if whole.is_empty() {
            0
        } else {
            whole.parse().ok()?
        };
        let kept = fraction.get(..fraction.len().min(15)).unwrap_or_default();
        let scale = 10_i128.pow(u32::try_from(kept.len()).ok()?);
        let part: i128 = if kept.is_empty() {
            0
        } else {
            kept.parse().ok()?
        };
        total += i128::from(whole) * unit + part * unit / scale;
        if total > i128::from(i64::MAX) + 1 {
            return None;
        }
        rest = left;
    }
    i64::try_from(if negative { -total } else { total }).ok()
}

/// Reads bytes in Base64.
pub(crate) fn base64(text: &str) -> Option<Arc<[u8]>> {
    let decoded = base64::engine::general_purpose::STANDARD.decode(text);
    decoded.ok().map(Into::into)
}

pub(super) fn show_timestamp(time: Timestamp) -> String {
    let days = time.seconds.div_euclid(86_400);
    let (year, month, day) = date_of(days);
    let seconds = time.seconds.rem_euclid(86_400);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = format!(".{:09}", time.nanos);
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

pub(super) fn show_duration(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let total = nanos.unsigned_abs();
    let fraction = format!(".{:09}", total % 1_000_000_000);
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    format!("{sign}{}{fraction}s", total / 1_000_000_000)
}
