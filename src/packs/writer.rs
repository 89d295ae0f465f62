//! Filling packs from many threads, storing them, and at the end the index that makes them count.
//!
//! An index never names a pack that is not durable. A pack that no index names is debris, or is taken up again by the
//! next writer.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::base::Id;
use crate::format::codec::Codec;
use crate::format::compression::{Compression, Noticer};
use crate::format::pack::{PackBuilder, PackEntry, PackKind, SealedPack};
use crate::format::segment::{self, SegmentEntry, SegmentPack};
use crate::store::Store;

use super::catalog::Catalog;
use super::error::PackError;
use super::layout;
use super::open::PackStore;
use super::orphans::{Orphan, leave_note};

/// A pack is stored when it has this many bytes.
const PACK_TARGET: usize = 32 << 20;
/// So many chunks are indexed in one go: a writer of any length needs so much memory, and no more.
const SEGMENT_ENTRIES: usize = 1 << 20;
/// The ids of this run are spread over so many locks.
const SHARDS: usize = 16;

/// What a writer stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Packs, with those of an interrupted run that were taken up.
    pub packs: u64,
    /// Bytes of all new chunks of files before compression.
    pub raw_bytes: u64,
    /// Bytes of all new chunks and pages as they are stored.
    pub stored_bytes: u64,
    /// How many chunks of files were new.
    pub chunks: u64,
}

/// Stores chunks in a pack store. Shared by many threads; [`Writer::finish`] makes what was stored count.
pub struct Writer<'a> {
    target: &'a PackStore,
    known: Arc<Catalog>,
    fresh: Vec<Mutex<HashSet<Id>>>,
    chunks: Mutex<Option<PackBuilder>>,
    pages: Mutex<Option<PackBuilder>>,
    written: Mutex<Written>,
    shared: Arc<Shared>,
    queue: Option<SyncSender<SealedPack>>,
    threads: Vec<JoinHandle<()>>,
}

/// What the storing threads and the writer both touch.
struct Shared {
    store: Arc<dyn Store>,
    stored: Mutex<Vec<StoredPack>>,
    failure: Mutex<Option<PackError>>,
    spare: Mutex<Vec<Vec<u8>>>,
    /// Where packs leave a note until they are indexed.
    notes: Option<PathBuf>,
}

/// A pack that is durable and not yet indexed.
struct StoredPack {
    pack: SegmentPack,
    entries: Vec<PackEntry>,
}

impl PackStore {
    /// Begins to store chunks. What the catalog knows is not stored again.
    pub fn writer(&self) -> Result<Writer<'_>, PackError> {
        Writer::new(self, self.take_up_orphans()?)
    }
}

impl<'a> Writer<'a> {
    fn new(target: &'a PackStore, orphans: Vec<Orphan>) -> Result<Writer<'a>, PackError> {
        let shared = Arc::new(Shared {
            store: target.shared_store(),
            stored: Mutex::default(),
            failure: Mutex::default(),
            spare: Mutex::default(),
            notes: target.notes(),
        });
        let writers = target.tuning().writers;
        let (queue, packs) = sync_channel(writers.div_ceil(4));
        let packs = Arc::new(Mutex::new(packs));
        let threads = (0..writers).map(|_| store_packs(Arc::clone(&shared), Arc::clone(&packs))).collect();
        let writer = Writer {
            target,
            known: target.catalog(),
            fresh: (0..SHARDS).map(|_| Mutex::default()).collect(),
            chunks: Mutex::default(),
            pages: Mutex::default(),
            written: Mutex::default(),
            shared,
            queue: Some(queue),
            threads,
        };
        for (pack, entries) in orphans {
            entries.iter().for_each(|entry| {
                writer.claim(&entry.id);
            });
            lock(&writer.shared.stored).push(StoredPack { pack, entries });
        }
        Ok(writer)
    }

    /// How hard this store wants its chunks compressed: what [`Noticer::new`] takes.
    pub fn compression(&self) -> Compression {
        self.target.tuning().compression
    }

    /// Whether the store has the chunk, or is about to.
    pub fn has(&self, id: &Id) -> bool {
        self.known.find(id).is_some() || lock(self.shard(id)).contains(id)
    }

    /// Stores a chunk or a page, unless it is there already. Says whether it was new.
    pub fn add(&self, kind: PackKind, id: Id, raw: &[u8], noticer: &mut Noticer) -> Result<bool, PackError> {
        if self.known.find(&id).is_some() || !self.claim(&id) {
            return Ok(false);
        }
        let mut stored = Vec::new();
        match self.compression() {
            Compression::None => self.append(kind, id, Codec::Raw, raw.len(), raw)?,
            Compression::Fast | Compression::Small => {
                let codec = noticer.compress(raw, &mut stored);
                self.append(kind, id, codec, raw.len(), &stored)?;
            }
        }
        Ok(true)
    }

    /// Stores a chunk that another store had stored as `stored`: as it is if it is compressed, or need not be.
    ///
    /// The caller has checked that `raw` hashes to `id` and that `stored` stands for it.
    pub fn add_stored(
        &self,
        kind: PackKind,
        id: Id,
        (codec, stored): (Codec, &[u8]),
        raw: &[u8],
        noticer: &mut Noticer,
    ) -> Result<bool, PackError> {
        if codec == Codec::Raw {
            return self.add(kind, id, raw, noticer);
        }
        if self.known.find(&id).is_some() || !self.claim(&id) {
            return Ok(false);
        }
        self.append(kind, id, codec, raw.len(), stored)?;
        Ok(true)
    }

    fn shard(&self, id: &Id) -> &Mutex<HashSet<Id>> {
        &self.fresh[id.as_bytes()[31] as usize % SHARDS]
    }

    /// Whether this thread is the first of this run to store `id`.
    fn claim(&self, id: &Id) -> bool {
        lock(self.shard(id)).insert(*id)
    }

    fn append(&self, kind: PackKind, id: Id, codec: Codec, raw_len: usize, stored: &[u8]) -> Result<(), PackError> {
        {
            let mut written = lock(&self.written);
            written.stored_bytes += stored.len() as u64;
            if kind == PackKind::Chunks {
                written.raw_bytes += raw_len as u64;
                written.chunks += 1;
            }
        }
        let mut open = lock(match kind {
            PackKind::Chunks => &self.chunks,
            PackKind::Pages => &self.pages,
        });
        let builder = open.get_or_insert_with(|| PackBuilder::new(kind, random(), self.spare_buffer()));
        builder.push(id, codec, raw_len as u32, stored);
        if builder.len() < PACK_TARGET {
            return Ok(());
        }
        let full = open.take();
        drop(open);
        self.store_pack(full)
    }

    fn spare_buffer(&self) -> Vec<u8> {
        lock(&self.shared.spare).pop().unwrap_or_else(|| Vec::with_capacity(PACK_TARGET + (PACK_TARGET >> 4)))
    }

    fn store_pack(&self, pack: Option<PackBuilder>) -> Result<(), PackError> {
        let Some(pack) = pack.filter(|pack| !pack.is_empty()) else { return Ok(()) };
        let queue = self.queue.as_ref().expect("the queue is open until finish()");
        // The threads end only after an error, which is the one to tell.
        let _ = queue.send(pack.seal());
        self.fail_if_storing_failed()?;
        if self.indexable() >= SEGMENT_ENTRIES {
            self.index_stored()?;
        }
        Ok(())
    }

    fn fail_if_storing_failed(&self) -> Result<(), PackError> {
        lock(&self.shared.failure).take().map_or(Ok(()), Err)
    }

    fn indexable(&self) -> usize {
        lock(&self.shared.stored).iter().map(|stored| stored.entries.len()).sum()
    }

    /// Stores what is still open, then the index: from now on all that was added counts.
    pub fn finish(mut self) -> Result<Written, PackError> {
        for open in [&self.chunks, &self.pages] {
            let last = lock(open).take();
            self.store_pack(last)?;
        }
        self.end_threads();
        self.fail_if_storing_failed()?;
        self.index_stored()?;
        self.target.reload()?;
        Ok(*lock(&self.written))
    }

    /// After an error: makes the packs count that are stored whole, so that the next run need not store them again.
    pub fn keep_stored(mut self) -> Result<(), PackError> {
        self.end_threads();
        self.index_stored()
    }

    fn end_threads(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            // A thread that panicked has told so; its pack is in no index.
            let _ = thread.join();
        }
    }

    /// Writes an index segment for the packs that are durable.
    fn index_stored(&self) -> Result<(), PackError> {
        let mut stored = std::mem::take(&mut *lock(&self.shared.stored));
        if stored.is_empty() {
            return Ok(());
        }
        stored.sort_by_key(|stored| stored.pack.id);
        stored.dedup_by_key(|stored| stored.pack.id);
        lock(&self.written).packs += stored.len() as u64;
        let names: Vec<Id> = stored.iter().map(|stored| stored.pack.id).collect();
        let (id, bytes) = encode_segment(&stored);
        self.target.put_segment(&id, &bytes)?;
        self.target.forget_sent(&names)
    }
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        self.end_threads();
    }
}

/// Takes packs ascending by name, each once.
fn encode_segment(stored: &[StoredPack]) -> (Id, Vec<u8>) {
    let packs: Vec<SegmentPack> = stored.iter().map(|stored| stored.pack).collect();
    let numbered = stored.iter().enumerate();
    let mut entries: Vec<SegmentEntry> = numbered
        .flat_map(|(number, stored)| stored.entries.iter().map(move |entry| segment_entry(entry, number as u32)))
        .collect();
    entries.sort_unstable_by_key(|entry| (entry.id, entry.pack));
    entries.dedup_by_key(|entry| entry.id);
    segment::encode(&packs, &entries)
}

fn segment_entry(entry: &PackEntry, pack: u32) -> SegmentEntry {
    let PackEntry { id, offset, stored_len, raw_len, codec } = *entry;
    SegmentEntry { id, pack, offset, stored_len, raw_len, codec }
}

/// A thread that stores the packs it is given, until none comes or one fails.
fn store_packs(shared: Arc<Shared>, packs: Arc<Mutex<Receiver<SealedPack>>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        loop {
            let next = lock(&packs).recv();
            let Ok(SealedPack { id, kind, bytes, entries }) = next else { return };
            if lock(&shared.failure).is_some() {
                continue;
            }
            match shared.store.put(&layout::pack(&id), &bytes) {
                Ok(()) => {
                    let stored = StoredPack { pack: SegmentPack { id, bytes: bytes.len() as u64, kind }, entries };
                    if let Some(folder) = &shared.notes {
                        // Without the note an interrupted run sends the pack again: no reason to fail this one.
                        let _ = leave_note(folder, &stored.pack, &encode_segment(std::slice::from_ref(&stored)).1);
                    }
                    lock(&shared.stored).push(stored);
                }
                Err(error) => {
                    lock(&shared.failure).get_or_insert(error.into());
                }
            }
            lock(&shared.spare).push(bytes);
        }
    })
}

fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

/// A panic elsewhere ends the verb anyway; the data behind these locks is never left half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
