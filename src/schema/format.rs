//! Formats of strings and numbers, as the API server checks them.
//!
//! Kubernetes' own kinds are decoded into Go types, which decides times, bytes and the ranges of integers; custom
//! resources are checked by the formats that `apiextensions.k8s.io/v1` supports. Any other format is a comment.

use std::net::{Ipv4Addr, Ipv6Addr};

use base64::Engine as _;

use crate::yaml::Node;

/// A format that is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// An integer of 32 bits.
    Int32,
    /// An integer of 64 bits.
    Int64,
    /// A time of RFC 3339: `2026-01-31T12:00:00Z`.
    DateTime,
    /// A date of RFC 3339: `2026-01-31`.
    Date,
    /// Base64 with padding (RFC 4648).
    Byte,
    /// A duration as Go writes it: `1h30m`.
    Duration,
    /// A UUID.
    Uuid,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// A range of addresses.
    Cidr,
    /// A host name.
    Hostname,
    /// An absolute URI.
    Uri,
}

impl Format {
    const NAMES: &[(&str, Self)] = &[
        ("int32", Self::Int32),
        ("int64", Self::Int64),
        ("date-time", Self::DateTime),
        ("datetime", Self::DateTime),
        ("date", Self::Date),
        ("byte", Self::Byte),
        ("duration", Self::Duration),
        ("uuid", Self::Uuid),
        ("ipv4", Self::Ipv4),
        ("ipv6", Self::Ipv6),
        ("cidr", Self::Cidr),
        ("hostname", Self::Hostname),
        ("uri", Self::Uri),
    ];

    /// Returns the format of a name, where it is one that is checked.
    pub fn named(name: &str) -> Option<Self> {
        let found = Self::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, format)| *format)
    }

    /// Returns what a value of the format is, with an example.
    pub fn words(self) -> &'static str {
        match self {
            Self::Int32 => "an integer from -2147483648 to 2147483647",
            Self::Int64 => "an integer of 64 bits",
            Self::DateTime => "a time such as 2026-01-31T12:00:00Z",
            Self::Date => "a date such as 2026-01-31",
            Self::Byte => "Base64, with `=` at its end where it needs it",
            Self::Duration => "a duration such as 1h30m",
            Self::Uuid => "a UUID such as 123e4567-e89b-12d3-a456-426614174000",
            Self::Ipv4 => "an IPv4 address such as 10.0.0.1",
            Self::Ipv6 => "an IPv6 address such as 2001:db8::1",
            Self::Cidr => "a range of addresses such as 10.0.0.0/8",
            Self::Hostname => "a host name such as www.example.com",
            Self::Uri => "an absolute URI such as https://www.example.com/",
        }
    }

    /// Tells whether a value is of the format; values of another kind are.
    pub fn holds(self, node: Node<'_>) -> bool {
        match self {
            Self::Int32 => node
                .as_int()
                .is_none_or(|value| i32::try_from(value).is_ok()),
            Self::Int64 => true,
            _ => node.as_str().is_none_or(|text| self.matches(text)),
        }
    }

    fn matches(self, text: &str) -> bool {
        match self {
            Self::Int32 | Self::Int64 => true,
            Self::DateTime => is_date_time(text),
            Self::Date => is_date(text),
            Self::Byte => base64::engine::general_purpose::STANDARD
                .decode(text.replace(['\r', '\n'], ""))
                .is_ok(),
            Self::Duration => is_duration(text),
            Self::Uuid => is_uuid(text),
            Self::Ipv4 => text.parse::<Ipv4Addr>().is_ok(),
            Self::Ipv6 => text.parse::<Ipv6Addr>().is_ok(),
            Self::Cidr => is_cidr(text),
            Self::Hostname => is_hostname(text),
            Self::Uri => is_uri(text),
        }
    }
}

/// Reads so many digits, and returns their value and the rest.
fn digits(text: &str, count: usize) -> Option<(u32, &str)> {
    let (head, rest) = text.split_at_checked(count)?;
    let all = head.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| head.parse().ok())
        .flatten()
        .map(|value| (value, rest))
}

fn date(text: &str) -> Option<&str> {
    let (year, rest) = digits(text, 4)?;
    let (month, rest) = digits(rest.strip_prefix('-')?, 2)?;
    let (day, rest) = digits(rest.strip_prefix('-')?, 2)?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    (1..=days).contains(&day).then_some(rest)
}

fn is_date(text: &str) -> bool {
    date(text) == Some("")
}

/// As Go's `time.RFC3339` reads it: upper-case letters, a fraction of any length, no leap second.
fn is_date_time(text: &str) -> bool {
    let clock = |text: &str| -> Option<bool> {
        let (hour, rest) = digits(text.strip_prefix('T')?, 2)?;
        let (minute, rest) = digits(rest.strip_prefix(':')?, 2)?;
        let (second, mut rest) = digits(rest.strip_prefix(':')?, 2)?;
        if let Some(fraction) = rest.strip_prefix(['.', ',']) {
            let end = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if end.len() == fraction.len() {
                return None;
            }
            rest = end;
        }
        let zone = rest == "Z" || zone(rest).is_some();
        Some(hour < 24 && minute < 60 && second < 60 && zone)
    };
    date(text).and_then(clock).unwrap_or(false)
}

fn zone(text: &str) -> Option<()> {
    let (hour, rest) = digits(text.strip_prefix(['+', '-'])?, 2)?;
    let (minute, rest) = digits(rest.strip_prefix(':')?, 2)?;
    (hour <= 24 && minute < 60 && rest.is_empty()).then_some(())
}

/// As Go's `time.ParseDuration` reads it.
pub fn is_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let number = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let written = rest.len() - number.len();
        let figure = rest.get(..written).unwrap_or_default();
        if !figure.bytes().any(|byte| byte.is_ascii_digit()) || figure.matches('.').count() > 1 {
            return false;
        }
        let unit = ["ns", "us", "µs", "μs", "ms", "s", "m", "h"]
            .into_iter()
            .find_map(|unit| number.strip_prefix(unit));
        match unit {
            Some(after) => rest = after,
            None => return false,
        }
    }
    true
}

fn is_uuid(text: &str) -> bool {
    let plain: String = text.chars().filter(|c| *c != '-').collect();
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    plain.len() == 32
        && plain.bytes().all(|byte| byte.is_ascii_hexdigit())
        && (groups == [32] || groups == [8, 4, 4, 4, 12])
}

/// Tells whether a text is a range of addresses.
pub fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else {
        return false;
    };
    let most = if address.parse::<Ipv4Addr>().is_ok() {
        32
    } else if address.parse::<Ipv6Addr>().is_ok() {
        128
    } else {
        return false;
    };
    let plain = !bits.is_empty()
        && bits.bytes().all(|byte| byte.is_ascii_digit())
        && (bits == "0" || !bits.starts_with('0'));
    plain && bits.parse::<u32>().is_ok_and(|bits| bits <= most)
}

fn is_hostname(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 255 && text.trim_end_matches('.').split('.').all(label)
}

/// As Go's `url.ParseRequestURI` takes it, roughly: a scheme and something behind it, or an absolute path.
fn is_uri(text: &str) -> bool {
    if text.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
        return false;
    }
    let scheme = text.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
            && !rest.is_empty()
    });
    scheme || text.starts_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_take_what_go_takes() {
        let cases: &[(&str, &[&str], &[&str])] = &[
            (
                "date-time",
                &[
                    "2026-01-31T12:00:00Z",
                    "2024-02-29T00:00:00.123456789+02:00",
                ],
                &[
                    "2026-01-31",
                    "2026-02-29T00:00:00Z",
                    "2026-01-31t12:00:00z",
                    "2026-01-31T24:00:00Z",
                    "",
                ],
            ),
            (
                "date",
                &["2026-11-30"],
                &["2026-11-31", "26-11-30", "2026-11-30T"],
            ),
            ("byte", &["", "aGk=", "aGkh"], &["aGk", "a b", "%%"]),
            (
                "duration",
                &["0", "1h30m", "1.5s", "-2ms", "100ns"],
                &["", "1", "1d", "h", "1..5s"],
            ),
            (
                "uuid",
                &["123e4567-e89b-12d3-a456-426614174000"],
                &["123e4567", "z23e4567-e89b-12d3-a456-426614174000"],
            ),
            ("ipv4", &["10.0.0.1"], &["10.0.0", "010.0.0.1", "::1"]),
            (
                "cidr",
                &["10.0.0.0/8", "::/0"],
                &["10.0.0.0", "10.0.0.0/33", "10.0.0.0/08"],
            ),
            ("hostname", &["a.example.com"], &["-a.com", "a..b", ""]),
            (
                "uri",
                &["https://a/b", "/path"],
                &["a b", "nothing", "http:"],
            ),
        ];
        for (name, good, bad) in cases {
            let format = Format::named(name).unwrap();
            for text in *good {
                assert!(format.matches(text), "{name}: {text}");
            }
            for text in *bad {
                assert!(!format.matches(text), "{name}: {text}");
            }
        }
    }
}
