//! Files that are put together as their chunks come from a remote: each is read, checked and unpacked once, for the cache
//! and for the worktree.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::base::{Id, Mosaic, PathResult};
use crate::format::compression::{Compression, Noticer};
use crate::format::pack::PackKind;
use crate::format::tree::{ChunkRef, Node};
use crate::packs::{PackError, PackStore, Sink};
use crate::worktree::{STRIDE, Staged, StagedFile, Staging, WorktreeError};

use super::error::Error;
use super::stage::{AllStaged, Task, check_whole};

/// So many files of several chunks are open at once; others are staged afterwards, from the cache.
const MOST_OPEN: usize = 256;
/// What is read back of a file at once, to be hashed; in bytes.
const HASHED_AT_ONCE: usize = 4 << 20;

/// Takes chunks in any order, on any thread. A file that cannot be written is given up: it is staged afterwards, and
/// what is wrong is told then.
pub struct Incoming<'t> {
    staging: &'t Staging,
    tasks: &'t [Task<'t>],
    /// By id.
    wanted: Vec<Wanted>,
    open: Mutex<Open>,
    whole: Mutex<Vec<Whole>>,
}

/// A file that is whole; of several chunks, with the hash of all of them.
struct Whole {
    task: usize,
    staged: Staged,
    id: Option<Id>,
}

/// A place where a chunk is wanted.
struct Wanted {
    id: Id,
    task: usize,
    offset: u64,
}

/// Files of several chunks.
#[derive(Default)]
struct Open {
    files: HashMap<usize, Arc<Part>>,
    given_up: HashSet<usize>,
}

/// A file of which some chunks are there.
struct Part {
    file: StagedFile,
    mosaic: Mosaic,
    missing_bytes: AtomicU64,
    /// Held by the one thread that writes: in the kernel the others would wait for each other with a core each.
    turn: Mutex<()>,
}

impl<'t> Incoming<'t> {
    /// Waits for the chunks of those `tasks` of which `cache` has nothing.
    pub fn new(staging: &'t Staging, tasks: &'t [Task<'t>], cache: &PackStore) -> Incoming<'t> {
        let catalog = cache.catalog();
        let mut wanted = Vec::new();
        for (number, task) in tasks.iter().enumerate() {
            if task.chunks().iter().any(|chunk| catalog.find(&chunk.id).is_some()) {
                continue;
            }
            let mut offset = 0;
            for chunk in task.chunks() {
                wanted.push(Wanted { id: chunk.id, task: number, offset });
                offset += u64::from(chunk.bytes);
            }
        }
        wanted.sort_unstable_by_key(|wanted| wanted.id);
        Incoming { staging, tasks, wanted, open: Mutex::default(), whole: Mutex::default() }
    }

    /// Whether a file waits for the chunk.
    pub fn wants(&self, id: &Id) -> bool {
        self.wanted.binary_search_by_key(id, |wanted| wanted.id).is_ok()
    }

    /// Writes a chunk, which was checked, wherever it is wanted.
    pub fn take(&self, id: &Id, raw: &[u8]) {
        let first = self.wanted.partition_point(|wanted| wanted.id < *id);
        for wanted in self.wanted[first..].iter().take_while(|wanted| wanted.id == *id) {
            let is_whole = self.tasks[wanted.task].chunks().len() == 1;
            let written = if is_whole { self.write_whole(wanted.task, raw) } else { self.write_part(wanted, raw) };
            if written.is_err() {
                self.give_up(wanted.task);
            }
        }
    }

    fn write_whole(&self, task: usize, raw: &[u8]) -> Result<(), WorktreeError> {
        let mut file = self.new_file(task)?;
        file.append(raw)?;
        lock(&self.whole).push(Whole { task, staged: file.seal()?, id: None });
        Ok(())
    }

    fn write_part(&self, wanted: &Wanted, raw: &[u8]) -> Result<(), WorktreeError> {
        let task = wanted.task;
        let Some(part) = self.part(task)? else { return Ok(()) };
        part.mosaic.add(wanted.offset, raw);
        let turn = lock(&part.turn);
        part.file.write_at(raw, wanted.offset)?;
        drop(turn);
        let bytes = raw.len() as u64;
        let missing_bytes = part.missing_bytes.fetch_sub(bytes, Ordering::AcqRel);
        if missing_bytes == bytes {
            lock(&self.open).files.remove(&task);
        } else if missing_bytes / STRIDE != missing_bytes.wrapping_sub(bytes) / STRIDE {
            // Else the disk would wait for the end. The other threads go on meanwhile.
            part.file.sync()?;
        }
        // Once it is whole, the last thread that has it in hand ends it.
        let Some(Part { file, mosaic, .. }) = Arc::into_inner(part) else { return Ok(()) };
        let id = mosaic.id().map_or_else(|| id_of(&file, self.tasks[task].node().bytes()), Ok)?;
        lock(&self.whole).push(Whole { task, staged: file.seal()?, id: Some(id) });
        Ok(())
    }

    /// The file of that task; `None` if it was given up.
    fn part(&self, task: usize) -> Result<Option<Arc<Part>>, WorktreeError> {
        let mut open = lock(&self.open);
        if let Some(part) = open.files.get(&task) {
            return Ok(Some(Arc::clone(part)));
        }
        if open.given_up.contains(&task) {
            return Ok(None);
        }
        if open.files.len() >= MOST_OPEN {
            open.given_up.insert(task);
            return Ok(None);
        }
        let part = Arc::new(Part::new(self.new_file(task)?, self.tasks[task].chunks()));
        open.files.insert(task, Arc::clone(&part));
        Ok(Some(part))
    }

    fn give_up(&self, task: usize) {
        let mut open = lock(&self.open);
        open.files.remove(&task);
        open.given_up.insert(task);
    }

    fn new_file(&self, task: usize) -> Result<StagedFile, WorktreeError> {
        self.staging.file(matches!(self.tasks[task].node(), Node::File { executable: true, .. }))
    }

    /// Puts what is whole into `staged`.
    ///
    /// # Errors
    /// `DataDamaged` for a file whose chunks do not make it.
    pub fn finish(self, staged: &mut AllStaged) -> Result<(), Error> {
        for whole in self.whole.into_inner().unwrap_or_else(PoisonError::into_inner) {
            let task = &self.tasks[whole.task];
            if let (Node::File { id, .. }, Some(found)) = (task.node(), whole.id) {
                check_whole(task, id, found)?;
            }
            staged[whole.task] = Some(whole.staged);
        }
        Ok(())
    }
}

impl Part {
    fn new(file: StagedFile, chunks: &[ChunkRef]) -> Part {
        let bytes = chunks.iter().map(|chunk| u64::from(chunk.bytes)).sum();
        Part { file, mosaic: Mosaic::new(bytes), missing_bytes: AtomicU64::new(bytes), turn: Mutex::default() }
    }
}

impl Sink for Incoming<'_> {
    fn compression(&self) -> Compression {
        Compression::None
    }

    fn take(&self, _kind: PackKind, id: Id, raw: &[u8], _noticer: &mut Noticer) -> Result<(), PackError> {
        Incoming::take(self, &id, raw);
        Ok(())
    }
}

/// The hash of all that was written, read back: `bytes`, if all is well.
pub fn id_of(file: &StagedFile, bytes: u64) -> PathResult<Id> {
    let mut hasher = blake3::Hasher::new();
    let mut room = vec![0; HASHED_AT_ONCE.min(bytes as usize).max(1)];
    let mut at = 0;
    loop {
        let count = file.read_at(&mut room, at)?;
        if count == 0 {
            return Ok(Id::from(hasher.finalize()));
        }
        hasher.update_rayon(&room[..count]);
        at += count as u64;
    }
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
