//! How much of a file is really new: the chunks that its old content does not have.

use std::collections::HashSet;

use crate::base::Id;
use crate::format::manifest::{self, fresh_chunks};
use crate::format::tree::{ChunkRef, Chunks, Node, node_chunks};

use super::super::error::Error;
use super::super::pages::Pages;

/// The bytes of the chunks of `new` that `old` lacks, each counted once; `None` if a list of chunks cannot be had.
pub fn fresh_bytes(pages: &Pages<'_>, old: &Node, new: &Node) -> Result<Option<u64>, Error> {
    match fresh(pages, old, new) {
        Ok(chunks) => Ok(Some(chunks.iter().map(|chunk| u64::from(chunk.bytes)).sum())),
        Err(Error::Packs(error)) if error.is_about_data() => Ok(None),
        Err(error) => Err(error),
    }
}

fn fresh(pages: &Pages<'_>, old: &Node, new: &Node) -> Result<Vec<ChunkRef>, Error> {
    if let (
        Node::File { bytes: old_bytes, chunks: Chunks::Paged(old), .. },
        Node::File { bytes: new_bytes, chunks: Chunks::Paged(new), .. },
    ) = (old, new)
    {
        let root = |id: &Id, bytes: &u64| manifest::Root { id: *id, bytes: *bytes };
        return fresh_chunks(pages, &root(old, old_bytes), pages, &root(new, new_bytes));
    }
    let mut known: HashSet<Id> = all(pages, old)?.into_iter().map(|chunk| chunk.id).collect();
    let mut fresh = all(pages, new)?;
    fresh.retain(|chunk| known.insert(chunk.id));
    Ok(fresh)
}

fn all(pages: &Pages<'_>, node: &Node) -> Result<Vec<ChunkRef>, Error> {
    node_chunks(pages, node)?.map(|chunk| chunk.map(|(_, chunk)| chunk)).collect()
}
