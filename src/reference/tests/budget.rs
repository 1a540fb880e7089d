//! PodDisruptionBudgets.

use crate::cluster::Settings;
use crate::reference::testing::{found, whole};

const THERE: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {REPLICAStemplate: {metadata: {labels: {app: web, tier: front}}, spec: {containers: []}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec: {replicas: 3, template: {metadata: {labels: {app: db}}, spec: {containers: []}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: shop}
spec: {template: {metadata: {labels: {app: agent}}, spec: {containers: []}}}
---
";

fn budget(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{{spec}}}\n---\n"
    )
}

fn of(replicas: &str, spec: &str, more: &str) -> Vec<String> {
    let text = THERE.replace("REPLICAS", replicas);
    found(&format!("{text}{}{more}", budget("b", spec)), &whole())
}

const WEB: &str = "selector: {matchLabels: {app: web}}";

#[test]
fn a_budget_lets_pods_go() {
    let autoscaler = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h, namespace: shop}\n\
                      spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}\n";
    for (replicas, amount, more, why) in [
        ("", "maxUnavailable: 1", "", None),
        ("", "maxUnavailable: 1%", "", None),
        (
            "",
            "maxUnavailable: 0",
            "",
            Some("maxUnavailable: the budget lets no pod go: `maxUnavailable` is 0"),
        ),
        (
            "",
            "maxUnavailable: 0%",
            "",
            Some("maxUnavailable: the budget lets no pod go: `maxUnavailable` is 0%"),
        ),
        ("", "minAvailable: 0", "", None),
        (
            "",
            "minAvailable: 1",
            "",
            Some(
                "minAvailable: the budget lets no pod go: `minAvailable` is 1, and there is 1 replica",
            ),
        ),
        ("replicas: 2, ", "minAvailable: 1", "", None),
        (
            "replicas: 2, ",
            "minAvailable: 2",
            "",
            Some(
                "minAvailable: the budget lets no pod go: `minAvailable` is 2, and there are 2 replicas",
            ),
        ),
        ("replicas: 2, ", "minAvailable: 50%", "", None),
        // Two thirds of two are rounded up to two.
        (
            "replicas: 2, ",
            "minAvailable: 66%",
            "",
            Some(
                "minAvailable: the budget lets no pod go: `minAvailable` is 66%, and there are 2 replicas",
            ),
        ),
        (
            "replicas: 9, ",
            "minAvailable: 100%",
            "",
            Some("minAvailable: the budget lets no pod go: `minAvailable` is 100%"),
        ),
        ("replicas: 0, ", "minAvailable: 1", "", None),
        ("", "minAvailable: 1", autoscaler, None),
        ("", "minAvailable: x%", "", None),
        ("", "minAvailable: null", "", None),
    ] {
        let lines = of(replicas, &format!("{WEB}, {amount}"), more);
        match why {
            None => assert_eq!(lines, [""; 0], "{replicas}{amount}"),
            Some(why) => assert_eq!(
                lines,
                [format!(
                    "warning reference/disruption-budget PodDisruptionBudget/b spec.{why}"
                )]
            ),
        }
    }
}

#[test]
fn replicas_are_those_of_all_that_is_selected() {
    let both = "selector: {matchExpressions: [{key: app, operator: In, values: [web, db]}]}";
    assert_eq!(of("", &format!("{both}, minAvailable: 3"), ""), [""; 0]);
    assert_eq!(of("", &format!("{both}, minAvailable: 4"), "").len(), 1);
    // No drain moves the pods of a DaemonSet.
    assert_eq!(
        of(
            "",
            "selector: {matchLabels: {app: agent}}, maxUnavailable: 0",
            ""
        ),
        [""; 0]
    );
    // How many pods a DaemonSet has only the nodes tell.
    assert_eq!(of("", "selector: {}, minAvailable: 4", ""), [""; 0]);
}

#[test]
fn a_pod_has_one_budget() {
    let conflict = "error reference/conflict PodDisruptionBudget/c spec.selector: \
                    the pods of the Deployment `web` have a PodDisruptionBudget already, `b`";
    for (selector, expected) in [
        (
            "selector: {matchLabels: {tier: front}}",
            &[conflict] as &[&str],
        ),
        ("selector: {}", &[conflict]),
        ("selector: {matchLabels: {app: db}}", &[]),
        ("selector: null", &[]),
    ] {
        let second = budget("c", &format!("{selector}, maxUnavailable: 1"));
        assert_eq!(
            of("", &format!("{WEB}, maxUnavailable: 1"), &second),
            expected,
            "{selector}"
        );
    }
    let text = THERE.replace("REPLICAS", "") + &budget("b", WEB) + &budget("c", WEB);
    assert!(found(&text, &Settings::default())[0].starts_with("warning reference/conflict "));
}

#[test]
fn a_budget_has_pods() {
    assert_eq!(
        of("", "selector: {matchLabels: {app: wep}}", ""),
        [
            "warning reference/selects-nothing PodDisruptionBudget/b spec.selector.matchLabels.app: \
          the budget selects no pod of namespace `shop`: none matches `app=wep`; did you mean `app=web`?"
        ]
    );
    let operator = "apiVersion: example.org/v1\nkind: Farm\nmetadata: {name: f, namespace: shop}\n";
    assert_eq!(
        of("", "selector: {matchLabels: {app: wep}}", operator),
        [""; 0]
    );
}
