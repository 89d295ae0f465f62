//! Bytes under keys: a folder or a bucket, behind one trait that knows nothing of chunks.

mod blocks;
mod contract;
mod handles;
mod local;
mod open;
#[cfg(feature = "s3")]
mod s3;
mod walk;

pub use contract::{Blocks, Key, Listed, Store, StoreError};
pub use local::LocalStore;
pub use open::{StoreOptions, create, open};
#[cfg(feature = "s3")]
pub use s3::{AccessKeys, Checksum, S3Options, S3Store};
