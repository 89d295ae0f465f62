//! Pointers, ignore lines and Git's index: the moment at which a new version of a dataset exists.
//!
//! The data is durable before. If anything fails, all that was written here is put back.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::PathBuf;

use crate::base::{AtPath, PathResult, RepoPath, hold_lock, remove_if_there, replace_file};
use crate::git::ignore;

use super::draft::Draft;
use super::error::Error;
use super::pointed::pointer_path;
use super::project::Project;

/// Writes the pointers, then the ignore lines, then stages both.
pub fn publish(project: &Project, drafts: &[Draft]) -> Result<(), Error> {
    let _alone = alone(project)?;
    let mut undo = Undo::default();
    let published = write(project, drafts, &mut undo);
    if published.is_err() {
        undo.put_back();
    }
    published
}

/// For who changes ignore files: until this is dropped no other process does. Two that read one at once would lose a line
/// of it. Never held while a remote is asked for something.
pub fn alone(project: &Project) -> PathResult<File> {
    let folder = project.clone_state();
    fs::create_dir_all(&folder).at("create", &folder)?;
    hold_lock(&folder.join("publish.lock"), File::lock)
}

fn write(project: &Project, drafts: &[Draft], undo: &mut Undo) -> Result<(), Error> {
    let mut staged = Vec::new();
    for draft in drafts {
        let pointer = pointer_path(&draft.dataset);
        let bytes = match &draft.old_bytes {
            Some(old) => draft.pointer.rewrite(old),
            None => draft.pointer.to_bytes(),
        };
        let is_written = draft.old_bytes.as_ref() == Some(&bytes);
        if !is_written {
            undo.replace(pointer.below(project.root()), draft.old_bytes.clone(), &bytes)?;
        }
        let ignored = ignore_dataset(project, &draft.dataset, undo)?;
        if is_written && ignored.is_none() && project.config().stages() && !project.repo().is_staged(&pointer)? {
            // An add was killed after it had written both, and before it came to stage them.
            staged.push(ignore_file(&draft.dataset)?);
        }
        staged.push(pointer);
        staged.extend(ignored);
    }
    if project.config().stages() && !staged.is_empty() {
        project.repo().stage(&staged)?;
    }
    Ok(())
}

/// Adds the line that keeps the data out of Git. Returns the ignore file if that changed.
pub fn ignore_dataset(project: &Project, dataset: &RepoPath, undo: &mut Undo) -> Result<Option<RepoPath>, Error> {
    let file = ignore_file(dataset)?;
    let path = file.below(project.root());
    let old = read_if_there(&path)?;
    let Some(new) = ignore::with_line(old.as_deref().unwrap_or_default(), dataset.name()) else { return Ok(None) };
    undo.replace(path, old, &new)?;
    Ok(Some(file))
}

/// An ignore file without the line of a dataset.
pub enum Unignored {
    /// It has no such line.
    Same,
    /// It has other lines, too.
    Changed(RepoPath),
    /// It had nothing else, and is gone.
    Removed(RepoPath),
}

/// Takes out the line that keeps the data out of Git. An ignore file of nothing else goes.
pub fn unignore_dataset(project: &Project, dataset: &RepoPath, undo: &mut Undo) -> Result<Unignored, Error> {
    let file = ignore_file(dataset)?;
    let path = file.below(project.root());
    let Some(old) = read_if_there(&path)? else { return Ok(Unignored::Same) };
    match ignore::without_line(&old, dataset.name()) {
        None => Ok(Unignored::Same),
        Some(new) if new.is_empty() => {
            undo.remove(path, old)?;
            Ok(Unignored::Removed(file))
        }
        Some(new) => {
            undo.replace(path, Some(old), &new)?;
            Ok(Unignored::Changed(file))
        }
    }
}

/// The ignore file beside a dataset.
pub fn ignore_file(dataset: &RepoPath) -> Result<RepoPath, Error> {
    Ok(dataset.parent().unwrap_or_default().join(&RepoPath::new(b".gitignore")?))
}

/// The bytes of a file; `None` if it is not there.
pub fn read_if_there(path: &PathBuf) -> PathResult<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).at("read", path),
    }
}

/// What was done to files, to put them back.
#[derive(Default)]
pub struct Undo {
    written: Vec<Written>,
}

/// A file that was written or removed; no bytes: it is not there.
struct Written {
    path: PathBuf,
    old: Option<Vec<u8>>,
    new: Option<Vec<u8>>,
}

impl Undo {
    /// Replaces a file, whose bytes were `old`.
    pub fn replace(&mut self, path: PathBuf, old: Option<Vec<u8>>, new: &[u8]) -> PathResult<()> {
        replace_file(&path, new)?;
        self.written.push(Written { path, old, new: Some(new.to_vec()) });
        Ok(())
    }

    /// Removes a file, whose bytes were `old`.
    pub fn remove(&mut self, path: PathBuf, old: Vec<u8>) -> PathResult<()> {
        remove_if_there(&path)?;
        self.written.push(Written { path, old: Some(old), new: None });
        Ok(())
    }

    /// Puts back what was there, last first; a file that somebody else has changed since stays. What fails here cannot be
    /// told better than by the error that led here.
    pub fn put_back(self) {
        for Written { path, old, new } in self.written.into_iter().rev() {
            if read_if_there(&path).is_ok_and(|now| now != new) {
                continue;
            }
            let _ = match old {
                Some(bytes) => replace_file(&path, &bytes),
                None => remove_if_there(&path),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_since_is_not_put_back() {
        let folder = tempfile::tempdir().unwrap();
        let [kept, shared, gone] = ["kept", "shared", "gone"].map(|name| folder.path().join(name));
        fs::write(&shared, "a\n").unwrap();
        fs::write(&gone, "was\n").unwrap();
        let mut undo = Undo::default();
        undo.replace(kept.clone(), None, b"new").unwrap();
        undo.replace(shared.clone(), Some(b"a\n".to_vec()), b"a\nb\n").unwrap();
        undo.remove(gone.clone(), b"was\n".to_vec()).unwrap();
        fs::write(&shared, "a\nb\nc\n").unwrap();
        undo.put_back();
        assert!(!kept.exists());
        assert_eq!(fs::read(&shared).unwrap(), b"a\nb\nc\n");
        assert_eq!(fs::read(&gone).unwrap(), b"was\n");
    }
}
