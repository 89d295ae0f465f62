//! A page while it grows: its header, its records, and the rule that says where it ends.
//!
//! Letters and version (8 bytes) | level u8 | 3 zero | count u32 | records. Level 0 holds the list itself, a higher level
//! the pages of the level below. Every page but the last of its level ends where the rule says, so equal lists have
//! equal pages whatever their history.

use super::super::codec::MAX_RAW;
use super::super::cursor::VERSION;
use super::{List, Record};

/// No page is longer, in bytes.
pub const MAX_PAGE: usize = MAX_RAW;
/// A page of this length, in bytes with its header, ends whatever its records say.
pub const FULL_PAGE: usize = 262_144;
/// No page is higher. Each level is at most half as long as the one below, so no list that exists needs more.
pub const MAX_LEVEL: u8 = 40;

pub(super) const HEADER_LEN: usize = 16;

#[derive(Debug)]
pub(super) struct Draft {
    bytes: Vec<u8>,
    level: u8,
    count: u32,
}

impl Draft {
    pub(super) fn new<L: List>(level: u8) -> Draft {
        let mut bytes = L::LETTERS.to_vec();
        bytes.extend_from_slice(&[VERSION, level, 0, 0, 0, 0, 0, 0, 0]);
        Draft { bytes, level, count: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Appends a record; whether the page ends after it.
    pub(super) fn push<R: Record>(&mut self, record: &R) -> bool {
        let start = self.bytes.len();
        record.write(&mut self.bytes);
        self.count += 1;
        // Two records at least, or a level would be as long as the one below.
        let may_end = self.level == 0 || self.count > 1;
        let record_len = (self.bytes.len() - start) as u64;
        may_end && (self.bytes.len() >= FULL_PAGE || record.cut_hash(self.level) < record_len << 48)
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.bytes[HEADER_LEN - 4..HEADER_LEN].copy_from_slice(&self.count.to_le_bytes());
        self.bytes
    }
}
