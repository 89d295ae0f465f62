//! What `diff` is asked, and what it tells.

use serde::Serialize;

use crate::base::{Id, RepoPath};

use super::super::changed::{Changes, Counts};
use super::super::here::Held;
use super::super::version::Version;
use crate::format::tree::Node;

/// What to compare.
#[derive(Debug, Clone, Default)]
pub struct DiffOptions {
    /// The old revision; `HEAD` if `None`.
    pub from: Option<String>,
    /// The new revision; the worktree if `None`.
    pub to: Option<String>,
    /// Datasets, parts of them, folders that hold some; all if empty.
    pub paths: Vec<RepoPath>,
}

/// What differs.
#[derive(Debug, Clone, Serialize)]
pub struct DiffReport {
    /// The old revision as it was named; `None` before the first commit.
    pub from: Option<String>,
    /// The new revision as it was named; `None` for the worktree.
    pub to: Option<String>,
    /// Every dataset that differs, by path.
    pub datasets: Vec<DatasetDiff>,
    /// All changes of files together.
    pub counts: Counts,
    /// The bytes of all new files, and of the chunks of modified ones that their old content does not have.
    pub changed_bytes: u64,
}

/// How a dataset as a whole changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DatasetChange {
    /// It is new.
    Added,
    /// It is gone.
    Deleted,
    /// Its content is another.
    Modified,
    /// It has another name, and its old content.
    Renamed,
    /// It was a file and is a folder, or the other way round.
    Type,
}

/// One dataset.
#[derive(Debug, Clone, Serialize)]
pub struct DatasetDiff {
    /// Where it is, or was.
    pub path: RepoPath,
    /// How it changed.
    pub change: DatasetChange,
    /// Its old name, if it has another now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<RepoPath>,
    /// What it was.
    pub old: Option<State>,
    /// What it is.
    pub new: Option<State>,
    /// See [`DiffReport::changed_bytes`].
    pub changed_bytes: u64,
    /// What changed in it.
    pub changes: Changes,
}

/// One side of a dataset that changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct State {
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Its id.
    pub id: Id,
    /// How many entries it has.
    pub files: u64,
    /// The sizes of all its files, in bytes.
    pub bytes: u64,
}

impl State {
    /// `None` for a dataset that is not there.
    pub fn of(held: &Held) -> Option<State> {
        let (is_folder, id) = match &held.version {
            Version::Folder(root) => (true, *root),
            Version::File(Node::File { id, .. }) => (false, *id),
            Version::Nothing | Version::File(_) => return None,
        };
        Some(State { is_folder, id, files: held.files, bytes: held.bytes })
    }
}
