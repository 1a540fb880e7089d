//! The labels of namespaces that set levels (`pod-security-admission/api`, `PolicyToEvaluate`).

use super::rules;
use super::standard::Standard;
use crate::cluster::{Cluster, Found, Index};
use crate::finding::{Severity, did_you_mean, nearest};
use crate::manifest::Fault;
use crate::project::Level;
use crate::schema::KubernetesVersion;
use crate::yaml::Node;

/// What all these labels begin with.
const PREFIX: &str = "pod-security.kubernetes.io/";

/// The modes, from the worst, with what a violation means; the name is that of the label behind [`PREFIX`].
const MODES: [(&str, Severity); 3] = [
    ("enforce", Severity::Error),
    ("warn", Severity::Warning),
    ("audit", Severity::Note),
];

/// Every label there is, behind [`PREFIX`].
const LABELS: [&str; 6] = [
    "enforce",
    "enforce-version",
    "audit",
    "audit-version",
    "warn",
    "warn-version",
];

/// A mode in which a namespace judges its pods.
#[derive(Clone, Debug)]
pub(super) struct Mode<'a> {
    /// What a violation means.
    pub(super) severity: Severity,
    /// The level; one that forbids something.
    level: Level,
    /// The version of the standards; that of the server where none is pinned.
    pinned: Option<KubernetesVersion>,
    /// The namespace and the label that asks for it, unless it is the level of namespaces without one.
    pub(super) label: Option<(Index, Node<'a>)>,
}

impl Mode<'_> {
    /// Returns the standard that a server of a version judges by: at most its own.
    pub(super) fn standard(&self, server: KubernetesVersion) -> Standard {
        let version = self.pinned.map_or(server, |pinned| pinned.min(server));
        Standard::new(self.level, version, version < server)
    }
}

/// Returns the modes of a namespace that forbid something, from the worst. Where there is no label that enforces a level,
/// that of the settings is enforced, as it were the default of the admission controller.
pub(super) fn modes<'a>(cluster: &Cluster<'a>, namespace: &str) -> Vec<Mode<'a>> {
    let object = cluster.find("", "Namespace", "", namespace);
    let labels = object.and_then(|index| {
        let object = cluster.get(index)?;
        Some((index, object.root().path(&["metadata", "labels"])?))
    });
    let of_mode = |(name, severity): (&str, Severity)| {
        let label = |suffix: &str| {
            let (index, labels) = labels?;
            let (key, value) = labels.entry(&format!("{PREFIX}{name}{suffix}"))?;
            Some((index, key, value.as_str()?))
        };
        let Some((index, key, level)) = label("") else {
            let level = cluster.settings().pod_security;
            return level
                .filter(|_| severity == Severity::Error)
                .map(|level| Mode {
                    severity,
                    level,
                    pinned: label("-version").and_then(|(.., version)| pinned(version)),
                    label: None,
                });
        };
        // One that is none is a finding of its own.
        Some(Mode {
            severity,
            level: Level::parse(level)?,
            pinned: label("-version").and_then(|(.., version)| pinned(version)),
            label: Some((index, key)),
        })
    };
    let modes = MODES.into_iter().filter_map(of_mode);
    modes
        .filter(|mode| mode.level != Level::Privileged)
        .collect()
}

/// Reads a version that is not `latest`. What is no version counts as `latest`, as on the server.
fn pinned(text: &str) -> Option<KubernetesVersion> {
    let minor = minor(text)?;
    Some(KubernetesVersion::minor(
        u8::try_from(minor).unwrap_or(u8::MAX),
    ))
}

/// Reads `v1.X`, without zeros before it.
fn minor(text: &str) -> Option<i64> {
    let digits = text.strip_prefix("v1.")?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits.len() == 1 || !digits.starts_with('0'));
    digits.parse().ok().filter(|_| plain)
}

/// Checks the labels of the namespaces themselves: the server refuses a namespace whose level or version it cannot read.
pub(super) fn check<'a>(cluster: &Cluster<'a>) -> Vec<Found<'a>> {
    let namespaces = cluster.of_kind("", "Namespace").iter().copied();
    namespaces
        .filter(|index| cluster.checks(*index))
        .flat_map(|index| {
            let labels = cluster
                .get(index)
                .and_then(|object| object.root().path(&["metadata", "labels"]));
            let entries = labels.into_iter().flat_map(Node::entries);
            entries
                .filter_map(|(key, value)| fault(key, value))
                .map(move |fault| Found::new(index, fault))
        })
        .collect()
}

fn fault<'a>(key: Node<'a>, value: Node<'a>) -> Option<Fault<'a>> {
    let name = key.as_str()?.strip_prefix(PREFIX)?;
    let text = value.as_str()?;
    if !LABELS.contains(&name) {
        let near = did_you_mean(nearest(name, LABELS));
        let message = format!("Pod Security has no label `{PREFIX}{name}`{near}");
        let fault = Fault::new(&rules::LABEL, key, message).severity(Severity::Warning);
        return Some(fault.help(
            "there are `enforce`, `audit` and `warn`, and each with `-version`: others do nothing",
        ));
    }
    if name.ends_with("-version") {
        if text == "latest" || minor(text).is_some() {
            return None;
        }
        let with_v = format!("v{text}");
        let near = did_you_mean(minor(&with_v).map(|_| with_v.as_str()));
        let message = format!("`{text}` is no version of the Pod Security Standards{near}");
        let fault = Fault::new(&rules::LABEL, value, message);
        return Some(fault.help("write `latest`, or a version such as `v1.34`"));
    }
    if Level::parse(text).is_some() {
        return None;
    }
    let near = did_you_mean(nearest(text, Level::ALL.map(Level::as_str)));
    let message = format!("`{text}` is no level of the Pod Security Standards{near}");
    let fault = Fault::new(&rules::LABEL, value, message);
    Some(fault.help("write `privileged`, `baseline` or `restricted`"))
}
