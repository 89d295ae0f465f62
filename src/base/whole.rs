//! Files that come into being whole: nobody ever finds one that is empty or half written, whenever its writer dies.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// Makes the file `path` with `bytes` in it, locked for as long as it stays open or until its process ends.
///
/// Not synced. Where the file system knows no locks it is not locked, and where it cannot make files without a name
/// the file is empty for a moment.
///
/// # Errors
/// `AlreadyExists` if something has that name: then it is as it was.
pub fn make_locked(path: &Path, bytes: &[u8]) -> io::Result<File> {
    if let Some(mut file) = nameless(path)? {
        file.write_all(bytes)?;
        let _ = file.try_lock();
        if name(&file, path)? {
            return Ok(file);
        }
    }
    let mut file = File::options().read(true).write(true).create_new(true).open(path)?;
    let _ = file.try_lock();
    file.write_all(bytes)?;
    Ok(file)
}

/// A file in the folder of `path` that has no name yet; `None` where there is no such thing.
#[cfg(target_os = "linux")]
fn nameless(path: &Path) -> io::Result<Option<File>> {
    use rustix::fs::{Mode, OFlags};
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mode = Mode::from_raw_mode(0o666);
    match rustix::fs::open(folder, OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC, mode) {
        Ok(file) => Ok(Some(File::from(file))),
        Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::ISDIR | rustix::io::Errno::INVAL) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Gives the file its name; `false` where that cannot be done.
#[cfg(target_os = "linux")]
fn name(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{AtFlags, CWD};
    let handle = format!("/proc/self/fd/{}", file.as_raw_fd());
    match rustix::fs::linkat(CWD, handle, CWD, path, AtFlags::SYMLINK_FOLLOW) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::EXIST) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => Ok(false),
    }
}

#[cfg(not(target_os = "linux"))]
fn nameless(_path: &Path) -> io::Result<Option<File>> {
    Ok(None)
}

#[cfg(not(target_os = "linux"))]
fn name(_file: &File, _path: &Path) -> io::Result<bool> {
    Ok(false)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_whole_and_locked_and_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let file = make_locked(&path, b"mine").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"mine");
        assert!(File::open(&path).unwrap().try_lock().is_err());
        let error = make_locked(&path, b"yours").unwrap_err();
        assert_eq!((error.kind(), fs::read(&path).unwrap()), (io::ErrorKind::AlreadyExists, b"mine".to_vec()));
        drop(file);
        assert!(File::open(&path).unwrap().try_lock().is_ok());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
