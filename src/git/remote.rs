//! Other repositories: what their branches are at, and pushing to them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use super::GitError;
use super::process::{answer, output, plumbing, reason};
use super::refs::BRANCHES;

/// Another repository.
#[derive(Clone, Copy, Debug)]
pub struct Remote<'a> {
    /// The project's folder.
    pub root: &'a Path,
    /// The remote's name or URL.
    pub name: &'a str,
}

/// Returns the URL of `origin`.
pub fn remote_url(root: &Path) -> Option<String> {
    let url = answer(plumbing(root).args(["config", "--get", "remote.origin.url"])).ok()?;
    let url = String::from_utf8_lossy(&url).trim_end().to_owned();
    (!url.is_empty()).then_some(url)
}

/// How a branch was pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It is there.
    Done,
    /// It is at another commit than it was expected to be at, or somebody is moving it.
    Moved,
    /// The remote does not want it.
    Refused(String),
}

/// What remotes say when somebody else was first.
const MOVED: &[&str] = &[
    "stale info",
    "fetch first",
    "non-fast-forward",
    "cannot lock ref",
    "incorrect old value",
    "failed to update ref",
    "reference already exists",
];

impl Remote<'_> {
    /// Returns what references are at, of those that there are.
    pub fn references(&self, names: &[String]) -> Result<BTreeMap<String, String>, GitError> {
        let mut command = plumbing(self.root);
        command.args(["ls-remote", "--refs", "--quiet", "--", self.name]);
        let listed = answer(command.args(names))?;
        let listed = String::from_utf8_lossy(&listed);
        let lines = listed.lines().filter_map(|line| line.split_once('\t'));
        // Git compares the ends of names.
        let exact = lines.filter(|(_, name)| names.iter().any(|asked| asked == name));
        Ok(exact
            .map(|(id, name)| (name.to_owned(), id.to_owned()))
            .collect())
    }

    /// Returns a branch that another cannot stand beside: `env` where there is to be an `env/prod`, and the other way
    /// round.
    pub fn in_the_way(&self, branch: &str) -> Result<Option<String>, GitError> {
        let mut command = plumbing(self.root);
        command.args(["ls-remote", "--refs", "--quiet", "--", self.name]);
        command.arg(format!("{BRANCHES}{branch}/*"));
        let folders = branch
            .match_indices('/')
            .filter_map(|(at, _)| branch.get(..at));
        command.args(folders.map(|folder| format!("{BRANCHES}{folder}")));
        let listed = answer(&mut command)?;
        let listed = String::from_utf8_lossy(&listed);
        let names = listed.lines().filter_map(|line| {
            let (_, name) = line.split_once('\t')?;
            name.strip_prefix(BRANCHES)
        });
        let below = |one: &str, other: &str| {
            let rest = one.strip_prefix(other);
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        let mut others = names.filter(|name| below(name, branch) || below(branch, name));
        Ok(others.next().map(str::to_owned))
    }

    /// Gets the objects of references, and moves own ones where the specification says so.
    pub fn fetch(&self, specifications: &[String]) -> Result<(), GitError> {
        if specifications.is_empty() {
            return Ok(());
        }
        let mut command = self.fetching();
        command.args(["--", self.name]);
        answer(command.args(specifications)).map(drop)
    }

    /// Gets a commit that some branch has, and what leads to it; in a repository that is cut off, only what was committed
    /// since a time.
    pub fn fetch_commit(&self, id: &str, since: &str) -> Result<(), GitError> {
        let asked = answer(plumbing(self.root).args(["rev-parse", "--is-shallow-repository"]))?;
        let mut command = self.fetching();
        if asked.starts_with(b"true") {
            command.arg(format!("--shallow-since={since}"));
        }
        answer(command.args(["--", self.name, id])).map(drop)
    }

    /// Pushes branches, each only where the remote's is at what is expected; tells of each in order.
    pub fn push(&self, updates: &[super::Update]) -> Result<Vec<Pushed>, GitError> {
        let mut command = self.pushing();
        for update in updates {
            let old = update.old.as_deref().unwrap_or_default();
            command.arg(format!(
                "--force-with-lease={BRANCHES}{}:{old}",
                update.branch
            ));
        }
        command.args(["--", self.name]);
        let references = updates
            .iter()
            .map(|update| format!("{BRANCHES}{}", update.branch));
        let references: Vec<String> = references.collect();
        for (update, reference) in updates.iter().zip(&references) {
            command.arg(format!("{}:{reference}", update.new));
        }
        pushed(&mut command, &references)
    }

    /// Pushes a reference as it is, unless that would lose what the remote's has.
    pub fn push_reference(&self, reference: &str) -> Result<Pushed, GitError> {
        let mut command = self.pushing();
        command.args(["--", self.name, &format!("{reference}:{reference}")]);
        let told = pushed(&mut command, &[reference.to_owned()])?;
        Ok(told.into_iter().next().unwrap_or(Pushed::Moved))
    }

    fn fetching(&self) -> Command {
        let mut command = plumbing(self.root);
        command.args([
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--no-auto-maintenance",
        ]);
        command
    }

    fn pushing(&self) -> Command {
        let mut command = plumbing(self.root);
        command.args([
            "push",
            "--porcelain",
            "--no-verify",
            "--no-follow-tags",
            "--recurse-submodules=no",
        ]);
        command
    }
}

fn pushed(command: &mut Command, references: &[String]) -> Result<Vec<Pushed>, GitError> {
    let output = output(command)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut told: BTreeMap<&str, Pushed> = BTreeMap::new();
    for line in text.lines() {
        // `<flag>\t<from>:<to>\t<summary> (<reason>)`
        let mut parts = line.splitn(3, '\t');
        let (Some(flag), Some(names), Some(summary)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let Some((_, to)) = names.rsplit_once(':') else {
            continue;
        };
        let state = match flag {
            "!" if MOVED.iter().any(|words| summary.contains(words)) => Pushed::Moved,
            "!" => Pushed::Refused(summary.to_owned()),
            _ => Pushed::Done,
        };
        told.insert(to, state);
    }
    if told.is_empty() && !output.status.success() {
        return Err(GitError::Refused(reason(&output.stderr)));
    }
    let states = references.iter().map(|name| {
        let state = told.get(name.as_str()).cloned();
        state.unwrap_or_else(|| Pushed::Refused(reason(&output.stderr)))
    });
    Ok(states.collect())
}
