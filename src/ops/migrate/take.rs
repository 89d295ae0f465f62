//! Reading the objects of an old tool into the cache: each once, in batches, and what was read is written down.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

use crate::base::{Job, RepoPath, Step, Unit};
use crate::format::compression::Noticer;
use crate::format::foreign::{Known, OldId};
use crate::packs::{Sink, Written};

use super::super::error::Error;
use super::super::lazy_writer::LazyWriter;
use super::super::project::Project;
use super::journal::Journal;
use super::report::Trouble;
use super::shelf::{Answer, Shelf};

/// So many objects are asked for before what was read is counted.
const BATCH: usize = 512;
/// After so many bytes, or objects, what was read is made to count and written down.
const KEPT_BYTES: u64 = 2 << 30;
const KEPT_OBJECTS: usize = 16_384;
/// A thread takes so many small objects at a time.
const SHARE: usize = 32;
/// So many are asked of a bucket at once.
const FAR_THREADS: usize = 16;

/// What was read.
#[derive(Debug, Default)]
pub struct Taken {
    /// What each object is.
    pub known: HashMap<OldId, Known>,
    /// What could not be read.
    pub troubles: Vec<Trouble>,
    /// How many objects were read.
    pub read: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What was stored.
    pub written: Written,
}

impl Taken {
    /// Remembers an object that could not be read.
    pub fn trouble<T>(&mut self, old: &OldId, path: &RepoPath, shelf: &Shelf, answer: Answer<T>) {
        let (is_damaged, places) = match answer {
            Answer::Good(_) => return,
            Answer::Missing => (false, shelf.names()),
            Answer::Damaged(places) => (true, places),
        };
        self.troubles.push(Trouble { path: path.clone(), old: old.text(), is_damaged, places });
    }

    /// Counts what one writer stored.
    pub fn count(&mut self, written: Written) {
        self.written.raw_bytes += written.raw_bytes;
        self.written.stored_bytes += written.stored_bytes;
    }
}

/// Reads those of `wanted` that are not known from an earlier run. A path that needs each is told with what is missing.
pub fn take(
    project: &Project,
    shelf: &Shelf,
    wanted: BTreeMap<OldId, RepoPath>,
    journal: &mut Journal,
    taken: &mut Taken,
    job: &Job<'_>,
) -> Result<(), Error> {
    let cache = project.cache()?;
    let mut unread = Vec::new();
    for (old, path) in wanted {
        match journal.known(&old, project, cache)? {
            Some(known) => drop(taken.known.insert(old, known)),
            None => unread.push((old, path)),
        }
    }
    if unread.is_empty() {
        return Ok(());
    }
    job.began(Step::Store, None, Unit::Bytes);
    let mut rest = &unread[..];
    while !rest.is_empty() {
        let writer = LazyWriter::new(cache);
        let mut read = Vec::new();
        let mut bytes = 0;
        while !rest.is_empty() && bytes < KEPT_BYTES && read.len() < KEPT_OBJECTS {
            let (batch, later) = rest.split_at(rest.len().min(BATCH));
            rest = later;
            for ((old, path), answer) in batch.iter().zip(ask(shelf, batch, &writer, job)?) {
                match answer {
                    Answer::Good(known) => {
                        bytes += known.bytes;
                        read.push((old.clone(), known));
                    }
                    bad => taken.trouble(old, path, shelf, bad),
                }
            }
        }
        taken.count(writer.finish()?);
        journal.keep(&read, job)?;
        taken.read += read.len() as u64;
        taken.bytes += bytes;
        taken.known.extend(read);
    }
    job.done(Step::Store);
    Ok(())
}

fn ask(
    shelf: &Shelf,
    batch: &[(OldId, RepoPath)],
    sink: &dyn Sink,
    job: &Job<'_>,
) -> Result<Vec<Answer<Known>>, Error> {
    let ask = |share: &[(OldId, RepoPath)]| {
        let mut noticer = Noticer::new(sink.compression());
        let take = share.iter().map(|(old, _)| {
            job.check()?;
            shelf.take(old, sink, &mut noticer, Step::Store, job)
        });
        take.collect::<Result<Vec<_>, Error>>()
    };
    if !shelf.is_far() {
        let answers = batch.par_chunks(SHARE).map(ask).collect::<Result<Vec<_>, Error>>()?;
        return Ok(answers.into_iter().flatten().collect());
    }
    // Threads that wait for a bucket compute nothing: more of them than cores.
    let failed = |error| Error::Argument { given: format!("{FAR_THREADS} threads"), reason: format!("{error}") };
    let threads = rayon::ThreadPoolBuilder::new().num_threads(FAR_THREADS).build().map_err(failed)?;
    let answers = threads.install(|| batch.par_chunks(1).map(ask).collect::<Result<Vec<_>, Error>>())?;
    Ok(answers.into_iter().flatten().collect())
}
