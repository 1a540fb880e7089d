//! Programs: which pods belong to the same one, as their labels tell.

use super::port::{Ports, Wanted};
use super::references::References;
use crate::cluster::{Cluster, Labels, PodTemplate};

/// How many of the selected pods are looked at: who selects more means them all.
const LOOKED_AT: usize = 32;

/// Labels that name a program; the first that a pod has counts.
const NAMES: &[&str] = &["app.kubernetes.io/name", "app", "k8s-app", "name"];

/// The label that names a part of a program.
const PART: &str = "app.kubernetes.io/component";

/// Last words of names that tell variants of the same program apart.
const VARIANTS: &[&str] = &[
    "a",
    "active",
    "b",
    "backup",
    "baseline",
    "beta",
    "blue",
    "canary",
    "current",
    "experiment",
    "green",
    "leader",
    "main",
    "master",
    "new",
    "next",
    "old",
    "preview",
    "primary",
    "prod",
    "production",
    "reader",
    "replica",
    "replicas",
    "rollout",
    "secondary",
    "slave",
    "spot",
    "stable",
    "staging",
    "standby",
    "test",
    "worker",
    "writer",
];

/// Returns a pod that is meant and one that is most likely not: of another program than the first, or of another part of
/// it that lacks the port that requests are sent to.
pub(super) fn strangers<'a>(
    references: &mut References<'_, 'a>,
    pods: &[u32],
    targets: &[Wanted<'a>],
) -> Option<(u32, u32)> {
    if pods.len() < 2 {
        return None;
    }
    let cluster = references.cluster;
    let pods = pods.iter().take(LOOKED_AT);
    let pods: Vec<(u32, &PodTemplate<'a>)> = pods
        .filter_map(|pod| Some((*pod, cluster.pods().get(*pod as usize)?)))
        .collect();
    if !references.may_step(pods.iter().map(|(_, pod)| Ports::work(pod)).sum()) {
        return None;
    }
    let all: Vec<Member<'a>> = pods
        .into_iter()
        .map(|(number, pod)| Member::new(cluster, number, pod))
        .collect();
    targets.iter().find_map(|target| {
        let has = |member: &Member<'a>| member.ports.protocol(*target).is_some();
        let meant = all.iter().find(|member| has(member))?;
        let stranger = all.iter().find(|member| match (has(member), target) {
            (true, _) => meant.is_other_program(member),
            // A port by name is only sent to where it is.
            (false, Wanted::Name(_)) => false,
            (false, Wanted::Number(_)) => {
                meant.is_other_program(member) || meant.is_other_part(member) || member.ends
            }
        });
        Some((meant.pod, stranger?.pod))
    })
}

/// One of the selected pods.
struct Member<'a> {
    pod: u32,
    labels: Labels<'a>,
    ports: Ports<'a>,
    /// Whether it ends by itself.
    ends: bool,
}

impl<'a> Member<'a> {
    fn new(cluster: &Cluster<'a>, pod: u32, template: &PodTemplate<'a>) -> Self {
        let kind = cluster.get(template.object).map(|owner| &*owner.id.kind);
        Self {
            pod,
            labels: template.labels(),
            ports: Ports::of(cluster, std::iter::once(template)),
            ends: matches!(kind, Some("CronJob" | "Job")),
        }
    }

    fn is_other_program(&self, other: &Self) -> bool {
        let names = NAMES.iter().find_map(|label| {
            match (self.labels.get(label), other.labels.get(label)) {
                (None, None) => None,
                names => Some(names),
            }
        });
        match names {
            Some((Some(own), Some(other))) => !are_related(own, other),
            _ => false,
        }
    }

    fn is_other_part(&self, other: &Self) -> bool {
        let parts = (self.labels.get(PART), other.labels.get(PART));
        matches!(parts, (Some(own), Some(other)) if own != other)
    }
}

/// Tells whether two names are those of variants of one program.
fn are_related(own: &str, other: &str) -> bool {
    let (a, b) = (without_variant(own), without_variant(other));
    a == b || a.starts_with(b) || b.starts_with(a)
}

/// Returns a name without the words that tell variants apart.
fn without_variant(mut name: &str) -> &str {
    while let Some((start, last)) = name.rsplit_once(['-', '.', '_']) {
        let digits = last.trim_start_matches('v');
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number && !VARIANTS.contains(&last) {
            break;
        }
        name = start;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_of_a_program_are_related() {
        for (a, b, expected) in [
            ("web", "web-canary", true),
            ("web-blue", "web-green", true),
            ("api-v1", "api-v2", true),
            ("store-shard-0", "store-shard-1", true),
            ("web", "worker", false),
            ("openmrs-backend", "openmrs-frontend", false),
            ("redis-master", "redis-replica", true),
        ] {
            assert_eq!(are_related(a, b), expected, "{a} {b}");
        }
    }
}
