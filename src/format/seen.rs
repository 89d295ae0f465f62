//! What this worktree was like when esker last looked: the stat of each file and the id that it had then.
//!
//! It is local and may be lost: whatever is damaged or missing is nothing known.

use crate::base::{Id, RepoPath, Stat};

use super::FormatError;
use super::cursor::{Reader, VERSION, seal, sealed, unseal};

mod later;

pub use later::{Change, Later};

const WHAT: &str = "seen";
const LETTERS: &[u8; 7] = b"eskseen";
const NO_ID: Id = Id::from_bytes([0; Id::LEN]);
const COUNT_AT: usize = 8 + 16 + 8 + Id::LEN;
/// A record less its path: path length, kind, stat, id.
const FIXED_LEN: usize = 2 + 1 + 4 * 8 + Id::LEN;

/// What is known of a dataset as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    /// The boot during which it was written; zeros if the system tells none.
    pub boot_id: [u8; 16],
    /// When it was written, in nanoseconds since 1970, UTC.
    pub written_at: i64,
    /// The id of the pointer that the worktree was last made equal to.
    pub base: Option<Id>,
    /// Where the dataset is, in the repository.
    pub dataset: &'a [u8],
}

/// What was at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A file.
    File = 1,
    /// A file that its owner may execute.
    Executable = 2,
    /// A symbolic link.
    Symlink = 3,
    /// A folder with nothing in it.
    EmptyFolder = 4,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Kind> {
        [Kind::File, Kind::Executable, Kind::Symlink, Kind::EmptyFolder].into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// One path. Of a dataset that is one file, it is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its path in the dataset.
    pub path: &'a [u8],
    /// What it was.
    pub kind: Kind,
    /// What its stat was.
    pub stat: Stat,
    /// What its id was: of a symlink the hash of its target, of an empty folder that of nothing.
    pub id: Id,
}

/// Everything seen of one dataset, lent from the bytes of the file.
#[derive(Debug, Clone)]
pub struct Seen<'a> {
    /// What is known of the whole.
    pub header: Header<'a>,
    /// The hash at the end of the file, by which a [`Later`] knows it.
    pub seal: Id,
    count: usize,
    records: Reader<'a>,
}

impl<'a> Seen<'a> {
    /// Checks the whole file, once; then its records are lent without a copy.
    pub fn decode(bytes: &'a [u8]) -> Result<Seen<'a>, FormatError> {
        let (reader, seal) = unseal(WHAT, LETTERS, bytes)?;
        let seen = Seen::begin(reader, seal)?;
        check(seen.records.clone(), seen.count, |reader| Ok(record(reader)?.path))?;
        Ok(seen)
    }

    /// What `checked` says, which [`Seen::decode`] took before. That is not checked again: its records panic if it is false.
    pub fn lend(checked: &'a [u8]) -> Result<Seen<'a>, FormatError> {
        let (reader, seal) = sealed(WHAT, checked)?;
        Seen::begin(reader, seal)
    }

    fn begin(mut reader: Reader<'a>, seal: Id) -> Result<Seen<'a>, FormatError> {
        let (header, claimed) = head(&mut reader)?;
        let count = reader.bounded(claimed, FIXED_LEN)?;
        Ok(Seen { header, seal, count, records: reader })
    }

    /// How many files.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The files, ascending by the bytes of their paths.
    pub fn records(&self) -> Records<'a> {
        Records { left: self.count, reader: self.records.clone() }
    }
}

fn head<'a>(reader: &mut Reader<'a>) -> Result<(Header<'a>, u64), FormatError> {
    let (boot_id, written_at, base) = (reader.array()?, reader.i64()?, reader.id()?);
    let claimed = reader.u64()?;
    let dataset_len = reader.u16()?;
    let dataset = reader.take(dataset_len.into())?;
    let base = (base != NO_ID).then_some(base);
    Ok((Header { boot_id, written_at, base, dataset }, claimed))
}

/// Checks that so many records can be read, and nothing else, and that their paths ascend.
fn check<'a>(
    mut reader: Reader<'a>,
    count: usize,
    path_of_next: impl Fn(&mut Reader<'a>) -> Result<&'a [u8], FormatError>,
) -> Result<(), FormatError> {
    let mut last: Option<&[u8]> = None;
    for _ in 0..count {
        let path = path_of_next(&mut reader)?;
        if path.len() > RepoPath::MAX_LEN || last.is_some_and(|last| last >= path) {
            return Err(reader.damaged("its paths are too long or not in order"));
        }
        last = Some(path);
    }
    reader.end()
}

fn record<'a>(reader: &mut Reader<'a>) -> Result<Record<'a>, FormatError> {
    let path_len = reader.u16()?;
    let path = reader.take(path_len.into())?;
    let kind = reader.u8()?;
    rest_of_record(path, kind, reader)
}

fn rest_of_record<'a>(path: &'a [u8], kind: u8, reader: &mut Reader<'a>) -> Result<Record<'a>, FormatError> {
    let kind = Kind::from_byte(kind).ok_or_else(|| reader.damaged("a kind that nobody knows"))?;
    let stat = Stat { bytes: reader.u64()?, mtime: reader.i64()?, ctime: reader.i64()?, inode: reader.u64()? };
    Ok(Record { path, kind, stat, id: reader.id()? })
}

/// The dataset that a file of seen records is about, from its first bytes: [`START_LEN`] of them, or all.
pub fn dataset_of(start: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader::new(WHAT, start);
    reader.magic(LETTERS).ok()?;
    reader.take(COUNT_AT).ok()?;
    let len = reader.u16().ok()?;
    reader.take(len.into()).ok()
}

/// So many bytes hold the header of every such file.
pub const START_LEN: usize = COUNT_AT + 8 + 2 + RepoPath::MAX_LEN;

/// The records of a [`Seen`], in order.
#[derive(Debug, Clone)]
pub struct Records<'a> {
    left: usize,
    reader: Reader<'a>,
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        self.left = self.left.checked_sub(1)?;
        Some(record(&mut self.reader).expect("Seen::decode read it before"))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Records<'_> {}

/// The file for `records`, which must come in strictly ascending order of their paths.
pub fn encode<'a>(header: &Header<'_>, records: impl IntoIterator<Item = Record<'a>>) -> Vec<u8> {
    let records = records.into_iter();
    let mut out = Vec::with_capacity(COUNT_AT + 8 + records.size_hint().0 * (FIXED_LEN + 40) + Id::LEN);
    out.extend_from_slice(LETTERS);
    out.push(VERSION);
    put_head(header, 0, &mut out);
    let mut count = 0_u64;
    for record in records {
        put(&record, &mut out);
        count += 1;
    }
    out[COUNT_AT..COUNT_AT + 8].copy_from_slice(&count.to_le_bytes());
    seal(&mut out);
    out
}

fn put_head(header: &Header<'_>, count: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(&header.boot_id);
    out.extend_from_slice(&header.written_at.to_le_bytes());
    out.extend_from_slice(header.base.unwrap_or(NO_ID).as_bytes());
    out.extend_from_slice(&count.to_le_bytes());
    put_path(header.dataset, out);
}

fn put_path(path: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&u16::try_from(path.len()).expect("a path has 4,095 bytes at most").to_le_bytes());
    out.extend_from_slice(path);
}

fn put(record: &Record<'_>, out: &mut Vec<u8>) {
    let Stat { bytes, mtime, ctime, inode } = record.stat;
    put_path(record.path, out);
    out.push(record.kind as u8);
    out.extend_from_slice(&bytes.to_le_bytes());
    out.extend_from_slice(&mtime.to_le_bytes());
    out.extend_from_slice(&ctime.to_le_bytes());
    out.extend_from_slice(&inode.to_le_bytes());
    out.extend_from_slice(record.id.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: Header<'static> = Header { boot_id: [5; 16], written_at: -1, base: None, dataset: b"data" };

    fn stat(bytes: u64) -> Stat {
        Stat { bytes, mtime: -5, ctime: i64::MAX, inode: u64::MAX }
    }

    #[test]
    fn what_was_seen_is_read_back() {
        let records = [
            Record { path: b"", kind: Kind::File, stat: stat(0), id: Id::of(b"") },
            Record { path: b"a", kind: Kind::File, stat: stat(1), id: Id::of(b"a") },
            Record { path: b"a/\xff", kind: Kind::File, stat: stat(2), id: Id::of(b"b") },
        ];
        let header = Header { base: Some(Id::of(b"base")), ..HEADER };
        let bytes = encode(&header, records);
        let seen = Seen::decode(&bytes).unwrap();
        assert_eq!((seen.header, seen.len()), (header, 3));
        assert!(seen.records().eq(records));
    }

    #[test]
    fn the_dataset_is_told_by_the_first_bytes() {
        let bytes = encode(&HEADER, []);
        assert_eq!(dataset_of(&bytes), Some(&b"data"[..]));
        assert_eq!(dataset_of(&bytes[..COUNT_AT + 9]), None);
        assert_eq!(dataset_of(b"other"), None);
    }

    #[test]
    fn nothing_seen_is_a_file_too() {
        let bytes = encode(&HEADER, []);
        let seen = Seen::decode(&bytes).unwrap();
        assert!(seen.is_empty() && seen.header == HEADER && seen.records().next().is_none());
    }

    #[test]
    fn disorder_and_false_counts_are_refused() {
        let record = Record { path: b"a", kind: Kind::File, stat: stat(1), id: Id::of(b"a") };
        assert!(Seen::decode(&encode(&HEADER, [record, record])).is_err());
        for count in [0, 2, u64::MAX] {
            let mut bytes = encode(&HEADER, [record]);
            bytes[COUNT_AT..COUNT_AT + 8].copy_from_slice(&count.to_le_bytes());
            bytes.truncate(bytes.len() - Id::LEN);
            seal(&mut bytes);
            assert!(Seen::decode(&bytes).is_err(), "{count}");
        }
    }

    #[test]
    fn a_changed_bit_is_noticed() {
        let bytes = encode(&HEADER, [Record { path: b"a", kind: Kind::File, stat: stat(1), id: Id::of(b"a") }]);
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(Seen::decode(&changed).is_err(), "{at}");
        }
    }
}
