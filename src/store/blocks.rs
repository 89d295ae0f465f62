//! Sharing blocks between files (reflinks), where the file system can: XFS, btrfs and others.
//!
//! Platform code. `FICLONE` tells whether it can; then `copy_file_range` shares whole blocks, and copies what it cannot share.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::io::Errno;

use super::local::{LocalStore, sorted};
use super::{Blocks, Key, Store, StoreError};
use crate::base::AtPath;

impl Blocks for LocalStore {
    fn snapshot(&self, file: &File) -> Result<Option<File>, StoreError> {
        let copy = self.temporaries().and_then(|folder| nameless(&folder).at("write", &folder));
        let Some(copy) = copy.map_err(|error| sorted(error, self.name(), "be written to"))? else { return Ok(None) };
        // Whatever the reason is, there is another way that tells of it if it matters.
        Ok(rustix::fs::ioctl_ficlone(&copy, file).is_ok().then_some(copy))
    }

    fn put_shared(
        &self,
        key: &Key,
        head: &[u8],
        file: &File,
        range: Range<u64>,
        tail: &[u8],
    ) -> Result<(), StoreError> {
        let len = head.len() as u64 + (range.end - range.start) + tail.len() as u64;
        self.put_with(key, len, &|path| {
            let mut object = File::options().write(true).create_new(true).open(path)?;
            object.write_all(head)?;
            copy(file, range.clone(), &object, head.len() as u64)?;
            object.seek(SeekFrom::End(0))?;
            object.write_all(tail)?;
            Ok(object)
        })
    }

    fn share_out(&self, key: &Key, range: Range<u64>, file: &File, offset: u64) -> Result<(), StoreError> {
        let handle = self.handle(key)?;
        let copied = copy(handle.file(), range, file, offset).at("read", &self.folder().join(key.as_str()));
        copied.map_err(|error| sorted(error, self.name(), &format!("read {key}")))
    }
}

/// A new file without a name in `folder`; `None` if there are no such files here.
fn nameless(folder: &Path) -> io::Result<Option<File>> {
    let flags = rustix::fs::OFlags::TMPFILE.bits() as i32;
    match OpenOptions::new().read(true).write(true).custom_flags(flags).open(folder) {
        Ok(file) => Ok(Some(file)),
        Err(error) if is_refusal(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_refusal(error: &io::Error) -> bool {
    let refusals = [Errno::OPNOTSUPP, Errno::ISDIR, Errno::INVAL, Errno::NOENT];
    refusals.iter().any(|refusal| error.raw_os_error() == Some(refusal.raw_os_error()))
}

/// Copies `range` of one file to `offset` of another.
fn copy(from: &File, range: Range<u64>, to: &File, offset: u64) -> io::Result<()> {
    let (mut source, mut target) = (range.start, offset);
    while source < range.end {
        let left = usize::try_from(range.end - source).unwrap_or(usize::MAX);
        match rustix::fs::copy_file_range(from, Some(&mut source), to, Some(&mut target), left) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_shared_is_what_was_there_whether_blocks_are_shared_or_copied() {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalStore::create(&folder.path().join("store")).unwrap();
        let content: Vec<u8> = (0..20_000_u32).flat_map(u32::to_le_bytes).collect();
        let path = folder.path().join("file");
        fs::write(&path, &content).unwrap();
        let key = Key::new("packs/aa/bb").unwrap();
        let file = File::open(&path).unwrap();
        for (range, offset) in [(0..80_000, 0_usize), (4096..12_288, 8192), (5..77, 3)] {
            store.delete(&key).unwrap();
            store.put_shared(&key, b"head", &file, range.start as u64..range.end as u64, b"tail").unwrap();
            assert_eq!(store.get(&key, 1 << 20).unwrap(), [b"head", &content[range.clone()], b"tail"].concat());
            let out = folder.path().join("out");
            fs::write(&out, vec![0; offset]).unwrap();
            let target = File::options().write(true).open(&out).unwrap();
            store.share_out(&key, 4..4 + range.len() as u64, &target, offset as u64).unwrap();
            assert_eq!(fs::read(&out).unwrap()[offset..], content[range]);
        }
    }

    #[test]
    fn a_snapshot_stays_what_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalStore::create(folder.path()).unwrap();
        let path = folder.path().join("file");
        fs::write(&path, vec![1; 100_000]).unwrap();
        let file = File::options().read(true).write(true).open(&path).unwrap();
        // Where blocks cannot be shared there is none, and nothing to be seen.
        if let Some(mut copy) = store.snapshot(&file).unwrap() {
            fs::write(&path, b"other").unwrap();
            let mut read = Vec::new();
            io::Read::read_to_end(&mut copy, &mut read).unwrap();
            assert_eq!(read, vec![1; 100_000]);
        }
    }
}
