//! What can go wrong between esker and the files that the user sees.

use crate::base::{Cancelled, PathError, PathRefused, RepoPath};

/// Why the worktree could not be read or written. Paths are relative to the folder that the call was given.
#[derive(Debug, thiserror::Error)]
pub enum WorktreeError {
    /// The system said no.
    #[error(transparent)]
    Disk(#[from] PathError),
    /// A file is not what it was when it was looked at: read it again, or leave it alone.
    #[error("`{path}` was changed by another program meanwhile")]
    Changed {
        /// Which.
        path: RepoPath,
    },
    /// Something that esker must not replace stands where a file or folder must go.
    #[error("cannot write `{path}`: {what} stands in the way at `{at}`")]
    InTheWay {
        /// What was to be written.
        path: RepoPath,
        /// Where the other thing stands: `path` or a folder above it.
        at: RepoPath,
        /// The other thing, with its article.
        what: &'static str,
    },
    /// A path that is never read or written.
    #[error("cannot take `{path}`: {reason}")]
    Refused {
        /// Which.
        path: RepoPath,
        /// Half a sentence.
        reason: String,
    },
    /// Bytes that are no path, or a path that is too long.
    #[error(transparent)]
    Path(#[from] PathRefused),
    /// A line of an ignore file that means nothing.
    #[error("{path}, line {line}: {reason}")]
    IgnoreLine {
        /// The ignore file.
        path: RepoPath,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// Somebody asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl WorktreeError {
    /// Whether the cause is that there is nothing at that path.
    pub fn is_missing(&self) -> bool {
        matches!(self, WorktreeError::Disk(error) if error.source.kind() == std::io::ErrorKind::NotFound)
    }
}
