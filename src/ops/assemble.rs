//! A large file, put together window by window, in order: each thread reads, checks, hashes and writes its own.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Mutex;

use rayon::prelude::*;

use crate::base::{Id, Job, Mosaic, PathError, Step};
use crate::format::codec::Codec;
use crate::format::pack::CONTAINER_START;
use crate::format::tree::ChunkRef;
use crate::packs::{PackError, Place};
use crate::worktree::{StagedFile, WriteBack};

use super::error::Error;
use super::incoming::{id_of, lock};
use super::stage::Sources;

/// What of the file is in one window, in bytes: little enough to be hashed and written before it leaves the processor's cache.
const WINDOW: usize = 2 << 20;
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
    let bytes = chunks.iter().map(|chunk| u64::from(chunk.bytes)).sum();
    let mosaic = Mosaic::new(bytes);
    WriteBack::beside(file, |write_back| {
        let (rest, turn) = (Mutex::new(Rest { start: 0, chunks }), Mutex::new(write_back));
        let work = |_| {
            let done = work(sources, file, &mosaic, &rest, &turn, job);
            if done.is_err() {
                lock(&rest).chunks = &[];
            }
            done
        };
        (0..rayon::current_num_threads()).into_par_iter().map(work).collect::<Result<(), Error>>()
    })?;
    Ok(mosaic.id().map_or_else(|| id_of(file, bytes), Ok)?)
}

/// One thread: takes windows until none is left. One at a time writes: in the kernel the others would wait for it with a
/// core each.
fn work(
    sources: Sources<'_>,
    file: &StagedFile,
    mosaic: &Mosaic,
    rest: &Mutex<Rest<'_>>,
    turn: &Mutex<&mut WriteBack>,
    job: &Job<'_>,
) -> Result<(), Error> {
    let mut window = Window::default();
    while window.begin(sources, &mut lock(rest)) {
        job.check()?;
        window.read(sources)?;
        mosaic.add(window.start, &window.bytes);
        let mut write_back = lock(turn);
        window.write(sources, file)?;
        write_back.wrote(window.bytes.len() as u64);
        drop(write_back);
        job.moved(Step::Place, window.bytes.len() as u64, 0);
    }
    Ok(())
}

/// What no thread has in hand yet.
struct Rest<'c> {
    /// Where it begins in the file.
    start: u64,
    chunks: &'c [ChunkRef],
}

/// Neighbouring chunks of the file.
#[derive(Default)]
struct Window<'c> {
    /// Where they begin in the file.
    start: u64,
    chunks: &'c [ChunkRef],
    bytes: Vec<u8>,
    /// What of it the file can share with containers, ascending.
    shared: Vec<Shared>,
}

impl<'c> Window<'c> {
    /// Takes the first of `rest`; `false` if there is nothing.
    fn begin(&mut self, sources: Sources<'_>, rest: &mut Rest<'c>) -> bool {
        let mut len = 0;
        let fits = |chunk: &&ChunkRef| {
            len += chunk.bytes as usize;
            len <= WINDOW
        };
        let count = rest.chunks.iter().take_while(fits).count().max(1).min(rest.chunks.len());
        (self.chunks, rest.chunks) = rest.chunks.split_at(count);
        self.start = rest.start;
        rest.start += self.chunks.iter().map(|chunk| u64::from(chunk.bytes)).sum::<u64>();
        self.shared = self.shared(sources);
        !self.chunks.is_empty()
    }

    fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    /// Reads its chunks.
    fn read(&mut self, sources: Sources<'_>) -> Result<(), PackError> {
        self.bytes.resize(self.chunks.iter().map(|chunk| chunk.bytes as usize).sum(), 0);
        let mut rooms = Vec::with_capacity(self.chunks.len());
        let (mut free, mut at) = (&mut self.bytes[..], self.start);
        for chunk in self.chunks {
            let (room, others) = std::mem::take(&mut free).split_at_mut(chunk.bytes as usize);
            let range = at..at + u64::from(chunk.bytes);
            at = range.end;
            free = others;
            // What is shared must be hashed where it is shared from.
            let is_shared = self.shared.iter().any(|shared| shared.meets(&range));
            rooms.push(Room { id: chunk.id, room, is_shared });
        }
        fill(sources, &mut rooms)
    }

    fn write(&self, sources: Sources<'_>, file: &StagedFile) -> Result<(), PathError> {
        let mut done = self.start;
        for shared in &self.shared {
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

    fn meets(&self, range: &Range<u64>) -> bool {
        self.range.start < range.end && range.start < self.range.end
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

/// Where a chunk is wanted.
struct Room<'w> {
    id: Id,
    room: &'w mut [u8],
    is_shared: bool,
}

/// Reads chunks into their rooms: from the file that is replaced, where it has them, else from the packs.
fn fill(sources: Sources<'_>, rooms: &mut [Room<'_>]) -> Result<(), PackError> {
    let mut wanted: HashMap<Id, Vec<&mut [u8]>> = HashMap::with_capacity(rooms.len());
    let mut ids = Vec::with_capacity(rooms.len());
    for Room { id, room, is_shared } in rooms {
        let is_there = !*is_shared && sources.replaced.is_some_and(|replaced| replaced.read(id, room));
        if !is_there {
            ids.push(*id);
            wanted.entry(*id).or_default().push(room);
        }
    }
    sources.read(&ids, |id, raw| {
        for room in wanted.get_mut(id).into_iter().flatten() {
            // A manifest that lies about a length makes a file of another id, which is noticed at the end.
            let len = raw.len().min(room.len());
            room[..len].copy_from_slice(&raw[..len]);
        }
    })
}
