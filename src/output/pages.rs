//! Pages in a folder that holds others' files, too, such as `docs/`.
//!
//! There is no ledger: a file that may be removed again carries a mark at its end. One without it is never removed.

#![expect(
    clippy::disallowed_methods,
    reason = "this module writes pages to a folder that the user names"
)]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::apply::{is_temporary, lock, write_file};
use super::plan::io_error;
use super::{Change, ChangeKind, OutputError};

/// Pages as they should be.
#[derive(Debug)]
pub struct Pages<'p> {
    /// The folder.
    pub folder: &'p Path,
    /// Texts by the names of their files.
    pub files: BTreeMap<String, String>,
    /// How the names of files begin that are removed when they are wanted no longer.
    pub prefix: &'p str,
    /// How they end.
    pub suffix: &'p str,
    /// What stands at the end of those that Tympan wrote.
    pub mark: &'p str,
}

impl Pages<'_> {
    /// Tells what differs, by name.
    pub fn changes(&self) -> Result<Vec<Change>, OutputError> {
        let mut changes = Vec::new();
        for (name, text) in &self.files {
            let path = self.folder.join(name);
            let kind = match fs::read(&path) {
                Ok(found) if found == text.as_bytes() => continue,
                Ok(_) => ChangeKind::Different,
                Err(error) if error.kind() == ErrorKind::NotFound => ChangeKind::Missing,
                Err(source) => return Err(io_error("read", &path, source)),
            };
            changes.push(change(kind, name, Some(text)));
        }
        for name in self.names()? {
            let is_one = name.starts_with(self.prefix) && name.ends_with(self.suffix);
            if is_one && !self.files.contains_key(&name) && self.is_ours(&name)? {
                changes.push(change(ChangeKind::Stale, &name, None));
            }
        }
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(changes)
    }

    /// Writes and removes what differs: each file by a rename, what is stale at last.
    pub fn apply(&self, changes: &[Change]) -> Result<(), OutputError> {
        let folder = self.folder;
        fs::create_dir_all(folder).map_err(|source| io_error("create", folder, source))?;
        let _lock = lock(folder)?;
        let remove = |name: &str| {
            let path = folder.join(name);
            fs::remove_file(&path).map_err(|source| io_error("remove", &path, source))
        };
        // What a killed run left.
        let names = self.names()?;
        let mut left = names.iter().filter(|name| is_temporary(name));
        left.try_for_each(|name| remove(name))?;
        for change in changes {
            if let Some(text) = &change.after {
                write_file(&folder.join(&change.path), text, &|| Ok(()))?;
            }
        }
        let mut stale = changes.iter().filter(|one| one.kind == ChangeKind::Stale);
        stale.try_for_each(|change| remove(&change.path))
    }

    /// Returns the names of the folder's files, without links and what is not UTF-8: neither is of Tympan.
    fn names(&self) -> Result<Vec<String>, OutputError> {
        let failed = |source| io_error("read", self.folder, source);
        let entries = match fs::read_dir(self.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().into_string().ok();
            let is_file = entry.file_type().map_err(failed)?.is_file();
            names.extend(name.filter(|_| is_file));
        }
        names.sort();
        Ok(names)
    }

    /// Tells whether a file ends with the mark.
    fn is_ours(&self, name: &str) -> Result<bool, OutputError> {
        let path = self.folder.join(name);
        let length = self.mark.len();
        let end = || -> io::Result<Vec<u8>> {
            let mut file = File::open(&path)?;
            let all = file.metadata()?.len();
            let begin = all.saturating_sub(u64::try_from(length).unwrap_or(u64::MAX));
            file.seek(SeekFrom::Start(begin))?;
            let mut end = Vec::new();
            file.take(u64::try_from(length).unwrap_or(u64::MAX))
                .read_to_end(&mut end)?;
            Ok(end)
        };
        let end = end().map_err(|source| io_error("read", &path, source))?;
        Ok(end == self.mark.as_bytes())
    }
}

fn change(kind: ChangeKind, name: &str, after: Option<&String>) -> Change {
    Change {
        kind,
        path: name.to_owned(),
        before: None,
        after: after.cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: &str = "<!-- ours -->\n";

    fn pages<'p>(folder: &'p Path, files: &[(&str, &str)]) -> Pages<'p> {
        let file = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        Pages {
            folder,
            files: files.iter().map(file).collect(),
            prefix: "net-",
            suffix: ".svg",
            mark: MARK,
        }
    }

    fn told(changes: &[Change]) -> Vec<String> {
        let changes = changes.iter();
        changes
            .map(|change| format!("{:?} {}", change.kind, change.path))
            .collect()
    }

    #[test]
    fn what_is_wanted_no_longer_goes_and_what_is_of_others_stays() {
        let folder = tempfile::TempDir::new().unwrap();
        let folder = folder.path().join("docs");
        let (own, others) = (format!("a{MARK}"), "a drawing of somebody");
        let before = [
            ("net-a.svg", own.as_str()),
            ("net-b.svg", &own),
            ("net.md", "1"),
        ];
        let first = pages(&folder, &before);
        let changes = first.changes().unwrap();
        let expected = ["Missing net-a.svg", "Missing net-b.svg", "Missing net.md"];
        assert_eq!(told(&changes), expected);
        first.apply(&changes).unwrap();
        assert_eq!(told(&first.changes().unwrap()), [""; 0]);

        for (name, text) in [
            ("net-c.svg", others),
            ("net-short.svg", ">\n"),
            ("net-empty.svg", ""),
            ("net-inside.svg", &format!("{MARK} and more")),
            ("other.svg", &own),
            (".tympan-1-0.tmp", "half"),
            (".tympan", "of somebody"),
        ] {
            fs::write(folder.join(name), text).unwrap();
        }
        fs::create_dir(folder.join("net-folder.svg")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.join("net-b.svg"), folder.join("net-link.svg")).unwrap();
        let second = pages(&folder, &[("net-a.svg", &own), ("net.md", "2")]);
        let changes = second.changes().unwrap();
        assert_eq!(told(&changes), ["Stale net-b.svg", "Different net.md"]);
        second.apply(&changes).unwrap();
        assert_eq!(fs::read_to_string(folder.join("net.md")).unwrap(), "2");
        let there = |name: &str| fs::symlink_metadata(folder.join(name)).is_ok();
        assert!(!there("net-b.svg") && !there(".tympan-1-0.tmp"));
        for name in [
            "net-a.svg",
            "net-c.svg",
            "net-short.svg",
            "net-empty.svg",
            "net-inside.svg",
            "other.svg",
            ".tympan",
            "net-folder.svg",
        ] {
            assert!(there(name), "{name}");
        }
    }

    #[test]
    fn what_stands_in_the_way_is_told() {
        let folder = tempfile::TempDir::new().unwrap();
        fs::create_dir(folder.path().join("net.md")).unwrap();
        let error = pages(folder.path(), &[("net.md", "1")])
            .changes()
            .unwrap_err();
        assert!(error.to_string().starts_with("cannot read `"), "{error}");
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(pages(&file, &[("net.md", "1")]).changes().is_err());
    }
}
