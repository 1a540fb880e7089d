//! ConfigMaps and Secrets of pods, and their keys.

use crate::cluster::Settings;
use crate::project::External;
use crate::reference::testing::{found, whole};

const THERE: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: backend-conf, namespace: shop, labels: {found: 'by'}}
data: {log.level: info, nginx.conf: x}
binaryData: {logo: AAAA}
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop, labels: {found: 'by'}}
data: {password: eA==}
stringData: {user: x}
---
apiVersion: v1
kind: Secret
metadata: {name: token, namespace: shop, annotations: {kubernetes.io/service-account.name: default}}
type: kubernetes.io/service-account-token
data: {extra: eA==}
---
apiVersion: v1
kind: Secret
metadata: {name: filled-later, namespace: shop, labels: {found: 'by'}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: elsewhere, namespace: other, labels: {found: 'by'}}
data: {a: b}
---
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: shop}
spec:
";

fn indented(spec: &str) -> String {
    format!("  {}\n", spec.replace('\n', "\n  "))
}

/// What is found of a pod with some spec.
fn pod(spec: &str, settings: &Settings) -> Vec<String> {
    found(&format!("{THERE}{}", indented(spec)), settings)
}

fn container(fields: &str) -> String {
    format!("containers: [{{name: c, {fields}}}]")
}

#[test]
fn variables_take_what_is_there() {
    let configuration = |key: &str| format!("env: [{{name: A, valueFrom: {{{key}}}}}]");
    for fields in [
        configuration("configMapKeyRef: {name: backend-conf, key: log.level}"),
        configuration("configMapKeyRef: {name: backend-conf, key: logo}"),
        configuration("secretKeyRef: {name: db, key: password}"),
        configuration("secretKeyRef: {name: db, key: user}"),
        configuration("secretKeyRef: {name: db, key: nothing, optional: true}"),
        configuration("secretKeyRef: {name: nothing, key: nothing, optional: true}"),
        configuration("secretKeyRef: {name: token, key: ca.crt}"),
        configuration("secretKeyRef: {name: token, key: extra}"),
        // A controller fills it.
        configuration("secretKeyRef: {name: filled-later, key: any}"),
        configuration("configMapKeyRef: {name: kube-root-ca.crt, key: ca.crt}"),
        // The rules of the API say these.
        configuration("configMapKeyRef: {name: '', key: a}"),
        configuration("configMapKeyRef: {key: a}"),
        configuration("fieldRef: {fieldPath: metadata.name}"),
        "envFrom: [{configMapRef: {name: backend-conf}}, {secretRef: {name: db}}]".to_owned(),
        "envFrom: [{configMapRef: {name: x, optional: true}}]".to_owned(),
        "env: null".to_owned(),
    ] {
        assert_eq!(pod(&container(&fields), &whole()), [""; 0], "{fields}");
    }
}

#[test]
fn variables_name_what_is_missing() {
    for (fields, expected) in [
        (
            "env: [{name: A, valueFrom: {configMapKeyRef: {name: backend-config, key: a}}}]",
            "error reference/missing Pod/p spec.containers[0].env[0].valueFrom.configMapKeyRef.name: \
             the ConfigMap `backend-config` is not among the objects of namespace `shop`; did you mean `backend-conf`?",
        ),
        (
            "env: [{name: A, valueFrom: {secretKeyRef: {name: db, key: pasword}}}]",
            "error reference/missing-key Pod/p spec.containers[0].env[0].valueFrom.secretKeyRef.key: \
             the Secret `db` has no key `pasword`; did you mean `password`?",
        ),
        // Kubernetes' keys are not the same in capitals.
        (
            "env: [{name: A, valueFrom: {secretKeyRef: {name: db, key: Password}}}]",
            "error reference/missing-key Pod/p spec.containers[0].env[0].valueFrom.secretKeyRef.key: \
             the Secret `db` has no key `Password`; did you mean `password`?",
        ),
        (
            "env: [{name: A, valueFrom: {secretKeyRef: {name: token, key: tokn}}}]",
            "error reference/missing-key Pod/p spec.containers[0].env[0].valueFrom.secretKeyRef.key: \
             the Secret `token` has no key `tokn`; did you mean `token`?",
        ),
        // A Secret is no ConfigMap.
        (
            "envFrom: [{configMapRef: {name: db}}]",
            "error reference/missing Pod/p spec.containers[0].envFrom[0].configMapRef.name: \
             the ConfigMap `db` is not among the objects of namespace `shop`",
        ),
        (
            "envFrom: [{secretRef: {name: dbb, optional: false}}]",
            "error reference/missing Pod/p spec.containers[0].envFrom[0].secretRef.name: \
             the Secret `dbb` is not among the objects of namespace `shop`; did you mean `db`?",
        ),
        (
            "envFrom: [{configMapRef: {name: elsewhere}}]",
            "error reference/missing Pod/p spec.containers[0].envFrom[0].configMapRef.name: \
             the ConfigMap `elsewhere` is not among the objects of namespace `shop`",
        ),
    ] {
        assert_eq!(pod(&container(fields), &whole()), [expected], "{fields}");
    }
}

fn volume(source: &str, mount: &str) -> String {
    format!(
        "volumes: [{{name: v, {source}}}]\n{}",
        container(&format!(
            "volumeMounts: [{{name: v, mountPath: /v{mount}}}]"
        ))
    )
}

#[test]
fn volumes_hold_what_is_there() {
    for (source, mount) in [
        ("configMap: {name: backend-conf}", ""),
        ("configMap: {name: backend-conf}", ", subPath: nginx.conf"),
        ("configMap: {name: backend-conf}", ", subPath: ./nginx.conf"),
        ("configMap: {name: backend-conf}", ", subPathExpr: $(A)"),
        ("configMap: {name: gone, optional: true}", ", subPath: a"),
        (
            "configMap: {name: backend-conf, optional: true}",
            ", subPath: a",
        ),
        (
            "configMap: {name: backend-conf, items: [{key: logo, path: img/logo.png}]}",
            ", subPath: img/logo.png",
        ),
        (
            "configMap: {name: backend-conf, items: [{key: logo, path: img/logo.png}]}",
            ", subPath: img/",
        ),
        (
            "secret: {secretName: db, items: [{key: user, path: a}]}",
            "",
        ),
        (
            "secret: {secretName: db, optional: true, items: [{key: gone, path: a}]}",
            "",
        ),
        ("secret: {secretName: filled-later}", ", subPath: tls.crt"),
        (
            "projected: {sources: [{configMap: {name: backend-conf}}, {secret: {name: db}}, \
             {serviceAccountToken: {path: token}}, {downwardAPI: {items: [{path: labels}]}}]}",
            ", subPath: labels",
        ),
        (
            "projected: {sources: [{configMap: {name: backend-conf}}, {clusterTrustBundle: {name: x, path: a}}]}",
            ", subPath: any",
        ),
        ("emptyDir: {}", ", subPath: any"),
        ("persistentVolumeClaim: {claimName: data}", ", subPath: any"),
        ("csi: {driver: x, volumeAttributes: {secretName: gone}}", ""),
    ] {
        let claim = "\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data, namespace: shop}\n---\n";
        let spec = volume(source, mount);
        let none = found(&format!("{claim}{THERE}{}", indented(&spec)), &whole());
        let unused = |line: &String| line.starts_with("note reference/unused-claim");
        assert!(none.iter().all(unused), "{source} {mount}: {none:?}");
    }
}

#[test]
fn volumes_name_what_is_missing() {
    for (source, mount, expected) in [
        (
            "configMap: {name: backend-cnf}",
            ", subPath: any",
            "error reference/missing Pod/p spec.volumes[0].configMap.name: \
             the ConfigMap `backend-cnf` is not among the objects of namespace `shop`; did you mean `backend-conf`?",
        ),
        (
            "secret: {secretName: gone}",
            "",
            "error reference/missing Pod/p spec.volumes[0].secret.secretName: \
             the Secret `gone` is not among the objects of namespace `shop`",
        ),
        (
            "secret: {secretName: db, items: [{key: usr, path: a}]}",
            "",
            "error reference/missing-key Pod/p spec.volumes[0].secret.items[0].key: \
             the Secret `db` has no key `usr`; did you mean `user`?",
        ),
        (
            "configMap: {name: backend-conf}",
            ", subPath: ngnix.conf",
            "error reference/missing-key Pod/p spec.containers[0].volumeMounts[0].subPath: \
             the volume of the ConfigMap `backend-conf` has no file `ngnix.conf`; did you mean `nginx.conf`?",
        ),
        // Items say what the files are called.
        (
            "configMap: {name: backend-conf, items: [{key: logo, path: img/logo.png}]}",
            ", subPath: logo",
            "error reference/missing-key Pod/p spec.containers[0].volumeMounts[0].subPath: \
             the volume of the ConfigMap `backend-conf` has no file `logo`",
        ),
        (
            "projected: {sources: [{secret: {name: db, items: [{key: x, path: x}]}}]}",
            "",
            "error reference/missing-key Pod/p spec.volumes[0].projected.sources[0].secret.items[0].key: \
             the Secret `db` has no key `x`",
        ),
        (
            "projected: {sources: [{secret: {name: db}}, {configMap: {name: backend-conf}}]}",
            ", subPath: passwor",
            "error reference/missing-key Pod/p spec.containers[0].volumeMounts[0].subPath: \
             the volume of the Secret `db` has no file `passwor`; did you mean `password`?",
        ),
        (
            "csi: {driver: x, nodePublishSecretRef: {name: gone}}",
            "",
            "error reference/missing Pod/p spec.volumes[0].csi.nodePublishSecretRef.name: \
             the Secret `gone` is not among the objects of namespace `shop`",
        ),
        (
            "csi: {driver: file.csi.azure.com, volumeAttributes: {secretName: gone}}",
            "",
            "error reference/missing Pod/p spec.volumes[0].csi.volumeAttributes.secretName: \
             the Secret `gone` is not among the objects of namespace `shop`",
        ),
        (
            "csi: {driver: secrets-store.csi.k8s.io, volumeAttributes: {secretProviderClass: gone}}",
            "",
            "error reference/missing Pod/p spec.volumes[0].csi.volumeAttributes.secretProviderClass: \
             the SecretProviderClass `gone` is not among the objects of namespace `shop`",
        ),
    ] {
        assert_eq!(
            pod(&volume(source, mount), &whole()),
            [expected],
            "{source} {mount}"
        );
    }
}

#[test]
fn secrets_for_registries_are_a_warning() {
    let spec = "imagePullSecrets: [{name: gone}, {name: db}]\ncontainers: []";
    assert_eq!(
        pod(spec, &whole()),
        [
            "warning reference/missing Pod/p spec.imagePullSecrets[0].name: \
          the Secret `gone` is not among the objects of namespace `shop`"
        ]
    );
}

#[test]
fn plain_manifests_may_be_a_part() {
    let spec = container("envFrom: [{configMapRef: {name: gone}}]");
    assert_eq!(
        pod(&spec, &Settings::default()),
        [
            "warning reference/missing Pod/p spec.containers[0].envFrom[0].configMapRef.name: \
          the ConfigMap `gone` is not among the objects of namespace `shop`"
        ]
    );
    let alone = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{envFrom: [{secretRef: {name: a}}]}]}\n";
    assert_eq!(found(alone, &Settings::default()), [""; 0]);
    // In a project there may be one object only.
    assert_eq!(found(alone, &whole()).len(), 1);
}

#[test]
fn plain_manifests_without_a_namespace_may_go_to_any() {
    let map = |namespace: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a{namespace}}}\ndata: {{k: v}}\n---\n"
        )
    };
    let pod = |namespace: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p{namespace}}}\n\
             spec: {{containers: [{{envFrom: [{{configMapRef: {{name: a}}}}]}}]}}\n"
        )
    };
    let (shop, other) = (", namespace: shop", ", namespace: other");
    for (ours, theirs, expected) in [
        ("", "", 0),
        (shop, "", 0),
        ("", shop, 0),
        (shop, shop, 0),
        (shop, other, 1),
    ] {
        let text = format!("{}{}", map(ours), pod(theirs));
        assert_eq!(
            found(&text, &Settings::default()).len(),
            expected,
            "{ours}/{theirs}"
        );
    }
}

#[test]
fn what_is_declared_is_there() {
    let external = |kind: &str, name: &str| Settings {
        external: vec![External {
            kind: kind.to_owned(),
            namespace: Some("shop".to_owned()),
            name: name.to_owned(),
        }],
        ..whole()
    };
    let spec = container("envFrom: [{secretRef: {name: payment-key}}]");
    assert_eq!(pod(&spec, &external("Secret", "payment-*")), [""; 0]);
    assert_eq!(pod(&spec, &external("ConfigMap", "payment-*")).len(), 1);
}

#[test]
fn volumes_of_storage_take_secrets_of_any_namespace() {
    let text = "\
apiVersion: v1
kind: Secret
metadata: {name: key, namespace: a}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: v}
spec:
  csi: {nodeStageSecretRef: {name: key, namespace: NS}}
";
    assert_eq!(found(&text.replace("NS", "a"), &whole()), [""; 0]);
    let missing = found(&text.replace("NS", "b"), &whole());
    assert!(
        missing.contains(
            &"error reference/missing PersistentVolume/v spec.csi.nodeStageSecretRef.name: \
              the Secret `key` is not among the objects of namespace `b`"
                .to_owned()
        ),
        "{missing:?}"
    );
}
