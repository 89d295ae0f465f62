//! Every byte that outlives a process, as pure functions from bytes to structs and back.

pub mod codec;
pub mod compression;
pub mod config;
pub mod cursor;
mod error;
pub mod pack;
pub mod pointer;
pub mod segment;
mod toml;

pub use error::FormatError;
