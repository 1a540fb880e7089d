//! Secrets and ConfigMaps that other objects make.

use crate::cluster::Settings;
use crate::reference::testing::{found, whole};

/// What is found of pods that take keys, beside another object.
fn with(maker: &str, kind: &str, name: &str, key: &str) -> Vec<String> {
    let field = if kind == "Secret" {
        "secretKeyRef"
    } else {
        "configMapKeyRef"
    };
    let pod = format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: shop}}\nspec:\n  containers:\n  \
         - {{name: c, env: [{{name: A, valueFrom: {{{field}: {{name: {name}, key: {key}}}}}}}]}}\n"
    );
    found(&format!("{maker}{pod}"), &whole())
}

fn external_secret(spec: &str) -> String {
    format!(
        "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {{name: db, namespace: shop}}\n\
         spec: {{data: [{{secretKey: password}}], {spec}}}\n"
    )
}

#[test]
fn external_secrets_make_secrets() {
    for (spec, name, key, expected) in [
        ("", "db", "password", ""),
        (
            "",
            "db",
            "pasword",
            "the Secret `db` has no key `pasword`; did you mean `password`?",
        ),
        ("target: {name: other}", "other", "password", ""),
        (
            "target: {name: other}",
            "db",
            "password",
            "the Secret `db` is not among the objects of namespace `shop`",
        ),
        (
            "target: {name: other-db}",
            "other-dbb",
            "password",
            "the Secret `other-dbb` is not among the objects of namespace `shop`; did you mean `other-db`?",
        ),
        ("target: {creationPolicy: Orphan}", "db", "password", ""),
        (
            "target: {creationPolicy: None}",
            "db",
            "password",
            "the Secret `db` is not among the objects of namespace `shop`",
        ),
        ("dataFrom: [{extract: {key: a}}]", "db", "any", ""),
        ("target: {template: {data: {url: x}}}", "db", "url", ""),
        (
            "target: {template: {data: {url: x}}}",
            "db",
            "password",
            "the Secret `db` has no key `password`",
        ),
        (
            "target: {template: {mergePolicy: Merge, data: {url: x}}}",
            "db",
            "password",
            "",
        ),
        ("target: {template: {type: Opaque}}", "db", "password", ""),
        (
            "target: {template: {templateFrom: [{literal: x}]}}",
            "db",
            "any",
            "",
        ),
        (
            "target: {template: {templateFrom: [{literal: x, target: Labels}]}}",
            "db",
            "any",
            "the Secret `db` has no key `any`",
        ),
    ] {
        let lines = with(&external_secret(spec), "Secret", name, key);
        match expected {
            "" => assert_eq!(lines, [""; 0], "{spec}"),
            expected => {
                assert_eq!(lines.len(), 1, "{spec}: {lines:?}");
                assert!(lines[0].ends_with(expected), "{spec}: {lines:?}");
            }
        }
    }
    let map = external_secret("target: {name: m, manifest: {apiVersion: v1, kind: ConfigMap}}");
    assert_eq!(with(&map, "ConfigMap", "m", "password"), [""; 0]);
    assert_eq!(with(&map, "Secret", "m", "password").len(), 1);
}

#[test]
fn what_is_merged_into_a_secret_are_its_keys_too() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: shop}\ndata: {user: eA==}\n---\n";
    let merged = format!(
        "{secret}{}",
        external_secret("target: {creationPolicy: Merge}")
    );
    for key in ["user", "password"] {
        assert_eq!(with(&merged, "Secret", "db", key), [""; 0]);
    }
    assert_eq!(with(&merged, "Secret", "db", "host").len(), 1);
}

#[test]
fn many_kinds_make_secrets() {
    for (maker, kind, name, keys, not) in [
        (
            "apiVersion: external-secrets.io/v1\nkind: ClusterExternalSecret\nmetadata: {name: all}\n\
             spec: {namespaceSelector: {}, externalSecretSpec: {data: [{secretKey: a}]}}\n",
            "Secret",
            "all",
            &["a"] as &[&str],
            "b",
        ),
        (
            "apiVersion: external-secrets.io/v1\nkind: ClusterExternalSecret\nmetadata: {name: all}\n\
             spec: {externalSecretName: each, externalSecretSpec: {data: [{secretKey: a}]}}\n",
            "Secret",
            "each",
            &["a"],
            "b",
        ),
        (
            "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: s, namespace: shop}\n\
             spec: {encryptedData: {a: Ag}, template: {data: {b: x}}}\n",
            "Secret",
            "s",
            &["a", "b"],
            "c",
        ),
        (
            "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: c, namespace: shop}\n\
             spec: {secretName: c-tls}\n",
            "Secret",
            "c-tls",
            &["tls.crt", "tls.key", "ca.crt"],
            "key.der",
        ),
        (
            "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: c, namespace: shop}\n\
             spec: {secretName: c-tls, additionalOutputFormats: [{type: DER}, {type: CombinedPEM}], \
             keystores: {pkcs12: {create: true}, jks: {create: false}}}\n",
            "Secret",
            "c-tls",
            &[
                "key.der",
                "tls-combined.pem",
                "keystore.p12",
                "truststore.p12",
            ],
            "keystore.jks",
        ),
        (
            "apiVersion: cert-manager.io/v1\nkind: Issuer\nmetadata: {name: i, namespace: shop}\n\
             spec: {acme: {privateKeySecretRef: {name: account}}}\n",
            "Secret",
            "account",
            &["tls.key"],
            "tls.crt",
        ),
        (
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\n\
             metadata: {name: i, namespace: shop, annotations: {cert-manager.io/cluster-issuer: x}}\n\
             spec: {tls: [{hosts: [a], secretName: web-tls}]}\n---\n\
             apiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata: {name: x}\n",
            "Secret",
            "web-tls",
            &["tls.crt"],
            "tls.pem",
        ),
        (
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\n\
             metadata: {name: i, namespace: shop, annotations: {kubernetes.azure.com/tls-cert-keyvault-uri: x}}\n",
            "Secret",
            "keyvault-i",
            &["tls.crt"],
            "ca.crt",
        ),
        (
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n\
             metadata: {name: g, namespace: shop, annotations: {cert-manager.io/issuer: x}}\n\
             spec: {listeners: [{tls: {certificateRefs: [{name: g-tls}]}}]}\n---\n\
             apiVersion: cert-manager.io/v1\nkind: Issuer\nmetadata: {name: x, namespace: shop}\n",
            "Secret",
            "g-tls",
            &["tls.key"],
            "key",
        ),
        (
            "apiVersion: secrets-store.csi.x-k8s.io/v1\nkind: SecretProviderClass\n\
             metadata: {name: v, namespace: shop}\nspec: {secretObjects: [{secretName: v, data: [{key: k}]}]}\n",
            "Secret",
            "v",
            &["k"],
            "l",
        ),
        (
            "apiVersion: trust.cert-manager.io/v1alpha1\nkind: Bundle\nmetadata: {name: ca}\n\
             spec: {target: {configMap: {key: bundle.pem}}}\n",
            "ConfigMap",
            "ca",
            &["bundle.pem"],
            "ca.pem",
        ),
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: everywhere, namespace: other, \
             annotations: {reflector.v1.k8s.emberstack.com/reflection-auto-enabled: 'true'}}\ndata: {a: b}\n",
            "ConfigMap",
            "everywhere",
            &["a"],
            "b",
        ),
    ] {
        for key in keys {
            assert_eq!(with(maker, kind, name, key), [""; 0], "{maker}{key}");
        }
        let lines = with(maker, kind, name, not);
        assert_eq!(lines.len(), 1, "{maker}: {lines:?}");
        assert!(
            lines[0].starts_with("error reference/missing-key Pod/p"),
            "{lines:?}"
        );
    }
}

#[test]
fn an_ingress_that_nothing_looks_at_makes_none() {
    let ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i, namespace: shop}\n\
                   spec: {tls: [{hosts: [a], secretName: web-tls}]}\n";
    let lines = with(ingress, "Secret", "web-tls", "tls.crt");
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("error reference/missing Pod/p")),
        "{lines:?}"
    );
}

#[test]
fn what_cannot_be_seen_may_make_secrets() {
    let database = |metadata: &str, spec: &str| {
        format!(
            "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {{{metadata}}}\nspec: {{{spec}}}\n"
        )
    };
    let job = |args: &str| {
        format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: j, namespace: shop}}\n\
             spec: {{template: {{spec: {{containers: [{{name: c, args: [{args}]}}]}}}}}}\n"
        )
    };
    for (maker, name, expected) in [
        (database("name: pg, namespace: shop", ""), "pg-app", 0),
        (database("name: pg, namespace: shop", ""), "pg", 0),
        (database("name: pg, namespace: shop", ""), "pgapp", 1),
        (database("name: pg, namespace: other", ""), "pg-app", 1),
        (
            database("name: x, namespace: shop", "out: {secret: made}"),
            "made",
            0,
        ),
        (database("name: x, namespace: shop", "made: a"), "made", 1),
        (job("create, --secret-name=hook-cert"), "hook-cert", 0),
        (job("create, --secret-name, hook-cert"), "hook-cert", 0),
        (job("create, --name=hook-cert"), "hook-cert", 1),
    ] {
        let lines = with(&maker, "Secret", name, "k");
        assert_eq!(lines.len(), expected, "{maker}{name}: {lines:?}");
    }
}

#[test]
fn plain_makers_without_a_namespace_may_go_to_any() {
    let text = "\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: db}
spec: {data: [{secretKey: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: shop}
spec: {containers: [{name: c, envFrom: [{secretRef: {name: db}}]}]}
";
    assert_eq!(found(text, &Settings::default()), [""; 0]);
    assert_eq!(found(text, &whole()).len(), 1);
}

#[test]
fn programs_that_may_make_secrets_may_have_made_one() {
    let text = |account: &str, rule: &str| {
        format!(
            "\
apiVersion: v1
kind: Secret
metadata: {{name: kept, namespace: shop}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: r, namespace: shop}}
rules: [{{apiGroups: [''], {rule}}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: r, namespace: shop}}
roleRef: {{kind: Role, name: r}}
subjects: [{{kind: ServiceAccount, name: default, namespace: {account}}}]
---
apiVersion: v1
kind: Pod
metadata: {{name: p, namespace: shop}}
spec: {{containers: [{{name: c, envFrom: [{{secretRef: {{name: made}}}}]}}]}}
"
        )
    };
    let create = "resources: [secrets], verbs: [create]";
    for (account, rule, expected) in [
        ("shop", create, 0),
        ("shop", "resources: ['*'], verbs: ['*']", 0),
        ("other", create, 1),
        ("shop", "resources: [secrets], verbs: [get]", 1),
        ("shop", "resources: [configmaps], verbs: [create]", 1),
    ] {
        let lines = found(&text(account, rule), &Settings::default());
        assert_eq!(lines.len(), expected, "{account} {rule}: {lines:?}");
    }
    // In a project it is declared.
    let lines = found(&text("shop", create), &whole());
    assert!(
        lines[0].starts_with("error reference/missing Pod/p"),
        "{lines:?}"
    );
}
