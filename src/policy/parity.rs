//! Parity: what one environment has, every other has.

use std::collections::BTreeMap;

use super::rules;
use crate::manifest::{Fault, Resource};
use crate::project::External;
use crate::yaml::Node;

/// The objects of an environment.
#[derive(Debug)]
pub struct Side<'a> {
    /// The environment's name.
    pub environment: &'a str,
    /// Its objects.
    pub objects: Vec<&'a Resource>,
}

/// Finds objects that some environments have and others lack, but for those that `tympan.yaml` lists; each by the index of
/// its environment and its own there. One fault tells of an object, in the first environment that has it.
pub fn parity<'a>(sides: &[Side<'a>], listed: &[External]) -> Vec<(usize, usize, Fault<'a>)> {
    // By what it is, not by which version of its kind: environments may differ in those on the way of an upgrade.
    let mut seen: BTreeMap<(&str, &str, &str, &str), BTreeMap<usize, usize>> = BTreeMap::new();
    for (side, Side { objects, .. }) in sides.iter().enumerate() {
        for (index, object) in objects.iter().enumerate() {
            let namespace = object.id.namespace.as_deref().unwrap_or_default();
            let key = (
                object.group(),
                &*object.id.kind,
                namespace,
                &*object.id.name,
            );
            seen.entry(key).or_default().entry(side).or_insert(index);
        }
    }
    let mut found = Vec::new();
    for ((_, kind, namespace, name), places) in seen {
        let Some((side, index)) = places.first_key_value() else {
            continue;
        };
        if places.len() == sides.len()
            || name.is_empty()
            || listed.iter().any(|one| one.matches(kind, namespace, name))
        {
            continue;
        }
        let has = |wanted: bool| {
            let names = sides.iter().enumerate();
            let names = names.filter(|(side, _)| places.contains_key(side) == wanted);
            let names: Vec<String> = names
                .map(|(_, side)| format!("`{}`", side.environment))
                .collect();
            names.join(", ")
        };
        let Some(object) = sides.get(*side).and_then(|side| side.objects.get(*index)) else {
            continue;
        };
        let root = object.root();
        let node = root.path(&["metadata", "name"]).unwrap_or(root);
        found.push((*side, *index, fault(object, node, &has(true), &has(false))));
    }
    found
}

fn fault<'a>(object: &Resource, node: Node<'a>, with: &str, without: &str) -> Fault<'a> {
    let id = &object.id;
    let message = format!("`{id}` is there for {with} and not for {without}");
    let namespace = match &id.namespace {
        Some(namespace) => format!("namespace: {namespace}, "),
        None => String::new(),
    };
    let entry = format!("{{kind: {}, {namespace}name: {}}}", id.kind, id.name);
    let help = format!(
        "render it for every environment, or list it below `parity` in tympan.yaml: `- {entry}`"
    );
    Fault::new(&rules::PARITY, node, message).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::flatten;
    use crate::yaml::{Limits, read};

    fn objects(yaml: &str) -> Vec<Resource> {
        let stream = read(&yaml.into(), &Limits::default());
        let documents = stream.documents.into_iter().flat_map(flatten);
        documents.map(Resource::new).collect()
    }

    #[test]
    fn what_one_environment_lacks_is_told_once() {
        let pair = "apiVersion: v1\nkind: A\nmetadata: {name: both, namespace: x}\n";
        let only = "---\napiVersion: v1\nkind: B\nmetadata: {name: only, namespace: x}\n";
        let newer = pair.replace("v1", "v2");
        let (dev, prod, test) = (
            objects(&format!("{pair}{only}")),
            objects(&newer),
            objects(&format!("{pair}{only}")),
        );
        let sides =
            [("dev", &dev), ("prod", &prod), ("test", &test)].map(|(environment, objects)| Side {
                environment,
                objects: objects.iter().collect(),
            });
        let told: Vec<_> = parity(&sides, &[])
            .into_iter()
            .map(|(side, index, fault)| (side, index, fault.message))
            .collect();
        let group = "`x/B/only` is there for `dev`, `test` and not for `prod`";
        assert_eq!(told, [(0, 1, group.to_owned())]);
        let listed = External {
            kind: "B".to_owned(),
            namespace: Some("x".to_owned()),
            name: "on*".to_owned(),
        };
        assert!(parity(&sides, &[listed]).is_empty());
    }
}
