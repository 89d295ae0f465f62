//! What a push sends must be here: in the cache, or in files of the worktree that are known to hold it.

use std::collections::{BTreeSet, HashSet};

use crate::base::{FileKind, Id, Job, RepoPath, Stat, Step, Unit};
use crate::packs::{Content, Earlier, PackError, Sink};
use crate::worktree;

use super::error::{Error, MOST_NAMED};
use super::ingest::ingest;
use super::lack::Lack;
use super::lazy_writer::LazyWriter;
use super::pages::Pages;
use super::pointed::{self, Dataset, Selected};
use super::project::Project;
use super::remotes::Remote;
use super::seen::{self, SeenFile};
use super::suffering::{missing, suffering};

/// Sees that all that the remote lacks can be sent, and that no page is lost.
///
/// # Errors
/// `DataMissing` names the files whose data is neither here nor there.
pub fn require(
    project: &Project,
    remote: &Remote,
    wanted: &[Selected],
    lack: &Lack,
    job: &Job<'_>,
) -> Result<(), Error> {
    let cache = project.cache()?;
    let needed = lack.chunks.iter().map(|chunk| chunk.id);
    let mut absent: HashSet<Id> = needed.filter(|id| cache.find(id).is_none()).collect();
    if !absent.is_empty() {
        rescue(project, wanted, &absent, job)?;
        absent.retain(|id| cache.find(id).is_none());
    }
    absent.extend(&lack.unread);
    if absent.is_empty() {
        return Ok(());
    }
    let files = suffering(&Pages::new(project, Some(&remote.name))?, wanted, &absent)?;
    Err(missing(&files, vec![remote.packs.name().to_owned()]))
}

/// Stores files of the worktree in the cache again that are as they were when they were added.
fn rescue(project: &Project, wanted: &[Selected], absent: &HashSet<Id>, job: &Job<'_>) -> Result<(), Error> {
    let pages = Pages::new(project, None)?;
    let writer = LazyWriter::new(project.cache()?);
    for selected in wanted {
        let dataset = &selected.dataset;
        if pointed::read(project, &dataset.path)?.is_none_or(|here| here.id != dataset.pointer.id) {
            continue;
        }
        let files = suffering(&pages, std::slice::from_ref(selected), absent)?;
        store_unchanged(project, dataset, &files, &writer, job)?;
    }
    writer.finish()?;
    Ok(())
}

/// Reads those of `files` into `sink` that have the stat that they had when they were last seen.
pub fn store_unchanged(
    project: &Project,
    dataset: &Dataset,
    files: &BTreeSet<RepoPath>,
    sink: &dyn Sink,
    job: &Job<'_>,
) -> Result<Vec<Content>, Error> {
    let unchanged = unchanged(project, dataset, files)?;
    if unchanged.is_empty() {
        return Ok(Vec::new());
    }
    let named: Vec<(&RepoPath, Stat)> = unchanged.iter().map(|(path, stat)| (path, *stat)).collect();
    job.began(Step::Store, Some(named.iter().map(|(_, stat)| stat.bytes).sum()), Unit::Bytes);
    let read = ingest(project.root(), &named, &|_| Earlier::default(), sink, Step::Store, job)?;
    job.done(Step::Store);
    Ok(read.into_iter().map(|read| read.content).collect())
}

/// Which of `files` have the stat that they had when they were last seen.
fn unchanged(project: &Project, dataset: &Dataset, files: &BTreeSet<RepoPath>) -> Result<Vec<(RepoPath, Stat)>, Error> {
    let file = SeenFile::load(project, &dataset.path);
    let Some(seen) = file.seen() else { return Ok(Vec::new()) };
    let boot_id = worktree::boot_id();
    let mut unchanged = Vec::new();
    for record in seen.records() {
        let Ok(path) = RepoPath::new(record.path).map(|path| dataset.path.join(&path)) else { continue };
        if !files.contains(&path) || !seen::is_trusted(&seen.header, &record, &boot_id) {
            continue;
        }
        let found = worktree::scan_one(project.root(), &path);
        let same = found.ok().filter(|found| found.stat == record.stat && matches!(found.kind, FileKind::File { .. }));
        unchanged.extend(same.map(|found| (path, found.stat)));
    }
    Ok(unchanged)
}

/// An error of a transfer out of the cache, with the files that suffer.
pub fn damaged(project: &Project, wanted: &[Selected], error: PackError) -> Error {
    let PackError::Damaged { id, .. } = &error else { return error.into() };
    let files = Pages::new(project, None).and_then(|pages| suffering(&pages, wanted, &HashSet::from([*id])));
    match files {
        Ok(files) => {
            let count = files.len();
            let files = files.into_iter().take(MOST_NAMED).collect();
            Error::DataDamaged { files, count, cause: Box::new(error) }
        }
        // What is damaged is the one thing to tell.
        Err(_) => error.into(),
    }
}
