//! `policies/waivers.yaml`: findings that are accepted for a time.

use super::ConfigProblem;
use super::fields::{Reader, required};
use crate::date::Date;
use crate::finding::{did_you_mean, nearest};
use crate::source::{FileId, Location};
use crate::yaml::{self, Node};

/// A finding that is accepted for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// The rule's id.
    pub rule: String,
    /// The object: `namespace/Kind/name`, or `Kind/name` for cluster-scoped ones.
    pub object: String,
    /// The field, and all below it; the whole object where there is none.
    pub field: Option<String>,
    /// The environments; all where there are none.
    pub environments: Vec<String>,
    /// Why it is accepted.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day it counts.
    pub expires: Date,
    /// Where it is written.
    pub place: Location,
    /// Where its last day is written.
    pub expires_at: Location,
}

const KEYS: &[&str] = &[
    "rule",
    "object",
    "field",
    "environments",
    "reason",
    "owner",
    "expires",
];

/// What a waiver may name.
#[derive(Debug)]
pub(super) struct Known<'k> {
    /// The ids of rules.
    pub(super) rules: &'k [String],
    /// The environments.
    pub(super) environments: &'k [&'k str],
}

/// Reads the text of `policies/waivers.yaml`.
pub(super) fn parse_waivers(
    file: FileId,
    stream: &yaml::Stream,
    known: &Known<'_>,
) -> Result<Vec<Waiver>, Vec<ConfigProblem>> {
    let mut reader = Reader::of(file, stream);
    let mut waivers = Vec::new();
    for document in &stream.documents {
        for (_, list) in reader.known(document.root(), &["waivers"]) {
            for item in reader.list(list) {
                waivers.extend(waiver(&mut reader, item, known));
            }
        }
    }
    if reader.problems.is_empty() {
        Ok(waivers)
    } else {
        Err(reader.problems)
    }
}

fn waiver(reader: &mut Reader, item: Node<'_>, known: &Known<'_>) -> Option<Waiver> {
    let entries = reader.known(item, KEYS);
    required(
        reader,
        item,
        &["rule", "object", "reason", "owner", "expires"],
    );
    let mut text = |key: &str| {
        let (_, value) = entries.iter().find(|(name, _)| *name == key)?;
        reader.string(*value)
    };
    let (rule, object, field) = (text("rule"), text("object"), text("field"));
    let (reason, owner, expires) = (text("reason"), text("owner"), text("expires"));
    check_names(reader, item, known);
    let environments = item.get("environments").into_iter().flat_map(Node::items);
    let environments = environments.filter_map(|name| name.as_str().map(str::to_owned));
    let environments = environments.collect();
    let node = item.get("expires")?;
    let expires = expires?;
    let Some(expires) = Date::parse(&expires) else {
        let help = "write the last day it counts as `2027-06-30`";
        reader.problem(node, format!("`{expires}` is no day"), Some(help.into()));
        return None;
    };
    Some(Waiver {
        rule: rule?,
        object: object?,
        field,
        environments,
        reason: reason?,
        owner: owner?,
        expires,
        place: Location::new(reader.file, item.get("rule")?.span()),
        expires_at: Location::new(reader.file, node.span()),
    })
}

/// Notes what a waiver names and there is not.
fn check_names(reader: &mut Reader, item: Node<'_>, known: &Known<'_>) {
    let text = |key: &str| item.get(key).and_then(|node| Some((node, node.as_str()?)));
    if let Some((node, rule)) = text("rule") {
        let rules = known.rules.iter().map(String::as_str);
        must_be_known(reader, node, "rule", rule, rules);
    }
    if let Some((node, object)) = text("object")
        && !matches!(object.split('/').count(), 2 | 3)
    {
        let help = "write `namespace/Kind/name`, or `Kind/name` for what is in no namespace";
        reader.problem(
            node,
            format!("`{object}` names no object"),
            Some(help.into()),
        );
    }
    let Some(node) = item.get("environments") else {
        return;
    };
    for item in reader.list(node) {
        if let Some(name) = reader.string(item) {
            let environments = known.environments.iter().copied();
            must_be_known(reader, item, "environment", &name, environments);
        }
    }
}

fn must_be_known<'k>(
    reader: &mut Reader,
    node: Node<'_>,
    what: &str,
    name: &str,
    known: impl Iterator<Item = &'k str> + Clone,
) {
    if known.clone().any(|one| one == name) {
        return;
    }
    let near = did_you_mean(nearest(name, known));
    let message = format!("there is no {what} `{name}`{near}");
    reader.problem(node, message, None);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::SourceMap;

    fn read(text: &str) -> Result<Vec<Waiver>, Vec<String>> {
        let mut sources = SourceMap::new();
        let file = sources.add("policies/waivers.yaml", text);
        let stream = yaml::read(&Arc::from(text), &yaml::Limits::default());
        let rules = ["rbac/escalate", "policy/owned"].map(str::to_owned);
        let known = Known {
            rules: &rules,
            environments: &["dev", "prod"],
        };
        parse_waivers(file, &stream, &known)
            .map_err(|problems| problems.into_iter().map(|one| one.message).collect())
    }

    const GOOD: &str = "waivers:\n- {rule: policy/owned, object: a/Pod/b, field: spec, environments: [dev], reason: r, owner: o, expires: 2027-06-30}\n";

    #[test]
    fn a_waiver_is_read_with_its_place() {
        let waivers = read(GOOD).unwrap();
        assert_eq!(waivers.len(), 1);
        assert_eq!(waivers[0].expires.to_string(), "2027-06-30");
        assert_eq!(waivers[0].place.span.of(GOOD), "policy/owned");
        assert_eq!(read("").unwrap(), []);
        assert_eq!(read("waivers:\n").unwrap(), []);
    }

    #[test]
    fn what_is_wrong_with_a_waiver_is_told() {
        for (from, to, message) in [
            (
                "policy/owned",
                "policy/owmed",
                "there is no rule `policy/owmed`; did you mean `policy/owned`?",
            ),
            ("a/Pod/b", "Pod", "`Pod` names no object"),
            (
                "[dev]",
                "[prd]",
                "there is no environment `prd`; did you mean `prod`?",
            ),
            ("2027-06-30", "soon", "`soon` is no day"),
            ("reason: r, ", "", "`reason` is missing"),
            (
                "reason: r",
                "raeson: r",
                "unknown key `raeson`; did you mean `reason`?",
            ),
        ] {
            let problems = read(&GOOD.replace(from, to)).unwrap_err();
            assert_eq!(problems[0], message, "{problems:?}");
        }
    }
}
