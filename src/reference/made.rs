//! Secrets and ConfigMaps that are not among the objects because others make them: External Secrets, Sealed Secrets,
//! cert-manager, trust-manager, the Secrets Store CSI driver, and what copies objects to other namespaces.

use std::borrow::Cow;
use std::collections::HashMap;

use super::references::Target;
use crate::cluster::{Cluster, Index};
use crate::yaml::Node;

/// The namespace of what is made in all of them, or in some that cannot be told.
pub(super) const EVERYWHERE: &str = "*";

/// The keys of each Secret that cert-manager makes.
const CERTIFICATE: &[&str] = &["ca.crt", "tls.crt", "tls.key"];

/// Annotations that make a controller copy the object to other namespaces: Reflector, Replicator, Config Syncer.
const COPIED: &[&str] = &[
    "config-syncer.k8s.appscode.com/sync",
    "kubed.appscode.com/sync",
    "reflector.v1.k8s.emberstack.com/reflection-allowed",
    "reflector.v1.k8s.emberstack.com/reflection-auto-enabled",
    "replicator.v1.mittwald.de/replicate-to",
    "replicator.v1.mittwald.de/replicate-to-matching",
];

/// Annotations that make cert-manager look at the TLS settings of an Ingress or a Gateway.
const SHIM: &[&str] = &[
    "cert-manager.io/cluster-issuer",
    "cert-manager.io/issuer",
    "kubernetes.io/tls-acme",
];

/// The keys of a ConfigMap or Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Keys<'a> {
    /// These and no others.
    Known(Vec<&'a str>),
    /// Nobody knows before it is made.
    Unknown,
}

impl Keys<'_> {
    /// Returns the keys of both, in order.
    pub(super) fn and(self, other: Self) -> Self {
        let (Self::Known(mut own), Self::Known(other)) = (self, other) else {
            return Self::Unknown;
        };
        own.extend(other);
        Self::Known(own)
    }
}

/// Returns the keys of a ConfigMap or Secret. One that has none is filled by a controller.
pub(super) fn keys_of(object: Node<'_>) -> Keys<'_> {
    const FIELDS: &[&str] = &["data", "stringData", "binaryData"];
    let maps = FIELDS.iter().map(|field| object.get(field));
    let mut all: Vec<&str> = maps.flat_map(keys).collect();
    if all.is_empty() {
        return Keys::Unknown;
    }
    let kind = object.get("type").and_then(Node::as_str);
    if kind == Some("kubernetes.io/service-account-token") {
        all.extend(["ca.crt", "namespace", "token"]);
    }
    Keys::Known(all)
}

/// A ConfigMap or Secret that an object makes.
#[derive(Clone, Debug)]
pub(super) struct MadeBy<'a> {
    /// What makes it.
    pub(super) maker: Index,
    /// Its keys.
    pub(super) keys: Keys<'a>,
}

/// What objects make, by kind, namespace and name.
#[derive(Debug, Default)]
pub(super) struct Made<'a> {
    all: HashMap<(&'a str, &'a str, Cow<'a, str>), MadeBy<'a>>,
}

impl<'a> Made<'a> {
    /// Looks through the objects of a cluster.
    pub(super) fn new(cluster: &Cluster<'a>) -> Self {
        let mut made = Self::default();
        for (group, kind, look) in MAKERS {
            for index in cluster.of_kind(group, kind) {
                if let Some(object) = cluster.get(*index) {
                    // Plain manifests may be applied to a namespace that they do not name.
                    let namespace = if cluster.settings().whole {
                        cluster.namespace(*index)
                    } else {
                        EVERYWHERE
                    };
                    let maker = Maker {
                        index: *index,
                        name: &object.id.name,
                        namespace,
                        object: object.root(),
                    };
                    look(&mut made, &maker);
                }
            }
        }
        made
    }

    /// Returns what makes an object.
    pub(super) fn get(&self, target: Target<'a>) -> Option<&MadeBy<'a>> {
        let Target {
            kind,
            namespace,
            name,
            ..
        } = target;
        if self.all.is_empty() || !target.group.is_empty() {
            return None;
        }
        let get = |namespace| self.all.get(&(kind, namespace, Cow::Borrowed(name)));
        get(namespace).or_else(|| get(EVERYWHERE))
    }

    /// Returns the kind, namespace, name and maker of all that is made, in their order.
    pub(super) fn all(&self) -> Vec<(&'a str, &'a str, Cow<'a, str>, Index)> {
        let mut all: Vec<_> = self
            .all
            .iter()
            .map(|((kind, namespace, name), made)| (*kind, *namespace, name.clone(), made.maker))
            .collect();
        all.sort();
        all
    }

    /// Adds what an object makes; several may give keys to one.
    fn add(
        &mut self,
        kind: &'static str,
        namespace: &'a str,
        name: impl Into<Cow<'a, str>>,
        maker: Index,
        keys: Keys<'a>,
    ) {
        let key = (kind, namespace, name.into());
        let made = match self.all.remove(&key) {
            Some(before) => MadeBy {
                maker: before.maker,
                keys: before.keys.and(keys),
            },
            None => MadeBy { maker, keys },
        };
        self.all.insert(key, made);
    }
}

/// An object that makes others.
struct Maker<'a> {
    index: Index,
    name: &'a str,
    namespace: &'a str,
    object: Node<'a>,
}

impl<'a> Maker<'a> {
    fn text(&self, path: &[&str]) -> Option<&'a str> {
        let text = self.object.path(path)?.as_str()?;
        Some(text).filter(|text| !text.is_empty())
    }

    fn annotation(&self, key: &str) -> Option<&'a str> {
        self.text(&["metadata", "annotations", key])
    }
}

type Look = for<'a> fn(&mut Made<'a>, &Maker<'a>);

/// What makes Secrets and ConfigMaps: `(group, kind, what)`.
const MAKERS: &[(&str, &str, Look)] = &[
    ("", "ConfigMap", copies),
    ("", "Secret", copies),
    ("bitnami.com", "SealedSecret", sealed_secret),
    ("cert-manager.io", "Certificate", certificate),
    ("cert-manager.io", "Issuer", account_key),
    (
        "external-secrets.io",
        "ClusterExternalSecret",
        cluster_external_secret,
    ),
    ("external-secrets.io", "ExternalSecret", external_secret),
    ("gateway.networking.k8s.io", "Gateway", gateway),
    ("networking.k8s.io", "Ingress", ingress),
    (
        "secrets-store.csi.x-k8s.io",
        "SecretProviderClass",
        provider_class,
    ),
    ("trust.cert-manager.io", "Bundle", bundle),
    ("trust-manager.io", "ClusterBundle", bundle),
];

/// Returns the keys of a map.
fn keys(map: Option<Node<'_>>) -> impl Iterator<Item = &str> {
    let entries = map.into_iter().flat_map(Node::entries);
    entries.filter_map(|(key, _)| key.as_str())
}

/// Returns the texts of a field of each item of a list.
fn texts<'a>(list: Option<Node<'a>>, field: &str) -> impl Iterator<Item = &'a str> {
    let items = list.into_iter().flat_map(Node::items);
    items.filter_map(move |item| item.get(field)?.as_str())
}

fn external_secret<'a>(made: &mut Made<'a>, maker: &Maker<'a>) {
    if let Some(spec) = maker.object.get("spec") {
        synced(made, maker, spec, maker.namespace, maker.name);
    }
}

fn cluster_external_secret<'a>(made: &mut Made<'a>, maker: &Maker<'a>) {
    let name = maker.text(&["spec", "externalSecretName"]);
    if let Some(spec) = maker.object.path(&["spec", "externalSecretSpec"]) {
        // Its namespaces are chosen by labels, which those of others need not show here.
        synced(made, maker, spec, EVERYWHERE, name.unwrap_or(maker.name));
    }
}

/// Adds what the spec of an ExternalSecret makes.
fn synced<'a>(
    made: &mut Made<'a>,
    maker: &Maker<'a>,
    spec: Node<'a>,
    namespace: &'a str,
    default: &'a str,
) {
    let target = |path: &[&str]| spec.get("target")?.path(path)?.as_str();
    if target(&["creationPolicy"]) == Some("None") {
        return;
    }
    let kind = match target(&["manifest", "kind"]) {
        Some("ConfigMap") => "ConfigMap",
        Some(_) => return,
        None => "Secret",
    };
    let name = target(&["name"]).filter(|name| !name.is_empty());
    let name = name.unwrap_or(default);
    made.add(kind, namespace, name, maker.index, synced_keys(spec));
}

fn synced_keys(spec: Node<'_>) -> Keys<'_> {
    let data = if spec.get("dataFrom").is_some_and(|from| !from.is_null()) {
        Keys::Unknown
    } else {
        Keys::Known(texts(spec.get("data"), "secretKey").collect())
    };
    let Some(template) = spec.path(&["target", "template"]) else {
        return data;
    };
    let from = template.get("templateFrom").into_iter();
    let into_data = from.flat_map(Node::items).any(|one| {
        let target = one.get("target").and_then(Node::as_str);
        target.is_none_or(|target| target == "Data")
    });
    let own: Vec<&str> = keys(template.get("data")).collect();
    let merges = template.get("mergePolicy").and_then(Node::as_str) == Some("Merge");
    if into_data {
        Keys::Unknown
    } else if own.is_empty() {
        data
    } else if merges {
        data.and(Keys::Known(own))
    } else {
        Keys::Known(own)
    }
}

fn sealed_secret<'a>(made: &mut Made<'a>, maker: &Maker<'a>) {
    let spec = maker.object.get("spec");
    let encrypted = keys(spec.and_then(|spec| spec.get("encryptedData")));
    let template = keys(spec.and_then(|spec| spec.path(&["template", "data"])));
    let all = Keys::Known(encrypted.chain(template).collect());
    let name = maker.text(&["spec", "template", "metadata", "name"]);
    let name = name.unwrap_or(maker.name);
    made.add("Secret", maker.namespace, name, maker.index, all);
}

fn certificate<'a>(made: &mut Made<'a>, maker: &Maker<'a>) {
    let Some(name) = maker.text(&["spec", "secretName"]) else {
        return;
    };
    let mut all = CERTIFICATE.to_vec();
    let spec = maker.object.get("spec");
    let formats = spec.and_then(|spec| spec.get("additionalOutputFormats"));
    all.extend(texts(formats, "type").filter_map(|format| match format {
        "CombinedPEM" => Some("tls-combined.pem"),
        "DER" => Some("key.der"),
        _ => None,
    }));
    for (store, own) in [
        ("jks", ["keystore.jks", "truststore.jks"]),
        ("pkcs12", ["keystore.p12", "truststore.p12"]),
    ] {
        let create = spec.and_then(|spec| spec.path(&["keystores", store, "create"]));
        if create.and_then(Node::as_bool) == Some(true) {
            all.extend(own);
        }
    }
    made.add(
        "Secret",
        maker.namespace,
        name,
        maker.index,
        Keys::Known(all),
    );
}

/// The key of an ACME account is made where it is not there.
fn account_key<'a>(made: &mut Made<'a>, maker: &Maker<'a>) {
    let reference = |field| maker.text(&["spec", "acme", "privateKeySecretRef", field]);
    if let Some(name) = reference("name") {
        let key = reference("key").unwrap_or("tls.key");
        let keys = Keys::Known(vec![key]);
        made.add("Secret", maker.namespace, name, maker.index, keys);
    }
}

fn ingress<'a>(made: &mut Made<'a>, maker: &Maker<'a>) {
    if SHIM.iter().any(|key| maker.annotation(key).is_some()) {
        let tls = maker.object.path(&["spec", "tls"]);
        for name in texts(tls, "secretName") {
            let keys = Keys::Known(CERTIFICATE.to_vec());
            made.add("Secret", maker.namespace, name, maker.index, keys);
        }
    }
    // AKS' application routing takes the certificate from Key Vault.
    let vault = maker.annotation("kubernetes.azure.com/tls-cert-keyvault-uri");
    if vault.is_some() {
        let name = format!("keyvault-{}", maker.name);
        let keys = Keys::Known(vec!["tls.crt", "tls.key"]);
        made.add("Secret", maker.namespace, name, maker.index, keys);
    }
}

fn gateway<'a>(made: &mut Made<'a>, maker: &Maker<'a>) {
    if SHIM.iter().all(|key| maker.annotation(key).is_none()) {
        return;
    }
    let listeners = maker.object.path(&["spec", "listeners"]);
    let listeners = listeners.into_iter().flat_map(Node::items);
    for listener in listeners {
        let references = listener.path(&["tls", "certificateRefs"]);
        for name in texts(references, "name") {
            let keys = Keys::Known(CERTIFICATE.to_vec());
            made.add("Secret", maker.namespace, name, maker.index, keys);
        }
    }
}

fn provider_class<'a>(made: &mut Made<'a>, maker: &Maker<'a>) {
    let objects = maker.object.path(&["spec", "secretObjects"]);
    for object in objects.into_iter().flat_map(Node::items) {
        if let Some(name) = object.get("secretName").and_then(Node::as_str) {
            let keys = Keys::Known(texts(object.get("data"), "key").collect());
            made.add("Secret", maker.namespace, name, maker.index, keys);
        }
    }
}

fn bundle<'a>(made: &mut Made<'a>, maker: &Maker<'a>) {
    let Some(target) = maker.object.path(&["spec", "target"]) else {
        return;
    };
    for (kind, field) in [("ConfigMap", "configMap"), ("Secret", "secret")] {
        let Some(one) = target.get(field) else {
            continue;
        };
        // Java's and Windows' formats bring keys of their own.
        let more = target.get("additionalFormats").is_some();
        let keys = match one.get("key").and_then(Node::as_str) {
            Some(key) if !more => Keys::Known(vec![key]),
            _ => Keys::Unknown,
        };
        made.add(kind, EVERYWHERE, maker.name, maker.index, keys);
    }
}

/// Tells whether a controller copies an object to other namespaces.
pub(super) fn is_copied(object: Node<'_>) -> bool {
    let annotations = object.path(&["metadata", "annotations"]);
    annotations.is_some_and(|all| COPIED.iter().any(|key| all.get(key).is_some()))
}

fn copies<'a>(made: &mut Made<'a>, maker: &Maker<'a>) {
    if is_copied(maker.object) {
        let kind = match maker.text(&["kind"]) {
            Some("Secret") => "Secret",
            _ => "ConfigMap",
        };
        made.add(
            kind,
            EVERYWHERE,
            maker.name,
            maker.index,
            keys_of(maker.object),
        );
    }
}
