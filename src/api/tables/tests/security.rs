use crate::api::testing::{accepted, accepted_in, refused, refused_in};

const POD: &str = "
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  # pod
  containers:
    - name: main
      image: nginx
      # container
    - name: other
      image: nginx
      # other
";

fn of(rest: &str) -> String {
    format!("securityContext: {{{rest}}}")
}

fn in_pod(field: &str) -> String {
    format!("spec.securityContext.{field}")
}

fn in_container(field: &str) -> String {
    format!("spec.containers[0].securityContext.{field}")
}

#[test]
fn identities() {
    refused(
        POD,
        &[
            (
                "# pod",
                &of("runAsUser: -1"),
                "api/range",
                &in_pod("runAsUser"),
                "-1",
            ),
            (
                "# pod",
                &of("runAsGroup: 2147483648"),
                "api/range",
                &in_pod("runAsGroup"),
                "2147483648",
            ),
            (
                "# pod",
                &of("fsGroup: 4294967295"),
                "api/range",
                &in_pod("fsGroup"),
                "4294967295",
            ),
            (
                "# pod",
                &of("supplementalGroups: [0, -5]"),
                "api/range",
                &in_pod("supplementalGroups[1]"),
                "-5",
            ),
            (
                "# pod",
                &of("fsGroupChangePolicy: Never"),
                "api/enum",
                &in_pod("fsGroupChangePolicy"),
                "Never",
            ),
            (
                "# pod",
                &of("fsGroupChangePolicy: ''"),
                "api/required",
                &in_pod("fsGroupChangePolicy"),
                "''",
            ),
            (
                "# pod",
                &of("supplementalGroupsPolicy: merge"),
                "api/enum",
                &in_pod("supplementalGroupsPolicy"),
                "merge",
            ),
            (
                "# pod",
                &of("seLinuxChangePolicy: Mount"),
                "api/enum",
                &in_pod("seLinuxChangePolicy"),
                "Mount",
            ),
            (
                "# container",
                &of("runAsUser: 2147483648"),
                "api/range",
                &in_container("runAsUser"),
                "2147483648",
            ),
            (
                "# container",
                &of("runAsGroup: -1"),
                "api/range",
                &in_container("runAsGroup"),
                "-1",
            ),
        ],
    );
    accepted(
        POD,
        &[
            (
                "# pod",
                &of(
                    "runAsUser: 0, runAsGroup: 2147483647, fsGroup: 0, supplementalGroups: [], fsGroupChangePolicy: Always",
                ),
            ),
            (
                "# container",
                &of(
                    "runAsUser: 0, runAsNonRoot: true, seLinuxOptions: {level: anything}, capabilities: {add: [any], drop: [all]}",
                ),
            ),
        ],
    );
    accepted_in(
        &[31, 32],
        POD,
        &[("# pod", &of("supplementalGroupsPolicy: merge"))],
    );
}

#[test]
fn profiles() {
    for (kind, field) in [
        ("seccompProfile", "seccompProfile"),
        ("appArmorProfile", "appArmorProfile"),
    ] {
        let line = |rest: &str| of(&format!("{kind}: {{{rest}}}"));
        let at = |name: &str| in_pod(&format!("{field}.{name}"));
        refused(
            POD,
            &[
                (
                    "# pod",
                    &line("type: ''"),
                    "api/required",
                    &at("type"),
                    "''",
                ),
                (
                    "# pod",
                    &line("type: runtime/default"),
                    "api/enum",
                    &at("type"),
                    "runtime/default",
                ),
                (
                    "# pod",
                    &line("type: Localhost"),
                    "api/required",
                    &at("localhostProfile"),
                    "{type: Localhost}",
                ),
                (
                    "# pod",
                    &line("type: RuntimeDefault, localhostProfile: a"),
                    "api/conflict",
                    &at("localhostProfile"),
                    "localhostProfile",
                ),
            ],
        );
        accepted(
            POD,
            &[
                ("# pod", &line("type: Localhost, localhostProfile: a")),
                ("# pod", &line("type: Unconfined, localhostProfile: null")),
            ],
        );
    }
    refused(
        POD,
        &[
            (
                "# container",
                &of("seccompProfile: {type: Localhost, localhostProfile: ../a}"),
                "api/path",
                &in_container("seccompProfile.localhostProfile"),
                "../a",
            ),
            (
                "# container",
                &of("appArmorProfile: {type: Localhost, localhostProfile: ' a'}"),
                "api/name",
                &in_container("appArmorProfile.localhostProfile"),
                "' a'",
            ),
            (
                "# container",
                &of("appArmorProfile: {type: Localhost, localhostProfile: ''}"),
                "api/required",
                &in_container("appArmorProfile.localhostProfile"),
                "''",
            ),
        ],
    );
    accepted(
        POD,
        &[(
            "# container",
            &of("appArmorProfile: {type: Localhost, localhostProfile: /a/../b}"),
        )],
    );
}

#[test]
fn privileges() {
    let field = in_container("allowPrivilegeEscalation");
    refused(
        POD,
        &[
            (
                "# container",
                &of("privileged: true, allowPrivilegeEscalation: false"),
                "api/conflict",
                &field,
                "false",
            ),
            (
                "# container",
                &of("allowPrivilegeEscalation: false, capabilities: {add: [CAP_SYS_ADMIN]}"),
                "api/conflict",
                &field,
                "false",
            ),
            (
                "# container",
                &of("procMount: Unmasked"),
                "api/conflict",
                &in_container("procMount"),
                "Unmasked",
            ),
            (
                "# container",
                &of("procMount: Masked"),
                "api/enum",
                &in_container("procMount"),
                "Masked",
            ),
        ],
    );
    accepted(
        POD,
        &[
            (
                "# container",
                &of("privileged: true, allowPrivilegeEscalation: true, procMount: Default"),
            ),
            (
                "# container",
                &of("allowPrivilegeEscalation: false, capabilities: {add: [SYS_ADMIN]}"),
            ),
        ],
    );
    accepted(
        &POD.replace("# pod", "hostUsers: false"),
        &[("# container", &of("procMount: Unmasked"))],
    );
    accepted_in(
        &[31, 32],
        POD,
        &[("# container", &of("procMount: Unmasked"))],
    );
}

#[test]
fn namespaces_of_the_node() {
    let own = "hostUsers: false";
    refused(
        POD,
        &[
            (
                "# pod",
                "hostPID: true\n  shareProcessNamespace: true",
                "api/conflict",
                "spec.shareProcessNamespace",
                "shareProcessNamespace",
            ),
            (
                "# pod",
                &format!("{own}\n  hostPID: true"),
                "api/conflict",
                "spec.hostPID",
                "hostPID",
            ),
            (
                "# pod",
                &format!("{own}\n  hostIPC: true"),
                "api/conflict",
                "spec.hostIPC",
                "hostIPC",
            ),
            (
                "# pod",
                &format!("{own}\n  hostNetwork: true"),
                "api/conflict",
                "spec.hostNetwork",
                "hostNetwork",
            ),
        ],
    );
    accepted(
        POD,
        &[(
            "# pod",
            "hostUsers: true\n  hostPID: true\n  hostIPC: true\n  shareProcessNamespace: false",
        )],
    );
    accepted_in(
        &[31, 32, 36, 37],
        POD,
        &[("# pod", &format!("{own}\n  hostNetwork: true"))],
    );
}

#[test]
fn kernel_parameters() {
    let line = |rest: &str| of(&format!("sysctls: [{rest}]"));
    let name = in_pod("sysctls[0].name");
    refused(
        POD,
        &[
            (
                "# pod",
                &line("{name: '', value: a}"),
                "api/required",
                &name,
                "''",
            ),
            (
                "# pod",
                &line("{name: net..a, value: a}"),
                "api/name",
                &name,
                "net..a",
            ),
            (
                "# pod",
                &line("{name: NET.a, value: a}"),
                "api/name",
                &name,
                "NET.a",
            ),
            (
                "# pod",
                &line("{name: net.a, value: a}, {name: net.a, value: b}"),
                "api/duplicate",
                &in_pod("sysctls[1].name"),
                "net.a",
            ),
            (
                "# pod",
                &(line("{name: net.a, value: a}") + "\n  hostNetwork: true"),
                "api/conflict",
                &name,
                "net.a",
            ),
            (
                "# pod",
                &(line("{name: kernel/shm_rmid_forced, value: a}") + "\n  hostIPC: true"),
                "api/conflict",
                &name,
                "kernel/shm_rmid_forced",
            ),
        ],
    );
    accepted(
        POD,
        &[
            (
                "# pod",
                &line(
                    "{name: net.ipv4.ip_unprivileged_port_start, value: '0'}, {name: net/ipv4/a, value: ''}",
                ),
            ),
            (
                "# pod",
                &(line("{name: kernel.msgmax, value: a}") + "\n  hostNetwork: true"),
            ),
        ],
    );
}

#[test]
fn operating_systems() {
    let windows = "os: {name: windows}";
    refused(
        POD,
        &[
            (
                "# pod",
                "os: {name: ''}",
                "api/required",
                "spec.os.name",
                "''",
            ),
            (
                "# pod",
                "os: {name: Linux}",
                "api/enum",
                "spec.os.name",
                "Linux",
            ),
            (
                "# pod",
                &format!(
                    "os: {{name: linux}}\n  {}",
                    of("windowsOptions: {runAsUserName: a}")
                ),
                "api/conflict",
                &in_pod("windowsOptions"),
                "windowsOptions",
            ),
            (
                "# pod",
                &format!("{windows}\n  hostPID: true"),
                "api/conflict",
                "spec.hostPID",
                "hostPID",
            ),
            (
                "# pod",
                &format!("{windows}\n  shareProcessNamespace: false"),
                "api/conflict",
                "spec.shareProcessNamespace",
                "shareProcessNamespace",
            ),
            (
                "# pod",
                &format!("{windows}\n  {}", of("fsGroup: 1")),
                "api/conflict",
                &in_pod("fsGroup"),
                "fsGroup",
            ),
            (
                "# pod",
                &format!("{windows}\n  {}", of("runAsUser: 1")),
                "api/conflict",
                &in_pod("runAsUser"),
                "runAsUser",
            ),
            (
                "# pod",
                &format!(
                    "{windows}\n  {}",
                    of("seccompProfile: {type: RuntimeDefault}")
                ),
                "api/conflict",
                &in_pod("seccompProfile"),
                "seccompProfile",
            ),
        ],
    );
    let of_windows = POD.replace("# pod", windows);
    for (field, value) in [
        ("capabilities", "{drop: [ALL]}"),
        ("readOnlyRootFilesystem", "true"),
        ("privileged", "false"),
        ("allowPrivilegeEscalation", "false"),
        ("runAsGroup", "1"),
        ("seLinuxOptions", "{}"),
    ] {
        let line = of(&format!("{field}: {value}"));
        refused(
            &of_windows,
            &[(
                "# container",
                &line,
                "api/conflict",
                &in_container(field),
                field,
            )],
        );
    }
    accepted(
        &of_windows,
        &[(
            "# container",
            &of("runAsNonRoot: true, windowsOptions: {runAsUserName: 'NT AUTHORITY\\SYSTEM'}"),
        )],
    );
    accepted(
        POD,
        &[(
            "# pod",
            &format!(
                "{windows}\n  hostPID: false\n  hostNetwork: true\n  {}",
                of("supplementalGroups: [], runAsNonRoot: true")
            ),
        )],
    );
}

#[test]
fn host_processes_of_windows() {
    let process = "windowsOptions: {hostProcess: true}";
    let on_host = POD.replace(
        "# pod",
        &format!("hostNetwork: true\n  {}", of("# security")),
    );
    let on_host = on_host.replace("{# security}", process.split_once(": ").unwrap().1);
    assert!(on_host.contains("securityContext: {hostProcess: true}"));
    let on_host = on_host.replace("securityContext: {hostProcess: true}", &of(process));
    refused(
        &on_host,
        &[(
            "# container",
            &of("windowsOptions: {hostProcess: true}").replace("true", "true, runAsUserName: ''"),
            "api/required",
            &in_container("windowsOptions.runAsUserName"),
            "''",
        )],
    );
    accepted(&on_host, &[("# container", &of(process))]);
    refused(
        POD,
        &[(
            "# pod",
            &of(process),
            "api/required",
            "spec.hostNetwork",
            "securityContext: {windowsOptions: {hostProcess: true}}",
        )],
    );
    let network = POD.replace("# pod", "hostNetwork: true");
    refused(
        &network,
        &[(
            "# container",
            &of(process),
            "api/conflict",
            "spec",
            "hostNetwork: true",
        )],
    );
}

#[test]
fn users_of_windows() {
    let line = |name: &str| of(&format!("windowsOptions: {{runAsUserName: '{name}'}}"));
    let field = in_pod("windowsOptions.runAsUserName");
    for name in ["a\\b\\c", "a\\", "a/b", "a:b", " . ."] {
        refused(
            POD,
            &[(
                "# pod",
                &line(name),
                "api/name",
                &field,
                &format!("'{name}'"),
            )],
        );
    }
    for name in ["a b", "a.b", "NT AUTHORITY\\NETWORK SERVICE", "a.b.c\\d"] {
        accepted(POD, &[("# pod", &line(name))]);
    }
    let options = |rest: &str| of(&format!("windowsOptions: {{{rest}}}"));
    refused(
        POD,
        &[
            (
                "# pod",
                &options("gmsaCredentialSpecName: A"),
                "api/name",
                &in_pod("windowsOptions.gmsaCredentialSpecName"),
                "A",
            ),
            (
                "# pod",
                &options("gmsaCredentialSpec: ''"),
                "api/required",
                &in_pod("windowsOptions.gmsaCredentialSpec"),
                "''",
            ),
        ],
    );
    refused_in(
        34,
        POD,
        &[(
            "# pod",
            &options(&format!(
                "gmsaCredentialSpec: {}",
                "a".repeat((64 << 10) + 1)
            )),
            "api/range",
            &in_pod("windowsOptions.gmsaCredentialSpec"),
            &"a".repeat((64 << 10) + 1),
        )],
    );
}
