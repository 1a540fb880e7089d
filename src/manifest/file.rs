//! The names of rendered files.

use sha2::{Digest as _, Sha256};

use super::{Resource, Scope};
use crate::digest::hex;

/// The folder of cluster-scoped objects.
const CLUSTER_FOLDER: &str = "_cluster";
/// The longest file name that file systems take, in bytes.
const LONGEST: usize = 255;

/// The API groups of Kubernetes itself: their kinds go without the group in file names.
const BUILT_IN: &[&str] = &[
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
];

/// Why an object has no file name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadFileName {
    /// A character that cannot stand in a file name, or a name of dots.
    Character,
    /// More than 255 bytes.
    TooLong,
}

/// Returns the path of an object's file below `rendered/<environment>/`: `<folder>/<kind>[.<group>]-<name>.yaml`, all
/// in lower case, `:` as `%3A`.
///
/// An object whose name the cluster makes takes its prefix and the hash of its content.
pub fn file_path(resource: &Resource, scope: Scope, folder: &str) -> Result<String, BadFileName> {
    let group = resource.group();
    let kind = if BUILT_IN.contains(&group) {
        resource.id.kind.clone()
    } else {
        format!("{}.{group}", resource.id.kind)
    };
    let name = format!("{kind}-{}.yaml", name(resource))
        .to_lowercase()
        .replace(':', "%3A");
    let folder = if scope == Scope::Cluster {
        CLUSTER_FOLDER
    } else {
        folder
    };
    let unsafe_character = |c: char| {
        c.is_control()
            || c.is_whitespace()
            || matches!(c, '/' | '\\' | '<' | '>' | '"' | '|' | '?' | '*')
    };
    if name.contains(unsafe_character) || kind.is_empty() || kind.starts_with('.') {
        return Err(BadFileName::Character);
    }
    if name.len() > LONGEST {
        return Err(BadFileName::TooLong);
    }
    Ok(format!("{folder}/{name}"))
}

fn name(resource: &Resource) -> String {
    if !resource.id.name.is_empty() {
        return resource.id.name.clone();
    }
    let prefix = resource
        .root()
        .path(&["metadata", "generateName"])
        .and_then(crate::yaml::Node::as_str);
    let digest = Sha256::digest(crate::yaml::write(resource.root()).as_bytes());
    let (first, _) = digest.split_at(4);
    let hash = hex(first);
    format!("{}{hash}", prefix.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::yaml::{Limits, read};

    fn path(text: &str, scope: Scope) -> Result<String, BadFileName> {
        let text: Arc<str> = text.into();
        file_path(
            &Resource::new(read(&text, &Limits::default()).documents.remove(0)),
            scope,
            "ns",
        )
    }

    #[test]
    fn files_are_named_after_kind_group_and_name() {
        let service = "{apiVersion: v1, kind: Service, metadata: {name: Gateway}}";
        assert_eq!(
            path(service, Scope::Namespaced).unwrap(),
            "ns/service-gateway.yaml"
        );
        let role = "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: 'system:x'}}";
        assert_eq!(
            path(role, Scope::Cluster).unwrap(),
            "_cluster/clusterrole-system%3Ax.yaml"
        );
        let issuer = "{apiVersion: cert-manager.io/v1, kind: Issuer, metadata: {name: a}}";
        assert_eq!(
            path(issuer, Scope::Namespaced).unwrap(),
            "ns/issuer.cert-manager.io-a.yaml"
        );
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for name in ["../x", "a/b", "a\\0b", "a b", "a\\nb"] {
            let text = format!("{{apiVersion: v1, kind: Service, metadata: {{name: \"{name}\"}}}}");
            assert_eq!(
                path(&text, Scope::Namespaced),
                Err(BadFileName::Character),
                "{name}"
            );
        }
        let long = format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: {}}}}}",
            "x".repeat(250)
        );
        assert_eq!(path(&long, Scope::Namespaced), Err(BadFileName::TooLong));
    }

    #[test]
    fn a_generated_name_is_its_prefix_and_the_hash_of_the_content() {
        let text = "{apiVersion: batch/v1, kind: Job, metadata: {generateName: migrate-}}";
        let first = path(text, Scope::Namespaced).unwrap();
        assert!(
            first.starts_with("ns/job-migrate-")
                && first.len() == "ns/job-migrate-01234567.yaml".len(),
            "{first}"
        );
        assert_eq!(path(text, Scope::Namespaced).unwrap(), first);
        assert_ne!(
            path(&text.replace("}}", "}, spec: 1}"), Scope::Namespaced).unwrap(),
            first
        );
    }
}
