use crate::api::testing::{accepted, accepted_in, refused, refused_in};

const POD: &str = "
apiVersion: v1
kind: Pod
metadata:
  name: web
  # meta
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

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      # pod
      containers:
        - name: main
          image: nginx
          # container
";

#[test]
fn fields_of_pods() {
    refused(
        POD,
        &[
            ("# pod", "hostname: Web", "api/name", "spec.hostname", "Web"),
            (
                "# pod",
                "subdomain: a.b",
                "api/name",
                "spec.subdomain",
                "a.b",
            ),
            (
                "# pod",
                "restartPolicy: always",
                "api/enum",
                "spec.restartPolicy",
                "always",
            ),
            (
                "# pod",
                "dnsPolicy: ClusterLast",
                "api/enum",
                "spec.dnsPolicy",
                "ClusterLast",
            ),
            (
                "# pod",
                "activeDeadlineSeconds: 0",
                "api/range",
                "spec.activeDeadlineSeconds",
                "0",
            ),
            (
                "# pod",
                "activeDeadlineSeconds: 2147483648",
                "api/range",
                "spec.activeDeadlineSeconds",
                "2147483648",
            ),
            (
                "# pod",
                "nodeSelector: {-a: b}",
                "api/name",
                "spec.nodeSelector.-a",
                "-a",
            ),
            (
                "# pod",
                "nodeSelector: {a: b c}",
                "api/name",
                "spec.nodeSelector.a",
                "b c",
            ),
            (
                "# pod",
                "nodeName: Node_1",
                "api/name",
                "spec.nodeName",
                "Node_1",
            ),
            (
                "# pod",
                "serviceAccountName: A",
                "api/name",
                "spec.serviceAccountName",
                "A",
            ),
            (
                "# pod",
                "serviceAccount: A",
                "api/name",
                "spec.serviceAccount",
                "A",
            ),
            (
                "# pod",
                "priorityClassName: A",
                "api/name",
                "spec.priorityClassName",
                "A",
            ),
            (
                "# pod",
                "preemptionPolicy: Always",
                "api/enum",
                "spec.preemptionPolicy",
                "Always",
            ),
            (
                "# pod",
                "preemptionPolicy: ''",
                "api/required",
                "spec.preemptionPolicy",
                "''",
            ),
            (
                "# pod",
                "runtimeClassName: ''",
                "api/required",
                "spec.runtimeClassName",
                "''",
            ),
            (
                "# pod",
                "runtimeClassName: a_b",
                "api/name",
                "spec.runtimeClassName",
                "a_b",
            ),
            (
                "# pod",
                "overhead: {cpu: -1m}",
                "api/quantity",
                "spec.overhead[cpu]",
                "-1m",
            ),
            (
                "# pod",
                "overhead: {cpus: 1m}",
                "api/enum",
                "spec.overhead[cpus]",
                "cpus",
            ),
            (
                "# pod",
                "readinessGates: [{conditionType: a b}]",
                "api/name",
                "spec.readinessGates[0].conditionType",
                "a b",
            ),
            (
                "# pod",
                "readinessGates: [{conditionType: ''}]",
                "api/required",
                "spec.readinessGates[0].conditionType",
                "''",
            ),
            (
                "# pod",
                "schedulingGates: [{name: a/b/c}]",
                "api/name",
                "spec.schedulingGates[0].name",
                "a/b/c",
            ),
            (
                "# pod",
                "schedulingGates: [{name: a}, {name: a}]",
                "api/duplicate",
                "spec.schedulingGates[1].name",
                "a",
            ),
            (
                "# pod",
                "schedulingGates: [{name: a}]\n  nodeName: b",
                "api/conflict",
                "spec.nodeName",
                "nodeName",
            ),
            (
                "# pod",
                "hostAliases: [{ip: 10.0.0, hostnames: [a]}]",
                "api/address",
                "spec.hostAliases[0].ip",
                "10.0.0",
            ),
            (
                "# pod",
                "hostAliases: [{ip: '', hostnames: [a]}]",
                "api/required",
                "spec.hostAliases[0].ip",
                "''",
            ),
            (
                "# pod",
                "hostAliases: [{ip: ::1, hostnames: [a_b]}]",
                "api/name",
                "spec.hostAliases[0].hostnames[0]",
                "a_b",
            ),
        ],
    );
    accepted(
        POD,
        &[
            (
                "# pod",
                "hostname: 0-web\n  subdomain: ''\n  restartPolicy: ''\n  dnsPolicy: null\n  nodeName: ''",
            ),
            (
                "# pod",
                "nodeSelector: {a.b/c: '', d: E_f.g}\n  nodeName: 10.0.0.1\n  serviceAccountName: a.b\n  serviceAccount: A_",
            ),
            (
                "# pod",
                "activeDeadlineSeconds: 2147483647\n  terminationGracePeriodSeconds: -1\n  priority: -5\n  schedulerName: Any Name",
            ),
            (
                "# pod",
                "imagePullSecrets: [{name: A_b}, {}]\n  hostAliases: [{ip: 127.0.0.1}, {ip: '::ffff:1.2.3.4', hostnames: [a, 0.b]}]",
            ),
            (
                "# pod",
                "overhead: {cpu: 10m, memory: 1Mi, example.com/x: 1}\n  runtimeClassName: gvisor\n  preemptionPolicy: Never",
            ),
            (
                "# pod",
                "schedulingGates: [{name: a}, {name: A}, {name: example.com/a}]\n  ephemeralContainers: []",
            ),
        ],
    );
}

#[test]
fn a_pod_has_a_spec_and_containers() {
    let bare = "\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: a, image: b}]} # all\n";
    refused(
        bare,
        &[
            (
                "spec: {containers: [{name: a, image: b}]} # all",
                "",
                "api/required",
                "spec",
                "apiVersion: v1",
            ),
            (
                "[{name: a, image: b}]",
                "[]",
                "api/required",
                "spec.containers",
                "[]",
            ),
            (
                "[{name: a, image: b}]",
                "null",
                "api/required",
                "spec.containers",
                "null",
            ),
        ],
    );
}

#[test]
fn nobody_is_made_with_ephemeral_containers() {
    let containers = "ephemeralContainers: [{name: debug, image: busybox}]";
    refused(
        POD,
        &[(
            "# pod",
            containers,
            "api/conflict",
            "spec.ephemeralContainers",
            "ephemeralContainers",
        )],
    );
    refused(
        DEPLOYMENT,
        &[(
            "# pod",
            containers,
            "api/conflict",
            "spec.template.spec.ephemeralContainers",
            "ephemeralContainers",
        )],
    );
}

#[test]
fn ports_of_the_node() {
    let of_main = "ports: [{containerPort: 80, hostPort: 80}, {containerPort: 81, hostPort: 80";
    refused(
        POD,
        &[
            (
                "# container",
                &format!("{of_main}}}]"),
                "api/duplicate",
                "spec.containers[0].ports[1].hostPort",
                "80",
            ),
            (
                "# pod",
                "initContainers: [{name: a, image: b, ports: [{containerPort: 1, hostPort: 1}, {containerPort: 2, hostPort: 1}]}]",
                "api/duplicate",
                "spec.initContainers[0].ports[1].hostPort",
                "1",
            ),
        ],
    );
    accepted(
        POD,
        &[
            ("# container", &format!("{of_main}, protocol: UDP}}]")),
            ("# container", &format!("{of_main}, hostIP: 127.0.0.1}}]")),
            (
                "# container",
                "ports: [{containerPort: 80, name: a}, {containerPort: 80, name: b, hostPort: 0}]",
            ),
            (
                "# pod",
                "initContainers: [{name: a, image: b, ports: [{containerPort: 1, hostPort: 1}]}, {name: c, image: d, ports: [{containerPort: 1, hostPort: 1}]}]",
            ),
        ],
    );
    let shared = "hostNetwork: true\n      ";
    let on_host = POD.replace("  # pod", "  hostNetwork: true");
    refused(
        &on_host,
        &[
            (
                "# container",
                "ports: [{containerPort: 80, hostPort: 81}]",
                "api/conflict",
                "spec.containers[0].ports[0].hostPort",
                "81",
            ),
            (
                "# container",
                "ports: [{containerPort: 80}, {name: b, containerPort: 80}]",
                "api/duplicate",
                "spec.containers[0].ports[1].hostPort",
                "{name: b, containerPort: 80}",
            ),
        ],
    );
    accepted(
        &on_host,
        &[(
            "# container",
            "ports: [{containerPort: 80, hostPort: 80}, {containerPort: 81}]",
        )],
    );
    let deployment = DEPLOYMENT.replace("# pod", &format!("{shared}# pod"));
    accepted(
        &deployment,
        &[(
            "# container",
            "ports: [{containerPort: 80}, {containerPort: 80}, {containerPort: 1, hostPort: 1}]",
        )],
    );
    refused(
        &deployment,
        &[(
            "# container",
            "ports: [{containerPort: 80, hostPort: 81}]",
            "api/conflict",
            "spec.template.spec.containers[0].ports[0].hostPort",
            "81",
        )],
    );
}

#[test]
fn name_resolution() {
    let long = "a, ".repeat(33);
    let wide = format!("{}, ", "a".repeat(60)).repeat(31);
    let dns = "dnsConfig: {nameservers: ";
    refused(
        POD,
        &[
            (
                "# pod",
                "dnsPolicy: None",
                "api/required",
                "spec.dnsConfig",
                "dnsPolicy: None",
            ),
            (
                "# pod",
                "dnsPolicy: None\n  dnsConfig: {searches: [a]}",
                "api/required",
                "spec.dnsConfig.nameservers",
                "{searches: [a]}",
            ),
            (
                "# pod",
                "dnsPolicy: None\n  dnsConfig: {nameservers: []}",
                "api/required",
                "spec.dnsConfig.nameservers",
                "[]",
            ),
            (
                "# pod",
                &format!("{dns}[1.1.1]}}"),
                "api/address",
                "spec.dnsConfig.nameservers[0]",
                "1.1.1",
            ),
            (
                "# pod",
                &format!("{dns}[1.1.1.1, 1.1.1.2, 1.1.1.3, 1.1.1.4]}}"),
                "api/range",
                "spec.dnsConfig.nameservers",
                "nameservers",
            ),
            (
                "# pod",
                &format!("dnsConfig: {{searches: [{long}]}}"),
                "api/range",
                "spec.dnsConfig.searches",
                "searches",
            ),
            (
                "# pod",
                "dnsConfig: {searches: [A]}",
                "api/name",
                "spec.dnsConfig.searches[0]",
                "A",
            ),
            (
                "# pod",
                "dnsConfig: {options: [{value: a}]}",
                "api/required",
                "spec.dnsConfig.options[0].name",
                "{value: a}",
            ),
        ],
    );
    assert!(wide.len() < 2048);
    accepted(
        POD,
        &[
            (
                "# pod",
                "dnsPolicy: None\n  dnsConfig: {nameservers: [1.1.1.1, '2001:db8::1'], options: [{name: ndots, value: '2'}]}",
            ),
            ("# pod", &format!("dnsConfig: {{searches: [a.b., {wide}]}}")),
            ("# pod", "dnsConfig: {}"),
        ],
    );
    refused_in(
        32,
        POD,
        &[(
            "# pod",
            "dnsConfig: {searches: [_sip.a]}",
            "api/name",
            "spec.dnsConfig.searches[0]",
            "_sip.a",
        )],
    );
    accepted_in(
        &[33, 34, 37],
        POD,
        &[("# pod", "dnsConfig: {searches: [_sip.a, .]}")],
    );
}

#[test]
fn another_name_of_the_host() {
    let name = "hostnameOverride: web.example.com";
    accepted(
        POD,
        &[("# pod", name)].map(|(from, _)| (from, "setHostnameAsFQDN: true")),
    );
    accepted_in(&[34, 35, 37], POD, &[("# pod", name)]);
    refused_in(
        35,
        POD,
        &[
            (
                "# pod",
                "hostnameOverride: Web",
                "api/name",
                "spec.hostnameOverride",
                "Web",
            ),
            (
                "# pod",
                &format!("{name}\n  setHostnameAsFQDN: true"),
                "api/conflict",
                "spec.hostnameOverride",
                "hostnameOverride",
            ),
            (
                "# pod",
                &format!("{name}\n  hostNetwork: true"),
                "api/conflict",
                "spec.hostnameOverride",
                "hostnameOverride",
            ),
        ],
    );
}

#[test]
fn annotations_that_the_server_reads() {
    let cost = "controller.kubernetes.io/pod-deletion-cost";
    let armor = "container.apparmor.security.beta.kubernetes.io/";
    let annotation = |key: &str, value: &str| format!("annotations: {{{key}: '{value}'}}");
    let cases = ["+1", "01", "", "a", "2147483648", "1.5"]
        .map(|value| (annotation(cost, value), format!("'{value}'")));
    for (line, text) in &cases {
        let field = format!("metadata.annotations[{cost}]");
        refused(POD, &[("# meta", line, "api/format", &field, text)]);
    }
    for value in ["0", "-10", "2147483647"] {
        accepted(POD, &[("# meta", &annotation(cost, value))]);
    }
    let (of_main, of_none) = (format!("{armor}main"), format!("{armor}mian"));
    refused(
        POD,
        &[
            (
                "# meta",
                &annotation(&of_none, "runtime/default"),
                "api/dangling",
                &format!("metadata.annotations[{of_none}]"),
                &of_none,
            ),
            (
                "# meta",
                &annotation(&of_main, "local/a"),
                "api/enum",
                &format!("metadata.annotations[{of_main}]"),
                "'local/a'",
            ),
            (
                "# meta",
                &annotation("kubernetes.io/config.mirror", "a"),
                "api/conflict",
                "metadata.annotations[kubernetes.io/config.mirror]",
                "kubernetes.io/config.mirror",
            ),
        ],
    );
    for value in ["runtime/default", "unconfined", "localhost/a", ""] {
        accepted(POD, &[("# meta", &annotation(&of_main, value))]);
    }
}
