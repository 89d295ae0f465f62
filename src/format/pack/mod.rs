//! A pack: many chunks, or many pages, one behind the other, and a footer that lists them.
//!
//! A pack's name is the hash of its header, its footer and its count. The footer holds the id of every chunk, so the
//! name vouches for all content, and 16 random bytes in the header make sure that no name is ever used twice.
//!
//! In a container, the other layout, chunks have no headers of their own: they are ranges of a file as it was, in blocks
//! that the file system shares between that file and the container.

mod read;
mod shape;
#[cfg(test)]
mod tests;
mod write;

pub(super) use read::check_lens;
pub use read::{Trailer, decode};
pub use shape::{CONTAINER_START, ENTRY_LEN, HEADER_LEN, Layout, PackEntry, PackKind, RECORD_LEN, TRAILER_LEN};
pub use write::{PackBuilder, SealedContainer, SealedPack, seal_container};
