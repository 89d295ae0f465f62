//! Changing the index: all of a change or nothing, and never over what another process staged meanwhile.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::Repo;
use super::error::{Doing, GitError};
use crate::base::{AtPath, PathResult, RepoPath};

/// How long a lock that somebody else holds is waited for: many writers in a row, on a disk that is busy.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(10);
/// An index of version 2 without entries: header and SHA-1.
const EMPTY_INDEX: &[u8] = b"DIRC\0\0\0\x02\0\0\0\0\
    \x39\xd8\x90\x13\x9e\xe5\x35\x6c\x7e\xf5\x72\x21\x6c\xeb\xcd\x27\xaa\x41\xf9\xdf";

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

    /// Works on the copy that the lock file holds, which becomes the index when the lock is done.
    fn change(&self, lock: &IndexLock, added: &[RepoPath], removed: &[RepoPath]) -> Result<(), GitError> {
        let mut index = git2::Index::open(&lock.path).map_err(|error| self.index_unread(&error))?;
        self.inner.set_index(&mut index).doing("use Git's index")?;
        for path in removed {
            index.remove_path(path.as_path()).doing(format!("unstage {path}"))?;
        }
        for path in added {
            index.add_path(path.as_path()).doing(format!("stage {path}"))?;
        }
        index.write().doing(format!("write {}", self.index_file.display()))
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

/// Git's lock on an index: a file beside it that holds the next one.
///
/// libgit2 takes this lock only to write, after it has read; what another process staged in between would be lost.
struct IndexLock {
    path: PathBuf,
    index: PathBuf,
    /// Whether the file is still ours to remove.
    is_held: bool,
}

impl IndexLock {
    fn take(index: &Path, patience: Duration) -> Result<IndexLock, GitError> {
        let mut name = index.as_os_str().to_owned();
        name.push(".lock");
        let path = PathBuf::from(name);
        let started = Instant::now();
        loop {
            match File::options().write(true).create_new(true).open(&path) {
                Ok(file) => {
                    let lock = IndexLock { path, index: index.to_owned(), is_held: true };
                    lock.fill(file)?;
                    return Ok(lock);
                }
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error).at("lock", &path)?,
                Err(_) if started.elapsed() > patience => return Err(GitError::Locked { path }),
                Err(_) => thread::sleep(PAUSE),
            }
        }
    }

    /// Copies the index into the lock file, with its time in whole seconds.
    ///
    /// A file changed after that time may have changed unseen; libgit2 looks at its bytes before it writes. It
    /// compares nanoseconds, but most builds of Git compare only seconds, and would then take such a file for clean.
    fn fill(&self, mut file: File) -> PathResult<()> {
        let mut old = match File::open(&self.index) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return file.write_all(EMPTY_INDEX).at("write", &self.path);
            }
            other => other.at("read", &self.index)?,
        };
        io::copy(&mut old, &mut file).at("write", &self.path)?;
        let seconds = old.metadata().at("read", &self.index)?.mtime().try_into().unwrap_or(0);
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).at("write", &self.path)
    }

    /// Makes the lock file the index.
    fn finish(mut self) -> PathResult<()> {
        if let Ok(old) = fs::metadata(&self.index) {
            fs::set_permissions(&self.path, old.permissions()).at("write", &self.path)?;
        }
        fs::rename(&self.path, &self.index).at("replace", &self.index)?;
        self.is_held = false;
        Ok(())
    }
}

impl Drop for IndexLock {
    fn drop(&mut self) {
        // After `finish`, a file of this name is the lock of somebody else.
        if self.is_held {
            // A lock that stays is told by the next that meets it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
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
    fn a_lock_that_stays_is_told_and_left_alone() {
        let sandbox = Sandbox::new();
        let index = sandbox.root().join(".git/index");
        let lock = sandbox.root().join(".git/index.lock");
        fs::write(&lock, "theirs").unwrap();
        let error = IndexLock::take(&index, Duration::from_millis(50)).map(drop).unwrap_err();
        assert!(matches!(&error, GitError::Locked { path } if *path == lock), "{error:?}");
        assert_eq!(fs::read(&lock).unwrap(), b"theirs");
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
