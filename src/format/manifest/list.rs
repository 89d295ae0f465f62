//! A manifest as a list in pages.
//!
//! Level 0: (chunk id 32 | bytes u32)*. Higher levels: (page id 32 | bytes u64)*. A page may end where the first eight
//! bytes of a record's id, as a big-endian number, are less than the record's length << 48.

use crate::base::{Id, RepoPath};

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
    type Item = ChunkRef;
    type Span = u64;
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

    fn last(&self) -> Option<&RepoPath> {
        None
    }

    fn count_in(&mut self, next: &u64) -> Option<()> {
        *self = self.checked_add(*next)?;
        Some(())
    }

    fn end_with(&mut self, _next: &u64) {}
}
