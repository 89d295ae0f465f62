//! Where new files are written before any is placed: a folder of this process, beside the worktree's own files.
//!
//! A lock tells whether its process lives: what dead ones left is removed by the next that begins.

use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::WorktreeError;
use super::sys::{self, Folder};
use crate::base::{AtPath, PathResult, Stat};

/// A folder for files that have no name in the worktree yet. Gone, with all that was not placed, when dropped.
#[derive(Debug)]
pub struct Staging {
    above: Folder,
    folder: Folder,
    path: PathBuf,
    name: String,
    next: AtomicU64,
    /// Open for as long as this lives: the lock is on it.
    _lock: File,
}

/// A file that is being written.
#[derive(Debug)]
pub struct StagedFile {
    file: File,
    name: String,
    path: PathBuf,
    executable: bool,
}

/// A file or symlink that is whole and waits for its place.
#[derive(Debug)]
pub struct Staged {
    pub(super) name: String,
    pub(super) stat: Stat,
    /// `None` for a symlink.
    pub(super) executable: Option<bool>,
}

impl Staging {
    /// Makes a fresh folder in `.esker/tmp` of the worktree `root`, and removes those of processes that died.
    pub fn begin(root: &Path) -> Result<Staging, WorktreeError> {
        let path = root.join(".esker").join("tmp");
        let above = open_tmp(root).at("make", &path)?;
        ignore_all(&above).at("write", &path)?;
        remove_dead(&above).at("read", &path)?;
        let (name, lock) = lock_new(&above).at("make", &path)?;
        let folder = above.make(name.as_bytes()).and_then(|()| above.child(name.as_bytes())).at("make", &path)?;
        Ok(Staging { above, folder, path: path.join(&name), name, next: AtomicU64::new(0), _lock: lock })
    }

    /// Removes the folders of processes that died, where nothing is to be staged. What cannot be removed stays.
    pub fn sweep(root: &Path) {
        let tmp = Folder::open(root).and_then(|root| root.child(b".esker")).and_then(|own| own.child(b"tmp"));
        if let Ok(tmp) = tmp {
            let _ = remove_dead(&tmp);
        }
    }

    /// How many folders of processes that died lie in the worktree `root`. Nothing is changed.
    pub fn leftovers(root: &Path) -> PathResult<u64> {
        let path = root.join(".esker").join("tmp");
        let found = match Folder::open_real(&path) {
            Ok(tmp) => names(&tmp).map(|names| names.iter().filter(|name| is_dead(&tmp, name)).count() as u64),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error),
        };
        found.at("read", &path)
    }

    /// Starts a file, from any thread. It gets the permission bits that the user's umask allows.
    pub fn file(&self, executable: bool) -> Result<StagedFile, WorktreeError> {
        let name = self.next_name();
        let path = self.path.join(&name);
        let file = self.folder.create(name.as_bytes(), executable).at("make", &path)?;
        Ok(StagedFile { file, name, path, executable })
    }

    /// Makes a symlink that points at `target`, byte for byte.
    pub fn symlink(&self, target: &[u8]) -> Result<Staged, WorktreeError> {
        let name = self.next_name();
        let made = self.folder.make_link(target, name.as_bytes()).and_then(|()| self.folder.look(name.as_bytes()));
        let look = made.at("make", &self.path.join(&name))?;
        Ok(Staged { name, stat: look.stat, executable: None })
    }

    /// Makes all that was staged durable in one call, to be placed without a power cut leaving an empty file in its place.
    ///
    /// Costs what the disk needs for all that it has not written yet, of other processes too.
    pub fn sync(&self) -> Result<(), WorktreeError> {
        Ok(self.folder.sync_file_system().at("sync", &self.path)?)
    }

    pub(super) fn folder(&self) -> &Folder {
        &self.folder
    }

    fn next_name(&self) -> String {
        format!("{:x}", self.next.fetch_add(1, Ordering::Relaxed))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // What stays behind is removed by the next that begins.
        let _ = remove(&self.above, &self.name);
    }
}

impl StagedFile {
    /// Writes `bytes` after what was written so far.
    pub fn append(&mut self, bytes: &[u8]) -> PathResult<()> {
        self.file.write_all(bytes).at("write", &self.path)
    }

    /// The file, for those who write into it by other ways.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Writes `bytes` at `offset`, from any thread. `append` does not move by this.
    pub fn write_at(&self, bytes: &[u8], offset: u64) -> PathResult<()> {
        sys::write_at(&self.file, bytes, offset).at("write", &self.path)
    }

    /// Fills `room` with what was written at `offset`; less of it only at the end. Returns how much.
    pub fn read_at(&self, room: &mut [u8], offset: u64) -> PathResult<usize> {
        sys::read_at(&self.file, room, offset).at("read", &self.path)
    }

    /// Sets disk aside for a file of `bytes`, so that a full disk is told before much is written.
    ///
    /// Pays from some MiB on; for a small file it costs more than writing it.
    pub fn reserve(&self, bytes: u64) -> PathResult<()> {
        if bytes == 0 { Ok(()) } else { sys::reserve(&self.file, bytes).at("write", &self.path) }
    }

    /// Makes durable what was written so far.
    pub fn sync(&self) -> PathResult<()> {
        self.file.sync_data().at("write", &self.path)
    }

    /// Ends the file. It is not synced: see [`Staging::sync`].
    pub fn seal(self) -> PathResult<Staged> {
        let look = sys::look_at(&self.file).at("read", &self.path)?;
        Ok(Staged { name: self.name, stat: look.stat, executable: Some(self.executable) })
    }
}

impl Write for StagedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// `.esker/tmp` of a worktree, made if need be. A symlink that somebody put there is refused.
fn open_tmp(root: &Path) -> io::Result<Folder> {
    let mut folder = Folder::open(root)?;
    for name in [b".esker".as_slice(), b"tmp"] {
        match folder.make(name) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => folder = folder.child(name)?,
        }
    }
    Ok(folder)
}

/// Keeps Git from seeing the folder, whatever else is ignored.
fn ignore_all(tmp: &Folder) -> io::Result<()> {
    match tmp.create(b".gitignore", false) {
        Ok(mut file) => file.write_all(b"*\n"),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

fn lock_name(name: &str) -> String {
    format!("{name}.lock")
}

fn lock_new(tmp: &Folder) -> io::Result<(String, File)> {
    loop {
        let name = format!("{:016x}", random()?);
        let file = tmp.create(lock_name(&name).as_bytes(), false)?;
        // Another process may take it for a dead one's before it is locked, and remove it.
        if may_own(&file)? && !sys::is_nameless(&file)? {
            return Ok((name, file));
        }
    }
}

/// Whether the lock is ours now, or the file system knows no locks.
fn may_own(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) if sys::is_about_locks(&error) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

pub(super) fn random() -> io::Result<u64> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|_| io::Error::other("no random bytes"))?;
    Ok(u64::from_le_bytes(bytes))
}

/// Removes the folders whose processes live no more. What cannot be removed now is left to the next.
fn remove_dead(tmp: &Folder) -> io::Result<()> {
    for name in names(tmp)? {
        // A folder without a lock is a dead one's, too: the lock goes last.
        let Ok(lock) = tmp.lock_file(lock_name(&name).as_bytes()) else { continue };
        if lock.try_lock().is_ok() {
            let _ = remove(tmp, &name);
        }
    }
    Ok(())
}

/// The names of all staging folders, those of which only the lock is left included.
fn names(tmp: &Folder) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    tmp.list(|name, _| {
        let name = name.strip_suffix(b".lock").unwrap_or(name);
        if name.len() == 16 && name.iter().all(u8::is_ascii_hexdigit) {
            names.push(String::from_utf8_lossy(name).into_owned());
        }
        true
    })?;
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

fn is_dead(tmp: &Folder, name: &str) -> bool {
    match tmp.open_file(lock_name(name).as_bytes()) {
        Ok(lock) => lock.try_lock().is_ok(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// Removes a staging folder, then its lock.
fn remove(tmp: &Folder, name: &str) -> io::Result<()> {
    match tmp.child(name.as_bytes()) {
        Ok(folder) => {
            let mut files = Vec::new();
            folder.list(|file, _| {
                files.push(file.to_vec());
                true
            })?;
            files.iter().try_for_each(|file| folder.remove_file(file))?;
            tmp.remove_folder(name.as_bytes())?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    tmp.remove_file(lock_name(name).as_bytes())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn names(root: &Path) -> Vec<String> {
        let entries = fs::read_dir(root.join(".esker/tmp")).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn nothing_is_left_but_what_git_ignores() {
        let root = tempfile::tempdir().unwrap();
        let staging = Staging::begin(root.path()).unwrap();
        staging.file(false).unwrap().append(b"x").unwrap();
        staging.symlink(b"x").unwrap();
        drop(staging);
        assert_eq!(names(root.path()), [".gitignore"]);
        assert_eq!(fs::read(root.path().join(".esker/tmp/.gitignore")).unwrap(), b"*\n");
    }

    #[test]
    fn the_dead_are_removed_and_the_living_left() {
        let root = tempfile::tempdir().unwrap();
        let living = Staging::begin(root.path()).unwrap();
        let tmp = root.path().join(".esker/tmp");
        fs::write(tmp.join("00000000000000aa.lock"), "").unwrap();
        for dead in ["00000000000000aa", "00000000000000bb"] {
            fs::create_dir(tmp.join(dead)).unwrap();
            fs::write(tmp.join(dead).join("0"), "half").unwrap();
        }
        Staging::sweep(root.path());
        assert_eq!(Staging::leftovers(root.path()).unwrap(), 0);
        let second = Staging::begin(root.path()).unwrap();
        let mut expected = vec![".gitignore".to_owned()];
        for name in [&living.name, &second.name] {
            expected.extend([name.clone(), lock_name(name)]);
        }
        expected.sort();
        assert_eq!(names(root.path()), expected);
    }

    #[test]
    fn a_symlink_in_place_of_the_folder_is_refused() {
        let (root, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(outside.path(), root.path().join(".esker")).unwrap();
        assert!(Staging::begin(root.path()).is_err());
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    }

    #[test]
    fn pieces_go_where_they_are_told() {
        let root = tempfile::tempdir().unwrap();
        let staging = Staging::begin(root.path()).unwrap();
        let mut file = staging.file(true).unwrap();
        file.reserve(1 << 20).unwrap();
        file.append(b"ab").unwrap();
        file.write_at(b"ef", 4).unwrap();
        file.append(b"cd").unwrap();
        let staged = file.seal().unwrap();
        staging.sync().unwrap();
        assert_eq!(fs::read(staging.path.join(&staged.name)).unwrap(), b"abcdef");
        assert_eq!(staged.stat.bytes, 6);
    }
}
