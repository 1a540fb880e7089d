//! The rules of the `pod-security` family: one for each check of the standards, and one for the labels that choose them.

crate::rules! {
    /// A label of Pod Security that the API server does not understand.
    LABEL = "pod-security/label", Error;
    /// An `AppArmor` profile that is none.
    APP_ARMOR_PROFILE = "pod-security/app-armor-profile", Error;
    /// A capability beyond those that runtimes give.
    CAPABILITIES_BASELINE = "pod-security/capabilities-baseline", Error;
    /// A namespace of the node.
    HOST_NAMESPACES = "pod-security/host-namespaces", Error;
    /// A path of the node as a volume.
    HOST_PATH_VOLUMES = "pod-security/host-path-volumes", Error;
    /// A port of the node.
    HOST_PORTS = "pod-security/host-ports", Error;
    /// A probe or hook that the kubelet sends to another host.
    HOST_PROBES = "pod-security/host-probes-and-host-lifecycle", Error;
    /// A container with all rights on the node.
    PRIVILEGED = "pod-security/privileged", Error;
    /// A `/proc` with nothing hidden.
    PROC_MOUNT = "pod-security/proc-mount", Error;
    /// An `SELinux` user, role or type of its own.
    SE_LINUX_OPTIONS = "pod-security/se-linux-options", Error;
    /// A seccomp profile that is none.
    SECCOMP_PROFILE_BASELINE = "pod-security/seccomp-profile-baseline", Error;
    /// A kernel parameter that is not safe.
    SYSCTLS = "pod-security/sysctls", Error;
    /// A container of Windows that runs as a process of the node.
    WINDOWS_HOST_PROCESS = "pod-security/windows-host-process", Error;
    /// A process that may get more rights than its parent has.
    ALLOW_PRIVILEGE_ESCALATION = "pod-security/allow-privilege-escalation", Error;
    /// A container that keeps capabilities, or adds some.
    CAPABILITIES_RESTRICTED = "pod-security/capabilities-restricted", Error;
    /// A `/proc` with nothing hidden, in a user namespace too.
    PROC_MOUNT_RESTRICTED = "pod-security/proc-mount-restricted", Error;
    /// A volume of a type that reaches beyond the pod.
    RESTRICTED_VOLUMES = "pod-security/restricted-volumes", Error;
    /// A container that may run as root.
    RUN_AS_NON_ROOT = "pod-security/run-as-non-root", Error;
    /// A container that runs as user 0.
    RUN_AS_USER = "pod-security/run-as-user", Error;
    /// A container without a seccomp profile.
    SECCOMP_PROFILE_RESTRICTED = "pod-security/seccomp-profile-restricted", Error;
}
