//! Handles of the folders that files lie in, below a root: the last one stays open, as files come in order of path.

use std::io;
use std::path::{Path, PathBuf};

use super::WorktreeError;
use super::sys::{self, Folder, Kind};
use crate::base::{AtPath, PathResult, RepoPath};

/// A root, and the folder below it that was asked for last. One per thread.
#[derive(Debug)]
pub(super) struct Parents {
    root: Folder,
    root_path: PathBuf,
    last: Option<(Vec<u8>, Folder)>,
}

impl Parents {
    /// Opens `root`, through symlinks; below it none is followed.
    pub fn open(root: &Path) -> PathResult<Parents> {
        let folder = Folder::open(root).at("open", root)?;
        Ok(Parents { root: folder, root_path: root.to_owned(), last: None })
    }

    /// Where `path` lies, for messages.
    pub fn full(&self, path: &RepoPath) -> PathBuf {
        path.below(&self.root_path)
    }

    /// The folder that `path` lies in.
    pub fn of(&mut self, path: &RepoPath) -> io::Result<&Folder> {
        self.get(path, |root, above| root.below(above))
    }

    /// The same; folders that are not there are made.
    pub fn made(&mut self, path: &RepoPath) -> io::Result<&Folder> {
        self.get(path, |root, above| match root.below(above) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(root, above),
            other => other,
        })
    }

    /// Closes the last folder: it may be gone.
    pub fn forget(&mut self) {
        self.last = None;
    }

    /// Closes the last folder if it is `path` or lies in it.
    pub fn forget_if(&mut self, path: &RepoPath) {
        self.last.take_if(|(at, _)| RepoPath::new(at).is_ok_and(|at| at.is_in(path)));
    }

    fn get(&mut self, path: &RepoPath, open: impl Fn(&Folder, &[u8]) -> io::Result<Folder>) -> io::Result<&Folder> {
        let above = above(path.as_bytes());
        if path.is_empty() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        if above.is_empty() {
            return Ok(&self.root);
        }
        if self.last.as_ref().is_none_or(|(at, _)| at != above) {
            self.last = Some((above.to_vec(), open(&self.root, above)?));
        }
        Ok(&self.last.as_ref().expect("was set above").1)
    }

    /// What an error at `path` means. If something other than a folder stands above it, that is told.
    pub fn explain(&self, doing: &'static str, path: &RepoPath, error: io::Error) -> WorktreeError {
        if sys::is_blocked(&error)
            && let Some((at, what)) = self.obstacle(path)
        {
            return WorktreeError::InTheWay { path: path.clone(), at, what };
        }
        let told: PathResult<()> = Err(error).at(doing, &self.full(path));
        told.map_or_else(WorktreeError::from, |()| WorktreeError::Changed { path: path.clone() })
    }

    /// The first thing above `path` that is no folder.
    fn obstacle(&self, path: &RepoPath) -> Option<(RepoPath, &'static str)> {
        let bytes = path.as_bytes();
        let mut folder = self.root.child(b".").ok()?;
        let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        for end in ends {
            let name = bytes[..end].rsplit(|byte| *byte == b'/').next()?;
            let what = match folder.look(name).ok()?.kind {
                Kind::Folder => {
                    folder = folder.child(name).ok()?;
                    continue;
                }
                Kind::File => "a file",
                Kind::Symlink => "a symlink",
                Kind::Other(what) => what,
            };
            return Some((RepoPath::new(&bytes[..end]).ok()?, what));
        }
        None
    }
}

fn above(path: &[u8]) -> &[u8] {
    &path[..path.iter().rposition(|byte| *byte == b'/').unwrap_or(0)]
}

fn make(root: &Folder, path: &[u8]) -> io::Result<Folder> {
    let mut folder = root.child(b".")?;
    for name in path.split(|byte| *byte == b'/') {
        folder = match folder.child(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Another thread may have been faster.
                folder.make(name).or_else(|error| match error.kind() {
                    io::ErrorKind::AlreadyExists => Ok(()),
                    _ => Err(error),
                })?;
                folder.child(name)?
            }
            other => other?,
        };
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text.as_bytes()).unwrap()
    }

    #[test]
    fn missing_folders_are_made_only_when_asked() {
        let root = tempfile::tempdir().unwrap();
        let mut parents = Parents::open(root.path()).unwrap();
        assert_eq!(parents.of(&path("a/b/c")).unwrap_err().kind(), io::ErrorKind::NotFound);
        parents.made(&path("a/b/c")).unwrap();
        parents.forget();
        parents.of(&path("a/b/c")).unwrap();
        assert!(root.path().join("a/b").is_dir() && !root.path().join("a/b/c").exists());
    }

    #[test]
    fn a_symlink_or_file_above_is_named() {
        let (root, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(outside.path(), root.path().join("link")).unwrap();
        fs::write(root.path().join("file"), "").unwrap();
        let mut parents = Parents::open(root.path()).unwrap();
        for (at, what) in [("link", "a symlink"), ("file", "a file")] {
            let wanted = path(&format!("{at}/sub/name"));
            let error = parents.made(&wanted).map(|_| ()).unwrap_err();
            let told = parents.explain("write", &wanted, error).to_string();
            assert_eq!(told, format!("cannot write `{at}/sub/name`: {what} stands in the way at `{at}`"));
        }
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    }
}
