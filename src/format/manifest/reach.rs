//! All that a manifest leads to: its pages and its chunks.

use crate::base::Id;

use super::super::pages::{Descent, Next, Pages};
use super::walk::open_file;
use super::{ChunkRef, Root};

/// Is told of all that a manifest or a tree leads to: a page before what it holds.
pub trait Visit<E> {
    /// A page of a tree or a manifest, before it is read. `false` passes over it and all that it leads to.
    fn page(&mut self, id: &Id) -> Result<bool, E>;

    /// A chunk, as often as it is listed.
    fn chunk(&mut self, chunk: &ChunkRef) -> Result<(), E>;
}

/// Tells `visit` of all that the manifest `root` leads to, itself included.
pub fn reach<P: Pages + ?Sized>(pages: &P, root: &Root, visit: &mut impl Visit<P::Error>) -> Result<(), P::Error> {
    if !visit.page(&root.id)? {
        return Ok(());
    }
    let mut descent = Descent::of(pages, root.id, open_file(pages, root)?);
    while let Some(next) = descent.peek() {
        match next {
            Next::Page(link, _) if visit.page(&link.id)? => descent.enter()?,
            Next::Page(..) => descent.skip(),
            Next::Item(chunk) => {
                visit.chunk(&chunk)?;
                descent.skip();
            }
        }
    }
    Ok(())
}
