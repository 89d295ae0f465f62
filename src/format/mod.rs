//! Every byte that outlives a process, as pure functions from bytes to structs and back.

pub mod codec;
pub mod compression;
pub mod config;
pub mod conflict;
pub mod cursor;
mod error;
pub mod foreign;
pub mod guide;
pub mod manifest;
pub mod pack;
pub mod pages;
pub mod pointer;
pub mod record;
pub mod root;
pub mod seen;
pub mod segment;
pub mod store_config;
mod toml;
pub mod tree;

pub use error::FormatError;
