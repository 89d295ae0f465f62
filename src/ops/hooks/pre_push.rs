//! Before commits are sent: the data that they point at goes first, of all refs at once.

use std::collections::{BTreeSet, HashSet};

use serde::Serialize;

use crate::base::{Job, RepoPath, side_by_side};
use crate::git::Commit;
use crate::worktree::{self, Ignored};

use super::super::error::Error;
use super::super::project::Project;
use super::super::push::{PushOptions, PushReport, push};
use super::super::seen::SeenFile;
use super::super::selection::{Range, SelectionOptions, past_datasets};
use super::large::{LARGE, LargeFile};

/// What Git tells its hook.
#[derive(Debug, Clone, Default)]
pub struct PrePushOptions {
    /// The name of the Git remote, or its URL if it has none.
    pub git_remote: String,
    /// A line for each ref: local name, local commit, remote name, remote commit; zeros for what is not there.
    pub refs: String,
}

/// What was done, and noticed.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PrePushReport {
    /// What was pushed; `None` if the commits point at no data, or if the project has no remote.
    pub pushed: Option<PushReport>,
    /// Whether there is data, and no remote that it could go to.
    pub has_no_remote: bool,
    /// Datasets of these commits with files that no `add` has seen, and how many.
    pub unseen: Vec<(RepoPath, u64)>,
    /// Large files that these commits put into Git itself.
    pub large: Vec<LargeFile>,
}

/// Pushes the data of the commits that the Git remote lacks.
///
/// # Errors
/// Those of `push`: then the commits must not be sent either.
pub fn pre_push(project: &Project, options: &PrePushOptions, job: &Job<'_>) -> Result<PrePushReport, Error> {
    let mut report = PrePushReport::default();
    let pairs = pairs(project, &options.refs)?;
    let Some(range) = range(project, options, &pairs)? else { return Ok(report) };
    report.large = large(project, &pairs);
    let selection = SelectionOptions { range: Some(range), ..SelectionOptions::default() };
    let datasets: BTreeSet<RepoPath> = past_datasets(project, &selection, job)?;
    if datasets.is_empty() {
        return Ok(report);
    }
    for dataset in &datasets {
        let count = unseen(project, dataset, job).unwrap_or(0);
        if count > 0 {
            report.unseen.push((dataset.clone(), count));
        }
    }
    match push(project, &PushOptions { selection, ..PushOptions::default() }, job) {
        Ok(pushed) => report.pushed = Some(pushed),
        Err(Error::NoRemote) => report.has_no_remote = true,
        Err(error) => return Err(error),
    }
    Ok(report)
}

/// What is sent of each ref, and what the other side has there, if that commit is known here.
fn pairs(project: &Project, refs: &str) -> Result<Vec<(Commit, Option<Commit>)>, Error> {
    let repo = project.repo();
    let is_none = |id: &str| id.bytes().all(|byte| byte == b'0');
    let mut pairs = Vec::new();
    for line in refs.lines().filter(|line| !line.trim().is_empty()) {
        let [_, local, _, remote] = line.split(' ').collect::<Vec<_>>()[..] else {
            return Err(Error::usage(format!("`{line}` is no line of Git's pre-push hook"), None));
        };
        // A ref that goes away sends nothing; a tag may name something that is no commit.
        let Some(commit) = (!is_none(local)).then(|| repo.resolve(local).ok()).flatten() else { continue };
        pairs.push((commit, (!is_none(remote)).then(|| repo.resolve(remote).ok()).flatten()));
    }
    Ok(pairs)
}

/// The tips that are sent, and what the Git remote has already; `None` if nothing is new to it.
fn range(
    project: &Project,
    options: &PrePushOptions,
    pairs: &[(Commit, Option<Commit>)],
) -> Result<Option<Range>, Error> {
    let prefix = format!("{}/", options.git_remote);
    let tracked = project.repo().remote_branches()?.into_iter();
    let mut hidden: Vec<Commit> = tracked.filter(|tip| tip.name.starts_with(&prefix)).map(|tip| tip.commit).collect();
    hidden.extend(pairs.iter().filter_map(|(_, remote)| remote.clone()));
    let known: HashSet<_> = hidden.iter().map(|commit| commit.id).collect();
    let tips: Vec<Commit> =
        pairs.iter().map(|(local, _)| local).filter(|local| !known.contains(&local.id)).cloned().collect();
    Ok((!tips.is_empty()).then_some(Range { tips, hidden }))
}

/// Warnings must not stop a push: what cannot be looked at is passed over.
fn large(project: &Project, pairs: &[(Commit, Option<Commit>)]) -> Vec<LargeFile> {
    let mut large = Vec::new();
    for (local, remote) in pairs {
        // A new branch began somewhere: at what was published, most likely, so only its last commit is looked at.
        let old = remote.clone().or_else(|| project.repo().resolve(&format!("{}^", local.id)).ok());
        let found = project.repo().large_between(old.as_ref(), local, LARGE).unwrap_or_default();
        large.extend(found.into_iter().map(|(path, bytes)| LargeFile { path, bytes }));
    }
    large.sort_by(|one, other| one.path.cmp(&other.path));
    large.dedup();
    large
}

/// How many files of a dataset are in the worktree and were never seen. No file is read.
fn unseen(project: &Project, dataset: &RepoPath, job: &Job<'_>) -> Result<u64, Error> {
    let file = SeenFile::load(project, dataset);
    let (Some(seen), false) = (file.seen(), file.is_of_a_file()) else { return Ok(0) };
    let root = dataset.below(project.root());
    if !root.is_dir() {
        return Ok(0);
    }
    let found = worktree::scan(&root, &Ignored::load(project.root(), dataset)?, job)?.found;
    let pairs = side_by_side(found, seen.records(), |found, seen| found.path.as_bytes().cmp(seen.path));
    Ok(pairs.filter(|(_, seen)| seen.is_none()).count() as u64)
}
