//! The JSON Schemas in `docs/schemas/` say what the program says.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use jsonschema::Validator;
use serde_json::Value;
use tympan::yaml::{Limits, read, to_json};

use crate::project::Project;

fn schema(name: &str) -> Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs/schemas")
        .join(name);
    let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert!(jsonschema::meta::is_valid(&schema), "{name}");
    jsonschema::draft202012::new(&schema).unwrap()
}

/// Returns what does not fit a schema.
pub(crate) fn misfits(name: &str, value: &Value) -> Vec<String> {
    let schema = schema(name);
    let errors = schema.iter_errors(value);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

fn value(text: &str) -> Value {
    let documents = read(&Arc::from(text), &Limits::default()).documents;
    documents
        .first()
        .map_or(Value::Null, |document| to_json(document.root()))
}

#[test]
fn the_schema_of_the_project_file_agrees_with_the_program() {
    let schema = schema("tympan.schema.json");
    let samples = [
        ("", true),
        ("{}", true),
        ("required-version: '>=0.1'", true),
        ("required-version: 1", false),
        ("kubernetes: '1.34'", true),
        ("kubernetes: 1.34", false),
        ("kubernetes: '1.30'", false),
        (
            "environments: {dev: {kubernetes: '1.35', placeholders: forbid, policy-actions: [Audit], pod-security: baseline}}",
            true,
        ),
        ("environments: {dev: {placeholder: forbid}}", false),
        ("environments: {dev: {placeholders: never}}", false),
        ("environments: {dev: {policy-actions: [audit]}}", false),
        ("delivery: branches", true),
        ("delivery: brunches", false),
        ("repository: {url: x, revision: main, cluster: z}", true),
        ("repository: {uri: x}", false),
        ("repository: {url: ''}", false),
        (
            "network: {plugin: cilium, pod-addresses: [10.244.0.0/16], ingress-controllers: [{class: a, namespace: b, pods: {app: c}}]}",
            true,
        ),
        ("network: {ingress-controllers: [{class: a}]}", false),
        ("network: {pod-addresses: [pods]}", false),
        (
            "external: [{kind: Secret, namespace: a, name: 'b-*'}]",
            true,
        ),
        ("external: [{kind: Secret}]", false),
        ("parity: [{kind: Secret, name: b}]", true),
        (
            "rules: {values/unused: off, 'yaml/*': note, yaml/syntax: error}",
            true,
        ),
        ("rules: {values/unused: loud}", false),
        ("limits: {output: 64MiB, fuel: 100}", true),
        ("limits: {output: 1024}", true),
        ("limits: {output: 64MB}", false),
        ("limits: {fuel: 0}", false),
        ("nonsense: 1", false),
        ("- a", false),
    ];
    for (text, fits) in samples {
        assert_eq!(schema.is_valid(&value(text)), fits, "schema: {text}");
        let project = Project::new(&[
            ("tympan.yaml", text),
            (
                "templates/demo/x.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
            ),
        ]);
        let output = project.run(&["check"]);
        assert_eq!(output.code == 0, fits, "program: {text}: {}", output.stderr);
    }
}

#[test]
fn this_project_fits_its_schemas() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (file, name) in [
        ("tympan.yaml", "tympan.schema.json"),
        ("policies/flows.yaml", "flows.schema.json"),
        ("policies/waivers.yaml", "waivers.schema.json"),
    ] {
        let text = fs::read_to_string(root.join(file)).unwrap();
        let errors: Vec<String> = schema(name)
            .iter_errors(&value(&text))
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{file}: {errors:#?}");
    }
}

#[test]
fn the_other_schemas_take_what_is_meant_and_nothing_else() {
    let samples = [
        (
            "flows.schema.json",
            "flows: [{from: a/b, to: internet, ports: [TCP/443], environments: [prod], reason: x}]",
            true,
        ),
        (
            "flows.schema.json",
            "flows: [{from: a/b, to: cidr:10.0.0.0/8, ports: [UDP/53, TCP/1-9], reason: x}]",
            true,
        ),
        (
            "flows.schema.json",
            "flows: [{from: a/b, to: internet, ports: ['443'], reason: x}]",
            false,
        ),
        (
            "flows.schema.json",
            "flows: [{from: a/b, to: internet, ports: [TCP/443]}]",
            false,
        ),
        (
            "waivers.schema.json",
            "waivers: [{rule: a/b, object: ns/Kind/name, field: spec.x, environments: [dev], reason: x, owner: me, expires: 2027-06-30}]",
            true,
        ),
        (
            "waivers.schema.json",
            "waivers: [{rule: a/b, object: Kind/name, reason: x, owner: me, expires: tomorrow}]",
            false,
        ),
        (
            "waivers.schema.json",
            "waivers: [{rule: a/b, object: Kind/name, reason: x, expires: 2027-06-30}]",
            false,
        ),
        (
            "policy-test.schema.json",
            "{policy: p, cases: [{name: x, object: {kind: Pod}, expect: deny, message: m}]}",
            true,
        ),
        (
            "policy-test.schema.json",
            "{policy: p, cases: [{name: x, expect: deny}]}",
            false,
        ),
        (
            "policy-test.schema.json",
            "{policy: p, cases: [{name: x, file: a.yaml, expect: maybe}]}",
            false,
        ),
    ];
    for (name, text, fits) in samples {
        assert_eq!(schema(name).is_valid(&value(text)), fits, "{name}: {text}");
    }
}

#[test]
fn a_report_fits_its_schema() {
    let project = Project::new(&[
        (
            "templates/demo/x.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\ndata: {x: on, x: off}\n---\nkind: x\n",
        ),
        (
            "templates/demo/y.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\n",
        ),
    ]);
    let output = project.run(&["check", "--format", "json"]);
    let report: Value = serde_json::from_str(&output.stdout).unwrap();
    assert!(report["findings"].as_array().unwrap().len() > 3);
    fits_the_report(&report);
}

/// Checks a report by the published schema.
pub(crate) fn fits_the_report(report: &Value) {
    assert_eq!(misfits("report.schema.json", report), [""; 0]);
}

#[test]
fn differences_fit_their_schema() {
    let common = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: demo}\n---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: closed}\nspec: {podSelector: {matchLabels: {app: old}}, policyTypes: [Ingress, Egress]}\n";
    let pod = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {selector: {matchLabels: {app: SELECTED}}, template: {metadata: {labels: {app: SELECTED}}, spec: {containers: [{name: web, image: 'x:VERSION', env: ARGS}]}}}\n";
    let before = "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: old}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: old}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: one, gone: x}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {text: \"a\\nb\\nc\\nd\\ne\\nf\\ng\\n\", gone: x, other: x}\n";
    let after = "---\napiVersion: v1\nkind: Service\nmetadata: {name: new}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: two}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {text: \"a\\nB\\nc\\nd\\ne\\nf\\ng\\n\", other: y}\n";
    let fill = |text: String, selected: &str, version: &str, args: &str| {
        text.replace("SELECTED", selected)
            .replace("VERSION", version)
            .replace("ARGS", args)
    };
    let old = fill(
        format!("{common}{pod}{before}"),
        "old",
        "1",
        "[{name: a}, {name: b}]",
    );
    let new = fill(
        format!("{common}{pod}{after}"),
        "new",
        "2",
        "[{name: b}, {name: a}]",
    );
    let project = Project::new(&[
        ("templates/demo/x.yaml", &new),
        ("values/dev.yaml", ""),
        ("before/x.yaml", &old),
        ("after/x.yaml", &new.replace("image: 'x:2'", "image: 'x:3'")),
    ]);
    let mut told = String::new();
    for sides in [
        ["--from=before", "--to=after"],
        ["--from=after", "--to=before"],
        ["--from=before", "--to=work"],
    ] {
        let output = project.run(&["diff", sides[0], sides[1], "--format=json"]);
        assert_eq!(output.code, 1, "{}{}", output.stdout, output.stderr);
        let page: Value = serde_json::from_str(&output.stdout).unwrap();
        let misfits = misfits("diff.schema.json", &page);
        assert_eq!(misfits, [""; 0], "{}", output.stdout);
        told.push_str(&output.stdout);
    }
    // What the schema tells apart was there.
    for word in [
        "\"lost\"",
        "\"refused\"",
        "\"removed\"",
        "\"image\"",
        "\"added\"",
        "\"moved\"",
        "\"lines\"",
        "\"hidden\": true",
        "\"ports\"",
    ] {
        assert!(told.contains(word), "{word}: {told}");
    }
}

#[test]
fn the_schema_of_differences_takes_nothing_else() {
    let page = |change: &str| {
        format!(
            "{{version: 1, from: a, to: b, comparisons: [{{added: 0, changed: 0, removed: 0, impacts: [], opened: [], closed: [], objects: [{{resource: {{apiVersion: v1, kind: X, name: a}}, {change}}}]}}]}}"
        )
    };
    for (change, fits) in [
        ("change: added", true),
        ("change: changed", false),
        ("change: new", false),
        (
            "change: changed, fields: [{path: x, change: moved, hidden: false}]",
            true,
        ),
        ("change: changed, fields: [{path: x, change: moved}]", false),
    ] {
        let misfits = misfits("diff.schema.json", &value(&page(change)));
        assert_eq!(misfits.is_empty(), fits, "{change}");
    }
}
