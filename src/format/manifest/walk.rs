//! Goes through the chunks of a manifest, all of them or those of a range of bytes.

use std::ops::Range;

use super::super::FormatError;
use super::super::pages::{Descent, List, Next, Pages, open_root};
use super::{ChunkRef, Manifest, Page, Root};

/// The chunks of a file in order, each with its offset in the file.
pub struct Walk<'p, P: ?Sized> {
    descent: Descent<'p, P, Manifest>,
    offset: u64,
    end: u64,
}

/// All chunks of the file `root`, in order.
///
/// # Errors
/// Damage, also if the chunks do not add up to `root.bytes`.
pub fn chunks<'p, P: Pages + ?Sized>(pages: &'p P, root: &Root) -> Result<Walk<'p, P>, P::Error> {
    chunks_in(pages, root, 0..u64::MAX)
}

/// The chunks of the file `root` that hold the bytes of `range`; reads the pages that lead to them and no others.
pub fn chunks_in<'p, P: Pages + ?Sized>(pages: &'p P, root: &Root, range: Range<u64>) -> Result<Walk<'p, P>, P::Error> {
    let descent = Descent::of(pages, root.id, open_file(pages, root)?);
    let mut walk = Walk { descent, offset: 0, end: range.end };
    walk.seek(range.start)?;
    Ok(walk)
}

/// Opens the root page of a manifest and checks its sum.
pub(super) fn open_file<P: Pages + ?Sized>(pages: &P, root: &Root) -> Result<Page, P::Error> {
    let page: Page = open_root(pages, &root.id)?;
    match *page.span() {
        bytes if bytes == root.bytes => Ok(page),
        bytes => {
            let reason = format!("its chunks have {bytes} bytes, the file has {}", root.bytes);
            Err(pages.damaged(&root.id, FormatError::damaged(Manifest::WHAT, reason)))
        }
    }
}

impl<P: Pages + ?Sized> Walk<'_, P> {
    fn seek(&mut self, start: u64) -> Result<(), P::Error> {
        while let Some(next) = self.descent.peek() {
            let (bytes, is_page) = match next {
                Next::Page(link, _) => (link.span, true),
                Next::Item(chunk) => (chunk.bytes.into(), false),
            };
            // No overflow: the sums were checked on the way down.
            if self.offset + bytes <= start {
                self.offset += bytes;
                self.descent.skip();
            } else if is_page {
                self.descent.enter()?;
            } else {
                break;
            }
        }
        Ok(())
    }
}

impl<P: Pages + ?Sized> Iterator for Walk<'_, P> {
    type Item = Result<(u64, ChunkRef), P::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.offset >= self.end {
            return None;
        }
        Some(self.descent.take()?.map(|chunk| {
            let offset = self.offset;
            self.offset += u64::from(chunk.bytes);
            (offset, chunk)
        }))
    }
}
