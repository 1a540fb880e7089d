//! Addresses beyond the cluster, as ranges: those of policies, cut at every border of theirs.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::interval::Intervals;

/// The versions of IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// A range of addresses; both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Range {
    /// Which addresses.
    pub family: Family,
    /// The first address as a number.
    pub first: u128,
    /// The last one.
    pub last: u128,
}

impl Range {
    /// Every address of a family.
    pub fn all(family: Family) -> Self {
        let last = match family {
            Family::V4 => u128::from(u32::MAX),
            Family::V6 => u128::MAX,
        };
        Self {
            family,
            first: 0,
            last,
        }
    }

    /// Reads a range as `10.0.0.0/8`; as the API server does, it takes the bits beyond the prefix for zeros.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let digits = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix: u32 = prefix.parse().ok().filter(|_| digits)?;
        let one = Self::of(address.parse().ok()?);
        let bits = match one.family {
            Family::V4 => 32,
            Family::V6 => 128,
        };
        let free = u32::checked_sub(bits, prefix)?;
        let mask = u128::MAX.checked_shr(128 - free).unwrap_or_default();
        Some(Self {
            family: one.family,
            first: one.first & !mask,
            last: one.first | mask,
        })
    }

    /// Makes a range of one address.
    pub fn of(address: IpAddr) -> Self {
        let (family, number) = match address {
            IpAddr::V4(address) => (Family::V4, u128::from(u32::from(address))),
            IpAddr::V6(address) => (Family::V6, u128::from(address)),
        };
        Self {
            family,
            first: number,
            last: number,
        }
    }

    /// Tells whether it has an address in common with another range.
    pub fn meets(&self, other: &Self) -> bool {
        self.family == other.family && self.first <= other.last && other.first <= self.last
    }

    /// Tells whether another range lies in it.
    pub fn contains(&self, other: &Self) -> bool {
        self.family == other.family && self.first <= other.first && other.last <= self.last
    }
}

impl fmt::Display for Range {
    /// `10.0.0.0-10.255.255.255`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ends = [self.first, self.last];
        match self.family {
            Family::V4 => {
                let [first, last] =
                    ends.map(|end| Ipv4Addr::from(u32::try_from(end).unwrap_or(u32::MAX)));
                write!(f, "{first}-{last}")
            }
            Family::V6 => {
                let [first, last] = ends.map(Ipv6Addr::from);
                write!(f, "{first}-{last}")
            }
        }
    }
}

/// All addresses, cut at the borders of some ranges.
#[derive(Clone, Debug, Default)]
pub struct Partition {
    ranges: Vec<Range>,
}

impl Partition {
    /// Cuts the addresses at the borders of ranges. Those of IPv6 are told apart only where a range is of IPv6: else
    /// what is said of IPv4 holds for them too.
    pub fn new(cuts: impl Iterator<Item = Range>) -> Self {
        let mut starts = vec![(Family::V4, 0)];
        for cut in cuts {
            starts.push((cut.family, 0));
            starts.push((cut.family, cut.first));
            if cut.last < Range::all(cut.family).last {
                starts.push((cut.family, cut.last + 1));
            }
        }
        starts.sort_unstable();
        starts.dedup();
        let next = starts.iter().skip(1).map(Some).chain([None]);
        let ranges = starts.iter().zip(next).map(|((family, first), next)| {
            let last = match next {
                Some((other, start)) if other == family => start - 1,
                _ => Range::all(*family).last,
            };
            Range {
                family: *family,
                first: *first,
                last,
            }
        });
        Self {
            ranges: ranges.collect(),
        }
    }

    /// Returns the ranges, in order.
    pub fn ranges(&self) -> &[Range] {
        &self.ranges
    }

    /// Returns the places of the ranges that lie in one; its borders must be among the cuts.
    pub fn within(&self, range: &Range) -> Intervals {
        let from = self
            .ranges
            .partition_point(|one| (one.family, one.first) < (range.family, range.first));
        let to = self
            .ranges
            .partition_point(|one| (one.family, one.last) <= (range.family, range.last));
        let place = |at: usize| u32::try_from(at).ok();
        let ends = place(from).zip(to.checked_sub(1).and_then(place));
        ends.map(|(first, last)| Intervals::one(first, last))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_api_server_does() {
        for (text, shown) in [
            ("10.0.0.0/8", "10.0.0.0-10.255.255.255"),
            ("10.1.2.3/8", "10.0.0.0-10.255.255.255"),
            ("0.0.0.0/0", "0.0.0.0-255.255.255.255"),
            ("1.2.3.4/32", "1.2.3.4-1.2.3.4"),
            ("::/0", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("fd00::/8", "fd00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("::1/128", "::1-::1"),
        ] {
            assert_eq!(Range::parse(text).unwrap().to_string(), shown, "{text}");
        }
        for text in [
            "10.0.0.0",
            "10.0.0.0/33",
            "10.0.0/8",
            "x/8",
            "1.2.3.4/+8",
            "::/129",
            "/8",
            "1.2.3.4/",
        ] {
            assert!(Range::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn addresses_are_cut_at_every_border() {
        let [net, hole] = ["10.0.0.0/8", "10.10.0.0/16"].map(|text| Range::parse(text).unwrap());
        let parts = Partition::new([net, hole].into_iter());
        let shown: Vec<String> = parts.ranges().iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "0.0.0.0-9.255.255.255",
                "10.0.0.0-10.9.255.255",
                "10.10.0.0-10.10.255.255",
                "10.11.0.0-10.255.255.255",
                "11.0.0.0-255.255.255.255"
            ]
        );
        assert_eq!(parts.within(&net), Intervals::one(1, 3));
        assert_eq!(parts.within(&hole), Intervals::one(2, 2));
        assert_eq!(parts.within(&Range::all(Family::V4)), Intervals::one(0, 4));
        assert!(parts.within(&Range::all(Family::V6)).is_empty());
        assert_eq!(Partition::new(std::iter::empty()).ranges().len(), 1);
    }

    #[test]
    fn addresses_of_ipv6_are_there_once_a_range_names_some() {
        let range = Range::parse("fd00::/8").unwrap();
        let parts = Partition::new([range].into_iter());
        assert_eq!(parts.ranges().len(), 4);
        assert_eq!(parts.within(&range), Intervals::one(2, 2));
        assert_eq!(parts.within(&Range::all(Family::V4)), Intervals::one(0, 0));
        assert_eq!(parts.within(&Range::all(Family::V6)), Intervals::one(1, 3));
        let all = Partition::new([Range::all(Family::V6)].into_iter());
        assert_eq!(all.ranges().len(), 2);
    }
}
