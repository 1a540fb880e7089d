use crate::api::testing::{accepted, accepted_in, faults, refused, refused_in};

const CLUSTER_IP: &str = "
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports:
    - {name: http, port: 80, targetPort: http}
    - {name: metrics, port: 9090}
  sessionAffinity: None
";
const LOAD_BALANCER: &str = "
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  healthCheckNodePort: 31000
  loadBalancerClass: example.com/lb
  allocateLoadBalancerNodePorts: false
  loadBalancerSourceRanges: [10.0.0.0/8, ' 192.0.2.0/24 ']
  ports: [{port: 443, nodePort: 30443}]
";
const EXTERNAL_NAME: &str = "
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: ExternalName, externalName: db.example.com.}
";
const DUAL: &str = "
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  clusterIP: 10.0.0.1
  clusterIPs: [10.0.0.1, '2001:db8::1']
  ipFamilyPolicy: PreferDualStack
  ipFamilies: [IPv4, IPv6]
  ports: [{port: 80}]
";

#[test]
fn ports_are_checked() {
    refused(
        CLUSTER_IP,
        &[
            (
                "name: http, ",
                "",
                "api/required",
                "spec.ports[0].name",
                "{port: 80, targetPort: http}",
            ),
            (
                "name: metrics",
                "name: http",
                "api/duplicate",
                "spec.ports[1].name",
                "http",
            ),
            (
                "name: metrics",
                "name: Metrics",
                "api/name",
                "spec.ports[1].name",
                "Metrics",
            ),
            (
                "port: 9090",
                "port: 80",
                "api/duplicate",
                "spec.ports[1]",
                "{name: metrics, port: 80}",
            ),
            (
                "port: 9090",
                "port: 0",
                "api/range",
                "spec.ports[1].port",
                "0",
            ),
            (
                "port: 9090",
                "port: 65536",
                "api/range",
                "spec.ports[1].port",
                "65536",
            ),
            (
                ", port: 9090",
                "",
                "schema/missing-field",
                "spec.ports[1].port",
                "{name: metrics}",
            ),
            (
                "targetPort: http",
                "targetPort: 70000",
                "api/range",
                "spec.ports[0].targetPort",
                "70000",
            ),
            (
                "targetPort: http",
                "targetPort: HTTP",
                "api/name",
                "spec.ports[0].targetPort",
                "HTTP",
            ),
            (
                "targetPort: http",
                "protocol: HTTP",
                "api/enum",
                "spec.ports[0].protocol",
                "HTTP",
            ),
            (
                "targetPort: http",
                "nodePort: 30080",
                "api/conflict",
                "spec.ports[0].nodePort",
                "30080",
            ),
            (
                "targetPort: http",
                "appProtocol: a/b/c",
                "api/name",
                "spec.ports[0].appProtocol",
                "a/b/c",
            ),
            (
                "selector: {app: web}",
                "selector: {a b: web}",
                "api/name",
                "spec.selector[a b]",
                "a b",
            ),
            (
                "selector: {app: web}",
                "selector: {app: a b}",
                "api/name",
                "spec.selector.app",
                "a b",
            ),
        ],
    );
    accepted(
        CLUSTER_IP,
        &[
            ("targetPort: http", "targetPort: 0"),
            ("targetPort: http", "targetPort: ''"),
            ("port: 9090", "port: 80, protocol: UDP"),
            ("targetPort: http", "protocol: ''"),
            ("targetPort: http", "appProtocol: kubernetes.io/h2c"),
            ("selector: {app: web}", "selector: {app: ''}"),
            ("sessionAffinity: None", "clusterIP: ''"),
            ("sessionAffinity: None", "internalTrafficPolicy: Local"),
        ],
    );
}

#[test]
fn what_a_cluster_ip_service_may_not_have() {
    let spec = "sessionAffinity: None";
    refused(
        CLUSTER_IP,
        &[
            (
                spec,
                "externalTrafficPolicy: Local",
                "api/conflict",
                "spec.externalTrafficPolicy",
                "Local",
            ),
            (
                spec,
                "healthCheckNodePort: 30000",
                "api/conflict",
                "spec.healthCheckNodePort",
                "30000",
            ),
            (
                spec,
                "loadBalancerClass: a/b",
                "api/conflict",
                "spec.loadBalancerClass",
                "a/b",
            ),
            (
                spec,
                "allocateLoadBalancerNodePorts: true",
                "api/conflict",
                "spec.allocateLoadBalancerNodePorts",
                "true",
            ),
            (
                spec,
                "loadBalancerSourceRanges: [10.0.0.0/8]",
                "api/conflict",
                "spec.loadBalancerSourceRanges",
                "[10.0.0.0/8]",
            ),
            (
                spec,
                "sessionAffinity: ClientIp",
                "api/enum",
                "spec.sessionAffinity",
                "ClientIp",
            ),
            (
                spec,
                "externalIPs: [127.0.0.1]",
                "api/address",
                "spec.externalIPs[0]",
                "127.0.0.1",
            ),
            (
                spec,
                "externalIPs: [a]",
                "api/address",
                "spec.externalIPs[0]",
                "a",
            ),
            (spec, "clusterIP: a", "api/address", "spec.clusterIP", "a"),
            (
                spec,
                "clusterIPs: [10.0.0.1]",
                "api/conflict",
                "spec.clusterIPs",
                "[10.0.0.1]",
            ),
            (
                spec,
                "ipFamilies: [IPv5]",
                "api/enum",
                "spec.ipFamilies[0]",
                "IPv5",
            ),
            (
                spec,
                "ipFamilyPolicy: DualStack",
                "api/enum",
                "spec.ipFamilyPolicy",
                "DualStack",
            ),
            (
                spec,
                "internalTrafficPolicy: local",
                "api/enum",
                "spec.internalTrafficPolicy",
                "local",
            ),
            (
                spec,
                "trafficDistribution: Close",
                "api/enum",
                "spec.trafficDistribution",
                "Close",
            ),
            (
                spec,
                "sessionAffinity: ClientIP\n  sessionAffinityConfig: {clientIP: {timeoutSeconds: 86401}}",
                "api/range",
                "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
                "86401",
            ),
        ],
    );
    accepted(
        CLUSTER_IP,
        &[
            (
                spec,
                "externalIPs: [203.0.113.9, 010.0.0.1]\n  externalTrafficPolicy: Local",
            ),
            (spec, "sessionAffinity: ClientIP"),
            (
                spec,
                "sessionAffinityConfig: {clientIP: {timeoutSeconds: 0}}",
            ),
            (spec, "trafficDistribution: PreferClose"),
            (spec, "healthCheckNodePort: 0"),
            (spec, "clusterIP: None"),
            (spec, "externalName: ignored.example.com"),
        ],
    );
    let new = "trafficDistribution: PreferSameNode";
    refused_in(
        32,
        CLUSTER_IP,
        &[(
            spec,
            new,
            "api/enum",
            "spec.trafficDistribution",
            "PreferSameNode",
        )],
    );
    accepted_in(&[34, 35, 36, 37], CLUSTER_IP, &[(spec, new)]);
}

#[test]
fn services_that_are_reached_from_outside_are_checked() {
    refused(
        LOAD_BALANCER,
        &[
            (
                "port: 443",
                "port: 10250",
                "api/conflict",
                "spec.ports[0]",
                "{port: 10250, nodePort: 30443}",
            ),
            (
                "[10.0.0.0/8,",
                "[10.0.0.0,",
                "api/address",
                "spec.loadBalancerSourceRanges[0]",
                "10.0.0.0",
            ),
            (
                "Class: example.com/lb",
                "Class: a b",
                "api/name",
                "spec.loadBalancerClass",
                "a b",
            ),
            (
                "Policy: Local",
                "Policy: Cluster",
                "api/conflict",
                "spec.healthCheckNodePort",
                "31000",
            ),
            (
                "type: LoadBalancer",
                "type: LoadBalancer\n  clusterIP: None",
                "api/conflict",
                "spec.clusterIP",
                "None",
            ),
            (
                "[{port: 443, nodePort: 30443}]",
                "[{name: a, port: 443, nodePort: 30443}, {name: b, port: 80, nodePort: 30443}]",
                "api/duplicate",
                "spec.ports[1].nodePort",
                "30443",
            ),
            (
                "ports: [{port: 443, nodePort: 30443}]",
                "ports: []",
                "api/required",
                "spec.ports",
                "[]",
            ),
            (
                "ports: [{port: 443, nodePort: 30443}]",
                "sessionAffinity: None",
                "api/required",
                "spec.ports",
                "type: LoadBalancer",
            ),
        ],
    );
    let annotated = |list: &str| {
        format!(
            "metadata: {{name: web, annotations: {{service.beta.kubernetes.io/load-balancer-source-ranges: '{list}'}}}}"
        )
    };
    let ranges = "  loadBalancerSourceRanges: [10.0.0.0/8, ' 192.0.2.0/24 ']\n";
    let base = LOAD_BALANCER.replace(ranges, "");
    let field = "metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]";
    let (good, bad) = (
        annotated("10.0.0.0/8, 192.0.2.0/24"),
        annotated("10.0.0.0/8 192.0.2.0/24"),
    );
    accepted(&base, &[("metadata: {name: web}", &good)]);
    refused(
        &base,
        &[(
            "metadata: {name: web}",
            &bad,
            "api/address",
            field,
            "'10.0.0.0/8 192.0.2.0/24'",
        )],
    );
}

#[test]
fn a_service_has_a_spec() {
    let bare = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n";
    assert_eq!(
        faults(bare),
        [(
            "api/required",
            "spec.ports".to_owned(),
            "apiVersion: v1".to_owned()
        )]
    );
}

#[test]
fn external_names_are_checked() {
    refused(
        EXTERNAL_NAME,
        &[
            (
                ", externalName: db.example.com.",
                "",
                "api/required",
                "spec.externalName",
                "{type: ExternalName}",
            ),
            (
                "db.example.com.",
                "https://db",
                "api/name",
                "spec.externalName",
                "https://db",
            ),
            (
                "type: ExternalName",
                "type: ExternalName, clusterIP: None",
                "api/conflict",
                "spec.clusterIP",
                "None",
            ),
            (
                "type: ExternalName",
                "type: ExternalName, ipFamilies: [IPv4]",
                "api/conflict",
                "spec.ipFamilies",
                "[IPv4]",
            ),
            (
                "type: ExternalName",
                "type: ExternalName, externalTrafficPolicy: Local",
                "api/conflict",
                "spec.externalTrafficPolicy",
                "Local",
            ),
        ],
    );
    accepted(
        EXTERNAL_NAME,
        &[(
            "type: ExternalName",
            "type: ExternalName, ports: [{port: 5432}]",
        )],
    );
}

#[test]
fn families_and_addresses_agree() {
    refused(
        DUAL,
        &[
            (
                "clusterIP: 10.0.0.1",
                "clusterIP: 10.0.0.2",
                "api/conflict",
                "spec.clusterIPs[0]",
                "10.0.0.1",
            ),
            (
                "ipFamilies: [IPv4, IPv6]",
                "ipFamilies: [IPv6]",
                "api/conflict",
                "spec.clusterIPs[0]",
                "10.0.0.1",
            ),
            (
                "PreferDualStack",
                "SingleStack",
                "api/conflict",
                "spec.ipFamilyPolicy",
                "SingleStack",
            ),
            (
                "'2001:db8::1'",
                "None",
                "api/address",
                "spec.clusterIPs[1]",
                "None",
            ),
            (
                "[10.0.0.1, '2001:db8::1']",
                "[10.0.0.1, '2001:db8::1', '::2']",
                "api/range",
                "spec.clusterIPs",
                "[10.0.0.1, '2001:db8::1', '::2']",
            ),
        ],
    );
    let single = DUAL.replace("  ipFamilies: [IPv4, IPv6]\n", "");
    let same = "[10.0.0.1, 10.0.0.2]";
    refused(
        &single,
        &[(
            "[10.0.0.1, '2001:db8::1']",
            same,
            "api/conflict",
            "spec.clusterIPs",
            same,
        )],
    );
    accepted(
        &single,
        &[(
            "ipFamilyPolicy: PreferDualStack\n",
            "ipFamilyPolicy: RequireDualStack\n",
        )],
    );
}
