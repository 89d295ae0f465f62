//! What must hold of finding and opening a repository.

use std::os::unix::fs::{chown, symlink};

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
    symlink(sandbox.root(), sandbox.beside("link")).unwrap();
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
    let given = [sandbox.root(), sandbox.root().join(".git")].iter().all(|path| chown(path, Some(65534), None).is_ok());
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

#[test]
fn a_repository_without_a_worktree_of_its_own_takes_the_one_that_is_named() {
    let sandbox = Sandbox::new();
    sandbox.git(&["init", "--quiet", "--bare", "../dot.git"]);
    let named = GitEnvironment { work_tree: Some(".".into()), ..environment("../dot.git") };
    let repo = Repo::discover(&sandbox.root(), &named).unwrap();
    assert_eq!(repo.worktree().unwrap(), sandbox.root());
    sandbox.write("a.esker", "1");
    repo.stage(&[path("a.esker")]).unwrap();
    assert_eq!(repo.staged_pointers().unwrap(), [path("a.esker")]);
}

#[test]
fn a_worktree_whose_repository_is_gone_or_broken_is_told() {
    let sandbox = Sandbox::new();
    sandbox.commit("a", "1");
    sandbox.git(&["worktree", "add", "--quiet", "--detach", "../linked"]);
    fs::write(sandbox.root().join(".git/HEAD"), "nonsense").unwrap();
    let repo = open(&sandbox.root());
    assert!(matches!(repo.head(), Err(GitError::Git { .. })), "{:?}", repo.head());
    fs::remove_dir_all(sandbox.root()).unwrap();
    let error = error_of(&sandbox.beside("linked"));
    assert!(matches!(error, GitError::NoRepository { .. }), "{error:?}");
}
