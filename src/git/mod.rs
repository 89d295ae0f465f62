//! All that esker asks of Git: where the repository is, what a revision holds, what is staged.

mod config;
mod distant;
mod error;
mod files;
mod grafts;
mod history;
pub mod hooks;
pub mod ignore;
mod index;
mod index_lock;
mod large;
mod log;
mod plain;
mod pointers;
mod program;
mod reach;
mod refs;
mod repo;
mod revision;
mod stage;
mod standing;
mod states;
#[cfg(test)]
mod testing;
mod texts;

pub use distant::Distant;
pub use error::GitError;
pub use files::{GitFile, IsMeant};
pub use grafts::Graft;
pub use history::PastPointer;
pub use index::Conflict;
pub use log::LogEntry;
pub use plain::PlainFile;
pub use pointers::{BlobId, is_pointer};
pub use program::{lfs_fetch, program_version};
pub use refs::Tip;
pub use repo::{GitEnvironment, Repo, RepoState};
pub use revision::{Commit, CommitId, HeadName};
pub use states::PointerState;
pub use texts::merge_texts;
