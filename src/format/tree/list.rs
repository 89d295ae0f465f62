//! A tree as a list in pages.
//!
//! Level 0: entries. Higher levels: (page id 32 | entries u64 | bytes u64 | last_path_len u16 | last path)*. A page of
//! level L may end where a number out of the BLAKE3 of a record's path is less than the record's length << 48: its bytes
//! 8k to 8k + 8, big-endian, k = min(L, 3). So the paths alone say where, not what is there, as long as its length stays.

use crate::base::{Id, RepoPath};

use super::super::FormatError;
use super::super::cursor::Reader;
use super::super::pages::{self, List, Span};
use super::Entry;
use super::entry::{read_path, write_run};

/// The entries of one tracked folder.
#[derive(Debug, Clone, Copy)]
pub enum Tree {}

/// A page of a tree.
pub type Page = pages::Page<Tree>;

/// What lies below a page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Below {
    /// The number of entries.
    pub entries: u64,
    /// The sizes of all files, summed up, in bytes.
    pub bytes: u64,
    /// The path of the last entry.
    pub last: RepoPath,
}

impl List for Tree {
    const LETTERS: &'static [u8; 7] = b"esktree";
    const WHAT: &'static str = "tree page";
    type Item = Entry;
    type Span = Below;
}

impl Span for Below {
    const SHORTEST: usize = 8 + 8 + 2 + 1;

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.entries.to_le_bytes());
        out.extend_from_slice(&self.bytes.to_le_bytes());
        write_run(self.last.as_bytes(), out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Below, FormatError> {
        let below = Below { entries: reader.u64()?, bytes: reader.u64()?, last: read_path(reader)? };
        if below.entries == 0 { Err(reader.damaged("a page below it is empty")) } else { Ok(below) }
    }

    fn cut_hash(&self, _id: &Id, level: u8) -> u64 {
        path_hash(&self.last, level)
    }

    fn last(&self) -> Option<&RepoPath> {
        Some(&self.last)
    }

    fn count_in(&mut self, next: &Below) -> Option<()> {
        self.entries = self.entries.checked_add(next.entries)?;
        self.bytes = self.bytes.checked_add(next.bytes)?;
        Some(())
    }

    fn end_with(&mut self, next: &Below) {
        self.last = next.last.clone();
    }
}

/// Each level has bytes of its own, so that a cut on one says nothing about the next.
pub(super) fn path_hash(path: &RepoPath, level: u8) -> u64 {
    let hash = blake3::hash(path.as_bytes());
    let start = 8 * usize::from(level.min(3));
    let bytes = hash.as_bytes()[start..start + 8].try_into().expect("eight bytes of 32");
    u64::from_be_bytes(bytes)
}
