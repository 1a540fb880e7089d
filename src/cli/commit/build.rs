//! Making a commit: what differs from the branch, and the tree that does not.

use std::collections::BTreeMap;

use super::message::message;
use super::{Allow, Run};
use crate::argocd::hydrator::{DryCommit, METADATA, folder_metadata, root_metadata};
use crate::cli::branches::SOURCE;
use crate::error::Failure;
use crate::git::{self, Commit, Entries, Entry, Remote, short};
use crate::output::{self, Adopt, BranchPlan, ChangeKind, Desired, Held, ledger_path, plan_branch};

/// How many commits of a branch are looked at for others' work.
const MOST: usize = 10_000;
const ATTRIBUTES_TEXT: &str =
    ".tympan.ledger linguist-generated=true\n**/hydrator.metadata linguist-generated=true\n";

/// What is to be committed to a branch.
pub(super) struct Job<'o> {
    /// The branch.
    pub(super) branch: String,
    /// The environment, or all of them where they stand beside the sources.
    pub(super) desired: Vec<Desired<'o>>,
    /// Whether the branch holds the sources with `rendered/`, or else one environment at its root.
    pub(super) beside: bool,
    /// Whether no environment was left out.
    pub(super) whole: bool,
}

/// What a job comes to.
pub(super) struct Built {
    /// What differs, by environment.
    pub(super) plans: Vec<(String, BranchPlan)>,
    /// The commit that the branch is to be at, which may be the one that it is at; nothing when nothing was written.
    pub(super) tip: Option<String>,
    /// Whether it is, or would be, a new one.
    pub(super) changed: bool,
}

/// Compares a branch with what it should hold, and makes a commit where it differs.
pub(super) fn build(run: &Run<'_>, job: &Job<'_>, tip: Option<&str>) -> Result<Built, Failure> {
    if job.beside {
        return beside(run, job, tip);
    }
    if let Some(tip) = tip {
        refuse_older(run, job, tip)?;
    }
    let mut entries = match tip {
        Some(tip) => git::entries(run.project, tip)?,
        None => Entries::new(),
    };
    let mut work = Work::default();
    let mut plans = Vec::new();
    for desired in &job.desired {
        plans.push(work.compare(run, &entries, desired, "", Some(METADATA))?);
    }
    if work.is_empty() {
        return Ok(Built {
            plans,
            tip: tip.map(str::to_owned),
            changed: false,
        });
    }
    let name = job.desired.first().map_or("", |one| one.environment);
    let metadata = root_metadata(&dry(run));
    if !work.owned && entries.contains_key(METADATA.as_bytes()) && !run.args.adopt {
        return Err(foreign(job, METADATA, 0));
    }
    work.write(METADATA, metadata);
    let commands = [format!("tympan render -e {name}")];
    let notice = folder_metadata(run.repository, &run.source.id, &commands);
    for (_, plan) in &plans {
        for path in &plan.notices {
            work.write(path, notice.clone());
        }
    }
    if !entries.contains_key(output::ATTRIBUTES.as_bytes()) {
        work.write(output::ATTRIBUTES, ATTRIBUTES_TEXT.to_owned());
    }
    refuse_foreign(job, &plans)?;
    let parents: Vec<String> = tip.map(str::to_owned).into_iter().collect();
    let tip = work.commit(run, &mut entries, &parents, &[name])?;
    Ok(Built {
        plans,
        tip,
        changed: true,
    })
}

/// Makes a commit that adds to the source what is rendered of it.
fn beside(run: &Run<'_>, job: &Job<'_>, tip: Option<&str>) -> Result<Built, Failure> {
    let source = &run.source.id;
    let mut entries = git::entries(run.project, source)?;
    let folder = format!("{}{}/", run.source.prefix, output::FOLDER);
    let mut work = Work::default();
    let mut plans = Vec::new();
    for desired in &job.desired {
        let prefix = format!("{folder}{}/", desired.environment);
        plans.push(work.compare(run, &entries, desired, &prefix, None)?);
    }
    if job.whole {
        for name in forgotten(&entries, &folder, job) {
            let desired = Desired::new(&name, Vec::new());
            plans.push(work.compare(run, &entries, &desired, &format!("{folder}{name}/"), None)?);
        }
    }
    let attributes = format!("{folder}{}", output::ATTRIBUTES);
    if !entries.contains_key(attributes.as_bytes()) {
        work.write(&attributes, output::ATTRIBUTES_TEXT.to_owned());
    }
    refuse_foreign(job, &plans)?;
    let follows = match tip {
        Some(tip) => git::is_ancestor(run.project, tip, source)? == Some(true),
        None => true,
    };
    let built = |tip: Option<String>, changed| Built {
        plans,
        tip,
        changed,
    };
    if follows && work.is_empty() {
        // The branch need only follow.
        let changed = tip.is_some_and(|tip| tip != source);
        return Ok(built(tip.map(|_| source.clone()), changed));
    }
    let mut parents = vec![source.clone()];
    if let Some(tip) = tip.filter(|_| !follows) {
        refuse_others(run, job, tip)?;
        parents.insert(0, tip.to_owned());
        let there = git::entries(run.project, tip)?;
        if work.is_empty() && there == entries || work.gives(run, &entries, &there)? {
            return Ok(built(Some(tip.to_owned()), false));
        }
    }
    let names: Vec<&str> = job.desired.iter().map(|one| one.environment).collect();
    let tip = work.commit(run, &mut entries, &parents, &names)?;
    Ok(built(tip, true))
}

/// Finds environments that were rendered once and are none any more.
fn forgotten(entries: &Entries, folder: &str, job: &Job<'_>) -> Vec<String> {
    let names = entries.keys().filter_map(|path| {
        let path = std::str::from_utf8(path).ok()?;
        let (name, file) = path.strip_prefix(folder)?.split_once('/')?;
        (file == ledger_path()).then_some(name)
    });
    let known = |name: &&str| job.desired.iter().any(|one| one.environment == *name);
    names
        .filter(|name| !known(name))
        .map(str::to_owned)
        .collect()
}

fn dry<'r>(run: &'r Run<'_>) -> DryCommit<'r> {
    let source = run.source;
    DryCommit {
        repository: run.repository,
        id: &source.id,
        author: &source.author,
        email: &source.email,
        date: &source.date,
        subject: &source.subject,
        body: &source.body,
    }
}

/// Refuses to take a branch back to an older source: a slow job must not undo what a later one did.
fn refuse_older(run: &Run<'_>, job: &Job<'_>, tip: &str) -> Result<(), Failure> {
    let made_of = git::trailers_of(run.project, SOURCE, tip, None, 1)?;
    let made_of = made_of.first().map_or("", |(_, of)| of.as_str());
    let is_id = !made_of.is_empty() && made_of.bytes().all(|byte| byte.is_ascii_hexdigit());
    let source = &run.source.id;
    if !is_id || made_of == source || run.allows(Allow::Older) {
        return Ok(());
    }
    let mut earlier = git::is_ancestor(run.project, source, made_of)?;
    if let (None, Some(name)) = (earlier, &run.args.push) {
        // A clone that was made before the later source was there; where nobody has it, nothing can be said.
        let root = run.project;
        drop(Remote { root, name }.fetch_commit(made_of, &run.source.committed));
        earlier = git::is_ancestor(run.project, source, made_of)?;
    }
    if earlier == Some(true) {
        let (branch, own) = (&job.branch, short(source));
        let failure = format!(
            "`{branch}` is made of {} already, which comes after {own}",
            short(made_of)
        );
        return Err(Failure::new(failure).hint("`--allow older` takes it back all the same"));
    }
    Ok(())
}

/// Refuses to take back what others have committed to a branch that the source does not have.
fn refuse_others(run: &Run<'_>, job: &Job<'_>, tip: &str) -> Result<(), Failure> {
    let source = &run.source.id;
    let made_of = git::trailers_of(run.project, SOURCE, tip, Some(source), MOST)?;
    if made_of.len() == MOST || made_of.iter().any(|(_, of)| of.is_empty()) {
        let failure = format!(
            "`{}` has commits that {} does not have",
            job.branch,
            short(source)
        );
        return Err(Failure::new(failure)
            .hint("bring them into the sources first: `git merge` or `git rebase`"));
    }
    Ok(())
}

/// Refuses to write where files that Tympan did not write stand in the way.
fn refuse_foreign(job: &Job<'_>, plans: &[(String, BranchPlan)]) -> Result<(), Failure> {
    let changes = plans.iter().flat_map(|(_, plan)| &plan.changes);
    let mut foreign = changes.filter(|change| change.kind == ChangeKind::Foreign);
    let Some(first) = foreign.next() else {
        return Ok(());
    };
    Err(self::foreign(job, &first.path, foreign.count()))
}

fn foreign(job: &Job<'_>, path: &str, others: usize) -> Failure {
    let more = match others {
        0 => String::new(),
        others => format!(" (and {others} more)"),
    };
    let branch = &job.branch;
    Failure::new(format!("`{path}`{more} on `{branch}` was not written by Tympan, and nothing was committed"))
        .hint("a branch that Argo CD's own hydrator writes is best left to it; `--adopt` takes the branch over: it overwrites and removes")
}

/// What a commit changes in a tree.
#[derive(Default)]
struct Work {
    /// Files with their texts, by their paths in the repository.
    written: BTreeMap<String, String>,
    /// Paths in the repository.
    removed: Vec<String>,
    /// Whether Tympan has written there before.
    owned: bool,
}

impl Work {
    fn is_empty(&self) -> bool {
        self.written.is_empty() && self.removed.is_empty()
    }

    fn write(&mut self, path: &str, text: String) {
        self.written.insert(path.to_owned(), text);
    }

    /// Compares one environment, whose files are below `prefix`.
    fn compare(
        &mut self,
        run: &Run<'_>,
        entries: &Entries,
        desired: &Desired<'_>,
        prefix: &str,
        notice: Option<&str>,
    ) -> Result<(String, BranchPlan), Failure> {
        let held = held(run, entries, desired, prefix)?;
        self.owned |= held.contains_key(ledger_path());
        let adopt = if run.args.adopt {
            Adopt::Yes
        } else {
            Adopt::No
        };
        let plan = plan_branch(desired, &held, notice, adopt)?;
        for change in &plan.changes {
            let path = format!("{prefix}{}", change.path);
            match (change.kind, &change.after) {
                (ChangeKind::Missing | ChangeKind::Different, Some(text)) => {
                    self.written.insert(path, text.clone());
                }
                (ChangeKind::Stale, _) => self.removed.push(path),
                _ => {}
            }
        }
        match &plan.ledger {
            Some((name, text)) if text.is_empty() => self.removed.push(format!("{prefix}{name}")),
            Some((name, text)) => self.write(&format!("{prefix}{name}"), text.clone()),
            None => {}
        }
        Ok((desired.environment.to_owned(), plan))
    }

    /// Tells whether a tree is what the work gives.
    fn gives(&self, run: &Run<'_>, from: &Entries, there: &Entries) -> Result<bool, Failure> {
        let mut rest = from.clone();
        let mut asked = Vec::new();
        for path in self.removed.iter().chain(self.written.keys()) {
            rest.remove(path.as_bytes());
        }
        for path in self.written.keys() {
            match there.get(path.as_bytes()).filter(|entry| entry.is_file()) {
                Some(entry) => asked.push((entry.id.clone(), path.clone())),
                None => return Ok(false),
            }
        }
        let same = |(path, entry): (&Vec<u8>, &Entry)| there.get(path) == Some(entry);
        if rest.len() + self.written.len() != there.len() || !rest.iter().all(same) {
            return Ok(false);
        }
        let contents = git::contents_of(run.project, asked)?;
        Ok(contents.iter().all(|(path, bytes)| {
            self.written
                .get(path)
                .is_some_and(|text| text.as_bytes() == bytes)
        }))
    }

    /// Writes it all, unless nothing is to be written.
    fn commit(
        self,
        run: &Run<'_>,
        entries: &mut Entries,
        parents: &[String],
        environments: &[&str],
    ) -> Result<Option<String>, Failure> {
        if run.args.dry_run {
            return Ok(None);
        }
        let blobs: Vec<&[u8]> = self.written.values().map(String::as_bytes).collect();
        let ids = git::import(run.project, &blobs)?;
        for path in &self.removed {
            entries.remove(path.as_bytes());
        }
        for (path, id) in self.written.keys().zip(ids) {
            entries.insert(path.clone().into_bytes(), Entry::file(id));
        }
        let tree = git::tree(run.project, entries)?;
        let commit = Commit {
            tree: &tree,
            parents,
            message: &message(run, environments),
        };
        git::commit(run.project, commit).map(Some).map_err(|error| match error {
            git::GitError::Nobody => Failure::new(error)
                .hint("`git config user.name` and `user.email` say it, or the variables GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL, GIT_COMMITTER_NAME and GIT_COMMITTER_EMAIL"),
            other => Failure::new(other),
        })
    }
}

/// Returns what a tree holds below a folder, with the contents of what may be Tympan's.
fn held(
    run: &Run<'_>,
    entries: &Entries,
    desired: &Desired<'_>,
    prefix: &str,
) -> Result<BTreeMap<String, Held>, Failure> {
    let wanted: std::collections::BTreeSet<&str> =
        desired.files.iter().map(|file| file.path).collect();
    let mut held = BTreeMap::new();
    let mut asked = Vec::new();
    let below = entries
        .range(prefix.as_bytes().to_vec()..)
        .take_while(|(path, _)| path.starts_with(prefix.as_bytes()));
    for (path, entry) in below {
        // What is not UTF-8 is none of ours.
        let path = std::str::from_utf8(path).ok();
        let Some(path) = path.and_then(|path| path.strip_prefix(prefix)) else {
            continue;
        };
        if entry.is_file() && (wanted.contains(path) || path == ledger_path()) {
            asked.push((entry.id.clone(), path.to_owned()));
        }
        let kind = if entry.is_file() {
            Held::File(Vec::new())
        } else {
            Held::Other
        };
        held.insert(path.to_owned(), kind);
    }
    for (path, bytes) in git::contents_of(run.project, asked)? {
        held.insert(path, Held::File(bytes));
    }
    Ok(held)
}
