//! Profiles that confine a container's processes: `AppArmor`, `SELinux`, seccomp.

use super::pod::{Part, Pod, text};
use super::rules;
use crate::finding::Rule;
use crate::manifest::Fault;
use crate::yaml::Node;

/// Annotations that name the `AppArmor` profile of a container.
const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";

/// The annotation that named a pod's seccomp profile, before 1.19.
const POD_SECCOMP: &str = "seccomp.security.alpha.kubernetes.io/pod";

/// Annotations that named the seccomp profile of a container, before 1.19.
const CONTAINER_SECCOMP: &str = "container.seccomp.security.alpha.kubernetes.io/";

/// Types of profiles that confine.
const CONFINING: &[&str] = &["RuntimeDefault", "Localhost"];

/// `SELinux` types that a container may have; the empty one is the runtime's.
const SE_LINUX: &[&str] = &["", "container_t", "container_init_t", "container_kvm_t"];

/// An `SELinux` type that a container may have since 1.31.
const SE_LINUX_ENGINE: &str = "container_engine_t";

/// `appArmorProfile`.
pub(super) fn app_armor<'a>(pod: &Pod<'a>, faults: &mut Vec<Fault<'a>>) {
    const RULE: &Rule = &rules::APP_ARMOR_PROFILE;
    for (key, value) in pod.annotations() {
        let (Some(container), Some(profile)) = (key.strip_prefix(APP_ARMOR), value.as_str()) else {
            continue;
        };
        if !matches!(profile, "" | "runtime/default") && !profile.starts_with("localhost/") {
            let what = format!("container `{container}` has the AppArmor profile `{profile}`");
            let fault = pod.forbids(RULE, value, what);
            faults.push(fault.help("remove this annotation, or set it to `runtime/default`"));
        }
    }
    for part in pod.parts() {
        if let Some((value, profile)) = unconfined(&part, "appArmorProfile") {
            let what = format!("{part} has the AppArmor profile `{profile}`");
            let fault = pod.forbids(RULE, value, what);
            faults.push(fault.help("set `appArmorProfile: {type: RuntimeDefault}`"));
        }
    }
}

/// `seLinuxOptions`.
pub(super) fn se_linux<'a>(pod: &Pod<'a>, faults: &mut Vec<Fault<'a>>) {
    const RULE: &Rule = &rules::SE_LINUX_OPTIONS;
    for part in pod.parts() {
        let Some(options) = part.security("seLinuxOptions") else {
            continue;
        };
        if let Some((value, name)) = text(options, "type")
            && !SE_LINUX.contains(&name)
            && !(name == SE_LINUX_ENGINE && pod.since(31))
        {
            let what = format!("{part} has the SELinux type `{name}`");
            faults.push(pod.forbids(RULE, value, what).help(
                "remove `type`, or use `container_t`, `container_init_t` or `container_kvm_t`",
            ));
        }
        for field in ["user", "role"] {
            if let Some((value, name)) = text(options, field)
                && !name.is_empty()
            {
                let what = format!("{part} has the SELinux {field} `{name}`");
                let fault = pod.forbids(RULE, value, what);
                faults.push(fault.help(format!("remove `{field}`")));
            }
        }
    }
}

/// `seccompProfile_baseline`: a profile may be missing, but not be none.
pub(super) fn seccomp<'a>(pod: &Pod<'a>, faults: &mut Vec<Fault<'a>>) {
    if !pod.since(19) {
        seccomp_annotations(pod, faults);
        return;
    }
    for part in pod.parts() {
        faults.extend(no_seccomp(pod, &rules::SECCOMP_PROFILE_BASELINE, &part));
    }
}

/// Before 1.19 annotations named the profiles.
fn seccomp_annotations<'a>(pod: &Pod<'a>, faults: &mut Vec<Fault<'a>>) {
    for (key, value) in pod.annotations() {
        let whose = match (key, key.strip_prefix(CONTAINER_SECCOMP)) {
            (POD_SECCOMP, _) => "this pod".to_owned(),
            (_, Some(name)) if pod.containers.iter().any(|part| part.is_called(name)) => {
                format!("container `{name}`")
            }
            _ => continue,
        };
        let Some(profile) = value.as_str() else {
            continue;
        };
        let confines = matches!(profile, "runtime/default" | "docker/default")
            || profile.starts_with("localhost/");
        if !confines {
            let what = format!("{whose} has the seccomp profile `{profile}`");
            let fault = pod.forbids(&rules::SECCOMP_PROFILE_BASELINE, value, what);
            faults.push(fault.help("remove this annotation, or set it to `runtime/default`"));
        }
    }
}

/// `seccompProfile_restricted`: every container has a profile, its own or the pod's.
pub(super) fn seccomp_restricted<'a>(pod: &Pod<'a>, faults: &mut Vec<Fault<'a>>) {
    const FIELD: &str = "seccompProfile";
    const RULE: &Rule = &rules::SECCOMP_PROFILE_RESTRICTED;
    if pod.is_exempt_as_windows() {
        return;
    }
    for part in pod.parts() {
        faults.extend(no_seccomp(pod, RULE, &part));
    }
    for part in pod.without(FIELD) {
        let what = format!("{part} does not set a seccomp profile");
        let fault = pod.wants(RULE, &part, &[FIELD], what);
        let whose = part.kind();
        faults.push(fault.help(format!(
            "set `securityContext: {{seccompProfile: {{type: RuntimeDefault}}}}` in the {whose}"
        )));
    }
}

fn no_seccomp<'a>(pod: &Pod<'a>, rule: &'static Rule, part: &Part<'a>) -> Option<Fault<'a>> {
    let (value, profile) = unconfined(part, "seccompProfile")?;
    let what = format!("{part} has the seccomp profile `{profile}`");
    let fault = pod.forbids(rule, value, what);
    Some(fault.help("set `seccompProfile: {type: RuntimeDefault}`"))
}

/// Returns the type of a profile that does not confine. One without a type is refused by the API itself.
fn unconfined<'a>(part: &Part<'a>, field: &str) -> Option<(Node<'a>, &'a str)> {
    let named = text(part.security(field)?, "type");
    named.filter(|(_, name)| !CONFINING.contains(name))
}
