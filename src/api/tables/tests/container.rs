use crate::api::testing::{accepted, accepted_in, refused, refused_in};

const POD: &str = "
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  initContainers:
    - name: setup
      image: busybox
      # init
  containers:
    - name: main
      image: nginx
      # container
  volumes:
    - name: cache
    - name: data
      persistentVolumeClaim: {claimName: data}
    - name: scratch
      ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}}
";

const SET: &str = "
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: db
spec:
  serviceName: db
  selector:
    matchLabels:
      app: db
  template:
    metadata:
      labels:
        app: db
    spec:
      containers:
        - name: main
          image: ' '
          # container
  volumeClaimTemplates:
    - metadata:
        name: data
      spec:
        accessModes: [ReadWriteOnce]
        resources: {requests: {storage: 1Gi}}
";

#[test]
fn names_and_images() {
    let name = "spec.containers[0].name";
    refused(
        POD,
        &[
            ("name: main", "name: ''", "api/required", name, "''"),
            ("name: main", "name: Main", "api/name", name, "Main"),
            ("name: main", "name: a.b", "api/name", name, "a.b"),
            (
                "name: setup",
                "name: main",
                "api/duplicate",
                "spec.initContainers[0].name",
                "main",
            ),
            (
                "# container",
                "imagePullPolicy: always",
                "api/enum",
                "spec.containers[0].imagePullPolicy",
                "always",
            ),
            (
                "# container",
                "terminationMessagePolicy: Log",
                "api/enum",
                "spec.containers[0].terminationMessagePolicy",
                "Log",
            ),
            (
                "image: nginx",
                "image: ''",
                "api/required",
                "spec.containers[0].image",
                "''",
            ),
            (
                "image: nginx",
                "image: null",
                "api/required",
                "spec.containers[0].image",
                "null",
            ),
            (
                "image: nginx",
                "tty: true",
                "api/required",
                "spec.containers[0].image",
                "name: main",
            ),
            (
                "image: nginx",
                "image: ' nginx'",
                "api/name",
                "spec.containers[0].image",
                "' nginx'",
            ),
        ],
    );
    accepted(
        POD,
        &[
            ("image: nginx", "image: 'Not:An@Image'"),
            ("# container", "imagePullPolicy: ''\n      workingDir: a"),
        ],
    );
    accepted(SET, &[("# container", "terminationMessagePath: a")]);
}

#[test]
fn restart_policies() {
    let init = "spec.initContainers[0].restartPolicy";
    for minor in [31, 34] {
        refused_in(
            minor,
            POD,
            &[
                (
                    "# container",
                    "restartPolicy: Always",
                    "api/conflict",
                    "spec.containers[0].restartPolicy",
                    "restartPolicy",
                ),
                ("# init", "restartPolicy: Never", "api/enum", init, "Never"),
            ],
        );
    }
    accepted(POD, &[("# init", "restartPolicy: Always")]);
    accepted_in(
        &[35, 36, 37],
        POD,
        &[
            (
                "# container",
                "restartPolicy: Never\n      restartPolicyRules: [{action: Restart, exitCodes: {operator: In, values: [42]}}]",
            ),
            ("# init", "restartPolicy: OnFailure"),
        ],
    );
    let rules = "restartPolicyRules: [{action: Restart, exitCodes: {operator: In, values: [42]}}]";
    refused_in(
        35,
        POD,
        &[
            (
                "# container",
                "restartPolicy: Sometimes",
                "api/enum",
                "spec.containers[0].restartPolicy",
                "Sometimes",
            ),
            (
                "# container",
                rules,
                "api/conflict",
                "spec.containers[0].restartPolicyRules",
                "restartPolicyRules",
            ),
            (
                "# container",
                "restartPolicy: Never\n      restartPolicyRules: [{action: Restart, exitCodes: {operator: Is}}]",
                "api/enum",
                "spec.containers[0].restartPolicyRules[0].exitCodes.operator",
                "Is",
            ),
        ],
    );
}

#[test]
fn ports() {
    let at = |field: &str| format!("spec.containers[0].ports[0].{field}");
    refused(
        POD,
        &[
            (
                "# container",
                "ports: [{containerPort: 0}]",
                "api/range",
                &at("containerPort"),
                "0",
            ),
            (
                "# container",
                "ports: [{containerPort: 65536}]",
                "api/range",
                &at("containerPort"),
                "65536",
            ),
            (
                "# container",
                "ports: [{containerPort: 80, hostPort: -1}]",
                "api/range",
                &at("hostPort"),
                "-1",
            ),
            (
                "# container",
                "ports: [{containerPort: 80, name: Http}]",
                "api/name",
                &at("name"),
                "Http",
            ),
            (
                "# container",
                "ports: [{containerPort: 80, name: a-name-of-sixteen}]",
                "api/name",
                &at("name"),
                "a-name-of-sixteen",
            ),
            (
                "# container",
                "ports: [{containerPort: 80, protocol: tcp}]",
                "api/enum",
                &at("protocol"),
                "tcp",
            ),
            (
                "# container",
                "ports: [{containerPort: 80, name: a}, {containerPort: 81, name: a}]",
                "api/duplicate",
                "spec.containers[0].ports[1].name",
                "a",
            ),
        ],
    );
    accepted(
        POD,
        &[(
            "# container",
            "ports: [{containerPort: 65535, protocol: SCTP, name: '', hostPort: 0}, {containerPort: 80, name: 0-a, hostIP: x}]",
        )],
    );
}

#[test]
fn variables() {
    let at = |field: &str| format!("spec.containers[0].env[0]{field}");
    refused(
        POD,
        &[
            (
                "# container",
                "env: [{name: ''}]",
                "api/required",
                &at(".name"),
                "''",
            ),
            (
                "# container",
                "env: [{name: A=B}]",
                "api/name",
                &at(".name"),
                "A=B",
            ),
            (
                "# container",
                "env: [{name: Ä}]",
                "api/name",
                &at(".name"),
                "Ä",
            ),
            (
                "# container",
                "env: [{name: A, valueFrom: {}}]",
                "api/alternatives",
                &at(".valueFrom"),
                "{}",
            ),
            (
                "# container",
                "env: [{name: A, value: b, valueFrom: {secretKeyRef: {name: a, key: b}}}]",
                "api/alternatives",
                &at(".valueFrom"),
                "valueFrom",
            ),
            (
                "# container",
                "env: [{name: A, valueFrom: {secretKeyRef: {name: a, key: b}, configMapKeyRef: {name: a, key: b}}}]",
                "api/alternatives",
                &at(".valueFrom.secretKeyRef"),
                "secretKeyRef",
            ),
            (
                "# container",
                "env: [{name: A, valueFrom: {secretKeyRef: {key: b}}}]",
                "api/required",
                &at(".valueFrom.secretKeyRef.name"),
                "{key: b}",
            ),
            (
                "# container",
                "env: [{name: A, valueFrom: {secretKeyRef: {name: a, key: ''}}}]",
                "api/required",
                &at(".valueFrom.secretKeyRef.key"),
                "''",
            ),
            (
                "# container",
                "env: [{name: A, valueFrom: {configMapKeyRef: {name: a, key: b c}}}]",
                "api/name",
                &at(".valueFrom.configMapKeyRef.key"),
                "b c",
            ),
            (
                "# container",
                "envFrom: [{}]",
                "api/alternatives",
                "spec.containers[0].envFrom[0]",
                "{}",
            ),
            (
                "# container",
                "envFrom: [{secretRef: {name: a}, configMapRef: {name: a}}]",
                "api/alternatives",
                "spec.containers[0].envFrom[0].secretRef",
                "secretRef",
            ),
            (
                "# container",
                "envFrom: [{secretRef: {optional: true}}]",
                "api/required",
                "spec.containers[0].envFrom[0].secretRef.name",
                "{optional: true}",
            ),
            (
                "# container",
                "envFrom: [{prefix: a=, secretRef: {name: a}}]",
                "api/name",
                "spec.containers[0].envFrom[0].prefix",
                "a=",
            ),
        ],
    );
    accepted(
        POD,
        &[
            (
                "# container",
                "env: [{name: A}, {name: A, value: ''}, {name: a.b-C_1, value: '', valueFrom: {secretKeyRef: {name: A_, key: .b}}}]",
            ),
            (
                "# container",
                "env: [{name: A, value: b, valueFrom: null}]\n      envFrom: [{prefix: '', configMapRef: {name: X, optional: true}}]",
            ),
        ],
    );
    accepted_in(
        &[32, 34, 37],
        POD,
        &[(
            "# container",
            "env: [{name: 0 a}]\n      envFrom: [{prefix: 1-, secretRef: {name: a}}]",
        )],
    );
    refused_in(
        31,
        POD,
        &[
            (
                "# container",
                "env: [{name: 0a}]",
                "api/name",
                &at(".name"),
                "0a",
            ),
            (
                "# container",
                "env: [{name: A=B}]",
                "api/name",
                &at(".name"),
                "A=B",
            ),
            (
                "# container",
                "envFrom: [{prefix: ..a, secretRef: {name: a}}]",
                "api/name",
                "spec.containers[0].envFrom[0].prefix",
                "..a",
            ),
        ],
    );
}

#[test]
fn mounts() {
    let mount = |rest: &str| format!("volumeMounts: [{{name: cache, mountPath: /a{rest}}}]");
    let at = |field: &str| format!("spec.containers[0].volumeMounts[0].{field}");
    refused(
        POD,
        &[
            (
                "# container",
                "volumeMounts: [{name: cahce, mountPath: /a}]",
                "api/dangling",
                &at("name"),
                "cahce",
            ),
            (
                "# init",
                "volumeMounts: [{name: none, mountPath: /a}]",
                "api/dangling",
                "spec.initContainers[0].volumeMounts[0].name",
                "none",
            ),
            (
                "# container",
                "volumeMounts: [{name: '', mountPath: /a}]",
                "api/required",
                &at("name"),
                "''",
            ),
            (
                "# container",
                "volumeMounts: [{name: cache, mountPath: ''}]",
                "api/required",
                &at("mountPath"),
                "''",
            ),
            (
                "# container",
                "volumeMounts: [{name: cache, mountPath: /a}, {name: data, mountPath: /a}]",
                "api/duplicate",
                "spec.containers[0].volumeMounts[1].mountPath",
                "/a",
            ),
            (
                "# container",
                &mount(", subPath: /b"),
                "api/path",
                &at("subPath"),
                "/b",
            ),
            (
                "# container",
                &mount(", subPath: b/../c"),
                "api/path",
                &at("subPath"),
                "b/../c",
            ),
            (
                "# container",
                &mount(", subPathExpr: ../$(A)"),
                "api/path",
                &at("subPathExpr"),
                "../$(A)",
            ),
            (
                "# container",
                &mount(", subPath: b, subPathExpr: c"),
                "api/alternatives",
                &at("subPathExpr"),
                "subPathExpr",
            ),
            (
                "# container",
                &mount(", mountPropagation: Both"),
                "api/enum",
                &at("mountPropagation"),
                "Both",
            ),
            (
                "# container",
                &mount(", mountPropagation: Bidirectional"),
                "api/conflict",
                &at("mountPropagation"),
                "Bidirectional",
            ),
            (
                "# container",
                &mount(", recursiveReadOnly: Yes!"),
                "api/enum",
                &at("recursiveReadOnly"),
                "Yes!",
            ),
            (
                "# container",
                &mount(", recursiveReadOnly: IfPossible"),
                "api/conflict",
                &at("recursiveReadOnly"),
                "IfPossible",
            ),
            (
                "# container",
                &mount(
                    ", readOnly: true, recursiveReadOnly: Enabled, mountPropagation: HostToContainer",
                ),
                "api/conflict",
                &at("recursiveReadOnly"),
                "Enabled",
            ),
        ],
    );
    accepted(
        POD,
        &[
            ("# container", &mount(", subPath: b/..c, subPathExpr: ''")),
            (
                "# container",
                &mount(", mountPropagation: None, recursiveReadOnly: Disabled"),
            ),
            (
                "# container",
                &mount(", readOnly: true, recursiveReadOnly: Enabled, mountPropagation: None"),
            ),
            (
                "# container",
                &(mount(", mountPropagation: Bidirectional")
                    + "\n      securityContext: {privileged: true}"),
            ),
            (
                "# container",
                "volumeMounts: [{name: cache, mountPath: a}, {name: cache, mountPath: /a/}, {name: cache, mountPath: '/a:b'}]",
            ),
        ],
    );
}

#[test]
fn devices() {
    let at = |field: &str| format!("spec.containers[0].volumeDevices[0].{field}");
    refused(
        POD,
        &[
            (
                "# container",
                "volumeDevices: [{name: cache, devicePath: /a}]",
                "api/conflict",
                &at("name"),
                "cache",
            ),
            (
                "# container",
                "volumeDevices: [{name: none, devicePath: /a}]",
                "api/dangling",
                &at("name"),
                "none",
            ),
            (
                "# container",
                "volumeDevices: [{name: data, devicePath: ''}]",
                "api/required",
                &at("devicePath"),
                "''",
            ),
            (
                "# container",
                "volumeDevices: [{name: data, devicePath: /a/../b}]",
                "api/path",
                &at("devicePath"),
                "/a/../b",
            ),
            (
                "# container",
                "volumeDevices: [{name: data, devicePath: /a}, {name: data, devicePath: /b}]",
                "api/duplicate",
                "spec.containers[0].volumeDevices[1].name",
                "data",
            ),
            (
                "# container",
                "volumeDevices: [{name: data, devicePath: /a}, {name: scratch, devicePath: /a}]",
                "api/duplicate",
                "spec.containers[0].volumeDevices[1].devicePath",
                "/a",
            ),
            (
                "# container",
                "volumeDevices: [{name: data, devicePath: /a}]\n      volumeMounts: [{name: data, mountPath: /b}]",
                "api/conflict",
                "spec.containers[0].volumeMounts[0].name",
                "data",
            ),
            (
                "# container",
                "volumeDevices: [{name: data, devicePath: /a}]\n      volumeMounts: [{name: cache, mountPath: /a}]",
                "api/conflict",
                "spec.containers[0].volumeMounts[0].mountPath",
                "/a",
            ),
        ],
    );
    accepted(
        POD,
        &[(
            "# container",
            "volumeDevices: [{name: data, devicePath: a}, {name: scratch, devicePath: /b}]",
        )],
    );
}

#[test]
fn claims_of_a_stateful_set_are_volumes() {
    accepted(
        SET,
        &[
            ("# container", "volumeMounts: [{name: data, mountPath: /a}]"),
            (
                "# container",
                "volumeDevices: [{name: data, devicePath: /a}]",
            ),
        ],
    );
    let field = "spec.template.spec.containers[0].volumeMounts[0].name";
    refused(
        SET,
        &[(
            "# container",
            "volumeMounts: [{name: date, mountPath: /a}]",
            "api/dangling",
            field,
            "date",
        )],
    );
}
