//! Reading files of the worktree into chunks: small ones in batches on all threads, large ones each on all threads.

use std::path::Path;

use rayon::prelude::*;

use crate::base::{FileKind, Job, RepoPath, Stat, Step};
use crate::format::compression::Noticer;
use crate::format::tree::Node;
use crate::packs::{Content, ContentError, Earlier, Sink, store_bytes, store_shared, store_stream};
use crate::worktree::{self, Reader, WorktreeError};

use super::error::Error;

/// A longer file is read in windows, on all threads; in bytes.
const LARGE: u64 = 8 << 20;
/// So many files are opened from the same folder handle.
const BATCH: usize = 128;
/// How often a file is read again that changes under the reader.
const TRIES: usize = 3;

/// A file that was read: what it holds, and what its stat was when it held that.
#[derive(Debug, Clone)]
pub struct Ingested {
    /// Its content.
    pub content: Content,
    /// Its stat, of the moment at which it was read.
    pub stat: Stat,
}

/// The entry for something that was found; `content` gives that of a file, and is asked for no other.
pub fn node(kind: &FileKind, content: impl FnOnce() -> Content) -> Node {
    match kind {
        FileKind::File { executable } => {
            let Content { id, bytes, chunks } = content();
            Node::File { executable: *executable, bytes, id, chunks }
        }
        FileKind::Symlink { target } => Node::Symlink { target: target.clone() },
        FileKind::EmptyFolder => Node::EmptyFolder,
    }
}

/// Tells what is known of an earlier version of a file; nothing costs only time.
pub type FindEarlier<'a> = &'a dyn Fn(&RepoPath) -> Earlier;

/// Nothing is known of any file.
pub fn unknown(_path: &RepoPath) -> Earlier {
    Earlier::default()
}

/// Reads `files`, relative to `root`, into `sink`. The answers come in the same order. `step` moves by bytes.
///
/// Of large files `earlier` is asked.
///
/// # Errors
/// `KeepsChanging` for a file that was changed under the reader three times over.
pub fn ingest(
    root: &Path,
    files: &[(&RepoPath, Stat)],
    earlier: FindEarlier<'_>,
    sink: &dyn Sink,
    step: Step,
    job: &Job<'_>,
) -> Result<Vec<Ingested>, Error> {
    let (small, large): (Vec<usize>, Vec<usize>) = (0..files.len()).partition(|at| files[*at].1.bytes < LARGE);
    let batches: Vec<Vec<Ingested>> = small
        .par_chunks(BATCH)
        .map(|batch| read_batch(root, files, batch, sink, step, job))
        .collect::<Result<_, Error>>()?;
    let mut ingested: Vec<Option<Ingested>> = vec![None; files.len()];
    for (at, file) in small.into_iter().zip(batches.into_iter().flatten()) {
        ingested[at] = Some(file);
    }
    for at in large {
        let (path, stat) = files[at];
        let earlier = earlier(path);
        let content = retried(root, path, stat, |stat| stream(root, path, stat, &earlier, sink, step, job))?;
        job.moved(step, 0, 1);
        ingested[at] = Some(content);
    }
    Ok(ingested.into_iter().map(|file| file.expect("a file is small or large")).collect())
}

fn read_batch(
    root: &Path,
    files: &[(&RepoPath, Stat)],
    batch: &[usize],
    sink: &dyn Sink,
    step: Step,
    job: &Job<'_>,
) -> Result<Vec<Ingested>, Error> {
    let mut reader = Reader::open(root)?;
    let mut noticer = Noticer::new(sink.compression());
    let mut buffer = Vec::new();
    let mut bytes = 0;
    let read = batch.iter().map(|at| {
        job.check()?;
        let (path, stat) = files[*at];
        bytes += stat.bytes;
        retried(root, path, stat, |stat| {
            reader.read_small(path, stat, &mut buffer)?;
            Ok(store_bytes(sink, &buffer, &mut noticer)?)
        })
    });
    let read = read.collect::<Result<Vec<_>, Error>>()?;
    job.moved(step, bytes, batch.len() as u64);
    Ok(read)
}

fn stream(
    root: &Path,
    path: &RepoPath,
    stat: &Stat,
    earlier: &Earlier,
    sink: &dyn Sink,
    step: Step,
    job: &Job<'_>,
) -> Result<Content, Error> {
    let mut reader = Reader::open(root)?;
    let source = reader.source(path, stat)?;
    let failed = |error| match error {
        ContentError::Read(error) => {
            Error::Disk(crate::base::PathError { doing: "read", path: path.below(root), source: error })
        }
        ContentError::Pack(error) => error.into(),
    };
    // A change after the snapshot must show in the ctime: else chunks would be stored under ids that are not theirs.
    worktree::settle(stat.ctime);
    if let Some(snapshot) = sink.snapshot(source.file())? {
        let is_unchanged = || source.check().is_ok();
        if let Some(content) =
            store_shared(sink, &snapshot, source.file(), earlier, is_unchanged, step, job).map_err(failed)?
        {
            return Ok(content);
        }
        return Err(WorktreeError::Changed { path: path.clone() }.into());
    }
    let content = store_stream(sink, source.file(), earlier, step, job).map_err(failed)?;
    source.check()?;
    Ok(content)
}

/// Reads a file until it stays the same while it is read.
fn retried(
    root: &Path,
    path: &RepoPath,
    stat: Stat,
    mut read: impl FnMut(&Stat) -> Result<Content, Error>,
) -> Result<Ingested, Error> {
    let mut stat = stat;
    for _ in 0..TRIES {
        match read(&stat) {
            Ok(content) => return Ok(Ingested { content, stat }),
            Err(Error::Worktree(WorktreeError::Changed { .. })) => {
                let found = worktree::scan_one(root, path)?;
                worktree::settle(found.stat.ctime);
                stat = found.stat;
            }
            Err(error) => return Err(error),
        }
    }
    Err(Error::KeepsChanging { path: path.clone() })
}
