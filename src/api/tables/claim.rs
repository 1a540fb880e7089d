//! Claims of volumes (`ValidatePersistentVolumeClaimSpec`).

use crate::api::Fact::{OneOf, Spelled};
use crate::api::fact::{given, spelled, text, wanting, written_quantity};
use crate::api::names::Spelling::Subdomain;
use crate::api::quantity::Quantity;
use crate::api::{Context, Definition, rules};
use crate::manifest::Fault;
use crate::yaml::Node;

pub(super) const MODES: &[&str] = &[
    "ReadWriteOnce",
    "ReadOnlyMany",
    "ReadWriteMany",
    "ReadWriteOncePod",
];

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "core.v1.PersistentVolumeClaim",
        facts: &[],
        rules: &[claim_has_spec],
    },
    Definition {
        name: "core.v1.PersistentVolumeClaimSpec",
        facts: &[],
        rules: &[claim],
    },
    Definition {
        name: "core.v1.VolumeResourceRequirements",
        facts: &[],
        rules: &[quantities],
    },
];

/// What holds for a claim's fields.
const CLAIM: Definition = Definition {
    name: "",
    facts: &[
        ("accessModes", OneOf(MODES)),
        ("storageClassName", Spelled(Subdomain)),
        ("volumeAttributesClassName", Spelled(Subdomain)),
        ("volumeMode", OneOf(&["Block", "Filesystem"])),
    ],
    rules: &[modes, storage, sources],
};

fn claim_has_spec<'a>(_: &Context<'a>, claim: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if claim.get("spec").is_none_or(Node::is_null) {
        let message = "a PersistentVolumeClaim needs access modes and a size";
        faults.push(
            Fault::new(&rules::REQUIRED, claim, message)
                .below("spec.accessModes")
                .help("set `spec`"),
        );
    }
}

/// The claims of a `StatefulSet` are checked when they are made, not with it.
fn claim<'a>(context: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if !context.is_in(spec, &["spec", "volumeClaimTemplates"]) {
        CLAIM.check(context, spec, faults);
    }
}

/// Access modes are there, and the mode for one pod stands alone. Volumes have them too.
pub(super) fn modes<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(modes) = given(spec, "accessModes") else {
        let fault = wanting(spec, "accessModes", "at least one access mode is needed");
        faults.push(fault.help("set `accessModes: [ReadWriteOnce]`, or another"));
        return;
    };
    let mut alone = modes
        .items()
        .filter(|mode| mode.as_str() == Some("ReadWriteOncePod"));
    let count = modes
        .items()
        .filter(|mode| mode.as_str() != Some("ReadWriteOncePod"))
        .count();
    if let Some(mode) = alone.next().filter(|_| count > 0) {
        let message = "`ReadWriteOncePod` cannot stand beside other access modes";
        faults
            .push(Fault::new(&rules::CONFLICT, mode, message).help("keep it alone, or remove it"));
    }
}

/// The server names `spec.resources[storage]`.
fn storage<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let resources = spec.get("resources");
    match resources.and_then(|resources| resources.path(&["requests", "storage"])) {
        Some(size) if Quantity::of(size).is_some_and(|size| size.nanos() <= 0) => {
            faults.push(Fault::new(
                &rules::QUANTITY,
                size,
                "this must be more than zero",
            ));
        }
        Some(size) if !size.is_null() => {}
        _ => {
            let help = "set `resources.requests.storage`, such as 10Gi";
            faults.push(
                wanting(spec, "resources", "a claim needs the size of its volume").help(help),
            );
        }
    }
}

/// Wherever the claim stands, the server cannot read it otherwise.
fn quantities<'a>(_: &Context<'a>, resources: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    for field in ["requests", "limits"] {
        let values = resources.get(field).into_iter().flat_map(Node::entries);
        for (_, value) in values {
            written_quantity(value, faults);
        }
    }
}

/// Tells whether `dataSource` can hold a reference; the server drops any other.
fn is_old_source(source: Node<'_>) -> bool {
    matches!(
        (text(source, "apiGroup"), text(source, "kind")),
        ("", "PersistentVolumeClaim") | ("snapshot.storage.k8s.io", "VolumeSnapshot")
    )
}

fn sources<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let old = spec
        .get("dataSource")
        .filter(|source| is_old_source(*source));
    let new = spec.get("dataSourceRef").filter(|source| !source.is_null());
    for source in old.into_iter().chain(new) {
        for field in ["kind", "name"] {
            if given(source, field).is_none() {
                faults.push(wanting(source, field, format!("`{field}` is missing")));
            }
        }
    }
    let Some(new) = new else { return };
    let (group, kind) = (text(new, "apiGroup"), text(new, "kind"));
    if group.is_empty() && !kind.is_empty() && kind != "PersistentVolumeClaim" {
        let place = new.get("kind").unwrap_or(new);
        let message = "of the core group only a PersistentVolumeClaim can be a source";
        faults.push(
            Fault::new(&rules::CONFLICT, place, message)
                .help("set `apiGroup`: a VolumeSnapshot is of `snapshot.storage.k8s.io`"),
        );
    }
    if let Some(group) = given(new, "apiGroup") {
        spelled(Subdomain, group, faults);
    }
    // Across namespaces: whether the server heeds the namespace is for a feature gate to say.
    if let Some(old) = old.filter(|_| given(new, "namespace").is_none()) {
        let same = ["apiGroup", "kind", "name"]
            .into_iter()
            .all(|field| text(old, field) == text(new, field));
        if !same {
            let message = "`dataSource` and `dataSourceRef` must be the same";
            faults
                .push(Fault::new(&rules::CONFLICT, old, message).help("keep only `dataSourceRef`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::api::testing::{accepted, faults, refused};

    const CLAIM: &str = "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: fast
  resources: {requests: {storage: 10Gi}}
";

    #[test]
    fn claims_are_checked() {
        let class = "storageClassName: fast";
        refused(
            CLAIM,
            &[
                (
                    "[ReadWriteOnce]",
                    "[ReadWriteAll]",
                    "api/enum",
                    "spec.accessModes[0]",
                    "ReadWriteAll",
                ),
                (
                    "[ReadWriteOnce]",
                    "[]",
                    "api/required",
                    "spec.accessModes",
                    "[]",
                ),
                (
                    "  accessModes: [ReadWriteOnce]\n",
                    "",
                    "api/required",
                    "spec.accessModes",
                    "storageClassName: fast",
                ),
                (
                    "[ReadWriteOnce]",
                    "[ReadWriteOncePod, ReadWriteMany]",
                    "api/conflict",
                    "spec.accessModes[0]",
                    "ReadWriteOncePod",
                ),
                (
                    "{requests: {storage: 10Gi}}",
                    "{}",
                    "api/required",
                    "spec.resources",
                    "{}",
                ),
                (
                    "  resources: {requests: {storage: 10Gi}}\n",
                    "",
                    "api/required",
                    "spec.resources",
                    "accessModes: [ReadWriteOnce]",
                ),
                (
                    "10Gi",
                    "0",
                    "api/quantity",
                    "spec.resources.requests[storage]",
                    "0",
                ),
                (
                    "10Gi",
                    "-1Gi",
                    "api/quantity",
                    "spec.resources.requests[storage]",
                    "-1Gi",
                ),
                (
                    "10Gi",
                    "10 Gi",
                    "api/quantity",
                    "spec.resources.requests[storage]",
                    "10 Gi",
                ),
                (
                    class,
                    "storageClassName: Fast",
                    "api/name",
                    "spec.storageClassName",
                    "Fast",
                ),
                (
                    class,
                    "volumeMode: File",
                    "api/enum",
                    "spec.volumeMode",
                    "File",
                ),
                (
                    class,
                    "dataSource: {kind: PersistentVolumeClaim, name: ''}",
                    "api/required",
                    "spec.dataSource.name",
                    "''",
                ),
                (
                    class,
                    "dataSourceRef: {kind: VolumeSnapshot, name: a}",
                    "api/conflict",
                    "spec.dataSourceRef.kind",
                    "VolumeSnapshot",
                ),
                (
                    class,
                    "dataSourceRef: {kind: PersistentVolumeClaim, name: a}\n  dataSource: {kind: PersistentVolumeClaim, name: b}",
                    "api/conflict",
                    "spec.dataSource",
                    "{kind: PersistentVolumeClaim, name: b}",
                ),
                (
                    class,
                    "selector: {matchExpressions: [{key: a, operator: In}]}",
                    "api/required",
                    "spec.selector.matchExpressions[0].values",
                    "{key: a, operator: In}",
                ),
            ],
        );
        accepted(
            CLAIM,
            &[
                (class, "storageClassName: ''"),
                (class, "dataSource: {kind: Other, name: ''}"),
                (
                    class,
                    "dataSource: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: a}",
                ),
                (
                    class,
                    "dataSourceRef: {apiGroup: example.com, kind: Backup, name: a}",
                ),
                ("10Gi", "1e10"),
                ("10Gi", "10737418240"),
                ("{storage: 10Gi}", "{storage: 10Gi, example.com/iops: 5}"),
            ],
        );
    }

    #[test]
    fn claims_of_stateful_sets_are_left_to_the_day_when_they_are_made() {
        let set = "
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: db}]}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [Any]}}]
";
        assert_eq!(faults(set), []);
    }
}
