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
use super::entry::check_path;
use super::raw::{RawEntry, read_run, write_run};

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

impl Below {
    /// Counts some more in; `None` if a sum grows over 64 bits.
    pub(super) fn count(&mut self, entries: u64, bytes: u64) -> Option<()> {
        self.entries = self.entries.checked_add(entries)?;
        self.bytes = self.bytes.checked_add(bytes)?;
        Some(())
    }
}

impl List for Tree {
    const LETTERS: &'static [u8; 7] = b"esktree";
    const WHAT: &'static str = "tree page";
    const SHORTEST: usize = 2 + 1 + 1;
    type Item = Entry;
    type Raw<'a> = RawEntry<'a>;
    type Span = Below;

    fn scan(reader: &mut Reader<'_>) -> Result<(), FormatError> {
        RawEntry::scan(reader)
    }

    fn raw(scanned: &[u8]) -> RawEntry<'_> {
        RawEntry::of_scanned(scanned)
    }

    fn own(raw: RawEntry<'_>) -> Entry {
        raw.to_entry()
    }
}

impl Span for Below {
    const SHORTEST: usize = 8 + 8 + 2 + 1;

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.entries.to_le_bytes());
        out.extend_from_slice(&self.bytes.to_le_bytes());
        write_run(self.last.as_bytes(), out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Below, FormatError> {
        let (entries, bytes, last) = (reader.u64()?, reader.u64()?, read_run(reader)?);
        check_path(last).map_err(|reason| reader.damaged(reason))?;
        if entries == 0 {
            return Err(reader.damaged("a page below it is empty"));
        }
        Ok(Below { entries, bytes, last: path(last) })
    }

    fn cut_hash(&self, _id: &Id, level: u8) -> u64 {
        path_hash(self.last.as_bytes(), level)
    }

    fn last(&self) -> &[u8] {
        self.last.as_bytes()
    }

    fn end_at(&mut self, last: &[u8]) {
        self.last = path(last);
    }

    fn count_in(&mut self, next: &Below) -> Option<()> {
        self.count(next.entries, next.bytes)
    }
}

fn path(checked: &[u8]) -> RepoPath {
    RepoPath::new(checked).expect("the path was checked before")
}

/// Each level has bytes of its own, so that a cut on one says nothing about the next.
pub(super) fn path_hash(path: &[u8], level: u8) -> u64 {
    let hash = blake3::hash(path);
    let start = 8 * usize::from(level.min(3));
    let bytes = hash.as_bytes()[start..start + 8].try_into().expect("eight bytes of 32");
    u64::from_be_bytes(bytes)
}
