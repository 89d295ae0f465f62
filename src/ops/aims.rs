//! All aims of a checkout together: what forbids it, what must be fetched, the pointers that come with it.

use crate::base::{Id, Job, RepoPath};
use crate::format::tree::ChunkRef;

use super::aim::Aim;
use super::bring;
use super::error::{Error, MOST_NAMED};
use super::fetcher::Fetcher;
use super::pointed::{self, pointer_path};
use super::project::Project;
use super::publish::Undo;

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

/// Fetches the chunks that the cache lacks. Returns their bytes.
///
/// # Errors
/// `DataMissing` names the files whose chunks are nowhere, before anything is fetched.
pub fn fetch(project: &Project, aims: &[Aim<'_>], fetcher: Option<&Fetcher<'_>>, job: &Job<'_>) -> Result<u64, Error> {
    let mut bytes = 0;
    for aim in aims {
        let missing = aim.missing(project)?;
        aim.pages.keep()?;
        if missing.is_empty() {
            continue;
        }
        let remote = match fetcher {
            Some(fetcher) => fetcher.remote(aim.remote_name())?,
            None => None,
        };
        let is_nowhere = |id: &Id| remote.as_ref().is_none_or(|remote| remote.packs.find(id).is_none());
        let mut files: Vec<RepoPath> =
            missing.iter().filter(|(chunk, _)| is_nowhere(&chunk.id)).map(|(_, file)| file.clone()).collect();
        files.dedup();
        if !files.is_empty() {
            let count = files.len();
            files.truncate(MOST_NAMED);
            let stores = remote.iter().map(|remote| remote.packs.name().to_owned()).collect();
            return Err(Error::DataMissing { files, count, stores });
        }
        if let Some(remote) = remote {
            let chunks: Vec<ChunkRef> = missing.into_iter().map(|(chunk, _)| chunk).collect();
            bytes += bring::bring_chunks(project, &remote, &chunks, job)?.raw_bytes;
        }
    }
    Ok(bytes)
}

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
