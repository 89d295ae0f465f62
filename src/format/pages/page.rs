//! One page: its header, its records, and the rule that says where it ends.
//!
//! Letters and version (8 bytes) | level u8 | 3 zero | count u32 | records. Level 0 holds the list itself, a higher level
//! the pages of the level below. Every page but the last of its level ends where the rule says, so equal lists have
//! equal pages whatever their history.

use crate::base::{Id, RepoPath};

use super::super::FormatError;
use super::super::codec::MAX_RAW;
use super::super::cursor::{Reader, VERSION};
use super::{Link, List, Pages, Record};

/// No page is longer, in bytes.
pub const MAX_PAGE: usize = MAX_RAW;
/// A page of this length, in bytes with its header, ends whatever its records say.
pub const FULL_PAGE: usize = 262_144;
/// No page is higher. Each level is at most half as long as the one below, so no list that exists needs more.
pub const MAX_LEVEL: u8 = 40;

const HEADER_LEN: usize = 16;

/// A decoded page.
#[derive(Debug, Clone)]
pub struct Page<L: List> {
    level: u8,
    span: L::Span,
    records: Records<L>,
}

/// The records of a page.
#[derive(Debug, Clone)]
pub enum Records<L: List> {
    /// Level 0: the list itself.
    Items(Vec<L::Item>),
    /// Higher levels: the pages of the level below.
    Links(Vec<Link<L::Span>>),
}

impl<L: List> Page<L> {
    /// Reads a page, which must be as [`Levels`](super::Levels) writes it.
    pub fn decode(bytes: &[u8]) -> Result<Page<L>, FormatError> {
        let mut reader = Reader::new(L::WHAT, bytes);
        reader.magic(L::LETTERS)?;
        if bytes.len() > MAX_PAGE {
            return Err(reader.damaged("it is longer than 1 MiB"));
        }
        let level = reader.u8()?;
        reader.zeros(3)?;
        let count = reader.u32()?;
        if level > MAX_LEVEL || (level > 0 && count == 0) {
            return Err(reader.damaged(format!("it has level {level} and {count} records")));
        }
        let mut span = L::Span::default();
        let records = match level {
            0 => Records::Items(read_all(&mut reader, count, &mut span)?),
            _ => Records::Links(read_all(&mut reader, count, &mut span)?),
        };
        reader.end()?;
        Ok(Page { level, span, records })
    }

    /// Writes the page; what [`decode`](Page::decode) read comes out byte for byte.
    pub fn encode(&self) -> Vec<u8> {
        let mut draft = Draft::new::<L>(self.level);
        match &self.records {
            Records::Items(items) => items.iter().for_each(|item| draft.write(item)),
            Records::Links(links) => links.iter().for_each(|link| draft.write(link)),
        }
        draft.finish()
    }

    /// How high the page stands: 0 holds the list itself.
    pub fn level(&self) -> u8 {
        self.level
    }

    /// What its parent must say of it.
    pub fn span(&self) -> &L::Span {
        &self.span
    }

    /// Its records.
    pub fn records(&self) -> &Records<L> {
        &self.records
    }

    /// Its records, given away.
    pub fn into_records(self) -> Records<L> {
        self.records
    }

    fn first(&self) -> Option<&RepoPath> {
        match &self.records {
            Records::Items(items) => items.first()?.path(),
            Records::Links(links) => links.first()?.path(),
        }
    }

    /// Whether it is what its parent says, and begins after `after`, the end of the page before it.
    fn check(&self, level: u8, span: &L::Span, after: Option<&RepoPath>) -> Result<(), FormatError> {
        let damaged = |reason| Err(FormatError::damaged(L::WHAT, reason));
        if self.level != level {
            return damaged(format!("its level is {}, its parent says {level}", self.level));
        }
        if self.span != *span {
            return damaged(format!("it holds {:?}, its parent says {span:?}", self.span));
        }
        match (after, self.first()) {
            (Some(after), Some(first)) if first <= after => damaged(format!("`{first}` comes after `{after}`")),
            _ => Ok(()),
        }
    }

    /// Whether it can stand at the top: a page with one page below it would not have been made.
    fn check_root(&self) -> Result<(), FormatError> {
        match &self.records {
            Records::Links(links) if links.len() < 2 => {
                Err(FormatError::damaged(L::WHAT, "it is a root over one page"))
            }
            _ => Ok(()),
        }
    }
}

fn read_all<R: Record>(reader: &mut Reader<'_>, count: u32, span: &mut R::Span) -> Result<Vec<R>, FormatError> {
    let start = reader.left() + HEADER_LEN;
    let mut records: Vec<R> = Vec::with_capacity(reader.bounded(count.into(), R::SHORTEST)?);
    for _ in 0..count {
        if start - reader.left() >= FULL_PAGE {
            return Err(reader.damaged("it goes on where it is full"));
        }
        let record = R::read(reader)?;
        if let (Some(before), Some(path)) = (records.last().and_then(R::path), record.path())
            && path <= before
        {
            return Err(reader.damaged(format!("`{path}` comes after `{before}`")));
        }
        record.count_in(span).ok_or_else(|| reader.damaged("its sizes add up to more than 64 bits"))?;
        records.push(record);
    }
    if let Some(last) = records.last() {
        last.end(span);
    }
    Ok(records)
}

/// Reads the root page of a list.
pub fn open_root<L: List, P: Pages + ?Sized>(pages: &P, id: &Id) -> Result<Page<L>, P::Error> {
    let bytes = pages.page(id)?;
    let checked = Page::decode(&bytes).and_then(|page: Page<L>| page.check_root().map(|()| page));
    checked.map_err(|cause| pages.damaged(id, cause))
}

/// Reads a page of `level` and checks it against what its parent says; `after` is the last path before it.
pub fn open<L: List, P: Pages + ?Sized>(
    pages: &P,
    link: &Link<L::Span>,
    level: u8,
    after: Option<&RepoPath>,
) -> Result<Page<L>, P::Error> {
    let bytes = pages.page(&link.id)?;
    let checked = Page::decode(&bytes).and_then(|page: Page<L>| page.check(level, &link.span, after).map(|()| page));
    checked.map_err(|cause| pages.damaged(&link.id, cause))
}

/// The bytes of a page while it grows.
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
        self.write(record);
        // Two records at least, or a level would be as long as the one below.
        let may_end = self.level == 0 || self.count > 1;
        let record_len = (self.bytes.len() - start) as u64;
        may_end && (self.bytes.len() >= FULL_PAGE || record.cut_hash(self.level) < record_len << 48)
    }

    fn write<R: Record>(&mut self, record: &R) {
        record.write(&mut self.bytes);
        self.count += 1;
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.bytes[HEADER_LEN - 4..HEADER_LEN].copy_from_slice(&self.count.to_le_bytes());
        self.bytes
    }
}
