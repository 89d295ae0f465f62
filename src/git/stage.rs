//! Changing the index: all of a change or nothing, and never over what another process staged meanwhile.

use std::fs;
use std::time::Duration;

use super::Repo;
use super::error::{Doing, GitError};
use super::index_lock::IndexLock;
use crate::base::{AtPath, RepoPath, sync_file};

/// How long a lock that somebody else holds is waited for: many writers in a row, on a disk that is busy.
const PATIENCE: Duration = Duration::from_secs(10);
/// So many new objects are synced: whoever stages more waits for no disk, and does as Git would.
const MOST_SYNCED: usize = 64;

impl Repo {
    /// Stages these files of the worktree as `git add` would.
    ///
    /// # Errors
    /// `Ignored` for a file that is not tracked yet and that the user's rules ignore; `Foreign`; `Locked` if other processes
    /// hold the index for over ten seconds. After any error the index is as it was.
    pub fn stage(&self, paths: &[RepoPath]) -> Result<(), GitError> {
        self.restage(paths, &[])
    }

    /// Takes these paths out of the index, as `git rm --cached` would. Those that it does not have are passed over.
    pub fn unstage(&self, paths: &[RepoPath]) -> Result<(), GitError> {
        self.restage(&[], paths)
    }

    /// Takes `removed` out of the index and stages `added`, in one step. The index is not written if it says all that
    /// already.
    pub fn restage(&self, added: &[RepoPath], removed: &[RepoPath]) -> Result<(), GitError> {
        let index = self.index()?;
        for path in added {
            self.refuse_foreign(path)?;
            self.refuse_ignored(&index, path)?;
        }
        if removed.iter().all(|path| !is_tracked(&index, path)) && self.are_staged(&index, added)? {
            IndexLock::clear_dead(&self.index_file);
            return Ok(());
        }
        let lock = IndexLock::take(&self.index_file, PATIENCE)?;
        let changed = self.change(&lock, added, removed);
        // The repository must not go on with an index that is about to move.
        let restored = git2::Index::open(&self.index_file).and_then(|mut index| self.inner.set_index(&mut index));
        changed?;
        lock.finish()?;
        restored.map_err(|error| self.index_unread(&error))?;
        self.index().map(drop)
    }

    /// Works on the copy that the lock keeps, which becomes the index when the lock is done.
    fn change(&self, lock: &IndexLock, added: &[RepoPath], removed: &[RepoPath]) -> Result<(), GitError> {
        let mut index = git2::Index::open(lock.next()).map_err(|error| self.index_unread(&error))?;
        self.inner.set_index(&mut index).doing("use Git's index")?;
        for path in removed {
            index.remove_path(path.as_path()).doing(format!("unstage {path}"))?;
        }
        for path in added {
            index.add_path(path.as_path()).doing(format!("stage {path}"))?;
        }
        if added.len() <= MOST_SYNCED {
            let ids = added.iter().filter_map(|path| index.get_path(path.as_path(), 0)).map(|entry| entry.id);
            ids.into_iter().try_for_each(|id| self.sync_object(id))?;
        }
        index.write().doing(format!("write {}", self.index_file.display()))
    }

    /// Makes a new object durable, so that after a power cut the index names none that is empty: Git would take it for
    /// what it says, and for damage.
    fn sync_object(&self, id: git2::Oid) -> Result<(), GitError> {
        let name = id.to_string();
        let file = self.common_dir().join("objects").join(&name[..2]).join(&name[2..]);
        // Else it lies in a pack, which it did for long.
        if file.exists() { Ok(sync_file(&file)?) } else { Ok(()) }
    }

    fn refuse_foreign(&self, path: &RepoPath) -> Result<(), GitError> {
        match self.foreign_folder(path)? {
            Some(folder) => Err(GitError::Foreign { path: path.clone(), folder }),
            None => Ok(()),
        }
    }

    fn refuse_ignored(&self, index: &git2::Index, path: &RepoPath) -> Result<(), GitError> {
        if !is_tracked(index, path) && self.is_ignored(path)? {
            return Err(GitError::Ignored { path: path.clone() });
        }
        Ok(())
    }

    /// Whether the index has this file of the worktree as it is.
    pub fn is_staged(&self, path: &RepoPath) -> Result<bool, GitError> {
        self.are_staged(&self.index()?, std::slice::from_ref(path))
    }

    /// Whether the index has these files with these bytes. A filter (such as that for line ends) may make it say no.
    fn are_staged(&self, index: &git2::Index, paths: &[RepoPath]) -> Result<bool, GitError> {
        for path in paths {
            let file = path.below(self.worktree()?);
            fs::symlink_metadata(&file).at("read", &file)?;
            let Some(entry) = index.get_path(path.as_path(), 0) else { return Ok(false) };
            let id = git2::Oid::hash_file(git2::ObjectType::Blob, &file).doing(format!("read {path}"))?;
            if entry.id != id {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn is_tracked(index: &git2::Index, path: &RepoPath) -> bool {
    (0..4).any(|stage| index.get_path(path.as_path(), stage).is_some())
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::sync::Barrier;

    use super::super::testing::{Sandbox, path};
    use super::*;

    #[test]
    fn files_are_staged_and_taken_out_as_git_would() {
        let sandbox = Sandbox::new();
        let repo = sandbox.open();
        sandbox.write("d/a.esker", "1");
        sandbox.write("b.esker", "1");
        sandbox.write(".gitignore", "/data\n");
        repo.stage(&["d/a.esker", "b.esker", ".gitignore"].map(path)).unwrap();
        assert_eq!(sandbox.git(&["status", "--porcelain"]), "A  .gitignore\nA  b.esker\nA  d/a.esker\n");
        repo.unstage(&[path("b.esker"), path("never.esker")]).unwrap();
        assert_eq!(sandbox.git(&["status", "--porcelain"]), "A  .gitignore\nA  d/a.esker\n?? b.esker\n");
        fs::rename(sandbox.root().join("d/a.esker"), sandbox.root().join("d/c.esker")).unwrap();
        repo.restage(&[path("d/c.esker")], &[path("d/a.esker")]).unwrap();
        assert_eq!(sandbox.git(&["ls-files"]), ".gitignore\nd/c.esker\n");
        assert!(!sandbox.root().join(".git/index.lock").exists());
        sandbox.git(&["fsck", "--strict"]);
    }

    #[test]
    fn nothing_is_written_when_nothing_changes() {
        let sandbox = Sandbox::new();
        sandbox.commit("a.esker", "1");
        let repo = sandbox.open();
        let _held = File::create(sandbox.root().join(".git/index.lock")).unwrap();
        repo.restage(&[path("a.esker")], &[path("absent")]).unwrap();
    }

    #[test]
    fn a_file_that_the_user_ignores_or_that_is_not_there_is_refused() {
        let sandbox = Sandbox::new();
        sandbox.commit("tracked.esker", "1");
        sandbox.write(".gitignore", "*.esker\n");
        sandbox.write("new.esker", "1");
        sandbox.write("tracked.esker", "2");
        let repo = sandbox.open();
        let error = repo.stage(&[path("tracked.esker"), path("new.esker")]).unwrap_err();
        assert!(matches!(&error, GitError::Ignored { path: told } if *told == path("new.esker")), "{error:?}");
        assert_eq!(sandbox.git(&["diff", "--cached", "--name-only"]), "");
        repo.stage(&[path("tracked.esker")]).unwrap();
        assert_eq!(sandbox.git(&["diff", "--cached", "--name-only"]), "tracked.esker\n");
        assert!(matches!(repo.stage(&[path("absent")]), Err(GitError::Disk(_))));
        assert!(matches!(repo.stage(&[path("tracked.esker"), path("absent")]), Err(GitError::Disk(_))));
        assert!(!sandbox.root().join(".git/index.lock").exists());
    }

    #[test]
    fn what_others_stage_at_the_same_time_is_kept() {
        const WRITERS: usize = 4;
        const FILES: usize = 5;
        let sandbox = Sandbox::new();
        for number in 0..WRITERS * FILES {
            sandbox.write(&format!("{number}.esker"), "1");
        }
        let start = Barrier::new(WRITERS);
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (sandbox, start) = (&sandbox, &start);
                scope.spawn(move || {
                    let repo = sandbox.open();
                    repo.staged_pointers().unwrap();
                    start.wait();
                    for number in writer * FILES..(writer + 1) * FILES {
                        repo.stage(&[path(&format!("{number}.esker"))]).unwrap();
                    }
                });
            }
        });
        assert_eq!(sandbox.open().staged_pointers().unwrap().len(), WRITERS * FILES);
    }

    #[test]
    fn a_file_changed_within_the_clock_tick_of_the_index_is_still_seen_as_changed() {
        let sandbox = Sandbox::new();
        for round in 0..20 {
            sandbox.write("racy", &format!("a{round:03}"));
            sandbox.git(&["add", "racy"]);
            sandbox.write("racy", &format!("b{round:03}"));
            sandbox.write("other.esker", &round.to_string());
            sandbox.open().stage(&[path("other.esker")]).unwrap();
            assert!(sandbox.git(&["diff", "--name-only"]).contains("racy"), "round {round}");
        }
    }

    #[test]
    fn a_sparse_checkout_stays_sparse() {
        let sandbox = Sandbox::new();
        sandbox.commit("near/a", "1");
        sandbox.commit("far/b", "1");
        sandbox.git(&["sparse-checkout", "set", "--cone", "--no-sparse-index", "near"]);
        sandbox.write("near/d.esker", "1");
        sandbox.open().stage(&[path("near/d.esker")]).unwrap();
        assert_eq!(sandbox.git(&["status", "--porcelain"]), "A  near/d.esker\n");
        assert!(sandbox.git(&["ls-files", "-t"]).contains("S far/b"));
    }
}
