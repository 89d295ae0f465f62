//! A file that is mapped, and read past the mapping where that must take no memory.
//!
//! What was read through a mapping counts as memory of this process, 64 KiB for each place that was looked at.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use memmap2::Mmap;

use crate::base::{AtPath, PathResult};

/// A whole file that never changes.
#[derive(Debug)]
pub struct Mapped {
    map: Mmap,
    /// Open if this is one of few.
    file: Option<File>,
    path: PathBuf,
    /// What it begins with, once somebody asked for it.
    head: OnceLock<Vec<u8>>,
}

impl Mapped {
    /// Maps a file, and keeps it open if it has `least_bytes`; `None` if it is not there.
    #[allow(unsafe_code)]
    pub fn open(path: &Path, least_bytes: usize) -> PathResult<Option<Mapped>> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).at("read", path),
        };
        // SAFETY: what is mapped was written under another name and renamed, and is never changed or cut short
        // afterwards; removing it leaves its mapping as it is.
        let map = unsafe { Mmap::map(&file) }.at("map", path)?;
        // Where the system keeps a file in pieces of 2 MiB, a look at one byte would count as 2 MiB of this process.
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::NoHugePage);
        let file = (map.len() >= least_bytes).then_some(file);
        Ok(Some(Mapped { map, file, path: path.to_owned(), head: OnceLock::new() }))
    }

    /// Whether it is kept open.
    pub fn is_open(&self) -> bool {
        self.file.is_some()
    }

    /// Where it is, or was.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads into `room` what lies at `start`, not through the mapping.
    pub fn read_at(&self, room: &mut [u8], start: u64) -> io::Result<()> {
        match &self.file {
            Some(file) => file.read_exact_at(room, start),
            None => File::open(&self.path)?.read_exact_at(room, start),
        }
    }

    /// The bytes `range`, read not through the mapping but into `room`; through the mapping if that fails.
    pub fn bytes_at<'a>(&'a self, range: Range<usize>, room: &'a mut Vec<u8>) -> &'a [u8] {
        room.resize(range.len(), 0);
        if self.read_at(room, range.start as u64).is_ok() { room } else { &self.map[range] }
    }

    /// The first `len` bytes, read once, not through the mapping: always as many.
    pub fn head(&self, len: usize) -> &[u8] {
        self.head.get_or_init(|| {
            let mut room = Vec::new();
            self.bytes_at(0..len, &mut room).to_vec()
        })
    }

    /// Gives back the memory of what was read through the mapping so far.
    #[cfg(unix)]
    #[allow(unsafe_code)]
    pub fn let_go(&self) {
        // SAFETY: of a shared mapping of a file, pages that are given back are read again from the file.
        let _ = unsafe { self.map.unchecked_advise(memmap2::UncheckedAdvice::DontNeed) };
    }

    /// The same where the system is not asked to.
    #[cfg(not(unix))]
    pub fn let_go(&self) {}
}

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        &self.map
    }
}
