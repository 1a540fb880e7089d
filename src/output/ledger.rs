//! The ledger: which files Tympan wrote.

use std::collections::BTreeMap;

/// The ledger's name in an environment's folder. It ends neither in `.yaml` nor in `.json`: Argo CD would read it.
pub(super) const LEDGER: &str = ".tympan.ledger";

/// The files of an environment, with the template folder that made each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ledger {
    pub(super) files: BTreeMap<String, String>,
}

/// A line of a ledger that cannot be one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadLine {
    pub(super) line: usize,
    pub(super) message: &'static str,
}

impl Ledger {
    /// Reads a ledger. Order and repeats do not matter, so that git may merge two by taking the lines of both.
    pub(super) fn parse(text: &str) -> Result<Self, BadLine> {
        let mut files = BTreeMap::new();
        for (index, line) in text.lines().enumerate() {
            let bad = |message| BadLine {
                line: index + 1,
                message,
            };
            if line.is_empty() {
                continue;
            }
            if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"]
                .iter()
                .any(|mark| line.starts_with(mark))
            {
                return Err(bad(
                    "this is a mark of a merge conflict: keep the lines of both sides",
                ));
            }
            let (path, folder) = line.split_once('\t').unwrap_or((line, ""));
            if !is_relative(path) {
                return Err(bad("this path leads out of the environment's folder"));
            }
            let own = path.split_once('/').map_or("", |(folder, _)| folder);
            files.insert(
                path.to_owned(),
                if folder.is_empty() { own } else { folder }.to_owned(),
            );
        }
        Ok(Self { files })
    }

    /// Returns the ledger's text.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for (path, folder) in &self.files {
            text.push_str(path);
            // The folder is told where the path does not say it.
            if path.split_once('/').map_or("", |(own, _)| own) != folder {
                text.push('\t');
                text.push_str(folder);
            }
            text.push('\n');
        }
        text
    }
}

fn is_relative(path: &str) -> bool {
    !path.is_empty()
        && !path.contains(['\\', '\0'])
        && path
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_is_read_as_it_is_written() {
        let text = "_cluster/namespace-a.yaml\ta\na/service-x.yaml\n";
        let ledger = Ledger::parse(text).unwrap();
        assert_eq!(ledger.files["_cluster/namespace-a.yaml"], "a");
        assert_eq!(ledger.text(), text);
        assert_eq!(
            Ledger::parse("b/y.yaml\na/x.yaml\nb/y.yaml\n\n")
                .unwrap()
                .text(),
            "a/x.yaml\nb/y.yaml\n"
        );
    }

    #[test]
    fn conflicts_and_foreign_paths_are_refused_with_their_line() {
        assert_eq!(
            Ledger::parse("a/x.yaml\n<<<<<<< HEAD\n").unwrap_err().line,
            2
        );
        for path in ["../x", "/etc/passwd", "a//b", "a/../../b", "a\\b"] {
            assert_eq!(Ledger::parse(path).unwrap_err().line, 1, "{path}");
        }
    }
}
