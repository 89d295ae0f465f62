//! A chunk as manifests and trees name it.

use crate::base::{Id, RepoPath};

use super::super::FormatError;
use super::super::codec::MAX_RAW;
use super::super::cursor::Reader;
use super::super::pages::Record;

/// A chunk of a file: the id of its raw bytes, and how many they are (1 to 1 MiB).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChunkRef {
    /// The BLAKE3 of the raw bytes.
    pub id: Id,
    /// The number of raw bytes.
    pub bytes: u32,
}

impl ChunkRef {
    /// The length of its encoding: id 32 | bytes u32.
    pub const LEN: usize = Id::LEN + 4;

    /// The one chunk of the file `id` of `bytes` bytes; `None` if it is empty, or longer than a chunk can be.
    pub fn whole(id: Id, bytes: u64) -> Option<ChunkRef> {
        let chunk = ChunkRef { id, bytes: u32::try_from(bytes).ok()? };
        chunk.has_good_size().then_some(chunk)
    }

    /// Whether a chunk can have that many bytes.
    pub fn has_good_size(&self) -> bool {
        (1..=MAX_RAW as u64).contains(&self.bytes.into())
    }
}

impl Record for ChunkRef {
    type Span = u64;
    const SHORTEST: usize = ChunkRef::LEN;

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.id.as_bytes());
        out.extend_from_slice(&self.bytes.to_le_bytes());
    }

    fn read(reader: &mut Reader<'_>) -> Result<ChunkRef, FormatError> {
        let chunk = ChunkRef { id: reader.id()?, bytes: reader.u32()? };
        if !chunk.has_good_size() {
            return Err(reader.damaged(format!("a chunk of {} bytes", chunk.bytes)));
        }
        Ok(chunk)
    }

    fn cut_hash(&self, _level: u8) -> u64 {
        self.id.prefix()
    }

    fn path(&self) -> Option<&RepoPath> {
        None
    }

    fn count_in(&self, span: &mut u64) -> Option<()> {
        *span = span.checked_add(self.bytes.into())?;
        Some(())
    }

    fn end(&self, _span: &mut u64) {}
}
