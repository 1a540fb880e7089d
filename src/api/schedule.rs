//! Schedules of `CronJob`s and their time zones.
//!
//! A schedule is read as `ParseStandard` of `github.com/robfig/cron/v3` reads it, quirks included: an item may be missing
//! between two commas, Sunday is 0 and not 7, and `*-5` is `*`.

use std::borrow::Cow;

use crate::finding::{did_you_mean, nearest};
use crate::schema::is_duration;

/// A field of a schedule: what it counts, its bounds, and the names of its numbers, from the least one on.
struct Unit {
    name: &'static str,
    least: u32,
    greatest: u32,
    names: &'static [&'static str],
}

const UNITS: [Unit; 5] = [
    Unit {
        name: "minute",
        least: 0,
        greatest: 59,
        names: &[],
    },
    Unit {
        name: "hour",
        least: 0,
        greatest: 23,
        names: &[],
    },
    Unit {
        name: "day of the month",
        least: 1,
        greatest: 31,
        names: &[],
    },
    Unit {
        name: "month",
        least: 1,
        greatest: 12,
        names: &[
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ],
    },
    Unit {
        name: "day of the week",
        least: 0,
        greatest: 6,
        names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    },
];

const MACROS: [&str; 7] = [
    "@yearly",
    "@annually",
    "@monthly",
    "@weekly",
    "@daily",
    "@midnight",
    "@hourly",
];

/// Names of time zones, a line an area (tzdata 2025b, with the names that were once in use).
const ZONES: &str = include_str!("zones.txt");

/// Returns what is wrong with a schedule.
pub(super) fn schedule_fault(schedule: &str) -> Option<Cow<'static, str>> {
    if schedule.starts_with('@') {
        return macro_fault(schedule);
    }
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    if fields.len() != UNITS.len() {
        return Some(format!("a schedule has 5 fields, and this has {}", fields.len()).into());
    }
    let mut pairs = fields.iter().zip(&UNITS);
    pairs.find_map(|(field, unit)| {
        field
            .split(',')
            .filter(|item| !item.is_empty())
            .find_map(|item| unit.fault(item))
    })
}

fn macro_fault(schedule: &str) -> Option<Cow<'static, str>> {
    if MACROS.contains(&schedule) {
        return None;
    }
    if let Some(every) = schedule.strip_prefix("@every ") {
        let message = "behind `@every` stands a duration such as `1h30m`";
        return (!is_duration(every)).then_some(message.into());
    }
    let near = did_you_mean(nearest(schedule, MACROS));
    Some(format!("there is no such macro{near}").into())
}

impl Unit {
    /// Returns what is wrong with an item: `5`, `1-5`, `*/10`, `mon`.
    fn fault(&self, item: &str) -> Option<Cow<'static, str>> {
        let (range, step) = match item.split_once('/') {
            Some((_, step)) if step.contains('/') => {
                return Some(format!("`{item}` has two slashes").into());
            }
            Some((range, step)) => (range, Some(step)),
            None => (item, None),
        };
        let mut ends = range.split('-');
        let (start, end) = (ends.next().unwrap_or_default(), ends.next());
        let (least, greatest) = if matches!(start, "*" | "?") {
            (self.least, self.greatest)
        } else if ends.next().is_some() {
            return Some(format!("`{item}` has two hyphens").into());
        } else {
            let (Some(from), Some(to)) = (self.number(start), self.number(end.unwrap_or(start)))
            else {
                return Some(format!("`{item}` is no {}", self.name).into());
            };
            let open = step.is_some() && end.is_none();
            (from, if open { self.greatest } else { to })
        };
        if let Some(wrong) = [least, greatest]
            .into_iter()
            .find(|number| !(self.least..=self.greatest).contains(number))
        {
            let Self {
                name,
                least,
                greatest,
                ..
            } = self;
            return Some(format!("a {name} is {least} to {greatest}, and this has {wrong}").into());
        }
        if least > greatest {
            return Some(format!("`{item}` ends before it begins").into());
        }
        let wrong = step.is_some_and(|step| matches!(number(step), None | Some(0)));
        wrong.then(|| format!("`{item}` has no step: behind `/` stands a number above 0").into())
    }

    fn number(&self, text: &str) -> Option<u32> {
        let named = self
            .names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(text));
        match named {
            Some(place) => u32::try_from(place).ok().map(|place| place + self.least),
            None => number(text),
        }
    }
}

/// Reads a number as Go's `Atoi`, which takes a sign.
fn number(text: &str) -> Option<u32> {
    text.parse().ok()
}

/// Returns what is wrong with the name of a time zone.
pub(super) fn zone_fault(zone: &str) -> Option<Cow<'static, str>> {
    if zone.is_empty() {
        return Some("a time zone has a name".into());
    }
    if zone.eq_ignore_ascii_case("local") {
        return Some("the time zone of the server is not known here; name one".into());
    }
    let (area, place) = zone.split_once('/').unwrap_or(("-", zone));
    // Other editions of the same zones, which a server may have or not.
    if matches!(area, "posix" | "right") {
        return None;
    }
    let areas = || ZONES.lines().filter_map(|line| line.split_once(' '));
    let found = areas().find(|(name, _)| *name == area);
    if found.is_some_and(|(_, places)| places.split(' ').any(|name| name == place))
        && !zone.starts_with('-')
    {
        return None;
    }
    let all = || {
        areas().flat_map(|(area, places)| {
            places.split(' ').map(move |place| {
                if area == "-" {
                    place.to_owned()
                } else {
                    format!("{area}/{place}")
                }
            })
        })
    };
    let names: Vec<String> = all().collect();
    let known = || names.iter().map(String::as_str);
    let same = known().find(|name| name.eq_ignore_ascii_case(zone));
    let city = || {
        known().find(|name| {
            name.rsplit('/')
                .next()
                .is_some_and(|city| city.eq_ignore_ascii_case(zone))
        })
    };
    let near = same.or_else(city).or_else(|| nearest(zone, known()));
    Some(format!("there is no such time zone{}", did_you_mean(near)).into())
}

#[cfg(test)]
#[allow(clippy::too_many_lines, reason = "cases are lines of a table")]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_read_as_the_controller_reads_them() {
        for schedule in [
            "* * * * *",
            "0 0 1 1 0",
            "59 23 31 12 6",
            "*/10 * * * *",
            "5/15 * * * *",
            "1-5 * * * *",
            "0-59/2 * * * *",
            "? * ? * ?",
            "0 8 * * mon-fri",
            "0 8 * JAN,Feb sun",
            "1,2,,3 * * * *",
            "@daily",
            "@every 1h30m",
            "@hourly",
            "@midnight",
            "@yearly",
            "  0   3 * *  1 ",
            "*-5 * * * *",
            "+5 * * * *",
            "0 0 1-7 * *",
            "0\t0 * * *",
            "@every 100ms",
            "007 * * * *",
        ] {
            assert_eq!(schedule_fault(schedule), None, "{schedule}");
        }
        for schedule in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * 32 * *",
            "* * * 13 *",
            "* * * * 7",
            "* * * 0 *",
            "5-1 * * * *",
            "*/0 * * * *",
            "*/x * * * *",
            "1-2-3 * * * *",
            "1/2/3 * * * *",
            "a * * * *",
            "-1 * * * *",
            "1- * * * *",
            "* * * * monday",
            "* jan * * *",
            "@dayly",
            "@Daily",
            "@daily ",
            " @daily",
            "@every",
            "@every 1",
            "@every day",
            "@reboot",
            "*/-1 * * * *",
            "0 0 L * *",
            "0 0 * * 1#2",
            "0 0 15W * *",
            "0.5 * * * *",
            "*/ * * * *",
            "61/2 * * * *",
            "* * * * fri-mon",
        ] {
            assert!(schedule_fault(schedule).is_some(), "{schedule}");
        }
        let near = schedule_fault("@dayly").unwrap();
        assert!(near.contains("`@daily`"), "{near}");
        let outside = schedule_fault("60 * * * *").unwrap();
        assert_eq!(outside, "a minute is 0 to 59, and this has 60");
    }

    #[test]
    fn zones_are_those_of_the_database() {
        for zone in [
            "UTC",
            "Etc/UTC",
            "Europe/Paris",
            "America/Argentina/Buenos_Aires",
            "EST5EDT",
            "Etc/GMT+12",
            "posix/UTC",
            "US/Pacific",
        ] {
            assert_eq!(zone_fault(zone), None, "{zone}");
        }
        for (zone, near) in [
            ("", ""),
            ("Local", ""),
            ("LOCAL", ""),
            ("Europe/Pariss", "Europe/Paris"),
            ("europe/paris", "Europe/Paris"),
            ("paris", "Europe/Paris"),
            ("Mars/Phobos", ""),
            ("TZ=UTC", ""),
            ("UTC+1", ""),
            ("CEST", ""),
            ("../UTC", ""),
            ("/etc/localtime", ""),
            ("Europe/", ""),
            ("Europe", ""),
            ("-/UTC", ""),
            ("Etc/GMT+15", ""),
        ] {
            let message = zone_fault(zone).unwrap_or_else(|| panic!("{zone}"));
            assert!(message.contains(near), "{zone}: {message}");
        }
    }
}
