//! Definitions of custom resources as their projects publish them: imported, and resources checked by them.
//!
//! The definitions are data of their own, in the folder `crds` beside the one that `TYMPAN_ORACLES` names. Without it
//! the tests are left out. The resources are in `tests/fixtures/custom/<plural>.<group>/`: `good.yaml` gives nothing,
//! each `bad-*.yaml` what its first two lines say and nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program::run;
use crate::project::Project;

/// Returns the files of the definitions by their names, such as `issuers.cert-manager.io`.
fn definitions() -> BTreeMap<String, PathBuf> {
    let folder = std::env::var_os("TYMPAN_ORACLES").map(|path| PathBuf::from(path).join("../crds"));
    let Some(folder) = folder.filter(|folder| folder.is_dir()) else {
        println!("no `crds` beside TYMPAN_ORACLES: the definitions of other projects are left out");
        return BTreeMap::new();
    };
    let paths = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let definitions: BTreeMap<String, PathBuf> = paths
        .filter_map(|path| {
            let (group, plural) = path.file_name()?.to_str()?.split_once('_')?;
            let name = format!("{}.{group}", plural.strip_suffix(".yaml")?);
            Some((name, path))
        })
        .collect();
    assert!(!definitions.is_empty());
    definitions
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/custom")
}

/// What is to be found, or was: rules with their fields, by the names of files.
type Found = BTreeMap<String, Vec<(String, String)>>;

/// Reads what the fixtures of a kind say of themselves.
fn expected(folder: &Path) -> Found {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let files = entries.map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let mut lines = text.lines();
        let mut line = |start| lines.next().unwrap().strip_prefix(start).map(str::to_owned);
        let faults = if name == "good.yaml" {
            Vec::new()
        } else {
            assert!(name.starts_with("bad-"), "{name}");
            let rule = line("# rule: ").unwrap_or_else(|| panic!("{name} names no rule"));
            let field = line("# field: ").unwrap_or_else(|| panic!("{name} names no field"));
            vec![(rule, field)]
        };
        (name, faults)
    });
    let found: Found = files.collect();
    assert!(
        found.contains_key("good.yaml") && found.len() >= 4,
        "{}",
        folder.display()
    );
    found
}

/// Checks the fixtures of a kind by a definition.
fn found(folder: &Path, definition: &Path) -> Found {
    let mut found: Found = expected(folder)
        .into_keys()
        .map(|name| (name, Vec::new()))
        .collect();
    let (folder, definition) = (folder.to_str().unwrap(), definition.to_str().unwrap());
    let output = run(&["check", folder, "--schemas", definition, "--format", "json"]);
    let report: Value = serde_json::from_str(&output.stdout)
        .unwrap_or_else(|error| panic!("{folder}: {error}: {}", output.stderr));
    assert_eq!(report["summary"]["documents"], found.len(), "{folder}");
    for finding in report["findings"].as_array().unwrap() {
        let rule = finding["rule"].as_str().unwrap();
        // The files are versions of one resource: what they do to each other is no matter of the definition.
        if rule == "network/approximated" {
            continue;
        }
        let file = finding["location"]["file"].as_str().unwrap();
        let name = Path::new(file).file_name().unwrap().to_str().unwrap();
        found.get_mut(name).unwrap().push((
            rule.to_owned(),
            finding["field"].as_str().unwrap_or_default().to_owned(),
        ));
    }
    found
}

#[test]
fn published_definitions_are_imported_and_resources_are_told_apart_by_them() {
    let mut wrong = Vec::new();
    for (name, definition) in definitions() {
        let (plural, group) = name.split_once('.').unwrap();
        let original = definition.to_str().unwrap();
        let output = run(&["check", original]);
        if output.code != 0 {
            wrong.push(format!("{name} as published: {}", output.stdout));
        }

        let project = Project::new(&[]);
        let output = project.run(&["schema", "import", original]);
        let file = format!("schemas/{group}/{plural}.yaml");
        if (output.code, output.stdout.trim()) != (0, &file) {
            wrong.push(format!("{name}: {} {}", output.stdout, output.stderr));
            continue;
        }
        let output = project.run(&["check", &file]);
        if output.code != 0 || !output.stdout.contains("nothing found") {
            wrong.push(format!("{name} as imported: {}", output.stdout));
        }
        let fixtures = fixtures().join(&name);
        let good = fs::read_to_string(fixtures.join("good.yaml")).unwrap();
        let of = |start: &str| {
            let line = good.lines().find_map(|line| line.strip_prefix(start));
            line.unwrap().to_owned()
        };
        let kind = format!("{} {} ", of("apiVersion: "), of("kind: "));
        let listed = project.run(&["schema", "list"]).stdout;
        if !listed
            .lines()
            .any(|line| line.starts_with(&kind) && line.ends_with("schemas/"))
        {
            wrong.push(format!("{kind}is not listed"));
        }

        let expected = expected(&fixtures);
        for definition in [definition, project.path(&file)] {
            for (file, found) in found(&fixtures, &definition) {
                if found != expected[&file] {
                    let by = definition.display();
                    wrong.push(format!("{name}/{file} by {by}: {found:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_resource_is_of_a_definition_that_does_not_exist() {
    let definitions = definitions();
    if definitions.is_empty() {
        return;
    }
    for entry in fs::read_dir(fixtures()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(definitions.contains_key(&name), "{name}");
    }
}
