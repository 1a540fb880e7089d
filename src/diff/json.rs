//! Differences for programs, version 1: `docs/diff.md` and `docs/schemas/diff.schema.json`.

use std::io::{self, Write};

use serde::Serialize;

use super::{Comparison, Field, FieldChange, Impact, ObjectChange, ObjectDiff, Revision, Shown};
use crate::finding::ResourceId;
use crate::network::Change;

#[derive(Serialize)]
struct Page<'c> {
    version: u8,
    from: &'c str,
    to: &'c str,
    comparisons: Vec<One<'c>>,
}

#[derive(Serialize)]
struct One<'c> {
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<JsonRevision<'c>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<JsonRevision<'c>>,
    added: usize,
    changed: usize,
    removed: usize,
    impacts: Vec<JsonImpact<'c>>,
    opened: Vec<JsonReach<'c>>,
    closed: Vec<JsonReach<'c>>,
    objects: Vec<JsonObject<'c>>,
}

/// The commit that a side was read of, where each environment has its own.
#[derive(Serialize)]
struct JsonRevision<'c> {
    name: &'c str,
    commit: &'c str,
}

#[derive(Serialize)]
struct JsonReach<'c> {
    from: &'c str,
    to: &'c str,
    ports: &'c str,
}

#[derive(Serialize)]
struct JsonImpact<'c> {
    kind: &'static str,
    resource: JsonId<'c>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'c str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonId<'c> {
    api_version: &'c str,
    kind: &'c str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'c str>,
    name: &'c str,
}

#[derive(Serialize)]
struct JsonObject<'c> {
    resource: JsonId<'c>,
    change: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<JsonField<'c>>,
}

#[derive(Serialize)]
struct JsonField<'c> {
    path: &'c str,
    change: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'c str>,
    /// Whether a value is a secret, and left out.
    hidden: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lines: Vec<String>,
}

/// Writes all comparisons.
pub fn write_json(
    from: &str,
    to: &str,
    comparisons: &[Comparison],
    out: &mut impl Write,
) -> io::Result<()> {
    let page = Page {
        version: 1,
        from,
        to,
        comparisons: comparisons.iter().map(one).collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &page)?;
    writeln!(out)
}

fn one(comparison: &Comparison) -> One<'_> {
    let (added, changed, removed) = comparison.counts();
    let title = comparison.title.as_str();
    let [before, after] = &comparison.read;
    One {
        environment: (!title.is_empty()).then_some(title),
        before: before.as_ref().map(revision),
        after: after.as_ref().map(revision),
        added,
        changed,
        removed,
        impacts: comparison.impacts.iter().map(impact).collect(),
        opened: reach(comparison, Change::Opens),
        closed: reach(comparison, Change::Closes),
        objects: comparison.objects.iter().map(object).collect(),
    }
}

fn revision(revision: &Revision) -> JsonRevision<'_> {
    JsonRevision {
        name: &revision.name,
        commit: &revision.commit,
    }
}

fn reach(comparison: &Comparison, change: Change) -> Vec<JsonReach<'_>> {
    let all = comparison.reach.iter().filter(|one| one.change == change);
    let shown = all.map(|one| JsonReach {
        from: &one.from,
        to: &one.to,
        ports: &one.ports,
    });
    shown.collect()
}

fn id(id: &ResourceId) -> JsonId<'_> {
    JsonId {
        api_version: &id.api_version,
        kind: &id.kind,
        namespace: id.namespace.as_deref(),
        name: &id.name,
    }
}

fn impact(impact: &Impact) -> JsonImpact<'_> {
    let mut shown = JsonImpact {
        kind: impact.kind(),
        resource: id(impact.id()),
        message: super::text::warning(impact),
        field: None,
        before: None,
        after: None,
    };
    if let Impact::Image {
        path,
        before,
        after,
        ..
    } = impact
    {
        shown.field = Some(path);
        shown.before = Some(before);
        shown.after = Some(after);
    }
    shown
}

fn object(object: &ObjectDiff) -> JsonObject<'_> {
    let (change, fields) = match &object.change {
        ObjectChange::Added => ("added", Vec::new()),
        ObjectChange::Removed => ("removed", Vec::new()),
        ObjectChange::Changed(fields) => ("changed", fields.iter().map(field).collect()),
    };
    JsonObject {
        resource: id(&object.id),
        change,
        fields,
    }
}

fn field(field: &Field) -> JsonField<'_> {
    let (change, before, after) = match &field.change {
        FieldChange::Added(new) => ("added", None, Some(new)),
        FieldChange::Removed(old) => ("removed", Some(old), None),
        FieldChange::Changed(old, new) => ("changed", Some(old), Some(new)),
        FieldChange::Lines(_) => ("changed", None, None),
        FieldChange::Moved => ("moved", None, None),
    };
    let lines = match &field.change {
        FieldChange::Lines(lines) => lines
            .iter()
            .map(|line| format!("{}{}", line.sign, line.text))
            .collect(),
        _ => Vec::new(),
    };
    JsonField {
        path: &field.path,
        change,
        before: before.and_then(value),
        after: after.and_then(value),
        hidden: [before, after].contains(&Some(&Shown::Hidden)),
        lines,
    }
}

fn value(shown: &Shown) -> Option<&str> {
    match shown {
        Shown::Value(text) => Some(text),
        Shown::Hidden => None,
    }
}
