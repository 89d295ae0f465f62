//! The chunks of one file, wherever they are listed.

use std::ops::Range;

use crate::base::Id;

use super::super::manifest;
use super::super::pages::Pages;
use super::{ChunkRef, Chunks, Node};

/// Chunks in order, each with its offset in the file.
pub enum FileChunks<'p, P: ?Sized> {
    /// Those that are listed here.
    Listed(std::vec::IntoIter<(u64, ChunkRef)>),
    /// Those of a manifest.
    Paged(manifest::Walk<'p, P>),
}

/// The chunks that hold the bytes of `range` of the file `id` of `bytes` bytes; all of them for `0..bytes`.
pub fn file_chunks<'p, P: Pages + ?Sized>(
    pages: &'p P,
    id: &Id,
    bytes: u64,
    chunks: &Chunks,
    range: Range<u64>,
) -> Result<FileChunks<'p, P>, P::Error> {
    Ok(match chunks {
        Chunks::Whole => listed(ChunkRef::whole(*id, bytes).as_slice(), range),
        Chunks::Inline(chunks) => listed(chunks, range),
        Chunks::Paged(root) => {
            FileChunks::Paged(manifest::chunks_in(pages, &manifest::Root { id: *root, bytes }, range)?)
        }
    })
}

/// All chunks of an entry; none of what is no file.
pub fn node_chunks<'p, P: Pages + ?Sized>(pages: &'p P, node: &Node) -> Result<FileChunks<'p, P>, P::Error> {
    match node {
        Node::File { bytes, id, chunks, .. } => file_chunks(pages, id, *bytes, chunks, 0..u64::MAX),
        Node::Symlink { .. } | Node::EmptyFolder => Ok(listed(&[], 0..0)),
    }
}

fn listed<'p, P: ?Sized>(chunks: &[ChunkRef], range: Range<u64>) -> FileChunks<'p, P> {
    let mut end = 0;
    let mut wanted = Vec::new();
    for chunk in chunks {
        let start = end;
        end += u64::from(chunk.bytes);
        if start < range.end && range.start < end {
            wanted.push((start, *chunk));
        }
    }
    FileChunks::Listed(wanted.into_iter())
}

impl<P: Pages + ?Sized> Iterator for FileChunks<'_, P> {
    type Item = Result<(u64, ChunkRef), P::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            FileChunks::Listed(chunks) => chunks.next().map(Ok),
            FileChunks::Paged(chunks) => chunks.next(),
        }
    }
}
