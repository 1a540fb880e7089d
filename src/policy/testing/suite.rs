//! The tests as they are written.

use std::sync::Arc;

use super::Expect;
use super::change::set;
use crate::policy::admission::User;
use crate::project::{ConfigProblem, Reader, required};
use crate::source::{FileId, Location, SourceMap};
use crate::yaml::{Builder, Document, Limits, Node, read, to_json};

/// The tests of one policy.
#[derive(Debug)]
pub struct Suite {
    /// The policy's name.
    pub policy: String,
    /// One request each, and what the policy says of it.
    pub cases: Vec<Case>,
}

/// A request, and what a policy says of it.
#[derive(Debug)]
pub struct Case {
    /// What is tested.
    pub name: String,
    /// Where it is written.
    pub place: Location,
    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
    pub operation: &'static str,
    /// The object.
    pub object: Option<Document>,
    /// The object before.
    pub old: Option<Document>,
    /// What `params` is.
    pub params: Option<Document>,
    /// The object's namespace.
    pub namespace: Option<Document>,
    /// Who asks.
    pub user: Option<User>,
    /// What the policy says.
    pub expect: Expect,
    /// A text that the message of a denial holds.
    pub message: Option<String>,
}

const KEYS: &[&str] = &[
    "name",
    "operation",
    "object",
    "file",
    "change",
    "oldObject",
    "params",
    "namespaceObject",
    "user",
    "expect",
    "message",
];

const OPERATIONS: &[(&str, &str)] = &[
    ("CREATE", "CREATE"),
    ("UPDATE", "UPDATE"),
    ("DELETE", "DELETE"),
    ("CONNECT", "CONNECT"),
];

/// Reads tests; `folder` is where the files stand that they name.
pub fn read_suites(
    sources: &SourceMap,
    files: impl Iterator<Item = FileId>,
    folder: &str,
) -> Result<Vec<Suite>, Vec<ConfigProblem>> {
    let mut suites = Vec::new();
    let mut problems = Vec::new();
    for file in files {
        let stream = read(sources.file(file).text(), &Limits::default());
        let mut reading = Reading {
            reader: Reader::of(file, &stream),
            sources,
            folder,
        };
        // Files that tests name stand beside them.
        let tests = stream
            .documents
            .iter()
            .filter(|document| document.root().get("apiVersion").is_none());
        for document in tests {
            suites.extend(reading.suite(document.root()));
        }
        problems.extend(reading.reader.problems);
    }
    if problems.is_empty() {
        Ok(suites)
    } else {
        Err(problems)
    }
}

struct Reading<'r> {
    reader: Reader,
    sources: &'r SourceMap,
    folder: &'r str,
}

impl Reading<'_> {
    fn suite(&mut self, root: Node<'_>) -> Option<Suite> {
        self.reader.known(root, &["policy", "params", "cases"]);
        required(&mut self.reader, root, &["policy", "cases"]);
        let policy = self.reader.string(root.get("policy")?)?;
        let cases = self.reader.list(root.get("cases")?);
        let params = root.get("params");
        let cases = cases
            .into_iter()
            .filter_map(|case| self.case(case, params))
            .collect();
        Some(Suite { policy, cases })
    }

    fn case(&mut self, node: Node<'_>, params: Option<Node<'_>>) -> Option<Case> {
        let entries = self.reader.known(node, KEYS);
        required(&mut self.reader, node, &["name", "expect"]);
        let get = |key: &str| {
            let found = entries.iter().find(|(name, _)| *name == key);
            found.map(|(_, value)| *value)
        };
        let name = self.reader.string(get("name")?)?;
        let expect = self.reader.one_of(get("expect")?, Expect::WORDS)?;
        let message = get("message").and_then(|node| self.reader.string(node));
        let user = get("user").map(|node| self.user(node));
        let base = match (get("object"), get("file")) {
            (Some(object), None) => Some(copy(object)),
            (None, Some(file)) => Some(self.file(file)?),
            (None, None) => None,
            (Some(_), Some(file)) => {
                let message = "`object` and `file` exclude each other";
                self.reader.problem(file, message, None);
                None
            }
        };
        let object = match (base, get("change")) {
            (Some(base), Some(change)) => Some(self.changed(&base, change)?),
            (base, _) => base,
        };
        let old = get("oldObject").map(copy);
        let operation = match (get("operation"), &object, &old) {
            (Some(node), _, _) => self.reader.one_of(node, OPERATIONS)?,
            (None, Some(_), Some(_)) => "UPDATE",
            (None, None, Some(_)) => "DELETE",
            (None, _, None) => "CREATE",
        };
        let params = match get("params") {
            Some(own) => Some(copy(own)).filter(|_| !own.is_null()),
            None => params.map(copy),
        };
        Some(Case {
            name,
            place: Location::new(self.reader.file, get("name")?.span()),
            operation,
            object,
            old,
            params,
            namespace: get("namespaceObject").map(copy),
            user,
            expect,
            message,
        })
    }

    fn user(&mut self, node: Node<'_>) -> User {
        let mut user = User::default();
        for (key, value) in self.reader.known(node, &["username", "groups"]) {
            if key == "username" {
                user.name = self.reader.string(value).unwrap_or_default();
            } else {
                let groups = self.reader.list(value);
                let groups = groups.into_iter().filter_map(|one| self.reader.string(one));
                user.groups = groups.collect();
            }
        }
        user
    }

    /// Reads the object of another file below the tests' folder.
    fn file(&mut self, node: Node<'_>) -> Option<Document> {
        let name = self.reader.string(node)?;
        let path = format!("{}/{name}", self.folder);
        let Some(file) = self.sources.find(&path) else {
            let message = format!("there is no file `{path}`");
            self.reader.problem(node, message, None);
            return None;
        };
        let stream = read(self.sources.file(file).text(), &Limits::default());
        let document = stream.documents.into_iter().next();
        if document.is_none() {
            let message = format!("there is no object in `{path}`");
            self.reader.problem(node, message, None);
        }
        document
    }

    fn changed(&mut self, base: &Document, change: Node<'_>) -> Option<Document> {
        let mut object = to_json(base.root());
        for (key, value) in self.reader.map(change) {
            let path = key.as_str().unwrap_or_default();
            if let Err(message) = set(&mut object, path, to_json(value)) {
                self.reader.problem(key, message, None);
                return None;
            }
        }
        let text = Arc::from(object.to_string());
        read(&text, &Limits::default()).documents.into_iter().next()
    }
}

fn copy(node: Node<'_>) -> Document {
    let mut builder = Builder::new(node.document().text().clone());
    builder.copy(node, None);
    builder.finish()
}
