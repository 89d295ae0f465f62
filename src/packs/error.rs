//! Why a pack store could not give, or take, a chunk.

use crate::base::{Cancelled, Id, PathError};
use crate::format::FormatError;
use crate::store::{Key, StoreError};

/// What can go wrong with chunks in packs.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The store below failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An object of the store cannot be decoded.
    #[error("{key} in {store}: {cause}")]
    Object {
        /// The store's name.
        store: String,
        /// Which object.
        key: Key,
        /// What is wrong with it.
        cause: FormatError,
    },
    /// No index names the chunk, or the page.
    #[error("{store} has no chunk {id}")]
    Absent {
        /// The store's name.
        store: String,
        /// The chunk.
        id: Id,
    },
    /// The bytes in the pack are not those of the chunk.
    #[error("chunk {id} in {pack} of {store} is damaged: {reason}")]
    Damaged {
        /// The store's name.
        store: String,
        /// The pack that should hold it.
        pack: Key,
        /// The chunk.
        id: Id,
        /// What was found.
        reason: String,
    },
    /// A page or a manifest holds what it must not hold.
    #[error("page {id} in {store}: {cause}")]
    Page {
        /// The store's name.
        store: String,
        /// The page.
        id: Id,
        /// What is wrong with it.
        cause: FormatError,
    },
    /// Others removed packs as fast as they were looked at.
    #[error("others remove packs of {store} as fast as they are looked at")]
    KeepsChanging {
        /// The store's name.
        store: String,
    },
    /// A file on this machine failed.
    #[error(transparent)]
    Disk(#[from] PathError),
    /// The verb was asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl PackError {
    /// Whether the data itself is missing or wrong, and not the way to it.
    pub fn is_about_data(&self) -> bool {
        use PackError::{Absent, Cancelled, Damaged, Disk, KeepsChanging, Object, Page, Store};
        match self {
            Store(error) => matches!(error, StoreError::Missing { .. } | StoreError::Short { .. }),
            Object { .. } | Absent { .. } | Damaged { .. } | Page { .. } => true,
            KeepsChanging { .. } | Disk(_) | Cancelled(_) => false,
        }
    }
}
