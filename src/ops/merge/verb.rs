//! `resolve`: pointers that a merge left in conflict.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::base::{Job, RepoPath};
use crate::format::tree::Choice;
use crate::git::is_pointer;

use super::super::chosen::{Chosen, choose};
use super::super::error::Error;
use super::super::moment::Moment;
use super::super::pointed::{self, dataset_path};
use super::super::project::Project;
use super::resolve::{Resolved, Resolving};
use super::sides::sides;

/// What to resolve, and how.
#[derive(Debug, Clone, Default)]
pub struct ResolveOptions {
    /// Datasets, or files in them that clash; all datasets in conflict if empty.
    pub paths: Vec<RepoPath>,
    /// Which side is taken where both changed a file; `None`: only what merges by itself.
    pub choice: Option<Choice>,
    /// Drop changes of the user in the worktree.
    pub force: bool,
}

/// What `resolve` did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ResolveReport {
    /// Each dataset, by path.
    pub datasets: Vec<Resolved>,
}

/// Settles datasets one after the other.
///
/// # Errors
/// `NotInConflict` for a path that no conflict is about. After any error the dataset that it is about is as it was.
pub fn resolve(project: &Project, options: &ResolveOptions, job: &Job<'_>) -> Result<ResolveReport, Error> {
    let conflicts = project.repo().conflicts()?;
    let mut datasets = Vec::new();
    for chosen in in_conflict(project, &options.paths)? {
        job.check()?;
        match sides(project, &conflicts, &chosen.dataset)? {
            Some(three) => {
                let resolving = Resolving { project, chosen: &chosen, three: &three, options, job };
                datasets.push(resolving.run()?);
            }
            None => return Err(Error::NotInConflict { path: chosen.dataset }),
        }
    }
    Ok(ResolveReport { datasets })
}

/// What is meant of all that is in conflict: for Git, or by what its pointer looks like.
fn in_conflict(project: &Project, paths: &[RepoPath]) -> Result<Vec<Chosen>, Error> {
    let in_git = project.repo().conflicts()?;
    let mut known: BTreeSet<RepoPath> =
        in_git.iter().map(|conflict| &conflict.path).filter(|path| is_pointer(path)).filter_map(dataset_path).collect();
    for dataset in Moment::Worktree.paths(project)? {
        if matches!(pointed::read(project, &dataset), Err(Error::PointerConflict { .. })) {
            known.insert(dataset);
        }
    }
    choose(&known, paths).map_err(|error| match error {
        Error::NoDataset { path } => Error::NotInConflict { path },
        error => error,
    })
}
