use crate::api::testing::{accepted, faults, refused, refused_in};

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  strategy: {}
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web # of the template
        tier: front
    spec:
      terminationGracePeriodSeconds: 30
      containers:
        - name: web
          image: web:1
";

fn of(kind: &str, strategy: &str) -> String {
    DEPLOYMENT
        .replace("Deployment", kind)
        .replace("  replicas: 3\n", "")
        .replace("strategy: {}", strategy)
}

#[test]
fn numbers_of_replicas_and_seconds() {
    refused(
        DEPLOYMENT,
        &[
            (
                "replicas: 3",
                "replicas: -1",
                "api/range",
                "spec.replicas",
                "-1",
            ),
            (
                "replicas: 3",
                "minReadySeconds: -1",
                "api/range",
                "spec.minReadySeconds",
                "-1",
            ),
            (
                "replicas: 3",
                "revisionHistoryLimit: -1",
                "api/range",
                "spec.revisionHistoryLimit",
                "-1",
            ),
            (
                "replicas: 3",
                "progressDeadlineSeconds: -5",
                "api/range",
                "spec.progressDeadlineSeconds",
                "-5",
            ),
            (
                "replicas: 3",
                "progressDeadlineSeconds: 0",
                "api/range",
                "spec.progressDeadlineSeconds",
                "0",
            ),
            (
                "replicas: 3",
                "minReadySeconds: 60\n  progressDeadlineSeconds: 60",
                "api/range",
                "spec.progressDeadlineSeconds",
                "60",
            ),
            (
                "replicas: 3",
                "minReadySeconds: 600",
                "api/range",
                "spec.progressDeadlineSeconds",
                "minReadySeconds: 600",
            ),
        ],
    );
    accepted(
        DEPLOYMENT,
        &[
            ("replicas: 3", "replicas: 0\n  revisionHistoryLimit: 0"),
            ("replicas: 3", "minReadySeconds: 599"),
            (
                "replicas: 3",
                "minReadySeconds: 5\n  progressDeadlineSeconds: 6\n  paused: true",
            ),
            ("replicas: 3", "replicas: null"),
            ("replicas: 3", "progressDeadlineSeconds: 2147483647"),
        ],
    );
}

#[test]
fn selectors_select_the_template() {
    let (mismatch, labels) = ("api/selector-mismatch", "spec.template.metadata.labels");
    refused(
        DEPLOYMENT,
        &[
            (
                "matchLabels:\n      app: web",
                "{}",
                "api/required",
                "spec.selector",
                "{}",
            ),
            (
                "    matchLabels:\n      app: web",
                "    matchLabels: {}",
                "api/required",
                "spec.selector",
                "matchLabels: {}",
            ),
            (
                "app: web # of the template",
                "app: wob",
                mismatch,
                &format!("{labels}.app"),
                "wob",
            ),
            (
                "app: web # of the template",
                "name: web",
                mismatch,
                labels,
                "name: web",
            ),
            (
                "      labels:\n        app: web # of the template\n        tier: front",
                "      annotations: {}",
                mismatch,
                labels,
                "annotations: {}",
            ),
            (
                "    metadata:\n      labels:\n        app: web # of the template\n        tier: front\n",
                "",
                mismatch,
                labels,
                "spec:",
            ),
            (
                "matchLabels:\n      app: web",
                "matchExpressions: [{key: tier, operator: NotIn, values: [front]}]",
                mismatch,
                labels,
                "app: web # of the template",
            ),
            (
                "matchLabels:\n      app: web",
                "matchExpressions: [{key: zone, operator: Exists}]",
                mismatch,
                labels,
                "app: web # of the template",
            ),
        ],
    );
    accepted(
        DEPLOYMENT,
        &[
            (
                "matchLabels:\n      app: web",
                "matchExpressions: [{key: app, operator: In, values: [wob, web]}]",
            ),
            (
                "matchLabels:\n      app: web",
                "matchExpressions: [{key: zone, operator: DoesNotExist}]",
            ),
            (
                "matchLabels:\n      app: web",
                "matchExpressions: [{key: zone, operator: NotIn, values: [a]}]",
            ),
            (
                "matchLabels:\n      app: web",
                "matchExpressions: [{key: tier, operator: Exists}]\n    matchLabels: {app: web}",
            ),
        ],
    );
}

#[test]
fn other_controllers_select_their_template_too() {
    for kind in ["ReplicaSet", "DaemonSet", "StatefulSet"] {
        let yaml = of(kind, "minReadySeconds: 0");
        refused(
            &yaml,
            &[
                (
                    "matchLabels:\n      app: web",
                    "{}",
                    "api/required",
                    "spec.selector",
                    "{}",
                ),
                (
                    "app: web # of the template",
                    "app: x",
                    "api/selector-mismatch",
                    "spec.template.metadata.labels.app",
                    "x",
                ),
                (
                    "minReadySeconds: 0",
                    "minReadySeconds: -1",
                    "api/range",
                    "spec.minReadySeconds",
                    "-1",
                ),
                (
                    "terminationGracePeriodSeconds: 30",
                    "activeDeadlineSeconds: 30",
                    "api/conflict",
                    "spec.template.spec.activeDeadlineSeconds",
                    "30",
                ),
                (
                    "terminationGracePeriodSeconds: 30",
                    "restartPolicy: OnFailure",
                    "api/enum",
                    "spec.template.spec.restartPolicy",
                    "OnFailure",
                ),
            ],
        );
    }
}

#[test]
fn what_a_controller_needs() {
    let bare = |kind: &str| format!("{{apiVersion: apps/v1, kind: {kind}, metadata: {{name: a}}}}");
    for kind in ["Deployment", "ReplicaSet", "DaemonSet", "StatefulSet"] {
        let yaml = bare(kind);
        assert_eq!(
            faults(&yaml),
            [("api/required", "spec".to_owned(), yaml.clone())],
            "{kind}"
        );
    }
    let replicas = "{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: a}, spec: {selector: {matchLabels: {a: b}}}}";
    let spec = "{selector: {matchLabels: {a: b}}}".to_owned();
    assert_eq!(
        faults(replicas),
        [(
            "api/required",
            "spec.template.spec.containers".to_owned(),
            spec
        )]
    );
}

#[test]
fn strategies_of_a_deployment() {
    let rolling = |inner: &str| format!("strategy: {{rollingUpdate: {{{inner}}}}}");
    let field = |name: &str| format!("spec.strategy.rollingUpdate.{name}");
    let strategies = "strategy: {}";
    refused(
        DEPLOYMENT,
        &[
            (
                strategies,
                "strategy: {type: Rolling}",
                "api/enum",
                "spec.strategy.type",
                "Rolling",
            ),
            (
                strategies,
                "strategy: {type: Recreate, rollingUpdate: {maxSurge: 1}}",
                "api/conflict",
                "spec.strategy.rollingUpdate",
                "{maxSurge: 1}",
            ),
            (
                strategies,
                &rolling("maxSurge: '25'"),
                "api/range",
                &field("maxSurge"),
                "'25'",
            ),
            (
                strategies,
                &rolling("maxSurge: -1"),
                "api/range",
                &field("maxSurge"),
                "-1",
            ),
            (
                strategies,
                &rolling("maxUnavailable: 101%"),
                "api/range",
                &field("maxUnavailable"),
                "101%",
            ),
            (
                strategies,
                &rolling("maxUnavailable: 1.5%"),
                "api/range",
                &field("maxUnavailable"),
                "1.5%",
            ),
            (
                strategies,
                &rolling("maxSurge: 0, maxUnavailable: 0%"),
                "api/conflict",
                &field("maxUnavailable"),
                "0%",
            ),
        ],
    );
    accepted(
        DEPLOYMENT,
        &[
            (strategies, "strategy: {type: Recreate}"),
            (
                strategies,
                "strategy: {type: Recreate, rollingUpdate: null}",
            ),
            (strategies, &rolling("maxSurge: 300%, maxUnavailable: 100%")),
            (strategies, &rolling("maxSurge: 0")),
            (strategies, &rolling("maxUnavailable: 0")),
            (strategies, &rolling("")),
        ],
    );
}

#[test]
fn strategies_of_a_daemon_set() {
    let base = of("DaemonSet", "updateStrategy: {}");
    let rolling = |inner: &str| format!("updateStrategy: {{rollingUpdate: {{{inner}}}}}");
    let field = |name: &str| format!("spec.updateStrategy.rollingUpdate.{name}");
    let strategies = "updateStrategy: {}";
    refused(
        &base,
        &[
            (
                strategies,
                "updateStrategy: {type: Recreate}",
                "api/enum",
                "spec.updateStrategy.type",
                "Recreate",
            ),
            (
                strategies,
                "revisionHistoryLimit: -1",
                "api/range",
                "spec.revisionHistoryLimit",
                "-1",
            ),
            (
                strategies,
                &rolling("maxSurge: 1"),
                "api/conflict",
                &field("maxSurge"),
                "1",
            ),
            (
                strategies,
                &rolling("maxSurge: 1, maxUnavailable: 1"),
                "api/conflict",
                &field("maxSurge"),
                "1",
            ),
            (
                strategies,
                &rolling("maxUnavailable: 0"),
                "api/conflict",
                &field("maxUnavailable"),
                "0",
            ),
            (
                strategies,
                &rolling("maxUnavailable: 200%"),
                "api/range",
                &field("maxUnavailable"),
                "200%",
            ),
            (
                strategies,
                &rolling("maxSurge: 10"),
                "api/conflict",
                &field("maxSurge"),
                "10",
            ),
        ],
    );
    accepted(
        &base,
        &[
            (strategies, &rolling("maxSurge: 1, maxUnavailable: 0")),
            (strategies, &rolling("maxSurge: 0%, maxUnavailable: 10%")),
            (strategies, &rolling("maxUnavailable: 100%")),
            (
                strategies,
                "updateStrategy: {type: OnDelete, rollingUpdate: {maxSurge: 1, maxUnavailable: 1}}",
            ),
        ],
    );
}

#[test]
fn stateful_sets() {
    let base = of("StatefulSet", "serviceName: web\n  podManagementPolicy: ''");
    let extra = "podManagementPolicy: ''";
    let rolling = |inner: &str| format!("updateStrategy: {{rollingUpdate: {{{inner}}}}}");
    let partition = "spec.updateStrategy.rollingUpdate.partition";
    let unavailable = "spec.updateStrategy.rollingUpdate.maxUnavailable";
    let retention = "spec.persistentVolumeClaimRetentionPolicy";
    refused(
        &base,
        &[
            (extra, "replicas: -1", "api/range", "spec.replicas", "-1"),
            (
                "serviceName: web",
                "serviceName: My_Web",
                "api/name",
                "spec.serviceName",
                "My_Web",
            ),
            (
                extra,
                "podManagementPolicy: Serial",
                "api/enum",
                "spec.podManagementPolicy",
                "Serial",
            ),
            (
                extra,
                "updateStrategy: {type: Recreate}",
                "api/enum",
                "spec.updateStrategy.type",
                "Recreate",
            ),
            (
                extra,
                "updateStrategy: {type: OnDelete, rollingUpdate: {partition: 1}}",
                "api/conflict",
                "spec.updateStrategy.rollingUpdate",
                "{partition: 1}",
            ),
            (
                extra,
                &rolling("partition: -1"),
                "api/range",
                partition,
                "-1",
            ),
            (
                extra,
                "ordinals: {start: -1}",
                "api/range",
                "spec.ordinals.start",
                "-1",
            ),
            (
                extra,
                "persistentVolumeClaimRetentionPolicy: {whenScaled: Keep}",
                "api/enum",
                &format!("{retention}.whenScaled"),
                "Keep",
            ),
            (
                extra,
                "volumeClaimTemplates: [{spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]",
                "api/required",
                "spec.volumeClaimTemplates[0].metadata.name",
                "{spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}",
            ),
            (
                "name: web\nspec",
                "name: web.shop\nspec",
                "api/name",
                "metadata.name",
                "web.shop",
            ),
        ],
    );
    refused_in(
        35,
        &base,
        &[
            (
                extra,
                &rolling("maxUnavailable: 0%"),
                "api/range",
                unavailable,
                "0%",
            ),
            (
                extra,
                &rolling("maxUnavailable: 101%"),
                "api/range",
                unavailable,
                "101%",
            ),
        ],
    );
    accepted(
        &base,
        &[
            (extra, &rolling("partition: 0, maxUnavailable: 2")),
            (
                extra,
                "ordinals: {start: 0}\n  podManagementPolicy: Parallel",
            ),
            (
                extra,
                "persistentVolumeClaimRetentionPolicy: {whenScaled: Delete, whenDeleted: Retain}",
            ),
            (extra, "updateStrategy: {type: OnDelete}"),
            (extra, "revisionHistoryLimit: 0"),
        ],
    );
}

#[test]
fn replication_controllers() {
    let base = "
apiVersion: v1
kind: ReplicationController
metadata:
  name: web
spec:
  selector:
    app: web
  template:
    metadata: {labels: {app: web, tier: front}}
    spec:
      containers: [{name: web, image: web:1}]
";
    let labels = "metadata: {labels: {app: web, tier: front}}";
    refused(
        base,
        &[
            (
                labels,
                "metadata: {labels: {app: b}}",
                "api/selector-mismatch",
                "spec.template.metadata.labels.app",
                "b",
            ),
            (
                "  selector:\n    app: web\n",
                "  replicas: -1\n",
                "api/range",
                "spec.replicas",
                "-1",
            ),
            (
                "containers: [",
                "restartPolicy: Never\n      containers: [",
                "api/enum",
                "spec.template.spec.restartPolicy",
                "Never",
            ),
        ],
    );
    accepted(base, &[("  selector:\n    app: web\n", "")]);
    let lone = "{apiVersion: v1, kind: ReplicationController, metadata: {name: a}, spec: {selector: {a: b}}}";
    assert_eq!(
        faults(lone),
        [(
            "api/required",
            "spec.template".to_owned(),
            "{selector: {a: b}}".to_owned()
        )]
    );
    let nothing = "{apiVersion: v1, kind: ReplicationController, metadata: {name: a}, spec: {template: {spec: {containers: [{name: a, image: b}]}}}}";
    assert_eq!(
        faults(nothing).first().map(|fault| fault.1.as_str()),
        Some("spec.selector")
    );
}

#[test]
fn templates_and_revisions() {
    let bare = "{apiVersion: v1, kind: PodTemplate, metadata: {name: a}}";
    assert_eq!(
        faults(bare),
        [(
            "api/required",
            "template.spec.containers".to_owned(),
            bare.to_owned()
        )]
    );
    let revision = "{apiVersion: apps/v1, kind: ControllerRevision, metadata: {name: a}, revision: 1, data: {a: b}}";
    refused(
        revision,
        &[
            ("revision: 1", "revision: -1", "api/range", "revision", "-1"),
            ("data: {a: b}", "data: null", "api/required", "data", "null"),
        ],
    );
}
