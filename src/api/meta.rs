//! The object as a whole: its name, whoever's its schema is.

use super::names::Spelling;
use super::{Context, rules};
use crate::manifest::{Fault, group};
use crate::yaml::Node;

/// Kinds whose names are not subdomains, by group (`rest.BeforeCreate` and each kind's own `ValidateName`).
const NAMES: &[(&str, &[&str], Spelling)] = &[
    ("", &["Namespace"], Spelling::Label),
    ("", &["Service"], Spelling::Label1035),
    // Its pods' host names begin with it.
    ("apps", &["StatefulSet"], Spelling::Label),
    (
        "rbac.authorization.k8s.io",
        &["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"],
        Spelling::PathSegment,
    ),
    ("certificates.k8s.io", &["ClusterTrustBundle"], Spelling::PathSegment),
    ("apiregistration.k8s.io", &["APIService"], Spelling::PathSegment),
    ("coordination.k8s.io", &["Lease"], Spelling::Subdomain),
];

/// Checks an object's own name.
pub(super) fn check<'a>(context: &Context<'a>, faults: &mut Vec<Fault<'a>>) {
    let object = context.object;
    let text = |key: &str| object.get(key).and_then(Node::as_str).unwrap_or_default();
    let (group, kind) = (group(text("apiVersion")), text("kind"));
    let Some(meta) = object.get("metadata") else {
        let message = "`metadata.name` is missing";
        faults.push(Fault::new(&rules::REQUIRED, object, message).below("metadata.name").help("give the object a name"));
        return;
    };
    let spelling = NAMES
        .iter()
        .find(|(of, kinds, _)| *of == group && kinds.contains(&kind))
        .map_or(Spelling::Subdomain, |(_, _, spelling)| *spelling);
    let name = meta.get("name").filter(|name| !super::fact::is_empty(*name));
    let prefix = meta.get("generateName").filter(|name| !super::fact::is_empty(*name));
    match (name, prefix) {
        (Some(name), _) => super::fact::spelled(spelling, name, faults),
        (None, Some(prefix)) => {
            // What the server puts behind it is letters and digits.
            let whole = format!("{}x", prefix.as_str().unwrap_or_default());
            if let Some(words) = spelling.fault(&whole) {
                faults.push(Fault::new(&rules::NAME, prefix, format!("names that begin like this must be {words}")));
            }
        }
        (None, None) => faults.push(
            Fault::new(&rules::REQUIRED, meta, "`metadata.name` is missing").below("name").help("give the object a name"),
        ),
    }
}
