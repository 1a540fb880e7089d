//! The powers that rights give beyond what they say, by name.
//!
//! Source: kubernetes.io, "RBAC Good Practices: privilege escalation risks", and the API server's authorizer.

use super::rules;
use crate::finding::Rule;
use crate::yaml::Node;

/// What some rights let their holder do.
#[derive(Debug)]
pub(super) struct Power {
    /// The rule that tells it.
    pub(super) rule: &'static Rule,
    /// The API group.
    group: &'static str,
    /// The resources, with their parts.
    resources: &'static [&'static str],
    /// The verbs, of which one is enough.
    verbs: &'static [&'static str],
    /// Whether the resources are in no namespace: then only a ClusterRoleBinding gives the power.
    pub(super) cluster: bool,
    /// Whether its holder can act as the ServiceAccounts of the namespace.
    pub(super) acts: bool,
    /// What its holder may do: `may …`.
    pub(super) may: &'static str,
    /// How to do with less.
    pub(super) help: &'static str,
}

const WRITE: &[&str] = &["create", "update", "patch"];

/// All powers, the worst first.
pub(super) const POWERS: &[Power] = &[
    Power {
        rule: &rules::ESCALATE,
        group: "rbac.authorization.k8s.io",
        resources: &["clusterroles", "roles"],
        verbs: &["bind", "escalate"],
        cluster: false,
        acts: false,
        may: "give itself any right",
        help: "without `bind` and `escalate` it can still give what it has itself; name the roles in `resourceNames` where it must bind them",
    },
    Power {
        rule: &rules::ESCALATE,
        group: "",
        resources: &["users", "groups"],
        verbs: &["impersonate"],
        cluster: true,
        acts: false,
        may: "act as any user",
        help: "name the users in `resourceNames`, or take `impersonate` away",
    },
    Power {
        rule: &rules::ESCALATE,
        group: "",
        resources: &["serviceaccounts"],
        verbs: &["impersonate"],
        cluster: false,
        acts: true,
        may: "act as any ServiceAccount",
        help: "name the ServiceAccounts in `resourceNames`, or take `impersonate` away",
    },
    Power {
        rule: &rules::NODES,
        group: "",
        resources: &["nodes/proxy"],
        verbs: &["get", "create", "update", "patch"],
        cluster: true,
        acts: true,
        may: "run programs in any pod through the kubelets, past admission and audit",
        help: "metrics and statistics of nodes are `nodes/metrics` and `nodes/stats`",
    },
    Power {
        rule: &rules::NODES,
        group: "",
        resources: &["persistentvolumes"],
        verbs: WRITE,
        cluster: true,
        acts: false,
        may: "make volumes of any path on a node",
        help: "let a StorageClass make the volumes",
    },
    Power {
        rule: &rules::CERTIFICATES,
        group: "certificates.k8s.io",
        resources: &["certificatesigningrequests/approval"],
        verbs: &["update", "patch"],
        cluster: true,
        acts: false,
        may: "approve certificates that log in as anybody",
        help: "name the signers it may approve for in `resourceNames` of `signers`, and let a person approve",
    },
    Power {
        rule: &rules::WEBHOOK_CONTROL,
        group: "admissionregistration.k8s.io",
        resources: &[
            "mutatingadmissionpolicies",
            "mutatingadmissionpolicybindings",
            "mutatingwebhookconfigurations",
            "validatingadmissionpolicies",
            "validatingadmissionpolicybindings",
            "validatingwebhookconfigurations",
        ],
        verbs: &["create", "update", "patch", "delete", "deletecollection"],
        cluster: true,
        acts: false,
        may: "change what the cluster admits, and read or change every object on its way",
        help: "name its own webhook configurations in `resourceNames`",
    },
    Power {
        rule: &rules::WRITE_SECRETS,
        group: "",
        resources: &["secrets"],
        verbs: WRITE,
        cluster: false,
        acts: true,
        may: "write every Secret, and so ask for the token of any ServiceAccount",
        help: "name the Secrets in `resourceNames`, or give the right in one namespace by a Role",
    },
    Power {
        rule: &rules::READ_SECRETS,
        group: "",
        resources: &["secrets"],
        verbs: &["get", "list", "watch"],
        cluster: false,
        acts: false,
        may: "read every Secret",
        help: "name the Secrets in `resourceNames`, or give the right in one namespace by a Role; `list` and `watch` show the contents, too",
    },
    Power {
        rule: &rules::TOKEN_REQUEST,
        group: "",
        resources: &["serviceaccounts/token"],
        verbs: &["create"],
        cluster: false,
        acts: true,
        may: "ask for tokens of every ServiceAccount",
        help: "name the ServiceAccounts in `resourceNames`",
    },
    Power {
        rule: &rules::CREATE_PODS,
        group: "",
        resources: &["pods", "replicationcontrollers"],
        verbs: WRITE,
        cluster: false,
        acts: true,
        may: "run pods as any ServiceAccount",
        help: "only deployers need it; elsewhere `get`, `list` and `watch` are enough",
    },
    Power {
        rule: &rules::CREATE_PODS,
        group: "apps",
        resources: &["daemonsets", "deployments", "replicasets", "statefulsets"],
        verbs: WRITE,
        cluster: false,
        acts: true,
        may: "run pods as any ServiceAccount",
        help: "only deployers need it; to scale, `deployments/scale` is enough",
    },
    Power {
        rule: &rules::CREATE_PODS,
        group: "batch",
        resources: &["cronjobs", "jobs"],
        verbs: WRITE,
        cluster: false,
        acts: true,
        may: "run pods as any ServiceAccount",
        help: "only deployers need it; elsewhere `get`, `list` and `watch` are enough",
    },
    Power {
        rule: &rules::EXEC,
        group: "",
        resources: &["pods/exec", "pods/attach"],
        verbs: &["create", "get"],
        cluster: false,
        acts: true,
        may: "run programs in every pod",
        help: "take it away; people who need it get it for a time, not a ServiceAccount",
    },
    Power {
        rule: &rules::EXEC,
        group: "",
        resources: &["pods/ephemeralcontainers"],
        verbs: &["update", "patch"],
        cluster: false,
        acts: true,
        may: "put containers into every pod",
        help: "take it away; people who need it get it for a time, not a ServiceAccount",
    },
];

impl Power {
    /// Finds the resource in a role's rule that gives the power.
    pub(super) fn given_by<'a>(&self, rule: Node<'a>) -> Option<Node<'a>> {
        let items = |field: &str| rule.get(field).into_iter().flat_map(Node::items);
        let is = |node: Node<'_>, words: &[&str]| {
            node.as_str()
                .is_some_and(|text| text == "*" || words.contains(&text))
        };
        let narrowed = rule
            .get("resourceNames")
            .is_some_and(|names| names.items().next().is_some());
        // Named objects are a choice; and what is made anew has no name yet, so names allow nothing of it.
        if narrowed {
            return None;
        }
        if !items("apiGroups").any(|group| is(group, &[self.group])) {
            return None;
        }
        if !items("verbs").any(|verb| is(verb, self.verbs)) {
            return None;
        }
        items("resources").find(|resource| {
            let text = resource.as_str().unwrap_or_default();
            let of_part = |wanted: &str| {
                let part = wanted.split_once('/').map(|(_, part)| part);
                text == wanted || part.is_some_and(|part| text.strip_prefix("*/") == Some(part))
            };
            text == "*" || self.resources.iter().any(|wanted| of_part(wanted))
        })
    }
}
