//! Gives rendered objects their namespaces, files and texts, and finds those that cannot have them.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::{Environment, Object, policies};
use crate::finding::Finding;
use crate::manifest::{BadFileName, Scope, Scopes, file_path, rules};
use crate::progress::Step;
use crate::source::{Location, Span};
use crate::yaml::{Node, Place, write};

/// Gives objects their namespaces, files and texts; finds those that cannot have them.
pub(super) fn settle(environment: &mut Environment, settled: &Step) -> Vec<Finding> {
    let mut scopes = Scopes::default();
    environment
        .objects
        .iter()
        .for_each(|object| scopes.learn(object.resource.root()));
    let mut objects = std::mem::take(&mut environment.objects);
    let mut findings: Vec<Finding> = objects
        .par_iter_mut()
        .filter_map(|object| {
            let found = identify(object, &scopes, environment);
            settled.one();
            found
        })
        .collect();
    findings.extend(collisions(&objects, environment));
    objects.sort_by(|a, b| a.path.cmp(&b.path));
    environment.objects = objects;
    findings
}

fn identify(object: &mut Object, scopes: &Scopes, environment: &Environment) -> Option<Finding> {
    let id = &object.resource.id;
    let root = object.resource.root();
    let missing = [("apiVersion", &id.api_version), ("kind", &id.kind)]
        .into_iter()
        .find(|(_, value)| value.is_empty());
    if let Some((field, _)) = missing {
        let message = format!("this document is no Kubernetes object: it has no `{field}`");
        return Some(object
            .finding(environment, &rules::MANIFEST, message, first_entry(root))
            .help("every document of a template is an object; names that begin with `_` are for text to include"));
    }
    if id.name.is_empty() && !is_generated_hook(root) {
        return Some(nameless(object, environment));
    }
    let scope = scopes.of(&id.api_version, &id.kind);
    let own = object.resource.id.namespace.as_ref();
    let folder = match own {
        Some(own) if object.folder == policies::FOLDER => own.clone(),
        None if object.folder == policies::FOLDER && scope == Scope::Namespaced => {
            return Some(without_namespace(object, environment));
        }
        _ => object.folder.clone(),
    };
    match (scope, root.path(&["metadata", "namespace"])) {
        (Scope::Namespaced, None) => set_namespace(object, &folder),
        (Scope::Namespaced, Some(node)) if node.as_str() != Some(&folder) => {
            return Some(other_namespace(object, environment, node));
        }
        _ => {}
    }
    match file_path(&object.resource, scope, &folder) {
        Ok(path) => object.path = path,
        Err(bad) => return Some(unfit_name(object, environment, bad)),
    }
    object.text = write(object.resource.root());
    None
}

fn without_namespace(object: &Object, environment: &Environment) -> Finding {
    let root = object.resource.root();
    let message = "this object has no namespace, and below `policies/` no folder says which";
    let node = root.get("metadata").unwrap_or(first_entry(root));
    object
        .finding(environment, &rules::NAMESPACE, message, node)
        .help("write `metadata.namespace`")
}

fn other_namespace(object: &Object, environment: &Environment, node: Node<'_>) -> Finding {
    let folder = &object.folder;
    let (message, help) = match node.as_str() {
        Some(namespace) if !namespace.is_empty() => (
            format!("this object is in namespace `{namespace}`, its folder is `{folder}`"),
            format!("move the template to `templates/{namespace}/`, or leave the namespace out"),
        ),
        _ => (
            format!("this object's namespace is empty, its folder is `{folder}`"),
            "leave the namespace out: the folder's name is filled in".to_owned(),
        ),
    };
    object
        .finding(environment, &rules::NAMESPACE, message, node)
        .help(help)
}

/// Tells whether an object is an Argo CD hook whose name the cluster makes.
fn is_generated_hook(root: Node<'_>) -> bool {
    let text = |path: &[&str]| {
        root.path(path)
            .and_then(Node::as_str)
            .is_some_and(|text| !text.is_empty())
    };
    text(&["metadata", "generateName"])
        && text(&["metadata", "annotations", "argocd.argoproj.io/hook"])
}

fn unfit_name(object: &Object, environment: &Environment, bad: BadFileName) -> Finding {
    let root = object.resource.root();
    let node = root
        .path(&["metadata", "name"])
        .unwrap_or(first_entry(root));
    let message = match bad {
        BadFileName::Character => {
            "this name holds a character that no object name and no file name may hold"
        }
        BadFileName::TooLong => "this kind and name make a file name of more than 255 bytes",
    };
    object
        .finding(environment, &rules::FILE_NAME, message, node)
        .help("choose another name for the object")
}

fn nameless(object: &Object, environment: &Environment) -> Finding {
    let root = object.resource.root();
    let node = root.path(&["metadata", "generateName"]);
    match node {
        Some(node) => object
            .finding(environment, &rules::GENERATE_NAME, "an object in git needs a name of its own", node)
            .help("write `name` instead of `generateName`; only Argo CD hooks may have names made by the cluster"),
        None => object
            .finding(
                environment,
                &rules::MANIFEST,
                "this document is no Kubernetes object: it has no `metadata.name`",
                root.get("metadata").unwrap_or(first_entry(root)),
            )
            .help("give the object a name"),
    }
}

/// Returns the first entry's key, or the root where there is none: a whole document is too much to point at.
fn first_entry(root: Node<'_>) -> Node<'_> {
    root.entries().next().map_or(root, |(key, _)| key)
}

fn set_namespace(object: &mut Object, namespace: &str) {
    let root = object.resource.root();
    let Some(metadata) = root.get("metadata") else {
        return;
    };
    let Some(name) = metadata
        .get("name")
        .or_else(|| metadata.get("generateName"))
    else {
        return;
    };
    let (at, ancestors) = (name.index(), [root.index(), metadata.index()]);
    let place = Place {
        span: Span::at(name.span().start as usize),
        origin: None,
    };
    object
        .resource
        .document
        .insert_after(&ancestors, at, "namespace", namespace, place);
    object.resource.id.namespace = Some(namespace.to_owned());
}

/// Finds objects that would share a file.
fn collisions(objects: &[Object], environment: &Environment) -> Vec<Finding> {
    let mut first: BTreeMap<&str, &Object> = BTreeMap::new();
    let mut findings = Vec::new();
    for object in objects.iter().filter(|object| !object.path.is_empty()) {
        let Some(other) = first.insert(&object.path, object) else {
            continue;
        };
        first.insert(&object.path, other);
        let name = |object: &Object| {
            object
                .resource
                .root()
                .path(&["metadata", "name"])
                .map(|node| object.trace.node(node, &environment.values).template)
        };
        let message = if object.resource.id == other.resource.id {
            format!("`{}` is rendered twice", object.resource.id)
        } else {
            format!(
                "`{}` and `{}` would share one file: their names differ in case only",
                other.resource.id, object.resource.id
            )
        };
        let node = object
            .resource
            .root()
            .path(&["metadata", "name"])
            .unwrap_or(object.resource.root());
        let mut finding = object.finding(environment, &rules::COLLISION, message, node);
        finding
            .related
            .extend(name(other).map(|place: Location| place.label("the other is here")));
        findings.push(finding.help("rename or remove one of them"));
    }
    findings
}
