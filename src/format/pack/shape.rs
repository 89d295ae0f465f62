//! What packs are made of: lengths, kinds, layouts, and where a chunk lies.

use super::super::codec::Codec;
use crate::base::Id;

/// The bytes of a pack before its first record.
pub const HEADER_LEN: usize = 32;
/// The bytes before each stored chunk.
pub const RECORD_LEN: usize = 48;
/// The bytes of one footer entry.
pub const ENTRY_LEN: usize = 48;
/// The bytes at the very end.
pub const TRAILER_LEN: usize = 48;

/// Where the bytes of a file begin in a container: a multiple of the blocks that file systems share.
pub const CONTAINER_START: usize = 4096;

pub(super) const WHAT: &str = "pack";
pub(super) const LETTERS: &[u8; 7] = b"eskpack";
pub(super) const END: &[u8; 8] = b"eskfoot\x01";
pub(super) const LAYOUT_AT: usize = 9;

/// What a pack holds: never both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PackKind {
    /// Runs of bytes of files.
    Chunks,
    /// Pages of trees and of long manifests.
    Pages,
}

impl PackKind {
    /// Its byte in a pack and in an index segment.
    pub fn to_byte(self) -> u8 {
        match self {
            PackKind::Chunks => 1,
            PackKind::Pages => 2,
        }
    }

    /// The kind of that byte.
    pub fn from_byte(byte: u8) -> Option<PackKind> {
        match byte {
            1 => Some(PackKind::Chunks),
            2 => Some(PackKind::Pages),
            _ => None,
        }
    }
}

/// How chunks lie in a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// One behind the other, each behind a header of its own.
    Records,
    /// As ranges of a file, from [`CONTAINER_START`] on; all are raw.
    Container,
}

impl Layout {
    /// The layout that a good header tells.
    pub fn of(header: &[u8]) -> Layout {
        if header.get(LAYOUT_AT) == Some(&1) { Layout::Container } else { Layout::Records }
    }

    pub(super) fn first_offset(self) -> usize {
        match self {
            Layout::Records => HEADER_LEN + RECORD_LEN,
            Layout::Container => CONTAINER_START,
        }
    }
}

/// Where one chunk lies in its pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackEntry {
    /// BLAKE3 of its raw bytes.
    pub id: Id,
    /// Where its stored bytes begin, from the beginning of the pack.
    pub offset: u32,
    /// How many bytes are stored.
    pub stored_len: u32,
    /// How many bytes it has when decompressed.
    pub raw_len: u32,
    /// How it is stored.
    pub codec: Codec,
}
