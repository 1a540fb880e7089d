//! The `git` program, asked by process. No policy here.

#![expect(clippy::disallowed_methods, reason = "this module runs git")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

/// Returns the files below a folder that git knows, as paths from `root`; nothing where there is no git or no
/// repository.
pub fn tracked_files(root: &Path, folder: &str) -> Option<BTreeSet<String>> {
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["ls-files", "-z", "--", folder])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("LC_ALL", "C")
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let names = output
        .stdout
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty());
    Some(
        names
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect(),
    )
}
