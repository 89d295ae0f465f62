//! All that a tree leads to: its pages, and the pages and chunks of its files.

use crate::base::{Id, RepoPath};

use super::super::manifest::{self, Visit};
use super::super::pages::{Descent, Next, Pages};
use super::{ChunkRef, Chunks, Entry, Node, Tree};

/// Is told of all that a tree leads to.
pub trait VisitTree<E>: Visit<E> {
    /// An entry, before its chunks. `false` passes over the pages and chunks of its file.
    fn entry(&mut self, _entry: &Entry) -> Result<bool, E> {
        Ok(true)
    }

    /// Whether a path after `after` and up to `last` may be of interest. If not, the page of these is passed over.
    fn is_wanted(&mut self, _after: Option<&RepoPath>, _last: &RepoPath) -> bool {
        true
    }
}

/// Tells `visit` of all that the tree `root` leads to, itself included, in order of path.
pub fn reach<P: Pages + ?Sized>(pages: &P, root: &Id, visit: &mut impl VisitTree<P::Error>) -> Result<(), P::Error> {
    if !visit.page(root)? {
        return Ok(());
    }
    let mut descent: Descent<'_, P, Tree> = Descent::new(pages, root)?;
    let mut after: Option<RepoPath> = None;
    while let Some(next) = descent.peek() {
        match next {
            Next::Page(link, level) => {
                let enters = visit.is_wanted(after.as_ref(), &link.span.last) && visit.page(&link.id)?;
                if !enters || level == 0 {
                    after = Some(link.span.last.clone());
                }
                if enters { descent.enter()? } else { descent.skip() }
            }
            Next::Item(entry) => {
                let entry = entry.to_entry();
                if visit.entry(&entry)? {
                    reach_file(pages, &entry.node, visit)?;
                }
                descent.skip();
            }
        }
    }
    Ok(())
}

fn reach_file<P: Pages + ?Sized>(pages: &P, node: &Node, visit: &mut impl Visit<P::Error>) -> Result<(), P::Error> {
    let Node::File { bytes, id, chunks, .. } = node else { return Ok(()) };
    match chunks {
        Chunks::Whole => ChunkRef::whole(*id, *bytes).iter().try_for_each(|chunk| visit.chunk(chunk)),
        Chunks::Inline(chunks) => chunks.iter().try_for_each(|chunk| visit.chunk(chunk)),
        Chunks::Paged(root) => manifest::reach(pages, &manifest::Root { id: *root, bytes: *bytes }, visit),
    }
}
