//! What a tree lists: a path and what is there.
//!
//! path_len u16 | path | kind u8. Kinds 1 (file) and 2 (executable file): bytes u64 | file id 32 | chunks u8: 0 (the file
//! is one chunk whose id is the file's, or is empty), or 2..=16, then so many (chunk id 32 | bytes u32), or 255, then the
//! root page of a manifest 32. Kind 3 (symlink): target_len u16 | target. Kind 4 (empty folder): nothing.

use crate::base::{FileKind, Id, RepoPath};

use super::super::FormatError;
use super::super::codec::MAX_RAW;
use super::super::cursor::Reader;
use super::super::manifest::ChunkRef;
use super::super::pages::Record;

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

impl Chunks {
    /// With more chunks than this a file has a manifest.
    pub const MAX_INLINE: usize = 16;

    const MANIFEST: u8 = 255;

    fn check(&self, bytes: u64) -> Result<(), &'static str> {
        match self {
            Chunks::Whole if bytes > MAX_RAW as u64 => Err("a chunk of more than 1 MiB"),
            Chunks::Whole => Ok(()),
            Chunks::Inline(chunks) if !(2..=Chunks::MAX_INLINE).contains(&chunks.len()) => {
                Err("the number of its chunks is not from 2 to 16")
            }
            Chunks::Inline(chunks) if !chunks.iter().all(ChunkRef::has_good_size) => {
                Err("a chunk that is empty or has more than 1 MiB")
            }
            Chunks::Inline(chunks) if chunks.iter().map(|chunk| u64::from(chunk.bytes)).sum::<u64>() != bytes => {
                Err("its chunks do not add up to its size")
            }
            Chunks::Paged(_) if bytes == 0 => Err("an empty file with a manifest"),
            Chunks::Inline(_) | Chunks::Paged(_) => Ok(()),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Chunks::Whole => out.push(0),
            Chunks::Inline(chunks) => {
                out.push(chunks.len() as u8);
                chunks.iter().for_each(|chunk| chunk.write(out));
            }
            Chunks::Paged(root) => {
                out.push(Chunks::MANIFEST);
                out.extend_from_slice(root.as_bytes());
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Chunks, FormatError> {
        match reader.u8()? {
            0 => Ok(Chunks::Whole),
            Chunks::MANIFEST => Ok(Chunks::Paged(reader.id()?)),
            count => Ok(Chunks::Inline((0..count).map(|_| ChunkRef::read(reader)).collect::<Result<_, _>>()?)),
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

    /// Its kind, as the worktree has it.
    pub fn kind(&self) -> FileKind {
        match self {
            Node::File { executable, .. } => FileKind::File { executable: *executable },
            Node::Symlink { target } => FileKind::Symlink { target: target.clone() },
            Node::EmptyFolder => FileKind::EmptyFolder,
        }
    }

    fn kind_byte(&self) -> u8 {
        match self {
            Node::File { executable: false, .. } => 1,
            Node::File { executable: true, .. } => 2,
            Node::Symlink { .. } => 3,
            Node::EmptyFolder => 4,
        }
    }

    fn check(&self) -> Result<(), &'static str> {
        match self {
            Node::File { bytes, chunks, .. } => chunks.check(*bytes),
            Node::Symlink { target } if target.is_empty() || target.len() > RepoPath::MAX_LEN => {
                Err("a link whose target has no or more than 4,095 bytes")
            }
            Node::Symlink { target } if target.contains(&0) => Err("a link whose target has a NUL byte in it"),
            Node::Symlink { .. } | Node::EmptyFolder => Ok(()),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(self.kind_byte());
        match self {
            Node::File { bytes, id, chunks, .. } => {
                out.extend_from_slice(&bytes.to_le_bytes());
                out.extend_from_slice(id.as_bytes());
                chunks.write(out);
            }
            Node::Symlink { target } => write_run(target, out),
            Node::EmptyFolder => {}
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Node, FormatError> {
        match reader.u8()? {
            kind @ (1 | 2) => {
                let (bytes, id, chunks) = (reader.u64()?, reader.id()?, Chunks::read(reader)?);
                Ok(Node::File { executable: kind == 2, bytes, id, chunks })
            }
            3 => Ok(Node::Symlink { target: read_run(reader)?.into() }),
            4 => Ok(Node::EmptyFolder),
            kind => Err(reader.damaged(format!("an entry of kind {kind}"))),
        }
    }
}

impl Entry {
    /// Whether a tree may hold it; if not, half a sentence.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.path.is_empty() { Err("an entry without a path") } else { self.node.check() }
    }
}

impl Record for Entry {
    type Span = super::Below;
    const SHORTEST: usize = 2 + 1 + 1;

    fn write(&self, out: &mut Vec<u8>) {
        write_run(self.path.as_bytes(), out);
        self.node.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Entry, FormatError> {
        let path = read_path(reader)?;
        let entry = Entry { path, node: Node::read(reader)? };
        entry.check().map_err(|reason| reader.damaged(format!("`{}`: {reason}", entry.path)))?;
        Ok(entry)
    }

    fn cut_hash(&self, level: u8) -> u64 {
        super::list::path_hash(&self.path, level)
    }

    fn path(&self) -> Option<&RepoPath> {
        Some(&self.path)
    }

    fn count_in(&self, below: &mut super::Below) -> Option<()> {
        below.entries += 1;
        below.bytes = below.bytes.checked_add(self.node.bytes())?;
        Some(())
    }

    fn end(&self, below: &mut super::Below) {
        below.last = self.path.clone();
    }
}

pub(super) fn write_run(run: &[u8], out: &mut Vec<u8>) {
    let len = u16::try_from(run.len()).expect("paths and targets are at most 4,095 bytes long");
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(run);
}

fn read_run<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], FormatError> {
    let len = reader.u16()?;
    reader.take(len.into())
}

pub(super) fn read_path(reader: &mut Reader<'_>) -> Result<RepoPath, FormatError> {
    match RepoPath::new(read_run(reader)?) {
        Ok(path) if path.is_empty() => Err(reader.damaged("an entry without a path")),
        Ok(path) => Ok(path),
        Err(refused) => Err(reader.damaged(refused.to_string())),
    }
}
