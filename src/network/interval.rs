//! Sets of numbers, kept as intervals: ports, peers.

/// A set of numbers, as sorted intervals that neither overlap nor touch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Intervals(Vec<(u32, u32)>);

impl Intervals {
    /// Makes a set of intervals, in any order; both ends belong to them, and those that are upside down hold nothing.
    pub fn of(mut parts: Vec<(u32, u32)>) -> Self {
        parts.retain(|(first, last)| first <= last);
        parts.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(parts.len());
        for (first, last) in parts {
            match merged.last_mut() {
                Some((_, end)) if first <= end.saturating_add(1) => *end = (*end).max(last),
                _ => merged.push((first, last)),
            }
        }
        Self(merged)
    }

    /// Makes a set of no number.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Makes a set of one interval.
    pub fn one(first: u32, last: u32) -> Self {
        Self::of(vec![(first, last)])
    }

    /// Returns the intervals, sorted.
    pub fn parts(&self) -> &[(u32, u32)] {
        &self.0
    }

    /// Tells whether there is no number in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Counts its numbers.
    pub fn count(&self) -> u64 {
        let sizes = self.0.iter();
        sizes.map(|(first, last)| u64::from(last - first) + 1).sum()
    }

    /// Tells whether a number is in it.
    pub fn contains(&self, number: u32) -> bool {
        let after = self.0.partition_point(|(first, _)| *first <= number);
        let before = after.checked_sub(1).and_then(|at| self.0.get(at));
        before.is_some_and(|(_, last)| *last >= number)
    }

    /// Returns its numbers, from the least.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().flat_map(|(first, last)| *first..=*last)
    }

    /// Adds the numbers of another set.
    pub fn add(&mut self, other: &Self) {
        match (self.0.as_slice(), other.0.as_slice()) {
            (_, []) => {}
            ([], _) => self.0.clone_from(&other.0),
            (mine, theirs) if mine == theirs => {}
            _ => {
                let mut parts = std::mem::take(&mut self.0);
                parts.extend_from_slice(&other.0);
                *self = Self::of(parts);
            }
        }
    }

    /// Returns the numbers that are in both sets.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let mut both = Vec::new();
        let (mut mine, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some((a, b)), Some((c, d))) = (mine.peek(), theirs.peek()) {
            let (first, last) = (*a.max(c), *b.min(d));
            if first <= last {
                both.push((first, last));
            }
            if b <= d {
                mine.next();
            } else {
                theirs.next();
            }
        }
        // Parts of sorted sets that do not touch are sorted and do not touch.
        Self(both)
    }

    /// Tells whether a number is in both sets.
    pub fn meets(&self, other: &Self) -> bool {
        let (few, many) = if self.0.len() <= other.0.len() {
            (self, other)
        } else {
            (other, self)
        };
        few.0.iter().any(|(first, last)| {
            let at = many.0.partition_point(|(_, end)| end < first);
            many.0.get(at).is_some_and(|(start, _)| start <= last)
        })
    }

    /// Returns its numbers that are not in another set.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut left = Vec::new();
        for (first, last) in &self.0 {
            let mut next = Some(*first);
            let from = other.0.partition_point(|(_, end)| end < first);
            for (start, end) in other
                .0
                .iter()
                .skip(from)
                .take_while(|(start, _)| start <= last)
            {
                let Some(begin) = next else { break };
                if *start > begin {
                    left.push((begin, start - 1));
                }
                next = end.checked_add(1).map(|after| after.max(begin));
            }
            if let Some(begin) = next.filter(|begin| begin <= last) {
                left.push((begin, *last));
            }
        }
        Self(left)
    }
}

impl FromIterator<u32> for Intervals {
    fn from_iter<I: IntoIterator<Item = u32>>(numbers: I) -> Self {
        Self::of(numbers.into_iter().map(|number| (number, number)).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn set() -> impl Strategy<Value = (Intervals, BTreeSet<u32>)> {
        prop::collection::vec((0_u32..40, 0_u32..6), 0..6).prop_map(|parts| {
            let numbers = parts.iter().flat_map(|(first, more)| *first..=first + more);
            let numbers = numbers.collect();
            let parts = parts.iter().map(|(first, more)| (*first, first + more));
            (Intervals::of(parts.collect()), numbers)
        })
    }

    proptest! {
        #[test]
        fn they_are_sets((a, numbers) in set(), (b, others) in set()) {
            let list = |set: &Intervals| set.iter().collect::<BTreeSet<u32>>();
            prop_assert_eq!(list(&a), numbers.clone());
            prop_assert_eq!(a.count(), numbers.len() as u64);
            prop_assert_eq!(list(&a.and(&b)), &numbers & &others);
            prop_assert_eq!(list(&a.without(&b)), &numbers - &others);
            prop_assert_eq!(a.meets(&b), !numbers.is_disjoint(&others));
            let mut both = a.clone();
            both.add(&b);
            prop_assert_eq!(list(&both), &numbers | &others);
            for number in 0..50 {
                prop_assert_eq!(a.contains(number), numbers.contains(&number));
            }
            // One set has one form.
            prop_assert_eq!(a.without(&b), list(&a.without(&b)).into_iter().collect());
            prop_assert_eq!(a.and(&b), list(&a.and(&b)).into_iter().collect());
        }
    }

    #[test]
    fn the_ends_of_the_numbers_are_in_reach() {
        let all = Intervals::one(0, u32::MAX);
        assert!(all.contains(u32::MAX) && all.contains(0));
        assert!(all.without(&all).is_empty());
        assert_eq!(
            all.without(&Intervals::one(5, u32::MAX)),
            Intervals::one(0, 4)
        );
        assert_eq!(all.count(), 1 << 32);
        assert!(Intervals::one(2, 1).is_empty());
    }
}
