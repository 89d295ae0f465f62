//! Makes the pages of a manifest while the file is cut.

use crate::base::Id;

use super::super::pages::Levels;
use super::{ChunkRef, Manifest};

/// What names a whole manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Root {
    /// The root page.
    pub id: Id,
    /// The size of the file, in bytes.
    pub bytes: u64,
}

/// Takes the chunks of a file in order and gives the pages of its manifest to `sink`, children before parents.
///
/// The same chunks give the same pages, however they come. It holds one page of each level.
#[derive(Debug)]
pub struct Builder<S> {
    levels: Levels<Manifest>,
    sink: S,
}

impl<E, S: FnMut(Id, Vec<u8>) -> Result<(), E>> Builder<S> {
    /// A manifest without chunks.
    pub fn new(sink: S) -> Builder<S> {
        Builder { levels: Levels::new(), sink }
    }

    /// Appends a chunk of 1 byte to 1 MiB.
    pub fn push(&mut self, chunk: &ChunkRef) -> Result<(), E> {
        debug_assert_eq!(chunk.check(), Ok(()), "{chunk:?}");
        self.levels.push(chunk, &mut self.sink)
    }

    /// Ends the file. One without chunks has one empty page, though nobody needs it.
    pub fn finish(mut self) -> Result<Root, E> {
        let top = self.levels.finish(&mut self.sink)?;
        Ok(Root { id: top.link.id, bytes: top.link.span })
    }
}
