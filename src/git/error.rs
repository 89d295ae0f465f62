//! Why Git could not answer.

use std::path::{Path, PathBuf};

use crate::base::{Cancelled, PathError, PathRefused, RepoPath, bytes_text};

/// What stood in the way between esker and the repository.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// No folder from here up to the root is a repository.
    #[error("{} is not in a Git repository", from.display())]
    NoRepository {
        /// Where the search began.
        from: PathBuf,
    },
    /// The repository has no worktree.
    #[error("the Git repository {} is bare: it has no worktree", path.display())]
    Bare {
        /// Its folder.
        path: PathBuf,
    },
    /// The repository belongs to another user, and Git's `safe.directory` does not name it.
    #[error("the Git repository of {} belongs to another user", path.display())]
    NotOwned {
        /// Its worktree or folder, as `safe.directory` would name it.
        path: PathBuf,
    },
    /// The repository or its index is of a make that esker cannot read.
    #[error("the Git repository of {} cannot be used: {reason}", path.display())]
    Unsupported {
        /// The repository, or its index file.
        path: PathBuf,
        /// What it needs, in libgit2's words.
        reason: String,
    },
    /// The branch has no commit yet.
    #[error("there is no commit yet")]
    Unborn,
    /// Git knows no such revision.
    #[error("unknown revision `{revision}`")]
    UnknownRevision {
        /// As the user wrote it.
        revision: String,
    },
    /// A short hash that fits more than one object.
    #[error("the revision `{revision}` is ambiguous")]
    AmbiguousRevision {
        /// As the user wrote it.
        revision: String,
    },
    /// The revision names a file or a tree.
    #[error("the revision `{revision}` is not a commit")]
    NotACommit {
        /// As the user wrote it.
        revision: String,
    },
    /// A file in Git that should be small is not.
    #[error("{path} in Git is too large: {} where {} are allowed", bytes_text(*bytes), bytes_text(*limit_bytes))]
    TooLarge {
        /// The file.
        path: RepoPath,
        /// Its size.
        bytes: u64,
        /// The most that is read.
        limit_bytes: u64,
    },
    /// The object is not in this clone, as in one made with `git clone --filter`.
    #[error("this clone lacks the Git object {id}")]
    ObjectMissing {
        /// Its hash, in hex.
        id: String,
    },
    /// An ignore rule of the user keeps the file out of Git.
    #[error("Git ignores {path}")]
    Ignored {
        /// The file that was to be staged.
        path: RepoPath,
    },
    /// The file lies behind a symbolic link, or in a repository of its own such as a submodule.
    #[error("{path} does not belong to this repository: {folder} is a link or another repository")]
    Foreign {
        /// The file that was to be staged.
        path: RepoPath,
        /// The folder above it that leads elsewhere.
        folder: RepoPath,
    },
    /// Another process holds Git's lock.
    #[error("another Git process holds {}", path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// The program `git` does not start.
    #[error("cannot run the program `git`: {reason}")]
    NoProgram {
        /// What the system says.
        reason: String,
    },
    /// A URL that makes Git run a program.
    #[error("{url} is refused: it names a program to run, and not a repository")]
    Transport {
        /// The URL.
        url: String,
    },
    /// Another repository has no such branch, tag or commit.
    #[error("{url} has no branch, tag or commit `{revision}`")]
    UnknownThere {
        /// The repository.
        url: String,
        /// As the user wrote it.
        revision: String,
    },
    /// Another repository does not answer, or refuses.
    #[error("cannot read the repository {url}: {reason}")]
    NotReached {
        /// The repository.
        url: String,
        /// What Git says.
        reason: String,
    },
    /// A path in Git that no worktree can have.
    #[error(transparent)]
    Path(#[from] PathRefused),
    /// The job was asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// Anything else that Git says.
    #[error("cannot {doing}: {reason}")]
    Git {
        /// What was tried: "read the commit 1a2b…".
        doing: String,
        /// The cause, in libgit2's words.
        reason: String,
    },
    /// The file system failed.
    #[error(transparent)]
    Disk(#[from] PathError),
}

/// Says what was tried when libgit2 gave up.
pub(super) trait Doing<T> {
    /// `repo.config().doing("read Git's configuration")?`
    fn doing(self, doing: impl Into<String>) -> Result<T, GitError>;

    /// The same for the reading of the object `id`, whose absence has a variant of its own.
    fn reading(self, kind: &str, id: git2::Oid) -> Result<T, GitError>;
}

impl<T> Doing<T> for Result<T, git2::Error> {
    fn doing(self, doing: impl Into<String>) -> Result<T, GitError> {
        self.map_err(|error| GitError::Git { doing: doing.into(), reason: error.message().to_owned() })
    }

    fn reading(self, kind: &str, id: git2::Oid) -> Result<T, GitError> {
        self.map_err(|error| match error.code() {
            git2::ErrorCode::NotFound => GitError::ObjectMissing { id: id.to_string() },
            _ => GitError::Git { doing: format!("read the {kind} {id}"), reason: error.message().to_owned() },
        })
    }
}

/// Why the repository at or above `from` did not open.
pub(super) fn not_opened(error: &git2::Error, from: &Path) -> GitError {
    let path = from.to_owned();
    match (error.code(), error.class()) {
        (git2::ErrorCode::NotFound, _) => GitError::NoRepository { from: path },
        (git2::ErrorCode::Owner, _) => GitError::NotOwned { path: quoted_path(error.message()).unwrap_or(path) },
        (_, git2::ErrorClass::Repository) => GitError::Unsupported { path, reason: error.message().to_owned() },
        _ => GitError::Git {
            doing: format!("open the Git repository of {}", from.display()),
            reason: error.message().to_owned(),
        },
    }
}

/// libgit2 names the folder that it distrusts only inside its message, between quotes.
fn quoted_path(message: &str) -> Option<PathBuf> {
    let (_, rest) = message.split_once('\'')?;
    let (path, _) = rest.rsplit_once('\'')?;
    Some(PathBuf::from(path))
}
