//! Disruption budgets (`k8s.io/kubernetes/pkg/apis/policy/validation`).

use crate::api::Definition;
use crate::api::Fact::{AtMostOneOf, CountOrShare, OneOf};

pub(super) const TABLE: &[Definition] = &[Definition {
    name: "policy.v1.PodDisruptionBudgetSpec",
    facts: &[
        (".", AtMostOneOf(&["minAvailable", "maxUnavailable"])),
        ("minAvailable", CountOrShare),
        ("maxUnavailable", CountOrShare),
        (
            "unhealthyPodEvictionPolicy",
            OneOf(&["IfHealthyBudget", "AlwaysAllow"]),
        ),
    ],
    rules: &[],
}];

#[cfg(test)]
#[allow(clippy::too_many_lines, reason = "cases are lines of a table")]
mod tests {
    use crate::api::testing::{accepted, refused};

    #[test]
    fn budgets() {
        let base = "
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec:
  minAvailable: 1
  selector: {matchLabels: {app: web}}
";
        let least = "minAvailable: 1";
        let (enumeration, policy) = ("api/enum", "spec.unhealthyPodEvictionPolicy");
        refused(
            base,
            &[
                (
                    least,
                    "minAvailable: -1",
                    "api/range",
                    "spec.minAvailable",
                    "-1",
                ),
                (
                    least,
                    "minAvailable: '1'",
                    "api/range",
                    "spec.minAvailable",
                    "'1'",
                ),
                (
                    least,
                    "minAvailable: 150%",
                    "api/range",
                    "spec.minAvailable",
                    "150%",
                ),
                (
                    least,
                    "maxUnavailable: -50%",
                    "api/range",
                    "spec.maxUnavailable",
                    "-50%",
                ),
                (
                    least,
                    "maxUnavailable: 1\n  minAvailable: 1",
                    "api/alternatives",
                    "spec.maxUnavailable",
                    "maxUnavailable",
                ),
                (
                    least,
                    "unhealthyPodEvictionPolicy: Always",
                    enumeration,
                    policy,
                    "Always",
                ),
                (
                    "{app: web}",
                    "{'a b': web}",
                    "api/name",
                    "spec.selector.matchLabels[a b]",
                    "'a b'",
                ),
            ],
        );
        accepted(
            base,
            &[
                (least, "minAvailable: 0"),
                (least, "minAvailable: 100%"),
                (least, "maxUnavailable: 0%"),
                (least, "minAvailable: null\n  maxUnavailable: 1"),
                (least, "unhealthyPodEvictionPolicy: AlwaysAllow"),
                ("selector: {matchLabels: {app: web}}", "selector: {}"),
            ],
        );
    }
}
