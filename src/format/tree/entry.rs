//! What a tree lists: a path and what is there.

use crate::base::{FileKind, Id, RepoPath};

use super::super::codec::MAX_RAW;
use super::super::manifest::ChunkRef;

/// One path of a tracked folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where, below the folder; not empty.
    pub path: RepoPath,
    /// What is there.
    pub node: Node,
}

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A regular file.
    File {
        /// Whether its owner may execute it.
        executable: bool,
        /// Its size, in bytes.
        bytes: u64,
        /// The BLAKE3 of its content.
        id: Id,
        /// What it is made of.
        chunks: Chunks,
    },
    /// A symbolic link.
    Symlink {
        /// What it points at, byte for byte: 1 to 4,095 bytes, no NUL.
        target: Box<[u8]>,
    },
    /// A folder with nothing in it.
    EmptyFolder,
}

/// The chunks of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chunks {
    /// One chunk, whose id is the file's; none if the file is empty.
    Whole,
    /// 2 to [`Chunks::MAX_INLINE`] chunks, which add up to the file's size.
    Inline(Box<[ChunkRef]>),
    /// More: the root page of a manifest.
    Paged(Id),
}

impl Entry {
    /// Whether a tree may hold it; if not, half a sentence.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        check_path(self.path.as_bytes())?;
        match &self.node {
            Node::File { bytes, chunks: Chunks::Whole, .. } => check_whole(*bytes),
            Node::File { bytes, chunks: Chunks::Inline(chunks), .. } => check_inline(*bytes, chunks.iter().copied()),
            Node::File { bytes, chunks: Chunks::Paged(_), .. } => check_paged(*bytes),
            Node::Symlink { target } => check_target(target),
            Node::EmptyFolder => Ok(()),
        }
    }
}

impl Node {
    /// Its size as a file, in bytes; 0 if it is none.
    pub fn bytes(&self) -> u64 {
        match self {
            Node::File { bytes, .. } => *bytes,
            Node::Symlink { .. } | Node::EmptyFolder => 0,
        }
    }

    /// Whether both are the same to a user: kind, executable bit and content, however that is cut.
    pub fn has_content_of(&self, other: &Node) -> bool {
        match (self, other) {
            (Node::File { executable, id, .. }, Node::File { executable: other_bit, id: other_id, .. }) => {
                executable == other_bit && id == other_id
            }
            _ => self == other,
        }
    }

    /// Its kind, as the worktree has it.
    pub fn kind(&self) -> FileKind {
        match self {
            Node::File { executable, .. } => FileKind::File { executable: *executable },
            Node::Symlink { target } => FileKind::Symlink { target: target.clone() },
            Node::EmptyFolder => FileKind::EmptyFolder,
        }
    }
}

impl Chunks {
    /// With more chunks than this a file has a manifest.
    pub const MAX_INLINE: usize = 16;
}

pub(super) fn check_path(path: &[u8]) -> Result<(), &'static str> {
    if path.is_empty() { Err("it has no path") } else { RepoPath::check(path) }
}

pub(super) fn check_whole(bytes: u64) -> Result<(), &'static str> {
    if bytes > MAX_RAW as u64 { Err("its one chunk has more than 1 MiB") } else { Ok(()) }
}

pub(super) fn check_inline(bytes: u64, chunks: impl ExactSizeIterator<Item = ChunkRef>) -> Result<(), &'static str> {
    if !(2..=Chunks::MAX_INLINE).contains(&chunks.len()) {
        return Err("it lists not from 2 to 16 chunks");
    }
    let mut sum = 0;
    for chunk in chunks {
        chunk.check()?;
        sum += u64::from(chunk.bytes);
    }
    if sum == bytes { Ok(()) } else { Err("its chunks do not add up to its size") }
}

pub(super) fn check_paged(bytes: u64) -> Result<(), &'static str> {
    if bytes == 0 { Err("it has a manifest and is empty") } else { Ok(()) }
}

pub(super) fn check_target(target: &[u8]) -> Result<(), &'static str> {
    match target.len() {
        0 => Err("its target is empty"),
        len if len > RepoPath::MAX_LEN => Err("its target is longer than 4,095 bytes"),
        _ if target.contains(&0) => Err("its target has a NUL byte in it"),
        _ => Ok(()),
    }
}
