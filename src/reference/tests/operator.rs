//! What the API server calls, issuers and stores.

use crate::cluster::Settings;
use crate::reference::testing::{found, whole};

const SERVICE: &str = "---\napiVersion: v1\nkind: Service\nmetadata: {name: hook, namespace: shop}\nspec: {ports: [{port: 443}]}\n";

fn assert_told(yaml: &str, expected: Option<&str>) {
    let expected: Vec<String> = expected
        .map(|text| format!("error reference/{text}"))
        .into_iter()
        .collect();
    assert_eq!(found(yaml, &whole()), expected, "{yaml}");
}

#[test]
fn what_the_api_server_calls_is_there() {
    let webhook = |service: &str| {
        format!(
            "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {{name: w}}\nwebhooks: [{{name: w.x.io, clientConfig: {{service: {service}}}}}]\n"
        )
    };
    let definition = |strategy: &str| {
        format!(
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: xs.x.io}}\nspec: {{group: x.io, names: {{kind: X, plural: xs}}, conversion: {{strategy: {strategy}, webhook: {{clientConfig: {{service: {{namespace: shop, name: hok}}}}}}}}}}\n"
        )
    };
    let api = "apiVersion: apiregistration.k8s.io/v1\nkind: APIService\nmetadata: {name: v1.x.io}\nspec: {service: {namespace: shop, name: hook, port: 8443}}\n";
    for (object, expected) in [
        (webhook("{namespace: shop, name: hook}"), None),
        (webhook("{namespace: shop, name: hook, port: 443}"), None),
        (
            webhook("{namespace: shop, name: hook, port: 9443}"),
            Some(
                "missing-port ValidatingWebhookConfiguration/w webhooks[0].clientConfig.service.port: the Service `hook` has no port `9443`",
            ),
        ),
        (
            webhook("{namespace: shop, name: hok}"),
            Some(
                "missing ValidatingWebhookConfiguration/w webhooks[0].clientConfig.service.name: the Service `hok` is not among the objects of namespace `shop`; did you mean `hook`?",
            ),
        ),
        (
            definition("Webhook"),
            Some(
                "missing CustomResourceDefinition/xs.x.io spec.conversion.webhook.clientConfig.service.name: the Service `hok` is not among the objects of namespace `shop`; did you mean `hook`?",
            ),
        ),
        (definition("None"), None),
        (
            api.to_owned(),
            Some(
                "missing-port APIService/v1.x.io spec.service.port: the Service `hook` has no port `8443`",
            ),
        ),
    ] {
        assert_told(&(object + SERVICE), expected);
    }
    // Definitions without the program that serves them.
    let two =
        definition("Webhook") + "---\n" + &definition("Webhook").replace("xs.x.io", "ys.x.io");
    assert_eq!(found(&two, &Settings::default()), [""; 0]);
}

#[test]
fn authorities_come_from_certificates() {
    let webhook = |annotation: &str| {
        format!(
            "apiVersion: admissionregistration.k8s.io/v1\nkind: MutatingWebhookConfiguration\nmetadata: {{name: w, annotations: {{{annotation}}}}}\nwebhooks: []\n---\napiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {{name: hook, namespace: shop}}\nspec: {{secretName: hook-tls}}\n"
        )
    };
    for (annotation, expected) in [
        ("cert-manager.io/inject-ca-from: shop/hook", None),
        ("cert-manager.io/inject-ca-from-secret: shop/hook-tls", None),
        ("cert-manager.io/inject-ca-from: hook", None),
        (
            "cert-manager.io/inject-ca-from: shop/hok",
            Some(
                "missing MutatingWebhookConfiguration/w metadata.annotations[cert-manager.io/inject-ca-from]: the Certificate `hok` is not among the objects of namespace `shop`; did you mean `hook`?",
            ),
        ),
    ] {
        assert_told(&webhook(annotation), expected);
    }
}

#[test]
fn issuers_are_there() {
    let issuers = "---\napiVersion: cert-manager.io/v1\nkind: Issuer\nmetadata: {name: own, namespace: shop}\nspec: {selfSigned: {}}\n---\napiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata: {name: all}\nspec: {selfSigned: {}}\n";
    let certificate = |reference: &str| {
        format!(
            "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {{name: c, namespace: shop}}\nspec: {{secretName: s, issuerRef: {reference}}}\n"
        )
    };
    let ingress = |annotations: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: i, namespace: shop, annotations: {{{annotations}}}}}\nspec: {{}}\n"
        )
    };
    for (object, expected) in [
        (certificate("{name: own}"), None),
        (
            certificate("{name: own, kind: Issuer, group: cert-manager.io}"),
            None,
        ),
        (certificate("{name: all, kind: ClusterIssuer}"), None),
        (
            certificate("{name: pca, kind: AWSPCAClusterIssuer, group: awspca.cert-manager.io}"),
            None,
        ),
        (
            certificate("{name: all}"),
            Some(
                "missing Certificate/c spec.issuerRef.name: the Issuer `all` is not among the objects of namespace `shop`",
            ),
        ),
        (ingress("cert-manager.io/cluster-issuer: all"), None),
        (ingress("cert-manager.io/issuer: own"), None),
        (
            ingress("cert-manager.io/issuer: all, cert-manager.io/issuer-kind: ClusterIssuer"),
            None,
        ),
        (
            ingress(
                "cert-manager.io/issuer: x, cert-manager.io/issuer-kind: Other, cert-manager.io/issuer-group: z.io",
            ),
            None,
        ),
        (
            ingress("cert-manager.io/cluster-issuer: al"),
            Some(
                "missing Ingress/i metadata.annotations[cert-manager.io/cluster-issuer]: the ClusterIssuer `al` is not among the objects; did you mean `all`?",
            ),
        ),
    ] {
        assert_told(&(object + issuers), expected);
    }
}

#[test]
fn stores_of_secrets_and_their_accounts_are_there() {
    let stores = "---\napiVersion: external-secrets.io/v1\nkind: SecretStore\nmetadata: {name: vault, namespace: shop}\nspec: {provider: {azurekv: {serviceAccountRef: {name: reader}}}}\n---\napiVersion: external-secrets.io/v1\nkind: ClusterSecretStore\nmetadata: {name: all}\nspec: {provider: {vault: {auth: {jwt: {serviceAccountRef: {name: any}}}}}}\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: reader, namespace: shop}\n";
    let secret = |spec: &str| {
        format!(
            "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {{name: e, namespace: shop}}\nspec: {{{spec}}}\n"
        )
    };
    let push = |reference: &str| {
        format!(
            "apiVersion: external-secrets.io/v1alpha1\nkind: PushSecret\nmetadata: {{name: p, namespace: shop}}\nspec: {{secretStoreRefs: [{reference}]}}\n"
        )
    };
    for (object, expected) in [
        (secret("secretStoreRef: {name: vault}"), None),
        (
            secret("secretStoreRef: {name: all, kind: ClusterSecretStore}"),
            None,
        ),
        (
            secret(
                "data: [{secretKey: a, sourceRef: {storeRef: {name: vault, kind: SecretStore}}}]",
            ),
            None,
        ),
        (
            secret("dataFrom: [{sourceRef: {generatorRef: {name: x, kind: Password}}}]"),
            None,
        ),
        (
            secret("secretStoreRef: {name: valut}"),
            Some(
                "missing ExternalSecret/e spec.secretStoreRef.name: the SecretStore `valut` is not among the objects of namespace `shop`; did you mean `vault`?",
            ),
        ),
        (
            secret("secretStoreRef: {name: vault, kind: ClusterSecretStore}"),
            Some(
                "missing ExternalSecret/e spec.secretStoreRef.name: the ClusterSecretStore `vault` is not among the objects",
            ),
        ),
        (
            secret("dataFrom: [{sourceRef: {storeRef: {name: none}}}]"),
            Some(
                "missing ExternalSecret/e spec.dataFrom[0].sourceRef.storeRef.name: the SecretStore `none` is not among the objects of namespace `shop`",
            ),
        ),
        (push("{name: vault, kind: SecretStore}"), None),
        (push("{labelSelector: {matchLabels: {a: b}}}"), None),
        (
            push("{name: none}"),
            Some(
                "missing PushSecret/p spec.secretStoreRefs[0].name: the SecretStore `none` is not among the objects of namespace `shop`",
            ),
        ),
    ] {
        assert_told(&(object + stores), expected);
    }
    let without = stores.replace("name: reader, namespace", "name: raeder, namespace");
    let lines = found(
        &(secret("secretStoreRef: {name: vault}") + &without),
        &whole(),
    );
    let missing = lines.iter().filter(|line| line.starts_with("error"));
    assert_eq!(
        missing.collect::<Vec<_>>(),
        [
            "error reference/missing SecretStore/vault spec.provider.azurekv.serviceAccountRef.name: the ServiceAccount `reader` is not among the objects of namespace `shop`; did you mean `raeder`?"
        ]
    );
}
