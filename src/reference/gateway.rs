//! Routes of the Gateway API: their Services and ports, their Gateways and listeners, and leave to reach into other
//! namespaces.

use std::collections::HashSet;

use super::port::Wanted;
use super::references::{References, Standing, Target};
use super::rules;
use crate::cluster::{Cluster, Found, Index};
use crate::finding::did_you_mean;
use crate::manifest::Fault;
use crate::yaml::Node;

const GROUP: &str = "gateway.networking.k8s.io";

/// The kinds of routes.
const ROUTES: &[&str] = &["GRPCRoute", "HTTPRoute", "TCPRoute", "TLSRoute", "UDPRoute"];

/// Checks routes and Gateways.
pub(super) fn check(references: &mut References<'_, '_>) {
    let cluster = references.cluster;
    let grants = Grants::new(cluster);
    for kind in ROUTES {
        for index in cluster.of_kind(GROUP, kind) {
            let Some(spec) = cluster
                .get(*index)
                .and_then(|object| object.root().get("spec"))
            else {
                continue;
            };
            let from = Asking {
                index: *index,
                kind,
                namespace: cluster.namespace(*index),
            };
            for parent in spec.get("parentRefs").into_iter().flat_map(Node::items) {
                gateway(references, from, parent);
            }
            for rule in spec.get("rules").into_iter().flat_map(Node::items) {
                for backend in rule.get("backendRefs").into_iter().flat_map(Node::items) {
                    service(references, from, backend, &grants);
                }
            }
        }
    }
    for index in cluster.of_kind(GROUP, "Gateway") {
        certificates(references, *index, &grants);
    }
}

/// The object that names others.
#[derive(Clone, Copy)]
struct Asking<'a> {
    index: Index,
    kind: &'a str,
    namespace: &'a str,
}

/// An object that is named by group, kind, namespace and name.
struct Named<'a> {
    node: Node<'a>,
    group: &'a str,
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
}

impl<'a> Named<'a> {
    fn read(
        reference: Node<'a>,
        group: &'a str,
        kind: &'a str,
        namespace: &'a str,
    ) -> Option<Self> {
        let text = |field, default| match reference.get(field) {
            Some(node) if !node.is_null() => node.as_str(),
            _ => Some(default),
        };
        let node = reference.get("name")?;
        Some(Self {
            node,
            group: text("group", group)?,
            kind: text("kind", kind)?,
            namespace: text("namespace", namespace)?,
            name: node.as_str()?,
        })
    }

    fn target(&self) -> Target<'a> {
        Target {
            group: self.group,
            kind: self.kind,
            namespace: self.namespace,
            name: self.name,
        }
    }
}

fn gateway<'a>(references: &mut References<'_, 'a>, from: Asking<'a>, parent: Node<'a>) {
    let Some(named) = Named::read(parent, GROUP, "Gateway", from.namespace) else {
        return;
    };
    if (named.group, named.kind) != (GROUP, "Gateway") {
        return;
    }
    let Standing::Object(index) = references.need_here(from.index, named.node, named.target())
    else {
        return;
    };
    let Some((node, wanted)) = parent
        .get("sectionName")
        .and_then(|node| Some((node, node.as_str().filter(|name| !name.is_empty())?)))
    else {
        return;
    };
    let listeners = references.cluster.get(index);
    let listeners = listeners.and_then(|object| object.root().path(&["spec", "listeners"]));
    let there: Vec<&str> = listeners
        .into_iter()
        .flat_map(Node::items)
        .filter_map(|listener| listener.get("name")?.as_str())
        .collect();
    if !references.may_step(there.len()) || there.contains(&wanted) {
        return;
    }
    let near = references.nearest(wanted, &there);
    let message = format!(
        "the Gateway `{}` has no listener `{wanted}`{}",
        named.name,
        did_you_mean(near)
    );
    let fault = Fault::new(&rules::MISSING_PORT, node, message)
        .help("name one of its listeners, or leave `sectionName` out for all of them");
    let found = Found::new(from.index, fault);
    references.push(match references.name_of(index) {
        Some(place) => found.related(index, place),
        None => found,
    });
}

fn service<'a>(
    references: &mut References<'_, 'a>,
    from: Asking<'a>,
    backend: Node<'a>,
    grants: &Grants<'a>,
) {
    let Some(named) = Named::read(backend, "", "Service", from.namespace) else {
        return;
    };
    if (named.group, named.kind) != ("", "Service") {
        return;
    }
    let Standing::Object(index) = references.need_here(from.index, named.node, named.target())
    else {
        return;
    };
    if let Some(port) = backend.get("port")
        && let Some(wanted) = Wanted::read(port)
    {
        references.need_port(from.index, port, index, wanted);
    }
    allowed(references, from, &named, backend, grants);
}

fn certificates<'a>(references: &mut References<'_, 'a>, index: Index, grants: &Grants<'a>) {
    let cluster = references.cluster;
    let from = Asking {
        index,
        kind: "Gateway",
        namespace: cluster.namespace(index),
    };
    let listeners = cluster
        .get(index)
        .and_then(|object| object.root().path(&["spec", "listeners"]));
    for listener in listeners.into_iter().flat_map(Node::items) {
        let certificates = listener.path(&["tls", "certificateRefs"]).into_iter();
        for certificate in certificates.flat_map(Node::items) {
            let Some(named) = Named::read(certificate, "", "Secret", from.namespace) else {
                continue;
            };
            if (named.group, named.kind) == ("", "Secret")
                && references.need(index, named.node, named.target()) != Standing::Missing
            {
                allowed(references, from, &named, certificate, grants);
            }
        }
    }
}

/// Checks that an object of another namespace may be used from this one.
fn allowed<'a>(
    references: &mut References<'_, 'a>,
    from: Asking<'a>,
    named: &Named<'a>,
    reference: Node<'a>,
    grants: &Grants<'a>,
) {
    let Some(node) = reference
        .get("namespace")
        .filter(|_| named.namespace != from.namespace)
    else {
        return;
    };
    // A namespace of others may hold grants that are not among the objects.
    if references
        .cluster
        .find("", "Namespace", "", named.namespace)
        .is_none()
        || grants.hold(from, named)
    {
        return;
    }
    let message = format!(
        "the {} `{}` of namespace `{}` may not be used from namespace `{}`",
        named.kind, named.name, named.namespace, from.namespace
    );
    let fault = Fault::new(&rules::NOT_ALLOWED, node, message).help(format!(
        "add a ReferenceGrant to namespace `{}`, from {} of namespace `{}` to {}",
        named.namespace, from.kind, from.namespace, named.kind
    ));
    references.push(Found::new(from.index, fault));
}

/// Leave to use objects of other namespaces: from kind and namespace, to namespace, group, kind and name; no name stands
/// for all.
#[derive(Default)]
struct Grants<'a> {
    all: HashSet<(&'a str, &'a str, &'a str, &'a str, &'a str, &'a str)>,
}

impl<'a> Grants<'a> {
    fn new(cluster: &Cluster<'a>) -> Self {
        let mut grants = Self::default();
        for index in cluster.of_kind(GROUP, "ReferenceGrant") {
            let Some(spec) = cluster
                .get(*index)
                .and_then(|object| object.root().get("spec"))
            else {
                continue;
            };
            let namespace = cluster.namespace(*index);
            let list = |field| spec.get(field).into_iter().flat_map(Node::items);
            let text =
                |node: Node<'a>, field| node.get(field).and_then(Node::as_str).unwrap_or_default();
            // Each has at most 16, as the definition says.
            for from in list("from").take(16) {
                for to in list("to").take(16) {
                    grants.all.insert((
                        text(from, "kind"),
                        text(from, "namespace"),
                        namespace,
                        text(to, "group"),
                        text(to, "kind"),
                        text(to, "name"),
                    ));
                }
            }
        }
        grants
    }

    fn hold(&self, from: Asking<'a>, to: &Named<'a>) -> bool {
        let has = |name| {
            let grant = (
                from.kind,
                from.namespace,
                to.namespace,
                to.group,
                to.kind,
                name,
            );
            self.all.contains(&grant)
        };
        has(to.name) || has("")
    }
}
