//! The system calls of this room: everything goes through a folder handle, and no symlink is followed below it.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::buffer::spare_capacity;
use rustix::fd::OwnedFd;
use rustix::fs::{self, Access, AtFlags, FileType, Mode, OFlags};

use crate::base::Stat;

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    Symlink,
    /// Neither: what it is, with its article.
    Other(&'static str),
}

/// What one look at a path tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub kind: Kind,
    pub stat: Stat,
    pub device: u64,
    /// Whether its owner may execute it.
    pub executable: bool,
    mode: u32,
    owner: u32,
}

impl Look {
    #[allow(clippy::unnecessary_cast, reason = "the widths of these fields differ between systems")]
    fn new(stat: &fs::Stat) -> Look {
        Look {
            kind: kind(FileType::from_raw_mode(stat.st_mode)).unwrap_or(Kind::Other("a thing of unknown kind")),
            stat: Stat {
                bytes: stat.st_size as u64,
                mtime: nanoseconds(stat.st_mtime as i64, stat.st_mtime_nsec as i64),
                ctime: nanoseconds(stat.st_ctime as i64, stat.st_ctime_nsec as i64),
                inode: stat.st_ino as u64,
            },
            device: stat.st_dev as u64,
            executable: stat.st_mode & 0o100 != 0,
            mode: stat.st_mode as u32,
            owner: stat.st_uid,
        }
    }
}

fn nanoseconds(seconds: i64, nanoseconds: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds)
}

fn kind(of: FileType) -> Option<Kind> {
    Some(match of {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Folder,
        FileType::Symlink => Kind::Symlink,
        FileType::Fifo => Kind::Other("a FIFO"),
        FileType::Socket => Kind::Other("a socket"),
        FileType::CharacterDevice | FileType::BlockDevice => Kind::Other("a device"),
        FileType::Unknown => return None,
    })
}

/// An open folder. Names given to its methods are single names: no `/` in them.
#[derive(Debug)]
pub(super) struct Folder(OwnedFd);

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

impl Folder {
    /// Opens the folder at `path`, through symlinks: the caller trusts this path.
    pub fn open(path: &Path) -> io::Result<Folder> {
        Ok(Folder(fs::open(path, FOLDER, Mode::empty())?))
    }

    /// The same, but `path` itself must not be a symlink.
    pub fn open_real(path: &Path) -> io::Result<Folder> {
        Ok(Folder(fs::open(path, FOLDER | OFlags::NOFOLLOW, Mode::empty())?))
    }

    /// The folder at `path` (names joined by `/`) below this one; no name on the way may be a symlink.
    #[cfg(target_os = "linux")]
    pub fn below(&self, path: &[u8]) -> io::Result<Folder> {
        use rustix::fs::ResolveFlags;
        let beneath = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        let path = if path.is_empty() { b".".as_slice() } else { path };
        match fs::openat2(&self.0, path, FOLDER, Mode::empty(), beneath) {
            Ok(folder) => Ok(Folder(folder)),
            // Kernels before 5.6 lack the call; some sandboxes refuse calls that they do not know.
            Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) => self.walk(path),
            Err(error) => Err(error.into()),
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub fn below(&self, path: &[u8]) -> io::Result<Folder> {
        self.walk(path)
    }

    /// `below`, one name at a time.
    fn walk(&self, path: &[u8]) -> io::Result<Folder> {
        let mut folder = self.child(b".")?;
        for name in path.split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
            folder = folder.child(name)?;
        }
        Ok(folder)
    }

    /// The folder `name` in this one; a symlink is refused.
    pub fn child(&self, name: &[u8]) -> io::Result<Folder> {
        Ok(Folder(fs::openat(&self.0, name, FOLDER | OFlags::NOFOLLOW, Mode::empty())?))
    }

    /// What stands at `name`, itself: a symlink is not followed.
    pub fn look(&self, name: &[u8]) -> io::Result<Look> {
        Ok(Look::new(&fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?))
    }

    /// This folder itself.
    pub fn look_at_itself(&self) -> io::Result<Look> {
        Ok(Look::new(&fs::fstat(&self.0)?))
    }

    /// Whether this process may read the file `name`, of which `look` was told.
    pub fn is_readable(&self, name: &[u8], look: &Look) -> bool {
        let by_all = look.mode & 0o444 == 0o444;
        let by_owner = || look.mode & 0o400 != 0 && rustix::process::geteuid().as_raw() == look.owner;
        // The bits answer for nearly all files without another call.
        by_all || by_owner() || fs::accessat(&self.0, name, Access::READ_OK, AtFlags::EACCESS).is_ok()
    }

    /// What the symlink `name` points at.
    pub fn link_target(&self, name: &[u8]) -> io::Result<Box<[u8]>> {
        Ok(fs::readlinkat(&self.0, name, Vec::new())?.into_bytes().into())
    }

    /// Opens `name` for reading. Never waits, even if it is a FIFO; a symlink is refused.
    pub fn open_file(&self, name: &[u8]) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        Ok(fs::openat(&self.0, name, flags, Mode::empty())?.into())
    }

    /// Makes the file `name`, which must not be there, open for writing. The user's umask holds.
    pub fn create(&self, name: &[u8], executable: bool) -> io::Result<File> {
        let mode = Mode::from_raw_mode(if executable { 0o777 } else { 0o666 });
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        Ok(fs::openat(&self.0, name, flags, mode)?.into())
    }

    /// Opens the file `name` for a lock, and makes it if it is not there.
    pub fn lock_file(&self, name: &[u8]) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(fs::openat(&self.0, name, flags, Mode::from_raw_mode(0o666))?.into())
    }

    /// Makes the folder `name`, which must not be there. The user's umask holds.
    pub fn make(&self, name: &[u8]) -> io::Result<()> {
        Ok(fs::mkdirat(&self.0, name, Mode::from_raw_mode(0o777))?)
    }

    /// Makes the symlink `name`, which must not be there.
    pub fn make_link(&self, target: &[u8], name: &[u8]) -> io::Result<()> {
        Ok(fs::symlinkat(target, &self.0, name)?)
    }

    /// Gives `name` a new place. A file or symlink that is there already is replaced.
    pub fn rename(&self, name: &[u8], to: &Folder, new_name: &[u8]) -> io::Result<()> {
        Ok(fs::renameat(&self.0, name, &to.0, new_name)?)
    }

    /// Gives `name` a new place; if anything is there already, fails with `AlreadyExists`.
    pub fn rename_new(&self, name: &[u8], to: &Folder, new_name: &[u8]) -> io::Result<()> {
        use rustix::io::Errno;
        match fs::renameat_with(&self.0, name, &to.0, new_name, fs::RenameFlags::NOREPLACE) {
            // Not every file system can do it in one step.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => match to.look(new_name) {
                Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => self.rename(name, to, new_name),
                Err(error) => Err(error),
            },
            other => Ok(other?),
        }
    }

    /// Removes the file or symlink `name`.
    pub fn remove_file(&self, name: &[u8]) -> io::Result<()> {
        Ok(fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    /// Removes the folder `name`, which must be empty.
    pub fn remove_folder(&self, name: &[u8]) -> io::Result<()> {
        Ok(fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }

    /// Makes all that was written to this folder's file system durable, by whomever.
    #[cfg(target_os = "linux")]
    pub fn sync_file_system(&self) -> io::Result<()> {
        Ok(fs::syncfs(&self.0)?)
    }

    #[cfg(not(target_os = "linux"))]
    pub fn sync_file_system(&self) -> io::Result<()> {
        fs::sync();
        Ok(())
    }

    /// Tells `each` the names in this folder, in no order, and their kinds where the file system says them for free.
    ///
    /// `each` returns whether to go on. A handle lists its folder once.
    #[cfg(target_os = "linux")]
    pub fn list(&self, mut each: impl FnMut(&[u8], Option<Kind>) -> bool) -> io::Result<()> {
        let mut buffer = [MaybeUninit::uninit(); 32 << 10];
        let mut entries = fs::RawDir::new(&self.0, &mut buffer);
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." && !each(name, kind(entry.file_type())) {
                break;
            }
        }
        Ok(())
    }

    #[cfg(not(target_os = "linux"))]
    pub fn list(&self, mut each: impl FnMut(&[u8], Option<Kind>) -> bool) -> io::Result<()> {
        for entry in fs::Dir::read_from(&self.0)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." && !each(name, kind(entry.file_type())) {
                break;
            }
        }
        Ok(())
    }
}

/// What an open file is now.
pub(super) fn look_at(file: &File) -> io::Result<Look> {
    Ok(Look::new(&fs::fstat(file)?))
}

/// Appends to `buffer` what one read call gives; 0 at the end. There must be spare room.
pub(super) fn read_some(file: &File, buffer: &mut Vec<u8>) -> io::Result<usize> {
    loop {
        match rustix::io::read(file, spare_capacity(buffer)) {
            Err(rustix::io::Errno::INTR) => continue,
            other => return Ok(other?),
        }
    }
}

/// Fills `buffer` from `offset` on; returns how many bytes there were.
pub(super) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match file.read_at(&mut buffer[done..], offset + done as u64) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Writes all `bytes` at `offset`.
pub(super) fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    file.write_all_at(bytes, offset)
}

/// Sets `bytes` of disk aside for a file, whose size stays. Where that cannot be done it is left undone.
#[cfg(target_os = "linux")]
pub(super) fn reserve(file: &File, bytes: u64) -> io::Result<()> {
    use rustix::io::Errno;
    match fs::fallocate(file, fs::FallocateFlags::KEEP_SIZE, 0, bytes) {
        Err(Errno::NOTSUP | Errno::NOSYS | Errno::INVAL) => Ok(()),
        other => Ok(other?),
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn reserve(_file: &File, _bytes: u64) -> io::Result<()> {
    Ok(())
}

/// Lets a file be executed by whoever may read it, or by nobody; its other bits stay.
pub(super) fn set_executable(file: &File, executable: bool) -> io::Result<()> {
    let mode = fs::fstat(file)?.st_mode & 0o7777;
    let wanted = if executable { mode | (mode & 0o444) >> 2 } else { mode & !0o111 };
    Ok(fs::fchmod(file, Mode::from_raw_mode(wanted))?)
}

/// Whether a file that was opened has no name any more.
pub(super) fn is_nameless(file: &File) -> io::Result<bool> {
    Ok(fs::fstat(file)?.st_nlink == 0)
}

/// Whether a name on the way was a symlink or no folder.
pub(super) fn is_blocked(error: &io::Error) -> bool {
    let code = error.raw_os_error();
    code == Some(rustix::io::Errno::LOOP.raw_os_error()) || code == Some(rustix::io::Errno::NOTDIR.raw_os_error())
}

/// Whether the file system, or its server, has no locks.
pub(super) fn is_about_locks(error: &io::Error) -> bool {
    let code = error.raw_os_error();
    error.kind() == io::ErrorKind::Unsupported || code == Some(rustix::io::Errno::NOLCK.raw_os_error())
}

/// Bytes as a path of the system.
pub(super) fn path_of(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

/// Makes a FIFO, to see that nothing waits for it.
#[cfg(test)]
pub(super) fn make_fifo(path: &Path) {
    fs::mkfifoat(fs::CWD, path, Mode::RUSR).expect("a folder of the test");
}

/// Whether permission bits mean nothing to this process.
#[cfg(test)]
pub(super) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_way_into_a_folder_leads_through_a_link_or_up() {
        let (root, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::create_dir_all(root.path().join("a/b")).unwrap();
        std::fs::create_dir(outside.path().join("b")).unwrap();
        std::os::unix::fs::symlink(outside.path(), root.path().join("link")).unwrap();
        std::os::unix::fs::symlink("a", root.path().join("inner")).unwrap();
        let folder = Folder::open(root.path()).unwrap();
        for way in [Folder::below, Folder::walk] {
            assert!(way(&folder, b"a/b").is_ok() && way(&folder, b"").is_ok());
            for path in ["link", "link/b", "inner/b"] {
                assert!(is_blocked(&way(&folder, path.as_bytes()).unwrap_err()), "{path}");
            }
        }
        assert!(folder.below(b"a/../..").is_err());
    }

    #[test]
    fn what_appeared_meanwhile_is_not_replaced() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::open(root.path()).unwrap();
        folder.create(b"one", false).unwrap();
        folder.create(b"two", false).unwrap();
        let error = folder.rename_new(b"one", &folder, b"two").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        folder.rename_new(b"one", &folder, b"three").unwrap();
    }
}
