//! Bytes under keys: a folder or a bucket, behind one trait that knows nothing of chunks.

mod contract;
mod handles;
mod local;
mod walk;

pub use contract::{Key, Listed, Store, StoreError};
pub use local::LocalStore;
