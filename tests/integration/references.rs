//! References between the objects of a project, from the template's line to what it names.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{Output, run};

const SETTINGS: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: backend}
data: {level: info}
";

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: backend}
spec:
  containers:
  - name: backend
    image: example.org/backend:1.0
    envFrom:
    - configMapRef: {name: {{ values.settings }}}
";

fn check(files: &[(&str, &str)]) -> Output {
    let folder = TempDir::new().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    run(&[
        "-C",
        folder.path().to_str().unwrap(),
        "check",
        "--format",
        "json",
    ])
}

fn findings(output: &Output) -> Vec<Value> {
    let report: Value = serde_json::from_str(&output.stdout).unwrap();
    let all = report["findings"].as_array().unwrap().iter();
    let own = all.filter(|one| one["rule"].as_str().unwrap().starts_with("reference/"));
    own.cloned().collect()
}

#[test]
fn what_is_missing_leads_to_the_value_and_to_what_may_be_meant() {
    let output = check(&[
        ("tympan.yaml", "{}\n"),
        ("values/dev.yaml", "settings: backnd\n"),
        ("templates/shop/pod.yaml", POD),
        ("templates/shop/settings.yaml", SETTINGS),
    ]);
    assert_eq!(output.code, 1, "{}", output.stdout);
    let [finding] = findings(&output).try_into().unwrap();
    assert_eq!(finding["rule"], "reference/missing");
    assert_eq!(
        finding["message"],
        "the ConfigMap `backnd` is not among the objects of namespace `shop`; did you mean `backend`?"
    );
    assert_eq!(
        finding["field"],
        "spec.containers[0].envFrom[0].configMapRef.name"
    );
    let related = finding["related"].as_array().unwrap();
    let place = |one: &Value| {
        let location = one.get("location").unwrap_or(one);
        format!(
            "{}:{}",
            location["file"].as_str().unwrap(),
            location["line"]
        )
    };
    let places: Vec<String> = related.iter().map(place).collect();
    for expected in ["values/dev.yaml:1", "templates/shop/settings.yaml:3"] {
        assert!(places.iter().any(|place| place == expected), "{places:?}");
    }
}

#[test]
fn what_could_not_be_rendered_is_not_missing() {
    let output = check(&[
        ("tympan.yaml", "{}\n"),
        ("values/dev.yaml", "settings: backend\n"),
        ("templates/shop/pod.yaml", POD),
        ("templates/shop/settings.yaml", "{{ values.gone }}\n"),
    ]);
    assert_eq!(output.code, 1, "{}", output.stdout);
    assert_eq!(findings(&output), [Value::Null; 0]);
}
