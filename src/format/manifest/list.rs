//! A manifest as a list in pages.
//!
//! Level 0: (chunk id 32 | bytes u32)*. Higher levels: (page id 32 | bytes u64)*. A page may end where the first eight
//! bytes of a record's id, as a big-endian number, are less than the record's length << 48.

use crate::base::Id;

use super::super::FormatError;
use super::super::cursor::Reader;
use super::super::pages::{self, List, Span};
use super::ChunkRef;

/// The chunks of one file.
#[derive(Debug, Clone, Copy)]
pub enum Manifest {}

/// A page of a manifest.
pub type Page = pages::Page<Manifest>;

impl List for Manifest {
    const LETTERS: &'static [u8; 7] = b"eskmani";
    const WHAT: &'static str = "manifest page";
    const SHORTEST: usize = ChunkRef::LEN;
    type Item = ChunkRef;
    type Raw<'a> = ChunkRef;
    type Span = u64;

    fn scan(reader: &mut Reader<'_>) -> Result<(), FormatError> {
        ChunkRef::from_array(&reader.array()?).check().map_err(|reason| reader.damaged(reason))
    }

    fn raw(scanned: &[u8]) -> ChunkRef {
        ChunkRef::from_array(scanned.try_into().expect("a scanned chunk has 36 bytes"))
    }

    fn own(raw: ChunkRef) -> ChunkRef {
        raw
    }
}

/// The bytes of all chunks below.
impl Span for u64 {
    const SHORTEST: usize = 8;

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }

    fn read(reader: &mut Reader<'_>) -> Result<u64, FormatError> {
        match reader.u64()? {
            0 => Err(reader.damaged("a page below it is empty")),
            bytes => Ok(bytes),
        }
    }

    fn cut_hash(&self, id: &Id, _level: u8) -> u64 {
        id.prefix()
    }

    fn last(&self) -> &[u8] {
        &[]
    }

    fn end_at(&mut self, _path: &[u8]) {}

    fn count_in(&mut self, next: &u64) -> Option<()> {
        *self = self.checked_add(*next)?;
        Some(())
    }
}
