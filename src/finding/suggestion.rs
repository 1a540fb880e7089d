//! "Did you mean": the nearest of the names there are.

/// The longest word that is looked at, in characters: finding the distance takes the product of both lengths.
const LONGEST: usize = 200;

/// Returns the candidate nearest to `word`, where one is near enough to be what was meant.
///
/// Near is a Damerau-Levenshtein distance of at most a third of the longer name; the first of equals wins, so the
/// answer depends on the candidates' order only.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().take(LONGEST + 1).count();
    if length > LONGEST {
        return None;
    }
    let word_letters = letters(word);
    let word_kinds = kinds(word);
    let lower = word.to_lowercase();
    candidates
        .into_iter()
        .filter(|candidate| *candidate != word)
        .filter_map(|candidate| {
            let other = candidate.chars().take(LONGEST + 1).count();
            let bound = (length.max(other) / 3).max(1);
            // The cheapest look first: most candidates are nothing like the word.
            if other > LONGEST
                || length.abs_diff(other) > bound
                || kinds_apart(word_kinds, kinds(candidate)) > bound
                || least_distance(&word_letters, &letters(candidate)) > bound
            {
                return None;
            }
            let distance = strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
            (distance <= bound).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Returns the end of a message that names what may have been meant; nothing where there is none.
pub fn did_you_mean(near: Option<&str>) -> String {
    near.map(|near| format!("; did you mean `{near}`?"))
        .unwrap_or_default()
}

/// Returns the kinds of letters of a word as bits; what is not ASCII is left out.
fn kinds(word: &str) -> u128 {
    let bytes = word.bytes().take(4 * LONGEST).filter(u8::is_ascii);
    bytes.fold(0, |kinds, byte| kinds | 1 << byte.to_ascii_lowercase())
}

/// Returns what the distance cannot be below: one step adds, takes away or replaces one letter.
fn kinds_apart(a: u128, b: u128) -> usize {
    (a & !b).count_ones().max((b & !a).count_ones()) as usize
}

/// Counts the letters of a word, small and large ones alike; what is not ASCII is left out.
fn letters(word: &str) -> [u8; 128] {
    let mut counts = [0_u8; 128];
    for byte in word.bytes().take(4 * LONGEST) {
        if let Some(count) = counts.get_mut(byte.to_ascii_lowercase() as usize) {
            *count = count.saturating_add(1);
        }
    }
    counts
}

/// Returns what the distance cannot be below: one step adds, takes away or replaces one letter.
fn least_distance(a: &[u8; 128], b: &[u8; 128]) -> usize {
    let (mut more, mut fewer) = (0_usize, 0_usize);
    for (a, b) in a.iter().zip(b) {
        more += a.saturating_sub(*b) as usize;
        fewer += b.saturating_sub(*a) as usize;
    }
    more.max(fewer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_near_is_not_compared() {
        let words = [
            "image",
            "egami",
            "Ümage",
            "imaeg",
            "im",
            "imagePullPolicy",
            "a1b2",
            "",
        ];
        for a in words {
            for b in words {
                let distance = strsim::damerau_levenshtein(&a.to_lowercase(), &b.to_lowercase());
                assert!(
                    least_distance(&letters(a), &letters(b)) <= distance,
                    "{a} {b}"
                );
                assert!(kinds_apart(kinds(a), kinds(b)) <= distance, "{a} {b}");
            }
        }
        let long = "x".repeat(1 << 20);
        assert_eq!(nearest(&long, [&*format!("{long}y")]), None);
    }

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        assert_eq!(nearest("replcias", ["image", "replicas"]), Some("replicas"));
        assert_eq!(nearest("Backend", ["backend", "back"]), Some("backend"));
        assert_eq!(nearest("x", ["backend", "image"]), None);
        assert_eq!(nearest("same", ["same"]), None);
    }
}
