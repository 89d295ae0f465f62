//! What a list must say of itself to be kept in pages.

use std::fmt::Debug;

use crate::base::Id;

use super::super::FormatError;
use super::super::cursor::Reader;

/// A kind of list: the entries of a folder, the chunks of a file.
pub trait List: Debug {
    /// The first seven bytes of its pages.
    const LETTERS: &'static [u8; 7];
    /// What people call its pages: "tree page".
    const WHAT: &'static str;
    /// The length of the shortest encoding of an item, in bytes.
    const SHORTEST: usize;
    /// What is listed.
    type Item: Record<Span = Self::Span>;
    /// An item as it stands in a page, nothing copied.
    type Raw<'a>: Copy + Record<Span = Self::Span>;
    /// What a parent keeps of a page besides its id.
    type Span: Span;

    /// Passes what [`Record::write`] wrote of an item, and refuses all else. Allocates nothing.
    fn scan(reader: &mut Reader<'_>) -> Result<(), FormatError>;

    /// The item that was scanned over.
    fn raw(scanned: &[u8]) -> Self::Raw<'_>;

    /// A copy that stands alone.
    fn own(raw: Self::Raw<'_>) -> Self::Item;
}

/// One record of a page: an item, or the link to a page below.
pub trait Record {
    /// What a parent keeps of the page that this is in.
    type Span;

    /// Appends the encoding.
    fn write(&self, out: &mut Vec<u8>);

    /// A uniform number that says whether a page of `level` ends here; neighbours have no say in it.
    fn cut_hash(&self, level: u8) -> u64;

    /// The path where this stands, or ends; empty where the list keeps the order of its making.
    fn path(&self) -> &[u8];

    /// Counts this in; `None` if a sum grows over 64 bits.
    fn count_in(&self, span: &mut Self::Span) -> Option<()>;
}

impl<R: Record> Record for &R {
    type Span = R::Span;

    fn write(&self, out: &mut Vec<u8>) {
        (*self).write(out);
    }

    fn cut_hash(&self, level: u8) -> u64 {
        (*self).cut_hash(level)
    }

    fn path(&self) -> &[u8] {
        (*self).path()
    }

    fn count_in(&self, span: &mut Self::Span) -> Option<()> {
        (*self).count_in(span)
    }
}

/// What a parent keeps of a page besides its id: sums over all that lies below, and where it ends.
pub trait Span: Clone + Debug + Default + PartialEq {
    /// The length of the shortest encoding, in bytes.
    const SHORTEST: usize;

    /// Appends the encoding.
    fn write(&self, out: &mut Vec<u8>);

    /// Reads what [`write`](Span::write) wrote, and refuses all else.
    fn read(reader: &mut Reader<'_>) -> Result<Self, FormatError>;

    /// As [`Record::cut_hash`], for the link to the page `id`.
    fn cut_hash(&self, id: &Id, level: u8) -> u64;

    /// The last path below; empty where the list keeps the order of its making.
    fn last(&self) -> &[u8];

    /// Sets the last path below.
    fn end_at(&mut self, path: &[u8]);

    /// Counts `next` in; `None` if a sum grows over 64 bits.
    fn count_in(&mut self, next: &Self) -> Option<()>;
}

/// The record of a page in the page above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link<S> {
    /// The page.
    pub id: Id,
    /// What lies below it.
    pub span: S,
}

impl<S: Span> Link<S> {
    /// The length of the shortest encoding, in bytes.
    pub(super) const SHORTEST: usize = Id::LEN + S::SHORTEST;

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Link<S>, FormatError> {
        Ok(Link { id: reader.id()?, span: S::read(reader)? })
    }
}

impl<S: Span> Record for Link<S> {
    type Span = S;

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.id.as_bytes());
        self.span.write(out);
    }

    fn cut_hash(&self, level: u8) -> u64 {
        self.span.cut_hash(&self.id, level)
    }

    fn path(&self) -> &[u8] {
        self.span.last()
    }

    fn count_in(&self, span: &mut S) -> Option<()> {
        span.count_in(&self.span)
    }
}
