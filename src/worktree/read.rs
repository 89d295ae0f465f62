//! Reading a file that must stay what it was when the scan looked at it: anything else is told, never stored.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::WorktreeError;
use super::parents::Parents;
use super::sys::{self, Kind};
use crate::base::{AtPath, RepoPath, Stat};

/// Opens files below one root. Quick if they come in order of path. One per thread.
#[derive(Debug)]
pub struct Reader {
    parents: Parents,
}

/// A file that is being read.
#[derive(Debug)]
pub struct Source {
    file: File,
    path: RepoPath,
    full: PathBuf,
    stat: Stat,
}

impl Reader {
    /// Reads below `root`, which may itself be reached through symlinks.
    pub fn open(root: &Path) -> Result<Reader, WorktreeError> {
        Ok(Reader { parents: Parents::open(root)? })
    }

    /// Reads all of the file `path`, whose stat was `stat`, into `buffer`, in place of what that held.
    ///
    /// # Errors
    /// `Changed` if it was not, or is not any more, what `stat` says: `buffer` then holds nothing of use.
    pub fn read_small(&mut self, path: &RepoPath, stat: &Stat, buffer: &mut Vec<u8>) -> Result<(), WorktreeError> {
        buffer.clear();
        let file = self.file(path, stat)?;
        let read = fill(&file, stat.bytes, buffer);
        // One look afterwards answers for before, too: a ctime never goes back to what it was.
        if !is_still(&file, stat).at("read", &self.parents.full(path))? {
            return Err(WorktreeError::Changed { path: path.clone() });
        }
        Ok(read.at("read", &self.parents.full(path))?)
    }

    /// Opens the file `path`, whose stat was `stat`, to read it in pieces.
    ///
    /// # Errors
    /// `Changed` if it is not what `stat` says.
    pub fn source(&mut self, path: &RepoPath, stat: &Stat) -> Result<Source, WorktreeError> {
        let file = self.file(path, stat)?;
        let source = Source { file, path: path.clone(), full: self.parents.full(path), stat: *stat };
        source.check()?;
        Ok(source)
    }

    fn file(&mut self, path: &RepoPath, stat: &Stat) -> Result<File, WorktreeError> {
        match self.parents.of(path).and_then(|folder| folder.open_file(path.name())) {
            Ok(file) => Ok(file),
            Err(error) => Err(self.why(path, stat, error)),
        }
    }

    /// Why a file could not be opened: because it is another now, or because of the disk.
    fn why(&mut self, path: &RepoPath, stat: &Stat, error: io::Error) -> WorktreeError {
        // The open folder may have been removed, and another have its name.
        self.parents.forget();
        let changed = match self.parents.of(path).and_then(|folder| folder.look(path.name())) {
            Ok(look) => look.stat != *stat,
            Err(error) => error.kind() == io::ErrorKind::NotFound || sys::is_blocked(&error),
        };
        if changed {
            return WorktreeError::Changed { path: path.clone() };
        }
        self.parents.explain("read", path, error)
    }
}

impl Source {
    /// How many bytes the file has.
    pub fn bytes(&self) -> u64 {
        self.stat.bytes
    }

    /// The file, opened for reading only.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Fills `buffer` with what lies at `offset`, from any thread.
    ///
    /// # Errors
    /// `Changed` if the file ends before.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), WorktreeError> {
        let count = sys::read_at(&self.file, buffer, offset).at("read", &self.full)?;
        if count < buffer.len() { Err(WorktreeError::Changed { path: self.path.clone() }) } else { Ok(()) }
    }

    /// Makes sure that all that was read so far is of the moment of the scan. To be called after reading.
    ///
    /// # Errors
    /// `Changed` if the file was changed since.
    pub fn check(&self) -> Result<(), WorktreeError> {
        if is_still(&self.file, &self.stat).at("read", &self.full)? {
            return Ok(());
        }
        Err(WorktreeError::Changed { path: self.path.clone() })
    }
}

fn is_still(file: &File, stat: &Stat) -> io::Result<bool> {
    let look = sys::look_at(file)?;
    Ok(look.kind == Kind::File && look.stat == *stat)
}

/// Reads until there are `bytes`, or no more. Whether there would be more is for the stat to tell.
fn fill(file: &File, bytes: u64, buffer: &mut Vec<u8>) -> io::Result<()> {
    let bytes = usize::try_from(bytes).map_err(io::Error::other)?;
    buffer.try_reserve(bytes).map_err(io::Error::other)?;
    while buffer.len() < bytes && sys::read_some(file, buffer)? > 0 {}
    if buffer.len() < bytes { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::scan_one;
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text.as_bytes()).unwrap()
    }

    /// A folder with one file `f` in it, its stat, and a reader.
    fn one_file(bytes: &[u8]) -> (tempfile::TempDir, Stat, Reader) {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("f"), bytes).unwrap();
        let stat = scan_one(root.path(), &path("f")).unwrap().stat;
        let reader = Reader::open(root.path()).unwrap();
        (root, stat, reader)
    }

    #[test]
    fn a_file_is_read_whole_or_in_pieces() {
        let (_root, stat, mut reader) = one_file(b"0123456789");
        let mut buffer = b"old".to_vec();
        reader.read_small(&path("f"), &stat, &mut buffer).unwrap();
        assert_eq!(buffer, b"0123456789");
        let source = reader.source(&path("f"), &stat).unwrap();
        let mut piece = [0; 4];
        source.read_at(&mut piece, 3).unwrap();
        assert_eq!(&piece, b"3456");
        assert!(matches!(source.read_at(&mut piece, 8), Err(WorktreeError::Changed { .. })));
        source.check().unwrap();
    }

    #[test]
    fn a_file_that_grows_shrinks_or_vanishes_is_told() {
        let changes: [fn(&Path); 4] = [
            |file| fs::write(file, "a longer text than before").unwrap(),
            |file| fs::write(file, "").unwrap(),
            |file| fs::remove_file(file).unwrap(),
            |file| {
                fs::write(file.with_extension("new"), "0123456789").unwrap();
                fs::rename(file.with_extension("new"), file).unwrap();
            },
        ];
        for change in changes {
            let (root, stat, mut reader) = one_file(b"0123456789");
            change(&root.path().join("f"));
            let error = reader.read_small(&path("f"), &stat, &mut Vec::new()).unwrap_err();
            assert!(matches!(error, WorktreeError::Changed { .. }), "{error}");
        }
    }

    #[test]
    fn a_change_while_a_source_is_read_is_told() {
        let (root, stat, mut reader) = one_file(b"0123456789");
        let source = reader.source(&path("f"), &stat).unwrap();
        super::super::settle(stat.ctime);
        fs::write(root.path().join("f"), "9876543210").unwrap();
        assert!(matches!(source.check(), Err(WorktreeError::Changed { .. })));
    }

    #[test]
    fn what_was_swapped_in_for_a_file_neither_hangs_nor_leads_away() {
        let (root, stat, mut reader) = one_file(b"0123456789");
        let (file, other) = (root.path().join("f"), root.path().join("other"));
        fs::rename(&file, &other).unwrap();
        std::os::unix::fs::symlink(&other, &file).unwrap();
        assert!(matches!(reader.source(&path("f"), &stat), Err(WorktreeError::Changed { .. })));
        fs::remove_file(&file).unwrap();
        sys::make_fifo(&file);
        assert!(matches!(reader.source(&path("f"), &stat), Err(WorktreeError::Changed { .. })));
        let error = reader.read_small(&path("f"), &stat, &mut Vec::new()).unwrap_err();
        assert!(matches!(error, WorktreeError::Changed { .. }), "{error}");
    }
}
