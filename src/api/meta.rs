//! The object as a whole: its name and what else its metadata say, whoever's its schema is
//! (`k8s.io/apimachinery/pkg/api/validation`, `ValidateObjectMetaAccessor`).

use super::fact::{given, is_empty, spelled, text};
use super::names::Spelling;
use super::tables::cluster::finalizer;
use super::{Context, rules};
use crate::manifest::{Fault, Scope, Scopes, group};
use crate::schema::Kubernetes;
use crate::yaml::Node;

/// Kinds whose names are not subdomains, by group (each kind's own `ValidateName`).
const NAMES: &[(&str, &[&str], Spelling)] = &[
    ("", &["Namespace"], Spelling::Label),
    // Its pods' host names begin with it.
    ("apps", &["StatefulSet"], Spelling::Label),
    ("", &["Event"], Spelling::PathSegment),
    ("events.k8s.io", &["Event"], Spelling::PathSegment),
    (
        "rbac.authorization.k8s.io",
        &["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"],
        Spelling::PathSegment,
    ),
    (
        "certificates.k8s.io",
        &["CertificateSigningRequest", "ClusterTrustBundle"],
        Spelling::PathSegment,
    ),
    (
        "apiregistration.k8s.io",
        &["APIService"],
        Spelling::PathSegment,
    ),
    // An address, with colons where it is one of IPv6.
    ("networking.k8s.io", &["IPAddress"], Spelling::PathSegment),
    ("storage.k8s.io", &["CSIDriver"], Spelling::PathSegment),
    (
        "internal.apiserver.k8s.io",
        &["StorageVersion"],
        Spelling::PathSegment,
    ),
];

/// Groups whose kinds are questions: they are answered, not kept, and need no name.
const QUESTIONS: &[&str] = &["authentication.k8s.io", "authorization.k8s.io"];

/// Checks an object's own metadata.
pub(super) fn check<'a>(context: &Context<'a>, faults: &mut Vec<Fault<'a>>) {
    let object = context.object;
    let group = group(text(object, "apiVersion"));
    if QUESTIONS.contains(&group) {
        return;
    }
    let Some(meta) = object.get("metadata").filter(|meta| !meta.is_null()) else {
        let message = "`metadata.name` is missing";
        faults.push(
            Fault::new(&rules::REQUIRED, object, message)
                .below("metadata.name")
                .help("give the object a name"),
        );
        return;
    };
    name(spelling(context, group), meta, faults);
    if let Some(namespace) = given(meta, "namespace") {
        let scope = Scopes::default().of(text(object, "apiVersion"), text(object, "kind"));
        // A cluster's object has its namespace taken away.
        if scope == Scope::Namespaced {
            spelled(Spelling::Label, namespace, faults);
        }
    }
    finalizers(context, meta, faults);
    owners(meta, faults);
}

fn spelling(context: &Context<'_>, group: &str) -> Spelling {
    let kind = text(context.object, "kind");
    if group.is_empty() && kind == "Service" {
        return context.service_name();
    }
    let own = NAMES
        .iter()
        .find(|(of, kinds, _)| *of == group && kinds.contains(&kind));
    own.map_or(Spelling::Subdomain, |(_, _, spelling)| *spelling)
}

fn name<'a>(spelling: Spelling, meta: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let (name, prefix) = (given(meta, "name"), given(meta, "generateName"));
    if let Some(name) = name {
        spelled(spelling, name, faults);
    }
    if let Some(prefix) = prefix {
        let written = prefix.as_str().unwrap_or_default();
        // What the server puts behind a dash at the end is letters and digits.
        let whole = match written.strip_suffix('-') {
            Some(head) if !head.is_empty() => {
                format!("{}a", head.get(..head.len() - 1).unwrap_or_default())
            }
            _ => written.to_owned(),
        };
        if let Some(words) = spelling.fault(&whole) {
            let message = format!("names that begin like this must be {words}");
            let fault = Fault::new(&rules::NAME, prefix, message);
            faults.push(match spelling.corrected(written.trim_end_matches('-')) {
                Some(corrected) => fault.help(format!("write `{corrected}-`")),
                None => fault,
            });
        }
    }
    if name.is_none() && prefix.is_none() {
        let fault = match meta.get("name") {
            Some(name) => Fault::new(&rules::REQUIRED, name, "`metadata.name` must not be empty"),
            None => Fault::new(&rules::REQUIRED, meta, "`metadata.name` is missing").below("name"),
        };
        faults.push(fault.help("give the object a name"));
    }
}

/// Groups whose finalizers are checked as those of custom resources are: they need no domain.
const LENIENT: &[&str] = &[
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "coordination.k8s.io",
    "internal.apiserver.k8s.io",
    "storagemigration.k8s.io",
];

fn finalizers<'a>(context: &Context<'a>, meta: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(list) = given(meta, "finalizers") else {
        return;
    };
    let (api_version, kind) = (
        text(context.object, "apiVersion"),
        text(context.object, "kind"),
    );
    let schemas = Kubernetes::of(context.version);
    let is_custom = schemas.is_none_or(|schemas| schemas.kind(api_version, kind).is_none());
    for name in list.items() {
        if is_custom || LENIENT.contains(&group(api_version)) {
            spelled(Spelling::QualifiedName, name, faults);
        } else {
            finalizer(name, faults);
        }
    }
    let find = |name: &str| list.items().find(|item| item.as_str() == Some(name));
    if let (Some(_), Some(second)) = (find("orphan"), find("foregroundDeletion")) {
        let message = "`foregroundDeletion` cannot stand beside `orphan`";
        faults.push(Fault::new(&rules::CONFLICT, second, message).help("keep one of them"));
    }
}

fn owners<'a>(meta: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let mut has_controller = false;
    for owner in meta
        .get("ownerReferences")
        .into_iter()
        .flat_map(Node::items)
    {
        for field in ["apiVersion", "kind", "name", "uid"] {
            if let Some(value) = owner.get(field).filter(|value| is_empty(*value)) {
                let message = format!("`{field}` of an owner must not be empty");
                faults.push(
                    Fault::new(&rules::REQUIRED, value, message)
                        .help("name the owner in full, or remove it"),
                );
            }
        }
        if text(owner, "apiVersion") == "v1" && text(owner, "kind") == "Event" {
            faults.push(
                Fault::new(&rules::CONFLICT, owner, "an Event cannot own anything")
                    .help("remove it"),
            );
        }
        if let Some(flag) = owner
            .get("controller")
            .filter(|flag| flag.as_bool() == Some(true))
        {
            if has_controller {
                let message = "another owner is the controller already";
                faults.push(
                    Fault::new(&rules::DUPLICATE, flag, message)
                        .help("set `controller: true` on one owner only"),
                );
            }
            has_controller = true;
        }
    }
}

#[cfg(test)]
#[allow(clippy::too_many_lines, reason = "cases are lines of a table")]
mod tests {
    use crate::api::testing::{accepted, accepted_in, faults, refused, refused_in};

    const CONFIG: &str = "
apiVersion: v1
kind: ConfigMap
metadata:
  name: web
  namespace: shop
  finalizers: [example.com/keep]
  ownerReferences: [{apiVersion: v1, kind: Pod, name: a, uid: '1', controller: true}]
";

    #[test]
    fn metadata_are_checked() {
        let owner = "{apiVersion: v1, kind: Pod, name: a, uid: '1', controller: true}";
        refused(
            CONFIG,
            &[
                (
                    "name: web\n",
                    "name: Web\n",
                    "api/name",
                    "metadata.name",
                    "Web",
                ),
                (
                    "name: web\n",
                    "name: ''\n",
                    "api/required",
                    "metadata.name",
                    "''",
                ),
                (
                    "name: web\n",
                    "generateName: web.\n",
                    "api/name",
                    "metadata.generateName",
                    "web.",
                ),
                (
                    "name: web\n",
                    "generateName: '-'\n",
                    "api/name",
                    "metadata.generateName",
                    "'-'",
                ),
                (
                    "namespace: shop",
                    "namespace: a.b",
                    "api/name",
                    "metadata.namespace",
                    "a.b",
                ),
                (
                    "[example.com/keep]",
                    "[keep]",
                    "api/name",
                    "metadata.finalizers[0]",
                    "keep",
                ),
                (
                    "[example.com/keep]",
                    "[orphan, foregroundDeletion]",
                    "api/conflict",
                    "metadata.finalizers[1]",
                    "foregroundDeletion",
                ),
                (
                    "uid: '1'",
                    "uid: ''",
                    "api/required",
                    "metadata.ownerReferences[0].uid",
                    "''",
                ),
                (
                    ", uid: '1'",
                    "",
                    "schema/missing-field",
                    "metadata.ownerReferences[0].uid",
                    "{apiVersion: v1, kind: Pod, name: a, controller: true}",
                ),
                (
                    "kind: Pod",
                    "kind: Event",
                    "api/conflict",
                    "metadata.ownerReferences[0]",
                    "{apiVersion: v1, kind: Event, name: a, uid: '1', controller: true}",
                ),
                (
                    owner,
                    &format!("{owner}, {owner}"),
                    "api/duplicate",
                    "metadata.ownerReferences[1].controller",
                    "true",
                ),
            ],
        );
        accepted(
            CONFIG,
            &[
                ("name: web\n", "generateName: web-\n"),
                ("name: web\n", "name: 0.web.example.com\n"),
                ("[example.com/keep]", "[kubernetes, orphan]"),
                ("namespace: shop", "namespace: ''"),
                ("namespace: shop", "labels: null"),
            ],
        );
    }

    #[test]
    fn names_are_written_as_their_kinds_want() {
        let object = |head: &str, name: &str, rest: &str| {
            format!("{head}\nmetadata: {{name: '{name}'}}\n{rest}")
        };
        let rbac = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole";
        for (yaml, fits) in [
            (object(rbac, "system:a b", ""), true),
            (object(rbac, "a/b", ""), false),
            (object("apiVersion: v1\nkind: Namespace", "a-1", ""), true),
            (object("apiVersion: v1\nkind: Namespace", "a.1", ""), false),
            (object("apiVersion: v1\nkind: Namespace", &"a".repeat(64), ""), false),
            (object("apiVersion: v1\nkind: ConfigMap", &"a".repeat(254), ""), false),
            (object("apiVersion: v1\nkind: ServiceAccount", "a.b", ""), true),
            (object("apiVersion: storage.k8s.io/v1\nkind: CSIDriver", "Disk.example.com", ""), true),
            ("apiVersion: authorization.k8s.io/v1\nkind: SelfSubjectAccessReview\nspec: {nonResourceAttributes: {path: /}}".to_owned(), true),
        ] {
            assert_eq!(faults(&yaml).is_empty(), fits, "{yaml}");
        }
        let service =
            "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n";
        refused_in(
            34,
            service,
            &[("web", "0web", "api/name", "metadata.name", "0web")],
        );
        accepted_in(&[35, 36, 37], service, &[("web", "0web")]);
    }
}
