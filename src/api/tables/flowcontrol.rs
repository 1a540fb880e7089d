//! Fair queueing of requests (`k8s.io/kubernetes/pkg/apis/flowcontrol/validation`).

use crate::api::Fact::{AtLeast, OneOf, Required, Spelled, Within};
use crate::api::fact::{given, is_empty, spelled, text, wanting};
use crate::api::names::Spelling::{Label, Subdomain};
use crate::api::{Context, Definition, rules};
use crate::manifest::Fault;
use crate::yaml::Node;

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "flowcontrol.v1.FlowSchema",
        facts: &[],
        rules: &[has_spec],
    },
    Definition {
        name: "flowcontrol.v1.PriorityLevelConfiguration",
        facts: &[],
        rules: &[has_spec],
    },
    Definition {
        name: "flowcontrol.v1.FlowSchemaSpec",
        facts: &[("matchingPrecedence", Within(0, 10_000))],
        rules: &[precedence],
    },
    Definition {
        name: "flowcontrol.v1.FlowDistinguisherMethod",
        facts: &[
            ("type", Required),
            ("type", OneOf(&["ByUser", "ByNamespace"])),
        ],
        rules: &[],
    },
    Definition {
        name: "flowcontrol.v1.PriorityLevelConfigurationReference",
        facts: &[("name", Required), ("name", Spelled(Subdomain))],
        rules: &[],
    },
    Definition {
        name: "flowcontrol.v1.PolicyRulesWithSubjects",
        facts: &[("subjects", Required)],
        rules: &[policy],
    },
    Definition {
        name: "flowcontrol.v1.Subject",
        facts: &[
            ("kind", Required),
            ("kind", OneOf(&["Group", "ServiceAccount", "User"])),
        ],
        rules: &[subject],
    },
    Definition {
        name: "flowcontrol.v1.GroupSubject",
        facts: &[("name", Required)],
        rules: &[],
    },
    Definition {
        name: "flowcontrol.v1.UserSubject",
        facts: &[("name", Required)],
        rules: &[],
    },
    Definition {
        name: "flowcontrol.v1.ServiceAccountSubject",
        facts: &[
            ("name", Required),
            ("namespace", Required),
            ("namespace", Spelled(Label)),
        ],
        rules: &[account],
    },
    Definition {
        name: "flowcontrol.v1.ResourcePolicyRule",
        facts: &[
            ("verbs", Required),
            ("apiGroups", Required),
            ("resources", Required),
        ],
        rules: &[resource_rule],
    },
    Definition {
        name: "flowcontrol.v1.NonResourcePolicyRule",
        facts: &[("verbs", Required), ("nonResourceURLs", Required)],
        rules: &[path_rule],
    },
    Definition {
        name: "flowcontrol.v1.PriorityLevelConfigurationSpec",
        facts: &[("type", Required), ("type", OneOf(&["Exempt", "Limited"]))],
        rules: &[level],
    },
    Definition {
        name: "flowcontrol.v1.LimitedPriorityLevelConfiguration",
        facts: &[
            ("nominalConcurrencyShares", AtLeast(0)),
            ("lendablePercent", Within(0, 100)),
            ("borrowingLimitPercent", AtLeast(0)),
        ],
        rules: &[],
    },
    Definition {
        name: "flowcontrol.v1.LimitResponse",
        facts: &[("type", Required), ("type", OneOf(&["Queue", "Reject"]))],
        rules: &[response],
    },
    Definition {
        name: "flowcontrol.v1.QueuingConfiguration",
        facts: &[
            ("queues", Within(0, 10_000_000)),
            ("handSize", AtLeast(0)),
            ("queueLengthLimit", AtLeast(0)),
        ],
        rules: &[hand],
    },
];

fn has_spec<'a>(context: &Context<'a>, object: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if object.get("spec").is_none_or(Node::is_null) {
        let kind = text(context.object, "kind");
        faults.push(wanting(object, "spec", format!("a {kind} needs a `spec`")));
    }
}

fn precedence<'a>(context: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let name = context
        .object
        .path(&["metadata", "name"])
        .and_then(Node::as_str);
    let first = spec
        .get("matchingPrecedence")
        .filter(|number| number.as_int() == Some(1));
    if let Some(number) = first.filter(|_| name != Some("exempt")) {
        let message = "a precedence of 1 is for the FlowSchema `exempt` only";
        faults.push(Fault::new(&rules::CONFLICT, number, message).help("write 2 or more"));
    }
}

fn policy<'a>(_: &Context<'a>, policy: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if ["resourceRules", "nonResourceRules"]
        .into_iter()
        .all(|field| given(policy, field).is_none())
    {
        let message = "a policy needs `resourceRules` or `nonResourceRules`";
        faults.push(
            Fault::new(&rules::REQUIRED, policy, message).help("say which requests it is about"),
        );
    }
}

fn subject<'a>(_: &Context<'a>, subject: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let field = match text(subject, "kind") {
        "ServiceAccount" => "serviceAccount",
        "User" => "user",
        "Group" => "group",
        _ => return,
    };
    if subject.get(field).is_none_or(Node::is_null) {
        faults.push(wanting(
            subject,
            field,
            format!("a subject of this kind needs `{field}`"),
        ));
    }
}

fn account<'a>(_: &Context<'a>, account: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(name) = given(account, "name").filter(|name| name.as_str() != Some("*")) {
        spelled(Subdomain, name, faults);
    }
}

/// `*` stands for everything, and so it stands alone.
fn alone<'a>(rule: Node<'a>, fields: &[&str], faults: &mut Vec<Fault<'a>>) {
    for list in fields.iter().filter_map(|field| rule.get(field)) {
        let mut all = list.items().filter(|item| item.as_str() == Some("*"));
        if let Some(item) = all.next().filter(|_| list.items().len() > 1) {
            let message = "`*` must be alone in its list";
            faults.push(
                Fault::new(&rules::CONFLICT, item, message).help("keep `*` alone, or remove it"),
            );
        }
    }
}

fn resource_rule<'a>(_: &Context<'a>, rule: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    alone(
        rule,
        &["verbs", "apiGroups", "resources", "namespaces"],
        faults,
    );
    let of_cluster = rule.get("clusterScope").and_then(Node::as_bool) == Some(true);
    if !of_cluster && given(rule, "namespaces").is_none() {
        let message = "a rule needs `namespaces` or `clusterScope: true`";
        faults.push(
            wanting(rule, "namespaces", message)
                .help("for all namespaces write `namespaces: [\"*\"]`"),
        );
    }
    let namespaces = rule.get("namespaces").into_iter().flat_map(Node::items);
    namespaces
        .filter(|name| name.as_str() != Some("*"))
        .for_each(|name| spelled(Label, name, faults));
}

fn path_rule<'a>(_: &Context<'a>, rule: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    alone(rule, &["verbs", "nonResourceURLs"], faults);
    for path in rule
        .get("nonResourceURLs")
        .into_iter()
        .flat_map(Node::items)
    {
        let text = path.as_str().unwrap_or_default();
        let plain = text.strip_suffix("/*").unwrap_or(text);
        let odd = [" ", "//"].into_iter().any(|part| text.contains(part)) || plain.contains('*');
        if text != "*" && (!text.starts_with('/') || odd) {
            let message = "this must be a path from the root, without spaces and `//`, and with `*` as its last part at most";
            faults.push(Fault::new(&rules::PATH, path, message));
        }
    }
}

fn level<'a>(context: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let is_exempt = context
        .object
        .path(&["metadata", "name"])
        .and_then(Node::as_str)
        == Some("exempt");
    let kind = text(spec, "type");
    if let Some(place) = given(spec, "type")
        .filter(|_| matches!(kind, "Exempt" | "Limited") && is_exempt != (kind == "Exempt"))
    {
        let message = "the level `exempt`, and no other, is of type `Exempt`";
        faults.push(Fault::new(&rules::CONFLICT, place, message).help("write `type: Limited`"));
        return;
    }
    match kind {
        "Limited" if spec.get("limited").is_none_or(Node::is_null) => {
            faults.push(wanting(
                spec,
                "limited",
                "a level of type `Limited` needs `limited`",
            ));
        }
        "Limited" | "Exempt" => {
            let other = if kind == "Limited" {
                "exempt"
            } else {
                "limited"
            };
            if let Some(value) = spec.get(other).filter(|value| !value.is_null()) {
                let message = format!("a level of type `{kind}` has no `{other}`");
                faults.push(
                    Fault::new(&rules::CONFLICT, value, message).help(format!("remove `{other}`")),
                );
            }
        }
        _ => {}
    }
}

fn response<'a>(_: &Context<'a>, response: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let queuing = response.get("queuing").filter(|queuing| !queuing.is_null());
    match (text(response, "type"), queuing) {
        ("Queue", None) => faults.push(
            wanting(
                response,
                "queuing",
                "a response of type `Queue` needs `queuing`",
            )
            .help("write `queuing: {}`"),
        ),
        ("Reject", Some(queuing)) => {
            let message = "a response of type `Reject` has no `queuing`";
            faults.push(
                Fault::new(&rules::CONFLICT, queuing, message)
                    .help("remove it, or write `type: Queue`"),
            );
        }
        _ => {}
    }
}

/// What is left out, or 0, is 64 queues and a hand of 8.
fn hand<'a>(_: &Context<'a>, queuing: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let number = |field: &str, default| match queuing.get(field).and_then(Node::as_int) {
        None | Some(0) => default,
        Some(number) => number,
    };
    if number("handSize", 8) > number("queues", 64) {
        let place = queuing
            .get("handSize")
            .or(queuing.get("queues"))
            .filter(|place| !is_empty(*place))
            .unwrap_or(queuing);
        let message = "a hand cannot have more queues than there are";
        faults.push(
            Fault::new(&rules::RANGE, place, message).help("lower `handSize`, or raise `queues`"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::api::testing::{accepted, refused};

    const SCHEMA: &str = "
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {name: web}
spec:
  matchingPrecedence: 1000
  priorityLevelConfiguration: {name: web}
  rules:
    - subjects: [{kind: ServiceAccount, serviceAccount: {name: '*', namespace: web}}]
      resourceRules: [{verbs: [list], apiGroups: ['*'], resources: ['*'], namespaces: ['*']}]
";
    const LEVEL: &str = "
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: PriorityLevelConfiguration
metadata: {name: web}
spec:
  type: Limited
  limited: {nominalConcurrencyShares: 10, limitResponse: {type: Queue, queuing: {queues: 16, handSize: 4}}}
";

    #[test]
    fn schemas_are_checked() {
        let rule = "spec.rules[0].resourceRules[0]";
        refused(
            SCHEMA,
            &[
                (
                    "matchingPrecedence: 1000",
                    "matchingPrecedence: 10001",
                    "api/range",
                    "spec.matchingPrecedence",
                    "10001",
                ),
                (
                    "matchingPrecedence: 1000",
                    "matchingPrecedence: 1",
                    "api/conflict",
                    "spec.matchingPrecedence",
                    "1",
                ),
                (
                    "{name: web}\n  rules",
                    "{name: ''}\n  rules",
                    "api/required",
                    "spec.priorityLevelConfiguration.name",
                    "''",
                ),
                (
                    "[list]",
                    "[list, '*']",
                    "api/conflict",
                    &format!("{rule}.verbs[1]"),
                    "'*'",
                ),
                (
                    ", namespaces: ['*']",
                    "",
                    "api/required",
                    &format!("{rule}.namespaces"),
                    "{verbs: [list], apiGroups: ['*'], resources: ['*']}",
                ),
                (
                    "kind: ServiceAccount",
                    "kind: User",
                    "api/required",
                    "spec.rules[0].subjects[0].user",
                    "{kind: User, serviceAccount: {name: '*', namespace: web}}",
                ),
                (
                    "namespace: web",
                    "namespace: a.b",
                    "api/name",
                    "spec.rules[0].subjects[0].serviceAccount.namespace",
                    "a.b",
                ),
            ],
        );
        accepted(
            SCHEMA,
            &[
                ("  matchingPrecedence: 1000\n", ""),
                ("namespaces: ['*']", "clusterScope: true"),
                (
                    "  matchingPrecedence: 1000\n",
                    "  distinguisherMethod: {type: ByUser}\n",
                ),
            ],
        );
    }

    #[test]
    fn levels_are_checked() {
        refused(
            LEVEL,
            &[
                (
                    "type: Limited",
                    "type: Exempt",
                    "api/conflict",
                    "spec.type",
                    "Exempt",
                ),
                (
                    "type: Limited",
                    "type: limited",
                    "api/enum",
                    "spec.type",
                    "limited",
                ),
                (
                    "type: Queue",
                    "type: Reject",
                    "api/conflict",
                    "spec.limited.limitResponse.queuing",
                    "{queues: 16, handSize: 4}",
                ),
                (
                    ", queuing: {queues: 16, handSize: 4}",
                    "",
                    "api/required",
                    "spec.limited.limitResponse.queuing",
                    "{type: Queue}",
                ),
                (
                    "handSize: 4",
                    "handSize: 17",
                    "api/range",
                    "spec.limited.limitResponse.queuing.handSize",
                    "17",
                ),
                (
                    "nominalConcurrencyShares: 10",
                    "lendablePercent: 101",
                    "api/range",
                    "spec.limited.lendablePercent",
                    "101",
                ),
            ],
        );
        accepted(LEVEL, &[("{queues: 16, handSize: 4}", "{}")]);
    }
}
