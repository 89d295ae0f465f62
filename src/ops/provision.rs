//! Where the chunks come from that a checkout needs and the cache lacks: files of the worktree, and a remote.

use std::collections::HashSet;
use std::rc::Rc;

use crate::base::{Id, Job, RepoPath, Step, Unit};
use crate::format::tree::ChunkRef;
use crate::worktree::Staging;

use super::aim::Aim;
use super::bring;
use super::error::{Error, MOST_NAMED};
use super::fetcher::Fetcher;
use super::incoming::Incoming;
use super::lazy_writer::LazyWriter;
use super::project::Project;
use super::remotes::Remote;
use super::stage::{AllStaged, Task};
use super::unstored::Unstored;

/// All chunks that the cache lacks, each in one place.
pub struct Provision {
    remote: Option<Rc<Remote>>,
    unstored: Unstored,
    /// What is found in files.
    in_files: HashSet<Id>,
}

impl Provision {
    /// Finds all of `missing`. A thin cache would rather have it from files; else these are asked for what the remote lacks.
    ///
    /// # Errors
    /// `DataMissing` names the files whose chunks are nowhere.
    pub fn find(
        project: &Project,
        aim: &Aim<'_>,
        tasks: &[Task<'_>],
        missing: &[ChunkRef],
        fetcher: Option<&Fetcher<'_>>,
        job: &Job<'_>,
    ) -> Result<Provision, Error> {
        let remote = match fetcher {
            Some(fetcher) => fetcher.remote(aim.remote_name())?,
            None => None,
        };
        let is_there = |id: &Id| remote.as_ref().is_some_and(|remote| remote.packs.find(id).is_some());
        let is_thin = project.config().is_thin();
        let wanted = missing.iter().map(|chunk| chunk.id);
        let mut open: HashSet<Id> = wanted.filter(|id| is_thin || !is_there(id)).collect();
        let mut unstored = Unstored::nothing();
        if !open.is_empty() {
            unstored = aim.unstored(project, &mut open)?;
            open.retain(|id| !is_there(id));
        }
        if !open.is_empty() {
            unstored.add(Unstored::find(project, &[], &mut open, job)?);
        }
        match open.is_empty() {
            true => Ok(Provision { in_files: unstored.ids(), remote, unstored }),
            false => Err(nowhere(aim, tasks, &open, remote.as_deref())),
        }
    }

    /// Brings what is missing into the cache, or, where the cache is thin, straight into files as far as may be. Returns
    /// the bytes that the remote gave.
    ///
    /// Files of which the cache has nothing are staged as their chunks come.
    pub fn bring(
        &self,
        project: &Project,
        missing: Vec<ChunkRef>,
        tasks: &[Task<'_>],
        staging: &Staging,
        staged: &mut AllStaged,
        job: &Job<'_>,
    ) -> Result<u64, Error> {
        let cache = project.cache()?;
        let incoming = Incoming::new(staging, tasks, cache);
        if !project.config().is_thin() {
            let bytes = self.store(project, &missing, Some(&incoming), job)?;
            incoming.finish(staged)?;
            return Ok(bytes);
        }
        let mut bytes = self.pass(&missing, &incoming, job)?;
        incoming.finish(staged)?;
        // What the cache has a part of, and what was too much to be put together at once.
        let unstaged = tasks.iter().zip(staged.iter()).filter(|(_, staged)| staged.is_none());
        let chunks = unstaged.flat_map(|(task, _)| task.chunks());
        let left: Vec<ChunkRef> = chunks.filter(|chunk| cache.find(&chunk.id).is_none()).copied().collect();
        if !left.is_empty() {
            bytes += self.store(project, &left, None, job)?;
        }
        Ok(bytes)
    }

    /// Gives to `incoming` what that waits for, and stores nothing.
    fn pass(&self, missing: &[ChunkRef], incoming: &Incoming<'_>, job: &Job<'_>) -> Result<u64, Error> {
        self.unstored.read(|id| incoming.wants(id), incoming, Step::Fetch, job)?;
        let mut known = HashSet::new();
        let far = missing.iter().filter(|chunk| !self.in_files.contains(&chunk.id) && incoming.wants(&chunk.id));
        let far: Vec<ChunkRef> = far.filter(|chunk| known.insert(chunk.id)).copied().collect();
        if let Some(remote) = self.remote.as_ref().filter(|_| !far.is_empty()) {
            bring::pass_chunks(remote, &far, &|id: &Id, raw: &[u8]| incoming.take(id, raw), job)?;
        }
        Ok(far.iter().map(|chunk| u64::from(chunk.bytes)).sum())
    }

    /// Stores what is missing in the cache.
    fn store(
        &self,
        project: &Project,
        missing: &[ChunkRef],
        incoming: Option<&Incoming<'_>>,
        job: &Job<'_>,
    ) -> Result<u64, Error> {
        let (near, far): (Vec<ChunkRef>, Vec<ChunkRef>) =
            missing.iter().partition(|chunk| self.in_files.contains(&chunk.id));
        if !near.is_empty() {
            let near: HashSet<Id> = near.iter().map(|chunk| chunk.id).collect();
            let writer = LazyWriter::new(project.cache()?);
            job.began(Step::Store, None, Unit::Bytes);
            self.unstored.read(|id| near.contains(id), &writer, Step::Store, job)?;
            writer.finish()?;
            job.done(Step::Store);
        }
        let each = |id: &Id, raw: &[u8]| {
            if let Some(incoming) = incoming {
                incoming.take(id, raw);
            }
        };
        match self.remote.as_ref().filter(|_| !far.is_empty()) {
            Some(remote) => Ok(bring::bring_chunks(project, remote, &far, &each, job)?.raw_bytes),
            None => Ok(0),
        }
    }
}

/// The error that names the files whose chunks are nowhere.
fn nowhere(aim: &Aim<'_>, tasks: &[Task<'_>], open: &HashSet<Id>, remote: Option<&Remote>) -> Error {
    let suffering = tasks.iter().filter(|task| task.chunks().iter().any(|chunk| open.contains(&chunk.id)));
    let mut files: Vec<RepoPath> = suffering.map(|task| aim.target.dataset.join(task.path())).collect();
    let count = files.len();
    files.truncate(MOST_NAMED);
    let stores = remote.iter().map(|remote| remote.packs.name().to_owned()).collect();
    Error::DataMissing { files, count, stores }
}
