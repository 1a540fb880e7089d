//! An expression over many objects, read from their tree without conversion.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench that cannot go on says so by panicking"
)]

use std::sync::Arc;

use divan::Bencher;
use divan::counter::ItemsCount;
use tympan::cel::{Activation, Budget, Environment, Program, Type, Value, compile};
use tympan::yaml::{Document, Limits, read};

fn main() {
    divan::main();
}

const CASES: &[(&str, &str)] = &[
    (
        "containers",
        "object.spec.template.spec.containers.all(c, has(c.securityContext) && has(c.securityContext.allowPrivilegeEscalation) && c.securityContext.allowPrivilegeEscalation == false)",
    ),
    ("field", "object.spec.replicas <= 5"),
    (
        "strings",
        "object.metadata.name.startsWith('app') && object.metadata.namespace != 'default' && object.spec.template.spec.containers[0].image.contains(':')",
    ),
];

fn deployments(count: usize) -> Vec<Document> {
    let text = |number: usize| {
        let replicas = number % 5;
        let escalation = if number.is_multiple_of(100) {
            "true"
        } else {
            "false"
        };
        let container = |name: &str| {
            format!(
                "      - name: {name}\n        image: registry.example.com/{name}:{number}\n        ports:\n        - {{containerPort: 8080, name: http}}\n        env:\n        - {{name: LEVEL, value: info}}\n        - {{name: HOST, value: db.example.com}}\n        resources: {{requests: {{cpu: 100m, memory: 128Mi}}, limits: {{memory: 256Mi}}}}\n        securityContext: {{runAsNonRoot: true, readOnlyRootFilesystem: true, allowPrivilegeEscalation: {escalation}}}\n"
            )
        };
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-{number}\n  namespace: team\n  labels: {{app: app-{number}}}\nspec:\n  replicas: {replicas}\n  selector: {{matchLabels: {{app: app-{number}}}}}\n  template:\n    metadata: {{labels: {{app: app-{number}}}}}\n    spec:\n      containers:\n{}{}",
            container("main"),
            container("sidecar"),
        )
    };
    (0..count)
        .map(|number| {
            read(&Arc::from(text(number)), &Limits::default())
                .documents
                .remove(0)
        })
        .collect()
}

fn program(text: &str) -> Program {
    compile(text, &Environment::new(34).variable("object", Type::Dyn)).unwrap()
}

#[divan::bench(args = CASES.iter().map(|(name, _)| *name))]
fn run(bencher: Bencher<'_, '_>, name: &str) {
    let (_, text) = CASES.iter().find(|(known, _)| *known == name).unwrap();
    let (documents, program) = (deployments(10_000), program(text));
    bencher
        .counter(ItemsCount::new(documents.len()))
        .bench_local(|| {
            documents
                .iter()
                .filter(|document| {
                    let mut activation = Activation::new();
                    activation.set("object", Value::node(document.root()));
                    let value = program.eval(&activation, &mut Budget::new()).unwrap();
                    value.as_bool() == Some(true)
                })
                .count()
        });
}

#[divan::bench(args = CASES.iter().map(|(name, _)| *name))]
fn compiles(bencher: Bencher<'_, '_>, name: &str) {
    let (_, text) = CASES.iter().find(|(known, _)| *known == name).unwrap();
    bencher
        .counter(ItemsCount::new(1_usize))
        .bench_local(|| program(text));
}
