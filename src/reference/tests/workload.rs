//! ServiceAccounts, claims, classes, bindings and autoscalers.

use crate::cluster::Settings;
use crate::reference::testing::{found, whole};

/// What is found beside some objects; the notes on what is not used left out.
fn of(text: &str, settings: &Settings) -> Vec<String> {
    let mut lines = found(text, settings);
    lines.retain(|line| !line.starts_with("note "));
    lines
}

const THERE: &str = "\
apiVersion: v1
kind: ServiceAccount
metadata: {name: runner, namespace: shop}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: shop}
spec: {storageClassName: own}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: own}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: disk}
spec: {storageClassName: manual}
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: high}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  volumeClaimTemplates: [{metadata: {name: files}, spec: {storageClassName: own}}]
  template: {spec: {containers: []}}
---
";

#[test]
fn pods_run_as_and_with_what_is_there() {
    for spec in [
        "serviceAccountName: runner",
        "serviceAccountName: default",
        "serviceAccountName: runner, serviceAccount: old-name-that-does-not-count",
        "serviceAccount: runner",
        "serviceAccountName: ''",
        "priorityClassName: high",
        "priorityClassName: system-cluster-critical",
        "volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]",
        "volumes: [{name: v, persistentVolumeClaim: {claimName: files-db-0}}]",
        "volumes: [{name: v, ephemeral: {volumeClaimTemplate: {spec: {storageClassName: own}}}}]",
        "volumes: [{name: v, ephemeral: {volumeClaimTemplate: {spec: {}}}}, \
         {name: w, persistentVolumeClaim: {claimName: p-v}}]",
        "volumes: [{name: v, ephemeral: {volumeClaimTemplate: {spec: {storageClassName: ''}}}}]",
        "volumes: [{name: v, ephemeral: {volumeClaimTemplate: {spec: {storageClassName: manual}}}}]",
        "volumes: [{name: v, ephemeral: {volumeClaimTemplate: {spec: {storageClassName: x, volumeName: disk}}}}]",
    ] {
        let pod = format!(
            "{THERE}apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: shop}}\nspec: {{{spec}}}\n"
        );
        assert_eq!(of(&pod, &whole()), [""; 0], "{spec}");
    }
}

#[test]
fn pods_name_what_is_missing() {
    for (spec, field, message, plain) in [
        (
            "serviceAccountName: runer",
            "serviceAccountName",
            "the ServiceAccount `runer` is not among the objects of namespace `shop`; did you mean `runner`?",
            true,
        ),
        (
            "serviceAccount: gone",
            "serviceAccount",
            "the ServiceAccount `gone` is not among the objects of namespace `shop`",
            true,
        ),
        (
            "priorityClassName: hihg",
            "priorityClassName",
            "the PriorityClass `hihg` is not among the objects; did you mean `high`?",
            false,
        ),
        (
            "runtimeClassName: gvisor",
            "runtimeClassName",
            "the RuntimeClass `gvisor` is not among the objects",
            false,
        ),
        (
            "volumes: [{name: v, persistentVolumeClaim: {claimName: dat}}]",
            "volumes[0].persistentVolumeClaim.claimName",
            "the PersistentVolumeClaim `dat` is not among the objects of namespace `shop`; did you mean `data`?",
            true,
        ),
        (
            "volumes: [{name: v, persistentVolumeClaim: {claimName: files-db}}]",
            "volumes[0].persistentVolumeClaim.claimName",
            "the PersistentVolumeClaim `files-db` is not among the objects of namespace `shop`",
            true,
        ),
        (
            "volumes: [{name: v, ephemeral: {volumeClaimTemplate: {spec: {storageClassName: fast}}}}]",
            "volumes[0].ephemeral.volumeClaimTemplate.spec.storageClassName",
            "the StorageClass `fast` is not among the objects",
            false,
        ),
        (
            "resourceClaims: [{name: r, resourceClaimTemplateName: gpu}]",
            "resourceClaims[0].resourceClaimTemplateName",
            "the ResourceClaimTemplate `gpu` is not among the objects of namespace `shop`",
            true,
        ),
    ] {
        let pod = format!(
            "{THERE}apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: shop}}\nspec: {{{spec}}}\n"
        );
        let expected = format!("reference/missing Pod/p spec.{field}: {message}");
        assert_eq!(of(&pod, &whole()), [format!("error {expected}")], "{spec}");
        let plain_expected: &[String] = if plain {
            &[format!("warning {expected}")]
        } else {
            &[]
        };
        assert_eq!(of(&pod, &Settings::default()), plain_expected, "{spec}");
    }
}

#[test]
fn claims_name_classes() {
    let text = THERE.replacen("storageClassName: own", "storageClassName: owm", 1);
    assert_eq!(
        of(&text, &whole()),
        [
            "error reference/missing PersistentVolumeClaim/data spec.storageClassName: \
          the StorageClass `owm` is not among the objects; did you mean `own`?"
        ]
    );
    let text = THERE.replace(
        "spec: {storageClassName: own}}]",
        "spec: {storageClassName: owm}}]",
    );
    assert_eq!(
        of(&text, &whole()),
        [
            "error reference/missing StatefulSet/db spec.volumeClaimTemplates[0].spec.storageClassName: \
          the StorageClass `owm` is not among the objects; did you mean `own`?"
        ]
    );
}

#[test]
fn bindings_name_roles_and_accounts() {
    let there = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: watcher}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: runner, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
";
    let account = |name: &str, namespace: &str| {
        format!("{{kind: ServiceAccount, name: {name}, namespace: {namespace}}}")
    };
    for (kind, role, name, subject, expected) in [
        (
            "RoleBinding",
            "Role",
            "reader",
            account("runner", "shop"),
            "",
        ),
        (
            "RoleBinding",
            "ClusterRole",
            "watcher",
            account("default", "anywhere"),
            "",
        ),
        (
            "RoleBinding",
            "ClusterRole",
            "view",
            "{kind: Group, name: team}".into(),
            "",
        ),
        (
            "RoleBinding",
            "ClusterRole",
            "admin",
            "{kind: User, name: jane}".into(),
            "",
        ),
        (
            "ClusterRoleBinding",
            "ClusterRole",
            "cluster-admin",
            account("generic-garbage-collector", "kube-system"),
            "",
        ),
        (
            "ClusterRoleBinding",
            "ClusterRole",
            "system:auth-delegator",
            account("job-controller", "kube-system"),
            "",
        ),
        // Without a namespace: the rules of the API say so.
        (
            "ClusterRoleBinding",
            "ClusterRole",
            "edit",
            "{kind: ServiceAccount, name: x}".into(),
            "",
        ),
        (
            "RoleBinding",
            "Role",
            "raeder",
            account("runner", "shop"),
            "roleRef.name: the Role `raeder` is not among the objects of namespace `shop`; did you mean `reader`?",
        ),
        (
            "RoleBinding",
            "Role",
            "view",
            account("runner", "shop"),
            "roleRef.name: the Role `view` is not among the objects of namespace `shop`",
        ),
        (
            "ClusterRoleBinding",
            "ClusterRole",
            "watchr",
            account("runner", "shop"),
            "roleRef.name: the ClusterRole `watchr` is not among the objects; did you mean `watcher`?",
        ),
        (
            "RoleBinding",
            "Role",
            "reader",
            account("runer", "shop"),
            "subjects[0].name: the ServiceAccount `runer` is not among the objects of namespace `shop`; did you mean `runner`?",
        ),
        (
            "ClusterRoleBinding",
            "ClusterRole",
            "watcher",
            account("runner", "shoop"),
            "subjects[0].name: the ServiceAccount `runner` is not among the objects of namespace `shoop`",
        ),
    ] {
        let namespace = if kind == "RoleBinding" {
            ", namespace: shop"
        } else {
            ""
        };
        let text = format!(
            "{there}kind: {kind}\nmetadata: {{name: b{namespace}}}\nroleRef: {{kind: {role}, name: {name}}}\nsubjects: [{subject}]\n"
        );
        let lines = of(&text, &whole());
        match expected {
            "" => assert_eq!(lines, [""; 0], "{name}"),
            expected => assert_eq!(
                lines,
                [format!("error reference/missing {kind}/b {expected}")]
            ),
        }
    }
}

const SCALED: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {REPLICAStemplate: {spec: {containers: []}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec: {scaleTargetRef: {TARGET}}
";

fn scaled(replicas: &str, target: &str, more: &str) -> Vec<String> {
    let text = SCALED
        .replace("REPLICAS", replicas)
        .replace("TARGET", target);
    of(&format!("{text}{more}"), &whole())
}

const WEB: &str = "apiVersion: apps/v1, kind: Deployment, name: web";

#[test]
fn autoscalers_scale_what_is_there() {
    assert_eq!(scaled("", WEB, ""), [""; 0]);
    assert_eq!(
        scaled(
            "",
            "apiVersion: example.org/v1, kind: Farm, name: made-by-an-operator",
            ""
        ),
        [""; 0]
    );
    for (target, field, message) in [
        (
            "apiVersion: apps/v1, kind: Deployment, name: wep",
            "name",
            "the Deployment `wep` is not among the objects of namespace `shop`; did you mean `web`?",
        ),
        (
            "apiVersion: apps/v1, kind: StatefulSet, name: web",
            "name",
            "the StatefulSet `web` is not among the objects of namespace `shop`",
        ),
        (
            "kind: Deployment, name: web",
            "apiVersion",
            "the Deployment `web` of namespace `shop` is of `apps/v1`, and the reference names no group",
        ),
        (
            "apiVersion: extensions/v1beta1, kind: Deployment, name: web",
            "apiVersion",
            "the Deployment `web` of namespace `shop` is of `apps/v1`, and the reference names another group",
        ),
    ] {
        assert_eq!(
            scaled("", target, ""),
            [format!(
                "error reference/missing HorizontalPodAutoscaler/web spec.scaleTargetRef.{field}: {message}"
            )]
        );
    }
}

#[test]
fn a_workload_has_one_autoscaler() {
    let second = |kind: &str, target: &str| {
        format!(
            "---\n{kind}\nmetadata: {{name: second, namespace: shop}}\nspec: {{scaleTargetRef: {{{target}}}}}\n"
        )
    };
    let autoscaler = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler";
    assert_eq!(
        scaled("", WEB, &second(autoscaler, WEB)),
        [
            "error reference/conflict HorizontalPodAutoscaler/second spec.scaleTargetRef.name: \
          the Deployment `web` is scaled by the HorizontalPodAutoscaler `web` already"
        ]
    );
    assert_eq!(
        scaled(
            "",
            WEB,
            &second(
                "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject",
                "name: web"
            )
        ),
        [
            "error reference/conflict ScaledObject/second spec.scaleTargetRef.name: \
          the Deployment `web` is scaled by the HorizontalPodAutoscaler `web` already"
        ]
    );
}

#[test]
fn replicas_are_the_autoscalers() {
    let expected = "warning reference/scaled-replicas Deployment/web spec.replicas: \
                    `replicas` is set here, and by the HorizontalPodAutoscaler `web`";
    assert_eq!(scaled("replicas: 2, ", WEB, ""), [expected]);
    for replicas in ["", "replicas: 0, ", "replicas: null, "] {
        assert_eq!(scaled(replicas, WEB, ""), [""; 0], "{replicas}");
    }
    let application = |ignored: &str| {
        format!(
            "---\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: a, namespace: argocd}}\n\
             spec: {{ignoreDifferences: [{{group: apps, kind: Deployment, {ignored}}}]}}\n"
        )
    };
    let setting = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-cm, namespace: argocd}\n\
                   data: {resource.customizations.ignoreDifferences.all: 'jsonPointers: [/spec/replicas]'}\n";
    for left_alone in [
        application("jsonPointers: [/spec/replicas]"),
        application("jqPathExpressions: [.spec.replicas]"),
        application("managedFieldsManagers: [kube-controller-manager]"),
        setting.to_owned(),
    ] {
        assert_eq!(
            scaled("replicas: 2, ", WEB, &left_alone),
            [""; 0],
            "{left_alone}"
        );
    }
    let other = application("jsonPointers: [/spec/paused]");
    assert_eq!(scaled("replicas: 2, ", WEB, &other), [expected]);
}
