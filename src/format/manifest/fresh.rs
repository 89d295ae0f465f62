//! Which chunks of a manifest another one does not have.

use std::collections::HashSet;

use crate::base::Id;

use super::super::pages::{Link, Pages, open};
use super::walk::open_file;
use super::{ChunkRef, Page, Root};

/// The chunks of `new` that `old` lacks, in order, each once.
///
/// Pages that both have are not read, wherever they stand: the cost is that of the difference. So a chunk that `old`
/// has only in pages that both have may be told too, if `new` has it once more elsewhere.
pub fn fresh_chunks<P: Pages + ?Sized, Q: Pages<Error = P::Error> + ?Sized>(
    old_pages: &P,
    old: &Root,
    new_pages: &Q,
    new: &Root,
) -> Result<Vec<ChunkRef>, P::Error> {
    if old == new {
        return Ok(Vec::new());
    }
    let mut old = Side::new(old_pages, old)?;
    let mut new = Side::new(new_pages, new)?;
    loop {
        let level = old.level.max(new.level);
        if level == 0 {
            break;
        }
        if old.level == new.level {
            drop_common(&mut old.links, &mut new.links);
        }
        if old.level == level {
            old.descend()?;
        }
        if new.level == level {
            new.descend()?;
        }
    }
    let known: HashSet<Id> = old.chunks.iter().map(|chunk| chunk.id).collect();
    let mut told = HashSet::new();
    new.chunks.retain(|chunk| !known.contains(&chunk.id) && told.insert(chunk.id));
    Ok(new.chunks)
}

/// What is left of one manifest: chunks on level 0, pages of the level below on a higher one.
struct Side<'p, P: ?Sized> {
    pages: &'p P,
    level: u8,
    links: Vec<Link<u64>>,
    chunks: Vec<ChunkRef>,
}

impl<'p, P: Pages + ?Sized> Side<'p, P> {
    fn new(pages: &'p P, root: &Root) -> Result<Side<'p, P>, P::Error> {
        let page = open_file(pages, root)?;
        let mut side = Side { pages, level: page.level(), links: Vec::new(), chunks: Vec::new() };
        side.gather(page);
        Ok(side)
    }

    /// Opens all its pages.
    fn descend(&mut self) -> Result<(), P::Error> {
        self.level -= 1;
        for link in std::mem::take(&mut self.links) {
            let page = open(self.pages, &link, self.level, &[])?;
            self.gather(page);
        }
        Ok(())
    }

    fn gather(&mut self, page: Page) {
        self.chunks.extend(page.items());
        self.links.extend_from_slice(page.links());
    }
}

fn drop_common(old: &mut Vec<Link<u64>>, new: &mut Vec<Link<u64>>) {
    let ids = |links: &[Link<u64>]| links.iter().map(|link| link.id).collect::<HashSet<Id>>();
    let (in_old, in_new) = (ids(old), ids(new));
    old.retain(|link| !in_new.contains(&link.id));
    new.retain(|link| !in_old.contains(&link.id));
}
