//! `sparse`: only a part of the datasets lies in this worktree.

use std::path::PathBuf;

use serde::Serialize;

use crate::base::Job;
use crate::worktree::Sparse;

use super::checkout::{CheckoutOptions, CheckoutReport, checkout};
use super::error::Error;
use super::project::Project;

/// What this worktree keeps from now on.
#[derive(Debug, Clone)]
pub enum SparseChange {
    /// What these patterns match.
    Set(Vec<String>),
    /// That too.
    Add(Vec<String>),
    /// Everything.
    Disable,
}

/// What lies in the worktree now.
#[derive(Debug, Clone, Serialize)]
pub struct SparseReport {
    /// The patterns; `null` if everything is kept.
    pub patterns: Option<Vec<String>>,
    /// What came and what went.
    pub checked_out: CheckoutReport,
}

/// Where the patterns of this worktree are kept.
fn file(project: &Project) -> PathBuf {
    project.worktree_state().join("sparse")
}

/// What this worktree keeps; everything if `None`.
pub fn wanted(project: &Project) -> Result<Option<Sparse>, Error> {
    Ok(Sparse::load(&file(project))?)
}

/// The patterns of this worktree; `None` if everything is kept.
pub fn sparse_list(project: &Project) -> Result<Option<Vec<String>>, Error> {
    Ok(wanted(project)?.map(|sparse| sparse.patterns().to_vec()))
}

/// Changes what this worktree keeps, and makes it so: what is no longer wanted goes, what is wanted again comes.
///
/// # Errors
/// Those of [`checkout`], among them `LocalEdits` for a change that would go; then all is as it was before.
pub fn sparse(project: &Project, change: &SparseChange, force: bool, job: &Job<'_>) -> Result<SparseReport, Error> {
    let old = wanted(project)?;
    let new = match change {
        SparseChange::Set(patterns) => Some(Sparse::new(patterns.clone())?),
        SparseChange::Add(patterns) => {
            let known = old.iter().flat_map(Sparse::patterns).cloned();
            Some(Sparse::new(known.chain(patterns.iter().cloned()).collect())?)
        }
        SparseChange::Disable => None,
    };
    Sparse::store(new.as_ref(), &file(project))?;
    match checkout(project, &CheckoutOptions { force, ..CheckoutOptions::default() }, job) {
        Ok(checked_out) => Ok(SparseReport { patterns: new.map(|sparse| sparse.patterns().to_vec()), checked_out }),
        Err(error) => {
            // The first error is the one to tell.
            let _ = Sparse::store(old.as_ref(), &file(project));
            Err(error)
        }
    }
}
