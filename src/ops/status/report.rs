//! What `status` is asked, and what it tells.

use serde::Serialize;

use crate::base::RepoPath;
use crate::git::{HeadName, RepoState};

use super::super::changed::Changes;
use super::super::hooks::LargeFile;
use super::super::merge::Clashes;
use super::super::remote_state::RemoteState;
use super::lacks::Lacks;

/// What to look at.
#[derive(Debug, Clone, Default)]
pub struct StatusOptions {
    /// Datasets, parts of them, folders that hold some; all if empty.
    pub paths: Vec<RepoPath>,
    /// Ask the remotes, too, what they lack.
    pub asks_remotes: bool,
    /// The only remote to ask.
    pub remote: Option<String>,
}

/// What `status` found.
#[derive(Debug, Clone, Serialize)]
pub struct StatusReport {
    /// The branch, or the commit, of `HEAD`.
    pub head: HeadName,
    /// What Git is in the middle of.
    pub git: RepoState,
    /// Every dataset that was looked at, by path.
    pub datasets: Vec<DatasetStatus>,
    /// What each remote lacks; `None` if nobody asked.
    pub remotes: Option<Vec<RemoteState>>,
    /// Large files that are staged in Git itself.
    pub large: Vec<LargeFile>,
    /// Whether Git merges pointers by esker in this clone.
    pub merges_by_file: bool,
}

/// One dataset.
#[derive(Debug, Clone, Serialize)]
pub struct DatasetStatus {
    /// Where it is.
    pub path: RepoPath,
    /// How many entries its pointer says that it has.
    pub files: Option<u64>,
    /// The size of all files that its pointer stands for, in bytes.
    pub bytes: Option<u64>,
    /// Its pointer against Git.
    pub pointer: PointerStatus,
    /// The worktree against its pointer.
    pub data: DataState,
    /// What the user changed in the worktree.
    pub changes: Changes,
    /// How many entries were left out when it was checked out.
    pub left_out: u64,
    /// What no dataset can keep.
    pub refused: Vec<RefusedPath>,
    /// What the cache lacks of it, as far as was looked.
    pub cache_lacks: Option<Lacks>,
    /// What clashes, if a merge could not decide its pointer.
    pub clashes: Option<Clashes>,
    /// Whether its data is here and no remote is known to have it; `None` if the project has no remote.
    pub is_unpushed: Option<bool>,
}

/// A pointer against Git.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PointerStatus {
    /// What is staged, against `HEAD`.
    pub staged: Option<PointerChange>,
    /// What is in the worktree, against what is staged.
    pub unstaged: Option<PointerChange>,
    /// Whether a merge could not decide it.
    pub in_conflict: bool,
    /// Why it cannot be read.
    pub problem: Option<String>,
}

/// How a pointer changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PointerChange {
    /// It is new.
    Added,
    /// It says something else.
    Modified,
    /// It is gone.
    Deleted,
}

/// The worktree against a pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataState {
    /// It is what the pointer says.
    Same,
    /// The user changed it.
    Changed,
    /// It was here and is gone.
    Deleted,
    /// It was never here.
    Absent,
    /// The pointer says something else since the worktree was last made equal to it.
    Behind,
    /// It is here, and the pointer that it belongs to is not.
    NoPointer,
    /// Neither it nor its pointer is here.
    Gone,
    /// Whether it is what the pointer says cannot be told.
    Unknown,
}

/// Something that no dataset can keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedPath {
    /// Where, relative to the root of the worktree.
    pub path: RepoPath,
    /// Why, as half a sentence.
    pub reason: String,
}

impl StatusReport {
    /// Whether anything is not as `HEAD` says.
    pub fn differs(&self) -> bool {
        let lacks = |remotes: &Vec<RemoteState>| remotes.iter().any(|remote| !remote.datasets.is_empty());
        self.datasets.iter().any(DatasetStatus::differs) || self.remotes.as_ref().is_some_and(lacks)
    }
}

impl DatasetStatus {
    /// Whether its pointer cannot be read.
    pub fn is_unreadable(&self) -> bool {
        self.pointer.in_conflict || self.pointer.problem.is_some()
    }

    /// Whether it is not as `HEAD` says.
    pub fn differs(&self) -> bool {
        self.pointer != PointerStatus::default() || self.data != DataState::Same || !self.refused.is_empty()
    }
}
