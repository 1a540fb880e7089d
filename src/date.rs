//! Days of the calendar (proleptic Gregorian, UTC).

use std::fmt;

/// Returns the days from 1970 to a date.
pub(crate) fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Returns the date that is so many days after 1970.
pub(crate) fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// Reads digits, and returns their value and the rest.
pub(crate) fn digits(text: &str, count: usize) -> Option<(i64, &str)> {
    let (head, rest) = text.split_at_checked(count)?;
    let all = head.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| head.parse().ok())
        .flatten()
        .map(|value| (value, rest))
}

/// Reads a date, `2026-01-31`, and returns its days from 1970 and the rest.
pub(crate) fn parse_date(text: &str) -> Option<(i64, &str)> {
    let (year, rest) = digits(text, 4)?;
    let (month, rest) = digits(rest.strip_prefix('-')?, 2)?;
    let (day, rest) = digits(rest.strip_prefix('-')?, 2)?;
    let days = days_of(year, month, day);
    let real = (1..=12).contains(&month) && date_of(days) == (year, month, day);
    real.then_some((days, rest))
}

/// A day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// Days from 1970-01-01.
    days: i64,
}

impl Date {
    /// Reads `2026-01-31`; nothing else, and no day that there is not.
    pub fn parse(text: &str) -> Option<Self> {
        match parse_date(text)? {
            (days, "") => Some(Self { days }),
            _ => None,
        }
    }

    /// Returns the day of a time, given in seconds from 1970.
    pub fn of_seconds(seconds: u64) -> Self {
        Self {
            days: i64::try_from(seconds / 86_400).unwrap_or(i64::MAX / 2),
        }
    }

    /// Returns the days from this one until another; negative for one before it.
    pub fn days_until(self, other: Self) -> i64 {
        other.days - self.days
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date_of(self.days);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_written_and_counted() {
        for text in ["1970-01-01", "2024-02-29", "2026-12-31", "9999-12-31"] {
            assert_eq!(Date::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "2026-02-29",
            "2026-13-01",
            "2026-1-1",
            "26-01-01",
            "2026-01-01T00:00:00Z",
            "",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
        let day = |text| Date::parse(text).unwrap();
        assert_eq!(day("2026-12-25").days_until(day("2027-01-08")), 14);
        assert_eq!(day("2026-03-01").days_until(day("2026-02-28")), -1);
        assert_eq!(Date::of_seconds(86_399), day("1970-01-01"));
        assert_eq!(Date::of_seconds(1_795_478_400), day("2026-11-24"));
    }
}
