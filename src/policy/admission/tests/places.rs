//! The line to mend.

use super::*;
use crate::manifest::{field_path, path_of_keys};

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: ns, labels: {app: x}, annotations: {}}
spec:
  hostNetwork: true
  securityContext: {}
  volumes:
  - {name: a, emptyDir: {}}
  - {name: b, hostPath: {path: /etc}}
  initContainers:
  - {name: i, image: 'i:1'}
  containers:
  - name: a
    image: good.example/a:1
    securityContext: {privileged: false, capabilities: {drop: [ALL]}}
    resources: {limits: {memory: 1Gi, cpu: 1}}
  - name: b
    image: bad.example/b:latest
    securityContext: {privileged: true, capabilities: {add: [CHOWN, SYS_ADMIN], drop: [KILL]}}
    resources: {limits: {cpu: 4}}
";

/// An expression that does not hold, and the field that it is about.
const CASES: &[(&str, &str)] = &[
    // Values that are wrong.
    ("!object.spec.hostNetwork", "spec.hostNetwork"),
    (
        "!has(object.spec.hostNetwork) || object.spec.hostNetwork == false",
        "spec.hostNetwork",
    ),
    (
        "object.spec.?hostNetwork.orValue(false) == false",
        "spec.hostNetwork",
    ),
    ("object.metadata.name.startsWith('team-')", "metadata.name"),
    ("object.metadata['name'] == 'q'", "metadata.name"),
    ("5 < object.spec.containers.size()", "spec.containers"),
    (
        "request.namespace == 'x' || object.metadata.namespace == request.namespace + 'x'",
        "metadata.namespace",
    ),
    (
        "object.spec.hostNetwork ? object.metadata.labels.app == 'y' : true",
        "metadata.labels.app",
    ),
    ("object.spec.hostNetwork ? false : true", "spec.hostNetwork"),
    // What is missing.
    ("has(object.metadata.labels.team)", "metadata.labels.team"),
    ("'team' in object.metadata.labels", "metadata.labels.team"),
    (
        "object.metadata.labels['a.b/team'] == 'x'",
        "metadata.labels[a.b/team]",
    ),
    (
        "object.metadata.labels.exists(key, key == 'team')",
        "metadata.labels",
    ),
    (
        "has(object.metadata.labels) && 'team' in object.metadata.labels",
        "metadata.labels.team",
    ),
    (
        "has(object.metadata.annotations) && 'a' in object.metadata.annotations",
        "metadata.annotations",
    ),
    (
        "'a' in object.metadata.?annotations.orValue({})",
        "metadata.annotations.a",
    ),
    (
        "object.spec.?securityContext.?runAsNonRoot.orValue(false)",
        "spec.securityContext.runAsNonRoot",
    ),
    ("object.spec.affinity.nodeAffinity.x == 1", "spec.affinity"),
    // The item at which a macro stops.
    (
        "object.spec.containers.all(c, c.image.startsWith('good.example/'))",
        "spec.containers[1].image",
    ),
    (
        "object.spec.containers.all(c, !c.image.endsWith(':latest'))",
        "spec.containers[1].image",
    ),
    (
        "object.spec.containers.all(c, has(c.resources.limits) && has(c.resources.limits.memory))",
        "spec.containers[1].resources.limits.memory",
    ),
    (
        "object.spec.containers.all(c, 'memory' in c.resources.limits)",
        "spec.containers[1].resources.limits.memory",
    ),
    (
        "object.spec.containers.all(c, has(c.livenessProbe))",
        "spec.containers[0].livenessProbe",
    ),
    (
        "object.spec.containers.all(c, c.securityContext.privileged == false)",
        "spec.containers[1].securityContext.privileged",
    ),
    (
        "!object.spec.containers.exists(c, c.?securityContext.?privileged.orValue(false))",
        "spec.containers[1].securityContext.privileged",
    ),
    (
        "object.spec.containers.exists(c, c.name == 'proxy')",
        "spec.containers",
    ),
    (
        "object.spec.containers.filter(c, c.securityContext.privileged).size() == 0",
        "spec.containers[1].securityContext.privileged",
    ),
    (
        "object.spec.containers.all(c, c.securityContext.?capabilities.?add.orValue([]).all(a, a in ['CHOWN']))",
        "spec.containers[1].securityContext.capabilities.add[1]",
    ),
    (
        "object.spec.containers.all(c, 'ALL' in c.securityContext.capabilities.drop)",
        "spec.containers[1].securityContext.capabilities.drop",
    ),
    (
        "object.spec.containers.all(c, c.securityContext.capabilities.drop.exists(d, d == 'ALL'))",
        "spec.containers[1].securityContext.capabilities.drop",
    ),
    (
        "object.spec.containers.all(c, quantity(c.resources.limits.cpu).isLessThan(quantity('2')))",
        "spec.containers[1].resources.limits[cpu]",
    ),
    (
        "object.spec.containers[1].image.contains('good')",
        "spec.containers[1].image",
    ),
    (
        "object.spec.containers.exists_one(c, c.image.contains('example'))",
        "spec.containers[0].image",
    ),
    (
        "object.spec.containers.all(i, c, i == 0 || c.name == 'a')",
        "spec.containers[1].name",
    ),
    (
        "object.metadata.labels.all(k, v, k != 'app')",
        "metadata.labels.app",
    ),
    (
        "object.spec.volumes.all(v, !has(v.hostPath))",
        "spec.volumes[1].hostPath",
    ),
    (
        "(object.spec.initContainers + object.spec.containers).all(c, c.image.contains('example'))",
        "spec.initContainers[0].image",
    ),
    (
        "(object.spec.containers.map(c, c.image) + object.spec.initContainers.map(c, c.image)).all(i, !i.endsWith(':latest'))",
        "spec.containers[1].image",
    ),
    (
        "object.spec.containers.filter(c, c.name == 'b').map(c, c.image).all(i, i == 'x')",
        "spec.containers[1].image",
    ),
    // Through variables.
    ("variables.network == false", "spec.hostNetwork"),
    (
        "variables.images.all(i, !i.endsWith(':latest'))",
        "spec.containers[1].image",
    ),
    (
        "variables.all.all(c, c.?securityContext.?privileged.orValue(false) == false)",
        "spec.containers[1].securityContext.privileged",
    ),
    (
        "variables.privileged.size() == 0",
        "spec.containers[1].securityContext.privileged",
    ),
    ("variables.bad", "metadata.labels.nothing"),
    // Nothing of the object.
    ("false", "metadata.name"),
    ("request.operation == 'DELETE'", "metadata.name"),
    ("object == null", "metadata.name"),
];

const VARIABLES: &str = "  variables:
  - {name: network, expression: object.spec.hostNetwork}
  - {name: all, expression: 'object.spec.initContainers + object.spec.containers'}
  - {name: images, expression: 'variables.all.map(c, c.image)'}
  - {name: privileged, expression: 'object.spec.containers.filter(c, c.securityContext.privileged == true)'}
  - {name: bad, expression: 'object.metadata.labels.nothing == 1'}
";

#[test]
fn the_field_is_the_one_that_decided() {
    let object = document(POD);
    let scopes = Scopes::default();
    for (expression, field) in CASES {
        let spec = format!(
            "{VARIABLES}  validations:\n  - expression: {}\n",
            serde_json::to_string(expression).unwrap()
        );
        let policy = policy(&spec);
        let policy = Policy::compile(policy.root(), VERSION)
            .unwrap_or_else(|error| panic!("{expression}: {:?}", error[0].message));
        let request = Request::create(object.root(), Kinds::new(VERSION, &scopes));
        let decision = judge(&policy, None, &[], &request);
        assert_eq!(decision.denials.len(), 1, "{expression}");
        let place = &decision.denials[0].place;
        let found = place
            .as_ref()
            .filter(|place| !place.below.is_empty() || place.node.index() != 0);
        let found = found.map(|place| {
            let path = field_path(object.root(), place.node);
            match path_of_keys(place.below.iter().map(String::as_str)) {
                below if below.is_empty() || below.starts_with('[') => format!("{path}{below}"),
                below => format!("{path}.{below}"),
            }
        });
        assert_eq!(
            found.as_deref().unwrap_or("metadata.name"),
            *field,
            "{expression}"
        );
    }
}
