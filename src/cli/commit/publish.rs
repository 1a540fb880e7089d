//! Moving branches to new commits, here and at a remote.

use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::Duration;

use super::Run;
use super::build::{Built, Job, build};
use crate::argocd::hydrator::{METADATA, note};
use crate::cli::shown;
use crate::error::Failure;
use crate::git::{self, Busy, Pushed, Remote, Tip, Update, Work};
use crate::output::BranchPlan;

/// How often it is tried to push, while others push too.
const TRIES: u32 = 6;
/// The first wait between two tries; each is twice as long as the one before.
const WAIT: Duration = Duration::from_millis(50);

/// What those who wait are told.
const COMMITTING: &str = "committing";
const PUSHING: &str = "pushing";

/// What became of a branch.
pub(super) struct Published {
    pub(super) branch: String,
    /// Whether it holds the sources, too.
    pub(super) beside: bool,
    /// What differed, by environment.
    pub(super) plans: Vec<(String, BranchPlan)>,
    /// Whether anything did.
    pub(super) changed: bool,
    /// The new commit.
    pub(super) commit: Option<String>,
    /// Where it was pushed to.
    pub(super) pushed: Option<String>,
    /// The commit that the branch is at.
    tip: Option<String>,
}

impl Published {
    /// Takes what was built for a branch, which is pushed nowhere yet.
    fn new(job: &Job<'_>, built: Built) -> Self {
        Self {
            branch: job.branch.clone(),
            beside: job.beside,
            commit: built.tip.clone().filter(|_| built.changed),
            changed: built.changed,
            plans: built.plans,
            tip: built.tip,
            pushed: None,
        }
    }
}

/// Commits, and pushes where that is asked for.
pub(super) fn publish(run: &Run<'_>, jobs: &[Job<'_>]) -> Result<Vec<Published>, Failure> {
    let published = match &run.args.push {
        Some(remote) => {
            let remote = Remote {
                root: run.project,
                name: remote,
            };
            push(run, jobs, remote)?
        }
        None => here(run, jobs)?,
    };
    if run.args.dry_run {
        return Ok(published);
    }
    let noted = published.iter().filter(|one| !one.beside);
    let noted: Vec<&str> = noted.filter_map(|one| one.tip.as_deref()).collect();
    match &run.args.push {
        Some(remote) => {
            let remote = Remote {
                root: run.project,
                name: remote,
            };
            push_notes(run, &noted, remote)?;
        }
        None => notes(run, &noted)?,
    }
    Ok(published)
}

/// Commits to the branches of this repository.
fn here(run: &Run<'_>, jobs: &[Job<'_>]) -> Result<Vec<Published>, Failure> {
    let tips = own_tips(run, jobs)?;
    let busy = git::busy(run.project)?;
    let mut updates = Vec::new();
    let mut published = Vec::new();
    let step = run.progress.count(COMMITTING, jobs.len(), "branches");
    for job in jobs {
        if let Some(busy) = busy.get(&job.branch) {
            return Err(at_work(&job.branch, busy));
        }
        let old = tips.get(&job.branch);
        // A branch that is only known from origin goes on where it is there.
        let base = match old {
            Some(old) => Some(old.clone()),
            None => git::tracked_tip(run.project, &job.branch)?,
        };
        let built = build(run, job, base.as_deref())?;
        if let Some(new) = built.tip.clone().filter(|new| old != Some(new)) {
            updates.push(Update {
                branch: job.branch.clone(),
                new,
                old: old.cloned(),
            });
        }
        published.push(Published::new(job, built));
        step.one();
    }
    if !run.args.dry_run {
        move_branches(run, &updates, "nothing was committed")?;
    }
    Ok(published)
}

/// Says why a branch is left alone that somebody is at work on.
fn at_work(branch: &str, busy: &Busy) -> Failure {
    let (what, hint) = match busy.work {
        Work::CheckedOut => (
            "is checked out in",
            "commit to another branch; `git switch --detach` there lets go of this one",
        ),
        Work::Rebased => (
            "is being rebased in",
            "commit to another branch, or finish that: `git rebase --continue` or `git rebase --abort` there",
        ),
        Work::Bisected => (
            "is being bisected in",
            "commit to another branch, or finish that: `git bisect reset` there",
        ),
    };
    let place = shown(&busy.place);
    let then = match busy.work {
        Work::CheckedOut | Work::Bisected => "moving it would leave work tree and index behind",
        Work::Rebased => "the end of that would undo the commit",
    };
    Failure::new(format!("`{branch}` {what} `{place}`: {then}")).hint(hint)
}

/// Moves branches of this repository, or says that another run was first, and what that means.
fn move_branches(run: &Run<'_>, updates: &[Update], otherwise: &str) -> Result<(), Failure> {
    if updates.is_empty() {
        return Ok(());
    }
    let Err(error) = git::update(run.project, updates, "tympan commit") else {
        return Ok(());
    };
    let names: Vec<&str> = updates.iter().map(|one| one.branch.as_str()).collect();
    let tips = git::tips(run.project, &names)?;
    let now = |update: &Update| match tips.get(&update.branch) {
        Some(Tip::Commit(id)) => Some(id.clone()),
        _ => None,
    };
    // Git itself has them follow a push, where they are a mirror of the remote's.
    if updates
        .iter()
        .all(|one| now(one).as_ref() == Some(&one.new))
    {
        return Ok(());
    }
    let moved = updates.iter().find(|update| now(update) != update.old);
    Err(match moved {
        Some(update) => {
            let branch = &update.branch;
            let failure = format!("another run has moved `{branch}` meanwhile, and {otherwise}");
            Failure::new(failure).hint("run it again")
        }
        None => Failure::new(error).hint(format!(
            "{otherwise}; a file that ends in `.lock` is of a run that is at work, or that was killed"
        )),
    })
}

/// Returns what the branches here are at.
fn own_tips(run: &Run<'_>, jobs: &[Job<'_>]) -> Result<BTreeMap<String, String>, Failure> {
    let names: Vec<&str> = jobs.iter().map(|job| job.branch.as_str()).collect();
    let tips = git::tips(run.project, &names)?.into_iter();
    tips.map(|(branch, tip)| match tip {
        Tip::Commit(id) => Ok((branch, id)),
        Tip::Alias(other) => Err(Failure::new(format!(
            "`{branch}` is another name of `{other}`"
        ))),
    })
    .collect()
}

/// Commits to the branches of a remote, again where others were first.
fn push(run: &Run<'_>, jobs: &[Job<'_>], remote: Remote<'_>) -> Result<Vec<Published>, Failure> {
    let mut pending: Vec<&Job<'_>> = jobs.iter().collect();
    let mut published: BTreeMap<String, Published> = BTreeMap::new();
    let busy = git::busy(run.project)?;
    for attempt in 0..TRIES {
        if attempt > 0 {
            sleep(WAIT * 2_u32.pow(attempt - 1));
        }
        let own = own_tips(run, jobs)?;
        run.progress.begin("fetching");
        let theirs = their_tips(run, &pending, remote)?;
        let mut updates = Vec::new();
        let mut waiting = Vec::new();
        let step = run.progress.count(COMMITTING, pending.len(), "branches");
        for job in &pending {
            let (here, there) = (own.get(&job.branch), theirs.get(&job.branch));
            let base = base(run, job, here, there)?;
            let built = build(run, job, base.as_deref())?;
            let new = built.tip.clone().filter(|new| Some(new) != there);
            published.insert(job.branch.clone(), Published::new(job, built));
            step.one();
            if let Some(new) = new {
                let branch = job.branch.clone();
                let old = there.cloned();
                updates.push(Update { branch, new, old });
                waiting.push(*job);
            }
        }
        if run.args.dry_run || updates.is_empty() {
            follow(run, jobs, &own, &published, &busy)?;
            return Ok(published.into_values().collect());
        }
        run.progress.begin(PUSHING);
        pending = settle(&updates, &waiting, remote, &mut published)?;
        if pending.is_empty() {
            follow(run, jobs, &own, &published, &busy)?;
            return Ok(published.into_values().collect());
        }
        if attempt == 0 {
            refuse_beside(&pending, remote)?;
        }
    }
    let names: Vec<&str> = pending.iter().map(|job| job.branch.as_str()).collect();
    Err(Failure::new(format!(
        "others move `{}` at `{}` all the time",
        names.join("`, `"),
        remote.name
    ))
    .hint("run it again; branches that are not named here were pushed"))
}

/// Refuses branches for which there can be no room at a remote: to try again helps only where others are at work.
fn refuse_beside(pending: &[&Job<'_>], remote: Remote<'_>) -> Result<(), Failure> {
    for job in pending {
        let Some(other) = remote.in_the_way(&job.branch)? else {
            continue;
        };
        let (branch, name) = (&job.branch, remote.name);
        let failure = format!("`{name}` has a branch `{other}`, and so there can be no `{branch}`");
        return Err(Failure::new(failure)
            .hint("name the branches in another way with `--branch`, or remove that one"));
    }
    Ok(())
}

/// Pushes, and returns the branches that others were first with.
fn settle<'j, 'o>(
    updates: &[Update],
    waiting: &[&'j Job<'o>],
    remote: Remote<'_>,
    published: &mut BTreeMap<String, Published>,
) -> Result<Vec<&'j Job<'o>>, Failure> {
    let mut again = Vec::new();
    let mut refused = Vec::new();
    for ((job, update), state) in waiting.iter().zip(updates).zip(remote.push(updates)?) {
        match state {
            Pushed::Done => {
                if let Some(one) = published.get_mut(&update.branch) {
                    one.pushed = Some(remote.name.to_owned());
                }
            }
            Pushed::Moved => again.push(*job),
            Pushed::Refused(why) => refused.push((update.branch.clone(), why)),
        }
    }
    match refused.first() {
        None => Ok(again),
        Some((branch, why)) => {
            let name = remote.name;
            Err(Failure::new(format!(
                "`{name}` does not take `{branch}`: {why}"
            )))
        }
    }
}

/// Has the branches here follow what was pushed, but for those that somebody is at work on.
fn follow(
    run: &Run<'_>,
    jobs: &[Job<'_>],
    own: &BTreeMap<String, String>,
    published: &BTreeMap<String, Published>,
    busy: &BTreeMap<String, Busy>,
) -> Result<(), Failure> {
    if run.args.dry_run {
        return Ok(());
    }
    let updates = jobs.iter().filter_map(|job| {
        let new = published.get(&job.branch)?.tip.clone()?;
        let old = own.get(&job.branch).cloned();
        let moves = old.as_ref() != Some(&new) && !busy.contains_key(&job.branch);
        let branch = job.branch.clone();
        moves.then_some(Update { branch, new, old })
    });
    let updates: Vec<Update> = updates.collect();
    let otherwise = "everything is pushed; only the branches of this repository are behind";
    move_branches(run, &updates, otherwise)
}

/// Returns what the branches of a remote are at, with their objects here.
fn their_tips(
    run: &Run<'_>,
    jobs: &[&Job<'_>],
    remote: Remote<'_>,
) -> Result<BTreeMap<String, String>, Failure> {
    let names = jobs.iter().map(|job| format!("refs/heads/{}", job.branch));
    let names: Vec<String> = names.collect();
    let there = remote.references(&names)?;
    let missing: Vec<String> = there
        .iter()
        .filter(|(_, id)| !git::is_here(run.project, id))
        .map(|(name, _)| name.clone())
        .collect();
    remote.fetch(&missing)?;
    let tips = there.into_iter().map(|(name, id)| {
        let branch = name.strip_prefix("refs/heads/").unwrap_or(&name);
        (branch.to_owned(), id)
    });
    Ok(tips.collect())
}

/// Returns the commit that comes before: the later one of here and there.
fn base(
    run: &Run<'_>,
    job: &Job<'_>,
    here: Option<&String>,
    there: Option<&String>,
) -> Result<Option<String>, Failure> {
    let (Some(here), Some(there)) = (here, there) else {
        return Ok(here.or(there).cloned());
    };
    if git::is_ancestor(run.project, here, there)? == Some(true) {
        return Ok(Some(there.clone()));
    }
    if git::is_ancestor(run.project, there, here)? == Some(true) {
        return Ok(Some(here.clone()));
    }
    let branch = &job.branch;
    Err(Failure::new(format!(
        "`{branch}` here and at the remote have both gone on"
    ))
    .hint(format!(
        "`git branch -D {branch}` forgets what was committed here only"
    )))
}

/// Notes of commits which source they are made of; also of those that another source has given as they are.
fn notes(run: &Run<'_>, commits: &[&str]) -> Result<(), Failure> {
    let text = note(&run.source.id);
    for commit in commits {
        if git::note(run.project, METADATA, commit)?.as_deref() != Some(text.as_str()) {
            git::add_note(run.project, METADATA, commit, &text)?;
        }
    }
    Ok(())
}

/// Writes the notes on top of those of a remote, and pushes them.
fn push_notes(run: &Run<'_>, commits: &[&str], remote: Remote<'_>) -> Result<(), Failure> {
    if commits.is_empty() {
        return Ok(());
    }
    run.progress.begin(PUSHING);
    let reference = format!("refs/notes/{METADATA}");
    for attempt in 0..TRIES {
        if attempt > 0 {
            sleep(WAIT * 2_u32.pow(attempt - 1));
        }
        if !remote
            .references(std::slice::from_ref(&reference))?
            .is_empty()
        {
            remote.fetch(&[format!("+{reference}:{reference}")])?;
        }
        notes(run, commits)?;
        match remote.push_reference(&reference)? {
            Pushed::Done => return Ok(()),
            Pushed::Moved => {}
            Pushed::Refused(why) => {
                return Err(Failure::new(format!("`{}` does not take `{reference}`: {why}", remote.name))
                    .hint("the branches are pushed; only the notes that say which commit they are made of are not"));
            }
        }
    }
    Err(Failure::new(format!(
        "others move `{reference}` at `{}` all the time",
        remote.name
    ))
    .hint("the branches are pushed; run it again for the notes"))
}
