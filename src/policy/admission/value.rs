//! The values of what expressions may name.

use std::borrow::Cow;
use std::sync::Arc;

use super::request::{Operation, Request, User};
use crate::cel::{Entries, Key, Map, Opaque, Text, Value};

/// Makes the value of `request`; what is empty is left out, as it is in JSON.
pub(super) fn request<'a>(request: &Request<'a>, version: Option<&'a str>) -> Value<'a> {
    let resource = &request.resource;
    let plural = match &resource.plural {
        Cow::Borrowed(plural) => text(plural),
        Cow::Owned(plural) => Value::string(plural),
    };
    let group = text(resource.group);
    let kind = |version: &'a str| {
        Value::record([
            ("group", group.clone()),
            ("version", text(version)),
            ("kind", text(resource.kind)),
        ])
    };
    let named = |version: &'a str| {
        Value::record([
            ("group", group.clone()),
            ("version", text(version)),
            ("resource", plural.clone()),
        ])
    };
    let version = version.unwrap_or(resource.version);
    let mut entries = vec![
        ("kind", kind(version)),
        ("resource", named(version)),
        ("requestKind", kind(resource.version)),
        ("requestResource", named(resource.version)),
        ("operation", text(request.operation.as_str())),
        ("userInfo", user(request.user)),
        ("dryRun", Value::Bool(request.dry_run)),
        ("options", options(request.operation)),
    ];
    let more = [
        ("subResource", resource.part),
        ("requestSubResource", resource.part),
        ("name", request.name),
        ("namespace", request.namespace),
    ];
    let more = more.into_iter().filter(|(_, value)| !value.is_empty());
    entries.extend(more.map(|(key, value)| (key, text(value))));
    Value::record(entries)
}

fn text(text: &str) -> Value<'_> {
    Value::String(Text::Borrowed(text))
}

fn user(user: Option<&User>) -> Value<'_> {
    let Some(user) = user else {
        let default = User::default();
        let groups = default.groups.iter().map(|group| Value::string(group));
        return Value::record([
            ("username", Value::string(&default.name)),
            ("groups", Value::list(groups.collect())),
        ]);
    };
    let mut entries = vec![("username", text(&user.name))];
    if !user.groups.is_empty() {
        let groups = user.groups.iter().map(|group| text(group));
        entries.push(("groups", Value::list(groups.collect())));
    }
    Value::record(entries)
}

/// Makes the options that such a request has, as clients send them when nobody asks for more.
fn options<'a>(operation: Operation) -> Value<'a> {
    let kind = match operation {
        Operation::Create => "CreateOptions",
        Operation::Update => "UpdateOptions",
        Operation::Delete => "DeleteOptions",
        Operation::Connect => return Value::Null,
    };
    Value::record([("kind", text(kind)), ("apiVersion", text("meta.k8s.io/v1"))])
}

/// Makes the value of `namespaceObject`: null for what lives in no namespace, and for a namespace itself.
pub(super) fn namespace<'a>(request: &Request<'a>) -> Value<'a> {
    if request.namespace.is_empty() || request.is_namespace() {
        return Value::Null;
    }
    if let Some(namespace) = request.namespace_object {
        return Value::typed(namespace, request.kinds.seen(namespace));
    }
    let unknown = || Value::Opaque(Opaque::Unknown("more about the namespace than its name"));
    let metadata = Value::record([
        ("name", text(request.namespace)),
        ("labels", unknown()),
        ("annotations", unknown()),
        ("finalizers", unknown()),
    ]);
    Value::record([
        ("metadata", metadata),
        ("spec", unknown()),
        ("status", unknown()),
    ])
}

/// Returns an object that looks the same in another version, in that version.
pub(super) fn in_version<'a>(
    object: &Value<'a>,
    request: &Request<'a>,
    version: &'a str,
) -> Value<'a> {
    let Value::Map(map) = object else {
        return object.clone();
    };
    let entries = map.entries().filter_map(|(key, value)| {
        let name = key.as_str()?;
        let value = match (name, request.resource.group) {
            ("apiVersion", "") => text(version),
            ("apiVersion", group) => Value::string(&format!("{group}/{version}")),
            _ => value,
        };
        let Value::String(name) = &key else {
            return None;
        };
        Some((Key::String(name.clone()), (key.clone(), value)))
    });
    let entries: Entries<'a> = entries.collect();
    Value::Map(Map::Entries(Arc::new(entries)))
}
