use std::sync::Arc;

use super::*;
use crate::manifest::flatten;
use crate::yaml::{Limits, read};

fn resources(yaml: &str) -> Vec<Resource> {
    let stream = read(&Arc::from(yaml), &Limits::default());
    assert!(stream.problems.is_empty(), "{:?}", stream.problems);
    let documents = stream.documents.into_iter().flat_map(flatten);
    documents.map(Resource::new).collect()
}

const OBJECTS: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: a, labels: {team: x, kubernetes.io/metadata.name: forged}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: d, namespace: a}
spec:
  template:
    metadata: {labels: {app: d, tier: web}}
    spec:
      initContainers: [{name: i}]
      containers: [{name: c}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: j}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: k}]}}}}}
---
apiVersion: example.org/v1
kind: Pod
metadata: {name: no-pod}
spec: {containers: [{name: x}]}
";

#[test]
fn objects_are_found_by_name_kind_and_namespace() {
    let resources = resources(OBJECTS);
    let settings = Settings::default();
    let cluster = Cluster::new(resources.iter().collect(), Scopes::default(), &settings);
    assert_eq!(cluster.find("apps", "Deployment", "a", "d"), Some(1));
    assert_eq!(cluster.find("apps", "Deployment", "b", "d"), None);
    assert_eq!(cluster.find("batch", "CronJob", "default", "j"), Some(2));
    assert_eq!(cluster.namespace(0), "");
    assert_eq!(cluster.of_kind("", "Namespace"), [0]);
    assert_eq!(cluster.of_kind("", "Pod"), [0; 0]);
}

#[test]
fn pods_are_those_of_controllers_too() {
    let resources = resources(OBJECTS);
    let settings = Settings::default();
    let cluster = Cluster::new(resources.iter().collect(), Scopes::default(), &settings);
    let names: Vec<(Index, Vec<&str>)> = cluster
        .pods()
        .iter()
        .map(|pod| {
            let names = pod.containers().filter_map(|one| one.get("name")?.as_str());
            (pod.object, names.collect())
        })
        .collect();
    assert_eq!(names, [(1, vec!["i", "c"]), (2, vec!["k"])]);
}

#[test]
fn every_namespace_has_its_name_as_a_label() {
    let resources = resources(OBJECTS);
    let settings = Settings::default();
    let cluster = Cluster::new(resources.iter().collect(), Scopes::default(), &settings);
    let labels = cluster.namespace_labels("a").unwrap();
    let all: Vec<_> = labels.iter().collect();
    assert_eq!(all, [("team", "x"), ("kubernetes.io/metadata.name", "a")]);
    assert!(cluster.namespace_labels("b").is_none());
}

#[test]
fn selectors_choose_as_kubernetes_does() {
    let selects = |selector: &str, labels: &str| {
        let (selector, labels) = (
            read(&Arc::from(selector), &Limits::default()),
            read(&Arc::from(labels), &Limits::default()),
        );
        let selector = Selector::read(selector.documents[0].root())?;
        Some(selector.matches(&Labels::of(Some(labels.documents[0].root()))))
    };
    let labels = "{app: d, tier: web, empty: ''}";
    for (selector, expected) in [
        ("{}", Some(true)),
        ("{matchLabels: {app: d, tier: web}}", Some(true)),
        ("{matchLabels: {app: d, tier: db}}", Some(false)),
        ("{matchLabels: {empty: ''}}", Some(true)),
        ("{matchLabels: {missing: ''}}", Some(false)),
        (
            "{matchExpressions: [{key: app, operator: In, values: [c, d]}]}",
            Some(true),
        ),
        (
            "{matchExpressions: [{key: app, operator: NotIn, values: [d]}]}",
            Some(false),
        ),
        // A label that is not there is not in the values either.
        (
            "{matchExpressions: [{key: absent, operator: NotIn, values: [d]}]}",
            Some(true),
        ),
        (
            "{matchExpressions: [{key: app, operator: Exists}]}",
            Some(true),
        ),
        (
            "{matchExpressions: [{key: app, operator: DoesNotExist}]}",
            Some(false),
        ),
        (
            "{matchExpressions: [{key: app, operator: Gt, values: ['1']}]}",
            None,
        ),
        ("{matchExpressions: [{key: app, operator: In}]}", None),
    ] {
        assert_eq!(selects(selector, labels), expected, "{selector}");
    }
}

#[test]
fn an_index_finds_what_a_selector_chooses() {
    let labels = [
        ("a", "{app: web, tier: front}"),
        ("a", "{app: api, tier: back}"),
        ("b", "{app: web, tier: front}"),
        ("a", "{app: web, tier: back}"),
        ("a", "{}"),
    ];
    let documents: Vec<_> = labels
        .iter()
        .map(|(_, labels)| {
            read(&Arc::from(*labels), &Limits::default())
                .documents
                .remove(0)
        })
        .collect();
    let namespaces = labels.iter().map(|(namespace, _)| *namespace);
    let things = namespaces.zip(&documents);
    let index = LabelIndex::new(
        things.map(|(namespace, labels)| (namespace, Labels::of(Some(labels.root())))),
    );
    for (namespace, selector, expected) in [
        ("a", "{}", &[0_u32, 1, 3, 4][..]),
        ("a", "{matchLabels: {app: web}}", &[0, 3][..]),
        ("a", "{matchLabels: {app: web, tier: back}}", &[3][..]),
        ("b", "{matchLabels: {tier: back}}", &[][..]),
        ("c", "{}", &[][..]),
        (
            "a",
            "{matchExpressions: [{key: app, operator: In, values: [web, api, none]}]}",
            &[0, 1, 3][..],
        ),
        (
            "a",
            "{matchExpressions: [{key: app, operator: NotIn, values: [web]}]}",
            &[1, 4][..],
        ),
        (
            "a",
            "{matchLabels: {tier: front}, matchExpressions: [{key: app, operator: DoesNotExist}]}",
            &[][..],
        ),
    ] {
        let selector = read(&Arc::from(selector), &Limits::default());
        let selector = Selector::read(selector.documents[0].root()).unwrap();
        let chosen = index.chosen(namespace, &selector, &mut 1000).unwrap();
        assert_eq!(chosen, expected, "{selector}");
        assert_eq!(index.chosen(namespace, &selector, &mut 0), None);
    }
    assert!(index.has_key("a", "tier"));
    assert!(!index.has_key("c", "tier"));
}
