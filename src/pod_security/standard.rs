//! The standards: which check holds at which level since which version.

use std::fmt;

use super::pod::Pod;
use super::{host, privilege, profile, rules, user, volume};
use crate::cluster::PodTemplate;
use crate::finding::Rule;
use crate::manifest::Fault;
use crate::project::Level;
use crate::schema::KubernetesVersion;

/// A check's code.
pub(super) type Run = for<'a> fn(&Pod<'a>, &mut Vec<Fault<'a>>);

/// A check of the standards.
struct Check {
    rule: &'static Rule,
    run: Run,
    /// The minor version of the first standard that has it.
    since: u8,
    /// Whether only `restricted` has it.
    restricted: bool,
    /// The check of `baseline` whose place it takes in `restricted`.
    overrides: Option<&'static Rule>,
}

const fn baseline(rule: &'static Rule, since: u8, run: Run) -> Check {
    Check {
        rule,
        run,
        since,
        restricted: false,
        overrides: None,
    }
}

const fn restricted(rule: &'static Rule, since: u8, run: Run) -> Check {
    Check {
        restricted: true,
        ..baseline(rule, since, run)
    }
}

const fn overriding(overrides: &'static Rule, rule: &'static Rule, since: u8, run: Run) -> Check {
    Check {
        overrides: Some(overrides),
        ..restricted(rule, since, run)
    }
}

/// The checks, in the order in which a pod's faults are told.
static CHECKS: &[Check] = &[
    baseline(&rules::HOST_NAMESPACES, 0, host::namespaces),
    baseline(&rules::WINDOWS_HOST_PROCESS, 0, host::windows_process),
    baseline(&rules::HOST_PORTS, 0, host::ports),
    baseline(&rules::HOST_PROBES, 34, host::probes),
    baseline(&rules::HOST_PATH_VOLUMES, 0, volume::host_path),
    baseline(&rules::PRIVILEGED, 0, privilege::privileged),
    baseline(&rules::CAPABILITIES_BASELINE, 0, privilege::capabilities),
    baseline(&rules::PROC_MOUNT, 0, privilege::proc_mount),
    baseline(&rules::APP_ARMOR_PROFILE, 0, profile::app_armor),
    baseline(&rules::SE_LINUX_OPTIONS, 0, profile::se_linux),
    baseline(&rules::SECCOMP_PROFILE_BASELINE, 0, profile::seccomp),
    baseline(&rules::SYSCTLS, 0, privilege::sysctls),
    overriding(
        &rules::HOST_PATH_VOLUMES,
        &rules::RESTRICTED_VOLUMES,
        0,
        volume::restricted,
    ),
    restricted(&rules::ALLOW_PRIVILEGE_ESCALATION, 8, privilege::escalation),
    restricted(&rules::RUN_AS_NON_ROOT, 0, user::non_root),
    restricted(&rules::RUN_AS_USER, 23, user::not_zero),
    overriding(
        &rules::SECCOMP_PROFILE_BASELINE,
        &rules::SECCOMP_PROFILE_RESTRICTED,
        19,
        profile::seccomp_restricted,
    ),
    overriding(
        &rules::CAPABILITIES_BASELINE,
        &rules::CAPABILITIES_RESTRICTED,
        22,
        privilege::capabilities_restricted,
    ),
    overriding(
        &rules::PROC_MOUNT,
        &rules::PROC_MOUNT_RESTRICTED,
        35,
        privilege::proc_mount_restricted,
    ),
];

/// A level in one version.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standard {
    level: Level,
    version: KubernetesVersion,
    /// Whether the version is older than the server's.
    pinned: bool,
}

impl fmt::Display for Standard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.level.as_str())?;
        if self.pinned {
            write!(f, " of v{}", self.version)?;
        }
        Ok(())
    }
}

impl Standard {
    /// Names a standard; `pinned` where its version is older than the server's.
    pub(super) fn new(level: Level, version: KubernetesVersion, pinned: bool) -> Self {
        Self {
            level,
            version,
            pinned,
        }
    }

    /// Tells whether it is that of 1.`minor` or later.
    pub(super) fn since(self, minor: u8) -> bool {
        self.version >= KubernetesVersion::minor(minor)
    }

    /// Tells whether it is `restricted`.
    pub(super) fn is_restricted(self) -> bool {
        self.level == Level::Restricted
    }

    /// Tells whether another standard finds nothing that this one does not find.
    pub(super) fn covers(self, other: Self) -> bool {
        self.version == other.version && (self.level == other.level || self.is_restricted())
    }

    fn has(self, check: &Check) -> bool {
        self.since(check.since) && (self.is_restricted() || !check.restricted)
    }

    /// Tells whether a stricter check takes the place of one.
    fn replaces(self, check: &Check) -> bool {
        let overrides = |other: &Check| {
            let rule = other.overrides.filter(|_| self.has(other));
            rule.is_some_and(|rule| rule.id == check.rule.id)
        };
        CHECKS.iter().any(overrides)
    }

    /// Judges a pod. With each fault goes the name of its check, or of the one whose place it takes.
    pub(super) fn judge<'a>(self, pod: &PodTemplate<'a>) -> Vec<(&'static str, Fault<'a>)> {
        let pod = Pod::new(pod, self);
        let (mut faults, mut of_check) = (Vec::new(), Vec::new());
        for check in CHECKS {
            if self.has(check) && !self.replaces(check) {
                (check.run)(&pod, &mut of_check);
                let name = check.overrides.unwrap_or(check.rule).id.as_str();
                faults.extend(of_check.drain(..).map(|fault| (name, fault)));
            }
        }
        faults
    }
}
