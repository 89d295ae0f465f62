//! What a file system must do right: errors that carry their path, and files that are replaced whole.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::whole::make_locked;

/// An I/O error and the path that it struck. No I/O error travels without one.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} {}: {source}", path.display())]
pub struct PathError {
    /// What was tried: "read", "write", "rename".
    pub doing: &'static str,
    /// Where.
    pub path: PathBuf,
    /// Why it failed.
    pub source: io::Error,
}

/// The result of something done at a path.
pub type PathResult<T> = Result<T, PathError>;

/// Gives an I/O error its path.
pub trait AtPath<T> {
    /// Says what was tried and where: `fs::read(path).at("read", path)?`.
    fn at(self, doing: &'static str, path: &Path) -> PathResult<T>;
}

impl<T, E: Into<io::Error>> AtPath<T> for Result<T, E> {
    fn at(self, doing: &'static str, path: &Path) -> PathResult<T> {
        self.map_err(|source| PathError { doing, path: path.to_owned(), source: source.into() })
    }
}

/// Puts `bytes` at `path` in one step: after a crash the file is the old one or the new one, whole.
///
/// The folder must exist. A temporary file beside it is written, synced and renamed, then the
/// folder is synced. A file that was there keeps its permission bits.
pub fn replace_file(path: &Path, bytes: &[u8]) -> PathResult<()> {
    replace_file_with(path, |file| file.write_all(bytes))
}

/// The same with what `write` writes: for what is too large to be in memory at once.
pub fn replace_file_with(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> PathResult<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let (mut file, temporary) = create_beside(path)?;
    let written = write(&mut file).and_then(|()| keep_permissions(&file, path)).and_then(|()| file.sync_all());
    let placed = written.at("write", path).and_then(|()| fs::rename(&temporary, path).at("replace", path));
    // Not before: without its lock it would be taken for that of a dead writer.
    drop(file);
    if placed.is_err() {
        // The first error is the one to tell; debris is worth one try.
        let _ = fs::remove_file(&temporary);
    }
    placed?;
    sync_folder(folder)
}

fn keep_permissions(file: &File, path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(old) => file.set_permissions(old.permissions()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// A file beside `path` that is locked while it is written, under a name of its own for each `path`: what a writer left
/// that was killed is cleared away by the next.
fn create_beside(path: &Path) -> PathResult<(File, PathBuf)> {
    let temporary = beside(path, "esker-writes");
    for _ in 0..2 {
        match make_locked(&temporary, b"") {
            Ok(file) => return Ok((file, temporary)),
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error).at("write", path),
            Err(_) if !remove_dead(&temporary) => break,
            Err(_) => {}
        }
    }
    // Somebody writes the same file right now.
    loop {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|_| io::Error::other("no random bytes")).at("write", path)?;
        let temporary = beside(path, &format!("{:016x}", u64::from_le_bytes(random)));
        match File::options().write(true).create_new(true).open(&temporary) {
            Ok(file) => return Ok((file, temporary)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error).at("write", path),
        }
    }
}

fn beside(path: &Path, part: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default();
    let mut whole = std::ffi::OsString::from(".");
    whole.push(name);
    whole.push(format!(".{part}.tmp"));
    // A name near the limit of 255 bytes leaves no room for the suffix.
    if whole.len() > 255 {
        let hash = blake3::hash(name.as_encoded_bytes()).to_hex();
        whole = format!(".{}.{part}.tmp", &hash[..16]).into();
    }
    path.with_file_name(whole)
}

/// Removes a locked file whose writer lives no more. Whether it did.
pub fn remove_dead(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    // While we have the lock nobody else removes it, unless somebody did before: then the name is another's.
    file.try_lock().is_ok() && is_named(&file, path) && fs::remove_file(path).is_ok()
}

fn is_named(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(open), Ok(named)) = (file.metadata(), fs::symlink_metadata(path)) else { return false };
    (open.dev(), open.ino()) == (named.dev(), named.ino())
}

/// Opens the file `path`, which is made if it is not there, and waits for its lock: `File::lock` or `File::lock_shared`.
///
/// It is held until the file is dropped. Some network file systems have no locks: there it is not held.
pub fn hold_lock(path: &Path, lock: fn(&File) -> io::Result<()>) -> PathResult<File> {
    let file = File::options().create(true).truncate(false).write(true).open(path).at("create", path)?;
    match lock(&file) {
        Err(error) if error.kind() != io::ErrorKind::Unsupported => Err(error).at("lock", path),
        _ => Ok(file),
    }
}

/// Makes the names in `folder` durable.
pub fn sync_folder(folder: &Path) -> PathResult<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder).and_then(|handle| handle.sync_all()).at("sync", folder)
}

/// Makes a file, and its name, durable.
pub fn sync_file(path: &Path) -> PathResult<()> {
    File::open(path).and_then(|file| file.sync_all()).at("sync", path)?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}

/// Removes a file; its absence is success.
pub fn remove_if_there(path: &Path) -> PathResult<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).at("remove", path),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacing_leaves_the_new_bytes_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pointer");
        replace_file(&path, b"one").unwrap();
        replace_file(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_a_killed_writer_left_goes_with_the_next_and_a_living_one_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pointer");
        let temporary = beside(&path, "esker-writes");
        fs::write(&temporary, "half").unwrap();
        replace_file(&path, b"one").unwrap();
        assert!(!temporary.exists());
        let living = make_locked(&temporary, b"half").unwrap();
        replace_file(&path, b"two").unwrap();
        assert_eq!((fs::read(&path).unwrap(), fs::read(&temporary).unwrap()), (b"two".to_vec(), b"half".to_vec()));
        drop(living);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn an_error_names_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let error = replace_file(&folder.path().join("no/such"), b"").unwrap_err();
        assert!(error.to_string().contains("no/such"), "{error}");
    }
}
