//! Patterns as Argo CD's projects have them.

/// The most steps that are taken to compare a pattern with a text.
const STEPS: usize = 1 << 20;

/// Whether `*` stands for `/` too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Star {
    /// It does.
    Everything,
    /// It does not, but `**` does.
    OnePart,
}

/// Tells whether a text is what a pattern describes; none for patterns with sets and alternatives, which few use.
pub(super) fn matches(pattern: &str, text: &str, star: Star) -> Option<bool> {
    if pattern == "*" {
        return Some(true);
    }
    if pattern.contains(['[', ']', '{', '}', '\\'])
        || pattern.len().saturating_mul(text.len()) > STEPS
    {
        return None;
    }
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    Some(matches_from(&pattern, &text, star))
}

/// Walks along the pattern and keeps, for each place of the text, whether the pattern so far describes what is before.
fn matches_from(pattern: &[char], text: &[char], star: Star) -> bool {
    let mut reached = vec![false; text.len() + 1];
    if let Some(start) = reached.first_mut() {
        *start = true;
    }
    let mut letters = pattern.iter().peekable();
    while let Some(letter) = letters.next() {
        let mut next = vec![false; text.len() + 1];
        if *letter == '*' {
            let mut crosses = star == Star::Everything;
            while letters.next_if_eq(&&'*').is_some() {
                crosses = true;
            }
            let mut open = false;
            for (place, (before, after)) in reached.iter().zip(&mut next).enumerate() {
                open |= *before;
                *after = open;
                if text.get(place) == Some(&'/') && !crosses {
                    open = false;
                }
            }
        } else {
            for (place, found) in text.iter().enumerate() {
                let fits = match letter {
                    '?' => *found != '/' || star == Star::Everything,
                    letter => letter == found,
                };
                let before = reached.get(place).copied().unwrap_or_default();
                if let Some(after) = next.get_mut(place + 1) {
                    *after = before && fits;
                }
            }
        }
        reached = next;
    }
    reached.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_what_argo_cd_says() {
        for (pattern, text, one_part, everything) in [
            ("*", "a/b", Some(true), Some(true)),
            ("a", "a", Some(true), Some(true)),
            ("a", "ab", Some(false), Some(false)),
            ("https://x/*", "https://x/a", Some(true), Some(true)),
            ("https://x/*", "https://x/a/b", Some(false), Some(true)),
            ("https://x/**", "https://x/a/b", Some(true), Some(true)),
            ("https://*/b", "https://x/b", Some(true), Some(true)),
            ("a?c", "abc", Some(true), Some(true)),
            ("a?c", "a/c", Some(false), Some(true)),
            ("a*b*c", "axbyc", Some(true), Some(true)),
            ("a*b*c", "axby", Some(false), Some(false)),
            ("", "", Some(true), Some(true)),
            ("", "a", Some(false), Some(false)),
            ("{a,b}", "a", None, None),
        ] {
            assert_eq!(
                matches(pattern, text, Star::OnePart),
                one_part,
                "{pattern} {text}"
            );
            assert_eq!(
                matches(pattern, text, Star::Everything),
                everything,
                "{pattern} {text}"
            );
        }
        let long = "a".repeat(2000);
        assert_eq!(matches(&long, &long, Star::OnePart), None);
    }
}
