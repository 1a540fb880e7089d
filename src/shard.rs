//! Parts of the work, for several machines: shards, and what joins them.
//!
//! An object belongs to one shard, by its identity alone: which one does not depend on its file, on its environment, on
//! other objects or on the machine. Shards check objects one by one; what needs all objects is checked once, by the run
//! that joins their reports.

use std::fmt;

use crate::digest::of_parts;

/// One of several parts of all objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    count: u32,
}

/// How many shards there may be.
const MOST: u32 = 10_000;

/// Why a text names no shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadShard {
    /// It is not two numbers.
    #[error("write a shard as 0/4: its index, from 0, and how many there are, at most {MOST}")]
    Form,
    /// The index is that of none.
    #[error("shards are counted from 0: the last of {count} is {}/{count}", count - 1)]
    Beyond {
        /// How many there are.
        count: u32,
    },
}

impl Shard {
    /// Makes a shard of its index, from 0, and the number of shards.
    pub fn new(index: u32, count: u32) -> Result<Self, BadShard> {
        if !(1..=MOST).contains(&count) {
            return Err(BadShard::Form);
        }
        if index >= count {
            return Err(BadShard::Beyond { count });
        }
        Ok(Self { index, count })
    }

    /// Reads a shard: `0/4`.
    pub fn parse(text: &str) -> Result<Self, BadShard> {
        // Signs are no part of these numbers.
        let number = |text: &str| {
            let plain = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|_| plain).ok_or(BadShard::Form)
        };
        let (index, count) = text.split_once('/').ok_or(BadShard::Form)?;
        Self::new(number(index)?, number(count)?)
    }

    /// Returns the index, from 0.
    pub fn index(self) -> u32 {
        self.index
    }

    /// Returns the number of shards.
    pub fn count(self) -> u32 {
        self.count
    }

    /// Tells whether this is the shard of what has a name of some parts, for example group, kind, namespace and name.
    pub fn has(self, name: &[&str]) -> bool {
        let digest = of_parts(name);
        let first = digest.iter().take(8);
        let number = first.fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
        number % u64::from(self.count) == u64::from(self.index)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

/// What a run does of the work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    #[default]
    Whole,
    /// What is about single objects of one shard.
    Shard(Shard),
    /// What is about all objects together, where shards have done the rest.
    Joining,
}

impl Part {
    /// Tells whether the run checks single objects with this name.
    pub fn checks(self, name: &[&str]) -> bool {
        match self {
            Self::Whole => true,
            Self::Shard(shard) => shard.has(name),
            Self::Joining => false,
        }
    }

    /// Tells whether the run checks what is about all objects together.
    pub fn joins(self) -> bool {
        !matches!(self, Self::Shard(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_an_index_from_0_of_a_number() {
        assert_eq!(Shard::parse("0/1"), Shard::new(0, 1));
        assert_eq!(Shard::parse("3/4").unwrap().to_string(), "3/4");
        assert_eq!(
            Shard::parse("4/4").unwrap_err().to_string(),
            "shards are counted from 0: the last of 4 is 3/4"
        );
        for bad in [
            "",
            "1",
            "/",
            "1/",
            "/4",
            "0/0",
            "-1/4",
            "+1/4",
            "0/10001",
            "1/2/3",
            "a/b",
            "0/99999999999",
        ] {
            assert_eq!(Shard::parse(bad), Err(BadShard::Form), "{bad}");
        }
    }

    #[test]
    fn everything_is_in_one_shard_and_shards_are_alike() {
        for count in [1, 2, 3, 7, 16] {
            let mut sizes = vec![0_u32; count as usize];
            for number in 0..4_000 {
                let name = format!("web-{number}");
                let name = ["apps", "Deployment", "shop", &name];
                let shards =
                    (0..count).filter(|index| Shard::new(*index, count).unwrap().has(&name));
                let shards: Vec<u32> = shards.collect();
                assert_eq!(shards.len(), 1);
                sizes[shards[0] as usize] += 1;
            }
            let fair = 4_000 / count;
            assert!(
                sizes.iter().all(|size| size.abs_diff(fair) <= fair / 4),
                "{sizes:?}"
            );
        }
    }

    #[test]
    fn the_shard_of_a_name_never_changes() {
        // Reports of shards that run different builds would miss objects otherwise.
        let shard_of =
            |name: &[&str]| (0..16).find(|index| Shard::new(*index, 16).unwrap().has(name));
        for (name, expected) in [
            (["", "Namespace", "", "openmrs"], 11),
            (["apps", "Deployment", "openmrs", "backend"], 11),
            (["", "Service", "openmrs", "backend"], 0),
        ] {
            assert_eq!(shard_of(&name), Some(expected), "{name:?}");
        }
        assert_ne!(shard_of(&["a", "bc"]), shard_of(&["ab", "c"]));
    }

    #[test]
    fn a_run_does_what_its_part_is() {
        let name = ["", "Service", "shop", "web"];
        let own = Shard::new(0, 1).unwrap();
        let cases = [
            (Part::Whole, true, true),
            (Part::Shard(own), true, false),
            (Part::Joining, false, true),
        ];
        for (part, checks, joins) in cases {
            assert_eq!(
                (part.checks(&name), part.joins()),
                (checks, joins),
                "{part:?}"
            );
        }
    }
}
