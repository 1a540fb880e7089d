//! Reports of shards, read back to be joined: their findings become findings of the run that joins them.
//!
//! In: JSON reports of `tympan check --shard I/N`. Out: [`ShardReport`]s, and the [`Finding`]s in them, with places in the
//! texts of the run that joins.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::json::{Entry, Place, Rendered, Schemas};
use crate::finding::{Finding, RenderedLocation, ResourceId, RuleId};
use crate::pipeline::{Coverage, Object, Outcome};
use crate::policy::admission::Tally;
use crate::shard::{BadShard, Shard};
use crate::source::{FileId, Location, Position, SourceMap, Span};

/// What a report says of the shard that it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShardSummary {
    /// Its index, from 0.
    index: u32,
    /// How many shards there are.
    count: u32,
    /// The SHA-256 of all that decides what is found: texts, options, and the version of the program.
    inputs: String,
    /// What was counted of policies, by environment; under the empty name for plain manifests.
    policies: BTreeMap<String, Tally>,
}

impl ShardSummary {
    /// Makes what a report says of its shard.
    pub fn new(shard: Shard, inputs: String, policies: BTreeMap<String, Tally>) -> Self {
        let (index, count) = (shard.index(), shard.count());
        Self {
            index,
            count,
            inputs,
            policies,
        }
    }

    /// Returns the shard in words: `0/4`.
    pub fn words(&self) -> String {
        format!("{}/{}", self.index, self.count)
    }
}

/// Why a file is no report of a shard, or reports cannot be joined.
#[derive(Debug, thiserror::Error)]
pub enum BadReport {
    /// It is no JSON, or JSON of another form.
    #[error("this is no report of `tympan check --shard I/N --format json`")]
    Form(#[from] serde_json::Error),
    /// It is of another version, or of a run without shards.
    #[error("this is a report of no shard: `tympan check --shard I/N --format json` makes one")]
    NoShard,
    /// It names an environment that is not there.
    #[error("`{report}` names the environment `{environment}`, which is not there")]
    Environment {
        /// The report.
        report: String,
        /// The environment.
        environment: String,
    },
    /// It names a shard that there cannot be.
    #[error("it is of a shard that there cannot be")]
    BadShard(#[from] BadShard),
    /// It names a place that is not there.
    #[error("`{report}` names line {line}, column {column} of `{file}`, which is not there")]
    Place {
        /// The report.
        report: String,
        /// The file.
        file: String,
        /// The line, from 1.
        line: u32,
        /// The column, from 1.
        column: u32,
    },
}

/// A report of a shard.
#[derive(Debug)]
pub struct ShardReport {
    name: String,
    shard: Shard,
    inputs: String,
    coverage: Coverage,
    policies: BTreeMap<String, Tally>,
    findings: Vec<Entry<'static>>,
}

#[derive(Deserialize)]
struct Document {
    version: u32,
    summary: Totals,
    findings: Vec<Entry<'static>>,
    // What a waiver or a baseline accepts is for the run that joins to say.
    accepted: Vec<Entry<'static>>,
    shard: Option<ShardSummary>,
}

#[derive(Deserialize)]
struct Totals {
    schemas: Schemas,
}

impl ShardReport {
    /// Reads a report; its name is told where it cannot be used.
    pub fn read(name: impl Into<String>, text: &str) -> Result<Self, BadReport> {
        let document: Document = serde_json::from_str(text)?;
        let summary = document.shard.filter(|_| document.version == 1);
        let summary = summary.ok_or(BadReport::NoShard)?;
        let shard = Shard::new(summary.index, summary.count)?;
        let Schemas {
            kubernetes,
            custom,
            none,
        } = document.summary.schemas;
        let mut findings = document.findings;
        findings.extend(document.accepted);
        Ok(Self {
            name: name.into(),
            shard,
            inputs: summary.inputs,
            coverage: Coverage {
                kubernetes,
                custom,
                nothing: none,
            },
            policies: summary.policies,
            findings,
        })
    }

    /// Returns its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the shard.
    pub fn shard(&self) -> Shard {
        self.shard
    }

    /// Returns the SHA-256 of all that decides what is found.
    pub fn inputs(&self) -> &str {
        &self.inputs
    }

    /// Returns how many objects were checked by which schemas.
    pub fn coverage(&self) -> Coverage {
        self.coverage
    }

    /// Returns what was counted of policies, by environment.
    pub fn policies(&self) -> &BTreeMap<String, Tally> {
        &self.policies
    }
}

/// Adds the findings of reports to those of a run over the same texts, those that it has already left out.
pub fn adopt(reports: &[ShardReport], outcome: &mut Outcome) -> Result<(), BadReport> {
    let mut found = Vec::new();
    let texts = Texts::of(outcome);
    let known: HashSet<Key<'_>> = outcome.findings.iter().map(key).collect();
    for report in reports {
        for entry in &report.findings {
            is_there(report, entry, outcome)?;
            let finding = texts.finding(entry).map_err(|(file, line, column)| {
                let (report, file) = (report.name.clone(), file.to_owned());
                BadReport::Place {
                    report,
                    file,
                    line,
                    column,
                }
            })?;
            if !known.contains(&key(&finding)) {
                found.push(finding);
            }
        }
    }
    outcome.findings.extend(found);
    Ok(())
}

/// Refuses what is said of an environment that is not there.
fn is_there(report: &ShardReport, entry: &Entry<'_>, outcome: &Outcome) -> Result<(), BadReport> {
    let Some(environment) = &entry.environment else {
        return Ok(());
    };
    let mut known = outcome.environments.iter();
    if known.any(|known| known.name == **environment) {
        return Ok(());
    }
    Err(BadReport::Environment {
        report: report.name.clone(),
        environment: environment.clone().into_owned(),
    })
}

/// What two findings have in common that say the same; a place ends earlier where a secret is hidden.
type Key<'f> = (
    &'f RuleId,
    &'f str,
    (Option<&'f str>, &'f Option<ResourceId>, &'f Option<String>),
    (FileId, u32),
);

fn key(finding: &Finding) -> Key<'_> {
    (
        &finding.rule,
        &finding.message,
        (
            finding.environment.as_deref(),
            &finding.resource,
            &finding.field,
        ),
        (finding.primary.file, finding.primary.span.start),
    )
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

/// A place that is not there: a file, line and column.
type NotThere<'e> = (&'e str, u32, u32);

/// The texts that places are in.
struct Texts<'o> {
    sources: &'o SourceMap,
    /// Rendered objects by the paths of their files.
    rendered: HashMap<String, &'o Object>,
}

impl<'o> Texts<'o> {
    fn of(outcome: &'o Outcome) -> Self {
        let environments = outcome.environments.iter();
        let objects = environments.flat_map(|environment| {
            let objects = environment.objects.iter();
            objects.map(|object| (object.file(&environment.name), object))
        });
        Self {
            sources: &outcome.sources,
            rendered: objects.collect(),
        }
    }

    fn finding<'e>(&self, entry: &'e Entry<'_>) -> Result<Finding, NotThere<'e>> {
        let primary = self.location(&entry.location)?;
        let related = entry.related.iter().map(|place| self.location(place));
        Ok(Finding {
            rule: RuleId::new(entry.rule.clone().into_owned()),
            severity: entry.severity.into(),
            message: entry.message.clone().into_owned(),
            primary,
            related: related.collect::<Result<_, _>>()?,
            help: owned(entry.help.as_deref()),
            resource: entry.resource.as_ref().map(|named| ResourceId {
                api_version: named.api_version.clone().into_owned(),
                kind: named.kind.clone().into_owned(),
                namespace: owned(named.namespace.as_deref()),
                name: named.name.clone().into_owned(),
            }),
            field: owned(entry.field.as_deref()),
            environment: owned(entry.environment.as_deref()),
            rendered: entry
                .rendered
                .as_ref()
                .map(|rendered| self.rendered(rendered))
                .transpose()?,
        })
    }

    fn location<'e>(&self, place: &'e Place<'_>) -> Result<Location, NotThere<'e>> {
        let found = self.sources.find(&place.file).and_then(|id| {
            let file = self.sources.file(id);
            let offset = |line, column| file.offset(Position { line, column });
            let start = offset(place.line, place.column)?;
            let end = offset(place.end_line, place.end_column)?;
            let span = Span { start, end };
            (start <= end).then(|| Location::new(id, span).label(place.label.as_ref()))
        });
        found.ok_or((&place.file, place.line, place.column))
    }

    fn rendered<'e>(&self, place: &'e Rendered<'_>) -> Result<RenderedLocation, NotThere<'e>> {
        let Rendered { file, line, column } = place;
        let object = self.rendered.get(file.as_ref());
        let text = object.and_then(|object| object.line(*line));
        let text = text.ok_or((file.as_ref(), *line, *column))?;
        Ok(RenderedLocation {
            file: file.clone().into_owned(),
            line: *line,
            column: *column,
            text: text.to_owned(),
        })
    }
}
