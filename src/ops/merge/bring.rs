//! The pages that a merge reads, brought level by level where the cache has nothing of a side.

use crate::base::{Job, RepoPath};

use super::super::bring::bring_pages;
use super::super::error::Error;
use super::super::fetcher::Fetcher;
use super::super::project::Project;
use super::super::version::Version;
use super::three::Three;

/// Brings the lists of files of all sides that are not here. Without a remote nothing is brought.
pub fn bring(project: &Project, three: &Three, job: &Job<'_>) -> Result<(), Error> {
    let fetcher = Fetcher::new(project, None);
    for side in [&three.base, &three.ours, &three.theirs].into_iter().flatten() {
        let version = Version::of(&side.pointer);
        let is_absent = matches!(&version, Version::Folder(root) if project.cache()?.find(root).is_none());
        if is_absent && let Some(remote) = fetcher.remote(side.pointer.remote.as_deref())? {
            bring_pages(project, &remote, &[(version, RepoPath::default())], job)?;
        }
    }
    Ok(())
}
