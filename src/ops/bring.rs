//! Bringing what the cache lacks from a remote: pages first, level by level, then chunks.

use crate::base::{Id, Job, RepoPath, Step, Unit};
use crate::format::tree::ChunkRef;
use crate::packs::{Each, Written, read_through, transfer_through};

use super::error::Error;
use super::pages::Pages;
use super::project::Project;
use super::remotes::Remote;
use super::version::{Version, lacking};

/// Brings the pages that `versions` lead to at or below their paths: one round of requests for each level.
///
/// Returns the chunks of theirs that the cache lacks then.
///
/// # Errors
/// `Absent` if the remote lacks a page.
pub fn bring_pages(
    project: &Project,
    remote: &Remote,
    versions: &[(Version, RepoPath)],
    job: &Job<'_>,
) -> Result<Vec<ChunkRef>, Error> {
    let cache = project.cache()?;
    let pages = Pages::new(project, Some(&remote.name))?;
    let in_cache = |id: &Id| cache.find(id).is_some();
    loop {
        job.check()?;
        let (mut missing, mut chunks) = (Vec::new(), Vec::new());
        for (version, inside) in versions {
            let found = lacking(&pages, version, inside, &in_cache)?;
            missing.extend(found.pages);
            chunks.extend(found.chunks);
        }
        if missing.is_empty() {
            return Ok(chunks);
        }
        copy(project, remote, &missing, job)?;
    }
}

/// Brings chunks, and tells of it as the step `Fetch`. `each` sees them on their way.
///
/// # Errors
/// `Absent`, before anything is fetched, if the remote lacks one. What was fetched before an error is kept.
pub fn bring_chunks(
    project: &Project,
    remote: &Remote,
    chunks: &[ChunkRef],
    each: &Each<'_>,
    job: &Job<'_>,
) -> Result<Written, Error> {
    fetching(chunks, job, |ids| copy_through(project, remote, ids, each, job))
}

/// Gives `each` chunks of the remote, and tells of it as the step `Fetch`. The cache gets nothing.
///
/// # Errors
/// `Absent`, before anything is fetched, if the remote lacks one.
pub fn pass_chunks(remote: &Remote, chunks: &[ChunkRef], each: &Each<'_>, job: &Job<'_>) -> Result<(), Error> {
    fetching(chunks, job, |ids| Ok(read_through(&remote.packs, ids, each, Step::Fetch, job)?))
}

/// Runs `run` on the ids of `chunks`, and tells of it as the step `Fetch`.
fn fetching<T>(chunks: &[ChunkRef], job: &Job<'_>, run: impl FnOnce(&[Id]) -> T) -> T {
    job.began(Step::Fetch, Some(chunks.iter().map(|chunk| u64::from(chunk.bytes)).sum()), Unit::Bytes);
    let ids: Vec<Id> = chunks.iter().map(|chunk| chunk.id).collect();
    let done = run(&ids);
    job.done(Step::Fetch);
    done
}

/// Brings pages or chunks.
///
/// # Errors
/// As [`bring_chunks`].
pub fn copy(project: &Project, remote: &Remote, ids: &[Id], job: &Job<'_>) -> Result<Written, Error> {
    copy_through(project, remote, ids, &|_, _| (), job)
}

fn copy_through(
    project: &Project,
    remote: &Remote,
    ids: &[Id],
    each: &Each<'_>,
    job: &Job<'_>,
) -> Result<Written, Error> {
    let writer = project.cache()?.writer()?;
    match transfer_through(&remote.packs, &writer, ids, each, Step::Fetch, job) {
        Ok(()) => Ok(writer.finish()?),
        Err(error) => {
            // The next run goes on from what is whole; the error that led here is the one to tell.
            let _ = writer.keep_stored();
            Err(error.into())
        }
    }
}
