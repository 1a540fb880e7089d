//! Findings that are accepted: waivers, for a time, with a reason and an owner; and baselines, of what was there before.
//!
//! In: the findings of a run, waivers or the findings of an earlier report. Out: the findings without those that are
//! accepted, and findings about waivers that count no more.

mod baseline;
pub mod rules;

use std::collections::HashMap;

pub use self::baseline::{BadBaseline, Baseline};
use crate::date::Date;
use crate::finding::{Accepted, Finding, FindingSet};
use crate::project::Waiver;

/// So many days before a waiver's last one a warning says so.
const SOON: i64 = 14;

/// What a run looked at, and so which waivers it can judge.
#[derive(Clone, Debug)]
pub struct Run<'a> {
    /// The day (UTC).
    pub today: Date,
    /// The environments that were looked at.
    pub environments: &'a [&'a str],
    /// Whether everything in them was looked at: only then is a waiver unused that was not used.
    pub whole: bool,
    /// Whether it says what is to be said about the waivers themselves.
    pub tells: bool,
}

/// Sets aside the findings that waivers accept, and adds what is to be said about the waivers.
pub fn apply(waivers: &[Waiver], findings: &mut FindingSet, run: &Run<'_>) {
    let mut of_rule: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, waiver) in waivers.iter().enumerate() {
        of_rule.entry(&waiver.rule).or_default().push(index);
    }
    let mut used = vec![false; waivers.len()];
    findings.accept(|finding| {
        let candidates = of_rule.get(finding.rule.as_str())?;
        let matching = candidates
            .iter()
            .filter_map(|index| Some((*index, waivers.get(*index)?)))
            .filter(|(_, waiver)| is_about(waiver, finding));
        let mut accepted = None;
        for (index, waiver) in matching {
            // One that is past has found its finding all the same: it is expired, not unused.
            if let Some(used) = used.get_mut(index) {
                *used = true;
            }
            if accepted.is_none() && run.today.days_until(waiver.expires) >= 0 {
                accepted = Some(Accepted::Waiver {
                    reason: waiver.reason.clone(),
                    owner: waiver.owner.clone(),
                    expires: waiver.expires,
                });
            }
        }
        accepted
    });
    let judged = waivers.iter().zip(used).filter(|_| run.tells);
    findings.extend(judged.filter_map(|(waiver, used)| judge(waiver, used, run)));
}

/// Tells whether a waiver is about a finding.
fn is_about(waiver: &Waiver, finding: &Finding) -> bool {
    let Some(resource) = &finding.resource else {
        return false;
    };
    let of_environment = waiver.environments.is_empty()
        || finding
            .environment
            .as_ref()
            .is_some_and(|environment| waiver.environments.contains(environment));
    of_environment
        && waiver.object == resource.to_string()
        && waiver.field.as_deref().is_none_or(|field| {
            let rest = finding
                .field
                .as_deref()
                .and_then(|own| own.strip_prefix(field));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
}

/// Says what is to be said about a waiver.
fn judge(waiver: &Waiver, used: bool, run: &Run<'_>) -> Option<Finding> {
    let left = run.today.days_until(waiver.expires);
    let what = format!("`{}` of `{}`", waiver.rule, waiver.object);
    if left < 0 {
        let message = format!(
            "this waiver of {what} expired on {}: it counts no more",
            waiver.expires
        );
        let help = format!(
            "mend what it is about and remove it, or let its owner, `{}`, set a later day",
            waiver.owner
        );
        return Some(Finding::new(&rules::EXPIRED, message, waiver.expires_at.clone()).help(help));
    }
    let is_looked_at = waiver.environments.is_empty()
        || waiver
            .environments
            .iter()
            .any(|environment| run.environments.contains(&environment.as_str()));
    if !used && run.whole && is_looked_at {
        let message = format!("nothing is found that this waiver of {what} accepts");
        let help = "remove it; a waiver that matches nothing hides what comes later";
        return Some(Finding::new(&rules::UNUSED, message, waiver.place.clone()).help(help));
    }
    if left <= SOON {
        let days = match left {
            0 => "today".to_owned(),
            1 => "tomorrow".to_owned(),
            left => format!("in {left} days, on {}", waiver.expires),
        };
        let message = format!("this waiver of {what} ends {days}");
        let help = format!(
            "mend what it is about, or let its owner, `{}`, set a later day",
            waiver.owner
        );
        return Some(Finding::new(&rules::EXPIRING, message, waiver.expires_at.clone()).help(help));
    }
    None
}

#[cfg(test)]
mod tests;
