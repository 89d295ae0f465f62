//! `pull`: fetch, then checkout.

use serde::Serialize;

use crate::base::Job;

use super::checkout::{CheckoutOptions, CheckoutReport, checkout};
use super::error::Error;
use super::fetch::{Bring, FetchOptions, FetchReport, fetch, fetch_with};
use super::project::Project;
use super::selection::SelectionOptions;
use super::sparse;

/// What to pull, and where from.
#[derive(Debug, Clone, Default)]
pub struct PullOptions {
    /// Which versions the cache gets. The worktree gets those that it points at.
    pub selection: SelectionOptions,
    /// The remote, if not the default one or that which a pointer names.
    pub remote: Option<String>,
    /// Drop changes of the user that would otherwise be kept.
    pub force: bool,
}

/// What `pull` did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PullReport {
    /// What came into the cache.
    pub fetched: FetchReport,
    /// What changed in the worktree.
    pub checked_out: CheckoutReport,
}

/// Fetches what the cache lacks, then makes the worktree what its pointers say.
///
/// # Errors
/// Those of [`fetch`] and of [`checkout`], before the worktree is touched.
pub fn pull(project: &Project, options: &PullOptions, job: &Job<'_>) -> Result<PullReport, Error> {
    let wanted = FetchOptions { selection: options.selection.clone(), remote: options.remote.clone() };
    let placed = CheckoutOptions {
        revision: None,
        paths: options.selection.paths.clone(),
        force: options.force,
        no_fetch: false,
        remote: options.remote.clone(),
    };
    let is_sparse = sparse::wanted(project)?.is_some();
    if (is_sparse || project.config().is_thin()) && options.selection.is_of_worktree() {
        // What this worktree leaves out is not fetched, and a thin cache keeps nothing that the worktree gets.
        let checked_out = checkout(project, &placed, job)?;
        let fetched = FetchReport { is_up_to_date: checked_out.fetched_bytes == 0, remotes: Vec::new() };
        return Ok(PullReport { fetched, checked_out });
    }
    // What the worktree needs goes there and into the cache in one pass; the rest follows.
    let fetched = fetch_with(project, &wanted, Bring::Pages, job)?;
    let mut checked_out = checkout(project, &placed, job)?;
    let came = std::mem::take(&mut checked_out.fetched_bytes);
    if came != fetched.remotes.iter().map(|remote| remote.new_bytes).sum::<u64>() {
        fetch(project, &wanted, job)?;
    }
    Ok(PullReport { fetched, checked_out })
}
