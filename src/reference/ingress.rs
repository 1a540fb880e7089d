//! Ingresses: their Services and ports, the Secrets of their certificates, their class, and paths that two claim.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::fields::items;
use super::port::Wanted;
use super::references::{References, Standing, Target};
use super::rules;
use crate::cluster::{Found, Index};
use crate::finding::Severity;
use crate::manifest::{Fault, Resource};
use crate::yaml::Node;

/// Before `ingressClassName` there was an annotation; controllers still read it, and need no `IngressClass` for it.
const CLASS: &str = "kubernetes.io/ingress.class";

/// Annotations with which an Ingress takes a part of another's requests on purpose, or stands beside it.
const SHARES: &[&str] = &[
    "nginx.ingress.kubernetes.io/canary",
    "alb.ingress.kubernetes.io/group.name",
    "haproxy-ingress.github.io/blue-green-deploy",
];

/// The name of a port that is not one: an annotation says what is done.
const ACTION: &str = "use-annotation";

/// Parts of the names of classes whose controllers serve all Ingresses at one address, where the first of two wins and
/// NGINX's own check refuses the second.
const REFUSING: &[&str] = &["nginx", "webapprouting"];

/// Parts of the names of classes whose controllers give each Ingress an address of its own.
const APART: &[&str] = &["alb", "cilium", "gce", "ngrok", "tailscale"];

/// Checks Ingresses.
pub(super) fn check(references: &mut References<'_, '_>) {
    let cluster = references.cluster;
    let mut claims = Claims::default();
    for index in cluster.of_kind("networking.k8s.io", "Ingress") {
        if let Some(object) = cluster.get(*index) {
            let ingress = Ingress {
                index: *index,
                object,
                namespace: cluster.namespace(*index),
            };
            backends(references, &ingress);
            certificates(references, &ingress);
            class(references, &ingress);
            claim(references, &ingress, &mut claims);
        }
    }
}

#[derive(Clone, Copy)]
struct Ingress<'a> {
    index: Index,
    object: &'a Resource,
    namespace: &'a str,
}

impl<'a> Ingress<'a> {
    fn spec(&self, field: &str) -> Option<Node<'a>> {
        self.object.root().path(&["spec", field])
    }

    fn annotation(&self, key: &str) -> Option<Node<'a>> {
        self.object.root().path(&["metadata", "annotations", key])
    }

    /// Returns the paths of all rules, each with its host: empty for all hosts.
    fn paths(&self) -> impl Iterator<Item = (&'a str, Node<'a>)> + use<'a> {
        let rules = self.spec("rules").into_iter().flat_map(Node::items);
        rules.flat_map(|rule| {
            let host = rule.get("host").and_then(Node::as_str).unwrap_or_default();
            let paths = rule.path(&["http", "paths"]).into_iter();
            paths.flat_map(Node::items).map(move |path| (host, path))
        })
    }
}

fn backends<'a>(references: &mut References<'_, 'a>, ingress: &Ingress<'a>) {
    let paths = ingress.paths().filter_map(|(_, path)| path.get("backend"));
    let backends: Vec<Node<'a>> = ingress
        .spec("defaultBackend")
        .into_iter()
        .chain(paths)
        .collect();
    for backend in backends {
        let Some(service) = backend.get("service") else {
            continue;
        };
        let port = service
            .path(&["port", "name"])
            .or_else(|| service.path(&["port", "number"]));
        if port.and_then(Node::as_str) == Some(ACTION) {
            continue;
        }
        let Some((node, name)) = service
            .get("name")
            .and_then(|node| Some((node, node.as_str()?)))
        else {
            continue;
        };
        let target = Target::core("Service", ingress.namespace, name);
        if let Standing::Object(found) = references.need_here(ingress.index, node, target)
            && let Some(port) = port
            && let Some(wanted) = Wanted::read(port)
            && let Some(mut lack) = references.lack_port(ingress.index, port, found, wanted)
        {
            // NGINX takes what the Service's ports lead to as well.
            let service = references
                .cluster
                .get(found)
                .and_then(|one| one.root().get("spec"));
            let mut ports = service.into_iter().flat_map(|spec| items(spec, "ports"));
            if ports.any(|port| port.get("targetPort").and_then(Wanted::read) == Some(wanted)) {
                lack.fault = lack.fault.severity(Severity::Warning);
            }
            references.push(lack);
        }
    }
}

fn certificates<'a>(references: &mut References<'_, 'a>, ingress: &Ingress<'a>) {
    let all = ingress.spec("tls").into_iter().flat_map(Node::items);
    for node in all.filter_map(|tls| tls.get("secretName")) {
        if let Some(name) = node.as_str().filter(|name| !name.is_empty()) {
            let target = Target::core("Secret", ingress.namespace, name);
            references.need(ingress.index, node, target);
        }
    }
}

/// Checks that a class is there. Which there are is known only where one is: controllers come with the cluster.
fn class<'a>(references: &mut References<'_, 'a>, ingress: &Ingress<'a>) {
    let Some((node, name)) = ingress
        .spec("ingressClassName")
        .and_then(|node| Some((node, node.as_str()?)))
    else {
        return;
    };
    let settings = references.cluster.settings();
    let controllers = &settings.network.ingress_controllers;
    let declared = settings
        .external
        .iter()
        .any(|one| one.kind == "IngressClass");
    let some = references
        .cluster
        .of_kind("networking.k8s.io", "IngressClass");
    let known = !controllers.is_empty() || declared || !some.is_empty();
    if !known || controllers.iter().any(|one| one.class == name) {
        return;
    }
    let target = Target {
        group: "networking.k8s.io",
        kind: "IngressClass",
        namespace: "",
        name,
    };
    references.need(ingress.index, node, target);
}

/// What is claimed: class, host, path and type of path.
type Claim<'a> = (&'a str, &'a str, &'a str, &'a str);

/// Who claimed it first, and with which path.
type Claims<'a> = HashMap<Claim<'a>, (Index, Node<'a>)>;

/// Notes what an Ingress claims, and says what others claimed before.
fn claim<'a>(references: &mut References<'_, 'a>, ingress: &Ingress<'a>, claims: &mut Claims<'a>) {
    let named = ingress
        .spec("ingressClassName")
        .or_else(|| ingress.annotation(CLASS));
    let Some(class) = named.and_then(Node::as_str) else {
        return;
    };
    let is = |parts: &[&str]| parts.iter().any(|part| class.contains(part));
    if is(APART) || SHARES.iter().any(|key| ingress.annotation(key).is_some()) {
        return;
    }
    for (host, path) in ingress.paths() {
        let Some(node) = path.get("path").or_else(|| path.get("pathType")) else {
            continue;
        };
        let kind = path
            .get("pathType")
            .and_then(Node::as_str)
            .unwrap_or_default();
        let text = path.get("path").and_then(Node::as_str).unwrap_or("/");
        let (kind, text) = match kind {
            "Prefix" => (kind, text.trim_end_matches('/')),
            // NGINX takes it for a prefix; what others do is theirs.
            "ImplementationSpecific" if is(REFUSING) => ("Prefix", text.trim_end_matches('/')),
            _ => (kind, text),
        };
        match claims.entry((class, host, text, kind)) {
            Entry::Vacant(place) => {
                place.insert((ingress.index, node));
            }
            Entry::Occupied(first) => {
                twice(
                    references,
                    ingress,
                    (host, path, node),
                    *first.get(),
                    is(REFUSING),
                );
            }
        }
    }
}

fn twice<'a>(
    references: &mut References<'_, 'a>,
    ingress: &Ingress<'a>,
    (host, path, node): (&str, Node<'a>, Node<'a>),
    (other, place): (Index, Node<'a>),
    refused: bool,
) {
    let path = path.get("path").and_then(Node::as_str).unwrap_or("/");
    let host = match host {
        "" => "all hosts".to_owned(),
        host => format!("`{host}`"),
    };
    let owner = match references.cluster.get(other) {
        _ if other == ingress.index => "this Ingress".to_owned(),
        // The same object twice, such as in the manifests of two environments.
        Some(object) if object.id == ingress.object.id => return,
        Some(object) => {
            let namespace = references.cluster.namespace(other);
            format!("the Ingress `{namespace}/{}`", object.id.name)
        }
        None => return,
    };
    let message = format!("the path `{path}` of {host} is already served by {owner}");
    let severity = if refused {
        Severity::Error
    } else {
        Severity::Warning
    };
    let fault = Fault::new(&rules::CONFLICT, node, message)
        .severity(severity)
        .help("one of the two gets no request; give them paths or hosts of their own");
    references.push(Found::new(ingress.index, fault).related(other, place));
}
