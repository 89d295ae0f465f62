//! What the remotes lack of the data, for `status --remote`: nothing is sent, and nothing fetched.

use serde::Serialize;

use crate::base::{Job, RepoPath};
use crate::packs::Catalog;
use crate::store::StoreError;

use super::acknowledged::Acknowledged;
use super::error::Error;
use super::lack::lack;
use super::project::Project;
use super::selection::{self, Part, SelectionOptions};

/// What one remote lacks.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RemoteState {
    /// What the project calls it.
    pub remote: String,
    /// Each dataset of which it lacks something, by path.
    pub datasets: Vec<RemoteLack>,
}

/// What a remote lacks of one version of a dataset.
#[derive(Debug, Clone, Serialize)]
pub struct RemoteLack {
    /// Where it is in the worktree.
    pub path: RepoPath,
    /// Files with data that is lacking.
    pub files: u64,
    /// Chunks that are lacking.
    pub chunks: u64,
    /// Their bytes, before compression.
    pub bytes: u64,
}

/// What each remote lacks of what a push of `paths` would send: four requests to each.
///
/// What the cache has no pages of is not known here, and counts as there: a push would tell.
pub fn remote_state(
    project: &Project,
    paths: &[RepoPath],
    remote: Option<&str>,
    job: &Job<'_>,
) -> Result<Vec<RemoteState>, Error> {
    let options = SelectionOptions { paths: paths.to_vec(), ..SelectionOptions::default() };
    let parts = selection::to_push(project, &options, job)?.by_remote(project, remote)?;
    parts.into_iter().map(|part| state(project, &part.whole(), job)).collect()
}

fn state(project: &Project, part: &Part, job: &Job<'_>) -> Result<RemoteState, Error> {
    let lack = match project.remote(Some(&part.remote)) {
        Ok(remote) => {
            remote.packs.refresh_for_push(false)?;
            let acknowledged = Acknowledged::load(&remote.packs)?;
            lack(project, &part.wanted, &remote.packs.catalog(), &acknowledged, job)?
        }
        // A folder that the first push will make.
        Err(Error::Store(StoreError::NoPlace { .. })) => {
            lack(project, &part.wanted, &Catalog::default(), &Acknowledged::default(), job)?
        }
        Err(error) => return Err(error),
    };
    let lacks = part.wanted.iter().zip(&lack.shares).filter(|(_, share)| share.chunks + share.pages > 0);
    let datasets = lacks.map(|(selected, share)| RemoteLack {
        path: selected.dataset.path.clone(),
        files: share.files,
        chunks: share.chunks,
        bytes: share.bytes,
    });
    Ok(RemoteState { remote: part.remote.clone(), datasets: datasets.collect() })
}
