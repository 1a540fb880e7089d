//! Plain manifests: files that nobody rendered here.

use rayon::prelude::*;

use super::Outcome;
use crate::finding::{Finding, FindingSet};
use crate::manifest::{Resource, flatten};
use crate::progress::Progress;
use crate::source::{FileId, SourceMap};
use crate::yaml::{Limits, read};

/// Reads every text of a source map as manifests.
pub fn read_manifests(sources: SourceMap, limits: &Limits, progress: &Progress) -> Outcome {
    let files: Vec<FileId> = sources.files().map(|(file, _)| file).collect();
    let parsed = progress.count("parsing", files.len(), "files");
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
            parsed.one();
            (
                objects,
                stream
                    .problems
                    .into_iter()
                    .map(|problem| problem.in_file(*file))
                    .collect(),
            )
        })
        .collect();
    let mut findings = FindingSet::new();
    let count = read.iter().map(|(objects, _)| objects.len()).sum();
    let mut manifests = Vec::with_capacity(count);
    for (file, (objects, found)) in files.into_iter().zip(read) {
        manifests.extend(objects.into_iter().map(|object| (file, object)));
        findings.extend(found);
    }
    findings.sort(&sources);
    Outcome {
        sources,
        findings,
        complete: true,
        environments: Vec::new(),
        manifests,
    }
}
