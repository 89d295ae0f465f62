//! Writing the files of a plan where nobody sees them: each is checked whole before any is put in its place.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use crate::base::{Id, Job, RepoPath, Stat, Step};
use crate::format::tree::{ChunkRef, Node, node_chunks};
use crate::packs::{PackError, PackStore, layout};
use crate::store::StoreError;
use crate::worktree::{Staged, Staging};

use super::assemble::assemble;
use super::error::Error;
use super::pages::Pages;
use super::plan::{Plan, Write};
use super::replaced::Replaced;

/// A longer file is assembled in windows, on all threads; in bytes.
const LARGE: u64 = 8 << 20;
/// The most bytes of small files that one thread has in hand.
const BATCH_BYTES: u64 = 4 << 20;
/// The most small files that one thread has in hand.
const BATCH_FILES: usize = 256;

/// A write of a plan and the chunks that it takes.
pub struct Task<'a> {
    write: &'a Write,
    chunks: Vec<ChunkRef>,
}

/// Finds the chunks of every write.
pub fn tasks<'a>(pages: &Pages<'_>, plan: &'a Plan) -> Result<Vec<Task<'a>>, Error> {
    let task = |write: &'a Write| {
        let chunks = node_chunks(pages, &write.node)?.map(|chunk| chunk.map(|(_, chunk)| chunk));
        Ok(Task { write, chunks: chunks.collect::<Result<_, Error>>()? })
    };
    plan.writes.iter().map(task).collect()
}

impl Task<'_> {
    /// Where it is written, below the dataset.
    pub fn path(&self) -> &RepoPath {
        &self.write.path
    }

    /// Its chunks, in order.
    pub fn chunks(&self) -> &[ChunkRef] {
        &self.chunks
    }

    /// The stat of what it replaces.
    pub fn replaces(&self) -> Option<Stat> {
        self.write.replaces
    }

    /// What is written.
    pub fn node(&self) -> &Node {
        &self.write.node
    }

    fn bytes(&self) -> u64 {
        self.write.node.bytes()
    }
}

/// What is staged of each task, in their order: nothing of an empty folder, ever.
pub type AllStaged = Vec<Option<Staged>>;

/// Nothing is staged yet.
pub fn nothing(tasks: &[Task<'_>]) -> AllStaged {
    let mut staged = Vec::new();
    staged.resize_with(tasks.len(), || None);
    staged
}

/// The chunks that a store lacks; one that is needed twice may be named twice.
pub fn missing(tasks: &[Task<'_>], store: &PackStore) -> Vec<ChunkRef> {
    let catalog = store.catalog();
    let chunks = tasks.iter().flat_map(|task| &task.chunks);
    chunks.filter(|chunk| catalog.find(&chunk.id).is_none()).copied().collect()
}

/// Where chunks are read: the cache, before it the file that is replaced, and where it is damaged, a remote.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// The cache.
    pub cache: &'a PackStore,
    /// A remote that knows what it has, for what the cache has lost.
    pub remote: Option<&'a PackStore>,
    /// The file that the one at hand replaces.
    pub replaced: Option<&'a Replaced>,
}

/// Finds the file that a task replaces.
pub type FindReplaced<'a> = &'a dyn Fn(&Task<'_>) -> Option<Replaced>;

impl Sources<'_> {
    /// Gives `each` chunk once, checked, in any order.
    pub fn read(&self, ids: &[Id], mut each: impl FnMut(&Id, &[u8])) -> Result<(), PackError> {
        let mut given = HashSet::with_capacity(ids.len());
        let read = self.cache.read_many(ids, |id, raw| {
            given.insert(*id);
            each(id, raw);
            Ok::<_, PackError>(())
        });
        match (read, self.remote) {
            (Err(error), Some(remote)) if error.is_about_data() => {
                for id in ids {
                    if given.insert(*id) {
                        each(id, &self.cache.read(id).or_else(|_| remote.read(id))?);
                    }
                }
                Ok(())
            }
            (read, _) => read,
        }
    }
}

/// Writes the files of all tasks that are not staged yet where nobody sees them, and checks each whole.
///
/// What a large file shares with the one that it replaces is read from there.
///
/// # Errors
/// `DataDamaged` names the files that a bad chunk spoils.
pub fn stage(
    sources: Sources<'_>,
    replaced: FindReplaced<'_>,
    staging: &Staging,
    tasks: &[Task<'_>],
    staged: &mut AllStaged,
    job: &Job<'_>,
) -> Result<(), Error> {
    let mut order: Vec<usize> = (0..tasks.len()).filter(|at| staged[*at].is_none()).collect();
    // Packs are read from front to back.
    order.sort_by_cached_key(|at| {
        let first = tasks[*at].chunks.first().and_then(|chunk| sources.cache.find(&chunk.id));
        first.map(|place| (place.pack, place.offset))
    });
    let (small, large): (Vec<usize>, Vec<usize>) = order.into_iter().partition(|at| tasks[*at].bytes() < LARGE);
    let batches = batches(&small, tasks);
    let done = batches
        .par_iter()
        .map(|batch| stage_batch(sources, staging, tasks, batch, job))
        .collect::<Result<Vec<_>, Error>>()?;
    for (at, file) in done.into_iter().flatten() {
        staged[at] = file;
    }
    for at in large {
        let replaced = replaced(&tasks[at]);
        let sources = Sources { replaced: replaced.as_ref(), ..sources };
        staged[at] = Some(stage_large(sources, staging, &tasks[at], job)?);
    }
    Ok(())
}

fn batches(files: &[usize], tasks: &[Task<'_>]) -> Vec<Vec<usize>> {
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut bytes = 0;
    for at in files {
        bytes += tasks[*at].bytes();
        match batches.last_mut() {
            Some(batch) if bytes <= BATCH_BYTES && batch.len() < BATCH_FILES => batch.push(*at),
            _ => {
                batches.push(vec![*at]);
                bytes = tasks[*at].bytes();
            }
        }
    }
    batches
}

fn stage_batch(
    sources: Sources<'_>,
    staging: &Staging,
    tasks: &[Task<'_>],
    batch: &[usize],
    job: &Job<'_>,
) -> Result<Vec<(usize, Option<Staged>)>, Error> {
    job.check()?;
    let ids: Vec<Id> = batch.iter().flat_map(|at| tasks[*at].chunks.iter().map(|chunk| chunk.id)).collect();
    let mut chunks = HashMap::with_capacity(ids.len());
    let read = sources.read(&ids, |id, raw| drop(chunks.insert(*id, raw.to_vec())));
    read.map_err(|error| spoiled(error, sources, batch.iter().map(|at| &tasks[*at])))?;
    let staged = batch.iter().map(|at| Ok((*at, stage_small(staging, &tasks[*at], &chunks)?)));
    let staged = staged.collect::<Result<Vec<_>, Error>>()?;
    job.moved(Step::Place, batch.iter().map(|at| tasks[*at].bytes()).sum(), batch.len() as u64);
    Ok(staged)
}

fn stage_small(staging: &Staging, task: &Task<'_>, chunks: &HashMap<Id, Vec<u8>>) -> Result<Option<Staged>, Error> {
    let (executable, id) = match &task.write.node {
        Node::File { executable, id, .. } => (*executable, id),
        Node::Symlink { target } => return Ok(Some(staging.symlink(target)?)),
        Node::EmptyFolder => return Ok(None),
    };
    let mut file = staging.file(executable)?;
    let mut hasher = blake3::Hasher::new();
    for chunk in &task.chunks {
        let raw = &chunks[&chunk.id];
        // One chunk is the file: its hash was checked when it was read.
        if task.chunks.len() > 1 {
            hasher.update(raw);
        }
        file.append(raw)?;
    }
    if task.chunks.len() > 1 {
        check_whole(task, id, Id::from(hasher.finalize()))?;
    }
    Ok(Some(file.seal()?))
}

fn stage_large(sources: Sources<'_>, staging: &Staging, task: &Task<'_>, job: &Job<'_>) -> Result<Staged, Error> {
    let Node::File { executable, id, .. } = &task.write.node else {
        unreachable!("only files have many bytes");
    };
    let file = staging.file(*executable)?;
    let found = assemble(sources, &task.chunks, &file, job).map_err(|error| match error {
        Error::Packs(error) => spoiled(error, sources, std::iter::once(task)),
        error => error,
    })?;
    check_whole(task, id, found)?;
    job.moved(Step::Place, 0, 1);
    Ok(file.seal()?)
}

/// Whether the chunks of a file make the file that is wanted.
pub fn check_whole(task: &Task<'_>, id: &Id, found: Id) -> Result<(), Error> {
    if found == *id {
        return Ok(());
    }
    let cause = crate::format::FormatError::damaged("manifest", format!("its chunks make a file of id {found}"));
    let cause = PackError::Page { store: "the cache".to_owned(), id: *id, cause };
    Err(Error::DataDamaged { files: vec![task.path().clone()], count: 1, cause: Box::new(cause) })
}

/// The error for a bad chunk or a lost pack, with the files that it spoils.
fn spoiled<'t, 's: 't>(error: PackError, sources: Sources<'_>, tasks: impl Iterator<Item = &'t Task<'s>>) -> Error {
    let is_spoiled = |chunk: &ChunkRef| match &error {
        PackError::Damaged { id, .. } | PackError::Absent { id, .. } => chunk.id == *id,
        PackError::Store(StoreError::Missing { key, .. } | StoreError::Short { key, .. }) => {
            sources.cache.find(&chunk.id).is_some_and(|place| layout::pack(&place.pack) == *key)
        }
        _ => false,
    };
    let files: Vec<RepoPath> =
        tasks.filter(|task| task.chunks.iter().any(is_spoiled)).map(|task| task.path().clone()).collect();
    if files.is_empty() {
        return error.into();
    }
    Error::DataDamaged { count: files.len(), files, cause: Box::new(error) }
}
