//! Data versions beside Git: content-defined chunks in a local cache, plain buckets as remotes, small pointers in Git.
//!
//! The library prints nothing and reads no environment: verbs in [`ops`] take a [`base::Job`] that is told what
//! happens, and return reports. `docs/architecture.md` shows the floors of the house.

#![deny(missing_docs)]
#![deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro, clippy::exit)]
#![warn(clippy::unwrap_used)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod base;
pub mod chunk;
#[cfg(feature = "cli")]
pub mod cli;
pub mod format;
pub mod git;
pub mod ops;
pub mod packs;
pub mod store;
pub mod worktree;
