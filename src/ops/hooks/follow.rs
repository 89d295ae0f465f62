//! The data in the worktree follows what Git did to its pointers.
//!
//! Only datasets whose pointers changed are looked at, and none that the user never had here: so that what was deleted
//! or left out on purpose does not come back by a change of branch.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::base::{Job, RepoPath};
use crate::git::{Commit, RepoState};

use super::super::checkout::{CheckedOut, place};
use super::super::error::Error;
use super::super::pointed::{self, dataset_path};
use super::super::project::Project;
use super::super::seen::{self, SeenFile};
use super::super::targets::Target;

/// What Git did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Followed {
    /// It went from one commit to another; `None`: from nothing, as in a new worktree.
    Moved {
        /// The old commit.
        old: Option<String>,
        /// The new one.
        new: String,
    },
    /// It may have changed some pointers in the worktree.
    Files,
    /// It ended a rebase.
    Rebased,
}

/// What followed.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FollowReport {
    /// Each dataset that was changed, by path.
    pub datasets: Vec<CheckedOut>,
    /// What could not follow.
    pub problems: Vec<Problem>,
}

/// A dataset that could not follow.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    /// Where it is.
    pub path: RepoPath,
    /// Why.
    pub message: String,
    /// What to type.
    pub hint: Option<String>,
}

/// Makes the data of all pointers that changed what they say. What stands in the way is told in the report.
///
/// In the middle of a rebase nothing is done; its end does it.
pub fn follow(project: &Project, followed: &Followed, job: &Job<'_>) -> Result<FollowReport, Error> {
    let is_rebase = matches!(project.repo().state(), RepoState::Rebase | RepoState::ApplyMailbox);
    if is_rebase && *followed != Followed::Rebased && !project.repo().rebase_is_over() {
        return Ok(FollowReport::default());
    }
    let mut report = FollowReport::default();
    let mut targets = Vec::new();
    for dataset in changed(project, followed)? {
        match target(project, dataset.clone()) {
            Ok(target) => targets.extend(target),
            Err(error) => report.problems.push(Problem::of(dataset, &error)),
        }
    }
    if targets.is_empty() {
        return Ok(report);
    }
    match place(project, targets.clone(), false, None, job) {
        Ok(placed) => report.datasets = placed.datasets,
        Err(Error::Cancelled(cancelled)) => return Err(cancelled.into()),
        // One that cannot follow must not keep back the others.
        Err(_) => one_by_one(project, targets, &mut report, job)?,
    }
    Ok(report)
}

fn one_by_one(project: &Project, targets: Vec<Target>, report: &mut FollowReport, job: &Job<'_>) -> Result<(), Error> {
    for target in targets {
        job.check()?;
        let dataset = target.dataset.clone();
        match place(project, vec![target], false, None, job) {
            Ok(placed) => report.datasets.extend(placed.datasets),
            Err(error) => report.problems.push(Problem::of(dataset, &error)),
        }
    }
    Ok(())
}

/// The datasets whose pointers changed, by path.
fn changed(project: &Project, followed: &Followed) -> Result<BTreeSet<RepoPath>, Error> {
    let repo = project.repo();
    match followed {
        Followed::Files => behind(project),
        Followed::Moved { old, new } => {
            let old = old.as_deref().map(|old| repo.resolve(old)).transpose()?;
            between(project, old.as_ref(), &repo.resolve(new)?)
        }
        Followed::Rebased => {
            let Some(head) = repo.head()? else { return Ok(BTreeSet::new()) };
            let mut changed = behind(project)?;
            // Git notes there where the branch stood before.
            if let Ok(old) = repo.resolve("ORIG_HEAD") {
                changed.extend(between(project, Some(&old), &head)?);
            }
            Ok(changed)
        }
    }
}

/// The datasets whose pointers differ between two commits and that are here, or are new.
fn between(project: &Project, old: Option<&Commit>, new: &Commit) -> Result<BTreeSet<RepoPath>, Error> {
    if old.is_some_and(|old| old.id == new.id) {
        return Ok(BTreeSet::new());
    }
    let pointers = project.repo().changed_own_pointers(old, Some(new))?;
    let mut changed = BTreeSet::new();
    for (pointer, dataset) in pointers.iter().filter_map(|pointer| Some((pointer, dataset_path(pointer)?))) {
        let was_there = match old {
            Some(old) => project.repo().file_at(old, pointer)?.is_some(),
            None => false,
        };
        if !was_there || SeenFile::load(project, &dataset).base().is_some() {
            changed.insert(dataset);
        }
    }
    Ok(changed)
}

/// The datasets that are here, and not as their pointers say.
fn behind(project: &Project) -> Result<BTreeSet<RepoPath>, Error> {
    let mut behind = BTreeSet::new();
    for dataset in seen::known(project)? {
        let base = SeenFile::load(project, &dataset).base();
        let pointer = pointed::read(project, &dataset).ok().flatten();
        // A dataset without a pointer may be one whose pointer somebody moved by hand: only a commit takes data away.
        if pointer.is_some_and(|pointer| base.is_some_and(|base| base != pointer.id)) {
            behind.insert(dataset);
        }
    }
    Ok(behind)
}

/// What a dataset should become; `None` if there is nothing to do, or nothing that could be done before a conflict is
/// settled.
fn target(project: &Project, dataset: RepoPath) -> Result<Option<Target>, Error> {
    let pointer = match pointed::read(project, &dataset) {
        Err(Error::PointerConflict { .. }) => return Ok(None),
        other => other?,
    };
    if pointer.is_none() && SeenFile::load(project, &dataset).base().is_none() {
        return Ok(None);
    }
    Ok(Some(Target { dataset, inside: RepoPath::default(), pointer, pointer_bytes: None }))
}

impl Problem {
    fn of(path: RepoPath, error: &Error) -> Problem {
        let hint = match error {
            Error::DataMissing { .. } => Some(format!("`esker pull {path}` brings it when a remote has it")),
            // An `add` would put them on top of a pointer that they do not belong to.
            Error::LocalEdits { .. } => Some(format!(
                "`git checkout -` goes back to where `esker add {path}` can keep them, `esker checkout --force {path}` drops them"
            )),
            error if error.is_about_absence() => Some(format!("run `esker pull {path}` later")),
            error => error.hint(),
        };
        Problem { path, message: error.to_string(), hint }
    }
}
