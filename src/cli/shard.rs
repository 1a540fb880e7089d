//! `--shard` and `--merge`: a check in several parts, on several machines.

#![expect(
    clippy::disallowed_methods,
    reason = "reports of shards are files that are named on the command line"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::args::CheckArgs;
use super::{Settings, shown};
use crate::digest::hex;
use crate::error::Failure;
use crate::pipeline::{Checks, Coverage, Inspected, Outcome};
use crate::report::{ShardReport, ShardSummary, adopt};
use crate::shard::{Part, Shard};
use crate::yaml::write;

/// How many missing shards are named.
const MOST_NAMED: usize = 10;

/// What a check does of the work.
#[derive(Debug)]
pub(super) enum Work {
    /// All of it.
    Whole,
    /// A shard; with what tells its input from others.
    Shard(Shard, String),
    /// What is left when shards have done theirs, with what they checked.
    Joining(Coverage),
}

impl Work {
    /// Finds out what is to be done. What shards have found is taken up here, before the rest is looked for.
    pub(super) fn of(
        args: &CheckArgs,
        settings: &Settings,
        outcome: &mut Outcome,
        checks: &mut Checks,
    ) -> Result<Self, Failure> {
        if let Some(shard) = args.shard {
            checks.part = Part::Shard(shard);
            return Ok(Self::Shard(shard, inputs(args, outcome, checks)));
        }
        if args.merge.is_empty() {
            return Ok(Self::Whole);
        }
        let inputs = inputs(args, outcome, checks);
        let reports = read(&args.merge, settings, &inputs)?;
        adopt(&reports, outcome)?;
        checks.part = Part::Joining;
        let mut coverage = Coverage::default();
        for report in &reports {
            coverage.add(report.coverage());
            for (environment, tally) in report.policies() {
                let tallies = checks.tallies.entry(environment.clone()).or_default();
                tallies.push(tally.clone());
            }
        }
        Ok(Self::Joining(coverage))
    }

    /// Returns what was checked by which schemas, and what a report says of its shard.
    pub(super) fn done(self, inspected: Inspected) -> (Coverage, Option<ShardSummary>) {
        match self {
            Self::Whole => (inspected.coverage, None),
            Self::Shard(shard, inputs) => {
                let summary = ShardSummary::new(shard, inputs, inspected.tallies);
                (inspected.coverage, Some(summary))
            }
            Self::Joining(coverage) => (coverage, None),
        }
    }
}

/// Why a file cannot be taken for the report of a shard. The user's fault.
#[derive(Debug, thiserror::Error)]
#[error("cannot use `{path}`")]
struct Unusable {
    path: String,
    source: Box<dyn std::error::Error + Send + Sync>,
}

fn read_one(path: &Path, settings: &Settings) -> Result<ShardReport, Unusable> {
    let refused = |source| Unusable {
        path: shown(path),
        source,
    };
    let text = fs::read_to_string(settings.directory.join(path));
    let text = text.map_err(|error| refused(error.into()))?;
    ShardReport::read(shown(path), &text).map_err(|error| refused(error.into()))
}

/// Returns the files of reports: those that are named, and the `*.json` of folders, sorted.
fn files(paths: &[PathBuf], settings: &Settings) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        let full = settings.directory.join(path);
        if !full.is_dir() {
            files.push(path.clone());
            continue;
        }
        let refused = |source: std::io::Error| Unusable {
            path: shown(path),
            source: source.into(),
        };
        let mut own = Vec::new();
        for entry in fs::read_dir(full).map_err(refused)? {
            let name = PathBuf::from(entry.map_err(refused)?.file_name());
            if name.extension().is_some_and(|end| end == "json") {
                own.push(path.join(name));
            }
        }
        if own.is_empty() {
            let message = format!("there is no report in `{}`", shown(path));
            return Err(Failure::new(message).hint("reports are files that end in `.json`"));
        }
        own.sort();
        files.extend(own);
    }
    Ok(files)
}

/// Reads the reports of all shards of one input, in their order.
fn read(paths: &[PathBuf], settings: &Settings, inputs: &str) -> Result<Vec<ShardReport>, Failure> {
    let mut reports: BTreeMap<u32, ShardReport> = BTreeMap::new();
    let mut count = None;
    for path in &files(paths, settings)? {
        let report = read_one(path, settings)?;
        let shard = report.shard();
        let count = *count.get_or_insert(shard.count());
        let name = report.name().to_owned();
        if shard.count() != count {
            let message = format!(
                "`{name}` is of shard {shard}, and the reports before are of {count} shards"
            );
            return Err(Failure::new(message).hint("all reports must be of one run in shards"));
        }
        if report.inputs() != inputs {
            let message = format!("`{name}` is not about what is here");
            return Err(Failure::new(message).hint(
                "the shards and the merge need the same files, the same options and the same version of tympan",
            ));
        }
        if let Some(other) = reports.insert(shard.index(), report) {
            let message = format!("`{}` and `{name}` are both of shard {shard}", other.name());
            return Err(Failure::new(message).hint("name one report for each shard"));
        }
    }
    none_is_missing(count.unwrap_or_default(), &reports)?;
    Ok(reports.into_values().collect())
}

fn none_is_missing(count: u32, reports: &BTreeMap<u32, ShardReport>) -> Result<(), Failure> {
    let missing = (0..count).filter(|index| !reports.contains_key(index));
    let missing: Vec<String> = missing.map(|index| format!("{index}/{count}")).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let more = match missing.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let named: Vec<&str> = missing
        .iter()
        .take(MOST_NAMED)
        .map(String::as_str)
        .collect();
    let message = format!("there is no report of shard {}{more}", named.join(", "));
    Err(Failure::new(message)
        .hint("without it some objects would not be checked: run it again, and name its report"))
}

/// Returns the SHA-256, in hexadecimal, of all that decides what is found: the version of the program, options, and texts.
fn inputs(args: &CheckArgs, outcome: &Outcome, checks: &Checks) -> String {
    let mut hash = Sha256::new();
    let mut add = |what: &str, text: &str| {
        // With its length each part is told from what follows.
        hash.update(format!("{what} {}\n", text.len()));
        hash.update(text);
    };
    add("version", env!("CARGO_PKG_VERSION"));
    for environment in &args.environments {
        add("environment", environment);
    }
    add("kubernetes", &checks.version_words());
    add("pod security", &format!("{:?}", args.pod_security));
    for (_, file) in outcome.sources.files() {
        add("path", file.path());
        add("text", file.text());
    }
    for schema in &checks.schemas {
        add("schema", &write(schema.root()));
    }
    for (environment, documents) in checks.base.iter().flatten() {
        add("base", environment);
        for document in documents {
            add("before", &write(document.root()));
        }
    }
    hex(&hash.finalize())
}
