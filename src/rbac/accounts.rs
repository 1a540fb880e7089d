//! ServiceAccounts in use: tokens that nobody needs, and the account that every pod has who names none.

use super::grants::Grants;
use super::rules;
use crate::cluster::{Cluster, DEFAULT_NAMESPACE, Found, PodTemplate};
use crate::finding::Severity;
use crate::manifest::Fault;
use crate::yaml::Node;

/// The name of the ServiceAccount that every namespace has.
const DEFAULT: &str = "default";
/// The pod's field and the ServiceAccount's.
const AUTOMOUNT: &str = "automountServiceAccountToken";

pub(super) fn check<'a>(cluster: &Cluster<'a>, grants: &Grants<'a>, found: &mut Vec<Found<'a>>) {
    for grant in &grants.all {
        for subject in &grant.subjects {
            if subject.kind == "ServiceAccount" && subject.name == DEFAULT {
                let message = format!(
                    "the `default` ServiceAccount of `{}` has the rights of `{}`, and with it every pod there that names no other",
                    subject.namespace, grant.role
                );
                let fault = Fault::new(&rules::DEFAULT_ACCOUNT, subject.node, message)
                    .severity(Severity::Error)
                    .help("make a ServiceAccount for the pods that need them");
                found.push(Found::new(grant.binding, fault));
            }
        }
    }
    // Which rights there are is known of the whole only.
    if cluster.settings().whole {
        let pods = cluster.pods().iter();
        found.extend(pods.filter_map(|pod| token(cluster, grants, pod)));
    }
}

/// Says whether a pod has a token that it has no use for.
fn token<'a>(
    cluster: &Cluster<'a>,
    grants: &Grants<'a>,
    pod: &PodTemplate<'a>,
) -> Option<Found<'a>> {
    let named = ["serviceAccountName", "serviceAccount"]
        .into_iter()
        .find_map(|field| pod.spec.get(field))
        .filter(|node| node.as_str().is_some_and(|name| !name.is_empty()));
    let name = named.and_then(Node::as_str).unwrap_or(DEFAULT);
    let namespace = match cluster.namespace(pod.object) {
        "" => DEFAULT_NAMESPACE,
        namespace => namespace,
    };
    let account = cluster
        .find("", "ServiceAccount", namespace, name)
        .and_then(|index| cluster.get(index));
    let of_pod = pod.spec.get(AUTOMOUNT).and_then(Node::as_bool);
    let of_account = account.and_then(|account| account.root().get(AUTOMOUNT)?.as_bool());
    if !of_pod.or(of_account).unwrap_or(true) {
        return None;
    }
    if name != DEFAULT && (account.is_none() || grants.has_rights(namespace, name)) {
        return None;
    }
    let help = format!("set `{AUTOMOUNT}: false` in the pod's spec");
    let fault = if name == DEFAULT {
        let message = "these pods run as the `default` ServiceAccount, and have its token";
        Fault::new(&rules::DEFAULT_ACCOUNT, named.unwrap_or(pod.spec), message)
            .help(format!("{help}, or name a ServiceAccount of their own"))
    } else {
        let message = format!(
            "these pods have the token of ServiceAccount `{name}`, to which no binding gives rights"
        );
        Fault::new(&rules::UNUSED_TOKEN, named.unwrap_or(pod.spec), message).help(help)
    };
    let fault = if named.is_some() {
        fault
    } else {
        fault.below("serviceAccountName")
    };
    Some(Found::new(pod.object, fault))
}
