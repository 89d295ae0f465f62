//! Storing packs on threads of their own while others are being filled.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::base::Id;
use crate::format::pack::{PackEntry, SealedPack};
use crate::format::segment::{self, SegmentEntry, SegmentPack};
use crate::store::Store;

use super::error::PackError;
use super::layout;
use super::open::PackStore;
use super::orphans::leave_note;
use super::writer::{PACK_TARGET, lock};

/// Room for a pack of the size at which it is stored and one chunk more, in bytes.
const BUFFER_LEN: usize = PACK_TARGET + (PACK_TARGET >> 4);

/// A pack that is durable and not yet indexed.
pub(super) struct StoredPack {
    pub pack: SegmentPack,
    pub entries: Vec<PackEntry>,
}

/// The threads, and what they have done.
pub(super) struct Storing {
    shared: Arc<Shared>,
    queue: Option<Sender<SealedPack>>,
    threads: Vec<JoinHandle<()>>,
}

/// What the threads and their owner both touch.
struct Shared {
    store: Arc<dyn Store>,
    stored: Mutex<Vec<StoredPack>>,
    failure: Mutex<Option<PackError>>,
    /// Stays so when the failure was told.
    has_failed: AtomicBool,
    /// How many packs were handed over and are not stored yet.
    on_their_way: AtomicUsize,
    buffers: Mutex<Buffers>,
    returned: Condvar,
    /// Where packs leave a note until they are indexed.
    notes: Option<PathBuf>,
}

/// The memory of packs, from the first chunk until the pack is stored.
struct Buffers {
    /// How many more may be made.
    left: usize,
    spare: Vec<Vec<u8>>,
}

impl Storing {
    /// Starts threads that store into `target`.
    pub fn begin(target: &PackStore) -> Storing {
        let shared = Arc::new(Shared {
            store: target.shared_store(),
            stored: Mutex::default(),
            failure: Mutex::default(),
            has_failed: AtomicBool::new(false),
            on_their_way: AtomicUsize::new(0),
            buffers: Mutex::new(Buffers { left: target.tuning().packs_in_hand(), spare: Vec::new() }),
            returned: Condvar::new(),
            notes: target.notes(),
        });
        let (queue, packs) = channel();
        let packs = Arc::new(Mutex::new(packs));
        let threads = (0..target.tuning().writers).map(|_| start(Arc::clone(&shared), Arc::clone(&packs))).collect();
        Storing { shared, queue: Some(queue), threads }
    }

    /// Hands a pack over.
    ///
    /// # Errors
    /// The first error of any pack so far.
    pub fn store(&self, pack: SealedPack) -> Result<(), PackError> {
        let queue = self.queue.as_ref().expect("the queue is open until end()");
        self.shared.on_their_way.fetch_add(1, Ordering::Relaxed);
        // The threads end only with the queue.
        let _ = queue.send(pack);
        self.check()
    }

    /// The first error of any pack so far.
    pub fn check(&self) -> Result<(), PackError> {
        lock(&self.shared.failure).take().map_or(Ok(()), Err)
    }

    /// An empty buffer for a new pack. Waits while as many packs are in hand as may be: this bounds the memory of a writer,
    /// however many threads use it.
    ///
    /// It never waits for a pack that another thread keeps open: more may be in hand than can be open.
    pub fn buffer(&self) -> Vec<u8> {
        let is_none_left = |buffers: &mut Buffers| buffers.left == 0 && buffers.spare.is_empty();
        let buffers = self.shared.returned.wait_while(lock(&self.shared.buffers), is_none_left);
        let mut buffers = buffers.unwrap_or_else(PoisonError::into_inner);
        buffers.spare.pop().unwrap_or_else(|| {
            buffers.left -= 1;
            Vec::with_capacity(BUFFER_LEN)
        })
    }

    /// Whether every thread has a pack to store: what is filled now would have to wait.
    pub fn is_behind(&self) -> bool {
        self.shared.on_their_way.load(Ordering::Relaxed) >= self.threads.len()
    }

    /// As if so many packs were on their way.
    #[cfg(test)]
    pub fn pretend(&self, packs: usize) {
        self.shared.on_their_way.store(packs, Ordering::Relaxed);
    }

    /// Counts a pack that was stored before.
    pub fn take_up(&self, pack: StoredPack) {
        lock(&self.shared.stored).push(pack);
    }

    /// How many chunks are in packs that are stored and not yet indexed.
    pub fn chunks_stored(&self) -> usize {
        lock(&self.shared.stored).iter().map(|stored| stored.entries.len()).sum()
    }

    /// The packs that are stored, ascending by name, each once; they are the caller's to index.
    pub fn take_stored(&self) -> Vec<StoredPack> {
        let mut stored = std::mem::take(&mut *lock(&self.shared.stored));
        stored.sort_by_key(|stored| stored.pack.id);
        stored.dedup_by_key(|stored| stored.pack.id);
        stored
    }

    /// Waits until all that was handed over is stored or has failed. A panic goes on here: its pack is not stored.
    pub fn end(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            match thread.join() {
                Err(panic) if !std::thread::panicking() => resume_unwind(panic),
                _ => {}
            }
        }
    }
}

impl Drop for Storing {
    fn drop(&mut self) {
        self.end();
    }
}

/// A thread that stores the packs it is given, until the queue ends. After an error the rest is dropped.
fn start(shared: Arc<Shared>, packs: Arc<Mutex<Receiver<SealedPack>>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut panicked = None;
        loop {
            let next = lock(&packs).recv();
            let Ok(pack) = next else { break };
            panicked = shared.store_one(pack).err().or(panicked);
        }
        panicked.map_or((), |panic| resume_unwind(panic))
    })
}

impl Shared {
    /// Stores a pack. Its buffer comes back whatever happens, a panic included: others wait for it.
    fn store_one(&self, mut sealed: SealedPack) -> std::thread::Result<()> {
        let stored = match self.has_failed.load(Ordering::Relaxed) {
            true => Ok(()),
            false => catch_unwind(AssertUnwindSafe(|| self.put(&mut sealed))),
        };
        self.has_failed.fetch_or(stored.is_err(), Ordering::Relaxed);
        self.on_their_way.fetch_sub(1, Ordering::Relaxed);
        lock(&self.buffers).spare.push(sealed.into_buffer());
        self.returned.notify_one();
        stored
    }

    fn put(&self, sealed: &mut SealedPack) {
        match self.store.put(&layout::pack(&sealed.id), sealed.bytes()) {
            Ok(()) => {
                let pack = SegmentPack { id: sealed.id, bytes: sealed.bytes().len() as u64, kind: sealed.kind };
                let stored = StoredPack { pack, entries: std::mem::take(&mut sealed.entries) };
                if let Some(folder) = &self.notes {
                    // Without the note an interrupted run sends the pack again: no reason to fail this one.
                    let _ = leave_note(folder, &stored.pack, &encode_segment(std::slice::from_ref(&stored)).1);
                }
                lock(&self.stored).push(stored);
            }
            Err(error) => {
                self.has_failed.store(true, Ordering::Relaxed);
                lock(&self.failure).get_or_insert(error.into());
            }
        }
    }
}

/// The index segment of packs, ascending by name, each once.
pub(super) fn encode_segment(stored: &[StoredPack]) -> (Id, Vec<u8>) {
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

#[cfg(test)]
mod tests;
