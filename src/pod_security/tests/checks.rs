//! What each check forbids, and where it points.

use super::*;

#[test]
fn baseline_points_at_what_it_forbids() {
    for (place, with, expected) in [
        (
            "POD",
            "hostNetwork: true",
            &["host-namespaces spec.hostNetwork true"][..],
        ),
        (
            "POD",
            "hostPID: true",
            &["host-namespaces spec.hostPID true"],
        ),
        (
            "POD",
            "hostIPC: true",
            &["host-namespaces spec.hostIPC true"],
        ),
        (
            "SECURITY",
            "windowsOptions: {hostProcess: true}",
            &["windows-host-process spec.securityContext.windowsOptions.hostProcess true"],
        ),
        (
            "CONTEXT",
            "windowsOptions: {hostProcess: true}",
            &[
                "windows-host-process spec.containers[0].securityContext.windowsOptions.hostProcess true",
            ],
        ),
        (
            "CONTAINER",
            "ports: [{containerPort: 1, hostPort: 0}, {containerPort: 2, hostPort: 3}]",
            &["host-ports spec.containers[0].ports[1].hostPort 3"],
        ),
        (
            "CONTAINER",
            "startupProbe: {tcpSocket: {port: 1, host: '::1'}}",
            &[
                "host-probes-and-host-lifecycle spec.containers[0].startupProbe.tcpSocket.host '::1'",
            ],
        ),
        (
            "CONTAINER",
            "lifecycle: {postStart: {httpGet: {port: 1, host: h}}, preStop: {tcpSocket: {port: 1, host: i}}}",
            &[
                "host-probes-and-host-lifecycle spec.containers[0].lifecycle.postStart.httpGet.host h",
                "host-probes-and-host-lifecycle spec.containers[0].lifecycle.preStop.tcpSocket.host i",
            ],
        ),
        (
            "POD",
            "volumes: [{name: a, emptyDir: {}}, {name: b, hostPath: {path: /a}}]",
            &["host-path-volumes spec.volumes[1].hostPath hostPath"],
        ),
        (
            "CONTEXT",
            "privileged: true",
            &["privileged spec.containers[0].securityContext.privileged true"],
        ),
        (
            "CONTEXT",
            "capabilities: {add: [CHOWN, NET_RAW, CAP_CHOWN, kill]}",
            &[
                "capabilities-baseline spec.containers[0].securityContext.capabilities.add[1] NET_RAW",
                "capabilities-baseline spec.containers[0].securityContext.capabilities.add[2] CAP_CHOWN",
                "capabilities-baseline spec.containers[0].securityContext.capabilities.add[3] kill",
            ],
        ),
        (
            "CONTEXT",
            "procMount: Unmasked",
            &["proc-mount spec.containers[0].securityContext.procMount Unmasked"],
        ),
        (
            "SECURITY",
            "appArmorProfile: {type: Unconfined}",
            &["app-armor-profile spec.securityContext.appArmorProfile.type Unconfined"],
        ),
        (
            "CONTEXT",
            "appArmorProfile: {type: Unconfined}",
            &[
                "app-armor-profile spec.containers[0].securityContext.appArmorProfile.type Unconfined",
            ],
        ),
        (
            "ANNOTATION",
            "container.apparmor.security.beta.kubernetes.io/any: unconfined",
            &[
                "app-armor-profile metadata.annotations[container.apparmor.security.beta.kubernetes.io/any] unconfined",
            ],
        ),
        (
            "SECURITY",
            "seLinuxOptions: {type: spc_t, user: u, role: r, level: l}",
            &[
                "se-linux-options spec.securityContext.seLinuxOptions.type spc_t",
                "se-linux-options spec.securityContext.seLinuxOptions.user u",
                "se-linux-options spec.securityContext.seLinuxOptions.role r",
            ],
        ),
        (
            "CONTEXT",
            "seLinuxOptions: {role: r}",
            &["se-linux-options spec.containers[0].securityContext.seLinuxOptions.role r"],
        ),
        (
            "SECURITY",
            "seccompProfile: {type: Unconfined}",
            &["seccomp-profile-baseline spec.securityContext.seccompProfile.type Unconfined"],
        ),
        (
            "CONTEXT",
            "seccompProfile: {type: Unconfined}",
            &[
                "seccomp-profile-baseline spec.containers[0].securityContext.seccompProfile.type Unconfined",
            ],
        ),
        (
            "SECURITY",
            "sysctls: [{name: net.ipv4.tcp_rmem, value: a}, {name: kernel.msgmax, value: b}]",
            &["sysctls spec.securityContext.sysctls[1].name kernel.msgmax"],
        ),
    ] {
        assert_places(BASELINE, &fill(SOFT, &[(place, with)]), expected);
    }
}

#[test]
fn baseline_lets_the_usual_and_the_unusual_pass() {
    for (place, with) in [
        (
            "POD",
            "hostNetwork: false\n  hostPID: null\n  hostIPC: false\n  hostUsers: true",
        ),
        (
            "POD",
            "volumes: [{name: a, hostPath: null}, {name: b, nfs: {server: s, path: /}}, {name: c}]",
        ),
        (
            "CONTAINER",
            "ports: [{containerPort: 1, hostPort: 0}, {containerPort: 2}]",
        ),
        ("CONTAINER", "ports: null"),
        (
            "CONTAINER",
            "livenessProbe: {httpGet: {port: 1, host: ''}}\n    readinessProbe: {tcpSocket: null}",
        ),
        ("CONTAINER", "lifecycle: {preStop: {exec: {command: [a]}}}"),
        ("CONTEXT", "privileged: false"),
        ("CONTEXT", "privileged: null"),
        (
            "CONTEXT",
            "capabilities: {add: [NET_BIND_SERVICE, SYS_CHROOT], drop: [anything]}",
        ),
        ("CONTEXT", "capabilities: null"),
        ("CONTEXT", "procMount: Default"),
        ("CONTEXT", "windowsOptions: {hostProcess: false}"),
        (
            "SECURITY",
            "appArmorProfile: {type: Localhost, localhostProfile: a}, runAsUser: 0",
        ),
        (
            "SECURITY",
            "seLinuxOptions: {type: '', user: '', role: '', level: 's0'}",
        ),
        (
            "SECURITY",
            "seLinuxOptions: {type: container_kvm_t}, seccompProfile: {type: Localhost}",
        ),
        (
            "SECURITY",
            "sysctls: [{name: net.ipv4.tcp_syncookies, value: '1'}]",
        ),
        (
            "ANNOTATION",
            "container.apparmor.security.beta.kubernetes.io/c: localhost/x",
        ),
        (
            "ANNOTATION",
            "container.apparmor.security.beta.kubernetes.io/c: ''",
        ),
        // Annotations of seccomp mean nothing since 1.19.
        (
            "ANNOTATION",
            "seccomp.security.alpha.kubernetes.io/pod: unconfined",
        ),
        // What is of a wrong kind the schema says.
        ("CONTEXT", "privileged: 'true'"),
        ("CONTEXT", "capabilities: {add: CHOWN}"),
    ] {
        assert_places(BASELINE, &fill(SOFT, &[(place, with)]), &[]);
    }
}

#[test]
fn restricted_points_at_what_is_missing() {
    let nothing = fill(SOFT, &[]);
    assert_places(
        RESTRICTED,
        &nothing,
        &[
            "allow-privilege-escalation spec.containers[0].securityContext.allowPrivilegeEscalation securityContext",
            "run-as-non-root spec.securityContext.runAsNonRoot securityContext",
            "seccomp-profile-restricted spec.securityContext.seccompProfile securityContext",
            "capabilities-restricted spec.containers[0].securityContext.capabilities.drop securityContext",
        ],
    );
    let bare = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: ns}\nspec: {containers: [{name: c, securityContext: null}]}\n";
    assert_places(
        RESTRICTED,
        bare,
        &[
            "allow-privilege-escalation spec.containers[0].securityContext.allowPrivilegeEscalation {name: c, securityContext: null}",
            "run-as-non-root spec.securityContext.runAsNonRoot {containers: [{name: c, securityContext: null}]}",
            "seccomp-profile-restricted spec.securityContext.seccompProfile {containers: [{name: c, securityContext: null}]}",
            "capabilities-restricted spec.containers[0].securityContext.capabilities.drop {name: c, securityContext: null}",
        ],
    );
    assert_places(RESTRICTED, &fill(HARD, &[]), &[]);
}

#[test]
fn restricted_points_at_what_it_forbids() {
    let capabilities = "spec.containers[0].securityContext.capabilities";
    for (from, to, expected) in [
        (
            "allowPrivilegeEscalation: false",
            "allowPrivilegeEscalation: true",
            vec!["allow-privilege-escalation spec.containers[0].securityContext.allowPrivilegeEscalation true".to_owned()],
        ),
        (
            "allowPrivilegeEscalation: false",
            "allowPrivilegeEscalation: null",
            vec!["allow-privilege-escalation spec.containers[0].securityContext.allowPrivilegeEscalation null".to_owned()],
        ),
        (
            "{drop: [ALL]}",
            "{drop: [all, CAP_ALL]}",
            vec![format!("capabilities-restricted {capabilities}.drop [all, CAP_ALL]")],
        ),
        (
            "{drop: [ALL]}",
            "{add: [NET_BIND_SERVICE]}",
            vec![format!("capabilities-restricted {capabilities}.drop capabilities")],
        ),
        (
            "{drop: [ALL]}",
            "{drop: [KILL, ALL], add: [NET_BIND_SERVICE, CHOWN]}",
            vec![format!("capabilities-restricted {capabilities}.add[1] CHOWN")],
        ),
        (
            "runAsNonRoot: true",
            "runAsNonRoot: false",
            vec!["run-as-non-root spec.securityContext.runAsNonRoot false".to_owned()],
        ),
        (
            "CONTEXT",
            "runAsNonRoot: false",
            vec!["run-as-non-root spec.containers[0].securityContext.runAsNonRoot false".to_owned()],
        ),
        (
            "SECURITY",
            "runAsUser: 0",
            vec!["run-as-user spec.securityContext.runAsUser 0".to_owned()],
        ),
        (
            "CONTEXT",
            "runAsUser: 0",
            vec!["run-as-user spec.containers[0].securityContext.runAsUser 0".to_owned()],
        ),
        (
            "type: RuntimeDefault",
            "type: Unconfined",
            vec!["seccomp-profile-restricted spec.securityContext.seccompProfile.type Unconfined".to_owned()],
        ),
        (
            "CONTEXT",
            "seccompProfile: {type: Unconfined}",
            vec!["seccomp-profile-restricted spec.containers[0].securityContext.seccompProfile.type Unconfined".to_owned()],
        ),
        (
            "CONTEXT",
            "procMount: Unmasked",
            vec!["proc-mount-restricted spec.containers[0].securityContext.procMount Unmasked".to_owned()],
        ),
        // What `baseline` forbids and nothing replaces.
        (
            "POD",
            "hostPID: true",
            vec!["host-namespaces spec.hostPID true".to_owned()],
        ),
    ] {
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        assert_places(RESTRICTED, &fill(HARD, &[(from, to)]), &expected);
    }
}

#[test]
fn restricted_lists_the_types_of_volumes() {
    let pod = |volume: &str| {
        fill(
            HARD,
            &[("POD", &format!("volumes: [{{name: v, {volume}}}]"))],
        )
    };
    for kind in [
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    ] {
        assert_places(RESTRICTED, &pod(&format!("{kind}: {{}}")), &[]);
    }
    for kind in [
        "awsElasticBlockStore",
        "azureDisk",
        "azureFile",
        "cephfs",
        "cinder",
        "fc",
        "flexVolume",
        "flocker",
        "gcePersistentDisk",
        "gitRepo",
        "glusterfs",
        "hostPath",
        "iscsi",
        "nfs",
        "photonPersistentDisk",
        "portworxVolume",
        "quobyte",
        "rbd",
        "scaleIO",
        "storageos",
        "vsphereVolume",
    ] {
        let place = format!("restricted-volumes spec.volumes[0].{kind} {kind}");
        assert_places(RESTRICTED, &pod(&format!("{kind}: {{}}")), &[&place]);
    }
    // The server makes an emptyDir of a volume without a type, and knows no type of this name.
    assert_places(RESTRICTED, &pod("nfs: null"), &[]);
    assert_places(RESTRICTED, &pod("nsf: {}"), &[]);
}

#[test]
fn what_the_pod_sets_holds_for_containers_that_say_nothing() {
    let pod = |pod: &str, first: &str, second: &str| {
        let context = "allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}";
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: ns}}\nspec:\n  securityContext: {{{pod}}}\n  initContainers:\n  - {{name: i, securityContext: {{{context}, {first}}}}}\n  containers:\n  - {{name: c, securityContext: {{{context}, {second}}}}}\n"
        )
    };
    let (own, user) = ("seccompProfile: {type: Localhost}", "runAsNonRoot: true");
    let both = format!("{own}, {user}");
    assert_places(RESTRICTED, &pod(&both, "", ""), &[]);
    assert_places(RESTRICTED, &pod("", &both, &both), &[]);
    // One container has it: the other is to be mended.
    assert_places(
        RESTRICTED,
        &pod("", &both, own),
        &["run-as-non-root spec.containers[0].securityContext.runAsNonRoot securityContext"],
    );
    assert_places(
        RESTRICTED,
        &pod(user, "", own),
        &[
            "seccomp-profile-restricted spec.initContainers[0].securityContext.seccompProfile securityContext",
        ],
    );
    // No container has it: the pod is.
    assert_places(
        RESTRICTED,
        &pod(own, "", ""),
        &["run-as-non-root spec.securityContext.runAsNonRoot securityContext"],
    );
    // What is wrong in the pod is wrong although all containers know better.
    assert_places(
        RESTRICTED,
        &pod(
            "runAsNonRoot: false, runAsUser: 0, seccompProfile: {type: Unconfined}",
            &both,
            &both,
        ),
        &[
            "run-as-non-root spec.securityContext.runAsNonRoot false",
            "run-as-user spec.securityContext.runAsUser 0",
            "seccomp-profile-restricted spec.securityContext.seccompProfile.type Unconfined",
        ],
    );
    // One that is wrong and one that says nothing: both are to be mended.
    assert_places(
        RESTRICTED,
        &pod(own, "runAsNonRoot: false", ""),
        &[
            "run-as-non-root spec.initContainers[0].securityContext.runAsNonRoot false",
            "run-as-non-root spec.containers[0].securityContext.runAsNonRoot securityContext",
        ],
    );
}

#[test]
fn all_kinds_of_containers_are_looked_at() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: ns}\nspec:\n  containers: [{name: c}]\n  initContainers: [{name: i, securityContext: {privileged: true}}]\n  ephemeralContainers: [{name: e, securityContext: {privileged: true}}, {securityContext: {privileged: true}}]\n";
    let messages: Vec<String> = judged(BASELINE, pod)
        .into_iter()
        .map(|seen| seen.message)
        .collect();
    assert_eq!(
        messages,
        [
            "container `i` is privileged, which `baseline` forbids",
            "container `e` is privileged, which `baseline` forbids",
            "this container is privileged, which `baseline` forbids",
        ]
    );
}

#[test]
fn templates_of_controllers_are_judged_as_their_pods() {
    let spec = "{hostPID: true, containers: [{name: c}]}";
    let template = format!(
        "template: {{metadata: {{annotations: {{container.apparmor.security.beta.kubernetes.io/c: unconfined}}}}, spec: {spec}}}"
    );
    for (kind, body, path) in [
        (
            "apps/v1 Deployment",
            format!("spec: {{{template}}}"),
            "spec.template",
        ),
        (
            "apps/v1 DaemonSet",
            format!("spec: {{{template}}}"),
            "spec.template",
        ),
        (
            "batch/v1 CronJob",
            format!("spec: {{jobTemplate: {{spec: {{{template}}}}}}}"),
            "spec.jobTemplate.spec.template",
        ),
        ("v1 PodTemplate", template.clone(), "template"),
    ] {
        let (version, kind) = kind.split_once(' ').unwrap();
        let object = format!(
            "apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a, namespace: ns}}\n{body}\n"
        );
        let annotation = format!(
            "app-armor-profile {path}.metadata.annotations[container.apparmor.security.beta.kubernetes.io/c] unconfined"
        );
        let host = format!("host-namespaces {path}.spec.hostPID true");
        assert_places(BASELINE, &object, &[&host, &annotation]);
    }
    // What another custom resource calls a template is not known to make pods.
    let custom = format!(
        "apiVersion: example.org/v1\nkind: Rollout\nmetadata: {{name: a, namespace: ns}}\nspec: {{{template}}}\n"
    );
    assert_places(BASELINE, &custom, &[]);
}

#[test]
fn the_help_says_what_to_write() {
    for (place, with, expected) in [
        (
            "CONTEXT",
            "capabilities: {add: [cap_chown]}",
            "write `CHOWN`: the name is compared letter by letter",
        ),
        (
            "SECURITY",
            "sysctls: [{name: net/ipv4/tcp_rmem, value: a}]",
            "write `net.ipv4.tcp_rmem`: the name is compared letter by letter",
        ),
    ] {
        let found = judged(BASELINE, &fill(SOFT, &[(place, with)]));
        assert_eq!(found[0].help, expected);
    }
    let pod = fill(
        SOFT,
        &[("SECURITY", "sysctls: [{name: net.ipv4.tcp_rmem, value: a}]")],
    );
    let found = judged("enforce=baseline enforce-version=v1.31", &pod);
    assert_eq!(
        found[0].help,
        "remove it; `net.ipv4.tcp_rmem` is allowed since v1.32 of the standards"
    );
}
