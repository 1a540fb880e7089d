//! `tympan init`.

#![expect(
    clippy::disallowed_methods,
    reason = "this command writes the files of a new project"
)]

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{WriteError, shown};
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

/// What keeps git from changing line ends, which `file()` would tell apart. A repository may have its own.
const ATTRIBUTES: (&str, &str) = (".gitattributes", include_str!("init/gitattributes"));

pub(super) fn run(directory: &Path, out: &mut impl Write) -> Result<ExitStatus, Failure> {
    let mut in_the_way = Vec::new();
    for (path, _) in FILES {
        let path = directory.join(path);
        if let Some(found) = obstacle(&path)? {
            let below = found.strip_prefix(directory).ok();
            let below = below.filter(|below| !below.as_os_str().is_empty());
            in_the_way.push(format!("`{}`", shown(below.unwrap_or(found))));
        }
    }
    in_the_way.dedup();
    if !in_the_way.is_empty() {
        return Err(Failure::new(format!(
            "nothing was written: there is already {}",
            in_the_way.join(", ")
        ))
        .hint("`tympan init` makes a new project; choose an empty folder"));
    }
    let mut files = FILES.to_vec();
    let own = fs::symlink_metadata(directory.join(ATTRIBUTES.0)).is_ok();
    if !own {
        files.push(ATTRIBUTES);
    }
    write_all(directory, &files)?;
    for (path, _) in &files {
        writeln!(out, "{path}")?;
    }
    if own {
        writeln!(
            out,
            "\n`.gitattributes` was there and is left as it is: let it say `* text=auto eol=lf`, so that every machine renders the same bytes."
        )?;
    }
    writeln!(
        out,
        "\nNext: `tympan render` writes rendered/, `tympan check` checks, `tympan values -e dev` shows the values."
    )?;
    Ok(ExitStatus::Clean)
}

/// Finds what stands where a file is to be, or where a folder above it must be: it, or what is no folder.
fn obstacle(path: &Path) -> Result<Option<&Path>, WriteError> {
    for place in path
        .ancestors()
        .filter(|place| !place.as_os_str().is_empty())
    {
        match fs::symlink_metadata(place) {
            Ok(_) if place != path && place.is_dir() => return Ok(None),
            Ok(_) => return Ok(Some(place)),
            // Something above is missing, or is a file.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) => {}
            Err(error) => return Err(WriteError::new(place, error)),
        }
    }
    Ok(None)
}

/// Writes all files, or none: what was written before a failure is removed again.
fn write_all(directory: &Path, files: &[(&str, &str)]) -> Result<(), WriteError> {
    let mut made = Vec::new();
    for (path, text) in files {
        let path = directory.join(path);
        if let Err(source) = write_new(&path, text, &mut made) {
            for path in made.iter().rev() {
                // What cannot be removed either is left: the first failure is the one to tell.
                let removed = fs::remove_file(path).or_else(|_folder| fs::remove_dir(path));
                drop(removed);
            }
            return Err(WriteError::new(&path, source));
        }
    }
    Ok(())
}

/// Writes a file with the folders above it, and notes what was not there before.
fn write_new(path: &Path, text: &str, made: &mut Vec<PathBuf>) -> io::Result<()> {
    let missing = path.ancestors().skip(1).take_while(|folder| {
        !folder.as_os_str().is_empty() && fs::symlink_metadata(folder).is_err()
    });
    let missing: Vec<&Path> = missing.collect();
    for folder in missing.into_iter().rev() {
        fs::create_dir(folder)?;
        made.push(folder.to_path_buf());
    }
    let mut file = File::options().write(true).create_new(true).open(path)?;
    made.push(path.to_path_buf());
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn what_was_written_before_a_failure_is_removed_again() {
        let folder = TempDir::new().unwrap();
        let before = folder.path().join("mine");
        fs::create_dir(&before).unwrap();
        let files = [("mine/a", "x"), ("new/b", "x"), ("new/b/c", "x")];
        let error = write_all(folder.path(), &files).unwrap_err();
        assert!(error.path.ends_with("new/b/c"), "{error}");
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1);
        assert_eq!(fs::read_dir(before).unwrap().count(), 0);
    }
}
