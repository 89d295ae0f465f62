//! A bucket as a store: the one asynchronous island, which nothing asynchronous leaves.

mod calls;
mod client;
mod errors;
mod options;
mod watch;

mod bucket;

pub use bucket::S3Store;
pub use options::{AccessKeys, Checksum, S3Options};
