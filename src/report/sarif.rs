//! SARIF 2.1.0, as code scanning services read it.
//!
//! GitHub takes 25,000 results and 10 MB of gzip: the least severe are left out, and a notification of the run says how
//! many. What is accepted is there as suppressed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use miniz_oxide::deflate::compress_to_vec;
use serde_json::{Map, Value, json};

use super::Report;
use super::told::{Fingerprints, Place, Told, accepted, counted, from_root, reason, worst_first};
use super::visible::escaped;
use crate::finding::{Rule, RuleId, Severity};
use crate::registry;
use crate::source::{Location, Position};

/// How many results GitHub takes of a run.
const MOST_RESULTS: usize = 25_000;
/// How large a file GitHub takes, in bytes of gzip.
const LARGEST: usize = 10_000_000;
/// How many places of a result GitHub keeps.
const MOST_PLACES: usize = 100;

/// The families that are about security, rather than about whether something works.
const SECURITY: &[&str] = &[
    "argocd",
    "network",
    "pod-security",
    "policy",
    "rbac",
    "secret",
];

pub(super) fn write(out: &mut impl Write, report: &Report<'_>) -> io::Result<()> {
    out.write_all(&within(report, MOST_RESULTS, LARGEST)?)?;
    writeln!(out)
}

/// Writes as much as a service takes.
fn within(report: &Report<'_>, most: usize, largest: usize) -> io::Result<Vec<u8>> {
    let mut all = worst_first(report.findings);
    all.extend(accepted(report.findings));
    let mut most = most.min(all.len());
    loop {
        let written = serde_json::to_vec_pretty(&log(&all, most, report))?;
        let packed = if written.len() > largest {
            compress_to_vec(&written, 1).len()
        } else {
            written.len()
        };
        if packed <= largest || most == 0 {
            return Ok(written);
        }
        // A little less than in proportion, because no two results are of the same size.
        most = (most.saturating_mul(largest) / packed).saturating_mul(9) / 10;
    }
}

fn log(all: &[Told<'_>], most: usize, report: &Report<'_>) -> Value {
    let (kept, left_out) = all.split_at(most);
    let ids: BTreeMap<&RuleId, usize> = {
        let mut ids: Vec<&RuleId> = kept.iter().map(|told| &told.first.rule).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter()
            .enumerate()
            .map(|(index, id)| (id, index))
            .collect()
    };
    let known: BTreeMap<&RuleId, &Rule> = registry::rules()
        .into_iter()
        .map(|rule| (&rule.id, rule))
        .collect();
    let rules: Vec<Value> = ids
        .keys()
        .map(|id| rule(id, known.get(id).copied()))
        .collect();
    let mut fingerprints = Fingerprints::default();
    let results: Vec<Value> = kept
        .iter()
        .map(|told| {
            let index = ids.get(&told.first.rule).copied().unwrap_or_default();
            result(told, index, report, &mut fingerprints)
        })
        .collect();
    let mut notifications = Vec::new();
    if !left_out.is_empty() {
        let message = format!(
            "left out, because a code scanning service takes no more: {}",
            counted(left_out)
        );
        notifications.push(json!({"level": "warning", "message": {"text": message}}));
    }
    let mut driver = json!({
        "name": "Tympan",
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": rules,
    });
    if let (Some(home), Some(driver)) = (home(), driver.as_object_mut()) {
        driver.insert("informationUri".into(), home.into());
    }
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": driver},
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": notifications,
            }],
            "originalUriBaseIds": {
                "%SRCROOT%": {"description": {"text": "The root of the repository."}},
            },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

/// Describes a rule: a built-in one by its page.
fn rule(id: &RuleId, known: Option<&Rule>) -> Value {
    let (title, page) = match known {
        Some(rule) => (sentence(rule.page).to_owned(), rule.page.to_owned()),
        None => (
            "A policy of the project.".to_owned(),
            format!("`tympan explain {}` shows it.", escaped(id.as_str())),
        ),
    };
    let severity = known.map_or(Severity::Error, |rule| rule.severity);
    let mut properties = Map::new();
    let mut tags = vec![id.family(), "kubernetes"];
    if SECURITY.contains(&id.family()) {
        tags.push("security");
        // As GitHub divides them: high from 7, medium from 4, low below.
        let score = match severity {
            Severity::Error => "8.0",
            Severity::Warning => "5.0",
            Severity::Note => "2.0",
        };
        properties.insert("security-severity".into(), score.into());
    }
    tags.sort_unstable();
    tags.dedup();
    properties.insert("tags".into(), tags.into());
    let mut described = json!({
        "id": escaped(id.as_str()),
        "shortDescription": {"text": title},
        "fullDescription": {"text": title},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": severity.as_str()},
        "properties": properties,
    });
    if let (Some(home), Some(object), true) = (home(), described.as_object_mut(), known.is_some()) {
        let uri = format!("{home}/blob/HEAD/docs/rules/{}.md", id.as_str());
        object.insert("helpUri".into(), uri.into());
    }
    described
}

/// Returns where this program's pages are, where its package says so.
fn home() -> Option<&'static str> {
    Some(env!("CARGO_PKG_REPOSITORY")).filter(|home| !home.is_empty())
}

/// Returns the sentence under a page's title.
fn sentence(page: &str) -> &str {
    page.lines()
        .skip(1)
        .find(|line| !line.is_empty())
        .unwrap_or_default()
}

fn result(
    told: &Told<'_>,
    rule: usize,
    report: &Report<'_>,
    fingerprints: &mut Fingerprints,
) -> Value {
    let finding = told.first;
    let objects: Vec<Value> = logical(told);
    let mut location = physical(&finding.primary, report);
    if let (Some(location), false) = (location.as_object_mut(), objects.is_empty()) {
        location.insert("logicalLocations".into(), objects.into());
    }
    let mut result = json!({
        "ruleId": escaped(finding.rule.as_str()),
        "ruleIndex": rule,
        "level": finding.severity.as_str(),
        "message": {"text": message(told)},
        "locations": [location],
        "relatedLocations": related(told, report),
        "occurrenceCount": told.all.len(),
        "partialFingerprints": {"tympan/v1": fingerprints.next(told, report.sources)},
        "properties": {"environments": told.environments},
    });
    if let (Some(why), Some(object)) = (told.accepted, result.as_object_mut()) {
        let suppression = json!([{
            "kind": "external",
            "status": "accepted",
            "justification": reason(why),
        }]);
        object.insert("suppressions".into(), suppression);
    }
    result
}

/// Says what is wrong, of what, and what to do; as plain text in which SARIF sees no link.
fn message(told: &Told<'_>) -> String {
    let finding = told.first;
    let mut text = escaped(&finding.message).into_owned();
    let help = finding.help.as_deref();
    let help = help.map(|help| format!("help: {}", escaped(help)));
    for more in [told.about(), help].into_iter().flatten() {
        text.push('\n');
        text.push_str(&more);
    }
    text.replace("](", "\\](")
}

/// Names the objects and fields.
fn logical(told: &Told<'_>) -> Vec<Value> {
    let named = told.all.iter().filter_map(|finding| {
        let object = finding.resource.as_ref()?;
        Some((object.to_string(), object, finding.field.as_deref()))
    });
    let mut seen: Vec<Value> = Vec::new();
    let mut last = None;
    for (full, object, field) in named {
        if last.as_ref() == Some(&(object, field)) {
            continue;
        }
        last = Some((object, field));
        let mut place = json!({
            "name": escaped(&object.name),
            "fullyQualifiedName": escaped(&full),
            "kind": "object",
            "properties": {"apiVersion": escaped(&object.api_version), "kind": escaped(&object.kind)},
        });
        if let (Some(field), Some(properties)) = (
            field,
            place.get_mut("properties").and_then(Value::as_object_mut),
        ) {
            properties.insert("field".into(), escaped(field).into());
        }
        if !seen.contains(&place) {
            seen.push(place);
        }
        if seen.len() == MOST_PLACES {
            break;
        }
    }
    seen
}

/// Names what has to do with it: the value's origin, the call of a macro, the lines of the rendered files.
fn related(told: &Told<'_>, report: &Report<'_>) -> Vec<Value> {
    let places = told.related.iter().map(|location| {
        let mut place = physical(location, report);
        if let (Some(place), false) = (place.as_object_mut(), location.label.is_empty()) {
            let label = escaped(&location.label).replace("](", "\\](");
            place.insert("message".into(), json!({"text": label}));
        }
        place
    });
    let rendered = told.all.iter().filter_map(|finding| {
        let rendered = finding.rendered.as_ref()?;
        Some(json!({
            "physicalLocation": {
                "artifactLocation": artifact(&from_root(report.folder, &rendered.file)),
                "region": {"startLine": rendered.line, "startColumn": rendered.column},
            },
            "message": {"text": "rendered"},
        }))
    });
    places.chain(rendered).take(MOST_PLACES).collect()
}

fn physical(location: &Location, report: &Report<'_>) -> Value {
    let Place { path, start, end } = Place::of(location, report);
    let Position { line, column } = start;
    json!({
        "physicalLocation": {
            "artifactLocation": artifact(&path),
            "region": {
                "startLine": line,
                "startColumn": column,
                "endLine": end.line,
                "endColumn": end.column,
            },
        },
    })
}

/// Names a file: from the root of the repository, or by the whole path where it is outside.
fn artifact(path: &str) -> Value {
    if path.starts_with('/') {
        json!({"uri": format!("file://{}", encoded(path))})
    } else {
        json!({"uri": encoded(path), "uriBaseId": "%SRCROOT%"})
    }
}

/// Writes a path as a part of a URI.
fn encoded(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::super::Summary;
    use super::*;
    use crate::finding::{Finding, FindingSet};
    use crate::source::{SourceMap, Span};

    static RULES: [Rule; 2] = [
        Rule {
            id: RuleId::built_in("test/note"),
            severity: Severity::Note,
            page: "",
        },
        Rule {
            id: RuleId::built_in("test/error"),
            severity: Severity::Error,
            page: "",
        },
    ];

    /// Writes 300 errors and 300 notes within bounds, and returns the results' levels and what is said of the rest.
    fn bounded(most: usize, largest: usize) -> (Vec<String>, String) {
        let mut sources = SourceMap::new();
        let file = sources.add("a.yaml", "x".repeat(600));
        let findings: FindingSet = (0..600)
            .map(|at| {
                let place = Location::new(file, Span::new(at, at + 1));
                Finding::new(&RULES[at % 2], format!("message {at}"), place)
            })
            .collect();
        let report = Report {
            findings: &findings,
            sources: &sources,
            summary: Summary::default(),
            with_accepted: false,
            fail_on: Severity::Error,
            folder: "",
        };
        let written = within(&report, most, largest).unwrap();
        assert!(written.len() <= largest || compress_to_vec(&written, 1).len() <= largest);
        let log: Value = serde_json::from_slice(&written).unwrap();
        let run = &log["runs"][0];
        let levels = run["results"].as_array().unwrap().iter();
        let said = &run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
        (
            levels
                .map(|result| result["level"].as_str().unwrap().to_owned())
                .collect(),
            said.as_str().unwrap_or_default().to_owned(),
        )
    }

    #[test]
    fn what_a_service_does_not_take_is_left_out_and_counted() {
        let (levels, said) = bounded(600, 10_000_000);
        assert_eq!((levels.len(), said.as_str()), (600, ""));
        let (levels, said) = bounded(302, 10_000_000);
        let notes = levels.iter().filter(|level| *level == "note").count();
        assert_eq!((levels.len(), notes), (302, 2));
        assert!(said.ends_with("takes no more: 298 notes"), "{said}");
        let (levels, said) = bounded(600, 5_000);
        assert!(levels.len() < 300 && levels.iter().all(|level| level == "error"));
        let left = 300 - levels.len();
        let errors = if left == 1 { "error" } else { "errors" };
        assert!(
            said.ends_with(&format!(": {left} {errors}, 300 notes")),
            "{said}"
        );
    }

    #[test]
    fn paths_are_parts_of_uris() {
        assert_eq!(encoded("a b/é:%#?.yaml"), "a%20b/%C3%A9%3A%25%23%3F.yaml");
        assert_eq!(artifact("/tmp/a b")["uri"], "file:///tmp/a%20b");
        assert_eq!(artifact("a.yaml")["uriBaseId"], "%SRCROOT%");
    }
}
