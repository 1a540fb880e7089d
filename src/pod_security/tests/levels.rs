//! Which checks hold: levels, labels, modes, versions.

use super::*;

/// Returns the minor versions of the standard in which a check fires on a pod, written as runs: `0-18 31-37`.
fn firing(level: &str, rule: &str, pod: &str) -> String {
    let fires = |minor: u8| {
        let labels = format!("enforce={level} enforce-version=v1.{minor}");
        judged(&labels, pod).iter().any(|seen| seen.rule == rule)
    };
    let mut runs: Vec<(u8, u8)> = Vec::new();
    for minor in (0..=37).filter(|minor| fires(*minor)) {
        match runs.last_mut() {
            Some((_, end)) if *end + 1 == minor => *end = minor,
            _ => runs.push((minor, minor)),
        }
    }
    let words = runs.iter().map(|(start, end)| format!("{start}-{end}"));
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn each_check_holds_in_its_versions() {
    let soft = |place: &str, with: &str| fill(SOFT, &[(place, with)]);
    let sysctl = |name: &str| {
        soft(
            "SECURITY",
            &format!("sysctls: [{{name: {name}, value: a}}]"),
        )
    };
    let seccomp = soft("CONTEXT", "seccompProfile: {type: Unconfined}");
    let annotated = |key: &str| soft("ANNOTATION", &format!("{key}: unconfined"));
    let of_pod = annotated("seccomp.security.alpha.kubernetes.io/pod");
    let of_container = annotated("container.seccomp.security.alpha.kubernetes.io/c");
    let of_no_container = annotated("container.seccomp.security.alpha.kubernetes.io/d");
    let windows = soft("POD", "os: {name: windows}");
    let apart = |more: &str| {
        let mount = format!("procMount: Unmasked, {more}");
        fill(SOFT, &[("POD", "hostUsers: false"), ("CONTEXT", &mount)])
    };
    let bare = soft("CONTEXT", "");
    let volume = soft("POD", "volumes: [{name: a, hostPath: {path: /}}]");
    let adds = soft("CONTEXT", "capabilities: {add: [SYS_ADMIN]}");
    for (level, rule, pod, versions) in [
        (
            "baseline",
            "host-namespaces",
            soft("POD", "hostIPC: true"),
            "0-37",
        ),
        (
            "baseline",
            "host-probes-and-host-lifecycle",
            soft("CONTAINER", "livenessProbe: {httpGet: {host: h}}"),
            "34-37",
        ),
        (
            "baseline",
            "se-linux-options",
            soft("CONTEXT", "seLinuxOptions: {type: container_engine_t}"),
            "0-30",
        ),
        ("baseline", "sysctls", sysctl("kernel.shm_rmid_forced"), ""),
        (
            "baseline",
            "sysctls",
            sysctl("net.ipv4.ip_local_reserved_ports"),
            "0-26",
        ),
        (
            "baseline",
            "sysctls",
            sysctl("net.ipv4.tcp_keepalive_probes"),
            "0-28",
        ),
        ("baseline", "sysctls", sysctl("net.ipv4.tcp_wmem"), "0-31"),
        (
            "baseline",
            "sysctls",
            sysctl("net.ipv4.tcp_notsent_lowat"),
            "0-36",
        ),
        (
            "baseline",
            "sysctls",
            sysctl("net/ipv4/tcp_syncookies"),
            "0-37",
        ),
        (
            "baseline",
            "proc-mount",
            soft("CONTEXT", "procMount: Unmasked"),
            "0-37",
        ),
        ("baseline", "proc-mount", apart(""), "0-34"),
        ("restricted", "proc-mount", apart(""), "0-34"),
        ("restricted", "proc-mount-restricted", apart(""), "35-37"),
        ("restricted", "run-as-non-root", bare.clone(), "0-37"),
        (
            "restricted",
            "run-as-non-root",
            apart("runAsNonRoot: false"),
            "0-34",
        ),
        (
            "restricted",
            "run-as-user",
            soft("SECURITY", "runAsUser: 0"),
            "23-37",
        ),
        ("restricted", "run-as-user", apart("runAsUser: 0"), "23-34"),
        (
            "restricted",
            "allow-privilege-escalation",
            bare.clone(),
            "8-37",
        ),
        (
            "restricted",
            "allow-privilege-escalation",
            windows.clone(),
            "8-24",
        ),
        (
            "restricted",
            "seccomp-profile-restricted",
            bare.clone(),
            "19-37",
        ),
        (
            "restricted",
            "seccomp-profile-restricted",
            windows.clone(),
            "19-24",
        ),
        (
            "restricted",
            "capabilities-restricted",
            bare.clone(),
            "22-37",
        ),
        (
            "restricted",
            "capabilities-restricted",
            windows.clone(),
            "22-24",
        ),
        // Windows has users.
        ("restricted", "run-as-non-root", windows, "0-37"),
        (
            "baseline",
            "seccomp-profile-baseline",
            seccomp.clone(),
            "19-37",
        ),
        (
            "baseline",
            "seccomp-profile-baseline",
            of_pod.clone(),
            "0-18",
        ),
        ("baseline", "seccomp-profile-baseline", of_container, "0-18"),
        ("baseline", "seccomp-profile-baseline", of_no_container, ""),
        ("restricted", "seccomp-profile-baseline", of_pod, "0-18"),
        ("restricted", "seccomp-profile-baseline", seccomp, ""),
        ("baseline", "host-path-volumes", volume.clone(), "0-37"),
        ("restricted", "host-path-volumes", volume.clone(), ""),
        ("restricted", "restricted-volumes", volume, "0-37"),
        ("baseline", "capabilities-baseline", adds.clone(), "0-37"),
        ("restricted", "capabilities-baseline", adds, "0-21"),
        (
            "privileged",
            "host-namespaces",
            soft("POD", "hostIPC: true"),
            "",
        ),
    ] {
        assert_eq!(firing(level, rule, &pod), versions, "{level} {rule}\n{pod}");
    }
}

#[test]
fn the_server_judges_by_the_version_of_the_label_or_its_own() {
    let pod = fill(
        SOFT,
        &[("CONTAINER", "livenessProbe: {httpGet: {host: h}}")],
    );
    for (labels, server, fires) in [
        ("enforce=baseline", 33, false),
        ("enforce=baseline", 34, true),
        ("enforce=baseline enforce-version=latest", 34, true),
        ("enforce=baseline enforce-version=v1.33", 37, false),
        ("enforce=baseline enforce-version=v1.0", 37, false),
        // Newer than the server: it knows no more than its own.
        ("enforce=baseline enforce-version=v1.34", 33, false),
        ("enforce=baseline enforce-version=v1.999", 34, true),
        // The version of another mode is another's.
        ("enforce=baseline warn-version=v1.33", 34, true),
    ] {
        let yaml = format!("{pod}{}", namespace(labels));
        let found = seen(&yaml, &for_versions(&[server]));
        assert_eq!(!found.is_empty(), fires, "{labels} {server}: {found:?}");
    }
    let pinned = judged(
        "enforce=restricted enforce-version=v1.30",
        &fill(HARD, &[("POD", "hostPID: true")]),
    );
    assert_eq!(
        pinned[0].message,
        "this pod sees the node's processes, which `restricted` of v1.30 forbids"
    );
}

#[test]
fn a_place_is_told_once_at_the_worst_mode_that_minds_it() {
    let enforce = "pod-security.kubernetes.io/enforce";
    let (warn, audit) = (
        "pod-security.kubernetes.io/warn",
        "pod-security.kubernetes.io/audit",
    );
    let pod = fill(
        SOFT,
        &[
            (
                "CONTEXT",
                "capabilities: {drop: [ALL], add: [SYS_ADMIN]}, allowPrivilegeEscalation: false",
            ),
            ("SECURITY", "seccompProfile: {type: RuntimeDefault}"),
        ],
    );
    let (base, hard, user) = (
        "capabilities-baseline",
        "capabilities-restricted",
        "run-as-non-root",
    );
    for (labels, expected) in [
        ("enforce=baseline", vec![(base, Error, enforce)]),
        ("warn=baseline", vec![(base, Warning, warn)]),
        ("audit=baseline", vec![(base, Note, audit)]),
        (
            "audit=restricted",
            vec![(user, Note, audit), (hard, Note, audit)],
        ),
        (
            "enforce=privileged audit=restricted warn=restricted",
            vec![(user, Warning, warn), (hard, Warning, warn)],
        ),
        (
            "enforce=restricted audit=restricted warn=restricted",
            vec![(user, Error, enforce), (hard, Error, enforce)],
        ),
        (
            "enforce=baseline warn=restricted",
            vec![(base, Error, enforce), (user, Warning, warn)],
        ),
        (
            "enforce=baseline audit=restricted warn=baseline",
            vec![(base, Error, enforce), (user, Note, audit)],
        ),
        (
            "warn=baseline audit=restricted",
            vec![(base, Warning, warn), (user, Note, audit)],
        ),
        ("", vec![]),
    ] {
        let found = judged(labels, &pod);
        let short: Vec<(&str, Severity, &str)> = found
            .iter()
            .map(|seen| (seen.rule.as_str(), seen.severity, seen.related[0].as_str()))
            .collect();
        assert_eq!(short, expected, "{labels}");
    }
}

#[test]
fn labels_win_over_the_level_of_the_settings() {
    let pod = fill(SOFT, &[("POD", "hostPID: true")]);
    let run = |labels: Option<&str>, level| {
        let yaml = format!("{pod}{}", labels.map(namespace).unwrap_or_default());
        let settings = Settings {
            pod_security: level,
            ..for_versions(&[37])
        };
        let found = seen(&yaml, &settings);
        let short = found
            .iter()
            .map(|seen| format!("{} {}", seen.rule, seen.severity));
        short.collect::<Vec<_>>().join(", ")
    };
    let all = "host-namespaces error, allow-privilege-escalation error, run-as-non-root error, seccomp-profile-restricted error, capabilities-restricted error";
    for (labels, level, expected) in [
        (None, None, ""),
        (None, Some(Level::Privileged), ""),
        (None, Some(Level::Baseline), "host-namespaces error"),
        (None, Some(Level::Restricted), all),
        (Some(""), Some(Level::Baseline), "host-namespaces error"),
        (Some("enforce=privileged"), Some(Level::Restricted), ""),
        (
            Some("enforce=baseline"),
            Some(Level::Restricted),
            "host-namespaces error",
        ),
        // The level of the settings is enforced unless a label enforces one, as the server's default is.
        (
            Some("warn=baseline"),
            Some(Level::Baseline),
            "host-namespaces error",
        ),
        (
            Some("audit=privileged"),
            Some(Level::Baseline),
            "host-namespaces error",
        ),
        (
            Some("enforce=Baseline"),
            Some(Level::Restricted),
            "label error",
        ),
    ] {
        assert_eq!(run(labels, level), expected, "{labels:?} {level:?}");
    }
}

#[test]
fn labels_are_read_as_the_server_reads_them() {
    let label = |labels: &str| {
        let found = judged(labels, &fill(HARD, &[]));
        let words = found.into_iter().map(|seen| {
            assert_eq!(seen.rule, "label");
            format!(
                "{} {} {}: {}",
                seen.severity, seen.field, seen.text, seen.message
            )
        });
        words.collect::<Vec<_>>().join("\n")
    };
    for good in [
        "enforce=privileged audit=baseline warn=restricted",
        "enforce-version=latest audit-version=v1.0 warn-version=v1.30",
        "enforce=restricted enforce-version=v1.9000",
    ] {
        assert_eq!(label(good), "", "{good}");
    }
    let field = |name: &str| format!("metadata.labels[pod-security.kubernetes.io/{name}]");
    for (name, value, near) in [
        ("enforce", "Restricted", "; did you mean `restricted`?"),
        ("audit", "basline", "; did you mean `baseline`?"),
        ("warn", "", ""),
        ("enforce", "latest", ""),
    ] {
        let expected = format!(
            "error {} '{value}': `{value}` is no level of the Pod Security Standards{near}",
            field(name)
        );
        assert_eq!(label(&format!("{name}={value}")), expected);
    }
    for (value, near) in [
        ("1.34", "; did you mean `v1.34`?"),
        ("v1.034", ""),
        ("v1.-3", ""),
        ("v1.+3", ""),
        ("v1.", ""),
        ("v1.34.1", ""),
        ("v2.1", ""),
        ("Latest", ""),
        ("v1.99999999999999999999", ""),
    ] {
        let expected = format!(
            "error {} '{value}': `{value}` is no version of the Pod Security Standards{near}",
            field("warn-version")
        );
        assert_eq!(label(&format!("warn-version={value}")), expected);
    }
    assert_eq!(
        label("enforced=restricted"),
        format!(
            "warning {} pod-security.kubernetes.io/enforced: Pod Security has no label `pod-security.kubernetes.io/enforced`; did you mean `enforce`?",
            field("enforced")
        )
    );
}

#[test]
fn what_holds_for_some_versions_only_says_for_which() {
    let pod = fill(
        SOFT,
        &[
            ("POD", "hostPID: true"),
            ("SECURITY", "sysctls: [{name: net.ipv4.tcp_rmem, value: a}]"),
            ("CONTAINER", "livenessProbe: {httpGet: {host: h}}"),
        ],
    );
    let yaml = format!("{pod}{}", namespace("enforce=baseline"));
    let messages: Vec<String> = seen(&yaml, &for_versions(&[31, 33, 34, 37]))
        .into_iter()
        .map(|seen| seen.message)
        .collect();
    assert_eq!(
        messages,
        [
            "this pod sees the node's processes, which `baseline` forbids",
            "this pod sets the kernel parameter `net.ipv4.tcp_rmem`, which `baseline` forbids (Kubernetes 1.31)",
            "the `livenessProbe` of container `c` goes to the host `h`, which `baseline` forbids (Kubernetes 1.34, 1.37)",
        ]
    );
    // In one version `baseline` minds it and is enforced, in the others `restricted`, of which there is a warning.
    let mount = fill(
        HARD,
        &[
            ("POD", "hostUsers: false"),
            ("CONTEXT", "procMount: Unmasked"),
        ],
    );
    let yaml = format!("{mount}{}", namespace("enforce=baseline warn=restricted"));
    let found = seen(&yaml, &for_versions(&[34, 35]));
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].rule.as_str(), found[0].severity),
        ("proc-mount", Error)
    );
}

#[test]
fn every_namespace_has_its_own_level() {
    let pod = fill(SOFT, &[("POD", "hostPID: true")]);
    let elsewhere = pod.replace("namespace: ns", "namespace: other");
    let nowhere = pod.replace(", namespace: ns", "");
    let default = namespace("enforce=baseline").replace("name: ns", "name: default");
    let yaml = [
        &pod,
        "---\n",
        &elsewhere,
        "---\n",
        &nowhere,
        &namespace("warn=baseline"),
        &default,
    ]
    .concat();
    let severities: Vec<Severity> = seen(&yaml, &for_versions(&[37]))
        .iter()
        .map(|seen| seen.severity)
        .collect();
    assert_eq!(severities, [Warning, Error]);
    // A namespace of another group is none.
    let other =
        namespace("enforce=baseline").replace("apiVersion: v1", "apiVersion: example.org/v1");
    assert_eq!(seen(&format!("{pod}{other}"), &for_versions(&[37])), []);
}
