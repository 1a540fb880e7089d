//! The shape of the source tree: who may import whom, and that no test file is forgotten.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = walkdir::WalkDir::new(folder)
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    files.sort();
    files
}

/// Tells whether a file holds tests only.
fn is_of_tests(path: &Path) -> bool {
    path.ends_with("tests.rs")
        || path
            .parent()
            .is_some_and(|folder| folder.ends_with("tests"))
}

/// Returns the modules of the library in the order `src/lib.rs` declares them, which is the order of layers.
fn layers() -> Vec<String> {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    text.lines()
        .filter_map(|line| {
            line.strip_prefix("pub mod ")?
                .strip_suffix(';')
                .map(str::to_owned)
        })
        .collect()
}

#[test]
fn a_module_imports_only_from_modules_above_it() {
    let layers = layers();
    assert!(layers.len() > 5, "{layers:?}");
    let mut wrong = Vec::new();
    for file in rust_files(&root().join("src")) {
        let relative = file.strip_prefix(root().join("src")).unwrap();
        let module = relative
            .iter()
            .next()
            .unwrap()
            .to_str()
            .unwrap()
            .trim_end_matches(".rs")
            .to_owned();
        let Some(own) = layers.iter().position(|layer| *layer == module) else {
            continue;
        };
        let text = fs::read_to_string(&file).unwrap();
        // Tests may look further than the code they test.
        let code = text.split("#[cfg(test)]").next().unwrap();
        if is_of_tests(relative) {
            continue;
        }
        for (number, line) in code.lines().enumerate() {
            for used in line
                .split("crate::")
                .skip(1)
                .filter(|_| !line.trim_start().starts_with("//"))
            {
                let used: String = used
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                if layers
                    .iter()
                    .position(|layer| *layer == used)
                    .is_some_and(|other| other > own)
                {
                    wrong.push(format!("{}:{} uses {used}", relative.display(), number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_module_is_in_the_table_of_the_architecture() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    assert!(
        text.lines().count() < 150,
        "ARCHITECTURE.md is meant to be read in one go"
    );
    for layer in layers() {
        assert!(
            text.contains(&format!("`{layer}`")),
            "{layer} is missing in ARCHITECTURE.md"
        );
    }
}

#[test]
fn no_test_file_is_forgotten() {
    let main = fs::read_to_string(root().join("tests/integration/main.rs")).unwrap();
    let declared: BTreeSet<String> = main
        .lines()
        .filter_map(|line| {
            line.strip_prefix("mod ")?
                .strip_suffix(';')
                .map(str::to_owned)
        })
        .collect();
    let files: BTreeSet<String> = rust_files(&root().join("tests/integration"))
        .iter()
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name != "main")
        .collect();
    assert_eq!(declared, files);
}

#[test]
fn files_stay_readable() {
    let long: Vec<String> = rust_files(&root().join("src"))
        .iter()
        .filter(|path| !is_of_tests(path))
        .filter_map(|path| {
            let text = fs::read_to_string(path).unwrap();
            // Tests are as long as their cases.
            let code = text.split("\nmod tests {").next().unwrap();
            let lines = code.lines().count();
            (lines > 600).then(|| format!("{} has {lines} lines", path.display()))
        })
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn every_function_and_filter_is_documented() {
    let source = fs::read_to_string(root().join("src/render/functions.rs")).unwrap();
    let docs = fs::read_to_string(root().join("docs/templates.md")).unwrap();
    let names: BTreeSet<&str> = ["add_filter(\"", "add_function(\""]
        .iter()
        .flat_map(|call| source.split(*call).skip(1))
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(names.len() > 8, "{names:?}");
    for name in names {
        let documented = [format!("`{name}`"), format!("`{name}(")]
            .iter()
            .any(|form| docs.contains(form.as_str()));
        assert!(documented, "{name} is missing in docs/templates.md");
    }
}
