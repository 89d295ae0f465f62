//! Bytes under keys: a folder or a bucket, behind one trait that knows nothing of chunks.

mod contract;

pub use contract::{Key, Listed, Store, StoreError};
