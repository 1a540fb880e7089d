//! Plain manifests: files that nobody rendered here.

use std::borrow::Cow;

use rayon::prelude::*;

use super::Outcome;
use crate::finding::{Finding, FindingSet};
use crate::manifest::{Resource, flatten};
use crate::source::{FileId, Location, SourceMap};
use crate::yaml::{Limits, Problem, read};

/// Reads every text of a source map as manifests.
pub fn read_manifests(sources: SourceMap, limits: &Limits) -> Outcome {
    let files: Vec<FileId> = sources.files().map(|(file, _)| file).collect();
    let read: Vec<(Vec<Resource>, Vec<Finding>)> = files
        .par_iter()
        .map(|file| {
            let stream = read(sources.file(*file).text(), limits);
            let objects = stream
                .documents
                .into_iter()
                .flat_map(flatten)
                .map(Resource::new)
                .collect();
            (
                objects,
                stream
                    .problems
                    .into_iter()
                    .map(|problem| finding(*file, problem))
                    .collect(),
            )
        })
        .collect();
    let mut findings = FindingSet::new();
    let mut manifests = Vec::new();
    for (file, (objects, found)) in files.into_iter().zip(read) {
        manifests.extend(objects.into_iter().map(|object| (file, object)));
        findings.extend(found);
    }
    findings.sort(&sources);
    Outcome {
        sources,
        findings,
        environments: Vec::new(),
        manifests,
    }
}

fn finding(file: FileId, problem: Problem) -> Finding {
    let mut finding = Finding::new(
        problem.rule,
        problem.message,
        Location::new(file, problem.span),
    );
    finding.help = problem.help.map(Cow::into_owned);
    let related = problem
        .related
        .into_iter()
        .map(|(span, label)| Location::new(file, span).label(label));
    finding.related.extend(related);
    finding
}
