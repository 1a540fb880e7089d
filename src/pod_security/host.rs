//! What a pod takes of its node: namespaces, ports, processes, and the kubelet's requests.

use super::pod::{Part, Pod, given, text, truth};
use super::rules;
use crate::manifest::Fault;
use crate::yaml::Node;

/// `hostNamespaces`.
pub(super) fn namespaces<'a>(pod: &Pod<'a>, faults: &mut Vec<Fault<'a>>) {
    for (field, what) in [
        ("hostNetwork", "shares the node's network"),
        ("hostPID", "sees the node's processes"),
        ("hostIPC", "shares the node's inter-process communication"),
    ] {
        if let Some(value) = truth(pod.own.node, field) {
            let what = format!("this pod {what}");
            let fault = pod.forbids(&rules::HOST_NAMESPACES, value, what);
            faults.push(fault.help(format!("remove `{field}`, or set `{field}: false`")));
        }
    }
}

/// `windowsHostProcess`.
pub(super) fn windows_process<'a>(pod: &Pod<'a>, faults: &mut Vec<Fault<'a>>) {
    for part in pod.parts() {
        let options = part.security("windowsOptions");
        if let Some(value) = options.and_then(|options| truth(options, "hostProcess")) {
            let what = format!("{part} runs as a process of the node");
            let fault = pod.forbids(&rules::WINDOWS_HOST_PROCESS, value, what);
            faults.push(fault.help("remove `hostProcess`, or set `hostProcess: false`"));
        }
    }
}

/// `hostPorts`. Where the pod is on the node's network every port is the node's; that is said once, of the network.
pub(super) fn ports<'a>(pod: &Pod<'a>, faults: &mut Vec<Fault<'a>>) {
    for part in &pod.containers {
        let ports = part.node.get("ports").into_iter().flat_map(Node::items);
        for value in ports.filter_map(|port| port.get("hostPort")) {
            let Some(number) = value.as_int().filter(|number| *number != 0) else {
                continue;
            };
            let what = format!("{part} takes port {number} of the node");
            let fault = pod.forbids(&rules::HOST_PORTS, value, what);
            faults.push(fault.help("remove `hostPort`; a Service reaches the `containerPort`"));
        }
    }
}

/// `hostProbesAndHostLifecycle`.
pub(super) fn probes<'a>(pod: &Pod<'a>, faults: &mut Vec<Fault<'a>>) {
    const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];
    for part in &pod.containers {
        for name in PROBES {
            if let Some(probe) = part.node.get(name) {
                requests(pod, part, name, probe, faults);
            }
        }
        let Some(lifecycle) = part.node.get("lifecycle") else {
            continue;
        };
        for name in ["postStart", "preStop"] {
            if let Some(hook) = lifecycle.get(name) {
                requests(pod, part, name, hook, faults);
            }
        }
    }
}

/// Finds the hosts that the kubelet would send a probe's or hook's requests to.
fn requests<'a>(
    pod: &Pod<'a>,
    part: &Part<'a>,
    name: &str,
    handler: Node<'a>,
    faults: &mut Vec<Fault<'a>>,
) {
    for kind in ["httpGet", "tcpSocket"] {
        let request = given(handler, kind);
        let host = request.and_then(|request| text(request, "host"));
        if let Some((value, host)) = host.filter(|(_, host)| !host.is_empty()) {
            let what = format!("the `{name}` of {part} goes to the host `{host}`");
            let fault = pod.forbids(&rules::HOST_PROBES, value, what);
            faults.push(fault.help("remove `host`: without it the pod itself is asked"));
        }
    }
}
