//! A large file, put together window by window: the next is read and checked while this one is hashed and written.

use std::collections::HashMap;
use std::ops::Range;

use rayon::prelude::*;

use crate::base::{Id, Job, PathError, Step};
use crate::format::codec::Codec;
use crate::format::pack::CONTAINER_START;
use crate::format::tree::ChunkRef;
use crate::packs::{PackError, Place};
use crate::worktree::StagedFile;

use super::error::Error;
use super::stage::Sources;

/// What of the file is in one window, in bytes; two are in hand at once.
const WINDOW: usize = 8 << 20;
/// Blocks that files share begin at multiples of this, in bytes. Where they are larger, bytes are copied.
const BLOCK: u64 = CONTAINER_START as u64;
/// Fewer bytes than this are written rather than shared.
const SHORTEST_SHARED: u64 = 64 << 10;

/// Writes the bytes of `chunks`, in order, into `file`, which is new. Returns the hash of all of them.
///
/// `Step::Place` moves by bytes.
///
/// # Errors
/// `Packs` for what is wrong with a chunk.
pub fn assemble(sources: Sources<'_>, chunks: &[ChunkRef], file: &StagedFile, job: &Job<'_>) -> Result<Id, Error> {
    let mut hasher = blake3::Hasher::new();
    let (mut window, mut next) = (Window::default(), Window::default());
    let mut rest = window.begin(0, chunks);
    window.read(sources)?;
    loop {
        job.check()?;
        rest = next.begin(window.end(), rest);
        let (read, put) = rayon::join(|| next.read(sources), || window.put(sources, file, &mut hasher));
        put?;
        read?;
        job.moved(Step::Place, window.bytes.len() as u64, 0);
        if next.chunks.is_empty() {
            return Ok(Id::from(hasher.finalize()));
        }
        std::mem::swap(&mut window, &mut next);
    }
}

/// Neighbouring chunks of the file.
#[derive(Default)]
struct Window<'c> {
    /// Where they begin in the file.
    start: u64,
    chunks: &'c [ChunkRef],
    bytes: Vec<u8>,
}

impl<'c> Window<'c> {
    /// Takes the first of `chunks`, which begin at `start`. Returns the others.
    fn begin(&mut self, start: u64, chunks: &'c [ChunkRef]) -> &'c [ChunkRef] {
        let mut len = 0;
        let fits = |chunk: &&ChunkRef| {
            len += chunk.bytes as usize;
            len <= WINDOW
        };
        let count = chunks.iter().take_while(fits).count().max(1).min(chunks.len());
        let (first, others) = chunks.split_at(count);
        (self.start, self.chunks) = (start, first);
        others
    }

    fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    /// Reads its chunks on all threads.
    fn read(&mut self, sources: Sources<'_>) -> Result<(), PackError> {
        self.bytes.resize(self.chunks.iter().map(|chunk| chunk.bytes as usize).sum(), 0);
        let mut parts = Vec::new();
        let mut room = &mut self.bytes[..];
        for part in self.chunks.chunks(self.chunks.len().div_ceil(rayon::current_num_threads()).max(1)) {
            let len = part.iter().map(|chunk| chunk.bytes as usize).sum();
            let (own, others) = std::mem::take(&mut room).split_at_mut(len);
            parts.push((part, own));
            room = others;
        }
        parts.into_par_iter().try_for_each(|(chunks, room)| fill(sources, chunks, room))
    }

    /// Hashes its bytes, and writes them.
    fn put(&self, sources: Sources<'_>, file: &StagedFile, hasher: &mut blake3::Hasher) -> Result<(), PathError> {
        let (_, written) = rayon::join(|| hasher.update_rayon(&self.bytes), || self.write(sources, file));
        written
    }

    fn write(&self, sources: Sources<'_>, file: &StagedFile) -> Result<(), PathError> {
        let mut done = self.start;
        for shared in self.shared(sources) {
            let Range { start, end } = shared.range;
            if sources.cache.share_out(&shared.pack, shared.from..shared.from + (end - start), file.file(), start) {
                self.write_bytes(done..start, file)?;
                done = end;
            }
        }
        self.write_bytes(done..self.end(), file)
    }

    /// Writes what lies there in the file.
    fn write_bytes(&self, range: Range<u64>, file: &StagedFile) -> Result<(), PathError> {
        let within = (range.start - self.start) as usize..(range.end - self.start) as usize;
        if within.is_empty() { Ok(()) } else { file.write_at(&self.bytes[within], range.start) }
    }

    /// Whole blocks of it that lie as whole blocks in a container, ascending.
    fn shared(&self, sources: Sources<'_>) -> Vec<Shared> {
        let mut runs: Vec<Shared> = Vec::new();
        let mut at = self.start;
        let catalog = sources.cache.catalog();
        for chunk in self.chunks {
            let range = at..at + u64::from(chunk.bytes);
            at = range.end;
            let found = catalog.find(&chunk.id);
            let Some(place) = found.filter(|place| place.raw_len == chunk.bytes) else { continue };
            match runs.last_mut() {
                Some(run) if run.goes_on_with(&place, range.start) => run.range.end = range.end,
                _ if place.codec == Codec::Raw => {
                    runs.push(Shared { pack: place.pack, from: place.offset.into(), range })
                }
                _ => {}
            }
        }
        runs.into_iter().filter_map(Shared::blocks).collect()
    }
}

/// A part of the file that lies as it is in a pack.
struct Shared {
    pack: Id,
    /// Where it begins in the pack.
    from: u64,
    /// Where it is in the file.
    range: Range<u64>,
}

impl Shared {
    /// In a pack of records, something lies between any two chunks.
    fn goes_on_with(&self, place: &Place, start: u64) -> bool {
        let next = self.from + (self.range.end - self.range.start);
        place.codec == Codec::Raw
            && place.pack == self.pack
            && self.range.end == start
            && next == u64::from(place.offset)
    }

    /// The whole blocks of it, if there are enough.
    fn blocks(self) -> Option<Shared> {
        let start = self.range.start.next_multiple_of(BLOCK);
        let end = self.range.end / BLOCK * BLOCK;
        let from = self.from + (start - self.range.start);
        let pays = end >= start + SHORTEST_SHARED && from.is_multiple_of(BLOCK);
        pays.then_some(Shared { pack: self.pack, from, range: start..end })
    }
}

/// Reads chunks into `room`, one behind the other.
fn fill(sources: Sources<'_>, chunks: &[ChunkRef], room: &mut [u8]) -> Result<(), PackError> {
    let mut rooms: HashMap<Id, Vec<Range<usize>>> = HashMap::with_capacity(chunks.len());
    let mut at = 0;
    for chunk in chunks {
        let end = at + chunk.bytes as usize;
        rooms.entry(chunk.id).or_default().push(at..end);
        at = end;
    }
    let ids: Vec<Id> = chunks.iter().map(|chunk| chunk.id).collect();
    sources.read(&ids, |id, raw| {
        for range in rooms.get(id).into_iter().flatten() {
            // A manifest that lies about a length makes a file of another id, which is noticed at the end.
            let len = raw.len().min(range.len());
            room[range.start..range.start + len].copy_from_slice(&raw[..len]);
        }
    })
}
