//! Sets of findings: order, and the worst severity.

use super::{Finding, Severity};
use crate::date::Date;
use crate::source::SourceMap;

/// The findings of one run.
#[derive(Clone, Debug, Default)]
pub struct FindingSet {
    findings: Vec<Finding>,
    accepted: Vec<(Finding, Accepted)>,
}

/// Why a finding counts no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// A waiver says so.
    Waiver {
        /// Why.
        reason: String,
        /// Who answers for it.
        owner: String,
        /// The last day it counts.
        expires: Date,
    },
    /// It was there before Tympan was.
    Baseline,
}

impl FindingSet {
    /// Makes an empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a finding.
    pub fn push(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Sorts by place, rule, message and environment, and drops repeats, so that the same input gives the same
    /// report whatever the order of work.
    pub fn sort(&mut self, sources: &SourceMap) {
        fn key<'f>(finding: &'f Finding, sources: &'f SourceMap) -> impl Ord + 'f {
            let file = sources.file(finding.primary.file);
            (
                file.path(),
                // As it is told, so that a report that was read back is in the same order.
                file.told(finding.primary.span),
                &finding.rule,
                &finding.message,
                &finding.environment,
                &finding.resource,
                &finding.field,
            )
        }
        self.findings
            .sort_by(|a, b| key(a, sources).cmp(&key(b, sources)));
        self.findings.dedup();
    }

    /// Returns the findings in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter()
    }

    /// Returns the findings in their order, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Finding> {
        self.findings.iter_mut()
    }

    /// Returns the worst severity there is.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }

    /// Counts the findings of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    }

    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// Returns the number of findings.
    pub fn len(&self) -> usize {
        self.findings.len()
    }

    /// Sets aside the findings that are accepted: they count no more, and are kept to be shown.
    pub fn accept(&mut self, mut accepted: impl FnMut(&Finding) -> Option<Accepted>) {
        let findings = std::mem::take(&mut self.findings);
        for finding in findings {
            match accepted(&finding) {
                Some(why) => self.accepted.push((finding, why)),
                None => self.findings.push(finding),
            }
        }
    }

    /// Returns the findings that were accepted, and why.
    pub fn accepted(&self) -> &[(Finding, Accepted)] {
        &self.accepted
    }

    /// Counts the findings that waivers accept.
    pub fn waived(&self) -> usize {
        let by_waiver = |why: &Accepted| matches!(why, Accepted::Waiver { .. });
        self.accepted
            .iter()
            .filter(|(_, why)| by_waiver(why))
            .count()
    }

    /// Applies `tympan.yaml`'s `rules`: another severity, or none at all where `severity_of` says so.
    pub fn apply(&mut self, mut severity_of: impl FnMut(&Finding) -> Option<Severity>) {
        self.findings
            .retain_mut(|finding| match severity_of(finding) {
                Some(severity) => {
                    finding.severity = severity;
                    true
                }
                None => false,
            });
    }
}

impl Extend<Finding> for FindingSet {
    fn extend<T: IntoIterator<Item = Finding>>(&mut self, findings: T) {
        self.findings.extend(findings);
    }
}

impl FromIterator<Finding> for FindingSet {
    fn from_iter<T: IntoIterator<Item = Finding>>(findings: T) -> Self {
        Self {
            findings: findings.into_iter().collect(),
            accepted: Vec::new(),
        }
    }
}
