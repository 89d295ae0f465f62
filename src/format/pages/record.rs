//! What a list must say of itself to be kept in pages.

use std::fmt::Debug;

use crate::base::{Id, RepoPath};

use super::super::FormatError;
use super::super::cursor::Reader;

/// A kind of list: the entries of a folder, the chunks of a file.
pub trait List: Clone + Debug {
    /// The first seven bytes of its pages.
    const LETTERS: &'static [u8; 7];
    /// What people call its pages: "tree page".
    const WHAT: &'static str;
    /// What is listed: the records of level 0.
    type Item: Record<Span = Self::Span>;
    /// What a parent keeps of a page besides its id.
    type Span: Span;
}

/// One record of a page.
pub trait Record: Clone + Debug {
    /// What a parent keeps of the page that this is in.
    type Span;
    /// The length of the shortest record, in bytes.
    const SHORTEST: usize;

    /// Appends the encoding.
    fn write(&self, out: &mut Vec<u8>);

    /// Reads what [`write`](Record::write) wrote, and refuses all else.
    fn read(reader: &mut Reader<'_>) -> Result<Self, FormatError>;

    /// A uniform number that says whether a page of `level` ends here: it depends on what stands here, not on its neighbours.
    fn cut_hash(&self, level: u8) -> u64;

    /// Where this stands in an ordered list; `None` where the list keeps the order of its making.
    fn path(&self) -> Option<&RepoPath>;

    /// Counts this in; `None` if a sum grows over 64 bits.
    fn count_in(&self, span: &mut Self::Span) -> Option<()>;

    /// Makes this the end of the span.
    fn end(&self, span: &mut Self::Span);
}

/// What a parent keeps of a page besides its id: sums over all that lies below, and where it ends.
pub trait Span: Clone + Debug + Default + PartialEq {
    /// The length of the shortest encoding, in bytes.
    const SHORTEST: usize;

    /// Appends the encoding.
    fn write(&self, out: &mut Vec<u8>);

    /// Reads what [`write`](Span::write) wrote, and refuses all else.
    fn read(reader: &mut Reader<'_>) -> Result<Self, FormatError>;

    /// As [`Record::cut_hash`], for the record of the page `id`.
    fn cut_hash(&self, id: &Id, level: u8) -> u64;

    /// The last path below; `None` where the list keeps the order of its making.
    fn last(&self) -> Option<&RepoPath>;

    /// Counts `next` in; `None` if a sum grows over 64 bits.
    fn count_in(&mut self, next: &Self) -> Option<()>;

    /// Makes the end of `next` the end of this.
    fn end_with(&mut self, next: &Self);
}

/// The record of a page in the page above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link<S> {
    /// The page.
    pub id: Id,
    /// What lies below it.
    pub span: S,
}

impl<S: Span> Record for Link<S> {
    type Span = S;
    const SHORTEST: usize = Id::LEN + S::SHORTEST;

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.id.as_bytes());
        self.span.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Link<S>, FormatError> {
        Ok(Link { id: reader.id()?, span: S::read(reader)? })
    }

    fn cut_hash(&self, level: u8) -> u64 {
        self.span.cut_hash(&self.id, level)
    }

    fn path(&self) -> Option<&RepoPath> {
        self.span.last()
    }

    fn count_in(&self, span: &mut S) -> Option<()> {
        span.count_in(&self.span)
    }

    fn end(&self, span: &mut S) {
        span.end_with(&self.span);
    }
}
