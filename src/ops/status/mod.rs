//! `status`: the worktree against its pointers, those against `HEAD`, and what the cache lacks.

mod data;
mod known;
mod lacks;
mod report;
mod verb;

pub use lacks::Lacks;
pub use report::{DataState, DatasetStatus, PointerChange, PointerStatus, RefusedPath, StatusOptions, StatusReport};
pub use verb::status;
