//! What other versions of Kubernetes have: fields and kinds that came later, and those that went.

use std::fmt;

use super::kubernetes::{Kubernetes, KubernetesVersion};

/// What the schemas of other versions tell about something that one version lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum History {
    /// It came with a later version.
    Came(KubernetesVersion),
    /// It went with this version or an earlier one.
    Went(KubernetesVersion),
}

impl History {
    /// Asks the other versions, each of which is unpacked when it is first asked.
    fn told(lacks: KubernetesVersion, has: impl Fn(&Kubernetes) -> bool) -> Option<Self> {
        let has = |version: &KubernetesVersion| Kubernetes::of(*version).is_some_and(&has);
        let later = KubernetesVersion::all()
            .filter(|version| *version > lacks)
            .find(has);
        let earlier = || {
            let earlier: Vec<_> = KubernetesVersion::all()
                .filter(|version| *version < lacks)
                .collect();
            let last = earlier.into_iter().rev().find(has)?;
            KubernetesVersion::all().find(|version| *version > last)
        };
        later.map(Self::Came).or_else(|| earlier().map(Self::Went))
    }

    /// Returns what is known of a field of a definition.
    pub(super) fn of_field(
        version: KubernetesVersion,
        definition: &str,
        field: &str,
    ) -> Option<Self> {
        Self::told(version, |schemas| schemas.has_field(definition, field))
    }

    /// Returns what is known of a kind.
    pub(super) fn of_kind(
        version: KubernetesVersion,
        api_version: &str,
        kind: &str,
    ) -> Option<Self> {
        Self::told(version, |schemas| schemas.kind(api_version, kind).is_some())
    }

    /// Returns what to do about it.
    pub(super) fn help(self) -> &'static str {
        match self {
            Self::Came(_) => {
                "remove it, or set `kubernetes` in `tympan.yaml` to the version that the cluster has"
            }
            Self::Went(_) => "remove it: nothing heeds it any more",
        }
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Came(version) => write!(f, "came with Kubernetes {version}"),
            Self::Went(version) => write!(f, "went with Kubernetes {version}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_versions_tell_when_something_came_or_went() {
        let minor = KubernetesVersion::minor;
        let policy = |version| {
            History::of_kind(
                minor(version),
                "admissionregistration.k8s.io/v1",
                "MutatingAdmissionPolicy",
            )
        };
        assert_eq!(policy(31), Some(History::Came(minor(36))));
        let flows = History::of_kind(
            minor(35),
            "flowcontrol.apiserver.k8s.io/v1beta3",
            "FlowSchema",
        );
        assert_eq!(flows, Some(History::Went(minor(32))));
        assert_eq!(History::of_kind(minor(34), "v1", "Nothing"), None);
        // `hostnameOverride` of pods came with 1.34.
        let field = |version| {
            History::of_field(
                minor(version),
                "io.k8s.api.core.v1.PodSpec",
                "hostnameOverride",
            )
        };
        assert_eq!(field(33), Some(History::Came(minor(34))));
        assert_eq!(
            History::of_field(minor(33), "io.k8s.api.core.v1.PodSpec", "hostname2"),
            None
        );
    }
}
