//! Patterns as Argo CD's projects have them.

use super::super::references::References;

/// Whether `*` stands for `/` too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Star {
    /// It does.
    Everything,
    /// It does not, but `**` does.
    OnePart,
}

/// Tells whether a text is what a pattern describes; none for patterns with sets and alternatives, which few use, and
/// where it takes too long.
pub(super) fn matches(
    references: &mut References<'_, '_>,
    pattern: &str,
    text: &str,
    star: Star,
) -> Option<bool> {
    if pattern == "*" {
        return Some(true);
    }
    let work = pattern.len().saturating_mul(text.len()) / 16 + 1;
    if pattern.contains(['[', ']', '{', '}', '\\']) || !references.may_step(work) {
        return None;
    }
    Some(describes(pattern, text, star))
}

/// Walks along the pattern and keeps, for each place of the text, whether the pattern so far describes what is before.
fn describes(pattern: &str, text: &str, star: Star) -> bool {
    if !pattern.contains(['*', '?']) {
        return pattern == text;
    }
    let text: Vec<char> = text.chars().collect();
    let mut reached = vec![false; text.len() + 1];
    if let Some(start) = reached.first_mut() {
        *start = true;
    }
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        let mut next = vec![false; text.len() + 1];
        if letter == '*' {
            let mut crosses = star == Star::Everything;
            while letters.next_if_eq(&'*').is_some() {
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
                    letter => letter == *found,
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
            ("*", "a/b", false, true),
            ("a", "a", true, true),
            ("a", "ab", false, false),
            ("https://x/*", "https://x/a", true, true),
            ("https://x/*", "https://x/a/b", false, true),
            ("https://x/**", "https://x/a/b", true, true),
            ("https://*/b", "https://x/b", true, true),
            ("a?c", "abc", true, true),
            ("a?c", "a/c", false, true),
            ("a*b*c", "axbyc", true, true),
            ("a*b*c", "axby", false, false),
            ("", "", true, true),
            ("", "a", false, false),
            ("*", "", true, true),
        ] {
            assert_eq!(
                describes(pattern, text, Star::OnePart),
                one_part,
                "{pattern} {text}"
            );
            assert_eq!(
                describes(pattern, text, Star::Everything),
                everything,
                "{pattern} {text}"
            );
        }
    }
}
