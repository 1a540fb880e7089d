//! Projects made by tests.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{Output, run};

/// A project in a folder of its own.
pub(crate) struct Project {
    folder: TempDir,
}

impl Project {
    /// Makes a project of these files, with an empty `tympan.yaml` and environment `dev` where none are given.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let project = Self {
            folder: TempDir::new().unwrap(),
        };
        for (path, text) in [("tympan.yaml", "{}\n"), ("values/dev.yaml", "{}\n")] {
            project.write(path, text.as_bytes());
        }
        for (path, text) in files {
            project.write(path, text.as_bytes());
        }
        project
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let mut all = vec!["-C", self.folder.path().to_str().unwrap()];
        all.extend(arguments);
        run(&all)
    }

    /// Returns the findings of `check`.
    pub(crate) fn findings(&self) -> Vec<Value> {
        let output = self.run(&["check", "--format", "json"]);
        let report: Value = serde_json::from_str(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", output.stderr));
        report["findings"].as_array().unwrap().clone()
    }

    /// Returns every file below `rendered/` with its bytes.
    pub(crate) fn rendered(&self) -> Vec<(String, Vec<u8>)> {
        tree(&self.path("rendered"))
    }
}

/// Returns every file below a folder with its bytes, sorted.
pub(crate) fn tree(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = walkdir::WalkDir::new(folder)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let path = entry
                .path()
                .strip_prefix(folder)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            (path, fs::read(entry.path()).unwrap())
        })
        .collect();
    files.sort();
    files
}
