//! What nothing uses.

use crate::cluster::Settings;
use crate::reference::testing::{found, whole};

/// A pod that uses nothing.
const POD: &str = "---
apiVersion: v1
kind: Pod
metadata: {name: other, namespace: shop}
spec: {containers: []}
";

/// What is not used, beside a pod.
fn unused(text: &str) -> Vec<String> {
    let mut lines = found(&format!("{text}{POD}"), &whole());
    lines.retain(|line| line.starts_with("note "));
    lines
}

const ALONE: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
---
apiVersion: v1
kind: Secret
metadata: {name: password, namespace: shop}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: runner, namespace: shop}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: shop}
---
";

#[test]
fn what_nothing_names_is_told() {
    assert_eq!(
        unused(ALONE),
        [
            "note reference/unused-config-map ConfigMap/settings metadata.name: nothing uses the ConfigMap `settings`",
            "note reference/unused-claim PersistentVolumeClaim/data metadata.name: \
             nothing uses the PersistentVolumeClaim `data`",
            "note reference/unused-secret Secret/password metadata.name: nothing uses the Secret `password`",
            "note reference/unused-service-account ServiceAccount/runner metadata.name: \
             nothing uses the ServiceAccount `runner`",
        ]
    );
    // What is the same word elsewhere is no use.
    let words = "apiVersion: v1\nkind: Pod\nmetadata: {name: settings, namespace: shop, labels: {password: runner}}\n\
                 spec: {containers: [{name: settings, image: 'data:1', volumeMounts: [{name: data, mountPath: /data}]}], \
                 volumes: [{name: data, emptyDir: {}}]}\n";
    assert_eq!(unused(&format!("{ALONE}{words}")).len(), 4);
}

#[test]
fn it_is_told_where_every_pod_is_known() {
    let of = |text: String, settings: &Settings| {
        let mut lines = found(&text, settings);
        lines.retain(|line| line.starts_with("note "));
        lines.len()
    };
    assert_eq!(of(format!("{ALONE}{POD}"), &whole()), 4);
    assert_eq!(of(format!("{ALONE}{POD}"), &Settings::default()), 0);
    // Nothing here has pods.
    assert_eq!(of(ALONE.to_owned(), &whole()), 0);
    // An operator may have some.
    let operator =
        "---\napiVersion: example.org/v1\nkind: Farm\nmetadata: {name: f, namespace: shop}\n";
    assert_eq!(of(format!("{ALONE}{POD}{operator}"), &whole()), 0);
    // A chart has some.
    let chart = "---\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a, namespace: argocd}\n\
                 spec: {source: {repoURL: https://charts.example.org, chart: c}, destination: {namespace: shop}}\n";
    assert_eq!(of(format!("{ALONE}{POD}{chart}"), &whole()), 0);
}

#[test]
fn what_is_named_is_used() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\nspec:\n  serviceAccountName: runner\n  \
               imagePullSecrets: [{name: password}]\n  volumes: [{name: a, persistentVolumeClaim: {claimName: data}}, \
               {name: b, configMap: {name: settings, optional: true}}]\n";
    assert_eq!(unused(&format!("{ALONE}{pod}")), [""; 0]);
}

#[test]
fn what_may_be_read_is_left_alone() {
    let map = |metadata: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: settings, namespace: shop{metadata}}}\n---\n"
        )
    };
    let none = String::new();
    let role = |subject: &str, rule: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: r}}\nrules: [{{{rule}}}]\n---\n\
             apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {{name: r}}\n\
             roleRef: {{kind: ClusterRole, name: r}}\n\
             subjects: [{{kind: ServiceAccount, name: default, namespace: {subject}}}]\n"
        )
    };
    let pod = |container: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: shop, labels: {{ours: x}}}}\n\
             spec: {{containers: [{{name: c, {container}}}]}}\n"
        )
    };
    for (text, told) in [
        (map(", labels: {app.kubernetes.io/name: x, app: w}"), true),
        (map(", labels: {grafana_dashboard: '1'}"), false),
        // The pods have it too: it is one that everything here has.
        (map(", labels: {ours: x}") + &pod("image: a"), true),
        (map(", annotations: {helm.sh/hook: pre-install}"), false),
        (
            map(", annotations: {argocd.argoproj.io/hook: PreSync}"),
            false,
        ),
        (
            map(", annotations: {replicator.v1.mittwald.de/replicate-to: a}"),
            false,
        ),
        (map("").replace("settings", "kube-root-ca.crt"), false),
        (
            map("").replace("namespace: shop", "namespace: kube-system"),
            false,
        ),
        (map("") + &pod("args: [--configmap=shop/settings]"), false),
        (
            map("") + &pod("args: [--configmap=shop/settings-old]"),
            true,
        ),
        (map("") + &pod("env: [{name: A, value: settings}]"), false),
        (
            map("")
                + "apiVersion: example.org/v1\nkind: X\nmetadata: {name: z}\nspec: {from: [{name: settings}]}\n",
            false,
        ),
        (
            map("") + "apiVersion: example.org/v1\nkind: X\nmetadata: {name: settings}\n",
            true,
        ),
        (
            map("")
                + &role(
                    "shop",
                    "apiGroups: [''], resources: [configmaps], verbs: [list]",
                ),
            false,
        ),
        (
            map("") + &role("shop", "apiGroups: ['*'], resources: ['*'], verbs: ['*']"),
            false,
        ),
        (
            map("")
                + &role(
                    "other",
                    "apiGroups: [''], resources: [configmaps], verbs: [list]",
                ),
            true,
        ),
        (
            map("")
                + &role(
                    "shop",
                    "apiGroups: [''], resources: [configmaps], verbs: [create]",
                ),
            true,
        ),
        (
            map("")
                + &role(
                    "shop",
                    "apiGroups: [''], resources: [secrets], verbs: [get]",
                ),
            true,
        ),
        (
            map("")
                + &role(
                    "shop",
                    "apiGroups: [''], resources: [configmaps], resourceNames: [settings], verbs: [get]",
                ),
            false,
        ),
        (
            map("")
                + &role(
                    "shop",
                    "apiGroups: [''], resources: [configmaps], resourceNames: [other], verbs: [get]",
                ),
            true,
        ),
        (none.clone(), false),
    ] {
        let lines = unused(&text);
        assert_eq!(!lines.is_empty(), told, "{text}{lines:?}");
    }
}

#[test]
fn some_secrets_are_found_by_their_type() {
    for (kind, told) in [
        ("Opaque", 1),
        ("kubernetes.io/tls", 1),
        ("helm.sh/release.v1", 0),
        ("bootstrap.kubernetes.io/token", 0),
    ] {
        let secret = format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: shop}}\ntype: {kind}\n"
        );
        assert_eq!(unused(&secret).len(), told, "{kind}");
    }
}

#[test]
fn a_claim_that_a_stateful_set_takes_over_is_used() {
    let text = "\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data-db-0, namespace: shop}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec: {volumeClaimTemplates: [{metadata: {name: data}, spec: {}}]}
";
    assert_eq!(unused(text), [""; 0]);
    assert_eq!(unused(&text.replace("data-db-0", "data-d-0")).len(), 1);
}
