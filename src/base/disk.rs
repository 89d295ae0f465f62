//! What a file system must do right: errors that carry their path, and files that are replaced whole.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

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
    let folder = path.parent().unwrap_or(Path::new("."));
    let (mut file, temporary) = create_beside(path)?;
    let written = file.write_all(bytes).and_then(|()| keep_permissions(&file, path)).and_then(|()| file.sync_all());
    drop(file);
    let placed = written.at("write", path).and_then(|()| fs::rename(&temporary, path).at("replace", path));
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

fn create_beside(path: &Path) -> PathResult<(File, PathBuf)> {
    loop {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|_| io::Error::other("no random bytes")).at("write", path)?;
        let mut name = std::ffi::OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(format!(".{:016x}.tmp", u64::from_le_bytes(random)));
        // A name near the limit of 255 bytes leaves no room for the suffix.
        let name = if name.len() > 255 { format!(".{:016x}.tmp", u64::from_le_bytes(random)).into() } else { name };
        let temporary = path.with_file_name(name);
        match File::options().write(true).create_new(true).open(&temporary) {
            Ok(file) => return Ok((file, temporary)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error).at("write", path),
        }
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
    fn an_error_names_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let error = replace_file(&folder.path().join("no/such"), b"").unwrap_err();
        assert!(error.to_string().contains("no/such"), "{error}");
    }
}
