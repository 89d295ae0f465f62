//! The manifest of a long file: its chunks in order, as a list in pages.

mod builder;
mod chunk_ref;
mod fresh;
mod list;
mod reach;
mod walk;

pub use super::pages::Pages;
pub use builder::{Builder, Root};
pub use chunk_ref::ChunkRef;
pub use fresh::fresh_chunks;
pub use list::{Manifest, Page};
pub use reach::{Visit, reach};
pub use walk::{Walk, chunks, chunks_in};
