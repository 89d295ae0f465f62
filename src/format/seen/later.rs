//! What became other than a file of [`Seen`](super::Seen) says, after that was written: a small change to a large
//! dataset need not write all of it again.

use crate::base::Id;

use super::super::FormatError;
use super::super::cursor::{Reader, VERSION, seal, sealed, unseal};
use super::{Header, Record, check, head, put, put_head, put_path, rest_of_record};

const WHAT: &str = "seen later";
const LETTERS: &[u8; 7] = b"esklate";
/// The kind of a path that is gone; it has neither stat nor id.
const GONE: u8 = 0;
/// The shortest record: of a path that is gone, and has a byte.
const SHORTEST: usize = 2 + 1;

/// A path, and what is there now; `None` if nothing is.
pub type Change<'a> = (&'a [u8], Option<Record<'a>>);

/// The changes, lent from the bytes of their file.
#[derive(Debug, Clone)]
pub struct Later<'a> {
    /// The seal of the file that this one changes, and of no other.
    pub over: Id,
    /// How many paths there are in all, with the changes made.
    pub total: u64,
    /// What is known of the whole now.
    pub header: Header<'a>,
    count: usize,
    changes: Reader<'a>,
}

impl<'a> Later<'a> {
    /// Checks the whole file, once; then its changes are lent without a copy.
    pub fn decode(bytes: &'a [u8]) -> Result<Later<'a>, FormatError> {
        let (reader, _) = unseal(WHAT, LETTERS, bytes)?;
        let later = Later::begin(reader)?;
        check(later.changes.clone(), later.count, |reader| Ok(change(reader)?.0))?;
        Ok(later)
    }

    /// What `checked` says, which [`Later::decode`] took before.
    pub fn lend(checked: &'a [u8]) -> Result<Later<'a>, FormatError> {
        let (reader, _) = sealed(WHAT, checked)?;
        Later::begin(reader)
    }

    fn begin(mut reader: Reader<'a>) -> Result<Later<'a>, FormatError> {
        let (over, total) = (reader.id()?, reader.u64()?);
        let (header, claimed) = head(&mut reader)?;
        let count = reader.bounded(claimed, SHORTEST)?;
        Ok(Later { over, total, header, count, changes: reader })
    }

    /// The changes, ascending by the bytes of their paths.
    pub fn changes(&self) -> impl Iterator<Item = Change<'a>> + use<'a> {
        let mut reader = self.changes.clone();
        (0..self.count).map(move |_| change(&mut reader).expect("Later::decode read it before"))
    }

    /// The file for `changes`, which must come in strictly ascending order of their paths.
    pub fn encode(over: &Id, total: u64, header: &Header<'_>, changes: &[Change<'_>]) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(LETTERS);
        out.push(VERSION);
        out.extend_from_slice(over.as_bytes());
        out.extend_from_slice(&total.to_le_bytes());
        put_head(header, changes.len() as u64, &mut out);
        for (path, record) in changes {
            match record {
                Some(record) => put(record, &mut out),
                None => {
                    put_path(path, &mut out);
                    out.push(GONE);
                }
            }
        }
        seal(&mut out);
        out
    }
}

fn change<'a>(reader: &mut Reader<'a>) -> Result<Change<'a>, FormatError> {
    let path_len = reader.u16()?;
    let path = reader.take(path_len.into())?;
    Ok(match reader.u8()? {
        GONE => (path, None),
        kind => (path, Some(rest_of_record(path, kind, reader)?)),
    })
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;
    use crate::base::Stat;

    const HEADER: Header<'static> = Header { boot_id: [5; 16], written_at: -1, base: None, dataset: b"data" };

    fn record(path: &[u8]) -> Record<'_> {
        let stat = Stat { bytes: 1, mtime: 2, ctime: -3, inode: 4 };
        Record { path, kind: Kind::Executable, stat, id: Id::of(path) }
    }

    #[test]
    fn what_is_new_and_what_is_gone_is_read_back() {
        let changes = [(&b"a"[..], None), (&b"b"[..], Some(record(b"b"))), (&b"c"[..], None)];
        let header = Header { base: Some(Id::of(b"base")), ..HEADER };
        let bytes = Later::encode(&Id::of(b"over"), 7, &header, &changes);
        for later in [Later::decode(&bytes).unwrap(), Later::lend(&bytes).unwrap()] {
            assert_eq!((later.over, later.total, later.header), (Id::of(b"over"), 7, header));
            assert!(later.changes().eq(changes));
        }
    }

    #[test]
    fn disorder_is_refused() {
        let over = Id::of(b"over");
        for changes in [[(&b"b"[..], None), (&b"a"[..], None)], [(&b"a"[..], None), (&b"a"[..], Some(record(b"a")))]] {
            assert!(Later::decode(&Later::encode(&over, 1, &HEADER, &changes)).is_err());
        }
    }

    #[test]
    fn a_changed_bit_is_noticed() {
        let bytes = Later::encode(&Id::of(b"over"), 1, &HEADER, &[(b"a", None), (b"b", Some(record(b"b")))]);
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(Later::decode(&changed).is_err(), "{at}");
        }
    }
}
