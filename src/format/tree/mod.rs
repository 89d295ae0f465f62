//! The tree of a tracked folder: all its entries in order of path, as a list in pages.

mod builder;
mod content;
mod diff;
mod edit;
mod entry;
mod list;
mod merge;
mod order;
mod raw;
mod reach;
mod settle;
mod walk;

pub use super::manifest::ChunkRef;
pub use super::pages::Pages;
pub use builder::{Builder, Root};
pub use content::{FileChunks, file_chunks, node_chunks};
pub use diff::{Change, Diff, diff};
pub use edit::edit;
pub use entry::{Chunks, Entry, Node};
pub use list::{Below, Page, Tree};
pub use merge::{Clash, Merge, merge, merge_node};
pub use order::Refused;
pub use raw::RawEntry;
pub use reach::{VisitTree, reach};
pub use settle::{Choice, Side, new_name};
pub use walk::{Walk, get, walk, walk_below};
