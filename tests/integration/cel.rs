//! Expressions that other projects wrote: rules of their custom resources, and admission policies with their cases.
//!
//! They are data of their own, beside the folder that `TYMPAN_ORACLES` names. Without it these tests do nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value as Json;
use tympan::manifest::Scopes;
use tympan::policy::admission::{Kinds, Policy, Request, Verdict, judge};
use tympan::schema::{Catalogue, KubernetesVersion, Visitor};
use tympan::yaml::{Document, Limits, Node, read, to_json};

fn oracles() -> Option<PathBuf> {
    let folder = std::env::var_os("TYMPAN_ORACLES").map(PathBuf::from);
    if folder.is_none() {
        println!("TYMPAN_ORACLES is not set: expressions of other projects are left out");
    }
    folder
}

fn documents(path: &Path) -> Vec<Document> {
    let text = fs::read_to_string(path).unwrap();
    read(&Arc::from(text.as_str()), &Limits::default()).documents
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

struct Nobody;

impl<'a> Visitor<'a> for Nobody {
    fn visit(&mut self, _: u32, _: Node<'a>, _: &mut Vec<tympan::manifest::Fault<'a>>) {}
    fn object(&mut self, _: &mut Vec<tympan::manifest::Fault<'a>>) {}

    fn without_schema(&mut self) -> Option<tympan::manifest::Fault<'a>> {
        None
    }
}

#[test]
fn the_rules_of_others_custom_resources_compile_and_are_cheap_enough() {
    let Some(folder) = oracles()
        .map(|folder| folder.join("../crds"))
        .filter(|folder| folder.is_dir())
    else {
        return;
    };
    let mut seen = 0;
    for file in files(&folder).iter().filter(|file| {
        file.extension()
            .is_some_and(|extension| extension == "yaml")
    }) {
        for document in documents(file) {
            seen += fs::read_to_string(file)
                .unwrap()
                .matches("x-kubernetes-validations")
                .count();
            for version in [KubernetesVersion::OLDEST, KubernetesVersion::NEWEST] {
                let mut faults = Vec::new();
                Catalogue::new(version)
                    .unwrap()
                    .check(document.root(), &mut Nobody, &mut faults);
                let wrong: Vec<String> = faults
                    .iter()
                    .filter(|fault| fault.rule.as_str().starts_with("schema/cel"))
                    .map(|fault| {
                        format!(
                            "{}: {}: {}",
                            file.display(),
                            fault.node.as_str().unwrap_or(""),
                            fault.message
                        )
                    })
                    .collect();
                assert!(wrong.is_empty(), "{wrong:#?}");
            }
        }
    }
    assert!(seen > 20, "{seen}");
}

/// Sets `a.b.[0].c=value` in an object.
fn change(object: &mut Json, change: &str) {
    let (path, value) = change.split_once('=').unwrap();
    let mut place = object;
    for key in path.split('.') {
        if let Some(at) = key.strip_prefix('[').and_then(|key| key.strip_suffix(']')) {
            let at: usize = at.parse().unwrap();
            if !place.is_array() {
                *place = Json::Array(Vec::new());
            }
            let items = place.as_array_mut().unwrap();
            while items.len() <= at {
                items.push(Json::Null);
            }
            place = &mut items[at];
        } else {
            if !place.is_object() {
                *place = Json::Object(serde_json::Map::new());
            }
            place = place
                .as_object_mut()
                .unwrap()
                .entry(key)
                .or_insert(Json::Null);
        }
    }
    let value = format!("v: {value}\n");
    let document = read(&Arc::from(value.as_str()), &Limits::default())
        .documents
        .remove(0);
    *place = to_json(document.root().get("v").unwrap());
}

/// Tells whether a policy lets an object be made.
fn passes(policy: &Policy<'_>, object: Node<'_>, params: Node<'_>) -> bool {
    let scopes = Scopes::default();
    let request = Request::create(object, Kinds::new(KubernetesVersion::minor(34), &scopes));
    let params = policy.param_kind().map(|_| params);
    let decision = judge(policy, None, params.as_slice(), &request);
    assert!(decision.not_decided.is_none(), "{:?}", decision.not_decided);
    matches!(decision.verdict, Verdict::Allowed | Verdict::NotMatched)
}

#[test]
fn admission_policies_decide_as_their_authors_say() {
    let Some(folder) = oracles()
        .map(|folder| folder.join("vap"))
        .filter(|folder| folder.is_dir())
    else {
        return;
    };
    let resources = folder.join("test-resources");
    let params = documents(&resources.join("default-control-configuration.yaml")).remove(0);
    let (mut cases, mut wrong) = (0, Vec::new());
    for control in files(&folder.join("controls")) {
        let document = documents(&control.join("policy.yaml")).remove(0);
        let policy = Policy::compile(document.root(), KubernetesVersion::minor(34))
            .unwrap_or_else(|problems| panic!("{}: {problems:?}", control.display()));
        let tests: Json =
            serde_json::from_str(&fs::read_to_string(control.join("tests.json")).unwrap()).unwrap();
        for test in tests.as_array().unwrap() {
            let template = documents(&resources.join(test["template"].as_str().unwrap())).remove(0);
            let mut object = to_json(template.root());
            for text in test["field_change_list"].as_array().into_iter().flatten() {
                change(&mut object, text.as_str().unwrap());
            }
            let text: Arc<str> = object.to_string().into();
            let object = read(&text, &Limits::default()).documents.remove(0);
            let passed = passes(&policy, object.root(), params.root());
            cases += 1;
            if passed != (test["expected"] == "pass") {
                wrong.push(format!("{}: {}", control.display(), test["name"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {cases}: {wrong:#?}", wrong.len());
    assert!(cases > 100, "{cases}");
}
