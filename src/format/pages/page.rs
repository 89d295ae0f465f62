//! One page as it is read: checked in full, its items left where they stand.

use crate::base::Id;

use super::super::FormatError;
use super::super::cursor::Reader;
use super::draft::{Draft, FULL_PAGE, HEADER_LEN, MAX_LEVEL, MAX_PAGE};
use super::{Link, List, Pages, Record, Span};

/// A page that keeps all rules. On level 0 it holds items, above it links to the pages of the level below.
#[derive(Debug, Clone)]
pub struct Page<L: List> {
    level: u8,
    span: L::Span,
    bytes: Vec<u8>,
    /// Where each item ends in `bytes`.
    ends: Vec<u32>,
    links: Vec<Link<L::Span>>,
}

impl<L: List> Page<L> {
    /// Takes the bytes of a page, which must be as [`Levels`](super::Levels) writes it.
    pub fn decode(bytes: Vec<u8>) -> Result<Page<L>, FormatError> {
        let mut reader = Reader::new(L::WHAT, &bytes);
        let (level, count) = read_header::<L>(&mut reader)?;
        let mut page = Page { level, span: L::Span::default(), bytes: Vec::new(), ends: Vec::new(), links: Vec::new() };
        if level > 0 {
            page.links = read_records(&mut reader, count, Link::<L::Span>::SHORTEST, Link::read)?;
            page.span = sum(&reader, page.links.iter())?;
        } else {
            let end_of = |reader: &mut Reader<'_>| L::scan(reader).map(|()| (bytes.len() - reader.left()) as u32);
            page.ends = read_records(&mut reader, count, L::SHORTEST, end_of)?;
            page.span = sum(&reader, (0..page.ends.len()).map(|at| L::raw(item_bytes(&bytes, &page.ends, at))))?;
            page.bytes = bytes;
        }
        Ok(page)
    }

    /// Writes the page; what [`decode`](Page::decode) took comes out byte for byte.
    pub fn encode(&self) -> Vec<u8> {
        let mut draft = Draft::new::<L>(self.level);
        for item in self.items() {
            draft.push(&item);
        }
        for link in &self.links {
            draft.push(link);
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

    /// Its items; none above level 0.
    pub fn items(&self) -> impl Iterator<Item = L::Item> {
        (0..self.ends.len()).filter_map(|at| self.raw(at)).map(L::own)
    }

    /// Its links to pages of the level below; none on level 0.
    pub fn links(&self) -> &[Link<L::Span>] {
        &self.links
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len() + self.links.len()
    }

    pub(super) fn raw(&self, at: usize) -> Option<L::Raw<'_>> {
        (at < self.ends.len()).then(|| L::raw(item_bytes(&self.bytes, &self.ends, at)))
    }

    /// Whether it is what its parent says, and begins after `after`, the end of the page before it.
    fn check(&self, level: u8, span: &L::Span, after: &[u8]) -> Result<(), FormatError> {
        let damaged = |reason| Err(FormatError::damaged(L::WHAT, reason));
        if self.level != level {
            return damaged(format!("its level is {}, its parent says {level}", self.level));
        }
        if self.span != *span {
            return damaged(format!("it holds {:?}, its parent says {span:?}", self.span));
        }
        let raw = self.raw(0);
        let first = raw.as_ref().map(Record::path).or(self.links.first().map(Record::path)).unwrap_or_default();
        if !after.is_empty() && first <= after {
            return damaged("it begins before the page before it ends".to_owned());
        }
        Ok(())
    }

    /// Whether it can stand at the top: nobody makes a page over one page.
    fn check_root(&self) -> Result<(), FormatError> {
        if self.links.len() == 1 { Err(FormatError::damaged(L::WHAT, "it is a root over one page")) } else { Ok(()) }
    }
}

fn read_header<L: List>(reader: &mut Reader<'_>) -> Result<(u8, u32), FormatError> {
    let len = reader.left();
    reader.magic(L::LETTERS)?;
    if len > MAX_PAGE {
        return Err(reader.damaged("it is longer than 1 MiB"));
    }
    let level = reader.u8()?;
    reader.zeros(3)?;
    let count = reader.u32()?;
    if level > MAX_LEVEL || (level > 0 && count == 0) {
        return Err(reader.damaged(format!("it has level {level} and {count} records")));
    }
    Ok((level, count))
}

fn read_records<'a, T>(
    reader: &mut Reader<'a>,
    count: u32,
    shortest: usize,
    mut read: impl FnMut(&mut Reader<'a>) -> Result<T, FormatError>,
) -> Result<Vec<T>, FormatError> {
    let page_len = HEADER_LEN + reader.left();
    let mut records = Vec::with_capacity(reader.bounded(count.into(), shortest)?);
    for _ in 0..count {
        if page_len - reader.left() >= FULL_PAGE {
            return Err(reader.damaged("it goes on where it is full"));
        }
        records.push(read(reader)?);
    }
    reader.end()?;
    Ok(records)
}

/// What a parent must say of these records, which must ascend.
fn sum<R: Record>(reader: &Reader<'_>, records: impl Iterator<Item = R>) -> Result<R::Span, FormatError>
where
    R::Span: Span,
{
    let mut span = R::Span::default();
    let mut before: Option<R> = None;
    for record in records {
        if let Some(before) = &before
            && !record.path().is_empty()
            && record.path() <= before.path()
        {
            let path = record.path().escape_ascii();
            return Err(reader.damaged(format!("`{path}` does not come after the record before it")));
        }
        record.count_in(&mut span).ok_or_else(|| reader.damaged("its sizes add up to more than 64 bits"))?;
        before = Some(record);
    }
    span.end_at(before.as_ref().map(Record::path).unwrap_or_default());
    Ok(span)
}

fn item_bytes<'a>(bytes: &'a [u8], ends: &[u32], at: usize) -> &'a [u8] {
    let start = if at == 0 { HEADER_LEN } else { ends[at - 1] as usize };
    &bytes[start..ends[at] as usize]
}

/// Reads the root page of a list.
pub fn open_root<L: List, P: Pages + ?Sized>(pages: &P, id: &Id) -> Result<Page<L>, P::Error> {
    let checked = Page::decode(pages.page(id)?).and_then(|page: Page<L>| page.check_root().map(|()| page));
    checked.map_err(|cause| pages.damaged(id, cause))
}

/// Reads a page of `level` and checks it against what its parent says; `after` is the last path before it.
pub fn open<L: List, P: Pages + ?Sized>(
    pages: &P,
    link: &Link<L::Span>,
    level: u8,
    after: &[u8],
) -> Result<Page<L>, P::Error> {
    let page = Page::decode(pages.page(&link.id)?);
    let checked = page.and_then(|page: Page<L>| page.check(level, &link.span, after).map(|()| page));
    checked.map_err(|cause| pages.damaged(&link.id, cause))
}
