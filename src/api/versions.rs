//! Kinds that Kubernetes dropped, or is going to drop, from a version of their group
//! (the `prerelease-lifecycle` marks of `k8s.io/api`, and the deprecation guide of Kubernetes).

use super::fact::text;
use super::{Context, rules};
use crate::manifest::Fault;
use crate::schema::{Kubernetes, KubernetesVersion};
use crate::yaml::Node;

/// Kinds of one API version that are on their way out.
struct Leaving {
    api_version: &'static str,
    kinds: &'static [&'static str],
    /// The minor version that deprecated them.
    deprecated: u8,
    /// The minor version that removed them, or is going to.
    removed: Option<u8>,
    /// The API versions that have them instead, the best first.
    instead: &'static [&'static str],
    /// What is written in another way there, or what to use where nothing has them.
    note: &'static str,
}

const fn leaving(
    api_version: &'static str,
    kinds: &'static [&'static str],
    deprecated: u8,
    removed: u8,
    instead: &'static [&'static str],
) -> Leaving {
    Leaving {
        api_version,
        kinds,
        deprecated,
        removed: Some(removed),
        instead,
        note: "",
    }
}

const WORKLOADS: &str = "`spec.selector` must be set, and cannot be changed later";
const BACKENDS: &str =
    "a backend is `service: {name, port: {number}}`, and each path needs a `pathType`";
const PAVED: &str = "Pod Security Admission took its place: label the Namespaces with `pod-security.kubernetes.io/enforce`";

const ROLES: &[&str] = &["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"];
const FLOWS: &[&str] = &["FlowSchema", "PriorityLevelConfiguration"];
const FLOWS_V1: &[&str] = &["flowcontrol.apiserver.k8s.io/v1"];
const VALIDATING: &[&str] = &[
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
];
const MUTATING: &[&str] = &["MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"];
const ADMISSION: &[&str] = &[
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1beta1",
];
const DEVICES: &[&str] = &[
    "DeviceClass",
    "ResourceClaim",
    "ResourceClaimTemplate",
    "ResourceSlice",
];
const RESOURCE: &[&str] = &[
    "resource.k8s.io/v1",
    "resource.k8s.io/v1beta2",
    "resource.k8s.io/v1beta1",
    "resource.k8s.io/v1alpha3",
];
const AUTHENTICATION: &[&str] = &["authentication.k8s.io/v1"];
const CERTIFICATES: &[&str] = &["certificates.k8s.io/v1", "certificates.k8s.io/v1beta1"];
const COORDINATION: &[&str] = &[
    "coordination.k8s.io/v1",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1alpha2",
];
const NETWORKING: &[&str] = &["networking.k8s.io/v1"];
const SCHEDULING: &[&str] = &[
    "scheduling.k8s.io/v1",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1alpha2",
];
const STORAGE: &[&str] = &["storage.k8s.io/v1", "storage.k8s.io/v1beta1"];
const MIGRATION: &[&str] = &[
    "storagemigration.k8s.io/v1",
    "storagemigration.k8s.io/v1beta1",
];

const LEAVING: &[Leaving] = &[
    Leaving {
        note: WORKLOADS,
        ..leaving(
            "extensions/v1beta1",
            &["DaemonSet", "Deployment", "ReplicaSet"],
            8,
            16,
            &["apps/v1"],
        )
    },
    leaving("extensions/v1beta1", &["NetworkPolicy"], 9, 16, NETWORKING),
    Leaving {
        note: BACKENDS,
        ..leaving("extensions/v1beta1", &["Ingress"], 14, 22, NETWORKING)
    },
    Leaving {
        note: PAVED,
        ..leaving("extensions/v1beta1", &["PodSecurityPolicy"], 10, 16, &[])
    },
    Leaving {
        note: WORKLOADS,
        ..leaving(
            "apps/v1beta1",
            &["ControllerRevision", "Deployment", "StatefulSet"],
            8,
            16,
            &["apps/v1"],
        )
    },
    Leaving {
        note: WORKLOADS,
        ..leaving(
            "apps/v1beta2",
            &[
                "ControllerRevision",
                "DaemonSet",
                "Deployment",
                "ReplicaSet",
                "StatefulSet",
            ],
            9,
            16,
            &["apps/v1"],
        )
    },
    Leaving {
        note: "`admissionReviewVersions` and `sideEffects` must be set",
        ..leaving(
            "admissionregistration.k8s.io/v1beta1",
            &[
                "MutatingWebhookConfiguration",
                "ValidatingWebhookConfiguration",
            ],
            16,
            22,
            ADMISSION,
        )
    },
    leaving(
        "admissionregistration.k8s.io/v1alpha1",
        VALIDATING,
        29,
        32,
        ADMISSION,
    ),
    leaving(
        "admissionregistration.k8s.io/v1beta1",
        VALIDATING,
        31,
        34,
        ADMISSION,
    ),
    leaving(
        "admissionregistration.k8s.io/v1alpha1",
        MUTATING,
        35,
        38,
        ADMISSION,
    ),
    leaving(
        "admissionregistration.k8s.io/v1beta1",
        MUTATING,
        37,
        40,
        ADMISSION,
    ),
    Leaving {
        note: "each version needs a structural schema",
        ..leaving(
            "apiextensions.k8s.io/v1beta1",
            &["CustomResourceDefinition"],
            16,
            22,
            &["apiextensions.k8s.io/v1"],
        )
    },
    leaving(
        "apiregistration.k8s.io/v1beta1",
        &["APIService"],
        19,
        22,
        &["apiregistration.k8s.io/v1"],
    ),
    Leaving {
        note: "configure the webhook of the audit log with `--audit-webhook-config-file`",
        ..leaving(
            "auditregistration.k8s.io/v1alpha1",
            &["AuditSink"],
            19,
            19,
            &[],
        )
    },
    leaving(
        "authentication.k8s.io/v1beta1",
        &["TokenReview"],
        19,
        22,
        AUTHENTICATION,
    ),
    leaving(
        "authentication.k8s.io/v1alpha1",
        &["SelfSubjectReview"],
        29,
        32,
        AUTHENTICATION,
    ),
    leaving(
        "authentication.k8s.io/v1beta1",
        &["SelfSubjectReview"],
        30,
        33,
        AUTHENTICATION,
    ),
    leaving(
        "authorization.k8s.io/v1beta1",
        &[
            "LocalSubjectAccessReview",
            "SelfSubjectAccessReview",
            "SelfSubjectRulesReview",
            "SubjectAccessReview",
        ],
        19,
        22,
        &["authorization.k8s.io/v1"],
    ),
    Leaving {
        note: "metrics have a `target` with its `type`",
        ..leaving(
            "autoscaling/v2beta1",
            &["HorizontalPodAutoscaler"],
            22,
            25,
            &["autoscaling/v2"],
        )
    },
    leaving(
        "autoscaling/v2beta2",
        &["HorizontalPodAutoscaler"],
        23,
        26,
        &["autoscaling/v2"],
    ),
    leaving("batch/v2alpha1", &["CronJob"], 21, 21, &["batch/v1"]),
    leaving("batch/v1beta1", &["CronJob"], 21, 25, &["batch/v1"]),
    Leaving {
        note: "`signerName` and `usages` must be set",
        ..leaving(
            "certificates.k8s.io/v1beta1",
            &["CertificateSigningRequest"],
            19,
            22,
            CERTIFICATES,
        )
    },
    leaving(
        "certificates.k8s.io/v1alpha1",
        &["ClusterTrustBundle"],
        34,
        37,
        CERTIFICATES,
    ),
    leaving(
        "certificates.k8s.io/v1beta1",
        &["ClusterTrustBundle"],
        36,
        39,
        CERTIFICATES,
    ),
    leaving(
        "certificates.k8s.io/v1alpha1",
        &["PodCertificateRequest"],
        35,
        35,
        CERTIFICATES,
    ),
    leaving(
        "coordination.k8s.io/v1beta1",
        &["Lease"],
        19,
        22,
        COORDINATION,
    ),
    leaving(
        "coordination.k8s.io/v1alpha1",
        &["LeaseCandidate"],
        32,
        32,
        COORDINATION,
    ),
    leaving(
        "coordination.k8s.io/v1alpha2",
        &["LeaseCandidate"],
        35,
        38,
        COORDINATION,
    ),
    leaving(
        "discovery.k8s.io/v1beta1",
        &["EndpointSlice"],
        21,
        25,
        &["discovery.k8s.io/v1"],
    ),
    leaving(
        "events.k8s.io/v1beta1",
        &["Event"],
        22,
        25,
        &["events.k8s.io/v1"],
    ),
    leaving(
        "flowcontrol.apiserver.k8s.io/v1beta1",
        FLOWS,
        23,
        26,
        FLOWS_V1,
    ),
    leaving(
        "flowcontrol.apiserver.k8s.io/v1beta2",
        FLOWS,
        26,
        29,
        FLOWS_V1,
    ),
    leaving(
        "flowcontrol.apiserver.k8s.io/v1beta3",
        FLOWS,
        29,
        32,
        FLOWS_V1,
    ),
    Leaving {
        note: BACKENDS,
        ..leaving(
            "networking.k8s.io/v1beta1",
            &["Ingress"],
            19,
            22,
            NETWORKING,
        )
    },
    leaving(
        "networking.k8s.io/v1beta1",
        &["IngressClass"],
        19,
        22,
        NETWORKING,
    ),
    leaving(
        "networking.k8s.io/v1beta1",
        &["IPAddress", "ServiceCIDR"],
        34,
        37,
        NETWORKING,
    ),
    leaving(
        "node.k8s.io/v1beta1",
        &["RuntimeClass"],
        22,
        25,
        &["node.k8s.io/v1"],
    ),
    Leaving {
        note: "an empty selector selects every pod there, and none before",
        ..leaving(
            "policy/v1beta1",
            &["PodDisruptionBudget"],
            21,
            25,
            &["policy/v1"],
        )
    },
    Leaving {
        note: PAVED,
        ..leaving("policy/v1beta1", &["PodSecurityPolicy"], 21, 25, &[])
    },
    leaving(
        "rbac.authorization.k8s.io/v1alpha1",
        ROLES,
        17,
        22,
        &["rbac.authorization.k8s.io/v1"],
    ),
    leaving(
        "rbac.authorization.k8s.io/v1beta1",
        ROLES,
        17,
        22,
        &["rbac.authorization.k8s.io/v1"],
    ),
    Leaving {
        note: "devices are asked for by their DeviceClass",
        ..leaving(
            "resource.k8s.io/v1alpha2",
            &[
                "ResourceClaim",
                "ResourceClaimTemplate",
                "ResourceClass",
                "ResourceSlice",
            ],
            31,
            31,
            RESOURCE,
        )
    },
    leaving("resource.k8s.io/v1alpha3", DEVICES, 34, 34, RESOURCE),
    Leaving {
        note: "only drivers with a controller of their own needed it",
        ..leaving(
            "resource.k8s.io/v1alpha3",
            &["PodSchedulingContext"],
            32,
            32,
            &[],
        )
    },
    Leaving {
        note: "what a request asks for stands under `exactly`",
        ..leaving("resource.k8s.io/v1beta1", DEVICES, 35, 38, RESOURCE)
    },
    leaving("resource.k8s.io/v1beta2", DEVICES, 36, 39, RESOURCE),
    leaving(
        "scheduling.k8s.io/v1alpha1",
        &["PriorityClass"],
        14,
        22,
        SCHEDULING,
    ),
    leaving(
        "scheduling.k8s.io/v1beta1",
        &["PriorityClass"],
        14,
        22,
        SCHEDULING,
    ),
    leaving(
        "scheduling.k8s.io/v1alpha1",
        &["Workload"],
        36,
        36,
        SCHEDULING,
    ),
    leaving(
        "scheduling.k8s.io/v1alpha2",
        &["PodGroup", "Workload"],
        37,
        37,
        SCHEDULING,
    ),
    Leaving {
        note: "use a MutatingAdmissionPolicy, or write the fields into the pods",
        ..leaving("settings.k8s.io/v1alpha1", &["PodPreset"], 20, 20, &[])
    },
    leaving(
        "storage.k8s.io/v1alpha1",
        &["CSIStorageCapacity", "VolumeAttachment"],
        21,
        24,
        STORAGE,
    ),
    leaving(
        "storage.k8s.io/v1beta1",
        &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"],
        19,
        22,
        STORAGE,
    ),
    leaving(
        "storage.k8s.io/v1beta1",
        &["CSIStorageCapacity"],
        24,
        27,
        STORAGE,
    ),
    leaving(
        "storage.k8s.io/v1alpha1",
        &["VolumeAttributesClass"],
        32,
        35,
        STORAGE,
    ),
    leaving(
        "storage.k8s.io/v1beta1",
        &["VolumeAttributesClass"],
        34,
        37,
        STORAGE,
    ),
    leaving(
        "storagemigration.k8s.io/v1alpha1",
        &["StorageVersionMigration"],
        35,
        35,
        MIGRATION,
    ),
    Leaving {
        removed: None,
        note: "use EndpointSlices of `discovery.k8s.io/v1`",
        ..leaving("v1", &["Endpoints"], 33, 0, &[])
    },
    Leaving {
        removed: None,
        note: "ask the components for their health",
        ..leaving("v1", &["ComponentStatus"], 19, 0, &[])
    },
];

fn find(object: Node<'_>) -> Option<&'static Leaving> {
    let (api_version, kind) = (text(object, "apiVersion"), text(object, "kind"));
    // Stable versions of groups stay; most objects are of them.
    if api_version.ends_with("/v1") {
        return None;
    }
    LEAVING
        .iter()
        .find(|leaving| leaving.api_version == api_version && leaving.kinds.contains(&kind))
}

/// Says that the object's kind is no longer there.
pub(super) fn removed<'a>(context: &Context<'a>) -> Option<Fault<'a>> {
    let leaving = find(context.object)?;
    let removed = leaving.removed.filter(|minor| context.since(*minor))?;
    let kind = text(context.object, "kind");
    let message = format!(
        "`{}` has no `{kind}` since Kubernetes 1.{removed}",
        leaving.api_version
    );
    let node = context.object.get("apiVersion").unwrap_or(context.object);
    Some(Fault::new(&rules::REMOVED, node, message).help(leaving.help(context.version, kind)))
}

/// Says that the object's kind is going to leave.
pub(super) fn check<'a>(context: &Context<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(leaving) = find(context.object) else {
        return;
    };
    if !context.since(leaving.deprecated)
        || leaving.removed.is_some_and(|minor| context.since(minor))
    {
        return;
    }
    let kind = text(context.object, "kind");
    let until = leaving
        .removed
        .map_or_else(String::new, |minor| format!(", and goes with 1.{minor}"));
    let message = format!(
        "`{kind}` of `{}` is deprecated since Kubernetes 1.{}{until}",
        leaving.api_version, leaving.deprecated
    );
    let node = context.object.get("apiVersion").unwrap_or(context.object);
    faults.push(
        Fault::new(&rules::DEPRECATED, node, message).help(leaving.help(context.version, kind)),
    );
}

impl Leaving {
    fn help(&self, version: KubernetesVersion, kind: &str) -> String {
        let kubernetes = Kubernetes::of(version);
        let has = |api_version: &&&str| {
            kubernetes.is_some_and(|schemas| schemas.kind(api_version, kind).is_some())
        };
        let instead = self.instead.iter().find(has).or(self.instead.first());
        match (instead, self.note) {
            (Some(instead), "") => format!("write `apiVersion: {instead}`"),
            (Some(instead), note) => format!("write `apiVersion: {instead}`; {note}"),
            (None, note) => note.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::testing::{deprecated_in, faults_in};

    #[test]
    fn what_was_removed_is_not_there_and_what_is_there_was_not_removed() {
        for leaving in LEAVING {
            for version in KubernetesVersion::all() {
                let schemas = Kubernetes::of(version).unwrap();
                let gone = leaving
                    .removed
                    .is_some_and(|minor| version >= KubernetesVersion::minor(minor));
                for kind in leaving.kinds {
                    // What was not there yet cannot have gone.
                    if schemas.kind(leaving.api_version, kind).is_some() {
                        assert!(!gone, "{kind} of {} is in {version}", leaving.api_version);
                    }
                    if leaving.removed == Some(version_minor(version)) && leaving.deprecated > 31 {
                        let before =
                            Kubernetes::of(KubernetesVersion::minor(version_minor(version) - 1))
                                .unwrap();
                        assert!(
                            before.kind(leaving.api_version, kind).is_some(),
                            "{kind} of {}",
                            leaving.api_version
                        );
                    }
                }
            }
            assert!(
                leaving
                    .removed
                    .is_none_or(|minor| leaving.deprecated <= minor),
                "{}",
                leaving.api_version
            );
            assert!(
                !leaving.instead.is_empty() || !leaving.note.is_empty(),
                "{}",
                leaving.api_version
            );
        }
    }

    fn version_minor(version: KubernetesVersion) -> u8 {
        (31..=37)
            .find(|minor| KubernetesVersion::minor(*minor) == version)
            .unwrap()
    }

    #[test]
    fn every_version_of_a_kind_that_went_is_known() {
        let all: Vec<_> = KubernetesVersion::all()
            .map(|version| Kubernetes::of(version).unwrap())
            .collect();
        for (older, newer) in all.iter().zip(all.iter().skip(1)) {
            for &(api_version, kind) in older.kinds() {
                if newer.kind(api_version, kind).is_none() && !kind.ends_with("List") {
                    let known = |leaving: &&Leaving| {
                        leaving.api_version == api_version && leaving.kinds.contains(&kind)
                    };
                    assert!(
                        LEAVING.iter().any(|leaving| known(&leaving)),
                        "{api_version} {kind}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_replacement_is_one_that_the_version_has() {
        let object = |api_version: &str, kind: &str| {
            format!("apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: a}}\n")
        };
        let seen = |minor: u8, api_version: &str, kind: &str| {
            let (version, yaml) = (KubernetesVersion::minor(minor), object(api_version, kind));
            let of_versions = |(rule, ..): &(&str, String, String)| {
                !rule.ends_with("/required") && !rule.ends_with("/missing-field")
            };
            let all = [faults_in(minor, &yaml), deprecated_in(minor, &yaml)].concat();
            let rules = all
                .into_iter()
                .filter(of_versions)
                .map(|(rule, field, _)| format!("{rule} {field}"));
            let help = LEAVING
                .iter()
                .find(|one| one.api_version == api_version && one.kinds.contains(&kind))
                .map(|one| one.help(version, kind));
            (
                rules.collect::<Vec<_>>().join(", "),
                help.unwrap_or_default(),
            )
        };
        let removed = "api/removed apiVersion".to_owned();
        assert_eq!(
            seen(34, "autoscaling/v2beta2", "HorizontalPodAutoscaler"),
            (
                removed.clone(),
                "write `apiVersion: autoscaling/v2`".to_owned()
            )
        );
        assert_eq!(
            seen(31, "policy/v1beta1", "PodSecurityPolicy"),
            (removed, PAVED.to_owned())
        );
        let policy = |minor| {
            seen(
                minor,
                "admissionregistration.k8s.io/v1alpha1",
                "MutatingAdmissionPolicy",
            )
        };
        assert_eq!(policy(34).0, "");
        assert_eq!(
            policy(35),
            (
                "api/deprecated apiVersion".to_owned(),
                "write `apiVersion: admissionregistration.k8s.io/v1beta1`".to_owned()
            )
        );
        assert_eq!(
            policy(36).1,
            "write `apiVersion: admissionregistration.k8s.io/v1`"
        );
        assert_eq!(seen(32, "v1", "Endpoints").0, "");
        assert_eq!(seen(33, "v1", "Endpoints").0, "api/deprecated apiVersion");
        assert_eq!(seen(34, "v1", "Nothing").0, "schema/unknown-kind kind");
    }
}
