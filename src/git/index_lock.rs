//! Git's lock on an index, and the copy that becomes the next index: all of a change or nothing.
//!
//! Git leaves its lock behind when it is killed, and then refuses everything. Ours says that it is ours, and the kernel
//! knows whether its holder lives: what a dead one left is cleared away by the next.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::error::GitError;
use crate::base::{self, AtPath, PathResult, make_locked, remove_if_there, sync_folder};

const PAUSE: Duration = Duration::from_millis(10);
/// What a lock of ours holds: no index begins like this.
const OURS: &[u8] = b"esker holds this\n";
/// An index of version 2 without entries: header and SHA-1.
const EMPTY_INDEX: &[u8] = b"DIRC\0\0\0\x02\0\0\0\0\
    \x39\xd8\x90\x13\x9e\xe5\x35\x6c\x7e\xf5\x72\x21\x6c\xeb\xcd\x27\xaa\x41\xf9\xdf";

/// The lock on an index, held until it is dropped. The next index is a file beside it, which the holder alone touches.
///
/// libgit2 takes this lock only to write, after it has read; what another process staged in between would be lost.
pub(super) struct IndexLock {
    path: PathBuf,
    index: PathBuf,
    next: PathBuf,
    /// Open for as long as this lives: the kernel's lock is on it.
    _file: File,
}

impl IndexLock {
    /// Takes the lock on `index`, and copies the index.
    ///
    /// # Errors
    /// `Locked` if somebody else holds it for longer than `patience`.
    pub fn take(index: &Path, patience: Duration) -> Result<IndexLock, GitError> {
        let path = beside(index, ".lock");
        let started = Instant::now();
        loop {
            match make_locked(&path, OURS) {
                Ok(file) => {
                    let next = beside(index, ".esker");
                    let lock = IndexLock { path, index: index.to_owned(), next, _file: file };
                    lock.fill()?;
                    return Ok(lock);
                }
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error).at("lock", &path)?,
                Err(_) if remove_dead(&path) => {}
                Err(_) if started.elapsed() > patience => return Err(GitError::Locked { path }),
                Err(_) => thread::sleep(PAUSE),
            }
        }
    }

    /// Removes what a holder left that died after it had changed `index`: Git would wait for it for ever.
    pub fn clear_dead(index: &Path) {
        remove_dead(&beside(index, ".lock"));
    }

    /// The copy that becomes the index.
    pub fn next(&self) -> &Path {
        &self.next
    }

    /// Copies the index, with its time in whole seconds.
    ///
    /// A file changed after that time may have changed unseen; libgit2 looks at its bytes before it writes. It
    /// compares nanoseconds, but most builds of Git compare only seconds, and would then take such a file for clean.
    fn fill(&self) -> PathResult<()> {
        // libgit2's own lock on the copy, if it died there.
        remove_if_there(&beside(&self.next, ".lock"))?;
        let mut next = File::create(&self.next).at("write", &self.next)?;
        let mut old = match File::open(&self.index) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return next.write_all(EMPTY_INDEX).at("write", &self.next);
            }
            other => other.at("read", &self.index)?,
        };
        io::copy(&mut old, &mut next).at("write", &self.next)?;
        let seconds = old.metadata().at("read", &self.index)?.mtime().try_into().unwrap_or(0);
        next.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).at("write", &self.next)
    }

    /// Makes the copy the index, durably.
    pub fn finish(self) -> PathResult<()> {
        if let Ok(old) = fs::metadata(&self.index) {
            fs::set_permissions(&self.next, old.permissions()).at("write", &self.next)?;
        }
        File::open(&self.next).and_then(|file| file.sync_all()).at("sync", &self.next)?;
        fs::rename(&self.next, &self.index).at("replace", &self.index)?;
        sync_folder(self.index.parent().unwrap_or(Path::new(".")))
    }
}

impl Drop for IndexLock {
    fn drop(&mut self) {
        // The copy first: it belongs to whoever holds the lock. What stays is cleared away by the next.
        let _ = fs::remove_file(&self.next);
        let _ = fs::remove_file(&self.path);
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Removes a lock of ours whose holder lives no more. Whether it did.
fn remove_dead(path: &Path) -> bool {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(64).read_to_end(&mut bytes));
    read.is_ok() && bytes == OURS && base::remove_dead(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with_index() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let index = folder.path().join("index");
        fs::write(&index, EMPTY_INDEX).unwrap();
        (folder, index)
    }

    fn refused(index: &Path) {
        let error = IndexLock::take(index, Duration::from_millis(50)).map(drop).unwrap_err();
        assert!(matches!(&error, GitError::Locked { path } if *path == beside(index, ".lock")), "{error:?}");
    }

    #[test]
    fn a_lock_of_git_that_stays_is_told_and_left_alone() {
        let (_folder, index) = folder_with_index();
        for theirs in [&b""[..], EMPTY_INDEX] {
            fs::write(beside(&index, ".lock"), theirs).unwrap();
            refused(&index);
            assert_eq!(fs::read(beside(&index, ".lock")).unwrap(), theirs);
        }
    }

    #[test]
    fn a_lock_that_is_held_is_told() {
        let (_folder, index) = folder_with_index();
        let held = IndexLock::take(&index, Duration::ZERO).unwrap();
        refused(&index);
        drop(held);
        IndexLock::take(&index, Duration::ZERO).unwrap();
    }

    #[test]
    fn what_a_dead_holder_left_is_cleared_away() {
        let (folder, index) = folder_with_index();
        fs::write(beside(&index, ".lock"), OURS).unwrap();
        IndexLock::clear_dead(&index);
        assert!(!beside(&index, ".lock").exists());
        fs::write(beside(&index, ".lock"), OURS).unwrap();
        fs::write(beside(&index, ".esker"), "half").unwrap();
        fs::write(beside(&index, ".esker.lock"), "half").unwrap();
        let lock = IndexLock::take(&index, Duration::ZERO).unwrap();
        assert_eq!(fs::read(lock.next()).unwrap(), EMPTY_INDEX);
        lock.finish().unwrap();
        assert_eq!(fs::read(&index).unwrap(), EMPTY_INDEX);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
