//! What a file system is and can do, found out by trying.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::disk::{AtPath, PathResult};

/// The file system that a folder lies on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// How many bytes this user may still write.
    pub free_bytes: u64,
    /// What it is (`ext4`, `nfs`), where that is known.
    pub kind: Option<&'static str>,
    /// Whether files can share their bytes until one of them changes.
    pub can_clone: bool,
    /// How far its clock is ahead of this machine's, in seconds.
    pub ahead_seconds: i64,
}

impl Volume {
    /// Tries the file system of `folder`, which must be there: two small files are written and removed.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn probe(folder: &Path) -> PathResult<Volume> {
        let (one, other) = (Trial::make(folder)?, Trial::make(folder)?);
        let stat = rustix::fs::statvfs(folder).at("read", folder)?;
        Ok(Volume {
            free_bytes: stat.f_bavail.saturating_mul(stat.f_frsize),
            kind: kind(folder),
            can_clone: clone(&one.file, &other.file),
            ahead_seconds: one.ahead_seconds()?,
        })
    }
}

/// A file that goes when it is dropped.
struct Trial {
    path: PathBuf,
    file: File,
}

impl Trial {
    fn make(folder: &Path) -> PathResult<Trial> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|_| std::io::Error::other("no random bytes")).at("write", folder)?;
        let path = folder.join(format!(".esker-trial-{:016x}", u64::from_le_bytes(random)));
        let mut file = File::options().read(true).write(true).create_new(true).open(&path).at("write", folder)?;
        let written = file.write_all(&[7; 4096]).at("write", &path);
        // From here on it is removed, whatever happens.
        let trial = Trial { path, file };
        written.map(|()| trial)
    }

    fn ahead_seconds(&self) -> PathResult<i64> {
        let modified = self.file.metadata().and_then(|metadata| metadata.modified()).at("read", &self.path)?;
        let now = SystemTime::now();
        let seconds = |later: SystemTime, earlier: SystemTime| {
            later.duration_since(earlier).map_or(0, |ahead| i64::try_from(ahead.as_secs()).unwrap_or(i64::MAX))
        };
        Ok(seconds(modified, now) - seconds(now, modified))
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(target_os = "linux")]
fn clone(from: &File, to: &File) -> bool {
    rustix::fs::ioctl_ficlone(to, from).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn clone(_from: &File, _to: &File) -> bool {
    false
}

/// Names of file systems by the numbers of statfs(2).
#[cfg(target_os = "linux")]
fn kind(folder: &Path) -> Option<&'static str> {
    let number = rustix::fs::statfs(folder).ok()?.f_type as u64 & 0xffff_ffff;
    Some(match number {
        0xef53 => "ext4",
        0x5846_5342 => "xfs",
        0x9123_683e => "btrfs",
        0x2fc1_2fc1 => "zfs",
        0x0102_1994 => "tmpfs",
        0x794c_7630 => "overlay",
        0xf2f5_2010 => "f2fs",
        0xca45_1a4e => "bcachefs",
        0x6969 => "nfs",
        0xff53_4d42 | 0xfe53_4d42 | 0x517b => "smb",
        0x0102_1997 => "9p",
        0x6573_5546 => "fuse",
        0x00c3_6400 => "ceph",
        0x0bd0_0bd0 => "lustre",
        _ => return None,
    })
}

#[cfg(not(target_os = "linux"))]
fn kind(_folder: &Path) -> Option<&'static str> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_tried_and_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let volume = Volume::probe(folder.path()).unwrap();
        assert!(volume.ahead_seconds.abs() < 60, "{volume:?}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(Volume::probe(&folder.path().join("absent")).is_err());
    }
}
