//! `migrate`: data that DVC or Git LFS keeps becomes esker's, old revisions included, and nothing of theirs is removed.

mod attributes;
mod build;
mod dvc;
mod journal;
mod lfs;
mod map_file;
mod publish;
mod report;
mod shelf;
mod surveyed;
mod take;
mod verb;

pub use map_file::{graft_all, graft_worktree};
pub use report::{LeftOut, MigrateOptions, MigrateReport, Migrated, Tool, Trouble};
pub use verb::migrate;
