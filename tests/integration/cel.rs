//! Expressions that other projects wrote: rules of their custom resources, and admission policies with their cases.
//!
//! They are data of their own, beside the folder that `TYMPAN_ORACLES` names. Without it these tests do nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value as Json;
use tympan::cel::{Activation, Budget, Environment, Program, Type, Value, compile};
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

struct Policy {
    variables: Vec<(String, Program)>,
    validations: Vec<Program>,
    params: bool,
}

fn policy(root: Node<'_>) -> Policy {
    let spec = root.get("spec").unwrap();
    let params = spec.get("paramKind").is_some();
    let mut environment = Environment::new(34)
        .variable("object", Type::Dyn)
        .variable("oldObject", Type::Dyn)
        .variable("request", Type::Dyn)
        .variable("namespaceObject", Type::Dyn)
        .variable("authorizer", Type::Opaque("authorizer"));
    if params {
        environment = environment.variable("params", Type::Dyn);
    }
    let compiled = |node: Node<'_>, key: &str, environment: &Environment| {
        let text = node.get(key)?.as_str().unwrap();
        Some(compile(text, environment).unwrap_or_else(|errors| panic!("{text}: {errors:?}")))
    };
    let mut variables = Vec::new();
    for variable in spec.get("variables").into_iter().flat_map(Node::items) {
        let program = compiled(variable, "expression", &environment).unwrap();
        let name = format!(
            "variables.{}",
            variable.get("name").unwrap().as_str().unwrap()
        );
        environment = environment.variable(&name, program.ty().clone());
        variables.push((name, program));
    }
    let mut validations = Vec::new();
    for validation in spec.get("validations").unwrap().items() {
        validations.push(compiled(validation, "expression", &environment).unwrap());
        if let Some(message) = compiled(validation, "messageExpression", &environment) {
            assert!(
                matches!(message.ty(), Type::String | Type::Dyn),
                "{}",
                message.ty()
            );
        }
    }
    Policy {
        variables,
        validations,
        params,
    }
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

fn passes(policy: &Policy, object: Node<'_>, params: Node<'_>) -> bool {
    let mut activation = Activation::new();
    activation.set("object", Value::node(object));
    activation.set("oldObject", Value::Null);
    activation.set("namespaceObject", Value::Null);
    if policy.params {
        activation.set("params", Value::node(params));
    }
    for (name, program) in &policy.variables {
        activation.set_lazy(name, program);
    }
    let mut budget = Budget::new();
    policy.validations.iter().all(|program| {
        program
            .eval(&activation, &mut budget)
            .is_ok_and(|value| value.as_bool() == Some(true))
    })
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
        let policy = policy(document.root());
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
