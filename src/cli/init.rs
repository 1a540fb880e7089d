//! `tympan init`.

#![expect(
    clippy::disallowed_methods,
    reason = "this command writes the files of a new project"
)]

use std::fs;
use std::io::Write;
use std::path::Path;

use crate::error::Failure;
use crate::exit::ExitStatus;

/// The files of a new project.
const FILES: &[(&str, &str)] = &[
    ("tympan.yaml", include_str!("init/tympan.yaml")),
    (
        "templates/_shared/labels.yaml",
        include_str!("init/labels.yaml"),
    ),
    (
        "templates/demo/namespace.yaml",
        include_str!("init/namespace.yaml"),
    ),
    ("templates/demo/web.yaml", include_str!("init/web.yaml")),
    ("templates/demo/web.conf", include_str!("init/web.conf")),
    (
        "templates/demo/network.yaml",
        include_str!("init/network.yaml"),
    ),
    ("values/common.yaml", include_str!("init/common.yaml")),
    ("values/dev.yaml", include_str!("init/dev.yaml")),
    ("values/prod.yaml", include_str!("init/prod.yaml")),
];

pub(super) fn run(directory: &Path, out: &mut impl Write) -> Result<ExitStatus, Failure> {
    let in_the_way: Vec<&str> = FILES
        .iter()
        .map(|(path, _)| *path)
        .filter(|path| fs::symlink_metadata(directory.join(path)).is_ok())
        .collect();
    if !in_the_way.is_empty() {
        return Err(Failure::new(format!(
            "nothing was written: there is already `{}`",
            in_the_way.join("`, `")
        ))
        .hint("`tympan init` makes a new project; choose an empty folder"));
    }
    for (path, text) in FILES {
        let path = directory.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text)?;
    }
    for (path, _) in FILES {
        writeln!(out, "{path}")?;
    }
    writeln!(
        out,
        "\nNext: `tympan render` writes rendered/, `tympan check` checks, `tympan values -e dev` shows the values."
    )?;
    Ok(ExitStatus::Clean)
}
