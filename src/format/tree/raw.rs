//! How an entry stands in a page, and an entry that stands there, nothing copied.
//!
//! path_len u16 | path | kind u8. Kinds 1 (file) and 2 (executable file): bytes u64 | file id 32 | chunks u8: 0 (the file
//! is one chunk whose id is the file's, or is empty), or 2..=16, then so many (chunk id 32 | bytes u32), or 255, then the
//! root page of a manifest 32. Kind 3 (symlink): target_len u16 | target. Kind 4 (empty folder): nothing.

use crate::base::{Id, RepoPath};

use super::super::FormatError;
use super::super::cursor::Reader;
use super::super::manifest::ChunkRef;
use super::super::pages::{List, Record};
use super::entry::{check_inline, check_paged, check_path, check_target, check_whole};
use super::list::path_hash;
use super::{Below, Chunks, Entry, Node, Tree};

const FILE: u8 = 1;
const EXECUTABLE: u8 = 2;
const SYMLINK: u8 = 3;
const EMPTY_FOLDER: u8 = 4;

const WHOLE: u8 = 0;
const PAGED: u8 = 255;

/// An encoded entry that keeps all rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawEntry<'a>(&'a [u8]);

impl<'a> RawEntry<'a> {
    pub(super) fn scan(reader: &mut Reader<'_>) -> Result<(), FormatError> {
        let path = read_run(reader)?;
        let damaged = |reason| FormatError::damaged(Tree::WHAT, format!("`{}`: {reason}", path.escape_ascii()));
        check_path(path).map_err(damaged)?;
        let checked = match reader.u8()? {
            FILE | EXECUTABLE => {
                let (bytes, _id) = (reader.u64()?, reader.take(Id::LEN)?);
                scan_chunks(bytes, reader)?
            }
            SYMLINK => check_target(read_run(reader)?),
            EMPTY_FOLDER => Ok(()),
            _ => Err("its kind is none that esker knows"),
        };
        checked.map_err(damaged)
    }

    pub(super) fn of_scanned(record: &'a [u8]) -> RawEntry<'a> {
        RawEntry(record)
    }

    /// Its path.
    pub fn path(&self) -> &'a [u8] {
        read_run(&mut Reader::new(Tree::WHAT, self.0)).expect(SCANNED)
    }

    /// Its size as a file, in bytes; 0 if it is none.
    pub fn bytes(&self) -> u64 {
        match &self.0[2 + self.path().len()..] {
            [FILE | EXECUTABLE, rest @ ..] => u64::from_le_bytes(*rest.first_chunk().expect(SCANNED)),
            _ => 0,
        }
    }

    /// A copy that stands alone.
    pub fn to_entry(&self) -> Entry {
        read(&mut Reader::new(Tree::WHAT, self.0)).expect(SCANNED)
    }
}

const SCANNED: &str = "the entry was scanned when its page was opened";

fn scan_chunks(bytes: u64, reader: &mut Reader<'_>) -> Result<Result<(), &'static str>, FormatError> {
    Ok(match reader.u8()? {
        WHOLE => check_whole(bytes),
        PAGED => reader.take(Id::LEN).map(|_root| check_paged(bytes))?,
        count => check_inline(bytes, read_chunks(count, reader)?),
    })
}

/// Reads an entry without checks: somebody scanned it.
fn read(reader: &mut Reader<'_>) -> Result<Entry, FormatError> {
    let path = RepoPath::new(read_run(reader)?).expect(SCANNED);
    let node = match reader.u8()? {
        kind @ (FILE | EXECUTABLE) => {
            let (bytes, id) = (reader.u64()?, reader.id()?);
            let chunks = match reader.u8()? {
                WHOLE => Chunks::Whole,
                PAGED => Chunks::Paged(reader.id()?),
                count => Chunks::Inline(read_chunks(count, reader)?.collect()),
            };
            Node::File { executable: kind == EXECUTABLE, bytes, id, chunks }
        }
        SYMLINK => Node::Symlink { target: read_run(reader)?.into() },
        _ => Node::EmptyFolder,
    };
    Ok(Entry { path, node })
}

fn read_chunks<'a>(
    count: u8,
    reader: &mut Reader<'a>,
) -> Result<impl ExactSizeIterator<Item = ChunkRef> + use<'a>, FormatError> {
    let run = reader.take(usize::from(count) * ChunkRef::LEN)?;
    Ok(run.as_chunks().0.iter().map(ChunkRef::from_array))
}

fn write_chunks(chunks: &Chunks, out: &mut Vec<u8>) {
    match chunks {
        Chunks::Whole => out.push(WHOLE),
        Chunks::Inline(chunks) => {
            out.push(chunks.len() as u8);
            chunks.iter().for_each(|chunk| chunk.write(out));
        }
        Chunks::Paged(root) => {
            out.push(PAGED);
            out.extend_from_slice(root.as_bytes());
        }
    }
}

pub(super) fn write_run(run: &[u8], out: &mut Vec<u8>) {
    let len = u16::try_from(run.len()).expect("paths and targets are at most 4,095 bytes long");
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(run);
}

pub(super) fn read_run<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], FormatError> {
    let len = reader.u16()?;
    reader.take(len.into())
}

impl Record for Entry {
    type Span = Below;

    fn write(&self, out: &mut Vec<u8>) {
        write_run(self.path.as_bytes(), out);
        match &self.node {
            Node::File { executable, bytes, id, chunks } => {
                out.push(if *executable { EXECUTABLE } else { FILE });
                out.extend_from_slice(&bytes.to_le_bytes());
                out.extend_from_slice(id.as_bytes());
                write_chunks(chunks, out);
            }
            Node::Symlink { target } => {
                out.push(SYMLINK);
                write_run(target, out);
            }
            Node::EmptyFolder => out.push(EMPTY_FOLDER),
        }
    }

    fn cut_hash(&self, level: u8) -> u64 {
        path_hash(self.path.as_bytes(), level)
    }

    fn path(&self) -> &[u8] {
        self.path.as_bytes()
    }

    fn count_in(&self, below: &mut Below) -> Option<()> {
        below.count(1, self.node.bytes())
    }
}

impl Record for RawEntry<'_> {
    type Span = Below;

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0);
    }

    fn cut_hash(&self, level: u8) -> u64 {
        path_hash(self.path(), level)
    }

    fn path(&self) -> &[u8] {
        RawEntry::path(self)
    }

    fn count_in(&self, below: &mut Below) -> Option<()> {
        below.count(1, self.bytes())
    }
}
