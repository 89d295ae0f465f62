//! Filling packs from many threads, storing them, and at the end the index that makes them count.
//!
//! An index never names a pack that is not durable. A pack that no index names is debris, or is taken up again by the
//! next writer.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::base::Id;
use crate::format::codec::Codec;
use crate::format::compression::{Compression, Noticer};
use crate::format::pack::{PackBuilder, PackKind};

use super::catalog::Catalog;
use super::dice::random;
use super::error::PackError;
use super::open::PackStore;
use super::orphans::Orphan;
use super::segments::ENOUGH_ENTRIES;
use super::storing::{StoredPack, Storing, encode_segment};

/// A pack is stored when it has this many bytes.
pub(super) const PACK_TARGET: usize = 32 << 20;
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

impl Written {
    /// Counts what another writer stored too.
    pub(super) fn add(&mut self, other: &Written) {
        let Written { packs, raw_bytes, stored_bytes, chunks } = other;
        self.packs += packs;
        self.raw_bytes += raw_bytes;
        self.stored_bytes += stored_bytes;
        self.chunks += chunks;
    }
}

/// Stores chunks in a pack store. Shared by many threads; [`Writer::finish`] makes what was stored count.
pub struct Writer<'a> {
    pub(super) target: &'a PackStore,
    known: RwLock<Arc<Catalog>>,
    /// What this run stores and no index names yet.
    fresh: Vec<Mutex<HashSet<Id>>>,
    /// Packs that are open for chunks: a thread takes the first that no other is writing to.
    chunks: Vec<Mutex<Option<PackBuilder>>>,
    pages: Vec<Mutex<Option<PackBuilder>>>,
    written: Mutex<Written>,
    storing: Storing,
}

impl PackStore {
    /// Begins to store chunks. What the catalog knows is not stored again.
    pub fn writer(&self) -> Result<Writer<'_>, PackError> {
        Ok(Writer::new(self, self.take_up_orphans()?))
    }

    /// The same for who condemns or mends packs: those of `uncounted` do not count, and are not taken up, though nobody
    /// condemned them yet.
    pub fn writer_without(&self, uncounted: &HashSet<Id>) -> Result<Writer<'_>, PackError> {
        let mut orphans = self.take_up_orphans()?;
        orphans.retain(|(pack, _)| !uncounted.contains(&pack.id));
        self.avoid(self.catalog().avoided().union(uncounted).copied().collect())?;
        Ok(Writer::new(self, orphans))
    }
}

impl<'a> Writer<'a> {
    fn new(target: &'a PackStore, orphans: Vec<Orphan>) -> Writer<'a> {
        let writer = Writer {
            target,
            known: RwLock::new(target.catalog()),
            fresh: (0..SHARDS).map(|_| Mutex::default()).collect(),
            chunks: (0..target.tuning().open_packs).map(|_| Mutex::default()).collect(),
            pages: vec![Mutex::default()],
            written: Mutex::default(),
            storing: Storing::begin(target),
        };
        for (pack, entries) in orphans {
            entries.iter().for_each(|entry| {
                writer.claim(&entry.id);
            });
            writer.storing.take_up(StoredPack { pack, entries });
        }
        writer
    }

    /// How hard this store wants its chunks compressed: what [`Noticer::new`] takes.
    pub fn compression(&self) -> Compression {
        self.target.tuning().compression
    }

    /// Whether the store has the chunk, or is about to.
    pub fn has(&self, id: &Id) -> bool {
        self.known().find(id).is_some() || lock(self.shard(id)).contains(id)
    }

    /// Stores a chunk or a page, unless it is there already. Says whether it was new.
    pub fn add(&self, kind: PackKind, id: Id, raw: &[u8], noticer: &mut Noticer) -> Result<bool, PackError> {
        if !self.claim_new(&id) {
            return Ok(false);
        }
        if !self.compresses() {
            self.append(kind, id, Codec::Raw, raw.len(), raw)?;
            return Ok(true);
        }
        let mut stored = Vec::new();
        let codec = noticer.compress(raw, &mut stored);
        self.append(kind, id, codec, raw.len(), &stored)?;
        Ok(true)
    }

    /// Whether chunks are compressed at this moment.
    fn compresses(&self) -> bool {
        match self.compression() {
            Compression::None => false,
            Compression::Auto => self.storing.is_behind(),
            Compression::Fast | Compression::Small => true,
        }
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
        // Where small was asked for before, to try once more is in vain.
        if codec == Codec::Raw && self.compression() != Compression::Auto {
            return self.add(kind, id, raw, noticer);
        }
        if !self.claim_new(&id) {
            return Ok(false);
        }
        self.append(kind, id, codec, raw.len(), stored)?;
        Ok(true)
    }

    fn known(&self) -> Arc<Catalog> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn shard(&self, id: &Id) -> &Mutex<HashSet<Id>> {
        &self.fresh[id.as_bytes()[31] as usize % SHARDS]
    }

    /// Whether this thread is the first of this run to store `id`.
    fn claim(&self, id: &Id) -> bool {
        lock(self.shard(id)).insert(*id)
    }

    /// Whether this thread is to store `id`, which nobody has stored before.
    pub(super) fn claim_new(&self, id: &Id) -> bool {
        self.known().find(id).is_none() && self.claim(id)
    }

    pub(super) fn append(
        &self,
        kind: PackKind,
        id: Id,
        codec: Codec,
        raw_len: usize,
        stored: &[u8],
    ) -> Result<(), PackError> {
        self.count(kind, raw_len as u64, stored.len() as u64);
        let mut open = first_free(match kind {
            PackKind::Chunks => &self.chunks,
            PackKind::Pages => &self.pages,
        });
        let builder = open.get_or_insert_with(|| PackBuilder::new(kind, random(), self.storing.buffer()));
        builder.push(id, codec, raw_len as u32, stored);
        if builder.len() < PACK_TARGET {
            return Ok(());
        }
        let full = open.take();
        drop(open);
        self.store_pack(full)
    }

    fn count(&self, kind: PackKind, raw_bytes: u64, stored_bytes: u64) {
        let mut written = lock(&self.written);
        written.stored_bytes += stored_bytes;
        if kind == PackKind::Chunks {
            written.raw_bytes += raw_bytes;
            written.chunks += 1;
        }
    }

    /// Counts a container that is durable, and its chunks, which share the blocks of a file.
    pub(super) fn take_container(&self, container: StoredPack) -> Result<(), PackError> {
        container.entries.iter().for_each(|entry| self.count(PackKind::Chunks, entry.raw_len.into(), 0));
        self.storing.take_up(container);
        self.index_if_many()
    }

    fn store_pack(&self, pack: Option<PackBuilder>) -> Result<(), PackError> {
        let Some(pack) = pack.filter(|pack| !pack.is_empty()) else { return Ok(()) };
        self.storing.store(pack.seal())?;
        self.index_if_many()
    }

    fn index_if_many(&self) -> Result<(), PackError> {
        if self.storing.chunks_stored() < ENOUGH_ENTRIES { Ok(()) } else { self.index_meanwhile() }
    }

    fn index_meanwhile(&self) -> Result<(), PackError> {
        let indexed = self.index_stored()?;
        self.target.reload()?;
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = self.target.catalog();
        // The index tells of them from now on: the memory of a run does not grow with what it stores. A thread that
        // looked before that, and claims after this, stores a chunk twice, which does no harm.
        for entry in indexed.iter().flat_map(|stored| &stored.entries) {
            lock(self.shard(&entry.id)).remove(&entry.id);
        }
        Ok(())
    }

    /// Stores what is still open, then the index: from now on all that was added counts.
    pub fn finish(mut self) -> Result<Written, PackError> {
        for open in self.chunks.iter().chain(&self.pages) {
            let last = lock(open).take();
            self.store_pack(last)?;
        }
        self.storing.end();
        self.storing.check()?;
        self.index_stored()?;
        self.target.reload()?;
        Ok(*lock(&self.written))
    }

    /// After an error: makes the packs count that are stored whole, so that the next run need not store them again.
    pub fn keep_stored(mut self) -> Result<(), PackError> {
        self.storing.end();
        self.index_stored().map(drop)
    }

    /// Writes an index segment for the packs that are durable, which it returns.
    fn index_stored(&self) -> Result<Vec<StoredPack>, PackError> {
        let stored = self.storing.take_stored();
        if stored.is_empty() {
            return Ok(stored);
        }
        lock(&self.written).packs += stored.len() as u64;
        let names: Vec<Id> = stored.iter().map(|stored| stored.pack.id).collect();
        let (id, bytes) = encode_segment(&stored);
        self.target.put_segment(&id, &bytes)?;
        self.target.forget_sent(&names)?;
        Ok(stored)
    }
}

/// The first that is free; the first of all if none is.
fn first_free<T>(all: &[Mutex<T>]) -> MutexGuard<'_, T> {
    let free = all.iter().find_map(|one| one.try_lock().ok());
    free.unwrap_or_else(|| lock(&all[0]))
}

/// A panic elsewhere ends the verb anyway; the data behind these locks is never left half changed.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_compresses_while_its_disk_is_behind() {
        let folder = tempfile::tempdir().unwrap();
        let store = PackStore::cache(folder.path(), Compression::Auto).unwrap();
        let writer = store.writer().unwrap();
        let mut noticer = Noticer::new(writer.compression());
        let mut add = |fill: u8| {
            let raw = [fill; 50_000];
            let id = Id::of(&raw);
            writer.add(PackKind::Chunks, id, &raw, &mut noticer).unwrap();
            id
        };
        let before = add(1);
        writer.storing.pretend(store.tuning().writers);
        let behind = add(2);
        writer.storing.pretend(0);
        let after = add(3);
        writer.finish().unwrap();
        assert_eq!(store.find(&before).unwrap().codec, Codec::Raw);
        assert_eq!(store.find(&behind).unwrap().codec, Codec::Zstd);
        assert_eq!(store.find(&after).unwrap().codec, Codec::Raw);
    }
    #[test]
    fn what_is_indexed_is_remembered_by_the_index_alone() {
        let folder = tempfile::tempdir().unwrap();
        let store = PackStore::cache(folder.path(), Compression::None).unwrap();
        let writer = store.writer().unwrap();
        let mut noticer = Noticer::new(writer.compression());
        let ids: Vec<Id> = (0..100_u32).map(|number| Id::of(&number.to_le_bytes())).collect();
        let mut add = |number: u32| {
            let raw = number.to_le_bytes();
            writer.add(PackKind::Chunks, Id::of(&raw), &raw, &mut noticer).unwrap()
        };
        assert!((0..100).all(&mut add));
        let open = writer.chunks.iter().find_map(|open| lock(open).take());
        writer.store_pack(open).unwrap();
        while writer.storing.chunks_stored() < 100 {
            std::thread::yield_now();
        }
        writer.index_meanwhile().unwrap();
        assert_eq!(writer.fresh.iter().map(|shard| lock(shard).len()).sum::<usize>(), 0);
        assert!(ids.iter().all(|id| writer.has(id)) && !(0..100).any(&mut add));
        assert_eq!(writer.finish().unwrap().chunks, 100);
    }
}
