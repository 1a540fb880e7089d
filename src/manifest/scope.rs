//! Which kinds live in a namespace and which in the cluster.

use std::collections::HashMap;

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

/// The scopes of all kinds known in a run.
#[derive(Clone, Debug, Default)]
pub struct Scopes {
    custom: HashMap<(String, String), Scope>,
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
            self.custom
                .insert((group.to_owned(), kind.to_owned()), scope);
        }
    }

    /// Returns where objects of a kind live.
    pub fn of(&self, api_version: &str, kind: &str) -> Scope {
        let group = group(api_version);
        if let Some(scope) = self.custom.get(&(group.to_owned(), kind.to_owned())) {
            return *scope;
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
}
