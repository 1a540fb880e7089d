//! Rights of processes beyond their user's: privileged containers, capabilities, escalation, `/proc`, kernel parameters.

use super::pod::{Part, Pod, text, truth};
use super::rules;
use crate::finding::Rule;
use crate::manifest::Fault;
use crate::yaml::Node;

/// The capabilities that a container may add in `baseline`.
const CAPABILITIES: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// The capability that a container may add in `restricted`.
const BIND: &str = "NET_BIND_SERVICE";

/// The kernel parameters that a pod may set, each with the minor version since which it may.
const PARAMETERS: &[(&str, u8)] = &[
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ping_group_range", 0),
    ("net.ipv4.ip_unprivileged_port_start", 0),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
    ("net.ipv4.tcp_slow_start_after_idle", 37),
    ("net.ipv4.tcp_notsent_lowat", 37),
];

/// `privileged`.
pub(super) fn privileged<'a>(pod: &Pod<'a>, faults: &mut Vec<Fault<'a>>) {
    for part in &pod.containers {
        let security = part.node.get("securityContext");
        if let Some(value) = security.and_then(|security| truth(security, "privileged")) {
            let what = format!("{part} is privileged");
            let fault = pod.forbids(&rules::PRIVILEGED, value, what);
            faults.push(fault.help("remove `privileged`, or set `privileged: false`"));
        }
    }
}

/// `allowPrivilegeEscalation`: what is not said is `true`.
pub(super) fn escalation<'a>(pod: &Pod<'a>, faults: &mut Vec<Fault<'a>>) {
    const FIELD: &str = "allowPrivilegeEscalation";
    const RULE: &Rule = &rules::ALLOW_PRIVILEGE_ESCALATION;
    if pod.is_exempt_as_windows() {
        return;
    }
    for part in &pod.containers {
        let fault = match part.security(FIELD) {
            None => {
                let what = format!("{part} does not set `{FIELD}: false`");
                pod.wants(RULE, part, &[FIELD], what)
            }
            Some(value) if value.as_bool() == Some(true) => {
                pod.forbids(RULE, value, format!("{part} allows privilege escalation"))
            }
            Some(_) => continue,
        };
        faults.push(
            fault.help("set `securityContext: {allowPrivilegeEscalation: false}` in the container"),
        );
    }
}

/// `capabilities_baseline`.
pub(super) fn capabilities<'a>(pod: &Pod<'a>, faults: &mut Vec<Fault<'a>>) {
    for part in &pod.containers {
        for (node, name) in added(part) {
            if !CAPABILITIES.contains(&name) {
                let fault = adds(pod, &rules::CAPABILITIES_BASELINE, part, node, name);
                faults.push(fault.help(instead(name, CAPABILITIES)));
            }
        }
    }
}

/// `capabilities_restricted`: all dropped, and one may be added.
pub(super) fn capabilities_restricted<'a>(pod: &Pod<'a>, faults: &mut Vec<Fault<'a>>) {
    const RULE: &Rule = &rules::CAPABILITIES_RESTRICTED;
    if pod.is_exempt_as_windows() {
        return;
    }
    for part in &pod.containers {
        let capabilities = part.security("capabilities");
        let dropped = capabilities.and_then(|node| node.get("drop"));
        let mut names = dropped.into_iter().flat_map(Node::items);
        if !names.any(|name| name.as_str() == Some("ALL")) {
            let what = format!("{part} does not drop all capabilities");
            let fault = pod.wants(RULE, part, &["capabilities", "drop"], what);
            faults.push(
                fault.help("set `securityContext: {capabilities: {drop: [ALL]}}` in the container"),
            );
        }
        for (node, name) in added(part).filter(|(_, name)| *name != BIND) {
            faults.push(adds(pod, RULE, part, node, name).help(instead(name, &[BIND])));
        }
    }
}

fn added<'a>(part: &Part<'a>) -> impl Iterator<Item = (Node<'a>, &'a str)> + use<'a> {
    let add = part
        .security("capabilities")
        .and_then(|node| node.get("add"));
    let items = add.into_iter().flat_map(Node::items);
    items.filter_map(|node| Some((node, node.as_str()?)))
}

fn adds<'a>(
    pod: &Pod<'a>,
    rule: &'static Rule,
    part: &Part<'a>,
    node: Node<'a>,
    name: &str,
) -> Fault<'a> {
    pod.forbids(rule, node, format!("{part} adds the capability `{name}`"))
}

/// Says what may be added instead of a capability; its right spelling, where it is only misspelt.
fn instead(name: &str, allowed: &[&str]) -> String {
    let upper = name.to_ascii_uppercase();
    let spelt = upper.strip_prefix("CAP_").unwrap_or(&upper);
    if allowed.contains(&spelt) {
        return format!("write `{spelt}`: the name is compared letter by letter");
    }
    match allowed {
        [one] => format!("remove it; only `{one}` may be added"),
        all => format!("remove it; these may be added: {}", all.join(", ")),
    }
}

/// `procMount`.
pub(super) fn proc_mount<'a>(pod: &Pod<'a>, faults: &mut Vec<Fault<'a>>) {
    if !pod.is_exempt_in_user_namespace() {
        let help = if pod.since(35) {
            "remove `procMount`, or give the pod a user namespace: `hostUsers: false`"
        } else {
            "remove `procMount`"
        };
        mounts(pod, &rules::PROC_MOUNT, help, faults);
    }
}

/// `procMount_restricted`: also in user namespaces.
pub(super) fn proc_mount_restricted<'a>(pod: &Pod<'a>, faults: &mut Vec<Fault<'a>>) {
    let rule = &rules::PROC_MOUNT_RESTRICTED;
    mounts(pod, rule, "remove `procMount`", faults);
}

fn mounts<'a>(pod: &Pod<'a>, rule: &'static Rule, help: &'static str, faults: &mut Vec<Fault<'a>>) {
    for part in &pod.containers {
        let security = part.node.get("securityContext");
        let mount = security.and_then(|security| text(security, "procMount"));
        if let Some((value, mount)) = mount.filter(|(_, mount)| *mount != "Default") {
            let what = format!("{part} has `procMount: {mount}`");
            faults.push(pod.forbids(rule, value, what).help(help));
        }
    }
}

/// `sysctls`.
pub(super) fn sysctls<'a>(pod: &Pod<'a>, faults: &mut Vec<Fault<'a>>) {
    let list = pod.own.security("sysctls");
    let items = list.into_iter().flat_map(Node::items);
    for (value, name) in items.filter_map(|item| text(item, "name")) {
        let allowed = |(known, since): &(&str, u8)| *known == name && pod.since(*since);
        if !PARAMETERS.iter().any(allowed) {
            let what = format!("this pod sets the kernel parameter `{name}`");
            let fault = pod.forbids(&rules::SYSCTLS, value, what);
            faults.push(fault.help(parameter(pod, name)));
        }
    }
}

/// Says what to do about a kernel parameter.
fn parameter(pod: &Pod<'_>, name: &str) -> String {
    let dotted = name.replace('/', ".");
    let known = PARAMETERS.iter().find(|(known, _)| *known == dotted);
    match known {
        Some((known, since)) if !pod.since(*since) => {
            format!("remove it; `{known}` is allowed since v1.{since} of the standards")
        }
        Some((known, _)) => format!("write `{known}`: the name is compared letter by letter"),
        None => "remove it; what all pods of a node need is set on the node".to_owned(),
    }
}
