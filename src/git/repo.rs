//! The repository: finding it as Git would, and where its folders are.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Once;

use serde::Serialize;

use super::error::{Doing, GitError, not_opened};
use crate::base::{AtPath, RepoPath};

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
        Ok(Repo { inner, index_file, worktree, git_dir, common_dir })
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

    /// Whether an ignore rule keeps `path` out of Git, tracked or not: rules for the folders above it count.
    pub fn is_ignored(&self, path: &RepoPath) -> Result<bool, GitError> {
        self.worktree()?;
        self.inner.is_path_ignored(path.as_path()).doing(format!("read the ignore rules for {path}"))
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
mod tests {
    use std::os::unix::fs::chown;

    use super::super::HeadName;
    use super::super::testing::{Sandbox, open, path};
    use super::*;

    fn environment(git_dir: &str) -> GitEnvironment {
        GitEnvironment { git_dir: Some(PathBuf::from(git_dir)), ..GitEnvironment::default() }
    }

    fn error_of(from: &Path) -> GitError {
        Repo::discover(from, &GitEnvironment::default()).err().unwrap()
    }

    #[test]
    fn a_repository_is_found_from_a_sub_folder_and_through_a_link() {
        let sandbox = Sandbox::new();
        sandbox.write("a/b/c", "");
        std::os::unix::fs::symlink(sandbox.root(), sandbox.beside("link")).unwrap();
        for from in [sandbox.root(), sandbox.root().join("a/b"), sandbox.beside("link/a")] {
            let repo = open(&from);
            assert_eq!(repo.worktree().unwrap(), sandbox.root());
            assert_eq!(repo.git_dir(), sandbox.root().join(".git"));
            assert_eq!(repo.common_dir(), repo.git_dir());
        }
    }

    #[test]
    fn no_repository_is_told_with_where_the_search_began() {
        let sandbox = Sandbox::new();
        let from = sandbox.beside("elsewhere");
        fs::create_dir(&from).unwrap();
        assert!(matches!(error_of(&from), GitError::NoRepository { from: told } if told == from));
        let absent = sandbox.beside("absent");
        assert!(matches!(error_of(&absent), GitError::Disk(_)), "{:?}", error_of(&absent));
        let error = Repo::discover(&sandbox.root(), &environment("nowhere")).err().unwrap();
        assert!(matches!(error, GitError::NoRepository { .. }), "{error:?}");
    }

    #[test]
    fn linked_worktrees_share_the_common_folder() {
        let sandbox = Sandbox::new();
        sandbox.commit("a", "1");
        sandbox.git(&["worktree", "add", "--quiet", "-b", "other", "../linked"]);
        let repo = open(&sandbox.beside("linked"));
        assert_eq!(repo.worktree().unwrap(), sandbox.beside("linked"));
        assert_eq!(repo.git_dir(), sandbox.root().join(".git/worktrees/linked"));
        assert_eq!(repo.common_dir(), sandbox.root().join(".git"));
        assert_eq!(repo.head_name().unwrap(), HeadName::Branch("other".into()));
        // As a hook in that worktree is run.
        let hook = Repo::discover(&sandbox.beside("linked"), &environment("../repo/.git/worktrees/linked")).unwrap();
        assert_eq!(hook.worktree().unwrap(), sandbox.beside("linked"));
        assert_eq!(hook.git_dir(), repo.git_dir());
    }

    #[test]
    fn a_worktree_of_a_bare_repository_is_no_bare_repository() {
        let sandbox = Sandbox::new();
        sandbox.commit("a", "1");
        sandbox.git(&["clone", "--quiet", "--bare", ".", "../bare.git"]);
        sandbox.git_in(&sandbox.beside("bare.git"), &["worktree", "add", "--quiet", "../linked", "main"]);
        let bare = open(&sandbox.beside("bare.git"));
        assert!(matches!(bare.worktree(), Err(GitError::Bare { path }) if path == sandbox.beside("bare.git")));
        assert_eq!(bare.branches().unwrap().len(), 1);
        assert_eq!(open(&sandbox.beside("linked")).worktree().unwrap(), sandbox.beside("linked"));
        let hook = Repo::discover(&sandbox.beside("linked"), &environment("../bare.git/worktrees/linked")).unwrap();
        assert_eq!(hook.worktree().unwrap(), sandbox.beside("linked"));
    }

    #[test]
    fn a_submodule_is_a_repository_of_its_own() {
        let sandbox = Sandbox::new();
        sandbox.commit("a.esker", "1");
        sandbox.git(&["clone", "--quiet", ".", "../outer"]);
        let root = sandbox.root();
        let url = root.to_str().unwrap();
        sandbox.git_in(&sandbox.beside("outer"), &["submodule", "--quiet", "add", url, "inner.esker"]);
        let inner = sandbox.beside("outer/inner.esker");
        let repo = open(&inner);
        assert_eq!(repo.worktree().unwrap(), inner);
        assert_eq!(repo.git_dir(), sandbox.beside("outer/.git/modules/inner.esker"));
        let hook = Repo::discover(&inner, &environment("../.git/modules/inner.esker")).unwrap();
        assert_eq!(hook.worktree().unwrap(), inner);
        let outer = open(&sandbox.beside("outer"));
        assert_eq!(outer.staged_pointers().unwrap(), [path("a.esker")]);
    }

    #[test]
    fn the_variables_of_git_are_followed() {
        let sandbox = Sandbox::new();
        sandbox.commit("a", "1");
        let repo = Repo::discover(&sandbox.root(), &environment(".git")).unwrap();
        assert_eq!(repo.worktree().unwrap(), sandbox.root());
        let mut apart = environment("../repo/.git");
        let elsewhere = sandbox.beside("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        assert_eq!(Repo::discover(&elsewhere, &apart).unwrap().worktree().unwrap(), elsewhere);
        apart.work_tree = Some(sandbox.root());
        assert_eq!(Repo::discover(&elsewhere, &apart).unwrap().worktree().unwrap(), sandbox.root());
    }

    #[test]
    fn the_index_of_a_commit_in_progress_is_used() {
        let sandbox = Sandbox::new();
        sandbox.commit("a.esker", "1");
        fs::copy(sandbox.root().join(".git/index"), sandbox.root().join(".git/next-index")).unwrap();
        sandbox.write("b.esker", "2");
        let hook = GitEnvironment { index_file: Some(".git/next-index".into()), ..environment(".git") };
        let repo = Repo::discover(&sandbox.root(), &hook).unwrap();
        repo.stage(&[path("b.esker")]).unwrap();
        assert_eq!(repo.staged_pointers().unwrap(), [path("a.esker"), path("b.esker")]);
        assert_eq!(sandbox.open().staged_pointers().unwrap(), [path("a.esker")]);
    }

    #[test]
    fn what_libgit2_cannot_read_is_refused_with_its_reason() {
        let sandbox = Sandbox::new();
        for (name, format) in [("tables", "--ref-format=reftable"), ("sha256", "--object-format=sha256")] {
            sandbox.git(&["init", "--quiet", format, &format!("../{name}")]);
            let error = error_of(&sandbox.beside(name));
            assert!(matches!(error, GitError::Unsupported { .. }), "{name}: {error:?}");
        }
        sandbox.git(&["config", "core.repositoryFormatVersion", "9"]);
        assert!(matches!(error_of(&sandbox.root()), GitError::Unsupported { .. }));
    }

    #[test]
    fn a_partial_clone_opens_and_names_the_object_that_it_lacks() {
        let sandbox = Sandbox::new();
        sandbox.commit("a.esker", "one");
        let old = sandbox.git(&["rev-parse", "HEAD:a.esker"]);
        sandbox.commit("a.esker", "two");
        sandbox.git(&["config", "uploadpack.allowFilter", "true"]);
        let url = format!("file://{}", sandbox.root().display());
        sandbox.git(&["clone", "--quiet", "--filter=blob:none", &url, "../partial"]);
        let repo = open(&sandbox.beside("partial"));
        assert_eq!(repo.pointers_at(&repo.resolve("HEAD").unwrap()).unwrap()[0].1, b"two");
        let error = repo.pointers_at(&repo.resolve("HEAD~1").unwrap()).unwrap_err();
        assert!(matches!(&error, GitError::ObjectMissing { id } if id == old.trim()), "{error:?}");
    }

    #[test]
    fn a_repository_of_another_user_is_refused() {
        let sandbox = Sandbox::new();
        // Only root may give files away; for anybody else there is nothing to try.
        let given =
            [sandbox.root(), sandbox.root().join(".git")].iter().all(|path| chown(path, Some(65534), None).is_ok());
        if given {
            let error = error_of(&sandbox.root());
            assert!(matches!(&error, GitError::NotOwned { path } if *path == sandbox.root()), "{error:?}");
        }
    }

    #[test]
    fn a_merge_and_a_rebase_in_progress_are_told() {
        let sandbox = Sandbox::new();
        sandbox.commit("a.esker", "base");
        sandbox.git(&["checkout", "--quiet", "-b", "side"]);
        sandbox.commit("a.esker", "side");
        sandbox.git(&["checkout", "--quiet", "main"]);
        sandbox.commit("a.esker", "main");
        assert_eq!(sandbox.open().state(), RepoState::Clean);
        assert!(!sandbox.try_git_in(&sandbox.root(), &["merge", "side"]).0);
        assert_eq!(sandbox.open().state(), RepoState::Merge);
        sandbox.git(&["merge", "--abort"]);
        assert!(!sandbox.try_git_in(&sandbox.root(), &["rebase", "side"]).0);
        let repo = sandbox.open();
        assert_eq!(repo.state(), RepoState::Rebase);
        assert!(matches!(repo.head_name().unwrap(), HeadName::Detached(_)));
        assert_eq!(repo.conflicts().unwrap().len(), 1);
    }
}
