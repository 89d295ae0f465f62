//! The content of one file on its way into packs: cut, hashed, stored, and its manifest with it.

use std::fs::File;
use std::io::{self, Read};

use rayon::prelude::*;

use crate::base::{Id, Job, Step};
use crate::chunk::{self, Candidate};
use crate::format::compression::{Compression, Noticer};
use crate::format::manifest;
use crate::format::pack::PackKind;
use crate::format::tree::{ChunkRef, Chunks};

use super::earlier::{Earlier, Follower};
use super::error::PackError;
use super::writer::Writer;

/// What a file is known by once its content is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// BLAKE3 of all its bytes.
    pub id: Id,
    /// How many bytes it has.
    pub bytes: u64,
    /// Its chunks, in order.
    pub chunks: Chunks,
}

/// How much of a large file is in hand at once; two such windows are: one is read while one is stored.
const WINDOW: usize = 4 << 20;
/// What one thread scans for cuts at a time, in bytes.
const PIECE: usize = 256 << 10;

/// Where the chunks of a file go: into a pack store, or nowhere if only their ids are asked for.
pub trait Sink: Sync {
    /// How hard it wants chunks compressed.
    fn compression(&self) -> Compression;

    /// A copy of a large file whose blocks the chunks then share, for [`store_shared`]; `None` if there is no such way.
    fn snapshot(&self, _file: &File) -> Result<Option<File>, PackError> {
        Ok(None)
    }

    /// Takes the chunks of a snapshot, all of them and in order.
    fn take_shared(&self, snapshot: &File, chunks: &[ChunkRef]) -> Result<(), PackError> {
        let _ = (snapshot, chunks);
        unreachable!("this sink gives no snapshots")
    }

    /// Takes a chunk or a page.
    fn take(&self, kind: PackKind, id: Id, raw: &[u8], noticer: &mut Noticer) -> Result<(), PackError>;
}

impl Sink for Writer<'_> {
    fn compression(&self) -> Compression {
        Writer::compression(self)
    }

    fn take(&self, kind: PackKind, id: Id, raw: &[u8], noticer: &mut Noticer) -> Result<(), PackError> {
        self.add(kind, id, raw, noticer).map(|_| ())
    }

    fn snapshot(&self, file: &File) -> Result<Option<File>, PackError> {
        self.snapshot_of(file)
    }

    fn take_shared(&self, snapshot: &File, chunks: &[ChunkRef]) -> Result<(), PackError> {
        self.add_shared(snapshot, chunks)
    }
}

/// Drops all chunks: only their ids are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Nowhere;

impl Sink for Nowhere {
    fn compression(&self) -> Compression {
        Compression::None
    }

    fn take(&self, _kind: PackKind, _id: Id, _raw: &[u8], _noticer: &mut Noticer) -> Result<(), PackError> {
        Ok(())
    }
}

/// Why the content of a file could not be stored.
#[derive(Debug)]
pub enum ContentError {
    /// The file could not be read.
    Read(io::Error),
    /// It could not be stored.
    Pack(PackError),
}

impl From<PackError> for ContentError {
    fn from(error: PackError) -> ContentError {
        ContentError::Pack(error)
    }
}

/// Stores a file that lies in memory, on this thread.
pub fn store_bytes(sink: &dyn Sink, raw: &[u8], noticer: &mut Noticer) -> Result<Content, PackError> {
    let mut chunks = Vec::new();
    let mut start = 0;
    for end in chunk::cuts(raw, &chunk::V1) {
        chunks.push(store_chunk(sink, &raw[start..end], noticer)?);
        start = end;
    }
    let id = match &chunks[..] {
        [whole] => whole.id,
        _ => Id::of(raw),
    };
    let chunks = store_manifest(sink, chunks, noticer)?;
    Ok(Content { id, bytes: raw.len() as u64, chunks })
}

fn store_chunk(sink: &dyn Sink, raw: &[u8], noticer: &mut Noticer) -> Result<ChunkRef, PackError> {
    let id = Id::of(raw);
    sink.take(PackKind::Chunks, id, raw, noticer)?;
    Ok(ChunkRef { id, bytes: raw.len() as u32 })
}

/// Stores the list of chunks where an entry of a tree has no room for it.
fn store_manifest(sink: &dyn Sink, chunks: Vec<ChunkRef>, noticer: &mut Noticer) -> Result<Chunks, PackError> {
    if chunks.len() <= 1 {
        return Ok(Chunks::Whole);
    }
    if chunks.len() <= Chunks::MAX_INLINE {
        return Ok(Chunks::Inline(chunks.into()));
    }
    store_pages(sink, &chunks, noticer).map(Chunks::Paged)
}

/// Stores the manifest of a file as pages, and gives the root of them.
pub fn store_pages(sink: &dyn Sink, chunks: &[ChunkRef], noticer: &mut Noticer) -> Result<Id, PackError> {
    let mut builder = manifest::Builder::new(|id, page: Vec<u8>| sink.take(PackKind::Pages, id, &page, noticer));
    for chunk in chunks {
        builder.push(chunk)?;
    }
    Ok(builder.finish()?.id)
}

/// Stores a file as it is read, on all threads: the next window is read while this one is hashed and stored.
///
/// Returns when `source` ends. What is as it was in an `earlier` version is not searched for cuts. `step` moves by bytes.
pub fn store_stream(
    sink: &dyn Sink,
    source: impl Read + Send,
    earlier: &Earlier,
    step: Step,
    job: &Job<'_>,
) -> Result<Content, ContentError> {
    let (id, chunks) = cut_stream(sink, source, earlier, step, job)?;
    Ok(whole(sink, id, chunks)?)
}

/// The same of a file of which the sink gave a snapshot: chunks are not copied but share its blocks.
///
/// `source` is the file that the snapshot is of, and must be known not to have changed since: it is in memory, where
/// the snapshot is not.
pub fn store_shared(
    sink: &dyn Sink,
    snapshot: &File,
    source: impl Read + Send,
    earlier: &Earlier,
    is_unchanged: impl FnOnce() -> bool,
    step: Step,
    job: &Job<'_>,
) -> Result<Option<Content>, ContentError> {
    let (id, chunks) = cut_stream(&Nowhere, source, earlier, step, job)?;
    if !is_unchanged() {
        return Ok(None);
    }
    sink.take_shared(snapshot, &chunks)?;
    Ok(Some(whole(sink, id, chunks)?))
}

fn whole(sink: &dyn Sink, id: Id, chunks: Vec<ChunkRef>) -> Result<Content, PackError> {
    let bytes = chunks.iter().map(|chunk| u64::from(chunk.bytes)).sum();
    let chunks = store_manifest(sink, chunks, &mut Noticer::new(sink.compression()))?;
    Ok(Content { id, bytes, chunks })
}

fn cut_stream(
    sink: &dyn Sink,
    mut source: impl Read + Send,
    earlier: &Earlier,
    step: Step,
    job: &Job<'_>,
) -> Result<(Id, Vec<ChunkRef>), ContentError> {
    let mut hasher = blake3::Hasher::new();
    let mut follower = Follower::new(earlier);
    let mut chunks = Vec::new();
    let (mut window, mut next) = (Window::new(), Window::new());
    window.read(&mut source).map_err(ContentError::Read)?;
    loop {
        job.check().map_err(PackError::from)?;
        let (read, stored) = rayon::join(
            || if window.is_last() { Ok(()) } else { next.read(&mut source) },
            || window.store(sink, &mut follower, &mut hasher, &mut chunks),
        );
        let open_chunk = stored?;
        read.map_err(ContentError::Read)?;
        job.moved(step, window.fresh().len() as u64, 0);
        if window.is_last() {
            return Ok((Id::from(hasher.finalize()), chunks));
        }
        next.begin_with(&window.bytes[open_chunk..]);
        std::mem::swap(&mut window, &mut next);
    }
}

/// A run of bytes of a large file: fresh ones, and before them the chunk that has no end yet.
struct Window {
    /// Room for an open chunk, then the fresh bytes.
    bytes: Vec<u8>,
    /// Where the open chunk begins in `bytes`: the beginning of what is cut.
    start: usize,
}

impl Window {
    /// Room for the longest open chunk.
    const ROOM: usize = chunk::V1.largest;

    fn new() -> Window {
        Window { bytes: Vec::new(), start: Self::ROOM }
    }

    fn read(&mut self, source: &mut impl Read) -> io::Result<()> {
        self.start = Self::ROOM;
        self.bytes.resize(Self::ROOM + WINDOW, 0);
        let mut end = Self::ROOM;
        while end < self.bytes.len() {
            match source.read(&mut self.bytes[end..]) {
                Ok(0) => break,
                Ok(count) => end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.bytes.truncate(end);
        Ok(())
    }

    fn fresh(&self) -> &[u8] {
        &self.bytes[Self::ROOM..]
    }

    /// Whether the file ended in this window.
    fn is_last(&self) -> bool {
        self.fresh().len() < WINDOW
    }

    /// Puts the open chunk of the window before in front.
    fn begin_with(&mut self, open_chunk: &[u8]) {
        self.start = Self::ROOM - open_chunk.len();
        self.bytes[self.start..Self::ROOM].copy_from_slice(open_chunk);
    }

    /// Hashes the fresh bytes and stores all chunks that end in them. Returns where the open chunk begins.
    fn store(
        &self,
        sink: &dyn Sink,
        follower: &mut Follower<'_>,
        hasher: &mut blake3::Hasher,
        chunks: &mut Vec<ChunkRef>,
    ) -> Result<usize, PackError> {
        let (_, cut) = rayon::join(|| hasher.update_rayon(self.fresh()), || self.cut(sink, follower));
        let (stored, open_chunk) = cut?;
        chunks.extend(stored);
        Ok(open_chunk)
    }

    /// Stores all chunks that end here. Returns them, and where the open chunk begins.
    fn cut(&self, sink: &dyn Sink, follower: &mut Follower<'_>) -> Result<(Vec<ChunkRef>, usize), PackError> {
        let mut stored = follower.follow(sink, &self.bytes[self.start..])?;
        let start = self.start + stored.iter().map(|chunk| chunk.bytes as usize).sum::<usize>();
        let data = &self.bytes[start..];
        let ends = chunk::ends(&candidates_of(data), data.len(), self.is_last(), &chunk::V1);
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let ranges: Vec<_> = starts.zip(&ends).map(|(start, end)| start..*end).collect();
        let found = ranges
            .into_par_iter()
            .map_init(|| Noticer::new(sink.compression()), |noticer, range| store_chunk(sink, &data[range], noticer))
            .collect::<Result<Vec<_>, _>>()?;
        follower.found(&found);
        stored.extend(found);
        Ok((stored, start + ends.last().copied().unwrap_or(0)))
    }
}

/// The candidates of `data`, found by all threads.
fn candidates_of(data: &[u8]) -> Vec<Candidate> {
    let pieces: Vec<Vec<Candidate>> = (0..data.len())
        .into_par_iter()
        .step_by(PIECE)
        .map(|from| {
            let warm = from.saturating_sub(chunk::WINDOW);
            let piece = &data[warm..data.len().min(from + PIECE)];
            let mut found = Vec::new();
            chunk::candidates(piece, from - warm, &chunk::V1, &mut found);
            found.iter_mut().for_each(|candidate| candidate.position += warm);
            found
        })
        .collect();
    pieces.concat()
}
