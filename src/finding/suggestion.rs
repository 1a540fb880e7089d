//! "Did you mean": the nearest of the names there are.

/// Returns the candidate nearest to `word`, where one is near enough to be what was meant.
///
/// Near is a Damerau-Levenshtein distance of at most a third of the longer name; the first of equals wins, so the
/// answer depends on the candidates' order only.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    candidates
        .into_iter()
        .filter(|candidate| *candidate != word)
        .filter_map(|candidate| {
            let distance =
                strsim::damerau_levenshtein(&word.to_lowercase(), &candidate.to_lowercase());
            let bound = (length.max(candidate.chars().count()) / 3).max(1);
            (distance <= bound).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        assert_eq!(nearest("replcias", ["image", "replicas"]), Some("replicas"));
        assert_eq!(nearest("Backend", ["backend", "back"]), Some("backend"));
        assert_eq!(nearest("x", ["backend", "image"]), None);
        assert_eq!(nearest("same", ["same"]), None);
    }
}
