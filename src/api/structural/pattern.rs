//! Patterns, as far as they are surely none that Go takes.

use crate::api::rules;
use crate::finding::Severity;
use crate::manifest::Fault;
use crate::schema::Patterns;
use crate::yaml::Node;

/// Checks the pattern of a schema.
pub(super) fn check<'a>(schema: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some((node, pattern)) = schema
        .get("pattern")
        .and_then(|node| Some((node, node.as_str()?)))
    else {
        return;
    };
    if let Some(words) = refused(pattern) {
        let fault = Fault::new(
            &rules::FORMAT,
            node,
            format!("this is no regular expression that the server takes: {words}"),
        );
        faults.push(fault.help("write it as Go's `regexp` (RE2) takes it"));
    }
}

/// Tells of the patterns of a schema, and of all that stand in it, that values cannot be checked by here.
pub(super) fn unchecked<'a>(
    schema: Node<'a>,
    patterns: &mut Patterns,
    faults: &mut Vec<Fault<'a>>,
) {
    if let Some(node) = schema.get("pattern")
        && let Some(text) = node.as_str().filter(|text| refused(text).is_none())
        && let Err(why) = patterns.compile(text)
    {
        let message = format!("values are not checked by this pattern: {why}");
        let fault = Fault::new(&rules::FORMAT, node, message).severity(Severity::Warning);
        faults.push(fault.help("make it simpler"));
    }
    for field in ["allOf", "anyOf", "oneOf"] {
        for part in schema.get(field).into_iter().flat_map(Node::items) {
            unchecked(part, patterns, faults);
        }
    }
    for field in ["not", "items", "additionalProperties"] {
        if let Some(part) = schema.get(field) {
            unchecked(part, patterns, faults);
        }
    }
    for (_, property) in schema.get("properties").into_iter().flat_map(Node::entries) {
        unchecked(property, patterns, faults);
    }
}

/// Returns why the server refuses a pattern.
fn refused(pattern: &str) -> Option<&'static str> {
    fault(pattern).or_else(|| repeats_too_often(pattern))
}

/// How often Go lets something be repeated, repeats of repeats included.
const MOST_REPEATS: u64 = 1000;

/// Tells whether repeats of repeats are more than Go takes; the pattern is well formed.
fn repeats_too_often(pattern: &str) -> Option<&'static str> {
    // For each open group, and for what stands last: how often the most repeated of it is.
    let (mut open, mut most, mut last) = (Vec::new(), 1_u64, 1_u64);
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        let mut after = rest.get(c.len_utf8()..).unwrap_or_default();
        match c {
            '\\' => {
                let next = after.chars().next().map_or(0, char::len_utf8);
                after = after.get(next..).unwrap_or_default();
                last = 1;
            }
            '[' => {
                let inner = after.strip_prefix('^').unwrap_or(after);
                let inner = inner.strip_prefix(']').unwrap_or(inner);
                after = inner.split_once(']').map_or("", |(_, after)| after);
                last = 1;
            }
            '(' => {
                open.push(most);
                (most, last) = (1, 1);
            }
            ')' => {
                last = most;
                most = open.pop().unwrap_or(1).max(last);
            }
            '{' => {
                if let Some((count, behind)) = repeat(after) {
                    last = last.saturating_mul(count.max(1));
                    most = most.max(last);
                    after = behind;
                }
            }
            '*' | '+' | '?' => {}
            _ => last = 1,
        }
        if most > MOST_REPEATS {
            return Some("it repeats something more than 1000 times");
        }
        rest = after;
    }
    None
}

/// Reads `3}`, `3,}` or `3,5}`: how often at most, and what stands behind.
fn repeat(text: &str) -> Option<(u64, &str)> {
    let (inner, behind) = text.split_once('}')?;
    let (least, most) = inner.split_once(',').unwrap_or((inner, inner));
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let least = number(least)?;
    let most = if most.is_empty() {
        least
    } else {
        number(most)?
    };
    Some((least.max(most), behind))
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
            if let Some((_, end)) = rest
                .strip_prefix("[:")
                .and_then(|named| named.split_once(":]"))
            {
                rest = end;
                continue;
            }
            in_class = c != ']';
        } else if c == '[' {
            in_class = true;
            // A `]` that stands first is one of the class.
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
    use super::{fault, repeats_too_often};

    #[test]
    fn repeats_of_repeats_multiply() {
        for pattern in [
            "a{1000}",
            "(a{10}){100}",
            "a{1000}b{1000}",
            "(a{500}|b{500}){2}",
            r"\({1000}a{1000}",
            "[{2000}]",
            "a{,2000}",
            "(a{31}){2,32}",
            "(a{3}b){300}c{7}",
        ] {
            assert_eq!(repeats_too_often(pattern), None, "{pattern}");
        }
        for pattern in [
            "a{1001}",
            "(a{1000}){1000}",
            "((a{10}b){10}){11}",
            "a{0,1001}",
            "(x|(a{50})+){21}",
            "a{99999999999999999999}",
        ] {
            assert!(repeats_too_often(pattern).is_some(), "{pattern}");
        }
    }

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
            r"^[^[:space:](]+$",
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
