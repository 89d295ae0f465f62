//! What DVC and Git LFS leave in a repository, and what is kept of it once their data was taken over.

mod contents;
mod dvc;
mod dvc_config;
mod lfs;
mod lines;
mod map;
mod old_id;

pub use contents::{Known, contents, contents_line};
pub use dvc::{Left, Out, Outs, dir_entries, dvc_file, dvc_lock, resolve, stage_folders};
pub use dvc_config::{DvcConfig, DvcRemote, dvc_config};
pub use lfs::{LFS_LIMIT, LfsPointer, lfs_pointer};
pub use map::{Map, Place};
pub use old_id::{Check, Hash, OldId};
