//! The repository: finding it as Git would, and where its folders are.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once};

use serde::Serialize;

use super::error::{Doing, GitError, not_opened};
use super::grafts::Late;
use crate::base::AtPath;

/// What Git's own variables say. Git sets them for hooks, where they may be relative to the folder it runs in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GitEnvironment {
    /// `GIT_DIR`: the repository, with no search for it.
    pub git_dir: Option<PathBuf>,
    /// `GIT_WORK_TREE`: the root of the worktree.
    pub work_tree: Option<PathBuf>,
    /// `GIT_INDEX_FILE`: the index of a commit in progress; relative to the root of the worktree.
    pub index_file: Option<PathBuf>,
}

/// An open Git repository, seen from one of its worktrees. May move between threads; one at a time may use it.
pub struct Repo {
    pub(super) inner: git2::Repository,
    pub(super) index_file: PathBuf,
    pub(super) grafts: Mutex<Late>,
    worktree: Option<PathBuf>,
    git_dir: PathBuf,
    common_dir: PathBuf,
}

/// What Git is in the middle of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RepoState {
    /// Nothing.
    Clean,
    /// `git merge`
    Merge,
    /// `git revert`
    Revert,
    /// `git cherry-pick`
    CherryPick,
    /// `git bisect`
    Bisect,
    /// `git rebase`
    Rebase,
    /// `git am`
    ApplyMailbox,
}

impl Repo {
    /// Opens the repository that `from` lies in, as Git run in that folder would.
    ///
    /// Like Git, it does not search beyond the file system of `from`, and takes `from` for the worktree if
    /// `GIT_DIR` is set and nothing else names one. A bare repository opens.
    ///
    /// # Errors
    /// `NoRepository`; `NotOwned` if Git's own check of owners (`safe.directory`) refuses it; `Unsupported` for a
    /// repository with SHA-256 hashes, reftables or an extension unknown to libgit2.
    pub fn discover(from: &Path, environment: &GitEnvironment) -> Result<Repo, GitError> {
        allow_partial_clones();
        let from = &canonical(from)?;
        let inner = match &environment.git_dir {
            Some(git_dir) => open_named(from, git_dir, environment)?,
            None => search(from)?,
        };
        if let Some(work_tree) = &environment.work_tree {
            set_worktree(&inner, &from.join(work_tree))?;
        }
        Repo::new(inner, from, environment)
    }

    fn new(inner: git2::Repository, from: &Path, environment: &GitEnvironment) -> Result<Repo, GitError> {
        let worktree = inner.workdir().filter(|_| !inner.is_bare()).map(canonical).transpose()?;
        let git_dir = canonical(inner.path())?;
        let common_dir = canonical(inner.commondir())?;
        let index_file = match &environment.index_file {
            Some(index_file) => worktree.as_deref().unwrap_or(from).join(index_file),
            None => git_dir.join("index"),
        };
        if environment.index_file.is_some() {
            let mut index = git2::Index::open(&index_file).doing("read Git's index")?;
            inner.set_index(&mut index).doing("use GIT_INDEX_FILE")?;
        }
        Ok(Repo { inner, index_file, grafts: Mutex::default(), worktree, git_dir, common_dir })
    }

    /// The root of the worktree, without symbolic links in its path.
    ///
    /// # Errors
    /// `Bare` if there is none.
    pub fn worktree(&self) -> Result<&Path, GitError> {
        self.worktree.as_deref().ok_or_else(|| GitError::Bare { path: self.git_dir.clone() })
    }

    /// The `.git` folder of this worktree: what linked worktrees do not share.
    pub fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// The `.git` folder that all linked worktrees share; the same as `git_dir` in the main one.
    pub fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    /// What Git is in the middle of.
    pub fn state(&self) -> RepoState {
        match self.inner.state() {
            git2::RepositoryState::Clean => RepoState::Clean,
            git2::RepositoryState::Merge => RepoState::Merge,
            git2::RepositoryState::Revert | git2::RepositoryState::RevertSequence => RepoState::Revert,
            git2::RepositoryState::CherryPick | git2::RepositoryState::CherryPickSequence => RepoState::CherryPick,
            git2::RepositoryState::Bisect => RepoState::Bisect,
            git2::RepositoryState::Rebase
            | git2::RepositoryState::RebaseInteractive
            | git2::RepositoryState::RebaseMerge => RepoState::Rebase,
            git2::RepositoryState::ApplyMailbox | git2::RepositoryState::ApplyMailboxOrRebase => {
                RepoState::ApplyMailbox
            }
        }
    }

    /// Whether a rebase that Git is in the middle of has no step left: it only moves the branch, and no hook tells its end.
    pub fn rebase_is_over(&self) -> bool {
        let todo = fs::read_to_string(self.git_dir.join("rebase-merge/git-rebase-todo"));
        let is_step = |line: &str| !line.is_empty() && !line.starts_with('#') && line != "noop";
        todo.is_ok_and(|todo| !todo.lines().map(str::trim).any(is_step))
    }
}

fn search(from: &Path) -> Result<git2::Repository, GitError> {
    let no_ceilings: [&OsStr; 0] = [];
    git2::Repository::open_ext(from, git2::RepositoryOpenFlags::empty(), no_ceilings)
        .map_err(|error| not_opened(&error, from))
}

fn open_named(from: &Path, git_dir: &Path, environment: &GitEnvironment) -> Result<git2::Repository, GitError> {
    let git_dir = from.join(git_dir);
    let inner = git2::Repository::open(&git_dir).map_err(|error| not_opened(&error, &git_dir))?;
    let configured = !inner.is_worktree() && inner.config().and_then(|config| config.get_path("core.worktree")).is_ok();
    if environment.work_tree.is_none() && !configured && !inner.is_bare() {
        set_worktree(&inner, from)?;
    }
    Ok(inner)
}

fn set_worktree(inner: &git2::Repository, path: &Path) -> Result<(), GitError> {
    inner.set_workdir(path, false).doing(format!("use {} as the worktree", path.display()))
}

fn canonical(path: &Path) -> Result<PathBuf, GitError> {
    Ok(fs::canonicalize(path).at("find", path)?)
}

/// `git clone --filter` marks a repository with an extension that changes nothing for who only reads: an object
/// that is not there is told as `ObjectMissing`.
fn allow_partial_clones() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: libgit2 keeps the list in a static without a lock. This runs once, before the first repository
        // of this room is opened, and no other room touches libgit2 (tests/house.rs).
        let set = unsafe { git2::opts::set_extensions(&["partialclone"]) };
        // Only a lack of memory fails here; partial clones are then refused as unsupported.
        drop(set);
    });
}

#[cfg(test)]
mod tests;
