//! Fields that the API server makes of others.

#![expect(
    clippy::unnecessary_wraps,
    reason = "the functions of the table are of one type"
)]

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::cel::{Entries, Key, Make, Map, Text, Value};
use crate::cluster::DEFAULT_NAMESPACE;
use crate::yaml::{Kind, Node};

/// The functions that the table names.
const FUNCTIONS: &[(&str, Make)] = &[
    ("allocates_node_ports", allocates_node_ports),
    ("backoff_limit", backoff_limit),
    ("completions", completions),
    ("empty_dir", empty_dir),
    ("external_traffic_policy", external_traffic_policy),
    ("generated_name", generated_name),
    ("internal_traffic_policy", internal_traffic_policy),
    ("job_labels", job_labels),
    ("namespace_labels", namespace_labels),
    ("nothing", nothing),
    ("pod_metadata", pod_metadata),
    ("pod_replacement_policy", pod_replacement_policy),
    ("policy_types", policy_types),
    ("port", port),
    ("pull_policy", pull_policy),
    ("requests", requests),
    ("rolling_daemon_set", rolling_daemon_set),
    ("rolling_deployment", rolling_deployment),
    ("rolling_stateful_set", rolling_stateful_set),
    ("secret_data", secret_data),
    ("service_account", service_account),
    ("service_account_name", service_account_name),
    (
        "service_account_name_or_default",
        service_account_name_or_default,
    ),
    ("service_account_or_default", service_account_or_default),
    ("subject_group", subject_group),
    ("template_labels", template_labels),
];

/// Returns a function that the table names.
pub(super) fn function(name: &str) -> Option<Make> {
    let found = FUNCTIONS.iter().find(|(known, _)| *known == name);
    found.map(|(_, function)| *function)
}

fn text<'a>(node: Node<'a>, key: &str) -> &'a str {
    node.get(key).and_then(Node::as_str).unwrap_or_default()
}

fn word<'a>(text: &'static str) -> Option<Value<'a>> {
    Some(Value::String(Text::Borrowed(text)))
}

fn filled(node: Option<Node<'_>>) -> Option<Node<'_>> {
    node.filter(|node| node.entries().len() > 0)
}

fn nothing(_: Node<'_>) -> Option<Value<'_>> {
    None
}

/// A map that begins as one that is written, and its entries.
fn entries_of(node: Option<Node<'_>>) -> Entries<'_> {
    let entries = node.into_iter().flat_map(Node::entries);
    let entries = entries.filter_map(|(key, value)| {
        let name = Text::Borrowed(key.as_str()?);
        Some((
            Key::String(name.clone()),
            (Value::String(name), Value::node(value)),
        ))
    });
    entries.collect()
}

fn insert<'a>(entries: &mut Entries<'a>, key: &'a str, value: Value<'a>) {
    let name = Text::Borrowed(key);
    entries.insert(Key::String(name.clone()), (Value::String(name), value));
}

fn map(entries: Entries<'_>) -> Value<'_> {
    Value::Map(Map::Entries(Arc::new(entries)))
}

/// The API server gives an object a name before it asks policies.
fn generated_name(metadata: Node<'_>) -> Option<Value<'_>> {
    match text(metadata, "generateName") {
        "" => None,
        prefix => Some(Value::string(&format!("{prefix}00000"))),
    }
}

/// `Always` for what may change under its name, `IfNotPresent` for the rest.
fn pull_policy(container: Node<'_>) -> Option<Value<'_>> {
    let image = text(container, "image");
    let name = image.rsplit('/').next().unwrap_or_default();
    // A digest beside a tag does not count: the tag is what is asked (`pkg/util/parsers`).
    let (name, digest) = name
        .split_once('@')
        .map_or((name, false), |(name, _)| (name, true));
    let latest = match name.split_once(':') {
        Some((_, tag)) => tag == "latest",
        None => !digest,
    };
    word(if latest { "Always" } else { "IfNotPresent" })
}

/// What is not asked for, but limited, is asked for as much as it is limited to.
fn requests(resources: Node<'_>) -> Option<Value<'_>> {
    let limits = filled(resources.get("limits"));
    let requests = filled(resources.get("requests"));
    let Some(limits) = limits else {
        return requests.map(quantities);
    };
    let lacks = |requests: Node<'_>| {
        limits
            .entries()
            .any(|(key, _)| requests.get(key.as_str().unwrap_or_default()).is_none())
    };
    let Some(requests) = requests else {
        return Some(quantities(limits));
    };
    if !lacks(requests) {
        return Some(quantities(requests));
    }
    let mut all = Entries::new();
    for source in [limits, requests] {
        let Value::Map(source) = quantities(source) else {
            continue;
        };
        for (key, value) in source.entries() {
            if let Value::String(name) = &key {
                all.insert(Key::String(name.clone()), (key, value));
            }
        }
    }
    Some(map(all))
}

fn quantities(node: Node<'_>) -> Value<'_> {
    let schema = super::table().types.get("Resources");
    let of = schema.and_then(|schema| match &schema.view {
        crate::cel::View::Completed(completion) => completion.get("limits")?.schema.as_deref(),
        _ => None,
    });
    Value::typed(node, of)
}

fn empty_dir(volume: Node<'_>) -> Option<Value<'_>> {
    let mut sources = volume
        .entries()
        .filter(|(key, value)| key.as_str() != Some("name") && !value.is_null());
    sources.next().is_none().then(|| Value::record([]))
}

fn service_account(spec: Node<'_>) -> Option<Value<'_>> {
    named(spec, "serviceAccount")
}

fn service_account_name(spec: Node<'_>) -> Option<Value<'_>> {
    named(spec, "serviceAccountName")
}

fn service_account_or_default(spec: Node<'_>) -> Option<Value<'_>> {
    named(spec, "serviceAccount").or_else(|| word("default"))
}

fn service_account_name_or_default(spec: Node<'_>) -> Option<Value<'_>> {
    named(spec, "serviceAccountName").or_else(|| word("default"))
}

fn named<'a>(node: Node<'a>, key: &str) -> Option<Value<'a>> {
    let found = node
        .get(key)
        .filter(|node| node.as_str().is_some_and(|text| !text.is_empty()));
    found.map(Value::node)
}

fn rolls(strategy: Node<'_>) -> bool {
    matches!(text(strategy, "type"), "" | "RollingUpdate")
}

fn rolling_deployment(strategy: Node<'_>) -> Option<Value<'_>> {
    let quarter = || Value::String(Text::Borrowed("25%"));
    rolls(strategy).then(|| Value::record([("maxSurge", quarter()), ("maxUnavailable", quarter())]))
}

fn rolling_stateful_set(strategy: Node<'_>) -> Option<Value<'_>> {
    rolls(strategy).then(|| Value::record([("partition", Value::Int(0))]))
}

fn rolling_daemon_set(strategy: Node<'_>) -> Option<Value<'_>> {
    let fields = [
        ("maxSurge", Value::Int(0)),
        ("maxUnavailable", Value::Int(1)),
    ];
    rolls(strategy).then(|| Value::record(fields))
}

/// The labels of the pods that a controller's spec makes.
fn template_labels(spec: Node<'_>) -> Option<Value<'_>> {
    filled(spec.path(&["template", "metadata", "labels"])).map(Value::node)
}

fn job_labels(metadata: Node<'_>) -> Option<Value<'_>> {
    template_labels(metadata.document().root().get("spec")?)
}

fn backoff_limit(spec: Node<'_>) -> Option<Value<'_>> {
    let each = spec
        .get("backoffLimitPerIndex")
        .is_some_and(|node| !node.is_null());
    Some(Value::Int(if each { i64::from(i32::MAX) } else { 6 }))
}

fn completions(spec: Node<'_>) -> Option<Value<'_>> {
    let parallel = spec.get("parallelism").is_some_and(|node| !node.is_null());
    (!parallel).then_some(Value::Int(1))
}

fn pod_replacement_policy(spec: Node<'_>) -> Option<Value<'_>> {
    let policy = spec
        .get("podFailurePolicy")
        .is_some_and(|node| !node.is_null());
    word(if policy {
        "Failed"
    } else {
        "TerminatingOrFailed"
    })
}

fn port(port: Node<'_>) -> Option<Value<'_>> {
    port.get("port").map(Value::node)
}

fn allocates_node_ports(service: Node<'_>) -> Option<Value<'_>> {
    (text(service, "type") == "LoadBalancer").then_some(Value::Bool(true))
}

fn external_traffic_policy(service: Node<'_>) -> Option<Value<'_>> {
    let outside = matches!(text(service, "type"), "LoadBalancer" | "NodePort");
    outside.then(|| word("Cluster")).flatten()
}

fn internal_traffic_policy(service: Node<'_>) -> Option<Value<'_>> {
    let here = text(service, "type") != "ExternalName";
    here.then(|| word("Cluster")).flatten()
}

fn policy_types(spec: Node<'_>) -> Option<Value<'_>> {
    let egress = spec
        .get("egress")
        .is_some_and(|rules| rules.items().len() > 0);
    let types = [Some("Ingress"), egress.then_some("Egress")];
    Some(Value::list(
        types.into_iter().flatten().filter_map(word).collect(),
    ))
}

fn subject_group(subject: Node<'_>) -> Option<Value<'_>> {
    match text(subject, "kind") {
        "User" | "Group" => word("rbac.authorization.k8s.io"),
        _ => None,
    }
}

/// A namespace has its name for a label.
fn namespace_labels(metadata: Node<'_>) -> Option<Value<'_>> {
    let labels = metadata
        .get("labels")
        .filter(|labels| labels.kind() == Kind::Map);
    let mut entries = entries_of(labels);
    if let Some(name) = metadata.get("name") {
        insert(
            &mut entries,
            "kubernetes.io/metadata.name",
            Value::node(name),
        );
    }
    Some(map(entries))
}

/// What is written as text is kept as data.
fn secret_data(secret: Node<'_>) -> Option<Value<'_>> {
    let data = filled(secret.get("data"));
    let Some(texts) = filled(secret.get("stringData")) else {
        return data.map(Value::node);
    };
    let mut entries = entries_of(data);
    for (key, value) in texts.entries() {
        if let (Some(key), Some(text)) = (key.as_str(), value.as_str()) {
            insert(&mut entries, key, Value::string(&STANDARD.encode(text)));
        }
    }
    Some(map(entries))
}

/// The metadata of the pod that a controller makes of its template: that of the template, and what the controller adds.
fn pod_metadata(template: Node<'_>) -> Option<Value<'_>> {
    let owner = template.document().root();
    let of_owner = |key: &str| owner.path(&["metadata", key]).and_then(Node::as_str);
    let name = of_owner("name").unwrap_or_default();
    let namespace = of_owner("namespace").filter(|namespace| !namespace.is_empty());
    let written = template.get("metadata");
    let mut entries = entries_of(written.filter(|written| written.kind() == Kind::Map));
    entries.retain(|_, (key, value)| {
        let is_map = matches!(key.as_str(), Some("labels" | "annotations"));
        let filled = match value {
            Value::Map(map) => !map.is_empty(),
            _ => !is_map,
        };
        filled && !matches!(value, Value::Null)
    });
    insert(&mut entries, "name", Value::String(Text::Borrowed(name)));
    insert(
        &mut entries,
        "generateName",
        Value::string(&format!("{name}-")),
    );
    let namespace = namespace.unwrap_or(DEFAULT_NAMESPACE);
    insert(
        &mut entries,
        "namespace",
        Value::String(Text::Borrowed(namespace)),
    );
    if text(owner, "kind") != "PodTemplate" {
        insert(
            &mut entries,
            "ownerReferences",
            Value::list(vec![reference(owner, name)]),
        );
    }
    Some(map(entries))
}

/// Who a pod belongs to: a Deployment makes a `ReplicaSet`, and a `CronJob` a `Job`, which makes the pods.
fn reference<'a>(owner: Node<'a>, name: &'a str) -> Value<'a> {
    let kind = match text(owner, "kind") {
        "Deployment" => "ReplicaSet",
        "CronJob" => "Job",
        kind => kind,
    };
    let version = Value::String(Text::Borrowed(text(owner, "apiVersion")));
    Value::record([
        ("apiVersion", version),
        ("kind", Value::String(Text::Borrowed(kind))),
        ("name", Value::String(Text::Borrowed(name))),
        ("controller", Value::Bool(true)),
        ("blockOwnerDeletion", Value::Bool(true)),
    ])
}
