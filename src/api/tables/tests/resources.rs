use crate::api::testing::{accepted, accepted_in, refused, refused_in};

const POD: &str = "
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  # pod
  initContainers:
    - name: setup
      image: busybox
      # init
  containers:
    - name: main
      image: nginx
      # container
";

#[test]
fn amounts_and_names() {
    let line = |field: &str, rest: &str| format!("resources: {{{field}: {{{rest}}}}}");
    let at = |field: &str| format!("spec.containers[0].resources.{field}");
    refused(
        POD,
        &[
            (
                "# container",
                &line("limits", "cpu: two"),
                "api/quantity",
                &at("limits[cpu]"),
                "two",
            ),
            (
                "# container",
                &line("limits", "cpu: 0.5.0"),
                "api/quantity",
                &at("limits[cpu]"),
                "0.5.0",
            ),
            (
                "# container",
                &line("requests", "memory: 1 Gi"),
                "api/quantity",
                &at("requests[memory]"),
                "1 Gi",
            ),
            (
                "# container",
                &line("requests", "memory: 1GB"),
                "api/quantity",
                &at("requests[memory]"),
                "1GB",
            ),
            (
                "# container",
                &line("requests", "memory: -1"),
                "api/quantity",
                &at("requests[memory]"),
                "-1",
            ),
            (
                "# container",
                &line("limits", "cpus: 1"),
                "api/enum",
                &at("limits[cpus]"),
                "cpus",
            ),
            (
                "# container",
                &line("limits", "storage: 1Gi"),
                "api/enum",
                &at("limits[storage]"),
                "storage",
            ),
            (
                "# container",
                &line("limits", "pods: 1"),
                "api/enum",
                &at("limits[pods]"),
                "pods",
            ),
            (
                "# container",
                &line("limits", "a b: 1"),
                "api/name",
                &at("limits[a b]"),
                "a b",
            ),
            (
                "# container",
                &line("limits", "requests.a.b/c: 1"),
                "api/name",
                &at("limits[requests.a.b/c]"),
                "requests.a.b/c",
            ),
            (
                "# container",
                &line("limits", "a.b/gpu: 500m"),
                "api/quantity",
                &at("limits[a.b/gpu]"),
                "500m",
            ),
            (
                "# container",
                &line("limits", "cpu: 1, hugepages-2Mi: 3Mi"),
                "api/quantity",
                &at("limits[hugepages-2Mi]"),
                "3Mi",
            ),
            (
                "# container",
                &line("limits", "cpu: 1, hugepages-big: 2Mi"),
                "api/quantity",
                &at("limits[hugepages-big]"),
                "2Mi",
            ),
            (
                "# container",
                &line("limits", "hugepages-2Mi: 4Mi"),
                "api/required",
                "spec.containers[0].resources",
                "{limits: {hugepages-2Mi: 4Mi}}",
            ),
        ],
    );
    accepted(
        POD,
        &[
            (
                "# container",
                &line(
                    "limits",
                    "cpu: 0.1, memory: 128974848, ephemeral-storage: 2e9, a.b/gpu: 2, kubernetes.io/any: 0.5",
                ),
            ),
            (
                "# container",
                &line(
                    "requests",
                    "cpu: .5, memory: 1.5Gi, ephemeral-storage: ' 1 '",
                ),
            ),
            (
                "# container",
                &line(
                    "limits",
                    "memory: 100m, hugepages-2Mi: 4Mi, hugepages-1Gi: 0",
                ),
            ),
            ("# container", "resources: {limits: null, requests: {}}"),
            ("# init", &line("limits", "cpu: '0'")),
        ],
    );
}

#[test]
fn requests_and_limits() {
    let line = |limits: &str, requests: &str| {
        format!("resources: {{limits: {{{limits}}}, requests: {{{requests}}}}}")
    };
    let at = |field: &str| format!("spec.containers[0].resources.{field}");
    refused(
        POD,
        &[
            (
                "# container",
                &line("cpu: 1", "cpu: 1001m"),
                "api/range",
                &at("requests[cpu]"),
                "1001m",
            ),
            (
                "# container",
                &line("memory: 1G", "memory: 1Gi"),
                "api/range",
                &at("requests[memory]"),
                "1Gi",
            ),
            (
                "# container",
                &line("a.b/gpu: 2", "a.b/gpu: 1"),
                "api/range",
                &at("requests[a.b/gpu]"),
                "1",
            ),
            (
                "# container",
                &line("cpu: 1, hugepages-2Mi: 4Mi", "hugepages-2Mi: 2Mi"),
                "api/range",
                &at("requests[hugepages-2Mi]"),
                "2Mi",
            ),
            (
                "# container",
                &line("cpu: 1", "a.b/gpu: 1"),
                "api/required",
                &at("limits"),
                "limits",
            ),
            (
                "# container",
                "resources: {requests: {a.b/gpu: 1}}",
                "api/required",
                &at("limits"),
                "{requests: {a.b/gpu: 1}}",
            ),
        ],
    );
    accepted(
        POD,
        &[
            (
                "# container",
                &line("cpu: 0.3, memory: 1Gi", "cpu: 300m, memory: 1024Mi"),
            ),
            ("# container", &line("a.b/gpu: 2", "a.b/gpu: 2000m")),
            ("# container", &line("a.b/gpu: 2", "cpu: 1")),
        ],
    );
}

#[test]
fn resources_of_a_pod() {
    let line = |rest: &str| format!("resources: {{{rest}}}");
    let base = POD.replace(
        "# container",
        "resources: {limits: {cpu: 500m}, requests: {cpu: 300m}}",
    );
    refused(
        &base,
        &[
            (
                "# pod",
                &line("limits: {cpu: 400m}"),
                "api/range",
                "spec.containers[0].resources.limits[cpu]",
                "500m",
            ),
            (
                "# pod",
                &line("requests: {cpu: 299m}"),
                "api/range",
                "spec.resources.requests[cpu]",
                "299m",
            ),
            (
                "# pod",
                &line("limits: {cpu: 1, a.b/gpu: 1}"),
                "api/enum",
                "spec.resources.limits[a.b/gpu]",
                "a.b/gpu",
            ),
            (
                "# pod",
                &line("limits: {cpu: 1, ephemeral-storage: 1}"),
                "api/enum",
                "spec.resources.limits[ephemeral-storage]",
                "ephemeral-storage",
            ),
            (
                "# pod",
                &line("limits: {memory: 1}, requests: {memory: 2}"),
                "api/range",
                "spec.resources.requests[memory]",
                "2",
            ),
            (
                "# pod",
                &line("claims: [{name: a}]"),
                "api/conflict",
                "spec.resources.claims",
                "claims",
            ),
        ],
    );
    accepted_in(
        &[34, 37],
        &base,
        &[(
            "# pod",
            &line("limits: {cpu: 500m, memory: 1Gi, hugepages-2Mi: 2Mi}, requests: {cpu: 300m}"),
        )],
    );
    // An init container runs alone, beside the sidecars before it.
    let init = base.replace("# init", "resources: {requests: {cpu: 400m}}");
    refused(
        &init,
        &[(
            "# pod",
            &line("requests: {cpu: 399m}"),
            "api/range",
            "spec.resources.requests[cpu]",
            "399m",
        )],
    );
    let sidecar = base.replace(
        "# init",
        "resources: {requests: {cpu: 400m}}\n      restartPolicy: Always",
    );
    refused(
        &sidecar,
        &[(
            "# pod",
            &line("requests: {cpu: 699m}"),
            "api/range",
            "spec.resources.requests[cpu]",
            "699m",
        )],
    );
    // They were dropped before 1.34.
    accepted_in(&[32, 33], &base, &[("# pod", &line("limits: {cpu: 1m}"))]);
}

#[test]
fn claims_of_devices() {
    let pod = |rest: &str| format!("resourceClaims: [{rest}]");
    let claim = "spec.resourceClaims[0]";
    refused(
        POD,
        &[
            (
                "# pod",
                &pod("{name: '', resourceClaimName: a}"),
                "api/required",
                &format!("{claim}.name"),
                "''",
            ),
            (
                "# pod",
                &pod("{name: A, resourceClaimName: a}"),
                "api/name",
                &format!("{claim}.name"),
                "A",
            ),
            (
                "# pod",
                &pod("{name: a}"),
                "api/alternatives",
                claim,
                "{name: a}",
            ),
            (
                "# pod",
                &pod("{name: a, resourceClaimName: a, resourceClaimTemplateName: a}"),
                "api/alternatives",
                &format!("{claim}.resourceClaimTemplateName"),
                "resourceClaimTemplateName",
            ),
            (
                "# pod",
                &pod("{name: a, resourceClaimName: a_b}"),
                "api/name",
                &format!("{claim}.resourceClaimName"),
                "a_b",
            ),
            (
                "# pod",
                &pod("{name: a, resourceClaimName: b}, {name: a, resourceClaimName: c}"),
                "api/duplicate",
                "spec.resourceClaims[1].name",
                "a",
            ),
        ],
    );
    let base = POD.replace("# pod", &pod("{name: gpu, resourceClaimTemplateName: gpu}"));
    let container = |rest: &str| format!("resources: {{claims: [{rest}]}}");
    refused(
        &base,
        &[
            (
                "# container",
                &container("{name: cpu}"),
                "api/dangling",
                "spec.containers[0].resources.claims[0].name",
                "cpu",
            ),
            (
                "# container",
                &container("{name: gpu}, {name: gpu}"),
                "api/duplicate",
                "spec.containers[0].resources.claims[1].name",
                "gpu",
            ),
        ],
    );
    accepted(
        &base,
        &[(
            "# container",
            &container("{name: gpu, request: a}, {name: gpu, request: b}"),
        )],
    );
    accepted_in(
        &[31, 33],
        &base,
        &[("# container", &container("{name: cpu}"))],
    );
}

#[test]
fn resizing() {
    let line = |rest: &str| format!("resizePolicy: [{rest}]");
    let at = |field: &str| format!("spec.containers[0].resizePolicy[0].{field}");
    refused(
        POD,
        &[
            (
                "# container",
                &line("{resourceName: storage, restartPolicy: NotRequired}"),
                "api/enum",
                &at("resourceName"),
                "storage",
            ),
            (
                "# container",
                &line("{resourceName: cpu, restartPolicy: Never}"),
                "api/enum",
                &at("restartPolicy"),
                "Never",
            ),
            (
                "# container",
                &line(
                    "{resourceName: cpu, restartPolicy: NotRequired}, {resourceName: cpu, restartPolicy: RestartContainer}",
                ),
                "api/duplicate",
                "spec.containers[0].resizePolicy[1].resourceName",
                "cpu",
            ),
            (
                "# init",
                &line("{resourceName: cpu, restartPolicy: NotRequired}"),
                "api/conflict",
                "spec.initContainers[0].resizePolicy",
                "resizePolicy",
            ),
        ],
    );
    let never = POD.replace("# pod", "restartPolicy: Never");
    let restart = line("{resourceName: cpu, restartPolicy: RestartContainer}");
    refused(
        &never,
        &[(
            "# container",
            &restart,
            "api/conflict",
            &at("restartPolicy"),
            "RestartContainer",
        )],
    );
    accepted(
        &never,
        &[(
            "# container",
            &line("{resourceName: memory, restartPolicy: NotRequired}"),
        )],
    );
    accepted_in(&[31, 32], &never, &[("# container", &restart)]);
    refused_in(
        33,
        &never,
        &[(
            "# container",
            &restart,
            "api/conflict",
            &at("restartPolicy"),
            "RestartContainer",
        )],
    );
}
