//! Patterns of schemas, whose compiled size is bounded.

use regex::{Error, Regex, RegexBuilder};

/// The size of one compiled pattern at most, in bytes.
const LARGEST: usize = 1 << 20;
/// The size of all patterns of a schema at most: compiling takes time by size.
const ALL: usize = 16 << 20;
/// The size of all patterns of all schemas, from which each has its part.
const ALL_OF_A_RUN: usize = 32 << 20;
/// The part of a schema at least: real ones take less.
const LEAST: usize = 512 << 10;
/// The longest pattern: parsing takes time and space by length.
const LONGEST: usize = 10_000;

/// The patterns of one schema.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patterns {
    left: usize,
}

impl Default for Patterns {
    fn default() -> Self {
        Self { left: ALL }
    }
}

impl Patterns {
    /// Makes the patterns of one of so many schemas.
    pub(crate) fn of(schemas: usize) -> Self {
        Self {
            left: (ALL_OF_A_RUN / schemas.max(1)).clamp(LEAST, ALL),
        }
    }

    /// Compiles a pattern, or says why it cannot be checked.
    pub(crate) fn compile(&mut self, pattern: &str) -> Result<Regex, Box<str>> {
        if pattern.len() > LONGEST {
            return Err("it is longer than patterns that are checked here".into());
        }
        // The compiler does not tell a size, so it is asked for a small one first.
        for size in [LARGEST / 64, LARGEST / 8, LARGEST] {
            let Some(left) = self.left.checked_sub(size) else {
                return Err("the patterns of this schema are too large in all".into());
            };
            let built = RegexBuilder::new(pattern)
                .size_limit(size)
                .dfa_size_limit(LARGEST)
                .build();
            match built {
                Ok(regex) => {
                    // Small ones take less than they may.
                    let small = size == LARGEST / 64;
                    self.left = if small { self.left - size / 8 } else { left };
                    return Ok(regex);
                }
                Err(Error::CompiledTooBig(_)) => self.left = left,
                Err(error) => {
                    let words = error.to_string();
                    let last = words.lines().last().unwrap_or_default();
                    let last = last.trim().trim_start_matches("error: ");
                    return Err(format!("it is not understood here: {last}").into());
                }
            }
        }
        Err("it is too large when it is compiled".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_bounded_one_by_one_and_in_all() {
        let mut patterns = Patterns::default();
        assert!(patterns.compile("^[a-z]{1,63}$").unwrap().is_match("a"));
        let why = |pattern: &str| Patterns::default().compile(pattern).unwrap_err();
        assert!(why("(a{1000}){1000}").contains("too large"));
        assert!(why("(").contains("not understood here: unclosed group"));
        assert!(why(&"a".repeat(LONGEST + 1)).contains("longer"));
        let many = (0..1_000).find_map(|_| {
            patterns
                .compile("(a{1000}){1000}")
                .err()
                .filter(|why| why.contains("in all"))
        });
        assert!(many.is_some());
        // Those of real schemas are small.
        let mut patterns = Patterns::default();
        assert!((0..2_000).all(|_| {
            patterns
                .compile(r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$")
                .is_ok()
        }));
    }
}
