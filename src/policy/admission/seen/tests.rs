//! Objects as text, and what expressions see of them.

use std::sync::Arc;

use super::*;
use crate::cel::{Activation, Budget, Environment, Type, compile};
use crate::manifest::{Scopes, group};
use crate::yaml::Document;

fn document(text: &str) -> Document {
    read(&Arc::from(text), &Limits::default())
        .documents
        .remove(0)
}

fn holds(expression: &str, object: Value<'_>) {
    let environment = Environment::new(34).variable("object", Type::Dyn);
    let program =
        compile(expression, &environment).unwrap_or_else(|error| panic!("{expression}: {error:?}"));
    let mut activation = Activation::new();
    activation.set("object", object);
    let value = program.eval(&activation, &mut Budget::new());
    assert!(
        matches!(value, Ok(Value::Bool(true))),
        "{expression}: {value:?}"
    );
}

fn kinds(text: &str) -> (String, String) {
    let document = document(text);
    let word = |key: &str| {
        document
            .root()
            .get(key)
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned()
    };
    (word("apiVersion"), word("kind"))
}

fn stands_above(head: &str, line: &str) -> bool {
    let place = |wanted: &dyn Fn(&str) -> bool| TABLE.lines().position(wanted);
    let head = place(&|line| line == head || line.starts_with(&format!("{head} < ")));
    head < place(&|other| other == line) && head.is_some()
}

#[test]
fn every_line_of_the_table_is_understood() {
    let table = table();
    for line in TABLE.lines().filter(|line| line.starts_with("  ")) {
        for name in line.split('@').skip(1) {
            assert!(made::function(name).is_some(), "{line}");
        }
        let of = line
            .split(" -> ")
            .nth(1)
            .and_then(|rest| rest.split(' ').next());
        let of = of.map(|of| of.trim_matches(['[', ']', '{', '}']));
        if let Some(of) = of.filter(|of| *of != "quantity") {
            assert!(table.types.contains_key(of), "{line}");
            assert!(stands_above(&format!("type {of}"), line), "{line}");
        }
    }
    for line in TABLE.lines().filter(|line| line.contains(" < ")) {
        let above = format!("type {}", line.split(' ').nth(3).unwrap());
        assert!(stands_above(&above, line), "{line}");
    }
}

#[test]
fn objects_are_seen_as_the_api_server_has_completed_them() {
    for (object, expressions) in [
        (
            "{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {}}, spec: {hostNetwork: false, hostPID: true, tolerations: [], containers: [{name: a, image: 'a:latest', stdin: false, ports: [{containerPort: 1, hostPort: 0}], env: [{name: e, value: ''}], resources: {limits: {cpu: 0.5, memory: 1024Mi}, requests: {cpu: 1}}}, {name: b, image: a/b@sha256:0, securityContext: {privileged: false}, livenessProbe: {httpGet: {port: 1}}}, {name: c, image: 'r:5000/a', imagePullPolicy: null, args: null}], volumes: [{name: e}, {name: s, secret: {secretName: x}}]}}",
            &[
                "object.metadata.namespace == 'default' && !has(object.metadata.labels)",
                "!has(object.spec.hostNetwork) && object.spec.hostPID && !has(object.spec.tolerations)",
                "object.spec.restartPolicy == 'Always' && object.spec.serviceAccountName == 'default'",
                "has(object.spec.securityContext) && object.spec.securityContext.size() == 0",
                "object.spec.containers.map(c, c.imagePullPolicy) == ['Always', 'IfNotPresent', 'Always']",
                "object.spec.containers[0].ports[0].protocol == 'TCP' && !has(object.spec.containers[0].ports[0].hostPort)",
                "!has(object.spec.containers[0].stdin) && !has(object.spec.containers[2].args)",
                "!has(object.spec.containers[0].env[0].value)",
                "object.spec.containers[0].resources.limits == {'cpu': '500m', 'memory': '1Gi'}",
                "object.spec.containers[0].resources.requests == {'cpu': '1', 'memory': '1Gi'}",
                "has(object.spec.containers[1].resources) && !has(object.spec.containers[1].resources.limits)",
                "object.spec.containers[1].securityContext.privileged == false",
                "object.spec.containers[1].livenessProbe.httpGet.scheme == 'HTTP' && object.spec.containers[1].livenessProbe.periodSeconds == 10",
                "has(object.spec.volumes[0].emptyDir) && !has(object.spec.volumes[1].emptyDir) && object.spec.volumes[1].secret.defaultMode == 420",
                "object.spec.containers.all(c, c.exists(k, k == 'terminationMessagePath'))",
            ][..],
        ),
        (
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: ns}, spec: {paused: false, template: {spec: {containers: [{name: a, resources: {limits: {cpu: 2}}}]}}}}",
            &[
                "object.metadata.namespace == 'ns' && object.spec.replicas == 1 && !has(object.spec.paused)",
                "object.spec.strategy.rollingUpdate.maxSurge == '25%'",
                "object.spec.template.spec.containers[0].resources.limits.cpu == '2'",
                "!has(object.spec.template.spec.containers[0].resources.requests) && !has(object.spec.template.spec.serviceAccountName)",
                "has(object.spec.template.metadata) && !has(object.spec.template.metadata.labels)",
            ],
        ),
        (
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {replicas: 0, strategy: {type: Recreate}}}",
            &["object.spec.replicas == 0 && !has(object.spec.strategy.rollingUpdate)"],
        ),
        (
            "{apiVersion: batch/v1, kind: CronJob, metadata: {name: c}, spec: {jobTemplate: {spec: {template: {spec: {}}}}}}",
            &[
                "object.spec.concurrencyPolicy == 'Allow' && object.spec.jobTemplate.spec.template.spec.dnsPolicy == 'ClusterFirst' && !has(object.spec.jobTemplate.spec.backoffLimit)",
            ],
        ),
        (
            "{apiVersion: batch/v1, kind: Job, metadata: {name: c}, spec: {parallelism: 2, template: {metadata: {labels: {a: b}}}}}",
            &[
                "object.metadata.labels.a == 'b' && object.spec.backoffLimit == 6 && !has(object.spec.completions)",
            ],
        ),
        (
            "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: [{port: 80}], type: LoadBalancer, externalIPs: []}}",
            &[
                "object.spec.ports[0].targetPort == 80 && object.spec.externalTrafficPolicy == 'Cluster' && object.spec.allocateLoadBalancerNodePorts && !has(object.spec.externalIPs)",
            ],
        ),
        (
            "{apiVersion: v1, kind: Namespace, metadata: {name: n1, labels: {a: b}}}",
            &[
                "object.metadata.labels == {'a': 'b', 'kubernetes.io/metadata.name': 'n1'} && !has(object.metadata.namespace)",
            ],
        ),
        (
            "{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {a: eA==}, stringData: {b: x}}",
            &[
                "object.data == {'a': 'eA==', 'b': 'eA=='} && !has(object.stringData) && object.type == 'Opaque' && object.exists(k, k == 'data')",
            ],
        ),
        (
            "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: n}, spec: {podSelector: {}, egress: [{ports: [{port: 53}]}], ingress: []}}",
            &[
                "object.spec.policyTypes == ['Ingress', 'Egress'] && object.spec.egress[0].ports[0].protocol == 'TCP' && !has(object.spec.ingress) && has(object.spec.podSelector)",
            ],
        ),
        (
            "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: n}, roleRef: {kind: Role, name: r}, subjects: [{kind: User, name: u}, {kind: ServiceAccount, name: s}]}",
            &[
                "object.subjects[0].apiGroup == object.roleRef.apiGroup && !has(object.subjects[1].apiGroup)",
            ],
        ),
        (
            "{apiVersion: example.com/v1, kind: Thing, metadata: {name: t}, spec: {empty: {}}}",
            &["object.metadata.namespace == 'default' && has(object.spec.empty)"],
        ),
    ] {
        let (api_version, kind) = kinds(object);
        let document = document(object);
        let scope = Scopes::default().of(&api_version, &kind);
        let schema = built_in(group(&api_version), &kind, scope);
        for expression in expressions {
            holds(expression, Value::typed(document.root(), schema));
        }
    }
}

#[test]
fn a_template_is_seen_as_its_pod() {
    let text = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: ns}, spec: {template: {metadata: {labels: {a: b}, annotations: {}}, spec: {containers: [{name: c, resources: {limits: {cpu: 1}}}]}}}}";
    let document = document(text);
    let template = document.root().path(&["spec", "template"]).unwrap();
    for expression in [
        "object.apiVersion == 'v1' && object.kind == 'Pod'",
        "object.metadata.name == 'web' && object.metadata.generateName == 'web-' && object.metadata.namespace == 'ns'",
        "object.metadata.labels.a == 'b' && !has(object.metadata.annotations)",
        "object.metadata.ownerReferences[0].kind == 'ReplicaSet'",
        "object.spec.containers[0].resources.requests.cpu == '1' && object.spec.serviceAccountName == 'default'",
    ] {
        holds(expression, Value::typed(template, pod_of_template()));
    }
}

#[test]
fn custom_resources_have_the_defaults_of_their_definitions() {
    let definition = document(
        "kind: CustomResourceDefinition\nspec:\n  group: a.b\n  scope: Namespaced\n  names: {kind: C, plural: cs}\n  versions:\n  - name: v1\n    served: true\n    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, default: {}, properties: {num: {type: integer, default: 1}, m: {type: string, nullable: true}, list: {type: array, items: {type: object, properties: {p: {default: TCP}}}}, map: {type: object, additionalProperties: {type: object, properties: {q: {default: 2}}}}}}}}}\n",
    );
    let mut scopes = Scopes::default();
    scopes.learn(definition.root());
    let mut definitions = Definitions::default();
    definitions.learn(definition.root(), &scopes, &|_, _| true);
    for (object, expression) in [
        (
            "{metadata: {}}",
            "object.spec.num == 1 && object.metadata.namespace == 'default'",
        ),
        (
            "{spec: {num: null, m: null, list: [{}, {p: UDP}], map: {a: {}}, other: null}}",
            "object.spec.num == 1 && object.spec.m == null && object.spec.list.map(i, i.p) == ['TCP', 'UDP'] && object.spec.map.a.q == 2 && !has(object.spec.other)",
        ),
    ] {
        let document = document(object);
        holds(
            expression,
            Value::typed(document.root(), definitions.get("a.b/v1", "C")),
        );
    }
    assert!(definitions.get("a.b/v2", "C").is_none());
}
