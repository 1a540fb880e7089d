//! Which kinds live in a namespace and which in the cluster, and what the API server calls them in paths and rules.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use super::group;
use crate::yaml::Node;

/// Where objects of a kind live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In a namespace.
    Namespaced,
    /// In the cluster as a whole.
    Cluster,
}

/// Cluster-scoped kinds by group: the Kubernetes API reference (1.31 to 1.37), and the operators this tool's users run.
/// Every other kind is namespaced unless a `CustomResourceDefinition` says otherwise.
const CLUSTER: &[(&str, &[&str])] = &[
    (
        "",
        &["ComponentStatus", "Namespace", "Node", "PersistentVolume"],
    ),
    (
        "admissionregistration.k8s.io",
        &[
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        ],
    ),
    ("apiextensions.k8s.io", &["CustomResourceDefinition"]),
    ("apiregistration.k8s.io", &["APIService"]),
    (
        "approuting.kubernetes.azure.com",
        &["ClusterExternalDNS", "NginxIngressController"],
    ),
    (
        "authentication.k8s.io",
        &["SelfSubjectReview", "TokenReview"],
    ),
    (
        "authorization.k8s.io",
        &[
            "SelfSubjectAccessReview",
            "SelfSubjectRulesReview",
            "SubjectAccessReview",
        ],
    ),
    ("cert-manager.io", &["ClusterIssuer"]),
    (
        "certificates.k8s.io",
        &["CertificateSigningRequest", "ClusterTrustBundle"],
    ),
    (
        "cilium.io",
        &[
            "CiliumClusterwideNetworkPolicy",
            "CiliumCIDRGroup",
            "CiliumExternalWorkload",
            "CiliumIdentity",
            "CiliumNode",
        ],
    ),
    (
        "external-secrets.io",
        &[
            "ClusterExternalSecret",
            "ClusterPushSecret",
            "ClusterSecretStore",
        ],
    ),
    (
        "flowcontrol.apiserver.k8s.io",
        &["FlowSchema", "PriorityLevelConfiguration"],
    ),
    ("gateway.networking.k8s.io", &["GatewayClass"]),
    ("generators.external-secrets.io", &["ClusterGenerator"]),
    ("internal.apiserver.k8s.io", &["StorageVersion"]),
    (
        "networking.k8s.io",
        &["IPAddress", "IngressClass", "ServiceCIDR"],
    ),
    ("node.k8s.io", &["RuntimeClass"]),
    (
        "policy.networking.k8s.io",
        &[
            "AdminNetworkPolicy",
            "BaselineAdminNetworkPolicy",
            "ClusterNetworkPolicy",
        ],
    ),
    (
        "rbac.authorization.k8s.io",
        &["ClusterRole", "ClusterRoleBinding"],
    ),
    (
        "resource.k8s.io",
        &["DeviceClass", "DeviceTaintRule", "ResourceSlice"],
    ),
    ("scheduling.k8s.io", &["PriorityClass"]),
    (
        "storage.k8s.io",
        &[
            "CSIDriver",
            "CSINode",
            "StorageClass",
            "VolumeAttachment",
            "VolumeAttributesClass",
        ],
    ),
    ("storagemigration.k8s.io", &["StorageVersionMigration"]),
];

/// The scopes and names of all kinds known in a run.
#[derive(Clone, Debug, Default)]
pub struct Scopes {
    /// By group, then by kind.
    custom: HashMap<String, BTreeMap<String, Defined>>,
}

/// What a `CustomResourceDefinition` says about a kind.
#[derive(Clone, Debug)]
struct Defined {
    scope: Scope,
    /// The plural name; empty where the definition lacks it.
    plural: String,
    /// The versions that are served.
    versions: Vec<String>,
    /// Whether only a webhook can make one version of another.
    converted: bool,
}

impl Scopes {
    /// Learns the scope of a custom resource from its definition; other objects are passed over.
    pub fn learn(&mut self, object: Node<'_>) {
        let text = |path: &[&str]| object.path(path).and_then(Node::as_str);
        if text(&["kind"]) != Some("CustomResourceDefinition") {
            return;
        }
        if let (Some(group), Some(kind)) =
            (text(&["spec", "group"]), text(&["spec", "names", "kind"]))
        {
            let scope = if text(&["spec", "scope"]) == Some("Cluster") {
                Scope::Cluster
            } else {
                Scope::Namespaced
            };
            let versions = object.path(&["spec", "versions"]);
            let served = versions
                .into_iter()
                .flat_map(Node::items)
                .filter(|version| version.get("served").and_then(Node::as_bool) != Some(false));
            let names = served.filter_map(|version| version.get("name")?.as_str());
            let defined = Defined {
                scope,
                plural: text(&["spec", "names", "plural"])
                    .unwrap_or_default()
                    .to_owned(),
                versions: names.map(str::to_owned).collect(),
                converted: text(&["spec", "conversion", "strategy"]) == Some("Webhook"),
            };
            let group = self.custom.entry(group.to_owned()).or_default();
            group.insert(kind.to_owned(), defined);
        }
    }

    fn defined(&self, group: &str, kind: &str) -> Option<&Defined> {
        self.custom.get(group)?.get(kind)
    }

    /// Returns where objects of a kind live.
    pub fn of(&self, api_version: &str, kind: &str) -> Scope {
        let group = group(api_version);
        if let Some(defined) = self.defined(group, kind) {
            return defined.scope;
        }
        let cluster = CLUSTER
            .iter()
            .any(|(name, kinds)| *name == group && kinds.contains(&kind));
        if cluster {
            Scope::Cluster
        } else {
            Scope::Namespaced
        }
    }

    /// Returns the plural name of a kind, as paths and rules have it: `networkpolicies`. Where no definition says it, it
    /// is the one that every kind of Kubernetes, and nearly every other, has.
    pub fn plural(&self, group: &str, kind: &str) -> Cow<'_, str> {
        match self.defined(group, kind) {
            Some(defined) if !defined.plural.is_empty() => Cow::Borrowed(&defined.plural),
            _ => Cow::Owned(plural(kind)),
        }
    }

    /// Returns the kind of a group that has a plural name, where a definition says so.
    pub fn kind_of(&self, group: &str, plural: &str) -> Option<&str> {
        let kinds = self.custom.get(group)?;
        let found = kinds.iter().find(|(_, defined)| defined.plural == plural);
        found.map(|(kind, _)| kind.as_str())
    }

    /// Returns the versions of a custom resource that are served, in the order of its definition; none where there is no
    /// definition.
    pub fn versions(&self, group: &str, kind: &str) -> &[String] {
        let defined = self.defined(group, kind);
        defined
            .map(|defined| defined.versions.as_slice())
            .unwrap_or_default()
    }

    /// Tells whether only a webhook can make one version of a custom resource of another.
    pub fn needs_webhook(&self, group: &str, kind: &str) -> bool {
        self.defined(group, kind)
            .is_some_and(|defined| defined.converted)
    }
}

/// Makes the plural of a kind in lower case.
fn plural(kind: &str) -> String {
    let name = kind.to_ascii_lowercase();
    if name.ends_with("endpoints") {
        return name;
    }
    if let Some(stem) = name.strip_suffix('y')
        && !stem.ends_with(['a', 'e', 'i', 'o', 'u'])
    {
        return format!("{stem}ies");
    }
    let hisses = ["s", "x", "z", "ch", "sh"]
        .iter()
        .any(|end| name.ends_with(end));
    format!("{name}{}", if hisses { "es" } else { "s" })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::yaml::{Limits, read};

    #[test]
    fn a_definition_wins_over_the_table() {
        let text: Arc<str> =
            "kind: CustomResourceDefinition\nspec: {group: a.b, scope: Cluster, names: {kind: C}}"
                .into();
        let mut scopes = Scopes::default();
        assert_eq!(scopes.of("a.b/v1", "C"), Scope::Namespaced);
        scopes.learn(read(&text, &Limits::default()).documents[0].root());
        assert_eq!(scopes.of("a.b/v1", "C"), Scope::Cluster);
        assert_eq!(scopes.of("v1", "Namespace"), Scope::Cluster);
        assert_eq!(scopes.of("v1", "Service"), Scope::Namespaced);
        assert_eq!(scopes.of("other/v1", "Namespace"), Scope::Namespaced);
    }

    #[test]
    fn plurals_are_those_of_definitions_or_of_the_language() {
        let text: Arc<str> = "kind: CustomResourceDefinition\nspec: {group: a.b, names: {kind: Sheep, plural: sheep}, conversion: {strategy: Webhook}, versions: [{name: v1}, {name: v2, served: true}, {name: v3, served: false}]}".into();
        let mut scopes = Scopes::default();
        scopes.learn(read(&text, &Limits::default()).documents[0].root());
        assert_eq!(scopes.plural("a.b", "Sheep"), "sheep");
        assert_eq!(scopes.plural("c.d", "Sheep"), "sheeps");
        assert_eq!(scopes.kind_of("a.b", "sheep"), Some("Sheep"));
        assert_eq!(scopes.kind_of("a.b", "sheeps"), None);
        assert_eq!(scopes.versions("a.b", "Sheep"), ["v1", "v2"]);
        assert!(scopes.needs_webhook("a.b", "Sheep") && !scopes.needs_webhook("c.d", "Sheep"));
        for (kind, plural) in [
            ("Pod", "pods"),
            ("Endpoints", "endpoints"),
            ("CiliumEndpoint", "ciliumendpoints"),
            ("EndpointSlice", "endpointslices"),
            ("NetworkPolicy", "networkpolicies"),
            ("Ingress", "ingresses"),
            ("IngressClass", "ingressclasses"),
            ("StorageClass", "storageclasses"),
            ("ComponentStatus", "componentstatuses"),
            ("IPAddress", "ipaddresses"),
            ("ServiceCIDR", "servicecidrs"),
            ("CSIStorageCapacity", "csistoragecapacities"),
            ("VolumeAttributesClass", "volumeattributesclasses"),
            ("ResourceQuota", "resourcequotas"),
            ("Gateway", "gateways"),
            ("Prometheus", "prometheuses"),
            ("ClusterMesh", "clustermeshes"),
        ] {
            assert_eq!(scopes.plural("", kind), plural);
        }
    }
}
