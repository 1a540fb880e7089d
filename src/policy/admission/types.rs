//! The types of what expressions may name (`apiserver/pkg/admission/plugin/cel/compile.go`).

use std::sync::{Arc, OnceLock};

use crate::cel::{Environment, ListKind, Schema, Type, View};
use crate::schema::KubernetesVersion;

/// What an expression of a policy may name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    pub(super) params: bool,
    pub(super) authorizer: bool,
}

/// Makes the environment of a policy's expressions.
pub(super) fn environment(version: KubernetesVersion, names: Names) -> Environment {
    let [request, namespace] = types();
    let mut environment = Environment::new(version.number())
        .variable("object", Type::Dyn)
        .variable("oldObject", Type::Dyn)
        .variable("request", Type::Object(Arc::clone(request)))
        .variable("namespaceObject", Type::Object(Arc::clone(namespace)));
    if names.params {
        environment = environment.variable("params", Type::Dyn);
    }
    if names.authorizer {
        environment = environment
            .variable("authorizer", Type::Opaque("authorizer"))
            .variable("authorizer.requestResource", Type::Opaque("resource_check"));
    }
    environment
}

fn object(fields: &[(&str, &Arc<Schema>)]) -> Arc<Schema> {
    let mut fields: Vec<(Box<str>, Arc<Schema>)> = fields
        .iter()
        .map(|(name, schema)| ((*name).into(), Arc::clone(schema)))
        .collect();
    fields.sort_by(|a, b| a.0.cmp(&b.0));
    Schema::seen(View::Struct(fields))
}

fn list(item: &Arc<Schema>) -> Arc<Schema> {
    Schema::seen(View::List {
        item: Arc::clone(item),
        kind: ListKind::Atomic,
    })
}

/// Returns the types of `request` and of `namespaceObject`.
fn types() -> &'static [Arc<Schema>; 2] {
    static TYPES: OnceLock<[Arc<Schema>; 2]> = OnceLock::new();
    TYPES.get_or_init(|| [request(), namespace()])
}

fn request() -> Arc<Schema> {
    let text = &Schema::seen(View::String);
    let kind = &object(&[("group", text), ("version", text), ("kind", text)]);
    let resource = &object(&[("group", text), ("version", text), ("resource", text)]);
    let texts = &list(text);
    let extra = &Schema::seen(View::Map(Arc::clone(texts)));
    let user = &object(&[
        ("username", text),
        ("uid", text),
        ("groups", texts),
        ("extra", extra),
    ]);
    object(&[
        ("kind", kind),
        ("resource", resource),
        ("subResource", text),
        ("requestKind", kind),
        ("requestResource", resource),
        ("requestSubResource", text),
        ("name", text),
        ("namespace", text),
        ("operation", text),
        ("userInfo", user),
        ("dryRun", &Schema::seen(View::Bool)),
        ("options", &Schema::seen(View::Dyn)),
    ])
}

fn namespace() -> Arc<Schema> {
    let text = &Schema::seen(View::String);
    let texts = &list(text);
    let labels = &Schema::seen(View::Map(Arc::clone(text)));
    let time = &Schema::seen(View::Timestamp);
    let number = &Schema::seen(View::Int);
    let metadata = &object(&[
        ("name", text),
        ("generateName", text),
        ("namespace", text),
        ("labels", labels),
        ("annotations", labels),
        ("UID", text),
        ("creationTimestamp", time),
        ("deletionGracePeriodSeconds", number),
        ("deletionTimestamp", time),
        ("generation", number),
        ("resourceVersion", text),
        ("finalizers", texts),
    ]);
    let condition = &object(&[
        ("status", text),
        ("type", text),
        ("lastTransitionTime", time),
        ("message", text),
        ("reason", text),
    ]);
    let status = &object(&[("conditions", &list(condition)), ("phase", text)]);
    object(&[
        ("metadata", metadata),
        ("spec", &object(&[("finalizers", texts)])),
        ("status", status),
    ])
}
