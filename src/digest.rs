//! SHA-256 of texts, and how bytes are written.

use sha2::{Digest as _, Sha256};

/// Returns the SHA-256 of the parts of a name, each followed by a zero byte: no part of a name holds one.
pub fn of_parts(parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
        hash.update([0]);
    }
    hash.finalize().into()
}

/// Writes bytes in hexadecimal, in lower case.
pub fn hex(bytes: &[u8]) -> String {
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits = halves.filter_map(|half| char::from_digit(u32::from(half), 16));
    digits.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_same_letters_are_told_apart() {
        assert_ne!(of_parts(&["a", "bc"]), of_parts(&["ab", "c"]));
        assert_eq!(
            of_parts(&["a", "bc"]),
            <[u8; 32]>::from(Sha256::digest("a\0bc\0"))
        );
    }

    #[test]
    fn bytes_are_written_in_two_digits() {
        assert_eq!(hex(&[0, 10, 255]), "000aff");
    }
}
