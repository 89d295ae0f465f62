//! All aims of a checkout together: what forbids it, what must be fetched, the pointers that come with it.

use crate::base::{Job, RepoPath};
use crate::worktree::Staging;

use super::aim::{Aim, missing_pages};
use super::error::{Error, MOST_NAMED};
use super::fetcher::Fetcher;
use super::pointed::{self, pointer_path};
use super::project::Project;
use super::provision::Provision;
use super::publish::Undo;
use super::stage::{self, AllStaged, Task};

/// Refuses to begin where changes of the user would be lost, or something is in the way.
pub fn refuse(aims: &[Aim<'_>]) -> Result<(), Error> {
    let whole = |aim: &Aim<'_>, path: &RepoPath| aim.target.dataset.join(path);
    for aim in aims {
        if let Some((path, reason)) = aim.plan.hostile.first() {
            return Err(Error::HostileTree { path: whole(aim, path), reason });
        }
        if let Some(path) = aim.plan.in_the_way.first() {
            return Err(Error::InTheWay { path: whole(aim, path) });
        }
    }
    let mut files: Vec<RepoPath> =
        aims.iter().flat_map(|aim| aim.plan.edits.iter().map(|path| whole(aim, path))).collect();
    let count = files.len();
    files.truncate(MOST_NAMED);
    if count == 0 { Ok(()) } else { Err(Error::LocalEdits { files, count }) }
}

/// Fetches the chunks that the cache lacks; files of which the cache has nothing are staged as these come.
///
/// Returns the bytes of the chunks, and for each aim its tasks and what is staged of them.
///
/// # Errors
/// `DataMissing` names the files whose chunks are nowhere, before anything is fetched.
pub fn fetch<'a>(
    project: &Project,
    aims: &'a [Aim<'_>],
    staging: &Staging,
    fetcher: Option<&Fetcher<'_>>,
    job: &Job<'_>,
) -> Result<(u64, Vec<Begun<'a>>), Error> {
    let mut bytes = 0;
    let mut begun = Vec::new();
    for aim in aims {
        let tasks = stage::tasks(&aim.pages, &aim.plan).map_err(|error| missing_pages(error, project, &aim.target))?;
        let missing = stage::missing(&tasks, project.cache()?);
        aim.pages.keep()?;
        let mut staged = stage::nothing(&tasks);
        if !missing.is_empty() {
            let provision = Provision::find(project, aim, &tasks, &missing, fetcher, job)?;
            bytes += provision.bring(project, missing, &tasks, staging, &mut staged, job)?;
        }
        begun.push((tasks, staged));
    }
    Ok((bytes, begun))
}

/// The tasks of an aim, and what is staged of them.
pub type Begun<'a> = (Vec<Task<'a>>, AllStaged);

/// Writes the pointers of the revision that was checked out, and stages them.
pub fn write_pointers(project: &Project, aims: &[Aim<'_>]) -> Result<(), Error> {
    let mut undo = Undo::default();
    let mut staged = Vec::new();
    for aim in aims {
        let Some(bytes) = &aim.target.pointer_bytes else { continue };
        let old = pointed::read_bytes(project, &aim.target.dataset)?;
        let pointer = pointer_path(&aim.target.dataset);
        if old.as_ref() != Some(bytes) {
            undo.replace(pointer.below(project.root()), old, bytes)?;
        }
        staged.push(pointer);
    }
    if !staged.is_empty() && project.config().stages() {
        project.repo().stage(&staged)?;
    }
    Ok(())
}
