//! A chunk as manifests and trees name it.

use crate::base::Id;

use super::super::codec::MAX_RAW;
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
        chunk.check().is_ok().then_some(chunk)
    }

    /// Refuses what no chunk can be.
    pub fn check(&self) -> Result<(), &'static str> {
        match self.bytes {
            0 => Err("a chunk without bytes"),
            bytes if bytes as usize > MAX_RAW => Err("a chunk of more than 1 MiB"),
            _ => Ok(()),
        }
    }

    /// Reads what [`Record::write`] wrote, without a check.
    pub fn from_array(encoded: &[u8; ChunkRef::LEN]) -> ChunkRef {
        let (id, bytes) = encoded.split_first_chunk::<{ Id::LEN }>().expect("36 bytes are more than 32");
        ChunkRef { id: Id::from_bytes(*id), bytes: u32::from_le_bytes(bytes.try_into().expect("36 less 32 are 4")) }
    }
}

impl Record for ChunkRef {
    type Span = u64;

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.id.as_bytes());
        out.extend_from_slice(&self.bytes.to_le_bytes());
    }

    fn cut_hash(&self, _level: u8) -> u64 {
        self.id.prefix()
    }

    fn path(&self) -> &[u8] {
        &[]
    }

    fn count_in(&self, span: &mut u64) -> Option<()> {
        *span = span.checked_add(self.bytes.into())?;
        Some(())
    }
}
