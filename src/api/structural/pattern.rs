//! Patterns, as far as they are surely none that Go takes.

use crate::api::rules;
use crate::manifest::Fault;
use crate::yaml::Node;

/// Checks the pattern of a schema.
pub(super) fn check<'a>(schema: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some((node, words)) = schema
        .get("pattern")
        .and_then(|node| Some((node, fault(node.as_str()?)?)))
    {
        let fault = Fault::new(
            &rules::FORMAT,
            node,
            format!("this is no regular expression that the server takes: {words}"),
        );
        faults.push(fault.help("write it as Go's `regexp` (RE2) takes it"));
    }
}

/// Returns what is wrong with a pattern. Go and others differ in much; what only some of them take is not told.
fn fault(pattern: &str) -> Option<&'static str> {
    let mut open = 0_u32;
    let (mut in_class, mut quoted) = (false, false);
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        let starts = |words: &[&str]| words.iter().any(|word| rest.starts_with(word));
        let escaped = c == '\\';
        if quoted {
            quoted = !rest.starts_with("\\E");
        } else if escaped {
            match after.chars().next() {
                None => return Some("it ends with `\\`"),
                Some('1'..='9') if !in_class => return Some("it refers back to a group"),
                Some('Q') => quoted = true,
                Some(_) => {}
            }
        } else if in_class {
            // A `]` that stands first is one of the class.
            in_class = c != ']';
        } else if c == '[' {
            in_class = true;
            let first = after.strip_prefix('^').unwrap_or(after);
            rest = first.strip_prefix(']').unwrap_or(first);
            continue;
        } else if starts(&["(?=", "(?!", "(?<=", "(?<!", "(?>"]) {
            return Some("it looks around (`(?=`, `(?!`)");
        } else if c == '(' {
            open += 1;
        } else if c == ')' {
            let Some(fewer) = open.checked_sub(1) else {
                return Some("a `)` closes nothing");
            };
            open = fewer;
        }
        rest = match after.chars().next() {
            Some(next) if escaped => after.get(next.len_utf8()..).unwrap_or_default(),
            _ => after,
        };
    }
    if in_class {
        return Some("a `[` is not closed");
    }
    if open > 0 {
        return Some("a `(` is not closed");
    }
    pattern
        .starts_with(['*', '+', '?'])
        .then_some("it repeats nothing")
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn patterns_that_go_does_not_take() {
        for pattern in [
            "",
            "^a+$",
            r"^[^]a]$",
            r"^[]]$",
            r"\(",
            r"[(]",
            r"(?i)a",
            r"(?P<n>a)",
            r"(?:a|b)*",
            r"\Q(\E",
            r"a{",
            "{}",
            r"[\]]",
            r"[[:alpha:]]",
            r"^\d{4}-\d{2}$",
            r"\p{L}",
            "é(ü)",
            r"\\1",
            r"[\d\1]",
        ] {
            assert_eq!(fault(pattern), None, "{pattern}");
        }
        for pattern in [
            "(", ")", "a(b", "a)b", "[a", "[]", r"\", r"(?=a)", r"(?!a)b", r"(?<=a)", r"(a)\1",
            "*a", "+", "(?<!x)y", r"[\]",
        ] {
            assert!(fault(pattern).is_some(), "{pattern}");
        }
    }
}
