//! Large files as containers, where the file system shares blocks between files: no byte of a chunk is copied.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use super::dice::random;
use super::error::PackError;
use super::layout;
use super::storing::StoredPack;
use super::writer::Writer;
use crate::base::PathError;
use crate::format::codec::Codec;
use crate::format::compression::Compression;
use crate::format::pack::{CONTAINER_START, PackEntry, PackKind, seal_container};
use crate::format::segment::SegmentPack;
use crate::format::tree::ChunkRef;

/// Chunks of at most so many bytes of a file are one container, so that a collector need not copy much at once.
const LONGEST: u64 = 64 << 20;
/// New chunks side by side of fewer bytes are copied into packs: a file for so few costs more.
const SHORTEST: u64 = 1 << 20;
/// What blocks that are shared begin at a multiple of, in bytes.
const BLOCK: u64 = CONTAINER_START as u64;

/// New chunks that lie side by side in a file.
struct Run<'c> {
    /// Where the first begins.
    start: u64,
    chunks: &'c [ChunkRef],
}

impl Writer<'_> {
    /// A copy of `file` whose blocks chunks can share; `None` if this store compresses, or its file system knows no such
    /// thing.
    pub(super) fn snapshot_of(&self, file: &File) -> Result<Option<File>, PackError> {
        match self.target.store().blocks() {
            Some(blocks) if matches!(self.compression(), Compression::None | Compression::Auto) => {
                Ok(blocks.snapshot(file)?)
            }
            _ => Ok(None),
        }
    }

    /// Stores those of `chunks` that are new: they are all of `snapshot`, in order.
    pub(super) fn add_shared(&self, snapshot: &File, chunks: &[ChunkRef]) -> Result<(), PackError> {
        let is_new: Vec<bool> = chunks.iter().map(|chunk| self.claim_new(&chunk.id)).collect();
        for run in runs(chunks, &is_new) {
            if run.bytes() < SHORTEST {
                self.copy_run(snapshot, &run)?;
            } else {
                self.share_run(snapshot, &run)?;
            }
        }
        Ok(())
    }

    fn copy_run(&self, snapshot: &File, run: &Run<'_>) -> Result<(), PackError> {
        let mut raw = Vec::new();
        for (offset, chunk) in run.places() {
            raw.resize(chunk.bytes as usize, 0);
            snapshot.read_exact_at(&mut raw, offset).map_err(|source| unreadable(self, source))?;
            self.append(PackKind::Chunks, chunk.id, Codec::Raw, raw.len(), &raw)?;
        }
        Ok(())
    }

    fn share_run(&self, snapshot: &File, run: &Run<'_>) -> Result<(), PackError> {
        let blocks = self.target.store().blocks().expect("it gave the snapshot");
        let range = run.blocks(snapshot.metadata().map_err(|source| unreadable(self, source))?.len());
        let entries = run.places().map(|(offset, chunk)| PackEntry {
            id: chunk.id,
            offset: (offset - range.start + BLOCK) as u32,
            stored_len: chunk.bytes,
            raw_len: chunk.bytes,
            codec: Codec::Raw,
        });
        let sealed = seal_container(random(), entries.collect());
        let bytes = BLOCK + (range.end - range.start) + sealed.tail.len() as u64;
        blocks.put_shared(&layout::pack(&sealed.id), &sealed.head, snapshot, range, &sealed.tail)?;
        let pack = SegmentPack { id: sealed.id, bytes, kind: PackKind::Chunks };
        self.take_container(StoredPack { pack, entries: sealed.entries })
    }
}

impl<'c> Run<'c> {
    fn bytes(&self) -> u64 {
        self.chunks.iter().map(|chunk| u64::from(chunk.bytes)).sum()
    }

    /// Each chunk, and where it begins in the file.
    fn places(&self) -> impl Iterator<Item = (u64, &'c ChunkRef)> {
        let mut at = self.start;
        self.chunks.iter().map(move |chunk| {
            let offset = at;
            at += u64::from(chunk.bytes);
            (offset, chunk)
        })
    }

    /// The whole blocks that hold it, of a file of `len` bytes.
    fn blocks(&self, len: u64) -> Range<u64> {
        let end = (self.start + self.bytes()).next_multiple_of(BLOCK).min(len);
        self.start / BLOCK * BLOCK..end
    }
}

/// The new chunks, side by side as far as they are, at most [`LONGEST`] bytes together.
fn runs<'c>(chunks: &'c [ChunkRef], is_new: &[bool]) -> Vec<Run<'c>> {
    let mut runs: Vec<Run<'c>> = Vec::new();
    let (mut first, mut start, mut at) = (0, 0, 0);
    for (number, chunk) in chunks.iter().enumerate() {
        let bytes = u64::from(chunk.bytes);
        let is_full = at + bytes - start > LONGEST;
        if (!is_new[number] || is_full) && first < number {
            runs.push(Run { start, chunks: &chunks[first..number] });
            (first, start) = (number, at);
        }
        at += bytes;
        if !is_new[number] {
            (first, start) = (number + 1, at);
        }
    }
    if first < chunks.len() {
        runs.push(Run { start, chunks: &chunks[first..] });
    }
    runs
}

fn unreadable(writer: &Writer<'_>, source: std::io::Error) -> PackError {
    let path = writer.target.name().into();
    crate::store::StoreError::Disk(PathError { doing: "read a snapshot in", path, source }).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Id;

    fn chunks(lens: &[u32]) -> Vec<ChunkRef> {
        let numbered = lens.iter().enumerate();
        numbered.map(|(at, bytes)| ChunkRef { id: Id::of(&at.to_le_bytes()), bytes: *bytes }).collect()
    }

    fn shape(runs: &[Run<'_>]) -> Vec<(u64, usize)> {
        runs.iter().map(|run| (run.start, run.chunks.len())).collect()
    }

    #[test]
    fn runs_are_what_is_new_side_by_side() {
        let chunks = chunks(&[10, 20, 30, 40, 50]);
        assert_eq!(shape(&runs(&chunks, &[true, true, false, true, true])), [(0, 2), (60, 2)]);
        assert_eq!(shape(&runs(&chunks, &[false, true, true, true, false])), [(10, 3)]);
        assert_eq!(shape(&runs(&chunks, &[false; 5])), []);
        assert_eq!(shape(&runs(&[], &[])), []);
    }

    #[test]
    fn no_run_is_longer_than_a_container_may_be() {
        let mib = 1 << 20;
        let chunks = chunks(&vec![mib; 200]);
        let runs = runs(&chunks, &[true; 200]);
        assert_eq!(shape(&runs), [(0, 64), (64 << 20, 64), (128 << 20, 64), (192 << 20, 8)]);
    }

    #[test]
    fn a_run_takes_the_blocks_that_it_touches() {
        let chunks = chunks(&[5000, 5000]);
        let run = |start| Run { start, chunks: &chunks };
        assert_eq!(run(5000).blocks(1 << 20), 4096..16384);
        assert_eq!(run(5000).blocks(15_000), 4096..15_000);
        assert_eq!(run(8192).blocks(1 << 20), 8192..20480);
    }
}
