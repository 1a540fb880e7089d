//! Fields that the published schemas want, in some version, and the API server does not: it fills them in, or takes them
//! for zero, false or empty.
//!
//! The schemas want every field that Go would write even where it is empty, which says nothing about what the server's
//! validation wants.

/// Definitions and their fields. What is below `status` the server puts away, so it is not here.
const NOT_REQUIRED: &[(&str, &[&str])] = &[
    ("api.apps.v1.ControllerRevision", &["revision"]),
    ("api.apps.v1.StatefulSetSpec", &["serviceName"]),
    ("api.batch.v1.PodFailurePolicy", &["rules"]),
    (
        "api.batch.v1.PodFailurePolicyOnPodConditionsPattern",
        &["status"],
    ),
    ("api.core.v1.Event", &["involvedObject"]),
    ("api.core.v1.HTTPHeader", &["value"]),
    ("api.core.v1.ISCSIPersistentVolumeSource", &["lun"]),
    ("api.core.v1.ISCSIVolumeSource", &["lun"]),
    ("api.core.v1.LimitRangeSpec", &["limits"]),
    ("api.core.v1.PreferredSchedulingTerm", &["preference"]),
    ("api.core.v1.ScaleIOPersistentVolumeSource", &["secretRef"]),
    ("api.core.v1.ScaleIOVolumeSource", &["secretRef"]),
    ("api.core.v1.Sysctl", &["value"]),
    ("api.discovery.v1.EndpointSlice", &["endpoints"]),
    ("api.networking.v1.NetworkPolicySpec", &["podSelector"]),
    ("api.rbac.v1.RoleRef", &["apiGroup"]),
    ("api.resource.v1.DeviceClass", &["spec"]),
    ("api.resource.v1.ResourceClaim", &["spec"]),
    ("api.resource.v1.ResourceClaimTemplate", &["spec"]),
    ("api.resource.v1.ResourceClaimTemplateSpec", &["spec"]),
    ("api.resource.v1beta1.DeviceClass", &["spec"]),
    ("api.resource.v1beta1.ResourceClaim", &["spec"]),
    ("api.resource.v1beta1.ResourceClaimTemplate", &["spec"]),
    ("api.resource.v1beta1.ResourceClaimTemplateSpec", &["spec"]),
    ("api.resource.v1beta2.DeviceClass", &["spec"]),
    ("api.resource.v1beta2.ResourceClaim", &["spec"]),
    ("api.resource.v1beta2.ResourceClaimTemplate", &["spec"]),
    ("api.resource.v1beta2.ResourceClaimTemplateSpec", &["spec"]),
    ("api.scheduling.v1.PriorityClass", &["value"]),
    ("api.storage.v1.CSIDriver", &["spec"]),
    ("api.storage.v1.CSINodeSpec", &["drivers"]),
    ("api.storage.v1.TokenRequest", &["audience"]),
    (
        "apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionVersion",
        &["served", "storage"],
    ),
];

/// Tells whether a field that a definition's schema wants need not be there.
pub(super) fn may_be_missing(definition: &str, field: &str) -> bool {
    let name = definition.strip_prefix("io.k8s.").unwrap_or(definition);
    NOT_REQUIRED
        .iter()
        .any(|(known, fields)| *known == name && fields.contains(&field))
}

#[cfg(test)]
mod tests {
    use super::super::kubernetes::{Kubernetes, KubernetesVersion};
    use super::*;

    #[test]
    fn what_the_server_does_not_want_is_not_wanted() {
        for (name, fields) in NOT_REQUIRED {
            let mut known = false;
            for version in KubernetesVersion::all() {
                let schemas = Kubernetes::of(version).unwrap();
                let Some(part) = schemas.definition(&format!("io.k8s.{name}")) else {
                    continue;
                };
                let (_, shape) = schemas.library.shape(0, part).unwrap();
                let wanted =
                    |field: &str| shape.required.iter().any(|required| **required == *field);
                assert!(
                    !fields.iter().any(|field| wanted(field)),
                    "{version}: {name}"
                );
                known = known
                    || fields
                        .iter()
                        .all(|field| shape.fields.iter().any(|(known, _)| &**known == *field));
            }
            assert!(known, "{name}");
        }
    }
}
