//! `pull`: fetch, then checkout.

use serde::Serialize;

use crate::base::Job;

use super::checkout::{CheckoutOptions, CheckoutReport, checkout};
use super::error::Error;
use super::fetch::{FetchOptions, FetchReport, fetch};
use super::project::Project;
use super::selection::SelectionOptions;

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
/// Those of [`fetch`], before the worktree is touched, then those of [`checkout`].
pub fn pull(project: &Project, options: &PullOptions, job: &Job<'_>) -> Result<PullReport, Error> {
    let wanted = FetchOptions { selection: options.selection.clone(), remote: options.remote.clone() };
    let fetched = fetch(project, &wanted, job)?;
    let placed = CheckoutOptions {
        revision: None,
        paths: options.selection.paths.clone(),
        force: options.force,
        no_fetch: false,
        remote: options.remote.clone(),
    };
    let checked_out = checkout(project, &placed, job)?;
    Ok(PullReport { fetched, checked_out })
}
