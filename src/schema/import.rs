//! Definitions of custom resources as a project keeps them: without what only people read and what the cluster writes.

use std::collections::BTreeMap;

use crate::yaml::{Builder, Kind, Node, write};

/// Schema keywords whose entries are names, not keywords.
const NAMES: &[&str] = &["properties", "patternProperties"];

/// Takes the definitions out of objects; returns the texts to keep by their paths below `schemas/`.
pub fn import<'a>(objects: impl Iterator<Item = Node<'a>>) -> BTreeMap<String, String> {
    objects
        .filter_map(|object| {
            let text = |path: &[&str]| object.path(path).and_then(Node::as_str);
            if text(&["kind"]) != Some("CustomResourceDefinition") {
                return None;
            }
            let (group, plural) = (
                text(&["spec", "group"])?,
                text(&["spec", "names", "plural"])?,
            );
            // They become parts of a path.
            let plain = |name: &str| {
                !name.is_empty()
                    && !name.starts_with('.')
                    && name.bytes().all(|byte| {
                        byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte)
                    })
            };
            (plain(group) && plain(plural))
                .then(|| (format!("{group}/{plural}.yaml"), kept(object)))
        })
        .collect()
}

fn kept(definition: Node<'_>) -> String {
    let mut builder = Builder::new(definition.document().text().clone());
    builder.begin_map(definition.place());
    for (key, value) in definition.entries() {
        match key.as_str() {
            Some("status") => {}
            Some("metadata") => {
                builder.copy(key, None);
                builder.begin_map(value.place());
                for (key, value) in value.entries() {
                    match key.as_str() {
                        Some("name") => {
                            builder.copy(key, None);
                            builder.copy(value, None);
                        }
                        Some("annotations") => approval(&mut builder, key, value),
                        _ => {}
                    }
                }
                builder.end(None);
            }
            _ => {
                builder.copy(key, None);
                copy(&mut builder, value, Under::Keywords);
            }
        }
    }
    builder.end(None);
    write(builder.finish().root())
}

/// Keeps the one annotation that the API server asks for: groups of Kubernetes' own need it.
fn approval(builder: &mut Builder, key: Node<'_>, annotations: Node<'_>) {
    let approved = annotations
        .entries()
        .find(|(key, _)| key.as_str() == Some("api-approved.kubernetes.io"));
    if let Some((name, value)) = approved {
        builder.copy(key, None);
        builder.begin_map(annotations.place());
        builder.copy(name, None);
        builder.copy(value, None);
        builder.end(None);
    }
}

/// What the keys of a map are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Under {
    /// Words of the language of schemas.
    Keywords,
    /// Names of fields.
    Names,
    /// Values: defaults and enumerations.
    Values,
}

fn copy(builder: &mut Builder, node: Node<'_>, under: Under) {
    match node.kind() {
        Kind::Map => {
            builder.begin_map(node.place());
            for (key, value) in node.entries() {
                let name = key.as_str().unwrap_or_default();
                if under == Under::Keywords && name == "description" && value.as_str().is_some() {
                    continue;
                }
                builder.copy(key, None);
                let inner = match under {
                    Under::Keywords if NAMES.contains(&name) => Under::Names,
                    Under::Keywords if matches!(name, "default" | "enum" | "example") => {
                        Under::Values
                    }
                    Under::Names => Under::Keywords,
                    same => same,
                };
                copy(builder, value, inner);
            }
            builder.end(None);
        }
        Kind::Seq => {
            builder.begin_seq(node.place());
            node.items().for_each(|item| copy(builder, item, under));
            builder.end(None);
        }
        _ => builder.copy(node, None),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::yaml::{Limits, read};

    #[test]
    fn definitions_are_kept_without_descriptions_and_other_objects_are_passed_over() {
        let text: Arc<str> = "\
kind: ConfigMap
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: tasks.example.com, annotations: {made-by: somebody}, creationTimestamp: null}
spec:
  group: example.com
  names: {kind: Task, plural: tasks}
  versions:
  - name: v1
    schema:
      openAPIV3Schema:
        description: a task
        properties:
          description: {type: string, description: what it is, default: {description: kept}}
status: {conditions: []}
"
        .into();
        let documents = read(&text, &Limits::default()).documents;
        let files = import(documents.iter().map(crate::yaml::Document::root));
        let (path, text) = files.first_key_value().unwrap();
        assert_eq!((files.len(), path.as_str()), (1, "example.com/tasks.yaml"));
        assert_eq!(
            text,
            "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: tasks.example.com
spec:
  group: example.com
  names:
    kind: Task
    plural: tasks
  versions:
  - name: v1
    schema:
      openAPIV3Schema:
        properties:
          description:
            type: string
            default:
              description: kept
"
        );
    }

    #[test]
    fn the_approval_of_a_group_of_kubernetes_is_kept() {
        let text: Arc<str> = "\
kind: CustomResourceDefinition
metadata: {annotations: {made-by: somebody, api-approved.kubernetes.io: unapproved}, name: a}
spec: {group: x.k8s.io, names: {plural: a}}
"
        .into();
        let documents = read(&text, &Limits::default()).documents;
        let files = import(documents.iter().map(crate::yaml::Document::root));
        let (_, text) = files.first_key_value().unwrap();
        assert!(
            text.contains(
                "\
metadata:
  annotations:
    api-approved.kubernetes.io: unapproved
  name: a
"
            ),
            "{text}"
        );
    }

    #[test]
    fn a_group_that_leads_elsewhere_is_no_path() {
        let text: Arc<str> =
            "kind: CustomResourceDefinition\nspec: {group: ../.., names: {plural: passwd}}\n"
                .into();
        let documents = read(&text, &Limits::default()).documents;
        assert!(import(documents.iter().map(crate::yaml::Document::root)).is_empty());
    }
}
