//! Security contexts, operating systems and namespaces of the node (`ValidateSecurityContext`,
//! `validatePodSpecSecurityContext`, `validateOS`, `validateHostUsers`, `validateWindowsHostProcessPod`).

use std::collections::HashSet;

use super::pod::{containers, flag, forbidden};
use crate::api::Fact::{self, Filled, OneOf, RelativePath, Required, Spelled, Within};
use crate::api::fact::{self, is_empty, text};
use crate::api::names::Spelling::Subdomain;
use crate::api::{Context, Definition, rules};
use crate::manifest::Fault;
use crate::yaml::Node;

/// User and group ids are those of Linux, as far as a signed integer goes.
const ID: Fact = Within(0, 2_147_483_647);

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "core.v1.PodSpec",
        facts: &[],
        rules: &[
            shared_processes,
            user_namespace,
            proc_mounts,
            sysctls,
            operating_system,
            host_process,
        ],
    },
    Definition {
        name: "core.v1.PodOS",
        facts: &[("name", Required), ("name", OneOf(&["linux", "windows"]))],
        rules: &[],
    },
    Definition {
        name: "core.v1.PodSecurityContext",
        facts: &[
            ("runAsUser", ID),
            ("runAsGroup", ID),
            ("fsGroup", ID),
            ("supplementalGroups", ID),
            ("fsGroupChangePolicy", Filled),
            ("fsGroupChangePolicy", OneOf(&["OnRootMismatch", "Always"])),
        ],
        rules: &[newer_policies],
    },
    Definition {
        name: "core.v1.SecurityContext",
        facts: &[("runAsUser", ID), ("runAsGroup", ID)],
        rules: &[escalation],
    },
    Definition {
        name: "core.v1.SeccompProfile",
        facts: &[
            ("type", Required),
            (
                "type",
                OneOf(&["RuntimeDefault", "Unconfined", "Localhost"]),
            ),
            ("localhostProfile", RelativePath),
        ],
        rules: &[localhost_profile],
    },
    Definition {
        name: "core.v1.AppArmorProfile",
        facts: &[
            ("type", Required),
            (
                "type",
                OneOf(&["RuntimeDefault", "Unconfined", "Localhost"]),
            ),
        ],
        rules: &[localhost_profile, app_armor_profile],
    },
    Definition {
        name: "core.v1.Sysctl",
        facts: &[("name", Required)],
        rules: &[sysctl_name],
    },
    Definition {
        name: "core.v1.WindowsSecurityContextOptions",
        facts: &[
            ("gmsaCredentialSpecName", Filled),
            ("gmsaCredentialSpecName", Spelled(Subdomain)),
            ("gmsaCredentialSpec", Filled),
            ("runAsUserName", Filled),
        ],
        rules: &[credential_size, user_name],
    },
];

/// Returns a field's key where the field is set to anything.
fn set<'a>(node: Node<'a>, field: &str) -> Option<Node<'a>> {
    node.entry(field)
        .filter(|(_, value)| !value.is_null())
        .map(|(key, _)| key)
}

fn shared_processes<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if flag(spec, "shareProcessNamespace") == Some(true)
        && flag(spec, "hostPID") == Some(true)
        && let Some(key) = set(spec, "shareProcessNamespace")
    {
        faults.push(forbidden(key, "cannot stand beside `hostPID: true`"));
    }
}

/// User namespaces count since 1.33; before, the server drops `hostUsers`. The node's network came to them with 1.36.
fn user_namespace<'a>(context: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if flag(spec, "hostUsers") != Some(false) || !context.since(33) {
        return;
    }
    for field in ["hostNetwork", "hostPID", "hostIPC"] {
        if flag(spec, field) == Some(true)
            && !(field == "hostNetwork" && context.since(36))
            && let Some(key) = set(spec, field)
        {
            faults.push(forbidden(key, "cannot stand beside `hostUsers: false`"));
        }
    }
}

/// Since 1.33; before, the server resets it to `Default`.
fn proc_mounts<'a>(context: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if !context.since(33) {
        return;
    }
    for (_, container) in containers(spec) {
        let Some(value) = container.path(&["securityContext", "procMount"]) else {
            continue;
        };
        if value.as_str() == Some("Unmasked") {
            if flag(spec, "hostUsers") != Some(false) {
                let message = "`Unmasked` needs `hostUsers: false` in the pod";
                faults.push(
                    Fault::new(&rules::CONFLICT, value, message)
                        .help("remove `procMount`, or set `hostUsers: false` in the pod's spec"),
                );
            }
        } else {
            Filled.of_value(value, faults);
            OneOf(&["Default", "Unmasked"]).of_value(value, faults);
        }
    }
}

/// Kernel parameters are set once, and not those of a namespace that is the node's.
fn sysctls<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let sysctls = spec
        .path(&["securityContext", "sysctls"])
        .into_iter()
        .flat_map(Node::items);
    let mut seen = HashSet::new();
    for sysctl in sysctls {
        let Some((node, text)) = sysctl
            .get("name")
            .and_then(|name| Some((name, name.as_str()?)))
        else {
            continue;
        };
        let name = text.replace('/', ".");
        let ipc = ["kernel.shm", "kernel.msg", "fs.mqueue."]
            .iter()
            .any(|prefix| name.starts_with(prefix));
        let host = match () {
            () if name.starts_with("net.") => "hostNetwork",
            () if ipc || name == "kernel.sem" => "hostIPC",
            () => "",
        };
        if !seen.insert(text) {
            let message = "this kernel parameter is set twice";
            faults.push(Fault::new(&rules::DUPLICATE, node, message));
        } else if flag(spec, host) == Some(true) {
            let message = format!(
                "with `{host}: true` this kernel parameter is the node's, and cannot be set"
            );
            faults.push(
                Fault::new(&rules::CONFLICT, node, message).help(format!("remove it, or `{host}`")),
            );
        }
    }
}

fn sysctl_name<'a>(_: &Context<'a>, sysctl: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let part = |part: &str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = part.as_bytes();
        bytes.first().copied().is_some_and(plain)
            && bytes.last().copied().is_some_and(plain)
            && bytes
                .iter()
                .all(|byte| plain(*byte) || matches!(byte, b'-' | b'_'))
    };
    let name = text(sysctl, "name");
    if let Some(node) = sysctl.get("name").filter(|_| !name.is_empty())
        && !(name.len() <= 253 && name.split(['.', '/']).all(part))
    {
        let message = "the name of a kernel parameter must be lower-case letters, digits, `-` and `_`, with `.` or `/` between";
        faults.push(Fault::new(&rules::NAME, node, message));
    }
}

/// Policies that count since 1.33; before, the server drops them.
fn newer_policies<'a>(context: &Context<'a>, security: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    const FACTS: &[(&str, Fact)] = &[
        ("supplementalGroupsPolicy", Filled),
        ("supplementalGroupsPolicy", OneOf(&["Merge", "Strict"])),
        ("seLinuxChangePolicy", Filled),
        ("seLinuxChangePolicy", OneOf(&["MountOption", "Recursive"])),
    ];
    if context.since(33) {
        fact::check(FACTS, security, faults);
    }
}

fn escalation<'a>(_: &Context<'a>, security: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(value) = security
        .get("allowPrivilegeEscalation")
        .filter(|value| value.as_bool() == Some(false))
    else {
        return;
    };
    let added = security
        .path(&["capabilities", "add"])
        .into_iter()
        .flat_map(Node::items);
    let why = if flag(security, "privileged") == Some(true) {
        "`privileged: true`"
    } else if added
        .into_iter()
        .any(|name| name.as_str() == Some("CAP_SYS_ADMIN"))
    {
        "the capability `CAP_SYS_ADMIN`"
    } else {
        return;
    };
    let message = format!("`allowPrivilegeEscalation: false` cannot stand beside {why}");
    faults.push(Fault::new(&rules::CONFLICT, value, message).help("remove one of the two"));
}

fn localhost_profile<'a>(_: &Context<'a>, profile: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    match (text(profile, "type"), set(profile, "localhostProfile")) {
        ("Localhost", None) => {
            let message = "`type: Localhost` needs `localhostProfile`";
            faults.push(
                Fault::new(&rules::REQUIRED, profile, message)
                    .below("localhostProfile")
                    .help("name the profile"),
            );
        }
        ("RuntimeDefault" | "Unconfined", Some(key)) => {
            let fault = forbidden(key, "needs `type: Localhost`");
            faults.push(fault.help("remove it, or set `type: Localhost`"));
        }
        _ => {}
    }
}

fn app_armor_profile<'a>(_: &Context<'a>, profile: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(value) = profile
        .get("localhostProfile")
        .filter(|_| text(profile, "type") == "Localhost")
    else {
        return;
    };
    let Some(name) = value.as_str() else { return };
    let fault = match () {
        () if name.is_empty() => Fault::new(
            &rules::REQUIRED,
            value,
            "`localhostProfile` must not be empty",
        ),
        () if name.trim() != name => Fault::new(
            &rules::NAME,
            value,
            "the name of a profile must not begin or end with space",
        ),
        () if name.len() > 4095 => Fault::new(
            &rules::RANGE,
            value,
            "the name of a profile may have 4095 characters at most",
        ),
        () => return,
    };
    faults.push(fault);
}

fn credential_size<'a>(_: &Context<'a>, options: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if text(options, "gmsaCredentialSpec").len() > 64 << 10
        && let Some(value) = options.get("gmsaCredentialSpec")
    {
        let message = "this may have 64 KiB at most";
        faults.push(Fault::new(&rules::RANGE, value, message));
    }
}

/// `USER`, or `DOMAIN\USER`.
fn user_name<'a>(_: &Context<'a>, options: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(value) = options
        .get("runAsUserName")
        .filter(|value| !is_empty(*value))
    else {
        return;
    };
    let name = value.as_str().unwrap_or_default();
    let (domain, user) = name.split_once('\\').unwrap_or(("", name));
    let message = match () {
        () if name.chars().any(char::is_control) => {
            "a user's name must not hold control characters"
        }
        () if user.contains('\\') => {
            "a user's name has one backslash at most, between domain and user"
        }
        () if user.is_empty() => "the user's name behind the backslash is missing",
        () if user.len() > 104 => "a user's name may have 104 characters at most",
        () if domain.len() > 255 => "a domain's name may have 255 characters at most",
        () if user.contains([
            '"', '/', ':', ';', '|', '=', ',', '+', '*', '?', '<', '>', '@', '[', ']',
        ]) =>
        {
            "a user's name must not hold any of \" / : ; | = , + * ? < > @ [ ]"
        }
        () if user.chars().all(|c| c == '.' || c == ' ') => {
            "a user's name must not be only dots and spaces"
        }
        () => return,
    };
    faults.push(Fault::new(&rules::NAME, value, message));
}

/// What has no meaning on Windows, in a pod and in its security context.
const NOT_ON_WINDOWS: (&[&str], &[&str]) = (
    &["hostPID", "hostIPC", "hostUsers", "shareProcessNamespace"],
    &[
        "appArmorProfile",
        "seLinuxOptions",
        "seccompProfile",
        "fsGroup",
        "fsGroupChangePolicy",
        "sysctls",
        "runAsUser",
        "runAsGroup",
        "supplementalGroups",
        "supplementalGroupsPolicy",
    ],
);

/// What has no meaning on Windows, in a container's security context.
const NOT_IN_WINDOWS_CONTAINERS: &[&str] = &[
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
];

fn operating_system<'a>(context: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let system = spec.get("os").map_or("", |os| text(os, "name"));
    let securities =
        || containers(spec).filter_map(|(_, container)| container.get("securityContext"));
    match system {
        "linux" => {
            for security in spec.get("securityContext").into_iter().chain(securities()) {
                if let Some(key) = set(security, "windowsOptions") {
                    faults.push(forbidden(key, "cannot be set for a pod of Linux"));
                }
            }
        }
        "windows" => {
            let (of_pod, of_context) = NOT_ON_WINDOWS;
            // These say nothing where they are false, and the server drops what it does not know yet.
            let counts = |field: &str| match field {
                "hostPID" | "hostIPC" => flag(spec, field) == Some(true),
                "hostUsers" | "supplementalGroupsPolicy" => context.since(33),
                _ => true,
            };
            let pod = of_pod
                .iter()
                .filter(|field| counts(field))
                .filter_map(|field| set(spec, field));
            let security = spec.get("securityContext");
            let fields = of_context.iter().filter(|field| counts(field));
            let of_security = fields.filter_map(|field| security?.entry(field));
            let of_security = of_security
                .filter(|(_, value)| !is_empty(*value))
                .map(|(key, _)| key);
            let inside = securities().flat_map(|security| {
                NOT_IN_WINDOWS_CONTAINERS
                    .iter()
                    .filter_map(move |field| set(security, field))
            });
            for key in pod.chain(of_security).chain(inside) {
                faults.push(forbidden(key, "cannot be set for a pod of Windows"));
            }
        }
        _ => {}
    }
}

/// Host processes of Windows: all containers or none, and on the node's network.
fn host_process<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    const PATH: &[&str] = &["securityContext", "windowsOptions", "hostProcess"];
    let of_pod = spec.path(PATH).and_then(Node::as_bool);
    let (mut count, mut all) = (0, 0);
    for (_, container) in containers(spec) {
        all += 1;
        let value = container.path(PATH);
        let own = value.and_then(Node::as_bool);
        if let (Some(value), Some(own), Some(of_pod)) = (value, own, of_pod)
            && own != of_pod
        {
            let message = "`hostProcess` must be the same as in the pod";
            faults.push(
                Fault::new(&rules::CONFLICT, value, message)
                    .help("set it in one of the two places"),
            );
        }
        count += usize::from(own.or(of_pod) == Some(true));
    }
    if count > 0 && count != all {
        let message = "either all containers of a pod are host processes, or none";
        faults.push(
            Fault::new(&rules::CONFLICT, spec, message)
                .help("set `hostProcess` in the pod's `securityContext`"),
        );
    }
    if count > 0 && flag(spec, "hostNetwork") != Some(true) {
        let message = "a pod of host processes needs `hostNetwork: true`";
        faults.push(match spec.get("hostNetwork") {
            Some(value) => Fault::new(&rules::CONFLICT, value, message),
            None => Fault::new(&rules::REQUIRED, spec, message).below("hostNetwork"),
        });
    }
}

#[cfg(test)]
#[allow(clippy::too_many_lines, reason = "cases are lines of a table")]
#[path = "tests/security.rs"]
mod tests;
