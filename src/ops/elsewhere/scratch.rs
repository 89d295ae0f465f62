//! A folder of this process for what nobody needs afterwards. What dead processes left goes with the next that begins.

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::base::{AtPath, PathResult, remove_if_there};

/// A folder that goes, with all in it, when this is dropped.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    /// Open for as long as this lives: the lock is on it.
    _lock: File,
}

impl Scratch {
    /// Makes a fresh folder in `above`, and removes those of processes that died.
    pub fn begin(above: &Path) -> PathResult<Scratch> {
        fs::create_dir_all(above).at("make", above)?;
        remove_dead(above);
        for number in 0_u64.. {
            let path = above.join(format!("{}-{number}", std::process::id()));
            match File::create_new(lock_of(&path)) {
                Ok(lock) => {
                    // Where a file system knows no locks, nobody removes what may be alive either.
                    let is_taken = matches!(lock.try_lock(), Err(TryLockError::WouldBlock));
                    // Another process may have taken it for a dead one's before it was locked.
                    if !is_taken && lock_of(&path).exists() {
                        fs::create_dir_all(&path).at("make", &path)?;
                        return Ok(Scratch { path, _lock: lock });
                    }
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error).at("make", &path),
            }
        }
        unreachable!("there are more numbers than files")
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays behind is removed by the next that begins.
        let _ = fs::remove_dir_all(&self.path);
        let _ = remove_if_there(&lock_of(&self.path));
    }
}

fn lock_of(path: &Path) -> PathBuf {
    path.with_extension("lock")
}

/// What cannot be removed now is left to the next.
fn remove_dead(above: &Path) {
    for entry in fs::read_dir(above).into_iter().flatten().flatten() {
        let lock = entry.path();
        if lock.extension().is_none_or(|extension| extension != "lock") {
            continue;
        }
        let is_dead = File::options().write(true).open(&lock).is_ok_and(|file| file.try_lock().is_ok());
        if is_dead {
            let _ = fs::remove_dir_all(lock.with_extension(""));
            let _ = remove_if_there(&lock);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_living_keep_their_folders_and_the_dead_lose_them() {
        let above = tempfile::tempdir().unwrap();
        let dead = above.path().join("1-7");
        fs::create_dir_all(dead.join("deep")).unwrap();
        fs::write(lock_of(&dead), "").unwrap();
        let one = Scratch::begin(above.path()).unwrap();
        fs::write(one.path().join("x"), "1").unwrap();
        let two = Scratch::begin(above.path()).unwrap();
        assert!(!dead.exists() && one.path().join("x").exists() && one.path() != two.path());
        drop((one, two));
        assert_eq!(fs::read_dir(above.path()).unwrap().count(), 0);
    }
}
