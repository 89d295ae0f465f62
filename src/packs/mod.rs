//! Chunks in packs: the cache and a remote are both a pack store, and push and pull are one transfer.

mod catalog;
mod condemning;
mod container;
mod content;
mod dice;
mod earlier;
mod error;
mod guide;
mod guiding;
pub mod layout;
mod mapped;
mod open;
mod orphans;
mod read;
mod reindex;
mod roots;
mod segments;
mod storing;
mod sweep;
#[cfg(test)]
mod tests;
mod transfer;
mod verify;
mod writer;

pub use catalog::Catalog;
pub use catalog::Place;
pub use content::{Content, ContentError, Nowhere, Sink, store_bytes, store_pages, store_shared, store_stream};
pub use dice::random;
#[cfg(test)]
pub use dice::{is_loaded, load};
pub use earlier::Earlier;
pub use error::PackError;
pub use open::PackStore;
pub use read::Span;
pub use sweep::{Choice, IdSet, Removed, Sweep};
pub use transfer::{Each, read_through, transfer, transfer_through};
pub use verify::{DataRead, Fault, Flaw, IndexMended, Look, ObjectKind, drop_damaged_copies, transfer_good};
pub use writer::{Writer, Written};
