//! Sets of addresses outside, and what people call them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::network::address::{Family, Range};

/// So many ranges are named at most.
const NAMED: usize = 3;

/// Addresses, as ranges that do not touch, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Area(pub(super) Vec<Range>);

impl Area {
    /// Makes an area of ranges.
    pub(super) fn new(mut ranges: Vec<Range>) -> Self {
        ranges.sort_unstable();
        let mut merged: Vec<Range> = Vec::new();
        for range in ranges {
            match merged.last_mut() {
                Some(last)
                    if last.family == range.family
                        && range.first <= last.last.saturating_add(1) =>
                {
                    last.last = last.last.max(range.last);
                }
                _ => merged.push(range),
            }
        }
        Self(merged)
    }

    /// Returns what of some families is not in it.
    fn without(&self, families: &[Family]) -> Self {
        let mut rest = Vec::new();
        for family in families {
            let all = Range::all(*family);
            let mut next = Some(all.first);
            for range in self.0.iter().filter(|range| range.family == *family) {
                if let Some(first) = next.filter(|first| *first < range.first) {
                    let last = range.first - 1;
                    let family = *family;
                    rest.push(Range {
                        family,
                        first,
                        last,
                    });
                }
                next = range.last.checked_add(1);
            }
            if let Some(first) = next.filter(|first| *first <= all.last) {
                let (family, last) = (*family, all.last);
                rest.push(Range {
                    family,
                    first,
                    last,
                });
            }
        }
        Self(rest)
    }

    /// Tells whether a range lies in it.
    pub(in crate::network) fn contains(&self, range: &Range) -> bool {
        self.0.iter().any(|own| own.contains(range))
    }

    /// Returns its prefixes as they are written: `10.0.0.0/8`; where there are very many, the first of them.
    fn prefixes(&self) -> Vec<String> {
        let all = self.0.iter().flat_map(prefixes);
        all.take(NAMED * 100).collect()
    }
}

/// How areas are called in one cluster.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// The families that are told apart.
    pub(super) families: Vec<Family>,
    /// Every public address.
    pub(super) internet: Area,
}

impl Names {
    /// Returns the name of an area, and what is to be said of it.
    pub(super) fn of(&self, area: &Area) -> (String, String) {
        let but = area.without(&self.families);
        if but.0.is_empty() {
            return ("every address".to_owned(), String::new());
        }
        if *area == self.internet {
            let detail = "every public address".to_owned();
            return ("internet".to_owned(), detail);
        }
        if but == self.internet {
            let detail = "every address that is not public".to_owned();
            return ("private addresses".to_owned(), detail);
        }
        let (own, other) = (area.prefixes(), but.prefixes());
        if other.len() < own.len() {
            return (
                "every address".to_owned(),
                format!("but {}", listed(&other)),
            );
        }
        (listed(&own), String::new())
    }
}

fn listed(prefixes: &[String]) -> String {
    let some: Vec<&str> = prefixes.iter().take(NAMED).map(String::as_str).collect();
    let some = some.join(", ");
    match prefixes.len().saturating_sub(NAMED) {
        0 => some,
        more => format!("{some} and {more} more"),
    }
}

/// Returns the prefixes that make up a range.
fn prefixes(range: &Range) -> impl Iterator<Item = String> + use<> {
    let (bits, mut next, last) = match range.family {
        Family::V4 => (32, Some(range.first), range.last),
        Family::V6 => (128, Some(range.first), range.last),
    };
    let family = range.family;
    std::iter::from_fn(move || {
        let first = next.filter(|first| *first <= last)?;
        let mut free = first.trailing_zeros().min(bits);
        let end = |free: u32| first | u128::MAX.checked_shr(128 - free).unwrap_or_default();
        while end(free) > last {
            free -= 1;
        }
        next = end(free).checked_add(1);
        let address = match family {
            Family::V4 => IpAddr::V4(Ipv4Addr::from(u32::try_from(first).unwrap_or_default())),
            Family::V6 => IpAddr::V6(Ipv6Addr::from(first)),
        };
        let length = bits - free;
        Some(if length == bits {
            address.to_string()
        } else {
            format!("{address}/{length}")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(texts: &[&str]) -> Area {
        Area::new(
            texts
                .iter()
                .map(|text| Range::parse(text).unwrap())
                .collect(),
        )
    }

    #[test]
    fn areas_are_called_as_people_call_them() {
        let v4 = vec![Family::V4];
        let private = area(&["10.0.0.0/8", "192.168.0.0/16"]);
        let names = Names {
            internet: private.without(&v4),
            families: v4,
        };
        for (ranges, name, detail) in [
            (&["0.0.0.0/0"][..], "every address", ""),
            (&["0.0.0.0/1", "128.0.0.0/1"], "every address", ""),
            (
                &["10.0.0.0/8", "192.168.0.0/16"],
                "private addresses",
                "every address that is not public",
            ),
            (&["10.0.0.0/9", "10.128.0.0/9"], "10.0.0.0/8", ""),
            (&["192.0.2.7/32"], "192.0.2.7", ""),
            (
                &["0.0.0.0/1", "192.0.0.0/2"],
                "every address",
                "but 128.0.0.0/2",
            ),
            (
                &[
                    "1.0.0.0/8",
                    "3.0.0.0/8",
                    "5.0.0.0/8",
                    "7.0.0.0/8",
                    "9.0.0.1/32",
                ],
                "1.0.0.0/8, 3.0.0.0/8, 5.0.0.0/8 and 2 more",
                "",
            ),
        ] {
            let (shown, more) = names.of(&area(ranges));
            assert_eq!(
                (shown.as_str(), more.as_str()),
                (name, detail),
                "{ranges:?}"
            );
        }
        let internet = names.internet.clone();
        assert_eq!(names.of(&internet).0, "internet");
    }

    #[test]
    fn addresses_of_both_families_are_told_apart() {
        let both = [Family::V4, Family::V6];
        let all = area(&["0.0.0.0/0", "::/0"]);
        assert!(all.without(&both).0.is_empty());
        assert_eq!(area(&["::/0"]).without(&both), area(&["0.0.0.0/0"]));
        assert_eq!(
            area(&["fd00::/8", "::1/128"]).prefixes(),
            ["::1", "fd00::/8"]
        );
        assert_eq!(all.prefixes(), ["0.0.0.0/0", "::/0"]);
        assert!(all.contains(&Range::parse("fd00::/8").unwrap()));
    }
}
