//! The XML of `JUnit`: a suite for each environment, a case for each object and family of rules that something was found of,
//! and one for each family that found nothing.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use super::Report;
use super::told::{Place, reason};
use super::visible::escaped;
use crate::finding::{Accepted, Finding};
use crate::registry;

/// The suite of what belongs to no environment.
const PROJECT: &str = "project";
/// The suite of plain manifests.
const MANIFESTS: &str = "manifests";

/// What was found, and why it counts no more.
type Found<'a> = (&'a Finding, Option<&'a Accepted>);

/// The cases of a suite: by object, or by file where there is none, and by family.
type Cases<'a> = BTreeMap<(String, &'a str), Vec<Found<'a>>>;

pub(super) fn write(out: &mut impl Write, report: &Report<'_>) -> io::Result<()> {
    let suites = suites(report);
    let counts: Vec<Counts> = suites
        .values()
        .map(|cases| Counts::of(cases, report))
        .collect();
    let total = |of: fn(&Counts) -> usize| counts.iter().map(of).sum::<usize>();
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        out,
        "<testsuites name=\"tympan\" tests=\"{}\" failures=\"{}\" errors=\"0\">",
        total(|counts| counts.tests),
        total(|counts| counts.failures),
    )?;
    for ((name, cases), counts) in suites.iter().zip(&counts) {
        writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"0\">",
            xml(name),
            counts.tests,
            counts.failures,
            counts.skipped
        )?;
        for ((object, family), found) in cases {
            case(out, report, (object, family), found)?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

fn suites<'a>(report: &'a Report<'_>) -> BTreeMap<&'a str, Cases<'a>> {
    let environments = &report.summary.environments;
    let other = if environments.is_empty() {
        MANIFESTS
    } else {
        PROJECT
    };
    let mut suites: BTreeMap<&str, Cases<'_>> = BTreeMap::new();
    for name in environments {
        suites.entry(name).or_default();
    }
    if environments.is_empty() {
        suites.entry(other).or_default();
    }
    let counting = report.findings.iter().map(|finding| (finding, None));
    let accepted = report.findings.accepted().iter();
    let accepted = accepted.map(|(finding, why)| (finding, Some(why)));
    for (finding, why) in counting.chain(accepted) {
        let suite = finding.environment.as_deref().unwrap_or(other);
        let object = match &finding.resource {
            Some(resource) => resource.to_string(),
            None => Place::of(&finding.primary, report).path,
        };
        let cases = suites.entry(suite).or_default();
        let case = cases.entry((object, finding.rule.family())).or_default();
        case.push((finding, why));
    }
    let rules = registry::rules();
    let families = rules.iter().map(|rule| rule.id.family());
    let families: BTreeSet<&str> = families
        .filter(|family| report.summary.looked.covers(family))
        .collect();
    for (name, cases) in &mut suites {
        let seen: BTreeSet<&str> = cases.keys().map(|(_, family)| *family).collect();
        if *name != PROJECT {
            for family in families.difference(&seen) {
                cases.insert(("tympan".to_owned(), family), Vec::new());
            }
        }
    }
    suites
}

/// The numbers of a suite.
struct Counts {
    tests: usize,
    failures: usize,
    skipped: usize,
}

impl Counts {
    fn of(cases: &Cases<'_>, report: &Report<'_>) -> Self {
        let count = |is: fn(&Verdict) -> bool| {
            let verdicts = cases.values().map(|found| Verdict::of(found, report));
            verdicts.filter(is).count()
        };
        Self {
            tests: cases.len(),
            failures: count(|verdict| *verdict == Verdict::Fails),
            skipped: count(|verdict| *verdict == Verdict::Accepted),
        }
    }
}

/// How a case ends.
#[derive(PartialEq, Eq)]
enum Verdict {
    Passes,
    /// Something is told that does not fail the check.
    Told,
    Accepted,
    Fails,
}

impl Verdict {
    fn of(found: &[Found<'_>], report: &Report<'_>) -> Self {
        let mut counting = found.iter().filter(|(_, why)| why.is_none()).peekable();
        if found.is_empty() {
            Self::Passes
        } else if counting.peek().is_none() {
            Self::Accepted
        } else if counting.any(|(finding, _)| finding.severity >= report.fail_on) {
            Self::Fails
        } else {
            Self::Told
        }
    }
}

fn case(
    out: &mut impl Write,
    report: &Report<'_>,
    (object, family): (&str, &str),
    found: &[Found<'_>],
) -> io::Result<()> {
    let counting = found.iter().filter(|(_, why)| why.is_none());
    let worst = counting.rev().max_by_key(|(finding, _)| finding.severity);
    let Some((first, why)) = worst.or(found.first()) else {
        return writeln!(
            out,
            "    <testcase classname=\"{}\" name=\"{}\" time=\"0\"/>",
            xml(object),
            xml(family)
        );
    };
    let place = Place::of(&first.primary, report);
    writeln!(
        out,
        "    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{}\" time=\"0\">",
        xml(object),
        xml(family),
        xml(&place.path),
        place.start.line
    )?;
    match Verdict::of(found, report) {
        Verdict::Fails => {
            let message = xml(&first.message).into_owned();
            let kind = xml(first.rule.as_str());
            write!(out, "      <failure message=\"{message}\" type=\"{kind}\">")?;
            describe(out, found, report)?;
            writeln!(out, "</failure>")?;
        }
        Verdict::Told => {
            write!(out, "      <system-out>")?;
            describe(out, found, report)?;
            writeln!(out, "</system-out>")?;
        }
        Verdict::Accepted | Verdict::Passes => {
            let message = why.map(reason).unwrap_or_default();
            writeln!(out, "      <skipped message=\"{}\"/>", xml(&message))?;
        }
    }
    writeln!(out, "    </testcase>")
}

/// Writes what counts as lines of text.
fn describe(out: &mut impl Write, found: &[Found<'_>], report: &Report<'_>) -> io::Result<()> {
    for (finding, _) in found.iter().filter(|(_, why)| why.is_none()) {
        let place = Place::of(&finding.primary, report);
        let head = format!(
            "{}[{}] {}:{}: {}",
            finding.severity, finding.rule, place.path, place.start, finding.message
        );
        writeln!(out, "{}", xml(&head))?;
        if let Some(field) = finding.field.as_deref().filter(|field| !field.is_empty()) {
            writeln!(out, "  in {}", xml(field))?;
        }
        if let Some(help) = &finding.help {
            writeln!(out, "  help: {}", xml(help))?;
        }
    }
    Ok(())
}

/// Escapes a text for an attribute or an element; what XML 1.0 has no way to hold is shown as an escape.
fn xml(text: &str) -> Cow<'_, str> {
    let shown = escaped(text);
    let is_special = |c: char| matches!(c, '&' | '<' | '>' | '"' | '\'' | '\u{FFFE}' | '\u{FFFF}');
    if !shown.contains(is_special) {
        return shown;
    }
    let mut safe = String::with_capacity(shown.len() + 16);
    for c in shown.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\u{FFFE}' | '\u{FFFF}' => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_holds_any_text() {
        assert_eq!(
            xml("a<b>&\"'\n\u{0}\u{1b}\u{FFFE}\u{202e}é"),
            "a&lt;b&gt;&amp;&quot;&#39;\\n\\u{0}\\u{1b}\\u{fffe}\\u{202e}é"
        );
        assert_eq!(xml("]]>"), "]]&gt;");
    }
}
