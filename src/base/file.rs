//! What the system says of one file: its kind, and the stat that tells whether it changed.

use serde::Serialize;

/// What a path of a dataset is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A regular file.
    File {
        /// Whether its owner may execute it.
        executable: bool,
    },
    /// A symbolic link, kept as it is and never followed.
    Symlink {
        /// What it points at, byte for byte.
        target: Box<[u8]>,
    },
    /// A folder with nothing in it.
    EmptyFolder,
}

/// What tells whether a file changed since it was last read. Times are nanoseconds since 1970, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Stat {
    /// Size, in bytes.
    pub bytes: u64,
    /// When its content last changed, as anyone may set it.
    pub mtime: i64,
    /// When its content or inode last changed, as only the kernel sets it.
    pub ctime: i64,
    /// Its inode number.
    pub inode: u64,
}
